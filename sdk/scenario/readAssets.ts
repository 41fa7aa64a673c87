import type { Fields } from "./fields.ts";
import { MAX_SHARES } from "./limits.ts";
import type { DeclaredAsset } from "./lineage.ts";
import type { Names } from "./lookup.ts";
import type { Problems } from "./problem.ts";
import { RandomStream } from "./randomness.ts";
import { numberOf } from "./contributions.ts";
import { referenceOf } from "./readParties.ts";
import type { AgentCall, Asset, Target, Upstream } from "./scenario.ts";
import type { Tree } from "./yamlTree.ts";

const MAX_TOKENS = 1_000_000_000;

interface Reading {
  fields: Fields;
  names: Names;
  problems: Problems;
  seed: number;
}

/** Models and agents, members of families one by one, in their order. */
export function readAssets({ declared, ...reading }: Reading & { declared: readonly DeclaredAsset[] }): Asset[] {
  return declared.flatMap((asset) => {
    const named = reading.names.peek(asset.name);
    // Somebody else has the name, which has been reported.
    if (named?.kind !== "model" && named?.kind !== "agent" && named?.kind !== "family") return [];
    return asset.kind === "model" ? readModel(asset, named.asset, reading) : [readAgent(asset, reading)];
  });
}

/** What something builds on, with units. */
export function readUpstreams({
  tree,
  kind,
  fields,
  names,
  problems,
}: {
  tree: Tree;
  kind: "model" | "agent";
  fields: Fields;
  names: Names;
  problems: Problems;
}): Upstream[] {
  return fields
    .entries(tree, "on")
    .flatMap(([name, entry]) => {
      const upstream = names.upstream(name, entry.keyOffset, kind);
      if (upstream === undefined || typeof entry.value !== "number") return [];
      if (entry.value < 1 || entry.value > MAX_TOKENS) return [];
      return [{ ...upstream, units: BigInt(entry.value) }];
    })
    .slice(0, shareLimit(tree, problems));
}

function shareLimit(tree: Tree, problems: Problems): number {
  const on = tree.entries.get("on");
  const parents = tree.entries.get("parents")?.entries.get("count")?.value;
  const shares = (on?.entries.size ?? 0) + (typeof parents === "number" ? parents : 0);
  if (on !== undefined && shares > MAX_SHARES) {
    problems.add(
      on.keyOffset,
      `This builds on ${shares.toLocaleString("en")} others; one transaction registers ${MAX_SHARES.toLocaleString("en")} at most. Put models in between.`,
    );
  }
  return MAX_SHARES;
}

function readModel({ name, count, tree }: DeclaredAsset, first: number, reading: Reading): Asset[] {
  const { fields, names, problems, seed } = reading;
  const builder = referenceOf(tree, "builder", fields);
  let builders: number[] = [];
  if (builder !== undefined) {
    const single = count === undefined ? names.person(builder.name, builder.offset) : undefined;
    builders =
      count === undefined
        ? single === undefined
          ? []
          : [single]
        : (names.persons(builder.name, builder.offset) ?? []);
  }
  const upstreams = readUpstreams({ tree, kind: "model", ...reading });
  const parents = fields.get(tree, "parents");
  const [parentCount, parentUnits] = [fields.integer(parents, "count"), fields.integer(parents, "units")];
  if (parents !== undefined && parentCount !== undefined && parentUnits !== undefined && parentUnits < parentCount) {
    problems.add(
      parents.keyOffset,
      `${parentUnits} units cannot be shared among ${parentCount} parents; write at least ${parentCount} units.`,
    );
  }
  return Array.from({ length: count ?? 1 }, (_, i): Asset => {
    const drawn =
      parentCount === undefined || count === undefined
        ? []
        : drawParents({ seed, name: `${name} ${i + 1}`, before: i, count: parentCount });
    const each = Math.floor((parentUnits ?? 0) / Math.max(1, drawn.length));
    const rest = (parentUnits ?? 0) - each * drawn.length;
    return {
      name: count === undefined ? name : `${name} ${i + 1}`,
      kind: "model",
      owner: builders[i % Math.max(1, builders.length)] ?? 0,
      ownerUnits: fields.units(tree, "units") ?? 1n,
      upstreams: [
        ...upstreams,
        ...drawn.map((parent, k) => ({ asset: first + parent, units: BigInt(k === 0 ? each + rest : each) })),
      ],
      agent: undefined,
    };
  });
}

/** Different earlier members of a family, in their order. */
function drawParents({
  seed,
  name,
  before,
  count,
}: {
  seed: number;
  name: string;
  before: number;
  count: number;
}): number[] {
  const random = new RandomStream({ seed, purpose: "parents", number: numberOf(name) });
  const drawn = new Set<number>();
  // Floyd's way to draw without replacement.
  for (let last = Math.max(0, before - count); last < before; last++) {
    const place = random.below(last + 1);
    drawn.add(drawn.has(place) ? last : place);
  }
  return [...drawn].sort((a, b) => a - b);
}

function readAgent({ name, tree }: DeclaredAsset, reading: Reading): Asset {
  const { fields, names } = reading;
  const owner = referenceOf(tree, "owner", fields);
  const wallet = names.walletOf(name);
  return {
    name,
    kind: "agent",
    owner: (owner === undefined ? undefined : names.person(owner.name, owner.offset)) ?? 0,
    ownerUnits: fields.units(tree, "units") ?? 1n,
    upstreams: readUpstreams({ tree, kind: "agent", ...reading }),
    agent: { wallet, budgetUnits: fields.units(tree, "budget") ?? 0n, calls: [] },
  };
}

/** Calls that agents make. Read once services are known. */
export function readAgentCalls({
  declared,
  people,
  ...reading
}: Reading & { declared: DeclaredAsset; people: readonly { funds: bigint }[] }): { call: AgentCall; offset: number }[] {
  const { fields, problems } = reading;
  const calls = fields.items(declared.tree, "calls");
  const wallet = people[reading.names.walletOf(declared.name)];
  if (calls.length !== 0 && wallet.funds === 0n && fields.get(declared.tree, "budget") === undefined) {
    problems.add(
      declared.tree.keyOffset,
      `\`${declared.name}\` calls others and has no money for it; give it a \`budget\` or \`funds\`.`,
    );
  }
  return calls.flatMap((tree) => {
    const target = readTarget({ tree, ...reading });
    const [tokensIn, tokensOut] = [
      fields.range(tree, "tokensIn", MAX_TOKENS),
      fields.range(tree, "tokensOut", MAX_TOKENS),
    ];
    if (target === undefined || tokensIn === undefined || tokensOut === undefined) return [];
    const call = { target, times: fields.integer(tree, "times") ?? 1, tokensIn, tokensOut };
    return [{ call, offset: fields.get(tree, "to")?.offset ?? tree.offset }];
  });
}

/** `base` or `base at north`. */
export function readTarget({ tree, fields, names }: { tree: Tree; fields: Fields; names: Names }): Target | undefined {
  const to = referenceOf(tree, "to", fields);
  if (to === undefined) return undefined;
  if (to.name.includes(" at ")) {
    const service = names.service(to.name, to.offset);
    return service === undefined ? undefined : { service };
  }
  const asset = names.asset(to.name, to.offset);
  return asset === undefined ? undefined : { asset };
}
