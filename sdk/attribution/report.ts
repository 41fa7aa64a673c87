import { AbiCoder, keccak256 } from "ethers";

import { toHex, writeUint } from "../bytes.ts";
import { keccak256 as hashBytes } from "../keccak.ts";
import { encodeWords } from "../words.ts";
import type { Span } from "./attribute.ts";

/** What a pot's revenue is divided by: the texts of one version of a Datanet. Hashes are 32 bytes of hex. */
export interface Pot {
  /** Contract that has the pot's account in the ledger. */
  keeper: string;
  /** Tag of that account. */
  number: bigint;
  datanetId: bigint;
  version: bigint;
  /** The version's split, which gets what is attributed to nobody. */
  versionSplitId: string;
  /** Split of the version's log. */
  logSplitId: string;
  /** How many contributions the log has. */
  logSize: number;
  /** Arbiter of both splits. */
  arbiter: string;
  /** Tokens that must be the same for a match. */
  gram: number;
  /** How many contributions, the first ones of the log, are nobody's. */
  commons: number;
  /** What the reporter earns, in basis points of what a report pays. */
  feeBps: number;
}

/** What a report puts on the chain. */
export interface Figures {
  potId: string;
  inferencesRoot: string;
  /** The zero word without credits. */
  creditsRoot: string;
  payoutRoot: string;
  /** What is paid out, in the token's smallest unit. */
  total: bigint;
  credited: bigint;
  epoch: number;
  inferences: number;
  credits: number;
  shares: number;
}

/** A posted report. */
export interface Report {
  figures: Figures;
  reporter: string;
  /** In seconds since 1970. */
  postedAt: bigint;
}

/** A paid call, as a report has it. */
export interface Inference {
  /** What its executor signed. */
  receiptDigest: string;
  /** Who settled it. */
  operator: string;
  /** The split that was paid. */
  splitId: string;
  /** Commitment to the receipts that were settled together. */
  memo: string;
  /** What was settled together. */
  settled: bigint;
  /** How many receipts the memo commits to. */
  receipts: number;
  /** Place of this one among them. */
  place: number;
  /** What the call cost. */
  amount: bigint;
  /** Content root of the output. */
  outputRoot: string;
  outputLength: number;
  /** The zero word without spans. */
  spansRoot: string;
  spans: number;
}

/** A span, as a report has it. */
export interface ReportedSpan extends Span {
  /** Index among the credits; `NO_CREDIT` for commons. */
  credit: number;
}

/** In place of a credit's index: the span earns nothing. */
export const NO_CREDIT = 0xffffffff;

/** Bytes of a packed span. */
export const SPAN_BYTES = 36;

/** A fraction of one, as pots keep it. */
export const WHOLE = 10n ** 18n;

export const POT_TYPE =
  "tuple(address keeper, uint96 number, uint256 datanetId, uint256 version, bytes32 versionSplitId, bytes32 logSplitId, uint64 logSize, address arbiter, uint8 gram, uint64 commons, uint16 feeBps)";

export const FIGURES_TYPE =
  "tuple(bytes32 potId, bytes32 inferencesRoot, bytes32 creditsRoot, bytes32 payoutRoot, uint96 total, uint96 credited, uint32 epoch, uint32 inferences, uint32 credits, uint32 shares)";

export const REPORT_TYPE = `tuple(${FIGURES_TYPE} figures, address reporter, uint64 postedAt)`;

const REPORT_PREIMAGE = ["bytes32", "bytes32", "bytes32", "bytes32", "uint256", "uint256", "address", "uint64"];

const INFERENCE_WORDS = [
  { name: "receiptDigest", type: "bytes32" },
  { name: "operator", type: "address" },
  { name: "splitId", type: "bytes32" },
  { name: "memo", type: "bytes32" },
  { name: "settled", type: "uint128" },
  { name: "receipts", type: "uint64" },
  { name: "place", type: "uint64" },
  { name: "amount", type: "uint128" },
  { name: "outputRoot", type: "bytes32" },
  { name: "outputLength", type: "uint64" },
  { name: "spansRoot", type: "bytes32" },
  { name: "spans", type: "uint32" },
];

export const INFERENCE_TYPE = `tuple(${INFERENCE_WORDS.map(({ name, type }) => `${type} ${name}`).join(", ")})`;

const WORD = 2 ** 32;
const coder = AbiCoder.defaultAbiCoder();

/** Arguments of `AttributionReports.post`. */
export type PostArguments = [
  potId: string,
  inferencesRoot: string,
  creditsRoot: string,
  payoutRoot: string,
  /** total (12 bytes) ‖ credited (12). */
  amounts: bigint,
  /** epoch (4 bytes) ‖ inferences (4) ‖ credits (4) ‖ shares (4). */
  counts: bigint,
];

/** A report as `AttributionReports.post` takes it. */
export function packFigures(figures: Figures): PostArguments {
  const { potId, inferencesRoot, creditsRoot, payoutRoot, total, credited } = figures;
  const { epoch, inferences, credits, shares } = figures;
  const counts = [epoch, inferences, credits, shares].reduce((packed, count) => (packed << 32n) | BigInt(count), 0n);
  return [potId, inferencesRoot, creditsRoot, payoutRoot, (total << 96n) | credited, counts];
}

/** The figures of a report, from what `ReportPosted` says. */
export function unpackFigures([
  potId,
  inferencesRoot,
  creditsRoot,
  payoutRoot,
  amounts,
  counts,
]: PostArguments): Figures {
  const [epoch, inferences, credits, shares] = [96n, 64n, 32n, 0n].map((shift) =>
    Number(BigInt.asUintN(32, counts >> shift)),
  );
  const total = BigInt.asUintN(96, amounts >> 96n);
  const credited = BigInt.asUintN(96, amounts);
  return { potId, inferencesRoot, creditsRoot, payoutRoot, total, credited, epoch, inferences, credits, shares };
}

/** Id of a pot. */
export function potId(pot: Pot): string {
  return keccak256(coder.encode([POT_TYPE], [pot]));
}

/** Id of a report: 24 bytes of hex. */
export function reportId(report: Report): string {
  const { figures, reporter, postedAt } = report;
  return keccak256(coder.encode(REPORT_PREIMAGE, [...packFigures(figures), reporter, postedAt])).slice(0, 2 + 48);
}

/** Evidence of an inference's share. */
export function inferenceEvidence(inference: Record<keyof Inference, string | number | bigint>): string {
  return toHex(hashBytes(encodeWords(INFERENCE_WORDS, inference)));
}

/** Evidence of a credit: how it names its span. */
export function creditEvidence(inference: number, span: number): string {
  const evidence = new Uint8Array(32);
  writeUint(evidence, 24, BigInt(inference), 4, "An inference's index");
  writeUint(evidence, 28, BigInt(span), 4, "A span's index");
  return toHex(evidence);
}

/** A span's bytes: its fields in the order of the contract's, big-endian. */
export function packSpan(span: ReportedSpan): Uint8Array {
  return packSpans([span]);
}

/** Bytes of spans, one behind the other. */
export function packSpans(spans: readonly ReportedSpan[]): Uint8Array {
  const packed = new Uint8Array(SPAN_BYTES * spans.length);
  const view = new DataView(packed.buffer);
  let at = 0;
  for (const span of spans) {
    view.setUint32(at, span.creditStart);
    view.setUint32(at + 4, span.creditEnd);
    view.setUint32(at + 8, span.matchStart);
    view.setUint32(at + 12, span.matchEnd);
    view.setUint32(at + 16, Math.floor(span.contribution / WORD));
    view.setUint32(at + 20, span.contribution % WORD);
    view.setUint32(at + 24, Math.floor(span.sourceOffset / WORD));
    view.setUint32(at + 28, span.sourceOffset % WORD);
    view.setUint32(at + 32, span.credit);
    at += SPAN_BYTES;
  }
  return packed;
}

/** Reads a span from its bytes. Numbers above 2^53 lose digits, and stay above it. */
export function unpackSpan(packed: Uint8Array): ReportedSpan {
  return unpackSpans(packed.subarray(0, SPAN_BYTES))[0];
}

/** Reads spans from their bytes, likewise. */
export function unpackSpans(packed: Uint8Array): ReportedSpan[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const spans: ReportedSpan[] = [];
  for (let at = 0; at < packed.length; at += SPAN_BYTES) {
    spans.push({
      creditStart: view.getUint32(at),
      creditEnd: view.getUint32(at + 4),
      matchStart: view.getUint32(at + 8),
      matchEnd: view.getUint32(at + 12),
      contribution: view.getUint32(at + 16) * WORD + view.getUint32(at + 20),
      sourceOffset: view.getUint32(at + 24) * WORD + view.getUint32(at + 28),
      credit: view.getUint32(at + 32),
    });
  }
  return spans;
}

/** ⌊amount × fraction⌋: what of a call's price reaches a pot. */
export function dataShareOf(amount: bigint, fraction: bigint): bigint {
  return (amount * fraction) / WHOLE;
}

/** ⌊data share × credited bytes / (bytes of the output + 1)⌋: what a span earns. */
export function creditOf({
  dataShare,
  span,
  outputLength,
}: {
  dataShare: bigint;
  span: Pick<Span, "creditStart" | "creditEnd">;
  outputLength: number;
}): bigint {
  return (dataShare * BigInt(span.creditEnd - span.creditStart)) / BigInt(outputLength + 1);
}
