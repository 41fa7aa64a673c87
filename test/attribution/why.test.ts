import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { network } from "hardhat";

import { explainEarnings, type Why } from "../../sdk/attribution/why.ts";
import { loadPotTexts } from "../../sdk/node/potTexts.ts";
import { Reporter } from "../../sdk/node/reporter.ts";
import { renderWhy } from "../../scripts/attribution/whyPage.ts";
import { describeWhy } from "../../scripts/attribution/whyText.ts";
import { type Directories, makeDirectories, openChain, publish, publishedData } from "./published.ts";
import { DAY, deployReports, endEpoch, type ReportWorld, settleCalls } from "./reports.ts";

const connection = await network.create();
const { networkHelpers } = connection;

interface ToldWorld extends ReportWorld {
  /** Files of what was reported. */
  directories: Directories;
}

/** Pieces of contributions 1 and 5, with markup and words of nobody between them. */
function outputs({ contributions }: ReportWorld): string[] {
  const words = (contribution: number, from: number, count: number): string =>
    new TextDecoder()
      .decode(contributions[contribution].text)
      .split(" ")
      .slice(from, from + count)
      .join(" ");
  return [
    `${words(1, 10, 7)} <b>and\u001b[2J nobody's</b> ${words(2, 30, 6)}`,
    `nothing of anybody`,
    `${words(5, 5, 8)} ${words(0, 20, 9)}`,
  ];
}

async function fixture(): Promise<ToldWorld> {
  const world = await deployReports(connection);
  const batch = await settleCalls(world, outputs(world));
  await endEpoch(world);
  const directories = await makeDirectories();
  await publish(world, directories.store, [batch]);
  const chain = await openChain(world);
  const options = { chain, signer: world.reporter, store: directories.store, directory: directories.own };
  const reporter = new Reporter({ ...options, say: () => undefined });
  await reporter.run();
  await networkHelpers.time.increase(DAY);
  await reporter.run();
  return { ...world, directories };
}

async function explain(world: ToldWorld, wallet: string): Promise<Why> {
  const chain = await openChain(world);
  await chain.follow({ toBlock: await connection.ethers.provider.getBlockNumber() });
  const [pot] = chain.pots;
  const [posted] = pot.reports;
  const published = await publishedData(world, world.directories.store);
  const options = { pot: pot.pot, chain, data: published, directory: world.directories.own };
  const texts = await loadPotTexts({ ...options, say: () => undefined });
  return explainEarnings({ chain, published, pot, posted, wallet, texts });
}

/** Text in which what changes from run to run is left out: hashes over times, and the epoch. */
function timeless(text: string, epoch: number): string {
  return text.replace(/0x[0-9a-f]{48,64}/g, "0x…").replaceAll(String(epoch), "<epoch>");
}

describe("why", () => {
  it("tells of an amount down to the words, as golden text", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const why = await explain(world, world.contributors[1].address);
    const text = timeless(describeWhy(why).join("\n"), why.posted.report.figures.epoch);
    expect(`${text}\n`).to.equal(await readFile(new URL("../vectors/why.txt", import.meta.url), "utf8"));
  });

  it("says the same when it is asked again", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const [first, second] = [
      await explain(world, world.contributors[1].address),
      await explain(world, world.contributors[1].address),
    ];
    expect(describeWhy(second)).to.deep.equal(describeWhy(first));
    expect(renderWhy(second)).to.equal(renderWhy(first));
  });

  it("comes to what the ledger pays, for every contributor", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    for (const { address } of world.contributors.slice(1, 3)) {
      const { payment, share, calls } = await explain(world, address);
      expect(payment?.owed).to.equal(((payment?.received ?? 0n) * share.units) / 900_000_000_000_000_000n);
      expect(calls.reduce((sum, { earned }) => sum + earned, 0n)).to.equal(share.units);
    }
  });

  it("writes a page in which nothing of an output is markup", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const page = renderWhy(await explain(world, world.contributors[1].address));
    expect(page).to.contain("&lt;b&gt;and");
    expect(page).to.not.contain("<b>and");
    expect(page).to.match(/<mark class="own" style="--hue:140\.0" title="First in contribution [15], from byte \d+/);
    expect(page).to.not.match(/(?:src|href)=/);
  });

  it("says so for a wallet that earned nothing", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    expect(await refusal(world, world.payer.address)).to.match(/earned nothing by report 0x[0-9a-f]{48}\.$/);
  });

  it("says which data is missing", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const directories = await makeDirectories();
    await publish(world, directories.store, []);
    const reason = await refusal({ ...world, directories }, world.contributors[1].address);
    expect(reason).to.match(/^The file of report 0x[0-9a-f]{48} is not there/);
  });

  it("says which data is not what it should be", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const directories = await makeDirectories();
    await publish(world, directories.store, []);
    const [{ content }] = world.contributions;
    await directories.store.put(`contributions/${content.contentRoot}`, [toUtf8Bytes("another text")]);
    const reason = await refusal({ ...world, directories }, world.contributors[1].address);
    expect(reason).to.match(new RegExp(`^contributions/${content.contentRoot} is damaged: Its root is 0x`));
  });
});

async function refusal(world: ToldWorld, wallet: string): Promise<string> {
  try {
    await explain(world, wallet);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return expect.fail("It was explained.");
}
