import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import { accountOf } from "../helpers/shares.ts";
import { signPermit } from "../helpers/signatures.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

const TAG = 7n;
const HIGHEST_TAG = 2n ** 96n - 1n;

describe("deposit", () => {
  it("takes the tokens and adds them to any account's balance", async () => {
    const { ledger, token, payer, alice } = await loadFixture(deployWorld);
    for (const tag of [0n, TAG, HIGHEST_TAG]) {
      const account = accountOf(alice, tag);
      const deposit = ledger.deposit(account, 100n);
      await expect(deposit).to.emit(ledger, "Deposited").withArgs(payer, account, 100n);
      await expect(deposit).to.changeTokenBalances(ethers, token, [payer, ledger], [-100n, 100n]);
      expect(await ledger.balanceOf(account)).to.equal(100n);
    }
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      await expect(ledger.deposit(accountOf(alice), 0n)).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_ZeroAmount",
      );
    });
  });

  describe("when the ledger is not approved", () => {
    it("reverts with the token's own error", async () => {
      const { ledger, token, alice } = await loadFixture(deployWorld);
      await expect(ledger.connect(alice).deposit(accountOf(alice), 1n))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(ledger, 0n, 1n);
    });
  });
});

describe("depositWithPermit", () => {
  it("deposits with a signed approval", async () => {
    const { ledger, token, alice, bob } = await loadFixture(deployWorld);
    await token.transfer(alice, 100n);
    const permit = await signPermit({ token, owner: alice, spender: ledger, value: 100n });
    const deposit = ledger.connect(alice).depositWithPermit(accountOf(bob), 100n, ...permit);
    await expect(deposit).to.emit(ledger, "Deposited").withArgs(alice, accountOf(bob), 100n);
    await expect(deposit).to.changeTokenBalances(ethers, token, [alice, ledger], [-100n, 100n]);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(100n);
  });

  describe("when somebody else has submitted the permit already", () => {
    it("deposits all the same", async () => {
      const { ledger, token, alice, mallory } = await loadFixture(deployWorld);
      await token.transfer(alice, 100n);
      const permit = await signPermit({ token, owner: alice, spender: ledger, value: 100n });
      await token.connect(mallory).permit(alice, ledger, 100n, ...permit);
      await ledger.connect(alice).depositWithPermit(accountOf(alice), 100n, ...permit);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(100n);
    });
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger, token, alice } = await loadFixture(deployWorld);
      const permit = await signPermit({ token, owner: alice, spender: ledger, value: 0n });
      await expect(
        ledger.connect(alice).depositWithPermit(accountOf(alice), 0n, ...permit),
      ).to.be.revertedWithCustomError(ledger, "AttributionLedger_ZeroAmount");
    });
  });
});

describe("withdraw", () => {
  it("sends tokens of the caller's wallet account to anybody", async () => {
    const { ledger, token, alice, bob } = await loadFixture(deployFunded);
    const withdrawal = ledger.connect(alice).withdraw(0n, 60n, bob);
    await expect(withdrawal).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice), bob, 60n);
    await expect(withdrawal).to.changeTokenBalances(ethers, token, [bob, ledger], [60n, -60n]);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(40n);
    expect(await ledger.balanceOf(accountOf(alice, TAG))).to.equal(100n);
  });

  it("sends tokens of a sub-account of the caller", async () => {
    const { ledger, token, alice } = await loadFixture(deployFunded);
    const withdrawal = ledger.connect(alice).withdraw(TAG, 100n, alice);
    await expect(withdrawal).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice, TAG), alice, 100n);
    await expect(withdrawal).to.changeTokenBalances(ethers, token, [alice, ledger], [100n, -100n]);
    expect(await ledger.balanceOf(accountOf(alice, TAG))).to.equal(0n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(100n);
  });

  describe("when the account does not have the amount", () => {
    it("reverts with what it has and needs", async () => {
      const { ledger, alice } = await loadFixture(deployFunded);
      await expect(ledger.connect(alice).withdraw(0n, 101n, alice))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
        .withArgs(accountOf(alice), 100n, 101n);
    });
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger, alice } = await loadFixture(deployFunded);
      await expect(ledger.connect(alice).withdraw(0n, 0n, alice)).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_ZeroAmount",
      );
    });
  });

  describe("when the tokens would go to the zero address", () => {
    it("reverts", async () => {
      const { ledger, alice } = await loadFixture(deployFunded);
      await expect(ledger.connect(alice).withdraw(0n, 1n, ZeroAddress))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadRecipient")
        .withArgs(ZeroAddress);
    });
  });

  describe("when the tokens would go to the ledger itself", () => {
    it("reverts", async () => {
      const { ledger, alice } = await loadFixture(deployFunded);
      await expect(ledger.connect(alice).withdraw(0n, 1n, ledger))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_BadRecipient")
        .withArgs(ledger);
    });
  });
});

describe("transferBalance", () => {
  it("moves balance to any account, and no tokens", async () => {
    const { ledger, token, alice, bob } = await loadFixture(deployFunded);
    const transfer = ledger.connect(alice).transferBalance(0n, accountOf(bob, TAG), 60n);
    await expect(transfer).to.emit(ledger, "BalanceTransferred").withArgs(accountOf(alice), accountOf(bob, TAG), 60n);
    await expect(transfer).to.changeTokenBalances(ethers, token, [alice, bob, ledger], [0n, 0n, 0n]);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(40n);
    expect(await ledger.balanceOf(accountOf(bob, TAG))).to.equal(60n);
  });

  it("moves balance between the caller's own accounts", async () => {
    const { ledger, alice } = await loadFixture(deployFunded);
    await ledger.connect(alice).transferBalance(TAG, accountOf(alice), 100n);
    expect(await ledger.balanceOf(accountOf(alice, TAG))).to.equal(0n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(200n);
  });

  it("changes nothing when an account pays itself", async () => {
    const { ledger, alice } = await loadFixture(deployFunded);
    await ledger.connect(alice).transferBalance(0n, accountOf(alice), 100n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(100n);
  });

  describe("when the account does not have the amount", () => {
    it("reverts with what it has and needs", async () => {
      const { ledger, alice, bob } = await loadFixture(deployFunded);
      await expect(ledger.connect(alice).transferBalance(TAG, accountOf(bob), 101n))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
        .withArgs(accountOf(alice, TAG), 100n, 101n);
    });
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger, alice, bob } = await loadFixture(deployFunded);
      await expect(ledger.connect(alice).transferBalance(0n, accountOf(bob), 0n)).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_ZeroAmount",
      );
    });
  });
});

describe("approveSpender", () => {
  it("sets what a spender may move out of one account of the caller", async () => {
    const { ledger, alice, bob } = await loadFixture(deployFunded);
    await expect(ledger.connect(alice).approveSpender(TAG, bob, 60n))
      .to.emit(ledger, "SpenderApproved")
      .withArgs(accountOf(alice, TAG), bob, 60n);
    expect(await ledger.allowance(accountOf(alice, TAG), bob)).to.equal(60n);
    expect(await ledger.allowance(accountOf(alice), bob)).to.equal(0n);
  });

  it("replaces what was set before", async () => {
    const { ledger, alice, bob } = await loadFixture(deployFunded);
    await ledger.connect(alice).approveSpender(0n, bob, 60n);
    await ledger.connect(alice).approveSpender(0n, bob, 0n);
    expect(await ledger.allowance(accountOf(alice), bob)).to.equal(0n);
  });
});

describe("transferBalanceFrom", () => {
  it("moves balance of an account that approved the caller, and counts it against the approval", async () => {
    const { ledger, alice, bob, carol } = await loadFixture(deployFunded);
    const from = accountOf(alice, TAG);
    await ledger.connect(alice).approveSpender(TAG, bob, 60n);
    const transfer = ledger.connect(bob).transferBalanceFrom(from, accountOf(carol), 40n);
    await expect(transfer).to.emit(ledger, "BalanceTransferred").withArgs(from, accountOf(carol), 40n);
    await expect(transfer).to.emit(ledger, "SpenderApproved").withArgs(from, bob, 20n);
    expect(await ledger.balanceOf(from)).to.equal(60n);
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(40n);
    expect(await ledger.allowance(from, bob)).to.equal(20n);
  });

  it("counts the highest approval down as well", async () => {
    const { ledger, alice, bob } = await loadFixture(deployFunded);
    await ledger.connect(alice).approveSpender(0n, bob, ethers.MaxUint256);
    await ledger.connect(bob).transferBalanceFrom(accountOf(alice), accountOf(bob), 1n);
    expect(await ledger.allowance(accountOf(alice), bob)).to.equal(ethers.MaxUint256 - 1n);
  });

  describe("when the approval does not cover the amount", () => {
    it("reverts with what is approved and needed", async () => {
      const { ledger, alice, bob } = await loadFixture(deployFunded);
      await ledger.connect(alice).approveSpender(0n, bob, 60n);
      await expect(ledger.connect(bob).transferBalanceFrom(accountOf(alice), accountOf(bob), 61n))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientAllowance")
        .withArgs(accountOf(alice), bob, 60n, 61n);
    });
  });

  describe("when the account does not have the amount", () => {
    it("reverts with what it has and needs", async () => {
      const { ledger, alice, bob } = await loadFixture(deployFunded);
      await ledger.connect(alice).approveSpender(0n, bob, 101n);
      await expect(ledger.connect(bob).transferBalanceFrom(accountOf(alice), accountOf(bob), 101n))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
        .withArgs(accountOf(alice), 100n, 101n);
    });
  });

  describe("when the amount is zero", () => {
    it("reverts, approval or not", async () => {
      const { ledger, alice, mallory } = await loadFixture(deployFunded);
      await expect(
        ledger.connect(mallory).transferBalanceFrom(accountOf(alice), accountOf(mallory), 0n),
      ).to.be.revertedWithCustomError(ledger, "AttributionLedger_ZeroAmount");
    });
  });
});

/** Alice has 100 in her wallet account and 100 in a sub-account. */
async function deployFunded() {
  const world = await loadFixture(deployWorld);
  await world.ledger.deposit(accountOf(world.alice), 100n);
  await world.ledger.deposit(accountOf(world.alice, TAG), 100n);
  return world;
}
