import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { id, toUtf8Bytes, ZeroHash } from "ethers";

import { PublishedData } from "../../sdk/attribution/dataStore.ts";
import type { KeptSettlement } from "../../sdk/attribution/reportsContract.ts";
import { collectCalls } from "../../sdk/attribution/settledCalls.ts";
import { ContentTree } from "../../sdk/content.ts";
import { DirectoryStore } from "../../sdk/node/reportStore.ts";
import { callId, type Receipt } from "../../sdk/receipt.ts";
import { ReceiptTree } from "../../sdk/receiptTree.ts";

const OPERATOR = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const PAYER = "0x90F79bf6EB2c4f870365E785982E1f101E93b906";
const DOMAIN = { chainId: 31337n, services: PAYER };
const OUTPUT = toUtf8Bytes("words");

function receiptOf(salt: string, changes: Partial<Receipt> = {}): Receipt {
  const request = { payer: PAYER, parentCallId: ZeroHash, serviceId: 7n, inputHash: id("input"), salt: id(salt) };
  return {
    ...request,
    callId: callId({ ...DOMAIN, request }),
    childrenHash: ZeroHash,
    splitId: id("split"),
    assetSplitId: id("asset"),
    executor: OPERATOR,
    outputRoot: ContentTree.from(OUTPUT).contentRoot,
    tokensIn: 1n,
    tokensOut: 2n,
    amount: 3n,
    servedAt: 4n,
    ...changes,
  };
}

function settlementOf(receipts: Receipt[], changes: Partial<KeptSettlement> = {}): KeptSettlement {
  const { memo, total } = new ReceiptTree({ ...DOMAIN, receipts });
  const settled = { operator: OPERATOR, splitId: id("split"), memo, amount: total };
  return { ...settled, settledAt: 1, transactionHash: ZeroHash, ...changes };
}

/** Calls of settlements of which everything is published, and what was said. */
async function collect(
  batches: Receipt[][],
  settlements = batches.map((receipts) => settlementOf(receipts)),
): Promise<{ salts: string[]; lines: string[]; isComplete: boolean }> {
  const store = new DirectoryStore({ directory: await mkdtemp(path.join(tmpdir(), "calls-")) });
  const data = new PublishedData({ ...DOMAIN, store });
  await data.putOutput(OUTPUT);
  for (const receipts of batches) await data.putReceipts(receipts);
  const lines: string[] = [];
  const found = await collectCalls({ ...DOMAIN, settlements, data, say: (line) => lines.push(line) });
  return { salts: found.calls.map(({ receipt }) => receipt.salt), lines, isComplete: found.isComplete };
}

describe("settled calls", () => {
  it("are all that settlements have, with their places", async () => {
    const { salts, lines, isComplete } = await collect([[receiptOf("a"), receiptOf("b")], [receiptOf("c")]]);
    expect(salts).to.deep.equal([id("a"), id("b"), id("c")]);
    expect(lines).to.deep.equal([]);
    expect(isComplete).to.equal(true);
  });

  it("have an empty output if that is what the receipt says", async () => {
    expect((await collect([[receiptOf("a", { outputRoot: ZeroHash })]])).salts).to.deep.equal([id("a")]);
  });

  it("are there once, if a receipt was settled twice", async () => {
    const { salts, lines } = await collect([[receiptOf("a")], [receiptOf("b"), receiptOf("a")]]);
    expect(salts).to.deep.equal([id("a"), id("b")]);
    expect(lines).to.deep.equal([`Call ${receiptOf("a").callId} is left out: it was settled before.`]);
  });

  it("are left out if receipts come to something else than was settled", async () => {
    const receipts = [receiptOf("a")];
    const { salts, lines } = await collect([receipts], [settlementOf(receipts, { amount: 4n })]);
    expect(salts).to.deep.equal([]);
    expect(lines[0]).to.match(/is left out: its receipts come to 3, but 4 was settled\.$/);
  });

  it("are left out if somebody else executed them, or they are paid elsewhere", async () => {
    const { salts, lines, isComplete } = await collect([
      [receiptOf("a", { executor: PAYER }), receiptOf("b", { splitId: id("other") }), receiptOf("c")],
    ]);
    expect(salts).to.deep.equal([id("c")]);
    expect(lines.map((line) => /is left out: (\w+ \w+ \w+)/.exec(line)?.[1])).to.deep.equal([
      "it was executed",
      "its payment goes",
    ]);
    expect(isComplete).to.equal(true);
  });

  it("may still come in, if an output is not there", async () => {
    const { salts, isComplete } = await collect([[receiptOf("a", { outputRoot: id("output") }), receiptOf("b")]]);
    expect(salts).to.deep.equal([id("b")]);
    expect(isComplete).to.equal(false);
  });
});
