import type { ContractTransactionReceipt } from "ethers";
import { id, parseEther, Wallet, ZeroAddress, ZeroHash } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import type { Content } from "../../sdk/content.ts";
import { evidenceOf } from "../../sdk/content.ts";
import { packSignatures, signContribution } from "../../sdk/contribution.ts";
import type { Share } from "../../sdk/share.ts";
import { ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import type { Sent } from "./gas.ts";
import { settle, TRANSACTION_GAS_LIMIT } from "./gas.ts";
import type { Bench } from "./world.ts";

export const BATCH_SIZE = 100;

/** Where documents and contents are said to be. */
export const URI = "ipfs://bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi";

/** What owner and curator each take. */
const CURATION_BPS = 500n;

/** What a contributor offers, and what the curator gives for it. */
export interface Contributed {
  contributor: Wallet;
  content: Content;
  evidence: string;
  units: bigint;
}

interface Batch {
  bench: Bench;
  datanetId: bigint;
  batch: readonly Contributed[];
}

/** Contributions of 100 people in turn. Those of another name are others, of the same people. */
export function contribute({ name, count = BATCH_SIZE }: { name: string; count?: number }): Contributed[] {
  const people = Array.from({ length: BATCH_SIZE }, (_, i) => new Wallet(id(`contributor ${i}`)));
  return Array.from({ length: count }, (_, i) => {
    const content = {
      contentRoot: id(`${name}, content ${i}`),
      byteLength: BigInt(10_000 + i),
      licenseHash: id("CC-BY-4.0"),
      uriHash: id(URI),
    };
    const contributor = people[i % people.length];
    return { contributor, content, evidence: evidenceOf(content), units: BigInt(1_000 + i) };
  });
}

/** Creates a Datanet that everybody may build on. The payer owns and curates it, and takes a share as both. */
export async function sendCreation({ datanets, payer }: Bench): Sent {
  const curation = { curator: payer, ownerBps: CURATION_BPS, curatorBps: CURATION_BPS };
  return datanets.create(curation, { minShareBps: 500, open: true }, ZeroAddress, URI, id("document"));
}

/** @returns The new Datanet's id. */
export async function createDatanet(bench: Bench): Promise<bigint> {
  await settle(sendCreation(bench));
  return bench.datanets.assetCount();
}

/** Submits contributions, each by its contributor. */
export async function submitAll({ bench, datanetId, batch }: Batch): Promise<void> {
  for (const contribution of batch) await settle(sendSubmission({ bench, datanetId, contribution }));
}

/** Submits a contribution. */
export async function sendSubmission({
  bench: { connection, datanets },
  datanetId,
  contribution: { contributor, content },
}: {
  bench: Bench;
  datanetId: bigint;
  contribution: Contributed;
}): Sent {
  await connection.networkHelpers.setBalance(contributor.address, parseEther("1"));
  // Faster than signing thousands of transactions, and the same to the contract.
  const signer = await connection.ethers.getImpersonatedSigner(contributor.address);
  return datanets.connect(signer).submit(datanetId, content, URI, { gasLimit: TRANSACTION_GAS_LIMIT });
}

/** Accepts contributions that were submitted. */
export async function acceptSubmitted({
  bench: { datanets },
  datanetId,
  batch,
}: Batch): Promise<ContractTransactionReceipt> {
  const { size } = await datanets.logOf(datanetId);
  return settle(datanets.accept(datanetId, size, entriesOf(batch), { gasLimit: TRANSACTION_GAS_LIMIT }));
}

/** Accepts contributions by their contributors' signatures. */
export async function acceptSigned({ bench, datanetId, batch }: Batch): Promise<ContractTransactionReceipt> {
  const { connection, datanets } = bench;
  const { chainId } = await connection.ethers.provider.getNetwork();
  const registry = await datanets.getAddress();
  const signatures = await Promise.all(
    batch.map(({ contributor, content }) =>
      signContribution({ signer: contributor, contribution: { chainId, registry, datanetId, content } }),
    ),
  );
  const { size } = await datanets.logOf(datanetId);
  const entries = entriesOf(batch);
  return settle(
    datanets.acceptSigned(datanetId, size, entries, packSignatures(signatures), { gasLimit: TRANSACTION_GAS_LIMIT }),
  );
}

export function sharesOf(batch: readonly Contributed[]): Share[] {
  return batch.map(({ contributor, units, evidence }) => ({
    kind: ShareKind.Account,
    recipient: walletAccount(contributor.address),
    units,
    evidence,
  }));
}

/** Contributions as the registry takes them. */
export function entriesOf(batch: readonly Contributed[]): { contributor: string; units: bigint; evidence: string }[] {
  return batch.map(({ contributor, units, evidence }) => ({ contributor: contributor.address, units, evidence }));
}

/**
 * The split of a Datanet's latest version: the log's with the owner's and the curator's share beside it.
 *
 * @throws Error unless the log's split is `log`: what was measured is not what it was taken for then.
 */
export async function latestSplit({
  bench: { datanets, payer },
  datanetId,
  log,
}: {
  bench: Bench;
  datanetId: bigint;
  log: Split;
}): Promise<Split> {
  const own = { kind: ShareKind.Account, recipient: walletAccount(payer.address), units: CURATION_BPS };
  const rest = { kind: ShareKind.Split, recipient: log.id, units: 10_000n - 2n * CURATION_BPS };
  const split = Split.from({
    shares: [
      { ...rest, evidence: ZeroHash },
      { ...own, evidence: id("datanet owner") },
      { ...own, evidence: id("datanet curator") },
    ],
  });
  const version = await datanets.latestVersion(datanetId);
  if ((await datanets.splitOf(datanetId, version)) !== split.id) {
    throw new Error("The registry's log is not what its contributions make.");
  }
  return split;
}
