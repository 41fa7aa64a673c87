import type { Fields } from "./fields.ts";
import { splitService } from "./lookup.ts";
import type { Problems } from "./problem.ts";
import type { Tree } from "./yamlTree.ts";

/** A model, a family of models or an agent, as declared. */
export interface DeclaredAsset {
  name: string;
  kind: "model" | "agent";
  /** Members of a family. */
  count: number | undefined;
  tree: Tree;
}

/** That an asset needs another one before it: to build on, or to call. */
interface Need {
  name: string;
  offset: number;
  verb: "builds on" | "calls";
}

interface Visit {
  asset: DeclaredAsset;
  needs: Need[];
  next: number;
}

/**
 * All models and agents in an order in which each is behind those that it builds on and calls, in any version. Says which ones go round
 * in a circle, and how.
 */
export function orderAssets({
  root,
  fields,
  problems,
}: {
  root: Tree;
  fields: Fields;
  problems: Problems;
}): DeclaredAsset[] {
  const declared = new Map<string, DeclaredAsset>();
  for (const [kind, section] of [
    ["model", "models"],
    ["agent", "agents"],
  ] as const) {
    for (const [name, tree] of fields.entries(root, section)) {
      const other = declared.get(name);
      if (other !== undefined) {
        const line = problems.line(other.tree.keyOffset);
        problems.add(tree.keyOffset, `\`${name}\` is a model already, in line ${line}; give one of them another name.`);
        continue;
      }
      declared.set(name, { name, kind, count: kind === "model" ? fields.integer(tree, "count") : undefined, tree });
    }
  }

  const needs = new Map<string, Need[]>();
  const need = (name: string, entry: Need): void => {
    needs.set(name, [...(needs.get(name) ?? []), entry]);
  };
  for (const { name, tree } of declared.values()) {
    for (const entry of upstreamsOf(tree, fields)) need(name, entry);
    for (const call of fields.items(tree, "calls")) {
      const target = fields.get(call, "to");
      if (typeof target?.value !== "string") continue;
      const asset = target.value.includes(" at ") ? splitService(target.value)[0] : target.value;
      need(name, { name: stripMember(asset), offset: target.offset, verb: "calls" });
    }
  }
  for (const event of fields.items(root, "events")) {
    const asset = fields.string(event, "asset");
    if (asset === undefined || fields.string(event, "do") !== "publish") continue;
    for (const entry of upstreamsOf(event, fields)) need(stripMember(asset), entry);
  }
  return sortByNeeds(declared, needs, problems);
}

function upstreamsOf(tree: Tree, fields: Fields): Need[] {
  return fields
    .entries(tree, "on")
    .map(([name, { keyOffset }]) => ({ name: stripMember(name), offset: keyOffset, verb: "builds on" }));
}

/** `family` of `family 3`. */
function stripMember(name: string): string {
  return name.replace(/ [1-9][0-9]*$/, "");
}

function sortByNeeds(
  declared: ReadonlyMap<string, DeclaredAsset>,
  needs: ReadonlyMap<string, Need[]>,
  problems: Problems,
): DeclaredAsset[] {
  const order: DeclaredAsset[] = [];
  const done = new Set<string>();
  for (const start of declared.values()) {
    const way: Visit[] = done.has(start.name) ? [] : [{ asset: start, needs: needs.get(start.name) ?? [], next: 0 }];
    while (way.length !== 0) {
      const visit = way[way.length - 1];
      if (visit.next === visit.needs.length) {
        done.add(visit.asset.name);
        order.push(visit.asset);
        way.pop();
        continue;
      }
      const need = visit.needs[visit.next++];
      const asset = declared.get(need.name);
      if (asset === undefined || done.has(need.name)) continue;
      const from = way.findIndex((open) => open.asset === asset);
      if (from < 0) way.push({ asset, needs: needs.get(need.name) ?? [], next: 0 });
      else problems.add(need.offset, describeCircle(way.slice(from)));
    }
  }
  return order;
}

/** Each visit of a circle has just gone on to the next one, and the last one to the first. */
function describeCircle(circle: readonly Visit[]): string {
  const steps = circle.map(
    ({ asset, needs, next }) => `\`${asset.name}\` ${needs[next - 1].verb} \`${needs[next - 1].name}\``,
  );
  const way =
    steps.length === 1
      ? `${steps[0].slice(0, steps[0].indexOf("` ") + 1)} ${circle[0].needs[circle[0].next - 1].verb} itself`
      : steps.join(", ");
  return `This goes round in a circle: ${way}. Remove one of these.`;
}
