import type { ParseArgsConfig } from "node:util";
import { parseArgs } from "node:util";

/** A failure that the person who ran the script can put right. The message is a sentence that says how. */
export class UserError extends Error {
  override readonly name: string = "UserError";
}

/** Nobody answers where a node should be. */
export class UnreachableError extends UserError {
  override readonly name = "UnreachableError";
}

/** Hardhat's own errors are written for people, and start with a code such as "HHE910: ". */
const HARDHAT_CODE = /^HHE\d+: /;

/**
 * Runs a script to its exit code. Only an unexpected failure, which is a bug, shows a stack trace.
 *
 * @param options.adviseOnInterrupt How to continue after Ctrl-C; undefined if there is nothing to continue.
 */
export async function runScript(
  main: () => Promise<void>,
  { adviseOnInterrupt = adviseSameCommand }: { adviseOnInterrupt?: () => string | undefined } = {},
): Promise<void> {
  process.once("SIGINT", () => {
    const advice = adviseOnInterrupt();
    console.error(`\nInterrupted.${advice === undefined ? "" : ` ${advice}`}`);
    process.exit(1);
  });

  try {
    await main();
  } catch (error) {
    process.exitCode = 1;
    console.error(describeFailure(error));
  }
}

function adviseSameCommand(): string {
  return "Run the same command again to continue.";
}

function describeFailure(error: unknown): string {
  if (error instanceof UserError) {
    return error.message;
  }
  return describeOutsideError(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error));
}

/** What Hardhat or a node complains of, in their words, or undefined if the failure is none of theirs. */
export function describeOutsideError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;

  const isHardhats = HARDHAT_CODE.test(error.message);
  const isNodes = "code" in error && typeof error.code === "number";
  if (!isHardhats && !isNodes) return undefined;

  const message = error.message
    .replace(HARDHAT_CODE, "")
    // The path or query of a node's address often is a secret key.
    .replace(/(https?:\/\/[^/\s]+)\S*/g, "$1");
  return message.endsWith(".") ? message : `${message}.`;
}

/** Parses the command line. Anything it does not know is refused with the usage. */
export function parseOptions<Options extends NonNullable<ParseArgsConfig["options"]>>({
  usage,
  options,
}: {
  usage: string;
  options: Options;
}): ReturnType<typeof parseArgs<{ options: Options }>>["values"] {
  return orUsage({ usage, parse: () => parseArgs({ options }).values });
}

/** Like `parseOptions`, with arguments that are no options beside them. */
export function parseArguments<Options extends NonNullable<ParseArgsConfig["options"]>>({
  usage,
  options,
}: {
  usage: string;
  options: Options;
}): ReturnType<typeof parseArgs<{ options: Options; allowPositionals: true }>> {
  return orUsage({ usage, parse: () => parseArgs({ options, allowPositionals: true }) });
}

function orUsage<Result>({ usage, parse }: { usage: string; parse: () => Result }): Result {
  try {
    return parse();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`${reason}\nUsage: ${usage}`);
  }
}
