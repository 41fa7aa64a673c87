import { MaxUint256 } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import type { ContributionLog } from "../../sdk/log.ts";
import type { SumTree } from "../../sdk/sumTree.ts";
import { signPermit } from "../../test/helpers/signatures.ts";
import type { Figure } from "./figures.ts";
import { gasEach, gasFigure, gasOf, settle, steadyGasOf } from "./gas.ts";
import { VERSION } from "./largeLog.ts";
import { chainOfSplits, splitOfWallets, withoutZeroBytes } from "./splits.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

const PAY_BUDGET = 50_000;
const BATCH = 10;

/** Payments into splits, by every way there is. */
export async function* measurePayments({
  token,
  ledger,
  splitAddresses,
  payer,
  people: [customer],
}: Bench): AsyncGenerator<Figure> {
  const { id } = splitOfWallets({ name: "model", size: 2 });
  const pay = () => ledger.pay(id, AMOUNT, 1, MEMO);
  const payments = Array.from({ length: BATCH }, (_, i) => ({
    splitId: splitOfWallets({ name: `model ${i}`, size: 2 }).id,
    amount: AMOUNT,
    calls: 1,
    memo: MEMO,
  }));

  yield gasFigure("pay from a wallet, first payment of a split", await gasOf(pay()));
  yield gasFigure("pay from a wallet", await steadyGasOf(pay), PAY_BUDGET);
  const approveAndPay = async () => {
    await settle(token.connect(customer).approve(ledger, 2n));
    return ledger.connect(customer).pay(id, 1n, 1, MEMO);
  };
  yield gasFigure("pay from a wallet, limited approval", await steadyGasOf(approveAndPay));
  const payWithPermit = async () => {
    const permit = await signPermit({ token, owner: payer, spender: ledger, value: AMOUNT });
    return ledger.payWithPermit(id, AMOUNT, 1, MEMO, ...permit);
  };
  yield gasFigure("pay from a wallet with permit", await steadyGasOf(payWithPermit));
  await settle(token.approve(ledger, MaxUint256));
  yield gasFigure(`pay ${BATCH} splits from a wallet`, await steadyGasOf(() => ledger.payMany(payments)));

  const address = await splitAddresses.addressOf(id);
  const transfer = () => token.transfer(address, AMOUNT);
  const sweep = () => splitAddresses.sweep(id);
  yield gasFigure("transfer to a split's address", await steadyGasOf(transfer), 34_500);
  yield gasFigure("sweep, first of a split", await gasOf(sweep()));
  yield gasFigure("transfer to a split's address, first after a sweep", await gasOf(transfer()));
  yield gasFigure("sweep", await gasOf(sweep()));

  for (const count of [1, 10, 100]) {
    let total = 0;
    for (let i = 0; i < count; i++) total += await gasOf(transfer());
    total += await gasOf(sweep());
    yield gasEach(`transfer to a split's address and sweep after ${count}, each`, { total, count });
  }

  await settle(ledger.deposit(walletAccount(payer.address), 1_000n * AMOUNT));
  const payFromBalance = () => ledger.payFromBalance(0, id, AMOUNT, 1, MEMO);
  yield gasFigure("pay from balance", await steadyGasOf(payFromBalance), 36_500);
  const payManyFromBalance = () => ledger.payManyFromBalance(0, payments);
  yield gasFigure(`pay ${BATCH} splits from balance`, await steadyGasOf(payManyFromBalance));
}

/** Payments to ever more shares and through ever deeper lineage. */
export async function* measurePaymentGrowth({ ledger }: Bench, log: ContributionLog): AsyncGenerator<Figure> {
  const trees: Record<string, SumTree> = {
    "1 share": splitOfWallets({ name: "alone", size: 1 }).tree,
    "1,000 shares": splitOfWallets({ name: "thousand", size: 1_000 }).tree,
    "1,000,000 shares": log.version(VERSION.million).split.tree,
    "lineage depth 1": chainOfSplits({ depth: 1, size: 2 })[0].tree,
    "lineage depth 8": chainOfSplits({ depth: 8, size: 2 })[0].tree,
    "lineage depth 64": chainOfSplits({ depth: 64, size: 2 })[0].tree,
  };
  const costs: number[] = [];
  for (const [what, tree] of Object.entries(trees)) {
    const { id } = withoutZeroBytes(tree);
    const cost = await steadyGasOf(() => ledger.pay(id, AMOUNT, 1, MEMO));
    costs.push(cost);
    yield gasFigure(`pay from a wallet, ${what}`, cost, PAY_BUDGET);
  }
  yield gasFigure("pay from a wallet, spread of these", Math.max(...costs) - Math.min(...costs), 0);
}
