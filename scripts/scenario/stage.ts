import { type Interface, Result, type Wallet } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { EventArgs } from "../../sdk/eventArgs.ts";
import type { OperatorIndex, PersonIndex, Scenario } from "../../sdk/scenario/scenario.ts";
import type { ProtocolAddresses } from "../lib/protocol.ts";
import { UserError } from "../lib/script.ts";
import {
  AccessManager__factory,
  AgentRegistry__factory,
  ArbitrationCommittee__factory,
  AttributionLedger__factory,
  DatanetRegistry__factory,
  DisputeCourt__factory,
  FeePolicy__factory,
  JobEscrow__factory,
  ModelRegistry__factory,
  OpenGovernor__factory,
  OpenToken__factory,
  OperatorStaking__factory,
  PaymentChannels__factory,
  ServiceRegistry__factory,
  SplitAddresses__factory,
} from "../../typechain-types/index.ts";
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

/** What the contracts that a run talks to understand. */
const INTERFACES = {
  token: OpenToken__factory.createInterface(),
  ledger: AttributionLedger__factory.createInterface(),
  splitAddresses: SplitAddresses__factory.createInterface(),
  datanets: DatanetRegistry__factory.createInterface(),
  models: ModelRegistry__factory.createInterface(),
  agents: AgentRegistry__factory.createInterface(),
  feePolicy: FeePolicy__factory.createInterface(),
  services: ServiceRegistry__factory.createInterface(),
  channels: PaymentChannels__factory.createInterface(),
  jobs: JobEscrow__factory.createInterface(),
  staking: OperatorStaking__factory.createInterface(),
  court: DisputeCourt__factory.createInterface(),
  committee: ArbitrationCommittee__factory.createInterface(),
  governor: OpenGovernor__factory.createInterface(),
  access: AccessManager__factory.createInterface(),
};
export type ContractName = keyof typeof INTERFACES;

/** The protocol's contracts, as bytes to send and to read. */
export class Contracts {
  readonly addresses: ProtocolAddresses;
  readonly #interfaces: Record<ContractName, Interface> = INTERFACES;
  readonly #read: (call: Call) => Promise<string>;

  constructor({ addresses, read }: { addresses: ProtocolAddresses; read: (call: Call) => Promise<string> }) {
    this.addresses = addresses;
    this.#read = read;
  }

  /** Bytes that call a function, named with its types where there are several. */
  call(contract: ContractName, name: string, args: readonly unknown[]): Call {
    return { to: this.addresses[contract], data: this.#interfaces[contract].encodeFunctionData(name, args) };
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
    const topic = this.#interfaces[contract].getEvent(name)?.topicHash;
    const address = this.addresses[contract].toLowerCase();
    return logs.flatMap((log) => {
      if (log.topics[0] !== topic || log.address.toLowerCase() !== address) return [];
      const parsed = this.#interfaces[contract].parseLog(log);
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

  async #answer(contract: ContractName, name: string, args: readonly unknown[]): Promise<Result> {
    return this.#interfaces[contract].decodeFunctionResult(name, await this.#read(this.call(contract, name, args)));
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
