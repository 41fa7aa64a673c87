import { id, Wallet, ZeroHash } from "ethers";

import type { LoggedContribution } from "../../sdk/datanetProof.ts";
import { encodeDuplicateProof } from "../../sdk/duplicateProof.ts";
import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { callId, type Receipt, signReceipt } from "../../sdk/receipt.ts";
import { Split } from "../../sdk/split.ts";
import { budgeted, grown } from "./budgets.ts";
import { endCase, openCase, ruleOn } from "./cases.ts";
import { acceptSigned, BATCH_SIZE, contribute, sharesOf, URI } from "./contributions.ts";
import { BESIDE_CROWD, bringCrowd } from "./crowd.ts";
import type { Figure } from "./figures.ts";
import { gasOf, settle, type Sent, steadyGasOf } from "./gas.ts";
import { TERMS } from "./registries.ts";
import { AMOUNT, type Bench } from "./world.ts";

const STAKE = 1_000n * AMOUNT;

/** Sends the court the next proof of its kind. */
type Prove = () => Sent;

/** Cases and proofs of faults. Nothing of it depends on how many others stake, or on other cases. */
export async function* measureDisputes(bench: Bench): AsyncGenerator<Figure> {
  const { staking } = bench;
  const operator = new Wallet(id("operator at fault"));
  await settle(staking.stake(operator.address, STAKE));
  const proofs = {
    "prove an equivocation": await equivocationsOf(bench, operator),
    "prove a duplicate in a Datanet of 100": await duplicatesIn(bench),
  };
  for (const [name, prove] of Object.entries(proofs))
    yield budgeted(`${name}, first against a pool`, await gasOf(prove()));

  // Cases find the words in use that earlier ones have left behind, or hold as long as they are open.
  await measureCases({ bench, respondent: operator.address, salt: "forerunners" });
  await openCase({ bench, respondent: operator.address, shares: 1, salt: id("open all the time") });
  const measure = async (salt: string): Promise<Record<string, number>> => {
    const gas = await measureCases({ bench, respondent: operator.address, salt });
    for (const [name, prove] of Object.entries(proofs)) gas[name] = await steadyGasOf(prove);
    return gas;
  };
  const before = await measure("early");
  for (const [name, value] of Object.entries(before)) yield budgeted(name, value);
  await bringCrowd({ bench, operator: operator.address, respondent: operator.address });
  const after = await measure("late");
  for (const [name, value] of Object.entries(after))
    yield grown(`${name}${BESIDE_CROWD}`, { before: before[name], value });
}

/** Gas of all that is done in cases about stake and shares, by the name of the figure. */
async function measureCases({
  bench,
  respondent,
  salt,
}: {
  bench: Bench;
  respondent: string;
  salt: string;
}): Promise<Record<string, number>> {
  const { court, connection } = bench;
  const { time } = connection.networkHelpers;
  const gas: Record<string, number> = {};
  for (const shares of [1, 16]) {
    const what = shares === 1 ? "1 share" : `${shares} shares`;
    const won = await openCase({ bench, respondent, shares, salt: id(`${salt}, won, ${what}`) });
    gas[`open a case, ${what}`] = won.gas;
    gas["submit evidence"] = await gasOf(court.submitEvidence(won.caseId, id("more"), URI));
    await time.increase(await court.evidenceSeconds());
    [gas["vote on a case"], gas["vote on a case, deciding"]] = await ruleOn(bench, won);
    gas[`settle a case, ${what}`] = await endCase(bench, won);
    const expired = await openCase({ bench, respondent, shares, salt: id(`${salt}, expired, ${what}`) });
    await time.increase((await court.evidenceSeconds()) + (await court.rulingSeconds()));
    gas[`settle a case nobody ruled on, ${what}`] = await endCase(bench, expired);
  }
  return gas;
}

/** Calls for which an executor signed two receipts. */
async function equivocationsOf(
  { connection, services, court, equivocations, payer }: Bench,
  operator: Wallet,
): Promise<Prove> {
  const { chainId } = await connection.ethers.provider.getNetwork();
  const domain = { chainId, services: await services.getAddress() };
  let calls = 0;
  return async () => {
    const request = {
      payer: payer.address,
      parentCallId: ZeroHash,
      serviceId: 1n,
      inputHash: id("input"),
      salt: id(`call ${calls++}`),
    };
    const receipt: Receipt = {
      ...request,
      callId: callId({ ...domain, request }),
      childrenHash: ZeroHash,
      splitId: id("split"),
      assetSplitId: id("asset"),
      executor: operator.address,
      outputRoot: id("output"),
      tokensIn: 1_000n,
      tokensOut: 1_000n,
      amount: AMOUNT,
      servedAt: 0xeeeeeeeen,
    };
    const sign = async (signed: Receipt) => ({
      receipt: signed,
      signature: await signReceipt({ ...domain, signer: operator, receipt: signed }),
    });
    const other = { ...receipt, outputRoot: id("other output") };
    return court.prove(equivocations, encodeEquivocationProof(await sign(receipt), await sign(other)));
  };
}

/** A Datanet whose later half repeats the earlier one. The payer curates it, and answers for it. */
async function duplicatesIn(bench: Bench): Promise<Prove> {
  const { datanets, court, duplicates, staking, payer } = bench;
  await settle(staking.stake(payer.address, STAKE));
  const curation = { curator: payer, ownerBps: 0, curatorBps: 0 };
  await settle(datanets.create(curation, TERMS, court, URI, id("document")));
  const datanetId = await datanets.assetCount();
  const half = BATCH_SIZE / 2;
  const offered = contribute({ name: "data" });
  const batch = offered.map((contribution, i) => {
    const { content, evidence } = offered[i % half];
    return { ...contribution, content, evidence };
  });
  await acceptSigned({ bench, datanetId, batch });
  const log = Split.from({ shares: sharesOf(batch), arbiter: await court.getAddress() });
  const at = (index: number): LoggedContribution => ({ index, content: batch[index].content });
  const version = { datanetId, version: 1n, log };
  let proved = 0;
  return () => {
    const first = proved++;
    return court.prove(duplicates, encodeDuplicateProof({ version, first: at(first), later: at(first + half) }));
  };
}
