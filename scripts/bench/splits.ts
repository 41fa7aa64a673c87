import { dataSlice, getAddress, id, toBeHex } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import type { Share } from "../../sdk/share.ts";
import { ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import type { SumTree } from "../../sdk/sumTree.ts";

const UNITS = 2_500n;

/** Most of what comes in goes up, so that the last of many hops still moves something. */
const PARENT_UNITS = 25_000n;

/** Whose share the first one is; a stranger's unless named. */
interface Owned {
  owner?: { address: string };
}

/** A split of wallets. Its name only tells it from others. */
export function splitOfWallets({ name, size, owner }: Owned & { name: string; size: number }): Split {
  const shares = Array.from({ length: size }, (_, i) => walletShare(`${name}, share ${i}`));
  if (owner !== undefined) shares[0].recipient = walletAccount(owner.address);
  return Split.from({ shares });
}

/** Splits above each other, the topmost first: in each but the last one, the last share is the next split's. */
export function chainOfSplits({ depth, size, owner }: Owned & { depth: number; size: number }): Split[] {
  const chain = [splitOfWallets({ name: "base", size, ...(owner && { owner }) })];
  for (let level = 1; level < depth; level++) {
    const shares = Array.from({ length: size - 1 }, (_, i) => walletShare(`level ${level}, share ${i}`));
    const evidence = id(`level ${level}, parent`);
    shares.push({ kind: ShareKind.Split, recipient: chain[0].id, units: PARENT_UNITS, evidence });
    chain.unshift(Split.from({ shares }));
  }
  return chain;
}

/** A split whose id costs as much calldata as that of any other made here: a zero byte would cost less. */
export function withoutZeroBytes(tree: SumTree): Split {
  for (let arbiter = 1n; ; arbiter++) {
    const split = new Split({ tree, arbiter: toBeHex(arbiter, 20) });
    if (!/^0x(?:..)*?00/.test(split.id)) return split;
  }
}

/** An address whose key nobody knows. */
export function addressOf(name: string): string {
  return getAddress(dataSlice(id(name), 0, 20));
}

function walletShare(name: string): Share {
  const recipient = walletAccount(addressOf(name));
  return { kind: ShareKind.Account, recipient, units: UNITS, evidence: id(`work of ${name}`) };
}
