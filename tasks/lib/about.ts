import type { SchemaObject } from "ajv";

import { UserError } from "../../scripts/lib/script.ts";
import { createShapeCheck, formatProblem } from "../../sdk/metadata/problem.ts";
import { DATASET_TYPES, type DatasetType } from "../../sdk/metadata/spdxSchema.ts";
import { readBytes } from "./files.ts";

/** What people say about a Datanet. */
export interface AboutDatanet {
  name: string;
  description: string;
  licenses: string[];
  url: string;
  keywords?: string[];
  files: { index: number; file: string; uri: string; license: string; encodingFormat?: string }[];
}

/** What people say about an asset that a model is built on. */
export interface AboutUpstream {
  name: string;
  downloadLocation: string;
  license?: string;
  types?: DatasetType[];
  /** Repository on the Hub. */
  repository?: string;
}

/** What people say about a model. */
export interface AboutModel {
  name: string;
  description: string;
  license: string;
  downloadLocation: string;
  sha256?: string;
  typesOfModel?: string[];
  languages?: string[];
  tags?: string[];
  pipelineTag?: string;
  libraryName?: string;
  upstream?: Record<string, AboutUpstream>;
}

const text = (write: string): SchemaObject => ({ type: "string", minLength: 1, write });
const texts = (write: string): SchemaObject => ({ type: "array", minItems: 1, items: text(write), write });

function object(write: string, properties: Record<string, SchemaObject>, required: string[]): SchemaObject {
  return { type: "object", properties, required, write };
}

const LICENSE = text('a licence of SPDX, such as "CC-BY-4.0"');
const LOCATION = text("the URI where it is");
const NAME = text("its name");

const checkDatanet = createShapeCheck<AboutDatanet>(
  object(
    "an object about the Datanet",
    {
      name: NAME,
      description: text("what it holds"),
      licenses: texts('licences of SPDX, such as ["CC-BY-4.0"]'),
      url: text("its page on the web"),
      keywords: texts("keywords"),
      files: {
        type: "array",
        minItems: 1,
        write: "the contributions whose content is published",
        items: object(
          "a contribution with index, file, uri and license",
          {
            index: { type: "integer", minimum: 0, write: "its place in the log, from 0 on" },
            file: text("the file with its content"),
            uri: text("the URI that the contributor signed"),
            license: LICENSE,
            encodingFormat: text('a media type, such as "text/plain"'),
          },
          ["index", "file", "uri", "license"],
        ),
      },
    },
    ["name", "description", "licenses", "url", "files"],
  ),
);

const checkModel = createShapeCheck<AboutModel>(
  object(
    "an object about the model",
    {
      name: NAME,
      description: text("what it does"),
      license: LICENSE,
      downloadLocation: LOCATION,
      sha256: { type: "string", pattern: "^[0-9a-f]{64}$", write: "64 digits of hex in small letters" },
      typesOfModel: texts('types of model, such as ["transformer"]'),
      languages: texts('languages, such as ["en"]'),
      tags: texts("tags"),
      pipelineTag: text('a task, such as "text-generation"'),
      libraryName: text("a library"),
      upstream: {
        type: "object",
        write: 'what it is built on, by name: {"datanet:1@2": {…}}',
        additionalProperties: object(
          "an object about what it is built on",
          {
            name: NAME,
            downloadLocation: LOCATION,
            license: LICENSE,
            types: {
              type: "array",
              minItems: 1,
              items: { enum: DATASET_TYPES, write: `one of ${DATASET_TYPES.join(", ")}` },
              write: 'types of data, such as ["text"]',
            },
            repository: text("a repository on the Hub"),
          },
          ["name", "downloadLocation"],
        ),
      },
    },
    ["name", "description", "license", "downloadLocation"],
  ),
);

/** @throws UserError if the file is none, with everything that is wrong in it. */
export async function readAboutDatanet(file: string): Promise<AboutDatanet> {
  return await readAbout(file, checkDatanet);
}

/** @throws UserError if the file is none, with everything that is wrong in it. */
export async function readAboutModel(file: string): Promise<AboutModel> {
  return await readAbout(file, checkModel);
}

async function readAbout<About>(file: string, check: ReturnType<typeof createShapeCheck<About>>): Promise<About> {
  const shape = check(parse(file, await readBytes(file)));
  if ("document" in shape) return shape.document;
  throw new UserError(`${file} is not complete.\n${shape.problems.map(formatProblem).join("\n")}`);
}

function parse(file: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new UserError(`${file} is no JSON document.`);
  }
}
