/** Random numbers that are the same on every machine for the same seed (xorshift128+ seeded by splitmix64). */
export class Random {
  #state: [bigint, bigint];

  constructor(seed: bigint | number) {
    let next = BigInt(seed);
    const mix = (): bigint => {
      next = BigInt.asUintN(64, next + 0x9e3779b97f4a7c15n);
      let z = next;
      z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
      z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
      return z ^ (z >> 31n);
    };
    this.#state = [mix(), mix()];
  }

  /** 64 random bits. */
  word(): bigint {
    let [a] = this.#state;
    const b = this.#state[1];
    a = BigInt.asUintN(64, a ^ (a << 23n));
    a ^= b ^ (a >> 17n) ^ (b >> 26n);
    this.#state = [b, a];
    return BigInt.asUintN(64, a + b);
  }

  /** From `least` to `most`, both included. 64 bits more than the range needs keep the bias below 2^-64. */
  bigint(least: bigint, most: bigint): bigint {
    const range = most - least + 1n;
    let bits = this.word();
    for (let rest = range; rest > 0n; rest >>= 64n) bits = (bits << 64n) | this.word();
    return least + (bits % range);
  }

  /** From `least` to `most`, both included. */
  integer(least: number, most: number): number {
    return Number(this.bigint(BigInt(least), BigInt(most)));
  }

  /** True with this probability, to one part in a million. */
  chance(probability: number): boolean {
    return this.integer(0, 999_999) < probability * 1_000_000;
  }

  /** One of the items. */
  pick<Item>(items: readonly Item[]): Item {
    if (items.length === 0) throw new RangeError("There is nothing to pick from.");
    return items[this.integer(0, items.length - 1)];
  }

  /** The items in random order. */
  shuffle<Item>(items: readonly Item[]): Item[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.integer(0, i);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }

  /** 32 random bytes as hex. */
  bytes32(): string {
    return `0x${Array.from({ length: 4 }, () => this.word().toString(16).padStart(16, "0")).join("")}`;
  }
}
