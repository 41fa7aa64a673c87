import { ATTRIBUTION_TITLE, describeAttribution, summarizeAttribution } from "../report/attribution.ts";
import { formatInteger, formatOpen, formatPercent } from "../report/format.ts";
import type { Report } from "../report/report.ts";
import { describeSequel, SEQUEL_TITLE, summarizeSequel } from "../report/sequel.ts";
import { print, printChapter, printSection, printTable } from "../report/terminal.ts";

const CONTRIBUTORS_PRINTED = 15;
const EXACT = 18;

/** Prints the report in columns that need no colour to be read. */
export function printReport(report: Report): void {
  printContributors(report);
  printEarners(report);
  printUsage(report);
  printGas(report);
  printConservation(report);
  for (const chapter of describeSequel(report.sequel)) printChapter(chapter);
  for (const chapter of describeAttribution(report.attribution)) printChapter(chapter);
  printSection(SEQUEL_TITLE);
  for (const line of summarizeSequel(report.sequel)) print(line);
  printSection(ATTRIBUTION_TITLE);
  for (const line of summarizeAttribution(report.attribution)) print(line);
}

function printContributors({ contributors, corpus }: Report): void {
  const ranked = contributors.toSorted((a, b) => (a.earned > b.earned ? -1 : 1));
  const total = sumOf(ranked.map(({ earned }) => earned));
  const rest = ranked.slice(CONTRIBUTORS_PRINTED);
  const figures = (rows: typeof ranked): string[] => [
    formatInteger(rows.reduce((sum, { texts }) => sum + texts, 0)),
    formatInteger(rows.reduce((sum, { words }) => sum + words, 0)),
    formatOpen(sumOf(rows.map(({ earned }) => earned))),
    formatPercent(sumOf(rows.map(({ earned }) => earned)), total),
  ];
  printSection(
    `Who contributed: ${corpus.authors} authors, ${corpus.texts} texts, ${formatInteger(corpus.words)} words`,
  );
  printTable(
    ["contributor", "#texts", "#words", "#earned OPEN", "#part", "paid by"],
    [
      ...ranked.slice(0, CONTRIBUTORS_PRINTED).map((row) => [row.name, ...figures([row]), row.paidBy]),
      [`${rest.length} others`, ...figures(rest), ""],
      ["all", ...figures(ranked), ""],
    ],
  );
}

function printEarners({ contributors, builders, operators, stakers, others, agent, prepaid }: Report): void {
  printSection("Who refined");
  printTable(
    ["builder", "role", "#earned OPEN"],
    builders.map(({ name, role, earned }) => [name, role, formatOpen(earned)]),
  );
  printSection("Who executed");
  printTable(
    ["operator", "role", "#calls", "#earned OPEN"],
    operators.map(({ name, role, calls, earned }) => [name, role, formatInteger(calls), formatOpen(earned)]),
  );

  const parts: [string, bigint][] = [
    ["contributors", sumOf(contributors.map(({ earned }) => earned))],
    ["builders, curator and owner", sumOf(builders.map(({ earned }) => earned))],
    ["operators", sumOf(operators.map(({ earned }) => earned))],
    ["operators' stakers", sumOf(stakers.map(({ earned }) => earned))],
    ["protocol treasury", sumOf(others.map(({ earned }) => earned))],
    ["agent's budget, not spent yet", agent.earned - agent.spent],
  ];
  const total = sumOf(parts.map(([, earned]) => earned));
  printSection("Who earned");
  printTable(
    ["role", "#earned OPEN", "#part"],
    parts.map(([name, earned]) => [name, formatOpen(earned), formatPercent(earned, total)]),
  );
  print(
    `The agent earned ${formatOpen(agent.earned)} OPEN for its budget and spent ${formatOpen(agent.spent)} of it on ` +
      `${formatInteger(agent.calls)} calls of the fine-tune.`,
  );
  print(`Payers still hold ${formatOpen(prepaid)} OPEN of what they deposited.`);
}

function printUsage({ services, rails, contributors }: Report): void {
  printSection("Usage");
  printTable(
    ["service", "#payments", "#calls", "#tokens in", "#tokens out", "#OPEN per 1k in", "#out", "#paid OPEN"],
    services.map((service) => [
      service.name,
      formatInteger(service.payments),
      formatInteger(service.calls),
      formatInteger(service.tokensIn),
      formatInteger(service.tokensOut),
      formatOpen(service.ratePerThousandIn),
      formatOpen(service.ratePerThousandOut),
      formatOpen(service.amount),
    ]),
  );
  console.log();
  const total = sumOf(rails.map(({ amount }) => amount));
  const payments = rails.reduce((sum, rail) => sum + rail.payments, 0);
  printTable(
    ["paid by", "#payments", "#calls", "#paid OPEN", "#part", "#gas per call"],
    [
      ...rails.map(({ name, payments, calls, amount, gas }) => [
        name,
        formatInteger(payments),
        formatInteger(calls),
        formatOpen(amount),
        formatPercent(amount, total),
        calls === 0n ? "" : formatInteger(gas / calls),
      ]),
      [
        "all",
        formatInteger(payments),
        formatInteger(sumOf(rails.map(({ calls }) => calls))),
        formatOpen(total),
        "",
        "",
      ],
    ],
  );
  const earning = contributors.filter(({ earned }) => earned > 0n).length;
  const paid = contributors.filter(({ paidOut }) => paidOut > 0n).length;
  print(
    `${formatInteger(payments)} payments, each in a batch counted; ${earning} of ${contributors.length} contributors have earned, ` +
      `${paid} have the money in their wallets.`,
  );
}

function printGas({ gas }: Report): void {
  printSection("Gas, whole transactions (items: payments, shares or contributions in them)");
  printTable(
    ["operation", "#transactions", "#items", "#least", "#median", "#most", "#mean per item"],
    gas
      .toSorted((a, b) => (a.operation < b.operation ? -1 : 1))
      .map(({ operation, transactions, items, least, median, most, total }) => [
        operation,
        formatInteger(transactions),
        formatInteger(items),
        formatInteger(least),
        formatInteger(median),
        formatInteger(most),
        formatInteger(total / BigInt(items)),
      ]),
  );
}

function printConservation({ conservation, comparison, splits }: Report): void {
  const { paidIn, paidOut, claimable, dust, staked } = conservation;
  printSection("Conservation, in OPEN");
  printTable(
    ["paid in", "", "#paid out", "", "#claimable", "", "#dust"],
    [
      [paidIn, "=", paidOut, "+", claimable, "+", dust].map((cell) =>
        typeof cell === "bigint" ? formatOpen(cell, EXACT) : cell,
      ),
    ],
  );
  print(`Of what was paid in, and is claimable, ${formatOpen(staked, 0)} OPEN are staked.`);
  print(
    `Dust: ${formatInteger(dust)} of the smallest unit in ${splits.length} splits of ` +
      `${formatInteger(comparison.shares)} shares together.`,
  );

  printSection("Reference model (eager, exact rationals)");
  const { accounts, differences } = comparison;
  print(
    `${accounts} accounts, ${comparison.splits} splits and ${formatInteger(comparison.shares)} shares compared: ` +
      (differences.length === 0 ? "no difference." : `${differences.length} DIFFERENCES.`),
  );
  print(`Rounding has cost nobody more than ${formatInteger(comparison.mostRoundedOff)} of the smallest unit.`);
  for (const difference of differences) print(difference);
}

function sumOf(values: bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}
