import { ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import type { LoggedContribution, PublishedVersion } from "../../sdk/datanetProof.ts";
import type { IFaultVerifier } from "../../typechain-types/index.ts";
import type { Datanet, Offer } from "../registry/datanets.ts";
import { deployRegistryWorld, type RegistryWorld } from "../registry/registryWorld.ts";

/** The protocol, its people, and the chain's number. */
export interface VerifierWorld extends RegistryWorld {
  chainId: bigint;
}

/** A fault as a verifier returns it, by names. */
export interface FoundFault {
  id: string;
  respondent: string;
  harmed: string;
  harm: bigint;
  restitution: {
    root: string;
    totalUnits: bigint;
    size: bigint;
    index: bigint;
    arbiter: string;
    to: string;
    rank: bigint;
  };
}

/** More than anybody can own. */
export const WHATEVER_IT_IS = 2n ** 128n - 1n;

export const NO_RESTITUTION = {
  root: `0x${"00".repeat(32)}`,
  totalUnits: 0n,
  size: 0n,
  index: 0n,
  arbiter: ZeroAddress,
  to: `0x${"00".repeat(32)}`,
  rank: 0n,
};

export async function deployVerifierWorld(connection: NetworkConnection): Promise<VerifierWorld> {
  const world = await deployRegistryWorld(connection);
  return { ...world, chainId: (await connection.ethers.provider.getNetwork()).chainId };
}

/** What a proof shows. */
export async function faultOf(verifier: Pick<IFaultVerifier, "verify">, proof: string): Promise<FoundFault> {
  const { id, respondent, harmed, harm, restitution } = await verifier.verify(proof);
  const { root, totalUnits, size, index, arbiter, to, rank } = restitution;
  return { id, respondent, harmed, harm, restitution: { root, totalUnits, size, index, arbiter, to, rank } };
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
