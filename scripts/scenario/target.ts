import { formatEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { MIN_SELF_STAKE } from "../../sdk/scenario/limits.ts";
import type { Fees, Scenario } from "../../sdk/scenario/scenario.ts";
import { identifyChain, locateDeployment, readDeployment } from "../lib/deployments.ts";
import { locateParameters, readParameters } from "../lib/parameters.ts";
import { deployProtocol, getAddresses, getDeployer, type ProtocolAddresses } from "../lib/protocol.ts";
import { UserError } from "../lib/script.ts";
import { etherToBegin, readGasPrice } from "./gas.ts";
import { ChainNode } from "./node.ts";
import type { Plan } from "./plan.ts";
import { ShortageError } from "./sender.ts";
import { Contracts } from "./stage.ts";

/** A chain with the protocol on it. */
export interface Target {
  node: ChainNode;
  /** Hash of the chain's first block. */
  genesis: string;
  contracts: Contracts;
  deployer: string;
  /** Block of the protocol's first contract. */
  block: number;
  /** As many members of the committee as decide, whose votes the node can sign. */
  committee: string[];
}

/**
 * The protocol on a chain: deployed for this run where the chain ends with it, the finished deployment elsewhere.
 *
 * @param directory Where deployments are recorded.
 * @throws UserError if there is none.
 */
export async function openTarget({
  connection,
  scenario,
  directory,
}: {
  connection: NetworkConnection;
  scenario: Scenario;
  directory: string;
}): Promise<Target> {
  const node = await ChainNode.connect(connection);
  const chain = await node.guard(() => identifyChain(connection));
  const { addresses, block, deployer } = node.isEmbedded
    ? await deployFor({ connection, fees: scenario.fees })
    : await node.guard(() => findDeployment({ connection, chain, directory }));
  const contracts = await Contracts.load({ addresses, read: (call) => node.call(call) });
  const committee = await findCommittee({ node, contracts });
  return { node, genesis: chain.genesis, contracts, deployer, block, committee };
}

async function deployFor({
  connection,
  fees: { treasuryBps, operatorBps, stakersBps, perCall },
}: {
  connection: NetworkConnection;
  fees: Fees;
}): Promise<{ addresses: ProtocolAddresses; block: number; deployer: string }> {
  const deployer = await getDeployer(connection);
  const parameters = {
    ...(await readParameters({ file: locateParameters("hardhat"), deployer })),
    tokenHolder: deployer,
    treasuryBps: BigInt(treasuryBps),
    operatorBps: BigInt(operatorBps),
    stakersBps: BigInt(stakersBps),
    platformFee: perCall,
  };
  const block = (await connection.ethers.provider.getBlockNumber()) + 1;
  const protocol = await deployProtocol({ connection, parameters });
  return { addresses: await getAddresses(protocol), block, deployer };
}

async function findDeployment({
  connection,
  chain,
  directory,
}: {
  connection: NetworkConnection;
  chain: { chainId: number; genesis: string };
  directory: string;
}): Promise<{ addresses: ProtocolAddresses; block: number; deployer: string }> {
  const { record } = locateDeployment({ directory, chainId: chain.chainId });
  const { networkName } = connection;
  const { contracts: addresses, block } = await readDeployment({ record, chain, networkName });
  return { addresses, block, deployer: await getDeployer(connection) };
}

/** As many members of the committee as decide, out of the accounts that the node has. */
async function findCommittee({ node, contracts }: { node: ChainNode; contracts: Contracts }): Promise<string[]> {
  if (!node.isLocal) return [];
  const accounts = (await node.request("eth_accounts")) as string[];
  const quorum = Number(await contracts.readUint("committee", "quorum"));
  const members: string[] = [];
  for (const account of accounts) {
    if (members.length === quorum) break;
    const role = await contracts.readUint("access", "getTargetFunctionRole", [
      contracts.addresses.committee,
      contracts.call("committee", "vote", [0n, 0n]).data.slice(0, 10),
    ]);
    const membership = await contracts.read("access", "hasRole", [role, account]);
    if (membership.flag("isMember")) members.push(account);
  }
  return members.length === quorum ? members : [];
}

/**
 * Looks whether a run can come to its end here, before it begins.
 *
 * @throws UserError if it cannot.
 */
export async function checkTarget({
  target,
  scenario,
  plan,
}: {
  target: Target;
  scenario: Scenario;
  plan: Plan;
}): Promise<void> {
  const { node, contracts, committee } = target;
  await checkFees(target, scenario);
  const minSelfStake = await contracts.readUint("staking", "minSelfStake");
  if (minSelfStake !== MIN_SELF_STAKE) {
    throw new UserError(
      `Operators of the deployment on "${node.name}" must stake ${formatEther(minSelfStake)} OPEN themselves, those of ` +
        `scenarios ${formatEther(MIN_SELF_STAKE)}. Run this on a deployment with that parameter.`,
    );
  }
  const waits = scenario.events.find(({ kind }) => kind === "vote" || kind === "dispute");
  if (waits !== undefined && !node.isLocal) {
    throw new UserError(
      `This scenario has a ${waits.kind}, which takes days, and nobody can move the time of "${node.name}". ` +
        "Run it with --network hardhat, or against a local node.",
    );
  }
  if (scenario.events.some(({ kind }) => kind === "dispute") && committee.length === 0) {
    throw new UserError(
      `This scenario has a dispute, and the node of "${node.name}" does not have the keys of the committee that rules on it. ` +
        "Run it with --network hardhat, or deploy with the parameters of localhost.",
    );
  }
  await checkFunds(target, plan).catch((error: unknown) => {
    if (!(error instanceof ShortageError)) throw error;
    throw new UserError(`${error.message} Then run the same command again.`);
  });
}

/** @throws ShortageError if the deployer cannot pay for a run. */
async function checkFunds(target: Target, plan: Plan): Promise<void> {
  const { node, deployer } = target;
  await requireTokens(target, plan);
  const needed = etherToBegin({ node, plan, price: await readGasPrice(node) });
  const ether = await node.balance(deployer);
  if (ether >= needed) return;
  throw new ShortageError(
    `${deployer} has ${formatEther(ether)} ether on "${node.name}", but this scenario may need ${formatEther(needed)} ` +
      `for gas. Send it ${formatEther(needed - ether)} ether.`,
  );
}

/** @throws ShortageError if the deployer has fewer tokens than a run takes. */
export async function requireTokens({ node, contracts, deployer }: Target, { total }: Plan): Promise<void> {
  const tokens = await contracts.readUint("token", "balanceOf", [deployer]);
  if (tokens >= total) return;
  throw new ShortageError(
    `${deployer} has ${formatEther(tokens)} OPEN on "${node.name}", but this scenario takes ${formatEther(total)}. ` +
      `Send it ${formatEther(total - tokens)} OPEN.`,
  );
}

async function checkFees({ node, contracts }: Target, { fees }: Scenario): Promise<void> {
  const version = await contracts.readUint("feePolicy", "currentVersion");
  const policy = await contracts.readStruct("feePolicy", "policyAt", [version]);
  const [treasury, operator, stakers] = ["treasuryBps", "operatorBps", "stakersBps"].map((name) => policy.index(name));
  const perCall = policy.uint("platformFee");
  const isSame =
    treasury === fees.treasuryBps &&
    operator === fees.operatorBps &&
    stakers === fees.stakersBps &&
    perCall === fees.perCall;
  if (isSame) return;
  const list = `treasury: ${percent(treasury)}, operator: ${percent(operator)}, stakers: ${percent(stakers)}`;
  throw new UserError(
    `The scenario's fees are not those in force on "${node.name}". Write ` +
      `"fees: { ${list}, perCall: ${formatEther(perCall)} }" into its file, or run it with --network hardhat.`,
  );
}

function percent(bps: number): string {
  return `${bps / 100} %`;
}
