import { CallIndex } from "../../sdk/callIndex.ts";
import type { StoredReceipt } from "../../sdk/callTree.ts";
import { type RawLog, readLogs } from "../../sdk/chainLogs.ts";
import { getAddresses } from "../lib/protocol.ts";
import type { CallArchive } from "../trace/archive.ts";
import type { Setting } from "./setting.ts";

/** All receipts, and the logs that say how their calls were paid: the chain ends with the demo. */
export async function collectCalls({
  setting: { protocol, provider, sender },
  receipts,
}: {
  setting: Setting;
  receipts: ReadonlyMap<string, StoredReceipt>;
}): Promise<CallArchive> {
  const contracts = await getAddresses(protocol);
  const chain = {
    chainId: sender.chainId,
    contracts,
    implementation: await protocol.splitAddresses.implementation(),
  };
  const { addresses } = new CallIndex(chain);
  const toBlock = await provider.getBlockNumber();
  const logs: RawLog[] = [];
  for await (const found of readLogs({ provider, addresses, fromBlock: 0, toBlock })) {
    for (const { address, topics, data, blockNumber, index, transactionHash } of found) {
      logs.push({ address, topics, data, blockNumber, index, transactionHash });
    }
  }
  return { ...chain, receipts: [...receipts.values()], logs };
}
