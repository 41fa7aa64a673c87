import type { SchemaObject } from "ajv";

/** Version of the specification that our documents follow. */
export const SPDX_VERSION = "3.0.1";

/** The context of the specification, which all its JSON-LD documents name. */
export const SPDX_CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld";

/** What stands for a licence that nobody has stated. */
export const NO_ASSERTION_LICENSE = "https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense";

/**
 * Profiles that our documents conform to. They follow the Extension profile as well, but cannot say so: its name is a
 * property in the context of the specification, and would be read as that.
 */
export const SPDX_PROFILES = ["core", "software", "simpleLicensing", "ai", "dataset"];

/** What a dataset holds, as the Dataset profile has it. */
export const DATASET_TYPES = [
  "audio",
  "categorical",
  "graph",
  "image",
  "noAssertion",
  "numeric",
  "other",
  "sensor",
  "structured",
  "syntactic",
  "text",
  "timeseries",
  "timestamp",
  "video",
] as const;
export type DatasetType = (typeof DATASET_TYPES)[number];

/** A name and a value. */
export interface Property {
  type: "extension_CdxPropertyEntry";
  extension_cdxPropName: string;
  extension_cdxPropValue: string;
}

export interface CreationInfo {
  type: "CreationInfo";
  "@id": string;
  specVersion: string;
  created: string;
  createdBy: string[];
}

/** What all elements but the creation's have. */
interface Element {
  spdxId: string;
  creationInfo: string;
  name?: string;
}

export interface SpdxRoot extends Element {
  type: "SpdxDocument";
  profileConformance: string[];
  rootElement: string[];
  element: string[];
}

export interface Agent extends Element {
  type: "Agent" | "Person" | "Organization";
  name: string;
}

export interface LicenseExpression extends Element {
  type: "simplelicensing_LicenseExpression";
  simplelicensing_licenseExpression: string;
}

export interface Relationship extends Element {
  type: "Relationship";
  from: string;
  to: string[];
  relationshipType: string;
  completeness?: "complete" | "incomplete" | "noAssertion";
}

interface Package extends Element {
  name: string;
  description?: string;
  software_packageVersion: string;
  software_downloadLocation: string;
  releaseTime: string;
  originatedBy: string[];
  externalIdentifier: {
    type: "ExternalIdentifier";
    externalIdentifierType: "other";
    identifier: string;
    issuingAuthority: string;
  }[];
  verifiedUsing?: { type: "Hash"; algorithm: string; hashValue: string }[];
  extension: { type: "extension_CdxPropertiesExtension"; extension_cdxProperty: Property[] }[];
}

export interface AiPackage extends Package {
  type: "ai_AIPackage";
  software_primaryPurpose: "model";
  suppliedBy: string;
  ai_typeOfModel?: string[];
}

export interface DatasetPackage extends Package {
  type: "dataset_DatasetPackage";
  software_primaryPurpose: "data";
  builtTime: string;
  dataset_datasetType: DatasetType[];
}

export type SpdxElement =
  CreationInfo | SpdxRoot | Agent | LicenseExpression | Relationship | AiPackage | DatasetPackage;

/** An SPDX document in JSON-LD. */
export interface SpdxDocument {
  "@context": string;
  "@graph": SpdxElement[];
}

const text = (write: string): SchemaObject => ({ type: "string", minLength: 1, write });
const exactly = (value: unknown): SchemaObject => ({ const: value, write: JSON.stringify(value) });
const list = (write: string, items: SchemaObject, maxItems?: number): SchemaObject => ({
  type: "array",
  minItems: 1,
  ...(maxItems !== undefined && { maxItems }),
  items,
  write,
});

function object(write: string, properties: Record<string, SchemaObject>, optional: string[] = []): SchemaObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, write };
}

const reference = text("the spdxId of an element of this document");
const time = text('a time of the calendar in UTC, such as "2026-03-01T12:00:00Z"');
const element = {
  spdxId: { type: "string", pattern: "^[a-z][a-z0-9+.-]*:", write: "an id of its own, which is a URI" },
  creationInfo: reference,
};

const extension = object("an extension with properties", {
  type: exactly("extension_CdxPropertiesExtension"),
  extension_cdxProperty: list(
    "the properties of the version on the chain",
    object("a property", {
      type: exactly("extension_CdxPropertyEntry"),
      extension_cdxPropName: text('the property\'s name, such as "oal:splitId"'),
      extension_cdxPropValue: text("the property's value"),
    }),
  ),
});

const packageParts = {
  ...element,
  name: text("the package's name"),
  description: text("what the package is"),
  software_packageVersion: { type: "string", pattern: "^[1-9][0-9]*$", write: 'the version\'s number, such as "2"' },
  software_downloadLocation: text("the URI where the package is"),
  releaseTime: time,
  externalIdentifier: list(
    "the asset's name by CAIP-19",
    object("an external identifier", {
      type: exactly("ExternalIdentifier"),
      externalIdentifierType: exactly("other"),
      identifier: { type: "string", pattern: "^eip155:", write: 'the asset, such as "eip155:1/erc721:0x…/7"' },
      issuingAuthority: exactly("CAIP-19"),
    }),
    1,
  ),
  verifiedUsing: list(
    "hashes",
    object("a hash", {
      type: exactly("Hash"),
      algorithm: exactly("sha256"),
      hashValue: { type: "string", pattern: "^[0-9a-f]{64}$", write: "64 digits of hex in small letters without 0x" },
    }),
  ),
  extension: list("the extension with the version on the chain", extension, 1),
};

const OPTIONAL_PARTS = ["description", "verifiedUsing"];

const agent = (type: Agent["type"]): SchemaObject =>
  object("an agent", { type: exactly(type), ...element, name: text("the agent's name, or its address") });

/** JSON Schema of what we promise about each type of element. Elements of other types may stand beside them. */
export const ELEMENT_SCHEMAS: Record<SpdxElement["type"], SchemaObject> = {
  CreationInfo: object("creation info", {
    type: exactly("CreationInfo"),
    "@id": { type: "string", pattern: "^_:", write: 'a blank node, such as "_:creation"' },
    specVersion: exactly(SPDX_VERSION),
    created: time,
    createdBy: list("who made the document", reference),
  }),
  SpdxDocument: object("the document's element", {
    type: exactly("SpdxDocument"),
    ...element,
    profileConformance: list(`the profiles ${SPDX_PROFILES.join(", ")}`, {
      type: "string",
      write: `one of ${SPDX_PROFILES.join(", ")}`,
    }),
    rootElement: list("the spdxId of the model", reference, 1),
    element: list("the spdxIds of all elements", reference),
  }),
  Agent: agent("Agent"),
  Person: agent("Person"),
  Organization: agent("Organization"),
  simplelicensing_LicenseExpression: object("a licence expression", {
    type: exactly("simplelicensing_LicenseExpression"),
    ...element,
    simplelicensing_licenseExpression: text('a licence expression of SPDX, such as "Apache-2.0"'),
  }),
  Relationship: object(
    "a relationship",
    {
      type: exactly("Relationship"),
      ...element,
      from: reference,
      to: list("the elements that it leads to", reference),
      relationshipType: text('a relationship type of SPDX, such as "trainedOn"'),
      completeness: {
        enum: ["complete", "incomplete", "noAssertion"],
        write: '"complete", "incomplete" or "noAssertion"',
      },
    },
    ["completeness"],
  ),
  ai_AIPackage: object(
    "a model",
    {
      type: exactly("ai_AIPackage"),
      ...packageParts,
      software_primaryPurpose: exactly("model"),
      suppliedBy: reference,
      originatedBy: list("who built the model", reference),
      ai_typeOfModel: list("types of model", text('a type of model, such as "transformer"')),
    },
    [...OPTIONAL_PARTS, "ai_typeOfModel"],
  ),
  dataset_DatasetPackage: object(
    "a dataset",
    {
      type: exactly("dataset_DatasetPackage"),
      ...packageParts,
      software_primaryPurpose: exactly("data"),
      builtTime: time,
      originatedBy: list("the one agent who runs the Datanet", reference, 1),
      dataset_datasetType: list("types of data", { enum: DATASET_TYPES, write: `one of ${DATASET_TYPES.join(", ")}` }),
    },
    OPTIONAL_PARTS,
  ),
};

/** JSON Schema of what is around the elements. */
export const DOCUMENT_SCHEMA: SchemaObject = {
  $schema: "http://json-schema.org/draft-07/schema#",
  ...object("an SPDX document, which is an object", {
    "@context": exactly(SPDX_CONTEXT),
    "@graph": list(
      "the list of elements",
      object("an element, which is an object with a type", { type: text('a type of SPDX, such as "ai_AIPackage"') }),
    ),
  }),
};
