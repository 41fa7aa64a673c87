import { id } from "ethers";

import { voteParams } from "../../sdk/stakeVotes.ts";
import { budgeted } from "./budgets.ts";
import { rich, stakeOn } from "./crowd.ts";
import type { Figure } from "./figures.ts";
import { gasOf, settle } from "./gas.ts";
import { addressOf } from "./splits.ts";
import type { Bench } from "./world.ts";

const FOR = 1;
const POOLS = 16;

const DESCRIPTION = "Lower the treasury's part of what services are paid from 2.5 % to 2 %.";

/** A change of fees from the proposal to its execution. */
export async function* measureGovernance(bench: Bench): AsyncGenerator<Figure> {
  const { governor, timelock, staking, feePolicy, payer, connection } = bench;
  const { time } = connection.networkHelpers;
  await settle(staking.stake(payer.address, 2n * (await governor.proposalThreshold())));
  const single = await rich(bench, "staker in 1 pool");
  await stakeOn(bench, single, payer.address);
  const spread = await rich(bench, `staker in ${POOLS} pools`);
  const operators = Array.from({ length: POOLS }, (_, i) => addressOf(`pool ${i}`));
  for (const operator of operators) await stakeOn(bench, spread, operator);
  const owner = await rich(bench, "staker who delegates");
  for (const operator of operators) await stakeOn(bench, owner, operator);
  const delegatee = await rich(bench, "delegatee");
  await settle(staking.connect(owner).delegate(delegatee));
  await time.increase(1);

  const { treasury, operatorBps, stakersBps, platformFee } = await feePolicy.policyAt(1);
  const policy = { treasury, treasuryBps: 200n, operatorBps, stakersBps, platformFee };
  const call = feePolicy.interface.encodeFunctionData("setPolicy", [policy]);
  const targets = [await feePolicy.getAddress()];
  yield budgeted("propose", await gasOf(governor.propose(targets, [0], [call], DESCRIPTION)));
  const operation: [string[], bigint[], string[], string] = [targets, [0n], [call], id(DESCRIPTION)];
  const proposalId = await governor.hashProposal(...operation);
  await time.increase((await governor.votingDelay()) + 1n);

  yield budgeted("cast a vote, first, reaching the quorum", await gasOf(governor.castVote(proposalId, FOR)));
  yield budgeted("cast a vote, stake in 1 pool", await gasOf(governor.connect(single).castVote(proposalId, FOR)));
  const castSpread = governor.connect(spread).castVote(proposalId, FOR);
  yield budgeted(`cast a vote, stake in ${POOLS} pools`, await gasOf(castSpread));
  const castNamed = governor.connect(delegatee).castVoteWithReasonAndParams(proposalId, FOR, "", voteParams(operators));
  yield budgeted(`cast a vote, naming ${POOLS} pools`, await gasOf(castNamed));

  await time.increase(await governor.votingPeriod());
  yield budgeted("queue a proposal", await gasOf(governor.queue(...operation)));
  await time.increase(await timelock.getMinDelay());
  yield budgeted("execute a change of fees", await gasOf(governor.execute(...operation)));
}
