import { LAYERS } from "./scenario.ts";

/** Place of a split among all that were defined. */
export type SplitIndex = number;
/** Place of somebody whom shares can be for. */
export type AccountIndex = number;

/** A share of a split. `layer` is the place in `LAYERS` of what its account earns it as. */
export type EconomyShare =
  { account: AccountIndex; layer: number; units: bigint } | { split: SplitIndex; units: bigint };

/** What a redirect changed. */
export interface Redirect {
  /** The share's account before. */
  from: AccountIndex;
  /** What that one keeps. */
  kept: bigint;
}

/** What a claim takes: of so many shares, with so many levels of their splits' trees above them. */
export interface Taken {
  amount: bigint;
  shares: number;
  levels: number;
}

const NONE = -1;

/**
 * The ledger in memory: splits, what they received, and what each share of them is entitled to, to the smallest unit. A share
 * that leads to a split is kept as the complement of that split's place.
 *
 * Paying adds to one number. A settlement works out all entitlements from the totals, going once from the splits that were
 * defined last to the first; only those that received something since the last one have anything to do.
 */
export class Economy {
  // Per split.
  readonly #first: number[] = [0];
  readonly #totalUnits: bigint[] = [];
  readonly #received: bigint[] = [];
  readonly #paid: bigint[] = [];
  /** Whether it received anything since it was settled. None above `#highest` has. */
  readonly #isWaiting: boolean[] = [];
  #highest: SplitIndex = NONE;

  // Per share.
  readonly #recipient: number[] = [];
  readonly #units: bigint[] = [];
  readonly #settled: bigint[] = [];
  /** What the account's claims have taken of it; of a share that leads to a split, what was passed on by claims. */
  readonly #drawn: bigint[] = [];
  readonly #split: SplitIndex[] = [];
  readonly #layer: number[] = [];
  /** The account's next share; `#shares` has the first. */
  readonly #next: number[] = [];
  readonly #redirects = new Map<number, Redirect[]>();
  /** Shares that lead to a split. */
  readonly #hops: number[] = [];

  // Per account.
  readonly #shares: Int32Array;
  /** Lowest split that has a share of it: what it earned is known once that one and all above are settled. */
  readonly #lowest: Int32Array;
  readonly #undrawn: bigint[];
  readonly #earned: bigint[][];

  constructor(accounts: number) {
    this.#shares = new Int32Array(accounts).fill(NONE);
    this.#lowest = new Int32Array(accounts).fill(0x7fffffff);
    this.#undrawn = new Array<bigint>(accounts).fill(0n);
    this.#earned = LAYERS.map(() => new Array<bigint>(accounts).fill(0n));
  }

  get splits(): number {
    return this.#received.length;
  }

  get shares(): number {
    return this.#recipient.length;
  }

  // ---------------------------------------------------------------- splits

  /** Makes a split known. Splits that its shares lead to come first, so there are no cycles. */
  defineSplit(shares: Iterable<EconomyShare>): SplitIndex {
    const split = this.splits;
    let totalUnits = 0n;
    for (const share of shares) {
      if ("split" in share) {
        if (share.split >= split)
          throw new RangeError(`Split ${split} leads to split ${share.split}, which is not known.`);
        this.#hops.push(this.#recipient.push(~share.split) - 1);
        this.#layer.push(NONE);
        this.#next.push(NONE);
      } else {
        const place = this.#recipient.push(share.account) - 1;
        this.#layer.push(share.layer);
        this.#next.push(NONE);
        this.#give(place, share.account, split);
      }
      this.#split.push(split);
      this.#units.push(share.units);
      this.#settled.push(0n);
      this.#drawn.push(0n);
      totalUnits += share.units;
    }
    if (totalUnits === 0n) throw new RangeError(`Split ${split} has no units, so nobody could be paid from it.`);
    this.#totalUnits.push(totalUnits);
    this.#received.push(0n);
    this.#paid.push(0n);
    this.#isWaiting.push(false);
    this.#first.push(this.#recipient.length);
    return split;
  }

  /** How many shares a split has. */
  sizeOf(split: SplitIndex): number {
    return this.#first[split + 1] - this.#first[split];
  }

  /** Units of a split's share. */
  unitsOf(split: SplitIndex, index: number): bigint {
    return this.#units[this.#first[split] + index];
  }

  // ---------------------------------------------------------------- money in motion

  pay(split: SplitIndex, amount: bigint): void {
    this.#paid[split] += amount;
    this.#receive(split, amount);
  }

  /** Works out what everybody is entitled to, of splits from the last one down to `to`. */
  settle(to: SplitIndex = 0): void {
    for (let split = this.#highest; split >= to; split--) {
      if (!this.#isWaiting[split]) continue;
      this.#isWaiting[split] = false;
      // What it passes on makes only splits further down wait.
      this.#settleSplit(split);
    }
    this.#highest = Math.min(this.#highest, to - 1);
  }

  /** Settles as far as an account's shares depend on it. */
  settleFor(account: AccountIndex): void {
    this.settle(this.#lowest[account]);
  }

  /** Takes all that an account's shares are entitled to, as of the last settlement. */
  claim(account: AccountIndex): Taken {
    const taken = { amount: this.#undrawn[account], shares: 0, levels: 0 };
    if (taken.amount === 0n) return taken;
    for (let share = this.#shares[account]; share !== NONE; share = this.#next[share]) this.#draw(share, taken);
    this.#undrawn[account] = 0n;
    return taken;
  }

  /** What the first claim after a settlement has to pass on, from split to split. */
  passOn(): Taken {
    const taken = { amount: 0n, shares: 0, levels: 0 };
    for (const share of this.#hops) this.#draw(share, taken);
    return taken;
  }

  /** Gives what a share has not drawn, and all that it will, to another account. Everything has been settled. */
  redirect({ split, index, to }: { split: SplitIndex; index: number; to: AccountIndex }): void {
    const share = this.#first[split] + index;
    const from = this.#recipient[share];
    if (from < 0) throw new RangeError(`Share ${index} of split ${split} leads to a split.`);
    const undrawn = this.#settled[share] - this.#drawn[share];
    const earned = this.#earned[this.#layer[share]];
    this.#undrawn[from] -= undrawn;
    earned[from] -= undrawn;
    this.#undrawn[to] += undrawn;
    earned[to] += undrawn;
    this.#take(share, from);
    this.#recipient[share] = to;
    this.#give(share, to, split);
    const before = this.#redirects.get(share) ?? [];
    const earlier = before.reduce((sum, { kept }) => sum + kept, 0n);
    before.push({ from, kept: this.#drawn[share] - earlier });
    this.#redirects.set(share, before);
  }

  // ---------------------------------------------------------------- views

  /** What a split was paid, and what reached it from other splits by the last settlement. */
  received(split: SplitIndex): bigint {
    return this.#received[split];
  }

  /** What a split was paid directly. */
  paid(split: SplitIndex): bigint {
    return this.#paid[split];
  }

  /** What a split's shares are entitled to, as of the last settlement. */
  settled(split: SplitIndex): bigint[] {
    return this.#settled.slice(this.#first[split], this.#first[split + 1]);
  }

  /** What rounding has left in a split, if everything is settled. */
  dust(split: SplitIndex): bigint {
    let dust = this.#received[split];
    for (let share = this.#first[split]; share < this.#first[split + 1]; share++) dust -= this.#settled[share];
    return dust;
  }

  /** What an account has earned, claimed or not, as of the last settlement. */
  earned(account: AccountIndex): bigint {
    return this.#earned.reduce((sum, earned) => sum + earned[account], 0n);
  }

  /** What an account has earned as part of a layer. */
  earnedAs(layer: number, account: AccountIndex): bigint {
    return this.#earned[layer][account];
  }

  /** The layer that an account has earned most as, the first of equal ones; undefined if it has earned nothing. */
  mainLayer(account: AccountIndex): number | undefined {
    let [most, best]: [bigint, number | undefined] = [0n, undefined];
    this.#earned.forEach((earned, layer) => {
      if (earned[account] > most) [most, best] = [earned[account], layer];
    });
    return best;
  }

  /** What an account has earned and not claimed. */
  undrawn(account: AccountIndex): bigint {
    return this.#undrawn[account];
  }

  /** Calls back for every share of a split that has brought anybody anything: who got how much of it. */
  eachTransfer(
    split: SplitIndex,
    visit: (to: { account: AccountIndex; layer: number } | { split: SplitIndex }, amount: bigint) => void,
  ): void {
    for (let share = this.#first[split]; share < this.#first[split + 1]; share++) {
      const recipient = this.#recipient[share];
      let amount = this.#settled[share];
      if (amount === 0n) continue;
      if (recipient < 0) {
        visit({ split: ~recipient }, amount);
        continue;
      }
      const layer = this.#layer[share];
      for (const { from, kept } of this.#redirects.get(share) ?? []) {
        if (kept > 0n) visit({ account: from, layer }, kept);
        amount -= kept;
      }
      if (amount > 0n) visit({ account: recipient, layer }, amount);
    }
  }

  /** Splits that a split's shares lead to. */
  *downstream(split: SplitIndex): Generator<SplitIndex> {
    for (let share = this.#first[split]; share < this.#first[split + 1]; share++) {
      const recipient = this.#recipient[share];
      if (recipient < 0 && this.#units[share] > 0n) yield ~recipient;
    }
  }

  // ---------------------------------------------------------------- internals

  #receive(split: SplitIndex, amount: bigint): void {
    this.#received[split] += amount;
    this.#isWaiting[split] = true;
    if (split > this.#highest) this.#highest = split;
  }

  #settleSplit(split: SplitIndex): void {
    const received = this.#received[split];
    const totalUnits = this.#totalUnits[split];
    const end = this.#first[split + 1];
    for (let share = this.#first[split]; share < end; share++) {
      const entitled = (received * this.#units[share]) / totalUnits;
      const more = entitled - this.#settled[share];
      if (more === 0n) continue;
      this.#settled[share] = entitled;
      const recipient = this.#recipient[share];
      if (recipient < 0) {
        this.#receive(~recipient, more);
      } else {
        this.#undrawn[recipient] += more;
        this.#earned[this.#layer[share]][recipient] += more;
      }
    }
  }

  #draw(share: number, taken: Taken): void {
    if (this.#drawn[share] === this.#settled[share]) return;
    this.#drawn[share] = this.#settled[share];
    taken.shares++;
    taken.levels += levelsAbove(this.sizeOf(this.#split[share]));
  }

  #give(share: number, account: AccountIndex, split: SplitIndex): void {
    this.#next[share] = this.#shares[account];
    this.#shares[account] = share;
    if (split < this.#lowest[account]) this.#lowest[account] = split;
  }

  #take(share: number, account: AccountIndex): void {
    if (this.#shares[account] === share) {
      this.#shares[account] = this.#next[share];
      return;
    }
    let before = this.#shares[account];
    while (this.#next[before] !== share) before = this.#next[before];
    this.#next[before] = this.#next[share];
  }
}

/** Levels above the leaves of a tree of so many. */
function levelsAbove(leaves: number): number {
  return 32 - Math.clz32(leaves - 1);
}
