import { AbiCoder, getAddress, keccak256 } from "ethers";

import type { RegistryState } from "../registryState.ts";
import { type Share, ShareKind } from "../share.ts";
import { Split } from "../split.ts";
import type { VersionId } from "./names.ts";

/** Somebody who is paid directly, and for what. */
export interface Earner {
  account: string;
  /** Zero for a contribution that was revoked. */
  units: bigint;
  evidence: string;
}

/** A version of a Datanet, with all that its split is made of. */
export interface DatanetVersion extends VersionId {
  splitId: string;
  /** The same as `splitId` unless owner or curator take a part. */
  logSplitId: string;
  arbiter: string;
  /** In the order of the log. */
  contributions: Earner[];
  /** Shares of the split around the log's; none if the log itself is paid. */
  wrapping: Share[];
}

/** An asset version that another one builds on. */
export interface UpstreamVersion extends VersionId {
  kind: "datanet" | "model";
  splitId: string;
  units: bigint;
}

/** A version of a model, with all that its split is made of. */
export interface ModelVersion extends VersionId {
  splitId: string;
  arbiter: string;
  /** In the order of the split, which has the upstream versions behind them. */
  builders: Earner[];
  upstreams: UpstreamVersion[];
}

/** Most units that all shares of a split can have together. */
export const MAX_UNITS = (1n << 128n) - 1n;

/** Sum of the units of all lines. */
export function totalOf(lines: readonly { units: bigint }[]): bigint {
  return lines.reduce((total, { units }) => total + units, 0n);
}

/**
 * A version of a Datanet.
 *
 * @param splitId `splitOf(id, version)` of the registry.
 * @throws RangeError if the state has no such version, or the version is paid by another split.
 */
export function readDatanetVersion({
  state,
  chainId,
  registry,
  id,
  version,
  splitId,
}: VersionId & { state: RegistryState; splitId: string }): DatanetVersion {
  const log = state.logOf(id).version(version).split;
  const split = splitOf(state, splitId);
  const shares = sharesOf(split);
  const isWrapped = split.id !== log.id;
  if (isWrapped && !shares.some(({ kind, recipient }) => kind === ShareKind.Split && recipient === log.id)) {
    throw new RangeError(`Version ${version} of Datanet ${id} has the log ${log.id}, which ${splitId} does not pay.`);
  }
  return {
    chainId,
    registry: getAddress(registry),
    id,
    version,
    splitId: split.id,
    logSplitId: log.id,
    arbiter: log.arbiter,
    contributions: sharesOf(log).map(earnerOf),
    wrapping: isWrapped ? shares : [],
  };
}

/**
 * A version of a model.
 *
 * @param splitId `splitOf(id, version)` of the ModelRegistry.
 * @throws RangeError if the state has no such split, or it pays a split that no Datanet or model version stands for.
 */
export function readModelVersion({
  state,
  chainId,
  models,
  datanets,
  id,
  version,
  splitId,
}: {
  state: RegistryState;
  chainId: bigint;
  /** Address of the ModelRegistry. */
  models: string;
  /** Address of the DatanetRegistry. */
  datanets: string;
  id: bigint;
  version: number;
  splitId: string;
}): ModelVersion {
  const split = splitOf(state, splitId);
  const builders: Earner[] = [];
  const upstreams: UpstreamVersion[] = [];
  for (const share of sharesOf(split)) {
    if (share.kind === ShareKind.Account) {
      builders.push(earnerOf(share));
      continue;
    }
    const origin = state.originOf(share.recipient);
    if (origin?.kind !== "datanet" && origin?.kind !== "model") {
      throw new RangeError(`Split ${splitId} pays ${share.recipient}, which is no version of a Datanet or model.`);
    }
    const upstream = {
      kind: origin.kind,
      chainId,
      registry: getAddress(origin.kind === "model" ? models : datanets),
      id: origin.id,
      version: origin.version,
      splitId: share.recipient,
      units: share.units,
    };
    if (upstreamEvidence(upstream) !== share.evidence) {
      throw new RangeError(
        `Split ${share.recipient} is paid by ${splitId} under another name than ${origin.kind} ${origin.id}.`,
      );
    }
    upstreams.push(upstream);
  }
  return {
    chainId,
    registry: getAddress(models),
    id,
    version,
    splitId: split.id,
    arbiter: split.arbiter,
    builders,
    upstreams,
  };
}

/** Evidence of an upstream version's share: keccak256 of its registry, id and version. */
export function upstreamEvidence({ registry, id, version }: Omit<VersionId, "chainId">): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "uint256", "uint256"], [registry, id, version]));
}

/** The id of the split that these parts of a model make. */
export function modelSplitId({
  builders,
  upstreams,
  arbiter,
}: Pick<ModelVersion, "builders" | "upstreams" | "arbiter">): string {
  const shares = [
    ...builders.map(shareOf),
    ...upstreams.map((upstream) => ({
      kind: ShareKind.Split,
      recipient: upstream.splitId,
      units: upstream.units,
      evidence: upstreamEvidence(upstream),
    })),
  ];
  return Split.from({ shares, arbiter }).id;
}

/** The ids of the splits that these parts of a Datanet make. */
export function datanetSplitIds({
  contributions,
  wrapping,
  arbiter,
}: Pick<DatanetVersion, "contributions" | "wrapping" | "arbiter">): { splitId: string; logSplitId: string } {
  const logSplitId = Split.from({ shares: contributions.map(shareOf), arbiter }).id;
  return { splitId: wrapping.length === 0 ? logSplitId : Split.from({ shares: wrapping, arbiter }).id, logSplitId };
}

function splitOf(state: RegistryState, splitId: string): Split {
  const split = state.split(splitId.toLowerCase());
  if (split === undefined)
    throw new RangeError(`No registry has made the split ${splitId} up to block ${state.nextBlock - 1}.`);
  return split;
}

function sharesOf({ tree }: Split): Share[] {
  return tree.shares({ first: 0, count: tree.size });
}

function earnerOf({ recipient, units, evidence }: Share): Earner {
  return { account: recipient, units, evidence };
}

function shareOf({ account, units, evidence }: Earner): Share {
  return { kind: ShareKind.Account, recipient: account, units, evidence };
}
