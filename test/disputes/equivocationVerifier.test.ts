import { expect } from "chai";
import { AbiCoder, id, keccak256, Signature, toBeHex, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { callId, receiptDigest } from "../../sdk/receipt.ts";
import { delegate } from "../helpers/delegation.ts";
import { OTHER_VALUES, OWN_FIELDS, receiptOf, receiptsDomain, REQUEST_FIELDS, signed } from "./receipts.ts";
import { deployVerifierWorld, faultOf, NO_RESTITUTION } from "./verifierWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

/** Order of the curve that keys sign on. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

function inOtherHalf(signature: string): string {
  const { r, s, yParity } = Signature.from(signature);
  return ethers.concat([r, toBeHex(ORDER - BigInt(s), 32), yParity === 0 ? "0x1c" : "0x1b"]);
}

describe("EquivocationVerifier", () => {
  it("finds two receipts of one call, whichever comes first", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const { equivocations, operator, alice, chainId } = world;
    const receipt = await receiptOf(world);
    const one = await signed(world, receipt);
    const other = await signed(world, { ...receipt, amount: 1_500n });
    const types = ["uint256", "address", "address", "bytes32"];
    const values = [chainId, await world.services.getAddress(), operator.address, receipt.callId];
    const fault = {
      id: keccak256(AbiCoder.defaultAbiCoder().encode(types, values)),
      respondent: operator.address,
      harmed: alice.address,
      harm: 1_500n,
      restitution: NO_RESTITUTION,
    };
    expect(await faultOf(equivocations, encodeEquivocationProof(one, other))).to.deep.equal(fault);
    expect(await faultOf(equivocations, encodeEquivocationProof(other, one))).to.deep.equal(fault);
  });

  it("slashes three tenths", async () => {
    const { equivocations } = await loadFixture(deployVerifierWorld);
    expect(await equivocations.slashBps()).to.equal(3_000n);
    expect(await equivocations.SLASH_BPS()).to.equal(3_000n);
  });

  for (const field of OWN_FIELDS) {
    it(`finds receipts that differ in ${field} alone`, async () => {
      const world = await loadFixture(deployVerifierWorld);
      const receipt = await receiptOf(world);
      const other = await signed(world, { ...receipt, [field]: OTHER_VALUES[field] });
      const proof = encodeEquivocationProof(await signed(world, receipt), other);
      expect((await faultOf(world.equivocations, proof)).respondent).to.equal(world.operator.address);
    });
  }

  it("finds receipts signed by a contract, and by the code that a key's account runs", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const key = Wallet.createRandom();
    const contract = await ethers.deployContract("KeyWallet", [key.address]);
    const account = new Wallet(id("an account with code"), ethers.provider);
    await delegate({ ethers, wallet: account, to: contract, sender: world.relayer });
    for (const [executor, signer] of [
      [await contract.getAddress(), key],
      [account.address, key],
      [account.address, account],
    ] as const) {
      const receipt = await receiptOf(world, { executor });
      const proof = encodeEquivocationProof(
        await signed(world, receipt, { signer }),
        await signed(world, { ...receipt, amount: 1n }, { signer }),
      );
      expect((await faultOf(world.equivocations, proof)).respondent).to.equal(executor);
    }
  });

  describe("when nothing is shown", () => {
    it("reverts for the same receipt twice, whatever form its signature has", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const one = await signed(world, await receiptOf(world));
      const digest = receiptDigest({ ...(await receiptsDomain(world)), receipt: one.receipt });
      for (const signature of [one.signature, inOtherHalf(one.signature)]) {
        await expect(world.equivocations.verify(encodeEquivocationProof(one, { ...one, signature })))
          .to.be.revertedWithCustomError(world.equivocations, "Receipts_Same")
          .withArgs(digest);
      }
    });

    for (const field of REQUEST_FIELDS) {
      it(`reverts for calls that differ in ${field}`, async () => {
        const world = await loadFixture(deployVerifierWorld);
        const receipt = await receiptOf(world);
        const other = await receiptOf(world, { [field]: OTHER_VALUES[field] });
        const proof = encodeEquivocationProof(await signed(world, receipt), await signed(world, other));
        await expect(world.equivocations.verify(proof))
          .to.be.revertedWithCustomError(world.equivocations, "Receipts_DifferentCalls")
          .withArgs(receipt.callId, other.callId);
      });

      for (const [which, place] of [
        ["first", 0],
        ["second", 1],
      ] as const) {
        it(`reverts when the ${which} receipt's ${field} is not that of its call id`, async () => {
          const world = await loadFixture(deployVerifierWorld);
          const receipt = await receiptOf(world);
          const wrong = { ...receipt, [field]: OTHER_VALUES[field] };
          const [one, other] = place === 0 ? [wrong, receipt] : [receipt, wrong];
          const proof = encodeEquivocationProof(await signed(world, one), await signed(world, other));
          await expect(world.equivocations.verify(proof))
            .to.be.revertedWithCustomError(world.equivocations, "Receipts_WrongCallId")
            .withArgs(receipt.callId, callId({ ...(await receiptsDomain(world)), request: wrong }));
        });
      }
    }

    it("reverts for a call id that is no hash of what was asked for", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const receipt = await receiptOf(world, { callId: OTHER_VALUES.callId });
      const expected = callId({ ...(await receiptsDomain(world)), request: receipt });
      const other = await signed(world, { ...receipt, amount: 1n });
      await expect(world.equivocations.verify(encodeEquivocationProof(await signed(world, receipt), other)))
        .to.be.revertedWithCustomError(world.equivocations, "Receipts_WrongCallId")
        .withArgs(receipt.callId, expected);
    });

    it("reverts for receipts of two executors", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const receipt = await receiptOf(world);
      const other = { ...receipt, executor: world.mallory.address };
      const proof = encodeEquivocationProof(
        await signed(world, receipt),
        await signed(world, other, { signer: world.mallory }),
      );
      await expect(world.equivocations.verify(proof))
        .to.be.revertedWithCustomError(world.equivocations, "Receipts_DifferentExecutors")
        .withArgs(receipt.executor, other.executor);
    });

    for (const field of ["callId", "executor", ...REQUEST_FIELDS, ...OWN_FIELDS] as const) {
      it(`reverts for a signature of receipts with another ${field}`, async () => {
        const world = await loadFixture(deployVerifierWorld);
        const receipt = await receiptOf(world);
        const other = { ...receipt, outputRoot: id("a second answer") };
        const signatures = [await signed(world, receipt), await signed(world, other)];
        for (const [place, shown] of [receipt, other].entries()) {
          const { signature } = await signed(world, { ...shown, [field]: OTHER_VALUES[field] });
          const [one, two] = signatures.with(place, { receipt: shown, signature });
          await expect(world.equivocations.verify(encodeEquivocationProof(one, two)))
            .to.be.revertedWithCustomError(world.equivocations, "Receipts_NotSigned")
            .withArgs(receiptDigest({ ...(await receiptsDomain(world)), receipt: shown }), world.operator);
        }
      });
    }

    for (const [what, spoil] of [
      ["in the other half of the curve", inOtherHalf],
      ["in compact form", (signature: string) => Signature.from(signature).compactSerialized],
      ["with a byte too many", (signature: string) => `${signature}00`],
      ["with a recovery id of its own", (signature: string) => `${signature.slice(0, -2)}1d`],
      ["of no bytes", () => "0x"],
    ] as const) {
      it(`reverts for a signature ${what}`, async () => {
        const world = await loadFixture(deployVerifierWorld);
        const receipt = await receiptOf(world);
        const honest = [await signed(world, receipt), await signed(world, { ...receipt, amount: 1n })];
        for (const [place, { receipt: shown, signature }] of honest.entries()) {
          const [one, two] = honest.with(place, { receipt: shown, signature: spoil(signature) });
          await expect(world.equivocations.verify(encodeEquivocationProof(one, two)))
            .to.be.revertedWithCustomError(world.equivocations, "Receipts_NotSigned")
            .withArgs(receiptDigest({ ...(await receiptsDomain(world)), receipt: shown }), world.operator);
        }
      });
    }

    it("reverts for receipts of another chain or registry", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const domain = await receiptsDomain(world);
      const receipt = await receiptOf(world);
      for (const change of [{ chainId: 1n }, { services: world.mallory.address }]) {
        const other = { ...receipt, amount: 1n };
        const proof = encodeEquivocationProof(await signed(world, receipt, change), await signed(world, other, change));
        await expect(world.equivocations.verify(proof))
          .to.be.revertedWithCustomError(world.equivocations, "Receipts_NotSigned")
          .withArgs(receiptDigest({ ...domain, receipt }), world.operator);
      }
    });

    it("reverts for an executor that is nobody or a contract that refuses", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const odd = await ethers.deployContract("OddWallet", ["0xffffffff", false]);
      for (const executor of [ZeroAddress, await odd.getAddress()]) {
        const receipt = await receiptOf(world, { executor });
        const proof = encodeEquivocationProof(
          await signed(world, receipt),
          await signed(world, { ...receipt, amount: 1n }),
        );
        await expect(world.equivocations.verify(proof))
          .to.be.revertedWithCustomError(world.equivocations, "Receipts_NotSigned")
          .withArgs(receiptDigest({ ...(await receiptsDomain(world)), receipt }), executor);
      }
    });

    it("reverts for no proof at all", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const nothing = {
        payer: ZeroAddress,
        parentCallId: ZeroHash,
        serviceId: 0n,
        inputHash: ZeroHash,
        salt: ZeroHash,
      };
      await expect(world.equivocations.verify("0x"))
        .to.be.revertedWithCustomError(world.equivocations, "Receipts_WrongCallId")
        .withArgs(ZeroHash, callId({ ...(await receiptsDomain(world)), request: nothing }));
    });
  });
});
