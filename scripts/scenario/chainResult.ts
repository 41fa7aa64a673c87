/** What a chain tells about a run that it repeated. Differs from run to run, so it is kept apart from what the model says. */
export interface ChainResult {
  network: string;
  chainId: bigint;
  /** Block of the protocol's first contract. */
  deployedBlock: number;
  transactions: number;
  /** In the order in which operations first came up. */
  gasByOperation: GasOfOperation[];
  gasUsed: bigint;
  /** How long the chain took. */
  seconds: number;
  compared: Comparison;
}

export interface GasOfOperation {
  operation: string;
  transactions: number;
  gas: bigint;
}

/** How many figures of the chain were compared with the model's, and which of them differ. */
export interface Comparison {
  accounts: number;
  splits: number;
  shares: number;
  /** A sentence for each: what differs, what the model says and what the chain says. */
  differences: string[];
}
