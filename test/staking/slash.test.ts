import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";

import { accountOf } from "../helpers/shares.ts";
import { deployStaking, stakingFunds, type StakingWorld, THAW } from "../helpers/staking.ts";

const connection = await network.getOrCreate();
const { loadFixture, time } = connection.networkHelpers;

/** The operator has staked 1,000, Alice 3,000 and Bob 1,000, of which half thaws; Carol has staked on Bob. */
async function deployStaked(): Promise<StakingWorld> {
  const world = await deployStaking(connection);
  const { staking, operator, alice, bob, carol } = world;
  await staking.connect(operator).stake(operator, parseEther("1000"));
  await staking.connect(alice).stake(operator, parseEther("3000"));
  await staking.connect(bob).stake(operator, parseEther("1000"));
  await staking.connect(bob).thaw(operator, parseEther("500"));
  await staking.connect(carol).stake(bob, parseEther("77"));
  return world;
}

describe("OperatorStaking: slash", () => {
  it("takes from stake and thawing alike, and gives it to the caller", async () => {
    const world = await loadFixture(deployStaked);
    const { staking, ledger, operator, alice, bob, slasher } = world;
    const before = await stakingFunds(world);
    const slashed = staking.connect(slasher).slash(operator, parseEther("1000"));
    await expect(slashed)
      .to.emit(staking, "Slashed")
      .withArgs(operator, slasher, parseEther("1000"), parseEther("200"), parseEther("0.8"));
    expect(await ledger.balanceOf(accountOf(slasher))).to.equal(parseEther("1000"));
    expect(before - (await stakingFunds(world))).to.equal(parseEther("1000"));
    expect(await staking.slashable(operator)).to.equal(parseEther("4000"));
    expect(await staking.valueOfShares(operator, parseEther("3000"))).to.equal(parseEther("2400"));
    expect(await staking.getVotes(alice)).to.equal(parseEther("2400"));
    expect(await staking.getVotes(bob)).to.equal(parseEther("400"));

    await staking.connect(alice).thaw(operator, parseEther("3000"));
    await time.increase(THAW);
    await staking.connect(alice).withdraw(operator);
    await staking.connect(bob).withdraw(operator);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(parseEther("2400"));
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(parseEther("400"));
  });

  it("counts what the operator has thawing as its own loss", async () => {
    const { staking, operator, slasher } = await loadFixture(deployStaked);
    await staking.connect(operator).thaw(operator, parseEther("600"));
    await expect(staking.connect(slasher).slash(operator, parseEther("500")))
      .to.emit(staking, "Slashed")
      .withArgs(operator, slasher, parseEther("500"), parseEther("100"), parseEther("0.9"));
  });

  it("leaves other pools alone", async () => {
    const { staking, operator, bob, carol, slasher } = await loadFixture(deployStaked);
    await staking.connect(slasher).slash(operator, parseEther("2500"));
    expect(await staking.slashable(bob)).to.equal(parseEther("77"));
    expect(await staking.getVotes(carol)).to.equal(parseEther("77"));
  });

  it("lets stake that comes afterwards in at its full value", async () => {
    const { staking, operator, carol, slasher } = await loadFixture(deployStaked);
    await staking.connect(slasher).slash(operator, parseEther("1000"));
    await expect(staking.connect(carol).stake(operator, parseEther("800")))
      .to.emit(staking, "Staked")
      .withArgs(operator, carol, parseEther("800"), parseEther("1000"));
    expect(await staking.slashable(operator)).to.equal(parseEther("4800"));
    expect(await staking.getVotes(carol)).to.equal(parseEther("877"));
  });

  it("takes at most half of a pool", async () => {
    const { staking, operator, slasher } = await loadFixture(deployStaked);
    const cap = parseEther("2500");
    await expect(staking.connect(slasher).slash(operator, cap + 1n))
      .to.be.revertedWithCustomError(staking, "OperatorStaking_AboveSlashCap")
      .withArgs(operator, cap + 1n, cap);
    await staking.connect(slasher).slash(operator, cap);
    expect(await staking.slashable(operator)).to.equal(cap);
  });

  it("takes nothing from nothing", async () => {
    const { staking, alice, operator, slasher } = await loadFixture(deployStaked);
    await expect(staking.connect(slasher).slash(operator, 0n))
      .to.be.revertedWithCustomError(staking, "OperatorStaking_ZeroAmount")
      .withArgs();
    await expect(staking.connect(slasher).slash(alice, 1n))
      .to.be.revertedWithCustomError(staking, "OperatorStaking_AboveSlashCap")
      .withArgs(alice, 1n, 0n);
  });

  it("rounds the rate down, so that no less is taken than asked for", async () => {
    const { staking, operator, slasher } = await loadFixture(deployStaked);
    const before = await staking.slashable(operator);
    await staking.connect(slasher).slash(operator, 1n);
    // All 5,000 · 10^18 shares lose the last digit of the rate.
    expect(before - (await staking.slashable(operator))).to.equal(5_000n);
  });

  it("puts what rounding takes from new stake to the rewards of all", async () => {
    const { staking, operator, carol, slasher } = await loadFixture(deployStaked);
    await staking.connect(slasher).slash(operator, parseEther("1666"));
    const before = await staking.slashable(operator);
    await staking.connect(carol).stake(operator, 1n);
    const { dripping } = await staking.poolOf(operator);
    expect((await staking.slashable(operator)) - before + dripping).to.equal(1n);
  });

  it("is for those who hold the role", async () => {
    const { staking, operator, governor } = await loadFixture(deployStaked);
    await expect(staking.connect(governor).slash(operator, 1n))
      .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
      .withArgs(governor);
  });

  it("closes a pool to new stake once it has lost all but a millionth, and goes on to the last digit of its rate", async () => {
    const { staking, operator, alice, slasher } = await loadFixture(deployStaked);
    const halve = async () => {
      await staking.connect(slasher).slash(operator, (await staking.slashable(operator)) / 2n);
      return (await staking.poolOf(operator)).rate;
    };
    let rate = 10n ** 18n;
    while (rate >= 10n ** 12n) {
      await staking.connect(alice).stake(operator, 1n);
      rate = await halve();
    }
    await expect(staking.connect(alice).stake(operator, parseEther("1")))
      .to.be.revertedWithCustomError(staking, "OperatorStaking_PoolRuined")
      .withArgs(operator, rate);
    while (rate > 1n) rate = await halve();
    expect(await halve()).to.equal(1n);
    expect(await staking.slashable(operator)).to.equal((await staking.poolOf(operator)).shares / 10n ** 18n + 500n);
    await staking.connect(alice).thaw(operator, 1n);
    expect((await staking.stakeOf(operator, alice)).thawing).to.equal(1n);
  });
});
