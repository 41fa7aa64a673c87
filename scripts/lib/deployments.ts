import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";

import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import type { ProtocolParameters } from "./parameters.ts";
import type { ProtocolAddresses } from "./protocol.ts";
import { UserError } from "./script.ts";

/** A chain, told apart from others with the same id (such as a restarted local one) by its first block. */
export interface Chain {
  chainId: number;
  genesis: string;
}

/** What is known about a finished deployment. */
export interface Deployment extends Chain {
  network: string;
  deployer: string;
  /** The block of the first contract: no event is older. */
  block: number;
  contracts: ProtocolAddresses;
  parameters: ProtocolParameters;
}

/** Where the deployments of a chain are kept. */
export interface DeploymentPaths {
  /** The finished deployment, for people and programs. */
  record: string;
  /** Ignition's journal, from which an interrupted deployment continues. */
  journal: string;
}

export const DEFAULT_DEPLOYMENTS = path.join(hre.config.paths.ignition, "deployments");

/** Beside Ignition's own files: the chain that the journal belongs to. */
const CHAIN_FILE = "chain.json";

export function locateDeployment({ directory, chainId }: { directory: string; chainId: number }): DeploymentPaths {
  const journal = path.join(directory, `chain-${chainId}`);
  return { record: `${journal}.json`, journal };
}

export async function identifyChain({ provider }: NetworkConnection): Promise<Chain> {
  const chainId = (await provider.request({ method: "eth_chainId" })) as string;
  const block = (await provider.request({ method: "eth_getBlockByNumber", params: ["0x0", false] })) as {
    hash: string;
  };
  return { chainId: Number(chainId), genesis: block.hash };
}

/**
 * Looks at what is already recorded for this chain.
 *
 * @returns Whether a deployment has begun.
 * @throws UserError if what is recorded is not on this chain.
 */
export async function hasBegun({
  connection,
  chain,
  paths: { record, journal },
}: {
  connection: NetworkConnection;
  chain: Chain;
  paths: DeploymentPaths;
}): Promise<boolean> {
  if (!existsSync(journal)) {
    if (existsSync(record)) {
      throw new UserError(
        `${display(record)} names a deployment whose journal ${display(journal)} is missing. ` +
          "Restore the journal, or run again with --reset to deploy anew and replace the record.",
      );
    }
    return false;
  }

  const { genesis } = await readJson<Chain>(path.join(journal, CHAIN_FILE));
  const contracts = await readJson<Record<string, string>>(path.join(journal, "deployed_addresses.json"), {});
  const codes = await Promise.all(
    Object.values(contracts).map((address) => connection.ethers.provider.getCode(address)),
  );
  if (genesis !== chain.genesis || codes.includes("0x")) {
    throw new UserError(
      `${display(journal)} belongs to another chain with the id ${chain.chainId}, such as a local one before its restart. ` +
        "Run again with --reset to forget that deployment and make a new one here.",
    );
  }
  return true;
}

export async function openJournal({ journal, chain }: { journal: string; chain: Chain }): Promise<void> {
  await writeJson(path.join(journal, CHAIN_FILE), chain);
}

export async function forgetDeployment({ record, journal }: DeploymentPaths): Promise<void> {
  await rm(record, { force: true });
  await rm(journal, { recursive: true, force: true });
}

export async function writeDeployment(record: string, deployment: Deployment): Promise<void> {
  await writeJson(record, deployment);
}

/** @throws UserError if this chain has no finished deployment, or another chain than this one has. */
export async function readDeployment({
  record,
  chain,
  networkName,
}: {
  record: string;
  chain: Chain;
  networkName: string;
}): Promise<Deployment> {
  if (!existsSync(record)) {
    throw new UserError(
      `No finished deployment on chain ${chain.chainId} is recorded in ${display(record)}. ` +
        `Make one with "npm run deploy -- --network ${networkName}".`,
    );
  }
  const deployment = await readJson<Deployment>(record);
  if (deployment.genesis !== chain.genesis) {
    throw new UserError(
      `${display(record)} belongs to another chain with the id ${chain.chainId}, such as a local one before its restart. ` +
        `Deploy anew with "npm run deploy -- --network ${networkName} --reset".`,
    );
  }
  return deployment;
}

/** Path as a person would type it. */
export function display(file: string): string {
  return path.relative(process.cwd(), file);
}

async function readJson<Value>(file: string, fallback?: Value): Promise<Value> {
  if (fallback !== undefined && !existsSync(file)) return fallback;
  try {
    return JSON.parse(await readFile(file, "utf8")) as Value;
  } catch {
    throw new UserError(
      `${display(file)} is damaged. Restore it, or run "npm run deploy" with --reset to deploy anew.`,
    );
  }
}

/** Writes the file whole or not at all. */
async function writeJson(file: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const text = JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2);
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, `${text}\n`);
  await rename(draft, file);
}
