import { getAddress, isAddress } from "ethers";

import { fromHex, readUint } from "./bytes.ts";
import {
  type Channel,
  type ChannelsDomain,
  MAX_CHANNEL_TOTAL,
  recoverVoucherSigner,
  voucherFor,
  type Voucher,
  LOWER_HALF,
} from "./channel.ts";

/**
 * Why an operator does not serve a call, with the HTTP status to answer. 402 says what to sign or deposit, 409 that payer
 * and operator have different books, 400 and 403 that repeating the request will not help.
 */
export const VOUCHER_ERRORS = {
  malformed: { http: 400, meaning: "Terms, amount or price cannot be read." },
  "wrong operator": { http: 400, meaning: "The channel pays through another operator." },
  "wrong split": { http: 400, meaning: "The channel pays a split that this service does not earn for." },
  "wrong payer": { http: 400, meaning: "The call is another payer's than the channel." },
  "wrong terms": { http: 400, meaning: "The voucher names other terms than the channel's." },
  "delay too short": { http: 400, meaning: "The payer could withdraw before the operator settles." },
  "amount too large": { http: 400, meaning: "The contract takes amounts of 12 bytes." },
  "malformed signature": { http: 400, meaning: "It is not 64 or 65 bytes that some key could have signed." },
  "high s": { http: 400, meaning: "The signature is the upper one of two twins, which the contract refuses." },
  "contract signature": { http: 400, meaning: "This operator takes no signatures of contracts." },
  "wrong signer": {
    http: 403,
    meaning: "The signature is somebody else's, or for another amount, channel, contract or chain.",
  },
  "unknown channel": { http: 402, meaning: "Nobody has deposited for these terms: deposit what is needed." },
  "withdrawal pending": { http: 402, meaning: "The payer asked for its money back: a deposit ends that." },
  "above deposit": { http: 402, meaning: "The deposit does not cover the voucher: deposit what is missing." },
  "too small": { http: 402, meaning: "The voucher does not cover the call: sign what is needed." },
  decreasing: { http: 409, meaning: "A greater voucher is held already: go on from that." },
  repeated: { http: 409, meaning: "The voucher is held already, and other calls use it up: sign what is needed." },
  "call in progress": { http: 409, meaning: "The same call is being served." },
  "call changed": { http: 409, meaning: "The same call came with another channel or price before." },
} as const satisfies Record<string, { http: number; meaning: string }>;
export type VoucherErrorCode = keyof typeof VOUCHER_ERRORS;

/** A voucher that an operator does not serve a call for. */
export class VoucherError extends Error {
  override readonly name = "VoucherError";
  readonly code: VoucherErrorCode;
  /** What it is about: amounts in the token's smallest unit, addresses, ids. */
  readonly values: Readonly<Record<string, bigint | string>>;

  constructor(code: VoucherErrorCode, values: Record<string, bigint | string> = {}) {
    const details = Object.entries(values).map(([name, value]) => `${name} ${value}`);
    super([`${code}: ${VOUCHER_ERRORS[code].meaning}`, ...details].join(" | "));
    this.code = code;
    this.values = values;
  }

  /** HTTP status that says so. */
  get http(): number {
    return VOUCHER_ERRORS[this.code].http;
  }
}

/** What comes with a call. */
export interface VoucherPayment {
  channel: Channel;
  voucher: Voucher;
  signature: string;
  /** Whether a contract is to check the signature (ERC-1271). */
  contractSignature?: boolean;
}

/** What an operator asks of channels. */
export interface AcceptedTerms {
  operator: string;
  /** Splits of the services that it serves; lower-case hex. */
  splitIds: ReadonlySet<string>;
  /** Time it needs to settle once a payer wants its money back. */
  minWithdrawDelaySeconds: bigint;
}

/** A channel as the chain has it. */
export interface ChannelOnChain {
  /** Zero if nothing was ever deposited. */
  number: bigint;
  /** What can still be settled or withdrawn. */
  balance: bigint;
  /** What was settled in total. */
  settled: bigint;
  /** Seconds since 1970; zero if the payer did not ask for its money. */
  withdrawableAt: bigint;
}

/** What an operator knows of a channel. */
export interface ChannelStanding {
  /** Greatest voucher accepted so far, its signature included; zero if there is none. */
  max: bigint;
  signature: string;
  /** What was served in total and what calls in progress may come to. */
  committed: bigint;
}

const PARITY_BIT = 1n << 255n;
/** Recovery values of 65-byte signatures: wallets write 27 and 28, some libraries 0 and 1. */
const RECOVERY_VALUES: readonly number[] = [0, 1, 27, 28];

/**
 * Checks what can be said of a channel and a voucher without the chain: whether they are meant for this operator, and
 * signed. Cheap checks come first, since anybody can send vouchers.
 *
 * A contract's signature is not checked here.
 *
 * @throws VoucherError
 */
export function checkSigned({
  domain,
  accepts,
  payment: { channel, voucher, signature, contractSignature = false },
}: {
  domain: ChannelsDomain;
  accepts: AcceptedTerms;
  payment: VoucherPayment;
}): void {
  checkTerms({ accepts, channel, voucher, contractSignature });
  if (voucher.maxClaimableAmount > MAX_CHANNEL_TOTAL) {
    throw new VoucherError("amount too large", { max: voucher.maxClaimableAmount, most: MAX_CHANNEL_TOTAL });
  }
  if (contractSignature) return;
  checkForm(signature);
  const signer = recover({ domain, voucher, signature });
  if (signer !== getAddress(channel.signer)) throw new VoucherError("wrong signer", { signer, wanted: channel.signer });
}

function checkTerms({
  accepts,
  channel,
  voucher,
  contractSignature,
}: {
  accepts: AcceptedTerms;
  channel: Channel;
  voucher: Voucher;
  contractSignature: boolean;
}): void {
  const { payer, signer, operator, splitId, withdrawDelaySeconds: delay, salt } = channel;
  const words = [splitId, salt, voucher.termsId];
  const malformed =
    ![payer, signer, operator].every((address) => isAddress(address)) ||
    !words.every((word) => /^0x[0-9a-f]{64}$/i.test(word)) ||
    delay < 0n ||
    voucher.maxClaimableAmount < 1n;
  if (malformed) throw new VoucherError("malformed");
  if (getAddress(operator) !== getAddress(accepts.operator)) {
    throw new VoucherError("wrong operator", { operator, wanted: accepts.operator });
  }
  if (!accepts.splitIds.has(splitId.toLowerCase())) throw new VoucherError("wrong split", { splitId });
  if (delay < accepts.minWithdrawDelaySeconds) {
    throw new VoucherError("delay too short", { delay, least: accepts.minWithdrawDelaySeconds });
  }
  const { termsId: wanted } = voucherFor({
    channel,
    maxClaimableAmount: voucher.maxClaimableAmount,
    contractSignature,
  });
  if (voucher.termsId.toLowerCase() !== wanted) {
    throw new VoucherError("wrong terms", { termsId: voucher.termsId, wanted });
  }
}

function checkForm(signature: string): void {
  if (!/^0x(?:[0-9a-f]{128}|[0-9a-f]{130})$/i.test(signature)) throw new VoucherError("malformed signature");
  const bytes = fromHex(signature, "A signature");
  let s = readUint(bytes, 32, 32);
  if (bytes.length === 64) s &= PARITY_BIT - 1n;
  else if (!RECOVERY_VALUES.includes(bytes[64])) throw new VoucherError("malformed signature");
  if (s > LOWER_HALF) throw new VoucherError("high s", { s, most: LOWER_HALF });
}

function recover({
  domain,
  voucher,
  signature,
}: {
  domain: ChannelsDomain;
  voucher: Voucher;
  signature: string;
}): string {
  try {
    return recoverVoucherSigner({ ...domain, voucher, signature });
  } catch {
    throw new VoucherError("malformed signature");
  }
}

/**
 * Checks whether a signed voucher pays for a call, with what the chain and the operator know of the channel.
 *
 * All amounts are totals since the channel exists, as the voucher's. So what has been settled, or is being settled, needs
 * no thought: settling moves an amount from the channel's balance to its settled total, and leaves their sum.
 *
 * @param price Most that the call can cost.
 * @throws VoucherError
 */
export function checkCovers({
  max,
  price,
  onChain,
  standing,
}: {
  max: bigint;
  price: bigint;
  onChain: ChannelOnChain;
  standing: ChannelStanding;
}): void {
  if (price < 1n) throw new VoucherError("malformed", { price });
  const needed = standing.committed + price;
  const deposited = onChain.settled + onChain.balance;
  if (onChain.number === 0n) throw new VoucherError("unknown channel", { needed });
  if (onChain.withdrawableAt !== 0n) {
    throw new VoucherError("withdrawal pending", { withdrawableAt: onChain.withdrawableAt });
  }
  if (max < standing.max) throw new VoucherError("decreasing", { max, held: standing.max, needed });
  if (max < needed) {
    throw new VoucherError(max === standing.max ? "repeated" : "too small", { max, needed });
  }
  if (max > deposited) throw new VoucherError("above deposit", { max, deposited, missing: max - deposited });
}
