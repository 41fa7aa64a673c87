import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import hre from "hardhat";

import { UserError } from "../lib/script.ts";
import type { Figure } from "./figures.ts";

/** Figures by name, as they were when somebody last looked at them and agreed. */
type Snapshot = Record<string, number>;

const FILE = path.join(hre.config.paths.root, "gas", "snapshot.json");

export async function writeSnapshot(figures: readonly Figure[]): Promise<void> {
  await mkdir(path.dirname(FILE), { recursive: true });
  await writeFile(FILE, `${JSON.stringify(takeSnapshot(figures), null, 2)}\n`);
}

/** What differs from the committed snapshot, one sentence each, and what to do about it. */
export async function compareWithSnapshot(figures: readonly Figure[]): Promise<string[]> {
  const old = await readSnapshot();
  const latest = takeSnapshot(figures);
  const names = [...new Set([...Object.keys(old), ...Object.keys(latest)])];
  const changes = names.flatMap((name) => describeChange({ name, from: old[name], to: latest[name] }));
  return changes.length === 0
    ? []
    : [...changes, 'If that is meant, run "npm run bench -- --update" and commit the snapshot.'];
}

function takeSnapshot(figures: readonly Figure[]): Snapshot {
  return Object.fromEntries(figures.map(({ name, value }) => [name, value]));
}

async function readSnapshot(): Promise<Partial<Snapshot>> {
  try {
    return JSON.parse(await readFile(FILE, "utf8")) as Snapshot;
  } catch {
    throw new UserError('gas/snapshot.json is missing or damaged. Restore it, or run "npm run bench -- --update".');
  }
}

function describeChange({
  name,
  from,
  to,
}: {
  name: string;
  from: number | undefined;
  to: number | undefined;
}): string[] {
  if (from === to) return [];
  if (from === undefined) return [`"${name}" is ${to} and not in the snapshot.`];
  if (to === undefined) return [`"${name}" is in the snapshot and was not measured.`];
  return [`"${name}" ${to > from ? "rose" : "fell"} from ${from} to ${to}.`];
}
