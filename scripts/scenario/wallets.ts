import { AbiCoder, hexlify, keccak256, toUtf8Bytes, Wallet } from "ethers";

import type { ChainNode } from "./node.ts";

/**
 * What the deployer signs for a run's wallets. The signature of a key is always the same, so whoever has the key has the
 * wallets, and needs to keep nothing.
 */
export function walletsMessage({ chainId, scenario, run }: { chainId: bigint; scenario: string; run: number }): string {
  return [
    "Open Attribution Ledger: wallets of a scenario.",
    "Whoever has this signature can spend what they hold.",
    "",
    `Chain: ${chainId}`,
    `Scenario: ${scenario}`,
    `Run: ${run}`,
  ].join("\n");
}

/** Name of the wallet that everybody else's tokens and gas money come from. No person's name begins like that. */
const BANK = "\u0000bank";

/** Everybody's keys, each made of one secret and a name. */
export class Wallets {
  readonly #secret: string;
  readonly #wallets = new Map<string, Wallet>();

  private constructor(secret: string) {
    this.#secret = secret;
  }

  /** Has the deployer sign for the wallets of a run. */
  static async unlock({
    node,
    deployer,
    ...run
  }: {
    node: ChainNode;
    deployer: string;
    scenario: string;
    run: number;
  }): Promise<Wallets> {
    const message = hexlify(toUtf8Bytes(walletsMessage({ chainId: node.chainId, ...run })));
    const signature = String(await node.request("personal_sign", [message, deployer]));
    return new Wallets(keccak256(signature));
  }

  get bank(): Wallet {
    return this.of(BANK);
  }

  of(name: string): Wallet {
    let wallet = this.#wallets.get(name);
    if (wallet === undefined) {
      wallet = new Wallet(keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "string"], [this.#secret, name])));
      this.#wallets.set(name, wallet);
    }
    return wallet;
  }

  /** Whether anybody has asked for somebody's wallet. */
  knows(name: string): boolean {
    return this.#wallets.has(name);
  }
}
