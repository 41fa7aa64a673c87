import { expect } from "chai";
import { toUtf8Bytes } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../../sdk/account.ts";
import {
  type DatanetVersion,
  modelSplitId,
  readDatanetVersion,
  readModelVersion,
} from "../../../sdk/metadata/assetVersion.ts";
import { canonicalBytes, checkMetadata, metadataHash } from "../../../sdk/metadata/canonical.ts";
import { checkCroissant, makeCroissant } from "../../../sdk/metadata/croissant.ts";
import { checkDocument } from "../../../sdk/metadata/document.ts";
import { versionName } from "../../../sdk/metadata/names.ts";
import { makeSpdx } from "../../../sdk/metadata/spdx.ts";
import { RegistryState } from "../../../sdk/registryState.ts";
import type { Split } from "../../../sdk/split.ts";
import { accept, acceptSigned, createDatanet, offerOf, OPEN, revoke } from "../../registry/datanets.ts";
import { lineageOf } from "../../registry/lineages.ts";
import { deployRegistryWorld, type RegistryWorld } from "../../registry/registryWorld.ts";

const { networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const TEXTS = ["by Alice", "by Bob", "by Carol"];
const URI = "ipfs://document";

interface Described extends RegistryWorld {
  chainId: bigint;
  datanet: DatanetVersion;
  split: Split;
  publishedAt: bigint;
}

/** Alice submits, Bob and Carol sign, Bob takes his contribution back; the owner takes a tenth. */
async function publishDatanet(connection: Parameters<typeof deployRegistryWorld>[0]): Promise<Described> {
  const world = await deployRegistryWorld(connection);
  const { alice, bob, carol } = world;
  const datanet = await createDatanet({ world, ownerBps: 1_000n });
  await accept({ world, datanet, offers: [offerOf({ by: alice, text: TEXTS[0], units: 3n })] });
  const signed = [offerOf({ by: bob, text: TEXTS[1] }), offerOf({ by: carol, text: TEXTS[2], units: 2n })];
  await acceptSigned({ world, datanet, offers: signed });
  const { split } = await revoke({ world, datanet, index: 1, by: bob });
  const publishedAt = BigInt(await connection.networkHelpers.time.latest());
  const { chainId } = await connection.ethers.provider.getNetwork();
  const registry = await world.datanets.getAddress();
  const splitId = await world.datanets.splitOf(1n, 3n);
  const state = await followRegistries(world, chainId);
  const version = readDatanetVersion({ state, chainId, registry, id: 1n, version: 3, splitId });
  return { ...world, chainId, datanet: version, split, publishedAt };
}

async function followRegistries(world: RegistryWorld, chainId: bigint): Promise<RegistryState> {
  const { datanets, models, agents, feePolicy, services, connection } = world;
  const [datanet, model, agent, policy, service, staking] = await Promise.all([
    datanets.getAddress(),
    models.getAddress(),
    agents.getAddress(),
    feePolicy.getAddress(),
    services.getAddress(),
    services.staking(),
  ]);
  const addresses = { datanets: datanet, models: model, agents: agent, feePolicy: policy, services: service, staking };
  const state = new RegistryState({ addresses, chainId });
  const { provider } = connection.ethers;
  await state.follow({ provider, toBlock: await provider.getBlockNumber() });
  return state;
}

function croissantOf({ datanet, publishedAt }: Described): ReturnType<typeof makeCroissant> {
  const contributions = [0, 2].map((index) => {
    const { content, uri } = offerOf({ by: { address: "" }, text: TEXTS[index] });
    return { index, content, uri, bytes: toUtf8Bytes(TEXTS[index]), license: "CC-BY-4.0" };
  });
  const facts = { name: "Texts", description: "Two texts.", licenses: ["CC-BY-4.0"], url: "https://example.org/texts" };
  return makeCroissant({ version: datanet, facts, contributions, publishedAt });
}

describe("Metadata on the chain", () => {
  it("of a Datanet is found by its hash, and fits the version in all that it says", async () => {
    const world = await loadFixture(publishDatanet);
    const { datanets, owner, datanet, publishedAt } = world;
    const bytes = canonicalBytes(croissantOf(world));
    await datanets.connect(owner).describe(1n, URI, metadataHash(croissantOf(world)));

    const [event] = await datanets.queryFilter(datanets.filters.AssetDescribed(1n), "latest");
    expect(event.args.metadataURI).to.equal(URI);
    const texts = new Map(TEXTS.map((text, index) => [index, toUtf8Bytes(text)]));
    const references = { version: datanet, publishedAt, texts };
    const { metadataHash: hash } = event.args;
    expect(checkDocument({ bytes, metadataHash: hash, croissant: references })).to.deep.equal({
      kind: "croissant",
      problems: [],
    });

    const changed = Uint8Array.from(bytes);
    changed[0] ^= 1;
    expect(checkMetadata({ bytes: changed, metadataHash: hash })).to.have.length(1);
  });

  it("of a Datanet's earlier version does not pass for the next one's", async () => {
    const world = await loadFixture(publishDatanet);
    const registry = await world.datanets.getAddress();
    const { chainId } = world;
    const splitId = await world.datanets.splitOf(1n, 2n);
    const state = await followRegistries(world, chainId);
    const earlier = readDatanetVersion({ state, chainId, registry, id: 1n, version: 2, splitId });
    const [problem] = checkCroissant(croissantOf(world), { version: earlier });
    expect(problem.pointer).to.equal("/@id");
    // Bob's contribution still had its units then.
    expect(earlier.contributions.map(({ units }) => units)).to.deep.equal([3n, 1n, 2n]);
  });

  it("of a model is registered with its first version, and read back", async () => {
    const world = await loadFixture(publishDatanet);
    const { models, builder, owner, chainId, datanet, split, publishedAt } = world;
    const plan = lineageOf({
      builders: [{ account: walletAccount(builder.address), units: 60n }],
      upstreams: [{ asset: { registry: datanet.registry, id: 1n, version: 3n, split }, units: 40n }],
    });
    const registry = await models.getAddress();
    const planned = {
      chainId,
      registry,
      id: (await models.assetCount()) + 1n,
      version: 1,
      splitId: plan.split.id,
      arbiter: plan.split.arbiter,
      builders: plan.split.tree
        .shares({ first: 0, count: 1 })
        .map(({ recipient, units, evidence }) => ({ account: recipient, units, evidence })),
      upstreams: [{ ...datanet, kind: "datanet" as const, units: 40n }],
    };
    expect(modelSplitId(planned)).to.equal(plan.split.id);
    const about = { downloadLocation: "ipfs://weights", license: "MIT", releasedAt: publishedAt };
    const data = { ...about, name: "Texts", supplier: owner.address, builtAt: publishedAt, types: ["text" as const] };
    const document = makeSpdx({
      version: planned,
      facts: { ...about, name: "Model", supplier: builder.address },
      upstream: { models: new Map(), datasets: new Map([[versionName(datanet), data]]) },
      creator: builder.address,
      createdAt: publishedAt,
    });
    const lineage = { ...plan.lineage, metadataURI: URI, metadataHash: metadataHash(document) };
    await models.connect(builder).register(OPEN, lineage);

    const [{ args }] = await models.queryFilter(models.filters.VersionPublished(planned.id), "latest");
    const state = await followRegistries(world, chainId);
    const model = readModelVersion({
      state,
      chainId,
      models: registry,
      datanets: datanet.registry,
      id: args.id,
      version: Number(args.version),
      splitId: args.splitId,
    });
    const bytes = canonicalBytes(document);
    expect(checkDocument({ bytes, metadataHash: args.metadataHash, model })).to.deep.equal({
      kind: "spdx",
      problems: [],
    });
  });
});
