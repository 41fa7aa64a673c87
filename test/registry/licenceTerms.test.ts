import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeDraws } from "../../sdk/split.ts";
import type { AssetRegistry } from "../../typechain-types/index.ts";
import { accountOf } from "../helpers/shares.ts";
import { accept, createDatanet, OPEN, offersOf, type Terms } from "./datanets.ts";
import {
  type AssetVersion,
  assetVersion,
  lineageOf,
  REGISTER_WITH_LINEAGE,
  registerAgent,
  registerModel,
} from "./lineages.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const CLOSED: Terms = { minShareBps: 0n, open: false };

/** Each kind of asset that others can build on. */
const PARENTS = {
  Datanet: async (world: RegistryWorld, terms: Terms): Promise<AssetVersion> => {
    const datanet = await createDatanet({ world, owner: world.tuner, terms });
    const { split } = await accept({ world, datanet, offers: offersOf({ by: [world.alice], count: 2 }) });
    return await assetVersion({ registry: world.datanets, id: datanet.id, version: 1n, split });
  },
  model: async (world: RegistryWorld, terms: Terms): Promise<AssetVersion> =>
    await registerModel({ world, owner: world.tuner, terms }),
  agent: async (world: RegistryWorld, terms: Terms): Promise<AssetVersion> =>
    await registerAgent({ world, owner: world.tuner, terms }),
};

for (const [kind, register] of Object.entries(PARENTS)) {
  describe(`Licence terms of a ${kind}`, () => {
    for (const [minShareBps, total] of [
      [1n, 10_000n],
      [1_000n, 10_000n],
      [5_000n, 2n],
      [3_333n, 10_000n * 7n],
      [2_500n, 2n ** 128n - 4n],
    ] as const) {
      it(`ask for ${minShareBps} basis points of ${total} units: exactly that will do, one unit less will not`, async () => {
        const world = await loadFixture(deployRegistryWorld);
        const { agents } = world;
        const parent = await register(world, { minShareBps, open: true });
        const least = (total * minShareBps) / 10_000n;
        expect(least * 10_000n).to.equal(total * minShareBps);
        await build(world, parent, { units: least, rest: total - least });
        const tooLittle = build(world, parent, { units: least - 1n, rest: total - least + 1n });
        if (least === 1n) {
          await expect(tooLittle).to.be.revertedWithCustomError(agents, "LineageRegistry_ZeroUnits").withArgs(1n);
        } else {
          await expect(tooLittle)
            .to.be.revertedWithCustomError(agents, "LineageRegistry_ShareBelowTerms")
            .withArgs(parent.registry, parent.id, least - 1n, total, minShareBps);
        }
      });
    }

    it("round up: a bound between two units takes the upper one", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const parent = await register(world, { minShareBps: 1_000n, open: true });
      // A tenth of 1,001 units.
      await expect(build(world, parent, { units: 100n, rest: 901n }))
        .to.be.revertedWithCustomError(world.agents, "LineageRegistry_ShareBelowTerms")
        .withArgs(parent.registry, parent.id, 100n, 1_001n, 1_000n);
      await build(world, parent, { units: 101n, rest: 900n });
    });

    it("hold for each mention of the parent, whatever the others get", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const parent = await register(world, { minShareBps: 1_000n, open: true });
      const { lineage } = lineageOf({
        upstreams: [
          { asset: parent, units: 9_001n },
          { asset: parent, units: 999n },
        ],
      });
      await expect(world.agents[REGISTER_WITH_LINEAGE]("", OPEN, lineage))
        .to.be.revertedWithCustomError(world.agents, "LineageRegistry_ShareBelowTerms")
        .withArgs(parent.registry, parent.id, 999n, 10_000n, 1_000n);
    });

    it("keep strangers out when closed, and let the owner and licensees in", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { builder, tuner } = world;
      const parent = await register(world, CLOSED);
      const registry = await registryOf(world, parent);
      await expect(build(world, parent, { units: 1n, rest: 1n }))
        .to.be.revertedWithCustomError(registry, "AssetRegistry_NotLicensed")
        .withArgs(parent.id, builder);
      await build(world, parent, { units: 1n, rest: 1n, by: tuner });
      await registry.connect(tuner).setLicensee(parent.id, builder, true);
      await build(world, parent, { units: 1n, rest: 1n });
    });

    it("let in a new owner and shut out the old one", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { builder, tuner } = world;
      const parent = await register(world, CLOSED);
      const registry = await registryOf(world, parent);
      await registry.connect(tuner).transferFrom(tuner, builder, parent.id);
      await build(world, parent, { units: 1n, rest: 1n });
      await expect(build(world, parent, { units: 1n, rest: 1n, by: tuner }))
        .to.be.revertedWithCustomError(registry, "AssetRegistry_NotLicensed")
        .withArgs(parent.id, tuner);
    });

    it("bind licensees to the least share, too, and the owner itself", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { builder, tuner } = world;
      const parent = await register(world, { minShareBps: 5_000n, open: false });
      await (await registryOf(world, parent)).connect(tuner).setLicensee(parent.id, builder, true);
      for (const by of [builder, tuner]) {
        await expect(build(world, parent, { units: 1n, rest: 2n, by }))
          .to.be.revertedWithCustomError(world.agents, "LineageRegistry_ShareBelowTerms")
          .withArgs(parent.registry, parent.id, 1n, 3n, 5_000n);
        await build(world, parent, { units: 1n, rest: 1n, by });
      }
    });

    it("can be opened, closed and licensed again: each child goes by what held when it was published", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { tuner, builder } = world;
      const parent = await register(world, OPEN);
      const registry = await registryOf(world, parent);
      await build(world, parent, { units: 1n, rest: 9n });
      await registry.connect(tuner).setTerms(parent.id, CLOSED);
      await expect(build(world, parent, { units: 1n, rest: 9n }))
        .to.be.revertedWithCustomError(registry, "AssetRegistry_NotLicensed")
        .withArgs(parent.id, builder);
      await registry.connect(tuner).setLicensee(parent.id, builder, true);
      await build(world, parent, { units: 1n, rest: 9n });
      await registry.connect(tuner).setLicensee(parent.id, builder, false);
      await expect(build(world, parent, { units: 1n, rest: 9n }))
        .to.be.revertedWithCustomError(registry, "AssetRegistry_NotLicensed")
        .withArgs(parent.id, builder);
    });

    it("never bind children that are there already: neither a revoked licence nor a higher share", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { agents, ledger, payer, builder, tuner } = world;
      const parent = await register(world, CLOSED);
      const registry = await registryOf(world, parent);
      await registry.connect(tuner).setLicensee(parent.id, builder, true);
      const child = await build(world, parent, { units: 1n, rest: 99n });
      await registry.connect(tuner).setLicensee(parent.id, builder, false);
      await registry.connect(tuner).setTerms(parent.id, { minShareBps: 5_000n, open: false });
      expect(await agents.splitOf(child.id, 1n)).to.equal(child.split.id);
      await ledger.connect(payer).pay(child.split.id, 10_000n, 1n, ZeroHash);
      await ledger.release(encodeDraws([child.split.draw({ first: 0, count: 2 })]));
      expect((await ledger.received(parent.split.id)).amount).to.equal(100n);
      expect(await ledger.balanceOf(accountOf(builder))).to.equal(9_900n);

      const { lineage } = lineageOf({ upstreams: [{ asset: child, units: 1n }] });
      await agents.connect(builder).publish(child.id, lineage);
      expect(await agents.latestVersion(child.id)).to.equal(2n);
    });

    it("tell a child of them beforehand", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { builder, tuner } = world;
      const parent = await register(world, { minShareBps: 70n, open: false });
      const registry = await registryOf(world, parent);
      expect(await registry.licensedSplit(parent.id, 1n, tuner)).to.deep.equal([parent.split.id, 70n]);
      await expect(registry.licensedSplit(parent.id, 1n, builder))
        .to.be.revertedWithCustomError(registry, "AssetRegistry_NotLicensed")
        .withArgs(parent.id, builder);
      await expect(registry.licensedSplit(parent.id, 9n, tuner))
        .to.be.revertedWithCustomError(registry, "AssetRegistry_NoSplit")
        .withArgs(parent.id, 9n);
    });
  });
}

/** What Datanets, models and agents have in common. */
async function registryOf({ connection }: RegistryWorld, { registry }: AssetVersion): Promise<AssetRegistry> {
  return await connection.ethers.getContractAt("AssetRegistry", registry);
}

/** Registers an agent, which can build on all three kinds. */
async function build(
  world: RegistryWorld,
  parent: AssetVersion,
  { units, rest, by = world.builder }: { units: bigint; rest: bigint; by?: RegistryWorld["builder"] },
): Promise<AssetVersion> {
  return await registerAgent({
    world,
    owner: by,
    builders: [{ account: accountOf(by), units: rest }],
    upstreams: [{ asset: parent, units }],
  });
}
