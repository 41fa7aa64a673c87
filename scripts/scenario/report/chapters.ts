import type {
  AccountResult,
  Health,
  OperatorResult,
  PeriodResult,
  RunResult,
  ServiceResult,
} from "../../../sdk/scenario/result.ts";
import { type Layer, LAYERS } from "../../../sdk/scenario/scenario.ts";
import type { ChapterText } from "../../report/chapter.ts";
import {
  formatCoefficient,
  formatCount,
  formatDuration,
  formatInteger,
  formatOpen,
  formatPart,
  formatPercent,
} from "../../report/format.ts";
import type { ChainResult } from "../chainResult.ts";

/** More earners, services or assets are summed up in a line. */
const MOST_EARNERS = 10;
const MOST_SERVICES = 15;
const EXACT = 18;
const SMALL = 6;

export const LAYER_NAMES: Record<Layer, string> = {
  data: "data: contributors, Datanets' owners and curators",
  model: "model: builders and agents",
  operator: "operators",
  staker: "their stakers' pools",
  treasury: "treasury",
};

const RAIL_NAMES = {
  wallet: "from a wallet",
  balance: "from a balance",
  signed: "by signature",
  transfer: "by transfer",
  vouchers: "by voucher",
  job: "as a job",
};

/** What a run comes to, in a sentence. */
export function summarize({ periods, periodSeconds, totals, health, operators }: RunResult): string {
  const slashed = operators.filter((operator) => operator.slashed > 0n);
  return [
    `In ${formatCount(periods.length, "period")} of ${formatDuration(periodSeconds)}, `,
    `${formatCount(totals.calls, "call")} were paid for with ${formatCount(totals.payments, "payment")} `,
    `of ${formatOpen(totals.paid)} OPEN in all. ${formatCount(health.contributors.earners, "contributor")} earned`,
    slashed.length === 0 ? "." : `, and ${slashed.map(({ name }) => name).join(", ")} lost stake.`,
  ].join("");
}

/** Calls, payments and payouts: what shows whether anybody uses it. `most` periods at most, the rest is left out. */
export function describeUsage({ periods, totals }: RunResult, most = Number.POSITIVE_INFINITY): ChapterText {
  const row = (period: PeriodResult): string[] => [
    String(period.period + 1),
    formatInteger(period.calls),
    formatInteger(period.payments),
    formatInteger(period.paidContributors),
    formatInteger(period.claimingContributors),
    formatOpen(period.claimed),
    formatOpen(period.volume),
    `${formatInteger(period.activePayers)} of ${formatInteger(period.presentPayers)}`,
    formatInteger(period.refusedCalls),
  ];
  const rows = periods.map(row);
  const first = Math.ceil(most / 3);
  const shown =
    rows.length <= most
      ? rows
      : [...rows.slice(0, first), ["…", ...new Array<string>(8).fill("")], ...rows.slice(first - most)];
  return {
    title: "Usage",
    columns: [
      "period",
      "#calls",
      "#payments",
      "#earning",
      "#claiming",
      "#claimed OPEN",
      "#paid OPEN",
      "#payers",
      "#refused",
    ],
    rows: [
      ...shown,
      [
        "all",
        formatInteger(totals.calls),
        formatInteger(totals.payments),
        "",
        "",
        formatOpen(sum(periods.map(({ claimed }) => claimed))),
        formatOpen(totals.paid),
        "",
        formatInteger(totals.refusedCalls),
      ],
    ],
    notes: ["Earning and claiming: contributors. Payers: that paid, of those who were there."],
  };
}

export function describeLayers({ health, totals }: RunResult): ChapterText {
  return {
    title: "Who earned, by layer",
    columns: ["layer", "#earned OPEN", "#part"],
    rows: LAYERS.map((layer) => [
      LAYER_NAMES[layer],
      formatOpen(health.earnedByLayer[layer]),
      formatPercent(health.earnedByLayer[layer], totals.earned),
    ]),
    notes: [],
  };
}

export function describeEarners({ accounts, totals }: RunResult): ChapterText {
  const earners = rankEarners(accounts);
  const rest = earners.slice(MOST_EARNERS);
  const row = (name: string, layer: string, rows: AccountResult[]): string[] => [
    name,
    layer,
    formatOpen(sum(rows.map(({ earned }) => earned))),
    formatPercent(sum(rows.map(({ earned }) => earned)), totals.earned),
    formatOpen(sum(rows.map(({ claimed }) => claimed))),
    formatOpen(sum(rows.map(({ spent }) => spent))),
  ];
  return {
    title: "Top earners",
    columns: ["account", "layer", "#earned OPEN", "#part", "#claimed", "#spent"],
    rows: [
      ...earners.slice(0, MOST_EARNERS).map((account) => row(account.name, account.layer ?? "", [account])),
      ...(rest.length === 0 ? [] : [row(`${formatInteger(rest.length)} others`, "", rest)]),
    ],
    notes: [],
  };
}

export function describeServices({ services }: RunResult): ChapterText {
  const busy = services.filter(({ payments }) => payments > 0);
  const ranked = busy.toSorted((a, b) => compare(b.amount, a.amount));
  const idle = services.length - busy.length;
  const rest = ranked.slice(MOST_SERVICES);
  const row = (name: string, rows: ServiceResult[]): string[] => [
    name,
    formatInteger(total(rows, ({ calls }) => calls)),
    formatInteger(total(rows, ({ payments }) => payments)),
    formatInteger(total(rows, ({ tokensIn }) => tokensIn)),
    formatInteger(total(rows, ({ tokensOut }) => tokensOut)),
    formatOpen(sum(rows.map(({ amount }) => amount))),
  ];
  return {
    title: "Services",
    columns: ["service", "#calls", "#payments", "#tokens in", "#tokens out", "#paid OPEN"],
    rows: [
      ...ranked.slice(0, MOST_SERVICES).map((service) => row(service.name, [service])),
      ...(rest.length === 0 ? [] : [row(`${formatInteger(rest.length)} others`, rest)]),
    ],
    notes: idle === 0 ? [] : [`${formatCount(idle, "service")} served no call.`],
  };
}

export function describeRails({ rails }: RunResult): ChapterText {
  const all = sum(rails.map(({ amount }) => amount));
  return {
    title: "How they paid",
    columns: ["paid", "#calls", "#payments", "#OPEN", "#part"],
    rows: rails
      .filter(({ payments }) => payments > 0)
      .map(({ rail, calls, payments, amount }) => [
        RAIL_NAMES[rail],
        formatInteger(calls),
        formatInteger(payments),
        formatOpen(amount),
        formatPercent(amount, all),
      ]),
    notes: [],
  };
}

export function describeOperators({ operators }: RunResult): ChapterText {
  const row = ({ name, calls, earned, poolEarned, staked, slashed }: OperatorResult): string[] => [
    name,
    formatInteger(calls),
    formatOpen(earned),
    formatOpen(poolEarned),
    formatOpen(staked, 2),
    formatOpen(slashed, 2),
  ];
  return {
    title: "Operators",
    columns: ["operator", "#calls", "#earned OPEN", "#its stakers", "#staked", "#slashed"],
    rows: operators.map(row),
    notes: [],
  };
}

export function describeHealth({ health }: RunResult): ChapterText {
  const { contributors } = health;
  return {
    title: "Health",
    columns: ["how much is in how few hands", "#all who earned", "#contributors"],
    rows: [
      ["Gini coefficient (0: all the same)", formatCoefficient(health.gini), formatCoefficient(contributors.gini)],
      [
        "Herfindahl-Hirschman index (1: one has all)",
        formatCoefficient(health.hhi),
        formatCoefficient(contributors.hhi),
      ],
      [
        "Nakamoto coefficient (have more than half)",
        formatInteger(health.nakamoto),
        formatInteger(contributors.nakamoto),
      ],
    ],
    notes: describeHealthInSentences(health),
  };
}

function describeHealthInSentences({
  retention,
  secondsToClaim,
  estimatedGas,
  gasShare,
  smallestClaim,
}: Health): string[] {
  return [
    `Of the contributors paid in the first half, ${formatPart(retention)} were paid in the last period, too.`,
    secondsToClaim === undefined
      ? "Nobody has claimed anything."
      : `From a payment to the claim of what it brought: ${formatDuration(Math.round(secondsToClaim))} on average.`,
    `Gas is ${formatPart(gasShare)} of the value moved, at the scenario's prices: ${formatInteger(estimatedGas)} gas, estimated.`,
    ...(smallestClaim === undefined
      ? []
      : [
          `A contributor's claim is worth its gas from ${formatOpen(smallestClaim.least, SMALL)} OPEN on by the shortest way, ` +
            `${formatOpen(smallestClaim.most, SMALL)} by the deepest.`,
        ]),
  ];
}

export function describeConservation({ totals }: RunResult): ChapterText {
  const row = (name: string, amount: bigint): string[] => [name, formatOpen(amount, EXACT)];
  const drawnByAgents = totals.earned - totals.claimed - totals.claimable;
  return {
    title: "Where every OPEN is",
    columns: ["", "#OPEN"],
    rows: [
      row("paid", totals.paid),
      row("earned", totals.earned),
      row("of that claimed", totals.claimed),
      row("of that claimable", totals.claimable),
      ...(drawnByAgents === 0n ? [] : [row("of that drawn by agents, to pay for calls", drawnByAgents)]),
      row("dust", totals.dust),
    ],
    notes: [
      `Dust is what rounding leaves in ${formatCount(totals.splits, "split")} of ${formatCount(totals.shares, "share")}. ` +
        `Payers hold ${formatOpen(totals.prepaid)} OPEN more in channels and balances.`,
    ],
  };
}

export function describeExpectations({ expectations }: RunResult): ChapterText {
  const failed = expectations.filter(({ holds }) => !holds).length;
  return {
    title:
      failed === 0
        ? `Expectations: all ${formatInteger(expectations.length)} hold`
        : `Expectations: ${formatInteger(failed)} of ${formatInteger(expectations.length)} FAIL`,
    columns: ["", "expected", "was", "#line"],
    rows: expectations.map(({ text, line, holds, actual }) => [holds ? "✓" : "✗", text, actual, String(line)]),
    notes: [],
  };
}

export function describeChain({
  network,
  chainId,
  transactions,
  gasByOperation,
  gasUsed,
  seconds,
  compared,
}: ChainResult): ChapterText {
  const { accounts, splits, shares, differences } = compared;
  return {
    title: `On chain: ${network}`,
    columns: ["operation", "#transactions", "#gas", "#gas each"],
    rows: [
      ...gasByOperation.map((each) => [
        each.operation,
        formatInteger(each.transactions),
        formatInteger(each.gas),
        each.transactions === 0 ? "" : formatInteger(each.gas / BigInt(each.transactions)),
      ]),
      ["all", formatInteger(transactions), formatInteger(gasUsed), ""],
    ],
    notes: [
      `Chain ${chainId} took ${formatDuration(Math.round(seconds))}.`,
      `${formatCount(accounts, "account")}, ${formatCount(splits, "split")} and ${formatCount(shares, "share")} compared with the model: ` +
        (differences.length === 0 ? "no difference." : `${formatCount(differences.length, "DIFFERENCE")}.`),
      ...differences,
    ],
  };
}

/** Whoever earned anything, who earned most first. */
export function rankEarners(accounts: readonly AccountResult[]): AccountResult[] {
  return accounts.filter(({ earned }) => earned > 0n).sort((a, b) => compare(b.earned, a.earned));
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, amount) => all + amount, 0n);
}

function total<T>(rows: readonly T[], count: (row: T) => number): number {
  return rows.reduce((all, row) => all + count(row), 0);
}
