const WORD = 2 ** 32;
/** Rounds after which every bit of the seed has reached every bit of the state. */
const WARM_UP = 16;

/** What random numbers are for. Each has streams of its own, so that one more traffic changes nothing of another. */
export const PURPOSES = { arrivals: 1, payers: 2, churn: 3, agents: 4, parents: 5, units: 6, words: 7 } as const;

/**
 * Random numbers that are the same on every machine: sfc32 by Chris Doty-Humphrey (PractRand, public domain), in 32-bit
 * integers only. Nothing is computed by functions such as `Math.log`, whose last bit engines may choose.
 */
export class RandomStream {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** A stream of its own for each purpose and number. */
  constructor({ seed, purpose, number }: { seed: number; purpose: keyof typeof PURPOSES; number: number }) {
    this.#a = (PURPOSES[purpose] << 24) ^ number;
    this.#b = seed | 0;
    this.#c = Math.floor(seed / WORD) | 0;
    for (let round = 0; round < WARM_UP; round++) this.word();
  }

  /** The same stream from here on, drawn a second time. */
  copy(): RandomStream {
    const copy = new RandomStream({ seed: 0, purpose: "arrivals", number: 0 });
    [copy.#a, copy.#b, copy.#c, copy.#counter] = [this.#a, this.#b, this.#c, this.#counter];
    return copy;
  }

  /** 32 random bits. */
  word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Less than `count`, which is at most 2^32; each as likely as the others. */
  below(count: number): number {
    // What would favour small numbers is drawn again.
    const limit = WORD - (WORD % count);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % count;
  }

  /** From `least` to `most`, both included; at most 2^32 numbers. */
  between({ least, most }: { least: number; most: number }): number {
    return least + this.below(most - least + 1);
  }

  /** True with a probability in basis points. */
  chance(bps: number): boolean {
    return this.below(10_000) < bps;
  }
}
