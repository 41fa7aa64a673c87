import { AbiCoder, keccak256 } from "ethers";

import { Attributor } from "../attribution/attribute.ts";
import { answerOf } from "../attribution/answers.ts";
import { buildReport, ReportError } from "../attribution/buildReport.ts";
import { type DataStore, readReport } from "../attribution/dataStore.ts";
import { FIGURES_TYPE, type Figures, type Report } from "../attribution/report.ts";
import type { ReportData } from "../attribution/reportData.ts";
import { writeReportFile } from "../attribution/reportFile.ts";
import type { KnownPot, PostedReport } from "../attribution/reportsContract.ts";
import { collectCalls } from "../attribution/settledCalls.ts";
import { isLackOfData, PotProgram, type PotProgramOptions } from "./potProgram.ts";
import { DirectoryStore } from "./reportStore.ts";

/** Draws in a transaction. */
const MAX_DRAWS = 50;

/** What a reporter works with. */
export interface ReporterOptions extends PotProgramOptions {
  /** Least total of a report, and least of what is swept, that is worth its gas; in the token's smallest unit. */
  least?: bigint;
  /** How long after its end an epoch waits for receipts and outputs that are not there, in seconds. */
  patienceSeconds?: number;
  /** Keeps reports that are about to be posted; a directory of its own if absent. */
  drafts?: DataStore;
}

/**
 * Reports epochs, unattended. Everything it does follows from the chain and from the data, so that it can be killed and
 * started again at any moment; all it keeps for itself is a report that it is about to post, as data may come in late and
 * make another one.
 */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #program: PotProgram;
  readonly #drafts: DataStore;
  /** What has been said of a pot's epoch, so that it is said once. */
  readonly #said = new Set<string>();

  constructor(options: ReporterOptions) {
    const { directory, drafts = new DirectoryStore({ directory }) } = options;
    this.#options = options;
    this.#program = new PotProgram(options);
    this.#drafts = drafts;
  }

  /** Does all that can be done now. */
  async run(): Promise<void> {
    if (await this.#program.isWaiting()) return;
    await this.#program.eachPot(async (known) => {
      for (let isBusy = true; isBusy;) {
        await this.#program.follow();
        isBusy = await this.#step(known);
      }
    });
  }

  /** One thing that is to be done for a pot, if there is any. */
  async #step(known: KnownPot): Promise<boolean> {
    const { chain } = this.#options;
    const { reportId: pendingId } = await chain.stateOf(known.id);
    const pending = pendingId === undefined ? undefined : chain.report(pendingId);
    if (await this.#publish(known)) return true;
    if (pendingId !== undefined && pending === undefined) return false;
    try {
      if (pending === undefined ? await this.#report(known) : await this.#finish(known, pending)) return true;
    } catch (error) {
      // What nobody can report is swept all the same.
      if (!isLackOfData(error)) throw error;
      this.#sayOnce(known, undefined, error.message);
    }
    return this.#sweep(known, pending);
  }

  // ------------------------------------------------------------------ report

  /** Reports the first epoch that can be reported. */
  async #report(known: KnownPot): Promise<boolean> {
    const { chain } = this.#options;
    const { epochSeconds, reportSeconds } = chain.times;
    const { time } = await chain.now();
    for (const epoch of chain.epochsOf(known)) {
      const end = (epoch + 1) * epochSeconds;
      if (time < end || (await chain.isReported(known.id, epoch))) continue;
      if (time >= end + reportSeconds) {
        this.#sayOnce(known, epoch, "was not reported in time; what it earned will be swept");
        continue;
      }
      const data = await this.#build(known, epoch);
      if (data !== undefined && (await this.#post(known, data))) return true;
    }
    return false;
  }

  async #build(known: KnownPot, epoch: number): Promise<ReportData | undefined> {
    const { chain } = this.#options;
    const { pot, id } = known;
    const domain = { chainId: chain.chainId, services: chain.addresses.services };
    const settlements = chain.settlementsOf(known, epoch);
    const say = (line: string): void => {
      this.#sayOnce(known, epoch, line);
    };
    const { calls, isComplete } = await collectCalls({ ...domain, settlements, data: this.#program.data, say });
    const { patienceSeconds = 0 } = this.#options;
    const { time } = await chain.now();
    if (!isComplete && time < (epoch + 1) * chain.times.epochSeconds + patienceSeconds) {
      say("waits for data that may still come in");
      return undefined;
    }
    const fractions = new Map<string, bigint>();
    for (const { splitId } of settlements) {
      if (!fractions.has(splitId)) fractions.set(splitId, await chain.fractionOf(id, splitId, epoch));
    }
    const { index, log } = await this.#program.textsOf(known);
    const attributor = new Attributor(index);
    try {
      return buildReport({
        ...domain,
        pot,
        epoch,
        calls,
        fractionOf: (splitId) => fractions.get(splitId) ?? 0n,
        attribute: (output) => attributor.attribute(output).spans,
        payeeOf: (contribution) => log.tree.share(contribution).recipient,
      });
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      say(error.message);
      return undefined;
    }
  }

  async #post(known: KnownPot, data: ReportData): Promise<boolean> {
    const { chain } = this.#options;
    const { figures } = data;
    if (figures.total < (this.#options.least ?? 0n)) {
      this.#sayOnce(known, figures.epoch, `is not reported: ${figures.total} is too little`);
      return false;
    }
    if (await this.#wasDefeated(known, figures)) {
      this.#sayOnce(known, figures.epoch, "is not reported: the same report of this account was void");
      return false;
    }
    if (!(await this.#bond(known, figures))) return false;
    await this.#release(known);
    // Before it is posted: if data comes in late, the same report could not be made again.
    await this.#drafts.put(draftKey(figures), writeReportFile(data));
    await this.#program.send(chain.post(figures));
    this.#say(
      known,
      figures.epoch,
      `posted: ${figures.inferences} calls, ${figures.credits} credits, ${figures.total}`,
    );
    return true;
  }

  /** Whether it would lose its bond a second time for the same. */
  async #wasDefeated({ reports }: KnownPot, figures: Figures): Promise<boolean> {
    const reporter = await this.#options.signer.getAddress();
    const key = draftKey(figures);
    return reports.some(
      ({ status, report }) => status === "defeated" && report.reporter === reporter && draftKey(report.figures) === key,
    );
  }

  /** Publishes the file of a report that was posted. */
  async #publish(known: KnownPot): Promise<boolean> {
    const reporter = await this.#options.signer.getAddress();
    for (const { id, report, status } of known.reports) {
      if (report.reporter !== reporter || status === "defeated" || status === "dropped") continue;
      if ((await this.#options.store.get(`reports/${id}`)) !== undefined) continue;
      const data = await this.#draftOf(report);
      if (data === undefined) {
        this.#sayOnce(known, report.figures.epoch, `${id} is posted, but its file is not in this directory`);
        continue;
      }
      await this.#program.data.putReport(report, data);
      this.#say(known, report.figures.epoch, `published as reports/${id}`);
      return true;
    }
    return false;
  }

  async #draftOf({ figures }: Report): Promise<ReportData | undefined> {
    const key = draftKey(figures);
    const pieces = await this.#drafts.get(key);
    return pieces === undefined ? undefined : readReport(key, pieces);
  }

  /** Sees to it that there is a bond for a report. */
  async #bond(known: KnownPot, { total, epoch }: Figures): Promise<boolean> {
    const { chain, signer } = this.#options;
    const reporter = await signer.getAddress();
    const [{ amount, exitAt }, needed] = await Promise.all([chain.bondOf(known.id, reporter), chain.bondFor(total)]);
    if (exitAt !== 0n) {
      this.#sayOnce(known, epoch, "is not reported: the reporter wants its bond back");
      return false;
    }
    if (amount >= needed) return true;
    const missing = needed - amount;
    const { balance, allowance } = await chain.wallet(reporter);
    if (balance < missing) {
      this.#sayOnce(known, epoch, `is not reported: a bond needs ${missing} more, and the wallet has ${balance}`);
      return false;
    }
    if (allowance < missing) await this.#program.send(chain.approve(missing));
    await this.#program.send(chain.bond(known.pot, missing));
    this.#say(known, epoch, `bonded ${missing}`);
    return true;
  }

  /** Releases what sources owe a pot. */
  async #release({ sources, pot }: KnownPot): Promise<boolean> {
    const { chain } = this.#options;
    const draws = [...sources.values()].flatMap((source) => {
      if (source.draws === undefined)
        this.#options.say(`Pot ${pot.number}: the way from ${source.splitId} is not known.`);
      return source.draws ?? [];
    });
    let isDone = false;
    for (let first = 0; first < draws.length; first += MAX_DRAWS) {
      const part = draws.slice(first, first + MAX_DRAWS);
      const amount = await chain.released(part);
      if (amount === 0n) continue;
      await this.#program.send(chain.release(part));
      this.#options.say(`Pot ${pot.number}: released ${amount} from its sources.`);
      isDone = true;
    }
    return isDone;
  }

  // ------------------------------------------------------------------ answer, pay, sweep

  /** What is to be done about a posted report. */
  async #finish(known: KnownPot, posted: PostedReport): Promise<boolean> {
    const { chain, signer } = this.#options;
    if (posted.report.reporter === (await signer.getAddress()) && (await this.#answer(known, posted))) return true;
    const { figures } = posted.report;
    const [{ deadline }, { time }] = await Promise.all([chain.stateOf(known.id), chain.now()]);
    if (time < deadline || (await chain.openDemands(posted.id)) > 0) return false;
    if ((await chain.balanceOf(known.pot)) < figures.total) await this.#release(known);
    if ((await chain.balanceOf(known.pot)) >= figures.total) {
      await this.#program.send(chain.pay(posted.report, known.pot));
      this.#say(known, figures.epoch, `paid ${figures.total}`);
      return true;
    }
    if (time < deadline + chain.times.reportSeconds) {
      this.#sayOnce(known, figures.epoch, `cannot be paid yet: the pot has less than ${figures.total}`);
      return false;
    }
    await this.#program.send(chain.drop(posted.report));
    this.#say(known, figures.epoch, "dropped, as the pot never had what it pays");
    return true;
  }

  async #answer(known: KnownPot, { id, report }: PostedReport): Promise<boolean> {
    const { chain } = this.#options;
    const demand = chain.demandsOf(id).find(({ open }) => open);
    if (demand === undefined) return false;
    const data = (await this.#draftOf(report)) ?? (await this.#program.data.report(report));
    if (data === undefined) {
      this.#sayOnce(known, report.figures.epoch, `${id} cannot be answered for: its file is not there`);
      return false;
    }
    const answer = await answerOf({
      data,
      item: demand.item,
      texts: await this.#program.textsOf(known),
      published: this.#program.data,
    });
    if (answer === undefined) {
      this.#sayOnce(known, report.figures.epoch, `demand ${demand.id} cannot be answered: its data is not there`);
      return false;
    }
    await this.#program.send(chain.answer(report, known.pot, demand.item, answer));
    this.#say(known, report.figures.epoch, `answered demand ${demand.id}`);
    return true;
  }

  async #sweep({ id, pot }: KnownPot, pending?: PostedReport): Promise<boolean> {
    const { chain } = this.#options;
    const [{ since }, balance, { time }] = await Promise.all([chain.markOf(id), chain.balanceOf(pot), chain.now()]);
    if (
      balance === 0n ||
      balance < (this.#options.least ?? 0n) ||
      (since !== 0 && time < since + chain.times.sweepSeconds)
    )
      return false;
    await this.#program.send(chain.sweep(pot, pending?.report));
    this.#options.say(
      `Pot ${pot.number}: ${since === 0 ? "marked" : "swept what nobody reported, and marked"} what is in it.`,
    );
    return true;
  }

  // ------------------------------------------------------------------ helpers

  #say({ pot }: KnownPot, epoch: number | undefined, line: string): void {
    const about = epoch === undefined ? "" : `, epoch ${epoch}`;
    this.#options.say(`Pot ${pot.number}${about}: ${line}.`.replace(/\.\.$/, "."));
  }

  #sayOnce(known: KnownPot, epoch: number | undefined, line: string): void {
    const key = `${known.id} ${epoch} ${line}`;
    if (!this.#said.has(key)) this.#say(known, epoch, line);
    this.#said.add(key);
  }
}

/** A report that is about to be posted is kept by its figures: its id is known once it is posted. */
function draftKey(figures: Figures): string {
  return `drafts/${keccak256(AbiCoder.defaultAbiCoder().encode([FIGURES_TYPE], [figures]))}`;
}
