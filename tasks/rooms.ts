import type { Context } from "./lib/context.ts";
import type { Plan, Report } from "./lib/outcome.ts";
import type { ArgsOf, Options, Verb } from "./lib/verb.ts";
import { type RoomName, ROOMS } from "./verbs.ts";

/** What a verb does. */
export type Run<V> =
  V extends Verb<infer O, infer S> ? (context: Context, args: ArgsOf<O>) => Promise<Report<S> | Plan<S>> : never;

/** What the verbs of a room do, by what stands behind the colon of their names. */
export type Runs<Verbs extends Record<string, unknown>> = { [Name in keyof Verbs]: Run<Verbs[Name]> };

type AnyRun = (context: Context, args: ArgsOf<Options>) => Promise<Report | Plan>;
type Room = Record<string, AnyRun>;

const LOADERS: Record<RoomName, () => Promise<{ runs: unknown }>> = {
  datanet: async () => await import("./rooms/datanet.ts"),
  asset: async () => await import("./rooms/asset.ts"),
  model: async () => await import("./rooms/model.ts"),
  agent: async () => await import("./rooms/agent.ts"),
  service: async () => await import("./rooms/service.ts"),
  token: async () => await import("./rooms/token.ts"),
  ledger: async () => await import("./rooms/ledger.ts"),
  payment: async () => await import("./rooms/payment.ts"),
  channel: async () => await import("./rooms/channel.ts"),
  job: async () => await import("./rooms/job.ts"),
  stake: async () => await import("./rooms/stake.ts"),
  dispute: async () => await import("./rooms/dispute.ts"),
  gov: async () => await import("./rooms/gov.ts"),
  view: async () => await import("./rooms/view.ts"),
  metadata: async () => await import("./rooms/metadata.ts"),
};

/** What a verb does, from the room it belongs to. */
export async function loadRun(name: string): Promise<AnyRun> {
  for (const [room, verbs] of Object.entries<Record<string, Verb>>(ROOMS)) {
    const key = Object.entries(verbs).find(([, verb]) => verb.name === name)?.[0];
    if (key === undefined) continue;
    const { runs } = await LOADERS[room as RoomName]();
    return (runs as Room)[key];
  }
  throw new Error(`There is no verb ${name}.`);
}
