import { ContentTree } from "../content.ts";
import { type Receipt, receiptDigest, type ReceiptsDomain } from "../receipt.ts";
import { ZERO_WORD } from "../bytes.ts";
import { type Share, ShareKind } from "../share.ts";
import type { SumTree } from "../sumTree.ts";
import type { Span } from "./attribute.ts";
import { creditOf, dataShareOf, NO_CREDIT, type Pot, type ReportedSpan } from "./report.ts";
import { type Credit, ReportData, type ReportedInference, treeOfCredits } from "./reportData.ts";
import { SpanTree } from "./spanTree.ts";

/** A call that was settled in the epoch, and its output. */
export interface SettledCall {
  receipt: Receipt;
  /** Content of the output, to which the receipt commits. */
  output: Uint8Array;
  settlement: CallSettlement;
}

/** Where a receipt was settled. */
export interface CallSettlement {
  memo: string;
  /** What was settled together, in the token's smallest unit. */
  settled: bigint;
  /** How many receipts were. */
  receipts: number;
  /** Place of the receipt among them. */
  place: number;
}

/** Thrown when no report can be made of what was settled. */
export class ReportError extends Error {
  override name = "ReportError";
}

/** What a report follows from. */
export interface ReportSource extends ReceiptsDomain {
  pot: Pot;
  epoch: number;
  /** Any order. */
  calls: readonly SettledCall[];
  /** Part of what a split is paid that reaches the pot, in 10^-18; zero if it is no source. */
  fractionOf: (splitId: string) => bigint;
  /** Spans of an output, in its order. */
  attribute: (output: Uint8Array) => readonly Span[];
  /** Ledger account of a contribution's contributor. */
  payeeOf: (contribution: number) => string;
}

/**
 * The report of an epoch: the same calls give the same report, whoever makes it.
 *
 * @throws ReportError if a call is there twice, an output is not its receipt's, or there is nothing to pay.
 */
export function buildReport({
  pot,
  epoch,
  calls,
  fractionOf,
  attribute,
  payeeOf,
  ...domain
}: ReportSource): ReportData {
  const sorted = sortCalls(calls, domain).filter(({ call }) => fractionOf(call.receipt.splitId) > 0n);
  const dataShares = sorted.map(({ call: { receipt } }) => dataShareOf(receipt.amount, fractionOf(receipt.splitId)));
  if (dataShares.every((dataShare) => dataShare === 0n)) {
    throw new ReportError(`Epoch ${epoch} has no call that was settled, kept and paid into pot ${pot.number}.`);
  }
  const spans: ReportedSpan[][] = sorted.map(({ call }) => [
    ...attribute(call.output).map((span) => ({ ...span, credit: NO_CREDIT })),
  ]);
  const credits = listCredits({ pot, spans, dataShares, outputs: sorted.map(({ call }) => call.output), payeeOf });
  const spanTrees = spans.map((list) => new SpanTree(list));
  const inferences: ReportedInference[] = sorted.map(({ call, digest }, i) => ({
    inference: {
      receiptDigest: digest,
      operator: call.receipt.executor,
      splitId: call.receipt.splitId,
      ...call.settlement,
      amount: call.receipt.amount,
      outputRoot: call.receipt.outputRoot,
      outputLength: call.output.length,
      spansRoot: spanTrees[i].root,
      spans: spans[i].length,
    },
    dataShare: dataShares[i],
  }));
  const total = dataShares.reduce((sum, dataShare) => sum + dataShare, 0n);
  const creditTree = treeOfCredits(credits);
  const shares = listShares({ pot, credits, total, creditTree });
  return new ReportData({
    pot,
    epoch,
    lists: { inferences, spans, credits, shares },
    trees: { credits: creditTree, spans: spanTrees },
  });
}

/** The shares of the payout: to each payee its credits, and what is left to the Datanet version's split. */
export function listShares({
  pot,
  credits,
  total,
  creditTree = treeOfCredits(credits),
}: {
  pot: Pot;
  credits: readonly Credit[];
  total: bigint;
  creditTree?: SumTree | undefined;
}): Share[] {
  const evidence = creditTree?.root ?? ZERO_WORD;
  const shares: Share[] = [];
  let credited = 0n;
  for (const { payee, amount } of credits) {
    if (amount === 0n) continue;
    credited += amount;
    const last = shares.at(-1);
    if (last?.recipient === payee) last.units += amount;
    else shares.push({ kind: ShareKind.Account, recipient: payee, units: amount, evidence });
  }
  if (credited < total) {
    shares.push({ kind: ShareKind.Split, recipient: pot.versionSplitId, units: total - credited, evidence });
  }
  return shares;
}

function sortCalls(calls: readonly SettledCall[], domain: ReceiptsDomain): { call: SettledCall; digest: string }[] {
  const sorted = calls
    .map((call) => ({ call, digest: receiptDigest({ ...domain, receipt: call.receipt }) }))
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
  for (const [i, { call, digest }] of sorted.entries()) {
    if (digest === sorted.at(i + 1)?.digest) throw new ReportError(`Call ${call.receipt.callId} is there twice.`);
    const root = call.output.length === 0 ? ZERO_WORD : ContentTree.from(call.output).contentRoot;
    if (root !== call.receipt.outputRoot) {
      throw new ReportError(
        `The output of call ${call.receipt.callId} is not the one of its receipt: ${root}, not ${call.receipt.outputRoot}.`,
      );
    }
  }
  return sorted;
}

/** Lists what spans earn, by payee, and writes into each span where its credit stands. */
function listCredits({
  pot,
  spans,
  dataShares,
  outputs,
  payeeOf,
}: {
  pot: Pot;
  spans: ReportedSpan[][];
  dataShares: readonly bigint[];
  outputs: readonly Uint8Array[];
  payeeOf: (contribution: number) => string;
}): Credit[] {
  const byPayee = new Map<string, Credit[]>();
  const payees = new Map<number, string>();
  for (const [inference, list] of spans.entries()) {
    for (const [span, { contribution, ...credited }] of list.entries()) {
      if (contribution < pot.commons) continue;
      const payee = payees.get(contribution) ?? payeeOf(contribution);
      payees.set(contribution, payee);
      const amount = creditOf({
        dataShare: dataShares[inference],
        span: credited,
        outputLength: outputs[inference].length,
      });
      const own = byPayee.get(payee);
      if (own === undefined) byPayee.set(payee, [{ payee, amount, inference, span }]);
      else own.push({ payee, amount, inference, span });
    }
  }
  const credits: Credit[] = [];
  for (const payee of [...byPayee.keys()].sort()) {
    for (const credit of byPayee.get(payee) ?? []) {
      spans[credit.inference][credit.span].credit = credits.length;
      credits.push(credit);
    }
  }
  return credits;
}
