import path from "node:path";

import { getAddress } from "ethers";

import { type Channel, channelId as idOfChannel, type ChannelsDomain } from "../channel.ts";
import {
  BookError,
  type GroupOutcome,
  OperatorBook,
  type OperatorRecord,
  type PreparedSettlement,
  type SettlementGroup,
} from "../operatorBook.ts";
import { callId as idOfCall, type CallRequest, type ReceiptsDomain, type SignedReceipt } from "../receipt.ts";
import type { SettlementStore } from "../settler.ts";
import {
  type AcceptedTerms,
  type ChannelOnChain,
  type ChannelStanding,
  checkCovers,
  checkSigned,
  VoucherError,
  type VoucherPayment,
} from "../voucherCheck.ts";
import { type Disk, LOCAL_DISK } from "./disk.ts";
import { decodeRecord, encodeRecord, Journal } from "./journal.ts";
import { lockDirectory } from "./lock.ts";

/** What a server asks the chain about channels. */
export interface ChannelSource {
  /** A channel's state, at most as old as the operator can afford. */
  channel: (channelId: string) => Promise<ChannelOnChain>;
  /** The same, as it is now. */
  refresh: (channelId: string) => Promise<ChannelOnChain>;
  /** Whether a contract accepts a voucher's signature (ERC-1271). Without it, contracts' signatures are refused. */
  isValidSignature?: (request: ChannelsDomain & VoucherPayment) => Promise<boolean>;
}

/** Whether a call is to be served now, or was before: then its receipt is all there is to send. */
export type Admission =
  { state: "accepted"; callId: string } | { state: "served"; callId: string; signed: SignedReceipt };

/** A settlement as it is kept once it is over: with it, anybody can prove what the payment was for. */
export interface SettlementFile {
  number: number;
  groups: (SettlementGroup & GroupOutcome & { receipts: SignedReceipt[] })[];
}

/** Codes that a deposit which has just been made may have put right. */
const STALE_CODES: readonly string[] = ["unknown channel", "withdrawal pending", "above deposit"];

/**
 * An operator's memory, on the disk of one machine. What it has acknowledged survives the process being killed and the
 * machine losing power:
 *
 * - `accept` returns once the voucher and the call it pays for are durable. Serve the call then, not earlier.
 * - `serve` returns once the receipt is durable. Hand out receipt and output then.
 * - A call that was accepted and not served when the process ended stays open: the same call is accepted again for the
 *   same voucher, and served once.
 */
export class OperatorStore implements SettlementStore {
  readonly #directory: string;
  readonly #domain: ChannelsDomain & ReceiptsDomain;
  readonly #accepts: AcceptedTerms;
  readonly #chain: ChannelSource;
  readonly #disk: Disk;
  readonly #book: OperatorBook;
  readonly #journal: Journal;
  readonly #unlock: () => Promise<void>;
  /** Calls that this process is serving, other than those it found open. */
  readonly #serving = new Set<string>();

  private constructor(parts: {
    directory: string;
    domain: ChannelsDomain & ReceiptsDomain;
    accepts: AcceptedTerms;
    chain: ChannelSource;
    disk: Disk;
    book: OperatorBook;
    journal: Journal;
    unlock: () => Promise<void>;
  }) {
    this.#directory = parts.directory;
    this.#domain = parts.domain;
    this.#accepts = parts.accepts;
    this.#chain = parts.chain;
    this.#disk = parts.disk;
    this.#book = parts.book;
    this.#journal = parts.journal;
    this.#unlock = parts.unlock;
  }

  /**
   * Opens the store in a directory, which is made if need be, and recovers what it holds.
   *
   * @param memory How many settled calls are remembered, so that they are not served anew.
   * @param compactAbove Bytes above which the journal is rewritten.
   * @throws LockedError if another process has it open, JournalCorruptError if it was damaged, BookError if it is another
   * operator's or for another chain.
   */
  static async open({
    directory,
    domain,
    accepts,
    chain,
    memory,
    compactAbove,
    disk = LOCAL_DISK,
  }: {
    directory: string;
    domain: ChannelsDomain & ReceiptsDomain;
    accepts: AcceptedTerms;
    chain: ChannelSource;
    memory?: number;
    compactAbove?: number;
    disk?: Disk;
  }): Promise<OperatorStore> {
    await disk.makeDirectory(path.join(directory, "settlements"));
    const unlock = await lockDirectory(directory);
    try {
      const book = new OperatorBook(memory === undefined ? {} : { memory });
      const journal = await Journal.open({
        directory,
        // What has a right checksum was written by this class.
        onRecord: (record) => {
          book.apply(record as OperatorRecord);
        },
        snapshot: () => book.snapshot(),
        ...(compactAbove === undefined ? {} : { compactAbove }),
        disk,
      });
      const store = new OperatorStore({ directory, domain, accepts, chain, disk, book, journal, unlock });
      await store.#identify();
      return store;
    } catch (error) {
      await unlock();
      throw error;
    }
  }

  get book(): OperatorBook {
    return this.#book;
  }

  get domain(): ChannelsDomain & ReceiptsDomain {
    return this.#domain;
  }

  /** Bytes of the journal. */
  get journalSize(): number {
    return this.#journal.size;
  }

  /**
   * Accepts a call with the voucher that pays for it; both are durable when it returns.
   *
   * @param price Most that the call can cost.
   * @throws VoucherError with the answer to give; JournalFailedError if the disk refuses.
   */
  async accept({
    request,
    payment,
    price,
  }: {
    request: CallRequest;
    payment: VoucherPayment;
    price: bigint;
  }): Promise<Admission> {
    checkSigned({ domain: this.#domain, accepts: this.#accepts, payment });
    const channel = normalized(payment.channel);
    if (getAddress(request.payer) !== channel.payer) {
      throw new VoucherError("wrong payer", { payer: request.payer, wanted: channel.payer });
    }
    const callId = idOfCall({ ...this.#domain, request });
    const channelId = idOfChannel(channel);
    const served = await this.receiptOf(callId);
    if (served !== undefined) return { state: "served", callId, signed: served };
    if (payment.contractSignature === true) await this.#checkContract(payment);

    if (!this.#isResumed({ callId, channelId, price, max: payment.voucher.maxClaimableAmount })) {
      await this.#reserve({ callId, channelId, channel, payment, price });
    }
    return { state: "accepted", callId };
  }

  /**
   * Enters the receipt of a call that was accepted; it is durable when this returns.
   *
   * @throws BookError if the receipt is not for the call, or for more than its price.
   */
  async serve(signed: SignedReceipt): Promise<void> {
    await this.#write([{ type: "served", signed }]);
    this.#serving.delete(signed.receipt.callId);
  }

  /** Says that a call which was accepted will not be served. Its price is free for the channel's next call. */
  async release(callId: string): Promise<void> {
    await this.#write([{ type: "released", callId }]);
    this.#serving.delete(callId);
  }

  /** Says that serving a call has failed for now: it stays accepted, for whoever asks for it again. */
  suspend(callId: string): void {
    this.#serving.delete(callId);
  }

  /** The receipt of a call that was served; undefined if it was not, or so long ago that it is forgotten. */
  async receiptOf(callId: string): Promise<SignedReceipt | undefined> {
    const call = this.#book.call(callId);
    if (call?.state === "served") return call.signed;
    if (call?.state !== "settled") return undefined;
    const { groups } = await this.settlement(call.number);
    return groups.flatMap(({ receipts }) => receipts).find(({ receipt }) => receipt.callId === callId);
  }

  /** Writes down a settlement that is going to be sent. */
  async prepare(settlement: PreparedSettlement): Promise<void> {
    await this.#write([{ type: "prepared", settlement }]);
  }

  /** Writes down what became of the settlement under way. Its receipts move from the journal to a file of their own. */
  async conclude(outcomes: GroupOutcome[]): Promise<void> {
    const settlement = this.#book.prepared;
    if (settlement === undefined) throw new BookError("No settlement is under way.");
    const groups = settlement.groups.map((group, i) => ({
      ...group,
      ...outcomes[i],
      receipts: group.items.flatMap((item) => this.#book.receiptsOf(item)),
    }));
    await this.#writeSettlement({ number: settlement.number, groups });
    await this.#write([{ type: "concluded", number: settlement.number, outcomes }]);
  }

  /** @throws RangeError if there is no such settlement. */
  async settlement(number: number): Promise<SettlementFile> {
    const bytes = await this.#disk.read(this.#settlementFile(number));
    if (bytes === undefined) throw new RangeError(`Settlement ${number} was not concluded here.`);
    return decodeRecord(new TextDecoder().decode(bytes)) as SettlementFile;
  }

  /** Waits for what is being written, and lets others open the store. */
  async close(): Promise<void> {
    try {
      await this.#journal.close();
    } finally {
      await this.#unlock();
    }
  }

  /** @throws BookError if the journal is not this operator's. */
  async #identify(): Promise<void> {
    const { chainId, channels, services } = this.#domain;
    const identity = { chainId, channels, services, operator: getAddress(this.#accepts.operator) };
    const found = this.#book.identity;
    if (found === undefined) {
      await this.#write([{ type: "book", ...identity }]);
    } else if (encodeRecord(Object.values(found)) !== encodeRecord(Object.values(identity))) {
      throw new BookError(
        `${this.#directory} is the book of operator ${found.operator} on chain ${found.chainId} (${found.channels}).`,
      );
    }
  }

  /** Whether a call was accepted before and can go on; the voucher that came with it is signed. */
  #isResumed({
    callId,
    channelId,
    price,
    max,
  }: {
    callId: string;
    channelId: string;
    price: bigint;
    max: bigint;
  }): boolean {
    const call = this.#book.call(callId);
    if (call?.state !== "open") return false;
    if (call.channelId !== channelId || call.price !== price) {
      throw new VoucherError("call changed", { channelId: call.channelId, price: call.price });
    }
    if (this.#serving.has(callId)) throw new VoucherError("call in progress", { callId });
    const held = this.#book.standingOf(channelId)?.max ?? 0n;
    // A greater one is for another call, which this channel then has paid for as well.
    if (max > held) throw new VoucherError("call changed", { max, held });
    this.#serving.add(callId);
    return true;
  }

  async #reserve({
    callId,
    channelId,
    channel,
    payment,
    price,
  }: {
    callId: string;
    channelId: string;
    channel: Channel;
    payment: VoucherPayment;
    price: bigint;
  }): Promise<void> {
    const max = payment.voucher.maxClaimableAmount;
    /** From here on, nothing else runs until the book has changed; before, the same call may have come twice. */
    const isDone = (onChain: ChannelOnChain): boolean => {
      if (this.#isResumed({ callId, channelId, price, max })) return true;
      checkCovers({ max, price, onChain, standing: this.#standing({ channelId, onChain }) });
      return false;
    };
    let onChain = await this.#chain.channel(channelId);
    try {
      if (isDone(onChain)) return;
    } catch (error) {
      if (!(error instanceof VoucherError && STALE_CODES.includes(error.code))) throw error;
      onChain = await this.#chain.refresh(channelId);
      if (isDone(onChain)) return;
    }
    const booked = this.#book.channel(channelId);
    const records: OperatorRecord[] = [];
    if (booked === undefined) {
      records.push({ type: "channel", channel, number: onChain.number, settled: onChain.settled });
    }
    if (max > (booked?.max ?? 0n)) {
      const { signature, contractSignature = false } = payment;
      records.push({ type: "voucher", channelId, max, signature, contractSignature });
    }
    records.push({ type: "reserved", channelId, callId, price });
    this.#serving.add(callId);
    await this.#write(records);
  }

  #standing({ channelId, onChain }: { channelId: string; onChain: ChannelOnChain }): ChannelStanding {
    return this.#book.standingOf(channelId) ?? { max: 0n, signature: "0x", committed: onChain.settled };
  }

  async #checkContract(payment: VoucherPayment): Promise<void> {
    if (this.#chain.isValidSignature === undefined) throw new VoucherError("contract signature");
    if (!(await this.#chain.isValidSignature({ ...this.#domain, ...payment }))) {
      throw new VoucherError("wrong signer", { wanted: payment.channel.signer });
    }
  }

  /** Changes the book at once, so that what comes next is measured by it, and returns when that is durable. */
  async #write(records: OperatorRecord[]): Promise<void> {
    for (const record of records) this.#book.apply(record);
    await this.#journal.append(records);
  }

  async #writeSettlement(settlement: SettlementFile): Promise<void> {
    const name = this.#settlementFile(settlement.number);
    const file = await this.#disk.open(`${name}.draft`, 0);
    await file.append(new TextEncoder().encode(encodeRecord(settlement)));
    await file.sync();
    await file.close();
    await this.#disk.replace(`${name}.draft`, name, path.dirname(name));
  }

  #settlementFile(number: number): string {
    return path.join(this.#directory, "settlements", `${number}.json`);
  }
}

function normalized(channel: Channel): Channel {
  return {
    payer: getAddress(channel.payer),
    signer: getAddress(channel.signer),
    operator: getAddress(channel.operator),
    splitId: channel.splitId.toLowerCase(),
    withdrawDelaySeconds: channel.withdrawDelaySeconds,
    salt: channel.salt.toLowerCase(),
  };
}
