import { walletAccount } from "../../sdk/account.ts";
import { encodeDraws, type Split } from "../../sdk/split.ts";
import type { GaugeResult } from "../report/sequel.ts";
import { check } from "./checks.ts";
import type { Market } from "./market.ts";
import type { Setting } from "./setting.ts";
import { wait } from "./vote.ts";

/** In the order in which they build on each other. */
const ASSETS = ["Speechwriter", "Orator Brief", "Orator", "Datanet v2", "Datanet v1"];
const BPS = 10_000n;

/** One epoch: fees are counted and passed on, stakers vote, and once it is over assets are paid. */
export async function runEpoch({ setting, market }: { setting: Setting; market: Market }): Promise<GaugeResult> {
  const { protocol, people, treasury, sender } = setting;
  const { gauges, ledger } = protocol;
  const account = walletAccount(treasury.wallet.address);
  const epoch = (await gauges.currentEpoch()) + 1n;
  await goTo(setting, epoch);
  await countFees({ setting, market });
  const assets = ASSETS.map((name) => ({ name, split: assetOf(market, name) }));
  await castVotes({ setting, splits: assets.map(({ split }) => split) });
  // Datanets build on nothing.
  const draws = encodeDraws(assets.slice(0, 3).map(({ split }) => split.draw({ first: 0, count: split.tree.size })));
  const transaction = await gauges.passOn.populateTransaction(epoch, draws);
  await sender.send({ from: people.relayer.wallet, transaction });
  await goTo(setting, epoch + 2n);

  const budget = await gauges.budgetOf(epoch);
  const totalVotes = await gauges.totalVotes(epoch);
  const start = await ledger.balanceOf(account);
  const rows: GaugeResult["rows"] = [];
  for (const { name, split } of assets) {
    const { votes } = await gauges.gaugeOf(epoch, split.id);
    const base = await gauges.baseOf(epoch, split.id);
    const cap = (base * (await gauges.REBATE_BPS())) / BPS;
    const byVotes = (budget * votes) / totalVotes;
    const { amount: before } = await ledger.received(split.id);
    if ((await gauges.payoutOf(epoch, split.id)) !== 0n) {
      const payment = await gauges.pay.populateTransaction(epoch, split.id);
      await sender.send({ from: people.relayer.wallet, transaction: payment });
    }
    const paid = (await ledger.received(split.id)).amount - before;
    check(`what ${name} got for epoch ${epoch}`, byVotes < cap ? byVotes : cap, paid);
    rows.push({ name, votes, base, cap, byVotes, paid });
  }
  const paid = rows.reduce((sum, row) => sum + row.paid, 0n);
  check("what the treasury paid to assets", paid, start - (await ledger.balanceOf(account)));
  return { epoch, budget, paid, rows };
}

async function goTo(setting: Setting, epoch: bigint): Promise<void> {
  const now = BigInt((await setting.provider.getBlock("latest"))?.timestamp ?? 0);
  await wait(setting, (await setting.protocol.gauges.startOf(epoch)) - now);
}

/** Under all policies there have been. */
async function countFees({
  setting: { protocol, people, sender },
  market,
}: {
  setting: Setting;
  market: Market;
}): Promise<void> {
  const { gauges, services, feePolicy } = protocol;
  const versions = await feePolicy.currentVersion();
  for (const { id } of market.services) {
    const { assetVersion } = await services.serviceOf(id);
    for (let version = 1n; version <= versions; version++) {
      const transaction = await gauges.count.populateTransaction(id, version, assetVersion);
      await sender.send({ from: people.relayer.wallet, transaction });
    }
  }
}

/** Each backer has preferences of its own; nobody votes for the Datanet's first version. */
async function castVotes({
  setting: { protocol, people, sender },
  splits: [agent, brief, orator, texts],
}: {
  setting: Setting;
  splits: Split[];
}): Promise<void> {
  const [pension, fund, union] = people.backers;
  const ballots = [
    { voter: pension, splits: [orator, brief], weights: [2_000n, 8_000n] },
    { voter: fund, splits: [agent, texts], weights: [7_000n, 3_000n] },
    { voter: union, splits: [texts], weights: [10_000n] },
  ];
  for (const { voter, splits, weights } of ballots) {
    const ids = splits.map(({ id }) => id);
    const transaction = await protocol.gauges.vote.populateTransaction(ids, weights, []);
    await sender.send({ from: voter.wallet, transaction });
  }
}

function assetOf({ catalogue }: Market, name: string): Split {
  const entry = catalogue.entries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw new Error(`There is no asset "${name}".`);
  return entry.split;
}
