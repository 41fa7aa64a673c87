import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { accountOf } from "../helpers/shares.ts";
import { signPermit } from "../helpers/signatures.ts";
import { deployWorld } from "../helpers/world.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture, time } = networkHelpers;

const SPLIT = id("a split");
const OTHER_SPLIT = id("another split");
const MEMO = id("a receipt");
const MAX_CALLS = 2n ** 64n - 1n;

describe("pay", () => {
  it("takes the tokens, writes down what the split received, and says so", async () => {
    const { ledger, token, payer } = await loadFixture(deployWorld);
    const payment = ledger.pay(SPLIT, 1_000n, 3n, MEMO);
    await expect(payment).to.emit(ledger, "Paid").withArgs(SPLIT, accountOf(payer), 1_000n, 3n, MEMO);
    await expect(payment).to.changeTokenBalances(ethers, token, [payer, ledger], [-1_000n, 1_000n]);
    expect(await ledger.received(SPLIT)).to.deep.equal([1_000n, 3n, BigInt(await time.latest())]);
  });

  it("adds up amounts and calls, and keeps the time of the last payment", async () => {
    const { ledger } = await loadFixture(deployWorld);
    await ledger.pay(SPLIT, 1_000n, 3n, MEMO);
    const later = (await time.latest()) + 3_600;
    await time.setNextBlockTimestamp(later);
    await ledger.pay(SPLIT, 1n, 4n, MEMO);
    expect(await ledger.received(SPLIT)).to.deep.equal([1_001n, 7n, BigInt(later)]);
  });

  it("keeps splits apart", async () => {
    const { ledger } = await loadFixture(deployWorld);
    await ledger.pay(SPLIT, 1_000n, 3n, MEMO);
    expect(await ledger.received(OTHER_SPLIT)).to.deep.equal([0n, 0n, 0n]);
  });

  describe("when the payment is for no calls and has no memo", () => {
    it("is a payment all the same", async () => {
      const { ledger, payer } = await loadFixture(deployWorld);
      await expect(ledger.pay(SPLIT, 1n, 0n, ZeroHash))
        .to.emit(ledger, "Paid")
        .withArgs(SPLIT, accountOf(payer), 1n, 0n, ZeroHash);
    });
  });

  describe("when the number of calls would exceed 64 bits", () => {
    it("stays at the most that fits, and the money counts", async () => {
      const { ledger } = await loadFixture(deployWorld);
      await ledger.pay(SPLIT, 1n, MAX_CALLS, MEMO);
      await ledger.pay(SPLIT, 2n, MAX_CALLS, MEMO);
      const paidAt = BigInt(await time.latest());
      expect(await ledger.received(SPLIT)).to.deep.equal([3n, MAX_CALLS, paidAt]);
    });
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger } = await loadFixture(deployWorld);
      await expect(ledger.pay(SPLIT, 0n, 1n, MEMO)).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_ZeroAmount",
      );
    });
  });

  describe("when the ledger is not approved", () => {
    it("reverts with the token's own error", async () => {
      const { ledger, token, alice } = await loadFixture(deployWorld);
      await token.transfer(alice, 1_000n);
      await expect(ledger.connect(alice).pay(SPLIT, 1_000n, 1n, MEMO))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(ledger, 0n, 1_000n);
    });
  });

  describe("when the payer does not have the tokens", () => {
    it("reverts with the token's own error", async () => {
      const { ledger, token, alice } = await loadFixture(deployWorld);
      await token.connect(alice).approve(ledger, 1_000n);
      await expect(ledger.connect(alice).pay(SPLIT, 1_000n, 1n, MEMO))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(alice, 0n, 1_000n);
    });
  });

  describe("when the split would have received 2^127", () => {
    it("takes one unit less", async () => {
      const { ledger, most } = await loadFixture(deployRich);
      await ledger.pay(SPLIT, most - 1n, 1n, MEMO);
      await ledger.pay(SPLIT, 1n, 1n, MEMO);
      const [amount] = await ledger.received(SPLIT);
      expect(amount).to.equal(2n ** 127n - 1n);
    });

    it("reverts", async () => {
      const { ledger, most } = await loadFixture(deployRich);
      await ledger.pay(SPLIT, most, 1n, MEMO);
      await expect(ledger.pay(SPLIT, 1n, 1n, MEMO))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(SPLIT, most, 1n);
    });

    it("reverts for an amount that wraps around, too", async () => {
      const { ledger } = await loadFixture(deployRich);
      await ledger.pay(SPLIT, 1n, 1n, MEMO);
      await expect(ledger.pay(SPLIT, 2n ** 256n - 1n, 1n, MEMO))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(SPLIT, 1n, 2n ** 256n - 1n);
    });
  });
});

describe("payWithPermit", () => {
  it("pays with a signed approval, without one on chain", async () => {
    const { ledger, token, alice } = await loadFixture(deployWorld);
    await token.transfer(alice, 1_000n);
    const permit = await signPermit({ token, owner: alice, spender: ledger, value: 1_000n });
    const payment = ledger.connect(alice).payWithPermit(SPLIT, 1_000n, 3n, MEMO, ...permit);
    await expect(payment).to.emit(ledger, "Paid").withArgs(SPLIT, accountOf(alice), 1_000n, 3n, MEMO);
    await expect(payment).to.changeTokenBalances(ethers, token, [alice, ledger], [-1_000n, 1_000n]);
    expect(await token.allowance(alice, ledger)).to.equal(0n);
    expect(await ledger.received(SPLIT)).to.deep.equal([1_000n, 3n, BigInt(await time.latest())]);
  });

  describe("when somebody else has submitted the permit already", () => {
    it("pays all the same", async () => {
      const { ledger, token, alice, mallory } = await loadFixture(deployWorld);
      await token.transfer(alice, 1_000n);
      const permit = await signPermit({ token, owner: alice, spender: ledger, value: 1_000n });
      await token.connect(mallory).permit(alice, ledger, 1_000n, ...permit);
      await expect(ledger.connect(alice).payWithPermit(SPLIT, 1_000n, 3n, MEMO, ...permit)).to.changeTokenBalances(
        ethers,
        token,
        [alice, ledger],
        [-1_000n, 1_000n],
      );
    });
  });

  describe("when the permit is no good and there is no approval either", () => {
    it("reverts with the token's error about the approval", async () => {
      const { ledger, token, alice } = await loadFixture(deployWorld);
      await token.transfer(alice, 1_000n);
      const permit = await signPermit({ token, owner: alice, spender: ledger, value: 1_000n, deadline: 1n });
      await expect(ledger.connect(alice).payWithPermit(SPLIT, 1_000n, 3n, MEMO, ...permit))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(ledger, 0n, 1_000n);
    });
  });

  describe("when it is somebody else's permit", () => {
    it("reverts and leaves the permit unused", async () => {
      const { ledger, token, alice, mallory } = await loadFixture(deployWorld);
      await token.transfer(alice, 1_000n);
      const permit = await signPermit({ token, owner: alice, spender: ledger, value: 1_000n });
      await expect(ledger.connect(mallory).payWithPermit(SPLIT, 1_000n, 3n, MEMO, ...permit))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
        .withArgs(ledger, 0n, 1_000n);
      expect(await token.nonces(alice)).to.equal(0n);
    });
  });

  describe("when the token knows no permits", () => {
    it("pays on a plain approval", async () => {
      const { ledger, plain, payer } = await loadFixture(deployRich);
      await expect(ledger.payWithPermit(SPLIT, 1_000n, 3n, MEMO, 0n, 27n, ZeroHash, ZeroHash)).to.changeTokenBalances(
        ethers,
        plain,
        [payer, ledger],
        [-1_000n, 1_000n],
      );
    });
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger, token, payer } = await loadFixture(deployWorld);
      const permit = await signPermit({ token, owner: payer, spender: ledger, value: 0n });
      await expect(ledger.payWithPermit(SPLIT, 0n, 1n, MEMO, ...permit)).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_ZeroAmount",
      );
    });
  });
});

describe("payMany", () => {
  const payments = [
    { splitId: SPLIT, amount: 10n, calls: 1n, memo: MEMO },
    { splitId: OTHER_SPLIT, amount: 20n, calls: 2n, memo: ZeroHash },
    { splitId: SPLIT, amount: 30n, calls: 3n, memo: MEMO },
  ];

  it("pays every entry with one transfer", async () => {
    const { ledger, token, payer } = await loadFixture(deployWorld);
    const payment = ledger.payMany(payments);
    for (const { splitId, amount, calls, memo } of payments) {
      await expect(payment).to.emit(ledger, "Paid").withArgs(splitId, accountOf(payer), amount, calls, memo);
    }
    await expect(payment).to.emit(token, "Transfer").withArgs(payer, ledger, 60n);
    await expect(payment).to.changeTokenBalances(ethers, token, [payer, ledger], [-60n, 60n]);
    const now = BigInt(await time.latest());
    expect(await ledger.received(SPLIT)).to.deep.equal([40n, 4n, now]);
    expect(await ledger.received(OTHER_SPLIT)).to.deep.equal([20n, 2n, now]);
  });

  describe("when there is no entry", () => {
    it("reverts", async () => {
      const { ledger } = await loadFixture(deployWorld);
      await expect(ledger.payMany([])).to.be.revertedWithCustomError(ledger, "AttributionLedger_EmptyBatch");
    });
  });

  describe("when one entry is zero", () => {
    it("reverts as a whole", async () => {
      const { ledger } = await loadFixture(deployWorld);
      const withZero = [...payments, { splitId: SPLIT, amount: 0n, calls: 1n, memo: MEMO }];
      await expect(ledger.payMany(withZero)).to.be.revertedWithCustomError(ledger, "AttributionLedger_ZeroAmount");
      expect(await ledger.received(SPLIT)).to.deep.equal([0n, 0n, 0n]);
    });
  });

  describe("when two entries together exceed what a split can receive", () => {
    it("reverts with what the split would have had before the second one", async () => {
      const { ledger, most } = await loadFixture(deployRich);
      const entry = { splitId: SPLIT, calls: 1n, memo: MEMO };
      await expect(
        ledger.payMany([
          { ...entry, amount: most },
          { ...entry, amount: 1n },
        ]),
      )
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(SPLIT, most, 1n);
    });
  });

  describe("when the payer cannot cover the sum", () => {
    it("reverts with the token's own error", async () => {
      const { ledger, token, alice } = await loadFixture(deployWorld);
      await token.transfer(alice, 59n);
      await token.connect(alice).approve(ledger, 60n);
      await expect(ledger.connect(alice).payMany(payments))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(alice, 59n, 60n);
    });
  });
});

describe("payFromBalance", () => {
  it("pays from the wallet account and moves no tokens", async () => {
    const { ledger, token, alice } = await loadFixture(deployWorld);
    await ledger.deposit(accountOf(alice), 1_000n);
    const payment = ledger.connect(alice).payFromBalance(0n, SPLIT, 400n, 3n, MEMO);
    await expect(payment).to.emit(ledger, "PaidFromBalance").withArgs(SPLIT, accountOf(alice), 400n, 3n, MEMO);
    await expect(payment).to.changeTokenBalances(ethers, token, [alice, ledger], [0n, 0n]);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(600n);
    expect(await ledger.received(SPLIT)).to.deep.equal([400n, 3n, BigInt(await time.latest())]);
  });

  it("pays from a sub-account of the caller, and from that one only", async () => {
    const { ledger, alice } = await loadFixture(deployWorld);
    await ledger.deposit(accountOf(alice, 7n), 1_000n);
    await ledger.deposit(accountOf(alice), 1_000n);
    await expect(ledger.connect(alice).payFromBalance(7n, SPLIT, 400n, 3n, MEMO))
      .to.emit(ledger, "PaidFromBalance")
      .withArgs(SPLIT, accountOf(alice, 7n), 400n, 3n, MEMO);
    expect(await ledger.balanceOf(accountOf(alice, 7n))).to.equal(600n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(1_000n);
  });

  describe("when the account does not have the amount", () => {
    it("reverts with what it has and needs", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      await ledger.deposit(accountOf(alice), 399n);
      await ledger.deposit(accountOf(alice, 7n), 1_000n);
      await expect(ledger.connect(alice).payFromBalance(0n, SPLIT, 400n, 3n, MEMO))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
        .withArgs(accountOf(alice), 399n, 400n);
    });
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      await expect(ledger.connect(alice).payFromBalance(0n, SPLIT, 0n, 3n, MEMO)).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_ZeroAmount",
      );
    });
  });
});

describe("payManyFromBalance", () => {
  const payments = [
    { splitId: SPLIT, amount: 10n, calls: 1n, memo: MEMO },
    { splitId: OTHER_SPLIT, amount: 20n, calls: 2n, memo: ZeroHash },
  ];

  it("pays every entry out of one account", async () => {
    const { ledger, alice } = await loadFixture(deployWorld);
    const account = accountOf(alice, 9n);
    await ledger.deposit(account, 100n);
    const payment = ledger.connect(alice).payManyFromBalance(9n, payments);
    for (const { splitId, amount, calls, memo } of payments) {
      await expect(payment).to.emit(ledger, "PaidFromBalance").withArgs(splitId, account, amount, calls, memo);
    }
    await payment;
    expect(await ledger.balanceOf(account)).to.equal(70n);
    const now = BigInt(await time.latest());
    expect(await ledger.received(SPLIT)).to.deep.equal([10n, 1n, now]);
    expect(await ledger.received(OTHER_SPLIT)).to.deep.equal([20n, 2n, now]);
  });

  describe("when there is no entry", () => {
    it("reverts", async () => {
      const { ledger } = await loadFixture(deployWorld);
      await expect(ledger.payManyFromBalance(0n, [])).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_EmptyBatch",
      );
    });
  });

  describe("when the account covers the first entry but not the sum", () => {
    it("reverts as a whole", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      await ledger.deposit(accountOf(alice), 29n);
      await expect(ledger.connect(alice).payManyFromBalance(0n, payments))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
        .withArgs(accountOf(alice), 29n, 30n);
      expect(await ledger.received(SPLIT)).to.deep.equal([0n, 0n, 0n]);
    });
  });
});

/** A ledger for a plain token of which the payer has more than a split can take. */
async function deployRich() {
  const [payer] = await ethers.getSigners();
  const plain = await ethers.deployContract("MockToken", [18]);
  const ledger = await ethers.deployContract("AttributionLedger", [plain]);
  await plain.mint(payer, 2n ** 255n);
  await plain.approve(ledger, ethers.MaxUint256);
  return { ledger, plain, payer, most: 2n ** 127n - 1n };
}
