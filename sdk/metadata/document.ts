import { checkMetadata } from "./canonical.ts";
import { checkCroissant, type CroissantReferences } from "./croissant.ts";
import type { ModelVersion } from "./assetVersion.ts";
import type { Problem } from "./problem.ts";
import { checkSpdx } from "./spdx.ts";

/** What a document is, and what is wrong with it. */
export interface Checked {
  kind: "croissant" | "spdx" | "other";
  problems: Problem[];
}

/**
 * Checks a document as it was found: that it is the one committed to, if a hash is given, and what it says. Of documents
 * of other kinds, such as model cards, only the hash can be checked.
 */
export function checkDocument({
  bytes,
  metadataHash,
  croissant,
  model,
}: {
  bytes: Uint8Array;
  metadataHash?: string;
  /** What to compare a Croissant document with. */
  croissant?: CroissantReferences;
  /** What to compare an SPDX document with. */
  model?: ModelVersion;
}): Checked {
  const problems = metadataHash === undefined ? [] : checkMetadata({ bytes, metadataHash });
  const value = parseJson(bytes);
  if (typeof value !== "object" || value === null) {
    if (metadataHash !== undefined) return { kind: "other", problems };
    const message = "is neither a Croissant nor an SPDX document: write JSON, or give the hash that the registry has.";
    return { kind: "other", problems: [{ pointer: "", message }] };
  }
  if ("@graph" in value) return { kind: "spdx", problems: [...problems, ...checkSpdx(value, model)] };
  return { kind: "croissant", problems: [...problems, ...checkCroissant(value, croissant)] };
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
