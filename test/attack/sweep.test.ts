import { expect } from "chai";
import { id, Interface, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import type { AttributionLedger, MockToken, SplitAddresses } from "../../typechain-types/index.ts";
import { accountOf, accountShare, drawAll, splitOf } from "../helpers/shares.ts";
import { deployTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

interface Scene extends World {
  split: Split;
  /** Mallory's. */
  other: Split;
}

describe("hostile sweeps", () => {
  describe("of one split's address into another split", () => {
    const twin = "SplitAddresses_FlushAnywhere";
    const flushAnywhere = new Interface(["function flush(bytes32 splitId)"]);
    const attack = async ({ token, ledger, split, other, mallory }: Scene, addresses: SplitAddresses) => {
      const address = await addresses.addressOf(split.id);
      await token.transfer(address, 1n);
      await addresses.sweep(split.id); // There is code now.
      await token.transfer(address, 1_000n);
      await mallory.sendTransaction({ to: address, data: flushAnywhere.encodeFunctionData("flush", [other.id]) });
      await ledger.release(drawAll(other));
    };

    it("is no function that a split's address has", async () => {
      const scene = await loadFixture(deployScene);
      await expect(attack(scene, scene.splitAddresses)).to.be.revertedWithoutReason(ethers);
    });

    it(worksOn(twin), async () => {
      const scene = await loadFixture(deployScene);
      const deployed = await ethers.deployContract(twin, [scene.ledger]);
      const addresses = await ethers.getContractAt("SplitAddresses", await deployed.getAddress());
      await attack(scene, addresses);
      expect(await scene.ledger.balanceOf(accountOf(scene.mallory))).to.equal(1_000n);
    });
  });

  // No twin: anybody may sweep, so there is no guard to take away. Whom it pays is what the twin above gets wrong.
  describe("by a stranger, at a moment of his choice", () => {
    it("pay the split and nobody else, however often", async () => {
      const { splitAddresses, ledger, token, split, alice, mallory } = await loadFixture(deployScene);
      const address = await splitAddresses.addressOf(split.id);
      for (const amount of [1n, 999n, 1n]) {
        await token.transfer(address, amount);
        await splitAddresses.connect(mallory).sweep(split.id);
      }
      await ledger.release(drawAll(split));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(1_001n);
      expect(await token.balanceOf(mallory)).to.equal(0n);
    });
  });

  // No twin: the deployer is part of what CREATE2 hashes, whatever the contract does.
  describe("of addresses that another deployer computed for himself", () => {
    it("cannot be deployed in front of the real ones: the address depends on who deploys", async () => {
      const { splitAddresses, ledger, split, mallory } = await loadFixture(deployScene);
      const rival = await ethers.deployContract("SplitAddresses", [ledger], mallory);
      expect(await rival.addressOf(split.id)).not.to.equal(await splitAddresses.addressOf(split.id));
    });
  });

  // No twin: there is no code that takes either.
  describe("with ether, or with calls that the address does not know", () => {
    it("are refused", async () => {
      const { splitAddresses, token, split, mallory } = await loadFixture(deployScene);
      const address = await splitAddresses.addressOf(split.id);
      await token.transfer(address, 1n);
      await splitAddresses.sweep(split.id);
      await expect(mallory.sendTransaction({ to: address, value: 1n })).to.be.revertedWithoutReason(ethers);
      await expect(mallory.sendTransaction({ to: address, data: id("anything") })).to.be.revertedWithoutReason(ethers);
    });
  });

  describe("of a payment that fills the split to its limit", () => {
    const twin = "AttributionLedger_NoReceivedCap";
    const attack = async (plain: MockToken, ledger: AttributionLedger) => {
      const [payer, alice] = await ethers.getSigners();
      const addresses = await ethers.deployContract("SplitAddresses", [ledger]);
      const split = await splitOf([accountShare({ to: alice, units: 1n })]);
      await plain.mint(payer, 2n ** 128n);
      await plain.approve(ledger, 2n ** 128n);
      await ledger.pay(split.id, 2n ** 127n - 1n, 1n, ZeroHash);
      const address = await addresses.addressOf(split.id);
      await plain.transfer(address, 1n);
      return { split, address, sweep: addresses.sweep(split.id) };
    };

    it("wait at the address when the split cannot take them, and are lost to nobody", async () => {
      const plain = await ethers.deployContract("MockToken", [18]);
      const ledger = await ethers.deployContract("AttributionLedger", [plain]);
      const { split, address, sweep } = await attack(plain, ledger);
      await expect(sweep)
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(split.id, 2n ** 127n - 1n, 1n);
      expect(await plain.balanceOf(address)).to.equal(1n);
    });

    it(worksOn(twin), async () => {
      const plain = await ethers.deployContract("MockToken", [18]);
      const ledger = await deployTwin({ ethers, name: twin, token: await plain.getAddress() });
      const { split, sweep } = await attack(plain, ledger);
      await sweep;
      // All of it is drawn at once, which sets the flag of a redirected share and leaves nothing written down.
      await ledger.release(drawAll(split));
      expect(await ledger.drawn(split.id, 0n)).to.equal(0n);
    });
  });
});

/** A split of Alice's and one of Mallory's. */
async function deployScene(): Promise<Scene> {
  const world = await loadFixture(deployWorld);
  return {
    ...world,
    split: await splitOf([accountShare({ to: world.alice, units: 1n })]),
    other: await splitOf([accountShare({ to: world.mallory, units: 1n })]),
  };
}
