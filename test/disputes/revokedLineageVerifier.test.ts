import { expect } from "chai";
import { AbiCoder, keccak256 } from "ethers";
import { network } from "hardhat";

import { LOG_ENTRY_TYPE, LOG_VERSION_TYPE, logEntry, logVersion, proveShare } from "../../sdk/datanetProof.ts";
import { encodeRevokedLineageProof } from "../../sdk/revokedLineageProof.ts";
import { accept, createDatanet, type Datanet, offerOf, revoke } from "../registry/datanets.ts";
import { type AssetVersion, assetVersion, lineageOf, registerAgent, registerModel } from "../registry/lineages.ts";
import { accountOf } from "../helpers/shares.ts";
import {
  deployVerifierWorld,
  faultOf,
  logged,
  NO_RESTITUTION,
  publishedVersion,
  type VerifierWorld,
  WHATEVER_IT_IS,
} from "./verifierWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture, time } = networkHelpers;

const GRACE = 7n * 86_400n;

/** A Datanet of three contributions, of which Bob's, the second, is revoked. */
interface Scene {
  world: VerifierWorld;
  datanet: Datanet;
  offers: ReturnType<typeof offerOf>[];
}

async function startScene(shares: { ownerBps?: bigint; curatorBps?: bigint } = {}): Promise<Scene> {
  const world = await loadFixture(deployVerifierWorld);
  const { alice, bob, carol } = world;
  const datanet = await createDatanet({ world, ...shares });
  const offers = [alice, bob, carol].map((by, i) => offerOf({ by, text: `work ${i}`, units: BigInt(i + 1) }));
  await accept({ world, datanet, offers });
  await revoke({ world, datanet, index: 1, by: bob });
  return { world, datanet, offers };
}

async function upstreamOf({ world, datanet }: Scene, number: number): Promise<AssetVersion> {
  const { split } = datanet.version(number);
  return await assetVersion({ registry: world.datanets, id: datanet.id, version: BigInt(number), split });
}

/** A model of the builder's that is made of the Datanet's version. */
async function buildModel(scene: Scene, number: number): Promise<AssetVersion> {
  const { world } = scene;
  const builders = [{ account: accountOf(world.builder), units: 1n }];
  const upstreams = [{ asset: await upstreamOf(scene, number), units: 3n }];
  return await registerModel({ world, owner: world.builder, builders, upstreams, arbiter: world.mallory.address });
}

function proofOf(
  { datanet, offers }: Scene,
  { registry, id, version: assetVersion, split }: AssetVersion,
  { share = 1, version = 1, index = 1 }: { share?: number; version?: number; index?: number } = {},
): string {
  return encodeRevokedLineageProof({
    registry,
    assetId: id,
    assetVersion,
    split,
    index: share,
    version: publishedVersion(datanet, version),
    revoked: logged(offers[index], index),
  });
}

function faultId({ chainId }: VerifierWorld, asset: AssetVersion, datanetId: bigint, index: number): string {
  const types = ["uint256", "address", "uint256", "uint256", "uint256", "uint256"];
  const values = [chainId, asset.registry, asset.id, asset.version, datanetId, index];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, values));
}

describe("RevokedLineageVerifier", () => {
  for (const [kind, shares] of [
    ["the log itself", {}],
    ["a log with an owner's and a curator's share beside it", { ownerBps: 1_000n, curatorBps: 500n }],
  ] as const) {
    it(`finds a model that builds on ${kind} with a contribution that was revoked long before`, async () => {
      const scene = await startScene(shares);
      const { world, datanet } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      expect(await faultOf(world.lineages, proofOf(scene, model))).to.deep.equal({
        id: faultId(world, model, datanet.id, 1),
        respondent: world.builder.address,
        harmed: world.bob.address,
        harm: WHATEVER_IT_IS,
        restitution: NO_RESTITUTION,
      });
    });
  }

  it("finds an agent", async () => {
    const scene = await startScene();
    const { world, datanet } = scene;
    await time.increase(GRACE);
    const upstreams = [{ asset: await upstreamOf(scene, 1), units: 3n }];
    const agent = await registerAgent({ world, owner: world.tuner, upstreams });
    const fault = await faultOf(world.lineages, proofOf(scene, agent, { share: 0 }));
    expect([fault.id, fault.respondent]).to.deep.equal([faultId(world, agent, datanet.id, 1), world.tuner.address]);
  });

  it("finds a version that has been replaced, of whoever owned the asset when it was published", async () => {
    const scene = await startScene();
    const { world, datanet } = scene;
    const { models, builder, tuner } = world;
    await time.increase(GRACE);
    const model = await buildModel(scene, 1);
    await models.connect(builder).transferFrom(builder, tuner, model.id);
    const { lineage, split } = lineageOf({ upstreams: [{ asset: await upstreamOf(scene, 1), units: 1n }] });
    await models.connect(tuner).publish(model.id, lineage);
    await models
      .connect(tuner)
      .publish(model.id, lineageOf({ upstreams: [{ asset: await upstreamOf(scene, 2), units: 1n }] }).lineage);
    const second = { ...model, version: 2n, split };
    for (const [version, publisher, share] of [
      [model, builder, 1],
      [second, tuner, 0],
    ] as const) {
      const fault = await faultOf(world.lineages, proofOf(scene, version, { share }));
      expect(fault.id).to.equal(faultId(world, version, datanet.id, 1));
      expect(fault.respondent).to.equal(publisher.address);
    }
  });

  it("finds a fork's makers no fault: they name a model only", async () => {
    const scene = await startScene();
    const { world, datanet } = scene;
    await time.increase(GRACE);
    const model = await buildModel(scene, 1);
    await world.models.connect(world.tuner).fork(model.id, 1n, 10_000, "", ethers.ZeroHash);
    const fork = { ...model, id: model.id + 1n };
    await expect(world.lineages.verify(proofOf(scene, fork)))
      .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_NotInLineage")
      .withArgs(fork.id, 1n, await world.models.splitOf(fork.id, 1n), model.split.id);
    expect((await world.models.publicationOf(fork.id, 1n)).publisher).to.equal(world.tuner.address);
    expect(datanet.versions).to.have.length(2);
  });

  it("slashes a twentieth, and gives a week of grace", async () => {
    const { lineages } = await loadFixture(deployVerifierWorld);
    expect(await lineages.slashBps()).to.equal(500n);
    expect(await lineages.SLASH_BPS()).to.equal(500n);
    expect(await lineages.GRACE_SECONDS()).to.equal(GRACE);
  });

  it("holds the owner at the publication responsible", async () => {
    const scene = await startScene();
    const { world } = scene;
    await time.increase(GRACE);
    const model = await buildModel(scene, 1);
    await world.models.connect(world.builder).transferFrom(world.builder, world.tuner, model.id);
    expect((await faultOf(world.lineages, proofOf(scene, model))).respondent).to.equal(world.builder.address);
  });

  it("holds the owner responsible for what somebody published for it", async () => {
    const scene = await startScene();
    const { world } = scene;
    const model = await buildModel(scene, 2);
    await time.increase(GRACE);
    await world.models.connect(world.builder).setApprovalForAll(world.tuner, true);
    const { lineage, split } = lineageOf({ upstreams: [{ asset: await upstreamOf(scene, 1), units: 1n }] });
    await world.models.connect(world.tuner).publish(model.id, lineage);
    const proof = proofOf(scene, { ...model, version: 2n, split }, { share: 0 });
    expect((await faultOf(world.lineages, proof)).respondent).to.equal(world.builder.address);
  });

  describe("when there is no fault", () => {
    it("reverts up to the last second of grace", async () => {
      const scene = await startScene();
      const { world, datanet } = scene;
      const revokedAt = await world.datanets.revokedAt(datanet.id, 1n);
      await time.setNextBlockTimestamp(revokedAt + GRACE);
      const model = await buildModel(scene, 1);
      await expect(world.lineages.verify(proofOf(scene, model)))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_WithinGrace")
        .withArgs(revokedAt + GRACE, revokedAt + GRACE);
      await time.setNextBlockTimestamp(revokedAt + GRACE + 1n);
      const late = await buildModel(scene, 1);
      expect((await faultOf(world.lineages, proofOf(scene, late))).harmed).to.equal(world.bob.address);
    });

    it("reverts for a contribution that was not revoked", async () => {
      const scene = await startScene();
      const { world, datanet } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      await expect(world.lineages.verify(proofOf(scene, model, { index: 0 })))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_NotRevoked")
        .withArgs(datanet.id, 0n);
    });

    it("reverts for a model that builds on the version without the contribution", async () => {
      const scene = await startScene();
      const { world } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 2);
      await expect(world.lineages.verify(proofOf(scene, model, { version: 2 })))
        .to.be.revertedWithCustomError(world.lineages, "DatanetLogs_Revoked")
        .withArgs(1n);
      await expect(world.lineages.verify(proofOf(scene, model)))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_NotBuiltOn")
        .withArgs(scene.datanet.id, 1n, 1n);
    });

    it("reverts for a version that the asset has come to build on the Datanet without", async () => {
      const scene = await startScene();
      const { world } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      const { lineage, split } = lineageOf({ upstreams: [{ asset: await upstreamOf(scene, 2), units: 1n }] });
      await world.models.connect(world.builder).publish(model.id, lineage);
      await expect(world.lineages.verify(proofOf(scene, { ...model, version: 2n })))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_NotInLineage")
        .withArgs(model.id, 2n, split.id, model.split.id);
    });

    it("reverts for a version from before the grace, whatever was published later", async () => {
      const scene = await startScene();
      const { world, datanet } = scene;
      const model = await buildModel(scene, 1);
      const { publishedAt } = await world.models.publicationOf(model.id, 1n);
      await time.increase(GRACE);
      const { lineage } = lineageOf({ upstreams: [{ asset: await upstreamOf(scene, 1), units: 1n }] });
      await world.models.connect(world.builder).publish(model.id, lineage);
      const revokedAt = await world.datanets.revokedAt(datanet.id, 1n);
      await expect(world.lineages.verify(proofOf(scene, model)))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_WithinGrace")
        .withArgs(publishedAt, revokedAt + GRACE);
    });

    it("reverts for a version that the asset does not have", async () => {
      const scene = await startScene();
      const { world, datanet } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      const revokedAt = await world.datanets.revokedAt(datanet.id, 1n);
      await expect(world.lineages.verify(proofOf(scene, { ...model, version: 2n })))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_WithinGrace")
        .withArgs(0n, revokedAt + GRACE);
    });

    it("reverts for a share that does not go to the Datanet", async () => {
      const scene = await startScene();
      const { world, datanet } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      await expect(world.lineages.verify(proofOf(scene, model, { share: 0 })))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_NotBuiltOn")
        .withArgs(datanet.id, 1n, 0n);
    });

    it("reverts for another arbiter of the asset's split", async () => {
      const scene = await startScene();
      const { world } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      const { split } = lineageOf({
        builders: [{ account: accountOf(world.builder), units: 1n }],
        upstreams: [{ asset: await upstreamOf(scene, 1), units: 3n }],
      });
      await expect(world.lineages.verify(proofOf(scene, { ...model, split })))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_NotInLineage")
        .withArgs(model.id, 1n, model.split.id, split.id);
    });

    it("reverts for registries that nobody stakes for", async () => {
      const scene = await startScene();
      const { world } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      for (const registry of [await world.datanets.getAddress(), world.mallory.address]) {
        await expect(world.lineages.verify(proofOf(scene, { ...model, registry })))
          .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_UnknownRegistry")
          .withArgs(registry);
      }
    });

    it("reverts for an asset without a version", async () => {
      const scene = await startScene();
      const { world, datanet } = scene;
      const model = await buildModel(scene, 1);
      const agents = await world.agents.getAddress();
      await world.agents.connect(world.tuner)["register()"]();
      const revokedAt = await world.datanets.revokedAt(datanet.id, 1n);
      await expect(world.lineages.verify(proofOf(scene, { ...model, registry: agents })))
        .to.be.revertedWithCustomError(world.lineages, "RevokedLineageVerifier_WithinGrace")
        .withArgs(0n, revokedAt + GRACE);
    });

    it("reverts for a sibling too many", async () => {
      const scene = await startScene();
      const { world } = scene;
      await time.increase(GRACE);
      const model = await buildModel(scene, 1);
      const version = publishedVersion(scene.datanet, 1);
      const fields = {
        registry: model.registry,
        assetId: model.id,
        assetVersion: 1n,
        arbiter: model.split.arbiter,
        size: 2,
        index: 1,
        upstream: `${proveShare(model.split, 1)}${"00".repeat(48)}`,
        version: logVersion(version),
        revoked: logEntry(version, logged(scene.offers[1], 1)),
      };
      const type =
        "tuple(address registry, uint256 assetId, uint256 assetVersion, address arbiter, uint64 size, uint64 index, " +
        `bytes upstream, ${LOG_VERSION_TYPE} version, ${LOG_ENTRY_TYPE} revoked)`;
      const proof = AbiCoder.defaultAbiCoder().encode([type], [fields]);
      await expect(world.lineages.verify(proof))
        .to.be.revertedWithCustomError(world.lineages, "MerkleSumTree_ProofTooLong")
        .withArgs(81 + 96, 81 + 48);
    });

    it("reverts for no proof at all", async () => {
      const { lineages } = await loadFixture(deployVerifierWorld);
      await expect(lineages.verify("0x"))
        .to.be.revertedWithCustomError(lineages, "RevokedLineageVerifier_UnknownRegistry")
        .withArgs(ethers.ZeroAddress);
    });
  });
});

describe("what registries remember of versions and revocations", () => {
  it("is when each version was published, and who answers for it", async () => {
    const scene = await startScene();
    const { world, datanet } = scene;
    const { datanets, models, agents, builder, tuner } = world;
    expect(await datanets.revokedAt(datanet.id, 1n)).to.equal(await time.latest());
    expect(await datanets.revokedAt(datanet.id, 0n)).to.equal(0n);

    const model = await buildModel(scene, 2);
    const first = [builder.address, BigInt(await time.latest())];
    expect(await models.publicationOf(model.id, 1n)).to.deep.equal(first);
    await models.connect(builder).transferFrom(builder, tuner, model.id);
    const { lineage } = lineageOf({ upstreams: [{ asset: await upstreamOf(scene, 2), units: 1n }] });
    await models.connect(tuner).publish(model.id, lineage);
    expect(await models.publicationOf(model.id, 1n)).to.deep.equal(first);
    expect(await models.publicationOf(model.id, 2n)).to.deep.equal([tuner.address, BigInt(await time.latest())]);
    expect(await models.publicationOf(model.id, 3n)).to.deep.equal([ethers.ZeroAddress, 0n]);
    await agents.connect(tuner)["register()"]();
    expect(await agents.publicationOf(1n, 1n)).to.deep.equal([ethers.ZeroAddress, 0n]);
  });

  it("is a fork's maker", async () => {
    const scene = await startScene();
    const { world } = scene;
    const model = await buildModel(scene, 2);
    await world.models.connect(world.tuner).fork(model.id, 1n, 10_000, "", ethers.ZeroHash);
    const published = [world.tuner.address, BigInt(await time.latest())];
    expect(await world.models.publicationOf(model.id + 1n, 1n)).to.deep.equal(published);
  });
});
