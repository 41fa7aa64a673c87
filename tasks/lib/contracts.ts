import type { Interface } from "ethers";

import type { Protocol } from "../../scripts/lib/protocol.ts";

/** The contracts of a deployment by what they are called in its record. */
export const CONTRACT_NAMES: Record<keyof Protocol, string> = {
  token: "OpenToken",
  ledger: "AttributionLedger",
  splitAddresses: "SplitAddresses",
  datanets: "DatanetRegistry",
  models: "ModelRegistry",
  agents: "AgentRegistry",
  feePolicy: "FeePolicy",
  services: "ServiceRegistry",
  authorizations: "AuthorizationBatch",
  channels: "PaymentChannels",
  jobs: "JobEscrow",
  pots: "Pots",
  openings: "Openings",
  spanFaults: "SpanVerifier",
  payoutFaults: "PayoutVerifier",
  reports: "AttributionReports",
  staking: "OperatorStaking",
  duplicates: "DuplicateVerifier",
  equivocations: "EquivocationVerifier",
  settlements: "SettlementVerifier",
  lineages: "RevokedLineageVerifier",
  committee: "ArbitrationCommittee",
  court: "DisputeCourt",
  gauges: "IncentiveGauges",
  access: "AccessManager",
  timelock: "TimelockController",
  governor: "OpenGovernor",
};

/** A contract that was found. */
export interface NamedContract {
  name: string;
  interface: Interface;
}

/** The deployment's contracts by their addresses. */
export class Contracts {
  readonly #byAddress = new Map<string, NamedContract>();

  constructor(protocol: Protocol, addresses: Record<keyof Protocol, string>) {
    for (const key of Object.keys(CONTRACT_NAMES) as (keyof Protocol)[]) {
      const contract = { name: CONTRACT_NAMES[key], interface: protocol[key].interface as Interface };
      this.#byAddress.set(addresses[key].toLowerCase(), contract);
    }
  }

  at(address: string): NamedContract | undefined {
    return this.#byAddress.get(address.toLowerCase());
  }

  get interfaces(): Interface[] {
    return [...this.#byAddress.values()].map((contract) => contract.interface);
  }
}
