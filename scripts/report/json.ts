/** As JSON, with amounts as decimal strings. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value, (_, each: unknown) => (typeof each === "bigint" ? each.toString() : each), 2);
  return `${json}\n`;
}
