import type { TransactionReceipt } from "ethers";

import type { GasRow } from "../report/report.ts";

/** Gas of every transaction, by kind of operation. */
export class GasBook {
  readonly #entries = new Map<string, { gas: bigint[]; items: number }>();

  /**
   * Awaits a transaction and notes its gas.
   *
   * @param items Payments, shares or contributions that it handles.
   */
  async note(operation: string, transaction: Promise<TransactionReceipt>, items = 1): Promise<void> {
    const { gasUsed } = await transaction;
    const entry = this.#entries.get(operation) ?? { gas: [], items: 0 };
    entry.gas.push(gasUsed);
    entry.items += items;
    this.#entries.set(operation, entry);
  }

  /** How many transactions were noted. */
  get transactions(): number {
    return [...this.#entries.values()].reduce((sum, { gas }) => sum + gas.length, 0);
  }

  rows(): GasRow[] {
    return [...this.#entries].map(([operation, { gas, items }]) => {
      const sorted = gas.toSorted((a, b) => (a < b ? -1 : 1));
      return {
        operation,
        transactions: gas.length,
        items,
        least: sorted[0],
        median: sorted[Math.floor(sorted.length / 2)],
        most: sorted[sorted.length - 1],
        total: gas.reduce((sum, used) => sum + used, 0n),
      };
    });
  }
}
