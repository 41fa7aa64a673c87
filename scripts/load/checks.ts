import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

import { walletAccount } from "../../sdk/account.ts";
import { ChannelsContract } from "../../sdk/channelsContract.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import { decodeRecord } from "../../sdk/node/journal.ts";
import type { SettlementFile } from "../../sdk/node/operatorStore.ts";
import { planClaim } from "../../sdk/planner.ts";
import { ReceiptTree } from "../../sdk/receiptTree.ts";
import { ShareKind } from "../../sdk/share.ts";
import { entitlementOf } from "../../sdk/split.ts";
import type { PayerChannel } from "./traffic.ts";
import type { LoadWorld } from "./world.ts";

/** What was compared, and what did not agree. */
export interface CheckResult {
  settlements: number;
  groups: number;
  receipts: number;
  settled: bigint;
  deposited: bigint;
  returned: bigint;
  claimed: bigint;
  /** The protocol's and the operators' shares, and dust. */
  kept: bigint;
  violations: string[];
}

/** What one comparison needs. */
interface Comparison {
  world: LoadWorld;
  channels: readonly PayerChannel[];
  demand: (holds: boolean, rule: string) => void;
}

const CLOSED_PER_TRANSACTION = 50;

/** Compares what payers signed and have receipts for with what operators filed and what the chain has, to the unit. */
export async function checkEverything({
  world,
  channels,
  directories,
}: {
  world: LoadWorld;
  channels: readonly PayerChannel[];
  /** The operators' stores. */
  directories: readonly string[];
}): Promise<CheckResult> {
  const violations: string[] = [];
  const demand = (holds: boolean, rule: string): void => {
    if (!holds) violations.push(rule);
  };
  const comparison = { world, channels, demand };
  const files = (await Promise.all(directories.map(readSettlements))).flat();
  await checkChannels(comparison);
  const filed = await checkFiles({ ...comparison, files });
  const returned = await closeChannels(comparison);
  const ledger = await checkLedger(comparison);
  const claimed = await checkClaims({ ...comparison, ledger });
  const settled = sum(channels.map(({ charged }) => charged));
  const deposited = sum(world.deposited.values());
  demand(deposited === settled + returned, `Paid in ${deposited} is settled ${settled} and returned ${returned}.`);
  return { ...filed, settled, deposited, returned, claimed, kept: settled - claimed, violations };
}

async function readSettlements(directory: string): Promise<SettlementFile[]> {
  const folder = path.join(directory, "settlements");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  return Promise.all(
    names.map(async (name) => decodeRecord(await readFile(path.join(folder, name), "utf8")) as SettlementFile),
  );
}

/** Every channel has settled what its payer has receipts for, and no more than it signed. */
async function checkChannels({ world, channels, demand }: Comparison): Promise<void> {
  const contract = contractOf(world);
  for (const { channelId, charged, signed } of channels) {
    const { settled } = await contract.channel(channelId);
    demand(settled === charged, `Channel ${channelId} settled ${settled}, but its receipts say ${charged}.`);
    demand(settled <= signed, `Channel ${channelId} settled ${settled}, more than the ${signed} signed.`);
  }
}

/** Every receipt is in one settlement that landed, whose payment is what its receipts come to. */
async function checkFiles({
  world,
  channels,
  demand,
  files,
}: Comparison & { files: readonly SettlementFile[] }): Promise<
  Pick<CheckResult, "settlements" | "groups" | "receipts">
> {
  const { protocol, addresses, chainId } = world;
  const account = walletAccount(addresses.channels);
  const events = await protocol.ledger.queryFilter(protocol.ledger.filters.PaidFromBalance(undefined, account));
  const payments = new Map(events.map(({ args }) => [args.memo, args]));
  const landed = files.flatMap(({ groups }) => groups).filter(({ channelIds }) => channelIds.length > 0);
  const seen = new Set<string>();
  const byPayerAndSplit = new Map<string, bigint>();
  for (const { memo, items, channelIds, receipts: signed } of landed) {
    const receipts = signed.map(({ receipt }) => receipt);
    const tree = new ReceiptTree({ chainId, services: addresses.services, receipts });
    const payment = payments.get(memo);
    demand(channelIds.length === items.length, `Settlement ${memo} left a channel out.`);
    demand(tree.memo === memo, `Settlement ${memo} is not that of its receipts.`);
    demand(payment?.amount === tree.total, `Settlement ${memo} paid ${payment?.amount ?? 0n}, not ${tree.total}.`);
    demand(payment?.calls === BigInt(tree.size), `Settlement ${memo} is for ${tree.size} calls.`);
    for (const { callId, payer, splitId, amount } of receipts) {
      demand(!seen.has(callId), `Call ${callId} is in two settlements.`);
      seen.add(callId);
      const key = `${payer} ${splitId}`;
      byPayerAndSplit.set(key, (byPayerAndSplit.get(key) ?? 0n) + amount);
    }
  }
  for (const { channelId, channel, charged } of channels) {
    const filed = byPayerAndSplit.get(`${channel.payer} ${channel.splitId}`) ?? 0n;
    demand(filed === charged, `Channel ${channelId} was charged ${charged}, but settlements say ${filed}.`);
  }
  const calls = channels.reduce((count, channel) => count + channel.calls, 0);
  demand(seen.size === calls, `${calls} calls were answered, ${seen.size} settled.`);
  demand(payments.size === landed.length, `${payments.size} payments stand against ${landed.length} groups.`);
  return { settlements: files.length, groups: landed.length, receipts: seen.size };
}

/** Operators close their channels; what is left of every deposit is its payer's again. */
async function closeChannels({ world, channels, demand }: Comparison): Promise<bigint> {
  const { protocol, operators, sender, connection } = world;
  const contract = contractOf(world);
  let returned = 0n;
  for (const operator of operators) {
    const own = channels.filter(({ channel }) => channel.operator === operator.address);
    const states = await Promise.all(own.map(({ channelId }) => contract.channel(channelId)));
    returned += sum(states.map(({ balance }) => balance));
    const open = own.filter((_, i) => states[i].balance > 0n).map(({ channel }) => channel);
    let nonce = await connection.ethers.provider.getTransactionCount(operator.address);
    for (let i = 0; i < open.length; i += CLOSED_PER_TRANSACTION) {
      const wallet = operator.connect(connection.ethers.provider);
      await protocol.channels.connect(wallet).close(open.slice(i, i + CLOSED_PER_TRANSACTION), { nonce: nonce++ });
    }
  }
  const held = await protocol.ledger.balanceOf(walletAccount(world.addresses.channels));
  demand(held === 0n, `The channels still hold ${held}.`);
  for (const payer of world.payers) {
    const charged = sum(
      channels.filter(({ channel }) => channel.payer === payer.address).map((channel) => channel.charged),
    );
    const left = (world.deposited.get(payer.address) ?? 0n) - charged;
    const balance = await protocol.ledger.balanceOf(walletAccount(payer.address));
    demand(balance === left, `${payer.address} has ${balance} back, not ${left}.`);
    if (balance === 0n) continue;
    const transaction = await protocol.ledger.withdraw.populateTransaction(0n, balance, payer.address);
    await sender.send({ from: payer, transaction });
  }
  return returned;
}

/** The ledger's books follow from its events, and its tokens cover them exactly. */
async function checkLedger({ world, demand }: Comparison): Promise<LedgerState> {
  const { protocol, addresses, connection } = world;
  const { provider } = connection.ethers;
  const ledger = new LedgerState();
  await ledger.follow({ provider, ledger: addresses.ledger, toBlock: await provider.getBlockNumber() });
  for (const { what } of await ledger.compare(protocol.ledger)) demand(false, `The ledger differs in ${what}.`);
  const tokens = await protocol.token.balanceOf(addresses.ledger);
  demand(tokens === ledger.custody().owed, `The ledger has ${tokens} and owes ${ledger.custody().owed}.`);
  return ledger;
}

/** Contributors claim through all hops what their shares of the receipts' amounts come to, floor by floor. */
async function checkClaims({ world, channels, demand, ledger }: Comparison & { ledger: LedgerState }): Promise<bigint> {
  const { protocol, addresses, registry, sender, contributors, connection } = world;
  const { provider } = connection.ethers;
  const expected = expectClaims({ world, channels });
  let claimed = 0n;
  for (const contributor of contributors) {
    await ledger.follow({ provider, ledger: addresses.ledger, toBlock: await provider.getBlockNumber() });
    const account = walletAccount(contributor.address);
    const plan = planClaim({ account, splits: registry.splits, ledger, gasPrice: 0n, weiPerToken: 10n ** 18n });
    // With few calls, some services are called by nobody.
    if (plan.yield + plan.balance === 0n) {
      demand((expected.get(account) ?? 0n) === 0n, `${contributor.address} is due money that no plan finds.`);
      continue;
    }
    for (const draws of plan.releaseFirst) {
      await sender.send({ from: contributor, transaction: await protocol.ledger.release.populateTransaction(draws) });
    }
    const transaction = await protocol.ledger.claim.populateTransaction(plan.draws, contributor.address);
    await sender.send({ from: contributor, transaction });
    const tokens = await protocol.token.balanceOf(contributor);
    const due = expected.get(account) ?? 0n;
    demand(tokens === due, `${contributor.address} claimed ${tokens}, not ${due}.`);
    claimed += tokens;
  }
  return claimed;
}

/** What each account is due of what the receipts pay, computed from the splits alone. */
function expectClaims({ world, channels }: Pick<Comparison, "world" | "channels">): Map<string, bigint> {
  const received = new Map<string, bigint>();
  const due = new Map<string, bigint>();
  const add = (amounts: Map<string, bigint>, key: string, amount: bigint): void => {
    amounts.set(key, (amounts.get(key) ?? 0n) + amount);
  };
  for (const { channel, charged } of channels) add(received, channel.splitId, charged);
  // A split's id contains those of what is upstream: services come last in the registries, base models first.
  for (const split of [...world.registry.splits].reverse()) {
    const amount = received.get(split.id) ?? 0n;
    const { totalUnits, size } = split.tree;
    for (const { kind, recipient, units } of split.tree.shares({ first: 0, count: size })) {
      add(kind === ShareKind.Split ? received : due, recipient, entitlementOf({ received: amount, units, totalUnits }));
    }
  }
  return due;
}

function contractOf({ connection, addresses }: LoadWorld): ChannelsContract {
  return new ChannelsContract({ provider: connection.ethers.provider, address: addresses.channels });
}

function sum(amounts: Iterable<bigint>): bigint {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
}
