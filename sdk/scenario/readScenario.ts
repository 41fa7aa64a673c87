import { ContributionReader, type TextSource } from "./contributions.ts";
import { ExpectationReader } from "./expectation.ts";
import { Fields } from "./fields.ts";
import {
  MAX_ASSETS,
  MAX_CURATOR_BPS,
  MAX_OWNER_BPS,
  MAX_PEOPLE,
  MAX_PERIOD_SECONDS,
  MAX_SERVICES,
  MIN_PERIOD_SECONDS,
  SUPPLY,
} from "./limits.ts";
import { type DeclaredAsset, orderAssets } from "./lineage.ts";
import { Names } from "./lookup.ts";
import { ScenarioError, type Problems } from "./problem.ts";
import { readDuration, writeOpen } from "./quantities.ts";
import { checkTarget, type Rates, readTraffic } from "./readTraffic.ts";
import { readAgentCalls, readAssets } from "./readAssets.ts";
import { readEvents } from "./readEvents.ts";
import { readClaims, readFirstFees, readOperators, readPrices, referenceOf } from "./readParties.ts";
import type { Asset, Datanet, Person, Scenario, ScenarioEvent, Service } from "./scenario.ts";
import { checkStructure } from "./structure.ts";
import { sum } from "./timeline.ts";
import { parseYaml, type Tree } from "./yamlTree.ts";

export { type Problem, ScenarioError } from "./problem.ts";

/** A scenario file, and how to get at the texts beside it. */
export interface ScenarioFile extends TextSource {
  /** Its name, for messages. */
  file: string;
  text: string | Uint8Array;
  /** Instead of the file's. */
  seed?: number | undefined;
}

/** Stands for prices that are wrong. */
const ONE_EACH: Rates = { rateIn: 1n, rateOut: 1n };

const SECTIONS = ["people", "datanets", "models", "agents", "operators"];

/**
 * Reads and checks a scenario: what it returns can be run.
 *
 * @throws ScenarioError with all that is wrong.
 */
export function readScenario({ file, text, seed, readText, listFolder }: ScenarioFile): Scenario {
  const { tree, problems } = parseYaml(text);
  const scenario =
    tree === undefined
      ? undefined
      : new Reader({ root: tree, problems, source: { readText, listFolder }, seed }).read();
  if (scenario === undefined || problems.size !== 0) throw new ScenarioError(file, problems.inOrder());
  return scenario;
}

/** Reads section by section. Goes on where something is wrong, so that everything that is gets reported. */
class Reader {
  readonly #root: Tree;
  readonly #problems: Problems;
  readonly #source: TextSource;
  readonly #fields: Fields;
  readonly #names: Names;
  /** Instead of the file's. */
  readonly #seed: number | undefined;

  constructor({
    root,
    problems,
    source,
    seed,
  }: {
    root: Tree;
    problems: Problems;
    source: TextSource;
    seed: number | undefined;
  }) {
    this.#root = root;
    this.#problems = problems;
    this.#source = source;
    this.#fields = new Fields(problems);
    this.#names = new Names(problems);
    this.#seed = seed;
  }

  read(): Scenario | undefined {
    const [root, fields, problems, names] = [this.#root, this.#fields, this.#problems, this.#names];
    checkStructure(root, problems);
    if (root.isBroken) return undefined;
    names.isIncomplete = this.#isIncomplete();

    const written = fields.integer(root, "seed") ?? 1;
    const seed = this.#seed ?? written;
    const periods = fields.integer(root, "periods") ?? 1_000;
    const periodSeconds = this.#periodSeconds();
    const declared = orderAssets({ root, fields, problems });
    const people = this.#declarePeople(declared);
    if (!this.#declareAssets(declared)) return undefined;
    this.#declareDatanets();

    const fees = readFirstFees(root, fields, problems);
    const contributions = new ContributionReader({ fields, names, problems, people, seed, source: this.#source });
    const datanets = this.#datanets(contributions);
    const assets = readAssets({ declared, fields, names, problems, seed });
    const operators = readOperators({ root, fields, names, problems, people });
    const services = this.#services();
    const { events, outages } = readEvents({
      root,
      fields,
      names,
      problems,
      people,
      datanets,
      assets,
      operators,
      services,
      fees,
      periods,
      periodSeconds,
      contributions,
    });

    const rates = ratesOf(services, events);
    const isActive = (service: number, period: number): boolean =>
      !outages.some(
        ({ operator, from, to }) => operator === services[service].operator && from <= period && period < to,
      );
    this.#agentCalls({ declared, assets, people, services, rates, seed });
    const traffic = readTraffic({ root, fields, names, problems, people, services, periods, rates, isActive });
    const expectation = new ExpectationReader({ names, problems, periods });
    const expectations = fields.items(root, "expect").flatMap((tree) => expectation.read(tree) ?? []);
    const backed = operators.flatMap(({ stake, backers }) => [stake, ...backers.map(({ amount }) => amount)]);
    this.#checkSupply(sum([...people.map(({ funds }) => funds), ...backed]));

    return {
      name: fields.string(root, "name") ?? "",
      teaches: fields.string(root, "teaches") ?? "",
      seed,
      periods,
      periodSeconds,
      people,
      fees,
      prices: readPrices(root, fields),
      datanets,
      assets,
      operators,
      services,
      traffic,
      events,
      expectations,
    };
  }

  /** Whether something that declares names cannot be read. */
  #isIncomplete(): boolean {
    const { entries } = this.#root;
    const known = new Set([
      ...SECTIONS,
      "name",
      "teaches",
      "seed",
      "periods",
      "period",
      "fees",
      "prices",
      "traffic",
      "events",
      "expect",
    ]);
    return (
      [...entries.keys()].some((key) => !known.has(key)) || SECTIONS.some((key) => entries.get(key)?.isBroken === true)
    );
  }

  #periodSeconds(): number {
    const written = this.#fields.string(this.#root, "period") ?? "7 days";
    const seconds = readDuration(written);
    if (seconds >= MIN_PERIOD_SECONDS && seconds <= MAX_PERIOD_SECONDS) return seconds;
    const offset = this.#fields.get(this.#root, "period")?.offset ?? 0;
    this.#problems.add(offset, `A period of ${written} is too long; write 52 weeks or less.`);
    return MAX_PERIOD_SECONDS;
  }

  /** People and groups in the order of the file, then the wallets of agents, then those of operators. */
  #declarePeople(declared: readonly DeclaredAsset[]): Person[] {
    const [fields, names] = [this.#fields, this.#names];
    const people: Person[] = [];
    for (const [name, tree] of fields.entries(this.#root, "people")) {
      const [count, funds, claims] = [fields.integer(tree, "count"), this.#fundsOf(tree), readClaims(tree, fields)];
      const first = people.length;
      names.declare(
        name,
        tree,
        count === undefined ? { kind: "person", person: first } : { kind: "group", first, count },
      );
      if (first + (count ?? 1) > MAX_PEOPLE) {
        this.#problems.add(
          tree.keyOffset,
          `With \`${name}\` there are ${(first + (count ?? 1)).toLocaleString("en")} people; a scenario can have ${MAX_PEOPLE.toLocaleString("en")}.`,
        );
        names.isIncomplete = true;
        break;
      }
      if (count === undefined) people.push({ name, group: undefined, funds, claims });
      else for (let i = 1; i <= count; i++) people.push({ name: `${name} ${i}`, group: name, funds, claims });
    }
    this.#agentWallets = new Map();
    for (const { name, kind, tree } of declared) {
      if (kind !== "agent") continue;
      this.#agentWallets.set(name, people.length);
      people.push({
        name,
        group: undefined,
        funds: this.#fundsOf(tree),
        claims: { every: 0, atLeast: 0n },
      });
    }
    let operator = 0;
    for (const [name, tree] of fields.entries(this.#root, "operators")) {
      if (!names.declare(name, tree, { kind: "operator", operator, person: people.length })) continue;
      people.push({ name, group: undefined, funds: 0n, claims: readClaims(tree, fields) });
      operator++;
    }
    return people;
  }

  #agentWallets = new Map<string, number>();

  /** Funds that cannot be read are taken for all there is, so that nobody is said to have too little. */
  #fundsOf(tree: Tree): bigint {
    return this.#fields.amount(tree, "funds") ?? (tree.entries.has("funds") ? SUPPLY : 0n);
  }

  /** @returns Whether they are not too many. */
  #declareAssets(declared: readonly DeclaredAsset[]): boolean {
    let asset = 0;
    for (const { name, kind, count, tree } of declared) {
      const wallet = this.#agentWallets.get(name) ?? 0;
      const named =
        kind === "agent"
          ? ({ kind, asset, wallet } as const)
          : count === undefined
            ? ({ kind, asset } as const)
            : ({ kind: "family", asset, count } as const);
      if (!this.#names.declare(name, tree, named)) continue;
      asset += count ?? 1;
      if (asset <= MAX_ASSETS) continue;
      this.#problems.add(
        tree.keyOffset,
        `With \`${name}\` there are ${asset.toLocaleString("en")} models and agents; a scenario can have ${MAX_ASSETS.toLocaleString("en")}.`,
      );
      return false;
    }
    return true;
  }

  #declareDatanets(): void {
    let datanet = 0;
    for (const [name, tree] of this.#fields.entries(this.#root, "datanets")) {
      if (this.#names.declare(name, tree, { kind: "datanet", datanet })) datanet++;
    }
  }

  #datanets(contributions: ContributionReader): Datanet[] {
    const [fields, names] = [this.#fields, this.#names];
    return fields.entries(this.#root, "datanets").flatMap(([name, tree]) => {
      const named = names.peek(name);
      if (named?.kind !== "datanet") return [];
      const person = (key: string): number | undefined => {
        const reference = referenceOf(tree, key, fields);
        return reference === undefined ? undefined : names.person(reference.name, reference.offset);
      };
      const owner = person("owner") ?? 0;
      return [
        {
          name,
          owner,
          curator: person("curator") ?? owner,
          ownerBps: fields.part(tree, "ownerShare", MAX_OWNER_BPS) ?? 0,
          curatorBps: fields.part(tree, "curatorShare", MAX_CURATOR_BPS) ?? 0,
          court: fields.boolean(tree, "court") ?? false,
          contributions: contributions.read(fields.get(tree, "contributions"), name),
        },
      ];
    });
  }

  #services(): Service[] {
    const [fields, names, problems] = [this.#fields, this.#names, this.#problems];
    const services: Service[] = [];
    for (const [operatorName, tree] of fields.entries(this.#root, "operators")) {
      const named = names.peek(operatorName);
      if (named?.kind !== "operator") continue;
      const { operator } = named;
      for (const [assetName, entry] of fields.entries(tree, "serves")) {
        const [rateIn, rateOut] = [fields.amount(entry, "in"), fields.amount(entry, "out")];
        const isFree = rateIn === 0n && rateOut === 0n;
        if (isFree) {
          problems.add(
            entry.offset,
            `\`${assetName}\` would cost nothing; write a price above 0 for tokens in, tokens out or both.`,
          );
        }
        for (const asset of names.assets(assetName, entry.keyOffset) ?? []) {
          const name = names.serviceName(asset, operator);
          if (!names.declareService(name, services.length)) {
            problems.add(
              entry.keyOffset,
              `\`${operatorName}\` serves \`${names.assetName(asset)}\` already; name it once.`,
            );
            break;
          }
          services.push({
            name,
            asset,
            operator,
            ...(isFree ? ONE_EACH : { rateIn: rateIn ?? 1n, rateOut: rateOut ?? 1n }),
          });
        }
        if (services.length > MAX_SERVICES) {
          problems.add(
            entry.keyOffset,
            `With this there are ${services.length.toLocaleString("en")} services; a scenario can have ${MAX_SERVICES.toLocaleString("en")}.`,
          );
          names.isIncomplete = true;
          return services;
        }
      }
    }
    return services;
  }

  #agentCalls({
    declared,
    assets,
    people,
    services,
    rates,
    seed,
  }: {
    declared: readonly DeclaredAsset[];
    assets: readonly Asset[];
    people: readonly Person[];
    services: readonly Service[];
    rates: readonly Rates[][];
    seed: number;
  }): void {
    const [fields, names, problems] = [this.#fields, this.#names, this.#problems];
    for (const asset of declared) {
      const named = names.peek(asset.name);
      if (named?.kind !== "agent") continue;
      const { agent } = assets[named.asset];
      if (agent === undefined) continue;
      const calls = readAgentCalls({ declared: asset, people, fields, names, problems, seed });
      agent.calls = calls.map(({ call }) => call);
      for (const { call, offset } of calls) {
        const { target, tokensIn, tokensOut } = call;
        checkTarget({
          target,
          tokensIn: tokensIn.least,
          tokensOut: tokensOut.least,
          offset,
          names,
          problems,
          services,
          rates,
        });
      }
    }
  }

  #checkSupply(all: bigint): void {
    // Where something is wrong already, the sum may be wrong because of it.
    if (all <= SUPPLY || this.#problems.size !== 0) return;
    const people = this.#root.entries.get("people") ?? this.#root;
    this.#problems.add(
      people.keyOffset,
      `All funds and stakes together are ${writeOpen(all)}, and there are ${writeOpen(SUPPLY)} in all; write less.`,
    );
  }
}

/** All prices of each service. */
function ratesOf(services: readonly Service[], events: readonly ScenarioEvent[]): Rates[][] {
  const rates = services.map(({ rateIn, rateOut }): Rates[] => [{ rateIn, rateOut }]);
  for (const event of events)
    if (event.kind === "price" && event.rateIn + event.rateOut !== 0n) rates[event.service].push(event);
  return rates;
}
