import { expect } from "chai";
import { network } from "hardhat";

import { accept, createDatanet, offerOf } from "../registry/datanets.ts";
import { assetVersion, registerModel } from "../registry/lineages.ts";
import { registerService } from "../registry/services.ts";
import { ALICE_VOTES, bringFees, BUDGET, goTo, payService, setPolicy, stake, voteFor } from "../helpers/gauges.ts";
import { accountOf, drawAll, drawOf } from "../helpers/shares.ts";
import { MIN_SELF_STAKE } from "../helpers/staking.ts";
import { worksOn } from "../helpers/twins.ts";
import { type AttackedGauges, deployAttacked, itStands, wash } from "./gaugeAttack.ts";

const { networkHelpers } = await network.getOrCreate();

/** Of which one operator's count half. */
const FEES = 1_000n;

/** So much that only the cap is in the attacker's way. */
const MOST = 10_000_000n * 10n ** 18n;

const SIZES = Array.from({ length: 25 }, (_, exponent) => 10n ** BigInt(exponent));

/** Low, usual and highest fees; operators and stakers with what they get at most and least. */
const POLICIES = [
  { treasuryBps: 1n, operatorBps: 0n, stakersBps: 0n },
  { treasuryBps: 250n, operatorBps: 4_000n, stakersBps: 1_000n },
  { treasuryBps: 1_000n, operatorBps: 5_000n, stakersBps: 3_000n },
];

const feesIn = async ({ gauges, agent }: AttackedGauges, epoch: bigint): Promise<bigint> =>
  (await gauges.gaugeOf(epoch, agent.split.id)).fees;
const basesOf = async ({ gauges, agent, model }: AttackedGauges): Promise<bigint> =>
  (await gauges.baseOf(0n, agent.split.id)) + (await gauges.baseOf(0n, model.split.id));
const paidTo = async ({ gauges, agent, model }: AttackedGauges): Promise<bigint> =>
  (await gauges.gaugeOf(0n, agent.split.id)).paid + (await gauges.gaugeOf(0n, model.split.id)).paid;

describe("Attacks on gauges: paying oneself", () => {
  for (const policy of POLICIES) {
    for (const operators of [1, 2] as const) {
      for (const passesOn of [false, true]) {
        const { treasuryBps, operatorBps, stakersBps } = policy;
        const how = `${operators} operator(s), ${passesOn ? "with" : "without"} lineage`;
        it(`loses money at every size: ${treasuryBps}/${operatorBps}/${stakersBps} bps, ${how}`, async () => {
          const world = await deployAttacked({ budget: MOST });
          const policyVersion = await setPolicy(world, policy);
          const start = await networkHelpers.takeSnapshot();
          let payouts = 0;
          for (const amount of SIZES) {
            const { profit, paid } = await wash(world, { amount, policyVersion, operators, passesOn });
            const size = `at ${amount}`;
            if (paid > 0n) payouts++;
            expect(profit <= 0n, `gains nothing ${size}`).to.equal(true);
            expect(paid === 0n || profit < 0n, `loses ${size}`).to.equal(true);
            // What it is paid is at most half of what it paid for it.
            expect(-profit >= paid, `loses at least as much as it is paid ${size}`).to.equal(true);
            await start.restore();
          }
          // All sizes of which the treasury gets a few units.
          expect(payouts).to.be.greaterThan(18);
        });
      }
    }
  }

  it("loses money in many small payments as well", async () => {
    const world = await deployAttacked({ budget: MOST });
    const policyVersion = await setPolicy(world, POLICIES[2]);
    let [total, payouts] = [0n, 0n];
    for (let i = 0n; i < 24n; i++) {
      const plan = { amount: 30n + i, policyVersion, operators: 2 as const, passesOn: i % 2n === 0n };
      const { profit, paid } = await wash(world, plan);
      total += profit;
      payouts += paid;
    }
    expect(payouts > 0n).to.equal(true);
    expect(-total >= payouts).to.equal(true);
  });

  it(`${worksOn("IncentiveGauges_NoCap")}: paying oneself`, async () => {
    const world = await deployAttacked({ twin: "IncentiveGauges_NoCap", budget: BUDGET });
    const { profit } = await wash(world, { amount: 40_000n, policyVersion: 1n, operators: 1, passesOn: false });
    expect(profit > 0n).to.equal(true);
  });
});

describe("Attacks on gauges: fees", () => {
  itStands({
    name: "the same fees are counted again, in this epoch and the next",
    twin: "IncentiveGauges_CountsAgain",
    attack: async (world) => {
      await bringFees(world, world.service, FEES);
      await world.gauges.count(world.service.id, 1n, 1n);
      await goTo(world, 1n);
      await world.gauges.count(world.service.id, 1n, 1n);
    },
    hasWorked: async (world) => (await feesIn(world, 0n)) + (await feesIn(world, 1n)) > FEES,
  });

  itStands({
    name: "fees are counted that were Mallory's own, under a policy with another treasury",
    twin: "IncentiveGauges_AnyTreasury",
    attack: async (world) => {
      const version = await setPolicy(world, { treasury: accountOf(world.mallory) });
      await payService(world, world.service, 40_000n, { policyVersion: version, payer: world.mallory });
      await world.gauges.count(world.service.id, version, 1n);
    },
    refusal: {
      error: "IncentiveGauges_OtherTreasury",
      args: ({ mallory }) => Promise.resolve([2n, accountOf(mallory)]),
    },
    hasWorked: async (world) => (await feesIn(world, 0n)) > 0n,
  });

  itStands({
    name: "an operator that has taken its stake out makes an asset look as if two served it",
    twin: "IncentiveGauges_AnyOperator",
    attack: async (world) => {
      const { gauges, staking, relayer, service, sybil } = world;
      await bringFees(world, service, FEES);
      await payService(world, sybil, 40n * FEES);
      await staking.connect(relayer).thaw(relayer, MIN_SELF_STAKE);
      await gauges.count(sybil.id, 1n, 1n);
    },
    refusal: {
      error: "IncentiveGauges_NotEligible",
      args: ({ relayer }) => Promise.resolve([relayer.address]),
    },
    hasWorked: async (world) => (await basesOf(world)) > FEES / 2n,
  });

  itStands({
    name: "one operator brings all fees of an asset",
    twin: "IncentiveGauges_NoDiversity",
    attack: async (world) => {
      await bringFees(world, world.service, FEES / 2n);
      await bringFees(world, await registerService({ world, operator: world.mallory, asset: world.agent }), FEES / 2n);
    },
    hasWorked: async (world) => (await basesOf(world)) > FEES / 2n,
  });

  // No twin: it takes no defence of the gauges for payments to be what the ledger received.
  it("stands: somebody else's payments lower an asset's base", async () => {
    const world = await deployAttacked();
    const { gauges, agent, service, sybil } = world;
    await bringFees(world, service, 100n);
    await bringFees(world, sybil, 100n);
    let base = await gauges.baseOf(0n, agent.split.id);
    for (const fees of [1n, 1n, 3n, 100n, 100_000n]) {
      await bringFees(world, sybil, fees);
      const now = await gauges.baseOf(0n, agent.split.id);
      expect(now >= base).to.equal(true);
      base = now;
    }
  });
});

describe("Attacks on gauges: lineage", () => {
  itStands({
    name: "the same share passes on fees twice",
    twin: "IncentiveGauges_PassesOnAgain",
    attack: async (world) => {
      await bringFees(world, world.service, FEES);
      await world.gauges.passOn(0n, drawAll(world.agent.split));
      await world.gauges.passOn(0n, drawOf(world.agent.split, 1));
    },
    hasWorked: async ({ gauges, model }) => (await gauges.baseOf(0n, model.split.id)) > FEES / 4n,
  });

  itStands({
    name: "an asset keeps the fees that it passes on",
    twin: "IncentiveGauges_KeepsWhatItPassesOn",
    attack: async (world) => {
      await bringFees(world, world.service, FEES);
      await world.gauges.passOn(0n, drawAll(world.agent.split));
    },
    hasWorked: async (world) => (await basesOf(world)) > FEES / 2n,
  });

  itStands({
    name: "a Datanet's base is moved to its log, which has no votes",
    twin: "IncentiveGauges_PassesOnToLogs",
    attack: async (world) => {
      const { datanets, mallory } = world;
      const datanet = await createDatanet({ world, ownerBps: 1_000n });
      const { split } = await accept({ world, datanet, offers: [offerOf({ by: world.carol, text: "a work" })] });
      const texts = await assetVersion({ registry: datanets, id: datanet.id, version: 1n, split });
      const model = await registerModel({ world, owner: mallory, upstreams: [{ asset: texts, units: 1n }] });
      await bringFees(world, await registerService({ world, operator: mallory, asset: model }), FEES);
      await world.gauges.connect(mallory).passOn(0n, drawAll(model.split, split));
    },
    hasWorked: async ({ datanets, gauges }) => {
      const [{ args }] = await datanets.queryFilter(datanets.filters.VersionPublished());
      return (await gauges.baseOf(0n, args.logSplitId)) > 0n;
    },
  });

  itStands({
    name: "an asset is paid for fees before it passes them on",
    twin: "IncentiveGauges_PassesOnLate",
    attack: async (world) => {
      const { gauges, mallory, service, agent, model } = world;
      await bringFees(world, service, FEES);
      await gauges.connect(mallory).vote([agent.split.id, model.split.id], [5_000n, 5_000n], []);
      await goTo(world, 2n);
      await gauges.pay(0n, agent.split.id);
      await gauges.passOn(0n, drawAll(agent.split));
      await gauges.pay(0n, model.split.id);
    },
    refusal: { error: "IncentiveGauges_TooLate", args: () => Promise.resolve([0n, 1n, 2n]) },
    hasWorked: async (world) => (await paidTo(world)) > FEES / 4n,
  });
});

describe("Attacks on gauges: votes", () => {
  itStands({
    name: "somebody votes twice",
    twin: "IncentiveGauges_AddsVotes",
    attack: async (world) => {
      for (let i = 0; i < 2; i++) await voteFor(world, world.mallory, world.agent.split);
    },
    hasWorked: async ({ gauges }) => (await gauges.totalVotes(0n)) > MIN_SELF_STAKE,
  });

  itStands({
    name: "stake that came after the epoch began votes",
    twin: "IncentiveGauges_VotesOfToday",
    attack: async (world) => {
      await stake(world, world.curator, world.mallory, 1_000n * MIN_SELF_STAKE);
      await voteFor(world, world.curator, world.agent.split);
    },
    refusal: {
      error: "IncentiveGauges_NoVotes",
      args: async ({ gauges, curator }) => [curator.address, (await gauges.startOf(0n)) - 1n],
    },
    hasWorked: async ({ gauges }) => (await gauges.totalVotes(0n)) > 0n,
  });

  itStands({
    name: "a vote weighs more than all of it",
    twin: "IncentiveGauges_AnyWeights",
    attack: async ({ gauges, mallory, agent }) => {
      const splits = Array.from({ length: 16 }, () => agent.split.id);
      const weights = splits.map(() => 65_535n);
      await gauges.connect(mallory).vote(splits, weights, []);
    },
    refusal: { error: "IncentiveGauges_BadWeights", args: () => Promise.resolve([16n * 65_535n, 10_000n]) },
    hasWorked: async ({ gauges }) => (await gauges.totalVotes(0n)) > MIN_SELF_STAKE,
  });
});

describe("Attacks on gauges: payments", () => {
  itStands({
    name: "votes for two assets get the budget twice",
    twin: "IncentiveGauges_WholeBudget",
    attack: async (world) => {
      const { gauges, mallory, service, agent, model } = world;
      await bringFees(world, service, 100n * BUDGET);
      await gauges.passOn(0n, drawAll(agent.split));
      await gauges.connect(mallory).vote([agent.split.id, model.split.id], [5_000n, 5_000n], []);
      await goTo(world, 2n);
      for (const { split } of [agent, model]) await gauges.pay(0n, split.id);
    },
    hasWorked: async (world) => (await paidTo(world)) > BUDGET,
  });

  itStands({
    name: "an asset is paid twice for an epoch",
    twin: "IncentiveGauges_PaysAgain",
    attack: async (world) => {
      await earn(world);
      await goTo(world, 2n);
      for (let i = 0; i < 2; i++) await world.gauges.pay(0n, world.agent.split.id);
    },
    refusal: {
      error: "IncentiveGauges_AlreadyPaid",
      args: ({ agent }) => Promise.resolve([0n, agent.split.id]),
    },
    hasWorked: async ({ ledger, agent }) => (await ledger.received(agent.split.id)).amount > FEES / 4n,
  });

  itStands({
    name: "an asset is paid before others have voted",
    twin: "IncentiveGauges_PaysEarly",
    attack: async (world) => {
      await bringFees(world, world.service, 10n * BUDGET);
      await voteFor(world, world.mallory, world.agent.split);
      await world.gauges.pay(0n, world.agent.split.id);
      await voteFor(world, world.alice, world.model.split);
    },
    refusal: { error: "IncentiveGauges_TooEarly", args: () => Promise.resolve([0n, 2n, 0n]) },
    hasWorked: async ({ ledger, agent }) =>
      (await ledger.received(agent.split.id)).amount > (BUDGET * MIN_SELF_STAKE) / (MIN_SELF_STAKE + ALICE_VOTES),
  });
});

/** Fees and votes for the agent. */
async function earn(world: AttackedGauges): Promise<void> {
  await bringFees(world, world.service, FEES);
  await voteFor(world, world.mallory, world.agent.split);
}
