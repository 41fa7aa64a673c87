import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import { splitIdOf } from "../../sdk/split.ts";
import type { AttributionLedger } from "../../typechain-types/index.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

describe("redirect", () => {
  it("sends a share's releases to another account from now on", async () => {
    const { ledger, split, arbiter, alice, carol } = await loadFixture(deployArbitrated);
    await ledger.release(drawAll(split));
    await redirect({ ledger: ledger.connect(arbiter), split, index: 0n, to: accountOf(carol, 3n) });
    await ledger.pay(split.id, 30n, 1n, ZeroHash);
    await expect(ledger.release(drawOf(split, 0)))
      .to.emit(ledger, "Credited")
      .withArgs(split.id, accountOf(carol, 3n), 0n, 10n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(10n);
    expect(await ledger.balanceOf(accountOf(carol, 3n))).to.equal(10n);
  });

  it("says so, and returns the split", async () => {
    const { ledger, split, arbiter, carol } = await loadFixture(deployArbitrated);
    const { root, totalUnits, size } = split.header;
    const call = ledger.connect(arbiter).redirect;
    expect(await call.staticCall(root, totalUnits, size, 1n, accountOf(carol))).to.equal(split.id);
    await expect(call(root, totalUnits, size, 1n, accountOf(carol)))
      .to.emit(ledger, "Redirected")
      .withArgs(split.id, 1n, accountOf(carol));
    expect(await ledger.redirectOf(split.id, 1n)).to.equal(accountOf(carol));
  });

  it("takes along what the share has not drawn yet", async () => {
    const { ledger, split, arbiter, alice, carol } = await loadFixture(deployArbitrated);
    await redirect({ ledger: ledger.connect(arbiter), split, index: 0n, to: accountOf(carol) });
    await ledger.release(drawOf(split, 0));
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(10n);
  });

  it("works before the first payment", async () => {
    const { ledger, arbiter, alice, carol } = await loadFixture(deployArbitrated);
    const fresh = await splitOf([accountShare({ to: alice, units: 9n })], arbiter);
    await redirect({ ledger: ledger.connect(arbiter), split: fresh, index: 0n, to: accountOf(carol) });
    await ledger.pay(fresh.id, 10n, 1n, ZeroHash);
    await ledger.release(drawOf(fresh, 0));
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(10n);
  });

  it("leaves the neighbour in peace, whichever half of a word the share is in", async () => {
    for (const index of [0, 1]) {
      const { ledger, split, arbiter, alice, bob, child, carol } = await loadFixture(deployArbitrated);
      await redirect({ ledger: ledger.connect(arbiter), split, index: BigInt(index), to: accountOf(carol) });
      await ledger.release(drawAll(split));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(index === 0 ? 0n : 10n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(index === 1 ? 0n : 10n);
      expect((await ledger.received(child.id))[0]).to.equal(10n);
      expect(await ledger.balanceOf(accountOf(carol))).to.equal(10n);
    }
  });

  it("concerns one share, wherever it stands in the split", async () => {
    const { ledger, arbiter, alice, carol } = await loadFixture(deployArbitrated);
    const tags = [0n, 1n, 2n, 3n, 4n, 5n, 6n];
    const split = await splitOf(
      tags.map((tag) => accountShare({ to: alice, tag, units: 1n })),
      arbiter,
    );
    for (const index of tags) {
      await ledger.pay(split.id, 70n, 1n, ZeroHash);
      await redirect({ ledger: ledger.connect(arbiter), split, index, to: accountOf(carol, index) });
      await ledger.release(drawAll(split));
      // Carol got what came since the redirect, Alice what came before.
      for (const tag of tags) {
        expect(await ledger.balanceOf(accountOf(carol, tag))).to.equal(tag > index ? 0n : 10n * (index - tag + 1n));
        expect(await ledger.balanceOf(accountOf(alice, tag))).to.equal(10n * (tag > index ? index + 1n : tag));
        expect(await ledger.drawn(split.id, tag)).to.equal(10n * (index + 1n));
      }
    }
  });

  it("does not show in what a share has drawn", async () => {
    const { ledger, split, arbiter, carol } = await loadFixture(deployArbitrated);
    await ledger.release(drawAll(split));
    for (const index of [0n, 1n, 2n]) {
      await redirect({ ledger: ledger.connect(arbiter), split, index, to: accountOf(carol) });
      expect(await ledger.drawn(split.id, index)).to.equal(10n);
    }
  });

  it("replaces an earlier redirect", async () => {
    const { ledger, split, arbiter, alice, bob, carol } = await loadFixture(deployArbitrated);
    const asArbiter = ledger.connect(arbiter);
    await redirect({ ledger: asArbiter, split, index: 0n, to: accountOf(carol) });
    await redirect({ ledger: asArbiter, split, index: 0n, to: accountOf(bob, 1n) });
    await ledger.release(drawOf(split, 0));
    expect(await ledger.balanceOf(accountOf(bob, 1n))).to.equal(10n);
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(0n);
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
  });

  describe("when the share leads to another split", () => {
    it("has no effect: what the split is built on is out of its arbiter's reach", async () => {
      const { ledger, split, child, arbiter, carol } = await loadFixture(deployArbitrated);
      await redirect({ ledger: ledger.connect(arbiter), split, index: 2n, to: accountOf(carol) });
      await expect(ledger.release(drawOf(split, 2)))
        .to.emit(ledger, "Routed")
        .withArgs([[split.id, child.id, 2n, 10n]]);
      expect(await ledger.balanceOf(accountOf(carol))).to.equal(0n);
      expect(await ledger.drawn(split.id, 2n)).to.equal(10n);
    });
  });

  describe("when the money is paid out or claimed", () => {
    it("pays the other account's wallet", async () => {
      const { ledger, token, split, arbiter, alice, carol } = await loadFixture(deployArbitrated);
      await redirect({ ledger: ledger.connect(arbiter), split, index: 0n, to: accountOf(carol) });
      await expect(ledger.payOut(drawOf(split, 0))).to.changeTokenBalances(ethers, token, [alice, carol], [0n, 10n]);
    });

    it("lets the other account claim it, and the share's own recipient not", async () => {
      const { ledger, token, split, arbiter, alice, carol } = await loadFixture(deployArbitrated);
      await redirect({ ledger: ledger.connect(arbiter), split, index: 0n, to: accountOf(carol) });
      await expect(ledger.connect(alice).claim(drawOf(split, 0), alice))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NothingToClaim")
        .withArgs(alice);
      await expect(ledger.connect(carol).claim(drawOf(split, 0), carol)).to.changeTokenBalances(
        ethers,
        token,
        [carol],
        [10n],
      );
    });
  });

  describe("when it ends", () => {
    it("pays the share's own recipient again, who does not get back what went elsewhere", async () => {
      const { ledger, split, arbiter, alice, carol } = await loadFixture(deployArbitrated);
      const asArbiter = ledger.connect(arbiter);
      await redirect({ ledger: asArbiter, split, index: 0n, to: accountOf(carol) });
      await ledger.release(drawOf(split, 0));
      const { root, totalUnits, size } = split.header;
      await expect(asArbiter.redirect(root, totalUnits, size, 0n, ZeroHash))
        .to.emit(ledger, "Redirected")
        .withArgs(split.id, 0n, ZeroHash);
      expect(await ledger.redirectOf(split.id, 0n)).to.equal(ZeroHash);
      await ledger.pay(split.id, 30n, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
      expect(await ledger.balanceOf(accountOf(carol))).to.equal(10n);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(10n);
    });
  });

  describe("when the index is not part of the split", () => {
    it("reverts", async () => {
      const { ledger, split, arbiter, carol } = await loadFixture(deployArbitrated);
      await expect(redirect({ ledger: ledger.connect(arbiter), split, index: 3n, to: accountOf(carol) }))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NoSuchShare")
        .withArgs(3n, 3n);
    });
  });

  describe("when the caller is not the split's arbiter", () => {
    it("concerns a split of the caller's own, and not this one", async () => {
      const { ledger, split, mallory, alice } = await loadFixture(deployArbitrated);
      const own = splitIdOf({ ...split.header, arbiter: mallory.address });
      const { root, totalUnits, size } = split.header;
      await expect(ledger.connect(mallory).redirect(root, totalUnits, size, 0n, accountOf(mallory)))
        .to.emit(ledger, "Redirected")
        .withArgs(own, 0n, accountOf(mallory));
      expect(own).not.to.equal(split.id);
      await ledger.release(drawOf(split, 0));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(10n);
    });
  });

  describe("when the split has no arbiter", () => {
    it("is in nobody's power", async () => {
      const { ledger, alice, mallory } = await loadFixture(deployArbitrated);
      const free = await splitOf([accountShare({ to: alice, units: 1n })]);
      expect(free.arbiter).to.equal(ZeroAddress);
      await redirect({ ledger: ledger.connect(mallory), split: free, index: 0n, to: accountOf(mallory) });
      expect(await ledger.redirectOf(free.id, 0n)).to.equal(ZeroHash);
    });
  });
});

async function redirect({
  ledger,
  split,
  index,
  to,
}: {
  ledger: AttributionLedger;
  split: Split;
  index: bigint;
  to: string;
}) {
  const { root, totalUnits, size } = split.header;
  return await ledger.redirect(root, totalUnits, size, index, to);
}

/** A split of Alice, Bob and a split of Bob's, 10 each of 30, that the arbiter watches over. */
async function deployArbitrated() {
  const world = await loadFixture(deployWorld);
  const { ledger, alice, bob, arbiter } = world;
  const child = await splitOf([accountShare({ to: bob, units: 1n })]);
  const split = await splitOf(
    [
      accountShare({ to: alice, units: 1n }),
      accountShare({ to: bob, units: 1n }),
      splitShare({ to: child, units: 1n }),
    ],
    arbiter,
  );
  await ledger.pay(split.id, 30n, 1n, ZeroHash);
  return { ...world, split, child };
}
