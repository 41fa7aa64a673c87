import { ZeroAddress } from "ethers";

import { walletAccount } from "./account.ts";
import { type Receipt, receiptDigest, type ReceiptsDomain } from "./receipt.ts";
import { type Share, ShareKind } from "./share.ts";
import { Split, splitIdOf } from "./split.ts";
import type { SumNode } from "./sumNode.ts";
import { rootOfShares } from "./sumTree.ts";

/** Proof that a settlement covers a receipt. */
export interface ReceiptProof {
  /** How many receipts it covers. */
  size: number;
  /** Place of the receipt among them. */
  index: number;
  siblings: SumNode[];
}

/**
 * All receipts that one settlement pays, as a sum tree: its id, the payment's memo, commits to each of them, to their
 * number and to the sum of their amounts. So a payment can be checked to the unit against what it says it is for.
 *
 * A receipt's leaf is that of a share: recipient is the payer's account, units the amount, evidence the receipt's digest.
 */
export class ReceiptTree {
  readonly #split: Split;

  /**
   * @throws RangeError if there are no receipts or two of one call, UnitsOverflowError if they come to more than
   * 2^128 - 1.
   */
  constructor({ receipts, ...domain }: ReceiptsDomain & { receipts: readonly Receipt[] }) {
    const ids = new Set(receipts.map(({ callId }) => callId));
    if (ids.size < receipts.length)
      throw new RangeError("A settlement takes one receipt per call, but one call has two.");
    this.#split = Split.from({ shares: receipts.map((receipt) => shareOfReceipt({ ...domain, receipt })) });
  }

  /** What the payment's memo has to be. */
  get memo(): string {
    return this.#split.id;
  }

  /** Sum of all amounts. */
  get total(): bigint {
    return this.#split.header.totalUnits;
  }

  /** Number of receipts. */
  get size(): number {
    return this.#split.header.size;
  }

  /** @throws RangeError if there is no such receipt. */
  prove(index: number): ReceiptProof {
    return { size: this.size, index, siblings: this.#split.tree.rangeProof({ first: index, count: 1 }) };
  }
}

/** What the payment that covers a receipt must be. */
export interface Settlement {
  memo: string;
  /** What all its receipts come to, in the token's smallest unit. */
  total: bigint;
  /** How many receipts it covers. */
  size: number;
}

/**
 * The settlement that covers a receipt.
 *
 * @throws InvalidProofError if the proof has the wrong length, RangeError if its numbers make no sense.
 */
export function settlementOf({
  proof: { size, index, siblings },
  ...leaf
}: ReceiptsDomain & { receipt: Receipt; proof: ReceiptProof }): Settlement {
  const root = rootOfShares({ shares: [shareOfReceipt(leaf)], first: index, size, siblings });
  const total = root.units;
  return { memo: splitIdOf({ root: root.hash, totalUnits: total, size, arbiter: ZeroAddress }), total, size };
}

/** A receipt's share in the tree of its settlement. */
export function shareOfReceipt({ receipt, ...domain }: ReceiptsDomain & { receipt: Receipt }): Share {
  return {
    kind: ShareKind.Account,
    recipient: walletAccount(receipt.payer),
    units: receipt.amount,
    evidence: receiptDigest({ ...domain, receipt }),
  };
}
