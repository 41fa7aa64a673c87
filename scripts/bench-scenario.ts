import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { play } from "../sdk/scenario/play.ts";
import { largeScenario, type Size } from "./bench/largeScenario.ts";
import { measureOnChain } from "./bench/scenarioChain.ts";
import { parseOptions, runScript, UserError } from "./lib/script.ts";

const USAGE = "npm run bench:scenario -- [--small] [--check]";

/** What has been promised of the largest run. */
const TARGETS = { seconds: { unit: "s", most: 60 }, memory: { unit: "GB", most: 2 } } as const;
const LARGEST: Size = { assets: 1_000, contributors: 100_000, payments: 1_000_000 };

/** Each dimension grows tenfold twice while the others stay as they are. */
const USUAL: Size = { assets: 100, contributors: 10_000, payments: 100_000 };
const DIMENSIONS = ["assets", "contributors", "payments"] as const;
const STEP = 10;
/** In a tenfold run everything may take this much more than ten times as long. */
const LINEAR_FACTOR = 1.5;

/** How many payments of the largest run are repeated on a chain, with all that stands behind them. */
const REPEATED = 200;

/** If small, everything is a tenth; on a chain a hundredth. */
const SMALL = 10;
const SMALL_ON_CHAIN = 100;

const GIGABYTE = 1e9;

interface Figure {
  figure: string;
  value: number;
  unit: string;
  most?: number;
}

/** What a run in a process of its own took, from an empty scenario to its result. */
interface Run {
  seconds: number;
  payments: number;
  steps: number;
  bytes: number;
}

const missed: string[] = [];

await runScript(async () => {
  const { small, check, run } = parseOptions({
    usage: USAGE,
    options: {
      small: { type: "boolean", default: false },
      check: { type: "boolean", default: false },
      // A size as JSON: what a child process is told to run.
      run: { type: "string" },
    },
  });
  if (run !== undefined) {
    console.log(JSON.stringify(measureRun(JSON.parse(run) as Size)));
    return;
  }
  await measureMemoryBackend(small ? SMALL : 1);
  await measureChainBackend(small ? SMALL_ON_CHAIN : 1);
  if (check && missed.length > 0) throw new UserError(`Targets missed: ${missed.join(", ")}.`);
});

// ---------------------------------------------------------------- in memory

async function measureMemoryBackend(divisor: number): Promise<void> {
  const largest = await measureIn(divided(LARGEST, divisor));
  report({ figure: "largest run", value: largest.seconds, ...TARGETS.seconds });
  report({ figure: "largest run, memory", value: largest.bytes / GIGABYTE, ...TARGETS.memory });
  report({ figure: "largest run, payments", value: largest.payments / largest.seconds, unit: "payments/s" });
  report({ figure: "largest run, steps", value: largest.steps / largest.seconds, unit: "steps/s" });

  const usual = divided(USUAL, divisor);
  const middle = await measureIn(usual);
  for (const dimension of DIMENSIONS) {
    const [less, more] = [usual[dimension] / STEP, usual[dimension] * STEP];
    const runs = [
      { size: less, run: await measureIn({ ...usual, [dimension]: less }) },
      { size: usual[dimension], run: middle },
      { size: more, run: await measureIn({ ...usual, [dimension]: more }) },
    ];
    for (const { size, run } of runs) {
      const name = `${size.toLocaleString("en")} ${dimension}`;
      report({ figure: name, value: run.seconds, unit: "s" });
      report({ figure: `${name}, payments`, value: run.payments / run.seconds, unit: "payments/s" });
      report({ figure: `${name}, memory`, value: run.bytes / GIGABYTE, unit: "GB" });
    }
    const growth = runs[2].run.seconds / runs[1].run.seconds;
    report({
      figure: `growth with ${dimension}, of ${STEP} times as many`,
      value: growth,
      unit: "times",
      most: STEP * LINEAR_FACTOR,
    });
  }
}

// ---------------------------------------------------------------- on a chain

/** @throws Error if the chain disagrees with the model, by whatever amount. */
async function measureChainBackend(divisor: number): Promise<void> {
  const run = await measureOnChain({ scenario: largeScenario(divided(LARGEST, divisor)), payments: REPEATED });
  const { accounts, splits, shares, differences } = run.compared;
  if (differences.length > 0) throw new Error(`Chain and model differ: ${differences.join("; ")}`);
  report({ figure: "on a chain, payments", value: run.paymentsPerSecond, unit: "payments/s" });
  report({ figure: "on a chain, all transactions", value: run.transactions / run.seconds, unit: "transactions/s" });
  report({ figure: "on a chain, from deployment to comparison", value: run.seconds, unit: "s" });
  report({ figure: "on a chain, accounts compared to the last unit", value: accounts, unit: "accounts" });
  report({ figure: "on a chain, splits compared", value: splits, unit: "splits" });
  report({ figure: "on a chain, shares compared", value: shares, unit: "shares" });
}

// ---------------------------------------------------------------- sizes

function divided({ assets, contributors, payments }: Size, divisor: number): Size {
  return { assets: assets / divisor, contributors: contributors / divisor, payments: payments / divisor };
}

/** Runs in a fresh process, so that memory is that of this run alone. */
async function measureIn(size: Size): Promise<Run> {
  const { stdout } = await promisify(execFile)(process.execPath, [import.meta.filename, "--run", JSON.stringify(size)]);
  return JSON.parse(stdout) as Run;
}

function measureRun(size: Size): Run {
  const start = performance.now();
  const run = play(largeScenario(size));
  let steps = 0;
  let next = run.next();
  for (; next.done !== true; next = run.next()) steps++;
  const seconds = (performance.now() - start) / 1_000;
  const { totals } = next.value;
  if (totals.earned + totals.dust !== totals.paid) throw new Error("The run has lost money.");
  // In kilobytes, the most that there ever was.
  const bytes = process.resourceUsage().maxRSS * 1_024;
  return { seconds, payments: totals.payments, steps, bytes };
}

// ---------------------------------------------------------------- figures

/** Writes a figure as one line of JSON. */
function report({ figure, value, ...rest }: Figure): void {
  const isMet = value <= (rest.most ?? Infinity);
  if (!isMet) missed.push(figure);
  const verdict = rest.most === undefined ? {} : { isMet };
  console.log(JSON.stringify({ figure, value: Number(value.toPrecision(6)), ...rest, ...verdict }));
}
