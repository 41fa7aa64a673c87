import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

/** Something declared in a contract, with its NatSpec notice on one line. */
export interface Declaration {
  contract: string;
  name: string;
  /** What stands between the name and the semicolon, on one line. */
  rest: string;
  notice: string;
}

const CONSTANT = /((?:^ *\/\/\/.*\n)*) *uint\d+ public constant (\w+) = ([^;]+);/gm;
const EVENT = /((?:^ *\/\/\/.*\n)+) *event (\w+)(\([^;]*\));/gm;

/** Numbers that contracts fix for ever. One without a comment is the other end of the range above it. */
export async function findConstants(): Promise<Declaration[]> {
  const constants = await findDeclarations(CONSTANT);
  constants.forEach((constant, i) => (constant.notice ||= constants[i - 1].notice));
  return constants;
}

export async function findEvents(): Promise<Declaration[]> {
  return await findDeclarations(EVENT);
}

async function findDeclarations(pattern: RegExp): Promise<Declaration[]> {
  const files = globSync("contracts/*/*.sol").sort();
  const declarations = files.map(async (file) => {
    const contract = path.basename(file, ".sol");
    const source = await readFile(file, "utf8");
    return [...source.matchAll(pattern)].map(([, comment, name, rest]) => {
      return { contract, name, rest: oneLine(rest), notice: readNotice(comment) };
    });
  });
  return (await Promise.all(declarations)).flat();
}

/** The text of `@notice`, up to the next tag. */
function readNotice(comment: string): string {
  const text = comment.replace(/^ *\/\/\/ ?/gm, "");
  const notice = /@notice ([\s\S]*?)(?=@|$)/.exec(text)?.[1] ?? "";
  return oneLine(notice).replace(/\{(\w+)\}/g, "`$1`");
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, " ").replace(/\( /g, "(").replace(/ \)/g, ")");
}
