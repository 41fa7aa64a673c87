import { getAddress } from "ethers";

import { decodeAccount, encodeAccount } from "../account.ts";

/** A version of an asset: what a metadata document is about. */
export interface VersionId {
  chainId: bigint;
  /** Address of the registry. */
  registry: string;
  id: bigint;
  version: number;
}

const ACCOUNT_NAME = /^did:pkh:eip155:([1-9]\d*):(0x[\dA-Fa-f]{40})(?:\?tag=([1-9]\d*))?$/;
const VERSION_NAME = /^eip155:([1-9]\d*)\/erc721:(0x[\dA-Fa-f]{40})\/([1-9]\d*)#([1-9]\d{0,9})$/;

/** CAIP-2: a chain. */
export function chainName(chainId: bigint): string {
  return `eip155:${chainId}`;
}

/** CAIP-19: an asset, which is an ERC-721 token of its registry. */
export function assetName({ chainId, registry, id }: Omit<VersionId, "version">): string {
  return `${chainName(chainId)}/erc721:${getAddress(registry)}/${id}`;
}

/** The asset's name with the version behind it. */
export function versionName(version: VersionId): string {
  return `${assetName(version)}#${version.version}`;
}

/** The version that a name is of; undefined if it is none as `versionName` writes it. */
export function parseVersionName(name: string): VersionId | undefined {
  const match = VERSION_NAME.exec(name);
  if (match === null) return undefined;
  const [, chainId, registry, id, version] = match;
  const parsed = { chainId: BigInt(chainId), registry, id: BigInt(id), version: Number(version) };
  if (parsed.id >= 1n << 256n) return undefined;
  return isWritten(name, () => versionName(parsed)) ? parsed : undefined;
}

/** did:pkh with CAIP-10: an account of the ledger. A sub-account has its tag behind it. */
export function accountName({ chainId, account }: { chainId: bigint; account: string }): string {
  const { address, tag } = decodeAccount(account);
  const suffix = tag === 0n ? "" : `?tag=${tag}`;
  return `did:pkh:${chainName(chainId)}:${address}${suffix}`;
}

/** The account that a name is of; undefined if it is none as `accountName` writes it. */
export function parseAccountName(name: string): { chainId: bigint; account: string } | undefined {
  const match = ACCOUNT_NAME.exec(name);
  if (match === null) return undefined;
  const [, chain, address, tag = "0"] = match;
  const chainId = BigInt(chain);
  const encode = (): string => encodeAccount({ address, tag: BigInt(tag) });
  return isWritten(name, () => accountName({ chainId, account: encode() }))
    ? { chainId, account: encode() }
    : undefined;
}

/** Whether writing what was read gives the same name: no wrong checksum, no number that does not fit. */
function isWritten(name: string, write: () => string): boolean {
  try {
    return write() === name;
  } catch {
    return false;
  }
}

/** Whether a text is an address with the right checksum. */
export function isChecksummed(address: string): boolean {
  return isWritten(address, () => getAddress(address));
}
