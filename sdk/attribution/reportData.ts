import { ZERO_WORD } from "../bytes.ts";
import { proveShare } from "../datanetProof.ts";
import { type Share, ShareKind } from "../share.ts";
import { Split } from "../split.ts";
import { SumTree } from "../sumTree.ts";
import { concatBytes, toHex } from "../bytes.ts";
import {
  creditEvidence,
  type Figures,
  type Inference,
  inferenceEvidence,
  packSpan,
  type Pot,
  potId,
  type ReportedSpan,
} from "./report.ts";
import { SpanTree } from "./spanTree.ts";

/** An inference of a report, with its data share in the token's smallest unit. */
export interface ReportedInference {
  inference: Inference;
  dataShare: bigint;
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
  readonly #spanTrees = new Map<number, SpanTree>();

  /** @param claimed Figures other than those that follow from the lists. */
  constructor({
    pot,
    epoch,
    lists,
    claimed = {},
  }: {
    pot: Pot;
    epoch: number;
    lists: ReportLists;
    claimed?: Partial<Figures>;
  }) {
    this.pot = pot;
    this.epoch = epoch;
    this.lists = lists;
    this.inferenceTree = SumTree.from(lists.inferences.map(shareOfInference));
    this.creditTree = lists.credits.length === 0 ? undefined : SumTree.from(lists.credits.map(shareOfCredit));
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
  openInference(index: number): { index: number; inference: Inference; proof: string } {
    return {
      index,
      inference: this.lists.inferences[index].inference,
      proof: proveShare({ tree: this.inferenceTree }, index),
    };
  }

  /** Adjacent spans of an inference as verifiers take them. */
  openSpans(inference: number, { first, count }: { first: number; count: number }): SpansOpening {
    if (count === 0) return NO_SPANS;
    const spans = this.lists.spans[inference].slice(first, first + count);
    return {
      first,
      spans: toHex(concatBytes(spans.map(packSpan))),
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
      tree = new SpanTree(this.lists.spans[inference]);
      this.#spanTrees.set(inference, tree);
    }
    return tree;
  }
}

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

function shareOfInference({ inference, dataShare }: ReportedInference): Share {
  return {
    kind: ShareKind.Account,
    recipient: inference.receiptDigest,
    units: dataShare,
    evidence: inferenceEvidence(inference),
  };
}

function shareOfCredit({ payee, amount, inference, span }: Credit): Share {
  return { kind: ShareKind.Account, recipient: payee, units: amount, evidence: creditEvidence(inference, span) };
}
