import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import type { AttributionLedger, BlocklistToken, HookToken } from "../../typechain-types/index.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf } from "../helpers/shares.ts";
import { signPermit } from "../helpers/signatures.ts";
import { deployTwin, withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

describe("griefing", () => {
  describe("a permit that somebody else submits first", () => {
    const twin = "AttributionLedger_PermitMustWork";
    const ways = [
      {
        what: "a payment",
        attack: async ({ ledger, token, alice, mallory }: World): Promise<void> => {
          const permit = await signPermit({ token, owner: alice, spender: ledger, value: 100n });
          await token.connect(mallory).permit(alice, ledger, 100n, ...permit);
          await ledger.connect(alice).payWithPermit(ZeroHash, 100n, 1n, ZeroHash, ...permit);
        },
      },
      {
        what: "a deposit",
        attack: async ({ ledger, token, alice, mallory }: World): Promise<void> => {
          const permit = await signPermit({ token, owner: alice, spender: ledger, value: 100n });
          await token.connect(mallory).permit(alice, ledger, 100n, ...permit);
          await ledger.connect(alice).depositWithPermit(accountOf(alice), 100n, ...permit);
        },
      },
    ];
    for (const { what, attack } of ways) {
      it(`does not stop ${what}`, async () => {
        const world = await loadFixture(deployWorld);
        await world.token.transfer(world.alice, 100n);
        await attack(world);
        expect(await world.token.balanceOf(world.alice)).to.equal(0n);
      });

      it(`${worksOn(twin)} (${what})`, async () => {
        const world = await withTwin({ ethers, world: await loadFixture(deployWorld), name: twin });
        await world.token.transfer(world.alice, 100n);
        await expect(attack(world)).to.be.revertedWithCustomError(world.token, "ERC2612InvalidSigner");
      });
    }
  });

  describe("a recipient among others that the token refuses", () => {
    const twin = "AttributionLedger_PayOutAllOrNothing";
    const attack = async ({
      ledger,
      token,
    }: {
      ledger: AttributionLedger;
      token: BlocklistToken;
    }): Promise<bigint[]> => {
      const [payer, alice, bob, carol] = await ethers.getSigners();
      const split = await splitOf([alice, bob, carol].map((to) => accountShare({ to, units: 1n })));
      await token.connect(payer).approve(ledger, 30n);
      await ledger.pay(split.id, 30n, 1n, ZeroHash);
      await token.setBlocked(bob, true);
      await ledger.payOut(drawAll(split));
      return await Promise.all([alice, bob, carol].map(async (who) => await token.balanceOf(who)));
    };

    it("keeps nobody else from being paid", async () => {
      const token = await loadFixture(deployBlocklist);
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      expect(await attack({ ledger, token })).to.deep.equal([10n, 0n, 10n]);
    });

    it(worksOn(twin), async () => {
      const token = await loadFixture(deployBlocklist);
      const ledger = await deployTwin({ ethers, name: twin, token: await token.getAddress() });
      await expect(attack({ ledger, token })).to.be.revertedWithCustomError(token, "Blocked");
    });
  });

  describe("recipients that nobody would want to pay", () => {
    describe("and who are to be paid out", () => {
      const twin = "AttributionLedger_PayOutAllOrNothing";
      const attack = async ({ ledger, split }: OddWorld): Promise<unknown> => await ledger.payOut(drawAll(split));

      it("keep nobody else from it", async () => {
        const world = await loadFixture(deployOdd);
        const { ledger, token, alice, bob } = world;
        await expect(attack(world)).to.changeTokenBalances(ethers, token, [alice, bob], [10n, 10n]);
        expect(await ledger.balanceOf(ZeroHash)).to.equal(10n);
      });

      it(worksOn(twin), async () => {
        const world = await oddTwin(twin);
        await expect(attack(world))
          .to.be.revertedWithCustomError(world.token, "ERC20InvalidReceiver")
          .withArgs(ZeroAddress);
      });
    });

    describe("and whose shares are released", () => {
      const twin = "AttributionLedger_ReleasePushes";
      const attack = async ({ ledger, split }: OddWorld): Promise<unknown> => await ledger.release(drawAll(split));

      it("keep nobody else's share from it", async () => {
        const world = await loadFixture(deployOdd);
        const { ledger, alice, bob } = world;
        await attack(world);
        expect(await ledger.balanceOf(accountOf(alice))).to.equal(10n);
        expect(await ledger.balanceOf(accountOf(bob))).to.equal(10n);
      });

      it(worksOn(twin), async () => {
        const world = await oddTwin(twin);
        await expect(attack(world))
          .to.be.revertedWithCustomError(world.token, "ERC20InvalidReceiver")
          .withArgs(ZeroAddress);
      });
    });

    describe("and who are the ledger itself", () => {
      const twin = "AttributionLedger_PayOutToItself";
      const attack = async ({ ledger, split }: OddWorld): Promise<bigint> => {
        await ledger.payOut(drawAll(split));
        return await ledger.balanceOf(accountOf({ address: await ledger.getAddress() }));
      };

      it("hold their share in a balance, so that the books add up to what the ledger holds", async () => {
        expect(await attack(await loadFixture(deployOdd))).to.equal(10n);
      });

      it(worksOn(twin), async () => {
        expect(await attack(await oddTwin(twin))).to.equal(0n);
      });
    });
  });

  describe("a recipient that burns all the gas its token gives it", () => {
    const twin = "AttributionLedger_PayOutAllOrNothing";
    const attack = async (token: HookToken, ledger: AttributionLedger): Promise<bigint[]> => {
      const [payer, alice, bob] = await ethers.getSigners();
      const burner = { address: await (await ethers.deployContract("GasBurner", [token])).getAddress() };
      const split = await splitOf([alice, burner, bob].map((to) => accountShare({ to, units: 1n })));
      await token.mint(payer, 30n);
      await token.approve(ledger, 30n);
      await ledger.pay(split.id, 30n, 1n, ZeroHash);
      await ledger.payOut(drawAll(split), { gasLimit: 2n ** 24n });
      return [
        await token.balanceOf(alice),
        await token.balanceOf(bob),
        await token.balanceOf(burner.address),
        await ledger.balanceOf(accountOf(burner)),
      ];
    };

    it("keeps its share in its balance and nobody else from being paid", async () => {
      const token = await ethers.deployContract("HookToken");
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      expect(await attack(token, ledger)).to.deep.equal([10n, 10n, 0n, 10n]);
    });

    it(worksOn(twin), async () => {
      const token = await ethers.deployContract("HookToken");
      const ledger = await deployTwin({ ethers, name: twin, token: await token.getAddress() });
      await expect(attack(token, ledger)).to.be.revertedWithoutReason(ethers);
    });
  });

  describe("a caller who gives payOut too little gas", () => {
    const twin = "AttributionLedger_PayOutForgets";
    /** What the wallet has got in tokens and in its balance, after each pay-out that went through. */
    const attack = async (token: HookToken, ledger: AttributionLedger): Promise<string[]> => {
      const [payer, alice] = await ethers.getSigners();
      // What the wallet does on receipt takes a lot of gas. When it runs out of that, the ledger has a 63rd of it left.
      const wallet = await ethers.deployContract("Reenterer");
      const approval = token.interface.encodeFunctionData("approve", [alice.address, 1n]);
      await wallet.plan(Array(4).fill({ target: token, data: approval }));
      await wallet.execute(token, token.interface.encodeFunctionData("setHook", [true]));
      const self = { address: await wallet.getAddress() };
      const split = await splitOf([alice, self].map((to) => accountShare({ to, units: 1n })));
      await token.mint(payer, 100n);
      await token.approve(ledger, 100n);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);

      const snapshot = await networkHelpers.takeSnapshot();
      const outcomes = new Set<string>();
      for (let gasLimit = 200_000n; gasLimit <= 1_000_000n; gasLimit += 2_000n) {
        try {
          await ledger.payOut(drawAll(split), { gasLimit });
        } catch {
          continue; // Out of gas, nothing happened.
        }
        outcomes.add([await token.balanceOf(wallet), await ledger.balanceOf(accountOf(self))].join(" and "));
        await snapshot.restore();
      }
      return [...outcomes];
    };

    it("cannot make the token's transfer fail and the money disappear", async () => {
      const token = await ethers.deployContract("HookToken");
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      expect(await attack(token, ledger)).to.deep.equal(["50 and 0"]);
    });

    it(worksOn(twin), async () => {
      const token = await ethers.deployContract("HookToken");
      const ledger = await deployTwin({ ethers, name: twin, token: await token.getAddress() });
      expect(await attack(token, ledger)).to.have.members(["50 and 0", "0 and 0"]);
    });
  });

  describe("a stranger who releases every share whenever a unit arrives", () => {
    const twin = "AttributionLedger_RoundsEachRelease";
    const attack = async ({ ledger, alice, bob, carol, mallory }: World): Promise<bigint[]> => {
      const shares = [alice, bob, carol].map((to, i) => accountShare({ to, units: [1n, 5n, 10n][i] }));
      const split = await splitOf(shares);
      for (let i = 0; i < 32; i++) {
        await ledger.pay(split.id, 1n, 1n, ZeroHash);
        await ledger.connect(mallory).release(drawAll(split));
      }
      return await Promise.all([alice, bob, carol].map(async (who) => await ledger.balanceOf(accountOf(who))));
    };

    it("costs nobody a unit", async () => {
      expect(await attack(await loadFixture(deployWorld))).to.deep.equal([2n, 10n, 20n]);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployWorld), name: twin });
      expect(await attack(world)).to.deep.equal([2n, 8n, 16n]);
    });
  });

  describe("a stranger who draws for the zero address", () => {
    const twin = "AttributionLedger_CreditsCaller";
    const attack = async ({ ledger, mallory }: World): Promise<void> => {
      const split = await splitOf([accountShare({ to: { address: ZeroAddress }, units: 1n })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await ledger.connect(mallory).payOut(drawOf(split, 0));
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await ledger.connect(mallory).claim(drawOf(split, 0), mallory);
    };

    it("cannot take what it holds", async () => {
      const world = await loadFixture(deployWorld);
      const { ledger, mallory } = world;
      await expect(attack(world))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim")
        .withArgs(mallory);
      expect(await ledger.balanceOf(ZeroHash)).to.equal(100n);
    });

    it(worksOn(twin), async () => {
      const world = await withTwin({ ethers, world: await loadFixture(deployWorld), name: twin });
      await attack(world);
      expect(await world.token.balanceOf(world.mallory)).to.equal(200n);
    });
  });
});

/** A token that can refuse holders; the first signer has 30. */
async function deployBlocklist(): Promise<BlocklistToken> {
  const [payer] = await ethers.getSigners();
  const token = await ethers.deployContract("BlocklistToken");
  await token.mint(payer, 30n);
  return token;
}

interface OddWorld extends World {
  split: Split;
}

async function deployOdd(): Promise<OddWorld> {
  return await arrangeOdd(await loadFixture(deployWorld));
}

async function oddTwin(name: `AttributionLedger_${string}`): Promise<OddWorld> {
  return await arrangeOdd(await withTwin({ ethers, world: await loadFixture(deployWorld), name }));
}

/** Alice and Bob among the zero address, the ledger, its token and a split's address: 10 each of 60. */
async function arrangeOdd(world: World): Promise<OddWorld> {
  const { ledger, token, splitAddresses, alice, bob } = world;
  const recipients = [
    alice.address,
    ZeroAddress,
    await ledger.getAddress(),
    await token.getAddress(),
    await splitAddresses.addressOf(ZeroHash),
    bob.address,
  ];
  const split = await splitOf(recipients.map((address) => accountShare({ to: { address }, units: 1n })));
  await ledger.pay(split.id, 60n, 1n, ZeroHash);
  return { ...world, split };
}
