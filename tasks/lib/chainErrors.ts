import type { ErrorFragment, Interface, Result } from "ethers";

import { ADVICE } from "./advice.ts";
import { describeValue } from "./calls.ts";

/** The chain would not do what it was asked for. */
export class ChainRefusal extends Error {
  override readonly name = "ChainRefusal";
  /** Name of the contract's error; undefined if it did not say. */
  readonly error: string | undefined;
  readonly values: Record<string, unknown>;

  constructor({
    what,
    error,
    values = {},
    text,
  }: {
    what: string;
    error?: string;
    values?: Record<string, unknown>;
    text: string;
  }) {
    super(`The chain refuses this: ${what}\n${text}`);
    this.error = error;
    this.values = values;
  }
}

/** What a node says when a call reverts, in whatever wrapping; undefined if it is no revert. */
export function revertDataOf(error: unknown): string | undefined {
  const seen = new Set<unknown>();
  const search = (value: unknown): string | undefined => {
    if (typeof value === "string") return /^0x([0-9a-f]{2})*$/i.test(value) ? value : undefined;
    if (typeof value !== "object" || value === null || seen.has(value)) return undefined;
    seen.add(value);
    for (const key of ["data", "error", "info", "cause"]) {
      const found = search(Reflect.get(value, key));
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const data = search(error);
  if (data !== undefined) return data;
  const message = error instanceof Error ? error.message : "";
  return /revert/i.test(message) ? "0x" : undefined;
}

/** A revert in words, with what to do about it. */
export function explainRevert({
  what,
  data,
  interfaces,
}: {
  what: string;
  data: string;
  interfaces: Interface[];
}): ChainRefusal {
  for (const contract of interfaces) {
    const parsed = data.length < 10 ? null : contract.parseError(data);
    if (parsed === null) continue;
    const { name, fragment, args } = parsed;
    const values = valuesOf(fragment, args);
    const shown = Object.entries(values).map(([key, value]) => `${key}: ${describeValue(value)}`);
    const advice = name in ADVICE ? [ADVICE[name]] : [];
    const text = [`${name}(${shown.join(", ")})`, ...advice].join("\n");
    return new ChainRefusal({ what, error: name, values, text });
  }
  return new ChainRefusal({
    what,
    text: data === "0x" ? "It reverts without a reason." : `It reverts with ${data}, which no contract here knows.`,
  });
}

function valuesOf(fragment: ErrorFragment, args: Result): Record<string, unknown> {
  return Object.fromEntries(
    fragment.inputs.map((input, i): [string, unknown] => [input.name === "" ? `value${i}` : input.name, args[i]]),
  );
}
