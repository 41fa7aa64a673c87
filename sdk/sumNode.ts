import { concatBytes, readUint, toHex, writeHex, writeUint } from "./bytes.ts";
import { HASH_BYTES, keccak256 } from "./keccak.ts";

/** A node of a sum tree: the hash that commits to a subtree, and the units below it. */
export interface SumNode {
  /** 32 bytes of hex. */
  hash: string;
  /** uint128. */
  units: bigint;
}

/** Bytes of a node: hash (32) ‖ units (16). */
export const NODE_BYTES = 48;

const UNITS_BYTES = 16;
const NODE_PREFIX = 0x01;
const preimage = new Uint8Array(1 + 2 * NODE_BYTES).fill(NODE_PREFIX);

/** Thrown when two subtrees together hold more units than 16 bytes can carry. */
export class UnitsOverflowError extends RangeError {
  override name = "UnitsOverflowError";
  readonly leftUnits: bigint;
  readonly rightUnits: bigint;

  constructor(leftUnits: bigint, rightUnits: bigint) {
    super(`The units of two subtrees, ${leftUnits} and ${rightUnits}, add up to more than 2^128 - 1.`);
    this.leftUnits = leftUnits;
    this.rightUnits = rightUnits;
  }
}

/**
 * Parent of two nodes that lie side by side: keccak256(0x01 ‖ left ‖ right), then the sum of their units.
 *
 * @throws UnitsOverflowError
 */
export function combineSumNodes(pair: Uint8Array): Uint8Array {
  const parent = new Uint8Array(NODE_BYTES);
  let carry = 0;
  for (let i = NODE_BYTES - 1; i >= HASH_BYTES; i--) {
    carry += pair[i] + pair[NODE_BYTES + i];
    parent[i] = carry;
    carry >>= 8;
  }
  if (carry !== 0) {
    throw new UnitsOverflowError(
      readUint(pair, HASH_BYTES, UNITS_BYTES),
      readUint(pair, NODE_BYTES + HASH_BYTES, UNITS_BYTES),
    );
  }
  preimage.set(pair, 1);
  parent.set(keccak256(preimage));
  return parent;
}

/** @throws TypeError or RangeError if hash or units have the wrong size. */
export function packSumNode(node: SumNode): Uint8Array {
  const packed = new Uint8Array(NODE_BYTES);
  writeHex(packed, 0, node.hash, HASH_BYTES, "A node's hash");
  writeUint(packed, HASH_BYTES, node.units, UNITS_BYTES, "A node's units");
  return packed;
}

export function unpackSumNode(packed: Uint8Array): SumNode {
  return { hash: toHex(packed.subarray(0, HASH_BYTES)), units: readUint(packed, HASH_BYTES, UNITS_BYTES) };
}

/** Packs siblings one behind the other, 48 bytes each, as the contracts read them. */
export function encodeSumNodes(nodes: readonly SumNode[]): string {
  return toHex(concatBytes(nodes.map(packSumNode)));
}
