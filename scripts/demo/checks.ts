/** @throws Error if the chain does not say what it should. */
export function check(what: string, expected: bigint, found: bigint): void {
  if (expected !== found) throw new Error(`${what}: ${expected} expected, ${found} found`);
}
