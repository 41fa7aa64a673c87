import path from "node:path";

import type { BaseContract } from "ethers";
import { getBytes, keccak256, ZeroAddress } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { ROLE } from "../ignition/powers.ts";
import { readAccessRoles, readTimelockRoles } from "../sdk/accessRoles.ts";
import { walletAccount } from "../sdk/account.ts";
import { DEFAULT_DEPLOYMENTS, display, identifyChain, locateDeployment, readDeployment } from "./lib/deployments.ts";
import { connectToNetwork, isEmbedded } from "./lib/network.ts";
import type { ProtocolParameters } from "./lib/parameters.ts";
import { locateParameters, readParameters } from "./lib/parameters.ts";
import { describePowers, expectedPowers } from "./lib/powers.ts";
import type { Protocol } from "./lib/protocol.ts";
import { attachProtocol, deployProtocol, getAddresses, getDeployer } from "./lib/protocol.ts";
import { parseOptions, runScript, UserError } from "./lib/script.ts";

const USAGE = "npm run check-deployment -- --network <name> [--parameters <file>] [--deployments <directory>]";

/** One fact of a deployment, as it should be and as the chain shows it. */
interface Check {
  contract: string;
  fact: string;
  expected: Value;
  found: Value;
}

type Value = string | bigint;

/** All OPEN there is, in its smallest unit. */
const SUPPLY = 1_000_000_000n * 10n ** 18n;

await runScript(async () => {
  const options = parseOptions({
    usage: USAGE,
    options: {
      network: { type: "string" },
      parameters: { type: "string" },
      deployments: { type: "string", default: DEFAULT_DEPLOYMENTS },
    },
  });

  const connection = await connectToNetwork(options.network);
  try {
    await hre.tasks.getTask("build").run({ quiet: true, noTests: true });

    const file = options.parameters ?? locateParameters(connection.networkName);
    const { protocol, parameters, deployer, block } = isEmbedded(connection)
      ? await deployToEmbeddedChain({ connection, file })
      : await openDeployment({ connection, file, directory: options.deployments });

    const checks = await checkCode({ connection, protocol });
    // Other code than ours may not even answer what follows.
    if (checks.every(isMet)) {
      checks.push(...(await checkWiring({ connection, protocol })));
      checks.push(...(await checkParameters({ protocol, parameters, block })));
      checks.push(...(await checkGovernance({ connection, protocol, parameters, block })));
      checks.push(...(await checkPowers({ connection, protocol, parameters, deployer, block })));
    }
    printChecks(checks);

    const differences = checks.filter((check) => !isMet(check)).length;
    if (differences > 0) {
      throw new UserError(`The chain differs in ${differences} of ${checks.length} facts.`);
    }
    console.log(`The chain shows all ${checks.length} facts as expected.`);
  } finally {
    await connection.close();
  }
});

/** A deployment as it is to be checked. */
interface Subject {
  protocol: Protocol;
  parameters: ProtocolParameters;
  deployer: string;
  /** Block of the first contract, the token. */
  block: number;
}

/** The embedded chain starts empty, so there the check is a rehearsal of deploying and checking. */
async function deployToEmbeddedChain({
  connection,
  file,
}: {
  connection: NetworkConnection;
  file: string;
}): Promise<Subject> {
  const deployer = await getDeployer(connection);
  const parameters = await readParameters({ file, deployer });
  return { protocol: await deployProtocol({ connection, parameters }), parameters, deployer, block: 1 };
}

async function openDeployment({
  connection,
  file,
  directory,
}: {
  connection: NetworkConnection;
  file: string;
  directory: string;
}): Promise<Subject> {
  const chain = await identifyChain(connection);
  const { record } = locateDeployment({ directory: path.resolve(directory), chainId: chain.chainId });
  const { contracts, deployer, block } = await readDeployment({
    record,
    chain,
    networkName: connection.networkName,
  });

  console.log(`Comparing ${display(record)} with chain ${chain.chainId}.`);
  return {
    protocol: await attachProtocol({ connection, addresses: contracts }),
    parameters: await readParameters({ file, deployer }),
    deployer,
    block,
  };
}

async function checkCode({
  connection,
  protocol,
}: {
  connection: NetworkConnection;
  protocol: Protocol;
}): Promise<Check[]> {
  const { token, ledger, splitAddresses, datanets, models, agents, feePolicy, services } = protocol;
  const { authorizations, channels, jobs, staking, access, timelock, governor } = protocol;
  const { duplicates, equivocations, settlements, lineages, committee, court, gauges } = protocol;
  const contracts: [string, BaseContract][] = [
    ["OpenToken", token],
    ["AttributionLedger", ledger],
    ["SplitAddresses", splitAddresses],
    ["DatanetRegistry", datanets],
    ["ModelRegistry", models],
    ["AgentRegistry", agents],
    ["FeePolicy", feePolicy],
    ["ServiceRegistry", services],
    ["AuthorizationBatch", authorizations],
    ["PaymentChannels", channels],
    ["JobEscrow", jobs],
    ["Pots", protocol.pots],
    ["Openings", protocol.openings],
    ["SpanVerifier", protocol.spanFaults],
    ["PayoutVerifier", protocol.payoutFaults],
    ["AttributionReports", protocol.reports],
    ["OperatorStaking", staking],
    ["DuplicateVerifier", duplicates],
    ["EquivocationVerifier", equivocations],
    ["SettlementVerifier", settlements],
    ["RevokedLineageVerifier", lineages],
    ["ArbitrationCommittee", committee],
    ["DisputeCourt", court],
    ["IncentiveGauges", gauges],
    ["AccessManager", access],
    ["TimelockController", timelock],
    ["OpenGovernor", governor],
  ];

  return await Promise.all(
    contracts.map(async ([name, contract]) => {
      const { deployedBytecode, immutableReferences } = await hre.artifacts.readArtifact(name);
      const immutables = Object.values(immutableReferences ?? {}).flat();
      const code = await connection.ethers.provider.getCode(contract);
      return {
        contract: name,
        fact: "code, but for immutables",
        expected: hashCode(deployedBytecode, immutables),
        found: code === "0x" ? "none" : hashCode(code, immutables),
      };
    }),
  );
}

/** Hash of runtime code in which immutables, known only on chain, count as zero. Wiring and parameters check those. */
function hashCode(code: string, immutables: { start: number; length: number }[]): string {
  const bytes = getBytes(code);
  for (const { start, length } of immutables) {
    bytes.fill(0, start, start + length);
  }
  return keccak256(bytes);
}

/** What each contract was constructed with, as far as it is another contract. */
async function checkWiring({
  connection: { ethers },
  protocol,
}: {
  connection: NetworkConnection;
  protocol: Protocol;
}): Promise<Check[]> {
  const { token, ledger, splitAddresses, datanets, models, agents, feePolicy, services } = protocol;
  const { authorizations, channels, jobs, staking, access, timelock, governor } = protocol;
  const { duplicates, equivocations, settlements, lineages, committee, court, gauges } = protocol;
  const { pots, openings, payoutFaults, reports } = protocol;
  const { data } = await (await ethers.getContractFactory("SplitAddress")).getDeployTransaction(ledger);

  const wires: [string, string, BaseContract, string][] = [
    ["AttributionLedger", "token", token, await ledger.token()],
    ["DatanetRegistry", "ledger", ledger, await datanets.ledger()],
    ["ModelRegistry", "datanets", datanets, await models.datanets()],
    ["AgentRegistry", "datanets", datanets, await agents.datanets()],
    ["AgentRegistry", "models", models, await agents.models()],
    ["ServiceRegistry", "ledger", ledger, await services.ledger()],
    ["ServiceRegistry", "feePolicy", feePolicy, await services.feePolicy()],
    ["ServiceRegistry", "models", models, await services.models()],
    ["ServiceRegistry", "agents", agents, await services.agents()],
    ["ServiceRegistry", "staking", staking, await services.staking()],
    ["AuthorizationBatch", "ledger", ledger, await authorizations.ledger()],
    ["PaymentChannels", "ledger", ledger, await channels.ledger()],
    ["JobEscrow", "ledger", ledger, await jobs.ledger()],
    ["Pots", "datanets", datanets, await pots.datanets()],
    ["Openings", "services", services, await openings.services()],
    ["PayoutVerifier", "services", services, await payoutFaults.services()],
    ["PayoutVerifier", "channels", channels, await payoutFaults.channels()],
    ["PayoutVerifier", "pots", pots, await payoutFaults.pots()],
    ["AttributionReports", "ledger", ledger, await reports.ledger()],
    ["AttributionReports", "pots", pots, await reports.pots()],
    ["AttributionReports", "openings", openings, await reports.openings()],
    ["OperatorStaking", "ledger", ledger, await staking.ledger()],
    ["OperatorStaking", "authority", access, await staking.authority()],
    ["DuplicateVerifier", "datanets", datanets, await duplicates.datanets()],
    ["EquivocationVerifier", "services", services, await equivocations.services()],
    ["SettlementVerifier", "services", services, await settlements.services()],
    ["SettlementVerifier", "channels", channels, await settlements.channels()],
    ["SettlementVerifier", "ledger", ledger, await settlements.ledger()],
    ["RevokedLineageVerifier", "datanets", datanets, await lineages.datanets()],
    ["RevokedLineageVerifier", "models", models, await lineages.models()],
    ["RevokedLineageVerifier", "agents", agents, await lineages.agents()],
    ["ArbitrationCommittee", "authority", access, await committee.authority()],
    ["DisputeCourt", "ledger", ledger, await court.ledger()],
    ["DisputeCourt", "authority", access, await court.authority()],
    ["DisputeCourt", "staking", staking, await court.staking()],
    ["DisputeCourt", "arbitrator", committee, await court.arbitrator()],
    ["IncentiveGauges", "services", services, await gauges.services()],
    ["IncentiveGauges", "stakeVotes", staking, await gauges.stakeVotes()],
    ["IncentiveGauges", "authority", access, await gauges.authority()],
    ["FeePolicy", "authority", access, await feePolicy.authority()],
    ["OpenGovernor", "votes", staking, await governor.token()],
    ["OpenGovernor", "timelock", timelock, await governor.timelock()],
  ];
  return [
    ...(await Promise.all(
      wires.map(async ([contract, fact, target, found]) => ({
        contract,
        fact,
        expected: await target.getAddress(),
        found,
      })),
    )),
    {
      contract: "SplitAddress",
      fact: "code, with its ledger",
      // Running a constructor without a transaction returns the code it would have deployed.
      expected: keccak256(await ethers.provider.call({ data })),
      found: keccak256(await ethers.provider.getCode(await splitAddresses.implementation())),
    },
  ];
}

async function checkParameters({
  protocol,
  parameters,
  block,
}: {
  protocol: Protocol;
  parameters: ProtocolParameters;
  block: number;
}): Promise<Check[]> {
  const { token, feePolicy, staking, timelock, court, committee, gauges, reports } = protocol;
  const mints = await token.queryFilter(token.filters.Transfer(ZeroAddress), block, block);
  const policy = await feePolicy.policyAt(1);
  const verifiers: [string, BaseContract][] = [
    ["DuplicateVerifier", protocol.duplicates],
    ["EquivocationVerifier", protocol.equivocations],
    ["SettlementVerifier", protocol.settlements],
    ["RevokedLineageVerifier", protocol.lineages],
  ];
  const faults: [string, BaseContract][] = [
    ["SpanVerifier", protocol.spanFaults],
    ["PayoutVerifier", protocol.payoutFaults],
  ];

  return [
    fact("OpenToken", "total supply", SUPPLY, await token.totalSupply()),
    fact("OpenToken", "minted to", parameters.tokenHolder, mints.map(({ args }) => args.to).join(", ")),
    fact("FeePolicy", "treasury", walletAccount(await timelock.getAddress()), policy.treasury),
    fact("FeePolicy", "treasuryBps", parameters.treasuryBps, policy.treasuryBps),
    fact("FeePolicy", "operatorBps", parameters.operatorBps, policy.operatorBps),
    fact("FeePolicy", "stakersBps", parameters.stakersBps, policy.stakersBps),
    fact("FeePolicy", "platformFee", parameters.platformFee, policy.platformFee),
    fact("OperatorStaking", "thawSeconds", parameters.thawSeconds, await staking.thawSeconds()),
    fact("OperatorStaking", "dripSeconds", parameters.dripSeconds, await staking.dripSeconds()),
    fact("OperatorStaking", "minSelfStake", parameters.minSelfStake, await staking.minSelfStake()),
    fact("ArbitrationCommittee", "committeeQuorum", parameters.committeeQuorum, await committee.quorum()),
    fact("DisputeCourt", "verifiers, in all", BigInt(verifiers.length), await court.verifierCount()),
    ...(await Promise.all(
      verifiers.map(async ([name, verifier]) =>
        fact("DisputeCourt", "verifier", name, (await court.isVerifier(verifier)) ? name : "none"),
      ),
    )),
    fact("DisputeCourt", "minBond", parameters.minBond, await court.minBond()),
    fact("DisputeCourt", "evidenceSeconds", parameters.evidenceSeconds, await court.evidenceSeconds()),
    fact("DisputeCourt", "rulingSeconds", parameters.rulingSeconds, await court.rulingSeconds()),
    fact("Pots", "epochSeconds", parameters.reportEpochSeconds, await protocol.pots.epochSeconds()),
    fact("AttributionReports", "verifiers, in all", BigInt(faults.length), await reports.verifierCount()),
    ...(await Promise.all(
      faults.map(async ([name, verifier]) =>
        fact("AttributionReports", "verifier", name, (await reports.isVerifier(verifier)) ? name : "none"),
      ),
    )),
    fact("AttributionReports", "reportSeconds", parameters.reportSeconds, await reports.reportSeconds()),
    fact("AttributionReports", "challengeSeconds", parameters.challengeSeconds, await reports.challengeSeconds()),
    fact("AttributionReports", "answerSeconds", parameters.answerSeconds, await reports.answerSeconds()),
    fact("AttributionReports", "reportBond", parameters.reportBond, await reports.minBond()),
    fact("AttributionReports", "demandBond", parameters.demandBond, await reports.demandBond()),
    fact("IncentiveGauges", "treasury", walletAccount(await timelock.getAddress()), await gauges.treasury()),
    fact("IncentiveGauges", "epochSeconds", parameters.epochSeconds, await gauges.epochSeconds()),
    fact("IncentiveGauges", "budgetPerEpoch", parameters.budgetPerEpoch, await gauges.budgetOf(0n)),
  ];
}

async function checkGovernance({
  connection: { ethers },
  protocol: { governor, timelock },
  parameters,
  block,
}: {
  connection: NetworkConnection;
  protocol: Protocol;
  parameters: ProtocolParameters;
  block: number;
}): Promise<Check[]> {
  const [first] = await governor.queryFilter(governor.filters.VotingDelaySet(), block);
  const deployedAt = BigInt((await ethers.provider.getBlock(first.blockNumber))?.timestamp ?? 0);
  return [
    fact("OpenGovernor", "votingDelaySeconds", parameters.votingDelaySeconds, await governor.votingDelay()),
    fact("OpenGovernor", "votingPeriodSeconds", parameters.votingPeriodSeconds, await governor.votingPeriod()),
    fact("OpenGovernor", "proposalThreshold", parameters.proposalThreshold, await governor.proposalThreshold()),
    fact("OpenGovernor", "quorumPercent", parameters.quorumPercent, await governor["quorumNumerator()"]()),
    fact("OpenGovernor", "lateQuorumSeconds", parameters.lateQuorumSeconds, await governor.lateQuorumVoteExtension()),
    fact("OpenGovernor", "guardian", parameters.guardian, await governor.guardian()),
    fact("OpenGovernor", "guardianUntil", deployedAt + parameters.guardianSeconds, await governor.guardianUntil()),
    fact("TimelockController", "timelockSeconds", parameters.timelockSeconds, await timelock.getMinDelay()),
  ];
}

/** All roles there are, rebuilt from everything that ever changed one, against what was published. */
async function checkPowers({
  connection: { ethers },
  protocol,
  parameters,
  deployer,
  block,
}: {
  connection: NetworkConnection;
  protocol: Protocol;
  parameters: ProtocolParameters;
  deployer: string;
  block: number;
}): Promise<Check[]> {
  const addresses = await getAddresses(protocol);
  const range = { provider: ethers.provider, fromBlock: block, toBlock: await ethers.provider.getBlockNumber() };
  const access = await readAccessRoles({ ...range, address: addresses.access });
  const timelock = await readTimelockRoles({ ...range, address: addresses.timelock });
  const found = describePowers({ access, timelock, addresses });
  const expected = expectedPowers({ addresses, parameters });
  const names = new Map<bigint, string>(Object.entries(ROLE).map(([name, role]) => [role, name]));
  const held = [
    ...access.members.map(({ role, account }) => ({ role: names.get(role) ?? role.toString(), account })),
    ...timelock.members,
  ].filter(({ account }) => account === deployer);

  const lines = (list: string[]): string => (list.length === 0 ? "none" : list.join(", "));
  const compare = <Name extends string>(
    contract: string,
    lists: Record<Name, string[]>,
    others: Record<Name, string[]>,
  ): Check[] =>
    (Object.keys(lists) as Name[]).map((name) => fact(contract, name, lines(lists[name]), lines(others[name])));
  return [
    ...compare("AccessManager", expected.access, found.access),
    ...compare("TimelockController", expected.timelock, found.timelock),
    fact("deployer", "roles", "none", lines(held.map(({ role }) => role))),
  ];
}

function fact(contract: string, name: string, expected: Value, found: Value): Check {
  return { contract, fact: name, expected, found };
}

function isMet({ expected, found }: Check): boolean {
  return expected === found;
}

function printChecks(checks: Check[]): void {
  for (const check of checks) {
    const { contract, fact, expected, found } = check;
    const head = `${isMet(check) ? "ok  " : "DIFF"} ${contract.padEnd(18)} ${fact.padEnd(25)}`;
    console.log(isMet(check) ? `${head} ${found}` : `${head} ${found}, expected ${expected}`);
  }
}
