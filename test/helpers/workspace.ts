import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";

import { locateParameters } from "../../scripts/lib/parameters.ts";
import type { LocalNode } from "./node.ts";
import { startNode } from "./node.ts";
import type { Interruption, ScriptResult } from "./script.ts";
import { runScript } from "./script.ts";

/** What a test of the scripts needs: a directory for their records, and a chain. All of it ends with the test. */
export interface Workspace {
  directory: string;
  startNode: (command: string[]) => Promise<LocalNode>;
  /** Runs a script on the node, which both "localhost" and "testnet" name, the latter with a key of its own. */
  run: (options: { script: string; args: string[]; interruption?: Interruption }) => Promise<ScriptResult>;
  /** Writes parameters that differ from the usual ones, and returns the file. */
  changeParameters: (changes: Record<string, unknown>) => Promise<string>;
  readRecord: (name: string) => Promise<Record<string, unknown>>;
  dispose: () => Promise<void>;
}

export async function createWorkspace(): Promise<Workspace> {
  const directory = await mkdtemp(path.join(tmpdir(), "deployments-"));
  const nodes: LocalNode[] = [];

  return {
    directory,
    startNode: async (command) => {
      await nodes.pop()?.stop();
      const node = await startNode(command);
      nodes.push(node);
      return node;
    },
    run: async ({ args, ...options }) => {
      const url = nodes.at(0)?.url ?? "http://127.0.0.1:1";
      return await runScript({
        args: [...args, "--deployments", directory],
        env: { LOCALHOST_RPC_URL: url, TESTNET_RPC_URL: url, TESTNET_PRIVATE_KEY: `0x${"11".repeat(32)}` },
        ...options,
      });
    },
    changeParameters: async (changes) => {
      const file = path.join(directory, "parameters.json");
      await writeFile(
        file,
        JSON.stringify({ ...(await readDeploymentParameters(locateParameters("hardhat"))), ...changes }),
      );
      return file;
    },
    readRecord: async (name) =>
      JSON.parse(await readFile(path.join(directory, name), "utf8")) as Record<string, unknown>,
    dispose: async () => {
      await nodes.pop()?.stop();
      await rm(directory, { recursive: true });
    },
  };
}
