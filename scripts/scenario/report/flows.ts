import type { FlowEnd, FlowResult } from "../../../sdk/scenario/result.ts";
import { formatInteger } from "../../report/format.ts";
import { keyOf } from "../../report/sankey.ts";

type Kind = FlowEnd["kind"];

/** Of whom the picture shows how many, those with most; the others are drawn as one. */
const SHOWN: Record<Kind, number> = {
  payer: 8,
  service: 8,
  operator: 4,
  staker: 4,
  agent: 5,
  model: 8,
  datanet: 6,
  contributor: 8,
  builder: 5,
  protocol: 1,
};

const PLURALS: Record<Kind, string> = {
  payer: "payers",
  service: "services",
  operator: "operators",
  staker: "pools of stakers",
  agent: "agents",
  model: "models",
  datanet: "Datanets",
  contributor: "contributors",
  builder: "builders",
  protocol: "policies' splits",
};

/** Steps of lineage that have a column of their own. Of deeper lineage, several steps share one. */
const MOST_STEPS = 6;

/**
 * Flows that a picture has room for, and that have no cycles: of each kind and step of the lineage those with most, the others together;
 * what agents pay for calls leaves from a place of its own where it would come back to them.
 */
export function simplifyFlows(flows: readonly FlowResult[]): FlowResult[] {
  const acyclic = cutCycles(flows);
  return cutCycles(mergeSmall(cutCycles(mergeSteps(acyclic))));
}

/** Puts the steps of a deep lineage together, so that there are few. */
function mergeSteps(flows: readonly FlowResult[]): FlowResult[] {
  const steps = stepsOf(flows);
  const ends = modelsOf(flows);
  const taken = [...new Set(ends.map((end) => steps.get(keyOf(end)) ?? 0))].sort((a, b) => a - b);
  if (taken.length <= MOST_STEPS) return [...flows];
  const bucketOf = (end: FlowEnd): number =>
    Math.floor((taken.indexOf(steps.get(keyOf(end)) ?? 0) * MOST_STEPS) / taken.length);
  const members = groupBy(ends, bucketOf);
  const names = new Map<string, FlowEnd>();
  for (const [bucket, models] of members) {
    if (models.length === 1) continue;
    const from = taken.findIndex((_, i) => Math.floor((i * MOST_STEPS) / taken.length) === bucket) + 1;
    const to = taken.findLastIndex((_, i) => Math.floor((i * MOST_STEPS) / taken.length) === bucket) + 1;
    const depth = from === to ? `step ${from}` : `steps ${from} to ${to}`;
    const merged: FlowEnd = { name: `${formatInteger(models.length)} models, ${depth}`, kind: "model" };
    for (const model of models) names.set(keyOf(model), merged);
  }
  return rename(flows, names);
}

/** Puts those together that have little, of the same kind and the same step. */
function mergeSmall(flows: readonly FlowResult[]): FlowResult[] {
  const steps = stepsOf(flows);
  const totals = totalsOf(flows);
  const taken = [...new Set(modelsOf(flows).map((end) => steps.get(keyOf(end)) ?? 0))].sort((a, b) => a - b);
  const stepOf = (step: number): number => taken.indexOf(step) + 1;
  const place = (end: FlowEnd): string => (end.kind === "model" ? `model ${steps.get(keyOf(end)) ?? 0}` : end.kind);
  const names = new Map<string, FlowEnd>();
  for (const group of groupBy(endsOf(flows), place).values()) {
    const [first] = group;
    const ranked = group.toSorted((a, b) => compare(totals.get(keyOf(b)) ?? 0n, totals.get(keyOf(a)) ?? 0n));
    const rest = ranked.slice(SHOWN[first.kind]);
    if (rest.length < 2) continue;
    const step = first.kind === "model" ? `, step ${stepOf(steps.get(keyOf(first)) ?? 0)}` : "";
    const name = `${formatInteger(rest.length)} other ${PLURALS[first.kind]}${step}`;
    for (const end of rest) names.set(keyOf(end), { name, kind: first.kind });
  }
  return rename(flows, names);
}

/** Lets money leave from a place of its own if it would come back to where it came from. */
function cutCycles(flows: readonly FlowResult[]): FlowResult[] {
  const closing = new Set<FlowResult>();
  const leaving = groupBy(flows, ({ from }) => keyOf(from));
  const open = new Set<string>();
  const done = new Set<string>();
  for (const start of leaving.keys()) {
    const path: { key: string; next: number }[] = [];
    const enter = (key: string): void => {
      open.add(key);
      path.push({ key, next: 0 });
    };
    if (!done.has(start)) enter(start);
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      const flow = leaving.get(last.key)?.[last.next++];
      if (flow === undefined) {
        open.delete(last.key);
        done.add(last.key);
        path.pop();
        continue;
      }
      const to = keyOf(flow.to);
      if (open.has(to)) closing.add(flow);
      else if (!done.has(to)) enter(to);
    }
  }
  const cut = flows.map((flow) =>
    closing.has(flow) ? { ...flow, from: { ...flow.from, name: `${flow.from.name}, again` } } : flow,
  );
  return rename(cut, new Map());
}

/** Adds up flows between the same two under their new names. What stays within one of them is not drawn. */
function rename(flows: readonly FlowResult[], names: ReadonlyMap<string, FlowEnd>): FlowResult[] {
  const merged = new Map<string, FlowResult>();
  for (const flow of flows) {
    const from = names.get(keyOf(flow.from)) ?? flow.from;
    const to = names.get(keyOf(flow.to)) ?? flow.to;
    if (keyOf(from) === keyOf(to)) continue;
    const key = `${keyOf(from)} → ${keyOf(to)}`;
    merged.set(key, { from, to, amount: (merged.get(key)?.amount ?? 0n) + flow.amount });
  }
  return [...merged.values()];
}

/** The longest way to everybody from where money comes in. */
function stepsOf(flows: readonly FlowResult[]): Map<string, number> {
  const arriving = new Map<string, number>();
  for (const { to } of flows) arriving.set(keyOf(to), (arriving.get(keyOf(to)) ?? 0) + 1);
  const leaving = groupBy(flows, ({ from }) => keyOf(from));
  const steps = new Map<string, number>();
  const ready = [...leaving.keys()].filter((key) => !arriving.has(key));
  for (const key of ready) {
    const step = steps.get(key) ?? 0;
    for (const { to } of leaving.get(key) ?? []) {
      const next = keyOf(to);
      steps.set(next, Math.max(steps.get(next) ?? 0, step + 1));
      const left = (arriving.get(next) ?? 0) - 1;
      arriving.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return steps;
}

function endsOf(flows: readonly FlowResult[]): FlowEnd[] {
  return [...new Map(flows.flatMap(({ from, to }) => [from, to]).map((end) => [keyOf(end), end])).values()];
}

function modelsOf(flows: readonly FlowResult[]): FlowEnd[] {
  return endsOf(flows).filter(({ kind }) => kind === "model");
}

function totalsOf(flows: readonly FlowResult[]): Map<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const { from, to, amount } of flows) {
    for (const end of [from, to]) totals.set(keyOf(end), (totals.get(keyOf(end)) ?? 0n) + amount);
  }
  return totals;
}

function groupBy<T, Key>(all: readonly T[], keyOfOne: (one: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const one of all) {
    const key = keyOfOne(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
