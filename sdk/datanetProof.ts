import type { Content } from "./content.ts";
import { concatBytes, fromHex, toHex } from "./bytes.ts";
import { packShare, type Share, SHARE_BYTES, unpackShare } from "./share.ts";
import type { Split } from "./split.ts";
import { NODE_BYTES, packSumNode, type SumNode, unpackSumNode } from "./sumNode.ts";

/** A version of a Datanet, as its publication shows it. */
export interface PublishedVersion {
  datanetId: bigint;
  version: bigint;
  /** Split of the log. */
  log: Split;
  /** What is wrapped around the log for its owner and its curator; absent if the log itself is paid. */
  wrapping?: Split;
}

/** A contribution in the log of a version. */
export interface LoggedContribution {
  index: number;
  content: Content;
}

/** ABI types of what verifiers take of a Datanet's version. */
export const LOG_VERSION_TYPE = "tuple(uint256 datanetId, uint256 version, uint64 size, bytes wrapping)";
export const LOG_ENTRY_TYPE =
  "tuple(uint64 index, tuple(bytes32 contentRoot, uint64 byteLength, bytes32 licenseHash, bytes32 uriHash) content, bytes proof)";

/** A share and what proves it, as verifiers read it: 81 bytes, and 48 for each sibling. */
export function encodeShareProof({ share, siblings }: { share: Share; siblings: readonly SumNode[] }): string {
  const packed = new Uint8Array(SHARE_BYTES);
  packShare(share, packed, 0);
  return toHex(concatBytes([packed, ...siblings.map(packSumNode)]));
}

/**
 * Reads a share and its siblings.
 *
 * @throws RangeError or TypeError if the bytes are no share and siblings.
 */
export function decodeShareProof(proof: string): { share: Share; siblings: SumNode[] } {
  const bytes = fromHex(proof, "A share's proof");
  if (bytes.length < SHARE_BYTES || (bytes.length - SHARE_BYTES) % NODE_BYTES !== 0) {
    throw new RangeError(
      `A share's proof has ${SHARE_BYTES} bytes and ${NODE_BYTES} per sibling, not ${bytes.length}.`,
    );
  }
  const siblings: SumNode[] = [];
  for (let at = SHARE_BYTES; at < bytes.length; at += NODE_BYTES) {
    siblings.push(unpackSumNode(bytes.subarray(at, at + NODE_BYTES)));
  }
  return { share: unpackShare(bytes.subarray(0, SHARE_BYTES)), siblings };
}

/**
 * Proof of one share of a split.
 *
 * @throws RangeError if it has no such share.
 */
export function proveShare({ tree }: Pick<Split, "tree">, index: number): string {
  return encodeShareProof({ share: tree.share(index), siblings: tree.rangeProof({ first: index, count: 1 }) });
}

/** A version as verifiers take it. */
export function logVersion({ datanetId, version, log, wrapping }: PublishedVersion): {
  datanetId: bigint;
  version: bigint;
  size: number;
  wrapping: string;
} {
  return { datanetId, version, size: log.tree.size, wrapping: wrapping === undefined ? "0x" : proveShare(wrapping, 0) };
}

/**
 * A contribution as verifiers take it.
 *
 * @throws RangeError if the log has no such contribution.
 */
export function logEntry(
  { log }: Pick<PublishedVersion, "log">,
  { index, content }: LoggedContribution,
): { index: number; content: Content; proof: string } {
  return { index, content, proof: proveShare(log, index) };
}
