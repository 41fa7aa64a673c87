import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { MaxUint256, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { buildReport, ReportError } from "../../sdk/attribution/buildReport.ts";
import { encodeInferenceAnswer, FaultProofs, ItemKind, openChunks } from "../../sdk/attribution/faultProofs.ts";
import { potId, reportId, packFigures } from "../../sdk/attribution/report.ts";
import { ReportData } from "../../sdk/attribution/reportData.ts";
import { reviewReport } from "../../sdk/attribution/reviewReport.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split } from "../../sdk/split.ts";
import { forge } from "../attribution/forge.ts";
import {
  BOND,
  channelOf,
  DAY,
  DEMAND_BOND,
  deployReports,
  endEpoch,
  postReport,
  POT_UNITS,
  PRICE,
  type ReportWorld,
  reviewOf,
  settleCalls,
  someOutputs,
  sourceOf,
} from "../attribution/reports.ts";
import { registerModel } from "../registry/lineages.ts";
import { registerService, splitOfService } from "../registry/services.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

async function fixture(): Promise<ReportWorld> {
  return await deployReports(connection);
}

const NOTHING = `0x${"00".repeat(24)}`;

async function reported(world: ReportWorld) {
  const batches = [await settleCalls(world, someOutputs(world, 4))];
  const epoch = await endEpoch(world);
  const data = buildReport(await sourceOf(world, batches, epoch));
  return { batches, epoch, data };
}

const follows = (world: ReportWorld) => ({
  credits: (contribution: number) => world.log.tree.share(contribution).recipient,
});

// No twin: which reports pass without a check is shown by forged ones, each of which one check alone finds.
describe("Attribution: taking more out of a pot than came in", () => {
  it("fails with calls that paid a split which is no source", async () => {
    const world = await loadFixture(fixture);
    const { operator, channels, payer, log, reports, payoutVerifier } = world;
    const stray = Split.from({
      shares: [{ kind: ShareKind.Account, recipient: walletAccount(operator.address), units: 1n, evidence: ZeroHash }],
    });
    await channels.connect(payer).deposit(channelOf(world, stray), BOND);
    const batches = [
      await settleCalls(world, someOutputs(world, 3)),
      await settleCalls(world, ["w0 w1"], { split: stray }),
    ];
    const epoch = await endEpoch(world);
    const source = await sourceOf(world, batches, epoch);
    expect(buildReport(source).figures.inferences).to.equal(3);
    const data = buildReport({ ...source, fractionOf: () => 3n * 10n ** 17n });
    expect(data.figures.inferences).to.equal(4);
    const report = await postReport(world, data);
    const i = data.lists.inferences.findIndex(({ inference }) => inference.splitId === stray.id);
    const proof = new FaultProofs({ report, data, log }).dataShare(i);
    await expect(reports.challenge(payoutVerifier, proof)).to.emit(reports, "ReportDefeated");
  });

  it("fails with a receipt that was settled twice", async () => {
    const world = await loadFixture(fixture);
    const { reports, payoutVerifier } = world;
    const batches = [await settleCalls(world, ["w0 w1", "w2"]), await settleCalls(world, ["w0 w1"])];
    const epoch = await endEpoch(world);
    const source = await sourceOf(world, batches, epoch);
    expect(() => buildReport(source)).to.throw(ReportError, "is there twice");
    const once = buildReport({ ...source, calls: source.calls.slice(0, 2) });
    const [again] = batches[1].calls;
    const i = once.lists.inferences.findIndex(({ inference: { amount } }) => amount === again.receipt.amount);
    const twice = forge(
      once,
      ({ inferences, spans }) => {
        const { inference, dataShare } = inferences[i];
        inferences.splice(i, 0, { inference: { ...inference, ...again.settlement }, dataShare });
        spans.splice(i, 0, []);
      },
      follows(world),
    );
    const report = await postReport(world, twice);
    const fault = reviewReport({ report, data: twice, ...(await reviewOf(world, batches, epoch)) });
    expect(fault?.name).to.equal("F5");
    await expect(reports.challenge(payoutVerifier, fault?.proof ?? "")).to.emit(reports, "ReportDefeated");
  });

  it("fails with the report of another epoch", async () => {
    const world = await loadFixture(fixture);
    const { reports, payoutVerifier, pot, log } = world;
    const { data, epoch } = await reported(world);
    await time.increase(DAY);
    const first = await postReport(world, data);
    await time.increase(DAY);
    await reports.pay(first, pot);
    const again = forge(data, () => undefined, { claimed: { epoch: epoch + 1 } });
    const report = await postReport(world, again);
    const proof = new FaultProofs({ report, data: again, log }).dataShare(0);
    await expect(reports.challenge(payoutVerifier, proof)).to.emit(reports, "ReportDefeated");
  });

  it("fails with the report of another pot of the same Datanet", async () => {
    const world = await loadFixture(fixture);
    const { reports, pots, reporter, pot, version, entry, log, payoutVerifier } = world;
    const { data } = await reported(world);
    await pots.createPot(reports, version, entry, pot.gram, pot.commons, pot.feeBps);
    const other = { ...pot, number: 2n };
    await reports.connect(reporter).bond(other, BOND);
    const stolen = new ReportData({ pot: other, epoch: data.epoch, lists: data.lists });
    const report = await postReport(world, stolen);
    const proof = new FaultProofs({ report, data: stolen, log }).dataShare(0);
    await expect(reports.challenge(payoutVerifier, proof)).to.emit(reports, "ReportDefeated");
  });

  it("fails though two pots of a Datanet are paid by the same split: each gets its own fraction", async () => {
    const world = await loadFixture(fixture);
    const { reports, pots, reporter, pot, version, entry, ledger, channels, payer } = world;
    await pots.createPot(reports, version, entry, pot.gram, pot.commons, pot.feeBps);
    const other = { ...pot, number: 2n };
    const accounts = [pot, other].map(({ keeper, number }) => encodeAccount({ address: keeper, tag: number }));
    const both = Split.from({
      shares: accounts.map((recipient, i) => ({
        kind: ShareKind.Account,
        recipient,
        units: BigInt(1 + 2 * i),
        evidence: ZeroHash,
      })),
    });
    for (const [index, one] of [pot, other].entries()) {
      const step = { size: 2, index, arbiter: ZeroAddress, proof: proveShare(both, index) };
      await pots.addSource(one, both.id, [[step]]);
    }
    await channels.connect(payer).deposit(channelOf(world, both), BOND);
    await reports.connect(reporter).bond(other, BOND);
    const batches = [await settleCalls(world, someOutputs(world, 3), { split: both, price: 8n })];
    const epoch = await endEpoch(world);
    const source = await sourceOf(world, batches, epoch);
    await ledger.release(encodeDraws([both.draw({ first: 1 })]));
    for (const [i, one] of [pot, other].entries()) {
      const fraction = await pots.fractionOf(potId(one), both.id, epoch);
      const data = buildReport({ ...source, pot: one, fractionOf: () => fraction });
      const report = await postReport(world, data);
      await time.increase(DAY);
      await reports.pay(report, one);
      expect(await ledger.balanceOf(accounts[i])).to.be.lessThan(4n);
    }
  });

  it("fails with spans of an output that nobody can show: a chunk of it is demanded", async () => {
    const world = await loadFixture(fixture);
    const { reports, watcher, pot, contributions } = world;
    const batches = [await settleCalls(world, ["", "nothing"])];
    const epoch = await endEpoch(world);
    const honest = buildReport(await sourceOf(world, batches, epoch));
    const i = honest.lists.inferences.findIndex(({ inference }) => inference.outputLength === 0);
    const data = forge(
      honest,
      ({ inferences, spans }) => {
        inferences[i].inference.outputLength = 200;
        const match = { matchStart: 0, matchEnd: 200, sourceOffset: 0 };
        spans[i].push({ ...match, creditStart: 0, creditEnd: 201, contribution: 1, credit: 0 });
      },
      follows(world),
    );
    const report = await postReport(world, data);
    const item = { kind: ItemKind.OutputChunk, first: i, second: 0 };
    await reports.connect(watcher).demand(report, pot, item);
    const { output, receipt } = batches[0].calls[0];
    expect(output).to.have.length(0);
    const answer = encodeInferenceAnswer({
      inference: data.openInference(i),
      receipt,
      output: openChunks(contributions[1].text.slice(0, 200), { firstChunk: 0, count: 1 }),
    });
    await expect(reports.answer(report, pot, item, answer))
      .to.be.revertedWithCustomError(world.openings, "Texts_NotInText")
      .withArgs(ZeroHash, (proven: string) => proven !== ZeroHash);
    await time.increase(DAY);
    await expect(reports.expire(report, item)).to.emit(reports, "ReportDefeated");
  });

  it("fails with more inferences, credits or shares than there are: those beyond are demanded", async () => {
    const world = await loadFixture(fixture);
    const { reports, watcher, pot } = world;
    const { data } = await reported(world);
    for (const [name, kind] of [
      ["inferences", ItemKind.Inference],
      ["credits", ItemKind.Credit],
      ["shares", ItemKind.Share],
    ] as const) {
      const size = data.figures[name];
      const report = await postReport(
        world,
        forge(data, () => undefined, { claimed: { [name]: size + 1 } }),
      );
      const item = { kind, first: size, second: 0 };
      await reports.connect(watcher).demand(report, pot, item);
      await time.increase(DAY);
      await expect(reports.expire(report, item)).to.emit(reports, "ReportDefeated");
    }
  });
});

// No twin: which reports pass without a check is shown by forged ones, each of which one check alone finds.
describe("Attribution: numbers at their bounds", () => {
  it("does not take a bond for another amount than came in", async () => {
    const { reports, reporter, pot, token } = await loadFixture(fixture);
    const balance = await token.balanceOf(reporter);
    await expect(reports.connect(reporter).bond(pot, 2n ** 96n))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
      .withArgs(reporter, balance, 2n ** 96n);
  });

  it("asks for a bond as large as the largest total", async () => {
    const world = await loadFixture(fixture);
    const { data } = await reported(world);
    const total = 2n ** 96n - 1n;
    await expect(world.reports.connect(world.reporter).post(...packFigures({ ...data.figures, total })))
      .to.be.revertedWithCustomError(world.reports, "AttributionReports_BondTooSmall")
      .withArgs(5n * BOND, total);
  });

  it("shows every span false that has a number at its bound", async () => {
    const world = await loadFixture(fixture);
    const { data, batches, epoch } = await reported(world);
    const most = 2 ** 32 - 1;
    for (const change of [
      { creditStart: most },
      { creditEnd: most },
      { creditEnd: 0 },
      { matchStart: most },
      { matchEnd: most },
      { matchEnd: 0 },
      { creditStart: most, creditEnd: most, matchStart: most, matchEnd: most },
      { creditStart: 0, creditEnd: most, matchStart: 0, matchEnd: most },
      { sourceOffset: Number.MAX_SAFE_INTEGER },
      { contribution: Number.MAX_SAFE_INTEGER },
      { contribution: most },
      { credit: most - 1 },
    ]) {
      const wrong = forge(data, ({ spans }) => {
        const i = spans.findIndex((list) => list.length > 0);
        spans[i][0] = { ...spans[i][0], ...change };
      });
      const report = await postReport(world, wrong);
      const fault = reviewReport({ report, data: wrong, ...(await reviewOf(world, batches, epoch)) });
      const verifier = fault?.verifier === "span" ? world.spanVerifier : world.payoutVerifier;
      await expect(world.reports.challenge(verifier, fault?.proof ?? ""), JSON.stringify(change)).to.emit(
        world.reports,
        "ReportDefeated",
      );
      const { reports, reporter, pot } = world;
      await reports.connect(reporter).bond(pot, BOND);
    }
  });

  it("shows a data share false whatever the amount is", async () => {
    const world = await loadFixture(fixture);
    const { data } = await reported(world);
    const wrong = forge(data, ({ inferences }) => {
      inferences[0].inference.amount = 2n ** 128n - 1n;
      inferences[0].inference.settled = 2n ** 128n - 1n;
    });
    const report = await postReport(world, wrong);
    const proof = new FaultProofs({ report, data: wrong, log: world.log }).dataShare(0);
    await expect(world.reports.challenge(world.payoutVerifier, proof)).to.emit(world.reports, "ReportDefeated");
  });
});

// No twin: which reports pass without a check is shown by forged ones, each of which one check alone finds.
describe("Attribution: bonds and rewards", () => {
  it("pays whoever is first with a proof: one that was copied is as good", async () => {
    const world = await loadFixture(fixture);
    const { reports, payoutVerifier, watcher, strangers, reporter, ledger, log } = world;
    const { data } = await reported(world);
    const wrong = forge(data, ({ inferences }) => (inferences[0].dataShare += 1n));
    const report = await postReport(world, wrong);
    const proof = new FaultProofs({ report, data: wrong, log }).dataShare(0);
    await reports.connect(strangers[1]).challenge(payoutVerifier, proof);
    await expect(reports.connect(watcher).challenge(payoutVerifier, proof))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotPending")
      .withArgs(reportId(report), NOTHING);
    expect(await ledger.balanceOf(walletAccount(strangers[1].address))).to.equal(BOND / 2n);
    // The reporter itself can be first, and loses half of what the report would have paid all the same.
    const next = await postReport(world, wrong);
    await reports
      .connect(reporter)
      .challenge(payoutVerifier, new FaultProofs({ report: next, data: wrong, log }).dataShare(0));
    expect(await ledger.balanceOf(walletAccount(reporter.address))).to.equal(BOND / 2n);
    expect((await reports.bondOf(potId(world.pot), reporter))[0]).to.equal(3n * BOND);
  });

  it("keeps a bond until every demand was answered in the last second and what was shown can be challenged no more", async () => {
    const world = await loadFixture(fixture);
    const { reports, reporter, watcher, pot } = world;
    const { data, batches } = await reported(world);
    const report = await postReport(world, data);
    await reports.connect(reporter).requestExit(potId(pot));
    const [, exitAt] = await reports.bondOf(potId(pot), reporter);
    const item = { kind: ItemKind.Inference, first: 0, second: 0 };
    await time.setNextBlockTimestamp(report.postedAt + DAY - 1n);
    await reports.connect(watcher).demand(report, pot, item);
    await time.setNextBlockTimestamp(report.postedAt + 2n * DAY - 2n);
    const [{ receipt }] = batches[0].calls;
    await reports.answer(report, pot, item, encodeInferenceAnswer({ inference: data.openInference(0), receipt }));
    const [, , deadline] = await reports.reportOf(potId(pot));
    expect(deadline)
      .to.equal(report.postedAt + 3n * DAY - 2n)
      .and.to.be.lessThan(exitAt);
  });

  it("lets nobody stall a report by demands for free, nor for longer than twice the challenge and once the answer", async () => {
    const world = await loadFixture(fixture);
    const { reports, reporter, watcher, pot, token, ledger } = world;
    const { data, batches } = await reported(world);
    const report = await postReport(world, data);
    const before = await token.balanceOf(watcher);
    const [{ receipt }] = batches[0].calls;
    for (let second = 0; second < 3; second++) {
      // The same inference by another name is another demand, and costs as much.
      const item = { kind: ItemKind.Inference, first: 0, second };
      await reports.connect(watcher).demand(report, pot, item);
      await reports.answer(report, pot, item, encodeInferenceAnswer({ inference: data.openInference(0), receipt }));
    }
    expect(before - (await token.balanceOf(watcher))).to.equal(3n * DEMAND_BOND);
    expect(await ledger.balanceOf(walletAccount(reporter.address))).to.equal((3n * DEMAND_BOND) / 2n);
    await time.increase(DAY);
    const item = { kind: ItemKind.Inference, first: 1, second: 0 };
    const until = report.postedAt + DAY;
    const now = BigInt(await time.latest()) + 5n;
    await time.setNextBlockTimestamp(now);
    await expect(reports.connect(watcher).demand(report, pot, item))
      .to.be.revertedWithCustomError(reports, "AttributionReports_TooLate")
      .withArgs(until, now);
    await reports.pay(report, pot);
  });
});

/** Somebody pays for calls that answer with words of its own, and with nothing else: no call can earn its words more. */
interface Washing extends ReportWorld {
  washer: HardhatEthersSigner;
}

async function washing(): Promise<Washing> {
  const world = await deployReports(connection);
  const { token, ledger, reports, channels, payer, contributors } = world;
  const washer = contributors[1];
  await token.connect(payer).transfer(washer, 10n * BOND);
  for (const spender of [ledger, reports, channels]) await token.connect(washer).approve(spender, MaxUint256);
  return { ...world, washer };
}

/** What rounding of spans, credits and shares can take. */
const DUST = 1_000n;

/** All that the washer has: tokens, balance and bond. */
async function wealthOf({ token, ledger, reports, pot, washer }: Washing): Promise<bigint> {
  const [wallet, balance, { amount }] = await Promise.all([
    token.balanceOf(washer),
    ledger.balanceOf(walletAccount(washer.address)),
    reports.bondOf(potId(pot), washer),
  ]);
  return wallet + balance + amount;
}

/** Pays for calls, has them reported and paid, and releases all that comes of it by these splits. */
async function wash(world: Washing, splits: [Split, ...Split[]]): Promise<{ spent: bigint; data: ReportData }> {
  const { channels, ledger, pots, reports, washer, pot, contributions } = world;
  const [split] = splits;
  const own = { ...world, payer: washer };
  const output = contributions[1].text;
  await channels.connect(washer).deposit(channelOf(own, split), 2n * PRICE + 1n);
  const batch = await settleCalls(own, [output, output], { split, release: false });
  const epoch = await endEpoch(world);
  const fraction = await pots.fractionOf(potId(pot), split.id, epoch);
  const data = buildReport({ ...(await sourceOf(world, [batch], epoch)), fractionOf: () => fraction });
  for (const paying of splits) await releaseAll(world, paying);
  const report = await postReport(world, data);
  await time.increase(DAY);
  await reports.pay(report, pot);
  for (const paying of [data.payout, world.log]) await releaseAll(world, paying);
  expect(await ledger.balanceOf(encodeAccount({ address: pot.keeper, tag: pot.number }))).to.equal(0n);
  return { spent: batch.tree.total, data };
}

async function releaseAll({ ledger }: ReportWorld, split: Split): Promise<void> {
  await ledger.release(encodeDraws(Array.from({ length: split.tree.size }, (_, first) => split.draw({ first }))));
}

// No twin: what comes out of a pot is bounded by what came in, which forged reports show above.
describe("Attribution: paying oneself for one's own words", () => {
  it("loses what does not reach the pot if the service is another's", async () => {
    const world = await loadFixture(washing);
    const before = await wealthOf(world);
    const { spent, data } = await wash(world, [world.service]);
    expect(data.figures.total - data.figures.credited).to.be.lessThan(DUST);
    const loss = before - (await wealthOf(world));
    // Everything that its words can earn, without the reporter's fee.
    const most = (data.figures.total * BigInt(10_000 - world.pot.feeBps)) / 10_000n;
    expect(data.figures.total).to.be.at.most((spent * POT_UNITS) / 100n);
    expect(loss).to.be.within(spent - most, spent - most + DUST);
  });

  it("loses the treasury's fee if service, stake, model and report are its own, too", async () => {
    const fixed = await loadFixture(washing);
    const { washer, pot, pots, reports, ledger, feePolicy } = fixed;
    const world = { ...fixed, operator: washer, reporter: washer };
    await reports.connect(washer).bond(pot, BOND);
    const account = encodeAccount({ address: pot.keeper, tag: pot.number });
    const model = await registerModel({ world, owner: washer, builders: [{ account, units: 1n }] });
    const service = await registerService({ world, asset: model });
    const split = await splitOfService({ world, service, policyVersion: 1n });
    const steps = [split, model.split].map((one) => {
      const index = one.tree.size - 1;
      return { size: one.tree.size, index, arbiter: ZeroAddress, proof: proveShare(one, index) };
    });
    await pots.addSource(pot, split.id, [steps]);
    const { treasury, treasuryBps } = await feePolicy.policyAt(1n);
    const stakers = split.tree.share(2).recipient;

    const before = await wealthOf(world);
    const { spent, data } = await wash(world, [split, model.split]);
    expect(data.figures.total - data.figures.credited).to.be.lessThan(DUST);
    const loss = before - (await wealthOf(world)) - (await ledger.balanceOf(stakers));
    const fee = (spent * treasuryBps) / 10_000n;
    expect(await ledger.balanceOf(treasury))
      .to.equal(fee)
      .and.to.be.greaterThan(0n);
    expect(loss).to.be.within(fee, fee + DUST);
  });
});
