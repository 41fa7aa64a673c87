import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { Contract, formatEther, JsonRpcProvider } from "ethers";

import type { Deployment } from "../../scripts/lib/deployments.ts";
import { findCodeBlocks, readDoc } from "../docs/markdown.ts";
import type { LocalNode } from "../helpers/node.ts";
import { NODE_COMMANDS, startNode } from "../helpers/node.ts";
import { runScript } from "../helpers/script.ts";

const DOCUMENT = "docs/wallets.md";
const DEFAULT_URL = "http://127.0.0.1:8545";

/** What wallet.js gives a page. */
export type Connected = Record<string, unknown>;

/** The functions of the document's pages. */
export interface Pages {
  connect: () => Promise<Connected>;
  createDatanet: (wallet: Connected) => Promise<bigint>;
  sizeOf: (wallet: Connected, datanetId: bigint) => Promise<bigint>;
  contribute: (wallet: Connected, datanetId: bigint, text: string, uri: string) => Promise<Record<string, unknown>>;
  accept: (
    wallet: Connected,
    datanetId: bigint,
    size: bigint,
    contributions: Record<string, unknown>[],
  ) => Promise<void>;
  registerModel: (wallet: Connected, datanetId: bigint) => Promise<bigint>;
  stake: (wallet: Connected) => Promise<void>;
  registerService: (wallet: Connected, modelId: bigint) => Promise<bigint>;
  payForCall: (wallet: Connected, serviceId: bigint) => Promise<void>;
  claim: (wallet: Connected) => Promise<void>;
}

/** A node with the protocol, and a folder like the project's with the document's files in it. */
export interface Stage {
  node: LocalNode;
  provider: JsonRpcProvider;
  deployment: Deployment;
  token: Contract;
  /** OPEN of an address. */
  tokensOf: (owner: string) => Promise<string>;
  /** Runs the document's commands, all in one shell. */
  runCommands: () => Promise<void>;
  loadPages: () => Promise<Pages>;
  dispose: () => Promise<void>;
}

/** Deploys to a new anvil, as the document says. */
export async function openStage(): Promise<Stage> {
  const directory = await mkdtemp(path.join(tmpdir(), "wallets-"));
  const blocks = findCodeBlocks(await readDoc(DOCUMENT));
  await layOutProject({ directory, files: blocks.filter(({ file }) => file !== "") });

  const node = await startNode(NODE_COMMANDS.anvil);
  const deployments = path.join(directory, "ignition", "deployments");
  const args = ["--network", "localhost", "--deployments", deployments];
  const deployed = await runScript({ script: "deploy", args, env: { LOCALHOST_RPC_URL: node.url } });
  if (deployed.exitCode !== 0) throw new Error(deployed.errors);

  const record = await readFile(path.join(deployments, "chain-31337.json"), "utf8");
  const deployment = JSON.parse(record) as Deployment;
  const provider = new JsonRpcProvider(node.url, undefined, { cacheTimeout: -1 });
  const token = new Contract(
    deployment.contracts.token,
    ["function balanceOf(address) view returns (uint256)", "function transfer(address, uint256)"],
    await provider.getSigner(0),
  );

  return {
    node,
    provider,
    deployment,
    token,
    tokensOf: async (owner) => formatEther((await token.balanceOf(owner)) as bigint),
    runCommands: async () => {
      const script = blocks
        .filter(({ language }) => language === "bash")
        .map(({ code }) => code)
        .join("\n");
      if (!script.includes(DEFAULT_URL)) throw new Error(`${DOCUMENT} does not say where the node is.`);
      const commands = ["-euo", "pipefail", "-c", script.replace(DEFAULT_URL, node.url)];
      const { stderr } = await promisify(execFile)("bash", commands, { cwd: directory });
      // The exit code of cast says nothing.
      if (stderr !== "") throw new Error(stderr);
    },
    loadPages: async () => {
      const modules = blocks
        .filter(({ code }) => code.includes("export async function"))
        .map(async ({ file }) => (await import(pathToFileURL(path.join(directory, file)).href)) as object);
      return Object.assign({}, ...(await Promise.all(modules))) as Pages;
    },
    dispose: async () => {
      provider.destroy();
      await node.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function layOutProject({
  directory,
  files,
}: {
  directory: string;
  files: { file: string; code: string }[];
}): Promise<void> {
  for (const name of ["sdk", "node_modules"]) await symlink(path.resolve(name), path.join(directory, name));
  await writeFile(path.join(directory, "package.json"), JSON.stringify({ type: "module" }));
  await mkdir(path.join(directory, "web"));
  for (const { file, code } of files) await writeFile(path.join(directory, file), code);
}
