import { expect } from "chai";
import { AbiCoder, parseEther, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";

import { ROLE } from "../../ignition/powers.ts";
import {
  asContract,
  batchOf,
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
  stake,
  type State,
  STATES,
  stateOf,
  statesOf,
  VOTE,
  withGovernorTwin,
} from "../helpers/governance.ts";
import { accountOf } from "../helpers/shares.ts";
import { worksOn } from "../helpers/twins.ts";

const connection = await network.getOrCreate();
const { networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const deploy = async (): Promise<GovernanceWorld> => await deployGovernance(connection);

const ADMIN = ZeroHash;

/** The Timelock's state of what may be executed, as its errors name it. */
const READY = toBeHex(1n << 2n, 32);

/** Gives all fees there can be to somebody. */
async function grab({ feePolicy }: GovernanceWorld, to: { address: string }): Promise<Proposal> {
  const policy = {
    treasury: accountOf(to),
    treasuryBps: 1_000n,
    operatorBps: 0n,
    stakersBps: 0n,
    platformFee: parseEther("1"),
  };
  return await proposalOf(feePolicy, feePolicy.interface.encodeFunctionData("setPolicy", [policy]));
}

const isGrabbed = async ({ feePolicy }: GovernanceWorld, times = 1n): Promise<boolean> =>
  (await feePolicy.currentVersion()) > times;

async function expectState(
  attempt: Promise<unknown>,
  { governor }: GovernanceWorld,
  { id, is, allowed }: { id: bigint; is: State; allowed: State[] },
): Promise<void> {
  await expect(attempt)
    .to.be.revertedWithCustomError(governor, "GovernorUnexpectedProposalState")
    .withArgs(id, BigInt(STATES.indexOf(is)), statesOf(...allowed));
}

// No twin: proposals and operations are counted by OpenZeppelin's Governor and Timelock alone.
describe("Attacks on governance: replay", () => {
  async function deployExecuted(): Promise<GovernanceWorld & { proposal: Proposal; id: bigint }> {
    const world = await deployGovernance(connection);
    const proposal = await grab(world, world.carol);
    await bring({ world, proposal, to: "executed" });
    return { ...world, proposal, id: await idOf(world, proposal) };
  }

  it("stands: a proposal is executed a second time", async () => {
    const world = await loadFixture(deployExecuted);
    const { governor, mallory, proposal, id } = world;
    const again = governor.connect(mallory).execute(...operationOf(proposal));
    await expectState(again, world, { id, is: "executed", allowed: ["queued"] });
    expect(await isGrabbed(world, 2n)).to.equal(false);
  });

  it("stands: a proposal is executed a second time at the Timelock itself", async () => {
    const world = await loadFixture(deployExecuted);
    const { timelock, mallory, proposal } = world;
    await expect(timelock.connect(mallory).executeBatch(...(await batchOf(world, proposal))))
      .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
      .withArgs(await operationIdOf(world, proposal), READY);
    expect(await isGrabbed(world, 2n)).to.equal(false);
  });

  it("stands: a proposal that was executed is queued again", async () => {
    const world = await loadFixture(deployExecuted);
    const { governor, mallory, proposal, id } = world;
    const again = governor.connect(mallory).queue(...operationOf(proposal));
    await expectState(again, world, { id, is: "executed", allowed: ["succeeded"] });
  });

  it("stands: the same is proposed again, to use the votes once more", async () => {
    const world = await loadFixture(deployExecuted);
    const { governor, alice, proposal, id } = world;
    const { targets, values, calldatas, description } = proposal;
    const again = governor.connect(alice).propose(targets, values, calldatas, description);
    await expectState(again, world, { id, is: "executed", allowed: [] });
  });

  it("stands: what somebody executes at the Timelock first is executed by the governor as well", async () => {
    const world = await loadFixture(deploy);
    const { governor, timelock, mallory } = world;
    const proposal = await grab(world, world.carol);
    await bring({ world, proposal, to: "ready" });
    await timelock.connect(mallory).executeBatch(...(await batchOf(world, proposal)));
    expect(await stateOf(world, proposal)).to.equal("executed");
    const again = governor.connect(mallory).execute(...operationOf(proposal));
    await expectState(again, world, { id: await idOf(world, proposal), is: "executed", allowed: ["queued"] });
    expect(await isGrabbed(world, 2n)).to.equal(false);
  });
});

// No twin: who may do what is kept by OpenZeppelin's AccessManager and Timelock. What the deployment makes of them is
// enumerated from the chain in test/governance/powers.test.ts.
describe("Attacks on governance: around the Timelock", () => {
  it("stands: strangers, the deployer, the guardian and the governor itself call what is restricted", async () => {
    const world = await loadFixture(deploy);
    const { feePolicy, staking, governor, deployer, guardian, mallory } = world;
    const { treasury, treasuryBps, operatorBps, stakersBps, platformFee } = await feePolicy.policyAt(1n);
    const policy = { treasury, treasuryBps, operatorBps, stakersBps, platformFee };
    for (const caller of [mallory, deployer, guardian, await asContract({ connection, contract: governor })]) {
      await expect(feePolicy.connect(caller).setPolicy(policy))
        .to.be.revertedWithCustomError(feePolicy, "AccessManagedUnauthorized")
        .withArgs(caller);
      for (const attempt of [
        staking.connect(caller).setMinSelfStake(0n),
        staking.connect(caller).slash(caller, 1n),
        staking.connect(caller).hold(caller),
        staking.connect(caller).setAuthority(caller),
      ]) {
        await expect(attempt).to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized").withArgs(caller);
      }
    }
  });

  it("stands: strangers, the deployer, the guardian and the governor itself give themselves roles", async () => {
    const world = await loadFixture(deploy);
    const { access, timelock, governor, deployer, guardian, mallory } = world;
    for (const caller of [mallory, deployer, guardian, await asContract({ connection, contract: governor })]) {
      for (const role of Object.values(ROLE)) {
        await expect(access.connect(caller).grantRole(role, caller, 0))
          .to.be.revertedWithCustomError(access, "AccessManagerUnauthorizedAccount")
          .withArgs(caller, ROLE.ADMIN);
      }
      for (const role of [ADMIN, await timelock.PROPOSER_ROLE(), await timelock.CANCELLER_ROLE()]) {
        await expect(timelock.connect(caller).grantRole(role, caller))
          .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
          .withArgs(caller, ADMIN);
      }
    }
  });

  it("stands: a call is made by way of the AccessManager", async () => {
    const world = await loadFixture(deploy);
    const { access, feePolicy, mallory } = world;
    const { calldatas } = await grab(world, mallory);
    const { selector } = feePolicy.interface.getFunction("setPolicy");
    for (const attempt of [
      access.connect(mallory).execute(feePolicy, calldatas[0]),
      access.connect(mallory).schedule(feePolicy, calldatas[0], 0),
    ]) {
      await expect(attempt)
        .to.be.revertedWithCustomError(access, "AccessManagerUnauthorizedCall")
        .withArgs(mallory, feePolicy, selector);
    }
    expect(await isGrabbed(world)).to.equal(false);
  });

  it("stands: an operation is put straight to the Timelock, or one is taken out", async () => {
    const world = await loadFixture(deploy);
    const { timelock, mallory, deployer } = world;
    const proposal = await grab(world, mallory);
    const batch = await batchOf(world, proposal);
    for (const caller of [mallory, deployer]) {
      await expect(timelock.connect(caller).scheduleBatch(...batch, RULES.timelockSeconds))
        .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
        .withArgs(caller, await timelock.PROPOSER_ROLE());
      await expect(timelock.connect(caller).cancel(await operationIdOf(world, proposal)))
        .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
        .withArgs(caller, await timelock.CANCELLER_ROLE());
      await expect(timelock.connect(caller).updateDelay(0n))
        .to.be.revertedWithCustomError(timelock, "TimelockUnauthorizedCaller")
        .withArgs(caller);
    }
    await expect(timelock.connect(mallory).executeBatch(...batch))
      .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
      .withArgs(await operationIdOf(world, proposal), READY);
  });

  it("stands: a proposal is executed before its time, or without having been queued", async () => {
    const world = await loadFixture(deploy);
    const { governor, timelock, mallory } = world;
    const proposal = await grab(world, mallory);
    const id = await idOf(world, proposal);
    const execute = () => governor.connect(mallory).execute(...operationOf(proposal));
    await bring({ world, proposal, to: "succeeded" });
    await expectState(execute(), world, { id, is: "succeeded", allowed: ["queued"] });

    await governor.queue(...operationOf(proposal));
    await time.increase(RULES.timelockSeconds - 2n);
    for (const attempt of [execute(), timelock.connect(mallory).executeBatch(...(await batchOf(world, proposal)))]) {
      await expect(attempt)
        .to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState")
        .withArgs(await operationIdOf(world, proposal), READY);
    }
    expect(await isGrabbed(world)).to.equal(false);
  });

  it("stands: a proposal is queued while its vote is not over, or after it was lost", async () => {
    const world = await loadFixture(deploy);
    const { governor, mallory, operator } = world;
    const proposal = await grab(world, mallory);
    const id = await idOf(world, proposal);
    const queue = () => governor.connect(mallory).queue(...operationOf(proposal));
    await propose({ world, proposal });
    await governor.connect(operator).castVote(id, VOTE.for);
    await expectState(queue(), world, { id, is: "active", allowed: ["succeeded"] });
    await time.increase(RULES.votingPeriodSeconds + 1n);
    await expectState(queue(), world, { id, is: "defeated", allowed: ["succeeded"] });
  });
});

describe("Attacks on governance: by the guardian, or in its name", () => {
  async function queued(world: GovernanceWorld): Promise<Proposal> {
    const proposal = await grab(world, world.carol);
    await bring({ world, proposal, to: "queued" });
    return proposal;
  }

  async function cancelLate(world: GovernanceWorld, proposal: Proposal): Promise<void> {
    await time.increaseTo(await world.governor.guardianUntil());
    await world.governor.connect(world.guardian).cancel(...operationOf(proposal));
  }

  async function cancelAsStranger({ governor, mallory }: GovernanceWorld, proposal: Proposal): Promise<void> {
    await governor.connect(mallory).cancel(...operationOf(proposal));
  }

  for (const { name, twin, attack, attacker } of [
    {
      name: "the guardian cancels a proposal after its time",
      twin: "OpenGovernor_GuardianForEver",
      attack: cancelLate,
      attacker: "guardian",
    },
    {
      name: "a stranger cancels a proposal",
      twin: "OpenGovernor_AnyoneCancels",
      attack: cancelAsStranger,
      attacker: "mallory",
    },
  ] as const) {
    it(`stands: ${name}`, async () => {
      const world = await loadFixture(deploy);
      const proposal = await queued(world);
      await expect(attack(world, proposal))
        .to.be.revertedWithCustomError(world.governor, "GovernorUnableToCancel")
        .withArgs(await idOf(world, proposal), world[attacker]);
      expect(await stateOf(world, proposal)).to.equal("queued");
    });

    it(`${worksOn(twin)}: ${name}`, async () => {
      const world = await withGovernorTwin(await loadFixture(deploy), twin);
      const proposal = await queued(world);
      await attack(world, proposal);
      expect(await stateOf(world, proposal)).to.equal("canceled");
    });
  }

  it("stands: the guardian does anything else in its time", async () => {
    const world = await loadFixture(deploy);
    const { governor, timelock, guardian } = world;
    const { targets, values, calldatas, description } = await grab(world, guardian);
    await expect(governor.connect(guardian).propose(targets, values, calldatas, description))
      .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
      .withArgs(guardian, 0n, RULES.proposalThreshold);
    const proposal = await queued(world);
    await expect(timelock.connect(guardian).cancel(await operationIdOf(world, proposal)))
      .to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount")
      .withArgs(guardian, await timelock.CANCELLER_ROLE());
  });

  it("stands: the guardian brings back what it has cancelled, or undoes what was executed", async () => {
    const world = await loadFixture(deploy);
    const { governor, guardian } = world;
    const proposal = await queued(world);
    const id = await idOf(world, proposal);
    const before = await networkHelpers.takeSnapshot();
    await governor.connect(guardian).cancel(...operationOf(proposal));
    await time.increase(RULES.timelockSeconds);
    const execute = governor.connect(guardian).execute(...operationOf(proposal));
    await expectState(execute, world, { id, is: "canceled", allowed: ["queued"] });
    await before.restore();

    await time.increase(RULES.timelockSeconds);
    await governor.execute(...operationOf(proposal));
    const cancel = governor.connect(guardian).cancel(...operationOf(proposal));
    const allowed: State[] = ["pending", "active", "defeated", "succeeded", "queued"];
    await expectState(cancel, world, { id, is: "executed", allowed });
  });
});

describe("Attacks on governance: votes that are not there", () => {
  const LOOT = parseEther("100000000");

  /** Mallory sees a vote begin, and stakes more than all others together. */
  async function voteLate(world: GovernanceWorld, { named }: { named: boolean }): Promise<bigint> {
    const { governor, mallory } = world;
    const proposal = await grab(world, mallory);
    await propose({ world, proposal });
    const id = await idOf(world, proposal);
    await stake({ world, staker: mallory, on: mallory, amount: LOOT });
    await time.increase(DAY);
    const params = named ? AbiCoder.defaultAbiCoder().encode(["address[]"], [[mallory.address]]) : "0x";
    await governor.connect(mallory).castVoteWithReasonAndParams(id, VOTE.for, "", params);
    const [, inFavour] = await governor.proposalVotes(id);
    return inFavour;
  }

  for (const named of [false, true]) {
    it(`stands: stake that comes after a vote has begun votes${named ? ", in a pool it names" : ""}`, async () => {
      expect(await voteLate(await loadFixture(deploy), { named })).to.equal(0n);
    });
  }

  it(`${worksOn("OpenGovernor_VotesOfNow")}: in a pool it names`, async () => {
    const world = await withGovernorTwin(await loadFixture(deploy), "OpenGovernor_VotesOfNow");
    expect(await voteLate(world, { named: true })).to.equal(LOOT);
  });

  it("stands: a voter names a pool twice", async () => {
    const { governor, staking, alice, operator } = await loadFixture(deploy);
    const params = AbiCoder.defaultAbiCoder().encode(["address[]"], [[operator.address, operator.address]]);
    await expect(governor.getVotesWithParams(alice, (await time.latest()) - 1, params))
      .to.be.revertedWithCustomError(staking, "OperatorStaking_NotAscending")
      .withArgs(1n);
  });
});

describe("Attacks on governance: rules for the next vote", () => {
  /** A majority makes votes so short and quorums so small that nobody else can take part any more. */
  async function closeTheDoor(world: GovernanceWorld): Promise<void> {
    const { governor } = world;
    const calldatas = [
      governor.interface.encodeFunctionData("setVotingPeriod", [1]),
      governor.interface.encodeFunctionData("setVotingDelay", [0]),
      governor.interface.encodeFunctionData("updateQuorumNumerator", [0]),
    ];
    const target = await governor.getAddress();
    const proposal = { targets: calldatas.map(() => target), values: [0n, 0n, 0n], calldatas, description: "quick" };
    await bring({ world, proposal, to: "executed" });
  }

  const isClosed = async ({ governor }: GovernanceWorld): Promise<boolean> => (await governor.votingPeriod()) === 1n;

  it("stands: a majority sees to it that nobody can vote against it next time", async () => {
    const world = await loadFixture(deploy);
    await expect(closeTheDoor(world))
      .to.be.revertedWithCustomError(world.governor, "OpenGovernor_OutOfBounds")
      .withArgs("votingPeriodSeconds", 1n, RULES.lateQuorumSeconds, 60n * DAY);
    expect(await isClosed(world)).to.equal(false);
  });

  it(`${worksOn("OpenGovernor_NoBounds")}: a majority sees to it that nobody can vote against it next time`, async () => {
    const world = await withGovernorTwin(await loadFixture(deploy), "OpenGovernor_NoBounds");
    await closeTheDoor(world);
    expect(await isClosed(world)).to.equal(true);
  });

  /** A majority makes votes shorter than what is left of them when the quorum comes late. */
  async function shorten(world: GovernanceWorld): Promise<void> {
    const { governor } = world;
    const calldata = governor.interface.encodeFunctionData("setVotingPeriod", [DAY]);
    const target = await governor.getAddress();
    const proposal = { targets: [target], values: [0n], calldatas: [calldata], description: "short" };
    await bring({ world, proposal, to: "executed" });
  }

  const isShort = async ({ governor }: GovernanceWorld): Promise<boolean> =>
    (await governor.votingPeriod()) < (await governor.lateQuorumVoteExtension());

  it("stands: votes become shorter than the time behind a late quorum", async () => {
    const world = await loadFixture(deploy);
    await expect(shorten(world))
      .to.be.revertedWithCustomError(world.governor, "OpenGovernor_OutOfBounds")
      .withArgs("votingPeriodSeconds", DAY, RULES.lateQuorumSeconds, 60n * DAY);
    expect(await isShort(world)).to.equal(false);
  });

  it(`${worksOn("OpenGovernor_AnyPeriod")}: votes become shorter than the time behind a late quorum`, async () => {
    const world = await withGovernorTwin(await loadFixture(deploy), "OpenGovernor_AnyPeriod");
    await shorten(world);
    expect(await isShort(world)).to.equal(true);
  });
});
