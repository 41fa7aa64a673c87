import { type Receipt, receiptDigest, type ReceiptsDomain } from "../receipt.ts";
import { type Share, ShareKind } from "../share.ts";
import type { Split } from "../split.ts";
import type { SumNode } from "../sumNode.ts";
import { rootOfShares } from "../sumTree.ts";
import { Attributor, type Span } from "./attribute.ts";
import { type ContributionText, FaultProofs, type GramMatch, type GramPlace, ReportTree } from "./faultProofs.ts";
import type { GramIndex } from "./gramIndex.ts";
import { areTokens, MAX_GRAM_BYTES, TOKEN_SEPARATOR } from "./grams.ts";
import {
  creditOf,
  dataShareOf,
  type Inference,
  NO_CREDIT,
  type Report,
  type ReportedSpan,
  reportId,
} from "./report.ts";
import type { ReportData } from "./reportData.ts";

/** Which contract decides a fault. */
export type FaultVerifier = "span" | "payout";

/** Something wrong with a report, and the proof of it. */
export interface ReportFault {
  /** As the documents number them. */
  name: "F1" | "F2" | "F3" | "F4" | "F5" | "F6";
  verifier: FaultVerifier;
  /** What is wrong, in a sentence for people. */
  reason: string;
  /** For `AttributionReports.challenge`. */
  proof: string;
}

/** What a report is held against. */
export interface ReviewSource extends ReceiptsDomain {
  /** Log of the pot's Datanet version. */
  log: Split;
  /** Its contributions, each with units at its place; those without are left out. */
  index: GramIndex;
  contribution: (index: number) => ContributionText;
  /** A settled call by its receipt's digest; undefined if it is unknown. */
  call: (receiptDigest: string) => { receipt: Receipt; output: Uint8Array } | undefined;
  /** What the tree of a settlement's receipts has at a place; undefined if it is unknown. */
  settled: (memo: string, place: number, receipts: number) => { share: Share; siblings: SumNode[] } | undefined;
  /** Whether a settlement is on record in the report's epoch. */
  isSettled: (inference: Inference) => boolean;
  /** Part of what a split is paid that reaches the pot, in 10^-18, as known at the end of the epoch. */
  fractionOf: (splitId: string) => bigint;
}

/**
 * Thrown when a report rests on calls of which this side has no receipt or output, so that they have to be demanded, and
 * nothing else is wrong with it.
 */
export class UnknownCallError extends Error {
  override name = "UnknownCallError";
  /** In ascending order. */
  readonly inferences: readonly number[];

  constructor(inferences: readonly number[]) {
    super(`Of the calls of inferences ${inferences.join(", ")} receipt or output are not known here.`);
    this.inferences = inferences;
  }
}

/**
 * The first fault of a report, or undefined if all of it is right. Recomputes everything the report says.
 *
 * @throws UnknownCallError if a call of it is on record but unknown here, RangeError if the data is not the report's.
 */
export function reviewReport({
  report,
  data,
  ...source
}: ReviewSource & { report: Report; data: ReportData }): ReportFault | undefined {
  return new Review(report, data, source).firstFault();
}

class Review {
  readonly #data: ReportData;
  readonly #source: ReviewSource;
  readonly #proofs: FaultProofs;
  readonly #attributor: Attributor;
  /** Inferences whose calls are not known, or not where they are settled. */
  readonly #unknown: number[] = [];

  constructor(report: Report, data: ReportData, source: ReviewSource) {
    if (reportId({ ...report, figures: data.figures }) !== reportId(report)) {
      throw new RangeError(`The data is not that of report ${reportId(report)}: it gives other figures.`);
    }
    this.#data = data;
    this.#source = source;
    this.#proofs = new FaultProofs({ report, data, log: source.log });
    this.#attributor = new Attributor(source.index);
  }

  firstFault(): ReportFault | undefined {
    const fault = this.#sumFault() ?? this.#orderFault();
    if (fault !== undefined) return fault;
    for (let i = 0; i < this.#data.lists.inferences.length; i++) {
      const found = this.#inferenceFault(i);
      if (found !== undefined) return found;
    }
    const last = this.#creditsFault() ?? this.#payoutFault();
    if (last === undefined && this.#unknown.length > 0) throw new UnknownCallError(this.#unknown);
    return last;
  }

  #sumFault(): ReportFault | undefined {
    const { figures, inferenceTree, creditTree, payout } = this.#data;
    const trees = [
      { tree: ReportTree.Inferences, units: inferenceTree.totalUnits, claimed: figures.total, name: "inferences" },
      { tree: ReportTree.Credits, units: creditTree?.totalUnits ?? 0n, claimed: figures.credited, name: "credits" },
      { tree: ReportTree.Payout, units: payout.tree.totalUnits, claimed: figures.total, name: "payout" },
    ];
    const wrong = trees.find(({ units, claimed }) => units !== claimed);
    if (wrong === undefined) return undefined;
    const { tree, units, claimed, name } = wrong;
    return payoutFault("F5", `The ${name} come to ${units}, not to ${claimed}.`, this.#proofs.sum(tree));
  }

  #orderFault(): ReportFault | undefined {
    const { inferences } = this.#data.lists;
    for (let i = 0; i + 1 < inferences.length; i++) {
      if (inferences[i].inference.receiptDigest >= inferences[i + 1].inference.receiptDigest) {
        return payoutFault("F5", `Inference ${i + 1} is not behind inference ${i}.`, this.#proofs.inferenceOrder(i));
      }
    }
    return undefined;
  }

  #inferenceFault(i: number): ReportFault | undefined {
    const { inference, dataShare } = this.#data.lists.inferences[i];
    const source = this.#source;
    const fraction = source.fractionOf(inference.splitId);
    const expected = dataShareOf(inference.amount, fraction);
    if (!source.isSettled(inference) || dataShare !== expected) {
      const reason = `Inference ${i} has a data share of ${dataShare}; what is on record gives it ${source.isSettled(inference) ? expected : 0n}.`;
      return payoutFault("F6", reason, this.#proofs.dataShare(i));
    }
    const call = source.call(inference.receiptDigest);
    if (call === undefined) {
      this.#unknown.push(i);
      return undefined;
    }
    const { receipt, output } = call;
    return (
      this.#receiptFault(i, receipt) ??
      this.#settlementFault(i, receipt) ??
      (output.length === inference.outputLength
        ? undefined
        : payoutFault(
            "F6",
            `The output of inference ${i} has ${output.length} bytes, not ${inference.outputLength}.`,
            this.#proofs.outputLength({ inference: i, output }),
          )) ??
      this.#spansFault(i, output) ??
      this.#spanCreditsFault(i)
    );
  }

  #receiptFault(i: number, receipt: Receipt): ReportFault | undefined {
    const { inference } = this.#data.lists.inferences[i];
    const same =
      receipt.executor === inference.operator &&
      receipt.splitId === inference.splitId &&
      receipt.amount === inference.amount &&
      receipt.outputRoot === inference.outputRoot;
    if (same) return undefined;
    return payoutFault(
      "F6",
      `Inference ${i} is not what its receipt says.`,
      this.#proofs.receipt({ inference: i, receipt }),
    );
  }

  #settlementFault(i: number, receipt: Receipt): ReportFault | undefined {
    const { inference } = this.#data.lists.inferences[i];
    const found = this.#source.settled(inference.memo, inference.place, inference.receipts);
    if (found === undefined) {
      this.#unknown.push(i);
      return undefined;
    }
    const { share, siblings } = found;
    const root = rootOfShares({ shares: [share], first: inference.place, size: inference.receipts, siblings });
    const digest = receiptDigest({ chainId: this.#source.chainId, services: this.#source.services, receipt });
    if (root.units === inference.settled && share.evidence === digest && share.units === inference.amount) {
      return undefined;
    }
    return payoutFault(
      "F6",
      `The settlement has something else at the place of inference ${i}.`,
      this.#proofs.settlement({ inference: i, receipt, share, siblings }),
    );
  }

  #spansFault(i: number, output: Uint8Array): ReportFault | undefined {
    const spans = this.#data.lists.spans[i];
    for (const [k, span] of spans.entries()) {
      if (k > 0 && span.creditStart < spans[k - 1].creditEnd) {
        const proof = this.#proofs.spanOrder({ inference: i, span: k - 1 });
        return payoutFault("F5", `Span ${k} of inference ${i} begins before the end of the one before it.`, proof);
      }
      const wrong = this.#spanFault(i, k, span, output);
      if (wrong !== undefined) return wrong;
    }
    const expected = this.#attributor.attribute(output).spans;
    let first = 0;
    for (const owned of expected) {
      while (first < spans.length && spans[first].creditEnd <= owned.creditStart) first++;
      for (let k = first; k <= spans.length; k++) {
        if (k > first && spans[k - 1].creditEnd >= owned.creditEnd) break;
        const from = Math.max(owned.creditStart, k === 0 ? 0 : spans[k - 1].creditEnd);
        const to = Math.min(owned.creditEnd, k === spans.length ? output.length + 1 : spans[k].creditStart);
        if (from < to) {
          const proof = this.#proofs.missingSpan({ gap: k, ...this.#match(i, output, owned, from) });
          const reason = `No span of inference ${i} covers its bytes from ${from}, which contribution ${owned.contribution} has.`;
          return { name: "F3", verifier: "span", reason, proof };
        }
        if (k === spans.length) break;
        const start = Math.max(owned.creditStart, spans[k].creditStart);
        if (start < Math.min(owned.creditEnd, spans[k].creditEnd) && owned.contribution < spans[k].contribution) {
          const proof = this.#proofs.earlierOwner({ span: k, ...this.#match(i, output, owned, start) });
          const reason = `Contribution ${owned.contribution} had the words of span ${k} of inference ${i} before contribution ${spans[k].contribution}.`;
          return { name: "F2", verifier: "span", reason, proof };
        }
      }
    }
    return undefined;
  }

  /** F1, and contributions that are none. */
  #spanFault(i: number, k: number, span: ReportedSpan, output: Uint8Array): ReportFault | undefined {
    const owns =
      span.contribution < this.#source.log.tree.size && this.#source.log.tree.share(span.contribution).units > 0n;
    const falseSpan = (contribution?: ContributionText): ReportFault => ({
      name: "F1",
      verifier: "span",
      reason: `Span ${k} of inference ${i} is no match with contribution ${span.contribution}.`,
      proof: this.#proofs.falseSpan(
        contribution === undefined
          ? { inference: i, span: k, output }
          : { inference: i, span: k, output, contribution },
      ),
    });
    if (isMalformed(span, output.length)) return falseSpan();
    if (!owns) {
      const reason = `Span ${k} of inference ${i} is credited to contribution ${span.contribution}, which owns nothing.`;
      return payoutFault("F4", reason, this.#proofs.payee({ inference: i, span: k }));
    }
    const contribution = this.#source.contribution(span.contribution);
    return isMatch(span, output, contribution.text, this.#data.pot.gram) ? undefined : falseSpan(contribution);
  }

  #spanCreditsFault(i: number): ReportFault | undefined {
    const { inference, dataShare } = this.#data.lists.inferences[i];
    const { pot, lists } = this.#data;
    for (const [k, span] of lists.spans[i].entries()) {
      const at = { inference: i, span: k };
      const name = `Span ${k} of inference ${i}`;
      const earns = span.contribution >= pot.commons;
      if (earns !== (span.credit !== NO_CREDIT)) {
        const reason = `${name} ${earns ? "has no credit" : "has a credit, and is commons"}.`;
        return payoutFault("F4", reason, this.#proofs.payee(at));
      }
      if (!earns) continue;
      const credit = lists.credits.at(span.credit);
      const amount = creditOf({ dataShare, span, outputLength: inference.outputLength });
      const isOwn =
        credit !== undefined &&
        span.credit < lists.credits.length &&
        credit.inference === i &&
        credit.span === k &&
        credit.amount === amount;
      if (!isOwn) {
        return payoutFault("F6", `${name} has not the credit of ${amount} that it should.`, this.#proofs.credit(at));
      }
      const payee = this.#source.log.tree.share(span.contribution).recipient;
      if (credit.payee !== payee) {
        const reason = `${name} is credited to ${credit.payee}, not to its contributor ${payee}.`;
        return payoutFault("F4", reason, this.#proofs.payee(at));
      }
    }
    return undefined;
  }

  #creditsFault(): ReportFault | undefined {
    const { credits, spans } = this.#data.lists;
    for (const [x, { inference, span }] of credits.entries()) {
      if (spans.at(inference)?.at(span)?.credit !== x) {
        return payoutFault("F5", `Credit ${x} names a span that has another one.`, this.#proofs.lostCredit(x));
      }
    }
    return undefined;
  }

  #payoutFault(): ReportFault | undefined {
    const { figures, lists, pot } = this.#data;
    let credit = 0;
    let creditStart = 0n;
    let start = 0n;
    for (const [s, share] of lists.shares.entries()) {
      const end = start + share.units;
      const toVersion = share.kind === ShareKind.Split && share.recipient === pot.versionSplitId;
      if (end > figures.credited ? start < figures.credited || !toVersion : share.kind === ShareKind.Split) {
        const reason = `Share ${s} of the payout takes what is not its own.`;
        return payoutFault("F6", reason, this.#proofs.remainder(s));
      }
      for (; credit < lists.credits.length && creditStart < end; credit++) {
        const { payee, amount } = lists.credits[credit];
        const creditEnd = creditStart + amount;
        const apart = creditStart >= end || start >= creditEnd;
        if (!apart && (share.recipient !== payee || share.evidence !== figures.creditsRoot)) {
          const reason = `Share ${s} of the payout is ${share.recipient}'s, but credit ${credit} over the same units is ${payee}'s.`;
          return payoutFault("F6", reason, this.#proofs.payout({ credit, share: s }));
        }
        if (creditEnd > end) break;
        creditStart = creditEnd;
      }
      start = end;
    }
    return undefined;
  }

  /** A K-gram of a span that covers the token at `at`. */
  #match(inference: number, output: Uint8Array, span: Span, at: number): GramMatch {
    return {
      inference,
      place: gramAt(span, output, this.#data.pot.gram, at),
      output,
      contribution: this.#source.contribution(span.contribution),
    };
  }
}

function payoutFault(name: ReportFault["name"], reason: string, proof: string): ReportFault {
  return { name, verifier: "payout", reason, proof };
}

/** Whether a span cannot be right, whatever the texts are. */
function isMalformed(span: Span, outputLength: number): boolean {
  return (
    span.matchEnd > outputLength ||
    span.matchStart >= span.matchEnd ||
    span.matchEnd - span.matchStart > MAX_GRAM_BYTES ||
    span.creditStart < span.matchStart ||
    span.creditEnd <= span.creditStart ||
    span.creditEnd - 1 > span.matchEnd
  );
}

/** Whether a span's output and its contribution have the same whole tokens, enough of them, and it credits whole tokens. */
function isMatch(span: Span, output: Uint8Array, text: Uint8Array, gram: number): boolean {
  const { creditStart, creditEnd, matchStart, matchEnd, sourceOffset } = span;
  const sourceEnd = sourceOffset + matchEnd - matchStart;
  if (sourceEnd > text.length) return false;
  const words = output.subarray(matchStart, matchEnd);
  return (
    words.every((byte, i) => byte === text[sourceOffset + i]) &&
    areTokens(output, matchStart, matchEnd) &&
    areTokens(text, sourceOffset, sourceEnd) &&
    areTokens(output, creditStart, creditEnd - 1) &&
    words.reduce((tokens, byte) => (byte === TOKEN_SEPARATOR ? tokens + 1 : tokens), 1) >= gram
  );
}

/** The K-gram within a span's match that covers the token at `at`. */
function gramAt(span: Span, output: Uint8Array, gram: number, at: number): GramPlace {
  const starts = [span.matchStart];
  for (let i = span.matchStart; i < span.matchEnd; i++) if (output[i] === TOKEN_SEPARATOR) starts.push(i + 1);
  const token = starts.findLastIndex((start) => start <= at);
  const first = Math.min(token, starts.length - gram);
  const start = starts[first];
  const end = (starts.at(first + gram) ?? span.matchEnd + 1) - 1;
  return { start, length: end - start, sourceOffset: span.sourceOffset + start - span.matchStart };
}
