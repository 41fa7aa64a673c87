import { toHex, ZERO_WORD } from "../bytes.ts";
import { proveShare } from "../datanetProof.ts";
import { type Share, ShareKind } from "../share.ts";
import { Split } from "../split.ts";
import { SumTree } from "../sumTree.ts";
import {
  creditEvidence,
  type Figures,
  type Inference,
  inferenceEvidence,
  packSpans,
  type Pot,
  potId,
  type ReportedSpan,
  SPAN_BYTES,
} from "./report.ts";
import { SpanTree } from "./spanTree.ts";

/** An inference of a report, with its data share in the token's smallest unit. */
export interface ReportedInference {
  inference: Inference;
  dataShare: bigint;
  /** Numbers of it that are above 2^53 - 1, which no honest report has, as they were read: proofs need all their digits. */
  exact?: Partial<Record<"receipts" | "place" | "outputLength", bigint>>;
}

/** What a span earns, and whom. */
export interface Credit {
  /** Account of the ledger. */
  payee: string;
  amount: bigint;
  inference: number;
  span: number;
}

/** The lists a report commits to. */
export interface ReportLists {
  /** In ascending order of their receipts' digests. */
  inferences: readonly ReportedInference[];
  /** For each inference its spans, in the order of the output. */
  spans: readonly (readonly ReportedSpan[])[];
  /** For each inference the bytes of its spans, where they were read: numbers above 2^53 - 1 have all their digits there. */
  packedSpans?: readonly Uint8Array[];
  /** By payee, then by span. */
  credits: readonly Credit[];
  /** The split that is paid. */
  shares: readonly Share[];
}

/** A report with everything it commits to, whether that is right or not. */
export class ReportData {
  readonly pot: Pot;
  readonly epoch: number;
  readonly lists: ReportLists;
  readonly figures: Figures;
  readonly inferenceTree: SumTree;
  /** Undefined without credits. */
  readonly creditTree: SumTree | undefined;
  readonly payout: Split;
  readonly #spanTrees: Map<number, SpanTree>;

  /**
   * @param claimed Figures other than those that follow from the lists.
   * @param trees Trees of the lists, where they are there already.
   */
  constructor({
    pot,
    epoch,
    lists,
    claimed = {},
    trees = {},
  }: {
    pot: Pot;
    epoch: number;
    lists: ReportLists;
    claimed?: Partial<Figures>;
    trees?: { credits?: SumTree | undefined; spans?: readonly SpanTree[] };
  }) {
    this.pot = pot;
    this.epoch = epoch;
    this.lists = lists;
    this.inferenceTree = SumTree.from(lists.inferences.map(shareOfInference));
    this.creditTree = trees.credits ?? treeOfCredits(lists.credits);
    this.#spanTrees = new Map(trees.spans?.entries());
    this.payout = Split.from({ shares: lists.shares });
    this.figures = {
      potId: potId(pot),
      inferencesRoot: this.inferenceTree.root,
      creditsRoot: this.creditTree?.root ?? ZERO_WORD,
      payoutRoot: this.payout.tree.root,
      total: this.inferenceTree.totalUnits,
      credited: this.creditTree?.totalUnits ?? 0n,
      epoch,
      inferences: lists.inferences.length,
      credits: lists.credits.length,
      shares: lists.shares.length,
      ...claimed,
    };
  }

  /** An inference as verifiers take it. */
  openInference(index: number): InferenceOpening {
    return {
      index,
      inference: exactInference(this.lists.inferences[index]),
      proof: proveShare({ tree: this.inferenceTree }, index),
    };
  }

  /** Root over the spans that an inference has in the lists. */
  spansRoot(inference: number): string {
    return this.#spanTree(inference).root;
  }

  /** Adjacent spans of an inference as verifiers take them. */
  openSpans(inference: number, { first, count }: { first: number; count: number }): SpansOpening {
    if (count === 0) return NO_SPANS;
    return {
      first,
      spans: toHex(this.#packedSpans(inference).subarray(first * SPAN_BYTES, (first + count) * SPAN_BYTES)),
      siblings: this.#spanTree(inference).siblings({ first, count }),
    };
  }

  /**
   * A credit as verifiers take it.
   *
   * @throws RangeError if there is no such credit.
   */
  openCredit(index: number): ShareOpening {
    if (this.creditTree === undefined) throw new RangeError(`A report without credits has no credit ${index}.`);
    return { index, proof: proveShare({ tree: this.creditTree }, index) };
  }

  /** A share of the payout as verifiers take it. */
  openShare(index: number): ShareOpening {
    return { index, proof: proveShare(this.payout, index) };
  }

  /** The share of an inference as verifiers take it. */
  openInferenceShare(index: number): ShareOpening {
    return { index, proof: proveShare({ tree: this.inferenceTree }, index) };
  }

  #spanTree(inference: number): SpanTree {
    let tree = this.#spanTrees.get(inference);
    if (tree === undefined) {
      tree = SpanTree.ofPacked(this.#packedSpans(inference));
      this.#spanTrees.set(inference, tree);
    }
    return tree;
  }

  #packedSpans(inference: number): Uint8Array {
    return this.lists.packedSpans?.[inference] ?? packSpans(this.lists.spans[inference]);
  }
}

/** An inference as verifiers take it. */
export interface InferenceOpening {
  index: number;
  inference: ExactInference;
  proof: string;
}

type ExactInference = Omit<Inference, "receipts" | "place" | "outputLength"> &
  Record<"receipts" | "place" | "outputLength", number | bigint>;

export interface SpansOpening {
  first: number;
  spans: string;
  siblings: string[];
}

export interface ShareOpening {
  index: number;
  proof: string;
}

export const NO_SPANS: SpansOpening = { first: 0, spans: "0x", siblings: [] };

/** The tree of credits, undefined if there are none. */
export function treeOfCredits(credits: readonly Credit[]): SumTree | undefined {
  return credits.length === 0 ? undefined : SumTree.from(sharesOfCredits(credits));
}

function* sharesOfCredits(credits: readonly Credit[]): Generator<Share> {
  for (const credit of credits) yield shareOfCredit(credit);
}

function exactInference({ inference, exact }: ReportedInference): ExactInference {
  return exact === undefined ? inference : { ...inference, ...exact };
}

function shareOfInference(reported: ReportedInference): Share {
  return {
    kind: ShareKind.Account,
    recipient: reported.inference.receiptDigest,
    units: reported.dataShare,
    evidence: inferenceEvidence(exactInference(reported)),
  };
}

/** A credit as its share in the tree. */
export function shareOfCredit({ payee, amount, inference, span }: Credit): Share {
  return { kind: ShareKind.Account, recipient: payee, units: amount, evidence: creditEvidence(inference, span) };
}
