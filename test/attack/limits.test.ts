import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
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
  });

  describe("a split that is released after each unit it receives", () => {
    const twin = "AttributionLedger_RoundsEachRelease";
    const attack = async ({ ledger, alice, bob }: World): Promise<bigint[]> => {
      const split = await splitOf([accountShare({ to: alice, units: 1n }), accountShare({ to: bob, units: 2n })]);
      const released: bigint[] = [];
      for (let received = 1n; received <= 9n; received++) {
        await ledger.pay(split.id, 1n, 1n, ZeroHash);
        await ledger.release(drawAll(split));
        released.push((await ledger.balanceOf(accountOf(alice))) + (await ledger.balanceOf(accountOf(bob))));
      }
      return released;
    };

    it("pays everything in the end, when what it received divides by its units", async () => {
      expect(await attack(await loadFixture(deployRich))).to.deep.equal([0n, 1n, 3n, 3n, 4n, 6n, 6n, 7n, 9n]);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      expect((await attack(world)).at(-1)).to.equal(7n);
    });
  });

  describe("a share that is due nothing yet", () => {
    const twin = "AttributionLedger_NothingBlocks";
    const attack = async ({ ledger, alice }: World, child: Split): Promise<bigint> => {
      const split = await splitOf([
        accountShare({ to: alice, units: 99n }),
        splitShare({ to: child, units: 1n }),
        accountShare({ to: alice, units: 0n }),
      ]);
      await ledger.pay(split.id, 50n, 1n, ZeroHash);
      await ledger.release(drawAll(split));
      return await ledger.balanceOf(accountOf(alice));
    };

    it("blocks nobody, except for hops beyond it", async () => {
      const world = await loadFixture(deployRich);
      const child = await splitOf([accountShare({ to: world.alice, units: 1n })]);
      expect(await attack(world, child)).to.equal(49n);
      await expect(world.ledger.release(drawAll(child)))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_UnknownSplit")
        .withArgs(child.id);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      const child = await splitOf([accountShare({ to: world.alice, units: 1n })]);
      await expect(attack(world, child)).to.be.revertedWithCustomError(world.ledger, "AttributionLedger_ZeroAmount");
    });
  });

  describe("a split of 2^128 - 1 units that received 2^127 - 1", () => {
    const twin = "AttributionLedger_NarrowProduct";
    const units = [1n, 2n ** 64n, 2n ** 127n, 2n ** 127n - 2n ** 64n - 2n];
    const attack = async (ledger: AttributionLedger, payer: { address: string }): Promise<bigint[]> => {
      const split = await splitOf(units.map((of, i) => accountShare({ to: payer, tag: BigInt(i), units: of })));
      await ledger.pay(split.id, MAX_RECEIVED, 1n, ZeroHash);
      await ledger.release(drawAll(split));
      return await Promise.all(units.map(async (_, i) => await ledger.balanceOf(accountOf(payer, BigInt(i)))));
    };

    it("leaves no share behind", async () => {
      const { ledger, payer } = await loadFixture(deployHuge);
      const released = await attack(ledger, payer);
      expect(released).to.deep.equal(units.map((of) => (MAX_RECEIVED * of) / (2n ** 128n - 1n)));
      expect(MAX_RECEIVED - released.reduce((sum, amount) => sum + amount)).to.be.within(0n, 3n);
    });

    it(worksOn(twin), async () => {
      const { plain, payer } = await loadFixture(deployHuge);
      const ledger = await deployTwin({ ethers, name: twin, token: await plain.getAddress() });
      await plain.approve(ledger, ethers.MaxUint256);
      expect(await attack(ledger, payer)).to.deep.equal([0n, 0n, 0n, 0n]);
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

  describe("a payment on top of all that a split can receive", () => {
    const twin = "AttributionLedger_NoReceivedCap";
    // With one unit more, what the twin writes down as drawn is the flag of a redirected share, and no money.
    const attack = async (ledger: AttributionLedger, payer: { address: string }): Promise<void> => {
      const split = await splitOf([accountShare({ to: payer, units: 1n })]);
      await ledger.pay(split.id, MAX_RECEIVED, 1n, ZeroHash);
      await ledger.pay(split.id, 1n, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
    };

    it("is refused, and the split still pays out what it received", async () => {
      const { ledger, payer } = await loadFixture(deployHuge);
      const split = await splitOf([accountShare({ to: payer, units: 1n })]);
      await expect(attack(ledger, payer))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(split.id, MAX_RECEIVED, 1n);
      await ledger.release(drawOf(split, 0));
      expect(await ledger.balanceOf(accountOf(payer))).to.equal(MAX_RECEIVED);
    });

    it(worksOn(twin), async () => {
      const { plain, payer } = await loadFixture(deployHuge);
      const ledger = await deployTwin({ ethers, name: twin, token: await plain.getAddress() });
      await plain.approve(ledger, ethers.MaxUint256);
      const split = await splitOf([accountShare({ to: payer, units: 1n })]);
      await attack(ledger, payer);
      expect(await ledger.drawn(split.id, 0n)).to.equal(0n); // Everything can be drawn again.
      await ledger.release(drawOf(split, 0));
      expect(await ledger.balanceOf(ZeroHash)).to.equal(MAX_RECEIVED + 1n);
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

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, "AttributionLedger_EmptyBatch");
    });
  });

  describe("calls that add up to more than fits", () => {
    const twin = "AttributionLedger_CallsSpill";
    const attack = async ({ ledger }: World): Promise<bigint[]> => {
      await ledger.pay(ZeroHash, 5n, MAX_CALLS, ZeroHash);
      const even = (BigInt(await time.latest()) | 1n) + 1n; // So that one bit more is seen.
      await time.setNextBlockTimestamp(even);
      await ledger.pay(ZeroHash, 6n, MAX_CALLS, ZeroHash);
      const [amount, calls, paidAt] = await ledger.received(ZeroHash);
      return [amount, calls, paidAt - even];
    };

    it("change neither the amount nor the time", async () => {
      const world = await loadFixture(deployRich);
      expect(await attack(world)).to.deep.equal([11n, MAX_CALLS, 0n]);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      expect(await attack(world)).to.deep.equal([11n, MAX_CALLS - 1n, 1n]);
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
