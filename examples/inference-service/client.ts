import { ExactEvmScheme } from "@x402/evm/exact/client";
import { type Network, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/**
 * The stock client: a `fetch` that pays when it is asked to.
 *
 * @param token The client pays in tokens that it was told of only. OPEN is none of those it knows by itself.
 * @param maxAmount Most it pays for one request, in the token's smallest unit.
 */
export function createPayingFetch({
  key,
  network,
  token,
  maxAmount,
}: {
  key: Hex;
  network: Network;
  token: string;
  maxAmount: bigint;
}): typeof fetch {
  const client = x402Client.fromConfig({
    schemes: [{ network, client: new ExactEvmScheme(privateKeyToAccount(key)) }],
    spendControls: { allowedAssets: [{ network, asset: token, maxAmountPerPayment: maxAmount.toString() }] },
  });
  return wrapFetchWithPayment(fetch, client);
}
