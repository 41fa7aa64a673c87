import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import { parseDocument, visit } from "yaml";

import schema from "../../../scenarios/schema.json" with { type: "json" };
import { readScenarioFile, textsIn } from "../../../scripts/scenario/files.ts";
import { type Problem, readScenario, ScenarioError } from "../../../sdk/scenario/readScenario.ts";
import { LAYERS, RAILS, type Scenario, type ScenarioEvent } from "../../../sdk/scenario/scenario.ts";
import { AJV_OPTIONS } from "../../../sdk/scenario/structure.ts";
import { randomFrom } from "../random.ts";
import { findCodeBlocks } from "../../docs/markdown.ts";

const BROKEN = path.join(import.meta.dirname, "broken");
const COMPLETE = readFileSync(path.join(import.meta.dirname, "complete.yaml"), "utf8");
const SHIPPED = "scenarios";

const OPEN = 10n ** 18n;

const MINIMAL = `
name: Minimal
periods: 2
people: { lab: {}, readers: { count: 2, funds: 1.5 } }
models: { base: { builder: lab, units: 1 } }
operators: { north: { stake: 1000, serves: { base: { in: 0.1, out: 0 } } } }
traffic: [{ from: readers, to: base, pays: wallet, payments: 1, tokensIn: 100, tokensOut: 0 }]
`;

/** Texts for `COMPLETE`. */
const TEXTS: Record<string, string> = {
  "texts/soup.txt": "Water, salt and patience.",
  "texts/cooks/one.txt": "Onions first.",
  "texts/cooks/two.txt": "Then all the rest of it.",
};

function read(text: string | Uint8Array): Scenario {
  return readScenario({
    file: "test.yaml",
    text,
    readText: (name) => {
      if (!Object.hasOwn(TEXTS, name)) throw new Error(`There is no file ${name}.`);
      return new TextEncoder().encode(TEXTS[name]);
    },
    listFolder: (folder) => {
      const names = Object.keys(TEXTS).filter((name) => path.dirname(name) === folder);
      if (names.length === 0) throw new Error(`There is no folder ${folder}.`);
      return names.map((name) => path.basename(name)).reverse();
    },
  });
}

function problemsOf(run: () => unknown): readonly Problem[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ScenarioError) return error.problems;
    throw error;
  }
  return [];
}

const write = ({ line, column, message }: Problem): string => `${line}:${column}: ${message}`;

const toText = (scenario: Scenario): string =>
  JSON.stringify(scenario, (_, value: unknown) => (typeof value === "bigint" ? `${value}n` : value));

function yamlIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name.endsWith(".yaml"));
}

/** What a broken file is expected to be told, in its first lines or, where it can have none, in a file beside it. */
function expectedOf(name: string): string[] {
  const beside = path.join(BROKEN, name.replace(/\.yaml$/, ".expects"));
  const source = readdirSync(BROKEN).includes(path.basename(beside)) ? beside : path.join(BROKEN, name);
  const lines = readFileSync(source, "utf8").split("\n");
  return lines.filter((line) => line.startsWith("# expects ")).map((line) => line.slice("# expects ".length));
}

/** A word or number that means something else. */
function alter(source: string): string {
  if (source === "true" || source === "false") return source === "true" ? "false" : "true";
  const digits = /\d+/.exec(source);
  if (digits === null) return `${source}x`;
  return source.replace(digits[0], String(Number(digits[0]) + 1));
}

/** All names of properties in a schema. */
function propertiesOf(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, entry]) => {
    const own = key === "properties" ? Object.keys(entry as object) : [];
    return key === "examples" ? [] : [...own, ...propertiesOf(entry)];
  });
}

describe("readScenario", () => {
  it("fills in what a file leaves out", () => {
    const scenario = read(MINIMAL);
    expect(scenario).to.deep.include({
      teaches: "",
      seed: 1,
      periods: 2,
      periodSeconds: 604_800,
      datanets: [],
      events: [],
    });
    expect(scenario.fees).to.deep.equal({
      treasuryBps: 250,
      operatorBps: 4_000,
      stakersBps: 1_000,
      perCall: OPEN / 1_000n,
    });
    expect(scenario.prices).to.deep.equal({ gasPrice: 20_000_000n, weiPerToken: 10n ** 14n });
    const claims = { every: 1, atLeast: 10n ** 12n };
    expect(scenario.people).to.deep.equal([
      { name: "lab", group: undefined, funds: 0n, claims },
      { name: "readers 1", group: "readers", funds: (3n * OPEN) / 2n, claims },
      { name: "readers 2", group: "readers", funds: (3n * OPEN) / 2n, claims },
      { name: "north", group: undefined, funds: 0n, claims },
    ]);
    expect(scenario.operators).to.deep.equal([
      { name: "north", wallet: 3, stake: 1_000n * OPEN, commissionBps: 0, backers: [] },
    ]);
    expect(scenario.services).to.deep.equal([
      { name: "base at north", asset: 0, operator: 0, rateIn: OPEN / 10n, rateOut: 0n },
    ]);
    expect(scenario.traffic).to.deep.equal([
      {
        payers: [1, 2],
        target: { asset: 0 },
        rail: "wallet",
        arrivals: { kind: "fixed", payments: 1 },
        tokensIn: { least: 100, most: 100 },
        tokensOut: { least: 0, most: 0 },
        callsPerPayment: { least: 1, most: 1 },
        from: 0,
        to: 1,
        churn: { begin: 2, join: 0, leaveBps: 0 },
      },
    ]);
  });

  it("puts people first, then agents' wallets, then operators", () => {
    const { people, assets, operators } = read(COMPLETE);
    const names = people.map(({ name }) => name);
    expect(names.slice(-3)).to.deep.equal(["helper", "north", "rogue"]);
    expect(assets.at(-1)?.agent?.wallet).to.equal(names.indexOf("helper"));
    expect(people[names.indexOf("helper")]).to.deep.include({ funds: 5n * OPEN, claims: { every: 0, atLeast: 0n } });
    expect(operators.map(({ wallet }) => names[wallet])).to.deep.equal(["north", "rogue"]);
  });

  it("puts each asset behind those that it builds on and calls", () => {
    const text = MINIMAL.replace(
      "models: {",
      `agents:
  first: { owner: lab, units: 1, funds: 1, calls: [{ to: second at north, tokensIn: 9, tokensOut: 0 }] }
  second: { owner: lab, units: 1, on: { top: 1 } }
models: { top: { builder: lab, units: 1, on: { base: 1 } },`,
    ).replace("serves: {", "serves: { second: { in: 1, out: 1 },");
    expect(read(text).assets.map(({ name }) => name)).to.deep.equal(["base", "top", "second", "first"]);
  });

  it("reads amounts digit by digit", () => {
    const funds = (written: string): bigint => read(MINIMAL.replace("1.5", written)).people[1].funds;
    expect(funds("123456789.123456789123456789")).to.equal(123_456_789_123_456_789_123_456_789n);
    expect(funds("0.100000000000000001")).to.equal(100_000_000_000_000_001n);
    expect(funds('"20.50 OPEN"')).to.equal((41n * OPEN) / 2n);
  });

  it("deals contributions of a group out to its members in turn", () => {
    const { datanets, people } = read(COMPLETE);
    const contributions = datanets[0].contributions.map(({ contributor, text }) => [people[contributor].name, text]);
    expect(contributions.slice(2, 4)).to.deep.equal([
      ["cooks 1", TEXTS["texts/cooks/one.txt"]],
      ["cooks 2", TEXTS["texts/cooks/two.txt"]],
    ]);
    const members = contributions.slice(4).map(([name]) => name);
    expect(members).to.deep.equal([1, 2, 3, 4].flatMap((i) => Array<string>(5).fill(`crowd ${i}`)));
  });

  it("counts words, and draws units within their range", () => {
    const [first, second, third, , ...madeUp] = read(COMPLETE).datanets[0].contributions.map(({ units }) => units);
    expect([first, second, third]).to.deep.equal([30n, 4n, 2n]);
    expect(madeUp.every((units) => units >= 1n && units <= 100n)).to.be.true;
    expect(new Set(madeUp).size).to.be.greaterThan(5);
  });

  it("makes up different texts, the same ones for the same seed", () => {
    const texts = (text: string): string[] =>
      read(text).datanets[0].contributions.map((contribution) => contribution.text);
    expect(new Set(texts(COMPLETE)).size).to.equal(texts(COMPLETE).length);
    expect(texts(COMPLETE)).to.deep.equal(texts(COMPLETE));
    expect(texts(COMPLETE.replace("seed: 7", "seed: 8")).slice(4)).to.not.deep.equal(texts(COMPLETE).slice(4));
  });

  it("draws parents of a family among those before, and shares their units evenly", () => {
    const { assets } = read(COMPLETE);
    const family = assets.filter(({ name }) => name.startsWith("family "));
    expect(family.map(({ upstreams }) => upstreams.length)).to.deep.equal([1, 2, 3, 4, 4, 4, 4, 4, 4]);
    for (const { name, upstreams } of family) {
      const place = assets.findIndex((asset) => asset.name === name);
      const parents = upstreams.slice(1).map((upstream) => ("asset" in upstream ? upstream.asset : -1));
      expect(parents.every((parent) => parent < place && assets[parent].name.startsWith("family "))).to.be.true;
      expect(new Set(parents).size).to.equal(parents.length);
      const units = upstreams.slice(1).map((upstream) => upstream.units);
      if (parents.length === 3) expect(units).to.deep.equal([14n, 13n, 13n]);
    }
  });

  it("lets fees that a vote does not name be", () => {
    const vote = read(COMPLETE).events.find((event) => event.kind === "vote");
    expect(vote?.fees).to.deep.equal({ treasuryBps: 100, operatorBps: 4_100, stakersBps: 1_100, perCall: OPEN / 500n });
  });

  it("lets who has most stake propose", () => {
    const scenario = read(COMPLETE.replace("by: [north, fund]", "by: [fund, north]"));
    const vote = scenario.events.find((event) => event.kind === "vote");
    expect(vote?.voters.map((voter) => scenario.people[voter].name)).to.deep.equal(["north", "fund"]);
  });

  it("sorts events by period, and leaves them in the order of the file within one", () => {
    const text = COMPLETE.replace("- { at: 2, do: contribute", "- { at: 4, do: contribute");
    const kinds = read(text).events.map(({ kind }) => kind);
    expect(kinds.slice(0, 2)).to.deep.equal(["revoke", "publish"]);
    expect(kinds.slice(-2)).to.deep.equal(["outage", "contribute"]);
  });

  it("reads percent with and without a space before the sign", () => {
    const sentences = [
      "data earns at least 2.5% of payments",
      "data earns at least 2.5 % of payments",
      "gini is at most 60%",
    ];
    const { expectations } = read(COMPLETE.replace(/^expect:[^]*/m, `expect: ${JSON.stringify(sentences)}\n`));
    expect(expectations.map(({ value, unit }) => [value, unit])).to.deep.equal([
      [25_000n, "part"],
      [25_000n, "part"],
      [600_000n, "part"],
    ]);
  });

  it("reads expectations in the units of what they are about", () => {
    const { expectations, people } = read(COMPLETE);
    const placeOf = (name: string): number => people.findIndex((person) => person.name === name);
    expect(
      expectations.map(({ figure, relation, value, unit, period }) => ({ figure, relation, value, unit, period })),
    ).to.deep.equal([
      {
        figure: { kind: "earns", who: { person: placeOf("alice") }, of: "payments" },
        relation: "at least",
        value: 30_000n,
        unit: "part",
        period: undefined,
      },
      {
        figure: { kind: "spends", who: { group: "readers" }, of: "payments" },
        relation: "at most",
        value: 900n * OPEN,
        unit: "open",
        period: undefined,
      },
      {
        figure: { kind: "earns", who: { person: placeOf("copycat") }, of: "payments" },
        relation: "exactly",
        value: 0n,
        unit: "open",
        period: 3,
      },
      {
        figure: { kind: "serves", operator: 0 },
        relation: "at least",
        value: 600_000n,
        unit: "part",
        period: undefined,
      },
      {
        figure: { kind: "slashed", operator: 1 },
        relation: "at least",
        value: 100n * OPEN,
        unit: "open",
        period: undefined,
      },
      { figure: { kind: "refused calls" }, relation: "at most", value: 400n, unit: "count", period: undefined },
      {
        figure: { kind: "earns", who: { layer: "data" }, of: "payments" },
        relation: "at least",
        value: 200_000n,
        unit: "part",
        period: undefined,
      },
    ]);
    expect(expectations[0].line).to.equal(COMPLETE.slice(0, COMPLETE.indexOf("- alice earns")).split("\n").length);
  });

  it("takes aliases for what they stand for", () => {
    const text = MINIMAL.replace("readers: { count: 2, funds: 1.5 }", "one: &one { funds: 1.5 }, readers: *one");
    expect(
      read(text)
        .people.slice(1, 3)
        .map(({ funds }) => funds),
    ).to.deep.equal([(3n * OPEN) / 2n, (3n * OPEN) / 2n]);
  });

  it("takes names such as __proto__ for names", () => {
    const text = MINIMAL.replaceAll("lab", "constructor").replaceAll("base", "toString");
    expect(read(text).services[0].name).to.equal("toString at north");
    expect(problemsOf(() => read(MINIMAL.replace("lab: {}", "lab: { __proto__: {} }")))[0].message).to.match(
      /^`__proto__` means nothing here/,
    );
  });

  it("refuses files that are too large before it reads them", () => {
    const problems = problemsOf(() => read(`${MINIMAL}# ${"x".repeat(1 << 20)}`));
    expect(problems.map(write)).to.deep.equal([
      `1:1: The file has ${(MINIMAL.length + 2 + (1 << 20)).toLocaleString("en")} bytes; it may have 1,048,576 at most. Put texts into files of their own.`,
    ]);
  });

  it("takes what is just within the limits", () => {
    const operators = Array.from({ length: 15 }, (_, i) => `op${i}: { stake: 0, backers: { lab: 0.5 } }`);
    const {
      periods,
      people,
      operators: read16,
    } = read(`
name: At the limits
seed: 4294967295
periods: 4
period: 6 days
people: { lab: {}, ann: {}, readers: { count: 2, funds: 299799995.75 } }
fees: { treasury: 10 %, operator: 60 %, stakers: 20 %, perCall: 1 }
datanets:
  d: { owner: lab, ownerShare: 30 %, curatorShare: 20 %, contributions: [{ by: ann, text: Salt, units: 1000000000 }] }
models: { base: { builder: lab, units: 1, on: { d: 1000000000 } } }
operators:
  north: { stake: 1000, commission: 50 %, backers: { lab: 100000 }, serves: { base: { in: 0.001, out: 0 } } }
  south: { stake: 300000, backers: { ann: 399999001 } }
  ${operators.join("\n  ")}
traffic: [{ from: readers, to: base, pays: wallet, payments: 2500000, tokensIn: 1, tokensOut: 0, periods: 1..4 }]
events:
  - { at: 1, do: vote, fees: { treasury: 0 % }, by: [ann] }
  - { at: 2, do: outage, operator: north, periods: 3 }
  - { at: 3, do: dispute, claimant: ann, operator: north, slash: 20200, ruling: claimant }
expect:
  - ann earns at most 100 % of payments in period 4
  - ann earns at most 1000000000 OPEN
`);
    const funds = people.reduce((sum, person) => sum + person.funds, 0n);
    const staked = read16.flatMap(({ stake, backers }) => [stake, ...backers.map(({ amount }) => amount)]);
    expect(periods).to.equal(4);
    expect(staked.reduce((sum, amount) => sum + amount, funds)).to.equal(1_000_000_000n * OPEN);
  });

  it("takes a vote of just enough stake, with just enough time", () => {
    const text = MINIMAL.replace("periods: 2", "periods: 4").replace(
      "stake: 1000,",
      "stake: 300000, backers: { lab: 100000 },",
    );
    const vote = "events: [{ at: 1, do: vote, fees: { treasury: 0 % }, by: [lab] }]";
    expect(read(`${text}${vote}`).events).to.have.length(1);
  });

  it("refuses what is too much", function () {
    this.timeout(30_000);
    const firstProblem = (text: string, readText = (): Uint8Array => new Uint8Array()): string => {
      const [problem] = problemsOf(() => readScenario({ file: "test.yaml", text, readText, listFolder: () => [] }));
      return problem.message;
    };
    const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);
    const models = names(1_001).map((name) => `${name}: { builder: lab, units: 1 }`);
    const on = (count: number): string =>
      `on: { ${names(count)
        .map((name) => `${name}: 1`)
        .join(", ")} }`;
    const withModels = MINIMAL.replace("models: {", `models: { ${models.join(", ")},`);
    expect(firstProblem(withModels.replace("units: 1 } }", `units: 1, ${on(1_001)} } }`))).to.equal(
      "`on` has more than 1,000 entries; write fewer.",
    );
    const parents = `count: 2, parents: { count: 100, units: 100 }, ${on(950)}`;
    expect(firstProblem(withModels.replace("units: 1 } }", `units: 1, ${parents} } }`))).to.equal(
      "This builds on 1,050 others; one transaction registers 1,000 at most. Put models in between.",
    );
    const served = MINIMAL.replace("units: 1 }", "units: 1, count: 6000 }").replace(
      "operators: {",
      "operators: { south: { stake: 1000, serves: { base: { in: 1, out: 1 } } },",
    );
    expect(firstProblem(served)).to.equal("With this there are 12,000 services; a scenario can have 10,000.");
    expect(firstProblem(`name: [${"1,".repeat(200_001)}]`)).to.equal(
      "There are more than 200,000 values in this file, those that aliases stand for included. " +
        "Write less, with groups and families.",
    );
    const files = names(65).map((name) => `{ by: lab, file: ${name} }`);
    const texts = MINIMAL.replace(
      "models:",
      `datanets: { d: { owner: lab, contributions: [${files.join(", ")}] } }\nmodels:`,
    );
    expect(firstProblem(texts, () => new Uint8Array((1 << 20) + 1))).to.equal(
      "The file n0 has 1,048,577 bytes; a text can have 1,048,576. Make several contributions of it.",
    );
    let count = 0;
    expect(firstProblem(texts, () => new Uint8Array(1 << 20).fill(33 + count++))).to.equal(
      "With this text they have more than 67,108,864 characters together; use fewer or shorter ones.",
    );
  });

  it("says in its message what is wrong, one line for each problem", () => {
    const run = (): Scenario => read(MINIMAL.replace("pays: wallet", "pays: cash").replace("periods: 2", "periods: 0"));
    expect(run).to.throw(
      ScenarioError,
      /^test\.yaml:3:10: `periods` is 0\. .*\ntest\.yaml:7:\d+: `pays` is "cash"\. .*$/,
    );
  });

  it("either reads a file or says what is wrong with it, whatever happened to it", function () {
    this.timeout(30_000);
    const { integer } = randomFrom(2026);
    const odd = [
      "~",
      "-1",
      "1e9",
      "[]",
      "{}",
      "*x",
      "!x",
      "&x",
      "5 %",
      "2..1",
      "__proto__",
      "readers",
      '"',
      "|",
      "\t",
      ": ",
    ];
    for (let run = 0; run < 200; run++) {
      let text = COMPLETE;
      for (let change = 0; change <= integer(3); change++) {
        const words = [...text.matchAll(/[^\s,:{}[\]]+/g)];
        const { index, 0: word } = words[integer(words.length)];
        const instead = integer(2) === 0 ? odd[integer(odd.length)] : words[integer(words.length)][0];
        text = text.slice(0, index) + instead + text.slice(index + word.length);
      }
      try {
        read(text);
      } catch (error) {
        expect(error, text).to.be.instanceOf(ScenarioError);
        expect((error as ScenarioError).problems, text).to.not.deep.equal([]);
      }
    }
  });

  describe("every key of the schema", () => {
    it("is in the complete file", () => {
      const keys = new Set<string>();
      visit(parseDocument(COMPLETE), { Pair: (_, { key }) => void keys.add(String(key)) });
      expect([...new Set(propertiesOf(schema))].filter((key) => !keys.has(key))).to.deep.equal([]);
    });

    const document = parseDocument(COMPLETE);
    const scalars: { start: number; end: number; name: string }[] = [];
    visit(document, {
      Scalar: (key, node, way) => {
        if (key === "key" || node.range == null) return;
        const [start, end] = node.range;
        const last = way.findLast((above) => typeof above === "object" && "key" in above);
        const name = last !== undefined && "key" in last ? String(last.key) : "item";
        scalars.push({ start, end, name: `${name}: ${COMPLETE.slice(start, end)}` });
      },
    });
    const before = toText(read(COMPLETE));
    for (const { start, end, name } of scalars) {
      it(`means something: ${name} at ${start}`, () => {
        const altered = COMPLETE.slice(0, start) + alter(COMPLETE.slice(start, end)) + COMPLETE.slice(end);
        let after: string;
        try {
          after = toText(read(altered));
        } catch (error) {
          if (!(error instanceof ScenarioError)) throw error;
          after = error.message;
        }
        expect(after).to.not.equal(before);
      });
    }
  });

  describe("broken files", () => {
    const names = yamlIn(BROKEN);

    it("are many", () => {
      expect(names.length).to.be.greaterThanOrEqual(100);
    });

    for (const name of names) {
      it(`says what is wrong with ${name}`, () => {
        const expected = expectedOf(name);
        expect(expected, "a broken file expects something").to.not.deep.equal([]);
        const run = (): Scenario =>
          readScenario({ file: name, text: readFileSync(path.join(BROKEN, name)), ...textsIn(BROKEN) });
        expect(problemsOf(run).map(write)).to.deep.equal(expected);
      });
    }
  });
});

describe("shipped scenarios", () => {
  const scenarios = yamlIn(SHIPPED).map((name) => path.join(SHIPPED, name));
  const all = (): Scenario[] => scenarios.map((file) => readScenarioFile(file));

  for (const file of scenarios) {
    it(`reads ${file}, which teaches something and expects something`, () => {
      const { teaches, expectations } = readScenarioFile(file);
      expect(teaches).to.not.equal("");
      expect(expectations.length).to.be.greaterThanOrEqual(3);
    });

    it(`finds ${file} valid by the schema`, () => {
      const validate = new Ajv2020(AJV_OPTIONS).compile(schema);
      validate(parseDocument(readFileSync(file, "utf8")).toJS());
      expect(validate.errors).to.equal(null);
    });

    it(`lets editors check ${file}`, () => {
      expect(readFileSync(file, "utf8").split("\n")[0]).to.equal("# yaml-language-server: $schema=schema.json");
    });
  }

  it("are ten at least", () => {
    expect(scenarios.length).to.be.greaterThanOrEqual(10);
  });

  it("use every rail", () => {
    expect(new Set(all().flatMap(({ traffic }) => traffic.map(({ rail }) => rail)))).to.deep.equal(new Set(RAILS));
  });

  it("use every kind of arrivals", () => {
    const kinds = schema.$defs.arrivals.properties;
    const used = new Set(all().flatMap(({ traffic }) => traffic.map(({ arrivals }) => arrivals.kind)));
    expect(used).to.deep.equal(
      new Set(["fixed", ...Object.keys(kinds).filter((kind) => ["poisson", "bursts", "growth"].includes(kind))]),
    );
  });

  it("use every event", () => {
    const events = schema.$defs.event.oneOf.map(({ $ref }) => $ref.replace("#/$defs/", ""));
    const used = new Set<string>(all().flatMap((scenario) => scenario.events.map(({ kind }: ScenarioEvent) => kind)));
    expect(used).to.deep.equal(new Set(events));
  });
});

describe("docs/scenarios.md", () => {
  const document = readFileSync("docs/scenarios.md", "utf8");

  it("begins with a scenario that can be read", () => {
    const [block] = findCodeBlocks(document).filter(({ language }) => language === "yaml");
    expect(read(block.code).expectations).to.have.length(1);
  });

  it("shows sentences that can be expected", () => {
    const section = document.slice(document.indexOf("## What comes out"), document.indexOf("## All keys"));
    const sentences = [...section.matchAll(/^\| `(.*?)` +\|/gm)].map(([, sentence]) => sentence);
    expect(sentences.length).to.be.greaterThanOrEqual(10);
    const text = MINIMAL.replace("people: {", "people: { alice: {}, authors: { count: 2 },")
      .replace("models:", "datanets: { recipes: { owner: lab, contributions: [{ by: alice, text: Salt }] } }\nmodels:")
      .replace("operators: {", "operators: { rogue: { stake: 0 },");
    expect(read(`${text}expect: ${JSON.stringify(sentences)}\n`).expectations).to.have.length(sentences.length);
  });
});

describe("schema.json", () => {
  it("is a valid schema, and says for every value what to write", () => {
    const ajv = new Ajv2020(AJV_OPTIONS);
    expect(ajv.validateSchema(schema), JSON.stringify(ajv.errors)).to.be.true;
    for (const [name, definition] of Object.entries(schema.$defs)) expect(definition.title, name).to.be.a("string");
  });

  it("has its own defaults and examples pass", () => {
    const ajv = new Ajv2020(AJV_OPTIONS);
    ajv.addSchema(schema, "scenario");
    const check = (at: string, value: object): void => {
      const examples = "examples" in value ? (value.examples as unknown[]) : [];
      for (const example of [...examples, ...("default" in value ? [value.default] : [])]) {
        expect(ajv.validate({ $ref: `scenario#${at}` }, example), `${at}: ${JSON.stringify(example)}`).to.be.true;
      }
    };
    const walk = (at: string, value: unknown): void => {
      if (typeof value !== "object" || value === null || at.endsWith("/examples")) return;
      if ("title" in value || "$ref" in value) check(at, value);
      for (const [key, entry] of Object.entries(value)) walk(`${at}/${key}`, entry);
    };
    for (const [name, definition] of Object.entries(schema.$defs)) walk(`/$defs/${name}`, definition);
    for (const [name, property] of Object.entries(schema.properties)) walk(`/properties/${name}`, property);
  });

  it("names the rails and layers that there are", () => {
    expect(schema.$defs.traffic.properties.pays.enum).to.deep.equal(RAILS);
    expect(LAYERS).to.deep.equal(["data", "model", "operator", "staker", "treasury"]);
  });
});
