import { AbiCoder } from "ethers";

import {
  LOG_ENTRY_TYPE,
  LOG_VERSION_TYPE,
  logEntry,
  type LoggedContribution,
  logVersion,
  type PublishedVersion,
} from "./datanetProof.ts";

const PROOF_TYPE = `tuple(${LOG_VERSION_TYPE} version, ${LOG_ENTRY_TYPE} first, ${LOG_ENTRY_TYPE} later)`;

/**
 * Shows the `DuplicateVerifier` that a version of a Datanet holds the same content twice.
 *
 * @throws RangeError if the log lacks one of the contributions.
 */
export function encodeDuplicateProof({
  version,
  first,
  later,
}: {
  version: PublishedVersion;
  first: LoggedContribution;
  later: LoggedContribution;
}): string {
  const proof = {
    version: logVersion(version),
    first: logEntry(version, first),
    later: logEntry(version, later),
  };
  return AbiCoder.defaultAbiCoder().encode([PROOF_TYPE], [proof]);
}
