import { expect } from "chai";

import { Random } from "./random.ts";

describe("Random", () => {
  it("repeats itself for the same seed only", () => {
    const draw = (seed: number): string[] => {
      const random = new Random(seed);
      return Array.from({ length: 5 }, () => random.bytes32());
    };
    expect(draw(1)).to.deep.equal(draw(1));
    expect(draw(1)).not.to.deep.equal(draw(2));
  });

  it("reaches every integer of a range and nothing else", () => {
    const random = new Random(3);
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(-2, 3)));
    expect([...seen].sort((a, b) => a - b)).to.deep.equal([-2, -1, 0, 1, 2, 3]);
  });

  it("draws integers wider than a word", () => {
    const random = new Random(4);
    const most = (1n << 200n) - 1n;
    const widest = Array.from({ length: 50 }, () => random.bigint(0n, most)).reduce((a, b) => (a > b ? a : b));
    expect(widest > 1n << 190n && widest <= most).to.be.true;
  });

  it("shuffles without losing anything", () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const shuffled = new Random(5).shuffle(items);
    expect(shuffled).not.to.deep.equal(items);
    expect(shuffled.sort((a, b) => a - b)).to.deep.equal(items);
  });

  it("refuses to pick from nothing", () => {
    expect(() => new Random(6).pick([])).to.throw(RangeError, "nothing to pick");
  });
});
