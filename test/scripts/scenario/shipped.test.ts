import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { network } from "hardhat";

import { toJson } from "../../../scripts/report/json.ts";
import { rehearse, repeatOnChain } from "../../../scripts/scenario/chain.ts";
import type { ChainResult } from "../../../scripts/scenario/chainResult.ts";
import { readScenarioFile } from "../../../scripts/scenario/files.ts";
import { play } from "../../../sdk/scenario/play.ts";
import type { RunResult } from "../../../sdk/scenario/result.ts";
import type { Scenario } from "../../../sdk/scenario/scenario.ts";
import { type LocalNode, NODE_COMMANDS, startNode } from "../../helpers/node.ts";
import { runScript } from "../../helpers/script.ts";
import { anywhere, everything } from "./worlds.ts";

const FOLDER = "scenarios";
const SHIPPED = (await readdir(FOLDER)).filter((name) => name.endsWith(".yaml")).sort();

/** What both have to be run with on a node of its own. */
const ON_ANVIL = 2;

function playAlone(scenario: Scenario): RunResult {
  const run = play(scenario);
  for (;;) {
    const next = run.next();
    if (next.done === true) return next.value;
  }
}

function expectSame(chain: ChainResult): void {
  expect(chain.compared.differences).to.deep.equal([]);
  expect(chain.compared.accounts).to.be.greaterThan(0);
  expect(chain.compared.splits).to.be.greaterThan(0);
}

describe("scenarios on chains", function () {
  this.timeout(120_000);

  describe("on the embedded chain", () => {
    async function repeat(scenario: Scenario): Promise<{ chain: ChainResult; result: RunResult }> {
      const rehearsal = await rehearse({ scenario });
      const connection = await network.create("hardhat");
      try {
        const chain = await repeatOnChain({ scenario, connection, deployments: "", folder: "", rehearsal });
        return { chain, result: rehearsal.result };
      } finally {
        await connection.close();
      }
    }

    for (const file of SHIPPED) {
      it(`repeats ${file}, wei by wei, and what it expects holds`, async () => {
        const scenario = readScenarioFile(path.join(FOLDER, file));
        const { chain, result } = await repeat(scenario);
        expectSame(chain);
        expect(result.expectations.filter(({ holds }) => !holds)).to.deep.equal([]);
        expect(toJson(result)).to.equal(toJson(playAlone(scenario)));
      });
    }

    it("repeats everything that a scenario can have", async () => {
      const { chain, result } = await repeat(everything());
      expectSame(chain);
      expect(chain.compared.shares).to.be.greaterThan(50);
      expect(toJson(result)).to.equal(toJson(playAlone(everything())));
      const operations = new Set(chain.gasByOperation.map(({ operation }) => operation));
      for (const rail of ["pay: wallet", "pay: balance", "pay: signed", "pay: transfer", "job: deliver"]) {
        expect(operations).to.include(rail);
      }
      expect(operations).to.include.all.keys("channel: settle vouchers", "governance: execute", "committee: vote");
    });

    it("has the same figures with another seed, on another chain", async () => {
      expectSame((await repeat(everything({ seed: 5 }))).chain);
    });

    for (const payments of [0, 1, 7, 60]) {
      it(`repeats the first ${payments} payments, with no more than they need`, async () => {
        const connection = await network.create("hardhat");
        try {
          const scenario = everything();
          const chain = await repeatOnChain({ scenario, connection, deployments: "", folder: "", payments });
          expect(chain.compared.differences).to.deep.equal([]);
        } finally {
          await connection.close();
        }
      });
    }

    it("leaves out Datanets, assets and services that no payment reaches", async () => {
      const connection = await network.create("hardhat");
      const { events, ...scenario } = anywhere();
      try {
        const lean = { ...scenario, events: [], traffic: scenario.traffic.slice(3, 4) };
        const chain = await repeatOnChain({ scenario: lean, connection, deployments: "", folder: "", payments: 1 });
        expectSame(chain);
        const count = (operation: string): number =>
          chain.gasByOperation.find((row) => row.operation === operation)?.transactions ?? 0;
        expect(events).not.to.be.empty;
        expect(count("model: register")).to.equal(1);
        expect(count("agent: register")).to.equal(0);
        expect(count("service: register")).to.equal(1);
        expect(count("pay: signed")).to.equal(1);
      } finally {
        await connection.close();
      }
    });

    it("says who, what the model says and what the chain says where they differ", async () => {
      const connection = await network.create("hardhat");
      const scenario = anywhere();
      const rehearsal = await rehearse({ scenario });
      rehearsal.result.accounts[0].earned += 1n;
      const { name, earned } = rehearsal.result.accounts[0];
      try {
        const { compared } = await repeatOnChain({ scenario, connection, deployments: "", folder: "", rehearsal });
        expect(compared.differences).to.deep.equal([
          `What ${name} earns is ${earned} in the model, but ${earned - 1n} on the chain.`,
        ]);
      } finally {
        await connection.close();
      }
    });
  });

  describe("on an anvil node", () => {
    let node: LocalNode;
    let directory: string;

    before(async () => {
      directory = await mkdtemp(path.join(tmpdir(), "scenarios-"));
      node = await startNode(NODE_COMMANDS.anvil);
      await run("deploy", ["--network", "localhost"]);
    });

    after(async () => {
      await node.stop();
      await rm(directory, { recursive: true });
    });

    async function run(script: string, args: string[]): Promise<string> {
      const { exitCode, output, errors } = await runScript({
        script,
        args: [...args, "--deployments", directory],
        env: { LOCALHOST_RPC_URL: node.url },
      });
      expect(exitCode, errors).to.equal(0);
      return output;
    }

    for (const file of SHIPPED.filter((name) => /copy|light/.test(name)).slice(0, ON_ANVIL)) {
      it(`repeats ${file}, and the result is that of the model alone to the byte`, async () => {
        const name = path.join(FOLDER, file);
        const [alone, repeated] = ["alone", "repeated"].map((folder) => path.join(directory, file, folder));
        await run("scenario", [name, "--out", alone]);
        await run("scenario", [name, "--out", repeated, "--network", "localhost"]);
        const read = (folder: string): Promise<string> => readFile(path.join(folder, "result.json"), "utf8");
        expect(await read(repeated)).to.equal(await read(alone));
        const chain = JSON.parse(await readFile(path.join(repeated, "chain.json"), "utf8")) as ChainResult;
        expectSame(chain);
      });
    }

    it("repeats everything that a scenario can have", async () => {
      const connection = await network.create({ network: "localhost", override: { url: node.url } });
      try {
        const folder = path.join(directory, "everything");
        expectSame(await repeatOnChain({ scenario: everything(), connection, deployments: directory, folder }));
      } finally {
        await connection.close();
      }
    });
  });
});
