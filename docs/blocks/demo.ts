import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

/** The sections of its output that the README shows. */
const SECTIONS = ["Who earned", "Conservation", "Reference model", "Stake, disputes, votes", "Attribution of outputs"];

/** Runs the demo as it is by default, and returns some of what it prints. */
export async function renderDemo(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), "demo-"));
  const { stdout } = await promisify(execFile)(process.execPath, ["scripts/demo.ts", "--out", directory]);
  await rm(directory, { recursive: true });
  const sections = stdout.split("\n\n").filter((section) => SECTIONS.some((title) => section.startsWith(title)));
  return ["```text", sections.join("\n\n"), "```"].join("\n");
}
