import { expect } from "chai";
import { ZeroHash } from "ethers";
import hre from "hardhat";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { claimGas } from "../../sdk/claimGas.ts";
import { LedgerState, type LedgerView } from "../../sdk/ledgerState.ts";
import { type ClaimPlan, planClaim } from "../../sdk/planner.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { type DrawRange, simulateRelease } from "../../sdk/simulation.ts";
import { decodeDraws, Split, splitOfDraw } from "../../sdk/split.ts";
import { act, deployLedgerWorld, type LedgerWorld, pick } from "./ledgerTraffic.ts";
import { type Random, randomFrom } from "./random.ts";

const ALICE = walletAccount(`0x${"a1".repeat(20)}`);
const BOB = walletAccount(`0x${"b0".repeat(20)}`);
const TOKEN = 10n ** 18n;
const GWEI = 10n ** 9n;

/** A ledger of which only the numbers given are not zero. */
function ledgerOf({
  received = new Map(),
  drawn = new Map(),
  balances = new Map(),
  redirects = new Map(),
}: {
  received?: Map<Split, bigint>;
  drawn?: Map<string, bigint>;
  balances?: Map<string, bigint>;
  redirects?: Map<Split, Map<number, string>>;
}): LedgerView {
  const amounts = new Map([...received].map(([split, amount]) => [split.id, amount]));
  const redirected = new Map([...redirects].map(([split, to]) => [split.id, to]));
  return {
    received: (splitId) => ({ amount: amounts.get(splitId) ?? 0n }),
    drawn: (splitId, index) => drawn.get(`${splitId}/${index}`) ?? 0n,
    balanceOf: (account) => balances.get(account) ?? 0n,
    redirectsOf: (splitId) => redirected.get(splitId) ?? new Map<number, string>(),
  };
}

function to(recipient: string | Split, units: bigint): Share {
  return typeof recipient === "string"
    ? { kind: ShareKind.Account, recipient, units, evidence: ZeroHash }
    : { kind: ShareKind.Split, recipient: recipient.id, units, evidence: ZeroHash };
}

function splitOf(...shares: Share[]): Split {
  return Split.from({ shares });
}

/** Hops as names, for reading. */
function named({ hops }: ClaimPlan, names: Record<string, Split>): string[] {
  return hops.map(({ splitId, first, count }) => {
    const name = Object.keys(names).find((key) => names[key].id === splitId) ?? "?";
    return `${name}[${first}..${first + count - 1}]`;
  });
}

async function stateOf({ ethers, ledger }: LedgerWorld): Promise<LedgerState> {
  const state = new LedgerState();
  const toBlock = await ethers.provider.getBlockNumber();
  await state.follow({ provider: ethers.provider, ledger: await ledger.getAddress(), toBlock });
  return state;
}

describe("planClaim", () => {
  const data = splitOf(to(BOB, 1n), to(ALICE, 1n), to(ALICE, 2n), to(BOB, 4n));
  const model = splitOf(to(data, 3n), to(BOB, 1n));
  const service = splitOf(to(BOB, 1n), to(model, 1n));
  const names = { data, model, service };
  const cheap = { gasPrice: 1n, weiPerToken: TOKEN };

  describe("when money waits far upstream", () => {
    it("releases hop by hop, from the payment down to the wallet, and says exactly what arrives", () => {
      const ledger = ledgerOf({ received: new Map([[service, 1_000_001n * TOKEN]]) });
      const plan = planClaim({ account: ALICE, splits: [data, model, service], ledger, ...cheap });
      expect(named(plan, names)).to.deep.equal(["service[1..1]", "model[0..0]", "data[1..2]"]);
      const toModel = (1_000_001n * TOKEN) / 2n;
      const toData = (toModel * 3n) / 4n;
      expect(plan.yield).to.equal(toData / 8n + (toData * 2n) / 8n);
      expect(plan.hops.map(({ released }) => released)).to.deep.equal([toModel, toData, plan.yield]);
      expect(plan.worthwhile).to.be.true;
      expect(plan.skipped).to.deep.equal([]);
      expect(plan.releaseFirst).to.deep.equal([]);
      expect(decodeDraws(plan.draws).map((draw) => splitOfDraw(draw).id)).to.deep.equal([
        service.id,
        model.id,
        data.id,
      ]);
    });

    it("does not mind splits that were never paid, lead elsewhere or are unknown", () => {
      const elsewhere = splitOf(to(BOB, 1n));
      const unknown = splitOf(to(ALICE, 1n));
      const unpaid = splitOf(to(ALICE, 1n), to(BOB, 1n));
      const entry = splitOf(to(unknown, 5n), to(elsewhere, 5n), to(ALICE, 1n));
      const ledger = ledgerOf({ received: new Map([[entry, 11n * TOKEN]]) });
      const plan = planClaim({ account: ALICE, splits: [unpaid, entry, elsewhere], ledger, ...cheap });
      expect(named(plan, { entry })).to.deep.equal(["entry[2..2]"]);
      expect(plan.yield).to.equal(TOKEN);
    });

    it("counts what was drawn before, and what the account holds already", () => {
      const ledger = ledgerOf({
        received: new Map([[data, 8n * TOKEN]]),
        drawn: new Map([[`${data.id}/2`, 2n * TOKEN]]),
        balances: new Map([[ALICE, 5n]]),
      });
      const plan = planClaim({ account: ALICE, splits: [data], ledger, ...cheap });
      expect(named(plan, names)).to.deep.equal(["data[1..1]"]);
      expect([plan.yield, plan.balance, plan.value]).to.deep.equal([TOKEN, 5n, TOKEN + 5n]);
    });

    it("follows redirects, away from the account and to it", () => {
      const redirects = new Map([
        [
          data,
          new Map([
            [1, BOB],
            [3, ALICE],
          ]),
        ],
      ]);
      const ledger = ledgerOf({ received: new Map([[data, 8n * TOKEN]]), redirects });
      const plan = planClaim({ account: ALICE, splits: [data], ledger, ...cheap });
      expect(named(plan, names)).to.deep.equal(["data[2..3]"]);
      expect(plan.yield).to.equal(6n * TOKEN);
    });
  });

  describe("when a branch is not worth its gas", () => {
    const gasPrice = 10n * GWEI;
    // About 60,000 gas for a hop at 10 gwei is 0.0006 of a token that is worth one ether.
    const dust = TOKEN / 100_000n;

    it("leaves it out, and says what it would release", () => {
      const poor = splitOf(to(ALICE, 1n));
      const ledger = ledgerOf({
        received: new Map([
          [service, TOKEN],
          [poor, dust],
        ]),
      });
      const splits = [data, model, service, poor];
      const plan = planClaim({ account: ALICE, splits, ledger, gasPrice, weiPerToken: TOKEN });
      expect(named(plan, names)).to.deep.equal(["service[1..1]", "model[0..0]", "data[1..2]"]);
      expect(plan.skipped).to.deep.equal([{ splitId: poor.id, index: 0, amount: dust }]);
    });

    it("leaves out hops that only serve each other", () => {
      const ledger = ledgerOf({ received: new Map([[service, dust]]) });
      const plan = planClaim({ account: ALICE, splits: [data, model, service], ledger, gasPrice, weiPerToken: TOKEN });
      expect(plan.hops).to.deep.equal([]);
      expect(plan.draws).to.equal("0x");
      expect(plan.worthwhile).to.be.false;
      expect(plan.skipped).to.deep.equal([{ splitId: service.id, index: 1, amount: dust / 2n }]);
    });

    it("takes shares together that pay only for their common proof", () => {
      const many = splitOf(...Array.from({ length: 64 }, () => to(ALICE, 1n)));
      // A share brings more than its own gas, and less than its own gas with a whole proof.
      const ledger = ledgerOf({ received: new Map([[many, (64n * TOKEN * 20_000n) / 100_000n]]) });
      const plan = planClaim({
        account: ALICE,
        splits: [many],
        ledger,
        gasPrice: GWEI * 10n,
        weiPerToken: TOKEN / 1_000n,
      });
      expect(named(plan, { many })).to.deep.equal(["many[0..63]"]);
      expect(plan.worthwhile).to.be.true;
    });

    it("still claims a balance that is worth its gas", () => {
      const ledger = ledgerOf({ balances: new Map([[ALICE, TOKEN]]), received: new Map([[service, dust]]) });
      const plan = planClaim({ account: ALICE, splits: [service, model, data], ledger, gasPrice, weiPerToken: TOKEN });
      expect(plan.hops).to.deep.equal([]);
      expect(plan.worthwhile).to.be.true;
    });
  });

  describe("when shares of the wallet stand apart", () => {
    it("proves them together if the shares between have nothing to release, and apart if that is cheaper", () => {
      const size = 256;
      const split = splitOf(...Array.from({ length: size }, (_, i) => to(i === 100 || i === 102 ? ALICE : BOB, 1n)));
      const received = new Map([[split, 256n * TOKEN]]);
      const apart = planClaim({ account: ALICE, splits: [split], ledger: ledgerOf({ received }), ...cheap });
      expect(named(apart, { split })).to.deep.equal(["split[100..100]", "split[102..102]"]);
      const drawn = new Map([[`${split.id}/101`, TOKEN]]);
      const together = planClaim({ account: ALICE, splits: [split], ledger: ledgerOf({ received, drawn }), ...cheap });
      expect(named(together, { split })).to.deep.equal(["split[100..102]"]);
      expect([apart.yield, together.yield]).to.deep.equal([2n * TOKEN, 2n * TOKEN]);
    });
  });

  describe("when there is more than fits a transaction", () => {
    it("releases in batches, and claims with the last one", () => {
      const split = splitOf(...Array.from({ length: 900 }, () => to(ALICE, 1n)));
      const ledger = ledgerOf({ received: new Map([[split, 900n * TOKEN]]) });
      const plan = planClaim({ account: ALICE, splits: [split], ledger, ...cheap, maxGas: 4_000_000 });
      expect(plan.releaseFirst).to.have.length(4);
      const counts = [...plan.releaseFirst, plan.draws].map((draws) =>
        decodeDraws(draws).map(({ shares }) => shares.length),
      );
      expect(counts.flat().reduce((sum, count) => sum + count)).to.equal(900);
      expect(plan.yield).to.equal(900n * TOKEN);
    });
  });

  describe("for random small worlds", () => {
    it("is worth about as much as the best of all choices", () => {
      let close = 0;
      const rounds = 150;
      for (let round = 0; round < rounds; round++) {
        const random = randomFrom(round);
        const { splits, ledger } = randomWorld(random);
        const prices = { gasPrice: GWEI * 20n, weiPerToken: TOKEN };
        const plan = planClaim({ account: ALICE, splits, ledger, ...prices });
        const best = bestGain({ splits, ledger, ...prices });
        const gain = plan.value - plan.cost;
        expect(gain <= best, `round ${round}: ${gain} of ${best}`).to.be.true;
        // Gas of single shares is estimated while choosing; a few percent of one hop's gas is what that may cost.
        if (best - gain < 10_000n * prices.gasPrice) close++;
      }
      expect(close).to.be.at.least(rounds - 3);
    }).timeout(120_000);
  });

  describe("on a real ledger", () => {
    it("gets exactly what it plans, for the gas it estimates", async () => {
      const world = await deployLedgerWorld({ seed: 11, levels: [3, 2, 3, 2] });
      const random = randomFrom(11);
      for (let round = 0; round < 25; round++) {
        for (let step = 0; step < 6; step++) await act({ world, random });
        const person = pick(random, world.people);
        const account = walletAccount(person.address);
        const plan = planClaim({ account, splits: world.splits, ledger: await stateOf(world), ...cheap });
        if (plan.yield + plan.balance === 0n) continue;
        const before = await world.token.balanceOf(person);
        const sent = await world.ledger.connect(person).claim(plan.draws, person);
        const receipt = await sent.wait();
        expect((await world.token.balanceOf(person)) - before).to.equal(plan.yield + plan.balance);
        // Code instrumented for coverage uses more gas than the ledger's own.
        if (hre.globalOptions.coverage) continue;
        const error = Math.abs(plan.gas / Number(receipt?.gasUsed) - 1);
        expect(error, `round ${round}: ${plan.gas} against ${receipt?.gasUsed}`).to.be.below(0.05);
      }
    });
  });

  it("refuses a sub-account and negative prices", () => {
    const ledger = ledgerOf({});
    const account = encodeAccount({ address: `0x${"a1".repeat(20)}`, tag: 1n });
    expect(() => planClaim({ account, splits: [], ledger, ...cheap })).to.throw(RangeError, `sub-account ${account}`);
    expect(() => planClaim({ account: ALICE, splits: [], ledger, gasPrice: -1n, weiPerToken: 1n })).to.throw(
      RangeError,
      "-1 wei per gas",
    );
  });
});

/** Up to six splits with few shares, of which some have received something. */
function randomWorld(random: Random): { splits: Split[]; ledger: LedgerView } {
  const splits: Split[] = [];
  let ways = 0;
  for (let i = 0; i < 6; i++) {
    const shares = [to(BOB, 1n + random.uint(4))];
    if (splits.length === 0 || random.integer(3) === 0) shares.push(to(ALICE, 1n + random.uint(6)));
    for (const child of splits) if (random.integer(3) === 0) shares.push(to(child, 1n + random.uint(6)));
    ways += shares.length - 1;
    if (ways > 11) break;
    splits.unshift(splitOf(...shares));
  }
  const received = new Map(splits.filter(() => random.integer(3) > 0).map((split) => [split, 1n + random.uint(54)]));
  return { splits, ledger: ledgerOf({ received }) };
}

/** Tries every set of shares that lead to an account or another split. Splits come parents first. */
function bestGain({
  splits,
  ledger,
  gasPrice,
  weiPerToken,
}: {
  splits: Split[];
  ledger: LedgerView;
  gasPrice: bigint;
  weiPerToken: bigint;
}): bigint {
  const choices: DrawRange[] = splits.flatMap((split) =>
    split.tree
      .shares({ first: 0, count: split.tree.size })
      .flatMap(({ recipient }, first) => (recipient === BOB ? [] : [{ split, first, count: 1 }])),
  );
  let best = 0n;
  for (let set = 0; set < 2 ** choices.length; set++) {
    const ranges: DrawRange[] = [];
    for (const [i, choice] of choices.entries()) {
      if (Math.floor(set / 2 ** i) % 2 === 0) continue;
      const last = ranges.at(-1);
      if (last?.split === choice.split && last.first + last.count === choice.first) {
        ranges[ranges.length - 1] = { ...last, count: last.count + 1 };
      } else {
        ranges.push(choice);
      }
    }
    const gain = gainOf({ ranges, ledger, gasPrice, weiPerToken });
    if (set === 0 || gain > best) best = gain;
  }
  return best;
}

function gainOf({
  ranges,
  ledger,
  gasPrice,
  weiPerToken,
}: {
  ranges: DrawRange[];
  ledger: LedgerView;
  gasPrice: bigint;
  weiPerToken: bigint;
}): bigint {
  const arrivals = new Set<string>();
  for (const { split, first, count } of ranges) {
    // The ledger would revert.
    if (ledger.received(split.id).amount === 0n && !arrivals.has(split.id)) return -(10n ** 30n);
    for (const { recipient } of split.tree.shares({ first, count })) arrivals.add(recipient);
  }
  let releases;
  try {
    releases = simulateRelease({ ranges, ledger });
  } catch {
    return -(10n ** 30n);
  }
  const yielded = releases.filter(({ recipient }) => recipient === ALICE).reduce((sum, { amount }) => sum + amount, 0n);
  const gas = claimGas({ account: ALICE, ranges, releases, ledger }).total;
  return (yielded * weiPerToken) / TOKEN - BigInt(gas) * gasPrice;
}
