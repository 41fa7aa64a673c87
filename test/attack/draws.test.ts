import { expect } from "chai";
import { concat, dataLength, dataSlice, id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { type AnyNode, type AnyShare, leafOf, packDraw, packShare, parentOf, splitIdOf } from "../helpers/naiveTree.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf } from "../helpers/shares.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

const twinWorld = async (name: `AttributionLedger_${string}`): Promise<World> =>
  await withTwin({ ethers, world: await loadFixture(deployRich), name });

describe("hostile draws", () => {
  describe("a share whose recipient is replaced by the attacker", () => {
    const twin = "AttributionLedger_RecipientNotHashed";
    /** @param hashed The recipient as it stands in the leaf's hash. */
    const attack = async ({ ledger, alice, mallory }: World, hashed: string): Promise<void> => {
      const share = accountShare({ to: alice, units: 1n });
      await ledger.pay(splitIdOf({ root: leafOf({ ...share, recipient: hashed }), size: 1n }), 100n, 1n, ZeroHash);
      const forged = { ...share, recipient: accountOf(mallory) };
      await ledger.connect(mallory).release(packDraw({ size: 1n, first: 0n, shares: [forged], siblings: [] }));
    };

    it("is a share of another split", async () => {
      const world = await loadFixture(deployRich);
      const forged = accountShare({ to: world.mallory, units: 1n });
      await expect(attack(world, accountOf(world.alice)))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_UnknownSplit")
        .withArgs(splitIdOf({ root: leafOf(forged), size: 1n }));
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world, ZeroHash);
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(100n);
    });
  });

  describe("an account's share read as a split's", () => {
    const twin = "AttributionLedger_KindNotHashed";
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      const split = await splitOf([accountShare({ to: alice, units: 1n })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      const flipped = { ...split.tree.share(0), kind: 1 };
      await ledger.connect(mallory).release(packDraw({ size: 1n, first: 0n, shares: [flipped], siblings: [] }));
    };

    it("is a share of another split", async () => {
      const world = await loadFixture(deployRich);
      const flipped = { ...accountShare({ to: world.alice, units: 1n }), kind: 1 };
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_UnknownSplit")
        .withArgs(splitIdOf({ root: leafOf(flipped), size: 1n }));
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world);
      const { ledger, alice } = world;
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
      // Alice's money is in a split whose id is her account, which nobody can draw from.
      expect((await ledger.received(accountOf(alice)))[0]).to.equal(100n);
    });
  });

  describe("a share of a kind that means nothing", () => {
    const twin = "AttributionLedger_NoKindCheck";
    const attack = async ({ ledger, mallory }: World): Promise<void> => {
      const share: AnyShare = { ...accountShare({ to: mallory, units: 1n }), kind: 0x82 };
      await ledger.pay(splitIdOf({ root: leafOf(share), size: 1n }), 100n, 1n, ZeroHash);
      await ledger.release(packDraw({ size: 1n, first: 0n, shares: [share], siblings: [] }));
    };

    it("is refused", async () => {
      const world = await loadFixture(deployRich);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, "Draws_UnknownKind").withArgs(0n, 0x82n);
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world);
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(100n);
    });
  });

  describe("an empty proof of a share beside nothing", () => {
    const twin = "AttributionLedger_ReadsBeyondEnd";
    // The calldata behind the draw is all zeros, and so is the sibling.
    const attack = async ({ ledger, mallory }: World): Promise<void> => {
      const share = accountShare({ to: mallory, units: 1n });
      const nothing: AnyNode = { hash: ZeroHash, units: 0n };
      await ledger.pay(splitIdOf({ root: parentOf(leafOf(share), nothing), size: 2n }), 100n, 1n, ZeroHash);
      const draw = packDraw({ size: 2n, first: 0n, shares: [share], siblings: [] });
      const call = ledger.interface.encodeFunctionData("release", [draw]);
      await mallory.sendTransaction({ to: ledger, data: concat([call, new Uint8Array(96)]) });
    };

    it("is too short", async () => {
      const world = await loadFixture(deployRich);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "MerkleSumTree_ProofTooShort")
        .withArgs(121n, 169n);
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world);
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(100n);
    });
  });

  describe("a draw of no share at all", () => {
    const twin = "AttributionLedger_NoCountCheck";
    const attack = async ({ ledger, mallory }: World): Promise<void> => {
      const beside: AnyNode = { hash: id("beside"), units: 1n };
      const nothing: AnyNode = { hash: ZeroHash, units: 0n };
      await ledger.pay(splitIdOf({ root: parentOf(beside, nothing), size: 2n }), 100n, 1n, ZeroHash);
      const draw = packDraw({ size: 2n, first: 1n, shares: [], siblings: [beside] });
      await ledger.connect(mallory).release(draw);
    };

    it("proves nothing", async () => {
      const world = await loadFixture(deployRich);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "MerkleSumTree_BadRange")
        .withArgs(1n, 0n, 2n);
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world);
    });
  });

  // No twin: the ledger knows nothing of zero. That no share hashes to it is the hash function's merit.
  describe("a split whose root is zero", () => {
    it("cannot be drawn from by any proof of a share, empty or not", async () => {
      const { ledger, mallory } = await loadFixture(deployRich);
      const share = accountShare({ to: mallory, units: 1n });
      const zero: AnyNode = { hash: ZeroHash, units: 1n };
      await ledger.pay(splitIdOf({ root: zero, size: 1n }), 100n, 1n, ZeroHash);
      await ledger.pay(splitIdOf({ root: zero, size: 2n }), 100n, 1n, ZeroHash);
      for (const [size, siblings] of [
        [1n, []],
        [2n, [zero]],
        [2n, [{ hash: ZeroHash, units: 0n }]],
      ] as const) {
        await expect(
          ledger.release(packDraw({ size, first: 0n, shares: [share], siblings })),
        ).to.be.revertedWithCustomError(ledger, "AttributionLedger_UnknownSplit");
      }
      for (const size of [1n, 2n]) {
        await expect(ledger.release(packDraw({ size, first: 0n, shares: [], siblings: [] })))
          .to.be.revertedWithCustomError(ledger, "MerkleSumTree_BadRange")
          .withArgs(0n, 0n, size);
      }
    });
  });

  describe("bytes behind the last draw", () => {
    const twin = "AttributionLedger_IgnoresTail";
    const attack = async ({ ledger, alice }: World): Promise<void> => {
      const split = await splitOf([accountShare({ to: alice, units: 1n })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await ledger.release(concat([drawOf(split, 0), "0xdeadbeef"]));
    };

    it("make the draws too short for another one", async () => {
      const world = await loadFixture(deployRich);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, "Draws_Truncated").withArgs(125n, 161n);
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world);
      expect(await world.ledger.balanceOf(accountOf(world.alice))).to.equal(100n);
    });
  });

  describe("a proof of nothing", () => {
    const twin = "AttributionLedger_NoUnknownSplit";
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      const split = await splitOf([accountShare({ to: alice, units: 1n, evidence: id("paid") })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      const other = await splitOf([accountShare({ to: alice, units: 1n, evidence: id("never paid") })]);
      await ledger.connect(mallory).release(drawAll(other));
    };

    it("is an error, not a release of nothing", async () => {
      const world = await loadFixture(deployRich);
      const other = await splitOf([accountShare({ to: world.alice, units: 1n, evidence: id("never paid") })]);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_UnknownSplit")
        .withArgs(other.id);
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world);
    });
  });

  describe("a last odd share counted twice", () => {
    const twin = "AttributionLedger_OddTwice";
    // [a, b, c] passed off as [a, b, c, c], which a Bitcoin block could not tell apart (CVE-2012-2459).
    const attack = async ({ ledger, bob, mallory }: World, oddTwice: boolean): Promise<void> => {
      const shares = [bob, bob, mallory].map((to) => accountShare({ to, units: 1n }));
      const [a, b, c] = shares.map(leafOf);
      const pair = parentOf(a, b);
      const root = parentOf(pair, oddTwice ? parentOf(c, c) : c);
      await ledger.pay(splitIdOf({ root, size: oddTwice ? 0n : 3n }), 120n, 1n, ZeroHash);
      await ledger.release(packDraw({ size: 3n, first: 2n, shares: [shares[2]], siblings: [pair] }));
      await ledger.release(packDraw({ size: 4n, first: 3n, shares: [shares[2]], siblings: [c, pair] }));
    };

    it("is a share of another split the second time", async () => {
      const world = await loadFixture(deployRich);
      await expect(attack(world, false)).to.be.revertedWithCustomError(world.ledger, "AttributionLedger_UnknownSplit");
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(40n);
    });

    it(worksOn(twin), async () => {
      const world = await twinWorld(twin);
      await attack(world, true);
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(60n);
    });
  });

  // No twin: every field is hashed by itself, which twins above go without. This is about the lines between the fields.
  describe("a share's bytes moved by one", () => {
    it("lead to another split at every offset", async () => {
      const { ledger, alice } = await loadFixture(deployRich);
      const split = await splitOf([accountShare({ to: alice, units: 1n, evidence: id("evidence") })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      const share = packShare(split.tree.share(0));
      for (let by = 1; by < dataLength(share); by++) {
        const rotated = concat([dataSlice(share, by), dataSlice(share, 0, by)]);
        await expect(
          ledger.release.staticCall(concat([dataSlice(drawOf(split, 0), 0, 40), rotated])),
        ).to.be.revertedWithCustomError(ledger, "AttributionLedger_UnknownSplit");
      }
    });
  });
});

/** A ledger that holds others' money. */
async function deployRich(): Promise<World> {
  const world = await loadFixture(deployWorld);
  await world.ledger.deposit(accountOf(world.carol), 1_000_000n);
  return world;
}
