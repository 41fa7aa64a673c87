import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { setTimeout } from "node:timers/promises";

/** How a script ended, and all it printed. */
export interface ScriptResult {
  exitCode: number | null;
  output: string;
  errors: string;
}

/** When to end a script early, and how: SIGINT is Ctrl-C, SIGKILL a power failure. */
export interface Interruption {
  signal: "SIGINT" | "SIGKILL";
  /** Asked again and again, with what the script has printed as errors and progress. */
  when: (errors: string) => Promise<boolean>;
}

/**
 * Runs a script of `scripts/` the way `npm run` does.
 *
 * @param env Set on top of this process's environment.
 * @param cwd Where to run it, if not in the project.
 */
export async function runScript({
  script,
  args = [],
  env = {},
  cwd = process.cwd(),
  interruption,
}: {
  script: string;
  args?: string[];
  env?: Record<string, string>;
  cwd?: string;
  interruption?: Interruption;
}): Promise<ScriptResult> {
  const child = spawn(process.execPath, [path.resolve("scripts", `${script}.ts`), ...args], {
    env: { ...process.env, ...env },
    cwd,
  });
  const closed = once(child, "close");

  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));

  while (interruption !== undefined && !child.killed && child.exitCode === null) {
    if (await interruption.when(errors)) child.kill(interruption.signal);
    else await setTimeout(20);
  }

  await closed;
  return { exitCode: child.exitCode, output, errors };
}
