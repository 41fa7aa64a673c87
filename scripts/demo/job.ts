import { type TransactionReceipt, ZeroAddress } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import type { Payment } from "../../test/reference/bookedLedger.ts";
import type { Random } from "../../test/reference/random.ts";
import type { Payer } from "./people.ts";
import type { Service } from "./registrar.ts";
import type { Setting } from "./setting.ts";

const JOB_SECONDS = 86_400;

/** One job: the client puts the price aside, the operator delivers, the split is paid. Yields the transactions. */
export async function* payForJob({
  setting: { booked, protocol, provider },
  payer,
  random,
  service,
  payment: { splitId, amount, memo },
}: {
  setting: Setting;
  payer: Payer;
  random: Random;
  service: Service;
  payment: Payment;
}): AsyncGenerator<{ operation: string; receipt: Promise<TransactionReceipt> }> {
  const { wallet: client } = payer;
  const { wallet: provides } = service.operator;
  const account = walletAccount(await protocol.jobs.getAddress());
  const job = {
    client: client.address,
    provider: provides.address,
    evaluator: ZeroAddress,
    splitId,
    budget: amount,
    expiredAt: ((await provider.getBlock("latest"))?.timestamp ?? 0) + JOB_SECONDS,
    acceptanceSeconds: 0,
    evaluationSeconds: 0,
    description: random.bytes32(),
    salt: random.bytes32(),
  };
  yield {
    operation: "job: request",
    receipt: booked.through({
      sender: client,
      transaction: await protocol.jobs.fund.populateTransaction(job),
      movements: [{ kind: "deposit", from: client.address, account, amount }],
    }),
  };
  yield {
    operation: "job: deliver",
    receipt: booked.through({
      sender: provides,
      transaction: await protocol.jobs.submit.populateTransaction(job, random.bytes32(), memo),
      movements: [{ kind: "payment from balance", account, splitId, amount }],
    }),
  };
}
