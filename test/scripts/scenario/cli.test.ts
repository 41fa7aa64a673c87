import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { getAddress } from "ethers";

import { type LocalNode, NODE_COMMANDS, startNode } from "../../helpers/node.ts";
import { runScript, type ScriptResult } from "../../helpers/script.ts";
import { startProxy } from "./dyingProxy.ts";

const FILE = `
name: Small
teaches: Nothing much.
periods: 2
people: { alice: {}, bob: {}, lab: {}, readers: { count: 3, funds: 200, claims: never } }
datanets:
  recipes:
    owner: bob
    contributions:
      - { by: alice, text: A pinch of salt, units: 30 }
      - { by: bob, each: 2, units: 1..90 }
models:
  base: { builder: lab, units: 40, on: { recipes: 60 } }
operators:
  north: { stake: 20000, serves: { base: { in: 0.2, out: 0.6 } } }
traffic:
  - { from: readers, to: base, pays: vouchers, payments: 6, tokensIn: 200..2000, tokensOut: 50..500 }
expect:
  - payments are exactly 12
`;

describe("npm run scenario", function () {
  this.timeout(60_000);

  let directory: string;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "scenario-cli-"));
  });

  after(async () => {
    await rm(directory, { recursive: true });
  });

  async function write(text: string): Promise<string> {
    const file = path.join(directory, "story.yaml");
    await writeFile(file, text);
    return file;
  }

  async function run(args: string[], url = "http://127.0.0.1:1"): Promise<ScriptResult> {
    const env = { LOCALHOST_RPC_URL: url };
    const places = ["--out", path.join(directory, "out"), "--deployments", directory];
    return runScript({ script: "scenario", args: [...args, ...places], env });
  }

  async function result(): Promise<string> {
    return readFile(path.join(directory, "out", "result.json"), "utf8");
  }

  it("runs in memory and ends with tables and reports", async () => {
    const { exitCode, output, errors } = await run([await write(FILE)]);
    expect(exitCode, errors).to.equal(0);
    expect(errors).to.equal("");
    expect(output)
      .to.match(/Top earners/)
      .and.match(/report\.html/);
  });

  it("has the same result on a chain, to the byte, and prints it as JSON", async () => {
    await run([await write(FILE)]);
    const alone = await result();
    const { exitCode, output, errors } = await run([await write(FILE), "--network", "hardhat", "--json"]);
    expect(exitCode, errors).to.equal(0);
    expect(output).to.equal(alone);
    expect(await result()).to.equal(alone);
  });

  it("has another result with another seed, made-up texts included, and the same with the same", async () => {
    const file = await write(FILE);
    await run([file]);
    const first = await result();
    await run([file, "--seed", "2"]);
    const second = await result();
    await run([await write(`${FILE}seed: 2\n`)]);
    expect(second).not.to.equal(first);
    expect(await result()).to.equal(second);
  });

  it("repeats only some payments where that is asked for, on the embedded chain", async () => {
    const { exitCode, output, errors } = await run([await write(FILE), "--replay", "3"]);
    expect(exitCode, errors).to.equal(0);
    expect(output).to.contain("On chain: hardhat").and.contain("no difference");
  });

  it("names all mistakes of a file with their places, before anything else", async () => {
    const file = await write(FILE.replace("units: 40", "unitz: 40").replace("periods: 2", "periods: two"));
    const { exitCode, output, errors } = await run([file, "--network", "localhost"]);
    expect(exitCode).to.equal(1);
    expect(output).to.equal("");
    const lines = errors.trimEnd().split("\n");
    expect(lines).to.have.length.greaterThan(1);
    for (const line of lines) expect(line).to.match(/^.*story\.yaml:\d+:\d+: .+\.$/);
  });

  it("ends with 2, all reports written, where an expectation fails", async () => {
    const { exitCode, errors } = await run([await write(FILE.replace("exactly 12", "exactly 13"))]);
    expect(exitCode).to.equal(2);
    expect(errors).to.match(/^1 of 1 expectations failed:\n {2}line 19: payments are exactly 13 \(it is 12.*\)\n$/);
    expect(await result()).to.contain('"holds": false');
  });

  const REFUSED: [what: string, args: string[], message: RegExp][] = [
    ["no file", [], /^Name one scenario file\.\nUsage: /],
    ["a file that is not there", ["nowhere.yaml"], /^There is no file nowhere\.yaml/],
    ["a seed that is none", ["FILE", "--seed", "x"], /^--seed must be a whole number/],
    ["a number of payments that is none", ["FILE", "--replay", "-1"], /--replay/],
    ["to continue in memory", ["FILE", "--resume"], /^Only a run on a chain can be continued/],
    ["to continue on the embedded chain", ["FILE", "--resume", "--network", "hardhat"], /^The embedded chain ends/],
    ["to continue and to begin anew", ["FILE", "--resume", "--fresh"], /drop one of --resume and --fresh\.$/m],
    ["a network that is not there", ["FILE", "--network", "moon"], /^There is no network "moon"/],
    ["a node that does not answer", ["FILE", "--network", "localhost"], /^No node answers at/],
  ];
  for (const [what, args, message] of REFUSED) {
    it(`refuses ${what}`, async () => {
      const file = await write(FILE);
      const { exitCode, errors } = await run(args.map((arg) => (arg === "FILE" ? file : arg)));
      expect(exitCode).to.equal(1);
      expect(errors).to.match(message);
      expect(errors).not.to.match(/^ {4}at /m);
    });
  }

  it("hears Ctrl-C while it plays in memory, where there is nothing to continue", async () => {
    const long = FILE.replace("payments: 6", "payments: 4900000")
      .replace("funds: 200", "funds: 3000000")
      .replace("{ in: 0.2, out: 0.6 }", "{ in: 0.001, out: 0.001 }");
    const file = await write(long);
    for (const network of [[], ["--network", "hardhat"]]) {
      const { exitCode, errors } = await runScript({
        script: "scenario",
        args: [file, ...network, "--out", path.join(directory, "out")],
        interruption: { signal: "SIGINT", when: async (printed) => printed.includes("In memory") },
      });
      expect(exitCode).to.equal(1);
      expect(errors).to.match(/^In memory: period \d of 2\n\nInterrupted\.\n$/);
    }
  });

  describe("on a node", () => {
    let node: LocalNode;

    before(async () => {
      node = await startNode(NODE_COMMANDS["hardhat node"]);
    });

    after(async () => {
      await node.stop();
    });

    it("needs a finished deployment, with the scenario's fees", async () => {
      const network = ["--network", "localhost"];
      const none = await run([await write(FILE), ...network], node.url);
      expect(none).to.include({ exitCode: 1 });
      expect(none.errors).to.match(/^No finished deployment on chain 31337 is recorded/);
      const env = { LOCALHOST_RPC_URL: node.url };
      await runScript({ script: "deploy", args: [...network, "--deployments", directory], env });
      const blocks = await node.request("eth_blockNumber");
      const others = await run([await write(`${FILE}fees: { treasury: 1 % }\n`), ...network], node.url);
      expect(others).to.include({ exitCode: 1 });
      expect(others.errors).to.match(/^The scenario's fees are not those in force on "localhost"\. Write "fees: \{ /);
      expect(await node.request("eth_blockNumber")).to.equal(blocks);
    });

    it("goes on after a power failure", async () => {
      const file = await write(FILE);
      const height = async (): Promise<number> => Number(await node.request("eth_blockNumber"));
      const from = await height();
      const killed = await runScript({
        script: "scenario",
        args: [file, "--network", "localhost", "--out", path.join(directory, "out"), "--deployments", directory],
        env: { LOCALHOST_RPC_URL: node.url },
        interruption: { signal: "SIGKILL", when: async () => (await height()) > from + 8 },
      });
      expect(killed.exitCode).to.equal(null);
      const { exitCode, errors, output } = await run([file, "--network", "localhost", "--resume"], node.url);
      expect(exitCode, errors).to.equal(0);
      expect(output).to.contain("no difference");
    });

    it("names the command that goes on after Ctrl-C, and that command goes on", async () => {
      const file = await write(FILE);
      const height = async (): Promise<number> => Number(await node.request("eth_blockNumber"));
      const from = await height();
      const places = ["--out", path.join(directory, "out"), "--deployments", directory];
      const interrupted = await runScript({
        script: "scenario",
        args: [file, "--network", "localhost", "--fresh", ...places],
        env: { LOCALHOST_RPC_URL: node.url },
        interruption: { signal: "SIGINT", when: async () => (await height()) > from + 8 },
      });
      expect(interrupted.exitCode).to.equal(1);
      const command = `npm run scenario -- ${[file, "--network", "localhost", ...places, "--resume"].join(" ")}`;
      expect(interrupted.errors).to.equal(`\nInterrupted. Continue with: ${command}\n`);
      const args = command.slice("npm run scenario -- ".length).split(" ");
      const { exitCode, errors, output } = await runScript({
        script: "scenario",
        args,
        env: { LOCALHOST_RPC_URL: node.url },
      });
      expect(exitCode, errors).to.equal(0);
      expect(output).to.contain("no difference");
    });

    it("ends with 1 and what is missing if the deployer has too little, and with no command but the same", async () => {
      const deployer = getAddress(((await node.request("eth_accounts")) as string[])[0]);
      const ether = await node.request("eth_getBalance", deployer, "latest");
      await node.request("hardhat_setBalance", deployer, "0x0");
      const { exitCode, errors } = await run([await write(FILE), "--network", "localhost", "--fresh"], node.url);
      await node.request("hardhat_setBalance", deployer, ether);
      expect(exitCode).to.equal(1);
      expect(errors).to.equal(
        `${deployer} has 0.0 ether on "localhost", but this scenario may need 0.16 for gas. Send it 0.16 ether. ` +
          "Then run the same command again.\n",
      );
    });

    it("ends with 3 and the command that goes on when the node dies, and that command goes on", async () => {
      const file = await write(FILE);
      const proxy = await startProxy({
        node: node.url,
        death: { method: "eth_sendRawTransaction", at: 12, heard: true },
      });
      const stopped = await run([file, "--network", "localhost"], proxy.url);
      await proxy.stop();
      expect(stopped.exitCode, stopped.errors).to.equal(3);
      expect(stopped.errors).to.match(
        /The run stopped in step \d+ of \d+ .* Continue with: npm run scenario -- .*story\.yaml --network localhost .* --resume\n$/,
      );
      const { exitCode, errors, output } = await run([file, "--network", "localhost", "--resume"], node.url);
      expect(exitCode, errors).to.equal(0);
      expect(output).to.contain("no difference");
    });
  });
});
