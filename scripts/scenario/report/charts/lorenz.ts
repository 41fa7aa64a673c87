import { escapeMarkup } from "../../../report/markup.ts";
import { drawGrid, type Frame, wrapChart } from "./frame.ts";

const MILLION = 1_000_000;
const QUARTERS = [0, 0.25, 0.5, 0.75, 1];

export interface Curve {
  name: string;
  colour: string;
  /** In millionths of all people, from the poorest on, and of what they have. */
  points: { people: number; part: number }[];
}

/** Lorenz curves, with the straight line on which all have the same. */
export function drawLorenz({
  frame,
  label,
  curves,
}: {
  frame: Frame;
  label: string;
  curves: readonly Curve[];
}): string {
  const { left, right, top, bottom } = frame;
  const place = ({ people, part }: Curve["points"][number]): { x: string; y: string } => ({
    x: (left + (people / MILLION) * (right - left)).toFixed(1),
    y: (bottom - (part / MILLION) * (bottom - top)).toFixed(1),
  });
  const percent = (millionths: number): string => `${(millionths / 10_000).toFixed(1)} %`;
  const lines = curves.map(({ name, colour, points }) => {
    const placed = points.map(place);
    const dots = placed.map(({ x, y }, i) => {
      const title = `${name}: the poorest ${percent(points[i].people)} have ${percent(points[i].part)}`;
      return `<circle cx="${x}" cy="${y}" r="4" fill="var(--${colour})" fill-opacity="0"><title>${escapeMarkup(title)}</title></circle>`;
    });
    const path = placed.map(({ x, y }) => `${x},${y}`).join(" ");
    return `<polyline class="line" points="${path}" stroke="var(--${colour})"/>${dots.join("")}`;
  });
  const bounds = QUARTERS.map((part) => {
    const { x } = place({ people: part * MILLION, part: 0 });
    return `<text class="tick" x="${x}" y="${bottom + 18}" text-anchor="${part === 1 ? "end" : "middle"}">${part * 100} %</text>`;
  });
  const equal = `<line class="equal" x1="${left}" y1="${bottom}" x2="${right}" y2="${top}"/>`;
  const grid = drawGrid({ frame, ticks: QUARTERS, format: (part) => `${part * 100} %` });
  return wrapChart({ frame, label, marks: grid + bounds.join("") + equal + lines.join("") });
}
