import { readFile } from "node:fs/promises";

import { expect } from "chai";

import snapshot from "../../../gas/snapshot.json" with { type: "json" };
import { gasOfClaim, gasOfStep, gasShareOf, levelsOf } from "../../../sdk/scenario/gasEstimate.ts";
import { type Asset, type Contribution, type Rail, RAILS } from "../../../sdk/scenario/scenario.ts";
import type { PaymentStep, ServiceSplit, Step } from "../../../sdk/scenario/step.ts";

const MODEL: Asset = { name: "base", kind: "model", owner: 0, ownerUnits: 1n, upstreams: [], agent: undefined };
const AGENT: Asset = { ...MODEL, name: "helper", kind: "agent", agent: { wallet: 1, budgetUnits: 1n, calls: [] } };
const SPLIT: ServiceSplit = { service: 0, version: 1, policy: 1 };
const CONTRIBUTION: Contribution = { contributor: 0, units: 1n, text: "" };

function gasOf(step: Step): number {
  return gasOfStep({ scenario: { assets: [MODEL, AGENT] }, step });
}

function payment(rail: Rail): PaymentStep {
  return {
    kind: "pay",
    number: 0,
    payer: 0,
    split: SPLIT,
    rail,
    calls: 1,
    tokensIn: 1,
    tokensOut: 1,
    amount: 1n,
    fee: 0n,
    at: 0,
    byAgent: false,
  };
}

function settlement(vouchers: number): Step {
  const added = Array.from({ length: vouchers }, (_, payer) => ({ payer, added: 1n }));
  return { kind: "settle", split: SPLIT, calls: vouchers, amount: BigInt(vouchers), vouchers: added };
}

function publication({ asset, version, upstreams }: { asset: number; version: number; upstreams: number }): Step {
  const pinned = Array.from({ length: upstreams }, () => ({ datanet: 0, version: 1, units: 1n }));
  return { kind: "publish", asset, version, ownerUnits: 1n, budgetUnits: 0n, upstreams: pinned };
}

describe("gas of steps", () => {
  it("uses only figures that the snapshot has", async () => {
    const source = await readFile(new URL("../../../sdk/scenario/gasEstimate.ts", import.meta.url), "utf8");
    const uses = source.matchAll(/(?<!\/)snapshot(?:\["([^"]+)|\.(\w+))/g);
    const names = Array.from(uses, (use) => use.slice(1).join(""));
    expect(names).to.include.members(["deposit", "sweep", "pay from balance"]);
    expect(names.filter((name) => !(name in snapshot))).to.deep.equal([]);
  });

  it("is known for every way to pay", () => {
    expect(RAILS.map((rail) => gasOf(payment(rail)))).to.deep.equal([
      snapshot["pay a service, with its platform fee"],
      snapshot["pay from balance"],
      snapshot["pay with authorization"],
      snapshot["transfer to a split's address"],
      0,
      snapshot["request and deliver a job"],
    ]);
  });

  it("of a settlement grows with its vouchers as measured", () => {
    for (const count of [1, 10, 100, 500] as const) {
      const measured = count * snapshot[`settle ${count} vouchers, each`];
      expect(gasOf(settlement(count))).to.be.closeTo(measured, Math.ceil(measured / 200));
    }
    expect(gasOf(settlement(501)) - gasOf(settlement(500))).to.be.above(50_000);
  });

  it("of accepted contributions grows with their number as measured", () => {
    const accept = (count: number): number =>
      gasOf({
        kind: "accept",
        datanet: 0,
        version: 1,
        contributions: Array.from({ length: count }, () => CONTRIBUTION),
      });
    expect(accept(100)).to.equal(100 * snapshot["accept 100 signed contributions, each"]);
    expect(accept(1_800)).to.equal(snapshot["limit: accept 1,800 signed contributions"]);
    expect(accept(1)).to.be.within(100_000, 200_000);
  });

  it("of a publication grows with what it builds on as measured", () => {
    expect(gasOf(publication({ asset: 0, version: 1, upstreams: 0 }))).to.equal(
      snapshot["register a model, 2 builders"],
    );
    const measured = snapshot["register a model, 5 builders on a model and 2 Datanets"];
    expect(gasOf(publication({ asset: 0, version: 1, upstreams: 3 }))).to.be.closeTo(
      measured,
      Math.ceil(measured / 10),
    );
    expect(gasOf(publication({ asset: 0, version: 2, upstreams: 3 }))).to.equal(
      snapshot["publish another version of that model"],
    );
    expect(gasOf(publication({ asset: 1, version: 1, upstreams: 1 }))).to.equal(
      snapshot["register an agent, 1 builder on a model"],
    );
    expect(gasOf(publication({ asset: 1, version: 2, upstreams: 3 }))).to.equal(
      snapshot["publish another version of that model"],
    );
  });

  it("of a claim grows with its shares and with the size of splits as measured", () => {
    expect(gasOf({ kind: "claim", person: 0, amount: 1n })).to.equal(snapshot["claim, split of 2 shares"]);
    for (const size of [2, 4, 8] as const) {
      const measured = snapshot[`claim, split of ${size} shares`];
      expect(gasOfClaim({ shares: 1, levels: levelsOf(size) })).to.be.closeTo(measured, Math.ceil(measured / 100));
    }
    expect(gasOfClaim({ shares: 1, levels: 20 })).to.equal(snapshot["claim, split of 2^20 shares"]);
    const hops = 9 * snapshot["claim, each further hop, 8 shares"];
    expect(gasOfClaim({ shares: 10, levels: 30 })).to.be.closeTo(
      snapshot["claim, split of 8 shares"] + hops,
      Math.ceil(hops / 100),
    );
    const released = { shares: 10, levels: 30 };
    for (const kind of ["claim", "release"] as const) {
      const step: Step = { kind, person: 0, amount: 1n };
      expect(gasOfStep({ scenario: { assets: [] }, step, released })).to.equal(gasOfClaim(released));
    }
  });

  it("counts everybody's vote and both ends of a dispute", () => {
    const fees = { treasuryBps: 1, operatorBps: 1, stakersBps: 1, perCall: 0n };
    const proposed = snapshot.propose + snapshot["cast a vote, first, reaching the quorum"];
    expect(gasOf({ kind: "propose", fees, voters: [0], policy: 2 })).to.equal(proposed);
    expect(gasOf({ kind: "propose", fees, voters: [0, 1, 2], policy: 2 })).to.equal(
      proposed + 2 * snapshot["cast a vote, stake in 1 pool"],
    );
    const dispute = { kind: "dispute", claimant: 0, operator: 0, slash: undefined, asked: 1n } as const;
    expect(gasOf({ ...dispute, ruling: "respondent" })).to.equal(
      snapshot["open a case, 1 share"] +
        snapshot["vote on a case"] +
        snapshot["vote on a case, deciding"] +
        snapshot["settle a case, 1 share"],
    );
    expect(gasOf({ ...dispute, ruling: "none" })).to.equal(
      snapshot["open a case, 1 share"] + snapshot["settle a case nobody ruled on, 1 share"],
    );
    expect(gasOf({ kind: "revoke", datanet: 0, version: 3, places: [1, 2] })).to.equal(
      2 * snapshot["revoke one of 300 contributions"],
    );
  });

  it("is nothing for what nobody sends", () => {
    expect(gasOf({ kind: "period", period: 0 })).to.equal(0);
    expect(gasOf({ kind: "releaseAll" })).to.equal(0);
  });
});

describe("levelsOf", () => {
  it("counts the levels above a share", () => {
    expect([1, 2, 3, 4, 5, 8, 9, 2 ** 20].map(levelsOf)).to.deep.equal([0, 1, 2, 2, 3, 3, 4, 20]);
  });
});

describe("gasShareOf", () => {
  it("is what gas costs as a part of what was moved", () => {
    // 10^6 gas at 2 gwei are 0.002 ether; 100 OPEN at 0.001 ether are 0.1 ether.
    const prices = { gasPrice: 2n * 10n ** 9n, weiPerToken: 10n ** 15n };
    expect(gasShareOf({ gas: 1_000_000n, moved: 100n * 10n ** 18n, prices })).to.equal(20_000);
    expect(gasShareOf({ gas: 1_000_000n, moved: 0n, prices })).to.equal(0);
    expect(gasShareOf({ gas: 1n, moved: 1n, prices: { gasPrice: 1n, weiPerToken: 0n } })).to.equal(0);
  });
});
