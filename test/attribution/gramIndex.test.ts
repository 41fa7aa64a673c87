import { expect } from "chai";

import { Attributor } from "../../sdk/attribution/attribute.ts";
import { MAX_TEXT_BYTES } from "../../sdk/attribution/canonical.ts";
import { GramIndex, type IndexParts } from "../../sdk/attribution/gramIndex.ts";
import { IndexFullError, MAX_SEGMENTS, SEGMENT_BYTES } from "../../sdk/attribution/texts.ts";
import { toBytes } from "./corpora.ts";

/** Position of the first occurrence of a text that has K tokens. */
function positionOf(index: GramIndex, gram: string): number {
  const bytes = toBytes(gram);
  const scanner = index.scanner();
  scanner.begin(bytes);
  expect(scanner.next()).to.equal(1);
  return index.find(bytes, 0, bytes.length, scanner.hashes[0]);
}

describe("index of K-grams", () => {
  it("knows the first of all occurrences", () => {
    const index = GramIndex.create({ k: 2 });
    expect(index.append(toBytes("a b a b"))).to.equal(0);
    expect(index.skip()).to.equal(1);
    expect(index.append(toBytes("b a c"))).to.equal(2);
    expect(index.count).to.equal(3);
    expect(index.grams).to.equal(3);
    expect([positionOf(index, "a b"), positionOf(index, "b a"), positionOf(index, "a c")]).to.deep.equal([0, 2, 10]);
    expect(positionOf(index, "c a")).to.equal(-1);
    expect(index.contributionAt(10)).to.equal(2);
    expect(index.startOf(2)).to.equal(8);
  });

  it("returns the texts, and none for what does not count", () => {
    const index = GramIndex.create();
    index.append(toBytes("a b"));
    index.skip();
    index.append(new Uint8Array());
    expect([0, 1, 2].map((contribution) => index.isCounted(contribution))).to.deep.equal([true, false, true]);
    expect([0, 1, 2].map((contribution) => index.textOf(contribution))).to.deep.equal([
      toBytes("a b"),
      undefined,
      new Uint8Array(),
    ]);
    for (const contribution of [-1, 3, 0.5]) {
      expect(() => index.textOf(contribution)).to.throw(
        RangeError,
        `The index has 3 contributions, but none of number ${contribution}.`,
      );
    }
  });

  it("copies what it is given", () => {
    const index = GramIndex.create({ k: 2 });
    const text = toBytes("a b");
    index.append(text);
    text.fill(0);
    expect(positionOf(index, "a b")).to.equal(0);
  });

  it("finds every K-gram, though hashes collide", function () {
    this.timeout(20_000);
    const index = GramIndex.create({ k: 2 });
    const tokens = 400_000;
    const bytes = toBytes(Array.from({ length: tokens }, (_, i) => i.toString(36)).join(" "));
    index.append(bytes);
    expect(index.grams).to.equal(tokens - 1);
    const scanner = index.scanner();
    const hashes = new Set<number>();
    let wrong = 0;
    scanner.begin(bytes);
    for (let found = scanner.next(); found > 0; found = scanner.next()) {
      for (let i = 0; i < found; i++) {
        hashes.add(scanner.hashes[i]);
        if (index.find(bytes, scanner.starts[i], scanner.ends[i], scanner.hashes[i]) !== scanner.starts[i]) wrong++;
      }
    }
    expect(wrong).to.equal(0);
    // Otherwise nothing was shown.
    expect(hashes.size).to.be.below(tokens - 1);
  });

  it("comes to the same whatever its hashes start from", () => {
    const texts = ["a b c d e", "c d e f g", "x a b c"].map(toBytes);
    const attributions = [1, 0xffffffff, 2 ** 31].map((hashSeed) => {
      const index = GramIndex.create({ k: 2, hashSeed });
      expect(index.hashSeed).to.equal(hashSeed);
      for (const text of texts) index.append(text);
      return new Attributor(index).attribute(toBytes("b c d e f x a"));
    });
    expect(attributions[1]).to.deep.equal(attributions[0]);
    expect(attributions[2]).to.deep.equal(attributions[0]);
  });

  it("refuses a K out of bounds", () => {
    for (const k of [-1, 0, 1, 33, 2.5, NaN]) {
      expect(() => GramIndex.create({ k })).to.throw(RangeError, `K must be a whole number from 2 to 32, but is ${k}.`);
    }
    for (const k of [2, 32]) expect(GramIndex.create({ k }).k).to.equal(k);
  });

  it("refuses a text that is too long, and stays as it was", () => {
    const index = GramIndex.create();
    index.append(toBytes("a b c d e"));
    expect(() => index.append(new Uint8Array(MAX_TEXT_BYTES + 1))).to.throw(
      RangeError,
      `has ${MAX_TEXT_BYTES} bytes at most`,
    );
    expect(index.count).to.equal(1);
    expect(positionOf(index, "a b c d e")).to.equal(0);
  });

  it("begins another segment for a text that the last one has no room for", function () {
    this.timeout(20_000);
    const index = GramIndex.create({ k: 2 });
    const padding = new Uint8Array(MAX_TEXT_BYTES);
    for (let i = 0; i < 3; i++) index.append(padding);
    // Of the segment all bytes but one are left to the last text, which needs one more for the space behind it.
    index.append(padding.subarray(0, MAX_TEXT_BYTES - 3 - 1));
    expect(index.memory.textBytes).to.equal(SEGMENT_BYTES);
    index.skip();
    index.append(toBytes("a b c"));
    expect(index.startOf(5)).to.equal(SEGMENT_BYTES);
    expect(positionOf(index, "b c")).to.equal(SEGMENT_BYTES + 2);
    expect(index.contributionAt(SEGMENT_BYTES + 2)).to.equal(5);
    expect(index.textOf(5)).to.deep.equal(toBytes("a b c"));
    expect(index.memory.textBytes).to.equal(SEGMENT_BYTES + 6);
  });

  it("says that it is full before it changes", () => {
    const { parts } = GramIndex.create({ k: 2 });
    const full: Record<string, [IndexParts, string]> = {
      "of texts": [
        {
          ...parts,
          texts: {
            ...parts.texts,
            segments: Array.from({ length: MAX_SEGMENTS }, () => new Uint8Array()),
            segmentLengths: Array.from({ length: MAX_SEGMENTS }, () => SEGMENT_BYTES),
          },
        },
        "The texts of an index have 4294967296 bytes at most.",
      ],
      "of K-grams": [{ ...parts, grams: 0.75 * 2 ** 29 - 2 }, "An index has 402653184 K-grams at most."],
    };
    for (const [name, [fullParts, message]] of Object.entries(full)) {
      const index = GramIndex.fromParts({ parts: fullParts });
      expect(() => index.append(toBytes("a b")), name).to.throw(IndexFullError, message);
      expect(index.count, name).to.equal(0);
      expect(index.skip(), name).to.equal(0);
      // The end of the last segment is no position any more.
      expect(index.startOf(0), name).to.equal(name === "of texts" ? 2 ** 32 - 1 : 0);
    }
  });
});
