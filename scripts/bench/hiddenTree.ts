import { id } from "ethers";

import { concatBytes } from "../../sdk/bytes.ts";
import { leafNode, packShare, type Share, SHARE_BYTES } from "../../sdk/share.ts";
import { combineSumNodes, packSumNode } from "../../sdk/sumNode.ts";
import { SumTree } from "../../sdk/sumTree.ts";

/**
 * A tree of which some adjacent shares are known, and of all others only that each has so many units: what proofs cost in
 * it is what they cost in a tree that somebody spent the time to build.
 *
 * @param first Index of the first known share.
 */
export function hiddenTree({
  name,
  size,
  first,
  shares,
  unitsOfOthers,
}: {
  name: string;
  size: number;
  first: number;
  shares: readonly Share[];
  unitsOfOthers: bigint;
}): SumTree {
  const packed = shares.map((share) => {
    const bytes = new Uint8Array(SHARE_BYTES);
    packShare(share, bytes, 0);
    return bytes;
  });
  const node = (level: number, index: number): Uint8Array => {
    const [from, to] = [index * 2 ** level, (index + 1) * 2 ** level];
    if (to <= first || from >= first + shares.length) {
      return packSumNode({ hash: id(`${name}, ${level}, ${index}`), units: unitsOfOthers << BigInt(level) });
    }
    if (level === 0) return leafNode(packed[index - first]);
    return combineSumNodes(concatBytes([node(level - 1, 2 * index), node(level - 1, 2 * index + 1)]));
  };
  return new SumTree({ size, nodes: node, packedShare: (index) => packed[index - first] });
}
