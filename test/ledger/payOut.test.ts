import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

describe("payOut", () => {
  it("sends a wallet's share to the wallet as tokens", async () => {
    const { ledger, token, split, alice } = await loadFixture(deployMixed);
    const payOut = ledger.payOut(drawOf(split, 0));
    await expect(payOut).to.emit(ledger, "Credited").withArgs(split.id, accountOf(alice), 0n, 25n);
    await expect(payOut).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice), alice, 25n);
    await expect(payOut).to.changeTokenBalances(ethers, token, [alice, ledger], [25n, -25n]);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
    expect(await ledger.drawn(split.id, 0n)).to.equal(25n);
  });

  it("pays all wallets of a range, keeps sub-accounts' shares inside and routes the rest", async () => {
    const { ledger, token, split, child, alice, bob } = await loadFixture(deployMixed);
    const payOut = ledger.payOut(drawAll(split));
    await expect(payOut).to.changeTokenBalances(ethers, token, [alice, bob, ledger], [25n, 25n, -50n]);
    await expect(payOut)
      .to.emit(ledger, "Routed")
      .withArgs([[split.id, child.id, 3n, 25n]]);
    expect(await ledger.balanceOf(accountOf(bob, 5n))).to.equal(25n);
    expect((await ledger.received(child.id))[0]).to.equal(25n);
  });

  it("keeps a sub-account's share inside, whatever the tag", async () => {
    const { ledger, token, alice } = await loadFixture(deployMixed);
    const tags = [1n, 2n, 2n ** 32n, 2n ** 95n, 2n ** 96n - 1n];
    const split = await splitOf(tags.map((tag) => accountShare({ to: alice, tag, units: 1n })));
    await ledger.pay(split.id, 50n, 1n, ZeroHash);
    await expect(ledger.payOut(drawAll(split))).to.changeTokenBalances(ethers, token, [alice], [0n]);
    for (const tag of tags) expect(await ledger.balanceOf(accountOf(alice, tag))).to.equal(10n);
  });

  it("returns everything that was released, whether it left or not", async () => {
    const { ledger, split } = await loadFixture(deployMixed);
    expect(await ledger.payOut.staticCall(drawAll(split))).to.equal(100n);
  });

  it("can be called by anybody, who gets nothing", async () => {
    const { ledger, token, split, alice, mallory } = await loadFixture(deployMixed);
    await expect(ledger.connect(mallory).payOut(drawOf(split, 0))).to.changeTokenBalances(
      ethers,
      token,
      [alice, mallory],
      [25n, 0n],
    );
  });

  it("pays along several hops in one call", async () => {
    const { ledger, token, split, child, carol } = await loadFixture(deployMixed);
    await expect(ledger.payOut(drawAll(split, child))).to.changeTokenBalances(ethers, token, [carol], [25n]);
  });

  it("pays one wallet for each of its shares", async () => {
    const { ledger, token, alice } = await loadFixture(deployMixed);
    const split = await splitOf([1n, 2n, 3n].map((units) => accountShare({ to: alice, units })));
    await ledger.pay(split.id, 60n, 1n, ZeroHash);
    const payOut = ledger.payOut(drawAll(split));
    for (const amount of [10n, 20n, 30n]) {
      await expect(payOut).to.emit(ledger, "Withdrawn").withArgs(accountOf(alice), alice, amount);
    }
    await expect(payOut).to.changeTokenBalances(ethers, token, [alice], [60n]);
  });

  it("leaves what the wallet's balance held before", async () => {
    const { ledger, token, split, alice } = await loadFixture(deployMixed);
    await ledger.deposit(accountOf(alice), 7n);
    await expect(ledger.payOut(drawOf(split, 0))).to.changeTokenBalances(ethers, token, [alice], [25n]);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(7n);
  });

  describe("when everything has been drawn", () => {
    it("pays nothing, without events or an error", async () => {
      const { ledger, split } = await loadFixture(deployMixed);
      await ledger.payOut(drawAll(split));
      expect(await ledger.payOut.staticCall(drawAll(split))).to.equal(0n);
      const receipt = await (await ledger.payOut(drawAll(split))).wait();
      expect(receipt?.logs).to.deep.equal([]);
    });
  });

  describe("when there are no draws", () => {
    it("pays nothing", async () => {
      const { ledger } = await loadFixture(deployMixed);
      expect(await ledger.payOut.staticCall("0x")).to.equal(0n);
    });
  });

  describe("when the token refuses a wallet", () => {
    it("keeps that share in the wallet's balance and pays the others", async () => {
      const { ledger, token, alice, bob, carol, split } = await loadFixture(deployBlocklist);
      await token.setBlocked(bob, true);
      const payOut = ledger.payOut(drawAll(split));
      await expect(payOut).to.changeTokenBalances(ethers, token, [alice, bob, carol, ledger], [10n, 0n, 10n, -20n]);
      await expect(payOut).to.emit(ledger, "Credited").withArgs(split.id, accountOf(bob), 1n, 10n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(10n);
      await ledger.connect(bob).withdraw(0n, 10n, carol);
    });
  });

  describe("when the token says false for a wallet", () => {
    it("keeps the share in the wallet's balance", async () => {
      const { ledger, token, alice, split } = await loadFixture(deployFalse);
      await token.setFailing(true);
      await expect(ledger.payOut(drawAll(split))).not.to.emit(ledger, "Withdrawn");
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(10n);
    });
  });

  describe("when a share belongs to the zero address", () => {
    it("keeps it in that account's balance and pays the others", async () => {
      const { ledger, token, alice } = await loadFixture(deployMixed);
      const split = await splitOf([
        accountShare({ to: { address: ZeroAddress }, units: 1n }),
        accountShare({ to: alice, units: 1n }),
      ]);
      await ledger.pay(split.id, 20n, 1n, ZeroHash);
      await expect(ledger.payOut(drawAll(split))).to.changeTokenBalances(ethers, token, [alice], [10n]);
      expect(await ledger.balanceOf(ZeroHash)).to.equal(10n);
    });
  });

  describe("when a share belongs to the ledger itself", () => {
    it("keeps it in that account's balance and pays the others", async () => {
      const { ledger, token, alice } = await loadFixture(deployMixed);
      const self = { address: await ledger.getAddress() };
      const split = await splitOf([accountShare({ to: self, units: 1n }), accountShare({ to: alice, units: 1n })]);
      await ledger.pay(split.id, 20n, 1n, ZeroHash);
      await expect(ledger.payOut(drawAll(split))).to.changeTokenBalances(ethers, token, [alice, ledger], [10n, -10n]);
      expect(await ledger.balanceOf(accountOf(self))).to.equal(10n);
    });
  });
});

/** A split of Alice's wallet, Bob's wallet, a sub-account of Bob's and a split of Carol's, a quarter each of 100. */
async function deployMixed() {
  const world = await loadFixture(deployWorld);
  const { ledger, alice, bob, carol } = world;
  const child = await splitOf([accountShare({ to: carol, units: 1n })]);
  const split = await splitOf([
    accountShare({ to: alice, units: 1n }),
    accountShare({ to: bob, units: 1n }),
    accountShare({ to: bob, tag: 5n, units: 1n }),
    splitShare({ to: child, units: 1n }),
  ]);
  await ledger.pay(split.id, 100n, 1n, ZeroHash);
  return { ...world, split, child };
}

/** Three wallets with 10 each, in a token that can refuse some. */
async function deployBlocklist() {
  const [payer, alice, bob, carol] = await ethers.getSigners();
  const token = await ethers.deployContract("BlocklistToken");
  const ledger = await ethers.deployContract("AttributionLedger", [token]);
  await token.mint(payer, 30n);
  await token.approve(ledger, 30n);
  const split = await splitOf([alice, bob, carol].map((to) => accountShare({ to, units: 1n })));
  await ledger.pay(split.id, 30n, 1n, ZeroHash);
  return { token, ledger, split, alice, bob, carol };
}

/** One wallet with 10, in a token that can answer false. */
async function deployFalse() {
  const [payer, alice] = await ethers.getSigners();
  const token = await ethers.deployContract("FalseToken");
  const ledger = await ethers.deployContract("AttributionLedger", [token]);
  await token.mint(payer, 10n);
  await token.approve(ledger, 10n);
  const split = await splitOf([accountShare({ to: alice, units: 1n })]);
  await ledger.pay(split.id, 10n, 1n, ZeroHash);
  return { token, ledger, split, alice };
}
