import type { Receipt, ReceiptsDomain } from "../receipt.ts";
import { receiptDigest } from "../receipt.ts";
import type { SettledCall } from "./buildReport.ts";
import { DamagedDataError, type PublishedData } from "./dataStore.ts";
import type { KeptSettlement } from "./reportsContract.ts";

/**
 * The calls of settlements that can be reported: those whose receipts and outputs are there and fit what was settled. Tells
 * of the others why not, and whether data may still come in for some.
 */
export async function collectCalls({
  settlements,
  data,
  say,
  ...domain
}: ReceiptsDomain & {
  settlements: readonly KeptSettlement[];
  data: PublishedData;
  say: (line: string) => void;
}): Promise<{ calls: SettledCall[]; isComplete: boolean }> {
  let isComplete = true;
  const calls = new Map<string, SettledCall>();
  for (const settlement of settlements) {
    const { memo, amount } = settlement;
    const found = await orUndefined(() => data.receipts(memo), say);
    if (found === undefined) {
      isComplete = false;
      say(`Settlement ${memo} is left out: its receipts are not there (receipts/${memo}).`);
      continue;
    }
    const { receipts, tree } = found;
    if (tree.total !== amount) {
      say(`Settlement ${memo} is left out: its receipts come to ${tree.total}, but ${amount} was settled.`);
      continue;
    }
    for (const [place, receipt] of receipts.entries()) {
      const digest = receiptDigest({ ...domain, receipt });
      const reason = calls.has(digest) ? "it was settled before" : strangenessOf(receipt, settlement);
      const output = reason === undefined ? await orUndefined(() => data.output(receipt.outputRoot), say) : undefined;
      if (reason !== undefined || output === undefined) {
        isComplete &&= reason !== undefined;
        const missing = `its output is not there (outputs/${receipt.outputRoot})`;
        say(`Call ${receipt.callId} is left out: ${reason ?? missing}.`);
        continue;
      }
      calls.set(digest, { receipt, output, settlement: { memo, settled: amount, receipts: receipts.length, place } });
    }
  }
  return { calls: [...calls.values()], isComplete };
}

function strangenessOf({ executor, splitId }: Receipt, settlement: KeptSettlement): string | undefined {
  if (executor !== settlement.operator) return `it was executed by ${executor}, and settled by ${settlement.operator}`;
  return splitId === settlement.splitId ? undefined : `its payment goes to ${splitId}, and it was settled for another`;
}

/** What is damaged is told of, and not used. */
export async function orUndefined<Value>(
  read: () => Promise<Value | undefined>,
  say: (line: string) => void,
): Promise<Value | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DamagedDataError)) throw error;
    say(error.message);
    return undefined;
  }
}
