import type { Step } from "../../sdk/scenario/step.ts";
import { expectSame, type Stage } from "./stage.ts";

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** Stake behind operators. */
export class StakeBook {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async stake({ staker, operator, amount }: StepOf<"stake">): Promise<void> {
    await this.#stage.funds.provide(staker, "staking");
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(staker),
      operation: "stake",
      contract: "staking",
      name: "stake",
      args: () => [this.#stage.operatorWallet(operator).address, amount],
    });
    const chain = this.#stage.contracts.event("staking", "Staked", mined).uint("amount");
    expectSame({ what: `What ${this.#stage.nameOf(staker)} stakes`, model: amount, chain });
  }

  async setCommission({ operator, bps }: StepOf<"setCommission">): Promise<void> {
    await this.#stage.send({
      from: this.#stage.operatorWallet(operator),
      operation: "stake: set commission",
      contract: "staking",
      name: "setCommission",
      args: () => [bps],
    });
  }
}
