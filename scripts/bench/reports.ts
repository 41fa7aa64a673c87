import { id, keccak256, toUtf8Bytes, Wallet, ZeroAddress, ZeroHash } from "ethers";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import type { Span } from "../../sdk/attribution/attribute.ts";
import { listShares } from "../../sdk/attribution/buildReport.ts";
import {
  encodeInferenceAnswer,
  FaultProofs,
  ItemKind,
  openChunks,
  type ContributionText,
} from "../../sdk/attribution/faultProofs.ts";
import { creditOf, dataShareOf, type Pot, packFigures, type Report, WHOLE } from "../../sdk/attribution/report.ts";
import { type Credit, ReportData, type ReportedInference, type ReportLists } from "../../sdk/attribution/reportData.ts";
import { SpanTree } from "../../sdk/attribution/spanTree.ts";
import { ContentTree, evidenceOf } from "../../sdk/content.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { ContributionLog } from "../../sdk/log.ts";
import type { Receipt } from "../../sdk/receipt.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import type { Split } from "../../sdk/split.ts";
import {
  acceptSigned,
  type Contributed,
  contribute,
  createDatanet,
  latestSplit,
  sharesOf,
  URI,
} from "./contributions.ts";
import type { Figure } from "./figures.ts";
import { gasFigure, gasOf, type Sent, settle } from "./gas.ts";
import { storeLog } from "./storedLog.ts";
import { AMOUNT, type Bench } from "./world.ts";

const GRAM = 5;
const DISPUTE_BUDGET = 200_000;
const REPORT_BUDGET = 36_000;

/** Sizes of reports and Datanets: all trees of both have so many leaves. */
const SMALL = 2 ** 8;
const LARGE = 2 ** 12;
/** What may come on top each time report and Datanet double: a sibling in each of the trees that a proof opens. */
const DOUBLING_BUDGET = 3_000;

/** Spans of the output that is looked at. */
const SPANS = 64;

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
  const { reports, pots, connection, token, payer } = bench;
  const world = await createPot(bench, size);
  const { pot, log, contributions, output } = world;
  await settle(token.approve(reports, 2n ** 255n));
  const total = dataShareOf(AMOUNT, WHOLE / 2n) * BigInt(size);
  await settle(reports.bond(pot, 100n * (total + (await reports.minBond()))));

  let epoch = 0;
  const epochSeconds = await pots.epochSeconds();
  const endEpoch = async (): Promise<number> => {
    epoch = Number(await pots.epochOf(await connection.networkHelpers.time.latest()));
    await connection.networkHelpers.time.increaseTo(BigInt(epoch + 1) * epochSeconds);
    return epoch;
  };
  const post = async (data: ReportData): Promise<{ report: Report; gas: number }> => {
    const receipt = await settle(reports.post(...packFigures(data.figures)));
    const block = await connection.ethers.provider.getBlock(receipt.blockNumber);
    const report = { figures: data.figures, reporter: payer.address, postedAt: BigInt(block?.timestamp ?? 0) };
    return { report, gas: Number(receipt.gasUsed) };
  };
  const bySpan = (proof: string): Sent => reports.challenge(bench.spanFaults, proof);
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

  const own = contributions[0];
  const place = { start: right[40].matchStart, length: gramLength(output, right[40].matchStart), sourceOffset: 0 };
  place.sourceOffset = right[40].sourceOffset;
  const later = right.map((span) => ({ ...span, contribution: contributions[1].index }));
  const faults: Record<string, { spans: readonly Span[]; prove: (proofs: FaultProofs) => Sent }> = {
    "prove a false span (F1)": {
      spans: right.map((span) => ({ ...span, sourceOffset: span.sourceOffset + 1 })),
      prove: (proofs) => bySpan(proofs.falseSpan({ inference: at, span: 40, output, contribution: own })),
    },
    "prove an earlier owner (F2)": {
      spans: later,
      prove: (proofs) => bySpan(proofs.earlierOwner({ inference: at, span: 40, place, output, contribution: own })),
    },
    "prove a missing span (F3)": {
      spans: right.filter((_, i) => i !== 40),
      prove: (proofs) => bySpan(proofs.missingSpan({ inference: at, gap: 40, place, output, contribution: own })),
    },
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

interface PotWorld {
  pot: Pot;
  log: Split;
  contributions: [ContributionText, ContributionText];
  output: Uint8Array;
}

/** A pot for a Datanet with `size` contributions, of which the last two have the same text. */
async function createPot(bench: Bench, size: number): Promise<PotWorld> {
  const like = new ContributionLog();
  const batch = contribute({ name: "a log for comparison" });
  like.append(sharesOf(batch));
  const likeId = await createDatanet(bench);
  await acceptSigned({ bench, datanetId: likeId, batch });

  const text = toUtf8Bytes(Array.from({ length: 20_000 }, (_, i) => wordAt(i)).join(" "));
  const log = new ContributionLog();
  log.append(strangers(size - 2));
  const datanetId = await createDatanet(bench);
  await storeLog({
    bench,
    datanetId,
    tree: log.latest.split.tree,
    like: { datanetId: likeId, tree: like.latest.split.tree },
  });
  const texts = [text, text];
  const batchOfTexts: Contributed[] = texts.map((content, i) => {
    const { contentRoot, byteLength } = ContentTree.from(content);
    const described = {
      contentRoot,
      byteLength: BigInt(byteLength),
      licenseHash: id(`licence ${i}`),
      uriHash: id(URI),
    };
    return {
      contributor: new Wallet(id(`contributor ${i}`)),
      content: described,
      evidence: evidenceOf(described),
      units: 1_000n,
    };
  });
  await acceptSigned({ bench, datanetId, batch: batchOfTexts });
  const split = log.append(sharesOf(batchOfTexts)).split;
  const version = await latestSplit({ bench, datanetId, log: split });
  const contributions = texts.map((content, i) => ({
    index: size - 2 + i,
    content: batchOfTexts[i].content,
    text: content,
  })) as [ContributionText, ContributionText];

  const { reports, pots } = bench;
  const number = (await pots.potCount()) + 1n;
  const pot: Pot = {
    keeper: await reports.getAddress(),
    number,
    datanetId,
    version: 1n,
    versionSplitId: version.id,
    logSplitId: split.id,
    logSize: size,
    arbiter: ZeroAddress,
    gram: GRAM,
    commons: 0,
    feeBps: 100,
  };
  const entry = {
    index: contributions[0].index,
    content: contributions[0].content,
    proof: proveShare(split, contributions[0].index),
  };
  const wrapped = { datanetId, version: 1n, size, wrapping: proveShare(version, 0) };
  await settle(pots.createPot(reports, wrapped, entry, GRAM, 0, 100));
  return { pot, log: split, contributions, output: text.slice(3, 20_000) };
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

function wordAt(i: number): string {
  return (BigInt(id(`word ${i}`)) % 10n ** BigInt(2 + (i % 9))).toString();
}

/** Matches of the output with the first of the two contributions, each of as many bytes as a match can have. */
function spansOf({ output, contributions: [{ index }] }: PotWorld): Span[] {
  const starts = [0];
  for (let i = 0; i < output.length; i++) if (output[i] === 0x20) starts.push(i + 1);
  // The output begins within a word.
  const spans: Span[] = [];
  for (let token = 1; spans.length < SPANS;) {
    let end = token;
    while (starts[end + 1] - 1 - starts[token] <= 254) end++;
    spans.push({
      creditStart: starts[token],
      creditEnd: starts[end],
      matchStart: starts[token],
      matchEnd: starts[end] - 1,
      contribution: index,
      sourceOffset: starts[token] + 3,
    });
    token = end;
  }
  return spans;
}

/** Bytes of the first K tokens from a place of a text. */
function gramLength(text: Uint8Array, start: number): number {
  let end = start;
  for (let tokens = 0; tokens < GRAM; tokens++) end = text.indexOf(0x20, end + 1);
  return end - start;
}

function middleOf(size: number): number {
  return size / 2 + 1;
}

/**
 * A report of `size` calls, one of which has spans; nobody has settled any of them. As many credits and shares, too: what
 * proofs cost depends on how deep the trees are.
 */
function largeReport({
  world: { pot, output },
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
  const dataShare = dataShareOf(AMOUNT, WHOLE / 2n);
  const reported = spans.map((span, credit) => ({ ...span, credit }));
  const { contentRoot } = ContentTree.from(output);
  const inference = {
    operator: `0x${"0d".repeat(20)}`,
    splitId: id("service"),
    memo: id("memo"),
    settled: AMOUNT * 100n,
    receipts: 100,
    place: 50,
    amount: AMOUNT,
    outputRoot: contentRoot,
    outputLength: output.length,
    spansRoot: new SpanTree(reported).root,
    spans: reported.length,
  };
  // Most are looked at by nobody, so that one evidence does for all of them.
  const inferences: ReportedInference[] = Array.from({ length: size }, (_, i) => ({
    inference: { ...inference, receiptDigest: keccak256(toUtf8Bytes(`receipt ${i}`)) },
    dataShare,
  }));
  const credits: Credit[] = Array.from({ length: size }, (_, i) => ({
    // Nobody's, so that whoever is to have them is not the one.
    payee: walletAccount(`0x${id(`payee ${i}`).slice(26)}`),
    amount: i < spans.length ? creditOf({ dataShare, span: spans[i], outputLength: output.length }) - 1n : 1n,
    inference: at,
    span: i,
  }));
  const total = dataShare * BigInt(size);
  const shares = listShares({ pot, credits: credits.slice(0, size - 1), total });
  const lists: ReportLists = {
    inferences,
    spans: inferences.map((_, i) => (i === at ? reported : [])),
    credits,
    shares,
  };
  return new ReportData({ pot, epoch, lists });
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
