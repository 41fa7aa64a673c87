import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import type { ProtocolParameters } from "../../scripts/lib/parameters.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";
import { accountOf } from "../helpers/shares.ts";

/** People by what they do. */
export interface People {
  /** Holds all tokens; has approved the ledger and the registries that take payments. */
  payer: HardhatEthersSigner;
  /** Owns the fee policy. */
  governor: HardhatEthersSigner;
  treasury: HardhatEthersSigner;
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
  const protocol = await createProtocolFixture({
    connection,
    parameters: {
      policyOwner: people.governor.address,
      treasury: accountOf(people.treasury),
      ...POLICY,
      ...parameters,
    },
  })();
  const world = { ...protocol, ...people, connection };
  await approveAll(world);
  return world;
}

export async function peopleOf({ ethers }: NetworkConnection): Promise<People> {
  const [payer, governor, treasury, owner, curator, alice, bob, carol, builder, tuner, operator, relayer, mallory] =
    await ethers.getSigners();
  return { payer, governor, treasury, owner, curator, alice, bob, carol, builder, tuner, operator, relayer, mallory };
}

/**
 * The same people and ledger around vulnerable registries: for every contract that the twin has a copy of, that copy
 * stands where the real one stood, and the others are deployed anew around it.
 */
export async function withRegistryTwin(world: RegistryWorld, twin: string): Promise<RegistryWorld> {
  const { ethers } = world.connection;
  const suffix = twin.slice(twin.indexOf("_"));
  let copies = 0;
  const deploy = async (contract: string, args: unknown[]): Promise<string> => {
    const isCopied = await hre.artifacts.artifactExists(contract + suffix);
    if (isCopied) copies++;
    const deployed = await ethers.deployContract(isCopied ? contract + suffix : contract, args);
    return await deployed.getAddress();
  };

  const ledger = await world.ledger.getAddress();
  const policy = await world.feePolicy.policyAt(1n);
  const datanets = await deploy("DatanetRegistry", [ledger]);
  const models = await deploy("ModelRegistry", [datanets]);
  const agents = await deploy("AgentRegistry", [datanets, models]);
  const feePolicy = await deploy("FeePolicy", [world.governor.address, [...policy]]);
  const eligibility = await world.services.eligibility();
  const stakers = await world.services.stakers();
  const services = await deploy("ServiceRegistry", [ledger, feePolicy, models, agents, eligibility, stakers]);
  if (copies === 0) throw new Error(`There is no twin ${twin}. List it in test/twins/registryTwins.ts.`);

  const twinWorld = {
    ...world,
    datanets: await ethers.getContractAt("DatanetRegistry", datanets),
    models: await ethers.getContractAt("ModelRegistry", models),
    agents: await ethers.getContractAt("AgentRegistry", agents),
    feePolicy: await ethers.getContractAt("FeePolicy", feePolicy),
    services: await ethers.getContractAt("ServiceRegistry", services),
  };
  await approveAll(twinWorld);
  return twinWorld;
}

async function approveAll({ token, ledger, datanets, services, payer }: RegistryWorld): Promise<void> {
  for (const spender of [ledger, datanets, services]) {
    await token.connect(payer).approve(spender, 2n ** 256n - 1n);
  }
}
