import type { Layer, Rail } from "./scenario.ts";

/**
 * What came out of a run: the same for the same scenario and seed, to the byte, whatever it ran on. Amounts are in the token's smallest
 * unit, parts in millionths, times in seconds.
 */
export interface RunResult {
  scenario: string;
  teaches: string;
  seed: number;
  periodSeconds: number;
  periods: PeriodResult[];
  /** Everybody who earned, claimed or spent anything, in the order of the file. */
  accounts: AccountResult[];
  datanets: AssetResult[];
  assets: AssetResult[];
  services: ServiceResult[];
  operators: OperatorResult[];
  rails: { rail: Rail; payments: number; calls: number; amount: bigint }[];
  /** For the picture: who paid whom. Adds up at every node except for dust. */
  flows: FlowResult[];
  totals: Totals;
  health: Health;
  expectations: ExpectationResult[];
}

export interface PeriodResult {
  period: number;
  payments: number;
  calls: number;
  refusedCalls: number;
  /** What was paid, fixed fees included. */
  volume: bigint;
  /** Payers that paid, and payers that are there. */
  activePayers: number;
  presentPayers: number;
  /** Contributors that earned in this period; that claimed; and what they claimed. */
  paidContributors: number;
  claimingContributors: number;
  claimed: bigint;
  earnedByLayer: Record<Layer, bigint>;
  /** Payments by rhythm: the period in 24 equal parts. */
  rhythm: number[];
  gini: number;
  hhi: number;
  nakamoto: number;
  /** Gas that the period's transactions take, by the committed figures of the benches. */
  estimatedGas: bigint;
}

export interface AccountResult {
  name: string;
  group: string | undefined;
  /** What most of its earnings are for; undefined for somebody who earned nothing. */
  layer: Layer | undefined;
  earned: bigint;
  claimed: bigint;
  spent: bigint;
  earnedByLayer: Record<Layer, bigint>;
  /** Per period. Empty for members of groups above a size that the run names. */
  earnedPerPeriod: bigint[];
  /** First period with a contribution; undefined if it has none. */
  joined: number | undefined;
}

export interface AssetResult {
  name: string;
  kind: "datanet" | "model" | "agent";
  versions: number;
  /** What went into the splits of all its versions. */
  received: bigint;
  calls: number;
}

export interface ServiceResult {
  name: string;
  asset: string;
  operator: string;
  payments: number;
  calls: number;
  tokensIn: number;
  tokensOut: number;
  amount: bigint;
}

export interface OperatorResult {
  name: string;
  calls: number;
  earned: bigint;
  poolEarned: bigint;
  staked: bigint;
  slashed: bigint;
}

export interface FlowResult {
  from: FlowEnd;
  to: FlowEnd;
  amount: bigint;
}

export interface FlowEnd {
  name: string;
  kind:
    | "payer"
    | "service"
    | "operator"
    | "staker"
    | "agent"
    | "model"
    | "datanet"
    | "contributor"
    | "builder"
    | "protocol";
}

export interface Totals {
  payments: number;
  calls: number;
  refusedCalls: number;
  paid: bigint;
  earned: bigint;
  claimed: bigint;
  claimable: bigint;
  /** What payers have in channels and balances and did not spend. */
  prepaid: bigint;
  dust: bigint;
  /** Of how many splits and shares. */
  splits: number;
  shares: number;
}

export interface Health {
  earnedByLayer: Record<Layer, bigint>;
  /** Of all that earned anything: Gini coefficient and Herfindahl-Hirschman index in millionths, and how many have more than half. */
  gini: number;
  hhi: number;
  nakamoto: number;
  /** The same of contributors alone. */
  contributors: { gini: number; hhi: number; nakamoto: number; earners: number };
  /** Contributors by the period of their first contribution: how many, and how many were paid in each period since. */
  cohorts: { joined: number; members: number; paid: number[] }[];
  /** Part of contributors paid in any of the first half's periods that were also paid in the last period, in millionths. */
  retention: number;
  /** Mean seconds from a payment to the claim of what it brought, weighted by amount; undefined if nobody claimed. */
  secondsToClaim: number | undefined;
  /** Gas of everything as a part of the value moved, in millionths, at the scenario's prices. */
  gasShare: number;
  estimatedGas: bigint;
  /** Below this a contributor's claim costs more than it brings, at the scenario's prices; by the deepest way and by the shortest. */
  smallestClaim: { least: bigint; most: bigint } | undefined;
}

export interface ExpectationResult {
  text: string;
  line: number;
  holds: boolean;
  /** What it was instead, or indeed, as people write it. */
  actual: string;
}
