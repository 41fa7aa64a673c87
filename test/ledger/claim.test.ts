import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

describe("claim", () => {
  it("releases the caller's share and sends it where the caller says", async () => {
    const { ledger, token, split, alice, carol } = await loadFixture(deployShared);
    const claim = ledger.connect(alice).claim(drawOf(split, 0), carol);
    await expect(claim).to.emit(ledger, "Credited").withArgs(split.id, accountOf(alice), 0n, 25n);
    await expect(claim).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice), carol, 25n);
    await expect(claim).to.changeTokenBalances(ethers, token, [alice, carol, ledger], [0n, 25n, -25n]);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
  });

  it("sends along what the wallet's balance held, in one transfer", async () => {
    const { ledger, token, split, alice } = await loadFixture(deployShared);
    await ledger.deposit(accountOf(alice), 100n);
    const claim = ledger.connect(alice).claim(drawOf(split, 0), alice);
    await expect(claim).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice), alice, 125n);
    await expect(claim).to.emit(token, "Transfer").withArgs(ledger, alice, 125n);
  });

  it("returns the amount sent", async () => {
    const { ledger, split, alice } = await loadFixture(deployShared);
    expect(await ledger.connect(alice).claim.staticCall(drawOf(split, 0), alice)).to.equal(25n);
  });

  it("adds up several shares of the caller, along several hops", async () => {
    const { ledger, token, split, child, alice } = await loadFixture(deployShared);
    await expect(ledger.connect(alice).claim(drawAll(split, child), alice)).to.changeTokenBalances(
      ethers,
      token,
      [alice],
      [50n],
    );
  });

  it("releases others' shares into their balances", async () => {
    const { ledger, token, split, alice, bob } = await loadFixture(deployShared);
    const claim = ledger.connect(alice).claim(drawAll(split), alice);
    await expect(claim).to.changeTokenBalances(ethers, token, [alice, bob], [25n, 0n]);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(25n);
  });

  it("does not touch the caller's sub-accounts", async () => {
    const { ledger, token, split, alice } = await loadFixture(deployShared);
    await ledger.deposit(accountOf(alice, 5n), 7n);
    await expect(ledger.connect(alice).claim(drawAll(split), alice)).to.changeTokenBalances(
      ethers,
      token,
      [alice],
      [25n],
    );
    expect(await ledger.balanceOf(accountOf(alice, 5n))).to.equal(32n);
  });

  describe("when there are no draws", () => {
    it("empties the wallet's balance", async () => {
      const { ledger, token, alice } = await loadFixture(deployShared);
      for (const amount of [100n, 1n]) {
        await ledger.deposit(accountOf(alice), amount);
        await expect(ledger.connect(alice).claim("0x", alice)).to.changeTokenBalances(ethers, token, [alice], [amount]);
        expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
      }
    });
  });

  describe("when nothing has accrued", () => {
    it("reverts", async () => {
      const { ledger, alice } = await loadFixture(deployShared);
      await expect(ledger.connect(alice).claim("0x", alice))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim")
        .withArgs(alice);
    });
  });

  describe("when only others' shares are drawn", () => {
    it("reverts, because the caller would get nothing", async () => {
      const { ledger, split, mallory } = await loadFixture(deployShared);
      await expect(ledger.connect(mallory).claim(drawAll(split), mallory))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim")
        .withArgs(mallory);
    });
  });

  describe("when the tokens would go to the zero address", () => {
    it("reverts", async () => {
      const { ledger, split, alice } = await loadFixture(deployShared);
      await expect(ledger.connect(alice).claim(drawOf(split, 0), ZeroAddress))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadRecipient")
        .withArgs(ZeroAddress);
    });
  });

  describe("when the tokens would go to the ledger itself", () => {
    it("reverts", async () => {
      const { ledger, split, alice } = await loadFixture(deployShared);
      await expect(ledger.connect(alice).claim(drawOf(split, 0), ledger))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadRecipient")
        .withArgs(ledger);
    });
  });
});

/** A split of Alice's wallet, Bob's wallet, a sub-account of Alice's and a split of Alice's: a quarter each of 100. */
async function deployShared() {
  const world = await loadFixture(deployWorld);
  const { ledger, alice, bob } = world;
  const child = await splitOf([accountShare({ to: alice, units: 1n })]);
  const split = await splitOf([
    accountShare({ to: alice, units: 1n }),
    accountShare({ to: bob, units: 1n }),
    accountShare({ to: alice, tag: 5n, units: 1n }),
    splitShare({ to: child, units: 1n }),
  ]);
  await ledger.pay(split.id, 100n, 1n, ZeroHash);
  return { ...world, split, child };
}
