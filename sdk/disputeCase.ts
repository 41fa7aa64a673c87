import { Interface } from "ethers";

import type { RawLog } from "./chainLogs.ts";
import { EventArgs } from "./eventArgs.ts";

/** A share that a case holds, as `DisputeCourt.settle` wants to be shown it. Hashes and accounts are 32 bytes of hex. */
export interface HeldShare {
  /** Root of the split's tree. */
  root: string;
  totalUnits: bigint;
  size: bigint;
  index: bigint;
  /** Account that got its releases before the case. */
  holder: string;
  /** What the ledger had it redirected to before; the zero word for nothing. */
  redirect: string;
}

/** What `settle` needs to be shown of a case that was opened. */
export interface CaseShares {
  caseId: bigint;
  /** In the order in which the case holds them. */
  shares: HeldShare[];
}

const SHARE = "(bytes32 root, uint128 totalUnits, uint64 size, uint64 index, bytes32 holder, bytes32 redirect) share";

/** Events of the DisputeCourt that name what a case holds. */
export const CASE_EVENTS = new Interface([
  "event CaseOpened(uint256 indexed caseId, address indexed claimant, address indexed respondent, address harmed, uint256 amount, uint256 bond, address arbitrator, uint256 disputeId)",
  `event ShareHeld(uint256 indexed caseId, bytes32 indexed splitId, uint256 index, bytes32 escrow, ${SHARE})`,
]);

/**
 * The cases that were opened in some logs, with the shares they hold. Neither is on chain but in these.
 *
 * @param logs Of the court, in the order of the chain; those of others are passed over.
 * @param court Address of the DisputeCourt.
 */
export function casesIn({ logs, court }: { logs: readonly RawLog[]; court: string }): CaseShares[] {
  const cases = new Map<bigint, CaseShares>();
  for (const log of logs) {
    if (log.address.toLowerCase() !== court.toLowerCase()) continue;
    const event = CASE_EVENTS.parseLog(log);
    if (event === null) continue;
    const args = new EventArgs(event.args);
    const caseId = args.uint("caseId");
    const known = cases.get(caseId) ?? { caseId, shares: [] };
    if (event.name === "ShareHeld") known.shares.push(decodeShare(args.struct("share")));
    cases.set(caseId, known);
  }
  return [...cases.values()];
}

function decodeShare(share: EventArgs): HeldShare {
  return {
    root: share.text("root"),
    totalUnits: share.uint("totalUnits"),
    size: share.uint("size"),
    index: share.uint("index"),
    holder: share.text("holder"),
    redirect: share.text("redirect"),
  };
}
