import { getAddress, type Provider } from "ethers";

import { ZERO_WORD } from "./bytes.ts";
import { type LogPosition, readLogs } from "./chainLogs.ts";
import { decodeLedgerLog, type LoggedLedgerEvent } from "./ledgerEvents.ts";

/** What a split has received. Amounts in the token's smallest unit. */
export interface Received {
  amount: bigint;
  /** How many inferences that paid for, as payers stated; stays at 2^64 - 1 once there. */
  calls: bigint;
  /** Block of the last payment; undefined if all money came from other splits. */
  lastPaidBlock: number | undefined;
}

/** Money that came in and went out, in the token's smallest unit. */
export interface LedgerTotals {
  /** From wallets, for splits. */
  paidIn: bigint;
  /** From wallets, for balances. */
  deposited: bigint;
  withdrawn: bigint;
}

/** What the ledger owes, in the token's smallest unit. Its tokens must cover `owed`. */
export interface Custody {
  /** Sum of all balances. */
  balances: bigint;
  /** Sum over all splits of what they received and have not released. */
  undrawn: bigint;
  /** balances + undrawn = totals.paidIn + totals.deposited - totals.withdrawn. */
  owed: bigint;
}

/** What claim planning asks of a ledger. */
export interface LedgerView {
  received: (splitId: string) => { amount: bigint };
  drawn: (splitId: string, index: number) => bigint;
  balanceOf: (account: string) => bigint;
  /** Accounts that shares of a split are redirected to, by index; of no effect on shares that lead to splits. */
  redirectsOf: (splitId: string) => ReadonlyMap<number, string>;
}

/** A number on which folded events and the chain disagree. */
export interface Difference {
  /** The view that was asked, with its arguments. */
  what: string;
  folded: bigint | string;
  chain: bigint | string;
}

/** The ledger's views, as a typed contract has them. */
export interface LedgerViews {
  received: (splitId: string) => Promise<{ amount: bigint; calls: bigint }>;
  drawn: (splitId: string, index: number) => Promise<bigint>;
  balanceOf: (account: string) => Promise<bigint>;
  allowance: (account: string, spender: string) => Promise<bigint>;
  redirectOf: (splitId: string, index: number) => Promise<string>;
  nonces: (account: string) => Promise<bigint>;
}

/** A state as JSON can carry it: bigints as decimal text. */
export interface LedgerStateJson {
  last: LogPosition | null;
  nextBlock: number;
  totals: Record<keyof LedgerTotals, string>;
  received: Record<string, { amount: string; calls: string; lastPaidBlock: number | null }>;
  drawn: Record<string, Record<string, string>>;
  balances: Record<string, string>;
  allowances: Record<string, Record<string, string>>;
  redirects: Record<string, Record<string, string>>;
  nonces: Record<string, string>;
}

const MAX_CALLS = 2n ** 64n - 1n;

/** Everything the AttributionLedger knows, rebuilt from its events alone. */
export class LedgerState implements LedgerView {
  /** First block whose events have not been folded. */
  #nextBlock: number;
  #last: LogPosition | undefined;
  readonly #totals: LedgerTotals = { paidIn: 0n, deposited: 0n, withdrawn: 0n };
  readonly #received = new Map<string, Received>();
  readonly #drawn = new Map<string, Map<number, bigint>>();
  readonly #balances = new Map<string, bigint>();
  readonly #allowances = new Map<string, Map<string, bigint>>();
  readonly #redirects = new Map<string, Map<number, string>>();
  readonly #nonces = new Map<string, bigint>();

  /** @param firstBlock Block in which the ledger was deployed, or any before it. */
  constructor(firstBlock = 0) {
    this.#nextBlock = firstBlock;
  }

  /** First block whose events are still missing. */
  get nextBlock(): number {
    return this.#nextBlock;
  }

  get totals(): Readonly<LedgerTotals> {
    return this.#totals;
  }

  /** Splits that received anything. */
  get splitIds(): string[] {
    return [...this.#received.keys()];
  }

  /** Accounts that ever held a balance. */
  get accounts(): string[] {
    return [...this.#balances.keys()];
  }

  received(splitId: string): Received {
    return this.#received.get(splitId) ?? { amount: 0n, calls: 0n, lastPaidBlock: undefined };
  }

  /** What a share has drawn. */
  drawn(splitId: string, index: number): bigint {
    return this.#drawn.get(splitId)?.get(index) ?? 0n;
  }

  /** What all shares of a split have drawn. */
  drawnInTotal(splitId: string): bigint {
    return sum(this.#drawn.get(splitId)?.values() ?? []);
  }

  balanceOf(account: string): bigint {
    return this.#balances.get(account) ?? 0n;
  }

  allowance(account: string, spender: string): bigint {
    return this.#allowances.get(account)?.get(getAddress(spender)) ?? 0n;
  }

  /** What the next signed claim of a wallet has to carry. */
  nonceOf(wallet: string): bigint {
    return this.#nonces.get(getAddress(wallet)) ?? 0n;
  }

  /** Accounts that shares of a split are redirected to, by index. */
  redirectsOf(splitId: string): ReadonlyMap<number, string> {
    return this.#redirects.get(splitId) ?? new Map<number, string>();
  }

  /** What the ledger owes; to be compared with the tokens it holds. */
  custody(): Custody {
    const balances = sum(this.#balances.values());
    let undrawn = 0n;
    for (const [splitId, { amount }] of this.#received) undrawn += amount - this.drawnInTotal(splitId);
    return { balances, undrawn, owed: balances + undrawn };
  }

  /**
   * Folds one event. Events must come in the order of the chain and without gaps.
   *
   * @throws RangeError if the event is not behind the last one, or takes more from an account than it has: events are
   * missing or out of order then.
   */
  apply(event: LoggedLedgerEvent): void {
    const { blockNumber, logIndex } = event;
    if (this.#isBehind(event)) {
      throw new RangeError(
        `Log ${logIndex} of block ${blockNumber} comes before events that have been folded already.`,
      );
    }
    switch (event.name) {
      case "Paid":
        this.#pay(event);
        this.#totals.paidIn += event.amount;
        break;
      case "PaidFromBalance":
        this.#addToBalance(event.payer, -event.amount, event);
        this.#pay(event);
        break;
      case "Credited":
        this.#draw(event);
        this.#addToBalance(event.account, event.amount, event);
        break;
      case "Routed":
        for (const hop of event.hops) {
          this.#draw(hop);
          const received = this.received(hop.toSplitId);
          this.#received.set(hop.toSplitId, { ...received, amount: received.amount + hop.amount });
        }
        break;
      case "Deposited":
        this.#addToBalance(event.account, event.amount, event);
        this.#totals.deposited += event.amount;
        break;
      case "ClaimRelayed":
        this.#nonces.set(getAddress(event.account), event.nonce + 1n);
        break;
      case "Withdrawn":
        this.#addToBalance(event.account, -event.amount, event);
        this.#totals.withdrawn += event.amount;
        break;
      case "BalanceTransferred":
        this.#addToBalance(event.from, -event.amount, event);
        this.#addToBalance(event.to, event.amount, event);
        break;
      case "SpenderApproved":
        entryOf(this.#allowances, event.account).set(getAddress(event.spender), event.amount);
        break;
      case "Redirected":
        if (event.to === ZERO_WORD) this.#redirects.get(event.splitId)?.delete(event.index);
        else entryOf(this.#redirects, event.splitId).set(event.index, event.to);
        break;
    }
    this.#last = { blockNumber, logIndex };
    this.#nextBlock = Math.max(this.#nextBlock, blockNumber);
  }

  /**
   * Folds all events up to `toBlock` that the state has not seen. May be called again after a failure.
   *
   * @param ledger Address of the AttributionLedger.
   */
  async follow({
    provider,
    ledger,
    toBlock,
    blocksPerRequest,
  }: {
    provider: Provider;
    ledger: string;
    toBlock: number;
    blocksPerRequest?: number;
  }): Promise<void> {
    const range = { fromBlock: this.#nextBlock, toBlock, ...(blocksPerRequest !== undefined && { blocksPerRequest }) };
    for await (const logs of readLogs({ provider, addresses: [ledger], ...range })) {
      for (const log of logs) {
        const event = decodeLedgerLog(log);
        if (event !== undefined && !this.#isBehind(event)) this.apply(event);
      }
    }
    this.#nextBlock = Math.max(this.#nextBlock, toBlock + 1);
  }

  /**
   * Asks the chain for every number this state holds.
   *
   * @param ledger The contract's views, at the block up to which events were folded.
   * @returns Where they differ; empty if nowhere.
   */
  async compare(ledger: LedgerViews): Promise<Difference[]> {
    const differences: Difference[] = [];
    const check = (what: string, folded: bigint | string, chain: bigint | string): void => {
      if (folded !== chain) differences.push({ what, folded, chain });
    };
    for (const [splitId, { amount, calls }] of this.#received) {
      const onChain = await ledger.received(splitId);
      check(`received(${splitId}).amount`, amount, onChain.amount);
      check(`received(${splitId}).calls`, calls, onChain.calls);
    }
    for (const [splitId, shares] of this.#drawn) {
      for (const [index, amount] of shares) {
        check(`drawn(${splitId}, ${index})`, amount, await ledger.drawn(splitId, index));
      }
    }
    for (const [account, balance] of this.#balances) {
      check(`balanceOf(${account})`, balance, await ledger.balanceOf(account));
    }
    for (const [account, spenders] of this.#allowances) {
      for (const [spender, amount] of spenders) {
        check(`allowance(${account}, ${spender})`, amount, await ledger.allowance(account, spender));
      }
    }
    for (const [splitId, shares] of this.#redirects) {
      for (const [index, to] of shares) {
        check(`redirectOf(${splitId}, ${index})`, to, await ledger.redirectOf(splitId, index));
      }
    }
    for (const [wallet, nonce] of this.#nonces) {
      check(`nonces(${wallet})`, nonce, await ledger.nonces(wallet));
    }
    return differences;
  }

  toJSON(): LedgerStateJson {
    return {
      last: this.#last ?? null,
      nextBlock: this.#nextBlock,
      totals: {
        paidIn: String(this.#totals.paidIn),
        deposited: String(this.#totals.deposited),
        withdrawn: String(this.#totals.withdrawn),
      },
      received: recordOf(this.#received, ({ amount, calls, lastPaidBlock }) => ({
        amount: String(amount),
        calls: String(calls),
        lastPaidBlock: lastPaidBlock ?? null,
      })),
      drawn: recordOf(this.#drawn, (shares) => recordOf(shares, String)),
      balances: recordOf(this.#balances, String),
      allowances: recordOf(this.#allowances, (spenders) => recordOf(spenders, String)),
      redirects: recordOf(this.#redirects, (shares) => recordOf(shares, String)),
      nonces: recordOf(this.#nonces, String),
    };
  }

  /** Takes up a state where it was left. */
  static fromJSON(json: LedgerStateJson): LedgerState {
    const state = new LedgerState(json.nextBlock);
    state.#last = json.last ?? undefined;
    state.#totals.paidIn = BigInt(json.totals.paidIn);
    state.#totals.deposited = BigInt(json.totals.deposited);
    state.#totals.withdrawn = BigInt(json.totals.withdrawn);
    for (const [splitId, { amount, calls, lastPaidBlock }] of Object.entries(json.received)) {
      const received = { amount: BigInt(amount), calls: BigInt(calls), lastPaidBlock: lastPaidBlock ?? undefined };
      state.#received.set(splitId, received);
    }
    for (const [splitId, shares] of Object.entries(json.drawn)) {
      const drawn = entryOf(state.#drawn, splitId);
      for (const [index, amount] of Object.entries(shares)) drawn.set(Number(index), BigInt(amount));
    }
    for (const [account, balance] of Object.entries(json.balances)) state.#balances.set(account, BigInt(balance));
    for (const [account, spenders] of Object.entries(json.allowances)) {
      const allowances = entryOf(state.#allowances, account);
      for (const [spender, amount] of Object.entries(spenders)) allowances.set(spender, BigInt(amount));
    }
    for (const [splitId, shares] of Object.entries(json.redirects)) {
      const redirects = entryOf(state.#redirects, splitId);
      for (const [index, to] of Object.entries(shares)) redirects.set(Number(index), to);
    }
    for (const [wallet, nonce] of Object.entries(json.nonces)) state.#nonces.set(wallet, BigInt(nonce));
    return state;
  }

  /** Whether an event at this place has been folded, or stood before the first block. */
  #isBehind({ blockNumber, logIndex }: LogPosition): boolean {
    const last = this.#last ?? { blockNumber: this.#nextBlock, logIndex: -1 };
    return blockNumber < last.blockNumber || (blockNumber === last.blockNumber && logIndex <= last.logIndex);
  }

  #pay({
    splitId,
    amount,
    calls,
    blockNumber,
  }: { splitId: string; amount: bigint; calls: bigint } & LogPosition): void {
    const received = this.received(splitId);
    const allCalls = received.calls + calls;
    this.#received.set(splitId, {
      amount: received.amount + amount,
      calls: allCalls > MAX_CALLS ? MAX_CALLS : allCalls,
      lastPaidBlock: blockNumber,
    });
  }

  #draw({ splitId, index, amount }: { splitId: string; index: number; amount: bigint }): void {
    entryOf(this.#drawn, splitId).set(index, this.drawn(splitId, index) + amount);
  }

  #addToBalance(account: string, amount: bigint, { blockNumber, logIndex }: LogPosition): void {
    const balance = this.balanceOf(account) + amount;
    if (balance < 0n) {
      throw new RangeError(
        `Log ${logIndex} of block ${blockNumber} takes ${-amount} from account ${account}, which has ` +
          `${balance - amount}: earlier events are missing.`,
      );
    }
    this.#balances.set(account, balance);
  }
}

function sum(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}

function entryOf<Key, Value>(entries: Map<string, Map<Key, Value>>, name: string): Map<Key, Value> {
  let entry = entries.get(name);
  if (entry === undefined) {
    entry = new Map<Key, Value>();
    entries.set(name, entry);
  }
  return entry;
}

function recordOf<Key extends string | number, Value, Mapped>(
  map: ReadonlyMap<Key, Value>,
  mapped: (value: Value) => Mapped,
): Record<string, Mapped> {
  return Object.fromEntries([...map].map(([key, value]) => [key, mapped(value)]));
}
