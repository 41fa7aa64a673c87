import type { ContractTransactionReceipt, ContractTransactionResponse, Wallet } from "ethers";

import { getAddresses, type Protocol } from "../../scripts/lib/protocol.ts";
import { walletAccount } from "../../sdk/account.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import { planClaim } from "../../sdk/planner.ts";
import { RegistryState } from "../../sdk/registryState.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws } from "../../sdk/split.ts";
import type { Chain } from "./chain.ts";

/** Everything about splits and their money that a recipient needs to know, from events alone. */
export interface Books {
  ledger: LedgerState;
  registries: RegistryState;
  /** Reads on up to the latest block. */
  update: () => Promise<void>;
}

export async function openBooks({
  chain: { protocol, connection, firstBlock },
  chainId,
}: {
  chain: Chain;
  chainId: bigint;
}): Promise<Books> {
  const { provider } = connection.ethers;
  const addresses = await getAddresses(protocol);
  const ledger = new LedgerState(firstBlock);
  const registries = new RegistryState({ chainId, addresses, firstBlock });
  const update = async (): Promise<void> => {
    const toBlock = await provider.getBlockNumber();
    await ledger.follow({ provider, ledger: addresses.ledger, toBlock });
    await registries.follow({ provider, toBlock });
  };
  await update();
  return { ledger, registries, update };
}

/** Pays what has arrived at a split's address into the split. Anybody may. */
export async function sweep({
  protocol: { splitAddresses },
  sender,
  splitId,
}: {
  protocol: Protocol;
  sender: Wallet;
  splitId: string;
}): Promise<ContractTransactionReceipt> {
  return await confirm(splitAddresses.connect(sender).sweep(splitId));
}

/** Moves a split's money on to everybody upstream but the contributors, who come for theirs. Anybody may. */
export async function release({
  protocol: { ledger },
  books: { registries },
  sender,
  splitId,
}: {
  protocol: Protocol;
  books: Books;
  sender: Wallet;
  splitId: string;
}): Promise<ContractTransactionReceipt> {
  const reached = new Set([splitId]);
  // A split is made after those it leads to, and released before them.
  const splits = [...registries.splits].reverse().filter(({ id, tree }) => {
    if (!reached.has(id) || registries.originOf(id)?.kind === "datanetLog") return false;
    for (const { kind, recipient } of tree.shares({ first: 0, count: tree.size })) {
      if (kind === ShareKind.Split) reached.add(recipient);
    }
    return true;
  });
  const draws = encodeDraws(splits.map((split) => split.draw({ first: 0, count: split.tree.size })));
  return await confirm(ledger.connect(sender).release(draws));
}

/** Claims all that is a wallet's. */
export async function claim({
  protocol: { ledger },
  books,
  wallet,
}: {
  protocol: Protocol;
  books: Books;
  wallet: Wallet;
}): Promise<{ amount: bigint }> {
  const plan = planClaim({
    account: walletAccount(wallet.address),
    splits: books.registries.splits,
    ledger: books.ledger,
    // A local chain's gas is worth nothing. Elsewhere, this is what decides whether a claim is worth its gas yet.
    gasPrice: 0n,
    weiPerToken: 1n,
  });
  await confirm(ledger.connect(wallet).claim(plan.draws, wallet.address));
  return { amount: plan.yield + plan.balance };
}

async function confirm(sending: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const receipt = await (await sending).wait();
  if (receipt === null) throw new Error("The chain has no receipt of a transaction.");
  return receipt;
}
