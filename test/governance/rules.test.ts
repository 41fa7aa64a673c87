import { expect } from "chai";
import { parseEther, ZeroAddress } from "ethers";
import { network } from "hardhat";

import {
  asContract,
  bring,
  DAY,
  deployGovernance,
  deployGovernanceWith,
  type GovernanceWorld,
  operationOf,
  proposalOf,
  RULES,
} from "../helpers/governance.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const deploy = async (): Promise<GovernanceWorld> => await deployGovernance(connection);

const HOUR = 3_600n;

/** Every rule that proposals can change, with the function for it. */
const CHANGEABLE = [
  { rule: "votingDelaySeconds", setter: "setVotingDelay", min: HOUR, max: 14n * DAY },
  { rule: "votingPeriodSeconds", setter: "setVotingPeriod", min: DAY, max: 60n * DAY },
  { rule: "proposalThreshold", setter: "setProposalThreshold", min: parseEther("1000"), max: parseEther("10000000") },
  { rule: "quorumPercent", setter: "updateQuorumNumerator", min: 10n, max: 50n },
  { rule: "lateQuorumSeconds", setter: "setLateQuorumVoteExtension", min: HOUR, max: 14n * DAY },
] as const;

type Rule = (typeof CHANGEABLE)[number]["rule"];

async function readRule({ governor }: GovernanceWorld, rule: Rule): Promise<bigint> {
  switch (rule) {
    case "votingDelaySeconds":
      return await governor.votingDelay();
    case "votingPeriodSeconds":
      return await governor.votingPeriod();
    case "proposalThreshold":
      return await governor.proposalThreshold();
    case "quorumPercent":
      return await governor["quorumNumerator()"]();
    case "lateQuorumSeconds":
      return await governor.lateQuorumVoteExtension();
  }
}

/** A governor of its own, with a timelock of its own. */
async function deployGovernor({ staking, guardian }: GovernanceWorld, rules: Partial<typeof RULES>) {
  const all = { ...RULES, ...rules };
  const timelock = await ethers.deployContract("TimelockController", [all.timelockSeconds, [], [], ZeroAddress]);
  return await ethers.deployContract("OpenGovernor", [staking, timelock, { ...all, guardian }]);
}

describe("OpenGovernor: its rules", () => {
  it("are those it is deployed with", async () => {
    const world = await loadFixture(deploy);
    const { governor, staking, timelock, guardian } = world;
    expect(await governor.name()).to.equal("OpenGovernor");
    expect(await governor.token()).to.equal(await staking.getAddress());
    expect(await governor.timelock()).to.equal(await timelock.getAddress());
    expect(await governor.CLOCK_MODE()).to.equal("mode=timestamp");
    expect(await governor.COUNTING_MODE()).to.equal("support=bravo&quorum=for,abstain");
    for (const { rule } of CHANGEABLE) expect(await readRule(world, rule), rule).to.equal(RULES[rule]);
    expect(await timelock.getMinDelay()).to.equal(RULES.timelockSeconds);

    const [first] = await governor.queryFilter(governor.filters.VotingDelaySet());
    const { timestamp } = await first.getBlock();
    expect(await governor.guardian()).to.equal(guardian.address);
    expect(await governor.guardianUntil()).to.equal(BigInt(timestamp) + RULES.guardianSeconds);
  });

  for (const { rule, min, max } of [
    ...CHANGEABLE,
    { rule: "timelockSeconds", min: HOUR, max: 30n * DAY },
    { rule: "guardianSeconds", min: 0n, max: 730n * DAY },
  ] as const) {
    it(`begin with ${rule} from ${min} to ${max}, and not one more or less`, async () => {
      const world = await loadFixture(deploy);
      // A vote is never shorter than the time behind a late quorum.
      const others = rule === "votingPeriodSeconds" ? { lateQuorumSeconds: HOUR } : { votingPeriodSeconds: 60n * DAY };
      for (const value of [min, max]) await deployGovernor(world, { ...others, [rule]: value });
      for (const value of min === 0n ? [max + 1n] : [min - 1n, max + 1n]) {
        await expect(deployGovernor(world, { ...others, [rule]: value }))
          .to.be.revertedWithCustomError(world.governor, "OpenGovernor_OutOfBounds")
          .withArgs(rule, value, min, max);
      }
    });
  }

  it("never let the time behind a late quorum be longer than a vote", async () => {
    const world = await loadFixture(deploy);
    const rules = { votingPeriodSeconds: 3n * DAY };
    await deployGovernor(world, { ...rules, lateQuorumSeconds: 3n * DAY });
    await expect(deployGovernor(world, { ...rules, lateQuorumSeconds: 3n * DAY + 1n }))
      .to.be.revertedWithCustomError(world.governor, "OpenGovernor_OutOfBounds")
      .withArgs("lateQuorumSeconds", 3n * DAY + 1n, HOUR, 3n * DAY);
  });

  it("never let a vote become shorter than the time behind a late quorum, nor that longer than a vote", async () => {
    const world = await loadFixture(deploy);
    const { governor } = world;
    const late = RULES.lateQuorumSeconds;
    for (const [rule, setter, refused, min, max] of [
      ["votingPeriodSeconds", "setVotingPeriod", late - 1n, late, 60n * DAY],
      ["lateQuorumSeconds", "setLateQuorumVoteExtension", late + 1n, HOUR, late],
    ] as const) {
      const change = async (value: bigint) =>
        await proposalOf(governor, governor.interface.encodeFunctionData(setter as "setVotingPeriod", [value]));
      const proposal = await change(refused);
      await bring({ world, proposal, to: "ready" });
      await expect(governor.execute(...operationOf(proposal)))
        .to.be.revertedWithCustomError(governor, "OpenGovernor_OutOfBounds")
        .withArgs(rule, refused, min, max);
      await bring({ world, proposal: await change(late), to: "executed" });
      expect(await readRule(world, rule)).to.equal(late);
    }
  });

  it("name their bounds", async () => {
    const { governor } = await loadFixture(deploy);
    expect(await governor.MIN_VOTING_DELAY_SECONDS()).to.equal(HOUR);
    expect(await governor.MAX_VOTING_DELAY_SECONDS()).to.equal(14n * DAY);
    expect(await governor.MIN_VOTING_PERIOD_SECONDS()).to.equal(DAY);
    expect(await governor.MAX_VOTING_PERIOD_SECONDS()).to.equal(60n * DAY);
    expect(await governor.MIN_PROPOSAL_THRESHOLD()).to.equal(parseEther("1000"));
    expect(await governor.MAX_PROPOSAL_THRESHOLD()).to.equal(parseEther("10000000"));
    expect(await governor.MIN_QUORUM_PERCENT()).to.equal(10n);
    expect(await governor.MAX_QUORUM_PERCENT()).to.equal(50n);
    expect(await governor.MIN_LATE_QUORUM_SECONDS()).to.equal(HOUR);
    expect(await governor.MAX_LATE_QUORUM_SECONDS()).to.equal(14n * DAY);
    expect(await governor.MIN_TIMELOCK_SECONDS()).to.equal(HOUR);
    expect(await governor.MAX_TIMELOCK_SECONDS()).to.equal(30n * DAY);
    expect(await governor.MAX_GUARDIAN_SECONDS()).to.equal(730n * DAY);
  });

  for (const { rule, setter, max, ...bounds } of CHANGEABLE) {
    describe(`when a proposal changes ${rule}`, () => {
      const min = rule === "votingPeriodSeconds" ? RULES.lateQuorumSeconds : bounds.min;
      const change = async (world: GovernanceWorld, value: bigint) => {
        const calldata = world.governor.interface.encodeFunctionData(setter as "setVotingDelay", [value]);
        return await proposalOf(world.governor, calldata);
      };

      it("is in force once that is executed", async () => {
        const world = await loadFixture(deploy);
        await bring({ world, proposal: await change(world, min), to: "executed" });
        expect(await readRule(world, rule)).to.equal(min);
      });

      for (const value of [min - 1n, max + 1n]) {
        it(`reverts for ${value}`, async () => {
          const world = await loadFixture(deploy);
          const proposal = await change(world, value);
          await bring({ world, proposal, to: "ready" });
          await expect(world.governor.execute(...operationOf(proposal)))
            .to.be.revertedWithCustomError(world.governor, "OpenGovernor_OutOfBounds")
            .withArgs(rule, value, min, max);
          expect(await readRule(world, rule)).to.equal(RULES[rule]);
        });
      }

      it("reverts for everybody who comes without a proposal, the Timelock included", async () => {
        const { governor, timelock, mallory, guardian } = await loadFixture(deploy);
        const call = (signer: typeof mallory) => governor.connect(signer).getFunction(setter)(min);
        for (const stranger of [mallory, guardian]) {
          await expect(call(stranger))
            .to.be.revertedWithCustomError(governor, "GovernorOnlyExecutor")
            .withArgs(stranger);
        }
        const EMPTY_POP = 0x31;
        await expect(call(await asContract({ connection, contract: timelock }))).to.be.revertedWithPanic(EMPTY_POP);
      });
    });
  }
});

describe("OpenGovernor: its guardian", () => {
  const noop = async (world: GovernanceWorld) =>
    await proposalOf(world.staking, world.staking.interface.encodeFunctionData("setMinSelfStake", [0n]));

  for (const to of ["succeeded", "queued", "ready"] as const) {
    it(`cancels a proposal that is ${to}, for good`, async () => {
      const world = await loadFixture(deploy);
      const { governor, guardian } = world;
      const proposal = await noop(world);
      await bring({ world, proposal, to });
      const id = await governor.hashProposal(...operationOf(proposal));
      await expect(governor.connect(guardian).cancel(...operationOf(proposal)))
        .to.emit(governor, "ProposalCanceled")
        .withArgs(id);
      for (const step of ["queue", "execute"] as const) {
        const allowed = step === "queue" ? 4n : 5n;
        await expect(governor[step](...operationOf(proposal)))
          .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
          .withArgs(id, 2n, ethers.toBeHex(1n << allowed, 32));
      }
    });
  }

  it("has its power up to the last second, and not in the next one", async () => {
    const world = await loadFixture(deploy);
    const { governor, guardian } = world;
    const proposal = await noop(world);
    await bring({ world, proposal, to: "queued" });
    const cancel = () => governor.connect(guardian).cancel(...operationOf(proposal));
    const until = await governor.guardianUntil();
    const before = await networkHelpers.takeSnapshot();

    await time.setNextBlockTimestamp(until - 1n);
    await cancel();
    await before.restore();

    await time.setNextBlockTimestamp(until);
    await expect(cancel())
      .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
      .withArgs(await governor.hashProposal(...operationOf(proposal)), guardian);
    await governor.execute(...operationOf(proposal));
  });

  it("need not exist", async () => {
    const world = await deployGovernanceWith(await network.create(), { guardian: ZeroAddress });
    expect(await world.governor.guardian()).to.equal(ZeroAddress);
  });

  it("is not needed by proposers, who cancel as long as nobody can vote", async () => {
    const world = await loadFixture(deploy);
    const { governor, alice, bob } = world;
    const proposal = await noop(world);
    const { targets, values, calldatas, description } = proposal;
    await governor.connect(alice).propose(targets, values, calldatas, description);
    const id = await governor.hashProposal(...operationOf(proposal));
    await expect(governor.connect(bob).cancel(...operationOf(proposal)))
      .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
      .withArgs(id, bob);
    const before = await networkHelpers.takeSnapshot();
    await governor.connect(alice).cancel(...operationOf(proposal));
    await before.restore();

    await time.increase(RULES.votingDelaySeconds + 1n);
    await expect(governor.connect(alice).cancel(...operationOf(proposal)))
      .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
      .withArgs(id, alice);
  });
});
