import { id as hashOfText } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import type { Context } from "./context.ts";
import { hashOf } from "./files.ts";
import type { Done, Report } from "./outcome.ts";
import { type AssetKind, formatAsset, type Upstream, type WeightedAccount } from "./references.ts";
import { knownSplit, shareTable, sharesOf } from "./splits.ts";

/** A lineage as the registries take it. */
export interface Lineage {
  builders: { account: string; units: bigint; evidence: string }[];
  upstreams: { registry: string; id: bigint; version: bigint; units: bigint }[];
  arbiter: string;
  metadataURI: string;
  metadataHash: string;
}

/** What a version is made of, from the options that say so. Builders' evidence is the hash of the document. */
export async function lineageFrom(
  context: Context,
  {
    builders,
    on = [],
    arbiter,
    uri,
    document,
  }: {
    builders: WeightedAccount[];
    on: Upstream[] | undefined;
    arbiter: string;
    uri: string;
    document: string | undefined;
  },
): Promise<Lineage> {
  const metadataHash = await hashOf(document);
  const evidence = document === undefined ? hashOfText(uri) : metadataHash;
  const upstreams = [];
  for (const { asset, units } of on) {
    const { id, version } = await context.version(asset);
    upstreams.push({ registry: await context.registryOf(asset).getAddress(), id, version, units });
  }
  return {
    builders: builders.map(({ account, units }) => ({ account: walletAccount(account), units, evidence })),
    upstreams,
    arbiter,
    metadataURI: uri,
    metadataHash,
  };
}

interface Published {
  id: bigint | null;
  version: bigint | null;
  splitId: string | null;
}

/** What to say of a version that was published. */
export async function describePublished({
  context,
  done,
  kind,
  id,
}: {
  context: Context;
  done: Done;
  kind: AssetKind;
  /** Undefined of an asset that is new. */
  id?: bigint;
}): Promise<Report<{ id: "uint?"; version: "uint?"; splitId: "hash?" }>> {
  if (done.dry) {
    const returned = done.uint("VersionPublished", "version");
    const [assetId, version] = id === undefined ? [returned, 1n] : [id, returned];
    const result: Published = { id: assetId, version, splitId: null };
    return { says: [`${kind}:${assetId}@${version} is published.`], result };
  }
  const assetId = done.uint("VersionPublished", "id") ?? 0n;
  const version = done.uint("VersionPublished", "version") ?? 0n;
  const splitId = await context.registryOf({ kind }).splitOf(assetId, version);
  const name = formatAsset({ kind, id: assetId, version });
  const registries = await context.registries();
  const shares = sharesOf(context, registries, knownSplit(registries, { splitId, name }));
  return {
    says: [`${name} is published. Of what it earns:`, shareTable(shares)],
    result: { id: assetId, version, splitId },
  };
}
