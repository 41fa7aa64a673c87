import { styleText } from "node:util";

import type { ChapterText } from "./chapter.ts";

/** A chapter in columns that need no colour to be read, line by line. */
export function layOutChapter({ title, columns, rows, notes }: ChapterText): string[] {
  return [...layOutSection(title), ...layOutTable(columns, rows), ...notes.map(indent)];
}

export function printChapter(chapter: ChapterText): void {
  for (const line of layOutChapter(chapter)) console.log(line);
}

export function printSection(title: string): void {
  for (const line of layOutSection(title)) console.log(line);
}

/** Titles of columns with numbers begin with #. */
export function printTable(columns: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const line of layOutTable(columns, rows)) console.log(line);
}

export function print(line: string): void {
  console.log(indent(line));
}

export function layOutSection(title: string): string[] {
  return ["", styleText("bold", title)];
}

export function indent(line: string): string {
  return `  ${line}`;
}

function layOutTable(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map((title) => title.replace(/^#/, "")), ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line, number) => {
    const cells = line.map((cell, i) =>
      columns[i].startsWith("#") ? cell.padStart(widths[i]) : cell.padEnd(widths[i]),
    );
    const text = cells.join("   ").trimEnd();
    return indent(number === 0 ? styleText("dim", text) : text);
  });
}
