import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import hre from "hardhat";
import type { EthereumProvider } from "hardhat/types/providers";

import { NODE_COMMANDS, startNode } from "../test/helpers/node.ts";
import { Random } from "../test/reference/random.ts";
import { connectToNetwork } from "./lib/network.ts";
import { parseOptions, runScript, UserError } from "./lib/script.ts";
import { checkEverything } from "./load/checks.ts";
import { LocalHost, type OperatorHost, ProcessHost } from "./load/hosts.ts";
import type { OperatorSetup } from "./load/operator.ts";
import { Traffic } from "./load/traffic.ts";
import { createWorld, type LoadWorld } from "./load/world.ts";
import { formatInteger, formatOpen } from "./report/format.ts";

const OPERATORS = 4;
const MOST = 10_000_000;
/** Calls between two rounds of settlements. */
const SETTLE_EVERY = 2_500;
/** Operations of an operator's disk per call: two records, each written and synced. */
const OPERATIONS_PER_CALL = 4;

/** Attempts to get an answer of the node. */
const MAX_ATTEMPTS = 5;

interface LoadOptions {
  calls: number;
  payers: number;
  services: number;
  crashes: number;
  seed: number;
}

await runScript(async () => {
  const options = parseOptions({
    usage:
      "npm run load -- [--calls <number>] [--payers <number>] [--services <number>] [--crashes <number>] " +
      "[--seed <number>] [--in-process]",
    options: {
      calls: { type: "string", default: "100000" },
      payers: { type: "string", default: "200" },
      services: { type: "string", default: "20" },
      crashes: { type: "string", default: "48" },
      seed: { type: "string", default: "1" },
      "in-process": { type: "boolean", default: false },
    },
  });
  const load: LoadOptions = {
    calls: parseNumber({ option: "--calls", text: options.calls, least: 1 }),
    payers: parseNumber({ option: "--payers", text: options.payers, least: 1 }),
    services: parseNumber({ option: "--services", text: options.services, least: OPERATORS }),
    crashes: parseNumber({ option: "--crashes", text: options.crashes, least: 0 }),
    seed: parseNumber({ option: "--seed", text: options.seed, least: 0 }),
  };
  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  const directory = await mkdtemp(path.join(tmpdir(), "load-"));
  try {
    await (options["in-process"] ? runInProcess(load, directory) : runInProcesses(load, directory));
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** Operators are processes that SIGKILL ends, the chain is a node of its own. */
async function runInProcesses(load: LoadOptions, directory: string): Promise<void> {
  const node = await startNode(NODE_COMMANDS["hardhat node"]);
  process.env.LOCALHOST_RPC_URL = node.url;
  const connection = await connectToNetwork("localhost");
  askAgain(connection.provider);
  const world = await createWorld({ connection, operators: OPERATORS, ...load });
  const hosts = setupsOf(world, directory).map((setup) => new ProcessHost({ url: node.url, setup }));
  const traffic = new Traffic({ world, hosts, seed: load.seed });
  let crashes = 0;
  let over = false;
  const isOver = (): boolean => over;
  try {
    await traffic.deposit();
    for (let i = 0; i < hosts.length; i++) await traffic.start(i);
    const start = performance.now();

    const crasher = async (): Promise<void> => {
      const random = new Random(load.seed + 1);
      for (; crashes < load.crashes && !isOver(); crashes++) {
        const at = ((crashes + 0.5 + random.integer(-40, 40) / 100) * load.calls) / load.crashes;
        while (traffic.answered < at && !isOver()) await sleep(2);
        const operator = random.integer(0, hosts.length - 1);
        // Half of the crashes hit an operator while it settles.
        if (random.chance(0.5)) settleUnlessStopped(hosts[operator]);
        await sleep(random.integer(0, 120));
        await hosts[operator].stop();
        await traffic.start(operator);
      }
    };
    const settling = async (): Promise<void> => {
      for (let next = SETTLE_EVERY; !isOver(); next += SETTLE_EVERY) {
        while (traffic.answered < next && !isOver()) await sleep(5);
        for (const host of hosts) settleUnlessStopped(host);
      }
    };
    const payers = world.payers.map(async (_, payer) => {
      const count = callsOf({ payer, ...load });
      for (const call of traffic.calls({ payer, count, seed: load.seed })) await call.run();
    });
    const others = [crasher(), settling()];
    await Promise.all(payers);
    over = true;
    await Promise.all(others);
    const seconds = (performance.now() - start) / 1_000;
    for (const host of hosts) await host.settle({ all: true });
    for (const host of hosts) await host.stop();
    await report({ load, world, traffic, crashes, seconds, directory, mode: `${OPERATORS} processes` });
  } finally {
    over = true;
    for (const host of hosts) await host.stop();
    await connection.close();
    await node.stop();
  }
}

/**
 * The node closes connections that are idle. On a busy machine a request can be on its way just then; nothing has seen it,
 * so it is sent again.
 */
function askAgain(provider: EthereumProvider): void {
  const request = provider.request.bind(provider);
  provider.request = async (...args) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return (await request(...args)) as unknown;
      } catch (error) {
        const isLost = error instanceof Error && error.message.startsWith("Failed to make POST request");
        if (!isLost || attempt === MAX_ATTEMPTS) throw error;
        await sleep(100 * attempt);
      }
    }
  };
}

/** Operators are in this process, a call at a time each; their disks fail where the seed says. */
async function runInProcess(load: LoadOptions, directory: string): Promise<void> {
  const connection = await connectToNetwork("hardhat");
  const world = await createWorld({ connection, operators: OPERATORS, ...load });
  const interval = Math.ceil((load.calls * OPERATIONS_PER_CALL) / Math.max(1, load.crashes));
  const hosts = setupsOf(world, directory).map(
    (setup, i) =>
      new LocalHost({
        setup,
        provider: connection.ethers.provider,
        random: new Random(load.seed + 2 + i),
        interval,
      }),
  );
  if (load.crashes === 0) for (const host of hosts) host.calmDown();
  const traffic = new Traffic({ world, hosts, seed: load.seed });
  await traffic.deposit();
  for (let i = 0; i < hosts.length; i++) await traffic.start(i);
  const start = performance.now();
  const settle = async (all: boolean): Promise<void> => {
    for (const [i, host] of hosts.entries()) {
      for (let done = false; !done;) {
        try {
          await host.settle({ all });
          done = true;
        } catch (error) {
          if (!isStopped(error)) throw error;
          await traffic.start(i);
        }
      }
    }
  };
  const payers = world.payers.map((_, payer) =>
    traffic.calls({ payer, count: callsOf({ payer, ...load }), seed: load.seed }),
  );
  let next = SETTLE_EVERY / 5;
  for (let running = true; running;) {
    const round = payers.map((calls) => calls.next()).flatMap(({ value, done }) => (done === true ? [] : [value]));
    // Operators work side by side, each in the order of the payers: what one does never depends on how fast others are.
    await Promise.all(
      hosts.map(async (_, i) => {
        for (const call of round) if (call.operator === i) await call.run();
      }),
    );
    running = round.length > 0;
    if (traffic.answered < next) continue;
    next += SETTLE_EVERY / 5;
    await settle(false);
  }
  const seconds = (performance.now() - start) / 1_000;
  await settle(true);
  for (const host of hosts) await host.stop();
  const crashes = hosts.reduce((sum, { failures }) => sum + failures, 0);
  await report({ load, world, traffic, crashes, seconds, directory, mode: "one process" });
  await connection.close();
}

function setupsOf(world: LoadWorld, directory: string): OperatorSetup[] {
  return world.operators.map(({ privateKey }, i) => ({
    directory: directoryOf(directory, i),
    privateKey,
    chainId: world.chainId,
    channels: world.addresses.channels,
    registry: world.addresses.services,
    services: world.services.filter(({ operator }) => operator === i),
  }));
}

function directoryOf(directory: string, operator: number): string {
  return path.join(directory, `operator-${operator}`);
}

/** A settlement that nobody waits for: the operator may be stopped in the middle of it. */
function settleUnlessStopped(host: OperatorHost): void {
  host.settle({ all: false }).catch((error: unknown) => {
    if (!isStopped(error)) throw error;
  });
}

function isStopped(error: unknown): boolean {
  return error instanceof Error && error.name === "StoppedError";
}

function callsOf({ payer, calls, payers }: { payer: number; calls: number; payers: number }): number {
  return Math.floor(calls / payers) + (payer < calls % payers ? 1 : 0);
}

async function report({
  load,
  world,
  traffic,
  crashes,
  seconds,
  directory,
  mode,
}: {
  load: LoadOptions;
  world: LoadWorld;
  traffic: Traffic;
  crashes: number;
  seconds: number;
  directory: string;
  mode: string;
}): Promise<void> {
  const directories = world.operators.map((_, i) => directoryOf(directory, i));
  const result = await checkEverything({ world, channels: traffic.channels, directories });
  const violations = [...traffic.violations, ...result.violations];
  const rate = Math.round(traffic.answered / seconds);
  console.log(`Load: ${formatInteger(traffic.answered)} calls, operators in ${mode}, seed ${load.seed}`);
  console.log(`  ${formatInteger(rate)} calls/s, ${seconds.toFixed(1)} s`);
  console.log(`  ${crashes} crashes, ${traffic.retries} requests made again, ${traffic.topUps} deposits topped up`);
  console.log(
    `  ${result.settlements} settlements, ${result.groups} payments, ${formatInteger(result.receipts)} receipts, each in one`,
  );
  console.log(`  paid in    ${formatOpen(result.deposited)} OPEN`);
  console.log(
    `  settled    ${formatOpen(result.settled)} OPEN, of which contributors claimed ${formatOpen(result.claimed)}`,
  );
  console.log(`  returned   ${formatOpen(result.returned)} OPEN`);
  console.log(`  ${violations.length} violations`);
  const { settlements, groups, receipts } = result;
  const amounts = { settled: result.settled, claimed: result.claimed };
  const counts = { settlements, groups, receipts, crashes, retries: traffic.retries, topUps: traffic.topUps };
  console.log(
    JSON.stringify(
      { mode, ...load, digest: traffic.digest, ...amounts, ...counts, callsPerSecond: rate, violations },
      (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value),
    ),
  );
  if (violations.length > 0) throw new UserError(["Something does not add up:", ...violations.slice(0, 20)].join("\n"));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function parseNumber({ option, text, least }: { option: string; text: string; least: number }): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > MOST) {
    throw new UserError(`${option} must be a whole number from ${least} to ${MOST}, but is "${text}".`);
  }
  return number;
}
