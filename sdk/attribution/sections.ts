import { createXXHash64 } from "hash-wasm";

import { equalBytes } from "../bytes.ts";

/** A file that is not there as it was written. */
export class SectionsError extends Error {
  /** The part of the file that is to blame. */
  readonly section: string;

  constructor(what: string, section: string, reason: string) {
    super(`This is no intact ${what}: ${reason}.`);
    this.section = section;
  }
}

/** Behind each section: xxHash64 with seed 0, highest byte first. */
const CHECKSUM_BYTES = 8;

type Refusal = new (section: string, reason: string) => SectionsError;

/** Reads a file of sections, each with its checksum behind it, from pieces of any length. */
export class SectionReader {
  readonly #pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>;
  readonly #hasher: Awaited<ReturnType<typeof createXXHash64>>;
  readonly #refusal: Refusal;
  #piece: Uint8Array = new Uint8Array();
  #section = "";
  /** Bytes taken before. */
  #taken = 0;

  private constructor(
    pieces: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
    hasher: Awaited<ReturnType<typeof createXXHash64>>,
    refusal: Refusal,
  ) {
    this.#pieces = pieces;
    this.#hasher = hasher;
    this.#refusal = refusal;
  }

  /** @param refusal What is thrown if the file is not whole. */
  static async open(
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    refusal: Refusal,
  ): Promise<SectionReader> {
    const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
    return new SectionReader(iterator, await createXXHash64(), refusal);
  }

  /** Reads a section and its checksum. */
  async section<Value>(name: string, read: () => Promise<Value>): Promise<Value> {
    this.#section = name;
    this.#hasher.init();
    const value = await read();
    const expected = this.#hasher.digest("binary");
    const found = new Uint8Array(CHECKSUM_BYTES);
    await this.#take(found);
    if (!equalBytes(found, expected)) throw new this.#refusal(name, `the checksum of its ${name} is wrong`);
    return value;
  }

  /** Bytes of the section. */
  async take(length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    await this.fill(bytes);
    return bytes;
  }

  /** Fills `target` with bytes of the section. */
  async fill(target: Uint8Array): Promise<void> {
    await this.#take(target, (part) => this.#hasher.update(part));
  }

  async checkEnd(): Promise<void> {
    if (await this.#hasMore())
      throw new this.#refusal("end", `it goes on after ${this.#taken} bytes, where it should end`);
  }

  async #take(target: Uint8Array, see: (part: Uint8Array) => void = () => undefined): Promise<void> {
    for (let at = 0; at < target.length;) {
      if (!(await this.#hasMore())) {
        throw new this.#refusal(this.#section, `it ends after ${this.#taken} bytes, within its ${this.#section}`);
      }
      const part = this.#piece.subarray(0, target.length - at);
      target.set(part, at);
      see(part);
      at += part.length;
      this.#taken += part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
  }

  async #hasMore(): Promise<boolean> {
    while (this.#piece.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return false;
      this.#piece = next.value;
    }
    return true;
  }
}
