import type { ContractTransaction, TransactionReceipt } from "ethers";

import type { ResultOf, Shape } from "./verb.ts";

/** A table for people. Titles that begin with "#" are of numbers, which stand to the right. */
export interface Table {
  columns: string[];
  rows: string[][];
}

/** What a verb has to say. */
export interface Report<S extends Shape = Shape> {
  /** Sentences and tables, in their order. */
  says: (string | Table)[];
  result: ResultOf<S>;
  /** Whether the verb has checked something, and it is wrong. */
  isWrong?: boolean;
}

/** A transaction of a verb. */
export interface Step {
  /** What it does, as a sentence. */
  what: string;
  transaction: ContractTransaction;
  /** Who sends it, if not the person who runs the verb. */
  from?: string;
  /** An approval that an earlier step gives. A dry run takes it for given. */
  allowed?: { owner: string; spender: string; amount: bigint };
  /** Whether it needs something else that an earlier step does, so that a dry run cannot try it. */
  follows?: boolean;
}

/** What became of the steps. In a dry run there are no receipts, and values come from trying the calls. */
export interface Done {
  dry: boolean;
  receipts: TransactionReceipt[];
  /** An integer of the event of this name; in a dry run what the last step returned. Null if that cannot be known. */
  uint: (event: string, name: string) => bigint | null;
  /** Sum of an integer over all events of this name; null in a dry run. */
  sum: (event: string, name: string) => bigint | null;
}

/** Transactions, and what to say once they are done. */
export interface Plan<S extends Shape = Shape> {
  steps: Step[];
  report: (done: Done) => Report<S> | Promise<Report<S>>;
}
