import type { AddressLike, TransactionReceipt } from "ethers";

import { NOBODY, walletAccount } from "../../sdk/account.ts";
import type { SlashResult } from "../report/sequel.ts";
import type { Person } from "./people.ts";
import type { Setting } from "./setting.ts";
import { check } from "./checks.ts";

/** Has somebody prove a fault to the court, and tells what became of the stake that it cost. */
export async function proveFault({
  setting: { protocol, sender },
  prover,
  respondent,
  harmed,
  verifier,
  proof,
}: {
  setting: Setting;
  prover: Person;
  respondent: Person;
  harmed: Person;
  verifier: AddressLike;
  proof: string;
}): Promise<SlashResult> {
  const { court, staking, ledger } = protocol;
  const accounts = [walletAccount(harmed.wallet.address), walletAccount(prover.wallet.address), NOBODY];
  const readAll = async (): Promise<bigint[]> => [
    await staking.slashable(respondent.wallet),
    ...(await Promise.all(accounts.map((account) => ledger.balanceOf(account)))),
  ];
  const before = await readAll();
  const transaction = await court.prove.populateTransaction(verifier, proof);
  const receipt = await sender.send({ from: prover.wallet, transaction });
  const after = await readAll();
  const [lost, compensation, bounty, burned] = after.map((amount, i) =>
    i === 0 ? before[i] - amount : amount - before[i],
  );
  check("what a slash took and gave", lost, compensation + bounty + burned);
  check("what a slash took, by its event", lost, slashedIn(receipt, court));
  return {
    respondent: respondent.name,
    poolBefore: before[0],
    poolAfter: after[0],
    harmed: harmed.name,
    compensation,
    prover: prover.name,
    bounty,
    burned,
  };
}

function slashedIn({ logs }: TransactionReceipt, court: Setting["protocol"]["court"]): bigint {
  for (const log of logs) {
    const event = court.interface.parseLog(log);
    if (event?.name === "FaultPunished") return BigInt(String(event.args[4]));
  }
  throw new Error("The court punished nothing.");
}
