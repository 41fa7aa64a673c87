import { expect } from "chai";
import { AbiCoder, decodeRlp, encodeRlp, id, keccak256, toBeHex, ZeroHash, zeroPadValue } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { callId, receiptDigest } from "../../sdk/receipt.ts";
import { ReceiptTree, settlementOf, shareOfReceipt } from "../../sdk/receiptTree.ts";
import { encodeSettlementProof, type SettlementPlace } from "../../sdk/settlementProof.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import type { LogEmitter, SettlementVerifier } from "../../typechain-types/index.ts";
import { HISTORY_BLOCKS, keepInHistory } from "../helpers/blockHashes.ts";
import { OTHER_VALUES, OWN_FIELDS, receiptsDomain, signed } from "./receipts.ts";
import {
  placeOf,
  placeOfMemo,
  placeOfTransaction,
  proofOf,
  proofOfShare,
  receiptsOf,
  type Settled,
  settleReceipts,
  settleWithMemo,
} from "./settlements.ts";
import { deployVerifierWorld, faultOf, NO_RESTITUTION, type VerifierWorld } from "./verifierWorld.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, mine } = networkHelpers;

const SETTLED = id("Settled(address,bytes32,bytes)");
const PAID = id("PaidFromBalance(bytes32,bytes32,uint256,uint256,bytes32)");

async function startScene({
  count = 3,
  ...options
}: { count?: number; gasPrice?: bigint; company?: number } = {}): Promise<{
  world: VerifierWorld;
  settled: Settled;
}> {
  const world = await loadFixture(deployVerifierWorld);
  const settled = await settleReceipts(world, await receiptsOf(world, count), options);
  return { world, settled };
}

describe("SettlementVerifier", () => {
  it("finds a receipt that contradicts the settled one", async () => {
    const { world, settled } = await startScene();
    const { settlements, operator, alice, chainId } = world;
    const types = ["uint256", "address", "address", "bytes32"];
    const values = [chainId, await world.services.getAddress(), operator.address, settled.receipts[1].callId];
    expect(await faultOf(settlements, await proofOf(world, settled, { index: 1 }))).to.deep.equal({
      id: keccak256(AbiCoder.defaultAbiCoder().encode(types, values)),
      respondent: operator.address,
      harmed: alice.address,
      harm: 5_000n,
      restitution: NO_RESTITUTION,
    });
  });

  it("finds the fault that two signed receipts show, which the court punishes once", async () => {
    const { world, settled } = await startScene();
    const { court, equivocations, settlements } = world;
    const [receipt] = settled.receipts;
    const proof = await proofOf(world, settled, { index: 0 });
    const { id: faultId } = await faultOf(settlements, proof);
    const two = encodeEquivocationProof(
      await signed(world, receipt),
      await signed(world, { ...receipt, outputRoot: id("a third answer") }),
    );
    expect((await faultOf(equivocations, two)).id).to.equal(faultId);
    await court.prove(equivocations, two);
    await expect(court.prove(settlements, proof))
      .to.be.revertedWithCustomError(court, "DisputeCourt_NothingNew")
      .withArgs(faultId);
  });

  it("slashes three tenths", async () => {
    const { settlements } = await loadFixture(deployVerifierWorld);
    expect(await settlements.slashBps()).to.equal(3_000n);
    expect(await settlements.SLASH_BPS()).to.equal(3_000n);
  });

  for (const field of OWN_FIELDS) {
    it(`finds a receipt that differs in ${field} alone`, async () => {
      const { world, settled } = await startScene();
      const proof = await proofOf(world, settled, { changes: { [field]: OTHER_VALUES[field] } });
      expect((await faultOf(world.settlements, proof)).respondent).to.equal(world.operator.address);
    });
  }

  it("counts the larger amount as harm", async () => {
    const { world, settled } = await startScene();
    const proof = await proofOf(world, settled, { index: 2, changes: { amount: 1n } });
    expect((await faultOf(world.settlements, proof)).harm).to.equal(102n);
  });

  it("takes a settlement of one receipt without an amount", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const [receipt] = await receiptsOf(world, 1);
    const settled = await settleReceipts(world, [{ ...receipt, amount: 0n }]);
    expect((await faultOf(world.settlements, await proofOf(world, settled))).harm).to.equal(5_000n);
  });

  it("finds it in a transaction of the oldest type", async () => {
    const { world, settled } = await startScene({ gasPrice: 10n ** 10n });
    const proof = await proofOf(world, settled);
    expect((await faultOf(world.settlements, proof)).respondent).to.equal(world.operator.address);
  });

  for (const company of [1, 15, 16, 127, 128, 300]) {
    it(`finds it in a block with ${company} other transactions`, async () => {
      const { world, settled } = await startScene({ company });
      const block = await ethers.provider.getBlock(settled.blockNumber);
      expect(block?.transactions).to.have.length(company + 1);
      expect((await faultOf(world.settlements, await proofOf(world, settled))).harm).to.equal(5_000n);
    });
  }

  describe("keeping blocks", () => {
    it("keeps a hash for good", async () => {
      const { world, settled } = await startScene();
      const { settlements, mallory } = world;
      const block = await ethers.provider.getBlock(settled.blockNumber);
      await expect(settlements.connect(mallory).keep(settled.blockNumber))
        .to.emit(settlements, "BlockKept")
        .withArgs(settled.blockNumber, block?.hash);
      expect(await settlements.keptHashOf(settled.blockNumber)).to.equal(block?.hash);
      await mine(HISTORY_BLOCKS + 1);
      const fault = await faultOf(settlements, await proofOf(world, settled));
      expect(fault.respondent).to.equal(world.operator.address);
    });

    it("keeps a hash out of the chain's history, and finds blocks there", async () => {
      const { world, settled } = await startScene();
      const { settlements } = world;
      await mine(300);
      const proof = await proofOf(world, settled);
      await keepInHistory(connection, settled.blockNumber);
      expect((await faultOf(settlements, proof)).respondent).to.equal(world.operator.address);
      await settlements.keep(settled.blockNumber);
      await mine(HISTORY_BLOCKS);
      expect((await faultOf(settlements, proof)).respondent).to.equal(world.operator.address);
    });

    it("reverts for blocks that are too old or to come", async () => {
      const { world, settled } = await startScene();
      const { settlements } = world;
      await keepInHistory(connection, settled.blockNumber);
      await mine(HISTORY_BLOCKS);
      const next = (await ethers.provider.getBlockNumber()) + 1;
      for (const blockNumber of [BigInt(settled.blockNumber), BigInt(next), BigInt(next) + 1n, 2n ** 256n - 1n]) {
        await expect(settlements.keep(blockNumber))
          .to.be.revertedWithCustomError(settlements, "SettlementVerifier_NoBlockHash")
          .withArgs(blockNumber);
      }
      const proof = await proofOf(world, settled);
      const { hash } = (await ethers.provider.getBlock(settled.blockNumber)) ?? {};
      await expect(settlements.verify(proof))
        .to.be.revertedWithCustomError(settlements, "SettlementVerifier_WrongHeader")
        .withArgs(settled.blockNumber, hash, ZeroHash);
    });
  });

  describe("when receipts do not contradict each other", () => {
    it("reverts for the receipt that was settled", async () => {
      const { world, settled } = await startScene();
      const domain = await receiptsDomain(world);
      await expect(world.settlements.verify(await proofOf(world, settled, { changes: {} })))
        .to.be.revertedWithCustomError(world.settlements, "Receipts_Same")
        .withArgs(receiptDigest({ ...domain, receipt: settled.receipts[0] }));
    });

    it("reverts for another call", async () => {
      const { world, settled } = await startScene();
      const [first, other] = settled.receipts;
      const proof = await proofOf(world, settled, { changes: other });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "Receipts_DifferentCalls")
        .withArgs(other.callId, first.callId);
    });

    it("reverts for another executor", async () => {
      const { world, settled } = await startScene();
      const proof = await proofOf(world, settled, { changes: { executor: world.mallory.address } });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "Receipts_DifferentExecutors")
        .withArgs(world.mallory, world.operator);
    });

    it("reverts for a call id that does not fit", async () => {
      const { world, settled } = await startScene();
      const [receipt] = settled.receipts;
      const wrong = { ...receipt, serviceId: 99n };
      const proof = await proofOf(world, settled, { changes: wrong });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "Receipts_WrongCallId")
        .withArgs(receipt.callId, callId({ ...(await receiptsDomain(world)), request: wrong }));
    });

    it("reverts for a receipt that somebody else signed", async () => {
      const { world, settled } = await startScene();
      const [receipt] = settled.receipts;
      const domain = await receiptsDomain(world);
      const made = { ...receipt, amount: 5_000n };
      const proof = encodeSettlementProof({
        ...domain,
        signed: await signed(world, made, { signer: world.mallory }),
        settled: receipt,
        proof: settled.tree.prove(0),
        place: await placeOf(world, settled),
      });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "Receipts_NotSigned")
        .withArgs(receiptDigest({ ...domain, receipt: made }), world.operator);
    });
  });

  describe("when the receipt is not in the settlement", () => {
    it("reverts for a place of another receipt", async () => {
      const { world, settled } = await startScene();
      const [receipt] = settled.receipts;
      const domain = await receiptsDomain(world);
      const proof = encodeSettlementProof({
        ...domain,
        signed: await signed(world, { ...receipt, amount: 5_000n }),
        settled: receipt,
        proof: settled.tree.prove(1),
        place: await placeOf(world, settled),
      });
      const { memo } = settlementOf({ ...domain, receipt, proof: settled.tree.prove(1) });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_NotInSettlement")
        .withArgs(settled.tree.memo, memo);
    });

    it("reverts for another settlement", async () => {
      const { world, settled } = await startScene();
      const [receipt] = await receiptsOf(world, 1);
      const later = await settleReceipts(world, [{ ...receipt, tokensOut: 1n }]);
      const proof = await proofOf(world, settled, { place: await placeOf(world, later) });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_NotInSettlement")
        .withArgs(later.tree.memo, settled.tree.memo);
    });

    it("reverts for a settlement of another operator", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const settled = await settleReceipts(world, await receiptsOf(world, 2), { by: world.mallory });
      await expect(world.settlements.verify(await proofOf(world, settled)))
        .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_OtherOperator")
        .withArgs(world.mallory, world.operator);
    });

    for (const [what, change] of [
      ["goes to a split", { kind: ShareKind.Split }],
      ["goes to somebody else", { recipient: walletAccount(`0x${"0b".repeat(20)}`) }],
      ["goes to a sub-account of the payer's", { recipient: zeroPadValue("0x01", 32) }],
      ["has other units", { units: 99n }],
      ["has no units", { units: 0n }],
      ["has another evidence", { evidence: id("something else") }],
    ] as [string, Partial<Share>][]) {
      it(`reverts for a share that ${what}`, async () => {
        const world = await loadFixture(deployVerifierWorld);
        const domain = await receiptsDomain(world);
        const receipts = await receiptsOf(world, 2);
        const shares = receipts.map((receipt) => shareOfReceipt({ ...domain, receipt }));
        const split = Split.from({ shares: shares.with(1, { ...shares[1], ...change }) });
        const { transactionHash } = await settleWithMemo(world, split.id);
        const place = await placeOfMemo(world, { transactionHash, memo: split.id });
        const share = proveShare(split, 1);
        const proof = await proofOfShare(world, { receipt: receipts[1], size: 2, index: 1, share, place });
        await expect(world.settlements.verify(proof))
          .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_OtherShare")
          .withArgs(1, change.evidence ?? shares[1].evidence, shares[1].evidence);
      });
    }

    it("reverts for a memo with an arbiter", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const domain = await receiptsDomain(world);
      const receipts = await receiptsOf(world, 2);
      const tree = new ReceiptTree({ ...domain, receipts });
      const shares = receipts.map((receipt) => shareOfReceipt({ ...domain, receipt }));
      const split = Split.from({ shares, arbiter: world.mallory.address });
      const { transactionHash } = await settleWithMemo(world, split.id);
      const place = await placeOfMemo(world, { transactionHash, memo: split.id });
      const proof = await proofOf(world, { receipts, tree, transactionHash, blockNumber: 0 }, { place });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_NotInSettlement")
        .withArgs(split.id, tree.memo);
    });

    it("reverts for a sibling too many", async () => {
      const { world, settled } = await startScene({ count: 1 });
      const domain = await receiptsDomain(world);
      const [receipt] = settled.receipts;
      const share = `${proveShare(Split.from({ shares: [shareOfReceipt({ ...domain, receipt })] }), 0)}${"00".repeat(48)}`;
      const place = await placeOf(world, settled);
      const proof = await proofOfShare(world, { receipt, size: 1, index: 0, share, place });
      await expect(world.settlements.verify(proof))
        .to.be.revertedWithCustomError(world.settlements, "MerkleSumTree_ProofTooLong")
        .withArgs(129, 81);
    });
  });

  describe("when the place is wrong", () => {
    it("reverts for a header that is not the block's", async () => {
      const { world, settled } = await startScene();
      const place = await placeOf(world, settled);
      const fields = decodeRlp(place.header);
      if (typeof fields === "string") throw new Error("A header is a list.");
      const header = encodeRlp(fields.with(11, "0x01"));
      const block = await ethers.provider.getBlock(settled.blockNumber);
      await expect(world.settlements.verify(await proofOf(world, settled, { place: { ...place, header } })))
        .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_WrongHeader")
        .withArgs(settled.blockNumber, keccak256(header), block?.hash);
    });

    it("reverts for a header that is none", async () => {
      const { world, settled } = await startScene();
      const place = await placeOf(world, settled);
      await expect(world.settlements.verify(await proofOf(world, settled, { place: { ...place, header: "0x01" } })))
        .to.be.revertedWithCustomError(world.settlements, "RLPInvalidEncoding")
        .withArgs();
    });

    for (const [what, change, index, failure] of [
      ["of another transaction", { transactionIndex: 1 }, 1, 6n],
      ["without nodes", { trieNodes: [] }, 0, 13n],
      ["with a node of another trie", { trieNodes: ["0xc22001"] }, 0, 2n],
    ] as [string, Partial<SettlementPlace>, number, bigint][]) {
      it(`reverts for a proof ${what}`, async () => {
        const { world, settled } = await startScene();
        const place = { ...(await placeOf(world, settled)), ...change };
        await expect(world.settlements.verify(await proofOf(world, settled, { place })))
          .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_NotInBlock")
          .withArgs(index, failure);
      });
    }

    for (const [logIndex, count] of [
      [1, 2],
      [2, 2],
      [Number.MAX_SAFE_INTEGER, 2],
    ]) {
      it(`reverts for log ${logIndex} of ${count}`, async () => {
        const { world, settled } = await startScene();
        const place = { ...(await placeOf(world, settled)), logIndex };
        await expect(world.settlements.verify(await proofOf(world, settled, { place })))
          .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_NoSuchLog")
          .withArgs(logIndex, count);
      });
    }

    it("reverts for a transaction that failed, and for one without logs", async () => {
      const { world, settled } = await startScene();
      const { channels, operator } = world;
      const failing = await channels.connect(operator).settle.populateTransaction([]);
      await ethers.provider.send("evm_setAutomine", [false]);
      const sent = await operator.sendTransaction({ ...failing, gasLimit: 100_000n });
      await mine(1);
      await ethers.provider.send("evm_setAutomine", [true]);
      const receipt = await ethers.provider.getTransactionReceipt(sent.hash);
      expect(receipt?.status).to.equal(0);
      const plain = await (await operator.sendTransaction({ to: operator })).wait();
      for (const transactionHash of [sent.hash, plain?.hash ?? ""]) {
        const place = await placeOfTransaction(world, transactionHash);
        await expect(world.settlements.verify(await proofOf(world, settled, { place })))
          .to.be.revertedWithCustomError(world.settlements, "SettlementVerifier_NoSuchLog")
          .withArgs(0n, 0n);
      }
    });
  });

  describe("when the logs are not a settlement's", () => {
    /** A verifier for which two contracts that emit anything are the channels and the ledger. */
    async function startMadeUp(): Promise<{
      world: VerifierWorld;
      settled: Settled;
      verifier: SettlementVerifier;
      channels: LogEmitter;
      ledger: LogEmitter;
      other: LogEmitter;
      show: (logs: { emitter: LogEmitter; topics: string[]; data: string }[]) => Promise<string>;
      settledLog: { emitter: LogEmitter; topics: string[]; data: string };
      paidLog: { emitter: LogEmitter; topics: string[]; data: string };
    }> {
      const { world, settled } = await startScene();
      const [channels, ledger, other] = [
        await ethers.deployContract("LogEmitter"),
        await ethers.deployContract("LogEmitter"),
        await ethers.deployContract("LogEmitter"),
      ];
      const verifier = await ethers.deployContract("SettlementVerifier", [world.services, channels, ledger]);
      const coder = AbiCoder.defaultAbiCoder();
      const payer = walletAccount(await channels.getAddress());
      const settledLog = {
        emitter: channels,
        topics: [SETTLED, zeroPadValue(world.operator.address, 32), id("split")],
        data: coder.encode(["bytes"], ["0x"]),
      };
      const paidLog = {
        emitter: ledger,
        topics: [PAID, id("split"), payer],
        data: coder.encode(["uint256", "uint256", "bytes32"], [1n, 1n, settled.tree.memo]),
      };
      const show = async (logs: { emitter: LogEmitter; topics: string[]; data: string }[]) => {
        const sent = await channels.emitAll(logs.map(({ emitter, ...log }) => ({ emitter, ...log })));
        return await proofOf(world, settled, { place: await placeOfTransaction(world, sent.hash) });
      };
      return { world, settled, verifier, channels, ledger, other, show, settledLog, paidLog };
    }

    it("takes two logs that are", async () => {
      const { world, verifier, show, settledLog, paidLog } = await startMadeUp();
      expect((await faultOf(verifier, await show([settledLog, paidLog]))).respondent).to.equal(world.operator.address);
    });

    it("reverts for a log of another contract or event, in place of the first", async () => {
      const { verifier, other, channels, show, settledLog, paidLog } = await startMadeUp();
      const refused = async (log: typeof settledLog, emitter: LogEmitter, topic: string) => {
        await expect(verifier.verify(await show([log, paidLog])))
          .to.be.revertedWithCustomError(verifier, "SettlementVerifier_NotSettled")
          .withArgs(emitter, topic);
      };
      await refused({ ...settledLog, emitter: other }, other, SETTLED);
      const [, ...topics] = settledLog.topics;
      await refused({ ...settledLog, topics: [id("Unsettled()"), ...topics] }, channels, id("Unsettled()"));
      await refused({ ...settledLog, topics: [] }, channels, ZeroHash);
    });

    it("reverts for a log of another contract, event, split or payer, in place of the second", async () => {
      const { verifier, other, ledger, show, settledLog, paidLog } = await startMadeUp();
      const [, splitId, payer] = paidLog.topics;
      const refused = async (log: typeof paidLog, args: unknown[]) => {
        await expect(verifier.verify(await show([settledLog, log])))
          .to.be.revertedWithCustomError(verifier, "SettlementVerifier_NotPaid")
          .withArgs(...args);
      };
      await refused({ ...paidLog, emitter: other }, [other, PAID, splitId, payer]);
      const elsewhere = toBeHex(7n, 32);
      await refused({ ...paidLog, topics: [elsewhere, splitId, payer] }, [ledger, elsewhere, splitId, payer]);
      await refused({ ...paidLog, topics: [PAID, elsewhere, payer] }, [ledger, PAID, elsewhere, payer]);
      await refused({ ...paidLog, topics: [PAID, splitId, elsewhere] }, [ledger, PAID, splitId, elsewhere]);
      await refused({ ...paidLog, topics: [PAID] }, [ledger, PAID, ZeroHash, ZeroHash]);
    });

    it("reverts when something stands between the two", async () => {
      const { verifier, other, show, settledLog, paidLog } = await startMadeUp();
      const between = { ...paidLog, emitter: other };
      const [, splitId, payer] = paidLog.topics;
      await expect(verifier.verify(await show([settledLog, between, paidLog])))
        .to.be.revertedWithCustomError(verifier, "SettlementVerifier_NotPaid")
        .withArgs(other, PAID, splitId, payer);
    });
  });
});
