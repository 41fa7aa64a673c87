import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";

import { CHANNEL_TWINS } from "./channelTwins.ts";
import { DISPUTE_TWINS } from "./disputeTwins.ts";
import { GOVERNOR_TWINS } from "./governorTwins.ts";
import { GAUGE_TWINS } from "./gaugeTwins.ts";
import { INCENTIVE_TWIN, SLIPS } from "./incentiveTwin.ts";
import { REGISTRY_TWIN, WEAKNESSES } from "./registryTwins.ts";
import { STAKING_TWINS } from "./stakingTwins.ts";
import { type Edit, type Twin, TWINS } from "./twins.ts";
import { VERIFIER_TWINS } from "./verifierTwins.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const CONTRACTS = "contracts";

const GENERATED = "test/twins/generated/";

/**
 * How a group is compiled. The less is optimized, the faster that is: "plain" not at all, "yul" through Yul for code with more
 * variables than fit the stack, "optimized", which takes twenty times as long, for code that is too large otherwise, and
 * "deployed" as the contracts themselves, for what uses the registries, which compile in no other way.
 */
export type TwinsPipeline = "plain" | "yul" | "optimized";

/** A generated source: one for many twins, because that compiles many times faster than one per twin. */
interface Group {
  file: string;
  twins: readonly Twin[];
  pipeline: TwinsPipeline | "deployed";
}

/** Apart, because the compiler cannot read a source of more than about four million bytes. */
const APART: readonly Group[] = [
  { file: "ChannelTwins.sol", twins: CHANNEL_TWINS, pipeline: "plain" },
  { file: "StakingTwins.sol", twins: STAKING_TWINS, pipeline: "optimized" },
  { file: "DisputeTwins.sol", twins: DISPUTE_TWINS, pipeline: "yul" },
  { file: "GovernorTwins.sol", twins: GOVERNOR_TWINS, pipeline: "optimized" },
  { file: "VerifierTwins.sol", twins: VERIFIER_TWINS, pipeline: "deployed" },
  { file: "GaugeTwins.sol", twins: GAUGE_TWINS, pipeline: "deployed" },
];

const REST = TWINS.filter((twin) => !APART.some(({ twins }) => twins.includes(twin)));

const GROUPS: readonly Group[] = [
  ...APART,
  { file: "Twins.sol", twins: REST, pipeline: "plain" },
  { file: "RegistryTwin.sol", twins: [REGISTRY_TWIN], pipeline: "deployed" },
  { file: "IncentiveTwin.sol", twins: [INCENTIVE_TWIN], pipeline: "deployed" },
];

/** The generated sources that are not compiled as the contracts are, relative to the project. */
export const TWINS_SOURCES = GROUPS.flatMap(({ file, pipeline }) =>
  pipeline === "deployed" ? [] : [{ source: GENERATED + file, pipeline }],
);

/** The registries' defences by number, for Solidity tests; apart, so that these compile without the twin. */
const DEFENCES_SOURCE = `${GENERATED}Defence.sol`;

/** What the twin of staking and the court can get wrong, by number. */
const SLIPS_SOURCE = `${GENERATED}Slip.sol`;

const HEAD = /^\/\/ SPDX-License-Identifier: .*\npragma solidity .*;\n/;
const IMPORT = /import \{([^}]*)\} from "([^"]+)";\n/g;
const DECLARATION = /^(?:abstract contract|contract|library|interface|struct|enum|error|function) (\w+)/gm;

/** What a twin adds to the generated source. */
interface Part {
  text: string;
  /** Names to import, by path. */
  imports: Map<string, Set<string>>;
}

/**
 * Writes all twins into one source: each is the real contract with its named change, under its own name, and copies of
 * whatever lies between the two. Writes enums of what can be switched, too. Nothing is written if it is right already.
 *
 * @returns What is wrong with the list of twins, in sentences; such twins are left out.
 */
export function generateTwins(): string[] {
  writeSource(DEFENCES_SOURCE, enumOf("Defence", "What the twin of the registries can go without.", WEAKNESSES));
  writeSource(SLIPS_SOURCE, enumOf("Slip", "What the twin of staking and the court can get wrong.", SLIPS));
  return [...GROUPS.flatMap(({ file, twins }) => writeTwins({ source: GENERATED + file, twins }))];
}

function writeTwins({ source, twins }: { source: string; twins: readonly Twin[] }): string[] {
  const problems: string[] = [];
  const parts = new Map<string, Part>();
  for (const twin of twins) {
    const suffix = suffixOf(twin);
    try {
      if (parts.has(suffix)) throw new Error(`another twin is called …${suffix} as well, choose another name`);
      parts.set(suffix, partOf(twin));
    } catch (error) {
      problems.push(`${twin.name}: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }

  writeSource(source, sourceOf([...parts.values()]));
  return problems;
}

function writeSource(source: string, text: string): void {
  const path = join(PROJECT, source);
  if (existsSync(path) && readFileSync(path, "utf8") === text) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** Each has the number of its place in the list; zero is none. */
function enumOf(name: string, notice: string, members: readonly { name: string }[]): string {
  return [
    "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n",
    "// Generated by test/twins/generate.ts.",
    `/// @notice ${notice}`,
    `enum ${name} {`,
    ["none", ...members.map((member) => member.name)].map((member) => `    ${member}`).join(",\n"),
    "}\n",
  ].join("\n");
}

function sourceOf(parts: readonly Part[]): string {
  const imports = new Map<string, Set<string>>();
  for (const part of parts) {
    for (const [path, names] of part.imports) {
      imports.set(path, new Set([...(imports.get(path) ?? []), ...names]));
    }
  }
  return [
    "// SPDX-License-Identifier: MIT\npragma solidity 0.8.37;\n",
    "// Generated by test/twins/generate.ts. Every contract in here is vulnerable on purpose.\n",
    ...[...imports].sort().map(([path, names]) => `import {${[...names].sort().join(", ")}} from "${path}";`),
    ...parts.map(({ text }) => text),
  ].join("\n");
}

/** The twin and the copies it needs, each behind what it uses. */
function partOf(twin: Twin): Part {
  const edits: Edit[] = [twin, ...(twin.also ?? [])];
  const changed = new Map<string, string>();
  for (const edit of edits) changed.set(edit.source, applied(edit, changed.get(edit.source) ?? read(edit.source)));

  const base = twin.name.slice(0, twin.name.indexOf("_"));
  const copies = sourcesBetween(findContract(base), new Set(changed.keys()));
  const texts = copies.map((source) => changed.get(source) ?? read(source));

  const imports = new Map<string, Set<string>>();
  copies.forEach((source, i) => {
    for (const [, names, path] of texts[i].matchAll(IMPORT)) {
      const target = path.startsWith(".") ? join(dirname(source), path) : path;
      if (copies.includes(target)) continue;
      const from = path.startsWith(".") ? relative(GENERATED, target) : path;
      imports.set(from, new Set([...(imports.get(from) ?? []), ...names.split(",").map((name) => name.trim())]));
    }
  });

  const declared = texts.flatMap((text) => [...text.matchAll(DECLARATION)].map(([, name]) => name));
  // Strings stay: a name in an EIP-712 domain or type is not an identifier.
  const words = new RegExp(`"[^"\\n]*"|\\b(?:${declared.join("|")})\\b`, "g");
  const renamed = texts.map((text) =>
    text
      .replace(HEAD, "")
      .replace(IMPORT, "")
      .replace(words, (word) => (word.startsWith('"') ? word : word + suffixOf(twin))),
  );
  return { text: [`// ${twin.name}: ${twin.why}.`, ...renamed].join("\n"), imports };
}

function suffixOf({ name }: Twin): string {
  return name.slice(name.indexOf("_"));
}

function applied({ source, find, replace }: Edit, text: string): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`${source} has the following ${String(parts.length - 1)} times, not once, so adapt it:\n${find}\n`);
  }
  return parts.join(replace);
}

/** The contract's source and all sources on import paths from it to a changed one, each behind those it imports. */
function sourcesBetween(start: string, changed: ReadonlySet<string>): string[] {
  const found = new Set<string>();
  const leadsToChange = (source: string): boolean => {
    const below = importsOf(source).map(leadsToChange);
    const leads = changed.has(source) || below.includes(true);
    if (leads) found.add(source);
    return leads;
  };
  if (!leadsToChange(start)) throw new Error(`${start} does not use ${[...changed].join(", ")}`);
  return [...found];
}

function importsOf(source: string): string[] {
  return [...read(source).matchAll(IMPORT)]
    .map(([, , path]) => path)
    .filter((path) => path.startsWith("."))
    .map((path) => join(dirname(source), path));
}

function findContract(name: string): string {
  const files = readdirSync(join(PROJECT, CONTRACTS), { recursive: true, encoding: "utf8" });
  const path = files.find((file) => basename(file) === `${name}.sol`);
  if (path === undefined) throw new Error(`there is no contract ${name}`);
  return join(CONTRACTS, path);
}

function read(source: string): string {
  return readFileSync(join(PROJECT, source), "utf8");
}
