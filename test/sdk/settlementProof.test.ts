import { expect } from "chai";
import { id, JsonRpcProvider, keccak256 } from "ethers";
import { network } from "hardhat";

import { proveSettlementPlace, proveTransactionPlace, type Rpc } from "../../sdk/settlementProof.ts";
import { placeOf, receiptsOf, type Settled, settleReceipts } from "../disputes/settlements.ts";
import { deployVerifierWorld, type VerifierWorld } from "../disputes/verifierWorld.ts";
import { type LocalNode, NODE_COMMANDS, startNode } from "../helpers/node.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

async function startScene(): Promise<{ world: VerifierWorld; settled: Settled }> {
  const world = await loadFixture(deployVerifierWorld);
  return { world, settled: await settleReceipts(world, await receiptsOf(world, 2), { company: 20 }) };
}

async function ask(method: string, params: unknown[]): Promise<unknown> {
  const answer: unknown = await ethers.provider.send(method, params);
  return answer;
}

/** A node that says something else in answer to one method. */
function lying(method: string, change: (answer: object) => unknown): Rpc {
  return {
    send: async (asked, params) => {
      const answer = await ask(asked, params);
      return asked === method && typeof answer === "object" && answer !== null ? change(answer) : answer;
    },
  };
}

/** What an attempt fails with. */
async function failureOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error("It did not fail.");
}

describe("proof of a settlement", () => {
  it("is the same whether a node gives receipts one by one or by the block", async () => {
    const { world, settled } = await startScene();
    const place = await placeOf(world, settled);
    const block = await ethers.provider.getBlock(settled.blockNumber);
    const hashes = block?.transactions ?? [];
    const together: Rpc = {
      send: async (method, params) =>
        method === "eth_getBlockReceipts"
          ? await Promise.all(hashes.map(async (hash) => await ask("eth_getTransactionReceipt", [hash])))
          : await ask(method, params),
    };
    const { transactionHash } = settled;
    expect(await proveSettlementPlace({ rpc: together, transactionHash, memo: settled.tree.memo })).to.deep.equal(
      place,
    );
  });

  it("refuses a transaction that is in no block", async () => {
    const transactionHash = id("no transaction");
    expect(await failureOf(proveTransactionPlace({ rpc: ethers.provider, transactionHash }))).to.equal(
      `The node does not know transaction ${transactionHash}.`,
    );
  });

  it("refuses a transaction without a settlement of that memo", async () => {
    const { settled } = await startScene();
    const { transactionHash } = settled;
    const memo = id("another memo");
    expect(await failureOf(proveSettlementPlace({ rpc: ethers.provider, transactionHash, memo }))).to.equal(
      `Transaction ${transactionHash} settles nothing with the memo ${memo}.`,
    );
  });

  for (const [what, method, change, message] of [
    ["of another header", "eth_getBlockByHash", { timestamp: "0x1" }, "is not what its hash is of"],
    ["of another receipt", "eth_getTransactionReceipt", { cumulativeGasUsed: "0x1" }, "are not those of its header"],
    ["that cannot be read", "eth_getTransactionReceipt", { logs: "none" }, "has no logs that can be read"],
    ["without topics", "eth_getTransactionReceipt", { logs: [{ topics: [1] }] }, "has no topics that can be read"],
    ["without a type", "eth_getTransactionReceipt", { type: 2 }, "has no type that can be read"],
  ] as const) {
    it(`refuses answers ${what}`, async () => {
      const { settled } = await startScene();
      const { transactionHash, tree } = settled;
      const rpc = lying(method, (answer) => ({ ...answer, ...change }));
      expect(await failureOf(proveSettlementPlace({ rpc, transactionHash, memo: tree.memo }))).to.contain(message);
    });
  }
});

describe("proof of a transaction on anvil", () => {
  let node: LocalNode;
  before(async () => {
    node = await startNode(NODE_COMMANDS.anvil);
  });
  after(async () => {
    await node.stop();
  });

  it("makes up the hash of the block", async () => {
    const provider = new JsonRpcProvider(node.url);
    const signer = await provider.getSigner(0);
    await node.request("evm_setAutomine", false);
    const nonce = await signer.getNonce();
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        signer.sendUncheckedTransaction({ to: signer.address, nonce: nonce + i, gasLimit: 21_000n, type: i % 3 }),
      ),
    );
    await node.request("evm_mine");
    for (const transactionHash of sent) {
      const { header, trieNodes } = await proveTransactionPlace({ rpc: provider, transactionHash });
      const receipt = await provider.getTransactionReceipt(transactionHash);
      expect(keccak256(header)).to.equal(receipt?.blockHash);
      expect(header).to.contain(keccak256(trieNodes[0]).slice(2));
    }
    provider.destroy();
  });
});
