import type { LedgerView } from "./ledgerState.ts";
import { downstreamFirst } from "./lineage.ts";
import { ShareKind } from "./share.ts";
import { entitlementOf, type Split } from "./split.ts";

/** What an account has in one split. Amounts in the token's smallest unit. */
export interface SplitEarnings {
  splitId: string;
  /** How many of its shares are the account's. */
  shares: number;
  /** All that was ever due to it, counting what has not been released towards this split yet. */
  earned: bigint;
  /** What of that has been released. */
  drawn: bigint;
  /** What a release of everything on the way would bring. */
  claimable: bigint;
}

/**
 * What an account has earned, split by split.
 *
 * @param splits All splits that are known; those that have nothing to do with the account do no harm.
 */
export function earningsOf({
  account,
  splits,
  ledger,
}: {
  account: string;
  splits: Iterable<Split>;
  ledger: Pick<LedgerView, "received" | "drawn" | "redirectsOf">;
}): SplitEarnings[] {
  const known = new Map(Array.from(splits, (split) => [split.id, split]));
  const routed = new Map<string, bigint>();
  const earnings: SplitEarnings[] = [];
  for (const split of downstreamFirst(known.keys(), (id) => known.get(id))) {
    const { tree } = split;
    if (tree.totalUnits === 0n) continue;
    const received = ledger.received(split.id).amount + (routed.get(split.id) ?? 0n);
    const dueTo = (index: number): bigint =>
      entitlementOf({ received, units: tree.share(index).units, totalUnits: tree.totalUnits });

    for (const index of tree.findShares({ kind: ShareKind.Split })) {
      const { recipient } = tree.share(index);
      const pending = dueTo(index) - ledger.drawn(split.id, index);
      routed.set(recipient, (routed.get(recipient) ?? 0n) + pending);
    }

    const redirects = ledger.redirectsOf(split.id);
    const own = tree
      .findShares({ kind: ShareKind.Account, recipient: account })
      .filter((index) => !redirects.has(index));
    const redirected = [...redirects]
      .filter(([index, to]) => to === account && index < tree.size && tree.share(index).kind === ShareKind.Account)
      .map(([index]) => index);
    const indexes = [...own, ...redirected];
    if (indexes.length === 0) continue;
    const earned = indexes.reduce((sum, index) => sum + dueTo(index), 0n);
    const drawn = indexes.reduce((sum, index) => sum + ledger.drawn(split.id, index), 0n);
    earnings.push({ splitId: split.id, shares: indexes.length, earned, drawn, claimable: earned - drawn });
  }
  return earnings;
}
