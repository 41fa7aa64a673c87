import { expect } from "chai";
import { id, Wallet, ZeroHash } from "ethers";

import { type CallFacts, countCalls, type PaymentFact, type StoredReceipt, traceCall } from "../../sdk/callTree.ts";
import { callId, childrenHash, type Receipt, receiptDigest, signReceipt } from "../../sdk/receipt.ts";
import { ReceiptTree } from "../../sdk/receiptTree.ts";

const domain = { chainId: 31337n, services: `0x${"5e".repeat(20)}` };
const operator = new Wallet(id("operator"));
const stranger = new Wallet(id("stranger"));
const payer = new Wallet(id("payer")).address;
const [splitId, assetSplitId] = [id("split of service 1"), id("agent 1, version 1")];

/** A world in which receipts can lie. */
class World {
  readonly receipts = new Map<string, StoredReceipt>();
  readonly payments = new Map<string, PaymentFact[]>();
  readonly transfers = new Map<string, { splitId: string; amount: bigint; blockNumber: number }>();

  get facts(): CallFacts {
    return {
      ...domain,
      paymentsOf: (memo) => this.payments.get(memo) ?? [],
      transferOf: (from, nonce) => this.transfers.get(`${from} ${nonce}`),
      originOf: (found) =>
        found === splitId ? { kind: "service", id: 1n, policyVersion: 1, assetSplitId } : undefined,
      operatorOf: (serviceId) => (serviceId === 1n ? operator.address : undefined),
    };
  }

  /** Signs and keeps a receipt; `lies` replaces fields after the call's id was made. */
  async add(
    name: string,
    {
      parent = ZeroHash,
      children = [],
      lies = {},
      signer = operator,
    }: { parent?: string; children?: string[]; lies?: Partial<Receipt>; signer?: Wallet } = {},
  ): Promise<StoredReceipt> {
    const request = { payer, parentCallId: parent, serviceId: 1n, inputHash: id(name), salt: id(name) };
    const receipt: Receipt = {
      ...request,
      callId: callId({ ...domain, request }),
      childrenHash: childrenHash(children),
      splitId,
      assetSplitId,
      executor: operator.address,
      outputRoot: id("output"),
      tokensIn: 1n,
      tokensOut: 2n,
      amount: 100n,
      servedAt: 3n,
      ...lies,
    };
    const stored = { receipt, signature: await signReceipt({ ...domain, signer, receipt }), children, proof: null };
    this.receipts.set(receipt.callId, stored);
    return stored;
  }

  /** Settles receipts together, as an operator would. */
  settle(stored: StoredReceipt[], { amount, calls }: { amount?: bigint; calls?: bigint } = {}): string {
    const tree = new ReceiptTree({ ...domain, receipts: stored.map(({ receipt }) => receipt) });
    for (const [i, one] of stored.entries()) one.proof = tree.prove(i);
    const paid = { splitId, amount: amount ?? tree.total, calls: calls ?? BigInt(tree.size), blockNumber: 9 };
    this.payments.set(tree.memo, [paid]);
    return tree.memo;
  }

  problemsOf({ receipt }: StoredReceipt): string[] {
    return traceCall({ callId: receipt.callId, receipts: this.receipts, facts: this.facts }).problems;
  }
}

/** Id of the call that `World.add` makes. */
function idOf(name: string, parent = ZeroHash): string {
  const request = { payer, parentCallId: parent, serviceId: 1n, inputHash: id(name), salt: id(name) };
  return callId({ ...domain, request });
}

describe("trace of a call", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  it("follows calls to those made for them, each paid by a settlement", async () => {
    const root = idOf("root");
    const [left, right] = [idOf("left", root), idOf("right", root)];
    const stored = [
      await world.add("root", { children: [left, right] }),
      await world.add("left", { parent: root, children: [idOf("leaf", left)] }),
      await world.add("right", { parent: root }),
      await world.add("leaf", { parent: left }),
    ];
    const memo = world.settle(stored);

    const call = traceCall({ callId: root, receipts: world.receipts, facts: world.facts });
    expect(countCalls(call)).to.deep.equal({ calls: 4, faulty: 0 });
    expect(call.children.map(({ receipt }) => receipt.callId)).to.deep.equal([left, right]);
    expect(call.children[0].children[0].receipt.callId).to.equal(idOf("leaf", left));
    expect(call.payment).to.deep.equal({ how: "settlement", memo, calls: 4, total: 400n, blockNumber: 9 });
  });

  it("finds payments of one call by its id and by its receipt's hash", async () => {
    for (const [name, memoOf] of [
      ["before", ({ receipt }: StoredReceipt) => receipt.callId],
      ["after", ({ receipt }: StoredReceipt) => receiptDigest({ ...domain, receipt })],
    ] as const) {
      const stored = await world.add(name);
      expect(world.problemsOf(stored)).to.deep.equal(["The chain shows no payment for it."]);
      const memo = memoOf(stored);
      world.payments.set(memo, [{ splitId, amount: 100n, calls: 1n, blockNumber: 4 }]);
      const call = traceCall({ callId: stored.receipt.callId, receipts: world.receipts, facts: world.facts });
      expect(call).to.deep.include({ problems: [], payment: { how: "payment", memo, blockNumber: 4 } });
    }
  });

  it("takes a call that costs nothing for paid", async () => {
    const stored = await world.add("free", { lies: { amount: 0n } });
    const call = traceCall({ callId: stored.receipt.callId, receipts: world.receipts, facts: world.facts });
    expect(call).to.deep.include({ problems: [], payment: { how: "free" } });
  });

  it("is not misled by what strangers pay under the same memo", async () => {
    const settled = await world.add("settled");
    const memo = world.settle([settled]);
    const dust = { splitId, amount: 1n, calls: 0n, blockNumber: 3 };
    world.payments.get(memo)?.unshift(dust);
    expect(world.problemsOf(settled)).to.deep.equal([]);

    const alone = await world.add("alone");
    world.payments.set(alone.receipt.callId, [dust]);
    expect(world.problemsOf(alone)).to.deep.equal(["It costs 100, but only 1 was paid for it."]);
    const digest = receiptDigest({ ...domain, receipt: alone.receipt });
    world.payments.set(digest, [{ ...dust, amount: 100n }]);
    expect(world.problemsOf(alone)).to.deep.equal([]);
    world.payments.delete(digest);
    world.transfers.set(`${payer} ${alone.receipt.salt}`, { splitId, amount: 100n, blockNumber: 5 });
    expect(world.problemsOf(alone)).to.deep.equal([]);
  });

  it("finds signed transfers by payer and nonce", async () => {
    const stored = await world.add("x402");
    world.transfers.set(`${payer} ${stored.receipt.salt}`, { splitId, amount: 100n, blockNumber: 5 });
    const call = traceCall({ callId: stored.receipt.callId, receipts: world.receipts, facts: world.facts });
    expect(call).to.deep.include({ problems: [], payment: { how: "transfer", blockNumber: 5 } });
  });

  it("has nothing to say about a call without a receipt", () => {
    expect(() => traceCall({ callId: ZeroHash, receipts: world.receipts, facts: world.facts })).to.throw(
      RangeError,
      `There is no receipt of the call ${ZeroHash}.`,
    );
  });
});

describe("receipts that lie", () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  async function lie(lies: Partial<Receipt>, signer?: Wallet): Promise<string[]> {
    const stored = await world.add("call", { lies, ...(signer && { signer }) });
    world.settle([stored]);
    return world.problemsOf(stored);
  }

  it("about what was asked for", async () => {
    const problem = "Its call id is not that of what was asked for.";
    expect(await lie({ inputHash: id("other") })).to.deep.equal([problem]);
    expect(await lie({ payer: stranger.address })).to.deep.equal([problem]);
    expect(await lie({ salt: id("other") })).to.deep.equal([problem]);
  });

  it("about who executed it", async () => {
    expect(await lie({}, stranger)).to.deep.equal([`It is signed by ${stranger.address}, not by its executor.`]);
    expect(await lie({ executor: stranger.address }, stranger)).to.deep.equal([
      `Service 1 is operated by ${operator.address}, not by its executor.`,
    ]);
    const stored = await world.add("call");
    world.settle([stored]);
    world.receipts.set(stored.receipt.callId, { ...stored, signature: "0x12" });
    expect(world.problemsOf(stored)).to.deep.equal(["It is signed by nobody, not by its executor."]);
  });

  it("about what was executed and paid", async () => {
    expect(await lie({ assetSplitId: id("other version") })).to.deep.equal([
      "The split it names pays another version than the one it says was executed.",
    ]);
    expect(await lie({ splitId: id("other split") })).to.deep.equal([
      "The split it names is none of service 1.",
      "No payment to its split commits to it.",
    ]);
  });

  it("about a parent that does not list them", async () => {
    const root = await world.add("root");
    const child = await world.add("child", { parent: root.receipt.callId });
    world.settle([root, child]);
    expect(world.problemsOf(child)).to.deep.equal(["The call that it says it was made for does not list it."]);
    expect(world.problemsOf(root)).to.deep.equal([]);
  });

  it("about a parent that nobody has a receipt of", async () => {
    const child = await world.add("child", { parent: id("nobody's") });
    world.settle([child]);
    expect(world.problemsOf(child)).to.deep.equal([
      `There is no receipt of the call ${id("nobody's")} that it says it was made for.`,
    ]);
  });

  it("about a parent whose own receipt is forged", async () => {
    const root = await world.add("root");
    const child = await world.add("child", { parent: root.receipt.callId });
    world.settle([root, child]);
    world.receipts.set(root.receipt.callId, { ...root, children: [child.receipt.callId] });
    expect(world.problemsOf(child)).to.deep.equal([
      "The receipt of the call that it says it was made for is not what it says.",
    ]);
  });

  it("in a circle", async () => {
    const one = await world.add("one");
    const two = await world.add("two");
    const [first, second] = [one.receipt.callId, two.receipt.callId];
    world.receipts.set(first, { ...one, receipt: { ...one.receipt, parentCallId: second }, children: [second] });
    world.receipts.set(second, { ...two, receipt: { ...two.receipt, parentCallId: first }, children: [first] });
    expect(world.problemsOf(one)).to.include(`It lists the call ${second}, whose receipt asks for something else.`);
  });

  it("by listing a call twice", async () => {
    const child = idOf("child", idOf("root"));
    const root = await world.add("root", { children: [child, child] });
    const stored = await world.add("child", { parent: root.receipt.callId });
    world.settle([root, stored]);
    const call = traceCall({ callId: root.receipt.callId, receipts: world.receipts, facts: world.facts });
    expect(call.problems).to.deep.equal(["It lists a call more than once."]);
    expect(countCalls(call)).to.deep.equal({ calls: 2, faulty: 1 });
  });

  it("about their parent in the receipt alone: the call's id says otherwise", async () => {
    const root = await world.add("root", { children: [idOf("child")] });
    const child = await world.add("child", { lies: { parentCallId: root.receipt.callId } });
    world.settle([root, child]);
    expect(world.problemsOf(child)).to.deep.equal(["Its call id is not that of what was asked for."]);
  });

  it("about their children", async () => {
    const foreign = await world.add("foreign");
    const root = await world.add("root", { children: [foreign.receipt.callId, id("unknown")] });
    world.settle([root, foreign]);
    const call = traceCall({ callId: root.receipt.callId, receipts: world.receipts, facts: world.facts });
    expect(call.problems).to.deep.equal([
      `It lists the call ${foreign.receipt.callId}, which says that it was made for another one.`,
    ]);
    expect(call.missing).to.deep.equal([id("unknown")]);
    expect(countCalls(call)).to.deep.equal({ calls: 2, faulty: 2 });

    world.receipts.set(root.receipt.callId, { ...root, children: [] });
    expect(world.problemsOf(root)).to.deep.equal(["It was signed for other calls than those listed."]);
  });

  it("about what was paid for them", async () => {
    const one = await world.add("one");
    const two = await world.add("two");
    world.settle([one, two], { amount: 199n });
    const problem = "Its settlement is for 2 calls that cost 200, but 199 was paid for 2.";
    expect(world.problemsOf(one)).to.deep.equal([problem]);
    world.settle([one, two], { calls: 3n });
    expect(world.problemsOf(one)).to.deep.equal([
      "Its settlement is for 2 calls that cost 200, but 200 was paid for 3.",
    ]);

    world.settle([one, two]);
    const dearer = { ...one.receipt, amount: 101n };
    const signature = await signReceipt({ ...domain, signer: operator, receipt: dearer });
    world.receipts.set(dearer.callId, { ...one, receipt: dearer, signature });
    expect(world.problemsOf(one)).to.deep.equal(["No payment to its split commits to it."]);

    const proof = one.proof && { ...one.proof, siblings: [] };
    world.receipts.set(one.receipt.callId, { ...one, proof });
    expect(world.problemsOf(one)[0]).to.match(/^Its proof is none: /);

    const cheap = await world.add("cheap");
    world.payments.set(cheap.receipt.callId, [{ splitId, amount: 99n, calls: 1n, blockNumber: 4 }]);
    expect(world.problemsOf(cheap)).to.deep.equal(["It costs 100, but only 99 was paid for it."]);
    world.payments.set(cheap.receipt.callId, [{ splitId: id("other"), amount: 100n, calls: 1n, blockNumber: 4 }]);
    expect(world.problemsOf(cheap)).to.deep.equal(["The chain shows no payment for it."]);
  });

  it("about a transfer that was for another call, another split or too little", async () => {
    const one = await world.add("one");
    const key = `${payer} ${one.receipt.salt}`;
    world.transfers.set(key, { splitId: id("other"), amount: 100n, blockNumber: 4 });
    expect(world.problemsOf(one)).to.deep.equal(["Its payment went to another split."]);
    world.transfers.set(key, { splitId, amount: 99n, blockNumber: 4 });
    expect(world.problemsOf(one)).to.deep.equal(["It costs 100, but only 99 was paid for it."]);

    world.transfers.set(key, { splitId, amount: 100n, blockNumber: 4 });
    const request = { payer, parentCallId: ZeroHash, serviceId: 1n, inputHash: id("two"), salt: one.receipt.salt };
    const two = await world.add("two", { lies: { ...request, callId: callId({ ...domain, request }) } });
    expect(world.problemsOf(one)).to.deep.equal([`The call ${two.receipt.callId} claims the same payment.`]);
    const inLowerCase = { ...two.receipt, payer: two.receipt.payer.toLowerCase() };
    world.receipts.set(two.receipt.callId, { ...two, receipt: inLowerCase });
    expect(world.problemsOf(one)).to.deep.equal([`The call ${two.receipt.callId} claims the same payment.`]);
  });
});
