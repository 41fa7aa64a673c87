import { AbiCoder } from "ethers";

import { RECEIPT_TUPLE, type SignedReceipt } from "./receipt.ts";

const PROOF_TYPE = `tuple(${RECEIPT_TUPLE} receipt, ${RECEIPT_TUPLE} other, bytes signature, bytes otherSignature)`;

/** Shows the `EquivocationVerifier` that an executor signed two receipts for one call. */
export function encodeEquivocationProof(
  signed: Pick<SignedReceipt, "receipt" | "signature">,
  other: Pick<SignedReceipt, "receipt" | "signature">,
): string {
  const proof = {
    receipt: signed.receipt,
    other: other.receipt,
    signature: signed.signature,
    otherSignature: other.signature,
  };
  return AbiCoder.defaultAbiCoder().encode([PROOF_TYPE], [proof]);
}
