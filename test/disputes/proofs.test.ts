import { expect } from "chai";
import { id, MaxUint256, parseEther, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { NOBODY } from "../../sdk/account.ts";
import {
  balanceOf,
  DELEGATED,
  deployDisputes,
  type DisputeWorld,
  endCase,
  faultOf,
  FOR_CLAIMANT,
  FOR_RESPONDENT,
  openCase,
  OTHER_SLASH_BPS,
  OWN,
  PAID,
  proofOf,
  restitutionOf,
  ruleOn,
  SLASH_BPS,
} from "../helpers/disputes.ts";
import { accountOf, drawOf } from "../helpers/shares.ts";

const connection = await network.getOrCreate();
const { loadFixture } = connection.networkHelpers;

const BPS = 10_000n;
const BOUNTY_BPS = 1_000n;
const PAID_BPS = 5_000n;
const SLASHED = ((OWN + DELEGATED) * SLASH_BPS) / BPS;
const OWN_LOSS = (OWN * SLASH_BPS) / BPS;

const deployWorld = async (): Promise<DisputeWorld> => await deployDisputes(connection);

/** The same world with other proportions of the operator's stake and that of others. */
function deployShareOf(ownPercent: bigint): () => Promise<DisputeWorld> {
  return async function deployProportion() {
    const world = await deployDisputes(connection);
    const { staking, mallory, bob } = world;
    const pool = parseEther("100000");
    const own = (pool * ownPercent) / 100n;
    if (own !== 0n) await staking.connect(mallory).stake(mallory, own);
    if (own !== pool) await staking.connect(bob).stake(mallory, pool - own);
    return world;
  };
}

describe("DisputeCourt: proofs", () => {
  it("slash what the verifier says, pay the bounty and the harm, and burn the rest", async () => {
    const world = await loadFixture(deployWorld);
    const { court, staking, verifier, operator, alice, carol } = world;
    const fault = faultOf(world);
    const bounty = (OWN_LOSS * BOUNTY_BPS) / BPS;
    const proving = court.connect(carol).prove(verifier, proofOf(fault));
    await expect(proving).to.emit(court, "FaultPunished").withArgs(verifier, fault.id, operator, carol, SLASHED);
    await expect(proving)
      .to.emit(court, "SlashDivided")
      .withArgs(alice, fault.harm, carol, bounty, SLASHED - fault.harm - bounty);
    await expect(proving).to.not.emit(court, "ShareRestored");
    expect(await staking.slashable(operator)).to.equal(OWN + DELEGATED - SLASHED);
    expect(await balanceOf(world, alice)).to.equal(fault.harm);
    expect(await balanceOf(world, carol)).to.equal(bounty);
    expect(await balanceOf(world, NOBODY)).to.equal(SLASHED - fault.harm - bounty);
    expect(await court.isPunished(fault.id)).to.equal(true);
  });

  it("are good of this court's verifiers only", async () => {
    const world = await loadFixture(deployWorld);
    const stranger = await connection.ethers.deployContract("CredulousVerifier", [1n]);
    await expect(world.court.prove(stranger, proofOf(faultOf(world))))
      .to.be.revertedWithCustomError(world.court, "DisputeCourt_UnknownVerifier")
      .withArgs(stranger);
  });

  it("punish each fault once, whoever shows it and however", async () => {
    const world = await loadFixture(deployWorld);
    const { court, verifier, mallory } = world;
    await court.prove(verifier, proofOf(faultOf(world)));
    for (const fault of [faultOf(world), faultOf(world, { harmed: mallory.address, respondent: mallory.address })]) {
      await expect(court.connect(mallory).prove(verifier, proofOf(fault)))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NothingNew")
        .withArgs(fault.id);
    }
  });

  it("punish each fault once, also if another verifier shows it", async () => {
    const world = await loadFixture(deployWorld);
    const { court, staking, ledger, verifier, otherVerifier, operator, alice, split } = world;
    await court.prove(verifier, proofOf(faultOf(world)));
    await expect(court.prove(otherVerifier, proofOf(faultOf(world))))
      .to.be.revertedWithCustomError(court, "DisputeCourt_NothingNew")
      .withArgs(faultOf(world).id);
    const moving = faultOf(world, { restitution: restitutionOf(world, split, 0n) });
    await expect(court.prove(otherVerifier, proofOf(moving))).to.not.emit(court, "FaultPunished");
    expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(alice));
    expect(await staking.slashable(operator)).to.equal(OWN + DELEGATED - SLASHED);
  });

  it("of other faults are further faults", async () => {
    const world = await loadFixture(deployWorld);
    const { court, staking, verifier, otherVerifier, operator } = world;
    await court.prove(verifier, proofOf(faultOf(world)));
    expect(await court.isPunished(id("another fault"))).to.equal(false);
    await court.prove(otherVerifier, proofOf(faultOf(world, { id: id("another fault") })));
    expect(await court.isPunished(id("another fault"))).to.equal(true);
    const left = OWN + DELEGATED - SLASHED;
    expect(await staking.slashable(operator)).to.equal(left - (left * OTHER_SLASH_BPS) / BPS);
  });

  it("of a respondent without stake are kept all the same", async () => {
    const world = await loadFixture(deployWorld);
    const { court, verifier, mallory, carol } = world;
    const fault = faultOf(world, { respondent: mallory.address });
    const proving = court.connect(carol).prove(verifier, proofOf(fault));
    await expect(proving).to.emit(court, "FaultPunished").withArgs(verifier, fault.id, mallory, carol, 0n);
    await expect(proving).to.not.emit(court, "SlashDivided");
    expect(await court.isPunished(fault.id)).to.equal(true);
  });

  it("of a pool that slashes have ruined still restore shares", async () => {
    const world = await loadFixture(deployWorld);
    const { court, staking, ledger, verifier, slasher, operator, alice, split } = world;
    for (let rate = 10n ** 18n; rate > 1n;) {
      await staking.connect(slasher).slash(operator, (await staking.slashable(operator)) / 2n);
      rate = (await staking.poolOf(operator)).rate;
    }
    const fault = faultOf(world, { restitution: restitutionOf(world, split, 0n) });
    await expect(court.prove(verifier, proofOf(fault)))
      .to.emit(court, "SlashDivided")
      .withArgs(alice, 0n, world.governor, 0n, 0n);
    expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(alice));
  });

  it("of a verifier that takes nothing only restore shares", async () => {
    const world = await loadFixture(deployWorld);
    const { ledger, access, staking, operator, split, verifier } = world;
    expect(await verifier.slashBps()).to.equal(SLASH_BPS);
    const mild = await connection.ethers.deployContract("CredulousVerifier", [0n]);
    const court = await connection.ethers.deployContract("DisputeCourt", [
      ledger,
      access,
      staking,
      [mild],
      { arbitrator: ZeroAddress, minBond: parseEther("1"), evidenceSeconds: 3_600n, rulingSeconds: 3_600n },
    ]);
    const restitution = restitutionOf(world, split, 0n, { arbiter: await court.getAddress() });
    const fault = faultOf(world, { restitution });
    await expect(court.prove(mild, proofOf(fault))).to.emit(court, "ShareRestored");
    expect(await staking.slashable(operator)).to.equal(OWN + DELEGATED);
  });

  describe("divide a slash", () => {
    for (const ownPercent of [0n, 1n, 50n, 100n]) {
      const deploy = deployShareOf(ownPercent);
      const pool = parseEther("100000");
      const slashed = (pool * SLASH_BPS) / BPS;
      const own = (slashed * ownPercent) / 100n;
      const bounty = (own * BOUNTY_BPS) / BPS;
      const most = (own * PAID_BPS) / BPS - bounty;
      const harms = {
        none: 0n,
        "little harm": own / 100n,
        "as much harm as can be paid": most,
        "harm above what can be paid": most + 1n,
        "harm without limit": MaxUint256,
      };
      for (const [what, harm] of Object.entries(harms)) {
        it(`of a pool of which ${ownPercent} % is the operator's own (harm: ${what})`, async () => {
          const world = await loadFixture(deploy);
          const { court, verifier, mallory, alice, carol } = world;
          const compensation = harm < most ? harm : most;
          const burned = slashed - compensation - bounty;
          const fault = faultOf(world, { respondent: mallory.address, harm });
          await expect(court.connect(carol).prove(verifier, proofOf(fault)))
            .to.emit(court, "SlashDivided")
            .withArgs(alice, compensation, carol, bounty, burned);
          expect(await balanceOf(world, alice)).to.equal(compensation);
          expect(await balanceOf(world, carol)).to.equal(bounty);
          expect(await balanceOf(world, NOBODY)).to.equal(burned);
          expect((compensation + bounty) * 2n).to.be.at.most(own);
        });
      }
    }

    it("pay nobody where nobody is harmed, but whoever proved it", async () => {
      const world = await loadFixture(deployWorld);
      const { court, verifier, carol } = world;
      const bounty = (OWN_LOSS * BOUNTY_BPS) / BPS;
      const fault = faultOf(world, { harmed: ZeroAddress });
      await expect(court.connect(carol).prove(verifier, proofOf(fault)))
        .to.emit(court, "SlashDivided")
        .withArgs(ZeroAddress, 0n, carol, bounty, SLASHED - bounty);
    });
  });

  describe("give a share to whom it is due", () => {
    it("what it has not drawn and what is to come", async () => {
      const world = await loadFixture(deployWorld);
      const { court, ledger, split, verifier, alice, governor } = world;
      const restitution = restitutionOf(world, split, 1n, { to: accountOf(alice, 3n) });
      const fault = faultOf(world, { harm: 0n, restitution });
      await expect(court.prove(verifier, proofOf(fault)))
        .to.emit(court, "ShareRestored")
        .withArgs(fault.id, split.id, 1n, accountOf(alice, 3n));
      await ledger.connect(governor).pay(split.id, PAID, 1n, ZeroHash);
      await ledger.release(drawOf(split, 1));
      expect(await balanceOf(world, alice, 3n)).to.equal((2n * PAID * 3n) / 10n);
    });

    it("and again for the same fault, without another slash, when another share is shown", async () => {
      const world = await loadFixture(deployWorld);
      const { court, staking, ledger, split, unpaid, verifier, operator, alice } = world;
      await court.prove(verifier, proofOf(faultOf(world, { restitution: restitutionOf(world, split, 0n) })));
      const left = await staking.slashable(operator);
      for (const [other, index] of [
        [split, 1n],
        [unpaid, 0n],
      ] as const) {
        const again = court.prove(
          verifier,
          proofOf(faultOf(world, { restitution: restitutionOf(world, other, index) })),
        );
        await expect(again)
          .to.emit(court, "ShareRestored")
          .withArgs(faultOf(world).id, other.id, index, accountOf(alice));
        await expect(again).to.not.emit(court, "FaultPunished");
        expect(await ledger.redirectOf(other.id, index)).to.equal(accountOf(alice));
      }
      expect(await staking.slashable(operator)).to.equal(left);
    });

    it("but only of a split whose arbiter is the court, though the fault is punished", async () => {
      const world = await loadFixture(deployWorld);
      const { court, ledger, staking, split, verifier, operator, mallory } = world;
      for (const [name, arbiter] of Object.entries({ nobody: ZeroAddress, somebody: mallory.address })) {
        const before = await staking.slashable(operator);
        const fault = faultOf(world, { id: id(name), restitution: restitutionOf(world, split, 0n, { arbiter }) });
        const proving = court.prove(verifier, proofOf(fault));
        await expect(proving).to.emit(court, "FaultPunished");
        await expect(proving).to.not.emit(court, "ShareRestored");
        await expect(proving).to.not.emit(ledger, "Redirected");
        expect(await staking.slashable(operator)).to.equal(before - (before * SLASH_BPS) / BPS);
        await expect(court.prove(verifier, proofOf(fault)))
          .to.be.revertedWithCustomError(court, "DisputeCourt_NothingNew")
          .withArgs(fault.id);
      }
      await court.prove(
        verifier,
        proofOf(faultOf(world, { restitution: restitutionOf(world, split, 0n, { rank: 9n }) })),
      );
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(world.alice));
    });

    it("not twice by the same proof", async () => {
      const world = await loadFixture(deployWorld);
      const { court, split, verifier } = world;
      const fault = faultOf(world, { restitution: restitutionOf(world, split, 0n) });
      await court.prove(verifier, proofOf(fault));
      await expect(court.prove(verifier, proofOf(fault)))
        .to.be.revertedWithCustomError(court, "DisputeCourt_NothingNew")
        .withArgs(fault.id);
    });

    for (const [what, rank, wins] of [
      ["better", 4n, true],
      ["the same", 5n, false],
      ["worse", 6n, false],
      ["the best", 0n, true],
      ["the worst", 2n ** 64n - 1n, false],
    ] as const) {
      it(`by a proof of ${what} rank ${wins ? "instead" : "not, but slash"}`, async () => {
        const world = await loadFixture(deployWorld);
        const { court, ledger, split, verifier, otherVerifier, alice, carol } = world;
        await court.prove(verifier, proofOf(faultOf(world, { restitution: restitutionOf(world, split, 0n) })));
        const restitution = restitutionOf(world, split, 0n, { to: accountOf(carol), rank });
        const proving = court.prove(otherVerifier, proofOf(faultOf(world, { id: id("other"), restitution })));
        await expect(proving).to.emit(court, "FaultPunished");
        if (wins) await expect(proving).to.emit(court, "ShareRestored");
        else await expect(proving).to.not.emit(court, "ShareRestored");
        expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(wins ? carol : alice));
      });
    }

    it("by the first rank there is, to which no other comes up", async () => {
      const world = await loadFixture(deployWorld);
      const { court, ledger, split, verifier, alice, carol } = world;
      const first = restitutionOf(world, split, 0n, { rank: 0n });
      await court.prove(verifier, proofOf(faultOf(world, { restitution: first })));
      const again = restitutionOf(world, split, 0n, { rank: 0n, to: accountOf(carol) });
      await court.prove(verifier, proofOf(faultOf(world, { id: id("other"), restitution: again })));
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(alice));
    });

    it("but not one that a split does not have", async () => {
      const world = await loadFixture(deployWorld);
      const { court, ledger, split, verifier } = world;
      const restitution = restitutionOf(world, split, 4n);
      await expect(court.prove(verifier, proofOf(faultOf(world, { restitution }))))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NoSuchShare")
        .withArgs(4n, 4n);
    });
  });

  describe("of a share that a case holds", () => {
    for (const ruling of [FOR_RESPONDENT, FOR_CLAIMANT]) {
      it(`stand whatever the case's ruling is (${ruling}), which has what the escrow has`, async () => {
        const world = await loadFixture(deployWorld);
        const { court, ledger, split, verifier, alice, bob, operator, governor } = world;
        const opened = await openCase(world, { claim: { amount: 0n } });
        const restitution = restitutionOf(world, split, 0n, { to: accountOf(bob) });
        await court.prove(verifier, proofOf(faultOf(world, { harm: 0n, restitution })));
        await ledger.connect(governor).pay(split.id, PAID, 1n, ZeroHash);
        await ledger.release(drawOf(split, 0));
        await ruleOn(world, opened, ruling);
        const part = (PAID * 4n) / 10n;
        const to = ruling === FOR_CLAIMANT ? alice : operator;
        await expect(court.settle(opened.caseId, opened.shares))
          .to.emit(court, "ShareFreed")
          .withArgs(opened.caseId, split.id, 0n, accountOf(to), part);
        expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(bob));
        expect(await balanceOf(world, bob)).to.equal(part);
        const fromBond = ruling === FOR_CLAIMANT ? 0n : opened.bond / 2n;
        expect(await balanceOf(world, to)).to.equal(part + fromBond);
      });
    }

    it("come first and stand over a later case, which gives the share back to whom they gave it", async () => {
      const world = await loadFixture(deployWorld);
      const { court, ledger, split, verifier, alice } = world;
      await court.prove(verifier, proofOf(faultOf(world, { restitution: restitutionOf(world, split, 0n) })));
      const opened = await openCase(world, { claim: { respondent: alice.address, amount: 0n } });
      await endCase(world, opened, FOR_RESPONDENT);
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(alice));
    });

    it("move a share that a ruling gave away", async () => {
      const world = await loadFixture(deployWorld);
      const { court, ledger, split, verifier, bob } = world;
      await endCase(world, await openCase(world), FOR_CLAIMANT);
      const restitution = restitutionOf(world, split, 0n, { to: accountOf(bob) });
      await court.prove(verifier, proofOf(faultOf(world, { restitution })));
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(accountOf(bob));
    });
  });
});
