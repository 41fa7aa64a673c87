import { RandomStream } from "./randomness.ts";
import type { Arrivals, PersonIndex, Range, Traffic } from "./scenario.ts";

/** A payment that somebody wants to make. */
export interface Wish {
  payer: PersonIndex;
  calls: number;
  /** Over all calls. */
  tokensIn: number;
  tokensOut: number;
}

/** In so many equal parts of a period usage is shown; all of a burst comes in one of them. */
export const PARTS_OF_PERIOD = 24;

const BPS = 10_000n;
/** Bits of a probability: as many as a number holds exactly. */
const PROBABILITY_BITS = 53n;
const WORD = 2 ** 32;

/** Who pays when, of one traffic. Its random numbers are its own. */
export class TrafficSource {
  readonly traffic: Traffic;
  /** Payers that are there, in no particular order. */
  present: PersonIndex[] = [];
  readonly #arrivals: RandomStream;
  readonly #payers: RandomStream;
  readonly #churn: RandomStream;
  #joined = 0;

  constructor({ traffic, seed, number }: { traffic: Traffic; seed: number; number: number }) {
    this.traffic = traffic;
    this.#arrivals = new RandomStream({ seed, purpose: "arrivals", number });
    this.#payers = new RandomStream({ seed, purpose: "payers", number });
    this.#churn = new RandomStream({ seed, purpose: "churn", number });
  }

  flowsIn(period: number): boolean {
    return period >= this.traffic.from && period <= this.traffic.to;
  }

  /** Lets payers come and go, and says at which seconds of a period payments arrive, in no particular order. */
  begin(period: number, periodSeconds: number): number[] {
    const { churn, from, arrivals } = this.traffic;
    if (period === from) {
      this.#join(churn.begin);
    } else {
      if (churn.leaveBps > 0) this.present = this.present.filter(() => !this.#churn.chance(churn.leaveBps));
      this.#join(churn.join);
    }
    const count = paymentsOf({ arrivals, period: period - from, random: this.#arrivals });
    const isBurst = arrivals.kind === "bursts" && (period - from) % arrivals.every === 0;
    const part = isBurst ? this.#arrivals.below(PARTS_OF_PERIOD) : 0;
    const start = Math.floor((part * periodSeconds) / PARTS_OF_PERIOD);
    const end = isBurst ? Math.floor(((part + 1) * periodSeconds) / PARTS_OF_PERIOD) : periodSeconds;
    return Array.from({ length: count }, () => start + this.#arrivals.below(end - start));
  }

  /** The next payment; undefined if nobody is there to make it. */
  next(): Wish | undefined {
    if (this.present.length === 0) return undefined;
    const { tokensIn, tokensOut, callsPerPayment } = this.traffic;
    const payer = this.present[this.#payers.below(this.present.length)];
    const calls = drawn(this.#payers, callsPerPayment);
    return { payer, calls, ...tokensOf({ calls, tokensIn, tokensOut, random: this.#payers }) };
  }

  #join(count: number): void {
    const { payers } = this.traffic;
    const end = Math.min(payers.length, this.#joined + count);
    for (; this.#joined < end; this.#joined++) this.present.push(payers[this.#joined]);
  }
}

/** Tokens of so many calls, drawn for each. */
export function tokensOf({
  calls,
  tokensIn,
  tokensOut,
  random,
}: {
  calls: number;
  tokensIn: Range;
  tokensOut: Range;
  random: RandomStream;
}): { tokensIn: number; tokensOut: number } {
  const isFixed = tokensIn.least === tokensIn.most && tokensOut.least === tokensOut.most;
  if (isFixed) return { tokensIn: calls * tokensIn.least, tokensOut: calls * tokensOut.least };
  const tokens = { tokensIn: 0, tokensOut: 0 };
  for (let call = 0; call < calls; call++) {
    tokens.tokensIn += drawn(random, tokensIn);
    tokens.tokensOut += drawn(random, tokensOut);
  }
  return tokens;
}

/** A number out of a range; takes no random number where there is one only. */
function drawn(random: RandomStream, range: Range): number {
  return range.least === range.most ? range.least : random.between(range);
}

/** How many payments arrive in a period, counted from the traffic's first. */
export function paymentsOf({
  arrivals,
  period,
  random,
}: {
  arrivals: Arrivals;
  period: number;
  random: RandomStream;
}): number {
  switch (arrivals.kind) {
    case "fixed":
      return arrivals.payments;
    case "poisson":
      return poisson(random, arrivals.mean);
    case "bursts":
      return period % arrivals.every === 0 ? arrivals.payments : arrivals.between;
    case "growth": {
      const power = BigInt(period);
      return Number((BigInt(arrivals.start) * (BPS + BigInt(arrivals.changeBps)) ** power) / BPS ** power);
    }
  }
}

/**
 * How often something happens that happens `mean` times on average. The usual methods take logarithms or powers of e, which
 * engines may round differently. This one adds up: what happens `mean` times is the sum of what happens once, so many times,
 * and once more for the fraction, of which each event counts with that probability.
 */
export function poisson(random: RandomStream, mean: number): number {
  const whole = Math.floor(mean);
  let count = 0;
  for (let i = 0; i < whole; i++) count += poissonOfOne(random);
  const fraction = Math.floor((mean - whole) * WORD);
  if (fraction === 0) return count;
  for (let events = poissonOfOne(random); events > 0; events--) if (random.word() < fraction) count++;
  return count;
}

/** By a table of the probabilities of at most 0, 1, 2 … events. */
function poissonOfOne(random: RandomStream): number {
  const point = (random.word() >>> 11) * WORD + random.word();
  let events = 0;
  while (point >= AT_MOST[events]) events++;
  return events;
}

/** In 2^-53: Σ 1/(k!·e), by integers, until there is nothing left to add. */
const AT_MOST: readonly number[] = (() => {
  const one = 1n << 128n;
  const terms = [one];
  for (let k = 1n; terms[terms.length - 1] > 0n; k++) terms.push(terms[terms.length - 1] / k);
  const e = terms.reduce((sum, term) => sum + term, 0n);
  const thresholds: number[] = [];
  let sum = 0n;
  for (const term of terms) {
    sum += term;
    thresholds.push(Number((sum << PROBABILITY_BITS) / e));
  }
  return thresholds;
})();
