import { walletAccount } from "../../sdk/account.ts";
import { toHex, writeUint } from "../../sdk/bytes.ts";
import { keccak256 } from "../../sdk/keccak.ts";
import { ContributionLog } from "../../sdk/log.ts";
import type { Share } from "../../sdk/share.ts";
import { ShareKind } from "../../sdk/share.ts";

export const MILLION = 1_000_000;

/** Size the log grows to, with one batch more. */
export const LARGE_SIZE = 2 ** 20;

export const BATCH_SIZE = 100;

/** Where the share of the one contributor stands that somebody has the key of. */
export const CONTRIBUTOR_INDEX = 0x5a5a5;

/** A log with two versions: of a million contributions, and of all but one batch of 2^20. */
export function buildLargeLog(contributor: { address: string }): ContributionLog {
  const log = new ContributionLog();
  log.append(contributions({ from: 0, to: MILLION, contributor }));
  log.append(contributions({ from: MILLION, to: LARGE_SIZE - BATCH_SIZE, contributor }));
  return log;
}

/** Contributions of strangers, of one to a million units each. */
function* contributions({
  from,
  to,
  contributor,
}: {
  from: number;
  to: number;
  contributor: { address: string };
}): Generator<Share> {
  const seed = new Uint8Array(8);
  for (let index = from; index < to; index++) {
    writeUint(seed, 0, BigInt(index), seed.length, "An index");
    const hash = keccak256(seed);
    const evidence = toHex(hash);
    const recipient =
      index === CONTRIBUTOR_INDEX ? walletAccount(contributor.address) : `0x${"00".repeat(12)}${evidence.slice(2, 42)}`;
    const units = 1 + ((hash[29] << 16) | (hash[30] << 8) | hash[31]) % 1_000_000;
    yield { kind: ShareKind.Account, recipient, units: BigInt(units), evidence };
  }
}
