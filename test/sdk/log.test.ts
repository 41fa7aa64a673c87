import { expect } from "chai";

import { ContributionLog, type ConsistencyProof, verifyConsistency } from "../../sdk/log.ts";
import { leafHash, type Share, tombstoneOf } from "../../sdk/share.ts";
import { UnitsOverflowError } from "../../sdk/sumNode.ts";
import { verifyRange } from "../../sdk/sumTree.ts";
import { naiveLeaf, naiveNode, naiveRoot, naiveSplitId } from "./naive.ts";
import { randomFrom } from "./random.ts";

const ARBITER = "0x00000000000000000000000000000000000000aa";

describe("ContributionLog", () => {
  describe("append", () => {
    it("makes a version per batch, each the split of all shares so far", () => {
      const random = randomFrom(1);
      const log = new ContributionLog({ arbiter: ARBITER });
      const shares: Share[] = [];
      for (let number = 1; number <= 20; number++) {
        const batch = Array.from({ length: 1 + random.integer(7) }, () => random.share());
        shares.push(...batch);
        const version = log.append(batch);
        const root = naiveRoot(shares.map(naiveLeaf));
        expect(version.number).to.equal(number);
        expect(version.split.id).to.equal(naiveSplitId(root, shares.length, ARBITER));
        expect(log.latest).to.equal(version);
        expect(log.version(number)).to.equal(version);
      }
      expect(log.size).to.equal(shares.length);
    });

    it("leaves the log as it was when a batch is bad", () => {
      const random = randomFrom(2);
      const shares = Array.from({ length: 5 }, () => random.share());
      const log = new ContributionLog();
      log.append(shares.slice(0, 3));
      const bad = { ...random.share(), evidence: "0x" };
      expect(() => log.append([random.share(), bad])).to.throw(TypeError, "evidence");
      expect(() => log.append([{ ...random.share(), units: 2n ** 128n - 1n }])).to.throw(UnitsOverflowError);
      expect(() => log.append([])).to.throw(RangeError, "at least one share");
      expect(log.size).to.equal(3);
      expect(log.versions).to.have.length(1);
      const version = log.append(shares.slice(3));
      expect(version.split.tree.root).to.equal(naiveRoot(shares.map(naiveLeaf)).hash);
    });
  });

  describe("version", () => {
    it("refuses numbers that the log does not have", () => {
      const log = new ContributionLog();
      expect(() => log.latest).to.throw(RangeError, "no version 0");
      log.append([randomFrom(3).share()]);
      expect(() => log.version(0)).to.throw(RangeError, "The log has versions 1 to 1, but no version 0.");
      expect(() => log.version(2)).to.throw(RangeError, "no version 2");
    });
  });

  describe("revoke", () => {
    it("takes the units away in new versions and keeps every older version provable", () => {
      const random = randomFrom(4);
      const log = new ContributionLog();
      const states: Share[][] = [];
      let shares: Share[] = [];
      for (let step = 0; step < 120; step++) {
        const alive = shares.flatMap(({ units }, index) => (units > 0n ? [index] : []));
        if (alive.length > 0 && random.integer(3) === 0) {
          const index = alive[random.integer(alive.length)];
          shares = shares.with(index, tombstoneOf(shares[index]));
          log.revoke(index);
        } else {
          const batch = Array.from({ length: 1 + random.integer(5) }, () => ({
            ...random.share(),
            units: 1n + random.uint(90),
          }));
          shares = [...shares, ...batch];
          log.append(batch);
        }
        states.push(shares);
      }
      states.forEach((state, i) => {
        const { split } = log.version(i + 1);
        const expected = naiveRoot(state.map(naiveLeaf));
        expect({ hash: split.tree.root, units: split.tree.totalUnits }, `version ${i + 1}`).to.deep.equal(expected);
        const first = random.integer(state.length);
        const count = 1 + random.integer(state.length - first);
        const claim = { ...split.header, first, shares: split.tree.shares({ first, count }) };
        expect(claim.shares).to.deep.equal(state.slice(first, first + count));
        expect(verifyRange({ ...claim, siblings: split.tree.rangeProof({ first, count }) })).to.be.true;
      });
    });

    it("refuses a share that does not exist or has no units", () => {
      const random = randomFrom(5);
      const log = new ContributionLog();
      log.append([random.share(), { ...random.share(), units: 0n }]);
      expect(() => log.revoke(2)).to.throw(RangeError, "has no range");
      expect(() => log.revoke(1)).to.throw(RangeError, "Share 1 of the log has no units that could be revoked.");
      log.revoke(0);
      expect(() => log.revoke(0)).to.throw(RangeError, "no units");
    });
  });

  describe("revocationProof", () => {
    it("leads from the share to the frontier node above it", () => {
      const random = randomFrom(6);
      for (let size = 1; size <= 40; size++) {
        const log = new ContributionLog();
        log.append(Array.from({ length: size }, () => random.share()));
        const frontier = log.latest.split.tree.frontier();
        for (let index = 0; index < size; index++) {
          const { share, siblings } = log.revocationProof(index);
          let node = { hash: leafHash(share), units: share.units };
          siblings.forEach((sibling, level) => {
            node = Math.floor(index / 2 ** level) % 2 === 1 ? naiveNode(sibling, node) : naiveNode(node, sibling);
          });
          expect(frontier, `${index} of ${size}`).to.deep.include({ level: siblings.length, ...node });
        }
      }
    });
  });

  describe("consistencyProof", () => {
    it("proves that each version continues each earlier one, for all pairs of sizes up to 40", () => {
      const random = randomFrom(7);
      const log = new ContributionLog();
      for (let size = 1; size <= 40; size++) log.append([random.share()]);
      for (let from = 1; from <= 40; from++) {
        for (let to = from; to <= 40; to++) {
          const proof = log.consistencyProof({ from, to });
          const claim = { from: log.version(from).split.header, to: log.version(to).split.header };
          const what = `${from} to ${to}`;
          expect(verifyConsistency({ ...claim, proof }), what).to.deep.equal({ consistent: true, revoked: [] });
          for (const wrong of corruptions(proof, random.hex(32))) {
            expect(verifyConsistency({ ...claim, proof: wrong }), what).to.deep.equal({ consistent: false });
          }
          if (from < to) {
            const swapped = { from: claim.to, to: claim.from };
            expect(verifyConsistency({ ...swapped, proof }), what).to.deep.equal({ consistent: false });
          }
          const unequal = { ...claim.to, totalUnits: claim.to.totalUnits + 1n };
          expect(verifyConsistency({ ...claim, to: unequal, proof })).to.deep.equal({ consistent: false });
        }
      }
    });

    it("names the shares that were revoked in between, and proves that nothing else changed", () => {
      const random = randomFrom(8);
      const log = new ContributionLog();
      const add = (count: number): void => {
        log.append(Array.from({ length: count }, () => ({ ...random.share(), units: 1n + random.uint(64) })));
      };
      add(5); // 1
      log.revoke(3); // 2
      add(4); // 3
      log.revoke(7); // 4
      log.revoke(0); // 5
      add(6); // 6
      log.revoke(14); // 7
      log.revoke(1); // 8
      const revocations = [
        { version: 2, index: 3 },
        { version: 4, index: 7 },
        { version: 5, index: 0 },
        { version: 7, index: 14 },
        { version: 8, index: 1 },
      ];
      for (let from = 1; from <= 8; from++) {
        for (let to = from; to <= 8; to++) {
          const proof = log.consistencyProof({ from, to });
          const claim = { from: log.version(from).split.header, to: log.version(to).split.header };
          const revoked = revocations
            .filter(({ version, index }) => version > from && version <= to && index < claim.from.size)
            .map(({ index }) => index);
          const what = `${from} to ${to}`;
          expect(verifyConsistency({ ...claim, proof }), what).to.deep.equal({ consistent: true, revoked });
          for (const wrong of corruptions(proof, random.hex(32))) {
            expect(verifyConsistency({ ...claim, proof: wrong }), what).to.deep.equal({ consistent: false });
          }
        }
      }
    });

    it("does not let a share of somebody else lose units unseen", () => {
      const random = randomFrom(9);
      const shares = Array.from({ length: 6 }, () => ({ ...random.share(), units: 10n }));
      const honest = new ContributionLog();
      honest.append(shares);
      const forged = new ContributionLog();
      forged.append(shares.with(2, { ...shares[2], units: 5n }));
      forged.append([random.share()]);
      const claim = { from: honest.latest.split.header, to: forged.latest.split.header };
      expect(verifyConsistency({ ...claim, proof: forged.consistencyProof({ from: 1, to: 2 }) })).to.deep.equal({
        consistent: false,
      });
    });

    it("refuses a later version as the earlier one", () => {
      const random = randomFrom(10);
      const log = new ContributionLog();
      log.append([random.share()]);
      log.append([random.share()]);
      expect(() => log.consistencyProof({ from: 2, to: 1 })).to.throw(RangeError, "later version 2");
    });
  });
});

/** One proof per way in which a proof can be wrong. */
function corruptions({ tombstones, nodes }: ConsistencyProof, hash: string): ConsistencyProof[] {
  const wrong: ConsistencyProof[] = [{ tombstones, nodes: [...nodes, { hash, units: 1n }] }];
  nodes.forEach((node, i) => {
    wrong.push(
      { tombstones, nodes: nodes.toSpliced(i, 1) },
      { tombstones, nodes: nodes.with(i, { ...node, hash }) },
      { tombstones, nodes: nodes.with(i, { ...node, units: node.units + 1n }) },
    );
  });
  tombstones.forEach((tombstone, i) => {
    const change = (changed: typeof tombstone): void => {
      wrong.push({ tombstones: tombstones.with(i, changed), nodes });
    };
    wrong.push({ tombstones: tombstones.toSpliced(i, 1), nodes }, { tombstones: [...tombstones, tombstone], nodes });
    change({ ...tombstone, share: { ...tombstone.share, recipient: hash } });
    change({ ...tombstone, share: { ...tombstone.share, units: tombstone.share.units + 1n } });
    change({ ...tombstone, siblings: tombstone.siblings.slice(1) });
  });
  return wrong;
}
