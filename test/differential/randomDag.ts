import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";
import type { Random } from "../reference/random.ts";
import type { ReferenceShare } from "../reference/referenceModel.ts";

const MAX_UNITS = 2n ** 128n - 1n;

/** Largest units of a share, by kind of split. */
const UNIT_SCALES = [1n, 3n, 10_000n, 10n ** 18n, 2n ** 115n];

/** Splits whose shares point to accounts and to each other, children before parents. */
export interface RandomDag {
  splits: Split[];
  /** Every account that a share names, and that a test may use for balances. */
  accounts: string[];
}

/**
 * Draws a DAG of splits. Every level holds a split that points to the level below, so that its depth is `depth`; the
 * other shares point to wallets, sub-accounts and splits of any lower level, so that ancestors are shared.
 */
export function drawDag({ random, depth, wallets }: { random: Random; depth: number; wallets: string[] }): RandomDag {
  const accounts = [
    ...wallets.map(walletAccount),
    ...wallets
      .filter(() => random.chance(0.2))
      .map((address) => encodeAccount({ address, tag: random.bigint(1n, random.chance(0.5) ? 3n : 2n ** 96n - 1n) })),
  ];
  const splits: Split[] = [];
  let below: Split[] = [];
  for (let level = 0; level < depth; level++) {
    const here = Array.from({ length: random.integer(1, 4) }, (_, i) =>
      drawSplit({ random, accounts, lower: splits, below: i === 0 ? below : [], wallets }),
    );
    splits.push(...here);
    below = here;
  }
  return { splits, accounts };
}

/** The same shares as the reference takes them. */
export function referenceShares(split: Split): ReferenceShare[] {
  return split.tree
    .shares({ first: 0, count: split.tree.size })
    .map(({ kind, recipient, units }) =>
      kind === ShareKind.Split
        ? { kind: "split", split: recipient, units }
        : { kind: "account", account: recipient, units },
    );
}

function drawSplit({
  random,
  accounts,
  lower,
  below,
  wallets,
}: {
  random: Random;
  accounts: string[];
  lower: Split[];
  below: Split[];
  wallets: string[];
}): Split {
  const scale = random.pick(UNIT_SCALES);
  const size = random.chance(0.1) ? random.integer(60, 250) : random.integer(1, 20);
  const shares = Array.from({ length: size }, (): Share => {
    const units = random.chance(0.1) ? 0n : random.bigint(1n, scale);
    return lower.length > 0 && random.chance(0.25)
      ? shareOf({ random, kind: ShareKind.Split, recipient: random.pick(lower).id, units })
      : shareOf({ random, kind: ShareKind.Account, recipient: random.pick(accounts), units });
  });
  if (below.length > 0) {
    const units = random.bigint(1n, scale);
    shares.push(shareOf({ random, kind: ShareKind.Split, recipient: random.pick(below).id, units }));
  }
  const units = shares.reduce((total, share) => total + share.units, 0n);
  if (units === 0n || random.chance(0.05)) {
    const rest = units === 0n ? 1n : MAX_UNITS - units;
    shares.push(shareOf({ random, kind: ShareKind.Account, recipient: random.pick(accounts), units: rest }));
  }
  const shuffled = random.shuffle(shares);
  return random.chance(0.3)
    ? Split.from({ shares: shuffled, arbiter: random.pick(wallets) })
    : Split.from({ shares: shuffled });
}

function shareOf({
  random,
  kind,
  recipient,
  units,
}: {
  random: Random;
  kind: ShareKind;
  recipient: string;
  units: bigint;
}): Share {
  return { kind, recipient, units, evidence: random.bytes32() };
}
