import { id, Interface } from "ethers";

import { type EventRange, readEvents } from "./contractEvents.ts";

/** What a proposal would do, as the governor takes it. */
export interface Proposal {
  proposalId: bigint;
  proposer: string;
  targets: string[];
  calldatas: string[];
  description: string;
  /** Keccak-256 of the description: `queue` and `execute` take it in its place. */
  descriptionHash: string;
  /** Moment whose votes count, in Unix time. */
  voteStart: bigint;
}

/** States of a proposal, in the order of the governor's enum. */
export const PROPOSAL_STATE = [
  "pending",
  "active",
  "cancelled",
  "defeated",
  "succeeded",
  "queued",
  "expired",
  "executed",
] as const;

/** The OpenGovernor's event of a proposal, as ethers reads it. */
export const PROPOSAL_EVENTS = new Interface([
  "event ProposalCreated(uint256 proposalId, address proposer, address[] targets, uint256[] values, string[] signatures, bytes[] calldatas, uint256 voteStart, uint256 voteEnd, string description)",
]);

/** All proposals, oldest first. The governor keeps their contents as a hash only. */
export async function readProposals(range: EventRange): Promise<Proposal[]> {
  const events = await readEvents({ ...range, events: PROPOSAL_EVENTS });
  return events.map(({ args }) => ({
    proposalId: args.uint("proposalId"),
    proposer: args.text("proposer"),
    targets: args.texts("targets"),
    calldatas: args.texts("calldatas"),
    description: args.text("description"),
    descriptionHash: id(args.text("description")),
    voteStart: args.uint("voteStart"),
  }));
}
