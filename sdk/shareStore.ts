import { NodeStore } from "./merkle.ts";
import { leafNode, packShare, type Share, SHARE_BYTES } from "./share.ts";
import { combineSumNodes, NODE_BYTES } from "./sumNode.ts";

/** Append-only store of packed shares and of the tree nodes above them; about 180 bytes per share. */
export class ShareStore {
  readonly #nodes: NodeStore;
  #packed: Uint8Array;

  /** @param capacity Shares to make room for at once; the store grows beyond it by itself. */
  constructor(capacity: number) {
    this.#nodes = new NodeStore({ nodeBytes: NODE_BYTES, combine: combineSumNodes, capacity });
    this.#packed = new Uint8Array(capacity * SHARE_BYTES);
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** @throws as `packShare`, and UnitsOverflowError; the share is not appended then. */
  append(share: Share): void {
    const offset = this.size * SHARE_BYTES;
    if (offset + SHARE_BYTES > this.#packed.length) {
      const grown = new Uint8Array(Math.max(16 * SHARE_BYTES, 2 * this.#packed.length));
      grown.set(this.#packed);
      this.#packed = grown;
    }
    packShare(share, this.#packed, offset);
    this.#nodes.append(leafNode(this.#packed.subarray(offset, offset + SHARE_BYTES)));
  }

  /**
   * Replaces a share and the nodes above it.
   *
   * @param onReplace Called with every node that goes, before it does.
   * @throws RangeError if there is no such share; what `packShare` throws.
   */
  replace(index: number, share: Share, onReplace: (level: number, index: number, node: Uint8Array) => void): void {
    const packed = this.packedShare(index);
    packShare(share, packed, 0);
    this.#nodes.replace(index, leafNode(packed), onReplace);
  }

  /** Forgets all shares from index `size` on. */
  truncate(size: number): void {
    this.#nodes.truncate(size);
  }

  /** The node over shares `index · 2^level … (index + 1) · 2^level - 1`. */
  node(level: number, index: number): Uint8Array {
    return this.#nodes.node(level, index);
  }

  packedShare(index: number): Uint8Array {
    return this.#packed.subarray(index * SHARE_BYTES, (index + 1) * SHARE_BYTES);
  }
}
