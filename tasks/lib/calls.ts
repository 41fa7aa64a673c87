import { type ContractTransaction, Result } from "ethers";

import type { Contracts } from "./contracts.ts";

/** A transaction in words. */
export interface DecodedCall {
  contract: string;
  function: string;
  arguments: Record<string, unknown>;
}

/** What a transaction does, in the names of the deployment's contracts. */
export function decodeCall(transaction: ContractTransaction, contracts: Contracts): DecodedCall | undefined {
  const contract = contracts.at(String(transaction.to));
  const parsed = contract?.interface.parseTransaction({ data: transaction.data }) ?? null;
  if (contract === undefined || parsed === null) return undefined;
  const entries = parsed.fragment.inputs.map((input, i): [string, unknown] => [
    input.name === "" ? `value${i}` : input.name,
    plain(parsed.args[i], input.arrayChildren === null ? input.components : null),
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
function plain(value: unknown, components: readonly { name: string }[] | null): unknown {
  if (!(value instanceof Result)) return value;
  const items = [...value] as unknown[];
  const isStruct = components !== null && components.length === items.length && items.length > 0;
  if (isStruct) return Object.fromEntries(components.map(({ name }, i) => [name, plainItem(items[i])]));
  return items.map(plainItem);
}

function plainItem(value: unknown): unknown {
  if (!(value instanceof Result)) return value;
  // Lists of structs know their names.
  const named = value.toObject() as Record<string, unknown>;
  const names = Object.keys(named).filter((name) => name !== "_");
  if (names.length === value.length && value.length > 0) {
    return Object.fromEntries(names.map((name) => [name, plainItem(named[name])]));
  }
  return [...(value as unknown[])].map(plainItem);
}
