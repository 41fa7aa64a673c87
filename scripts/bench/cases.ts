import { id, parseEther } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { type CaseShares, casesIn } from "../../sdk/disputeCase.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split } from "../../sdk/split.ts";
import { gasOf, settle, TRANSACTION_GAS_LIMIT } from "./gas.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

const FOR_CLAIMANT = 2n;
const BOND = parseEther("1000");

/** What the rest of a case needs of its opening, and what that took. */
interface OpenedCase extends CaseShares {
  disputeId: bigint;
  gas: number;
}

/**
 * Brings a case about stake, and about shares that were paid: of one new split, or one share of each of as many splits.
 *
 * @param splitSize Shares of each split; those of the case alone unless given.
 */
export async function openCase({
  bench: { ledger, court, committee, payer },
  respondent,
  shares,
  splits = 1,
  splitSize = shares / splits,
  salt,
}: {
  bench: Bench;
  respondent: string;
  shares: number;
  splits?: number;
  splitSize?: number;
  salt: string;
}): Promise<OpenedCase> {
  const arbiter = await court.getAddress();
  const accused = Array.from({ length: splits }, (_, s) =>
    Split.from({
      shares: Array.from({ length: splitSize }, (_, i) => ({
        kind: ShareKind.Account,
        recipient: walletAccount(respondent),
        units: 2_500n,
        evidence: id(`${salt}, split ${s}, share ${i}`),
      })),
      arbiter,
    }),
  );
  for (const split of accused) await settle(ledger.pay(split.id, AMOUNT, 1, MEMO));
  const draws = encodeDraws(accused.map((split) => split.draw({ first: 0, count: shares / splits })));
  const receipt = await settle(
    court.open(
      { respondent, harmed: payer.address, amount: AMOUNT, evidenceHash: id(salt), evidenceURI: "ipfs://evidence" },
      BOND,
      draws,
      { gasLimit: TRANSACTION_GAS_LIMIT },
    ),
  );
  const [opened] = casesIn({ logs: receipt.logs, court: arbiter });
  return { ...opened, disputeId: await committee.disputeCount(), gas: Number(receipt.gasUsed) };
}

/** Has the committee rule for the claimant, as soon as it may. Returns the gas of each vote. */
export async function ruleOn({ committee, members }: Bench, { disputeId }: OpenedCase): Promise<number[]> {
  const votes = [];
  for (const member of members.slice(0, Number(await committee.quorum()))) {
    votes.push(await gasOf(committee.connect(member).vote(disputeId, FOR_CLAIMANT)));
  }
  return votes;
}

/** Ends a case that was ruled on, or that nobody ruled on in time. Returns the gas of that. */
export async function endCase({ court }: Bench, { caseId, shares }: OpenedCase): Promise<number> {
  return gasOf(court.settle(caseId, shares, { gasLimit: TRANSACTION_GAS_LIMIT }));
}
