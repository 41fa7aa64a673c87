import path from "node:path";

import hre from "hardhat";

import { Random } from "../test/reference/random.ts";
import { playAttribution } from "./demo/attribution.ts";
import { collectCalls } from "./demo/calls.ts";
import { readCorpus } from "./demo/corpus.ts";
import { openMarket } from "./demo/market.ts";
import { castPeople } from "./demo/people.ts";
import { printReport } from "./demo/print.ts";
import { collectResults } from "./demo/results.ts";
import { playSequel } from "./demo/sequel.ts";
import { deploySetting } from "./demo/setting.ts";
import { Settlement } from "./demo/settlement.ts";
import { stakeAll } from "./demo/stake.ts";
import { step } from "./demo/steps.ts";
import { Traffic } from "./demo/traffic.ts";
import { parseOptions, runScript, UserError } from "./lib/script.ts";
import { formatInteger, formatOpen } from "./report/format.ts";
import type { Report } from "./report/report.ts";
import { writeReport } from "./report/write.ts";
import { writeArchive } from "./trace/archive.ts";

/** Fewer would not reach everybody. */
const LEAST_TURNS = 60;
const MOST = 1_000_000;

await runScript(async () => {
  const options = parseOptions({
    usage: "npm run demo -- [--seed <number>] [--turns <number>] [--out <directory>]",
    options: {
      seed: { type: "string", default: "1" },
      turns: { type: "string", default: "2400" },
      out: { type: "string", default: "out" },
    },
  });
  const seed = parseNumber({ option: "--seed", text: options.seed, least: 0 });
  const turns = parseNumber({ option: "--turns", text: options.turns, least: LEAST_TURNS });
  const start = performance.now();
  console.log("An attribution ledger for AI, from a text corpus to paid contributors, on a chain in this process.\n");

  const corpus = await step({
    title: "Read and hash the State of the Union addresses",
    work: async () => readCorpus(),
    outcome: (texts) => `${texts.length} texts`,
  });
  const people = castPeople({ seed, authors: [...new Set(corpus.map(({ author }) => author))] });
  const setting = await step({
    title: "Deploy the protocol",
    work: async () => {
      await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
      return deploySetting(people);
    },
    outcome: ({ protocol }) => `${Object.keys(protocol).length} contracts`,
  });
  await step({
    title: "Stake on operators",
    work: () => stakeAll(setting),
    outcome: (staked) => `${formatOpen(staked, 0)} OPEN`,
  });
  const random = new Random(seed);
  const market = await step({
    title: "Register Datanet, models, agent and services",
    work: () => openMarket({ setting, corpus }),
    outcome: ({ datanet }) => `${datanet.offers.length} signed contributions in ${datanet.versions.length} versions`,
  });
  const settlement = await Settlement.prepare({ setting, market, random });
  const traffic = new Traffic({ setting, market, settlement, random, corpus });
  await step({
    title: "Route payments, run the agent, claim in between",
    work: (onProgress) => traffic.run({ turns, onProgress }),
    outcome: () => `${formatInteger(traffic.payments)} payments`,
  });
  const payoffs = await step({
    title: "Release everything through all hops and pay out",
    work: () => settlement.finish(),
    outcome: () => `${formatInteger(setting.gas.transactions)} transactions so far`,
  });
  const results = await step({
    title: "Compare every wallet with the reference",
    work: () => collectResults({ setting, market, traffic, corpus, payoffs }),
    outcome: ({ comparison }) => `${comparison.differences.length} differences`,
  });
  const sequel = await step({
    title: "Harvest, prove faults, vote, share a budget out",
    work: () => playSequel({ setting, market }),
    outcome: ({ vote }) => `policy ${vote.version} in force`,
  });
  const attribution = await step({
    title: "Train a model, pay for whose words it says",
    work: () => playAttribution({ setting, market, corpus, random }),
    outcome: ({ outputs }) => `${outputs.length} outputs attributed`,
  });
  const seconds = Math.round((performance.now() - start) / 100) / 10;
  const report: Report = { seed, seconds, ...results, sequel, attribution };

  printReport(report);
  const files = await writeReport({ report, directory: options.out });
  const archive = path.join(options.out, "calls.json");
  await writeArchive({ file: archive, archive: await collectCalls({ setting, receipts: traffic.receipts }) });
  console.log(`\nDone in ${seconds} s. See ${files.join(" and ")}.`);
  console.log(`"npm run trace" follows a call of ${archive} through all it was made of.`);
  if (report.comparison.differences.length > 0) {
    throw new UserError("The ledger and the reference disagree. The differences are listed above.");
  }
});

function parseNumber({ option, text, least }: { option: string; text: string; least: number }): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < least || number > MOST) {
    throw new UserError(`${option} must be a whole number from ${least} to ${MOST}, but is "${text}".`);
  }
  return number;
}
