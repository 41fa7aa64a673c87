import { rm, truncate } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";
import { network } from "hardhat";

import { buildReport } from "../../sdk/attribution/buildReport.ts";
import { potId, type Report, reportId } from "../../sdk/attribution/report.ts";
import { ReportData } from "../../sdk/attribution/reportData.ts";
import { walletAccount } from "../../sdk/account.ts";
import { Reporter } from "../../sdk/node/reporter.ts";
import { Watcher, type WatcherOptions } from "../../sdk/node/watcher.ts";
import { forge } from "./forge.ts";
import { deployReported, FORGERIES, type ReportedWorld } from "./forgeries.ts";
import { type Directories, makeDirectories, openChain, publish, publishedData } from "./published.ts";
import { BOND, DAY, DEMAND_BOND, endEpoch, postReport, settleCalls, someOutputs, sourceOf } from "./reports.ts";

const connection = await network.create();
const { networkHelpers } = connection;

const fixture = (): Promise<ReportedWorld> => deployReported(connection);

interface Run extends Directories {
  lines: string[];
  report: Report;
}

/** Posts a report and publishes everything there is. */
async function prepare(world: ReportedWorld, data: ReportData): Promise<Run> {
  const directories = await makeDirectories();
  await publish(world, directories.store, [world.batch]);
  const report = await postReport(world, data);
  await (await publishedData(world, directories.store)).putReport(report, data);
  return { ...directories, lines: [], report };
}

async function run(
  world: ReportedWorld,
  { lines, store, own }: Run,
  changes: Partial<WatcherOptions> = {},
): Promise<void> {
  const watcher = new Watcher({
    chain: await openChain(world),
    signer: world.watcher,
    store,
    directory: own,
    say: (line) => lines.push(line),
    ...changes,
  });
  await watcher.run();
}

async function isPending({ reports, pot }: ReportedWorld): Promise<boolean> {
  return BigInt((await reports.reportOf(potId(pot)))[0]) !== 0n;
}

/** Removes published data. */
async function withhold({ store }: Run, key: string): Promise<void> {
  await rm(path.join(store.directory, key));
}

describe("Watcher", () => {
  it("leaves a report alone that is right", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, world.data);
    await run(world, files);
    expect(await isPending(world)).to.equal(true);
    expect(files.lines.at(-1)).to.match(/is right: 12 calls, \d+ credits\.$/);
  });

  for (const { what, name, change, mending = () => ({}) } of FORGERIES) {
    it(`challenges a report by itself: ${what}`, async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const forged = forge(
        world.data,
        (draft) => {
          change(draft, world);
        },
        mending(world),
      );
      const files = await prepare(world, forged);
      await run(world, files);
      expect(await isPending(world)).to.equal(false);
      expect(files.lines.at(-1)).to.contain(`challenged (${name}): `);
      expect(await world.ledger.balanceOf(walletAccount(world.watcher.address))).to.equal(BOND / 2n);
    });
  }

  it("challenges a report of calls that were settled in another epoch", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const batch = await settleCalls(world, someOutputs(world, 2, 9));
    const epoch = await endEpoch(world);
    const data = buildReport(await sourceOf(world, [world.batch, batch], epoch));
    const files = await prepare(world, data);
    await publish(world, files.store, [batch]);
    await run(world, files);
    expect(files.lines.at(-1)).to.match(/challenged \(F6\): .*; what is on record gives it 0\.$/);
  });

  it("says once that a report is right", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { store, own, lines } = await prepare(world, world.data);
    const options = { chain: await openChain(world), signer: world.watcher, store, directory: own };
    const watcher = new Watcher({ ...options, say: (line) => lines.push(line) });
    for (let i = 0; i < 3; i++) await watcher.run();
    expect(lines.filter((line) => line.includes("is right"))).to.have.length(1);
  });

  describe("of a report whose file is withheld", () => {
    it("demands data, and makes the report void if it is not shown", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world, world.data);
      await withhold(files, `reports/${reportId(files.report)}`);
      await run(world, files, { demands: 3 });
      expect(await world.reports.openDemands(reportId(files.report))).to.be.within(2n, 3n);
      await networkHelpers.time.increase(DAY);
      await run(world, files, { demands: 3 });
      expect(await isPending(world)).to.equal(false);
      expect(files.lines.join("\n")).to.contain("void (F7)");
      const { watcher, ledger, reports } = world;
      expect(await reports.openDemands(reportId(files.report))).to.equal(0n);
      const demanded = files.lines.filter((line) => line.includes(": demanded ")).length;
      expect(await ledger.balanceOf(walletAccount(watcher.address))).to.equal(
        BOND / 2n + DEMAND_BOND * BigInt(demanded),
      );
    });

    it("demands nothing twice", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world, world.data);
      await withhold(files, `reports/${reportId(files.report)}`);
      for (let i = 0; i < 3; i++) await run(world, files, { demands: 1 });
      expect(await world.reports.openDemands(reportId(files.report))).to.equal(1n);
    });

    it("demands data when the file is damaged, and names it", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world, world.data);
      const key = `reports/${reportId(files.report)}`;
      await truncate(path.join(files.store.directory, key), 5_000);
      await run(world, files, { demands: 1 });
      expect(files.lines.join("\n")).to.contain(
        `${key} is damaged: This is no intact report: it ends after 5000 bytes`,
      );
      expect(await world.reports.openDemands(reportId(files.report))).to.equal(1n);
    });

    it("demands data when the file is another report's", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world, world.data);
      const { pot, epoch, lists } = world.data;
      const other = new ReportData({ pot, epoch, lists, claimed: { total: 1n } });
      await (await publishedData(world, files.store)).putReport(files.report, other);
      await run(world, files, { demands: 1 });
      expect(files.lines.join("\n")).to.match(/reports\/0x\w+ is damaged: It is the file of report 0x\w+\./);
      expect(await world.reports.openDemands(reportId(files.report))).to.equal(1n);
    });

    it("says so when it is too late to demand anything", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world, world.data);
      await withhold(files, `reports/${reportId(files.report)}`);
      await networkHelpers.time.increase(DAY);
      await run(world, files);
      expect(files.lines.at(-1)).to.contain("it is too late to demand data.");
    });
  });

  describe("of a report that rests on an output that is withheld", () => {
    it("demands its chunks, and makes the report void if they are not shown", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world, world.data);
      await withhold(files, `outputs/${world.batch.receipts[4].outputRoot}`);
      await run(world, files, { demands: 2 });
      expect(files.lines.join("\n")).to.match(/demanded chunk \d+ of the output of inference \d+\./);
      await networkHelpers.time.increase(DAY);
      await run(world, files);
      expect(await isPending(world)).to.equal(false);
    });

    it("reviews the report once they are shown, and publishes the output", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world, world.data);
      const { outputRoot } = world.batch.receipts[4];
      const others = await makeDirectories();
      await publish(world, others.store, [world.batch]);
      await (await publishedData(world, others.store)).putReport(files.report, world.data);
      await withhold(files, `outputs/${outputRoot}`);
      await withhold(files, `receipts/${world.batch.tree.memo}`);
      await run(world, files, { demands: 40 });
      expect(await world.reports.openDemands(reportId(files.report))).to.be.greaterThan(12n);
      const options = { chain: await openChain(world), signer: world.reporter, store: others.store };
      await new Reporter({ ...options, directory: others.own, say: () => undefined }).run();
      expect(await world.reports.openDemands(reportId(files.report))).to.equal(0n);
      await run(world, files);
      const published = files.lines.filter((line) => line.startsWith("Published"));
      expect(published).to.deep.equal([`Published outputs/${outputRoot}, all of which was shown.`]);
      expect(files.lines.at(-1)).to.match(/is right: 12 calls, \d+ credits\.$/);
    });

    it("challenges what else is wrong without it", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const forged = forge(
        world.data,
        ({ shares }) => {
          shares[0].recipient = world.mallory;
        },
        { shares: false },
      );
      const files = await prepare(world, forged);
      await withhold(files, `outputs/${world.batch.receipts[4].outputRoot}`);
      await run(world, files);
      expect(await isPending(world)).to.equal(false);
    });
  });

  it("demands the receipt of a call whose settlement nobody shows", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, world.data);
    await withhold(files, `receipts/${world.batch.tree.memo}`);
    await run(world, files, { demands: 1 });
    expect(files.lines.join("\n")).to.contain("demanded the receipt of inference 0.");
  });

  it("does not demand what its wallet cannot pay for, and says so", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, world.data);
    await withhold(files, `reports/${reportId(files.report)}`);
    await run(world, files, { signer: world.contributors[1] });
    expect(files.lines.at(-1)).to.contain(`a demand needs ${DEMAND_BOND}, and the wallet has 0.`);
  });

  it("says which texts are missing, and goes on with other pots", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, world.data);
    const { contentRoot } = world.contributions[3].content;
    await withhold(files, `contributions/${contentRoot}`);
    await run(world, files);
    expect(files.lines.at(-1)).to.contain(`The text of contribution 3 of Datanet 1 is not there: contributions/`);
  });

  it("looks only at the pots that it is given", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, world.data);
    await run(world, files, { pots: [2n] });
    expect(files.lines).to.deep.equal([]);
  });
});
