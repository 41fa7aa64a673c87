import { LEDGER_EVENTS } from "../../sdk/ledgerEvents.ts";
import { EventArgs } from "../../sdk/eventArgs.ts";
import type { NodeLog } from "./node.ts";

/** What went into accounts of the ledger and out of them, other than from splits. */
export class FlowLog {
  readonly #ledger: string;
  readonly #net = new Map<string, bigint>();

  constructor(ledger: string) {
    this.#ledger = ledger.toLowerCase();
  }

  /** What an account was given, less what was taken out. */
  netOf(account: string): bigint {
    return this.#net.get(account.toLowerCase()) ?? 0n;
  }

  read(logs: readonly NodeLog[]): void {
    for (const log of logs) {
      if (log.address.toLowerCase() !== this.#ledger || !OTHER_THAN_SPLITS.has(log.topics[0])) continue;
      const parsed = LEDGER_EVENTS.parseLog(log);
      if (parsed === null) continue;
      const args = new EventArgs(parsed.args);
      const amount = args.uint("amount");
      switch (parsed.name) {
        case "Deposited":
          this.#add(args.text("account"), amount);
          break;
        case "Withdrawn":
          this.#add(args.text("account"), -amount);
          break;
        case "PaidFromBalance":
          this.#add(args.text("payer"), -amount);
          break;
        case "BalanceTransferred":
          this.#add(args.text("from"), -amount);
          this.#add(args.text("to"), amount);
      }
    }
  }

  #add(account: string, amount: bigint): void {
    const key = account.toLowerCase();
    this.#net.set(key, (this.#net.get(key) ?? 0n) + amount);
  }
}

const OTHER_THAN_SPLITS = new Set(
  ["Deposited", "Withdrawn", "PaidFromBalance", "BalanceTransferred"].map(
    (name) => LEDGER_EVENTS.getEvent(name)?.topicHash ?? "",
  ),
);
