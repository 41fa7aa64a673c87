import { CodePointClass, codePointClasses } from "./unicode.ts";

/** Most bytes of a text, before and after it is made canonical. */
export const MAX_TEXT_BYTES = 64 << 20;

/** Most combining marks in a row, as in Unicode's Stream-Safe Text Format. */
export const MAX_COMBINING_MARKS = 30;

/** A text that has no canonical form. */
export class CanonicalTextError extends Error {
  override readonly name = "CanonicalTextError";
  /** Where in the text's UTF-8 the trouble begins. */
  readonly offset: number;
  readonly reason: string;

  constructor(offset: number, reason: string) {
    super(`The text has no canonical form: ${reason} (at byte ${offset}).`);
    this.offset = offset;
    this.reason = reason;
  }
}

const SPACE = 0x20;

/** What a byte does to tokens; those of 0x80 and above are word bytes unless they write white space. */
const ByteKind = { Single: 0, Word: 1, Space: 2 } as const;
const BYTE_KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === SPACE || (byte >= 0x09 && byte <= 0x0d)) return ByteKind.Space;
  return byte >= 0x80 || /\w/.test(String.fromCharCode(byte)) ? ByteKind.Word : ByteKind.Single;
});

/**
 * The form of a text in which attribution compares it ("canon-1"): in NFC, its tokens joined by one space each. A token is
 * a run of `[A-Za-z0-9_]` and of characters beyond ASCII, or one other character that is no white space. So two texts have
 * the same tokens exactly if they have the same bytes, and who compares bytes needs no tokenizer. Canonical text is its own
 * canonical form.
 *
 * Only what Unicode 15.1 had assigned is accepted: its NFC is the same on every engine, now and later.
 *
 * @param text UTF-8 if bytes.
 * @throws CanonicalTextError if it is not Unicode, binary, empty or too long.
 */
export function canonicalText(text: Uint8Array | string): Uint8Array {
  const bytes = typeof text === "string" ? encode(text) : text;
  if (bytes.length > MAX_TEXT_BYTES) {
    throw new CanonicalTextError(MAX_TEXT_BYTES, `it has more than ${MAX_TEXT_BYTES} bytes`);
  }
  checkCharacters(bytes);
  const canonical = joinTokens(bytes.every(isAscii) ? bytes : normalize(bytes));
  if (canonical.length === 0) throw new CanonicalTextError(0, "it holds nothing but white space");
  if (canonical.length > MAX_TEXT_BYTES) {
    throw new CanonicalTextError(bytes.length, `its canonical form has more than ${MAX_TEXT_BYTES} bytes`);
  }
  return canonical;
}

function isAscii(byte: number): boolean {
  return byte < 0x80;
}

function encode(text: string): Uint8Array {
  const encoder = new TextEncoder();
  if (text.length > MAX_TEXT_BYTES) {
    throw new CanonicalTextError(MAX_TEXT_BYTES, `it has more than ${MAX_TEXT_BYTES} bytes`);
  }
  const lone = text.search(/\p{Surrogate}/u);
  if (lone >= 0) {
    throw new CanonicalTextError(encoder.encode(text.slice(0, lone)).length, "half of a surrogate pair stands alone");
  }
  return encoder.encode(text);
}

function checkCharacters(bytes: Uint8Array): void {
  const classes = codePointClasses();
  let marks = 0;
  for (let at = 0; at < bytes.length;) {
    const codePoint = decodeCodePoint(bytes, at);
    if (codePoint < 0) throw new CanonicalTextError(at, "it is not UTF-8");
    const kind = classes[codePoint];
    if (kind === CodePointClass.Unassigned) {
      throw new CanonicalTextError(at, `${nameOf(codePoint)} is not a character of Unicode 15.1`);
    }
    if (kind === CodePointClass.Control) {
      throw new CanonicalTextError(at, `${nameOf(codePoint)} is a control character, as in binary data`);
    }
    marks = kind === CodePointClass.Mark ? marks + 1 : 0;
    if (marks > MAX_COMBINING_MARKS) throw tooManyMarks(at);
    at += encodedLength(codePoint);
  }
}

function tooManyMarks(offset: number): CanonicalTextError {
  return new CanonicalTextError(offset, `more than ${MAX_COMBINING_MARKS} combining marks follow each other`);
}

function nameOf(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** NFC of what `checkCharacters` has let pass. */
function normalize(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  const normalized = new TextEncoder().encode(text.normalize("NFC"));
  // A few characters come apart in NFC, so marks can become more.
  if (longestRunOfMarks(normalized) > MAX_COMBINING_MARKS) throw tooManyMarks(offsetOfGrowingMarks(text));
  return normalized;
}

function longestRunOfMarks(bytes: Uint8Array): number {
  const classes = codePointClasses();
  let longest = 0;
  let marks = 0;
  for (let at = 0; at < bytes.length;) {
    const codePoint = decodeCodePoint(bytes, at);
    marks = classes[codePoint] === CodePointClass.Mark ? marks + 1 : 0;
    longest = Math.max(longest, marks);
    at += encodedLength(codePoint);
  }
  return longest;
}

function offsetOfGrowingMarks(text: string): number {
  const encoder = new TextEncoder();
  for (const { 0: cluster, index } of text.matchAll(/\P{M}?\p{M}+/gsu)) {
    if (longestRunOfMarks(encoder.encode(cluster.normalize("NFC"))) > MAX_COMBINING_MARKS) {
      return encoder.encode(text.slice(0, index)).length;
    }
  }
  return 0;
}

function joinTokens(bytes: Uint8Array): Uint8Array {
  const classes = codePointClasses();
  const joined = new Uint8Array(2 * bytes.length);
  let length = 0;
  let inWord = false;
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at];
    let kind = BYTE_KINDS[byte];
    let end = at + 1;
    if (byte >= 0x80) {
      const codePoint = decodeCodePoint(bytes, at);
      end = at + encodedLength(codePoint);
      if (classes[codePoint] === CodePointClass.Space) kind = ByteKind.Space;
    }
    if (kind !== ByteKind.Space) {
      if (length > 0 && !(inWord && kind === ByteKind.Word)) joined[length++] = SPACE;
      while (at < end) joined[length++] = bytes[at++];
    }
    inWord = kind === ByteKind.Word;
    at = end;
  }
  return joined.slice(0, length);
}

function encodedLength(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** The code point that UTF-8 has at an offset, -1 if it has none there. */
function decodeCodePoint(bytes: Uint8Array, at: number): number {
  const lead = bytes[at];
  if (lead < 0x80) return lead;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (at + length > bytes.length) return -1;
  let codePoint = lead & (0xff >> (length + 1));
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i];
    if ((byte & 0xc0) !== 0x80) return -1;
    codePoint = (codePoint << 6) | (byte & 0x3f);
  }
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  return encodedLength(codePoint) === length && !isSurrogate && codePoint <= 0x10ffff ? codePoint : -1;
}
