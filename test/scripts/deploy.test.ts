import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import type { LocalNode } from "../helpers/node.ts";
import { NODE_COMMANDS } from "../helpers/node.ts";
import type { Interruption, ScriptResult } from "../helpers/script.ts";
import { runScript } from "../helpers/script.ts";
import type { Workspace } from "../helpers/workspace.ts";
import { createWorkspace } from "../helpers/workspace.ts";

/** One transaction per contract, one that appoints the committee, and four that hand the powers over. */
const TRANSACTIONS = 27 + 5;

/** The first account of every development node. */
const DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";

const LOCALHOST = ["--network", "localhost"];

describe("deploy", function () {
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await createWorkspace();
  });

  afterEach(async () => {
    await workspace.dispose();
  });

  async function deploy(args: string[], interruption?: Interruption): Promise<ScriptResult> {
    return await workspace.run({ script: "deploy", args, ...(interruption === undefined ? {} : { interruption }) });
  }

  for (const [name, command] of Object.entries(NODE_COMMANDS)) {
    describe(`on ${name}`, () => {
      it("deploys, records what the check finds, and does nothing the second time", async () => {
        const node = await workspace.startNode(command);

        const first = await deploy(LOCALHOST);
        expect(first).to.include({ exitCode: 0, errors: "" });
        expect(await countTransactions(node)).to.equal(TRANSACTIONS);
        const record = await workspace.readRecord("chain-31337.json");
        expect(record).to.include({ network: "localhost", chainId: 31337, deployer: DEPLOYER, block: 1 });

        const check = await workspace.run({ script: "check-deployment", args: LOCALHOST });
        expect(check).to.include({ exitCode: 0, errors: "" });

        const second = await deploy(LOCALHOST);
        expect(second).to.include({ exitCode: 0, errors: "" });
        expect(second.output).to.match(/^Already deployed/);
        expect(await countTransactions(node)).to.equal(TRANSACTIONS);
        expect(await workspace.readRecord("chain-31337.json")).to.deep.equal(record);
      });
    });
  }

  it("rehearses on the embedded chain, and records nothing", async () => {
    const { exitCode, output } = await deploy(["--network", "hardhat"]);
    expect(exitCode).to.equal(0);
    expect(output).to.contain("nothing is recorded");
    expect(await readdir(workspace.directory)).to.deep.equal([]);
  });

  describe("when interrupted", () => {
    /** The deployment's first transaction waits in a node that mines none. */
    async function interrupt(signal: Interruption["signal"]): Promise<{ node: LocalNode; result: ScriptResult }> {
      const node = await workspace.startNode([...NODE_COMMANDS.anvil, "--no-mining"]);
      const when = async (): Promise<boolean> => (await countTransactions(node)) > 0;
      return { node, result: await deploy(LOCALHOST, { signal, when }) };
    }

    async function expectToContinue(node: LocalNode): Promise<void> {
      await node.request("evm_setAutomine", true);
      const { exitCode, errors } = await deploy(LOCALHOST);
      expect(errors).to.equal("");
      expect(exitCode).to.equal(0);
      expect(await countTransactions(node)).to.equal(TRANSACTIONS);
      expect(await workspace.run({ script: "check-deployment", args: LOCALHOST })).to.include({ exitCode: 0 });
    }

    /** As if the run had ended between sending its transaction and noting so. */
    async function forgetSending(): Promise<void> {
      const journal = path.join(workspace.directory, "chain-31337", "journal.jsonl");
      const lines = (await readFile(journal, "utf8")).split("\n");
      await writeFile(journal, lines.filter((line) => !line.includes('"TRANSACTION_SEND"')).join("\n"));
    }

    it("by a person, says how to continue, has no record yet, and continues", async () => {
      const { node, result } = await interrupt("SIGINT");
      expect(result.exitCode).to.equal(1);
      expect(result.errors.trim()).to.equal("Interrupted. Run the same command again to continue.");
      expect(existsSync(path.join(workspace.directory, "chain-31337.json"))).to.equal(false);

      await node.request("anvil_mine", "0x1");
      await expectToContinue(node);
    });

    it("by a power failure, continues with the transaction that was under way", async () => {
      const { node } = await interrupt("SIGKILL");
      await node.request("anvil_mine", "0x1");
      await expectToContinue(node);
    });

    it("just after a transaction was sent, finds it on the chain", async () => {
      const { node } = await interrupt("SIGKILL");
      await forgetSending();
      await node.request("anvil_mine", "0x1");
      await expectToContinue(node);
    });

    it("just before a transaction was sent, sends it", async () => {
      const { node } = await interrupt("SIGKILL");
      await forgetSending();
      await node.request("anvil_dropAllTransactions");
      await expectToContinue(node);
    });
  });

  describe("when something else is in the way", () => {
    it("refuses a restarted chain until told to reset", async () => {
      await workspace.startNode(NODE_COMMANDS.anvil);
      await deploy(LOCALHOST);
      await workspace.startNode(NODE_COMMANDS["hardhat node"]);

      expectRefusal(await deploy(LOCALHOST), /belongs to another chain with the id 31337.* Run again with --reset/);
      expect(await deploy([...LOCALHOST, "--reset"])).to.include({ exitCode: 0 });
    });

    it("refuses other parameters than those it was deployed with, until told to reset", async () => {
      await workspace.startNode(NODE_COMMANDS.anvil);
      await deploy(LOCALHOST);
      const record = await workspace.readRecord("chain-31337.json");
      const other = [...LOCALHOST, "--parameters", await workspace.changeParameters({ treasuryBps: 251 })];

      expectRefusal(await deploy(other), /^This chain already holds another deployment: FeePolicy: .*--reset/);
      expect(await workspace.readRecord("chain-31337.json")).to.deep.equal(record);
      expect(await deploy([...other, "--reset"])).to.include({ exitCode: 0 });
      expect(await workspace.readRecord("chain-31337.json")).to.have.nested.property("parameters.treasuryBps", "251");
    });

    it("refuses a record without its journal", async () => {
      await workspace.startNode(NODE_COMMANDS.anvil);
      await deploy(LOCALHOST);
      await rm(path.join(workspace.directory, "chain-31337"), { recursive: true });

      expectRefusal(
        await deploy(LOCALHOST),
        /whose journal .* is missing\. Restore the journal, or run again with --reset/,
      );
    });
  });

  describe("when it cannot start", () => {
    it("asks for the network if none is named", async () => {
      expectRefusal(await deploy([]), /^Name a network: --network hardhat\|localhost\|testnet\.$/);
    });

    it("refuses a network that does not exist", async () => {
      expectRefusal(
        await deploy(["--network", "moon"]),
        /^There is no network "moon".* use hardhat, localhost or testnet\.$/,
      );
    });

    it("refuses an option that does not exist", async () => {
      expectRefusal(
        await deploy(["--net", "localhost"]),
        /Unknown option '--net'.*\nUsage: npm run deploy -- --network/,
      );
    });

    it("says that no node answers", async () => {
      expectRefusal(
        await deploy(LOCALHOST),
        /^No node answers at http:\/\/127\.0\.0\.1:1\. Start one with "npm run node"/,
      );
    });

    it("names the variable that is missing or malformed", async () => {
      const settings = { TESTNET_RPC_URL: "http://127.0.0.1:1", TESTNET_PRIVATE_KEY: `0x${"11".repeat(32)}` };
      for (const [variable, value] of [
        ["TESTNET_RPC_URL", ""],
        ["TESTNET_RPC_URL", "example"],
        ["TESTNET_PRIVATE_KEY", ""],
        ["TESTNET_PRIVATE_KEY", "0x1234"],
      ]) {
        const result = await runScript({
          script: "deploy",
          args: ["--network", "testnet"],
          env: { ...settings, [variable]: value },
        });
        expectRefusal(result, new RegExp(`^${variable} is missing or malformed\\. Set it in \\.env`));
      }
    });

    it("says what the deployment costs if the account has not enough", async () => {
      await workspace.startNode(NODE_COMMANDS.anvil);
      expectRefusal(
        await deploy(["--network", "testnet"]),
        /may cost up to 0\.\d+ ether, but 0x\w{40} has 0\.0 .* Send it more/,
      );
    });

    it("refuses parameters that the contracts refuse", async () => {
      const node = await workspace.startNode(NODE_COMMANDS.anvil);
      const file = await workspace.changeParameters({ treasuryBps: 1001 });
      expectRefusal(
        await deploy([...LOCALHOST, "--parameters", file]),
        /FeePolicy failed: .*FeePolicy_AboveCap\("treasuryBps", 1001, 1000\)\. Put this right/,
      );
      expect(await countTransactions(node)).to.equal(0);
    });

    it("refuses parameters of the wrong kind or name", async () => {
      for (const [changes, message] of [
        [{ tokenHolder: "somebody" }, /^"tokenHolder" in .* must be an address, or null for the deployer\.$/],
        [{ operatorBps: -1 }, /^"operatorBps" in .* must be a whole number/],
        [{ burnBps: 1 }, /^.* has a parameter "burnBps", which does not exist\. Remove or rename it\.$/],
      ] as const) {
        const file = await workspace.changeParameters(changes);
        expectRefusal(await deploy(["--network", "hardhat", "--parameters", file]), message);
      }
    });

    afterEach(async () => {
      // Nothing half-written, whatever was wrong.
      const files = await readdir(workspace.directory);
      expect(files.filter((file) => file !== "parameters.json")).to.deep.equal([]);
    });
  });
});

async function countTransactions(node: LocalNode): Promise<number> {
  return Number(await node.request("eth_getTransactionCount", DEPLOYER, "pending"));
}

function expectRefusal({ exitCode, errors }: ScriptResult, message: RegExp): void {
  expect(errors.trim()).to.match(message);
  expect(errors).not.to.match(/^ +at /m, "a stack trace");
  expect(exitCode).to.equal(1);
}
