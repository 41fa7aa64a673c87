import { id, type TypedDataDomain, ZeroAddress } from "ethers";

import { domainOf, paymentNonce, signAuthorization } from "../../sdk/authorization.ts";
import type { PaymentStep, ServiceSplit, Step } from "../../sdk/scenario/step.ts";
import { splitAddressOf } from "../../sdk/splitAddress.ts";
import type { Registries } from "./registries.ts";
import type { Mined } from "./sender.ts";
import { type ContractName, expectSame, type Stage } from "./stage.ts";

const FAR_FUTURE = 2n ** 40n;
/** Most that a job may take, and less than its contract allows. */
const JOB_SECONDS = 360 * 86_400;

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** Payments that reach a split one by one, by all rails but vouchers. */
export class Payments {
  readonly #stage: Stage;
  readonly #registries: Registries;
  #domain: TypedDataDomain | undefined;
  #implementation: string | undefined;

  constructor({ stage, registries }: { stage: Stage; registries: Registries }) {
    this.#stage = stage;
    this.#registries = registries;
  }

  /** What the registry asks for the calls must be what the model says, now that nothing but this step can change it. */
  async quote({ split, calls, tokensIn, tokensOut, amount }: PaymentStep): Promise<void> {
    const args = [this.#registries.serviceId(split.service), tokensIn, tokensOut, calls];
    const quote = await this.#stage.contracts.readStruct("services", "quote", args);
    const { name } = this.#stage.scenario.services[split.service];
    expectSame({ what: `The price of ${name}`, model: amount, chain: quote.uint("net") });
    const { id: splitId } = this.#registries.splitOf(split);
    expectSame({ what: `The split of ${name}`, model: splitId, chain: quote.text("splitId") });
  }

  async pay(step: PaymentStep): Promise<void> {
    const { id: splitId } = this.#registries.splitOf(step.split);
    switch (step.rail) {
      case "wallet":
        await this.#payWallet(step, splitId);
        break;
      case "balance":
        await this.#payBalance(step, splitId);
        break;
      case "signed":
        await this.#paySigned(step, splitId);
        break;
      case "transfer":
        // What was transferred is booked once it is swept.
        await this.#transfer(step, splitId);
        return;
      case "job":
        await this.#payJob(step, splitId);
        break;
      case "vouchers":
        throw new Error("Vouchers are settled together.");
    }
    this.#stage.books.pay(splitId, step.amount);
  }

  /** Puts money into the ledger as a balance. */
  async deposit({ person, amount }: StepOf<"deposit">): Promise<void> {
    await this.#stage.funds.provide(person, "ledger");
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(person),
      operation: "deposit",
      contract: "ledger",
      name: "deposit",
      args: () => [this.#stage.accountOf(person), amount],
    });
    const chain = this.#stage.contracts.event("ledger", "Deposited", mined).uint("amount");
    expectSame({ what: `The deposit of ${this.#stage.nameOf(person)}`, model: amount, chain });
  }

  /** Brings what was transferred to a split's address into the ledger. */
  async sweep({ split, amount }: StepOf<"sweep">): Promise<void> {
    const { id: splitId } = this.#registries.splitOf(split);
    const mined = await this.#stage.send({
      from: this.#stage.wallets.bank,
      operation: "sweep",
      contract: "splitAddresses",
      name: "sweep",
      args: () => [splitId],
    });
    const chain = this.#stage.contracts.event("splitAddresses", "Swept", mined).uint("amount");
    expectSame({ what: `What was transferred to ${this.#nameOf(split)}`, model: amount, chain });
    this.#stage.books.pay(splitId, amount);
  }

  // ---------------------------------------------------------------- rails

  /** The registry quotes, and splits price and fixed fee itself. */
  async #payWallet(step: PaymentStep, splitId: string): Promise<void> {
    const { payer, split, tokensIn, tokensOut, calls, amount, fee } = step;
    const mined = await this.#charge(step, "services", {
      operation: "pay: wallet",
      contract: "services",
      name: "pay",
      args: () => [this.#registries.serviceId(split.service), tokensIn, tokensOut, calls, memoOf(step), amount + fee],
    });
    const event = this.#stage.contracts.event("services", "ServicePaid", mined);
    const who = this.#stage.nameOf(payer);
    expectSame({ what: `What ${who} pays for ${this.#nameOf(split)}`, model: amount, chain: event.uint("net") });
    expectSame({ what: `The fixed fee that ${who} pays`, model: fee, chain: event.uint("platformFee") });
    this.#expectPaid({ step, mined, event: "Paid", splitId });
    if (fee > 0n) this.#stage.books.pay(this.#registries.platformSplit(split.policy).id, fee);
  }

  async #payBalance(step: PaymentStep, splitId: string): Promise<void> {
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(step.payer),
      operation: step.byAgent ? "pay: agent's balance" : "pay: balance",
      contract: "ledger",
      name: "payFromBalance",
      args: () => [0n, splitId, step.amount, step.calls, memoOf(step)],
    });
    this.#expectPaid({ step, mined, event: "PaidFromBalance", splitId });
  }

  /** The payer signs, somebody else sends it and pays the gas. */
  async #paySigned(step: PaymentStep, splitId: string): Promise<void> {
    const { payer, amount } = step;
    await this.#stage.funds.provide(payer, "none");
    const signer = this.#stage.walletOf(payer);
    const payment = { splitId, amount, calls: BigInt(step.calls), memo: memoOf(step) };
    const mined = await this.#stage.send({
      from: this.#stage.wallets.bank,
      operation: "pay: signed",
      contract: "ledger",
      name: "payWithAuthorization",
      args: async () => [
        signer.address,
        payment,
        await signAuthorization({
          token: await this.#tokenDomain(),
          signer,
          to: this.#stage.contracts.addresses.ledger,
          amount,
          nonce: (salt) => paymentNonce(payment, salt),
          validBefore: FAR_FUTURE,
          salt: payment.memo,
        }),
      ],
    });
    this.#expectPaid({ step, mined, event: "Paid", splitId });
  }

  async #transfer(step: PaymentStep, splitId: string): Promise<void> {
    const mined = await this.#charge(step, "none", {
      operation: "pay: transfer",
      contract: "token",
      name: "transfer",
      args: async () => [await this.#addressOf(splitId), step.amount],
    });
    const chain = this.#stage.contracts.event("token", "Transfer", mined).uint("value");
    expectSame({ what: `What ${this.#stage.nameOf(step.payer)} transfers`, model: step.amount, chain });
  }

  /** The client puts the price aside, the operator delivers, the split is paid. */
  async #payJob(step: PaymentStep, splitId: string): Promise<void> {
    const { contracts, scenario, sender } = this.#stage;
    const provider = this.#stage.operatorWallet(scenario.services[step.split.service].operator);
    const client = this.#stage.walletOf(step.payer);
    const memo = memoOf(step);
    const funded = await this.#charge(step, "jobs", {
      operation: "job: request",
      contract: "jobs",
      name: "fund",
      args: async () => [
        {
          client: client.address,
          provider: provider.address,
          evaluator: ZeroAddress,
          splitId,
          budget: step.amount,
          expiredAt: (await sender.node.time()) + JOB_SECONDS,
          acceptanceSeconds: 0,
          evaluationSeconds: 0,
          description: memo,
          salt: memo,
        },
      ],
    });
    const job = contracts.event("jobs", "JobFunded", funded).struct("job");
    const mined = await this.#stage.send({
      from: provider,
      operation: "job: deliver",
      contract: "jobs",
      name: "submit",
      args: () => [
        {
          client: job.text("client"),
          provider: job.text("provider"),
          evaluator: job.text("evaluator"),
          splitId: job.text("splitId"),
          budget: job.uint("budget"),
          expiredAt: job.uint("expiredAt"),
          acceptanceSeconds: job.uint("acceptanceSeconds"),
          evaluationSeconds: job.uint("evaluationSeconds"),
          description: job.text("description"),
          salt: job.text("salt"),
        },
        id("delivered"),
        memo,
      ],
    });
    this.#expectPaid({ step, mined, event: "PaidFromBalance", splitId });
  }

  // ---------------------------------------------------------------- internals

  /** Has a payer send what takes tokens out of its wallet. */
  async #charge(
    { payer }: PaymentStep,
    spender: "services" | "jobs" | "none",
    transaction: {
      operation: string;
      contract: ContractName;
      name: string;
      args: () => unknown[] | Promise<unknown[]>;
    },
  ): Promise<Mined> {
    await this.#stage.funds.provide(payer, spender);
    return this.#stage.send({ from: this.#stage.walletOf(payer), ...transaction });
  }

  #expectPaid({
    step,
    mined,
    event,
    splitId,
  }: {
    step: PaymentStep;
    mined: Mined;
    event: "Paid" | "PaidFromBalance";
    splitId: string;
  }): void {
    const paid = this.#stage.contracts
      .events("ledger", event, mined)
      .filter((args) => args.text("splitId") === splitId);
    const chain = paid.reduce((sum, args) => sum + args.uint("amount"), 0n);
    expectSame({ what: `What ${this.#nameOf(step.split)} is paid`, model: step.amount, chain });
  }

  async #tokenDomain(): Promise<TypedDataDomain> {
    const { contracts } = this.#stage;
    this.#domain ??= await domainOf({
      eip712Domain: async () => {
        const domain = await contracts.read("token", "eip712Domain");
        return {
          name: domain.text("name"),
          version: domain.text("version"),
          chainId: domain.uint("chainId"),
          verifyingContract: domain.text("verifyingContract"),
        };
      },
    });
    return this.#domain;
  }

  async #addressOf(splitId: string): Promise<string> {
    const { contracts } = this.#stage;
    this.#implementation ??= await contracts.readText("splitAddresses", "implementation");
    return splitAddressOf({
      splitId,
      splitAddresses: contracts.addresses.splitAddresses,
      implementation: this.#implementation,
    });
  }

  #nameOf({ service }: ServiceSplit): string {
    return this.#stage.scenario.services[service].name;
  }
}

/** Tells payments apart. */
function memoOf({ number }: PaymentStep): string {
  return id(`payment ${number}`);
}
