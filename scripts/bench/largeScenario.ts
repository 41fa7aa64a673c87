import type { Datanet, Person, Scenario } from "../../sdk/scenario/scenario.ts";

const OPEN = 10n ** 18n;

/** How large a scenario is. */
export interface Size {
  assets: number;
  contributors: number;
  /** About so many over the whole run. */
  payments: number;
}

const PERIODS = 10;
const TRAFFICS = 100;
const READERS = 1_000;
const LABS = 50;
const OPERATORS = 10;
const ASSETS_PER_DATANET = 10;

/**
 * A market of a given size, in which everybody who has earned anything claims it in every period: Datanets of equal size, models that
 * build on a Datanet, the model before them and one from the first half each, all of them served, and payments from wallets, which take most work.
 */
export function largeScenario({ assets, contributors, payments }: Size): Scenario {
  const people: Person[] = [
    ...group("crowd", contributors),
    ...group("readers", READERS, 1_000_000n * OPEN),
    ...group("labs", LABS),
    ...group("operators", OPERATORS),
  ];
  const readers = contributors;
  const labs = readers + READERS;
  const operators = labs + LABS;
  const datanets = Math.max(1, Math.floor(assets / ASSETS_PER_DATANET));

  return {
    name: "A large market",
    teaches: "How long a run takes.",
    seed: 1,
    periods: PERIODS,
    periodSeconds: 7 * 86_400,
    people,
    fees: { treasuryBps: 250, operatorBps: 4_000, stakersBps: 1_000, perCall: OPEN / 1_000n },
    prices: { gasPrice: 20_000_000n, weiPerToken: OPEN / 10_000n },
    datanets: Array.from({ length: datanets }, (_, place): Datanet => {
      const owner = labs + (place % LABS);
      const contributions = [];
      for (let contributor = place; contributor < contributors; contributor += datanets) {
        contributions.push({
          contributor,
          units: BigInt(1 + ((contributor * 7_919) % 100)),
          text: `text ${contributor}`,
        });
      }
      return {
        name: `datanet ${place}`,
        owner,
        curator: owner,
        ownerBps: 500,
        curatorBps: 0,
        court: false,
        contributions,
      };
    }),
    assets: Array.from({ length: assets }, (_, place) => ({
      name: `model ${place + 1}`,
      kind: "model",
      owner: labs + (place % LABS),
      ownerUnits: 20n,
      upstreams: [
        { datanet: place % datanets, units: 40n },
        ...new Set(place === 0 ? [] : [place - 1, Math.floor(place / 2)]),
      ].map((upstream) => (typeof upstream === "number" ? { asset: upstream, units: 20n } : upstream)),
      agent: undefined,
    })),
    operators: Array.from({ length: OPERATORS }, (_, place) => ({
      name: `operators ${place + 1}`,
      wallet: operators + place,
      stake: 10_000n * OPEN,
      commissionBps: 0,
      backers: [],
    })),
    services: Array.from({ length: assets }, (_, place) => ({
      name: `model ${place + 1} at operators ${(place % OPERATORS) + 1}`,
      asset: place,
      operator: place % OPERATORS,
      rateIn: OPEN / 5n,
      rateOut: OPEN / 2n,
    })),
    traffic: Array.from({ length: TRAFFICS }, (_, place) => ({
      payers: Array.from({ length: READERS }, (_, reader) => readers + reader),
      target: { asset: (place * 7) % assets },
      rail: "wallet",
      arrivals: { kind: "fixed", payments: payments / (PERIODS * TRAFFICS) },
      tokensIn: { least: 100, most: 2_000 },
      tokensOut: { least: 50, most: 500 },
      callsPerPayment: { least: 1, most: 3 },
      from: 0,
      to: PERIODS - 1,
      churn: { begin: READERS, join: 0, leaveBps: 0 },
    })),
    events: [],
    expectations: [],
  };
}

function group(name: string, count: number, funds = 0n): Person[] {
  return Array.from({ length: count }, (_, place) => ({
    name: `${name} ${place + 1}`,
    group: name,
    funds,
    claims: { every: 1, atLeast: OPEN / 1_000_000n },
  }));
}
