import { isError, type Signer } from "ethers";

import { ZERO_WORD } from "./bytes.ts";
import { packVouchers, type Settlement, type SettlementStatus } from "./channel.ts";
import type { ChannelsContract, SettledLog } from "./channelsContract.ts";
import {
  BookError,
  type BookedChannel,
  type GroupOutcome,
  type OperatorBook,
  type PreparedSettlement,
  type SettlementGroup,
} from "./operatorBook.ts";
import type { ReceiptsDomain } from "./receipt.ts";
import { ReceiptTree } from "./receiptTree.ts";
import {
  DEFAULT_SETTLEMENT_POLICY,
  type PlannedGroup,
  planSettlement,
  settlementGas,
  type SettlementPolicy,
} from "./settlementPlan.ts";
import type { ChannelOnChain } from "./voucherCheck.ts";

/** Where a settler finds what there is to settle, and writes down what it does before and after it. */
export interface SettlementStore {
  readonly book: OperatorBook;
  readonly domain: ReceiptsDomain;
  prepare: (settlement: PreparedSettlement) => Promise<void>;
  conclude: (outcomes: GroupOutcome[]) => Promise<void>;
}

/** A channel that the contract would have skipped, so that it was left out. */
export interface SkippedChannel {
  channelId: string;
  /** "ahead": the chain has settled more than the book knows of, which then is an old copy. */
  status: SettlementStatus | "ahead";
}

/** What a run of the settler came to. */
export interface SettlementRun {
  /** Settlements that were concluded, with what became of their groups. */
  settlements: { settlement: PreparedSettlement; outcomes: GroupOutcome[] }[];
  skipped: SkippedChannel[];
}

/** A transaction that does not get onto the chain. The settlement stays prepared, and the next run goes on with it. */
export class SettlementTimeoutError extends Error {
  override readonly name = "SettlementTimeoutError";

  constructor({ number, nonce }: PreparedSettlement) {
    super(
      `Settlement ${number} (transaction ${nonce}) is not on the chain yet. Run the settler again to go on with it.`,
    );
  }
}

/** Parts by which each further attempt pays more for gas: nodes replace a transaction for a tenth. */
const FEE_STEP_PERCENT = 25n;
/** How much more gas than estimated a transaction may use. */
const GAS_MARGIN_PERCENT = 15n;

/**
 * Settles what an operator has served. Each step is written down before it is taken, so a settler that is killed goes on
 * where it was, and nothing is settled twice or forgotten:
 *
 * - A settlement is written down with its nonce before it is sent. Sent again, it is the same transaction; and even if both
 *   got onto the chain, the totals of the second would be nothing new, so it would pay nothing.
 * - It is over when the chain has used that nonce, and not before. What it settled is read from the contract's events.
 * - If it could no longer settle everything, an empty transaction takes its nonce, so that it can never come later.
 *
 * The operator's key is the settler's alone.
 */
export class Settler {
  readonly #store: SettlementStore;
  readonly #contract: ChannelsContract;
  readonly #signer: Signer;
  readonly #policy: SettlementPolicy;
  readonly #keeps: (splitId: string) => boolean;
  readonly #weiPerToken: bigint;
  readonly #confirmations: number;
  readonly #pollMilliseconds: number;
  readonly #patienceMilliseconds: number;

  /**
   * @param signer The operator's, with a provider.
   * @param keeps For which splits settlements are to be on record for other contracts; none by default.
   * @param weiPerToken Wei that 10^18 of the token's smallest unit are worth.
   * @param confirmations Blocks from which on a transaction is taken to stay.
   * @param patienceSeconds Time after which a transaction is sent again for more gas.
   */
  constructor({
    store,
    contract,
    signer,
    policy = {},
    keeps = () => false,
    weiPerToken,
    confirmations = 1,
    pollMilliseconds = 1_000,
    patienceSeconds = 60,
  }: {
    store: SettlementStore;
    contract: ChannelsContract;
    signer: Signer;
    policy?: Partial<SettlementPolicy>;
    keeps?: (splitId: string) => boolean;
    weiPerToken: bigint;
    confirmations?: number;
    pollMilliseconds?: number;
    patienceSeconds?: number;
  }) {
    this.#store = store;
    this.#contract = contract;
    this.#signer = signer;
    this.#policy = { ...DEFAULT_SETTLEMENT_POLICY, ...policy };
    this.#keeps = keeps;
    this.#weiPerToken = weiPerToken;
    this.#confirmations = confirmations;
    this.#pollMilliseconds = pollMilliseconds;
    this.#patienceMilliseconds = 1_000 * patienceSeconds;
  }

  /**
   * Goes on with the settlement under way, if there is one, and settles what its policy says.
   *
   * @param all Settle everything, whatever it costs.
   * @throws SettlementTimeoutError if a transaction is not mined after several attempts.
   */
  async run({ all = false }: { all?: boolean } = {}): Promise<SettlementRun> {
    const run: SettlementRun = { settlements: [], skipped: [] };
    if (this.#store.book.prepared !== undefined) run.settlements.push(await this.#finish());
    const channels = await this.#readChannels(run.skipped);
    const block = await this.#contract.provider.getBlock("latest");
    const batches = planSettlement({
      channels,
      policy: this.#policy,
      costOf: await this.#pricing(),
      now: BigInt(block?.timestamp ?? 0),
      all,
      keeps: this.#keeps,
    });
    for (const batch of batches) {
      const groups = await this.#leaveOutSkipped(batch, run.skipped);
      if (groups.length === 0) continue;
      const settlement = {
        number: this.#store.book.settlements + 1,
        nonce: await this.#signer.getNonce("pending"),
        block: await this.#contract.provider.getBlockNumber(),
        groups,
      };
      await this.#store.prepare(settlement);
      run.settlements.push(await this.#finish());
    }
    return run;
  }

  /** Channels with receipts, and their state on the chain. */
  async #readChannels(skipped: SkippedChannel[]): Promise<{ booked: BookedChannel; onChain: ChannelOnChain }[]> {
    const owing = [...this.#store.book.channels].filter(({ served, settled }) => served !== settled);
    const read = await Promise.all(
      owing.map(async (booked) => ({ booked, onChain: await this.#contract.channel(booked.channelId) })),
    );
    const channels = read.filter(({ booked, onChain }) => onChain.settled === booked.settled);
    for (const known of read) {
      if (!channels.includes(known)) skipped.push({ channelId: known.booked.channelId, status: "ahead" });
    }
    return channels;
  }

  async #pricing(): Promise<(gas: bigint) => bigint> {
    const { maxFeePerGas, gasPrice } = await this.#contract.provider.getFeeData();
    const wei = gasPrice ?? maxFeePerGas ?? 0n;
    return (gas) => (gas * wei * 10n ** 18n) / this.#weiPerToken;
  }

  /**
   * Groups of which the contract, asked now, would settle every voucher. The memo commits to the receipts of all of them, so
   * it must not name any that is not paid.
   */
  async #leaveOutSkipped(batch: readonly PlannedGroup[], skipped: SkippedChannel[]): Promise<SettlementGroup[]> {
    let groups = batch.map((planned) => this.#group(planned));
    for (;;) {
      if (groups.length === 0) return [];
      const statuses = await this.#simulate(groups);
      const isSettled = (group: number, item: number): boolean => statuses[group][item] === "settled";
      if (statuses.flat().every((status) => status === "settled")) return groups;
      groups = groups.flatMap(({ items, ...group }, i) => {
        items.forEach(({ channelId }, j) => {
          if (!isSettled(i, j)) skipped.push({ channelId, status: statuses[i][j] });
        });
        const left = items.filter((_, j) => isSettled(i, j));
        return left.length === 0 ? [] : [{ ...group, memo: this.#memo(left), items: left }];
      });
    }
  }

  #group(planned: PlannedGroup): SettlementGroup {
    const { splitId, withdrawDelaySeconds, salt } = planned[0].booked.channel;
    const items = planned.map(({ item }) => item);
    return { splitId, withdrawDelaySeconds, salt, memo: this.#memo(items), kept: planned[0].kept, items };
  }

  #memo(items: SettlementGroup["items"]): string {
    const receipts = items.flatMap((item) => this.#store.book.receiptsOf(item)).map(({ receipt }) => receipt);
    const { chainId, services } = this.#store.domain;
    return new ReceiptTree({ chainId, services, receipts }).memo;
  }

  async #simulate(groups: readonly SettlementGroup[]): Promise<SettlementStatus[][]> {
    const operator = await this.#signer.getAddress();
    return this.#contract.simulate({ operator, settlements: this.#settlementsOf(groups) });
  }

  #settlementsOf(groups: readonly SettlementGroup[]): Settlement[] {
    return groups.map(({ items, ...group }) => ({
      ...group,
      calls: items.reduce((sum, { receipts }) => sum + BigInt(receipts), 0n),
      vouchers: packVouchers(
        items.map(({ channelId, ...item }) => ({ ...item, channel: this.#booked(channelId).channel })),
      ),
    }));
  }

  #booked(channelId: string): BookedChannel {
    const booked = this.#store.book.channel(channelId);
    if (booked === undefined) throw new BookError(`Channel ${channelId} is not in the book.`);
    return booked;
  }

  /** Gets the settlement under way onto the chain, if it is not there, and concludes it. */
  async #finish(): Promise<SettlementRun["settlements"][number]> {
    const settlement = this.#store.book.prepared;
    if (settlement === undefined) throw new BookError("No settlement is under way.");
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      if (!(await this.#isNonceUsed(settlement, "latest"))) await this.#send(settlement, attempt);
      const outcomes = await this.#waitFor(settlement);
      if (outcomes === undefined) continue;
      await this.#store.conclude(outcomes);
      return { settlement, outcomes };
    }
    throw new SettlementTimeoutError(settlement);
  }

  /** Sends a settlement, or what keeps it from ever coming if it would not settle everything any more. */
  async #send(settlement: PreparedSettlement, attempt: number): Promise<void> {
    const { groups, nonce } = settlement;
    const from = await this.#signer.getAddress();
    const statuses = await this.#simulate(groups);
    const isWhole = statuses.flat().every((status) => status === "settled");
    const request = isWhole ? this.#contract.settlement(this.#settlementsOf(groups)) : { to: from };
    const estimate = await this.#contract.provider.estimateGas({ from, ...request });
    // Some nodes estimate on top of what is pending: with an earlier attempt among it, there would be nothing to settle.
    const least = isWhole ? settlementGas(groups) : 0n;
    const gas = estimate > least ? estimate : least;
    const gasLimit = (gas * (100n + GAS_MARGIN_PERCENT)) / 100n;
    try {
      await this.#signer.sendTransaction({ ...request, nonce, gasLimit, ...(await this.#fees(attempt)) });
    } catch (error) {
      // An earlier attempt is on its way, or got there while this one was made.
      if (isError(error, "REPLACEMENT_UNDERPRICED") || (await this.#isNonceUsed(settlement, "latest"))) return;
      throw error;
    }
  }

  async #fees(attempt: number): Promise<{ maxFeePerGas?: bigint; maxPriorityFeePerGas?: bigint; gasPrice?: bigint }> {
    const { maxFeePerGas, maxPriorityFeePerGas, gasPrice } = await this.#contract.provider.getFeeData();
    const raise = (fee: bigint): bigint => {
      let raised = fee;
      for (let i = 0; i < attempt; i++) raised += (raised * FEE_STEP_PERCENT) / 100n + 1n;
      return raised;
    };
    if (maxFeePerGas !== null && maxPriorityFeePerGas !== null) {
      return { maxFeePerGas: raise(maxFeePerGas), maxPriorityFeePerGas: raise(maxPriorityFeePerGas) };
    }
    return gasPrice === null ? {} : { gasPrice: raise(gasPrice) };
  }

  /** What became of a settlement; undefined if that is not certain after some time. */
  async #waitFor(settlement: PreparedSettlement): Promise<GroupOutcome[] | undefined> {
    const end = performance.now() + this.#patienceMilliseconds;
    for (;;) {
      const block = (await this.#contract.provider.getBlockNumber()) - this.#confirmations + 1;
      if (block >= 0 && (await this.#isNonceUsed(settlement, block))) return this.#outcomes(settlement, block);
      if (performance.now() >= end) return undefined;
      await new Promise((resolve) => setTimeout(resolve, this.#pollMilliseconds));
    }
  }

  async #isNonceUsed({ nonce }: PreparedSettlement, blockTag: number | "latest"): Promise<boolean> {
    const operator = await this.#signer.getAddress();
    return (await this.#contract.provider.getTransactionCount(operator, blockTag)) > nonce;
  }

  async #outcomes({ groups, block }: PreparedSettlement, toBlock: number): Promise<GroupOutcome[]> {
    const logs = await this.#contract.settledBy({
      operator: await this.#signer.getAddress(),
      // A block that was replaced since may have made it come earlier. Totals are its own, so nothing else is found.
      fromBlock: Math.max(0, block - this.#confirmations),
      toBlock,
    });
    return groups.map((group) => this.#outcomeOf(group, logs));
  }

  #outcomeOf({ splitId, items }: SettlementGroup, logs: readonly SettledLog[]): GroupOutcome {
    let transactionHash = ZERO_WORD;
    const channelIds: string[] = [];
    for (const { channelId, total } of items) {
      const { number } = this.#booked(channelId);
      const log = logs.find(
        (candidate) =>
          candidate.splitId === splitId &&
          candidate.channels.some((entry) => entry.number === number && entry.settled === total),
      );
      if (log === undefined) continue;
      transactionHash = log.transactionHash;
      channelIds.push(channelId);
    }
    return { transactionHash, channelIds };
  }
}

/** Attempts to get a transaction onto the chain, each for a quarter more. */
const MAX_ATTEMPTS = 8;
