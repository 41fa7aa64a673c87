import { toHex, ZERO_WORD } from "../bytes.ts";
import { HASH_BYTES, keccak256 } from "../keccak.ts";
import { NodeStore, TreeView } from "../merkle.ts";
import { packSpans, type ReportedSpan, SPAN_BYTES } from "./report.ts";

const LEAF_PREFIX = 0x20;
const NODE_PREFIX = 0x21;
const leafPreimage = new Uint8Array(1 + SPAN_BYTES).fill(LEAF_PREFIX);
const nodePreimage = new Uint8Array(1 + 2 * HASH_BYTES).fill(NODE_PREFIX);

/**
 * Merkle tree over the spans of one output, in the shape of RFC 9162 §2.1.
 *
 *     leaf = keccak256(0x20 ‖ span (36))
 *     node = keccak256(0x21 ‖ left ‖ right)
 */
export class SpanTree {
  /** 32 bytes of hex; the zero word without spans. */
  readonly root: string;
  readonly #view: TreeView | undefined;

  constructor(spans: readonly ReportedSpan[], packed: Uint8Array = packSpans(spans)) {
    const size = packed.length / SPAN_BYTES;
    const nodes = new NodeStore({ nodeBytes: HASH_BYTES, combine, capacity: size });
    for (let at = 0; at < packed.length; at += SPAN_BYTES) nodes.append(hashSpan(packed.subarray(at, at + SPAN_BYTES)));
    if (size > 0) {
      this.#view = new TreeView({ size, source: (level, index) => nodes.node(level, index), combine });
    }
    this.root = this.#view === undefined ? ZERO_WORD : toHex(this.#view.root);
  }

  /** The tree of spans of which the bytes are there. */
  static ofPacked(packed: Uint8Array): SpanTree {
    return new SpanTree([], packed);
  }

  /**
   * Siblings that prove `count` adjacent spans from index `first` on.
   *
   * @throws RangeError if there are no such spans.
   */
  siblings({ first, count }: { first: number; count: number }): string[] {
    if (this.#view === undefined) throw new RangeError(`An output without spans has no span ${first}.`);
    return this.#view.rangeProof({ first, count }).map(toHex);
  }
}

function hashSpan(packed: Uint8Array): Uint8Array {
  leafPreimage.set(packed, 1);
  return keccak256(leafPreimage);
}

function combine(pair: Uint8Array): Uint8Array {
  nodePreimage.set(pair, 1);
  return keccak256(nodePreimage);
}
