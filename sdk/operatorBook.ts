import { ZERO_WORD } from "./bytes.ts";
import { type Channel, channelId as idOfChannel, MAX_CHANNEL_TOTAL } from "./channel.ts";
import type { SignedReceipt } from "./receipt.ts";
import type { ChannelStanding } from "./voucherCheck.ts";

/** A voucher within a settlement, as it was settled or will be. */
export interface SettlementItem {
  channelId: string;
  maxClaimableAmount: bigint;
  signature: string;
  contractSignature: boolean;
  /** What the operator claims in total by it. */
  total: bigint;
  /** How many of the channel's oldest receipts come to that. */
  receipts: number;
}

/** Vouchers that are settled with one payment. */
export interface SettlementGroup {
  splitId: string;
  withdrawDelaySeconds: bigint;
  salt: string;
  /** Id of the tree of all its receipts, item by item (`ReceiptTree`). */
  memo: string;
  /** Whether the settlement is to be on record for other contracts. */
  kept: boolean;
  items: SettlementItem[];
}

/** A settlement that is to be sent, or was. The same transaction may be sent as often as need be. */
export interface PreparedSettlement {
  /** Counts settlements from 1. */
  number: number;
  /** Of the operator's transaction: two with the same nonce cannot both be mined. */
  nonce: number;
  /** Block after which it may be on the chain. */
  block: number;
  groups: SettlementGroup[];
}

/** What became of a group. */
export interface GroupOutcome {
  /** The zero word if it did not settle anything. */
  transactionHash: string;
  /** Channels of the group that were settled. */
  channelIds: string[];
}

/** What an operator writes down, in the order in which it happens. */
export type OperatorRecord =
  | { type: "book"; chainId: bigint; channels: string; services: string; operator: string }
  /** A channel is seen for the first time, with what was settled until then. */
  | { type: "channel"; channel: Channel; number: bigint; settled: bigint }
  /** A greater voucher was accepted. */
  | { type: "voucher"; channelId: string; max: bigint; signature: string; contractSignature: boolean }
  /** A call may be served, at this price at most. */
  | { type: "reserved"; channelId: string; callId: string; price: bigint }
  /** A call will not be served. */
  | { type: "released"; callId: string }
  | { type: "served"; signed: SignedReceipt }
  | { type: "prepared"; settlement: PreparedSettlement }
  | { type: "concluded"; number: number; outcomes: GroupOutcome[] }
  /** Calls that were settled, so that none is served anew. Found in snapshots only. */
  | { type: "settledCalls"; number: number; callIds: string[] };

/** A channel as an operator's book has it. Amounts are totals since the channel exists. */
export interface BookedChannel {
  channelId: string;
  channel: Channel;
  number: bigint;
  /** Greatest voucher; zero if there is none. */
  max: bigint;
  signature: string;
  contractSignature: boolean;
  /** What has been settled. */
  settled: bigint;
  /** What was settled, and what the receipts since then come to. */
  served: bigint;
  /** Prices of calls that are being served, or were when the operator stopped. */
  open: ReadonlyMap<string, bigint>;
  /** Receipts that no settlement has paid yet, oldest first. */
  unsettled: readonly SignedReceipt[];
}

/** Where a call stands. */
export type CallStanding =
  | { state: "open"; channelId: string; price: bigint }
  | { state: "served"; channelId: string; signed: SignedReceipt }
  | { state: "settled"; number: number };

/** Records that contradict each other: two programs wrote them, or one that is broken. */
export class BookError extends Error {
  override readonly name = "BookError";
}

interface ChannelEntry extends BookedChannel {
  open: Map<string, bigint>;
  unsettled: SignedReceipt[];
}

type Identity = Omit<Extract<OperatorRecord, { type: "book" }>, "type">;

/**
 * What an operator has accepted, served and settled: the sum of its records. It decides nothing, but takes no record that
 * contradicts those before:
 *
 * - A channel's voucher only grows, and calls in progress and served never come to more than it.
 * - A call is served once, for its price at most.
 * - A receipt is settled once, by the settlement that commits to it; one settlement is under way at a time.
 */
export class OperatorBook {
  /** How many settled calls are remembered. */
  readonly #memory: number;
  #identity: Identity | undefined;
  readonly #channels = new Map<string, ChannelEntry>();
  readonly #calls = new Map<string, CallStanding>();
  /** Remembered calls by settlement, oldest first. */
  readonly #settledCalls: { number: number; callIds: string[] }[] = [];
  #remembered = 0;
  #prepared: PreparedSettlement | undefined;
  #settlements = 0;

  /** @param memory How many settled calls are remembered, so that they are not served anew. */
  constructor({ memory = 100_000 }: { memory?: number } = {}) {
    this.#memory = memory;
  }

  /** Whose book it is; undefined if it is empty. */
  get identity(): Identity | undefined {
    return this.#identity;
  }

  get channels(): Iterable<BookedChannel> {
    return this.#channels.values();
  }

  /** The settlement that is under way. */
  get prepared(): PreparedSettlement | undefined {
    return this.#prepared;
  }

  /** How many settlements were prepared so far. */
  get settlements(): number {
    return this.#settlements;
  }

  channel(channelId: string): BookedChannel | undefined {
    return this.#channels.get(channelId);
  }

  call(callId: string): CallStanding | undefined {
    return this.#calls.get(callId);
  }

  /** What a channel's next voucher is measured by. */
  standingOf(channelId: string): ChannelStanding | undefined {
    const entry = this.#channels.get(channelId);
    return entry && { max: entry.max, signature: entry.signature, committed: committedOf(entry) };
  }

  /** Receipts that an item of the settlement under way pays. */
  receiptsOf({ channelId, receipts }: SettlementItem): SignedReceipt[] {
    return this.#entry(channelId).unsettled.slice(0, receipts);
  }

  /** @throws BookError if the record contradicts those before; the book is unchanged. */
  apply(record: OperatorRecord): void {
    switch (record.type) {
      case "book": {
        const { chainId, channels, services, operator } = record;
        demand(this.#identity === undefined, "A book has one owner.");
        this.#identity = { chainId, channels, services, operator };
        return;
      }
      case "channel":
        this.#addChannel(record);
        return;
      case "voucher": {
        const entry = this.#entry(record.channelId);
        demand(record.max > entry.max && record.max <= MAX_CHANNEL_TOTAL, "A channel's voucher grows.");
        entry.max = record.max;
        entry.signature = record.signature;
        entry.contractSignature = record.contractSignature;
        return;
      }
      case "reserved": {
        const { channelId, callId, price } = record;
        const entry = this.#entry(channelId);
        demand(!this.#calls.has(callId), `Call ${callId} is served once.`);
        demand(committedOf(entry) + price <= entry.max, `The voucher of channel ${channelId} covers its calls.`);
        entry.open.set(callId, price);
        this.#calls.set(callId, { state: "open", channelId, price });
        return;
      }
      case "released":
        this.#close(record.callId);
        return;
      case "served":
        this.#serve(record.signed);
        return;
      case "prepared":
        this.#prepare(record.settlement);
        return;
      case "concluded":
        this.#conclude(record.number, record.outcomes);
        return;
      case "settledCalls":
        this.#remember(record.number, record.callIds);
        this.#settlements = Math.max(this.#settlements, record.number);
        return;
    }
  }

  /** Fewest records that make an equal book. */
  *snapshot(): Generator<OperatorRecord> {
    if (this.#identity !== undefined) yield { type: "book", ...this.#identity };
    yield { type: "settledCalls", number: this.#settlements - (this.#prepared === undefined ? 0 : 1), callIds: [] };
    for (const { number, callIds } of this.#settledCalls) yield { type: "settledCalls", number, callIds };
    for (const entry of this.#channels.values()) {
      const { channelId, channel, number, settled, max, signature, contractSignature } = entry;
      yield { type: "channel", channel, number, settled };
      if (max === 0n) continue;
      yield { type: "voucher", channelId, max, signature, contractSignature };
      for (const signed of entry.unsettled) {
        yield { type: "reserved", channelId, callId: signed.receipt.callId, price: signed.receipt.amount };
        yield { type: "served", signed };
      }
      for (const [callId, price] of entry.open) yield { type: "reserved", channelId, callId, price };
    }
    if (this.#prepared !== undefined) yield { type: "prepared", settlement: this.#prepared };
  }

  #addChannel({ channel, number, settled }: { channel: Channel; number: bigint; settled: bigint }): void {
    const channelId = idOfChannel(channel);
    demand(!this.#channels.has(channelId), `Channel ${channelId} is entered once.`);
    this.#channels.set(channelId, {
      channelId,
      channel,
      number,
      max: 0n,
      signature: "0x",
      contractSignature: false,
      settled,
      served: settled,
      open: new Map(),
      unsettled: [],
    });
  }

  #serve(signed: SignedReceipt): void {
    const { callId, amount, splitId, payer } = signed.receipt;
    const { entry, price } = this.#openCall(callId);
    demand(amount <= price, `Call ${callId} costs no more than ${price}.`);
    demand(
      isSame(splitId, entry.channel.splitId) && isSame(payer, entry.channel.payer),
      `The receipt of call ${callId} names the payer and the split of its channel.`,
    );
    this.#close(callId);
    entry.served += amount;
    entry.unsettled.push(signed);
    this.#calls.set(callId, { state: "served", channelId: entry.channelId, signed });
  }

  #prepare(settlement: PreparedSettlement): void {
    demand(this.#prepared === undefined, "One settlement is under way at a time.");
    demand(settlement.number === this.#settlements + 1, "Settlements count from 1.");
    const items = settlement.groups.flatMap((group) => group.items);
    demand(new Set(items.map(({ channelId }) => channelId)).size === items.length, "A channel is settled once.");
    for (const { channelId, maxClaimableAmount, total, receipts } of items) {
      const entry = this.#entry(channelId);
      const claimed = entry.unsettled.slice(0, receipts).reduce((sum, { receipt }) => sum + receipt.amount, 0n);
      demand(
        receipts <= entry.unsettled.length && total === entry.settled + claimed && claimed > 0n,
        `Channel ${channelId} is settled for what its receipts say.`,
      );
      demand(total <= maxClaimableAmount && maxClaimableAmount <= entry.max, "A voucher covers what is claimed.");
    }
    this.#prepared = settlement;
    this.#settlements = settlement.number;
  }

  #conclude(number: number, outcomes: readonly GroupOutcome[]): void {
    const settlement = this.#prepared;
    if (settlement?.number !== number || outcomes.length !== settlement.groups.length) {
      throw new BookError("What is concluded is the settlement under way.");
    }
    const callIds: string[] = [];
    settlement.groups.forEach(({ items }, i) => {
      for (const { channelId, total, receipts } of items) {
        if (!outcomes[i].channelIds.includes(channelId)) continue;
        const entry = this.#entry(channelId);
        entry.settled = total;
        callIds.push(...entry.unsettled.splice(0, receipts).map(({ receipt }) => receipt.callId));
      }
    });
    this.#prepared = undefined;
    this.#remember(number, callIds);
  }

  #remember(number: number, callIds: string[]): void {
    if (callIds.length === 0) return;
    for (const callId of callIds) this.#calls.set(callId, { state: "settled", number });
    this.#settledCalls.push({ number, callIds });
    this.#remembered += callIds.length;
    while (this.#remembered > this.#memory) {
      const oldest = this.#settledCalls[0].callIds;
      const forgotten = oldest.splice(0, this.#remembered - this.#memory);
      for (const callId of forgotten) this.#calls.delete(callId);
      this.#remembered -= forgotten.length;
      if (oldest.length === 0) this.#settledCalls.shift();
    }
  }

  #openCall(callId: string): { entry: ChannelEntry; price: bigint } {
    const call = this.#calls.get(callId);
    if (call?.state !== "open") throw new BookError(`Call ${callId} is not being served.`);
    return { entry: this.#entry(call.channelId), price: call.price };
  }

  #close(callId: string): void {
    this.#openCall(callId).entry.open.delete(callId);
    this.#calls.delete(callId);
  }

  #entry(channelId: string): ChannelEntry {
    const entry = this.#channels.get(channelId);
    if (entry === undefined) throw new BookError(`Channel ${channelId} is not in the book.`);
    return entry;
  }
}

/** Whether a group settled anything. */
export function landed({ transactionHash }: GroupOutcome): boolean {
  return transactionHash !== ZERO_WORD;
}

function committedOf({ served, open }: BookedChannel): bigint {
  let committed = served;
  for (const price of open.values()) committed += price;
  return committed;
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function demand(holds: boolean, rule: string): void {
  if (!holds) throw new BookError(rule);
}
