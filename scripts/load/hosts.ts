import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import path from "node:path";

import type { Provider } from "ethers";

import type { SignedReceipt } from "../../sdk/receipt.ts";
import { VoucherError } from "../../sdk/voucherCheck.ts";
import { FaultyDisk } from "../../test/helpers/faultyDisk.ts";
import type { Random } from "../../test/reference/random.ts";
import { type ChannelReport, type LoadCall, LoadOperator, type OperatorSetup } from "./operator.ts";
import type { Answer, Question } from "./operatorProcess.ts";

/** The operator stopped before it answered: it may have done what it was asked, or not. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** Where an operator runs, until it is made to stop in the middle of something. */
export interface OperatorHost {
  /** Starts it, again if it stopped, and tells what its book has. */
  start: () => Promise<ChannelReport[]>;
  /** @throws StoppedError or VoucherError */
  call: (call: LoadCall) => Promise<SignedReceipt>;
  /** @throws StoppedError */
  settle: (request: { all: boolean }) => Promise<void>;
  stop: () => Promise<void>;
}

/** Who waits for answers, by the number of the question. */
type Waiting = Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>;

/** An operator in a process of its own, which SIGKILL ends wherever it is. */
export class ProcessHost implements OperatorHost {
  readonly #url: string;
  readonly #setup: OperatorSetup;
  #child: ChildProcess | undefined;
  /** Settles when the process has ended. */
  #ended: Promise<unknown> = Promise.resolve();
  /** Whether it has recovered its book. */
  #isReady = false;
  #questions = 0;
  /** Questions to the process that runs now. */
  #waiting: Waiting = new Map();

  constructor({ url, setup }: { url: string; setup: OperatorSetup }) {
    this.#url = url;
    this.#setup = setup;
  }

  async start(): Promise<ChannelReport[]> {
    // One that was killed is gone for those who talk to it before it is gone for the system.
    await this.#ended;
    const program = path.join(import.meta.dirname, "operatorProcess.ts");
    const child = fork(program, { serialization: "advanced" });
    const waiting: Waiting = new Map();
    this.#child = child;
    this.#waiting = waiting;
    this.#ended = once(child, "exit");
    child.on("message", ({ id, reply }: { id: number; reply: Answer }) => {
      waiting.get(id)?.resolve(reply);
      waiting.delete(id);
    });
    child.once("exit", () => {
      for (const { reject } of waiting.values()) reject(new StoppedError());
      waiting.clear();
    });
    const answer = await this.#ask({ kind: "start", url: this.#url, setup: this.#setup });
    if (!("channels" in answer)) throw unexpected(answer);
    this.#isReady = true;
    return answer.channels;
  }

  async call(call: LoadCall): Promise<SignedReceipt> {
    if (!this.#isReady) throw new StoppedError();
    const answer = await this.#ask({ kind: "call", call });
    if (!("signed" in answer)) throw unexpected(answer);
    return answer.signed;
  }

  async settle({ all }: { all: boolean }): Promise<void> {
    if (!this.#isReady) throw new StoppedError();
    const answer = await this.#ask({ kind: "settle", all });
    if (!("done" in answer)) throw unexpected(answer);
  }

  /** Ends the process at once, whatever it is doing. */
  async stop(): Promise<void> {
    this.#isReady = false;
    this.#child?.kill("SIGKILL");
    await this.#ended;
  }

  async #ask(question: Question): Promise<Answer> {
    const child = this.#child;
    if (child?.connected !== true) throw new StoppedError();
    const id = this.#questions++;
    const waiting = this.#waiting;
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject });
      child.send({ id, question }, (error) => {
        if (error !== null && waiting.delete(id)) reject(new StoppedError());
      });
    });
  }
}

/** An operator in this process, whose disk fails at an operation that the seed chooses. */
export class LocalHost implements OperatorHost {
  readonly #setup: OperatorSetup;
  readonly #provider: Provider;
  readonly #random: Random;
  /** Operations of the disk between failures, on average. */
  readonly #interval: number;
  #disk: FaultyDisk | undefined;
  #operator: LoadOperator | undefined;
  #calm = false;
  failures = 0;

  constructor({
    setup,
    provider,
    random,
    interval,
  }: {
    setup: OperatorSetup;
    provider: Provider;
    random: Random;
    interval: number;
  }) {
    this.#setup = setup;
    this.#provider = provider;
    this.#random = random;
    this.#interval = interval;
  }

  /** From now on the disk works. */
  calmDown(): void {
    this.#calm = true;
  }

  async start(): Promise<ChannelReport[]> {
    for (;;) {
      const failAt = this.#calm ? Infinity : this.#random.integer(1, 2 * this.#interval);
      const disk = new FaultyDisk({ random: this.#random, failAt });
      this.#disk = disk;
      try {
        this.#operator = await LoadOperator.start({ setup: this.#setup, provider: this.#provider, disk });
        return this.#operator.report();
      } catch (error) {
        if (!disk.failed) throw error;
        this.failures += 1;
      }
    }
  }

  call(call: LoadCall): Promise<SignedReceipt> {
    return this.#attempt((operator) => operator.call(call));
  }

  settle(request: { all: boolean }): Promise<void> {
    return this.#attempt((operator) => operator.settle(request));
  }

  async stop(): Promise<void> {
    await this.#operator?.close();
    this.#operator = undefined;
  }

  async #attempt<Value>(work: (operator: LoadOperator) => Promise<Value>): Promise<Value> {
    if (this.#operator === undefined) throw new StoppedError();
    try {
      return await work(this.#operator);
    } catch (error) {
      if (error instanceof VoucherError || this.#disk?.failed !== true) throw error;
      this.failures += 1;
      await this.stop();
      throw new StoppedError();
    }
  }
}

function unexpected(answer: Answer): Error {
  if ("refused" in answer) return new VoucherError(answer.refused, { ...answer.values });
  return new Error(
    "failed" in answer ? `An operator failed: ${answer.failed}` : "An operator answered something else.",
  );
}
