import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path/posix";
import { fileURLToPath } from "node:url";

import { type Edit, type Twin, TWINS } from "./twins.ts";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));
const CONTRACTS = "contracts";

/** Where the generated sources go, relative to the project. */
export const GENERATED = "test/twins/generated";

/** Source names of all twins that can be deployed. */
export const TWIN_SOURCES = TWINS.map(({ name }) => `${GENERATED}/${name}.sol`);

const IMPORT = /import \{([^}]*)\} from "([^"]+)";/g;
const DECLARATION = /^(?:abstract contract|contract|library|interface) (\w+)/gm;

/**
 * Writes the sources of all twins: each is the real contract with its named change, and copies of whatever lies between
 * the two. Files whose content is right already are left alone, files of no twin are removed.
 *
 * @returns What is wrong with the list of twins, in sentences; such twins are left out.
 */
export function generateTwins(): string[] {
  const problems: string[] = [];
  const generated = new Map<string, string>();
  for (const twin of TWINS) {
    try {
      for (const [file, text] of sourcesOf(twin)) {
        if (generated.has(file)) throw new Error(`another twin generates ${file} as well; choose another name`);
        generated.set(file, text);
      }
    } catch (error) {
      problems.push(`Twin ${twin.name}: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }

  const directory = join(PROJECT, GENERATED);
  mkdirSync(directory, { recursive: true });
  for (const file of readdirSync(directory)) {
    if (!generated.has(file)) rmSync(join(directory, file));
  }
  for (const [file, text] of generated) {
    const path = join(directory, file);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
  return problems;
}

/** File name and text of every source a twin consists of. */
function sourcesOf(twin: Twin): Map<string, string> {
  const separator = twin.name.indexOf("_");
  const base = twin.name.slice(0, separator);
  const suffix = twin.name.slice(separator);
  const edits: Edit[] = [twin, ...(twin.also ?? [])];
  const texts = new Map(edits.map(({ source }) => [source, read(source)]));
  for (const edit of edits) texts.set(edit.source, applied(edit, texts.get(edit.source) ?? ""));

  const copies = sourcesBetween(findContract(base), new Set(texts.keys()));
  const sources = new Map<string, string>();
  for (const source of copies) {
    const text = renamed({ source, text: texts.get(source) ?? read(source), suffix, copies });
    const header = `// Generated from ${source} by test/twins/generate.ts. Vulnerable on purpose: ${twin.why}\n`;
    sources.set(`${basename(source, ".sol")}${suffix}.sol`, header + text);
  }
  return sources;
}

function applied({ source, find, replace }: Edit, text: string): string {
  const parts = text.split(find);
  if (parts.length !== 2) {
    throw new Error(`${source} has its text ${String(parts.length - 1)} times, not once; adapt it:\n${find}\n`);
  }
  return parts.join(replace);
}

/** The contract's source and all sources on import paths from it to a changed one. */
function sourcesBetween(start: string, changed: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  const leadsToChange = (source: string): boolean => {
    const below = importsOf(source).map(leadsToChange);
    const leads = changed.has(source) || below.includes(true);
    if (leads) found.add(source);
    return leads;
  };
  if (!leadsToChange(start)) throw new Error(`${start} does not use ${[...changed].join(", ")}`);
  return found;
}

/** The text with its own contracts renamed, and imports that lead to the copies. */
function renamed({
  source,
  text,
  suffix,
  copies,
}: {
  source: string;
  text: string;
  suffix: string;
  copies: ReadonlySet<string>;
}): string {
  const own = declaredIn(text);
  // Strings stay: the name in an EIP-712 domain is not an identifier.
  const words = new RegExp(`"[^"\\n]*"|\\b(?:${own.join("|")})\\b`, "g");
  return text
    .replace(words, (word) => (word.startsWith('"') ? word : word + suffix))
    .replace(IMPORT, (whole: string, names: string, path: string) => {
      if (!path.startsWith(".")) return whole;
      const target = join(dirname(source), path);
      if (!copies.has(target)) return `import {${names}} from "${relative(GENERATED, target)}";`;
      const declared = declaredIn(read(target));
      const aliased = names
        .split(",")
        .map((name) => name.trim())
        .map((name) => (declared.includes(name) ? `${name}${suffix} as ${name}` : name));
      return `import {${aliased.join(", ")}} from "./${basename(target, ".sol")}${suffix}.sol";`;
    });
}

function importsOf(source: string): string[] {
  return [...read(source).matchAll(IMPORT)]
    .map(([, , path]) => path)
    .filter((path) => path.startsWith("."))
    .map((path) => join(dirname(source), path));
}

function declaredIn(text: string): string[] {
  return [...text.matchAll(DECLARATION)].map(([, name]) => name);
}

function findContract(name: string): string {
  const path = readdirSync(join(PROJECT, CONTRACTS), { recursive: true, encoding: "utf8" }).find(
    (file) => basename(file) === `${name}.sol`,
  );
  if (path === undefined) throw new Error(`there is no contract ${name}`);
  return join(CONTRACTS, path);
}

function read(source: string): string {
  return readFileSync(join(PROJECT, source), "utf8");
}
