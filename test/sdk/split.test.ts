import { expect } from "chai";
import { getAddress, ZeroAddress } from "ethers";

import { InvalidProofError } from "../../sdk/merkle.ts";
import type { Share } from "../../sdk/share.ts";
import { decodeDraws, drawBytes, encodeDraws, entitlementOf, Split, splitOfDraw } from "../../sdk/split.ts";
import { naiveDraw, naiveLeaf, naiveRoot, naiveSplitId } from "./naive.ts";
import { type Random, randomFrom } from "./random.ts";

function randomSplit({ random, size }: { random: Random; size: number }): { split: Split; shares: Share[] } {
  const shares = Array.from({ length: size }, () => random.share());
  return { split: Split.from({ shares, arbiter: getAddress(random.hex(20)) }), shares };
}

describe("Split", () => {
  it("has an id that commits to its tree, total, size and arbiter", () => {
    const random = randomFrom(1);
    for (let size = 1; size <= 40; size++) {
      const { split, shares } = randomSplit({ random, size });
      expect(split.id).to.equal(naiveSplitId(naiveRoot(shares.map(naiveLeaf)), size, split.arbiter));
    }
  });

  it("has no arbiter unless it is given one", () => {
    expect(Split.from({ shares: [randomFrom(2).share()] }).arbiter).to.equal(ZeroAddress);
  });

  it("refuses an arbiter that is no address", () => {
    expect(() => Split.from({ shares: [randomFrom(2).share()], arbiter: "0x12" })).to.throw(TypeError, "0x12");
  });

  describe("encodeDraws", () => {
    it("packs draws as the ledger reads them, and decodeDraws reads them back", () => {
      const random = randomFrom(3);
      for (let round = 0; round < 60; round++) {
        const parts = Array.from({ length: random.integer(5) }, () => {
          const { split, shares } = randomSplit({ random, size: 1 + random.integer(70) });
          const first = random.integer(shares.length);
          const count = 1 + random.integer(shares.length - first);
          const bytes = naiveDraw({ shares, first, count, arbiter: split.arbiter });
          expect(drawBytes({ size: shares.length, first, count })).to.equal(bytes.length / 2 - 1);
          return { split, draw: split.draw({ first, count }), bytes };
        });
        const encoded = encodeDraws(parts.map(({ draw }) => draw));
        expect(encoded).to.equal(`0x${parts.map(({ bytes }) => bytes.slice(2)).join("")}`);
        const decoded = decodeDraws(encoded);
        expect(decoded).to.deep.equal(parts.map(({ draw }) => draw));
        expect(decoded.map((draw) => splitOfDraw(draw).id)).to.deep.equal(parts.map(({ split }) => split.id));
      }
    });

    it("draws one share unless told otherwise", () => {
      const { split, shares } = randomSplit({ random: randomFrom(4), size: 9 });
      expect(split.draw({ first: 3 }).shares).to.deep.equal([shares[3]]);
    });

    it("refuses a draw with too few or too many siblings", () => {
      const { split } = randomSplit({ random: randomFrom(5), size: 5 });
      const draw = split.draw({ first: 0 });
      expect(() => encodeDraws([{ ...draw, siblings: draw.siblings.slice(1) }])).to.throw(
        InvalidProofError,
        "A draw of shares 0 to 0 of 5 has 3 siblings, not 2.",
      );
    });

    it("refuses shares that are not in the split", () => {
      const { split } = randomSplit({ random: randomFrom(6), size: 5 });
      expect(() => split.draw({ first: 4, count: 2 })).to.throw(RangeError, "range of 2 leaves from index 4");
    });
  });

  describe("decodeDraws", () => {
    it("says where bytes that end too early end", () => {
      const { split } = randomSplit({ random: randomFrom(7), size: 5 });
      const encoded = encodeDraws([split.draw({ first: 0 }), split.draw({ first: 1 })]);
      const bytes = encoded.length / 2 - 1;
      expect(() => decodeDraws(encoded.slice(0, -2))).to.throw(
        InvalidProofError,
        `Encoded draws end inside draw 1: ${bytes - 1} bytes given, at least ${bytes} needed.`,
      );
    });

    it("refuses what is not hex", () => {
      expect(() => decodeDraws("0x1")).to.throw(TypeError, 'but is "0x1"');
      expect(() => decodeDraws("hello")).to.throw(TypeError, 'but is "hello"');
    });

    it("refuses unknown kinds and ranges outside the split", () => {
      const { split } = randomSplit({ random: randomFrom(8), size: 2 });
      const encoded = encodeDraws([split.draw({ first: 0 })]);
      const withByte = (at: number, byte: string): string =>
        encoded.slice(0, 2 + 2 * at) + byte + encoded.slice(4 + 2 * at);
      expect(() => decodeDraws(withByte(40, "02"))).to.throw(RangeError, "kind");
      expect(() => decodeDraws(withByte(35, "02"))).to.throw(RangeError, "range of 1 leaves from index 2");
    });
  });

  describe("splitOfDraw", () => {
    it("leads to another split when any byte is changed", () => {
      const { split } = randomSplit({ random: randomFrom(9), size: 6 });
      const encoded = encodeDraws([split.draw({ first: 2, count: 2 })]);
      // Behind the header, whose size and range have to stay as they are to be readable at all.
      for (let at = 41; at < encoded.length / 2 - 1; at++) {
        const position = 2 + 2 * at + 1;
        const digit = (parseInt(encoded[position], 16) ^ 1).toString(16);
        const [draw] = decodeDraws(encoded.slice(0, position) + digit + encoded.slice(position + 1));
        expect(splitOfDraw(draw).id, `byte ${at}`).to.not.equal(split.id);
      }
    });
  });

  describe("entitlementOf", () => {
    it("rounds down", () => {
      expect(entitlementOf({ received: 10n, units: 1n, totalUnits: 3n })).to.equal(3n);
      expect(entitlementOf({ received: 10n, units: 3n, totalUnits: 3n })).to.equal(10n);
      expect(entitlementOf({ received: 10n, units: 0n, totalUnits: 3n })).to.equal(0n);
    });

    it("refuses a split without units", () => {
      expect(() => entitlementOf({ received: 10n, units: 0n, totalUnits: 0n })).to.throw(RangeError, "0 units");
    });
  });
});
