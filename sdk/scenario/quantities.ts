import { OPEN } from "./limits.ts";
import type { Range } from "./scenario.ts";

/** A quantity that was read, or what is wrong with it. */
export type Quantity<T> = { value: T } | { problem: string };

/** An amount of OPEN in its smallest unit, from how it is written: `200`, `0.5`, `3 OPEN`. */
export function readAmount(written: string): Quantity<bigint> {
  return readDecimal({ written: written.replace(/ OPEN$/, ""), decimals: 18, what: "OPEN" });
}

/** A decimal number times `10^decimals`. */
export function readDecimal({
  written,
  decimals,
  what,
}: {
  written: string;
  decimals: number;
  what: string;
}): Quantity<bigint> {
  const match = /^([0-9]{1,40})(?:\.([0-9]+))?$/.exec(written);
  if (match === null) return { problem: `"${written}" is no number of ${what}; write digits, such as \`12.5\`.` };
  const [, whole, decimalPart] = match as readonly (string | undefined)[];
  const fraction = (decimalPart ?? "").replace(/0+$/, "");
  if (fraction.length > decimals) {
    return {
      problem: `${written} has ${fraction.length} decimals; ${what} ${decimals === 0 ? "has none" : `has ${decimals} at most`}.`,
    };
  }
  return { value: BigInt((whole ?? "") + fraction.padEnd(decimals, "0")) };
}

/** Basis points from `2.5 %`. A minus makes them fewer. */
export function readPart(written: string): number {
  const isLess = written.startsWith("-");
  const [whole, fraction = ""] = written.replace(/[-% ]/g, "").split(".");
  const bps = Number(whole) * 100 + Number(fraction.padEnd(2, "0"));
  return isLess ? -bps : bps;
}

/** A number, or a range such as `1..3`, both ends included. */
export function readRange(written: string): Quantity<Range> {
  const [least, most = least] = written.split("..").map((end) => Number(end.trim()));
  if (least > most) return { problem: `The range ${written} is the wrong way round; write \`${most}..${least}\`.` };
  return { value: { least, most } };
}

const SECONDS: Record<string, number> = { hour: 3_600, day: 86_400, week: 604_800 };

/** Seconds from `12 hours`. */
export function readDuration(written: string): number {
  const [count, unit] = written.split(" ");
  return Number(count) * SECONDS[unit.replace(/s$/, "")];
}

const WEI_DECIMALS: Record<string, number> = { ether: 18, gwei: 9, wei: 0 };

/** Wei from `0.02 gwei`. */
export function readWei(written: string): Quantity<bigint> {
  const [number, unit] = written.split(" ");
  return readDecimal({ written: number, decimals: WEI_DECIMALS[unit], what: unit });
}

/** An amount as people write it. */
export function writeOpen(amount: bigint): string {
  const whole = (amount / OPEN).toLocaleString("en");
  const fraction = (amount % OPEN).toString().padStart(18, "0").replace(/0+$/, "");
  return `${whole}${fraction === "" ? "" : `.${fraction}`} OPEN`;
}

/** Basis points as people write them. */
export function writePart(bps: number): string {
  return `${bps / 100} %`;
}
