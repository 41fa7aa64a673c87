import type { PersonIndex } from "../../sdk/scenario/scenario.ts";
import type { Contracts } from "./stage.ts";
import type { Plan, Spender } from "./plan.ts";
import type { Sender } from "./sender.ts";
import type { Wallets } from "./wallets.ts";

/** Brings people the tokens that they will spend, when they first spend any. */
export class Funds {
  readonly #plan: Plan;
  readonly #sender: Sender;
  readonly #wallets: Wallets;
  readonly #contracts: Contracts;
  readonly #nameOf: (person: PersonIndex) => string;
  readonly #funded = new Set<PersonIndex>();
  readonly #approved = new Set<string>();

  constructor(fields: {
    plan: Plan;
    sender: Sender;
    wallets: Wallets;
    contracts: Contracts;
    nameOf: (person: PersonIndex) => string;
  }) {
    this.#plan = fields.plan;
    this.#sender = fields.sender;
    this.#wallets = fields.wallets;
    this.#contracts = fields.contracts;
    this.#nameOf = fields.nameOf;
  }

  /** Sees to it that a person has all that it will spend in this run, and that the spender may take its part of that. */
  async provide(person: PersonIndex, spender: Spender): Promise<void> {
    const needs = this.#plan.needsOf(person);
    const wallet = this.#wallets.of(this.#nameOf(person));
    if (!this.#funded.has(person)) {
      let amount = 0n;
      for (const need of needs.values()) amount += need;
      await this.#sender.send({
        from: this.#wallets.bank,
        operation: "fund a wallet",
        call: () => this.#contracts.call("token", "transfer", [wallet.address, amount]),
      });
      this.#funded.add(person);
    }
    const key = `${person} ${spender}`;
    if (spender === "none" || this.#approved.has(key)) return;
    const amount = needs.get(spender) ?? 0n;
    await this.#sender.send({
      from: wallet,
      operation: "approve",
      call: () => this.#contracts.call("token", "approve", [this.#contracts.addresses[spender], amount]),
    });
    this.#approved.add(key);
  }
}
