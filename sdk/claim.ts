import { keccak256, type Signer, TypedDataEncoder, verifyTypedData } from "ethers";

import type { TypedData } from "./typedData.ts";

/** A claim that somebody else may send to the ledger, as its `claimWithSignature` takes it. Amounts in the token's smallest unit. */
export interface Claim {
  /** The wallet whose balance is withdrawn. */
  account: string;
  /** Where the money goes. */
  to: string;
  /** Least amount, the fee included, below which the claim reverts. */
  minAmount: bigint;
  /** What the sender of the transaction gets out of the claimed amount. */
  fee: bigint;
  /** `nonces(account)` of the ledger. */
  nonce: bigint;
  /** Last second, in Unix time, at which the claim is good. */
  deadline: bigint;
}

/** A claim with all that its signature binds. */
export interface ClaimRequest {
  chainId: bigint;
  /** Address of the AttributionLedger. */
  ledger: string;
  /** Draws to release first, as `encodeDraws` packs them. */
  draws: string;
  claim: Claim;
}

/** What is signed: the claim, with the hash of the draws it comes with. */
export type ClaimValue = Claim & { drawsHash: string };

/** EIP-712 data of a claim. */
export function claimTypedData({ chainId, ledger, draws, claim }: ClaimRequest): TypedData<ClaimValue> {
  return {
    domain: { name: "AttributionLedger", version: "1", chainId, verifyingContract: ledger },
    types: {
      Claim: [
        { name: "account", type: "address" },
        { name: "to", type: "address" },
        { name: "drawsHash", type: "bytes32" },
        { name: "minAmount", type: "uint256" },
        { name: "fee", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    },
    value: { ...claim, drawsHash: keccak256(draws) },
  };
}

/** The hash that the claimer signs. */
export function claimDigest(request: ClaimRequest): string {
  const { domain, types, value } = claimTypedData(request);
  return TypedDataEncoder.hash(domain, types, value);
}

/** Signs a claim for somebody else to send. */
export async function signClaim({ signer, request }: { signer: Signer; request: ClaimRequest }): Promise<string> {
  const { domain, types, value } = claimTypedData(request);
  return signer.signTypedData(domain, types, value);
}

/** Address whose key signed a claim. A contract wallet's signature (ERC-1271) recovers somebody else. */
export function recoverClaimer({ request, signature }: { request: ClaimRequest; signature: string }): string {
  const { domain, types, value } = claimTypedData(request);
  return verifyTypedData(domain, types, value, signature);
}
