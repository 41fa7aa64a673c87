import { expect } from "chai";
import { parseEther, ZeroHash } from "ethers";
import { network } from "hardhat";

import { voteParams } from "../../sdk/stakeVotes.ts";
import { accountOf, drawAll } from "../helpers/shares.ts";
import { splitOfPlatform } from "../registry/services.ts";
import {
  bring,
  DAY,
  deployGovernance,
  type GovernanceWorld,
  idOf,
  operationIdOf,
  operationOf,
  type Proposal,
  proposalOf,
  propose,
  RULES,
  stateOf,
  statesOf,
  stake,
  VOTE,
} from "../helpers/governance.ts";

const connection = await network.getOrCreate();
const { loadFixture, time } = connection.networkHelpers;

const deploy = async (): Promise<GovernanceWorld> => await deployGovernance(connection);

const ALICES = parseEther("500000");
const OPERATORS = parseEther("200000");
const BOBS = parseEther("200000");
const CAROLS = parseEther("100000");

/** Another fee policy, with Carol as the treasury. */
async function feeProposal({ feePolicy, carol }: GovernanceWorld): Promise<Proposal> {
  const policy = {
    treasury: accountOf(carol),
    treasuryBps: 1_000n,
    operatorBps: 0n,
    stakersBps: 0n,
    platformFee: 99n,
  };
  return await proposalOf(feePolicy, feePolicy.interface.encodeFunctionData("setPolicy", [policy]));
}

/** Names operators the way `params` does. */
function paramsOf(...operators: { address: string }[]): string {
  return voteParams(operators.map(({ address }) => address));
}

describe("OpenGovernor: a proposal", () => {
  it("goes from propose to execute, and changes the fees of payments to come alone", async () => {
    const world = await loadFixture(deploy);
    const { token, ledger, governor, timelock, feePolicy, services, deployer, alice, bob, carol } = world;
    const split = await splitOfPlatform({ world, policyVersion: 1n });
    await token.connect(deployer).approve(ledger, 1_000n);
    await ledger.connect(deployer).pay(split.id, 1_000n, 1n, ZeroHash);
    const proposal = await feeProposal(world);
    const id = await idOf(world, proposal);
    const { targets, values, calldatas, description } = proposal;

    await governor.connect(alice).propose(targets, values, calldatas, description);
    expect(await stateOf(world, proposal)).to.equal("pending");
    await time.increase(RULES.votingDelaySeconds + 1n);
    expect(await stateOf(world, proposal)).to.equal("active");

    await expect(governor.connect(alice).castVote(id, VOTE.for))
      .to.emit(governor, "VoteCast")
      .withArgs(alice, id, VOTE.for, ALICES, "");
    await governor.connect(bob).castVote(id, VOTE.against);
    await governor.connect(carol).castVote(id, VOTE.abstain);
    expect(await governor.proposalVotes(id)).to.deep.equal([BOBS, ALICES, CAROLS]);

    await time.increase(RULES.votingPeriodSeconds + 1n);
    expect(await stateOf(world, proposal)).to.equal("succeeded");
    await governor.queue(...operationOf(proposal));
    expect(await stateOf(world, proposal)).to.equal("queued");
    expect(await timelock.isOperationPending(await operationIdOf(world, proposal))).to.equal(true);
    expect(await governor.proposalEta(id)).to.equal(BigInt(await time.latest()) + RULES.timelockSeconds);

    await time.increase(RULES.timelockSeconds);
    expect(await feePolicy.currentVersion()).to.equal(1n);
    await expect(governor.execute(...operationOf(proposal)))
      .to.emit(feePolicy, "PolicySet")
      .withArgs(2n, [accountOf(carol), 1_000n, 0n, 0n, 99n]);
    expect(await stateOf(world, proposal)).to.equal("executed");

    expect(await services.platformSplitAt(1n)).to.equal(split.id);
    expect(await services.platformSplitAt(2n)).to.not.equal(split.id);
    await ledger.release(drawAll(split));
    expect(await ledger.balanceOf(accountOf({ address: await timelock.getAddress() }))).to.equal(1_000n);
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(0n);
  });

  it("spends what the treasury has earned", async () => {
    const world = await loadFixture(deploy);
    const { token, ledger, timelock, deployer, carol } = world;
    const treasury = accountOf({ address: await timelock.getAddress() });
    await token.connect(deployer).approve(ledger, 1_000n);
    await ledger.connect(deployer).deposit(treasury, 1_000n);
    const calldata = ledger.interface.encodeFunctionData("withdraw", [0n, 600n, carol.address]);
    await bring({ world, proposal: await proposalOf(ledger, calldata), to: "executed" });
    expect(await token.balanceOf(carol)).to.equal(600n);
    expect(await ledger.balanceOf(treasury)).to.equal(400n);
  });

  it("needs a proposer with votes", async () => {
    const world = await loadFixture(deploy);
    const { governor, mallory } = world;
    await stake({ world, staker: mallory, on: mallory, amount: RULES.proposalThreshold - 1n });
    await time.increase(1);
    const { targets, values, calldatas, description } = await feeProposal(world);
    await expect(governor.connect(mallory).propose(targets, values, calldatas, description))
      .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
      .withArgs(mallory, RULES.proposalThreshold - 1n, RULES.proposalThreshold);
    await stake({ world, staker: mallory, on: mallory, amount: 1n });
    await time.increase(1);
    await governor.connect(mallory).propose(targets, values, calldatas, description);
  });

  for (const [voters, outcome] of [
    [["operator"], "defeated"],
    [["operator", "carol"], "succeeded"],
  ] as const) {
    it(`is ${outcome} with the votes of ${voters.join(" and ")}: a quarter of all stake must vote`, async () => {
      const world = await loadFixture(deploy);
      const proposal = await feeProposal(world);
      await propose({ world, proposal });
      const id = await idOf(world, proposal);
      for (const voter of voters) await world.governor.connect(world[voter]).castVote(id, VOTE.for);
      await time.increase(RULES.votingPeriodSeconds + 1n);
      expect(await stateOf(world, proposal)).to.equal(outcome);
    });
  }

  it("whose quorum comes late is open for as long as everybody else needs to answer", async () => {
    const world = await loadFixture(deploy);
    const { governor, alice, operator, bob, carol } = world;
    const proposal = await feeProposal(world);
    await propose({ world, proposal });
    const id = await idOf(world, proposal);
    const deadline = await governor.proposalDeadline(id);

    await time.setNextBlockTimestamp(deadline);
    const extended = deadline + RULES.lateQuorumSeconds;
    await expect(governor.connect(alice).castVote(id, VOTE.for))
      .to.emit(governor, "ProposalExtended")
      .withArgs(id, extended);
    expect(await governor.proposalDeadline(id)).to.equal(extended);

    await time.increaseTo(extended - 3n);
    for (const voter of [operator, bob]) await governor.connect(voter).castVote(id, VOTE.against);
    expect(await governor.proposalDeadline(id)).to.equal(extended);
    await time.increaseTo(extended + 1n);
    await expect(governor.connect(carol).castVote(id, VOTE.against))
      .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
      .withArgs(id, 4n, statesOf("active"));
    expect(await stateOf(world, proposal)).to.equal("succeeded");
  });

  it("is open as long as ever if its quorum comes early", async () => {
    const world = await loadFixture(deploy);
    const proposal = await feeProposal(world);
    await propose({ world, proposal });
    const id = await idOf(world, proposal);
    const deadline = await world.governor.proposalDeadline(id);
    await world.governor.connect(world.alice).castVote(id, VOTE.for);
    expect(await world.governor.proposalDeadline(id)).to.equal(deadline);
  });
});

describe("OpenGovernor: votes", () => {
  /** The operator has handed its votes to Carol, who has no stake on the operator. */
  async function deployDelegated(): Promise<GovernanceWorld & { id: bigint }> {
    const world = await deployGovernance(connection);
    await world.staking.connect(world.operator).delegate(world.carol);
    const proposal = await feeProposal(world);
    await propose({ world, proposal });
    return { ...world, id: await idOf(world, proposal) };
  }

  it("count where the voter has stake, and in the pools it names", async () => {
    const world = await loadFixture(deployDelegated);
    const { governor, operator, bob, carol, id } = world;
    const params = paramsOf(operator, bob);
    const snapshot = await governor.proposalSnapshot(id);
    expect(await governor.getVotes(carol, snapshot)).to.equal(CAROLS);
    expect(await governor.getVotesWithParams(carol, snapshot, "0x")).to.equal(CAROLS);
    expect(await governor.getVotesWithParams(carol, snapshot, paramsOf(bob))).to.equal(CAROLS);
    expect(await governor.getVotesWithParams(carol, snapshot, paramsOf(operator))).to.equal(OPERATORS);
    expect(await governor.getVotesWithParams(carol, snapshot, params)).to.equal(CAROLS + OPERATORS);

    await expect(governor.connect(carol).castVoteWithReasonAndParams(id, VOTE.for, "why not", params))
      .to.emit(governor, "VoteCastWithParams")
      .withArgs(carol, id, VOTE.for, CAROLS + OPERATORS, "why not", params);
    expect(await governor.proposalVotes(id)).to.deep.equal([0n, CAROLS + OPERATORS, 0n]);
  });

  it("are cast once, in whichever pools", async () => {
    const { governor, operator, bob, carol, id } = await loadFixture(deployDelegated);
    await governor.connect(carol).castVoteWithReasonAndParams(id, VOTE.for, "", paramsOf(operator));
    for (const params of ["0x", paramsOf(bob)]) {
      await expect(governor.connect(carol).castVoteWithReasonAndParams(id, VOTE.for, "", params))
        .to.be.revertedWithCustomError(governor, "GovernorAlreadyCastVote")
        .withArgs(carol);
    }
  });

  it("of nobody's pool are none", async () => {
    const { governor, mallory, carol, id } = await loadFixture(deployDelegated);
    const snapshot = await governor.proposalSnapshot(id);
    expect(await governor.getVotesWithParams(carol, snapshot, paramsOf(mallory))).to.equal(0n);
    expect(await governor.getVotesWithParams(carol, snapshot, paramsOf())).to.equal(0n);
  });

  it("are at what stake was worth when the vote began", async () => {
    const { governor, staking, carol, bob, id } = await loadFixture(deployDelegated);
    await staking.connect(carol).thaw(bob, CAROLS);
    await time.increase(DAY);
    await expect(governor.connect(carol).castVote(id, VOTE.against))
      .to.emit(governor, "VoteCast")
      .withArgs(carol, id, VOTE.against, CAROLS, "");
  });
});
