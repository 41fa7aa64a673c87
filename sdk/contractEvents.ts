import type { Interface, Provider } from "ethers";

import { type LogPosition, readLogs } from "./chainLogs.ts";
import { EventArgs } from "./eventArgs.ts";

/** An event of a contract, with its place on the chain. */
export interface ContractEvent extends LogPosition {
  name: string;
  args: EventArgs;
  transactionHash: string;
}

/** What to read, and how far. */
export interface EventRange {
  provider: Provider;
  /** The contract. */
  address: string;
  /** Not later than the contract's own block. */
  fromBlock: number;
  toBlock: number;
}

/** Those events of a contract that `events` names, in the order of the chain. */
export async function readEvents({
  events,
  provider,
  address,
  fromBlock,
  toBlock,
}: EventRange & { events: Interface }): Promise<ContractEvent[]> {
  const found: ContractEvent[] = [];
  for await (const logs of readLogs({ provider, addresses: [address], fromBlock, toBlock })) {
    for (const log of logs) {
      const event = events.parseLog(log);
      if (event === null) continue;
      found.push({
        name: event.name,
        args: new EventArgs(event.args),
        blockNumber: log.blockNumber,
        logIndex: log.index,
        transactionHash: log.transactionHash,
      });
    }
  }
  return found;
}
