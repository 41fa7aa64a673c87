import type { Payment } from "../../test/reference/bookedLedger.ts";
import type { Random } from "../../test/reference/random.ts";
import { walletAccount } from "../../sdk/account.ts";
import type { RailRow, ServiceRow } from "../report/report.ts";
import { AGENT_BUDGET_TAG, type Market, type Service } from "./market.ts";
import type { Payer, Rail } from "./people.ts";
import type { Setting } from "./setting.ts";
import type { Settlement } from "./settlement.ts";

const OPEN = 10n ** 18n;
const ROUNDS = 6;
const PAYMENTS_PER_ROUND = 400;
const DEPOSIT = 200n * OPEN;
const ALLOWANCE = 10_000n * OPEN;
const MAX_UINT256 = 2n ** 256n - 1n;

const RAIL_NAMES: Record<Rail, string> = {
  approval: "wallet, approved",
  permit: "wallet, permit",
  batch: "wallet, batch",
  balance: "internal balance",
  "balance batch": "internal balance, batch",
  transfer: "plain transfer",
  "signed transfer": "signed transfer",
  registry: "service registry",
  licence: "Datanet licence",
};
const AGENT_RAIL = "agent's budget";

/** Calls that somebody wants to pay for. */
interface Order {
  service: Service;
  calls: bigint;
  tokensIn: bigint;
  tokensOut: bigint;
  amount: bigint;
  fee: bigint;
  memo: string;
}

/** Payers of every kind, round after round, and an agent that spends what it earns. */
export class Traffic {
  readonly #setting: Setting;
  readonly #market: Market;
  readonly #settlement: Settlement;
  readonly #random: Random;
  readonly #rails = new Map<string, { payments: number; calls: bigint; amount: bigint }>();
  readonly #usage = new Map<Service, Omit<ServiceRow, "name" | "operator" | "ratePerThousandIn" | "ratePerThousandOut">>();
  /** Fixed fees that payers of one split at a time have not paid yet. */
  readonly #feesOwed = new Map<Payer, bigint>();
  /** Calls of users for which the agent has not called its tools yet. */
  #agentBacklog = 0n;
  #agentCalls = 0n;
  #agentSpent = 0n;
  #payments = 0;

  constructor({
    setting,
    market,
    settlement,
    random,
  }: {
    setting: Setting;
    market: Market;
    settlement: Settlement;
    random: Random;
  }) {
    this.#setting = setting;
    this.#market = market;
    this.#settlement = settlement;
    this.#random = random;
  }

  /** Payments made so far. A sweep is none: the transfers it moves are. */
  get payments(): number {
    return this.#payments;
  }

  get agent(): { calls: bigint; spent: bigint } {
    return { calls: this.#agentCalls, spent: this.#agentSpent };
  }

  railRows(): RailRow[] {
    return [...this.#rails].map(([name, totals]) => ({ name, ...totals }));
  }

  serviceRows(): ServiceRow[] {
    return this.#market.services.map((service) => ({
      name: service.name,
      operator: service.operator.name,
      ratePerThousandIn: service.rateIn,
      ratePerThousandOut: service.rateOut,
      ...(this.#usage.get(service) ?? { payments: 0, calls: 0n, tokensIn: 0n, tokensOut: 0n, amount: 0n }),
    }));
  }

  /** @param onProgress Told how many payments have been made, of how many that are certain. */
  async run(onProgress: (payments: number, planned: number) => void): Promise<void> {
    await this.#prepare();
    for (let round = 1; round <= ROUNDS; round++) {
      while (this.#payments < (round - 1) * PAYMENTS_PER_ROUND) {
        await this.#act(this.#random.pick(this.#setting.people.payers));
        onProgress(this.#payments, ROUNDS * PAYMENTS_PER_ROUND);
      }
    }
  }
}
