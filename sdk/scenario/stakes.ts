import { DUPLICATE_SLASH_BPS, EQUIVOCATION_SLASH_BPS, MIN_SELF_STAKE, OPEN, RULING_SLASH_BPS } from "./limits.ts";
import type { Operator, OperatorIndex, PersonIndex } from "./scenario.ts";
import type { Slash } from "./step.ts";

/** How slashes are divided: constants of the court. */
const BOUNTY_BPS = 1_000n;
const PAID_BPS = 5_000n;
const BPS = 10_000n;

/** Least bond of a case: the deployment's. */
const MIN_BOND = 100n * OPEN;
const BOND_BPS = 500n;

const RATE_ONE = 10n ** 18n;

interface Pool {
  shares: bigint;
  own: bigint;
  /** Value of 10^18 shares. */
  rate: bigint;
  slashed: bigint;
  isEligible: boolean;
}

/** Operators' pools, and what slashes take from them, computed as the contracts do. */
export class Stakes {
  readonly #operators: readonly Operator[];
  readonly #pools: Pool[];

  constructor(operators: readonly Operator[]) {
    this.#operators = operators;
    this.#pools = operators.map(() => ({ shares: 0n, own: 0n, rate: RATE_ONE, slashed: 0n, isEligible: false }));
  }

  stake({ operator, staker, amount }: { operator: OperatorIndex; staker: PersonIndex; amount: bigint }): void {
    const pool = this.#pools[operator];
    const shares = (amount * RATE_ONE) / pool.rate;
    pool.shares += shares;
    if (staker === this.#operators[operator].wallet) pool.own += shares;
    pool.isEligible = valueOf(pool.own, pool.rate) >= MIN_SELF_STAKE;
  }

  /** Whether the operator may serve. */
  isEligible(operator: OperatorIndex): boolean {
    return this.#pools[operator].isEligible;
  }

  /** What is staked on an operator now. */
  staked(operator: OperatorIndex): bigint {
    const { shares, rate } = this.#pools[operator];
    return valueOf(shares, rate);
  }

  /** What all slashes together have taken. */
  slashed(operator: OperatorIndex): bigint {
    return this.#pools[operator].slashed;
  }

  equivocate(operator: OperatorIndex, harm: bigint): Slash | undefined {
    return this.#slash({ operator, amount: this.#part(operator, EQUIVOCATION_SLASH_BPS), harm, bountyBps: BOUNTY_BPS });
  }

  /** Of a curator that is an operator. The first contributor is compensated as far as there is anything for it. */
  duplicate(operator: OperatorIndex): Slash | undefined {
    return this.#slash({
      operator,
      amount: this.#part(operator, DUPLICATE_SLASH_BPS),
      harm: undefined,
      bountyBps: BOUNTY_BPS,
    });
  }

  rule(operator: OperatorIndex, asked: bigint): Slash | undefined {
    const cap = this.#part(operator, RULING_SLASH_BPS);
    return this.#slash({ operator, amount: asked < cap ? asked : cap, harm: asked, bountyBps: 0n });
  }

  #part(operator: OperatorIndex, bps: bigint): bigint {
    return (this.staked(operator) * bps) / BPS;
  }

  /** @param harm Most that the harmed party gets; undefined for all there is. */
  #slash({
    operator,
    amount,
    harm,
    bountyBps,
  }: {
    operator: OperatorIndex;
    amount: bigint;
    harm: bigint | undefined;
    bountyBps: bigint;
  }): Slash | undefined {
    if (amount === 0n) return undefined;
    const pool = this.#pools[operator];
    const value = valueOf(pool.shares, pool.rate);
    const ownBefore = valueOf(pool.own, pool.rate);
    const rate = (pool.rate * (value - amount)) / value;
    pool.rate = rate > 1n ? rate : 1n;
    const taken = value - valueOf(pool.shares, pool.rate);
    const own = ownBefore - valueOf(pool.own, pool.rate);
    pool.slashed += taken;
    pool.isEligible = valueOf(pool.own, pool.rate) >= MIN_SELF_STAKE;
    const bounty = (own * bountyBps) / BPS;
    const left = (own * PAID_BPS) / BPS - bounty;
    return { taken, bounty, compensation: harm !== undefined && harm < left ? harm : left };
  }
}

/** Bond of a case that asks for a slash. */
export function bondFor(asked: bigint): bigint {
  const part = (asked * BOND_BPS) / BPS;
  return part > MIN_BOND ? part : MIN_BOND;
}

/** How a bond is divided at the end of a case; what is left is burned. */
export function bondAfter(
  bond: bigint,
  ruling: "claimant" | "respondent" | "none",
): { toClaimant: bigint; toRespondent: bigint } {
  const half = bond / 2n;
  switch (ruling) {
    case "claimant":
      return { toClaimant: bond, toRespondent: 0n };
    case "respondent":
      return { toClaimant: 0n, toRespondent: half };
    case "none":
      return { toClaimant: bond - half, toRespondent: half };
  }
}

function valueOf(shares: bigint, rate: bigint): bigint {
  return (shares * rate) / RATE_ONE;
}
