import { expect } from "chai";
import { parseEther, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { ROLE } from "../../ignition/powers.ts";
import { accountOf } from "../helpers/shares.ts";
import { DAY, deployStaking, DRIP, lookAlikeOf, stakingFunds, type StakingWorld, THAW } from "../helpers/staking.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const STAKE = parseEther("5000");

const deployWorld = async (): Promise<StakingWorld> => await deployStaking(connection);

/** Alice has staked on the operator. */
async function deployStaked(): Promise<StakingWorld> {
  const world = await deployStaking(connection);
  await world.staking.connect(world.alice).stake(world.operator, STAKE);
  return world;
}

/** All of Alice's stake has begun to thaw. */
async function deployThawing(): Promise<StakingWorld & { thawedAt: bigint }> {
  const world = await deployStaked();
  await world.staking.connect(world.alice).thaw(world.operator, STAKE);
  return { ...world, thawedAt: BigInt(await time.latest()) + THAW };
}

describe("OperatorStaking: stake", () => {
  describe("parameters", () => {
    const good = { thawSeconds: THAW, dripSeconds: DRIP, minSelfStake: 0n };
    const bounds = {
      thawSeconds: [7n * DAY, 60n * DAY],
      dripSeconds: [DAY, 30n * DAY],
      minSelfStake: [0n, parseEther("1000000")],
    };
    for (const [name, [min, max]] of Object.entries(bounds)) {
      it(`refuse a ${name} out of its bounds by name`, async () => {
        const { ledger, access, staking } = await loadFixture(deployWorld);
        const deploy = async (value: bigint) =>
          await ethers.deployContract("OperatorStaking", [ledger, access, { ...good, [name]: value }]);
        for (const value of [min - 1n, max + 1n].filter((bad) => bad >= 0n)) {
          await expect(deploy(value))
            .to.be.revertedWithCustomError(staking, "OperatorStaking_OutOfBounds")
            .withArgs(name, value, min, max);
        }
        for (const value of [min, max]) {
          const contract = await ethers.getContractAt("OperatorStaking", await deploy(value));
          expect(await contract[name as keyof typeof good]()).to.equal(value);
        }
      });
    }

    it("let governance change what operators must stake themselves, and nobody else", async () => {
      const { staking, governor, mallory } = await loadFixture(deployWorld);
      await expect(staking.connect(governor).setMinSelfStake(7n)).to.emit(staking, "MinSelfStakeSet").withArgs(7n);
      expect(await staking.minSelfStake()).to.equal(7n);
      await expect(staking.connect(mallory).setMinSelfStake(0n))
        .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
        .withArgs(mallory);
      const tooMuch = parseEther("1000000") + 1n;
      await expect(staking.connect(governor).setMinSelfStake(tooMuch))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_OutOfBounds")
        .withArgs("minSelfStake", tooMuch, 0n, parseEther("1000000"));
    });
  });

  describe("stake", () => {
    it("puts tokens of the caller's wallet into an operator's pool", async () => {
      const world = await loadFixture(deployWorld);
      const { staking, token, ledger, operator, alice } = world;
      const staked = staking.connect(alice).stake(operator, STAKE);
      await expect(staked).to.emit(staking, "Staked").withArgs(operator, alice, STAKE, STAKE);
      await expect(staked).to.emit(staking, "VotesMoved").withArgs(operator, ZeroAddress, alice, STAKE);
      await expect(staked).to.changeTokenBalances(ethers, token, [alice, ledger], [-STAKE, STAKE]);
      expect(await stakingFunds(world)).to.equal(STAKE);
      expect((await staking.poolOf(operator)).shares).to.equal(STAKE);
      expect((await staking.stakeOf(operator, alice)).shares).to.equal(STAKE);
      expect(await staking.slashable(operator)).to.equal(STAKE);
      expect(await staking.operatorsOf(alice)).to.deep.equal([operator.address]);
    });

    it("takes balance of an account of the caller's just as well", async () => {
      const world = await loadFixture(deployWorld);
      const { staking, ledger, operator, alice } = world;
      await ledger.connect(alice).deposit(accountOf(alice, 7n), STAKE);
      await ledger.connect(alice).approveSpender(7n, staking, STAKE);
      await expect(staking.connect(alice).stakeFromBalance(operator, STAKE, 7n))
        .to.emit(staking, "Staked")
        .withArgs(operator, alice, STAKE, STAKE);
      expect(await ledger.balanceOf(accountOf(alice, 7n))).to.equal(0n);
      expect(await stakingFunds(world)).to.equal(STAKE);
    });

    it("adds up, and lists an operator once", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      await staking.connect(alice).stake(operator, 1n);
      expect((await staking.stakeOf(operator, alice)).shares).to.equal(STAKE + 1n);
      expect(await staking.operatorsOf(alice)).to.deep.equal([operator.address]);
    });

    it("lists an operator once that is staked on again while its stake thaws", async () => {
      const { staking, operator, alice } = await loadFixture(deployThawing);
      await staking.connect(alice).stake(operator, 1n);
      expect(await staking.operatorsOf(alice)).to.deep.equal([operator.address]);
    });

    it("refuses nothing", async () => {
      const { staking, operator, alice } = await loadFixture(deployWorld);
      await expect(staking.connect(alice).stake(operator, 0n))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_ZeroAmount")
        .withArgs();
    });

    it("refuses operators whose rewards would have no account of their own", async () => {
      const { staking, alice } = await loadFixture(deployWorld);
      for (const operator of [ZeroAddress, `0x0123456789abcdef${"0".repeat(24)}`]) {
        await expect(staking.connect(alice).stake(operator, STAKE))
          .to.be.revertedWithCustomError(staking, "OperatorStaking_BadOperator")
          .withArgs(ethers.getAddress(operator));
      }
    });

    it("makes the account for an operator's rewards its own with the first stake on it, whoever stakes", async () => {
      const { staking, operator, alice, bob } = await loadFixture(deployWorld);
      const tag = BigInt(ethers.dataSlice(operator.address, 8));
      expect(await staking.operatorOfTag(tag)).to.equal(ZeroAddress);
      await expect(staking.connect(alice).stake(operator, STAKE))
        .to.emit(staking, "TagClaimed")
        .withArgs(operator, tag);
      expect(await staking.operatorOfTag(tag)).to.equal(operator.address);
      await expect(staking.connect(bob).stake(operator, STAKE)).not.to.emit(staking, "TagClaimed");
    });

    it("takes more stake on an operator that everybody has left", async () => {
      const { staking, operator, alice } = await loadFixture(deployThawing);
      await expect(staking.connect(alice).stake(operator, 1n)).not.to.emit(staking, "TagClaimed");
    });

    it("refuses operators whose rewards would arrive in another one's account", async () => {
      const { staking, operator, alice, mallory } = await loadFixture(deployStaked);
      const other = lookAlikeOf(operator);
      const tag = BigInt(ethers.dataSlice(operator.address, 8));
      expect(await staking.rewardsAccount(other)).to.equal(await staking.rewardsAccount(operator));
      await expect(staking.connect(mallory).stake(other, STAKE))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_TagTaken")
        .withArgs(other, tag, operator);
      // Also once nobody has stake on the first one any more.
      await staking.connect(alice).thaw(operator, STAKE);
      await time.increase(THAW);
      await staking.connect(alice).withdraw(operator);
      await expect(staking.connect(mallory).stake(other, STAKE))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_TagTaken")
        .withArgs(other, tag, operator);
    });

    it("takes stake of one account on at most 16 operators", async () => {
      const { staking, alice } = await loadFixture(deployWorld);
      const operators = Array.from({ length: 17 }, () => ethers.Wallet.createRandom());
      for (const operator of operators.slice(0, 16)) await staking.connect(alice).stake(operator, 1n);
      await expect(staking.connect(alice).stake(operators[16], 1n))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_TooManyOperators")
        .withArgs(alice, 16n);
      // One more on an operator it has stake on is no problem, and one that it has left makes room.
      await staking.connect(alice).stake(operators[3], 1n);
      await staking.connect(alice).thaw(operators[3], 2n);
      await time.increase(THAW);
      await staking.connect(alice).withdraw(operators[3]);
      await staking.connect(alice).stake(operators[16], 1n);
      const listed = operators.map(({ address }) => address).filter((address) => address !== operators[3].address);
      expect([...(await staking.operatorsOf(alice))].sort()).to.deep.equal(listed.sort());
    });
  });

  describe("eligibility", () => {
    it("takes the operator's own stake, and only what does not thaw", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      const min = await staking.minSelfStake();
      expect(await staking.isEligible(operator)).to.equal(false);
      await staking.connect(operator).stake(operator, min - 1n);
      expect(await staking.isEligible(operator)).to.equal(false);
      await staking.connect(operator).stake(operator, 1n);
      expect(await staking.isEligible(operator)).to.equal(true);
      expect(await staking.isEligible(alice)).to.equal(false);
      await staking.connect(operator).thaw(operator, 1n);
      expect(await staking.isEligible(operator)).to.equal(false);
    });

    it("ends with a slash, and follows what governance asks for", async () => {
      const { staking, operator, slasher, governor } = await loadFixture(deployWorld);
      const min = await staking.minSelfStake();
      await staking.connect(operator).stake(operator, min);
      await staking.connect(slasher).slash(operator, 1n);
      expect(await staking.isEligible(operator)).to.equal(false);
      // The rate has 18 digits: a thousand times 10^18 lose a thousand of the smallest unit with its last one.
      await staking.connect(governor).setMinSelfStake(min - 1_000n);
      expect(await staking.isEligible(operator)).to.equal(true);
    });
  });

  describe("thaw", () => {
    it("makes stake wait for the thaw, without votes", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      const thawed = staking.connect(alice).thaw(operator, 100n);
      await thawed;
      const thawedAt = BigInt(await time.latest()) + THAW;
      await expect(thawed).to.emit(staking, "ThawStarted").withArgs(operator, alice, 100n, thawedAt);
      await expect(thawed).to.emit(staking, "VotesMoved").withArgs(operator, alice, ZeroAddress, 100n);
      const pool = await staking.poolOf(operator);
      expect([pool.shares, pool.thawing]).to.deep.equal([STAKE - 100n, 100n]);
      const own = await staking.stakeOf(operator, alice);
      expect([own.shares, own.thawing, own.thawedAt]).to.deep.equal([STAKE - 100n, 100n, thawedAt]);
      expect(await staking.slashable(operator)).to.equal(STAKE);
      expect(await staking.getVotes(alice)).to.equal(STAKE - 100n);
    });

    it("begins anew for all that thaws when more is thawed", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      await staking.connect(alice).thaw(operator, 1n);
      await time.increase(THAW - 10n);
      await staking.connect(alice).thaw(operator, 2n);
      const thawedAt = BigInt(await time.latest()) + THAW;
      const { thawing, thawedAt: at } = await staking.stakeOf(operator, alice);
      expect([thawing, at]).to.deep.equal([3n, thawedAt]);
    });

    it("refuses nothing, and more than the staker has", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      await expect(staking.connect(alice).thaw(operator, 0n))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_ZeroAmount")
        .withArgs();
      await expect(staking.connect(alice).thaw(operator, STAKE + 1n))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_InsufficientShares")
        .withArgs(operator, alice, STAKE, STAKE + 1n);
    });
  });

  describe("restake", () => {
    it("makes all thawing shares stake again", async () => {
      const { staking, operator, alice } = await loadFixture(deployThawing);
      const restaked = staking.connect(alice).restake(operator);
      await expect(restaked).to.emit(staking, "Restaked").withArgs(operator, alice, STAKE);
      await expect(restaked).to.emit(staking, "VotesMoved").withArgs(operator, ZeroAddress, alice, STAKE);
      const { shares, thawing, thawedAt } = await staking.stakeOf(operator, alice);
      expect([shares, thawing, thawedAt]).to.deep.equal([STAKE, 0n, 0n]);
      const pool = await staking.poolOf(operator);
      expect([pool.shares, pool.thawing]).to.deep.equal([STAKE, 0n]);
      expect(await staking.getVotes(alice)).to.equal(STAKE);
    });

    it("needs something that thaws", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      await expect(staking.connect(alice).restake(operator))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_NothingThawing")
        .withArgs(operator, alice);
    });
  });

  describe("withdraw", () => {
    it("gives thawed stake back, into the staker's ledger account", async () => {
      const world = await loadFixture(deployThawing);
      const { staking, ledger, operator, alice, thawedAt } = world;
      await time.setNextBlockTimestamp(thawedAt);
      await expect(staking.connect(alice).withdraw(operator))
        .to.emit(staking, "StakeWithdrawn")
        .withArgs(operator, alice, STAKE, STAKE);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(STAKE);
      expect(await stakingFunds(world)).to.equal(0n);
      const { thawing, thawedAt: at } = await staking.stakeOf(operator, alice);
      expect([thawing, at]).to.deep.equal([0n, 0n]);
      expect((await staking.poolOf(operator)).thawing).to.equal(0n);
      expect(await staking.operatorsOf(alice)).to.deep.equal([]);
    });

    it("leaves what was not thawed, and the operator in the list", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      await staking.connect(alice).thaw(operator, 100n);
      await time.increase(THAW);
      await staking.connect(alice).withdraw(operator);
      expect((await staking.stakeOf(operator, alice)).shares).to.equal(STAKE - 100n);
      expect(await staking.operatorsOf(alice)).to.deep.equal([operator.address]);
    });

    it("is refused a second before the thaw is over", async () => {
      const { staking, operator, alice, thawedAt } = await loadFixture(deployThawing);
      await time.setNextBlockTimestamp(thawedAt - 1n);
      await expect(staking.connect(alice).withdraw(operator))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_StillThawing")
        .withArgs(operator, thawedAt, thawedAt - 1n);
    });

    it("needs something that thaws", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      await expect(staking.connect(alice).withdraw(operator))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_NothingThawing")
        .withArgs(operator, alice);
    });

    it("waits while cases are open, for 30 days at most", async () => {
      const { staking, operator, alice, slasher, thawedAt } = await loadFixture(deployThawing);
      await expect(staking.connect(slasher).hold(operator)).to.emit(staking, "HoldsChanged").withArgs(operator, 1n);
      await staking.connect(slasher).hold(operator);
      await time.increaseTo(thawedAt);
      const withdrawal = async () => await staking.connect(alice).withdraw(operator);
      await expect(withdrawal()).to.be.revertedWithCustomError(staking, "OperatorStaking_Held").withArgs(operator, 2n);
      await expect(staking.connect(slasher).unhold(operator)).to.emit(staking, "HoldsChanged").withArgs(operator, 1n);
      await time.setNextBlockTimestamp(thawedAt + 30n * DAY - 1n);
      await expect(withdrawal()).to.be.revertedWithCustomError(staking, "OperatorStaking_Held").withArgs(operator, 1n);
      await time.setNextBlockTimestamp(thawedAt + 30n * DAY);
      await expect(withdrawal()).to.emit(staking, "StakeWithdrawn").withArgs(operator, alice, STAKE, STAKE);
    });

    it("goes on as soon as the last case has ended", async () => {
      const { staking, operator, alice, slasher, thawedAt } = await loadFixture(deployThawing);
      await staking.connect(slasher).hold(operator);
      await staking.connect(slasher).unhold(operator);
      await time.increaseTo(thawedAt);
      await expect(staking.connect(alice).withdraw(operator))
        .to.emit(staking, "StakeWithdrawn")
        .withArgs(operator, alice, STAKE, STAKE);
    });

    it("ends even stake that slashes have left nothing of", async () => {
      const { staking, operator, alice, bob, slasher } = await loadFixture(deployWorld);
      await staking.connect(alice).stake(operator, 1n);
      await staking.connect(bob).stake(operator, 9n);
      await staking.connect(slasher).slash(operator, 5n);
      await staking.connect(alice).thaw(operator, 1n);
      await time.increase(THAW);
      await expect(staking.connect(alice).withdraw(operator))
        .to.emit(staking, "StakeWithdrawn")
        .withArgs(operator, alice, 0n, 1n);
      // Half a unit was Alice's: it stays with the pool, as Bob's 4.5 could not be paid to the unit either.
      expect(await staking.slashable(operator)).to.equal(4n);
      expect((await staking.poolOf(operator)).dripping).to.equal(1n);
    });
  });

  describe("holds", () => {
    it("are the court's alone", async () => {
      const { staking, operator, mallory } = await loadFixture(deployWorld);
      await expect(staking.connect(mallory).hold(operator))
        .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
        .withArgs(mallory);
    });

    it("are ended by whoever began them, no more often than that", async () => {
      const { staking, access, operator, slasher, mallory } = await loadFixture(deployWorld);
      await access.grantRole(ROLE.SLASHER, mallory, 0);
      for (let i = 0; i < 2; i++) await staking.connect(slasher).hold(operator);
      await staking.connect(mallory).hold(operator);
      expect(await staking.holdsOf(slasher, operator)).to.equal(2n);
      expect(await staking.holdsOf(mallory, operator)).to.equal(1n);
      await expect(staking.connect(mallory).unhold(operator)).to.emit(staking, "HoldsChanged").withArgs(operator, 2n);
      for (const [holder, of] of [
        [mallory, operator],
        [slasher, mallory],
      ]) {
        await expect(staking.connect(holder).unhold(of))
          .to.be.revertedWithCustomError(staking, "OperatorStaking_NotHeld")
          .withArgs(of, holder);
      }
      expect((await staking.poolOf(operator)).holds).to.equal(2n);
    });

    it("end also when whoever began them may begin no others", async () => {
      const { staking, access, operator, slasher } = await loadFixture(deployWorld);
      await staking.connect(slasher).hold(operator);
      await access.revokeRole(ROLE.SLASHER, slasher);
      await expect(staking.connect(slasher).unhold(operator)).to.emit(staking, "HoldsChanged").withArgs(operator, 0n);
      await expect(staking.connect(slasher).hold(operator))
        .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
        .withArgs(slasher);
    });
  });
});
