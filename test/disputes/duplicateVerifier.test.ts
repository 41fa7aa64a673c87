import { expect } from "chai";
import { AbiCoder, id, keccak256, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { NOBODY } from "../../sdk/account.ts";
import { LOG_ENTRY_TYPE, LOG_VERSION_TYPE, logEntry, logVersion, proveShare } from "../../sdk/datanetProof.ts";
import { encodeDuplicateProof } from "../../sdk/duplicateProof.ts";
import { Split } from "../../sdk/split.ts";
import { accountOf, accountShare } from "../helpers/shares.ts";
import { accept, acceptSigned, createDatanet, type Datanet, offerOf, revoke } from "../registry/datanets.ts";
import {
  deployVerifierWorld,
  faultOf,
  logged,
  publishedVersion,
  type VerifierWorld,
  WHATEVER_IT_IS,
} from "./verifierWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

/** Alice contributes something, Bob something else, and then Bob what Alice did. */
interface Scene {
  world: VerifierWorld;
  datanet: Datanet;
  original: ReturnType<typeof offerOf>;
  other: ReturnType<typeof offerOf>;
  copy: ReturnType<typeof offerOf>;
}

async function startScene(shares: { ownerBps?: bigint; curatorBps?: bigint } = {}): Promise<Scene> {
  const world = await loadFixture(deployVerifierWorld);
  const { alice, bob, carol, mallory } = world;
  const datanet = await createDatanet({ world, arbiter: mallory.address, ...shares });
  const original = offerOf({ by: alice, text: "a poem", units: 5n });
  const other = offerOf({ by: carol, text: "a novel", units: 7n });
  const elsewhere = offerOf({ by: bob, text: "a poem", units: 3n });
  const content = { ...elsewhere.content, licenseHash: id("MIT"), uriHash: id("ipfs://elsewhere") };
  const copy = { ...elsewhere, content, uri: "ipfs://elsewhere" };
  await accept({ world, datanet, offers: [original, other] });
  await acceptSigned({ world, datanet, offers: [copy] });
  return { world, datanet, original, other, copy };
}

function proofOf({ datanet, original, copy }: Scene, number?: number): string {
  return encodeDuplicateProof({
    version: publishedVersion(datanet, number),
    first: logged(original, 0),
    later: logged(copy, 2),
  });
}

function faultId({ chainId }: VerifierWorld, registry: string, datanetId: bigint, later: number): string {
  const types = ["uint256", "address", "uint256", "uint256"];
  return keccak256(AbiCoder.defaultAbiCoder().encode(types, [chainId, registry, datanetId, later]));
}

describe("DuplicateVerifier", () => {
  for (const [kind, shares] of [
    ["whose log is paid itself", {}],
    ["whose owner and curator take shares", { ownerBps: 1_000n, curatorBps: 500n }],
  ] as const) {
    it(`finds the same content twice in a version ${kind}`, async () => {
      const scene = await startScene(shares);
      const { world, datanet } = scene;
      const { root, totalUnits, arbiter } = datanet.latest.log.header;
      expect(await faultOf(world.duplicates, proofOf(scene))).to.deep.equal({
        id: faultId(world, await world.datanets.getAddress(), datanet.id, 2),
        respondent: world.curator.address,
        harmed: world.alice.address,
        harm: WHATEVER_IT_IS,
        restitution: { root, totalUnits, size: 3n, index: 2n, arbiter, to: accountOf(world.alice), rank: 0n },
      });
    });
  }

  it("slashes a tenth", async () => {
    const { duplicates } = await loadFixture(deployVerifierWorld);
    expect(await duplicates.slashBps()).to.equal(1_000n);
    expect(await duplicates.SLASH_BPS()).to.equal(1_000n);
  });

  it("finds the same fault in a later version, and that version's share", async () => {
    const scene = await startScene();
    const { world, datanet } = scene;
    const before = await faultOf(world.duplicates, proofOf(scene));
    await accept({ world, datanet, offers: [offerOf({ by: world.carol, text: "more" })] });
    const after = await faultOf(world.duplicates, proofOf(scene));
    expect(after.id).to.equal(before.id);
    expect(after.restitution.size).to.equal(4n);
    expect(after.restitution.root).to.equal(datanet.latest.log.header.root);
    expect(await faultOf(world.duplicates, proofOf(scene, 2))).to.deep.equal(before);
  });

  it("gives the share to nobody and compensates nobody when both are the same contributor's", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const datanet = await createDatanet({ world });
    const offers = [1n, 2n].map((units) => offerOf({ by: world.alice, text: "a poem", units }));
    await accept({ world, datanet, offers });
    const version = publishedVersion(datanet);
    const proof = encodeDuplicateProof({ version, first: logged(offers[0], 0), later: logged(offers[1], 1) });
    const { harmed, harm, restitution } = await faultOf(world.duplicates, proof);
    expect([harmed, harm]).to.deep.equal([ZeroAddress, 0n]);
    expect([restitution.index, restitution.to]).to.deep.equal([1n, NOBODY]);
  });

  it("ranks what it is told of a third copy by the place of the one before it", async () => {
    const scene = await startScene();
    const { world, datanet, original, copy } = scene;
    const again = offerOf({ by: world.carol, text: "a poem" });
    await accept({ world, datanet, offers: [again] });
    const [byFirst, bySecond] = await Promise.all(
      [logged(original, 0), logged(copy, 2)].map(async (first) => {
        const version = publishedVersion(datanet);
        return await faultOf(world.duplicates, encodeDuplicateProof({ version, first, later: logged(again, 3) }));
      }),
    );
    expect(bySecond.id).to.equal(byFirst.id);
    expect([byFirst.restitution.rank, bySecond.restitution.rank]).to.deep.equal([0n, 2n]);
    expect([byFirst.harmed, bySecond.harmed]).to.deep.equal([world.alice.address, world.bob.address]);
  });

  it("holds the curator responsible that accepted the later one", async () => {
    const scene = await startScene();
    const { world, datanet } = scene;
    const { datanets, owner, tuner } = world;
    await datanets.connect(owner).setCuration(datanet.id, { ...datanet.curation, curator: tuner.address });
    datanet.curator = tuner;
    datanet.curation.curator = tuner.address;
    const again = offerOf({ by: world.carol, text: "a poem" });
    await accept({ world, datanet, offers: [again] });
    expect((await faultOf(world.duplicates, proofOf(scene))).respondent).to.equal(world.curator.address);
    const third = encodeDuplicateProof({
      version: publishedVersion(datanet),
      first: logged(scene.original, 0),
      later: logged(again, 3),
    });
    expect((await faultOf(world.duplicates, third)).respondent).to.equal(tuner.address);
  });

  describe("when the proof is about something else", () => {
    for (const [first, later] of [
      [2, 0],
      [2, 2],
    ]) {
      it(`reverts for contribution ${later} as a copy of contribution ${first}`, async () => {
        const { world, datanet, original, copy } = await startScene();
        const offerAt = (index: number) => logged(index === 0 ? original : copy, index);
        const version = publishedVersion(datanet);
        const proof = encodeDuplicateProof({ version, first: offerAt(first), later: offerAt(later) });
        await expect(world.duplicates.verify(proof))
          .to.be.revertedWithCustomError(world.duplicates, "DuplicateVerifier_NotLater")
          .withArgs(first, later);
      });
    }

    it("reverts for different contents", async () => {
      const { world, datanet, original, other } = await startScene();
      const version = publishedVersion(datanet);
      const proof = encodeDuplicateProof({ version, first: logged(original, 0), later: logged(other, 1) });
      await expect(world.duplicates.verify(proof))
        .to.be.revertedWithCustomError(world.duplicates, "DuplicateVerifier_DifferentContent")
        .withArgs(
          original.content.contentRoot,
          original.content.byteLength,
          other.content.contentRoot,
          other.content.byteLength,
        );
    });

    it("reverts for a content said to be longer", async () => {
      const world = await loadFixture(deployVerifierWorld);
      const datanet = await createDatanet({ world });
      const offer = offerOf({ by: world.alice, text: "a poem" });
      const longer = { ...offer, content: { ...offer.content, byteLength: offer.content.byteLength + 1n } };
      await accept({ world, datanet, offers: [offer, longer] });
      const version = publishedVersion(datanet);
      const proof = encodeDuplicateProof({ version, first: logged(offer, 0), later: logged(longer, 1) });
      const { contentRoot, byteLength } = offer.content;
      await expect(world.duplicates.verify(proof))
        .to.be.revertedWithCustomError(world.duplicates, "DuplicateVerifier_DifferentContent")
        .withArgs(contentRoot, byteLength, contentRoot, byteLength + 1n);
    });

    it("reverts for another content than was contributed", async () => {
      const { world, datanet, original, other } = await startScene();
      const version = publishedVersion(datanet);
      const [{ evidence: own }, { evidence }] = datanet.latest.log.tree.shares({ first: 0, count: 2 });
      const proof = encodeDuplicateProof({ version, first: logged(original, 0), later: logged(original, 1) });
      await expect(world.duplicates.verify(proof))
        .to.be.revertedWithCustomError(world.duplicates, "DatanetLogs_WrongContent")
        .withArgs(1n, evidence, await world.datanets.evidenceOf(original.content));
      const swapped = encodeDuplicateProof({ version, first: logged(other, 0), later: logged(other, 1) });
      await expect(world.duplicates.verify(swapped))
        .to.be.revertedWithCustomError(world.duplicates, "DatanetLogs_WrongContent")
        .withArgs(0n, own, await world.datanets.evidenceOf(other.content));
    });

    for (const index of [0, 2]) {
      it(`reverts once contribution ${index} is revoked, and still takes the version before`, async () => {
        const scene = await startScene();
        const { world, datanet } = scene;
        await revoke({ world, datanet, index, by: world.curator });
        await expect(world.duplicates.verify(proofOf(scene)))
          .to.be.revertedWithCustomError(world.duplicates, "DatanetLogs_Revoked")
          .withArgs(index);
        expect((await faultOf(world.duplicates, proofOf(scene, 2))).respondent).to.equal(world.curator.address);
      });
    }

    it("reverts for a version without the later one", async () => {
      const scene = await startScene();
      const { world, datanet, original, copy } = scene;
      const version = { ...publishedVersion(datanet, 2), version: 1n };
      const proof = encodeDuplicateProof({ version, first: logged(original, 0), later: logged(copy, 2) });
      await expect(world.duplicates.verify(proof))
        .to.be.revertedWithCustomError(world.duplicates, "DatanetLogs_NotInLog")
        .withArgs(0n, datanet.version(1).split.id, datanet.version(2).split.id);
    });

    it("reverts for a version that does not exist", async () => {
      const { world, datanet, original, copy } = await startScene();
      const version = { ...publishedVersion(datanet), version: 3n };
      const proof = encodeDuplicateProof({ version, first: logged(original, 0), later: logged(copy, 2) });
      await expect(world.duplicates.verify(proof))
        .to.be.revertedWithCustomError(world.datanets, "AssetRegistry_NoSplit")
        .withArgs(datanet.id, 3n);
    });

    it("reverts for a wrapping of another version", async () => {
      const { world, datanet, original, copy } = await startScene({ ownerBps: 1_000n });
      const version = { ...publishedVersion(datanet), wrapping: datanet.version(1).split };
      const proof = encodeDuplicateProof({ version, first: logged(original, 0), later: logged(copy, 2) });
      await expect(world.duplicates.verify(proof))
        .to.be.revertedWithCustomError(world.duplicates, "DatanetLogs_WrongWrapping")
        .withArgs(datanet.id, 2n, datanet.latest.split.id, datanet.version(1).split.id);
    });

    it("reverts for a wrapped version without its wrapping", async () => {
      const { world, datanet, original, copy } = await startScene({ ownerBps: 1_000n });
      const { wrapping, ...version } = publishedVersion(datanet);
      const proof = encodeDuplicateProof({ version, first: logged(original, 0), later: logged(copy, 2) });
      await expect(world.duplicates.verify(proof))
        .to.be.revertedWithCustomError(world.duplicates, "DatanetLogs_NotInLog")
        .withArgs(0n, wrapping?.id, datanet.latest.log.id);
    });

    it("reverts for a wrapping whose first share is an account's", async () => {
      const { world, datanet, original, copy } = await startScene();
      const { alice, bob, carol } = world;
      const wrapping = Split.from({ shares: [alice, bob, carol].map((to) => accountShare({ to, units: 1n })) });
      const registry = await ethers.deployContract("LookAlikeRegistry", [wrapping.id]);
      const verifier = await ethers.deployContract("DuplicateVerifier", [registry]);
      const version = { ...publishedVersion(datanet), wrapping };
      const proof = encodeDuplicateProof({ version, first: logged(original, 0), later: logged(copy, 2) });
      await expect(verifier.verify(proof))
        .to.be.revertedWithCustomError(verifier, "DatanetLogs_NotAWrapping")
        .withArgs(datanet.id, 2n);
    });
  });

  describe("when the proof is malformed", () => {
    const TYPES = [`tuple(${LOG_VERSION_TYPE} version, ${LOG_ENTRY_TYPE} first, ${LOG_ENTRY_TYPE} later)`];

    /** The usual proof, with something else about the later contribution. */
    function spoilt({ datanet, original, copy }: Scene, change: { index?: number; proof?: string }): string {
      const version = publishedVersion(datanet);
      const first = logEntry(version, logged(original, 0));
      const later = { ...logEntry(version, logged(copy, 2)), ...change };
      return AbiCoder.defaultAbiCoder().encode(TYPES, [{ version: logVersion(version), first, later }]);
    }

    it("reverts for siblings too many or too few", async () => {
      const scene = await startScene();
      const { duplicates } = scene.world;
      // The third of three contributions has one sibling.
      const proof = proveShare(scene.datanet.latest.log, 2);
      await expect(duplicates.verify(spoilt(scene, { proof: `${proof}${"00".repeat(48)}` })))
        .to.be.revertedWithCustomError(duplicates, "MerkleSumTree_ProofTooLong")
        .withArgs(81 + 96, 81 + 48);
      await expect(duplicates.verify(spoilt(scene, { proof: proof.slice(0, -96) })))
        .to.be.revertedWithCustomError(duplicates, "MerkleSumTree_ProofTooShort")
        .withArgs(81, 81 + 48);
      await expect(duplicates.verify(spoilt(scene, { proof: "0x" })))
        .to.be.revertedWithCustomError(duplicates, "MerkleSumTree_ProofTooShort")
        .withArgs(0, 81);
    });

    it("reverts beyond the log", async () => {
      const scene = await startScene();
      const { duplicates } = scene.world;
      await expect(duplicates.verify(spoilt(scene, { index: 3 })))
        .to.be.revertedWithCustomError(duplicates, "MerkleSumTree_BadRange")
        .withArgs(3n, 1n, 3n);
    });

    it("reverts for no proof at all", async () => {
      const { duplicates } = await loadFixture(deployVerifierWorld);
      await expect(duplicates.verify("0x")).to.be.revertedWithoutReason(ethers);
    });
  });
});

describe("DatanetRegistry.curatorOf", () => {
  it("is who accepted a contribution, whoever was named before or after", async () => {
    const { world, datanet } = await startScene();
    const { datanets, owner, curator, mallory, tuner, carol } = world;
    const name = async (who: typeof tuner) => {
      await datanets.connect(owner).setCuration(datanet.id, { ...datanet.curation, curator: who.address });
      datanet.curator = who;
      datanet.curation.curator = who.address;
    };
    await name(mallory);
    await name(tuner);
    await accept({ world, datanet, offers: [offerOf({ by: carol, text: "more" })] });
    await name(mallory);
    const curators = await Promise.all([0, 1, 2, 3].map(async (index) => await datanets.curatorOf(datanet.id, index)));
    expect(curators).to.deep.equal([curator, curator, curator, tuner].map(({ address }) => address));
  });

  it("reverts for a contribution that is not there", async () => {
    const { world, datanet } = await startScene();
    for (const index of [3n, 2n ** 96n, 2n ** 256n - 1n]) {
      await expect(world.datanets.curatorOf(datanet.id, index))
        .to.be.revertedWithCustomError(world.datanets, "MerkleSumTree_BadRange")
        .withArgs(index, 1n, 3n);
    }
  });
});
