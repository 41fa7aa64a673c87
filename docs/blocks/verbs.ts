import { COMMON_OPTIONS, describeOption, DRY_RUN_FLAG, JSON_FLAG, SIGNING_OPTIONS } from "../../tasks/index.ts";
import { optionName } from "../../tasks/lib/arguments.ts";
import type { Field, Shape, Verb } from "../../tasks/lib/verb.ts";
import { ROOMS } from "../../tasks/verbs.ts";

/** What the rooms are about, in the order of the document. */
const TITLES: Record<keyof typeof ROOMS, string> = {
  datanet: "Datanets",
  asset: "Assets of any kind",
  model: "Models",
  agent: "Agents",
  service: "Services",
  token: "OPEN",
  ledger: "Balances in the ledger",
  payment: "Payments, releases, claims",
  channel: "Channels",
  job: "Jobs",
  stake: "Stake",
  dispute: "Disputes",
  gov: "Governance",
  metadata: "Documents about versions",
  view: "What came of it",
};

/** Every verb with its options and what its JSON document holds. */
export async function renderVerbs(): Promise<string> {
  return Object.entries(ROOMS)
    .map(([room, verbs]) => {
      const sections = Object.values(verbs as Record<string, Verb>).map(renderVerb);
      return [`### ${TITLES[room as keyof typeof ROOMS]}`, ...sections].join("\n\n");
    })
    .join("\n\n");
}

/** The options that all verbs have, and those that sign. */
export async function renderCommonOptions(): Promise<string> {
  const rows = [
    ...Object.entries(COMMON_OPTIONS).map(([name, text]) => [name, "all", text]),
    ["json", "all", JSON_FLAG],
    ...Object.entries(SIGNING_OPTIONS).map(([name, text]) => [name, "that sign", text]),
    ["dryRun", "that sign", DRY_RUN_FLAG],
  ];
  return [
    "| option | verbs | |",
    "| --- | --- | --- |",
    ...rows.map(([name, verbs, text]) => `| \`${optionName(name)}\` | ${verbs} | ${text} |`),
  ].join("\n");
}

function renderVerb({ name, description, options, returns, example }: Verb): string {
  const rows = Object.entries(options).map(
    ([option, definition]) => `| \`${optionName(option)}\` | ${definition.kind} | ${describeOption(definition)} |`,
  );
  const table = rows.length === 0 ? [] : ["", "| option | is | |", "| --- | --- | --- |", ...rows];
  return [
    `#### \`${name}\``,
    "",
    description,
    "",
    "```bash",
    `npx hardhat ${example} --network localhost`,
    "```",
    ...table,
    "",
    `Result: \`${renderShape(returns)}\``,
  ].join("\n");
}

function renderShape(shape: Shape): string {
  return `{ ${Object.entries(shape)
    .map(([name, field]) => `${name}: ${renderField(field)}`)
    .join(", ")} }`;
}

function renderField(field: Field): string {
  if (typeof field === "string") return field;
  if (Array.isArray(field)) return `[${renderField(field[0] as Field)}]`;
  return renderShape(field as Shape);
}
