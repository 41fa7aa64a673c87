import { expect } from "chai";

import type { ExpectationResult } from "../../../sdk/scenario/result.ts";
import type { Expectation, Scenario } from "../../../sdk/scenario/scenario.ts";
import {
  contribution,
  datanet,
  members,
  model,
  OPEN,
  operator,
  person,
  playAll,
  scenario,
  service,
  traffic,
} from "../../helpers/scenario.ts";

const [ALICE, LAB, NORTH, SOUTH, AGENT] = [0, 1, 2, 3, 4];
const PAYERS = [5, 6];
const MILLION = 1_000_000n;

/** Two periods of ten payments of 2 OPEN each, without fixed fees; in the second the other operator is cheaper. */
const MARKET: Scenario = scenario({
  people: [
    person("alice"),
    person("lab"),
    person("north"),
    person("south", { claims: { every: 0, atLeast: 0n } }),
    person("agent", { claims: { every: 0, atLeast: 0n } }),
    ...members("readers", 2, { funds: 100n * OPEN }),
  ],
  fees: { treasuryBps: 0, operatorBps: 5_000, stakersBps: 0, perCall: 0n },
  datanets: [datanet("recipes", LAB, [contribution(ALICE, 1n)])],
  assets: [
    model("base", LAB, 1n, [{ datanet: 0, units: 3n }]),
    model("helper", LAB, 1n, [{ asset: 0, units: 1n }], {
      kind: "agent",
      agent: { wallet: AGENT, budgetUnits: 1n, calls: [] },
    }),
  ],
  operators: [operator("north", NORTH), operator("south", SOUTH)],
  services: [service("base at north", 0, 0), service("base at south", 0, 1, { rateIn: 2n * OPEN, rateOut: 2n * OPEN })],
  traffic: [traffic(PAYERS, { asset: 0 })],
  events: [
    { kind: "price", at: 1, service: 1, rateIn: OPEN / 2n, rateOut: OPEN / 2n },
    { kind: "equivocate", at: 1, operator: 0, payer: PAYERS[0], prover: LAB },
  ],
});

function judge(rest: Pick<Expectation, "figure"> & Partial<Expectation>): ExpectationResult {
  const expectation: Expectation = {
    text: "Something",
    line: 7,
    relation: "at least",
    value: 0n,
    unit: "open",
    period: undefined,
    ...rest,
  };
  return playAll({ ...MARKET, expectations: [expectation] }).result.expectations[0];
}

/** What comes out, whatever is expected. */
function actual(rest: Pick<Expectation, "figure"> & Partial<Expectation>): string {
  return judge(rest).actual;
}

describe("Judge", () => {
  it("says which line of the file it is about", () => {
    const { text, line } = judge({ figure: { kind: "volume" } });
    expect({ text, line }).to.deep.equal({ text: "Something", line: 7 });
  });

  // 30 OPEN are paid: half goes to operators, a quarter of the other half to the lab, the rest to Alice.
  it("measures what somebody, a group, a layer, a Datanet and an asset earn", () => {
    const earns = (who: Parameters<typeof judge>[0]["figure"] & { kind: "earns" }): string => actual({ figure: who });
    expect(earns({ kind: "earns", who: { person: ALICE }, of: "payments" })).to.equal("11.25 OPEN");
    expect(earns({ kind: "earns", who: { group: "readers" }, of: "payments" })).to.equal("0 OPEN");
    expect(earns({ kind: "earns", who: { layer: "operator" }, of: "payments" })).to.equal("15 OPEN");
    expect(earns({ kind: "earns", who: { datanet: 0 }, of: "payments" })).to.equal("11.25 OPEN");
    expect(earns({ kind: "earns", who: { asset: 0 }, of: "payments" })).to.equal("15 OPEN");
  });

  it("measures parts of payments and of layers", () => {
    const part = (figure: Expectation["figure"]): string => actual({ figure, unit: "part" });
    expect(part({ kind: "earns", who: { person: ALICE }, of: "payments" })).to.equal("37.5 % of payments");
    expect(part({ kind: "earns", who: { person: NORTH }, of: "operator" })).to.equal("66.6666 % of operator");
    expect(part({ kind: "earns", who: { person: NORTH }, of: "staker" })).to.equal("0 % of staker");
  });

  it("measures what is claimed and spent", () => {
    const open = (figure: Expectation["figure"]): string => actual({ figure });
    expect(open({ kind: "claims", who: { layer: "operator" }, of: "payments" })).to.equal("10 OPEN");
    expect(open({ kind: "claims", who: { person: SOUTH }, of: "payments" })).to.equal("0 OPEN");
    expect(open({ kind: "spends", who: { group: "readers" }, of: "payments" })).to.equal("30 OPEN");
    expect(open({ kind: "spends", who: { asset: 1 }, of: "payments" })).to.equal("0 OPEN");
    expect(open({ kind: "claims", who: { datanet: 0 }, of: "payments" })).to.equal("0 OPEN");
    expect(open({ kind: "spends", who: { asset: 0 }, of: "payments" })).to.equal("0 OPEN");
  });

  it("measures one period", () => {
    const figure: Expectation["figure"] = { kind: "earns", who: { person: NORTH }, of: "payments" };
    expect([0, 1].map((period) => actual({ figure, period }))).to.deep.equal(["10 OPEN", "0 OPEN"]);
    expect([0, 1].map((period) => actual({ figure, period, unit: "part" }))).to.deep.equal([
      "50 % of payments",
      "0 % of payments",
    ]);
    expect([0, 1].map((period) => actual({ figure: { kind: "volume" }, period }))).to.deep.equal([
      "20 OPEN",
      "10 OPEN",
    ]);
    const gini = playAll(MARKET).result.periods[1].gini;
    expect(judge({ figure: { kind: "gini" }, period: 1, unit: "part", relation: "exactly", value: BigInt(gini) }).holds)
      .to.be.true;
  });

  it("measures what an operator serves, and what it is slashed by", () => {
    const figure: Expectation["figure"] = { kind: "serves", operator: 0 };
    expect(actual({ figure, unit: "part" })).to.equal("50 % of calls");
    expect(actual({ figure, unit: "count" })).to.equal("10 calls");
    expect(actual({ figure: { kind: "slashed", operator: 0 } })).to.equal("600 OPEN");
  });

  it("measures the figures of the run", () => {
    const { health } = playAll(MARKET).result;
    const count = (kind: "payments" | "calls" | "refused calls" | "nakamoto"): string =>
      actual({ figure: { kind }, unit: "count" });
    expect(count("payments")).to.equal("20");
    expect(count("calls")).to.equal("20");
    expect(count("refused calls")).to.equal("0");
    expect(count("nakamoto")).to.equal(`${health.nakamoto}`);
    const part = (kind: "gini" | "hhi" | "retention" | "gas share"): string =>
      actual({ figure: { kind }, unit: "part" });
    expect(part("retention")).to.equal("100 %");
    expect(part("hhi")).to.equal(`${health.hhi / 10_000} %`);
    expect(part("gini")).to.equal(`${health.gini / 10_000} %`);
    expect(part("gas share")).to.equal(`${health.gasShare / 10_000} %`);
  });

  it("compares exactly, and parts without dividing", () => {
    const holds = (relation: Expectation["relation"], value: bigint, unit: "open" | "part"): boolean =>
      judge({ figure: { kind: "earns", who: { person: NORTH }, of: "operator" }, relation, value, unit }).holds;
    expect(holds("at least", 10n * OPEN, "open")).to.be.true;
    expect(holds("at least", 10n * OPEN + 1n, "open")).to.be.false;
    expect(holds("at most", 10n * OPEN, "open")).to.be.true;
    expect(holds("at most", 10n * OPEN - 1n, "open")).to.be.false;
    expect(holds("exactly", 10n * OPEN, "open")).to.be.true;
    expect(holds("exactly", 10n * OPEN + 1n, "open")).to.be.false;
    // Two thirds.
    expect(holds("at least", (MILLION * 2n) / 3n, "part")).to.be.true;
    expect(holds("at most", (MILLION * 2n) / 3n, "part")).to.be.false;
    expect(holds("at least", (MILLION * 2n) / 3n + 1n, "part")).to.be.false;
    expect(holds("exactly", (MILLION * 2n) / 3n, "part")).to.be.true;
  });

  it("finds no part where there is no whole", () => {
    const holds = (relation: Expectation["relation"], value: bigint): boolean =>
      judge({ figure: { kind: "earns", who: { person: NORTH }, of: "staker" }, relation, value, unit: "part" }).holds;
    expect([holds("at least", 1n), holds("at least", 0n), holds("at most", 0n), holds("exactly", 0n)]).to.deep.equal([
      false,
      true,
      true,
      true,
    ]);
  });

  it("shows all digits where an amount must be exact, and marks thousands", () => {
    const text = (relation: Expectation["relation"]): string => {
      const expectations: Expectation[] = [
        { text: "", line: 1, figure: { kind: "volume" }, relation, value: 0n, unit: "open", period: undefined },
      ];
      const rates = { rateIn: 123_456n * OPEN + 7n, rateOut: 0n };
      const services = [service("base at north", 0, 0, rates)];
      const people = MARKET.people.map((who) => ({ ...who, funds: 10n ** 9n * OPEN }));
      const dear = { ...MARKET, people, services, operators: MARKET.operators.slice(0, 1), events: [], expectations };
      return playAll(dear).result.expectations[0].actual;
    };
    expect(text("exactly")).to.equal("2,469,120.00000000000000014 OPEN");
    expect(text("at most")).to.equal("2,469,120 OPEN");
  });
});
