import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

import { toJson } from "./json.ts";
import { renderPage } from "./page.ts";
import type { Report } from "./report.ts";

/**
 * Writes the report as a page that needs nothing else, and as JSON with amounts as decimal strings.
 *
 * @returns The files.
 */
export async function writeReport({ report, directory }: { report: Report; directory: string }): Promise<string[]> {
  await mkdir(directory, { recursive: true });
  const jsonFile = path.join(directory, "report.json");
  await writeFile(jsonFile, toJson(report));
  const pageFile = path.join(directory, "report.html");
  await writeFile(pageFile, renderPage(report));
  return [pageFile, jsonFile];
}
