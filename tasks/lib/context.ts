import { existsSync } from "node:fs";
import path from "node:path";

import type { Signer } from "ethers";
import type { HardhatRuntimeEnvironment } from "hardhat/types/hre";
import type { NetworkConnection } from "hardhat/types/network";

import {
  DEFAULT_DEPLOYMENTS,
  type Deployment,
  display,
  identifyChain,
  locateDeployment,
  readDeployment,
} from "../../scripts/lib/deployments.ts";
import { connectToNetwork, isEmbedded } from "../../scripts/lib/network.ts";
import { attachProtocol, type Protocol } from "../../scripts/lib/protocol.ts";
import { UserError } from "../../scripts/lib/script.ts";
import { decodeAccount } from "../../sdk/account.ts";
import type { EventRange } from "../../sdk/contractEvents.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import { RegistryState, type SplitOrigin } from "../../sdk/registryState.ts";
import { explainRevert, revertDataOf } from "./chainErrors.ts";
import { Contracts } from "./contracts.ts";
import { People } from "./people.ts";
import { type AssetRef, formatAsset } from "./references.ts";

type AssetContract = Protocol["datanets"] | Protocol["models"] | Protocol["agents"];

/** What calls cost, and where that goes. */
export interface Quote {
  splitId: string;
  net: bigint;
  platformSplitId: string;
  platformFee: bigint;
}

/** What every verb works with: a chain with the protocol on it, and who is there. */
export class Context {
  readonly connection: NetworkConnection;
  readonly deployment: Deployment;
  readonly protocol: Protocol;
  readonly contracts: Contracts;
  readonly people: People;
  readonly #signer: Signer | undefined;
  /** Address of the signer; of nobody if the verb only looks. */
  readonly #me: string | undefined;

  private constructor(options: {
    connection: NetworkConnection;
    deployment: Deployment;
    protocol: Protocol;
    people: People;
    signer: Signer | undefined;
    me: string | undefined;
  }) {
    this.connection = options.connection;
    this.deployment = options.deployment;
    this.protocol = options.protocol;
    this.contracts = new Contracts(options.protocol, options.deployment.contracts);
    this.people = options.people;
    this.#signer = options.signer;
    this.#me = options.me;
  }

  /**
   * Finds the protocol on the network that Hardhat was told.
   *
   * @throws UserError if there is none, or it is another chain's.
   */
  static async open({
    hre,
    deployments,
    signs,
    from,
    wallet,
  }: {
    hre: HardhatRuntimeEnvironment;
    deployments: string | undefined;
    signs: boolean;
    from: string | undefined;
    wallet: string | undefined;
  }): Promise<Context> {
    const connection = await connect(hre);
    try {
      const chain = await identifyChain(connection);
      const directory = path.resolve(deployments ?? DEFAULT_DEPLOYMENTS);
      const { record } = locateDeployment({ directory, chainId: chain.chainId });
      if (isEmbedded(connection) && !existsSync(record)) throw new UserError(NO_NETWORK);
      const deployment = await readDeployment({ record, chain, networkName: connection.networkName });
      const protocol = await attachProtocol({ connection, addresses: deployment.contracts });
      const code = await connection.ethers.provider.getCode(deployment.contracts.ledger);
      if (code === "0x") {
        throw new UserError(
          `There is no contract at ${deployment.contracts.ledger}, where ${display(record)} has the ledger.`,
        );
      }
      const people = await People.of({ connection, contracts: deployment.contracts, chainId: chain.chainId });
      const signer = signs ? await people.signer({ hre, from, wallet }) : undefined;
      const me = await signer?.getAddress();
      return new Context({ connection, deployment, protocol, people, signer, me });
    } catch (error) {
      await close(connection);
      throw error;
    }
  }

  async close(): Promise<void> {
    await close(this.connection);
  }

  get signer(): Signer {
    if (this.#signer === undefined) throw new Error("This verb does not sign.");
    return this.#signer;
  }

  /** Who runs the verb. */
  get me(): string {
    if (this.#me === undefined) throw new Error("This verb does not sign.");
    return this.#me;
  }

  /** The address of somebody, as options name them. */
  async find(who: string): Promise<string> {
    if (who !== "me") return await this.people.find(who);
    if (this.#me === undefined)
      throw new UserError("Nobody signs here, so nobody is called me. Give a name or an address.");
    return this.#me;
  }

  get provider(): NetworkConnection["ethers"]["provider"] {
    return this.connection.ethers.provider;
  }

  get chainId(): bigint {
    return BigInt(this.deployment.chainId);
  }

  /** Time of the newest block. */
  async now(): Promise<bigint> {
    const block = await this.provider.getBlock("latest");
    return BigInt(block?.timestamp ?? 0);
  }

  /** All events of one of the contracts. */
  async eventsOf(contract: keyof Protocol): Promise<EventRange> {
    const { contracts, block } = this.deployment;
    const toBlock = await this.provider.getBlockNumber();
    return { provider: this.provider, address: contracts[contract], fromBlock: block, toBlock };
  }

  /** Every split that registries have made. */
  async registries(): Promise<RegistryState> {
    const { contracts, block } = this.deployment;
    const state = new RegistryState({ addresses: contracts, chainId: this.chainId, firstBlock: block });
    await state.follow({ provider: this.provider, toBlock: await this.provider.getBlockNumber() });
    return state;
  }

  /** What the ledger holds. */
  async ledgerState(): Promise<LedgerState> {
    const { contracts, block } = this.deployment;
    const state = new LedgerState(block);
    const toBlock = await this.provider.getBlockNumber();
    await state.follow({ provider: this.provider, ledger: contracts.ledger, toBlock });
    return state;
  }

  registryOf({ kind }: Pick<AssetRef, "kind">): AssetContract {
    const { datanets, models, agents } = this.protocol;
    return { datanet: datanets, model: models, agent: agents }[kind];
  }

  /** An asset with its version, the newest if it names none. @throws UserError if there is no such asset or version. */
  async version(asset: AssetRef): Promise<AssetRef & { version: bigint }> {
    const { id, version } = await this.existing(asset);
    const latest = await this.registryOf(asset).latestVersion(id);
    if (latest === 0n) {
      throw new UserError(`${formatAsset({ kind: asset.kind, id })} has no version yet, so nothing can name one.`);
    }
    if (version !== undefined && version > latest) {
      throw new UserError(`${formatAsset({ kind: asset.kind, id })} has versions 1 to ${latest}, but not ${version}.`);
    }
    return { ...asset, version: version ?? latest };
  }

  /** @throws UserError if there is no such asset. */
  async existing(asset: AssetRef): Promise<AssetRef> {
    const count = await this.registryOf(asset).assetCount();
    if (asset.id > count) {
      const there = count === 0n ? `no ${asset.kind} yet` : `${asset.kind}:1 to ${asset.kind}:${count}`;
      throw new UserError(`There is no ${asset.kind}:${asset.id}: this chain has ${there}.`);
    }
    return asset;
  }

  /** @throws UserError if there is no such service. */
  async service(id: bigint): Promise<Awaited<ReturnType<Protocol["services"]["serviceOf"]>>> {
    const count = await this.protocol.services.serviceCount();
    if (id === 0n || id > count) {
      const there = count === 0n ? "no service yet" : `services 1 to ${count}`;
      throw new UserError(`There is no service ${id}: this chain has ${there}.`);
    }
    return await this.protocol.services.serviceOf(id);
  }

  /** What calls of a service cost now. @throws ChainRefusal if it takes none. */
  async quote(service: bigint, tokensIn: bigint, tokensOut: bigint, calls: bigint): Promise<Quote> {
    const { services } = this.protocol;
    const ask = async (): Promise<Quote> => {
      const { splitId, net, platformSplitId, platformFee } = await services.quote(service, tokensIn, tokensOut, calls);
      return { splitId, net, platformSplitId, platformFee };
    };
    return await this.orRefusal(`Asks for the price of service ${service}.`, ask);
  }

  /** Asks the chain, and puts its refusal into words. */
  async orRefusal<Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> {
    try {
      return await ask();
    } catch (error) {
      const data = revertDataOf(error);
      if (data === undefined) throw error;
      throw explainRevert({ what, data, interfaces: this.contracts.interfaces });
    }
  }

  /** Which kind of asset a registry has. */
  kindOf(registry: string): AssetRef["kind"] {
    const { models, agents } = this.deployment.contracts;
    const [address, ...known] = [registry, models, agents].map((text) => text.toLowerCase());
    return address === known[0] ? "model" : address === known[1] ? "agent" : "datanet";
  }

  /** What to call an account of the ledger. */
  nameOfAccount(account: string): string {
    const { address, tag } = decodeAccount(account);
    const name = this.people.nameOf(address);
    if (tag === 0n) return name;
    if (name === "staking") {
      const operator = this.people.endingWith(tag);
      return `stakers of ${operator ?? `…${tag.toString(16).padStart(24, "0").slice(-8)}`}`;
    }
    return `${name}, account ${tag}`;
  }
}

/** What to call a split. */
export function nameOfSplit(origin: SplitOrigin | undefined, splitId: string): string {
  if (origin === undefined) return splitId;
  switch (origin.kind) {
    case "datanetLog":
      return `datanet:${origin.id}@${origin.version}, contributions`;
    case "service":
      return `service ${origin.id}, policy ${origin.policyVersion}`;
    case "platform":
      return `platform fees, policy ${origin.policyVersion}`;
    default:
      return formatAsset({ kind: origin.kind, id: origin.id, version: BigInt(origin.version) });
  }
}

const NO_NETWORK =
  "The embedded chain has no deployment. Name a network: --network localhost, with a node from " +
  '"npm run node" and the protocol from "npm run deploy -- --network localhost".';

async function connect(hre: HardhatRuntimeEnvironment): Promise<NetworkConnection> {
  const name = networkNameOf(hre);
  const { networks } = hre.config;
  return name in networks && networks[name].type === "edr-simulated"
    ? await hre.network.getOrCreate(name)
    : await connectToNetwork(name);
}

/** Without `--network` Hardhat leaves it open. */
function networkNameOf({ globalOptions }: { globalOptions: { network?: string } }): string {
  return globalOptions.network ?? "default";
}

/** The embedded chain is everybody's who asks for it, and stays. */
async function close(connection: NetworkConnection): Promise<void> {
  if (!isEmbedded(connection)) await connection.close();
}
