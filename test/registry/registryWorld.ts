import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { Addressable } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { ProtocolParameters } from "../../scripts/lib/parameters.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";
import { asTimelock } from "../helpers/governance.ts";

/** People by what they do. */
export interface People {
  /** Holds all tokens; has approved the ledger and the registries that take payments. */
  payer: HardhatEthersSigner;
  owner: HardhatEthersSigner;
  curator: HardhatEthersSigner;
  alice: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  carol: HardhatEthersSigner;
  builder: HardhatEthersSigner;
  tuner: HardhatEthersSigner;
  operator: HardhatEthersSigner;
  relayer: HardhatEthersSigner;
  mallory: HardhatEthersSigner;
}

/** The protocol and its people. */
export interface RegistryWorld extends Protocol, People {
  /** What governance has decided comes from here: the Timelock, which is the treasury as well. */
  governance: HardhatEthersSigner;
  connection: NetworkConnection;
}

/** What the fee policy of the tests starts with. */
export const POLICY = { treasuryBps: 250n, operatorBps: 4_000n, stakersBps: 1_000n, platformFee: 10n };

export async function deployRegistryWorld(connection: NetworkConnection): Promise<RegistryWorld> {
  return await deployWith(connection, {});
}

/** The same with other parameters of the deployment. */
export async function deployWith(
  connection: NetworkConnection,
  parameters: Partial<ProtocolParameters>,
): Promise<RegistryWorld> {
  const people = await peopleOf(connection);
  const protocol = await createProtocolFixture({ connection, parameters: { ...POLICY, ...parameters } })();
  const world = { ...protocol, ...people, governance: await asTimelock({ connection, protocol }), connection };
  await approveAll(world);
  return world;
}

/** The same world with services that ask somebody else who may operate. */
export async function withStaking(world: RegistryWorld, staking: Addressable): Promise<RegistryWorld> {
  const { ledger, feePolicy, models, agents, connection } = world;
  const args = [ledger, feePolicy, models, agents, staking];
  const guarded = { ...world, services: await connection.ethers.deployContract("ServiceRegistry", args) };
  await approveAll(guarded);
  return guarded;
}

export async function peopleOf({ ethers }: NetworkConnection): Promise<People> {
  const [payer, owner, curator, alice, bob, carol, builder, tuner, operator, relayer, mallory] =
    await ethers.getSigners();
  return { payer, owner, curator, alice, bob, carol, builder, tuner, operator, relayer, mallory };
}

/** Lets the ledger and the registries that take payments take the payer's tokens. */
export async function approveAll({ token, ledger, datanets, services, payer }: RegistryWorld): Promise<void> {
  for (const spender of [ledger, datanets, services]) {
    await token.connect(payer).approve(spender, 2n ** 256n - 1n);
  }
}
