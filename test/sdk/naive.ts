import { concat, hexlify, keccak256, solidityPacked, solidityPackedKeccak256, toBeHex } from "ethers";

import type { Share } from "../../sdk/share.ts";
import type { SumNode } from "../../sdk/sumNode.ts";

// The formats again, word for word from their definitions and as slow as these are. Nothing of the SDK's code is used.

export function naiveLeaf({ kind, recipient, units, evidence }: Share): SumNode {
  const types = ["bytes1", "uint8", "bytes32", "uint128", "bytes32"];
  return { hash: solidityPackedKeccak256(types, ["0x00", kind, recipient, units, evidence]), units };
}

export function naiveNode(left: SumNode, right: SumNode): SumNode {
  const types = ["bytes1", "bytes32", "uint128", "bytes32", "uint128"];
  const values = ["0x01", left.hash, left.units, right.hash, right.units];
  return { hash: solidityPackedKeccak256(types, values), units: left.units + right.units };
}

/** RFC 9162 §2.1.1: the left subtree holds the largest power of two of leaves that is smaller than their number. */
export function naiveRoot(leaves: readonly SumNode[]): SumNode {
  if (leaves.length === 1) return leaves[0];
  const k = splitPoint(leaves.length);
  return naiveNode(naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/**
 * Siblings of the leaves in [first, end), recursively: every maximal subtree without a leaf of the range. They come with
 * the height at which they join, and are sorted by it, left before right.
 */
export function naiveRangeProof(leaves: readonly SumNode[], first: number, count: number): SumNode[] {
  const siblings: { height: number; start: number; node: SumNode }[] = [];
  const visit = (start: number, end: number): void => {
    if (end - start === 1) return;
    const middle = start + splitPoint(end - start);
    const height = Math.ceil(Math.log2(end - start));
    for (const [from, to] of [
      [start, middle],
      [middle, end],
    ]) {
      if (from < first + count && first < to) visit(from, to);
      else siblings.push({ height, start: from, node: naiveRoot(leaves.slice(from, to)) });
    }
  };
  visit(0, leaves.length);
  return siblings.sort((a, b) => a.height - b.height || a.start - b.start).map(({ node }) => node);
}

/** RFC 9162 §2.1.4.1, PROOF(m, D_n). */
export function naiveConsistencyProof(leaves: readonly SumNode[], m: number): SumNode[] {
  return subproof(leaves, m, true);
}

export function naiveSplitId(root: SumNode, size: number, arbiter: string): string {
  const types = ["bytes1", "bytes32", "uint128", "uint64", "address"];
  return solidityPackedKeccak256(types, ["0x02", root.hash, root.units, size, arbiter]);
}

export function naiveDraw({
  shares,
  first,
  count,
  arbiter,
}: {
  shares: readonly Share[];
  first: number;
  count: number;
  arbiter: string;
}): string {
  return concat([
    solidityPacked(["address", "uint64", "uint64", "uint32"], [arbiter, shares.length, first, count]),
    ...shares
      .slice(first, first + count)
      .map(({ kind, recipient, units, evidence }) =>
        solidityPacked(["uint8", "bytes32", "uint128", "bytes32"], [kind, recipient, units, evidence]),
      ),
    ...naiveRangeProof(shares.map(naiveLeaf), first, count).map(naivePackedNode),
  ]);
}

export function naivePackedNode({ hash, units }: SumNode): string {
  return concat([hash, toBeHex(units, 16)]);
}

/** Roots of the runs of leaves that the binary digits of their number describe, largest run first. */
export function naiveFrontier(leaves: readonly SumNode[]): { level: number; node: SumNode }[] {
  if (leaves.length === 0) return [];
  const level = Math.floor(Math.log2(leaves.length));
  const rest = leaves.slice(2 ** level);
  return [{ level, node: naiveRoot(leaves.slice(0, 2 ** level)) }, ...naiveFrontier(rest)];
}

export function naiveContentRoot(content: Uint8Array): string {
  const root = hashRoot(chunkLeaves(content));
  return solidityPackedKeccak256(["bytes1", "uint64", "bytes32"], ["0x12", content.length, root]);
}

/** A chunk of a content, and its siblings bottom-up. */
export function naiveChunkProof(content: Uint8Array, index: number): { chunk: string; siblings: string[] } {
  const siblings: string[] = [];
  const descend = (leaves: string[], at: number): void => {
    if (leaves.length === 1) return;
    const k = splitPoint(leaves.length);
    siblings.unshift(hashRoot(at < k ? leaves.slice(k) : leaves.slice(0, k)));
    if (at < k) descend(leaves.slice(0, k), at);
    else descend(leaves.slice(k), at - k);
  };
  descend(chunkLeaves(content), index);
  return { chunk: hexlify(content.slice(256 * index, 256 * (index + 1))), siblings };
}

function chunkLeaves(content: Uint8Array): string[] {
  return Array.from({ length: Math.ceil(content.length / 256) }, (_, i) =>
    keccak256(concat(["0x10", content.slice(256 * i, 256 * (i + 1))])),
  );
}

function hashRoot(leaves: string[]): string {
  if (leaves.length === 1) return leaves[0];
  const k = splitPoint(leaves.length);
  return keccak256(concat(["0x11", hashRoot(leaves.slice(0, k)), hashRoot(leaves.slice(k))]));
}

function subproof(leaves: readonly SumNode[], m: number, complete: boolean): SumNode[] {
  const n = leaves.length;
  if (m === n) return complete ? [] : [naiveRoot(leaves)];
  const k = splitPoint(n);
  return m <= k
    ? [...subproof(leaves.slice(0, k), m, complete), naiveRoot(leaves.slice(k))]
    : [...subproof(leaves.slice(k), m - k, false), naiveRoot(leaves.slice(0, k))];
}

/** Largest power of two smaller than n. */
function splitPoint(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}
