import type { ContributionReader } from "./contributions.ts";
import type { Fields } from "./fields.ts";
import {
  DUPLICATE_SLASH_BPS,
  EQUIVOCATION_SLASH_BPS,
  PROPOSAL_THRESHOLD,
  QUORUM_PERCENT,
  RULING_SLASH_BPS,
  VOTE_SECONDS,
  VOTING_DELAY_SECONDS,
} from "./limits.ts";
import type { Names } from "./lookup.ts";
import type { Problems } from "./problem.ts";
import { writeOpen } from "./quantities.ts";
import { readUpstreams } from "./readAssets.ts";
import { readFees, referenceOf } from "./readParties.ts";
import type { Asset, Datanet, Fees, Operator, Person, ScenarioEvent, Service, Upstream } from "./scenario.ts";
import { LogBook, StakeBook, sum } from "./timeline.ts";
import type { Tree } from "./yamlTree.ts";

/** What events need to know of the rest of a scenario. */
interface World {
  root: Tree;
  fields: Fields;
  names: Names;
  problems: Problems;
  people: readonly Person[];
  datanets: readonly Datanet[];
  assets: readonly Asset[];
  operators: readonly Operator[];
  services: readonly Service[];
  fees: Fees;
  periods: number;
  periodSeconds: number;
  contributions: ContributionReader;
}

/** An event and where it is. */
interface Written {
  event: ScenarioEvent;
  tree: Tree;
}

type EventOf<Kind extends ScenarioEvent["kind"]> = Extract<ScenarioEvent, { kind: Kind }>;

/** An outage: first period, and the first one after it. */
export interface Outage {
  operator: number;
  from: number;
  to: number;
}

/** Events in the order in which they happen. What each needs must be so by then. */
export function readEvents(world: World): { events: ScenarioEvent[]; outages: Outage[] } {
  const written = world.fields.items(world.root, "events").flatMap((tree): Written[] => {
    const at = readPeriod(tree, "at", world);
    const event = at === undefined ? undefined : readEvent(tree, at, world);
    return event === undefined ? [] : [{ event, tree }];
  });
  written.sort((a, b) => a.event.at - b.event.at);
  const outages = checkOutages(written, world);
  checkLogs(written, world);
  checkStakes(written, world);
  return { events: settleFees(written, world), outages };
}

/** Counted from 0. */
function readPeriod(tree: Tree, key: string, { fields, problems, periods }: World): number | undefined {
  const entry = fields.get(tree, key);
  const period = fields.integer(tree, key);
  if (entry === undefined || period === undefined) return undefined;
  if (period <= periods) return period - 1;
  problems.add(
    entry.offset,
    `There is no period ${period}; write a number from 1 to ${periods}, or more \`periods\` above.`,
  );
  return undefined;
}

function readEvent(tree: Tree, at: number, world: World): ScenarioEvent | undefined {
  const { fields } = world;
  switch (fields.string(tree, "do")) {
    case "contribute":
      return readContribute(tree, at, world);
    case "revoke": {
      const [datanet, contributor] = [find(tree, "datanet", "datanet", world), find(tree, "who", "person", world)];
      return datanet === undefined || contributor === undefined
        ? undefined
        : { at, kind: "revoke", datanet, contributor };
    }
    case "publish":
      return readPublish(tree, at, world);
    case "price": {
      const service = find(tree, "service", "service", world);
      const [rateIn, rateOut] = [fields.amount(tree, "in"), fields.amount(tree, "out")];
      if (service === undefined || rateIn === undefined || rateOut === undefined) return undefined;
      if (rateIn + rateOut === 0n)
        world.problems.add(
          tree.offset,
          "This service would cost nothing; write a price above 0 for tokens in, tokens out or both.",
        );
      return { at, kind: "price", service, rateIn, rateOut };
    }
    case "outage": {
      const operator = find(tree, "operator", "operator", world);
      return operator === undefined
        ? undefined
        : { at, kind: "outage", operator, periods: fields.integer(tree, "periods") ?? 1 };
    }
    case "vote":
      return readVote(tree, at, world);
    case "equivocate": {
      const [operator, payer] = [find(tree, "operator", "operator", world), find(tree, "payer", "person", world)];
      const prover = fields.get(tree, "prover") === undefined ? payer : find(tree, "prover", "person", world);
      if (operator === undefined || payer === undefined || prover === undefined) return undefined;
      return { at, kind: "equivocate", operator, payer, prover };
    }
    case "copy":
      return readCopy(tree, at, world);
    case "dispute": {
      const [claimant, operator, slash] = [
        find(tree, "claimant", "person", world),
        find(tree, "operator", "operator", world),
        fields.amount(tree, "slash"),
      ];
      const ruling = fields.string(tree, "ruling");
      if (claimant === undefined || operator === undefined || slash === undefined) return undefined;
      if (ruling !== "claimant" && ruling !== "respondent" && ruling !== "none") return undefined;
      return { at, kind: "dispute", claimant, operator, slash, ruling };
    }
    default:
      return undefined;
  }
}

function find(
  tree: Tree,
  key: string,
  kind: "person" | "datanet" | "operator" | "asset" | "service",
  { fields, names }: World,
): number | undefined {
  const reference = referenceOf(tree, key, fields);
  return reference === undefined ? undefined : names[kind](reference.name, reference.offset);
}

function readContribute(tree: Tree, at: number, world: World): ScenarioEvent | undefined {
  const datanet = find(tree, "datanet", "datanet", world);
  if (datanet === undefined) return undefined;
  const contributions = world.contributions.read(world.fields.get(tree, "contributions"), world.datanets[datanet].name);
  return { at, kind: "contribute", datanet, contributions };
}

function readPublish(tree: Tree, at: number, world: World): ScenarioEvent | undefined {
  const { fields, problems, assets } = world;
  const place = find(tree, "asset", "asset", world);
  const ownerUnits = fields.units(tree, "units");
  if (place === undefined || ownerUnits === undefined) return undefined;
  const { kind, name, agent } = assets[place];
  const budget = fields.get(tree, "budget");
  if (budget !== undefined && agent === undefined) {
    problems.add(budget.keyOffset, `\`${name}\` is a model, and only agents have a budget; remove it.`);
  }
  const upstreams = readUpstreams({ tree, kind, ...world });
  return {
    at,
    kind: "publish",
    asset: place,
    ownerUnits,
    budgetUnits: fields.units(tree, "budget") ?? agent?.budgetUnits ?? 0n,
    upstreams,
  };
}

function readVote(tree: Tree, at: number, world: World): ScenarioEvent {
  const { fields, names, problems, people } = world;
  const voters = new Set<number>();
  for (const entry of fields.items(tree, "by")) {
    for (const voter of names.persons(String(entry.value), entry.offset) ?? []) {
      if (voters.has(voter))
        problems.add(entry.offset, `\`${people[voter].name}\` votes already; everybody votes once.`);
      voters.add(voter);
    }
  }
  return { at, kind: "vote", fees: world.fees, voters: [...voters] };
}

function readCopy(tree: Tree, at: number, world: World): ScenarioEvent | undefined {
  const { fields, problems, datanets, people } = world;
  const [datanet, victim, copier] = [
    find(tree, "datanet", "datanet", world),
    find(tree, "of", "person", world),
    find(tree, "by", "person", world),
  ];
  const units = fields.units(tree, "units");
  const caughtTree = fields.get(tree, "caught");
  const caught = readPeriod(tree, "caught", world);
  const prover = fields.get(tree, "prover") === undefined ? victim : find(tree, "prover", "person", world);
  if (caughtTree !== undefined && caught !== undefined && caught <= at) {
    problems.add(
      caughtTree.offset,
      `It is caught in period ${caught + 1} and happens in period ${at + 1}; write a later period, or move the event.`,
    );
  }
  if (
    datanet === undefined ||
    victim === undefined ||
    copier === undefined ||
    units === undefined ||
    prover === undefined
  )
    return undefined;
  const { name, court } = datanets[datanet];
  if (caughtTree !== undefined && !court) {
    problems.add(
      caughtTree.keyOffset,
      `The court may not move shares of \`${name}\`; write \`court: true\` there, or leave \`caught\` out.`,
    );
  }
  if (victim === copier) {
    const by = fields.get(tree, "by") ?? tree;
    problems.add(by.offset, `\`${people[copier].name}\` would copy itself; write somebody else.`);
  }
  return { at, kind: "copy", datanet, victim, copier, units, caught, prover };
}

/** No outage begins during another one of the operator, and none goes on after the end; nobody acts during it. */
function checkOutages(
  written: readonly Written[],
  { fields, problems, operators, services, periods }: World,
): Outage[] {
  const outages: Outage[] = [];
  const outageAt = (operator: number, period: number): Outage | undefined =>
    outages.find((outage) => outage.operator === operator && outage.from <= period && period < outage.to);
  for (const { event, tree } of written) {
    if (event.kind !== "outage") continue;
    const name = operators[event.operator].name;
    const to = event.at + event.periods;
    const other = outageAt(event.operator, event.at);
    if (other !== undefined) {
      problems.add(
        tree.offset,
        `\`${name}\` is out already, from period ${other.from + 1} to ${other.to}; write one outage that is longer, or a later one.`,
      );
    }
    const periodsTree = fields.get(tree, "periods");
    if (to > periods) {
      problems.add(
        periodsTree?.offset ?? tree.offset,
        `This outage ends after period ${periods}, the last one; write ${periods - event.at} or less.`,
      );
    }
    if (!services.some(({ operator }) => operator === event.operator)) {
      problems.add(
        tree.offset,
        `\`${name}\` serves nothing that could be out; add \`serves\` to it, or remove the event.`,
      );
    }
    outages.push({ operator: event.operator, from: event.at, to });
  }
  for (const { event, tree } of written) {
    const operator =
      event.kind === "price"
        ? services[event.service].operator
        : event.kind === "equivocate"
          ? event.operator
          : undefined;
    const outage = operator === undefined ? undefined : outageAt(operator, event.at);
    if (operator === undefined || outage === undefined) continue;
    problems.add(
      tree.offset,
      `\`${operators[operator].name}\` is out from period ${outage.from + 1} to ${outage.to} and does nothing then; write another period.`,
    );
  }
  return outages;
}

/** Only what is in a Datanet can be revoked or copied, and models build on what has contributions. Each version is another one. */
function checkLogs(written: readonly Written[], { fields, problems, people, datanets, assets }: World): void {
  const logs = datanets.map(({ contributions }) => {
    const log = new LogBook();
    log.append(contributions.map(({ contributor }) => contributor));
    return log;
  });
  const latest = assets.map(() => 1);
  const versionOf = (upstream: Upstream): string =>
    "datanet" in upstream
      ? `d${upstream.datanet}.${logs[upstream.datanet].version}`
      : `a${upstream.asset}.${latest[upstream.asset]}`;
  const describe = (event: { ownerUnits: bigint; budgetUnits: bigint; upstreams: readonly Upstream[] }): string =>
    [
      event.ownerUnits,
      event.budgetUnits,
      ...event.upstreams.map((upstream) => `${versionOf(upstream)}:${upstream.units}`),
    ].join(" ");
  const published = assets.map(
    ({ ownerUnits, agent, upstreams }) =>
      new Set([describe({ ownerUnits, budgetUnits: agent?.budgetUnits ?? 0n, upstreams })]),
  );

  for (const { event, tree } of written) {
    switch (event.kind) {
      case "contribute":
        logs[event.datanet].append(event.contributions.map(({ contributor }) => contributor));
        break;
      case "revoke":
        if (!logs[event.datanet].has(event.contributor)) {
          const who = fields.get(tree, "who") ?? tree;
          problems.add(
            who.offset,
            `\`${people[event.contributor].name}\` has nothing in \`${datanets[event.datanet].name}\` in period ${event.at + 1} that could be revoked; write somebody who has, or a later period.`,
          );
        }
        logs[event.datanet].revoke(event.contributor);
        break;
      case "copy":
        if (!logs[event.datanet].has(event.victim)) {
          const of = fields.get(tree, "of") ?? tree;
          problems.add(
            of.offset,
            `\`${people[event.victim].name}\` has nothing in \`${datanets[event.datanet].name}\` in period ${event.at + 1} that could be copied; write somebody who has, or a later period.`,
          );
        }
        logs[event.datanet].append([event.copier]);
        break;
      case "publish": {
        for (const upstream of event.upstreams) {
          if (!("datanet" in upstream) || !logs[upstream.datanet].isEmpty) continue;
          const { name } = datanets[upstream.datanet];
          const key = fields.get(tree, "on")?.entries.get(name) ?? tree;
          problems.add(
            key.keyOffset,
            `All contributions to \`${name}\` are revoked by period ${event.at + 1}, so that nothing can build on it; leave it out.`,
          );
        }
        const version = describe(event);
        if (published[event.asset].has(version)) {
          problems.add(
            tree.offset,
            `This version of \`${assets[event.asset].name}\` is like one that there is; change its units, or what it builds on, before that.`,
          );
        }
        published[event.asset].add(version);
        latest[event.asset]++;
        break;
      }
      default:
    }
  }
}

/** Who votes has the stake for it, and who is slashed has something to lose. */
function checkStakes(written: readonly Written[], world: World): void {
  const { fields, problems, people, datanets, operators, services, periods, periodSeconds } = world;
  const stakes = new StakeBook(operators);
  const lag = Math.ceil(VOTE_SECONDS / periodSeconds);
  for (const { event, tree } of byStakes(written, periodSeconds)) {
    switch (event.kind) {
      case "equivocate": {
        const { name } = operators[event.operator];
        const operator = fields.get(tree, "operator") ?? tree;
        if (stakes.pool(event.operator) === 0n)
          problems.add(
            operator.offset,
            `\`${name}\` has no stake to lose; give it \`stake\`, or write another operator.`,
          );
        if (!services.some((service) => service.operator === event.operator)) {
          problems.add(
            operator.offset,
            `\`${name}\` serves nothing that it could sign a receipt for; add \`serves\` to it, or write another operator.`,
          );
        }
        stakes.slash(event.operator, EQUIVOCATION_SLASH_BPS);
        break;
      }
      case "dispute":
        checkDispute(event, tree, stakes, world);
        if (event.ruling === "claimant") stakes.slashAmount(event.operator, event.slash);
        break;
      case "copy": {
        const curator = operators.findIndex(({ wallet }) => wallet === datanets[event.datanet].curator);
        if (curator >= 0 && event.caught !== undefined) stakes.slash(curator, DUPLICATE_SLASH_BPS);
        break;
      }
      case "vote": {
        if (event.at + lag >= periods) {
          const at = fields.get(tree, "at") ?? tree;
          const instead =
            periods - 1 - lag >= 0
              ? `write ${periods - lag} or less, or more \`periods\` above`
              : `the run needs ${lag + 1} \`periods\` at least, or longer ones`;
          problems.add(
            at.offset,
            `These fees would be in force in period ${event.at + lag + 1}, after the last one: a vote takes 18 days; ${instead}.`,
          );
        }
        const by = fields.get(tree, "by") ?? tree;
        const votes = event.voters.map((voter) => stakes.votes(voter));
        const idle = event.voters.find((_, i) => votes[i] === 0n);
        if (idle !== undefined)
          problems.add(by.offset, `\`${people[idle].name}\` has no stake, so no vote; write somebody who has.`);
        else if (votes.length !== 0 && votes.every((own) => own < PROPOSAL_THRESHOLD)) {
          problems.add(
            by.offset,
            `None of them has ${writeOpen(PROPOSAL_THRESHOLD)} staked, which a proposal needs; write somebody who has, or let them stake more.`,
          );
        }
        const [cast, total] = [sum(votes), stakes.total()];
        if (idle === undefined && cast * 100n < total * QUORUM_PERCENT) {
          problems.add(
            by.offset,
            `They have ${writeOpen(cast)} of ${writeOpen(total)} staked, and ${QUORUM_PERCENT} % must vote; write more voters, or let them stake more.`,
          );
        }
        // Who has most proposes.
        event.voters.sort(
          (a, b) => Number(stakes.votes(b) > stakes.votes(a)) - Number(stakes.votes(b) < stakes.votes(a)),
        );
        break;
      }
      default:
    }
  }
}

/** Copies cost stake when they are caught, and votes count what is staked a day after the proposal. */
function byStakes(written: readonly Written[], periodSeconds: number): Written[] {
  const timeOf = ({ event }: Written): number => {
    if (event.kind === "vote") return event.at * periodSeconds + VOTING_DELAY_SECONDS;
    return (event.kind === "copy" ? (event.caught ?? event.at) : event.at) * periodSeconds;
  };
  return [...written].sort((a, b) => timeOf(a) - timeOf(b));
}

function checkDispute(
  event: EventOf<"dispute">,
  tree: Tree,
  stakes: StakeBook,
  { fields, problems, operators }: World,
): void {
  const operator = operators[event.operator];
  const slash = fields.get(tree, "slash") ?? tree;
  const pool = stakes.pool(event.operator);
  const cap = (pool * RULING_SLASH_BPS) / 10_000n;
  if (event.claimant === operator.wallet) {
    const claimant = fields.get(tree, "claimant") ?? tree;
    problems.add(claimant.offset, `\`${operator.name}\` cannot bring a case against itself; write somebody else.`);
  }
  if (pool === 0n) {
    const place = fields.get(tree, "operator") ?? tree;
    problems.add(
      place.offset,
      `\`${operator.name}\` has no stake to lose; give it \`stake\`, or write another operator.`,
    );
  } else if (event.slash > cap) {
    problems.add(
      slash.offset,
      `A ruling can take ${writeOpen(cap)} of \`${operator.name}\` at most, a fifth of what is staked on it then; write that or less.`,
    );
  }
  if (event.slash === 0n) problems.add(slash.offset, "This case asks for nothing; write a slash above 0.");
}

/** Fees that votes leave as they are, are those of the vote before. */
function settleFees(written: readonly Written[], { fields, problems, fees }: World): ScenarioEvent[] {
  let before = fees;
  return written.map(({ event, tree }) => {
    if (event.kind !== "vote") return event;
    before = readFees({ tree: fields.get(tree, "fees"), before, fields, problems });
    return { ...event, fees: before };
  });
}
