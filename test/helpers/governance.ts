import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type BaseContract, id, parseEther, toBeHex, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { ProtocolParameters } from "../../scripts/lib/parameters.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import { createProtocolFixture } from "./deploy.ts";

/** Signs as the Timelock, with ether for gas: what it sends stands for a proposal that has passed and waited. */
export async function asTimelock({
  connection,
  protocol: { timelock },
}: {
  connection: NetworkConnection;
  protocol: Pick<Protocol, "timelock">;
}): Promise<HardhatEthersSigner> {
  return await asContract({ connection, contract: timelock });
}

/** Signs as a contract, with ether for gas. */
export async function asContract({
  connection: { ethers, networkHelpers },
  contract,
}: {
  connection: NetworkConnection;
  contract: BaseContract;
}): Promise<HardhatEthersSigner> {
  const address = await contract.getAddress();
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, parseEther("100"));
  return await ethers.getSigner(address);
}

export const DAY = 86_400n;

/** What the governor of tests is deployed with; all of it within its bounds. */
export const RULES = {
  votingDelaySeconds: DAY,
  votingPeriodSeconds: 14n * DAY,
  proposalThreshold: parseEther("100000"),
  quorumPercent: 25n,
  lateQuorumSeconds: 2n * DAY,
  timelockSeconds: 2n * DAY,
  slasherDelaySeconds: 60n * DAY,
  guardianSeconds: 365n * DAY,
};

/** How to vote. */
export const VOTE = { against: 0, for: 1, abstain: 2 } as const;

/** States of a proposal, in OpenZeppelin's order. */
export const STATES = [
  "pending",
  "active",
  "canceled",
  "defeated",
  "succeeded",
  "queued",
  "expired",
  "executed",
] as const;
export type State = (typeof STATES)[number];

/** Set of states, as errors name it. */
export function statesOf(...names: State[]): string {
  const bits = names.reduce((sum, name) => sum | (1n << BigInt(STATES.indexOf(name))), 0n);
  return toBeHex(bits, 32);
}

/**
 * The protocol, and people with stake: the operator 200,000 and Alice 500,000 on the operator, Bob 200,000 and Carol 100,000
 * on Bob. The deployer holds all other OPEN.
 */
export interface GovernanceWorld extends Protocol {
  connection: NetworkConnection;
  deployer: HardhatEthersSigner;
  operator: HardhatEthersSigner;
  alice: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  carol: HardhatEthersSigner;
  mallory: HardhatEthersSigner;
  guardian: HardhatEthersSigner;
}

export async function deployGovernance(connection: NetworkConnection): Promise<GovernanceWorld> {
  return await deployGovernanceWith(connection, {});
}

/** The same with other parameters of the deployment. */
export async function deployGovernanceWith(
  connection: NetworkConnection,
  parameters: Partial<ProtocolParameters>,
): Promise<GovernanceWorld> {
  const [deployer, operator, alice, bob, carol, mallory, guardian] = await connection.ethers.getSigners();
  const protocol = await createProtocolFixture({
    connection,
    parameters: { ...RULES, guardian: guardian.address, ...parameters },
  })();
  const world = { ...protocol, connection, deployer, operator, alice, bob, carol, mallory, guardian };
  await stake({ world, staker: operator, on: operator, amount: parseEther("200000") });
  await stake({ world, staker: alice, on: operator, amount: parseEther("500000") });
  await stake({ world, staker: bob, on: bob, amount: parseEther("200000") });
  await stake({ world, staker: carol, on: bob, amount: parseEther("100000") });
  return world;
}

/** Gives somebody OPEN to stake on an operator. */
export async function stake({
  world: { token, staking, deployer },
  staker,
  on,
  amount,
}: {
  world: GovernanceWorld;
  staker: HardhatEthersSigner;
  on: { address: string };
  amount: bigint;
}): Promise<void> {
  await token.connect(deployer).transfer(staker, amount);
  await token.connect(staker).approve(staking, amount);
  await staking.connect(staker).stake(on.address, amount);
}

/** The same protocol with a vulnerable governor in the place of the real one, which loses its rights at the Timelock. */
export async function withGovernorTwin(
  world: GovernanceWorld,
  name: `OpenGovernor_${string}`,
): Promise<GovernanceWorld> {
  const { connection, governor, timelock, staking, guardian } = world;
  const twin = await connection.ethers.deployContract(name, [staking, timelock, { ...RULES, guardian }]);
  const admin = timelock.connect(await asTimelock({ connection, protocol: world }));
  for (const role of ["PROPOSER_ROLE", "CANCELLER_ROLE"]) {
    await admin.grantRole(id(role), twin);
    await admin.revokeRole(id(role), governor);
  }
  return { ...world, governor: await connection.ethers.getContractAt("OpenGovernor", await twin.getAddress()) };
}

/** What somebody proposes. */
export interface Proposal {
  targets: string[];
  values: bigint[];
  calldatas: string[];
  description: string;
}

/** One call, and why. */
export async function proposalOf(target: BaseContract, calldata: string, description = "why"): Promise<Proposal> {
  return { targets: [await target.getAddress()], values: [0n], calldatas: [calldata], description };
}

/** A proposal as the governor and the Timelock take it after it has been made. */
export function operationOf({
  targets,
  values,
  calldatas,
  description,
}: Proposal): [string[], bigint[], string[], string] {
  return [targets, values, calldatas, id(description)];
}

/** The id of a proposal. */
export async function idOf({ governor }: GovernanceWorld, proposal: Proposal): Promise<bigint> {
  return await governor.hashProposal(...operationOf(proposal));
}

/** A proposal as the Timelock takes it: calls, no predecessor, and the governor's salt. */
export async function batchOf(
  { governor }: GovernanceWorld,
  proposal: Proposal,
): Promise<[string[], bigint[], string[], string, string]> {
  const [targets, values, calldatas, descriptionHash] = operationOf(proposal);
  const salt = (BigInt(await governor.getAddress()) << 96n) ^ BigInt(descriptionHash);
  return [targets, values, calldatas, ZeroHash, toBeHex(salt, 32)];
}

/** The id that a proposal has at the Timelock. */
export async function operationIdOf(world: GovernanceWorld, proposal: Proposal): Promise<string> {
  return await world.timelock.hashOperationBatch(...(await batchOf(world, proposal)));
}

/** Makes a proposal and waits until votes can be cast. Alice proposes unless stated otherwise. */
export async function propose({
  world,
  proposal: { targets, values, calldatas, description },
  proposer = world.alice,
}: {
  world: GovernanceWorld;
  proposal: Proposal;
  proposer?: HardhatEthersSigner;
}): Promise<void> {
  const { governor, connection } = world;
  await governor.connect(proposer).propose(targets, values, calldatas, description);
  await connection.networkHelpers.time.increase(RULES.votingDelaySeconds + 1n);
}

/** Brings a proposal as far as stated, with Alice's votes. */
export async function bring({
  world,
  proposal,
  to,
}: {
  world: GovernanceWorld;
  proposal: Proposal;
  to: "succeeded" | "queued" | "ready" | "executed";
}): Promise<void> {
  const { governor, alice, connection } = world;
  const { time } = connection.networkHelpers;
  await propose({ world, proposal });
  await governor.connect(alice).castVote(await idOf(world, proposal), VOTE.for);
  await time.increase(RULES.votingPeriodSeconds + 1n);
  if (to === "succeeded") return;
  await governor.queue(...operationOf(proposal));
  if (to === "queued") return;
  await time.increase(RULES.timelockSeconds);
  if (to === "ready") return;
  await governor.execute(...operationOf(proposal));
}

export async function stateOf(world: GovernanceWorld, proposal: Proposal): Promise<State> {
  return STATES[Number(await world.governor.state(await idOf(world, proposal)))];
}
