import { readUint, toHex, writeHex, writeUint } from "./bytes.ts";
import { HASH_BYTES, keccak256 } from "./keccak.ts";
import { NODE_BYTES } from "./sumNode.ts";

/** How to read a share's recipient. */
export const ShareKind = { Account: 0, Split: 1 } as const;
export type ShareKind = (typeof ShareKind)[keyof typeof ShareKind];

/** One line of a split. */
export interface Share {
  kind: ShareKind;
  /** 32 bytes of hex: an account (`account.ts`) or a split id. */
  recipient: string;
  /** The share's part of the split's total units; uint128. */
  units: bigint;
  /** 32 bytes of hex: commitment to why this recipient holds these units. */
  evidence: string;
}

/** Bytes of a packed share: kind (1) ‖ recipient (32) ‖ units (16) ‖ evidence (32). */
export const SHARE_BYTES = 81;

const RECIPIENT_AT = 1;
const UNITS_AT = 33;
const UNITS_BYTES = 16;
const EVIDENCE_AT = 49;

const LEAF_PREFIX = 0x00;
const preimage = new Uint8Array(1 + SHARE_BYTES).fill(LEAF_PREFIX);

/**
 * Writes a share's bytes into `target` at `offset`.
 *
 * @throws RangeError if kind or units are out of range, TypeError if recipient or evidence are not 32 bytes of hex.
 */
export function packShare(share: Share, target: Uint8Array, offset: number): void {
  target[offset] = checkedKind(share.kind);
  writeHex(target, offset + RECIPIENT_AT, share.recipient, 32, "A share's recipient");
  writeUint(target, offset + UNITS_AT, share.units, UNITS_BYTES, "A share's units");
  writeHex(target, offset + EVIDENCE_AT, share.evidence, 32, "A share's evidence");
}

/**
 * Reads a share from its bytes.
 *
 * @throws RangeError if the kind is neither 0 nor 1.
 */
export function unpackShare(packed: Uint8Array): Share {
  return {
    kind: checkedKind(packed[0]),
    recipient: toHex(packed.subarray(RECIPIENT_AT, UNITS_AT)),
    units: readUint(packed, UNITS_AT, UNITS_BYTES),
    evidence: toHex(packed.subarray(EVIDENCE_AT, SHARE_BYTES)),
  };
}

/** Whether a packed share's recipient is these 32 bytes. */
export function hasRecipient(packed: Uint8Array, recipient: Uint8Array): boolean {
  // Accounts and ids differ most at their end.
  for (let i = recipient.length - 1; i >= 0; i--) {
    if (packed[RECIPIENT_AT + i] !== recipient[i]) return false;
  }
  return true;
}

/** Tree node of a packed share: keccak256(0x00 ‖ packed share), then its units. */
export function leafNode(packed: Uint8Array): Uint8Array {
  preimage.set(packed, 1);
  const node = new Uint8Array(NODE_BYTES);
  node.set(keccak256(preimage));
  node.set(packed.subarray(UNITS_AT, EVIDENCE_AT), HASH_BYTES);
  return node;
}

/** Hash of a share, as it stands in the tree. */
export function leafHash(share: Share): string {
  const packed = new Uint8Array(SHARE_BYTES);
  packShare(share, packed, 0);
  return toHex(leafNode(packed).subarray(0, HASH_BYTES));
}

/** The same share without units: what a revoked contribution leaves in its place. */
export function tombstoneOf(share: Share): Share {
  return { ...share, units: 0n };
}

function checkedKind(kind: number): ShareKind {
  if (kind !== ShareKind.Account && kind !== ShareKind.Split) {
    throw new RangeError(`A share's kind must be 0 (account) or 1 (split), but is ${kind}.`);
  }
  return kind;
}
