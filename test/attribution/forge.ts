import { listShares } from "../../sdk/attribution/buildReport.ts";
import {
  creditOf,
  type Figures,
  inferenceEvidence,
  NO_CREDIT,
  type ReportedSpan,
} from "../../sdk/attribution/report.ts";
import {
  type InferenceOpening,
  type Credit,
  ReportData,
  type ReportedInference,
  type ShareOpening,
} from "../../sdk/attribution/reportData.ts";
import { SpanTree } from "../../sdk/attribution/spanTree.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { SumTree } from "../../sdk/sumTree.ts";

/** The lists of a report, to be changed. */
export interface Draft {
  inferences: ReportedInference[];
  spans: ReportedSpan[][];
  credits: Credit[];
  shares: Share[];
}

/** What of a draft follows from the rest again, after it was changed. */
export interface Mending {
  /** Credits follow from spans and data shares. */
  credits?: (contribution: number) => string;
  /** The payout follows from credits and data shares. */
  shares?: boolean;
  /** Figures that the lists do not give. */
  claimed?: Partial<Figures>;
}

/** A report that is wrong in one way: everything that follows from what was changed is made to fit. */
export function forge(data: ReportData, change: (draft: Draft) => void, mending: Mending = {}): ReportData {
  const draft: Draft = {
    inferences: data.lists.inferences.map(({ inference, dataShare }) => ({ inference: { ...inference }, dataShare })),
    spans: data.lists.spans.map((spans) => spans.map((span) => ({ ...span }))),
    credits: data.lists.credits.map((credit) => ({ ...credit })),
    shares: data.lists.shares.map((share) => ({ ...share })),
  };
  change(draft);
  const { credits: payeeOf, shares = true, claimed = {} } = mending;
  if (payeeOf !== undefined) draft.credits = creditsOf(data, draft, payeeOf);
  for (const [i, { inference }] of draft.inferences.entries()) {
    inference.spansRoot = new SpanTree(draft.spans[i]).root;
    inference.spans = draft.spans[i].length;
  }
  const total = draft.inferences.reduce((sum, { dataShare }) => sum + dataShare, 0n);
  if (shares) draft.shares = listShares({ pot: data.pot, credits: draft.credits, total });
  return new ReportData({ pot: data.pot, epoch: data.epoch, lists: draft, claimed });
}

/** A report whose inferences stand under other receipts than their own. */
export class MisplacedData extends ReportData {
  readonly #tree: SumTree;

  constructor(data: ReportData, recipients: readonly string[]) {
    const tree = SumTree.from(
      data.lists.inferences.map(({ inference, dataShare }, i) => ({
        kind: ShareKind.Account,
        recipient: recipients[i],
        units: dataShare,
        evidence: inferenceEvidence(inference),
      })),
    );
    super({ pot: data.pot, epoch: data.epoch, lists: data.lists, claimed: { inferencesRoot: tree.root } });
    this.#tree = tree;
  }

  override openInference(index: number): InferenceOpening {
    return { ...super.openInference(index), proof: proveShare({ tree: this.#tree }, index) };
  }

  override openInferenceShare(index: number): ShareOpening {
    return { index, proof: proveShare({ tree: this.#tree }, index) };
  }
}

function creditsOf({ pot }: ReportData, { inferences, spans }: Draft, payeeOf: (index: number) => string): Credit[] {
  const credits: Credit[] = [];
  for (const [inference, list] of spans.entries()) {
    for (const [index, span] of list.entries()) {
      span.credit = NO_CREDIT;
      if (span.contribution < pot.commons) continue;
      const {
        dataShare,
        inference: { outputLength },
      } = inferences[inference];
      const amount = creditOf({ dataShare, span, outputLength });
      credits.push({ payee: payeeOf(span.contribution), amount, inference, span: index });
    }
  }
  credits.sort((a, b) => (a.payee < b.payee ? -1 : a.payee > b.payee ? 1 : 0));
  for (const [x, { inference, span }] of credits.entries()) spans[inference][span].credit = x;
  return credits;
}
