import { AbiCoder } from "ethers";

import {
  LOG_ENTRY_TYPE,
  LOG_VERSION_TYPE,
  logEntry,
  type LoggedContribution,
  logVersion,
  proveShare,
  type PublishedVersion,
} from "./datanetProof.ts";
import type { Split } from "./split.ts";

const PROOF_TYPE =
  "tuple(address registry, uint256 assetId, uint256 assetVersion, address arbiter, uint64 size, uint64 index, " +
  `bytes upstream, ${LOG_VERSION_TYPE} version, ${LOG_ENTRY_TYPE} revoked)`;

/**
 * Shows the `RevokedLineageVerifier` that a version of an asset builds on a Datanet's version with a contribution that
 * was revoked before.
 *
 * @param registry Address of the models' or the agents' registry.
 * @param assetVersion The asset's version, whether it has been replaced or not.
 * @param split Split of that version.
 * @param index Index of the share that goes to the Datanet's version.
 * @param revoked The contribution, with its units, in the log of that version.
 * @throws RangeError if there is no such share or contribution.
 */
export function encodeRevokedLineageProof({
  registry,
  assetId,
  assetVersion,
  split,
  index,
  version,
  revoked,
}: {
  registry: string;
  assetId: bigint;
  assetVersion: bigint;
  split: Split;
  index: number;
  version: PublishedVersion;
  revoked: LoggedContribution;
}): string {
  const proof = {
    registry,
    assetId,
    assetVersion,
    arbiter: split.arbiter,
    size: split.tree.size,
    index,
    upstream: proveShare(split, index),
    version: logVersion(version),
    revoked: logEntry(version, revoked),
  };
  return AbiCoder.defaultAbiCoder().encode([PROOF_TYPE], [proof]);
}
