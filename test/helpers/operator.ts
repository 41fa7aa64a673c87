import { type Signer, Wallet, ZeroHash } from "ethers";

import { ZERO_WORD } from "../../sdk/bytes.ts";
import { type Channel, type ChannelsDomain, signVoucher, termsId } from "../../sdk/channel.ts";
import {
  callId,
  type CallRequest,
  childrenHash,
  type Receipt,
  type ReceiptsDomain,
  type SignedReceipt,
  signReceipt,
} from "../../sdk/receipt.ts";
import type { VoucherPayment } from "../../sdk/voucherCheck.ts";

/** Where vouchers and receipts are good. */
export type OperatorDomain = ChannelsDomain & ReceiptsDomain;

export const DELAY = 3_600n;

/** A key that is the same each time. */
export function walletOf(number: number): Wallet {
  return new Wallet(`0x${(number + 1).toString(16).padStart(64, "0")}`);
}

/** Terms of a channel whose payer signs itself. */
export function channelOf({
  payer,
  operator,
  splitId,
  ...terms
}: Pick<Channel, "payer" | "operator" | "splitId"> & Partial<Channel>): Channel {
  return { payer, signer: payer, operator, splitId, withdrawDelaySeconds: DELAY, salt: ZeroHash, ...terms };
}

/** A voucher as it comes with a call. */
export async function payWith({
  domain: { chainId, channels },
  signer,
  channel,
  max,
}: {
  domain: ChannelsDomain;
  signer: Signer;
  channel: Channel;
  max: bigint;
}): Promise<VoucherPayment> {
  const voucher = { termsId: termsId(channel), maxClaimableAmount: max };
  return { channel, voucher, signature: await signVoucher({ signer, chainId, channels, voucher }) };
}

/** What a payer asks for. */
export function requestOf({
  payer,
  serviceId = 1n,
  salt,
}: {
  payer: string;
  serviceId?: bigint;
  salt: string;
}): CallRequest {
  return { payer, parentCallId: ZERO_WORD, serviceId, inputHash: ZeroHash, salt };
}

/** The receipt of a call, signed by its operator. */
export async function receiptFor({
  domain: { chainId, services },
  operator,
  request,
  splitId,
  amount,
  servedAt = 1_000n,
  assetSplitId = ZERO_WORD,
}: {
  domain: ReceiptsDomain;
  operator: Wallet;
  request: CallRequest;
  splitId: string;
  amount: bigint;
  servedAt?: bigint;
  assetSplitId?: string;
}): Promise<SignedReceipt> {
  const receipt: Receipt = {
    ...request,
    callId: callId({ chainId, services, request }),
    childrenHash: childrenHash([]),
    splitId,
    assetSplitId,
    executor: operator.address,
    outputRoot: ZERO_WORD,
    tokensIn: 100n,
    tokensOut: 50n,
    amount,
    servedAt,
  };
  return { receipt, signature: await signReceipt({ signer: operator, chainId, services, receipt }), children: [] };
}
