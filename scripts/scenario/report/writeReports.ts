import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import type { RunResult } from "../../../sdk/scenario/result.ts";
import { toJson } from "../../report/json.ts";
import type { ChainResult } from "../chainResult.ts";
import { csvFiles } from "./csv.ts";
import { renderRunPage } from "./page.ts";

/**
 * Writes a run as a page that needs nothing else, as JSON and as CSV. What the chain tells is in a file of its own: `result.json` is the
 * same on all of them.
 *
 * @returns The files, the page first.
 */
export async function writeReports({
  result,
  chain,
  folder,
}: {
  result: RunResult;
  chain: ChainResult | undefined;
  folder: string;
}): Promise<string[]> {
  const files = {
    "report.html": renderRunPage({ result, chain }),
    "result.json": toJson(result),
    ...(chain === undefined ? {} : { "chain.json": toJson(chain) }),
    ...csvFiles(result),
  };
  await mkdir(folder, { recursive: true });
  const written: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(folder, name);
    await writeFile(file, text);
    written.push(file);
  }
  return written;
}
