import { setTimeout } from "node:timers/promises";

import { formatEther, toQuantity, Transaction, type Wallet } from "ethers";

import { UserError } from "../lib/script.ts";
import type { GasOfOperation } from "./chainResult.ts";
import { type GasPrice, LOCAL_GAS_LIMIT, readGasPrice, TRANSFER_GAS, USUAL_GAS } from "./gas.ts";
import { type ChainNode, type NodeLog, RefusedError } from "./node.ts";
import type { RunJournal, TransactionRecord } from "./runJournal.ts";

/** What a transaction calls. */
export interface Call {
  to: string;
  data: string;
  value?: bigint;
}

/** A transaction that was mined. */
export interface Mined {
  block: string;
  logs: readonly NodeLog[];
  /** Whether an earlier part of the run sent it, so that the chain has moved on since. */
  isOld: boolean;
}

/** Somebody has too little for what comes next. Once there is more, the run can be continued. */
export class ShortageError extends Error {
  override readonly name = "ShortageError";
}

const LOCAL_ETHER = 10n ** 21n;

/** What estimates are raised by, in percent: a transaction before may cost this one more. */
const GAS_RESERVE = 130n;
const FEES_SECONDS = 15;

const POLL_MILLISECONDS = 1_000;
const LOCAL_POLL_MILLISECONDS = 20;
const MINING_SECONDS = 600;

/** Ends the key of gas money for a transaction. */
const GAS_SUFFIX = ":gas";

/**
 * Sends a run's transactions one after the other. Each has a key: the step that it is part of, and its place in there. With
 * a journal, what an earlier part of the run has sent is not sent again, but looked up.
 */
export class Sender {
  readonly node: ChainNode;
  readonly #journal: RunJournal | undefined;
  readonly #bank: Wallet;
  /** How many transactions somebody will send, the one that is to be paid for included. */
  readonly #expected: (address: string) => number;
  /** About how much gas the whole run uses. */
  readonly #runGas: bigint;
  /** Told of the logs of each transaction. */
  readonly #onMined: (logs: readonly NodeLog[]) => void;
  readonly #nonces = new Map<string, number>();
  readonly #rich = new Set<string>();
  readonly #sentBy = new Map<string, number>();
  readonly #gas = new Map<string, GasOfOperation>();
  #step = "begin";
  #part = 0;
  /** Transactions of an earlier part of the run that have not come up yet. */
  #old = 0;
  #price: GasPrice | undefined;
  #pricedAt = 0;

  constructor({
    node,
    journal,
    bank,
    expected,
    runGas,
    onMined,
  }: {
    node: ChainNode;
    journal: RunJournal | undefined;
    bank: Wallet;
    expected: (address: string) => number;
    runGas: bigint;
    onMined: (logs: readonly NodeLog[]) => void;
  }) {
    this.node = node;
    this.#journal = journal;
    this.#bank = bank;
    this.#expected = expected;
    this.#runGas = runGas;
    this.#onMined = onMined;
    for (const { from, nonce, kind, key } of journal?.transactions ?? []) {
      if (kind === "sent") this.#nonces.set(from, nonce + 1);
      // Gas money goes with the transaction that it is for.
      if (!key.endsWith(GAS_SUFFIX)) this.#old++;
    }
  }

  get gasByOperation(): GasOfOperation[] {
    return [...this.#gas.values()];
  }

  get transactions(): number {
    return this.gasByOperation.reduce((sum, { transactions }) => sum + transactions, 0);
  }

  get gasUsed(): bigint {
    return this.gasByOperation.reduce((sum, { gas }) => sum + gas, 0n);
  }

  /** Whether transactions that an earlier part of the run has sent are still to come, so that the chain is ahead. */
  get isBehind(): boolean {
    return this.#old > 0;
  }

  /** What follows is part of this step. */
  begin(step: string): void {
    this.#step = step;
    this.#part = 0;
  }

  /**
   * Sends a transaction of one of the run's wallets and waits until it is mined.
   *
   * @param call Made only if it has not been sent before.
   * @throws UserError if it fails; ShortageError if the bank has too little ether.
   */
  async send({
    from,
    operation,
    call,
  }: {
    from: Wallet;
    operation: string;
    call: () => Call | Promise<Call>;
  }): Promise<Mined> {
    this.#sentBy.set(from.address, (this.#sentBy.get(from.address) ?? 0) + 1);
    return this.#send({ key: this.#nextKey(), from, operation, call });
  }

  /**
   * The same for an account whose key the node has, or Hardhat.
   *
   * @throws UserError if it fails; ShortageError if it has too little ether.
   */
  async sendThroughNode({
    from,
    operation,
    call,
  }: {
    from: string;
    operation: string;
    call: () => Call | Promise<Call>;
  }): Promise<Mined> {
    const key = this.#nextKey();
    let record = this.#journal?.find(key);
    const isOld = record !== undefined;
    let made: Call | undefined;
    if (isOld) this.#old--;
    if (record === undefined) {
      made = await call();
      await this.#requireEther({ of: from, value: made.value ?? 0n });
      record = { kind: "asked", key, from, nonce: await this.node.transactionCount(from) };
      await this.#journal?.note(record);
    }
    const { nonce } = record;
    let hash: unknown;
    if ((await this.node.transactionCount(from)) <= nonce) {
      const { to, data, value = 0n } = made ?? (await call());
      const request = { from, to, data, value: toQuantity(value), nonce: toQuantity(nonce) };
      const gas = this.node.isLocal ? { gas: toQuantity(LOCAL_GAS_LIMIT) } : {};
      hash = await this.#asking(operation, "eth_sendTransaction", [{ ...request, ...gas }]);
    }
    // It was sent before, by an earlier part of the run or by a request whose answer was lost.
    if (typeof hash !== "string") hash = await this.#findTransaction({ from, nonce, operation });
    return this.#await({ hash: String(hash), operation, isOld });
  }

  /** What transactions offer for gas now. */
  async gasPrice(): Promise<GasPrice> {
    if (this.#price !== undefined && performance.now() - this.#pricedAt < FEES_SECONDS * 1_000) return this.#price;
    this.#price = await readGasPrice(this.node);
    this.#pricedAt = performance.now();
    return this.#price;
  }

  /** Sends the bank's ether, or all of a wallet's but for what that costs. */
  async sendEther({ from, to, amount }: { from: Wallet; to: string; amount: bigint | "all" }): Promise<void> {
    const key = this.#nextKey();
    await this.#sendEther({ key, from, to, amount });
  }

  // ---------------------------------------------------------------- internals

  #nextKey(): string {
    return `${this.#step}.${this.#part++}`;
  }

  async #send({
    key,
    from,
    operation,
    call,
  }: {
    key: string;
    from: Wallet;
    operation: string;
    call: () => Call | Promise<Call>;
  }): Promise<Mined> {
    const old = this.#journal?.find(key);
    if (old !== undefined) {
      const mined = await this.#await({ hash: await this.#sendAgain(old), operation, isOld: true });
      this.#old--;
      return mined;
    }
    const { to, data, value = 0n } = await call();
    const price = await this.gasPrice();
    const gasLimit = await this.#gasLimit({ from: from.address, operation, to, data });
    await this.#provideGas({ key, wallet: from, price, gasLimit });
    const hash = await this.#broadcast({ key, from, operation, price, gasLimit, call: { to, data, value } });
    return this.#await({ hash, operation, isOld: false });
  }

  async #sendEther({
    key,
    from,
    to,
    amount,
  }: {
    key: string;
    from: Wallet;
    to: string;
    amount: bigint | "all";
  }): Promise<void> {
    const operation = "send ether";
    const old = this.#journal?.find(key);
    if (old !== undefined) {
      await this.#await({ hash: await this.#sendAgain(old), operation, isOld: true });
      if (!key.endsWith(GAS_SUFFIX)) this.#old--;
      return;
    }
    const price = await this.gasPrice();
    const cost = TRANSFER_GAS * price.maxFeePerGas;
    const value = amount === "all" ? (await this.node.balance(from.address)) - cost : amount;
    if (value <= 0n) return;
    const call = { to, data: "0x", value };
    const hash = await this.#broadcast({ key, from, operation, price, gasLimit: TRANSFER_GAS, call });
    await this.#await({ hash, operation, isOld: false });
  }

  /** Signs, writes down and sends. */
  async #broadcast({
    key,
    from,
    operation,
    price,
    gasLimit,
    call: { to, data, value },
  }: {
    key: string;
    from: Wallet;
    operation: string;
    price: GasPrice;
    gasLimit: bigint;
    call: Required<Call>;
  }): Promise<string> {
    const nonce = this.#nonces.get(from.address) ?? 0;
    const { chainId } = this.node;
    const transaction = Transaction.from({ chainId, type: 2, nonce, to, data, value, gasLimit, ...price });
    transaction.signature = from.signingKey.sign(transaction.unsignedHash);
    const { hash, serialized: raw } = transaction;
    if (hash === null) throw new Error("A signed transaction has no hash.");
    await this.#journal?.note({ kind: "sent", key, from: from.address, nonce, hash, raw });
    this.#nonces.set(from.address, nonce + 1);
    await this.#asking(operation, "eth_sendRawTransaction", [raw]);
    return hash;
  }

  /** Brings a transaction of an earlier part of the run to the node again if it does not have it. */
  async #sendAgain(record: TransactionRecord): Promise<string> {
    if (record.kind === "asked") throw new Error(`The transaction ${record.key} of the journal is not a wallet's.`);
    const { hash, raw } = record;
    if ((await this.node.receipt(hash)) !== undefined) return hash;
    await this.node.request("eth_sendRawTransaction", [raw]).catch((error: unknown) => {
      // It is known already, or has just been mined; what else is wrong shows while it is waited for.
      if (!(error instanceof RefusedError)) throw error;
    });
    return hash;
  }

  /** Asks the node for a transaction. The answer is undefined if the node has it already. */
  async #asking(operation: string, method: string, params: unknown[]): Promise<unknown> {
    try {
      return await this.node.request(method, params);
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      if (isKnown(error)) return undefined;
      throw new UserError(`The transaction "${operation}" was refused: ${closeSentence(error.message)}`);
    }
  }

  async #await({ hash, operation, isOld }: { hash: string; operation: string; isOld: boolean }): Promise<Mined> {
    const receipt = await this.#poll({ what: `${operation}" (${hash})`, look: () => this.node.receipt(hash) });
    if (BigInt(receipt.status) !== 1n) throw new UserError(`The transaction "${operation}" (${hash}) failed.`);
    this.#noteGas(operation, BigInt(receipt.gasUsed));
    this.#onMined(receipt.logs);
    return { block: receipt.blockNumber, logs: receipt.logs, isOld };
  }

  /** Looks until there is something to see. */
  async #poll<Value>({ what, look }: { what: string; look: () => Promise<Value | undefined> }): Promise<Value> {
    const start = performance.now();
    for (;;) {
      const value = await look();
      if (value !== undefined) return value;
      if (performance.now() - start > MINING_SECONDS * 1_000) {
        throw new UserError(
          `The transaction "${what} was not mined in ${MINING_SECONDS / 60} minutes. ` +
            "Wait until it is, then continue with --resume.",
        );
      }
      await setTimeout(this.node.isLocal ? LOCAL_POLL_MILLISECONDS : POLL_MILLISECONDS);
    }
  }

  /** The mined transaction that used a nonce: it is in the block during which the sender's count passed it. */
  async #findTransaction({
    from,
    nonce,
    operation,
  }: {
    from: string;
    nonce: number;
    operation: string;
  }): Promise<string> {
    await this.#poll({
      what: `${operation}"`,
      look: async () => ((await this.node.transactionCount(from)) > nonce ? true : undefined),
    });
    let low = 0;
    let high = Number(await this.node.request("eth_blockNumber"));
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const count = await this.node.request("eth_getTransactionCount", [from, toQuantity(middle)]);
      if (Number(count) > nonce) high = middle;
      else low = middle + 1;
    }
    const block = (await this.node.request("eth_getBlockByNumber", [toQuantity(low), true])) as {
      transactions: { hash: string; from: string; nonce: string }[];
    };
    const found = block.transactions.find(
      (transaction) => transaction.from.toLowerCase() === from.toLowerCase() && Number(transaction.nonce) === nonce,
    );
    if (found === undefined) {
      throw new UserError(`Block ${low} does not show transaction ${nonce} of ${from}. Continue with another node.`);
    }
    return found.hash;
  }

  #noteGas(operation: string, gas: bigint): void {
    const entry = this.#gas.get(operation) ?? { operation, transactions: 0, gas: 0n };
    entry.transactions += 1;
    entry.gas += gas;
    this.#gas.set(operation, entry);
  }

  // ---------------------------------------------------------------- gas

  /** Makes sure that a wallet can pay for its next transaction, and with luck for all those after it. */
  async #provideGas({
    key,
    wallet: { address },
    price,
    gasLimit,
  }: {
    key: string;
    wallet: Wallet;
    price: GasPrice;
    gasLimit: bigint;
  }): Promise<void> {
    if (this.node.isLocal) {
      if (this.#rich.has(address)) return;
      await this.node.giveEther(address, LOCAL_ETHER);
      this.#rich.add(address);
      return;
    }
    const needed = gasLimit * price.maxFeePerGas;
    if (address === this.#bank.address) return this.#requireBank({ needed, price });
    const later = Math.max(0, this.#expected(address) - (this.#sentBy.get(address) ?? 0));
    const amount = needed + BigInt(later) * USUAL_GAS * price.maxFeePerGas;
    // What an earlier part of the run has sent is too little if gas has become dearer since.
    for (let attempt = 0; (await this.node.balance(address)) < needed; attempt++) {
      const gasKey = `${key}.${attempt}${GAS_SUFFIX}`;
      if (this.#journal?.find(gasKey) === undefined) {
        await this.#requireBank({ needed: amount + TRANSFER_GAS * price.maxFeePerGas, price });
      }
      await this.#sendEther({ key: gasKey, from: this.#bank, to: address, amount });
    }
  }

  /** @throws ShortageError if the bank has less. It is asked for what the rest of the run may take then. */
  async #requireBank({ needed, price }: { needed: bigint; price: GasPrice }): Promise<void> {
    const { address } = this.#bank;
    const balance = await this.node.balance(address);
    if (balance >= needed) return;
    const rest = (this.#runGas - this.gasUsed) * price.maxFeePerGas;
    const all = rest > needed ? rest : needed;
    throw new ShortageError(
      `The bank of this run, ${address}, has ${formatEther(balance)} ether on "${this.node.name}", but the rest of the ` +
        `run may need ${formatEther(all)}. Send it ${formatEther(all - balance)} ether.`,
    );
  }

  /** @throws ShortageError if an account cannot pay for a transaction. Those of chains for development can. */
  async #requireEther({ of: address, value }: { of: string; value: bigint }): Promise<void> {
    if (this.node.isLocal) return;
    const { maxFeePerGas } = await this.gasPrice();
    const needed = value + USUAL_GAS * maxFeePerGas;
    const balance = await this.node.balance(address);
    if (balance >= needed) return;
    throw new ShortageError(
      `${address} has ${formatEther(balance)} ether on "${this.node.name}", but needs ${formatEther(needed)} to go on. ` +
        `Send it ${formatEther(needed - balance)} ether.`,
    );
  }

  async #gasLimit({ from, operation, to, data }: { from: string; operation: string } & Call): Promise<bigint> {
    if (this.node.isLocal) return LOCAL_GAS_LIMIT;
    const gas = await this.#asking(operation, "eth_estimateGas", [{ from, to, data }]);
    return (BigInt(String(gas)) * GAS_RESERVE) / 100n;
  }
}

function closeSentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/** What nodes say of a transaction that they have. */
function isKnown({ message }: RefusedError): boolean {
  return /already known|already imported|known transaction|nonce too low|already in (the )?mempool/i.test(message);
}
