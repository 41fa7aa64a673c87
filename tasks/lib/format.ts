import { formatEther } from "ethers";

import type { Table } from "./outcome.ts";

/** An amount of OPEN, exact. */
export function open(amount: bigint): string {
  return `${openNumber(amount)} OPEN`;
}

/** An amount of OPEN, exact, without its name. */
export function openNumber(amount: bigint): string {
  const [whole, decimals] = formatEther(amount).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return decimals === "0" ? grouped : `${grouped}.${decimals}`;
}

export function integer(value: bigint | number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Basis points in percent. */
export function percentOfBps(bps: bigint): string {
  return `${Number(bps) / 100} %`;
}

/** A part of one in percent. */
export function percent(part: number): string {
  return `${(part * 100).toFixed(4)} %`;
}

/** Unix time for people; "-" for none. */
export function time(seconds: bigint): string {
  return seconds === 0n ? "-" : `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

export function duration(seconds: bigint): string {
  for (const [unit, length] of [
    ["d", 86_400n],
    ["h", 3_600n],
    ["m", 60n],
  ] as const) {
    if (seconds !== 0n && seconds % length === 0n) return `${seconds / length}${unit}`;
  }
  return `${seconds}s`;
}

/** Names and values below each other. */
export function facts(rows: Record<string, string>): Table {
  return { columns: ["", ""], rows: Object.entries(rows) };
}

export function renderTable({ columns, rows }: Table): string {
  const titles = columns.map((column) => column.replace(/^#/, ""));
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, i) => (columns[i].startsWith("#") ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  const head = titles.some((title) => title !== "") ? [line(titles)] : [];
  return [...head, ...rows.map(line)].map((text) => `  ${text}`).join("\n");
}

/** JSON with integers beyond 2^53 as decimal text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === "bigint" ? item.toString() : item), 2);
}
