import hre from "hardhat";

import { measureAuthorizations } from "./bench/authorizations.ts";
import { measureBalances } from "./bench/balances.ts";
import { measureClaims, measureLargeClaim } from "./bench/claims.ts";
import { measureDatanets } from "./bench/datanets.ts";
import { measureDisputes } from "./bench/disputes.ts";
import type { Figure } from "./bench/figures.ts";
import { formatFigure, missesBudget } from "./bench/figures.ts";
import { measureGauges } from "./bench/gauges.ts";
import { measureGovernance } from "./bench/governance.ts";
import { measureJobs } from "./bench/jobs.ts";
import { buildLargeLog } from "./bench/largeLog.ts";
import { measureLargeReports } from "./bench/largeReports.ts";
import { measureLargeCase, measureLargeDatanet, measureLimits } from "./bench/limits.ts";
import { measureOffChain } from "./bench/offChain.ts";
import { measurePaymentGrowth, measurePayments } from "./bench/payments.ts";
import { measureChannels } from "./bench/channels.ts";
import { measureRegistries } from "./bench/registries.ts";
import { measureReports } from "./bench/reports.ts";
import { measureSizes } from "./bench/sizes.ts";
import { compareWithSnapshot, writeSnapshot } from "./bench/snapshot.ts";
import { measureStaking } from "./bench/staking.ts";
import { openBench } from "./bench/world.ts";
import { parseOptions, runScript, UserError } from "./lib/script.ts";

const USAGE = "npm run bench [-- --check | --update]";

await runScript(async () => {
  const options = parseOptions({
    usage: USAGE,
    options: {
      check: { type: "boolean", default: false },
      update: { type: "boolean", default: false },
    },
  });

  await hre.tasks.getTask("build").run({ quiet: true, noTests: true });
  // Nothing else runs beside what is timed. Its figures depend on the machine and are in no snapshot.
  const offChain = await print(measureOffChain());
  const onChain = await measureOnChain();

  if (options.update) await writeSnapshot(onChain);
  const problems = [...offChain, ...onChain].filter(missesBudget).map(describeMiss);
  if (options.check) problems.push(...(await compareWithSnapshot(onChain)));
  if (problems.length > 0) throw new UserError(problems.join("\n"));
});

/** Each group of figures starts from the same deployment, so that none depends on another. */
async function measureOnChain(): Promise<Figure[]> {
  const connection = await hre.network.create("hardhat");
  const bench = await openBench(connection);
  const log = buildLargeLog(bench.people[0]);
  const groups = [
    measureSizes(bench),
    measurePayments(bench),
    measurePaymentGrowth(bench, log),
    measureClaims(bench),
    measureChannels(bench),
    measureBalances(bench),
    measureDatanets(bench),
    measureRegistries(bench),
    measureAuthorizations(bench),
    measureJobs(bench),
    measureStaking(bench),
    measureDisputes(bench),
    measureGauges(bench),
    measureGovernance(bench),
    measureReports(bench),
    measureLargeReports(bench),
    measureLimits(bench),
    measureLargeCase(bench),
    measureLargeDatanet(bench, log),
    measureLargeClaim(bench, log),
  ];

  const figures: Figure[] = [];
  const deployed = await connection.networkHelpers.takeSnapshot();
  for (const group of groups) {
    figures.push(...(await print(group)));
    await deployed.restore();
  }
  await connection.close();
  return figures;
}

async function print(group: AsyncGenerator<Figure>): Promise<Figure[]> {
  const figures: Figure[] = [];
  for await (const figure of group) {
    console.log(formatFigure(figure));
    figures.push(figure);
  }
  return figures;
}

function describeMiss({ name, unit, value, budget }: Figure): string {
  return `"${name}" takes ${value} ${unit}, more than its budget of ${budget}.`;
}
