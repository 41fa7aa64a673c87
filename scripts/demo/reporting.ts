import type { TransactionReceipt } from "ethers";

import { NOBODY, walletAccount } from "../../sdk/account.ts";
import { Attributor } from "../../sdk/attribution/attribute.ts";
import { buildReport, type ReportSource } from "../../sdk/attribution/buildReport.ts";
import { packFigures, type Pot, potId, type Report, reportId } from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import { type ReportFault, reviewReport, type ReviewSource } from "../../sdk/attribution/reviewReport.ts";
import { receiptDigest } from "../../sdk/receipt.ts";
import { shareOfReceipt } from "../../sdk/receiptTree.ts";
import type { ForgeryResult } from "../report/attribution.ts";
import { check } from "./checks.ts";
import type { Served } from "./inference.ts";
import type { Library } from "./library.ts";
import type { Person } from "./people.ts";
import type { Source } from "./pot.ts";
import type { Setting } from "./setting.ts";
import { wait } from "./vote.ts";

/** What reports are made of, and held against. */
export interface Desk {
  source: ReportSource;
  review: ReviewSource;
}

/** Ends the epoch and looks up what happened in it. */
export async function openDesk({
  setting,
  library: { texts, index, version },
  source: { pot, service },
  served: { epoch, calls },
}: {
  setting: Setting;
  library: Library;
  source: Source;
  served: Served;
}): Promise<Desk> {
  const { pots, channels, services } = setting.protocol;
  await wait(setting, await pots.epochSeconds());
  const domain = { chainId: setting.sender.chainId, services: await services.getAddress() };
  const fraction = await pots.fractionOf(potId(pot), service.split.id, epoch);
  const fractionOf = (splitId: string): bigint => (splitId === service.split.id ? fraction : 0n);
  const attributor = new Attributor(index);

  const byDigest = new Map(calls.map((call) => [receiptDigest({ ...domain, receipt: call.receipt }), call]));
  const trees = new Map(calls.map(({ tree }) => [tree.memo, tree]));
  const settledIn = new Map<string, bigint>();
  for (const { memo, total } of trees.values()) {
    const time = await channels.settledAt(service.operator.wallet, service.split.id, memo, total);
    settledIn.set(memo, await pots.epochOf(time));
  }
  return {
    source: {
      ...domain,
      pot,
      epoch,
      calls,
      fractionOf,
      attribute: (output) => attributor.attribute(output).spans,
      payeeOf: (contribution) => walletAccount(texts[contribution].by.wallet.address),
    },
    review: {
      ...domain,
      log: version.log,
      index,
      contribution: (contribution) => texts[contribution],
      call: (digest) => byDigest.get(digest),
      settled: (memo, place, receipts) => {
        const tree = trees.get(memo);
        const call = calls.find(({ settlement }) => settlement.memo === memo && settlement.place === place);
        if (tree?.size !== receipts || call === undefined) return undefined;
        return { share: shareOfReceipt({ ...domain, receipt: call.receipt }), siblings: tree.prove(place).siblings };
      },
      isSettled: ({ operator, splitId, memo, settled }) =>
        operator === service.operator.wallet.address &&
        splitId === service.split.id &&
        trees.get(memo)?.total === settled &&
        settledIn.get(memo) === BigInt(epoch),
      fractionOf,
    },
  };
}

/** A reporter puts itself in the place of whoever earns most. A watcher who recomputes the report shows it. */
export async function forge({ setting, desk }: { setting: Setting; desk: Desk }): Promise<ForgeryResult> {
  const { people, protocol, sender } = setting;
  const { rogue: forger, watcher } = people;
  const { reports, ledger, spanFaults, payoutFaults } = protocol;
  const { pot } = desk.source;
  const honest = buildReport(desk.source);
  const victim = bestPaid(honest);
  const own = walletAccount(forger.wallet.address);
  const data = buildReport({
    ...desk.source,
    payeeOf: (contribution) => {
      const payee = desk.source.payeeOf(contribution);
      return payee === victim ? own : payee;
    },
  });
  const report = await post({ setting, reporter: forger, pot, data });

  const fault = reviewReport({ report, data, ...desk.review });
  if (fault === undefined) throw new Error("The watcher finds nothing wrong with a forged report.");
  const accounts = [walletAccount(watcher.wallet.address), NOBODY];
  const readAll = async (): Promise<bigint[]> => [
    (await reports.bondOf(potId(pot), forger.wallet)).amount,
    ...(await Promise.all(accounts.map((account) => ledger.balanceOf(account)))),
  ];
  const before = await readAll();
  const verifier = fault.verifier === "span" ? spanFaults : payoutFaults;
  const transaction = await reports.challenge.populateTransaction(verifier, fault.proof);
  await sender.send({ from: watcher.wallet, transaction });
  const [lost, reward, burned] = (await readAll()).map((amount, i) =>
    i === 0 ? before[i] - amount : amount - before[i],
  );
  check("what the forger lost", await reports.bondFor(data.figures.total), lost);
  check("what the watcher got", lost / 2n, reward);
  check("what was burned", lost - reward, burned);
  const [pending] = await reports.reportOf(potId(pot));
  check("the report that can be paid", 0n, BigInt(pending));
  return {
    reporter: forger.name,
    moved: earnedBy(data, own),
    fault: fault.name,
    reason: nameAccounts({ fault, setting }),
    bond: before[0],
    watcher: watcher.name,
    reward,
    burned,
  };
}

/** Posts the report that follows from what happened, which nobody can find a fault with, and has it paid. */
export async function payReport({ setting, desk }: { setting: Setting; desk: Desk }): Promise<ReportData> {
  const { people, protocol, sender, parameters } = setting;
  const { reports } = protocol;
  const { pot } = desk.source;
  const data = buildReport(desk.source);
  const report = await post({ setting, reporter: people.reporter, pot, data });
  const fault = reviewReport({ report, data, ...desk.review });
  if (fault !== undefined) throw new Error(`The watcher finds a fault with the honest report: ${fault.reason}`);
  await wait(setting, parameters.challengeSeconds);
  const transaction = await reports.pay.populateTransaction(report, pot);
  await sender.send({ from: people.relayer.wallet, transaction });
  return data;
}

async function post({
  setting: { protocol, provider, sender, parameters },
  reporter,
  pot,
  data,
}: {
  setting: Setting;
  reporter: Person;
  pot: Pot;
  data: ReportData;
}): Promise<Report> {
  const { token, reports } = protocol;
  const from = reporter.wallet;
  const approval = await token.approve.populateTransaction(reports, parameters.reportBond);
  await sender.send({ from, transaction: approval });
  await sender.send({ from, transaction: await reports.bond.populateTransaction(pot, parameters.reportBond) });
  const posted = await sender.send({
    from,
    transaction: await reports.post.populateTransaction(...packFigures(data.figures)),
  });
  const report = { figures: data.figures, reporter: from.address, postedAt: await timeOf(posted, provider) };
  const [pending] = await reports.reportOf(potId(pot));
  check("the report that was posted", BigInt(reportId(report)), BigInt(pending));
  return report;
}

async function timeOf({ blockNumber }: TransactionReceipt, provider: Setting["provider"]): Promise<bigint> {
  return BigInt((await provider.getBlock(blockNumber))?.timestamp ?? 0);
}

/** The account that a report pays most. */
function bestPaid({ lists: { shares, credits } }: ReportData): string {
  const payees = new Set(credits.map(({ payee }) => payee));
  const [best] = shares.filter(({ recipient }) => payees.has(recipient)).sort((a, b) => (a.units > b.units ? -1 : 1));
  return best.recipient;
}

function earnedBy({ lists: { credits } }: ReportData, account: string): bigint {
  return credits.filter(({ payee }) => payee === account).reduce((sum, { amount }) => sum + amount, 0n);
}

/** What is wrong, with names in place of accounts. */
function nameAccounts({ fault: { reason }, setting }: { fault: ReportFault; setting: Setting }): string {
  const { rogue, contributors } = setting.people;
  return [rogue, ...contributors.values()].reduce(
    (text, { name, wallet }) => text.replaceAll(walletAccount(wallet.address), name),
    reason,
  );
}
