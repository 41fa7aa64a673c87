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

/** An amount of OPEN with as many decimals as tell something. */
export function formatShort(amount: bigint): string {
  return formatOpen(amount, amount === 0n || amount >= UNITS_PER_OPEN ? 1 : 4);
}

/** An amount of OPEN, exactly and without separators, as other programs read it. */
export function formatExact(amount: bigint): string {
  const sign = amount < 0n ? "-" : "";
  const units = (amount < 0n ? -amount : amount).toString().padStart(19, "0");
  const decimals = units.slice(-18).replace(/0+$/, "");
  return `${sign}${units.slice(0, -18)}${decimals === "" ? "" : `.${decimals}`}`;
}

/** A part of a whole in percent. */
export function formatPercent(part: bigint, whole: bigint): string {
  if (whole === 0n) return "-";
  const permille = (part * 1000n + whole / 2n) / whole;
  return `${permille / 10n}.${permille % 10n} %`;
}

/** A part in millionths as percent, with more decimals if it is small. */
export function formatPart(millionths: number): string {
  const decimals = millionths === 0 || millionths >= 10_000 ? 1 : 4;
  return `${(millionths / 10_000).toFixed(decimals)} %`;
}

/** A coefficient in millionths, between 0 and 1. */
export function formatCoefficient(millionths: number): string {
  return (millionths / 1_000_000).toFixed(4);
}

const DURATIONS: [string, number][] = [
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];

/** A time in the largest unit that there is at least one of, weeks only if they are whole. */
export function formatDuration(seconds: number): string {
  const [unit, length] =
    DURATIONS.find(([name, each]) => seconds >= each && (name !== "week" || seconds % each === 0)) ??
    DURATIONS[DURATIONS.length - 1];
  const count = (seconds / length).toFixed(1).replace(/\.0$/, "");
  return `${count} ${unit}${count === "1" ? "" : "s"}`;
}

/** How many of something there are. */
export function formatCount(count: number, singular: string): string {
  return `${formatInteger(count)} ${singular}${count === 1 ? "" : "s"}`;
}

/** OPEN as a number, for pictures only. */
export function openAsNumber(amount: bigint): number {
  return Number(amount / 10n ** 9n) / 1e9;
}
