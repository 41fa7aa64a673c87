import { link, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

/** A directory that another process works in. */
export class LockedError extends Error {
  override readonly name = "LockedError";

  constructor({ file, pid }: { file: string; pid: number }) {
    super(`Process ${pid} works in this directory. If that is no operator, remove ${file}.`);
  }
}

/** Locks of this process: after a restart in a container its number may be that of the one before. */
const own = new Set<string>();

/**
 * Makes sure that no other process of this machine works in a directory. A process that was killed leaves its lock
 * behind, which the next one takes over.
 *
 * @returns What ends the lock.
 * @throws LockedError if somebody holds it.
 */
export async function lockDirectory(directory: string): Promise<() => Promise<void>> {
  const file = path.resolve(directory, "lock");
  if (own.has(file)) throw new LockedError({ file, pid: process.pid });
  own.add(file);
  try {
    await take(file);
  } catch (error) {
    own.delete(file);
    throw error;
  }
  return async () => {
    await rm(file, { force: true });
    own.delete(file);
  };
}

async function take(file: string): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, String(process.pid));
  try {
    // A link, unlike a rename, fails if the name is taken, and the file is never there without its content.
    await link(draft, file).catch(async (error: unknown) => {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
      const pid = Number(await readFile(file, "utf8"));
      if (pid !== process.pid && isAlive(pid)) throw new LockedError({ file, pid });
      await rm(file);
      await link(draft, file);
    });
  } finally {
    await rm(draft, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process may not be signalled, but is there.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
