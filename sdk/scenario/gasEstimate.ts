import snapshot from "../../gas/snapshot.json" with { type: "json" };
import type { Prices, Rail, Scenario } from "./scenario.ts";
import type { Step } from "./step.ts";

/** What a claim or release proves: so many shares, and the levels of the trees above them, all together. */
export interface Released {
  shares: number;
  levels: number;
}

/** A share of a split that has two. */
const ONE_OF_TWO: Released = { shares: 1, levels: 1 };
const MILLION = 1_000_000n;
const TOKEN = 10n ** 18n;

/** Gas of something that is done to several at once: each transaction takes `base`, and `each` for every one of at most `most`. */
interface Batch {
  base: number;
  each: number;
  most: number;
}

/** From the cost of each in two transactions that did it to so many. */
function batchOf(few: { count: number; each: number }, many: { count: number; each: number }): Batch {
  const each = (many.count * many.each - few.count * few.each) / (many.count - few.count);
  return { base: few.count * (few.each - each), each, most: many.count };
}

function gasOfBatch({ base, each, most }: Batch, count: number): number {
  return Math.round(Math.ceil(count / most) * base + count * each);
}

const SETTLE = batchOf(
  { count: 1, each: snapshot["settle 1 vouchers, each"] },
  { count: 500, each: snapshot["settle 500 vouchers, each"] },
);
const ACCEPT = batchOf(
  { count: 100, each: snapshot["accept 100 signed contributions, each"] },
  { count: 1_800, each: snapshot["limit: accept 1,800 signed contributions"] / 1_800 },
);

/** An upstream of a model or agent, and those that a version was published on when it was measured. */
const UPSTREAM =
  (snapshot["limit: register a model with 1,000 parents"] - snapshot["register a model, 2 builders"]) / 1_000;
const MEASURED_UPSTREAMS = 3;

/** A level of a claimed split's tree: 2^20 shares have 19 more than two. */
const LEVEL = (snapshot["claim, split of 2^20 shares"] - snapshot["claim, split of 2 shares"]) / 19;

/** Something small that its owner changes: one storage slot and an event. */
const SETTING = snapshot["approve a spender"];

const VOTES = snapshot["vote on a case"] + snapshot["vote on a case, deciding"];

/** Payments of a single kind. What is promised by voucher takes gas when it is settled. */
const PAYMENT: Record<Rail, number> = {
  wallet: snapshot["pay a service, with its platform fee"],
  balance: snapshot["pay from balance"],
  signed: snapshot["pay with authorization"],
  transfer: snapshot["transfer to a split's address"],
  vouchers: 0,
  job: snapshot["request and deliver a job"],
};

/**
 * Gas of what a step does, from what the benches measured and the repository holds: in the long run, so without what a first payment of a
 * split takes more. Claims and releases depend on what they prove.
 *
 * The release of everything at the end is the comparison's and takes none: nobody would pay for it.
 */
export function gasOfStep({
  scenario,
  step,
  released = ONE_OF_TWO,
}: {
  scenario: Pick<Scenario, "assets">;
  step: Step;
  released?: Released;
}): number {
  switch (step.kind) {
    case "period":
    case "releaseAll":
      return 0;
    case "createDatanet":
      return snapshot["create a Datanet"];
    case "accept":
      return gasOfBatch(ACCEPT, step.contributions.length);
    case "revoke":
      return step.places.length * snapshot["revoke one of 300 contributions"];
    case "publish":
      return gasOfPublication({
        isAgent: scenario.assets[step.asset].kind === "agent",
        isFirst: step.version === 1,
        upstreams: step.upstreams.length,
      });
    case "stake":
      return snapshot["stake, first time on an operator"];
    case "setCommission":
    case "serveVersion":
    case "setRates":
    case "setActive":
      return SETTING;
    case "serve":
      return snapshot["register a service"];
    case "propose":
      return (
        snapshot.propose +
        snapshot["cast a vote, first, reaching the quorum"] +
        Math.max(0, step.voters.length - 1) * snapshot["cast a vote, stake in 1 pool"]
      );
    case "enact":
      return snapshot["queue a proposal"] + snapshot["execute a change of fees"];
    case "deposit":
    case "fundChannel":
      return snapshot.deposit;
    case "pay":
      return PAYMENT[step.rail];
    case "settle":
      return gasOfBatch(SETTLE, step.vouchers.length);
    case "sweep":
      return snapshot.sweep;
    case "release":
    case "claim":
      return gasOfClaim(released);
    case "equivocate":
      return snapshot["prove an equivocation"];
    case "duplicate":
      return snapshot["prove a duplicate in a Datanet of 100"];
    case "dispute":
      return (
        snapshot["open a case, 1 share"] +
        (step.ruling === "none"
          ? snapshot["settle a case nobody ruled on, 1 share"]
          : VOTES + snapshot["settle a case, 1 share"])
      );
  }
}

/** Gas of a claim: one share of a split of two, and what each further share and level adds. */
export function gasOfClaim({ shares, levels }: Released): number {
  return Math.round(
    snapshot["claim, split of 2 shares"] +
      (shares - 1) * snapshot["claim, each further hop, 2 shares"] +
      (levels - shares) * LEVEL,
  );
}

/** Levels above a share of a split of so many. */
export function levelsOf(shares: number): number {
  return Math.ceil(Math.log2(shares));
}

/** What gas costs as a part of what was moved, in millionths, rounded down; 0 if nothing was. */
export function gasShareOf({ gas, moved, prices }: { gas: bigint; moved: bigint; prices: Prices }): number {
  const worth = moved * prices.weiPerToken;
  return worth === 0n ? 0 : Number((gas * prices.gasPrice * TOKEN * MILLION) / worth);
}

function gasOfPublication({
  isAgent,
  isFirst,
  upstreams,
}: {
  isAgent: boolean;
  isFirst: boolean;
  upstreams: number;
}): number {
  if (!isFirst) {
    return Math.round(snapshot["publish another version of that model"] + (upstreams - MEASURED_UPSTREAMS) * UPSTREAM);
  }
  if (isAgent) return Math.round(snapshot["register an agent, 1 builder on a model"] + (upstreams - 1) * UPSTREAM);
  return Math.round(snapshot["register a model, 2 builders"] + upstreams * UPSTREAM);
}
