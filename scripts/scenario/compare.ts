import { walletAccount } from "../../sdk/account.ts";
import type { RunResult } from "../../sdk/scenario/result.ts";
import type { Split } from "../../sdk/split.ts";
import type { Comparison } from "./chainResult.ts";
import type { FlowLog } from "./flowLog.ts";
import { type Registries, stakersAccount } from "./registries.ts";
import { describeDifference, type Stage } from "./stage.ts";

/** Questions to the node that are on their way at once. */
const AT_ONCE = 128;

/** Sets what the model says of everybody's earnings and of every split against the chain's figures, once all is released. */
export async function compare({
  stage,
  registries,
  result,
  flows,
}: {
  stage: Stage;
  registries: Registries;
  result: RunResult;
  flows: FlowLog;
}): Promise<Comparison> {
  const { contracts, books } = stage;
  const differences: string[] = [];
  const check = (what: string, model: bigint, chain: bigint): void => {
    if (model !== chain) differences.push(describeDifference({ what, model, chain }));
  };

  const earned = new Map(result.accounts.map((account) => [account.name, account.earned]));
  const accounts = accountsOf(stage);
  await inParallel(accounts, async ({ name, account }) => {
    const balance = await contracts.readUint("ledger", "balanceOf", [account]);
    check(`What ${name} earns`, earned.get(name) ?? 0n, balance - flows.netOf(account));
  });
  // Others pay the treasury, too: of it and its splits only what this run has brought is compared.
  const shared = [...books.splits].filter(({ isShared }) => isShared);
  for (const { name, split, received } of shared) {
    check(`What the split of ${name} received`, received, flows.paidTo(split.id));
  }
  const fees = shared.reduce((sum, { split }) => sum + flows.paidTo(split.id), 0n);
  check("What the treasury earns", earned.get("treasury") ?? 0n, flows.toTreasury + fees);

  const splits = [...books.splits].filter(({ isShared }) => !isShared);
  const received = new Map<string, bigint>();
  await inParallel(splits, async ({ name, split, received: booked }) => {
    const amount = (await contracts.read("ledger", "received", [split.id])).uint("amount");
    received.set(split.id, amount);
    check(`What the split of ${name} received`, booked, amount);
  });
  const shares = splits.flatMap((booked) =>
    booked.received === 0n ? [] : Array.from({ length: booked.split.tree.size }, (_, index) => ({ booked, index })),
  );
  await inParallel(shares, async ({ booked, index }) => {
    const drawn = await contracts.readUint("ledger", "drawn", [booked.split.id, index]);
    check(`What share ${index} of ${booked.name} has drawn`, booked.drawn.get(index) ?? 0n, drawn);
  });

  const checkVersions = (name: string, model: bigint, versions: readonly Split[]): void => {
    const chain = [...new Set(versions.map(({ id }) => id))].reduce((sum, id) => sum + (received.get(id) ?? 0n), 0n);
    check(`What the versions of ${name} received`, model, chain);
  };
  for (const [i, { name, received: model }] of result.datanets.entries()) {
    checkVersions(name, model, registries.datanetSplits(i));
  }
  for (const [i, { name, received: model }] of result.assets.entries()) {
    checkVersions(name, model, registries.assetSplits(i));
  }
  const compared = { accounts: accounts.length + 1, splits: splits.length + shared.length, shares: shares.length };
  return { ...compared, differences };
}

/** Everybody but the treasury who can have earned something, by the name that results have. */
function accountsOf(stage: Stage): { name: string; account: string }[] {
  const { scenario, books, contracts, wallets } = stage;
  const holders = new Set<string>();
  for (const { split, redirects } of books.splits) {
    for (const { recipient } of split.tree.shares({ first: 0, count: split.tree.size })) holders.add(recipient);
    for (const account of redirects.values()) holders.add(account);
  }
  const people = scenario.people.flatMap(({ name }) => {
    if (!wallets.knows(name)) return [];
    const account = walletAccount(wallets.of(name).address);
    return holders.has(account) ? [{ name, account }] : [];
  });
  const pools = scenario.operators.map(({ name, wallet }) => ({
    name: `stakers of ${name}`,
    account: stakersAccount({ staking: contracts.addresses.staking, operator: stage.walletOf(wallet).address }),
  }));
  return [...people, ...pools];
}

async function inParallel<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let first = 0; first < items.length; first += AT_ONCE) {
    await Promise.all(items.slice(first, first + AT_ONCE).map(work));
  }
}
