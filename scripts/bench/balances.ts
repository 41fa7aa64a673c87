import { walletAccount } from "../../sdk/account.ts";
import type { Figure } from "./figures.ts";
import { gasFigure, steadyGasOf } from "./gas.ts";
import { AMOUNT, type Bench } from "./world.ts";

/** Balances of accounts, in and out and between. */
export async function* measureBalances({ ledger, payer, people: [friend] }: Bench): AsyncGenerator<Figure> {
  const account = walletAccount(payer.address);
  const other = walletAccount(friend.address);
  yield gasFigure("deposit", await steadyGasOf(() => ledger.deposit(account, 3n * AMOUNT)));
  yield gasFigure("withdraw", await steadyGasOf(() => ledger.withdraw(0, AMOUNT, payer)));
  yield gasFigure("transfer balance", await steadyGasOf(() => ledger.transferBalance(0, other, AMOUNT / 2n)));
  yield gasFigure("approve a spender", await steadyGasOf(() => ledger.approveSpender(0, friend, AMOUNT)));
  const spend = () => ledger.connect(friend).transferBalanceFrom(account, other, AMOUNT / 4n);
  yield gasFigure("transfer balance as a spender", await steadyGasOf(spend));
}
