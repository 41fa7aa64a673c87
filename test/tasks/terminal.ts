import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { identifyChain, locateDeployment, writeDeployment } from "../../scripts/lib/deployments.ts";
import { locateParameters, type ProtocolParameters, readParameters } from "../../scripts/lib/parameters.ts";
import { getAddresses, getDeployer, type Protocol } from "../../scripts/lib/protocol.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";

/** What a command came to. */
export interface Ending {
  exitCode: number;
  output: string;
  errors: string;
}

/** A transaction of a JSON document. */
export interface ListedTransaction {
  what: string;
  from: string;
  contract: string;
  function: string;
  hash: string | null;
}

/** A verb's JSON document. */
export interface Answer {
  verb: string;
  dryRun: boolean;
  transactions: ListedTransaction[];
  result: Record<string, unknown>;
}

/** Options as a person gives them: `true` for a flag. */
export type Given = Record<string, string | boolean>;

/** A place to type commands in, with a folder for files. */
export class Terminal {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async open(): Promise<Terminal> {
    return new Terminal(await mkdtemp(path.join(tmpdir(), "terminal-")));
  }

  async close(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  file(name: string): string {
    return path.join(this.directory, name);
  }

  async write(name: string, text: string): Promise<string> {
    await writeFile(this.file(name), text);
    return this.file(name);
  }

  async read(name: string): Promise<Record<string, unknown>> {
    return JSON.parse(await readFile(this.file(name), "utf8")) as Record<string, unknown>;
  }

  /** Runs a verb as Hardhat does, and keeps what it prints. */
  async run(verb: string, given: Given = {}): Promise<Ending> {
    const { log, error } = console;
    const [output, errors]: [string[], string[]] = [[], []];
    const before = process.exitCode;
    process.exitCode = 0;
    console.log = (text: unknown) => output.push(String(text));
    console.error = (text: unknown) => errors.push(String(text));
    try {
      await hre.tasks.getTask(verb).run({ deployments: this.directory, ...given });
      return { exitCode: process.exitCode, output: output.join("\n"), errors: errors.join("\n") };
    } finally {
      Object.assign(console, { log, error });
      process.exitCode = before;
    }
  }

  /** Runs a verb for its JSON document. @throws Error unless it succeeds. */
  async ask(verb: string, given: Given = {}): Promise<Answer> {
    const { exitCode, output, errors } = await this.run(verb, { ...given, json: true });
    if (exitCode !== 0) throw new Error(`${verb} ended with ${exitCode}: ${errors}`);
    return JSON.parse(output) as Answer;
  }

  /** Deploys to the embedded chain and records it where the verbs look. */
  async deploy(connection: NetworkConnection, changes: Partial<ProtocolParameters> = {}): Promise<Protocol> {
    const parameters = {
      ...(await readParameters({ file: locateParameters("hardhat"), deployer: await getDeployer(connection) })),
      ...changes,
    };
    const block = (await connection.ethers.provider.getBlockNumber()) + 1;
    const protocol = await createProtocolFixture({ connection, parameters })();
    const chain = await identifyChain(connection);
    const { record } = locateDeployment({ directory: this.directory, chainId: chain.chainId });
    await writeDeployment(record, {
      network: connection.networkName,
      ...chain,
      deployer: await getDeployer(connection),
      block,
      contracts: await getAddresses(protocol),
      parameters,
    });
    return protocol;
  }
}
