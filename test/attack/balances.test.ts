import { expect } from "chai";
import { concat, id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { accountOf, accountShare, drawAll, splitOf } from "../helpers/shares.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

const TAG = 7n;

describe("other people's balances", () => {
  describe("spending more than an account has", () => {
    const twin = "AttributionLedger_NoDebitCheck";
    const ways: { what: string; attack: (world: World) => Promise<unknown> }[] = [
      {
        what: "by a withdrawal",
        attack: async ({ ledger, mallory }) => await ledger.connect(mallory).withdraw(0n, 1_000n, mallory),
      },
      {
        what: "by a transfer",
        attack: async ({ ledger, mallory }) =>
          await ledger.connect(mallory).transferBalance(0n, accountOf(mallory, 1n), 1_000n),
      },
      {
        what: "by a payment",
        attack: async ({ ledger, mallory }) =>
          await ledger.connect(mallory).payFromBalance(0n, id("own split"), 1_000n, 1n, ZeroHash),
      },
      {
        what: "by a batch of payments",
        attack: async ({ ledger, mallory }) =>
          await ledger
            .connect(mallory)
            .payManyFromBalance(0n, [{ splitId: id("own split"), amount: 1_000n, calls: 1n, memo: ZeroHash }]),
      },
    ];
    for (const { what, attack } of ways) {
      describe(what, () => {
        it("is refused", async () => {
          const world = await loadFixture(deployFunded);
          await expect(attack(world))
            .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_InsufficientBalance")
            .withArgs(accountOf(world.mallory), 1n, 1_000n);
        });

        it(worksOn(twin), async () => {
          const world = await fundedTwin(twin);
          await attack(world);
          // One unit less a thousand, wrapped around.
          expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(2n ** 256n - 999n);
        });
      });
    }
  });

  describe("moving balance of an account that approved nobody", () => {
    const twin = "AttributionLedger_NoAllowanceCheck";
    const attack = async ({ ledger, alice, mallory }: World): Promise<unknown> =>
      await ledger.connect(mallory).transferBalanceFrom(accountOf(alice), accountOf(mallory), 100n);

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_InsufficientAllowance")
        .withArgs(accountOf(world.alice), world.mallory, 0n, 100n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(101n);
    });
  });

  describe("using an approval twice", () => {
    const twin = "AttributionLedger_AllowanceNotSpent";
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      await ledger.connect(alice).approveSpender(0n, mallory, 60n);
      for (const amount of [40n, 40n]) {
        await ledger.connect(mallory).transferBalanceFrom(accountOf(alice), accountOf(mallory), amount);
      }
    };

    it("is refused beyond what was approved", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_InsufficientAllowance")
        .withArgs(accountOf(world.alice), world.mallory, 20n, 40n);
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(41n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.ledger.balanceOf(accountOf(world.mallory))).to.equal(81n);
    });
  });

  describe("using an approval of one account on another of the same owner", () => {
    const twin = "AttributionLedger_AllowancePerOwner";
    const attack = async ({ ledger, alice, mallory }: World): Promise<void> => {
      await ledger.connect(alice).approveSpender(0n, mallory, 100n);
      await ledger.connect(mallory).transferBalanceFrom(accountOf(alice, TAG), accountOf(mallory), 100n);
    };

    it("is refused", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_InsufficientAllowance")
        .withArgs(accountOf(world.alice, TAG), world.mallory, 0n, 100n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.ledger.balanceOf(accountOf(world.alice, TAG))).to.equal(0n);
    });
  });

  describe("an account that pays itself", () => {
    const twin = "AttributionLedger_StaleSelfTransfer";
    const attack = async ({ ledger, mallory }: World): Promise<bigint> => {
      for (let i = 0; i < 10; i++) {
        const account = accountOf(mallory);
        await ledger.connect(mallory).transferBalance(0n, account, await ledger.balanceOf(account));
      }
      return await ledger.balanceOf(accountOf(mallory));
    };

    it("has what it had", async () => {
      expect(await attack(await loadFixture(deployFunded))).to.equal(1n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await fundedTwin(twin))).to.equal(1_024n);
    });
  });

  describe("a contract that somebody with a balance calls", () => {
    const twin = "AttributionLedger_TrustsOrigin";
    // Alice believes that she mints a picture of a cat.
    const attack = async ({ ledger, alice, mallory }: World): Promise<string> => {
      const trap = await ethers.deployContract("Reenterer");
      const call = ledger.interface.encodeFunctionData("withdraw", [0n, 100n, mallory.address]);
      await trap.connect(alice).execute(ledger, call);
      return await trap.getAddress();
    };

    it("can spend from its own account only", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world)).to.be.revertedWithCustomError(world.ledger, "AttributionLedger_InsufficientBalance");
      expect(await world.ledger.balanceOf(accountOf(world.alice))).to.equal(100n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(100n);
    });
  });

  describe("a caller's address behind the calldata, as a forwarder would put it", () => {
    const twin = "AttributionLedger_TrustsTail";
    const attack = async ({ ledger, alice, mallory }: World): Promise<unknown> => {
      const call = ledger.interface.encodeFunctionData("withdraw", [0n, 100n, mallory.address]);
      return await mallory.sendTransaction({ to: ledger, data: concat([call, alice.address]) });
    };

    it("means nothing", async () => {
      const world = await loadFixture(deployFunded);
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.ledger, "AttributionLedger_InsufficientBalance")
        .withArgs(accountOf(world.mallory), 1n, 100n);
    });

    it(worksOn(twin), async () => {
      const world = await fundedTwin(twin);
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(100n);
    });
  });

  describe("a sub-account's share, paid out by a stranger", () => {
    const twin = "AttributionLedger_PayOutEmptiesSubAccounts";
    const attack = async ({ ledger, alice, mallory }: World): Promise<bigint> => {
      const split = await splitOf([accountShare({ to: alice, tag: TAG, units: 1n })]);
      await ledger.pay(split.id, 50n, 1n, ZeroHash);
      await ledger.connect(mallory).payOut(drawAll(split));
      return await ledger.balanceOf(accountOf(alice, TAG));
    };

    it("stays in the sub-account", async () => {
      expect(await attack(await loadFixture(deployFunded))).to.equal(150n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await fundedTwin(twin))).to.equal(100n);
    });
  });

  describe("a sub-account's share among the draws of a claim", () => {
    const twin = "AttributionLedger_ClaimEmptiesSubAccounts";
    const attack = async ({ ledger, alice }: World): Promise<bigint> => {
      const split = await splitOf([accountShare({ to: alice, tag: TAG, units: 1n })]);
      await ledger.pay(split.id, 50n, 1n, ZeroHash);
      await ledger.connect(alice).claim(drawAll(split), alice);
      return await ledger.balanceOf(accountOf(alice, TAG));
    };

    it("stays in the sub-account", async () => {
      expect(await attack(await loadFixture(deployFunded))).to.equal(150n);
    });

    it(worksOn(twin), async () => {
      expect(await attack(await fundedTwin(twin))).to.equal(100n);
    });
  });
});

/** Alice has 100 in her wallet account and 100 in a sub-account, Carol a lot, and Mallory one unit. */
async function deployFunded(): Promise<World> {
  return await fund(await loadFixture(deployWorld));
}

async function fundedTwin(name: `AttributionLedger_${string}`): Promise<World> {
  return await fund(await withTwin({ ethers, world: await loadFixture(deployWorld), name }));
}

async function fund(world: World): Promise<World> {
  const { ledger, alice, carol, mallory } = world;
  await ledger.deposit(accountOf(alice), 100n);
  await ledger.deposit(accountOf(alice, TAG), 100n);
  await ledger.deposit(accountOf(carol), 1_000_000n);
  await ledger.deposit(accountOf(mallory), 1n);
  return world;
}
