import { AbiCoder, keccak256 } from "ethers";

import type { SumTree } from "../../sdk/sumTree.ts";
import type { Bench } from "./world.ts";

/** A Datanet and the log it has. */
interface Datanet {
  datanetId: bigint;
  tree: SumTree;
}

/** A word of storage, or a part of it. */
interface Stored {
  slot: bigint;
  value: bigint;
  /** Bits of the word that count. */
  mask: bigint;
}

const WORD = 2n ** 256n - 1n;
const HALF = 2n ** 128n - 1n;

/** As in the struct `SumLog`: size and units, then hashes and sums of 64 levels each. */
const HASHES_AT = 1n;
const SUMS_AT = 65n;

/** How many of the registry's own slots are looked at for its logs. */
const SLOTS = 64n;

/**
 * Gives a Datanet a log by writing the registry's storage: a million contributions by transactions would take minutes.
 *
 * @param like A Datanet that came by its log through transactions.
 * @throws Error if that log is not stored in the way that this function writes.
 */
export async function storeLog({ bench, like, ...datanet }: Datanet & { bench: Bench; like: Datanet }): Promise<void> {
  const { networkHelpers } = bench.connection;
  const registry = await bench.datanets.getAddress();
  const mapping = await findLogs(bench, like);
  for (const { slot, value } of storedLog(mapping, datanet)) {
    // Two values can share a word, and the other one may be there already.
    const word = value | (await readWord(bench, slot));
    await networkHelpers.setStorageAt(registry, slot, word);
  }
}

/** Slot of the registry's mapping of logs. */
async function findLogs(bench: Bench, like: Datanet): Promise<bigint> {
  for (let mapping = 0n; mapping < SLOTS; mapping++) {
    const stored = storedLog(mapping, like);
    const words = await Promise.all(stored.map(({ slot }) => readWord(bench, slot)));
    if (stored.every(({ value, mask }, i) => value === (words[i] & mask))) return mapping;
  }
  throw new Error("The registry does not store its logs as this benchmark expects.");
}

function storedLog(mapping: bigint, { datanetId, tree }: Datanet): Stored[] {
  const key = AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [datanetId, mapping]);
  const base = BigInt(keccak256(key));
  const head = { slot: base, value: (tree.totalUnits << 64n) | BigInt(tree.size), mask: WORD };
  const frontier = tree.frontier().flatMap(({ level, hash, units }) => {
    const shift = 128n * BigInt(level % 2);
    return [
      { slot: base + HASHES_AT + BigInt(level), value: BigInt(hash), mask: WORD },
      // Two to a word; the other one may be left over from a smaller log.
      { slot: base + SUMS_AT + BigInt(level >> 1), value: units << shift, mask: HALF << shift },
    ];
  });
  return [head, ...frontier];
}

async function readWord({ connection, datanets }: Bench, slot: bigint): Promise<bigint> {
  return BigInt(await connection.ethers.provider.getStorage(datanets, slot));
}
