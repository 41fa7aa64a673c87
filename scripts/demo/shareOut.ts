import { walletAccount } from "../../sdk/account.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, entitlementOf, type Split } from "../../sdk/split.ts";
import { check } from "./checks.ts";
import type { Library } from "./library.ts";
import type { Person } from "./people.ts";
import type { Setting } from "./setting.ts";

/** What a report has brought. */
export interface ShareOut {
  /** By account: what came for words that were found, in tokens. */
  byUse: ReadonlyMap<string, bigint>;
  /** By account: what the version's own split had for it. */
  byUnits: ReadonlyMap<string, bigint>;
  /** What the version's split got, as it was credited to nobody. */
  remainder: bigint;
  /** What was paid into the report's split. */
  paid: bigint;
}

/** Everybody in the report claims; what is credited to nobody goes through the version's split, where all have a share. */
export async function shareOut({
  setting,
  library: { version, texts },
  data: { payout },
}: {
  setting: Setting;
  library: Library;
  data: ReportData;
}): Promise<ShareOut> {
  const { protocol, people, sender } = setting;
  const { ledger } = protocol;
  const persons = new Map(texts.map(({ by }) => [walletAccount(by.wallet.address), by]));
  const { amount: paid } = await ledger.received(payout.id);
  const byUse = new Map<string, bigint>();
  let remainder = 0n;
  for (const [index, { kind, recipient, units }] of payout.tree
    .shares({ first: 0, count: payout.tree.size })
    .entries()) {
    const promised = entitlementOf({ received: paid, units, totalUnits: payout.tree.totalUnits });
    if (kind === ShareKind.Split) {
      const received = async (): Promise<bigint> => (await ledger.received(version.split.id)).amount;
      const before = await received();
      const draws = encodeDraws([payout.draw({ first: index })]);
      await sender.send({ from: people.relayer.wallet, transaction: await ledger.release.populateTransaction(draws) });
      remainder = (await received()) - before;
      check("what the version's split got", promised, remainder);
      continue;
    }
    const person = persons.get(recipient);
    if (person === undefined) throw new Error(`Account ${recipient} is paid, but nobody's.`);
    byUse.set(recipient, await claim({ setting, person, split: payout, index }));
    check(`what ${person.name} claimed`, promised, byUse.get(recipient) ?? 0n);
  }
  return { byUse, byUnits: await releaseVersion({ setting, version, accounts: [...persons.keys()] }), remainder, paid };
}

/** @returns What of the share arrives in the wallet. */
async function claim({
  setting: { protocol, sender },
  person: { wallet },
  split,
  index,
}: {
  setting: Setting;
  person: Person;
  split: Split;
  index: number;
}): Promise<bigint> {
  const { ledger, token } = protocol;
  // A claim takes along what an account has already.
  const before = (await token.balanceOf(wallet)) + (await ledger.balanceOf(walletAccount(wallet.address)));
  const draws = encodeDraws([split.draw({ first: index })]);
  await sender.send({ from: wallet, transaction: await ledger.claim.populateTransaction(draws, wallet.address) });
  return (await token.balanceOf(wallet)) - before;
}

async function releaseVersion({
  setting: { protocol, people, sender },
  version,
  accounts,
}: {
  setting: Setting;
  version: Library["version"];
  accounts: string[];
}): Promise<Map<string, bigint>> {
  const { ledger } = protocol;
  const release = async (split: Split): Promise<void> => {
    const draws = encodeDraws([split.draw({ first: 0, count: split.tree.size })]);
    await sender.send({ from: people.relayer.wallet, transaction: await ledger.release.populateTransaction(draws) });
  };
  const balances = () => Promise.all(accounts.map((account) => ledger.balanceOf(account)));
  await release(version.split);
  const before = await balances();
  await release(version.log);
  const after = await balances();
  return new Map(accounts.map((account, i) => [account, after[i] - before[i]]));
}
