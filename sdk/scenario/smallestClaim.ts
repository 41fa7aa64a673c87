import { claimBaseGas, rangeGas, shareGas, usedPairGas } from "../claimGas.ts";
import type { Health } from "./result.ts";
import type { Datanet, Prices, Scenario, Upstream } from "./scenario.ts";

/** Treasury, operator, stakers, asset. */
const SERVICE_SHARES = 4;
/** The log, its Datanet's owner and its curator. */
const WRAPPING_SHARES = 3;
const TOKEN = 10n ** 18n;

/** Gas of the cheapest and of the dearest way on which something arrives, but for the claim's own. */
interface Ways {
  least: number;
  most: number;
}

/**
 * The least amount that is worth claiming, for a contributor who is paid on a single way: below `least` no such claim brings more than
 * its gas costs, from `most` on all do. Datanets count with all contributions that they come to have.
 *
 * @returns undefined if no service's payments reach a Datanet, or nothing is worth anything.
 */
export function smallestClaimOf(scenario: Scenario): Health["smallestClaim"] {
  const ways = waysToContributors(scenario);
  if (ways === undefined || scenario.prices.weiPerToken === 0n) return undefined;
  return {
    least: worthOf({ gas: claimBaseGas() + ways.least, prices: scenario.prices }),
    most: worthOf({ gas: claimBaseGas() + ways.most, prices: scenario.prices }),
  };
}

/** What gas costs in the token's smallest unit, rounded up. */
function worthOf({ gas, prices: { gasPrice, weiPerToken } }: { gas: number; prices: Prices }): bigint {
  return (BigInt(Math.ceil(gas)) * gasPrice * TOKEN + weiPerToken - 1n) / weiPerToken;
}

/** All ways from a service's split to a contributor of any Datanet, over all versions of assets that are ever served. */
function waysToContributors(scenario: Scenario): Ways | undefined {
  const { assets, services, events } = scenario;
  const datanets = scenario.datanets.map((datanet, index) => waysOfDatanet(datanet, contributionsTo(scenario, index)));
  const latest: (Ways | undefined)[] = [];
  const served = new Set(services.map(({ asset }) => asset));
  let all: Ways | undefined;

  const publish = (version: { asset: number; shares: number; upstreams: readonly Upstream[] }): void => {
    const upstream = version.upstreams
      .map((to) => ("datanet" in to ? datanets[to.datanet] : latest[to.asset]))
      .reduce(widen, undefined);
    latest[version.asset] = upstream && through(version.shares + version.upstreams.length, upstream);
    if (served.has(version.asset)) all = widen(all, latest[version.asset]);
  };
  const ownShares = assets.map(({ agent }) => (agent === undefined ? 1 : 2));
  for (const [asset, { upstreams }] of assets.entries()) publish({ asset, shares: ownShares[asset], upstreams });
  for (const event of events.toSorted((a, b) => a.at - b.at)) {
    if (event.kind !== "publish") continue;
    publish({ asset: event.asset, shares: ownShares[event.asset], upstreams: event.upstreams });
  }
  return all && through(SERVICE_SHARES, all);
}

function waysOfDatanet({ ownerBps, curatorBps }: Datanet, contributions: number): Ways {
  const gas = proofGas(contributions) + shareGas();
  const log = { least: gas, most: gas };
  return ownerBps + curatorBps === 0 ? log : through(WRAPPING_SHARES, log);
}

function contributionsTo({ datanets, events }: Scenario, datanet: number): number {
  const later = events.map((event) => {
    if (event.kind === "contribute" && event.datanet === datanet) return event.contributions.length;
    return event.kind === "copy" && event.datanet === datanet ? 1 : 0;
  });
  return later.reduce<number>((sum, count) => sum + count, datanets[datanet].contributions.length);
}

/** Goes on from a share of a split of so many. */
function through(shares: number, { least, most }: Ways): Ways {
  const gas = proofGas(shares) + shareGas(1n);
  return { least: least + gas, most: most + gas };
}

function proofGas(shares: number): number {
  return rangeGas({ first: 0, count: 1, size: shares }) + usedPairGas();
}

function widen(ways: Ways | undefined, more: Ways | undefined): Ways | undefined {
  if (ways === undefined || more === undefined) return ways ?? more;
  return { least: Math.min(ways.least, more.least), most: Math.max(ways.most, more.most) };
}
