import { id, type Signer, ZeroHash } from "ethers";

import {
  callId,
  type CallRequest,
  type Receipt,
  type ReceiptsDomain,
  signReceipt,
  type SignedReceipt,
} from "../../sdk/receipt.ts";
import type { VerifierWorld } from "./verifierWorld.ts";

/** Each field of a receipt, with another value. */
export const OTHER_VALUES = {
  callId: id("another call"),
  payer: `0x${"0a".repeat(20)}`,
  parentCallId: id("another parent"),
  serviceId: 99n,
  inputHash: id("another input"),
  salt: id("another salt"),
  childrenHash: id("other children"),
  splitId: id("another split"),
  assetSplitId: id("another asset"),
  executor: `0x${"0e".repeat(20)}`,
  outputRoot: id("another output"),
  tokensIn: 98n,
  tokensOut: 97n,
  amount: 1_001n,
  servedAt: 96n,
} satisfies Receipt;

/** Of what was asked for: these make the call's id. */
export const REQUEST_FIELDS = ["payer", "parentCallId", "serviceId", "inputHash", "salt"] as const;

/** What the executor alone says. */
export const OWN_FIELDS = [
  "childrenHash",
  "splitId",
  "assetSplitId",
  "outputRoot",
  "tokensIn",
  "tokensOut",
  "amount",
  "servedAt",
] as const;

export async function receiptsDomain({ chainId, services }: VerifierWorld): Promise<ReceiptsDomain> {
  return { chainId, services: await services.getAddress() };
}

/** A receipt of the operator for a call of Alice's. Its call id fits unless it is given. */
export async function receiptOf(world: VerifierWorld, changes: Partial<Receipt> = {}): Promise<Receipt> {
  const request: CallRequest = {
    payer: world.alice.address,
    parentCallId: ZeroHash,
    serviceId: 1n,
    inputHash: id("what is asked"),
    salt: id("salt"),
  };
  const receipt: Receipt = {
    ...request,
    callId: ZeroHash,
    childrenHash: ZeroHash,
    splitId: id("split"),
    assetSplitId: id("asset"),
    executor: world.operator.address,
    outputRoot: id("answer"),
    tokensIn: 100n,
    tokensOut: 20n,
    amount: 1_000n,
    servedAt: 1_800_000_000n,
    ...changes,
  };
  return { ...receipt, callId: changes.callId ?? callId({ ...(await receiptsDomain(world)), request: receipt }) };
}

/** A receipt with a signature, the operator's unless stated otherwise. */
export async function signed(
  world: VerifierWorld,
  receipt: Receipt,
  { signer = world.operator, ...domain }: Partial<ReceiptsDomain> & { signer?: Signer } = {},
): Promise<Pick<SignedReceipt, "receipt" | "signature">> {
  const signature = await signReceipt({ ...(await receiptsDomain(world)), ...domain, signer, receipt });
  return { receipt, signature };
}
