import { decodePaymentSignatureHeader } from "@x402/core/http";
import { PaymentPayloadV2Schema, z } from "@x402/core/schemas";
import type { Network, PaymentRequirements } from "@x402/core/types";
import { getAddress, isAddress, verifyTypedData } from "ethers";

import type { OpenToken } from "../../typechain-types/index.ts";

const Address = z.string().refine((text) => text.startsWith("0x") && isAddress(text), "not an address");
const Word = z.string().regex(/^0x[0-9a-fA-F]{64}$/, "not 32 bytes of hex");
const Uint = z.string().regex(/^\d{1,78}$/, "not a whole number in decimal digits");

/** What a payer signs and sends along: an ERC-3009 transfer. */
const Payment = PaymentPayloadV2Schema.extend({
  payload: z.object({
    signature: z.string().regex(/^0x[0-9a-fA-F]{130}$/, "not 65 bytes of hex"),
    authorization: z.object({
      from: Address,
      to: Address,
      value: Uint,
      validAfter: Uint,
      validBefore: Uint,
      nonce: Word,
    }),
  }),
});

export type Payment = z.infer<typeof Payment>;

/** A part of a payment that is not what it has to be. */
export interface Difference {
  field: string;
  expected: string;
  received: string;
}

/** Seconds that the facilitator wants a payment to be good for, so that it gets into a block. */
const SETTLEMENT_SECONDS = 6;

/** A chain as x402 names it (CAIP-2). */
export function networkOf(chainId: bigint): Network {
  return `eip155:${chainId}`;
}

/** Reads the header of a paid request: the payment, or what is wrong with its form. */
export function parsePayment(header: string): { payment: Payment } | { problems: string[] } {
  let decoded: unknown;
  try {
    decoded = decodePaymentSignatureHeader(header);
  } catch {
    return { problems: ["The header must be JSON in Base64."] };
  }
  const parsed = Payment.safeParse(decoded);
  if (parsed.success) return { payment: parsed.data };
  return { problems: parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) };
}

/** Whatever keeps a payment from being taken, with the values. The facilitator decides; this is to tell the payer why. */
export async function findDifferences({
  payment: { accepted, payload },
  requirements,
  token,
}: {
  payment: Payment;
  requirements: PaymentRequirements;
  token: OpenToken;
}): Promise<Difference[]> {
  const { authorization } = payload;
  const now = Math.floor(Date.now() / 1000);
  const [isUsed, balance, block] = await Promise.all([
    token.authorizationState(authorization.from, authorization.nonce),
    token.balanceOf(authorization.from),
    token.runner?.provider?.getBlock("latest"),
  ]);
  const signer = recoverPayer({ payload, requirements });

  const differences: Difference[] = [];
  const check = (field: string, isRight: boolean, expected: unknown, received: unknown): void => {
    if (!isRight) differences.push({ field, expected: String(expected), received: String(received) });
  };
  for (const name of ["scheme", "network", "asset", "amount", "payTo", "maxTimeoutSeconds"] as const) {
    check(`accepted.${name}`, accepted[name] === requirements[name], requirements[name], accepted[name]);
  }
  for (const [name, value] of Object.entries(requirements.extra)) {
    check(`accepted.extra.${name}`, accepted.extra?.[name] === value, value, accepted.extra?.[name]);
  }
  const { from, to, value, validAfter, validBefore } = authorization;
  check("authorization.to", getAddress(to) === requirements.payTo, requirements.payTo, to);
  check("authorization.value", BigInt(value) === BigInt(requirements.amount), requirements.amount, value);
  check("authorization.validAfter", BigInt(validAfter) <= now, `at most ${now}`, validAfter);
  // A development chain that mines faster than once a second has a clock that runs ahead.
  const least = Math.max(now + SETTLEMENT_SECONDS, (block?.timestamp ?? 0) + 1);
  check("authorization.validBefore", BigInt(validBefore) >= least, `at least ${least}`, validBefore);
  check("authorization.nonce", !isUsed, "one that was not used", `${authorization.nonce}, which was`);
  check("signature", signer === getAddress(from), `signed by ${from}`, `signed by ${signer}`);
  check("balance", balance >= BigInt(requirements.amount), `at least ${requirements.amount}`, balance);
  return differences;
}

/** Address whose key signed the transfer, for the token and chain that are asked for. */
function recoverPayer({
  payload: { authorization, signature },
  requirements: { network, asset, extra },
}: {
  payload: Payment["payload"];
  requirements: PaymentRequirements;
}): string {
  const domain = {
    name: String(extra.name),
    version: String(extra.version),
    chainId: BigInt(network.slice(network.indexOf(":") + 1)),
    verifyingContract: asset,
  };
  const types = {
    TransferWithAuthorization: [
      { name: "from", type: "address" },
      { name: "to", type: "address" },
      { name: "value", type: "uint256" },
      { name: "validAfter", type: "uint256" },
      { name: "validBefore", type: "uint256" },
      { name: "nonce", type: "bytes32" },
    ],
  };
  try {
    return verifyTypedData(domain, types, authorization, signature);
  } catch {
    return "nobody";
  }
}
