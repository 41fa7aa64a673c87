import { expect } from "chai";

import { largeScenario } from "../../../scripts/bench/largeScenario.ts";
import { MOST_ENDS } from "../../../sdk/scenario/flows.ts";
import type { FlowEnd, FlowResult } from "../../../sdk/scenario/result.ts";
import type { Scenario } from "../../../sdk/scenario/scenario.ts";
import { playAll } from "../../helpers/scenario.ts";

const LARGE = largeScenario({ assets: 300, contributors: 600, payments: 4_000 });

function nameOf({ kind, name }: FlowEnd): string {
  return `${kind} ${name}`;
}

function sumOf(flows: readonly FlowResult[]): bigint {
  return flows.reduce((sum, { amount }) => sum + amount, 0n);
}

/** How far each end is from the payers; throws where money goes in a circle. */
function levelsOf(flows: readonly FlowResult[]): Map<string, number> {
  const levels = new Map<string, number>();
  const ends = new Set(flows.flatMap(({ from, to }) => [nameOf(from), nameOf(to)]));
  for (let round = 0; round <= ends.size; round++) {
    let changed = false;
    for (const { from, to } of flows) {
      const level = (levels.get(nameOf(from)) ?? 0) + 1;
      if (level <= (levels.get(nameOf(to)) ?? 0)) continue;
      levels.set(nameOf(to), level);
      changed = true;
    }
    if (!changed) return levels;
  }
  throw new Error("Money goes in a circle.");
}

describe("flows of a run", () => {
  const { flows, totals } = playAll(LARGE).result;
  const ends = new Set(flows.flatMap(({ from, to }) => [nameOf(from), nameOf(to)]));

  it("has as many ends as a picture can show, and says which stand for others", () => {
    expect(ends.size).to.be.within(MOST_ENDS / 2, MOST_ENDS);
    expect(ends).to.include("service others (services)");
    expect(ends).to.include("model others (models)");
    expect(ends).to.include("payer readers");
    expect(ends).to.include("contributor crowd");
  });

  it("goes in no circle and names no way twice", () => {
    expect(levelsOf(flows).size).to.equal(ends.size - 1);
    expect(new Set(flows.map(({ from, to }) => `${nameOf(from)} ${nameOf(to)}`)).size).to.equal(flows.length);
  });

  it("still adds up, but for dust", () => {
    const paid = sumOf(flows.filter(({ from }) => from.kind === "payer"));
    const last = new Set(flows.map(({ from }) => nameOf(from)));
    const arrived = sumOf(flows.filter(({ to }) => !last.has(nameOf(to))));
    expect(paid).to.equal(totals.paid);
    expect(arrived).to.equal(totals.earned);
  });

  it("puts nothing together that has room", () => {
    const few = playAll(largeScenario({ assets: 10, contributors: 20, payments: 1_000 })).result.flows;
    expect(few.some(({ to }) => to.name.startsWith("others"))).to.be.false;
  });

  it("keeps agents that pay apart from what they are paid for", () => {
    const withAgent: Scenario = { ...LARGE };
    const wallet = withAgent.people.length;
    withAgent.people = [
      ...withAgent.people,
      { name: "helper", group: undefined, funds: 10n ** 20n, claims: { every: 0, atLeast: 0n } },
    ];
    const tokens = { least: 10, most: 10 };
    const calls = [{ target: { asset: 0 }, times: 1, tokensIn: tokens, tokensOut: tokens }];
    withAgent.assets = [
      ...withAgent.assets,
      {
        name: "helper",
        kind: "agent",
        owner: 0,
        ownerUnits: 1n,
        upstreams: [{ asset: 0, units: 1n }],
        agent: { wallet, budgetUnits: 1n, calls },
      },
    ];
    const asset = withAgent.assets.length - 1;
    withAgent.services = [
      ...withAgent.services,
      { name: "helper", asset, operator: 0, rateIn: 10n ** 18n, rateOut: 10n ** 18n },
    ];
    withAgent.traffic = [{ ...LARGE.traffic[0], target: { asset } }];
    const { flows: all } = playAll(withAgent).result;
    const ways = new Set(all.map(({ from, to }) => `${nameOf(from)} > ${nameOf(to)}`));
    expect(ways).to.include("payer helper > service model 1 at operators 1");
    expect(ways).to.include("service helper > agent helper");
    expect(ways).to.include("agent helper > builder helper");
    levelsOf(all);
  });
});
