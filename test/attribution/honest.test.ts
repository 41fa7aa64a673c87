import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { buildReport } from "../../sdk/attribution/buildReport.ts";
import { ItemKind } from "../../sdk/attribution/faultProofs.ts";
import { NO_CREDIT } from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import { reviewReport, UnknownCallError } from "../../sdk/attribution/reviewReport.ts";
import { ShareKind } from "../../sdk/share.ts";
import { Random } from "../reference/random.ts";
import { randomFrom } from "../sdk/random.ts";
import { everyChallenge, type Reported, verdictOf } from "./challenges.ts";
import { randomCorpus, toBytes } from "./corpora.ts";
import { type Draft, forge, type Mending } from "./forge.ts";
import {
  DAY,
  deployReports,
  endEpoch,
  postReport,
  randomText,
  type ReportOptions,
  type ReportWorld,
  reviewOf,
  settleCalls,
  someOutputs,
  someTexts,
  sourceOf,
} from "./reports.ts";

const connection = await network.create();
const { loadFixture, time } = connection.networkHelpers;

/** Outputs whose lengths are those at which chunks and matches begin and end. */
function edgeOutputs(texts: readonly string[]): string[] {
  const all = texts.join(" ");
  return [
    "",
    "word",
    " ",
    "   ",
    ...[253, 254, 255, 256, 257, 258, 511, 512, 513].flatMap((length) => [
      all.slice(0, length),
      all.slice(300, 300 + length),
    ]),
    `${all.slice(0, 100)}  ${all.slice(101, 200)} `,
    ` ${all.slice(0, 200)}   ${all.slice(0, 100)}`,
    `${"y".repeat(255)} ${all.slice(0, 120)} ${"z".repeat(600)}`,
  ];
}

async function report(world: ReportWorld, groups: (string | Uint8Array)[][]): Promise<Reported & { epoch: number }> {
  const batches = [];
  for (const [i, outputs] of groups.entries())
    batches.push(await settleCalls(world, outputs, { price: 10n ** 18n + BigInt(i) }));
  const epoch = await endEpoch(world);
  const data = buildReport(await sourceOf(world, batches, epoch));
  return { ...world, batches, data, report: await postReport(world, data), epoch };
}

/** More of them take long. */
const MOST_CHALLENGES = 250;

/** Nothing is found in a report, and nothing can be shown of it; then it is paid. */
async function expectRight(world: Reported & { epoch: number }, grams: number): Promise<void> {
  const { report: posted, data, batches, epoch } = world;
  expect(reviewReport({ report: posted, data, ...(await reviewOf(world, batches, epoch)) })).to.equal(undefined);
  const challenges = await everyChallenge(world, { grams });
  const step = Math.ceil(challenges.length / MOST_CHALLENGES);
  for (const challenge of challenges.filter((_, i) => i % step === 0)) {
    expect(await verdictOf(world, challenge), challenge.what)
      .to.have.property("refused")
      .that.is.not.equal("");
  }
  await time.increase(DAY);
  await expect(world.reports.pay(posted, world.pot)).to.emit(world.reports, "ReportPaid");
}

describe("An honest report", () => {
  const worlds: [string, ReportOptions][] = [
    ["of a Datanet whose log is paid", {}],
    ["of a wrapped Datanet with an arbiter", { ownerBps: 2_000, curatorBps: 500, arbitrated: true }],
    ["with contributions that were revoked", { revoked: [1, 3], commons: 2 }],
    ["with commons that were revoked, and short grams", { revoked: [0], commons: 1, gram: 2, curatorBps: 100 }],
    ["without commons, with long grams", { commons: 0, gram: 12 }],
  ];
  for (const [i, [what, options]] of worlds.entries()) {
    it(`is right: ${what}`, async () => {
      const world = await deployReports(connection, options);
      const outputs = [edgeOutputs(someTexts()), someOutputs(world, 12, 100 + i), someOutputs(world, 5, 200 + i)];
      await expectRight(await report(world, outputs), 3);
    });
  }

  for (let seed = 1; seed <= 10; seed++) {
    it(`is right, whatever the bytes are: seed ${seed}`, async () => {
      const random = randomFrom(seed);
      let corpus = randomCorpus(random);
      while (!corpus.texts.some((text) => text)) corpus = randomCorpus(random);
      const { k, texts, outputs } = corpus;
      const revoked = texts.flatMap((text, i) => (text === undefined ? [i] : []));
      const world = await deployReports(connection, {
        texts: texts.map((text) => toBytes(text === undefined || text === "" ? "-" : text)),
        revoked,
        commons: seed % 3 === 0 ? Math.min(1, texts.length) : 0,
        gram: k,
      });
      await expectRight(await report(world, [outputs.map(toBytes), [toBytes(texts.filter(Boolean).join(" "))]]), 8);
    });
  }
});

const pickPlace = (random: Random, { spans }: Draft): [number, number] => {
  const some = [...spans.keys()].filter((i) => spans[i].length > 0);
  const i = random.pick(some);
  return [i, random.integer(0, spans[i].length - 1)];
};

/** One small change somewhere. */
function changeSomething(random: Random, world: ReportWorld): { what: string; change: (draft: Draft) => void } {
  const step = random.pick([-1, 1]);
  const span = (name: string, change: (spans: Draft["spans"][0], k: number) => void) => ({
    what: name,
    change: (draft: Draft) => {
      const [i, k] = pickPlace(random, draft);
      change(draft.spans[i], k);
    },
  });
  const field = (name: "creditStart" | "creditEnd" | "matchStart" | "matchEnd" | "sourceOffset" | "contribution") =>
    span(`${name} ${step}`, (spans, k) => (spans[k][name] += spans[k][name] + step < 0 ? 1 : step));
  const inference = (name: string, change: (one: Draft["inferences"][0], all: Draft["inferences"]) => void) => ({
    what: name,
    change: ({ inferences }: Draft) => {
      change(random.pick(inferences), inferences);
    },
  });
  const mallory = walletAccount(world.watcher.address);
  return random.pick([
    field("creditStart"),
    field("creditEnd"),
    field("matchStart"),
    field("matchEnd"),
    field("sourceOffset"),
    field("contribution"),
    span(
      "another credit",
      (spans, k) => (spans[k].credit = spans[k].credit === NO_CREDIT ? 0 : spans[k].credit + step),
    ),
    span("a span less", (spans, k) => spans.splice(k, 1)),
    span("a span twice", (spans, k) => spans.splice(k, 0, { ...spans[k] })),
    inference("another data share", (one) => (one.dataShare += BigInt(step))),
    inference("another amount", ({ inference: one }) => (one.amount += 10n * BigInt(step))),
    inference("another settlement", ({ inference: one }) => (one.settled += 1n)),
    inference("another place", ({ inference: one }) => (one.place = (one.place + 1) % one.receipts)),
    inference("another number of receipts", ({ inference: one }) => (one.receipts += 1)),
    inference("another memo", ({ inference: one }) => (one.memo = mallory)),
    inference("another operator", ({ inference: one }) => (one.operator = world.watcher.address)),
    inference("another split", ({ inference: one }) => (one.splitId = mallory)),
    inference("another receipt", ({ inference: one }) => (one.receiptDigest = mallory)),
    inference("another output", ({ inference: one }) => (one.outputRoot = mallory)),
    inference("another length", ({ inference: one }) => (one.outputLength += step)),
    {
      what: "inferences in another order",
      change: (draft: Draft) => {
        draft.inferences.reverse();
        draft.spans.reverse();
      },
    },
    {
      what: "an inference twice",
      change: ({ inferences, spans }: Draft) => {
        const [at, one] = [random.integer(0, inferences.length - 1), random.integer(0, inferences.length - 1)];
        inferences.splice(at, 0, { ...inferences[one], inference: { ...inferences[one].inference } });
        spans.splice(
          at,
          0,
          spans[one].map((copy) => ({ ...copy })),
        );
      },
    },
    {
      what: "another amount of a credit",
      change: ({ credits }: Draft) => (random.pick(credits).amount += 1n),
    },
    {
      what: "another payee",
      change: ({ credits }: Draft) => (random.pick(credits).payee = mallory),
    },
    {
      what: "a credit of another span",
      change: ({ credits }: Draft) => (random.pick(credits).span += 1),
    },
    {
      what: "a credit twice",
      change: ({ credits }: Draft) => credits.push({ ...random.pick(credits) }),
    },
  ]);
}

function changeShares(random: Random, world: ReportWorld): { what: string; change: (draft: Draft) => void } {
  const mallory = walletAccount(world.watcher.address);
  return random.pick([
    {
      what: "another recipient of the payout",
      change: ({ shares }: Draft) => (shares[random.integer(0, shares.length - 2)].recipient = mallory),
    },
    {
      what: "units that go from one share to another",
      change: ({ shares }: Draft) => {
        const [from, to] = random.shuffle([...shares.keys()]);
        shares[from].units -= 1n;
        shares[to].units += 1n;
      },
    },
    {
      what: "another evidence of the payout",
      change: ({ shares }: Draft) => (shares[random.integer(0, shares.length - 2)].evidence = ZeroHash),
    },
    {
      what: "an account in place of the version's split",
      change: ({ shares }: Draft) => (shares[shares.length - 1].kind = ShareKind.Account),
    },
    {
      what: "a split in place of an account",
      change: ({ shares }: Draft) => (shares[random.integer(0, shares.length - 2)].kind = ShareKind.Split),
    },
    {
      what: "more units",
      change: ({ shares }: Draft) => (random.pick(shares).units += 1n),
    },
  ]);
}

describe("A report with a small change somewhere", () => {
  async function reported(): Promise<Reported & { epoch: number }> {
    const world = await deployReports(connection, { revoked: [3] });
    const random = new Random(11);
    return await report(world, [someOutputs(world, 7), [...someOutputs(world, 3, 9), randomText(random, 30)]]);
  }

  for (let seed = 1; seed <= 40; seed++) {
    it(`is found out and void: seed ${seed}`, async () => {
      const world = await loadFixture(reported);
      const { reports, pot, watcher, batches, epoch } = world;
      const random = new Random(1_000 + seed);
      const ofShares = random.chance(0.2);
      const { what, change } = ofShares ? changeShares(random, world) : changeSomething(random, world);
      const follows: Mending = { credits: (index) => world.log.tree.share(Math.min(index, 5)).recipient };
      const mending = ofShares
        ? { shares: false }
        : random.chance(0.5) && !what.includes("credit") && !what.includes("payee")
          ? follows
          : {};
      let data: ReportData;
      try {
        data = forge(world.data, change, mending);
      } catch (error) {
        // What cannot be written down cannot be reported.
        expect(String(error), what).to.match(/RangeError|UnitsOverflow/);
        return;
      }
      const claimed = forge(data, () => undefined, { shares: false });
      expect(claimed.figures, what).not.to.deep.equal(world.data.figures);
      await discard(world);
      const posted = await postReport(world, data);
      const source = await reviewOf(world, batches, epoch);
      try {
        const fault = reviewReport({ report: posted, data, ...source });
        if (fault === undefined) return expect.fail(`Nothing is found: ${what}.`);
        const verifier = fault.verifier === "span" ? world.spanVerifier : world.payoutVerifier;
        await expect(reports.connect(watcher).challenge(verifier, fault.proof), `${what}: ${fault.reason}`).to.emit(
          reports,
          "ReportDefeated",
        );
      } catch (error) {
        if (!(error instanceof UnknownCallError)) throw error;
        // Nobody knows such a call: its receipt is demanded, and there is none.
        const item = { kind: ItemKind.Receipt, first: error.inferences[0], second: 0 };
        await reports.connect(watcher).demand(posted, pot, item);
        await time.increase(DAY);
        await expect(reports.expire(posted, item), what).to.emit(reports, "ReportDefeated");
      }
    });
  }
});

/** Makes the pending report void by leaving a demand unanswered. */
async function discard({ reports, report: pending, pot, watcher }: Reported): Promise<void> {
  const item = { kind: ItemKind.Share, first: 0, second: 0 };
  await reports.connect(watcher).demand(pending, pot, item);
  await time.increase(DAY);
  await reports.expire(pending, item);
}
