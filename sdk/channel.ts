import {
  AbiCoder,
  getAddress,
  keccak256,
  recoverAddress,
  Signature,
  type Signer,
  TypedDataEncoder,
  ZeroAddress,
} from "ethers";

import { concatBytes, fromHex, readUint, toHex, writeHex, writeUint } from "./bytes.ts";
import type { TypedData } from "./typedData.ts";

/** Terms of a channel, as `PaymentChannels` takes them. */
export interface Channel {
  /** Deposits, and gets back what is not spent. */
  payer: string;
  /** Key or contract that signs vouchers: the payer itself, or whom it trusts to spend its deposit. */
  signer: string;
  /** Settles vouchers. */
  operator: string;
  /** The split that is paid. */
  splitId: string;
  /** How long the operator has to settle once the payer wants its money back. */
  withdrawDelaySeconds: bigint;
  /** Tells channels apart that are otherwise the same; 32 bytes of hex. */
  salt: string;
}

/** What a payer signs: how much the operator may claim in total so far, in the token's smallest unit. */
export interface Voucher {
  /** Hash of the channel's terms without the signer, or the channel's id where a contract signs; see `voucherFor`. */
  termsId: string;
  /** uint128; the contract takes what fits 12 bytes. */
  maxClaimableAmount: bigint;
}

/** Where vouchers are good. */
export interface ChannelsDomain {
  chainId: bigint;
  /** Address of the PaymentChannels contract. */
  channels: string;
}

/** A voucher to settle. */
export interface VoucherClaim {
  channel: Channel;
  maxClaimableAmount: bigint;
  /** What the operator claims in total, at most the voucher's maximum. */
  total: bigint;
  /** Of a key (65 bytes, or 64 as of ERC-2098), or whatever a contract signer takes. */
  signature: string;
  /** Whether a contract is to check the signature (ERC-1271). */
  contractSignature: boolean;
}

/** Vouchers of channels that share split, delay and salt, as `PaymentChannels.settle` takes them. */
export interface Settlement {
  splitId: string;
  withdrawDelaySeconds: bigint;
  salt: string;
  /** How many inferences the vouchers pay for. */
  calls: bigint;
  /** Commitment to the receipts of all of them. */
  memo: string;
  /** Whether the settlement is to be on record for other contracts. */
  kept: boolean;
  /** Packed vouchers. */
  vouchers: string;
}

/** What `PaymentChannels.settle` says of each voucher. */
export const SETTLEMENT_STATUS = [
  "settled",
  "nothing new",
  "above voucher",
  "above deposit",
  "unknown channel",
  "bad signature",
] as const;
export type SettlementStatus = (typeof SETTLEMENT_STATUS)[number];

/** Most a channel can hold and settle in total. */
export const MAX_CHANNEL_TOTAL = 2n ** 96n - 1n;

const coder = AbiCoder.defaultAbiCoder();
const AMOUNT_BYTES = 12;
const ADDRESS_BYTES = 20;
/** Half of the order of secp256k1: greatest s of a signature that contracts take. */
export const LOWER_HALF = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const NUMBER_BYTES = 4;
const ENTRY_BYTES = NUMBER_BYTES + AMOUNT_BYTES;
const KEY_SIGNATURE_BYTES = 64;
const FLAG = { total: 1, payer: 2, contract: 4 };

const VOUCHER_TYPES = {
  Voucher: [
    { name: "termsId", type: "bytes32" },
    { name: "maxClaimableAmount", type: "uint128" },
  ],
};

/**
 * What a channel's vouchers name: the hash of its terms without the signer, and without the payer if that signs.
 *
 * @throws RangeError if there is no payer: these terms would be those of a channel whose signer pays.
 */
export function termsId({ payer, signer, operator, splitId, withdrawDelaySeconds, salt }: Channel): string {
  if (getAddress(payer) === ZeroAddress) throw new RangeError("A channel needs a payer.");
  return keccak256(
    coder.encode(
      ["address", "address", "bytes32", "uint256", "bytes32"],
      [paysItself({ payer, signer }) ? ZeroAddress : payer, operator, splitId, withdrawDelaySeconds, salt],
    ),
  );
}

/** Id of a channel: the hash of its terms and its signer. */
export function channelId(channel: Channel): string {
  return keccak256(coder.encode(["bytes32", "address"], [termsId(channel), channel.signer]));
}

function paysItself({ payer, signer }: { payer: string; signer: string }): boolean {
  return getAddress(payer) === getAddress(signer);
}

/**
 * The voucher that lets a channel's operator claim up to `maxClaimableAmount` in total.
 *
 * @param contractSignature Whether a contract signs. Several may take the signature of one key, so theirs names the
 * channel itself; a key's tells whose it is.
 */
export function voucherFor({
  channel,
  maxClaimableAmount,
  contractSignature = false,
}: {
  channel: Channel;
  maxClaimableAmount: bigint;
  contractSignature?: boolean;
}): Voucher {
  return { termsId: contractSignature ? channelId(channel) : termsId(channel), maxClaimableAmount };
}

/** EIP-712 data of a voucher. */
export function voucherTypedData({
  chainId,
  channels,
  voucher,
}: ChannelsDomain & { voucher: Voucher }): TypedData<Voucher> {
  return {
    domain: { name: "PaymentChannels", version: "1", chainId, verifyingContract: channels },
    types: VOUCHER_TYPES,
    value: voucher,
  };
}

/** The hash that a channel's signer signs. */
export function voucherDigest(request: ChannelsDomain & { voucher: Voucher }): string {
  const { domain, types, value } = voucherTypedData(request);
  return TypedDataEncoder.hash(domain, types, value);
}

/** Signs a voucher; costs no gas. */
export async function signVoucher({
  signer,
  ...request
}: ChannelsDomain & { signer: Signer; voucher: Voucher }): Promise<string> {
  const { domain, types, value } = voucherTypedData(request);
  return signer.signTypedData(domain, types, value);
}

/**
 * Address whose key signed a voucher.
 *
 * @throws Error if the signature is malformed, of another length than 64 or 65 bytes, or not in its lower half.
 */
export function recoverVoucherSigner({
  signature,
  ...request
}: ChannelsDomain & { voucher: Voucher; signature: string }): string {
  return recoverAddress(voucherDigest(request), parseSignature(signature));
}

/** @throws TypeError if s is in the upper half: the contract takes the signature's other form only. */
function parseSignature(signature: string): Signature {
  const parsed = Signature.from(signature);
  if (BigInt(parsed.s) > LOWER_HALF) throw new TypeError(`A signature's s must be at most ${LOWER_HALF}.`);
  return parsed;
}

/**
 * Packs vouchers as `PaymentChannels.settle` reads them: their number in two bytes, then for each
 *
 *     flags (1) ‖ max (12) ‖ [ total (12) ] ‖ [ payer (20) ] ‖ signature
 *
 * with a key's signature in 64 bytes (ERC-2098), or signer (20) ‖ length (2) ‖ bytes for a contract to check.
 *
 * @throws RangeError if an amount does not fit 12 bytes, or there are more than 65,535 vouchers.
 */
export function packVouchers(claims: readonly VoucherClaim[]): string {
  return toHex(
    concatBytes([uintBytes(BigInt(claims.length), 2, "The number of vouchers"), ...claims.map(packVoucher)]),
  );
}

function packVoucher({ channel, maxClaimableAmount, total, signature, contractSignature }: VoucherClaim): Uint8Array {
  const hasTotal = total !== maxClaimableAmount;
  const hasPayer = !paysItself(channel);
  const flags = (hasTotal ? FLAG.total : 0) | (hasPayer ? FLAG.payer : 0) | (contractSignature ? FLAG.contract : 0);
  return concatBytes([
    Uint8Array.of(flags),
    uintBytes(maxClaimableAmount, AMOUNT_BYTES, "A voucher's maximum"),
    ...(hasTotal ? [uintBytes(total, AMOUNT_BYTES, "A claimed total")] : []),
    ...(hasPayer ? [addressBytes(channel.payer, "A payer")] : []),
    ...(contractSignature
      ? [addressBytes(channel.signer, "A signer"), ...withLength(fromHex(signature, "A signature"))]
      : [compact(signature)]),
  ]);
}

function withLength(bytes: Uint8Array): Uint8Array[] {
  return [uintBytes(BigInt(bytes.length), 2, "A signature's length"), bytes];
}

function compact(signature: string): Uint8Array {
  const bytes = new Uint8Array(KEY_SIGNATURE_BYTES);
  writeHex(bytes, 0, parseSignature(signature).compactSerialized, KEY_SIGNATURE_BYTES, "A signature");
  return bytes;
}

function addressBytes(address: string, name: string): Uint8Array {
  const bytes = new Uint8Array(ADDRESS_BYTES);
  writeHex(bytes, 0, address, ADDRESS_BYTES, name);
  return bytes;
}

function uintBytes(value: bigint, length: number, name: string): Uint8Array {
  const bytes = new Uint8Array(length);
  writeUint(bytes, 0, value, length, name);
  return bytes;
}

/** What the contract says became of each voucher, from the bytes it returns for a settlement. */
export function readStatuses(statuses: string): SettlementStatus[] {
  return Array.from(fromHex(statuses, "Statuses"), (status) => {
    const name = SETTLEMENT_STATUS.at(status);
    if (name === undefined) throw new RangeError(`${status} is no status of a voucher.`);
    return name;
  });
}

/** What channels, by number, have settled in total, from the `channels` of a `Settled` event. */
export function readSettled(entries: string): { number: bigint; settled: bigint }[] {
  const bytes = fromHex(entries, "Settled channels");
  if (bytes.length % ENTRY_BYTES !== 0) {
    throw new RangeError(`Settled channels take ${ENTRY_BYTES} bytes each, but there are ${bytes.length}.`);
  }
  return Array.from({ length: bytes.length / ENTRY_BYTES }, (_, i) => ({
    number: readUint(bytes, i * ENTRY_BYTES, NUMBER_BYTES),
    settled: readUint(bytes, i * ENTRY_BYTES + NUMBER_BYTES, AMOUNT_BYTES),
  }));
}
