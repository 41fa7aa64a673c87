import { expect } from "chai";

import type { FlowEnd } from "../../../sdk/scenario/result.ts";
import { randomScenario } from "../../helpers/randomScenario.ts";
import { playAll } from "../../helpers/scenario.ts";
import { Rational } from "../../reference/rational.ts";
import { Witness } from "./witness.ts";

const SCENARIOS = 300;

const seeds = Array.from({ length: SCENARIOS }, (_, i) => i + 1);

describe("a run against the reference model", function () {
  this.timeout(300_000);

  it("gives everybody what the reference model does, to the smallest unit, and the court's redirects are exact", () => {
    let redirects = 0;
    for (const seed of seeds) {
      const scenario = randomScenario(seed);
      const { steps, result } = playAll(scenario);
      const witness = new Witness(scenario);
      for (const step of steps) witness.see(step);

      const expected = [...witness.earned()].filter(([, amount]) => amount !== 0n);
      const actual = result.accounts.filter(({ earned }) => earned !== 0n).map(({ name, earned }) => [name, earned]);
      expect(new Map(actual as [string, bigint][]), `seed ${seed}`).to.deep.equal(new Map(expected));
      expect(result.totals.prepaid, `seed ${seed}`).to.equal(witness.prepaid());
      const { dust } = witness.model.settle();
      expect(result.totals.dust, `seed ${seed}`).to.equal(sum([...dust.values()]));
      redirects += witness.redirects.filter(({ from, to }) => from !== to).length;
    }
    expect(redirects).to.be.greaterThan(SCENARIOS / 10);
  });

  it("is less than a unit per share below what exact fractions give", () => {
    for (const seed of seeds) {
      const scenario = randomScenario(seed, { redirects: false });
      const { steps, result } = playAll(scenario);
      const witness = new Witness(scenario);
      for (const step of steps) witness.see(step);
      const { model } = witness;
      const sharesAbove = model.sharesAbove();
      for (const { name, earned } of result.accounts) {
        const missing = model.exactEarned(name).minus(new Rational(earned));
        expect(missing.compare(Rational.ZERO) >= 0n, `seed ${seed}, ${name}`).to.be.true;
        const shares = BigInt(sharesAbove.get(name) ?? 0);
        const isBelow =
          shares === 0n ? missing.compare(Rational.ZERO) === 0n : missing.compare(new Rational(shares)) < 0n;
        expect(isBelow, `seed ${seed}, ${name}`).to.be.true;
      }
    }
  });

  it("loses nothing: what was paid is what was earned, and dust", () => {
    for (const seed of seeds) {
      const { result } = playAll(randomScenario(seed));
      const { totals, periods, accounts, health, services, rails } = result;
      const note = `seed ${seed}`;
      expect(totals.earned + totals.dust, note).to.equal(totals.paid);
      expect(sum(periods.map(({ volume }) => volume)), note).to.equal(totals.paid);
      expect(sum(rails.map(({ amount }) => amount)), note).to.equal(totals.paid);
      expect(sum(accounts.map(({ earned }) => earned)), note).to.equal(totals.earned);
      expect(sum(accounts.map(({ spent }) => spent)), note).to.equal(totals.paid);
      expect(sum(accounts.map(({ claimed }) => claimed)), note).to.equal(totals.claimed);
      expect(sum(Object.values(health.earnedByLayer)), note).to.equal(totals.earned);
      expect(sum(periods.flatMap(({ earnedByLayer }) => Object.values(earnedByLayer))), note).to.equal(totals.earned);
      for (const { earned, earnedPerPeriod, earnedByLayer } of accounts) {
        expect(sum(earnedPerPeriod), note).to.equal(earned);
        expect(sum(Object.values(earnedByLayer)), note).to.equal(earned);
      }
      expect(
        services.reduce((calls, service) => calls + service.calls, 0),
        note,
      ).to.equal(totals.calls);
      expect(totals.dust < BigInt(totals.shares), note).to.be.true;
    }
  });

  it("draws flows that add up at every end, but for dust", () => {
    for (const seed of seeds) {
      const { flows, totals } = playAll(randomScenario(seed)).result;
      const balance = new Map<string, { end: FlowEnd; in: bigint; out: bigint }>();
      const at = (end: FlowEnd): { in: bigint; out: bigint } => {
        const key = `${end.kind} ${end.name}`;
        const known = balance.get(key) ?? { end, in: 0n, out: 0n };
        balance.set(key, known);
        return known;
      };
      for (const { from, to, amount } of flows) {
        at(from).out += amount;
        at(to).in += amount;
      }
      let [paid, earned, dust] = [0n, 0n, 0n];
      for (const { end, in: into, out } of balance.values()) {
        if (end.kind === "payer") paid += out;
        else if (["service", "agent", "model", "datanet"].includes(end.kind)) {
          expect(into >= out, `seed ${seed}, ${end.name}`).to.be.true;
          dust += into - out;
        } else earned += into;
      }
      expect([paid, earned, dust], `seed ${seed}`).to.deep.equal([totals.paid, totals.earned, totals.dust]);
    }
  });
});

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
