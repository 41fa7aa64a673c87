import { expect } from "chai";

import { bondAfter, bondFor, Stakes } from "../../../sdk/scenario/stakes.ts";
import { OPEN, operator } from "../../helpers/scenario.ts";

const OPERATOR = 0;
const WALLET = 7;
const BACKER = 8;

function stakesOf({ own, others }: { own: bigint; others: bigint }): Stakes {
  const stakes = new Stakes([operator("north", WALLET)]);
  stakes.stake({ operator: OPERATOR, staker: WALLET, amount: own * OPEN });
  if (others > 0n) stakes.stake({ operator: OPERATOR, staker: BACKER, amount: others * OPEN });
  return stakes;
}

describe("Stakes", () => {
  it("slashes as the example in docs/slashing.md says", () => {
    const little = stakesOf({ own: 60_000n, others: 40_000n }).equivocate(OPERATOR, 1_000n * OPEN);
    expect(little).to.deep.equal({ taken: 30_000n * OPEN, bounty: 1_800n * OPEN, compensation: 1_000n * OPEN });
    const much = stakesOf({ own: 60_000n, others: 40_000n }).equivocate(OPERATOR, 18_000n * OPEN);
    expect(much).to.deep.equal({ taken: 30_000n * OPEN, bounty: 1_800n * OPEN, compensation: 7_200n * OPEN });
  });

  it("takes a tenth for a duplicate, and compensates with all there is for it", () => {
    const slash = stakesOf({ own: 1_000n, others: 0n }).duplicate(OPERATOR);
    expect(slash).to.deep.equal({ taken: 100n * OPEN, bounty: 10n * OPEN, compensation: 40n * OPEN });
  });

  it("takes what a ruling asks for, a fifth of the pool at most, and pays no bounty", () => {
    const stakes = stakesOf({ own: 1_000n, others: 1_000n });
    expect(stakes.rule(OPERATOR, 100n * OPEN)).to.deep.equal({
      taken: 100n * OPEN,
      bounty: 0n,
      compensation: 25n * OPEN,
    });
    expect(stakes.rule(OPERATOR, 5_000n * OPEN)?.taken).to.equal(380n * OPEN);
    expect(stakes.slashed(OPERATOR)).to.equal(480n * OPEN);
    expect(stakes.staked(OPERATOR)).to.equal(1_520n * OPEN);
  });

  it("rounds the rate down, so that at least what is asked for is taken", () => {
    const stakes = new Stakes([operator("north", WALLET)]);
    stakes.stake({ operator: OPERATOR, staker: WALLET, amount: 3_000n * OPEN });
    // The rate becomes 10^18 · (3000 · 10^18 - 1) / (3000 · 10^18), rounded down: one less, which is 3,000 units of the pool.
    expect(stakes.rule(OPERATOR, 1n)?.taken).to.equal(3_000n);
  });

  it("lets operators serve with a thousand OPEN of their own, whatever others stake", () => {
    expect(stakesOf({ own: 1_000n, others: 0n }).isEligible(OPERATOR)).to.be.true;
    expect(stakesOf({ own: 999n, others: 10_000n }).isEligible(OPERATOR)).to.be.false;
    const stakes = stakesOf({ own: 1_000n, others: 0n });
    stakes.rule(OPERATOR, 1n);
    expect(stakes.isEligible(OPERATOR)).to.be.false;
  });

  it("never takes all of a pool", () => {
    const stakes = stakesOf({ own: 1_000_000_000n, others: 0n });
    for (let i = 0; i < 200; i++) stakes.equivocate(OPERATOR, 1n);
    // A rate of one, which is the least, for 10^27 shares.
    expect(stakes.staked(OPERATOR)).to.equal(1_000_000_000n);
  });

  it("takes nothing of a pool without stake", () => {
    const stakes = new Stakes([operator("north", WALLET)]);
    expect(stakes.equivocate(OPERATOR, 1n)).to.equal(undefined);
  });
});

describe("a case's bond", () => {
  it("is a twentieth of what is asked for, a hundred OPEN at least", () => {
    expect(bondFor(1n)).to.equal(100n * OPEN);
    expect(bondFor(2_000n * OPEN)).to.equal(100n * OPEN);
    expect(bondFor(4_000n * OPEN)).to.equal(200n * OPEN);
  });

  it("goes to who is right, or by halves, of which the claimant has the odd unit", () => {
    expect(bondAfter(101n, "claimant")).to.deep.equal({ toClaimant: 101n, toRespondent: 0n });
    expect(bondAfter(101n, "respondent")).to.deep.equal({ toClaimant: 0n, toRespondent: 50n });
    expect(bondAfter(101n, "none")).to.deep.equal({ toClaimant: 51n, toRespondent: 50n });
  });
});
