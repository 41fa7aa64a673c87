/**
 * A scenario, read and checked: names are resolved, ranges are in order, shares add up, lineage has no cycles. Amounts are in the
 * token's smallest unit, times in seconds, parts in basis points.
 */
export interface Scenario {
  name: string;
  /** What it shows, in a sentence. */
  teaches: string;
  seed: number;
  /** Number of periods. Events happen at the begin of one, settlements and claims at its end. */
  periods: number;
  periodSeconds: number;
  /** Everybody with a wallet, members of groups one by one. */
  people: Person[];
  fees: Fees;
  prices: Prices;
  datanets: Datanet[];
  /** Models and agents, each behind those that it builds on. */
  assets: Asset[];
  operators: Operator[];
  services: Service[];
  traffic: Traffic[];
  /** In the order of the file within a period. */
  events: ScenarioEvent[];
  expectations: Expectation[];
}

/** Place of somebody in `people`. */
export type PersonIndex = number;
/** Place in `datanets`. */
export type DatanetIndex = number;
/** Place in `assets`. */
export type AssetIndex = number;
/** Place in `operators`. */
export type OperatorIndex = number;
/** Place in `services`. */
export type ServiceIndex = number;

export interface Person {
  /** Unique; members of the group `readers` are `readers 1`, `readers 2` and so on. */
  name: string;
  group: string | undefined;
  /** What it has to spend from the beginning. */
  funds: bigint;
  claims: ClaimHabit;
}

/** When somebody claims what it has earned: at the end of each so many periods, if it is so much. Never, if `every` is 0. */
export interface ClaimHabit {
  every: number;
  atLeast: bigint;
}

/** A fee policy. What treasury, operator and stakers do not get is the asset's. */
export interface Fees {
  treasuryBps: number;
  operatorBps: number;
  stakersBps: number;
  /** Fixed fee per call, on top of the price. Only payments through the ServiceRegistry (rail `wallet`) bear it. */
  perCall: bigint;
}

/** What gas costs, to set it against the money that moves. */
export interface Prices {
  /** Wei per gas. */
  gasPrice: bigint;
  /** Wei that a whole OPEN is worth. */
  weiPerToken: bigint;
}

/** What is drawn for each call or contribution, both ends included. */
export interface Range {
  least: number;
  most: number;
}

export interface Datanet {
  name: string;
  owner: PersonIndex;
  curator: PersonIndex;
  ownerBps: number;
  curatorBps: number;
  /** Whether the court may redirect contributors' shares. */
  court: boolean;
  /** What its first version has; at least one. */
  contributions: Contribution[];
}

export interface Contribution {
  contributor: PersonIndex;
  units: bigint;
  /** Its content; different for every contribution unless the file says otherwise. */
  text: string;
}

/** What an asset builds on: the latest version there is when it is published. */
export type Upstream = { datanet: DatanetIndex; units: bigint } | { asset: AssetIndex; units: bigint };

export interface Asset {
  name: string;
  kind: "model" | "agent";
  /** Its builder, or the agent's owner. */
  owner: PersonIndex;
  ownerUnits: bigint;
  upstreams: Upstream[];
  /** Of an agent. */
  agent: Agent | undefined;
}

export interface Agent {
  /** Place in `people` of the agent's own wallet, named as the agent. Its earnings pay for its calls. */
  wallet: PersonIndex;
  /** Units of its own asset that it earns itself. */
  budgetUnits: bigint;
  /** What it calls for each call of its own. Agents call those behind them in `assets` never: callers come last. */
  calls: AgentCall[];
}

export interface AgentCall {
  target: Target;
  times: number;
  tokensIn: Range;
  tokensOut: Range;
}

/** Where a call goes: to a service, or to whichever active service of an asset is cheapest (the first of equal ones). */
export type Target = { service: ServiceIndex } | { asset: AssetIndex };

export interface Operator {
  name: string;
  /** Place in `people` of its wallet, named as the operator. */
  wallet: PersonIndex;
  stake: bigint;
  commissionBps: number;
  backers: { backer: PersonIndex; amount: bigint }[];
}

/** An asset served by an operator. Its name is `<asset> at <operator>`. Rates are per 1,000 tokens. */
export interface Service {
  name: string;
  asset: AssetIndex;
  operator: OperatorIndex;
  rateIn: bigint;
  rateOut: bigint;
}

export const RAILS = ["wallet", "balance", "signed", "transfer", "vouchers", "job"] as const;
/** How a payer pays. */
export type Rail = (typeof RAILS)[number];

export interface Traffic {
  /** Who calls; one of them for each call. */
  payers: PersonIndex[];
  target: Target;
  rail: Rail;
  arrivals: Arrivals;
  tokensIn: Range;
  tokensOut: Range;
  /** Calls that one payment is for. */
  callsPerPayment: Range;
  /** Periods in which it flows, both included, counted from 0. */
  from: number;
  to: number;
  churn: Churn;
}

/** How many payments arrive in a period. */
export type Arrivals =
  | { kind: "fixed"; payments: number }
  | { kind: "poisson"; mean: number }
  /** As many at once as `payments`, each `every` periods; `between` in the others. */
  | { kind: "bursts"; payments: number; every: number; between: number }
  /** `start` in the first period, then that much more or less (in basis points, may be negative) in each. */
  | { kind: "growth"; start: number; changeBps: number };

/** How payers come and go: of all `payers`, `begin` are there in the first period. */
export interface Churn {
  begin: number;
  /** How many of those that were not there yet come with each period. */
  join: number;
  /** Chance of each to be gone for good with each period, in basis points. */
  leaveBps: number;
}

/** Something that happens at the begin of a period, counted from 0. */
export type ScenarioEvent = { at: number } & (
  | { kind: "contribute"; datanet: DatanetIndex; contributions: Contribution[] }
  /** Takes a person's contributions out of versions to come. */
  | { kind: "revoke"; datanet: DatanetIndex; contributor: PersonIndex }
  /** A new version of an asset on the latest of what it builds on; its services serve it from then on. */
  | { kind: "publish"; asset: AssetIndex; ownerUnits: bigint; budgetUnits: bigint; upstreams: Upstream[] }
  | { kind: "price"; service: ServiceIndex; rateIn: bigint; rateOut: bigint }
  /** The operator's services take no calls for so many periods. */
  | { kind: "outage"; operator: OperatorIndex; periods: number }
  /** A proposal for other fees, voted for by these; in force at the begin of the first period after its execution. */
  | { kind: "vote"; fees: Fees; voters: PersonIndex[] }
  /** The operator signs two receipts for a call of `payer`, and `prover` shows them to the court. */
  | { kind: "equivocate"; operator: OperatorIndex; payer: PersonIndex; prover: PersonIndex }
  /**
   * `copier` contributes what `victim` contributed first, the curator accepts it. `prover` shows it at the begin of period `caught`: the
   * copy's share goes to the victim from then on, and the curator is slashed if it is an operator with stake.
   */
  | {
      kind: "copy";
      datanet: DatanetIndex;
      victim: PersonIndex;
      copier: PersonIndex;
      units: bigint;
      caught: number | undefined;
      prover: PersonIndex;
    }
  /** A case that asks for a slash and is ruled on. */
  | {
      kind: "dispute";
      claimant: PersonIndex;
      operator: OperatorIndex;
      slash: bigint;
      ruling: "claimant" | "respondent" | "none";
    }
);

/** What must have come out. `text` is the line of the file. */
export interface Expectation {
  text: string;
  line: number;
  figure: Figure;
  relation: "at least" | "at most" | "exactly";
  /** In the figure's unit: smallest units, calls, or millionths of a part. */
  value: bigint;
  unit: "open" | "count" | "part";
  /** Only of one period, counted from 0. */
  period: number | undefined;
}

/** Something that an expectation is about. */
export type Figure =
  | { kind: "earns" | "claims" | "spends"; who: Subject; of: Whole }
  | { kind: "serves"; operator: OperatorIndex }
  | { kind: "slashed"; operator: OperatorIndex }
  | {
      kind: "payments" | "calls" | "refused calls" | "volume" | "gini" | "hhi" | "nakamoto" | "retention" | "gas share";
    };

/** Somebody, a group, everybody of a layer, or (what goes into the split of) an asset or Datanet. */
export type Subject =
  { person: PersonIndex } | { group: string } | { layer: Layer } | { datanet: DatanetIndex } | { asset: AssetIndex };

/** What a part is a part of: all that was paid, or what a layer earned. */
export type Whole = "payments" | Layer;

export const LAYERS = ["data", "model", "operator", "staker", "treasury"] as const;
/** Contributors, owners and curators; builders and agents; operators; those who back them; the protocol. */
export type Layer = (typeof LAYERS)[number];
