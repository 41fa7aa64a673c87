import path from "node:path";
import { setImmediate } from "node:timers/promises";

import hre from "hardhat";

import type { RunResult } from "../sdk/scenario/result.ts";
import { play } from "../sdk/scenario/play.ts";
import { ScenarioError } from "../sdk/scenario/readScenario.ts";
import type { Scenario } from "../sdk/scenario/scenario.ts";
import type { Step } from "../sdk/scenario/step.ts";
import { DEFAULT_DEPLOYMENTS, display } from "./lib/deployments.ts";
import { connectToNetwork, isEmbedded } from "./lib/network.ts";
import { parseArguments, runScript, UserError } from "./lib/script.ts";
import { toJson } from "./report/json.ts";
import { type Rehearsal, rehearse, repeatOnChain, RunStoppedError } from "./scenario/chain.ts";
import type { ChainResult } from "./scenario/chainResult.ts";
import { readScenarioFile } from "./scenario/files.ts";
import { Progress } from "./scenario/progress.ts";
import { printTables } from "./scenario/report/printTables.ts";
import { writeReports } from "./scenario/report/writeReports.ts";

const USAGE =
  "npm run scenario -- <file.yaml> [--network <name>] [--replay <payments>] [--seed <number>] [--out <folder>] " +
  "[--resume | --fresh] [--json] [--deployments <folder>]";

/** Besides 0 for a run that came out as expected, and 1 for one that was not possible. */
const EXIT = { failedExpectations: 2, stopped: 3 };

const MOST = 2 ** 32 - 1;

const BREATH_MILLISECONDS = 100;

/** Whether there is a run on a chain that can be continued. */
let isBegun = false;

const adviseOnInterrupt = (): string | undefined =>
  isBegun ? `Continue with: ${commandToResume(process.argv.slice(2))}` : undefined;

await runScript(main, { adviseOnInterrupt });

async function main(): Promise<void> {
  const { values: options, positionals } = parseArguments({
    usage: USAGE,
    options: {
      network: { type: "string" },
      replay: { type: "string" },
      seed: { type: "string" },
      out: { type: "string" },
      resume: { type: "boolean", default: false },
      fresh: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      deployments: { type: "string", default: DEFAULT_DEPLOYMENTS },
    },
  });
  const [file] = positionals;
  if (positionals.length !== 1) throw new UserError(`Name one scenario file.\nUsage: ${USAGE}`);
  if (options.resume && options.fresh)
    throw new UserError("A run is either continued or begun anew: drop one of --resume and --fresh.");
  const seed = parseNumber({ option: "--seed", text: options.seed });
  const payments = parseNumber({ option: "--replay", text: options.replay });
  const scenario = readScenario({ file, seed });
  const network = options.network ?? (payments === undefined ? undefined : "hardhat");
  if (options.resume && network === undefined) {
    throw new UserError("Only a run on a chain can be continued. Name its --network, or drop --resume.");
  }
  isBegun = options.resume;
  const folder = path.resolve(options.out ?? path.join("out", path.parse(file).name));
  const progress = new Progress({ periods: scenario.periods });

  // What is repeated on a chain as a whole is played once for both.
  const isWhole = network !== undefined && payments === undefined;
  const rehearsal = isWhole ? await playForChain({ scenario, progress }) : undefined;
  const result = rehearsal?.result ?? (await playInMemory({ scenario, progress }));
  let chain: ChainResult | undefined;
  try {
    if (network !== undefined) {
      chain = await runOnChain({ ...options, scenario, network, payments, rehearsal, folder, progress });
    }
  } catch (error) {
    if (!(error instanceof RunStoppedError)) throw error;
    console.error(`${error.message} Continue with: ${commandToResume(process.argv.slice(2))}`);
    process.exitCode = EXIT.stopped;
    return;
  } finally {
    isBegun = false;
  }

  const files = await writeReports({ result, chain, folder });
  if (options.json) process.stdout.write(toJson(result));
  else {
    printTables({ result, chain });
    console.log(`\nSee ${files.map(display).join(", ")}.`);
  }
  judge({ result, chain });
}

function readScenario({ file, seed }: { file: string; seed: number | undefined }): Scenario {
  try {
    return readScenarioFile(file, seed);
  } catch (error) {
    if (error instanceof ScenarioError) throw new UserError(error.message);
    throw error;
  }
}

async function playInMemory({ scenario, progress }: { scenario: Scenario; progress: Progress }): Promise<RunResult> {
  const run = play(scenario);
  const breathe = createBreath();
  for (;;) {
    const next = run.next();
    if (next.done === true) {
      progress.clear();
      return next.value;
    }
    progress.show({ what: "In memory", step: next.value });
    const pause = breathe();
    if (pause !== undefined) await pause;
  }
}

async function playForChain({ scenario, progress }: { scenario: Scenario; progress: Progress }): Promise<Rehearsal> {
  const breathe = createBreath();
  const onStep = (step: Step): Promise<void> | undefined => {
    progress.show({ what: "In memory", step });
    return breathe();
  };
  const rehearsal = await rehearse({ scenario, onStep });
  progress.clear();
  return rehearsal;
}

/** Makes a pause now and then, in which Ctrl-C is heard. */
function createBreath(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < BREATH_MILLISECONDS) return undefined;
    last = performance.now();
    return setImmediate();
  };
}

async function runOnChain({
  scenario,
  network,
  payments,
  rehearsal,
  folder,
  progress,
  resume,
  fresh,
  deployments,
}: {
  scenario: Scenario;
  network: string;
  payments: number | undefined;
  rehearsal: Rehearsal | undefined;
  folder: string;
  progress: Progress;
  resume: boolean;
  fresh: boolean;
  deployments: string;
}): Promise<ChainResult> {
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const connection = await connectToNetwork(network);
  try {
    if (resume && isEmbedded(connection)) {
      throw new UserError("The embedded chain ends with each run, so there is nothing to continue. Drop --resume.");
    }
    return await repeatOnChain({
      scenario,
      connection,
      folder,
      payments,
      resume,
      fresh,
      ...(rehearsal === undefined ? {} : { rehearsal }),
      deployments: path.resolve(deployments),
      onBegin: () => {
        isBegun = true;
      },
      onProgress: ({ step, number, steps }) => {
        progress.show({ what: `On ${network}`, step, done: number / steps });
      },
    });
  } finally {
    progress.clear();
    await connection.close();
  }
}

/** Says what is not as it should be, all reports having been written. */
function judge({ result, chain }: { result: RunResult; chain: ChainResult | undefined }): void {
  const differences = chain?.compared.differences ?? [];
  if (differences.length > 0) {
    throw new UserError(["The chain and the model disagree:", ...differences].join("\n"));
  }
  const failed = result.expectations.filter(({ holds }) => !holds);
  if (failed.length === 0) return;
  const lines = failed.map(({ line, text, actual }) => `  line ${line}: ${text} (it is ${actual})`);
  console.error([`${failed.length} of ${result.expectations.length} expectations failed:`, ...lines].join("\n"));
  process.exitCode = EXIT.failedExpectations;
}

/** The command that goes on where this one stopped. */
function commandToResume(args: readonly string[]): string {
  const kept = args.filter((arg) => arg !== "--fresh" && arg !== "--resume");
  return ["npm run scenario --", ...kept.map(quote), "--resume"].join(" ");
}

function quote(arg: string): string {
  return /^[\w./=-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}

function parseNumber({ option, text }: { option: string; text: string | undefined }): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number > MOST) {
    throw new UserError(`${option} must be a whole number from 0 to ${MOST}, but is "${text}".`);
  }
  return number;
}
