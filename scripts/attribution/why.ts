import { writeFile } from "node:fs/promises";
import path from "node:path";

import { getAddress, isAddress } from "ethers";

import { PublishedData } from "../../sdk/attribution/dataStore.ts";
import type { KnownPot, PostedReport, ReportsChain } from "../../sdk/attribution/reportsContract.ts";
import { explainEarnings } from "../../sdk/attribution/why.ts";
import { loadPotTexts } from "../../sdk/node/potTexts.ts";
import { parseOptions, runScript, UserError } from "../lib/script.ts";
import { ATTRIBUTION_OPTIONS, openAttribution, readCount } from "./open.ts";
import { renderWhy } from "./whyPage.ts";
import { describeWhy } from "./whyText.ts";

const USAGE =
  "npm run why -- --network <name> --wallet <address> (--epoch <number> --pot <number> | --report <id>) [--html <file>] [--data <directory>] [--directory <directory>] [--deployments <directory> | --reports <address> --from <block>]";

await runScript(async () => {
  const values = parseOptions({
    usage: USAGE,
    options: {
      ...ATTRIBUTION_OPTIONS,
      wallet: { type: "string" },
      epoch: { type: "string" },
      pot: { type: "string" },
      report: { type: "string" },
      html: { type: "string" },
      directory: { type: "string", default: path.join("out", "why") },
    },
  });
  const { wallet } = values;
  if (wallet === undefined || !isAddress(wallet)) throw new UserError(`Name a wallet: ${USAGE}`);
  const { connection, chain, store } = await openAttribution(values);
  try {
    await chain.follow({ toBlock: await chain.provider.getBlockNumber() });
    const { pot, posted } = findReport({ chain, ...values });
    const published = new PublishedData({ chainId: chain.chainId, services: chain.addresses.services, store });
    const directory = path.resolve(values.directory);
    const say = (): void => undefined;
    const texts = await loadPotTexts({ pot: pot.pot, chain, data: published, directory, say });
    const why = await explainEarnings({ chain, published, pot, posted, wallet: getAddress(wallet), texts });
    for (const line of describeWhy(why)) console.log(line);
    if (values.html !== undefined) {
      await writeFile(values.html, renderWhy(why));
      console.log(`\nThe same as a page: ${values.html}`);
    }
  } catch (error) {
    const known = ["WhyError", "DamagedDataError", "MissingDataError"];
    if (error instanceof Error && known.includes(error.name)) throw new UserError(error.message);
    throw error;
  } finally {
    await connection.close();
  }
});

/** The report that is asked about: by its id, or the last one of an epoch that was not shown to be wrong. */
function findReport({
  chain,
  report,
  epoch,
  pot: number,
}: {
  chain: ReportsChain;
  report?: string | undefined;
  epoch?: string | undefined;
  pot?: string | undefined;
}): { pot: KnownPot; posted: PostedReport } {
  const all = chain.pots.flatMap((pot) => pot.reports.map((posted) => ({ pot, posted })));
  if (report !== undefined) {
    const found = all.find(({ posted }) => posted.id === report.toLowerCase());
    if (found === undefined) throw new UserError(`There is no report ${report} among ${all.length}.`);
    return found;
  }
  if (epoch === undefined || number === undefined)
    throw new UserError(`Name an epoch and a pot, or a report: ${USAGE}`);
  const [wantedEpoch, wantedPot] = [readCount("epoch", epoch), BigInt(readCount("pot", number))];
  const found = all.findLast(
    ({ pot, posted }) =>
      pot.pot.number === wantedPot && posted.report.figures.epoch === wantedEpoch && posted.status !== "defeated",
  );
  if (found === undefined) throw new UserError(`Epoch ${epoch} of pot ${number} has no report.`);
  return found;
}
