import type { TransactionReceipt, Wallet } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { type Authorization, domainOf, paymentNonce, signAuthorization } from "../../sdk/authorization.ts";
import type { StoredReceipt } from "../../sdk/callTree.ts";
import type { FlowEnd, FlowResult } from "../../sdk/scenario/result.ts";
import type { Movement, Payment } from "../../test/reference/bookedLedger.ts";
import type { Random } from "../../test/reference/random.ts";
import type { RailRow, ServiceRow } from "../report/report.ts";
import { Channels } from "./channels.ts";
import type { CorpusText } from "./corpus.ts";
import { payForJob } from "./job.ts";
import { AGENT_BUDGET_TAG, type Market } from "./market.ts";
import type { Payer, Rail } from "./people.ts";
import type { Service } from "./registrar.ts";
import type { Setting } from "./setting.ts";
import type { Settlement } from "./settlement.ts";

const OPEN = 10n ** 18n;
const ROUNDS = 6;
/** After this round a contributor takes a text out of versions to come. */
const REVOCATION_ROUND = 3;
const DEPOSIT = 40n * OPEN;
const ALLOWANCE = 10_000n * OPEN;
const FAR_FUTURE = 2n ** 40n;
const MOST_VOUCHER_CALLS = 30;
/** What the agent keeps back for deposits into its channels. */
const AGENT_RESERVE = 4n * OPEN;

/** Who pays, and how. */
type Way = Rail | "agent" | "agent voucher";

/** What each way to pay is called, and where its money starts in the pictures. */
const RAILS: Record<Way, { name: string; source: FlowEnd }> = {
  approval: { name: "wallet, approved", source: { name: "Wallets", kind: "payer" } },
  permit: { name: "wallet, permit", source: { name: "Wallets", kind: "payer" } },
  batch: { name: "wallet, batch", source: { name: "Wallets", kind: "payer" } },
  registry: { name: "wallet, service registry", source: { name: "Wallets", kind: "payer" } },
  licence: { name: "wallet, Datanet licence", source: { name: "Wallets", kind: "payer" } },
  balance: { name: "internal balance", source: { name: "Internal balances", kind: "payer" } },
  "balance batch": { name: "internal balance, batch", source: { name: "Internal balances", kind: "payer" } },
  transfer: { name: "plain transfer", source: { name: "Split addresses", kind: "payer" } },
  "signed transfer": { name: "signed transfer", source: { name: "Split addresses", kind: "payer" } },
  authorization: { name: "signed payment", source: { name: "Wallets", kind: "payer" } },
  "authorization batch": { name: "signed payments, batch", source: { name: "Wallets", kind: "payer" } },
  voucher: { name: "vouchers on a channel", source: { name: "Channels", kind: "payer" } },
  job: { name: "job, on delivery", source: { name: "Wallets", kind: "payer" } },
  agent: { name: "agent's own budget", source: { name: "Speechwriter's budget", kind: "agent" } },
  "agent voucher": { name: "agent's vouchers", source: { name: "Speechwriter's budget", kind: "agent" } },
};

/** Plain transfers do not say how many calls they are for. */
const SILENT_RAILS: Way[] = ["transfer", "signed transfer"];

/** Calls of a service, and what they cost. */
interface Order {
  service: Service;
  calls: bigint;
  tokensIn: bigint;
  tokensOut: bigint;
  payment: Payment;
  /** Fixed fee, which goes to the treasury's split. */
  fee: bigint;
}

interface Usage {
  payments: number;
  calls: bigint;
  callsOnChain: bigint;
  tokensIn: bigint;
  tokensOut: bigint;
  amount: bigint;
}

const NO_USAGE: Usage = { payments: 0, calls: 0n, callsOnChain: 0n, tokensIn: 0n, tokensOut: 0n, amount: 0n };

/** Payers of every kind, round after round, and an agent that spends what it earns. */
export class Traffic {
  readonly #setting: Setting;
  readonly #market: Market;
  readonly #settlement: Settlement;
  readonly #random: Random;
  readonly #usage = new Map<Service, Usage>();
  readonly #rails = new Map<string, Omit<RailRow, "gas">>();
  readonly #gas = new Map<Way, bigint>();
  readonly #flows: FlowResult[] = [];
  readonly #channels: Channels;
  /** Fixed fees still to be paid by those who pay one split at a time. */
  readonly #feesOwed = new Map<Payer, bigint>();
  /** Calls of the agent's users for which it has not called a tool yet. */
  #agentBacklog = 0n;
  #agentCalls = 0n;
  #agentSpent = 0n;

  constructor({
    setting,
    market,
    settlement,
    random,
    corpus,
  }: {
    setting: Setting;
    market: Market;
    settlement: Settlement;
    random: Random;
    corpus: CorpusText[];
  }) {
    this.#setting = setting;
    this.#market = market;
    this.#settlement = settlement;
    this.#random = random;
    this.#channels = new Channels({
      setting,
      market,
      random,
      corpus,
      note: async (operation, transaction, items, byAgent) => {
        const { gasUsed } = await transaction;
        await setting.gas.note(operation, transaction, items);
        for (const agents of byAgent)
          this.#addGas(agents ? "agent voucher" : "voucher", gasUsed / BigInt(byAgent.length));
      },
    });
  }

  /** Receipts of all calls that were paid by voucher. */
  get receipts(): ReadonlyMap<string, StoredReceipt> {
    return this.#channels.receipts;
  }

  /** Payments made so far. A sweep is none; the transfers that it moves are. */
  get payments(): number {
    return this.railRows().reduce((sum, { payments }) => sum + payments, 0);
  }

  get agent(): { calls: bigint; spent: bigint } {
    return { calls: this.#agentCalls, spent: this.#agentSpent };
  }

  /** One for each payment, from where the money started to the split that was paid. */
  get flows(): readonly FlowResult[] {
    return this.#flows;
  }

  railRows(): RailRow[] {
    return (Object.keys(RAILS) as Way[]).flatMap((way) => {
      const row = this.#rails.get(RAILS[way].name);
      return row === undefined ? [] : { ...row, gas: this.#gas.get(way) ?? 0n };
    });
  }

  serviceRows(): ServiceRow[] {
    return this.#market.services.map((service) => ({
      name: service.name,
      operator: service.operator.name,
      ratePerThousandIn: service.rateIn,
      ratePerThousandOut: service.rateOut,
      ...(this.#usage.get(service) ?? NO_USAGE),
    }));
  }

  /**
   * @param turns How often a payer pays; each time one payment or a batch of them.
   * @param onProgress Told which part of the turns is over.
   */
  async run({ turns, onProgress }: { turns: number; onProgress: (done: number) => void }): Promise<void> {
    const { payers } = this.#setting.people;
    await this.#approve();
    for (let round = 1; round <= ROUNDS; round++) {
      for (let turn = Math.floor(((round - 1) * turns) / ROUNDS); turn < Math.floor((round * turns) / ROUNDS); turn++) {
        await this.#pay(this.#random.pick(payers));
        onProgress((turn + 1) / turns);
      }
      await this.#settleVouchers();
      if (round === ROUNDS) await this.#payFees();
      await this.#sweep();
      if (round < ROUNDS) await this.#settlement.claimInBetween();
      await this.#settlement.releaseHops();
      await this.#runAgent();
      if (round === REVOCATION_ROUND) {
        const { datanet } = this.#market;
        await datanet.revoke(this.#random.integer(0, datanet.offers.length - 1));
      }
    }
    await this.#channels.close();
  }

  /** Approvals of those who pay by approval. */
  async #approve(): Promise<void> {
    const { people, booked, protocol, gas } = this.#setting;
    const spenders = {
      approval: booked.ledger,
      batch: booked.ledger,
      "balance batch": booked.ledger,
      registry: protocol.services,
      licence: protocol.datanets,
      job: protocol.jobs,
    };
    for (const { rail, wallet } of people.payers) {
      if (!(rail in spenders)) continue;
      const spender = spenders[rail as keyof typeof spenders];
      await gas.note("approve", booked.approve({ owner: wallet, amount: ALLOWANCE, spender }));
    }
  }

  // ---------------------------------------------------------------- payers

  async #pay(payer: Payer): Promise<void> {
    switch (payer.rail) {
      case "licence":
        await this.#payLicence(payer);
        break;
      case "batch":
      case "balance batch":
        await this.#payBatch(payer);
        break;
      case "registry":
        await this.#payRegistry(payer);
        break;
      case "authorization batch":
        await this.#payBySignatures();
        break;
      case "voucher":
        await this.#payByVoucher(payer);
        break;
      case "job":
        await this.#payForJob(payer);
        break;
      default: {
        const order = await this.#order();
        await this.#paySplit(payer, order.payment);
        this.#countOrder(payer.rail, order);
        this.#owe(payer, order.fee);
      }
    }
  }

  /** One payment to one split. */
  async #paySplit(payer: Payer, payment: Payment): Promise<void> {
    const { booked, people } = this.#setting;
    const { wallet, rail } = payer;
    const { splitId, amount, memo } = payment;
    switch (rail) {
      case "approval":
        await this.#spend(rail, "pay: wallet, bounded approval", booked.pay({ payer: wallet, ...payment }));
        break;
      case "permit":
        await this.#spend(rail, "pay: wallet, permit", booked.payWithPermit({ payer: wallet, ...payment }));
        break;
      case "balance":
        await this.#topUp(payer, amount);
        await this.#spend(rail, "pay: internal balance", booked.payFromBalance({ owner: wallet, tag: 0n, ...payment }));
        break;
      case "transfer":
        await this.#spend(rail, "pay: plain transfer", booked.transferToSplit({ payer: wallet, splitId, amount }));
        break;
      case "signed transfer": {
        const authorization = { payer: wallet, sender: people.relayer.wallet, splitId, amount, nonce: memo };
        await this.#spend(rail, "pay: signed transfer (ERC-3009)", booked.authorizeToSplit(authorization));
        break;
      }
      case "authorization":
      case "authorization batch":
      case "voucher":
      case "job":
        await this.#payBySignature(payer, payment);
        break;
      default:
        throw new Error(`Payers by ${rail} do not pay one split at a time.`);
    }
  }

  /** Several orders and their fixed fees at once. */
  async #payBatch(payer: Payer): Promise<void> {
    const { booked } = this.#setting;
    const { wallet, rail } = payer;
    const orders: Order[] = [];
    for (let i = this.#random.integer(3, 9); i > 0; i--) orders.push(await this.#order());
    const fees = this.#feePayments(orders.reduce((sum, { fee }) => sum + fee, 0n));
    const payments = [...orders.map(({ payment }) => payment), ...fees];
    if (rail === "batch") {
      await this.#spend(rail, "pay: wallet, batch", booked.payMany({ payer: wallet, payments }), payments.length);
    } else {
      const total = payments.reduce((sum, { amount }) => sum + amount, 0n);
      await this.#topUp(payer, total);
      const batch = booked.payManyFromBalance({ owner: wallet, tag: 0n, payments });
      await this.#spend(rail, "pay: internal balance, batch", batch, payments.length);
    }
    for (const order of orders) this.#countOrder(rail, order);
    for (const payment of fees) this.#count(rail, payment);
  }

  /** The service registry quotes, and splits price and fixed fee itself. */
  async #payRegistry({ wallet, rail }: Payer): Promise<void> {
    const { booked, protocol } = this.#setting;
    const order = await this.#order();
    const { service, calls, tokensIn, tokensOut, payment, fee } = order;
    const fees = this.#feePayments(fee);
    const transaction = await protocol.services.pay.populateTransaction(
      service.id,
      tokensIn,
      tokensOut,
      calls,
      payment.memo,
      payment.amount + fee,
    );
    const payments = [payment, ...fees];
    const movements = payments.map((part): Movement => ({ kind: "payment", payer: wallet.address, ...part }));
    const receipt = booked.through({ sender: wallet, transaction, movements });
    await this.#spend(rail, "pay: wallet, service registry", receipt, payments.length);
    this.#countOrder(rail, order);
    for (const fixed of fees) this.#count(rail, fixed);
  }

  /** Pays for the data itself: whoever is in the Datanet's latest version. */
  async #payLicence({ wallet, rail }: Payer): Promise<void> {
    const { booked, protocol } = this.#setting;
    const { datanet } = this.#market;
    const { split } = datanet.versions[datanet.versions.length - 1];
    const amount = this.#random.bigint(OPEN, 4n * OPEN);
    const memo = this.#random.bytes32();
    const transaction = await protocol.datanets.pay.populateTransaction(datanet.id, amount, 0n, memo);
    const payment = { splitId: split.id, amount, calls: 0n, memo };
    const movements: Movement[] = [{ kind: "payment", payer: wallet.address, splitId: split.id, amount }];
    const receipt = booked.through({ sender: wallet, transaction, movements });
    await this.#spend(rail, "pay: wallet, Datanet licence", receipt);
    this.#count(rail, payment);
  }

  /** One payment that the payer signs and the relayer sends. */
  async #payBySignature({ wallet, rail }: Payer, payment: Payment): Promise<void> {
    const { booked, protocol, people } = this.#setting;
    const { splitId, amount, calls, memo } = payment;
    const signed = await this.#authorize(wallet, payment);
    const transaction = await protocol.ledger.payWithAuthorization.populateTransaction(
      wallet.address,
      { splitId, amount, calls, memo },
      signed,
    );
    const movements: Movement[] = [{ kind: "payment", payer: wallet.address, splitId, amount }];
    const receipt = booked.through({ sender: people.relayer.wallet, transaction, movements });
    await this.#spend(rail, "pay: signed payment (ERC-3009)", receipt);
  }

  /** One order of each payer who signs, all sent by the relayer at once. */
  async #payBySignatures(): Promise<void> {
    const { booked, protocol, people } = this.#setting;
    const payers = people.payers.filter(({ rail }) => rail === "authorization batch");
    const orders: { payer: Payer; order: Order }[] = [];
    for (const payer of payers) orders.push({ payer, order: await this.#order() });
    const batch = await Promise.all(
      orders.map(async ({ payer: { wallet }, order: { payment } }) => ({
        payer: wallet.address,
        payment,
        authorization: await this.#authorize(wallet, payment),
      })),
    );
    const transaction = await protocol.authorizations.pay.populateTransaction(batch);
    const movements = batch.map(({ payer, payment: { splitId, amount } }): Movement => ({
      kind: "payment",
      payer,
      splitId,
      amount,
    }));
    const receipt = booked.through({ sender: people.relayer.wallet, transaction, movements });
    await this.#spend("authorization batch", "pay: signed payments, batch", receipt, batch.length);
    for (const { payer, order } of orders) {
      this.#countOrder(payer.rail, order);
      this.#owe(payer, order.fee);
    }
  }

  async #authorize(signer: Wallet, { splitId, amount, calls, memo }: Payment): Promise<Authorization> {
    const { token, ledger } = this.#setting.protocol;
    return signAuthorization({
      token: await domainOf(token),
      signer,
      to: await ledger.getAddress(),
      amount,
      nonce: (salt) => paymentNonce({ splitId, calls, memo }, salt),
      validBefore: FAR_FUTURE,
      salt: this.#random.bytes32(),
    });
  }

  /** A few calls of one service, each paid by a voucher of its own. */
  async #payByVoucher(payer: Payer): Promise<void> {
    const service = this.#random.pick(this.#market.services);
    for (let i = this.#random.integer(1, MOST_VOUCHER_CALLS); i > 0; i--) {
      for (const call of await this.#channels.call({ payer, service })) {
        if (call.byAgent) this.#agentCalls++;
        this.#addUsage(call.service, { ...call, payments: 0, calls: 1n, callsOnChain: 1n });
        this.#owe(payer, this.#setting.parameters.platformFee);
      }
    }
  }

  async #settleVouchers(): Promise<void> {
    for (const { service, amount, calls, byAgent } of await this.#channels.settle()) {
      if (byAgent) this.#agentSpent += amount;
      this.#count(byAgent ? "agent voucher" : "voucher", { splitId: service.split.id, amount, calls });
      this.#addUsage(service, { ...NO_USAGE, payments: 1 });
    }
  }

  /** One call whose price is put aside and paid on delivery. */
  async #payForJob(payer: Payer): Promise<void> {
    const order = await this.#orderOf({ service: this.#random.pick(this.#market.agentTools), calls: 1n });
    const transactions = payForJob({ setting: this.#setting, payer, random: this.#random, ...order });
    for await (const { operation, receipt } of transactions) await this.#spend(payer.rail, operation, receipt);
    this.#countOrder(payer.rail, order);
    this.#owe(payer, order.fee);
  }

  /** Deposits when the balance is too low for a payment, by permit unless the wallet has approved the ledger. */
  async #topUp({ wallet, rail }: Payer, amount: bigint): Promise<void> {
    const { booked } = this.#setting;
    const account = walletAccount(wallet.address);
    if ((await booked.ledger.balanceOf(account)) >= amount) return;
    const deposit = { from: wallet, account, amount: amount > DEPOSIT ? amount : DEPOSIT };
    if (rail === "balance batch") await this.#spend(rail, "deposit: approved wallet", booked.deposit(deposit));
    else await this.#spend(rail, "deposit: permit", booked.depositWithPermit(deposit));
  }

  /** Everybody who has not paid the fixed fees along with the calls pays them now, all at once. */
  async #payFees(): Promise<void> {
    for (const [payer, fee] of this.#feesOwed) {
      for (const payment of this.#feePayments(fee)) {
        await this.#paySplit(payer, payment);
        this.#count(payer.rail, payment);
      }
    }
  }

  async #sweep(): Promise<void> {
    const { booked, gas, people } = this.#setting;
    for (const splitId of booked.unsweptSplits) {
      await gas.note("sweep", booked.sweep({ sender: people.relayer.wallet, splitId }));
    }
  }

  // ---------------------------------------------------------------- the agent

  /** The agent calls a tool for each call of its users, and pays for it with what it has earned, as far as that goes. */
  async #runAgent(): Promise<void> {
    const { booked, people } = this.#setting;
    const owner = people.agent.wallet;
    const pay = async (payment: Payment): Promise<void> => {
      const receipt = booked.payFromBalance({ owner, tag: AGENT_BUDGET_TAG, ...payment });
      await this.#spend("agent", "pay: agent's own budget", receipt);
      this.#agentSpent += payment.amount;
    };
    let budget = (await booked.ledger.balanceOf(this.#market.agentBudget)) - AGENT_RESERVE;
    let fees = 0n;
    while (this.#agentBacklog > 0n) {
      const service = this.#random.pick(this.#market.agentTools);
      const order = await this.#orderOf({ service, calls: 1n });
      const cost = order.payment.amount + order.fee;
      if (cost > budget) break;
      await pay(order.payment);
      this.#countOrder("agent", order);
      budget -= cost;
      fees += order.fee;
      this.#agentBacklog--;
      this.#agentCalls++;
    }
    for (const payment of this.#feePayments(fees)) {
      await pay(payment);
      this.#count("agent", payment);
    }
  }

  // ---------------------------------------------------------------- orders

  async #order(): Promise<Order> {
    const service = this.#random.pick(this.#market.services);
    const calls = this.#random.chance(0.7)
      ? 1n
      : this.#random.bigint(2n, service === this.#market.agentService ? 4n : 20n);
    const order = await this.#orderOf({ service, calls });
    if (service === this.#market.agentService) this.#agentBacklog += calls;
    return order;
  }

  /** Asks the service registry for the price. */
  async #orderOf({ service, calls }: { service: Service; calls: bigint }): Promise<Order> {
    const tokensIn = calls * this.#random.bigint(200n, 4_000n);
    const tokensOut = calls * this.#random.bigint(50n, 1_500n);
    const { services } = this.#setting.protocol;
    const { splitId, net, platformFee } = await services.quote(service.id, tokensIn, tokensOut, calls);
    const payment = { splitId, amount: net, calls, memo: this.#random.bytes32() };
    return { service, calls, tokensIn, tokensOut, payment, fee: platformFee };
  }

  /** The payment of fixed fees, if there are any. */
  #feePayments(amount: bigint): Payment[] {
    if (amount === 0n) return [];
    return [{ splitId: this.#market.platformSplit.id, amount, calls: 0n, memo: this.#random.bytes32() }];
  }

  // ---------------------------------------------------------------- figures

  /** A fixed fee that the payer pays at the end, with those of its other calls. */
  #owe(payer: Payer, fee: bigint): void {
    this.#feesOwed.set(payer, (this.#feesOwed.get(payer) ?? 0n) + fee);
  }

  /** Notes a transaction's gas, for the kind of operation and for the way to pay that it is part of. */
  async #spend(way: Way, operation: string, transaction: Promise<TransactionReceipt>, items?: number): Promise<void> {
    const { gasUsed } = await transaction;
    await this.#setting.gas.note(operation, transaction, items);
    this.#addGas(way, gasUsed);
  }

  #addGas(way: Way, gas: bigint): void {
    this.#gas.set(way, (this.#gas.get(way) ?? 0n) + gas);
  }

  #countOrder(way: Way, { service, calls, tokensIn, tokensOut, payment }: Order): void {
    this.#count(way, payment);
    const callsOnChain = SILENT_RAILS.includes(way) ? 0n : calls;
    this.#addUsage(service, { payments: 1, calls, callsOnChain, tokensIn, tokensOut, amount: payment.amount });
  }

  #addUsage(service: Service, { payments, calls, callsOnChain, tokensIn, tokensOut, amount }: Usage): void {
    const usage = this.#usage.get(service) ?? NO_USAGE;
    this.#usage.set(service, {
      payments: usage.payments + payments,
      calls: usage.calls + calls,
      callsOnChain: usage.callsOnChain + callsOnChain,
      tokensIn: usage.tokensIn + tokensIn,
      tokensOut: usage.tokensOut + tokensOut,
      amount: usage.amount + amount,
    });
  }

  #count(way: Way, { splitId, amount, calls }: Pick<Payment, "splitId" | "amount" | "calls">): void {
    const { name, source } = RAILS[way];
    const row = this.#rails.get(name) ?? { name, payments: 0, calls: 0n, amount: 0n };
    this.#rails.set(name, {
      name,
      payments: row.payments + 1,
      calls: row.calls + calls,
      amount: row.amount + amount,
    });
    const to = this.#market.catalogue.nodeOf(splitId);
    this.#flows.push({ from: source, to, amount });
  }
}
