import { expect } from "chai";
import { concat, id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { SumTree } from "../../sdk/sumTree.ts";
import {
  type AnyNode,
  type AnyShare,
  leafOf,
  packNode,
  packShare,
  parentOf,
  rootOf,
  siblingsOf,
  splitIdOf,
} from "../helpers/naiveTree.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const MAX_UNITS = 2n ** 128n - 1n;
const MAX_HASH = `0x${"ff".repeat(32)}`;

/** Distinct in every field, some without units. */
function sharesOf(size: number): AnyShare[] {
  return Array.from({ length: size }, (_, i) => ({
    kind: i % 2,
    recipient: id(`recipient ${String(i)}`),
    units: BigInt(i % 5) * 1_000_003n ** BigInt(i % 4),
    evidence: id(`evidence ${String(i)}`),
  }));
}

const asResult = ({ hash, units }: AnyNode): [string, bigint] => [hash, units];

describe("MerkleSumTree", () => {
  describe("leafHash", () => {
    it("hashes 82 bytes behind the prefix 0x00", async () => {
      const { tree } = await loadFixture(deployHarness);
      const cases: AnyShare[] = [
        { kind: 0, recipient: ZeroHash, units: 0n, evidence: ZeroHash },
        { kind: 1, recipient: MAX_HASH, units: MAX_UNITS, evidence: MAX_HASH },
        { kind: 0, recipient: id("a"), units: 1n, evidence: id("b") },
        { kind: 1, recipient: id("c"), units: 2n ** 64n, evidence: id("d") },
      ];
      for (const share of cases) {
        const { hash, units } = leafOf(share);
        expect(await tree.leafHash(share.kind, share.recipient, share.units, share.evidence)).to.equal(hash);
        expect(await tree.leaf(share)).to.deep.equal([hash, units]);
      }
    });
  });

  describe("parent", () => {
    it("hashes 97 bytes behind the prefix 0x01 and adds the units", async () => {
      const { tree } = await loadFixture(deployHarness);
      const cases: [AnyNode, AnyNode][] = [
        [
          { hash: ZeroHash, units: 0n },
          { hash: ZeroHash, units: 0n },
        ],
        [
          { hash: MAX_HASH, units: MAX_UNITS },
          { hash: MAX_HASH, units: 0n },
        ],
        [
          { hash: id("left"), units: 3n },
          { hash: id("right"), units: MAX_UNITS - 3n },
        ],
      ];
      for (const [left, right] of cases) {
        expect(await tree.parent(left, right)).to.deep.equal(asResult(parentOf(left, right)));
      }
    });

    it("depends on the order of its children", async () => {
      const { tree } = await loadFixture(deployHarness);
      const [left, right] = sharesOf(2).map(leafOf);
      expect(await tree.parent(left, right)).not.to.deep.equal(await tree.parent(right, left));
    });

    it("reverts when the units do not fit 16 bytes", async () => {
      const { tree } = await loadFixture(deployHarness);
      const full = { hash: ZeroHash, units: MAX_UNITS };
      await expect(tree.parent(full, { hash: ZeroHash, units: 1n })).to.be.revertedWithCustomError(
        tree,
        "MerkleSumTree_UnitsOverflow",
      );
    });
  });

  describe("splitId", () => {
    it("hashes 77 bytes behind the prefix 0x02", async () => {
      const { tree, arbiter } = await loadFixture(deployHarness);
      for (const { root, size, of } of [
        { root: { hash: ZeroHash, units: 0n }, size: 0n, of: ZeroAddress },
        { root: { hash: MAX_HASH, units: MAX_UNITS }, size: 2n ** 64n - 1n, of: `0x${"ff".repeat(20)}` },
        { root: { hash: id("root"), units: 10n }, size: 3n, of: arbiter.address },
      ]) {
        expect(await tree.splitId(root.hash, root.units, size, of)).to.equal(splitIdOf({ root, size, arbiter: of }));
      }
    });
  });

  describe("list", () => {
    it("has room for each of its nodes, and none of it is anything else's", async () => {
      const { tree } = await loadFixture(deployHarness);
      for (const size of [0, 1, 2, 7]) {
        const nodes = sharesOf(size).map(leafOf);
        const { copies, behind } = await tree.copyIntoList(nodes);
        expect(copies).to.deep.equal(nodes.map(asResult));
        expect(behind).to.deep.equal([2n ** 256n - 1n, 2n ** 256n - 1n]);
      }
    });
  });

  describe("root", () => {
    it("is RFC 9162's for every size up to 40, and the SDK's", async () => {
      const { tree } = await loadFixture(deployHarness);
      for (let size = 1; size <= 40; size++) {
        const shares = sharesOf(size);
        const expected = rootOf(shares.map(leafOf));
        expect(await tree.root(shares.map(leafOf))).to.deep.equal(asResult(expected));
        const sdkTree = SumTree.from(shares.map((share) => ({ ...share, kind: share.kind === 0 ? 0 : 1 })));
        expect([sdkTree.root, sdkTree.totalUnits]).to.deep.equal(asResult(expected));
      }
    });

    it("of no leaves reverts", async () => {
      const { tree } = await loadFixture(deployHarness);
      await expect(tree.root([])).to.be.revertedWithCustomError(tree, "MerkleSumTree_Empty");
    });

    it("reverts when the units do not fit 16 bytes", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaf = { hash: ZeroHash, units: 2n ** 127n };
      await expect(tree.root([leaf, leaf, leaf])).to.be.revertedWithCustomError(tree, "MerkleSumTree_UnitsOverflow");
    });
  });

  describe("rootOfRange", () => {
    it("leads to the root from every range of every size up to 17", async () => {
      const { tree } = await loadFixture(deployHarness);
      for (let size = 1; size <= 17; size++) {
        const shares = sharesOf(size);
        const leaves = shares.map(leafOf);
        const root = rootOf(leaves);
        for (let first = 0; first < size; first++) {
          for (let count = 1; first + count <= size; count++) {
            const { data, end } = rangeProof({ shares, leaves, first, count });
            const proven = await tree.rootOfRange(`${data}c0ffee`, 3, count, first, size);
            expect(proven, `${String(count)} from ${String(first)} of ${String(size)}`).to.deep.equal([
              root.hash,
              root.units,
              BigInt(end),
            ]);
          }
        }
      }
    });

    it("leads to the root from ranges of a tree of 300 leaves", async () => {
      const { tree } = await loadFixture(deployHarness);
      const shares = sharesOf(300);
      const leaves = shares.map(leafOf);
      const root = rootOf(leaves);
      for (const [first, count] of [
        [0, 300],
        [299, 1],
        [255, 2],
        [1, 298],
        [128, 128],
        [127, 130],
      ]) {
        const { data, end } = rangeProof({ shares, leaves, first, count });
        const proven = await tree.rootOfRange(data, 3, count, first, 300);
        expect(proven).to.deep.equal([root.hash, root.units, BigInt(end)]);
      }
    });

    it("reverts for an empty range and for one that reaches beyond the tree", async () => {
      const { tree } = await loadFixture(deployHarness);
      for (const [count, first, size] of [
        [0, 0, 1],
        [1, 1, 1],
        [2, 0, 1],
        [1, 0, 0],
      ]) {
        await expect(tree.rootOfRange("0x", 0, count, first, size))
          .to.be.revertedWithCustomError(tree, "MerkleSumTree_BadRange")
          .withArgs(first, count, size);
      }
    });

    it("reverts where the shares or the siblings end too early", async () => {
      const { tree } = await loadFixture(deployHarness);
      const shares = sharesOf(5);
      const { data, end } = rangeProof({ shares, leaves: shares.map(leafOf), first: 1, count: 2 });
      const withoutLast = data.slice(0, -2);
      await expect(tree.rootOfRange(withoutLast, 3, 2, 1, 5))
        .to.be.revertedWithCustomError(tree, "MerkleSumTree_ProofTooShort")
        .withArgs(end - 1, end);
      const withoutSiblings = data.slice(0, 2 + 2 * (3 + 2 * 81 - 1));
      await expect(tree.rootOfRange(withoutSiblings, 3, 2, 1, 5))
        .to.be.revertedWithCustomError(tree, "MerkleSumTree_ProofTooShort")
        .withArgs(3 + 2 * 81 - 1, 3 + 2 * 81);
    });

    it("reverts when units overflow between known nodes, with a left and with a right sibling", async () => {
      const { tree } = await loadFixture(deployHarness);
      const half = { kind: 0, recipient: ZeroHash, units: 2n ** 127n, evidence: ZeroHash };
      const sibling = packNode({ hash: ZeroHash, units: 2n ** 127n });
      const small = { ...half, units: 1n };
      const cases = [
        { what: "known nodes", shares: [half, half], siblings: [], first: 0, size: 2 },
        { what: "right sibling of one", shares: [half], siblings: [sibling], first: 0, size: 2 },
        { what: "left sibling of one", shares: [half], siblings: [sibling], first: 1, size: 2 },
        { what: "left sibling of several", shares: [half, small], siblings: [sibling], first: 1, size: 3 },
        { what: "right sibling of several", shares: [small, small, half], siblings: [sibling], first: 0, size: 4 },
        { what: "known parents", shares: [half, small, half], siblings: [], first: 0, size: 3 },
      ];
      for (const { what, shares, siblings, first, size } of cases) {
        const data = concat([...shares.map(packShare), ...siblings]);
        await expect(tree.rootOfRange(data, 0, shares.length, first, size), what).to.be.revertedWithCustomError(
          tree,
          "MerkleSumTree_UnitsOverflow",
        );
      }
    });

    it("takes units up to the last that fits", async () => {
      const { tree } = await loadFixture(deployHarness);
      const share = { kind: 0, recipient: ZeroHash, units: 1n, evidence: ZeroHash };
      const sibling = { hash: MAX_HASH, units: MAX_UNITS - 1n };
      const expected = parentOf(leafOf(share), sibling);
      const data = concat([packShare(share), packNode(sibling)]);
      expect(await tree.rootOfRange(data, 0, 1, 0, 2)).to.deep.equal([expected.hash, MAX_UNITS, 129n]);
    });
  });

  describe("append", () => {
    it("gives the root of all leaves so far, one by one", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = sharesOf(33).map(leafOf);
      for (let size = 1; size <= leaves.length; size++) {
        const leaf = leaves[size - 1];
        const expected = asResult(rootOf(leaves.slice(0, size)));
        expect(await tree.append.staticCall([leaf])).to.deep.equal(expected);
        await tree.append([leaf]);
        expect(await tree.logRoot()).to.deep.equal(expected);
        const units = leaves.slice(0, size).reduce((sum, { units: more }) => sum + more, 0n);
        expect(await tree.logTotals()).to.deep.equal([BigInt(size), units]);
      }
    });

    it("gives the same root for every way to cut nine leaves into three batches", async () => {
      const leaves = sharesOf(9).map(leafOf);
      for (let first = 0; first <= 9; first++) {
        for (let second = first; second <= 9; second++) {
          const { tree } = await loadFixture(deployHarness);
          for (const batch of [leaves.slice(0, first), leaves.slice(first, second), leaves.slice(second)]) {
            if (batch.length > 0) await tree.append(batch);
          }
          expect(await tree.logRoot()).to.deep.equal(asResult(rootOf(leaves)));
        }
      }
    });

    it("keeps the roots of perfect subtrees and nothing else", async () => {
      const { tree } = await loadFixture(deployHarness);
      const shares = sharesOf(13);
      await tree.append(shares.map(leafOf));
      const sdkTree = SumTree.from(shares.map((share) => ({ ...share, kind: share.kind === 0 ? 0 : 1 })));
      for (const { level, hash, units } of sdkTree.frontier()) {
        expect(await tree.frontierAt(level)).to.deep.equal([hash, units]);
      }
      expect(await tree.frontierAt(1)).to.deep.equal([ZeroHash, 0n]);
    });

    it("of no leaves gives the root as it is", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = sharesOf(3).map(leafOf);
      await tree.append(leaves);
      expect(await tree.append.staticCall([])).to.deep.equal(asResult(rootOf(leaves)));
    });

    it("of no leaves to an empty log reverts", async () => {
      const { tree } = await loadFixture(deployHarness);
      await expect(tree.append([])).to.be.revertedWithCustomError(tree, "MerkleSumTree_Empty");
    });

    it("reverts when the units of leaves that are joined do not fit 16 bytes", async () => {
      const { tree } = await loadFixture(deployHarness);
      await tree.append([{ hash: ZeroHash, units: MAX_UNITS }]);
      await expect(tree.append([{ hash: ZeroHash, units: 1n }])).to.be.revertedWithCustomError(
        tree,
        "MerkleSumTree_UnitsOverflow",
      );
    });

    it("reverts when the units of leaves that are not joined yet do not fit either", async () => {
      const { tree } = await loadFixture(deployHarness);
      await tree.append([
        { hash: ZeroHash, units: MAX_UNITS },
        { hash: ZeroHash, units: 0n },
      ]);
      await expect(tree.append([{ hash: ZeroHash, units: 1n }])).to.be.revertedWithCustomError(
        tree,
        "MerkleSumTree_UnitsOverflow",
      );
    });
  });

  describe("replace", () => {
    it("gives the root with the new leaf, at every index of every size up to 12", async () => {
      const newLeaf = leafOf({ kind: 0, recipient: id("new"), units: 77n, evidence: id("new") });
      for (let size = 1; size <= 12; size++) {
        const { tree } = await loadFixture(deployHarness);
        const leaves = sharesOf(size).map(leafOf);
        await tree.append(leaves);
        for (let index = 0; index < size; index++) {
          const proof = replacementProof(leaves, index);
          await tree.replace(index, leaves[index], newLeaf, proof);
          leaves[index] = newLeaf;
          const expected = rootOf(leaves);
          expect(await tree.logRoot()).to.deep.equal(asResult(expected));
          expect(await tree.logTotals()).to.deep.equal([BigInt(size), expected.units]);
        }
      }
    });

    it("leaves the log so that more can be appended", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = sharesOf(7).map(leafOf);
      await tree.append(leaves);
      const tombstone = { hash: id("tombstone"), units: 0n };
      await tree.replace(4, leaves[4], tombstone, replacementProof(leaves, 4));
      leaves[4] = tombstone;
      const more = sharesOf(6).map(leafOf);
      await tree.append(more);
      expect(await tree.logRoot()).to.deep.equal(asResult(rootOf([...leaves, ...more])));
    });

    it("reverts when the old leaf is not the one at the index", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = sharesOf(7).map(leafOf);
      await tree.append(leaves);
      for (const index of [0, 5, 6]) {
        const wrong = leaves[(index + 1) % 7];
        await expect(tree.replace(index, wrong, leaves[0], replacementProof(leaves, index)))
          .to.be.revertedWithCustomError(tree, "MerkleSumTree_NotInLog")
          .withArgs(index, wrong.hash);
      }
    });

    it("reverts when the proof is another leaf's", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = sharesOf(7).map(leafOf);
      await tree.append(leaves);
      await expect(tree.replace(0, leaves[0], leaves[1], replacementProof(leaves, 2)))
        .to.be.revertedWithCustomError(tree, "MerkleSumTree_NotInLog")
        .withArgs(0, leaves[0].hash);
    });

    it("reverts when the proof ends early or goes on", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = sharesOf(7).map(leafOf);
      await tree.append(leaves);
      const proof = replacementProof(leaves, 0);
      await expect(tree.replace(0, leaves[0], leaves[1], proof.slice(0, -2)))
        .to.be.revertedWithCustomError(tree, "MerkleSumTree_ProofTooShort")
        .withArgs(95, 96);
      await expect(tree.replace(0, leaves[0], leaves[1], `${proof}00`))
        .to.be.revertedWithCustomError(tree, "MerkleSumTree_ProofTooLong")
        .withArgs(97, 96);
    });

    it("reverts when there is no such index", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = sharesOf(3).map(leafOf);
      await tree.append(leaves);
      await expect(tree.replace(3, leaves[0], leaves[1], "0x"))
        .to.be.revertedWithCustomError(tree, "MerkleSumTree_BadRange")
        .withArgs(3, 1, 3);
    });

    it("reverts when the units do not fit 16 bytes any more, in the subtree or in all", async () => {
      const { tree } = await loadFixture(deployHarness);
      const leaves = [MAX_UNITS - 10n, 5n, 5n].map((units, i) => ({ hash: id(String(i)), units }));
      await tree.append(leaves);
      for (const index of [1, 2]) {
        const more = { hash: id("more"), units: 6n };
        const proof = replacementProof(leaves, index);
        await expect(tree.replace(index, leaves[index], more, proof)).to.be.revertedWithCustomError(
          tree,
          "MerkleSumTree_UnitsOverflow",
        );
        await tree.replace(index, leaves[index], { hash: id("same"), units: 5n }, proof);
        leaves[index] = { hash: id("same"), units: 5n };
      }
      expect(await tree.logTotals()).to.deep.equal([3n, MAX_UNITS]);
    });
  });

  describe("a leaf that alone does not fit 16 bytes", () => {
    it("can be neither appended nor put in another one's place, joined or not", async () => {
      const { tree } = await loadFixture(deployHarness);
      const small = { hash: id("small"), units: 0n };
      const big = { hash: id("big"), units: MAX_UNITS + 1n };
      const overflow = async (call: Promise<unknown>): Promise<void> => {
        await expect(call).to.be.revertedWithCustomError(tree, "MerkleSumTree_UnitsOverflow");
      };
      await overflow(tree.append([big]));
      await overflow(tree.append([small, big]));
      await tree.append([small]);
      await overflow(tree.append([big]));
      await overflow(tree.replace(0, small, big, "0x"));
      await tree.append([small]);
      await overflow(tree.replace(1, small, big, packNode(small)));
    });
  });

  describe("logRoot", () => {
    it("of an empty log reverts", async () => {
      const { tree } = await loadFixture(deployHarness);
      await expect(tree.logRoot()).to.be.revertedWithCustomError(tree, "MerkleSumTree_Empty");
    });
  });
});

/** Shares and siblings behind three bytes of something else, and where they end. */
function rangeProof({
  shares,
  leaves,
  first,
  count,
}: {
  shares: AnyShare[];
  leaves: AnyNode[];
  first: number;
  count: number;
}): { data: string; end: number } {
  const siblings = siblingsOf(leaves, first, count);
  const data = concat(["0xabcdef", ...shares.slice(first, first + count).map(packShare), ...siblings.map(packNode)]);
  return { data, end: 3 + 81 * count + 48 * siblings.length };
}

/** Siblings of a leaf within the perfect subtree of the log that it is in. */
function replacementProof(leaves: AnyNode[], index: number): string {
  let [start, size] = [0, leaves.length];
  for (;;) {
    let subtree = 1;
    while (2 * subtree <= size) subtree *= 2;
    if (index < start + subtree) {
      return concat(siblingsOf(leaves.slice(start, start + subtree), index - start).map(packNode));
    }
    [start, size] = [start + subtree, size - subtree];
  }
}

async function deployHarness() {
  const [arbiter] = await ethers.getSigners();
  return { tree: await ethers.deployContract("MerkleSumTreeHarness"), arbiter };
}
