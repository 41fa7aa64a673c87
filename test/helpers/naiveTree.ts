import { concat, solidityPacked, solidityPackedKeccak256, ZeroAddress } from "ethers";

/** A share as anybody may write it into a tree: `kind` need not be one that the ledger knows. */
export interface AnyShare {
  kind: number;
  recipient: string;
  units: bigint;
  evidence: string;
}

/** A node as anybody may claim it. */
export interface AnyNode {
  hash: string;
  units: bigint;
}

/** A draw as anybody may send it. */
export interface AnyDraw {
  arbiter?: string;
  size: bigint;
  first: bigint;
  /** The number of shares unless stated otherwise. */
  count?: bigint;
  shares: readonly AnyShare[];
  siblings: readonly AnyNode[];
}

const UNITS_MASK = 2n ** 128n - 1n;

/** Written from the format, for comparison with the contracts and the SDK, and for trees that neither would build. */
export function leafOf({ kind, recipient, units, evidence }: AnyShare): AnyNode {
  const types = ["uint8", "uint8", "bytes32", "uint128", "bytes32"];
  return { hash: solidityPackedKeccak256(types, [0, kind, recipient, units, evidence]), units };
}

/** Units that do not fit 16 bytes lose their upper bits in the hash, and keep them in the sum. */
export function parentOf(left: AnyNode, right: AnyNode): AnyNode {
  const types = ["uint8", "bytes32", "uint128", "bytes32", "uint128"];
  const values = [1, left.hash, left.units & UNITS_MASK, right.hash, right.units & UNITS_MASK];
  return { hash: solidityPackedKeccak256(types, values), units: left.units + right.units };
}

/** RFC 9162 §2.1.1, word by word. */
export function rootOf(nodes: readonly AnyNode[]): AnyNode {
  if (nodes.length === 1) return nodes[0];
  let left = 1;
  while (2 * left < nodes.length) left *= 2;
  return parentOf(rootOf(nodes.slice(0, left)), rootOf(nodes.slice(left)));
}

/** Siblings of leaves `first … first + count - 1`, bottom-up, left before right. */
export function siblingsOf(leaves: readonly AnyNode[], first: number, count = 1): AnyNode[] {
  const siblings: AnyNode[] = [];
  let level = leaves;
  let [low, high] = [first, first + count - 1];
  while (level.length > 1) {
    if (low % 2 === 1) siblings.push(level[low - 1]);
    if (high % 2 === 0 && high < level.length - 1) siblings.push(level[high + 1]);
    level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => rootOf(level.slice(2 * i, 2 * i + 2)));
    [low, high] = [low >> 1, high >> 1];
  }
  return siblings;
}

export function splitIdOf({
  root,
  size,
  arbiter = ZeroAddress,
}: {
  root: AnyNode;
  size: bigint;
  arbiter?: string;
}): string {
  const types = ["uint8", "bytes32", "uint128", "uint64", "address"];
  return solidityPackedKeccak256(types, [2, root.hash, root.units & UNITS_MASK, size, arbiter]);
}

export function packShare({ kind, recipient, units, evidence }: AnyShare): string {
  return solidityPacked(["uint8", "bytes32", "uint128", "bytes32"], [kind, recipient, units, evidence]);
}

export function packNode({ hash, units }: AnyNode): string {
  return solidityPacked(["bytes32", "uint128"], [hash, units]);
}

export function packDraw({
  arbiter = ZeroAddress,
  size,
  first,
  shares,
  count = BigInt(shares.length),
  siblings,
}: AnyDraw): string {
  return concat([
    solidityPacked(["address", "uint64", "uint64", "uint32"], [arbiter, size, first, count]),
    ...shares.map(packShare),
    ...siblings.map(packNode),
  ]);
}
