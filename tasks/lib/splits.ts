import { UserError } from "../../scripts/lib/script.ts";
import type { RegistryState } from "../../sdk/registryState.ts";
import { ShareKind } from "../../sdk/share.ts";
import type { Split } from "../../sdk/split.ts";
import { type Context, nameOfSplit } from "./context.ts";
import { percent } from "./format.ts";
import type { Table } from "./outcome.ts";
import { type AssetRef, formatAsset } from "./references.ts";

/** What a split is named by. */
export interface SplitNaming {
  service: bigint | undefined;
  asset: AssetRef | undefined;
  split: string | undefined;
}

/** A split that was named. */
export interface NamedSplit {
  splitId: string;
  name: string;
}

/** @throws UserError unless exactly one name is given, and it is somebody's. */
export async function splitNamed(context: Context, { service, asset, split }: SplitNaming): Promise<NamedSplit> {
  const given = [service, asset, split].filter((one) => one !== undefined);
  if (given.length !== 1) throw new UserError("Name one split: by --service, by --asset, or by --split.");
  if (service !== undefined) {
    await context.service(service);
    return { splitId: await context.protocol.services.splitOf(service), name: `service ${service}` };
  }
  if (asset !== undefined) {
    const version = await context.version(asset);
    return {
      splitId: await context.registryOf(asset).splitOf(version.id, version.version),
      name: formatAsset(version),
    };
  }
  return { splitId: split ?? "", name: `split ${split}` };
}

/** The shares behind a split. @throws UserError if no registry has made it. */
export function knownSplit(registries: RegistryState, { splitId, name }: NamedSplit): Split {
  const split = registries.split(splitId);
  if (split === undefined) {
    throw new UserError(`No registry of this deployment has made ${name}, so its shares are not known here.`);
  }
  return split;
}

/** A share for people and machines. */
export interface ListedShare {
  to: string;
  kind: string;
  part: number;
}

/** Who gets what of a split, one hop deep. */
export function sharesOf(context: Context, registries: RegistryState, split: Split): ListedShare[] {
  const { tree } = split;
  return tree.shares({ first: 0, count: tree.size }).map(({ kind, recipient, units }) => ({
    to:
      kind === ShareKind.Account
        ? context.nameOfAccount(recipient)
        : nameOfSplit(registries.originOf(recipient), recipient),
    kind: kind === ShareKind.Account ? "account" : "split",
    part: tree.totalUnits === 0n ? 0 : Number(units) / Number(tree.totalUnits),
  }));
}

export function shareTable(shares: ListedShare[]): Table {
  return { columns: ["goes to", "#part"], rows: shares.map(({ to, part }) => [to, percent(part)]) };
}
