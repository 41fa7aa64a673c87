import type { Sequel } from "../report/sequel.ts";
import { cheat } from "./cheat.ts";
import { check } from "./checks.ts";
import { copy } from "./copy.ts";
import { runEpoch } from "./gauge.ts";
import type { Market } from "./market.ts";
import { readState } from "./results.ts";
import type { Setting } from "./setting.ts";
import { claimRewards, harvestRewards } from "./stake.ts";
import { vote } from "./vote.ts";

/**
 * Stake, disputes and votes, once the traffic is over and compared. Each chapter reads what happened from the chain.
 *
 * @throws Error if anything is not as it must be.
 */
export async function playSequel({ setting, market }: { setting: Setting; market: Market }): Promise<Sequel> {
  await harvestRewards(setting);
  const cheated = await cheat({ setting, market });
  const copied = await copy(setting);
  const voted = await vote({ setting, market });
  const gauge = await runEpoch({ setting, market });
  const stakes = await claimRewards(setting);
  await checkCustody(setting);
  return { stakes, cheat: cheated, copy: copied, vote: voted, gauge };
}

/** The ledger is what its events say, and holds what it owes. */
export async function checkCustody(setting: Setting): Promise<void> {
  const { ledger, token } = setting.protocol;
  const state = await readState(setting);
  for (const { what, folded, chain } of await state.compare(ledger)) {
    throw new Error(`${what}: ${folded} by the events, ${chain} on the chain`);
  }
  const { paidIn, deposited, withdrawn } = state.totals;
  const held = await token.balanceOf(ledger);
  check("tokens of the ledger", held, state.custody().owed);
  check("tokens paid in but not out", held, paidIn + deposited - withdrawn);
}
