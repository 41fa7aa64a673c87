import { lorenzCurve } from "../../../sdk/scenario/concentration.ts";
import type { PeriodResult, RunResult } from "../../../sdk/scenario/result.ts";
import { type Layer, LAYERS } from "../../../sdk/scenario/scenario.ts";
import type { ChapterText } from "../../report/chapter.ts";
import { renderDocument } from "../../report/document.ts";
import {
  formatCoefficient,
  formatCount,
  formatDuration,
  formatInteger,
  formatOpen,
  formatPart,
  formatPercent,
  formatShort,
  openAsNumber,
} from "../../report/format.ts";
import { escapeMarkup } from "../../report/markup.ts";
import { drawSankey } from "../../report/sankey.ts";
import { type Cell, renderChapter, renderTable } from "../../report/table.ts";
import type { ChainResult } from "../chainResult.ts";
import {
  describeChain,
  describeConservation,
  describeEarners,
  describeExpectations,
  describeHealth,
  describeLayers,
  describeOperators,
  describeRails,
  describeServices,
  describeUsage,
  LAYER_NAMES,
  rankEarners,
  summarize,
} from "./chapters.ts";
import { drawColumns } from "./charts/columns.ts";
import { drawLegend, type Frame, HALF, type Series, WIDE } from "./charts/frame.ts";
import { drawHeatMap } from "./charts/heatMap.ts";
import { drawLines } from "./charts/lines.ts";
import { drawLorenz } from "./charts/lorenz.ts";
import { simplifyFlows } from "./flows.ts";
import { CHART_STYLES } from "./styles.ts";

const MILLION = 1_000_000;
const LORENZ_STEPS = 200;
/** Lines that can be told apart. */
const MOST_LINES = 8;
const LINE_COLOURS = ["contributor", "service", "operator", "agent", "model", "datanet", "builder", "staker"];
/** More periods share a row of the heat map. */
const MOST_HEAT_ROWS = 56;

const LAYER_COLOURS: Record<Layer, string> = {
  data: "contributor",
  model: "model",
  operator: "operator",
  staker: "staker",
  treasury: "protocol",
};

/** Renders the report of a run as one HTML page that loads nothing from anywhere. */
export function renderRunPage({ result, chain }: { result: RunResult; chain: ChainResult | undefined }): string {
  return renderDocument({
    title: `${result.scenario}: report`,
    styles: CHART_STYLES,
    main: [
      `<h1>${escapeMarkup(result.scenario)}</h1>`,
      `<p class="lead">${escapeMarkup(result.teaches)}</p>`,
      `<p>${escapeMarkup(summarize(result))}</p>`,
      renderTiles(result, chain),
      renderExpectations(result),
      renderUsage(result),
      renderRhythm(result),
      renderMoney(result),
      renderEarnings(result),
      renderConcentration(result),
      renderRetention(result),
      renderGas(result),
      renderTables(result),
      chain === undefined ? "" : renderChapter(describeChain(chain)),
      renderFooter(result, chain),
    ].join("\n"),
  });
}

function renderTiles({ totals, health, expectations }: RunResult, chain: ChainResult | undefined): string {
  const held = expectations.filter(({ holds }) => holds).length;
  const tiles: [string, string][] = [
    [formatInteger(totals.calls), "calls"],
    [formatInteger(totals.payments), "payments"],
    [formatShort(totals.paid), "OPEN paid"],
    [formatInteger(health.contributors.earners), "contributors earned"],
    [formatPercent(health.earnedByLayer.data, totals.earned), "of all earnings are for data"],
    [formatPart(health.gasShare), "of the value is gas"],
    ...(expectations.length === 0
      ? []
      : ([[`${formatInteger(held)} of ${formatInteger(expectations.length)}`, "expectations hold"]] satisfies [
          string,
          string,
        ][])),
    ...(chain === undefined
      ? []
      : ([[formatInteger(chain.compared.differences.length), "differences from the chain"]] satisfies [
          string,
          string,
        ][])),
  ];
  return `<div class="tiles">${tiles.map(([value, name]) => `<div><b>${value}</b><span>${name}</span></div>`).join("")}</div>`;
}

function renderExpectations(result: RunResult): string {
  const { title, columns, rows } = describeExpectations(result);
  if (rows.length === 0) return "";
  const marked = rows.map(([mark, ...rest]): Cell[] => [
    { markup: mark === "✓" ? `<span class="good">✓ holds</span>` : `<span class="bad">✗ fails</span>` },
    ...rest,
  ]);
  return `<section class="wrap"><h2>${escapeMarkup(title)}</h2>${renderTable(columns, marked)}</section>`;
}

function renderUsage(result: RunResult): string {
  const { periods } = result;
  const chart = (name: string, colour: string, count: (period: PeriodResult) => number): string => {
    const series: Series = {
      name,
      colour,
      values: periods.map(count),
      titles: periods.map((period) => `Period ${period.period + 1}: ${formatInteger(count(period))} ${name}`),
    };
    const label = `${name} per period`;
    return `<div><h3>${name}</h3>${drawColumns({ frame: HALF, label, periods: numbersOf(periods), series: [series] })}</div>`;
  };
  const charts = [
    chart("calls", "service", ({ calls }) => calls),
    chart("payments", "payer", ({ payments }) => payments),
    chart("contributors paid", "contributor", ({ paidContributors }) => paidContributors),
    chart("payers active", "datanet", ({ activePayers }) => activePayers),
  ];
  const { columns, rows, notes } = describeUsage(result);
  return `<section>
<h2>Usage</h2>
<p class="note">Whether anybody uses it, and whether contributors see any of it, period by period.</p>
${result.totals.payments === 0 ? "" : `<div class="pair">${charts.join("")}</div>`}
<h3>Per period</h3>
<div class="scroll" tabindex="0">${renderTable(columns, rows)}</div>
${renderNotes(notes)}
</section>`;
}

function renderRhythm({ periods, periodSeconds, totals }: RunResult): string {
  if (totals.payments === 0) return "";
  const parts = periods[0].rhythm.length;
  const perRow = Math.ceil(periods.length / MOST_HEAT_ROWS);
  const rows = Array.from({ length: Math.ceil(periods.length / perRow) }, (_, row) => {
    const shared = periods.slice(row * perRow, (row + 1) * perRow);
    const [from, to] = [shared[0].period + 1, shared[shared.length - 1].period + 1];
    return {
      label: from === to ? `period ${from}` : `periods ${from} to ${to}`,
      counts: Array.from({ length: parts }, (__, part) => shared.reduce((sum, { rhythm }) => sum + rhythm[part], 0)),
    };
  });
  const most = Math.max(1, ...rows.flatMap(({ counts }) => counts));
  const map = drawHeatMap({
    label: "Payments by part of the period",
    columns: Array.from({ length: parts }, (_, part) => String(part + 1)),
    rows: rows.map(({ label, counts }) => ({
      label,
      cells: counts.map((count, part) => ({
        part: count / most,
        title: `${label}, part ${part + 1} of ${parts}: ${formatCount(count, "payment")}`,
        text: count === 0 ? "" : formatInteger(count),
      })),
    })),
    colour: "service",
  });
  return `<section>
<h2>Rhythm</h2>
<p class="note">When payments arrive: each period in ${parts} parts of ${formatDuration(periodSeconds / parts)}. The strongest
shade is ${formatCount(most, "payment")}.</p>
${map}
</section>`;
}

function renderMoney({ flows }: RunResult): string {
  const simple = simplifyFlows(flows.filter(({ amount }) => amount > 0n));
  if (simple.length === 0) return "";
  return `<section>
<h2>Where the money went</h2>
<p class="note">In OPEN, from those who paid to those who earned; small ones of a kind are drawn as one. Point at a band for its exact
amount.</p>
${drawSankey(simple)}
</section>`;
}

function renderEarnings(result: RunResult): string {
  if (result.totals.earned === 0n) return "";
  const { periods, accounts } = result;
  const series = LAYERS.map((layer): Series => {
    const amounts = periods.map(({ earnedByLayer }) => earnedByLayer[layer]);
    return seriesOf({ name: LAYER_NAMES[layer], colour: LAYER_COLOURS[layer], amounts });
  });
  const top = rankEarners(accounts)
    .filter(({ earnedPerPeriod }) => earnedPerPeriod.length > 0)
    .slice(0, MOST_LINES)
    .map(({ name, earnedPerPeriod }, i) => seriesOf({ name, colour: LINE_COLOURS[i], amounts: earnedPerPeriod }));
  const lines =
    top.length === 0
      ? ""
      : `<h3>Top earners, OPEN per period</h3>
${drawLines({ frame: WIDE, label: "Top earners, OPEN per period", periods: numbersOf(periods), series: top })}
${drawLegend(top)}`;
  const label = "Earnings by layer, OPEN per period";
  return `<section>
<h2>Who earned</h2>
<h3>${label}</h3>
${drawColumns({ frame: WIDE, label, periods: numbersOf(periods), series })}
${drawLegend(series)}
${lines}
${renderChapterWithin(describeLayers(result), "narrow")}
${renderChapterWithin(describeEarners(result))}
</section>`;
}

function renderConcentration(result: RunResult): string {
  const { accounts, periods } = result;
  const curves = [
    { name: "all who earned", colour: "service", amounts: accounts.map(({ earned }) => earned) },
    {
      name: "contributors",
      colour: "contributor",
      amounts: accounts.filter(({ joined }) => joined !== undefined).map(({ earnedByLayer }) => earnedByLayer.data),
    },
  ]
    .map(({ amounts, ...curve }) => ({
      ...curve,
      points: lorenzCurve(
        amounts.filter((amount) => amount > 0n),
        LORENZ_STEPS,
      ),
    }))
    .filter(({ points }) => points.length > 0);
  if (curves.length === 0) return "";
  const figure = (name: string, colour: string, value: (period: PeriodResult) => number): Series => ({
    name,
    colour,
    values: periods.map((period) => value(period) / MILLION),
    titles: periods.map((period) => `Period ${period.period + 1}: ${name} ${formatCoefficient(value(period))}`),
  });
  const parts = [
    figure("Gini coefficient", "service", ({ gini }) => gini),
    figure("Herfindahl-Hirschman index", "operator", ({ hhi }) => hhi),
  ];
  const few: Series = {
    name: "Nakamoto coefficient",
    colour: "model",
    values: periods.map(({ nakamoto }) => nakamoto),
    titles: periods.map(
      ({ period, nakamoto }) => `Period ${period + 1}: ${formatInteger(nakamoto)} earned more than half`,
    ),
  };
  const tall: Frame = { ...HALF, height: 440, bottom: 410 };
  return `<section>
<h2>In how few hands</h2>
<div class="pair">
<div><h3>Lorenz curve: what the poorest have together</h3>
${drawLorenz({ frame: tall, label: "Lorenz curve", curves })}
${drawLegend(curves)}</div>
<div><h3>Per period, of all who earned in it</h3>
${drawLines({ frame: { ...HALF, height: 215, bottom: 185 }, label: "Gini coefficient and Herfindahl-Hirschman index per period", periods: numbersOf(periods), series: parts, ticks: [0, 0.25, 0.5, 0.75, 1] })}
${drawColumns({ frame: { ...HALF, height: 190, bottom: 160 }, label: "Nakamoto coefficient per period", periods: numbersOf(periods), series: [few] })}
${drawLegend([...parts, few])}</div>
</div>
${renderChapterWithin({ ...describeHealth(result), title: "Over the whole run" }, "narrow")}
</section>`;
}

function renderRetention({ health, periods }: RunResult): string {
  const { cohorts } = health;
  if (cohorts.length === 0) return "";
  const rows = cohorts.map(({ joined, members, paid }) => ({
    label: `from period ${joined + 1}: ${formatInteger(members)}`,
    cells: paid.map((count, since) => {
      const part = members === 0 ? 0 : count / members;
      return {
        part,
        title: `Of ${formatInteger(members)} from period ${joined + 1}, ${formatInteger(count)} were paid in period ${joined + since + 1}`,
        text: `${Math.round(part * 100)} %`,
      };
    }),
  }));
  const map = drawHeatMap({
    label: "Contributors paid, by the period of their first contribution",
    columns: periods.map((_, since) => `+${since}`),
    rows,
    colour: "contributor",
  });
  return `<section>
<h2>Who stays</h2>
<p class="note">Contributors by the period of their first contribution: which part of them was paid then, and in each period after.</p>
${map}
</section>`;
}

function renderGas({ periods, totals, health }: RunResult): string {
  if (health.gasShare === 0 || totals.paid === 0n) return "";
  // Of the whole run the part is known; of periods it is to that as their gas for an OPEN is to the run's.
  const perOpen = Number(health.estimatedGas) / openAsNumber(totals.paid);
  const values = periods.map(({ estimatedGas, volume }) =>
    volume === 0n ? 0 : (health.gasShare / 10_000) * (Number(estimatedGas) / openAsNumber(volume) / perOpen),
  );
  const series: Series = {
    name: "gas, % of the value moved",
    colour: "builder",
    values,
    titles: periods.map(
      ({ period, estimatedGas }, i) =>
        `Period ${period + 1}: ${values[i].toPrecision(3)} % of the value, ${formatInteger(estimatedGas)} gas`,
    ),
  };
  const label = "Gas as a part of the value moved, per period, in %";
  return `<section>
<h2>What it costs</h2>
<p class="note">Gas of each period's transactions as the benches measured them, against what was paid in it, at the scenario's prices.
What comes before the first period counts for the run as a whole only: ${formatPart(health.gasShare)}.</p>
${drawColumns({ frame: { ...WIDE, height: 210, bottom: 180 }, label, periods: numbersOf(periods), series: [series] })}
</section>`;
}

function renderTables(result: RunResult): string {
  return [describeServices(result), describeOperators(result), describeRails(result), describeConservation(result)]
    .filter(({ rows }) => rows.length > 0)
    .map(renderChapter)
    .join("\n");
}

/** A chapter within a section. */
function renderChapterWithin({ title, columns, rows, notes }: ChapterText, style = ""): string {
  return `<h3>${escapeMarkup(title)}</h3><div class="${style}">${renderTable(columns, rows)}</div>${renderNotes(notes)}`;
}

function renderNotes(notes: readonly string[]): string {
  return notes.map((note) => `<p class="note">${escapeMarkup(note)}</p>`).join("");
}

function renderFooter({ seed, periods, periodSeconds }: RunResult, chain: ChainResult | undefined): string {
  const where =
    chain === undefined
      ? "in memory, by the reference model"
      : `in memory, and step by step on ${escapeMarkup(chain.network)} (chain ${chain.chainId})`;
  return `<footer>Seed ${seed}; ${formatCount(periods.length, "period")} of ${formatDuration(periodSeconds)}, played ${where}. The same
scenario and seed give the same figures anywhere.</footer>`;
}

function seriesOf({ name, colour, amounts }: { name: string; colour: string; amounts: readonly bigint[] }): Series {
  return {
    name,
    colour,
    values: amounts.map(openAsNumber),
    titles: amounts.map((amount, i) => `Period ${i + 1}: ${name}, ${formatOpen(amount)} OPEN`),
  };
}

function numbersOf(periods: readonly PeriodResult[]): number[] {
  return periods.map(({ period }) => period);
}
