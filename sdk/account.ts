import { getAddress, ZeroAddress } from "ethers";

import { readUint, toHex, writeHex, writeUint } from "./bytes.ts";

const TAG_BYTES = 12;
const ADDRESS_BYTES = 20;

/** An account of the ledger: tag 0 is the wallet itself, any other tag a sub-account that only the address spends from. */
export interface Account {
  /** Checksummed address of the owner. */
  address: string;
  /** uint96. */
  tag: bigint;
}

/**
 * The account as the contracts store it: 12 bytes of tag, then 20 bytes of address, as hex.
 *
 * @throws TypeError if the address is none, RangeError if the tag does not fit 12 bytes.
 */
export function encodeAccount({ address, tag }: Account): string {
  const bytes = new Uint8Array(TAG_BYTES + ADDRESS_BYTES);
  writeUint(bytes, 0, tag, TAG_BYTES, "An account's tag");
  writeHex(bytes, TAG_BYTES, checksummed(address), ADDRESS_BYTES, "An account's address");
  return toHex(bytes);
}

/** An account that nobody can spend from: what goes there is burned. */
export const NOBODY = encodeAccount({ address: ZeroAddress, tag: 1n });

/** The account (tag 0) of a wallet. */
export function walletAccount(address: string): string {
  return encodeAccount({ address, tag: 0n });
}

/**
 * Address and tag of an account.
 *
 * @throws TypeError unless `account` is 32 bytes of hex.
 */
export function decodeAccount(account: string): Account {
  const bytes = new Uint8Array(TAG_BYTES + ADDRESS_BYTES);
  writeHex(bytes, 0, account, bytes.length, "An account");
  return { address: getAddress(toHex(bytes.subarray(TAG_BYTES))), tag: readUint(bytes, 0, TAG_BYTES) };
}

/**
 * Whether `account` is a wallet itself and not a sub-account.
 *
 * @throws TypeError unless `account` is 32 bytes of hex.
 */
export function isWalletAccount(account: string): boolean {
  return decodeAccount(account).tag === 0n;
}

function checksummed(address: string): string {
  try {
    return getAddress(address);
  } catch {
    throw new TypeError(`An account's address must be 20 bytes of hex with a valid checksum, but is "${address}".`);
  }
}
