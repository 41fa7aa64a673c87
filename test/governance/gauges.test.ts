import { expect } from "chai";
import { AbiCoder, keccak256, MaxUint256, parseEther, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import {
  ALICE_VOTES,
  BOB_VOTES,
  bringFees,
  BUDGET,
  deployGauges,
  EPOCH,
  FUNDS,
  type GaugeWorld,
  goTo,
  payService,
  setPolicy,
  stake,
  voteFor,
} from "../helpers/gauges.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf } from "../helpers/shares.ts";
import { MIN_SELF_STAKE } from "../helpers/staking.ts";
import { accept, createDatanet, offerOf } from "../registry/datanets.ts";
import { type AssetVersion, assetVersion, registerAgent, registerModel } from "../registry/lineages.ts";
import { registerService, type Service, splitOfService } from "../registry/services.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const deploy = async (): Promise<GaugeWorld> => await deployGauges(connection);

/** One model, served by the operator. */
async function deployServed(): Promise<GaugeWorld & { service: Service; asset: AssetVersion }> {
  const world = await deployGauges(connection);
  const asset = await registerModel({ world, owner: world.builder });
  return { ...world, asset, service: await registerService({ world, asset }) };
}

/** Two models, each served by the operator; votes are on the first. */
async function deployTwo() {
  const world = await deployServed();
  const other = await registerModel({ world, owner: world.owner, builders: [builder(world.owner, 2n)] });
  return { ...world, other, otherService: await registerService({ world, asset: other }) };
}

/** An agent that leaves a quarter to a model, which leaves two thirds to another model. */
async function deployLineage(budget = BUDGET) {
  const world = await deployGauges(connection, { budget });
  const { builder: owner } = world;
  const base = await registerModel({ world, owner });
  const model = await registerModel({
    world,
    owner,
    builders: [builder(owner, 1n)],
    upstreams: [{ asset: base, units: 2n }],
  });
  const agent = await registerAgent({
    world,
    owner,
    builders: [builder(owner, 3n)],
    upstreams: [{ asset: model, units: 1n }],
  });
  return { ...world, base, model, agent, service: await registerService({ world, asset: agent }) };
}

const deployDeep = async () => await deployLineage();

/** A model that leaves half to a Datanet, of which the owner and the curator take a quarter. */
async function deployOnDatanet() {
  const world = await deployGauges(connection);
  const datanet = await createDatanet({ world, ownerBps: 1_500n, curatorBps: 1_000n });
  const { split, log } = await accept({ world, datanet, offers: [offerOf({ by: world.carol, text: "a work" })] });
  const texts = await assetVersion({ registry: world.datanets, id: datanet.id, version: 1n, split });
  const model = await registerModel({
    world,
    owner: world.builder,
    builders: [builder(world.builder, 1n)],
    upstreams: [{ asset: texts, units: 1n }],
  });
  return { ...world, texts, log, model, service: await registerService({ world, asset: model }) };
}

const builder = (owner: { address: string }, units: bigint) => ({ account: walletAccount(owner.address), units });

describe("IncentiveGauges: deployment", () => {
  it("names what it is built on, and its limits", async () => {
    const { gauges, ledger, services, staking, governance, access } = await loadFixture(deploy);
    expect(await gauges.ledger()).to.equal(await ledger.getAddress());
    expect(await gauges.services()).to.equal(await services.getAddress());
    expect(await gauges.eligibility()).to.equal(await staking.getAddress());
    expect(await gauges.stakeVotes()).to.equal(await staking.getAddress());
    expect(await gauges.treasury()).to.equal(accountOf(governance));
    expect(await gauges.authority()).to.equal(await access.getAddress());
    expect(await gauges.epochSeconds()).to.equal(EPOCH);
    expect(await gauges.MIN_EPOCH_SECONDS()).to.equal(3_600n);
    expect(await gauges.MAX_EPOCH_SECONDS()).to.equal(30n * 86_400n);
    expect(await gauges.MAX_BUDGET()).to.equal(parseEther("10000000"));
    expect(await gauges.REBATE_BPS()).to.equal(5_000n);
    expect(await gauges.MAX_SPLITS()).to.equal(16n);
    expect(await gauges.CLAIM_EPOCHS()).to.equal(4n);
    expect(await gauges.budgetOf(0n)).to.equal(BUDGET);
  });

  it("numbers epochs from the second it is deployed in", async () => {
    const world = await loadFixture(deploy);
    const { gauges } = world;
    const start = await gauges.startedAt();
    expect(await gauges.startOf(0n)).to.equal(start);
    expect(await gauges.startOf(3n)).to.equal(start + 3n * EPOCH);
    expect(await gauges.currentEpoch()).to.equal(0n);
    await time.increaseTo(start + EPOCH - 1n);
    expect(await gauges.currentEpoch()).to.equal(0n);
    await time.increaseTo(start + EPOCH);
    expect(await gauges.currentEpoch()).to.equal(1n);
  });

  it("reverts for parameters that are not within their bounds", async () => {
    const { gauges, services, staking, governance, access } = await loadFixture(deploy);
    const most = await gauges.MAX_BUDGET();
    for (const [name, epoch, budget, value, min, max] of [
      ["epochSeconds", 3_599n, 0n, 3_599n, 3_600n, 2_592_000n],
      ["epochSeconds", 2_592_001n, 0n, 2_592_001n, 3_600n, 2_592_000n],
      ["budget", 3_600n, most + 1n, most + 1n, 0n, most],
    ] as const) {
      await expect(ethers.deployContract("IncentiveGauges", [services, staking, governance, access, epoch, budget]))
        .to.be.revertedWithCustomError(gauges, "IncentiveGauges_OutOfBounds")
        .withArgs(name, value, min, max);
    }
    for (const [epoch, budget] of [
      [3_600n, 0n],
      [2_592_000n, most],
    ])
      await ethers.deployContract("IncentiveGauges", [services, staking, governance, access, epoch, budget]);
  });

  it("reverts without a treasury", async () => {
    const { gauges, services, staking, access } = await loadFixture(deploy);
    await expect(ethers.deployContract("IncentiveGauges", [services, staking, ZeroAddress, access, EPOCH, 0n]))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_ZeroTreasury")
      .withArgs();
  });
});

describe("IncentiveGauges: count", () => {
  it("counts the treasury's part of what a service was paid, for the asset it serves", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, service, asset, operator, mallory } = world;
    const split = await payService(world, service, 40_039n);
    expect(await gauges.count.staticCall(service.id, 1n, 1n)).to.equal(1_000n);
    await expect(gauges.connect(mallory).count(service.id, 1n, 1n))
      .to.emit(gauges, "FeesCounted")
      .withArgs(0n, asset.split.id, operator, split.id, 1_000n);
    expect(await gauges.countedOf(split.id)).to.equal(1_000n);
    expect(await gauges.feesOf(0n, asset.split.id, operator)).to.equal(1_000n);
    expect(await gauges.gaugeOf(0n, asset.split.id)).to.deep.equal([1_000n, 1_000n, 0n, 0n, 0n, 0n]);
  });

  it("counts nothing again", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, service, asset } = world;
    await payService(world, service, 40_000n);
    await gauges.count(service.id, 1n, 1n);
    expect(await gauges.count.staticCall(service.id, 1n, 1n)).to.equal(0n);
    for (const epoch of [0n, 1n]) {
      if (epoch !== 0n) await goTo(world, epoch);
      await expect(gauges.count(service.id, 1n, 1n)).not.to.emit(gauges, "FeesCounted");
    }
    expect((await gauges.gaugeOf(0n, asset.split.id)).fees).to.equal(1_000n);
    expect((await gauges.gaugeOf(1n, asset.split.id)).fees).to.equal(0n);
  });

  it("counts exactly what the treasury can draw, in however many payments it came", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, ledger, service, asset, governance } = world;
    // 2.5 % of 39 is less than one.
    for (let payment = 0; payment < 7; payment++) {
      await payService(world, service, 39n);
      await gauges.count(service.id, 1n, 1n);
    }
    expect((await gauges.gaugeOf(0n, asset.split.id)).fees).to.equal(6n);
    await ledger.release(drawOf(await splitOfService({ world, service, policyVersion: 1n }), 0));
    expect(await ledger.balanceOf(accountOf(governance))).to.equal(FUNDS + 6n);
  });

  it("counts in the epoch in which it is asked", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, service, asset } = world;
    await payService(world, service, 40_000n);
    await goTo(world, 2n);
    await gauges.count(service.id, 1n, 1n);
    expect((await gauges.gaugeOf(0n, asset.split.id)).fees).to.equal(0n);
    expect((await gauges.gaugeOf(2n, asset.split.id)).fees).to.equal(1_000n);
  });

  it("counts for the version that was paid, whichever is served now", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, services, models, service, asset, operator, builder: owner } = world;
    await payService(world, service, 40_000n);
    const lineage = { arbiter: ZeroAddress, metadataURI: "", metadataHash: ZeroHash, upstreams: [] };
    const builders = [{ account: walletAccount(owner.address), units: 7n, evidence: ZeroHash }];
    await models.connect(owner).publish(asset.id, { ...lineage, builders });
    await services.connect(operator).setVersion(service.id, 2n);
    expect(await gauges.count.staticCall(service.id, 1n, 2n)).to.equal(0n);
    await gauges.count(service.id, 1n, 1n);
    expect((await gauges.gaugeOf(0n, asset.split.id)).fees).to.equal(1_000n);

    const next = await splitOf([accountShare({ to: owner, units: 7n })]);
    await payService(world, { ...service, asset: { ...asset, version: 2n, split: next } }, 80_000n);
    expect(await gauges.count.staticCall(service.id, 1n, 1n)).to.equal(0n);
    await gauges.count(service.id, 1n, 2n);
    expect((await gauges.gaugeOf(0n, asset.split.id)).fees).to.equal(1_000n);
    expect((await gauges.gaugeOf(0n, next.id)).fees).to.equal(2_000n);
  });

  it("counts under every version of the policy, at its rate", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, service, asset } = world;
    await payService(world, service, 40_000n);
    await setPolicy(world, { treasuryBps: 1_000n });
    await payService(world, service, 40_000n, { policyVersion: 2n });
    await gauges.count(service.id, 1n, 1n);
    await gauges.count(service.id, 2n, 1n);
    expect((await gauges.gaugeOf(0n, asset.split.id)).fees).to.equal(5_000n);
  });

  it("counts nothing of fixed fees", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, ledger, services, service } = world;
    await ledger.pay(await services.platformSplitAt(1n), 1_000_000n, 1n, ZeroHash);
    expect(await gauges.count.staticCall(service.id, 1n, 1n)).to.equal(0n);
  });

  it("remembers what the largest operator brought", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, service, asset, operator, tuner } = world;
    const second = await registerService({ world, operator, asset });
    const tuners = await registerService({ world, operator: tuner, asset });
    await bringFees(world, service, 300n);
    await bringFees(world, tuners, 500n);
    expect((await gauges.gaugeOf(0n, asset.split.id)).largest).to.equal(500n);
    await bringFees(world, second, 201n);
    expect(await gauges.gaugeOf(0n, asset.split.id)).to.deep.equal([1_001n, 501n, 0n, 0n, 0n, 0n]);
    expect(await gauges.feesOf(0n, asset.split.id, operator)).to.equal(501n);
    expect(await gauges.feesOf(0n, asset.split.id, tuner)).to.equal(500n);
  });

  it("reverts for operators that may not serve, until they may again", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, staking, service, operator } = world;
    await payService(world, service, 40_000n);
    await staking.connect(operator).thaw(operator, 1n);
    await expect(gauges.count(service.id, 1n, 1n))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_NotEligible")
      .withArgs(operator);
    await staking.connect(operator).restake(operator);
    expect(await gauges.count.staticCall(service.id, 1n, 1n)).to.equal(1_000n);
  });

  it("reverts for fees of another treasury", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, service, governance, mallory } = world;
    for (const account of [accountOf(mallory), accountOf(governance, 1n)]) {
      await setPolicy(world, { treasury: account });
      const version = await world.feePolicy.currentVersion();
      await payService(world, service, 40_000n, { policyVersion: version });
      await expect(gauges.count(service.id, version, 1n))
        .to.be.revertedWithCustomError(gauges, "IncentiveGauges_OtherTreasury")
        .withArgs(version, account);
    }
  });

  it("reverts for what does not exist", async () => {
    const { gauges, services, models, feePolicy, service, asset } = await loadFixture(deployServed);
    await expect(gauges.count(2n, 1n, 1n))
      .to.be.revertedWithCustomError(services, "ServiceRegistry_NoSuchService")
      .withArgs(2n);
    await expect(gauges.count(service.id, 2n, 1n))
      .to.be.revertedWithCustomError(feePolicy, "FeePolicy_NoSuchVersion")
      .withArgs(2n);
    await expect(gauges.count(service.id, 1n, 2n))
      .to.be.revertedWithCustomError(models, "AssetRegistry_NoSplit")
      .withArgs(asset.id, 2n);
  });
});

describe("IncentiveGauges: baseOf", () => {
  for (const [says, first, second, base] of [
    ["is half of what one operator brings", 1_000n, 0n, 500n],
    ["is all of what two bring alike", 1_000n, 1_000n, 2_000n],
    ["is all as long as none brings more than half", 1_000n, 1_001n, 2_000n],
    ["leaves out half of what one brings beyond the others", 1_000n, 200n, 800n],
    ["rounds down", 3n, 0n, 1n],
    ["of a single unit is nothing", 1n, 0n, 0n],
    ["of two operators' single units is both", 1n, 1n, 2n],
  ] as const) {
    it(says, async () => {
      const world = await loadFixture(deployServed);
      const { gauges, service, asset, tuner } = world;
      await bringFees(world, service, first);
      if (second !== 0n) await bringFees(world, await registerService({ world, operator: tuner, asset }), second);
      expect(await gauges.baseOf(0n, asset.split.id)).to.equal(base);
    });
  }

  it("is never more than all of it", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, service, asset, tuner, relayer } = world;
    await stake(world, relayer, relayer, MIN_SELF_STAKE);
    await bringFees(world, service, 100n);
    for (const operator of [tuner, relayer])
      await bringFees(world, await registerService({ world, operator, asset }), 100n);
    expect(await gauges.baseOf(0n, asset.split.id)).to.equal(300n);
  });
});

describe("IncentiveGauges: passOn", () => {
  it("gives what an asset builds on its part of the base", async () => {
    const world = await loadFixture(deployDeep);
    const { gauges, service, agent, model, mallory } = world;
    await bringFees(world, service, 2_400n);
    const draws = drawAll(agent.split);
    expect(await gauges.passOn.staticCall(0n, draws)).to.equal(300n);
    await expect(gauges.connect(mallory).passOn(0n, draws))
      .to.emit(gauges, "FeesPassedOn")
      .withArgs(0n, agent.split.id, model.split.id, 1n, 300n);
    expect(await gauges.gaugeOf(0n, agent.split.id)).to.deep.equal([2_400n, 2_400n, 0n, 300n, 0n, 0n]);
    expect(await gauges.gaugeOf(0n, model.split.id)).to.deep.equal([0n, 0n, 300n, 0n, 0n, 0n]);
    expect(await gauges.passedOf(0n, agent.split.id, 1n)).to.equal(300n);
    expect(await gauges.baseOf(0n, agent.split.id)).to.equal(900n);
    expect(await gauges.baseOf(0n, model.split.id)).to.equal(300n);
  });

  it("goes through several splits in one call", async () => {
    const world = await loadFixture(deployDeep);
    const { gauges, service, agent, model, base } = world;
    await bringFees(world, service, 2_400n);
    const draws = drawAll(agent.split, model.split);
    expect(await gauges.passOn.staticCall(0n, draws)).to.equal(500n);
    await gauges.passOn(0n, draws);
    const bases = await Promise.all([agent, model, base].map(({ split }) => gauges.baseOf(0n, split.id)));
    expect(bases).to.deep.equal([900n, 100n, 200n]);
  });

  it("leaves a Datanet's version what is its log's: nobody votes for logs", async () => {
    const world = await loadFixture(deployOnDatanet);
    const { gauges, service, model, texts, log } = world;
    await bringFees(world, service, 2_400n);
    await gauges.passOn(0n, drawAll(model.split));
    expect(await gauges.baseOf(0n, texts.split.id)).to.equal(600n);
    expect(await gauges.passOn.staticCall(0n, drawAll(texts.split))).to.equal(0n);
    await expect(gauges.passOn(0n, drawAll(texts.split))).not.to.emit(gauges, "FeesPassedOn");
    expect(await gauges.baseOf(0n, texts.split.id)).to.equal(600n);
    expect(await gauges.baseOf(0n, log.id)).to.equal(0n);
    // Behind a share that goes nowhere, draws are read on.
    expect(await gauges.passOn.staticCall(0n, drawAll(texts.split, model.split))).to.equal(0n);
  });

  it("passes on nothing twice", async () => {
    const world = await loadFixture(deployDeep);
    const { gauges, service, agent } = world;
    await bringFees(world, service, 2_400n);
    await gauges.passOn(0n, drawOf(agent.split, 1));
    expect(await gauges.passOn.staticCall(0n, drawAll(agent.split))).to.equal(0n);
    await expect(gauges.passOn(0n, drawAll(agent.split))).not.to.emit(gauges, "FeesPassedOn");
    expect(await gauges.baseOf(0n, agent.split.id)).to.equal(900n);
  });

  it("comes to the same in whichever steps it is done", async () => {
    const world = await loadFixture(deployDeep);
    const { gauges, service, agent, model, base } = world;
    for (const fees of [7n, 1n, 22n, 3n]) {
      await bringFees(world, service, fees);
      await gauges.passOn(0n, drawAll(agent.split));
    }
    await gauges.passOn(0n, drawAll(model.split));
    // 33 counts 16, of which 4 go on to the model, and 2 of these to its base.
    const bases = await Promise.all([agent, model, base].map(({ split }) => gauges.baseOf(0n, split.id)));
    expect(bases).to.deep.equal([12n, 2n, 2n]);
  });

  it("is possible until the next epoch is over", async () => {
    const world = await loadFixture(deployDeep);
    const { gauges, service, agent } = world;
    await bringFees(world, service, 2_400n);
    await time.increaseTo((await gauges.startOf(2n)) - 2n);
    expect(await gauges.passOn.staticCall(0n, drawAll(agent.split))).to.equal(300n);
    await goTo(world, 2n);
    await expect(gauges.passOn(0n, drawAll(agent.split)))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_TooLate")
      .withArgs(0n, 1n, 2n);
  });

  it("reverts for splits without fees in the epoch", async () => {
    const world = await loadFixture(deployDeep);
    const { gauges, service, agent, model } = world;
    await bringFees(world, service, 2_400n);
    await expect(gauges.passOn(0n, drawAll(model.split)))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_NoFees")
      .withArgs(0n, model.split.id);
    await expect(gauges.passOn(1n, drawAll(agent.split)))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_NoFees")
      .withArgs(1n, agent.split.id);
  });
});

describe("IncentiveGauges: vote", () => {
  it("gives splits what the voter had before the epoch, by weight", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, alice, asset, other } = world;
    const splits = [asset.split.id, other.split.id];
    await expect(gauges.connect(alice).vote(splits, [2_500n, 7_500n], []))
      .to.emit(gauges, "Voted")
      .withArgs(0n, alice, ALICE_VOTES, splits, [2_500n, 7_500n]);
    expect((await gauges.gaugeOf(0n, asset.split.id)).votes).to.equal(ALICE_VOTES / 4n);
    expect((await gauges.gaugeOf(0n, other.split.id)).votes).to.equal((ALICE_VOTES * 3n) / 4n);
    expect(await gauges.totalVotes(0n)).to.equal(ALICE_VOTES);
    expect(await gauges.ballotOf(0n, alice)).to.deep.equal([ALICE_VOTES, splits, [2_500n, 7_500n]]);
  });

  it("adds up the votes of all", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, alice, bob, asset, other } = world;
    await voteFor(world, alice, asset.split);
    await gauges.connect(bob).vote([other.split.id, asset.split.id], [5_000n, 5_000n], []);
    expect((await gauges.gaugeOf(0n, asset.split.id)).votes).to.equal(ALICE_VOTES + BOB_VOTES / 2n);
    expect(await gauges.totalVotes(0n)).to.equal(ALICE_VOTES + BOB_VOTES);
  });

  it("replaces what the voter voted before in the epoch", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, alice, bob, asset, other } = world;
    await voteFor(world, bob, asset.split);
    await gauges.connect(alice).vote([asset.split.id, asset.split.id, other.split.id], [1n, 3_332n, 6_667n], []);
    await voteFor(world, alice, other.split);
    expect((await gauges.gaugeOf(0n, asset.split.id)).votes).to.equal(BOB_VOTES);
    expect((await gauges.gaugeOf(0n, other.split.id)).votes).to.equal(ALICE_VOTES);
    expect(await gauges.totalVotes(0n)).to.equal(ALICE_VOTES + BOB_VOTES);
    expect(await gauges.ballotOf(0n, alice)).to.deep.equal([ALICE_VOTES, [other.split.id], [10_000n]]);
  });

  it("leaves out what rounding does", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, carol, operator, asset, other } = world;
    await stake(world, carol, operator, 7n);
    await goTo(world, 1n);
    await gauges.connect(carol).vote([asset.split.id, other.split.id], [5_000n, 5_000n], []);
    expect((await gauges.gaugeOf(1n, asset.split.id)).votes).to.equal(3n);
    expect(await gauges.totalVotes(1n)).to.equal(6n);
  });

  it("counts for one epoch", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, alice, asset, other } = world;
    await voteFor(world, alice, asset.split);
    await goTo(world, 1n);
    await voteFor(world, alice, other.split);
    expect((await gauges.gaugeOf(0n, asset.split.id)).votes).to.equal(ALICE_VOTES);
    expect((await gauges.gaugeOf(1n, asset.split.id)).votes).to.equal(0n);
    expect((await gauges.gaugeOf(1n, other.split.id)).votes).to.equal(ALICE_VOTES);
  });

  it("uses votes that others delegated, in the pools it names", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, staking, alice, bob, carol, operator, tuner, asset } = world;
    for (const voter of [alice, bob]) await staking.connect(voter).delegate(carol);
    await goTo(world, 1n);
    const pools = [operator.address, tuner.address].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
    await expect(gauges.connect(carol).vote([asset.split.id], [10_000n], pools))
      .to.emit(gauges, "Voted")
      .withArgs(1n, carol, ALICE_VOTES + BOB_VOTES, [asset.split.id], [10_000n]);
    await expect(gauges.connect(carol).vote([asset.split.id], [10_000n], [...pools].reverse()))
      .to.be.revertedWithCustomError(staking, "OperatorStaking_NotAscending")
      .withArgs(1n);
  });

  it("uses votes of the last second before the epoch", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, staking, alice, bob, operator, asset } = world;
    const start = await gauges.startOf(1n);
    await time.setNextBlockTimestamp(start - 1n);
    await staking.connect(alice).thaw(operator, 1n);
    await time.setNextBlockTimestamp(start);
    await staking.connect(bob).thaw(operator, 1n);
    await voteFor(world, alice, asset.split);
    await voteFor(world, bob, asset.split);
    expect((await gauges.ballotOf(1n, alice)).power).to.equal(ALICE_VOTES - 1n);
    expect((await gauges.ballotOf(1n, bob)).power).to.equal(BOB_VOTES);
  });

  it("takes up to sixteen splits", async () => {
    const { gauges, alice } = await loadFixture(deploy);
    const splits = Array.from({ length: 17 }, (_, i) => keccak256(new Uint8Array([i])));
    const weights = splits.map(() => 625n);
    await gauges.connect(alice).vote(splits.slice(1), weights.slice(1), []);
    expect(await gauges.totalVotes(0n)).to.equal(ALICE_VOTES);
    await expect(gauges.connect(alice).vote(splits, weights, []))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_TooManySplits")
      .withArgs(17n, 16n);
  });

  it("reverts without a weight for each split", async () => {
    const { gauges, alice } = await loadFixture(deploy);
    await expect(gauges.connect(alice).vote([ZeroHash], [5_000n, 5_000n], []))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_LengthMismatch")
      .withArgs(1n, 2n);
    await expect(gauges.connect(alice).vote([ZeroHash, ZeroHash], [10_000n], []))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_LengthMismatch")
      .withArgs(2n, 1n);
  });

  it("reverts unless the weights are all of it", async () => {
    const { gauges, alice } = await loadFixture(deploy);
    for (const weights of [[], [9_999n], [10_001n], [5_000n, 5_001n], [65_535n, 65_535n]]) {
      await expect(
        gauges.connect(alice).vote(
          weights.map(() => ZeroHash),
          weights,
          [],
        ),
      )
        .to.be.revertedWithCustomError(gauges, "IncentiveGauges_BadWeights")
        .withArgs(
          weights.reduce((sum, weight) => sum + weight, 0n),
          10_000n,
        );
    }
  });

  it("reverts without votes", async () => {
    const { gauges, mallory, tuner, alice } = await loadFixture(deploy);
    const timepoint = (await gauges.startOf(0n)) - 1n;
    await expect(gauges.connect(mallory).vote([ZeroHash], [10_000n], []))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_NoVotes")
      .withArgs(mallory, timepoint);
    await expect(gauges.connect(alice).vote([ZeroHash], [10_000n], [tuner]))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_NoVotes")
      .withArgs(alice, timepoint);
  });
});

describe("IncentiveGauges: pay", () => {
  it("pays an asset its part of the budget, from the treasury's account into its split", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, ledger, alice, bob, asset, other, service, governance, mallory } = world;
    await bringFees(world, service, 10_000_000n);
    await voteFor(world, alice, asset.split);
    await voteFor(world, bob, other.split);
    // The budget of later epochs does not matter.
    await gauges.connect(governance).setBudget(1n);
    await goTo(world, 2n);
    const amount = (BUDGET * 3n) / 4n;
    expect(await gauges.payoutOf(0n, asset.split.id)).to.equal(amount);
    expect(await gauges.pay.staticCall(0n, asset.split.id)).to.equal(amount);
    const { chainId } = await ethers.provider.getNetwork();
    const types = ["uint256", "address", "uint256"];
    const memo = keccak256(AbiCoder.defaultAbiCoder().encode(types, [chainId, await gauges.getAddress(), 0n]));
    const from = accountOf({ address: await gauges.getAddress() });
    const paid = gauges.connect(mallory).pay(0n, asset.split.id);
    await expect(paid).to.emit(gauges, "IncentivePaid").withArgs(0n, asset.split.id, amount);
    await expect(paid).to.emit(ledger, "PaidFromBalance").withArgs(asset.split.id, from, amount, 0n, memo);
    expect((await gauges.gaugeOf(0n, asset.split.id)).paid).to.equal(amount);
    expect((await ledger.received(asset.split.id))[0]).to.equal(amount);
    expect(await ledger.balanceOf(accountOf(governance))).to.equal(FUNDS - amount);
    expect(await ledger.balanceOf(from)).to.equal(0n);
  });

  it("pays at most half of the asset's base", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, ledger, alice, asset, service } = world;
    await bringFees(world, service, 1_007n);
    await voteFor(world, alice, asset.split);
    await goTo(world, 2n);
    await gauges.pay(0n, asset.split.id);
    expect((await ledger.received(asset.split.id))[0]).to.equal(251n);
  });

  it("pays what the worked example in the documentation says", async () => {
    for (const [budget, payouts] of [
      [1_000_000n, [11_250n, 1_250n, 2_500n]],
      [10_000n, [7_500n, 1_250n, 1_250n]],
    ] as const) {
      const world = await deployLineage(budget);
      const { gauges, alice, bob, service, agent, model, base, tuner } = world;
      const assets = [agent, model, base];
      await bringFees(world, service, 30_000n);
      await bringFees(world, await registerService({ world, operator: tuner, asset: agent }), 10_000n);
      await gauges.passOn(0n, drawAll(agent.split, model.split));
      const bases = await Promise.all(assets.map(({ split }) => gauges.baseOf(0n, split.id)));
      expect(bases).to.deep.equal([22_500n, 2_500n, 5_000n]);
      await voteFor(world, alice, agent.split);
      await gauges.connect(bob).vote([model.split.id, base.split.id], [5_000n, 5_000n], []);
      await goTo(world, 2n);
      for (const { split } of assets) await gauges.pay(0n, split.id);
      const paid = await Promise.all(assets.map(async ({ split }) => (await gauges.gaugeOf(0n, split.id)).paid));
      expect(paid).to.deep.equal(payouts);
    }
  });

  it("pays from two epochs later on, for four epochs", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, alice, asset, service } = world;
    await bringFees(world, service, 1_000n);
    await voteFor(world, alice, asset.split);
    for (const epoch of [0n, 1n]) {
      if (epoch !== 0n) await time.increaseTo((await gauges.startOf(2n)) - 2n);
      await expect(gauges.pay(0n, asset.split.id))
        .to.be.revertedWithCustomError(gauges, "IncentiveGauges_TooEarly")
        .withArgs(0n, 2n, epoch);
    }
    await goTo(world, 2n);
    expect(await gauges.pay.staticCall(0n, asset.split.id)).to.equal(250n);
    await time.increaseTo((await gauges.startOf(6n)) - 1n);
    expect(await gauges.pay.staticCall(0n, asset.split.id)).to.equal(250n);
    await goTo(world, 6n);
    await expect(gauges.pay(0n, asset.split.id))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_TooLate")
      .withArgs(0n, 5n, 6n);
  });

  it("pays once per epoch", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, ledger, alice, asset, service } = world;
    for (const epoch of [0n, 1n]) {
      if (epoch !== 0n) await goTo(world, epoch);
      await bringFees(world, service, 1_000n);
      await voteFor(world, alice, asset.split);
    }
    await goTo(world, 3n);
    for (const epoch of [0n, 1n]) {
      await gauges.pay(epoch, asset.split.id);
      await expect(gauges.pay(epoch, asset.split.id))
        .to.be.revertedWithCustomError(gauges, "IncentiveGauges_AlreadyPaid")
        .withArgs(epoch, asset.split.id);
    }
    expect((await ledger.received(asset.split.id))[0]).to.equal(500n);
  });

  it("reverts when there is nothing to pay", async () => {
    const world = await loadFixture(deployTwo);
    const { gauges, alice, asset, other, service } = world;
    await bringFees(world, service, 1_000n);
    await voteFor(world, alice, other.split);
    await goTo(world, 2n);
    for (const split of [asset.split.id, other.split.id, ZeroHash]) {
      expect(await gauges.payoutOf(0n, split)).to.equal(0n);
      await expect(gauges.pay(0n, split))
        .to.be.revertedWithCustomError(gauges, "IncentiveGauges_NothingToPay")
        .withArgs(0n, split);
    }
    // Nobody has voted.
    await goTo(world, 3n);
    await expect(gauges.pay(1n, asset.split.id))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_NothingToPay")
      .withArgs(1n, asset.split.id);
  });

  it("reverts while the treasury is short, and can be tried again", async () => {
    const world = await loadFixture(deployServed);
    const { gauges, ledger, alice, asset, service, governance, payer } = world;
    await bringFees(world, service, 1_000n);
    await voteFor(world, alice, asset.split);
    await goTo(world, 2n);
    await ledger.connect(governance).withdraw(0n, FUNDS - 249n, governance);
    await expect(gauges.pay(0n, asset.split.id))
      .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
      .withArgs(accountOf(governance), 249n, 250n);
    await ledger.connect(payer).deposit(accountOf(governance), 1n);
    await ledger.connect(governance).approveSpender(0n, gauges, 249n);
    await expect(gauges.pay(0n, asset.split.id))
      .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientAllowance")
      .withArgs(accountOf(governance), gauges, 249n, 250n);
    await ledger.connect(governance).approveSpender(0n, gauges, MaxUint256);
    await gauges.pay(0n, asset.split.id);
    expect(await ledger.balanceOf(accountOf(governance))).to.equal(0n);
  });
});

describe("IncentiveGauges: setBudget", () => {
  it("is in force from the next epoch on", async () => {
    const world = await loadFixture(deploy);
    const { gauges, governance } = world;
    await goTo(world, 2n);
    await expect(gauges.connect(governance).setBudget(5n)).to.emit(gauges, "BudgetSet").withArgs(3n, 5n);
    await gauges.connect(governance).setBudget(7n);
    await goTo(world, 4n);
    await gauges.connect(governance).setBudget(0n);
    const budgets = await Promise.all([0n, 2n, 3n, 4n, 5n, 1_000n].map((epoch) => gauges.budgetOf(epoch)));
    expect(budgets).to.deep.equal([BUDGET, BUDGET, 7n, 7n, 0n, 0n]);
  });

  it("reverts above the cap", async () => {
    const { gauges, governance } = await loadFixture(deploy);
    const most = await gauges.MAX_BUDGET();
    await expect(gauges.connect(governance).setBudget(most + 1n))
      .to.be.revertedWithCustomError(gauges, "IncentiveGauges_OutOfBounds")
      .withArgs("budget", most + 1n, 0n, most);
    await gauges.connect(governance).setBudget(most);
    expect(await gauges.budgetOf(1n)).to.equal(most);
  });

  it("reverts for everybody else", async () => {
    const { gauges, mallory, operator } = await loadFixture(deploy);
    for (const stranger of [mallory, operator]) {
      await expect(gauges.connect(stranger).setBudget(0n))
        .to.be.revertedWithCustomError(gauges, "AccessManagedUnauthorized")
        .withArgs(stranger);
    }
  });
});
