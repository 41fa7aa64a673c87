import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { type Authorization, signAuthorization, signCancellation, signPermit } from "../helpers/signatures.ts";
import { deployWorld } from "../helpers/world.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture, time } = networkHelpers;

const SUPPLY = 10n ** 27n;
const NONCE = id("a random nonce");

describe("OpenToken", () => {
  it("mints a thousand million to its first holder, and has 18 decimals", async () => {
    const [holder] = await ethers.getSigners();
    const token = await ethers.deployContract("OpenToken", [holder]);
    await expect(token.deploymentTransaction()).to.emit(token, "Transfer").withArgs(ZeroAddress, holder, SUPPLY);
    expect(await token.totalSupply()).to.equal(SUPPLY);
    expect(await token.SUPPLY()).to.equal(SUPPLY);
    expect(await token.balanceOf(holder)).to.equal(SUPPLY);
    expect([await token.name(), await token.symbol(), await token.decimals()]).to.deep.equal(["OPEN", "OPEN", 18n]);
  });

  it("cannot be minted to nobody", async () => {
    const { token } = await loadFixture(deployWorld);
    await expect(ethers.deployContract("OpenToken", [ZeroAddress]))
      .to.be.revertedWithCustomError(token, "ERC20InvalidReceiver")
      .withArgs(ZeroAddress);
  });

  it("has no function that could mint, burn, pause or freeze, and no owner", async () => {
    const { token } = await loadFixture(deployWorld);
    const changing = token.interface.fragments
      .filter((fragment) => "stateMutability" in fragment && fragment.stateMutability === "nonpayable")
      .flatMap((fragment) => ("name" in fragment ? [fragment.name] : []));
    expect(changing.sort()).to.deep.equal([
      "approve",
      "cancelAuthorization",
      "permit",
      "receiveWithAuthorization",
      "transfer",
      "transferFrom",
      "transferWithAuthorization",
    ]);
  });

  it("shares one EIP-712 domain between permits and authorizations", async () => {
    const { token } = await loadFixture(deployWorld);
    const { chainId } = await ethers.provider.getNetwork();
    const address = await token.getAddress();
    expect(await token.eip712Domain()).to.deep.equal(["0x0f", "OPEN", "1", chainId, address, ZeroHash, []]);
  });

  describe("permit", () => {
    it("sets an allowance by signature", async () => {
      const { token, payer, alice } = await loadFixture(deployWorld);
      const permit = await signPermit({ token, owner: payer, spender: alice, value: 5n });
      await expect(token.connect(alice).permit(payer, alice, 5n, ...permit))
        .to.emit(token, "Approval")
        .withArgs(payer, alice, 5n);
      expect(await token.nonces(payer)).to.equal(1n);
    });

    describe("when it is used again", () => {
      it("reverts", async () => {
        const { token, payer, alice } = await loadFixture(deployWorld);
        const permit = await signPermit({ token, owner: payer, spender: alice, value: 5n });
        await token.permit(payer, alice, 5n, ...permit);
        await expect(token.permit(payer, alice, 5n, ...permit)).to.be.revertedWithCustomError(
          token,
          "ERC2612InvalidSigner",
        );
      });
    });

    describe("when its deadline has passed", () => {
      it("reverts", async () => {
        const { token, payer, alice } = await loadFixture(deployWorld);
        const deadline = BigInt(await time.latest());
        const permit = await signPermit({ token, owner: payer, spender: alice, value: 5n, deadline });
        await expect(token.permit(payer, alice, 5n, ...permit))
          .to.be.revertedWithCustomError(token, "ERC2612ExpiredSignature")
          .withArgs(deadline);
      });
    });
  });

  describe("transferWithAuthorization", () => {
    it("moves the signer's tokens, whoever submits it", async () => {
      const { token, payer, mallory, authorization } = await loadFixture(deployAuthorization);
      const { v, r, s } = await signAuthorization({
        token,
        signer: payer,
        type: "TransferWithAuthorization",
        authorization,
      });
      const { from, to, value, validAfter, validBefore, nonce } = authorization;
      const transfer = token
        .connect(mallory)
        .transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s);
      await expect(transfer).to.emit(token, "AuthorizationUsed").withArgs(from, nonce);
      await expect(transfer).to.changeTokenBalances(ethers, token, [payer, mallory], [-5n, 0n]);
      expect(await token.balanceOf(to)).to.equal(5n);
      expect(await token.authorizationState(from, nonce)).to.equal(true);
    });

    it("reverts the second time", async () => {
      const { token, payer, authorization } = await loadFixture(deployAuthorization);
      const { v, r, s } = await signAuthorization({
        token,
        signer: payer,
        type: "TransferWithAuthorization",
        authorization,
      });
      const { from, to, value, validAfter, validBefore, nonce } = authorization;
      await token.transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s);
      await expect(token.transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s))
        .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
        .withArgs(from, nonce);
    });

    it("reverts before and after its time", async () => {
      const { token, payer, authorization } = await loadFixture(deployAuthorization);
      await networkHelpers.mine(); // A block that is put back may be older than the next one by as much as the tests took.
      const now = BigInt(await time.latest());
      for (const [validAfter, validBefore] of [
        [now + 1_000n, now + 2_000n],
        [0n, now],
      ]) {
        const { v, r, s } = await signAuthorization({
          token,
          signer: payer,
          type: "TransferWithAuthorization",
          authorization: { ...authorization, validAfter, validBefore },
        });
        const { from, to, value, nonce } = authorization;
        await expect(token.transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s))
          .to.be.revertedWithCustomError(token, "ERC3009InvalidAuthorizationTime")
          .withArgs(validAfter, validBefore);
      }
    });

    it("reverts when any signed field is another", async () => {
      const { token, payer, mallory, authorization } = await loadFixture(deployAuthorization);
      const signature = await signAuthorization({
        token,
        signer: payer,
        type: "TransferWithAuthorization",
        authorization,
      });
      const changes: Partial<Authorization>[] = [
        { from: mallory.address },
        { to: mallory.address },
        { value: 6n },
        { validAfter: 1n },
        { validBefore: 2n ** 41n },
        { nonce: id("another nonce") },
      ];
      for (const change of changes) {
        const { from, to, value, validAfter, validBefore, nonce } = { ...authorization, ...change };
        const { v, r, s } = signature;
        await expect(
          token.transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s),
        ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
      }
    });
  });

  describe("receiveWithAuthorization", () => {
    it("moves the signer's tokens when the recipient submits it", async () => {
      const { token, payer, alice, authorization } = await loadFixture(deployAuthorization);
      const { v, r, s } = await signAuthorization({
        token,
        signer: payer,
        type: "ReceiveWithAuthorization",
        authorization,
      });
      const { from, to, value, validAfter, validBefore, nonce } = authorization;
      await expect(
        token.connect(alice).receiveWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s),
      ).to.changeTokenBalances(ethers, token, [payer, alice], [-5n, 5n]);
    });

    it("reverts when anybody else does, or it was signed for anybody to submit", async () => {
      const { token, payer, alice, mallory, authorization } = await loadFixture(deployAuthorization);
      const submit = async (type: "TransferWithAuthorization" | "ReceiveWithAuthorization", submitter = alice) => {
        const { v, r, s } = await signAuthorization({ token, signer: payer, type, authorization });
        const { from, to, value, validAfter, validBefore, nonce } = authorization;
        return token
          .connect(submitter)
          .receiveWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s);
      };
      await expect(submit("ReceiveWithAuthorization", mallory))
        .to.be.revertedWithCustomError(token, "ERC20InvalidReceiver")
        .withArgs(alice);
      await expect(submit("TransferWithAuthorization")).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
    });
  });

  describe("cancelAuthorization", () => {
    it("makes a nonce unusable", async () => {
      const { token, payer, mallory, authorization } = await loadFixture(deployAuthorization);
      const cancellation = await signCancellation({ token, signer: payer, nonce: NONCE });
      await expect(
        token.connect(mallory).cancelAuthorization(payer, NONCE, cancellation.v, cancellation.r, cancellation.s),
      )
        .to.emit(token, "AuthorizationCanceled")
        .withArgs(payer, NONCE);
      const { v, r, s } = await signAuthorization({
        token,
        signer: payer,
        type: "TransferWithAuthorization",
        authorization,
      });
      const { from, to, value, validAfter, validBefore, nonce } = authorization;
      await expect(token.transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s))
        .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
        .withArgs(payer, NONCE);
    });

    it("reverts when somebody else signed it", async () => {
      const { token, payer, mallory } = await loadFixture(deployWorld);
      const { v, r, s } = await signCancellation({ token, signer: mallory, nonce: NONCE });
      await expect(token.cancelAuthorization(payer, NONCE, v, r, s)).to.be.revertedWithCustomError(
        token,
        "ERC3009InvalidSignature",
      );
    });
  });
});

/** Five units from the payer to Alice, at any time. */
async function deployAuthorization() {
  const world = await loadFixture(deployWorld);
  const authorization: Authorization = {
    from: world.payer.address,
    to: world.alice.address,
    value: 5n,
    validAfter: 0n,
    validBefore: 2n ** 40n,
    nonce: NONCE,
  };
  return { ...world, authorization };
}
