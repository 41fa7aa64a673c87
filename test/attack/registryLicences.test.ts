import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeDraws } from "../../sdk/split.ts";
import { accountOf } from "../helpers/shares.ts";
import { accept, createDatanet, type Datanet, OPEN, offersOf, revoke, type Terms } from "../registry/datanets.ts";
import { type AssetVersion, assetVersion, lineageOf, registerModel } from "../registry/lineages.ts";
import { deployRegistryWorld, type RegistryWorld } from "../registry/registryWorld.ts";
import { registerService, type Service } from "../registry/services.ts";
import { itStands } from "./registryAttack.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

interface Parent {
  parent: AssetVersion;
}

/** A model of the builder's, under terms. */
const parentUnder =
  (terms: Terms) =>
  async (world: RegistryWorld): Promise<Parent> => ({
    parent: await registerModel({ world, owner: world.builder, terms }),
  });

/** Mallory registers a model that gives the parent some units and herself the rest. */
async function buildOn(world: RegistryWorld, parent: AssetVersion, { units, rest }: { units: bigint; rest: bigint }) {
  await registerModel({
    world,
    owner: world.mallory,
    builders: [{ account: accountOf(world.mallory), units: rest }],
    upstreams: [{ asset: parent, units }],
  });
}

const hasChild = async ({ models }: RegistryWorld): Promise<boolean> => (await models.assetCount()) === 2n;

describe("Attacks on licence terms", () => {
  for (const [trick, units, rest] of [
    ["one unit less than the least share", 999n, 9_001n],
    ["one unit of a great many", 1n, 2n ** 128n - 2n],
  ] as const) {
    itStands({
      name: `a child gives its parent ${trick}`,
      defence: "noLeastShare",
      scene: parentUnder({ minShareBps: 1_000n, open: true }),
      attack: async (world, { parent }) => {
        await buildOn(world, parent, { units, rest });
      },
      refusal: {
        by: "models",
        error: "LineageRegistry_ShareBelowTerms",
        args: (_, { parent }) => [parent.registry, parent.id, units, units + rest, 1_000n],
      },
      hasWorked: hasChild,
    });
  }

  itStands({
    name: "a child uses so few units that its parent's part rounds down",
    defence: "leastShareRoundsDown",
    scene: parentUnder({ minShareBps: 5_000n, open: true }),
    attack: async (world, { parent }) => {
      await buildOn(world, parent, { units: 1n, rest: 2n });
    },
    refusal: {
      by: "models",
      error: "LineageRegistry_ShareBelowTerms",
      args: (_, { parent }) => [parent.registry, parent.id, 1n, 3n, 5_000n],
    },
    hasWorked: hasChild,
  });

  itStands({
    name: "a child names its parent through a registry of its own that knows no terms",
    defence: "anyUpstream",
    scene: async (world) => {
      const scene = await parentUnder({ minShareBps: 5_000n, open: false })(world);
      const lookAlike = await ethers.deployContract("LookAlikeRegistry", [scene.parent.split.id]);
      return { ...scene, lookAlike: await lookAlike.getAddress() };
    },
    attack: async (world, { parent, lookAlike }) => {
      await buildOn(world, { ...parent, registry: lookAlike }, { units: 1n, rest: 9_999n });
    },
    refusal: {
      by: "models",
      error: "LineageRegistry_UnknownRegistry",
      args: (_, { lookAlike }) => [lookAlike],
    },
    hasWorked: hasChild,
  });

  itStands({
    name: "a child adorns itself with a parent that it gives nothing",
    defence: "noUnits",
    scene: parentUnder(OPEN),
    attack: async (world, { parent }) => {
      await buildOn(world, parent, { units: 0n, rest: 1n });
    },
    refusal: { by: "models", error: "LineageRegistry_ZeroUnits", args: () => [1n] },
    hasWorked: hasChild,
  });

  itStands({
    name: "somebody without a licence builds on a closed model",
    defence: "noLicence",
    scene: parentUnder({ minShareBps: 0n, open: false }),
    attack: async (world, { parent }) => {
      await buildOn(world, parent, { units: 1n, rest: 1n });
    },
    refusal: {
      by: "models",
      error: "AssetRegistry_NotLicensed",
      args: ({ mallory }, { parent }) => [parent.id, mallory],
    },
    hasWorked: hasChild,
  });

  itStands({
    name: "somebody forks a closed model without a licence",
    defence: "noLicence",
    scene: parentUnder({ minShareBps: 0n, open: false }),
    attack: async ({ models, mallory }, { parent }) => {
      await models.connect(mallory).fork(parent.id, 1n, 10_000n, "ipfs://fork", id("fork"));
    },
    refusal: {
      by: "models",
      error: "AssetRegistry_NotLicensed",
      args: ({ mallory }, { parent }) => [parent.id, mallory],
    },
    hasWorked: hasChild,
  });

  itStands({
    name: "somebody builds on once its licence was taken back",
    defence: "licencesForEver",
    scene: parentUnder({ minShareBps: 0n, open: false }),
    attack: async (world, { parent }) => {
      const models = world.models.connect(world.builder);
      await models.setLicensee(parent.id, world.mallory, true);
      await models.setLicensee(parent.id, world.mallory, false);
      await buildOn(world, parent, { units: 1n, rest: 1n });
    },
    refusal: {
      by: "models",
      error: "AssetRegistry_NotLicensed",
      args: ({ mallory }, { parent }) => [parent.id, mallory],
    },
    hasWorked: hasChild,
  });

  itStands({
    name: "an owner without a licence lets a licensee publish for it",
    defence: "licenceOfCaller",
    scene: async (world) => {
      const scene = await parentUnder({ minShareBps: 0n, open: false })(world);
      const child = await registerModel({ world, owner: world.mallory });
      await world.models.connect(world.builder).setLicensee(scene.parent.id, world.tuner, true);
      await world.models.connect(world.mallory).approve(world.tuner, child.id);
      return { ...scene, child };
    },
    attack: async ({ models, tuner }, { parent, child }) => {
      const { lineage } = lineageOf({ upstreams: [{ asset: parent, units: 1n }] });
      await models.connect(tuner).publish(child.id, lineage);
    },
    refusal: {
      by: "models",
      error: "AssetRegistry_NotLicensed",
      args: ({ mallory }, { parent }) => [parent.id, mallory],
    },
    hasWorked: async ({ models }, { child }) => (await models.latestVersion(child.id)) === 2n,
  });

  itStands({
    name: "a parent asks for all that its children will ever earn",
    defence: "anyTerms",
    scene: parentUnder(OPEN),
    attack: async ({ models, builder }, { parent }) => {
      await models.connect(builder).setTerms(parent.id, { minShareBps: 10_000n, open: true });
    },
    refusal: { by: "models", error: "AssetRegistry_AboveCap", args: () => [10_000n, 5_000n] },
    hasWorked: async ({ models }, { parent }) => (await models.termsOf(parent.id)).minShareBps === 10_000n,
  });

  itStands({
    name: "a parent raises its terms right in front of a fork",
    defence: "forkAtAnyShare",
    scene: parentUnder({ minShareBps: 1_000n, open: true }),
    attack: async ({ models, builder, tuner }, { parent }) => {
      await models.connect(builder).setTerms(parent.id, { minShareBps: 5_000n, open: true });
      await models.connect(tuner).fork(parent.id, 1n, 1_000n, "ipfs://fork", id("fork"));
    },
    refusal: { by: "models", error: "ModelRegistry_ParentShareAbove", args: () => [5_000n, 1_000n] },
    hasWorked: hasChild,
  });

  itStands({
    name: "somebody has a model pay an account that nobody can spend from",
    defence: "noBuilder",
    scene: async () => ({}),
    attack: async (world) => {
      await registerModel({ world, owner: world.mallory, builders: [{ account: ZeroHash, units: 1n }] });
    },
    refusal: { by: "models", error: "LineageRegistry_ZeroBuilder", args: () => [0n] },
    hasWorked: async ({ models }) => (await models.assetCount()) === 1n,
  });
});

describe("Attacks with terms after the fact", () => {
  // No twin: what a split pays is in its id, and there is no code that could change it.
  it("do not work by raising the least share: children keep what they give, whatever their parent asks for now", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { models, ledger, payer, builder, tuner } = world;
    const parent = await registerModel({ world, owner: builder, terms: { minShareBps: 100n, open: true } });
    const child = await registerModel({
      world,
      owner: tuner,
      builders: [{ account: accountOf(tuner), units: 99n }],
      upstreams: [{ asset: parent, units: 1n }],
    });
    await ledger.connect(payer).pay(child.split.id, 10_000n, 1n, ZeroHash);
    await models.connect(builder).setTerms(parent.id, { minShareBps: 5_000n, open: false });
    await ledger.connect(payer).pay(child.split.id, 10_000n, 1n, ZeroHash);
    await ledger.release(encodeDraws([child.split.draw({ first: 0, count: 2 })]));
    expect((await ledger.received(parent.split.id)).amount).to.equal(200n);
    expect(await ledger.balanceOf(accountOf(tuner))).to.equal(19_800n);
  });

  // No twin here: the defence is the ledger's, and arbiter.test.ts takes it away.
  it("do not work by a child's own arbiter: what is licensed upstream cannot be redirected", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { ledger, payer, builder, mallory } = world;
    const parent = await registerModel({ world, owner: builder, terms: { minShareBps: 5_000n, open: true } });
    const child = await registerModel({
      world,
      owner: mallory,
      builders: [{ account: accountOf(mallory), units: 5_000n }],
      upstreams: [{ asset: parent, units: 5_000n }],
      arbiter: mallory.address,
    });
    const { root, totalUnits, size } = child.split.header;
    await ledger.connect(mallory).redirect(root, totalUnits, size, 1n, accountOf(mallory));
    await ledger.connect(payer).pay(child.split.id, 1_000n, 1n, ZeroHash);
    await ledger.release(encodeDraws([child.split.draw({ first: 0, count: 2 })]));
    expect((await ledger.received(parent.split.id)).amount).to.equal(500n);
    expect(await ledger.balanceOf(accountOf(mallory))).to.equal(500n);
  });

  const served = async (world: RegistryWorld): Promise<{ service: Service; splitId: string }> => {
    const service = await registerService({ world, asset: await registerModel({ world, owner: world.builder }) });
    return { service, splitId: await world.services.splitOf(service.id) };
  };

  itStands({
    name: "an owner puts another version in the place of the one that is served",
    defence: "versionsChange",
    scene: async (world) => {
      const { split } = lineageOf({ builders: [{ account: accountOf(world.builder), units: 1n }] });
      return { honest: split.id };
    },
    attack: async (world) => {
      const { service } = await served(world);
      const { lineage } = lineageOf({ builders: [{ account: accountOf(world.mallory), units: 1n }] });
      await world.models.connect(world.builder).publish(service.asset.id, lineage);
    },
    hasWorked: async ({ models }, { honest }) => (await models.splitOf(1n, 1n)) !== honest,
  });

  itStands({
    name: "an owner closes its model to stop those who serve it",
    defence: "servingNeedsLicence",
    scene: served,
    attack: async ({ models, builder }, { service }) => {
      await models.connect(builder).setTerms(service.asset.id, { minShareBps: 0n, open: false });
    },
    hasWorked: async ({ services }, { service, splitId }) =>
      await services.quote(service.id, 1n, 1n, 1n).then(
        (quote) => quote.splitId !== splitId,
        () => true,
      ),
  });
});

describe("Attacks with versions that nobody can draw from", () => {
  /** A Datanet whose only contribution was revoked. */
  const emptied = async (world: RegistryWorld): Promise<{ datanet: Datanet }> => {
    const datanet = await createDatanet({ world });
    await accept({ world, datanet, offers: offersOf({ by: [world.alice], count: 1 }) });
    await revoke({ world, datanet, index: 0, by: world.curator });
    return { datanet };
  };
  const noSplit = (_: RegistryWorld, { datanet }: { datanet: Datanet }): unknown[] => [datanet.id, 2n];

  itStands({
    name: "a curator revokes everybody in front of a payment",
    defence: "paysNobody",
    scene: emptied,
    attack: async ({ datanets, payer }, { datanet }) => {
      await datanets.connect(payer).pay(datanet.id, 1_000n, 1n, ZeroHash);
    },
    refusal: { by: "datanets", error: "AssetRegistry_NoSplit", args: noSplit },
    hasWorked: async ({ ledger }) => (await ledger.received(ZeroHash)).amount === 1_000n,
  });

  itStands({
    name: "a model builds on a version that has no split",
    defence: "paysNobody",
    scene: emptied,
    attack: async ({ datanets, models, mallory }, { datanet }) => {
      const { id: datanetId, log } = { id: datanet.id, log: datanet.log.latest.split };
      const asset = await assetVersion({ registry: datanets, id: datanetId, version: 2n, split: log });
      await models.connect(mallory).register(OPEN, lineageOf({ upstreams: [{ asset, units: 1n }] }).lineage);
    },
    refusal: { by: "datanets", error: "AssetRegistry_NoSplit", args: noSplit },
    hasWorked: async ({ models }) => (await models.assetCount()) === 1n,
  });

  itStands({
    name: "a curator revokes what others pay in an earlier version",
    defence: "versionsChange",
    scene: async (world) => {
      const datanet = await createDatanet({ world });
      await accept({ world, datanet, offers: offersOf({ by: [world.alice], count: 1 }) });
      return { datanet };
    },
    attack: async ({ datanets, curator }, { datanet }) => {
      const { contribution, proof } = datanet.revocation(0);
      await datanets.connect(curator).revoke(datanet.id, 0n, contribution, proof);
    },
    hasWorked: async ({ datanets }, { datanet }) =>
      await datanets.splitOf(datanet.id, 1n).then(
        (splitId) => splitId !== datanet.version(1).split.id,
        () => true,
      ),
  });
});
