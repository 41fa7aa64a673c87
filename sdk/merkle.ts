/**
 * Merkle trees in the shape of RFC 9162 §2.1, over nodes of a fixed number of bytes.
 *
 * Pairing neighbours level by level and lifting a last odd node unchanged gives the RFC's recursive shape. A node is
 * named by its level (0 for leaves) and its index on that level. All nodes but the last of each level stand over a full
 * number of leaves and never change while leaves are appended; that is why one store serves every size of a growing tree.
 *
 * Sizes and indexes are numbers up to 2^53 - 1.
 */

/** Hashes two nodes that lie side by side in `pair` into one. Throws if they cannot be combined. */
export type Combine = (pair: Uint8Array) => Uint8Array;

/** Where the nodes over complete runs of 2^level leaves come from. */
export type NodeSource = (level: number, index: number) => Uint8Array;

/** Thrown when a proof does not have the shape its tree asks for, or holds what no tree can hold. */
export class InvalidProofError extends Error {
  override name = "InvalidProofError";
}

/**
 * Checks that leaves `first … first + count - 1` exist in a tree of `size` leaves.
 *
 * @throws RangeError with the values if not.
 */
export function checkRange({ first, count, size }: { first: number; count: number; size: number }): void {
  const whole = Number.isSafeInteger(first) && Number.isSafeInteger(count) && Number.isSafeInteger(size);
  if (!whole || first < 0 || count < 1 || first + count > size) {
    throw new RangeError(`A tree of ${size} leaves has no range of ${count} leaves from index ${first}.`);
  }
}

/** Append-only store of the nodes over complete runs of leaves: level l holds floor(size / 2^l) of them, side by side. */
export class NodeStore {
  readonly #nodeBytes: number;
  readonly #combine: Combine;
  readonly #capacity: number;
  readonly #levels: Uint8Array[] = [];
  #size = 0;

  /** @param capacity Leaves to make room for at once; the store grows beyond it by itself. */
  constructor({ nodeBytes, combine, capacity }: { nodeBytes: number; combine: Combine; capacity: number }) {
    this.#nodeBytes = nodeBytes;
    this.#combine = combine;
    this.#capacity = capacity;
  }

  /** Leaves appended so far. */
  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): void {
    let node = leaf;
    let index = this.#size;
    for (let level = 0; ; level++) {
      const nodes = this.#room(level, index);
      nodes.set(node, index * this.#nodeBytes);
      if (index % 2 === 0) break;
      node = this.#combine(nodes.subarray((index - 1) * this.#nodeBytes, (index + 1) * this.#nodeBytes));
      index = (index - 1) / 2;
    }
    this.#size++;
  }

  /**
   * Replaces a leaf and the nodes above it.
   *
   * @param onReplace Called with every node that goes, before it does.
   * @throws RangeError if there is no such leaf.
   */
  replace(index: number, leaf: Uint8Array, onReplace: (level: number, index: number, node: Uint8Array) => void): void {
    let node = leaf;
    let at = index;
    for (let level = 0; ; level++) {
      const old = this.node(level, at);
      onReplace(level, at, old.slice());
      old.set(node);
      const left = at - (at % 2);
      if ((left + 2) * 2 ** level > this.#size) break;
      node = this.#combine(this.#levels[level].subarray(left * this.#nodeBytes, (left + 2) * this.#nodeBytes));
      at = left / 2;
    }
  }

  /** Forgets all leaves from index `size` on. */
  truncate(size: number): void {
    this.#size = Math.min(size, this.#size);
  }

  /** The node over leaves `index · 2^level … (index + 1) · 2^level - 1`, all of which must have been appended. */
  node(level: number, index: number): Uint8Array {
    if (index < 0 || (index + 1) * 2 ** level > this.#size) {
      throw new RangeError(`A tree of ${this.#size} leaves has no complete node ${index} on level ${level}.`);
    }
    return this.#levels[level].subarray(index * this.#nodeBytes, (index + 1) * this.#nodeBytes);
  }

  #room(level: number, index: number): Uint8Array {
    let nodes = this.#levels[level] ?? new Uint8Array(Math.ceil(this.#capacity / 2 ** level) * this.#nodeBytes);
    if ((index + 1) * this.#nodeBytes > nodes.length) {
      const grown = new Uint8Array(Math.max(16, 2 * index) * this.#nodeBytes);
      grown.set(nodes);
      nodes = grown;
    }
    this.#levels[level] = nodes;
    return nodes;
  }
}

/** One size of a tree: any of its nodes and proofs. */
export class TreeView {
  readonly size: number;
  readonly #source: NodeSource;
  /** Last node of each level, from the leaves up to the root. */
  readonly #lastNodes: Uint8Array[] = [];

  /** @throws RangeError if `size` is not a whole number of at least 1. */
  constructor({ size, source, combine }: { size: number; source: NodeSource; combine: Combine }) {
    if (!Number.isSafeInteger(size) || size < 1) throw new RangeError(`A tree has at least one leaf, not ${size}.`);
    this.size = size;
    this.#source = source;
    let last = source(0, size - 1);
    this.#lastNodes.push(last);
    for (let level = 0, n = size; n > 1; level++, n = Math.ceil(n / 2)) {
      if (n % 2 === 0) last = joined(source(level, n - 2), last, combine);
      this.#lastNodes.push(last);
    }
  }

  get root(): Uint8Array {
    return this.#lastNodes[this.#lastNodes.length - 1];
  }

  /** The node at (level, index), wherever it stands in the tree. */
  node(level: number, index: number): Uint8Array {
    const nodes = Math.ceil(this.size / 2 ** level);
    if (level >= this.#lastNodes.length || index < 0 || index >= nodes) {
      throw new RangeError(`A tree of ${this.size} leaves has no node ${index} on level ${level}.`);
    }
    return index === nodes - 1 ? this.#lastNodes[level] : this.#source(level, index);
  }

  /**
   * Siblings that prove `count` adjacent leaves from `first` on: bottom-up, on each level the left neighbour of the range
   * first, then the right one, each only where the shape has one.
   *
   * @throws RangeError if the range is not in the tree.
   */
  rangeProof({ first, count }: { first: number; count: number }): Uint8Array[] {
    return siblingPositions({ first, count, size: this.size }).map(({ level, index }) => this.node(level, index));
  }

  /**
   * RFC 9162 §2.1.4.1: proof that the tree of the first `oldSize` leaves is a prefix of this one.
   *
   * @throws RangeError unless 1 ≤ oldSize ≤ size.
   */
  consistencyProof(oldSize: number): Uint8Array[] {
    checkRange({ first: 0, count: oldSize, size: this.size });
    const proof: Uint8Array[] = [];
    // Walks from the root to the old tree's right edge. `start` and `size` are the leaves below the node at hand.
    let start = 0;
    let size = this.size;
    let edgeIsOldRoot = true;
    while (oldSize - start < size) {
      const left = largestPowerOfTwoBelow(size);
      if (oldSize - start <= left) {
        proof.unshift(this.#subtree(start + left, size - left));
        size = left;
      } else {
        proof.unshift(this.#subtree(start, left));
        start += left;
        size -= left;
        edgeIsOldRoot = false;
      }
    }
    if (!edgeIsOldRoot) proof.unshift(this.#subtree(start, size));
    return proof;
  }

  #subtree(start: number, size: number): Uint8Array {
    let level = 0;
    while (2 ** level < size) level++;
    return this.node(level, start / 2 ** level);
  }
}

/**
 * Where the siblings of a range stand, in proof order.
 *
 * @throws RangeError if the range is not in the tree.
 */
export function siblingPositions(range: {
  first: number;
  count: number;
  size: number;
}): { level: number; index: number }[] {
  checkRange(range);
  const positions = [];
  let low = range.first;
  let high = range.first + range.count - 1;
  for (let level = 0, n = range.size; n > 1; level++, n = Math.ceil(n / 2)) {
    if (low % 2 === 1) positions.push({ level, index: low - 1 });
    if (high % 2 === 0 && high < n - 1) positions.push({ level, index: high + 1 });
    low = Math.floor(low / 2);
    high = Math.floor(high / 2);
  }
  return positions;
}

/**
 * Root of a tree of `size` leaves of which the adjacent `leaves` from index `first` on are known.
 *
 * @throws InvalidProofError if there are more or fewer siblings than the shape has; RangeError if the range is not in a
 * tree of that size; whatever `combine` throws.
 */
export function rootOfRange({
  leaves,
  first,
  size,
  siblings,
  combine,
}: {
  leaves: readonly Uint8Array[];
  first: number;
  size: number;
  siblings: readonly Uint8Array[];
  combine: Combine;
}): Uint8Array {
  const needed = siblingPositions({ first, count: leaves.length, size }).length;
  if (siblings.length !== needed) {
    throw new InvalidProofError(
      `Leaves ${first} to ${first + leaves.length - 1} of ${size} need ${needed} siblings, but the proof has ${siblings.length}.`,
    );
  }
  let nodes = [...leaves];
  let low = first;
  let next = 0;
  for (let n = size; n > 1; n = Math.ceil(n / 2)) {
    const high = low + nodes.length - 1;
    if (low % 2 === 1) nodes.unshift(siblings[next++]);
    if (high % 2 === 0 && high < n - 1) nodes.push(siblings[next++]);
    const parents = [];
    for (let i = 0; i < nodes.length; i += 2) {
      const right = nodes.at(i + 1);
      parents.push(right === undefined ? nodes[i] : joined(nodes[i], right, combine));
    }
    nodes = parents;
    low = Math.floor(low / 2);
  }
  return nodes[0];
}

/**
 * RFC 9162 §2.1.4.2: the old and the new root that a consistency proof leads to. It is consistent if both are the
 * roots one knows.
 *
 * @param oldRoot Root of the old tree: part of the computation when the old size is a power of two.
 * @throws InvalidProofError if the proof is longer or shorter than the sizes ask for.
 */
export function rootsOfConsistency({
  oldSize,
  oldRoot,
  newSize,
  proof,
  combine,
}: {
  oldSize: number;
  oldRoot: Uint8Array;
  newSize: number;
  proof: readonly Uint8Array[];
  combine: Combine;
}): { oldRoot: Uint8Array; newRoot: Uint8Array } {
  checkRange({ first: 0, count: oldSize, size: newSize });
  const wrongLength = (): InvalidProofError =>
    new InvalidProofError(`No consistency proof from ${oldSize} to ${newSize} leaves has ${proof.length} nodes.`);
  if (oldSize === newSize) {
    if (proof.length > 0) throw wrongLength();
    return { oldRoot, newRoot: oldRoot };
  }
  const oldIsPowerOfTwo = largestPowerOfTwoBelow(oldSize + 1) === oldSize;
  const path = oldIsPowerOfTwo ? [oldRoot, ...proof] : proof;
  const [seed, ...rest] = path;
  if (path.length === 0) throw wrongLength();

  let oldNode = oldSize - 1;
  let newNode = newSize - 1;
  const up = (): void => {
    oldNode = Math.floor(oldNode / 2);
    newNode = Math.floor(newNode / 2);
  };
  while (oldNode % 2 === 1) up();
  let oldHash = seed;
  let newHash = seed;
  for (const node of rest) {
    if (newNode === 0) throw wrongLength();
    if (oldNode % 2 === 1 || oldNode === newNode) {
      oldHash = joined(node, oldHash, combine);
      newHash = joined(node, newHash, combine);
      while (oldNode !== 0 && oldNode % 2 === 0) up();
    } else {
      newHash = joined(newHash, node, combine);
    }
    up();
  }
  if (newNode !== 0) throw wrongLength();
  return { oldRoot: oldHash, newRoot: newHash };
}

function joined(left: Uint8Array, right: Uint8Array, combine: Combine): Uint8Array {
  const pair = new Uint8Array(left.length + right.length);
  pair.set(left);
  pair.set(right, left.length);
  return combine(pair);
}

function largestPowerOfTwoBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power;
}
