import type { Step } from "../../sdk/scenario/step.ts";
import { encodeDraws } from "../../sdk/split.ts";
import { expectSame, type Stage } from "./stage.ts";

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** Releases and claims. Nothing of anybody else's is drawn on the way, but for the shares that lead there. */
export class Claims {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** An agent takes what it has earned as a balance. */
  async release({ person, amount }: StepOf<"release">): Promise<void> {
    const account = this.#stage.accountOf(person);
    let chain = 0n;
    for (const { draws } of this.#stage.books.drawFor(account)) {
      const mined = await this.#stage.send({
        from: this.#stage.walletOf(person),
        operation: "release",
        contract: "ledger",
        name: "release",
        args: () => [encodeDraws(draws)],
      });
      for (const event of this.#stage.contracts.events("ledger", "Credited", mined)) {
        if (event.text("account") === account) chain += event.uint("amount");
      }
    }
    expectSame({ what: `What ${this.#stage.nameOf(person)} takes of its earnings`, model: amount, chain });
  }

  /** All that is a person's goes to its wallet. */
  async claim({ person, amount }: StepOf<"claim">): Promise<void> {
    const wallet = this.#stage.walletOf(person);
    const batches = this.#stage.books.drawFor(this.#stage.accountOf(person));
    for (const { draws } of batches.slice(0, -1)) {
      await this.#stage.send({
        from: wallet,
        operation: "release",
        contract: "ledger",
        name: "release",
        args: () => [encodeDraws(draws)],
      });
    }
    const mined = await this.#stage.send({
      from: wallet,
      operation: "claim",
      contract: "ledger",
      name: "claim",
      args: () => [encodeDraws(batches.at(-1)?.draws ?? []), wallet.address],
    });
    const chain = this.#stage.contracts.event("ledger", "Withdrawn", mined).uint("amount");
    expectSame({ what: `What ${this.#stage.nameOf(person)} claims`, model: amount, chain });
  }

  /** Everybody's shares, so that all that is left in splits is dust. */
  async releaseAll(): Promise<void> {
    for (const { draws } of this.#stage.books.drawAll()) {
      await this.#stage.send({
        from: this.#stage.wallets.bank,
        operation: "release: all that is left",
        contract: "ledger",
        name: "release",
        args: () => [encodeDraws(draws)],
      });
    }
  }
}
