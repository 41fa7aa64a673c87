import { readScenario, ScenarioError } from "../../sdk/scenario/readScenario.ts";
import { RAILS, type Scenario } from "../../sdk/scenario/scenario.ts";
import { Random } from "../reference/random.ts";

const PERSONS = ["ann", "bob", "cyd", "dan"];
const RULINGS = ["claimant", "respondent", "none"];

/** A scenario file with something of everything, and what is read of it: whatever the reader lets pass must run on a chain. */
export function randomFile(seed: number): { text: string; scenario: Scenario } {
  const { sections, events } = write(seed);
  const kept: string[] = [];
  const textWith = (more: readonly string[]): string =>
    [...sections, ...(more.length === 0 ? [] : ["events:", ...more]), ""].join("\n");
  let scenario = read(textWith([]));
  for (const event of events) {
    try {
      scenario = read(textWith([...kept, event]));
      kept.push(event);
    } catch (error) {
      // An event that does not fit the others is left out.
      if (!(error instanceof ScenarioError)) throw error;
    }
  }
  return { text: textWith(kept), scenario };
}

function read(text: string): Scenario {
  const refuse = (): never => {
    throw new Error("There are no texts beside this file.");
  };
  return readScenario({ file: "random.yaml", text, readText: refuse, listFolder: refuse });
}

function write(seed: number): { sections: string[]; events: string[] } {
  const random = new Random(seed);
  const count = (least: number, most: number): number => random.integer(least, most);
  const some = <T>(least: number, most: number, make: () => T): T[] => Array.from({ length: count(least, most) }, make);
  const amount = (most: number): string => random.pick([`${count(1, most)}`, `${count(0, most - 1)}.${count(1, 999)}`]);
  const claims = (): string =>
    `claims: ${random.pick(["never", "{ every: 2 }", `{ every: 1, atLeast: ${random.pick(["0", amount(2)])} }`])}`;
  const optional = (chance: number, text: () => string): string => (random.chance(chance) ? `, ${text()}` : "");

  const periods = count(1, 6);
  const operators = ["north", "south", "west"].slice(0, count(1, 3));
  const anyone = (): string => random.pick([...PERSONS, ...operators, "readers 1", "crowd 1"]);
  const authors = (): string => random.pick([...PERSONS, ...operators, "crowd", "readers"]);
  let texts = 0;
  const contribution = (): string =>
    random.pick([
      `{ by: ${authors()}, text: "text ${texts++}", units: ${random.pick(["words", "1..9", "1000000000"])} }`,
      `{ by: ${authors()}, each: ${count(1, 3)}, units: ${random.pick(["words", "1..50", "3"])} }`,
    ]);

  const datanets = ["recipes", "songs", "maps"].slice(0, count(1, 3));
  const models = ["base", "fine", "deep"].slice(0, count(1, 3));
  const agents = ["helper", "broker"].slice(0, count(0, 2));
  const below = [...datanets];
  const on = (names: readonly string[]): string => {
    const chosen = random.shuffle([...names]).slice(0, count(0, names.length));
    return chosen.length === 0 ? "" : `, on: { ${chosen.map((name) => `${name}: ${count(1, 90)}`).join(", ")} }`;
  };
  const serves = operators.map((_, i) => [
    ...(i === 0 ? ["base"] : []),
    ...random.shuffle([...models.slice(1), ...agents]).slice(0, count(1, 3)),
  ]);
  const services = operators.flatMap((operator, i) => serves[i].map((asset) => `${asset} at ${operator}`));
  const served = [...new Set(serves.flat()), ...services];
  const tokens = (): string => `tokensIn: ${count(7, 2_000)}, tokensOut: ${count(1, 100)}..${count(100, 900)}`;
  const price = (): string => `in: ${random.pick(["0.01", amount(2)])}, out: ${amount(3)}`;

  const assets = [
    ...models.map((name) => {
      const upstreams = on(below);
      below.push(name);
      return `  ${name}: { builder: ${anyone()}, units: ${count(1, 90)}${upstreams} }`;
    }),
    ...(agents.length === 0 ? [] : ["agents:"]),
    ...agents.map((name) => {
      const upstreams = on(below.filter((other) => !agents.includes(other)));
      const callees = served.filter((other) => !agents.some((agent) => other.startsWith(agent)));
      const calls = some(1, 2, () => `{ to: ${random.pick(callees)}, times: ${count(1, 3)}, ${tokens()} }`).join(", ");
      below.push(name);
      return `  ${name}: { owner: ${anyone()}, units: ${count(1, 60)}, budget: ${count(1, 90)}${upstreams}${optional(0.6, () => `funds: ${amount(20)}`)}, calls: [${calls}] }`;
    }),
  ];

  const arrivals = (): string =>
    random.pick([
      `${count(0, 9)}`,
      `{ poisson: ${count(1, 7)} }`,
      `{ bursts: ${count(1, 9)}, every: ${count(1, 3)}, between: ${count(0, 2)} }`,
      `{ growth: { start: ${count(1, 9)}, by: ${count(-50, 60)} % } }`,
    ]);
  const operator = (): string => random.pick(operators);
  const happenings: (() => string)[] = [
    () => `contribute, datanet: ${random.pick(datanets)}, contributions: [${contribution()}, ${contribution()}]`,
    () => `revoke, datanet: ${random.pick(datanets)}, who: ${random.pick(["ann", "bob", "crowd 1"])}`,
    () => `publish, asset: ${random.pick([...models, ...agents])}, units: ${count(1, 99)}${on(datanets)}`,
    () => `price, service: ${random.pick(services)}, ${price()}`,
    () => `outage, operator: ${operator()}, periods: ${count(1, 2)}`,
    () =>
      `vote, fees: { treasury: ${count(0, 10)} %, operator: ${count(0, 50)} %, perCall: ${amount(1)} }, by: [north]`,
    () => `equivocate, operator: ${operator()}, payer: ${anyone()}${optional(0.5, () => `prover: ${anyone()}`)}`,
    () =>
      `copy, datanet: ${random.pick(datanets)}, of: ann, by: ${anyone()}, units: ${count(1, 200)}${optional(0.8, () => `caught: ${count(1, periods)}`)}`,
    () =>
      `dispute, claimant: ${anyone()}, operator: ${operator()}, slash: ${amount(200)}, ruling: ${random.pick(RULINGS)}`,
  ];

  const sections = [
    `name: Random ${seed}`,
    `seed: ${seed}`,
    `periods: ${periods}`,
    `period: ${random.pick(["1 hour", "1 day", "3 days", "7 days", "2 weeks"])}`,
    "people:",
    ...PERSONS.map((name) => `  ${name}: { funds: 5000, ${claims()} }`),
    `  readers: { count: ${count(1, 6)}, funds: ${random.pick(["20", "5000"])}, ${claims()} }`,
    `  crowd: { count: ${count(1, 4)}, funds: 300, ${claims()} }`,
    "datanets:",
    ...datanets.map((name) => {
      const contributions = [`{ by: ann, text: "first of ${name}" }`, ...some(0, 3, contribution)].join(", ");
      return `  ${name}: { owner: ${anyone()}, curator: ${anyone()}, ownerShare: ${count(0, 30)} %, curatorShare: ${count(0, 20)} %, court: ${random.chance(0.6)}, contributions: [${contributions}] }`;
    }),
    "models:",
    ...assets,
    "operators:",
    ...operators.map((name, i) => {
      const stake = i === 0 ? "150000" : random.pick(["1000", "1500", "3000.5"]);
      const backer = random.pick(["ann", "readers"]);
      const prices = serves[i].map((asset) => `${asset}: { ${price()} }`).join(", ");
      return `  ${name}: { stake: ${stake}, commission: ${count(0, 50)} %, backers: { ${backer}: ${amount(5_000)} }, ${claims()}, serves: { ${prices} } }`;
    }),
    "traffic:",
    ...some(1, 4, () => {
      const payers = random.pick(["readers", "ann", "[readers, bob]", "crowd"]);
      const churn = optional(0.3, () => `churn: { begin: 1, join: ${count(0, 2)}, leave: ${count(0, 100)} % }`);
      return `  - { from: ${payers}, to: ${random.pick(served)}, pays: ${random.pick(RAILS)}, payments: ${arrivals()}, ${tokens()}, calls: 1..${count(1, 7)}${churn} }`;
    }),
  ];
  return { sections, events: some(0, 8, () => `  - { at: ${count(1, periods)}, do: ${random.pick(happenings)()} }`) };
}
