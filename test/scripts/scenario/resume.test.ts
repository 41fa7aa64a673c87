import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { formatEther, Interface, parseEther, toQuantity } from "ethers";
import { network } from "hardhat";

import { UserError } from "../../../scripts/lib/script.ts";
import { rehearse, repeatOnChain, type RepeatOptions, RunStoppedError } from "../../../scripts/scenario/chain.ts";
import type { ChainResult } from "../../../scripts/scenario/chainResult.ts";
import { ChainNode } from "../../../scripts/scenario/node.ts";
import { Wallets } from "../../../scripts/scenario/wallets.ts";
import type { Scenario } from "../../../sdk/scenario/scenario.ts";
import type { Step } from "../../../sdk/scenario/step.ts";
import { type LocalNode, NODE_COMMANDS, startNode } from "../../helpers/node.ts";
import { runScript } from "../../helpers/script.ts";
import { type Death, startProxy } from "./dyingProxy.ts";
import { anywhere, everything } from "./worlds.ts";

/** A run that was made in parts. */
interface Parted {
  chain: ChainResult;
  /** Why each part but the last one stopped. */
  stops: string[];
}

const TRANSFER = new Interface(["function transfer(address to, uint256 value)"]);

describe("a scenario whose node dies", function () {
  this.timeout(180_000);

  let node: LocalNode;
  let directory: string;
  let fresh: string;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "scenario-"));
    node = await startNode(NODE_COMMANDS["hardhat node"]);
    const env = { LOCALHOST_RPC_URL: node.url };
    const args = ["--network", "localhost", "--deployments", directory];
    const { exitCode, errors } = await runScript({ script: "deploy", args, env });
    expect(exitCode, errors).to.equal(0);
    fresh = String(await node.request("evm_snapshot"));
  });

  afterEach(async () => {
    await node.request("evm_revert", fresh);
    fresh = String(await node.request("evm_snapshot"));
    await rm(path.join(directory, "run"), { recursive: true, force: true });
  });

  after(async () => {
    await node.stop();
    await rm(directory, { recursive: true });
  });

  async function run(url: string, options: Partial<RepeatOptions> = {}): Promise<ChainResult> {
    const connection = await network.create({ network: "localhost", override: { url } });
    try {
      return await repeatOnChain({
        scenario: everything(),
        connection,
        deployments: directory,
        folder: path.join(directory, "run"),
        ...options,
      });
    } finally {
      await connection.close();
    }
  }

  /** Runs a scenario through nodes that die one after the other, and then through one that does not. */
  async function runInParts(
    deaths: Death[],
    options: Partial<RepeatOptions> = {},
    proxied: { refuses?: RegExp; losesEvery?: number } = {},
  ): Promise<Parted> {
    const stops: string[] = [];
    let isBegun = false;
    for (const death of deaths) {
      const proxy = await startProxy({ node: node.url, death, ...proxied });
      try {
        await run(proxy.url, { ...options, resume: isBegun });
        throw new Error(`The node was to die, but answered all ${proxy.requests()} requests.`);
      } catch (error) {
        if (!(error instanceof RunStoppedError)) throw error;
        stops.push(error.message);
      } finally {
        await proxy.stop();
      }
      isBegun = true;
    }
    const proxy = await startProxy({ node: node.url, ...proxied });
    try {
      return { chain: await run(proxy.url, { ...options, resume: isBegun }), stops };
    } finally {
      await proxy.stop();
    }
  }

  const SEND = "eth_sendRawTransaction";

  it("says in which step and period it stopped", async () => {
    const { stops } = await runInParts([{ method: SEND, at: 60, heard: false }]);
    expect(stops).to.have.lengthOf(1);
    expect(stops[0]).to.match(
      /^The node of "localhost" does not answer any more\. The run stopped in step \d+ of \d+ \(.+\), (before period 1|period \d of 5)\.$/,
    );
  });

  it("ends as a run that nothing interrupted, wherever it died, with nothing paid twice", async () => {
    const whole = await run(node.url, { folder: path.join(directory, "run") });
    expect(whole.compared.differences).to.deep.equal([]);
    const { transactions } = whole;
    const plans: Death[][] = [
      [{ method: SEND, at: 1, heard: false }],
      [{ method: SEND, at: 1, heard: true }],
      [{ method: SEND, at: 90, heard: false }],
      [{ method: SEND, at: 90, heard: true }],
      [{ method: "eth_sendTransaction", at: 1, heard: true }],
      [{ method: "eth_sendTransaction", at: 2, heard: true }],
      [{ method: "eth_sendTransaction", at: 3, heard: false }],
      [{ method: "evm_setNextBlockTimestamp", at: 4, heard: true }],
      [{ method: "eth_getTransactionReceipt", at: 150, heard: false }],
      [
        { method: SEND, at: 70, heard: true },
        { method: SEND, at: 1, heard: true },
        { method: SEND, at: 40, heard: false },
      ],
    ];
    for (const deaths of plans) {
      await node.request("evm_revert", fresh);
      fresh = String(await node.request("evm_snapshot"));
      await rm(path.join(directory, "run"), { recursive: true, force: true });
      const { chain } = await runInParts(deaths);
      const what = JSON.stringify(deaths);
      expect(chain.compared.differences, what).to.deep.equal([]);
      expect(chain.compared, what).to.deep.equal(whole.compared);
      expect(chain.transactions, what).to.equal(transactions);
    }
  });

  for (const losesEvery of [23, 31]) {
    it(`goes on where only one of ${losesEvery} answers is lost`, async () => {
      const { chain } = await runInParts([], { scenario: anywhere() }, { losesEvery });
      expect(chain.compared.differences).to.deep.equal([]);
      const count = (operation: string): number | undefined =>
        chain.gasByOperation.find((row) => row.operation === operation)?.transactions;
      const steps: Step[] = [];
      const onStep = (step: Step): void => {
        steps.push(step);
      };
      await rehearse({ scenario: anywhere(), onStep });
      expect(count("pay: wallet")).to.equal(
        steps.filter((step) => step.kind === "pay" && step.rail === "wallet").length,
      );
    });
  }

  it("refuses to begin while a run has not ended, until it is told to begin anew", async () => {
    const proxy = await startProxy({ node: node.url, death: { method: SEND, at: 30, heard: true } });
    await expectError(run(proxy.url), /does not answer any more/);
    await proxy.stop();
    await expectError(
      run(node.url),
      /^A run in .*run on chain 31337 has not come to its end\. Continue it with --resume, or begin anew with --fresh\.$/,
    );
    const { compared } = await run(node.url, { fresh: true });
    expect(compared.differences).to.deep.equal([]);
    await expectError(
      run(node.url, { resume: true }),
      /^There is no unfinished run on chain 31337 in .*\. Run without --resume\.$/,
    );
  });

  it("refuses to continue with another scenario, seed or number of payments", async () => {
    const proxy = await startProxy({ node: node.url, death: { method: SEND, at: 30, heard: true } });
    await expectError(run(proxy.url), /does not answer any more/);
    await proxy.stop();
    const resume = (scenario: Scenario, payments?: number): Promise<ChainResult> =>
      run(node.url, { scenario, payments, resume: true });
    await expectError(
      resume(everything({ seed: 2 })),
      /was begun with seed 1, not 2\. Continue it with --seed 1, or begin anew with --fresh\.$/,
    );
    await expectError(
      resume(everything({ teaches: "Else." })),
      /another content of the scenario\. Restore its file and texts/,
    );
    await expectError(
      resume(everything(), 10),
      /was begun without --replay\. Continue it without --replay, or begin anew/,
    );
  });

  it("uses other wallets for a run whose folder is gone", async () => {
    const first = await run(node.url, { scenario: anywhere() });
    await rm(path.join(directory, "run"), { recursive: true, force: true });
    const second = await run(node.url, { scenario: anywhere() });
    expect(second.compared).to.deep.equal(first.compared);
    expect(second.compared.differences).to.deep.equal([]);
  });

  describe("on a chain that is not for development", () => {
    const proxied = { refuses: /^(evm|hardhat|anvil)_/ };

    async function readRecord(): Promise<{ contracts: { token: string }; deployer: string }> {
      return JSON.parse(await readFile(path.join(directory, "chain-31337.json"), "utf8")) as {
        contracts: { token: string };
        deployer: string;
      };
    }

    async function deployerTokens(): Promise<bigint> {
      const { contracts, deployer } = await readRecord();
      const data = `0x70a08231${deployer.slice(2).padStart(64, "0")}`;
      return BigInt(String(await node.request("eth_call", { to: contracts.token, data }, "latest")));
    }

    it("pays for gas from the bank, and sends back what is left but stake", async () => {
      const before = await deployerTokens();
      const { chain } = await runInParts([], { scenario: anywhere() }, proxied);
      expect(chain.compared.differences).to.deep.equal([]);
      const { result } = await rehearse({ scenario: anywhere() });
      const kept = before - (await deployerTokens());
      const staked = result.operators.reduce((sum, operator) => sum + operator.staked + operator.slashed, 0n);
      const slashed = result.operators.reduce((sum, operator) => sum + operator.slashed, 0n);
      // Stake and what pools and treasury have earned stay; of what was slashed, a part was paid out and came back.
      expect(kept)
        .to.be.greaterThan(staked - slashed)
        .and.lessThan(staked + result.totals.paid);
    });

    it("ends the same if the node dies, also while money is sent back", async () => {
      const scenario = anywhere();
      const { chain: whole } = await runInParts([], { scenario }, proxied);
      const held = await deployerTokens();
      await node.request("evm_revert", fresh);
      fresh = String(await node.request("evm_snapshot"));
      await rm(path.join(directory, "run"), { recursive: true, force: true });
      const deaths: Death[] = [
        { method: SEND, at: 45, heard: true },
        { method: SEND, at: whole.transactions - 60, heard: true },
        { method: SEND, at: 3, heard: false },
      ];
      const { chain } = await runInParts(deaths, { scenario }, proxied);
      expect(chain.compared).to.deep.equal(whole.compared);
      expect(await deployerTokens()).to.equal(held);
    });

    describe("where money is short", () => {
      const scenario = anywhere();

      async function setEther(address: string, amount: bigint): Promise<void> {
        await node.request("hardhat_setBalance", address, toQuantity(amount));
      }

      async function etherOf(address: string): Promise<bigint> {
        return BigInt(String(await node.request("eth_getBalance", address, "latest")));
      }

      async function height(): Promise<number> {
        return Number(await node.request("eth_blockNumber"));
      }

      /** Runs it, or goes on with it, and returns what it says in the end; undefined if it comes to its end. */
      async function complaintOf(options: Partial<RepeatOptions> = {}): Promise<Error | undefined> {
        const proxy = await startProxy({ node: node.url, ...proxied });
        try {
          const { compared } = await run(proxy.url, { scenario, ...options });
          expect(compared.differences).to.deep.equal([]);
          return undefined;
        } catch (error) {
          if (error instanceof RunStoppedError || error instanceof UserError) return error;
          throw error;
        } finally {
          await proxy.stop();
        }
      }

      async function bankOfRun(): Promise<string> {
        const connection = await network.create({ network: "localhost", override: { url: node.url } });
        try {
          const chain = await ChainNode.connect(connection);
          const { deployer } = await readRecord();
          return (await Wallets.unlock({ node: chain, deployer, scenario: scenario.name, run: 1 })).bank.address;
        } finally {
          await connection.close();
        }
      }

      it("says before anything is sent how much ether the deployer lacks, and begins with that", async () => {
        const { deployer } = await readRecord();
        const before = await height();
        await setEther(deployer, parseEther("0.001"));
        const complaint = await complaintOf();
        const [, needed, missing] =
          new RegExp(
            `^${deployer} has 0\\.001 ether on "localhost", but this scenario may need (0\\.\\d+) for gas\\. ` +
              "Send it (0\\.\\d+) ether\\. Then run the same command again\\.$",
          ).exec(complaint?.message ?? "") ?? [];
        expect(complaint).to.be.instanceOf(UserError);
        expect(parseEther(missing)).to.equal(parseEther(needed) - parseEther("0.001"));
        expect(await height()).to.equal(before);
        await setEther(deployer, parseEther(needed));
        expect(await complaintOf()).to.equal(undefined);
      });

      it("says before anything is sent how much OPEN the deployer lacks, and begins with that", async () => {
        const { deployer, contracts } = await readRecord();
        const { plan } = await rehearse({ scenario });
        const tokens = await deployerTokens();
        const other = `0x${"22".repeat(20)}`;
        const give = async (from: string, to: string, amount: bigint): Promise<void> => {
          const data = TRANSFER.encodeFunctionData("transfer", [to, amount]);
          await node.request("eth_sendTransaction", { from, to: contracts.token, data });
        };
        await give(deployer, other, tokens - plan.total + 1n);
        const before = await height();
        const complaint = await complaintOf();
        expect(complaint).to.be.instanceOf(UserError);
        expect(complaint?.message).to.equal(
          `${deployer} has ${formatEther(plan.total - 1n)} OPEN on "localhost", but this scenario takes ` +
            `${formatEther(plan.total)}. Send it 0.000000000000000001 OPEN. Then run the same command again.`,
        );
        expect(await height()).to.equal(before);
        await node.request("hardhat_impersonateAccount", other);
        await setEther(other, parseEther("1"));
        await give(other, deployer, 1n);
        expect(await complaintOf()).to.equal(undefined);
      });

      async function dieAt(death: Death): Promise<void> {
        const proxy = await startProxy({ node: node.url, death, ...proxied });
        await expectError(run(proxy.url, { scenario }), /does not answer any more/);
        await proxy.stop();
      }

      // Some of these are gas money, others are the bank's own transactions, others are those that were paid for.
      for (const at of [30, 31, 32, 33]) {
        it(`stops if the bank runs out of ether at transaction ${at}, says how much it needs, and goes on with that`, async () => {
          const bank = await bankOfRun();
          await dieAt({ method: SEND, at, heard: true });
          await setEther(bank, 7n);

          const stopped = await complaintOf({ resume: true });
          expect(stopped).to.be.instanceOf(RunStoppedError);
          const [, needed, missing] =
            new RegExp(
              `^The bank of this run, ${bank}, has 0\\.000000000000000007 ether on "localhost", ` +
                "but the rest of the run may need (0\\.\\d+)\\. Send it (0\\.\\d+) ether\\. " +
                "The run stopped in step \\d+ of \\d+ \\(.+\\), (?:before period 1|period \\d of \\d)\\.$",
            ).exec(stopped?.message ?? "") ?? [];
          expect(parseEther(missing)).to.equal(parseEther(needed) - 7n);
          const before = await height();
          expect((await complaintOf({ resume: true }))?.message).to.contain(`The bank of this run, ${bank}, has`);
          expect(await height()).to.equal(before);

          await setEther(bank, (await etherOf(bank)) + parseEther(missing));
          expect(await complaintOf({ resume: true })).to.equal(undefined);
        });

        it(`tops up gas money that is too little once gas is dearer, after transaction ${at}`, async () => {
          await dieAt({ method: SEND, at, heard: true });
          await node.request("hardhat_setNextBlockBaseFeePerGas", toQuantity(10n ** 12n));
          await node.request("hardhat_mine");
          await setEther(await bankOfRun(), parseEther("1000"));
          expect(await complaintOf({ resume: true })).to.equal(undefined);
        });
      }

      it("stops if the deployer runs short just after the begin, and goes on with more", async () => {
        const { deployer } = await readRecord();
        const ether = await etherOf(deployer);
        await dieAt({ method: "eth_sendTransaction", at: 1, heard: true });
        await setEther(deployer, 7n);

        const stopped = await complaintOf({ resume: true });
        expect(stopped).to.be.instanceOf(RunStoppedError);
        expect(stopped?.message).to.match(
          new RegExp(
            `^${deployer} has 0\\.000000000000000007 ether on "localhost", but needs 0\\.\\d+ to go on\\. ` +
              "Send it 0\\.\\d+ ether\\. The run stopped before the first step\\.$",
          ),
        );
        await setEther(deployer, ether);
        expect(await complaintOf({ resume: true })).to.equal(undefined);
      });
    });

    it("refuses what would have to wait for days before it sends anything", async () => {
      const count = await node.request("eth_blockNumber");
      await expectError(
        runInParts([], {}, proxied),
        /^This scenario has a vote, which takes days, and nobody can move the time of "localhost"\./,
      );
      expect(await node.request("eth_blockNumber")).to.equal(count);
    });
  });
});

async function expectError(work: Promise<unknown>, message: RegExp): Promise<void> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Error)) throw new Error("Nothing was refused.");
  expect(error.message).to.match(message);
}
