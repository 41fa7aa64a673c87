import { expect } from "chai";
import { toUtf8Bytes, ZeroHash } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { buildReport } from "../../sdk/attribution/buildReport.ts";
import {
  type ContributionText,
  FaultProofs,
  type GramPlace,
  NO_TEXT,
  openChunks,
  openText,
  PayoutFault,
} from "../../sdk/attribution/faultProofs.ts";
import { inferenceEvidence, potId, reportId } from "../../sdk/attribution/report.ts";
import { NO_SPANS, ReportData, shareOfCredit, type SpansOpening } from "../../sdk/attribution/reportData.ts";
import { ContentTree } from "../../sdk/content.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { receiptDigest } from "../../sdk/receipt.ts";
import { shareOfReceipt } from "../../sdk/receiptTree.ts";
import { ShareKind } from "../../sdk/share.ts";
import { SumTree } from "../../sdk/sumTree.ts";
import type { Reported } from "./challenges.ts";
import { type Draft, forge } from "./forge.ts";
import { commonGrams, gramsOf } from "./grams.ts";
import { CALL, PAIR, rewritePayoutProof, rewriteSpanProof, rewriteWitness, SUM } from "./rewrite.ts";
import { deployReports, endEpoch, GRAM, postReport, receiptsDomain, settleCalls, sourceOf } from "./reports.ts";

const connection = await network.create();
const { ethers } = connection;
const { loadFixture } = connection.networkHelpers;

const words = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}${i}`);
const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => words(name, 60));
const own = words("own", 3);

/** a: contributions 1 and 3; b: 2; c: 4, which was revoked; d: commons. */
const texts = [d, a, b, [...words("z", 9), ...a], c].map((text) => text.join(" "));
const output = [
  ...own,
  ...a.slice(0, 40),
  ...own,
  ...b.slice(5, 45),
  ...own,
  ...c.slice(0, 10),
  ...d.slice(0, 10),
  ...own,
  ...b.slice(55),
].join(" ");

interface VerifierWorld extends Reported {
  output: Uint8Array;
  /** The inference that is looked at; the other has no spans. */
  i: number;
  proofs: FaultProofs;
}

async function report(contributed: readonly string[], text: string, revoked: number[]): Promise<VerifierWorld> {
  const world = await deployReports(connection, { texts: contributed, revoked });
  const batches = [await settleCalls(world, [text, "nothing"])];
  const epoch = await endEpoch(world);
  const data = buildReport(await sourceOf(world, batches, epoch));
  const posted = await postReport(world, data);
  const i = data.lists.spans.findIndex((spans) => spans.length > 0);
  const proofs = new FaultProofs({ report: posted, data, log: world.log });
  return { ...world, batches, data, report: posted, output: toUtf8Bytes(text), i, proofs };
}

async function reported(): Promise<VerifierWorld> {
  return await report(texts, output, [4]);
}

const fiveTokens = (letter: string, last: number): string =>
  [60, 60, 60, 60, last].map((length) => letter.repeat(length)).join(" ");
const [long254, long255] = [fiveTokens("l", 10), fiveTokens("m", 11)];
const edgeOutput = `own ${long254} own ${long255} own xz0 z1 z2 z3 z4y own q0 q1 q2 q3 q4`;

/** Words of as many bytes as a match can have, and of one more, and parts of words. */
async function edges(): Promise<VerifierWorld> {
  const contributed = ["commons", long254, long255, "z0 z1 z2 z3 z4", "vq0 q1 q2 q3 q4v"];
  return await report(contributed, edgeOutput, []);
}

function placeOf({ output: bytes, contributions, pot }: VerifierWorld, contribution: number, nth = 0): GramPlace {
  return commonGrams(bytes, contributions[contribution].text, pot.gram).slice(nth)[0];
}

describe("SpanVerifier", () => {
  it("names report and reporter of what it finds", async () => {
    const world = await loadFixture(reported);
    const data = forge(world.data, ({ spans }) => (spans[world.i][0].sourceOffset += 3));
    const report = { ...world.report, figures: data.figures };
    const proof = new FaultProofs({ report, data, log: world.log }).falseSpan({
      inference: world.i,
      span: 0,
      output: world.output,
      contribution: world.contributions[1],
    });
    const fault = await world.spanVerifier.verify(proof);
    expect([fault.id, fault.respondent, fault.harmed, fault.harm]).to.deep.equal([
      `${reportId(report)}${"00".repeat(8)}`,
      world.reporter.address,
      ethers.ZeroAddress,
      0n,
    ]);
    expect(fault.restitution).to.deep.equal([ZeroHash, 0n, 0n, 0n, ethers.ZeroAddress, ZeroHash, 0n]);
  });

  it("finds no fault in a right span, or in one of another contribution than is shown", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i } = world;
    const right = { inference: i, span: 1, output: world.output };
    await expect(spanVerifier.verify(proofs.falseSpan({ ...right, contribution: contributions[2] })))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_RightSpan")
      .withArgs(i, 1n);
    await expect(spanVerifier.verify(proofs.falseSpan({ ...right, contribution: contributions[1] })))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_OtherContribution")
      .withArgs(1n, 2n);
  });

  const malformed: [
    string,
    (span: { creditStart: number; creditEnd: number; matchStart: number; matchEnd: number }) => void,
  ][] = [
    ["ends behind the output", (span) => (span.matchEnd = output.length + 1)],
    ["has no words", (span) => (span.matchEnd = span.matchStart)],
    ["is longer than a match can be", (span) => (span.matchEnd = span.matchStart + 255)],
    ["credits words before its match", (span) => (span.creditStart = span.matchStart - 1)],
    ["credits nothing", (span) => (span.creditEnd = span.creditStart)],
    ["credits words behind its match", (span) => (span.creditEnd = span.matchEnd + 2)],
  ];
  for (const [what, change] of malformed) {
    it(`finds a span false, without any text, that ${what}`, async () => {
      const world = await loadFixture(reported);
      for (const span of [0, world.data.lists.spans[world.i].length - 1]) {
        const data = forge(world.data, ({ spans }) => {
          change(spans[world.i][span]);
        });
        const report = { ...world.report, figures: data.figures };
        const proofs = new FaultProofs({ report, data, log: world.log });
        const { id } = await world.spanVerifier.verify(
          proofs.falseSpan({ inference: world.i, span, output: new Uint8Array() }),
        );
        expect(id.slice(0, 50)).to.equal(reportId(report));
      }
    });
  }

  it("needs all bytes that it looks at", async () => {
    const { spanVerifier, contributions, i, data, proofs, output: bytes } = await loadFixture(reported);
    const last = data.lists.spans[i].length - 1;
    for (const [span, firstChunk] of [
      [0, 1],
      [last, 0],
    ]) {
      const { matchStart, matchEnd, contribution } = data.lists.spans[i][span];
      const proof = proofs.falseSpan({ inference: i, span, output: bytes, contribution: contributions[contribution] });
      const part = openChunks(bytes, { firstChunk, count: 1 });
      await expect(spanVerifier.verify(rewriteSpanProof(proof, { output: part })))
        .to.be.revertedWithCustomError(spanVerifier, "Texts_NotOpened")
        .withArgs(matchStart, matchEnd);
    }
  });

  it("takes a match for right that has no token more than it must, at the end of both texts", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, contributions, i, data, proofs } = world;
    const span = data.lists.spans[i].length - 1;
    const { matchStart, matchEnd, contribution, sourceOffset } = data.lists.spans[i][span];
    expect([contribution, matchEnd, sourceOffset + matchEnd - matchStart]).to.deep.equal([
      2,
      output.length,
      texts[2].length,
    ]);
    const proof = proofs.falseSpan({ inference: i, span, output: world.output, contribution: contributions[2] });
    await expect(spanVerifier.verify(proof))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_RightSpan")
      .withArgs(i, span);
  });

  it("looks at contributions of the pot's log only, and at the texts to which they commit", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, contributions, i, data, proofs, log } = world;
    const other = { ...contributions[2], text: toUtf8Bytes(texts[2].replace("b7", "x7")) };
    const { contentRoot } = ContentTree.from(other.text);
    const content = { ...other.content, contentRoot };
    const match = { inference: i, output: world.output };
    const place = placeOf(world, 1);
    const owned = data.lists.spans[i].findIndex((span) => span.contribution === 2);
    for (const proof of [
      proofs.falseSpan({ ...match, span: owned, contribution: { ...other, content } }),
      proofs.missingSpan({ ...match, gap: 0, place: { ...place, start: 0 }, contribution: { ...other, content } }),
    ]) {
      await expect(spanVerifier.verify(proof))
        .to.be.revertedWithCustomError(spanVerifier, "Reports_OtherContent")
        .withArgs(2n, log.tree.share(2).evidence, (given: string) => given !== ZeroHash);
    }
    await expect(
      spanVerifier.verify(proofs.missingSpan({ ...match, gap: 0, place: { ...place, start: 0 }, contribution: other })),
    )
      .to.be.revertedWithCustomError(spanVerifier, "Texts_NotInText")
      .withArgs(contributions[2].content.contentRoot, (given: string) => given !== ZeroHash);
  });

  it("hears earlier owners only, with units, of words that the span credits", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i, data } = world;
    const { creditStart, creditEnd } = data.lists.spans[i][1];
    const claim = (span: number, contribution: ContributionText, place: GramPlace) =>
      spanVerifier.verify(proofs.earlierOwner({ inference: i, span, place, output: world.output, contribution }));
    for (const later of [2, 3]) {
      await expect(claim(1, contributions[later], placeOf(world, 2)))
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_NotEarlier")
        .withArgs(later, 2n);
    }
    const place = placeOf(world, 1);
    await expect(claim(1, contributions[1], place))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_Elsewhere")
      .withArgs(place.start, place.start + place.length, creditStart, creditEnd);
    const inside = placeOf(world, 2);
    await expect(claim(1, contributions[1], inside))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_NoMatch")
      .withArgs(inside.start, inside.length, inside.sourceOffset);
  });

  it("refuses words of revoked contributions", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i, data } = world;
    const place = placeOf(world, 4);
    const gap = data.lists.spans[i].findIndex(({ creditStart }) => creditStart > place.start);
    await expect(
      spanVerifier.verify(
        proofs.missingSpan({ inference: i, gap, place, output: world.output, contribution: contributions[4] }),
      ),
    )
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_OwnsNothing")
      .withArgs(4n);
  });

  it("asks for exactly as many tokens as the pot, at the same whole tokens on both sides", async () => {
    const world = await loadFixture(reported);
    const { i, contributions, spanVerifier } = world;
    // The report leaves a span out, so that its words are missing.
    const data = forge(world.data, ({ spans }) => spans[i].splice(0, 1));
    const report = { ...world.report, figures: data.figures };
    const proofs = new FaultProofs({ report, data, log: world.log });
    const claim = (place: GramPlace) =>
      spanVerifier.verify(
        proofs.missingSpan({ inference: i, gap: 0, place, output: world.output, contribution: contributions[1] }),
      );
    const place = placeOf(world, 1, 3);
    expect((await claim(place)).id.slice(0, 50)).to.equal(reportId(report));
    const [more, fewer] = [GRAM + 1, GRAM - 1].map((k) => {
      const [length] = [...gramsOf(world.output.subarray(place.start), k).keys()].map((gram) => gram.length);
      return { ...place, length };
    });
    const token = world.output.indexOf(0x20, place.start) + 1 - place.start;
    for (const wrong of [
      more,
      fewer,
      { ...place, length: 0 },
      { ...place, start: place.start + 1, length: place.length - 1, sourceOffset: place.sourceOffset + 1 },
      { ...place, length: place.length - 1 },
      { ...place, start: place.start + token },
      { ...place, sourceOffset: place.sourceOffset + token },
      { ...place, sourceOffset: place.sourceOffset + 1 },
      { ...place, start: place.start + 1 },
    ]) {
      await expect(claim(wrong), JSON.stringify(wrong))
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_NoMatch")
        .withArgs(wrong.start, wrong.length, wrong.sourceOffset);
    }
    const beyond = { start: place.start, length: place.length, sourceOffset: texts[1].length - place.length + 1 };
    const proof = rewriteSpanProof(
      proofs.missingSpan({ inference: i, gap: 0, place, output: world.output, contribution: contributions[1] }),
      { sourceOffset: beyond.sourceOffset },
    );
    await expect(spanVerifier.verify(proof))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_NoMatch")
      .withArgs(beyond.start, beyond.length, beyond.sourceOffset);
    const far = rewriteSpanProof(
      proofs.missingSpan({ inference: i, gap: 0, place, output: world.output, contribution: contributions[1] }),
      { length: output.length },
    );
    await expect(spanVerifier.verify(far))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_NoMatch")
      .withArgs(place.start, output.length, place.sourceOffset);
  });

  it("wants the spans on both sides of a gap, and no others", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i, data } = world;
    const all = data.lists.spans[i].length;
    expect(all).to.be.greaterThan(2);
    const base = proofs.missingSpan({
      inference: i,
      gap: 1,
      place: placeOf(world, 1),
      output: world.output,
      contribution: contributions[1],
    });
    const opened = (first: number, count: number): SpansOpening => data.openSpans(i, { first, count });
    for (const [gap, spans, first, count] of [
      [all + 1, opened(all - 1, 1), all - 1, 1],
      [1, opened(0, 1), 0, 1],
      [1, opened(1, 2), 1, 2],
      [2, opened(0, 2), 0, 2],
      [0, opened(0, 2), 0, 2],
      [0, opened(1, 1), 1, 1],
      [0, NO_SPANS, 0, 0],
      [all, opened(all - 2, 1), all - 2, 1],
      [all, opened(all - 2, 2), all - 2, 2],
    ] as const) {
      await expect(spanVerifier.verify(rewriteSpanProof(base, { gap, spans })), `${gap}: ${first}, ${count}`)
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_OtherGap")
        .withArgs(gap, first, count);
    }
  });

  it("finds missing spans of an output without any, before the first and behind the last", async () => {
    const world = await loadFixture(reported);
    const { i, contributions } = world;
    for (const [change, gapOf, contribution, nth] of [
      [(spans: unknown[]) => spans.splice(0), () => 0, 1, 2],
      [(spans: unknown[]) => spans.splice(0, 1), () => 0, 1, 2],
      [(spans: unknown[]) => spans.splice(-1), (count: number) => count, 2, -1],
      [(spans: unknown[]) => spans.splice(1, 1), () => 1, 2, 2],
    ] as const) {
      const data = forge(world.data, ({ spans }) => {
        change(spans[i]);
      });
      const report = { ...world.report, figures: data.figures };
      const proof = new FaultProofs({ report, data, log: world.log }).missingSpan({
        inference: i,
        gap: gapOf(data.lists.spans[i].length),
        place: placeOf(world, contribution, nth),
        output: world.output,
        contribution: contributions[contribution],
      });
      expect((await world.spanVerifier.verify(proof)).id.slice(0, 50)).to.equal(reportId(report));
    }
  });

  it("hears nothing of words that begin where the gap ends, or end where it begins", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i, data } = world;
    const [first, second] = data.lists.spans[i];
    for (const [gap, nth, from, to] of [
      [0, 0, 0, first.creditStart],
      [1, -1, first.creditEnd, second.creditStart],
    ]) {
      const place = placeOf(world, 1, nth);
      const end = place.start + place.length;
      expect(nth === 0 ? place.start - to : end - from).to.equal(nth);
      const match = { inference: i, gap, place, output: world.output, contribution: contributions[1] };
      await expect(spanVerifier.verify(proofs.missingSpan(match)))
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_Elsewhere")
        .withArgs(place.start, end, from, to);
    }
  });

  it("takes words of 254 bytes, and neither longer ones nor parts of words", async () => {
    const world = await loadFixture(edges);
    const { spanVerifier, proofs, contributions, i, data, pot } = world;
    const [span, ...others] = data.lists.spans[i];
    expect([others.length, span.contribution, span.matchEnd - span.matchStart]).to.deep.equal([0, 1, 254]);
    const right = proofs.falseSpan({ inference: i, span: 0, output: world.output, contribution: contributions[1] });
    await expect(spanVerifier.verify(right))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_RightSpan")
      .withArgs(i, 0n);
    for (const [contribution, text, offset] of [
      [2, long255, 0],
      [3, "z0 z1 z2 z3 z4", 0],
      [4, "q0 q1 q2 q3 q4", 1],
    ] as const) {
      const place = { start: edgeOutput.indexOf(text), length: text.length, sourceOffset: offset };
      expect(place.start).to.be.greaterThan(0);
      const match = { inference: i, gap: 1, place, output: world.output, contribution: contributions[contribution] };
      await expect(spanVerifier.verify(proofs.missingSpan(match)), text)
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_NoMatch")
        .withArgs(place.start, place.length, place.sourceOffset);
    }
    const none = forge(data, ({ spans }) => spans[i].splice(0));
    const report = { ...world.report, figures: none.figures };
    const [place] = commonGrams(world.output, contributions[1].text, pot.gram);
    const match = { inference: i, gap: 0, output: world.output, contribution: contributions[1] };
    const missing = new FaultProofs({ report, data: none, log: world.log });
    const { id } = await spanVerifier.verify(missing.missingSpan({ ...match, place }));
    expect(id.slice(0, 50)).to.equal(reportId(report));
    const end = { start: edgeOutput.length - 14, length: 15, sourceOffset: 0 };
    const far = rewriteSpanProof(missing.missingSpan({ ...match, place: { ...end, length: 14 } }), { length: 15 });
    await expect(spanVerifier.verify(far))
      .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_NoMatch")
      .withArgs(end.start, 15n, 0n);
  });

  it("finds a span false by any part in which texts differ, and hears nothing of what is outside of the match", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, contributions, i, log, output: bytes } = world;
    const data = forge(world.data, ({ spans }) => (spans[i][1].sourceOffset += 3));
    const report = { ...world.report, figures: data.figures };
    const { matchStart, matchEnd, sourceOffset } = data.lists.spans[i][1];
    const length = matchEnd - matchStart;
    const at = { inference: i, span: 1, output: bytes, contribution: contributions[2] };
    const right = world.proofs.falseSpan(at);
    const wrong = new FaultProofs({ report, data, log }).falseSpan(at);
    const part = (start: number, count: number, offset: number) => ({
      start,
      length: count,
      output: openText(bytes, { start: matchStart, end: matchEnd }),
      source: openText(contributions[2].text, { start: offset, end: offset + length }),
    });
    for (const [start, count] of [
      [matchStart, length],
      [matchStart + 1, length - 2],
    ]) {
      const { id } = await spanVerifier.verify(rewriteSpanProof(wrong, part(start, count, sourceOffset)));
      expect(id.slice(0, 50)).to.equal(reportId(report));
      await expect(spanVerifier.verify(rewriteSpanProof(right, part(start, count, sourceOffset - 3))))
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_RightSpan")
        .withArgs(i, 1n);
    }
    for (const [start, count] of [
      [matchStart - 1, 1],
      [matchStart - 1, length],
      [matchEnd, 1],
      [matchStart + 1, length],
    ]) {
      await expect(spanVerifier.verify(rewriteSpanProof(wrong, part(start, count, sourceOffset))))
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_Elsewhere")
        .withArgs(start, start + count, matchStart, matchEnd);
    }
  });

  it("finds a span false by one text alone whose tokens it cuts", async () => {
    const world = await loadFixture(edges);
    const { spanVerifier, contributions, i, log, output: bytes } = world;
    for (const [contribution, text, sourceOffset] of [
      [3, "z0 z1 z2 z3 z4", 0],
      [4, "q0 q1 q2 q3 q4", 1],
    ] as const) {
      const start = edgeOutput.indexOf(text);
      const [matchStart, matchEnd] = [start, start + text.length];
      // What is credited are whole words: all but the first one and the last one.
      const [creditStart, creditEnd] = [start + 3, matchEnd - 2];
      const span = { creditStart, creditEnd, matchStart, matchEnd, contribution, sourceOffset, credit: 0 };
      const data = forge(world.data, ({ spans }) => spans[i].push(span));
      const report = { ...world.report, figures: data.figures };
      const proof = new FaultProofs({ report, data, log }).falseSpan({
        inference: i,
        span: 1,
        output: bytes,
        contribution: contributions[contribution],
      });
      expect((await spanVerifier.verify(proof)).id.slice(0, 50)).to.equal(reportId(report));
      // Neither text is at fault for what the other one cuts.
      const output = openText(bytes, { start: matchStart, end: matchEnd });
      const source = openText(contributions[contribution].text, {
        start: sourceOffset,
        end: sourceOffset + text.length,
      });
      const other = contribution === 3 ? { output: NO_TEXT, source } : { output, source: NO_TEXT };
      await expect(spanVerifier.verify(rewriteSpanProof(proof, other)))
        .to.be.revertedWithCustomError(spanVerifier, "SpanVerifier_RightSpan")
        .withArgs(i, 1n);
    }
  });

  it("looks at the texts that were committed to", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i, output: bytes } = world;
    const proof = proofs.falseSpan({ inference: i, span: 1, output: bytes, contribution: contributions[2] });
    const [otherOutput, otherText] = [output, texts[2]].map((text) => toUtf8Bytes(text.replace("b7", "x7")));
    const { matchStart: start, matchEnd, sourceOffset } = world.data.lists.spans[i][1];
    const length = matchEnd - start;
    const [outputs, sources] = [
      [bytes, otherOutput].map((text) => openText(text, { start, end: matchEnd })),
      [contributions[2].text, otherText].map((text) =>
        openText(text, { start: sourceOffset, end: sourceOffset + length }),
      ),
    ];
    const strangeOutput = [ContentTree.from(bytes).contentRoot, ContentTree.from(otherOutput).contentRoot];
    const strangeText = [contributions[2].content.contentRoot, ContentTree.from(otherText).contentRoot];
    for (const [changes, roots] of [
      [{ start, length, output: outputs[1], source: sources[0] }, strangeOutput],
      [{ start, length, output: outputs[0], source: sources[1] }, strangeText],
      [{ output: outputs[1], source: NO_TEXT }, strangeOutput],
      [{ output: NO_TEXT, source: sources[1] }, strangeText],
    ] as const) {
      await expect(spanVerifier.verify(rewriteSpanProof(proof, changes)))
        .to.be.revertedWithCustomError(spanVerifier, "Texts_NotInText")
        .withArgs(...roots);
    }
  });

  it("looks at the same texts for words that a contribution has", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i, data } = world;
    const place = { start: 0, length: 5, sourceOffset: 0 };
    const match = { inference: i, gap: 0, place, output: world.output, contribution: contributions[1] };
    const other = toUtf8Bytes("other".padEnd(output.length, "x"));
    const changed = rewriteSpanProof(proofs.missingSpan(match), { output: openText(other, { start: 0, end: 5 }) });
    await expect(spanVerifier.verify(changed))
      .to.be.revertedWithCustomError(spanVerifier, "Texts_NotInText")
      .withArgs(data.lists.inferences[i].inference.outputRoot, (proven: string) => proven !== ZeroHash);
  });

  it("takes only inferences and spans that stand in the report", async () => {
    const world = await loadFixture(reported);
    const { spanVerifier, proofs, contributions, i, data, log, report } = world;
    const other = forge(data, ({ inferences }) => (inferences[i].inference.outputLength += 1));
    const { inferencesRoot } = data.figures;
    const at = { inference: i, span: 1, output: world.output, contribution: contributions[2] };
    await expect(spanVerifier.verify(new FaultProofs({ report, data: other, log }).falseSpan(at)))
      .to.be.revertedWithCustomError(spanVerifier, "Reports_NotInReport")
      .withArgs(i, inferencesRoot, (proven: string) => proven !== inferencesRoot);
    const all = data.lists.spans[i].length;
    const { spans: two, siblings } = data.openSpans(i, { first: all - 2, count: 2 });
    for (const first of [all - 1, all, all + 1, 2 ** 32 - 1]) {
      await expect(
        spanVerifier.verify(rewriteSpanProof(proofs.falseSpan(at), { spans: { first, spans: two, siblings } })),
      )
        .to.be.revertedWithCustomError(spanVerifier, "MerkleRanges_BadRange")
        .withArgs(first, 2n, all);
    }
  });

  it("does not mind where the spans begin of an output without any", async () => {
    const world = await loadFixture(reported);
    const { i, contributions, spanVerifier } = world;
    const data = forge(world.data, ({ spans }) => spans[i].splice(0));
    const report = { ...world.report, figures: data.figures };
    const match = { inference: i, gap: 0, place: placeOf(world, 1, 2), output: world.output };
    const proof = new FaultProofs({ report, data, log: world.log }).missingSpan({
      ...match,
      contribution: contributions[1],
    });
    const { id } = await spanVerifier.verify(rewriteSpanProof(proof, { spans: { ...NO_SPANS, first: 3 } }));
    expect(id.slice(0, 50)).to.equal(reportId(report));
  });
});

describe("PayoutVerifier", () => {
  it("knows where it looks", async () => {
    const { payoutVerifier, services, channels, pots } = await loadFixture(reported);
    expect([
      await payoutVerifier.services(),
      await payoutVerifier.channels(),
      await payoutVerifier.pots(),
    ]).to.deep.equal(await Promise.all([services.getAddress(), channels.getAddress(), pots.getAddress()]));
  });

  it("refuses shares at other places than the fault would have them", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, i, proofs } = world;
    const swap = async (proof: string, witness: object, given: bigint, expected: bigint): Promise<void> => {
      await expect(payoutVerifier.verify(rewriteWitness(proof, CALL, witness)))
        .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_OtherPlace")
        .withArgs(given, expected);
    };
    const { credit } = data.lists.spans[i][0];
    const other = credit === 0 ? 1 : 0;
    const at = { inference: i, span: 0 };
    await swap(proofs.payee(at), { credit: data.openCredit(other) }, BigInt(other), BigInt(credit));
    await swap(proofs.credit(at), { credit: data.openCredit(other) }, BigInt(other), BigInt(credit));
    await swap(proofs.lostCredit(credit), { inference: data.openInference(1 - i) }, BigInt(1 - i), BigInt(i));
    const spans = data.openSpans(i, { first: 1, count: 1 });
    await swap(proofs.lostCredit(credit), { spans }, 1n, 0n);
    const second = data.openInferenceShare(0);
    await expect(payoutVerifier.verify(rewriteWitness(proofs.inferenceOrder(0), PAIR, { second })))
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_OtherPlace")
      .withArgs(0n, 1n);
  });

  it("refuses receipts and settlements of other calls", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, i, proofs, batches } = world;
    const domain = await receiptsDomain(world);
    const { receiptDigest: digest, memo } = data.lists.inferences[i].inference;
    const other = batches[0].receipts.find((receipt) => receiptDigest({ ...domain, receipt }) !== digest);
    if (other === undefined) throw new Error("There is one call only.");
    await expect(payoutVerifier.verify(proofs.receipt({ inference: i, receipt: other })))
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_OtherReceipt")
      .withArgs(digest, receiptDigest({ ...domain, receipt: other }));
    const share = shareOfReceipt({ ...domain, receipt: other });
    const { siblings } = batches[0].tree.prove(0);
    await expect(
      payoutVerifier.verify(
        proofs.settlement({ inference: i, receipt: other, share: { ...share, units: 5n }, siblings }),
      ),
    )
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NotInSettlement")
      .withArgs(memo, (proven: string) => proven !== memo);
  });

  it("says where shares without a common unit begin and end", async () => {
    const { payoutVerifier, data, proofs } = await loadFixture(reported);
    const { credits, shares } = data.lists;
    const last = shares.length - 1;
    const { credited, total } = data.figures;
    await expect(payoutVerifier.verify(proofs.payout({ credit: 0, share: last })))
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_Apart")
      .withArgs(0n, credits[0].amount, credited, total);
    const end = credits.length - 1;
    await expect(payoutVerifier.verify(proofs.payout({ credit: end, share: 0 })))
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_Apart")
      .withArgs(credited - credits[end].amount, credited, 0n, shares[0].units);
  });

  it("knows where each share of a tree begins and ends, whatever the tree's size", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, log } = world;
    for (let size = 1; size <= 9; size++) {
      const wrong = forge(data, ({ credits }) => {
        const amounts = Array.from({ length: size }, (_, k) => 3n ** BigInt(k));
        credits.splice(0, credits.length);
        for (const [span, amount] of amounts.entries()) {
          credits.push({ payee: walletAccount(`0x${`${span + 1}0`.repeat(20)}`), amount, inference: 0, span });
        }
      });
      const { figures, lists } = wrong;
      const report = { ...world.report, figures };
      const proofs = new FaultProofs({ report, data: wrong, log });
      const sumOf = (count: number): bigint => lists.credits.slice(0, count).reduce((sum, c) => sum + c.amount, 0n);
      expect(lists.shares.length).to.equal(size + 1);
      for (let k = 0; k < size; k++) {
        const [start, end] = [sumOf(k), sumOf(k + 1)];
        await expect(payoutVerifier.verify(proofs.payout({ credit: k, share: size })))
          .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_Apart")
          .withArgs(start, end, figures.credited, figures.total);
        const other = (k + 1) % size;
        if (other === k) continue;
        await expect(payoutVerifier.verify(proofs.payout({ credit: other, share: k })))
          .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_Apart")
          .withArgs(sumOf(other), sumOf(other + 1), start, end);
      }
    }
  });

  it("takes only shares that stand in the report", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, proofs, data, i } = world;
    const other = forge(
      data,
      ({ inferences, credits, shares }) => {
        inferences[0].dataShare += 1n;
        credits[0].amount += 1n;
        shares[0].units += 1n;
      },
      { shares: false },
    );
    const { inferencesRoot, creditsRoot, payoutRoot } = data.figures;
    const [inference, credit, share] = [other.openInferenceShare(0), other.openCredit(0), other.openShare(0)];
    const sum = (tree: number, opening: object): string => rewriteWitness(proofs.sum(0), SUM, { tree, share: opening });
    for (const [proof, root] of [
      [sum(0, inference), inferencesRoot],
      [sum(1, credit), creditsRoot],
      [sum(2, share), payoutRoot],
      [rewriteWitness(proofs.inferenceOrder(0), PAIR, { first: inference }), inferencesRoot],
      [rewriteWitness(proofs.payout({ credit: 0, share: 0 }), PAIR, { first: credit }), creditsRoot],
      [rewriteWitness(proofs.payout({ credit: 0, share: 0 }), PAIR, { second: share }), payoutRoot],
      [rewriteWitness(proofs.remainder(0), PAIR, { first: share }), payoutRoot],
      [rewriteWitness(proofs.lostCredit(0), CALL, { credit }), creditsRoot],
    ]) {
      await expect(payoutVerifier.verify(proof))
        .to.be.revertedWithCustomError(payoutVerifier, "Reports_NotInReport")
        .withArgs(0n, root, (proven: string) => proven !== root);
    }
    const second = other.openInferenceShare(1);
    await expect(payoutVerifier.verify(rewriteWitness(proofs.inferenceOrder(0), PAIR, { second })))
      .to.be.revertedWithCustomError(payoutVerifier, "Reports_NotInReport")
      .withArgs(1n, inferencesRoot, (proven: string) => proven !== inferencesRoot);
    const opening = data.openInference(i);
    const changed = { ...opening.inference, amount: 1n };
    await expect(
      payoutVerifier.verify(
        rewriteWitness(proofs.dataShare(i), CALL, { inference: { ...opening, inference: changed } }),
      ),
    )
      .to.be.revertedWithCustomError(payoutVerifier, "Reports_OtherInference")
      .withArgs(i, inferenceEvidence(opening.inference), inferenceEvidence(changed));
  });

  it("takes only contributions that stand in the log", async () => {
    const { payoutVerifier, proofs, data, i, log } = await loadFixture(reported);
    const { contribution } = data.lists.spans[i][0];
    const strange = proveShare(log, 3);
    const proof = rewriteWitness(proofs.payee({ inference: i, span: 0 }), CALL, { contribution: strange });
    await expect(payoutVerifier.verify(proof))
      .to.be.revertedWithCustomError(payoutVerifier, "Reports_NotInLog")
      .withArgs(contribution, log.id, (proven: string) => proven !== log.id);
  });

  it("finds an inference wrong in each thing that its receipt, or its settlement, says", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, i, log, watcher, batches } = world;
    const { place } = data.lists.inferences[i].inference;
    const receipt = batches[0].receipts[place];
    const { receipts } = batches[0];
    const domain = await receiptsDomain(world);
    const settledAt = (at: number) => ({
      share: shareOfReceipt({ ...domain, receipt: receipts[at] }),
      siblings: batches[0].tree.prove(at).siblings,
    });
    for (const [change, faults] of [
      [{ operator: watcher.address }, ["receipt"]],
      [{ splitId: log.id }, ["receipt"]],
      [{ outputRoot: log.id }, ["receipt"]],
      [{ amount: receipt.amount + 1n }, ["receipt", "settlement"]],
      [{ settled: batches[0].tree.total + 1n }, ["settlement"]],
      [{ place: 1 - place, amount: receipts[1 - place].amount }, ["settlement"]],
    ] as const) {
      const wrong = forge(data, ({ inferences }) => {
        Object.assign(inferences[i].inference, change);
      });
      const report = { ...world.report, figures: wrong.figures };
      const proofs = new FaultProofs({ report, data: wrong, log });
      const at = wrong.lists.inferences[i].inference.place;
      for (const fault of faults) {
        const proof =
          fault === "receipt"
            ? proofs.receipt({ inference: i, receipt })
            : proofs.settlement({ inference: i, receipt, ...settledAt(at) });
        expect((await payoutVerifier.verify(proof)).id.slice(0, 50), fault).to.equal(reportId(report));
      }
    }
  });

  it("finds a share of the payout wrong that is a split, takes a unit of the credits for the rest, or gives the rest away", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, log } = world;
    const last = data.lists.shares.length - 1;
    for (const [change, fault] of [
      [({ shares }: Draft) => (shares[0].kind = ShareKind.Split), "payout"],
      [
        ({ shares }: Draft) => {
          shares[last - 1].units -= 1n;
          shares[last].units += 1n;
        },
        "remainder",
      ],
      [({ shares }: Draft) => (shares[last].recipient = data.payout.id), "remainder"],
      [({ shares }: Draft) => (shares[last].kind = ShareKind.Account), "remainder"],
    ] as const) {
      const wrong = forge(
        data,
        (draft) => {
          change(draft);
        },
        { shares: false },
      );
      const report = { ...world.report, figures: wrong.figures };
      const proofs = new FaultProofs({ report, data: wrong, log });
      const proof = fault === "payout" ? proofs.payout({ credit: 0, share: 0 }) : proofs.remainder(last);
      expect((await payoutVerifier.verify(proof)).id.slice(0, 50)).to.equal(reportId(report));
    }
  });

  it("finds no share of a right payout wrong, and no two spans out of order that touch", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, proofs, data, i, log } = world;
    for (const [s] of data.lists.shares.entries()) {
      await expect(payoutVerifier.verify(proofs.remainder(s)))
        .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NoFault")
        .withArgs(PayoutFault.Remainder);
    }
    for (const [overlap, isFault] of [
      [0, false],
      [1, true],
    ] as const) {
      const touching = forge(data, ({ spans }) => (spans[i][1].creditStart = spans[i][0].creditEnd - overlap));
      const report = { ...world.report, figures: touching.figures };
      const proof = new FaultProofs({ report, data: touching, log }).spanOrder({ inference: i, span: 0 });
      if (isFault) expect((await payoutVerifier.verify(proof)).id.slice(0, 50)).to.equal(reportId(report));
      else
        await expect(payoutVerifier.verify(proof))
          .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NoFault")
          .withArgs(PayoutFault.SpanOrder);
    }
  });

  it("takes no span that is made up behind the only one", async () => {
    const { payoutVerifier, proofs, data, i } = await loadFixture(edges);
    expect(data.lists.spans[i].length).to.equal(1);
    const { spans } = data.openSpans(i, { first: 0, count: 1 });
    const made = { first: 0, spans: `${spans}${spans.slice(2)}`, siblings: [] };
    const proof = proofs.payee({ inference: i, span: 0 });
    await expect(
      payoutVerifier.verify(
        rewritePayoutProof(rewriteWitness(proof, CALL, { spans: made }), { fault: PayoutFault.SpanOrder }),
      ),
    )
      .to.be.revertedWithCustomError(payoutVerifier, "MerkleRanges_BadRange")
      .withArgs(0n, 2n, 1n);
  });

  it("finds a credit right or wrong by one unit, and lost just behind the last span and the last inference", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, proofs, data, i, log } = world;
    const { credit } = data.lists.spans[i][0];
    for (const [fault, proof] of [
      [PayoutFault.Credit, proofs.credit({ inference: i, span: 0 })],
      [PayoutFault.LostCredit, proofs.lostCredit(credit)],
    ] as const) {
      await expect(payoutVerifier.verify(proof))
        .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NoFault")
        .withArgs(fault);
    }
    const { inferences, spans } = data.lists;
    for (const [change, fault] of [
      [{ amount: data.lists.credits[credit].amount + 1n }, "credit"],
      [{ amount: data.lists.credits[credit].amount - 1n }, "credit"],
      [{ span: spans[i].length }, "lost"],
      [{ inference: inferences.length }, "lost"],
    ] as const) {
      const wrong = forge(data, ({ credits }) => {
        Object.assign(credits[credit], change);
      });
      const report = { ...world.report, figures: wrong.figures };
      const made = new FaultProofs({ report, data: wrong, log });
      const proof = fault === "credit" ? made.credit({ inference: i, span: 0 }) : made.lostCredit(credit);
      expect((await payoutVerifier.verify(proof)).id.slice(0, 50)).to.equal(reportId(report));
    }
  });

  it("finds a credit of a later inference where it names it", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, i, log } = world;
    // The call with spans comes last, whatever the receipts' digests are.
    const data1 = forge(data, ({ inferences, spans, credits }) => {
      if (i === 1) return;
      inferences.reverse();
      spans.reverse();
      for (const credit of credits) credit.inference = 1;
    });
    const proofs = new FaultProofs({ report: { ...world.report, figures: data1.figures }, data: data1, log });
    for (const [x] of data1.lists.credits.entries()) {
      await expect(payoutVerifier.verify(proofs.lostCredit(x)))
        .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NoFault")
        .withArgs(PayoutFault.LostCredit);
    }
  });

  it("finds a call that was never settled wrong in any epoch, also if it is said to have paid nothing", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, i, log } = world;
    const data = forge(
      world.data,
      ({ inferences }) => {
        inferences[i].inference.settled += 1n;
        inferences[i].dataShare = 0n;
      },
      { claimed: { epoch: 0 } },
    );
    const report = { ...world.report, figures: data.figures };
    const proof = new FaultProofs({ report, data, log }).dataShare(i);
    expect((await payoutVerifier.verify(proof)).id.slice(0, 50)).to.equal(reportId(report));
  });

  it("takes only inferences that stand in the report", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, i, log, report, batches } = world;
    const other = forge(data, ({ inferences, spans }) => {
      spans[i] = [];
      inferences[i].inference.amount += 1n;
      inferences[i].inference.outputLength += 1;
    });
    const { place, memo } = data.lists.inferences[i].inference;
    const receipt = batches[0].receipts[place];
    const share = shareOfReceipt({ ...(await receiptsDomain(world)), receipt });
    const { siblings } = batches[0].tree.prove(place);
    expect(memo).to.equal(batches[0].tree.memo);
    const credit = data.lists.credits.findIndex(({ inference }) => inference === i);
    const strange = new FaultProofs({ report, data: other, log });
    const { inferencesRoot } = data.figures;
    for (const proof of [
      strange.dataShare(i),
      strange.receipt({ inference: i, receipt }),
      strange.settlement({ inference: i, receipt, share, siblings }),
      strange.outputLength({ inference: i, output: world.output }),
      rewriteWitness(world.proofs.lostCredit(credit), CALL, { inference: other.openInference(i) }),
      rewriteWitness(world.proofs.credit({ inference: i, span: 0 }), CALL, { inference: other.openInference(i) }),
    ]) {
      await expect(payoutVerifier.verify(proof))
        .to.be.revertedWithCustomError(payoutVerifier, "Reports_NotInReport")
        .withArgs(i, inferencesRoot, (proven: string) => proven !== inferencesRoot);
    }
  });

  it("takes only the credit that a span names, and only if it stands in the report", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, proofs, data, i } = world;
    const { credit } = data.lists.spans[i][0];
    const other = forge(data, ({ credits }) => {
      credits[credit].payee = walletAccount(world.watcher.address);
    });
    const { creditsRoot } = data.figures;
    const at = { inference: i, span: 0 };
    for (const proof of [proofs.payee(at), proofs.credit(at)]) {
      const strange = rewriteWitness(proof, CALL, { credit: other.openCredit(credit) });
      await expect(payoutVerifier.verify(strange))
        .to.be.revertedWithCustomError(payoutVerifier, "Reports_NotInReport")
        .withArgs(credit, creditsRoot, (proven: string) => proven !== creditsRoot);
    }
  });

  it("finds a credit wrong that is a split's, also if the split has the contributor's account for its id", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, data, i, log, pot } = world;
    const { lists, epoch } = data;
    const owned = lists.spans[i].findIndex(({ contribution }) => contribution > 0);
    const verdict = (kind: ShareKind): ReturnType<typeof payoutVerifier.verify> => {
      const credits = SumTree.from(lists.credits.map((credit) => ({ ...shareOfCredit(credit), kind })));
      const changed = new ReportData({ pot, epoch, lists, trees: { credits } });
      const report = { ...world.report, figures: changed.figures };
      const proofs = new FaultProofs({ report, data: changed, log });
      return payoutVerifier.verify(proofs.payee({ inference: i, span: owned }));
    };
    await expect(verdict(ShareKind.Account))
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NoFault")
      .withArgs(PayoutFault.Payee);
    expect((await verdict(ShareKind.Split)).respondent).to.equal(world.reporter.address);
  });

  it("finds no credit wrong of commons, and every one that is another span's or does not exist", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, proofs, data, i, log } = world;
    const commons = data.lists.spans[i].findIndex(({ contribution }) => contribution === 0);
    await expect(payoutVerifier.verify(proofs.credit({ inference: i, span: commons })))
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NoFault")
      .withArgs(PayoutFault.Credit);
    const { credit } = data.lists.spans[i][0];
    for (const change of [
      ({ credits }: Draft) => (credits[credit].span += 1),
      ({ spans }: Draft) => (spans[i][0].credit = data.lists.credits.length),
    ]) {
      const wrong = forge(data, (draft) => {
        change(draft);
      });
      const report = { ...world.report, figures: wrong.figures };
      const proof = new FaultProofs({ report, data: wrong, log }).credit({ inference: i, span: 0 });
      expect((await payoutVerifier.verify(proof)).id.slice(0, 50)).to.equal(reportId(report));
    }
  });

  it("binds an output's length to its root", async () => {
    const { payoutVerifier, proofs, i, output: bytes } = await loadFixture(reported);
    await expect(payoutVerifier.verify(proofs.outputLength({ inference: i, output: bytes })))
      .to.be.revertedWithCustomError(payoutVerifier, "PayoutVerifier_NoFault")
      .withArgs(PayoutFault.OutputLength);
    const shorter = bytes.subarray(0, bytes.length - 1);
    await expect(payoutVerifier.verify(proofs.outputLength({ inference: i, output: shorter })))
      .to.be.revertedWithCustomError(payoutVerifier, "Texts_NotInText")
      .withArgs(ContentTree.from(bytes).contentRoot, (proven: string) => proven !== ZeroHash);
  });

  it("is about the report's pot", async () => {
    const world = await loadFixture(reported);
    const { payoutVerifier, proofs, pot } = world;
    const other = { ...pot, number: 8n };
    await expect(payoutVerifier.verify(rewritePayoutProof(proofs.dataShare(0), { pot: other })))
      .to.be.revertedWithCustomError(payoutVerifier, "Reports_OtherPot")
      .withArgs(potId(pot), potId(other));
  });
});
