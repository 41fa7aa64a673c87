import { Rational } from "./rational.ts";

/** A share of a split: units of an account, or of another split. */
export type ReferenceShare =
  { kind: "account"; account: string; units: bigint } | { kind: "split"; split: string; units: bigint };

/** What a full release leaves behind, in the token's smallest unit. */
export interface Settlement {
  /** What each split has received: paid directly, and from the splits above it. */
  received: ReadonlyMap<string, bigint>;
  /** What each share of each split has drawn. */
  drawn: ReadonlyMap<string, readonly bigint[]>;
  /** What rounding leaves in each split: received minus all that its shares have drawn. */
  dust: ReadonlyMap<string, bigint>;
  /** What the shares of each account have brought it. */
  earned: ReadonlyMap<string, bigint>;
}

interface ReferenceSplit {
  id: string;
  shares: readonly ReferenceShare[];
  totalUnits: bigint;
}

/**
 * The economics of the protocol and nothing else: who is owed what when money enters a DAG of splits. Knows no hashes, no
 * proofs, no releases and no contract; splits and accounts are whatever strings the caller calls them.
 *
 * It answers in two ways, which are computed independently of each other:
 *
 * - **Exact earnings.** Each payment is divided at once, over the whole DAG, in exact rational numbers. Nothing is ever
 *   rounded, so the earnings of all accounts add up to the payments, exactly.
 * - **The settlement.** What a chain that rounds holds once every share has been released: from the totals alone, each
 *   split's received amount times units over total units, rounded down per share, one hop after the other.
 *
 * How far they can be apart. Let δ(s) be the exact minus the settled receipts of split s, and likewise for accounts. A
 * share with u of its split's U units is settled at floor((exact − δ) · u / U), so it passes on δ · u / U of what its
 * split misses plus less than one unit of its own rounding. What a split misses is thus handed down once, divided by
 * weights that add up to one, and each share above an account adds less than one unit: for every account
 *
 *     0 ≤ exact − settled < number of shares above it,        and both are equal if there are none.
 *
 * A chain that has not released everything yet is below its settlement, because what a share may draw never falls.
 */
export class ReferenceModel {
  readonly #splits: ReferenceSplit[] = [];
  readonly #positions = new Map<string, number>();
  readonly #paid = new Map<string, bigint>();
  readonly #exactReceived = new Map<string, Rational>();
  readonly #exactEarned = new Map<string, Rational>();
  /** Per account: everything but earnings that changed its balance. */
  readonly #transfers = new Map<string, bigint>();

  /**
   * Makes a split known. Splits that its shares point to come first, so there can be no cycles.
   *
   * @throws RangeError about a split that is known already, has no units or points to an unknown split.
   */
  defineSplit({ id, shares }: { id: string; shares: readonly ReferenceShare[] }): void {
    if (this.#positions.has(id)) throw new RangeError(`The reference already knows a split ${id}.`);
    for (const share of shares) {
      if (share.units < 0n) throw new RangeError(`A share of split ${id} has ${share.units} units.`);
      if (share.kind === "split") this.#position(share.split);
    }
    const totalUnits = shares.reduce((total, { units }) => total + units, 0n);
    if (totalUnits === 0n) throw new RangeError(`Split ${id} has no units, so nobody could be paid from it.`);
    this.#positions.set(id, this.#splits.length);
    // Copies: a share is counted by its identity.
    this.#splits.push({ id, shares: shares.map((share) => ({ ...share })), totalUnits });
  }

  /** Whether the split is known. */
  knows(split: string): boolean {
    return this.#positions.has(split);
  }

  // ---------------------------------------------------------------- money in motion

  /** Pays a split. The money comes from outside, or from the balance of the account `from`. */
  pay({ split, amount, from }: { split: string; amount: bigint; from?: string }): void {
    this.#checkAmount(amount);
    const entry = this.#position(split);
    if (from !== undefined) this.#debit(from, amount);
    this.#paid.set(split, this.paid(split) + amount);

    const arriving = new Map<number, Rational>([[entry, new Rational(amount)]]);
    // A split's shares point to splits defined before it only.
    for (let position = entry; arriving.size > 0; position--) {
      const amountHere = arriving.get(position);
      if (amountHere === undefined) continue;
      arriving.delete(position);
      const { id, shares, totalUnits } = this.#splits[position];
      add(this.#exactReceived, id, amountHere);
      for (const share of shares) {
        if (share.units === 0n) continue;
        const part = amountHere.times(share.units, totalUnits);
        if (share.kind === "account") add(this.#exactEarned, share.account, part);
        else add(arriving, this.#position(share.split), part);
      }
    }
  }

  /** Puts money from outside into an account's balance. */
  deposit({ account, amount }: { account: string; amount: bigint }): void {
    this.#checkAmount(amount);
    this.#move(account, amount);
  }

  /** Takes money out of an account's balance. */
  withdraw({ account, amount }: { account: string; amount: bigint }): void {
    this.#checkAmount(amount);
    this.#debit(account, amount);
  }

  /** Moves money from one account's balance to another's. */
  transfer({ from, to, amount }: { from: string; to: string; amount: bigint }): void {
    this.#checkAmount(amount);
    this.#debit(from, amount);
    this.#move(to, amount);
  }

  // ---------------------------------------------------------------- totals

  /** Accounts that earned or moved anything. */
  accounts(): string[] {
    return [...new Set([...this.#exactEarned.keys(), ...this.#transfers.keys()])];
  }

  /** Splits that have been paid directly. */
  paidSplits(): string[] {
    return [...this.#paid.keys()];
  }

  /** What was paid to a split directly. */
  paid(split: string): bigint {
    return this.#paid.get(split) ?? 0n;
  }

  /** Deposits and transfers into an account's balance, minus payments, transfers and withdrawals out of it. */
  transfers(account: string): bigint {
    return this.#transfers.get(account) ?? 0n;
  }

  // ---------------------------------------------------------------- exact earnings

  exactReceived(split: string): Rational {
    return this.#exactReceived.get(split) ?? Rational.ZERO;
  }

  exactEarned(account: string): Rational {
    return this.#exactEarned.get(account) ?? Rational.ZERO;
  }

  /** How many shares that carry money lie above each account: what its settlement can be short of its exact earnings. */
  sharesAbove(): ReadonlyMap<string, number> {
    // Sets of (split, share) that money passes through on its way to a split or an account.
    const aboveSplit = this.#splits.map(() => new Set<ReferenceShare>());
    const aboveAccount = new Map<string, Set<ReferenceShare>>();
    for (let position = this.#splits.length - 1; position >= 0; position--) {
      const { id, shares } = this.#splits[position];
      if (!this.#exactReceived.has(id)) continue;
      for (const share of shares) {
        if (share.units === 0n) continue;
        const above =
          share.kind === "split" ? aboveSplit[this.#position(share.split)] : getOrAdd(aboveAccount, share.account);
        above.add(share);
        for (const higher of aboveSplit[position]) above.add(higher);
      }
    }
    return new Map([...aboveAccount].map(([account, shares]) => [account, shares.size]));
  }

  // ---------------------------------------------------------------- settlement

  /** What everybody holds once every share of every split has been released, each split after those above it. */
  settle(): Settlement {
    const received = new Map<string, bigint>(this.#paid);
    const drawn = new Map<string, bigint[]>();
    const dust = new Map<string, bigint>();
    const earned = new Map<string, bigint>();
    for (const { id, shares, totalUnits } of this.#splits.toReversed()) {
      const total = received.get(id);
      if (total === undefined) continue;
      const entitlements = shares.map(({ units }) => (total * units) / totalUnits);
      entitlements.forEach((entitlement, i) => {
        if (entitlement === 0n) return;
        const share = shares[i];
        const [receivers, receiver] = share.kind === "split" ? [received, share.split] : [earned, share.account];
        receivers.set(receiver, (receivers.get(receiver) ?? 0n) + entitlement);
      });
      drawn.set(id, entitlements);
      dust.set(id, total - entitlements.reduce((sum, entitlement) => sum + entitlement, 0n));
    }
    return { received, drawn, dust, earned };
  }

  // ---------------------------------------------------------------- internals

  #position(split: string): number {
    const position = this.#positions.get(split);
    if (position === undefined) throw new RangeError(`The reference knows no split ${split}.`);
    return position;
  }

  #checkAmount(amount: bigint): void {
    if (amount < 1n) throw new RangeError(`Nobody can move ${amount} of a token.`);
  }

  #move(account: string, amount: bigint): void {
    this.#transfers.set(account, this.transfers(account) + amount);
  }

  /** @throws RangeError if the account would spend more than it could hold even without any rounding. */
  #debit(account: string, amount: bigint): void {
    const exactBalance = this.exactEarned(account).plus(new Rational(this.transfers(account)));
    if (exactBalance.compare(new Rational(amount)) < 0n) {
      throw new RangeError(`Account ${account} holds ${exactBalance.floor()} at most and cannot spend ${amount}.`);
    }
    this.#move(account, -amount);
  }
}

function add<Key>(sums: Map<Key, Rational>, key: Key, amount: Rational): void {
  const sum = sums.get(key);
  sums.set(key, sum === undefined ? amount : sum.plus(amount));
}

function getOrAdd<Key, Member>(sets: Map<Key, Set<Member>>, key: Key): Set<Member> {
  const known = sets.get(key);
  if (known !== undefined) return known;
  const fresh = new Set<Member>();
  sets.set(key, fresh);
  return fresh;
}
