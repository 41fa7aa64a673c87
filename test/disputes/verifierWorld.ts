import type { NetworkConnection } from "hardhat/types/network";

import type { LoggedContribution, PublishedVersion } from "../../sdk/datanetProof.ts";
import type {
  DuplicateVerifier,
  EquivocationVerifier,
  IFaultVerifier,
  RevokedLineageVerifier,
  SettlementVerifier,
} from "../../typechain-types/index.ts";
import type { Datanet, Offer } from "../registry/datanets.ts";
import { deployRegistryWorld, type RegistryWorld } from "../registry/registryWorld.ts";

/** The protocol, its people and the verifiers of faults. */
export interface VerifierWorld extends RegistryWorld {
  chainId: bigint;
  duplicates: DuplicateVerifier;
  equivocations: EquivocationVerifier;
  settlements: SettlementVerifier;
  lineages: RevokedLineageVerifier;
}

/** A fault as a verifier returns it, by names. */
export interface FoundFault {
  id: string;
  respondent: string;
  harmed: string;
  harm: bigint;
  restitution: { root: string; totalUnits: bigint; size: bigint; index: bigint; to: string; rank: bigint };
}

/** An account that nobody can spend from. */
export const NOBODY = `0x${(1n << 160n).toString(16).padStart(64, "0")}`;

/** More than anybody can own. */
export const WHATEVER_IT_IS = 2n ** 128n - 1n;

export const NO_RESTITUTION = {
  root: `0x${"00".repeat(32)}`,
  totalUnits: 0n,
  size: 0n,
  index: 0n,
  to: `0x${"00".repeat(32)}`,
  rank: 0n,
};

export async function deployVerifierWorld(connection: NetworkConnection): Promise<VerifierWorld> {
  const world = await deployRegistryWorld(connection);
  const { datanets, models, agents, services, channels, ledger } = world;
  const { ethers } = connection;
  const { chainId } = await ethers.provider.getNetwork();
  return {
    ...world,
    chainId,
    duplicates: await ethers.deployContract("DuplicateVerifier", [datanets]),
    equivocations: await ethers.deployContract("EquivocationVerifier", [services]),
    settlements: await ethers.deployContract("SettlementVerifier", [services, channels, ledger]),
    lineages: await ethers.deployContract("RevokedLineageVerifier", [datanets, models, agents]),
  };
}

/** What a proof shows. */
export async function faultOf(verifier: Pick<IFaultVerifier, "verify">, proof: string): Promise<FoundFault> {
  const { id, respondent, harmed, harm, restitution } = await verifier.verify(proof);
  const { root, totalUnits, size, index, to, rank } = restitution;
  return { id, respondent, harmed, harm, restitution: { root, totalUnits, size, index, to, rank } };
}

/** A version of a Datanet as its publication shows it; the latest one unless stated otherwise. */
export function publishedVersion(datanet: Datanet, number = datanet.versions.length): PublishedVersion {
  const { split, log, wrapping } = datanet.version(number);
  const version = { datanetId: datanet.id, version: BigInt(number), log };
  return wrapping.length === 0 ? version : { ...version, wrapping: split };
}

/** An offer as it was appended to a log. */
export function logged({ content }: Offer, index: number): LoggedContribution {
  return { index, content };
}
