import { readFile, writeFile } from "node:fs/promises";

import { isHexString, keccak256, ZeroHash } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { toJson } from "./format.ts";

/** @throws UserError if it cannot be read. */
export async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch {
    throw new UserError(`${file} cannot be read. Name a file that is there.`);
  }
}

/** Hash of a document; the zero word for none. */
export async function hashOf(file: string | undefined): Promise<string> {
  return file === undefined ? ZeroHash : keccak256(await readBytes(file));
}

/** @throws UserError if it cannot be written. */
export async function writeDocument(file: string, value: unknown): Promise<void> {
  try {
    await writeFile(file, `${toJson(value)}\n`);
  } catch {
    throw new UserError(`${file} cannot be written. Name a file in a folder that is there.`);
  }
}

/** A JSON document that somebody else has written. */
export class Document {
  readonly #file: string;
  readonly #fields: Record<string, unknown>;

  private constructor(file: string, fields: Record<string, unknown>) {
    this.#file = file;
    this.#fields = fields;
  }

  /** @throws UserError if it is none. */
  static async read(file: string): Promise<Document> {
    const text = new TextDecoder().decode(await readBytes(file));
    try {
      return new Document(file, JSON.parse(text) as Record<string, unknown>);
    } catch {
      throw new UserError(`${file} is no JSON document.`);
    }
  }

  /** @throws UserError unless it was written for this kind of use, on this chain. */
  expect({ kind, chainId, contract }: { kind: string; chainId: bigint; contract: string }): void {
    if (this.#fields.kind !== kind) throw new UserError(`${this.#file} is no ${kind}.`);
    const at = this.text("contract").toLowerCase();
    if (this.uint("chainId") !== chainId || at !== contract.toLowerCase()) {
      throw new UserError(`${this.#file} is for another chain or deployment.`);
    }
  }

  text(name: string): string {
    const value = this.#fields[name];
    if (typeof value !== "string") throw this.#unexpected(name, "text");
    return value;
  }

  bytes(name: string): string {
    const value = this.text(name);
    if (!isHexString(value)) throw this.#unexpected(name, "bytes of hex");
    return value;
  }

  texts(name: string): string[] {
    const value = this.#fields[name];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.#unexpected(name, "a list of texts");
    }
    return value;
  }

  uint(name: string): bigint {
    const value = this.#fields[name];
    // Operators' stores write "123n".
    const digits = /^(\d+)n?$/.exec(typeof value === "string" || typeof value === "number" ? String(value) : "")?.[1];
    if (digits === undefined) throw this.#unexpected(name, "a whole number");
    return BigInt(digits);
  }

  document(name: string): Document {
    const value = this.#fields[name];
    if (typeof value !== "object" || value === null) throw this.#unexpected(name, "an object");
    return new Document(this.#file, { ...value });
  }

  #unexpected(name: string, wanted: string): UserError {
    return new UserError(`"${name}" in ${this.#file} is not ${wanted}.`);
  }
}
