import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { network } from "hardhat";

import { DirectoryStore } from "../../sdk/node/reportStore.ts";
import { type LocalNode, NODE_COMMANDS, startNode } from "../helpers/node.ts";
import { runScript, type ScriptResult } from "../helpers/script.ts";
import { publish } from "./published.ts";
import { DAY, deployReports, endEpoch, type ReportWorld, settleCalls, someOutputs } from "./reports.ts";

describe("the programs of Proof of Attribution", function () {
  this.timeout(120_000);
  let node: LocalNode;
  let world: ReportWorld;
  let directory: string;
  let epoch: number;
  const urlBefore = process.env.LOCALHOST_RPC_URL;

  before(async () => {
    node = await startNode(NODE_COMMANDS.anvil);
    process.env.LOCALHOST_RPC_URL = node.url;
    world = await deployReports(await network.create("localhost"));
    directory = await mkdtemp(path.join(tmpdir(), "programs-"));
    const batch = await settleCalls(world, someOutputs(world, 4));
    await publish(world, new DirectoryStore({ directory: path.join(directory, "data") }), [batch]);
    epoch = await endEpoch(world);
  });

  after(async () => {
    await world.connection.close();
    await node.stop();
    if (urlBefore === undefined) delete process.env.LOCALHOST_RPC_URL;
    else process.env.LOCALHOST_RPC_URL = urlBefore;
  });

  async function run(script: string, ...args: string[]): Promise<ScriptResult> {
    const reports = await world.reports.getAddress();
    const place = ["--network", "localhost", "--reports", reports, "--data", path.join(directory, "data")];
    const own = ["--directory", path.join(directory, script)];
    return runScript({ script: `attribution/${script}`, args: [...place, ...own, ...args] });
  }

  function expectRefusal({ exitCode, output, errors }: ScriptResult, reason: RegExp): void {
    expect(errors.trim()).to.match(reason);
    expect({ exitCode, output }).to.deep.equal({ exitCode: 1, output: "" });
  }

  it("report, review, pay and explain an epoch", async () => {
    const reporter = ["--once", "--patience", "0", "--account", world.reporter.address];
    const posted = await run("reporter", ...reporter);
    expect(posted.errors).to.equal("");
    expect(posted.output).to.match(new RegExp(`Pot 1, epoch ${epoch}: posted: 4 calls, \\d+ credits, \\d+\\.\n`));

    const reviewed = await run("watcher", "--once", "--pot", "1", "--account", world.watcher.address);
    expect(reviewed.errors).to.equal("");
    expect(reviewed.output).to.match(/is right: 4 calls, \d+ credits\.\n$/);

    await world.connection.networkHelpers.time.increase(DAY);
    expect((await run("reporter", ...reporter)).output).to.contain(`Pot 1, epoch ${epoch}: paid `);

    const wallet = world.contributors[1].address;
    const page = path.join(directory, "why.html");
    const asked = ["--wallet", wallet, "--epoch", String(epoch), "--pot", "1"];
    const why = await run("why", ...asked, "--html", page);
    expect(why.errors).to.equal("");
    expect(why.output).to.match(new RegExp(`^${wallet} earned [\\d.]+ OPEN in epoch ${epoch} from pot 1`));
    expect(await readFile(page, "utf8")).to.contain("<mark class=");
    expectRefusal(
      await run("why", ...asked.slice(0, 2), "--epoch", "1", "--pot", "1"),
      /^Epoch 1 of pot 1 has no report\.$/,
    );
    expectRefusal(
      await run("why", "--wallet", world.payer.address, "--epoch", String(epoch), "--pot", "1"),
      /^0x\w{40} earned nothing by report 0x[0-9a-f]{48}\.$/,
    );
  });

  it("say in a sentence what is wrong with what they are told", async () => {
    expectRefusal(await run("reporter", "--once", "--pot", "one"), /^--pot wants a whole number, not "one"\.$/);
    expectRefusal(await run("reporter", "--least", "much"), /^--least wants an amount of OPEN, not "much"\.$/);
    expectRefusal(await run("watcher", "--demands", "-1"), /'--demands' argument is ambiguous/);
    expectRefusal(await run("watcher", "--account", "me"), /^--account wants an address, not "me"\.$/);
    expectRefusal(
      await run("watcher", "--account", world.pot.keeper),
      /^The network "localhost" has no key for 0x\w{40}\.$/,
    );
    expectRefusal(await run("reporter", "--twice"), /^Unknown option '--twice'[^]*\nUsage: npm run reporter -- /);
    expectRefusal(await run("reporter", "--reports", world.payer.address), /^There is no contract at 0x\w{40}\.$/);
    expectRefusal(
      await run("reporter", "--reports", await world.token.getAddress()),
      /^The contract at 0x\w{40} is no AttributionReports contract with two verifiers\.$/,
    );
    expectRefusal(await run("why", "--epoch", "1"), /^Name a wallet: npm run why -- /);
    expectRefusal(await run("why", "--wallet", world.payer.address), /^Name an epoch and a pot, or a report: /);
    expectRefusal(
      await run("why", "--wallet", world.payer.address, "--report", "0x12"),
      /^There is no report 0x12 among \d+\.$/,
    );
  });
});
