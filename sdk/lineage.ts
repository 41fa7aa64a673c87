import { type Share, ShareKind } from "./share.ts";
import type { Split } from "./split.ts";

/** A split's place in a lineage. Parts are of one whole at the top. */
export interface LineageNode {
  splitId: string;
  /** Undefined if nobody knows the shares behind the id. */
  split: Split | undefined;
  part: number;
  shares: LineageShare[];
}

/** A share on its way upstream. */
export interface LineageShare {
  share: Share;
  index: number;
  part: number;
  /** What stands behind it; undefined for accounts. */
  upstream: LineageNode | undefined;
}

/** How much of every payment to a split an account gets in the end, along all ways together. */
export interface AccountPart {
  account: string;
  part: number;
}

/** Most lines that a tree has: shared ancestors would make some far larger than their splits. */
const MAX_NODES = 10_000;

/**
 * The tree of what stands behind a split, down to those who contributed.
 *
 * @param depth How many splits deep to look.
 * @throws RangeError if the tree has more than 10,000 splits: look less deep, or ask for `partsOf`.
 */
export function lineageOf({
  splitId,
  find,
  depth = Infinity,
}: {
  splitId: string;
  find: (splitId: string) => Split | undefined;
  depth?: number;
}): LineageNode {
  let nodes = 0;
  const visit = (id: string, part: number, level: number): LineageNode => {
    nodes += 1;
    if (nodes > MAX_NODES) throw new RangeError(`The lineage has more than ${MAX_NODES} splits. Look less deep.`);
    const split = find(id);
    if (split === undefined || level === 0) return { splitId: id, split, part, shares: [] };
    const shares = sharesOf(split).map(({ share, index }) => {
      const own = part * partOf(split, share);
      const upstream = share.kind === ShareKind.Split ? visit(share.recipient, own, level - 1) : undefined;
      return { share, index, part: own, upstream };
    });
    return { splitId: id, split, part, shares };
  };
  return visit(splitId, 1, depth);
}

/** What each account gets of a payment to a split, largest first. Looks at each split once, however many ways lead to it. */
export function partsOf({
  splitId,
  find,
}: {
  splitId: string;
  find: (splitId: string) => Split | undefined;
}): AccountPart[] {
  const arriving = new Map([[splitId, 1]]);
  const accounts = new Map<string, number>();
  for (const split of downstreamFirst([splitId], find)) {
    const part = arriving.get(split.id) ?? 0;
    for (const { share } of sharesOf(split)) {
      const to = share.kind === ShareKind.Split ? arriving : accounts;
      to.set(share.recipient, (to.get(share.recipient) ?? 0) + part * partOf(split, share));
    }
  }
  return [...accounts]
    .map(([account, part]) => ({ account, part }))
    .sort((a, b) => b.part - a.part || (a.account < b.account ? -1 : 1));
}

/** Splits and all that is known upstream of them, each once, and before everything upstream of it. */
export function downstreamFirst(splitIds: Iterable<string>, find: (splitId: string) => Split | undefined): Split[] {
  const visited = new Set<string>();
  const ordered: Split[] = [];
  const visit = (id: string): void => {
    if (visited.has(id)) return;
    visited.add(id);
    const split = find(id);
    if (split === undefined) return;
    for (const index of split.tree.findShares({ kind: ShareKind.Split })) visit(split.tree.share(index).recipient);
    ordered.push(split);
  };
  for (const id of splitIds) visit(id);
  return ordered.reverse();
}

function sharesOf(split: Split): { share: Share; index: number }[] {
  return split.tree.shares({ first: 0, count: split.tree.size }).map((share, index) => ({ share, index }));
}

function partOf({ tree }: Split, { units }: Share): number {
  return tree.totalUnits === 0n ? 0 : Number(units) / Number(tree.totalUnits);
}
