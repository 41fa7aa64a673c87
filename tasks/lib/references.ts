/** An asset as people name it: `datanet:1`, `model:2@3`. */
export interface AssetRef {
  kind: AssetKind;
  id: bigint;
  /** The newest one if left out. */
  version: bigint | undefined;
}
export const ASSET_KINDS = ["datanet", "model", "agent"] as const;
export type AssetKind = (typeof ASSET_KINDS)[number];

/** Something that earns in somebody else's split. */
export interface Upstream {
  asset: AssetRef;
  units: bigint;
}

/** Somebody who earns in a split. */
export interface WeightedAccount {
  account: string;
  units: bigint;
}

export function formatAsset({ kind, id, version }: { kind: string; id: bigint; version?: bigint | undefined }): string {
  return version === undefined ? `${kind}:${id}` : `${kind}:${id}@${version}`;
}
