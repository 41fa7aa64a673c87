import type { Verb } from "./lib/verb.ts";
import { AGENTS, ASSETS, DATANETS, MODELS } from "./verbs/assets.ts";
import { METADATA_VERBS } from "./verbs/metadata.ts";
import { CHANNELS, JOBS, LEDGERS, PAYMENTS, SERVICES, TOKENS, VIEWS } from "./verbs/money.ts";
import { DISPUTES, GOVERNANCE, STAKES } from "./verbs/power.ts";

/** Verbs by the room that carries them out, in the order in which money goes through them. */
export const ROOMS = {
  datanet: DATANETS,
  asset: ASSETS,
  model: MODELS,
  agent: AGENTS,
  service: SERVICES,
  token: TOKENS,
  ledger: LEDGERS,
  payment: PAYMENTS,
  channel: CHANNELS,
  job: JOBS,
  stake: STAKES,
  dispute: DISPUTES,
  gov: GOVERNANCE,
  view: VIEWS,
  metadata: METADATA_VERBS,
} as const;
export type RoomName = keyof typeof ROOMS;

/** Every verb there is. */
export const VERBS: readonly Verb[] = Object.values(ROOMS).flatMap((room: Record<string, Verb>) => Object.values(room));
