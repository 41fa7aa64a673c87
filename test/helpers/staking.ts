import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type BaseContract, dataSlice, getAddress, id, parseEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type {
  AccessManager,
  ArbitrationCommittee,
  AttributionLedger,
  DisputeCourt,
  OpenToken,
  OperatorStaking,
} from "../../typechain-types/index.ts";
import { createProtocolFixture } from "./deploy.ts";
import { accountOf } from "./shares.ts";

export const DAY = 86_400n;
export const THAW = 21n * DAY;
export const DRIP = 7n * DAY;
export const MIN_SELF_STAKE = parseEther("1000");
export const MIN_BOND = parseEther("100");
export const EVIDENCE = 2n * DAY;
export const RULING = 3n * DAY;
export const QUORUM = 2n;

/** Roles of the access manager. */
export const PARAMETERS_ROLE = 1n;
export const SLASHER_ROLE = 2n;
export const COMMITTEE_ROLE = 3n;

/** Staking and the court, and people by name, each with 1,000,000 OPEN and approvals for all. */
export interface StakingWorld {
  connection: NetworkConnection;
  token: OpenToken;
  ledger: AttributionLedger;
  access: AccessManager;
  staking: OperatorStaking;
  court: DisputeCourt;
  committee: ArbitrationCommittee;
  /** Holds the roles of administrator and for parameters, as the Timelock does elsewhere. */
  governor: HardhatEthersSigner;
  /** Holds the role that slashes beside the court, so that tests can slash at will. */
  slasher: HardhatEthersSigner;
  members: HardhatEthersSigner[];
  operator: HardhatEthersSigner;
  alice: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  carol: HardhatEthersSigner;
  mallory: HardhatEthersSigner;
}

/** What a test may have otherwise. */
export interface StakingOptions {
  /** Contracts of these names in place of the real ones. */
  twins?: { staking?: string; court?: string };
  /** Addresses of the court's verifiers. */
  verifiers?: string[];
  /** Contract that arbitrates in the committee's place. */
  arbitrator?: string;
}

export async function deployStaking(
  connection: NetworkConnection,
  { twins = {}, verifiers = [], arbitrator }: StakingOptions = {},
): Promise<StakingWorld> {
  const { token, ledger } = await createProtocolFixture({ connection })();
  const { ethers } = connection;
  const [governor, slasher, operator, alice, bob, carol, mallory, ...members] = (await ethers.getSigners()).slice(
    0,
    10,
  );
  const access = await ethers.deployContract("AccessManager", [governor.address]);
  const staking = await ethers.getContractAt(
    "OperatorStaking",
    await ethers.deployContract(twins.staking ?? "OperatorStaking", [
      ledger,
      access,
      { thawSeconds: THAW, dripSeconds: DRIP, minSelfStake: MIN_SELF_STAKE },
    ]),
  );
  const committee = await ethers.deployContract("ArbitrationCommittee", [access, QUORUM]);
  const court = await ethers.getContractAt(
    "DisputeCourt",
    await ethers.deployContract(twins.court ?? "DisputeCourt", [
      ledger,
      access,
      staking,
      verifiers,
      {
        arbitrator: arbitrator ?? (await committee.getAddress()),
        minBond: MIN_BOND,
        evidenceSeconds: EVIDENCE,
        rulingSeconds: RULING,
      },
    ]),
  );

  const restrict = async (target: BaseContract, names: string[], role: bigint) =>
    await access.setTargetFunctionRole(
      target,
      names.map((name) => id(target.interface.getFunction(name)?.format() ?? name).slice(0, 10)),
      role,
    );
  await restrict(staking, ["slash", "hold"], SLASHER_ROLE);
  await restrict(staking, ["setMinSelfStake"], PARAMETERS_ROLE);
  await restrict(court, ["setArbitrator", "setMinBond"], PARAMETERS_ROLE);
  await restrict(committee, ["vote"], COMMITTEE_ROLE);
  await access.grantRole(PARAMETERS_ROLE, governor, 0);
  await access.grantRole(SLASHER_ROLE, court, 0);
  await access.grantRole(SLASHER_ROLE, slasher, 0);
  for (const member of members) await access.grantRole(COMMITTEE_ROLE, member, 0);

  const people = { governor, slasher, operator, alice, bob, carol, mallory };
  for (const person of Object.values(people)) {
    if (person !== governor) await token.transfer(person, parseEther("1000000"));
    for (const spender of [ledger, staking, court]) await token.connect(person).approve(spender, ethers.MaxUint256);
  }
  return { connection, token, ledger, access, staking, court, committee, ...people, members };
}

/** Puts money into the account in which services leave what an operator's stakers earn. */
export async function earn(
  { ledger, staking, governor }: StakingWorld,
  operator: { address: string },
  amount: bigint,
): Promise<void> {
  await ledger.connect(governor).deposit(await staking.rewardsAccount(operator.address), amount);
}

/** Another address with the same low 12 bytes, from which the account for rewards has its tag. */
export function lookAlikeOf({ address }: { address: string }): string {
  return getAddress(`0x0123456789abcdef${dataSlice(address, 8).slice(2)}`);
}

/** What the staking contract holds: of its own account, and of those not harvested. */
export async function stakingFunds({ ledger, staking }: StakingWorld): Promise<bigint> {
  return await ledger.balanceOf(accountOf({ address: await staking.getAddress() }));
}
