import { expect } from "chai";
import { dataSlice, getAddress, parseEther, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { accountOf } from "../helpers/shares.ts";
import { deployStaking, DRIP, earn, lookAlikeOf, stakingFunds, type StakingWorld, THAW } from "../helpers/staking.ts";

const connection = await network.getOrCreate();
const { loadFixture, time } = connection.networkHelpers;

const REWARD = parseEther("700");

/** Alice has staked 3,000 and Bob 1,000 on the operator. */
async function deployStaked(): Promise<StakingWorld> {
  const world = await deployStaking(connection);
  const { staking, operator, alice, bob } = world;
  await staking.connect(alice).stake(operator, parseEther("3000"));
  await staking.connect(bob).stake(operator, parseEther("1000"));
  return world;
}

/** Nobody has staked. */
async function deployEmpty(): Promise<StakingWorld> {
  return await deployStaking(connection);
}

/** A round of rewards has just begun. */
async function deployDripping(): Promise<StakingWorld & { start: bigint }> {
  const world = await deployStaked();
  await earn(world, world.operator, REWARD);
  await world.staking.harvest(world.operator);
  return { ...world, start: BigInt(await time.latest()) };
}

/** Rewards that a staker could claim at a time. */
async function rewardsAt(
  { staking, operator }: StakingWorld,
  staker: { address: string },
  timestamp: bigint,
): Promise<bigint> {
  if (BigInt(await time.latest()) < timestamp) await time.increaseTo(timestamp);
  return (await staking.stakeOf(operator, staker.address)).rewards;
}

describe("OperatorStaking: rewards", () => {
  describe("harvest", () => {
    it("takes in what services left, and begins a round", async () => {
      const world = await loadFixture(deployStaked);
      const { staking, ledger, operator, mallory } = world;
      await earn(world, operator, REWARD);
      const before = await stakingFunds(world);
      const harvested = staking.connect(mallory).harvest(operator);
      await expect(harvested).to.emit(staking, "Harvested").withArgs(operator, REWARD, 0n);
      const end = BigInt(await time.latest()) + DRIP;
      await expect(harvested).to.emit(staking, "RoundStarted").withArgs(operator, REWARD, end);
      expect(await ledger.balanceOf(await staking.rewardsAccount(operator))).to.equal(0n);
      expect((await stakingFunds(world)) - before).to.equal(REWARD);
      const pool = await staking.poolOf(operator);
      expect([pool.queued, pool.dripping, pool.dripEnd]).to.deep.equal([0n, REWARD, end]);
    });

    it("needs something to take", async () => {
      const { staking, operator } = await loadFixture(deployStaked);
      await expect(staking.harvest(operator))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_NothingToHarvest")
        .withArgs(operator);
    });

    it("does not take the stake of all for nobody's rewards", async () => {
      const { staking } = await loadFixture(deployStaked);
      for (const operator of [ZeroAddress, `0x0123456789abcdef${"0".repeat(24)}`]) {
        await expect(staking.harvest(operator))
          .to.be.revertedWithCustomError(staking, "OperatorStaking_BadOperator")
          .withArgs(getAddress(operator));
      }
    });

    it("takes nothing for an operator whose address ends like that of another one", async () => {
      const world = await loadFixture(deployStaked);
      const { staking, operator } = world;
      await earn(world, operator, REWARD);
      const other = lookAlikeOf(operator);
      await expect(staking.harvest(other))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_TagTaken")
        .withArgs(other, BigInt(dataSlice(other, 8)), operator);
      expect(await staking.harvest.staticCall(operator)).to.equal(REWARD);
    });

    it("makes the account an operator's that nobody has staked on", async () => {
      const world = await loadFixture(deployEmpty);
      const { staking, operator, mallory } = world;
      await earn(world, operator, REWARD);
      const tag = BigInt(dataSlice(operator.address, 8));
      await expect(staking.harvest(operator)).to.emit(staking, "TagClaimed").withArgs(operator, tag);
      const other = lookAlikeOf(operator);
      await expect(staking.connect(mallory).stake(other, 1n))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_TagTaken")
        .withArgs(other, tag, operator);
      await earn(world, operator, REWARD);
      await expect(staking.harvest(operator)).not.to.emit(staking, "TagClaimed");
    });

    it("leaves the round that runs alone, and queues what comes", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, operator, start } = world;
      await time.setNextBlockTimestamp(start + DRIP / 2n);
      await earn(world, operator, 100n);
      await staking.harvest(operator);
      const pool = await staking.poolOf(operator);
      expect([pool.queued, pool.dripEnd]).to.deep.equal([100n, start + DRIP]);
      await time.increaseTo(start + DRIP + 5n);
      await expect(staking.connect(world.alice).claimRewards(operator))
        .to.emit(staking, "RoundStarted")
        .withArgs(operator, 100n, start + DRIP + 6n + DRIP);
    });

    it("gives the operator its commission at once", async () => {
      const world = await loadFixture(deployStaked);
      const { staking, operator } = world;
      await staking.connect(operator).setCommission(1_000);
      await time.increase(THAW);
      await earn(world, operator, REWARD + 9n);
      await expect(staking.harvest(operator))
        .to.emit(staking, "Harvested")
        .withArgs(operator, REWARD + 9n, REWARD / 10n);
      expect((await staking.stakeOf(operator, operator)).rewards).to.equal(REWARD / 10n);
      expect((await staking.poolOf(operator)).dripping).to.equal((REWARD * 9n) / 10n + 9n);
    });
  });

  describe("a round", () => {
    it("reaches stakers second by second, by their shares", async () => {
      const world = await loadFixture(deployDripping);
      const { alice, bob, mallory, start } = world;
      expect(await rewardsAt(world, alice, start + DRIP / 4n)).to.be.closeTo((REWARD * 3n) / 16n, 1n);
      expect(await rewardsAt(world, bob, start + DRIP / 2n)).to.be.closeTo(REWARD / 8n, 1n);
      expect(await rewardsAt(world, alice, start + DRIP)).to.be.closeTo((REWARD * 3n) / 4n, 1n);
      expect(await rewardsAt(world, bob, start + 2n * DRIP)).to.be.closeTo(REWARD / 4n, 1n);
      expect(await rewardsAt(world, mallory, start + 3n * DRIP)).to.equal(0n);
    });

    it("gives who comes later a part of what drips from then on", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, operator, alice, carol, start } = world;
      await time.setNextBlockTimestamp(start + DRIP / 2n);
      await staking.connect(carol).stake(operator, parseEther("4000"));
      expect(await rewardsAt(world, carol, start + DRIP)).to.be.closeTo(REWARD / 4n, 1n);
      expect(await rewardsAt(world, alice, start + DRIP)).to.be.closeTo((REWARD * 3n) / 8n + (REWARD * 3n) / 16n, 2n);
    });

    it("passes thawing stake by", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, operator, alice, bob, start } = world;
      await time.setNextBlockTimestamp(start + DRIP / 2n);
      await staking.connect(alice).thaw(operator, parseEther("3000"));
      expect(await rewardsAt(world, alice, start + DRIP)).to.be.closeTo((REWARD * 3n) / 8n, 1n);
      expect(await rewardsAt(world, bob, start + DRIP)).to.be.closeTo(REWARD / 8n + REWARD / 2n, 2n);
    });

    it("is not changed by a slash", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, operator, alice, slasher, start } = world;
      await staking.connect(slasher).slash(operator, parseEther("2000"));
      expect(await rewardsAt(world, alice, start + DRIP)).to.be.closeTo((REWARD * 3n) / 4n, 1n);
    });

    it("waits for stake while there is none, and is nobody's windfall", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, operator, alice, bob, carol, start } = world;
      await time.setNextBlockTimestamp(start + DRIP / 4n);
      await staking.connect(alice).thaw(operator, parseEther("3000"));
      await time.setNextBlockTimestamp(start + DRIP / 2n);
      await staking.connect(bob).thaw(operator, parseEther("1000"));
      await time.setNextBlockTimestamp(start + 2n * DRIP);
      await staking.connect(carol).stake(operator, 1n);
      expect((await staking.stakeOf(operator, carol)).rewards).to.equal(0n);
      const { dripping, dripEnd } = await staking.poolOf(operator);
      expect(dripping).to.be.closeTo(REWARD / 2n, 1n);
      expect(dripEnd).to.equal(start + 3n * DRIP);
      expect(await rewardsAt(world, carol, start + 3n * DRIP)).to.be.closeTo(REWARD / 2n, 2n);
    });

    it("takes what arrives before anybody has staked to the first who does", async () => {
      const world = await loadFixture(deployEmpty);
      const { staking, operator, alice } = world;
      await earn(world, operator, REWARD);
      await staking.harvest(operator);
      await time.increase(3n * DRIP);
      await staking.connect(alice).stake(operator, 10n);
      const start = BigInt(await time.latest());
      expect(await rewardsAt(world, alice, start + DRIP / 2n)).to.be.closeTo(REWARD / 2n, 1n);
    });
  });

  describe("claimRewards", () => {
    it("pays into the staker's ledger account, once", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, ledger, operator, alice, start } = world;
      const expected = await rewardsAt(world, alice, start + DRIP);
      await expect(staking.connect(alice).claimRewards(operator))
        .to.emit(staking, "RewardsClaimed")
        .withArgs(operator, alice, expected);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(expected);
      await expect(staking.connect(alice).claimRewards(operator))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_NothingToClaim")
        .withArgs(operator, alice);
    });

    it("pays what was earned before all stake left", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, operator, bob, start } = world;
      await time.setNextBlockTimestamp(start + DRIP);
      await staking.connect(bob).thaw(operator, parseEther("1000"));
      await time.increase(THAW);
      await staking.connect(bob).withdraw(operator);
      expect(await rewardsAt(world, bob, start + 2n * THAW)).to.be.closeTo(REWARD / 4n, 1n);
    });

    it("leaves less than one unit for each claim behind", async () => {
      const world = await loadFixture(deployDripping);
      const { staking, operator, alice, bob, start } = world;
      for (let i = 1n; i <= 10n; i++) {
        await time.increaseTo(start + (DRIP * i) / 10n);
        for (const staker of [alice, bob]) await staking.connect(staker).claimRewards(operator);
      }
      const left = (await stakingFunds(world)) - (await staking.slashable(operator));
      expect(left).to.be.within(0n, 20n);
    });
  });

  describe("setCommission", () => {
    it("takes effect after the time of a thaw when it rises, at once when it falls", async () => {
      const { staking, operator } = await loadFixture(deployStaked);
      const risen = staking.connect(operator).setCommission(3_000);
      await risen;
      const from = BigInt(await time.latest()) + THAW;
      await expect(risen).to.emit(staking, "CommissionSet").withArgs(operator, 3_000, from);
      expect(await staking.commissionOf(operator)).to.equal(0n);
      await time.increaseTo(from - 1n);
      expect(await staking.commissionOf(operator)).to.equal(0n);
      await time.increaseTo(from);
      expect(await staking.commissionOf(operator)).to.equal(3_000n);

      const fallen = staking.connect(operator).setCommission(1_000);
      await fallen;
      await expect(fallen)
        .to.emit(staking, "CommissionSet")
        .withArgs(operator, 1_000, BigInt(await time.latest()));
      expect(await staking.commissionOf(operator)).to.equal(1_000n);
    });

    it("starts an announced rise anew when another one is announced, and ends it when it falls", async () => {
      const { staking, operator } = await loadFixture(deployStaked);
      await staking.connect(operator).setCommission(3_000);
      await time.increase(THAW - 10n);
      await staking.connect(operator).setCommission(4_000);
      await time.increase(THAW - 10n);
      expect(await staking.commissionOf(operator)).to.equal(0n);
      await staking.connect(operator).setCommission(0);
      await time.increase(THAW);
      expect(await staking.commissionOf(operator)).to.equal(0n);
    });

    it("refuses more than half", async () => {
      const { staking, operator } = await loadFixture(deployStaked);
      await staking.connect(operator).setCommission(5_000);
      await expect(staking.connect(operator).setCommission(5_001))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_OutOfBounds")
        .withArgs("commissionBps", 5_001n, 0n, 5_000n);
    });
  });
});
