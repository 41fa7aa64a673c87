import { getAddress, Interface, type Provider } from "ethers";

import type { CallFacts, PaymentFact, TransferFact } from "./callTree.ts";
import { type LogPosition, type RawLog, readLogs } from "./chainLogs.ts";
import { EventArgs } from "./eventArgs.ts";
import { decodeLedgerLog } from "./ledgerEvents.ts";
import { decodeRegistryLog, type RegistryName } from "./registryEvents.ts";
import { type RegistryAddresses, RegistryState, type SplitOrigin } from "./registryState.ts";
import { splitAddressOf } from "./splitAddress.ts";

/** The contracts whose events tell how calls were paid. */
export interface CallContracts extends RegistryAddresses {
  token: string;
  ledger: string;
  splitAddresses: string;
}

const TOKEN_EVENTS = new Interface([
  "event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)",
  "event Transfer(address indexed from, address indexed to, uint256 value)",
]);

/** What the chain says about calls, from the contracts' events alone. */
export class CallIndex implements CallFacts {
  readonly chainId: bigint;
  readonly services: string;
  /** The registries as of the last log. */
  readonly registries: RegistryState;
  readonly #contracts: CallContracts;
  readonly #implementation: string;
  readonly #names: ReadonlyMap<string, RegistryName>;
  readonly #payments = new Map<string, PaymentFact[]>();
  /** Signed transfers by payer and nonce, to whatever address. */
  readonly #transfers = new Map<string, { to: string; amount: bigint; blockNumber: number }>();
  #last: LogPosition | undefined;
  #lastAuthorization: { payer: string; nonce: string; transactionHash: string } | undefined;

  /**
   * @param implementation `implementation()` of the SplitAddresses contract.
   */
  constructor({
    chainId,
    contracts,
    implementation,
  }: {
    chainId: bigint;
    contracts: CallContracts;
    implementation: string;
  }) {
    this.chainId = chainId;
    this.services = contracts.services;
    this.registries = new RegistryState({ addresses: contracts, chainId });
    this.#contracts = contracts;
    this.#implementation = implementation;
    this.#names = new Map<string, RegistryName>([
      [getAddress(contracts.datanets), "datanet"],
      [getAddress(contracts.models), "model"],
      [getAddress(contracts.agents), "agent"],
      [getAddress(contracts.feePolicy), "policy"],
      [getAddress(contracts.services), "service"],
    ]);
  }

  /** Addresses whose logs are to be applied. */
  get addresses(): string[] {
    const { token, ledger } = this.#contracts;
    return [token, ledger, ...this.#names.keys()];
  }

  /** Reads and applies the logs of a range of blocks. */
  async follow({
    provider,
    fromBlock,
    toBlock,
  }: {
    provider: Provider;
    fromBlock: number;
    toBlock: number;
  }): Promise<void> {
    for await (const logs of readLogs({ provider, addresses: this.addresses, fromBlock, toBlock })) {
      for (const log of logs) this.apply(log);
    }
  }

  /**
   * Applies one log, in the order of the chain. Logs of other contracts are left alone.
   *
   * @throws RangeError if the log, or one behind it, was applied before: its payment would count twice.
   */
  apply(log: RawLog): void {
    const { blockNumber, index: logIndex } = log;
    const last = this.#last;
    if (last && (blockNumber < last.blockNumber || (blockNumber === last.blockNumber && logIndex <= last.logIndex))) {
      throw new RangeError(`Log ${logIndex} of block ${blockNumber} comes before logs applied already.`);
    }
    this.#last = { blockNumber, logIndex };
    const address = getAddress(log.address);
    if (address === getAddress(this.#contracts.ledger)) this.#applyLedgerLog(log);
    else if (address === getAddress(this.#contracts.token)) this.#applyTokenLog(log);
    const registry = this.#names.get(address);
    const event = registry && decodeRegistryLog({ log, registry });
    if (event !== undefined) this.registries.apply(event);
  }

  paymentsOf(memo: string): readonly PaymentFact[] {
    return this.#payments.get(memo) ?? [];
  }

  transferOf(payer: string, nonce: string): TransferFact | undefined {
    const transfer = this.#transfers.get(keyOf(payer, nonce));
    if (transfer === undefined) return undefined;
    for (const { id } of this.registries.splits) {
      const { splitAddresses } = this.#contracts;
      const address = splitAddressOf({ splitId: id, splitAddresses, implementation: this.#implementation });
      if (address === transfer.to) return { splitId: id, amount: transfer.amount, blockNumber: transfer.blockNumber };
    }
    return undefined;
  }

  originOf(splitId: string): SplitOrigin | undefined {
    return this.registries.originOf(splitId);
  }

  operatorOf(serviceId: bigint): string | undefined {
    return this.registries.operatorOf(serviceId);
  }

  #applyLedgerLog(log: RawLog): void {
    const event = decodeLedgerLog(log);
    if (event?.name !== "Paid" && event?.name !== "PaidFromBalance") return;
    const { splitId, amount, calls, memo, blockNumber } = event;
    const paid = this.#payments.get(memo) ?? [];
    paid.push({ splitId, amount, calls, blockNumber });
    this.#payments.set(memo, paid);
  }

  /** A signed transfer is two logs: the nonce that was used, then the transfer. */
  #applyTokenLog(log: RawLog): void {
    const parsed = TOKEN_EVENTS.parseLog(log);
    if (parsed === null) return;
    const { transactionHash, blockNumber } = log;
    const args = new EventArgs(parsed.args);
    if (parsed.name === "AuthorizationUsed") {
      this.#lastAuthorization = { payer: args.text("authorizer"), nonce: args.text("nonce"), transactionHash };
      return;
    }
    const from = args.text("from");
    const last = this.#lastAuthorization;
    this.#lastAuthorization = undefined;
    if (last?.payer !== from || last.transactionHash !== transactionHash) return;
    this.#transfers.set(keyOf(from, last.nonce), {
      to: args.text("to"),
      amount: args.uint("value"),
      blockNumber,
    });
  }
}

function keyOf(payer: string, nonce: string): string {
  return `${getAddress(payer)} ${nonce.toLowerCase()}`;
}
