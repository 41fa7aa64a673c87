import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { concat, dataLength, id, type Signer, toBeHex, toUtf8Bytes, ZeroAddress, ZeroHash } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { type Content, ContentTree, evidenceOf } from "../../sdk/content.ts";
import { signContribution } from "../../sdk/contribution.ts";
import { ContributionLog } from "../../sdk/log.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import type { RegistryWorld } from "./registryWorld.ts";

/** Something that somebody contributes, and what the curator thinks it is worth. */
export interface Offer<By extends { address: string } = { address: string }> {
  by: By;
  content: Content;
  uri: string;
  units: bigint;
}

/** As the registry takes and emits it. */
export interface ContributionRow {
  contributor: string;
  units: bigint;
  evidence: string;
}

export interface Curation {
  curator: string;
  ownerBps: bigint;
  curatorBps: bigint;
}

export interface Terms {
  minShareBps: bigint;
  open: boolean;
}

/** Anybody may build, and asks for nothing. */
export const OPEN: Terms = { minShareBps: 0n, open: true };

/** A version of a Datanet as it ought to be, computed without the chain. */
export interface DatanetVersion {
  number: bigint;
  /** What is paid: the log, or what is wrapped around it. */
  split: Split;
  log: Split;
  /** The wrapping split's shares; none if the log itself is paid. */
  wrapping: Share[];
}

const BPS = 10_000n;

/** A small content of its own, for each text. */
export function offerOf<By extends { address: string }>({
  by,
  text,
  units = 1n,
}: {
  by: By;
  text: string;
  units?: bigint;
}): Offer<By> {
  const { contentRoot, byteLength } = ContentTree.from(toUtf8Bytes(text));
  const uri = `ipfs://${text}`;
  const content = { contentRoot, byteLength: BigInt(byteLength), licenseHash: id("CC-BY-4.0"), uriHash: id(uri) };
  return { by, content, uri, units };
}

/** Offers of several people in turn, worth 1, 2, 3, … units. */
export function offersOf<By extends { address: string }>({ by, count }: { by: By[]; count: number }): Offer<By>[] {
  return Array.from({ length: count }, (_, i) =>
    offerOf({ by: by[i % by.length], text: `work ${i}`, units: BigInt(i + 1) }),
  );
}

export function contributionOf({ by, content, units }: Offer): ContributionRow {
  return { contributor: by.address, units, evidence: evidenceOf(content) };
}

export function shareOfOffer({ by, content, units }: Offer): Share {
  return { kind: ShareKind.Account, recipient: walletAccount(by.address), units, evidence: evidenceOf(content) };
}

/** Signatures of a batch as the registry takes them: each behind its length in two bytes. */
export function packSignatures(signatures: readonly string[]): string {
  return concat(signatures.flatMap((signature) => [toBeHex(dataLength(signature), 2), signature]));
}

/** Shares as events and views of the contracts have them. */
export function rowsOf(shares: readonly Share[]): [bigint, string, bigint, string][] {
  return shares.map(({ kind, recipient, units, evidence }) => [BigInt(kind), recipient, units, evidence]);
}

/** A Datanet on the chain, and what it ought to be. */
export class Datanet {
  readonly id: bigint;
  /** Signs for the curator. */
  curator: HardhatEthersSigner;
  curation: Curation;
  /** Address of the owner. */
  owner: string;
  readonly arbiter: string;
  readonly log: ContributionLog;
  readonly versions: DatanetVersion[] = [];

  constructor(fields: {
    id: bigint;
    curator: HardhatEthersSigner;
    curation: Curation;
    owner: string;
    arbiter: string;
  }) {
    this.id = fields.id;
    this.curator = fields.curator;
    this.curation = fields.curation;
    this.owner = fields.owner;
    this.arbiter = fields.arbiter;
    this.log = new ContributionLog({ arbiter: fields.arbiter });
  }

  /** The same Datanet with nothing in its log. */
  copy(): Datanet {
    return new Datanet(this);
  }

  get latest(): DatanetVersion {
    return this.version(this.versions.length);
  }

  version(number: number): DatanetVersion {
    const version = this.versions.at(number - 1);
    if (version === undefined) throw new RangeError(`The Datanet has no version ${number}.`);
    return version;
  }

  /** What accepting a batch ought to make. Offers without units are rejected. */
  append(offers: readonly Offer[]): DatanetVersion {
    return this.#addVersion(this.log.append(offers.filter(({ units }) => units > 0n).map(shareOfOffer)).split);
  }

  /** What revoking ought to make. */
  strike(index: number): DatanetVersion {
    return this.#addVersion(this.log.revoke(index).split);
  }

  /** What the registry needs to revoke a share of the log as it is now. */
  revocation(index: number): { contribution: ContributionRow; proof: string } {
    const { share, siblings } = this.log.revocationProof(index);
    const contributor = `0x${share.recipient.slice(-40)}`;
    return {
      contribution: { contributor, units: share.units, evidence: share.evidence },
      proof: encodeSumNodes(siblings),
    };
  }

  #addVersion(log: Split): DatanetVersion {
    const { curator, ownerBps, curatorBps } = this.curation;
    const taken = ownerBps + curatorBps;
    const wrapping: Share[] =
      taken === 0n || log.tree.totalUnits === 0n
        ? []
        : [
            { kind: ShareKind.Split, recipient: log.id, units: BPS - taken, evidence: ZeroHash },
            { ...account(this.owner), units: ownerBps, evidence: id("datanet owner") },
            { ...account(curator), units: curatorBps, evidence: id("datanet curator") },
          ];
    const split = wrapping.length === 0 ? log : Split.from({ shares: wrapping, arbiter: this.arbiter });
    const version = { number: BigInt(this.versions.length + 1), split, log, wrapping };
    this.versions.push(version);
    return version;
  }
}

function account(address: string): Pick<Share, "kind" | "recipient"> {
  return { kind: ShareKind.Account, recipient: walletAccount(address) };
}

/** Creates a Datanet that its owner and its curator take nothing of, unless stated otherwise. */
export async function createDatanet({
  world,
  owner = world.owner,
  curator = world.curator,
  ownerBps = 0n,
  curatorBps = 0n,
  terms = OPEN,
  arbiter = ZeroAddress,
}: {
  world: RegistryWorld;
  owner?: HardhatEthersSigner;
  curator?: HardhatEthersSigner;
  ownerBps?: bigint;
  curatorBps?: bigint;
  terms?: Terms;
  arbiter?: string;
}): Promise<Datanet> {
  const { datanets } = world;
  const curation = { curator: curator.address, ownerBps, curatorBps };
  await datanets.connect(owner).create(curation, terms, arbiter, "ipfs://croissant", id("croissant"));
  return new Datanet({ id: await datanets.assetCount(), curator, curation, owner: owner.address, arbiter });
}

/** Contributors submit, the curator accepts. */
export async function accept({
  world: { datanets },
  datanet,
  offers,
}: {
  world: RegistryWorld;
  datanet: Datanet;
  offers: Offer<HardhatEthersSigner>[];
}): Promise<DatanetVersion> {
  for (const { by, content, uri } of offers) await datanets.connect(by).submit(datanet.id, content, uri);
  const { size } = await datanets.logOf(datanet.id);
  await datanets.connect(datanet.curator).accept(datanet.id, size, offers.map(contributionOf));
  return datanet.append(offers);
}

/** Contributors sign, the curator accepts. */
export async function acceptSigned({
  world,
  datanet,
  offers,
}: {
  world: RegistryWorld;
  datanet: Datanet;
  offers: Offer<HardhatEthersSigner>[];
}): Promise<DatanetVersion> {
  const signatures = await Promise.all(offers.map((offer) => signOffer({ world, datanet, offer, signer: offer.by })));
  const { datanets } = world;
  const { size } = await datanets.logOf(datanet.id);
  await datanets
    .connect(datanet.curator)
    .acceptSigned(datanet.id, size, offers.map(contributionOf), packSignatures(signatures));
  return datanet.append(offers);
}

/** What a contributor signs for this very Datanet. */
export async function signOffer({
  world,
  datanet,
  offer,
  signer,
}: {
  world: RegistryWorld;
  datanet: Pick<Datanet, "id">;
  offer: Offer;
  signer: Signer;
}): Promise<string> {
  const { chainId } = await world.connection.ethers.provider.getNetwork();
  const registry = await world.datanets.getAddress();
  return await signContribution({
    signer,
    contribution: { chainId, registry, datanetId: datanet.id, content: offer.content },
  });
}

/** Revokes a contribution of the log as it is now. */
export async function revoke({
  world: { datanets },
  datanet,
  index,
  by,
}: {
  world: RegistryWorld;
  datanet: Datanet;
  index: number;
  by: HardhatEthersSigner;
}): Promise<DatanetVersion> {
  const { contribution, proof } = datanet.revocation(index);
  await datanets.connect(by).revoke(datanet.id, index, contribution, proof);
  return datanet.strike(index);
}
