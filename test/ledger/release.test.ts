import { expect } from "chai";
import { AbiCoder, concat, dataLength, dataSlice, id, ZeroHash } from "ethers";
import { network } from "hardhat";

import { encodeDraws } from "../../sdk/split.ts";
import { leafOf, packDraw, packNode, packShare, parentOf, siblingsOf, splitIdOf } from "../helpers/naiveTree.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf, splitShare } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

describe("release", () => {
  describe("when a share belongs to a wallet", () => {
    it("credits the wallet's balance with its part and moves no tokens", async () => {
      const { ledger, token, split, alice } = await loadFixture(deployThirds);
      const release = ledger.release(drawOf(split, 0));
      await expect(release).to.emit(ledger, "Credited").withArgs(split.id, accountOf(alice), 0n, 33n);
      await expect(release).to.changeTokenBalances(ethers, token, [alice, ledger], [0n, 0n]);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(33n);
      expect(await ledger.drawn(split.id, 0n)).to.equal(33n);
    });

    it("returns what was released", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      expect(await ledger.release.staticCall(drawAll(split))).to.equal(99n);
    });

    it("can be called by anybody", async () => {
      const { ledger, split, alice, mallory } = await loadFixture(deployThirds);
      await ledger.connect(mallory).release(drawOf(split, 0));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(33n);
      expect(await ledger.balanceOf(accountOf(mallory))).to.equal(0n);
    });
  });

  describe("when a share belongs to a sub-account", () => {
    it("credits that account and not the wallet", async () => {
      const { ledger, split, bob } = await loadFixture(deployThirds);
      await expect(ledger.release(drawOf(split, 1)))
        .to.emit(ledger, "Credited")
        .withArgs(split.id, accountOf(bob, 5n), 1n, 33n);
      expect(await ledger.balanceOf(accountOf(bob, 5n))).to.equal(33n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(0n);
    });
  });

  describe("when a share belongs to another split", () => {
    it("adds to what that split received, without calls or a time of payment", async () => {
      const { ledger, split, child } = await loadFixture(deployThirds);
      await expect(ledger.release(drawOf(split, 2)))
        .to.emit(ledger, "Routed")
        .withArgs([[split.id, child.id, 2n, 33n]]);
      expect(await ledger.received(child.id)).to.deep.equal([33n, 0n, 0n]);
    });

    it("keeps the calls and the time of what that split was paid itself", async () => {
      const { ledger, split, child } = await loadFixture(deployThirds);
      await ledger.pay(child.id, 7n, 4n, ZeroHash);
      const [, , paidAt] = await ledger.received(child.id);
      await ledger.release(drawOf(split, 2));
      expect(await ledger.received(child.id)).to.deep.equal([40n, 4n, paidAt]);
    });

    it("funds the next draw of the same call", async () => {
      const { ledger, split, child, carol } = await loadFixture(deployThirds);
      const draws = concat([drawOf(split, 2), drawOf(child, 0)]);
      const release = ledger.release(draws);
      await expect(release)
        .to.emit(ledger, "Routed")
        .withArgs([[split.id, child.id, 2n, 33n]]);
      await expect(release).to.emit(ledger, "Credited").withArgs(child.id, accountOf(carol), 0n, 33n);
      expect(await ledger.balanceOf(accountOf(carol))).to.equal(33n);
    });

    it("tells all hops of a call in one event, in order", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      const last = await splitOf([accountShare({ to: alice, units: 1n })]);
      const middle = await splitOf([splitShare({ to: last, units: 1n }), splitShare({ to: last, units: 3n })]);
      const first = await splitOf([splitShare({ to: last, units: 1n }), splitShare({ to: middle, units: 1n })]);
      await ledger.pay(first.id, 80n, 1n, ZeroHash);
      await expect(ledger.release(drawAll(first, middle, last)))
        .to.emit(ledger, "Routed")
        .withArgs([
          [first.id, last.id, 0n, 40n],
          [first.id, middle.id, 1n, 40n],
          [middle.id, last.id, 0n, 10n],
          [middle.id, last.id, 1n, 30n],
        ]);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(80n);
    });

    it("encodes that event as Solidity would", async () => {
      const { ledger, split, child } = await loadFixture(deployThirds);
      const receipt = await (await ledger.release(drawOf(split, 2))).wait();
      const type = "tuple(bytes32 splitId, bytes32 toSplitId, uint256 index, uint256 amount)[]";
      expect(receipt?.logs.map(({ topics, data }) => ({ topics, data }))).to.deep.equal([
        {
          topics: [id("Routed((bytes32,bytes32,uint256,uint256)[])")],
          data: AbiCoder.defaultAbiCoder().encode([type], [[[split.id, child.id, 2n, 33n]]]),
        },
      ]);
    });

    it("says nothing of hops when there were none", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      await expect(ledger.release(drawOf(split, 0, 2))).not.to.emit(ledger, "Routed");
    });
  });

  describe("when a draw is a range of adjacent shares", () => {
    it("releases each to its own recipient", async () => {
      const { ledger, split, child, alice, bob } = await loadFixture(deployThirds);
      const release = ledger.release(drawAll(split));
      await expect(release).to.emit(ledger, "Credited").withArgs(split.id, accountOf(alice), 0n, 33n);
      await expect(release).to.emit(ledger, "Credited").withArgs(split.id, accountOf(bob, 5n), 1n, 33n);
      await expect(release)
        .to.emit(ledger, "Routed")
        .withArgs([[split.id, child.id, 2n, 33n]]);
    });

    it("proves every range of a split of every size up to nine", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      for (let size = 1; size <= 9; size++) {
        const shares = Array.from({ length: size }, (_, i) => accountShare({ to: alice, units: BigInt(i + size) }));
        const split = await splitOf(shares);
        await ledger.pay(split.id, split.tree.totalUnits, 1n, ZeroHash);
        for (let first = 0; first < size; first++) {
          for (let count = 1; first + count <= size; count++) {
            const units = shares.slice(first, first + count).reduce((sum, share) => sum + share.units, 0n);
            expect(await ledger.release.staticCall(drawOf(split, first, count))).to.equal(units);
          }
        }
      }
    });
  });

  describe("when two shares stand in one storage word", () => {
    it("keeps what each has drawn apart", async () => {
      const { ledger, alice, bob, carol, split } = await loadFixture(deployFour);
      await ledger.release(drawOf(split, 1));
      await ledger.release(drawOf(split, 2));
      await ledger.pay(split.id, 1_000n, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
      await ledger.release(drawOf(split, 1));
      expect(await Promise.all([0n, 1n, 2n, 3n].map((i) => ledger.drawn(split.id, i)))).to.deep.equal([
        200n,
        400n,
        300n,
        0n,
      ]);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(200n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(400n);
      expect(await ledger.balanceOf(accountOf(carol))).to.equal(300n);
    });
  });

  describe("when more has been paid since the last release", () => {
    it("releases what is missing to the floor of the whole, whatever the payments were", async () => {
      const { ledger, split, alice } = await loadFixture(deployThirds);
      await ledger.release(drawOf(split, 0));
      await ledger.pay(split.id, 1n, 1n, ZeroHash);
      expect(await ledger.release.staticCall(drawOf(split, 0))).to.equal(0n);
      await ledger.pay(split.id, 1n, 1n, ZeroHash);
      await expect(ledger.release(drawOf(split, 0)))
        .to.emit(ledger, "Credited")
        .withArgs(split.id, accountOf(alice), 0n, 1n);
      expect(await ledger.drawn(split.id, 0n)).to.equal(34n);
    });

    it("ends at the same balances as one release at the end", async () => {
      const { ledger, split, child, alice, bob } = await loadFixture(deployThirds);
      for (const amount of [1n, 2n, 5n, 10n, 1n, 1n, 983n]) {
        await ledger.pay(split.id, amount, 1n, ZeroHash);
        await ledger.release(drawAll(split));
      }
      const [amount] = await ledger.received(split.id);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(amount / 3n);
      expect(await ledger.balanceOf(accountOf(bob, 5n))).to.equal(amount / 3n);
      expect((await ledger.received(child.id))[0]).to.equal(amount / 3n);
    });
  });

  describe("when everything has been drawn", () => {
    it("releases nothing, without events or an error", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      await ledger.release(drawAll(split));
      expect(await ledger.release.staticCall(drawAll(split))).to.equal(0n);
      const receipt = await (await ledger.release(drawAll(split))).wait();
      expect(receipt?.logs).to.deep.equal([]);
    });
  });

  describe("when a share holds no units", () => {
    it("releases nothing to it and everything to the others", async () => {
      const { ledger, alice, bob } = await loadFixture(deployWorld);
      const split = await splitOf([accountShare({ to: alice, units: 0n }), accountShare({ to: bob, units: 1n })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await ledger.release(drawAll(split));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(100n);
    });
  });

  describe("when there are no draws", () => {
    it("releases nothing", async () => {
      const { ledger } = await loadFixture(deployWorld);
      expect(await ledger.release.staticCall("0x")).to.equal(0n);
      await ledger.release("0x");
    });
  });

  describe("when the split never received anything", () => {
    it("reverts with the split the draw leads to", async () => {
      const { ledger, child } = await loadFixture(deployThirds);
      await expect(ledger.release(drawOf(child, 0)))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_UnknownSplit")
        .withArgs(child.id);
    });
  });

  describe("when no share of the split holds any units", () => {
    it("reverts", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      const split = await splitOf([accountShare({ to: alice, units: 0n })]);
      await ledger.pay(split.id, 100n, 1n, ZeroHash);
      await expect(ledger.release(drawOf(split, 0)))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_NoUnits")
        .withArgs(split.id);
    });
  });

  describe("when a share's kind is unknown", () => {
    it("reverts with its index, and leaves the other shares alone", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      const shares = [accountShare({ to: alice, units: 1n }), { ...accountShare({ to: alice, units: 1n }), kind: 2 }];
      const leaves = shares.map(leafOf);
      await ledger.pay(splitIdOf({ root: parentOf(leaves[0], leaves[1]), size: 2n }), 100n, 1n, ZeroHash);
      const draw = (first: number): string =>
        packDraw({ size: 2n, first: BigInt(first), shares: [shares[first]], siblings: siblingsOf(leaves, first) });
      await expect(ledger.release(draw(1)))
        .to.be.revertedWithCustomError(ledger, "Draws_UnknownKind")
        .withArgs(1n, 2n);
      await ledger.release(draw(0));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(50n);
    });
  });

  describe("when the bytes end too early", () => {
    it("reverts at every length but that of whole draws", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      const draws = drawOf(split, 0);
      const length = dataLength(draws);
      for (let end = 1; end < length; end++) {
        const release = ledger.release.staticCall(dataSlice(draws, 0, end));
        if (end < 40) {
          await expect(release).to.be.revertedWithCustomError(ledger, "Draws_Truncated").withArgs(end, 40);
        } else {
          await expect(release)
            .to.be.revertedWithCustomError(ledger, "MerkleSumTree_ProofTooShort")
            .withArgs(end, end < 121 ? 121 : length);
        }
      }
    });

    it("reverts at the end of the second draw as of the first", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      const draws = drawOf(split, 0);
      const length = dataLength(draws);
      await expect(ledger.release(concat([draws, new Uint8Array(39)])))
        .to.be.revertedWithCustomError(ledger, "Draws_Truncated")
        .withArgs(length + 39, length + 40);
    });
  });

  describe("when a draw holds more siblings than its shape has", () => {
    it("reads them as the next draw and reverts", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      const draws = concat([drawOf(split, 0), packNode({ hash: ZeroHash, units: 0n })]);
      await expect(ledger.release(draws))
        .to.be.revertedWithCustomError(ledger, "MerkleSumTree_BadRange")
        .withArgs(0n, 0n, 0n);
    });
  });

  describe("when the range is not in the tree", () => {
    const share = { kind: 0, recipient: ZeroHash, units: 1n, evidence: ZeroHash };
    const cases = [
      { what: "no share", size: 1n, first: 0n, count: 0n },
      { what: "no share of no tree", size: 0n, first: 0n, count: 0n },
      { what: "a share of an empty tree", size: 0n, first: 0n, count: 1n },
      { what: "the share behind the last one", size: 1n, first: 1n, count: 1n },
      { what: "one share too many", size: 2n, first: 1n, count: 2n },
      { what: "the highest index there is", size: 2n ** 64n - 1n, first: 2n ** 64n - 1n, count: 1n },
      { what: "a range that wraps around", size: 1n, first: 2n ** 64n - 1n, count: 2n ** 32n - 1n },
    ];
    for (const { what, size, first, count } of cases) {
      it(`reverts for ${what}`, async () => {
        const { ledger } = await loadFixture(deployWorld);
        const draw = packDraw({ size, first, count, shares: count === 1n ? [share] : [], siblings: [] });
        await expect(ledger.release(draw))
          .to.be.revertedWithCustomError(ledger, "MerkleSumTree_BadRange")
          .withArgs(first, count, size);
      });
    }
  });

  describe("when one draw of several is wrong", () => {
    it("reverts as a whole", async () => {
      const { ledger, split, alice } = await loadFixture(deployThirds);
      const wrong = await splitOf([accountShare({ to: alice, units: 9n })]);
      const draws = encodeDraws([split.draw({ first: 0 }), wrong.draw({ first: 0 })]);
      await expect(ledger.release(draws))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_UnknownSplit")
        .withArgs(wrong.id);
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(0n);
    });
  });

  describe("when the next split is full", () => {
    it("reverts for that share and releases the others", async () => {
      const { ledger, plain, alice } = await loadFixture(deployRich);
      const most = 2n ** 127n - 1n;
      const child = await splitOf([accountShare({ to: alice, units: 1n })]);
      const parent = await splitOf([splitShare({ to: child, units: 1n }), accountShare({ to: alice, units: 1n })]);
      await plain.mint(alice, 2n ** 128n);
      await ledger.pay(child.id, most - 49n, 1n, ZeroHash);
      await ledger.pay(parent.id, 100n, 1n, ZeroHash);
      await expect(ledger.release(drawAll(parent)))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(child.id, most - 49n, 50n);
      await ledger.release(drawOf(parent, 1));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(50n);
    });
  });

  describe("when the next split becomes just full", () => {
    it("adds the last unit that fits", async () => {
      const { ledger, alice } = await loadFixture(deployRich);
      const most = 2n ** 127n - 1n;
      const child = await splitOf([accountShare({ to: alice, units: 1n })]);
      const parent = await splitOf([splitShare({ to: child, units: 1n })]);
      await ledger.pay(child.id, most - 50n, 1n, ZeroHash);
      await ledger.pay(parent.id, 50n, 1n, ZeroHash);
      await ledger.release(drawOf(parent, 0));
      expect((await ledger.received(child.id))[0]).to.equal(most);
    });
  });

  describe("at the largest numbers", () => {
    it("releases all of 2^127 - 1 to the only share of 2^128 - 1 units", async () => {
      const { ledger, alice } = await loadFixture(deployRich);
      const split = await splitOf([accountShare({ to: alice, units: 2n ** 128n - 1n })]);
      await ledger.pay(split.id, 2n ** 127n - 1n, 1n, ZeroHash);
      await ledger.release(drawOf(split, 0));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(2n ** 127n - 1n);
      expect(await ledger.drawn(split.id, 0n)).to.equal(2n ** 127n - 1n);
      expect(await ledger.drawn(split.id, 1n)).to.equal(0n);
    });

    it("keeps a full neighbour's drawn amount out of a share's own", async () => {
      const { ledger, alice, bob } = await loadFixture(deployRich);
      const split = await splitOf([
        accountShare({ to: alice, units: 2n ** 127n }),
        accountShare({ to: bob, units: 2n ** 127n - 1n }),
      ]);
      await ledger.pay(split.id, 2n ** 127n - 1n, 1n, ZeroHash);
      await ledger.release(drawOf(split, 1));
      await ledger.release(drawOf(split, 0));
      const amount = 2n ** 127n - 1n;
      expect(await ledger.drawn(split.id, 0n)).to.equal((amount * 2n ** 127n) / (2n ** 128n - 1n));
      expect(await ledger.drawn(split.id, 1n)).to.equal((amount * (2n ** 127n - 1n)) / (2n ** 128n - 1n));
    });

    it("draws the last share of 2^64 - 1", async () => {
      const { ledger, alice } = await loadFixture(deployWorld);
      const size = 2n ** 64n - 1n;
      const share = { ...accountShare({ to: alice, units: 1n }), evidence: id("last") };
      // Every level has a left neighbour for the last share except the lowest, where it is the odd one.
      const siblings = Array.from({ length: 63 }, (_, i) => ({ hash: id(`left ${i}`), units: 1n }));
      const root = siblings.reduce((node, left) => parentOf(left, node), leafOf(share));
      const splitId = splitIdOf({ root, size });
      await ledger.pay(splitId, 64n, 1n, ZeroHash);
      await ledger.release(packDraw({ size, first: size - 1n, shares: [share], siblings }));
      expect(await ledger.balanceOf(accountOf(alice))).to.equal(1n);
      expect(await ledger.drawn(splitId, size - 1n)).to.equal(1n);
    });
  });

  describe("when any one byte of a draw is changed", () => {
    it("reverts and releases nothing", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      const draws = drawOf(split, 1);
      for (let at = 0; at < dataLength(draws); at++) {
        const changed = concat([
          dataSlice(draws, 0, at),
          new Uint8Array([Number(dataSlice(draws, at, at + 1)) ^ 1]),
          dataSlice(draws, at + 1),
        ]);
        await expect(ledger.release.staticCall(changed), `byte ${String(at)}`).to.be.revertedWithCustomError(
          ledger,
          expectedError(changed),
        );
      }
    });
  });

  describe("when siblings are in the wrong order", () => {
    it("reverts, because they lead to another split", async () => {
      const { ledger, split } = await loadFixture(deployThirds);
      const share = split.tree.share(0);
      const header = dataSlice(drawOf(split, 0), 0, 40);
      const [near, far] = split.draw({ first: 0 }).siblings;
      const swapped = concat([header, packShare(share), packNode(far), packNode(near)]);
      const root = parentOf(parentOf(leafOf(share), far), near);
      await expect(ledger.release(swapped))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_UnknownSplit")
        .withArgs(splitIdOf({ root, size: 3n }));
    });
  });
});

/** What a draw of one share that leads nowhere is refused with: its range, its length, or where it leads. */
function expectedError(draw: string): string {
  const field = (from: number, to: number): bigint => BigInt(dataSlice(draw, from, to));
  let [size, first] = [field(20, 28), field(28, 36)];
  const count = field(36, 40);
  if (count === 0n || first + count > size) return "MerkleSumTree_BadRange";
  let needed = 40n + 81n * count;
  for (let last = first + count - 1n; size > 1n; size = (size + 1n) >> 1n) {
    if (first % 2n === 1n) needed += 48n;
    if (last % 2n === 0n && last < size - 1n) needed += 48n;
    [first, last] = [first >> 1n, last >> 1n];
  }
  return needed > BigInt(dataLength(draw)) ? "MerkleSumTree_ProofTooShort" : "AttributionLedger_UnknownSplit";
}

/** A split of three equal shares: Alice's wallet, a sub-account of Bob's and a split of Carol's. It received 100. */
async function deployThirds() {
  const world = await loadFixture(deployWorld);
  const child = await splitOf([accountShare({ to: world.carol, units: 1n })]);
  const split = await splitOf([
    accountShare({ to: world.alice, units: 1n }),
    accountShare({ to: world.bob, tag: 5n, units: 1n }),
    splitShare({ to: child, units: 1n }),
  ]);
  await world.ledger.pay(split.id, 100n, 1n, ZeroHash);
  return { ...world, split, child };
}

/** A split of four wallets with 1, 2, 3 and 4 tenths. It received 1,000. */
async function deployFour() {
  const world = await loadFixture(deployWorld);
  const { alice, bob, carol, relayer } = world;
  const split = await splitOf([alice, bob, carol, relayer].map((to, i) => accountShare({ to, units: BigInt(i + 1) })));
  await world.ledger.pay(split.id, 1_000n, 1n, ZeroHash);
  return { ...world, split };
}

/** A ledger for a plain token of which the payer has more than a split can take. */
async function deployRich() {
  const [payer, alice, bob] = await ethers.getSigners();
  const plain = await ethers.deployContract("MockToken", [18]);
  const ledger = await ethers.deployContract("AttributionLedger", [plain]);
  await plain.mint(payer, 2n ** 255n);
  await plain.approve(ledger, ethers.MaxUint256);
  return { ledger, plain, payer, alice, bob };
}
