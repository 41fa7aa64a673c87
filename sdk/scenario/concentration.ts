/** How unequally something is shared out. Parts in millionths. */
export interface Concentration {
  gini: number;
  hhi: number;
  nakamoto: number;
}

const MILLION = 1_000_000n;

/** All three, for the price of one. */
export function concentrationOf(amounts: readonly bigint[]): Concentration {
  const sorted = sortAmounts(amounts);
  const total = sum(sorted);
  if (total === 0n) return { gini: 0, hhi: 0, nakamoto: 0 };
  return { gini: giniOf(sorted, total), hhi: hhiOf(sorted, total), nakamoto: nakamotoOf(sorted, total) };
}

/**
 * Gini coefficient, rounded down: half the mean difference between any two amounts, as a part of the mean amount.
 *
 * 0 if all amounts are equal, and if there is nothing; (n - 1) / n, which comes close to a million millionths, if one of n has all.
 * After C. Gini, "Variabilità e mutabilità" (1912), computed from the ranks of the sorted amounts as usual.
 *
 * @throws RangeError about a negative amount.
 */
export function gini(amounts: readonly bigint[]): number {
  return concentrationOf(amounts).gini;
}

/**
 * Herfindahl-Hirschman index, rounded down: the sum of the squares of everybody's part.
 *
 * A million millionths if one has all, a million / n if n have the same, 0 if there is nothing. Competition authorities, who write it
 * in ten-thousandths, call markets above 180,000 millionths highly concentrated. After A. O. Hirschman, "The Paternity of an Index"
 * (American Economic Review 54, 1964); US DOJ and FTC, Merger Guidelines (2023), § 2.1.
 *
 * @throws RangeError about a negative amount.
 */
export function hhi(amounts: readonly bigint[]): number {
  return concentrationOf(amounts).hhi;
}

/**
 * Nakamoto coefficient: the least number of amounts that make up more than half of all. 0 if there is nothing.
 *
 * After B. S. Srinivasan and L. Lee, "Quantifying Decentralization" (2017).
 *
 * @throws RangeError about a negative amount.
 */
export function nakamoto(amounts: readonly bigint[]): number {
  return concentrationOf(amounts).nakamoto;
}

/**
 * Lorenz curve: what part of all the poorest have together, after each of so many equal steps from none of them to all.
 *
 * After M. O. Lorenz, "Methods of Measuring the Concentration of Wealth" (1905).
 *
 * @returns Points from (0, 0) to (a million, a million) in millionths, at most `steps` + 1 of them; none if there is nothing.
 * @throws RangeError about a negative amount.
 */
export function lorenzCurve(amounts: readonly bigint[], steps: number): { people: number; part: number }[] {
  const sorted = sortAmounts(amounts);
  const total = sum(sorted);
  if (total === 0n) return [];
  const size = sorted.length;
  const points = Math.min(steps, size);
  const curve = [{ people: 0, part: 0 }];
  let counted = 0;
  let poorest = 0n;
  for (let point = 1; point <= points; point++) {
    for (const end = Math.floor((size * point) / points); counted < end; counted++) poorest += sorted[counted];
    curve.push({
      people: Math.floor((counted * Number(MILLION)) / size),
      part: Number((poorest * MILLION) / total),
    });
  }
  return curve;
}

function giniOf(sorted: readonly bigint[], total: bigint): number {
  const size = BigInt(sorted.length);
  let rank = 1n - size;
  let weighted = 0n;
  for (const amount of sorted) {
    weighted += rank * amount;
    rank += 2n;
  }
  return Number((weighted * MILLION) / (size * total));
}

function hhiOf(sorted: readonly bigint[], total: bigint): number {
  const squares = sorted.reduce((squared, amount) => squared + amount * amount, 0n);
  return Number((squares * MILLION) / (total * total));
}

function nakamotoOf(sorted: readonly bigint[], total: bigint): number {
  let together = 0n;
  for (let count = 1; ; count++) {
    together += sorted[sorted.length - count];
    if (2n * together > total) return count;
  }
}

function sortAmounts(amounts: readonly bigint[]): bigint[] {
  const sorted = amounts.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  if (sorted.length > 0 && sorted[0] < 0n) throw new RangeError(`Nobody earns less than nothing: ${sorted[0]}.`);
  return sorted;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
