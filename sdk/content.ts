import { TypedDataEncoder } from "ethers";

import { toHex, writeHex, writeUint } from "./bytes.ts";
import { HASH_BYTES, keccak256 } from "./keccak.ts";
import { checkRange, InvalidProofError, NodeStore, rootOfRange, TreeView } from "./merkle.ts";

/** Bytes of a chunk; the last one of a content may be shorter, and is not padded. */
export const CHUNK_BYTES = 256;

/** What a contribution commits to. Its struct hash is the evidence of the contributor's share. */
export interface Content {
  /** Commitment to bytes and length, see `ContentTree`; 32 bytes of hex. */
  contentRoot: string;
  /** uint64. */
  byteLength: bigint;
  /** Keccak-256 of the licence's text or SPDX id. */
  licenseHash: string;
  /** Keccak-256 of the URI under which the content is found. */
  uriHash: string;
}

/** EIP-712 type of `Content`. */
export const CONTENT_TYPES = {
  Content: [
    { name: "contentRoot", type: "bytes32" },
    { name: "byteLength", type: "uint64" },
    { name: "licenseHash", type: "bytes32" },
    { name: "uriHash", type: "bytes32" },
  ],
};

/** Proof that a chunk stands at an index of a content. */
export interface ChunkProof {
  index: number;
  chunk: Uint8Array;
  /** Bottom-up, 32 bytes of hex each. */
  siblings: string[];
}

const CHUNK_PREFIX = 0x10;
const NODE_PREFIX = 0x11;
const ROOT_PREFIX = 0x12;

/**
 * Merkle tree over the 256-byte chunks of a content, in the shape of RFC 9162 §2.1. Holds hashes only, a quarter of the
 * content's size.
 *
 *     leaf        = keccak256(0x10 ‖ chunk)
 *     node        = keccak256(0x11 ‖ left ‖ right)
 *     contentRoot = keccak256(0x12 ‖ byteLength (8) ‖ root)
 */
export class ContentTree {
  readonly byteLength: number;
  /** 32 bytes of hex. */
  readonly contentRoot: string;
  readonly #view: TreeView;

  private constructor({ byteLength, nodes }: { byteLength: number; nodes: NodeStore }) {
    this.#view = new TreeView({
      size: nodes.size,
      source: (level, index) => nodes.node(level, index),
      combine: combineHashes,
    });
    this.byteLength = byteLength;
    this.contentRoot = bindLength(byteLength, this.#view.root);
  }

  /** @throws RangeError if the content is empty. */
  static from(content: Uint8Array): ContentTree {
    const builder = new ChunkHasher();
    builder.add(content);
    return new ContentTree(builder.finish());
  }

  /**
   * Reads a content piece by piece; pieces may have any length.
   *
   * @throws RangeError if the content is empty.
   */
  static async read(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<ContentTree> {
    const builder = new ChunkHasher();
    for await (const piece of pieces) builder.add(piece);
    return new ContentTree(builder.finish());
  }

  /** Number of chunks. */
  get size(): number {
    return this.#view.size;
  }

  /**
   * Siblings that prove the chunk at `index`, bottom-up.
   *
   * @throws RangeError if there is no such chunk.
   */
  siblings(index: number): string[] {
    return this.siblingsOf({ first: index, count: 1 });
  }

  /**
   * Siblings that prove adjacent chunks, bottom-up; on each level the left neighbour first, then the right one.
   *
   * @throws RangeError if there are no such chunks.
   */
  siblingsOf(range: { first: number; count: number }): string[] {
    return this.#view.rangeProof(range).map(toHex);
  }
}

/**
 * Takes a chunk of a content together with its proof.
 *
 * @throws RangeError if the content is empty or has no such chunk.
 */
export function proveChunk({ content, index }: { content: Uint8Array; index: number }): ChunkProof {
  const siblings = ContentTree.from(content).siblings(index);
  return { index, chunk: content.slice(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES), siblings };
}

/**
 * Whether a chunk stands at an index of the content with this root and length.
 *
 * @throws RangeError if a content of that length has no such chunk; TypeError about siblings that are no hashes.
 */
export function verifyChunk({
  contentRoot,
  byteLength,
  index,
  chunk,
  siblings,
}: ChunkProof & { contentRoot: string; byteLength: number }): boolean {
  const size = Math.ceil(byteLength / CHUNK_BYTES);
  checkRange({ first: index, count: 1, size });
  if (chunk.length !== Math.min(CHUNK_BYTES, byteLength - index * CHUNK_BYTES)) return false;
  try {
    const root = rootOfRange({
      leaves: [hashChunk(chunk)],
      first: index,
      size,
      siblings: siblings.map(packHash),
      combine: combineHashes,
    });
    return bindLength(byteLength, root) === contentRoot.toLowerCase();
  } catch (error) {
    if (error instanceof InvalidProofError) return false;
    throw error;
  }
}

/** Evidence of a contribution's share: EIP-712 struct hash of its content. */
export function evidenceOf(content: Content): string {
  return TypedDataEncoder.hashStruct("Content", CONTENT_TYPES, content);
}

/** Cuts a content into chunks, whatever pieces it comes in. */
class ChunkHasher {
  readonly #nodes = new NodeStore({ nodeBytes: HASH_BYTES, combine: combineHashes, capacity: 0 });
  readonly #pending = new Uint8Array(CHUNK_BYTES);
  #pendingLength = 0;
  #byteLength = 0;

  add(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      const part = piece.subarray(at, at + CHUNK_BYTES - this.#pendingLength);
      this.#pending.set(part, this.#pendingLength);
      this.#pendingLength += part.length;
      at += part.length;
      if (this.#pendingLength === CHUNK_BYTES) this.#closeChunk();
    }
    this.#byteLength += piece.length;
  }

  finish(): { byteLength: number; nodes: NodeStore } {
    if (this.#byteLength === 0) throw new RangeError("A content must hold at least one byte.");
    if (this.#pendingLength > 0) this.#closeChunk();
    return { byteLength: this.#byteLength, nodes: this.#nodes };
  }

  #closeChunk(): void {
    this.#nodes.append(hashChunk(this.#pending.subarray(0, this.#pendingLength)));
    this.#pendingLength = 0;
  }
}

function hashChunk(chunk: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(1 + chunk.length);
  preimage[0] = CHUNK_PREFIX;
  preimage.set(chunk, 1);
  return keccak256(preimage);
}

function combineHashes(pair: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(1 + 2 * HASH_BYTES);
  preimage[0] = NODE_PREFIX;
  preimage.set(pair, 1);
  return keccak256(preimage);
}

function bindLength(byteLength: number, root: Uint8Array): string {
  const preimage = new Uint8Array(1 + 8 + HASH_BYTES);
  preimage[0] = ROOT_PREFIX;
  writeUint(preimage, 1, BigInt(byteLength), 8, "A content's length");
  preimage.set(root, 9);
  return toHex(keccak256(preimage));
}

function packHash(hash: string): Uint8Array {
  const packed = new Uint8Array(HASH_BYTES);
  writeHex(packed, 0, hash, HASH_BYTES, "A sibling");
  return packed;
}
