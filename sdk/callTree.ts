import { getAddress } from "ethers";

import { InvalidProofError } from "./merkle.ts";
import {
  callId,
  childrenHash,
  type Receipt,
  receiptDigest,
  type ReceiptsDomain,
  recoverExecutor,
  type SignedReceipt,
} from "./receipt.ts";
import { type ReceiptProof, settlementOf } from "./receiptTree.ts";
import type { SplitOrigin } from "./registryState.ts";

/** A receipt as an operator keeps it. */
export interface StoredReceipt extends SignedReceipt {
  /** Where it stands in the settlement that covers it; null while there is none, or if its call was paid alone. */
  proof: ReceiptProof | null;
}

/** A payment that the ledger reported. */
export interface PaymentFact {
  splitId: string;
  amount: bigint;
  calls: bigint;
  blockNumber: number;
}

/** A transfer by signature (ERC-3009) to a split's address, as x402 makes it. */
export interface TransferFact {
  /** The split whose address got it. */
  splitId: string;
  amount: bigint;
  blockNumber: number;
}

/** What the chain says about calls. */
export interface CallFacts extends ReceiptsDomain {
  /** Payments with this memo. */
  paymentsOf: (memo: string) => readonly PaymentFact[];
  /** The transfer that this payer authorized under this nonce. */
  transferOf: (payer: string, nonce: string) => TransferFact | undefined;
  /** What a split stands for. */
  originOf: (splitId: string) => SplitOrigin | undefined;
  /** Who operates a service. */
  operatorOf: (serviceId: bigint) => string | undefined;
}

/** How a call was paid. */
export type CallPayment =
  | { how: "free" }
  | { how: "settlement"; memo: string; calls: number; total: bigint; blockNumber: number }
  | { how: "payment"; memo: string; blockNumber: number }
  | { how: "transfer"; blockNumber: number };

/** A call with all that was checked about it, and the calls that were made for it. */
export interface TracedCall {
  receipt: Receipt;
  /** Undefined if the chain shows no payment that covers it. */
  payment: CallPayment | undefined;
  /** What its receipt says that is not so, in sentences; none if every check holds. */
  problems: string[];
  children: TracedCall[];
  /** Calls it lists whose receipts are not at hand. */
  missing: string[];
}

/**
 * The tree of calls below a call, each receipt checked against its signature, its call's id, its parent, the registries
 * and the payments on chain.
 *
 * @param receipts All receipts at hand, by call id.
 * @throws RangeError if there is no receipt of the call.
 */
export function traceCall({
  callId: id,
  receipts,
  facts,
}: {
  callId: string;
  receipts: ReadonlyMap<string, StoredReceipt>;
  facts: CallFacts;
}): TracedCall {
  const stored = receipts.get(id);
  if (stored === undefined) throw new RangeError(`There is no receipt of the call ${id}.`);
  return trace({ stored, receipts, facts });
}

/** Number of calls in a tree, and of those with problems, unpaid or missing. */
export function countCalls(call: TracedCall): { calls: number; faulty: number } {
  const faulty = call.problems.length > 0 || call.payment === undefined ? 1 : 0;
  return call.children
    .map(countCalls)
    .reduce((sum, part) => ({ calls: sum.calls + part.calls, faulty: sum.faulty + part.faulty }), {
      calls: 1 + call.missing.length,
      faulty: faulty + call.missing.length,
    });
}

function trace({
  stored,
  receipts,
  facts,
}: {
  stored: StoredReceipt;
  receipts: ReadonlyMap<string, StoredReceipt>;
  facts: CallFacts;
}): TracedCall {
  const { receipt, children } = stored;
  const { payment, problem } = findPayment({ stored, receipts, facts });
  const problems = [
    ...checkReceipt({ stored, facts }),
    ...checkParent({ receipt, receipts, facts }),
    ...(problem === undefined ? [] : [problem]),
  ];
  const found: TracedCall[] = [];
  const missing: string[] = [];
  for (const child of new Set(children)) {
    const next = receipts.get(child);
    if (next === undefined) missing.push(child);
    else if (next.receipt.parentCallId !== receipt.callId) {
      problems.push(`It lists the call ${child}, which says that it was made for another one.`);
    } else if (callId({ ...facts, request: next.receipt }) !== child) {
      // Only true ids commit to those above them; others could lead in a circle.
      problems.push(`It lists the call ${child}, whose receipt asks for something else.`);
    } else found.push(trace({ stored: next, receipts, facts }));
  }
  if (new Set(children).size < children.length) problems.push("It lists a call more than once.");
  return { receipt, payment, problems, children: found, missing };
}

/** What a receipt says, checked against its signature and the registries. */
function checkReceipt({ stored, facts }: { stored: StoredReceipt; facts: CallFacts }): string[] {
  const { receipt, signature, children } = stored;
  const problems: string[] = [];
  if (callId({ ...facts, request: receipt }) !== receipt.callId) {
    problems.push("Its call id is not that of what was asked for.");
  }
  const signer = recover({ receipt, signature, facts });
  if (signer !== getAddress(receipt.executor)) problems.push(`It is signed by ${signer}, not by its executor.`);
  const operator = facts.operatorOf(receipt.serviceId);
  if (operator === undefined || getAddress(operator) !== getAddress(receipt.executor)) {
    problems.push(`Service ${receipt.serviceId} is operated by ${operator ?? "nobody"}, not by its executor.`);
  }
  if (childrenHash(children) !== receipt.childrenHash)
    problems.push("It was signed for other calls than those listed.");
  const origin = facts.originOf(receipt.splitId);
  if (origin?.kind !== "service" || origin.id !== receipt.serviceId) {
    problems.push(`The split it names is none of service ${receipt.serviceId}.`);
  } else if (origin.assetSplitId !== receipt.assetSplitId) {
    problems.push("The split it names pays another version than the one it says was executed.");
  }
  return problems;
}

function recover({ receipt, signature, facts }: { receipt: Receipt; signature: string; facts: CallFacts }): string {
  try {
    return recoverExecutor({ ...facts, receipt, signature });
  } catch {
    return "nobody";
  }
}

/** A parent has to list its children, signed: what a receipt says about its parent is only its own word. */
function checkParent({
  receipt: { callId: id, parentCallId },
  receipts,
  facts,
}: {
  receipt: Receipt;
  receipts: ReadonlyMap<string, StoredReceipt>;
  facts: CallFacts;
}): string[] {
  if (/^0x0*$/.test(parentCallId)) return [];
  const parent = receipts.get(parentCallId);
  if (parent === undefined) return [`There is no receipt of the call ${parentCallId} that it says it was made for.`];
  if (!parent.children.includes(id)) return ["The call that it says it was made for does not list it."];
  return checkReceipt({ stored: parent, facts }).length === 0
    ? []
    : ["The receipt of the call that it says it was made for is not what it says."];
}

function findPayment({
  stored: { receipt, proof },
  receipts,
  facts,
}: {
  stored: StoredReceipt;
  receipts: ReadonlyMap<string, StoredReceipt>;
  facts: CallFacts;
}): { payment?: CallPayment; problem?: string } {
  if (proof !== null) return findSettlement({ receipt, proof, facts });
  if (receipt.amount === 0n) return { payment: { how: "free" } };
  // Anybody can pay a little under any memo, so too little under one does not count against another.
  let most = 0n;
  for (const memo of [receipt.callId, receiptDigest({ ...facts, receipt })]) {
    const paid = facts.paymentsOf(memo).filter(({ splitId }) => splitId === receipt.splitId);
    const total = paid.reduce((sum, { amount }) => sum + amount, 0n);
    if (total >= receipt.amount) return { payment: { how: "payment", memo, blockNumber: paid[0].blockNumber } };
    if (total > most) most = total;
  }
  const transfer = facts.transferOf(receipt.payer, receipt.salt);
  if (transfer === undefined) {
    return {
      problem:
        most === 0n
          ? "The chain shows no payment for it."
          : `It costs ${receipt.amount}, but only ${most} was paid for it.`,
    };
  }
  for (const { receipt: other } of receipts.values()) {
    if (isPaidAlike(other, receipt) && other.callId !== receipt.callId) {
      return { problem: `The call ${other.callId} claims the same payment.` };
    }
  }
  if (transfer.splitId !== receipt.splitId) return { problem: "Its payment went to another split." };
  if (transfer.amount < receipt.amount) {
    return { problem: `It costs ${receipt.amount}, but only ${transfer.amount} was paid for it.` };
  }
  return { payment: { how: "transfer", blockNumber: transfer.blockNumber } };
}

/** Whether two receipts claim the same signed transfer. */
function isPaidAlike(a: Receipt, b: Receipt): boolean {
  return a.salt.toLowerCase() === b.salt.toLowerCase() && getAddress(a.payer) === getAddress(b.payer);
}

function findSettlement({ receipt, proof, facts }: { receipt: Receipt; proof: ReceiptProof; facts: CallFacts }): {
  payment?: CallPayment;
  problem?: string;
} {
  try {
    const { memo, total, size } = settlementOf({ ...facts, receipt, proof });
    const payments = facts.paymentsOf(memo).filter(({ splitId }) => splitId === receipt.splitId);
    if (payments.length === 0) return { problem: "No payment to its split commits to it." };
    const paid = payments.find(({ amount, calls }) => amount === total && calls === BigInt(size));
    if (paid !== undefined) {
      return { payment: { how: "settlement", memo, calls: size, total, blockNumber: paid.blockNumber } };
    }
    const [{ amount, calls }] = payments;
    return { problem: `Its settlement is for ${size} calls that cost ${total}, but ${amount} was paid for ${calls}.` };
  } catch (error) {
    if (error instanceof InvalidProofError || error instanceof RangeError) {
      return { problem: `Its proof is none: ${error.message}` };
    }
    throw error;
  }
}
