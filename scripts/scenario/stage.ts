import { Interface, Result, type Wallet } from "ethers";
import hre from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { EventArgs } from "../../sdk/eventArgs.ts";
import type { OperatorIndex, PersonIndex, Scenario } from "../../sdk/scenario/scenario.ts";
import type { ProtocolAddresses } from "../lib/protocol.ts";
import { UserError } from "../lib/script.ts";
import type { Books } from "./books.ts";
import type { Clock } from "./clock.ts";
import type { Funds } from "./funds.ts";
import type { Plan } from "./plan.ts";
import type { Call, Mined, Sender } from "./sender.ts";
import type { Wallets } from "./wallets.ts";

/** A figure that the chain has otherwise than the model. */
export class DifferenceError extends UserError {
  constructor({ what, model, chain }: { what: string; model: unknown; chain: unknown }) {
    super(describeDifference({ what, model, chain }));
  }
}

export function describeDifference({ what, model, chain }: { what: string; model: unknown; chain: unknown }): string {
  return `${what} is ${String(model)} in the model, but ${String(chain)} on the chain.`;
}

/** @throws DifferenceError unless the chain says what the model says. */
export function expectSame({ what, model, chain }: { what: string; model: unknown; chain: unknown }): void {
  if (model !== chain) throw new DifferenceError({ what, model, chain });
}

/** The contracts that a run talks to. */
const CONTRACTS = {
  token: "OpenToken",
  ledger: "AttributionLedger",
  splitAddresses: "SplitAddresses",
  datanets: "DatanetRegistry",
  models: "ModelRegistry",
  agents: "AgentRegistry",
  feePolicy: "FeePolicy",
  services: "ServiceRegistry",
  channels: "PaymentChannels",
  jobs: "JobEscrow",
  staking: "OperatorStaking",
  court: "DisputeCourt",
  committee: "ArbitrationCommittee",
  governor: "OpenGovernor",
  access: "AccessManager",
};
export type ContractName = keyof typeof CONTRACTS;

/** The protocol's contracts, as bytes to send and to read. */
export class Contracts {
  readonly addresses: ProtocolAddresses;
  readonly #interfaces: ReadonlyMap<string, Interface>;
  readonly #read: (call: Call) => Promise<string>;

  private constructor(fields: {
    addresses: ProtocolAddresses;
    interfaces: ReadonlyMap<string, Interface>;
    read: (call: Call) => Promise<string>;
  }) {
    this.addresses = fields.addresses;
    this.#interfaces = fields.interfaces;
    this.#read = fields.read;
  }

  /** @param read Calls a view. */
  static async load({
    addresses,
    read,
  }: {
    addresses: ProtocolAddresses;
    read: (call: Call) => Promise<string>;
  }): Promise<Contracts> {
    const interfaces = new Map<string, Interface>();
    for (const [name, contract] of Object.entries(CONTRACTS)) {
      interfaces.set(name, new Interface((await hre.artifacts.readArtifact(contract)).abi));
    }
    return new Contracts({ addresses, interfaces, read });
  }

  /** Bytes that call a function, named with its types where there are several. */
  call(contract: ContractName, name: string, args: readonly unknown[]): Call {
    return { to: this.addresses[contract], data: this.#abi(contract).encodeFunctionData(name, args) };
  }

  /** What a view with named outputs answers now. */
  async read(contract: ContractName, name: string, args: readonly unknown[] = []): Promise<EventArgs> {
    return new EventArgs(await this.#answer(contract, name, args));
  }

  /** The one struct that a view answers. */
  async readStruct(contract: ContractName, name: string, args: readonly unknown[] = []): Promise<EventArgs> {
    const answer: unknown = (await this.#answer(contract, name, args))[0];
    if (!(answer instanceof Result)) throw new TypeError(`${name} does not answer with a struct.`);
    return new EventArgs(answer);
  }

  /** The one number that a view answers. */
  async readUint(contract: ContractName, name: string, args: readonly unknown[] = []): Promise<bigint> {
    return BigInt(String((await this.#answer(contract, name, args))[0]));
  }

  /** The one word or address that a view answers. */
  async readText(contract: ContractName, name: string, args: readonly unknown[] = []): Promise<string> {
    return String((await this.#answer(contract, name, args))[0]);
  }

  /** Events of a contract in a transaction, in their order. */
  events(contract: ContractName, name: string, { logs }: Pick<Mined, "logs">): EventArgs[] {
    const topic = this.#abi(contract).getEvent(name)?.topicHash;
    const address = this.addresses[contract].toLowerCase();
    return logs.flatMap((log) => {
      if (log.topics[0] !== topic || log.address.toLowerCase() !== address) return [];
      const parsed = this.#abi(contract).parseLog(log);
      return parsed === null ? [] : [new EventArgs(parsed.args)];
    });
  }

  /** The one event of its kind in a transaction. */
  event(contract: ContractName, name: string, mined: Pick<Mined, "logs">): EventArgs {
    const events = this.events(contract, name, mined);
    if (events.length !== 1) {
      throw new DifferenceError({
        what: `The number of events ${name} of a transaction`,
        model: 1,
        chain: events.length,
      });
    }
    return events[0];
  }

  #abi(contract: ContractName): Interface {
    const abi = this.#interfaces.get(contract);
    if (abi === undefined) throw new Error(`${contract} has no interface.`);
    return abi;
  }

  async #answer(contract: ContractName, name: string, args: readonly unknown[]): Promise<Result> {
    return this.#abi(contract).decodeFunctionResult(name, await this.#read(this.call(contract, name, args)));
  }
}

/** Everything that the steps of a run happen on. */
export class Stage {
  readonly scenario: Scenario;
  readonly contracts: Contracts;
  readonly sender: Sender;
  readonly wallets: Wallets;
  readonly books: Books;
  readonly clock: Clock;
  readonly funds: Funds;
  readonly plan: Plan;
  readonly chainId: bigint;
  /** Version of the fee policy that was in force when the run began. */
  readonly firstPolicy: number;
  /** Ledger account that policies pay as the treasury. */
  readonly treasury: string;
  /** Told whose wallets are in use. */
  readonly #onWallet: (person: PersonIndex, wallet: Wallet) => void;

  constructor(fields: {
    scenario: Scenario;
    contracts: Contracts;
    sender: Sender;
    wallets: Wallets;
    books: Books;
    clock: Clock;
    funds: Funds;
    plan: Plan;
    firstPolicy: number;
    treasury: string;
    onWallet: (person: PersonIndex, wallet: Wallet) => void;
  }) {
    this.scenario = fields.scenario;
    this.contracts = fields.contracts;
    this.sender = fields.sender;
    this.wallets = fields.wallets;
    this.books = fields.books;
    this.clock = fields.clock;
    this.funds = fields.funds;
    this.plan = fields.plan;
    this.chainId = fields.sender.node.chainId;
    this.firstPolicy = fields.firstPolicy;
    this.treasury = fields.treasury;
    this.#onWallet = fields.onWallet;
  }

  nameOf(person: PersonIndex): string {
    return this.scenario.people[person].name;
  }

  walletOf(person: PersonIndex): Wallet {
    const wallet = this.wallets.of(this.nameOf(person));
    this.#onWallet(person, wallet);
    return wallet;
  }

  accountOf(person: PersonIndex): string {
    return walletAccount(this.walletOf(person).address);
  }

  operatorWallet(operator: OperatorIndex): Wallet {
    return this.walletOf(this.scenario.operators[operator].wallet);
  }

  /** Has somebody send a transaction. */
  async send({
    from,
    operation,
    contract,
    name,
    args,
  }: {
    from: Wallet;
    operation: string;
    contract: ContractName;
    name: string;
    args: () => readonly unknown[] | Promise<readonly unknown[]>;
  }): Promise<Mined> {
    return this.sender.send({
      from,
      operation,
      call: async () => this.contracts.call(contract, name, await args()),
    });
  }
}
