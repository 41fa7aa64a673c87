import { expect } from "chai";

import { Economy } from "../../../sdk/scenario/economy.ts";

const [ALICE, BOB, CAROL] = [0, 1, 2];

/** A split of ALICE and BOB, and one above it that gives it two thirds and CAROL the rest. */
function twoSplits(): { economy: Economy; below: number; above: number } {
  const economy = new Economy(3);
  const below = economy.defineSplit([
    { account: ALICE, layer: 0, units: 1n },
    { account: BOB, layer: 0, units: 2n },
  ]);
  const above = economy.defineSplit([
    { split: below, units: 2n },
    { account: CAROL, layer: 1, units: 1n },
  ]);
  return { economy, below, above };
}

describe("Economy", () => {
  it("gives the floor of what has come together, and not of each payment", () => {
    const { economy, above } = twoSplits();
    for (let i = 0; i < 3; i++) {
      economy.pay(above, 2n);
      economy.settle();
    }
    // 6 · 2/3 = 4; 4 · 1/3 = 1 and 4 · 2/3 = 2.
    expect([ALICE, BOB, CAROL].map((account) => economy.earned(account))).to.deep.equal([1n, 2n, 2n]);
  });

  it("keeps what rounding leaves where it is", () => {
    const { economy, below, above } = twoSplits();
    economy.pay(above, 5n);
    economy.settle();
    expect(economy.settled(above)).to.deep.equal([3n, 1n]);
    expect(economy.settled(below)).to.deep.equal([1n, 2n]);
    expect([economy.dust(above), economy.dust(below)]).to.deep.equal([1n, 0n]);
  });

  it("settles for one account no further down than its shares are", () => {
    const { economy, below, above } = twoSplits();
    economy.pay(above, 9n);
    economy.settleFor(CAROL);
    expect(economy.earned(CAROL)).to.equal(3n);
    expect(economy.earned(BOB)).to.equal(0n);
    expect(economy.received(below)).to.equal(6n);
    economy.settle();
    expect(economy.earned(BOB)).to.equal(4n);
  });

  it("hands out nothing twice", () => {
    const { economy, below } = twoSplits();
    economy.pay(below, 3n);
    economy.settle();
    expect(economy.claim(BOB).amount).to.equal(2n);
    expect(economy.claim(BOB).amount).to.equal(0n);
    expect(economy.undrawn(ALICE)).to.equal(1n);
  });

  it("tells what claims prove: shares with something new, and the levels of their trees", () => {
    const { economy, above } = twoSplits();
    economy.pay(above, 9n);
    economy.settle();
    expect(economy.passOn()).to.deep.equal({ amount: 0n, shares: 1, levels: 1 });
    expect(economy.passOn().shares).to.equal(0);
    expect(economy.claim(ALICE)).to.deep.equal({ amount: 2n, shares: 1, levels: 1 });
  });

  describe("redirect", () => {
    it("gives what was not drawn, and all to come, to the other account", () => {
      const { economy, below } = twoSplits();
      economy.pay(below, 3n);
      economy.settle();
      economy.claim(BOB);
      economy.pay(below, 3n);
      economy.settle();
      economy.redirect({ split: below, index: 1, to: ALICE });
      expect([economy.earned(ALICE), economy.earned(BOB)]).to.deep.equal([4n, 2n]);
      expect([economy.undrawn(ALICE), economy.undrawn(BOB)]).to.deep.equal([4n, 0n]);
      economy.pay(below, 3n);
      economy.settle();
      expect([economy.earned(ALICE), economy.earned(BOB)]).to.deep.equal([7n, 2n]);
      const transfers: unknown[] = [];
      economy.eachTransfer(below, (to, amount) => transfers.push({ ...to, amount }));
      expect(transfers).to.deep.equal([
        { account: ALICE, layer: 0, amount: 3n },
        { account: BOB, layer: 0, amount: 2n },
        { account: ALICE, layer: 0, amount: 4n },
      ]);
    });

    it("can be followed by another", () => {
      const { economy, below } = twoSplits();
      economy.pay(below, 3n);
      economy.settle();
      economy.redirect({ split: below, index: 1, to: ALICE });
      economy.claim(ALICE);
      economy.redirect({ split: below, index: 1, to: CAROL });
      economy.pay(below, 3n);
      economy.settle();
      expect([ALICE, BOB, CAROL].map((account) => economy.earned(account))).to.deep.equal([4n, 0n, 2n]);
      expect(economy.dust(below)).to.equal(0n);
    });

    it("leaves each what it has drawn, and takes no share along that is claimed by who had it", () => {
      const { economy, below, above } = twoSplits();
      const other = economy.defineSplit([{ account: BOB, layer: 0, units: 1n }]);
      const bobs = { split: below, index: 1 };
      const payAndSettle = (): void => {
        economy.pay(below, 3n);
        economy.pay(other, 1n);
        economy.settle();
      };
      payAndSettle();
      economy.claim(BOB);
      economy.redirect({ ...bobs, to: ALICE });
      payAndSettle();
      economy.claim(ALICE);
      economy.claim(BOB);
      payAndSettle();
      economy.claim(BOB);
      economy.redirect({ ...bobs, to: CAROL });
      payAndSettle();
      const transfers: unknown[] = [];
      economy.eachTransfer(below, (to, amount) => transfers.push("account" in to ? [to.account, amount] : to));
      expect(transfers).to.deep.equal([
        [ALICE, 4n],
        [BOB, 2n],
        [ALICE, 2n],
        [CAROL, 4n],
      ]);
      expect([ALICE, BOB, CAROL].map((account) => economy.earned(account))).to.deep.equal([6n, 6n, 4n]);
      expect(economy.received(above)).to.equal(0n);
    });

    it("refuses a share that leads to a split", () => {
      const { economy, above } = twoSplits();
      expect(() => {
        economy.redirect({ split: above, index: 0, to: BOB });
      }).to.throw(RangeError, "leads to a split");
    });
  });

  it("refuses a split without units, and one that leads to what is not known", () => {
    const economy = new Economy(1);
    expect(() => economy.defineSplit([{ account: ALICE, layer: 0, units: 0n }])).to.throw(RangeError, "no units");
    expect(() => economy.defineSplit([{ split: 5, units: 1n }])).to.throw(RangeError, "not known");
    expect(() => new Economy(1).defineSplit([{ split: 0, units: 1n }])).to.throw(RangeError, "not known");
  });
});
