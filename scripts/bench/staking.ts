import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { MaxUint256 } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { budgeted, grown } from "./budgets.ts";
import { BESIDE_CROWD, bringCrowd, rich, stakeOn } from "./crowd.ts";
import type { Figure } from "./figures.ts";
import { gasOf, settle, steadyGasOf } from "./gas.ts";
import { addressOf } from "./splits.ts";
import { AMOUNT, type Bench } from "./world.ts";

const DAY = 86_400n;
const POOLS = 16;

/** Stake from its coming to its going, its rewards and its votes. Nothing of it depends on how many others stake. */
export async function* measureStaking(bench: Bench): AsyncGenerator<Figure> {
  const { staking, people } = bench;
  const [operator] = people;
  const pool = staking.connect(operator);
  await settle(bench.token.connect(operator).approve(staking, MaxUint256));
  await settle(pool.setCommission(1_000));
  yield budgeted("stake, first ever on an operator", await gasOf(pool.stake(operator.address, AMOUNT / 2n)));
  await bench.connection.networkHelpers.time.increase(await staking.thawSeconds());

  // The first stake that comes, thaws and is withdrawn leaves words behind that others find.
  await measureStake({ bench, operator: operator.address, staker: await rich(bench, "forerunner") });
  const before = await measureStake({ bench, operator: operator.address, staker: await rich(bench, "early staker") });
  for (const [name, value] of Object.entries(before)) yield budgeted(name, value);
  yield* measureDelegation(bench);
  const respondent = people[1].address;
  await bringCrowd({ bench, operator: operator.address, respondent });
  const after = await measureStake({ bench, operator: operator.address, staker: await rich(bench, "late staker") });
  for (const [name, value] of Object.entries(after))
    yield grown(`${name}${BESIDE_CROWD}`, { before: before[name], value });
}

/** Gas of all that somebody does with stake on an operator, by the name of the figure. */
async function measureStake({
  bench: { ledger, staking, connection },
  operator,
  staker,
}: {
  bench: Bench;
  operator: string;
  staker: HardhatEthersSigner;
}): Promise<Record<string, number>> {
  const { time } = connection.networkHelpers;
  const own = staking.connect(staker);
  await settle(ledger.connect(staker).deposit(walletAccount(staker.address), 10n * AMOUNT));
  await settle(ledger.connect(staker).approveSpender(0, staking, MaxUint256));
  const first = await gasOf(own.stake(operator, AMOUNT));
  const again = await gasOf(own.stake(operator, AMOUNT));
  const fromBalance = await steadyGasOf(() => own.stakeFromBalance(operator, AMOUNT, 0));
  const harvest = await steadyGasOf(async () => {
    await settle(ledger.deposit(await staking.rewardsAccount(operator), AMOUNT));
    return staking.harvest(operator);
  });
  await time.increase(DAY);
  await settle(own.claimRewards(operator));
  await time.increase(DAY);
  const claim = await gasOf(own.claimRewards(operator));
  const thaw = await gasOf(own.thaw(operator, AMOUNT));
  const thawAgain = await gasOf(own.thaw(operator, AMOUNT));
  const restake = await gasOf(own.restake(operator));
  await settle(own.thaw(operator, AMOUNT));
  await time.increase(await staking.thawSeconds());
  const withdraw = await gasOf(own.withdraw(operator));
  const { shares } = await staking.stakeOf(operator, staker);
  await settle(own.thaw(operator, shares));
  await time.increase(await staking.thawSeconds());
  const leave = await gasOf(own.withdraw(operator));
  return {
    "stake, first time on an operator": first,
    stake: again,
    "stake from balance": fromBalance,
    "harvest rewards of stakers": harvest,
    "claim rewards of stake": claim,
    thaw,
    "thaw more": thawAgain,
    restake,
    "withdraw stake": withdraw,
    "withdraw all stake": leave,
  };
}

async function* measureDelegation(bench: Bench): AsyncGenerator<Figure> {
  const { staking } = bench;
  for (const pools of [1, POOLS]) {
    const staker = await rich(bench, `staker in ${pools} pools`);
    for (let i = 0; i < pools; i++) await stakeOn(bench, staker, addressOf(`pool ${i}`));
    const votes = staking.connect(staker);
    const delegate = () => gasOf(votes.delegate(addressOf("delegatee")));
    yield budgeted(`delegate votes in ${pools === 1 ? "1 pool" : `${pools} pools`}, first time`, await delegate());
    await settle(votes.delegate(staker));
    yield budgeted(`delegate votes in ${pools === 1 ? "1 pool" : `${pools} pools`}`, await delegate());
  }
}
