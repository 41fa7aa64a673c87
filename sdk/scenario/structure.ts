import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";

import schema from "../../scenarios/schema.json" with { type: "json" };
import { didYouMean, nearest } from "./nearest.ts";
import type { Problems } from "./problem.ts";
import type { Tree } from "./yamlTree.ts";

/** What a schema says about a value, as far as sentences need it. */
interface ValueSchema {
  $ref?: string;
  title?: string;
  type?: string | string[];
  minimum?: number;
  maximum?: number;
  enum?: unknown[];
  examples?: unknown[];
  properties?: Record<string, ValueSchema>;
  oneOf?: { required?: string[]; $ref?: string }[];
}

const definitions: Record<string, ValueSchema> = schema.$defs;

/** How ajv is to read schema.json: unions of simple types are fine, and `discriminator` picks an event's schema. */
export const AJV_OPTIONS = {
  allErrors: true,
  verbose: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
  discriminator: true,
} as const;

let validate: ValidateFunction | undefined;

/** Compares a file with schema.json: says what is wrong with its form, and marks values that say nothing. */
export function checkStructure(root: Tree, problems: Problems): void {
  validate ??= new Ajv2020(AJV_OPTIONS).compile(schema);
  if (validate(root.value)) return;
  const told = new Set<Tree>();
  const errors = (validate.errors ?? []).filter(({ schemaPath }) => !/\/oneOf\/\d+\/required$/.test(schemaPath));
  const ambiguous = new Set(
    errors.filter(({ keyword }) => keyword === "oneOf").map(({ instancePath }) => instancePath),
  );
  for (const error of errors) {
    if (error.keyword === "dependentRequired" && ambiguous.has(error.instancePath)) continue;
    const path = error.instancePath
      .split("/")
      .slice(1)
      .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
    const tree = descend(root, path);
    if (tree.isBroken && !told.has(tree)) continue;
    tell({ error, tree, label: labelOf(path), problems, told });
  }
}

function descend(root: Tree, path: readonly string[]): Tree {
  let tree = root;
  for (const part of path) tree = tree.entries.get(part) ?? tree.items[Number(part)];
  return tree;
}

function labelOf(path: readonly string[]): string {
  const last = path.at(-1);
  if (last === undefined) return "The file";
  return /^\d+$/.test(last) && path.length > 1 ? `Number ${Number(last) + 1} of \`${path.at(-2)}\`` : `\`${last}\``;
}

/** @param told Values that a problem is reported for already. */
function tell({
  error,
  tree,
  label,
  problems,
  told,
}: {
  error: ErrorObject;
  tree: Tree;
  label: string;
  problems: Problems;
  told: Set<Tree>;
}): void {
  const wanted = error.parentSchema as ValueSchema;
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case "if":
    case "propertyNames":
      return;

    case "additionalProperties": {
      const key = String(params.additionalProperty);
      const keys = Object.keys(wanted.properties ?? {});
      const hint = didYouMean(key, keys);
      const known = keys.map((name) => `\`${name}\``).join(", ");
      problems.add(
        tree.entries.get(key)?.keyOffset ?? tree.offset,
        `\`${key}\` means nothing here.${hint} There can be ${known}.`,
      );
      return;
    }

    case "required":
    case "dependentRequired": {
      const key = String(params.missingProperty);
      const known = Object.keys(wanted.properties ?? {});
      // Somebody misspelt it: that is reported.
      if ([...tree.entries.keys()].some((name) => !known.includes(name) && nearest(name, known) === key)) return;
      const example =
        key === "do"
          ? (wanted.oneOf ?? []).map(({ $ref }) => nameOf($ref)).join(" | ")
          : exampleOf(wanted.properties?.[key]);
      const line = example === undefined ? `\`${key}\`` : `\`${key}\`, such as \`${key}: ${example}\``;
      const because = error.keyword === "required" ? "" : ` to go with \`${String(params.property)}\``;
      problems.add(tree.keyOffset, `${label} has no \`${key}\`${because}; add ${line}.`);
      return;
    }

    case "oneOf": {
      const keys = (wanted.oneOf ?? []).flatMap(({ required }) => required ?? []);
      const present = keys.filter((key) => tree.entries.has(key));
      const [listed, all] = [present, keys].map((names) => names.map((name) => `\`${name}\``));
      const message =
        present.length === 0
          ? `${label} has none of ${enumerate(all, "and")}; add one of them.`
          : `${label} has ${enumerate(listed, "and")}; keep one of them.`;
      problems.add(tree.keyOffset, message);
      return;
    }

    case "discriminator": {
      const written = tree.entries.get("do");
      if (written === undefined) return;
      const names = (wanted.oneOf ?? []).map(({ $ref }) => nameOf($ref));
      problems.add(
        written.offset,
        `\`do\` is ${describe(written)}.${hintFor(written, names)} Write one of ${names.map((name) => `\`${name}\``).join(", ")}.`,
      );
      written.isBroken = true;
      return;
    }

    case "minItems":
    case "minProperties":
      problems.add(tree.keyOffset, `${label} is empty; it needs at least one entry.`);
      return;

    case "maxItems":
    case "maxProperties":
      problems.add(
        tree.keyOffset,
        `${label} has more than ${Number(params.limit).toLocaleString("en")} entries; write fewer.`,
      );
      return;

    default:
      if (error.propertyName !== undefined) {
        const offset = tree.entries.get(error.propertyName)?.keyOffset ?? tree.offset;
        problems.add(offset, `\`${error.propertyName}\` is no name here; write ${describeWanted(wanted)}.`);
        return;
      }
      if (told.has(tree)) return;
      told.add(tree);
      tree.isBroken = true;
      problems.add(
        tree.offset,
        isQuotedNumber(tree, wanted)
          ? `${label} is ${describe(tree)}, which is text; write it without quotes.`
          : `${label} is ${describe(tree)}.${hintFor(tree, wanted.enum ?? [])} Write ${describeWanted(wanted)}.`,
      );
  }
}

function isQuotedNumber({ value }: Tree, { type = [] }: ValueSchema): boolean {
  return typeof value === "string" && /^[0-9]+$/.test(value) && [type].flat().includes("integer");
}

function hintFor({ value }: Tree, names: readonly unknown[]): string {
  return typeof value === "string"
    ? didYouMean(
        value,
        names.filter((name) => typeof name === "string"),
      )
    : "";
}

/** What is there. */
function describe({ value, source, items }: Tree): string {
  if (value === null) return "empty";
  if (typeof value === "string") {
    const short = value.length > 60 ? `${value.slice(0, 57)}…` : value;
    return `"${short.replaceAll("\n", " ")}"`;
  }
  if (typeof value === "object") return items.length !== 0 || Array.isArray(value) ? "a list" : "a map";
  return source ?? JSON.stringify(value);
}

/** What should be there. */
function describeWanted(wanted: ValueSchema): string {
  if (wanted.enum !== undefined) return `one of ${wanted.enum.map((name) => `\`${String(name)}\``).join(", ")}`;
  const { minimum, maximum } = wanted;
  const bounds =
    minimum === undefined
      ? ""
      : maximum === undefined
        ? `, at least ${minimum}`
        : `, from ${minimum.toLocaleString("en")} to ${maximum.toLocaleString("en")}`;
  const examples = (wanted.examples ?? []).map((example) => `\`${writeFlow(example)}\``);
  const such = examples.length === 0 ? "" : `, such as ${enumerate(examples, "or")}`;
  return `${wanted.title ?? "something else"}${bounds}${such}`;
}

function exampleOf(wanted: ValueSchema | undefined): string | undefined {
  if (wanted === undefined) return undefined;
  const example = wanted.examples?.[0];
  if (example !== undefined) return writeFlow(example);
  return exampleOf(definitions[nameOf(wanted.$ref)]);
}

function nameOf(reference: string | undefined): string {
  return (reference ?? "").replace("#/$defs/", "");
}

/** A value as a file would have it in a line. */
export function writeFlow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeFlow).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    if (Object.keys(value).length === 0) return "{}";
    return `{ ${Object.entries(value)
      .map(([key, entry]) => `${key}: ${writeFlow(entry)}`)
      .join(", ")} }`;
  }
  return String(value);
}

export function enumerate(parts: readonly string[], word: "and" | "or"): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} ${word} ${parts.at(-1) ?? ""}`;
}
