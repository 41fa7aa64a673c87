import { encodeRlp, type RlpStructuredData } from "ethers";

import { fromHex, toHex } from "./bytes.ts";
import { keccak256 } from "./keccak.ts";

/** A key as half-bytes, with its value. */
interface Entry {
  path: number[];
  value: string;
}

/** Encodings of nodes that are shorter than a hash stand in their parents themselves. */
const HASH_BYTES = 32;

/**
 * Ethereum's Merkle Patricia trie over a list, with the RLP of its indexes as keys: how a block's header commits to its
 * transactions' receipts. No key is the beginning of another one, so branches hold no values.
 */
export class ListTrie {
  /** Keccak-256 of the root node. */
  readonly root: string;
  readonly #entries: Entry[];

  /**
   * @param values Encoded values in the order of the list, hex.
   * @throws RangeError if there are none.
   */
  constructor(values: readonly string[]) {
    if (values.length === 0) throw new RangeError("A trie must hold at least one value.");
    this.#entries = values.map((value, index) => ({ path: pathOf(index), value }));
    this.root = hashOf(encodeRlp(nodeOf(this.#entries, 0)));
  }

  /**
   * Encoded nodes from the root to a value, without those that stand in their parents.
   *
   * @throws RangeError if there is no such value.
   */
  prove(index: number): string[] {
    if (!Number.isSafeInteger(index) || index < 0 || index >= this.#entries.length) {
      throw new RangeError(`The trie has ${this.#entries.length} values, none at ${index}.`);
    }
    return nodesTo(pathOf(index), this.#entries, 0);
  }
}

function nodesTo(path: readonly number[], entries: readonly Entry[], depth: number): string[] {
  const node = encodeRlp(nodeOf(entries, depth));
  const own = depth === 0 || bytesOf(node) >= HASH_BYTES ? [node] : [];
  if (entries.length === 1) return own;
  const shared = sharedLength(entries, depth);
  const below = shared > 0 ? entries : entries.filter((entry) => entry.path[depth] === path[depth]);
  return [...own, ...nodesTo(path, below, depth + Math.max(shared, 1))];
}

/** The node below which all entries lie that have the same path up to `depth`. */
function nodeOf(entries: readonly Entry[], depth: number): RlpStructuredData[] {
  if (entries.length === 1) return [packPath(entries[0].path.slice(depth), true), entries[0].value];
  const shared = sharedLength(entries, depth);
  if (shared > 0) {
    return [packPath(entries[0].path.slice(depth, depth + shared), false), childOf(entries, depth + shared)];
  }
  const children = Array.from({ length: 16 }, (_, nibble) => entries.filter(({ path }) => path[depth] === nibble));
  return [...children.map((below) => (below.length === 0 ? "0x" : childOf(below, depth + 1))), "0x"];
}

/** A node as it stands in its parent. */
function childOf(entries: readonly Entry[], depth: number): RlpStructuredData {
  const node = nodeOf(entries, depth);
  const encoded = encodeRlp(node);
  return bytesOf(encoded) < HASH_BYTES ? node : hashOf(encoded);
}

/** How many half-bytes behind `depth` all paths have in common. */
function sharedLength([first, ...others]: readonly Entry[], depth: number): number {
  let length = 0;
  while (others.every(({ path }) => path[depth + length] === first.path[depth + length])) length++;
  return length;
}

function pathOf(index: number): number[] {
  const key = encodeRlp(index === 0 ? "0x" : toHex(minimalBytes(index)));
  return [...fromHex(key, "A key")].flatMap((byte) => [byte >> 4, byte & 15]);
}

function minimalBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

/** Half-bytes behind a flag that says whether they are an odd number and end at a value. */
function packPath(path: readonly number[], isLeaf: boolean): string {
  const flag = isLeaf ? 2 : 0;
  const nibbles = path.length % 2 === 1 ? [flag + 1, ...path] : [flag, 0, ...path];
  const bytes = Uint8Array.from({ length: nibbles.length / 2 }, (_, i) => nibbles[2 * i] * 16 + nibbles[2 * i + 1]);
  return toHex(bytes);
}

function hashOf(encoded: string): string {
  return toHex(keccak256(fromHex(encoded, "A node")));
}

function bytesOf(encoded: string): number {
  return encoded.length / 2 - 1;
}
