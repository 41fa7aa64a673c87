import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, type Addressable, id, keccak256, ZeroAddress, ZeroHash } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import { OPEN, type Terms } from "./datanets.ts";
import type { RegistryWorld } from "./registryWorld.ts";

/** A version of an asset that others can build on. */
export interface AssetVersion {
  registry: string;
  id: bigint;
  version: bigint;
  split: Split;
}

/** Who builds a version, and on what. */
export interface LineagePlan {
  builders?: { account: string; units: bigint; evidence?: string }[];
  upstreams?: { asset: AssetVersion; units: bigint }[];
  arbiter?: string;
  metadataURI?: string;
  metadataHash?: string;
}

/** As the registries take it. */
export interface LineageRow {
  builders: { account: string; units: bigint; evidence: string }[];
  upstreams: { registry: string; id: bigint; version: bigint; units: bigint }[];
  arbiter: string;
  metadataURI: string;
  metadataHash: string;
}

/** The register function of agents that takes a lineage: the others are the standard's. */
export const REGISTER_WITH_LINEAGE =
  "register(string,(uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))";

/** What the registry is told, and the shares and the split that ought to come of it. */
export function lineageOf({
  builders = [],
  upstreams = [],
  arbiter = ZeroAddress,
  metadataURI = "ipfs://card",
  metadataHash = id("card"),
}: LineagePlan): { lineage: LineageRow; shares: Share[]; split: Split } {
  const named = builders.map((builder) => ({ evidence: ZeroHash, ...builder }));
  const shares: Share[] = [
    ...named.map(({ account, units, evidence }) => ({ kind: ShareKind.Account, recipient: account, units, evidence })),
    ...upstreams.map(({ asset, units }) => ({
      kind: ShareKind.Split,
      recipient: asset.split.id,
      units,
      evidence: evidenceOfUpstream(asset),
    })),
  ];
  const lineage = {
    builders: named,
    upstreams: upstreams.map(({ asset: { registry, id, version }, units }) => ({ registry, id, version, units })),
    arbiter,
    metadataURI,
    metadataHash,
  };
  return { lineage, shares, split: Split.from({ shares, arbiter }) };
}

/** Names the asset version behind the split id. */
export function evidenceOfUpstream({ registry, id, version }: Omit<AssetVersion, "split">): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256", "uint256"], [registry, id, version]));
}

export async function assetVersion({
  registry,
  id,
  version,
  split,
}: {
  registry: Addressable;
  id: bigint;
  version: bigint;
  split: Split;
}): Promise<AssetVersion> {
  return { registry: await registry.getAddress(), id, version, split };
}

/** Registers a model. All of it is its owner's unless the plan says otherwise. */
export async function registerModel({
  world: { models },
  owner,
  terms = OPEN,
  ...plan
}: LineagePlan & {
  world: Pick<RegistryWorld, "models">;
  owner: HardhatEthersSigner;
  terms?: Terms;
}): Promise<AssetVersion> {
  const { lineage, split } = lineageOf(withBuilder(owner, plan));
  await models.connect(owner).register(terms, lineage);
  return await assetVersion({ registry: models, id: await models.assetCount(), version: 1n, split });
}

/** Registers an agent with a lineage. All of it is its owner's unless the plan says otherwise. */
export async function registerAgent({
  world: { agents },
  owner,
  terms = OPEN,
  agentURI = "https://agent.example/registration.json",
  ...plan
}: LineagePlan & {
  world: RegistryWorld;
  owner: HardhatEthersSigner;
  terms?: Terms;
  agentURI?: string;
}): Promise<AssetVersion> {
  const { lineage, split } = lineageOf(withBuilder(owner, plan));
  await agents.connect(owner)[REGISTER_WITH_LINEAGE](agentURI, terms, lineage);
  return await assetVersion({ registry: agents, id: await agents.assetCount(), version: 1n, split });
}

function withBuilder(owner: HardhatEthersSigner, plan: LineagePlan): LineagePlan {
  return plan.builders === undefined && plan.upstreams === undefined
    ? { ...plan, builders: [{ account: walletAccount(owner.address), units: 1n }] }
    : plan;
}
