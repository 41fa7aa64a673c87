import type { Provider } from "ethers";

import { readLogs } from "./chainLogs.ts";
import { decodeLedgerLog } from "./ledgerEvents.ts";

/** What a split was used for in a period. Amounts in the token's smallest unit. */
export interface SplitUsage {
  splitId: string;
  payments: number;
  /** Inferences, as payers stated. */
  calls: bigint;
  /** What payers paid it. */
  paid: bigint;
  /** Releases of its shares to accounts. */
  payouts: number;
  /** What those brought. */
  paidOut: bigint;
  /** Accounts that got something. */
  recipients: Set<string>;
}

/** What happened in a range of blocks. */
export interface UsagePeriod {
  fromBlock: number;
  toBlock: number;
  splits: Map<string, SplitUsage>;
}

/**
 * How much every split was used, period by period, from the ledger's events alone.
 *
 * @param ledger Address of the AttributionLedger.
 * @param blocksPerPeriod One period for all if left out.
 */
export async function readUsage({
  provider,
  ledger,
  fromBlock,
  toBlock,
  blocksPerPeriod = Math.max(toBlock - fromBlock + 1, 1),
}: {
  provider: Provider;
  ledger: string;
  fromBlock: number;
  toBlock: number;
  blocksPerPeriod?: number;
}): Promise<UsagePeriod[]> {
  if (blocksPerPeriod < 1) throw new RangeError("A period has at least one block.");
  const periods: UsagePeriod[] = [];
  for (let start = fromBlock; start <= toBlock; start += blocksPerPeriod) {
    periods.push({
      fromBlock: start,
      toBlock: Math.min(start + blocksPerPeriod - 1, toBlock),
      splits: new Map<string, SplitUsage>(),
    });
  }
  for await (const logs of readLogs({ provider, addresses: [ledger], fromBlock, toBlock })) {
    for (const log of logs) {
      const event = decodeLedgerLog(log);
      if (event === undefined) continue;
      const { splits } = periods[Math.floor((event.blockNumber - fromBlock) / blocksPerPeriod)];
      if (event.name === "Paid" || event.name === "PaidFromBalance") {
        const usage = usageOf(splits, event.splitId);
        usage.payments += 1;
        usage.calls += event.calls;
        usage.paid += event.amount;
      } else if (event.name === "Credited") {
        const usage = usageOf(splits, event.splitId);
        usage.payouts += 1;
        usage.paidOut += event.amount;
        usage.recipients.add(event.account);
      }
    }
  }
  return periods;
}

function usageOf(splits: Map<string, SplitUsage>, splitId: string): SplitUsage {
  const known = splits.get(splitId);
  if (known !== undefined) return known;
  const usage = {
    splitId,
    payments: 0,
    calls: 0n,
    paid: 0n,
    payouts: 0,
    paidOut: 0n,
    recipients: new Set<string>(),
  };
  splits.set(splitId, usage);
  return usage;
}
