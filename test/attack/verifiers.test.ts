import { expect } from "chai";
import { AbiCoder, encodeRlp, id, Signature, toBeHex, zeroPadValue } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { concatBytes, readUint, toHex } from "../../sdk/bytes.ts";
import { LOG_ENTRY_TYPE, LOG_VERSION_TYPE, proveShare } from "../../sdk/datanetProof.ts";
import { encodeDuplicateProof } from "../../sdk/duplicateProof.ts";
import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { keccak256 } from "../../sdk/keccak.ts";
import { callId, receiptDigest } from "../../sdk/receipt.ts";
import { ReceiptTree, shareOfReceipt } from "../../sdk/receiptTree.ts";
import { ListTrie } from "../../sdk/receiptTrie.ts";
import { encodeRevokedLineageProof } from "../../sdk/revokedLineageProof.ts";
import { leafNode, packShare, SHARE_BYTES } from "../../sdk/share.ts";
import { Split, splitIdOf } from "../../sdk/split.ts";
import { combineSumNodes, packSumNode } from "../../sdk/sumNode.ts";
import type { IFaultVerifier } from "../../typechain-types/index.ts";
import { receiptOf, receiptsDomain, signed } from "../disputes/receipts.ts";
import {
  placeOf,
  placeOfTransaction,
  proofOf,
  proofOfShare,
  receiptsOf,
  type Settled,
  settleReceipts,
} from "../disputes/settlements.ts";
import { deployVerifierWorld, logged, publishedVersion, type VerifierWorld } from "../disputes/verifierWorld.ts";
import { accountOf, accountShare } from "../helpers/shares.ts";
import { worksOn } from "../helpers/twins.ts";
import { accept, createDatanet, type Datanet, type Offer, offerOf, revoke } from "../registry/datanets.ts";
import { type AssetVersion, assetVersion, evidenceOfUpstream, lineageOf, registerModel } from "../registry/lineages.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture, time } = networkHelpers;

/** Order of the curve that keys sign on. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const GRACE = 7n * 86_400n;

const SETTLED = id("Settled(address,bytes32,bytes)");
const PAID = id("PaidFromBalance(bytes32,bytes32,uint256,uint256,bytes32)");

const VERIFIERS = {
  DuplicateVerifier: {
    of: (world: VerifierWorld) => world.duplicates,
    args: ({ datanets }: VerifierWorld) => [datanets],
  },
  EquivocationVerifier: {
    of: (world: VerifierWorld) => world.equivocations,
    args: ({ services }: VerifierWorld) => [services],
  },
  SettlementVerifier: {
    of: (world: VerifierWorld) => world.settlements,
    args: ({ services, channels, ledger }: VerifierWorld) => [services, channels, ledger],
  },
  RevokedLineageVerifier: {
    of: (world: VerifierWorld) => world.lineages,
    args: ({ datanets, models, agents }: VerifierWorld) => [datanets, models, agents],
  },
};
type VerifierName = keyof typeof VERIFIERS;

/** An attempt to have somebody slashed for nothing, and the one check that stands against it. */
interface Framing {
  /** Who does what, as a sentence. */
  name: string;
  /** The verifier without that check. */
  twin: `${VerifierName}_${string}`;
  victim: "curator" | "operator" | "builder" | "relayer";
  proof: (world: VerifierWorld) => Promise<string>;
  /** The error that answers it. Without one, the proof shows somebody else's fault. */
  refusal?: { error: string; args: (world: VerifierWorld) => Promise<unknown[]> | unknown[] };
}

/** Two tests: the verifier stands the attack, and its twin finds the victim guilty by the very same proof. */
function itStands({ name, twin, victim, proof: prove, refusal }: Framing): void {
  const base = verifierOf(twin);

  it(`stands: ${name}`, async () => {
    const world = await loadFixture(deployVerifierWorld);
    const verifier: IFaultVerifier = base.of(world);
    const proof = await prove(world);
    if (refusal === undefined) {
      expect((await verifier.verify(proof)).respondent).not.to.equal(world[victim].address);
    } else {
      await expect(verifier.verify(proof))
        .to.be.revertedWithCustomError(base.of(world), refusal.error)
        .withArgs(...(await refusal.args(world)));
    }
  });

  it(`${worksOn(twin)}: ${name}`, async () => {
    const world = await loadFixture(deployVerifierWorld);
    const proof = await prove(world);
    expect((await (await deployTwin(world, twin)).verify(proof)).respondent).to.equal(world[victim].address);
  });
}

/** Two tests: two proofs name one fault, but the twin takes them for two. */
function itIsOneFault({
  name,
  twin,
  proofs: prove,
}: {
  name: string;
  twin: Framing["twin"];
  proofs: (world: VerifierWorld) => Promise<string[]>;
}): void {
  const idsOf = async (verifier: IFaultVerifier, proofs: string[]): Promise<number> =>
    new Set(await Promise.all(proofs.map(async (proof) => (await verifier.verify(proof)).id))).size;

  it(`stands: ${name}`, async () => {
    const world = await loadFixture(deployVerifierWorld);
    expect(await idsOf(verifierOf(twin).of(world), await prove(world))).to.equal(1);
  });

  it(`${worksOn(twin)}: ${name}`, async () => {
    const world = await loadFixture(deployVerifierWorld);
    const proofs = await prove(world);
    expect(await idsOf(await deployTwin(world, twin), proofs)).to.equal(proofs.length);
  });
}

function verifierOf(twin: Framing["twin"]): (typeof VERIFIERS)[VerifierName] {
  const found = Object.entries(VERIFIERS).find(([name]) => twin.startsWith(`${name}_`));
  if (found === undefined) throw new Error(`No verifier is called ${twin}.`);
  return found[1];
}

async function deployTwin(world: VerifierWorld, twin: Framing["twin"]): Promise<IFaultVerifier> {
  const contract = await ethers.deployContract(twin, verifierOf(twin).args(world));
  return await ethers.getContractAt("IFaultVerifier", await contract.getAddress());
}

/** A Datanet with these offers in its log. */
async function datanetOf(world: VerifierWorld, offers: Offer<VerifierWorld["alice"]>[]): Promise<Datanet> {
  const datanet = await createDatanet({ world });
  await accept({ world, datanet, offers });
  return datanet;
}

const poems = ({ alice, bob }: VerifierWorld): Offer<VerifierWorld["alice"]>[] =>
  [alice, bob].map((by) => offerOf({ by, text: "a poem" }));
const different = ({ alice, bob }: VerifierWorld): Offer<VerifierWorld["alice"]>[] =>
  [alice, bob].map((by, i) => offerOf({ by, text: `work ${i}` }));

function duplicate(datanet: Datanet, offers: Offer[], first = 0, later = 1): string {
  return encodeDuplicateProof({
    version: publishedVersion(datanet),
    first: logged(offers[first], first),
    later: logged(offers[later], later),
  });
}

describe("Framing curators", () => {
  itStands({
    name: "an owner lets an accomplice accept a duplicate and then names somebody else curator",
    twin: "DuplicateVerifier_CurrentCurator",
    victim: "relayer",
    proof: async (world) => {
      const offers = poems(world);
      const datanet = await datanetOf(world, offers);
      await world.datanets.connect(world.owner).setCuration(datanet.id, {
        ...datanet.curation,
        curator: world.relayer.address,
      });
      return duplicate(datanet, offers);
    },
  });

  itStands({
    name: "an owner replaces the curator that accepted a duplicate, so that its successor answers",
    twin: "DuplicateVerifier_CurrentCurator",
    victim: "relayer",
    proof: async (world) => {
      const { datanets, owner, mallory, relayer, carol } = world;
      const offers = poems(world);
      const datanet = await datanetOf(world, offers);
      const name = async (curator: typeof relayer) => {
        await datanets.connect(owner).setCuration(datanet.id, { ...datanet.curation, curator: curator.address });
        datanet.curator = curator;
        datanet.curation = { ...datanet.curation, curator: curator.address };
      };
      await name(mallory);
      await name(relayer);
      const later = offerOf({ by: carol, text: "something else" });
      await accept({ world, datanet, offers: [later] });
      return duplicate(datanet, offers);
    },
  });

  itStands({
    name: "a contribution is shown as a duplicate of itself",
    twin: "DuplicateVerifier_OneIsTwo",
    victim: "curator",
    proof: async (world) => {
      const offers = different(world);
      return duplicate(await datanetOf(world, offers), offers, 1, 1);
    },
    refusal: { error: "DuplicateVerifier_NotLater", args: () => [1n, 1n] },
  });

  itStands({
    name: "two different contributions are shown as they are",
    twin: "DuplicateVerifier_OtherContents",
    victim: "curator",
    proof: async (world) => {
      const offers = different(world);
      return duplicate(await datanetOf(world, offers), offers);
    },
    refusal: {
      error: "DuplicateVerifier_DifferentContent",
      args: (world) => different(world).flatMap(({ content }) => [content.contentRoot, content.byteLength]),
    },
  });

  itStands({
    name: "two different contributions are said to have the same content",
    twin: "DuplicateVerifier_AnyContent",
    victim: "curator",
    proof: async (world) => {
      const offers = different(world);
      return duplicate(await datanetOf(world, offers), [offers[0], offers[0]]);
    },
    refusal: {
      error: "DatanetLogs_WrongContent",
      args: async (world) => {
        const [first, second] = different(world);
        const evidences = [second, first].map(async ({ content }) => await world.datanets.evidenceOf(content));
        return [1n, ...(await Promise.all(evidences))];
      },
    },
  });

  itStands({
    name: "a contributor revokes a contribution and offers it again: the first has no units any more",
    twin: "DuplicateVerifier_RevokedCounts",
    victim: "curator",
    proof: async (world) => {
      const [offer] = poems(world);
      const datanet = await datanetOf(world, [offer]);
      await revoke({ world, datanet, index: 0, by: world.alice });
      await accept({ world, datanet, offers: [offer] });
      return duplicate(datanet, [offer, offer]);
    },
    refusal: { error: "DatanetLogs_Revoked", args: () => [0n] },
  });

  itStands({
    name: "a made-up log holds something twice",
    twin: "DuplicateVerifier_AnyLog",
    victim: "curator",
    proof: async (world) => {
      const datanet = await datanetOf(world, different(world));
      const log = await madeUpLog(world);
      const offers = poems(world);
      return encodeDuplicateProof({
        version: { ...publishedVersion(datanet), log },
        first: logged(offers[0], 0),
        later: logged(offers[1], 1),
      });
    },
    refusal: {
      error: "DatanetLogs_NotInLog",
      args: async (world) => {
        return [0n, await world.datanets.splitOf(1n, 1n), (await madeUpLog(world)).id];
      },
    },
  });

  itIsOneFault({
    name: "a duplicate is shown once more for each version that followed",
    twin: "DuplicateVerifier_FaultPerVersion",
    proofs: async (world) => {
      const offers = poems(world);
      const datanet = await datanetOf(world, offers);
      const before = duplicate(datanet, offers);
      await accept({ world, datanet, offers: [offerOf({ by: world.carol, text: "more" })] });
      return [before, duplicate(datanet, offers)];
    },
  });

  it("stands: a duplicate is shown backwards, so that the first contributor loses its share to the copier", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const offers = poems(world);
    const proof = duplicate(await datanetOf(world, offers), offers, 1, 0);
    await expect(world.duplicates.verify(proof))
      .to.be.revertedWithCustomError(world.duplicates, "DuplicateVerifier_NotLater")
      .withArgs(1n, 0n);
  });

  it(`${worksOn("DuplicateVerifier_AnyOrder")}: the share of the first one goes to the copier`, async () => {
    const world = await loadFixture(deployVerifierWorld);
    const offers = poems(world);
    const proof = duplicate(await datanetOf(world, offers), offers, 1, 0);
    const { harmed, restitution } = await (await deployTwin(world, "DuplicateVerifier_AnyOrder")).verify(proof);
    expect([harmed, restitution.index, restitution.to]).to.deep.equal([world.bob.address, 0n, accountOf(world.bob)]);
  });
});

// No twin: leaves and inner nodes differ in their first byte and in their length, and AttributionLedger_LeavesLikeNodes
// and its neighbours show in tree.test.ts what that is good for.
describe("Framing curators with inner nodes in place of contributions", () => {
  it("stands: half of a log is shown as a contribution to a log of two", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const { alice, bob } = world;
    const offers = [alice, bob, alice, bob].map((by, i) => offerOf({ by, text: `work ${i}` }));
    const { log } = publishedVersion(await datanetOf(world, offers));
    const { root, totalUnits, size, arbiter } = log.header;
    const [sibling, right] = log.tree.rangeProof({ first: 0, count: 1 }).map(packSumNode);
    const left = combineSumNodes(concatBytes([leafNode(packedShare(log, 0)), sibling]));
    expect(toHex(combineSumNodes(concatBytes([left, right])).subarray(0, 32))).to.equal(root);

    // The node's own preimage, as far as a share goes.
    const preimage = concatBytes([leafNode(packedShare(log, 0)), sibling]).subarray(0, 81);
    const units = preimage.subarray(33, 49);
    const leaf = concatBytes([keccak256(concatBytes([Uint8Array.of(0), preimage])), units]);
    const proven = toHex(combineSumNodes(concatBytes([leaf, right])).subarray(0, 32));
    expect(proven).not.to.equal(root);

    const entry = { index: 0, content: offers[0].content, proof: toHex(concatBytes([preimage, right])) };
    const proof = AbiCoder.defaultAbiCoder().encode(
      [`tuple(${LOG_VERSION_TYPE} version, ${LOG_ENTRY_TYPE} first, ${LOG_ENTRY_TYPE} later)`],
      [
        {
          version: { datanetId: 1n, version: 1n, size: 2, wrapping: "0x" },
          first: entry,
          later: { ...entry, index: 1 },
        },
      ],
    );
    const shownUnits = readUint(units, 0, 16) + readUint(right, 32, 16);
    await expect(world.duplicates.verify(proof))
      .to.be.revertedWithCustomError(world.duplicates, "DatanetLogs_NotInLog")
      .withArgs(0n, log.id, splitIdOf({ root: proven, totalUnits: shownUnits, size: 2, arbiter }));
    expect([totalUnits, size]).to.deep.equal([4n, 4]);
  });
});

describe("Framing executors with receipts", () => {
  itStands({
    name: "one receipt is shown twice",
    twin: "EquivocationVerifier_SameReceipt",
    victim: "operator",
    proof: async (world) => {
      const one = await signed(world, await receiptOf(world));
      return encodeEquivocationProof(one, one);
    },
    refusal: {
      error: "Receipts_Same",
      args: async (world) => [receiptDigest({ ...(await receiptsDomain(world)), receipt: await receiptOf(world) })],
    },
  });

  itStands({
    name: "a payer writes a second receipt itself",
    twin: "EquivocationVerifier_Unsigned",
    victim: "operator",
    proof: async (world) => {
      const receipt = await receiptOf(world);
      const made = await signed(world, { ...receipt, amount: 1n }, { signer: world.alice });
      return encodeEquivocationProof(await signed(world, receipt), made);
    },
    refusal: {
      error: "Receipts_NotSigned",
      args: async (world) => {
        const receipt = { ...(await receiptOf(world)), amount: 1n };
        return [receiptDigest({ ...(await receiptsDomain(world)), receipt }), world.operator];
      },
    },
  });

  itStands({
    name: "receipts of two calls that ask for the same are shown as one's",
    twin: "EquivocationVerifier_AnyCalls",
    victim: "operator",
    proof: async (world) => {
      const [one, other] = await receiptsOf(world, 2);
      return encodeEquivocationProof(await signed(world, one), await signed(world, other));
    },
    refusal: {
      error: "Receipts_DifferentCalls",
      args: async (world) => (await receiptsOf(world, 2)).map((receipt) => receipt.callId),
    },
  });

  itStands({
    name: "an executor that numbers its calls in a way of its own has used a number twice",
    twin: "EquivocationVerifier_AnyCallId",
    victim: "operator",
    proof: async (world) => {
      const receipt = await receiptOf(world, { callId: toBeHex(7n, 32) });
      const other = { ...receipt, payer: world.bob.address };
      return encodeEquivocationProof(await signed(world, receipt), await signed(world, other));
    },
    refusal: {
      error: "Receipts_WrongCallId",
      args: async (world) => [toBeHex(7n, 32), (await receiptOf(world)).callId],
    },
  });

  itStands({
    name: "an executor tried things out on another chain",
    twin: "EquivocationVerifier_FirstChain",
    victim: "operator",
    proof: async (world) => {
      const elsewhere = { chainId: 1n };
      const request = await receiptOf(world);
      const receipt = { ...request, callId: await callIdElsewhere(world) };
      const other = { ...receipt, amount: 1n };
      return encodeEquivocationProof(await signed(world, receipt, elsewhere), await signed(world, other, elsewhere));
    },
    refusal: {
      error: "Receipts_WrongCallId",
      args: async (world) => [await callIdElsewhere(world), (await receiptOf(world)).callId],
    },
  });

  itIsOneFault({
    name: "the same two receipts are shown the other way round",
    twin: "EquivocationVerifier_FaultPerPair",
    proofs: async (world) => {
      const receipt = await receiptOf(world);
      const [one, other] = [await signed(world, receipt), await signed(world, { ...receipt, amount: 1n })];
      return [encodeEquivocationProof(one, other), encodeEquivocationProof(other, one)];
    },
  });

  // The twin's share of this is EquivocationVerifier_SameReceipt: signatures are no part of what is compared.
  it("stands: one receipt is shown with its signature in both halves of the curve", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const one = await signed(world, await receiptOf(world));
    const { r, s, yParity } = Signature.from(one.signature);
    const mirrored = ethers.concat([r, toBeHex(ORDER - BigInt(s), 32), yParity === 0 ? "0x1c" : "0x1b"]);
    await expect(world.equivocations.verify(encodeEquivocationProof(one, { ...one, signature: mirrored })))
      .to.be.revertedWithCustomError(world.equivocations, "Receipts_Same")
      .withArgs(receiptDigest({ ...(await receiptsDomain(world)), receipt: one.receipt }));
  });

  it("stands: a contradicted settlement and an equivocation about the same call are one fault", async () => {
    const world = await loadFixture(deployVerifierWorld);
    const receipts = await receiptsOf(world, 1);
    const settled = await settleReceipts(world, receipts);
    const bySettlement = await world.settlements.verify(await proofOf(world, settled));
    const other = await signed(world, { ...receipts[0], amount: 5_000n });
    const byReceipts = await world.equivocations.verify(
      encodeEquivocationProof(await signed(world, receipts[0]), other),
    );
    expect(bySettlement.id).to.equal(byReceipts.id);
  });
});

describe("Framing operators with settlements", () => {
  itStands({
    name: "a made-up contract settles a made-up receipt in an operator's name",
    twin: "SettlementVerifier_AnyEmitter",
    victim: "operator",
    proof: async (world) => {
      const settled = await madeUpReceipts(world);
      const [emitter, ledger] = [await ethers.deployContract("LogEmitter"), await ethers.deployContract("LogEmitter")];
      const logs = [
        { emitter, topics: [SETTLED, zeroPadValue(world.operator.address, 32), id("split")], data: "0x" },
        {
          emitter: ledger,
          topics: [PAID, id("split"), walletAccount(await world.channels.getAddress())],
          data: paidData(settled.tree.memo),
        },
      ];
      const sent = await emitter.emitAll(logs);
      return await proofOf(world, settled, { place: await placeOfTransaction(world, sent.hash) });
    },
    refusal: { error: "SettlementVerifier_NotSettled", args: () => [isAddress, SETTLED] },
  });

  itStands({
    name: "an operator settles a made-up receipt of another one",
    twin: "SettlementVerifier_AnyOperator",
    victim: "operator",
    proof: async (world) => {
      const { receipts } = await madeUpReceipts(world);
      return await proofOf(world, await settleReceipts(world, receipts, { by: world.mallory }));
    },
    refusal: {
      error: "SettlementVerifier_OtherOperator",
      args: (world) => [world.mallory, world.operator],
    },
  });

  itStands({
    name: "a made-up block holds a settlement",
    twin: "SettlementVerifier_AnyHeader",
    victim: "operator",
    proof: async (world) => {
      const settled = await madeUpReceipts(world);
      const channels = await world.channels.getAddress();
      const logs = [
        [channels, [SETTLED, zeroPadValue(world.operator.address, 32), id("split")], "0x"],
        [await world.ledger.getAddress(), [PAID, id("split"), walletAccount(channels)], paidData(settled.tree.memo)],
      ];
      const trie = new ListTrie([encodeRlp(["0x01", "0x", "0x", logs])]);
      const fields = Array.from({ length: 21 }, () => "0x");
      const header = encodeRlp(fields.with(5, trie.root).with(8, "0x01"));
      const place = { header, transactionIndex: 0, trieNodes: trie.prove(0), logIndex: 0 };
      return await proofOf(world, settled, { place });
    },
    refusal: { error: "SettlementVerifier_WrongHeader", args: () => [1n, isHash, isHash] },
  });

  itStands({
    name: "a made-up receipt is said to stand where another one does",
    twin: "SettlementVerifier_AnyShare",
    victim: "operator",
    proof: async (world) => {
      const [honest] = await receiptsOf(world, 1);
      const domain = await receiptsDomain(world);
      const settled = await settleReceipts(world, [honest]);
      const share = proveShare(Split.from({ shares: [shareOfReceipt({ ...domain, receipt: honest })] }), 0);
      const [receipt] = (await madeUpReceipts(world)).receipts;
      return await proofOfShare(world, { receipt, size: 1, index: 0, share, place: await placeOf(world, settled) });
    },
    refusal: {
      error: "SettlementVerifier_OtherShare",
      args: async (world) => {
        const domain = await receiptsDomain(world);
        const [honest] = await receiptsOf(world, 1);
        const [receipt] = (await madeUpReceipts(world)).receipts;
        return [0n, receiptDigest({ ...domain, receipt: honest }), receiptDigest({ ...domain, receipt })];
      },
    },
  });

  itStands({
    name: "a made-up receipt is said to be in a settlement that it is not in",
    twin: "SettlementVerifier_AnyMemo",
    victim: "operator",
    proof: async (world) => {
      const settled = await settleReceipts(world, await receiptsOf(world, 2));
      return await proofOf(world, await madeUpReceipts(world), { place: await placeOf(world, settled) });
    },
    refusal: {
      error: "SettlementVerifier_NotInSettlement",
      args: async (world) => {
        const receipts = await receiptsOf(world, 2);
        const { memo } = new ReceiptTree({ ...(await receiptsDomain(world)), receipts });
        return [memo, (await madeUpReceipts(world)).tree.memo];
      },
    },
  });
});

describe("Framing owners", () => {
  itStands({
    name: "a publisher gives the asset away, to somebody who did not ask for it",
    twin: "RevokedLineageVerifier_CurrentOwner",
    victim: "relayer",
    proof: async (world) => {
      const scene = await revokedScene(world);
      await time.increase(GRACE);
      const model = await modelOn(world, scene.datanet, 1);
      await world.models.connect(world.builder).transferFrom(world.builder, world.relayer, model.id);
      return lineageProof(scene, model);
    },
  });

  itStands({
    name: "a publisher gives the asset away, to somebody who publishes a version without what was revoked",
    twin: "RevokedLineageVerifier_NewestPublisher",
    victim: "relayer",
    proof: async (world) => {
      const { models, builder, relayer } = world;
      const scene = await revokedScene(world);
      await time.increase(GRACE);
      const model = await modelOn(world, scene.datanet, 1);
      await models.connect(builder).transferFrom(builder, relayer, model.id);
      const { lineage } = lineageOf({ upstreams: [{ asset: await upstreamOf(world, scene.datanet, 2), units: 1n }] });
      await models.connect(relayer).publish(model.id, lineage);
      return lineageProof(scene, model);
    },
  });

  itStands({
    name: "a contributor revokes in front of a publication",
    twin: "RevokedLineageVerifier_NoGrace",
    victim: "builder",
    proof: async (world) => {
      const scene = await revokedScene(world);
      return lineageProof(scene, await modelOn(world, scene.datanet, 1));
    },
    refusal: {
      error: "RevokedLineageVerifier_WithinGrace",
      args: async ({ models, datanets }) => [
        (await models.publicationOf(1n, 1n)).publishedAt,
        (await datanets.revokedAt(1n, 1n)) + GRACE,
      ],
    },
  });

  itStands({
    name: "a contribution is said to be revoked that was not",
    twin: "RevokedLineageVerifier_NotRevoked",
    victim: "builder",
    proof: async (world) => {
      const scene = await revokedScene(world);
      return lineageProof(scene, await modelOn(world, scene.datanet, 1), { index: 0 });
    },
    refusal: { error: "RevokedLineageVerifier_NotRevoked", args: () => [1n, 0n] },
  });

  itStands({
    name: "a contributor revokes in a copy of the Datanet that the model builds on",
    twin: "RevokedLineageVerifier_SplitIdOnly",
    victim: "builder",
    proof: async (world) => {
      const offers = different(world);
      const original = await datanetOf(world, offers);
      const datanet = await datanetOf(world, offers);
      expect(datanet.latest.split.id).to.equal(original.latest.split.id);
      await revoke({ world, datanet, index: 1, by: world.bob });
      await time.increase(GRACE);
      return lineageProof({ datanet, offers }, await modelOn(world, original, 1));
    },
    refusal: { error: "RevokedLineageVerifier_NotBuiltOn", args: () => [2n, 1n, 0n] },
  });

  itStands({
    name: "a builder's evidence names the Datanet that a model has long left",
    twin: "RevokedLineageVerifier_BuildersCount",
    victim: "builder",
    proof: async (world) => {
      const scene = await revokedScene(world);
      await time.increase(GRACE);
      const { builder } = world;
      const upstream = await upstreamOf(world, scene.datanet, 1);
      const builders = [{ account: accountOf(builder), units: 1n, evidence: evidenceOfUpstream(upstream) }];
      return lineageProof(scene, await registerModel({ world, owner: builder, builders }));
    },
    refusal: { error: "RevokedLineageVerifier_NotBuiltOn", args: () => [1n, 1n, 0n] },
  });

  itStands({
    name: "the owner's share beside a log is shown as the contribution of its index",
    twin: "RevokedLineageVerifier_WrappingIsLog",
    victim: "builder",
    proof: async (world) => {
      const { bob } = world;
      const datanet = await createDatanet({ world, ownerBps: 1_000n });
      const offers = different(world);
      await accept({ world, datanet, offers });
      await revoke({ world, datanet, index: 1, by: bob });
      await time.increase(GRACE);
      const { id: assetId, version: assetVersion, registry, split } = await modelOn(world, datanet, 2);
      const version = { datanetId: datanet.id, version: 2n, log: datanet.latest.split };
      const revoked = logged(offers[1], 1);
      return encodeRevokedLineageProof({ registry, assetId, assetVersion, split, index: 0, version, revoked });
    },
    refusal: {
      error: "DatanetLogs_WrongContent",
      args: async (world) => [1n, id("datanet owner"), await world.datanets.evidenceOf(different(world)[1].content)],
    },
  });

  itIsOneFault({
    name: "a lineage is shown with two versions of the Datanet",
    twin: "RevokedLineageVerifier_FaultPerDatanetVersion",
    proofs: async (world) => {
      const { builder } = world;
      const offers = different(world);
      const datanet = await datanetOf(world, offers);
      await accept({ world, datanet, offers: [offerOf({ by: world.carol, text: "more" })] });
      await revoke({ world, datanet, index: 1, by: world.bob });
      await time.increase(GRACE);
      const upstreams = [
        { asset: await upstreamOf(world, datanet, 1), units: 1n },
        { asset: await upstreamOf(world, datanet, 2), units: 1n },
      ];
      const model = await registerModel({ world, owner: builder, upstreams });
      return [1, 2].map((version) => lineageProof({ datanet, offers }, model, { version, share: version - 1 }));
    },
  });
});

function isHash(value: unknown): boolean {
  return typeof value === "string" && value.length === 66;
}

function isAddress(value: unknown): boolean {
  return typeof value === "string" && value.length === 42;
}

function paidData(memo: string): string {
  return AbiCoder.defaultAbiCoder().encode(["uint256", "uint256", "bytes32"], [1n, 1n, memo]);
}

/** A receipt that the operator never gave nor settled. */
async function madeUpReceipts(world: VerifierWorld): Promise<Settled> {
  const receipts = [await receiptOf(world, { outputRoot: id("made up") })];
  const tree = new ReceiptTree({ ...(await receiptsDomain(world)), receipts });
  return { receipts, tree, transactionHash: "", blockNumber: 0 };
}

async function callIdElsewhere(world: VerifierWorld): Promise<string> {
  return callId({ ...(await receiptsDomain(world)), chainId: 1n, request: await receiptOf(world) });
}

/** The bytes of a share. */
function packedShare({ tree }: Split, index: number): Uint8Array {
  const packed = new Uint8Array(SHARE_BYTES);
  packShare(tree.share(index), packed, 0);
  return packed;
}

/** A log that is no Datanet's. */
async function madeUpLog(world: VerifierWorld): Promise<Split> {
  const evidences = poems(world).map(async ({ content }) => await world.datanets.evidenceOf(content));
  return Split.from({
    shares: (await Promise.all(evidences)).map((evidence) => accountShare({ to: world.mallory, units: 1n, evidence })),
  });
}

interface RevokedScene {
  datanet: Datanet;
  offers: Offer[];
}

/** A Datanet of two contributions, of which the second is revoked. */
async function revokedScene(world: VerifierWorld): Promise<RevokedScene> {
  const offers = different(world);
  const datanet = await datanetOf(world, offers);
  await revoke({ world, datanet, index: 1, by: world.bob });
  return { datanet, offers };
}

async function upstreamOf(world: VerifierWorld, datanet: Datanet, number: number): Promise<AssetVersion> {
  const { split } = datanet.version(number);
  return await assetVersion({ registry: world.datanets, id: datanet.id, version: BigInt(number), split });
}

/** A model of the builder's that a version of a Datanet gets all of. */
async function modelOn(world: VerifierWorld, datanet: Datanet, number: number): Promise<AssetVersion> {
  const upstreams = [{ asset: await upstreamOf(world, datanet, number), units: 1n }];
  return await registerModel({ world, owner: world.builder, upstreams });
}

function lineageProof(
  { datanet, offers }: RevokedScene,
  { registry, id: assetId, version: assetVersion, split }: AssetVersion,
  { index = 1, version = 1, share = 0 }: { index?: number; version?: number; share?: number } = {},
): string {
  return encodeRevokedLineageProof({
    registry,
    assetId,
    assetVersion,
    split,
    index: share,
    version: publishedVersion(datanet, version),
    revoked: logged(offers[index], index),
  });
}
