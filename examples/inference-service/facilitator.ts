import { x402Facilitator } from "@x402/core/facilitator";
import { isPaymentPayloadV2, isPaymentRequirementsV2, z } from "@x402/core/schemas";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { toFacilitatorEvmSigner } from "@x402/evm";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { Hono } from "hono";
import { createWalletClient, defineChain, type Hex, http, publicActions, type VerifyTypedDataParameters } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { networkOf } from "./payment.ts";

const Request = z.object({
  paymentPayload: z.custom<PaymentPayload>(isPaymentPayloadV2, "no payment of x402 version 2"),
  paymentRequirements: z.custom<PaymentRequirements>(isPaymentRequirementsV2, "no requirements of x402 version 2"),
});

/**
 * The stock facilitator of the scheme `exact` behind its three endpoints: it checks signed transfers, and sends them to
 * the chain at its own expense.
 *
 * @param key Of the wallet that pays the gas.
 * @param token The only token it transfers. What the code of others does would be paid for with its gas.
 * @param confirmationTimeoutMs How long it waits for a transaction. The service asks once more about one that was not
 * mined by then, and gives up an answer after 90 seconds, so it has to be less.
 */
export function createFacilitator({
  rpcUrl,
  chainId,
  key,
  token,
  confirmationTimeoutMs = 60_000,
}: {
  rpcUrl: string;
  chainId: bigint;
  key: Hex;
  token: string;
  confirmationTimeoutMs?: number;
}): Hono {
  const network = networkOf(chainId);
  const facilitator = new x402Facilitator().register(
    network,
    // Without the simulation, a transfer that cannot succeed would be sent and paid for.
    new ExactEvmScheme(toFacilitatorEvmSigner(createClient({ rpcUrl, chainId, key }), { confirmationTimeoutMs }), {
      simulateInSettle: true,
    }),
  );

  const app = new Hono();
  app.get("/supported", (c) => c.json(facilitator.getSupported()));
  for (const task of ["verify", "settle"] as const) {
    app.post(`/${task}`, async (c) => {
      const request = Request.safeParse(await c.req.json().catch(() => undefined));
      if (!request.success) return c.json({ error: request.error.message }, 400);
      const { paymentPayload, paymentRequirements } = request.data;
      if (paymentRequirements.asset !== token) {
        return c.json({ error: `This facilitator transfers ${token} and not ${paymentRequirements.asset}.` }, 400);
      }
      return c.json(await facilitator[task](paymentPayload, paymentRequirements));
    });
  }
  return app;
}

function createClient({
  rpcUrl,
  chainId,
  key,
}: {
  rpcUrl: string;
  chainId: bigint;
  key: Hex;
}): Parameters<typeof toFacilitatorEvmSigner>[0] {
  const account = privateKeyToAccount(key);
  const chain = defineChain({
    id: Number(chainId),
    name: networkOf(chainId),
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const client = createWalletClient({ account, chain, transport: http(), pollingInterval: 100 }).extend(publicActions);

  // One at a time from nonce to broadcast, so that no two transactions take the same nonce and none leaves a gap.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(send: () => Promise<Result>): Promise<Result> => {
    const turn = last.then(send);
    last = turn.catch(() => undefined);
    return turn;
  };

  return {
    address: account.address,
    getCode: (args) => client.getCode(args),
    readContract: (args) => client.readContract(args),
    verifyTypedData: (args) => client.verifyTypedData(args as VerifyTypedDataParameters),
    writeContract: (args) => inTurn(() => client.writeContract(args)),
    sendTransaction: (args) => inTurn(() => client.sendTransaction(args)),
    waitForTransactionReceipt: (args) => client.waitForTransactionReceipt(args),
  };
}
