import canonicalize from "canonicalize";
import { toUtf8Bytes } from "ethers";

import { toHex, ZERO_WORD } from "../bytes.ts";
import { keccak256 } from "../keccak.ts";
import type { Problem } from "./problem.ts";

/**
 * A document as it is published: JSON in the canonical form of RFC 8785, in UTF-8.
 *
 * @throws TypeError if the document is no JSON.
 */
export function canonicalBytes(document: unknown): Uint8Array {
  const text = canonicalize(document);
  if (text === undefined) throw new TypeError("A document must be JSON.");
  return toUtf8Bytes(text);
}

/** What a registry commits to: Keccak-256 of a document's canonical bytes. */
export function metadataHash(document: unknown): string {
  return toHex(keccak256(canonicalBytes(document)));
}

/** Whether the bytes found at a `metadataURI` are those that the registry commits to. */
export function checkMetadata({ bytes, metadataHash: hash }: { bytes: Uint8Array; metadataHash: string }): Problem[] {
  const expected = hash.toLowerCase();
  const actual = toHex(keccak256(bytes));
  if (actual === expected) return [];
  if (expected === ZERO_WORD) {
    return [
      { pointer: "", message: `is not committed to: the registry has no hash. Describe the asset with ${actual}.` },
    ];
  }
  const canonical = canonicalHashOf(bytes);
  if (canonical === expected) {
    const message = `has the right content in another form: publish its canonical bytes (RFC 8785), whose hash is ${hash}.`;
    return [{ pointer: "", message }];
  }
  const message = `has the hash ${actual}, but the registry commits to ${expected}: publish the document it was made for.`;
  return [{ pointer: "", message }];
}

function canonicalHashOf(bytes: Uint8Array): string | undefined {
  try {
    return metadataHash(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    return undefined;
  }
}
