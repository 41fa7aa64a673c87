import { concat, getCreate2Address, keccak256, toBeHex } from "ethers";

import { ZERO_WORD } from "./bytes.ts";

/** Runtime code of a minimal proxy (ERC-1167) around the address of its implementation; arguments follow it. */
const PROXY = { before: "0x363d3d373d3d3d363d73", after: "0x5af43d82803e903d91602b57fd5bf3", bytes: 45 };

/**
 * Address that stands for a split: whatever arrives there by a plain transfer can be paid into the split by anybody.
 * The same as `SplitAddresses.addressOf`, without asking a node.
 *
 * @param splitAddresses Address of the SplitAddresses contract.
 * @param implementation Its `implementation()`.
 */
export function splitAddressOf({
  splitId,
  splitAddresses,
  implementation,
}: {
  splitId: string;
  splitAddresses: string;
  implementation: string;
}): string {
  const length = PROXY.bytes + 32;
  const code = concat([
    "0x61", // push2 length, returndatasize, dup2, push1 10, returndatasize, codecopy, return
    toBeHex(length, 2),
    "0x3d81600a3d39f3",
    PROXY.before,
    implementation,
    PROXY.after,
    splitId,
  ]);
  return getCreate2Address(splitAddresses, ZERO_WORD, keccak256(code));
}
