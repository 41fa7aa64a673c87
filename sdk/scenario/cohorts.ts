import type { Health } from "./result.ts";

/** Who of many was there and was paid, at a byte for each person and period. */
export interface Payroll {
  /** The period of everybody's first contribution; negative for those who have none. */
  joined: Int32Array;
  /** For each period, 1 for those who were paid for contributions in it. */
  paid: readonly Uint8Array[];
}

const MILLION = 1_000_000;

/** Contributors by the period of their first contribution: how many they are, and how many were paid in each period since. */
export function cohortsOf({ joined, paid }: Payroll): Health["cohorts"] {
  const periods = paid.length;
  const members = new Uint32Array(periods);
  for (const period of joined) if (period >= 0) members[period]++;
  const counts = paid.map((row) => {
    const count = new Uint32Array(periods);
    joined.forEach((period, person) => {
      if (period >= 0 && row[person] === 1) count[period]++;
    });
    return count;
  });
  return Array.from(members, (count, period) => ({
    joined: period,
    members: count,
    paid: counts.slice(period).map((row) => row[period]),
  })).filter((cohort) => cohort.members > 0);
}

/**
 * Of the contributors that were paid in the first half's periods (the middle one is among them), the part that was also paid in the
 * last, in millionths and rounded down; 0 if there are none.
 */
export function retentionOf({ joined, paid }: Payroll): number {
  const firstHalf = paid.slice(0, Math.ceil(paid.length / 2));
  const last = paid.at(-1);
  let early = 0;
  let stayed = 0;
  joined.forEach((period, person) => {
    if (period < 0 || !firstHalf.some((row) => row[person] === 1)) return;
    early++;
    if (last?.[person] === 1) stayed++;
  });
  return early === 0 ? 0 : Math.floor((stayed * MILLION) / early);
}
