import { concatBytes } from "../bytes.ts";
import { decodeShareProof } from "../datanetProof.ts";
import type { Share } from "../share.ts";
import type { SumNode } from "../sumNode.ts";
import type { SettledReceipts } from "../attribution/dataStore.ts";
import { decodeInferenceAnswer, type Item, ItemKind } from "../attribution/faultProofs.ts";
import type { ReportData } from "../attribution/reportData.ts";
import type { KnownPot, PostedReport } from "../attribution/reportsContract.ts";
import { reviewReport, type ReviewSource, UnknownCallError } from "../attribution/reviewReport.ts";
import { orUndefined } from "../attribution/settledCalls.ts";
import { CHUNK_BYTES } from "../content.ts";
import { type Receipt, receiptDigest, type ReceiptsDomain } from "../receipt.ts";
import { shareOfReceipt } from "../receiptTree.ts";
import { PotProgram, type PotProgramOptions } from "./potProgram.ts";
import { MissingDataError } from "./potTexts.ts";

/** What a watcher works with. */
export interface WatcherOptions extends PotProgramOptions {
  /** Most demands for data of one report: each costs its bond if it is answered. */
  demands?: number;
}

/** Demands for a report's data, if nothing else is said. */
const DEFAULT_DEMANDS = 4;

/**
 * Reviews every report that can be challenged, unattended: recomputes it, challenges what is wrong, and demands what it is
 * not shown. Keeps nothing but indexes.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #domain: ReceiptsDomain;
  readonly #program: PotProgram;
  /** Reports that were found to be right. */
  readonly #right = new Set<string>();
  readonly #said = new Set<string>();
  /** What answers to demands have shown. */
  readonly #shown = {
    demands: new Set<string>(),
    receipts: new Map<string, Receipt>(),
    settled: new Map<string, { share: Share; siblings: SumNode[] }>(),
    chunks: new Map<string, Map<number, Uint8Array>>(),
  };

  constructor(options: WatcherOptions) {
    const { chain } = options;
    this.#options = options;
    this.#domain = { chainId: chain.chainId, services: chain.addresses.services };
    this.#program = new PotProgram(options);
  }

  /** Does all that can be done now. */
  async run(): Promise<void> {
    if (await this.#program.isWaiting()) return;
    const { chain } = this.#options;
    await this.#program.eachPot(async (known) => {
      const { reportId } = await chain.stateOf(known.id);
      const pending = reportId === undefined ? undefined : chain.report(reportId);
      if (pending !== undefined && !(await this.#expire(known, pending))) await this.#review(known, pending);
    });
    await this.#program.follow();
    await this.#reclaim();
  }

  // ------------------------------------------------------------------ review

  async #review(known: KnownPot, posted: PostedReport): Promise<void> {
    if (this.#right.has(posted.id)) return;
    const data = await orUndefined(
      () => this.#program.data.report(posted.report),
      (line) => {
        this.#sayOnce(known, posted, line);
      },
    );
    if (data === undefined) {
      this.#sayOnce(known, posted, "its file is not there");
      await this.#demand(known, posted, this.#someItems(posted));
      return;
    }
    try {
      await this.#learn(posted, data);
      const source = await this.#sourceOf(known, posted, data);
      const fault = reviewReport({ report: posted.report, data, ...source });
      if (fault === undefined) {
        this.#right.add(posted.id);
        this.#say(known, posted, `is right: ${data.figures.inferences} calls, ${data.figures.credits} credits`);
        return;
      }
      await this.#program.send(this.#options.chain.challenge(fault.verifier, fault.proof));
      this.#say(known, posted, `challenged (${fault.name}): ${fault.reason}`);
    } catch (error) {
      if (error instanceof UnknownCallError) {
        this.#sayOnce(known, posted, error.message);
        await this.#demand(known, posted, await this.#itemsOfCalls(data, error.inferences));
      } else if (error instanceof MissingDataError) {
        this.#sayOnce(known, posted, `cannot be reviewed: ${error.message}`);
      } else throw error;
    }
  }

  async #sourceOf(known: KnownPot, { report }: PostedReport, { lists }: ReportData): Promise<ReviewSource> {
    const { chain } = this.#options;
    const domain = this.#domain;
    const { epoch } = report.figures;
    const settled = new Map<string, SettledReceipts>();
    const calls = new Map<string, { receipt: Receipt; output: Uint8Array }>();
    const fractions = new Map<string, bigint>();
    const onRecord = new Map<string, boolean>();
    const say = (line: string): void => {
      this.#options.say(line);
    };
    for (const { inference } of lists.inferences) {
      const { memo, splitId } = inference;
      if (!settled.has(memo)) {
        const found = await orUndefined(() => this.#program.data.receipts(memo), say);
        if (found !== undefined) settled.set(memo, found);
      }
      if (!fractions.has(splitId)) fractions.set(splitId, await chain.fractionOf(known.id, splitId, epoch));
      const settlement = settlementKey(inference);
      if (!onRecord.has(settlement)) {
        const time = await chain.settledAt(inference);
        onRecord.set(settlement, time !== 0 && chain.epochOf(time) === epoch);
      }
    }
    const receipts = new Map<string, Receipt>();
    for (const settlement of settled.values()) {
      for (const receipt of settlement.receipts) receipts.set(receiptDigest({ ...domain, receipt }), receipt);
    }
    for (const receipt of this.#shown.receipts.values()) receipts.set(receiptDigest({ ...domain, receipt }), receipt);
    for (const { inference } of lists.inferences) {
      const receipt = receipts.get(inference.receiptDigest);
      const output = receipt && (await orUndefined(() => this.#program.data.output(receipt.outputRoot), say));
      if (receipt !== undefined && output !== undefined) calls.set(inference.receiptDigest, { receipt, output });
    }
    return {
      ...domain,
      ...(await this.#program.textsOf(known)),
      call: (digest) => calls.get(digest),
      settled: (memo, place, size) => {
        const of = settled.get(memo);
        const receipt = of?.receipts.at(place);
        if (of?.tree.size !== size || receipt === undefined)
          return this.#shown.settled.get(placeKey(memo, place, size));
        return { share: shareOfReceipt({ ...domain, receipt }), siblings: of.tree.prove(place).siblings };
      },
      isSettled: (inference) => onRecord.get(settlementKey(inference)) ?? false,
      fractionOf: (splitId) => fractions.get(splitId) ?? 0n,
    };
  }

  /** Takes what answers to demands show: receipts, and outputs once all their chunks are there. */
  async #learn(posted: PostedReport, { lists }: ReportData): Promise<void> {
    const { chain } = this.#options;
    for (const demand of chain.demandsOf(posted.id)) {
      const { kind, first } = demand.item;
      if (!demand.answered || this.#shown.demands.has(demand.id)) continue;
      if (kind !== ItemKind.Receipt && kind !== ItemKind.OutputChunk) continue;
      this.#shown.demands.add(demand.id);
      const answer = await chain.answerTo(demand);
      if (answer === undefined) continue;
      const { receipt, settled, output } = decodeInferenceAnswer(answer);
      const { memo, place, receipts, outputRoot, outputLength } = lists.inferences[first].inference;
      if (kind === ItemKind.Receipt) {
        this.#shown.receipts.set(receiptDigest({ ...this.#domain, receipt }), receipt);
        this.#shown.settled.set(placeKey(memo, place, receipts), decodeShareProof(settled));
        continue;
      }
      const chunks = this.#shown.chunks.get(outputRoot) ?? new Map<number, Uint8Array>();
      this.#shown.chunks.set(outputRoot, chunks.set(output.firstChunk, output.chunks));
      const count = Math.ceil(outputLength / CHUNK_BYTES);
      if (chunks.size < count) continue;
      const ordered = [...chunks].sort(([a], [b]) => a - b).map(([, chunk]) => chunk);
      await this.#program.data.putOutput(concatBytes(ordered));
      this.#options.say(`Published outputs/${outputRoot}, all of which was shown.`);
    }
  }

  // ------------------------------------------------------------------ demand

  /** Items of a report of which nothing is known, at places that its reporter could not foresee. */
  #someItems({ report: { figures } }: PostedReport): Item[] {
    const { demands = DEFAULT_DEMANDS } = this.#options;
    const sizes: [ItemKind, number][] = [
      [ItemKind.Inference, figures.inferences],
      [ItemKind.Share, figures.shares],
      [ItemKind.Credit, figures.credits],
    ];
    const kinds = sizes.filter(([, size]) => size > 0);
    return Array.from({ length: demands }, (_, i) => {
      const [kind, size] = kinds[i % kinds.length];
      return { kind, first: Math.floor(Math.random() * size), second: 0 };
    });
  }

  /** What makes calls known whose receipts or outputs are not there. */
  async #itemsOfCalls({ lists }: ReportData, unknown: readonly number[]): Promise<Item[]> {
    const items: Item[] = [];
    for (const first of unknown) {
      const { inference } = lists.inferences[first];
      const found = await orUndefined(() => this.#program.data.receipts(inference.memo), this.#options.say);
      const receipt = found?.receipts.find(
        (each) => receiptDigest({ ...this.#domain, receipt: each }) === inference.receiptDigest,
      );
      const isShown = this.#shown.settled.has(placeKey(inference.memo, inference.place, inference.receipts));
      if (!isShown && (receipt === undefined || found?.tree.size !== inference.receipts)) {
        items.push({ kind: ItemKind.Receipt, first, second: 0 });
      }
      if ((await orUndefined(() => this.#program.data.output(inference.outputRoot), this.#options.say)) !== undefined)
        continue;
      const chunks = Math.ceil(Math.min(inference.outputLength, 2 ** 32) / CHUNK_BYTES);
      const { demands = DEFAULT_DEMANDS } = this.#options;
      const start = chunks <= demands ? 0 : Math.floor(Math.random() * chunks);
      for (let i = 0; i < Math.min(chunks, demands); i++) {
        items.push({ kind: ItemKind.OutputChunk, first, second: (start + i) % chunks });
      }
    }
    return items;
  }

  /** Demands items, as many as one is ready to pay for. */
  async #demand(known: KnownPot, posted: PostedReport, items: readonly Item[]): Promise<void> {
    const { chain, signer, demands = DEFAULT_DEMANDS } = this.#options;
    const { report } = posted;
    const { time } = await chain.now();
    if (time >= Number(report.postedAt) + chain.times.challengeSeconds) {
      this.#sayOnce(known, posted, "it is too late to demand data");
      return;
    }
    const asked = chain.demandsOf(posted.id);
    const owner = await signer.getAddress();
    let left = demands - asked.filter(({ challenger }) => challenger === owner).length;
    for (const item of items) {
      const isAsked = asked.some(
        ({ item: other }) => other.kind === item.kind && other.first === item.first && other.second === item.second,
      );
      if (isAsked || left <= 0) continue;
      const { balance, allowance } = await chain.wallet(owner);
      if (balance < chain.times.demandBond) {
        this.#sayOnce(known, posted, `a demand needs ${chain.times.demandBond}, and the wallet has ${balance}`);
        return;
      }
      if (allowance < chain.times.demandBond) await this.#program.send(chain.approve(chain.times.demandBond));
      await this.#program.send(chain.demand(report, known.pot, item));
      asked.push({ id: "", reportId: posted.id, item, challenger: owner, deadline: 0, open: true, answered: false });
      this.#say(known, posted, `demanded ${describeItem(item)}`);
      left--;
    }
  }

  /** Ends a demand of its own that was not answered in time: the report is void. */
  async #expire(known: KnownPot, posted: PostedReport): Promise<boolean> {
    const { chain, signer } = this.#options;
    const owner = await signer.getAddress();
    const { time } = await chain.now();
    const overdue = chain
      .demandsOf(posted.id)
      .find(({ open, challenger, deadline }) => open && challenger === owner && time >= deadline);
    if (overdue === undefined) return false;
    await this.#program.send(chain.expire(posted.report, overdue.item));
    this.#say(known, posted, `void (F7): ${describeItem(overdue.item)} was not shown in time`);
    return true;
  }

  /** Takes back what it put up for demands about reports that are void. */
  async #reclaim(): Promise<void> {
    const { chain, signer, say } = this.#options;
    const owner = await signer.getAddress();
    for (const { reportId, item, open, challenger } of chain.demands) {
      const posted = chain.report(reportId);
      if (!open || challenger !== owner || posted?.status !== "defeated") continue;
      await this.#program.send(chain.reclaim(posted.report, item));
      say(`Took back the bond of a demand for ${describeItem(item)} of report ${reportId}.`);
    }
  }

  // ------------------------------------------------------------------ helpers

  #say({ pot }: KnownPot, { id, report }: PostedReport, line: string): void {
    const text = `Pot ${pot.number}, epoch ${report.figures.epoch}, report ${id}: ${line}`;
    this.#options.say(text.endsWith(".") ? text : `${text}.`);
  }

  #sayOnce(known: KnownPot, posted: PostedReport, line: string): void {
    const key = `${posted.id} ${line}`;
    if (!this.#said.has(key)) this.#say(known, posted, line);
    this.#said.add(key);
  }
}

const ITEM_NAMES: Record<ItemKind, (item: Item) => string> = {
  [ItemKind.Inference]: ({ first }) => `inference ${first}`,
  [ItemKind.Span]: ({ first, second }) => `span ${second} of inference ${first}`,
  [ItemKind.Credit]: ({ first }) => `credit ${first}`,
  [ItemKind.Share]: ({ first }) => `share ${first} of the payout`,
  [ItemKind.OutputChunk]: ({ first, second }) => `chunk ${second} of the output of inference ${first}`,
  [ItemKind.Receipt]: ({ first }) => `the receipt of inference ${first}`,
  [ItemKind.ContentChunk]: ({ first, second }) => `chunk ${second} of contribution ${first}`,
};

/** What is demanded, for people. */
export function describeItem(item: Item): string {
  return ITEM_NAMES[item.kind](item);
}

function placeKey(memo: string, place: number, receipts: number): string {
  return `${memo} ${place} ${receipts}`;
}

function settlementKey({
  operator,
  splitId,
  memo,
  settled,
}: {
  operator: string;
  splitId: string;
  memo: string;
  settled: bigint;
}): string {
  return `${operator} ${splitId} ${memo} ${settled}`;
}
