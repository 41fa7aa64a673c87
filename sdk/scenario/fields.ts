import { SUPPLY } from "./limits.ts";
import type { Problems } from "./problem.ts";
import { type Quantity, readAmount, readPart, readRange, readWei, writeOpen, writePart } from "./quantities.ts";
import type { Range } from "./scenario.ts";
import type { Tree } from "./yamlTree.ts";

/** Reads values of a file whose form is checked. What is not there or has a wrong form is undefined: that has been reported. */
export class Fields {
  readonly #problems: Problems;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** A value that can be read. */
  get(tree: Tree | undefined, key: string): Tree | undefined {
    const entry = tree === undefined || tree.isBroken ? undefined : tree.entries.get(key);
    return entry === undefined || entry.isBroken || entry.value === null ? undefined : entry;
  }

  /** Named things of a map. */
  entries(tree: Tree | undefined, key: string): [string, Tree][] {
    return [...(this.get(tree, key)?.entries ?? [])];
  }

  items(tree: Tree | undefined, key: string): Tree[] {
    return (this.get(tree, key)?.items ?? []).filter(({ isBroken }) => !isBroken);
  }

  string(tree: Tree | undefined, key: string): string | undefined {
    const value = this.get(tree, key)?.value;
    return typeof value === "string" ? value : undefined;
  }

  integer(tree: Tree | undefined, key: string): number | undefined {
    const value = this.get(tree, key)?.value;
    return typeof value === "number" ? value : undefined;
  }

  boolean(tree: Tree | undefined, key: string): boolean | undefined {
    const value = this.get(tree, key)?.value;
    return typeof value === "boolean" ? value : undefined;
  }

  units(tree: Tree | undefined, key: string): bigint | undefined {
    const value = this.integer(tree, key);
    return value === undefined ? undefined : BigInt(value);
  }

  amount(tree: Tree | undefined, key: string): bigint | undefined {
    const entry = this.get(tree, key);
    return entry === undefined ? undefined : this.amountOf(entry);
  }

  amountOf(entry: Tree): bigint | undefined {
    if (entry.isBroken || entry.value === null) return undefined;
    const amount = this.#take(entry, readAmount(writtenOf(entry)));
    if (amount === undefined || amount <= SUPPLY) return amount;
    this.#problems.add(
      entry.offset,
      `${writeOpen(amount)} is more than the ${writeOpen(SUPPLY)} that there are; write less.`,
    );
    return undefined;
  }

  wei(tree: Tree | undefined, key: string): bigint | undefined {
    const entry = this.get(tree, key);
    if (entry === undefined) return undefined;
    const price = this.#take(entry, readWei(writtenOf(entry)));
    if (price === undefined || (price > 0n && price <= 10n ** 24n)) return price;
    this.#problems.add(
      entry.offset,
      `\`${key}\` is ${writtenOf(entry)}; write a price above 0 and up to 1,000,000 ether.`,
    );
    return undefined;
  }

  /** A part in basis points, within its cap. */
  part(tree: Tree | undefined, key: string, cap = 10_000): number | undefined {
    const entry = this.get(tree, key);
    if (entry === undefined) return undefined;
    const bps = readPart(writtenOf(entry));
    if (bps <= cap) return bps;
    this.#problems.add(entry.offset, `\`${key}\` is ${writePart(bps)}; write ${writePart(cap)} or less.`);
    return undefined;
  }

  range(tree: Tree | undefined, key: string, cap: number, least = 0): Range | undefined {
    const entry = this.get(tree, key);
    if (entry === undefined) return undefined;
    const range = this.#take(entry, readRange(writtenOf(entry)));
    if (range === undefined) return undefined;
    if (range.least >= least && range.most <= cap) return range;
    const bounds = `${least.toLocaleString("en")} to ${cap.toLocaleString("en")}`;
    this.#problems.add(entry.offset, `\`${key}\` is ${writtenOf(entry)}; write numbers from ${bounds}.`);
    return undefined;
  }

  #take<T>(entry: Tree, quantity: Quantity<T>): T | undefined {
    if ("value" in quantity) return quantity.value;
    this.#problems.add(entry.offset, quantity.problem);
    return undefined;
  }
}

/** A number or word as it is written in the file. */
export function writtenOf({ value, source }: Tree): string {
  return typeof value === "string" ? value : (source ?? String(value));
}
