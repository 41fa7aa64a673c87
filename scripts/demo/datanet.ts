import { id, ZeroAddress, ZeroHash } from "ethers";

import { type Content, evidenceOf } from "../../sdk/content.ts";
import { packSignatures, signContribution } from "../../sdk/contribution.ts";
import { ContributionLog } from "../../sdk/log.ts";
import { Split } from "../../sdk/split.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Person } from "./people.ts";
import type { Asset } from "./registrar.ts";
import type { Setting } from "./setting.ts";
import { splitShare, walletShare } from "./shares.ts";

const BPS = 10_000n;
const OWNER_BPS = 300n;
const CURATOR_BPS = 500n;
const MIN_SHARE_BPS = 2_000n;

/** A version of the Datanet: what models pin and payers pay. */
export interface DatanetVersion {
  number: bigint;
  split: Split;
  /** Split of the log itself. */
  log: Split;
}

/** What somebody contributes, and what the curator thinks it is worth. */
export interface Offer {
  by: Person;
  content: Content;
  units: bigint;
}

/** A Datanet, with its log mirrored off chain. */
export class Datanet {
  readonly id: bigint;
  readonly #name: string;
  readonly #setting: Setting;
  readonly #catalogue: Catalogue;
  readonly #log = new ContributionLog();
  readonly #offers: Offer[] = [];
  readonly #versions: DatanetVersion[] = [];

  private constructor(fields: { id: bigint; name: string; setting: Setting; catalogue: Catalogue }) {
    this.id = fields.id;
    this.#name = fields.name;
    this.#setting = fields.setting;
    this.#catalogue = fields.catalogue;
  }

  static async create({
    name,
    setting,
    catalogue,
  }: {
    name: string;
    setting: Setting;
    catalogue: Catalogue;
  }): Promise<Datanet> {
    const { people, protocol, sender, gas } = setting;
    const transaction = await protocol.datanets.create.populateTransaction(
      { curator: people.curator.wallet.address, ownerBps: OWNER_BPS, curatorBps: CURATOR_BPS },
      { minShareBps: MIN_SHARE_BPS, open: true },
      ZeroAddress,
      "https://example.org/state-of-the-union/croissant.json",
      id("Croissant document of the Datanet"),
    );
    await gas.note("Datanet: create", sender.send({ from: people.archive.wallet, transaction }));
    return new Datanet({ id: await protocol.datanets.assetCount(), name, setting, catalogue });
  }

  /** Contributions in the order of the log. */
  get offers(): readonly Offer[] {
    return this.#offers;
  }

  /** Oldest first. */
  get versions(): readonly DatanetVersion[] {
    return this.#versions;
  }

  /** Splits of the log itself, one per version, oldest first. */
  get logSplits(): Split[] {
    return this.#log.versions.map(({ split }) => split);
  }

  /** Has contributors sign, which costs them no gas, and the curator accept it all in one transaction. */
  async accept(offers: Offer[]): Promise<DatanetVersion> {
    const { protocol, sender, gas, people } = this.#setting;
    const registry = await protocol.datanets.getAddress();
    const contributions = offers.map(({ by, content, units }) => ({
      contributor: by.wallet.address,
      units,
      evidence: evidenceOf(content),
    }));
    const signatures = await Promise.all(
      offers.map(({ by, content }) => {
        const contribution = { chainId: sender.chainId, registry, datanetId: this.id, content };
        return signContribution({ signer: by.wallet, contribution });
      }),
    );
    const transaction = await protocol.datanets.acceptSigned.populateTransaction(
      this.id,
      this.#offers.length,
      contributions,
      packSignatures(signatures),
    );
    const receipt = sender.send({ from: people.curator.wallet, transaction });
    await gas.note("Datanet: accept signed contributions", receipt, offers.length);

    this.#offers.push(...offers);
    this.#log.append(
      offers.map(({ by, units }, i) => walletShare({ person: by, units, evidence: contributions[i].evidence })),
    );
    return this.#addVersion();
  }

  /** Has a contributor take a contribution out of versions to come. */
  async revoke(index: number): Promise<DatanetVersion> {
    const { protocol, sender, gas } = this.#setting;
    const { wallet } = this.#offers[index].by;
    const { share, siblings } = this.#log.revocationProof(index);
    const transaction = await protocol.datanets.revoke.populateTransaction(
      this.id,
      index,
      { contributor: wallet.address, units: share.units, evidence: share.evidence },
      encodeSumNodes(siblings),
    );
    await gas.note("Datanet: revoke a contribution", sender.send({ from: wallet, transaction }));
    this.#log.revoke(index);
    return this.#addVersion();
  }

  /** A version as something to build on. */
  async assetOf({ number, split }: DatanetVersion): Promise<Asset> {
    const registry = await this.#setting.protocol.datanets.getAddress();
    return { name: this.#name, registry, id: this.id, version: number, split };
  }

  /** The version that the log makes as it is now: its split, wrapped with the shares of owner and curator. */
  async #addVersion(): Promise<DatanetVersion> {
    const { protocol, people } = this.#setting;
    const number = await protocol.datanets.latestVersion(this.id);
    const { split: log } = this.#log.latest;
    const split = Split.from({
      shares: [
        splitShare({ to: log, units: BPS - OWNER_BPS - CURATOR_BPS, evidence: ZeroHash }),
        walletShare({ person: people.archive, units: OWNER_BPS, evidence: id("datanet owner") }),
        walletShare({ person: people.curator, units: CURATOR_BPS, evidence: id("datanet curator") }),
      ],
    });
    const name = `${this.#name} v${number}`;
    await this.#catalogue.addSplit({ name: `${name} log`, kind: "datanet", split: log });
    const onChain = protocol.datanets.splitOf(this.id, number);
    await this.#catalogue.addSplit({ name, kind: "datanet", split, onChain });
    const version = { number, split, log };
    this.#versions.push(version);
    return version;
  }
}
