import { expect } from "chai";
import { network } from "hardhat";

import { buildReport } from "../../sdk/attribution/buildReport.ts";
import { FaultProofs } from "../../sdk/attribution/faultProofs.ts";
import { potId, reportId } from "../../sdk/attribution/report.ts";
import { ReportData } from "../../sdk/attribution/reportData.ts";
import { Random } from "../reference/random.ts";
import { bend, type Challenge, everyChallenge, nearlyGrams, type Reported, verdictOf } from "./challenges.ts";
import { forge, MisplacedData } from "./forge.ts";
import { deployReports, endEpoch, postReport, settleCalls, someOutputs, sourceOf } from "./reports.ts";

const connection = await network.create();
const { loadFixture } = connection.networkHelpers;

/** How each challenge of a right report ends. */
const REFUSALS: Record<string, readonly string[]> = {
  sum: ["PayoutVerifier_NoFault"],
  order: ["PayoutVerifier_NoFault"],
  lost: ["PayoutVerifier_NoFault"],
  payout: ["PayoutVerifier_NoFault", "PayoutVerifier_Apart"],
  remainder: ["PayoutVerifier_NoFault"],
  data: ["PayoutVerifier_NoFault"],
  receipt: ["PayoutVerifier_NoFault"],
  settlement: ["PayoutVerifier_NoFault"],
  length: ["PayoutVerifier_NoFault"],
  payee: ["PayoutVerifier_NoFault"],
  credit: ["PayoutVerifier_NoFault"],
  false: ["SpanVerifier_RightSpan"],
  earlier: ["SpanVerifier_NotEarlier", "SpanVerifier_Elsewhere"],
  missing: ["SpanVerifier_Elsewhere"],
};

async function reported(): Promise<Reported> {
  const world = await deployReports(connection);
  const batches = [await settleCalls(world, someOutputs(world, 5)), await settleCalls(world, someOutputs(world, 4, 8))];
  const epoch = await endEpoch(world);
  const data = buildReport(await sourceOf(world, batches, epoch));
  return { ...world, batches, data, report: await postReport(world, data) };
}

async function expectToSurvive(world: Reported, challenges: readonly Challenge[]): Promise<Map<string, number>> {
  const own = `${reportId(world.report)}${"00".repeat(8)}`;
  const refusals = new Map<string, number>();
  for (const [i, challenge] of challenges.entries()) {
    const verdict = await verdictOf(world, challenge);
    if ("id" in verdict) expect(verdict.id, challenge.what).not.to.equal(own);
    else refusals.set(verdict.refused, (refusals.get(verdict.refused) ?? 0) + 1);
    if (i % 20 !== 0) continue;
    const { reports, spanVerifier, payoutVerifier, watcher } = world;
    const verifier = challenge.verifier === "span" ? spanVerifier : payoutVerifier;
    const outcome = await reports
      .connect(watcher)
      .challenge.staticCall(verifier, challenge.proof)
      .then(
        () => "void",
        () => "refused",
      );
    expect(outcome, challenge.what).to.equal("refused");
  }
  return refusals;
}

describe("A right report", () => {
  it("survives every fault that is claimed of any of its places, each refused by name", async () => {
    const world = await loadFixture(reported);
    const challenges = await everyChallenge(world);
    const kinds = new Set(challenges.map(({ what }) => what.split(" ")[0]));
    expect([...kinds].sort()).to.deep.equal(Object.keys(REFUSALS).sort());
    expect(challenges.length).to.be.greaterThan(1_000);
    for (const challenge of challenges) {
      const verdict = await verdictOf(world, challenge);
      const kind = challenge.what.split(" ")[0];
      expect("refused" in verdict ? verdict.refused : "void", challenge.what).to.be.oneOf(REFUSALS[kind]);
    }
  });

  it("survives words that are nearly the same", async () => {
    const world = await loadFixture(reported);
    const refusals = await expectToSurvive(world, nearlyGrams(world, new Random(3), 400));
    for (const name of ["NoMatch", "Elsewhere", "NotEarlier"]) {
      expect(refusals.get(`SpanVerifier_${name}`), name).to.be.greaterThan(5);
    }
  });

  it("survives 1,000 proofs that were tampered with", async () => {
    const world = await loadFixture(reported);
    const random = new Random(4);
    const challenges = [...(await everyChallenge(world, { grams: 4 })), ...nearlyGrams(world, random, 100)];
    const bent = Array.from({ length: 1_000 }, () => {
      let challenge = random.pick(challenges);
      for (let times = random.integer(1, 3); times > 0 && challenge.proof.length > 2_000; times--) {
        challenge = bend(challenge, random);
      }
      return challenge;
    });
    const refusals = await expectToSurvive(world, bent);
    expect(refusals.size).to.be.greaterThan(12);
  });

  it("survives proofs that are good against wrong reports", async () => {
    const world = await loadFixture(reported);
    const { data, report, log, batches, contributions } = world;
    const { output } = batches[0].calls[0];
    const wrong = [
      forge(data, ({ inferences }) => (inferences[0].dataShare += 1n)),
      forge(data, ({ credits }) => (credits[0].amount += 1n)),
      forge(data, ({ spans }) => {
        for (const list of spans) list.splice(0, 1);
      }),
      forge(data, ({ spans }) => {
        for (const span of spans.flat()) span.creditEnd += 1;
      }),
      forge(data, ({ shares }) => (shares[0].units += 1n), { shares: false }),
      forge(data, ({ inferences }) => inferences.reverse()),
      new MisplacedData(
        data,
        data.lists.inferences.map((_, i) => `0x${i.toString(16).padStart(64, "0")}`),
      ),
    ];
    const challenges: Challenge[] = [];
    for (const other of wrong) {
      // The openings of the wrong report, in the name of the right one, and the other way round.
      const theirs = { report: { ...report, figures: other.figures }, data: other, log };
      for (const proofs of [new FaultProofs({ report, data: other, log }), new FaultProofs(theirs)]) {
        const add = (verifier: Challenge["verifier"], what: string, proof: string): void => {
          challenges.push({ what, verifier, proof });
        };
        for (let i = 0; i < data.lists.inferences.length; i++) {
          add("payout", `data share ${i}`, proofs.dataShare(i));
          if (i > 0) add("payout", `order ${i}`, proofs.inferenceOrder(i - 1));
          if (other.lists.spans[i].length === 0) continue;
          const at = { inference: i, span: 0 };
          add("payout", `credit ${i}`, proofs.credit(at));
          add("payout", `payee ${i}`, proofs.payee(at));
          const { contribution } = other.lists.spans[i][0];
          add("span", `false ${i}`, proofs.falseSpan({ ...at, output, contribution: contributions[contribution] }));
        }
        for (const tree of [0, 1, 2] as const) add("payout", `sum ${tree}`, proofs.sum(tree));
        add("payout", "payout", proofs.payout({ credit: 0, share: 1 }));
      }
    }
    await expectToSurvive(world, challenges);
  });

  it("survives proofs with the pot of another, or with another's report", async () => {
    const world = await loadFixture(reported);
    const { data, report, log, spanVerifier, payoutVerifier, pot } = world;
    const others = [
      { ...pot, number: 2n },
      { ...pot, gram: pot.gram - 1 },
      { ...pot, commons: 0 },
      { ...pot, logSize: 5 },
      { ...pot, versionSplitId: data.payout.id },
    ];
    for (const other of others) {
      const proofs = new FaultProofs({
        report,
        data: new ReportData({ pot: other, epoch: data.epoch, lists: data.lists }),
        log,
      });
      for (const [verifier, proof] of [
        [payoutVerifier, proofs.dataShare(0)],
        [payoutVerifier, proofs.remainder(0)],
        [spanVerifier, proofs.falseSpan({ inference: 0, span: 0, output: new Uint8Array() })],
      ] as const) {
        await expect(verifier.verify(proof))
          .to.be.revertedWithCustomError(verifier, "Reports_OtherPot")
          .withArgs(potId(pot), potId(other));
      }
    }
  });
});
