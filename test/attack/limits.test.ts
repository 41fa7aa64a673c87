import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";

import type { AttributionLedger } from "../../typechain-types/index.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { deployTwin, withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const MAX_CALLS = 2n ** 64n - 1n;
const MAX_RECEIVED = 2n ** 127n - 1n;

describe("limits", () => {
  describe("a split that was paid too little for its shares", () => {
    const twin = "AttributionLedger_RoundsUp";
    // Every share is entitled to a third of a unit, so all three are entitled to nothing.
    const attack = async ({ ledger, mallory }: World): Promise<bigint> => {
      const split = await splitOf([1n, 1n, 1n].map((units) => accountShare({ to: mallory, units })));
      await ledger.pay(split.id, 1n, 1n, ZeroHash);
      for (const first of [0, 1, 2]) await ledger.release(drawOf(split, first));
      return await ledger.balanceOf(accountOf(mallory));
    };

    it("pays nothing yet, and nothing of another's money", async () => {
      expect(await attack(await loadFixture(deployRich))).to.equal(0n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await withTwin({ ethers, world: await loadFixture(deployRich), name: twin }))).to.equal(3n);
    });

    it("pays everything in the end, when what it received divides by its units", async () => {
      const { ledger, alice, bob } = await loadFixture(deployRich);
      const split = await splitOf([accountShare({ to: alice, units: 1n }), accountShare({ to: bob, units: 2n })]);
      for (let received = 1n; received <= 9n; received++) {
        await ledger.pay(split.id, 1n, 1n, ZeroHash);
        await ledger.release(drawAll(split));
        const released = (await ledger.drawn(split.id, 0n)) + (await ledger.drawn(split.id, 1n));
        expect(released).to.equal(received / 3n + (2n * received) / 3n);
      }
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(3n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(6n);
    });

    it("is not blocked when a hop rounds to nothing, except for hops beyond it", async () => {
      const { ledger, alice } = await loadFixture(deployRich);
      const child = await splitOf([accountShare({ to: alice, units: 1n })]);
      const split = await splitOf([accountShare({ to: alice, units: 99n }), splitShare({ to: child, units: 1n })]);
      await ledger.pay(split.id, 50n, 1n, ZeroHash);
      await ledger.release(drawAll(split));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(49n);
      await expect(ledger.release(drawAll(child)))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_UnknownSplit")
        .withArgs(child.id);
    });
  });

  describe("totals at the ends of their range", () => {
    it("leaves no share behind in a split of one unit", async () => {
      const { ledger, alice, bob } = await loadFixture(deployRich);
      const split = await splitOf([accountShare({ to: bob, units: 0n }), accountShare({ to: alice, units: 1n })]);
      await ledger.pay(split.id, 1n, 1n, ZeroHash);
      await ledger.release(drawAll(split));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(1n);
    });

    it("leaves no share behind in a split of 2^128 - 1 units that received 2^127 - 1", async () => {
      const { ledger, payer } = await loadFixture(deployHuge);
      const units = [1n, 2n ** 64n, 2n ** 127n, 2n ** 127n - 2n ** 64n - 2n];
      const split = await splitOf(units.map((of, i) => accountShare({ to: payer, tag: BigInt(i), units: of })));
      expect(split.tree.totalUnits).to.equal(2n ** 128n - 1n);
      await ledger.pay(split.id, MAX_RECEIVED, 1n, ZeroHash);
      await ledger.release(drawAll(split));
      let released = 0n;
      for (const [i, of] of units.entries()) {
        const drawn = await ledger.drawn(split.id, BigInt(i));
        expect(drawn).to.equal((MAX_RECEIVED * of) / split.tree.totalUnits);
        released += drawn;
      }
      expect(MAX_RECEIVED - released).to.be.within(0n, 3n);
    });
  });

  describe("payments that would exceed what a split can receive", () => {
    const twin = "AttributionLedger_NoReceivedCap";
    // After the second payment the twin believes that the split received 50, of which 100 have been drawn.
    const attack = async (ledger: AttributionLedger, payer: { address: string }): Promise<void> => {
      const split = await splitOf([accountShare({ to: payer, units: 1n })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await ledger.payOut(drawOf(split, 0));
      await ledger.pay(split.id, 2n ** 128n - 50n, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
    };

    it("are refused", async () => {
      const { ledger, payer } = await loadFixture(deployHuge);
      const split = await splitOf([accountShare({ to: payer, units: 1n })]);
      await expect(attack(ledger, payer))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(split.id, 100n, 2n ** 128n - 50n);
    });

    it(worksOn(twin), async () => {
      const { plain, payer, alice } = await loadFixture(deployHuge);
      const ledger = await deployTwin({ ethers, name: twin, token: await plain.getAddress() });
      await plain.approve(ledger, ethers.MaxUint256);
      await ledger.deposit(accountOf(alice), 1_000_000n);
      await attack(ledger, payer);
      await ledger.withdraw(0n, await plain.balanceOf(ledger), payer);
      expect(await plain.balanceOf(ledger)).to.equal(0n); // Alice's money is gone.
    });
  });

  describe("a split that is full", () => {
    it("still pays out what it received", async () => {
      const { ledger, payer } = await loadFixture(deployHuge);
      const split = await splitOf([accountShare({ to: payer, units: 1n })]);
      await ledger.pay(split.id, MAX_RECEIVED, 1n, ZeroHash);
      await expect(ledger.pay(split.id, 1n, 1n, ZeroHash))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(split.id, MAX_RECEIVED, 1n);
      await ledger.release(drawOf(split, 0));
      expect(await ledger.balanceOf(accountOf(payer))).to.equal(MAX_RECEIVED);
    });
  });

  describe("a payment for as many calls as fit", () => {
    const twin = "AttributionLedger_CallsRevert";
    const attack = async ({ ledger, alice, mallory, token }: World): Promise<bigint> => {
      const split = await splitOf([accountShare({ to: alice, units: 1n })]);
      await token.transfer(mallory, 1n);
      await token.connect(mallory).approve(ledger, 1n);
      await ledger.connect(mallory).pay(split.id, 1n, MAX_CALLS, ZeroHash);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
      return await ledger.balanceOf(accountOf(alice));
    };

    it("does not keep anybody else from paying", async () => {
      const world = await loadFixture(deployRich);
      expect(await attack(world)).to.equal(101n);
    });

    it("changes neither the amount nor the time", async () => {
      const { ledger } = await loadFixture(deployRich);
      await ledger.pay(ZeroHash, 5n, MAX_CALLS, ZeroHash);
      await ledger.pay(ZeroHash, 6n, MAX_CALLS, ZeroHash);
      expect(await ledger.received(ZeroHash)).to.deep.equal([11n, MAX_CALLS, BigInt(await time.latest())]);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, "AttributionLedger_EmptyBatch");
    });
  });

  describe("a payment of nothing", () => {
    const twin = "AttributionLedger_NoZeroCheck";
    const attack = async ({ ledger, alice, mallory }: World): Promise<bigint> => {
      const split = await splitOf([accountShare({ to: alice, units: 1n })]);
      await ledger.connect(mallory).pay(split.id, 0n, 1_000_000n, ZeroHash);
      const [, calls] = await ledger.received(split.id);
      return calls;
    };

    it("is refused, so calls cannot be reported for nothing", async () => {
      const world = await loadFixture(deployRich);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, "AttributionLedger_ZeroAmount");
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      expect(await attack(world)).to.equal(1_000_000n);
    });
  });

  describe("a batch of payments that costs less than it pays", () => {
    const twin = "AttributionLedger_LastOfBatch";
    const attack = async ({ ledger, token, mallory }: World): Promise<bigint> => {
      const split = await splitOf([accountShare({ to: mallory, units: 1n })]);
      await token.transfer(mallory, 1n);
      await token.connect(mallory).approve(ledger, 1n);
      const entry = { splitId: split.id, calls: 1n, memo: ZeroHash };
      await ledger.connect(mallory).payMany([
        { ...entry, amount: 1_000n },
        { ...entry, amount: 1n },
      ]);
      await ledger.release(drawOf(split, 0));
      return await ledger.balanceOf(accountOf(mallory));
    };

    it("costs the sum of its entries", async () => {
      const world = await loadFixture(deployRich);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.token, "ERC20InsufficientAllowance")
        .withArgs(world.ledger, 1n, 1_001n);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      await world.ledger.deposit(accountOf(world.carol), 1_000_000n);
      expect(await attack(world)).to.equal(1_001n);
    });
  });
});

/** A ledger that holds others' money. */
async function deployRich(): Promise<World> {
  const world = await loadFixture(deployWorld);
  await world.ledger.deposit(accountOf(world.carol), 1_000_000n);
  return world;
}

/** A ledger for a token of which the payer has more than a split can take. */
async function deployHuge() {
  const [payer, alice] = await ethers.getSigners();
  const plain = await ethers.deployContract("MockToken", [18]);
  const ledger = await ethers.deployContract("AttributionLedger", [plain]);
  await plain.mint(payer, 2n ** 200n);
  await plain.approve(ledger, ethers.MaxUint256);
  return { ledger, plain, payer, alice };
}
