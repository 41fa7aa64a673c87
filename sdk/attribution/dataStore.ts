import { AbiCoder } from "ethers";

import { concatBytes, equalBytes, fromHex, readUint, toHex, writeHex, writeUint, ZERO_WORD } from "../bytes.ts";
import { type Content, ContentTree, evidenceOf } from "../content.ts";
import { EventArgs } from "../eventArgs.ts";
import { readReceipt, RECEIPT_TUPLE, type Receipt, type ReceiptsDomain } from "../receipt.ts";
import { ReceiptTree } from "../receiptTree.ts";
import { type Report, reportId } from "./report.ts";
import type { ReportData } from "./reportData.ts";
import { readReportFile, ReportFileError, writeReportFile } from "./reportFile.ts";

/** Where bytes are kept by their keys: a directory, a mirror of one, a network. What it says is checked. */
export interface DataStore {
  /** The bytes, piece by piece; undefined if it has none under this key. */
  get: (key: string) => Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Keeps bytes under a key, all of them or none. */
  put: (key: string, pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) => Promise<void>;
}

/** Receipts that were settled together. */
export interface SettledReceipts {
  receipts: readonly Receipt[];
  tree: ReceiptTree;
}

/** Data of a store that is not what its key says. */
export class DamagedDataError extends Error {
  override readonly name = "DamagedDataError";
  readonly key: string;

  constructor(key: string, reason: string) {
    super(`${key} is damaged: ${reason}`);
    this.key = key;
  }
}

/** Most bytes of anything but reports. */
const MAX_BYTES = 1 << 28;
const CONTENT_BYTES = 104;
const coder = AbiCoder.defaultAbiCoder();

/**
 * What Proof of Attribution needs beside the chain, by what the chain knows of it. Everything is checked when it is read.
 *
 *     contents/<evidence>            what a contribution's share commits to: root (32) ‖ length (8) ‖ licence (32) ‖ URI (32)
 *     contributions/<content root>   a contribution's text
 *     outputs/<output root>          an output
 *     receipts/<memo>                receipts that were settled together, in their order, as a list in the ABI's encoding
 *     reports/<report id>            a report's file (`reportFile.ts`)
 */
export class PublishedData {
  readonly #store: DataStore;
  readonly domain: ReceiptsDomain;

  constructor({ store, ...domain }: ReceiptsDomain & { store: DataStore }) {
    this.#store = store;
    this.domain = domain;
  }

  /** @throws DamagedDataError, as everything here does. */
  async content(evidence: string): Promise<Content | undefined> {
    const key = `contents/${evidence}`;
    const bytes = await this.#read(key);
    if (bytes === undefined) return undefined;
    if (bytes.length !== CONTENT_BYTES) throw new DamagedDataError(key, `It has ${bytes.length} bytes.`);
    const content = {
      contentRoot: toHex(bytes.subarray(0, 32)),
      byteLength: readUint(bytes, 32, 8),
      licenseHash: toHex(bytes.subarray(40, 72)),
      uriHash: toHex(bytes.subarray(72)),
    };
    const found = evidenceOf(content);
    if (found !== evidence) throw new DamagedDataError(key, `Its evidence is ${found}.`);
    return content;
  }

  async putContent(content: Content): Promise<void> {
    const bytes = new Uint8Array(CONTENT_BYTES);
    writeHex(bytes, 0, content.contentRoot, 32, "A content root");
    writeUint(bytes, 32, content.byteLength, 8, "A length");
    writeHex(bytes, 40, content.licenseHash, 32, "A licence's hash");
    writeHex(bytes, 72, content.uriHash, 32, "A URI's hash");
    await this.#store.put(`contents/${evidenceOf(content)}`, [bytes]);
  }

  async contribution(contentRoot: string): Promise<Uint8Array | undefined> {
    return this.#text(`contributions/${contentRoot}`, contentRoot);
  }

  async putContribution(text: Uint8Array): Promise<void> {
    await this.#store.put(`contributions/${rootOfText(text)}`, [text]);
  }

  async output(outputRoot: string): Promise<Uint8Array | undefined> {
    if (outputRoot === ZERO_WORD) return new Uint8Array();
    return this.#text(`outputs/${outputRoot}`, outputRoot);
  }

  async putOutput(output: Uint8Array): Promise<void> {
    if (output.length > 0) await this.#store.put(`outputs/${rootOfText(output)}`, [output]);
  }

  /** Receipts to which a settlement's memo commits. */
  async receipts(memo: string): Promise<SettledReceipts | undefined> {
    const key = `receipts/${memo}`;
    const bytes = await this.#read(key);
    if (bytes === undefined) return undefined;
    const receipts = decodeReceipts(bytes);
    if (receipts === undefined) throw new DamagedDataError(key, "It is no list of receipts.");
    const tree = treeOf({ ...this.domain, receipts });
    if (tree?.memo !== memo) {
      throw new DamagedDataError(key, `Its receipts make ${tree === undefined ? "no memo" : `the memo ${tree.memo}`}.`);
    }
    return { receipts, tree };
  }

  async putReceipts(receipts: readonly Receipt[]): Promise<void> {
    const { memo } = new ReceiptTree({ ...this.domain, receipts });
    await this.#store.put(`receipts/${memo}`, [encodeReceipts(receipts)]);
  }

  /** What a posted report commits to; its lists give the roots it was posted with. */
  async report(report: Report): Promise<ReportData | undefined> {
    const key = `reports/${reportId(report)}`;
    const pieces = await this.#store.get(key);
    if (pieces === undefined) return undefined;
    const data = await readReport(key, pieces);
    const found = reportId({ ...report, figures: data.figures });
    if (found !== reportId(report)) throw new DamagedDataError(key, `It is the file of report ${found}.`);
    return data;
  }

  async putReport(report: Report, data: ReportData): Promise<void> {
    await this.#store.put(`reports/${reportId(report)}`, writeReportFile(data));
  }

  async #text(key: string, root: string): Promise<Uint8Array | undefined> {
    const text = await this.#read(key);
    if (text === undefined) return undefined;
    const found = rootOfText(text);
    if (found !== root) throw new DamagedDataError(key, `Its root is ${found}.`);
    return text;
  }

  async #read(key: string): Promise<Uint8Array | undefined> {
    const pieces = await this.#store.get(key);
    if (pieces === undefined) return undefined;
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const piece of pieces) {
      parts.push(piece);
      length += piece.length;
      if (length > MAX_BYTES) throw new DamagedDataError(key, `It has more than ${MAX_BYTES} bytes.`);
    }
    return concatBytes(parts);
  }
}

/** Reads a report's file. @throws DamagedDataError */
export async function readReport(key: string, pieces: AsyncIterable<Uint8Array>): Promise<ReportData> {
  try {
    return await readReportFile(pieces);
  } catch (error) {
    if (error instanceof ReportFileError) throw new DamagedDataError(key, error.message);
    throw error;
  }
}

function rootOfText(text: Uint8Array): string {
  return text.length === 0 ? ZERO_WORD : ContentTree.from(text).contentRoot;
}

/** The tree of receipts; undefined if none has these. */
function treeOf(request: ReceiptsDomain & { receipts: readonly Receipt[] }): ReceiptTree | undefined {
  try {
    return new ReceiptTree(request);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function encodeReceipts(receipts: readonly Receipt[]): Uint8Array {
  return fromHex(coder.encode([`${RECEIPT_TUPLE}[]`], [receipts]), "Receipts");
}

/** The receipts that these bytes, and no others, stand for. */
function decodeReceipts(bytes: Uint8Array): Receipt[] | undefined {
  try {
    const list = new EventArgs(coder.decode([`${RECEIPT_TUPLE}[] receipts`], bytes)).structs("receipts");
    const receipts = list.map(readReceipt);
    return equalBytes(encodeReceipts(receipts), bytes) ? receipts : undefined;
  } catch {
    return undefined;
  }
}
