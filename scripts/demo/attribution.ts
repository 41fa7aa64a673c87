import { NOBODY, walletAccount } from "../../sdk/account.ts";
import type { Random } from "../../test/reference/random.ts";
import type { AttributionResult } from "../report/attribution.ts";
import { audit } from "./audit.ts";
import { check } from "./checks.ts";
import type { CorpusText } from "./corpus.ts";
import { describeModel, explainMost, showOutputs } from "./findings.ts";
import { serveCalls } from "./inference.ts";
import { fillLibrary } from "./library.ts";
import type { Market } from "./market.ts";
import { openPot } from "./pot.ts";
import { forge, openDesk, payReport } from "./reporting.ts";
import { checkCustody } from "./sequel.ts";
import type { Setting } from "./setting.ts";
import { shareOut } from "./shareOut.ts";

/**
 * Texts, a model that has read them, what it says, and who is paid for which words of it.
 *
 * @throws Error if anything is not as it must be.
 */
export async function playAttribution({
  setting,
  market: { catalogue },
  corpus,
  random,
}: {
  setting: Setting;
  market: Market;
  corpus: CorpusText[];
  random: Random;
}): Promise<AttributionResult> {
  const { people, protocol } = setting;
  const { token, ledger } = protocol;
  const supply = await token.totalSupply();
  const burned = await ledger.balanceOf(NOBODY);

  const library = await fillLibrary({ setting, catalogue, corpus });
  const source = await openPot({ setting, catalogue, library });
  const served = await serveCalls({ setting, library, source, random });
  const desk = await openDesk({ setting, library, source, served });
  const forgery = await forge({ setting, desk });
  const data = await payReport({ setting, desk });
  const shares = await shareOut({ setting, library, data });
  const { bytes, pot } = await audit({ setting, library, source, served, data, shares });

  check("tokens there are", supply, await token.totalSupply());
  check("what was burned", forgery.burned, (await ledger.balanceOf(NOBODY)) - burned);
  check("what a copy earns", 0n, shares.byUse.get(walletAccount(people.copycat.wallet.address)) ?? 0n);
  await checkCustody(setting);
  const persons = new Map(library.texts.map(({ by }) => [walletAccount(by.wallet.address), by]));
  return {
    model: describeModel({ library, served }),
    rows: [...persons].map(([account, person]) => ({
      name: person.name,
      texts: library.texts.filter(({ by }) => by === person).length,
      bytes: bytes.get(account) ?? 0,
      byUse: shares.byUse.get(account) ?? 0n,
      byUnits: shares.byUnits.get(account) ?? 0n,
    })),
    outputs: showOutputs({ library, served, data }),
    copy: { name: people.copycat.name, title: library.texts[library.texts.length - 1].title },
    forgery,
    pot: { ...pot, reporter: people.reporter.name },
    reason: explainMost({ library, served, data, paid: shares.paid }),
  };
}
