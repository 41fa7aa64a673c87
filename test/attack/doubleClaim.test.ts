import { expect } from "chai";
import { concat, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import { prepareClaim } from "../helpers/claims.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf } from "../helpers/shares.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

interface Scene extends World {
  split: Split;
}

interface Attack {
  what: string;
  twin: `AttributionLedger_${string}`;
  run: (scene: Scene) => Promise<void>;
  /** What the attacker has in tokens and balance after it: by right, and on the twin. */
  fair: bigint;
  gain: bigint;
}

const NO_RECORD = "AttributionLedger_NoDrawnRecord";

const attacks: Attack[] = [
  {
    what: "the same share released in two transactions",
    twin: NO_RECORD,
    run: async ({ ledger, split }) => {
      await ledger.release(drawOf(split, 0));
      await ledger.release(drawOf(split, 0));
    },
    fair: 300n,
    gain: 600n,
  },
  {
    what: "the same share three times in one call",
    twin: NO_RECORD,
    run: async ({ ledger, split }) => {
      const draw = drawOf(split, 0);
      await ledger.release(concat([draw, draw, draw]));
    },
    fair: 300n,
    gain: 900n,
  },
  {
    what: "overlapping ranges in one call",
    twin: NO_RECORD,
    run: async ({ ledger, split }) => {
      await ledger.release(concat([drawOf(split, 0, 2), drawOf(split, 0, 4), drawOf(split, 0, 3)]));
    },
    fair: 300n,
    gain: 900n,
  },
  {
    what: "a share in a range and by itself",
    twin: NO_RECORD,
    run: async ({ ledger, split }) => {
      await ledger.release(drawAll(split));
      await ledger.release(drawOf(split, 0));
    },
    fair: 300n,
    gain: 600n,
  },
  {
    what: "a share released, paid out and claimed",
    twin: NO_RECORD,
    run: async ({ ledger, split, mallory }) => {
      await ledger.release(drawOf(split, 0));
      await ledger.payOut(drawOf(split, 0));
      await ledger.connect(mallory).claim(drawOf(split, 0), mallory);
    },
    fair: 300n,
    gain: 900n,
  },
  {
    what: "a share claimed, then claimed by signature",
    twin: NO_RECORD,
    run: async ({ ledger, split, mallory }) => {
      await ledger.connect(mallory).claim(drawOf(split, 0), mallory);
      await ledger.deposit(accountOf(mallory), 1n);
      const { draws, claim, signature } = await prepareClaim({ ledger, signer: mallory, draws: drawOf(split, 0) });
      await ledger.claimWithSignature(draws, claim, signature);
    },
    fair: 301n,
    gain: 601n,
  },
  {
    what: "a balance claimed twice",
    twin: "AttributionLedger_ClaimKeepsBalance",
    run: async ({ ledger, split, mallory }) => {
      await ledger.release(drawOf(split, 0));
      await ledger.connect(mallory).claim("0x", mallory);
      await ledger.deposit(accountOf(mallory), 1n); // So that there is something to claim.
      await ledger.connect(mallory).claim("0x", mallory);
    },
    fair: 301n,
    gain: 902n,
  },
  {
    what: "a share paid out and withdrawn",
    twin: "AttributionLedger_PayOutTwice",
    run: async ({ ledger, split }) => {
      await ledger.payOut(drawOf(split, 0));
    },
    fair: 300n,
    gain: 600n,
  },
  {
    what: "shares rounded up",
    twin: "AttributionLedger_RoundsUp",
    run: async ({ ledger, split }) => {
      for (let i = 0; i < 3; i++) await ledger.release(drawAll(split));
    },
    fair: 300n,
    gain: 301n,
  },
  {
    what: "one share that is in its tree twice",
    twin: NO_RECORD,
    run: async ({ ledger, mallory, carol }) => {
      const share = accountShare({ to: mallory, units: 1n });
      const split = await splitOf([share, share, accountShare({ to: carol, units: 1n })]);
      await ledger.pay(split.id, 90n, 1n, ZeroHash);
      for (let i = 0; i < 2; i++) await ledger.release(concat([drawAll(split), drawOf(split, 0), drawOf(split, 1)]));
    },
    fair: 60n, // As two shares.
    gain: 240n,
  },
  {
    what: "a share in two versions of its split",
    twin: NO_RECORD,
    run: async ({ ledger, mallory, carol }) => {
      const share = accountShare({ to: mallory, units: 1n });
      const first = await splitOf([share]);
      const second = await splitOf([share, accountShare({ to: carol, units: 1n })]);
      await ledger.pay(first.id, 10n, 1n, ZeroHash);
      await ledger.pay(second.id, 10n, 1n, ZeroHash);
      await ledger.release(concat([drawOf(first, 0), drawOf(second, 0), drawOf(first, 0), drawOf(second, 0)]));
    },
    fair: 15n, // From each what that version received.
    gain: 30n,
  },
];

describe("double claims", () => {
  for (const { what, twin, run, fair, gain } of attacks) {
    describe(what, () => {
      it("yields what the share is entitled to, once", async () => {
        const scene = await loadFixture(deployScene);
        await run(scene);
        expect(await wealthOf(scene)).to.equal(fair);
      });

      it(worksOn(twin), async () => {
        const world = await withTwin({ ethers, world: await loadFixture(deployWorld), name: twin });
        const scene = await arrange(world);
        await run(scene);
        expect(await wealthOf(scene)).to.equal(gain);
      });
    });
  }

  describe("the neighbour in a share's storage word", () => {
    const twin = "AttributionLedger_SharedHalves";
    const attack = async ({ ledger, split, mallory }: Scene): Promise<void> => {
      await ledger.connect(mallory).release(drawOf(split, 0));
      await ledger.connect(mallory).release(drawOf(split, 1));
    };

    it("draws what is its own after the attacker has", async () => {
      const scene = await loadFixture(deployScene);
      await attack(scene);
      expect(await scene.ledger.balanceOf(accountOf(scene.bob))).to.equal(300n);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployWorld), name: twin });
      const scene = await arrange(world);
      await attack(scene);
      expect(await scene.ledger.balanceOf(accountOf(scene.bob))).to.equal(0n);
    });
  });
});

async function deployScene(): Promise<Scene> {
  return await arrange(await loadFixture(deployWorld));
}

/** A split of 300 for Mallory, 300 for Bob and 400 for Carol, in a ledger that holds others' money as well. */
async function arrange(world: World): Promise<Scene> {
  const { ledger, alice, bob, carol, mallory } = world;
  await ledger.deposit(accountOf(alice), 1_000_000n);
  const split = await splitOf([
    accountShare({ to: mallory, units: 3n }),
    accountShare({ to: bob, units: 3n }),
    accountShare({ to: carol, units: 3n }),
    accountShare({ to: carol, units: 1n }),
  ]);
  await ledger.pay(split.id, 1_000n, 1n, ZeroHash);
  return { ...world, split };
}

async function wealthOf({ ledger, token, mallory }: World): Promise<bigint> {
  return (await token.balanceOf(mallory)) + (await ledger.balanceOf(accountOf(mallory)));
}
