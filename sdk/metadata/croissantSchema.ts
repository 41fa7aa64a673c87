import type { SchemaObject } from "ajv";

import { VOCABULARY } from "./vocabulary.ts";

/** What a document of this version says it conforms to. */
export const CROISSANT_1_1 = "http://mlcommons.org/croissant/1.1";

/** Terms of the specification's JSON-LD context that our documents use, and our own. */
export const CROISSANT_CONTEXT = {
  "@language": "en",
  "@vocab": "http://schema.org/",
  sc: "http://schema.org/",
  cr: "http://mlcommons.org/croissant/",
  dct: "http://purl.org/dc/terms/",
  oal: VOCABULARY,
  citeAs: "cr:citeAs",
  conformsTo: "dct:conformsTo",
  data: { "@id": "cr:data", "@type": "@json" },
  dataType: { "@id": "cr:dataType", "@type": "@vocab" },
  field: "cr:field",
  isLiveDataset: "cr:isLiveDataset",
  key: "cr:key",
  recordSet: "cr:recordSet",
};

/** Id of the record set that has the whole log, and of its fields. */
export const CONTRIBUTIONS = "contributions";

/** The fields of a line of the log. */
export const CONTRIBUTION_FIELDS = {
  index: `${CONTRIBUTIONS}/index`,
  contributor: `${CONTRIBUTIONS}/contributor`,
  units: `${CONTRIBUTIONS}/units`,
  evidence: `${CONTRIBUTIONS}/evidence`,
} as const;

/** Somebody who contributed. */
export interface Creator {
  "@type": "sc:Person" | "sc:Organization";
  "@id": string;
  name: string;
  "oal:units": string;
}

/** A contribution whose content is published. */
export interface FileObject {
  "@type": "cr:FileObject";
  "@id": string;
  name: string;
  contentUrl: string;
  contentSize: string;
  encodingFormat: string;
  sha256: string;
  license?: string;
  creator: { "@id": string };
  "oal:index": number;
  "oal:contentRoot": string;
  "oal:licenseHash": string;
}

/** A line of the log. */
export interface ContributionRow {
  "contributions/index": number;
  "contributions/contributor": string;
  "contributions/units": string;
  "contributions/evidence": string;
}

/** A set of records with its data. */
export interface RecordSet {
  "@type": "cr:RecordSet";
  "@id": typeof CONTRIBUTIONS;
  name: string;
  description: string;
  key: { "@id": string };
  field: { "@type": "cr:Field"; "@id": string; name: string; description: string; dataType: string }[];
  data: ContributionRow[];
}

/** A share of the split around a log's. */
export interface WrappingShare {
  "oal:recipient": string;
  "oal:units": string;
  "oal:evidence": string;
}

/** Which version on which chain the document is about. */
export interface OnChainVersion {
  "@type": "oal:DatanetVersion";
  "oal:chain": string;
  "oal:registry": string;
  "oal:id": string;
  "oal:version": number;
  "oal:splitId": string;
  "oal:logSplitId": string;
  "oal:arbiter": string;
  "oal:totalUnits": string;
  "oal:wrapping"?: WrappingShare[];
}

/** A Croissant document of a Datanet version. */
export interface CroissantDocument {
  "@context": Record<string, unknown>;
  "@type": "sc:Dataset";
  "@id": string;
  conformsTo: string | string[];
  name: string;
  description: string;
  license: string | string[];
  url: string;
  creator: Creator[];
  datePublished: string;
  version: string;
  isLiveDataset: boolean;
  citeAs: string;
  keywords?: string[];
  distribution: FileObject[];
  recordSet: RecordSet[];
  "oal:datanetVersion": OnChainVersion;
}

const text = (write: string): SchemaObject => ({ type: "string", minLength: 1, write });
const exactly = (value: unknown): SchemaObject => ({ const: value, write: JSON.stringify(value) });
const matching = (pattern: string, write: string): SchemaObject => ({ type: "string", pattern, write });
const texts = (write: string): SchemaObject => ({
  type: ["string", "array"],
  minLength: 1,
  minItems: 1,
  items: text(write),
  write,
});

const word = matching("^0x[0-9a-f]{64}$", "32 bytes of hex in small letters behind 0x");
const address = matching("^0x[0-9a-fA-F]{40}$", "an address, 20 bytes of hex behind 0x");
const units = matching("^(0|[1-9][0-9]{0,38})$", 'units as a text of digits, such as "3"');
const account = matching("^did:pkh:eip155:", 'an account, such as "did:pkh:eip155:1:0x…"');
const index = { type: "integer", minimum: 0, write: "the contribution's index in the log, from 0 on" };

/** An object that must have all of these parts but the optional ones. */
function object(write: string, properties: Record<string, SchemaObject>, optional: string[] = []): SchemaObject {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, write };
}

function list(write: string, items: SchemaObject, minItems: number): SchemaObject {
  return { type: "array", minItems, items, write };
}

const reference = object('a reference, such as {"@id": "…"}', { "@id": text("an @id of this document") });

const creator = object("a creator with @type, @id, name and oal:units", {
  "@type": { enum: ["sc:Person", "sc:Organization"], write: '"sc:Person" or "sc:Organization"' },
  "@id": account,
  name: text("the creator's name, or its address"),
  "oal:units": units,
});

const file = object(
  "a cr:FileObject with its hashes",
  {
    "@type": exactly("cr:FileObject"),
    "@id": text('an id of its own, such as "contributions/0"'),
    name: text("the file's name"),
    contentUrl: text("the URI that the contribution commits to"),
    contentSize: matching("^[1-9][0-9]{0,17} B$", 'the size in bytes, such as "123 B"'),
    encodingFormat: matching("^[\\w.+-]+/[\\w.+-]+", 'a media type, such as "text/plain"'),
    sha256: matching("^[0-9a-f]{64}$", "the SHA-256 of the file, 64 digits of hex in small letters without 0x"),
    license: text("the page of the contribution's licence, such as https://spdx.org/licenses/CC-BY-4.0.html"),
    creator: reference,
    "oal:index": index,
    "oal:contentRoot": word,
    "oal:licenseHash": word,
  },
  ["license"],
);

const field = object("a cr:Field", {
  "@type": exactly("cr:Field"),
  "@id": text("the field's id, behind that of its record set"),
  name: text("the field's name"),
  description: text("what the field says"),
  dataType: text('a data type, such as "sc:Text"'),
});

const row = object("a line of the log", {
  [CONTRIBUTION_FIELDS.index]: index,
  [CONTRIBUTION_FIELDS.contributor]: account,
  [CONTRIBUTION_FIELDS.units]: units,
  [CONTRIBUTION_FIELDS.evidence]: word,
});

const recordSet = object(`the record set "${CONTRIBUTIONS}" with the whole log`, {
  "@type": exactly("cr:RecordSet"),
  "@id": exactly(CONTRIBUTIONS),
  name: text("the record set's name"),
  description: text("what the record set holds"),
  key: reference,
  field: list("the fields of a line", field, 1),
  data: list("the lines of the log, revoked ones too", row, 1),
});

const onChain = object(
  "which version on which chain this is",
  {
    "@type": exactly("oal:DatanetVersion"),
    "oal:chain": matching("^eip155:[1-9][0-9]*$", 'the chain by CAIP-2, such as "eip155:1"'),
    "oal:registry": address,
    "oal:id": matching("^[1-9][0-9]{0,77}$", 'the Datanet\'s id as a text, such as "1"'),
    "oal:version": { type: "integer", minimum: 1, maximum: 4294967295, write: "the version's number, from 1 on" },
    "oal:splitId": word,
    "oal:logSplitId": word,
    "oal:arbiter": address,
    "oal:totalUnits": units,
    "oal:wrapping": list(
      "the shares of the split around the log's",
      object("a share of the split around the log's", {
        "oal:recipient": text("an account, or the id of the log's split"),
        "oal:units": units,
        "oal:evidence": word,
      }),
      1,
    ),
  },
  ["oal:wrapping"],
);

/** JSON Schema of what we promise about a Croissant document. Others may say more. */
export const CROISSANT_SCHEMA: SchemaObject = {
  $schema: "http://json-schema.org/draft-07/schema#",
  ...object(
    "a Croissant document, which is an object",
    {
      "@context": object(
        "the context of Croissant 1.1",
        Object.fromEntries(Object.entries(CROISSANT_CONTEXT).map(([term, value]) => [term, exactly(value)])),
      ),
      "@type": exactly("sc:Dataset"),
      "@id": matching("^eip155:", 'the version\'s name, such as "eip155:1/erc721:0x…/1#2"'),
      conformsTo: texts(`"${CROISSANT_1_1}"`),
      name: text("the dataset's name"),
      description: text("what the dataset holds"),
      license: texts("the page of a licence of the SPDX list, such as https://spdx.org/licenses/CC-BY-4.0.html"),
      url: text("the dataset's page on the web"),
      creator: list("the contributors", creator, 1),
      datePublished: text('the time of the version in UTC, such as "2026-03-01T12:00:00Z"'),
      version: matching("^[1-9][0-9]*\\.0\\.0$", 'the version\'s number as MAJOR.MINOR.PATCH, such as "2.0.0"'),
      isLiveDataset: exactly(false),
      citeAs: text("how to cite the dataset, in BibTeX"),
      keywords: list("keywords", text("a keyword"), 1),
      distribution: list("at least one cr:FileObject", file, 1),
      recordSet: list(`the record set "${CONTRIBUTIONS}"`, recordSet, 1),
      "oal:datanetVersion": onChain,
    },
    ["keywords"],
  ),
};
