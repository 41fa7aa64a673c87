import type { ChapterText } from "./chapter.ts";
import { escapeMarkup } from "./markup.ts";

/** A cell of a table: text, or markup that is safe as it is. */
export type Cell = string | { markup: string };

/** A table; titles that begin with # are of numbers, those that begin with ~ of bars. */
export function renderTable(titles: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const classes = titles.map((title) => ({ "#": ' class="number"', "~": ' class="wide"' })[title[0]] ?? "");
  const head = titles
    .map((title, i) => `<th scope="col"${classes[i]}>${escapeMarkup(title.replace(/^[#~]/, ""))}</th>`)
    .join("");
  const body = rows.map((row) => {
    const cells = row.map((cell, i) => {
      return `<td${classes[i]}>${typeof cell === "string" ? escapeMarkup(cell) : cell.markup}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("\n")}</tbody></table>`;
}

/** A bar as long as its part of the longest, in one of the page's colours. */
export function renderBar(amount: bigint, most: bigint, colour = "contributor"): Cell {
  const width = most === 0n ? "0" : (Number((amount * 10_000n) / most) / 100).toFixed(2);
  return { markup: `<span class="bar" style="width:${width}%;background:var(--${colour})"></span>` };
}

/** A chapter as a section of its own. */
export function renderChapter({ title, columns, rows, notes }: ChapterText): string {
  const paragraphs = notes.map((note) => `<p class="note">${escapeMarkup(note)}</p>`);
  return `<section><h2>${escapeMarkup(title)}</h2>${renderTable(columns, rows)}${paragraphs.join("")}</section>`;
}
