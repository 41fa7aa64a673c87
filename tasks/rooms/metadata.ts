import { writeFile } from "node:fs/promises";
import path from "node:path";

import { id as hashOfText, Interface, keccak256, toUtf8Bytes, ZeroHash } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { ContentTree } from "../../sdk/content.ts";
import { readEvents } from "../../sdk/contractEvents.ts";
import {
  type DatanetVersion,
  type ModelVersion,
  readDatanetVersion,
  readModelVersion,
} from "../../sdk/metadata/assetVersion.ts";
import { canonicalBytes } from "../../sdk/metadata/canonical.ts";
import { checkCroissant, makeCroissant } from "../../sdk/metadata/croissant.ts";
import { checkDocument, type Checked } from "../../sdk/metadata/document.ts";
import { makeModelCard, type OfferedService } from "../../sdk/metadata/modelCard.ts";
import { versionName } from "../../sdk/metadata/names.ts";
import { formatProblem, type Problem } from "../../sdk/metadata/problem.ts";
import {
  checkSpdx,
  type DatasetFacts,
  makeSpdx,
  type ModelFacts,
  type UpstreamFacts,
} from "../../sdk/metadata/spdx.ts";
import { DATANET_EVENTS, LINEAGE_EVENTS, SERVICE_EVENTS } from "../../sdk/registryEvents.ts";
import type { RegistryState } from "../../sdk/registryState.ts";
import { type AboutModel, type AboutUpstream, readAboutDatanet, readAboutModel } from "../lib/about.ts";
import type { Context } from "../lib/context.ts";
import { readBytes } from "../lib/files.ts";
import type { Report } from "../lib/outcome.ts";
import { type AssetRef, formatAsset } from "../lib/references.ts";
import type { Runs } from "../rooms.ts";
import type { METADATA_VERBS } from "../verbs/metadata.ts";

const DESCRIPTIONS = new Interface([
  "event AssetDescribed(uint256 indexed id, string metadataURI, bytes32 metadataHash)",
]);

export const runs: Runs<typeof METADATA_VERBS> = {
  datanet: async (context, { datanet, about: file, out }) => {
    const about = await readAboutDatanet(file);
    const version = await datanetVersion(context, await context.registries(), datanet);
    const contributions = await Promise.all(
      about.files.map(async ({ file: name, ...published }) => {
        const bytes = await readBytes(path.resolve(path.dirname(file), name));
        if (bytes.length === 0) throw new UserError(`${name} is empty, which no contribution is.`);
        const { contentRoot, byteLength } = ContentTree.from(bytes);
        const licenseHash = hashOfText(published.license);
        const content = {
          contentRoot,
          byteLength: BigInt(byteLength),
          licenseHash,
          uriHash: hashOfText(published.uri),
        };
        return { ...published, content, bytes };
      }),
    );
    const publishedAt = await datanetPublishedAt(context, version);
    const document = orUserError(() => makeCroissant({ version, facts: about, contributions, publishedAt }));
    refuseProblems(file, checkCroissant(document, { version, publishedAt }));
    return await written(out, canonicalBytes(document));
  },

  model: async (context, { model, about: file, out }) => {
    const about = await readAboutModel(file);
    const version = await modelVersion(context, await context.registries(), model);
    const { publisher, publishedAt } = await publicationOf(context, version);
    const facts = { ...about, supplier: publisher, releasedAt: publishedAt };
    const upstream = await upstreamFacts(context, version, about);
    const made = { version, facts, upstream, creator: publisher, createdAt: await context.now() };
    const document = orUserError(() => makeSpdx(made));
    refuseProblems(file, checkSpdx(document, version));
    return await written(out, canonicalBytes(document));
  },

  card: async (context, { model, about: file, out }) => {
    const about = await readAboutModel(file);
    const state = await context.registries();
    const version = await modelVersion(context, state, model);
    const { models } = context.protocol;
    const terms = await models.termsOf(version.id);
    const count = Number(await models.latestVersion(version.id));
    const versions = await Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const { publishedAt } = await models.publicationOf(version.id, i + 1);
        return { version: i + 1, publishedAt, splitId: await models.splitOf(version.id, i + 1) };
      }),
    );
    const upstream = await upstreamFacts(context, version, about);
    const repositories = new Map(
      version.upstreams.flatMap((line) => {
        const repository = aboutUpstream(about, line).repository;
        return repository === undefined ? [] : [[versionName(line), repository] as const];
      }),
    );
    const { ledger } = context.deployment.contracts;
    const services = await servicesOf(context, version.id);
    const made = { version, state, facts: { ...about, repositories }, upstream, terms, versions, ledger, services };
    return await written(out, toUtf8Bytes(orUserError(() => makeModelCard(made))));
  },

  check: async (context, { file, asset }) => {
    const bytes = await readBytes(file);
    const checked = checkDocument({
      bytes,
      ...(asset !== undefined && (await referencesOf(context, asset))),
    });
    const { kind } = checked;
    const problems = [...kindProblems(kind, asset), ...checked.problems];
    const isWrong = problems.length > 0;
    const says = isWrong ? [`${file} is not right:`, ...problems.map(formatProblem)] : [`${file} is right.`];
    return { says, result: { kind, correct: !isWrong, problems }, isWrong };
  },
};

/** Whether a document is about another kind of asset than the one that it is compared with. */
function kindProblems(kind: Checked["kind"], asset: AssetRef | undefined): Problem[] {
  if (asset?.kind === "datanet" && kind === "spdx") {
    return [{ pointer: "", message: "is an SPDX document: Datanets have Croissant documents, models those of SPDX." }];
  }
  if (asset?.kind === "model" && kind === "croissant") {
    return [{ pointer: "", message: "is no SPDX document: Datanets have Croissant documents, models those of SPDX." }];
  }
  return [];
}

/** What a document about an asset is compared with. */
async function referencesOf(
  context: Context,
  asset: AssetRef,
): Promise<Pick<Parameters<typeof checkDocument>[0], "croissant" | "model" | "metadataHash">> {
  if (asset.kind === "agent") throw new UserError("Agents have no such documents. Name a Datanet or a model.");
  const state = await context.registries();
  const metadataHash = await committedHash(context, asset);
  if (asset.kind === "model") return { metadataHash, model: await modelVersion(context, state, asset) };
  const version = await datanetVersion(context, state, asset);
  return { metadataHash, croissant: { version, publishedAt: await datanetPublishedAt(context, version) } };
}

async function datanetVersion(context: Context, state: RegistryState, asset: AssetRef): Promise<DatanetVersion> {
  const { id, version } = await context.version(asset);
  const registry = context.deployment.contracts.datanets;
  const splitId = await splitOf(context, { ...asset, version });
  return readDatanetVersion({ state, chainId: context.chainId, registry, id, version: Number(version), splitId });
}

async function modelVersion(context: Context, state: RegistryState, asset: AssetRef): Promise<ModelVersion> {
  const { id, version } = await context.version(asset);
  const { models, datanets } = context.deployment.contracts;
  const splitId = await splitOf(context, { ...asset, version });
  const named = { id, version: Number(version), splitId };
  return orUserError(() => readModelVersion({ state, chainId: context.chainId, models, datanets, ...named }));
}

async function splitOf(context: Context, asset: AssetRef & { version: bigint }): Promise<string> {
  const ask = async (): Promise<string> => await context.registryOf(asset).splitOf(asset.id, asset.version);
  return await context.orRefusal(`Asks for the split of ${formatAsset(asset)}.`, ask);
}

/** The hash of the newest document that an asset's owner pointed to. */
async function committedHash(context: Context, asset: AssetRef): Promise<string> {
  const { id, version } = await context.version(asset);
  const range = await context.eventsOf(asset.kind === "model" ? "models" : "datanets");
  const described = await readEvents({ ...range, events: DESCRIPTIONS });
  const published = asset.kind === "model" ? await readEvents({ ...range, events: LINEAGE_EVENTS }) : [];
  const newest = [...described, ...published.filter(({ args }) => args.uint("version") === version)]
    .filter(({ args }) => args.uint("id") === id)
    .sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
    .at(-1);
  return newest?.args.text("metadataHash") ?? ZeroHash;
}

async function datanetPublishedAt(context: Context, { id, version }: { id: bigint; version: number }): Promise<bigint> {
  const events = await readEvents({ ...(await context.eventsOf("datanets")), events: DATANET_EVENTS });
  const found = events.find(
    ({ name, args }) =>
      name === "VersionPublished" && args.uint("id") === id && args.uint("version") === BigInt(version),
  );
  const block = found === undefined ? null : await context.provider.getBlock(found.blockNumber);
  return BigInt(block?.timestamp ?? 0);
}

async function publicationOf(
  { protocol: { models } }: Context,
  { id, version }: { id: bigint; version: number },
): Promise<{ publisher: string; publishedAt: bigint }> {
  const { publisher, publishedAt } = await models.publicationOf(id, version);
  return { publisher, publishedAt };
}

/** What people and the chain say about everything that a model is built on. */
async function upstreamFacts(context: Context, version: ModelVersion, about: AboutModel): Promise<UpstreamFacts> {
  const models = new Map<string, ModelFacts>();
  const datasets = new Map<string, DatasetFacts>();
  for (const line of version.upstreams) {
    const facts = aboutUpstream(about, line);
    if (line.kind === "model") {
      const { publisher, publishedAt } = await publicationOf(context, line);
      models.set(versionName(line), { ...facts, supplier: publisher, releasedAt: publishedAt });
      continue;
    }
    const releasedAt = await datanetPublishedAt(context, line);
    const supplier = await context.protocol.datanets.ownerOf(line.id);
    const types = facts.types ?? ["noAssertion" as const];
    datasets.set(versionName(line), { ...facts, supplier, releasedAt, builtAt: releasedAt, types });
  }
  return { models, datasets };
}

function aboutUpstream(about: AboutModel, line: ModelVersion["upstreams"][number]): AboutUpstream {
  const name = formatAsset({ kind: line.kind, id: line.id, version: BigInt(line.version) });
  const found = about.upstream?.[name];
  if (found === undefined) {
    throw new UserError(
      `Nothing is said about ${name}, which the model pays: write it under "upstream", with its name and downloadLocation.`,
    );
  }
  return found;
}

/** Services that serve a model now, as they were registered. */
async function servicesOf(context: Context, modelId: bigint): Promise<OfferedService[]> {
  const { models, services: registry } = context.deployment.contracts;
  const events = await readEvents({ ...(await context.eventsOf("services")), events: SERVICE_EVENTS });
  const found: OfferedService[] = [];
  for (const { name, args } of events) {
    if (name !== "ServiceRegistered" || args.uint("assetId") !== modelId) continue;
    if (args.text("registry").toLowerCase() !== models.toLowerCase()) continue;
    const id = args.uint("serviceId");
    const { active, operator } = await context.service(id);
    if (active) found.push({ id, registry, operator, endpoint: args.text("endpoint") });
  }
  return found;
}

async function written(out: string, bytes: Uint8Array): Promise<Report<(typeof METADATA_VERBS)["datanet"]["returns"]>> {
  try {
    await writeFile(out, bytes);
  } catch {
    throw new UserError(`${out} cannot be written. Name a file in a folder that is there.`);
  }
  const metadataHash = keccak256(bytes);
  const says = [`Wrote ${out}. Publish it as it is; its hash is ${metadataHash} (asset:describe).`];
  return { says, result: { out, metadataHash } };
}

/** What people say can make a document that nobody's check takes. */
function refuseProblems(file: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  throw new UserError(`What ${file} says makes no right document.\n${problems.map(formatProblem).join("\n")}`);
}

/** What the SDK refuses is a mistake in what was asked for. */
function orUserError<Made>(make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(error.message);
    throw error;
  }
}
