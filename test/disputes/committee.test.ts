import { expect } from "chai";
import { AbiCoder } from "ethers";
import { network } from "hardhat";

import {
  deployDisputes,
  type DisputeWorld,
  FOR_CLAIMANT,
  FOR_RESPONDENT,
  NO_RULING,
  type OpenedCase,
  openCase,
  passDeadline,
} from "../helpers/disputes.ts";
import { EVIDENCE, QUORUM, RULING } from "../helpers/staking.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

interface Scene extends DisputeWorld {
  opened: OpenedCase;
}

/** The committee is to decide a case, and evidence is in. */
async function deployAsked(): Promise<Scene> {
  const world = await deployDisputes(connection);
  const { court, governor, committee } = world;
  await court.connect(governor).setArbitrator(committee);
  const opened = await openCase(world, { fee: 0n });
  await time.increaseTo(opened.openedAt + EVIDENCE);
  return { ...world, opened };
}

describe("ArbitrationCommittee", () => {
  it("knows its quorum and its authority, and charges nothing", async () => {
    const { committee, access } = await loadFixture(deployAsked);
    expect(await committee.quorum()).to.equal(QUORUM);
    expect(await committee.authority()).to.equal(access);
    expect(await committee.arbitrationCost("0x1234")).to.equal(0n);
  });

  it("refuses a quorum of zero", async () => {
    const { committee, access } = await loadFixture(deployAsked);
    await expect(ethers.deployContract("ArbitrationCommittee", [access, 0n]))
      .to.be.revertedWithCustomError(committee, "ArbitrationCommittee_ZeroQuorum")
      .withArgs();
  });

  describe("disputes", () => {
    it("have ids that count from 1, and are announced with what they are about", async () => {
      const { committee, court, mallory, opened } = await loadFixture(deployAsked);
      expect(opened.disputeId).to.equal(1n);
      expect(await committee.disputeCount()).to.equal(1n);
      const [asked] = await committee.queryFilter(committee.filters.DisputeCreated(1n));
      const about = AbiCoder.defaultAbiCoder().encode(["uint256"], [opened.caseId]);
      expect(asked.args).to.deep.equal([1n, await court.getAddress(), FOR_CLAIMANT, about]);

      expect(await committee.connect(mallory).createDispute.staticCall(5n, "0xab")).to.equal(2n);
      await expect(committee.connect(mallory).createDispute(5n, "0xab"))
        .to.emit(committee, "DisputeCreated")
        .withArgs(2n, mallory, 5n, "0xab");
      expect(await committee.disputeCount()).to.equal(2n);
    });

    it("come without money", async () => {
      const { committee } = await loadFixture(deployAsked);
      await expect(committee.createDispute(2n, "0x", { value: 1n }))
        .to.be.revertedWithCustomError(committee, "ArbitrationCommittee_NoFee")
        .withArgs(1n);
    });

    it("have as many choices as fit a word's quarter", async () => {
      const { committee } = await loadFixture(deployAsked);
      const max = 2n ** 64n - 1n;
      await expect(committee.createDispute(max + 1n, "0x"))
        .to.be.revertedWithCustomError(committee, "ArbitrationCommittee_TooManyChoices")
        .withArgs(max + 1n, max);
      await expect(committee.createDispute(max, "0x")).to.emit(committee, "DisputeCreated");
    });
  });

  describe("votes", () => {
    it("are counted for each ruling", async () => {
      const { committee, members, opened } = await loadFixture(deployAsked);
      const { disputeId } = opened;
      await expect(committee.connect(members[0]).vote(disputeId, FOR_CLAIMANT))
        .to.emit(committee, "Voted")
        .withArgs(disputeId, members[0], FOR_CLAIMANT);
      await committee.connect(members[1]).vote(disputeId, FOR_RESPONDENT);
      const votes = [NO_RULING, FOR_RESPONDENT, FOR_CLAIMANT].map((ruling) => committee.votesFor(disputeId, ruling));
      expect(await Promise.all(votes)).to.deep.equal([0n, 1n, 1n]);
    });

    for (const ruling of [NO_RULING, FOR_RESPONDENT, FOR_CLAIMANT]) {
      it(`rule ${ruling} as soon as enough are for it, and not before`, async () => {
        const { committee, court, members, opened } = await loadFixture(deployAsked);
        const { disputeId, caseId } = opened;
        await expect(committee.connect(members[0]).vote(disputeId, ruling)).to.not.emit(court, "Ruling");
        await committee.connect(members[1]).vote(disputeId, (ruling + 1n) % 3n);
        expect((await court.caseOf(caseId)).status).to.equal(1n);
        const deciding = committee.connect(members[2]).vote(disputeId, ruling);
        await expect(deciding).to.emit(committee, "Voted").withArgs(disputeId, members[2], ruling);
        await expect(deciding).to.emit(court, "Ruling").withArgs(committee, disputeId, ruling);
        expect((await court.caseOf(caseId)).status).to.equal(2n);
      });
    }

    it("of one dispute do not count for another", async () => {
      const world = await loadFixture(deployAsked);
      const { committee, court, members, opened } = world;
      const other = await openCase(world, { draws: "0x", fee: 0n });
      await time.increaseTo(other.openedAt + EVIDENCE);
      await committee.connect(members[0]).vote(opened.disputeId, FOR_CLAIMANT);
      await expect(committee.connect(members[0]).vote(other.disputeId, FOR_CLAIMANT)).to.not.emit(court, "Ruling");
      expect(await committee.votesFor(other.disputeId, FOR_CLAIMANT)).to.equal(1n);
    });

    it("are for members only", async () => {
      const { committee, mallory, opened } = await loadFixture(deployAsked);
      await expect(committee.connect(mallory).vote(opened.disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(committee, "AccessManagedUnauthorized")
        .withArgs(mallory);
    });

    it("are one for each member", async () => {
      const { committee, members, opened } = await loadFixture(deployAsked);
      await committee.connect(members[0]).vote(opened.disputeId, FOR_CLAIMANT);
      for (const ruling of [FOR_CLAIMANT, FOR_RESPONDENT]) {
        await expect(committee.connect(members[0]).vote(opened.disputeId, ruling))
          .to.be.revertedWithCustomError(committee, "ArbitrationCommittee_AlreadyVoted")
          .withArgs(opened.disputeId, members[0]);
      }
    });

    it("are for one of the choices", async () => {
      const { committee, members, opened } = await loadFixture(deployAsked);
      await expect(committee.connect(members[0]).vote(opened.disputeId, 3n))
        .to.be.revertedWithCustomError(committee, "ArbitrationCommittee_BadRuling")
        .withArgs(opened.disputeId, 3n, FOR_CLAIMANT);
    });

    it("need a dispute", async () => {
      const { committee, members } = await loadFixture(deployAsked);
      for (const disputeId of [0n, 2n]) {
        await expect(committee.connect(members[0]).vote(disputeId, FOR_CLAIMANT))
          .to.be.revertedWithCustomError(committee, "ArbitrationCommittee_NoSuchDispute")
          .withArgs(disputeId);
      }
    });

    it("end with the ruling", async () => {
      const { committee, members, opened } = await loadFixture(deployAsked);
      for (const member of members.slice(0, 2)) await committee.connect(member).vote(opened.disputeId, FOR_CLAIMANT);
      await expect(committee.connect(members[2]).vote(opened.disputeId, FOR_RESPONDENT))
        .to.be.revertedWithCustomError(committee, "ArbitrationCommittee_AlreadyRuled")
        .withArgs(opened.disputeId);
    });

    it("cannot complete a quorum before evidence is in, and can when it is", async () => {
      const world = await loadFixture(deployAsked);
      const { committee, court, members } = world;
      const { caseId, disputeId, openedAt } = await openCase(world, { draws: "0x", fee: 0n });
      await committee.connect(members[0]).vote(disputeId, FOR_CLAIMANT);
      await time.setNextBlockTimestamp(openedAt + EVIDENCE - 1n);
      await expect(committee.connect(members[1]).vote(disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_TooEarly")
        .withArgs(caseId, openedAt + EVIDENCE, openedAt + EVIDENCE - 1n);
      await time.setNextBlockTimestamp(openedAt + EVIDENCE);
      await expect(committee.connect(members[1]).vote(disputeId, FOR_CLAIMANT))
        .to.emit(court, "Ruling")
        .withArgs(committee, disputeId, FOR_CLAIMANT);
    });

    it("cannot complete a quorum when it is too late", async () => {
      const world = await loadFixture(deployAsked);
      const { committee, court, members, opened } = world;
      await committee.connect(members[0]).vote(opened.disputeId, FOR_CLAIMANT);
      await passDeadline(world, opened);
      const deadline = opened.openedAt + EVIDENCE + RULING;
      await expect(committee.connect(members[1]).vote(opened.disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_TooLate")
        .withArgs(opened.caseId, deadline, deadline + 1n);
      expect(await committee.votesFor(opened.disputeId, FOR_CLAIMANT)).to.equal(1n);
    });
  });

  it("has members that governance replaces", async () => {
    const { committee, court, access, governor, members, mallory, opened } = await loadFixture(deployAsked);
    const role = await access.getTargetFunctionRole(committee, committee.interface.getFunction("vote").selector);
    await access.connect(governor).revokeRole(role, members[0]);
    await access.connect(governor).grantRole(role, mallory, 0n);
    await expect(committee.connect(members[0]).vote(opened.disputeId, FOR_CLAIMANT))
      .to.be.revertedWithCustomError(committee, "AccessManagedUnauthorized")
      .withArgs(members[0]);
    await committee.connect(mallory).vote(opened.disputeId, FOR_CLAIMANT);
    await expect(committee.connect(members[1]).vote(opened.disputeId, FOR_CLAIMANT)).to.emit(court, "Ruling");
  });
});
