import type {
  AssetIndex,
  Contribution,
  DatanetIndex,
  Fees,
  OperatorIndex,
  PersonIndex,
  Rail,
  ServiceIndex,
} from "./scenario.ts";

/**
 * What happens in a run, one thing after the other. The model in memory decides all of it and knows every result; a chain repeats the
 * steps and is compared with them. Nothing in a step depends on addresses, ids or the time of a chain.
 */
export type Step =
  | { kind: "period"; period: number }
  | { kind: "createDatanet"; datanet: DatanetIndex }
  /** Makes a version. Places in the log go on from what it had. */
  | { kind: "accept"; datanet: DatanetIndex; version: number; contributions: readonly Contribution[] }
  /** Revokes places of the log, one after the other; each makes a version, `version` is the last. */
  | { kind: "revoke"; datanet: DatanetIndex; version: number; places: readonly number[] }
  /** Version 1 registers the asset. */
  | {
      kind: "publish";
      asset: AssetIndex;
      version: number;
      ownerUnits: bigint;
      budgetUnits: bigint;
      upstreams: readonly PinnedUpstream[];
    }
  | { kind: "stake"; staker: PersonIndex; operator: OperatorIndex; amount: bigint }
  | { kind: "setCommission"; operator: OperatorIndex; bps: number }
  | { kind: "serve"; service: ServiceIndex; version: number }
  | { kind: "serveVersion"; service: ServiceIndex; version: number }
  | { kind: "setRates"; service: ServiceIndex; rateIn: bigint; rateOut: bigint }
  | { kind: "setActive"; service: ServiceIndex; active: boolean }
  /** Policy 1 is in force from the beginning; a vote made it, or the first. */
  | { kind: "propose"; fees: Fees; voters: readonly PersonIndex[]; policy: number }
  | { kind: "enact"; fees: Fees; policy: number }
  /** Puts money into the ledger as a balance, for agents and the rail `balance`. */
  | { kind: "deposit"; person: PersonIndex; amount: bigint }
  /** Adds to the deposit of a payer's channel for a service's split, from its wallet. */
  | { kind: "fundChannel"; payer: PersonIndex; split: ServiceSplit; amount: bigint }
  | PaymentStep
  /** All that one service is due by vouchers since the last settlement; one payment of `calls` calls. */
  | {
      kind: "settle";
      split: ServiceSplit;
      calls: number;
      amount: bigint;
      vouchers: readonly { payer: PersonIndex; added: bigint }[];
    }
  /** Brings what was transferred to a split's address into the ledger. */
  | { kind: "sweep"; split: ServiceSplit; amount: bigint }
  /** An agent takes what it has earned as a balance, without withdrawing it. */
  | { kind: "release"; person: PersonIndex; amount: bigint }
  /** Releases all that is the person's and withdraws it. `amount` is what arrives in its wallet. */
  | { kind: "claim"; person: PersonIndex; amount: bigint }
  | { kind: "equivocate"; operator: OperatorIndex; payer: PersonIndex; prover: PersonIndex; harm: bigint; slash: Slash }
  /** Shows that the contribution at `later` is that at `earlier`; its share goes to whose is the earlier one, in all versions that have it. */
  | {
      kind: "duplicate";
      datanet: DatanetIndex;
      earlier: number;
      later: number;
      prover: PersonIndex;
      slash: Slash | undefined;
    }
  | {
      kind: "dispute";
      claimant: PersonIndex;
      operator: OperatorIndex;
      slash: Slash | undefined;
      asked: bigint;
      ruling: "claimant" | "respondent" | "none";
    }
  /** At the end: everybody's shares are released, so that all that is left in splits is dust. */
  | { kind: "releaseAll" };

/** A service's split: it changes with the version of the asset that is served, and with the fee policy. Both count from 1. */
export interface ServiceSplit {
  service: ServiceIndex;
  version: number;
  policy: number;
}

/** One payment for calls of a service. */
export interface PaymentStep {
  kind: "pay";
  /** Counts payments from 0, those by voucher (which are settled together) too. */
  number: number;
  payer: PersonIndex;
  split: ServiceSplit;
  rail: Rail;
  calls: number;
  tokensIn: number;
  tokensOut: number;
  /** Price of the tokens. A voucher only promises it. */
  amount: bigint;
  /** Fixed fees on top, to the treasury's split. */
  fee: bigint;
  /** Seconds since the run began. */
  at: number;
  /** Whether an agent made it for calls of its own. */
  byAgent: boolean;
}

/** A version of something that an asset builds on. */
export type PinnedUpstream =
  { datanet: DatanetIndex; version: number; units: bigint } | { asset: AssetIndex; version: number; units: bigint };

/** What a slash takes from a pool, and where it goes. */
export interface Slash {
  taken: bigint;
  bounty: bigint;
  compensation: bigint;
}
