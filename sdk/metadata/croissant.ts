import { getAddress, id as hashOf, sha256 } from "ethers";

import { type Content, ContentTree, evidenceOf } from "../content.ts";
import { type Share, ShareKind } from "../share.ts";
import { type DatanetVersion, datanetSplitIds, type Earner, MAX_UNITS, totalOf } from "./assetVersion.ts";
import {
  CONTRIBUTION_FIELDS,
  CONTRIBUTIONS,
  type ContributionRow,
  type Creator,
  CROISSANT_1_1,
  CROISSANT_CONTEXT,
  CROISSANT_SCHEMA,
  type CroissantDocument,
  type FileObject,
  type RecordSet,
  type WrappingShare,
} from "./croissantSchema.ts";
import { formatTime, isTime } from "./dates.ts";
import { licenseOfPage, licensePage } from "./license.ts";
import { accountName, chainName, isChecksummed, parseAccountName, parseVersionName, versionName } from "./names.ts";
import { createShapeCheck, pointerTo, type Problem, show } from "./problem.ts";

/** A contribution whose content is published, as the registry got it. */
export interface PublishedContribution {
  /** Place in the log. */
  index: number;
  content: Content;
  uri: string;
  /** The content itself. */
  bytes: Uint8Array;
  /** File name; the last part of the URI by default. */
  name?: string;
  /** Media type; text/plain by default. */
  encodingFormat?: string;
  /** SPDX identifier, if that is what the contributor signed. */
  license?: string;
}

/** What only people can say about a Datanet. */
export interface DatanetFacts {
  name: string;
  description: string;
  /** SPDX identifiers of the licences that the contributions have. */
  licenses: string[];
  /** The Datanet's page on the web. */
  url: string;
  keywords?: string[];
  /** Who is behind an account, if that is known. */
  contributors?: ReadonlyMap<string, { name: string; type: "Person" | "Organization" }>;
}

/** What a document can be compared with. */
export interface CroissantReferences {
  /** The version on the chain. */
  version?: DatanetVersion;
  /** When it was published, in seconds since 1970. */
  publishedAt?: bigint;
  /** Contents by their index in the log. */
  texts?: ReadonlyMap<number, Uint8Array>;
}

const checkShape = createShapeCheck<CroissantDocument>(CROISSANT_SCHEMA);

/**
 * A Croissant 1.1 document of a Datanet version.
 *
 * @throws RangeError if a licence is unknown, no contribution is given, or one is not what the log has at its index.
 */
export function makeCroissant({
  version,
  facts,
  contributions,
  publishedAt,
}: {
  version: DatanetVersion;
  facts: DatanetFacts;
  contributions: readonly PublishedContribution[];
  publishedAt: bigint;
}): CroissantDocument {
  const { chainId, registry, id, arbiter, splitId, logSplitId } = version;
  if (contributions.length === 0)
    throw new RangeError("A Croissant document needs at least one published contribution.");
  const document: CroissantDocument = {
    "@context": CROISSANT_CONTEXT,
    "@type": "sc:Dataset",
    "@id": versionName(version),
    conformsTo: CROISSANT_1_1,
    name: facts.name,
    description: facts.description,
    license: facts.licenses.map(licensePage),
    url: facts.url,
    creator: creatorsOf(version, facts.contributors),
    datePublished: formatTime(publishedAt),
    version: `${version.version}.0.0`,
    isLiveDataset: false,
    citeAs: citationOf({ version, facts, publishedAt }),
    ...(facts.keywords !== undefined && { keywords: facts.keywords }),
    distribution: contributions.map((contribution) => fileOf(version, contribution)),
    recordSet: [recordSetOf(version)],
    "oal:datanetVersion": {
      "@type": "oal:DatanetVersion",
      "oal:chain": chainName(chainId),
      "oal:registry": getAddress(registry),
      "oal:id": String(id),
      "oal:version": version.version,
      "oal:splitId": splitId,
      "oal:logSplitId": logSplitId,
      "oal:arbiter": arbiter,
      "oal:totalUnits": String(totalOf(version.contributions)),
      ...(version.wrapping.length > 0 && { "oal:wrapping": version.wrapping.map((share) => wrapOf(chainId, share)) }),
    },
  };
  return document;
}

/** What is wrong with a Croissant document of a Datanet version; nothing if it is right. */
export function checkCroissant(value: unknown, references: CroissantReferences = {}): Problem[] {
  const shape = checkShape(value);
  if ("problems" in shape) return shape.problems;
  const { document } = shape;
  return [
    ...checkFacts(document),
    ...checkCreators(document),
    ...checkRows(document),
    ...checkFiles(document),
    ...checkIdentity(document),
    ...compare(document, references),
  ];
}

function creatorsOf({ chainId, contributions }: DatanetVersion, people: DatanetFacts["contributors"]): Creator[] {
  const units = new Map<string, bigint>();
  for (const { account, units: added } of contributions) {
    if (added > 0n) units.set(account, (units.get(account) ?? 0n) + added);
  }
  return [...units].map(([account, sum]) => {
    const known = people?.get(account);
    const did = accountName({ chainId, account });
    return {
      "@type": known?.type === "Organization" ? "sc:Organization" : "sc:Person",
      "@id": did,
      name: known?.name ?? did.slice(did.lastIndexOf(":") + 1),
      "oal:units": String(sum),
    };
  });
}

function citationOf({
  version,
  facts,
  publishedAt,
}: {
  version: DatanetVersion;
  facts: DatanetFacts;
  publishedAt: bigint;
}): string {
  const year = formatTime(publishedAt).slice(0, 4);
  const key = `datanet${version.id}v${version.version}`;
  const title = facts.name.replaceAll(/[{}\\]/g, "");
  return `@misc{${key}, title={${title}, version ${version.version}}, year={${year}}, howpublished={${versionName(version)}}, url={${facts.url}}}`;
}

function fileOf(version: DatanetVersion, contribution: PublishedContribution): FileObject {
  const { index, content, uri, bytes, name, encodingFormat = "text/plain", license } = contribution;
  const earner = version.contributions.at(index);
  const where = `Contribution ${index}`;
  if (earner === undefined)
    throw new RangeError(`${where} is not in the log, which has ${version.contributions.length}.`);
  if (earner.units === 0n) throw new RangeError(`${where} was revoked and is no part of version ${version.version}.`);
  if (evidenceOf(content) !== earner.evidence)
    throw new RangeError(`${where} is not the content that the log has there.`);
  if (hashOf(uri) !== content.uriHash) throw new RangeError(`${where} was not signed with the URI ${uri}.`);
  if (ContentTree.from(bytes).contentRoot !== content.contentRoot) {
    throw new RangeError(`${where} has other bytes than those that were signed.`);
  }
  if (license !== undefined && hashOf(license) !== content.licenseHash) {
    throw new RangeError(`${where} was not signed with the licence ${license}.`);
  }
  return {
    "@type": "cr:FileObject",
    "@id": `${CONTRIBUTIONS}/${index}`,
    name: name ?? uri.slice(uri.lastIndexOf("/") + 1),
    contentUrl: uri,
    contentSize: `${bytes.length} B`,
    encodingFormat,
    sha256: sha256(bytes).slice(2),
    ...(license !== undefined && { license: licensePage(license) }),
    creator: { "@id": accountName({ chainId: version.chainId, account: earner.account }) },
    "oal:index": index,
    "oal:contentRoot": content.contentRoot,
    "oal:licenseHash": content.licenseHash,
  };
}

function recordSetOf({ chainId, contributions }: DatanetVersion): RecordSet {
  const field = (id: string, dataType: string, description: string): RecordSet["field"][number] => ({
    "@type": "cr:Field",
    "@id": id,
    name: id.slice(CONTRIBUTIONS.length + 1),
    description,
    dataType,
  });
  return {
    "@type": "cr:RecordSet",
    "@id": CONTRIBUTIONS,
    name: CONTRIBUTIONS,
    description: "The log of the Datanet up to this version, in its order.",
    key: { "@id": CONTRIBUTION_FIELDS.index },
    field: [
      field(CONTRIBUTION_FIELDS.index, "sc:Integer", "Place in the log."),
      field(CONTRIBUTION_FIELDS.contributor, "sc:Text", "Account that is paid, as a did:pkh."),
      field(CONTRIBUTION_FIELDS.units, "sc:Text", "Part of the version's total units; 0 if it was revoked."),
      field(CONTRIBUTION_FIELDS.evidence, "sc:Text", "EIP-712 struct hash of the content."),
    ],
    data: contributions.map(({ account, units, evidence }, index) => ({
      "contributions/index": index,
      "contributions/contributor": accountName({ chainId, account }),
      "contributions/units": String(units),
      "contributions/evidence": evidence,
    })),
  };
}

function wrapOf(chainId: bigint, { kind, recipient, units, evidence }: Share): WrappingShare {
  const name = kind === ShareKind.Account ? accountName({ chainId, account: recipient }) : recipient;
  return { "oal:recipient": name, "oal:units": String(units), "oal:evidence": evidence };
}

function checkFacts(document: CroissantDocument): Problem[] {
  const problems: Problem[] = [];
  const { conformsTo, license, url, datePublished } = document;
  if (![conformsTo].flat().includes(CROISSANT_1_1)) {
    problems.push({ pointer: "/conformsTo", message: `is ${show(conformsTo)}: write "${CROISSANT_1_1}".` });
  }
  for (const [i, page] of [license].flat().entries()) {
    const pointer = Array.isArray(license) ? pointerTo("license", i) : "/license";
    if (licenseOfPage(page) === undefined) problems.push({ pointer, message: licenseMessage(page) });
  }
  if (!URL.canParse(url)) {
    problems.push({
      pointer: "/url",
      message: `is ${show(url)}: write a whole address, such as "https://example.org/data".`,
    });
  }
  if (!isTime(datePublished)) {
    const message = `is ${show(datePublished)}: write a time of the calendar in UTC, such as "2026-03-01T12:00:00Z".`;
    problems.push({ pointer: "/datePublished", message });
  }
  return problems;
}

function checkCreators({ creator, "oal:datanetVersion": onChain, recordSet }: CroissantDocument): Problem[] {
  const problems: Problem[] = [];
  const units = new Map<string, bigint>();
  for (const row of recordSet[0].data) {
    const contributor = row[CONTRIBUTION_FIELDS.contributor];
    units.set(contributor, (units.get(contributor) ?? 0n) + BigInt(row[CONTRIBUTION_FIELDS.units]));
  }
  const seen = new Set<string>();
  for (const [i, { "@id": did, "oal:units": written }] of creator.entries()) {
    const pointer = pointerTo("creator", i, "@id");
    if (parseAccountName(did) === undefined || !did.startsWith(`did:pkh:${onChain["oal:chain"]}:`)) {
      const message = `is ${show(did)}: write an account on ${onChain["oal:chain"]} with the right checksum.`;
      problems.push({ pointer, message });
    } else if (seen.has(did)) {
      problems.push({ pointer, message: `is ${show(did)}, which another creator has already: write each once.` });
    } else if (BigInt(written) !== (units.get(did) ?? 0n)) {
      const message = `is ${show(written)}: write "${units.get(did) ?? 0n}", the sum of this creator's lines of the log.`;
      problems.push({ pointer: pointerTo("creator", i, "oal:units"), message });
    }
    seen.add(did);
  }
  const sum = totalOf(creator.map(({ "oal:units": written }) => ({ units: BigInt(written) })));
  const total = BigInt(onChain["oal:totalUnits"]);
  if (sum !== total) {
    const message = `has ${sum} of ${total} units: write all contributors, whose units add up to 100 %.`;
    problems.push({ pointer: "/creator", message });
  }
  return problems;
}

function checkRows({ recordSet, "oal:datanetVersion": onChain }: CroissantDocument): Problem[] {
  const problems: Problem[] = [];
  for (const [i, row] of recordSet[0].data.entries()) {
    const at = (field: keyof ContributionRow): string => pointerTo("recordSet", 0, "data", i, field);
    if (row[CONTRIBUTION_FIELDS.index] !== i) {
      const message = `is ${row[CONTRIBUTION_FIELDS.index]}: write ${i}, as the lines are all there and in the order of the log.`;
      problems.push({ pointer: at(CONTRIBUTION_FIELDS.index), message });
    }
    const contributor = row[CONTRIBUTION_FIELDS.contributor];
    if (parseAccountName(contributor) === undefined || !contributor.startsWith(`did:pkh:${onChain["oal:chain"]}:`)) {
      const message = `is ${show(contributor)}: write an account on ${onChain["oal:chain"]} with the right checksum.`;
      problems.push({ pointer: at(CONTRIBUTION_FIELDS.contributor), message });
    }
  }
  return problems;
}

function checkFiles({ distribution, recordSet }: CroissantDocument): Problem[] {
  const problems: Problem[] = [];
  const ids = new Set<string>();
  for (const [i, file] of distribution.entries()) {
    const at = (name: keyof FileObject): string => pointerTo("distribution", i, name);
    const { "@id": id, "oal:index": index, license, creator } = file;
    if (ids.has(id)) {
      problems.push({
        pointer: at("@id"),
        message: `is ${show(id)}, which another file has already: write an id of its own.`,
      });
    }
    ids.add(id);
    if (license !== undefined && licenseOfPage(license) === undefined) {
      problems.push({ pointer: at("license"), message: licenseMessage(license) });
    } else if (license !== undefined && hashOf(licenseOfPage(license) ?? "") !== file["oal:licenseHash"]) {
      const message = `is ${show(license)}, which is not what oal:licenseHash is the hash of: write the licence that was signed.`;
      problems.push({ pointer: at("license"), message });
    }
    const row = recordSet[0].data.at(index);
    if (row === undefined || row[CONTRIBUTION_FIELDS.units] === "0") {
      const message = `is ${index}: write the index of a contribution that has units in the log.`;
      problems.push({ pointer: at("oal:index"), message });
      continue;
    }
    if (creator["@id"] !== row[CONTRIBUTION_FIELDS.contributor]) {
      const message = `is ${show(creator["@id"])}: write "${row[CONTRIBUTION_FIELDS.contributor]}", who has this line of the log.`;
      problems.push({ pointer: pointerTo("distribution", i, "creator", "@id"), message });
    }
    const evidence = evidenceOf({
      contentRoot: file["oal:contentRoot"],
      byteLength: byteLengthOf(file),
      licenseHash: file["oal:licenseHash"],
      uriHash: hashOf(file.contentUrl),
    });
    if (evidence !== row[CONTRIBUTION_FIELDS.evidence]) {
      const message =
        `has the evidence ${evidence}, but the log has ${row[CONTRIBUTION_FIELDS.evidence]} at ${index}: ` +
        "write contentUrl, contentSize, oal:contentRoot and oal:licenseHash as they were signed.";
      problems.push({ pointer: pointerTo("distribution", i), message });
    }
  }
  return problems;
}

function checkIdentity(document: CroissantDocument): Problem[] {
  const { "@id": name, version, "oal:datanetVersion": onChain } = document;
  const problems: Problem[] = [];
  const wanted = `${onChain["oal:chain"]}/erc721:${onChain["oal:registry"]}/${onChain["oal:id"]}#${onChain["oal:version"]}`;
  if (parseVersionName(wanted) === undefined) {
    const message = `is ${show(onChain["oal:registry"])}: write the address with the right checksum.`;
    problems.push({ pointer: "/oal:datanetVersion/oal:registry", message });
  } else if (name !== wanted) {
    problems.push({ pointer: "/@id", message: `is ${show(name)}: write "${wanted}", as oal:datanetVersion says.` });
  }
  if (version !== `${onChain["oal:version"]}.0.0`) {
    problems.push({ pointer: "/version", message: `is ${show(version)}: write "${onChain["oal:version"]}.0.0".` });
  }
  return [...problems, ...checkSplits(document)];
}

/** The log and what is around it must make the splits that the document names. */
function checkSplits({ recordSet, "oal:datanetVersion": onChain }: CroissantDocument): Problem[] {
  const contributions: Earner[] = [];
  for (const row of recordSet[0].data) {
    const parsed = parseAccountName(row[CONTRIBUTION_FIELDS.contributor]);
    // Said already, where it stands.
    if (parsed === undefined) return [];
    const [units, evidence] = [BigInt(row[CONTRIBUTION_FIELDS.units]), row[CONTRIBUTION_FIELDS.evidence]];
    contributions.push({ account: parsed.account, units, evidence });
  }
  const wrapping: Share[] = [];
  for (const [i, line] of (onChain["oal:wrapping"] ?? []).entries()) {
    const { "oal:recipient": recipient, "oal:units": units, "oal:evidence": evidence } = line;
    const account = parseAccountName(recipient)?.account;
    if (account === undefined && recipient !== onChain["oal:logSplitId"]) {
      const pointer = pointerTo("oal:datanetVersion", "oal:wrapping", i, "oal:recipient");
      return [{ pointer, message: `is ${show(recipient)}: write an account, or the id of the log's split.` }];
    }
    const kind = account === undefined ? ShareKind.Split : ShareKind.Account;
    wrapping.push({ kind, recipient: account ?? recipient, units: BigInt(units), evidence });
  }
  if (totalOf(contributions) > MAX_UNITS || totalOf(wrapping) > MAX_UNITS) {
    const message = `is of units above ${MAX_UNITS}: write the version's own lines, which no split can have more of.`;
    return [{ pointer: pointerTo("oal:datanetVersion"), message }];
  }
  if (!isChecksummed(onChain["oal:arbiter"])) {
    const message = `is ${show(onChain["oal:arbiter"])}: write the address with the right checksum.`;
    return [{ pointer: pointerTo("oal:datanetVersion", "oal:arbiter"), message }];
  }
  const made = datanetSplitIds({ contributions, wrapping, arbiter: onChain["oal:arbiter"] });
  for (const [term, id] of [["oal:logSplitId", made.logSplitId] as const, ["oal:splitId", made.splitId] as const]) {
    if (onChain[term] === id) continue;
    const message = `is ${show(onChain[term])}, but the lines of this document make ${id}: write the version's own lines and ids.`;
    return [{ pointer: pointerTo("oal:datanetVersion", term), message }];
  }
  return [];
}

function compare(document: CroissantDocument, { version, publishedAt, texts }: CroissantReferences): Problem[] {
  const problems: Problem[] = [];
  const { "oal:datanetVersion": onChain, distribution, datePublished } = document;
  if (version !== undefined && document["@id"] !== versionName(version)) {
    const message = `is ${show(document["@id"])}, but the chain was asked about "${versionName(version)}": write that, or check against the other version.`;
    problems.push({ pointer: "/@id", message });
  } else if (version !== undefined && onChain["oal:splitId"] !== version.splitId) {
    const message = `is ${show(onChain["oal:splitId"])}: write "${version.splitId}", which is this version's split on the chain.`;
    problems.push({ pointer: "/oal:datanetVersion/oal:splitId", message });
  }
  if (publishedAt !== undefined && datePublished !== formatTime(publishedAt)) {
    const message = `is ${show(datePublished)}: write "${formatTime(publishedAt)}", when the version was published.`;
    problems.push({ pointer: "/datePublished", message });
  }
  for (const [i, file] of distribution.entries()) {
    const bytes = texts?.get(file["oal:index"]);
    if (bytes !== undefined) problems.push(...checkText(file, bytes, i));
  }
  return problems;
}

function checkText(file: FileObject, bytes: Uint8Array, i: number): Problem[] {
  if (bytes.length === 0) {
    return [
      { pointer: pointerTo("distribution", i), message: "has an empty file: publish the content that was signed." },
    ];
  }
  const facts = [
    ["contentSize", `${bytes.length} B`],
    ["sha256", sha256(bytes).slice(2)],
    ["oal:contentRoot", ContentTree.from(bytes).contentRoot],
  ] as const;
  return facts.flatMap(([name, wanted]) => {
    if (file[name] === wanted) return [];
    const message = `is ${show(file[name])}, but the file has "${wanted}": publish the content that was signed.`;
    return [{ pointer: pointerTo("distribution", i, name), message }];
  });
}

function licenseMessage(page: string): string {
  return `is ${show(page)}: write the page of a licence of the SPDX list, such as https://spdx.org/licenses/CC-BY-4.0.html.`;
}

function byteLengthOf({ contentSize }: FileObject): bigint {
  return BigInt(contentSize.slice(0, -" B".length));
}
