import type { Operator, PersonIndex } from "./scenario.ts";

const BPS = 10_000n;

/** What is staked on each operator, and by whom, as slashes go by. */
export class StakeBook {
  /** By operator, then by staker. */
  readonly #pools: Map<PersonIndex, bigint>[];

  constructor(operators: readonly Operator[]) {
    this.#pools = operators.map(({ wallet, stake, backers }) => {
      const pool = new Map([[wallet, stake]]);
      for (const { backer, amount } of backers) pool.set(backer, (pool.get(backer) ?? 0n) + amount);
      return pool;
    });
  }

  pool(operator: number): bigint {
    return sum(this.#pools[operator].values());
  }

  total(): bigint {
    return sum(this.#pools.map((_, operator) => this.pool(operator)));
  }

  votes(person: PersonIndex): bigint {
    return sum(this.#pools.map((pool) => pool.get(person) ?? 0n));
  }

  /** Takes a part of what everybody has in a pool. */
  slash(operator: number, bps: bigint): void {
    for (const [staker, amount] of this.#pools[operator])
      this.#pools[operator].set(staker, amount - (amount * bps) / BPS);
  }

  slashAmount(operator: number, amount: bigint): void {
    const pool = this.pool(operator);
    if (pool === 0n) return;
    for (const [staker, own] of this.#pools[operator]) this.#pools[operator].set(staker, own - (own * amount) / pool);
  }
}

export function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}

/** A Datanet's log: who has units in it. */
export class LogBook {
  readonly #active = new Map<PersonIndex, number>();
  version = 0;

  append(contributors: readonly PersonIndex[]): void {
    for (const contributor of contributors) this.#active.set(contributor, (this.#active.get(contributor) ?? 0) + 1);
    this.version++;
  }

  /** Each of the contributions revoked makes a version. */
  revoke(contributor: PersonIndex): void {
    this.version += this.#active.get(contributor) ?? 0;
    this.#active.delete(contributor);
  }

  has(contributor: PersonIndex): boolean {
    return this.#active.has(contributor);
  }

  get isEmpty(): boolean {
    return this.#active.size === 0;
  }
}
