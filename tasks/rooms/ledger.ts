import { open } from "../lib/format.ts";
import { accountOf, checkBalance, fromWallet } from "../lib/steps.ts";
import type { Runs } from "../rooms.ts";
import type { LEDGERS } from "../verbs/money.ts";

export const runs: Runs<typeof LEDGERS> = {
  deposit: async (context, { amount, account: owner, tag }) => {
    const account = accountOf(owner, tag);
    const { approvals, allowed } = await fromWallet(context, { spender: "ledger", amount });
    const transaction = await context.protocol.ledger.deposit.populateTransaction(account, amount);
    return {
      steps: [...approvals, { what: `Deposits ${open(amount)}.`, transaction, allowed }],
      report: () => ({ says: [`It is ${context.nameOfAccount(account)}'s balance.`], result: { account, amount } }),
    };
  },

  withdraw: async (context, { amount, to, tag }) => {
    await checkBalance(context, { tag, amount });
    const transaction = await context.protocol.ledger.withdraw.populateTransaction(tag, amount, to);
    return {
      steps: [{ what: `Withdraws ${open(amount)}.`, transaction }],
      report: () => ({ says: [`${context.people.nameOf(to)} has it in the wallet.`], result: { to, amount } }),
    };
  },

  transfer: async (context, { amount, to: recipient, tag, toTag, owner }) => {
    const { ledger } = context.protocol;
    const to = accountOf(recipient, toTag);
    if (owner === undefined) await checkBalance(context, { tag, amount });
    const transaction =
      owner === undefined
        ? await ledger.transferBalance.populateTransaction(tag, to, amount)
        : await ledger.transferBalanceFrom.populateTransaction(accountOf(owner, tag), to, amount);
    const name = context.nameOfAccount(to);
    return {
      steps: [{ what: `Moves ${open(amount)} to ${name}.`, transaction }],
      report: () => ({ says: [`It is ${name}'s balance.`], result: { amount, to } }),
    };
  },

  approve: async (context, { spender, amount, tag }) => {
    const transaction = await context.protocol.ledger.approveSpender.populateTransaction(tag, spender, amount);
    const name = context.people.nameOf(spender);
    return {
      steps: [{ what: `Lets ${name} move ${open(amount)} of the balance in the ledger.`, transaction }],
      report: () => ({ says: [`${name} may move that, and no more.`], result: { spender, amount } }),
    };
  },
};
