import { existsSync } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import path from "node:path";

import { Journal, JournalCorruptError } from "../../sdk/node/journal.ts";
import { lockDirectory, LockedError } from "../../sdk/node/lock.ts";
import { display } from "../lib/deployments.ts";
import { UserError } from "../lib/script.ts";
import type { Comparison } from "./chainResult.ts";

/** What a run is of. Only the same can be continued. */
export interface RunIdentity {
  /** Hash of the scenario, with everything it was read from. */
  scenario: string;
  seed: number;
  /** How many payments it repeats; undefined for all. */
  payments: number | undefined;
  chainId: number;
  /** Hash of the chain's first block. */
  genesis: string;
  /** Address of the ledger that it pays into. */
  ledger: string;
}

/** Where a run began. It reads none of this from the chain a second time. */
export interface RunBegin {
  /** Tells runs of one scenario on one chain apart, from 1. Part of what the wallets come from. */
  run: number;
  /** Time of the chain, in seconds since 1970. */
  time: number;
  /** Version of the fee policy that was in force. */
  policy: number;
}

/** A transaction of one of the run's wallets, signed. */
export interface SentRecord {
  kind: "sent";
  key: string;
  from: string;
  nonce: number;
  hash: string;
  raw: string;
}

/** A transaction that a node, or whoever keeps the deployer's key, was to sign. Its nonce is used once, whatever happens. */
export interface AskedRecord {
  kind: "asked";
  key: string;
  from: string;
  nonce: number;
}

export type TransactionRecord = SentRecord | AskedRecord;

type JournalRecord =
  | ({ kind: "begin" } & RunIdentity & RunBegin)
  | TransactionRecord
  | { kind: "compared"; compared: Comparison }
  | { kind: "end" };

/**
 * All transactions of a run, each on the disk before it is on its way. What is in here is never signed a second time: it is
 * mined, or is sent again as it is.
 */
export class RunJournal {
  readonly #journal: Journal;
  readonly #unlock: () => Promise<void>;
  readonly #records: JournalRecord[];
  readonly #byKey = new Map<string, TransactionRecord>();

  private constructor(fields: { journal: Journal; unlock: () => Promise<void>; records: JournalRecord[] }) {
    this.#journal = fields.journal;
    this.#unlock = fields.unlock;
    this.#records = fields.records;
    for (const record of fields.records) {
      if (record.kind === "sent" || record.kind === "asked") this.#byKey.set(record.key, record);
    }
  }

  static async open(directory: string): Promise<RunJournal> {
    await mkdir(directory, { recursive: true });
    const unlock = await lockDirectory(directory).catch((error: unknown) => {
      if (!(error instanceof LockedError)) throw error;
      throw new UserError(`Another process runs in ${display(directory)}. Wait for its end, or name another --out.`);
    });
    const records: JournalRecord[] = [];
    try {
      const journal = await Journal.open({
        directory,
        onRecord: (record) => records.push(record as JournalRecord),
        snapshot: () => records,
      });
      return new RunJournal({ journal, unlock, records });
    } catch (error) {
      await unlock();
      if (error instanceof JournalCorruptError) throw new UserError(`${error.message} Begin anew with --fresh.`);
      throw error;
    }
  }

  /** What the run is of and where it began; undefined before that is known. */
  get begin(): (RunIdentity & RunBegin) | undefined {
    const first = this.#records.at(0);
    return first?.kind === "begin" ? first : undefined;
  }

  get isFinished(): boolean {
    return this.#records.at(-1)?.kind === "end";
  }

  get transactions(): IterableIterator<TransactionRecord> {
    return this.#byKey.values();
  }

  find(key: string): TransactionRecord | undefined {
    return this.#byKey.get(key);
  }

  async start(begin: RunIdentity & RunBegin): Promise<void> {
    await this.#append({ kind: "begin", ...begin });
  }

  /** Returns once the record is on the disk. */
  async note(record: TransactionRecord): Promise<void> {
    this.#byKey.set(record.key, record);
    await this.#append(record);
  }

  /** What came out of the comparison; undefined before it. What is sent back afterwards changes the figures. */
  get compared(): Comparison | undefined {
    for (const record of this.#records) if (record.kind === "compared") return record.compared;
    return undefined;
  }

  async noteComparison(compared: Comparison): Promise<void> {
    await this.#append({ kind: "compared", compared });
  }

  async finish(): Promise<void> {
    await this.#append({ kind: "end" });
  }

  async close(): Promise<void> {
    await this.#journal.close();
    await this.#unlock();
  }

  async #append(record: JournalRecord): Promise<void> {
    this.#records.push(record);
    await this.#journal.append([record]);
  }
}

/**
 * The journal of a run that begins or continues on a chain.
 *
 * @param folder Where the scenario's reports are; each run has a folder in it.
 * @param isUsed Whether the wallets of a run have sent something, as they have if its folder was removed.
 * @throws UserError if a run has to be continued first, or none can be.
 */
export async function openRun({
  folder,
  identity,
  resume,
  fresh,
  isUsed,
}: {
  folder: string;
  identity: RunIdentity;
  resume: boolean;
  fresh: boolean;
  isUsed: (run: number) => Promise<boolean>;
}): Promise<{ journal: RunJournal; run: number }> {
  const numbers = await runNumbers({ folder, chainId: identity.chainId });
  const last = numbers.at(-1);
  if (last !== undefined && !fresh) {
    const journal = await RunJournal.open(directoryOf({ folder, chainId: identity.chainId, run: last }));
    const { begin } = journal;
    const isOpen = begin !== undefined && !journal.isFinished && begin.genesis === identity.genesis;
    if (resume && begin !== undefined && !journal.isFinished) {
      const obstacle = describeObstacle({ begin, identity, folder });
      if (obstacle === undefined) return { journal, run: last };
      await journal.close();
      throw new UserError(obstacle);
    }
    await journal.close();
    if (isOpen) {
      throw new UserError(
        `A run in ${display(folder)} on chain ${identity.chainId} has not come to its end. ` +
          "Continue it with --resume, or begin anew with --fresh.",
      );
    }
  }
  if (resume) {
    throw new UserError(
      `There is no unfinished run on chain ${identity.chainId} in ${display(folder)}. Run without --resume.`,
    );
  }
  let run = (last ?? 0) + 1;
  while (await isUsed(run)) run++;
  const journal = await RunJournal.open(directoryOf({ folder, chainId: identity.chainId, run }));
  return { journal, run };
}

/** Why a run cannot be continued with what it is to be continued with. */
function describeObstacle({
  begin,
  identity,
  folder,
}: {
  begin: RunIdentity;
  identity: RunIdentity;
  folder: string;
}): string | undefined {
  const run = `The unfinished run in ${display(folder)}`;
  const orAnew = "or begin anew with --fresh.";
  if (begin.genesis !== identity.genesis) {
    return `${run} belongs to another chain with the id ${identity.chainId}, such as a local one before its restart. Begin anew with --fresh.`;
  }
  if (begin.seed !== identity.seed) {
    return `${run} was begun with seed ${begin.seed}, not ${identity.seed}. Continue it with --seed ${begin.seed}, ${orAnew}`;
  }
  if (begin.payments !== identity.payments) {
    const option = begin.payments === undefined ? "without --replay" : `with --replay ${begin.payments}`;
    return `${run} was begun ${option}. Continue it ${option}, ${orAnew}`;
  }
  if (begin.scenario !== identity.scenario) {
    return `${run} was begun with another content of the scenario. Restore its file and texts as they were, ${orAnew}`;
  }
  if (begin.ledger !== identity.ledger) {
    return `${run} pays into the ledger at ${begin.ledger}, the recorded deployment's is ${identity.ledger}. Restore that record, ${orAnew}`;
  }
  return undefined;
}

function directoryOf({ folder, chainId, run }: { folder: string; chainId: number; run: number }): string {
  return path.join(folder, "runs", `chain-${chainId}-run-${run}`);
}

/** In ascending order. */
async function runNumbers({ folder, chainId }: { folder: string; chainId: number }): Promise<number[]> {
  const directory = path.join(folder, "runs");
  if (!existsSync(directory)) return [];
  const prefix = `chain-${chainId}-run-`;
  return (await readdir(directory))
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b);
}
