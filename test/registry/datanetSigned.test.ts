import { expect } from "chai";
import { concat, toBeHex, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { evidenceOf } from "../../sdk/content.ts";
import { delegate } from "../helpers/delegation.ts";
import {
  accept,
  acceptSigned,
  contributionOf,
  createDatanet,
  type Datanet,
  offerOf,
  offersOf,
  packSignatures,
  signOffer,
} from "./datanets.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const MAGIC = `0x1626ba7e${"00".repeat(28)}`;

describe("DatanetRegistry: acceptSigned", () => {
  it("appends what contributors signed, without a transaction of theirs", async () => {
    const world = await startDatanet();
    const { datanets, datanet, curator, alice, bob } = world;
    const offers = offersOf({ by: [alice, bob], count: 2 });
    const signatures = packSignatures([
      await signOffer({ world, datanet, offer: offers[0], signer: alice }),
      await signOffer({ world, datanet, offer: offers[1], signer: bob }),
    ]);
    const { split } = datanet.append(offers);
    const rows = offers.map(contributionOf);
    expect(await datanets.connect(curator).acceptSigned.staticCall(datanet.id, 0n, rows, signatures)).to.equal(1n);
    const accepted = datanets.connect(curator).acceptSigned(datanet.id, 0n, rows, signatures);
    await expect(accepted)
      .to.emit(datanets, "ContributionsAccepted")
      .withArgs(
        datanet.id,
        0n,
        0n,
        rows.map(({ contributor, units, evidence }) => [contributor, units, evidence]),
      );
    await expect(accepted)
      .to.emit(datanets, "VersionPublished")
      .withArgs(datanet.id, 1n, split.id, split.id, 2n, 3n, []);
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(split.id);
    expect(await datanets.logOf(datanet.id)).to.deep.equal([2n, 3n]);
  });

  it("makes the same version as accept would, and leaves the queue alone", async () => {
    const world = await startDatanet();
    const { datanets, datanet: signed } = world;
    const submitted = await createDatanet({ world, arbiter: signed.arbiter });
    const offers = offersOf({ by: [world.alice, world.bob], count: 5 });
    await accept({ world, datanet: submitted, offers });
    await acceptSigned({ world, datanet: signed, offers });
    expect(await datanets.splitOf(signed.id, 1n)).to.equal(await datanets.splitOf(submitted.id, 1n));
    expect(await datanets.queueOf(signed.id)).to.deep.equal([0n, 0n]);
  });

  it("goes on with a log that began with submissions", async () => {
    const world = await startDatanet();
    const { datanets, datanet } = world;
    const offers = offersOf({ by: [world.alice, world.bob], count: 7 });
    await accept({ world, datanet, offers: offers.splice(0, 3) });
    const { split } = await acceptSigned({ world, datanet, offers });
    expect(await datanets.splitOf(datanet.id, 2n)).to.equal(split.id);
  });

  it("takes a contract wallet's signature (ERC-1271)", async () => {
    const world = await startDatanet();
    const { datanets, datanet, curator, alice } = world;
    const wallet = await ethers.deployContract("KeyWallet", [alice]);
    const offer = offerOf({ by: { address: await wallet.getAddress() }, text: "a team's work" });
    const signature = await signOffer({ world, datanet, offer, signer: alice });
    await datanets.connect(curator).acceptSigned(datanet.id, 0n, [contributionOf(offer)], packSignatures([signature]));
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(datanet.append([offer]).split.id);
  });

  it("takes contract wallets' signatures of any length, beside those of keys", async () => {
    const world = await startDatanet();
    const { datanets, datanet, curator, alice } = world;
    const wallet = await ethers.deployContract("OddWallet", [MAGIC, false]);
    const by = { address: await wallet.getAddress() };
    const lengths = [0, 1, 64, 65, 66, 1_000];
    const offers = [
      offerOf({ by: alice, text: "first" }),
      ...lengths.map((length) => offerOf({ by, text: `work ${length}` })),
      offerOf({ by: alice, text: "last" }),
    ];
    const signatures = packSignatures([
      await signOffer({ world, datanet, offer: offers[0], signer: alice }),
      ...lengths.map((length) => `0x${"ab".repeat(length)}`),
      await signOffer({ world, datanet, offer: offers[lengths.length + 1], signer: alice }),
    ]);
    await datanets.connect(curator).acceptSigned(datanet.id, 0n, offers.map(contributionOf), signatures);
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(datanet.append(offers).split.id);
  });

  it("takes key and code of an account that has delegated to code (EIP-7702)", async () => {
    const world = await startDatanet();
    const { datanets, datanet, curator, alice, relayer } = world;
    const contributor = new Wallet(`0x${"07".repeat(32)}`);
    const code = await ethers.deployContract("KeyWallet", [alice]);
    await delegate({ ethers, wallet: contributor, to: code, sender: relayer });
    expect(await ethers.provider.getCode(contributor.address)).to.equal(
      `0xef0100${(await code.getAddress()).slice(2).toLowerCase()}`,
    );
    const offers = ["by its key", "by its code"].map((text) => offerOf({ by: contributor, text }));
    const signatures = [
      await signOffer({ world, datanet, offer: offers[0], signer: contributor }),
      await signOffer({ world, datanet, offer: offers[1], signer: alice }),
    ];
    await datanets
      .connect(curator)
      .acceptSigned(datanet.id, 0n, offers.map(contributionOf), packSignatures(signatures));
    expect(await datanets.splitOf(datanet.id, 1n)).to.equal(datanet.append(offers).split.id);
  });

  it("takes a key's signature from before its account had any code, whatever the code (EIP-7702)", async () => {
    const world = await startDatanet();
    const { datanets, datanet, curator, relayer, token } = world;
    const contributor = new Wallet(`0x${"08".repeat(32)}`);
    const offer = offerOf({ by: contributor, text: "signed early" });
    const signature = await signOffer({ world, datanet, offer, signer: contributor });
    await delegate({ ethers, wallet: contributor, to: token, sender: relayer });
    await datanets.connect(curator).acceptSigned(datanet.id, 0n, [contributionOf(offer)], packSignatures([signature]));
    expect(await datanets.logOf(datanet.id)).to.deep.equal([1n, 1n]);
  });

  it("reverts for a batch without entries", async () => {
    const { datanets, datanet, curator } = await startDatanet();
    await expect(datanets.connect(curator).acceptSigned(datanet.id, 0n, [], "0x")).to.be.revertedWithCustomError(
      datanets,
      "DatanetRegistry_EmptyBatch",
    );
  });

  it("reverts if the log has another size than the curator expected, before it looks at any signature", async () => {
    const world = await startDatanet();
    const { datanets, datanet, curator, alice } = world;
    await acceptSigned({ world, datanet, offers: offersOf({ by: [alice], count: 2 }) });
    const offer = offerOf({ by: alice, text: "more" });
    for (const expected of [0n, 1n, 3n, 2n ** 64n + 2n]) {
      await expect(datanets.connect(curator).acceptSigned(datanet.id, expected, [contributionOf(offer)], "0x"))
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_OtherLog")
        .withArgs(datanet.id, 2n, expected);
    }
  });

  it("reverts for a contribution without units, and says which", async () => {
    const world = await startDatanet();
    const { datanets, datanet, curator, alice } = world;
    const offers = offersOf({ by: [alice], count: 2 });
    offers[1].units = 0n;
    const signatures = await Promise.all(offers.map((offer) => signOffer({ world, datanet, offer, signer: alice })));
    await expect(
      datanets.connect(curator).acceptSigned(datanet.id, 0n, offers.map(contributionOf), packSignatures(signatures)),
    )
      .to.be.revertedWithCustomError(datanets, "DatanetRegistry_ZeroUnits")
      .withArgs(1n);
  });

  describe("when the bytes of the signatures are not those of the batch", () => {
    it("reverts: one signature too few", async () => {
      const world = await startDatanet();
      const { datanets, datanet, curator, alice } = world;
      const offers = offersOf({ by: [alice], count: 2 });
      const signature = await signOffer({ world, datanet, offer: offers[0], signer: alice });
      await expect(
        datanets.connect(curator).acceptSigned(datanet.id, 0n, offers.map(contributionOf), packSignatures([signature])),
      )
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_BadSignatureBytes")
        .withArgs(67n, 69n);
    });

    it("reverts: one signature too many", async () => {
      const world = await startDatanet();
      const { datanets, datanet, curator, alice } = world;
      const offer = offerOf({ by: alice, text: "work" });
      const signature = await signOffer({ world, datanet, offer, signer: alice });
      await expect(
        datanets
          .connect(curator)
          .acceptSigned(datanet.id, 0n, [contributionOf(offer)], packSignatures([signature, signature])),
      )
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_BadSignatureBytes")
        .withArgs(134n, 67n);
    });

    it("reverts: cut off anywhere", async () => {
      const world = await startDatanet();
      const { datanets, datanet, curator, alice } = world;
      const offer = offerOf({ by: alice, text: "work" });
      const bytes = packSignatures([await signOffer({ world, datanet, offer, signer: alice })]);
      for (let length = 0; length < 67; length++) {
        // What follows the bytes in the calldata is no part of them. Half a length reads as 0x00.
        await expect(
          datanets
            .connect(curator)
            .acceptSigned(datanet.id, 0n, [contributionOf(offer)], bytes.slice(0, 2 + 2 * length)),
        )
          .to.be.revertedWithCustomError(datanets, "DatanetRegistry_BadSignatureBytes")
          .withArgs(BigInt(length), length < 2 ? 2n : 67n);
      }
    });

    it("reverts: a length beyond the bytes", async () => {
      const { datanets, datanet, curator, alice } = await startDatanet();
      const offer = offerOf({ by: alice, text: "work" });
      await expect(
        datanets.connect(curator).acceptSigned(datanet.id, 0n, [contributionOf(offer)], concat([toBeHex(65_535, 2)])),
      )
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_BadSignatureBytes")
        .withArgs(2n, 65_537n);
    });
  });

  describe("when a contribution is not signed by its contributor", () => {
    it("reverts: signatures in another order", async () => {
      const world = await startDatanet();
      const { datanets, datanet, curator, alice } = world;
      const offers = offersOf({ by: [alice], count: 2 });
      const signatures = await Promise.all(offers.map((offer) => signOffer({ world, datanet, offer, signer: alice })));
      await expect(
        datanets
          .connect(curator)
          .acceptSigned(datanet.id, 0n, offers.map(contributionOf), packSignatures(signatures.toReversed())),
      )
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotSigned")
        .withArgs(0n, alice, evidenceOf(offers[0].content));
    });

    it("reverts: somebody else's signature, and says which", async () => {
      const world = await startDatanet();
      const { datanets, datanet, curator, alice, mallory } = world;
      const offers = offersOf({ by: [alice], count: 2 });
      const signatures = [
        await signOffer({ world, datanet, offer: offers[0], signer: alice }),
        await signOffer({ world, datanet, offer: offers[1], signer: mallory }),
      ];
      await expect(
        datanets.connect(curator).acceptSigned(datanet.id, 0n, offers.map(contributionOf), packSignatures(signatures)),
      )
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotSigned")
        .withArgs(1n, alice, evidenceOf(offers[1].content));
    });

    it("reverts: a submission does not stand in for a signature", async () => {
      const world = await startDatanet();
      const { datanets, datanet, curator, alice, mallory } = world;
      const offer = offerOf({ by: alice, text: "work" });
      await datanets.connect(alice).submit(datanet.id, offer.content, offer.uri);
      const signature = await signOffer({ world, datanet, offer, signer: mallory });
      await expect(
        datanets.connect(curator).acceptSigned(datanet.id, 0n, [contributionOf(offer)], packSignatures([signature])),
      )
        .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotSigned")
        .withArgs(0n, alice, evidenceOf(offer.content));
    });

    it("reverts: a contract wallet that refuses, reverts or answers nonsense", async () => {
      const world = await startDatanet();
      const { datanets, datanet, curator, alice } = world;
      const answers: [string, boolean][] = [
        ["0x", false],
        ["0x1626ba7e", false],
        [`0x1626ba7e${"00".repeat(27)}01`, false],
        [`0xffffffff${"00".repeat(28)}`, false],
        [MAGIC, true],
      ];
      for (const [answer, reverting] of answers) {
        const wallet = await ethers.deployContract("OddWallet", [answer, reverting]);
        const offer = offerOf({ by: { address: await wallet.getAddress() }, text: "work" });
        const signature = await signOffer({ world, datanet, offer, signer: alice });
        await expect(
          datanets.connect(curator).acceptSigned(datanet.id, 0n, [contributionOf(offer)], packSignatures([signature])),
        )
          .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotSigned")
          .withArgs(0n, wallet, evidenceOf(offer.content));
      }
    });

    it("reverts: the zero address and precompiles, which sign nothing", async () => {
      const { datanets, datanet, curator } = await startDatanet();
      const precompiles = Array.from({ length: 17 }, (_, i) => toBeHex(i + 1, 20));
      for (const address of [ZeroAddress, ...precompiles]) {
        const offer = offerOf({ by: { address }, text: "work" });
        for (const signature of ["0x", ZeroHash, `0x${"00".repeat(65)}`, `0x${"00".repeat(64)}1b`]) {
          await expect(
            datanets
              .connect(curator)
              .acceptSigned(datanet.id, 0n, [contributionOf(offer)], packSignatures([signature])),
          )
            .to.be.revertedWithCustomError(datanets, "DatanetRegistry_NotSigned")
            .withArgs(0n, ethers.getAddress(address), evidenceOf(offer.content));
        }
      }
    });
  });
});

/** The mirror of a Datanet moves on with it, so each test has its own. */
async function startDatanet(): Promise<RegistryWorld & { datanet: Datanet }> {
  const world = await loadFixture(deployRegistryWorld);
  return { ...world, datanet: await createDatanet({ world, arbiter: world.relayer.address }) };
}
