import { escapeMarkup } from "../../../report/markup.ts";
import { drawGrid, drawPeriods, type Frame, middleOf, type Series, ticksFor, wrapChart, yOf } from "./frame.ts";

/** Part of a band that its column fills, and the most that it gets. */
const FILLED = 0.78;
const MOST_WIDTH = 72;

/** A column for each period, in which the series stand on top of each other. */
export function drawColumns({
  frame,
  label,
  periods,
  series,
  format,
}: {
  frame: Frame;
  label: string;
  periods: readonly number[];
  series: readonly Series[];
  format?: (tick: number) => string;
}): string {
  const heights = periods.map((_, at) => series.reduce((sum, { values }) => sum + values[at], 0));
  const ticks = ticksFor(heights);
  const width = Math.min(MOST_WIDTH, ((frame.right - frame.left) / periods.length) * FILLED);
  const columns = periods.map((_, at) => {
    const x = (middleOf({ frame, count: periods.length, at }) - width / 2).toFixed(1);
    let below = 0;
    return series.map(({ colour, values, titles }) => {
      const bottom = yOf({ frame, ticks, value: below });
      below += values[at];
      const top = yOf({ frame, ticks, value: below });
      return values[at] === 0
        ? ""
        : `<rect x="${x}" y="${top.toFixed(1)}" width="${width.toFixed(1)}" height="${(bottom - top).toFixed(1)}" ` +
            `fill="var(--${colour})"><title>${escapeMarkup(titles[at])}</title></rect>`;
    });
  });
  const grid = drawGrid({ frame, ticks, ...(format === undefined ? {} : { format }) });
  return wrapChart({ frame, label, marks: grid + columns.flat().join("") + drawPeriods({ frame, periods }) });
}
