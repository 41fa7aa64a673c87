import type { AccountIndex, SplitIndex } from "./economy.ts";
import type { FlowEnd, FlowResult } from "./result.ts";
import { LAYERS, type PersonIndex, type ServiceIndex } from "./scenario.ts";
import type { World } from "./world.ts";

/** Ends that a picture can show. What is smaller is put together. */
export const MOST_ENDS = 60;

/** In no name. */
const SEPARATOR = "\n";

/** Who paid whom, from payers' groups by way of services and assets to whom it was for. */
export class Flows {
  readonly #world: World;
  /** What each group paid for each service, by its place times the number of services, plus the service. */
  readonly #payments = new Map<number, bigint>();
  readonly #fees: bigint[];
  readonly #groups: string[];
  readonly #groupOf: Int32Array;

  constructor(world: World) {
    this.#world = world;
    const { people } = world.scenario;
    const places = new Map<string, number>();
    this.#groupOf = Int32Array.from(people, (person) => {
      const group = groupOf(person);
      const place = places.get(group) ?? places.size;
      places.set(group, place);
      return place;
    });
    this.#groups = [...places.keys()];
    this.#fees = this.#groups.map(() => 0n);
  }

  pay({
    payer,
    service,
    amount,
    fee,
  }: {
    payer: PersonIndex;
    service: ServiceIndex;
    amount: bigint;
    fee: bigint;
  }): void {
    const group = this.#groupOf[payer];
    const key = group * this.#world.scenario.services.length + service;
    this.#payments.set(key, (this.#payments.get(key) ?? 0n) + amount);
    this.#fees[group] += fee;
  }

  /** Adds up at every end, but for dust, if everything is settled. */
  result(): FlowResult[] {
    const { scenario, economy, openSplits, datanets, assets } = this.#world;
    const sums = new Sums();
    const treasury: FlowEnd = { name: "treasury", kind: "protocol" };
    const services = scenario.services.map(({ name }): FlowEnd => ({ name, kind: "service" }));
    const payers = this.#groups.map((name): FlowEnd => ({ name, kind: "payer" }));
    for (const [key, amount] of this.#payments) {
      sums.add(payers[Math.floor(key / services.length)], services[key % services.length], amount);
    }
    this.#fees.forEach((fee, group) => {
      sums.add(payers[group], treasury, fee);
    });

    const ends = new Map<SplitIndex, FlowEnd>();
    datanets.forEach(({ versions }, datanet) => {
      const end: FlowEnd = { name: scenario.datanets[datanet].name, kind: "datanet" };
      for (const version of versions) {
        if (version !== undefined) ends.set(version.split, end).set(version.logSplit, end);
      }
    });
    assets.forEach((versions, asset) => {
      const { name, kind } = scenario.assets[asset];
      for (const split of versions) ends.set(split, { name, kind });
    });
    for (const { split, key } of openSplits) ends.set(split, services[key.service]);
    for (const [split, from] of ends) {
      economy.eachTransfer(split, (to, amount) => {
        const end = "split" in to ? ends.get(to.split) : this.#endOf(to);
        if (end !== undefined) sums.add(from, end, amount);
      });
    }
    return simplified(sums.flows());
  }

  /** Where money ends that an account earns as part of a layer. */
  #endOf({ account, layer }: { account: AccountIndex; layer: number }): FlowEnd {
    const { scenario, treasury } = this.#world;
    if (account === treasury) return { name: "treasury", kind: "protocol" };
    if (account > treasury)
      return { name: `stakers of ${scenario.operators[account - treasury - 1].name}`, kind: "staker" };
    const person = scenario.people[account];
    switch (LAYERS[layer]) {
      case "operator":
        return { name: person.name, kind: "operator" };
      case "model":
        return { name: groupOf(person), kind: "builder" };
      default:
        return { name: groupOf(person), kind: "contributor" };
    }
  }
}

/** Amounts between ends, in the order in which they came up. */
class Sums {
  readonly #flows = new Map<string, FlowResult>();

  add(from: FlowEnd, to: FlowEnd, amount: bigint): void {
    if (amount === 0n || keyOf(from) === keyOf(to)) return;
    const key = keyOf(from) + SEPARATOR + keyOf(to);
    const flow = this.#flows.get(key);
    if (flow === undefined) this.#flows.set(key, { from, to, amount });
    else flow.amount += amount;
  }

  flows(): FlowResult[] {
    return [...this.#flows.values()];
  }
}

/** Puts the smallest ends of a kind together until there are no more than a picture can show. */
function simplified(flows: readonly FlowResult[]): FlowResult[] {
  const ends = endsOf(flows);
  if (ends.size <= MOST_ENDS) return [...flows];
  const kinds = new Map<FlowEnd["kind"], { end: FlowEnd; amount: bigint }[]>();
  for (const end of ends.values()) {
    const ofKind = kinds.get(end.end.kind);
    if (ofKind === undefined) kinds.set(end.end.kind, [end]);
    else ofKind.push(end);
  }
  const fits = (most: number): boolean =>
    [...kinds.values()].reduce((count, { length }) => count + Math.min(most, length), 0) <= MOST_ENDS;
  let most = 2;
  while (fits(most + 1)) most++;

  const instead = new Map<string, FlowEnd>();
  for (const [kind, ofKind] of kinds) {
    if (ofKind.length <= most) continue;
    const bySize = ofKind.toSorted((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0));
    for (const { end } of bySize.slice(most - 1)) instead.set(keyOf(end), { name: `others (${kind}s)`, kind });
  }
  const together = replaced(flows, instead);
  // Money may come back to others by way of somebody who is shown. A picture cannot show that, so those are others, too.
  return replaced(together, circlesOf(together));
}

function replaced(flows: readonly FlowResult[], instead: ReadonlyMap<string, FlowEnd>): FlowResult[] {
  const sums = new Sums();
  for (const { from, to, amount } of flows) {
    sums.add(instead.get(keyOf(from)) ?? from, instead.get(keyOf(to)) ?? to, amount);
  }
  return sums.flows();
}

/** What stands for the ends of each circle: its others. */
function circlesOf(flows: readonly FlowResult[]): Map<string, FlowEnd> {
  const ends = [...endsOf(flows).values()].map(({ end }) => end);
  const places = new Map(ends.map((end, place) => [keyOf(end), place]));
  const reaches = ends.map(() => new Set<number>());
  for (const { from, to } of flows) {
    const [a, b] = [places.get(keyOf(from)), places.get(keyOf(to))];
    if (a !== undefined && b !== undefined) reaches[a].add(b);
  }
  for (const middle of ends.keys()) {
    for (const from of reaches) if (from.has(middle)) for (const to of reaches[middle]) from.add(to);
  }
  const instead = new Map<string, FlowEnd>();
  ends.forEach((end, place) => {
    if (!reaches[place].has(place)) return;
    const circle = ends.filter((_, other) => reaches[place].has(other) && reaches[other].has(place));
    const others = circle.find(({ name, kind }) => name === `others (${kind}s)`) ?? circle[0];
    instead.set(keyOf(end), others);
  });
  return instead;
}

/** All ends of flows, with what comes in and goes out there. */
function endsOf(flows: readonly FlowResult[]): Map<string, { end: FlowEnd; amount: bigint }> {
  const ends = new Map<string, { end: FlowEnd; amount: bigint }>();
  for (const { from, to, amount } of flows) {
    for (const end of [from, to]) {
      const known = ends.get(keyOf(end)) ?? { end, amount: 0n };
      known.amount += amount;
      ends.set(keyOf(end), known);
    }
  }
  return ends;
}

function keyOf({ kind, name }: FlowEnd): string {
  return `${kind} ${name}`;
}

function groupOf({ group, name }: { group: string | undefined; name: string }): string {
  return group ?? name;
}
