import { expect } from "chai";
import { dataSlice, parseEther, Signature, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { gasOf } from "../../scripts/bench/gas.ts";
import { accountOf } from "../helpers/shares.ts";
import { DAY, deployStaking, DRIP, earn, lookAlikeOf, type StakingWorld, THAW } from "../helpers/staking.ts";
import { worksOn } from "../helpers/twins.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const STAKE = parseEther("1000");
const REWARD = parseEther("700");

/** An attempt on staking. Mallory attacks, but where it is said. */
interface Attack {
  /** Who does what, as a sentence. */
  name: string;
  twin: `OperatorStaking_${string}`;
  /** What is there before. */
  prepare?: (world: StakingWorld) => Promise<unknown>;
  attack: (world: StakingWorld) => Promise<unknown>;
  /** The error that answers the attack. Without one it goes through, but gains nothing. */
  refusal?: { error: string; args: (world: StakingWorld) => unknown[] };
  /** Whether the attacker has got what it wanted. */
  hasWorked: (world: StakingWorld) => Promise<boolean>;
}

/** Two tests: staking stands the attack, with the exact error, and its twin falls to the very same attack. */
function itStands({ name, twin, prepare = () => Promise.resolve(), attack, refusal, hasWorked }: Attack): void {
  it(`stands: ${name}`, async () => {
    const world = await deployStaking(connection);
    await prepare(world);
    if (refusal === undefined) {
      await attack(world);
    } else {
      const { error, args } = refusal;
      await expect(attack(world))
        .to.be.revertedWithCustomError(world.staking, error)
        .withArgs(...args(world));
    }
    expect(await hasWorked(world)).to.equal(false);
  });

  it(`${worksOn(twin)}: ${name}`, async () => {
    const world = await deployStaking(connection, { twins: { staking: twin } });
    await prepare(world);
    await attack(world);
    expect(await hasWorked(world)).to.equal(true);
  });
}

/** What somebody has in its wallet and its ledger account, more than the million it began with. */
async function gainOf({ token, ledger }: StakingWorld, person: { address: string }): Promise<bigint> {
  const held = (await token.balanceOf(person.address)) + (await ledger.balanceOf(accountOf(person)));
  return held - parseEther("1000000");
}

/** Takes all of a stake out again, after the thaw. */
async function leave({ staking, operator, mallory }: StakingWorld): Promise<void> {
  const { shares } = await staking.stakeOf(operator, mallory);
  await staking.connect(mallory).thaw(operator, shares);
  await time.increase(THAW);
  await staking.connect(mallory).withdraw(operator);
}

/** The operator and Alice have staked. */
async function stakeOthers({ staking, operator, alice }: StakingWorld): Promise<void> {
  await staking.connect(operator).stake(operator, STAKE);
  await staking.connect(alice).stake(operator, STAKE);
}

describe("Attacks on staking: value of stake", () => {
  for (const donation of [1n, 10n ** 9n, STAKE, 100n * STAKE]) {
    for (const before of [true, false]) {
      it(`stand: the first depositor gives ${donation} away ${before ? "before" : "after"} its deposit`, async () => {
        const world = await deployStaking(connection);
        const { staking, ledger, operator, alice, mallory } = world;
        const give = async () =>
          await ledger.connect(mallory).deposit(accountOf({ address: await staking.getAddress() }), donation);
        if (before) await give();
        await staking.connect(mallory).stake(operator, 1n);
        if (!before) await give();
        await staking.connect(alice).stake(operator, STAKE);
        const { shares } = await staking.stakeOf(operator, alice);
        expect(await staking.valueOfShares(operator, shares)).to.equal(STAKE);
      });
    }
  }

  itStands({
    name: "the first depositor gives away as much as the next one stakes, and has both",
    twin: "OperatorStaking_ValuesBalance",
    attack: async (world) => {
      const { staking, ledger, operator, alice, mallory } = world;
      await staking.connect(mallory).stake(operator, 1n);
      await ledger.connect(mallory).deposit(accountOf({ address: await staking.getAddress() }), STAKE);
      await staking.connect(alice).stake(operator, STAKE);
      await leave(world);
    },
    hasWorked: async (world) => (await gainOf(world, world.mallory)) > 0n,
  });

  itStands({
    name: "somebody stakes dust many times after a slash, and is paid the roundings",
    twin: "OperatorStaking_RoundsSharesUp",
    prepare: async (world) => {
      await stakeOthers(world);
      await world.staking.connect(world.slasher).slash(world.operator, parseEther("700"));
    },
    attack: async (world) => {
      for (let i = 0; i < 20; i++) await world.staking.connect(world.mallory).stake(world.operator, 1n);
      await leave(world);
    },
    hasWorked: async (world) => (await gainOf(world, world.mallory)) > 0n,
  });
});

describe("Attacks on staking: slashes", () => {
  itStands({
    name: "a staker sees a slash coming, and takes its stake out in front of it",
    twin: "OperatorStaking_NoThaw",
    prepare: stakeOthers,
    attack: async ({ staking, operator, alice, slasher }) => {
      await staking.connect(alice).thaw(operator, STAKE);
      await staking.connect(alice).withdraw(operator);
      await staking.connect(slasher).slash(operator, STAKE / 2n);
    },
    refusal: {
      error: "OperatorStaking_StillThawing",
      args: ({ operator }) => [operator, (value: bigint) => value > 0n, (value: bigint) => value > 0n],
    },
    hasWorked: async (world) => (await gainOf(world, world.alice)) === 0n,
  });

  itStands({
    name: "a staker asks for its stake in front of a slash, and stakes it again behind",
    twin: "OperatorStaking_ThawingIsSafe",
    prepare: stakeOthers,
    attack: async ({ staking, operator, alice, slasher }) => {
      await staking.connect(alice).thaw(operator, STAKE);
      await staking.connect(slasher).slash(operator, STAKE / 2n);
      await time.increase(THAW);
      await staking.connect(alice).withdraw(operator);
    },
    hasWorked: async (world) => (await gainOf(world, world.alice)) === 0n,
  });

  itStands({
    name: "an operator takes thawed stake out while a case against it is open",
    twin: "OperatorStaking_NoHold",
    prepare: async (world) => {
      await stakeOthers(world);
      await world.staking.connect(world.operator).thaw(world.operator, STAKE);
      await time.increase(THAW - 10n);
      await world.staking.connect(world.slasher).hold(world.operator);
      await time.increase(10n);
    },
    attack: async ({ staking, operator }) => await staking.connect(operator).withdraw(operator),
    refusal: { error: "OperatorStaking_Held", args: ({ operator }) => [operator, 1n] },
    hasWorked: async (world) => (await gainOf(world, world.operator)) === 0n,
  });

  itStands({
    name: "an operator ends the hold of a case against it",
    twin: "OperatorStaking_AnyoneUnholds",
    prepare: async (world) => {
      await stakeOthers(world);
      await world.staking.connect(world.operator).thaw(world.operator, STAKE);
      await world.staking.connect(world.slasher).hold(world.operator);
      await time.increase(THAW);
    },
    attack: async ({ staking, operator }) => {
      await staking.connect(operator).unhold(operator);
      await staking.connect(operator).withdraw(operator);
    },
    refusal: { error: "OperatorStaking_NotHeld", args: ({ operator }) => [operator, operator] },
    hasWorked: async (world) => (await gainOf(world, world.operator)) === 0n,
  });

  // Here it is the twin that keeps stake in: the attackers are those who bring the cases.
  itStands({
    name: "cases without end keep a staker from leaving for ever",
    twin: "OperatorStaking_EndlessHold",
    prepare: async (world) => {
      await stakeOthers(world);
      await world.staking.connect(world.alice).thaw(world.operator, STAKE);
    },
    attack: async ({ staking, operator, slasher }) => {
      for (let i = 0; i < 20; i++) {
        await staking.connect(slasher).hold(operator);
        await time.increase(5n * DAY);
      }
    },
    hasWorked: async ({ staking, operator, alice }) =>
      await staking
        .connect(alice)
        .withdraw(operator)
        .then(
          () => false,
          () => true,
        ),
  });

  itStands({
    name: "a stranger slashes",
    twin: "OperatorStaking_AnyoneSlashes",
    prepare: stakeOthers,
    attack: async ({ staking, operator, mallory }) => await staking.connect(mallory).slash(operator, STAKE),
    refusal: { error: "AccessManagedUnauthorized", args: ({ mallory }) => [mallory] },
    hasWorked: async (world) => (await gainOf(world, world.mallory)) > 0n,
  });
});

describe("Attacks on staking: rewards", () => {
  itStands({
    name: "somebody stakes in front of a harvest, claims behind it, and leaves in the same block",
    twin: "OperatorStaking_PaysAtOnce",
    prepare: async (world) => {
      await stakeOthers(world);
      await earn(world, world.operator, REWARD);
    },
    attack: async ({ staking, operator, mallory }) => {
      await networkHelpers.mine();
      await ethers.provider.send("evm_setAutomine", [false]);
      try {
        const options = { gasLimit: 1_000_000 };
        await staking.connect(mallory).stake(operator, 100n * STAKE, options);
        await staking.connect(mallory).harvest(operator, options);
        await staking.connect(mallory).thaw(operator, 100n * STAKE, options);
        await networkHelpers.mine();
      } finally {
        await ethers.provider.send("evm_setAutomine", [true]);
      }
      await time.increase(4n * DRIP);
    },
    hasWorked: async ({ staking, operator, mallory }) => (await staking.stakeOf(operator, mallory)).rewards > 0n,
  });

  itStands({
    name: "an operator's rewards are harvested for another one, whose address ends alike",
    twin: "OperatorStaking_SharedTags",
    prepare: async (world) => {
      await stakeOthers(world);
      await earn(world, world.operator, REWARD);
    },
    attack: async ({ staking, operator, mallory }) => {
      await staking.connect(mallory).stake(lookAlikeOf(operator), STAKE);
      await staking.connect(mallory).harvest(lookAlikeOf(operator));
    },
    refusal: {
      error: "OperatorStaking_TagTaken",
      args: ({ operator }) => [lookAlikeOf(operator), BigInt(dataSlice(operator.address, 8)), operator],
    },
    hasWorked: async ({ staking, operator }) => (await staking.poolOf(lookAlikeOf(operator))).dripping > 0n,
  });

  itStands({
    name: "somebody pays a unit every day, to put everybody's rewards off",
    twin: "OperatorStaking_RestartsRounds",
    prepare: async (world) => {
      await stakeOthers(world);
      await earn(world, world.operator, REWARD);
      await world.staking.harvest(world.operator);
    },
    attack: async (world) => {
      for (let day = 0n; day < DRIP / DAY; day++) {
        await time.increase(DAY);
        await earn(world, world.operator, 1n);
        await world.staking.connect(world.mallory).harvest(world.operator);
      }
    },
    hasWorked: async ({ staking, operator, alice }) =>
      (await staking.stakeOf(operator, alice)).rewards < (REWARD * 49n) / 100n,
  });

  itStands({
    name: "rewards drip while nobody has staked, and nobody gets them",
    twin: "OperatorStaking_LosesIdleRewards",
    attack: async (world) => {
      await earn(world, world.operator, REWARD);
      await world.staking.harvest(world.operator);
      await time.increase(DRIP);
      await world.staking.connect(world.alice).stake(world.operator, STAKE);
      await time.increase(2n * DRIP);
    },
    hasWorked: async ({ staking, operator, alice }) =>
      (await staking.stakeOf(operator, alice)).rewards < (REWARD * 99n) / 100n,
  });

  itStands({
    name: "an operator raises its commission in front of a harvest",
    twin: "OperatorStaking_CommissionAtOnce",
    prepare: async (world) => {
      await stakeOthers(world);
      await earn(world, world.operator, REWARD);
    },
    attack: async ({ staking, operator }) => {
      await staking.connect(operator).setCommission(5_000);
      await staking.connect(operator).harvest(operator);
    },
    hasWorked: async ({ staking, operator }) => (await staking.stakeOf(operator, operator)).rewards > 0n,
  });

  itStands({
    name: "a staker on its way out goes on earning",
    twin: "OperatorStaking_ThawingEarns",
    prepare: async (world) => {
      await stakeOthers(world);
      await world.staking.connect(world.alice).thaw(world.operator, STAKE);
      await earn(world, world.operator, REWARD);
      await world.staking.harvest(world.operator);
    },
    attack: async () => await time.increase(DRIP),
    hasWorked: async ({ staking, operator, alice }) => (await staking.stakeOf(operator, alice)).rewards > 0n,
  });
});

describe("Attacks on staking: votes", () => {
  const snapshot = new WeakMap<StakingWorld, number>();

  async function remember(world: StakingWorld): Promise<void> {
    snapshot.set(world, await time.latest());
    await time.increase(1);
  }

  async function pastVotes(world: StakingWorld, account: { address: string }): Promise<bigint> {
    const { staking, operator } = world;
    return await staking.getPastVotesIn(account.address, [operator.address], snapshot.get(world) ?? 0);
  }

  itStands({
    name: "stake votes while it thaws",
    twin: "OperatorStaking_ThawingVotes",
    prepare: stakeOthers,
    attack: async (world) => {
      await world.staking.connect(world.alice).thaw(world.operator, STAKE);
      await remember(world);
    },
    hasWorked: async (world) => (await pastVotes(world, world.alice)) > 0n,
  });

  itStands({
    name: "a staker votes, delegates to the next, and that one votes again",
    twin: "OperatorStaking_VotesOfNow",
    prepare: stakeOthers,
    attack: async (world) => {
      await remember(world);
      await world.staking.connect(world.alice).delegate(world.mallory);
    },
    hasWorked: async (world) => (await pastVotes(world, world.mallory)) > 0n,
  });

  itStands({
    name: "a voter names its pool twice",
    twin: "OperatorStaking_PoolsTwice",
    prepare: async (world) => {
      await stakeOthers(world);
      await remember(world);
    },
    attack: async ({ staking, operator, alice }) =>
      await staking.getPastVotesIn(alice, [operator, operator], (await time.latest()) - 1),
    refusal: { error: "OperatorStaking_NotAscending", args: () => [1n] },
    hasWorked: async ({ staking, operator, alice }) =>
      await staking.getPastVotesIn(alice, [operator, operator], (await time.latest()) - 1).then(
        (votes) => votes > STAKE,
        () => false,
      ),
  });

  itStands({
    name: "stake of this very second votes",
    twin: "OperatorStaking_VotesBeforeTheEnd",
    prepare: stakeOthers,
    attack: async ({ staking, alice }) => await staking.getPastVotes(alice, await time.latest()),
    refusal: {
      error: "ERC5805FutureLookup",
      args: () => [(value: bigint) => value > 0n, (value: bigint) => value > 0n],
    },
    hasWorked: async ({ staking, alice }) =>
      await staking.getPastVotes(alice, await time.latest()).then(
        (votes) => votes > 0n,
        () => false,
      ),
  });

  itStands({
    name: "stake votes as if it had not been slashed",
    twin: "OperatorStaking_UnslashedVotes",
    prepare: stakeOthers,
    attack: async (world) => {
      await world.staking.connect(world.slasher).slash(world.operator, STAKE);
      await remember(world);
    },
    hasWorked: async (world) => (await pastVotes(world, world.alice)) > STAKE / 2n,
  });

  itStands({
    name: "a delegation that was signed once is submitted again after its end",
    twin: "OperatorStaking_NoDelegationNonce",
    prepare: stakeOthers,
    attack: async ({ staking, alice, mallory }) => {
      const { name, version, chainId, verifyingContract } = await staking.eip712Domain();
      const expiry = BigInt(await time.latest()) + 10_000n;
      const types = {
        Delegation: ["address delegatee", "uint256 nonce", "uint256 expiry"].map((field) => {
          const [type, fieldName] = field.split(" ");
          return { name: fieldName, type };
        }),
      };
      const domain = { name, version, chainId, verifyingContract };
      const message = { delegatee: mallory.address, nonce: 0n, expiry };
      const { v, r, s } = Signature.from(await alice.signTypedData(domain, types, message));
      await staking.connect(mallory).delegateBySig(mallory, 0n, expiry, v, r, s);
      await staking.connect(alice).delegate(ZeroAddress);
      await staking.connect(mallory).delegateBySig(mallory, 0n, expiry, v, r, s);
    },
    refusal: { error: "InvalidAccountNonce", args: ({ alice }) => [alice, 1n] },
    hasWorked: async ({ staking, alice, mallory }) => (await staking.delegates(alice)) === mallory.address,
  });
});

describe("Attacks on staking: dust", () => {
  itStands({
    name: "strangers delegate dust of many pools to an account, which then cannot stake",
    twin: "OperatorStaking_ListsDelegated",
    attack: async ({ staking, alice, mallory }) => {
      for (let i = 0; i < 16; i++) await staking.connect(mallory).stake(ethers.Wallet.createRandom(), 1n);
      await staking.connect(mallory).delegate(alice);
    },
    hasWorked: async ({ staking, operator, alice }) =>
      await staking
        .connect(alice)
        .stake(operator, STAKE)
        .then(
          () => false,
          () => true,
        ),
  });

  // No twin: this is about cost, which no single check is there to bound.
  it("costs others no gas: 100 stakers and delegates of a unit each change nothing for anybody else", async () => {
    const gas = async (dusty: boolean) => {
      const world = await deployStaking(connection);
      const { staking, governor, operator, alice, slasher } = world;
      await stakeOthers(world);
      if (dusty) {
        for (let i = 0; i < 100; i++) {
          const wallet = ethers.Wallet.createRandom().connect(ethers.provider);
          await governor.sendTransaction({ to: wallet, value: parseEther("1") });
          await world.token.transfer(wallet, 1n);
          await world.token.connect(wallet).approve(staking, 1n);
          await staking.connect(wallet).stake(operator, 1n);
          await staking.connect(wallet).delegate(alice);
        }
      }
      return [
        await gasOf(staking.connect(alice).stake(operator, STAKE)),
        await gasOf(staking.connect(alice).thaw(operator, STAKE)),
        await gasOf(staking.connect(alice).delegate(operator)),
        await gasOf(staking.connect(slasher).slash(operator, STAKE)),
        Number(await staking.getVotes.estimateGas(alice)),
      ];
    };
    const [clean, dusty] = [await gas(false), await gas(true)];
    // A checkpoint more or less, found by halving, and bytes of calldata and balances that are zero or not.
    for (const [i, value] of dusty.entries()) expect(value).to.be.closeTo(clean[i], 20_000);
  });
});
