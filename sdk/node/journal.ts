import path from "node:path";
import { crc32 } from "node:zlib";

import type { AppendFile, Disk } from "./disk.ts";
import { LOCAL_DISK } from "./disk.ts";

/** A journal whose bytes were changed after they had been written. */
export class JournalCorruptError extends Error {
  override readonly name = "JournalCorruptError";
  readonly file: string;
  /** Where the first bad frame begins. */
  readonly offset: number;

  constructor({ file, offset, reason }: { file: string; offset: number; reason: string }) {
    super(
      `${file} is damaged at byte ${offset}: ${reason}. This is no torn write, since records follow that are intact. ` +
        "What it held cannot be guessed; a copy is good only if nothing was accepted or settled since.",
    );
    this.file = file;
    this.offset = offset;
  }
}

/** A journal that could not be written. What it holds is known only after it is opened anew. */
export class JournalFailedError extends Error {
  override readonly name = "JournalFailedError";

  constructor(cause: unknown) {
    super("The journal could not be written. Nothing more is accepted until it is opened anew.", { cause });
  }
}

/** A frame that is intact. */
interface Frame {
  sequence: bigint;
  payload: Uint8Array;
  end: number;
}

/** Records that become durable together, and who waits for that. */
interface Entry {
  lines: string[];
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Begins a frame. 0xff occurs in no UTF-8, so no record can look like the begin of a frame. */
const MAGIC = Uint8Array.of(0xff, 0x4f, 0x4a, 0x01);
const SEQUENCE_AT = 4;
const LENGTH_AT = 12;
const PAYLOAD_CRC_AT = 16;
const HEADER_CRC_AT = 20;
const HEADER_BYTES = 24;

const FILE = "journal";
const DRAFT = "journal.draft";

/** Bytes of records per frame of a snapshot. */
const SNAPSHOT_FRAME_CHARACTERS = 1 << 20;

/**
 * Append-only file of records with checksums. A record is durable once `append` has returned: it was written and synced,
 * together with all others that came in while the disk was busy (group commit).
 *
 *     frame = magic (4) ‖ sequence (8) ‖ payload's length (4) ‖ payload's CRC-32 (4) ‖ CRC-32 of these 20 bytes (4) ‖ payload
 *
 * A payload is one line of JSON per record. A group is one frame, so it is there as a whole or not at all, however the
 * disk orders its writes; and only the last frame can be torn. What is torn was acknowledged to nobody and is cut off when
 * the journal is opened. A bad frame with intact ones behind it is refused.
 */
export class Journal {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #compactAbove: number;
  readonly #snapshot: () => Iterable<unknown>;
  #file: AppendFile;
  #size: number;
  #sequence: bigint;
  /** Size after the last snapshot: compacting again pays only once as much has been added. */
  #snapshotSize = 0;
  #queue: Entry[] = [];
  #writing: Promise<void> | undefined;
  #failure: JournalFailedError | undefined;

  private constructor({
    directory,
    disk,
    compactAbove,
    snapshot,
    file,
    size,
    sequence,
  }: {
    directory: string;
    disk: Disk;
    compactAbove: number;
    snapshot: () => Iterable<unknown>;
    file: AppendFile;
    size: number;
    sequence: bigint;
  }) {
    this.#directory = directory;
    this.#disk = disk;
    this.#compactAbove = compactAbove;
    this.#snapshot = snapshot;
    this.#file = file;
    this.#size = size;
    this.#sequence = sequence;
  }

  /**
   * Opens the journal in a directory, which is made if need be.
   *
   * @param onRecord Told of each record, in order.
   * @param snapshot Records that stand for all that were appended, for when the journal is rewritten.
   * @param compactAbove Bytes above which it is rewritten, if it has doubled since.
   * @throws JournalCorruptError if it was changed since it was written.
   */
  static async open({
    directory,
    onRecord,
    snapshot,
    compactAbove = 64 << 20,
    disk = LOCAL_DISK,
  }: {
    directory: string;
    onRecord: (record: unknown) => void;
    snapshot: () => Iterable<unknown>;
    compactAbove?: number;
    disk?: Disk;
  }): Promise<Journal> {
    await disk.makeDirectory(directory);
    await disk.remove(path.join(directory, DRAFT));
    const name = path.join(directory, FILE);
    const bytes = (await disk.read(name)) ?? new Uint8Array();
    let size = 0;
    let sequence = 0n;
    for (;;) {
      const frame = readFrame(bytes, size);
      if (frame === undefined || (size > 0 && frame.sequence !== sequence)) break;
      readRecords(frame.payload).forEach(onRecord);
      sequence = frame.sequence + 1n;
      size = frame.end;
    }
    refuseFollowers({ bytes, file: name, offset: size });
    const file = await disk.open(name, size);
    // What was cut off must stay off, and the file's name must be on the disk before anything is said to be in it.
    await file.sync();
    await disk.syncDirectory(directory);
    return new Journal({ directory, disk, compactAbove, snapshot, file, size, sequence });
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#size;
  }

  /**
   * Writes records; they become durable together. Returns once they are.
   *
   * @throws JournalFailedError if the disk refuses, then and ever after: whether they are there shows when it is opened.
   */
  async append(records: readonly unknown[]): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const lines = records.map(encodeRecord);
    await new Promise<void>((resolve, reject) => {
      this.#queue.push({ lines, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  /** Waits for what is being written and closes the file. */
  async close(): Promise<void> {
    await this.#writing;
    this.#failure ??= new JournalFailedError("It was closed.");
    await this.#file.close();
  }

  async #write(): Promise<void> {
    // What else this turn of the event loop appends goes into the same group.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const group = this.#queue;
      this.#queue = [];
      try {
        // The snapshot has the group in it: its owner knows of records before they are durable.
        if (this.#size > Math.max(this.#compactAbove, 2 * this.#snapshotSize)) await this.#compact();
        else
          await this.#appendFrame(
            this.#file,
            group.flatMap(({ lines }) => lines),
          );
      } catch (error) {
        this.#failure = new JournalFailedError(error);
        for (const { reject } of [...group, ...this.#queue]) reject(this.#failure);
        this.#queue = [];
        break;
      }
      for (const { resolve } of group) resolve();
    }
    this.#writing = undefined;
  }

  async #appendFrame(file: AppendFile, lines: readonly string[]): Promise<void> {
    const frame = encodeFrame(this.#sequence, lines);
    await file.append(frame);
    await file.sync();
    this.#sequence += 1n;
    this.#size += frame.length;
  }

  /** Writes a snapshot beside the journal and puts it in its place: at any time one of both is there and whole. */
  async #compact(): Promise<void> {
    const draft = path.join(this.#directory, DRAFT);
    const lines = Array.from(this.#snapshot(), encodeRecord);
    const file = await this.#disk.open(draft, 0);
    this.#size = 0;
    let from = 0;
    for (let to = 0, characters = 0; to < lines.length; to++) {
      characters += lines[to].length;
      if (characters < SNAPSHOT_FRAME_CHARACTERS && to + 1 < lines.length) continue;
      await this.#appendFrame(file, lines.slice(from, to + 1));
      [from, characters] = [to + 1, 0];
    }
    await this.#disk.replace(draft, path.join(this.#directory, FILE), this.#directory);
    await this.#file.close();
    this.#file = file;
    this.#snapshotSize = this.#size;
  }
}

function encodeFrame(sequence: bigint, lines: readonly string[]): Uint8Array {
  const payload = new TextEncoder().encode(lines.join("\n"));
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  frame.set(MAGIC);
  view.setBigUint64(SEQUENCE_AT, sequence);
  view.setUint32(LENGTH_AT, payload.length);
  view.setUint32(PAYLOAD_CRC_AT, crc32(payload));
  view.setUint32(HEADER_CRC_AT, crc32(frame.subarray(0, HEADER_CRC_AT)));
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** The frame at an offset; undefined if it is not whole. */
function readFrame(bytes: Uint8Array, offset: number): Frame | undefined {
  if (offset + HEADER_BYTES > bytes.length) return undefined;
  const header = bytes.subarray(offset, offset + HEADER_BYTES);
  const view = new DataView(header.buffer, header.byteOffset, HEADER_BYTES);
  if (!MAGIC.every((byte, i) => header[i] === byte)) return undefined;
  if (view.getUint32(HEADER_CRC_AT) !== crc32(header.subarray(0, HEADER_CRC_AT))) return undefined;
  const start = offset + HEADER_BYTES;
  const end = start + view.getUint32(LENGTH_AT);
  if (end > bytes.length) return undefined;
  const payload = bytes.subarray(start, end);
  if (view.getUint32(PAYLOAD_CRC_AT) !== crc32(payload)) return undefined;
  return { sequence: view.getBigUint64(SEQUENCE_AT), payload, end };
}

/** Refuses bytes that no torn write leaves: a whole frame somewhere behind the place where none begins. */
function refuseFollowers({ bytes, file, offset }: { bytes: Uint8Array; file: string; offset: number }): void {
  for (let at = bytes.indexOf(MAGIC[0], offset); at >= 0; at = bytes.indexOf(MAGIC[0], at + 1)) {
    const frame = readFrame(bytes, at);
    if (frame === undefined) continue;
    const reason =
      at === offset ? `a frame out of its order (number ${frame.sequence})` : "a frame with a bad checksum";
    throw new JournalCorruptError({ file, offset, reason });
  }
}

/** Amounts are bigints, which JSON writes as "123n"; no other text of a record looks like that. */
const BIGINT_TEXT = /^-?\d+n$/;

/** JSON of a value with bigints. */
export function encodeRecord(record: unknown): string {
  return JSON.stringify(record, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));
}

/** The value of such JSON. */
export function decodeRecord(line: string): unknown {
  return JSON.parse(line, (_, value: unknown) =>
    typeof value === "string" && BIGINT_TEXT.test(value) ? BigInt(value.slice(0, -1)) : value,
  );
}

function readRecords(payload: Uint8Array): unknown[] {
  return new TextDecoder().decode(payload).split("\n").map(decodeRecord);
}
