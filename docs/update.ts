import { readFile, writeFile } from "node:fs/promises";

import { format, resolveConfig } from "prettier";

import { renderDemo } from "./blocks/demo.ts";
import { renderCaseConstants, renderCaseExample, renderSlashCaps, renderSlashExample } from "./blocks/disputes.ts";
import { renderGas, renderLimits, renderMainGas, renderSizes } from "./blocks/gas.ts";
import { findMessages } from "./blocks/messages.ts";
import { renderScenarioFormat, renderScenarioLimits, renderShippedScenarios } from "./blocks/scenarios.ts";
import { findConstants, findEvents } from "./blocks/solidity.ts";
import { renderCommonOptions, renderVerbs } from "./blocks/verbs.ts";
import { renderVoucherErrors } from "./blocks/vouchers.ts";

/** The parts of documents that are made from the project's own sources, by file and by the name in their markers. */
const BLOCKS: Record<string, Record<string, () => Promise<string>>> = {
  "README.md": { demo: renderDemo, gas: renderMainGas },
  "docs/architecture.md": { caps: renderCaps },
  "docs/command-line.md": { common: renderCommonOptions, verbs: renderVerbs },
  "docs/deploying.md": { messages: renderMessages },
  "docs/disputes.md": { constants: renderCaseConstants, example: renderCaseExample },
  "docs/events.md": { events: renderEvents },
  "docs/gas.md": { gas: renderGas, limits: renderLimits, sizes: renderSizes },
  "docs/operators.md": { errors: renderVoucherErrors },
  "docs/scenarios.md": {
    format: renderScenarioFormat,
    limits: renderScenarioLimits,
    shipped: renderShippedScenarios,
  },
  "docs/slashing.md": { caps: renderSlashCaps, example: renderSlashExample },
};

export const GENERATED_DOCS = Object.keys(BLOCKS);

/** A document with all its generated parts as they should be now. */
export async function renderDoc(file: string): Promise<string> {
  let text = await readFile(file, "utf8");
  for (const [name, render] of Object.entries(BLOCKS[file])) {
    text = replaceBlock({ text, file, name, block: await render() });
  }
  return await format(text, { ...(await resolveConfig(file)), parser: "markdown" });
}

function replaceBlock({
  text,
  file,
  name,
  block,
}: {
  text: string;
  file: string;
  name: string;
  block: string;
}): string {
  const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
  const [start, stop] = [text.indexOf(begin), text.indexOf(end)];
  if (start < 0 || stop < start) throw new Error(`${file} has no place for its part "${name}".`);
  return `${text.slice(0, start + begin.length)}\n\n${block}\n\n${text.slice(stop)}`;
}

async function renderCaps(): Promise<string> {
  const rows = (await findConstants()).map(
    ({ contract, name, rest, notice }) => `| ${contract} | \`${name}\` | \`${rest}\` | ${notice} |`,
  );
  return ["| contract | constant | value | meaning |", "| --- | --- | ---: | --- |", ...rows].join("\n");
}

async function renderEvents(): Promise<string> {
  const events = await findEvents();
  const contracts = [...new Set(events.map(({ contract }) => contract))];
  const tables = contracts.map((contract) => {
    const rows = events
      .filter((event) => event.contract === contract)
      .map(({ name, rest, notice }) => `| \`${name}${rest}\` | ${notice} |`);
    return [`### ${contract}`, "", "| event | |", "| --- | --- |", ...rows].join("\n");
  });
  return tables.join("\n\n");
}

async function renderMessages(): Promise<string> {
  return (await findMessages()).map((message) => `- ${message}`).join("\n");
}

if (import.meta.main) {
  for (const file of GENERATED_DOCS) await writeFile(file, await renderDoc(file));
}
