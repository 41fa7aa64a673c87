import { walletAccount } from "../../sdk/account.ts";
import { toHex, writeUint } from "../../sdk/bytes.ts";
import { keccak256 } from "../../sdk/keccak.ts";
import { ContributionLog } from "../../sdk/log.ts";
import type { Share } from "../../sdk/share.ts";
import { ShareKind } from "../../sdk/share.ts";
import type { Contributed } from "./contributions.ts";
import { contribute, sharesOf } from "./contributions.ts";

const MILLION = 1_000_000;
const LARGE_SIZE = 2 ** 20;

/** Versions of the large log: of a million contributions, of all of 2^20 but the last batch, and of 2^20. */
export const VERSION = { million: 1, beforeLastBatch: 2, whole: 3 };

/** Where the share of the one contributor stands that somebody has the key of. */
export const CONTRIBUTOR_INDEX = 0x5a5a5;

/** The last batch of the large log. */
export function lastBatch(): Contributed[] {
  return contribute({ name: "last batch" });
}

/** A log of 2^20 contributions with the versions above. All but the last batch are of strangers. */
export function buildLargeLog(contributor: { address: string }): ContributionLog {
  const batch = sharesOf(lastBatch());
  const log = new ContributionLog();
  log.append(strangersAround({ contributor, from: 0, to: MILLION }));
  log.append(strangersAround({ contributor, from: MILLION, to: LARGE_SIZE - batch.length }));
  log.append(batch);
  return log;
}

function* strangersAround({
  contributor,
  from,
  to,
}: {
  contributor: { address: string };
  from: number;
  to: number;
}): Generator<Share> {
  const own = walletAccount(contributor.address);
  const seed = new Uint8Array(8);
  for (let index = from; index < to; index++) {
    writeUint(seed, 0, BigInt(index), seed.length, "An index");
    const hash = keccak256(seed);
    const evidence = toHex(hash);
    // An address is the first 20 bytes.
    const recipient = index === CONTRIBUTOR_INDEX ? own : `0x${"00".repeat(12)}${evidence.slice(2, 42)}`;
    yield { kind: ShareKind.Account, recipient, units: BigInt(1 + (hash[0] << 8) + hash[1]), evidence };
  }
}
