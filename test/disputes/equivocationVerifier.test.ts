import { expect } from "chai";
import { AbiCoder, type HDNodeWallet, id, keccak256, Signature, toBeHex, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { callId, isSignedByExecutor, RECEIPT_TUPLE, receiptDigest, type SignedReceipt } from "../../sdk/receipt.ts";
import { delegate } from "../helpers/delegation.ts";
import { OTHER_VALUES, OWN_FIELDS, receiptOf, receiptsDomain, REQUEST_FIELDS, signed } from "./receipts.ts";
import { deployVerifierWorld, faultOf, NO_RESTITUTION, type VerifierWorld } from "./verifierWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

/** Order of the curve that keys sign on. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const PROOF_TYPE = `tuple(${RECEIPT_TUPLE}, ${RECEIPT_TUPLE}, bytes, bytes)`;

type Shown = Pick<SignedReceipt, "receipt" | "signature">;

/** A proof with signatures as they are, in whatever form. */
function encodeAsIs(one: Shown, other: Shown): string {
  const values = [one.receipt, other.receipt, one.signature, other.signature];
  return AbiCoder.defaultAbiCoder().encode([PROOF_TYPE], [values]);
}

/** A contract that signs as a key does, and an account with a key of its own that runs the contract's code. */
async function deployWithCode(world: VerifierWorld): Promise<{ key: HDNodeWallet; contract: string; account: Wallet }> {
  const key = Wallet.createRandom();
  const contract = await ethers.deployContract("KeyWallet", [key.address]);
  const account = new Wallet(id("an account with code"), ethers.provider);
  await delegate({ ethers, wallet: account, to: contract, sender: world.relayer });
  return { key, contract: await contract.getAddress(), account };
}

function parityOf(signature: string): number {
  return Signature.from(signature).yParity;
}

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

  it("finds receipts signed by the key of an account that runs code", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const { account } = await deployWithCode(world);
    const receipt = await receiptOf(world, { executor: account.address });
    const proof = encodeEquivocationProof(
      await signed(world, receipt, { signer: account }),
      await signed(world, { ...receipt, amount: 1n }, { signer: account }),
    );
    expect((await faultOf(world.equivocations, proof)).respondent).to.equal(account.address);
  });

  for (const [form, change] of [
    ["in the other half of the curve", inOtherHalf],
    ["in compact form", (signature: string) => Signature.from(signature).compactSerialized],
    [
      "with a parity in place of a recovery id",
      (signature: string) => `${signature.slice(0, -2)}0${parityOf(signature)}`,
    ],
  ] as const) {
    it(`finds receipts that were signed ${form}, as the SDK shows them`, async () => {
      const world = await loadFixture(deployVerifierWorld);
      const receipt = await receiptOf(world);
      const [one, other] = [await signed(world, receipt), await signed(world, { ...receipt, amount: 1n })];
      const proof = encodeEquivocationProof(
        { ...one, signature: change(one.signature) },
        { ...other, signature: change(other.signature) },
      );
      expect(proof).to.equal(encodeEquivocationProof(one, other));
      expect((await faultOf(world.equivocations, proof)).respondent).to.equal(world.operator.address);
    });
  }

  describe("when nothing is shown", () => {
    it("reverts for the same receipt twice, whatever form its signature has", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const one = await signed(world, await receiptOf(world));
      const digest = receiptDigest({ ...(await receiptsDomain(world)), receipt: one.receipt });
      for (const signature of [one.signature, inOtherHalf(one.signature)]) {
        await expect(world.equivocations.verify(encodeAsIs(one, { ...one, signature })))
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
          await expect(world.equivocations.verify(encodeAsIs(one, two)))
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

    it("reverts for receipts that a contract says it signed, which it could deny as soon as they are shown", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const { key, contract, account } = await deployWithCode(world);
      for (const executor of [contract, account.address]) {
        const receipt = await receiptOf(world, { executor });
        const domain = await receiptsDomain(world);
        const one = await signed(world, receipt, { signer: key });
        const wallet = await ethers.getContractAt("KeyWallet", executor);
        const digest = receiptDigest({ ...domain, receipt });
        expect(await wallet.isValidSignature(digest, one.signature)).to.equal("0x1626ba7e");
        expect(isSignedByExecutor({ ...domain, ...one })).to.equal(false);
        const proof = encodeEquivocationProof(one, await signed(world, { ...receipt, amount: 1n }, { signer: key }));
        await expect(world.equivocations.verify(proof))
          .to.be.revertedWithCustomError(world.equivocations, "Receipts_NotSigned")
          .withArgs(digest, executor);
      }
    });

    it("reverts for an executor that is nobody", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const receipt = await receiptOf(world, { executor: ZeroAddress });
      const proof = encodeAsIs(await signed(world, receipt), { receipt: { ...receipt, amount: 1n }, signature: "0x" });
      await expect(world.equivocations.verify(proof))
        .to.be.revertedWithCustomError(world.equivocations, "Receipts_NotSigned")
        .withArgs(receiptDigest({ ...(await receiptsDomain(world)), receipt }), ZeroAddress);
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
