import { expect } from "chai";

import { gasOfClaim, gasOfStep } from "../../../sdk/scenario/gasEstimate.ts";
import type { Scenario, Traffic } from "../../../sdk/scenario/scenario.ts";
import { DETAILED_GROUP } from "../../../sdk/scenario/tally.ts";
import { randomScenario } from "../../helpers/randomScenario.ts";
import {
  contribution,
  datanet,
  earnedBy,
  members,
  model,
  OPEN,
  operator,
  person,
  playAll,
  scenario,
  service,
  stepsOf,
  traffic,
  WEEK_SECONDS,
} from "../../helpers/scenario.ts";

const [ALICE, BOB, LAB, NORTH, SOUTH, READER, PROVER] = [0, 1, 2, 3, 4, 5, 6];
const BASE = 0;
const [AT_NORTH, AT_SOUTH] = [0, 1];
const DAY_SECONDS = 86_400;

/** Alice and Bob have contributed three to one to what a base model is built on; two operators serve it, the first for less. */
function market(rest: Partial<Scenario> = {}, ofTraffic: Partial<Traffic> = {}): Scenario {
  return scenario({
    people: [
      person("alice"),
      person("bob"),
      person("lab"),
      person("north"),
      person("south"),
      person("reader", { funds: 1_000n * OPEN }),
      person("prover"),
    ],
    datanets: [datanet("recipes", LAB, [contribution(ALICE, 3n, "salt"), contribution(BOB, 1n, "soup")])],
    assets: [model("base", LAB, 40n, [{ datanet: 0, units: 60n }])],
    operators: [operator("north", NORTH), operator("south", SOUTH)],
    services: [
      service("base at north", BASE, 0),
      service("base at south", BASE, 1, { rateIn: 2n * OPEN, rateOut: 2n * OPEN }),
    ],
    traffic: [traffic([READER], { asset: BASE }, ofTraffic)],
    ...rest,
  });
}

/** What two calls of a thousand tokens each way cost here: 202 of the smallest unit, and 14 of fixed fees. */
const SMALL: Partial<Scenario> = {
  fees: { treasuryBps: 250, operatorBps: 4_000, stakersBps: 1_000, perCall: 7n },
  operators: [operator("north", NORTH)],
  services: [service("base at north", BASE, 0, { rateIn: 100n, rateOut: 1n })],
};
const ONE_PAYMENT: Partial<Traffic> = {
  arrivals: { kind: "fixed", payments: 1 },
  callsPerPayment: { least: 2, most: 2 },
};

describe("play", () => {
  describe("of a small scenario, worked out by hand", () => {
    const { steps, result } = playAll(market(SMALL, ONE_PAYMENT));
    const split = { service: AT_NORTH, version: 1, policy: 1 };

    it("takes these steps", () => {
      const [first, second] = stepsOf(steps, "pay").map(({ at }) => at);
      const { datanets } = market();
      const pay = (number: number, at: number): object => {
        const tokens = { calls: 2, tokensIn: 2_000, tokensOut: 2_000 };
        const paid = { amount: 202n, fee: 14n, at, byAgent: false };
        return { kind: "pay", number, payer: READER, split, rail: "wallet", ...tokens, ...paid };
      };
      expect(first).to.be.within(0, WEEK_SECONDS - 1);
      expect(second).to.be.within(WEEK_SECONDS, 2 * WEEK_SECONDS - 1);
      expect(steps).to.deep.equal([
        { kind: "createDatanet", datanet: 0 },
        { kind: "accept", datanet: 0, version: 1, contributions: datanets[0].contributions },
        {
          kind: "publish",
          asset: BASE,
          version: 1,
          ownerUnits: 40n,
          budgetUnits: 0n,
          upstreams: [{ datanet: 0, units: 60n, version: 1 }],
        },
        { kind: "stake", staker: NORTH, operator: 0, amount: 2_000n * OPEN },
        { kind: "serve", service: AT_NORTH, version: 1 },
        { kind: "period", period: 0 },
        pay(0, first),
        // Of 202: 80 are the operator's and 95 the model's, of those 38 its builder's and 57 the Datanet's, of those 42 and 14.
        { kind: "claim", person: ALICE, amount: 42n },
        { kind: "claim", person: BOB, amount: 14n },
        { kind: "claim", person: LAB, amount: 38n },
        { kind: "claim", person: NORTH, amount: 80n },
        { kind: "period", period: 1 },
        pay(1, second),
        // Of 404: 161 and 191, 76 and 114, 85 and 28.
        { kind: "claim", person: ALICE, amount: 43n },
        { kind: "claim", person: BOB, amount: 14n },
        { kind: "claim", person: LAB, amount: 38n },
        { kind: "claim", person: NORTH, amount: 81n },
        { kind: "releaseAll" },
      ]);
    });

    it("comes to these amounts", () => {
      expect(result.accounts.map(({ name, earned, claimed, spent }) => [name, earned, claimed, spent])).to.deep.equal([
        ["alice", 85n, 85n, 0n],
        ["bob", 28n, 28n, 0n],
        ["lab", 76n, 76n, 0n],
        ["north", 161n, 161n, 0n],
        ["reader", 0n, 0n, 432n],
        ["treasury", 38n, 0n, 0n],
        ["stakers of north", 40n, 0n, 0n],
      ]);
      const { paid, earned, claimed, claimable, dust, prepaid, payments, calls } = result.totals;
      expect({ paid, earned, claimed, claimable, dust, prepaid, payments, calls }).to.deep.equal({
        paid: 432n,
        earned: 428n,
        claimed: 350n,
        claimable: 78n,
        dust: 4n,
        prepaid: 0n,
        payments: 2,
        calls: 4,
      });
      expect(result.health.earnedByLayer).to.deep.equal({
        data: 113n,
        model: 76n,
        operator: 161n,
        staker: 40n,
        treasury: 38n,
      });
      expect(result.health.contributors).to.deep.equal({ gini: 252_212, hhi: 627_222, nakamoto: 1, earners: 2 });
      expect(result.datanets[0]).to.deep.equal({
        name: "recipes",
        kind: "datanet",
        versions: 1,
        received: 114n,
        calls: 4,
      });
    });

    it("knows who was paid when, and how long it took", () => {
      const [first, second] = stepsOf(steps, "pay").map(({ at }) => at);
      // The treasury and stakers claim nothing. Of 350, 174 came with the first payment.
      const seconds = 174n * BigInt(WEEK_SECONDS - first) + 176n * BigInt(2 * WEEK_SECONDS - second);
      expect(result.health.secondsToClaim).to.equal(Number(seconds / 350n));
      expect(result.health.cohorts).to.deep.equal([{ joined: 0, members: 2, paid: [2, 2] }]);
      expect(result.health.retention).to.equal(1_000_000);
      expect(
        result.periods.map(({ paidContributors, claimingContributors }) => [paidContributors, claimingContributors]),
      ).to.deep.equal([
        [2, 2],
        [2, 2],
      ]);
    });

    it("estimates gas of every step", () => {
      const base = market(SMALL, ONE_PAYMENT);
      const gasOf = (kinds: string[]): number =>
        steps.reduce((gas, step) => gas + (kinds.includes(step.kind) ? gasOfStep({ scenario: base, step }) : 0), 0);
      // Alice is the first to claim: her share of two, and those that lead to the model, of four, and to the Datanet, of two.
      const claims = [
        { shares: 3, levels: 4 },
        { shares: 1, levels: 1 },
        { shares: 1, levels: 1 },
        { shares: 1, levels: 2 },
      ].reduce((gas, released) => gas + gasOfClaim(released), 0);
      const ofPeriod = BigInt(claims + gasOf(["pay"]) / 2);
      expect(result.periods.map(({ estimatedGas }) => estimatedGas)).to.deep.equal([ofPeriod, ofPeriod]);
      const ofSetUp = BigInt(gasOf(["createDatanet", "accept", "publish", "stake", "serve"]));
      expect(result.health.estimatedGas).to.equal(ofSetUp + 2n * ofPeriod);
    });
  });

  it("takes no step for stake that is none", () => {
    const operators = [operator("north", NORTH), operator("south", SOUTH, { stake: 0n })];
    const stakes = stepsOf(playAll(market({ operators })).steps, "stake");
    expect(stakes.map(({ staker }) => staker)).to.deep.equal([NORTH]);
  });

  describe("where calls go", () => {
    it("gives all traffic to the cheapest service, and to the first of equal ones", () => {
      const { services } = playAll(market()).result;
      expect(services.map(({ payments }) => payments)).to.deep.equal([20, 0]);
      const equal = market();
      equal.services[AT_SOUTH] = { ...equal.services[AT_SOUTH], rateIn: OPEN, rateOut: OPEN };
      expect(playAll(equal).result.services.map(({ payments }) => payments)).to.deep.equal([20, 0]);
    });

    it("follows a price from the period on in which it is set", () => {
      const events: Scenario["events"] = [{ kind: "price", at: 1, service: AT_SOUTH, rateIn: 1n, rateOut: 1n }];
      expect(playAll(market({ events })).result.services.map(({ payments }) => payments)).to.deep.equal([10, 10]);
    });

    it("goes to another operator during an outage, and comes back", () => {
      const events: Scenario["events"] = [{ kind: "outage", at: 1, operator: 0, periods: 1 }];
      const { steps, result } = playAll(market({ events, periods: 3 }));
      expect(result.services.map(({ payments }) => payments)).to.deep.equal([20, 10]);
      expect(stepsOf(steps, "setActive").map(({ service, active }) => [service, active])).to.deep.equal([
        [AT_NORTH, false],
        [AT_NORTH, true],
      ]);
    });

    it("comes back after the longer of two outages only", () => {
      const events: Scenario["events"] = [
        { kind: "outage", at: 0, operator: 0, periods: 3 },
        { kind: "outage", at: 1, operator: 0, periods: 1 },
      ];
      expect(playAll(market({ events, periods: 4 })).result.services.map(({ payments }) => payments)).to.deep.equal([
        10, 30,
      ]);
    });

    it("refuses calls that nobody serves", () => {
      const events: Scenario["events"] = [0, 1].map((of) => ({ kind: "outage", at: 1, operator: of, periods: 1 }));
      const { result } = playAll(market({ events }, { callsPerPayment: { least: 3, most: 3 } }));
      expect(result.periods.map(({ calls, refusedCalls }) => [calls, refusedCalls])).to.deep.equal([
        [30, 0],
        [0, 30],
      ]);
    });

    it("refuses calls of an operator whose stake was slashed below what it needs", () => {
      const poor = market({ events: [{ kind: "equivocate", at: 1, operator: 0, payer: READER, prover: PROVER }] });
      poor.operators[0] = { ...poor.operators[0], stake: 1_400n * OPEN };
      expect(playAll(poor).result.services.map(({ payments }) => payments)).to.deep.equal([10, 10]);
    });

    it("refuses what the payer cannot afford, on every rail", () => {
      for (const rail of ["wallet", "balance", "signed", "transfer", "vouchers", "job"] as const) {
        const poor = market({}, { rail });
        // Ten payments of 2 OPEN, and fixed fees if it pays by wallet.
        poor.people[READER] = { ...poor.people[READER], funds: 21n * OPEN };
        const { totals } = playAll(poor).result;
        expect([totals.payments, totals.refusedCalls], rail).to.deep.equal([10, 10]);
      }
    });
  });

  describe("rails", () => {
    it("refuses what costs nothing, and takes the fixed fee alone where there is one", () => {
      const free = (rail: Traffic["rail"]): Scenario => {
        const services = [service("base at north", BASE, 0, { rateIn: 0n, rateOut: 0n })];
        return market({ services }, { rail });
      };
      expect(playAll(free("signed")).result.totals.refusedCalls).to.equal(20);
      expect(playAll(free("vouchers")).result.totals.refusedCalls).to.equal(20);
      const { totals } = playAll(free("wallet")).result;
      expect([totals.payments, totals.paid]).to.deep.equal([20, (20n * OPEN) / 1_000n]);
    });

    it("pays into a channel what a call costs, if that is more than a tenth of the funds", () => {
      const poor = market({ periods: 1 }, { rail: "vouchers" });
      poor.people[READER] = { ...poor.people[READER], funds: 5n * OPEN };
      const amounts = stepsOf(playAll(poor).steps, "fundChannel").map(({ amount }) => amount);
      expect(amounts).to.deep.equal([2n * OPEN, 2n * OPEN]);
    });

    it("settles vouchers at the end of a period, and pays into a channel a tenth of the funds at a time", () => {
      const { steps } = playAll(
        market({ periods: 1 }, { rail: "vouchers", arrivals: { kind: "fixed", payments: 60 } }),
      );
      expect(stepsOf(steps, "fundChannel").map(({ amount }) => amount)).to.deep.equal([100n * OPEN, 100n * OPEN]);
      const [settlement] = stepsOf(steps, "settle");
      expect(settlement.calls).to.equal(60);
      expect(settlement.vouchers).to.deep.equal([{ payer: READER, added: 120n * OPEN }]);
    });

    it("sweeps what was transferred", () => {
      const { steps } = playAll(market({}, { rail: "transfer" }));
      expect(stepsOf(steps, "sweep").map(({ amount }) => amount)).to.deep.equal([20n * OPEN, 20n * OPEN]);
    });

    it("takes the fixed fee from wallets only", () => {
      const fees = (rail: Traffic["rail"]): bigint =>
        stepsOf(playAll(market({}, { rail })).steps, "pay").reduce((sum, { fee }) => sum + fee, 0n);
      expect(fees("wallet")).to.equal((20n * OPEN) / 1_000n);
      expect(fees("signed")).to.equal(0n);
    });

    it("puts what a payer has claimed into its balance again when that is empty", () => {
      const both = market({ periods: 3 }, { rail: "balance" });
      both.datanets[0].contributions.push(contribution(READER, 4n, "recipe"));
      const { steps } = playAll(both);
      const amounts = stepsOf(steps, "deposit").map(({ amount }) => amount);
      expect(amounts[0]).to.equal(1_000n * OPEN);
      // A claim brings all of the balance to the wallet, with what the shares have earned.
      const claims = stepsOf(steps, "claim").filter(({ person: who }) => who === READER);
      expect(amounts.slice(1)).to.deep.equal(claims.slice(0, 2).map(({ amount }) => amount));
    });
  });

  describe("of who pays in several ways", () => {
    const alsoFromBalance = (funds: bigint): Scenario => {
      const both = market({ periods: 2 });
      both.traffic.push(traffic([READER], { asset: BASE }, { rail: "balance" }));
      both.people[READER] = { ...both.people[READER], funds };
      return both;
    };

    it("puts a tenth of the funds into the ledger at a time, so that each way goes on", () => {
      const { steps, result } = playAll(alsoFromBalance(150n * OPEN));
      const amounts = stepsOf(steps, "deposit").map(({ amount }) => amount);
      expect(amounts).to.deep.equal([15n * OPEN, 15n * OPEN, 15n * OPEN]);
      expect(result.totals.refusedCalls).to.equal(0);
      expect(result.rails.filter(({ calls }) => calls > 0).map(({ rail, calls }) => [rail, calls])).to.deep.equal([
        ["wallet", 20],
        ["balance", 20],
      ]);
    });

    it("puts what a call costs there, if that is more, and never more than there is", () => {
      const { steps } = playAll(alsoFromBalance(7n * OPEN));
      const amounts = stepsOf(steps, "deposit").map(({ amount }) => amount);
      expect(amounts[0]).to.equal((7n * OPEN) / 10n);
      expect(amounts[1]).to.equal(2n * OPEN - (7n * OPEN) / 10n);
      expect(stepsOf(playAll(alsoFromBalance(3n)).steps, "deposit")).to.deep.equal([
        { kind: "deposit", person: READER, amount: 1n },
      ]);
    });
  });

  describe("fees by vote", () => {
    const fees = { treasuryBps: 0, operatorBps: 0, stakersBps: 0, perCall: 0n };
    const vote = (at: number): Scenario["events"][number] => ({ kind: "vote", at, fees, voters: [NORTH] });

    it("are in force 18 days after the proposal, at the begin of the next period", () => {
      const { steps } = playAll(market({ periods: 6, events: [vote(1)] }));
      const enacted = steps.findIndex(({ kind }) => kind === "enact");
      expect(steps[enacted - 1]).to.deep.equal({ kind: "period", period: 4 });
      expect(stepsOf(steps, "pay").map(({ split }) => split.policy)).to.deep.equal([
        ...new Array<number>(40).fill(1),
        ...new Array<number>(20).fill(2),
      ]);
    });

    it("are in force in the same period as 18 days are over", () => {
      const { steps } = playAll(market({ periods: 20, periodSeconds: DAY_SECONDS, events: [vote(0)] }));
      const enacted = steps.findIndex(({ kind }) => kind === "enact");
      expect(steps[enacted - 1]).to.deep.equal({ kind: "period", period: 18 });
    });

    it("are numbered in the order of their proposals", () => {
      const { steps } = playAll(market({ periods: 8, events: [vote(0), vote(2)] }));
      expect(stepsOf(steps, "propose").map(({ policy }) => policy)).to.deep.equal([2, 3]);
      expect(stepsOf(steps, "enact").map(({ policy }) => policy)).to.deep.equal([2, 3]);
    });

    it("change the split and leave the money in the old one as it was promised", () => {
      const { result } = playAll(market({ periods: 6, events: [vote(1)] }));
      expect(earnedBy(result, "north")).to.equal((40n * 2n * OPEN * 4n) / 10n);
      expect(earnedBy(result, "treasury")).to.equal(40n * ((2n * OPEN) / 40n + OPEN / 1_000n));
    });
  });

  describe("versions", () => {
    it("pays those who join a Datanet from the version on that has them", () => {
      const carol = PROVER;
      const upstreams = [{ datanet: 0, units: 60n }];
      const events: Scenario["events"] = [
        { kind: "contribute", at: 1, datanet: 0, contributions: [contribution(carol, 4n, "bread")] },
        { kind: "publish", at: 2, asset: BASE, ownerUnits: 40n, budgetUnits: 0n, upstreams },
      ];
      const { steps, result } = playAll(market({ periods: 3, events }));
      expect(stepsOf(steps, "publish")[1].upstreams).to.deep.equal([{ datanet: 0, units: 60n, version: 2 }]);
      expect(stepsOf(steps, "serveVersion").map(({ service, version }) => [service, version])).to.deep.equal([
        [AT_NORTH, 2],
        [AT_SOUTH, 2],
      ]);
      const perPeriod = result.accounts.find(({ name }) => name === "prover")?.earnedPerPeriod;
      // Half of 60 % of 47.5 % of 20 OPEN.
      expect(perPeriod).to.deep.equal([0n, 0n, (OPEN * 285n) / 100n]);
      expect(result.health.cohorts.map(({ joined, members, paid }) => [joined, members, paid])).to.deep.equal([
        [0, 2, [2, 2, 2]],
        [1, 1, [0, 1]],
      ]);
    });

    it("goes on paying the revoked by versions that have them", () => {
      const upstreams = [{ datanet: 0, units: 60n }];
      const events: Scenario["events"] = [
        { kind: "revoke", at: 1, datanet: 0, contributor: BOB },
        { kind: "publish", at: 2, asset: BASE, ownerUnits: 40n, budgetUnits: 0n, upstreams },
      ];
      const { steps, result } = playAll(market({ periods: 3, events }));
      expect(stepsOf(steps, "revoke")).to.deep.equal([{ kind: "revoke", datanet: 0, version: 2, places: [1] }]);
      const perPeriod = result.accounts.find(({ name }) => name === "bob")?.earnedPerPeriod ?? [];
      expect(perPeriod.map((amount) => amount > 0n)).to.deep.equal([true, true, false]);
    });

    it("counts contributors from their first contribution on", () => {
      const events: Scenario["events"] = [
        { kind: "contribute", at: 1, datanet: 0, contributions: [contribution(BOB, 1n, "stew")] },
      ];
      const { health } = playAll(market({ events })).result;
      expect(health.cohorts).to.deep.equal([{ joined: 0, members: 2, paid: [2, 2] }]);
    });

    it("counts a call once for an asset that it reaches by two versions", () => {
      const on = (asset: number): { asset: number; units: bigint } => ({ asset, units: 1n });
      const base = market();
      const publishAgain = (
        asset: number,
        upstreams: Scenario["assets"][number]["upstreams"],
      ): Scenario["events"][number] => {
        return { kind: "publish", at: 0, asset, ownerUnits: 1n, budgetUnits: 0n, upstreams };
      };
      const { result } = playAll({
        ...base,
        assets: [...base.assets, model("fine", LAB, 1n, [on(BASE)]), model("mix", LAB, 1n, [on(BASE), on(1)])],
        services: [service("mix at north", 2, 0)],
        traffic: [traffic([READER], { asset: 2 })],
        events: [publishAgain(BASE, [{ datanet: 0, units: 1n }]), publishAgain(2, [on(BASE), on(1)])],
      });
      expect(result.assets.map(({ calls }) => calls)).to.deep.equal([20, 20, 20]);
      expect(result.datanets.map(({ calls }) => calls)).to.deep.equal([20]);
    });

    it("makes a version of each revocation, and says the last", () => {
      const twice = market({ events: [{ kind: "revoke", at: 1, datanet: 0, contributor: BOB }] });
      twice.datanets[0].contributions.push(contribution(BOB, 5n, "stew"));
      const { steps, result } = playAll(twice);
      expect(stepsOf(steps, "revoke")).to.deep.equal([{ kind: "revoke", datanet: 0, version: 3, places: [1, 2] }]);
      expect(result.datanets[0].versions).to.equal(3);
    });

    it("takes no step to revoke what is revoked", () => {
      const revoke = (at: number): Scenario["events"][number] => ({ kind: "revoke", at, datanet: 0, contributor: BOB });
      expect(stepsOf(playAll(market({ events: [revoke(0), revoke(1)] })).steps, "revoke")).to.have.length(1);
    });

    it("cannot build on a Datanet where nobody has units", () => {
      const events: Scenario["events"] = [
        { kind: "revoke", at: 1, datanet: 0, contributor: ALICE },
        { kind: "revoke", at: 1, datanet: 0, contributor: BOB },
        {
          kind: "publish",
          at: 1,
          asset: BASE,
          ownerUnits: 1n,
          budgetUnits: 0n,
          upstreams: [{ datanet: 0, units: 1n }],
        },
      ];
      expect(() => playAll(market({ events }))).to.throw(RangeError, "Nobody has units in recipes any more");
    });
  });

  describe("agents", () => {
    const HELPER = 1;
    const WALLET = 7;

    /** An agent that earns half of what its service is paid, and calls the base model twice for each call. */
    function withAgent({ funds = 0n, times = 2 }: { funds?: bigint; times?: number } = {}): Scenario {
      const tokens = { least: 500, most: 500 };
      const call = { target: { asset: BASE }, times, tokensIn: tokens, tokensOut: tokens };
      const agent = { wallet: WALLET, budgetUnits: 50n, calls: [call] };
      const base = market();
      return market(
        {
          people: [...base.people, person("helper", { funds, claims: { every: 0, atLeast: 0n } })],
          assets: [...base.assets, model("helper", LAB, 20n, [{ asset: BASE, units: 30n }], { kind: "agent", agent })],
          services: [...base.services, service("helper at south", HELPER, 1)],
        },
        { target: { asset: HELPER } },
      );
    }

    it("spends what it has earned in the period on as many calls as that pays for", () => {
      const { steps, result } = playAll(withAgent());
      // Ten calls at 2 OPEN: 20 OPEN, of which the agent gets a half of 47.5 %.
      const earned = (20n * OPEN * 475n) / 2_000n;
      expect(stepsOf(steps, "release")[0]).to.deep.equal({ kind: "release", person: WALLET, amount: earned });
      // A call costs an OPEN.
      const [first] = stepsOf(steps, "pay").filter(({ byAgent }) => byAgent);
      const { payer, rail, calls, amount, fee, at } = first;
      expect({ payer, rail, calls, amount, fee, at }).to.deep.equal({
        payer: WALLET,
        rail: "balance",
        calls: 4,
        amount: 4n * OPEN,
        fee: 0n,
        at: WEEK_SECONDS - 1,
      });
      expect(result.periods[0].refusedCalls).to.equal(16);
      // What is left of the first period is spent in the second.
      expect(stepsOf(steps, "pay").filter(({ byAgent }) => byAgent)[1].calls).to.equal(5);
    });

    it("is no payer that is there, and pays at no hour of the day", () => {
      const { steps, result } = playAll(withAgent());
      expect(stepsOf(steps, "deposit")).to.have.length(0);
      const [{ payments, activePayers, presentPayers, rhythm }] = result.periods;
      expect([payments, activePayers, presentPayers]).to.deep.equal([11, 1, 1]);
      expect(rhythm.reduce((sum, count) => sum + count, 0)).to.equal(10);
    });

    it("makes the first calls that it wants to, if it cannot afford all", () => {
      const tokensOf = (times: number, funds: bigint): number[] => {
        const one = withAgent({ funds, times });
        const { agent } = one.assets[HELPER];
        const tokens = { least: 1, most: 1_000_000 };
        if (agent !== undefined)
          agent.calls = [{ target: { asset: BASE }, times, tokensIn: tokens, tokensOut: tokens }];
        one.services[2] = { ...one.services[2], rateIn: 1n, rateOut: 1n };
        one.traffic = [traffic([READER], { asset: HELPER }, { arrivals: { kind: "fixed", payments: 1 } })];
        const [first] = stepsOf(playAll(one).steps, "pay").filter(({ byAgent }) => byAgent);
        return [first.calls, first.tokensIn, first.tokensOut];
      };
      const [, tokensIn, tokensOut] = tokensOf(1, 10_000n * OPEN);
      const price = (BigInt(tokensIn + tokensOut) * OPEN) / 1_000n;
      expect(tokensOf(9, price)).to.deep.equal([1, tokensIn, tokensOut]);
    });

    it("pays in advance from its funds, which it deposits", () => {
      const { steps, result } = playAll(withAgent({ funds: 100n * OPEN }));
      expect(stepsOf(steps, "deposit")).to.deep.equal([{ kind: "deposit", person: WALLET, amount: 100n * OPEN }]);
      expect(result.totals.refusedCalls).to.equal(0);
      expect(result.assets.map(({ name, calls }) => [name, calls])).to.deep.equal([
        ["base", 60],
        ["helper", 20],
      ]);
    });

    it("does not claim, and what it earned stays its own", () => {
      const { result } = playAll(withAgent({ times: 0 }));
      const helper = result.accounts.find(({ name }) => name === "helper");
      expect([helper?.earned, helper?.claimed, helper?.layer]).to.deep.equal([(95n * OPEN) / 10n, 0n, "model"]);
      expect(result.totals.prepaid).to.equal((95n * OPEN) / 10n);
    });

    it("calls other agents, whose calls it causes in the same period", () => {
      const one = withAgent({ funds: 100n * OPEN });
      const caller = {
        wallet: WALLET + 1,
        budgetUnits: 1n,
        calls: [
          {
            target: { asset: HELPER },
            times: 1,
            tokensIn: { least: 1, most: 1 },
            tokensOut: { least: 1, most: 1 },
          },
        ],
      };
      const two: Scenario = {
        ...one,
        people: [...one.people, person("boss", { funds: OPEN, claims: { every: 0, atLeast: 0n } })],
        assets: [...one.assets, model("boss", LAB, 1n, [{ asset: BASE, units: 1n }], { kind: "agent", agent: caller })],
        services: [...one.services, service("boss at north", 2, 0)],
        traffic: [traffic([READER], { asset: 2 })],
      };
      const byAgents = stepsOf(playAll(two).steps, "pay").filter(({ byAgent }) => byAgent);
      expect(byAgents.map(({ payer, calls }) => [payer, calls]).slice(0, 2)).to.deep.equal([
        [WALLET + 1, 10],
        [WALLET, 20],
      ]);
    });
  });

  describe("faults", () => {
    const COPY = { kind: "copy", datanet: 0, victim: ALICE, copier: SOUTH, units: 4n, prover: PROVER } as const;
    const upstreams = [{ datanet: 0, units: 60n }];
    const publish = { kind: "publish", asset: BASE, ownerUnits: 40n, budgetUnits: 0n, upstreams } as const;

    function withCopy({ claims, court = true }: { claims: number; court?: boolean }): Scenario {
      const copied = market(
        {
          periods: 4,
          events: [
            { ...COPY, at: 0, caught: 2 },
            { ...publish, at: 0 },
          ],
        },
        { target: { service: AT_NORTH } },
      );
      copied.people[SOUTH] = { ...copied.people[SOUTH], claims: { every: claims, atLeast: 1n } };
      copied.datanets[0] = { ...copied.datanets[0], court };
      return copied;
    }

    /** What the copy earns in a period: a half of 60 % of 47.5 % of 20 OPEN. */
    const PER_PERIOD = (OPEN * 285n) / 100n;

    it("leave the copier what it has claimed before it is caught", () => {
      const { steps, result } = playAll(withCopy({ claims: 1 }));
      expect(earnedBy(result, "south")).to.equal(2n * PER_PERIOD);
      expect(result.accounts.find(({ name }) => name === "south")?.earnedPerPeriod.slice(2)).to.deep.equal([0n, 0n]);
      expect(stepsOf(steps, "duplicate")).to.deep.equal([
        { kind: "duplicate", datanet: 0, earlier: 0, later: 2, prover: PROVER, slash: undefined },
      ]);
    });

    it("leave the copier nothing if it has claimed nothing", () => {
      const { result } = playAll(withCopy({ claims: 4 }));
      expect(earnedBy(result, "south")).to.equal(0n);
      // Alice has three of eight units, and the copy's four.
      expect(earnedBy(result, "alice")).to.equal((4n * PER_PERIOD * 7n) / 4n);
    });

    it("move no share where the court is not the arbiter", () => {
      const { result } = playAll(withCopy({ claims: 4, court: false }));
      expect(earnedBy(result, "south")).to.equal(4n * PER_PERIOD);
    });

    it("are not shown again where the court is not the arbiter, or the copy has been revoked", () => {
      const later: Scenario["events"] = [
        { kind: "contribute", at: 3, datanet: 0, contributions: [contribution(BOB, 1n, "stew")] },
      ];
      const elsewhere = withCopy({ claims: 1, court: false });
      elsewhere.events.push(...later);
      expect(stepsOf(playAll(elsewhere).steps, "duplicate")).to.have.length(1);
      const revoked = withCopy({ claims: 1 });
      revoked.events.push({ kind: "revoke", at: 2, datanet: 0, contributor: SOUTH }, ...later);
      expect(stepsOf(playAll(revoked).steps, "duplicate")).to.have.length(1);
    });

    it("prove nothing in versions without what was copied", () => {
      const revoked = withCopy({ claims: 1 });
      revoked.events.push({ kind: "revoke", at: 3, datanet: 0, contributor: ALICE }, { ...publish, at: 3 });
      const perPeriod = playAll(revoked).result.accounts.find(({ name }) => name === "south")?.earnedPerPeriod;
      // Four of five units in the last period.
      expect(perPeriod).to.deep.equal([PER_PERIOD, PER_PERIOD, 0n, (PER_PERIOD * 8n) / 5n]);
    });

    it("are shown again for versions to come, for as long as both contributions have units", () => {
      const scenarioWithMore = withCopy({ claims: 1 });
      scenarioWithMore.events.push(
        { kind: "contribute", at: 2, datanet: 0, contributions: [contribution(BOB, 1n, "stew")] },
        { kind: "revoke", at: 3, datanet: 0, contributor: ALICE },
      );
      const { steps } = playAll(scenarioWithMore);
      expect(stepsOf(steps, "duplicate")).to.have.length(2);
      expect(steps[steps.findIndex((step) => step.kind === "accept" && step.version === 3) + 1].kind).to.equal(
        "duplicate",
      );
    });

    it("slash a curator that is an operator", () => {
      const curated = withCopy({ claims: 1 });
      curated.datanets[0] = { ...curated.datanets[0], curator: NORTH };
      const { steps, result } = playAll(curated);
      const [{ slash }] = stepsOf(steps, "duplicate");
      expect(slash).to.deep.equal({ taken: 200n * OPEN, bounty: 20n * OPEN, compensation: 80n * OPEN });
      expect(result.operators[0].slashed).to.equal(200n * OPEN);
      // Bounty and compensation are claimed with everything else.
      const begin = (period: number): number =>
        steps.findIndex((step) => step.kind === "period" && step.period === period);
      const inPeriod = steps.slice(begin(2), begin(3));
      const claims = new Map(stepsOf(inPeriod, "claim").map(({ person: who, amount }) => [who, amount]));
      expect(claims.get(PROVER)).to.equal(20n * OPEN);
      expect((claims.get(ALICE) ?? 0n) > 80n * OPEN).to.be.true;
    });

    it("harm by what the payer last paid the operator, or by what a usual call costs", () => {
      const equivocate = (at: number, payer: number): Scenario["events"][number] => {
        return { kind: "equivocate", at, operator: 0, payer, prover: PROVER };
      };
      const { steps } = playAll(
        market({ events: [equivocate(0, READER), equivocate(1, READER)] }, { callsPerPayment: { least: 3, most: 3 } }),
      );
      expect(stepsOf(steps, "equivocate").map(({ harm }) => harm)).to.deep.equal([2n * OPEN, 6n * OPEN]);
    });

    it("are ruled on: the claimant has its bond back, and what the slash leaves for it", () => {
      const dispute = (ruling: "claimant" | "respondent" | "none"): Scenario =>
        market({
          events: [{ kind: "dispute", at: 0, claimant: PROVER, operator: 0, slash: 50n * OPEN, ruling }],
        });
      const claimed = (ruling: "claimant" | "respondent" | "none"): bigint => {
        const claims = stepsOf(playAll(dispute(ruling)).steps, "claim");
        return claims.find(({ person: who }) => who === PROVER)?.amount ?? 0n;
      };
      expect(claimed("claimant")).to.equal(125n * OPEN);
      expect(claimed("respondent")).to.equal(0n);
      expect(claimed("none")).to.equal(50n * OPEN);
      const claims = stepsOf(playAll(dispute("none")).steps, "claim");
      expect(claims.filter(({ person: who }) => who === PROVER)).to.have.length(1);
    });

    it("cannot copy from somebody who has contributed nothing", () => {
      const events: Scenario["events"] = [{ ...COPY, victim: READER, at: 0, caught: undefined }];
      expect(() => playAll(market({ events }))).to.throw(RangeError, "reader has contributed nothing to copy");
      const revoked: Scenario["events"] = [
        { kind: "revoke", at: 0, datanet: 0, contributor: ALICE },
        { ...COPY, at: 0, caught: undefined },
      ];
      expect(() => playAll(market({ events: revoked }))).to.throw(RangeError, "alice has contributed nothing to copy");
    });
  });

  describe("claims", () => {
    it("come every so many periods, from an amount on", () => {
      const claims = (every: number, atLeast: bigint): number => {
        const patient = market({ periods: 6 });
        patient.people[ALICE] = { ...patient.people[ALICE], claims: { every, atLeast } };
        return stepsOf(playAll(patient).steps, "claim").filter(({ person: who }) => who === ALICE).length;
      };
      expect(claims(1, 1n)).to.equal(6);
      expect(claims(2, 1n)).to.equal(3);
      expect(claims(0, 1n)).to.equal(0);
      // Three quarters of 5.7 OPEN in a period.
      expect(claims(1, 10n * OPEN)).to.equal(2);
    });

    it("come from nobody who has nothing, however little is enough", () => {
      const modest = market();
      modest.people[PROVER] = { ...modest.people[PROVER], claims: { every: 1, atLeast: 0n } };
      const claims = stepsOf(playAll(modest).steps, "claim");
      expect(claims.some(({ person: who }) => who === PROVER)).to.be.false;
    });

    it("do not change what anybody has earned in the end", () => {
      for (let seed = 1; seed <= 100; seed++) {
        const random = randomScenario(seed, { redirects: false });
        // Who claims can spend it, so those who pay do not claim here.
        const habits = (every: number): Scenario => ({
          ...random,
          people: random.people.map((who) => ({
            ...who,
            claims: { every: who.group === "readers" ? 0 : every, atLeast: 1n },
          })),
        });
        const earned = [0, 1, 3].map((every) =>
          playAll(habits(every)).result.accounts.map(({ name, earned: amount }) => [name, amount]),
        );
        expect(earned[1], `seed ${seed}`).to.deep.equal(earned[0]);
        expect(earned[2], `seed ${seed}`).to.deep.equal(earned[0]);
      }
    });
  });

  describe("traffic", () => {
    it("ends after as many payments as are asked for, and the rest goes on", () => {
      const { steps, result } = playAll(market(), { maxPayments: 13 });
      expect(result.periods.map(({ payments }) => payments)).to.deep.equal([10, 3]);
      expect(stepsOf(steps, "releaseAll")).to.have.length(1);
    });

    it("begins with the same payments if it is to end early", () => {
      const all = playAll(market()).steps;
      const some = playAll(market(), { maxPayments: 7 }).steps;
      expect(stepsOf(some, "pay")).to.deep.equal(stepsOf(all, "pay").slice(0, 7));
    });

    it("does not change when there is more of another", () => {
      const readers = members("others", 5, { funds: 1_000n * OPEN });
      const one = market({}, { arrivals: { kind: "poisson", mean: 8 }, tokensIn: { least: 1, most: 9_000 } });
      const two: Scenario = {
        ...one,
        people: [...one.people, ...readers],
        traffic: [...one.traffic, traffic([7, 8, 9, 10, 11], { asset: BASE }, { tokensIn: { least: 1, most: 5 } })],
      };
      const ofReader = (run: Scenario): unknown[] =>
        stepsOf(playAll(run).steps, "pay")
          .filter(({ payer }) => payer === READER)
          .map(({ at, tokensIn, amount }) => [at, tokensIn, amount]);
      expect(ofReader(two)).to.deep.equal(ofReader(one));
    });

    it("is merged by time", () => {
      const two = market();
      two.traffic.push(traffic([READER], { asset: BASE }, { arrivals: { kind: "fixed", payments: 30 } }));
      const times = stepsOf(playAll(two).steps, "pay").map(({ at }) => at);
      expect(times).to.deep.equal([...times].sort((a, b) => a - b));
      const numbers = stepsOf(playAll(two).steps, "pay").map(({ number }) => number);
      expect(numbers).to.deep.equal(Array.from({ length: 80 }, (_, i) => i));
    });

    it("counts who pays in each period", () => {
      const bursts = { kind: "bursts", payments: 5, every: 2, between: 0 } as const;
      const { result } = playAll(market({ periods: 3 }, { arrivals: bursts }));
      expect(result.periods.map(({ activePayers }) => activePayers)).to.deep.equal([1, 0, 1]);
    });

    it("keeps no earnings per period of members of large groups", () => {
      for (const size of [DETAILED_GROUP, DETAILED_GROUP + 1]) {
        const base = market();
        const first = base.people.length;
        const crowd = members("crowd", size);
        base.datanets[0].contributions.push(...crowd.map((_, i) => contribution(first + i, 1n, `text ${i}`)));
        const { accounts } = playAll({ ...base, people: [...base.people, ...crowd] }).result;
        const member = accounts.find(({ name }) => name === "crowd 1");
        expect(member?.earnedPerPeriod).to.have.length(size === DETAILED_GROUP ? 2 : 0);
      }
    });

    it("shows when in a period people pay", () => {
      const { result } = playAll(market({}, { arrivals: { kind: "bursts", payments: 50, every: 2, between: 4 } }));
      const [burst, between] = result.periods.map(({ rhythm }) => rhythm);
      expect(burst.filter((payments) => payments > 0)).to.deep.equal([50]);
      expect(between.reduce((sum, payments) => sum + payments, 0)).to.equal(4);
    });
  });
});
