import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { HardhatArtifactResolver } from "@nomicfoundation/hardhat-ignition/helpers";
import { trackTransaction, wipe } from "@nomicfoundation/ignition-core";
import { getAddress, toQuantity } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { UserError } from "./script.ts";

/** A line of Ignition's journal, as far as it is read here. */
interface JournalMessage {
  type: string;
  futureId: string;
  nonce: number;
}

/**
 * Settles transactions that a killed run had prepared, but not recorded as sent. Ignition itself asks a person to.
 * One that never reached the chain is forgotten, so that it is sent again; one that did is entered into the journal.
 */
export async function recoverLostTransactions({
  connection,
  journal,
  deployer,
}: {
  connection: NetworkConnection;
  journal: string;
  deployer: string;
}): Promise<void> {
  for (const { futureId, nonce } of await findLostTransactions(journal)) {
    if (nonce >= (await connection.ethers.provider.getTransactionCount(deployer, "pending"))) {
      await wipe(journal, new HardhatArtifactResolver(hre.artifacts), futureId);
    } else {
      const hash = await findTransaction({ connection, sender: deployer, nonce });
      await trackTransaction(journal, hash, connection.provider);
    }
  }
}

async function findLostTransactions(journal: string): Promise<JournalMessage[]> {
  const file = path.join(journal, "journal.jsonl");
  if (!existsSync(file)) return [];

  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const lost = new Map<string, JournalMessage>();
  for (const line of lines) {
    const message = JSON.parse(line) as JournalMessage;
    if (message.type === "TRANSACTION_PREPARE_SEND") lost.set(message.futureId, message);
    else lost.delete(message.futureId);
  }
  return [...lost.values()];
}

/** Hash of the mined transaction that used a nonce: it is in the block during which the sender's count passed it. */
async function findTransaction({
  connection,
  sender,
  nonce,
}: {
  connection: NetworkConnection;
  sender: string;
  nonce: number;
}): Promise<string> {
  const { provider } = connection.ethers;
  let low = 0;
  let high = await provider.getBlockNumber();
  if ((await provider.getTransactionCount(sender, high)) <= nonce) {
    throw new UserError(
      `Transaction ${nonce} of ${sender} is not mined yet. Wait until it is, then run the same command again to continue.`,
    );
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await provider.getTransactionCount(sender, middle)) > nonce) high = middle;
    else low = middle + 1;
  }

  const block = (await connection.provider.request({
    method: "eth_getBlockByNumber",
    params: [toQuantity(low), true],
  })) as { transactions: { hash: string; from: string; nonce: string }[] };
  const transaction = block.transactions.find(
    ({ from, nonce: used }) => getAddress(from) === sender && Number(used) === nonce,
  );
  if (transaction === undefined) {
    throw new UserError(`Block ${low} does not show transaction ${nonce} of ${sender}. Run again with another node.`);
  }
  return transaction.hash;
}
