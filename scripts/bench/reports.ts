import { id, ZeroAddress, ZeroHash } from "ethers";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import type { Span } from "../../sdk/attribution/attribute.ts";
import { listShares } from "../../sdk/attribution/buildReport.ts";
import { encodeInferenceAnswer, FaultProofs, ItemKind, openChunks } from "../../sdk/attribution/faultProofs.ts";
import { creditOf, type Report } from "../../sdk/attribution/report.ts";
import { type Credit, ReportData, type ReportedInference, type ReportLists } from "../../sdk/attribution/reportData.ts";
import type { Receipt } from "../../sdk/receipt.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { SumTree } from "../../sdk/sumTree.ts";
import type { Figure } from "./figures.ts";
import { gasFigure, gasOf, type Sent, settle } from "./gas.ts";
import {
  createPot,
  DATA_SHARE,
  DISPUTE_BUDGET,
  endLatestEpoch,
  inferenceOf,
  type Posted,
  postReport,
  type PotWorld,
  type SpanFault,
  spanFaultsOf,
  spansOf,
} from "./reportWorld.ts";
import type { Bench } from "./world.ts";

const REPORT_BUDGET = 36_000;

/** Sizes of reports and Datanets: all trees of both have so many leaves. */
const SMALL = 2 ** 8;
const LARGE = 2 ** 12;
/** What may come on top each time report and Datanet double: a sibling in each of the trees that a proof opens. */
const DOUBLING_BUDGET = 3_000;

/** Reports, and the proof of each kind of fault, for reports and Datanets of two sizes. */
export async function* measureReports(bench: Bench): AsyncGenerator<Figure> {
  const small = new Map<string, number>();
  for await (const figure of measureSize(bench, SMALL)) {
    small.set(figure.name, figure.value);
    yield named(figure, SMALL);
  }
  for await (const figure of measureSize(bench, LARGE)) {
    const grown = (small.get(figure.name) ?? 0) + DOUBLING_BUDGET * Math.log2(LARGE / SMALL);
    yield named({ ...figure, budget: Math.min(figure.budget ?? Infinity, grown) }, LARGE);
  }
}

function named(figure: Figure, size: number): Figure {
  return { ...figure, name: `${figure.name}, ${size.toLocaleString("en")} calls` };
}

async function* measureSize(bench: Bench, size: number): AsyncGenerator<Figure> {
  const { reports, connection, token } = bench;
  const world = await createPot(bench, logOf(size));
  const { pot, log, output } = world;
  await settle(token.approve(reports, 2n ** 255n));
  const total = DATA_SHARE * BigInt(size);
  await settle(reports.bond(pot, 100n * (total + (await reports.minBond()))));

  let epoch = 0;
  const endEpoch = async (): Promise<void> => {
    epoch = await endLatestEpoch(bench);
  };
  const post = (data: ReportData): Promise<Posted> => postReport(bench, data);
  const byPayout = (proof: string): Sent => reports.challenge(bench.payoutFaults, proof);
  const at = middleOf(size);
  const right = spansOf(world);
  const dataOf = (spans: readonly Span[]): ReportData => largeReport({ world, spans, epoch, size });

  const defeat = async (report: Report, data: ReportData): Promise<void> => {
    await settle(byPayout(new FaultProofs({ report, data, log }).dataShare(at)));
  };

  await endEpoch();
  const first = await post(dataOf(right));
  yield gasFigure("report an epoch, first of a pot", first.gas);
  await defeat(first.report, dataOf(right));
  await endEpoch();
  const second = await post(dataOf(right));
  yield gasFigure("report an epoch", second.gas, REPORT_BUDGET);
  await defeat(second.report, dataOf(right));

  const faults: Record<string, SpanFault> = {
    ...spanFaultsOf({ bench, world, inference: at }),
    "prove a wrong payee (F4)": {
      spans: right,
      prove: (proofs) => byPayout(proofs.payee({ inference: at, span: 40 })),
    },
    "prove a wrong credit (F5, F6)": {
      spans: right,
      prove: (proofs) => byPayout(proofs.credit({ inference: at, span: 40 })),
    },
    "prove a wrong data share (F6)": { spans: right, prove: (proofs) => byPayout(proofs.dataShare(at)) },
    "prove a wrong payout (F6)": {
      spans: right,
      prove: (proofs) => byPayout(proofs.payout({ credit: at, share: at })),
    },
  };
  for (const [what, { spans, prove }] of Object.entries(faults)) {
    await endEpoch();
    const data = dataOf(spans);
    const { report } = await post(data);
    yield gasFigure(what, await gasOf(prove(new FaultProofs({ report, data, log }))), DISPUTE_BUDGET);
  }

  await endEpoch();
  const data = dataOf(right);
  const { report } = await post(data);
  const item = { kind: ItemKind.OutputChunk, first: at, second: 1 };
  yield gasFigure("demand data (F7)", await gasOf(reports.demand(report, pot, item)), DISPUTE_BUDGET);
  const answer = encodeInferenceAnswer({
    inference: data.openInference(at),
    output: openChunks(output, { firstChunk: 1, count: 1 }),
    receipt: NO_RECEIPT,
  });
  yield gasFigure("answer a demand (F7)", await gasOf(reports.answer(report, pot, item, answer)), DISPUTE_BUDGET);
  await settle(reports.demand(report, pot, item));
  await connection.networkHelpers.time.increase(await reports.answerSeconds());
  yield gasFigure("end a demand nobody answered (F7)", await gasOf(reports.expire(report, item)), DISPUTE_BUDGET);

  await endEpoch();
  const last = await post(data);
  await connection.networkHelpers.time.increase(await reports.challengeSeconds());
  const account = encodeAccount({ address: pot.keeper, tag: pot.number });
  await settle(bench.ledger.deposit(account, data.figures.total));
  yield gasFigure("pay a report", await gasOf(reports.pay(last.report, pot)));
}

/** A Datanet's log in which all but the last shares are strangers'. */
function logOf(size: number): Parameters<typeof createPot>[1] {
  return { size, treeOf: (shares) => SumTree.from([...strangers(size - 2), ...shares]) };
}

function* strangers(count: number): Generator<Share> {
  for (let i = 0; i < count; i++) {
    const evidence = id(`stranger ${i}`);
    yield {
      kind: ShareKind.Account,
      recipient: `0x${"00".repeat(12)}${evidence.slice(26)}`,
      units: BigInt(1_000 + i),
      evidence,
    };
  }
}

function middleOf(size: number): number {
  return size / 2 + 1;
}

/**
 * A report of `size` calls, one of which has spans; nobody has settled any of them. As many credits and shares, too: what
 * proofs cost depends on how deep the trees are.
 */
function largeReport({
  world,
  spans,
  epoch,
  size,
}: {
  world: PotWorld;
  spans: readonly Span[];
  epoch: number;
  size: number;
}): ReportData {
  const at = middleOf(size);
  const reported = spans.map((span, credit) => ({ ...span, credit }));
  const inference = inferenceOf(world, reported);
  // Most are looked at by nobody, so that one evidence does for all of them.
  const inferences: ReportedInference[] = Array.from({ length: size }, (_, i) => ({
    inference: { ...inference, receiptDigest: id(`receipt ${i}`) },
    dataShare: DATA_SHARE,
  }));
  const credits: Credit[] = Array.from({ length: size }, (_, i) => ({
    // Nobody's, so that whoever is to have them is not the one.
    payee: walletAccount(`0x${id(`payee ${i}`).slice(26)}`),
    amount:
      i < spans.length
        ? creditOf({ dataShare: DATA_SHARE, span: spans[i], outputLength: world.output.length }) - 1n
        : 1n,
    inference: at,
    span: i,
  }));
  const total = DATA_SHARE * BigInt(size);
  const shares = listShares({ pot: world.pot, credits: credits.slice(0, size - 1), total });
  const lists: ReportLists = {
    inferences,
    spans: inferences.map((_, i) => (i === at ? reported : [])),
    credits,
    shares,
  };
  return new ReportData({ pot: world.pot, epoch, lists });
}

const NO_RECEIPT: Receipt = {
  callId: ZeroHash,
  payer: ZeroAddress,
  parentCallId: ZeroHash,
  serviceId: 0n,
  inputHash: ZeroHash,
  salt: ZeroHash,
  childrenHash: ZeroHash,
  splitId: ZeroHash,
  assetSplitId: ZeroHash,
  executor: ZeroAddress,
  outputRoot: ZeroHash,
  tokensIn: 0n,
  tokensOut: 0n,
  amount: 0n,
  servedAt: 0n,
};
