import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { encodeDraws } from "../../sdk/split.ts";
import { accountOf } from "../helpers/shares.ts";
import { accept, createDatanet, OPEN, offersOf, rowsOf } from "./datanets.ts";
import {
  type AssetVersion,
  assetVersion,
  lineageOf,
  type LineagePlan,
  registerAgent,
  registerModel,
} from "./lineages.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const MAX_UNITS = 2n ** 128n - 1n;

describe("ModelRegistry: register", () => {
  it("gives the caller a token and publishes a version that pays its builders", async () => {
    const { models, builder, tuner } = await loadFixture(deployRegistryWorld);
    const { lineage, shares, split } = lineageOf({
      builders: [
        { account: accountOf(builder), units: 70n, evidence: id("weights") },
        { account: accountOf(tuner, 5n), units: 30n, evidence: id("evaluation") },
      ],
    });
    const registered = models.connect(builder).register({ minShareBps: 800n, open: true }, lineage);
    await expect(registered).to.emit(models, "Transfer").withArgs(ZeroAddress, builder, 1n);
    await expect(registered).to.emit(models, "ModelRegistered").withArgs(1n, builder);
    await expect(registered).to.emit(models, "TermsSet").withArgs(1n, 800n, true);
    await expect(registered)
      .to.emit(models, "VersionPublished")
      .withArgs(1n, 1n, split.id, ZeroAddress, rowsOf(shares), lineage.metadataURI, lineage.metadataHash);
    expect(await models.splitOf(1n, 1n)).to.equal(split.id);
    expect(await models.latestVersion(1n)).to.equal(1n);
    expect(await models.ownerOf(1n)).to.equal(builder.address);
    expect(await models.termsOf(1n)).to.deep.equal([800n, true]);
  });

  it("counts models from one and returns their ids", async () => {
    const { models, builder } = await loadFixture(deployRegistryWorld);
    const { lineage } = lineageOf({ builders: [{ account: accountOf(builder), units: 1n }] });
    expect(await models.register.staticCall(OPEN, lineage)).to.equal(1n);
    await models.register(OPEN, lineage);
    expect(await models.register.staticCall(OPEN, lineage)).to.equal(2n);
  });

  it("lists builders first, then upstream versions with evidence of which they are", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder } = world;
    const datanet = await trainingData(world);
    const parent = await registerModel({ world, owner: world.tuner });
    const { lineage, shares, split } = lineageOf({
      builders: [{ account: accountOf(builder), units: 60n }],
      upstreams: [
        { asset: datanet, units: 25n },
        { asset: parent, units: 15n },
      ],
      arbiter: world.relayer.address,
    });
    await expect(models.connect(builder).register(OPEN, lineage))
      .to.emit(models, "VersionPublished")
      .withArgs(2n, 1n, split.id, world.relayer, rowsOf(shares), lineage.metadataURI, lineage.metadataHash);
    expect(await models.splitOf(2n, 1n)).to.equal(split.id);
    expect(shares.map(({ recipient }) => recipient)).to.deep.equal([
      accountOf(builder),
      datanet.split.id,
      parent.split.id,
    ]);
  });

  it("can be made of other assets alone", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const datanet = await trainingData(world);
    const { split } = await registerModel({ world, owner: world.builder, upstreams: [{ asset: datanet, units: 1n }] });
    expect(await world.models.splitOf(1n, 1n)).to.equal(split.id);
  });

  for (const count of [1, 2, 3, 7, 8, 9, 64]) {
    it(`takes ${count} shares of one kind or both`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const parents = [await registerModel({ world, owner: world.tuner }), await trainingData(world)];
      const builders = Array.from({ length: Math.ceil(count / 2) }, (_, i) => ({
        account: accountOf(world.builder, BigInt(i)),
        units: BigInt(10 + i),
        evidence: id(`part ${i}`),
      }));
      const upstreams = Array.from({ length: Math.floor(count / 2) }, (_, i) => ({
        asset: parents[i % 2],
        units: BigInt(1 + i),
      }));
      const { id: model, split } = await registerModel({ world, owner: world.builder, builders, upstreams });
      expect(split.tree.size).to.equal(count);
      expect(await world.models.splitOf(model, 1n)).to.equal(split.id);
    });
  }

  it("takes hundreds of parents in one transaction", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder, tuner } = world;
    const parents: AssetVersion[] = [];
    for (let i = 0; i < 300; i++) {
      const { lineage, split } = lineageOf({
        builders: [{ account: accountOf(tuner), units: 1n, evidence: id(`parent ${i}`) }],
      });
      await models.connect(tuner).register({ minShareBps: 10n, open: true }, lineage);
      parents.push(await assetVersion({ registry: models, id: BigInt(i + 1), version: 1n, split }));
    }
    const { lineage, split } = lineageOf({
      builders: [{ account: accountOf(builder), units: 7_000n }],
      upstreams: parents.map((asset) => ({ asset, units: 10n })),
    });
    const receipt = await (await models.connect(builder).register(OPEN, lineage)).wait();
    expect(await models.splitOf(301n, 1n)).to.equal(split.id);
    expect(Number(receipt?.gasUsed)).to.be.lessThan(16_777_216);
  });

  it("takes units up to the most that fit", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder } = world;
    const account = accountOf(builder);
    const { split } = await registerModel({
      world,
      owner: builder,
      builders: [
        { account, units: MAX_UNITS - 1n },
        { account, units: 1n },
      ],
    });
    expect(await models.splitOf(1n, 1n)).to.equal(split.id);
  });

  describe("when the lineage is not sound", () => {
    const refuse = (
      name: string,
      plan: (world: RegistryWorld) => Promise<LineagePlan> | LineagePlan,
      error: string,
      args: unknown[],
    ): void => {
      it(`reverts: ${name}`, async () => {
        const world = await loadFixture(deployRegistryWorld);
        const { models, builder } = world;
        const { lineage } = lineageOf(await plan(world));
        await expect(models.connect(builder).register(OPEN, lineage))
          .to.be.revertedWithCustomError(models, error)
          .withArgs(...args);
      });
    };

    refuse(
      "a builder without an address",
      ({ builder }) => ({
        builders: [
          { account: accountOf(builder), units: 1n },
          { account: ZeroHash, units: 1n },
        ],
      }),
      "LineageRegistry_ZeroBuilder",
      [1n],
    );
    refuse(
      "a builder that is nothing but a tag",
      () => ({ builders: [{ account: accountOf({ address: ZeroAddress }, 9n), units: 1n }] }),
      "LineageRegistry_ZeroBuilder",
      [0n],
    );
    refuse(
      "a builder without units",
      ({ builder, tuner }) => ({
        builders: [
          { account: accountOf(builder), units: 1n },
          { account: accountOf(tuner), units: 0n },
        ],
      }),
      "LineageRegistry_ZeroUnits",
      [1n],
    );
    refuse(
      "an upstream without units",
      async (world) => ({
        builders: [{ account: accountOf(world.builder), units: 1n }],
        upstreams: [{ asset: await trainingData(world), units: 0n }],
      }),
      "LineageRegistry_ZeroUnits",
      [1n],
    );
    refuse(
      "a version that the upstream does not have",
      async (world) => {
        const datanet = await trainingData(world);
        return { upstreams: [{ asset: { ...datanet, version: 2n }, units: 1n }] };
      },
      "AssetRegistry_NoSplit",
      [1n, 2n],
    );
    refuse(
      "version zero",
      async (world) => {
        const parent = await registerModel({ world, owner: world.tuner });
        return { upstreams: [{ asset: { ...parent, version: 0n }, units: 1n }] };
      },
      "AssetRegistry_NoSplit",
      [1n, 0n],
    );
    refuse(
      "itself, before it has a version",
      async (world) => {
        const registry = await world.models.getAddress();
        const { split } = lineageOf({ builders: [{ account: accountOf(world.builder), units: 1n }] });
        return { upstreams: [{ asset: { registry, id: 1n, version: 1n, split }, units: 1n }] };
      },
      "AssetRegistry_NoSplit",
      [1n, 1n],
    );

    it("reverts: nobody at all", async () => {
      const { models } = await loadFixture(deployRegistryWorld);
      const empty = { builders: [], upstreams: [], arbiter: ZeroAddress, metadataURI: "", metadataHash: ZeroHash };
      await expect(models.register(OPEN, empty)).to.be.revertedWithCustomError(models, "MerkleSumTree_Empty");
    });

    it("reverts: more units than fit", async () => {
      const { models, builder } = await loadFixture(deployRegistryWorld);
      const share = (units: bigint) => ({ account: accountOf(builder), units, evidence: ZeroHash });
      const lineage = {
        builders: [share(MAX_UNITS), share(1n)],
        upstreams: [],
        arbiter: ZeroAddress,
        metadataURI: "",
        metadataHash: ZeroHash,
      };
      await expect(models.register(OPEN, lineage)).to.be.revertedWithCustomError(models, "MerkleSumTree_UnitsOverflow");
    });

    it("reverts: an upstream of a registry that is neither this one nor the Datanets'", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const agent = await registerAgent({ world, owner: world.tuner });
      const lookAlike = await ethers.deployContract("LookAlikeRegistry", [agent.split.id]);
      const elsewhere = [agent.registry, await lookAlike.getAddress(), ZeroAddress, world.mallory.address];
      for (const registry of elsewhere) {
        const { lineage } = lineageOf({ upstreams: [{ asset: { ...agent, registry }, units: 1n }] });
        await expect(world.models.register(OPEN, lineage))
          .to.be.revertedWithCustomError(world.models, "LineageRegistry_UnknownRegistry")
          .withArgs(registry);
      }
    });

    it("reverts: terms above half a child", async () => {
      const { models, builder } = await loadFixture(deployRegistryWorld);
      const { lineage } = lineageOf({ builders: [{ account: accountOf(builder), units: 1n }] });
      await models.register({ minShareBps: 5_000n, open: true }, lineage);
      await expect(models.register({ minShareBps: 5_001n, open: true }, lineage))
        .to.be.revertedWithCustomError(models, "AssetRegistry_AboveCap")
        .withArgs(5_001n, 5_000n);
    });
  });

  it("names its registry of Datanets and itself", async () => {
    const { models, datanets } = await loadFixture(deployRegistryWorld);
    expect(await models.datanets()).to.equal(await datanets.getAddress());
    expect(await models.name()).to.equal("Attribution Model");
    expect(await models.symbol()).to.equal("MODEL");
    expect(await models.supportsInterface("0x80ac58cd")).to.equal(true);
  });
});

describe("ModelRegistry: publish", () => {
  it("adds a version and leaves the others as they were", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder, tuner } = world;
    const first = await registerModel({ world, owner: builder });
    const { lineage, shares, split } = lineageOf({
      builders: [{ account: accountOf(tuner), units: 3n }],
      upstreams: [{ asset: first, units: 1n }],
      metadataURI: "ipfs://second",
    });
    expect(await models.connect(builder).publish.staticCall(1n, lineage)).to.equal(2n);
    await expect(models.connect(builder).publish(1n, lineage))
      .to.emit(models, "VersionPublished")
      .withArgs(1n, 2n, split.id, ZeroAddress, rowsOf(shares), "ipfs://second", lineage.metadataHash);
    expect(await models.splitOf(1n, 1n)).to.equal(first.split.id);
    expect(await models.splitOf(1n, 2n)).to.equal(split.id);
    expect(await models.latestVersion(1n)).to.equal(2n);
    expect(await models.termsOf(1n)).to.deep.equal([0n, true]);
  });

  it("can be called by whomever the owner approved", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder, bob, carol } = world;
    await registerModel({ world, owner: builder });
    await models.connect(builder).approve(bob, 1n);
    await models.connect(builder).setApprovalForAll(carol, true);
    const { lineage } = lineageOf({ builders: [{ account: accountOf(builder), units: 1n }] });
    await models.connect(bob).publish(1n, lineage);
    await models.connect(carol).publish(1n, lineage);
    expect(await models.latestVersion(1n)).to.equal(3n);
  });

  it("holds the owner to the licences it builds on, not whoever acts for it", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder, tuner, bob } = world;
    const parent = await registerModel({ world, owner: tuner, terms: { minShareBps: 0n, open: false } });
    const child = await registerModel({ world, owner: builder });
    await models.connect(builder).approve(bob, child.id);
    const { lineage } = lineageOf({ upstreams: [{ asset: parent, units: 1n }] });
    await models.connect(tuner).setLicensee(parent.id, bob, true);
    await expect(models.connect(bob).publish(child.id, lineage))
      .to.be.revertedWithCustomError(models, "AssetRegistry_NotLicensed")
      .withArgs(parent.id, builder);
    await models.connect(tuner).setLicensee(parent.id, builder, true);
    await models.connect(bob).publish(child.id, lineage);
    expect(await models.latestVersion(child.id)).to.equal(2n);
  });

  it("reverts for a model that does not exist", async () => {
    const { models, builder } = await loadFixture(deployRegistryWorld);
    const { lineage } = lineageOf({ builders: [{ account: accountOf(builder), units: 1n }] });
    await expect(models.publish(1n, lineage))
      .to.be.revertedWithCustomError(models, "ERC721NonexistentToken")
      .withArgs(1n);
  });
});

describe("ModelRegistry: fork", () => {
  const URI = "ipfs://fork";
  const HASH = id("fork");
  const MOST = 10_000n;

  for (const [minShareBps, parentBps] of [
    [0n, 1_000n],
    [999n, 1_000n],
    [1_000n, 1_000n],
    [1_001n, 1_001n],
    [5_000n, 5_000n],
  ] as const) {
    it(`pays a parent that asks for ${minShareBps} basis points ${parentBps}, and passes its terms on`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { models, tuner } = world;
      const parent = await registerModel({ world, owner: world.builder, terms: { minShareBps, open: true } });
      const { shares, split } = lineageOf({
        builders: [{ account: walletAccount(tuner.address), units: 10_000n - parentBps, evidence: HASH }],
        upstreams: [{ asset: parent, units: parentBps }],
      });
      expect(await models.connect(tuner).fork.staticCall(1n, 1n, parentBps, URI, HASH)).to.equal(2n);
      const forked = models.connect(tuner).fork(1n, 1n, parentBps, URI, HASH);
      await expect(forked).to.emit(models, "Transfer").withArgs(ZeroAddress, tuner, 2n);
      await expect(forked).to.emit(models, "ModelRegistered").withArgs(2n, tuner);
      await expect(forked).to.emit(models, "ModelForked").withArgs(2n, 1n, 1n);
      await expect(forked).to.emit(models, "TermsSet").withArgs(2n, minShareBps, true);
      await expect(forked)
        .to.emit(models, "VersionPublished")
        .withArgs(2n, 1n, split.id, ZeroAddress, rowsOf(shares), URI, HASH);
      expect(await models.splitOf(2n, 1n)).to.equal(split.id);
      expect(await models.termsOf(2n)).to.deep.equal([minShareBps, true]);
    });

    it(`reverts if its maker allows one basis point less than ${parentBps} for ${minShareBps}`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { models, tuner } = world;
      await registerModel({ world, owner: world.builder, terms: { minShareBps, open: true } });
      await expect(models.connect(tuner).fork(1n, 1n, parentBps - 1n, URI, HASH))
        .to.be.revertedWithCustomError(models, "ModelRegistry_ParentShareAbove")
        .withArgs(parentBps, parentBps - 1n);
    });
  }

  it("builds on the version it names", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder, tuner } = world;
    const first = await registerModel({ world, owner: builder });
    const second = lineageOf({ builders: [{ account: accountOf(builder), units: 9n }] });
    await models.connect(builder).publish(1n, second.lineage);
    for (const [version, parentSplit] of [
      [1n, first.split],
      [2n, second.split],
    ] as const) {
      await models.connect(tuner).fork(1n, version, MOST, URI, HASH);
      const { split } = lineageOf({
        builders: [{ account: accountOf(tuner), units: 9_000n, evidence: HASH }],
        upstreams: [{ asset: { ...first, version, split: parentSplit }, units: 1_000n }],
      });
      expect(await models.splitOf(await models.assetCount(), 1n)).to.equal(split.id);
    }
  });

  it("needs a licence where the parent is closed, and stays closed itself", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder, tuner } = world;
    await registerModel({ world, owner: builder, terms: { minShareBps: 200n, open: false } });
    await expect(models.connect(tuner).fork(1n, 1n, MOST, URI, HASH))
      .to.be.revertedWithCustomError(models, "AssetRegistry_NotLicensed")
      .withArgs(1n, tuner);
    await models.connect(builder).setLicensee(1n, tuner, true);
    await models.connect(tuner).fork(1n, 1n, MOST, URI, HASH);
    expect(await models.termsOf(2n)).to.deep.equal([200n, false]);
  });

  it("reverts for a model or a version that does not exist", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, builder } = world;
    await registerModel({ world, owner: builder });
    for (const [model, version] of [
      [1n, 0n],
      [1n, 2n],
      [7n, 1n],
      // The fork's own id is not taken yet.
      [2n, 1n],
    ] as const) {
      await expect(models.fork(model, version, MOST, URI, HASH))
        .to.be.revertedWithCustomError(models, "AssetRegistry_NoSplit")
        .withArgs(model, version);
    }
  });

  it("can go on for generations: every ancestor is paid its part of a part", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, ledger, payer, builder, tuner } = world;
    let parent = await registerModel({ world, owner: builder });
    const generations = [parent];
    for (let generation = 2n; generation <= 4n; generation++) {
      await models.connect(tuner).fork(parent.id, 1n, MOST, URI, HASH);
      const { split } = lineageOf({
        builders: [{ account: accountOf(tuner), units: 9_000n, evidence: HASH }],
        upstreams: [{ asset: parent, units: 1_000n }],
      });
      parent = await assetVersion({ registry: models, id: generation, version: 1n, split });
      generations.push(parent);
    }
    await ledger.connect(payer).pay(parent.split.id, 1_000_000n, 1n, ZeroHash);
    const draws = generations.toReversed().map(({ split }) => split.draw({ first: 0, count: split.tree.size }));
    await ledger.release(encodeDraws(draws));
    expect(await ledger.balanceOf(accountOf(tuner))).to.equal(999_000n);
    expect(await ledger.balanceOf(accountOf(builder))).to.equal(1_000n);
  });
});

/** A version of a Datanet with two contributors. */
async function trainingData(world: RegistryWorld): Promise<AssetVersion> {
  const datanet = await createDatanet({ world });
  const { split } = await accept({ world, datanet, offers: offersOf({ by: [world.alice, world.bob], count: 2 }) });
  return await assetVersion({ registry: world.datanets, id: datanet.id, version: 1n, split });
}
