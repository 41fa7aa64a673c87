import { type Signer } from "ethers";

import { type Claim, signClaim } from "../../sdk/claim.ts";
import type { AttributionLedger } from "../../typechain-types/index.ts";

/** What `claimWithSignature` takes. */
export interface SignedClaim {
  draws: string;
  claim: Claim;
  signature: string;
}

/** Far enough for every test. */
export const FAR_DEADLINE = 2n ** 40n;

/** A claim of the signer's own wallet to itself, for free and without end, except for what is stated otherwise. */
export async function prepareClaim({
  ledger,
  signer,
  draws = "0x",
  ...changes
}: {
  ledger: AttributionLedger;
  signer: Signer;
  draws?: string;
} & Partial<Claim>): Promise<SignedClaim> {
  const { chainId, verifyingContract } = await ledger.eip712Domain();
  const account = changes.account ?? (await signer.getAddress());
  const claim = {
    account,
    to: account,
    minAmount: 0n,
    fee: 0n,
    nonce: await ledger.nonces(account),
    deadline: FAR_DEADLINE,
    ...changes,
  };
  return {
    draws,
    claim,
    signature: await signClaim({ signer, request: { chainId, ledger: verifyingContract, draws, claim } }),
  };
}
