import { getAddress, ZeroAddress } from "ethers";

import { rootsOfConsistency } from "./merkle.ts";
import { type Share, tombstoneOf } from "./share.ts";
import { ShareStore } from "./shareStore.ts";
import { Split, type SplitHeader } from "./split.ts";
import { combineSumNodes, packSumNode, type SumNode, unpackSumNode } from "./sumNode.ts";
import { isFailedProof, rootOfShares, SumTree } from "./sumTree.ts";

/** A state of a log: a split of its own, and never to change. */
export interface LogVersion {
  /** 1 for the first version. */
  number: number;
  split: Split;
  /** Revocations in the log up to this version. */
  revocations: number;
}

/** One revocation, provable in the state of the log it fell on. */
export interface Tombstone {
  index: number;
  /** The share as it was. */
  share: Share;
  siblings: SumNode[];
}

/** Proof that a version of a log continues an earlier one. */
export interface ConsistencyProof {
  /** Shares of the earlier version that have lost their units since, in the order of their revocation. */
  tombstones: Tombstone[];
  /** RFC 9162 §2.1.4 proof from the earlier version, with those shares revoked, to the later one. */
  nodes: SumNode[];
}

/** What a consistency proof shows. `revoked`: indexes of the shares that lost their units in between. */
export type Consistency = { consistent: true; revoked: number[] } | { consistent: false };

/** What two versions are compared by. */
export type LogHead = Pick<SplitHeader, "root" | "totalUnits" | "size">;

/** A replaced piece of the log: what stood there until revocation number `revocation` (from 1 on). */
interface Replaced {
  revocation: number;
  bytes: Uint8Array;
}

/**
 * Append-only log of shares, mirrored off chain, with every version it has had.
 *
 * Appending or revoking makes a new version. A revoked share keeps its index, recipient and evidence, and has no units
 * from then on; older versions still hold them. About 180 bytes per share and 50 · log2(size) bytes per revocation.
 */
export class ContributionLog {
  /** Checksummed; arbiter of every version's split. */
  readonly arbiter: string;
  readonly #store = new ShareStore(0);
  readonly #versions: LogVersion[] = [];
  /** Indexes in the order of their revocation. */
  readonly #revoked: number[] = [];
  /** What old versions need and the store no longer holds, oldest first; keys as `nodeKey` makes them. */
  readonly #replacedNodes = new Map<number, Replaced[]>();
  readonly #replacedShares = new Map<number, Replaced>();

  /** @throws TypeError if `arbiter` is no address. By default there is none. */
  constructor({ arbiter = ZeroAddress }: { arbiter?: string } = {}) {
    this.arbiter = getAddress(arbiter);
  }

  get size(): number {
    return this.#store.size;
  }

  /** Oldest first; the first one has number 1. */
  get versions(): readonly LogVersion[] {
    return this.#versions;
  }

  /** @throws RangeError while the log is empty. */
  get latest(): LogVersion {
    return this.version(this.#versions.length);
  }

  /** @throws RangeError if there is no such version. */
  version(number: number): LogVersion {
    const version = number >= 1 ? this.#versions.at(number - 1) : undefined;
    if (version === undefined) {
      throw new RangeError(`The log has versions 1 to ${this.#versions.length}, but no version ${number}.`);
    }
    return version;
  }

  /**
   * Appends a batch.
   *
   * @throws RangeError if the batch is empty; UnitsOverflowError if the units of all shares add up to more than
   * 2^128 - 1; what `packShare` throws about a bad share. The log is as before then.
   */
  append(shares: Iterable<Share>): LogVersion {
    const size = this.#store.size;
    try {
      for (const share of shares) this.#store.append(share);
      if (this.#store.size === size) throw new RangeError("A batch must hold at least one share.");
      return this.#addVersion();
    } catch (error) {
      this.#store.truncate(size);
      throw error;
    }
  }

  /**
   * Takes the units of a share away.
   *
   * @throws RangeError if there is no such share or it has no units.
   */
  revoke(index: number): LogVersion {
    const share = this.latest.split.tree.share(index);
    if (share.units === 0n) throw new RangeError(`Share ${index} of the log has no units that could be revoked.`);
    const revocation = this.#revoked.push(index);
    this.#replacedShares.set(index, { revocation, bytes: this.#store.packedShare(index).slice() });
    this.#store.replace(index, tombstoneOf(share), (level, at, bytes) => {
      const key = nodeKey(level, at);
      const replaced = this.#replacedNodes.get(key) ?? [];
      replaced.push({ revocation, bytes });
      this.#replacedNodes.set(key, replaced);
    });
    return this.#addVersion();
  }

  /**
   * What the registry needs to revoke a share of the latest version: the share as it is, and its siblings up to the
   * frontier node above it, bottom-up.
   *
   * @throws RangeError if there is no such share.
   */
  revocationProof(index: number): { share: Share; siblings: SumNode[] } {
    const { tree } = this.latest.split;
    const share = tree.share(index);
    // Walk the perfect subtrees from the largest on until the one that holds the index.
    let start = 0;
    const above = tree
      .frontier()
      .reverse()
      .find(({ level }) => (start += 2 ** level) > index);
    const siblings = tree.rangeProof({ first: index, count: 1 });
    return { share, siblings: siblings.slice(0, above?.level) };
  }

  /**
   * Proof that version `to` continues version `from`: nothing changed but the revocations it names, and appended shares.
   *
   * @throws RangeError unless both exist and `from` is not the later one.
   */
  consistencyProof({ from, to }: { from: number; to: number }): ConsistencyProof {
    if (from > to) throw new RangeError(`Version ${to} of the log cannot continue the later version ${from}.`);
    const old = this.version(from);
    const latest = this.version(to);
    const { size } = old.split.tree;
    const tombstones: Tombstone[] = [];
    for (let revocation = old.revocations; revocation < latest.revocations; revocation++) {
      const index = this.#revoked[revocation];
      if (index >= size) continue;
      const tree = this.#treeAt({ size, revocations: revocation });
      tombstones.push({ index, share: tree.share(index), siblings: tree.rangeProof({ first: index, count: 1 }) });
    }
    return { tombstones, nodes: latest.split.tree.consistencyProof(size) };
  }

  #addVersion(): LogVersion {
    const revocations = this.#revoked.length;
    const tree = this.#treeAt({ size: this.#store.size, revocations });
    const split = new Split({ tree, arbiter: this.arbiter });
    const version = { number: this.#versions.length + 1, split, revocations };
    this.#versions.push(version);
    return version;
  }

  /** The first `size` shares as they were after that many revocations. */
  #treeAt({ size, revocations }: { size: number; revocations: number }): SumTree {
    return new SumTree({
      size,
      // Copied, as revocations overwrite the store.
      nodes: (level, index) =>
        firstAfter(this.#replacedNodes.get(nodeKey(level, index)), revocations)?.bytes ??
        this.#store.node(level, index).slice(),
      packedShare: (index) => {
        const replaced = this.#replacedShares.get(index);
        return replaced !== undefined && replaced.revocation > revocations
          ? replaced.bytes
          : this.#store.packedShare(index);
      },
    });
  }
}

/**
 * Checks a proof that one state of a log continues another.
 *
 * Every tombstone must be a share of the earlier state; with their units taken away, that state must be a prefix of the
 * later one. Nothing else can have changed then, and nobody but the revoked has lost units.
 *
 * @throws TypeError or RangeError about values that are no hashes, units, indexes or sizes.
 */
export function verifyConsistency({
  from,
  to,
  proof,
}: {
  from: LogHead;
  to: LogHead;
  proof: ConsistencyProof;
}): Consistency {
  if (from.size > to.size) return { consistent: false };
  try {
    let head: SumNode = { hash: from.root.toLowerCase(), units: from.totalUnits };
    for (const { index, share, siblings } of proof.tombstones) {
      const claim = { first: index, size: from.size, siblings };
      if (share.units === 0n || !equalNodes(rootOfShares({ ...claim, shares: [share] }), head)) {
        return { consistent: false };
      }
      head = rootOfShares({ ...claim, shares: [tombstoneOf(share)] });
    }
    const roots = rootsOfConsistency({
      oldSize: from.size,
      oldRoot: packSumNode(head),
      newSize: to.size,
      proof: proof.nodes.map(packSumNode),
      combine: combineSumNodes,
    });
    const consistent =
      equalNodes(unpackSumNode(roots.oldRoot), head) &&
      equalNodes(unpackSumNode(roots.newRoot), { hash: to.root.toLowerCase(), units: to.totalUnits });
    return consistent ? { consistent, revoked: proof.tombstones.map(({ index }) => index) } : { consistent };
  } catch (error) {
    if (isFailedProof(error)) return { consistent: false };
    throw error;
  }
}

function equalNodes(a: SumNode, b: SumNode): boolean {
  return a.hash === b.hash && a.units === b.units;
}

/** One number per node: levels stay below 64. */
function nodeKey(level: number, index: number): number {
  return index * 64 + level;
}

/** The oldest entry that a later revocation than the given ones replaced. */
function firstAfter(replaced: readonly Replaced[] | undefined, revocations: number): Replaced | undefined {
  if (replaced === undefined) return undefined;
  let low = 0;
  let high = replaced.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (replaced[middle].revocation > revocations) high = middle;
    else low = middle + 1;
  }
  return replaced[low];
}
