import { readdir, readFile } from "node:fs/promises";

/** A fenced block of code: its language, and the name that follows it. */
export interface CodeBlock {
  language: string;
  name: string;
  code: string;
}

/** README.md and everything under docs/ and contracts/, as paths from the project's root. */
export async function listDocs(): Promise<string[]> {
  const docs = await readdir("docs");
  return ["README.md", "contracts/README.md", ...docs.filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`)];
}

export async function readDoc(file: string): Promise<string> {
  return await readFile(file, "utf8");
}

export function findCodeBlocks(markdown: string): CodeBlock[] {
  return [...markdown.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(([, language, name, code]) => ({
    language,
    name,
    code,
  }));
}

/** Text without its blocks of code. */
export function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```$/gm, "");
}

/** What stands between `<!-- begin name -->` and `<!-- end name -->`. */
export function findSection(markdown: string, name: string): string {
  const [, section] = new RegExp(`<!-- begin ${name} -->\n([\\s\\S]*?)<!-- end ${name} -->`).exec(markdown) ?? [];
  if (section === undefined) throw new Error(`The document has no section "${name}".`);
  return section;
}

/** The cells of the rows of all tables, without their heads. */
export function findRows(markdown: string): string[][] {
  const lines = markdown.split("\n").filter((line) => line.startsWith("|"));
  return lines
    .filter((_, i) => !isRuler(lines[i]) && !isRuler(lines[i + 1]))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split("|")
        .map((cell) => cell.trim()),
    );
}

function isRuler(line: string | undefined): boolean {
  return line !== undefined && /^[|:\- ]+$/.test(line);
}
