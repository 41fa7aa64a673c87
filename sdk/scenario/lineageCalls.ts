import type { SplitIndex } from "./economy.ts";
import type { World } from "./world.ts";

/**
 * How many calls each Datanet and asset had a part in, served or further up: those of all services' splits that lead to a version of it.
 *
 * @param callsOfSplits Calls per service's split, by its number.
 */
export function callsThrough(
  { datanets, assets, openSplits, economy }: World,
  callsOfSplits: readonly number[],
): { datanets: number[]; assets: number[] } {
  // Datanets first, then assets; a log within its Datanet's split is none of them.
  const placeOf = new Map<SplitIndex, number>();
  datanets.forEach(({ versions }, place) => {
    for (const version of versions) if (version !== undefined) placeOf.set(version.split, place);
  });
  assets.forEach((versions, asset) => {
    for (const split of versions) placeOf.set(split, datanets.length + asset);
  });

  const calls = new Array<number>(datanets.length + assets.length).fill(0);
  /** The service's split that last led here, plus one. */
  const seenFrom = new Int32Array(economy.splits);
  const countedFrom = new Int32Array(calls.length);
  openSplits.forEach(({ split, number }) => {
    const count = callsOfSplits.at(number) ?? 0;
    if (count === 0) return;
    const open = [split];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const place = placeOf.get(at);
      if (place !== undefined && countedFrom[place] !== number + 1) {
        countedFrom[place] = number + 1;
        calls[place] += count;
      }
      for (const next of economy.downstream(at)) {
        if (seenFrom[next] === number + 1) continue;
        seenFrom[next] = number + 1;
        open.push(next);
      }
    }
  });
  return { datanets: calls.slice(0, datanets.length), assets: calls.slice(datanets.length) };
}
