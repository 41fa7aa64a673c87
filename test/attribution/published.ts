import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import type { DataStore } from "../../sdk/attribution/dataStore.ts";
import { PublishedData } from "../../sdk/attribution/dataStore.ts";
import { ReportsChain } from "../../sdk/attribution/reportsContract.ts";
import { DirectoryStore } from "../../sdk/node/reportStore.ts";
import type { ReportWorld, SettledBatch } from "./reports.ts";

/** Directories for a test: what everybody reads, and what programs keep for themselves. */
export interface Directories {
  store: DirectoryStore;
  own: string;
}

export async function makeDirectories(): Promise<Directories> {
  const directory = await mkdtemp(path.join(tmpdir(), "attribution-"));
  return { store: new DirectoryStore({ directory: path.join(directory, "data") }), own: path.join(directory, "own") };
}

export async function openChain({ connection, reports }: ReportWorld): Promise<ReportsChain> {
  return ReportsChain.open({ provider: connection.ethers.provider, reports: await reports.getAddress() });
}

export async function publishedData({ chainId, services }: ReportWorld, store: DataStore): Promise<PublishedData> {
  return new PublishedData({ chainId, services: await services.getAddress(), store });
}

/** Publishes the texts of the Datanet, and receipts and outputs of settlements. */
export async function publish(world: ReportWorld, store: DataStore, batches: readonly SettledBatch[]): Promise<void> {
  const data = await publishedData(world, store);
  for (const { content, text } of world.contributions) {
    await data.putContent(content);
    await data.putContribution(text);
  }
  for (const { receipts, calls } of batches) {
    await data.putReceipts(receipts);
    for (const { output } of calls) await data.putOutput(output);
  }
}
