import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { verifyConsistency } from "../../sdk/log.ts";
import { encodeDraws } from "../../sdk/split.ts";
import { accountOf } from "../helpers/shares.ts";
import {
  accept,
  acceptSigned,
  createDatanet,
  type Datanet,
  type Offer,
  offerOf,
  offersOf,
  revoke,
} from "./datanets.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { networkHelpers } = await network.getOrCreate();
const { loadFixture, takeSnapshot } = networkHelpers;

type Contributor = RegistryWorld["alice"];

describe("DatanetRegistry: revoke", () => {
  for (const role of ["alice", "curator"] as const) {
    it(`takes a contribution out of versions to come, by ${role === "alice" ? "its contributor" : "the curator"}`, async () => {
      const { world, datanet } = await startDatanet({ count: 4 });
      const { datanets } = world;
      const { contribution, proof } = datanet.revocation(2);
      const { split } = datanet.strike(2);
      const revoked = datanets.connect(world[role]).revoke(datanet.id, 2n, contribution, proof);
      await expect(revoked).to.emit(datanets, "ContributionRevoked").withArgs(datanet.id, 2n, world[role]);
      await expect(revoked)
        .to.emit(datanets, "VersionPublished")
        .withArgs(datanet.id, 2n, split.id, split.id, 4n, 7n, []);
      expect(await datanets.splitOf(datanet.id, 2n)).to.equal(split.id);
      expect(await datanets.logOf(datanet.id)).to.deep.equal([4n, 7n]);
      expect(await datanets.latestVersion(datanet.id)).to.equal(2n);
    });
  }

  it("returns the number of the version it makes", async () => {
    const { world, datanet } = await startDatanet({ count: 2 });
    const { contribution, proof } = datanet.revocation(0);
    expect(await world.datanets.connect(world.curator).revoke.staticCall(datanet.id, 0n, contribution, proof)).to.equal(
      2n,
    );
  });

  for (let size = 1; size <= 17; size++) {
    it(`works at every position of a log of ${size}`, async () => {
      const { world, datanet } = await startDatanet({ count: size });
      const { datanets, curator } = world;
      const snapshot = await takeSnapshot();
      for (let index = 0; index < size; index++) {
        const mirror = mirrorOf(datanet, size, world);
        const { contribution, proof } = mirror.revocation(index);
        await datanets.connect(curator).revoke(datanet.id, index, contribution, proof);
        const { split } = mirror.strike(index);
        const expected = split.tree.totalUnits === 0n ? undefined : split.id;
        const published = await datanets.queryFilter(datanets.filters.VersionPublished(datanet.id, 2n));
        expect(published.map(({ args }) => args.splitId)).to.deep.equal([expected ?? ZeroHash]);
        expect(await datanets.logOf(datanet.id)).to.deep.equal([BigInt(size), split.tree.totalUnits]);
        await snapshot.restore();
      }
    });
  }

  it("works again and again, between batches, down to the last contribution", async () => {
    const { world, datanet } = await startDatanet({ count: 5 });
    const { datanets, curator, alice, bob } = world;
    await revoke({ world, datanet, index: 3, by: bob });
    await acceptSigned({ world, datanet, offers: [offerOf({ by: bob, text: "later", units: 9n })] });
    await revoke({ world, datanet, index: 0, by: alice });
    await accept({ world, datanet, offers: [offerOf({ by: alice, text: "latest", units: 5n })] });
    for (const index of [6, 1, 4, 5]) await revoke({ world, datanet, index, by: curator });
    for (const { number, split } of datanet.versions) {
      expect(await datanets.splitOf(datanet.id, number)).to.equal(split.id);
    }
    expect(await datanets.logOf(datanet.id)).to.deep.equal([7n, 3n]);
  });

  it("leaves a proof: the new version continues the old one except for the revoked", async () => {
    const { world, datanet } = await startDatanet({ count: 6 });
    await revoke({ world, datanet, index: 4, by: world.curator });
    await accept({ world, datanet, offers: [offerOf({ by: world.alice, text: "later" })] });
    const from = datanet.version(1).log.header;
    const to = datanet.latest.log.header;
    const proof = datanet.log.consistencyProof({ from: 1, to: 3 });
    expect(verifyConsistency({ from, to, proof })).to.deep.equal({ consistent: true, revoked: [4] });
    expect(await world.datanets.splitOf(datanet.id, 3n)).to.equal(datanet.latest.split.id);
  });

  it("goes on paying the revoked one from versions that were published before", async () => {
    const { world, datanet } = await startDatanet({ count: 2 });
    const { ledger, datanets, payer, alice, bob } = world;
    const [before] = datanet.versions;
    await ledger.connect(payer).pay(before.split.id, 300n, 1n, ZeroHash);
    const after = await revoke({ world, datanet, index: 0, by: alice });
    await ledger.connect(payer).pay(before.split.id, 30n, 1n, ZeroHash);
    await datanets.connect(payer).pay(datanet.id, 500n, 1n, ZeroHash);
    for (const { split } of [before, after]) {
      await ledger.release(encodeDraws([split.draw({ first: 0, count: split.tree.size })]));
    }
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(110n);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(220n + 500n);
  });

  describe("when nobody is left with units", () => {
    it("publishes a version without a split", async () => {
      const { world, datanet } = await startDatanet({ count: 1 });
      const { datanets, alice } = world;
      const { contribution, proof } = datanet.revocation(0);
      const revoked = datanets.connect(alice).revoke(datanet.id, 0n, contribution, proof);
      await expect(revoked)
        .to.emit(datanets, "VersionPublished")
        .withArgs(datanet.id, 2n, ZeroHash, ZeroHash, 1n, 0n, []);
      expect(await datanets.latestVersion(datanet.id)).to.equal(2n);
      expect(await datanets.logOf(datanet.id)).to.deep.equal([1n, 0n]);
    });

    it("does so even if owner and curator take a share", async () => {
      const { world, datanet } = await startDatanet({ count: 1, ownerBps: 3_000n, curatorBps: 2_000n });
      const { contribution, proof } = datanet.revocation(0);
      await expect(world.datanets.connect(world.curator).revoke(datanet.id, 0n, contribution, proof))
        .to.emit(world.datanets, "VersionPublished")
        .withArgs(datanet.id, 2n, ZeroHash, ZeroHash, 1n, 0n, []);
    });

    it("cannot be paid or built on, while the version before can", async () => {
      const { world, datanet } = await startDatanet({ count: 1 });
      const { datanets, models, ledger, payer, alice, builder } = world;
      await revoke({ world, datanet, index: 0, by: alice });
      const refusal = ["AssetRegistry_NoSplit", [datanet.id, 2n]] as const;
      await expect(datanets.splitOf(datanet.id, 2n))
        .to.be.revertedWithCustomError(datanets, refusal[0])
        .withArgs(...refusal[1]);
      await expect(datanets.connect(payer).pay(datanet.id, 100n, 1n, ZeroHash))
        .to.be.revertedWithCustomError(datanets, refusal[0])
        .withArgs(...refusal[1]);
      const trainOn = async (version: bigint): Promise<unknown> =>
        await models.connect(builder).register(
          { minShareBps: 0n, open: true },
          {
            builders: [],
            upstreams: [{ registry: datanets, id: datanet.id, version, units: 1n }],
            arbiter: ZeroAddress,
            metadataURI: "",
            metadataHash: ZeroHash,
          },
        );
      await expect(trainOn(2n))
        .to.be.revertedWithCustomError(datanets, refusal[0])
        .withArgs(...refusal[1]);
      await trainOn(1n);
      await ledger.connect(payer).pay(datanet.version(1).split.id, 100n, 1n, ZeroHash);
    });

    it("comes back to life with the next contribution", async () => {
      const { world, datanet } = await startDatanet({ count: 1 });
      await revoke({ world, datanet, index: 0, by: world.alice });
      const { split } = await accept({ world, datanet, offers: offersOf({ by: [world.bob], count: 1 }) });
      expect(split.tree.size).to.equal(2);
      expect(await world.datanets.splitOf(datanet.id, 3n)).to.equal(split.id);
    });
  });

  describe("when somebody else calls", () => {
    for (const role of ["bob", "owner", "mallory"] as const) {
      it(`reverts: ${role}`, async () => {
        const { world, datanet } = await startDatanet({ count: 3 });
        const { contribution, proof } = datanet.revocation(0);
        await expect(world.datanets.connect(world[role]).revoke(datanet.id, 0n, contribution, proof))
          .to.be.revertedWithCustomError(world.datanets, "DatanetRegistry_NotRevoker")
          .withArgs(datanet.id, world[role]);
      });
    }
  });

  it("reverts for a contribution without units", async () => {
    const { world, datanet } = await startDatanet({ count: 3 });
    await revoke({ world, datanet, index: 0, by: world.alice });
    const { contribution, proof } = datanet.revocation(0);
    expect(contribution.units).to.equal(0n);
    await expect(world.datanets.connect(world.alice).revoke(datanet.id, 0n, contribution, proof))
      .to.be.revertedWithCustomError(world.datanets, "DatanetRegistry_ZeroUnits")
      .withArgs(0n);
  });

  it("reverts beyond the log", async () => {
    const { world, datanet } = await startDatanet({ count: 3 });
    const { contribution, proof } = datanet.revocation(2);
    const datanets = world.datanets.connect(world.alice);
    for (const index of [3n, 4n, 6n, 2n ** 64n, 2n ** 256n - 1n]) {
      await expect(datanets.revoke(datanet.id, index, contribution, proof))
        .to.be.revertedWithCustomError(datanets, "MerkleSumTree_BadRange")
        .withArgs(index, 1n, 3n);
    }
  });

  it("reverts for a Datanet without a log", async () => {
    const { world } = await startDatanet({ count: 1 });
    const row = { contributor: world.alice, units: 1n, evidence: id("nothing") };
    await expect(world.datanets.connect(world.alice).revoke(2n, 0n, row, "0x"))
      .to.be.revertedWithCustomError(world.datanets, "MerkleSumTree_BadRange")
      .withArgs(0n, 1n, 0n);
  });

  it("reverts for a proof with a sibling too few or too many", async () => {
    const { world, datanet } = await startDatanet({ count: 6 });
    const datanets = world.datanets.connect(world.curator);
    const { contribution, proof } = datanet.revocation(1);
    await expect(datanets.revoke(datanet.id, 1n, contribution, proof.slice(0, 2 + 96)))
      .to.be.revertedWithCustomError(datanets, "MerkleSumTree_ProofTooShort")
      .withArgs(48n, 96n);
    await expect(datanets.revoke(datanet.id, 1n, contribution, `${proof}${"00".repeat(48)}`))
      .to.be.revertedWithCustomError(datanets, "MerkleSumTree_ProofTooLong")
      .withArgs(144n, 96n);
  });
});

/** A Datanet with a batch of contributions by Alice and Bob in turn, worth 1, 2, 3, … units. */
async function startDatanet({
  count,
  ...shares
}: {
  count: number;
  ownerBps?: bigint;
  curatorBps?: bigint;
}): Promise<{ world: RegistryWorld; datanet: Datanet }> {
  const world = await loadFixture(deployRegistryWorld);
  const datanet = await createDatanet({ world, ...shares });
  await accept({ world, datanet, offers: batchOf(world, count) });
  return { world, datanet };
}

function batchOf({ alice, bob }: RegistryWorld, count: number): Offer<Contributor>[] {
  return offersOf({ by: [alice, bob], count });
}

/** The mirror as it was after the first batch. */
function mirrorOf(datanet: Datanet, count: number, world: RegistryWorld): Datanet {
  const mirror = datanet.copy();
  mirror.append(batchOf(world, count));
  return mirror;
}
