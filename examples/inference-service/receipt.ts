import { getAddress, keccak256, type Signer } from "ethers";

import { ContentTree } from "../../sdk/content.ts";
import { callId, childrenHash, type Receipt, signReceipt } from "../../sdk/receipt.ts";
import type { ServiceRegistry } from "../../typechain-types/index.ts";
import type { Payment } from "./payment.ts";
import type { Call, Terms } from "./server.ts";

/** A receipt as JSON carries it: whole numbers as decimal text. */
export type ReceiptJson = { [Field in keyof Receipt]: string };

/** A receipt as it is signed. */
export function parseReceipt(json: ReceiptJson): Receipt {
  const { serviceId, tokensIn, tokensOut, amount, servedAt, ...words } = json;
  return {
    ...words,
    serviceId: BigInt(serviceId),
    tokensIn: BigInt(tokensIn),
    tokensOut: BigInt(tokensOut),
    amount: BigInt(amount),
    servedAt: BigInt(servedAt),
  };
}

/** Signs what was served to whom for how much. The payment's nonce makes the call's id the only one of its kind. */
export async function receiptFor({
  call,
  terms: { splitId, assetSplitId, amount },
  authorization: { from, nonce: salt },
  completion,
  serviceId,
  operator,
  chainId,
  services,
}: {
  call: Call;
  terms: Terms;
  authorization: Payment["payload"]["authorization"];
  completion: string;
  serviceId: bigint;
  operator: Signer;
  chainId: bigint;
  services: ServiceRegistry;
}): Promise<{ receipt: ReceiptJson; signature: string }> {
  const domain = { chainId, services: await services.getAddress() };
  const { parentCallId } = call;
  const request = { payer: getAddress(from), parentCallId, serviceId, inputHash: keccak256(call.input), salt };
  const receipt: Receipt = {
    ...request,
    callId: callId({ ...domain, request }),
    childrenHash: childrenHash([]),
    splitId,
    assetSplitId,
    executor: await operator.getAddress(),
    outputRoot: ContentTree.from(new TextEncoder().encode(completion)).contentRoot,
    tokensIn: BigInt(call.tokensIn),
    tokensOut: BigInt(call.maxTokens),
    amount,
    servedAt: BigInt(Math.floor(Date.now() / 1000)),
  };
  const signature = await signReceipt({ signer: operator, ...domain, receipt });
  const fields = Object.entries(receipt).map(([field, value]) => [field, String(value)]);
  return { receipt: Object.fromEntries(fields) as ReceiptJson, signature };
}
