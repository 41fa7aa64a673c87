/** 32 zero bytes as hex. */
export const ZERO_WORD = `0x${"00".repeat(32)}`;

const HEX_PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Value of each ASCII hex digit, 255 for any other character. */
const HEX_DIGITS = new Uint8Array(128).fill(255);
for (let value = 0; value < 16; value++) {
  const digit = value.toString(16);
  HEX_DIGITS[digit.charCodeAt(0)] = value;
  HEX_DIGITS[digit.toUpperCase().charCodeAt(0)] = value;
}

/**
 * Writes the bytes of a hex string into `target` at `offset`.
 *
 * @param length Bytes the string must have.
 * @param name What the value is, for the error.
 * @throws TypeError unless `hex` is `0x` and `2 · length` hex digits.
 */
export function writeHex(target: Uint8Array, offset: number, hex: string, length: number, name: string): void {
  let bad = hex.length !== 2 + 2 * length || hex.charCodeAt(0) !== 0x30 || hex.charCodeAt(1) !== 0x78;
  for (let i = 0; i < length && !bad; i++) {
    const high = HEX_DIGITS[hex.charCodeAt(2 + 2 * i)] ?? 255;
    const low = HEX_DIGITS[hex.charCodeAt(3 + 2 * i)] ?? 255;
    bad = high === 255 || low === 255;
    target[offset + i] = (high << 4) | low;
  }
  if (bad) throw new TypeError(`${name} must be ${length} bytes of hex with 0x in front, but is "${hex}".`);
}

/**
 * Bytes of a hex string of any even length.
 *
 * @param name What the value is, for the error.
 * @throws TypeError if it is not hex.
 */
export function fromHex(hex: string, name: string): Uint8Array {
  const length = Math.max(0, Math.floor(hex.length / 2) - 1);
  const bytes = new Uint8Array(length);
  writeHex(bytes, 0, hex, length, name);
  return bytes;
}

/** Lower-case hex of `bytes` with `0x` in front. */
export function toHex(bytes: Uint8Array): string {
  let hex = "0x";
  for (const byte of bytes) hex += HEX_PAIRS[byte];
  return hex;
}

/**
 * Writes `value` as an unsigned big-endian integer of `length` bytes.
 *
 * @throws RangeError if it is negative or does not fit.
 */
export function writeUint(target: Uint8Array, offset: number, value: bigint, length: number, name: string): void {
  if (value < 0n || value >> BigInt(8 * length) !== 0n) {
    throw new RangeError(`${name} must be between 0 and 2^${8 * length} - 1, but is ${value}.`);
  }
  let rest = value;
  let end = offset + length;
  // Four bytes at a time: bigint arithmetic is what costs.
  for (; end - offset >= 4; end -= 4) {
    const word = Number(rest & 0xffffffffn);
    target[end - 1] = word;
    target[end - 2] = word >>> 8;
    target[end - 3] = word >>> 16;
    target[end - 4] = word >>> 24;
    rest >>= 32n;
  }
  for (; end > offset; end--) {
    target[end - 1] = Number(rest & 0xffn);
    rest >>= 8n;
  }
}

/** Reads an unsigned big-endian integer of `length` bytes. */
export function readUint(bytes: Uint8Array, offset: number, length: number): bigint {
  let value = 0n;
  let at = offset;
  for (; at + 4 <= offset + length; at += 4) {
    const word = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
    value = (value << 32n) | BigInt(word);
  }
  for (; at < offset + length; at++) value = (value << 8n) | BigInt(bytes[at]);
  return value;
}

/** Joins byte strings. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether two byte strings are the same. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
