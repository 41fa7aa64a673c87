import { mkdir } from "node:fs/promises";
import path from "node:path";

import { getAddress, isAddress, parseEther, type Provider, type Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { ReportsChain } from "../../sdk/attribution/reportsContract.ts";
import { lockDirectory, LockedError } from "../../sdk/node/lock.ts";
import { DirectoryStore } from "../../sdk/node/reportStore.ts";
import { DEFAULT_DEPLOYMENTS, identifyChain, locateDeployment, readDeployment } from "../lib/deployments.ts";
import { connectToNetwork } from "../lib/network.ts";
import { describeOutsideError, UserError } from "../lib/script.ts";

/** Options that all programs of Proof of Attribution have. */
export const ATTRIBUTION_OPTIONS = {
  network: { type: "string" },
  deployments: { type: "string", default: DEFAULT_DEPLOYMENTS },
  reports: { type: "string" },
  from: { type: "string" },
  data: { type: "string", default: path.join("out", "attribution") },
} as const;

/** Options of programs that run unattended. */
export const UNATTENDED_OPTIONS = {
  ...ATTRIBUTION_OPTIONS,
  directory: { type: "string" },
  account: { type: "string" },
  pot: { type: "string", multiple: true },
  once: { type: "boolean", default: false },
  seconds: { type: "string", default: "60" },
  confirmations: { type: "string", default: "0" },
} as const;

/** Values of `ATTRIBUTION_OPTIONS`. */
export interface AttributionValues {
  network?: string | undefined;
  deployments: string;
  reports?: string | undefined;
  from?: string | undefined;
  data: string;
}

/** Values of `UNATTENDED_OPTIONS`. */
export interface UnattendedValues extends AttributionValues {
  directory?: string | undefined;
  account?: string | undefined;
  pot?: string[] | undefined;
  once: boolean;
  seconds: string;
  confirmations: string;
}

/** The chain and the data that a program reads. */
export interface OpenedAttribution {
  connection: NetworkConnection;
  chain: ReportsChain;
  store: DirectoryStore;
}

/** @throws UserError if something of it is not there. */
export async function openAttribution({
  network,
  deployments,
  reports,
  from,
  data,
}: AttributionValues): Promise<OpenedAttribution> {
  const connection = await connectToNetwork(network);
  try {
    const { provider } = connection.ethers;
    const place = await findReports({ connection, deployments, reports, from });
    const chain = await openReports({ provider, ...place });
    return { connection, chain, store: new DirectoryStore({ directory: path.resolve(data) }) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

async function findReports({
  connection,
  deployments,
  reports,
  from,
}: {
  connection: NetworkConnection;
  deployments: string;
  reports: string | undefined;
  from: string | undefined;
}): Promise<{ reports: string; firstBlock: number }> {
  if (reports !== undefined) {
    if (!isAddress(reports)) throw new UserError(`--reports wants an address, not "${String(reports)}".`);
    return { reports, firstBlock: readCount("from", from ?? "0") };
  }
  const chain = await identifyChain(connection);
  const { record } = locateDeployment({ directory: path.resolve(deployments), chainId: chain.chainId });
  const { contracts, block } = await readDeployment({ record, chain, networkName: connection.networkName });
  const known: Record<string, string | undefined> = { ...contracts };
  const address = known.reports;
  if (address === undefined) {
    throw new UserError(`${record} names no AttributionReports contract: name it with --reports <address>.`);
  }
  return { reports: address, firstBlock: readCount("from", from ?? String(block)) };
}

async function openReports({
  provider,
  reports,
  firstBlock,
}: {
  provider: Provider;
  reports: string;
  firstBlock: number;
}): Promise<ReportsChain> {
  if ((await provider.getCode(reports)) === "0x") throw new UserError(`There is no contract at ${reports}.`);
  try {
    return await ReportsChain.open({ provider, reports, firstBlock });
  } catch {
    throw new UserError(`The contract at ${reports} is no AttributionReports contract with two verifiers.`);
  }
}

/** A whole number of the command line. */
export function readCount(name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new UserError(`--${name} wants a whole number, not "${text}".`);
}

/** An amount of OPEN of the command line, in the token's smallest unit. */
export function readAmount(name: string, text: string): bigint {
  if (/^\d+(\.\d{1,18})?$/.test(text)) return parseEther(text);
  throw new UserError(`--${name} wants an amount of OPEN, not "${text}".`);
}

/** Pots of the command line, by number. */
export function readPots(numbers: readonly string[] | undefined): { pots?: bigint[] } {
  return numbers === undefined ? {} : { pots: numbers.map((number) => BigInt(readCount("pot", number))) };
}

/** What a program that runs unattended is given. */
export interface Unattended extends OpenedAttribution {
  signer: Signer;
  directory: string;
  pots?: bigint[];
  confirmations: number;
  say: (line: string) => void;
}

/**
 * Runs a program again and again, or once. What a node complains of is said, and tried again the next time.
 *
 * @param name Its directory, if none is named.
 */
export async function runUnattended({
  values,
  name,
  start,
}: {
  values: UnattendedValues;
  name: string;
  start: (options: Unattended) => { run: () => Promise<void> };
}): Promise<void> {
  const pots = readPots(values.pot);
  const confirmations = readCount("confirmations", values.confirmations);
  const pause = readCount("seconds", values.seconds);
  const directory = path.resolve(values.directory ?? path.join("out", name));
  const opened = await openAttribution(values);
  try {
    const signer = await findSigner(opened.connection, values.account);
    const unlock = await lock(directory);
    try {
      const say = (line: string): void => {
        console.log(line);
      };
      const program = start({ ...opened, signer, directory, ...pots, confirmations, say });
      for (;;) {
        await runOnce(program, { isLast: values.once });
        if (values.once) break;
        await new Promise((resolve) => setTimeout(resolve, pause * 1_000));
      }
    } finally {
      await unlock();
    }
  } finally {
    await opened.connection.close();
  }
}

async function runOnce(program: { run: () => Promise<void> }, { isLast }: { isLast: boolean }): Promise<void> {
  try {
    await program.run();
  } catch (error) {
    const reason = describeFailure(error);
    if (reason === undefined) throw error;
    if (isLast) throw new UserError(reason);
    console.error(reason);
  }
}

/** What somebody who runs a program can do something about, in a sentence. */
function describeFailure(error: unknown): string | undefined {
  if (error instanceof Error && ["DamagedDataError", "MissingDataError"].includes(error.name)) return error.message;
  return describeOutsideError(error);
}

async function lock(directory: string): Promise<() => Promise<void>> {
  await mkdir(directory, { recursive: true });
  try {
    return await lockDirectory(directory);
  } catch (error) {
    if (error instanceof LockedError) throw new UserError(error.message);
    throw error;
  }
}

/** The account that signs: the network's first one, or one of its others. */
async function findSigner({ ethers, networkName }: NetworkConnection, account: string | undefined): Promise<Signer> {
  const signers = await ethers.getSigners();
  if (account !== undefined && !isAddress(account)) {
    throw new UserError(`--account wants an address, not "${String(account)}".`);
  }
  const signer = account === undefined ? signers.at(0) : signers.find(({ address }) => address === getAddress(account));
  if (signer === undefined) {
    throw new UserError(`The network "${networkName}" has no key for ${account ?? "any account"}.`);
  }
  return signer;
}
