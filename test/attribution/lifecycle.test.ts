import { expect } from "chai";
import { id, parseEther, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeAccount, NOBODY, walletAccount } from "../../sdk/account.ts";
import { FaultProofs, type Item, ItemKind, ReportTree } from "../../sdk/attribution/faultProofs.ts";
import { type Figures, potId, type Report, reportId, packFigures } from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import { encodeShareAnswer } from "../../sdk/attribution/faultProofs.ts";
import { splitIdOf } from "../../sdk/split.ts";
import { forge } from "./forge.ts";
import {
  BOND,
  DAY,
  DEMAND_BOND,
  deployReports,
  FEE_BPS,
  postReport,
  type ReportWorld,
  type SettledBatch,
  settleEpoch,
  someOutputs,
} from "./reports.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const CREDIT: Item = { kind: ItemKind.Credit, first: 0, second: 0 };
const SHARE: Item = { kind: ItemKind.Share, first: 0, second: 0 };

interface EpochWorld extends ReportWorld {
  batch: SettledBatch;
  epoch: number;
  data: ReportData;
  id: string;
  figures: Figures;
}

interface PostedWorld extends EpochWorld {
  report: Report;
  reportId: string;
}

async function empty(): Promise<ReportWorld> {
  return await deployReports(connection);
}

/** An epoch is over, and nobody has reported it. */
async function over(): Promise<EpochWorld> {
  return await epochOver(await deployReports(connection));
}

async function epochOver(world: ReportWorld): Promise<EpochWorld> {
  const settled = await settleEpoch(world, someOutputs(world, 4));
  return { ...world, ...settled, id: potId(world.pot), figures: settled.data.figures };
}

async function posted(): Promise<PostedWorld> {
  const world = await over();
  const report = await postReport(world, world.data);
  return { ...world, report, reportId: reportId(report) };
}

/** A wrong report is posted. */
async function wrong(): Promise<PostedWorld> {
  const world = await over();
  const data = forge(world.data, ({ inferences }) => {
    inferences[0].dataShare += 1n;
  });
  const report = await postReport(world, data);
  return { ...world, data, figures: data.figures, report, reportId: reportId(report) };
}

function proofOf({ report, data, log }: PostedWorld): string {
  return new FaultProofs({ report, data, log }).dataShare(0);
}

const potAccount = ({ pot }: ReportWorld): string => encodeAccount({ address: pot.keeper, tag: pot.number });

async function kept({ reports, ledger }: ReportWorld): Promise<bigint> {
  return await ledger.balanceOf(walletAccount(await reports.getAddress()));
}

const half = (amount: bigint): bigint => amount / 2n;

describe("AttributionReports: deployment", () => {
  it("refuses times and bonds out of bounds by name, and takes those at the bounds", async () => {
    const { ledger, pots, openings, reports } = await loadFixture(empty);
    const hour = 3_600n;
    const good = {
      reportSeconds: 4n * hour,
      challengeSeconds: hour,
      answerSeconds: hour,
      minBond: parseEther("1"),
      demandBond: parseEther("1"),
    };
    const deploy = async (changes: Partial<typeof good>) =>
      await ethers.deployContract("AttributionReports", [ledger, pots, openings, [], { ...good, ...changes }]);
    await deploy({});
    await deploy({
      reportSeconds: 30n * DAY,
      challengeSeconds: 7n * DAY,
      answerSeconds: 7n * DAY,
      minBond: parseEther("100000"),
      demandBond: parseEther("100000"),
    });
    const [bondMin, bondMax] = [parseEther("1"), parseEther("100000")];
    for (const [name, value, min, max, others] of [
      ["challengeSeconds", hour - 1n, hour, 7n * DAY],
      ["challengeSeconds", 7n * DAY + 1n, hour, 7n * DAY],
      ["answerSeconds", hour - 1n, hour, 7n * DAY],
      ["answerSeconds", 7n * DAY + 1n, hour, 7n * DAY],
      ["reportSeconds", 4n * hour - 1n, 4n * hour, 30n * DAY],
      ["reportSeconds", 30n * DAY + 1n, 4n * hour, 30n * DAY],
      ["reportSeconds", 8n * hour - 1n, 8n * hour, 30n * DAY, { answerSeconds: 2n * hour }],
      ["reportSeconds", 8n * hour - 1n, 8n * hour, 30n * DAY, { challengeSeconds: 2n * hour }],
      ["minBond", bondMin - 1n, bondMin, bondMax],
      ["minBond", bondMax + 1n, bondMin, bondMax],
      ["demandBond", bondMin - 1n, bondMin, bondMax],
      ["demandBond", bondMax + 1n, bondMin, bondMax],
    ] as const) {
      await expect(deploy({ ...others, [name]: value }), name)
        .to.be.revertedWithCustomError(reports, "AttributionReports_OutOfBounds")
        .withArgs(name, value, min, max);
    }
  });

  it("names its verifiers, for good", async () => {
    const { reports, spanVerifier, payoutVerifier, pots, openings, watcher } = await loadFixture(empty);
    const added = (await reports.queryFilter(reports.filters.VerifierAdded())).map(({ args }) => args.verifier);
    expect(added).to.deep.equal([await spanVerifier.getAddress(), await payoutVerifier.getAddress()]);
    for (const verifier of [spanVerifier, payoutVerifier]) {
      expect(await reports.isVerifier(verifier)).to.equal(true);
      expect(await verifier.slashBps()).to.equal(0n);
    }
    expect(await reports.isVerifier(watcher)).to.equal(false);
    expect([await reports.pots(), await reports.openings(), await reports.epochSeconds()]).to.deep.equal([
      await pots.getAddress(),
      await openings.getAddress(),
      DAY,
    ]);
    expect(await reports.sweepSeconds()).to.equal(8n * DAY);
  });
});

describe("AttributionReports: bonds", () => {
  it("takes a reporter's tokens for one pot", async () => {
    const world = await loadFixture(empty);
    const { reports, reporter, pot, token, ledger } = world;
    const before = await kept(world);
    const bonded = reports.connect(reporter).bond(pot, 7n);
    await expect(bonded).to.emit(reports, "Bonded").withArgs(potId(pot), reporter, 7n);
    await expect(bonded).to.changeTokenBalances(ethers, token, [reporter, ledger], [-7n, 7n]);
    expect(await kept(world)).to.equal(before + 7n);
    expect(await reports.bondOf(potId(pot), reporter)).to.deep.equal([5n * BOND + 7n, 0n]);
  });

  it("refuses none, and any for a pot that does not exist or is kept elsewhere", async () => {
    const { reports, pots, reporter, pot, version, entry, watcher } = await loadFixture(empty);
    await expect(reports.connect(reporter).bond(pot, 0n))
      .to.be.revertedWithCustomError(reports, "AttributionReports_ZeroAmount")
      .withArgs();
    await pots.createPot(watcher, version, entry, pot.gram, pot.commons, pot.feeBps);
    const elsewhere = { ...pot, keeper: watcher.address, number: 2n };
    expect(await pots.isPot(potId(elsewhere))).to.equal(true);
    for (const other of [elsewhere, { ...pot, number: 2n }, { ...pot, feeBps: pot.feeBps + 1 }]) {
      await expect(reports.connect(reporter).bond(other, 1n))
        .to.be.revertedWithCustomError(reports, "AttributionReports_UnknownPot")
        .withArgs(potId(other));
    }
  });

  it("gives a bond back once no report of it can be challenged any more", async () => {
    const world = await loadFixture(empty);
    const { reports, reporter, pot, ledger } = world;
    const id = potId(pot);
    const now = BigInt(await time.latest()) + 10n;
    const exitAt = now + 4n * DAY;
    await time.setNextBlockTimestamp(now);
    await expect(reports.connect(reporter).requestExit(id))
      .to.emit(reports, "ExitRequested")
      .withArgs(id, reporter, exitAt);
    expect(await reports.bondOf(id, reporter)).to.deep.equal([5n * BOND, exitAt]);
    await time.setNextBlockTimestamp(exitAt - 1n);
    await expect(reports.connect(reporter).withdrawBond(id))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotWithdrawable")
      .withArgs(reporter, exitAt, exitAt - 1n);
    await time.setNextBlockTimestamp(exitAt);
    await expect(reports.connect(reporter).withdrawBond(id))
      .to.emit(reports, "BondWithdrawn")
      .withArgs(id, reporter, 5n * BOND);
    expect(await ledger.balanceOf(walletAccount(reporter.address))).to.equal(5n * BOND);
    expect(await reports.bondOf(id, reporter)).to.deep.equal([0n, 0n]);
    expect(await kept(world)).to.equal(0n);
    const later = exitAt + 5n;
    await time.setNextBlockTimestamp(later);
    await expect(reports.connect(reporter).withdrawBond(id))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotWithdrawable")
      .withArgs(reporter, 0n, later);
  });

  it("gives nothing to who has bonded nothing, or has not asked", async () => {
    const { reports, reporter, watcher, pot } = await loadFixture(empty);
    await expect(reports.connect(watcher).requestExit(potId(pot)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_ZeroAmount")
      .withArgs();
    const now = BigInt(await time.latest()) + 10n;
    await time.setNextBlockTimestamp(now);
    await expect(reports.connect(reporter).withdrawBond(potId(pot)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotWithdrawable")
      .withArgs(reporter, 0n, now);
  });

  it("lets nobody report who wants its bond back, until it bonds more", async () => {
    const { reports, reporter, pot, figures, id } = await loadFixture(over);
    await reports.connect(reporter).requestExit(id);
    const [, exitAt] = await reports.bondOf(id, reporter);
    await expect(reports.connect(reporter).post(...packFigures(figures)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_Exiting")
      .withArgs(reporter, exitAt);
    await reports.connect(reporter).bond(pot, 1n);
    expect(await reports.bondOf(id, reporter)).to.deep.equal([5n * BOND + 1n, 0n]);
    await reports.connect(reporter).post(...packFigures(figures));
  });
});

describe("AttributionReports: post", () => {
  it("keeps a report's id, its epoch and from when on it can be paid", async () => {
    const { reports, reporter, figures, id, epoch, data } = await loadFixture(over);
    const now = BigInt(await time.latest()) + 10n;
    await time.setNextBlockTimestamp(now);
    await expect(reports.connect(reporter).post(...packFigures(figures)))
      .to.emit(reports, "ReportPosted")
      .withArgs(id, reporter, ...packFigures(figures).slice(1));
    const report = { figures: data.figures, reporter: reporter.address, postedAt: now };
    expect(await reports.reportOf(id)).to.deep.equal([reportId(report), BigInt(epoch), now + DAY]);
    expect(await reports.isReported(id, epoch)).to.equal(true);
  });

  it("refuses an epoch that is not over, and takes it in its first second", async () => {
    const { reports, reporter, figures, epoch } = await loadFixture(over);
    const end = BigInt(epoch + 2) * DAY;
    const next = { ...figures, epoch: epoch + 1 };
    await time.setNextBlockTimestamp(end - 1n);
    await expect(reports.connect(reporter).post(...packFigures(next)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_EpochNotOver")
      .withArgs(epoch + 1, end, end - 1n);
    await time.setNextBlockTimestamp(end);
    await reports.connect(reporter).post(...packFigures(next));
  });

  it("takes an epoch until it is too late", async () => {
    const { reports, reporter, figures, epoch } = await loadFixture(over);
    const until = BigInt(epoch + 1) * DAY + 7n * DAY;
    await time.setNextBlockTimestamp(until);
    await expect(reports.connect(reporter).post(...packFigures(figures)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_EpochClosed")
      .withArgs(epoch, false, until);
    await time.setNextBlockTimestamp(until + 1n);
    await expect(reports.connect(reporter).post(...packFigures(figures)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_EpochClosed")
      .withArgs(epoch, false, until);
  });

  it("takes an epoch in the last second", async () => {
    const { reports, reporter, figures, epoch } = await loadFixture(over);
    await time.setNextBlockTimestamp(BigInt(epoch + 8) * DAY - 1n);
    await expect(reports.connect(reporter).post(...packFigures(figures))).to.emit(reports, "ReportPosted");
  });

  it("refuses a second report as long as the first can be challenged or paid", async () => {
    const { reports, reporter, figures, id, reportId: pending } = await loadFixture(posted);
    await expect(reports.connect(reporter).post(...packFigures(figures)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_Pending")
      .withArgs(id, pending);
  });

  it("refuses an epoch whose report was paid", async () => {
    const { reports, reporter, figures, id, report, pot, epoch } = await loadFixture(posted);
    await time.increase(DAY);
    await reports.pay(report, pot);
    expect(await reports.isReported(id, epoch)).to.equal(true);
    expect(await reports.isReported(id, epoch + 1)).to.equal(false);
    await expect(reports.connect(reporter).post(...packFigures(figures)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_EpochClosed")
      .withArgs(epoch, true, BigInt(epoch + 8) * DAY);
  });

  it("takes an epoch before which a later one was reported and paid, and one behind which a report was void", async () => {
    const world = await loadFixture(over);
    const { reports, reporter, figures, epoch, pot, id, payoutVerifier } = world;
    await time.increase(DAY);
    const later = forge(world.data, () => undefined, { claimed: { epoch: epoch + 1 } });
    const first = await postReport(world, later);
    const proof = new FaultProofs({ report: first, data: later, log: world.log }).dataShare(0);
    await reports.challenge(payoutVerifier, proof);
    expect((await reports.reportOf(id))[0]).to.equal(`0x${"00".repeat(24)}`);
    const second = await postReport(world, later);
    await time.increase(DAY);
    await reports.pay(second, pot);
    await expect(reports.connect(reporter).post(...packFigures(figures))).to.emit(reports, "ReportPosted");
  });

  it("remembers which of the last eight epochs have a report that stands, whatever becomes of later ones", async () => {
    const world = await loadFixture(over);
    const { reports, reporter, pot, id, epoch, payoutVerifier, log } = world;
    const dataOf = (at: number): ReportData =>
      forge(world.data, () => undefined, { claimed: { epoch: at, total: 1n, credited: 0n } });
    const postAndPay = async (at: number): Promise<void> => {
      const report = await postReport(world, dataOf(at));
      await time.increase(DAY);
      await reports.pay(report, pot);
    };
    const refuse = async (at: number): Promise<void> => {
      await expect(reports.connect(reporter).post(...packFigures(dataOf(at).figures)))
        .to.be.revertedWithCustomError(reports, "AttributionReports_EpochClosed")
        .withArgs(at, true, BigInt(at + 8) * DAY);
    };
    await postAndPay(epoch);
    const data = dataOf(epoch + 1);
    const report = await postReport(world, data);
    await reports.challenge(payoutVerifier, new FaultProofs({ report, data, log }).dataShare(0));
    expect([await reports.isReported(id, epoch), await reports.isReported(id, epoch + 1)]).to.deep.equal([true, false]);
    await refuse(epoch);
    await postAndPay(epoch + 1);
    await refuse(epoch);

    const standing = async (latest: number): Promise<boolean[]> =>
      await Promise.all(Array.from({ length: 10 }, (_, ago) => reports.isReported(id, latest - ago)));
    const none = Array.from({ length: 6 }, () => false);
    expect(await standing(epoch + 1)).to.deep.equal([true, true, ...none, true, true]);
    await time.increase(256n * DAY);
    await postReport(world, dataOf(epoch + 257));
    expect(await standing(epoch + 257)).to.deep.equal([true, false, ...none, true, true]);
  });

  it("refuses figures that no report can have", async () => {
    const { reports, reporter, figures } = await loadFixture(over);
    for (const changes of [
      { total: 0n, credited: 0n },
      { credited: figures.total + 1n },
      { shares: 0 },
      { inferences: 0 },
      { credits: 0 },
      { credits: 0, creditsRoot: ZeroHash, credited: 1n },
    ]) {
      const bad = { ...figures, ...changes };
      await expect(reports.connect(reporter).post(...packFigures(bad)), Object.keys(changes).join())
        .to.be.revertedWithCustomError(reports, "AttributionReports_BadFigures")
        .withArgs(...packFigures(bad).slice(4));
    }
    await reports
      .connect(reporter)
      .post(...packFigures({ ...figures, credits: 0, creditsRoot: ZeroHash, credited: 0n }));
  });

  it("refuses bits above the packed figures, with which a report would have an id that nothing can open", async () => {
    const { reports, reporter, figures } = await loadFixture(over);
    const [pot, inferences, credits, payout, amounts, counts] = packFigures(figures);
    for (const [badAmounts, badCounts] of [
      [amounts | (1n << 192n), counts],
      [amounts | (1n << 255n), counts],
      [amounts, counts | (1n << 128n)],
      [amounts, counts | (1n << 255n)],
    ]) {
      await expect(reports.connect(reporter).post(pot, inferences, credits, payout, badAmounts, badCounts))
        .to.be.revertedWithCustomError(reports, "AttributionReports_BadFigures")
        .withArgs(badAmounts, badCounts);
    }
  });

  it("refuses a bond below what the report pays, and below the least one", async () => {
    const { reports, reporter, watcher, pot, figures } = await loadFixture(over);
    const large = { ...figures, total: 5n * BOND + 1n };
    expect(await reports.bondFor(large.total)).to.equal(large.total);
    await expect(reports.connect(reporter).post(...packFigures(large)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_BondTooSmall")
      .withArgs(5n * BOND, 5n * BOND + 1n);
    expect(await reports.bondFor(figures.total)).to.equal(BOND);
    await reports.connect(watcher).bond(pot, BOND - 1n);
    await expect(reports.connect(watcher).post(...packFigures(figures)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_BondTooSmall")
      .withArgs(BOND - 1n, BOND);
    await reports.connect(watcher).bond(pot, 1n);
    await reports.connect(watcher).post(...packFigures(figures));
  });

  it("takes a report that pays all of its bond", async () => {
    const { reports, reporter, figures } = await loadFixture(over);
    await reports.connect(reporter).post(...packFigures({ ...figures, total: 5n * BOND }));
  });
});

describe("AttributionReports: challenge", () => {
  it("voids a wrong report: half of the bond is the challenger's, the rest is burned", async () => {
    const world = await loadFixture(wrong);
    const { reports, payoutVerifier, watcher, reporter, id, epoch, ledger } = world;
    const burned = await ledger.balanceOf(NOBODY);
    await expect(reports.connect(watcher).challenge(payoutVerifier, proofOf(world)))
      .to.emit(reports, "ReportDefeated")
      .withArgs(id, world.reportId, watcher, reporter, half(BOND), half(BOND));
    expect(await ledger.balanceOf(walletAccount(watcher.address))).to.equal(half(BOND));
    expect((await ledger.balanceOf(NOBODY)) - burned).to.equal(half(BOND));
    expect(await reports.bondOf(id, reporter)).to.deep.equal([4n * BOND, 0n]);
    expect(await kept(world)).to.equal(4n * BOND);
    expect((await reports.reportOf(id)).slice(0, 2)).to.deep.equal([`0x${"00".repeat(24)}`, BigInt(epoch)]);
    await reports.connect(reporter).post(...packFigures({ ...world.figures, total: world.figures.total - 1n }));
  });

  it("takes as much of the bond as the report would have paid", async () => {
    const world = await loadFixture(over);
    const { reports, payoutVerifier, watcher, reporter, id } = world;
    const total = 3n * BOND + 1n;
    const data = forge(world.data, () => undefined, { claimed: { total } });
    const report = await postReport(world, data);
    const proof = new FaultProofs({ report, data, log: world.log }).sum(0);
    await expect(reports.connect(watcher).challenge(payoutVerifier, proof))
      .to.emit(reports, "ReportDefeated")
      .withArgs(id, reportId(report), watcher, reporter, half(total), half(total) + 1n);
    expect(await reports.bondOf(id, reporter)).to.deep.equal([5n * BOND - total, 0n]);
  });

  it("refuses other verifiers, other reports and faults of other reports", async () => {
    const world = await loadFixture(wrong);
    const { reports, payoutVerifier, watcher, report, data, log } = world;
    await expect(reports.challenge(watcher, proofOf(world)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_UnknownVerifier")
      .withArgs(watcher);
    const other = { ...report, postedAt: report.postedAt + 1n };
    await expect(reports.challenge(payoutVerifier, new FaultProofs({ report: other, data, log }).dataShare(0)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotPending")
      .withArgs(reportId(other), world.reportId);
    await reports.challenge(payoutVerifier, proofOf(world));
    await expect(reports.challenge(payoutVerifier, proofOf(world)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotPending")
      .withArgs(world.reportId, `0x${"00".repeat(24)}`);
  });

  it("refuses a fault that a verifier finds in another report than the one that the proof begins with", async () => {
    const world = await loadFixture(over);
    const { ledger, pots, openings, pot, version, entry, token, reporter } = world;
    const double = await ethers.deployContract("FaultFinder", [id("another fault")]);
    const reports = await ethers.deployContract("AttributionReports", [
      ledger,
      pots,
      openings,
      [double],
      { reportSeconds: 7n * DAY, challengeSeconds: DAY, answerSeconds: DAY, minBond: BOND, demandBond: DEMAND_BOND },
    ]);
    await pots.createPot(reports, version, entry, pot.gram, pot.commons, pot.feeBps);
    const own = { ...pot, keeper: await reports.getAddress(), number: 2n };
    await token.connect(reporter).approve(reports, BOND);
    await reports.connect(reporter).bond(own, BOND);
    const figures = { ...world.figures, potId: potId(own) };
    const report = await postReport(
      { ...world, reports },
      forge(world.data, () => undefined, { claimed: figures }),
    );
    const proof = new FaultProofs({ report, data: world.data, log: world.log }).dataShare(0);
    await expect(reports.challenge(double, proof))
      .to.be.revertedWithCustomError(reports, "AttributionReports_OtherFault")
      .withArgs(id("another fault"), reportId(report));
  });

  it("is good as long as a report is not paid, also when its bond is gone", async () => {
    const world = await loadFixture(wrong);
    const { reports, reporter, watcher, payoutVerifier, id } = world;
    await reports.connect(reporter).requestExit(id);
    await time.increase(4n * DAY);
    await reports.connect(reporter).withdrawBond(id);
    await expect(reports.connect(watcher).challenge(payoutVerifier, proofOf(world)))
      .to.emit(reports, "ReportDefeated")
      .withArgs(id, world.reportId, watcher, reporter, 0n, 0n);
    expect(await kept(world)).to.equal(0n);
  });
});

describe("AttributionReports: demands", () => {
  it("puts up a bond and gives the reporter time to answer", async () => {
    const world = await loadFixture(posted);
    const { reports, watcher, report, pot, token, ledger } = world;
    const now = BigInt(await time.latest()) + 10n;
    await time.setNextBlockTimestamp(now);
    const demanded = reports.connect(watcher).demand(report, pot, CREDIT);
    await expect(demanded)
      .to.emit(reports, "DataDemanded")
      .withArgs(world.reportId, watcher, Object.values(CREDIT), now + DAY);
    await expect(demanded).to.changeTokenBalances(ethers, token, [watcher, ledger], [-DEMAND_BOND, DEMAND_BOND]);
    const demandId = await reports.demandIdOf(world.reportId, CREDIT);
    expect(await reports.demandOf(demandId)).to.deep.equal([watcher.address, now + DAY]);
    expect(await reports.openDemands(world.reportId)).to.equal(1n);
    expect(await kept(world)).to.equal(5n * BOND + DEMAND_BOND);
    await expect(reports.demand(report, pot, CREDIT))
      .to.be.revertedWithCustomError(reports, "AttributionReports_AlreadyDemanded")
      .withArgs(demandId);
  });

  it("comes too late once the report could be paid without any", async () => {
    const { reports, watcher, report, pot } = await loadFixture(posted);
    const until = report.postedAt + DAY;
    await time.setNextBlockTimestamp(until - 1n);
    await reports.connect(watcher).demand(report, pot, CREDIT);
    await time.setNextBlockTimestamp(until);
    await expect(reports.connect(watcher).demand(report, pot, SHARE))
      .to.be.revertedWithCustomError(reports, "AttributionReports_TooLate")
      .withArgs(until, until);
  });

  it("is of the report that is pending only", async () => {
    const { reports, watcher, report, pot, reportId: pending } = await loadFixture(posted);
    const other = { ...report, reporter: watcher.address };
    for (const call of [
      reports.connect(watcher).demand(other, pot, CREDIT),
      reports.answer(other, pot, CREDIT, "0x"),
      reports.expire(other, CREDIT),
      reports.pay(other, pot),
      reports.drop(other),
    ]) {
      await expect(call)
        .to.be.revertedWithCustomError(reports, "AttributionReports_NotPending")
        .withArgs(reportId(other), pending);
    }
  });

  it("is of what the report has, and is answered by nothing else", async () => {
    const world = await loadFixture(posted);
    const { reports, openings, watcher, report, pot, data, figures } = world;
    const beyond = { ...CREDIT, first: figures.credits };
    await expect(reports.connect(watcher).demand(report, pot, beyond))
      .to.be.revertedWithCustomError(openings, "Openings_NoSuchItem")
      .withArgs(Object.values(beyond));
    await reports.connect(watcher).demand(report, pot, CREDIT);
    await expect(reports.answer(report, pot, CREDIT, encodeShareAnswer(data.openCredit(1))))
      .to.be.revertedWithCustomError(openings, "Openings_OtherItem")
      .withArgs(1n, 0n);
  });

  it("ends with an answer: half of the bond is the reporter's, and the report can be challenged for as long again", async () => {
    const world = await loadFixture(posted);
    const { reports, watcher, reporter, report, pot, data, ledger, id, strangers } = world;
    await reports.connect(watcher).demand(report, pot, CREDIT);
    const demandId = await reports.demandIdOf(world.reportId, CREDIT);
    const now = BigInt(await time.latest()) + DAY + 77n;
    await time.setNextBlockTimestamp(now);
    const burned = await ledger.balanceOf(NOBODY);
    await expect(reports.connect(strangers[1]).answer(report, pot, CREDIT, encodeShareAnswer(data.openCredit(0))))
      .to.emit(reports, "DemandEnded")
      .withArgs(world.reportId, demandId, true);
    expect(await ledger.balanceOf(walletAccount(reporter.address))).to.equal(half(DEMAND_BOND));
    expect((await ledger.balanceOf(NOBODY)) - burned).to.equal(half(DEMAND_BOND));
    expect((await reports.reportOf(id))[2]).to.equal(now + DAY);
    expect(await reports.openDemands(world.reportId)).to.equal(0n);
    expect(await reports.demandOf(demandId)).to.deep.equal([ZeroAddress, 0n]);
    expect(await kept(world)).to.equal(5n * BOND);
    await expect(reports.answer(report, pot, CREDIT, encodeShareAnswer(data.openCredit(0))))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotDemanded")
      .withArgs(demandId);
    await time.setNextBlockTimestamp(now + DAY - 1n);
    await expect(reports.pay(report, pot))
      .to.be.revertedWithCustomError(reports, "AttributionReports_TooEarly")
      .withArgs(now + DAY, now + DAY - 1n);
    await time.setNextBlockTimestamp(now + DAY);
    await reports.pay(report, pot);
  });

  it("voids the report if it is not answered in time: the demander has its bond back and half of the report's", async () => {
    const world = await loadFixture(posted);
    const { reports, watcher, reporter, report, pot, ledger, id, strangers } = world;
    await expect(reports.expire(report, CREDIT))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotDemanded")
      .withArgs(await reports.demandIdOf(world.reportId, CREDIT));
    await reports.connect(watcher).demand(report, pot, CREDIT);
    const demandId = await reports.demandIdOf(world.reportId, CREDIT);
    const deadline = BigInt(await time.latest()) + DAY;
    await time.setNextBlockTimestamp(deadline - 1n);
    await expect(reports.expire(report, CREDIT))
      .to.be.revertedWithCustomError(reports, "AttributionReports_TooEarly")
      .withArgs(deadline, deadline - 1n);
    await time.setNextBlockTimestamp(deadline);
    const expired = reports.connect(strangers[1]).expire(report, CREDIT);
    await expect(expired).to.emit(reports, "DemandEnded").withArgs(world.reportId, demandId, false);
    await expect(expired)
      .to.emit(reports, "ReportDefeated")
      .withArgs(id, world.reportId, watcher, reporter, half(BOND), half(BOND));
    expect(await ledger.balanceOf(walletAccount(watcher.address))).to.equal(DEMAND_BOND + half(BOND));
    expect(await kept(world)).to.equal(4n * BOND);
  });

  it("voids the report also after its bond has been withdrawn, so that the pot is not stuck", async () => {
    const world = await loadFixture(posted);
    const { reports, watcher, reporter, report, pot, ledger, id } = world;
    await reports.connect(reporter).requestExit(id);
    await reports.connect(watcher).demand(report, pot, CREDIT);
    await time.increase(4n * DAY);
    await reports.connect(reporter).withdrawBond(id);
    await expect(reports.expire(report, CREDIT))
      .to.emit(reports, "ReportDefeated")
      .withArgs(id, world.reportId, watcher, reporter, 0n, 0n);
    expect(await ledger.balanceOf(walletAccount(watcher.address))).to.equal(DEMAND_BOND);
    expect(await kept(world)).to.equal(0n);
  });

  it("costs nothing if the report is void for another reason", async () => {
    const world = await loadFixture(wrong);
    const { reports, watcher, strangers, report, pot, ledger, id, payoutVerifier } = world;
    await reports.connect(watcher).demand(report, pot, CREDIT);
    const demandId = await reports.demandIdOf(world.reportId, CREDIT);
    await expect(reports.reclaim(report, CREDIT))
      .to.be.revertedWithCustomError(reports, "AttributionReports_Pending")
      .withArgs(id, world.reportId);
    await reports.connect(strangers[1]).challenge(payoutVerifier, proofOf(world));
    await expect(reports.reclaim(report, CREDIT))
      .to.emit(reports, "DemandEnded")
      .withArgs(world.reportId, demandId, false);
    expect(await ledger.balanceOf(walletAccount(watcher.address))).to.equal(DEMAND_BOND);
    expect(await reports.openDemands(world.reportId)).to.equal(0n);
    await expect(reports.reclaim(report, CREDIT))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotDemanded")
      .withArgs(demandId);
    expect(await kept(world)).to.equal(4n * BOND);
  });

  it("has a time of its own, beside that in which a report can be challenged", async () => {
    const answerSeconds = DAY / 2n;
    const world = await epochOver(await deployReports(connection, { answerSeconds }));
    const { reports, reporter, watcher, id, pot, data } = world;
    const report = await postReport(world, data);
    const deadline = async (): Promise<bigint> => (await reports.reportOf(id))[2];
    const now = async (): Promise<bigint> => BigInt(await time.latest());
    expect(await deadline()).to.equal(report.postedAt + DAY);
    await reports.connect(watcher).demand(report, pot, CREDIT);
    const demandId = await reports.demandIdOf(reportId(report), CREDIT);
    expect(await reports.demandOf(demandId)).to.deep.equal([watcher.address, (await now()) + answerSeconds]);
    await time.increase(DAY / 4n);
    await reports.answer(report, pot, CREDIT, encodeShareAnswer(data.openCredit(0)));
    expect(await deadline()).to.equal((await now()) + DAY);
    await reports.connect(reporter).requestExit(id);
    expect((await reports.bondOf(id, reporter))[1]).to.equal((await now()) + 2n * DAY + 2n * answerSeconds);
  });

  it("keeps a report from being paid and from being dropped, each of several", async () => {
    const world = await loadFixture(posted);
    const { reports, watcher, report, pot, data } = world;
    await reports.connect(watcher).demand(report, pot, CREDIT);
    await reports.connect(watcher).demand(report, pot, SHARE);
    await reports.answer(report, pot, SHARE, encodeShareAnswer(data.openShare(0)));
    for (const wait of [DAY, 7n * DAY]) {
      await time.increase(wait);
      await expect(reports.pay(report, pot))
        .to.be.revertedWithCustomError(reports, "AttributionReports_Unanswered")
        .withArgs(world.reportId, 1n);
    }
    await expect(reports.drop(report))
      .to.be.revertedWithCustomError(reports, "AttributionReports_Unanswered")
      .withArgs(world.reportId, 1n);
  });
});

describe("AttributionReports: pay", () => {
  it("pays the split, and the reporter its fee", async () => {
    const world = await loadFixture(posted);
    const { reports, reporter, report, pot, figures, ledger, id } = world;
    const before = await ledger.balanceOf(potAccount(world));
    const fee = (figures.total * BigInt(FEE_BPS)) / 10_000n;
    const splitId = splitIdOf({
      root: figures.payoutRoot,
      totalUnits: figures.total,
      size: figures.shares,
      arbiter: ZeroAddress,
    });
    const from = report.postedAt + DAY;
    await time.setNextBlockTimestamp(from - 1n);
    await expect(reports.pay(report, pot))
      .to.be.revertedWithCustomError(reports, "AttributionReports_TooEarly")
      .withArgs(from, from - 1n);
    await time.setNextBlockTimestamp(from);
    const paid = reports.pay(report, pot);
    await expect(paid)
      .to.emit(reports, "ReportPaid")
      .withArgs(id, world.reportId, splitId, figures.total - fee, fee);
    await expect(paid)
      .to.emit(ledger, "PaidFromBalance")
      .withArgs(
        splitId,
        potAccount(world),
        figures.total - fee,
        figures.inferences,
        `${world.reportId}${"00".repeat(8)}`,
      );
    expect(await ledger.balanceOf(potAccount(world))).to.equal(before - figures.total);
    expect(await ledger.balanceOf(walletAccount(reporter.address))).to.equal(fee);
    expect(await ledger.received(splitId)).to.deep.equal([figures.total - fee, BigInt(figures.inferences), from]);
    await expect(reports.pay(report, pot))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotPending")
      .withArgs(world.reportId, `0x${"00".repeat(24)}`);
  });

  it("pays no fee from a pot without one", async () => {
    const world = await loadFixture(over);
    const { pots, reports, reporter, pot, version, entry, ledger, payer } = world;
    await pots.createPot(reports, version, entry, pot.gram, pot.commons, 0);
    const free = { ...pot, number: 2n, feeBps: 0 };
    await reports.connect(reporter).bond(free, BOND);
    const data = forge(world.data, () => undefined, { claimed: { potId: potId(free) } });
    const report = await postReport(world, data);
    const { total } = report.figures;
    await ledger.connect(payer).deposit(encodeAccount({ address: free.keeper, tag: 2n }), total);
    await time.increase(DAY);
    const paid = reports.pay(report, free);
    await expect(paid)
      .to.emit(reports, "ReportPaid")
      .withArgs(potId(free), reportId(report), data.payout.id, total, 0n);
    await expect(paid).not.to.emit(ledger, "BalanceTransferred");
  });

  it("pays a split that nobody can redirect, also where the Datanet has an arbiter", async () => {
    const world = await epochOver(await deployReports(connection, { arbitrated: true }));
    const { reports, pot, strangers, data } = world;
    expect(pot.arbiter).to.equal(strangers[0].address);
    const report = await postReport(world, data);
    await time.increase(DAY);
    await reports.pay(report, pot);
    expect(data.payout.arbiter).to.equal(ZeroAddress);
    expect((await world.ledger.received(data.payout.id))[0]).to.be.greaterThan(0n);
  });

  it("is of the report's pot", async () => {
    const { reports, report, pot, id } = await loadFixture(posted);
    const other = { ...pot, feeBps: 500 };
    await time.increase(DAY);
    await expect(reports.pay(report, other))
      .to.be.revertedWithCustomError(reports, "Reports_OtherPot")
      .withArgs(id, potId(other));
  });

  it("waits until the pot has what the report pays, and can be dropped if it never does", async () => {
    const world = await loadFixture(over);
    const { reports, pot, ledger, payer } = world;
    const balance = await ledger.balanceOf(potAccount(world));
    const total = balance + 1n;
    const report = await postReport(
      world,
      forge(world.data, () => undefined, { claimed: { total } }),
    );
    await time.increase(DAY);
    await expect(reports.pay(report, pot))
      .to.be.revertedWithCustomError(reports, "AttributionReports_PotTooSmall")
      .withArgs(balance, total);
    const from = report.postedAt + 8n * DAY;
    await time.setNextBlockTimestamp(from - 1n);
    await expect(reports.drop(report))
      .to.be.revertedWithCustomError(reports, "AttributionReports_TooEarly")
      .withArgs(from, from - 1n);
    const snapshot = await networkHelpers.takeSnapshot();
    await ledger.connect(payer).deposit(potAccount(world), 1n);
    await reports.pay(report, pot);
    expect(await ledger.balanceOf(potAccount(world))).to.equal(0n);
    await snapshot.restore();
    await time.setNextBlockTimestamp(from);
    await expect(reports.drop(report)).to.emit(reports, "ReportDropped").withArgs(potId(pot), reportId(report));
    expect((await reports.reportOf(potId(pot)))[0]).to.equal(`0x${"00".repeat(24)}`);
    expect(await reports.isReported(potId(pot), report.figures.epoch)).to.equal(false);
    expect(await ledger.balanceOf(potAccount(world))).to.equal(balance);
  });
});

describe("AttributionReports: after what was wrong", () => {
  it("pays the right report from a pot that has lost nothing to those with another total, or more than it has", async () => {
    const world = await loadFixture(over);
    const { reports, watcher, pot, ledger, log, data, payoutVerifier, figures } = world;
    const balance = await ledger.balanceOf(potAccount(world));
    for (const total of [figures.total - 1n, figures.total + 1n, balance + 1n]) {
      const bad = forge(data, () => undefined, { claimed: { total } });
      const report = await postReport(world, bad);
      const proof = new FaultProofs({ report, data: bad, log }).sum(ReportTree.Inferences);
      await expect(reports.connect(watcher).challenge(payoutVerifier, proof)).to.emit(reports, "ReportDefeated");
      expect(await ledger.balanceOf(potAccount(world))).to.equal(balance);
    }
    const right = await postReport(world, data);
    await time.increase(DAY);
    await reports.pay(right, pot);
    expect(await ledger.balanceOf(potAccount(world))).to.equal(balance - figures.total);
    expect((await ledger.received(data.payout.id)).amount).to.equal(
      figures.total - (figures.total * BigInt(FEE_BPS)) / 10_000n,
    );
  });

  it("sweeps what an epoch has earned that was closed before anybody reported it, and pays the next one", async () => {
    const world = await loadFixture(over);
    const { reports, reporter, pot, ledger, figures, epoch, id } = world;
    const balance = await ledger.balanceOf(potAccount(world));
    await reports.sweep(pot, { figures, reporter: reporter.address, postedAt: 0n });
    await time.increase(8n * DAY);
    await expect(reports.connect(reporter).post(...packFigures(figures)))
      .to.be.revertedWithCustomError(reports, "AttributionReports_EpochClosed")
      .withArgs(epoch, false, BigInt(epoch + 8) * DAY);
    const swept = reports.sweep(pot, { figures, reporter: reporter.address, postedAt: 0n });
    await expect(swept).to.emit(reports, "PotSwept").withArgs(id, pot.versionSplitId, balance);
    const report = await postReport(world, (await settleEpoch(world, someOutputs(world, 2, 9))).data);
    await time.increase(DAY);
    await expect(reports.pay(report, pot)).to.emit(reports, "ReportPaid");
  });
});

describe("AttributionReports: sweep", () => {
  const WAIT = 8n * DAY;

  it("marks what is in the pot, and pays what is left of it when all of it could have been reported", async () => {
    const world = await loadFixture(over);
    const { reports, pot, report, ledger, id } = { ...world, report: await postReport(world, world.data) };
    await time.increase(DAY);
    await reports.pay(report, pot);
    await ledger.connect(world.payer).deposit(potAccount(world), 1_000n);
    const extra = await ledger.balanceOf(potAccount(world));
    const marked = BigInt(await time.latest()) + 10n;
    await time.setNextBlockTimestamp(marked);
    await expect(reports.sweep(pot, report)).to.emit(reports, "PotMarked").withArgs(id, extra);
    expect(await reports.markOf(id)).to.deep.equal([extra, marked]);
    await ledger.connect(world.payer).deposit(potAccount(world), 7n);
    await time.setNextBlockTimestamp(marked + WAIT - 1n);
    await expect(reports.sweep(pot, report))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NothingToSweep")
      .withArgs(extra, marked + WAIT, marked + WAIT - 1n);
    await time.setNextBlockTimestamp(marked + WAIT);
    const swept = reports.sweep(pot, report);
    await expect(swept).to.emit(reports, "PotSwept").withArgs(id, pot.versionSplitId, extra);
    await expect(swept).to.emit(reports, "PotMarked").withArgs(id, 7n);
    await expect(swept)
      .to.emit(ledger, "PaidFromBalance")
      .withArgs(pot.versionSplitId, potAccount(world), extra, 0n, id);
    expect(await reports.markOf(id)).to.deep.equal([7n, marked + WAIT]);
    expect(await ledger.balanceOf(potAccount(world))).to.equal(7n);
  });

  it("leaves what a report pays that can be challenged or paid, and takes the rest", async () => {
    const world = await loadFixture(over);
    const { reports, pot, ledger, id, payer, figures } = world;
    await ledger.connect(payer).deposit(potAccount(world), 1_000n);
    const balance = await ledger.balanceOf(potAccount(world));
    const rest = balance - figures.total;
    const nothing = { figures, reporter: payer.address, postedAt: 0n };
    await reports.sweep(pot, nothing);
    const [, marked] = await reports.markOf(id);
    await time.increase(6n * DAY);
    const report = await postReport(world, world.data);
    await time.setNextBlockTimestamp(marked + WAIT);
    await expect(reports.sweep(pot, nothing))
      .to.be.revertedWithCustomError(reports, "AttributionReports_NotPending")
      .withArgs(reportId(nothing), reportId(report));
    const snapshot = await networkHelpers.takeSnapshot();
    await expect(reports.sweep(pot, report)).to.emit(reports, "PotSwept").withArgs(id, pot.versionSplitId, rest);
    expect(await ledger.balanceOf(potAccount(world))).to.equal(figures.total);
    await reports.pay(report, pot);
    expect(await reports.markOf(id)).to.deep.equal([0n, BigInt(await time.latest()) - 1n]);
    await snapshot.restore();
    await reports.pay(report, pot);
    expect((await reports.markOf(id))[0]).to.equal(rest);
    await expect(reports.sweep(pot, report)).to.emit(reports, "PotSwept").withArgs(id, pot.versionSplitId, rest);
  });

  it("takes nothing while a report pays more than there is", async () => {
    const world = await loadFixture(over);
    const { reports, pot, ledger, id } = world;
    const balance = await ledger.balanceOf(potAccount(world));
    const data = forge(world.data, () => undefined, { claimed: { total: balance + 5n } });
    const report = await postReport(world, data);
    await reports.sweep(pot, report);
    await time.increase(WAIT);
    const swept = reports.sweep(pot, report);
    await expect(swept).to.emit(reports, "PotMarked").withArgs(id, balance);
    await expect(swept).not.to.emit(reports, "PotSwept");
    await reports.drop(report);
    await time.increase(WAIT);
    await expect(reports.sweep(pot, report)).to.emit(reports, "PotSwept").withArgs(id, pot.versionSplitId, balance);
    expect(await ledger.balanceOf(potAccount(world))).to.equal(0n);
  });

  it("counts what a report paid as the oldest, so that newer revenue has its time", async () => {
    const world = await loadFixture(posted);
    const { reports, pot, ledger, id, report, figures, payer } = world;
    const dust = (await ledger.balanceOf(potAccount(world))) - figures.total;
    await reports.sweep(pot, report);
    await ledger.connect(payer).deposit(potAccount(world), 500n);
    await time.increase(DAY);
    await reports.pay(report, pot);
    expect((await reports.markOf(id))[0]).to.equal(dust);
    await time.increase(WAIT);
    await reports.sweep(pot, report);
    expect((await reports.markOf(id))[0]).to.equal(500n);
    expect(await ledger.balanceOf(potAccount(world))).to.equal(500n);
  });

  it("is of a pot that exists and is kept here", async () => {
    const { reports, report, pot } = await loadFixture(posted);
    const other = { ...pot, number: 9n };
    await expect(reports.sweep(other, report))
      .to.be.revertedWithCustomError(reports, "AttributionReports_UnknownPot")
      .withArgs(potId(other));
  });

  it("marks an empty pot, too, and has nothing to pay", async () => {
    const world = await loadFixture(empty);
    const { reports, pot, payer } = world;
    const figures = { ...buildFigures(), potId: potId(pot) };
    const nothing = { figures, reporter: payer.address, postedAt: 0n };
    for (let i = 0; i < 2; i++) {
      await expect(reports.sweep(pot, nothing)).to.emit(reports, "PotMarked").withArgs(potId(pot), 0n);
      await time.increase(WAIT);
    }
  });
});

function buildFigures(): Figures {
  return {
    potId: ZeroHash,
    inferencesRoot: ZeroHash,
    creditsRoot: ZeroHash,
    payoutRoot: ZeroHash,
    total: 0n,
    credited: 0n,
    epoch: 0,
    inferences: 0,
    credits: 0,
    shares: 0,
  };
}
