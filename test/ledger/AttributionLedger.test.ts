import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { accountOf } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

describe("AttributionLedger", () => {
  describe("when it is deployed", () => {
    it("is bound to one token", async () => {
      const { ledger, token } = await loadFixture(deployWorld);
      expect(await ledger.token()).to.equal(await token.getAddress());
    });

    it("reverts if there is no contract at the token's address", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      for (const nobody of [ZeroAddress, alice.address]) {
        await expect(ethers.deployContract("AttributionLedger", [nobody]))
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_NotAToken")
          .withArgs(nobody);
      }
    });

    it("says what its EIP-712 domain is (ERC-5267)", async () => {
      const { ledger } = await loadFixture(deployWorld);
      const { chainId } = await ethers.provider.getNetwork();
      expect(await ledger.eip712Domain()).to.deep.equal([
        "0x0f",
        "AttributionLedger",
        "1",
        chainId,
        await ledger.getAddress(),
        ZeroHash,
        [],
      ]);
    });

    it("takes no ether", async () => {
      const { ledger, payer } = await loadFixture(deployWorld);
      await expect(payer.sendTransaction({ to: ledger, value: 1n })).to.be.revertedWithoutReason(ethers);
    });
  });

  describe("views", () => {
    it("are zero for what nobody has touched", async () => {
      const { ledger, alice, bob } = await loadFixture(deployWorld);
      expect(await ledger.received(id("nothing"))).to.deep.equal([0n, 0n, 0n]);
      expect(await ledger.drawn(id("nothing"), 0n)).to.equal(0n);
      expect(await ledger.drawn(id("nothing"), 2n ** 256n - 1n)).to.equal(0n);
      expect(await ledger.redirectOf(id("nothing"), 0n)).to.equal(ZeroHash);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
      expect(await ledger.allowance(accountOf(alice), bob)).to.equal(0n);
      expect(await ledger.nonces(alice)).to.equal(0n);
    });

    it("name the most a split can receive", async () => {
      const { ledger } = await loadFixture(deployWorld);
      expect(await ledger.MAX_RECEIVED()).to.equal(2n ** 127n - 1n);
    });
  });
});
