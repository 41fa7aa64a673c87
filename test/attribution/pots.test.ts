import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";
import { concat, keccak256, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { type Pot, potId } from "../../sdk/attribution/report.ts";
import { evidenceOf } from "../../sdk/content.ts";
import { logEntry, proveShare } from "../../sdk/datanetProof.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import { DAY, deployReports, type ReportWorld } from "./reports.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const plain = async (): Promise<ReportWorld> => await deployReports(connection);
const wrapped = async (): Promise<ReportWorld> =>
  await deployReports(connection, { ownerBps: 1_000, curatorBps: 500, arbitrated: true, revoked: [2] });

const WHOLE = 10n ** 18n;

interface Step {
  split: Split;
  index: number;
}

function toSplit(split: Split, units: bigint): Share {
  return { kind: ShareKind.Split, recipient: split.id, units, evidence: ZeroHash };
}

function toAccount(account: string, units: bigint): Share {
  return { kind: ShareKind.Account, recipient: account, units, evidence: ZeroHash };
}

function toPot({ keeper, number }: Pot, units: bigint): Share {
  return toAccount(encodeAccount({ address: keeper, tag: number }), units);
}

function encode({ split, index }: Step) {
  const { size, arbiter } = split.header;
  return { size, index, arbiter, proof: proveShare(split, index) };
}

/** Paths in the order that the contract wants. */
function inOrder(paths: Step[][]): Step[][] {
  const hashOf = (path: Step[]): string =>
    path.reduce(
      (hash, { split, index }) => keccak256(concat([hash, split.id, `0x${index.toString(16).padStart(64, "0")}`])),
      ZeroHash,
    );
  return [...paths].sort((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1));
}

const encodeAll = (paths: Step[][]) => paths.map((path) => path.map(encode));

describe("Pots: deployment", () => {
  it("refuses epochs that are too short or too long", async () => {
    const { datanets, pots } = await loadFixture(plain);
    for (const seconds of [3_600n, 30n * DAY]) {
      const own = await ethers.deployContract("Pots", [datanets, seconds]);
      expect(await own.epochSeconds()).to.equal(seconds);
      expect(await own.epochOf(7n * seconds - 1n)).to.equal(6n);
      expect(await own.epochOf(7n * seconds)).to.equal(7n);
    }
    for (const seconds of [3_599n, 30n * DAY + 1n]) {
      await expect(ethers.deployContract("Pots", [datanets, seconds]))
        .to.be.revertedWithCustomError(pots, "Pots_OutOfBounds")
        .withArgs("epochSeconds", seconds, 3_600n, 30n * DAY);
    }
  });
});

describe("Pots: creation", () => {
  for (const [what, make] of [
    ["a version whose log is paid", plain],
    ["a version that is wrapped for owner and curator, with an arbiter and a revoked contribution", wrapped],
  ] as const) {
    it(`says what a pot is for: ${what}`, async () => {
      const { pots, pot, version, entry, reports, datanets } = await loadFixture(make);
      expect(await datanets.splitOf(1, pot.version)).to.equal(pot.versionSplitId);
      expect(await pots.isPot(potId(pot))).to.equal(true);
      expect(await pots.potCount()).to.equal(1n);
      const next = { ...pot, number: 2n, gram: 32, commons: pot.logSize, feeBps: 500 };
      await expect(pots.createPot(reports, version, entry, 32, pot.logSize, 500))
        .to.emit(pots, "PotCreated")
        .withArgs(potId(next), 1n, pot.version, Object.values(next));
      expect(await pots.isPot(potId(next))).to.equal(true);
      expect(await pots.isPot(potId({ ...next, number: 3n }))).to.equal(false);
    });
  }

  it("refuses grams, fees and commons out of bounds", async () => {
    const { pots, version, entry, reports } = await loadFixture(plain);
    await pots.createPot(reports, version, entry, 2, 0, 0);
    for (const [name, value, min, max] of [
      ["gram", 1, 2, 32],
      ["gram", 33, 2, 32],
      ["feeBps", 501, 0, 500],
      ["commons", 7, 0, 6],
    ] as const) {
      const given: Record<typeof name, number> = { gram: 5, feeBps: 0, commons: 0 };
      given[name] = value;
      const { gram, feeBps, commons } = given;
      await expect(pots.createPot(reports, version, entry, gram, commons, feeBps))
        .to.be.revertedWithCustomError(pots, "Pots_OutOfBounds")
        .withArgs(name, value, min, max);
    }
  });

  it("refuses a log of another length, and a contribution that is not in it or was revoked", async () => {
    const { pots, version, entry, reports, pot, log, contributions } = await loadFixture(wrapped);
    const create = (v: typeof version, e: typeof entry) => pots.createPot(reports, v, e, pot.gram, 0, 0);
    await expect(create({ ...version, size: 7 }, entry))
      .to.be.revertedWithCustomError(pots, "DatanetLogs_NotInLog")
      .withArgs(entry.index, log.id, anyValue);
    await expect(create(version, { ...entry, content: contributions[1].content }))
      .to.be.revertedWithCustomError(pots, "DatanetLogs_WrongContent")
      .withArgs(entry.index, evidenceOf(entry.content), evidenceOf(contributions[1].content));
    await expect(create(version, logEntry({ log }, contributions[2])))
      .to.be.revertedWithCustomError(pots, "DatanetLogs_Revoked")
      .withArgs(2n);
    await expect(create({ ...version, wrapping: "0x" }, entry))
      .to.be.revertedWithCustomError(pots, "DatanetLogs_NotInLog")
      .withArgs(entry.index, pot.versionSplitId, log.id);
  });
});

describe("Pots: sources", () => {
  it("are what paths come to, one or several", async () => {
    const { pots, pot, operator } = await loadFixture(plain);
    const inner = Split.from({ shares: [toPot(pot, 1n), toAccount(walletAccount(operator.address), 2n)] });
    const middle = Split.from({ shares: [toSplit(inner, 1n), toPot(pot, 3n), toSplit(inner, 3n)] });
    const outer = Split.from({ shares: [toSplit(middle, 7n), toPot(pot, 1n)] });
    const epoch = await pots.epochOf(await time.latest());
    const direct = [{ split: outer, index: 1 }];
    const paths = inOrder([
      direct,
      [
        { split: outer, index: 0 },
        { split: middle, index: 1 },
      ],
      [
        { split: outer, index: 0 },
        { split: middle, index: 0 },
        { split: inner, index: 0 },
      ],
      [
        { split: outer, index: 0 },
        { split: middle, index: 2 },
        { split: inner, index: 0 },
      ],
    ]);
    expect(await pots.fractionOf(potId(pot), outer.id, epoch)).to.equal(0n);
    await expect(pots.addSource(pot, outer.id, encodeAll([direct])))
      .to.emit(pots, "SourceAdded")
      .withArgs(potId(pot), outer.id, epoch, WHOLE / 8n);
    const fraction = WHOLE / 8n + (WHOLE * 7n * 3n) / 56n + (WHOLE * 7n) / 56n / 3n + (WHOLE * 7n * 3n) / 56n / 3n;
    await expect(pots.addSource(pot, outer.id, encodeAll(paths)))
      .to.emit(pots, "SourceAdded")
      .withArgs(potId(pot), outer.id, epoch, fraction);
    expect(await pots.fractionOf(potId(pot), outer.id, epoch)).to.equal(fraction);
    for (const fewer of [[direct], paths]) {
      await expect(pots.addSource(pot, outer.id, encodeAll(fewer)))
        .to.be.revertedWithCustomError(pots, "Pots_NotMore")
        .withArgs(outer.id, fewer === paths ? fraction : WHOLE / 8n, fraction);
    }
    await expect(pots.addSource(pot, inner.id, []))
      .to.be.revertedWithCustomError(pots, "Pots_NotMore")
      .withArgs(inner.id, 0n, 0n);
  });

  it("count from the epoch on in which they were shown, and not for the past", async () => {
    const { pots, pot, operator } = await loadFixture(plain);
    const split = Split.from({
      shares: [toPot(pot, 1n), toAccount(walletAccount(operator.address), 1n), toPot(pot, 2n)],
    });
    const [small, large] = [[[{ split, index: 0 }]], inOrder([[{ split, index: 0 }], [{ split, index: 2 }]])];
    const first = await pots.epochOf(await time.latest());
    await pots.addSource(pot, split.id, encodeAll(small));
    await time.increase(3n * DAY);
    await pots.addSource(pot, split.id, encodeAll(large));
    for (const [epoch, fraction] of [
      [first - 1n, 0n],
      [first, WHOLE / 4n],
      [first + 2n, WHOLE / 4n],
      [first + 3n, (WHOLE * 3n) / 4n],
      [first + 1_000n, (WHOLE * 3n) / 4n],
    ]) {
      expect(await pots.fractionOf(potId(pot), split.id, epoch)).to.equal(fraction);
    }
  });

  it("are of pots that exist", async () => {
    const { pots, pot, service } = await loadFixture(plain);
    const other = { ...pot, number: 2n };
    await expect(pots.addSource(other, service.id, []))
      .to.be.revertedWithCustomError(pots, "Pots_UnknownPot")
      .withArgs(potId(other));
  });

  it("refuse the same path twice, other orders, and a path without steps", async () => {
    const { pots, pot, operator } = await loadFixture(plain);
    const split = Split.from({
      shares: [toPot(pot, 1n), toPot(pot, 1n), toAccount(walletAccount(operator.address), 1n)],
    });
    const paths = inOrder([[{ split, index: 0 }], [{ split, index: 1 }]]);
    for (const wrong of [[...paths].reverse(), [paths[0], paths[0]]]) {
      await expect(pots.addSource(pot, split.id, encodeAll(wrong)))
        .to.be.revertedWithCustomError(pots, "Pots_PathOrder")
        .withArgs(1n);
    }
    await expect(pots.addSource(pot, split.id, [[]]))
      .to.be.revertedWithCustomError(pots, "Pots_WrongEnd")
      .withArgs(0n, split.id);
    const account = encodeAccount({ address: pot.keeper, tag: pot.number });
    await expect(pots.addSource(pot, account, [[]]))
      .to.be.revertedWithCustomError(pots, "Pots_PathOrder")
      .withArgs(0n);
  });

  it("refuse steps that do not follow from each other", async () => {
    const { pots, pot, service, operator } = await loadFixture(plain);
    const inner = Split.from({ shares: [toPot(pot, 1n), toPot(pot, 2n)] });
    const outer = Split.from({ shares: [toSplit(inner, 1n), toAccount(walletAccount(operator.address), 1n)] });
    await expect(pots.addSource(pot, outer.id, encodeAll([[{ split: service, index: 0 }]])))
      .to.be.revertedWithCustomError(pots, "Pots_WrongStep")
      .withArgs(0n, 0n, outer.id, service.id);
    const [first, second] = [encode({ split: outer, index: 0 }), encode({ split: service, index: 0 })];
    await expect(pots.addSource(pot, outer.id, [[first, second]]))
      .to.be.revertedWithCustomError(pots, "Pots_WrongStep")
      .withArgs(0n, 1n, inner.id, service.id);
    const good = encodeAll(inOrder([[{ split: inner, index: 0 }], [{ split: inner, index: 1 }]]));
    await expect(pots.addSource(pot, inner.id, [good[0], [second]]))
      .to.be.revertedWithCustomError(pots, "Pots_WrongStep")
      .withArgs(1n, 0n, inner.id, service.id);
  });

  it("refuse ends elsewhere: short of an account, beyond one, and at another account", async () => {
    const { pots, pot, operator } = await loadFixture(plain);
    const other = walletAccount(operator.address);
    const inner = Split.from({ shares: [toPot(pot, 1n), toAccount(other, 1n)] });
    const outer = Split.from({ shares: [toSplit(inner, 1n), toPot(pot, 1n)] });
    const pots_ = encodeAccount({ address: pot.keeper, tag: pot.number });
    for (const [path, end] of [
      [[{ split: outer, index: 0 }], inner.id],
      [
        [
          { split: outer, index: 0 },
          { split: inner, index: 1 },
        ],
        other,
      ],
      [
        [
          { split: outer, index: 1 },
          { split: inner, index: 0 },
        ],
        pots_,
      ],
    ] as const) {
      await expect(pots.addSource(pot, outer.id, encodeAll([[...path]])))
        .to.be.revertedWithCustomError(pots, "Pots_WrongEnd")
        .withArgs(0n, end);
    }
    const asSplit = Split.from({ shares: [{ ...toPot(pot, 1n), kind: ShareKind.Split }, toAccount(other, 1n)] });
    await expect(pots.addSource(pot, asSplit.id, encodeAll([[{ split: asSplit, index: 0 }]])))
      .to.be.revertedWithCustomError(pots, "Pots_WrongEnd")
      .withArgs(0n, pots_);
  });

  it("refuse splits on the way whose arbiter is not the Datanet's, and take those of the Datanet's own", async () => {
    const { pots, pot, watcher } = await loadFixture(wrapped);
    const { arbiter } = pot;
    expect(arbiter).not.to.equal(ZeroAddress);
    const foreign = Split.from({ shares: [toPot(pot, 1n), toPot(pot, 2n)], arbiter: watcher.address });
    const around = Split.from({ shares: [toSplit(foreign, 1n), toPot(pot, 1n)], arbiter });
    for (const [split, path] of [
      [foreign, [{ split: foreign, index: 0 }]],
      [
        around,
        [
          { split: around, index: 0 },
          { split: foreign, index: 0 },
        ],
      ],
    ] as const) {
      await expect(pots.addSource(pot, split.id, encodeAll([[...path]])))
        .to.be.revertedWithCustomError(pots, "Pots_ForeignArbiter")
        .withArgs(foreign.id, watcher);
    }
    await expect(pots.addSource(pot, around.id, encodeAll([[{ split: around, index: 1 }]]))).to.emit(
      pots,
      "SourceAdded",
    );
  });
});
