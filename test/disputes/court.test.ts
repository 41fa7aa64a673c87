import { expect } from "chai";
import { getAddress, id, parseEther, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { ROLE } from "../../ignition/powers.ts";
import { NOBODY } from "../../sdk/account.ts";
import type { HeldShare } from "../../sdk/disputeCase.ts";
import {
  balanceOf,
  bondsOf,
  claimOf,
  DELEGATED,
  deployDisputes,
  type DisputeWorld,
  endCase,
  faultOf,
  FEE,
  FOR_CLAIMANT,
  FOR_RESPONDENT,
  leastBond,
  NO_RULING,
  openCase,
  OTHER_SLASH_BPS,
  OWN,
  PAID,
  passDeadline,
  proofOf,
  ruleOn,
  SLASH_BPS,
  TAG,
} from "../helpers/disputes.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { DAY, EVIDENCE, MIN_BOND, RULING } from "../helpers/staking.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const NONE = 0n;
const OPEN = 1n;
const RULED = 2n;
const ENDED = 3n;

const HOUR = 3_600n;
const MAX_BOND = 2n ** 96n - 1n;
const NO_DRAWS = "0x";

/** Its shares of the paid split, from the first. */
const PARTS = [4n, 3n, 2n, 1n].map((units) => (PAID * units) / 10n);

const deployWorld = async (): Promise<DisputeWorld> => await deployDisputes(connection);

/** A held share in an event. */
function sameShare(share: HeldShare): (emitted: unknown[]) => boolean {
  const values: unknown[] = [share.root, share.totalUnits, share.size, share.index, share.holder, share.redirect];
  return (emitted) => values.every((value, i) => emitted[i] === value);
}

/** A share of the paid split as a case holds it that nothing was redirected in before. */
function shareOf({ split, operator }: DisputeWorld, index: number, changes: Partial<HeldShare> = {}): HeldShare {
  const { root, totalUnits, size } = split.header;
  const holder = accountOf(operator, index === 1 ? TAG : 0n);
  return { root, totalUnits, size: BigInt(size), index: BigInt(index), holder, redirect: ZeroHash, ...changes };
}

describe("DisputeCourt", () => {
  describe("deployment", () => {
    const parameters = {
      arbitrator: ZeroAddress,
      minBond: parseEther("1"),
      evidenceSeconds: HOUR,
      rulingSeconds: 7n * DAY,
    };

    it("fixes where it works, its verifiers and its windows, and says what governance can change", async () => {
      const { court, ledger, access, staking, verifier, otherVerifier, puppet, mallory } =
        await loadFixture(deployWorld);
      expect(await court.ledger()).to.equal(ledger);
      expect(await court.authority()).to.equal(access);
      expect(await court.staking()).to.equal(staking);
      expect(await court.evidenceSeconds()).to.equal(EVIDENCE);
      expect(await court.rulingSeconds()).to.equal(RULING);
      expect(await court.isVerifier(verifier)).to.equal(true);
      expect(await court.isVerifier(otherVerifier)).to.equal(true);
      expect(await court.isVerifier(mallory)).to.equal(false);
      expect(await court.arbitrator()).to.equal(puppet);
      expect(await court.minBond()).to.equal(MIN_BOND);
      const added = await court.queryFilter(court.filters.VerifierAdded());
      expect(added.map(({ args }) => [...args])).to.deep.equal([
        [await verifier.getAddress(), SLASH_BPS],
        [await otherVerifier.getAddress(), OTHER_SLASH_BPS],
      ]);
      expect(await court.queryFilter(court.filters.ArbitratorSet())).to.have.length(1);
      expect(await court.queryFilter(court.filters.MinBondSet())).to.have.length(1);
    });

    it("has the limits that the documents name", async () => {
      const { court } = await loadFixture(deployWorld);
      expect(await court.MIN_WINDOW_SECONDS()).to.equal(HOUR);
      expect(await court.MAX_WINDOW_SECONDS()).to.equal(7n * DAY);
      expect(await court.LEAST_MIN_BOND()).to.equal(parseEther("1"));
      expect(await court.MOST_MIN_BOND()).to.equal(parseEther("100000"));
      expect(await court.BOND_BPS()).to.equal(500n);
      expect(await court.MAX_SHARES()).to.equal(16n);
      expect(await court.RULING_SLASH_BPS()).to.equal(2_000n);
      expect(await court.BOUNTY_BPS()).to.equal(1_000n);
      expect(await court.PAID_BPS()).to.equal(5_000n);
      expect(await court.FOR_RESPONDENT()).to.equal(FOR_RESPONDENT);
      expect(await court.FOR_CLAIMANT()).to.equal(FOR_CLAIMANT);
    });

    it("takes parameters at both ends of their bounds, and no arbitrator", async () => {
      const { ledger, access, staking } = await loadFixture(deployWorld);
      const other = { ...parameters, minBond: parseEther("100000"), evidenceSeconds: 7n * DAY, rulingSeconds: HOUR };
      for (const chosen of [parameters, other]) {
        const court = await ethers.deployContract("DisputeCourt", [ledger, access, staking, [], chosen]);
        expect(await court.minBond()).to.equal(chosen.minBond);
        expect(await court.evidenceSeconds()).to.equal(chosen.evidenceSeconds);
        expect(await court.rulingSeconds()).to.equal(chosen.rulingSeconds);
        expect(await court.arbitrator()).to.equal(ZeroAddress);
      }
    });

    const bounds = {
      minBond: [parseEther("1"), parseEther("100000")],
      evidenceSeconds: [HOUR, 7n * DAY],
      rulingSeconds: [HOUR, 7n * DAY],
    };
    for (const [name, [min, max]] of Object.entries(bounds)) {
      it(`refuses ${name} outside its bounds, by name`, async () => {
        const { court, ledger, access, staking } = await loadFixture(deployWorld);
        for (const value of [min - 1n, max + 1n]) {
          const chosen = { ...parameters, [name]: value };
          await expect(ethers.deployContract("DisputeCourt", [ledger, access, staking, [], chosen]))
            .to.be.revertedWithCustomError(court, "DisputeCourt_OutOfBounds")
            .withArgs(name, value, min, max);
        }
      });
    }

    it("refuses a verifier that takes more than a slash may, and takes one that takes as much", async () => {
      const { court, ledger, access, staking } = await loadFixture(deployWorld);
      const [most, more] = await Promise.all(
        [5_000n, 5_001n].map(async (bps) => await ethers.deployContract("CredulousVerifier", [bps])),
      );
      await ethers.deployContract("DisputeCourt", [ledger, access, staking, [most], parameters]);
      await expect(ethers.deployContract("DisputeCourt", [ledger, access, staking, [most, more], parameters]))
        .to.be.revertedWithCustomError(court, "DisputeCourt_OutOfBounds")
        .withArgs("slashBps", 5_001n, 0n, 5_000n);
    });

    it("refuses a verifier that is named twice", async () => {
      const { court, ledger, access, staking, verifier, otherVerifier } = await loadFixture(deployWorld);
      const verifiers = [verifier, otherVerifier, verifier];
      await expect(ethers.deployContract("DisputeCourt", [ledger, access, staking, verifiers, parameters]))
        .to.be.revertedWithCustomError(court, "DisputeCourt_DuplicateVerifier")
        .withArgs(verifier);
    });
  });

  describe("opening a case", () => {
    it("takes the bond, holds stake and share, and asks the arbitrator, whom it pays", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, token, ledger, puppet, carol, operator, alice, split } = world;
      const claim = claimOf(world);
      const bond = (claim.amount + PARTS[0]) / 20n;
      const draws = drawOf(split, 0);
      const escrow = await court.escrowOf(1n, 0n);
      expect(await court.connect(carol).open.staticCall(claim, bond, draws, { value: FEE })).to.equal(1n);
      const opening = court.connect(carol).open(claim, bond, draws, { value: FEE });
      await expect(opening)
        .to.emit(court, "ShareHeld")
        .withArgs(1n, split.id, 0n, escrow, sameShare(shareOf(world, 0)));
      await expect(opening)
        .to.emit(court, "CaseOpened")
        .withArgs(1n, carol, operator, alice, claim.amount, bond, puppet, 1n);
      await expect(opening)
        .to.emit(court, "EvidenceSubmitted")
        .withArgs(1n, carol, claim.evidenceHash, claim.evidenceURI);
      await expect(opening).to.emit(staking, "HoldsChanged").withArgs(operator, 1n);
      await expect(opening).to.changeTokenBalances(ethers, token, [carol, court, ledger], [-bond, 0n, bond]);
      await expect(opening).to.changeEtherBalances(ethers, [puppet, court], [FEE, 0n]);
      expect(await bondsOf(world)).to.equal(bond);
      expect(await ledger.balanceOf(escrow)).to.equal(PARTS[0]);
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(escrow);
      expect(await court.caseCount()).to.equal(1n);
    });

    it("stores what it is about", async () => {
      const world = await loadFixture(deployWorld);
      const { court, carol, operator, alice } = world;
      const { caseId, openedAt, bond } = await openCase(world);
      const stored = await court.caseOf(caseId);
      expect([...stored].slice(0, 8)).to.deep.equal([
        carol.address,
        openedAt,
        OPEN,
        NO_RULING,
        operator.address,
        bond,
        alice.address,
        claimOf(world).amount,
      ]);
      expect((await court.caseOf(caseId + 1n)).status).to.equal(NONE);
    });

    it("leaves stake alone if the claim is about shares only", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, carol, split, operator } = world;
      const opening = court
        .connect(carol)
        .open(claimOf(world, { amount: 0n }), MIN_BOND, drawOf(split, 0), { value: FEE });
      await expect(opening).to.not.emit(staking, "HoldsChanged");
      expect((await staking.poolOf(operator)).holds).to.equal(0n);
    });

    it("leaves shares alone if the claim is about stake only", async () => {
      const world = await loadFixture(deployWorld);
      const { shares } = await openCase(world, { draws: NO_DRAWS });
      expect(shares).to.deep.equal([]);
      expect((await world.staking.poolOf(world.operator)).holds).to.equal(1n);
    });

    it("holds adjacent shares of one draw, each in an escrow of its own", async () => {
      const world = await loadFixture(deployWorld);
      const { ledger, court, split } = world;
      const { caseId, shares, escrows } = await openCase(world, { draws: drawOf(split, 0, 2) });
      expect(shares).to.deep.equal([shareOf(world, 0), shareOf(world, 1)]);
      expect(escrows).to.deep.equal(await Promise.all([0n, 1n].map((i) => court.escrowOf(caseId, i))));
      expect(await Promise.all(escrows.map((escrow) => ledger.balanceOf(escrow)))).to.deep.equal(PARTS.slice(0, 2));
    });

    it("holds shares of several ranges and splits, paid or not", async () => {
      const world = await loadFixture(deployWorld);
      const { ledger, split, unpaid } = world;
      const draws = ethers.concat([drawOf(split, 3), drawAll(unpaid), drawOf(split, 1)]);
      const bond = await world.court.bondFor(claimOf(world).amount, PARTS[3] + PARTS[1]);
      const { shares, escrows } = await openCase(world, { draws, bond });
      expect(shares.map(({ root, index }) => [root, index])).to.deep.equal([
        [split.header.root, 3n],
        [unpaid.header.root, 0n],
        [unpaid.header.root, 1n],
        [split.header.root, 1n],
      ]);
      const held = await Promise.all(escrows.map((escrow) => ledger.balanceOf(escrow)));
      expect(held).to.deep.equal([PARTS[3], 0n, 0n, PARTS[1]]);
      expect(await ledger.redirectOf(unpaid.id, 1n)).to.equal(escrows[2]);
    });

    it("sends to the escrow what shares earn meanwhile", async () => {
      const world = await loadFixture(deployWorld);
      const { ledger, governor, unpaid } = world;
      const { escrows } = await openCase(world, { draws: drawAll(unpaid) });
      await ledger.connect(governor).pay(unpaid.id, 300n, 1n, ZeroHash);
      await ledger.payOut(drawAll(unpaid));
      expect(await Promise.all(escrows.map((escrow) => ledger.balanceOf(escrow)))).to.deep.equal([100n, 200n]);
    });

    it("leaves alone what has been drawn", async () => {
      const world = await loadFixture(deployWorld);
      const { ledger, split, operator } = world;
      await ledger.release(drawOf(split, 0));
      const { escrows } = await openCase(world);
      expect(await ledger.balanceOf(escrows[0])).to.equal(0n);
      expect(await balanceOf(world, operator)).to.equal(PARTS[0]);
    });

    it("holds shares that came to the respondent by an earlier case, and nobody else's claim on them", async () => {
      const world = await loadFixture(deployWorld);
      const { court, alice, operator, carol, split } = world;
      await endCase(world, await openCase(world), FOR_CLAIMANT);
      await expect(court.connect(carol).open(claimOf(world), parseEther("1000"), drawOf(split, 0), { value: FEE }))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NotRespondents")
        .withArgs(split.id, 0n, accountOf(alice));
      const claim = { respondent: alice.address, harmed: operator.address };
      const { shares } = await openCase(world, { claim });
      expect(shares).to.deep.equal([shareOf(world, 0, { holder: accountOf(alice), redirect: accountOf(alice) })]);
    });

    it("holds sixteen shares and not one more", async () => {
      const world = await loadFixture(deployWorld);
      const { court, operator, carol } = world;
      const many = await splitOf(
        Array.from({ length: 17 }, () => accountShare({ to: operator, units: 1n })),
        court,
      );
      const { shares } = await openCase(world, { draws: drawOf(many, 1, 16) });
      expect(shares.map(({ index }) => index)).to.deep.equal(Array.from({ length: 16 }, (_, i) => BigInt(i + 1)));
      await networkHelpers.mine();
      const draws = ethers.concat([drawOf(world.split, 0), drawOf(world.unpaid, 0), drawOf(many, 0)]);
      expect((await openCase(world, { draws, bond: MIN_BOND * 10n })).shares).to.have.length(3);
      const others = await splitOf(
        Array.from({ length: 17 }, (_, i) => accountShare({ to: operator, units: BigInt(i) })),
        court,
      );
      await expect(court.connect(carol).open(claimOf(world), MIN_BOND * 10n, drawAll(others), { value: FEE }))
        .to.be.revertedWithCustomError(court, "DisputeCourt_TooManyShares")
        .withArgs(16n);
    });

    it("counts its cases' escrows apart", async () => {
      const { court } = await loadFixture(deployWorld);
      const owner = { address: await court.getAddress() };
      expect(await court.escrowOf(1n, 0n)).to.equal(accountOf(owner, 16n));
      expect(await court.escrowOf(1n, 15n)).to.equal(accountOf(owner, 31n));
      expect(await court.escrowOf(2n, 0n)).to.equal(accountOf(owner, 32n));
    });

    describe("is refused", () => {
      interface Refusal {
        when: string;
        error: string;
        claim?: (
          world: DisputeWorld,
        ) => Partial<ReturnType<typeof claimOf>> | Promise<Partial<ReturnType<typeof claimOf>>>;
        draws?: (world: DisputeWorld) => string | Promise<string>;
        bond?: bigint;
        fee?: bigint;
        args: (world: DisputeWorld) => unknown[] | Promise<unknown[]>;
      }
      const enough = (5_000n * 10n ** 18n + PARTS[0]) / 20n;
      const refusals: Refusal[] = [
        {
          when: "it claims nothing",
          error: "DisputeCourt_EmptyClaim",
          claim: () => ({ amount: 0n }),
          draws: () => NO_DRAWS,
          args: () => [],
        },
        {
          when: "nobody is accused",
          error: "DisputeCourt_BadRespondent",
          claim: () => ({ respondent: ZeroAddress }),
          args: () => [ZeroAddress],
        },
        {
          when: "the court is accused",
          error: "DisputeCourt_BadRespondent",
          claim: async ({ court }) => ({ respondent: await court.getAddress() }),
          args: ({ court }) => [court],
        },
        {
          when: "the staking contract is accused",
          error: "DisputeCourt_BadRespondent",
          claim: async ({ staking }) => ({ respondent: await staking.getAddress() }),
          args: ({ staking }) => [staking],
        },
        {
          when: "the bond is too small for claim and escrow by one",
          error: "DisputeCourt_OutOfBounds",
          bond: enough - 1n,
          args: () => ["bond", enough - 1n, enough, MAX_BOND],
        },
        {
          when: "the bond is smaller than the least",
          error: "DisputeCourt_OutOfBounds",
          claim: () => ({ amount: 1n }),
          draws: () => NO_DRAWS,
          bond: MIN_BOND - 1n,
          args: () => ["bond", MIN_BOND - 1n, MIN_BOND, MAX_BOND],
        },
        {
          when: "the bond is larger than a case can keep",
          error: "DisputeCourt_OutOfBounds",
          bond: MAX_BOND + 1n,
          args: () => ["bond", MAX_BOND + 1n, enough, MAX_BOND],
        },
        {
          when: "it comes without the arbitrator's fee",
          error: "DisputeCourt_BadArbitrationFee",
          fee: FEE - 1n,
          args: () => [FEE - 1n, FEE],
        },
        {
          when: "it comes with more than the arbitrator's fee",
          error: "DisputeCourt_BadArbitrationFee",
          fee: FEE + 1n,
          args: () => [FEE + 1n, FEE],
        },
        {
          when: "a share is somebody else's",
          error: "DisputeCourt_NotRespondents",
          draws: ({ split }) => drawOf(split, 2),
          args: ({ split, alice }) => [split.id, 2n, accountOf(alice)],
        },
        {
          when: "somebody else's share is among the respondent's",
          error: "DisputeCourt_NotRespondents",
          draws: ({ split }) => drawAll(split),
          args: ({ split, alice }) => [split.id, 2n, accountOf(alice)],
        },
        {
          when: "a share is named twice",
          error: "DisputeCourt_NotRespondents",
          draws: ({ split }) => drawOf(split, 0).concat(drawOf(split, 0).slice(2)),
          args: async ({ split, court }) => [split.id, 0n, await court.escrowOf(1n, 0n)],
        },
        {
          when: "a split has another arbiter",
          error: "DisputeCourt_NotArbiter",
          draws: async (world) => drawAll(await strangers(world)),
          args: async (world) => [(await strangers(world)).id, world.mallory],
        },
        {
          when: "a share leads to a split",
          error: "DisputeCourt_LeadsToSplit",
          claim: ({ unpaid }) => ({ respondent: getAddress(`0x${unpaid.id.slice(-40)}`) }),
          draws: async (world) => drawAll(await downstream(world)),
          args: async (world) => [(await downstream(world)).id, 0n],
        },
        {
          when: "draws end within a header",
          error: "Draws_Truncated",
          draws: ({ split }) => `${drawOf(split, 0)}${"00".repeat(39)}`,
          args: ({ split }) => {
            const length = (drawOf(split, 0).length - 2) / 2;
            return [length + 39, length + 40];
          },
        },
      ];
      const strangers = async ({ operator, mallory }: DisputeWorld) =>
        await splitOf([accountShare({ to: operator, units: 1n })], mallory);
      const downstream = async ({ court, unpaid }: DisputeWorld) =>
        await splitOf([splitShare({ to: unpaid, units: 1n })], court);

      for (const { when, error, claim, draws, bond = enough * 2n, fee = FEE, args } of refusals) {
        it(`when ${when}`, async () => {
          const world = await loadFixture(deployWorld);
          const { court, carol, split } = world;
          const packed = draws === undefined ? drawOf(split, 0) : await draws(world);
          const opening = court.connect(carol).open(claimOf(world, await claim?.(world)), bond, packed, { value: fee });
          await expect(opening)
            .to.be.revertedWithCustomError(court, error)
            .withArgs(...(await args(world)));
          expect(await court.caseCount()).to.equal(0n);
        });
      }

      it("when there is no arbitrator", async () => {
        const world = await loadFixture(deployWorld);
        const { court, governor, carol, split } = world;
        await court.connect(governor).setArbitrator(ZeroAddress);
        await expect(court.connect(carol).open(claimOf(world), enough, drawOf(split, 0)))
          .to.be.revertedWithCustomError(court, "DisputeCourt_NoArbitrator")
          .withArgs();
      });

      it("when another case holds a share", async () => {
        const world = await loadFixture(deployWorld);
        const { court, carol, split } = world;
        const { escrows } = await openCase(world);
        await expect(court.connect(carol).open(claimOf(world), enough, drawOf(split, 0), { value: FEE }))
          .to.be.revertedWithCustomError(court, "DisputeCourt_NotRespondents")
          .withArgs(split.id, 0n, escrows[0]);
      });

      it("when the claimant cannot pay the bond", async () => {
        const world = await loadFixture(deployWorld);
        const { court, token, carol, split } = world;
        await token.connect(carol).approve(court, enough - 1n);
        await expect(court.connect(carol).open(claimOf(world), enough, drawOf(split, 0), { value: FEE }))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
          .withArgs(court, enough - 1n, enough);
      });
    });

    describe("bonds", () => {
      it("are five per cent of what is asked for and held, and never less than the least", async () => {
        const { court } = await loadFixture(deployWorld);
        const edge = MIN_BOND * 20n;
        const bonds = {
          none: [0n, 0n],
          below: [edge - 1n, 0n],
          at: [edge, 0n],
          held: [0n, edge + 20n],
          both: [edge, edge],
        };
        const found = await Promise.all(Object.values(bonds).map(([amount, held]) => court.bondFor(amount, held)));
        expect(found).to.deep.equal([MIN_BOND, MIN_BOND, MIN_BOND, MIN_BOND + 1n, MIN_BOND * 2n]);
      });

      it("can be larger than asked for, up to what a case can keep", async () => {
        const world = await loadFixture(deployWorld);
        const { caseId } = await openCase(world, { bond: parseEther("12345") });
        expect((await world.court.caseOf(caseId)).bond).to.equal(parseEther("12345"));
      });
    });
  });

  describe("evidence", () => {
    const hash = id("more");

    it("is anybody's until the second before its time is over", async () => {
      const world = await loadFixture(deployWorld);
      const { court, operator, mallory } = world;
      const { caseId, openedAt } = await openCase(world);
      await expect(court.connect(operator).submitEvidence(caseId, hash, "ipfs://answer"))
        .to.emit(court, "EvidenceSubmitted")
        .withArgs(caseId, operator, hash, "ipfs://answer");
      await time.setNextBlockTimestamp(openedAt + EVIDENCE - 1n);
      await expect(court.connect(mallory).submitEvidence(caseId, ZeroHash, ""))
        .to.emit(court, "EvidenceSubmitted")
        .withArgs(caseId, mallory, ZeroHash, "");
      await expect(court.submitEvidence(caseId, hash, ""))
        .to.be.revertedWithCustomError(court, "DisputeCourt_TooLate")
        .withArgs(caseId, openedAt + EVIDENCE, openedAt + EVIDENCE);
    });

    it("needs an open case", async () => {
      const world = await loadFixture(deployWorld);
      const { court } = world;
      const opened = await openCase(world);
      await ruleOn(world, opened, FOR_CLAIMANT);
      for (const [caseId, status] of [
        [opened.caseId + 1n, NONE],
        [opened.caseId, RULED],
      ]) {
        await expect(court.submitEvidence(caseId, hash, ""))
          .to.be.revertedWithCustomError(court, "DisputeCourt_NotOpen")
          .withArgs(caseId, status);
      }
    });
  });

  describe("rulings", () => {
    for (const ruling of [NO_RULING, FOR_RESPONDENT, FOR_CLAIMANT]) {
      it(`${ruling} is kept from the first second after evidence on`, async () => {
        const world = await loadFixture(deployWorld);
        const { court, puppet } = world;
        const { caseId, disputeId, openedAt } = await openCase(world);
        await time.setNextBlockTimestamp(openedAt + EVIDENCE);
        await expect(puppet.rule(court, disputeId, ruling))
          .to.emit(court, "Ruling")
          .withArgs(puppet, disputeId, ruling);
        const stored = await court.caseOf(caseId);
        expect([stored.status, stored.ruling]).to.deep.equal([RULED, ruling]);
      });
    }

    it("can be made in the last second", async () => {
      const world = await loadFixture(deployWorld);
      const { court, puppet } = world;
      const { disputeId, openedAt } = await openCase(world);
      await time.setNextBlockTimestamp(openedAt + EVIDENCE + RULING - 1n);
      await expect(puppet.rule(court, disputeId, FOR_CLAIMANT)).to.emit(court, "Ruling");
    });

    it("cannot be made a second too early or too late", async () => {
      const world = await loadFixture(deployWorld);
      const { court, puppet } = world;
      const { caseId, disputeId, openedAt } = await openCase(world);
      const [from, deadline] = [openedAt + EVIDENCE, openedAt + EVIDENCE + RULING];
      await time.setNextBlockTimestamp(from - 1n);
      await expect(puppet.rule(court, disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_TooEarly")
        .withArgs(caseId, from, from - 1n);
      await time.setNextBlockTimestamp(deadline);
      await expect(puppet.rule(court, disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_TooLate")
        .withArgs(caseId, deadline, deadline);
    });

    it("are one of three", async () => {
      const world = await loadFixture(deployWorld);
      const { court, puppet } = world;
      const { caseId, disputeId, openedAt } = await openCase(world);
      await time.increaseTo(openedAt + EVIDENCE);
      await expect(puppet.rule(court, disputeId, 3n))
        .to.be.revertedWithCustomError(court, "DisputeCourt_BadRuling")
        .withArgs(caseId, 3n);
    });

    it("are made once, and not when the case has ended", async () => {
      const world = await loadFixture(deployWorld);
      const { court, puppet } = world;
      const opened = await openCase(world);
      await ruleOn(world, opened, FOR_RESPONDENT);
      await expect(puppet.rule(court, opened.disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NotOpen")
        .withArgs(opened.caseId, RULED);
      await court.settle(opened.caseId, opened.shares);
      await expect(puppet.rule(court, opened.disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NotOpen")
        .withArgs(opened.caseId, ENDED);
    });

    it("are the arbitrator's that was asked", async () => {
      const world = await loadFixture(deployWorld);
      const { court, puppet, mallory, governor } = world;
      const opened = await openCase(world);
      await time.increaseTo(opened.openedAt + EVIDENCE);
      await expect(court.connect(mallory).rule(opened.disputeId, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NoSuchDispute")
        .withArgs(mallory, opened.disputeId);
      await expect(puppet.rule(court, opened.disputeId + 1n, FOR_CLAIMANT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NoSuchDispute")
        .withArgs(puppet, opened.disputeId + 1n);

      const next = await ethers.deployContract("PuppetArbitrator", [0n]);
      await court.connect(governor).setArbitrator(next);
      await expect(next.rule(court, opened.disputeId, FOR_RESPONDENT))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NoSuchDispute")
        .withArgs(next, opened.disputeId);
      await expect(puppet.rule(court, opened.disputeId, FOR_CLAIMANT))
        .to.emit(court, "Ruling")
        .withArgs(puppet, opened.disputeId, FOR_CLAIMANT);
    });
  });

  describe("settlement", () => {
    it("for the claimant gives share and escrow to the harmed party, slashes, and gives the bond back", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, ledger, split, carol, alice, operator, governor } = world;
      const opened = await openCase(world);
      await ledger.connect(governor).pay(split.id, PAID, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
      await ruleOn(world, opened, FOR_CLAIMANT);
      const { amount } = claimOf(world);
      const compensation = (amount * OWN) / (OWN + DELEGATED) / 2n;
      const settling = court.settle(opened.caseId, opened.shares);
      await expect(settling).to.emit(court, "CaseEnded").withArgs(opened.caseId, FOR_CLAIMANT, opened.bond, 0n);
      await expect(settling)
        .to.emit(court, "ShareFreed")
        .withArgs(opened.caseId, split.id, 0n, accountOf(alice), 2n * PARTS[0]);
      await expect(settling).to.emit(staking, "HoldsChanged").withArgs(operator, 0n);
      await expect(settling)
        .to.emit(court, "SlashDivided")
        .withArgs(alice, compensation, ZeroAddress, 0n, amount - compensation);
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(alice));
      expect(await balanceOf(world, alice)).to.equal(2n * PARTS[0] + compensation);
      expect(await balanceOf(world, carol)).to.equal(opened.bond);
      expect(await balanceOf(world, operator)).to.equal(0n);
      expect(await balanceOf(world, NOBODY)).to.equal(amount - compensation);
      expect(await bondsOf(world)).to.equal(0n);
      expect(await staking.slashable(operator)).to.equal(OWN + DELEGATED - amount);
      expect((await court.caseOf(opened.caseId)).status).to.equal(ENDED);

      await ledger.connect(governor).pay(split.id, PAID, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
      expect(await balanceOf(world, alice)).to.equal(3n * PARTS[0] + compensation);
    });

    it("for the respondent gives all back, and half of the bond, and burns the other half", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, ledger, split, carol, operator } = world;
      const opened = await openCase(world, { draws: drawOf(split, 0, 2), bond: parseEther("600") + 1n });
      await ruleOn(world, opened, FOR_RESPONDENT);
      const half = parseEther("300");
      const settling = court.settle(opened.caseId, opened.shares);
      await expect(settling).to.emit(court, "CaseEnded").withArgs(opened.caseId, FOR_RESPONDENT, 0n, half);
      await expect(settling)
        .to.emit(court, "ShareFreed")
        .withArgs(opened.caseId, split.id, 1n, accountOf(operator, TAG), PARTS[1]);
      await expect(settling).to.emit(staking, "HoldsChanged").withArgs(operator, 0n);
      await expect(settling).to.not.emit(court, "SlashDivided");
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(ZeroHash);
      expect(await ledger.redirectOf(split.id, 1n)).to.equal(ZeroHash);
      expect(await balanceOf(world, operator)).to.equal(PARTS[0] + half);
      expect(await balanceOf(world, operator, TAG)).to.equal(PARTS[1]);
      expect(await balanceOf(world, carol)).to.equal(0n);
      expect(await balanceOf(world, NOBODY)).to.equal(half + 1n);
      expect(await bondsOf(world)).to.equal(0n);
    });

    for (const isRuled of [false, true]) {
      it(`without a ruling ${isRuled ? "by a ruling" : "in time"} gives all back, and each side half`, async () => {
        const world = await loadFixture(deployWorld);
        const { court, staking, ledger, split, carol, operator } = world;
        const opened = await openCase(world, { bond: parseEther("600") + 1n });
        if (isRuled) await ruleOn(world, opened, NO_RULING);
        else await passDeadline(world, opened);
        const half = parseEther("300");
        const settling = court.settle(opened.caseId, opened.shares);
        await expect(settling)
          .to.emit(court, "CaseEnded")
          .withArgs(opened.caseId, NO_RULING, half + 1n, half);
        await expect(settling).to.emit(staking, "HoldsChanged").withArgs(operator, 0n);
        expect(await ledger.redirectOf(split.id, 0n)).to.equal(ZeroHash);
        expect(await balanceOf(world, operator)).to.equal(PARTS[0] + half);
        expect(await balanceOf(world, carol)).to.equal(half + 1n);
        expect(await balanceOf(world, NOBODY)).to.equal(0n);
        expect(await bondsOf(world)).to.equal(0n);
        expect(await staking.slashable(operator)).to.equal(OWN + DELEGATED);
      });
    }

    it("without a ruling comes at the deadline and not a second before", async () => {
      const world = await loadFixture(deployWorld);
      const { court } = world;
      const { caseId, openedAt, shares } = await openCase(world);
      const deadline = openedAt + EVIDENCE + RULING;
      await time.setNextBlockTimestamp(deadline - 1n);
      await expect(court.settle(caseId, shares))
        .to.be.revertedWithCustomError(court, "DisputeCourt_TooEarly")
        .withArgs(caseId, deadline, deadline - 1n);
      await time.setNextBlockTimestamp(deadline);
      await expect(court.settle(caseId, shares)).to.emit(court, "CaseEnded");
    });

    it("burns what nobody is harmed by", async () => {
      const world = await loadFixture(deployWorld);
      const { court, ledger, split, carol, alice } = world;
      const opened = await openCase(world, { claim: { harmed: ZeroAddress } });
      const settling = await endCase(world, opened, FOR_CLAIMANT);
      const { amount } = claimOf(world);
      await expect(settling).to.emit(court, "SlashDivided").withArgs(ZeroAddress, 0n, ZeroAddress, 0n, amount);
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(NOBODY);
      expect(await balanceOf(world, NOBODY)).to.equal(amount + PARTS[0]);
      expect(await balanceOf(world, alice)).to.equal(0n);
      expect(await balanceOf(world, carol)).to.equal(opened.bond);
    });

    it("slashes a fifth of the pool at most", async () => {
      const world = await loadFixture(deployWorld);
      const { court, alice } = world;
      const opened = await openCase(world, { claim: { amount: parseEther("20000") + 1n }, draws: NO_DRAWS });
      await expect(await endCase(world, opened, FOR_CLAIMANT))
        .to.emit(court, "SlashDivided")
        .withArgs(alice, parseEther("6000"), ZeroAddress, 0n, parseEther("14000"));
    });

    it("slashes less than was asked for if the pool has become smaller", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, slasher, operator, alice } = world;
      const opened = await openCase(world, { claim: { amount: parseEther("20000") }, draws: NO_DRAWS });
      await staking.connect(slasher).slash(operator, parseEther("50000"));
      await expect(await endCase(world, opened, FOR_CLAIMANT))
        .to.emit(court, "SlashDivided")
        .withArgs(alice, parseEther("3000"), ZeroAddress, 0n, parseEther("7000"));
    });

    it("goes through if the respondent has no stake", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, mallory, carol } = world;
      const opened = await openCase(world, { claim: { respondent: mallory.address }, draws: NO_DRAWS });
      const settling = await endCase(world, opened, FOR_CLAIMANT);
      await expect(settling).to.not.emit(court, "SlashDivided");
      await expect(settling).to.emit(staking, "HoldsChanged").withArgs(mallory, 0n);
      expect(await balanceOf(world, carol)).to.equal(opened.bond);
    });

    it("goes through if slashes have left nothing to take", async () => {
      const world = await loadFixture(deployWorld);
      const { staking, slasher, operator, carol } = world;
      for (let rate = 10n ** 18n; rate > 1n;) {
        await staking.connect(slasher).slash(operator, (await staking.slashable(operator)) / 2n);
        rate = (await staking.poolOf(operator)).rate;
      }
      expect(await staking.slashable(operator)).to.equal(100_000n);
      const opened = await openCase(world, { draws: NO_DRAWS });
      await endCase(world, opened, FOR_CLAIMANT);
      expect(await balanceOf(world, carol)).to.equal(opened.bond);
    });

    describe("when governance has taken from the court the right to slash", () => {
      const ways = {
        "by taking its role": async ({ access, court }: DisputeWorld) => await access.revokeRole(ROLE.SLASHER, court),
        "by making it wait": async ({ access, court }: DisputeWorld) =>
          await access.grantRole(ROLE.SLASHER, court, DAY),
        "by closing the staking contract": async ({ access, staking }: DisputeWorld) =>
          await access.setTargetClosed(staking, true),
        "by another authority": async ({ access, staking, puppet }: DisputeWorld) =>
          await access.updateAuthority(staking, puppet),
      };
      for (const [way, take] of Object.entries(ways)) {
        it(`ends a case all the same, without a slash (${way})`, async () => {
          const world = await loadFixture(deployWorld);
          const { court, staking, ledger, split, operator, alice, carol } = world;
          const opened = await openCase(world);
          await ruleOn(world, opened, FOR_CLAIMANT);
          await take(world);
          const settling = court.settle(opened.caseId, opened.shares);
          await expect(settling).to.emit(court, "SlashSkipped").withArgs(opened.caseId);
          await expect(settling).to.emit(court, "CaseEnded").withArgs(opened.caseId, FOR_CLAIMANT, opened.bond, 0n);
          await expect(settling).to.emit(staking, "HoldsChanged").withArgs(operator, 0n);
          await expect(settling).to.not.emit(court, "SlashDivided");
          expect(await staking.slashable(operator)).to.equal(OWN + DELEGATED);
          expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(alice));
          expect(await balanceOf(world, alice)).to.equal(PARTS[0]);
          expect(await balanceOf(world, carol)).to.equal(opened.bond);
          expect(await bondsOf(world)).to.equal(0n);
        });
      }

      for (const ruling of [NO_RULING, FOR_RESPONDENT]) {
        it(`ends a case that asks for no slash in the end (${ruling})`, async () => {
          const world = await loadFixture(deployWorld);
          const { court, access, staking, operator } = world;
          const opened = await openCase(world);
          await access.revokeRole(ROLE.SLASHER, court);
          const settling = await endCase(world, opened, ruling);
          await expect(settling).to.not.emit(court, "SlashSkipped");
          await expect(settling).to.emit(staking, "HoldsChanged").withArgs(operator, 0n);
          expect(await balanceOf(world, operator)).to.equal(PARTS[0] + opened.bond / 2n);
        });
      }

      it("refuses proofs that cost stake until it has the right again", async () => {
        const world = await loadFixture(deployWorld);
        const { court, access, staking, verifier } = world;
        await access.revokeRole(ROLE.SLASHER, court);
        await expect(court.prove(verifier, proofOf(faultOf(world))))
          .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
          .withArgs(court);
        await access.grantRole(ROLE.SLASHER, court, 0);
        await expect(court.prove(verifier, proofOf(faultOf(world)))).to.emit(court, "FaultPunished");
      });
    });

    it("leaves stake alone if the claim was about shares only", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, operator } = world;
      const settling = await endCase(world, await openCase(world, { claim: { amount: 0n } }), FOR_CLAIMANT);
      await expect(settling).to.not.emit(staking, "HoldsChanged");
      await expect(settling).to.not.emit(court, "SlashDivided");
      expect(await staking.slashable(operator)).to.equal(OWN + DELEGATED);
    });

    it("gives a share that was redirected before back to whom it was redirected", async () => {
      const world = await loadFixture(deployWorld);
      const { ledger, split, alice, operator } = world;
      await endCase(world, await openCase(world, { claim: { amount: 0n } }), FOR_CLAIMANT);
      await ledger.pay(split.id, PAID, 1n, ZeroHash);
      const claim = { respondent: alice.address, harmed: operator.address, amount: 0n };
      await endCase(world, await openCase(world, { claim }), FOR_RESPONDENT);
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(alice));
      expect(await balanceOf(world, alice)).to.equal(2n * PARTS[0] + MIN_BOND / 2n);
    });

    it("ends cases in any order, each with its own shares and bond", async () => {
      const world = await loadFixture(deployWorld);
      const { staking, split, unpaid, operator, alice, bob, mallory } = world;
      const first = await openCase(world, { claimant: bob });
      const second = await openCase(world, { claimant: mallory, draws: drawOf(split, 3) });
      const third = await openCase(world, { claim: { amount: 0n }, draws: drawAll(unpaid) });
      expect((await staking.poolOf(operator)).holds).to.equal(2n);
      await endCase(world, second, FOR_RESPONDENT);
      expect(await bondsOf(world)).to.equal(first.bond + third.bond);
      expect((await staking.poolOf(operator)).holds).to.equal(1n);
      await endCase(world, third, FOR_CLAIMANT);
      await endCase(world, first, FOR_CLAIMANT);
      expect(await bondsOf(world)).to.equal(0n);
      expect(await balanceOf(world, bob)).to.equal(first.bond);
      expect(await balanceOf(world, alice)).to.equal(PARTS[0] + parseEther("1500"));
      expect(await balanceOf(world, operator)).to.equal(PARTS[3] + second.bond / 2n);
    });

    it("is refused for other shares than the case holds", async () => {
      const world = await loadFixture(deployWorld);
      const { court, mallory } = world;
      const opened = await openCase(world, { draws: drawOf(world.split, 0, 2) });
      await ruleOn(world, opened, FOR_RESPONDENT);
      const [first, second] = opened.shares;
      const wrong = [
        [],
        [first],
        [second, first],
        [first, second, second],
        [{ ...first, holder: accountOf(mallory) }, second],
        [first, { ...second, redirect: accountOf(mallory) }],
      ];
      for (const shares of wrong) {
        await expect(court.settle(opened.caseId, shares))
          .to.be.revertedWithCustomError(court, "DisputeCourt_OtherShares")
          .withArgs(opened.caseId);
      }
    });

    it("is refused for a case that never was or has ended", async () => {
      const world = await loadFixture(deployWorld);
      const { court } = world;
      const opened = await openCase(world);
      await endCase(world, opened, FOR_CLAIMANT);
      for (const [caseId, status] of [
        [opened.caseId + 1n, NONE],
        [opened.caseId, ENDED],
      ]) {
        await expect(court.settle(caseId, opened.shares))
          .to.be.revertedWithCustomError(court, "DisputeCourt_NotOpen")
          .withArgs(caseId, status);
      }
    });
  });

  describe("governance", () => {
    it("sets the arbitrator of cases to come", async () => {
      const world = await loadFixture(deployWorld);
      const { court, governor, puppet, committee } = world;
      const { caseId } = await openCase(world);
      await expect(court.connect(governor).setArbitrator(committee))
        .to.emit(court, "ArbitratorSet")
        .withArgs(committee);
      const next = await openCase(world, { draws: NO_DRAWS, fee: 0n });
      const asked = await court.queryFilter(court.filters.CaseOpened());
      expect(asked.map(({ args }) => [args.caseId, args.arbitrator])).to.deep.equal([
        [caseId, await puppet.getAddress()],
        [next.caseId, await committee.getAddress()],
      ]);
    });

    it("sets the least bond within its bounds", async () => {
      const { court, governor } = await loadFixture(deployWorld);
      const [least, most] = [parseEther("1"), parseEther("100000")];
      for (const minBond of [least, most]) {
        await expect(court.connect(governor).setMinBond(minBond)).to.emit(court, "MinBondSet").withArgs(minBond);
        expect(await court.bondFor(0n, 0n)).to.equal(minBond);
      }
      for (const minBond of [least - 1n, most + 1n]) {
        await expect(court.connect(governor).setMinBond(minBond))
          .to.be.revertedWithCustomError(court, "DisputeCourt_OutOfBounds")
          .withArgs("minBond", minBond, least, most);
      }
    });

    it("is nobody else's", async () => {
      const { court, access, governor, operator } = await loadFixture(deployWorld);
      for (const role of [ROLE.PARAMETERS, ROLE.ARBITRATION]) await access.connect(governor).revokeRole(role, governor);
      for (const stranger of [operator, governor]) {
        await expect(court.connect(stranger).setArbitrator(stranger))
          .to.be.revertedWithCustomError(court, "AccessManagedUnauthorized")
          .withArgs(stranger);
        await expect(court.connect(stranger).setMinBond(parseEther("5")))
          .to.be.revertedWithCustomError(court, "AccessManagedUnauthorized")
          .withArgs(stranger);
      }
    });

    it("leaves open cases as they are", async () => {
      const world = await loadFixture(deployWorld);
      const { court, governor, carol } = world;
      const opened = await openCase(world, { claim: { amount: 0n } });
      await court.connect(governor).setMinBond(parseEther("5000"));
      await court.connect(governor).setArbitrator(ZeroAddress);
      await endCase(world, opened, FOR_CLAIMANT);
      expect(await balanceOf(world, carol)).to.equal(opened.bond);
      expect(await leastBond(world, 0n, NO_DRAWS)).to.equal(parseEther("5000"));
    });
  });
});
