import { escapeMarkup } from "../../../report/markup.ts";
import { wrapChart } from "./frame.ts";

const WIDTH = 1200;
const LEFT = 150;
const TOP = 26;
const GAP = 2;
const TALLEST = 26;
const LOWEST = 11;
/** All rows together are about so high, if that leaves them high enough to be told apart. */
const HEIGHT = 620;
/** From so many columns on, not all have their number. */
const MOST_LABELS = 26;
const ROOM_FOR_TEXT = 40;
/** Faintest shade of a cell that is not empty. */
const FAINTEST = 0.1;

/** From this shade on, text is as bright as the page. */
const DARK = 0.7;

export interface HeatRow {
  label: string;
  /** Between 0 and 1, or undefined where there is no cell. */
  cells: (HeatCell | undefined)[];
}

export interface HeatCell {
  part: number;
  title: string;
  /** Stands in the cell if there is room. */
  text: string;
}

/** Rows of cells, the darker the more. */
export function drawHeatMap({
  label,
  columns,
  rows,
  colour,
}: {
  label: string;
  columns: readonly string[];
  rows: readonly HeatRow[];
  colour: string;
}): string {
  const cellWidth = Math.min(64, (WIDTH - LEFT) / columns.length);
  const cellHeight = Math.max(LOWEST, Math.min(TALLEST, HEIGHT / rows.length));
  const every = Math.ceil(columns.length / MOST_LABELS);
  const head = columns.map((column, i) => {
    const x = (LEFT + (i + 0.5) * cellWidth).toFixed(1);
    return i % every === 0
      ? `<text class="tick" x="${x}" y="12" text-anchor="middle">${escapeMarkup(column)}</text>`
      : "";
  });
  const skip = Math.ceil(14 / cellHeight);
  const body = rows.map(({ label: name, cells }, row) => {
    const y = TOP + row * cellHeight;
    const middle = (y + cellHeight / 2).toFixed(1);
    const marks = cells.map((cell, i) => {
      if (cell === undefined) return "";
      const x = LEFT + i * cellWidth;
      const shade =
        cell.part === 0
          ? `fill="var(--track)"`
          : `fill="var(--${colour})" fill-opacity="${(FAINTEST + (1 - FAINTEST) * cell.part).toFixed(3)}"`;
      const text =
        cellWidth < ROOM_FOR_TEXT || cellHeight < 16 || cell.text === ""
          ? ""
          : `<text class="cell${cell.part > DARK ? " on" : ""}" x="${(x + cellWidth / 2).toFixed(1)}" y="${middle}" text-anchor="middle">${escapeMarkup(cell.text)}</text>`;
      return (
        `<g><title>${escapeMarkup(cell.title)}</title><rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" ` +
        `width="${(cellWidth - GAP).toFixed(1)}" height="${(cellHeight - GAP).toFixed(1)}" rx="2" ${shade}/>${text}</g>`
      );
    });
    const title =
      row % skip === 0
        ? `<text class="tick" x="${LEFT - 10}" y="${middle}" text-anchor="end">${escapeMarkup(name)}</text>`
        : "";
    return title + marks.join("");
  });
  const frame = {
    width: WIDTH,
    height: Math.ceil(TOP + rows.length * cellHeight),
    left: 0,
    right: 0,
    top: 0,
    bottom: 0,
  };
  return wrapChart({ frame, label, marks: head.join("") + body.join("") });
}
