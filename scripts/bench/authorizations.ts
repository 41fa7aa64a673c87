import { id, Wallet } from "ethers";

import { type Authorization, domainOf, paymentNonce, signAuthorization } from "../../sdk/authorization.ts";
import type { Figure } from "./figures.ts";
import { gasEach, gasFigure, gasOf, settle, steadyGasOf } from "./gas.ts";
import { splitOfWallets } from "./splits.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

const BATCH = 50;

/** Good for longer than any bench. Signatures, which are part of the calldata, are the same each time. */
const LATER = 2n ** 40n;

/** Payments that wallets without gas sign, alone and in batches. */
export async function* measureAuthorizations(bench: Bench): AsyncGenerator<Figure> {
  const { token, ledger, authorizations } = bench;
  const payers = Array.from({ length: BATCH }, (_, i) => new Wallet(id(`payer ${i}`)));
  for (const { address } of payers) await settle(token.transfer(address, 10n * AMOUNT));

  const payment = { splitId: splitOfWallets({ name: "model", size: 2 }).id, amount: AMOUNT, calls: 1n, memo: MEMO };
  const domain = await domainOf(token);
  const to = await ledger.getAddress();
  const sign = async (payer: Wallet, round: number): Promise<Authorization> =>
    signAuthorization({
      token: domain,
      signer: payer,
      to,
      amount: AMOUNT,
      nonce: (salt) => paymentNonce(payment, salt),
      validBefore: LATER,
      salt: id(`payment ${round}`),
    });

  let round = 0;
  const payOne = async () => ledger.payWithAuthorization(payers[0].address, payment, await sign(payers[0], round++));
  yield gasFigure("pay with authorization, first payment of a split", await gasOf(payOne()));
  yield gasFigure("pay with authorization", await steadyGasOf(payOne));

  const payMany = async () => {
    const salt = round++;
    const entries = payers.map(async (payer) => ({
      payer: payer.address,
      payment,
      authorization: await sign(payer, salt),
    }));
    return authorizations.pay(await Promise.all(entries));
  };
  yield gasEach(`pay ${BATCH} authorizations in a batch, each`, { total: await steadyGasOf(payMany), count: BATCH });
}
