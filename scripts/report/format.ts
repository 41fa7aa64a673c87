const UNITS_PER_OPEN = 10n ** 18n;

/** An integer with thousands separated. */
export function formatInteger(value: bigint | number): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** An amount of OPEN, rounded down to so many decimals. */
export function formatOpen(amount: bigint, decimals = 4): string {
  const scaled = amount / 10n ** BigInt(18 - decimals);
  const whole = formatInteger(amount / UNITS_PER_OPEN);
  if (decimals === 0) return whole;
  return `${whole}.${(scaled % 10n ** BigInt(decimals)).toString().padStart(decimals, "0")}`;
}

/** A part of a whole in percent. */
export function formatPercent(part: bigint, whole: bigint): string {
  if (whole === 0n) return "-";
  const permille = (part * 1000n + whole / 2n) / whole;
  return `${permille / 10n}.${permille % 10n} %`;
}

/** OPEN as a number, for pictures only. */
export function openAsNumber(amount: bigint): number {
  return Number(amount / 10n ** 9n) / 1e9;
}
