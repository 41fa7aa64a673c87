import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { parseEther, Signature, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { sortOperators } from "../../sdk/stakeVotes.ts";
import { deployStaking, type StakingWorld } from "../helpers/staking.ts";

const connection = await network.getOrCreate();
const { loadFixture, time } = connection.networkHelpers;

const ALICES = parseEther("3000");
const ALICES_OTHER = parseEther("50");
const BOBS = parseEther("1000");

/** Alice and Bob have staked on the operator, and Alice on Carol, too. */
async function deployStaked(): Promise<StakingWorld> {
  const world = await deployStaking(connection);
  const { staking, operator, alice, bob, carol } = world;
  await staking.connect(alice).stake(operator, ALICES);
  await staking.connect(alice).stake(carol, ALICES_OTHER);
  await staking.connect(bob).stake(operator, BOBS);
  return world;
}

/** Addresses as votes want them named. */
function ascending(...people: { address: string }[]): string[] {
  return sortOperators(people.map(({ address }) => address));
}

/** The last second before the next block's. */
async function now(): Promise<number> {
  const timestamp = await time.latest();
  await time.increase(1);
  return timestamp;
}

async function signDelegation(
  { staking }: StakingWorld,
  signer: HardhatEthersSigner,
  message: { delegatee: string; nonce: bigint; expiry: bigint },
): Promise<Signature> {
  const { name, version, chainId, verifyingContract } = await staking.eip712Domain();
  const types = {
    Delegation: [
      { name: "delegatee", type: "address" },
      { name: "nonce", type: "uint256" },
      { name: "expiry", type: "uint256" },
    ],
  };
  return Signature.from(await signer.signTypedData({ name, version, chainId, verifyingContract }, types, message));
}

describe("OperatorStaking: votes", () => {
  it("follow the clock of the chain's time", async () => {
    const { staking } = await loadFixture(deployStaked);
    expect(await staking.clock()).to.equal(await time.latest());
    expect(await staking.CLOCK_MODE()).to.equal("mode=timestamp");
  });

  it("are an account's own stake in all pools, unless it says otherwise", async () => {
    const { staking, alice, bob, mallory } = await loadFixture(deployStaked);
    expect(await staking.delegates(alice)).to.equal(alice.address);
    expect(await staking.getVotes(alice)).to.equal(ALICES + ALICES_OTHER);
    expect(await staking.getVotes(bob)).to.equal(BOBS);
    expect(await staking.getVotes(mallory)).to.equal(0n);
    const timepoint = await now();
    expect(await staking.getPastVotes(alice, timepoint)).to.equal(ALICES + ALICES_OTHER);
    expect(await staking.getPastTotalSupply(timepoint)).to.equal(ALICES + ALICES_OTHER + BOBS);
  });

  describe("delegate", () => {
    it("gives the votes of all pools away", async () => {
      const { staking, operator, alice, bob, carol } = await loadFixture(deployStaked);
      const delegated = staking.connect(alice).delegate(bob);
      await expect(delegated).to.emit(staking, "DelegateChanged").withArgs(alice, alice, bob);
      await expect(delegated).to.emit(staking, "VotesMoved").withArgs(operator, alice, bob, ALICES);
      await expect(delegated).to.emit(staking, "VotesMoved").withArgs(carol, alice, bob, ALICES_OTHER);
      expect(await staking.delegates(alice)).to.equal(bob.address);
      expect(await staking.getVotes(alice)).to.equal(0n);
      // Bob has no stake on Carol: without being told, nobody looks for votes of his there.
      expect(await staking.getVotes(bob)).to.equal(ALICES + BOBS);
      const timepoint = await now();
      expect(await staking.getPastVotesIn(bob, ascending(operator, carol), timepoint)).to.equal(
        ALICES + ALICES_OTHER + BOBS,
      );
    });

    it("goes for stake to come, and for what is leaving", async () => {
      const { staking, operator, alice, bob } = await loadFixture(deployStaked);
      await staking.connect(alice).delegate(bob);
      await staking.connect(alice).stake(operator, 5n);
      await staking.connect(alice).thaw(operator, 2n);
      expect(await staking.getVotes(alice)).to.equal(0n);
      expect(await staking.getVotes(bob)).to.equal(ALICES + BOBS + 3n);
    });

    it("ends with zero", async () => {
      const { staking, alice, bob } = await loadFixture(deployStaked);
      await staking.connect(alice).delegate(bob);
      await expect(staking.connect(alice).delegate(ZeroAddress))
        .to.emit(staking, "DelegateChanged")
        .withArgs(alice, bob, alice);
      expect(await staking.getVotes(alice)).to.equal(ALICES + ALICES_OTHER);
      expect(await staking.getVotes(bob)).to.equal(BOBS);
    });

    it("changes nothing when it names the same again", async () => {
      const { staking, alice, bob } = await loadFixture(deployStaked);
      await staking.connect(alice).delegate(bob);
      await expect(staking.connect(alice).delegate(bob)).not.to.emit(staking, "VotesMoved");
      expect(await staking.getVotes(bob)).to.equal(ALICES + BOBS);
    });

    it("passes pools by in which all stake thaws", async () => {
      const { staking, operator, alice, bob } = await loadFixture(deployStaked);
      await staking.connect(alice).thaw(operator, ALICES);
      await expect(staking.connect(alice).delegate(bob))
        .to.emit(staking, "VotesMoved")
        .withArgs((value: string) => value !== operator.address, alice, bob, ALICES_OTHER);
      expect(await staking.getVotes(bob)).to.equal(BOBS);
    });

    it("is not passed on", async () => {
      const { staking, alice, bob, operator } = await loadFixture(deployStaked);
      await staking.connect(alice).delegate(bob);
      await staking.connect(bob).delegate(operator);
      const timepoint = await now();
      expect(await staking.getPastVotesIn(operator, [operator.address], timepoint)).to.equal(BOBS);
      expect(await staking.getPastVotesIn(bob, [operator.address], timepoint)).to.equal(ALICES);
    });
  });

  describe("delegateBySig", () => {
    it("delegates for whoever signed", async () => {
      const world = await loadFixture(deployStaked);
      const { staking, alice, bob, mallory } = world;
      const message = { delegatee: bob.address, nonce: 0n, expiry: BigInt(await time.latest()) + 100n };
      const { v, r, s } = await signDelegation(world, alice, message);
      const { delegatee, nonce, expiry } = message;
      const submit = async () => await staking.connect(mallory).delegateBySig(delegatee, nonce, expiry, v, r, s);
      await expect(submit()).to.emit(staking, "DelegateChanged").withArgs(alice, alice, bob);
      await expect(submit()).to.be.revertedWithCustomError(staking, "InvalidAccountNonce").withArgs(alice, 1n);
      expect(await staking.getVotes(bob)).to.equal(ALICES + BOBS);
    });

    it("is refused after its expiry", async () => {
      const world = await loadFixture(deployStaked);
      const { staking, alice, bob } = world;
      const expiry = BigInt(await time.latest()) + 100n;
      const { v, r, s } = await signDelegation(world, alice, { delegatee: bob.address, nonce: 0n, expiry });
      await time.setNextBlockTimestamp(expiry + 1n);
      await expect(staking.delegateBySig(bob, 0n, expiry, v, r, s))
        .to.be.revertedWithCustomError(staking, "VotesExpiredSignature")
        .withArgs(expiry);
      const again = { delegatee: bob.address, nonce: 0n, expiry: expiry + 10n };
      const signature = await signDelegation(world, alice, again);
      await time.setNextBlockTimestamp(again.expiry);
      await staking.delegateBySig(bob, 0n, again.expiry, signature.v, signature.r, signature.s);
      expect(await staking.delegates(alice)).to.equal(bob.address);
    });

    it("is for what was signed only", async () => {
      const world = await loadFixture(deployStaked);
      const { staking, alice, bob, mallory } = world;
      const expiry = BigInt(await time.latest()) + 1_000n;
      const { v, r, s } = await signDelegation(world, alice, { delegatee: bob.address, nonce: 0n, expiry });
      await staking.delegateBySig(mallory, 0n, expiry, v, r, s);
      await staking.delegateBySig(bob, 0n, expiry + 1n, v, r, s);
      expect(await staking.delegates(alice)).to.equal(alice.address);
      expect(await staking.getVotes(mallory)).to.equal(0n);
    });
  });

  describe("in the past", () => {
    it("are what they were at the end of a second", async () => {
      const { staking, operator, alice } = await loadFixture(deployStaked);
      const before = await now();
      await staking.connect(alice).thaw(operator, ALICES);
      const after = await now();
      expect(await staking.getPastVotes(alice, before)).to.equal(ALICES + ALICES_OTHER);
      expect(await staking.getPastVotes(alice, after)).to.equal(ALICES_OTHER);
      expect(await staking.getPastTotalSupply(before)).to.equal(ALICES + ALICES_OTHER + BOBS);
      expect(await staking.getPastTotalSupply(after)).to.equal(ALICES_OTHER + BOBS);
    });

    it("have the value of before a slash until the slash", async () => {
      const { staking, operator, alice, bob, slasher } = await loadFixture(deployStaked);
      const before = await now();
      await staking.connect(slasher).slash(operator, parseEther("1000"));
      const after = await now();
      expect(await staking.getPastVotes(bob, before)).to.equal(BOBS);
      expect(await staking.getPastVotes(bob, after)).to.equal((BOBS * 3n) / 4n);
      expect(await staking.getPastVotes(alice, after)).to.equal((ALICES * 3n) / 4n + ALICES_OTHER);
      expect(await staking.getPastTotalSupply(after)).to.equal(((ALICES + BOBS) * 3n) / 4n + ALICES_OTHER);
    });

    it("are not told before a second is over", async () => {
      const { staking, alice, operator } = await loadFixture(deployStaked);
      const clock = await time.latest();
      for (const timepoint of [clock, clock + 1]) {
        for (const query of [
          async () => await staking.getPastVotes(alice, timepoint),
          async () => await staking.getPastVotesIn(alice, [operator], timepoint),
          async () => await staking.getPastTotalSupply(timepoint),
        ]) {
          await expect(query())
            .to.be.revertedWithCustomError(staking, "ERC5805FutureLookup")
            .withArgs(timepoint, clock);
        }
      }
      expect(await staking.getPastVotes(alice, clock - 1)).to.equal(ALICES + ALICES_OTHER);
    });

    it("count each pool once", async () => {
      const { staking, alice, operator, carol } = await loadFixture(deployStaked);
      const timepoint = await now();
      const named = ascending(operator, carol);
      for (const operators of [
        [named[0], named[0]],
        [named[1], named[0]],
      ]) {
        await expect(staking.getPastVotesIn(alice, operators, timepoint))
          .to.be.revertedWithCustomError(staking, "OperatorStaking_NotAscending")
          .withArgs(1n);
      }
      expect(await staking.getPastVotesIn(alice, named, timepoint)).to.equal(ALICES + ALICES_OTHER);
      expect(await staking.getPastVotesIn(alice, [], timepoint)).to.equal(0n);
    });
  });
});
