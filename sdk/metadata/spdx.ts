import { walletAccount } from "../account.ts";
import {
  type Earner,
  MAX_UNITS,
  type ModelVersion,
  modelSplitId,
  totalOf,
  type UpstreamVersion,
} from "./assetVersion.ts";
import { formatTime, isTime } from "./dates.ts";
import { isLicenseExpression } from "./license.ts";
import {
  accountName,
  assetName,
  isChecksummed,
  parseAccountName,
  parseVersionName,
  type VersionId,
  versionName,
} from "./names.ts";
import { createShapeCheck, pointerTo, type Problem, type Shape, show } from "./problem.ts";
import {
  type Agent,
  type AiPackage,
  type DatasetPackage,
  type DatasetType,
  DOCUMENT_SCHEMA,
  ELEMENT_SCHEMAS,
  NO_ASSERTION_LICENSE,
  type Property,
  type Relationship,
  SPDX_CONTEXT,
  SPDX_PROFILES,
  SPDX_VERSION,
  type SpdxDocument,
  type SpdxElement,
} from "./spdxSchema.ts";

/** What only people can say about an asset. */
export interface PackageFacts {
  name: string;
  description?: string;
  /** Licence expression of SPDX; without it nothing is asserted. */
  license?: string;
  /** Where the package, or its description, is. */
  downloadLocation: string;
  /** Address of whoever published the version. */
  supplier: string;
  /** In seconds since 1970. */
  releasedAt: bigint;
  /** SHA-256 of the package's file, if it is one. */
  sha256?: string;
}

export interface ModelFacts extends PackageFacts {
  typesOfModel?: string[];
}

export interface DatasetFacts extends PackageFacts {
  /** When the last contribution was accepted, in seconds since 1970. */
  builtAt: bigint;
  types: DatasetType[];
}

/** A package of the document: what it is, and what people say about it. */
type Described = { id: VersionId; splitId: string } & (
  { kind: "model"; facts: ModelFacts } | { kind: "datanet"; facts: DatasetFacts }
);

/** A Datanet version that a model was tested on, whether or not it is paid for it. */
export interface TestedVersion extends VersionId {
  splitId: string;
}

/** Facts about the asset versions of a document, by their names (`versionName`). */
export interface UpstreamFacts {
  models: ReadonlyMap<string, ModelFacts>;
  datasets: ReadonlyMap<string, DatasetFacts>;
}

/** A property of the extension that our packages have. */
const PROPERTY = {
  splitId: "oal:splitId",
  totalUnits: "oal:totalUnits",
  arbiter: "oal:arbiter",
  builder: "oal:builder",
  upstream: "oal:upstream",
} as const;

const CREATION = "_:creation";
const SPDX_TERMS = "https://spdx.org/rdf/3.0.1/terms/";
const BUILDER = /^(\S+) ([1-9]\d{0,38}) (0x[0-9a-f]{64})$/;
const UPSTREAM = /^(datanet|model) (\S+) (0x[0-9a-f]{64}) ([1-9]\d{0,38})$/;
const LICENSE_RELATIONSHIPS = ["hasDeclaredLicense", "hasConcludedLicense"];

/** How a model relates to what it is built on. */
const LINEAGE_RELATIONSHIPS = { datanet: "trainedOn", model: "descendantOf" } as const;

const checkDocumentShape = createShapeCheck<{ "@context": string; "@graph": { type: string }[] }>(DOCUMENT_SCHEMA);
const checkElementShape = new Map<string, (value: unknown, prefix: string) => Shape<SpdxElement>>(
  Object.entries(ELEMENT_SCHEMAS).map(([type, schema]) => [type, createShapeCheck<SpdxElement>(schema)]),
);

/**
 * An SPDX 3.0.1 document of a model version, with the AI and Dataset profiles: the model, all it is built on, who built
 * it, the licences, and how they belong together.
 *
 * @throws RangeError if there are no facts about an upstream version, or a licence is no expression of SPDX.
 */
export function makeSpdx({
  version,
  facts,
  upstream,
  testedOn = [],
  creator,
  createdAt,
}: {
  version: ModelVersion;
  facts: ModelFacts;
  upstream: UpstreamFacts;
  testedOn?: readonly TestedVersion[];
  /** Address of whoever makes the document. */
  creator: string;
  /** In seconds since 1970. */
  createdAt: bigint;
}): SpdxDocument {
  const { chainId } = version;
  const root = versionName(version);
  const builders = version.builders.map(({ account }) => accountName({ chainId, account }));
  const supplierOf = (address: string): string => accountName({ chainId, account: walletAccount(address) });
  const described: Described[] = [{ kind: "model", id: version, splitId: version.splitId, facts }];
  for (const id of [...version.upstreams, ...testedOn.map((tested) => ({ ...tested, kind: "datanet" as const }))]) {
    if (!described.some((other) => versionName(other.id) === versionName(id))) described.push(describe(id, upstream));
  }

  const packages = described.map((asset) => {
    const isRoot = versionName(asset.id) === root;
    const supplier = supplierOf(asset.facts.supplier);
    return packageOf({
      asset,
      supplier,
      originators: isRoot && builders.length > 0 ? [...new Set(builders)] : [supplier],
      properties: isRoot ? lineageProperties(version) : [],
    });
  });
  const agents = new Set([
    supplierOf(creator),
    ...builders,
    ...described.map((asset) => supplierOf(asset.facts.supplier)),
  ]);
  const licenses = licensesOf(root, described);
  const relationships = relationshipsOf({ root, version, testedOn, described, licenses });
  const elements: Exclude<SpdxElement, { type: "CreationInfo" | "SpdxDocument" }>[] = [
    ...packages,
    ...[...agents].map(agentOf),
    ...[...licenses].map(([expression, spdxId]) => ({
      type: "simplelicensing_LicenseExpression" as const,
      spdxId,
      creationInfo: CREATION,
      simplelicensing_licenseExpression: expression,
    })),
    ...relationships,
  ];
  return {
    "@context": SPDX_CONTEXT,
    "@graph": [
      {
        type: "CreationInfo",
        "@id": CREATION,
        specVersion: SPDX_VERSION,
        created: formatTime(createdAt),
        createdBy: [supplierOf(creator)],
      },
      {
        type: "SpdxDocument",
        spdxId: `${root}/document`,
        creationInfo: CREATION,
        name: `${facts.name}, version ${version.version}`,
        profileConformance: SPDX_PROFILES,
        rootElement: [root],
        element: elements.map(({ spdxId }) => spdxId),
      },
      ...elements,
    ],
  };
}

/**
 * What is wrong with an SPDX document of a model version; nothing if it is right.
 *
 * @param expected The version on the chain, if the document is to be compared with it.
 */
export function checkSpdx(value: unknown, expected?: ModelVersion): Problem[] {
  const shape = checkDocumentShape(value);
  if ("problems" in shape) return shape.problems;
  const graph: Placed[] = [];
  const problems: Problem[] = [];
  for (const [i, item] of shape.document["@graph"].entries()) {
    const checked = checkElementShape.get(item.type)?.(item, pointerTo("@graph", i));
    if (checked === undefined) continue;
    if ("problems" in checked) problems.push(...checked.problems);
    else graph.push({ element: checked.document, at: (...steps) => pointerTo("@graph", i, ...steps) });
  }
  // Each stage can rely on those before it: one mistake is not told a dozen times.
  const stages = [
    () => problems,
    () => checkOnce(graph),
    () => [...checkReferences(graph, idsOf(shape.document["@graph"])), ...checkValues(graph)],
    () => [...checkLicenses(graph), ...checkLineage(graph, expected)],
  ];
  for (const stage of stages) {
    const found = stage();
    if (found.length > 0) return found;
  }
  return [];
}

/** An element and the pointers to its parts. */
interface Placed<Of extends SpdxElement = SpdxElement> {
  element: Of;
  at: (...steps: (string | number)[]) => string;
}

function describe(id: UpstreamVersion | (TestedVersion & { kind: "datanet" }), upstream: UpstreamFacts): Described {
  const name = versionName(id);
  const { splitId } = id;
  if (id.kind === "model") {
    const facts = upstream.models.get(name);
    if (facts !== undefined) return { kind: "model", id, splitId, facts };
  } else {
    const facts = upstream.datasets.get(name);
    if (facts !== undefined) return { kind: "datanet", id, splitId, facts };
  }
  throw new RangeError(`Nothing is known about the ${id.kind} version ${name}: its name, its supplier, where it is.`);
}

function packageOf({
  asset,
  supplier,
  originators,
  properties,
}: {
  asset: Described;
  supplier: string;
  originators: string[];
  properties: Property[];
}): AiPackage | DatasetPackage {
  const { id, splitId, facts } = asset;
  const common = {
    spdxId: versionName(id),
    creationInfo: CREATION,
    name: facts.name,
    ...(facts.description !== undefined && { description: facts.description }),
    software_packageVersion: String(id.version),
    software_downloadLocation: facts.downloadLocation,
    releaseTime: formatTime(facts.releasedAt),
    originatedBy: originators,
    externalIdentifier: [
      {
        type: "ExternalIdentifier" as const,
        externalIdentifierType: "other" as const,
        identifier: assetName(id),
        issuingAuthority: "CAIP-19",
      },
    ],
    ...(facts.sha256 !== undefined && {
      verifiedUsing: [{ type: "Hash" as const, algorithm: "sha256", hashValue: facts.sha256.replace("0x", "") }],
    }),
    extension: [
      {
        type: "extension_CdxPropertiesExtension" as const,
        extension_cdxProperty: [property(PROPERTY.splitId, splitId), ...properties],
      },
    ],
  };
  if (asset.kind === "model") {
    const { typesOfModel } = asset.facts;
    return {
      type: "ai_AIPackage",
      ...common,
      software_primaryPurpose: "model",
      suppliedBy: supplier,
      ...(typesOfModel !== undefined && { ai_typeOfModel: typesOfModel }),
    };
  }
  return {
    type: "dataset_DatasetPackage",
    ...common,
    software_primaryPurpose: "data",
    builtTime: formatTime(asset.facts.builtAt),
    dataset_datasetType: asset.facts.types,
  };
}

function lineageProperties({ chainId, builders, upstreams, arbiter }: ModelVersion): Property[] {
  return [
    property(PROPERTY.totalUnits, String(totalOf(builders) + totalOf(upstreams))),
    property(PROPERTY.arbiter, arbiter),
    ...builders.map(({ account, units, evidence }) =>
      property(PROPERTY.builder, `${accountName({ chainId, account })} ${units} ${evidence}`),
    ),
    ...upstreams.map((upstream) =>
      property(PROPERTY.upstream, `${upstream.kind} ${versionName(upstream)} ${upstream.splitId} ${upstream.units}`),
    ),
  ];
}

function property(name: string, value: string): Property {
  return { type: "extension_CdxPropertyEntry", extension_cdxPropName: name, extension_cdxPropValue: value };
}

function agentOf(did: string): Agent {
  return { type: "Agent", spdxId: did, creationInfo: CREATION, name: did.slice(did.lastIndexOf(":") + 1) };
}

/** Each licence expression of the document with the id of its element. */
function licensesOf(root: string, described: readonly Described[]): Map<string, string> {
  const licenses = new Map<string, string>();
  for (const { facts } of described) {
    if (facts.license === undefined || licenses.has(facts.license)) continue;
    if (!isLicenseExpression(facts.license)) {
      throw new RangeError(`"${facts.license}" is no licence expression of SPDX, such as "Apache-2.0 OR MIT".`);
    }
    licenses.set(facts.license, `${root}/license/${licenses.size + 1}`);
  }
  return licenses;
}

function relationshipsOf({
  root,
  version,
  testedOn,
  described,
  licenses,
}: {
  root: string;
  version: ModelVersion;
  testedOn: readonly TestedVersion[];
  described: readonly Described[];
  licenses: ReadonlyMap<string, string>;
}): Relationship[] {
  const relationships: Relationship[] = [];
  const add = (from: string, relationshipType: string, to: string[], isComplete: boolean): void => {
    if (to.length === 0) return;
    relationships.push({
      type: "Relationship",
      spdxId: `${root}/relationship/${relationships.length + 1}`,
      creationInfo: CREATION,
      from,
      relationshipType,
      to: [...new Set(to)],
      ...(isComplete && { completeness: "complete" }),
    });
  };
  for (const kind of ["datanet", "model"] as const) {
    const to = version.upstreams.filter((upstream) => upstream.kind === kind).map(versionName);
    add(root, LINEAGE_RELATIONSHIPS[kind], to, true);
  }
  add(root, "testedOn", testedOn.map(versionName), false);
  for (const { id, facts } of described) {
    const license = facts.license === undefined ? undefined : licenses.get(facts.license);
    for (const type of LICENSE_RELATIONSHIPS) add(versionName(id), type, [license ?? NO_ASSERTION_LICENSE], false);
  }
  return relationships;
}

/** There are one document, and one id for each element. */
function checkOnce(graph: readonly Placed[]): Problem[] {
  const problems: Problem[] = [];
  for (const type of ["CreationInfo", "SpdxDocument"] as const) {
    const count = graph.filter(({ element }) => element.type === type).length;
    if (count !== 1)
      problems.push({ pointer: "/@graph", message: `has ${count} elements of type ${type}: write one.` });
  }
  const seen = new Set<string>();
  for (const { element, at } of graph) {
    const id = idOf(element);
    if (seen.has(id)) {
      const message = `is ${show(id)}, which another element has already: write an id of its own.`;
      problems.push({ pointer: at(element.type === "CreationInfo" ? "@id" : "spdxId"), message });
    }
    seen.add(id);
  }
  return problems;
}

/** All ids lead to elements of the document, of types that can stand there. */
function checkReferences(graph: readonly Placed[], ids: ReadonlySet<string>): Problem[] {
  const types = new Map(graph.map(({ element }) => [idOf(element), element.type]));
  const problems: Problem[] = [];
  const check = (id: string, pointer: string, wanted?: string, allowed?: readonly string[]): void => {
    const type = types.get(id);
    const isFound = ids.has(id) || id.startsWith(SPDX_TERMS);
    const isRight = allowed === undefined ? isFound : type !== undefined && allowed.includes(type);
    if (!isRight)
      problems.push({
        pointer,
        message: `is ${show(id)}: write the id of ${wanted ?? "an element"} of this document.`,
      });
  };
  const AGENTS = ["Agent", "Person", "Organization"];
  for (const { element, at } of graph) {
    const checkAll = (name: string, list: readonly string[], wanted?: string, allowed?: readonly string[]): void => {
      for (const [i, id] of list.entries()) check(id, at(name, i), wanted, allowed);
    };
    if (element.type === "CreationInfo") {
      checkAll("createdBy", element.createdBy, "an agent", AGENTS);
      continue;
    }
    check(element.creationInfo, at("creationInfo"), "the CreationInfo", ["CreationInfo"]);
    switch (element.type) {
      case "SpdxDocument":
        checkAll("rootElement", element.rootElement, "the ai_AIPackage", ["ai_AIPackage"]);
        checkAll("element", element.element);
        break;
      case "Relationship":
        check(element.from, at("from"));
        checkAll("to", element.to);
        break;
      case "ai_AIPackage":
        check(element.suppliedBy, at("suppliedBy"), "an agent", AGENTS);
        checkAll("originatedBy", element.originatedBy, "an agent", AGENTS);
        break;
      case "dataset_DatasetPackage":
        checkAll("originatedBy", element.originatedBy, "an agent", AGENTS);
        break;
      default:
    }
  }
  return problems;
}

/** Times are of the calendar, licences of the list, and packages are named as their ids say. */
function checkValues(graph: readonly Placed[]): Problem[] {
  const problems: Problem[] = [];
  const checkTime = (text: string, pointer: string): void => {
    if (isTime(text)) return;
    const message = `is ${show(text)}: write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".`;
    problems.push({ pointer, message });
  };
  for (const { element, at } of graph) {
    if (element.type === "CreationInfo") checkTime(element.created, at("created"));
    if (element.type === "simplelicensing_LicenseExpression") {
      const expression = element.simplelicensing_licenseExpression;
      if (!isLicenseExpression(expression)) {
        const message = `is ${show(expression)}: write a licence expression of SPDX, such as "Apache-2.0 OR MIT".`;
        problems.push({ pointer: at("simplelicensing_licenseExpression"), message });
      }
    }
    if (element.type === "SpdxDocument") {
      const missing = SPDX_PROFILES.filter((profile) => !element.profileConformance.includes(profile));
      if (missing.length > 0) {
        const message = `is ${show(element.profileConformance)}: write ${missing.join(", ")} as well.`;
        problems.push({ pointer: at("profileConformance"), message });
      }
    }
    if (element.type !== "ai_AIPackage" && element.type !== "dataset_DatasetPackage") continue;
    checkTime(element.releaseTime, at("releaseTime"));
    if (element.type === "dataset_DatasetPackage") checkTime(element.builtTime, at("builtTime"));
    problems.push(...checkPackageName({ element, at }));
  }
  return problems;
}

function checkPackageName({ element, at }: Placed<AiPackage | DatasetPackage>): Problem[] {
  const { spdxId, software_packageVersion: version, software_downloadLocation: location, externalIdentifier } = element;
  const id = parseVersionName(spdxId);
  if (id === undefined) {
    const message = `is ${show(spdxId)}: write the version's name, such as "eip155:1/erc721:0x…/7#2", with the right checksum.`;
    return [{ pointer: at("spdxId"), message }];
  }
  const problems: Problem[] = [];
  if (version !== String(id.version)) {
    problems.push({
      pointer: at("software_packageVersion"),
      message: `is ${show(version)}: write "${id.version}", as the spdxId says.`,
    });
  }
  const [{ identifier }] = externalIdentifier;
  if (identifier !== assetName(id)) {
    const message = `is ${show(identifier)}: write "${assetName(id)}", as the spdxId says.`;
    problems.push({ pointer: at("externalIdentifier", 0, "identifier"), message });
  }
  if (!URL.canParse(location)) {
    const message = `is ${show(location)}: write a URI, such as "ipfs://…".`;
    problems.push({ pointer: at("software_downloadLocation"), message });
  }
  return problems;
}

/** Both profiles ask for exactly one declared and one concluded licence of each package. */
function checkLicenses(graph: readonly Placed[]): Problem[] {
  const problems: Problem[] = [];
  const expressions = new Set(
    graph
      .filter(({ element }) => element.type === "simplelicensing_LicenseExpression")
      .map(({ element }) => idOf(element)),
  );
  for (const { element, at } of graph) {
    if (element.type === "Relationship" && LICENSE_RELATIONSHIPS.includes(element.relationshipType)) {
      for (const [i, id] of element.to.entries()) {
        if (expressions.has(id) || id.startsWith(SPDX_TERMS)) continue;
        problems.push({
          pointer: at("to", i),
          message: `is ${show(id)}: write the id of a licence expression of this document.`,
        });
      }
    }
    if (element.type !== "ai_AIPackage" && element.type !== "dataset_DatasetPackage") continue;
    for (const type of LICENSE_RELATIONSHIPS) {
      const count = relationshipsFrom(graph, element.spdxId, type).length;
      if (count === 1) continue;
      const message = `has ${count} relationships of type ${type}: write one, to a licence or to ${NO_ASSERTION_LICENSE}.`;
      problems.push({ pointer: at(), message });
    }
  }
  return problems;
}

/** The model's parts make the split it names, and everything it pays is in the document and related to it. */
function checkLineage(graph: readonly Placed[], expected: ModelVersion | undefined): Problem[] {
  const rootId = graph.map(({ element }) => element).find((element) => element.type === "SpdxDocument")?.rootElement[0];
  for (const { element, at } of graph) {
    if (element.type !== "ai_AIPackage" || element.spdxId !== rootId) continue;
    const lineage = readLineage({ element, at });
    if (Array.isArray(lineage)) return lineage;
    return [
      ...checkSplit({ element, at }, lineage),
      ...checkUpstreams({ element, at }, lineage, graph),
      ...compare({ element, at }, lineage, expected),
    ];
  }
  return [];
}

/** What the properties of a model's extension say. */
interface StatedLineage {
  splitId: string;
  totalUnits: bigint;
  arbiter: string;
  builders: (Earner & { did: string })[];
  upstreams: UpstreamVersion[];
}

const EXTENSION = ["extension", 0, "extension_cdxProperty"] as const;

function readLineage({ element, at }: Placed<AiPackage>): StatedLineage | Problem[] {
  const stated: StatedLineage = { splitId: "", totalUnits: -1n, arbiter: "", builders: [], upstreams: [] };
  const problems: Problem[] = [];
  const chainId = parseVersionName(element.spdxId)?.chainId;
  for (const [i, entry] of element.extension[0].extension_cdxProperty.entries()) {
    const { extension_cdxPropName: name, extension_cdxPropValue: value } = entry;
    const refuse = (wanted: string): void => {
      problems.push({
        pointer: at(...EXTENSION, i, "extension_cdxPropValue"),
        message: `is ${show(value)}: write ${wanted}.`,
      });
    };
    if (name === PROPERTY.splitId) {
      if (/^0x[0-9a-f]{64}$/.test(value)) stated.splitId = value;
      else refuse("32 bytes of hex in small letters behind 0x");
    } else if (name === PROPERTY.totalUnits) {
      if (/^[1-9]\d{0,38}$/.test(value)) stated.totalUnits = BigInt(value);
      else refuse('the sum of all units, such as "100"');
    } else if (name === PROPERTY.arbiter) {
      if (isChecksummed(value)) stated.arbiter = value;
      else refuse("an address with the right checksum");
    } else if (name === PROPERTY.builder) {
      const [, did = "", units = "", evidence = ""] = BUILDER.exec(value) ?? [];
      const account = parseAccountName(did);
      if (account !== undefined && account.chainId === chainId) {
        stated.builders.push({ did, account: account.account, units: BigInt(units), evidence });
      } else refuse("an account on the model's chain, its units and its evidence with spaces between them");
    } else if (name === PROPERTY.upstream) {
      const [, kind = "", version = "", splitId = "", units = ""] = UPSTREAM.exec(value) ?? [];
      const id = parseVersionName(version);
      if (id !== undefined && id.chainId === chainId) {
        stated.upstreams.push({ ...id, kind: kind === "model" ? "model" : "datanet", splitId, units: BigInt(units) });
      } else
        refuse(
          '"datanet" or "model", the name of a version on the model\'s chain, its split and its units with spaces between them',
        );
    }
  }
  for (const [name, isMissing] of [
    [PROPERTY.splitId, stated.splitId === ""],
    [PROPERTY.totalUnits, stated.totalUnits < 0n],
    [PROPERTY.arbiter, stated.arbiter === ""],
  ] as const) {
    if (isMissing && problems.length === 0) {
      problems.push({ pointer: at(...EXTENSION), message: `has no property ${name}: write it.` });
    }
  }
  return problems.length > 0 ? problems : stated;
}

function checkSplit({ element, at }: Placed<AiPackage>, lineage: StatedLineage): Problem[] {
  const problems: Problem[] = [];
  const dids = new Set(lineage.builders.map(({ did }) => did));
  for (const did of dids) {
    if (element.originatedBy.includes(did)) continue;
    problems.push({
      pointer: at("originatedBy"),
      message: `is ${show(element.originatedBy)}: write "${did}", who is a builder, as well.`,
    });
  }
  const sum = totalOf(lineage.builders) + totalOf(lineage.upstreams);
  if (sum !== lineage.totalUnits || sum > MAX_UNITS) {
    const message = `has builders and upstream versions with ${sum} of ${lineage.totalUnits} units: write all of them, whose units add up to 100 %.`;
    return [...problems, { pointer: at(...EXTENSION), message }];
  }
  const made = modelSplitId(lineage);
  if (made !== lineage.splitId) {
    const message = `says ${PROPERTY.splitId} ${lineage.splitId}, but its lines make ${made}: write the version's own lines and id.`;
    problems.push({ pointer: at(...EXTENSION), message });
  }
  return problems;
}

function checkUpstreams(
  { element, at }: Placed<AiPackage>,
  { upstreams }: StatedLineage,
  graph: readonly Placed[],
): Problem[] {
  const problems: Problem[] = [];
  for (const upstream of upstreams) {
    const name = versionName(upstream);
    const wanted = upstream.kind === "model" ? "ai_AIPackage" : "dataset_DatasetPackage";
    const found = graph.find((placed) => placed.element.type === wanted && idOf(placed.element) === name);
    if (found === undefined) {
      problems.push({ pointer: "/@graph", message: `has no ${wanted} ${name}, which the model pays: write it.` });
      continue;
    }
    const stated = splitIdOf(found.element);
    if (stated !== upstream.splitId) {
      const message = `says ${PROPERTY.splitId} ${stated}: write "${upstream.splitId}", which the model pays.`;
      problems.push({ pointer: found.at(...EXTENSION), message });
    }
    const type = LINEAGE_RELATIONSHIPS[upstream.kind];
    const isRelated = relationshipsFrom(graph, element.spdxId, type).some(({ to }) => to.includes(name));
    if (!isRelated) {
      problems.push({ pointer: at(), message: `pays ${name}: write a relationship ${type} from the model to it.` });
    }
  }
  for (const kind of ["datanet", "model"] as const) {
    const type = LINEAGE_RELATIONSHIPS[kind];
    const paid = new Set(upstreams.filter((upstream) => upstream.kind === kind).map(versionName));
    for (const id of relationshipsFrom(graph, element.spdxId, type).flatMap(({ to }) => to)) {
      if (paid.has(id)) continue;
      const message = `is ${type} ${id}, which its split does not pay: write only what is in the split.`;
      problems.push({ pointer: at(), message });
    }
  }
  return problems;
}

function compare({ element, at }: Placed<AiPackage>, lineage: StatedLineage, expected?: ModelVersion): Problem[] {
  if (expected === undefined) return [];
  if (element.spdxId !== versionName(expected)) {
    const message = `is ${show(element.spdxId)}, but the chain was asked about "${versionName(expected)}": write that, or check against the other version.`;
    return [{ pointer: at("spdxId"), message }];
  }
  if (lineage.splitId !== expected.splitId) {
    const message = `says ${PROPERTY.splitId} ${lineage.splitId}: write "${expected.splitId}", which is this version's split on the chain.`;
    return [{ pointer: at(...EXTENSION), message }];
  }
  return [];
}

function relationshipsFrom(graph: readonly Placed[], from: string, type: string): Relationship[] {
  return graph
    .map(({ element }) => element)
    .filter((element) => element.type === "Relationship")
    .filter((element) => element.from === from && element.relationshipType === type);
}

function splitIdOf(element: SpdxElement): string {
  const properties = "extension" in element ? element.extension[0].extension_cdxProperty : [];
  const found = properties.find(({ extension_cdxPropName: name }) => name === PROPERTY.splitId);
  return found?.extension_cdxPropValue ?? "nothing";
}

function idOf(element: SpdxElement): string {
  return element.type === "CreationInfo" ? element["@id"] : element.spdxId;
}

/** Ids of all elements, those of other types too. */
function idsOf(graph: readonly object[]): Set<string> {
  const ids = graph.flatMap((item) => Object.entries(item).filter(([name]) => name === "spdxId" || name === "@id"));
  return new Set(ids.map(([, id]) => String(id)));
}
