import { expect } from "chai";
import { concat, getBytes, id, N, Signature, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { type Content, CONTENT_TYPES, evidenceOf } from "../../sdk/content.ts";
import { contributionTypedData } from "../../sdk/contribution.ts";
import { leafHash, type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import { verifyRange } from "../../sdk/sumTree.ts";
import {
  accept,
  acceptSigned,
  type ContributionRow,
  contributionOf,
  createDatanet,
  type Datanet,
  type Offer,
  offerOf,
  offersOf,
  packSignatures,
  revoke,
  shareOfOffer,
  signOffer,
} from "../registry/datanets.ts";
import type { RegistryWorld } from "../registry/registryWorld.ts";
import { type GuardedWorld, itStands } from "./registryAttack.ts";

const { ethers } = await network.getOrCreate();

/** A Datanet that Mallory curates, and Alice's work. */
interface Studio {
  datanet: Datanet;
  work: Offer<RegistryWorld["alice"]>;
}

async function openStudio(world: RegistryWorld): Promise<Studio> {
  return {
    datanet: await createDatanet({ world, curator: world.mallory }),
    work: offerOf({ by: world.alice, text: "Alice's work" }),
  };
}

async function hasGrown({ datanets }: RegistryWorld, { datanet }: Pick<Studio, "datanet">): Promise<boolean> {
  return (await datanets.logOf(datanet.id)).size > 0n;
}

const notSigned = (world: RegistryWorld, { work }: Studio): unknown[] => [0n, world.alice, evidenceOf(work.content)];

describe("Attacks on contributors' consent by signature", () => {
  const changes: Record<keyof Content, (content: Content) => Content> = {
    contentRoot: (content) => ({ ...content, contentRoot: id("another root") }),
    byteLength: (content) => ({ ...content, byteLength: content.byteLength + 1n }),
    licenseHash: (content) => ({ ...content, licenseHash: id("public domain") }),
    uriHash: (content) => ({ ...content, uriHash: id("ipfs://elsewhere") }),
  };
  it("change every field that is signed", () => {
    expect(Object.keys(changes)).to.deep.equal(CONTENT_TYPES.Content.map(({ name }) => name));
  });

  for (const [field, change] of Object.entries(changes)) {
    itStands({
      name: `the curator accepts the signed contribution with another ${field}`,
      defence: "unsigned",
      scene: openStudio,
      attack: async (world, { datanet, work }) => {
        const signature = await signOffer({ world, datanet, offer: work, signer: world.alice });
        const forged = contributionOf({ ...work, content: change(work.content) });
        await world.datanets.connect(world.mallory).acceptSigned(datanet.id, 0n, [forged], packSignatures([signature]));
      },
      refusal: {
        by: "datanets",
        error: "DatanetRegistry_NotSigned",
        args: ({ alice }, { work }) => [0n, alice, evidenceOf(change(work.content))],
      },
      hasWorked: hasGrown,
    });
  }

  itStands({
    name: "the curator signs in the contributor's place",
    defence: "unsigned",
    scene: openStudio,
    attack: async (world, { datanet, work }) => {
      const signature = await signOffer({ world, datanet, offer: work, signer: world.mallory });
      await world.datanets
        .connect(world.mallory)
        .acceptSigned(datanet.id, 0n, [contributionOf(work)], packSignatures([signature]));
    },
    refusal: { by: "datanets", error: "DatanetRegistry_NotSigned", args: notSigned },
    hasWorked: hasGrown,
  });

  itStands({
    name: "the curator credits itself with what somebody else signed",
    defence: "unsigned",
    scene: openStudio,
    attack: async (world, { datanet, work }) => {
      const signature = await signOffer({ world, datanet, offer: work, signer: world.alice });
      await world.datanets
        .connect(world.mallory)
        .acceptSigned(datanet.id, 0n, [contributionOf({ ...work, by: world.mallory })], packSignatures([signature]));
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotSigned",
      args: ({ mallory }, { work }) => [0n, mallory, evidenceOf(work.content)],
    },
    hasWorked: hasGrown,
  });

  itStands({
    name: "a curator accepts what was signed for another Datanet",
    defence: "signedForFirstDatanet",
    scene: async (world) => {
      const { id: signedFor } = await createDatanet({ world });
      return { ...(await openStudio(world)), signedFor };
    },
    attack: async (world, { datanet, work, signedFor }) => {
      const signature = await signOffer({ world, datanet: { id: signedFor }, offer: work, signer: world.alice });
      await world.datanets
        .connect(world.mallory)
        .acceptSigned(datanet.id, 0n, [contributionOf(work)], packSignatures([signature]));
    },
    refusal: { by: "datanets", error: "DatanetRegistry_NotSigned", args: notSigned },
    hasWorked: hasGrown,
  });

  for (const [place, defence, elsewhere] of [
    ["on another chain, at the same address", "noChainInDomain", { chainId: 1n }],
    ["for another registry", "noContractInDomain", { verifyingContract: `0x${"5b".repeat(20)}` }],
  ] as const) {
    itStands({
      name: `the curator accepts what was signed ${place}`,
      defence,
      scene: openStudio,
      attack: async (world, { datanet, work }) => {
        const { types, value } = contributionTypedData({
          chainId: 0n,
          registry: ZeroAddress,
          datanetId: datanet.id,
          content: work.content,
        });
        // Wallets sign the fields that the registry says its domain has (ERC-5267).
        const { fields, ...here } = await domainOf(world);
        const domain = Object.fromEntries(
          Object.entries({ ...here, ...elsewhere }).filter((_, bit) => (fields >> bit) % 2 === 1),
        );
        const signature = await world.alice.signTypedData(domain, types, value);
        await world.datanets
          .connect(world.mallory)
          .acceptSigned(datanet.id, 0n, [contributionOf(work)], packSignatures([signature]));
      },
      refusal: { by: "datanets", error: "DatanetRegistry_NotSigned", args: notSigned },
      hasWorked: hasGrown,
    });
  }

  for (const [form, defence, rewrite] of [
    ["with s in the upper half of the curve", "malleableSignatures", intoUpperHalf],
    ["in 64 bytes (ERC-2098)", "compactSignatures", (signature: Signature) => signature.compactSerialized],
  ] as const) {
    itStands({
      name: `the curator rewrites the signature ${form}`,
      defence,
      scene: openStudio,
      attack: async (world, { datanet, work }) => {
        const signature = Signature.from(await signOffer({ world, datanet, offer: work, signer: world.alice }));
        await world.datanets
          .connect(world.mallory)
          .acceptSigned(datanet.id, 0n, [contributionOf(work)], packSignatures([rewrite(signature)]));
      },
      refusal: { by: "datanets", error: "DatanetRegistry_NotSigned", args: notSigned },
      hasWorked: hasGrown,
    });
  }

  itStands({
    name: "the curator makes the zero address a contributor by a signature that recovers nobody",
    defence: "nobodySigns",
    scene: openStudio,
    attack: async ({ datanets, mallory }, { datanet, work }) => {
      const row = contributionOf({ ...work, by: { address: ZeroAddress } });
      await datanets.connect(mallory).acceptSigned(datanet.id, 0n, [row], packSignatures([`0x${"00".repeat(65)}`]));
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotSigned",
      args: (_, { work }) => [0n, ZeroAddress, evidenceOf(work.content)],
    },
    hasWorked: hasGrown,
  });

  itStands({
    name: "the curator makes a contract a contributor that says no",
    defence: "anyContractSigns",
    scene: async (world) => {
      const wallet = await ethers.deployContract("OddWallet", [`0xffffffff${"00".repeat(28)}`, false]);
      return { ...(await openStudio(world)), wallet: await wallet.getAddress() };
    },
    attack: async ({ datanets, mallory }, { datanet, work, wallet }) => {
      const row = contributionOf({ ...work, by: { address: wallet } });
      await datanets.connect(mallory).acceptSigned(datanet.id, 0n, [row], packSignatures(["0x"]));
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotSigned",
      args: (_, { work, wallet }) => [0n, wallet, evidenceOf(work.content)],
    },
    hasWorked: hasGrown,
  });

  itStands({
    name: "the curator hides bytes behind the signatures",
    defence: "spareSignatureBytes",
    scene: openStudio,
    attack: async (world, { datanet, work }) => {
      const signature = await signOffer({ world, datanet, offer: work, signer: world.alice });
      await world.datanets
        .connect(world.mallory)
        .acceptSigned(datanet.id, 0n, [contributionOf(work)], concat([packSignatures([signature]), "0xbad0"]));
    },
    refusal: { by: "datanets", error: "DatanetRegistry_BadSignatureBytes", args: () => [69n, 67n] },
    hasWorked: hasGrown,
  });
});

describe("Attacks on contributors' consent by submission", () => {
  itStands({
    name: "the curator accepts what nobody submitted",
    defence: "unsubmitted",
    scene: openStudio,
    attack: async ({ datanets, mallory }, { datanet, work }) => {
      await datanets.connect(mallory).accept(datanet.id, 0n, [contributionOf(work)]);
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotNextSubmissions",
      args: (_, { datanet }) => [datanet.id, 0n, 1n],
    },
    hasWorked: hasGrown,
  });

  const submitted = async (world: GuardedWorld): Promise<Studio> => {
    const studio = await openStudio(world);
    await world.datanets.connect(world.alice).submit(studio.datanet.id, studio.work.content, studio.work.uri);
    return studio;
  };

  itStands({
    name: "the curator accepts a submission as its own",
    defence: "noContributorInQueue",
    // What the queue holds was written under the same rules.
    scene: openStudio,
    attack: async ({ datanets, alice, mallory }, { datanet, work }) => {
      await datanets.connect(alice).submit(datanet.id, work.content, work.uri);
      await datanets.connect(mallory).accept(datanet.id, 0n, [contributionOf({ ...work, by: mallory })]);
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotNextSubmissions",
      args: (_, { datanet }) => [datanet.id, 0n, 1n],
    },
    hasWorked: hasGrown,
  });

  itStands({
    name: "the curator accepts other content than was submitted",
    defence: "noEvidenceInQueue",
    scene: openStudio,
    attack: async ({ datanets, alice, mallory }, { datanet, work }) => {
      await datanets.connect(alice).submit(datanet.id, work.content, work.uri);
      await datanets
        .connect(mallory)
        .accept(datanet.id, 0n, [contributionOf(offerOf({ by: alice, text: "other work" }))]);
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotNextSubmissions",
      args: (_, { datanet }) => [datanet.id, 0n, 1n],
    },
    hasWorked: hasGrown,
  });

  itStands({
    name: "the curator accepts one submission twice",
    defence: "decidesAgain",
    scene: submitted,
    attack: async ({ datanets, mallory }, { datanet, work }) => {
      await datanets.connect(mallory).accept(datanet.id, 0n, [contributionOf(work)]);
      await datanets.connect(mallory).accept(datanet.id, 1n, [contributionOf(work)]);
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotNextSubmissions",
      args: (_, { datanet }) => [datanet.id, 1n, 1n],
    },
    hasWorked: async ({ datanets }, { datanet }) => (await datanets.logOf(datanet.id)).size === 2n,
  });

  itStands({
    name: "the curator rejects submissions before they are made",
    defence: "rejectsBeforehand",
    scene: openStudio,
    attack: async ({ datanets, mallory }, { datanet }) => {
      await datanets.connect(mallory).reject(datanet.id, 9n);
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotNextSubmissions",
      args: (_, { datanet }) => [datanet.id, 0n, 9n],
    },
    hasWorked: async ({ datanets }, { datanet }) => (await datanets.queueOf(datanet.id)).decided === 9n,
  });

  itStands({
    name: "a contributor advertises another URI than it commits to",
    defence: "anyUri",
    scene: openStudio,
    attack: async ({ datanets, mallory }, { datanet, work }) => {
      await datanets.connect(mallory).submit(datanet.id, work.content, "ipfs://malware");
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_UriMismatch",
      args: (_, { work }) => [work.content.uriHash, id("ipfs://malware")],
    },
    hasWorked: async ({ datanets }, { datanet }) => (await datanets.queueOf(datanet.id)).submitted === 1n,
  });

  itStands({
    name: "a contributor submits nothing",
    defence: "emptyContent",
    scene: openStudio,
    attack: async ({ datanets, mallory }, { datanet, work }) => {
      await datanets.connect(mallory).submit(datanet.id, { ...work.content, byteLength: 0n }, work.uri);
    },
    refusal: { by: "datanets", error: "DatanetRegistry_EmptyContent" },
    hasWorked: async ({ datanets }, { datanet }) => (await datanets.queueOf(datanet.id)).submitted === 1n,
  });
});

describe("Attacks on the log of a Datanet", () => {
  for (const [way, attack] of [
    [
      "accepts one signature twice",
      async (world: RegistryWorld, { datanet, work }: Studio): Promise<void> => {
        const signatures = packSignatures([await signOffer({ world, datanet, offer: work, signer: world.alice })]);
        for (const size of [0n, 1n]) {
          await world.datanets
            .connect(world.mallory)
            .acceptSigned(datanet.id, size, [contributionOf(work)], signatures);
        }
      },
    ],
    [
      "accepts a signature of what was submitted already",
      async (world: RegistryWorld, { datanet, work }: Studio): Promise<void> => {
        const { datanets, alice, mallory } = world;
        const signatures = packSignatures([await signOffer({ world, datanet, offer: work, signer: alice })]);
        await datanets.connect(alice).submit(datanet.id, work.content, work.uri);
        await datanets.connect(mallory).accept(datanet.id, 0n, [contributionOf(work)]);
        await datanets.connect(mallory).acceptSigned(datanet.id, 1n, [contributionOf(work)], signatures);
      },
    ],
  ] as const) {
    itStands({
      name: `the curator ${way}, and nobody can prove it`,
      defence: "noEvidenceInLog",
      scene: openStudio,
      attack,
      hasWorked: async (world, studio) =>
        (await world.datanets.logOf(studio.datanet.id)).size === 2n && !(await isProvenTwice(world, studio)),
    });
  }

  /** Alice's and Bob's contributions, worth 1, 2, 3, 4 units. */
  const filled = async (world: GuardedWorld): Promise<{ datanet: Datanet }> => {
    const datanet = await createDatanet({ world });
    await accept({ world, datanet, offers: offersOf({ by: [world.alice, world.bob], count: 4 }) });
    return { datanet };
  };
  const hasVersion =
    (number: bigint) =>
    async (world: RegistryWorld, { datanet }: { datanet: Datanet }) =>
      (await world.datanets.latestVersion(datanet.id)) === number;

  itStands({
    name: "a stranger revokes a contribution",
    defence: "anyoneRevokes",
    scene: filled,
    attack: async ({ datanets, mallory }, { datanet }) => {
      const { contribution, proof } = datanet.revocation(1);
      await datanets.connect(mallory).revoke(datanet.id, 1n, contribution, proof);
    },
    refusal: {
      by: "datanets",
      error: "DatanetRegistry_NotRevoker",
      args: ({ mallory }, { datanet }) => [datanet.id, mallory],
    },
    hasWorked: hasVersion(2n),
  });

  itStands({
    name: "a contributor revokes twice what has no units any more",
    defence: "revokesAgain",
    scene: async (world) => {
      const scene = await filled(world);
      await revoke({ world, ...scene, index: 0, by: world.alice });
      return scene;
    },
    attack: async ({ datanets, alice }, { datanet }) => {
      const { contribution, proof } = datanet.revocation(0);
      await datanets.connect(alice).revoke(datanet.id, 0n, contribution, proof);
    },
    refusal: { by: "datanets", error: "DatanetRegistry_ZeroUnits", args: () => [0n] },
    hasWorked: hasVersion(3n),
  });

  itStands({
    name: "a contributor revokes what it has revoked already, as it was accepted",
    defence: "noLogProof",
    scene: async (world) => {
      const scene = await filled(world);
      const { contribution } = scene.datanet.revocation(0);
      await revoke({ world, ...scene, index: 0, by: world.alice });
      return { ...scene, contribution };
    },
    attack: async ({ datanets, alice }, { datanet, contribution }) => {
      await datanets.connect(alice).revoke(datanet.id, 0n, contribution, datanet.revocation(0).proof);
    },
    refusal: {
      by: "datanets",
      error: "MerkleSumTree_NotInLog",
      args: (world) => [0n, leafHash(shareOfOffer(firstOf(world)))],
    },
    hasWorked: hasVersion(3n),
  });

  for (const [trick, index, proofOf] of [
    ["at somebody else's index", 1, 0],
    ["with the proof of somebody else's", 0, 1],
    ["at somebody else's index, with the proof for there", 1, 1],
  ] as const) {
    itStands({
      name: `a contributor revokes its own contribution ${trick}`,
      defence: "noLogProof",
      scene: filled,
      attack: async ({ datanets, alice }, { datanet }) => {
        const { contribution } = datanet.revocation(0);
        const { proof } = datanet.revocation(proofOf);
        await datanets.connect(alice).revoke(datanet.id, index, contribution, proof);
      },
      refusal: {
        by: "datanets",
        error: "MerkleSumTree_NotInLog",
        args: (world) => [BigInt(index), leafHash(shareOfOffer(firstOf(world)))],
      },
      hasWorked: hasVersion(2n),
    });
  }

  for (const [field, by, forge] of [
    ["number of units", "alice", (row: ContributionRow) => ({ ...row, units: 9n })],
    ["evidence", "alice", (row: ContributionRow) => ({ ...row, evidence: id("something else") })],
    [
      "contributor",
      "mallory",
      (row: ContributionRow, { mallory }: RegistryWorld) => ({ ...row, contributor: mallory.address }),
    ],
  ] as const) {
    const forged = (world: RegistryWorld): ContributionRow => forge(contributionOf(firstOf(world)), world);
    itStands({
      name: `somebody revokes a contribution under another ${field}`,
      defence: "noLogProof",
      scene: filled,
      attack: async (world, { datanet }) => {
        const { proof } = datanet.revocation(0);
        await world.datanets.connect(world[by]).revoke(datanet.id, 0n, forged(world), proof);
      },
      refusal: {
        by: "datanets",
        error: "MerkleSumTree_NotInLog",
        args: (world) => [0n, leafHash(shareOfRow(forged(world)))],
      },
      hasWorked: hasVersion(2n),
    });
  }

  itStands({
    name: "a contributor revokes at an index beyond the log, where an old node still lies",
    defence: "noLogRange",
    scene: async (world) => {
      const datanet = await createDatanet({ world });
      const [first, second] = offersOf({ by: [world.alice, world.bob], count: 2 });
      await acceptSigned({ world, datanet, offers: [first] });
      await acceptSigned({ world, datanet, offers: [second] });
      return { datanet, first };
    },
    attack: async ({ datanets, alice }, { datanet, first }) => {
      await datanets.connect(alice).revoke(datanet.id, 3n, contributionOf(first), "0x");
    },
    refusal: { by: "datanets", error: "MerkleSumTree_BadRange", args: () => [3n, 1n, 2n] },
    hasWorked: hasVersion(3n),
  });

  for (const [part, defence, cap] of [
    ["ownerBps", "noOwnerCap", 3_000n],
    ["curatorBps", "noCuratorCap", 2_000n],
  ] as const) {
    itStands({
      name: `an owner sets ${part} one above its cap once contributors have come`,
      defence,
      scene: filled,
      attack: async ({ datanets, owner, curator }, { datanet }) => {
        const curation = { curator, ownerBps: 0n, curatorBps: 0n, [part]: cap + 1n };
        await datanets.connect(owner).setCuration(datanet.id, curation);
      },
      refusal: { by: "datanets", error: "AssetRegistry_AboveCap", args: () => [cap + 1n, cap] },
      hasWorked: async ({ datanets }, { datanet }) => (await datanets.curationOf(datanet.id))[part] > cap,
    });
  }
});

/** What stands first in the log of {@link filled}. */
function firstOf({ alice, bob }: RegistryWorld): Offer<RegistryWorld["alice"]> {
  return offersOf({ by: [alice, bob], count: 1 })[0];
}

function shareOfRow({ contributor, units, evidence }: ContributionRow): Share {
  return { kind: ShareKind.Account, recipient: walletAccount(contributor), units, evidence };
}

/** Whether events and chain together prove that the work is in the log twice. */
async function isProvenTwice({ datanets }: RegistryWorld, { datanet, work }: Studio): Promise<boolean> {
  const batches = await datanets.queryFilter(datanets.filters.ContributionsAccepted(datanet.id));
  const shares = batches.flatMap(({ args }) => args.contributions.map((row) => shareOfRow(row)));
  const { tree, id: splitId } = Split.from({ shares });
  if (splitId !== (await datanets.splitOf(datanet.id, await datanets.latestVersion(datanet.id)))) return false;
  const evidence = evidenceOf(work.content);
  const places = shares.flatMap((share, first) => (share.evidence === evidence ? [first] : []));
  return (
    places.length === 2 &&
    places.every((first) =>
      verifyRange({
        root: tree.root,
        totalUnits: tree.totalUnits,
        size: tree.size,
        first,
        shares: [shares[first]],
        siblings: tree.rangeProof({ first, count: 1 }),
      }),
    )
  );
}

/** The other signature of the same message: (r, N − s) with the other parity. */
function intoUpperHalf({ r, s, yParity }: Signature): string {
  return concat([r, toBeHex(N - BigInt(s), 32), toBeHex(28 - yParity, 1)]);
}

/** Fields of the domain in ERC-5267's order, and which of them count. */
async function domainOf({ datanets }: RegistryWorld): Promise<{
  fields: number;
  name: string;
  version: string;
  chainId: bigint;
  verifyingContract: string;
}> {
  const { fields, name, version, chainId, verifyingContract } = await datanets.eip712Domain();
  return { fields: getBytes(fields)[0], name, version, chainId, verifyingContract };
}
