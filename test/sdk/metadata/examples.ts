import { getAddress, id, toUtf8Bytes, ZeroAddress, ZeroHash } from "ethers";

import { walletAccount } from "../../../sdk/account.ts";
import { ContentTree, evidenceOf } from "../../../sdk/content.ts";
import { ContributionLog } from "../../../sdk/log.ts";
import {
  type DatanetVersion,
  type ModelVersion,
  readDatanetVersion,
  readModelVersion,
  upstreamEvidence,
} from "../../../sdk/metadata/assetVersion.ts";
import { type DatanetFacts, makeCroissant, type PublishedContribution } from "../../../sdk/metadata/croissant.ts";
import type { CroissantDocument } from "../../../sdk/metadata/croissantSchema.ts";
import { type CardFacts, makeModelCard } from "../../../sdk/metadata/modelCard.ts";
import { versionName } from "../../../sdk/metadata/names.ts";
import { makeSpdx, type ModelFacts, type UpstreamFacts } from "../../../sdk/metadata/spdx.ts";
import type { SpdxDocument } from "../../../sdk/metadata/spdxSchema.ts";
import type { RegistryEvent } from "../../../sdk/registryEvents.ts";
import { RegistryState } from "../../../sdk/registryState.ts";
import { type Share, ShareKind } from "../../../sdk/share.ts";
import { Split } from "../../../sdk/split.ts";

export const CHAIN_ID = 31_337n;

/** 2026-03-01T12:00:00Z. */
export const PUBLISHED_AT = 1_772_366_400n;

export const DATANETS = address(0xda);
export const MODELS = address(0xde);
export const LEDGER = address(0x1e);

const [ALICE, BOB, CAROL, OWNER, BUILDER, TUNER] = [1, 2, 3, 4, 5, 6].map(address);
export const PEOPLE = { alice: ALICE, bob: BOB, carol: CAROL, owner: OWNER, builder: BUILDER, tuner: TUNER };

const OFFERS = [
  { by: ALICE, text: "The sea is wide.", units: 3n },
  { by: BOB, text: "The sea is deep.", units: 2n },
  { by: CAROL, text: "The sea is cold.", units: 1n },
  { by: ALICE, text: "The sea is old.", units: 4n },
];
const REVOKED = 1;

/** Contributions of the example's Datanet whose contents are published. */
export const CONTRIBUTIONS: PublishedContribution[] = OFFERS.map(({ text }, index) => {
  const bytes = toUtf8Bytes(text);
  const uri = `ipfs://sea/${index}.txt`;
  const { contentRoot, byteLength } = ContentTree.from(bytes);
  const content = { contentRoot, byteLength: BigInt(byteLength), licenseHash: id("CC-BY-4.0"), uriHash: id(uri) };
  return { index, content, uri, bytes, license: "CC-BY-4.0" };
}).filter(({ index }) => index !== REVOKED && index !== 2);

export const DATANET_FACTS: DatanetFacts = {
  name: "Sentences about the sea",
  description: "Short sentences in English, one a file.",
  licenses: ["CC-BY-4.0"],
  url: "https://example.org/sea",
  keywords: ["sea", "text"],
  contributors: new Map([[walletAccount(ALICE), { name: "Alice", type: "Person" }]]),
};

/**
 * A Datanet with four contributions, of which one was revoked, whose owner takes a tenth; a base model that pays it two
 * fifths; and a fork that pays the base model a tenth and the Datanet a twentieth. All of it made from events.
 */
export class Example {
  readonly state: RegistryState;
  readonly datanet: DatanetVersion;
  readonly base: ModelVersion;
  readonly fork: ModelVersion;
  #logIndex = 0;

  constructor() {
    const addresses = {
      datanets: DATANETS,
      models: MODELS,
      agents: address(0xa9),
      feePolicy: address(0xfe),
      services: address(0x5e),
      staking: address(0x57),
    };
    this.state = new RegistryState({ addresses, chainId: CHAIN_ID });
    this.datanet = this.#makeDatanet();
    this.base = this.#publishModel({ id: 1n, builder: BUILDER, units: 60n, upstreams: [[this.datanet, 40n]] });
    this.fork = this.#publishModel({
      id: 2n,
      builder: TUNER,
      units: 85n,
      upstreams: [
        [this.datanet, 5n],
        [this.base, 10n],
      ],
    });
  }

  #makeDatanet(): DatanetVersion {
    const contributions = OFFERS.map(({ by, text, units }, index) => {
      const { contentRoot, byteLength } = ContentTree.from(toUtf8Bytes(text));
      const uriHash = id(`ipfs://sea/${index}.txt`);
      const content = { contentRoot, byteLength: BigInt(byteLength), licenseHash: id("CC-BY-4.0"), uriHash };
      return { contributor: by, units, evidence: evidenceOf(content) };
    });
    const log = new ContributionLog();
    log.append(contributions.map(({ contributor, units, evidence }) => accountShare(contributor, units, evidence)));
    this.#apply({ name: "DatanetCreated", id: 1n, arbiter: ZeroAddress });
    this.#apply({ name: "ContributionsAccepted", id: 1n, firstIndex: 0, firstNumber: 0, contributions });
    this.#publishDatanet(1, log.latest.split);
    this.#apply({ name: "ContributionRevoked", id: 1n, index: REVOKED });
    const { splitId } = this.#publishDatanet(2, log.revoke(REVOKED).split);
    return readDatanetVersion({
      state: this.state,
      chainId: CHAIN_ID,
      registry: DATANETS,
      id: 1n,
      version: 2,
      splitId,
    });
  }

  #publishDatanet(version: number, log: Split): { splitId: string } {
    const shares = [
      { kind: ShareKind.Split, recipient: log.id, units: 9_000n, evidence: ZeroHash },
      accountShare(OWNER, 1_000n, id("datanet owner")),
    ];
    const splitId = Split.from({ shares }).id;
    this.#apply({ name: "DatanetVersionPublished", id: 1n, version, splitId, logSplitId: log.id, shares });
    return { splitId };
  }

  #publishModel({
    id: modelId,
    builder,
    units,
    upstreams,
  }: {
    id: bigint;
    builder: string;
    units: bigint;
    upstreams: [DatanetVersion | ModelVersion, bigint][];
  }): ModelVersion {
    const shares = [
      accountShare(builder, units, id("work")),
      ...upstreams.map(([upstream, upstreamUnits]) => ({
        kind: ShareKind.Split,
        recipient: upstream.splitId,
        units: upstreamUnits,
        evidence: upstreamEvidence(upstream),
      })),
    ];
    const splitId = Split.from({ shares }).id;
    const version = { id: modelId, version: 1, splitId };
    this.#apply({ name: "LineageVersionPublished", registry: "model", ...version, arbiter: ZeroAddress, shares });
    return readModelVersion({ state: this.state, chainId: CHAIN_ID, models: MODELS, datanets: DATANETS, ...version });
  }

  #apply(event: RegistryEvent): void {
    this.state.apply({ ...event, blockNumber: 1, logIndex: this.#logIndex++ });
  }
}

export const EXAMPLE = new Example();

export const FORK_FACTS: ModelFacts = {
  name: "sea-chat",
  description: "Talks about the sea.",
  license: "Apache-2.0",
  downloadLocation: "ipfs://sea-chat",
  supplier: TUNER,
  releasedAt: PUBLISHED_AT + 20n,
  sha256: "1".repeat(64),
  typesOfModel: ["transformer"],
};

/** What is known about everything that the fork is built on. */
export const UPSTREAM_FACTS: UpstreamFacts = {
  models: new Map([
    [
      versionName(EXAMPLE.base),
      { name: "sea-base", downloadLocation: "ipfs://sea-base", supplier: BUILDER, releasedAt: PUBLISHED_AT + 10n },
    ],
  ]),
  datasets: new Map([
    [
      versionName(EXAMPLE.datanet),
      {
        name: DATANET_FACTS.name,
        license: "CC-BY-4.0",
        downloadLocation: "ipfs://sea",
        supplier: OWNER,
        releasedAt: PUBLISHED_AT,
        builtAt: PUBLISHED_AT,
        types: ["text"],
      },
    ],
  ]),
};

export const CARD_FACTS: CardFacts = {
  name: "sea-chat",
  description: "Talks about the sea.",
  license: "Apache-2.0",
  languages: ["en"],
  tags: ["sea"],
  pipelineTag: "text-generation",
  repositories: new Map([[versionName(EXAMPLE.base), "builder/sea-base"]]),
};

export function croissantExample(): CroissantDocument {
  return makeCroissant({
    version: EXAMPLE.datanet,
    facts: DATANET_FACTS,
    contributions: CONTRIBUTIONS,
    publishedAt: PUBLISHED_AT,
  });
}

export function spdxExample(): SpdxDocument {
  return makeSpdx({
    version: EXAMPLE.fork,
    facts: FORK_FACTS,
    upstream: UPSTREAM_FACTS,
    testedOn: [EXAMPLE.datanet],
    creator: TUNER,
    createdAt: PUBLISHED_AT + 15n,
  });
}

export function cardExample(): string {
  const { state, fork } = EXAMPLE;
  return makeModelCard({
    version: fork,
    state,
    facts: CARD_FACTS,
    upstream: UPSTREAM_FACTS,
    terms: { minShareBps: 500n, open: true },
    versions: [{ version: 1, publishedAt: PUBLISHED_AT + 20n, splitId: fork.splitId }],
    ledger: LEDGER,
    services: [{ id: 7n, registry: address(0x5e), operator: address(7), endpoint: "https://serve.example/sea-chat" }],
  });
}

/** The JSON of a document with another value at a pointer; with none, nothing is there. */
export function changed(document: unknown, pointer: string, value?: unknown): unknown {
  const copy: unknown = JSON.parse(JSON.stringify(document));
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = steps.pop() ?? "";
  const parent = steps.reduce<unknown>((at, step) => valueAt(at, step), copy);
  if (typeof parent !== "object" || parent === null) throw new TypeError(`There is nothing at ${pointer}.`);
  if (value === undefined && Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (value === undefined) Reflect.deleteProperty(parent, last);
  else Reflect.set(parent, last, value);
  return copy;
}

function valueAt(value: unknown, step: string): unknown {
  if (typeof value !== "object" || value === null) throw new TypeError(`There is no ${step}.`);
  return Reflect.get(value, step);
}

function accountShare(owner: string, units: bigint, evidence: string): Share {
  return { kind: ShareKind.Account, recipient: walletAccount(owner), units, evidence };
}

function address(number: number): string {
  return getAddress(`0x${number.toString(16).padStart(40, "0")}`);
}
