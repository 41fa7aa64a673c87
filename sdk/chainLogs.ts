import type { Log, Provider } from "ethers";

/** Where a log stands on the chain. */
export interface LogPosition {
  blockNumber: number;
  /** Index of the log in its block. */
  logIndex: number;
}

/** What is read of a log. */
export type RawLog = Pick<Log, "address" | "topics" | "data" | "blockNumber" | "index" | "transactionHash">;

/**
 * Logs of some contracts, in the order of the chain, a few thousand blocks per request.
 *
 * Blocks may still be replaced near the chain's head: read up to one that is final, or start over when they are.
 *
 * @param fromBlock First block.
 * @param toBlock Last block.
 * @param blocksPerRequest Nodes limit what one request may ask for.
 */
export async function* readLogs({
  provider,
  addresses,
  fromBlock,
  toBlock,
  blocksPerRequest = 5_000,
}: {
  provider: Provider;
  addresses: string[];
  fromBlock: number;
  toBlock: number;
  blocksPerRequest?: number;
}): AsyncGenerator<Log[]> {
  for (let start = fromBlock; start <= toBlock; start += blocksPerRequest) {
    const end = Math.min(start + blocksPerRequest - 1, toBlock);
    const logs = await Promise.all(
      addresses.map((address) => provider.getLogs({ address, fromBlock: start, toBlock: end })),
    );
    yield logs.flat().sort((a, b) => a.blockNumber - b.blockNumber || a.index - b.index);
  }
}
