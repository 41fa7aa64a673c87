import type { RegistryState } from "../registryState.ts";
import { ShareKind } from "../share.ts";

/** Who gets what of a split's money in the end, in parts of `WHOLE`; each rounded down. */
export interface Parts {
  /** All contributors of all Datanets. */
  contributors: bigint;
  /** Owners and curators of Datanets. */
  curation: bigint;
  /** Builders of this asset and of all models and agents it is built on. */
  builders: bigint;
}

/** What the parts of a split add up to, but for rounding. */
export const WHOLE = 10n ** 18n;

const NONE: Parts = { contributors: 0n, curation: 0n, builders: 0n };

/**
 * The parts of an asset's split, through everything it is built on.
 *
 * @throws RangeError if the state has not seen a split on the way.
 */
export function partsOf(state: RegistryState, splitId: string): Parts {
  const known = new Map<string, Parts>();
  const find = (id: string): Parts => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const split = state.split(id);
    if (split === undefined) throw new RangeError(`No registry has made the split ${id}.`);
    const kind = state.originOf(id)?.kind;
    const shares = split.tree.shares({ first: 0, count: split.tree.size });
    // A Datanet's version is its log, unless it wraps it.
    const isWrapped = shares.some((share) => share.kind === ShareKind.Split);
    const isLog = kind === "datanetLog" || (kind === "datanet" && !isWrapped);
    const parts = { ...NONE };
    for (const share of shares) {
      const { recipient, units } = share;
      const part = (WHOLE * units) / split.header.totalUnits;
      if (share.kind === ShareKind.Account) {
        parts[isLog ? "contributors" : kind === "datanet" ? "curation" : "builders"] += part;
        continue;
      }
      const upstream = find(recipient);
      parts.contributors += (upstream.contributors * part) / WHOLE;
      parts.curation += (upstream.curation * part) / WHOLE;
      parts.builders += (upstream.builders * part) / WHOLE;
    }
    known.set(id, parts);
    return parts;
  };
  return find(splitId);
}

/** A part in percent with two decimals. */
export function formatPercent(part: bigint, whole: bigint): string {
  const hundredths = (part * 20_000n + whole) / (2n * whole);
  if (hundredths === 0n && part > 0n) return "< 0.01 %";
  return `${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")} %`;
}
