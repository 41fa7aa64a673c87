import { expect } from "chai";

import { InvalidProofError } from "../../sdk/merkle.ts";
import type { Share } from "../../sdk/share.ts";
import { rootOfShares, SumTree, verifyRange } from "../../sdk/sumTree.ts";
import { UnitsOverflowError } from "../../sdk/sumNode.ts";
import { naiveConsistencyProof, naiveFrontier, naiveLeaf, naiveRangeProof, naiveRoot } from "./naive.ts";
import { randomFrom } from "./random.ts";

const SIZES = Array.from({ length: 40 }, (_, i) => i + 1);
const UINT128_MAX = 2n ** 128n - 1n;

function sharesOf({ size, seed }: { size: number; seed: number }): Share[] {
  const random = randomFrom(seed);
  return Array.from({ length: size }, () => random.share());
}

describe("SumTree", () => {
  describe("for every size from 1 to 40", () => {
    it("has the root and the total that RFC 9162's recursive definition gives", () => {
      for (const size of SIZES) {
        const shares = sharesOf({ size, seed: size });
        const tree = SumTree.from(shares);
        const expected = naiveRoot(shares.map(naiveLeaf));
        expect(tree.root, `size ${size}`).to.equal(expected.hash);
        expect(tree.totalUnits, `size ${size}`).to.equal(expected.units);
        expect(tree.shares({ first: 0, count: size })).to.deep.equal(shares);
      }
    });

    it("proves every range, with the siblings that the definition gives", () => {
      for (const size of SIZES) {
        const shares = sharesOf({ size, seed: 100 + size });
        const leaves = shares.map(naiveLeaf);
        const tree = SumTree.from(shares);
        for (let first = 0; first < size; first++) {
          for (let count = 1; first + count <= size; count++) {
            const siblings = tree.rangeProof({ first, count });
            const what = `size ${size}, first ${first}, count ${count}`;
            // The definition is slow, and its cost grows with the cube of the size.
            if (size <= 16) expect(siblings, what).to.deep.equal(naiveRangeProof(leaves, first, count));
            const range = shares.slice(first, first + count);
            const { root, totalUnits } = tree;
            expect(verifyRange({ root, totalUnits, size, first, shares: range, siblings }), what).to.be.true;
          }
        }
      }
    }).timeout(60_000);

    it("has the frontier that an append-only log would store", () => {
      for (const size of SIZES) {
        const shares = sharesOf({ size, seed: 200 + size });
        const expected = naiveFrontier(shares.map(naiveLeaf))
          .reverse()
          .map(({ level, node }) => ({ level, ...node }));
        expect(SumTree.from(shares).frontier(), `size ${size}`).to.deep.equal(expected);
      }
    });

    it("gives the consistency proofs of RFC 9162 for every prefix", () => {
      for (const size of SIZES.filter((n) => n <= 24)) {
        const shares = sharesOf({ size, seed: 300 + size });
        const leaves = shares.map(naiveLeaf);
        const tree = SumTree.from(shares);
        for (let oldSize = 1; oldSize <= size; oldSize++) {
          expect(tree.consistencyProof(oldSize), `${oldSize} of ${size}`).to.deep.equal(
            naiveConsistencyProof(leaves, oldSize),
          );
        }
      }
    });
  });

  describe("for random ranges of larger trees", () => {
    it("proves them", () => {
      const random = randomFrom(1);
      for (let round = 0; round < 40; round++) {
        const size = 41 + random.integer(2_000);
        const shares = sharesOf({ size, seed: 1_000 + round });
        const first = random.integer(size);
        const count = 1 + random.integer(size - first);
        const siblings = SumTree.from(shares).rangeProof({ first, count });
        const { hash: root, units: totalUnits } = naiveRoot(shares.map(naiveLeaf));
        const range = shares.slice(first, first + count);
        expect(verifyRange({ root, totalUnits, size, first, shares: range, siblings }), `round ${round}`).to.be.true;
      }
    });
  });

  describe("when anything about a proof is wrong", () => {
    it("rejects it", () => {
      const random = randomFrom(7);
      for (let round = 0; round < 400; round++) {
        const size = 2 + random.integer(60);
        const shares = sharesOf({ size, seed: 2_000 + round });
        const tree = SumTree.from(shares);
        const first = random.integer(size);
        const count = 1 + random.integer(size - first);
        const good = {
          root: tree.root,
          totalUnits: tree.totalUnits,
          size,
          first,
          shares: shares.slice(first, first + count),
          siblings: tree.rangeProof({ first, count }),
        };
        const i = random.integer(count);
        const changeShare = (change: Partial<Share>): typeof good => ({
          ...good,
          shares: good.shares.map((share, at) => (at === i ? { ...share, ...change } : share)),
        });
        const s = random.integer(Math.max(1, good.siblings.length));
        const bad = [
          { ...good, root: random.hex(32) },
          { ...good, totalUnits: good.totalUnits + 1n },
          changeShare({ units: good.shares[i].units + 1n }),
          changeShare({ recipient: random.hex(32) }),
          changeShare({ evidence: random.hex(32) }),
          changeShare({ kind: good.shares[i].kind === 0 ? 1 : 0 }),
          { ...good, siblings: [...good.siblings, { hash: random.hex(32), units: 1n }] },
        ];
        if (count > 1) bad.push({ ...good, shares: good.shares.toReversed() });
        if (good.siblings.length > 0) {
          bad.push(
            { ...good, siblings: good.siblings.slice(1) },
            { ...good, siblings: good.siblings.with(s, { ...good.siblings[s], hash: random.hex(32) }) },
            { ...good, siblings: good.siblings.with(s, { ...good.siblings[s], units: good.siblings[s].units + 1n }) },
            // Moves a unit from a sibling to the share: the total stays, the hashes do not.
            {
              ...changeShare({ units: good.shares[i].units + 1n }),
              siblings: good.siblings.with(s, { ...good.siblings[s], units: good.siblings[s].units + 3n }),
            },
          );
        }
        if (first > 0) bad.push({ ...good, first: first - 1 });
        if (first + count < size) bad.push({ ...good, first: first + 1 });
        bad.forEach((proof, which) => {
          expect(verifyRange(proof), `round ${round}, corruption ${which}`).to.be.false;
        });
        expect(verifyRange(good)).to.be.true;
      }
    });

    it("rejects siblings whose units do not fit 128 bits", () => {
      const shares = sharesOf({ size: 2, seed: 3 }).map((share) => ({ ...share, units: 1n }));
      const { root, totalUnits } = SumTree.from(shares);
      const siblings = [{ hash: naiveLeaf(shares[1]).hash, units: UINT128_MAX }];
      expect(verifyRange({ root, totalUnits, size: 2, first: 0, shares: [shares[0]], siblings })).to.be.false;
      expect(() => rootOfShares({ size: 2, first: 0, shares: [shares[0]], siblings })).to.throw(UnitsOverflowError);
    });

    it("says how many siblings are needed", () => {
      const shares = sharesOf({ size: 5, seed: 4 });
      expect(() => rootOfShares({ size: 5, first: 4, shares: [shares[4]], siblings: [] })).to.throw(
        InvalidProofError,
        "Leaves 4 to 4 of 5 need 1 siblings, but the proof has 0.",
      );
    });
  });

  describe("when it is built from bad input", () => {
    it("refuses an empty list", () => {
      expect(() => SumTree.from([])).to.throw(RangeError, "A tree has at least one leaf, not 0.");
    });

    it("accepts units up to 2^128 - 1 in total and refuses more, with the two sums", () => {
      const [a, b] = sharesOf({ size: 2, seed: 5 });
      const most = { ...a, units: UINT128_MAX };
      expect(SumTree.from([most, { ...b, units: 0n }]).totalUnits).to.equal(UINT128_MAX);
      expect(() => SumTree.from([most, { ...b, units: 1n }])).to.throw(UnitsOverflowError, `${UINT128_MAX} and 1`);
      expect(() => SumTree.from([{ ...a, units: UINT128_MAX + 1n }])).to.throw(RangeError, `${UINT128_MAX + 1n}`);
      expect(() => SumTree.from([{ ...a, units: -1n }])).to.throw(RangeError, "-1");
    });

    it("refuses a recipient or evidence that is not 32 bytes, with the value", () => {
      const [share] = sharesOf({ size: 1, seed: 6 });
      expect(() => SumTree.from([{ ...share, recipient: "0x1234" }])).to.throw(TypeError, 'but is "0x1234"');
      expect(() => SumTree.from([{ ...share, evidence: `0x${"zz".repeat(32)}` }])).to.throw(TypeError, "evidence");
    });

    it("refuses ranges outside the tree, with the values", () => {
      const tree = SumTree.from(sharesOf({ size: 5, seed: 8 }));
      for (const [first, count] of [
        [5, 1],
        [0, 6],
        [3, 3],
        [-1, 1],
        [0, 0],
        [0.5, 1],
        [Number.NaN, 1],
      ]) {
        const message = `A tree of 5 leaves has no range of ${count} leaves from index ${first}.`;
        expect(() => tree.rangeProof({ first, count })).to.throw(RangeError, message);
        expect(() => tree.shares({ first, count })).to.throw(RangeError, message);
      }
      expect(() => tree.share(5)).to.throw(RangeError);
      expect(() => tree.consistencyProof(6)).to.throw(RangeError);
    });

    it("reads an iterable once, without knowing its length", () => {
      const shares = sharesOf({ size: 33, seed: 9 });
      function* stream(): Generator<Share> {
        yield* shares;
      }
      expect(SumTree.from(stream()).root).to.equal(SumTree.from(shares).root);
    });
  });
});
