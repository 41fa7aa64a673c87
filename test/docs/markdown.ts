import { readdir, readFile } from "node:fs/promises";

/** A fenced block of code. */
export interface CodeBlock {
  language: string;
  /** The file that its first line names; empty if it names none. */
  file: string;
  code: string;
}

/** README.md and everything under docs/ and contracts/, as paths from the project's root. */
export async function listDocs(): Promise<string[]> {
  const docs = await readdir("docs");
  return [
    "README.md",
    "contracts/README.md",
    ...docs.filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`),
  ];
}

export async function readDoc(file: string): Promise<string> {
  return await readFile(file, "utf8");
}

export function findCodeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, code]) => ({
    language,
    file: /^\/\/ (\S+)\n/.exec(code)?.[1] ?? "",
    code,
  }));
}

/** Where links lead. */
export function findLinks(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
}

/** The names under which headings can be linked to. */
export function findSlugs(markdown: string): string[] {
  return [...withoutCode(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, "");
}

/** What stands between `<!-- begin name -->` and `<!-- end name -->`. */
export function findSection(markdown: string, name: string): string {
  const section = new RegExp(`<!-- begin ${name} -->\n([\\s\\S]*?)<!-- end ${name} -->`).exec(markdown)?.[1];
  if (section === undefined) throw new Error(`The document has no section "${name}".`);
  return section;
}

/** The cells of the rows of all tables, without their heads. */
export function findRows(markdown: string): string[][] {
  const tables = markdown.matchAll(/^\|.*\|\n\|[|:\- ]+\|\n((?:\|.*\|\n)*)/gm);
  return [...tables].flatMap(([, body]) => body.trim().split("\n").map(findCells));
}

function findCells(row: string): string[] {
  return row
    .slice(1, -1)
    .split("|")
    .map((cell) => cell.trim());
}
