import { expect } from "chai";
import { toBeHex } from "ethers";
import { network } from "hardhat";

import { FaultProofs, PayoutFault } from "../../sdk/attribution/faultProofs.ts";
import { NO_CREDIT, reportId } from "../../sdk/attribution/report.ts";
import { reviewReport } from "../../sdk/attribution/reviewReport.ts";
import { forge, MisplacedData } from "./forge.ts";
import { commonGrams } from "./grams.ts";
import {
  deployReports,
  GRAM,
  postReport,
  type ReportOptions,
  type ReportWorld,
  reviewOf,
  settleEpoch,
} from "./reports.ts";

const connection = await network.create();
const { loadFixture } = connection.networkHelpers;

const tokens = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name}${i}`);

/** Reports one output. */
async function reported(world: ReportWorld, output: string) {
  const { batch, epoch, data } = await settleEpoch(world, [output, "nothing of anybody"]);
  const inference = data.lists.inferences.findIndex(
    ({ inference: { outputLength } }) => outputLength === output.length,
  );
  return { batch, epoch, data, inference, output: batch.calls[0].output };
}

function worldWith(options: ReportOptions): () => Promise<ReportWorld> {
  return async function withTexts() {
    return await deployReports(connection, options);
  };
}

const long = tokens("long", 200).join(" ");
const [a, b] = [tokens("a", 12), tokens("b", 12)];
const longWorld = worldWith({ texts: ["commons", long] });
const adjacentWorld = worldWith({
  texts: ["commons", [...a, ...b.slice(0, 2)].join(" "), [...a.slice(10), ...b].join(" ")],
});
const emptyTokensWorld = worldWith({ texts: ["commons", "s t u v  ", " w x y z", "u v  w x y", "  w x y z"] });
const revokedCommonsWorld = worldWith({ texts: [long, long], revoked: [0], commons: 1 });
const plainWorld = worldWith({});

describe("A right report whose spans touch each other", () => {
  for (const [what, make, text] of [
    ["parts of one passage that is longer than a match can be", longWorld, long],
    ["parts of different contributions", adjacentWorld, [...a, ...b].join(" ")],
  ] as const) {
    it(`is not void for the words that begin in one and end in the next: ${what}`, async () => {
      const world = await loadFixture(make);
      const { data, inference, output, batch, epoch } = await reported(world, text);
      const report = await postReport(world, data);
      expect(reviewReport({ report, data, ...(await reviewOf(world, [batch], epoch)) })).to.equal(undefined);
      const spans = data.lists.spans[inference];
      const proofs = new FaultProofs({ report, data, log: world.log });
      let tried = 0;
      for (let gap = 1; gap < spans.length; gap++) {
        const border = spans[gap].creditStart;
        expect(spans[gap - 1].creditEnd).to.equal(border);
        for (const contribution of world.contributions) {
          for (const place of commonGrams(output, contribution.text, GRAM)) {
            const end = place.start + place.length;
            if (place.start >= border || end <= border) continue;
            tried++;
            const proof = proofs.missingSpan({ inference, gap, place, output, contribution });
            await expect(world.reports.challenge(world.spanVerifier, proof))
              .to.be.revertedWithCustomError(world.spanVerifier, "SpanVerifier_Elsewhere")
              .withArgs(place.start, end, border, border);
          }
        }
      }
      expect(tried).to.be.greaterThan(1);
    });
  }
});

describe("Tokens without bytes", () => {
  it("are nobody's to keep: an earlier owner of the last token of a K-gram, or of the first, is heard", async () => {
    const world = await loadFixture(emptyTokensWorld);
    const { data, inference, output } = await reported(world, "s t u v  w x y z");
    // The second contribution has "s t u v " and so the token without bytes; the third has it as its first.
    const spans = data.lists.spans[inference];
    const at = output.indexOf(0x20, output.indexOf(0x76)) + 1;
    expect(spans.map(({ contribution }) => contribution)).to.deep.equal([1, 2]);
    expect(spans[0].creditEnd).to.equal(at + 1);
    const follows = { credits: (index: number) => world.log.tree.share(index).recipient };
    const contribution = world.contributions[1];
    const [place] = commonGrams(output, contribution.text, GRAM);

    const taken = forge(
      data,
      ({ spans: lists }) => {
        const [first, second] = lists[inference];
        first.creditEnd = at;
        lists[inference].splice(1, 0, {
          ...second,
          creditStart: at,
          creditEnd: at + 1,
          contribution: 4,
          sourceOffset: 1,
        });
        lists[inference][1].matchStart = at;
        lists[inference][1].matchEnd = output.length;
      },
      follows,
    );
    const report = await postReport(world, taken);
    const earlier = new FaultProofs({ report, data: taken, log: world.log });
    const owner = earlier.earlierOwner({ inference, span: 1, place, output, contribution });
    expect((await world.spanVerifier.verify(owner)).id).to.equal(`${reportId(report)}${"00".repeat(8)}`);
    await world.reports.challenge(world.spanVerifier, owner);

    const left = forge(
      data,
      ({ spans: lists }) => {
        lists[inference][0].creditEnd = at;
      },
      follows,
    );
    const next = await postReport(world, left);
    const missing = new FaultProofs({ report: next, data: left, log: world.log });
    const proof = missing.missingSpan({ inference, gap: 1, place, output, contribution });
    await expect(world.reports.challenge(world.spanVerifier, proof)).to.emit(world.reports, "ReportDefeated");
  });

  it("are nobody's to leave out: the last token of an output is missed", async () => {
    const world = await loadFixture(emptyTokensWorld);
    const { data, inference, output } = await reported(world, "s t u v  ");
    const [place] = commonGrams(output, world.contributions[1].text, GRAM).slice(-1);
    expect(place.start + place.length).to.equal(output.length);
    const left = forge(
      data,
      ({ spans }) => {
        spans[inference][spans[inference].length - 1].creditEnd = output.length;
      },
      { credits: (index: number) => world.log.tree.share(index).recipient },
    );
    const report = await postReport(world, left);
    const proof = new FaultProofs({ report, data: left, log: world.log }).missingSpan({
      inference,
      gap: left.lists.spans[inference].length,
      place,
      output,
      contribution: world.contributions[1],
    });
    await expect(world.reports.challenge(world.spanVerifier, proof)).to.emit(world.reports, "ReportDefeated");
  });
});

describe("A call that stands in a report under a receipt that is not its own", () => {
  it("voids the report, so no call counts twice", async () => {
    const world = await loadFixture(plainWorld);
    const { data } = await reported(world, "some words");
    const twice = forge(data, ({ inferences, spans }) => {
      inferences.splice(1, 0, inferences[0]);
      spans.splice(1, 0, []);
    });
    const digests = twice.lists.inferences.map(({ inference: { receiptDigest } }) => receiptDigest);
    digests[1] = toBeHex(BigInt(digests[0]) + 1n, 32);
    const misplaced = new MisplacedData(twice, digests);
    const report = await postReport(world, misplaced);
    const proofs = new FaultProofs({ report, data: misplaced, log: world.log });
    await expect(world.reports.challenge(world.payoutVerifier, proofs.inferenceOrder(0)))
      .to.be.revertedWithCustomError(world.payoutVerifier, "PayoutVerifier_NoFault")
      .withArgs(PayoutFault.InferenceOrder);
    await expect(world.reports.challenge(world.payoutVerifier, proofs.dataShare(0)))
      .to.be.revertedWithCustomError(world.payoutVerifier, "PayoutVerifier_NoFault")
      .withArgs(PayoutFault.DataShare);
    await expect(world.reports.challenge(world.payoutVerifier, proofs.dataShare(1))).to.emit(
      world.reports,
      "ReportDefeated",
    );
  });
});

describe("A span of commons that were revoked", () => {
  it("voids the report, as they own nothing", async () => {
    const world = await loadFixture(revokedCommonsWorld);
    const { data, inference, batch, epoch } = await reported(world, long);
    expect(data.lists.spans[inference][0].contribution).to.equal(1);
    const forged = forge(
      data,
      ({ spans }) => {
        for (const span of spans[inference]) [span.contribution, span.credit] = [0, NO_CREDIT];
      },
      { credits: () => "" },
    );
    const report = await postReport(world, forged);
    const fault = reviewReport({ report, data: forged, ...(await reviewOf(world, [batch], epoch)) });
    expect(fault?.name).to.equal("F4");
    await expect(world.reports.challenge(world.payoutVerifier, fault?.proof ?? "")).to.emit(
      world.reports,
      "ReportDefeated",
    );
  });
});
