import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import type { AttributionLedger } from "../../typechain-types/index.ts";
import { leafOf, packDraw, parentOf, siblingsOf, splitIdOf } from "../helpers/naiveTree.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

interface Scene extends World {
  child: Split;
  split: Split;
}

describe("hostile arbiters", () => {
  describe("a redirect by somebody who is not the arbiter", () => {
    const twin = "AttributionLedger_NoArbiterInId";
    const attack = async ({ ledger, alice, bob, arbiter, mallory }: World, hashed: string): Promise<bigint> => {
      const shares = [alice, bob].map((to) => accountShare({ to, units: 1n }));
      const leaves = shares.map(leafOf);
      const root = parentOf(leaves[0], leaves[1]);
      await ledger.pay(splitIdOf({ root, size: 2n, arbiter: hashed }), 100n, 1n, ZeroHash);
      await ledger.connect(mallory).redirect(root.hash, root.units, 2n, 0n, accountOf(mallory));
      const siblings = siblingsOf(leaves, 0);
      await ledger.release(packDraw({ arbiter: arbiter.address, size: 2n, first: 0n, shares: [shares[0]], siblings }));
      return await ledger.balanceOf(accountOf(mallory));
    };

    it("changes nothing", async () => {
      const world = await loadFixture(deployRich);
      expect(await attack(world, world.arbiter.address)).to.equal(0n);
      expect(await world.ledger.balanceOf(accountOf(world.alice))).to.equal(50n);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
      expect(await attack(world, ethers.ZeroAddress)).to.equal(50n);
    });
  });

  describe("a redirect of a share that has been drawn", () => {
    const twin = "AttributionLedger_RedirectForgetsDrawn";
    const attack = async ({ ledger, split, arbiter }: Scene): Promise<bigint> => {
      await ledger.release(drawAll(split));
      const asArbiter = ledger.connect(arbiter);
      await redirect({ ledger: asArbiter, split, index: 0n, to: accountOf(arbiter) });
      await ledger.release(drawAll(split));
      return await ledger.balanceOf(accountOf(arbiter));
    };

    it("yields nothing of what was drawn", async () => {
      expect(await attack(await loadFixture(deployScene))).to.equal(0n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await twinScene(twin))).to.equal(10n);
    });
  });

  describe("a redirect that makes the share look overdrawn", () => {
    const twin = "AttributionLedger_FlagIsMoney";
    const attack = async ({ ledger, split, arbiter }: Scene): Promise<bigint> => {
      await redirect({ ledger: ledger.connect(arbiter), split, index: 0n, to: accountOf(arbiter) });
      await ledger.release(drawOf(split, 0));
      return await ledger.balanceOf(accountOf(arbiter));
    };

    it("yields what the share was due", async () => {
      expect(await attack(await loadFixture(deployScene))).to.equal(10n);
    });

    it(worksOn(twin), async () => {
      const scene = await twinScene(twin);
      expect(await attack(scene)).to.equal(2n ** 256n - 2n ** 127n + 10n);
      const { ledger, token, arbiter } = scene;
      await ledger.connect(arbiter).withdraw(0n, await token.balanceOf(ledger), arbiter); // Everybody's money.
    });
  });

  describe("a redirect to and fro", () => {
    const twin = "AttributionLedger_RedirectForgetsDrawn";
    const attack = async ({ ledger, split, arbiter }: Scene): Promise<bigint> => {
      const asArbiter = ledger.connect(arbiter);
      for (const to of [accountOf(arbiter), ZeroHash, accountOf(arbiter), ZeroHash]) {
        await redirect({ ledger: asArbiter, split, index: 0n, to });
        await ledger.release(drawOf(split, 0));
      }
      return await ledger.balanceOf(accountOf(arbiter));
    };

    it("yields what the share was due while it lasted, once", async () => {
      const scene = await loadFixture(deployScene);
      expect(await attack(scene)).to.equal(10n);
      expect(await scene.ledger.balanceOf(accountOf(scene.alice))).to.equal(0n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await twinScene(twin))).to.equal(20n);
    });
  });

  describe("a redirect of a share beside the victim's", () => {
    const twin = "AttributionLedger_RedirectHitsNeighbour";
    // Index 1 shares its storage word with index 0, which is Alice's.
    const attack = async ({ ledger, split, arbiter, alice }: Scene): Promise<bigint> => {
      await redirect({ ledger: ledger.connect(arbiter), split, index: 1n, to: accountOf(arbiter) });
      await ledger.release(drawAll(split));
      return await ledger.balanceOf(accountOf(alice));
    };

    it("leaves the victim's share alone", async () => {
      expect(await attack(await loadFixture(deployScene))).to.equal(10n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await twinScene(twin))).to.equal(0n);
    });
  });

  describe("a redirect of what a split owes to another one", () => {
    const twin = "AttributionLedger_RedirectTakesSplits";
    const attack = async ({ ledger, split, arbiter }: Scene): Promise<bigint> => {
      await redirect({ ledger: ledger.connect(arbiter), split, index: 2n, to: accountOf(arbiter) });
      await ledger.release(drawAll(split));
      return await ledger.balanceOf(accountOf(arbiter));
    };

    it("has no effect", async () => {
      const scene = await loadFixture(deployScene);
      expect(await attack(scene)).to.equal(0n);
      expect((await scene.ledger.received(scene.child.id))[0]).to.equal(10n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await twinScene(twin))).to.equal(10n);
    });
  });

  describe("redirects of all shares at once", () => {
    const twin = "AttributionLedger_RedirectForgetsDrawn";
    /** What the split has released after each round. */
    const attack = async ({ ledger, split, alice, bob, arbiter, child }: Scene): Promise<bigint[]> => {
      const asArbiter = ledger.connect(arbiter);
      const accounts = [alice, bob].map((owner) => accountOf(owner));
      for (const tag of [0n, 1n, 2n]) accounts.push(accountOf(arbiter, tag));
      const released: bigint[] = [];
      for (let round = 0n; round < 3n; round++) {
        for (const index of [0n, 1n, 2n]) {
          const to = (round + index) % 2n === 0n ? accountOf(arbiter, index) : ZeroHash;
          await redirect({ ledger: asArbiter, split, index, to });
        }
        await ledger.pay(split.id, 31n, 1n, ZeroHash);
        await ledger.release(drawAll(split));
        const balances = await Promise.all(accounts.map(async (account) => await ledger.balanceOf(account)));
        const [routed] = await ledger.received(child.id);
        released.push(balances.reduce((sum, balance) => sum + balance, routed));
      }
      return released;
    };

    it("never yield more than the split received", async () => {
      // 61, 92 and 123, rounded down three times.
      expect(await attack(await loadFixture(deployScene))).to.deep.equal([60n, 90n, 123n]);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await twinScene(twin))).to.deep.equal([60n, 150n, 273n]);
    });
  });
});

async function redirect({
  ledger,
  split,
  index,
  to,
}: {
  ledger: AttributionLedger;
  split: Split;
  index: bigint;
  to: string;
}): Promise<void> {
  const { root, totalUnits, size } = split.header;
  await ledger.redirect(root, totalUnits, size, index, to);
}

/** A ledger that holds others' money. */
async function deployRich(): Promise<World> {
  const world = await loadFixture(deployWorld);
  await world.ledger.deposit(accountOf(world.carol), 1_000_000n);
  return world;
}

async function deployScene(): Promise<Scene> {
  return await arrange(await loadFixture(deployWorld));
}

async function twinScene(name: `AttributionLedger_${string}`): Promise<Scene> {
  return await arrange(await withTwin({ ethers, world: await loadFixture(deployWorld), name }));
}

/** A split of Alice, Bob and a split of Bob's, 10 each of 30, under an arbiter. Carol has a lot in the ledger. */
async function arrange(world: World): Promise<Scene> {
  const { ledger, alice, bob, carol, arbiter } = world;
  await ledger.deposit(accountOf(carol), 1_000_000n);
  const child = await splitOf([accountShare({ to: bob, units: 1n })]);
  const split = await splitOf(
    [
      accountShare({ to: alice, units: 1n }),
      accountShare({ to: bob, units: 1n }),
      splitShare({ to: child, units: 1n }),
    ],
    arbiter,
  );
  await ledger.pay(split.id, 30n, 1n, ZeroHash);
  return { ...world, child, split };
}
