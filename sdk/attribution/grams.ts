/** Tokens of a text are the pieces between spaces; empty pieces count, so that any bytes have tokens. */
export const TOKEN_SEPARATOR = 0x20;

/**
 * Most bytes of a K-gram; longer ones match nothing. With the spaces around it a K-gram so has 256 bytes at most, which lie
 * in two chunks of a content at most.
 */
export const MAX_GRAM_BYTES = 254;

/** Tokens of a K-gram, if nothing else is said. */
export const DEFAULT_K = 5;
export const MIN_K = 2;
export const MAX_K = 32;

/** K-grams that a scanner finds at a time. */
export const SCAN_BATCH = 512;

const BYTE_FACTOR = 0x9e3779b1;
const TOKEN_FACTOR = 0x2c1b3c6d;

/** @throws RangeError if an index cannot have this K. */
export function checkK(k: number): void {
  if (!Number.isInteger(k) || k < MIN_K || k > MAX_K) {
    throw new RangeError(`K must be a whole number from ${MIN_K} to ${MAX_K}, but is ${k}.`);
  }
}

/** Whether tokens of a text begin at `start` and end at `end`. */
export function areTokens(text: Uint8Array, start: number, end: number): boolean {
  return (start === 0 || text[start - 1] === TOKEN_SEPARATOR) && (end === text.length || text[end] === TOKEN_SEPARATOR);
}

/**
 * Finds the K-grams of a text from left to right, batch by batch, also those with more than `MAX_GRAM_BYTES`. The n-th of
 * them begins with the n-th token.
 *
 * A K-gram's hash is a polynomial over its tokens' hashes, rolled on from token to token. Nothing rests on hashes but speed.
 */
export class GramScanner {
  readonly starts = new Uint32Array(SCAN_BATCH);
  readonly ends = new Uint32Array(SCAN_BATCH);
  readonly hashes = new Uint32Array(SCAN_BATCH);
  readonly #k: number;
  readonly #seed: number;
  /** TOKEN_FACTOR to the power of K. */
  readonly #leavingFactor: number;
  /** Start and hash of the last K tokens. */
  readonly #windowStarts: Uint32Array;
  readonly #windowHashes: Uint32Array;
  #bytes: Uint8Array = new Uint8Array();
  #at = 1;
  #tokens = 0;
  #slot = 0;
  #rolling = 0;

  constructor({ k, hashSeed }: { k: number; hashSeed: number }) {
    checkK(k);
    this.#k = k;
    this.#seed = hashSeed;
    this.#windowStarts = new Uint32Array(k);
    this.#windowHashes = new Uint32Array(k);
    let factor = 1;
    for (let i = 0; i < k; i++) factor = Math.imul(factor, TOKEN_FACTOR);
    this.#leavingFactor = factor;
  }

  /** Begins with another text. */
  begin(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#tokens = 0;
    this.#slot = 0;
    this.#rolling = 0;
    this.#windowHashes.fill(0);
  }

  /** Finds the next K-grams, `SCAN_BATCH` at most, and says how many; 0 once there are no more. */
  next(): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    const k = this.#k;
    const seed = this.#seed;
    const leavingFactor = this.#leavingFactor;
    const windowStarts = this.#windowStarts;
    const windowHashes = this.#windowHashes;
    let at = this.#at;
    let tokens = this.#tokens;
    let slot = this.#slot;
    let rolling = this.#rolling;
    let found = 0;
    // Behind the last token there is no space to step over, so `at` ends up one beyond the length.
    while (found < SCAN_BATCH && at <= length) {
      let hash = seed;
      let end = at;
      for (; end < length; end++) {
        const byte = bytes[end];
        if (byte === TOKEN_SEPARATOR) break;
        hash = Math.imul(hash ^ byte, BYTE_FACTOR);
        hash ^= hash >>> 15;
      }
      const leaving = windowHashes[slot];
      rolling = (Math.imul(rolling, TOKEN_FACTOR) + hash - Math.imul(leaving, leavingFactor)) | 0;
      windowHashes[slot] = hash;
      windowStarts[slot] = at;
      slot = slot + 1 === k ? 0 : slot + 1;
      tokens++;
      if (tokens >= k) {
        this.starts[found] = windowStarts[slot];
        this.ends[found] = end;
        let mixed = Math.imul(rolling ^ (rolling >>> 16), 0x7feb352d);
        mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
        this.hashes[found] = mixed ^ (mixed >>> 16);
        found++;
      }
      at = end + 1;
    }
    this.#at = at;
    this.#tokens = tokens;
    this.#slot = slot;
    this.#rolling = rolling;
    return found;
  }
}
