import { expect } from "chai";
import { id, Wallet, ZeroHash } from "ethers";

import { InvalidProofError } from "../../sdk/merkle.ts";
import { callId, type Receipt } from "../../sdk/receipt.ts";
import { ReceiptTree, settlementOf } from "../../sdk/receiptTree.ts";

const domain = { chainId: 31337n, services: `0x${"5e".repeat(20)}` };

function makeReceipts(count: number): Receipt[] {
  return Array.from({ length: count }, (_, i) => {
    const request = {
      payer: new Wallet(id(`payer ${i}`)).address,
      parentCallId: ZeroHash,
      serviceId: 1n,
      inputHash: id(`input ${i}`),
      salt: ZeroHash,
    };
    return {
      ...request,
      callId: callId({ ...domain, request }),
      childrenHash: ZeroHash,
      splitId: id("split"),
      assetSplitId: id("asset"),
      executor: new Wallet(id("executor")).address,
      outputRoot: id(`output ${i}`),
      tokensIn: 10n,
      tokensOut: 20n,
      amount: BigInt(i * i),
      servedAt: 1n,
    };
  });
}

describe("tree of receipts", () => {
  for (const size of [1, 2, 3, 5, 8, 100]) {
    it(`proves each of ${size} receipts, their number and their sum`, () => {
      const receipts = makeReceipts(size);
      const tree = new ReceiptTree({ ...domain, receipts });
      const total = receipts.reduce((sum, { amount }) => sum + amount, 0n);
      expect(tree).to.include({ size, total });
      for (const [i, receipt] of receipts.entries()) {
        const settlement = settlementOf({ ...domain, receipt, proof: tree.prove(i) });
        expect(settlement).to.deep.equal({ memo: tree.memo, total, size });
      }
    });
  }

  it("has another memo for other receipts, another order, registry or chain", () => {
    const receipts = makeReceipts(4);
    const memos = [
      new ReceiptTree({ ...domain, receipts }),
      new ReceiptTree({ ...domain, receipts: receipts.slice(1) }),
      new ReceiptTree({ ...domain, receipts: receipts.toReversed() }),
      new ReceiptTree({ ...domain, services: receipts[0].payer, receipts }),
      new ReceiptTree({ ...domain, chainId: 1n, receipts }),
    ].map(({ memo }) => memo);
    expect(new Set(memos).size).to.equal(5);
  });

  it("leads a receipt with another amount to another memo", () => {
    const receipts = makeReceipts(9);
    const tree = new ReceiptTree({ ...domain, receipts });
    const proof = tree.prove(4);
    const dearer = { ...receipts[4], amount: receipts[4].amount + 1n };
    expect(settlementOf({ ...domain, receipt: dearer, proof }).memo).not.to.equal(tree.memo);
    expect(settlementOf({ ...domain, receipt: receipts[5], proof }).memo).not.to.equal(tree.memo);
    expect(settlementOf({ ...domain, receipt: receipts[4], proof: { ...proof, index: 5 } }).memo).not.to.equal(
      tree.memo,
    );
  });

  it("refuses proofs of another length, and no receipts", () => {
    const receipts = makeReceipts(9);
    const { siblings, ...rest } = new ReceiptTree({ ...domain, receipts }).prove(4);
    const proof = { ...rest, siblings: siblings.slice(1) };
    expect(() => settlementOf({ ...domain, receipt: receipts[4], proof })).to.throw(InvalidProofError);
    expect(() => new ReceiptTree({ ...domain, receipts: [] })).to.throw(RangeError);
  });

  it("takes one receipt per call: a second one would charge it again", () => {
    const receipts = makeReceipts(3);
    expect(() => new ReceiptTree({ ...domain, receipts: [...receipts, receipts[1]] })).to.throw(
      RangeError,
      "A settlement takes one receipt per call, but one call has two.",
    );
  });
});
