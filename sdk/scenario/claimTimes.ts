import type { AccountIndex } from "./economy.ts";

/**
 * How long money takes from a payment to the claim of what it brought. What somebody earns in a period was paid at the mean time of
 * the period's payments, weighted by amount; it is claimed at the end of a period. A claim takes everything, so one number per account
 * is enough: amounts times the seconds at which they were paid, summed up since its last claim.
 */
export class ClaimTimes {
  readonly #periodSeconds: number;
  readonly #waiting: bigint[];
  #paid = 0n;
  #paidTimesAt = 0n;
  /** Mean time of this period's payments, in seconds since the run began. */
  #paidAt = 0n;
  #claimed = 0n;
  #claimedTimesSeconds = 0n;

  constructor({ accounts, periodSeconds }: { accounts: number; periodSeconds: number }) {
    this.#periodSeconds = periodSeconds;
    this.#waiting = new Array<bigint>(accounts).fill(0n);
  }

  pay(amount: bigint, at: number): void {
    this.#paid += amount;
    this.#paidTimesAt += amount * BigInt(at);
  }

  /** All payments of a period have been made. */
  endPayments(period: number): void {
    this.#paidAt = this.#paid === 0n ? BigInt(period * this.#periodSeconds) : this.#paidTimesAt / this.#paid;
    [this.#paid, this.#paidTimesAt] = [0n, 0n];
  }

  /** What somebody has earned by this period's payments. */
  earn(account: AccountIndex, amount: bigint): void {
    this.#waiting[account] += amount * this.#paidAt;
  }

  claim(account: AccountIndex, { amount, period }: { amount: bigint; period: number }): void {
    this.#claimed += amount;
    this.#claimedTimesSeconds += amount * BigInt((period + 1) * this.#periodSeconds) - this.#waiting[account];
    this.#waiting[account] = 0n;
  }

  /** Weighted by amount and rounded down; undefined if nobody claimed anything. */
  meanSeconds(): number | undefined {
    return this.#claimed === 0n ? undefined : Number(this.#claimedTimesSeconds / this.#claimed);
  }
}
