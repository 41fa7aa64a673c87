import { play, type PlayOptions } from "../../sdk/scenario/play.ts";
import type { RunResult } from "../../sdk/scenario/result.ts";
import type {
  Asset,
  Contribution,
  Datanet,
  Operator,
  Person,
  PersonIndex,
  Scenario,
  Service,
  Traffic,
} from "../../sdk/scenario/scenario.ts";
import type { Step } from "../../sdk/scenario/step.ts";

/** A whole OPEN. */
export const OPEN = 10n ** 18n;

export const WEEK_SECONDS = 7 * 86_400;

/** A person who claims whatever it has at the end of each period, unless it is said otherwise. */
export function person(name: string, { funds = 0n, ...rest }: Partial<Omit<Person, "name">> = {}): Person {
  return { name, group: undefined, funds, claims: { every: 1, atLeast: 1n }, ...rest };
}

/** Members of a group. */
export function members(group: string, count: number, rest: Partial<Omit<Person, "name" | "group">> = {}): Person[] {
  return Array.from({ length: count }, (_, i) => ({ ...person(`${group} ${i + 1}`, rest), group }));
}

export function contribution(contributor: PersonIndex, units: bigint, text = `text of ${contributor}`): Contribution {
  return { contributor, units, text };
}

/** A Datanet whose owner and curator take nothing. */
export function datanet(
  name: string,
  owner: PersonIndex,
  contributions: Contribution[],
  rest: Partial<Datanet> = {},
): Datanet {
  return { name, owner, curator: owner, ownerBps: 0, curatorBps: 0, court: false, contributions, ...rest };
}

export function model(
  name: string,
  owner: PersonIndex,
  ownerUnits: bigint,
  upstreams: Asset["upstreams"],
  rest: Partial<Asset> = {},
): Asset {
  return { name, kind: "model", owner, ownerUnits, upstreams, agent: undefined, ...rest };
}

/** An operator with enough stake to serve. */
export function operator(name: string, wallet: PersonIndex, rest: Partial<Operator> = {}): Operator {
  return { name, wallet, stake: 2_000n * OPEN, commissionBps: 0, backers: [], ...rest };
}

/** A service at a whole OPEN per thousand tokens either way. */
export function service(name: string, asset: number, operator: number, rest: Partial<Service> = {}): Service {
  return { name, asset, operator, rateIn: OPEN, rateOut: OPEN, ...rest };
}

/** Ten payments a period by wallet, each for one call of a thousand tokens in and out. */
export function traffic(payers: PersonIndex[], target: Traffic["target"], rest: Partial<Traffic> = {}): Traffic {
  return {
    payers,
    target,
    rail: "wallet",
    arrivals: { kind: "fixed", payments: 10 },
    tokensIn: { least: 1_000, most: 1_000 },
    tokensOut: { least: 1_000, most: 1_000 },
    callsPerPayment: { least: 1, most: 1 },
    from: 0,
    to: Number.MAX_SAFE_INTEGER,
    churn: { begin: payers.length, join: 0, leaveBps: 0 },
    ...rest,
  };
}

/** A scenario with the deployment's fees. */
export function scenario(rest: Partial<Scenario>): Scenario {
  return {
    name: "Test",
    teaches: "Nothing.",
    seed: 1,
    periods: 2,
    periodSeconds: WEEK_SECONDS,
    people: [],
    fees: { treasuryBps: 250, operatorBps: 4_000, stakersBps: 1_000, perCall: OPEN / 1_000n },
    prices: { gasPrice: 20_000_000n, weiPerToken: OPEN / 10_000n },
    datanets: [],
    assets: [],
    operators: [],
    services: [],
    traffic: [],
    events: [],
    expectations: [],
    ...rest,
  };
}

/** Plays a scenario to its end. */
export function playAll(scenario: Scenario, options: PlayOptions = {}): { steps: Step[]; result: RunResult } {
  const steps: Step[] = [];
  const run = play(scenario, options);
  for (let next = run.next(); ; next = run.next()) {
    if (next.done === true) return { steps, result: next.value };
    steps.push(next.value);
  }
}

/** Steps of a kind. */
export function stepsOf<Kind extends Step["kind"]>(
  steps: readonly Step[],
  kind: Kind,
): Extract<Step, { kind: Kind }>[] {
  return steps.filter((step): step is Extract<Step, { kind: Kind }> => step.kind === kind);
}

/** What somebody earned. */
export function earnedBy(result: RunResult, name: string): bigint {
  return result.accounts.find((account) => account.name === name)?.earned ?? 0n;
}
