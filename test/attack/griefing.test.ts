import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { AttributionLedger, BlocklistToken } from "../../typechain-types/index.ts";
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
    it("keep nobody else from being paid out", async () => {
      const { ledger, token, split, alice, bob } = await loadFixture(deployOdd);
      await expect(ledger.payOut(drawAll(split))).to.changeTokenBalances(ethers, token, [alice, bob], [10n, 10n]);
      expect(await ledger.balanceOf(ZeroHash)).to.equal(10n);
      expect(await ledger.balanceOf(accountOf({ address: await ledger.getAddress() }))).to.equal(10n);
    });

    it("keep nobody else's share from being released", async () => {
      const { ledger, split, alice, bob } = await loadFixture(deployOdd);
      expect(await ledger.release.staticCall(drawAll(split))).to.equal(60n);
      await ledger.release(drawAll(split));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(10n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(10n);
    });
  });

  describe("a recipient that burns all the gas its token gives it", () => {
    it("keeps its share in its balance and nobody else from being paid", async () => {
      const [payer, alice, bob] = await ethers.getSigners();
      const token = await ethers.deployContract("HookToken");
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      const burner = { address: await (await ethers.deployContract("GasBurner", [token])).getAddress() };
      const split = await splitOf([alice, burner, bob].map((to) => accountShare({ to, units: 1n })));
      await token.mint(payer, 30n);
      await token.approve(ledger, 30n);
      await ledger.pay(split.id, 30n, 1n, ZeroHash);
      await ledger.payOut(drawAll(split), { gasLimit: 2n ** 24n });
      expect(await token.balanceOf(alice)).to.equal(10n);
      expect(await token.balanceOf(bob)).to.equal(10n);
      expect(await ledger.balanceOf(accountOf(burner))).to.equal(10n);
    });
  });

  describe("a caller who gives payOut too little gas", () => {
    it("cannot make the token's transfer fail and the rest succeed", async () => {
      const { ledger, token, alice, bob } = await loadFixture(deployWorld);
      const split = await splitOf([alice, bob].map((to) => accountShare({ to, units: 1n })));
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await token.transfer(alice, 1n); // Bob's first tokens cost more gas than Alice's next ones.
      const draws = drawAll(split);
      const enough = await ledger.payOut.estimateGas(draws);
      const snapshot = await networkHelpers.takeSnapshot();
      let paid = 0;
      for (let gasLimit = enough - 60_000n; gasLimit <= enough + 1_000n; gasLimit += 500n) {
        try {
          await ledger.payOut(draws, { gasLimit });
        } catch {
          continue; // Out of gas, nothing happened.
        }
        paid++;
        expect(await token.balanceOf(alice)).to.equal(51n);
        expect(await token.balanceOf(bob)).to.equal(50n);
        await snapshot.restore();
      }
      expect(paid).to.be.greaterThan(0);
    });
  });

  describe("a stranger who releases every share whenever a unit arrives", () => {
    it("costs nobody a unit", async () => {
      const { ledger, alice, bob, carol, mallory } = await loadFixture(deployWorld);
      const shares = [alice, bob, carol].map((to, i) => accountShare({ to, units: [1n, 5n, 10n][i] }));
      const split = await splitOf(shares);
      for (let i = 0; i < 32; i++) {
        await ledger.pay(split.id, 1n, 1n, ZeroHash);
        await ledger.connect(mallory).release(drawAll(split));
      }
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(2n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(10n);
      expect(await ledger.balanceOf(accountOf(carol))).to.equal(20n);
    });
  });

  describe("a stranger who draws for the zero address", () => {
    it("cannot take what it holds", async () => {
      const { ledger, mallory } = await loadFixture(deployWorld);
      const split = await splitOf([accountShare({ to: { address: ZeroAddress }, units: 1n })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await ledger.connect(mallory).payOut(drawOf(split, 0));
      expect(await ledger.balanceOf(ZeroHash)).to.equal(100n);
      await expect(ledger.connect(mallory).claim(drawOf(split, 0), mallory))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim")
        .withArgs(mallory);
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

/** Alice and Bob among the zero address, the ledger, its token and a split's address: 10 each of 60. */
async function deployOdd() {
  const world = await loadFixture(deployWorld);
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
