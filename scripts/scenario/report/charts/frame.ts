import { formatInteger } from "../../../report/format.ts";
import { escapeMarkup } from "../../../report/markup.ts";

/** Where a chart has its marks, in units of its picture. */
export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Values in the same order as periods. */
export interface Series {
  name: string;
  /** Of the page's colours. */
  colour: string;
  values: number[];
  /** What each value is, for who points at it. */
  titles: string[];
}

/** A chart as wide as the page. */
export const WIDE: Frame = { width: 1200, height: 260, left: 64, right: 1192, top: 12, bottom: 230 };
/** Two of these stand side by side. */
export const HALF: Frame = { width: 590, height: 260, left: 58, right: 582, top: 12, bottom: 230 };

const TICKS = 4;
const MOST_LABELS = 25;

export function wrapChart({ frame, label, marks }: { frame: Frame; label: string; marks: string }): string {
  return `<svg class="chart" viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${escapeMarkup(label)}">${marks}</svg>`;
}

/** Round numbers from 0 to the most of the values or a little above; whole ones if these are. */
export function ticksFor(values: readonly number[]): number[] {
  const most = Math.max(0, ...values);
  if (most === 0) return [0, 1];
  const rough = values.every(Number.isInteger) ? Math.max(1, most / TICKS) : most / TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  return Array.from({ length: Math.ceil((most / step) * 0.999) + 1 }, (_, i) => i * step);
}

/** Lines across a chart with what they stand for. */
export function drawGrid({
  frame,
  ticks,
  format = formatTick,
}: {
  frame: Frame;
  ticks: readonly number[];
  format?: (tick: number) => string;
}): string {
  return ticks
    .map((tick) => {
      const y = yOf({ frame, ticks, value: tick }).toFixed(1);
      return (
        `<line class="grid" x1="${frame.left}" x2="${frame.right}" y1="${y}" y2="${y}"/>` +
        `<text class="tick" x="${frame.left - 8}" y="${y}" text-anchor="end">${format(tick)}</text>`
      );
    })
    .join("");
}

/** Numbers of periods below a chart, as many as there is room for. */
export function drawPeriods({ frame, periods }: { frame: Frame; periods: readonly number[] }): string {
  const most = frame.width > 800 ? MOST_LABELS : Math.floor(MOST_LABELS / 2);
  const every = Math.ceil(periods.length / most);
  return periods
    .map((period, i) => {
      if (i % every !== 0) return "";
      const x = middleOf({ frame, count: periods.length, at: i }).toFixed(1);
      return `<text class="tick" x="${x}" y="${frame.bottom + 18}" text-anchor="middle">${period + 1}</text>`;
    })
    .join("");
}

export function yOf({ frame, ticks, value }: { frame: Frame; ticks: readonly number[]; value: number }): number {
  return frame.bottom - (value / ticks[ticks.length - 1]) * (frame.bottom - frame.top);
}

/** Middle of one of so many bands of equal width. */
export function middleOf({ frame, count, at }: { frame: Frame; count: number; at: number }): number {
  return frame.left + ((at + 0.5) / count) * (frame.right - frame.left);
}

export function drawLegend(series: readonly Pick<Series, "name" | "colour">[]): string {
  const items = series.map(
    ({ name, colour }) => `<li><i style="background:var(--${colour})"></i>${escapeMarkup(name)}</li>`,
  );
  return `<ul class="legend">${items.join("")}</ul>`;
}

function formatTick(tick: number): string {
  return Number.isInteger(tick) ? formatInteger(tick) : String(Number(tick.toPrecision(6)));
}
