import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { createDatanet, type Curation } from "./datanets.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const URI = "ipfs://croissant.jsonld";
const HASH = id("croissant.jsonld");
const MAX_OWNER_BPS = 3_000n;
const MAX_CURATOR_BPS = 2_000n;

function curationBy(world: RegistryWorld, shares: Partial<Curation> = {}): Curation {
  return { curator: world.curator.address, ownerBps: 0n, curatorBps: 0n, ...shares };
}

describe("DatanetRegistry: create", () => {
  it("gives the caller a token and says all about the Datanet", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { datanets, owner, curator, carol } = world;
    const curation = curationBy(world, { ownerBps: 500n, curatorBps: 200n });
    const created = datanets.connect(owner).create(curation, { minShareBps: 900n, open: true }, carol, URI, HASH);
    await expect(created).to.emit(datanets, "Transfer").withArgs(ZeroAddress, owner, 1n);
    await expect(created).to.emit(datanets, "DatanetCreated").withArgs(1n, owner, carol);
    await expect(created).to.emit(datanets, "CurationSet").withArgs(1n, curator, 500n, 200n);
    await expect(created).to.emit(datanets, "TermsSet").withArgs(1n, 900n, true);
    await expect(created).to.emit(datanets, "AssetDescribed").withArgs(1n, URI, HASH);
    expect(await datanets.ownerOf(1n)).to.equal(owner.address);
    expect(await datanets.curationOf(1n)).to.deep.equal([curator.address, 500n, 200n]);
    expect(await datanets.arbiterOf(1n)).to.equal(carol.address);
    expect(await datanets.termsOf(1n)).to.deep.equal([900n, true]);
  });

  it("counts Datanets from one and returns their ids", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { datanets } = world;
    const create = [curationBy(world), { minShareBps: 0n, open: true }, ZeroAddress, URI, HASH] as const;
    expect(await datanets.create.staticCall(...create)).to.equal(1n);
    await datanets.create(...create);
    expect(await datanets.create.staticCall(...create)).to.equal(2n);
    expect(await datanets.assetCount()).to.equal(1n);
  });

  it("starts with an empty log and no version that could be paid", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { id: datanet } = await createDatanet({ world });
    expect(await world.datanets.logOf(datanet)).to.deep.equal([0n, 0n]);
    expect(await world.datanets.latestVersion(datanet)).to.equal(0n);
    for (const version of [0n, 1n]) {
      await expect(world.datanets.splitOf(datanet, version))
        .to.be.revertedWithCustomError(world.datanets, "AssetRegistry_NoSplit")
        .withArgs(datanet, version);
    }
  });

  it("calls no stranger: a contract without a receiver hook can own a Datanet", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const contract = await world.connection.ethers.deployContract("Reenterer");
    const data = world.datanets.interface.encodeFunctionData("create", [
      curationBy(world),
      { minShareBps: 0n, open: true },
      ZeroAddress,
      URI,
      HASH,
    ]);
    await contract.execute(world.datanets, data);
    expect(await world.datanets.ownerOf(1n)).to.equal(await contract.getAddress());
  });

  it("lets the owner name itself as curator", async () => {
    const world = await loadFixture(deployRegistryWorld);
    await createDatanet({ world, curator: world.owner });
    const { curator } = await world.datanets.curationOf(1n);
    expect(curator).to.equal(world.owner.address);
  });

  it("reverts without a curator", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const curation = curationBy(world, { curator: ZeroAddress });
    await expect(
      world.datanets.create(curation, { minShareBps: 0n, open: true }, ZeroAddress, URI, HASH),
    ).to.be.revertedWithCustomError(world.datanets, "DatanetRegistry_ZeroCurator");
  });

  for (const [part, cap] of [
    ["ownerBps", MAX_OWNER_BPS],
    ["curatorBps", MAX_CURATOR_BPS],
  ] as const) {
    it(`takes ${part} of exactly ${cap} and reverts for one more`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const create = async (bps: bigint): Promise<unknown> =>
        await world.datanets.create(
          curationBy(world, { [part]: bps }),
          { minShareBps: 0n, open: true },
          ZeroAddress,
          URI,
          HASH,
        );
      await create(cap);
      const curation = await world.datanets.curationOf(1n);
      expect(curation[part]).to.equal(cap);
      await expect(create(cap + 1n))
        .to.be.revertedWithCustomError(world.datanets, "AssetRegistry_AboveCap")
        .withArgs(cap + 1n, cap);
    });
  }

  it("takes terms of exactly half a child and reverts for a basis point more", async () => {
    const world = await loadFixture(deployRegistryWorld);
    await createDatanet({ world, terms: { minShareBps: 5_000n, open: false } });
    await expect(createDatanet({ world, terms: { minShareBps: 5_001n, open: false } }))
      .to.be.revertedWithCustomError(world.datanets, "AssetRegistry_AboveCap")
      .withArgs(5_001n, 5_000n);
  });

  it("names its caps", async () => {
    const { datanets } = await loadFixture(deployRegistryWorld);
    expect(await datanets.MAX_OWNER_BPS()).to.equal(MAX_OWNER_BPS);
    expect(await datanets.MAX_CURATOR_BPS()).to.equal(MAX_CURATOR_BPS);
    expect(await datanets.MAX_MIN_SHARE_BPS()).to.equal(5_000n);
    expect(await datanets.OWNER_EVIDENCE()).to.equal(id("datanet owner"));
    expect(await datanets.CURATOR_EVIDENCE()).to.equal(id("datanet curator"));
  });

  it("is an ERC-721 registry with an EIP-712 domain", async () => {
    const { datanets, ledger, connection } = await loadFixture(deployRegistryWorld);
    const { chainId } = await connection.ethers.provider.getNetwork();
    expect(await datanets.name()).to.equal("Datanet");
    expect(await datanets.symbol()).to.equal("DATANET");
    expect(await datanets.ledger()).to.equal(await ledger.getAddress());
    expect(await datanets.supportsInterface("0x80ac58cd")).to.equal(true);
    const { name, version, chainId: domainChainId, verifyingContract } = await datanets.eip712Domain();
    expect([name, version, domainChainId]).to.deep.equal(["DatanetRegistry", "1", chainId]);
    expect(verifyingContract).to.equal(await datanets.getAddress());
  });
});

describe("DatanetRegistry: setCuration", () => {
  it("names another curator and other shares", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { id: datanet } = await createDatanet({ world });
    const curation = { curator: world.carol.address, ownerBps: MAX_OWNER_BPS, curatorBps: MAX_CURATOR_BPS };
    await expect(world.datanets.connect(world.owner).setCuration(datanet, curation))
      .to.emit(world.datanets, "CurationSet")
      .withArgs(datanet, world.carol, MAX_OWNER_BPS, MAX_CURATOR_BPS);
    expect(await world.datanets.curationOf(datanet)).to.deep.equal([
      world.carol.address,
      MAX_OWNER_BPS,
      MAX_CURATOR_BPS,
    ]);
  });

  it("can be called by whomever the owner approved", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { datanets, owner, bob, carol } = world;
    const { id: datanet } = await createDatanet({ world });
    await datanets.connect(owner).approve(bob, datanet);
    await datanets.connect(owner).setApprovalForAll(carol, true);
    for (const delegate of [bob, carol]) {
      await expect(datanets.connect(delegate).setCuration(datanet, curationBy(world)))
        .to.emit(datanets, "CurationSet")
        .withArgs(datanet, world.curator, 0n, 0n);
    }
  });

  it("reverts above each cap, and without a curator", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { id: datanet } = await createDatanet({ world });
    const datanets = world.datanets.connect(world.owner);
    await expect(datanets.setCuration(datanet, curationBy(world, { ownerBps: MAX_OWNER_BPS + 1n })))
      .to.be.revertedWithCustomError(datanets, "AssetRegistry_AboveCap")
      .withArgs(MAX_OWNER_BPS + 1n, MAX_OWNER_BPS);
    await expect(datanets.setCuration(datanet, curationBy(world, { curatorBps: MAX_CURATOR_BPS + 1n })))
      .to.be.revertedWithCustomError(datanets, "AssetRegistry_AboveCap")
      .withArgs(MAX_CURATOR_BPS + 1n, MAX_CURATOR_BPS);
    await expect(
      datanets.setCuration(datanet, curationBy(world, { curator: ZeroAddress })),
    ).to.be.revertedWithCustomError(datanets, "DatanetRegistry_ZeroCurator");
  });

  it("reverts for a Datanet that does not exist", async () => {
    const world = await loadFixture(deployRegistryWorld);
    await expect(world.datanets.setCuration(7n, curationBy(world)))
      .to.be.revertedWithCustomError(world.datanets, "ERC721NonexistentToken")
      .withArgs(7n);
  });
});

describe("Assets: what their owner sets", () => {
  it("is licence terms, for versions to come", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { id: datanet } = await createDatanet({ world });
    await expect(world.datanets.connect(world.owner).setTerms(datanet, { minShareBps: 5_000n, open: false }))
      .to.emit(world.datanets, "TermsSet")
      .withArgs(datanet, 5_000n, false);
    expect(await world.datanets.termsOf(datanet)).to.deep.equal([5_000n, false]);
    await expect(world.datanets.connect(world.owner).setTerms(datanet, { minShareBps: 5_001n, open: true }))
      .to.be.revertedWithCustomError(world.datanets, "AssetRegistry_AboveCap")
      .withArgs(5_001n, 5_000n);
  });

  it("leaves the count of versions alone when terms change", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { id: datanet } = await createDatanet({ world });
    await world.datanets.connect(world.owner).setTerms(datanet, { minShareBps: 1n, open: true });
    expect(await world.datanets.latestVersion(datanet)).to.equal(0n);
  });

  it("is licensees, who can be named and dropped", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { datanets, owner, tuner } = world;
    const { id: datanet } = await createDatanet({ world });
    for (const allowed of [true, false]) {
      await expect(datanets.connect(owner).setLicensee(datanet, tuner, allowed))
        .to.emit(datanets, "LicenseeSet")
        .withArgs(datanet, tuner, allowed);
      expect(await datanets.isLicensee(datanet, tuner)).to.equal(allowed);
    }
  });

  it("is the document that describes the asset", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { id: datanet } = await createDatanet({ world });
    await expect(world.datanets.connect(world.owner).describe(datanet, "ipfs://other", id("other")))
      .to.emit(world.datanets, "AssetDescribed")
      .withArgs(datanet, "ipfs://other", id("other"));
  });

  it("can be handed over with the token: the new owner decides, the old one no longer", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { datanets, owner, carol } = world;
    const { id: datanet } = await createDatanet({ world });
    await datanets.connect(owner).transferFrom(owner, carol, datanet);
    await datanets.connect(carol).setTerms(datanet, { minShareBps: 2n, open: true });
    await expect(datanets.connect(owner).setTerms(datanet, { minShareBps: 3n, open: true }))
      .to.be.revertedWithCustomError(datanets, "AssetRegistry_NotOwner")
      .withArgs(datanet, owner);
  });
});
