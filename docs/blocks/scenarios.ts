import { readdir, readFile } from "node:fs/promises";

import { parse } from "yaml";

import schema from "../../scenarios/schema.json" with { type: "json" };
import {
  MAX_ALL_TEXT_BYTES,
  MAX_ALIASES,
  MAX_ASSETS,
  MAX_CONTRIBUTIONS,
  MAX_FILE_BYTES,
  MAX_NODES,
  MAX_PAYMENTS,
  MAX_PEOPLE,
  MAX_SERVICES,
  MAX_SHARES,
  MAX_TEXT_BYTES,
} from "../../sdk/scenario/limits.ts";
import { writeFlow } from "../../sdk/scenario/structure.ts";

const FOLDER = "scenarios";

/** What the schema says about a value, as far as a reader of the document needs it. */
interface ValueSchema {
  $ref?: string;
  title?: string;
  description?: string;
  default?: unknown;
  examples?: unknown[];
  enum?: unknown[];
  required?: string[];
  properties?: Record<string, ValueSchema>;
}

const DEFINITIONS: Record<string, ValueSchema> = schema.$defs;

/** Keys of each kind of thing, in the order in which a file has them. */
const SECTIONS: [heading: string, definition: string][] = [
  ["A person or group", "person"],
  ["`claims`", "claims"],
  ["`fees`", "fees"],
  ["`prices`", "prices"],
  ["A Datanet", "datanet"],
  ["A contribution", "contribution"],
  ["A model", "model"],
  ["An agent", "agent"],
  ["A call of an agent", "agentCall"],
  ["An operator", "operator"],
  ["Prices of a service", "rates"],
  ["Traffic", "traffic"],
  ["`payments`", "arrivals"],
  ["`churn`", "churn"],
];

const EVENTS = schema.$defs.event.oneOf.map(({ $ref }) => nameOf($ref));

/** Every key of a scenario, from the schema. */
export async function renderScenarioFormat(): Promise<string> {
  const kinds = SECTIONS.map(([heading, name]) => [heading, DEFINITIONS[name]] as const);
  const events = EVENTS.map((name) => [`Event \`${name}\``, DEFINITIONS[name]] as const);
  return [["The file", schema as ValueSchema] as const, ...kinds, ...events]
    .map(([heading, { description, required = [], properties = {} }]) =>
      [
        `### ${heading}`,
        "",
        description ?? "",
        "",
        "| key | for instance | if it is left out | meaning |",
        "| --- | --- | --- | --- |",
        ...Object.entries(properties).map(([key, property]) => renderKey(key, property, required.includes(key))),
        ...Object.entries(nestedOf(properties)).flatMap(([outer, inner]) =>
          Object.entries(inner.properties ?? {}).map(([key, property]) =>
            renderKey(`${outer}.${key}`, property, (inner.required ?? []).includes(key)),
          ),
        ),
      ].join("\n"),
    )
    .join("\n\n");
}

/** The scenarios that come with the project. */
export async function renderShippedScenarios(): Promise<string> {
  const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".yaml")).sort();
  const rows = await Promise.all(
    files.map(async (file) => {
      const { teaches } = parse(await readFile(`${FOLDER}/${file}`, "utf8")) as { teaches: string };
      return `| [${file}](../${FOLDER}/${file}) | ${teaches} |`;
    }),
  );
  return ["| file | what it teaches |", "| --- | --- |", ...rows].join("\n");
}

/** How much a scenario can have of everything. */
export async function renderScenarioLimits(): Promise<string> {
  const rows: [string, number][] = [
    ["periods", schema.properties.periods.maximum],
    ["people, members of groups and wallets of agents and operators included", MAX_PEOPLE],
    ["contributions", MAX_CONTRIBUTIONS],
    ["models and agents, members of families included", MAX_ASSETS],
    ["others that a model or agent builds on", MAX_SHARES],
    ["services", MAX_SERVICES],
    ["payments, as many as are to be expected", MAX_PAYMENTS],
    ["calls of one payment", schema.$defs.calls.maximum],
    ["tokens of one call, in or out", schema.$defs.tokens.maximum],
    ["units", schema.$defs.units.maximum],
    ["bytes of a scenario file", MAX_FILE_BYTES],
    ["bytes of a text file", MAX_TEXT_BYTES],
    ["characters of all texts together", MAX_ALL_TEXT_BYTES],
    ["aliases in a file, those within what aliases stand for included", MAX_ALIASES],
    ["values in a file, likewise", MAX_NODES],
  ];
  return [
    "| most | |",
    "| --- | ---: |",
    ...rows.map(([what, most]) => `| ${what} | ${most.toLocaleString("en")} |`),
  ].join("\n");
}

function renderKey(key: string, property: ValueSchema, isRequired: boolean): string {
  const resolved = { ...DEFINITIONS[nameOf(property.$ref)], ...property };
  const example = resolved.enum === undefined ? resolved.examples?.[0] : resolved.enum[0];
  const shown = "const" in property ? property.const : example;
  const instead = property.default === undefined ? "" : `\`${writeFlow(property.default)}\``;
  return `| \`${key}\` | \`${writeFlow(shown)}\` | ${isRequired ? "must be there" : instead} | ${resolved.description ?? ""} |`;
}

/** Objects that have no section of their own. */
function nestedOf(properties: Record<string, ValueSchema>): Record<string, ValueSchema> {
  return Object.fromEntries(Object.entries(properties).filter(([, { properties: inner }]) => inner !== undefined));
}

function nameOf(reference: string | undefined): string {
  return (reference ?? "").replace("#/$defs/", "");
}
