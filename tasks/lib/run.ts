import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";

import { describeOutsideError, UnreachableError, UserError } from "../../scripts/lib/script.ts";
import { loadRun } from "../rooms.ts";
import { type RawArguments, readArguments } from "./arguments.ts";
import { ChainRefusal } from "./chainErrors.ts";
import { Context } from "./context.ts";
import { integer, renderTable, toJson } from "./format.ts";
import type { Report } from "./outcome.ts";
import { carryOut, type Sent } from "./send.ts";
import { describeValue } from "./calls.ts";
import type { Verb } from "./verb.ts";
import { formatEther } from "ethers";

/** What a program gets to know from the exit code. */
export const EXIT = { done: 0, mistake: 1, refused: 2, unreachable: 3 } as const;

/** Runs a verb from the command line to its exit code. A bug shows its stack trace. */
export async function runVerb({
  verb,
  raw,
  hre,
}: {
  verb: Verb;
  raw: RawArguments;
  hre: HardhatRuntimeEnvironment;
}): Promise<void> {
  const json = raw.json === true;
  try {
    const { document, text, isWrong } = await perform({ verb, raw, hre, json });
    if (isWrong) process.exitCode = EXIT.mistake;
    console.log(json ? toJson(document) : text);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    process.exitCode = failure.exitCode;
    if (json) console.log(toJson({ verb: verb.name, error: failure.document }));
    console.error(failure.message);
  }
}

async function perform({
  verb,
  raw,
  hre,
  json,
}: {
  verb: Verb;
  raw: RawArguments;
  hre: HardhatRuntimeEnvironment;
  json: boolean;
}): Promise<{ document: unknown; text: string; isWrong: boolean }> {
  const { deployments, from, wallet } = raw as Record<string, string | undefined>;
  const dryRun = raw.dryRun === true;
  // What can be read without a chain is read first: a slip of the pen should not cost a connection.
  await readArguments({ options: verb.options, raw, find: async (who) => who });
  const context = await Context.open({ hre, deployments, signs: verb.signs, from, wallet });
  try {
    const args = await readArguments({ options: verb.options, raw, find: async (who) => await context.find(who) });
    const run = await loadRun(verb.name);
    const planned = await run(context, args);
    const head = {
      verb: verb.name,
      network: context.connection.networkName,
      chainId: context.deployment.chainId,
      dryRun,
    };
    if (!("steps" in planned)) {
      const { result, isWrong = false } = planned;
      return { document: { ...head, transactions: [], result }, text: renderReport(planned), isWrong };
    }
    // At once: if a later step fails, people know what was done.
    const onSent = (step: Sent): void => {
      if (!dryRun) (json ? console.error : console.log)(renderSent(step, context));
    };
    const { sent, done } = await carryOut({ context, steps: planned.steps, dryRun, onSent });
    const report = await planned.report(done);
    const lines = dryRun ? sent.map((step, i) => renderTrial(step, i, context)) : [];
    const intro = sent.length === 0 ? "Nothing is sent." : "Nothing is sent. This is what would be:";
    const text = [...(dryRun ? [intro] : []), ...lines, renderReport(report)].filter((part) => part !== "").join("\n");
    const document = { ...head, transactions: sent.map(documentOf), result: report.result };
    return { document, text, isWrong: report.isWrong ?? false };
  } finally {
    await context.close();
  }
}

function renderReport({ says }: Report): string {
  return says.map((part) => (typeof part === "string" ? part : renderTable(part))).join("\n");
}

function renderSent({ what, hash, block, gas, from }: Sent, { people }: Context): string {
  return `${what}\n  sent by ${people.nameOf(from)} as ${hash ?? ""} in block ${block ?? ""}, ${integer(gas ?? 0n)} gas`;
}

function renderTrial({ what, from, to, call, value, gas, tried }: Sent, index: number, { people }: Context): string {
  const name = people.nameOf(from);
  const values = Object.entries(call?.arguments ?? {}).map(([key, item]) => `${key}: ${describeValue(item)}`);
  const outlook =
    gas !== null
      ? `goes through, for about ${integer(gas)} gas`
      : tried
        ? "goes through after the step before"
        : "can only be tried after the step before";
  return [
    `${index + 1}. ${what}`,
    `   from  ${name === from ? from : `${name} ${from}`}`,
    `   to    ${call === undefined ? to : `${call.contract} ${to}`}`,
    ...(call === undefined ? [] : [`   call  ${call.function}(${values.join(", ")})`]),
    ...(value === 0n ? [] : [`   with  ${formatEther(value)} ether`]),
    `   this  ${outlook}`,
  ].join("\n");
}

function documentOf({ what, from, to, call, value, gas, tried, hash, block }: Sent): Record<string, unknown> {
  return {
    what,
    from,
    to,
    contract: call?.contract ?? null,
    function: call?.function ?? null,
    arguments: call?.arguments ?? {},
    value,
    gas,
    tried,
    hash: hash ?? null,
    block: block ?? null,
  };
}

interface Failure {
  exitCode: number;
  message: string;
  document: Record<string, unknown>;
}

function failureOf(error: unknown): Failure | undefined {
  if (error instanceof ChainRefusal) {
    const { message, error: name, values } = error;
    return { exitCode: EXIT.refused, message, document: { kind: "refused", message, name: name ?? null, values } };
  }
  if (error instanceof UnreachableError || isSilence(error)) {
    const message = error instanceof UnreachableError ? error.message : "The node does not answer any more.";
    return { exitCode: EXIT.unreachable, message, document: { kind: "unreachable", message } };
  }
  const message = error instanceof UserError ? error.message : describeOutsideError(error);
  if (message === undefined) return undefined;
  return { exitCode: EXIT.mistake, message, document: { kind: "mistake", message } };
}

/** Whether a node went away in the middle. */
function isSilence(error: unknown): boolean {
  const text = error instanceof Error ? `${error.name} ${error.message} ${String(Reflect.get(error, "code"))}` : "";
  return /ECONNREFUSED|ECONNRESET|ConnectionRefused|Cannot connect to the network|socket hang up/i.test(text);
}
