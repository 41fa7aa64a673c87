import { fromHex } from "./bytes.ts";
import { checkRange, InvalidProofError, type NodeSource, rootOfRange, TreeView } from "./merkle.ts";
import { hasRecipient, leafNode, packShare, type Share, SHARE_BYTES, type ShareKind, unpackShare } from "./share.ts";
import { ShareStore } from "./shareStore.ts";
import { combineSumNodes, packSumNode, type SumNode, unpackSumNode, UnitsOverflowError } from "./sumNode.ts";

/** A node of a tree's frontier: the root of a perfect subtree of 2^level leaves. */
export type FrontierNode = SumNode & { level: number };

/**
 * Merkle sum tree over shares, in the shape of RFC 9162 §2.1. Immutable.
 *
 *     leaf = keccak256(0x00 ‖ kind (1) ‖ recipient (32) ‖ units (16) ‖ evidence (32))
 *     node = keccak256(0x01 ‖ leftHash (32) ‖ leftUnits (16) ‖ rightHash (32) ‖ rightUnits (16))
 */
export class SumTree {
  /** Number of shares. */
  readonly size: number;
  /** Root hash, 32 bytes of hex. */
  readonly root: string;
  /** Sum of all shares' units. */
  readonly totalUnits: bigint;
  readonly #view: TreeView;
  readonly #packedShare: (index: number) => Uint8Array;

  /**
   * A tree of which somebody else keeps the nodes; `SumTree.from` builds one from shares.
   *
   * @param nodes Nodes over complete runs of leaves.
   * @param packedShare The bytes of the share at an index.
   */
  constructor({
    size,
    nodes,
    packedShare,
  }: {
    size: number;
    nodes: NodeSource;
    packedShare: (index: number) => Uint8Array;
  }) {
    this.#view = new TreeView({ size, source: nodes, combine: combineSumNodes });
    this.#packedShare = packedShare;
    const { hash, units } = unpackSumNode(this.#view.root);
    this.size = size;
    this.root = hash;
    this.totalUnits = units;
  }

  /**
   * Builds the tree of `shares`, which are read once, in order, and not kept: any iterable will do.
   *
   * @throws RangeError if there are none, UnitsOverflowError if the units add up to more than 2^128 - 1, and what
   * `packShare` throws about a bad share.
   */
  static from(shares: Iterable<Share>): SumTree {
    const store = new ShareStore(Array.isArray(shares) ? shares.length : 0);
    for (const share of shares) store.append(share);
    return new SumTree({
      size: store.size,
      nodes: (level, index) => store.node(level, index),
      packedShare: (index) => store.packedShare(index),
    });
  }

  /** @throws RangeError if there is no such share. */
  share(index: number): Share {
    checkRange({ first: index, count: 1, size: this.size });
    return unpackShare(this.#packedShare(index));
  }

  /**
   * `count` adjacent shares from index `first` on.
   *
   * @throws RangeError if the range is not in the tree.
   */
  shares({ first, count }: { first: number; count: number }): Share[] {
    checkRange({ first, count, size: this.size });
    return Array.from({ length: count }, (_, i) => this.share(first + i));
  }

  /**
   * Indexes of all shares of a kind, or of one recipient. Looks at every share: some ten milliseconds per million.
   *
   * @throws TypeError if the recipient is not 32 bytes of hex.
   */
  findShares({ kind, recipient }: { kind: ShareKind; recipient?: string }): number[] {
    const wanted = recipient === undefined ? undefined : fromHex(recipient, "A share's recipient");
    const found: number[] = [];
    for (let index = 0; index < this.size; index++) {
      const packed = this.#packedShare(index);
      if (packed[0] === kind && (wanted === undefined || hasRecipient(packed, wanted))) found.push(index);
    }
    return found;
  }

  /**
   * Siblings that prove `count` adjacent shares from index `first` on, bottom-up; on each level the left neighbour of the
   * range first, then the right one, each only where the shape has one. At most two per level.
   *
   * @throws RangeError if the range is not in the tree.
   */
  rangeProof(range: { first: number; count: number }): SumNode[] {
    return this.#view.rangeProof(range).map(unpackSumNode);
  }

  /**
   * RFC 9162 §2.1.4.1: proof that the tree of the first `oldSize` shares is a prefix of this one.
   *
   * @throws RangeError unless 1 ≤ oldSize ≤ size.
   */
  consistencyProof(oldSize: number): SumNode[] {
    return this.#view.consistencyProof(oldSize).map(unpackSumNode);
  }

  /** Roots of the perfect subtrees the shares fall into, from the lowest level up: what an append-only log stores. */
  frontier(): FrontierNode[] {
    const nodes: FrontierNode[] = [];
    for (let level = 0, n = this.size; n > 0; level++, n = Math.floor(n / 2)) {
      if (n % 2 === 1) nodes.push({ level, ...unpackSumNode(this.#view.node(level, n - 1)) });
    }
    return nodes;
  }
}

/**
 * Root of a tree of `size` shares of which the adjacent `shares` from index `first` on are known.
 *
 * @throws InvalidProofError if there are more or fewer siblings than the shape has; RangeError if the range is not in a
 * tree of that size; UnitsOverflowError if units add up to more than 2^128 - 1.
 */
export function rootOfShares({
  shares,
  first,
  size,
  siblings,
}: {
  shares: readonly Share[];
  first: number;
  size: number;
  siblings: readonly SumNode[];
}): SumNode {
  const packed = new Uint8Array(SHARE_BYTES);
  const leaves = shares.map((share) => {
    packShare(share, packed, 0);
    return leafNode(packed);
  });
  const root = rootOfRange({ leaves, first, size, siblings: siblings.map(packSumNode), combine: combineSumNodes });
  return unpackSumNode(root);
}

/** Whether `siblings` prove that `shares` stand at `first, first + 1, …` of the tree with this root, units and size. */
export function verifyRange({
  root,
  totalUnits,
  ...claim
}: {
  root: string;
  totalUnits: bigint;
  size: number;
  first: number;
  shares: readonly Share[];
  siblings: readonly SumNode[];
}): boolean {
  try {
    const proven = rootOfShares(claim);
    return proven.hash === root.toLowerCase() && proven.units === totalUnits;
  } catch (error) {
    if (isFailedProof(error)) return false;
    throw error;
  }
}

/** Whether an error says that a proof proves nothing, and not that it could not be read. */
export function isFailedProof(error: unknown): boolean {
  return error instanceof InvalidProofError || error instanceof UnitsOverflowError;
}
