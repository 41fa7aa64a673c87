import { keccak256, toUtf8Bytes, type TransactionReceipt, type Wallet } from "ethers";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { domainOf, purposeNonce, signAuthorization } from "../../sdk/authorization.ts";
import { ZERO_WORD } from "../../sdk/bytes.ts";
import type { StoredReceipt } from "../../sdk/callTree.ts";
import {
  type Channel,
  channelId,
  packVouchers,
  readStatuses,
  recoverVoucherSigner,
  type Settlement as VoucherSettlement,
  signVoucher,
  termsId,
  type VoucherClaim,
} from "../../sdk/channel.ts";
import { ContentTree } from "../../sdk/content.ts";
import { callId, childrenHash, type Receipt, signReceipt } from "../../sdk/receipt.ts";
import { ReceiptTree } from "../../sdk/receiptTree.ts";
import type { Movement } from "../../test/reference/bookedLedger.ts";
import type { Random } from "../../test/reference/random.ts";
import type { CorpusText } from "./corpus.ts";
import { AGENT_BUDGET_TAG, type Market } from "./market.ts";
import type { Payer, Person } from "./people.ts";
import type { Service } from "./registrar.ts";
import type { Setting } from "./setting.ts";

const OPEN = 10n ** 18n;
const DEPOSIT = 40n * OPEN;
const AGENT_DEPOSIT = 3n * OPEN;
const MOST_TOOL_CALLS = 3;
const DELAY_SECONDS = 86_400n;
const FAR_FUTURE = 2n ** 40n;
const RATE_TOKENS = 1_000n;

/** A channel from both ends: what the payer has signed, and what the operator holds. */
interface OpenChannel {
  channel: Channel;
  payer: Person;
  /** Whose key signs vouchers. */
  signer: Wallet;
  service: Service;
  deposited: bigint;
  /** What the calls so far cost. */
  spent: bigint;
  settled: bigint;
  signature: string;
  /** Receipts that no settlement covers yet. */
  receipts: StoredReceipt[];
}

/** A call that was paid by voucher. */
export interface VoucherCall {
  service: Service;
  tokensIn: bigint;
  tokensOut: bigint;
  amount: bigint;
  byAgent: boolean;
}

/** What was settled for one channel. */
export interface SettledChannel {
  service: Service;
  amount: bigint;
  calls: bigint;
  byAgent: boolean;
}

/** Told of gas, by kind of operation. */
type Note = (
  operation: string,
  receipt: Promise<TransactionReceipt>,
  items: number,
  byAgent: boolean[],
) => Promise<void>;

/** Calls that are paid by voucher, each with a receipt; the agent's with those of the calls it makes for them. */
export class Channels {
  /** Receipts of all calls so far, by call id. */
  readonly receipts = new Map<string, StoredReceipt>();
  readonly #setting: Setting;
  readonly #market: Market;
  readonly #random: Random;
  readonly #corpus: CorpusText[];
  readonly #note: Note;
  readonly #open = new Map<string, OpenChannel>();
  #agentMaySpend = false;

  constructor({
    setting,
    market,
    random,
    corpus,
    note,
  }: {
    setting: Setting;
    market: Market;
    random: Random;
    corpus: CorpusText[];
    note: Note;
  }) {
    this.#setting = setting;
    this.#market = market;
    this.#random = random;
    this.#corpus = corpus;
    this.#note = note;
  }

  /** One call of a service, and if that is the agent's, one of a tool for it, as long as the agent can pay. */
  async call({ payer, service }: { payer: Payer; service: Service }): Promise<VoucherCall[]> {
    const open = await this.#channelOf({ payer, service, byAgent: false });
    return this.#serve({ open, parentCallId: ZERO_WORD });
  }

  /** Settles everything that operators hold, all services of one in one transaction. */
  async settle(): Promise<SettledChannel[]> {
    const settled: SettledChannel[] = [];
    for (const operator of this.#setting.people.operators) settled.push(...(await this.#settleFor(operator)));
    return settled;
  }

  /** Gives payers back what they have not spent. */
  async close(): Promise<void> {
    const { booked, protocol, people } = this.#setting;
    const from = walletAccount(await protocol.channels.getAddress());
    for (const operator of people.operators) {
      const left = [...this.#open.values()].filter(
        ({ service, deposited, settled }) => service.operator === operator && deposited > settled,
      );
      if (left.length === 0) continue;
      const transaction = await protocol.channels.close.populateTransaction(left.map(({ channel }) => channel));
      const movements = left.map(({ payer, deposited, settled }): Movement => ({
        kind: "transfer of balance",
        from,
        to: walletAccount(payer.wallet.address),
        amount: deposited - settled,
      }));
      const receipt = booked.through({ sender: operator.wallet, transaction, movements });
      await this.#note(
        "channel: close",
        receipt,
        left.length,
        left.map(({ payer }) => this.#isAgent(payer)),
      );
      if (!left.some(({ payer }) => this.#isAgent(payer))) continue;
      await this.#returnToBudget();
    }
    this.#open.clear();
  }

  /** What the agent gets back belongs to its budget. */
  async #returnToBudget(): Promise<void> {
    const { booked, people } = this.#setting;
    const owner = people.agent.wallet;
    const amount = await booked.ledger.balanceOf(walletAccount(owner.address));
    await booked.transferBalance({ owner, tag: 0n, to: this.#market.agentBudget, amount });
  }

  // ---------------------------------------------------------------- calls

  /** Signs, verifies, serves and receipts one call, its children first. */
  async #serve({ open, parentCallId }: { open: OpenChannel; parentCallId: string }): Promise<VoucherCall[]> {
    const { service, payer, channel } = open;
    const domain = await this.#domain();
    const text = this.#random.pick(this.#corpus);
    const input = toUtf8Bytes(`What did ${text.author} say in ${text.year}?`);
    const request = {
      payer: payer.wallet.address,
      parentCallId,
      serviceId: service.id,
      inputHash: keccak256(input),
      salt: this.#random.bytes32(),
    };
    const id = callId({ ...domain, request });
    const tokensIn = this.#random.bigint(200n, 4_000n);
    const tokensOut = this.#random.bigint(50n, 1_500n);
    const amount = (tokensIn * service.rateIn + tokensOut * service.rateOut + RATE_TOKENS - 1n) / RATE_TOKENS;
    await this.#topUp(open, amount);

    const voucher = { termsId: termsId(channel), maxClaimableAmount: open.spent + amount };
    const voucherDomain = { chainId: domain.chainId, channels: await this.#setting.protocol.channels.getAddress() };
    const signature = await signVoucher({ ...voucherDomain, signer: open.signer, voucher });
    if (recoverVoucherSigner({ ...voucherDomain, voucher, signature }) !== channel.signer) {
      throw new Error(`A voucher of ${payer.name} is not signed by its channel's signer.`);
    }
    open.spent += amount;
    open.signature = signature;

    const calls = await this.#callTools({ service, parentCallId: id });
    const children = calls.map(({ id: child }) => child);
    const receipt: Receipt = {
      ...request,
      callId: id,
      childrenHash: childrenHash(children),
      splitId: service.split.id,
      assetSplitId: service.split.tree.share(service.split.tree.size - 1).recipient,
      executor: service.operator.wallet.address,
      outputRoot: ContentTree.from(toUtf8Bytes(`${text.author}, ${text.year}: ${text.words} words`)).contentRoot,
      tokensIn,
      tokensOut,
      amount,
      servedAt: await this.#time(),
    };
    const stored: StoredReceipt = {
      receipt,
      signature: await signReceipt({ ...domain, signer: service.operator.wallet, receipt }),
      children,
      proof: null,
    };
    open.receipts.push(stored);
    this.receipts.set(id, stored);
    return [
      { service, tokensIn, tokensOut, amount, byAgent: this.#isAgent(payer) },
      ...calls.flatMap(({ made }) => made),
    ];
  }

  /** The calls of tools that one call of the agent takes, as far as the agent can pay. */
  async #callTools({
    service,
    parentCallId,
  }: {
    service: Service;
    parentCallId: string;
  }): Promise<{ id: string; made: VoucherCall[] }[]> {
    if (service !== this.#market.agentService) return [];
    const payer = this.#setting.people.agent;
    const calls: { id: string; made: VoucherCall[] }[] = [];
    for (let i = this.#random.integer(1, MOST_TOOL_CALLS); i > 0; i--) {
      const tool = this.#random.pick(this.#market.agentTools);
      if (!(await this.#agentCanPay(tool))) break;
      const open = await this.#channelOf({ payer, service: tool, byAgent: true });
      const made = await this.#serve({ open, parentCallId });
      calls.push({ id: open.receipts[open.receipts.length - 1].receipt.callId, made });
    }
    return calls;
  }

  /** Whether the agent's channel, or its budget, has enough for any call. */
  async #agentCanPay(tool: Service): Promise<boolean> {
    const open = this.#open.get(keyOf(this.#setting.people.agent, tool));
    if (open !== undefined && open.deposited - open.spent >= OPEN) return true;
    return (await this.#setting.booked.ledger.balanceOf(this.#market.agentBudget)) >= AGENT_DEPOSIT;
  }

  // ---------------------------------------------------------------- channels

  async #channelOf({
    payer,
    service,
    byAgent,
  }: {
    payer: Person;
    service: Service;
    byAgent: boolean;
  }): Promise<OpenChannel> {
    const key = keyOf(payer, service);
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    // Some payers let a key of the session sign, and keep their own away from it.
    const signer = !byAgent && this.#random.chance(0.25) ? this.#setting.people.sessionKey.wallet : payer.wallet;
    const open: OpenChannel = {
      channel: {
        payer: payer.wallet.address,
        signer: signer.address,
        operator: service.operator.wallet.address,
        splitId: service.split.id,
        withdrawDelaySeconds: DELAY_SECONDS,
        salt: ZERO_WORD,
      },
      payer,
      signer,
      service,
      deposited: 0n,
      spent: 0n,
      settled: 0n,
      signature: "0x",
      receipts: [],
    };
    this.#open.set(key, open);
    return open;
  }

  async #topUp(open: OpenChannel, amount: bigint): Promise<void> {
    if (open.deposited - open.spent >= amount) return;
    if (this.#isAgent(open.payer)) await this.#depositFromBudget(open);
    else await this.#depositBySignature(open);
  }

  /** The payer signs; the operator, who wants the business, pays the gas. */
  async #depositBySignature(open: OpenChannel): Promise<void> {
    const { booked, protocol } = this.#setting;
    const { channel, payer, service } = open;
    const address = await protocol.channels.getAddress();
    const authorization = await signAuthorization({
      token: await domainOf(protocol.token),
      signer: payer.wallet,
      to: address,
      amount: DEPOSIT,
      nonce: (salt) => purposeNonce(channelId(channel), salt),
      validBefore: FAR_FUTURE,
      salt: this.#random.bytes32(),
    });
    const transaction = await protocol.channels.depositWithAuthorization.populateTransaction(
      channel,
      DEPOSIT,
      authorization,
    );
    const account = walletAccount(address);
    const movements: Movement[] = [{ kind: "deposit", from: payer.wallet.address, account, amount: DEPOSIT }];
    const receipt = booked.through({ sender: service.operator.wallet, transaction, movements });
    await this.#note("channel: deposit by signature", receipt, 1, [false]);
    open.deposited += DEPOSIT;
  }

  /** The agent pays what it calls out of what it has earned. */
  async #depositFromBudget(open: OpenChannel): Promise<void> {
    const { booked, protocol, people } = this.#setting;
    const owner = people.agent.wallet;
    const address = await protocol.channels.getAddress();
    if (!this.#agentMaySpend) {
      await booked.approveSpender({ owner, tag: AGENT_BUDGET_TAG, spender: address, amount: 1_000_000n * OPEN });
      this.#agentMaySpend = true;
    }
    const transaction = await protocol.channels.depositFromBalance.populateTransaction(
      open.channel,
      AGENT_BUDGET_TAG,
      AGENT_DEPOSIT,
    );
    const from = encodeAccount({ address: owner.address, tag: AGENT_BUDGET_TAG });
    const to = walletAccount(address);
    const movements: Movement[] = [{ kind: "transfer of balance", from, to, amount: AGENT_DEPOSIT }];
    await this.#note(
      "channel: deposit from the agent's budget",
      booked.through({ sender: owner, transaction, movements }),
      1,
      [true],
    );
    open.deposited += AGENT_DEPOSIT;
  }

  // ---------------------------------------------------------------- settlement

  async #settleFor(operator: Person): Promise<SettledChannel[]> {
    const { booked, protocol } = this.#setting;
    const due = [...this.#open.values()].filter(
      ({ service, spent, settled }) => service.operator === operator && spent > settled,
    );
    if (due.length === 0) return [];
    const account = walletAccount(await protocol.channels.getAddress());
    const settlements: VoucherSettlement[] = [];
    const movements: Movement[] = [];
    for (const service of new Set(due.map((open) => open.service))) {
      const channels = due.filter((open) => open.service === service);
      const receipts = channels.flatMap((open) => open.receipts);
      const tree = new ReceiptTree({ ...(await this.#domain()), receipts: receipts.map(({ receipt }) => receipt) });
      receipts.forEach((stored, i) => (stored.proof = tree.prove(i)));
      settlements.push({
        splitId: service.split.id,
        withdrawDelaySeconds: DELAY_SECONDS,
        salt: ZERO_WORD,
        calls: BigInt(tree.size),
        memo: tree.memo,
        kept: false,
        vouchers: packVouchers(channels.map(claimOf)),
      });
      movements.push({ kind: "payment from balance", account, splitId: service.split.id, amount: tree.total });
    }
    const connected = protocol.channels.connect(this.#setting.provider);
    const statuses = await connected.settle.staticCall(settlements, { from: operator.wallet.address });
    if (statuses.flatMap(readStatuses).some((status) => status !== "settled")) {
      throw new Error(`Vouchers that ${operator.name} holds cannot be settled.`);
    }
    const transaction = await protocol.channels.settle.populateTransaction(settlements);
    const receipt = booked.through({ sender: operator.wallet, transaction, movements });
    await this.#note(
      "settle: vouchers",
      receipt,
      due.length,
      due.map(({ payer }) => this.#isAgent(payer)),
    );

    return due.map((open) => {
      const settled = {
        service: open.service,
        amount: open.spent - open.settled,
        calls: BigInt(open.receipts.length),
        byAgent: this.#isAgent(open.payer),
      };
      open.settled = open.spent;
      open.receipts = [];
      return settled;
    });
  }

  // ---------------------------------------------------------------- internals

  #isAgent(payer: Person): boolean {
    return payer === this.#setting.people.agent;
  }

  async #domain(): Promise<{ chainId: bigint; services: string }> {
    const { sender, protocol } = this.#setting;
    return { chainId: sender.chainId, services: await protocol.services.getAddress() };
  }

  async #time(): Promise<bigint> {
    return BigInt((await this.#setting.provider.getBlock("latest"))?.timestamp ?? 0);
  }
}

function keyOf({ name }: Person, { id }: Service): string {
  return `${name} ${id}`;
}

function claimOf({ channel, spent, signature }: OpenChannel): VoucherClaim {
  return { channel, maxClaimableAmount: spent, total: spent, signature, contractSignature: false };
}
