import { type AddressLike, resolveAddress, ZeroHash } from "ethers";

import { encodeAccount } from "../../sdk/account.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split } from "../../sdk/split.ts";

/** Account of somebody with a known address: the wallet, or the sub-account of a tag. */
export function accountOf(owner: { address: string }, tag = 0n): string {
  return encodeAccount({ address: owner.address, tag });
}

/** A share of an account: a wallet's unless a tag is given. */
export function accountShare({
  to,
  tag = 0n,
  units,
  evidence = ZeroHash,
}: {
  to: { address: string };
  tag?: bigint;
  units: bigint;
  evidence?: string;
}): Share {
  return { kind: ShareKind.Account, recipient: accountOf(to, tag), units, evidence };
}

/** A share of another split. */
export function splitShare({ to, units }: { to: Split; units: bigint }): Share {
  return { kind: ShareKind.Split, recipient: to.id, units, evidence: ZeroHash };
}

/** A split of accounts and other splits. */
export async function splitOf(shares: Share[], arbiter?: AddressLike): Promise<Split> {
  return Split.from(arbiter === undefined ? { shares } : { shares, arbiter: await resolveAddress(arbiter) });
}

/** Packed draw of adjacent shares. */
export function drawOf(split: Split, first: number, count = 1): string {
  return encodeDraws([split.draw({ first, count })]);
}

/** Packed draws of all shares of one or more splits, in this order. */
export function drawAll(...splits: Split[]): string {
  return encodeDraws(splits.map((split) => split.draw({ first: 0, count: split.tree.size })));
}
