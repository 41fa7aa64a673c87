import { AbiCoder } from "ethers";

import { RECEIPT_TUPLE, signatureForCourt, type SignedReceipt } from "./receipt.ts";

const PROOF_TYPE = `tuple(${RECEIPT_TUPLE} receipt, ${RECEIPT_TUPLE} other, bytes signature, bytes otherSignature)`;

/**
 * Shows the `EquivocationVerifier` that an executor signed two receipts for one call, with its key.
 *
 * @throws Error if a signature is malformed.
 */
export function encodeEquivocationProof(
  signed: Pick<SignedReceipt, "receipt" | "signature">,
  other: Pick<SignedReceipt, "receipt" | "signature">,
): string {
  const proof = {
    receipt: signed.receipt,
    other: other.receipt,
    signature: signatureForCourt(signed.signature),
    otherSignature: signatureForCourt(other.signature),
  };
  return AbiCoder.defaultAbiCoder().encode([PROOF_TYPE], [proof]);
}
