import { Ajv, type ErrorObject, type SchemaObject } from "ajv";

/** Something in a document that is not as it should be. */
export interface Problem {
  /** JSON pointer (RFC 6901) to the place; empty for the document itself. */
  pointer: string;
  /** What is wrong there, and what to write instead. */
  message: string;
}

/** A document of the right shape, or what is wrong with it. */
export type Shape<Document> = { document: Document } | { problems: Problem[] };

const SHOWN_LENGTH = 160;

/** One line for people. */
export function formatProblem({ pointer, message }: Problem): string {
  return `${pointer === "" ? "The document" : pointer} ${message}`;
}

/** The pointer to a place, one step after the other. */
export function pointerTo(...steps: (string | number)[]): string {
  return steps.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

/** A value as messages show it. */
export function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= SHOWN_LENGTH ? text : `${text.slice(0, SHOWN_LENGTH)}…`;
}

/**
 * Makes a check of shapes from a JSON Schema. Each part of the schema says under `write` what to write there.
 *
 * @param prefix Pointer to the part of the document that is checked.
 */
export function createShapeCheck<Document>(schema: SchemaObject): (value: unknown, prefix?: string) => Shape<Document> {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: true, allowUnionTypes: true, keywords: ["write"] });
  const validate = ajv.compile<Document>(schema);
  return (value, prefix = "") => {
    if (validate(value)) return { document: value };
    return { problems: (validate.errors ?? []).map((error) => problemOf(error, prefix)) };
  };
}

function problemOf({ keyword, instancePath, params, parentSchema, data }: ErrorObject, prefix: string): Problem {
  const missing: unknown = params.missingProperty;
  if (keyword === "required" && typeof missing === "string") {
    const hint = hintOf(member(member(parentSchema, "properties"), missing));
    return { pointer: prefix + instancePath + pointerTo(missing), message: `is missing: write ${hint}.` };
  }
  const message = `is ${show(data)}: write ${hintOf(parentSchema)}.`;
  return { pointer: prefix + instancePath, message };
}

function hintOf(schema: unknown): string {
  const hint = member(schema, "write");
  if (typeof hint !== "string") throw new TypeError(`A part of a schema says nothing to write: ${show(schema)}.`);
  return hint;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : value;
}
