import { AbiCoder, Result } from "ethers";

import { INFERENCE_TYPE, POT_TYPE, REPORT_TYPE } from "../../sdk/attribution/report.ts";
import { LOG_ENTRY_TYPE } from "../../sdk/datanetProof.ts";

const coder = AbiCoder.defaultAbiCoder();
const TEXT = "tuple(uint64 firstChunk, bytes chunks, bytes32[] siblings)";
const SPANS = "tuple(uint32 first, bytes spans, bytes32[] siblings)";
const SHARE = "tuple(uint32 index, bytes proof)";
const INFERENCE = `tuple(uint32 index, ${INFERENCE_TYPE} inference, bytes proof)`;
const SPAN_PROOF = `tuple(${REPORT_TYPE} report, ${POT_TYPE} pot, uint8 fault, ${INFERENCE} inference, ${SPANS} spans, uint32 gap, uint32 start, uint32 length, uint64 sourceOffset, ${TEXT} output, ${LOG_ENTRY_TYPE} contribution, ${TEXT} source)`;
const PAYOUT_PROOF = `tuple(${REPORT_TYPE} report, ${POT_TYPE} pot, uint8 fault, bytes witness)`;

/** ABI types of witnesses. */
export const CALL = `tuple(${INFERENCE} inference, ${SPANS} spans, ${SHARE} credit, bytes contribution)`;
export const PAIR = `tuple(${SHARE} first, ${SHARE} second)`;
export const SUM = `tuple(uint8 tree, ${SHARE} share)`;

function read(type: string, encoded: string): Record<string, unknown> {
  const fields: unknown = coder.decode([type], encoded)[0];
  if (!(fields instanceof Result)) throw new TypeError(`This is no ${type}.`);
  return fields.toObject();
}

function rewrite(type: string, encoded: string, changes: object): string {
  return coder.encode([type], [{ ...read(type, encoded), ...changes }]);
}

/** A proof for `SpanVerifier` with other fields. */
export function rewriteSpanProof(proof: string, changes: object): string {
  return rewrite(SPAN_PROOF, proof, changes);
}

/** A proof for `PayoutVerifier` with other fields. */
export function rewritePayoutProof(proof: string, changes: object): string {
  return rewrite(PAYOUT_PROOF, proof, changes);
}

/** A proof for `PayoutVerifier` whose witness has other fields. */
export function rewriteWitness(proof: string, type: string, changes: object): string {
  const { witness } = read(PAYOUT_PROOF, proof);
  if (typeof witness !== "string") throw new TypeError("A witness is bytes.");
  return rewritePayoutProof(proof, { witness: rewrite(type, witness, changes) });
}
