import { AbiCoder } from "ethers";

import { fromHex, toHex } from "../bytes.ts";
import { CHUNK_BYTES, type Content, ContentTree } from "../content.ts";
import { encodeShareProof, LOG_ENTRY_TYPE, proveShare } from "../datanetProof.ts";
import { EventArgs } from "../eventArgs.ts";
import { readReceipt, RECEIPT_TUPLE, type Receipt } from "../receipt.ts";
import type { Share } from "../share.ts";
import type { Split } from "../split.ts";
import type { SumNode } from "../sumNode.ts";
import type { Span } from "./attribute.ts";
import { areTokens } from "./grams.ts";
import { INFERENCE_TYPE, POT_TYPE, type Report, REPORT_TYPE } from "./report.ts";
import {
  type InferenceOpening,
  NO_SPANS,
  type ReportData,
  type ShareOpening,
  type SpansOpening,
} from "./reportData.ts";

/** What `SpanVerifier` decides. */
export const SpanFault = { FalseSpan: 0, EarlierOwner: 1, MissingSpan: 2 } as const;
export type SpanFault = (typeof SpanFault)[keyof typeof SpanFault];

/** What `PayoutVerifier` decides. */
export const PayoutFault = {
  Payee: 0,
  InferenceOrder: 1,
  SpanOrder: 2,
  LostCredit: 3,
  Sum: 4,
  DataShare: 5,
  Receipt: 6,
  Settlement: 7,
  Credit: 8,
  Payout: 9,
  Remainder: 10,
  OutputLength: 11,
} as const;
export type PayoutFault = (typeof PayoutFault)[keyof typeof PayoutFault];

/** The sum trees of a report. */
export const ReportTree = { Inferences: 0, Credits: 1, Payout: 2 } as const;
export type ReportTree = (typeof ReportTree)[keyof typeof ReportTree];

/** What of a report can be demanded. */
export const ItemKind = {
  Inference: 0,
  Span: 1,
  Credit: 2,
  Share: 3,
  OutputChunk: 4,
  Receipt: 5,
  ContentChunk: 6,
} as const;
export type ItemKind = (typeof ItemKind)[keyof typeof ItemKind];

/** A piece of data that can be demanded. */
export interface Item {
  kind: ItemKind;
  /** Index of the inference, the credit, the share or the contribution. */
  first: number;
  /** Index of the span or the chunk; zero for the others. */
  second: number;
}

/** Adjacent chunks of a text. */
export interface TextOpening {
  firstChunk: number;
  chunks: string;
  siblings: string[];
}

/** A contribution of a pot's Datanet version, with its text. */
export interface ContributionText {
  index: number;
  content: Content;
  text: Uint8Array;
}

/** Where output and contribution have the same words, in bytes. */
export interface GramPlace {
  start: number;
  length: number;
  sourceOffset: number;
}

const TEXT_TYPE = "tuple(uint64 firstChunk, bytes chunks, bytes32[] siblings)";
const SPANS_TYPE = "tuple(uint32 first, bytes spans, bytes32[] siblings)";
const SHARE_TYPE = "tuple(uint32 index, bytes proof)";
const INFERENCE_OPENING_TYPE = `tuple(uint32 index, ${INFERENCE_TYPE} inference, bytes proof)`;

const SPAN_PROOF_TYPE = `tuple(${REPORT_TYPE} report, ${POT_TYPE} pot, uint8 fault, ${INFERENCE_OPENING_TYPE} inference, ${SPANS_TYPE} spans, uint32 gap, uint32 start, uint32 length, uint64 sourceOffset, ${TEXT_TYPE} output, ${LOG_ENTRY_TYPE} contribution, ${TEXT_TYPE} source)`;
const PAYOUT_PROOF_TYPE = `tuple(${REPORT_TYPE} report, ${POT_TYPE} pot, uint8 fault, bytes witness)`;
const CALL_TYPE = `tuple(${INFERENCE_OPENING_TYPE} inference, ${SPANS_TYPE} spans, ${SHARE_TYPE} credit, bytes contribution)`;
const PAIR_TYPE = `tuple(${SHARE_TYPE} first, ${SHARE_TYPE} second)`;
const SUM_TYPE = `tuple(uint8 tree, ${SHARE_TYPE} share)`;
const RECEIPT_WITNESS_TYPE = `tuple(${INFERENCE_OPENING_TYPE} inference, ${RECEIPT_TUPLE} receipt, bytes settled)`;
const LENGTH_TYPE = `tuple(${INFERENCE_OPENING_TYPE} inference, ${TEXT_TYPE} output, uint64 outputLength)`;
const INFERENCE_ANSWER_TYPE = `tuple(${INFERENCE_OPENING_TYPE} inference, ${SPANS_TYPE} spans, ${TEXT_TYPE} output, ${RECEIPT_TUPLE} receipt, bytes settled)`;
const CONTENT_ANSWER_TYPE = `tuple(${LOG_ENTRY_TYPE} contribution, ${TEXT_TYPE} text)`;

/** ABI type of an item. */
export const ITEM_TYPE = "tuple(uint8 kind, uint64 first, uint64 second)";

export const NO_TEXT: TextOpening = { firstChunk: 0, chunks: "0x", siblings: [] };
const NO_SHARE: ShareOpening = { index: 0, proof: "0x" };
const coder = AbiCoder.defaultAbiCoder();

/** The chunks of a text that hold the bytes from `start` to `end` and one on either side. */
export function openText(text: Uint8Array, { start, end }: { start: number; end: number }): TextOpening {
  const firstChunk = Math.floor(Math.max(start - 1, 0) / CHUNK_BYTES);
  const behind = Math.ceil(Math.min(end + 1, text.length) / CHUNK_BYTES);
  return openChunks(text, { firstChunk, count: behind - firstChunk });
}

/** Adjacent chunks of a text. */
export function openChunks(
  text: Uint8Array,
  { firstChunk, count }: { firstChunk: number; count: number },
): TextOpening {
  return {
    firstChunk,
    chunks: toHex(text.slice(firstChunk * CHUNK_BYTES, (firstChunk + count) * CHUNK_BYTES)),
    siblings: ContentTree.from(text).siblingsOf({ first: firstChunk, count }),
  };
}

/** Makes proofs that a report, with this data, is wrong. */
export class FaultProofs {
  readonly report: Report;
  readonly data: ReportData;
  readonly #log: Split;

  /** @param log The log of the pot's Datanet version. */
  constructor({ report, data, log }: { report: Report; data: ReportData; log: Split }) {
    this.report = report;
    this.data = data;
    this.#log = log;
  }

  /** A span is no match. Texts are not needed if it cannot be one, and else no more of them than shows that it is none. */
  falseSpan({
    inference,
    span,
    output,
    contribution,
  }: {
    inference: number;
    span: number;
    output: Uint8Array;
    contribution?: ContributionText;
  }): string {
    const shown =
      contribution === undefined ? {} : showFalse(this.data.lists.spans[inference][span], output, contribution);
    return this.#spanProof({
      fault: SpanFault.FalseSpan,
      inference,
      spans: this.data.openSpans(inference, { first: span, count: 1 }),
      contribution,
      ...shown,
    });
  }

  /** An earlier contribution has the same words. */
  earlierOwner({ span, ...match }: GramMatch & { span: number }): string {
    return this.#gramProof({
      fault: SpanFault.EarlierOwner,
      spans: this.data.openSpans(match.inference, { first: span, count: 1 }),
      ...match,
    });
  }

  /** A contribution has words of an output that no span covers: those behind the first `gap` spans. */
  missingSpan({ gap, ...match }: GramMatch & { gap: number }): string {
    const first = Math.max(gap - 1, 0);
    const count = Math.min(gap + 1, this.data.lists.spans[match.inference].length) - first;
    return this.#gramProof({
      fault: SpanFault.MissingSpan,
      spans: this.data.openSpans(match.inference, { first, count }),
      gap,
      ...match,
    });
  }

  /** A span's credit is not its contributor's, or there is none, or one that should not be. */
  payee({ inference, span }: { inference: number; span: number }): string {
    const { contribution, credit } = this.data.lists.spans[inference][span];
    return this.#callProof(PayoutFault.Payee, {
      inference,
      spans: this.data.openSpans(inference, { first: span, count: 1 }),
      credit: credit < this.data.lists.credits.length ? this.data.openCredit(credit) : NO_SHARE,
      contribution: contribution < this.#log.tree.size ? proveShare(this.#log, contribution) : "0x",
    });
  }

  /** An inference and the next one are not in their order. */
  inferenceOrder(inference: number): string {
    const [first, second] = [inference, inference + 1].map((index) => this.data.openInferenceShare(index));
    return this.#pairProof(PayoutFault.InferenceOrder, { first, second });
  }

  /** A span and the next one are not in their order. */
  spanOrder({ inference, span }: { inference: number; span: number }): string {
    const spans = this.data.openSpans(inference, { first: span, count: 2 });
    return this.#callProof(PayoutFault.SpanOrder, { inference, spans });
  }

  /** A credit names a span that has another one, or does not exist. */
  lostCredit(credit: number): string {
    const { inference, span } = this.data.lists.credits[credit];
    const exists = inference < this.data.lists.inferences.length;
    const spans =
      exists && span < this.data.lists.spans[inference].length
        ? this.data.openSpans(inference, { first: span, count: 1 })
        : NO_SPANS;
    return this.#callProof(PayoutFault.LostCredit, {
      inference: exists ? inference : 0,
      spans,
      credit: this.data.openCredit(credit),
    });
  }

  /** The units of a tree are not what the report says. */
  sum(tree: ReportTree): string {
    const share =
      tree === ReportTree.Inferences
        ? this.data.openInferenceShare(0)
        : tree === ReportTree.Credits
          ? this.data.openCredit(0)
          : this.data.openShare(0);
    return this.#payoutProof(PayoutFault.Sum, SUM_TYPE, { tree, share });
  }

  /** An inference was not settled in the epoch, or its data share is another. */
  dataShare(inference: number): string {
    return this.#callProof(PayoutFault.DataShare, { inference });
  }

  /** An inference is not what its receipt says. */
  receipt({ inference, receipt }: { inference: number; receipt: Receipt }): string {
    return this.#payoutProof(PayoutFault.Receipt, RECEIPT_WITNESS_TYPE, {
      inference: this.data.openInference(inference),
      receipt,
      settled: "0x",
    });
  }

  /** A receipt is not where the settlement has it, or with another amount. */
  settlement({
    inference,
    receipt,
    share,
    siblings,
  }: {
    inference: number;
    /** Any receipt: it is not looked at. */
    receipt: Receipt;
    share: Share;
    siblings: readonly SumNode[];
  }): string {
    return this.#payoutProof(PayoutFault.Settlement, RECEIPT_WITNESS_TYPE, {
      inference: this.data.openInference(inference),
      receipt,
      settled: encodeShareProof({ share, siblings }),
    });
  }

  /** A credit is not that of its span, or not its part of the data share. */
  credit({ inference, span }: { inference: number; span: number }): string {
    const { credit } = this.data.lists.spans[inference][span];
    return this.#callProof(PayoutFault.Credit, {
      inference,
      spans: this.data.openSpans(inference, { first: span, count: 1 }),
      credit: credit < this.data.lists.credits.length ? this.data.openCredit(credit) : NO_SHARE,
    });
  }

  /** A share of the payout is not that of who has the credits over the same units. */
  payout({ credit, share }: { credit: number; share: number }): string {
    return this.#pairProof(PayoutFault.Payout, {
      first: this.data.openCredit(credit),
      second: this.data.openShare(share),
    });
  }

  /** A share of the payout takes what nobody has credits for, and is not the Datanet version's. */
  remainder(share: number): string {
    const opening = this.data.openShare(share);
    return this.#pairProof(PayoutFault.Remainder, { first: opening, second: opening });
  }

  /** An output has another length than the report says. */
  outputLength({ inference, output }: { inference: number; output: Uint8Array }): string {
    return this.#payoutProof(PayoutFault.OutputLength, LENGTH_TYPE, {
      inference: this.data.openInference(inference),
      output: openChunks(output, { firstChunk: 0, count: 1 }),
      outputLength: output.length,
    });
  }

  #gramProof({
    fault,
    spans,
    gap = 0,
    inference,
    place,
    output,
    contribution,
  }: GramMatch & { fault: SpanFault; spans: SpansOpening; gap?: number }): string {
    const { start, length, sourceOffset } = place;
    return this.#spanProof({
      fault,
      inference,
      spans,
      gap,
      place,
      output: openText(output, { start, end: start + length }),
      contribution,
      source: openText(contribution.text, { start: sourceOffset, end: sourceOffset + length }),
    });
  }

  #spanProof({
    fault,
    inference,
    spans,
    gap = 0,
    place = { start: 0, length: 0, sourceOffset: 0 },
    output = NO_TEXT,
    contribution,
    source = NO_TEXT,
  }: {
    fault: SpanFault;
    inference: number;
    spans: SpansOpening;
    gap?: number;
    place?: GramPlace;
    output?: TextOpening;
    contribution: ContributionText | undefined;
    source?: TextOpening;
  }): string {
    const proof = {
      report: this.report,
      pot: this.data.pot,
      fault,
      inference: this.data.openInference(inference),
      spans,
      gap,
      ...place,
      output,
      contribution: contribution === undefined ? NO_CONTRIBUTION : this.openContribution(contribution),
      source,
    };
    return coder.encode([SPAN_PROOF_TYPE], [proof]);
  }

  /** A contribution as verifiers take it. */
  openContribution({ index, content }: Omit<ContributionText, "text">): {
    index: number;
    content: Content;
    proof: string;
  } {
    return { index, content, proof: proveShare(this.#log, index) };
  }

  #callProof(
    fault: PayoutFault,
    {
      inference,
      spans = NO_SPANS,
      credit = NO_SHARE,
      contribution = "0x",
    }: { inference: number; spans?: SpansOpening; credit?: ShareOpening; contribution?: string },
  ): string {
    const witness = { inference: this.data.openInference(inference), spans, credit, contribution };
    return this.#payoutProof(fault, CALL_TYPE, witness);
  }

  #pairProof(fault: PayoutFault, pair: { first: ShareOpening; second: ShareOpening }): string {
    return this.#payoutProof(fault, PAIR_TYPE, pair);
  }

  #payoutProof(fault: PayoutFault, type: string, witness: object): string {
    const proof = { report: this.report, pot: this.data.pot, fault, witness: coder.encode([type], [witness]) };
    return coder.encode([PAYOUT_PROOF_TYPE], [proof]);
  }
}

/** What of both texts shows that a span is no match: a byte in which they differ, or the words of one of them. */
function showFalse(
  { matchStart, matchEnd, sourceOffset }: Span,
  output: Uint8Array,
  { text }: ContributionText,
): { place?: GramPlace; output?: TextOpening; source?: TextOpening } {
  const sourceEnd = sourceOffset + matchEnd - matchStart;
  if (sourceEnd > text.length) return {};
  const differing = output.subarray(matchStart, matchEnd).findIndex((byte, i) => byte !== text[sourceOffset + i]);
  if (differing >= 0) {
    const place = { start: matchStart + differing, length: 1, sourceOffset: sourceOffset + differing };
    return { place, output: openByte(output, place.start), source: openByte(text, place.sourceOffset) };
  }
  return areTokens(text, sourceOffset, sourceEnd)
    ? { output: openText(output, { start: matchStart, end: matchEnd }) }
    : { source: openText(text, { start: sourceOffset, end: sourceEnd }) };
}

/** The chunk of a text that a byte is in. */
function openByte(text: Uint8Array, at: number): TextOpening {
  return openChunks(text, { firstChunk: Math.floor(at / CHUNK_BYTES), count: 1 });
}

/** Words of an output that a contribution has, too. */
export interface GramMatch {
  inference: number;
  place: GramPlace;
  output: Uint8Array;
  contribution: ContributionText;
}

const NO_CONTRIBUTION = {
  index: 0,
  content: {
    contentRoot: `0x${"00".repeat(32)}`,
    byteLength: 0n,
    licenseHash: `0x${"00".repeat(32)}`,
    uriHash: `0x${"00".repeat(32)}`,
  },
  proof: "0x",
};

/** Answers a demand for a share of the credits or the payout. */
export function encodeShareAnswer(opening: ShareOpening): string {
  return coder.encode([SHARE_TYPE], [opening]);
}

/** Answers a demand for an inference or for something of it. */
export function encodeInferenceAnswer(answer: {
  inference: InferenceOpening;
  spans?: SpansOpening;
  output?: TextOpening;
  receipt: Receipt;
  settled?: string;
}): string {
  return coder.encode([INFERENCE_ANSWER_TYPE], [{ spans: NO_SPANS, output: NO_TEXT, settled: "0x", ...answer }]);
}

/**
 * What an answer of `encodeInferenceAnswer` shows beside the inference.
 *
 * @throws Error if it is none.
 */
export function decodeInferenceAnswer(answer: string): {
  receipt: Receipt;
  settled: string;
  output: { firstChunk: number; chunks: Uint8Array };
} {
  const fields = new EventArgs(coder.decode([`${INFERENCE_ANSWER_TYPE} answer`], answer)).struct("answer");
  const output = fields.struct("output");
  return {
    receipt: readReceipt(fields.struct("receipt")),
    settled: fields.text("settled"),
    output: { firstChunk: output.index("firstChunk"), chunks: fromHex(output.text("chunks"), "Chunks") },
  };
}

/** Answers a demand for a chunk of a contribution. */
export function encodeContentAnswer(answer: {
  contribution: { index: number; content: Content; proof: string };
  text: TextOpening;
}): string {
  return coder.encode([CONTENT_ANSWER_TYPE], [answer]);
}
