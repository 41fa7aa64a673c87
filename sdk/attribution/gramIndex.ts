import { checkK, DEFAULT_K, GramScanner, MAX_GRAM_BYTES } from "./grams.ts";
import { type Allocate, allocator, IndexFullError, offsetOf, segmentOf, Texts, type TextsParts } from "./texts.ts";

/** What an index consists of: what workers are handed and files hold. */
export interface IndexParts {
  k: number;
  hashSeed: number;
  grams: number;
  /** Two numbers per slot: a K-gram's hash, and the position of its first occurrence plus 1; 0 if the slot is empty. */
  table: Uint32Array;
  texts: TextsParts;
}

/** Bytes that an index takes up. */
export interface IndexMemory {
  /** Slots for K-grams, empty ones too. */
  tableBytes: number;
  /** Starts and lengths of contributions. */
  contributionBytes: number;
  /** The texts themselves. */
  textBytes: number;
}

/** Hashes of a new index start from this, if nothing else is said. */
export const DEFAULT_HASH_SEED = 0x6f70656e;

/** Slots of a table, as powers of two. */
export const MIN_TABLE_BITS = 11;
export const MAX_TABLE_BITS = 29;

/** Share of the slots that may be in use. */
const MAX_LOAD = 3 / 4;

const MAX_GRAMS = MAX_LOAD * 2 ** MAX_TABLE_BITS;

/**
 * First occurrences of the K-grams of contributions that are appended in the order of their log.
 *
 * A table of positions with open addressing: a K-gram is looked up by its hash and compared with the text at the position,
 * so that hashes that collide cost time but change nothing. Slots are in the order of hashes, which lets the table double
 * without hashing again.
 */
export class GramIndex {
  readonly k: number;
  readonly hashSeed: number;
  readonly #allocate: Allocate;
  readonly #texts: Texts;
  readonly #scanner: GramScanner;
  #table: Uint32Array;
  #shift: number;
  #grams: number;
  /** Keeps the engine from leaving out loads that only warm the cache. */
  #touched = 0;

  private constructor({
    shared,
    k,
    hashSeed,
    parts,
  }: {
    shared: boolean;
    k: number;
    hashSeed: number;
    parts?: IndexParts;
  }) {
    checkK(k);
    this.k = k;
    this.hashSeed = hashSeed >>> 0;
    this.#allocate = allocator(shared);
    this.#texts = new Texts({ allocate: this.#allocate, ...(parts === undefined ? {} : { parts: parts.texts }) });
    this.#table = parts?.table ?? new Uint32Array(this.#allocate(8 * 2 ** MIN_TABLE_BITS));
    this.#grams = parts?.grams ?? 0;
    this.#shift = 32 - Math.log2(this.#table.length / 2);
    this.#scanner = this.scanner();
  }

  /**
   * An index without contributions.
   *
   * @param hashSeed 32-bit number. Results do not depend on it, bytes of a file do. Who indexes texts of strangers draws one
   *   and keeps it to himself: without it nobody can write texts whose K-grams share a hash, to slow the index down.
   * @param shared Whether workers are to share it.
   */
  static create({
    k = DEFAULT_K,
    hashSeed = DEFAULT_HASH_SEED,
    shared = false,
  }: { k?: number; hashSeed?: number; shared?: boolean } = {}): GramIndex {
    return new GramIndex({ shared, k, hashSeed });
  }

  /** The index that another one's `parts` make up; they are not copied. */
  static fromParts({ parts, shared = false }: { parts: IndexParts; shared?: boolean }): GramIndex {
    return new GramIndex({ shared, k: parts.k, hashSeed: parts.hashSeed, parts });
  }

  /** Views of what the index consists of now. They must not be written to, and go stale with the next `append`. */
  get parts(): IndexParts {
    return {
      k: this.k,
      hashSeed: this.hashSeed,
      grams: this.#grams,
      table: this.#table,
      texts: this.#texts.parts,
    };
  }

  /** Contributions, with those that do not count. */
  get count(): number {
    return this.#texts.count;
  }

  /** Different K-grams. */
  get grams(): number {
    return this.#grams;
  }

  get memory(): IndexMemory {
    const { starts, lengths, segments } = this.#texts.parts;
    return {
      tableBytes: this.#table.byteLength,
      contributionBytes: starts.byteLength + lengths.byteLength,
      textBytes: segments.reduce((sum, segment) => sum + segment.length, 0),
    };
  }

  /**
   * Appends a contribution and returns its number.
   *
   * @param text Any bytes; see `canonicalText`. They are copied.
   * @throws RangeError if the text is too long, IndexFullError if the index is full.
   */
  append(text: Uint8Array): number {
    // Found out before anything has changed; a text has no more K-grams than that.
    if (this.#grams + text.length > MAX_GRAMS) throw new IndexFullError(`An index has ${MAX_GRAMS} K-grams at most.`);
    const base = this.#texts.append(text);
    const scanner = this.#scanner;
    scanner.begin(text);
    for (let found = scanner.next(); found > 0; found = scanner.next()) {
      this.#reserve(this.#grams + found);
      this.#insert({ text, base, found });
    }
    return this.count - 1;
  }

  /** Appends a contribution that does not count, such as a revoked one: it owns nothing, but keeps its number. */
  skip(): number {
    this.#texts.skip();
    return this.count - 1;
  }

  isCounted(contribution: number): boolean {
    return this.#texts.isCounted(contribution);
  }

  /** A view of a contribution's text; undefined if it does not count. It must not be written to. */
  textOf(contribution: number): Uint8Array | undefined {
    return this.#texts.textOf(contribution);
  }

  /** Position of a contribution's first byte, as `find` counts. */
  startOf(contribution: number): number {
    return this.#texts.startOf(contribution);
  }

  /** The contribution in which a position lies that `find` returned. */
  contributionAt(position: number): number {
    return this.#texts.contributionAt(position);
  }

  /** A scanner whose hashes this index knows. */
  scanner(): GramScanner {
    return new GramScanner({ k: this.k, hashSeed: this.hashSeed });
  }

  /**
   * Position of the first occurrence of the K-gram `bytes[start, end)`, -1 if it has none or is too long to have one.
   *
   * @param hash As the index's `scanner` found it.
   */
  find(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const table = this.#table;
    const mask = table.length - 1;
    const texts = this.#texts;
    for (let at = 2 * (hash >>> this.#shift); table[at + 1] !== 0; at = (at + 2) & mask) {
      const position = table[at + 1] - 1;
      // A table that is shared may already hold what was appended after this index was taken of it.
      if (table[at] === hash && position < texts.end && texts.matches(position, bytes, start, end)) return position;
    }
    return -1;
  }

  #insert({ text, base, found }: { text: Uint8Array; base: number; found: number }): void {
    const { starts, ends, hashes } = this.#scanner;
    const texts = this.#texts;
    const table = this.#table;
    const mask = table.length - 1;
    const shift = this.#shift;
    // A table is larger than any cache. Loads that do not wait for each other come in together.
    let touched = 0;
    for (let i = 0; i < found; i++) touched ^= table[2 * (hashes[i] >>> shift)];
    this.#touched ^= touched;
    for (let i = 0; i < found; i++) {
      const start = starts[i];
      const end = ends[i];
      if (end - start > MAX_GRAM_BYTES) continue;
      const hash = hashes[i];
      let at = 2 * (hash >>> shift);
      while (table[at + 1] !== 0) {
        if (table[at] === hash && texts.matches(table[at + 1] - 1, text, start, end)) break;
        at = (at + 2) & mask;
      }
      if (table[at + 1] === 0) {
        table[at] = hash;
        table[at + 1] = base + start + 1;
        this.#grams++;
      }
    }
  }

  #reserve(grams: number): void {
    let bits = 32 - this.#shift;
    while (grams > MAX_LOAD * 2 ** bits) bits++;
    if (bits === 32 - this.#shift) return;
    const old = this.#table;
    const table = new Uint32Array(this.#allocate(8 * 2 ** bits));
    const mask = table.length - 1;
    this.#shift = 32 - bits;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue;
      let at = 2 * (old[from] >>> this.#shift);
      while (table[at + 1] !== 0) at = (at + 2) & mask;
      table[at] = old[from];
      table[at + 1] = old[from + 1];
    }
    this.#table = table;
  }
}

/** Whether a table has as many K-grams as it should, all within texts, and room to end every search. */
export function isTableFit({ table, grams, texts }: { table: Uint32Array; grams: number; texts: TextsParts }): boolean {
  let used = 0;
  for (let at = 1; at < table.length; at += 2) {
    if (table[at] === 0) continue;
    const position = table[at] - 1;
    if (offsetOf(position) >= (texts.segmentLengths[segmentOf(position)] ?? 0)) return false;
    used++;
  }
  return used === grams && grams <= (MAX_LOAD * table.length) / 2;
}
