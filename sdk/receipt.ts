import { concat, getAddress, id, keccak256, recoverAddress, Signature, type Signer, TypedDataEncoder } from "ethers";

import { concatBytes, fromHex, toHex, ZERO_WORD } from "./bytes.ts";
import { keccak256 as hashBytes } from "./keccak.ts";
import type { EventArgs } from "./eventArgs.ts";
import type { TypedData } from "./typedData.ts";
import { encodeWords } from "./words.ts";

/** Where receipts are good: service ids and call ids are those of this registry. */
export interface ReceiptsDomain {
  chainId: bigint;
  /** Address of the ServiceRegistry. */
  services: string;
}

/** What a payer asks for. Its hash is the call's id, so a receipt cannot change any of it under that id. */
export interface CallRequest {
  payer: string;
  /** Call on whose behalf this one is made; the zero word for none. */
  parentCallId: string;
  serviceId: bigint;
  /** Keccak-256 of the input's bytes. */
  inputHash: string;
  /** Tells calls apart that are otherwise the same; 32 bytes of hex, chosen by the payer. */
  salt: string;
}

/** What an executor signs about a call it has served. Hashes and ids are 32 bytes of hex. */
export interface Receipt extends CallRequest {
  /** `callId` of the request. */
  callId: string;
  /** `childrenHash` of the calls that were made for this one. */
  childrenHash: string;
  /** The split that is paid. */
  splitId: string;
  /** Split of the model or agent version that was executed: it pins its whole lineage. */
  assetSplitId: string;
  /** Who signs: the service's operator. */
  executor: string;
  /** Content root of the output's bytes (`ContentTree`), so that any part of it can be opened later; zero if empty. */
  outputRoot: string;
  /** uint64. */
  tokensIn: bigint;
  /** uint64. */
  tokensOut: bigint;
  /** What the call costs, in the token's smallest unit. */
  amount: bigint;
  /** Unix time in seconds, uint64. */
  servedAt: bigint;
}

/** A receipt as it is kept and handed on. */
export interface SignedReceipt {
  receipt: Receipt;
  signature: string;
  /** Ids of the calls that were made for this one, in the order of `childrenHash`. */
  children: string[];
}

const REQUEST_FIELDS = [
  { name: "payer", type: "address" },
  { name: "parentCallId", type: "bytes32" },
  { name: "serviceId", type: "uint256" },
  { name: "inputHash", type: "bytes32" },
  { name: "salt", type: "bytes32" },
];

const RECEIPT_TYPES = {
  Receipt: [
    { name: "callId", type: "bytes32" },
    ...REQUEST_FIELDS,
    { name: "childrenHash", type: "bytes32" },
    { name: "splitId", type: "bytes32" },
    { name: "assetSplitId", type: "bytes32" },
    { name: "executor", type: "address" },
    { name: "outputRoot", type: "bytes32" },
    { name: "tokensIn", type: "uint64" },
    { name: "tokensOut", type: "uint64" },
    { name: "amount", type: "uint256" },
    { name: "servedAt", type: "uint64" },
  ],
};

/** ABI type of a receipt. */
export const RECEIPT_TUPLE = `tuple(${RECEIPT_TYPES.Receipt.map(({ name, type }) => `${type} ${name}`).join(", ")})`;

/** A receipt that was decoded. */
export function readReceipt(fields: EventArgs): Receipt {
  return {
    callId: fields.text("callId"),
    payer: fields.text("payer"),
    parentCallId: fields.text("parentCallId"),
    serviceId: fields.uint("serviceId"),
    inputHash: fields.text("inputHash"),
    salt: fields.text("salt"),
    childrenHash: fields.text("childrenHash"),
    splitId: fields.text("splitId"),
    assetSplitId: fields.text("assetSplitId"),
    executor: fields.text("executor"),
    outputRoot: fields.text("outputRoot"),
    tokensIn: fields.uint("tokensIn"),
    tokensOut: fields.uint("tokensOut"),
    amount: fields.uint("amount"),
    servedAt: fields.uint("servedAt"),
  };
}

const RECEIPT_TYPEHASH = fromHex(
  id(`Receipt(${RECEIPT_TYPES.Receipt.map(({ name, type }) => `${type} ${name}`).join(",")})`),
  "A type's hash",
);
const EIP191_PREFIX = new Uint8Array([0x19, 0x01]);

/** Domain separators of registries that were asked for; there are few. */
const separators = new Map<string, Uint8Array>();

function separatorOf(domain: ReceiptsDomain): Uint8Array {
  const key = `${domain.chainId} ${domain.services}`;
  let separator = separators.get(key);
  if (separator === undefined) {
    separator = fromHex(TypedDataEncoder.hashDomain(typedDomain(domain)), "A domain separator");
    separators.set(key, separator);
  }
  return separator;
}

/** Id of a call. */
export function callId({ request, ...domain }: ReceiptsDomain & { request: CallRequest }): string {
  return TypedDataEncoder.hash(typedDomain(domain), { CallRequest: REQUEST_FIELDS }, request);
}

/** Commitment to the calls that were made for another one; the zero word for none. */
export function childrenHash(callIds: readonly string[]): string {
  return callIds.length === 0 ? ZERO_WORD : keccak256(concat(callIds));
}

/** EIP-712 data of a receipt. */
export function receiptTypedData({ receipt, ...domain }: ReceiptsDomain & { receipt: Receipt }): TypedData<Receipt> {
  return { domain: typedDomain(domain), types: RECEIPT_TYPES, value: receipt };
}

/** The hash that an executor signs, and by which settlements commit to a receipt. */
export function receiptDigest({ receipt, ...domain }: ReceiptsDomain & { receipt: Receipt }): string {
  // What TypedDataEncoder.hash gives, but faster: settlements and reports have thousands of receipts.
  const struct = encodeWords(RECEIPT_TYPES.Receipt, { ...receipt }, [RECEIPT_TYPEHASH]);
  return toHex(hashBytes(concatBytes([EIP191_PREFIX, separatorOf(domain), hashBytes(struct)])));
}

/** Signs a receipt; costs no gas. */
export async function signReceipt({
  signer,
  ...request
}: ReceiptsDomain & { signer: Signer; receipt: Receipt }): Promise<string> {
  const { domain, types, value } = receiptTypedData(request);
  return signer.signTypedData(domain, types, value);
}

/**
 * Address whose key signed a receipt.
 *
 * @throws Error if the signature is malformed.
 */
export function recoverExecutor({
  signature,
  ...request
}: ReceiptsDomain & { receipt: Receipt; signature: string }): string {
  return recoverAddress(receiptDigest(request), signature);
}

/**
 * Whether the key of a receipt's executor signed it. The court believes no other signatures, so what a contract signed costs
 * it nothing: payers should take only what this is true of.
 */
export function isSignedByExecutor(request: ReceiptsDomain & { receipt: Receipt; signature: string }): boolean {
  try {
    return recoverExecutor(request) === getAddress(request.receipt.executor);
  } catch {
    return false;
  }
}

/**
 * A key's signature of a receipt in the one form that the court takes: 65 bytes, of the lower half.
 *
 * @throws Error if the signature is malformed.
 */
export function signatureForCourt(signature: string): string {
  return Signature.from(signature).getCanonical().serialized;
}

function typedDomain({ chainId, services }: ReceiptsDomain): TypedData<never>["domain"] {
  return { name: "CallReceipts", version: "1", chainId, verifyingContract: services };
}
