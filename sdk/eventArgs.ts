import { Result } from "ethers";

/** Named values of a decoded event, struct or answer, read with their types checked. */
export class EventArgs {
  readonly #values: Result;

  constructor(values: Result) {
    this.#values = values;
  }

  /** Hex, an address or a text. */
  text(name: string): string {
    const value = this.#value(name);
    if (typeof value !== "string") throw this.#unexpected(name, "text");
    return value;
  }

  /** Any integer. */
  uint(name: string): bigint {
    const value = this.#value(name);
    if (typeof value !== "bigint") throw this.#unexpected(name, "an integer");
    return value;
  }

  /**
   * An index or a count.
   *
   * @throws RangeError above 2^53 - 1.
   */
  index(name: string): number {
    const value = this.uint(name);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`${name} is ${value}, more than 2^53 - 1.`);
    return Number(value);
  }

  flag(name: string): boolean {
    const value = this.#value(name);
    if (typeof value !== "boolean") throw this.#unexpected(name, "true or false");
    return value;
  }

  texts(name: string): string[] {
    const value = this.#value(name);
    if (!(value instanceof Result)) throw this.#unexpected(name, "a list");
    return Array.from(value, (item: unknown) => {
      if (typeof item !== "string") throw this.#unexpected(name, "a list of texts");
      return item;
    });
  }

  struct(name: string): EventArgs {
    const value = this.#value(name);
    if (!(value instanceof Result)) throw this.#unexpected(name, "a struct");
    return new EventArgs(value);
  }

  structs(name: string): EventArgs[] {
    const value = this.#value(name);
    if (!(value instanceof Result)) throw this.#unexpected(name, "a list");
    return Array.from(value, (item: unknown) => {
      if (!(item instanceof Result)) throw this.#unexpected(name, "a list of structs");
      return new EventArgs(item);
    });
  }

  #value(name: string): unknown {
    return this.#values.getValue(name);
  }

  #unexpected(name: string, expected: string): TypeError {
    return new TypeError(`${name} is not ${expected}.`);
  }
}
