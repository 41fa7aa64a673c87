import { Interface } from "ethers";

import type { Content } from "./content.ts";
import { type EventRange, readEvents } from "./contractEvents.ts";

/** A contribution that waits for, or got, a curator's decision. */
export interface Submission {
  datanetId: bigint;
  /** Its place in the Datanet's queue, from 1. */
  number: bigint;
  contributor: string;
  evidence: string;
  content: Content;
  uri: string;
}

const CONTENT = "(bytes32 contentRoot, uint64 byteLength, bytes32 licenseHash, bytes32 uriHash) content";

/** The DatanetRegistry's event of a contribution that was offered, as ethers reads it. */
export const SUBMISSION_EVENTS = new Interface([
  `event ContributionSubmitted(uint256 indexed id, uint256 number, address indexed contributor, bytes32 indexed evidence, ${CONTENT}, string uri)`,
]);

/** What was ever submitted to a Datanet, in the order of its queue. */
export async function readSubmissions({
  datanetId,
  ...range
}: EventRange & { datanetId: bigint }): Promise<Submission[]> {
  const events = await readEvents({ ...range, events: SUBMISSION_EVENTS });
  return events
    .filter(({ args }) => args.uint("id") === datanetId)
    .map(({ args }) => {
      const content = args.struct("content");
      return {
        datanetId,
        number: args.uint("number"),
        contributor: args.text("contributor"),
        evidence: args.text("evidence"),
        content: {
          contentRoot: content.text("contentRoot"),
          byteLength: content.uint("byteLength"),
          licenseHash: content.text("licenseHash"),
          uriHash: content.text("uriHash"),
        },
        uri: args.text("uri"),
      };
    });
}
