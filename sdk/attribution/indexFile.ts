import { createXXHash64 } from "hash-wasm";

import { equalBytes } from "../bytes.ts";
import { MAX_GRAM_BYTES, MAX_K, MIN_K } from "./grams.ts";
import { GramIndex, isTableFit, MAX_TABLE_BITS, MIN_TABLE_BITS } from "./gramIndex.ts";
import { SectionReader, SectionsError } from "./sections.ts";
import { allocator, areTextsFit, MAX_SEGMENTS, SEGMENT_BYTES } from "./texts.ts";

/** A file that holds no index, or not the whole of one as it was saved. */
export class IndexFileError extends SectionsError {
  override readonly name = "IndexFileError";

  constructor(section: string, reason: string) {
    super("index", section, reason);
  }
}

const MAGIC = new TextEncoder().encode("OALINDEX");
const VERSION = 1;

// docs/attribution-format.md
const VERSION_AT = 8;
const K_AT = 12;
const MAX_GRAM_BYTES_AT = 16;
const HASH_SEED_AT = 20;
const COUNT_AT = 24;
const GRAMS_AT = 28;
const TABLE_BITS_AT = 32;
const SEGMENTS_AT = 36;
const SEGMENT_LENGTHS_AT = 40;
const HEADER_BYTES = SEGMENT_LENGTHS_AT + 4 * MAX_SEGMENTS;

/** Bytes that are written and hashed at a time. */
const PIECE_BYTES = 1 << 20;

const HEADER = "header";

interface Header {
  k: number;
  hashSeed: number;
  count: number;
  grams: number;
  tableBits: number;
  segmentLengths: number[];
}

/** The parts of an index that follow its header, as they lie in memory. */
interface Section {
  name: string;
  bytes: Uint8Array;
}

const hasher = await createXXHash64();

/**
 * The bytes of an index's file, piece by piece. Pieces are views of the index: it must not be appended to before the last
 * one is written.
 */
export function* saveIndex(index: GramIndex): Generator<Uint8Array, void> {
  checkByteOrder();
  const { k, hashSeed, grams, table, texts } = index.parts;
  const tableBits = Math.log2(table.length / 2);
  const { count, segmentLengths } = texts;
  const header = writeHeader({ k, hashSeed, count, grams, tableBits, segmentLengths });
  yield header;
  yield checksumOf(header);
  for (const { bytes } of sectionsOf(texts.starts, texts.lengths, texts.segments, table)) {
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
    yield checksumOf(bytes);
  }
}

/**
 * Reads an index that `saveIndex` wrote; pieces may have any length.
 *
 * Checksums find damage, not malice: an index from elsewhere says what its maker wants. Who does not trust him makes it
 * anew from the log.
 *
 * @param shared Whether workers are to share the index.
 * @throws IndexFileError if it is not there as it was saved.
 */
export async function loadIndex(
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { shared = false }: { shared?: boolean } = {},
): Promise<GramIndex> {
  checkByteOrder();
  const reader = await SectionReader.open(pieces, IndexFileError);
  const headerBytes = new Uint8Array(HEADER_BYTES);
  await reader.section(HEADER, async () => {
    await reader.fill(headerBytes.subarray(0, VERSION_AT));
    if (!equalBytes(headerBytes.subarray(0, VERSION_AT), MAGIC)) {
      throw new IndexFileError(HEADER, "it does not begin like one");
    }
    await reader.fill(headerBytes.subarray(VERSION_AT));
  });
  const { k, hashSeed, count, grams, tableBits, segmentLengths } = readHeader(headerBytes);

  const allocate = allocator(shared);
  const starts = new Uint32Array(allocate(4 * count));
  const lengths = new Uint32Array(allocate(4 * count));
  const segments = segmentLengths.map((length) => new Uint8Array(allocate(length)));
  const table = new Uint32Array(allocate(8 * 2 ** tableBits));
  for (const { name, bytes } of sectionsOf(starts, lengths, segments, table)) {
    await reader.section(name, () => reader.fill(bytes));
  }
  await reader.checkEnd();

  const texts = { count, starts, lengths, segments, segmentLengths };
  if (!areTextsFit(texts)) throw new IndexFileError("contributions", "its contributions contradict each other");
  if (!isTableFit({ table, grams, texts })) throw new IndexFileError("table", "its table contradicts its texts");
  return GramIndex.fromParts({ parts: { k, hashSeed, grams, table, texts }, shared });
}

function sectionsOf(starts: Uint32Array, lengths: Uint32Array, segments: Uint8Array[], table: Uint32Array): Section[] {
  return [
    { name: "starts", bytes: bytesOf(starts) },
    { name: "lengths", bytes: bytesOf(lengths) },
    ...segments.map((bytes, i) => ({ name: `texts (segment ${i})`, bytes })),
    { name: "table", bytes: bytesOf(table) },
  ];
}

function bytesOf(numbers: Uint32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function writeHeader({ k, hashSeed, count, grams, tableBits, segmentLengths }: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(VERSION_AT, VERSION, true);
  view.setUint32(K_AT, k, true);
  view.setUint32(MAX_GRAM_BYTES_AT, MAX_GRAM_BYTES, true);
  view.setUint32(HASH_SEED_AT, hashSeed, true);
  view.setUint32(COUNT_AT, count, true);
  view.setUint32(GRAMS_AT, grams, true);
  view.setUint32(TABLE_BITS_AT, tableBits, true);
  view.setUint32(SEGMENTS_AT, segmentLengths.length, true);
  segmentLengths.forEach((length, i) => {
    view.setUint32(SEGMENT_LENGTHS_AT + 4 * i, length, true);
  });
  return bytes;
}

function readHeader(bytes: Uint8Array<ArrayBuffer>): Header {
  const view = new DataView(bytes.buffer);
  const read = (name: string, at: number, least: number, most: number): number => {
    const value = view.getUint32(at, true);
    if (value >= least && value <= most) return value;
    throw new IndexFileError(HEADER, `its ${name} is ${value}, where ${least} to ${most} is known`);
  };
  read("version", VERSION_AT, VERSION, VERSION);
  read("bound of K-grams", MAX_GRAM_BYTES_AT, MAX_GRAM_BYTES, MAX_GRAM_BYTES);
  const segments = read("number of segments", SEGMENTS_AT, 0, MAX_SEGMENTS);
  return {
    k: read("K", K_AT, MIN_K, MAX_K),
    hashSeed: view.getUint32(HASH_SEED_AT, true),
    count: view.getUint32(COUNT_AT, true),
    grams: view.getUint32(GRAMS_AT, true),
    tableBits: read("table's size", TABLE_BITS_AT, MIN_TABLE_BITS, MAX_TABLE_BITS),
    segmentLengths: Array.from({ length: segments }, (_, i) =>
      read("segment's length", SEGMENT_LENGTHS_AT + 4 * i, 1, SEGMENT_BYTES),
    ),
  };
}

function checksumOf(bytes: Uint8Array): Uint8Array {
  hasher.init();
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) hasher.update(bytes.subarray(at, at + PIECE_BYTES));
  return hasher.digest("binary");
}

/** Numbers lie in a file as they lie in memory: on every machine that runs this, the lowest byte first. */
function checkByteOrder(): void {
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
    throw new Error("Indexes can be saved and loaded on little-endian machines only.");
  }
}
