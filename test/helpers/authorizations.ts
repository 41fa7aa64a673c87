import type { AddressLike, Signer, TypedDataDomain } from "ethers";
import { resolveAddress } from "ethers";

import {
  type Authorization,
  domainOf,
  paymentNonce,
  signAuthorization,
  type SignedToken,
} from "../../sdk/authorization.ts";

/** A payment as the ledger takes it. */
export interface Payment {
  splitId: string;
  amount: bigint;
  calls: bigint;
  memo: string;
}

/** What `payWithAuthorization` takes, and a batch many of. */
export interface AuthorizedPayment {
  payer: string;
  payment: Payment;
  authorization: Authorization;
}

/** Far enough for every test, and not the flag with which OPEN tells block numbers from times. */
export const FAR = 2n ** 40n;

/**
 * Signs a payment.
 *
 * @param domain Overrides parts of the token's EIP-712 domain.
 */
export async function signPayment({
  token,
  signer,
  ledger,
  payment,
  domain = {},
  validAfter = 0n,
  validBefore = FAR,
  salt,
}: {
  token: SignedToken;
  signer: Signer;
  ledger: AddressLike;
  payment: Payment;
  domain?: TypedDataDomain;
  validAfter?: bigint;
  validBefore?: bigint;
  salt?: string;
}): Promise<AuthorizedPayment> {
  const authorization = await signAuthorization({
    token: { ...(await domainOf(token)), ...domain },
    signer,
    to: await resolveAddress(ledger),
    amount: payment.amount,
    nonce: (chosen) => paymentNonce(payment, chosen),
    validAfter,
    validBefore,
    ...(salt === undefined ? {} : { salt }),
  });
  return { payer: await signer.getAddress(), payment, authorization };
}
