import { id, toBeHex } from "ethers";

import { ZERO_WORD } from "../../sdk/bytes.ts";
import { encodeEquivocationProof } from "../../sdk/equivocationProof.ts";
import { callId, childrenHash, type Receipt, signReceipt } from "../../sdk/receipt.ts";
import type { CheatResult } from "../report/sequel.ts";
import { proveFault } from "./court.ts";
import type { Market } from "./market.ts";
import type { Setting } from "./setting.ts";
import { stakesOf, valueOf } from "./stake.ts";

const TOKENS_IN = 400_000n;
const TOKENS_OUT = 100_000n;

/** An operator signs two receipts for one call, and its payer's watcher proves it. */
export async function cheat({ setting, market }: { setting: Setting; market: Market }): Promise<CheatResult> {
  const { people, protocol, sender } = setting;
  const { rogue, watcher } = people;
  const [payer] = people.payers;
  const serviceId = await registerService({ setting, market });
  const { splitId, net: amount } = await protocol.services.quote(serviceId, TOKENS_IN, TOKENS_OUT, 1n);

  const domain = { chainId: sender.chainId, services: await protocol.services.getAddress() };
  const request = {
    payer: payer.wallet.address,
    parentCallId: ZERO_WORD,
    serviceId,
    inputHash: id("Which address was the longest?"),
    salt: toBeHex(serviceId, 32),
  };
  const call = callId({ ...domain, request });
  const payment = await protocol.ledger.pay.populateTransaction(splitId, amount, 1n, call);
  await sender.send({ from: payer.wallet, transaction: payment });

  const shares = await protocol.services.sharesAt(serviceId, 1n);
  const receipt: Receipt = {
    ...request,
    callId: call,
    childrenHash: childrenHash([]),
    splitId,
    assetSplitId: shares[shares.length - 1].recipient,
    executor: rogue.wallet.address,
    outputRoot: id("That of 1946"),
    tokensIn: TOKENS_IN,
    tokensOut: TOKENS_OUT,
    amount,
    servedAt: 1n,
  };
  const other = { ...receipt, outputRoot: id("That of 1790") };
  const sign = async (signed: Receipt) => ({
    receipt: signed,
    signature: await signReceipt({ ...domain, signer: rogue.wallet, receipt: signed }),
  });
  const proof = encodeEquivocationProof(await sign(receipt), await sign(other));

  const stakes = stakesOf(people).filter(({ operator }) => operator === rogue);
  const values = () => Promise.all(stakes.map((stake) => valueOf(setting, stake)));
  const before = await values();
  const slash = await proveFault({
    setting,
    prover: watcher,
    respondent: rogue,
    harmed: payer,
    verifier: protocol.equivocations,
    proof,
  });
  const after = await values();
  const minSelfStake = await protocol.staking.minSelfStake();
  const quoted = await isQuoted(setting, serviceId);
  if (quoted !== (await protocol.staking.isEligible(rogue.wallet))) {
    throw new Error(`Whether service ${serviceId} is quoted does not follow from its operator's stake.`);
  }
  return {
    ...slash,
    price: amount,
    stakers: stakes.map(({ staker }, i) => ({ name: staker.name, before: before[i], after: after[i] })),
    minSelfStake,
    quoted,
  };
}

/** The fine-tune once more, at the operator that cheats. */
async function registerService({
  setting: { people, protocol, sender },
  market: { agentTools },
}: {
  setting: Setting;
  market: Market;
}): Promise<bigint> {
  const { services } = protocol;
  const { registry, assetId, assetVersion, rateIn, rateOut } = await services.serviceOf(agentTools[0].id);
  const transaction = await services.register.populateTransaction(
    registry,
    assetId,
    assetVersion,
    rateIn,
    rateOut,
    "https://example.org/v1/chat/completions",
  );
  await sender.send({ from: people.rogue.wallet, transaction });
  return services.serviceCount();
}

async function isQuoted({ protocol: { services } }: Setting, serviceId: bigint): Promise<boolean> {
  try {
    await services.quote(serviceId, TOKENS_IN, TOKENS_OUT, 1n);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("ServiceRegistry_NotEligible")) return false;
    throw error;
  }
}
