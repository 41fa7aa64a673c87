import { look, may, need } from "../lib/verb.ts";

const ABOUT = need("file", "JSON file with what only people can say (docs/metadata.md).");
const OUT = need("file", "File to write.");

export const METADATA_VERBS = {
  datanet: look({
    name: "datanet:metadata",
    description: "Writes a Croissant document of a Datanet version, ready to be published.",
    options: {
      datanet: need("datanet", "The Datanet, with a version if not the newest: datanet:1@2."),
      about: ABOUT,
      out: OUT,
    },
    returns: { out: "text", metadataHash: "hash" },
    example: "datanet:metadata --datanet datanet:1 --about sea.json --out croissant.json",
  }),
  model: look({
    name: "model:metadata",
    description: "Writes an SPDX document of a model version, ready to be published.",
    options: {
      model: need("model", "The model, with a version if not the newest: model:1@2."),
      about: ABOUT,
      out: OUT,
    },
    returns: { out: "text", metadataHash: "hash" },
    example: "model:metadata --model model:1 --about chat.json --out spdx.json",
  }),
  card: look({
    name: "model:card",
    description: "Writes a model card: what a model is built on, who is paid, and how to pay.",
    options: {
      model: need("model", "The model, with a version if not the newest: model:1@2."),
      about: ABOUT,
      out: OUT,
    },
    returns: { out: "text", metadataHash: "hash" },
    example: "model:card --model model:1 --about chat.json --out README.md",
  }),
  check: look({
    name: "metadata:check",
    description: "Checks a Croissant or SPDX document, and whether it is the one that the chain commits to.",
    options: {
      file: need("file", "The document."),
      asset: may("asset", "Compare it with this asset: datanet:1@2 or model:1. The newest version if it names none."),
    },
    returns: { kind: "text", correct: "flag", problems: [{ pointer: "text", message: "text" }] },
    example: "metadata:check --file croissant.json --asset datanet:1",
  }),
} as const;
