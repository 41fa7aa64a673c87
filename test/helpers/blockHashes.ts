import { toBeHex } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

/** Where chains keep the hashes of their last blocks (EIP-2935), and its code. */
const HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935";
const CODE =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";

/** How many blocks back it reaches. */
export const HISTORY_BLOCKS = 8_191;

/**
 * Lets the embedded chain, which has no such contract, know the hash of a block that is no longer among its last 256.
 */
export async function keepInHistory({ ethers, networkHelpers }: NetworkConnection, blockNumber: number): Promise<void> {
  const block = await ethers.provider.getBlock(blockNumber);
  await networkHelpers.setCode(HISTORY, CODE);
  await networkHelpers.setStorageAt(HISTORY, toBeHex(blockNumber % HISTORY_BLOCKS), block?.hash ?? "");
}
