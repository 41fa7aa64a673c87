import { type ContractTransaction, type ParamType, Result } from "ethers";

import type { Contracts } from "./contracts.ts";

/** A transaction in words. */
export interface DecodedCall {
  contract: string;
  function: string;
  arguments: Record<string, unknown>;
}

/** What a transaction does, in the names of the deployment's contracts. */
export function decodeCall(transaction: ContractTransaction, contracts: Contracts): DecodedCall | undefined {
  const contract = contracts.at(transaction.to);
  const parsed = contract?.interface.parseTransaction({ data: transaction.data }) ?? null;
  if (contract === undefined || parsed === null) return undefined;
  const entries = parsed.fragment.inputs.map((input, i): [string, unknown] => [
    input.name === "" ? `value${i}` : input.name,
    plain(parsed.args[i], input),
  ]);
  return { contract: contract.name, function: parsed.name, arguments: Object.fromEntries(entries) };
}

/** A value of a call or an error, short enough for a line. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") {
    return value.length > 140 ? `${value.slice(0, 66)}… (${(value.length - 2) / 2} bytes)` : value;
  }
  if (Array.isArray(value)) return `[${value.map(describeValue).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, item]) => `${key}: ${describeValue(item)}`)
      .join(", ")}}`;
  }
  return String(value);
}

/** Structs as objects, lists as arrays. */
function plain(value: unknown, { arrayChildren, components }: ParamType): unknown {
  if (!(value instanceof Result)) return value;
  const items = [...value] as unknown[];
  if (arrayChildren !== null) return items.map((item) => plain(item, arrayChildren));
  return Object.fromEntries((components ?? []).map((type, i) => [type.name, plain(items[i], type)]));
}
