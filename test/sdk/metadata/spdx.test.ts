import { readFile } from "node:fs/promises";

import { expect } from "chai";

import type { ModelVersion } from "../../../sdk/metadata/assetVersion.ts";
import { formatProblem } from "../../../sdk/metadata/problem.ts";
import { checkSpdx, makeSpdx } from "../../../sdk/metadata/spdx.ts";
import type { SpdxElement } from "../../../sdk/metadata/spdxSchema.ts";
import { changed, EXAMPLE, FORK_FACTS, PEOPLE, PUBLISHED_AT, spdxExample, UPSTREAM_FACTS } from "./examples.ts";

const WORD = `0x${"ab".repeat(32)}`;
const { fork, base, datanet } = EXAMPLE;
const MODEL = "eip155:31337/erc721:0x00000000000000000000000000000000000000DE/2#1";
const BASE = "eip155:31337/erc721:0x00000000000000000000000000000000000000DE/1#1";
const DATANET = "eip155:31337/erc721:0x00000000000000000000000000000000000000DA/1#2";
const PROPERTIES = "extension/0/extension_cdxProperty";

/** Where the first element that fits is in the example's graph. */
function at(fits: (element: SpdxElement) => boolean): string {
  return `/@graph/${spdxExample()["@graph"].findIndex(fits)}`;
}

const CREATION = at(({ type }) => type === "CreationInfo");
const ROOT = at(({ type }) => type === "SpdxDocument");
const DATASET = at(({ type }) => type === "dataset_DatasetPackage");
const AGENT = at(({ type }) => type === "Agent");
const LICENSE = at(({ type }) => type === "simplelicensing_LicenseExpression");
const PACKAGE = at((element) => element.type === "ai_AIPackage" && element.spdxId === MODEL);
const PARENT = at((element) => element.type === "ai_AIPackage" && element.spdxId === BASE);
const relationship = (type: string): string =>
  at((element) => element.type === "Relationship" && element.relationshipType === type);
const TRAINED = relationship("trainedOn");
const DESCENDANT = relationship("descendantOf");
const DECLARED = relationship("hasDeclaredLicense");

/** Where a document is changed, to what (nothing: it is taken out), and what the check says. */
type Broken = [what: string, pointer: string, value: unknown, ...said: string[]];

const BROKEN: Broken[] = [
  [
    "another context",
    "/@context",
    "https://spdx.org/rdf/3.0.0/spdx-context.jsonld",
    '/@context is "https://spdx.org/rdf/3.0.0/spdx-context.jsonld": write "https://spdx.org/rdf/3.0.1/spdx-context.jsonld".',
  ],
  ["no graph", "/@graph", undefined, "/@graph is missing: write the list of elements."],
  [
    "an element without a type",
    `${AGENT}/type`,
    undefined,
    `${AGENT}/type is missing: write a type of SPDX, such as "ai_AIPackage".`,
  ],
  ["another version of SPDX", `${CREATION}/specVersion`, "2.3", `${CREATION}/specVersion is "2.3": write "3.0.1".`],
  [
    "a day that no calendar has",
    `${CREATION}/created`,
    "2026-02-30T00:00:00Z",
    `${CREATION}/created is "2026-02-30T00:00:00Z": write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".`,
  ],
  [
    "a creator that is not there",
    `${CREATION}/createdBy/0`,
    "did:pkh:eip155:1:0x",
    `${CREATION}/createdBy/0 is "did:pkh:eip155:1:0x": write the id of an agent of this document.`,
  ],
  ["no creation info", CREATION, undefined, "/@graph has 0 elements of type CreationInfo: write one."],
  [
    "an unknown creation info",
    `${LICENSE}/creationInfo`,
    "_:other",
    `${LICENSE}/creationInfo is "_:other": write the id of the CreationInfo of this document.`,
  ],
  [
    "an id that two have",
    `${LICENSE}/spdxId`,
    MODEL,
    `${LICENSE}/spdxId is "${MODEL}", which another element has already: write an id of its own.`,
  ],
  ["no root", `${ROOT}/rootElement`, [], `${ROOT}/rootElement is []: write the spdxId of the model.`],
  [
    "a root that is no model",
    `${ROOT}/rootElement/0`,
    DATANET,
    `${ROOT}/rootElement/0 is "${DATANET}": write the id of the ai_AIPackage of this document.`,
  ],
  [
    "a profile left out",
    `${ROOT}/profileConformance`,
    ["core", "software", "simpleLicensing"],
    `${ROOT}/profileConformance is ["core","software","simpleLicensing"]: write ai, dataset as well.`,
  ],
  [
    "an element that is not there",
    `${ROOT}/element/0`,
    "urn:nothing",
    `${ROOT}/element/0 is "urn:nothing": write the id of an element of this document.`,
  ],
  [
    "a licence expression that is none",
    `${LICENSE}/simplelicensing_licenseExpression`,
    "Apache 2",
    `${LICENSE}/simplelicensing_licenseExpression is "Apache 2": write a licence expression of SPDX, such as "Apache-2.0 OR MIT".`,
  ],
  [
    "a package without a supplier",
    `${PACKAGE}/suppliedBy`,
    undefined,
    `${PACKAGE}/suppliedBy is missing: write the spdxId of an element of this document.`,
  ],
  [
    "a package without a release",
    `${PACKAGE}/releaseTime`,
    undefined,
    `${PACKAGE}/releaseTime is missing: write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".`,
  ],
  [
    "a release in local time",
    `${PACKAGE}/releaseTime`,
    "2026-03-01 12:00",
    `${PACKAGE}/releaseTime is "2026-03-01 12:00": write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".`,
  ],
  [
    "another purpose",
    `${PACKAGE}/software_primaryPurpose`,
    "application",
    `${PACKAGE}/software_primaryPurpose is "application": write "model".`,
  ],
  [
    "a version that is not the id's",
    `${PACKAGE}/software_packageVersion`,
    "2",
    `${PACKAGE}/software_packageVersion is "2": write "1", as the spdxId says.`,
  ],
  [
    "a location that is no URI",
    `${PACKAGE}/software_downloadLocation`,
    "here",
    `${PACKAGE}/software_downloadLocation is "here": write a URI, such as "ipfs://…".`,
  ],
  [
    "another asset's name",
    `${PACKAGE}/externalIdentifier/0/identifier`,
    BASE.slice(0, -2),
    `${PACKAGE}/externalIdentifier/0/identifier is "${BASE.slice(0, -2)}": write "${MODEL.slice(0, -2)}", as the spdxId says.`,
  ],
  [
    "a hash in base 64",
    `${PACKAGE}/verifiedUsing/0/hashValue`,
    "EREREQ==",
    `${PACKAGE}/verifiedUsing/0/hashValue is "EREREQ==": write 64 digits of hex in small letters without 0x.`,
  ],
  [
    "a dataset of no known type",
    `${DATASET}/dataset_datasetType/0`,
    "words",
    `${DATASET}/dataset_datasetType/0 is "words": write one of audio, categorical, graph, image, noAssertion, numeric, other, sensor, structured, syntactic, text, timeseries, timestamp, video.`,
  ],
  [
    "a dataset without the time it was built",
    `${DATASET}/builtTime`,
    undefined,
    `${DATASET}/builtTime is missing: write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".`,
  ],
  [
    "a dataset that another split is paid for",
    `${DATASET}/${PROPERTIES}/0/extension_cdxPropValue`,
    WORD,
    `${DATASET}/${PROPERTIES} says oal:splitId ${WORD}: write "${datanet.splitId}", which the model pays.`,
  ],
  [
    "a package under another name",
    `${PARENT}/spdxId`,
    "urn:sea-base",
    `${ROOT}/element/2 is "${BASE}": write the id of an element of this document.`,
    `${DESCENDANT}/to/0 is "${BASE}": write the id of an element of this document.`,
    `/@graph/17/from is "${BASE}": write the id of an element of this document.`,
    `/@graph/18/from is "${BASE}": write the id of an element of this document.`,
    `${PARENT}/spdxId is "urn:sea-base": write the version's name, such as "eip155:1/erc721:0x…/7#2", with the right checksum.`,
  ],
  [
    "a relationship left out",
    DECLARED,
    undefined,
    `${ROOT}/element/11 is "${MODEL}/relationship/4": write the id of an element of this document.`,
  ],
  [
    "a licence not declared",
    `${DECLARED}/relationshipType`,
    "other",
    `${PACKAGE} has 0 relationships of type hasDeclaredLicense: write one, to a licence or to https://spdx.org/rdf/3.0.1/terms/ExpandedLicensing/NoAssertionLicense.`,
  ],
  [
    "a licence that is a package",
    `${DECLARED}/to/0`,
    BASE,
    `${DECLARED}/to/0 is "${BASE}": write the id of a licence expression of this document.`,
  ],
  [
    "a Datanet that it is not said to be trained on",
    `${TRAINED}/relationshipType`,
    "dependsOn",
    `${PACKAGE} pays ${DATANET}: write a relationship trainedOn from the model to it.`,
  ],
  [
    "a parent that it does not pay",
    `${DESCENDANT}/to/1`,
    DATANET,
    `${PACKAGE} is descendantOf ${DATANET}, which its split does not pay: write only what is in the split.`,
  ],
  [
    "no split",
    `${PACKAGE}/${PROPERTIES}/0`,
    undefined,
    `${PACKAGE}/${PROPERTIES} has no property oal:splitId: write it.`,
  ],
  [
    "another split",
    `${PACKAGE}/${PROPERTIES}/0/extension_cdxPropValue`,
    WORD,
    `${PACKAGE}/${PROPERTIES} says oal:splitId ${WORD}, but its lines make ${fork.splitId}: write the version's own lines and id.`,
  ],
  [
    "a split that is no hash",
    `${PACKAGE}/${PROPERTIES}/0/extension_cdxPropValue`,
    "0x12",
    `${PACKAGE}/${PROPERTIES}/0/extension_cdxPropValue is "0x12": write 32 bytes of hex in small letters behind 0x.`,
  ],
  [
    "other total units",
    `${PACKAGE}/${PROPERTIES}/1/extension_cdxPropValue`,
    "90",
    `${PACKAGE}/${PROPERTIES} has builders and upstream versions with 100 of 90 units: write all of them, whose units add up to 100 %.`,
  ],
  [
    "total units that are no number",
    `${PACKAGE}/${PROPERTIES}/1/extension_cdxPropValue`,
    "all",
    `${PACKAGE}/${PROPERTIES}/1/extension_cdxPropValue is "all": write the sum of all units, such as "100".`,
  ],
  [
    "an arbiter that is no address",
    `${PACKAGE}/${PROPERTIES}/2/extension_cdxPropValue`,
    "nobody",
    `${PACKAGE}/${PROPERTIES}/2/extension_cdxPropValue is "nobody": write an address with the right checksum.`,
  ],
  [
    "a builder without units",
    `${PACKAGE}/${PROPERTIES}/3/extension_cdxPropValue`,
    "did:pkh",
    `${PACKAGE}/${PROPERTIES}/3/extension_cdxPropValue is "did:pkh": write an account on the model's chain, its units and its evidence with spaces between them.`,
  ],
  [
    "an upstream version without units",
    `${PACKAGE}/${PROPERTIES}/4/extension_cdxPropValue`,
    DATANET,
    `${PACKAGE}/${PROPERTIES}/4/extension_cdxPropValue is "${DATANET}": write "datanet" or "model", the name of a version on the model's chain, its split and its units with spaces between them.`,
  ],
  [
    "an upstream version left out",
    `${PACKAGE}/${PROPERTIES}/4`,
    undefined,
    `${PACKAGE}/${PROPERTIES} has builders and upstream versions with 95 of 100 units: write all of them, whose units add up to 100 %.`,
    `${PACKAGE} is trainedOn ${DATANET}, which its split does not pay: write only what is in the split.`,
  ],
  [
    "a builder that the model does not come from",
    `${PACKAGE}/originatedBy/0`,
    `did:pkh:eip155:31337:${PEOPLE.owner}`,
    `${PACKAGE}/originatedBy is ["did:pkh:eip155:31337:${PEOPLE.owner}"]: write "did:pkh:eip155:31337:${PEOPLE.tuner}", who is a builder, as well.`,
  ],
];

describe("SPDX documents", () => {
  it("of the example are as they have always been", async () => {
    const golden: unknown = JSON.parse(await readFile("test/sdk/metadata/golden/spdx.json", "utf8"));
    expect(spdxExample()).to.deep.equal(golden);
  });

  it("that were made are right, also when they are compared with the chain", () => {
    expect(checkSpdx(JSON.parse(JSON.stringify(spdxExample())), fork)).to.deep.equal([]);
  });

  it("may hold elements of other types", () => {
    const tool = { type: "Tool", spdxId: "urn:tool", creationInfo: "_:creation", name: "tool" };
    const graph = [...spdxExample()["@graph"], tool];
    expect(checkSpdx({ ...spdxExample(), "@graph": graph })).to.deep.equal([]);
  });

  it("of a model built on nothing are small", () => {
    const version = { ...base, upstreams: [], builders: base.builders };
    const document = makeSpdx({
      version,
      facts: FORK_FACTS,
      upstream: { models: new Map(), datasets: new Map() },
      creator: PEOPLE.builder,
      createdAt: PUBLISHED_AT,
    });
    const types = document["@graph"].map(({ type }) => type);
    expect(types).to.deep.equal([
      "CreationInfo",
      "SpdxDocument",
      "ai_AIPackage",
      "Agent",
      "Agent",
      "simplelicensing_LicenseExpression",
      "Relationship",
      "Relationship",
    ]);
    // Its split pays the Datanet on chain, so nothing else makes it.
    const [problem] = checkSpdx(document);
    expect(problem.message).to.contain(`says oal:splitId ${base.splitId}, but its lines make `);
  });

  describe("with", () => {
    for (const [what, pointer, value, ...said] of BROKEN) {
      it(`${what} are refused`, () => {
        expect(checkSpdx(changed(spdxExample(), pointer, value)).map(formatProblem)).to.deep.equal(said);
      });
    }
  });

  it("that pay a model they do not have are refused", () => {
    const isGone = (element: SpdxElement): boolean =>
      element.type === "Relationship"
        ? element.from === BASE || element.to.includes(BASE)
        : element.type !== "CreationInfo" && element.spdxId === BASE;
    const { "@context": context, "@graph": graph } = spdxExample();
    const gone = new Set(graph.filter(isGone).map((element) => ("spdxId" in element ? element.spdxId : "")));
    const kept = graph
      .filter((element) => !isGone(element))
      .map((element) =>
        element.type === "SpdxDocument"
          ? { ...element, element: element.element.filter((id) => !gone.has(id)) }
          : element,
      );
    expect(checkSpdx({ "@context": context, "@graph": kept }).map(formatProblem)).to.deep.equal([
      `/@graph has no ai_AIPackage ${BASE}, which the model pays: write it.`,
    ]);
  });

  describe("compared with something else", () => {
    const refuses = (expected: ModelVersion, said: string): void => {
      expect(checkSpdx(spdxExample(), expected).map(formatProblem)).to.deep.equal([said]);
    };

    it("are refused for another version on the chain", () => {
      const said = `${PACKAGE}/spdxId is "${MODEL}", but the chain was asked about "${BASE}": write that, or check against the other version.`;
      refuses(base, said);
    });

    it("are refused for another split on the chain", () => {
      const said = `${PACKAGE}/${PROPERTIES} says oal:splitId ${fork.splitId}: write "${WORD}", which is this version's split on the chain.`;
      refuses({ ...fork, splitId: WORD }, said);
    });
  });

  describe("cannot be made", () => {
    const make = (changes: Partial<Parameters<typeof makeSpdx>[0]>): (() => unknown) => {
      const args = { version: fork, facts: FORK_FACTS, upstream: UPSTREAM_FACTS, creator: PEOPLE.tuner, createdAt: 0n };
      return () => makeSpdx({ ...args, ...changes });
    };

    it("with a licence that is no expression of SPDX", () => {
      expect(make({ facts: { ...FORK_FACTS, license: "free" } })).to.throw(
        RangeError,
        '"free" is no licence expression of SPDX, such as "Apache-2.0 OR MIT".',
      );
    });

    it("without knowing anything about an upstream version", () => {
      expect(make({ upstream: { ...UPSTREAM_FACTS, datasets: new Map() } })).to.throw(
        RangeError,
        `Nothing is known about the datanet version ${DATANET}: its name, its supplier, where it is.`,
      );
      expect(make({ upstream: { ...UPSTREAM_FACTS, models: new Map() } })).to.throw(
        RangeError,
        `Nothing is known about the model version ${BASE}: its name, its supplier, where it is.`,
      );
    });
  });
});
