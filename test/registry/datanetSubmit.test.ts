import { expect } from "chai";
import { id, MaxUint256 } from "ethers";
import { network } from "hardhat";

import { evidenceOf } from "../../sdk/content.ts";
import {
  accept,
  contributionOf,
  createDatanet,
  type Datanet,
  type Offer,
  offerOf,
  offersOf,
  revoke,
} from "./datanets.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

describe("DatanetRegistry: submit", () => {
  it("queues the contribution under its evidence and publishes all of it", async () => {
    const { datanets, datanet, alice } = await startDatanet();
    const { content, uri } = offerOf({ by: alice, text: "a photograph" });
    await expect(datanets.connect(alice).submit(datanet.id, content, uri))
      .to.emit(datanets, "ContributionSubmitted")
      .withArgs(
        datanet.id,
        1n,
        alice,
        evidenceOf(content),
        [content.contentRoot, content.byteLength, content.licenseHash, content.uriHash],
        uri,
      );
    expect(await datanets.queueOf(datanet.id)).to.deep.equal([1n, 0n]);
  });

  it("numbers submissions from one, whoever they are from", async () => {
    const { datanets, datanet, alice, bob } = await startDatanet();
    const { content, uri } = offerOf({ by: alice, text: "a photograph" });
    for (const [contributor, number] of [
      [alice, 1n],
      [bob, 2n],
      [alice, 3n],
    ] as const) {
      const submit = datanets.connect(contributor).submit;
      expect(await submit.staticCall(datanet.id, content, uri)).to.equal(number);
      await submit(datanet.id, content, uri);
    }
    expect(await datanets.queueOf(datanet.id)).to.deep.equal([3n, 0n]);
  });

  it("makes the evidence by EIP-712", async () => {
    const { datanets, alice } = await startDatanet();
    const { content } = offerOf({ by: alice, text: "a photograph" });
    expect(await datanets.evidenceOf(content)).to.equal(evidenceOf(content));
  });

  it("neither adds to the log nor makes a version", async () => {
    const { datanets, datanet, alice } = await startDatanet();
    await submitAll({ datanets, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    expect(await datanets.logOf(datanet.id)).to.deep.equal([0n, 0n]);
    expect(await datanets.latestVersion(datanet.id)).to.equal(0n);
  });

  it("keeps the queues of Datanets apart", async () => {
    const world = await startDatanet();
    const other = await createDatanet({ world });
    await submitAll({ ...world, offers: offersOf({ by: [world.alice], count: 2 }) });
    expect(await world.datanets.queueOf(other.id)).to.deep.equal([0n, 0n]);
  });

  it("reverts for empty content", async () => {
    const { datanets, datanet, alice } = await startDatanet();
    const { content, uri } = offerOf({ by: alice, text: "a photograph" });
    await expect(datanets.submit(datanet.id, { ...content, byteLength: 0n }, uri)).to.be.revertedWithCustomError(
      datanets,
      "DatanetRegistry_EmptyContent",
    );
  });

  it("reverts for another URI than the content commits to", async () => {
    const { datanets, datanet, alice } = await startDatanet();
    const { content, uri } = offerOf({ by: alice, text: "a photograph" });
    await expect(datanets.submit(datanet.id, content, `${uri}?`))
      .to.be.revertedWithCustomError(datanets, "DatanetRegistry_UriMismatch")
      .withArgs(id(uri), id(`${uri}?`));
  });

  it("reverts for a Datanet that does not exist", async () => {
    const { datanets, alice } = await startDatanet();
    const { content, uri } = offerOf({ by: alice, text: "a photograph" });
    await expect(datanets.submit(2n, content, uri))
      .to.be.revertedWithCustomError(datanets, "ERC721NonexistentToken")
      .withArgs(2n);
  });
});

describe("DatanetRegistry: accept", () => {
  it("appends the batch in its order and publishes the version that the log then is", async () => {
    const { datanets, datanet, curator, alice, bob } = await startDatanet();
    const offers = offersOf({ by: [alice, bob], count: 3 });
    await submitAll({ datanets, datanet, offers });
    const rows = offers.map(contributionOf);
    const { split } = datanet.append(offers);
    expect(await datanets.connect(curator).accept.staticCall(datanet.id, 0n, rows)).to.equal(1n);
    const accepted = datanets.connect(curator).accept(datanet.id, 0n, rows);
    await expect(accepted)
      .to.emit(datanets, "ContributionsAccepted")
      .withArgs(
        datanet.id,
        0n,
        1n,
        rows.map(({ contributor, units, evidence }) => [contributor, units, evidence]),
      );
    await expect(accepted)
      .to.emit(datanets, "VersionPublished")
      .withArgs(datanet.id, 1n, split.id, split.id, 3n, 6n, []);
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(split.id);
    expect(await datanets.latestVersion(datanet.id)).to.equal(1n);
    expect(await datanets.logOf(datanet.id)).to.deep.equal([3n, 6n]);
    expect(await datanets.queueOf(datanet.id)).to.deep.equal([3n, 3n]);
  });

  it("makes a version per batch, whatever the sizes, each the split of the whole log so far", async () => {
    const world = await startDatanet();
    const { datanets, datanet, alice, bob, carol } = world;
    const offers = offersOf({ by: [alice, bob, carol], count: 40 });
    for (const size of [1, 1, 2, 5, 3, 8, 1, 13, 4, 2]) {
      const { number, split } = await accept({ world, datanet, offers: offers.splice(0, size) });
      expect(await datanets.splitOf(datanet.id, number)).to.equal(split.id);
      expect(await datanets.logOf(datanet.id)).to.deep.equal([BigInt(split.tree.size), split.tree.totalUnits]);
    }
    for (const { number, split } of datanet.versions) {
      expect(await datanets.splitOf(datanet.id, number)).to.equal(split.id);
    }
  });

  it("says where in the log and in the queue a batch begins", async () => {
    const world = await startDatanet();
    const { datanets, datanet, alice, curator } = world;
    await accept({ world, datanet, offers: offersOf({ by: [alice], count: 5 }) });
    const offer = offerOf({ by: alice, text: "the sixth" });
    await submitAll({ datanets, datanet, offers: [offer] });
    const { contributor, units, evidence } = contributionOf(offer);
    await expect(datanets.connect(curator).accept(datanet.id, 5n, [{ contributor, units, evidence }]))
      .to.emit(datanets, "ContributionsAccepted")
      .withArgs(datanet.id, 5n, 6n, [[contributor, units, evidence]]);
  });

  it("can take the queue in parts, as long as it goes on where it stopped", async () => {
    const { datanets, datanet, alice, bob, curator } = await startDatanet();
    const offers = offersOf({ by: [alice, bob], count: 7 });
    await submitAll({ datanets, datanet, offers });
    let decided = 0n;
    for (const size of [2, 1, 4]) {
      const batch = offers.splice(0, size);
      await datanets.connect(curator).accept(datanet.id, decided, batch.map(contributionOf));
      const { number, split } = datanet.append(batch);
      decided += BigInt(size);
      expect(await datanets.splitOf(datanet.id, number)).to.equal(split.id);
      expect(await datanets.queueOf(datanet.id)).to.deep.equal([7n, decided]);
    }
  });

  it("rejects those it gives no units: they never come into the log", async () => {
    const { datanets, datanet, alice, bob, curator } = await startDatanet();
    const offers = offersOf({ by: [alice, bob], count: 6 });
    for (const rejected of [0, 3, 5]) offers[rejected].units = 0n;
    await submitAll({ datanets, datanet, offers });
    const rows = offers.map(contributionOf);
    const accepted = datanets.connect(curator).accept(datanet.id, 0n, rows);
    const { split } = datanet.append(offers);
    await expect(accepted)
      .to.emit(datanets, "ContributionsAccepted")
      .withArgs(
        datanet.id,
        0n,
        1n,
        rows.map(({ contributor, units, evidence }) => [contributor, units, evidence]),
      );
    await expect(accepted)
      .to.emit(datanets, "VersionPublished")
      .withArgs(datanet.id, 1n, split.id, split.id, 3n, 10n, []);
    expect(split.tree.size).to.equal(3);
    expect(await datanets.queueOf(datanet.id)).to.deep.equal([6n, 6n]);
  });

  it("keeps the logs of Datanets apart", async () => {
    const world = await startDatanet();
    const second = await createDatanet({ world });
    await accept({ world, datanet: world.datanet, offers: offersOf({ by: [world.alice], count: 3 }) });
    const { split } = await accept({ world, datanet: second, offers: offersOf({ by: [world.bob], count: 2 }) });
    expect(await world.datanets.splitOf(second.id, 1n)).to.equal(split.id);
    expect(await world.datanets.logOf(world.datanet.id)).to.deep.equal([3n, 6n]);
  });

  it("takes a curator that is a contract", async () => {
    const { datanets, datanet, owner, alice } = await startDatanet();
    const contract = await ethers.deployContract("Reenterer");
    const curation = { curator: await contract.getAddress(), ownerBps: 0n, curatorBps: 0n };
    await datanets.connect(owner).setCuration(datanet.id, curation);
    const offer = offerOf({ by: alice, text: "work" });
    await submitAll({ datanets, datanet, offers: [offer] });
    const data = datanets.interface.encodeFunctionData("accept", [datanet.id, 0n, [contributionOf(offer)]]);
    await contract.execute(datanets, data);
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(datanet.append([offer]).split.id);
  });

  it("lets a new curator accept what was submitted under the old one, who no longer can", async () => {
    const { datanets, datanet, owner, curator, alice, carol } = await startDatanet();
    const offer = offerOf({ by: alice, text: "work" });
    await submitAll({ datanets, datanet, offers: [offer] });
    await datanets.connect(owner).setCuration(datanet.id, { curator: carol, ownerBps: 0n, curatorBps: 0n });
    await expect(datanets.connect(curator).accept(datanet.id, 0n, [contributionOf(offer)]))
      .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotCurator")
      .withArgs(datanet.id, curator);
    await datanets.connect(carol).accept(datanet.id, 0n, [contributionOf(offer)]);
    expect(await datanets.logOf(datanet.id)).to.deep.equal([1n, 1n]);
  });

  it("reverts for a batch that appends nothing: no entries, or none with units", async () => {
    const { datanets, datanet, alice, curator } = await startDatanet();
    const offers = offersOf({ by: [alice], count: 2 }).map((offer) => ({ ...offer, units: 0n }));
    await submitAll({ datanets, datanet, offers });
    for (const batch of [[], offers.map(contributionOf)]) {
      await expect(datanets.connect(curator).accept(datanet.id, 0n, batch)).to.be.revertedWithCustomError(
        datanets,
        "DatanetRegistry_EmptyBatch",
      );
    }
  });

  describe("when the log has another size than the curator expected", () => {
    it("reverts, whether it is larger or smaller", async () => {
      const world = await startDatanet();
      const { datanets, datanet, alice, curator } = world;
      await accept({ world, datanet, offers: offersOf({ by: [alice], count: 2 }) });
      const offer = offerOf({ by: alice, text: "more" });
      await submitAll({ datanets, datanet, offers: [offer] });
      for (const expected of [0n, 1n, 3n, 2n ** 64n + 2n, MaxUint256]) {
        await expect(datanets.connect(curator).accept(datanet.id, expected, [contributionOf(offer)]))
          .to.be.revertedWithCustomError(datanets, "DatanetRegistry_OtherLog")
          .withArgs(datanet.id, 2n, expected);
      }
    });

    it("says so before it looks at the batch", async () => {
      const { datanets, datanet, curator } = await startDatanet();
      await expect(datanets.connect(curator).accept(datanet.id, 1n, []))
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_OtherLog")
        .withArgs(datanet.id, 0n, 1n);
    });
  });

  it("goes on with the same size after submissions, rejections, a change of curation and a revocation", async () => {
    const world = await startDatanet();
    const { datanets, datanet, owner, alice, bob, curator } = world;
    await accept({ world, datanet, offers: offersOf({ by: [alice], count: 2 }) });
    const offers = ["unwanted", "wanted", "later"].map((text) => offerOf({ by: bob, text }));
    await submitAll({ datanets, datanet, offers });
    await datanets.connect(curator).reject(datanet.id, 1n);
    await revoke({ world, datanet, index: 0, by: alice });
    await datanets.connect(owner).setCuration(datanet.id, { curator, ownerBps: 0n, curatorBps: 0n });
    await datanets.connect(curator).accept(datanet.id, 2n, [contributionOf(offers[1])]);
    expect(await datanets.splitOf(datanet.id, 3n)).to.equal(datanet.append([offers[1]]).split.id);
  });

  describe("when the batch is not what comes next in the queue", () => {
    it("reverts: more than were submitted", async () => {
      const { datanets, datanet, alice, curator } = await startDatanet();
      const [first, second] = offersOf({ by: [alice], count: 2 });
      await submitAll({ datanets, datanet, offers: [first] });
      await expect(datanets.connect(curator).accept(datanet.id, 0n, [first, second].map(contributionOf)))
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
        .withArgs(datanet.id, 0n, 2n);
    });

    it("reverts: not the first one", async () => {
      const { datanets, datanet, alice, curator } = await startDatanet();
      const offers = offersOf({ by: [alice], count: 2 });
      await submitAll({ datanets, datanet, offers });
      await expect(datanets.connect(curator).accept(datanet.id, 0n, [contributionOf(offers[1])]))
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
        .withArgs(datanet.id, 0n, 1n);
    });

    it("reverts: another order", async () => {
      const { datanets, datanet, alice, curator } = await startDatanet();
      const offers = offersOf({ by: [alice], count: 3 });
      await submitAll({ datanets, datanet, offers });
      await expect(datanets.connect(curator).accept(datanet.id, 0n, offers.toReversed().map(contributionOf)))
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
        .withArgs(datanet.id, 0n, 3n);
    });

    it("reverts: the same ones again", async () => {
      const { datanets, datanet, alice, curator } = await startDatanet();
      const offers = offersOf({ by: [alice], count: 2 });
      await submitAll({ datanets, datanet, offers });
      await datanets.connect(curator).accept(datanet.id, 0n, offers.map(contributionOf));
      await expect(datanets.connect(curator).accept(datanet.id, 2n, offers.map(contributionOf)))
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
        .withArgs(datanet.id, 2n, 2n);
    });

    it("reverts: nobody submitted anything", async () => {
      const { datanets, datanet, alice, curator } = await startDatanet();
      await expect(
        datanets.connect(curator).accept(datanet.id, 0n, offersOf({ by: [alice], count: 1 }).map(contributionOf)),
      )
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
        .withArgs(datanet.id, 0n, 1n);
    });
  });

  it("fills a log up to the most units that fit, and reverts for one more", async () => {
    const world = await startDatanet();
    const { datanets, datanet, alice, curator } = world;
    const [first, second, third] = offersOf({ by: [alice], count: 3 });
    first.units = 2n ** 128n - 2n;
    second.units = 1n;
    await accept({ world, datanet, offers: [first, second] });
    expect(await datanets.logOf(datanet.id)).to.deep.equal([2n, 2n ** 128n - 1n]);
    await submitAll({ datanets, datanet, offers: [third] });
    await expect(
      datanets.connect(curator).accept(datanet.id, 2n, [contributionOf(third)]),
    ).to.be.revertedWithCustomError(datanets, "MerkleSumTree_UnitsOverflow");
  });
});

describe("DatanetRegistry: reject", () => {
  it("passes over the next submissions, and the rest can be accepted", async () => {
    const { datanets, datanet, alice, bob, curator } = await startDatanet();
    const offers = offersOf({ by: [alice, bob], count: 5 });
    await submitAll({ datanets, datanet, offers });
    await expect(datanets.connect(curator).reject(datanet.id, 2n))
      .to.emit(datanets, "SubmissionsRejected")
      .withArgs(datanet.id, 1n, 2n);
    expect(await datanets.queueOf(datanet.id)).to.deep.equal([5n, 2n]);
    const rest = offers.slice(2, 4);
    await datanets.connect(curator).accept(datanet.id, 0n, rest.map(contributionOf));
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(datanet.append(rest).split.id);
    await expect(datanets.connect(curator).reject(datanet.id, 1n))
      .to.emit(datanets, "SubmissionsRejected")
      .withArgs(datanet.id, 5n, 1n);
    expect(await datanets.queueOf(datanet.id)).to.deep.equal([5n, 5n]);
  });

  it("makes no version", async () => {
    const { datanets, datanet, alice, curator } = await startDatanet();
    await submitAll({ datanets, datanet, offers: offersOf({ by: [alice], count: 2 }) });
    await datanets.connect(curator).reject(datanet.id, 2n);
    expect(await datanets.latestVersion(datanet.id)).to.equal(0n);
    expect(await datanets.logOf(datanet.id)).to.deep.equal([0n, 0n]);
  });

  it("costs the same for one and for many", async () => {
    const { datanets, datanet, alice, curator } = await startDatanet();
    await submitAll({ datanets, datanet, offers: offersOf({ by: [alice], count: 42 }) });
    const gasOf = async (count: bigint): Promise<bigint | undefined> =>
      (await (await datanets.connect(curator).reject(datanet.id, count)).wait())?.gasUsed;
    await gasOf(1n);
    expect(await gasOf(1n)).to.equal(await gasOf(40n));
  });

  it("lets a rejected contribution be submitted again", async () => {
    const world = await startDatanet();
    const { datanets, datanet, alice, curator } = world;
    const offers = offersOf({ by: [alice], count: 1 });
    await submitAll({ datanets, datanet, offers });
    await datanets.connect(curator).reject(datanet.id, 1n);
    const { split } = await accept({ world, datanet, offers });
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(split.id);
  });

  it("reverts for none", async () => {
    const { datanets, datanet, alice, curator } = await startDatanet();
    await submitAll({ datanets, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    await expect(datanets.connect(curator).reject(datanet.id, 0n))
      .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
      .withArgs(datanet.id, 0n, 0n);
  });

  it("reverts for one more than are waiting", async () => {
    const { datanets, datanet, alice, curator } = await startDatanet();
    await submitAll({ datanets, datanet, offers: offersOf({ by: [alice], count: 3 }) });
    await datanets.connect(curator).reject(datanet.id, 1n);
    await expect(datanets.connect(curator).reject(datanet.id, 3n))
      .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
      .withArgs(datanet.id, 1n, 3n);
    await expect(datanets.connect(curator).reject(datanet.id, 2n ** 64n - 1n))
      .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotNextSubmissions")
      .withArgs(datanet.id, 1n, 2n ** 64n - 1n);
  });

  it("reverts for anybody but the curator", async () => {
    const { datanets, datanet, owner, alice } = await startDatanet();
    await submitAll({ datanets, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    for (const caller of [owner, alice]) {
      await expect(datanets.connect(caller).reject(datanet.id, 1n))
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotCurator")
        .withArgs(datanet.id, caller);
    }
  });
});

async function submitAll({
  datanets,
  datanet,
  offers,
}: Pick<RegistryWorld, "datanets"> & { datanet: Datanet; offers: Offer<RegistryWorld["alice"]>[] }): Promise<void> {
  for (const { by, content, uri } of offers) await datanets.connect(by).submit(datanet.id, content, uri);
}

/** The mirror of a Datanet moves on with it, so each test has its own. */
async function startDatanet(): Promise<RegistryWorld & { datanet: Datanet }> {
  const world = await loadFixture(deployRegistryWorld);
  return { ...world, datanet: await createDatanet({ world, arbiter: world.relayer.address }) };
}
