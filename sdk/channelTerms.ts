import { Interface } from "ethers";

import type { Channel } from "./channel.ts";
import { type EventRange, readEvents } from "./contractEvents.ts";

/** A channel that somebody opened. */
export interface OpenedChannel {
  channelId: string;
  number: bigint;
  channel: Channel;
}

/** The PaymentChannels' event that has a channel's terms, as ethers reads it. */
export const CHANNEL_EVENTS = new Interface([
  "event ChannelOpened(bytes32 indexed channelId, address indexed payer, address indexed operator, uint256 number, address signer, bytes32 splitId, uint256 withdrawDelaySeconds, bytes32 salt)",
]);

/** All channels, by number. The contract keeps their terms as a hash only. */
export async function readChannels(range: EventRange): Promise<OpenedChannel[]> {
  const events = await readEvents({ ...range, events: CHANNEL_EVENTS });
  return events.map(({ args }) => ({
    channelId: args.text("channelId"),
    number: args.uint("number"),
    channel: {
      payer: args.text("payer"),
      signer: args.text("signer"),
      operator: args.text("operator"),
      splitId: args.text("splitId"),
      withdrawDelaySeconds: args.uint("withdrawDelaySeconds"),
      salt: args.text("salt"),
    },
  }));
}
