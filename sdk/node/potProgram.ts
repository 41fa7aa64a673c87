import type { Signer, TransactionRequest } from "ethers";

import { DamagedDataError, type DataStore, PublishedData } from "../attribution/dataStore.ts";
import type { KnownPot, ReportsChain } from "../attribution/reportsContract.ts";
import { loadPotTexts, MissingDataError, type PotTexts } from "./potTexts.ts";

/** What a program for pots works with. */
export interface PotProgramOptions {
  chain: ReportsChain;
  /** Pays for gas and bonds. */
  signer: Signer;
  /** Where data is published. */
  store: DataStore;
  /** Of its own: indexes, and what else it keeps for itself. */
  directory: string;
  /** Pots by number; all if absent. */
  pots?: readonly bigint[];
  /** Blocks after which an event counts: nodes may still replace those near the chain's head. */
  confirmations?: number;
  say: (line: string) => void;
}

/** What programs for pots have in common: the chain they follow, the texts they have loaded, what they send. */
export class PotProgram {
  readonly data: PublishedData;
  readonly #options: PotProgramOptions;
  readonly #texts = new Map<string, PotTexts>();

  constructor(options: PotProgramOptions) {
    const { chain, store } = options;
    this.#options = options;
    this.data = new PublishedData({ chainId: chain.chainId, services: chain.addresses.services, store });
  }

  /** Whether transactions that were sent before are still on their way; says so. */
  async isWaiting(): Promise<boolean> {
    const { signer, say } = this.#options;
    const isWaiting = (await signer.getNonce("pending")) > (await signer.getNonce("latest"));
    if (isWaiting) say("Waits until transactions that were sent before are in a block.");
    return isWaiting;
  }

  /**
   * Does something for each pot. Anybody can create pots: one that makes trouble keeps nobody from the others.
   *
   * @throws what the last one threw that did not lack data; that is said.
   */
  async eachPot(act: (known: KnownPot) => Promise<void>): Promise<void> {
    const { chain, pots, say } = this.#options;
    await this.follow();
    const failures: unknown[] = [];
    for (const known of chain.pots) {
      if (pots !== undefined && !pots.includes(known.pot.number)) continue;
      try {
        await act(known);
      } catch (error) {
        if (isLackOfData(error)) say(`Pot ${known.pot.number}: ${error.message}`);
        else failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[failures.length - 1];
  }

  async follow(): Promise<void> {
    const { chain, confirmations = 0 } = this.#options;
    const { blockNumber } = await chain.now();
    await chain.follow({ toBlock: blockNumber - confirmations });
  }

  /** @throws as `loadPotTexts` does. */
  async textsOf({ id, pot }: KnownPot): Promise<PotTexts> {
    const { chain, directory, say } = this.#options;
    let texts = this.#texts.get(id);
    if (texts === undefined) {
      texts = await loadPotTexts({ pot, chain, data: this.data, directory, say });
      this.#texts.set(id, texts);
    }
    return texts;
  }

  async send(transaction: TransactionRequest): Promise<void> {
    const sent = await this.#options.signer.sendTransaction(transaction);
    await sent.wait();
  }
}

/** Whether somebody else would have to publish something first. */
export function isLackOfData(error: unknown): error is MissingDataError | DamagedDataError {
  return error instanceof MissingDataError || error instanceof DamagedDataError;
}
