import { HardhatArtifactResolver, PrettyEventHandler } from "@nomicfoundation/hardhat-ignition/helpers";
import type {
  DeploymentExecutionStateCompleteEvent,
  DeploymentResult,
  ExecutionErrorDeploymentResult,
} from "@nomicfoundation/ignition-core";
import { deploy, DeploymentResultType, ExecutionEventResultType, wipe } from "@nomicfoundation/ignition-core";
import { Interface } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import ProtocolModule from "../../ignition/modules/Protocol.ts";
import { ROLE } from "../../ignition/powers.ts";
import type {
  AccessManager,
  AgentRegistry,
  ArbitrationCommittee,
  AttributionLedger,
  AttributionReports,
  AuthorizationBatch,
  DatanetRegistry,
  DisputeCourt,
  DuplicateVerifier,
  EquivocationVerifier,
  FeePolicy,
  IncentiveGauges,
  JobEscrow,
  ModelRegistry,
  OpenGovernor,
  Openings,
  OpenToken,
  OperatorStaking,
  PaymentChannels,
  PayoutVerifier,
  Pots,
  RevokedLineageVerifier,
  ServiceRegistry,
  SettlementVerifier,
  SpanVerifier,
  SplitAddresses,
  TimelockController,
} from "../../typechain-types/index.ts";
import { recoverLostTransactions } from "./journal.ts";
import type { ProtocolParameters } from "./parameters.ts";
import { UserError } from "./script.ts";

/** The contracts of one deployment, connected to its chain. The deployer signs. */
export interface Protocol {
  token: OpenToken;
  ledger: AttributionLedger;
  splitAddresses: SplitAddresses;
  datanets: DatanetRegistry;
  models: ModelRegistry;
  agents: AgentRegistry;
  feePolicy: FeePolicy;
  services: ServiceRegistry;
  authorizations: AuthorizationBatch;
  channels: PaymentChannels;
  jobs: JobEscrow;
  pots: Pots;
  openings: Openings;
  spanFaults: SpanVerifier;
  payoutFaults: PayoutVerifier;
  reports: AttributionReports;
  staking: OperatorStaking;
  duplicates: DuplicateVerifier;
  equivocations: EquivocationVerifier;
  settlements: SettlementVerifier;
  lineages: RevokedLineageVerifier;
  committee: ArbitrationCommittee;
  court: DisputeCourt;
  gauges: IncentiveGauges;
  access: AccessManager;
  timelock: TimelockController;
  governor: OpenGovernor;
}

export type ProtocolAddresses = Record<keyof Protocol, string>;

/**
 * Deploys the protocol through its Ignition modules: for tests, the demo and every network alike.
 *
 * @param journal Where Ignition keeps its progress, so that a later run continues. Without it (embedded chain), nowhere.
 * @param onDeployed Told of each contract this run deploys.
 * @throws UserError if the deployment cannot go on.
 */
export async function deployProtocol({
  connection,
  parameters,
  journal,
  onDeployed = () => undefined,
}: {
  connection: NetworkConnection;
  parameters: ProtocolParameters;
  journal?: string;
  onDeployed?: (contract: string, address: string) => void;
}): Promise<Protocol> {
  const deployer = await getDeployer(connection);
  const artifactResolver = new HardhatArtifactResolver(hre.artifacts);
  const blockPollingInterval = await choosePollingInterval(connection);

  const run = async (): Promise<DeploymentResult> =>
    await deploy({
      ignitionModule: ProtocolModule,
      deploymentParameters: { $global: { ...parameters, appointments: appoint(parameters.committee) } },
      accounts: [deployer],
      provider: connection.provider,
      artifactResolver,
      executionEventListener: new Progress(onDeployed),
      config: { blockPollingInterval },
      ...(journal === undefined ? {} : { deploymentDir: journal }),
    });

  if (journal !== undefined) {
    await recoverLostTransactions({ connection, journal, deployer });
  }

  let result = await run();
  if (result.type === DeploymentResultType.PREVIOUS_RUN_ERROR && journal !== undefined) {
    for (const futureId of Object.keys(result.errors)) {
      await wipe(journal, artifactResolver, futureId);
    }
    result = await run();
  }
  if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) {
    throw new UserError(describeResult(result));
  }

  const { contracts } = result;
  const { results } = ProtocolModule;
  return await attachProtocol({
    connection,
    addresses: {
      token: contracts[results.token.id].address,
      ledger: contracts[results.ledger.id].address,
      splitAddresses: contracts[results.splitAddresses.id].address,
      datanets: contracts[results.datanets.id].address,
      models: contracts[results.models.id].address,
      agents: contracts[results.agents.id].address,
      feePolicy: contracts[results.feePolicy.id].address,
      services: contracts[results.services.id].address,
      authorizations: contracts[results.authorizations.id].address,
      channels: contracts[results.channels.id].address,
      jobs: contracts[results.jobs.id].address,
      pots: contracts[results.pots.id].address,
      openings: contracts[results.openings.id].address,
      spanFaults: contracts[results.spanFaults.id].address,
      payoutFaults: contracts[results.payoutFaults.id].address,
      reports: contracts[results.reports.id].address,
      staking: contracts[results.staking.id].address,
      duplicates: contracts[results.duplicates.id].address,
      equivocations: contracts[results.equivocations.id].address,
      settlements: contracts[results.settlements.id].address,
      lineages: contracts[results.lineages.id].address,
      committee: contracts[results.committee.id].address,
      court: contracts[results.court.id].address,
      gauges: contracts[results.gauges.id].address,
      access: contracts[results.access.id].address,
      timelock: contracts[results.timelock.id].address,
      governor: contracts[results.governor.id].address,
    },
  });
}

/** Calls of the AccessManager that make addresses members of the committee. */
function appoint(members: readonly string[]): string[] {
  const access = new Interface(["function grantRole(uint64 roleId, address account, uint32 executionDelay)"]);
  return members.map((member) => access.encodeFunctionData("grantRole", [ROLE.COMMITTEE, member, 0]));
}

/** The contracts of a deployment whose addresses are known. */
export async function attachProtocol({
  connection: { ethers },
  addresses,
}: {
  connection: NetworkConnection;
  addresses: ProtocolAddresses;
}): Promise<Protocol> {
  return {
    token: await ethers.getContractAt("OpenToken", addresses.token),
    ledger: await ethers.getContractAt("AttributionLedger", addresses.ledger),
    splitAddresses: await ethers.getContractAt("SplitAddresses", addresses.splitAddresses),
    datanets: await ethers.getContractAt("DatanetRegistry", addresses.datanets),
    models: await ethers.getContractAt("ModelRegistry", addresses.models),
    agents: await ethers.getContractAt("AgentRegistry", addresses.agents),
    feePolicy: await ethers.getContractAt("FeePolicy", addresses.feePolicy),
    services: await ethers.getContractAt("ServiceRegistry", addresses.services),
    authorizations: await ethers.getContractAt("AuthorizationBatch", addresses.authorizations),
    channels: await ethers.getContractAt("PaymentChannels", addresses.channels),
    jobs: await ethers.getContractAt("JobEscrow", addresses.jobs),
    pots: await ethers.getContractAt("Pots", addresses.pots),
    openings: await ethers.getContractAt("Openings", addresses.openings),
    spanFaults: await ethers.getContractAt("SpanVerifier", addresses.spanFaults),
    payoutFaults: await ethers.getContractAt("PayoutVerifier", addresses.payoutFaults),
    reports: await ethers.getContractAt("AttributionReports", addresses.reports),
    staking: await ethers.getContractAt("OperatorStaking", addresses.staking),
    duplicates: await ethers.getContractAt("DuplicateVerifier", addresses.duplicates),
    equivocations: await ethers.getContractAt("EquivocationVerifier", addresses.equivocations),
    settlements: await ethers.getContractAt("SettlementVerifier", addresses.settlements),
    lineages: await ethers.getContractAt("RevokedLineageVerifier", addresses.lineages),
    committee: await ethers.getContractAt("ArbitrationCommittee", addresses.committee),
    court: await ethers.getContractAt("DisputeCourt", addresses.court),
    gauges: await ethers.getContractAt("IncentiveGauges", addresses.gauges),
    access: await ethers.getContractAt("AccessManager", addresses.access),
    timelock: await ethers.getContractAt("TimelockController", addresses.timelock),
    governor: await ethers.getContractAt("OpenGovernor", addresses.governor),
  };
}

export async function getAddresses(protocol: Protocol): Promise<ProtocolAddresses> {
  return {
    token: await protocol.token.getAddress(),
    ledger: await protocol.ledger.getAddress(),
    splitAddresses: await protocol.splitAddresses.getAddress(),
    datanets: await protocol.datanets.getAddress(),
    models: await protocol.models.getAddress(),
    agents: await protocol.agents.getAddress(),
    feePolicy: await protocol.feePolicy.getAddress(),
    services: await protocol.services.getAddress(),
    authorizations: await protocol.authorizations.getAddress(),
    channels: await protocol.channels.getAddress(),
    jobs: await protocol.jobs.getAddress(),
    pots: await protocol.pots.getAddress(),
    openings: await protocol.openings.getAddress(),
    spanFaults: await protocol.spanFaults.getAddress(),
    payoutFaults: await protocol.payoutFaults.getAddress(),
    reports: await protocol.reports.getAddress(),
    staking: await protocol.staking.getAddress(),
    duplicates: await protocol.duplicates.getAddress(),
    equivocations: await protocol.equivocations.getAddress(),
    settlements: await protocol.settlements.getAddress(),
    lineages: await protocol.lineages.getAddress(),
    committee: await protocol.committee.getAddress(),
    court: await protocol.court.getAddress(),
    gauges: await protocol.gauges.getAddress(),
    access: await protocol.access.getAddress(),
    timelock: await protocol.timelock.getAddress(),
    governor: await protocol.governor.getAddress(),
  };
}

/** The account that deploys: the first one of the network. */
export async function getDeployer({ ethers, networkName }: NetworkConnection): Promise<string> {
  const deployer = (await ethers.getSigners()).at(0);
  if (deployer === undefined) {
    throw new UserError(`The node of "${networkName}" has no account to deploy from, name a key in hardhat.config.ts.`);
  }
  return deployer.address;
}

/** Milliseconds between looks for a new block: hardly any where each transaction makes its own block. */
async function choosePollingInterval({ provider }: NetworkConnection): Promise<number> {
  try {
    return (await provider.request({ method: "hardhat_getAutomine" })) === true ? 10 : 1_000;
  } catch {
    return 1_000; // Not a development node.
  }
}

/** Reports each contract as it is deployed, and prints nothing itself. */
class Progress extends PrettyEventHandler {
  readonly #onDeployed: (contract: string, address: string) => void;

  constructor(onDeployed: (contract: string, address: string) => void) {
    super(hre.interruptions, { disableOutput: true });
    this.#onDeployed = onDeployed;
  }

  override async deploymentExecutionStateComplete(event: DeploymentExecutionStateCompleteEvent): Promise<void> {
    await super.deploymentExecutionStateComplete(event);
    if (event.result.type === ExecutionEventResultType.SUCCESS) {
      this.#onDeployed(describeFuture(event.futureId), event.result.result ?? "");
    }
  }
}

function describeResult(
  result: Exclude<DeploymentResult, { type: DeploymentResultType.SUCCESSFUL_DEPLOYMENT }>,
): string {
  switch (result.type) {
    case DeploymentResultType.RECONCILIATION_ERROR:
      return (
        `This chain already holds another deployment: ${describeErrors(result.errors)} ` +
        "Run again with --reset to deploy anew beside it, or restore the parameters and sources it was made from."
      );
    case DeploymentResultType.EXECUTION_ERROR:
      return describeExecutionError(result);
    case DeploymentResultType.VALIDATION_ERROR:
    case DeploymentResultType.PREVIOUS_RUN_ERROR:
      return `The deployment cannot start: ${describeErrors(result.errors)}`;
  }
}

function describeExecutionError({ failed, held, timedOut }: ExecutionErrorDeploymentResult): string {
  const problems = [
    ...failed.map(({ futureId, error }) => `${describeFuture(futureId)} failed: ${closeSentence(error)}`),
    ...held.map(({ futureId, reason }) => `${describeFuture(futureId)} waits: ${closeSentence(reason)}`),
    ...timedOut.map(({ futureId }) => `${describeFuture(futureId)} was not mined in time.`),
  ];
  return `The deployment stopped. ${problems.join(" ")} Put this right, then run the same command again to continue.`;
}

function describeErrors(errors: Record<string, string[]>): string {
  return Object.entries(errors)
    .map(([futureId, messages]) => `${describeFuture(futureId)}: ${messages.map(closeSentence).join(" ")}`)
    .join(" ");
}

function closeSentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/** `Ledger#AttributionLedger` is the contract AttributionLedger to people. */
function describeFuture(futureId: string): string {
  return futureId.slice(futureId.indexOf("#") + 1);
}
