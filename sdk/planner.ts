import { decodeAccount } from "./account.ts";
import { claimGas, pairGas, passedShareGas, rangeGas, shareGas } from "./claimGas.ts";
import type { LedgerView } from "./ledgerState.ts";
import { ShareKind } from "./share.ts";
import { type DrawRange, type Release, simulateRelease } from "./simulation.ts";
import { encodeDraws, entitlementOf, type Split } from "./split.ts";

/** What a claim is planned from. */
export interface ClaimQuestion {
  /** Wallet account (tag 0) that claims; 32 bytes of hex. */
  account: string;
  /** All splits the claimant knows; those that do not lead to it do no harm. */
  splits: Iterable<Split>;
  /** What has been received and drawn so far. */
  ledger: LedgerView;
  /** What the claimant pays per gas, in wei. */
  gasPrice: bigint;
  /** What 10^18 of the token's smallest units are worth to the claimant, in wei. */
  weiPerToken: bigint;
  /** Most gas of one transaction. */
  maxGas?: number;
}

/** Adjacent shares of one split to release. */
export interface PlannedHop {
  splitId: string;
  first: number;
  count: number;
  /** What the release moves, to the claimant and to others, in the token's smallest unit. */
  released: bigint;
}

/** A share that leads to the claimant, but costs more than it brings. */
export interface SkippedShare {
  splitId: string;
  index: number;
  /** What it could release once the plan has been carried out, in the token's smallest unit. */
  amount: bigint;
}

/** Which draws to release and what that brings. Amounts in the token's smallest unit. */
export interface ClaimPlan {
  /** In the order of release: from the splits that were paid down to the claimant. */
  hops: PlannedHop[];
  /** Packed draws for the ledger's `release`, one transaction each, before the claim; empty unless they are many. */
  releaseFirst: string[];
  /** Packed draws for the ledger's `claim`; "0x" if there is nothing to release. */
  draws: string;
  /** What the draws bring to the claimant, exactly. */
  yield: bigint;
  /** What the claimant's account holds already. */
  balance: bigint;
  /** Gas of all transactions, to a few percent. */
  gas: number;
  /** gas · gasPrice, in wei. */
  cost: bigint;
  /** Worth of yield and balance, in wei. */
  value: bigint;
  /** Whether value is more than cost. If it is not, wait for more money. */
  worthwhile: boolean;
  skipped: SkippedShare[];
}

/** Below the limit of a transaction (EIP-7825: 2^24 gas), with room for what an estimate may be off by. */
const DEFAULT_MAX_GAS = 15_000_000;
/** Of a transaction of its own. */
const TRANSACTION_GAS = 21_000;
const MAX_SHARES_PER_DRAW = 200;
const TOKEN = 10n ** 18n;

/** A split on a way from a payment to the claimant. */
interface Station {
  split: Split;
  edges: Edge[];
}

/** A share on a way from a payment to the claimant. */
interface Edge {
  index: number;
  /** What it could release right now. */
  pending: number;
  /** Its part of whatever else arrives at its split. */
  part: number;
  /** Place of the station it leads to; undefined if that is the claimant. */
  to: number | undefined;
  gas: number;
  /** Places of what it shares with its neighbours and pays for together with them: the proof and the storage slot. */
  common: number[];
  selected: boolean;
}

/**
 * Plans a claim: which shares to release, from the payments down to the claimant, so that what arrives is worth most
 * beyond its gas.
 *
 * Starts with every share on every way to the claimant, then leaves out what does not pay for itself: single shares, those
 * that have a storage slot or a proof in common, and whole splits, each with what is of no use without it, from the payments down, until nothing is
 * gained any more. That choice is made in floating point; what it yields is exact.
 *
 * @throws RangeError if the account is not a wallet's, or a price is negative.
 */
export function planClaim({
  account,
  splits,
  ledger,
  gasPrice,
  weiPerToken,
  maxGas = DEFAULT_MAX_GAS,
}: ClaimQuestion): ClaimPlan {
  if (decodeAccount(account).tag !== 0n) {
    throw new RangeError(`Only wallet accounts claim. Withdraw from the sub-account ${account} after a release.`);
  }
  if (gasPrice < 0n || weiPerToken < 0n) {
    throw new RangeError(`Prices cannot be negative: ${gasPrice} wei per gas, ${weiPerToken} wei per token.`);
  }

  const stations = findStations({ account, splits, ledger });
  const worth = Number(weiPerToken) / Number(TOKEN);
  prune({ stations, commonGas: layOut({ stations, ledger }), worth, gasPrice: Number(gasPrice) });
  const ranges = stations.flatMap(({ split, edges }) => {
    const indexes = edges.filter(({ selected }) => selected).map(({ index }) => index);
    return joinRanges({ split, indexes, ledger });
  });

  const releases = simulateRelease({ ranges, ledger });
  const { total, perRange } = claimGas({ account, ranges, releases, ledger });
  const batches = cutBatches({ ranges, perRange, maxGas });
  const balance = ledger.balanceOf(account);
  const yielded = releases
    .filter(({ kind, recipient }) => kind === ShareKind.Account && recipient === account)
    .reduce((sum, { amount }) => sum + amount, 0n);
  const gas = total + (batches.length - 1) * TRANSACTION_GAS;
  const cost = BigInt(gas) * gasPrice;
  const value = ((yielded + balance) * weiPerToken) / TOKEN;
  return {
    hops: hopsOf(ranges, releases),
    releaseFirst: batches.slice(0, -1).map(encodeRanges),
    draws: encodeRanges(batches[batches.length - 1]),
    yield: yielded,
    balance,
    gas,
    cost,
    value,
    worthwhile: value > cost,
    skipped: skippedShares({ stations, ranges, releases, ledger }),
  };
}

/** Splits that hold money or get some from splits that do, and lead to the account; parents before children. */
function findStations({ account, splits, ledger }: Pick<ClaimQuestion, "account" | "splits" | "ledger">): Station[] {
  const known = new Map(Array.from(splits, (split) => [split.id, split]));
  const visited = new Set<string>();
  /** Splits that lead to the account, children before parents, with the shares that do so. */
  const leading = new Map<string, { split: Split; own: number[]; nested: { index: number; splitId: string }[] }>();

  const visit = (split: Split): void => {
    if (visited.has(split.id)) return;
    visited.add(split.id);
    if (split.tree.totalUnits === 0n) return;
    const redirects = ledger.redirectsOf(split.id);
    const own = split.tree
      .findShares({ kind: ShareKind.Account, recipient: account })
      .filter((index) => !redirects.has(index));
    for (const [index, to] of redirects) {
      if (to === account && index < split.tree.size && split.tree.share(index).kind === ShareKind.Account)
        own.push(index);
    }
    const nested = split.tree
      .findShares({ kind: ShareKind.Split })
      .map((index) => ({ index, splitId: split.tree.share(index).recipient }));
    for (const { splitId } of nested) {
      const child = known.get(splitId);
      if (child !== undefined) visit(child);
    }
    const useful = nested.filter(({ splitId }) => leading.has(splitId));
    if (own.length + useful.length > 0) leading.set(split.id, { split, own, nested: useful });
  };
  for (const split of known.values()) if (ledger.received(split.id).amount > 0n) visit(split);

  const ordered = [...leading.values()].reverse();
  const places = new Map(ordered.map(({ split }, place) => [split.id, place]));
  return ordered.map(({ split, own, nested }) => {
    const edgeOf = (index: number, to: number | undefined): Edge => {
      const { units } = split.tree.share(index);
      const { totalUnits } = split.tree;
      return {
        index,
        pending: Number(pendingOf({ split, index, received: ledger.received(split.id).amount, ledger })),
        part: Number(units) / Number(totalUnits),
        to,
        gas: 0,
        common: [],
        selected: true,
      };
    };
    const edges = [
      ...own.map((index) => edgeOf(index, undefined)),
      ...nested.map(({ index, splitId }) => edgeOf(index, places.get(splitId))),
    ];
    return { split, edges: edges.filter(({ part }) => part > 0).sort((a, b) => a.index - b.index) };
  });
}

/** Works out the gas of every edge, and returns the gas of all that edges have in common. */
function layOut({ stations, ledger }: { stations: Station[]; ledger: LedgerView }): number[] {
  const commonGas: number[] = [];
  for (const { split, edges } of stations) {
    const pairs = new Map<number, number>();
    for (const { first, count } of joinRanges({ split, indexes: edges.map(({ index }) => index), ledger })) {
      const range = commonGas.push(rangeGas({ first, count, size: split.tree.size })) - 1;
      for (const edge of edges.filter(({ index }) => index >= first && index < first + count)) {
        const pair = Math.floor(edge.index / 2);
        const slot = pairs.get(pair) ?? commonGas.push(pairGas({ ledger, splitId: split.id, pair })) - 1;
        pairs.set(pair, slot);
        edge.common = [range, slot];
        edge.gas = shareGas(edge.to === undefined ? undefined : ledger.received(stations[edge.to].split.id).amount);
      }
    }
  }
  return commonGas;
}

/** Deselects every edge without which the claim is worth more. */
function prune({
  stations,
  commonGas,
  worth,
  gasPrice,
}: {
  stations: Station[];
  commonGas: number[];
  /** Wei per smallest unit of the token. */
  worth: number;
  gasPrice: number;
}): void {
  const arrived = new Float64Array(stations.length);
  const leads = new Uint8Array(stations.length);
  const used = new Uint8Array(commonGas.length);

  const isUseful = (edge: Edge, place: number): boolean =>
    flow(edge, arrived[place]) > 0 && (edge.to === undefined || leads[edge.to] === 1);

  /** Worth beyond gas of what is selected. Edges that nothing flows through, or that lead nowhere, are not counted. */
  const gain = (): number => {
    arrived.fill(0);
    leads.fill(0);
    used.fill(0);
    let units = 0;
    let gas = 0;
    stations.forEach(({ edges }, place) => {
      for (const edge of edges) {
        const { selected, to } = edge;
        if (!selected) continue;
        const amount = flow(edge, arrived[place]);
        if (to === undefined) units += amount;
        else arrived[to] += amount;
      }
    });
    for (let place = stations.length - 1; place >= 0; place--) {
      for (const edge of stations[place].edges) {
        if (!edge.selected || !isUseful(edge, place)) continue;
        leads[place] = 1;
        for (const common of edge.common) used[common] = 1;
        gas += edge.gas;
      }
    }
    commonGas.forEach((gasOfCommon, common) => (gas += used[common] * gasOfCommon));
    return units * worth - gas * gasPrice;
  };

  /** Whether an edge to the claimant brings more than all it could save. What arrives at its split must be known. */
  const paysForItself = (edge: Edge, place: number): boolean => {
    const gas = edge.common.reduce((sum, common) => sum + commonGas[common], edge.gas);
    return edge.selected && edge.to === undefined && flow(edge, arrived[place]) * worth > gas * gasPrice;
  };

  let best = gain();
  let improved = true;
  const dropIfBetter = (edges: Edge[]): void => {
    const dropped = edges.filter(({ selected }) => selected);
    for (const edge of dropped) edge.selected = false;
    const without = gain();
    if (without > best) {
      best = without;
      improved = true;
    } else {
      for (const edge of dropped) edge.selected = true;
    }
  };
  while (improved) {
    improved = false;
    stations.forEach(({ edges }, place) => {
      // As long as one such edge stays, nothing upstream is saved by dropping others, and such others need no trial.
      gain();
      const certain = new Set(edges.filter((edge) => paysForItself(edge, place)));
      const groups = [...edges.map((edge) => [edge]), ...groupsInCommon(edges), edges];
      for (const group of groups) {
        const needsNoTrial = group.length < certain.size && group.every((edge) => certain.has(edge));
        if (!needsNoTrial) dropIfBetter(group);
      }
    });
  }
  gain();
  stations.forEach(({ edges }, place) => {
    for (const edge of edges) edge.selected &&= isUseful(edge, place);
  });
}

/** Edges that have something in common, together. */
function groupsInCommon(edges: readonly Edge[]): Edge[][] {
  const groups = new Map<number, Edge[]>();
  for (const edge of edges) {
    for (const common of edge.common) groups.set(common, [...(groups.get(common) ?? []), edge]);
  }
  return [...groups.values()];
}

/**
 * What an edge releases once so much has arrived at its split. Rounding errors only make it less, so that whatever is
 * said to flow does.
 */
function flow({ pending, part }: Edge, arrived: number): number {
  return pending + Math.floor(arrived * part * (1 - 1e-12));
}

/** Ranges for these shares of a split; two are joined where the shares between them cost less than a second proof. */
function joinRanges({
  split,
  indexes,
  ledger,
}: {
  split: Split;
  indexes: readonly number[];
  ledger: LedgerView;
}): DrawRange[] {
  const { size } = split.tree;
  const received = ledger.received(split.id).amount;
  const ranges: DrawRange[] = [];
  for (const index of indexes) {
    const last = ranges.at(-1);
    if (last !== undefined && index - last.first < MAX_SHARES_PER_DRAW) {
      const end = last.first + last.count;
      const joined = { split, first: last.first, count: index - last.first + 1 };
      let gas = rangeGas({ ...joined, size });
      for (let between = end; between < index; between++) {
        gas += passedShareGas();
        if (pendingOf({ split, index: between, received, ledger }) > 0n) {
          // As if it went to a split that has not received anything, which is about what a new balance costs.
          gas += shareGas(0n) + pairGas({ ledger, splitId: split.id, pair: Math.floor(between / 2) });
        }
      }
      if (gas <= rangeGas({ ...last, size }) + rangeGas({ first: index, count: 1, size })) {
        ranges[ranges.length - 1] = joined;
        continue;
      }
    }
    ranges.push({ split, first: index, count: 1 });
  }
  return ranges;
}

/** What a share could release if its split had received this much. */
function pendingOf({
  split,
  index,
  received,
  ledger,
}: {
  split: Split;
  index: number;
  received: bigint;
  ledger: LedgerView;
}): bigint {
  const { units } = split.tree.share(index);
  return entitlementOf({ received, units, totalUnits: split.tree.totalUnits }) - ledger.drawn(split.id, index);
}

/** What each range releases. Releases come in the order of the ranges. */
function hopsOf(ranges: readonly DrawRange[], releases: readonly Release[]): PlannedHop[] {
  let next = 0;
  return ranges.map(({ split, first, count }) => {
    let released = 0n;
    for (; next < releases.length; next++) {
      const { splitId, index, amount } = releases[next];
      if (splitId !== split.id || index < first || index >= first + count) break;
      released += amount;
    }
    return { splitId: split.id, first, count, released };
  });
}

/** Cuts ranges into batches that fit a transaction each. The last one, which may be empty, goes with the claim. */
function cutBatches({
  ranges,
  perRange,
  maxGas,
}: {
  ranges: DrawRange[];
  perRange: number[];
  maxGas: number;
}): DrawRange[][] {
  const batches: DrawRange[][] = [[]];
  let gas = 0;
  ranges.forEach((range, i) => {
    if (gas > 0 && gas + perRange[i] > maxGas) {
      batches.push([]);
      gas = 0;
    }
    batches[batches.length - 1].push(range);
    gas += perRange[i];
  });
  return batches;
}

function encodeRanges(ranges: readonly DrawRange[]): string {
  return encodeDraws(ranges.map(({ split, first, count }) => split.draw({ first, count })));
}

function skippedShares({
  stations,
  ranges,
  releases,
  ledger,
}: {
  stations: Station[];
  ranges: readonly DrawRange[];
  releases: readonly Release[];
  ledger: LedgerView;
}): SkippedShare[] {
  const arrivals = new Map<string, bigint>();
  for (const { kind, recipient, amount } of releases) {
    if (kind === ShareKind.Split) arrivals.set(recipient, (arrivals.get(recipient) ?? 0n) + amount);
  }
  const drawn = new Map<Split, Set<number>>();
  for (const { split, first, count } of ranges) {
    const indexes = drawn.get(split) ?? new Set<number>();
    for (let index = first; index < first + count; index++) indexes.add(index);
    drawn.set(split, indexes);
  }
  return stations.flatMap(({ split, edges }) => {
    const received = ledger.received(split.id).amount + (arrivals.get(split.id) ?? 0n);
    return edges
      .filter(({ index }) => drawn.get(split)?.has(index) !== true)
      .map(({ index }) => ({ splitId: split.id, index, amount: pendingOf({ split, index, received, ledger }) }))
      .filter(({ amount }) => amount > 0n);
  });
}
