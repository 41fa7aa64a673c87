import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";

import { type Draw, encodeDraws, type Split } from "../../sdk/split.ts";
import type { AttributionLedger } from "../../typechain-types/index.ts";
import { skipWhereGasIsAnother } from "../helpers/coverage.ts";
import { accountOf, accountShare, splitOf, splitShare } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { networkHelpers } = connection;
const { loadFixture } = networkHelpers;

/** The most a transaction may use (EIP-7825). */
const MAX_TRANSACTION_GAS = 2n ** 24n;

const PAYMENT = 10n ** 24n;

describe("a lineage of 1,000 hops", () => {
  before(skipWhereGasIsAnother);

  it("costs a payment what any other split costs, and reaches its far end in four releases", async () => {
    const { ledger, alice, bob } = await loadFixture(deployWorld);
    // Each generation keeps one part in a hundred.
    const lineage = [await splitOf([accountShare({ to: bob, units: 1n })])];
    for (let depth = 1; depth <= 1_000; depth++) {
      const parent = lineage[0];
      lineage.unshift(await splitOf([accountShare({ to: alice, units: 1n }), splitShare({ to: parent, units: 99n })]));
    }
    const [first, last] = [lineage[0], lineage[1_000]];

    await ledger.deposit(accountOf(alice), 1n); // So that the ledger has tokens before either payment.
    const paidDeep = await gasOf(ledger.pay(first.id, PAYMENT, 1n, ZeroHash));
    const paidFlat = await gasOf(ledger.pay(last.id, PAYMENT, 1n, ZeroHash));
    expect(Number(paidDeep - paidFlat)).to.be.within(-100, 100); // Zero bytes in the id are cheaper.

    await releaseInBatches({
      ledger,
      draws: lineage.slice(0, -1).map((split) => split.draw({ first: 1 })),
      batch: 250,
    });
    let arrives = PAYMENT;
    for (let depth = 1; depth <= 1_000; depth++) arrives = (arrives * 99n) / 100n;
    expect((await ledger.received(last.id))[0]).to.equal(PAYMENT + arrives);
    await ledger.release(encodeDraws([last.draw({ first: 0 })]));
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(PAYMENT + arrives);
  });
});

describe("a split with 1,000 parents", () => {
  before(skipWhereGasIsAnother);

  it("reaches all of them and their contributors in batches", async () => {
    const { ledger, alice } = await loadFixture(deployWorld);
    const parents: Split[] = [];
    for (let i = 0; i < 1_000; i++)
      parents.push(await splitOf([accountShare({ to: alice, tag: BigInt(i), units: 1n })]));
    const model = await splitOf(parents.map((to, i) => splitShare({ to, units: BigInt(i + 1) })));
    await ledger.pay(model.id, model.tree.totalUnits, 1n, ZeroHash);

    const ranges = [0, 250, 500, 750].map((start) => model.draw({ first: start, count: 250 }));
    await releaseInBatches({ ledger, draws: ranges, batch: 1 });
    await releaseInBatches({ ledger, draws: parents.map((split) => split.draw({ first: 0 })), batch: 250 });
    for (const i of [0, 1, 511, 512, 999]) {
      expect((await ledger.received(parents[i].id))[0]).to.equal(BigInt(i + 1));
      expect(await ledger.balanceOf(accountOf(alice, BigInt(i)))).to.equal(BigInt(i + 1));
    }
  });
});

async function releaseInBatches({
  ledger,
  draws,
  batch,
}: {
  ledger: AttributionLedger;
  draws: Draw[];
  batch: number;
}): Promise<void> {
  for (let start = 0; start < draws.length; start += batch) {
    await ledger.release(encodeDraws(draws.slice(start, start + batch)), { gasLimit: MAX_TRANSACTION_GAS });
  }
}

async function gasOf(transaction: ReturnType<AttributionLedger["pay"]>): Promise<bigint> {
  const receipt = await (await transaction).wait();
  return receipt?.gasUsed ?? 0n;
}
