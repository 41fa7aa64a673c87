import { readdir, rm, truncate } from "node:fs/promises";
import path from "node:path";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import {
  MaxUint256,
  parseEther,
  type Signer,
  type TransactionRequest,
  type TransactionResponse,
  ZeroAddress,
  ZeroHash,
} from "ethers";
import { network } from "hardhat";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { buildReport } from "../../sdk/attribution/buildReport.ts";
import { MAX_TEXT_BYTES } from "../../sdk/attribution/canonical.ts";
import type { DataStore } from "../../sdk/attribution/dataStore.ts";
import { ItemKind } from "../../sdk/attribution/faultProofs.ts";
import { potId, type Report } from "../../sdk/attribution/report.ts";
import { logEntry, proveShare } from "../../sdk/datanetProof.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split, splitOfDraw } from "../../sdk/split.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { saveIndexFile } from "../../sdk/node/indexFile.ts";
import { Reporter, type ReporterOptions } from "../../sdk/node/reporter.ts";
import { DirectoryStore } from "../../sdk/node/reportStore.ts";
import { type Directories, makeDirectories, openChain, publish, publishedData } from "./published.ts";
import {
  BOND,
  channelOf,
  DAY,
  DEMAND_BOND,
  deployReports,
  endEpoch,
  POT_UNITS,
  type ReportWorld,
  type SettledBatch,
  settleCalls,
  someOutputs,
  someTexts,
  sourceOf,
} from "./reports.ts";

const connection = await network.create();
const { networkHelpers } = connection;

interface SettledWorld extends ReportWorld {
  batches: SettledBatch[];
  epoch: number;
}

/** An epoch with two settlements that is over. */
async function fixture(): Promise<SettledWorld> {
  const world = await deployReports(connection);
  const batches = [
    await settleCalls(world, someOutputs(world, 6)),
    await settleCalls(world, someOutputs(world, 5, 8), { release: false }),
  ];
  return { ...world, batches, epoch: await endEpoch(world) };
}

interface Run extends Directories {
  lines: string[];
}

/** Runs a reporter as a process would: nothing but the chain and its directories is left of the runs before. */
async function run(world: ReportWorld, { lines, ...dirs }: Run, changes: Partial<ReporterOptions> = {}): Promise<void> {
  const reporter = new Reporter({
    chain: await openChain(world),
    signer: world.reporter,
    store: dirs.store,
    directory: dirs.own,
    say: (line) => lines.push(line),
    ...changes,
  });
  await reporter.run();
}

async function prepare(world: SettledWorld, batches = world.batches): Promise<Run> {
  const directories = await makeDirectories();
  await publish(world, directories.store, batches);
  return { ...directories, lines: [] };
}

async function pendingOf({ reports, pot }: ReportWorld): Promise<string> {
  return (await reports.reportOf(potId(pot)))[0];
}

async function postedReports(world: ReportWorld): Promise<Report[]> {
  const chain = await openChain(world);
  await chain.follow({ toBlock: await connection.ethers.provider.getBlockNumber() });
  return chain.pots[0].reports.map(({ report }) => report);
}

describe("Reporter", () => {
  it("reports an epoch as anybody would, publishes the file and pays it when its time has come", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { pot, ledger, epoch, batches } = world;
    const files = await prepare(world);
    await run(world, files);
    const expected = buildReport(await sourceOf(world, batches, epoch));
    const [report] = await postedReports(world);
    expect(report.figures).to.deep.equal(expected.figures);
    const published = await (await publishedData(world, files.store)).report(report);
    expect(published?.figures).to.deep.equal(expected.figures);
    const account = encodeAccount({ address: pot.keeper, tag: pot.number });
    expect(await ledger.balanceOf(account)).to.be.at.least(expected.figures.total);

    await networkHelpers.time.increase(DAY);
    await run(world, files);
    expect(files.lines.at(-1)).to.equal(`Pot 1, epoch ${epoch}: paid ${expected.figures.total}.`);
    expect(await pendingOf(world)).to.equal(`0x${"00".repeat(24)}`);
    const { amount } = await ledger.received(expected.payout.id);
    expect(amount).to.equal(expected.figures.total - (expected.figures.total * BigInt(pot.feeBps)) / 10_000n);
    expect(files.lines.at(0)).to.match(/^Indexed 6 contributions of Datanet 1, version 1\.$/);
  });

  it("does nothing more when everything is done", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    await run(world, files);
    const block = await connection.ethers.provider.getBlockNumber();
    await run(world, files);
    expect(await connection.ethers.provider.getBlockNumber()).to.equal(block);
  });

  it("reports nothing before an epoch is over", async () => {
    const world = await deployReports(connection);
    const batches = [await settleCalls(world, someOutputs(world, 2))];
    const files = { ...(await makeDirectories()), lines: [] };
    await publish(world, files.store, batches);
    await run(world, files);
    expect(await postedReports(world)).to.deep.equal([]);
  });

  it("leaves out a call whose output is not there, and says so", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    const { outputRoot, callId } = world.batches[0].receipts[2];
    await rm(path.join(files.store.directory, "outputs", outputRoot));
    await run(world, files);
    expect(files.lines.join("\n")).to.contain(
      `Call ${callId} is left out: its output is not there (outputs/${outputRoot}).`,
    );
    expect((await postedReports(world))[0].figures.inferences).to.equal(10);
  });

  it("leaves out a settlement whose receipts are not there, and says so", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, world.batches.slice(0, 1));
    await run(world, files);
    expect(files.lines.join("\n")).to.contain(`Settlement ${world.batches[1].tree.memo} is left out`);
    expect((await postedReports(world))[0].figures.inferences).to.equal(6);
  });

  it("waits for data that may still come in, as long as it is told to", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, world.batches.slice(0, 1));
    await run(world, files, { patienceSeconds: 3_600 });
    expect(files.lines.join("\n")).to.contain("waits for data that may still come in.");
    expect(await postedReports(world)).to.deep.equal([]);
    await networkHelpers.time.increase(3_600);
    await run(world, files, { patienceSeconds: 3_600 });
    expect(await postedReports(world)).to.have.length(1);
  });

  it("does not report what is too little", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    await run(world, files, { least: 10n ** 20n });
    expect(files.lines.at(-1)).to.match(/is not reported: \d+ is too little\.$/);
    expect(await postedReports(world)).to.deep.equal([]);
  });

  it("bonds what a report needs, from its wallet", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    await run(world, files, { signer: world.watcher });
    expect((await world.reports.bondOf(potId(world.pot), world.watcher)).amount).to.equal(BOND);
    expect(await world.token.allowance(world.watcher, world.reports)).to.equal(MaxUint256);
    expect((await postedReports(world))[0].reporter).to.equal(world.watcher.address);
  });

  it("bonds and approves no more than is missing", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { token, reports, pot, contributors } = world;
    const [signer] = contributors;
    await token.transfer(signer, 2n * BOND);
    await token.connect(signer).approve(reports, BOND / 4n);
    await reports.connect(signer).bond(pot, BOND / 4n);
    await run(world, await prepare(world), { signer });
    expect((await reports.bondOf(potId(pot), signer)).amount).to.equal(BOND);
    expect(await token.allowance(signer, reports)).to.equal(0n);
  });

  it("knows no pots but those of its contract", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { pots, log, contributions, ledger } = world;
    const version = { datanetId: 1n, version: 1n, size: contributions.length, wrapping: "0x" };
    await pots.createPot(ledger, version, logEntry({ log }, contributions[2]), 5, 0, 0);
    const chain = await openChain(world);
    await chain.follow({ toBlock: await connection.ethers.provider.getBlockNumber(), blocksPerRequest: 3 });
    expect(chain.pots.map(({ pot }) => pot)).to.deep.equal([world.pot]);
  });

  it("does not report again what was void, and leaves it to others", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { reports, watcher, pot } = world;
    const files = await prepare(world);
    await run(world, files);
    const [report] = await postedReports(world);
    const item = { kind: ItemKind.Inference, first: 0, second: 0 };
    await reports.connect(watcher).demand(report, pot, item);
    await networkHelpers.time.increase(DAY);
    await reports.expire(report, item);
    await run(world, files);
    expect(files.lines.at(-1)).to.contain("is not reported: the same report of this account was void.");
    expect(await postedReports(world)).to.have.length(1);
    await run(world, files, { signer: world.payer });
    expect(await postedReports(world)).to.have.length(2);
  });

  it("does not report while it waits for its bond", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    await world.reports.connect(world.reporter).requestExit(potId(world.pot));
    await run(world, files);
    expect(files.lines.join("\n")).to.contain("is not reported: the reporter wants its bond back.");
    expect(await postedReports(world)).to.deep.equal([]);
  });

  it("says so if its wallet does not have the bond", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    await run(world, files, { signer: world.contributors[0] });
    expect(files.lines.join("\n")).to.contain(`a bond needs ${BOND} more, and the wallet has 0`);
    expect(await postedReports(world)).to.deep.equal([]);
  });

  it("releases what sources owe before it pays", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const batch = await settleCalls(world, someOutputs(world, 3, 9), { release: false });
    const files = await prepare(world, [...world.batches, batch]);
    await endEpoch(world);
    await run(world, files);
    await networkHelpers.time.increase(DAY);
    await run(world, files);
    await networkHelpers.time.increase(DAY);
    await run(world, files);
    expect(await world.ledger.drawn(world.service.id, 0)).to.equal(
      ((await world.ledger.received(world.service.id)).amount * POT_UNITS) / 100n,
    );
    expect(await pendingOf(world)).to.equal(`0x${"00".repeat(24)}`);
    expect(await postedReports(world)).to.have.length(2);
  });

  it("reports and releases what comes through several splits", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { pot, pots, service, channels, payer } = world;
    const outer = Split.from({
      shares: [
        { kind: ShareKind.Account, recipient: walletAccount(world.operator.address), units: 1n, evidence: ZeroHash },
        { kind: ShareKind.Split, recipient: service.id, units: 3n, evidence: ZeroHash },
      ],
    });
    const steps = [outer, service].map((split, i) => ({
      size: 2,
      index: 1 - i,
      arbiter: ZeroAddress,
      proof: proveShare(split, 1 - i),
    }));
    await pots.addSource(pot, outer.id, [steps]);
    const nested = { ...world, service: outer };
    await channels.connect(payer).deposit(channelOf(nested), parseEther("100"));
    const batch = await settleCalls(nested, someOutputs(world, 3, 9), { release: false });
    const files = await prepare(world, [...world.batches, batch]);
    const chain = await openChain(world);
    await chain.follow({ toBlock: await connection.ethers.provider.getBlockNumber() });
    const way = chain.pots[0].sources.get(outer.id)?.draws?.map((draw) => splitOfDraw(draw).id);
    expect(way).to.deep.equal([outer.id, service.id]);
    const epoch = await endEpoch(world);
    await run(world, files);
    await networkHelpers.time.increase(DAY);
    await run(world, files);
    await networkHelpers.time.increase(DAY);
    await run(world, files);
    const last = (await postedReports(world)).at(-1);
    expect(last?.figures.epoch).to.equal(epoch);
    expect(last?.figures.total).to.equal(
      batch.receipts.reduce((sum, { amount }) => sum + (amount * 225n) / 1_000n, 0n),
    );
    expect(files.lines.join("\n")).to.contain(`epoch ${epoch}: paid ${last?.figures.total}.`);
  });

  it("answers demands for every kind of data of its report", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { reports, watcher, pot } = world;
    const files = await prepare(world);
    await run(world, files);
    const [report] = await postedReports(world);
    const items = [
      { kind: ItemKind.Inference, first: 1, second: 0 },
      { kind: ItemKind.Span, first: 1, second: 0 },
      { kind: ItemKind.Span, first: 1, second: 4_000 },
      { kind: ItemKind.Credit, first: 0, second: 0 },
      { kind: ItemKind.Share, first: 0, second: 0 },
      { kind: ItemKind.OutputChunk, first: 2, second: 0 },
      { kind: ItemKind.OutputChunk, first: 2, second: 4_000 },
      { kind: ItemKind.Receipt, first: 3, second: 0 },
      { kind: ItemKind.ContentChunk, first: 1, second: 1 },
      { kind: ItemKind.ContentChunk, first: 1, second: 4_000 },
    ];
    for (const item of items) await reports.connect(watcher).demand(report, pot, item);
    const burned = DEMAND_BOND * BigInt(items.length);
    expect(await world.ledger.balanceOf(`0x${"00".repeat(12)}${world.reporter.address.slice(2)}`)).to.equal(0n);
    await run(world, files);
    expect(await world.ledger.balanceOf(`0x${"00".repeat(12)}${world.reporter.address.slice(2)}`)).to.equal(
      burned / 2n,
    );
    expect(files.lines.filter((line) => line.includes("answered demand"))).to.have.length(items.length);
  });

  it("marks what is in a pot, and sweeps what nobody reported in time", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world, []);
    await run(world, files);
    expect(files.lines.join("\n")).to.contain("Pot 1: marked what is in it.");
    await networkHelpers.time.increase(8n * DAY);
    const before = (await world.ledger.received(world.log.id)).amount;
    await run(world, files);
    expect((await world.ledger.received(world.log.id)).amount).to.be.greaterThan(before);
    expect(files.lines.join("\n")).to.contain("was not reported in time; what it earned will be swept.");
  });

  describe("of texts that cannot be had", () => {
    /** Reports what it can until everything that nobody reported is swept, with calls in every epoch. */
    async function expectSwept(world: SettledWorld, files: Run): Promise<void> {
      const before = (await world.ledger.received(world.log.id)).amount;
      for (let day = 0; day < 9; day++) {
        await run(world, files);
        const batch = await settleCalls(world, someOutputs(world, 1, 30 + day));
        await publish(world, files.store, [batch]);
        await networkHelpers.time.increase(DAY);
      }
      await run(world, files);
      expect(await postedReports(world)).to.deep.equal([]);
      expect((await world.ledger.received(world.log.id)).amount).to.be.greaterThan(before);
    }

    it("says which one is missing, and sweeps all the same", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world);
      const { contentRoot } = world.contributions[3].content;
      await rm(path.join(files.store.directory, "contributions", contentRoot));
      await expectSwept({ ...world, contributions: world.contributions.toSpliced(3, 1) }, files);
      expect(files.lines.join("\n")).to.contain(`The text of contribution 3 of Datanet 1 is not there: contributions/`);
    });

    it("says which one is damaged, and sweeps all the same", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const files = await prepare(world);
      const key = `contributions/${world.contributions[3].content.contentRoot}`;
      await truncate(path.join(files.store.directory, key), 100);
      await expectSwept({ ...world, contributions: world.contributions.toSpliced(3, 1) }, files);
      expect(files.lines.join("\n")).to.contain(`${key} is damaged`);
    });

    it("says which one is larger than an index holds, and sweeps all the same", async function () {
      this.timeout(120_000);
      const texts = [...someTexts(), new Uint8Array(MAX_TEXT_BYTES + 1)];
      const world = await deployReports(connection, { texts });
      const batches = [
        await settleCalls(world, someOutputs({ ...world, contributions: world.contributions.slice(0, 6) }, 2)),
      ];
      const settled = { ...world, batches, epoch: await endEpoch(world) };
      const files = await prepare(settled);
      await expectSwept({ ...settled, contributions: world.contributions.slice(0, 6) }, files);
      expect(files.lines.join("\n")).to.contain(
        `Contribution 6 of Datanet 1 cannot be indexed: A text has ${MAX_TEXT_BYTES} bytes at most`,
      );
    });
  });

  it("gives outputs in which nothing is found to the split of the Datanet's version", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const batch = await settleCalls(world, ["", "none of this is anybody's", "w0"]);
    const epoch = await endEpoch(world);
    const files = await prepare(world, [batch]);
    await run(world, files);
    await networkHelpers.time.increase(DAY);
    await run(world, files);
    const [report] = await postedReports(world);
    expect(report.figures).to.include({ epoch, inferences: 3, credits: 0, credited: 0n, shares: 1 });
    expect(files.lines.join("\n")).to.contain(`paid ${report.figures.total}.`);
    const { payout } = buildReport(await sourceOf(world, [batch], epoch));
    const before = (await world.ledger.received(world.pot.versionSplitId)).amount;
    await world.ledger.release(encodeDraws([payout.draw({ first: 0 })]));
    const fee = (report.figures.total * BigInt(world.pot.feeBps)) / 10_000n;
    expect((await world.ledger.received(world.pot.versionSplitId)).amount - before).to.equal(
      report.figures.total - fee,
    );
  });

  it("makes an index of other texts anew", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    await run(world, files);
    const [name] = (await readdir(files.own)).filter((file) => file.startsWith("index-"));
    const index = GramIndex.create({ k: world.pot.gram });
    for (const { text } of world.contributions) index.append(text.toReversed());
    await saveIndexFile({ index, file: path.join(files.own, name) });
    await settleCalls(world, someOutputs(world, 1, 20));
    await networkHelpers.time.increase(DAY);
    await run(world, files);
    expect(files.lines.join("\n")).to.contain("is the index of other texts. It is made anew.");
  });

  it("makes a damaged index anew", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const files = await prepare(world);
    await run(world, files);
    const [index] = (await readdir(files.own)).filter((file) => file.startsWith("index-"));
    await truncate(path.join(files.own, index), 400);
    await settleCalls(world, someOutputs(world, 1, 20));
    await networkHelpers.time.increase(DAY);
    await run(world, files);
    expect(files.lines.join("\n")).to.match(/is no intact index: .* It is made anew\./);
  });

  describe("that is killed behind any of its steps", () => {
    it("comes to the same end, with one report of the epoch", async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const start = await networkHelpers.takeSnapshot();
      const whole = await finish(world, Number.POSITIVE_INFINITY);
      expect(whole.effects).to.be.greaterThan(4);
      for (let dies = 1; dies <= whole.effects; dies++) {
        await start.restore();
        const { deaths, figures, received, posted } = await finish(world, dies);
        expect(deaths, `death ${dies}`).to.equal(1);
        expect({ figures, received, posted }, `death ${dies}`).to.deep.equal({
          figures: whole.figures,
          received: whole.received,
          posted: 1,
        });
      }
    });

    class Killed extends Error {}

    /** Reports and pays an epoch; the process is killed once, behind its effect number `dies`, and started again. */
    async function finish(world: SettledWorld, dies: number) {
      const files = await prepare(world);
      let effects = 0;
      let deaths = 0;
      const didSomething = (): void => {
        if (++effects !== dies) return;
        deaths++;
        throw new Killed();
      };
      const changes = {
        signer: dyingSigner(world.watcher, didSomething),
        store: dyingStore(files.store, didSomething),
        drafts: dyingStore(new DirectoryStore({ directory: files.own }), didSomething),
      };
      const runAgain = async (): Promise<void> => {
        for (;;) {
          try {
            await run(world, files, changes);
            return;
          } catch (error) {
            if (!(error instanceof Killed)) throw error;
          }
        }
      };
      await runAgain();
      // Data that comes in late would make another report.
      await (await publishedData(world, files.store)).putOutput(new TextEncoder().encode("late"));
      await networkHelpers.time.increase(DAY);
      await runAgain();
      const reports = await postedReports(world);
      const data = buildReport(await sourceOf(world, world.batches, world.epoch));
      const { amount } = await world.ledger.received(data.payout.id);
      expect(await (await publishedData(world, files.store)).report(reports[0])).to.not.equal(undefined);
      return { effects, deaths, figures: reports[0].figures, received: amount, posted: reports.length };
    }

    function dyingStore(store: DataStore, didSomething: () => void): DataStore {
      return {
        get: (key) => store.get(key),
        put: async (key, pieces) => {
          await store.put(key, pieces);
          didSomething();
        },
      };
    }

    function dyingSigner(signer: HardhatEthersSigner, didSomething: () => void): Signer {
      return new Proxy(signer, {
        get: (target, name) =>
          name === "sendTransaction"
            ? async (transaction: TransactionRequest): Promise<TransactionResponse> => {
                const sent = await target.sendTransaction(transaction);
                didSomething();
                return sent;
              }
            : (Reflect.get(target, name) as unknown),
      });
    }
  });
});
