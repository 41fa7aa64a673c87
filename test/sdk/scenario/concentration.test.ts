import { expect } from "chai";

import { concentrationOf, gini, hhi, lorenzCurve, nakamoto } from "../../../sdk/scenario/concentration.ts";
import { type Random, randomFrom } from "../random.ts";

const ROUNDS = 200;

function randomAmounts(random: Random): bigint[] {
  return Array.from({ length: 1 + random.integer(40) }, () => random.uint(90));
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}

describe("gini", () => {
  it("is half the mean difference of two as a part of the mean", () => {
    // Differences of all pairs, each in both directions: 2 · (1 + 2 + 3 + 1 + 2 + 1) = 20; 20 / (2 · 4² · 2.5) = 0.25.
    expect(gini([4n, 1n, 3n, 2n])).to.equal(250_000);
    // 2 · (0 + 9 + 9) / (2 · 3² · 4) = 0.5.
    expect(gini([1n, 1n, 10n])).to.equal(500_000);
  });

  it("is nothing if all have the same, and (n - 1) / n if one has all", () => {
    expect(gini([7n, 7n, 7n])).to.equal(0);
    expect(gini([0n, 0n, 0n, 9n])).to.equal(750_000);
    expect(gini([0n, 5n, 0n])).to.equal(666_666);
  });

  it("agrees with its definition over all pairs", () => {
    const random = randomFrom(11);
    for (let round = 0; round < ROUNDS; round++) {
      const amounts = randomAmounts(random);
      const differences = amounts.flatMap((a) => amounts.map((b) => (a > b ? a - b : b - a)));
      const whole = 2n * BigInt(amounts.length) * sum(amounts);
      expect(gini(amounts)).to.equal(whole === 0n ? 0 : Number((sum(differences) * 1_000_000n) / whole));
    }
  });
});

describe("hhi", () => {
  it("adds up the squares of all parts", () => {
    // 0.5² + 0.3² + 0.2² = 0.38.
    expect(hhi([5n, 2n, 3n])).to.equal(380_000);
  });

  it("is all if one has all, and an n-th if n have the same", () => {
    expect(hhi([0n, 3n])).to.equal(1_000_000);
    expect(hhi([3n, 3n, 3n])).to.equal(333_333);
  });
});

describe("nakamoto", () => {
  it("counts the richest that have more than half together", () => {
    expect(nakamoto([10n, 40n, 30n, 20n])).to.equal(2);
    expect(nakamoto([1n, 1n, 51n, 47n])).to.equal(1);
  });

  it("takes half for not enough", () => {
    expect(nakamoto([50n, 50n])).to.equal(2);
    expect(nakamoto([1n, 1n, 1n, 1n])).to.equal(3);
  });
});

describe("concentration", () => {
  it("is nothing where there is nothing", () => {
    const nothing = { gini: 0, hhi: 0, nakamoto: 0 };
    expect(concentrationOf([])).to.deep.equal(nothing);
    expect(concentrationOf([0n])).to.deep.equal(nothing);
    expect(concentrationOf([0n, 0n, 0n])).to.deep.equal(nothing);
  });

  it("of one is complete", () => {
    expect(concentrationOf([1n])).to.deep.equal({ gini: 0, hhi: 1_000_000, nakamoto: 1 });
  });

  it("depends neither on the unit nor on the order", () => {
    const random = randomFrom(12);
    for (let round = 0; round < ROUNDS; round++) {
      const amounts = randomAmounts(random);
      const factor = 1n + random.uint(60);
      const figures = concentrationOf(amounts);
      expect(concentrationOf(amounts.map((amount) => amount * factor))).to.deep.equal(figures);
      expect(concentrationOf(amounts.toReversed())).to.deep.equal(figures);
      const turned = random.integer(amounts.length);
      expect(concentrationOf([...amounts.slice(turned), ...amounts.slice(0, turned)])).to.deep.equal(figures);
    }
  });

  it("stays within its bounds", () => {
    const random = randomFrom(13);
    for (let round = 0; round < ROUNDS; round++) {
      const amounts = [...randomAmounts(random), 1n];
      const size = amounts.length;
      const figures = concentrationOf(amounts);
      expect(figures.gini).to.be.within(0, Math.floor((1_000_000 * (size - 1)) / size));
      expect(figures.hhi).to.be.within(Math.floor(1_000_000 / size), 1_000_000);
      expect(figures.nakamoto).to.be.within(1, Math.floor(size / 2) + 1);
    }
  });

  it("grows when the poor pay the rich", () => {
    const random = randomFrom(14);
    for (let round = 0; round < ROUNDS; round++) {
      const amounts = randomAmounts(random).sort((a, b) => (a < b ? -1 : 1));
      const worse = [0n, ...amounts.slice(1, -1), amounts[0] + amounts[amounts.length - 1]];
      if (amounts.length === 1) continue;
      expect(gini(worse)).to.be.at.least(gini(amounts));
      expect(hhi(worse)).to.be.at.least(hhi(amounts));
      expect(nakamoto(worse)).to.be.at.most(nakamoto(amounts));
    }
  });

  it("changes none of the amounts it is given", () => {
    const amounts = [3n, 1n, 2n];
    concentrationOf(amounts);
    expect(amounts).to.deep.equal([3n, 1n, 2n]);
  });

  it("refuses amounts below nothing", () => {
    for (const figure of [gini, hhi, nakamoto]) expect(() => figure([1n, -1n])).to.throw(RangeError, "-1");
  });
});

describe("lorenzCurve", () => {
  it("goes from nobody and nothing to everybody and all", () => {
    expect(lorenzCurve([4n, 1n, 3n, 2n], 100)).to.deep.equal([
      { people: 0, part: 0 },
      { people: 250_000, part: 100_000 },
      { people: 500_000, part: 300_000 },
      { people: 750_000, part: 600_000 },
      { people: 1_000_000, part: 1_000_000 },
    ]);
  });

  it("has no more steps than asked for, and ends at all of it", () => {
    const amounts = Array.from({ length: 1_001 }, (_, i) => BigInt(i));
    const curve = lorenzCurve(amounts, 50);
    expect(curve).to.have.length(51);
    expect(curve.at(-1)).to.deep.equal({ people: 1_000_000, part: 1_000_000 });
    expect(curve[25]).to.deep.equal({ people: 499_500, part: 249_250 });
  });

  it("is empty where there is nothing", () => {
    expect(lorenzCurve([], 10)).to.deep.equal([]);
    expect(lorenzCurve([0n, 0n], 10)).to.deep.equal([]);
  });
});
