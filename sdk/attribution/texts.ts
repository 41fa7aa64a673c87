import { MAX_TEXT_BYTES } from "./canonical.ts";
import { TOKEN_SEPARATOR } from "./grams.ts";

/** An index that has no room for another text. */
export class IndexFullError extends Error {
  override readonly name = "IndexFullError";
}

/** Bytes that positions give to a segment, as a power of two. A text lies in one segment as a whole. */
const SEGMENT_BITS = 28;
export const SEGMENT_BYTES = 2 ** SEGMENT_BITS;
export const MAX_SEGMENTS = 16;
const FIRST_SEGMENT_BYTES = 2 ** 16;

/** Stands for the length of a contribution that does not count. */
export const NOT_COUNTED = 0xffffffff;

/** Makes room for bytes, which workers can share or not. */
export type Allocate = (byteLength: number) => ArrayBufferLike;

/** @param shared Whether workers are to share it. */
export function allocator(shared: boolean): Allocate {
  return shared ? (byteLength) => new SharedArrayBuffer(byteLength) : (byteLength) => new ArrayBuffer(byteLength);
}

/** What `Texts` consists of. */
export interface TextsParts {
  count: number;
  /** Position of each contribution's first byte. */
  starts: Uint32Array;
  /** Bytes of each contribution, or `NOT_COUNTED`. */
  lengths: Uint32Array;
  segments: Uint8Array[];
  /** Bytes in use of each segment. */
  segmentLengths: number[];
}

/**
 * Texts of contributions, in the order of their log, with a space behind each. A position is a number below 2^32 for a byte
 * of any of them: its segment and the offset there.
 */
export class Texts {
  readonly #allocate: Allocate;
  readonly #segments: Uint8Array[];
  readonly #segmentLengths: number[];
  #count: number;
  #end: number;
  #starts: Uint32Array;
  #lengths: Uint32Array;

  constructor({ allocate, parts }: { allocate: Allocate; parts?: TextsParts }) {
    this.#allocate = allocate;
    this.#count = parts?.count ?? 0;
    this.#segments = parts?.segments ?? [];
    this.#segmentLengths = parts?.segmentLengths ?? [];
    this.#end = endOf(this.#segmentLengths);
    this.#starts = parts?.starts ?? new Uint32Array();
    this.#lengths = parts?.lengths ?? new Uint32Array();
  }

  /** Contributions, with those that do not count. */
  get count(): number {
    return this.#count;
  }

  /** Behind the last position in use. */
  get end(): number {
    return this.#end;
  }

  get parts(): TextsParts {
    return {
      count: this.#count,
      starts: this.#starts.subarray(0, this.#count),
      lengths: this.#lengths.subarray(0, this.#count),
      segments: this.#segments.map((segment, i) => segment.subarray(0, this.#segmentLengths[i])),
      segmentLengths: [...this.#segmentLengths],
    };
  }

  /** Adds a text behind the others, and returns its position. */
  append(text: Uint8Array): number {
    if (text.length > MAX_TEXT_BYTES) {
      throw new RangeError(`A text has ${MAX_TEXT_BYTES} bytes at most, but this one has ${text.length}.`);
    }
    let last = this.#segments.length - 1;
    if (last < 0 || this.#segmentLengths[last] + text.length + 1 > SEGMENT_BYTES) {
      if (this.#segments.length === MAX_SEGMENTS) {
        throw new IndexFullError(`The texts of an index have ${MAX_SEGMENTS * SEGMENT_BYTES} bytes at most.`);
      }
      last = this.#segments.push(new Uint8Array(this.#allocate(FIRST_SEGMENT_BYTES))) - 1;
      this.#segmentLengths.push(0);
    }
    const offset = this.#segmentLengths[last];
    const end = offset + text.length + 1;
    const segment = this.#reserve(last, end);
    segment.set(text, offset);
    segment[end - 1] = TOKEN_SEPARATOR;
    this.#segmentLengths[last] = end;
    const position = last * SEGMENT_BYTES + offset;
    this.#end = position + text.length + 1;
    this.#appendEntry(position, text.length);
    return position;
  }

  /** Adds a contribution that does not count. */
  skip(): void {
    this.#appendEntry(Math.min(this.#end, 0xffffffff), NOT_COUNTED);
  }

  isCounted(contribution: number): boolean {
    this.#checkContribution(contribution);
    return this.#lengths[contribution] !== NOT_COUNTED;
  }

  /** Position of a contribution's first byte. */
  startOf(contribution: number): number {
    return this.#starts[contribution];
  }

  /** A view of a contribution's text; undefined if it does not count. It must not be written to. */
  textOf(contribution: number): Uint8Array | undefined {
    if (!this.isCounted(contribution)) return undefined;
    const start = this.#starts[contribution];
    const offset = offsetOf(start);
    return this.#segments[segmentOf(start)].subarray(offset, offset + this.#lengths[contribution]);
  }

  /** The contribution in whose text a position lies. */
  contributionAt(position: number): number {
    const starts = this.#starts;
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (starts[middle] <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whether the tokens of `bytes[start, end)` are those at a position where a token begins. */
  matches(position: number, bytes: Uint8Array, start: number, end: number): boolean {
    const segment = this.#segments[segmentOf(position)];
    let at = offsetOf(position);
    if (segment[at + end - start] !== TOKEN_SEPARATOR) return false;
    for (let i = start; i < end; i++, at++) {
      if (segment[at] !== bytes[i]) return false;
    }
    return true;
  }

  #reserve(index: number, byteLength: number): Uint8Array {
    const segment = this.#segments[index];
    if (segment.length >= byteLength) return segment;
    let capacity = Math.max(segment.length, FIRST_SEGMENT_BYTES);
    while (capacity < byteLength) capacity *= 2;
    const larger = new Uint8Array(this.#allocate(Math.min(capacity, SEGMENT_BYTES)));
    larger.set(segment);
    this.#segments[index] = larger;
    return larger;
  }

  #appendEntry(start: number, length: number): void {
    if (this.#count === this.#starts.length) {
      this.#starts = enlarge(this.#starts, this.#allocate);
      this.#lengths = enlarge(this.#lengths, this.#allocate);
    }
    this.#starts[this.#count] = start;
    this.#lengths[this.#count] = length;
    this.#count++;
  }

  #checkContribution(contribution: number): void {
    if (!Number.isInteger(contribution) || contribution < 0 || contribution >= this.#count) {
      throw new RangeError(`The index has ${this.#count} contributions, but none of number ${contribution}.`);
    }
  }
}

function endOf(segmentLengths: number[]): number {
  const last = segmentLengths.length - 1;
  return last < 0 ? 0 : last * SEGMENT_BYTES + segmentLengths[last];
}

function enlarge(numbers: Uint32Array, allocate: Allocate): Uint32Array {
  const larger = new Uint32Array(allocate(4 * Math.max(64, 2 * numbers.length)));
  larger.set(numbers);
  return larger;
}

/** The segment in which a position lies. */
export function segmentOf(position: number): number {
  return position >>> SEGMENT_BITS;
}

/** Where in its segment a position lies. */
export function offsetOf(position: number): number {
  return position & (SEGMENT_BYTES - 1);
}

/** Whether contributions lie one behind the other, each within its segment with a space behind it. */
export function areTextsFit({ count, starts, lengths, segmentLengths, segments }: TextsParts): boolean {
  let free = 0;
  for (let i = 0; i < count; i++) {
    const start = starts[i];
    const length = lengths[i];
    if (start < free) return false;
    free = start;
    if (length === NOT_COUNTED) continue;
    const segment = segmentOf(start);
    const end = offsetOf(start) + length;
    if (end >= (segmentLengths[segment] ?? 0) || segments[segment][end] !== TOKEN_SEPARATOR) return false;
    free = start + length + 1;
  }
  return true;
}
