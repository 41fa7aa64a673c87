import { UserError } from "../../scripts/lib/script.ts";
import { type Context } from "../lib/context.ts";
import { duration, facts, integer, open, percentOfBps, time } from "../lib/format.ts";
import type { Step } from "../lib/outcome.ts";
import { fromBalance, fromWallet } from "../lib/steps.ts";
import type { Runs } from "../rooms.ts";
import type { STAKES } from "../verbs/power.ts";

async function stakeSteps(
  context: Context,
  { operator, amount, balance }: { operator: string; amount: bigint; balance: boolean },
): Promise<Step[]> {
  const { staking } = context.protocol;
  const what = `Stakes ${open(amount)} on ${context.people.nameOf(operator)}.`;
  if (balance) {
    const approvals = await fromBalance(context, { spender: "staking", amount });
    const transaction = await staking.stakeFromBalance.populateTransaction(operator, amount, 0n);
    return [...approvals, { what, transaction, follows: approvals.length > 0 }];
  }
  const { approvals, allowed } = await fromWallet(context, { spender: "staking", amount });
  return [...approvals, { what, transaction: await staking.stake.populateTransaction(operator, amount), allowed }];
}

export const runs: Runs<typeof STAKES> = {
  add: async (context, { operator, amount, fromBalance: balance }) => ({
    steps: await stakeSteps(context, { operator, amount, balance }),
    report: async (done) => {
      const name = context.people.nameOf(operator);
      const eligible = await context.protocol.staking.isEligible(operator);
      const says = done.dry ? [] : [`${name} ${eligible ? "may" : "may not yet"} serve.`];
      return { says, result: { operator, amount } };
    },
  }),

  thaw: async (context, { operator, shares }) => {
    const { staking } = context.protocol;
    const held = (await staking.stakeOf(operator, context.me)).shares;
    const moved = shares ?? held;
    const name = context.people.nameOf(operator);
    if (moved === 0n) throw new UserError(`${context.people.nameOf(context.me)} has no stake on ${name}.`);
    const transaction = await staking.thaw.populateTransaction(operator, moved);
    const seconds = await staking.thawSeconds();
    return {
      steps: [{ what: `Begins to take ${integer(moved)} shares of the stake on ${name} out.`, transaction }],
      report: () => ({
        says: [`It can be withdrawn after ${duration(seconds)}, and is at risk until then.`],
        result: { operator, shares: moved },
      }),
    };
  },

  restake: async (context, { operator }) => {
    const transaction = await context.protocol.staking.restake.populateTransaction(operator);
    return {
      steps: [{ what: "Makes all that thaws stake again.", transaction }],
      report: () => ({ says: ["It earns and votes again."], result: { operator } }),
    };
  },

  withdraw: async (context, { operator }) => {
    const transaction = await context.protocol.staking.withdraw.populateTransaction(operator);
    return {
      steps: [{ what: "Takes thawed stake out.", transaction }],
      report: (done) => {
        const amount = done.uint("StakeWithdrawn", "amount");
        return {
          says: [`${open(amount ?? 0n)} ${done.dry ? "would come" : "came"} into the balance in the ledger.`],
          result: { operator, amount },
        };
      },
    };
  },

  rewards: async (context, { operator, harvest }) => {
    const { staking } = context.protocol;
    const name = context.people.nameOf(operator);
    const [what, method, event] = harvest
      ? ([`Takes in what services have left to ${name}'s stakers.`, staking.harvest, "Harvested"] as const)
      : ([`Claims rewards of the stake on ${name}.`, staking.claimRewards, "RewardsClaimed"] as const);
    return {
      steps: [{ what, transaction: await method.populateTransaction(operator) }],
      report: (done) => {
        const amount = done.uint(event, "amount");
        const where = harvest ? "reaches stakers in rounds, second by second" : "is in the balance in the ledger";
        return { says: [`${open(amount ?? 0n)} ${where}.`], result: { operator, amount } };
      },
    };
  },

  commission: async (context, { part }) => {
    const { staking } = context.protocol;
    const transaction = await staking.setCommission.populateTransaction(part);
    const more = part > (await staking.commissionOf(context.me));
    const from = more ? `after ${duration(await staking.thawSeconds())}` : "at once";
    return {
      steps: [{ what: `Sets the commission to ${percentOfBps(part)}.`, transaction }],
      report: () => ({ says: [`It is in force ${from}.`], result: { commissionBps: part } }),
    };
  },

  delegate: async (context, { to }) => {
    const transaction = await context.protocol.staking.delegate.populateTransaction(to);
    const name = context.people.nameOf(to);
    return {
      steps: [{ what: `Lets ${name} vote.`, transaction }],
      report: () => ({
        says: [`${name} votes with all stake of ${context.people.nameOf(context.me)}.`],
        result: { to },
      }),
    };
  },

  show: async (context, { operator, staker = operator }) => {
    const { staking } = context.protocol;
    const [pool, stake, slashable, eligible, votes, commissionBps] = await Promise.all([
      staking.poolOf(operator),
      staking.stakeOf(operator, staker),
      staking.slashable(operator),
      staking.isEligible(operator),
      staking.getVotes(staker),
      staking.commissionOf(operator),
    ]);
    const [whole, staked, thawing] = await Promise.all(
      [pool.shares, stake.shares, stake.thawing].map(async (shares) => await staking.valueOfShares(operator, shares)),
    );
    const { holds } = pool;
    const name = context.people.nameOf(operator);
    return {
      says: [
        `${name} ${eligible ? "may" : "may not"} serve.`,
        facts({
          pool: open(whole),
          "at risk": open(slashable),
          commission: percentOfBps(commissionBps),
          "open cases": String(holds),
          [`${context.people.nameOf(staker)}'s stake`]: `${open(staked)}, ${integer(stake.shares)} shares`,
          thawing: thawing === 0n ? "nothing" : `${open(thawing)}, until ${time(stake.thawedAt)}`,
          votes: open(votes),
        }),
      ],
      result: {
        operator,
        staker,
        pool: whole,
        slashable,
        commissionBps,
        holds,
        eligible,
        staked,
        shares: stake.shares,
        thawing,
        thawedAt: stake.thawedAt,
        votes,
      },
    };
  },
};
