import { LEDGER_EVENTS } from "../../sdk/ledgerEvents.ts";
import { EventArgs } from "../../sdk/eventArgs.ts";
import type { NodeLog } from "./node.ts";

/**
 * What went into accounts of the ledger and out of them, other than from splits, by the run's own transactions. Of the
 * treasury, which others pay as well, what this run brought it.
 */
export class FlowLog {
  readonly #ledger: string;
  readonly #treasury: string;
  readonly #net = new Map<string, bigint>();
  readonly #paid = new Map<string, bigint>();
  #toTreasury = 0n;

  constructor({ ledger, treasury }: { ledger: string; treasury: string }) {
    this.#ledger = ledger.toLowerCase();
    this.#treasury = treasury;
  }

  /** What shares of the treasury were released to it. */
  get toTreasury(): bigint {
    return this.#toTreasury;
  }

  /** What wallets paid a split. */
  paidTo(splitId: string): bigint {
    return this.#paid.get(splitId) ?? 0n;
  }

  /** What an account was given, less what was taken out. */
  netOf(account: string): bigint {
    return this.#net.get(account) ?? 0n;
  }

  read(logs: readonly NodeLog[]): void {
    for (const log of logs) {
      if (log.address.toLowerCase() !== this.#ledger || !COUNTED.has(log.topics[0])) continue;
      const parsed = LEDGER_EVENTS.parseLog(log);
      if (parsed === null) continue;
      const args = new EventArgs(parsed.args);
      const amount = args.uint("amount");
      switch (parsed.name) {
        case "Paid":
          add(this.#paid, args.text("splitId"), amount);
          break;
        case "Credited":
          if (args.text("account") === this.#treasury) this.#toTreasury += amount;
          break;
        case "Deposited":
          add(this.#net, args.text("account"), amount);
          break;
        case "Withdrawn":
          add(this.#net, args.text("account"), -amount);
          break;
        case "PaidFromBalance":
          add(this.#net, args.text("payer"), -amount);
          break;
        case "BalanceTransferred":
          add(this.#net, args.text("from"), -amount);
          add(this.#net, args.text("to"), amount);
      }
    }
  }
}

function add(sums: Map<string, bigint>, key: string, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}

const COUNTED = new Set(
  ["Paid", "Credited", "Deposited", "Withdrawn", "PaidFromBalance", "BalanceTransferred"].map(
    (name) => LEDGER_EVENTS.getEvent(name)?.topicHash ?? "",
  ),
);
