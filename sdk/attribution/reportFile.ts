import { getAddress } from "ethers";
import { createXXHash64 } from "hash-wasm";

import { concatBytes, equalBytes, readUint, toHex, writeHex, writeUint } from "../bytes.ts";
import { packShare, type Share, SHARE_BYTES, unpackShare } from "../share.ts";
import { UnitsOverflowError } from "../sumNode.ts";
import {
  type Figures,
  type Inference,
  packSpans,
  type Pot,
  type ReportedSpan,
  SPAN_BYTES,
  unpackSpans,
} from "./report.ts";
import { type Credit, ReportData, type ReportedInference } from "./reportData.ts";
import { SectionReader, SectionsError } from "./sections.ts";

/** A file that holds no report, or not the whole of one as it was written, or one whose lists give other figures. */
export class ReportFileError extends SectionsError {
  override readonly name = "ReportFileError";

  constructor(section: string, reason: string) {
    super("report", section, reason);
  }
}

const MAGIC = new TextEncoder().encode("OALREPRT");
const VERSION = 1;
/** Records that are written, read and hashed at a time. */
const RECORDS = 8_192;

/** Most records of a list: what a program can hold in memory, whoever wrote the file. */
const MAX_RECORDS = 2 ** 22;

/** A field of a record: how many bytes, and how they are read. */
type Kind = "hash" | "address" | "uint" | "number";
type Layout<Name extends string> = readonly (readonly [Name, Kind, number])[];

const POT: Layout<keyof Pot> = [
  ["keeper", "address", 20],
  ["number", "uint", 12],
  ["datanetId", "uint", 32],
  ["version", "uint", 32],
  ["versionSplitId", "hash", 32],
  ["logSplitId", "hash", 32],
  ["logSize", "number", 8],
  ["arbiter", "address", 20],
  ["gram", "number", 1],
  ["commons", "number", 8],
  ["feeBps", "number", 2],
];

const FIGURES: Layout<keyof Figures> = [
  ["potId", "hash", 32],
  ["inferencesRoot", "hash", 32],
  ["creditsRoot", "hash", 32],
  ["payoutRoot", "hash", 32],
  ["total", "uint", 12],
  ["credited", "uint", 12],
  ["epoch", "number", 4],
  ["inferences", "number", 4],
  ["credits", "number", 4],
  ["shares", "number", 4],
];

const INFERENCE: Layout<keyof Inference | "dataShare"> = [
  ["receiptDigest", "hash", 32],
  ["operator", "address", 20],
  ["splitId", "hash", 32],
  ["memo", "hash", 32],
  ["settled", "uint", 16],
  ["receipts", "number", 8],
  ["place", "number", 8],
  ["amount", "uint", 16],
  ["outputRoot", "hash", 32],
  ["outputLength", "number", 8],
  ["spansRoot", "hash", 32],
  ["spans", "number", 4],
  ["dataShare", "uint", 16],
];

const CREDIT: Layout<keyof Credit> = [
  ["payee", "hash", 32],
  ["amount", "uint", 16],
  ["inference", "number", 4],
  ["span", "number", 4],
];

const SPANS_AT = 8 + 4 + bytesOf(POT) + bytesOf(FIGURES);
const HEADER_BYTES = SPANS_AT + 8;

/**
 * The bytes of a report's file: everything it commits to, as its reporter claims it. Numbers are big-endian.
 *
 *     magic (8) ‖ version (4) ‖ pot ‖ figures ‖ number of spans (8) ‖ checksum
 *     inferences (256 each) ‖ checksum ‖ spans (36 each) ‖ checksum ‖ credits (56 each) ‖ checksum ‖ shares (81 each) ‖ checksum
 *
 * Checksums are xxHash64. A file of the same report is the same, whoever writes it.
 *
 * @throws RangeError if a list has another length than the figures say, or a number does not fit its field.
 */
export async function* writeReportFile(data: ReportData): AsyncGenerator<Uint8Array, void> {
  const { pot, figures, lists } = data;
  const counts: [string, number, number][] = [
    ["inferences", lists.inferences.length, figures.inferences],
    ["lists of spans", lists.spans.length, figures.inferences],
    ["credits", lists.credits.length, figures.credits],
    ["shares", lists.shares.length, figures.shares],
  ];
  const wrong = counts.find(([, length, claimed]) => length !== claimed);
  if (wrong !== undefined) throw new RangeError(`A report of ${wrong[2]} ${wrong[0]} has ${wrong[1]} of them.`);
  const header = new Uint8Array(HEADER_BYTES);
  header.set(MAGIC);
  writeUint(header, 8, BigInt(VERSION), 4, "A version");
  writeRecord(POT, pot, header, 12);
  writeRecord(FIGURES, figures, header, 12 + bytesOf(POT));
  const spans = lists.spans.reduce((sum, list) => sum + list.length, 0);
  const most = Math.max(spans, ...counts.map(([, length]) => length));
  if (most > MAX_RECORDS)
    throw new RangeError(`A list of a report's file has ${MAX_RECORDS} records at most, not ${most}.`);
  writeUint(header, SPANS_AT, BigInt(spans), 8, "A number of spans");
  yield* summed([header]);
  yield* summed(
    records(lists.inferences, bytesOf(INFERENCE), ({ inference, dataShare, exact }, target, at) => {
      writeRecord(INFERENCE, { ...inference, ...exact, dataShare }, target, at);
    }),
  );
  yield* summed(spanPieces(lists.spans, lists.packedSpans));
  yield* summed(
    records(lists.credits, bytesOf(CREDIT), (credit, target, at) => {
      writeRecord(CREDIT, credit, target, at);
    }),
  );
  yield* summed(records(lists.shares, SHARE_BYTES, packShare));
}

/**
 * Reads a report's file, whoever wrote it. Its lists give the roots of its figures then; whether what they say is true is
 * another matter.
 *
 * @throws ReportFileError if it is not whole, or its lists do not give its figures.
 */
export async function readReportFile(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<ReportData> {
  const reader = await SectionReader.open(pieces, ReportFileError);
  const header = await reader.section("header", async () => {
    const magic = await reader.take(MAGIC.length);
    if (!equalBytes(magic, MAGIC)) throw new ReportFileError("header", "it does not begin like one");
    return reader.take(HEADER_BYTES - MAGIC.length);
  });
  const version = Number(readUint(header, 0, 4));
  if (version !== VERSION) throw new ReportFileError("header", `its version is ${version}, where ${VERSION} is known`);
  const pot = readPot(header.subarray(4));
  const figures = readFigures(header.subarray(4 + bytesOf(POT)));
  const spanCount = Number(readUint(header, HEADER_BYTES - MAGIC.length - 8, 8));
  const most = Math.max(spanCount, figures.inferences, figures.credits, figures.shares);
  if (most > MAX_RECORDS) {
    throw new ReportFileError("header", `a list of it has ${most} records, where ${MAX_RECORDS} are read at most`);
  }
  const addresses = new Addresses();

  const inferences = await readList(reader, "inferences", figures.inferences, bytesOf(INFERENCE), (bytes) =>
    readInference(bytes, addresses),
  );
  const listed = inferences.reduce((sum, { inference }) => sum + inference.spans, 0);
  if (listed !== spanCount) {
    throw new ReportFileError("inferences", `its inferences have ${listed} spans, where its header says ${spanCount}`);
  }
  const packedSpans = await reader.section("spans", async () => {
    const lists: Uint8Array[] = [];
    for (const { inference } of inferences) lists.push(await takeSpans(reader, inference.spans));
    return lists;
  });
  const credits = await readList(reader, "credits", figures.credits, bytesOf(CREDIT), readCredit);
  const shares = await readList(reader, "shares", figures.shares, SHARE_BYTES, readShare);
  await reader.checkEnd();

  const spans: ReportedSpan[][] = packedSpans.map(unpackSpans);
  const data = commit(
    () =>
      new ReportData({
        pot,
        epoch: figures.epoch,
        lists: { inferences, spans, packedSpans, credits, shares },
        claimed: { total: figures.total, credited: figures.credited },
      }),
  );
  checkFigures(data, figures);
  return data;
}

/** Lists from a stranger may have units that no tree holds. */
function commit(make: () => ReportData): ReportData {
  try {
    return make();
  } catch (error) {
    if (error instanceof UnitsOverflowError || error instanceof RangeError) {
      throw new ReportFileError("figures", `no report commits to its lists: ${error.message.replace(/\.$/, "")}`);
    }
    throw error;
  }
}

function checkFigures(data: ReportData, claimed: Figures): void {
  const roots = ["potId", "inferencesRoot", "creditsRoot", "payoutRoot"] as const;
  const wrong = roots.find((name) => data.figures[name] !== claimed[name]);
  if (wrong !== undefined) {
    throw new ReportFileError("figures", `its lists give the ${wrong} ${data.figures[wrong]}, not ${claimed[wrong]}`);
  }
  const other = data.lists.inferences.findIndex(({ inference }, i) => data.spansRoot(i) !== inference.spansRoot);
  if (other >= 0) throw new ReportFileError("spans", `the spans of inference ${other} do not give its root`);
}

function bytesOf(layout: Layout<string>): number {
  return layout.reduce((sum, [, , bytes]) => sum + bytes, 0);
}

function writeRecord<Name extends string>(
  layout: Layout<Name>,
  values: Record<Name, string | number | bigint>,
  target: Uint8Array,
  offset: number,
): void {
  let at = offset;
  for (const [name, , bytes] of layout) {
    const value = values[name];
    if (typeof value === "string") writeHex(target, at, value, bytes, name);
    else writeUint(target, at, BigInt(value), bytes, name);
    at += bytes;
  }
}

/** Fields of a record, read one after the other. */
class Fields {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  hex(length: number): string {
    this.#at += length;
    return toHex(this.#bytes.subarray(this.#at - length, this.#at));
  }

  uint(length: number): bigint {
    this.#at += length;
    return readUint(this.#bytes, this.#at - length, length);
  }

  number(length: number): number {
    return Number(this.uint(length));
  }
}

/** Addresses with their checksums, which take long to make. */
class Addresses {
  readonly #known = new Map<string, string>();

  of(hex: string): string {
    let address = this.#known.get(hex);
    if (address === undefined) {
      address = getAddress(hex);
      this.#known.set(hex, address);
    }
    return address;
  }
}

function readPot(bytes: Uint8Array): Pot {
  const fields = new Fields(bytes);
  return {
    keeper: getAddress(fields.hex(20)),
    number: fields.uint(12),
    datanetId: fields.uint(32),
    version: fields.uint(32),
    versionSplitId: fields.hex(32),
    logSplitId: fields.hex(32),
    logSize: safe(fields.uint(8), "log's size"),
    arbiter: getAddress(fields.hex(20)),
    gram: fields.number(1),
    commons: safe(fields.uint(8), "number of commons"),
    feeBps: fields.number(2),
  };
}

function readFigures(bytes: Uint8Array): Figures {
  const fields = new Fields(bytes);
  return {
    potId: fields.hex(32),
    inferencesRoot: fields.hex(32),
    creditsRoot: fields.hex(32),
    payoutRoot: fields.hex(32),
    total: fields.uint(12),
    credited: fields.uint(12),
    epoch: fields.number(4),
    inferences: fields.number(4),
    credits: fields.number(4),
    shares: fields.number(4),
  };
}

function readInference(bytes: Uint8Array, addresses: Addresses): ReportedInference {
  const fields = new Fields(bytes);
  const receiptDigest = fields.hex(32);
  const operator = addresses.of(fields.hex(20));
  const splitId = fields.hex(32);
  const memo = fields.hex(32);
  const settled = fields.uint(16);
  const receipts = fields.uint(8);
  const place = fields.uint(8);
  const amount = fields.uint(16);
  const outputRoot = fields.hex(32);
  const outputLength = fields.uint(8);
  const exact = { receipts, place, outputLength };
  const inference = {
    ...{ receiptDigest, operator, splitId, memo, settled, amount, outputRoot },
    ...{ receipts: Number(receipts), place: Number(place), outputLength: Number(outputLength) },
    spansRoot: fields.hex(32),
    spans: fields.number(4),
  };
  const dataShare = fields.uint(16);
  const isWide = Object.values(exact).some((value) => value > BigInt(Number.MAX_SAFE_INTEGER));
  return isWide ? { inference, dataShare, exact } : { inference, dataShare };
}

function readCredit(bytes: Uint8Array): Credit {
  const fields = new Fields(bytes);
  return { payee: fields.hex(32), amount: fields.uint(16), inference: fields.number(4), span: fields.number(4) };
}

function readShare(bytes: Uint8Array): Share {
  if (bytes[0] > 1) throw new ReportFileError("shares", `a share of it is of kind ${bytes[0]}`);
  return unpackShare(bytes);
}

function safe(value: bigint, name: string): number {
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new ReportFileError("header", `its ${name} is ${value}, more than any has`);
}

/** The pieces of a section, and its checksum. */
async function* summed(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const hasher = await createXXHash64();
  hasher.init();
  for (const piece of pieces) {
    hasher.update(piece);
    yield piece;
  }
  yield hasher.digest("binary");
}

function* records<Item>(
  items: readonly Item[],
  bytes: number,
  write: (item: Item, target: Uint8Array, at: number) => void,
): Generator<Uint8Array, void> {
  for (let first = 0; first < items.length; first += RECORDS) {
    const part = items.slice(first, first + RECORDS);
    const piece = new Uint8Array(part.length * bytes);
    part.forEach((item, i) => {
      write(item, piece, i * bytes);
    });
    yield piece;
  }
}

function* spanPieces(
  lists: readonly (readonly ReportedSpan[])[],
  packed: readonly Uint8Array[] | undefined,
): Generator<Uint8Array, void> {
  for (const [i, spans] of lists.entries()) if (spans.length > 0) yield packed?.[i] ?? packSpans(spans);
}

/** The records of a section. Room is made for as many as are there, whatever the header claims. */
async function readList<Item>(
  reader: SectionReader,
  name: string,
  count: number,
  bytes: number,
  read: (record: Uint8Array) => Item,
): Promise<Item[]> {
  return reader.section(name, async () => {
    const items: Item[] = [];
    while (items.length < count) {
      const part = await reader.take(bytes * Math.min(RECORDS, count - items.length));
      for (let at = 0; at < part.length; at += bytes) items.push(read(part.subarray(at, at + bytes)));
    }
    return items;
  });
}

async function takeSpans(reader: SectionReader, count: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let left = count; left > 0; left -= RECORDS) parts.push(await reader.take(SPAN_BYTES * Math.min(RECORDS, left)));
  return parts.length === 1 ? parts[0] : concatBytes(parts);
}
