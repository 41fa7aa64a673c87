import { expect } from "chai";
import { solidityPackedKeccak256, toUtf8Bytes, ZeroHash } from "ethers";
import { network } from "hardhat";

import {
  encodeContentAnswer,
  encodeInferenceAnswer,
  encodeShareAnswer,
  FaultProofs,
  type Item,
  ItemKind,
  NO_TEXT,
  openChunks,
} from "../../sdk/attribution/faultProofs.ts";
import { inferenceEvidence, type Report } from "../../sdk/attribution/report.ts";
import { NO_SPANS, type ReportData } from "../../sdk/attribution/reportData.ts";
import { ContentTree, evidenceOf } from "../../sdk/content.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { type Receipt, receiptDigest } from "../../sdk/receipt.ts";
import { shareOfReceipt } from "../../sdk/receiptTree.ts";
import { Split } from "../../sdk/split.ts";
import { forge } from "./forge.ts";
import { deployReports, postReport, receiptsDomain, type ReportWorld, settleEpoch, someOutputs } from "./reports.ts";

const connection = await network.create();
const { loadFixture } = connection.networkHelpers;

interface DemandedWorld extends ReportWorld {
  data: ReportData;
  report: Report;
  /** By inference. */
  calls: { receipt: Receipt; output: Uint8Array; place: number }[];
  /** What the settlement's memo commits to. */
  settlement: Split;
  proofs: FaultProofs;
}

async function posted(): Promise<DemandedWorld> {
  const world = await deployReports(connection, { revoked: [3] });
  const outputs = [...someOutputs(world, 5), ""];
  const { batch, data } = await settleEpoch(world, outputs);
  const report = await postReport(world, data);
  const domain = await receiptsDomain(world);
  const settlement = Split.from({ shares: batch.receipts.map((receipt) => shareOfReceipt({ ...domain, receipt })) });
  const calls = data.lists.inferences.map(({ inference }) => {
    const { receipt, output } = batch.calls[inference.place];
    return { receipt, output, place: inference.place };
  });
  return { ...world, data, report, calls, settlement, proofs: new FaultProofs({ report, data, log: world.log }) };
}

const item = (kind: Item["kind"], first = 0, second = 0): Item => ({ kind, first, second });

function inferenceAnswer(
  world: DemandedWorld,
  index: number,
  more: Partial<Parameters<typeof encodeInferenceAnswer>[0]> = {},
): string {
  return encodeInferenceAnswer({
    inference: world.data.openInference(index),
    receipt: world.calls[index].receipt,
    ...more,
  });
}

function contentAnswer({ proofs, contributions }: DemandedWorld, index: number, chunk: number, count = 1): string {
  const { content, text } = contributions[index];
  return encodeContentAnswer({
    contribution: proofs.openContribution({ index, content }),
    text: openChunks(text, { firstChunk: chunk, count }),
  });
}

/** Demands something and answers. */
async function answer(world: DemandedWorld, what: Item, data: string) {
  const { reports, watcher, report, pot } = world;
  await reports.connect(watcher).demand(report, pot, what);
  return await reports.answer(report, pot, what, data);
}

/** What the contract says of an answer, without a demand. */
async function check({ openings, report, pot }: DemandedWorld, what: Item, data: string): Promise<void> {
  await openings.checkAnswer(report, pot, what, data);
}

const longest = ({ calls }: DemandedWorld): number =>
  calls.reduce((best, { output }, i) => (output.length > calls[best].output.length ? i : best), 0);

describe("Openings: what answers a demand", () => {
  it("for an inference is the inference", async () => {
    const world = await loadFixture(posted);
    for (let i = 0; i < world.calls.length; i++)
      await answer(world, item(ItemKind.Inference, i), inferenceAnswer(world, i));
    expect(await world.reports.openDemands(await reportIdOf(world))).to.equal(0n);
  });

  it("for a span is the span, and the inference alone where it has no such span", async () => {
    const world = await loadFixture(posted);
    const { data } = world;
    const i = longest(world);
    const count = data.lists.spans[i].length;
    expect(count).to.be.greaterThan(1);
    for (let k = 0; k < count; k++) {
      const spans = data.openSpans(i, { first: k, count: 1 });
      await answer(world, item(ItemKind.Span, i, k), inferenceAnswer(world, i, { spans }));
    }
    await answer(world, item(ItemKind.Span, i, count), inferenceAnswer(world, i));
    await answer(world, item(ItemKind.Span, i, 2 ** 40), inferenceAnswer(world, i));
  });

  it("for a credit and for a share of the payout is the share", async () => {
    const world = await loadFixture(posted);
    const { data } = world;
    const last = data.lists.credits.length - 1;
    for (const k of [0, last]) {
      await answer(world, item(ItemKind.Credit, k), encodeShareAnswer(data.openCredit(k)));
    }
    for (let s = 0; s < data.lists.shares.length; s++) {
      await answer(world, item(ItemKind.Share, s), encodeShareAnswer(data.openShare(s)));
    }
  });

  it("for a chunk of an output is the chunk, and the inference alone where there is none", async () => {
    const world = await loadFixture(posted);
    const i = longest(world);
    const { output } = world.calls[i];
    const chunks = Math.ceil(output.length / 256);
    expect(chunks).to.be.greaterThan(1);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const data = inferenceAnswer(world, i, { output: openChunks(output, { firstChunk: chunk, count: 1 }) });
      await answer(world, item(ItemKind.OutputChunk, i, chunk), data);
    }
    await answer(world, item(ItemKind.OutputChunk, i, chunks), inferenceAnswer(world, i));
    const none = world.calls.findIndex(({ output: { length } }) => length === 0);
    await answer(world, item(ItemKind.OutputChunk, none, 0), inferenceAnswer(world, none));
  });

  it("for a receipt is the receipt and its place in the settlement", async () => {
    const world = await loadFixture(posted);
    const { settlement, calls } = world;
    for (const [i, { place }] of calls.entries()) {
      const settled = proveShare(settlement, place);
      await answer(world, item(ItemKind.Receipt, i), inferenceAnswer(world, i, { settled }));
    }
  });

  it("for a chunk of a contribution is the chunk, and nothing of one that was revoked", async () => {
    const world = await loadFixture(posted);
    const chunks = Math.ceil(world.contributions[1].text.length / 256);
    await answer(world, item(ItemKind.ContentChunk, 1, 0), contentAnswer(world, 1, 0));
    await answer(world, item(ItemKind.ContentChunk, 1, chunks - 1), contentAnswer(world, 1, chunks - 1));
    const contribution = world.proofs.openContribution(world.contributions[1]);
    await answer(world, item(ItemKind.ContentChunk, 1, chunks), encodeContentAnswer({ contribution, text: NO_TEXT }));
    const revoked = world.proofs.openContribution(world.contributions[3]);
    await answer(
      world,
      item(ItemKind.ContentChunk, 3, 0),
      encodeContentAnswer({ contribution: revoked, text: NO_TEXT }),
    );
  });
});

async function reportIdOf({ reports, data }: DemandedWorld): Promise<string> {
  return (await reports.reportOf(data.figures.potId))[0];
}

describe("Openings: what does not answer a demand", () => {
  it("is what answers another one", async () => {
    const world = await loadFixture(posted);
    const { data, openings, calls } = world;
    const i = longest(world);
    const other = i === 0 ? 1 : 0;
    const spans = data.openSpans(i, { first: 0, count: 1 });
    for (const [what, bytes, given, demanded] of [
      [item(ItemKind.Inference, i), inferenceAnswer(world, other), other, i],
      [item(ItemKind.Span, i, 0), inferenceAnswer(world, other), other, i],
      [item(ItemKind.Span, i, 1), inferenceAnswer(world, i, { spans }), 0, 1],
      [item(ItemKind.Receipt, i), inferenceAnswer(world, other), other, i],
      [item(ItemKind.Credit, 1), encodeShareAnswer(data.openCredit(0)), 0, 1],
      [item(ItemKind.Share, 1), encodeShareAnswer(data.openShare(0)), 0, 1],
      [
        item(ItemKind.OutputChunk, i, 1),
        inferenceAnswer(world, i, { output: openChunks(calls[i].output, { firstChunk: 0, count: 1 }) }),
        0,
        1,
      ],
      [item(ItemKind.ContentChunk, 1, 0), contentAnswer(world, 2, 0), 2, 1],
      [item(ItemKind.ContentChunk, 1, 0), contentAnswer(world, 1, 1), 1, 0],
    ] as const) {
      await expect(check(world, what, bytes), JSON.stringify(what))
        .to.be.revertedWithCustomError(openings, "Openings_OtherItem")
        .withArgs(given, demanded);
    }
  });

  it("is a share of another tree", async () => {
    const world = await loadFixture(posted);
    const { data, openings } = world;
    const { creditsRoot, payoutRoot } = data.figures;
    expect(data.lists.credits.length).to.be.greaterThan(data.lists.shares.length);
    const [credit, share] = [data.openCredit(0), data.openShare(0)];
    const cut = (proof: string, like: string): string => proof.padEnd(like.length, "0").slice(0, like.length);
    for (const [kind, root, bytes] of [
      [ItemKind.Credit, creditsRoot, { ...share, proof: cut(share.proof, credit.proof) }],
      [ItemKind.Share, payoutRoot, { ...credit, proof: cut(credit.proof, share.proof) }],
    ] as const) {
      await expect(check(world, item(kind, 0), encodeShareAnswer(bytes)))
        .to.be.revertedWithCustomError(openings, "Reports_NotInReport")
        .withArgs(0n, root, (given: string) => given !== root);
    }
  });

  it("is an inference with one field changed, or a span", async () => {
    const world = await loadFixture(posted);
    const { data, openings } = world;
    const opening = data.openInference(0);
    const changed = { ...opening.inference, amount: opening.inference.amount + 1n };
    await expect(
      check(
        world,
        item(ItemKind.Inference, 0),
        inferenceAnswer(world, 0, { inference: { ...opening, inference: changed } }),
      ),
    )
      .to.be.revertedWithCustomError(openings, "Reports_OtherInference")
      .withArgs(0n, inferenceEvidence(opening.inference), inferenceEvidence(changed));

    const i = longest(world);
    const spans = data.openSpans(i, { first: 0, count: 1 });
    const { spansRoot } = data.lists.inferences[i].inference;
    const last = spans.spans.endsWith("0") ? "1" : "0";
    const bent = { ...spans, spans: `${spans.spans.slice(0, -1)}${last}` };
    await expect(check(world, item(ItemKind.Span, i, 0), inferenceAnswer(world, i, { spans: bent })))
      .to.be.revertedWithCustomError(openings, "Reports_NotInReport")
      .withArgs(0n, spansRoot, (given: string) => given !== spansRoot);
    const part = { ...spans, spans: spans.spans.slice(0, -2) };
    await expect(check(world, item(ItemKind.Span, i, 0), inferenceAnswer(world, i, { spans: part })))
      .to.be.revertedWithCustomError(openings, "Reports_BadSpans")
      .withArgs(35n);
    await expect(check(world, item(ItemKind.Span, i, 0), inferenceAnswer(world, i, { spans: NO_SPANS })))
      .to.be.revertedWithCustomError(openings, "MerkleRanges_BadRange")
      .withArgs(0n, 0n, data.lists.spans[i].length);
  });

  it("is more than one span or chunk", async () => {
    const world = await loadFixture(posted);
    const { data, openings, calls } = world;
    const i = longest(world);
    const spans = data.openSpans(i, { first: 0, count: 2 });
    await expect(check(world, item(ItemKind.Span, i, 0), inferenceAnswer(world, i, { spans })))
      .to.be.revertedWithCustomError(openings, "Openings_NotOne")
      .withArgs(2n);
    const { output } = calls[i];
    const two = openChunks(output, { firstChunk: 0, count: 2 });
    await expect(check(world, item(ItemKind.OutputChunk, i, 0), inferenceAnswer(world, i, { output: two })))
      .to.be.revertedWithCustomError(openings, "Openings_NotOne")
      .withArgs(Math.min(512, output.length));
    await expect(check(world, item(ItemKind.ContentChunk, 1, 0), contentAnswer(world, 1, 0, 2)))
      .to.be.revertedWithCustomError(openings, "Openings_NotOne")
      .withArgs(512n);
  });

  it("is a chunk of another text, too few bytes of one, or too few siblings", async () => {
    const world = await loadFixture(posted);
    const { openings, calls } = world;
    const i = longest(world);
    const { output, receipt } = calls[i];
    const what = item(ItemKind.OutputChunk, i, 0);
    const opening = openChunks(output, { firstChunk: 0, count: 1 });
    const give = (changes: object): string => inferenceAnswer(world, i, { output: { ...opening, ...changes } });
    const proven = ContentTree.from(toUtf8Bytes("x".repeat(256))).contentRoot;
    await expect(check(world, what, give({ chunks: `0x${"78".repeat(256)}` })))
      .to.be.revertedWithCustomError(openings, "Texts_NotInText")
      .withArgs(receipt.outputRoot, (given: string) => given !== proven && given !== receipt.outputRoot);
    await expect(check(world, what, give({ chunks: opening.chunks.slice(0, -2) })))
      .to.be.revertedWithCustomError(openings, "Texts_BadChunks")
      .withArgs(0n, 255n, output.length);
    const { siblings } = opening;
    for (const [given, needed] of [
      [siblings.slice(1), siblings.length],
      [[...siblings, ZeroHash], siblings.length],
    ] as const) {
      await expect(check(world, what, give({ siblings: given })))
        .to.be.revertedWithCustomError(openings, "MerkleRanges_BadSiblings")
        .withArgs(given.length, needed);
    }
    await expect(check(world, what, give({ chunks: "0x" })))
      .to.be.revertedWithCustomError(openings, "MerkleRanges_BadRange")
      .withArgs(0n, 0n, Math.ceil(output.length / 256));
  });

  it("is a chunk that has more bytes than its text, also if the text's root commits to it", async () => {
    const world = await loadFixture(posted);
    const { openings, data, pot } = world;
    const chunk = `0x${"78".repeat(256)}`;
    const leaf = solidityPackedKeccak256(["uint8", "bytes"], [0x10, chunk]);
    const root = solidityPackedKeccak256(["uint8", "bytes32", "bytes32"], [0x11, leaf, leaf]);
    const rootOf = (length: number): string =>
      solidityPackedKeccak256(["uint8", "uint64", "bytes32"], [0x12, length, root]);
    for (const outputLength of [512, 300]) {
      const wrong = forge(data, ({ inferences }) => {
        Object.assign(inferences[0].inference, { outputLength, outputRoot: rootOf(outputLength) });
      });
      const report = { ...world.report, figures: wrong.figures };
      const bytes = encodeInferenceAnswer({
        inference: wrong.openInference(0),
        output: { firstChunk: 1, chunks: chunk, siblings: [leaf] },
        receipt: world.calls[0].receipt,
      });
      const checked = openings.checkAnswer(report, pot, item(ItemKind.OutputChunk, 0, 1), bytes);
      if (outputLength === 512) await checked;
      else await expect(checked).to.be.revertedWithCustomError(openings, "Texts_BadChunks").withArgs(1n, 256n, 300n);
    }
  });

  it("is another receipt, or a settlement that the memo does not commit to", async () => {
    const world = await loadFixture(posted);
    const { openings, calls, settlement } = world;
    const domain = await receiptsDomain(world);
    const settled = proveShare(settlement, calls[0].place);
    const [receipt, other] = calls.map((call) => call.receipt);
    await expect(check(world, item(ItemKind.Receipt, 0), inferenceAnswer(world, 0, { receipt: other, settled })))
      .to.be.revertedWithCustomError(openings, "Openings_OtherReceipt")
      .withArgs(receiptDigest({ ...domain, receipt }), receiptDigest({ ...domain, receipt: other }));
    const elsewhere = Split.from({ shares: calls.map((call) => shareOfReceipt({ ...domain, receipt: call.receipt })) });
    const lost = Split.from({
      shares: elsewhere.tree.shares({ first: 0, count: calls.length }),
      arbiter: world.watcher.address,
    });
    await expect(
      check(world, item(ItemKind.Receipt, 0), inferenceAnswer(world, 0, { settled: proveShare(lost, calls[0].place) })),
    )
      .to.be.revertedWithCustomError(openings, "Openings_NotInSettlement")
      .withArgs(settlement.id, (given: string) => given !== settlement.id);
  });

  it("is a contribution with another content, or of another log", async () => {
    const world = await loadFixture(posted);
    const { openings, contributions, proofs, log } = world;
    const [right, wrong] = [contributions[1].content, { ...contributions[1].content, licenseHash: ZeroHash }];
    const contribution = proofs.openContribution({ index: 1, content: wrong });
    await expect(check(world, item(ItemKind.ContentChunk, 1, 0), encodeContentAnswer({ contribution, text: NO_TEXT })))
      .to.be.revertedWithCustomError(openings, "Reports_OtherContent")
      .withArgs(1n, evidenceOf(right), evidenceOf(wrong));
    const misplaced = { index: 1, content: contributions[2].content, proof: proveShare(log, 2) };
    await expect(
      check(world, item(ItemKind.ContentChunk, 1, 0), encodeContentAnswer({ contribution: misplaced, text: NO_TEXT })),
    )
      .to.be.revertedWithCustomError(openings, "Reports_NotInLog")
      .withArgs(1n, log.id, (given: string) => given !== log.id);
  });

  it("is about another pot", async () => {
    const { openings, report, pot } = await loadFixture(posted);
    const other = { ...pot, commons: 0 };
    for (const call of [
      openings.checkAnswer(report, other, item(ItemKind.Inference), "0x"),
      openings.checkDemand(report, other, item(ItemKind.Inference)),
    ]) {
      await expect(call)
        .to.be.revertedWithCustomError(openings, "Reports_OtherPot")
        .withArgs(report.figures.potId, (given: string) => given !== report.figures.potId);
    }
  });
});

describe("Openings: what can be demanded", () => {
  it("is what the report and the log have by their numbers", async () => {
    const { openings, report, pot } = await loadFixture(posted);
    const { inferences, credits, shares } = report.figures;
    for (const [kind, size] of [
      [ItemKind.Inference, inferences],
      [ItemKind.Span, inferences],
      [ItemKind.OutputChunk, inferences],
      [ItemKind.Receipt, inferences],
      [ItemKind.Credit, credits],
      [ItemKind.Share, shares],
      [ItemKind.ContentChunk, pot.logSize],
    ] as const) {
      await openings.checkDemand(report, pot, item(kind, size - 1, 2 ** 40));
      const beyond = item(kind, size);
      await expect(openings.checkDemand(report, pot, beyond), String(kind))
        .to.be.revertedWithCustomError(openings, "Openings_NoSuchItem")
        .withArgs(Object.values(beyond));
    }
  });
});
