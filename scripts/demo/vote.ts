import { id } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, entitlementOf, Split } from "../../sdk/split.ts";
import type { VoteResult } from "../report/sequel.ts";
import { check } from "./checks.ts";
import type { Market } from "./market.ts";
import type { Service } from "./registrar.ts";
import type { Setting } from "./setting.ts";

const TREASURY_BPS = 200n;
const FOR = 1;
/** The budget of an epoch is so many times smaller than what the treasury has. */
const BUDGET_PART = 4n;
const TOKENS = 40_000n;
const NAMES = ["treasury", "operator", "its stakers", "the model"];

/** Lets time pass on the embedded chain. */
export async function wait({ provider }: Setting, seconds: bigint): Promise<void> {
  await provider.send("evm_increaseTime", [Number(seconds)]);
  await provider.send("evm_mine", []);
}

/** Stakers lower the treasury's part and give it a budget to spend; a payment from before keeps its split. */
export async function vote({ setting, market }: { setting: Setting; market: Market }): Promise<VoteResult> {
  const { protocol } = setting;
  const [, service] = market.services;
  const oldSplit = service.split;
  const { feePolicy } = protocol;
  const oldVersion = await feePolicy.currentVersion();
  const amount = await pay({ setting, service, splitId: oldSplit.id });

  const { budget, forVotes, allVotes } = await pass(setting);
  const version = await feePolicy.currentVersion();
  const newSplit = await splitAt({ setting, service, version });
  check("price", amount, await pay({ setting, service, splitId: newSplit.id }));
  const before = await release({ setting, split: oldSplit });
  const after = await release({ setting, split: newSplit });
  const units = async (policy: bigint): Promise<bigint[]> =>
    (await protocol.services.sharesAt(service.id, policy)).map((share) => share.units);
  const [oldUnits, newUnits] = [await units(oldVersion), await units(version)];
  return {
    oldVersion,
    version,
    service: service.name,
    amount,
    forVotes,
    allVotes,
    budget,
    rows: NAMES.map((name, i) => ({
      name,
      oldBps: oldUnits[i],
      before: before[i],
      newBps: newUnits[i],
      after: after[i],
    })),
  };
}

/** Pays one call into the split of a service, if that is what is quoted. */
async function pay({
  setting: { people, protocol, sender },
  service,
  splitId,
}: {
  setting: Setting;
  service: Service;
  splitId: string;
}): Promise<bigint> {
  const { services, ledger } = protocol;
  const quote = await services.quote(service.id, TOKENS, TOKENS, 1n);
  check("split that is quoted", BigInt(splitId), BigInt(quote.splitId));
  const transaction = await ledger.pay.populateTransaction(splitId, quote.net, 1n, id("one more call"));
  await sender.send({ from: people.payers[0].wallet, transaction });
  return quote.net;
}

/** Brings one proposal with three calls from its vote to its execution. */
async function pass(setting: Setting): Promise<{ budget: bigint; forVotes: bigint; allVotes: bigint }> {
  const { people, treasury, parameters, protocol, sender } = setting;
  const { governor, feePolicy, gauges, ledger, staking } = protocol;
  const [proposer, second] = people.backers;
  const account = walletAccount(treasury.wallet.address);
  const budget = (await ledger.balanceOf(account)) / BUDGET_PART;
  const { operatorBps, stakersBps, platformFee } = await feePolicy.policyAt(await feePolicy.currentVersion());
  const policy = { treasury: account, treasuryBps: TREASURY_BPS, operatorBps, stakersBps, platformFee };
  const calls = [
    await feePolicy.setPolicy.populateTransaction(policy),
    await gauges.setBudget.populateTransaction(budget),
    await ledger.approveSpender.populateTransaction(0n, gauges, budget),
  ];
  const description = "Less for the treasury, and a budget for assets out of what it has";
  const [targets, values, calldatas] = [calls.map(({ to }) => to), calls.map(() => 0n), calls.map(({ data }) => data)];
  const operation: [string[], bigint[], string[], string] = [targets, values, calldatas, id(description)];

  const transaction = await governor.propose.populateTransaction(targets, values, calldatas, description);
  await sender.send({ from: proposer.wallet, transaction });
  const proposalId = await governor.hashProposal(...operation);
  await wait(setting, parameters.votingDelaySeconds + 1n);
  for (const { wallet } of [proposer, second]) {
    const transaction = await governor.castVote.populateTransaction(proposalId, FOR);
    await sender.send({ from: wallet, transaction });
  }
  const { forVotes } = await governor.proposalVotes(proposalId);
  const allVotes = await staking.getPastTotalSupply(await governor.proposalSnapshot(proposalId));
  await wait(setting, parameters.votingPeriodSeconds + 1n);
  const relayer = people.relayer.wallet;
  const queue = await governor
    .getFunction("queue(address[],uint256[],bytes[],bytes32)")
    .populateTransaction(...operation);
  await sender.send({ from: relayer, transaction: queue });
  await wait(setting, parameters.timelockSeconds);
  const execute = await governor
    .getFunction("execute(address[],uint256[],bytes[],bytes32)")
    .populateTransaction(...operation);
  await sender.send({ from: relayer, transaction: execute });
  return { budget, forVotes, allVotes };
}

/** The split of a service under a version of the policy, as the registry has it. */
async function splitAt({
  setting: { protocol },
  service,
  version,
}: {
  setting: Setting;
  service: Service;
  version: bigint;
}): Promise<Split> {
  const shares = await protocol.services.sharesAt(service.id, version);
  const split = Split.from({
    shares: shares.map(({ kind, recipient, units, evidence }) => ({
      kind: Number(kind) === ShareKind.Split ? ShareKind.Split : ShareKind.Account,
      recipient,
      units,
      evidence,
    })),
  });
  check("split of a service", BigInt(await protocol.services.splitAt(service.id, version)), BigInt(split.id));
  return split;
}

/** Releases all shares of a split. What each got must be what it was promised. */
async function release({
  setting: { people, protocol, sender },
  split,
}: {
  setting: Setting;
  split: Split;
}): Promise<bigint[]> {
  const { ledger } = protocol;
  const shares = split.tree.shares({ first: 0, count: split.tree.size });
  const { amount: received } = await ledger.received(split.id);
  const promised = await Promise.all(
    shares.map(async ({ units }, index) => {
      return (
        entitlementOf({ received, units, totalUnits: split.tree.totalUnits }) - (await ledger.drawn(split.id, index))
      );
    }),
  );
  const holdings = () =>
    Promise.all(
      shares.map(async ({ kind, recipient }) =>
        kind === ShareKind.Split ? (await ledger.received(recipient)).amount : ledger.balanceOf(recipient),
      ),
    );
  const before = await holdings();
  const draws = encodeDraws([split.draw({ first: 0, count: split.tree.size })]);
  await sender.send({ from: people.relayer.wallet, transaction: await ledger.release.populateTransaction(draws) });
  const got = (await holdings()).map((holding, i) => holding - before[i]);
  for (const [i, amount] of promised.entries()) check(`what ${NAMES[i]} got`, amount, got[i]);
  return got;
}
