import type { Fields } from "./fields.ts";
import { writtenOf } from "./fields.ts";
import { MAX_PAYMENTS } from "./limits.ts";
import type { Names } from "./lookup.ts";
import type { Problems } from "./problem.ts";
import { readPart, writeOpen } from "./quantities.ts";
import { readTarget } from "./readAssets.ts";
import type { Arrivals, Churn, Person, Rail, Service, Target, Traffic } from "./scenario.ts";
import type { Tree } from "./yamlTree.ts";

const MAX_TOKENS = 1_000_000_000;
const MAX_CALLS = 1_000_000;

/** Prices per 1,000 tokens. */
export type Rates = Pick<Service, "rateIn" | "rateOut">;

/** What traffic needs to know of the rest of a scenario. */
interface World {
  root: Tree;
  fields: Fields;
  names: Names;
  problems: Problems;
  people: readonly Person[];
  services: readonly Service[];
  periods: number;
  /** All prices that each service ever has. */
  rates: readonly (readonly Rates[])[];
  /** Whether a service takes calls in a period. */
  isActive: (service: number, period: number) => boolean;
}

export function readTraffic(world: World): Traffic[] {
  let total = 0;
  return world.fields.items(world.root, "traffic").flatMap((tree) => {
    const traffic = readOne(tree, world);
    if (traffic === undefined) return [];
    const before = total;
    for (let period = traffic.from; period <= traffic.to; period++)
      total += meanOf(traffic.arrivals, period - traffic.from);
    if (total > MAX_PAYMENTS && before <= MAX_PAYMENTS) {
      const payments = world.fields.get(tree, "payments") ?? tree;
      world.problems.add(
        payments.keyOffset,
        `With this traffic there are about ${Math.round(Math.min(total, Number.MAX_SAFE_INTEGER)).toLocaleString("en")} payments; a run can have ${MAX_PAYMENTS.toLocaleString("en")}. Write fewer with more \`calls\` each.`,
      );
    }
    return [traffic];
  });
}

function readOne(tree: Tree, world: World): Traffic | undefined {
  const { fields, problems, periods } = world;
  const payers = readPayers(tree, world);
  const target = readTarget({ tree, ...world });
  const [tokensIn, tokensOut] = [
    fields.range(tree, "tokensIn", MAX_TOKENS),
    fields.range(tree, "tokensOut", MAX_TOKENS),
  ];
  const callsPerPayment =
    fields.get(tree, "calls") === undefined ? { least: 1, most: 1 } : fields.range(tree, "calls", MAX_CALLS, 1);
  const span = readPeriods(tree, world);
  const churn = readChurn(tree, payers.length, world);
  const arrivals = readArrivals(tree, world);
  const rail = fields.string(tree, "pays");
  if (target === undefined || tokensIn === undefined || tokensOut === undefined || callsPerPayment === undefined)
    return undefined;
  if (arrivals === undefined || rail === undefined) return undefined;

  const traffic = {
    payers,
    target,
    rail: rail as Rail,
    arrivals,
    tokensIn,
    tokensOut,
    callsPerPayment,
    ...(span ?? { from: 0, to: periods - 1 }),
    churn,
  };
  const offset = fields.get(tree, "to")?.offset ?? tree.offset;
  const prices = checkTarget({ target, tokensIn: tokensIn.least, tokensOut: tokensOut.least, offset, ...world });
  if (prices === undefined) return traffic;
  if (span !== undefined && prices.services.every((service) => isOut({ service, ...span, world }))) {
    problems.add(
      offset,
      "Nobody serves this in any of the periods: there is an outage; write other periods, or let somebody else serve it too.",
    );
  }
  const least = prices.least * BigInt(callsPerPayment.least);
  const most = payers.reduce(
    (funds, payer) => (world.people[payer].funds > funds ? world.people[payer].funds : funds),
    0n,
  );
  if (payers.length !== 0 && most < least) {
    const from = fields.get(tree, "from") ?? tree;
    const has = most === 0n ? "Nobody of them has any funds" : `Nobody of them has more than ${writeOpen(most)}`;
    problems.add(from.offset, `${has}, and a payment costs ${writeOpen(least)} at least; give them more \`funds\`.`);
  }
  return traffic;
}

function isOut({ service, from, to, world }: { service: number; from: number; to: number; world: World }): boolean {
  for (let period = from; period <= to; period++) if (world.isActive(service, period)) return false;
  return true;
}

/** Says if nobody serves a target, or somebody for nothing. @returns What a call costs at least. */
export function checkTarget({
  target,
  tokensIn,
  tokensOut,
  offset,
  names,
  problems,
  services,
  rates,
}: Pick<World, "names" | "problems" | "services" | "rates"> & {
  target: Target;
  tokensIn: number;
  tokensOut: number;
  offset: number;
}): { least: bigint; services: number[] } | undefined {
  const places = [...services.keys()].filter((place) =>
    "service" in target ? place === target.service : services[place].asset === target.asset,
  );
  if (places.length === 0) {
    if ("asset" in target && !names.isIncomplete) {
      problems.add(offset, `Nobody serves \`${names.assetName(target.asset)}\`; add it to \`serves\` of an operator.`);
    }
    return undefined;
  }
  const costs = places.flatMap((place) => {
    const all = rates[place].map(
      ({ rateIn, rateOut }) => (BigInt(tokensIn) * rateIn + BigInt(tokensOut) * rateOut + 999n) / 1_000n,
    );
    if (all.includes(0n)) {
      problems.add(
        offset,
        `A call of \`${services[place].name}\` can cost nothing here, at ${tokensIn} tokens in and ${tokensOut} out; write more tokens, or a price for them.`,
      );
    }
    return all;
  });
  return { least: costs.reduce((least, cost) => (cost < least ? cost : least)), services: places };
}

function readPayers(tree: Tree, { fields, names, problems, people }: World): number[] {
  const from = fields.get(tree, "from");
  if (from === undefined) return [];
  const written = Array.isArray(from.value) ? from.items.filter(({ isBroken }) => !isBroken) : [from];
  const payers = new Set<number>();
  for (const entry of written) {
    for (const payer of names.persons(writtenOf(entry), entry.offset) ?? []) {
      if (payers.has(payer)) {
        problems.add(entry.offset, `\`${people[payer].name}\` is in this list already; name everybody once.`);
        break;
      }
      payers.add(payer);
    }
  }
  return [...payers];
}

function readPeriods(tree: Tree, { fields, problems, periods }: World): { from: number; to: number } | undefined {
  const entry = fields.get(tree, "periods");
  if (entry === undefined) return tree.entries.has("periods") ? undefined : { from: 0, to: periods - 1 };
  const range = fields.range(tree, "periods", 1_000, 1);
  if (range === undefined) return undefined;
  if (range.most <= periods) return { from: range.least - 1, to: range.most - 1 };
  problems.add(
    entry.offset,
    `The run ends with period ${periods}; write periods from 1 to ${periods}, or more \`periods\` above.`,
  );
  return undefined;
}

function readChurn(tree: Tree, payers: number, { fields, problems }: World): Churn {
  const churn = fields.get(tree, "churn");
  const begin = fields.integer(churn, "begin");
  const beginTree = fields.get(churn, "begin");
  if (begin !== undefined && beginTree !== undefined && begin > payers && payers !== 0) {
    problems.add(
      beginTree.offset,
      `${begin.toLocaleString("en")} payers cannot be there of ${payers.toLocaleString("en")}; write ${payers.toLocaleString("en")} or less.`,
    );
  }
  return {
    begin: begin ?? payers,
    join: fields.integer(churn, "join") ?? 0,
    leaveBps: fields.part(churn, "leave") ?? 0,
  };
}

function readArrivals(tree: Tree, { fields, problems }: World): Arrivals | undefined {
  const payments = fields.get(tree, "payments");
  if (payments === undefined) return undefined;
  if (typeof payments.value === "number") return { kind: "fixed", payments: payments.value };
  const mean = fields.integer(payments, "poisson");
  if (mean !== undefined) return { kind: "poisson", mean };
  const [burst, every] = [fields.integer(payments, "bursts"), fields.integer(payments, "every")];
  if (burst !== undefined && every !== undefined) {
    return { kind: "bursts", payments: burst, every, between: fields.integer(payments, "between") ?? 0 };
  }
  const growth = fields.get(payments, "growth");
  const [start, by] = [fields.integer(growth, "start"), fields.string(growth, "by")];
  if (start === undefined || by === undefined) return undefined;
  const changeBps = readPart(by);
  if (changeBps >= -10_000) return { kind: "growth", start, changeBps };
  problems.add(
    fields.get(growth, "by")?.offset ?? payments.offset,
    `Payments cannot become fewer by ${by}; write -100 % at least.`,
  );
  return undefined;
}

/** Payments to be expected in a period of a traffic. */
function meanOf(arrivals: Arrivals, period: number): number {
  switch (arrivals.kind) {
    case "fixed":
      return arrivals.payments;
    case "poisson":
      return arrivals.mean;
    case "bursts":
      return period % arrivals.every === 0 ? arrivals.payments : arrivals.between;
    case "growth":
      return arrivals.start * (1 + arrivals.changeBps / 10_000) ** period;
  }
}
