import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";

import type { Attribution } from "../attribution/attribute.ts";
import type { GramIndex, IndexParts } from "../attribution/gramIndex.ts";
import { type PackedAttributions, packOutputs, unpackAttributions } from "./attributionMessages.ts";

/** Outputs, and about how many bytes of them, that a worker gets at a time. */
const BATCH_OUTPUTS = 64;
const BATCH_BYTES = 1 << 18;

/** Outputs that a worker gets at a time, and who waits for them. */
interface Batch {
  outputs: readonly Uint8Array[];
  contributions: number;
  resolve: (attributions: Attribution[]) => void;
  reject: (error: Error) => void;
}

/**
 * Workers that attribute outputs with one index, which they share. What they find does not depend on how many they are.
 *
 * The index counts as it is when the pool is made. It may be appended to meanwhile, which this pool does not see.
 */
export class AttributionPool {
  readonly #contributions: number;
  readonly #idle: Worker[];
  readonly #workers: Worker[];
  readonly #busy = new Map<Worker, Batch>();
  #queue: Batch[] = [];
  #failure: Error | undefined;

  /** @throws TypeError unless the index was made or loaded with `shared`. */
  constructor({ index, workers = availableParallelism() }: { index: GramIndex; workers?: number }) {
    if (!Number.isInteger(workers) || workers < 1) {
      throw new RangeError(`A pool has a whole number of workers, at least 1, but not ${workers}.`);
    }
    const { parts } = index;
    if (!isShared(parts)) throw new TypeError("Workers cannot share this index. Make or load it with `shared: true`.");
    this.#contributions = index.count;
    this.#workers = Array.from({ length: workers }, () => this.#start(parts));
    this.#idle = [...this.#workers];
  }

  /**
   * Attributes outputs, in their order.
   *
   * @param contributions Only the first so many of the index count.
   */
  async attributeAll(
    outputs: readonly Uint8Array[],
    { contributions = this.#contributions }: { contributions?: number } = {},
  ): Promise<Attribution[]> {
    if (this.#failure !== undefined) throw this.#failure;
    const batches = inBatches(outputs).map(
      (batch) =>
        new Promise<Attribution[]>((resolve, reject) => {
          this.#queue.push({ outputs: batch, contributions, resolve, reject });
        }),
    );
    this.#dispatch();
    return (await Promise.all(batches)).flat();
  }

  /** Ends all workers. Outputs that are not attributed by then never will be. */
  async close(): Promise<void> {
    this.#fail(new Error("The pool of workers was closed."));
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #start(parts: IndexParts): Worker {
    const worker = new Worker(new URL("./attributionWorker.ts", import.meta.url), { workerData: parts });
    worker.on("message", (packed: PackedAttributions) => {
      const batch = this.#busy.get(worker);
      this.#busy.delete(worker);
      this.#idle.push(worker);
      worker.unref();
      batch?.resolve(unpackAttributions(packed, batch.outputs));
      this.#dispatch();
    });
    worker.on("error", (cause) => {
      this.#fail(new Error("A worker failed. Its pool attributes nothing more.", { cause }));
    });
    worker.on("exit", (code) => {
      this.#fail(new Error(`A worker ended with exit code ${code}. Its pool attributes nothing more.`));
    });
    // A pool that has nothing to do does not keep its process alive.
    worker.unref();
    return worker;
  }

  #dispatch(): void {
    for (;;) {
      const worker = this.#idle.at(-1);
      const batch = worker === undefined ? undefined : this.#queue.shift();
      if (worker === undefined || batch === undefined) return;
      this.#idle.pop();
      this.#busy.set(worker, batch);
      worker.ref();
      const packed = packOutputs(batch.outputs, batch.contributions);
      worker.postMessage(packed, [packed.bytes.buffer, packed.ends.buffer]);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    const waiting = [...this.#busy.values(), ...this.#queue];
    this.#busy.clear();
    this.#queue = [];
    for (const { reject } of waiting) reject(this.#failure);
  }
}

function isShared({ table, texts }: IndexParts): boolean {
  return [table, texts.starts, texts.lengths, ...texts.segments].every(
    ({ buffer }) => buffer instanceof SharedArrayBuffer || buffer.byteLength === 0,
  );
}

function inBatches(outputs: readonly Uint8Array[]): Uint8Array[][] {
  const batches: Uint8Array[][] = [];
  let bytes = BATCH_BYTES;
  for (const output of outputs) {
    if (bytes >= BATCH_BYTES || (batches.at(-1)?.length ?? 0) >= BATCH_OUTPUTS) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(output);
    bytes += output.length;
  }
  return batches;
}
