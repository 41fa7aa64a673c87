import { Ajv, type ValidateFunction } from "ajv";

import type { Field, FieldType, Shape, Verb } from "../../tasks/lib/verb.ts";

const DECIMAL = { type: "string", pattern: "^\\d+$" };
const TYPES: Record<FieldType, object> = {
  text: { type: "string" },
  uint: DECIMAL,
  amount: DECIMAL,
  number: { type: "number" },
  flag: { type: "boolean" },
  address: { type: "string", pattern: "^0x[0-9a-fA-F]{40}$" },
  hash: { type: "string", pattern: "^0x[0-9a-f]{64}$" },
};

const ajv = new Ajv({ allowUnionTypes: true });

/** Checks JSON documents of a verb against what it promises. */
export function validatorOf(verb: Verb): ValidateFunction {
  return ajv.compile(
    objectOf({
      verb: { const: verb.name },
      network: { type: "string" },
      chainId: { type: "number" },
      dryRun: { type: "boolean" },
      transactions: {
        type: "array",
        items: objectOf({
          what: { type: "string" },
          from: TYPES.address,
          to: TYPES.address,
          contract: { type: ["string", "null"] },
          function: { type: ["string", "null"] },
          arguments: { type: "object" },
          value: DECIMAL,
          gas: { anyOf: [DECIMAL, { type: "null" }] },
          tried: { type: "boolean" },
          hash: { anyOf: [TYPES.hash, { type: "null" }] },
          block: { type: ["number", "null"] },
        }),
      },
      result: shapeSchema(verb.returns),
    }),
  );
}

function shapeSchema(shape: Shape): object {
  return objectOf(Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, fieldSchema(field)])));
}

function fieldSchema(field: Field): object {
  if (typeof field === "string") {
    return field.endsWith("?")
      ? { anyOf: [TYPES[field.slice(0, -1) as FieldType], { type: "null" }] }
      : TYPES[field as FieldType];
  }
  if (isList(field)) return { type: "array", items: fieldSchema(field[0]) };
  return shapeSchema(field);
}

function isList(field: Shape | readonly [FieldType | Shape]): field is readonly [FieldType | Shape] {
  return Array.isArray(field);
}

function objectOf(properties: Record<string, object>): object {
  return { type: "object", properties, required: Object.keys(properties), additionalProperties: false };
}
