import { walletAccount } from "../../sdk/account.ts";
import type { StakeRow } from "../report/sequel.ts";
import { stakeTransactions } from "../lib/stake.ts";
import type { People, Person } from "./people.ts";
import type { Setting } from "./setting.ts";

const OPEN = 10n ** 18n;

/** What somebody stakes on an operator, or on itself. */
export interface Stake {
  staker: Person;
  operator: Person;
  amount: bigint;
}

/** All stake there is. Who curates stakes on itself, too. */
export function stakesOf({ operators: [north, south], rogue, curator, backers }: People): Stake[] {
  const [pension, fund, union] = backers;
  return [
    { staker: north, operator: north, amount: 20_000n * OPEN },
    { staker: south, operator: south, amount: 20_000n * OPEN },
    { staker: rogue, operator: rogue, amount: 1_200n * OPEN },
    { staker: curator, operator: curator, amount: 2_000n * OPEN },
    { staker: pension, operator: north, amount: 150_000n * OPEN },
    { staker: fund, operator: south, amount: 100_000n * OPEN },
    { staker: union, operator: north, amount: 20_000n * OPEN },
    { staker: union, operator: rogue, amount: 40_000n * OPEN },
  ];
}

/** Has everybody stake. Operators must, before they register services. */
export async function stakeAll({ people, protocol, booked, sender }: Setting): Promise<bigint> {
  const account = walletAccount(await protocol.staking.getAddress());
  let staked = 0n;
  for (const { staker, operator, amount } of stakesOf(people)) {
    const [approval, stake] = await stakeTransactions({ protocol, operator: operator.wallet.address, amount });
    await sender.send({ from: staker.wallet, transaction: approval });
    await booked.through({
      sender: staker.wallet,
      transaction: stake,
      movements: [{ kind: "deposit", from: staker.wallet.address, account, amount }],
    });
    staked += amount;
  }
  return staked;
}

/** Takes in what services have left to the stakers of each operator; it reaches them over time. */
export async function harvestRewards({ people, protocol: { staking }, sender }: Setting): Promise<void> {
  for (const { wallet } of people.operators) {
    const transaction = await staking.harvest.populateTransaction(wallet.address);
    await sender.send({ from: people.relayer.wallet, transaction });
  }
}

/** Has all stakers of operators that earned something claim it, into their balances. */
export async function claimRewards(setting: Setting): Promise<StakeRow[]> {
  const { people, protocol, sender } = setting;
  const { staking, ledger } = protocol;
  const rows: StakeRow[] = [];
  for (const { staker, operator } of stakesOf(people)) {
    const account = walletAccount(staker.wallet.address);
    const before = await ledger.balanceOf(account);
    const { rewards } = await staking.stakeOf(operator.wallet, staker.wallet);
    if (rewards !== 0n) {
      const transaction = await staking.claimRewards.populateTransaction(operator.wallet.address);
      await sender.send({ from: staker.wallet, transaction });
    }
    rows.push({
      staker: staker.name,
      operator: operator.name,
      value: await valueOf(setting, { staker, operator }),
      rewards: (await ledger.balanceOf(account)) - before,
    });
  }
  return rows;
}

/** What a stake is worth. */
export async function valueOf(
  { protocol: { staking } }: Setting,
  { staker, operator }: { staker: Person; operator: Person },
): Promise<bigint> {
  const { shares } = await staking.stakeOf(operator.wallet, staker.wallet);
  return staking.valueOfShares(operator.wallet, shares);
}
