import { dataLength } from "ethers";

import type { Figure } from "./figures.ts";
import type { Bench } from "./world.ts";

/** EIP-170. */
const CODE_BUDGET = 24_576;

/** Runtime code of everything deployed. */
export async function* measureSizes(bench: Bench): AsyncGenerator<Figure> {
  const { splitAddresses } = bench;
  const addresses = {
    OpenToken: await bench.token.getAddress(),
    AttributionLedger: await bench.ledger.getAddress(),
    SplitAddresses: await splitAddresses.getAddress(),
    SplitAddress: await splitAddresses.implementation(),
    DatanetRegistry: await bench.datanets.getAddress(),
    ModelRegistry: await bench.models.getAddress(),
    AgentRegistry: await bench.agents.getAddress(),
    FeePolicy: await bench.feePolicy.getAddress(),
    ServiceRegistry: await bench.services.getAddress(),
    AuthorizationBatch: await bench.authorizations.getAddress(),
    PaymentChannels: await bench.channels.getAddress(),
    JobEscrow: await bench.jobs.getAddress(),
    Pots: await bench.pots.getAddress(),
    Openings: await bench.openings.getAddress(),
    SpanVerifier: await bench.spanFaults.getAddress(),
    PayoutVerifier: await bench.payoutFaults.getAddress(),
    AttributionReports: await bench.reports.getAddress(),
    OperatorStaking: await bench.staking.getAddress(),
    DuplicateVerifier: await bench.duplicates.getAddress(),
    EquivocationVerifier: await bench.equivocations.getAddress(),
    SettlementVerifier: await bench.settlements.getAddress(),
    RevokedLineageVerifier: await bench.lineages.getAddress(),
    ArbitrationCommittee: await bench.committee.getAddress(),
    DisputeCourt: await bench.court.getAddress(),
    IncentiveGauges: await bench.gauges.getAddress(),
    AccessManager: await bench.access.getAddress(),
    TimelockController: await bench.timelock.getAddress(),
    OpenGovernor: await bench.governor.getAddress(),
  };
  for (const [contract, address] of Object.entries(addresses)) {
    const value = dataLength(await bench.connection.ethers.provider.getCode(address));
    yield { name: `size ${contract}`, unit: "bytes", value, budget: CODE_BUDGET };
  }
}
