import { id, toUtf8Bytes, Wallet, ZeroAddress } from "ethers";

import type { Span } from "../../sdk/attribution/attribute.ts";
import type { ContributionText, FaultProofs, GramPlace } from "../../sdk/attribution/faultProofs.ts";
import {
  dataShareOf,
  type Inference,
  type Pot,
  packFigures,
  type Report,
  type ReportedSpan,
  WHOLE,
} from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import { SpanTree } from "../../sdk/attribution/spanTree.ts";
import { CHUNK_BYTES, ContentTree, evidenceOf } from "../../sdk/content.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { ContributionLog } from "../../sdk/log.ts";
import type { Share } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import type { SumTree } from "../../sdk/sumTree.ts";
import {
  acceptSigned,
  type Contributed,
  contribute,
  createDatanet,
  latestSplit,
  sharesOf,
  URI,
} from "./contributions.ts";
import { type Sent, settle } from "./gas.ts";
import { storeLog } from "./storedLog.ts";
import { AMOUNT, type Bench } from "./world.ts";

/** What a proof of a fault may cost. */
export const DISPUTE_BUDGET = 200_000;

/** What each call pays to the pot. */
export const DATA_SHARE = dataShareOf(AMOUNT, WHOLE / 2n);

const GRAM = 5;

/** Spans of the output that is looked at. */
const SPANS = 64;

/** A pot, and an output that has words of the last two contributions of its Datanet. */
export interface PotWorld {
  pot: Pot;
  log: Split;
  contributions: [ContributionText, ContributionText];
  output: Uint8Array;
}

/** Spans of an output that are wrong, and what proves it. */
export interface SpanFault {
  spans: readonly Span[];
  prove: (proofs: FaultProofs) => Sent;
}

/** A posted report, and what posting it cost. */
export interface Posted {
  report: Report;
  gas: number;
}

/**
 * A pot for a Datanet of whose `size` contributions the last two have the same text.
 *
 * @param treeOf The tree of its log: all others' shares, and then these.
 */
export async function createPot(
  bench: Bench,
  { size, treeOf }: { size: number; treeOf: (shares: readonly Share[]) => SumTree },
): Promise<PotWorld> {
  const like = new ContributionLog();
  const batch = contribute({ name: "a log for comparison" });
  like.append(sharesOf(batch));
  const likeId = await createDatanet(bench);
  await acceptSigned({ bench, datanetId: likeId, batch });

  const text = toUtf8Bytes(Array.from({ length: 20_000 }, (_, i) => wordAt(i)).join(" "));
  const datanetId = await createDatanet(bench);
  await storeLog({
    bench,
    datanetId,
    tree: treeOf([]),
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
  const split = new Split({ tree: treeOf(sharesOf(batchOfTexts)) });
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

function wordAt(i: number): string {
  return (BigInt(id(`word ${i}`)) % 10n ** BigInt(2 + (i % 9))).toString();
}

/** Matches of the output with the first of the two contributions, each of as many bytes as a match can have. */
export function spansOf({ output, contributions: [{ index }] }: PotWorld): Span[] {
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

/** The call that is looked at, but for its receipt: nobody has settled it. */
export function inferenceOf({ output }: PotWorld, spans: readonly ReportedSpan[]): Omit<Inference, "receiptDigest"> {
  return {
    operator: `0x${"0d".repeat(20)}`,
    splitId: id("service"),
    memo: id("memo"),
    settled: AMOUNT * 100n,
    receipts: 100,
    place: 50,
    amount: AMOUNT,
    outputRoot: ContentTree.from(output).contentRoot,
    outputLength: output.length,
    spansRoot: new SpanTree(spans).root,
    spans: spans.length,
  };
}

/**
 * Wrong spans of an inference's output, and what proves that they are.
 *
 * @param acrossChunks Whether the words that are looked at lie in two chunks of both texts, the most there can be.
 */
export function spanFaultsOf({
  bench: { reports, spanFaults },
  world,
  inference,
  acrossChunks = false,
}: {
  bench: Bench;
  world: PotWorld;
  inference: number;
  acrossChunks?: boolean;
}): Record<string, SpanFault> {
  const { output, contributions } = world;
  const [contribution, later] = contributions;
  const right = spansOf(world);
  const place = placeIn(right[40], { output, acrossChunks });
  const match = { inference, place, output, contribution };
  const send = (proof: string): Sent => reports.challenge(spanFaults, proof);
  return {
    "prove a false span (F1)": {
      spans: right.map((span) => ({ ...span, sourceOffset: span.sourceOffset + 1 })),
      prove: (proofs) => send(proofs.falseSpan({ inference, span: 40, output, contribution })),
    },
    "prove an earlier owner (F2)": {
      spans: right.map((span) => ({ ...span, contribution: later.index })),
      prove: (proofs) => send(proofs.earlierOwner({ ...match, span: 40 })),
    },
    "prove a missing span (F3)": {
      spans: right.filter((_, i) => i !== 40),
      prove: (proofs) => send(proofs.missingSpan({ ...match, gap: 40 })),
    },
  };
}

/** Waits for the end of the current epoch, which is returned. */
export async function endLatestEpoch({ pots, connection }: Bench): Promise<number> {
  const { time } = connection.networkHelpers;
  const epoch = await pots.epochOf(await time.latest());
  await time.increaseTo((epoch + 1n) * (await pots.epochSeconds()));
  return Number(epoch);
}

export async function postReport({ reports, connection, payer }: Bench, { figures }: ReportData): Promise<Posted> {
  const receipt = await settle(reports.post(...packFigures(figures)));
  const block = await connection.ethers.provider.getBlock(receipt.blockNumber);
  const report = { figures, reporter: payer.address, postedAt: BigInt(block?.timestamp ?? 0) };
  return { report, gas: Number(receipt.gasUsed) };
}

/** The first K tokens of a span's match, or the first ones that lie in two chunks of both texts. */
function placeIn(
  { matchStart, sourceOffset }: Span,
  { output, acrossChunks }: { output: Uint8Array; acrossChunks: boolean },
): GramPlace {
  for (let start = matchStart; ; start = output.indexOf(0x20, start) + 1) {
    const place = { start, length: gramLength(output, start), sourceOffset: sourceOffset + start - matchStart };
    const isAcross = [place.start, place.sourceOffset].every(
      (from) => Math.floor(from / CHUNK_BYTES) !== Math.floor((from + place.length - 1) / CHUNK_BYTES),
    );
    if (isAcross || !acrossChunks) return place;
  }
}

/** Bytes of the first K tokens from a place of a text. */
function gramLength(text: Uint8Array, start: number): number {
  let end = start;
  for (let tokens = 0; tokens < GRAM; tokens++) end = text.indexOf(0x20, end + 1);
  return end - start;
}
