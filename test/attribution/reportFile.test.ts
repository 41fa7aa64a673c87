import { expect } from "chai";
import { createXXHash64 } from "hash-wasm";
import { id, ZeroAddress } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { listShares } from "../../sdk/attribution/buildReport.ts";
import {
  creditEvidence,
  inferenceEvidence,
  NO_CREDIT,
  packSpan,
  type Pot,
  potId,
  reportId,
  unpackSpan,
} from "../../sdk/attribution/report.ts";
import { type Credit, ReportData } from "../../sdk/attribution/reportData.ts";
import { readReportFile, ReportFileError, writeReportFile } from "../../sdk/attribution/reportFile.ts";
import { SpanTree } from "../../sdk/attribution/spanTree.ts";
import { concatBytes, toHex, writeUint } from "../../sdk/bytes.ts";
import { splitIdOf } from "../../sdk/split.ts";
import { randomFrom } from "../sdk/random.ts";
import vectors from "../vectors/report.json" with { type: "json" };

const HEADER_BYTES = 12 + 199 + 168 + 8;
const INFERENCE_BYTES = 256;

const POT: Pot = {
  keeper: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  number: 3n,
  datanetId: 2n,
  version: 9n,
  versionSplitId: id("version"),
  logSplitId: id("log"),
  logSize: 20,
  arbiter: ZeroAddress,
  gram: 5,
  commons: 1,
  feeBps: 200,
};

/** A report of random lists: its file does not ask whether they are true. */
function randomReport(seed: number, inferences = 4): ReportData {
  const random = randomFrom(seed);
  const spans = Array.from({ length: inferences }, () =>
    Array.from({ length: random.integer(5) }, () => ({
      creditStart: random.integer(1_000),
      creditEnd: random.integer(1_000),
      matchStart: random.integer(1_000),
      matchEnd: random.integer(1_000),
      contribution: random.integer(2 ** 30) * 2 ** 20,
      sourceOffset: random.integer(2 ** 30),
      credit: random.integer(2) === 0 ? NO_CREDIT : random.integer(100),
    })),
  );
  const credits: Credit[] = Array.from({ length: random.integer(6) }, (_, i) => ({
    payee: walletAccount(`0x${(i + 1).toString(16).padStart(40, "0")}`),
    amount: BigInt(random.integer(1_000)),
    inference: random.integer(4),
    span: random.integer(4),
  }));
  return new ReportData({
    pot: POT,
    epoch: 20_000,
    lists: {
      inferences: spans.map((list) => ({
        inference: {
          receiptDigest: random.hex(32),
          operator: "0x90F79bf6EB2c4f870365E785982E1f101E93b906",
          splitId: random.hex(32),
          memo: random.hex(32),
          settled: 2n ** 127n,
          receipts: 10,
          place: random.integer(10),
          amount: 10n ** 20n,
          outputRoot: random.hex(32),
          outputLength: random.integer(2 ** 30),
          spansRoot: new SpanTree(list).root,
          spans: list.length,
        },
        dataShare: BigInt(random.integer(2 ** 30)),
      })),
      spans,
      credits,
      shares: listShares({ pot: POT, credits, total: 10n ** 18n }),
    },
  });
}

async function fileOf(data: ReportData): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of writeReportFile(data)) pieces.push(piece);
  return concatBytes(pieces);
}

async function refusal(bytes: Uint8Array): Promise<ReportFileError> {
  try {
    await readReportFile([bytes]);
  } catch (error) {
    if (error instanceof ReportFileError) return error;
    throw error;
  }
  return expect.fail("The report was read.");
}

/** A copy in which a section was changed, with a checksum that fits. */
async function withSection(
  bytes: Uint8Array,
  { start, length }: { start: number; length: number },
  change: (section: Uint8Array) => void,
): Promise<Uint8Array> {
  const copy = bytes.slice();
  change(copy.subarray(start, start + length));
  const hasher = await createXXHash64();
  hasher.init();
  hasher.update(copy.subarray(start, start + length));
  copy.set(hasher.digest("binary"), start + length);
  return copy;
}

const HEADER = { start: 0, length: HEADER_BYTES };

describe("report file", () => {
  it("brings a report back, in pieces of any length", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const data = randomReport(seed, 1 + (seed % 6));
      const bytes = await fileOf(data);
      const random = randomFrom(seed);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length;) {
        const length = random.integer(400);
        pieces.push(bytes.subarray(at, at + length));
        at += length;
      }
      const read = await readReportFile(pieces);
      expect(read.figures).to.deep.equal(data.figures);
      expect(read.pot).to.deep.equal(data.pot);
      const { inferences, spans, credits, shares } = read.lists;
      expect({ inferences, spans, credits, shares }).to.deep.equal(data.lists);
      expect(await fileOf(read)).to.deep.equal(bytes);
    }
  });

  it("keeps a claimed total and a claimed sum of credits that the lists do not give", async () => {
    const { pot, epoch, lists } = randomReport(1);
    const data = new ReportData({ pot, epoch, lists, claimed: { total: 5n, credited: 7n } });
    const { figures } = await readReportFile([await fileOf(data)]);
    expect([figures.total, figures.credited]).to.deep.equal([5n, 7n]);
  });

  it("is not written with lists of another length than the figures say", async () => {
    const { pot, epoch, lists } = randomReport(1);
    let reason = "";
    await fileOf(new ReportData({ pot, epoch, lists, claimed: { inferences: 5 } })).catch((error: unknown) => {
      reason = error instanceof RangeError ? error.message : "";
    });
    expect(reason).to.equal("A report of 5 inferences has 4 of them.");
  });

  it("is refused after any byte was changed, cut off or added", async () => {
    const bytes = await fileOf(randomReport(3));
    for (let at = 0; at < bytes.length; at++) {
      const copy = bytes.slice();
      copy[at] ^= 1 << (at % 8);
      await refusal(copy);
    }
    for (let length = 0; length < bytes.length; length += 7) {
      expect((await refusal(bytes.subarray(0, length))).message).to.contain(
        `it ends after ${length} bytes, within its `,
      );
    }
    expect((await refusal(concatBytes([bytes, new Uint8Array(1)]))).section).to.equal("end");
  });

  it("names what is wrong with a file that was made to look right", async () => {
    const bytes = await fileOf(randomReport(4));
    const cases: [string, RegExp, Uint8Array][] = [
      ["header", /it does not begin like one/, new TextEncoder().encode("OALINDEX".padEnd(400))],
      ["header", /its version is 2, where 1 is known/, await withSection(bytes, HEADER, (header) => (header[11] = 2))],
      [
        "header",
        /its log's size is 18446744073709551615, more than any has/,
        await withSection(bytes, HEADER, (header) => header.fill(255, 12 + 160, 12 + 168)),
      ],
      [
        "inferences",
        /its inferences have \d+ spans, where its header says \d+/,
        await withSection(bytes, HEADER, (header) => header[HEADER_BYTES - 1]++),
      ],
      [
        "header",
        /a list of it has 4294967295 records, where 4194304 are read at most/,
        await withSection(bytes, HEADER, (header) => header.fill(255, HEADER_BYTES - 20, HEADER_BYTES - 16)),
      ],
      [
        "inferences",
        /it ends after \d+ bytes, within its inferences/,
        await withSection(bytes, HEADER, (header) => header.fill(63, HEADER_BYTES - 18, HEADER_BYTES - 16)),
      ],
      [
        "figures",
        /its lists give the inferencesRoot 0x[0-9a-f]{64}, not 0x/,
        await withSection(bytes, { start: HEADER_BYTES + 8, length: 4 * INFERENCE_BYTES }, (list) => list[0]++),
      ],
      ["figures", /its lists give the potId/, await withSection(bytes, HEADER, (header) => header[12 + 31]++)],
    ];
    for (const [section, reason, file] of cases) {
      const error = await refusal(file);
      expect(error.message).to.match(reason);
      expect(error.section).to.equal(section);
    }
  });

  it("has spans that give their inference's root", async () => {
    const data = randomReport(6);
    const count = data.lists.spans.flat().length;
    const spans = { start: HEADER_BYTES + 8 + 4 * INFERENCE_BYTES + 8, length: 36 * count };
    const error = await refusal(await withSection(await fileOf(data), spans, (bytes) => bytes[0]++));
    expect(error.section).to.equal("spans");
  });

  it("does not make room for lists that it only claims", async () => {
    const bytes = await fileOf(randomReport(4));
    const before = process.memoryUsage().arrayBuffers;
    await refusal(await withSection(bytes, HEADER, (header) => header.fill(63, HEADER_BYTES - 18, HEADER_BYTES - 16)));
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(2 ** 24);
  });

  it("keeps all digits of numbers that no honest report has, so that they can be proven wrong", async () => {
    const { pot, epoch, lists } = randomReport(5);
    const exact = { receipts: 2n ** 60n + 1n, place: 2n ** 61n + 1n, outputLength: 2n ** 62n + 1n };
    const [first, ...rest] = lists.inferences;
    const packed = lists.spans.map((list) => concatBytes(list.map(packSpan)));
    const wide = packSpan({ ...lists.spans.flat()[0] });
    writeUint(wide, 16, 2n ** 63n + 1n, 8, "A contribution");
    packed[0] = wide;
    const inferences = [
      { ...first, exact, inference: { ...first.inference, spans: 1, spansRoot: SpanTree.ofPacked(wide).root } },
      ...rest,
    ];
    const spans = [[{ ...lists.spans.flat()[0], contribution: 2 ** 63 }], ...lists.spans.slice(1)];
    const data = new ReportData({ pot, epoch, lists: { ...lists, inferences, spans, packedSpans: packed } });
    const read = await readReportFile([await fileOf(data)]);
    expect(read.figures).to.deep.equal(data.figures);
    expect(read.openInference(0).inference).to.deep.include(exact);
    expect(read.openSpans(0, { first: 0, count: 1 }).spans).to.equal(toHex(wide));
  });
});

describe("hashes of reports", () => {
  const [keeper, number, datanetId, version, versionSplitId, logSplitId, logSize, arbiter, gram, commons, feeBps] =
    vectors.pot;
  const figures = vectors.figures.map(String);

  it("name a pot as the golden vectors do", () => {
    const pot: Pot = {
      ...{ keeper, versionSplitId, logSplitId, arbiter },
      ...{ number: BigInt(number), datanetId: BigInt(datanetId), version: BigInt(version) },
      ...{ logSize: Number(logSize), gram: Number(gram), commons: Number(commons), feeBps: Number(feeBps) },
    };
    expect(potId(pot)).to.equal(vectors.potId);
  });

  it("commit to inferences as the golden vectors do", () => {
    const evidences = rows(vectors.inferences, 12).map((fields) => {
      const [receiptDigest, operator, splitId, memo, settled, receipts, place, amount, ...rest] = fields;
      const [outputRoot, outputLength, spansRoot, spans] = rest;
      return inferenceEvidence({
        ...{ receiptDigest, operator, splitId, memo, outputRoot, spansRoot, spans: Number(spans) },
        ...{ settled: BigInt(settled), amount: BigInt(amount), outputLength: Number(outputLength) },
        ...{ receipts: Number(receipts), place: Number(place) },
      });
    });
    expect(evidences).to.deep.equal(vectors.inferenceEvidences);
  });

  it("pack spans and commit to them as the golden vectors do", () => {
    const spans = rows(vectors.spans, 7).map((fields) => {
      const [creditStart, creditEnd, matchStart, matchEnd, contribution, sourceOffset, credit] = fields.map(Number);
      return { creditStart, creditEnd, matchStart, matchEnd, contribution, sourceOffset, credit };
    });
    expect(spans.map((span) => toHex(packSpan(span)))).to.deep.equal(vectors.packedSpans);
    expect(spans.map((span) => unpackSpan(packSpan(span)))).to.deep.equal(spans);
    expect(spans.map((span) => new SpanTree([span]).root)).to.deep.equal(vectors.spanLeaves);
    expect(spans.map((_, i) => new SpanTree(spans.slice(0, i + 1)).root)).to.deep.equal(vectors.spanRoots);
  });

  it("name the spans of credits as the golden vectors do", () => {
    const places = rows(vectors.creditPlaces, 2).map((fields) => fields.map(Number));
    expect(places.map(([inference, span]) => creditEvidence(inference, span))).to.deep.equal(vectors.creditEvidences);
  });

  it("name a report and its payout as the golden vectors do", () => {
    const [pot, inferencesRoot, creditsRoot, payoutRoot, total, credited, epoch, inferences, credits, shares] = figures;
    const header = { root: payoutRoot, totalUnits: BigInt(total), size: Number(shares), arbiter: ZeroAddress };
    expect(splitIdOf(header)).to.equal(vectors.payoutSplitId);
    const report = {
      figures: {
        ...{ potId: pot, inferencesRoot, creditsRoot, payoutRoot, total: BigInt(total), credited: BigInt(credited) },
        ...{ epoch: Number(epoch), inferences: Number(inferences), credits: Number(credits), shares: Number(shares) },
      },
      reporter: vectors.reporter,
      postedAt: BigInt(vectors.postedAt),
    };
    expect(reportId(report)).to.equal(vectors.reportId);
  });
});

function rows(fields: readonly (string | number)[], width: number): string[][] {
  return Array.from({ length: fields.length / width }, (_, i) => fields.slice(i * width, (i + 1) * width).map(String));
}
