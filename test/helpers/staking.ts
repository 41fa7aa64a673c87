import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type BaseContract, dataSlice, getAddress, parseEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { POWERS, ROLE, selectorOf } from "../../ignition/powers.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import type {
  AccessManager,
  ArbitrationCommittee,
  AttributionLedger,
  DisputeCourt,
  OpenToken,
  OperatorStaking,
} from "../../typechain-types/index.ts";
import { createProtocolFixture } from "./deploy.ts";
import { asTimelock } from "./governance.ts";
import { accountOf } from "./shares.ts";

export const DAY = 86_400n;
export const THAW = 21n * DAY;
export const DRIP = 7n * DAY;
export const MIN_SELF_STAKE = parseEther("1000");
export const MIN_BOND = parseEther("100");
export const EVIDENCE = 2n * DAY;
export const RULING = 3n * DAY;
export const QUORUM = 2n;

const STAKING_PARAMETERS = { thawSeconds: THAW, dripSeconds: DRIP, minSelfStake: MIN_SELF_STAKE };
const COURT_PARAMETERS = { minBond: MIN_BOND, evidenceSeconds: EVIDENCE, rulingSeconds: RULING };

/** Staking and the court, and people by name, each with 1,000,000 OPEN and approvals for all. */
export interface StakingWorld {
  connection: NetworkConnection;
  token: OpenToken;
  ledger: AttributionLedger;
  access: AccessManager;
  staking: OperatorStaking;
  court: DisputeCourt;
  committee: ArbitrationCommittee;
  /** Holds the Timelock's roles beside it, without delays. */
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

/** The protocol as deployed everywhere, with what a test has otherwise under the same AccessManager. */
export async function deployStaking(
  connection: NetworkConnection,
  options: StakingOptions = {},
): Promise<StakingWorld> {
  const { ethers } = connection;
  const signers = await ethers.getSigners();
  const [governor, slasher, operator, alice, bob, carol, mallory, ...members] = signers.slice(0, 10);
  const protocol = await createProtocolFixture({
    connection,
    parameters: {
      ...STAKING_PARAMETERS,
      ...COURT_PARAMETERS,
      committee: members.map(({ address }) => address),
      committeeQuorum: QUORUM,
    },
  })();
  const { token, ledger, committee } = protocol;
  // Such early grants do not have to wait yet.
  const access = protocol.access.connect(await asTimelock({ connection, protocol }));
  for (const role of [ROLE.ADMIN, ROLE.PARAMETERS, ROLE.ARBITRATION]) await access.grantRole(role, governor, 0);
  await access.grantRole(ROLE.SLASHER, slasher, 0);
  const { staking, court } = await replace({ connection, protocol: { ...protocol, access }, options });

  const people = { governor, slasher, operator, alice, bob, carol, mallory };
  for (const person of Object.values(people)) {
    if (person !== governor) await token.transfer(person, parseEther("1000000"));
    for (const spender of [ledger, staking, court]) await token.connect(person).approve(spender, ethers.MaxUint256);
  }
  return { connection, token, ledger, access: protocol.access, staking, court, committee, ...people, members };
}

/** Staking and the court of a deployment, or others in their place with the powers and roles that those have. */
async function replace({
  connection: { ethers },
  protocol: { ledger, access, committee, ...deployed },
  options: { twins = {}, verifiers, arbitrator },
}: {
  connection: NetworkConnection;
  protocol: Protocol;
  options: StakingOptions;
}): Promise<Pick<StakingWorld, "staking" | "court">> {
  const give = async (name: "staking" | "court", contract: BaseContract) => {
    for (const [signature, role] of Object.entries(POWERS[name].functions))
      await access.setTargetFunctionRole(contract, [selectorOf(signature)], ROLE[role]);
  };
  let { staking, court } = deployed;
  if (twins.staking !== undefined) {
    const twin = await ethers.deployContract(twins.staking, [ledger, access, STAKING_PARAMETERS]);
    staking = await ethers.getContractAt("OperatorStaking", twin);
    await give("staking", staking);
  }
  if (staking === deployed.staking && [twins.court, verifiers, arbitrator].every((other) => other === undefined))
    return { staking, court };

  const parameters = { ...COURT_PARAMETERS, arbitrator: arbitrator ?? committee };
  const args = [ledger, access, staking, verifiers ?? [], parameters];
  court = await ethers.getContractAt("DisputeCourt", await ethers.deployContract(twins.court ?? "DisputeCourt", args));
  await give("court", court);
  await access.grantRole(ROLE.SLASHER, court, 0);
  await access.revokeRole(ROLE.SLASHER, deployed.court);
  return { staking, court };
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
