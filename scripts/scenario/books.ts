import { passedShareGas, rangeGas, shareGas } from "../../sdk/claimGas.ts";
import { ShareKind } from "../../sdk/share.ts";
import { type Draw, entitlementOf, type Split } from "../../sdk/split.ts";

/** Most gas that the draws of one transaction may take, by what they take at most. */
const DRAWS_GAS = 12_000_000;
/** A storage slot that is written for the first time. */
const SLOT_GAS = 22_100;
/** Most adjacent shares that are drawn together. */
const RANGE = 256;

/** A split that the run can pay into, with what its shares have drawn. */
export interface BookedSplit {
  name: string;
  split: Split;
  /** Splits come behind those that their shares lead to. */
  order: number;
  /** Whether others than this run pay into it. */
  isShared: boolean;
  received: bigint;
  readonly drawn: Map<number, bigint>;
  /** Accounts that shares were given to, by index. */
  readonly redirects: Map<number, string>;
  /** Splits above, and the shares of them that lead here. */
  readonly parents: { split: BookedSplit; index: number }[];
}

/** Draws for one transaction. */
export interface DrawBatch {
  draws: Draw[];
  /** What reaches the account that they are for. */
  amount: bigint;
}

/** The run's splits, and what has been drawn from them: enough to tell which draws bring somebody something. */
export class Books {
  readonly #splits = new Map<string, BookedSplit>();
  /** Shares that an account has, its own and those it was given. */
  readonly #holdings = new Map<string, { split: BookedSplit; index: number }[]>();

  get splits(): IterableIterator<BookedSplit> {
    return this.#splits.values();
  }

  get shares(): number {
    let shares = 0;
    for (const { split } of this.splits) shares += split.tree.size;
    return shares;
  }

  /** Adds a split behind those that its shares lead to. */
  add({ name, split, isShared = false }: { name: string; split: Split; isShared?: boolean }): BookedSplit {
    const known = this.#splits.get(split.id);
    if (known !== undefined) return known;
    const booked: BookedSplit = {
      name,
      split,
      order: this.#splits.size,
      isShared,
      received: 0n,
      drawn: new Map(),
      redirects: new Map(),
      parents: [],
    };
    this.#splits.set(split.id, booked);
    for (const [index, { kind, recipient, units }] of split.tree
      .shares({ first: 0, count: split.tree.size })
      .entries()) {
      if (units === 0n) continue;
      if (kind === ShareKind.Account) this.#hold(recipient, { split: booked, index });
      else this.of(recipient).parents.push({ split: booked, index });
    }
    return booked;
  }

  of(splitId: string): BookedSplit {
    const booked = this.#splits.get(splitId);
    if (booked === undefined) throw new Error(`Split ${splitId} is not in the books.`);
    return booked;
  }

  pay(splitId: string, amount: bigint): void {
    this.of(splitId).received += amount;
  }

  /** Gives what a share has not drawn, and all that it will, to another account. */
  redirect({ splitId, index, to }: { splitId: string; index: number; to: string }): void {
    const split = this.of(splitId);
    split.redirects.set(index, to);
    this.#hold(to, { split, index });
  }

  /** Account that a share's releases go to. */
  holderOf({ split, redirects }: BookedSplit, index: number): string {
    return redirects.get(index) ?? split.tree.share(index).recipient;
  }

  /** What a share is entitled to and has not drawn. */
  undrawn({ split, received, drawn }: BookedSplit, index: number): bigint {
    const { totalUnits } = split.tree;
    const { units } = split.tree.share(index);
    return entitlementOf({ received, units, totalUnits }) - (drawn.get(index) ?? 0n);
  }

  /**
   * Draws all that is an account's, with one draw for each share on every way to it and no share of anybody else. What they
   * move is booked at once.
   */
  drawFor(account: string): DrawBatch[] {
    const own = (this.#holdings.get(account) ?? []).filter(
      ({ split, index }) => this.holderOf(split, index) === account,
    );
    const wanted = new Map<BookedSplit, number[]>();
    const want = ({ split, index }: { split: BookedSplit; index: number }): void => {
      const indexes = wanted.get(split);
      if (indexes !== undefined) {
        indexes.push(index);
        return;
      }
      wanted.set(split, [index]);
      split.parents.forEach(want);
    };
    own.forEach(want);

    const batches = new Batches();
    for (const [booked, indexes] of [...wanted].sort(([a], [b]) => b.order - a.order)) {
      for (const index of indexes.sort((a, b) => a - b)) {
        const moved = this.#draw(booked, index);
        if (moved === 0n) continue;
        const isOwn = booked.split.tree.share(index).kind === ShareKind.Account;
        batches.add(booked, { first: index, count: 1 }, isOwn ? moved : 0n);
      }
    }
    return batches.all;
  }

  /** Draws all that is left, adjacent shares together, but for splits that are others', too. */
  drawAll(): DrawBatch[] {
    const batches = new Batches();
    for (const booked of [...this.splits].sort((a, b) => b.order - a.order)) {
      if (booked.received === 0n || booked.isShared) continue;
      let range: { first: number; count: number } | undefined;
      for (let index = 0; index < booked.split.tree.size; index++) {
        const moved = this.#draw(booked, index);
        if (moved > 0n && range !== undefined && range.count < RANGE) {
          range.count++;
        } else {
          if (range !== undefined) batches.add(booked, range, 0n);
          range = moved > 0n ? { first: index, count: 1 } : undefined;
        }
      }
      if (range !== undefined) batches.add(booked, range, 0n);
    }
    return batches.all;
  }

  /** Books that a share draws all that it is entitled to. */
  #draw(booked: BookedSplit, index: number): bigint {
    const amount = this.undrawn(booked, index);
    if (amount === 0n) return 0n;
    booked.drawn.set(index, (booked.drawn.get(index) ?? 0n) + amount);
    const { kind, recipient } = booked.split.tree.share(index);
    if (kind === ShareKind.Split) this.pay(recipient, amount);
    return amount;
  }

  #hold(account: string, holding: { split: BookedSplit; index: number }): void {
    const holdings = this.#holdings.get(account);
    if (holdings === undefined) this.#holdings.set(account, [holding]);
    else holdings.push(holding);
  }
}

/** Draws in as few transactions as their gas allows. */
class Batches {
  readonly all: DrawBatch[] = [];
  #gas = Infinity;

  add({ split }: BookedSplit, range: { first: number; count: number }, amount: bigint): void {
    const perShare = shareGas(0n) + passedShareGas() + 2 * SLOT_GAS;
    const gas = rangeGas({ ...range, size: split.tree.size }) + range.count * perShare;
    if (this.#gas + gas > DRAWS_GAS) {
      this.all.push({ draws: [], amount: 0n });
      this.#gas = 0;
    }
    const batch = this.all[this.all.length - 1];
    batch.draws.push(split.draw(range));
    batch.amount += amount;
    this.#gas += gas;
  }
}
