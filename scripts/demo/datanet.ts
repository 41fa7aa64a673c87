import { id, ZeroAddress, ZeroHash } from "ethers";

import { evidenceOf } from "../../sdk/content.ts";
import { packSignatures, signContribution } from "../../sdk/contribution.ts";
import { ContributionLog } from "../../sdk/log.ts";
import { Split } from "../../sdk/split.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import type { Catalogue } from "./catalogue.ts";
import type { CorpusText } from "./corpus.ts";
import type { Person } from "./people.ts";
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
}

/** The corpus as a Datanet, with its log mirrored off chain. */
export class Datanet {
  readonly id: bigint;
  readonly #setting: Setting;
  readonly #catalogue: Catalogue;
  readonly #log = new ContributionLog();
  readonly #texts: CorpusText[] = [];
  readonly #versions: DatanetVersion[] = [];

  private constructor({ id, setting, catalogue }: { id: bigint; setting: Setting; catalogue: Catalogue }) {
    this.id = id;
    this.#setting = setting;
    this.#catalogue = catalogue;
  }

  static async create({ setting, catalogue }: { setting: Setting; catalogue: Catalogue }): Promise<Datanet> {
    const { people, protocol, sender, gas } = setting;
    const transaction = await protocol.datanets.create.populateTransaction(
      { curator: people.curator.wallet.address, ownerBps: OWNER_BPS, curatorBps: CURATOR_BPS },
      { minShareBps: MIN_SHARE_BPS, open: true },
      ZeroAddress,
      "https://example.org/state-of-the-union/croissant.json",
      id("Croissant document of the Datanet"),
    );
    await gas.note("Datanet: create", sender.send({ from: people.archive.wallet, transaction }));
    return new Datanet({ id: await protocol.datanets.assetCount(), setting, catalogue });
  }

  /** Texts in the order of the log. */
  get texts(): readonly CorpusText[] {
    return this.#texts;
  }

  /** Oldest first. */
  get versions(): readonly DatanetVersion[] {
    return this.#versions;
  }

  /** Splits of the log itself, one per version, oldest first. */
  get logSplits(): Split[] {
    return this.#log.versions.map(({ split }) => split);
  }

  /** Has the authors sign their texts, which costs them no gas, and the curator accept them in one transaction. */
  async accept(texts: CorpusText[]): Promise<DatanetVersion> {
    const { protocol, sender, gas, people } = this.#setting;
    const registry = await protocol.datanets.getAddress();
    const contributions = texts.map((text) => ({
      contributor: this.#authorOf(text).wallet.address,
      units: BigInt(text.words),
      evidence: evidenceOf(text.content),
    }));
    const signatures = await Promise.all(
      texts.map((text) => {
        const contribution = { chainId: sender.chainId, registry, datanetId: this.id, content: text.content };
        return signContribution({ signer: this.#authorOf(text).wallet, contribution });
      }),
    );
    const transaction = await protocol.datanets.acceptSigned.populateTransaction(
      this.id,
      this.#texts.length,
      contributions,
      packSignatures(signatures),
    );
    const receipt = sender.send({ from: people.curator.wallet, transaction });
    await gas.note("Datanet: accept signed contributions", receipt, texts.length);

    this.#texts.push(...texts);
    this.#log.append(
      texts.map((text, i) =>
        walletShare({ person: this.#authorOf(text), units: BigInt(text.words), evidence: contributions[i].evidence }),
      ),
    );
    return this.#addVersion();
  }

  /** Has an author take a text out of versions to come. */
  async revoke(index: number): Promise<DatanetVersion> {
    const { protocol, sender, gas } = this.#setting;
    const { wallet } = this.#authorOf(this.#texts[index]);
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
    const name = `Datanet v${number}`;
    await this.#catalogue.addSplit({ name: `${name} log`, kind: "datanet", split: log });
    const onChain = protocol.datanets.splitOf(this.id, number);
    await this.#catalogue.addSplit({ name, kind: "datanet", split, onChain });
    const version = { number, split };
    this.#versions.push(version);
    return version;
  }

  #authorOf({ author }: CorpusText): Person {
    const person = this.#setting.people.contributors.get(author);
    if (person === undefined) throw new Error(`${author} has no wallet.`);
    return person;
  }
}
