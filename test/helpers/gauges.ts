import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, MaxUint256, parseEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { ROLE } from "../../ignition/powers.ts";
import type { Split } from "../../sdk/split.ts";
import type { IncentiveGauges } from "../../typechain-types/index.ts";
import { deployWith, POLICY, type RegistryWorld } from "../registry/registryWorld.ts";
import { type Service, splitOfService } from "../registry/services.ts";
import { accountOf } from "./shares.ts";
import { MIN_SELF_STAKE } from "./staking.ts";

export const EPOCH = 7n * 86_400n;
export const BUDGET = 1_000_000n;

/** What the treasury has in its wallet account to begin with. */
export const FUNDS = parseEther("1000000");

/** Stake, and so votes. */
export const ALICE_VOTES = parseEther("3000");
export const BOB_VOTES = parseEther("1000");

/** The protocol with gauges. Governance is the treasury. */
export interface GaugeWorld extends RegistryWorld {
  gauges: IncentiveGauges;
}

/** A fee policy. */
interface Policy {
  treasury: string;
  treasuryBps: bigint;
  operatorBps: bigint;
  stakersBps: bigint;
  platformFee: bigint;
}

/** What a test may have otherwise. */
export interface GaugeOptions {
  /** A contract in place of the real one. */
  twin?: `IncentiveGauges_${string}`;
  budget?: bigint;
}

/**
 * Operator and tuner serve, and have staked as much as they must. Alice and Bob have staked on the operator before
 * epoch 0.
 */
export async function deployGauges(connection: NetworkConnection, options: GaugeOptions = {}): Promise<GaugeWorld> {
  const plain = await deployWith(connection, { minSelfStake: MIN_SELF_STAKE });
  const { ledger, governance, operator, tuner, alice, bob, payer } = plain;
  await stake(plain, operator, operator, MIN_SELF_STAKE);
  await stake(plain, tuner, tuner, MIN_SELF_STAKE);
  await stake(plain, alice, operator, ALICE_VOTES);
  await stake(plain, bob, operator, BOB_VOTES);
  await ledger.connect(payer).deposit(accountOf(governance), FUNDS);
  return await withGauges(plain, options);
}

/** The same world with gauges of its own, which begin now. */
export async function withGauges(
  world: RegistryWorld,
  { twin, budget = BUDGET }: GaugeOptions = {},
): Promise<GaugeWorld> {
  const { connection, services, staking, timelock, access, governance, ledger } = world;
  const { ethers } = connection;
  const gauges = await ethers.getContractAt(
    "IncentiveGauges",
    await ethers.deployContract(twin ?? "IncentiveGauges", [services, staking, timelock, access, EPOCH, budget]),
  );
  const { selector } = gauges.interface.getFunction("setBudget");
  await access.connect(governance).setTargetFunctionRole(gauges, [selector], ROLE.PARAMETERS);
  await ledger.connect(governance).approveSpender(0, gauges, MaxUint256);
  return { ...world, gauges };
}

/** Stakes tokens that the payer gives for it. */
export async function stake(
  { token, staking, payer }: Pick<GaugeWorld, "token" | "staking" | "payer">,
  staker: HardhatEthersSigner,
  operator: { address: string },
  amount: bigint,
): Promise<void> {
  await token.connect(payer).transfer(staker, amount);
  await token.connect(staker).approve(staking, amount);
  await staking.connect(staker).stake(operator.address, amount);
}

/** Pays a service's split. */
export async function payService(
  world: GaugeWorld,
  service: Service,
  amount: bigint,
  { policyVersion = 1n, payer = world.payer }: { policyVersion?: bigint; payer?: HardhatEthersSigner } = {},
): Promise<Split> {
  const split = await splitOfService({ world, service, policyVersion });
  await world.ledger.connect(payer).pay(split.id, amount, 1n, id("a receipt"));
  return split;
}

/** Pays a service so much that the treasury gets `fees` of it, and has them counted. */
export async function bringFees(world: GaugeWorld, service: Service, fees: bigint): Promise<void> {
  const { treasuryBps } = await world.feePolicy.policyAt(1n);
  await payService(world, service, (fees * 10_000n) / treasuryBps);
  await world.gauges.count(service.id, 1n, service.asset.version);
}

/** Goes to the first second of an epoch. */
export async function goTo({ connection, gauges }: GaugeWorld, epoch: bigint): Promise<void> {
  await connection.networkHelpers.time.increaseTo(await gauges.startOf(epoch));
}

/** Puts all votes of an account on one split. */
export async function voteFor(world: GaugeWorld, voter: HardhatEthersSigner, split: { id: string }): Promise<void> {
  await world.gauges.connect(voter).vote([split.id], [10_000n], []);
}

/** Puts another fee policy into force; what is not stated is as the first one. */
export async function setPolicy({ feePolicy, governance }: GaugeWorld, changes: Partial<Policy>): Promise<bigint> {
  await feePolicy.connect(governance).setPolicy({ treasury: accountOf(governance), ...POLICY, ...changes });
  return await feePolicy.currentVersion();
}
