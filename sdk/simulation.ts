import type { LedgerView } from "./ledgerState.ts";
import { ShareKind } from "./share.ts";
import { entitlementOf, type Split } from "./split.ts";

/** Adjacent shares of a split that are to be released together. */
export interface DrawRange {
  split: Split;
  first: number;
  count: number;
}

/** A share as a release would move it. */
export interface Release {
  splitId: string;
  index: number;
  /** In the token's smallest unit; more than zero. */
  amount: bigint;
  /** What the recipient is. */
  kind: ShareKind;
  recipient: string;
}

/**
 * What the ledger would do with draws, to the last unit: floors, redirects, and one hop funding the next.
 *
 * @param ranges In the order in which they would be released.
 * @throws RangeError about a split that has not received anything by its turn, or has no units: the ledger would revert.
 */
export function simulateRelease({
  ranges,
  ledger,
}: {
  ranges: readonly DrawRange[];
  ledger: Pick<LedgerView, "received" | "drawn" | "redirectsOf">;
}): Release[] {
  const releases: Release[] = [];
  const routed = new Map<string, bigint>();
  const drawn = new Map<string, bigint>();
  for (const { split, first, count } of ranges) {
    const splitId = split.id;
    const received = ledger.received(splitId).amount + (routed.get(splitId) ?? 0n);
    if (received === 0n) throw new RangeError(`Split ${splitId} has not received anything that could be released.`);
    const redirects = ledger.redirectsOf(splitId);
    split.tree.shares({ first, count }).forEach((share, i) => {
      const index = first + i;
      const key = `${splitId}/${index}`;
      const already = ledger.drawn(splitId, index) + (drawn.get(key) ?? 0n);
      const amount = entitlementOf({ received, units: share.units, totalUnits: split.tree.totalUnits }) - already;
      if (amount === 0n) return;
      drawn.set(key, (drawn.get(key) ?? 0n) + amount);
      const { kind } = share;
      const recipient = (kind === ShareKind.Account ? redirects.get(index) : undefined) ?? share.recipient;
      if (kind === ShareKind.Split) routed.set(recipient, (routed.get(recipient) ?? 0n) + amount);
      releases.push({ splitId, index, amount, kind, recipient });
    });
  }
  return releases;
}
