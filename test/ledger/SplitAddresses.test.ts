import { anyValue } from "@nomicfoundation/hardhat-ethers-chai-matchers/withArgs";
import { expect } from "chai";
import { concat, getCreate2Address, id, keccak256, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";

import { accountOf, accountShare, drawOf, splitOf } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

describe("SplitAddresses", () => {
  describe("addressOf", () => {
    it("is known before anything is deployed there", async () => {
      const { splitAddresses, token, split } = await loadFixture(deploySplit);
      const address = await splitAddresses.addressOf(split.id);
      expect(await ethers.provider.getCode(address)).to.equal("0x");
      await token.transfer(address, 1n);
      await expect(splitAddresses.sweep(split.id)).to.emit(token, "Approval").withArgs(address, anyValue, anyValue);
      expect(await ethers.provider.getCode(address)).not.to.equal("0x");
    });

    it("is that of a minimal proxy (ERC-1167) with the split's id behind its code, and salt zero", async () => {
      const { splitAddresses, split } = await loadFixture(deploySplit);
      const implementation = await splitAddresses.implementation();
      const code = concat(["0x363d3d373d3d3d363d73", implementation, "0x5af43d82803e903d91602b57fd5bf3", split.id]);
      const initCode = concat(["0x61", toBeHex(45 + 32, 2), "0x3d81600a3d39f3", code]);
      const expected = getCreate2Address(await splitAddresses.getAddress(), ZeroHash, keccak256(initCode));
      expect(await splitAddresses.addressOf(split.id)).to.equal(expected);
    });

    it("differs from split to split", async () => {
      const { splitAddresses } = await loadFixture(deploySplit);
      expect(await splitAddresses.addressOf(id("one"))).not.to.equal(await splitAddresses.addressOf(id("other")));
    });
  });

  describe("sweep", () => {
    it("pays what plain transfers brought into the split", async () => {
      const { splitAddresses, ledger, token, split } = await loadFixture(deploySplit);
      const address = await splitAddresses.addressOf(split.id);
      await token.transfer(address, 60n);
      await token.transfer(address, 40n);
      const sweep = splitAddresses.sweep(split.id);
      await expect(sweep).to.emit(splitAddresses, "Swept").withArgs(split.id, address, 100n);
      await expect(sweep).to.emit(ledger, "Paid").withArgs(split.id, accountOf({ address }), 100n, 0n, ZeroHash);
      await expect(sweep).to.changeTokenBalances(
        ethers,
        token,
        [{ getAddress: async () => address }, ledger],
        [-100n, 100n],
      );
      expect(await ledger.received(split.id)).to.deep.equal([100n, 0n, BigInt(await time.latest())]);
    });

    it("returns the amount", async () => {
      const { splitAddresses, token, split } = await loadFixture(deploySplit);
      await token.transfer(await splitAddresses.addressOf(split.id), 100n);
      expect(await splitAddresses.sweep.staticCall(split.id)).to.equal(100n);
    });

    it("can be called by anybody, and the money reaches the shares", async () => {
      const { splitAddresses, ledger, token, split, alice, mallory } = await loadFixture(deploySplit);
      await token.transfer(await splitAddresses.addressOf(split.id), 100n);
      await splitAddresses.connect(mallory).sweep(split.id);
      await ledger.release(drawOf(split, 0));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(100n);
      expect(await token.balanceOf(mallory)).to.equal(0n);
    });

    it("works again and again at the same address, and deploys once", async () => {
      const { splitAddresses, ledger, token, split } = await loadFixture(deploySplit);
      const address = await splitAddresses.addressOf(split.id);
      for (const amount of [1n, 2n, 3n]) {
        await token.transfer(address, amount);
        await splitAddresses.sweep(split.id);
      }
      expect((await ledger.received(split.id))[0]).to.equal(6n);
      expect(await ethers.provider.getTransactionCount(splitAddresses)).to.equal(3);
    });

    it("approves the ledger once, for all later sweeps", async () => {
      const { splitAddresses, ledger, token, split } = await loadFixture(deploySplit);
      const address = await splitAddresses.addressOf(split.id);
      await token.transfer(address, 1n);
      await expect(splitAddresses.sweep(split.id))
        .to.emit(token, "Approval")
        .withArgs(address, ledger, ethers.MaxUint256);
      await token.transfer(address, 1n);
      await expect(splitAddresses.sweep(split.id)).not.to.emit(token, "Approval");
    });

    it("counts as no calls", async () => {
      const { splitAddresses, ledger, token, split } = await loadFixture(deploySplit);
      await ledger.pay(split.id, 1n, 5n, ZeroHash);
      await token.transfer(await splitAddresses.addressOf(split.id), 1n);
      await splitAddresses.sweep(split.id);
      expect((await ledger.received(split.id))[1]).to.equal(5n);
    });

    it("works for a token without return values", async () => {
      const [payer] = await ethers.getSigners();
      const token = await ethers.deployContract("SilentToken");
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      const splitAddresses = await ethers.deployContract("SplitAddresses", [ledger]);
      await token.mint(payer, 10n);
      await token.transfer(await splitAddresses.addressOf(ZeroHash), 10n);
      await splitAddresses.sweep(ZeroHash);
      expect((await ledger.received(ZeroHash))[0]).to.equal(10n);
    });

    describe("when nothing has arrived", () => {
      it("reverts before and after the first sweep", async () => {
        const { splitAddresses, ledger, token, split } = await loadFixture(deploySplit);
        const nothing = async (): Promise<void> => {
          await expect(splitAddresses.sweep(split.id)).to.be.revertedWithCustomError(
            ledger,
            "AttributionLedger_ZeroAmount",
          );
        };
        await nothing();
        await token.transfer(await splitAddresses.addressOf(split.id), 100n);
        await splitAddresses.sweep(split.id);
        await nothing();
      });
    });
  });

  describe("flush", () => {
    it("can be called directly, by anybody, to the same end", async () => {
      const { splitAddresses, ledger, token, split, mallory } = await loadFixture(deploySplit);
      const address = await splitAddresses.addressOf(split.id);
      await token.transfer(address, 1n);
      await splitAddresses.sweep(split.id);
      await token.transfer(address, 9n);
      const splitAddress = await ethers.getContractAt("SplitAddress", address, mallory);
      expect(await splitAddress.flush.staticCall()).to.equal(9n);
      await splitAddress.flush();
      expect((await ledger.received(split.id))[0]).to.equal(10n);
    });

    it("keeps what is at one split's address from every other split", async () => {
      const { splitAddresses, ledger, token, split } = await loadFixture(deploySplit);
      const other = id("another split");
      await token.transfer(await splitAddresses.addressOf(split.id), 100n);
      await expect(splitAddresses.sweep(other)).to.be.revertedWithCustomError(ledger, "AttributionLedger_ZeroAmount");
      expect(await token.balanceOf(await splitAddresses.addressOf(split.id))).to.equal(100n);
    });
  });

  describe("the code behind all addresses", () => {
    it("holds nothing and pays nothing for itself", async () => {
      const { splitAddresses, ledger } = await loadFixture(deploySplit);
      const implementation = await splitAddresses.implementation();
      const splitAddress = await ethers.getContractAt("SplitAddress", implementation);
      await expect(splitAddress.flush()).to.be.revertedWithCustomError(ledger, "AttributionLedger_ZeroAmount");
    });
  });
});

async function deploySplit() {
  const world = await loadFixture(deployWorld);
  return { ...world, split: await splitOf([accountShare({ to: world.alice, units: 1n })]) };
}
