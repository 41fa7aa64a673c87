import { escapeMarkup } from "../../../report/markup.ts";
import { drawGrid, drawPeriods, type Frame, middleOf, type Series, ticksFor, wrapChart, yOf } from "./frame.ts";

/** A line for each series, with a dot for each value. */
export function drawLines({
  frame,
  label,
  periods,
  series,
  ticks = ticksFor(series.flatMap(({ values }) => values)),
}: {
  frame: Frame;
  label: string;
  periods: readonly number[];
  series: readonly Series[];
  ticks?: readonly number[];
}): string {
  const radius = periods.length > 30 ? 2 : 3.2;
  const lines = series.map(({ colour, values, titles }) => {
    const points = values.map((value, at) => ({
      x: middleOf({ frame, count: periods.length, at }).toFixed(1),
      y: yOf({ frame, ticks, value }).toFixed(1),
    }));
    const dots = points.map(
      ({ x, y }, at) =>
        `<circle cx="${x}" cy="${y}" r="${radius}" fill="var(--${colour})"><title>${escapeMarkup(titles[at])}</title></circle>`,
    );
    const path = points.map(({ x, y }) => `${x},${y}`).join(" ");
    return `<polyline class="line" points="${path}" stroke="var(--${colour})"/>${dots.join("")}`;
  });
  return wrapChart({
    frame,
    label,
    marks: drawGrid({ frame, ticks }) + lines.join("") + drawPeriods({ frame, periods }),
  });
}
