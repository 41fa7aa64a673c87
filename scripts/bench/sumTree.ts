/**
 * Builds the sum tree of a number of shares (default: a million) and prints what that takes, as JSON on one line. Run it
 * in a process of its own: the memory is that of the whole process at its peak.
 */
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

import { type Share, ShareKind } from "../../sdk/share.ts";
import { SumTree, verifyRange } from "../../sdk/sumTree.ts";

/** What building a tree took. */
export interface SumTreeCost {
  shares: number;
  buildSeconds: number;
  /** Mean of many single-share proofs, made and verified. */
  proofMicroseconds: number;
  /** Peak resident memory of this process. */
  peakRssBytes: number;
}

/** @throws Error if a proof of the tree is wrong. */
export function measureSumTree(shares: number): SumTreeCost {
  const started = performance.now();
  const tree = SumTree.from(distinctShares(shares));
  const buildSeconds = (performance.now() - started) / 1_000;

  const proofs = Math.min(shares, 10_000);
  const proofsStarted = performance.now();
  for (let i = 0; i < proofs; i++) {
    const first = Math.floor((i * shares) / proofs);
    const claim = {
      first,
      size: tree.size,
      shares: [tree.share(first)],
      siblings: tree.rangeProof({ first, count: 1 }),
    };
    if (!verifyRange({ ...claim, root: tree.root, totalUnits: tree.totalUnits })) {
      throw new Error(`The proof of share ${first} of ${shares} is wrong.`);
    }
  }
  const proofMicroseconds = ((performance.now() - proofsStarted) * 1_000) / proofs;
  return { shares, buildSeconds, proofMicroseconds, peakRssBytes: process.resourceUsage().maxRSS * 1_024 };
}

function* distinctShares(count: number): Generator<Share> {
  for (let i = 1; i <= count; i++) {
    const word = `0x${i.toString(16).padStart(64, "0")}`;
    yield { kind: ShareKind.Account, recipient: word, units: BigInt(i) * 10n ** 15n, evidence: word };
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(JSON.stringify(measureSumTree(Number(process.argv[2] ?? 1_000_000))));
}
