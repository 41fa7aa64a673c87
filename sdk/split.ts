import { getAddress, ZeroAddress } from "ethers";

import { concatBytes, fromHex, readUint, toHex, writeHex, writeUint } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";
import { InvalidProofError, siblingPositions } from "./merkle.ts";
import { packShare, type Share, SHARE_BYTES, unpackShare } from "./share.ts";
import { NODE_BYTES, packSumNode, type SumNode, unpackSumNode } from "./sumNode.ts";
import { rootOfShares, SumTree } from "./sumTree.ts";

/** What a split's id commits to. */
export interface SplitHeader {
  /** Root hash of the sum tree over its shares. */
  root: string;
  /** Sum of all shares' units; uint128. */
  totalUnits: bigint;
  /** Number of shares. */
  size: number;
  /** Who may redirect a share while a dispute runs; the zero address means nobody, ever. */
  arbiter: string;
}

/** Adjacent shares of one split with the proof that they are its shares. */
export interface Draw {
  arbiter: string;
  /** Number of shares of the split. */
  size: number;
  /** Index of the first share. */
  first: number;
  shares: Share[];
  /** As `SumTree.rangeProof` orders them. */
  siblings: SumNode[];
}

/** Bytes of a draw in front of its shares: arbiter (20) ‖ size (8) ‖ first (8) ‖ count (4). */
export const DRAW_HEADER_BYTES = 40;

const SPLIT_PREFIX = 0x02;

/** A fixed list of shares, and who may redirect them. Its id commits to all of it. */
export class Split {
  readonly tree: SumTree;
  /** Checksummed. */
  readonly arbiter: string;
  /** 32 bytes of hex. */
  readonly id: string;

  /** @throws TypeError if `arbiter` is no address. */
  constructor({ tree, arbiter = ZeroAddress }: { tree: SumTree; arbiter?: string }) {
    this.tree = tree;
    this.arbiter = getAddress(arbiter);
    this.id = splitIdOf(this.header);
  }

  /** Builds a split from its shares, see `SumTree.from`. */
  static from({ shares, arbiter }: { shares: Iterable<Share>; arbiter?: string }): Split {
    const tree = SumTree.from(shares);
    return new Split(arbiter === undefined ? { tree } : { tree, arbiter });
  }

  get header(): SplitHeader {
    return { root: this.tree.root, totalUnits: this.tree.totalUnits, size: this.tree.size, arbiter: this.arbiter };
  }

  /**
   * `count` (default: 1) adjacent shares from index `first` on, with their proof.
   *
   * @throws RangeError if the range is not in the split.
   */
  draw({ first, count = 1 }: { first: number; count?: number }): Draw {
    return {
      arbiter: this.arbiter,
      size: this.tree.size,
      first,
      shares: this.tree.shares({ first, count }),
      siblings: this.tree.rangeProof({ first, count }),
    };
  }
}

/** keccak256(0x02 ‖ root (32) ‖ totalUnits (16) ‖ size (8) ‖ arbiter (20)). */
export function splitIdOf({ root, totalUnits, size, arbiter }: SplitHeader): string {
  const preimage = new Uint8Array(77);
  preimage[0] = SPLIT_PREFIX;
  writeHex(preimage, 1, root, 32, "A split's root");
  writeUint(preimage, 33, totalUnits, 16, "A split's total units");
  writeUint(preimage, 49, BigInt(size), 8, "A split's size");
  writeHex(preimage, 57, arbiter, 20, "A split's arbiter");
  return toHex(keccak256(preimage));
}

/**
 * What a share has earned so far: floor(received · units / totalUnits).
 *
 * @param received Everything the split received, in the token's smallest unit.
 * @throws RangeError if the split has no units.
 */
export function entitlementOf({
  received,
  units,
  totalUnits,
}: {
  received: bigint;
  units: bigint;
  totalUnits: bigint;
}): bigint {
  if (totalUnits < 1n) throw new RangeError(`A split with ${totalUnits} units owes nothing to anybody.`);
  return (received * units) / totalUnits;
}

/**
 * The split that a draw's proof leads to. The ledger does the same: a draw is right if this is the split one means.
 *
 * @throws as `rootOfShares`.
 */
export function splitOfDraw({ arbiter, ...claim }: Draw): { id: string; header: SplitHeader } {
  const { hash, units } = rootOfShares(claim);
  const header = { root: hash, totalUnits: units, size: claim.size, arbiter };
  return { id: splitIdOf(header), header };
}

/** Bytes of an encoded draw: 40 + 81 · count + 48 · siblings. */
export function drawBytes(draw: { size: number; first: number; count: number }): number {
  return DRAW_HEADER_BYTES + draw.count * SHARE_BYTES + siblingPositions(draw).length * NODE_BYTES;
}

/**
 * Packs draws for the ledger, one behind the other, in the order in which they are to be released:
 *
 *     arbiter (20) ‖ size (8) ‖ first (8) ‖ count (4) ‖ count × packed share (81) ‖ siblings × packed node (48)
 *
 * @returns Hex; "0x" for no draws.
 * @throws RangeError or TypeError about any value that does not fit its field.
 */
export function encodeDraws(draws: readonly Draw[]): string {
  return toHex(concatBytes(draws.map(packDraw)));
}

/**
 * Reads packed draws. Proofs are not checked: `splitOfDraw` does that.
 *
 * @throws InvalidProofError if the bytes end inside a draw; RangeError about a range that is not in its split, or a
 * share of unknown kind.
 */
export function decodeDraws(encoded: string): Draw[] {
  const bytes = fromHex(encoded, "Encoded draws");
  const draws: Draw[] = [];
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) {
      throw new InvalidProofError(
        `Encoded draws end inside draw ${draws.length}: ${bytes.length} bytes given, at least ${at + length} needed.`,
      );
    }
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const header = take(DRAW_HEADER_BYTES);
    const arbiter = getAddress(toHex(header.subarray(0, 20)));
    const size = Number(readUint(header, 20, 8));
    const first = Number(readUint(header, 28, 8));
    const count = Number(readUint(header, 36, 4));
    const packedShares = take(count * SHARE_BYTES);
    const packedNodes = take(siblingPositions({ first, count, size }).length * NODE_BYTES);
    draws.push({
      arbiter,
      size,
      first,
      shares: slices(packedShares, SHARE_BYTES).map(unpackShare),
      siblings: slices(packedNodes, NODE_BYTES).map(unpackSumNode),
    });
  }
  return draws;
}

function packDraw({ arbiter, size, first, shares, siblings }: Draw): Uint8Array {
  const count = shares.length;
  const needed = siblingPositions({ first, count, size }).length;
  if (siblings.length !== needed) {
    throw new InvalidProofError(
      `A draw of shares ${first} to ${first + count - 1} of ${size} has ${needed} siblings, not ${siblings.length}.`,
    );
  }
  const packed = new Uint8Array(drawBytes({ size, first, count }));
  writeHex(packed, 0, arbiter, 20, "A draw's arbiter");
  writeUint(packed, 20, BigInt(size), 8, "A draw's split size");
  writeUint(packed, 28, BigInt(first), 8, "A draw's first index");
  writeUint(packed, 36, BigInt(count), 4, "A draw's count");
  shares.forEach((share, i) => {
    packShare(share, packed, DRAW_HEADER_BYTES + i * SHARE_BYTES);
  });
  packed.set(concatBytes(siblings.map(packSumNode)), DRAW_HEADER_BYTES + count * SHARE_BYTES);
  return packed;
}

function slices(bytes: Uint8Array, length: number): Uint8Array[] {
  return Array.from({ length: bytes.length / length }, (_, i) => bytes.subarray(i * length, (i + 1) * length));
}
