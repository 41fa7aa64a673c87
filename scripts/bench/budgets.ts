import type { Figure } from "./figures.ts";
import { gasFigure } from "./gas.ts";

/**
 * What stake, cases, incentives, governance and proofs about the largest reports may cost: 5 % above what they cost when their
 * budgets were set, or a round number.
 */
const BUDGETS: Record<string, number> = {
  "stake, first ever on an operator": 288_600,
  "stake, first time on an operator": 266_400,
  stake: 165_300,
  "stake from balance": 150_200,
  "harvest rewards of stakers": 66_700,
  "claim rewards of stake": 77_300,
  thaw: 158_800,
  "thaw more": 140_800,
  restake: 139_600,
  "withdraw stake": 89_300,
  "withdraw all stake": 79_600,
  "delegate votes in 1 pool, first time": 139_500,
  "delegate votes in 1 pool": 106_200,
  "delegate votes in 16 pools, first time": 1_446_500,
  "delegate votes in 16 pools": 1_198_700,
  "prove an equivocation, first against a pool": 264_900,
  "prove a duplicate in a Datanet of 100, first against a pool": 397_400,
  "open a case, 1 share": 379_500,
  "submit evidence": 31_500,
  "vote on a case": 87_800,
  "vote on a case, deciding": 86_500,
  "settle a case, 1 share": 211_500,
  "settle a case nobody ruled on, 1 share": 111_100,
  "open a case, 16 shares": 1_473_800,
  "settle a case, 16 shares": 525_400,
  "settle a case nobody ruled on, 16 shares": 425_700,
  "prove an equivocation": 213_500,
  "prove a duplicate in a Datanet of 100": 338_500,
  "count fees, first of the epoch": 172_800,
  "count fees": 119_000,
  "pass fees on, first of the epoch": 109_200,
  "pass fees on": 55_300,
  "vote for 1 asset": 213_300,
  "vote for 16 assets instead": 817_800,
  "vote for 16 assets": 951_300,
  "pay an asset its incentive": 113_600,
  propose: 90_800,
  "cast a vote, first, reaching the quorum": 143_000,
  "cast a vote, stake in 1 pool": 80_000,
  "cast a vote, stake in 16 pools": 236_900,
  "cast a vote, naming 16 pools": 224_000,
  "queue a proposal": 161_000,
  "execute a change of fees": 170_100,
  "prove a false span (F1), 2^20 calls": 200_000,
  "prove an earlier owner (F2), 2^20 calls": 200_000,
  "prove a missing span (F3), 2^20 calls": 200_000,
  "prove an earlier owner (F2), 2^20 calls, words across chunks": 220_400,
  "prove a missing span (F3), 2^20 calls, words across chunks": 223_900,
};

/** What may come on top when there is more of everything: zero bytes of calldata, and the depth of a search. */
const GROWTH_PERCENT = 5;

/**
 * A figure in gas with the budget it has in the table above.
 *
 * @throws Error if it has none.
 */
export function budgeted(name: string, value: number): Figure {
  if (!(name in BUDGETS)) throw new Error(`"${name}" has no budget in scripts/bench/budgets.ts.`);
  return gasFigure(name, value, BUDGETS[name]);
}

/** The figure of something that was measured before, now that there is more: it is not to cost more. */
export function grown(name: string, { before, value }: { before: number; value: number }): Figure {
  return gasFigure(name, value, Math.floor((before * (100 + GROWTH_PERCENT)) / 100));
}
