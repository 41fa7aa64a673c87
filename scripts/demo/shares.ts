import { walletAccount } from "../../sdk/account.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import type { Split } from "../../sdk/split.ts";
import type { Payee } from "./people.ts";

/** A share of somebody's wallet. */
export function walletShare({ person, units, evidence }: { person: Payee; units: bigint; evidence: string }): Share {
  return { kind: ShareKind.Account, recipient: walletAccount(person.wallet.address), units, evidence };
}

/** A share of another split. */
export function splitShare({ to, units, evidence }: { to: Split; units: bigint; evidence: string }): Share {
  return { kind: ShareKind.Split, recipient: to.id, units, evidence };
}
