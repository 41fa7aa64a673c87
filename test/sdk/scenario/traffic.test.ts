import { expect } from "chai";

import { RandomStream } from "../../../sdk/scenario/randomness.ts";
import type { Arrivals } from "../../../sdk/scenario/scenario.ts";
import { PARTS_OF_PERIOD, paymentsOf, poisson, TrafficSource } from "../../../sdk/scenario/traffic.ts";
import { traffic, WEEK_SECONDS } from "../../helpers/scenario.ts";

function streamOf(seed: number, number = 0): RandomStream {
  return new RandomStream({ seed, purpose: "arrivals", number });
}

function words(stream: RandomStream): number[] {
  return Array.from({ length: 4 }, () => stream.word());
}

function sourceOf(rest: Parameters<typeof traffic>[2], payers = 10, number = 0): TrafficSource {
  const everybody = Array.from({ length: payers }, (_, i) => i);
  return new TrafficSource({ traffic: traffic(everybody, { asset: 0 }, rest), seed: 1, number });
}

describe("RandomStream", () => {
  it("is sfc32 as its author wrote it", () => {
    // PractRand's sfc32: tmp = a + b + counter++; a = b ^ (b >> 9); b = c + (c << 3); c = rotl(c, 21) + tmp.
    const mask = 0xffffffffn;
    let [a, b, c, counter] = [(1n << 24n) ^ 5n, 7n, 0n, 1n];
    const next = (): number => {
      const tmp = (a + b + counter++) & mask;
      a = b ^ (b >> 9n);
      b = (c + (c << 3n)) & mask;
      c = ((((c << 21n) | (c >> 11n)) & mask) + tmp) & mask;
      return Number(tmp);
    };
    for (let round = 0; round < 16; round++) next();
    expect(words(streamOf(7, 5))).to.deep.equal([next(), next(), next(), next()]);
  });

  it("differs by seed, high bits too, by purpose and by number", () => {
    const streams = [
      streamOf(1),
      streamOf(2),
      streamOf(1 + 2 ** 32),
      streamOf(1, 1),
      new RandomStream({ seed: 1, purpose: "payers", number: 0 }),
    ];
    expect(new Set(streams.map((stream) => words(stream).join())).size).to.equal(streams.length);
  });

  it("reaches both ends of a range, and nothing else", () => {
    const stream = streamOf(3);
    const seen = new Set(Array.from({ length: 500 }, () => stream.between({ least: 2, most: 5 })));
    expect([...seen].sort()).to.deep.equal([2, 3, 4, 5]);
  });

  it("can be drawn a second time", () => {
    const stream = streamOf(4);
    const copy = stream.copy();
    expect(words(copy)).to.deep.equal(words(stream));
  });
});

describe("poisson", () => {
  it("has the mean and the variance that it should", () => {
    for (const mean of [0.25, 1, 3.5, 40]) {
      const stream = streamOf(5);
      const draws = Array.from({ length: 20_000 }, () => poisson(stream, mean));
      const average = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
      const variance = draws.reduce((sum, draw) => sum + (draw - average) ** 2, 0) / draws.length;
      // Five standard errors of either.
      expect(Math.abs(average - mean)).to.be.below(5 * Math.sqrt(mean / draws.length));
      expect(Math.abs(variance - mean)).to.be.below(5 * Math.sqrt((mean + 2 * mean ** 2) / draws.length));
    }
  });

  it("has the probabilities of small numbers that it should", () => {
    const stream = streamOf(6);
    const counts = [0, 0, 0, 0];
    const draws = 100_000;
    for (let i = 0; i < draws; i++) {
      const count = poisson(stream, 1);
      if (count < counts.length) counts[count]++;
    }
    const expected = [1, 1, 1 / 2, 1 / 6].map((part) => (part / Math.E) * draws);
    counts.forEach((count, k) => expect(Math.abs(count - expected[k])).to.be.below(5 * Math.sqrt(expected[k])));
  });

  it("is nothing at a mean of nothing", () => {
    expect(poisson(streamOf(1), 0)).to.equal(0);
  });
});

describe("paymentsOf", () => {
  const perPeriod = (arrivals: Arrivals): number[] =>
    Array.from({ length: 5 }, (_, period) => paymentsOf({ arrivals, period, random: streamOf(1) }));

  it("counts fixed arrivals, bursts and growth by the period", () => {
    expect(perPeriod({ kind: "fixed", payments: 3 })).to.deep.equal([3, 3, 3, 3, 3]);
    expect(perPeriod({ kind: "bursts", payments: 9, every: 2, between: 1 })).to.deep.equal([9, 1, 9, 1, 9]);
    expect(perPeriod({ kind: "growth", start: 100, changeBps: 1_000 })).to.deep.equal([100, 110, 121, 133, 146]);
    expect(perPeriod({ kind: "growth", start: 100, changeBps: -5_000 })).to.deep.equal([100, 50, 25, 12, 6]);
  });
});

describe("TrafficSource", () => {
  it("lets payments arrive within the period", () => {
    const source = sourceOf({ arrivals: { kind: "fixed", payments: 1_000 } });
    const times = source.begin(0, 60);
    expect(new Set(times).size).to.equal(60);
    expect(Math.min(...times)).to.equal(0);
    expect(Math.max(...times)).to.equal(59);
  });

  it("lets all of a burst arrive in one part of the period", () => {
    const source = sourceOf({ arrivals: { kind: "bursts", payments: 200, every: 1, between: 0 } });
    for (let period = 0; period < 5; period++) {
      const part = (time: number): number => Math.floor((time * PARTS_OF_PERIOD) / WEEK_SECONDS);
      expect(new Set(source.begin(period, WEEK_SECONDS).map(part)).size).to.equal(1);
    }
  });

  it("adds up the tokens of each call", () => {
    const range = { least: 10, most: 20 };
    const source = sourceOf({
      callsPerPayment: { least: 3, most: 3 },
      tokensIn: range,
      tokensOut: { least: 5, most: 5 },
    });
    source.begin(0, WEEK_SECONDS);
    for (let i = 0; i < 50; i++) {
      const wish = source.next();
      expect(wish?.tokensIn).to.be.within(30, 60);
      expect(wish?.tokensOut).to.equal(15);
    }
  });

  it("lets payers come in the order of the list, and go for good", () => {
    const source = sourceOf({ churn: { begin: 3, join: 2, leaveBps: 0 } }, 6);
    const present = [0, 1, 2, 3].map((period) => {
      source.begin(period, WEEK_SECONDS);
      return [...source.present];
    });
    expect(present).to.deep.equal([
      [0, 1, 2],
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4, 5],
      [0, 1, 2, 3, 4, 5],
    ]);
    const leaving = sourceOf({ churn: { begin: 1_000, join: 0, leaveBps: 5_000 } }, 1_000);
    let before = new Set<number>();
    for (let period = 0; period < 4; period++) {
      leaving.begin(period, WEEK_SECONDS);
      if (period > 0) {
        for (const payer of leaving.present) expect(before.has(payer)).to.be.true;
        expect(Math.abs(leaving.present.length - before.size / 2)).to.be.below(before.size / 8);
      }
      before = new Set(leaving.present);
    }
  });

  it("has nobody to pay when all are gone", () => {
    const source = sourceOf({ churn: { begin: 0, join: 0, leaveBps: 0 } });
    source.begin(0, WEEK_SECONDS);
    expect(source.next()).to.equal(undefined);
  });

  it("flows in its periods, both included", () => {
    const source = sourceOf({ from: 1, to: 2 });
    expect([0, 1, 2, 3].map((period) => source.flowsIn(period))).to.deep.equal([false, true, true, false]);
  });
});
