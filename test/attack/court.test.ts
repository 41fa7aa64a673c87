import { expect } from "chai";
import { concat, id, MaxUint256, parseEther, ZeroHash } from "ethers";
import { network } from "hardhat";

import { NOBODY } from "../../sdk/account.ts";
import {
  balanceOf,
  bondsOf,
  claimOf,
  DELEGATED,
  type DisputeWorld,
  endCase,
  faultOf,
  FEE,
  FOR_CLAIMANT,
  FOR_RESPONDENT,
  NO_RULING,
  openCase,
  type OpenedCase,
  OWN,
  PAID,
  passDeadline,
  proofOf,
  restitutionOf,
  ruleOn,
} from "../helpers/disputes.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { DAY, EVIDENCE, MIN_BOND, RULING, THAW } from "../helpers/staking.ts";
import { deployAttacked, itStands, twoCases } from "./disputeAttack.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const OPEN = 1n;
const RULED = 2n;
const ENDED = 3n;

const CASE_SECONDS = EVIDENCE + RULING;
const MAX_HOLD = 30n * DAY;
const RULING_SLASH_BPS = 2_000n;
const BPS = 10_000n;
const NO_DRAWS = "0x";
const MAX_BOND = 2n ** 96n - 1n;
const POOL = OWN + DELEGATED;

const plainCase = async (world: DisputeWorld): Promise<OpenedCase> => await openCase(world);
const nothing = (): Promise<null> => Promise.resolve(null);

const statusOf = async ({ court }: DisputeWorld, { caseId }: OpenedCase): Promise<bigint> =>
  (await court.caseOf(caseId)).status;
const isRuled = async (world: DisputeWorld, opened: OpenedCase): Promise<boolean> =>
  (await statusOf(world, opened)) === RULED;

describe("Attacks on the court: arbitrators", () => {
  itStands({
    name: "a stranger rules",
    twin: "DisputeCourt_AnyoneRules",
    scene: plainCase,
    attack: async ({ court, mallory }, { disputeId, openedAt }) => {
      await time.increaseTo(openedAt + EVIDENCE);
      await court.connect(mallory).rule(disputeId, FOR_CLAIMANT);
    },
    refusal: { error: "DisputeCourt_NoSuchDispute", args: ({ mallory }, { disputeId }) => [mallory, disputeId] },
    hasWorked: isRuled,
  });

  itStands({
    name: "the arbitrator of later cases rules on one of its predecessor's",
    twin: "DisputeCourt_AnyoneRules",
    scene: async (world) => {
      const opened = await openCase(world);
      const next = await ethers.deployContract("PuppetArbitrator", [0n]);
      await world.court.connect(world.governor).setArbitrator(next);
      return { opened, next };
    },
    attack: async ({ court }, { opened, next }) => {
      await time.increaseTo(opened.openedAt + EVIDENCE);
      await next.rule(court, opened.disputeId, FOR_CLAIMANT);
    },
    refusal: { error: "DisputeCourt_NoSuchDispute", args: (_, { opened, next }) => [next, opened.disputeId] },
    hasWorked: async (world, { opened }) => await isRuled(world, opened),
  });

  itStands({
    name: "an arbitrator rules before the respondent has been heard",
    twin: "DisputeCourt_RulesEarly",
    scene: plainCase,
    attack: async ({ court, puppet }, { disputeId, openedAt }) => {
      await time.setNextBlockTimestamp(openedAt + EVIDENCE - 1n);
      await puppet.rule(court, disputeId, FOR_CLAIMANT);
    },
    refusal: {
      error: "DisputeCourt_TooEarly",
      args: (_, { caseId, openedAt }) => [caseId, openedAt + EVIDENCE, openedAt + EVIDENCE - 1n],
    },
    hasWorked: isRuled,
  });

  itStands({
    name: "an arbitrator rules when the sides expect the case to end without it",
    twin: "DisputeCourt_RulesLate",
    scene: plainCase,
    attack: async ({ court, puppet }, { disputeId, openedAt }) => {
      await time.setNextBlockTimestamp(openedAt + CASE_SECONDS);
      await puppet.rule(court, disputeId, FOR_CLAIMANT);
    },
    refusal: {
      error: "DisputeCourt_TooLate",
      args: (_, { caseId, openedAt }) => [caseId, openedAt + CASE_SECONDS, openedAt + CASE_SECONDS],
    },
    hasWorked: isRuled,
  });

  itStands({
    name: "an arbitrator changes its mind for whoever pays more",
    twin: "DisputeCourt_RulesAgain",
    scene: async (world) => {
      const opened = await openCase(world);
      await ruleOn(world, opened, FOR_RESPONDENT);
      return opened;
    },
    attack: async (world, opened) => {
      await ruleOn(world, opened, FOR_CLAIMANT);
    },
    refusal: { error: "DisputeCourt_NotOpen", args: (_, { caseId }) => [caseId, RULED] },
    hasWorked: async ({ court }, { caseId }) => (await court.caseOf(caseId)).ruling === FOR_CLAIMANT,
  });

  itStands({
    name: "an arbitrator wakes a case that has ended, and its claimant has the bond of another case",
    twin: "DisputeCourt_RulesAgain",
    scene: async (world) => {
      const { first, second } = await twoCases(world);
      await endCase(world, first, FOR_CLAIMANT);
      return { first, second };
    },
    attack: async (world, { first }) => {
      await endCase(world, first, FOR_CLAIMANT);
    },
    refusal: { error: "DisputeCourt_NotOpen", args: (_, { first }) => [first.caseId, ENDED] },
    hasWorked: async (world, { second }) => (await bondsOf(world)) < second.bond,
  });

  // No twin: what an arbitrator does while it is asked meets the same checks as at any other time.
  describe("re-entering when they are asked", () => {
    /** The puppet can pay a bond itself. */
    async function deployRich(): Promise<DisputeWorld> {
      const world = await deployAttacked();
      const { token, court, puppet } = world;
      await token.transfer(puppet, parseEther("1000"));
      await puppet.execute(
        token,
        token.interface.encodeFunctionData("approve", [await court.getAddress(), MaxUint256]),
      );
      await networkHelpers.setBalance(await puppet.getAddress(), parseEther("1"));
      return world;
    }

    it("cannot rule on a dispute that does not exist yet", async () => {
      const world = await loadFixture(deployRich);
      const { court, puppet } = world;
      await puppet.plan(court, court.interface.encodeFunctionData("rule", [1n, FOR_CLAIMANT]));
      const opened = await openCase(world);
      expect(await puppet.succeeded()).to.equal(false);
      const answer = court.interface.parseError(await puppet.answer());
      expect([answer?.name, ...(answer?.args ?? [])]).to.deep.equal([
        "DisputeCourt_NoSuchDispute",
        await puppet.getAddress(),
        1n,
      ]);
      expect(await statusOf(world, opened)).to.equal(OPEN);
    });

    it("cannot settle the case", async () => {
      const world = await loadFixture(deployRich);
      const { court, puppet } = world;
      await puppet.plan(court, court.interface.encodeFunctionData("settle", [1n, []]));
      const opened = await openCase(world, { draws: NO_DRAWS });
      expect(court.interface.parseError(await puppet.answer())?.name).to.equal("DisputeCourt_TooEarly");
      expect(await statusOf(world, opened)).to.equal(OPEN);
    });

    it("cannot hold the same share in a case of their own", async () => {
      const world = await loadFixture(deployRich);
      const { court, puppet, split } = world;
      const data = court.interface.encodeFunctionData("open", [
        claimOf(world, { amount: 0n }),
        parseEther("500"),
        drawOf(split, 0),
      ]);
      await puppet.plan(court, data);
      await openCase(world);
      const answer = court.interface.parseError(await puppet.answer());
      expect([answer?.name, ...(answer?.args ?? [])]).to.deep.equal([
        "DisputeCourt_NotRespondents",
        split.id,
        0n,
        await court.escrowOf(1n, 0n),
      ]);
    });

    it("can bring a case of their own, which stays apart from the other", async () => {
      const world = await loadFixture(deployRich);
      const { court, puppet, ledger, split, carol, operator } = world;
      await puppet.plan(court, (await free(world)).data);
      const outer = await openCase(world, { bond: parseEther("700"), fee: 0n });
      expect(await puppet.succeeded()).to.equal(true);
      expect(await court.caseCount()).to.equal(2n);
      expect((await court.caseOf(2n)).claimant).to.equal(puppet);
      expect(outer.caseId).to.equal(1n);
      expect(await bondsOf(world)).to.equal(parseEther("800"));
      await endCase(world, outer, FOR_RESPONDENT);
      expect(await bondsOf(world)).to.equal(parseEther("100"));
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(ZeroHash);
      expect(await balanceOf(world, carol)).to.equal(0n);
      expect(await balanceOf(world, operator)).to.equal((PAID * 4n) / 10n + parseEther("350"));
    });

    /** A call that brings a case against the operator's stake, at an arbitrator that has no fee from now on. */
    async function free(world: DisputeWorld): Promise<{ data: string }> {
      const { court } = world;
      await world.puppet.setFee(0n);
      const data = court.interface.encodeFunctionData("open", [claimOf(world, { amount: 1n }), MIN_BOND, NO_DRAWS]);
      return { data };
    }
  });
});

describe("Attacks on the court: what a case holds", () => {
  itStands({
    name: "a claimant accuses the operator and names a share of Alice's",
    twin: "DisputeCourt_HoldsAnybodys",
    scene: nothing,
    attack: async (world) =>
      await openCase(world, { draws: drawOf(world.split, 2), claimant: world.mallory, claim: { amount: 0n } }),
    refusal: {
      error: "DisputeCourt_NotRespondents",
      args: ({ split, alice }) => [split.id, 2n, accountOf(alice)],
    },
    hasWorked: async ({ ledger, split }) => (await ledger.redirectOf(split.id, 2n)) !== ZeroHash,
  });

  itStands({
    name: "a claimant names a share twice, so that it never comes back",
    twin: "DisputeCourt_HoldsAnybodys",
    scene: nothing,
    attack: async (world) => {
      const draw = drawOf(world.split, 0);
      const opened = await openCase(world, { draws: concat([draw, draw]), bond: parseEther("1000") });
      await endCase(world, opened, NO_RULING);
    },
    refusal: {
      error: "DisputeCourt_NotRespondents",
      args: async ({ court, split }) => [split.id, 0n, await court.escrowOf(1n, 0n)],
    },
    hasWorked: async ({ court, ledger, split }) =>
      (await ledger.redirectOf(split.id, 0n)) === (await court.escrowOf(1n, 0n)),
  });

  itStands({
    name: "a claimant accuses the court and names a share that another case holds",
    twin: "DisputeCourt_AccusesItself",
    scene: plainCase,
    attack: async (world) => {
      const { court, mallory } = world;
      const claim = { respondent: await court.getAddress(), harmed: mallory.address, amount: 0n };
      await openCase(world, { claim, claimant: mallory, bond: parseEther("1000") });
    },
    refusal: { error: "DisputeCourt_BadRespondent", args: ({ court }) => [court] },
    hasWorked: async ({ ledger, split }, { escrows }) => (await ledger.redirectOf(split.id, 0n)) !== escrows[0],
  });

  itStands({
    name: "a respondent accuses itself elsewhere and has another case's escrow with its own",
    twin: "DisputeCourt_SharedEscrow",
    scene: async (world) => {
      const { court, mallory } = world;
      const own = await splitOf([accountShare({ to: mallory, units: 1n })], court);
      return { opened: await openCase(world), own };
    },
    attack: async (world, { own }) => {
      const { mallory } = world;
      const claim = { respondent: mallory.address, amount: 0n };
      const opened = await openCase(world, { claim, draws: drawAll(own), claimant: mallory });
      await endCase(world, opened, NO_RULING);
    },
    hasWorked: async (world, { opened }) => {
      const undisturbed = (await world.ledger.balanceOf(opened.escrows[0])) === (PAID * 4n) / 10n;
      return !undisturbed && (await balanceOf(world, world.mallory)) > MIN_BOND;
    },
  });

  itStands({
    name: "whoever settles a case names itself as whom a share belonged to",
    twin: "DisputeCourt_SettlesAnyShares",
    scene: async (world) => {
      const opened = await openCase(world);
      await ruleOn(world, opened, FOR_RESPONDENT);
      return opened;
    },
    attack: async ({ court, mallory }, { caseId, shares }) => {
      const [share] = shares;
      await court.connect(mallory).settle(caseId, [{ ...share, holder: accountOf(mallory) }]);
    },
    refusal: { error: "DisputeCourt_OtherShares", args: (_, { caseId }) => [caseId] },
    hasWorked: async (world) => (await balanceOf(world, world.mallory)) !== 0n,
  });

  itStands({
    name: "a claimant who has lost settles without the shares, which stay in the court's hands",
    twin: "DisputeCourt_SettlesAnyShares",
    scene: async (world) => {
      const opened = await openCase(world);
      await ruleOn(world, opened, FOR_RESPONDENT);
      return opened;
    },
    attack: async ({ court, carol }, { caseId }) => {
      await court.connect(carol).settle(caseId, []);
    },
    refusal: { error: "DisputeCourt_OtherShares", args: (_, { caseId }) => [caseId] },
    hasWorked: async (world, opened) => (await statusOf(world, opened)) === ENDED,
  });

  itStands({
    name: "an accomplice holds a share of the operator's, so that what a proof takes comes back to it",
    twin: "DisputeCourt_FreesBlindly",
    scene: async (world) => await openCase(world, { claim: { amount: 0n }, claimant: world.mallory }),
    attack: async (world, opened) => {
      const { court, verifier, split } = world;
      await court.prove(verifier, proofOf(faultOf(world, { restitution: restitutionOf(world, split, 0n) })));
      await endCase(world, opened, NO_RULING);
    },
    hasWorked: async ({ ledger, split, alice }) => (await ledger.redirectOf(split.id, 0n)) !== accountOf(alice),
  });

  // No twin: the ledger itself leaves shares that lead to splits alone, see arbiter.test.ts.
  it("cannot be what is upstream, whomever it accuses", async () => {
    const world = await loadFixture(deployAttacked);
    const { court, ledger, unpaid, carol } = world;
    const downstream = await splitOf([splitShare({ to: unpaid, units: 1n })], court);
    const claim = claimOf(world, { respondent: ethers.getAddress(`0x${unpaid.id.slice(-40)}`) });
    await expect(court.connect(carol).open(claim, parseEther("1000"), drawAll(downstream), { value: FEE }))
      .to.be.revertedWithCustomError(court, "DisputeCourt_LeadsToSplit")
      .withArgs(downstream.id, 0n);
    expect(await ledger.redirectOf(downstream.id, 0n)).to.equal(ZeroHash);
  });
});

describe("Attacks on the court: bonds", () => {
  itStands({
    name: "somebody without a token holds an operator's pool",
    twin: "DisputeCourt_NoBond",
    scene: async ({ token, mallory, alice }) => {
      await token.connect(mallory).transfer(alice, await token.balanceOf(mallory));
    },
    attack: async (world) =>
      await openCase(world, { claim: { amount: 1n }, draws: NO_DRAWS, bond: 0n, claimant: world.mallory }),
    refusal: { error: "DisputeCourt_OutOfBounds", args: () => ["bond", 0n, MIN_BOND, MAX_BOND] },
    hasWorked: async ({ staking, operator }) => (await staking.poolOf(operator)).holds !== 0n,
  });

  itStands({
    name: "somebody holds a large amount for the least bond",
    twin: "DisputeCourt_BondOfClaimOnly",
    scene: async ({ ledger, governor, split }) => {
      await ledger.connect(governor).pay(split.id, parseEther("999000"), 1n, ZeroHash);
    },
    attack: async (world) => await openCase(world, { claim: { amount: 0n }, bond: MIN_BOND, claimant: world.mallory }),
    refusal: { error: "DisputeCourt_OutOfBounds", args: () => ["bond", MIN_BOND, parseEther("20000"), MAX_BOND] },
    hasWorked: async ({ court, ledger }) =>
      (await ledger.balanceOf(await court.escrowOf(1n, 0n))) === parseEther("400000"),
  });

  itStands({
    name: "a claimant has its bond back twice",
    twin: "DisputeCourt_SettlesTwice",
    scene: async (world) => {
      const { first, second } = await twoCases(world);
      await endCase(world, first, FOR_CLAIMANT);
      return { first, second };
    },
    attack: async ({ court, carol }, { first }) => {
      await court.connect(carol).settle(first.caseId, first.shares);
    },
    refusal: { error: "DisputeCourt_NotOpen", args: (_, { first }) => [first.caseId, ENDED] },
    hasWorked: async (world, { second }) => (await bondsOf(world)) < second.bond,
  });

  itStands({
    name: "a respondent ends a case before there can be a ruling, and has half of the bond",
    twin: "DisputeCourt_SettlesEarly",
    scene: plainCase,
    attack: async ({ court, operator }, { caseId, openedAt, shares }) => {
      await time.setNextBlockTimestamp(openedAt + EVIDENCE);
      await court.connect(operator).settle(caseId, shares);
    },
    refusal: {
      error: "DisputeCourt_TooEarly",
      args: (_, { caseId, openedAt }) => [caseId, openedAt + CASE_SECONDS, openedAt + EVIDENCE],
    },
    hasWorked: async (world, opened) => (await balanceOf(world, world.operator)) >= opened.bond / 2n,
  });
});

describe("Attacks on the court: slashes", () => {
  itStands({
    name: "an operator withdraws while the arbitrator thinks",
    twin: "DisputeCourt_NoHold",
    scene: async (world) => {
      const { staking, operator } = world;
      await staking.connect(operator).thaw(operator, OWN);
      await time.increase(THAW - DAY);
      return await openCase(world, { draws: NO_DRAWS });
    },
    attack: async ({ staking, operator }) => {
      await time.increase(DAY);
      await staking.connect(operator).withdraw(operator);
    },
    refusal: { by: "staking", error: "OperatorStaking_Held", args: ({ operator }) => [operator, 1n] },
    hasWorked: async ({ staking, operator }) => (await staking.slashable(operator)) === DELEGATED,
  });

  itStands({
    name: "an arbitrator and a claimant take half of a pool",
    twin: "DisputeCourt_NoRulingCap",
    scene: async (world) => {
      const claim = { amount: POOL / 2n, harmed: world.mallory.address };
      return await openCase(world, { claim, draws: NO_DRAWS, claimant: world.mallory });
    },
    attack: async (world, opened) => await endCase(world, opened, FOR_CLAIMANT),
    hasWorked: async ({ staking, operator }) =>
      (await staking.slashable(operator)) < POOL - (POOL * RULING_SLASH_BPS) / BPS,
  });

  // No twin: it is measured that no amount of gas is enough to settle, and too little to ask whether the court may slash.
  it("a respondent settles its case with too little gas for the slash, and the case does not end", async () => {
    const world = await loadFixture(deployAttacked);
    const { court, staking, operator } = world;
    const opened = await openCase(world, { draws: NO_DRAWS });
    await ruleOn(world, opened, FOR_CLAIMANT);
    const settle = court.connect(operator).getFunction("settle");
    const enough = await settle.estimateGas(opened.caseId, []);
    const before = await networkHelpers.takeSnapshot();
    let refused = 0;
    for (let gasLimit = enough; gasLimit > 30_000n; gasLimit -= 1_000n) {
      const isSettled = await settle(opened.caseId, [], { gasLimit }).then(
        () => true,
        () => false,
      );
      if (!isSettled) refused++;
      else expect(await staking.slashable(operator), `${gasLimit} gas`).to.be.below(POOL);
      await before.restore();
    }
    expect(refused).to.be.above(50);
  });

  itStands({
    name: "a proof is shown again",
    twin: "DisputeCourt_PunishesAgain",
    scene: async (world) => {
      await world.court.prove(world.verifier, proofOf(faultOf(world)));
      return await world.staking.slashable(world.operator);
    },
    attack: async (world) => await world.court.prove(world.verifier, proofOf(faultOf(world))),
    refusal: { error: "DisputeCourt_NothingNew", args: (world) => [faultOf(world).id] },
    hasWorked: async ({ staking, operator }, left) => (await staking.slashable(operator)) < left,
  });

  itStands({
    name: "a fault is shown once more, through another verifier",
    twin: "DisputeCourt_PunishesByVerifier",
    scene: async (world) => {
      await world.court.prove(world.verifier, proofOf(faultOf(world)));
      return await world.staking.slashable(world.operator);
    },
    attack: async (world) => await world.court.prove(world.otherVerifier, proofOf(faultOf(world))),
    refusal: { error: "DisputeCourt_NothingNew", args: (world) => [faultOf(world).id] },
    hasWorked: async ({ staking, operator }, left) => (await staking.slashable(operator)) < left,
  });

  itStands({
    name: "a duplicate in a copy of a log, with an arbiter of its own, moves a share of the original",
    twin: "DisputeCourt_RestoresOthers",
    scene: nothing,
    attack: async (world) => {
      const restitution = restitutionOf(world, world.split, 0n, { arbiter: world.mallory.address });
      await world.court.prove(world.verifier, proofOf(faultOf(world, { restitution })));
    },
    hasWorked: async ({ ledger, split }) => (await ledger.redirectOf(split.id, 0n)) !== ZeroHash,
  });

  itStands({
    name: "somebody brings its own verifier",
    twin: "DisputeCourt_AnyVerifier",
    scene: async () => await ethers.deployContract("CredulousVerifier", [5_000n]),
    attack: async (world, own) =>
      await world.court.connect(world.mallory).prove(own, proofOf(faultOf(world, { harmed: world.mallory.address }))),
    refusal: { error: "DisputeCourt_UnknownVerifier", args: (_, own) => [own] },
    hasWorked: async (world) => (await balanceOf(world, world.mallory)) !== 0n,
  });

  itStands({
    name: "a worse proof, or an old one again, takes a share from whom it is due",
    twin: "DisputeCourt_LastProofWins",
    scene: async (world) => {
      const { court, verifier, split, mallory } = world;
      const old = faultOf(world, { restitution: restitutionOf(world, split, 0n, { to: accountOf(mallory) }) });
      await court.prove(verifier, proofOf(old));
      const better = faultOf(world, { id: id("better"), restitution: restitutionOf(world, split, 0n, { rank: 1n }) });
      await court.prove(verifier, proofOf(better));
      return old;
    },
    attack: async ({ court, verifier, mallory }, old) => await court.connect(mallory).prove(verifier, proofOf(old)),
    refusal: { error: "DisputeCourt_NothingNew", args: (_, old) => [old.id] },
    hasWorked: async ({ ledger, split, mallory }) => (await ledger.redirectOf(split.id, 0n)) === accountOf(mallory),
  });

  describe("of themselves, by operators with an accomplice who is claimant and harmed", () => {
    const SWEEP = [0n, 1n, 2n, 5n, 10n, 20n, 30n, 40n, 50n, 60n, 70n, 80n, 90n, 99n, 100n];
    const SIZE = parseEther("100000");

    /** Mallory has a pool of which so much is its own, and Carol helps. */
    async function stakeOwn({ staking, mallory, bob }: DisputeWorld, percent: bigint): Promise<void> {
      const own = (SIZE * percent) / 100n;
      if (own !== 0n) await staking.connect(mallory).stake(mallory, own);
      if (own !== SIZE) await staking.connect(bob).stake(mallory, SIZE - own);
    }

    const ways = {
      "by a proof": async (world: DisputeWorld): Promise<void> => {
        const { court, verifier, mallory, carol } = world;
        const fault = faultOf(world, { respondent: mallory.address, harmed: carol.address, harm: MaxUint256 });
        await court.connect(carol).prove(verifier, proofOf(fault));
      },
      "by a ruling": async (world: DisputeWorld): Promise<void> => {
        const { mallory, carol } = world;
        const claim = { respondent: mallory.address, harmed: carol.address, amount: SIZE };
        const opened = await openCase(world, { claim, draws: NO_DRAWS });
        await endCase(world, opened, FOR_CLAIMANT);
      },
    };

    /** What the operator and its accomplice have gained by it. */
    async function gainOf(world: DisputeWorld, way: (world: DisputeWorld) => Promise<void>): Promise<bigint> {
      const { staking, token, mallory, carol } = world;
      const worth = async (): Promise<bigint> => {
        const { shares } = await staking.stakeOf(mallory, mallory);
        const wallets = await Promise.all([mallory, carol].map(async (who) => await token.balanceOf(who)));
        const balances = await Promise.all([mallory, carol].map(async (who) => await balanceOf(world, who)));
        const staked = await staking.valueOfShares(mallory, shares);
        return [...wallets, ...balances].reduce((sum, amount) => sum + amount, staked);
      };
      const before = await worth();
      await way(world);
      return (await worth()) - before;
    }

    for (const [name, way] of Object.entries(ways)) {
      it(`loses half of what they lose, whatever part of the pool is their own (${name})`, async () => {
        const bps = name === "by a proof" ? 3_000n : RULING_SLASH_BPS;
        for (const percent of SWEEP) {
          const world = await loadFixture(deployAttacked);
          await stakeOwn(world, percent);
          const lost = (((SIZE * percent) / 100n) * bps) / BPS;
          expect(await gainOf(world, way), `${percent} %`).to.equal(-lost / 2n);
        }
      });
    }

    itStands({
      name: "an operator with little stake of its own has its delegators' stake slashed, and is paid with it",
      twin: "DisputeCourt_PaysDelegatedStake",
      scene: async (world) => {
        await stakeOwn(world, 1n);
        return { gain: 0n };
      },
      attack: async (world, scene) => {
        scene.gain = await gainOf(world, ways["by a proof"]);
      },
      hasWorked: (_, { gain }) => Promise.resolve(gain > 0n),
    });
  });
});

// No twin: these are measured, and what bounds them is a rule of its own above.
describe("Attacks on the court: an arbitrator and a claimant who collude", () => {
  it("take undrawn money and the future of the shares they name, and a fifth of the pool, and nothing else", async () => {
    const world = await loadFixture(deployAttacked);
    const { court, ledger, staking, governor, split, unpaid, operator, alice, bob, mallory } = world;
    const drawn = (PAID * 7n) / 10n;
    await ledger.release(drawOf(split, 0, 2));
    await ledger.connect(governor).pay(split.id, PAID, 1n, ZeroHash);
    const honest = await openCase(world, { claim: { amount: 0n }, draws: drawOf(split, 3) });
    const foreign = await splitOf([accountShare({ to: operator, units: 1n })], alice);
    await ledger.connect(governor).pay(foreign.id, PAID, 1n, ZeroHash);

    const claim = { harmed: mallory.address, amount: POOL };
    const opened = await openCase(world, { claim, claimant: mallory });
    const parts = [await balanceOf(world, operator), await balanceOf(world, operator, 7n)];
    expect(parts[0] + parts[1]).to.equal(drawn);
    await endCase(world, opened, FOR_CLAIMANT);
    await ledger.connect(governor).pay(unpaid.id, 3n * PAID, 1n, ZeroHash);
    for (const each of [split, unpaid, foreign]) await ledger.release(drawAll(each));

    // What they have: the named share's undrawn money, half of the operator's own loss, the bond they had put up.
    const slashed = (POOL * RULING_SLASH_BPS) / BPS;
    const compensation = (OWN * RULING_SLASH_BPS) / BPS / 2n;
    expect(await balanceOf(world, mallory)).to.equal((PAID * 4n) / 10n + compensation + opened.bond);
    expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(mallory));
    expect(await staking.slashable(operator)).to.equal(POOL - slashed);
    expect(await balanceOf(world, NOBODY)).to.equal(slashed - compensation);

    // What they have not: drawn money, the share next to it, other splits, others' shares, bonds and escrows.
    expect(await balanceOf(world, operator)).to.equal(parts[0] + 3n * PAID + PAID);
    expect(await balanceOf(world, operator, 7n)).to.equal((2n * PAID * 3n) / 10n);
    expect(await balanceOf(world, alice)).to.equal((2n * PAID * 2n) / 10n);
    expect(await ledger.balanceOf(honest.escrows[0])).to.equal((2n * PAID) / 10n);
    expect(await bondsOf(world)).to.equal(honest.bond);
    expect(await staking.slashable(bob)).to.equal(0n);
    expect(await statusOf(world, honest)).to.equal(OPEN);
    await endCase(world, honest, NO_RULING);
    expect(await court.caseCount()).to.equal(2n);
  });

  it("take a fifth of what is left with each further case, of which most is burned", async () => {
    const world = await loadFixture(deployAttacked);
    const { staking, operator, mallory } = world;
    const claim = { harmed: mallory.address, amount: POOL };
    const cases: OpenedCase[] = [];
    for (let i = 0; i < 3; i++) cases.push(await openCase(world, { claim, draws: NO_DRAWS, claimant: mallory }));
    for (const opened of cases) await endCase(world, opened, FOR_CLAIMANT);
    const left = (POOL * 8n ** 3n) / 10n ** 3n;
    expect(await staking.slashable(operator)).to.equal(left);
    const bonds = cases.reduce((sum, { bond }) => sum + bond, 0n);
    expect(await balanceOf(world, mallory)).to.equal(((POOL - left) * 3n) / 10n + bonds);
  });
});

// No twin: what a case ends by is the clock, which needs nobody.
describe("Attacks on the court: an arbitrator that never rules", () => {
  const kinds = {
    "stake only": { draws: () => NO_DRAWS, amount: parseEther("1000") },
    "shares only": { draws: ({ split }: DisputeWorld) => drawOf(split, 0, 2), amount: 0n },
    both: { draws: ({ split }: DisputeWorld) => drawOf(split, 3), amount: parseEther("1000") },
    "shares that earned nothing": { draws: ({ unpaid }: DisputeWorld) => drawAll(unpaid), amount: 0n },
    "more than there is": { draws: () => NO_DRAWS, amount: POOL * 10n },
  };
  for (const [kind, { draws, amount }] of Object.entries(kinds)) {
    it(`leaves everything as it was in a case about ${kind}, when anybody settles it`, async () => {
      const world = await loadFixture(deployAttacked);
      const { court, staking, ledger, split, unpaid, operator, carol, mallory } = world;
      const opened = await openCase(world, { claim: { amount }, draws: draws(world) });
      await passDeadline(world, opened);
      await court.connect(mallory).settle(opened.caseId, opened.shares);
      expect(await bondsOf(world)).to.equal(0n);
      expect(await balanceOf(world, carol)).to.equal(opened.bond - opened.bond / 2n);
      await ledger.release(drawAll(split));
      const all = (await balanceOf(world, operator)) + (await balanceOf(world, operator, 7n));
      expect(all).to.equal((PAID * 8n) / 10n + opened.bond / 2n);
      for (const each of [split, unpaid])
        for (const index of [0n, 1n]) expect(await ledger.redirectOf(each.id, index)).to.equal(ZeroHash);
      const pool = await staking.poolOf(operator);
      expect([pool.holds, await staking.slashable(operator)]).to.deep.equal([0n, POOL]);
    });
  }
});

// No twin: these are measured, for the documents to say what they cost.
describe("Attacks on the court: griefing", () => {
  for (const [what, ruling, cost, compensation] of [
    ["the arbitrator does nothing", NO_RULING, MIN_BOND / 2n, MIN_BOND / 2n],
    ["the arbitrator rules", FOR_RESPONDENT, MIN_BOND, MIN_BOND / 2n],
  ] as const) {
    it(`with the least bond holds a pool and sixteen shares for days, and costs a bond, if ${what}`, async () => {
      const world = await loadFixture(deployAttacked);
      const { court, operator, mallory, token } = world;
      const shares = Array.from({ length: 16 }, () => accountShare({ to: operator, units: 1n }));
      const draws = drawAll(await splitOf(shares, court));
      const before = await token.balanceOf(mallory);
      const opened = await openCase(world, { claim: { amount: 1n }, draws, claimant: mallory });
      expect(before - (await token.balanceOf(mallory))).to.equal(MIN_BOND);
      await endCase(world, opened, ruling);
      const back = (await token.balanceOf(mallory)) + (await balanceOf(world, mallory));
      expect(before - back).to.equal(cost);
      expect(await balanceOf(world, operator)).to.equal(compensation);
    });
  }

  it("keeps thawed stake of delegators for thirty days at most, with case after case", async () => {
    const world = await loadFixture(deployAttacked);
    const { staking, token, operator, bob, mallory } = world;
    await staking.connect(bob).thaw(operator, DELEGATED);
    const { thawedAt } = await staking.stakeOf(operator, bob);
    const before = await token.balanceOf(mallory);
    let cases = 0n;
    const next = async (): Promise<OpenedCase> => {
      cases++;
      return await openCase(world, { claim: { amount: 1n }, draws: NO_DRAWS, claimant: mallory });
    };

    await time.increaseTo(thawedAt - DAY);
    let opened = await next();
    await time.increaseTo(thawedAt);
    while (opened.openedAt + CASE_SECONDS < thawedAt + MAX_HOLD) {
      await expect(staking.connect(bob).withdraw(operator))
        .to.be.revertedWithCustomError(staking, "OperatorStaking_Held")
        .withArgs(operator, 1n);
      await passDeadline(world, opened);
      const following = await next();
      await world.court.settle(opened.caseId, opened.shares);
      opened = following;
    }
    await time.setNextBlockTimestamp(thawedAt + MAX_HOLD - 1n);
    await expect(staking.connect(bob).withdraw(operator))
      .to.be.revertedWithCustomError(staking, "OperatorStaking_Held")
      .withArgs(operator, 1n);
    await time.setNextBlockTimestamp(thawedAt + MAX_HOLD);
    await staking.connect(bob).withdraw(operator);
    expect(await balanceOf(world, bob)).to.equal(DELEGATED);

    await endCase(world, opened, NO_RULING);
    expect(cases).to.equal(7n);
    const back = (await token.balanceOf(mallory)) + (await balanceOf(world, mallory));
    expect(before - back).to.equal((cases * MIN_BOND) / 2n);
  });

  it("by a respondent that accuses itself keeps its shares from other cases for nothing, but not its stake", async () => {
    const world = await loadFixture(deployAttacked);
    const { court, staking, token, split, operator, carol } = world;
    const worth = async (): Promise<bigint> =>
      (await token.balanceOf(operator)) + (await balanceOf(world, operator)) + (await staking.slashable(operator));
    const before = await worth();
    const sham = await openCase(world, { claim: { amount: 0n }, claimant: operator });
    await expect(court.connect(carol).open(claimOf(world), parseEther("1000"), drawOf(split, 0), { value: FEE }))
      .to.be.revertedWithCustomError(court, "DisputeCourt_NotRespondents")
      .withArgs(split.id, 0n, sham.escrows[0]);
    await openCase(world, { draws: NO_DRAWS });
    await endCase(world, sham, NO_RULING);
    expect((await worth()) - before).to.equal((PAID * 4n) / 10n);

    const next = await openCase(world, { claim: { amount: 0n }, claimant: operator });
    await endCase(world, next, FOR_RESPONDENT);
    expect((await worth()) - before).to.equal((PAID * 4n) / 10n - MIN_BOND / 2n);
  });
});
