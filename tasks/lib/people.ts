import type { Signer } from "ethers";
import { computeAddress, Wallet } from "ethers";
import { configVariable } from "hardhat/config";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import { isEmbedded } from "../../scripts/lib/network.ts";
import type { ProtocolAddresses } from "../../scripts/lib/protocol.ts";
import { UserError } from "../../scripts/lib/script.ts";
import { readAddress } from "./arguments.ts";

/** What the first accounts of local nodes are called. The first one deploys, the last three are the committee's. */
export const LOCAL_NAMES = [
  "deployer",
  "alice",
  "bob",
  "carol",
  "dave",
  "erin",
  "frank",
  "grace",
  "heidi",
  "ivan",
] as const;

const LOCAL_CHAIN = 31_337;
const TAG_MASK = (1n << 96n) - 1n;

/** Who can sign, and what everybody is called. */
export class People {
  readonly #connection: NetworkConnection;
  readonly #contracts: ProtocolAddresses;
  readonly #signers: Signer[];
  readonly #addresses: string[];
  readonly #names: readonly string[];

  private constructor(options: {
    connection: NetworkConnection;
    contracts: ProtocolAddresses;
    signers: Signer[];
    addresses: string[];
    names: readonly string[];
  }) {
    this.#connection = options.connection;
    this.#contracts = options.contracts;
    this.#signers = options.signers;
    this.#addresses = options.addresses;
    this.#names = options.names;
  }

  static async of({
    connection,
    contracts,
    chainId,
  }: {
    connection: NetworkConnection;
    contracts: ProtocolAddresses;
    chainId: number;
  }): Promise<People> {
    const signers = await connection.ethers.getSigners();
    const addresses = signers.map(({ address }) => address);
    const isLocal = isEmbedded(connection) || (chainId === LOCAL_CHAIN && addresses.length >= LOCAL_NAMES.length);
    return new People({ connection, contracts, signers, addresses, names: isLocal ? LOCAL_NAMES : [] });
  }

  /** The address of somebody: an address, the number or the name of an account of the node, or a contract's name. */
  async find(who: string): Promise<string> {
    const address = readAddress(who) ?? this.#addressOf(who) ?? this.#contractOf(who);
    if (address !== undefined) return address;
    const names = this.#names.length > 0 ? ` Local names are ${this.#names.join(", ")}.` : "";
    throw new UserError(`Nobody is called "${who}" on "${this.#connection.networkName}". Give an address.${names}`);
  }

  /** Who signs: `--from` among the accounts of the network, or `--wallet` with a key of its own. */
  async signer({
    hre,
    from,
    wallet,
  }: {
    hre: HardhatRuntimeEnvironment;
    from: string | undefined;
    wallet: string | undefined;
  }): Promise<Signer> {
    if (from !== undefined && wallet !== undefined) {
      throw new UserError("Say either --from or --wallet: one of them signs.");
    }
    if (wallet !== undefined) return await this.#openWallet(hre, wallet);
    if (this.#signers.length === 0) {
      throw new UserError(
        `The node of "${this.#connection.networkName}" has no accounts of its own. Name a key with --wallet.`,
      );
    }
    if (from === undefined) return this.#signers[0];
    const address = await this.find(from);
    const index = this.#addresses.indexOf(address);
    if (index < 0) {
      throw new UserError(
        `Nothing here can sign for ${address}. Name a key of yours with --wallet, or an account of the node with --from.`,
      );
    }
    return this.#signers[index];
  }

  /** What to call an address: a local name, a contract's name, or the address itself. */
  nameOf(address: string): string {
    const index = this.#addresses.indexOf(address);
    const contract = Object.entries(this.#contracts).find(([, at]) => at.toLowerCase() === address.toLowerCase());
    return (index < 0 ? undefined : this.#names.at(index)) ?? contract?.[0] ?? address;
  }

  /** Who of the named has an address whose low 12 bytes are these. */
  endingWith(tag: bigint): string | undefined {
    const index = this.#addresses.findIndex((address) => (BigInt(address) & TAG_MASK) === tag);
    return index < 0 ? undefined : this.#names.at(index);
  }

  /** The signer of one of the node's accounts; undefined if the node has no such account. */
  unlocked(address: string): Signer | undefined {
    const index = this.#addresses.indexOf(address);
    return index < 0 ? undefined : this.#signers[index];
  }

  #addressOf(who: string): string | undefined {
    const index = /^\d{1,4}$/.test(who) ? Number(who) : this.#names.indexOf(who);
    return index < 0 ? undefined : this.#addresses.at(index);
  }

  #contractOf(who: string): string | undefined {
    return Object.entries(this.#contracts).find(([name]) => name === who)?.[1];
  }

  async #openWallet(hre: HardhatRuntimeEnvironment, wallet: string): Promise<Signer> {
    if (!/^[A-Za-z]\w*$/.test(wallet)) {
      throw new UserError("--wallet takes a name such as ALICE, whose key is kept as ALICE_PRIVATE_KEY. Never a key.");
    }
    const name = `${wallet.toUpperCase()}_PRIVATE_KEY`;
    // As Hardhat reads its own variables: the environment first, then the keystore.
    const key = process.env[name] ?? (await readKeystore(hre, name));
    try {
      computeAddress(key);
    } catch {
      throw new UserError(
        `${name} is missing or malformed. Set it in .env or with "npx hardhat keystore set ${name}".`,
      );
    }
    return new Wallet(key, this.#connection.ethers.provider);
  }
}

/** A value of the keystore; empty if it has none of that name. A wrong password is another matter. */
async function readKeystore(hre: HardhatRuntimeEnvironment, name: string): Promise<string> {
  try {
    const missing = async (): Promise<string> => "";
    return await hre.hooks.runHandlerChain("configurationVariables", "fetchValue", [configVariable(name)], missing);
  } catch (error) {
    if (error instanceof Error && /not found in the \w+ keystore/.test(error.message)) return "";
    throw error;
  }
}
