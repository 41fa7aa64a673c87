import { DamagedDataError } from "../attribution/dataStore.ts";
import type { KnownPot, ReportsChain } from "../attribution/reportsContract.ts";
import { MissingDataError } from "./potTexts.ts";

/**
 * Does something for each pot, or for those of given numbers. Anybody can create pots: one that makes trouble keeps nobody
 * from the others.
 *
 * @throws what the last one threw that did not lack data; that is said.
 */
export async function eachPot(
  { chain, pots, say }: { chain: ReportsChain; pots: readonly bigint[] | undefined; say: (line: string) => void },
  act: (known: KnownPot) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  for (const known of chain.pots) {
    if (pots !== undefined && !pots.includes(known.pot.number)) continue;
    try {
      await act(known);
    } catch (error) {
      if (error instanceof MissingDataError || error instanceof DamagedDataError) {
        say(`Pot ${known.pot.number}: ${error.message}`);
      } else failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[failures.length - 1];
}
