import { id } from "ethers";

import { voteParams } from "../../sdk/stakeVotes.ts";
import { budgeted, grown } from "./budgets.ts";
import { BESIDE_CROWD, bringCrowd, rich, stakeOn } from "./crowd.ts";
import type { Figure } from "./figures.ts";
import { gasOf, settle } from "./gas.ts";
import { addressOf } from "./splits.ts";
import type { Bench } from "./world.ts";

const FOR = 1;
const POOLS = 16;

const DESCRIPTION = "Lower the treasury's part of what services are paid from 2.5 % to 2 %.";

/** A change of fees from the proposal to its execution. Nothing of it depends on how many others stake. */
export async function* measureGovernance(bench: Bench): AsyncGenerator<Figure> {
  const { governor, staking, payer, people } = bench;
  await settle(staking.stake(payer.address, 2n * (await governor.proposalThreshold())));
  const before = await measureProposal({ bench, name: "early" });
  for (const [name, value] of Object.entries(before)) yield budgeted(name, value);
  await bringCrowd({ bench, operator: payer.address, respondent: people[1].address });
  const after = await measureProposal({ bench, name: "later" });
  for (const [name, value] of Object.entries(after))
    yield grown(`${name}${BESIDE_CROWD}`, { before: before[name], value });
}

/** Gas of all that is done about a proposal, by the name of the figure. Each has voters of its own. */
async function measureProposal({ bench, name }: { bench: Bench; name: string }): Promise<Record<string, number>> {
  const { governor, timelock, staking, feePolicy, payer, connection } = bench;
  const { time } = connection.networkHelpers;
  const single = await rich(bench, `${name} staker in 1 pool`);
  await stakeOn(bench, single, payer.address);
  const spread = await rich(bench, `${name} staker in ${POOLS} pools`);
  const operators = Array.from({ length: POOLS }, (_, i) => addressOf(`pool ${i}`));
  for (const operator of operators) await stakeOn(bench, spread, operator);
  const owner = await rich(bench, `${name} staker who delegates`);
  for (const operator of operators) await stakeOn(bench, owner, operator);
  const delegatee = await rich(bench, `${name} delegatee`);
  await settle(staking.connect(owner).delegate(delegatee));
  await time.increase(1);

  const { treasury, operatorBps, stakersBps, platformFee } = await feePolicy.policyAt(1);
  const policy = { treasury, treasuryBps: 200n, operatorBps, stakersBps, platformFee };
  const call = feePolicy.interface.encodeFunctionData("setPolicy", [policy]);
  const targets = [await feePolicy.getAddress()];
  const description = `${DESCRIPTION} (${name})`;
  const propose = await gasOf(governor.propose(targets, [0], [call], description));
  const operation: [string[], bigint[], string[], string] = [targets, [0n], [call], id(description)];
  const proposalId = await governor.hashProposal(...operation);
  await time.increase((await governor.votingDelay()) + 1n);

  const first = await gasOf(governor.castVote(proposalId, FOR));
  const inOne = await gasOf(governor.connect(single).castVote(proposalId, FOR));
  const inMany = await gasOf(governor.connect(spread).castVote(proposalId, FOR));
  const castNamed = governor.connect(delegatee).castVoteWithReasonAndParams(proposalId, FOR, "", voteParams(operators));
  const naming = await gasOf(castNamed);

  await time.increase(await governor.votingPeriod());
  const queue = await gasOf(governor.queue(...operation));
  await time.increase(await timelock.getMinDelay());
  const execute = await gasOf(governor.execute(...operation));
  return {
    propose,
    "cast a vote, first, reaching the quorum": first,
    "cast a vote, stake in 1 pool": inOne,
    [`cast a vote, stake in ${POOLS} pools`]: inMany,
    [`cast a vote, naming ${POOLS} pools`]: naming,
    "queue a proposal": queue,
    "execute a change of fees": execute,
  };
}
