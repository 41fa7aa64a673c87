import { walletAccount } from "../account.ts";
import { evidenceOf } from "../content.ts";
import { type Receipt, receiptDigest, type ReceiptsDomain } from "../receipt.ts";
import { type Share, ShareKind } from "../share.ts";
import { entitlementOf, type Split, splitOfDraw } from "../split.ts";
import { rootOfShares, type SumTree } from "../sumTree.ts";
import { Attributor } from "./attribute.ts";
import type { PublishedData } from "./dataStore.ts";
import type { ContributionText } from "./faultProofs.ts";
import type { GramIndex } from "./gramIndex.ts";
import {
  creditEvidence,
  creditOf,
  dataShareOf,
  type Inference,
  inferenceEvidence,
  type ReportedSpan,
} from "./report.ts";
import { type Credit, type ReportData, shareOfCredit } from "./reportData.ts";
import type { KeptSettlement, KnownPot, PostedReport, ReportsChain } from "./reportsContract.ts";

/** Thrown when a step between an amount and the words it was earned with does not hold, or its data is not there. */
export class WhyError extends Error {
  override readonly name = "WhyError";
}

/** Words of an output that a contribution had first. */
export interface WhySpan {
  /** Place among the output's spans. */
  index: number;
  span: ReportedSpan;
  /** The contributor's account. */
  payee: string;
  /** Content root of the contribution. */
  contentRoot: string;
  /** What it earned, in the token's smallest unit; zero for commons. */
  amount: bigint;
}

/** A call whose output has words of the wallet's contributions. */
export interface WhyCall {
  index: number;
  inference: Inference;
  receipt: Receipt;
  settlement: KeptSettlement;
  /** Part of its price that reached the pot, in 10^-18. */
  fraction: bigint;
  dataShare: bigint;
  output: Uint8Array;
  /** All of the output, in its order. */
  spans: WhySpan[];
  /** What the wallet earned by it. */
  earned: bigint;
  checked: string[];
}

/** Why a wallet earned what it did in an epoch, from the amount down to words. */
export interface Why {
  wallet: string;
  account: string;
  pot: KnownPot;
  posted: PostedReport;
  /** Its share of the payout. */
  share: { index: number; units: bigint; checked: string[] };
  /** What the ledger gives for it, once the report is paid. */
  payment: { received: bigint; owed: bigint; released: bigint } | undefined;
  credits: { count: number; checked: string[] };
  /** What earned most comes first. */
  calls: WhyCall[];
}

/** What an explanation follows from. */
export interface WhySource {
  chain: ReportsChain;
  published: PublishedData;
  pot: KnownPot;
  posted: PostedReport;
  wallet: string;
  /** The pot's texts, as they were checked when they were loaded. */
  texts: { log: Split; index: GramIndex; contribution: (index: number) => ContributionText };
}

/**
 * Explains what a wallet earned by a report, and checks each step against the chain.
 *
 * @throws WhyError if it earned nothing, a step does not hold, or data is not there.
 */
export async function explainEarnings(source: WhySource): Promise<Why> {
  const { published, posted, wallet, pot } = source;
  const data = await published.report(posted.report);
  if (data === undefined) throw new WhyError(`The file of report ${posted.id} is not there (reports/${posted.id}).`);
  const account = walletAccount(wallet);
  const index = data.lists.shares.findIndex(
    ({ kind, recipient }) => kind === ShareKind.Account && recipient === account,
  );
  if (index < 0) throw new WhyError(`${wallet} earned nothing by report ${posted.id}.`);
  const share = checkShare(source, data, index);
  const payment = posted.payment === undefined ? undefined : await readPayment(source, data, index);
  const credits = checkCredits(data, account, share.units);
  const calls: WhyCall[] = [];
  const attributor = new Attributor(source.texts.index);
  const inferences = [...new Set(credits.own.map(({ inference }) => inference))].sort((a, b) => a - b);
  for (const inference of inferences)
    calls.push(await explainCall({ source, data, account, attributor, index: inference }));
  calls.sort((a, b) => (a.earned === b.earned ? a.index - b.index : a.earned > b.earned ? -1 : 1));
  const earned = calls.reduce((sum, call) => sum + call.earned, 0n);
  hold(earned === share.units, `The calls come to ${earned}, and the share to ${share.units}`);
  return {
    ...{ wallet, account, pot, posted, share, payment, calls },
    credits: { count: credits.own.length, checked: credits.checked },
  };
}

function hold(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new WhyError(`${otherwise}.`);
}

function checkShare({ posted }: WhySource, data: ReportData, index: number): Why["share"] {
  const { figures } = posted.report;
  const draw = data.payout.draw({ first: index });
  const { id, header } = splitOfDraw(draw);
  hold(header.root === figures.payoutRoot, `Share ${index} does not lead to the payout's root ${figures.payoutRoot}`);
  hold(header.totalUnits === figures.total, `The payout has ${header.totalUnits} units, not ${figures.total}`);
  const checked = [`the file gives the figures that were posted`, `the share leads to the payout's root`];
  if (posted.payment !== undefined) {
    hold(id === posted.payment.splitId, `The payout is split ${id}, but ${posted.payment.splitId} was paid`);
    checked.push("the split that was paid is the payout");
  }
  return { index, units: draw.shares[0].units, checked };
}

async function readPayment({ chain }: WhySource, { payout }: ReportData, index: number): Promise<Why["payment"]> {
  const received = await chain.receivedBy(payout.id);
  const { units } = payout.tree.share(index);
  const owed = entitlementOf({ received, units, totalUnits: payout.tree.totalUnits });
  return { received, owed, released: await chain.drawn(payout.id, index) };
}

function checkCredits(data: ReportData, account: string, units: bigint): { own: Credit[]; checked: string[] } {
  const { creditTree } = data;
  const own: Credit[] = [];
  let sum = 0n;
  for (const [i, credit] of data.lists.credits.entries()) {
    if (credit.payee !== account || creditTree === undefined) continue;
    checkInTree({ tree: creditTree, index: i, share: shareOfCredit(credit), root: data.figures.creditsRoot });
    own.push(credit);
    sum += credit.amount;
  }
  hold(sum === units, `The credits come to ${sum}, and the share to ${units}`);
  return { own, checked: ["each credit leads to the credits' root", "they come to the share, to the unit"] };
}

function checkInTree({ tree, index, share, root }: { tree: SumTree; index: number; share: Share; root: string }): void {
  const siblings = tree.rangeProof({ first: index, count: 1 });
  const proven = rootOfShares({ shares: [share], first: index, size: tree.size, siblings });
  hold(proven.hash === root, `What stands at ${index} does not lead to ${root}`);
}

async function explainCall({
  source,
  data,
  account,
  attributor,
  index,
}: {
  source: WhySource;
  data: ReportData;
  account: string;
  attributor: Attributor;
  index: number;
}): Promise<WhyCall> {
  const { chain, published, pot, posted } = source;
  const { epoch, inferencesRoot } = posted.report.figures;
  const { inference, dataShare } = data.lists.inferences[index];
  const what = `Inference ${index}`;
  const evidence = inferenceEvidence(inference);
  checkInTree({
    tree: data.inferenceTree,
    index,
    share: { kind: ShareKind.Account, recipient: inference.receiptDigest, units: dataShare, evidence },
    root: inferencesRoot,
  });
  const settlement = chain.settlementOf(inference);
  const settledAt = await chain.settledAt(inference);
  hold(
    settlement !== undefined && settledAt !== 0 && chain.epochOf(settledAt) === epoch,
    `${what} is of no settlement that is on record in epoch ${epoch}`,
  );
  const fraction = await chain.fractionOf(pot.id, inference.splitId, epoch);
  hold(dataShare === dataShareOf(inference.amount, fraction), `${what} has a data share of ${dataShare}`);
  const receipt = await readReceiptOf(published, inference);
  hold(
    receipt.amount === inference.amount && receipt.outputRoot === inference.outputRoot,
    `${what} is not its receipt`,
  );
  const output = await published.output(inference.outputRoot);
  hold(output !== undefined, `The output of ${receipt.callId} is not there (outputs/${inference.outputRoot})`);
  hold(data.spansRoot(index) === inference.spansRoot, `The spans of inference ${index} are not those it commits to`);
  const spans = data.lists.spans[index].map((span, k) => explainSpan({ source, data, output, at: { index, k }, span }));
  checkOwners({ spans, output, attributor, what });
  const earned = spans.reduce((sum, { payee, amount }) => (payee === account ? sum + amount : sum), 0n);
  const checked = [
    "the inference leads to the inferences' root",
    "its settlement is on record in the epoch",
    "the data share is the price times the pot's fraction, rounded down",
    "the receipt is where the settlement's memo has it",
    "the output is the receipt's",
    "each span has the same bytes in output and contribution, and no earlier contribution has them",
    "contributions stand in the log of the pot's Datanet version",
  ];
  return { index, inference, receipt, settlement, fraction, dataShare, output, spans, earned, checked };
}

/** The receipt at an inference's place of its settlement. */
async function readReceiptOf(published: PublishedData, inference: Inference): Promise<Receipt> {
  const { memo, place, settled, receiptDigest: digest } = inference;
  const domain: ReceiptsDomain = published.domain;
  const found = await published.receipts(memo);
  hold(found !== undefined, `The receipts of settlement ${memo} are not there (receipts/${memo})`);
  const receipt = found.receipts.at(place);
  hold(
    receipt !== undefined && found.tree.total === settled && receiptDigest({ ...domain, receipt }) === digest,
    `The settlement ${memo} has another receipt at place ${place}`,
  );
  return receipt;
}

/** A span, with its credit and its source checked. */
function explainSpan({
  source,
  data,
  output,
  at,
  span,
}: {
  source: WhySource;
  data: ReportData;
  output: Uint8Array;
  at: { index: number; k: number };
  span: ReportedSpan;
}): WhySpan {
  const { log, contribution } = source.texts;
  const { pot } = source.pot;
  const what = `Span ${at.k} of inference ${at.index}`;
  const owns = span.contribution < log.tree.size && log.tree.share(span.contribution).units > 0n;
  hold(owns, `${what} is of contribution ${span.contribution}, which owns nothing`);
  const { content, text } = contribution(span.contribution);
  const share = log.tree.share(span.contribution);
  hold(evidenceOf(content) === share.evidence, `Contribution ${span.contribution} has another content`);
  const length = span.matchEnd - span.matchStart;
  const isSame = output
    .subarray(span.matchStart, span.matchEnd)
    .every((byte, i) => byte === text[span.sourceOffset + i]);
  hold(length > 0 && isSame, `${what} has other words than contribution ${span.contribution}`);
  const own = { index: at.k, span, payee: share.recipient, contentRoot: content.contentRoot };
  if (span.contribution < pot.commons) return { ...own, amount: 0n };
  const { dataShare, inference } = data.lists.inferences[at.index];
  const amount = creditOf({ dataShare, span, outputLength: inference.outputLength });
  const credit = data.lists.credits.at(span.credit);
  const isCredit =
    credit?.amount === amount &&
    credit.payee === share.recipient &&
    creditEvidence(credit.inference, credit.span) === creditEvidence(at.index, at.k);
  hold(isCredit, `${what} has another credit`);
  return { ...own, amount };
}

/** Whether spans are credited to whom the texts credit them. */
function checkOwners({
  spans,
  output,
  attributor,
  what,
}: {
  spans: readonly WhySpan[];
  output: Uint8Array;
  attributor: Attributor;
  what: string;
}): void {
  const ownersOf = (list: readonly Pick<ReportedSpan, "creditStart" | "creditEnd" | "contribution">[]): string => {
    const owners = new Int32Array(output.length + 1).fill(-1);
    for (const { creditStart, creditEnd, contribution } of list) owners.fill(contribution, creditStart, creditEnd);
    return owners.join();
  };
  const expected = ownersOf(attributor.attribute(output).spans);
  hold(ownersOf(spans.map(({ span }) => span)) === expected, `${what} has words that an earlier contribution has`);
}
