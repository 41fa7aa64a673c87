import path from "node:path";

import { CallIndex } from "../sdk/callIndex.ts";
import { countCalls, type StoredReceipt, traceCall } from "../sdk/callTree.ts";
import { DEFAULT_DEPLOYMENTS, identifyChain, locateDeployment, readDeployment } from "./lib/deployments.ts";
import { connectToNetwork } from "./lib/network.ts";
import { attachProtocol } from "./lib/protocol.ts";
import { parseArguments, runScript, UserError } from "./lib/script.ts";
import { indexArchive, readArchive, readReceipts } from "./trace/archive.ts";
import { printTrace } from "./trace/print.ts";

const USAGE =
  "npm run trace -- <call id> [--archive <file>] | <call id> --receipts <file> --network <name> [--deployments <directory>]";

/** How many calls are offered when none is named. */
const OFFERED = 5;

await runScript(async () => {
  const { values, positionals } = parseArguments({
    usage: USAGE,
    options: {
      archive: { type: "string", default: path.join("out", "calls.json") },
      receipts: { type: "string" },
      network: { type: "string" },
      deployments: { type: "string", default: DEFAULT_DEPLOYMENTS },
    },
  });
  const { receipts, index } =
    values.receipts === undefined
      ? await openArchive(values.archive)
      : await openChain({ ...values, receipts: values.receipts });

  const byId = new Map(receipts.map((stored) => [stored.receipt.callId, stored]));
  if (byId.size < receipts.length) {
    const twice = receipts.find((stored) => byId.get(stored.receipt.callId) !== stored);
    throw new UserError(`There are two receipts of the call ${twice?.receipt.callId}, of which one must be wrong.`);
  }
  const [callId] = positionals;
  if (positionals.length !== 1) {
    throw new UserError(`Name a call: ${USAGE}\nCalls with the most calls below them:\n${offer(receipts)}`);
  }
  if (!byId.has(callId)) {
    throw new UserError(`There is no receipt of the call ${callId} among ${receipts.length}.`);
  }
  const call = traceCall({ callId, receipts: byId, facts: index });
  printTrace({ call, index, source: values.receipts === undefined ? `the logs in ${values.archive}` : "the chain" });
  if (countCalls(call).faulty > 0) process.exitCode = 1;
});

interface Calls {
  receipts: StoredReceipt[];
  index: CallIndex;
}

async function openArchive(file: string): Promise<Calls> {
  const archive = await readArchive(file);
  return { receipts: archive.receipts, index: indexArchive(archive) };
}

/** Receipts that somebody kept, and the chain itself. */
async function openChain({
  receipts,
  network,
  deployments,
}: {
  receipts: string;
  network?: string;
  deployments: string;
}): Promise<Calls> {
  const stored = await readReceipts(receipts);
  const connection = await connectToNetwork(network);
  try {
    const chain = await identifyChain(connection);
    const { record } = locateDeployment({ directory: path.resolve(deployments), chainId: chain.chainId });
    const { contracts, block } = await readDeployment({ record, chain, networkName: connection.networkName });
    const { splitAddresses } = await attachProtocol({ connection, addresses: contracts });
    const index = new CallIndex({
      chainId: BigInt(chain.chainId),
      contracts,
      implementation: await splitAddresses.implementation(),
    });
    const { provider } = connection.ethers;
    await index.follow({ provider, fromBlock: block, toBlock: await provider.getBlockNumber() });
    return { receipts: stored, index };
  } finally {
    await connection.close();
  }
}

function offer(receipts: readonly StoredReceipt[]): string {
  return receipts
    .toSorted((a, b) => b.children.length - a.children.length)
    .slice(0, OFFERED)
    .map(({ receipt, children }) => `  ${receipt.callId}  ${children.length}`)
    .join("\n");
}
