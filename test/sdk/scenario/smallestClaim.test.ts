import { expect } from "chai";
import { ZeroHash } from "ethers";

import { walletAccount } from "../../../sdk/account.ts";
import { claimGas } from "../../../sdk/claimGas.ts";
import type { LedgerView } from "../../../sdk/ledgerState.ts";
import type { Asset, Contribution, Datanet, Scenario, Upstream } from "../../../sdk/scenario/scenario.ts";
import { smallestClaimOf } from "../../../sdk/scenario/smallestClaim.ts";
import { ShareKind } from "../../../sdk/share.ts";
import { simulateRelease } from "../../../sdk/simulation.ts";
import { Split } from "../../../sdk/split.ts";

const ALICE = walletAccount(`0x${"a1".repeat(20)}`);
const BOB = walletAccount(`0x${"b0".repeat(20)}`);
const TOKEN = 10n ** 18n;
/** A unit of gas costs 1 wei, and so much of the token is worth 1 wei. */
const PER_GAS = 10n ** 6n;
const PRICES = { gasPrice: 1n, weiPerToken: TOKEN / PER_GAS };

function contributionsOf(count: number): Contribution[] {
  return Array.from({ length: count }, () => ({ contributor: 0, units: 1n, text: "" }));
}

function datanet({ contributions, ownerBps = 0 }: { contributions: number; ownerBps?: number }): Datanet {
  return {
    name: "recipes",
    owner: 0,
    curator: 0,
    ownerBps,
    curatorBps: 0,
    court: false,
    contributions: contributionsOf(contributions),
  };
}

function model(...upstreams: Upstream[]): Asset {
  return { name: "base", kind: "model", owner: 0, ownerUnits: 1n, upstreams, agent: undefined };
}

function scenarioOf(parts: Partial<Scenario> & { served: number[] }): Scenario {
  const { served, ...rest } = parts;
  return {
    name: "",
    teaches: "",
    seed: 1,
    periods: 1,
    periodSeconds: 1,
    people: [],
    fees: { treasuryBps: 0, operatorBps: 0, stakersBps: 0, perCall: 0n },
    prices: PRICES,
    datanets: [],
    assets: [],
    operators: [],
    services: served.map((asset) => ({ name: "", asset, operator: 0, rateIn: 1n, rateOut: 1n })),
    traffic: [],
    events: [],
    expectations: [],
    ...rest,
  };
}

/** What a claim through splits of so many shares costs as the planner reckons, in the token's smallest unit. */
function costThrough(...sizes: number[]): number {
  const splits: Split[] = [];
  for (const size of sizes.toReversed()) {
    const next = splits.at(0);
    const others = Array.from({ length: size - 1 }, () => ({ recipient: BOB, kind: ShareKind.Account }));
    const way =
      next === undefined
        ? { recipient: ALICE, kind: ShareKind.Account }
        : { recipient: next.id, kind: ShareKind.Split };
    splits.unshift(
      Split.from({ shares: [way, ...others].map((share) => ({ ...share, units: 1n, evidence: ZeroHash })) }),
    );
  }
  const ledger: LedgerView = {
    received: () => ({ amount: 10n * TOKEN }),
    drawn: () => 1n,
    balanceOf: () => 0n,
    redirectsOf: () => new Map<number, string>(),
  };
  const ranges = splits.map((split) => ({ split, first: 0, count: 1 }));
  const releases = simulateRelease({ ranges, ledger });
  return claimGas({ account: ALICE, ranges, releases, ledger }).total * Number(PER_GAS);
}

function expectClaim(scenario: Scenario, { least, most }: { least: number; most: number }): void {
  const claim = smallestClaimOf(scenario);
  expect(Number(claim?.least)).to.be.closeTo(least, Math.ceil(least / 25));
  expect(Number(claim?.most)).to.be.closeTo(most, Math.ceil(most / 25));
}

describe("smallestClaimOf", () => {
  it("is what a claim through all splits on the way costs", () => {
    const scenario = scenarioOf({
      datanets: [datanet({ contributions: 5 })],
      assets: [model({ datanet: 0, units: 1n })],
      served: [0],
    });
    expectClaim(scenario, { least: costThrough(4, 2, 5), most: costThrough(4, 2, 5) });
  });

  it("tells the shortest way from the deepest, through wrapped Datanets, agents and other models", () => {
    const agent: Asset = {
      ...model({ asset: 1, units: 1n }, { asset: 0, units: 1n }),
      kind: "agent",
      agent: { wallet: 1, budgetUnits: 1n, calls: [] },
    };
    const scenario = scenarioOf({
      datanets: [datanet({ contributions: 40, ownerBps: 500 }), datanet({ contributions: 1 })],
      assets: [
        model({ datanet: 0, units: 1n }, { datanet: 1, units: 1n }),
        model({ asset: 0, units: 1n }, { datanet: 1, units: 1n }),
        agent,
      ],
      served: [2],
    });
    expectClaim(scenario, { least: costThrough(4, 4, 3, 1), most: costThrough(4, 4, 3, 3, 3, 40) });
  });

  it("counts contributions and versions that come later", () => {
    const scenario = scenarioOf({
      datanets: [datanet({ contributions: 1 })],
      assets: [model({ datanet: 0, units: 1n }), model({ datanet: 0, units: 1n })],
      served: [1],
      events: [
        { at: 2, kind: "publish", asset: 1, ownerUnits: 1n, budgetUnits: 0n, upstreams: [{ asset: 0, units: 1n }] },
        { at: 1, kind: "contribute", datanet: 0, contributions: contributionsOf(8) },
        { at: 1, kind: "copy", datanet: 0, victim: 0, copier: 1, units: 1n, caught: undefined, prover: 0 },
      ],
    });
    expectClaim(scenario, { least: costThrough(4, 2, 10), most: costThrough(4, 2, 2, 10) });
  });

  it("counts copies, and an agent's budget beside its owner", () => {
    const claimOf = (contributions: number, asset: Asset, events: Scenario["events"] = []): unknown =>
      smallestClaimOf(scenarioOf({ datanets: [datanet({ contributions })], assets: [asset], served: [0], events }));
    const upstreams = (count: number): Upstream[] => Array.from({ length: count }, () => ({ datanet: 0, units: 1n }));
    const one = model(...upstreams(1));
    const copy = { at: 1, kind: "copy", datanet: 0, victim: 0, copier: 1, units: 1n, caught: 2, prover: 0 } as const;
    expect(claimOf(8, one, [copy]))
      .to.deep.equal(claimOf(9, one))
      .and.not.to.deep.equal(claimOf(8, one));

    const agent: Asset = {
      ...model(...upstreams(3)),
      kind: "agent",
      agent: { wallet: 1, budgetUnits: 1n, calls: [] },
    };
    expect(claimOf(8, agent)).to.deep.equal(claimOf(8, model(...upstreams(4))));
    expect(claimOf(8, agent)).not.to.deep.equal(claimOf(8, model(...upstreams(3))));
  });

  it("builds versions on those that there are at their time", () => {
    const publish = { kind: "publish", ownerUnits: 1n, budgetUnits: 0n } as const;
    const scenario = scenarioOf({
      datanets: [datanet({ contributions: 1 })],
      assets: [model({ datanet: 0, units: 1n }), model({ asset: 0, units: 1n }), model({ datanet: 0, units: 1n })],
      served: [2],
      events: [
        { ...publish, at: 2, asset: 2, upstreams: [{ asset: 1, units: 1n }] },
        { ...publish, at: 1, asset: 1, upstreams: [{ datanet: 0, units: 1n }] },
      ],
    });
    expectClaim(scenario, { least: costThrough(4, 2, 1), most: costThrough(4, 2, 2, 1) });
  });

  it("rounds up and grows with the price of gas", () => {
    const parts = {
      datanets: [datanet({ contributions: 5 })],
      assets: [model({ datanet: 0, units: 1n })],
      served: [0],
    };
    const least = smallestClaimOf(scenarioOf(parts))?.least ?? 0n;
    const dear = scenarioOf({ ...parts, prices: { ...PRICES, gasPrice: 3n } });
    expect(smallestClaimOf(dear)?.least).to.equal(3n * least);
    const odd = scenarioOf({ ...parts, prices: { gasPrice: 1n, weiPerToken: 7n * TOKEN } });
    expect(smallestClaimOf(odd)?.least).to.equal((least / PER_GAS + 6n) / 7n);
  });

  it("is unknown if no payment reaches a Datanet, or nothing is worth anything", () => {
    const datanets = [datanet({ contributions: 5 })];
    const assets = [model({ datanet: 0, units: 1n }), model()];
    expect(smallestClaimOf(scenarioOf({ datanets, assets, served: [] }))).to.equal(undefined);
    expect(smallestClaimOf(scenarioOf({ datanets, assets, served: [1] }))).to.equal(undefined);
    const worthless = { gasPrice: 1n, weiPerToken: 0n };
    expect(smallestClaimOf(scenarioOf({ datanets, assets, served: [0], prices: worthless }))).to.equal(undefined);
  });
});
