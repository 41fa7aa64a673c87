import type { RunResult } from "../../../sdk/scenario/result.ts";
import { LAYERS } from "../../../sdk/scenario/scenario.ts";
import { formatExact } from "../../report/format.ts";

type Value = string | number | bigint | undefined;

/** Tables of a run by the names of their files: RFC 4180, amounts in OPEN to the last decimal, periods counted from 1. */
export function csvFiles(result: RunResult): Record<string, string> {
  const { accounts, periods, services, flows } = result;
  const rhythm = Array.from({ length: Math.max(0, ...periods.map((period) => period.rhythm.length)) }, (_, i) => i);
  return {
    "accounts.csv": toCsv(accounts, {
      account: ({ name }) => name,
      group: ({ group }) => group,
      layer: ({ layer }) => layer,
      joined: ({ joined }) => (joined === undefined ? undefined : joined + 1),
      earned: ({ earned }) => earned,
      claimed: ({ claimed }) => claimed,
      spent: ({ spent }) => spent,
      ...byLayer(({ earnedByLayer }) => earnedByLayer),
    }),
    "periods.csv": toCsv(periods, {
      period: ({ period }) => period + 1,
      calls: ({ calls }) => calls,
      payments: ({ payments }) => payments,
      refused_calls: ({ refusedCalls }) => refusedCalls,
      volume: ({ volume }) => volume,
      active_payers: ({ activePayers }) => activePayers,
      present_payers: ({ presentPayers }) => presentPayers,
      paid_contributors: ({ paidContributors }) => paidContributors,
      claiming_contributors: ({ claimingContributors }) => claimingContributors,
      claimed: ({ claimed }) => claimed,
      ...byLayer(({ earnedByLayer }) => earnedByLayer),
      gini_millionths: ({ gini }) => gini,
      hhi_millionths: ({ hhi }) => hhi,
      nakamoto: ({ nakamoto }) => nakamoto,
      estimated_gas: ({ estimatedGas }) => estimatedGas.toString(),
      ...Object.fromEntries(rhythm.map((part) => [`payments_part_${part + 1}`, (period) => period.rhythm[part]])),
    }),
    "services.csv": toCsv(services, {
      service: ({ name }) => name,
      asset: ({ asset }) => asset,
      operator: ({ operator }) => operator,
      calls: ({ calls }) => calls,
      payments: ({ payments }) => payments,
      tokens_in: ({ tokensIn }) => tokensIn,
      tokens_out: ({ tokensOut }) => tokensOut,
      paid: ({ amount }) => amount,
    }),
    "flows.csv": toCsv(flows, {
      from_kind: ({ from }) => from.kind,
      from: ({ from }) => from.name,
      to_kind: ({ to }) => to.kind,
      to: ({ to }) => to.name,
      amount: ({ amount }) => amount,
    }),
  };
}

function byLayer<Row>(earned: (row: Row) => Record<string, bigint>): Record<string, (row: Row) => bigint> {
  return Object.fromEntries(LAYERS.map((layer) => [`earned_${layer}`, (row: Row) => earned(row)[layer]]));
}

function toCsv<Row>(rows: readonly Row[], columns: Record<string, (row: Row) => Value>): string {
  const head = Object.keys(columns);
  const read = Object.values(columns);
  return [head, ...rows.map((row) => read.map((column) => column(row)))].map(toLine).join("");
}

function toLine(values: readonly Value[]): string {
  return `${values.map((value) => quote(typeof value === "bigint" ? formatExact(value) : String(value ?? ""))).join(",")}\r\n`;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
