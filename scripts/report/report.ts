import type { FlowResult } from "../../sdk/scenario/result.ts";
import type { AttributionResult } from "./attribution.ts";
import type { Sequel } from "./sequel.ts";

/** Everything the demo found out, as it is printed, drawn and written. Amounts in the token's smallest unit. */
export interface Report {
  seed: number;
  seconds: number;
  corpus: { texts: number; words: number; bytes: number; authors: number };
  contracts: { name: string; address: string }[];
  splits: SplitRow[];
  contributors: ContributorRow[];
  builders: EarnerRow[];
  operators: (EarnerRow & { calls: bigint })[];
  /** What those earned who back the operators. */
  stakers: EarnerRow[];
  others: EarnerRow[];
  services: ServiceRow[];
  rails: RailRow[];
  agent: { earned: bigint; spent: bigint; calls: bigint };
  /** What payers have deposited and not spent. */
  prepaid: bigint;
  gas: GasRow[];
  flows: FlowResult[];
  conservation: { paidIn: bigint; paidOut: bigint; claimable: bigint; dust: bigint; staked: bigint };
  sequel: Sequel;
  attribution: AttributionResult;
  comparison: {
    accounts: number;
    splits: number;
    shares: number;
    /** Units that rounding has cost whom it cost most. */
    mostRoundedOff: bigint;
    differences: string[];
  };
}

/** A split and what went through it. */
export interface SplitRow {
  name: string;
  splitId: string;
  shares: number;
  received: bigint;
  dust: bigint;
}

/** Somebody who was paid, and for what. */
export interface EarnerRow {
  name: string;
  role: string;
  address: string;
  earned: bigint;
  /** Part of the earnings that has left the ledger. */
  paidOut: bigint;
}

export interface ContributorRow extends EarnerRow {
  texts: number;
  words: number;
  /** How the money left: by a claim, a relayed claim, a payout, or not yet. */
  paidBy: string;
}

export interface ServiceRow {
  name: string;
  operator: string;
  ratePerThousandIn: bigint;
  ratePerThousandOut: bigint;
  payments: number;
  calls: bigint;
  /** Those that the chain knows of: a plain transfer does not say how many calls it is for. */
  callsOnChain: bigint;
  tokensIn: bigint;
  tokensOut: bigint;
  amount: bigint;
}

/** One way to pay. */
export interface RailRow {
  name: string;
  payments: number;
  calls: bigint;
  amount: bigint;
  /** Of all transactions that made these payments, deposits and settlements among them; sweeps are not. */
  gas: bigint;
}

/** Gas of one kind of transaction, over all that the demo sent. */
export interface GasRow {
  operation: string;
  transactions: number;
  /** Payments, shares or contributions in all of them together. */
  items: number;
  least: bigint;
  median: bigint;
  most: bigint;
  total: bigint;
}
