import { FunctionFragment, Interface } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { PROPOSAL_STATE, type Proposal, readProposals } from "../../sdk/proposals.ts";
import { voteParams } from "../../sdk/stakeVotes.ts";
import type { Context } from "../lib/context.ts";
import { CONTRACT_NAMES } from "../lib/contracts.ts";
import { facts, open, openNumber, percentOfBps, time } from "../lib/format.ts";
import type { Plan } from "../lib/outcome.ts";
import type { Runs } from "../rooms.ts";
import type { GOVERNANCE } from "../verbs/power.ts";

const SUPPORT = { against: 0n, for: 1n, abstain: 2n };

async function proposalNamed(context: Context, id: bigint | undefined): Promise<Proposal> {
  const proposals = await readProposals(await context.eventsOf("governor"));
  const found = id === undefined ? proposals.at(-1) : proposals.find(({ proposalId }) => proposalId === id);
  if (found === undefined) throw new UserError(`There is no ${id === undefined ? "proposal yet" : `proposal ${id}`}.`);
  return found;
}

/** A proposal as `queue`, `execute` and `cancel` take it. */
function operationOf({ targets, calldatas, descriptionHash }: Proposal): [string[], bigint[], string[], string] {
  return [targets, targets.map(() => 0n), calldatas, descriptionHash];
}

/** Steps of a proposal that exists. */
async function onward(
  context: Context,
  id: bigint | undefined,
  method: "queue" | "execute" | "cancel",
  [what, says]: [string, string],
): Promise<Plan<{ proposalId: "uint" }>> {
  const proposal = await proposalNamed(context, id);
  const { proposalId } = proposal;
  const transaction = await context.protocol.governor[method].populateTransaction(...operationOf(proposal));
  return {
    steps: [{ what: `${what} "${proposal.description}".`, transaction }],
    report: () => ({ says: [says], result: { proposalId } }),
  };
}

async function propose(
  context: Context,
  { target, data, description }: { target: string; data: string; description: string },
): Promise<Plan<{ proposalId: "uint?" }>> {
  const { governor } = context.protocol;
  const transaction = await governor.propose.populateTransaction([target], [0n], [data], description);
  const delay = await governor.votingDelay();
  return {
    steps: [{ what: `Proposes "${description}".`, transaction }],
    report: async (done) => {
      const proposalId = done.uint("ProposalCreated", "proposalId");
      const from = (await context.now()) + delay;
      return { says: [`Proposal ${proposalId}: votes can be cast from ${time(from)}.`], result: { proposalId } };
    },
  };
}

export const runs: Runs<typeof GOVERNANCE> = {
  proposeFees: async (context, { treasury, operator, stakers, platformFee, description }) => {
    const { feePolicy } = context.protocol;
    const current = await feePolicy.policyAt(await feePolicy.currentVersion());
    const policy = {
      treasury: current.treasury,
      treasuryBps: treasury ?? current.treasuryBps,
      operatorBps: operator ?? current.operatorBps,
      stakersBps: stakers ?? current.stakersBps,
      platformFee: platformFee ?? current.platformFee,
    };
    const data = feePolicy.interface.encodeFunctionData("setPolicy", [policy]);
    const plan = await propose(context, { target: context.deployment.contracts.feePolicy, data, description });
    return {
      steps: plan.steps,
      report: async (done) => {
        const { says, result } = await plan.report(done);
        const { treasuryBps, operatorBps, stakersBps } = policy;
        return {
          says: [
            ...says,
            facts({
              treasury: percentOfBps(treasuryBps),
              operators: percentOfBps(operatorBps),
              stakers: percentOfBps(stakersBps),
              "models and agents": percentOfBps(10_000n - treasuryBps - operatorBps - stakersBps),
              "fee per call": open(policy.platformFee),
            }),
          ],
          result: { ...result, treasuryBps, operatorBps, stakersBps, platformFee: policy.platformFee },
        };
      },
    };
  },

  propose: async (context, { contract, call, values, description }) => {
    const key = Object.keys(CONTRACT_NAMES).find((name) => name === contract);
    if (key === undefined) {
      throw new UserError(`There is no contract "${contract}". There are ${Object.keys(CONTRACT_NAMES).join(", ")}.`);
    }
    const target = await context.people.find(key);
    const data = encodeCall(call, values);
    return await propose(context, { target, data, description });
  },

  vote: async (context, { proposal: id, support, reason, pools }) => {
    const { governor } = context.protocol;
    const { proposalId, description } = await proposalNamed(context, id);
    const vote = SUPPORT[support as keyof typeof SUPPORT];
    const transaction =
      pools !== undefined
        ? await governor.castVoteWithReasonAndParams.populateTransaction(proposalId, vote, reason, voteParams(pools))
        : reason === ""
          ? await governor.castVote.populateTransaction(proposalId, vote)
          : await governor.castVoteWithReason.populateTransaction(proposalId, vote, reason);
    return {
      steps: [{ what: `Votes ${support} "${description}".`, transaction }],
      report: (done) => {
        const weight = done.dry
          ? done.uint("VoteCast", "weight")
          : (done.uint("VoteCast", "weight") ?? done.uint("VoteCastWithParams", "weight"));
        return { says: [`It counts ${open(weight ?? 0n)}.`], result: { proposalId, weight } };
      },
    };
  },

  queue: async (context, { proposal }) =>
    await onward(context, proposal, "queue", ["Queues", "The Timelock holds it: gov:show says until when."]),

  execute: async (context, { proposal }) =>
    await onward(context, proposal, "execute", ["Carries out", "It is in force."]),

  cancel: async (context, { proposal }) => await onward(context, proposal, "cancel", ["Cancels", "It is off."]),

  show: async (context, { proposal }) => {
    const { governor, feePolicy } = context.protocol;
    const policyVersion = await feePolicy.currentVersion();
    const { treasuryBps, operatorBps, stakersBps, platformFee } = await feePolicy.policyAt(policyVersion);
    const known = await readProposals(await context.eventsOf("governor"));
    const wanted = proposal === undefined ? known : [await proposalNamed(context, proposal)];
    const proposals = await Promise.all(
      wanted.map(async ({ proposalId, proposer, description }) => {
        const [state, votes, snapshot, deadline, eta] = await Promise.all([
          governor.state(proposalId),
          governor.proposalVotes(proposalId),
          governor.proposalSnapshot(proposalId),
          governor.proposalDeadline(proposalId),
          governor.proposalEta(proposalId),
        ]);
        return {
          proposalId,
          state: PROPOSAL_STATE[Number(state)],
          proposer,
          description,
          for: votes.forVotes,
          against: votes.againstVotes,
          abstain: votes.abstainVotes,
          snapshot,
          deadline,
          eta,
        };
      }),
    );
    return {
      says: [
        `Fee policy ${policyVersion} is in force.`,
        facts({
          treasury: percentOfBps(treasuryBps),
          operators: percentOfBps(operatorBps),
          stakers: percentOfBps(stakersBps),
          "fee per call": open(platformFee),
        }),
        ...proposals.flatMap((one) => [
          `Proposal ${one.proposalId}: "${one.description}", ${one.state}`,
          facts({
            by: context.people.nameOf(one.proposer),
            "for, against, abstain": [one.for, one.against, one.abstain].map(openNumber).join(", "),
            votes: `from ${time(one.snapshot)} to ${time(one.deadline)}`,
            "carried out": one.eta === 0n ? "not queued" : `from ${time(one.eta)}`,
          }),
        ]),
      ],
      result: { policyVersion, treasuryBps, operatorBps, stakersBps, platformFee, proposals },
    };
  },
};

function encodeCall(call: string, values: string[]): string {
  try {
    const fragment = FunctionFragment.from(call.startsWith("function ") ? call : `function ${call}`);
    return new Interface([fragment]).encodeFunctionData(fragment, values);
  } catch {
    throw new UserError(
      `${call} with ${values.length} value(s) is no call. Such as: "setMinSelfStake(uint256)", and 5.`,
    );
  }
}
