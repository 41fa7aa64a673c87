import { styleText } from "node:util";

import type { ChapterText } from "./chapter.ts";

/** Prints a chapter in columns that need no colour to be read. */
export function printChapter({ title, columns, rows, notes }: ChapterText): void {
  printSection(title);
  printTable(columns, rows);
  for (const note of notes) print(note);
}

export function printSection(title: string): void {
  console.log(`\n${styleText("bold", title)}`);
}

export function print(line: string): void {
  console.log(`  ${line}`);
}

/** Titles of columns with numbers begin with #. */
export function printTable(columns: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const [number, line] of layOutTable(columns, rows).entries())
    print(number === 0 ? styleText("dim", line) : line);
}

/** Lines of a table, the first is that of its titles. */
export function layOutTable(columns: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map((title) => title.replace(/^#/, "")), ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i].length)));
  return lines.map((line) =>
    line
      .map((cell, i) => (columns[i].startsWith("#") ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("   ")
      .trimEnd(),
  );
}
