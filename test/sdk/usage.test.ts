import { expect } from "chai";
import { id, parseEther } from "ethers";
import { network } from "hardhat";

import { readUsage } from "../../sdk/usage.ts";
import { deployWorld, type World } from "../helpers/world.ts";
import { accountOf, accountShare, drawAll, splitOf } from "../helpers/shares.ts";

const connection = await network.getOrCreate();
const { loadFixture } = connection.networkHelpers;

const deploy = async (): Promise<World> => await deployWorld(connection);

describe("usage", () => {
  it("counts payments, calls and payouts, period by period", async () => {
    const world = await loadFixture(deploy);
    const { ledger, payer, alice, bob } = world;
    const { provider } = connection.ethers;
    const split = await splitOf([accountShare({ to: alice, units: 3n }), accountShare({ to: bob, units: 1n })]);
    const first = (await provider.getBlockNumber()) + 1;
    await ledger.connect(payer).pay(split.id, parseEther("4"), 5n, id("a receipt"));
    await ledger.connect(payer).pay(split.id, parseEther("4"), 2n, id("another"));
    await ledger.release(drawAll(split));
    const range = { provider, ledger: await ledger.getAddress(), fromBlock: first, toBlock: first + 2 };

    const [whole, ...more] = await readUsage(range);
    expect(more).to.deep.equal([]);
    expect(whole.splits.get(split.id)).to.deep.equal({
      ...{ splitId: split.id, payments: 2, calls: 7n, paid: parseEther("8"), payouts: 2, paidOut: parseEther("8") },
      recipients: new Set([accountOf(alice), accountOf(bob)]),
    });

    const periods = await readUsage({ ...range, blocksPerPeriod: 2 });
    expect(periods.map(({ fromBlock, toBlock }) => [fromBlock, toBlock])).to.deep.equal([
      [first, first + 1],
      [first + 2, first + 2],
    ]);
    expect(periods.map(({ splits }) => splits.get(split.id)?.payments)).to.deep.equal([2, 0]);
    expect(periods.map(({ splits }) => splits.get(split.id)?.payouts)).to.deep.equal([0, 2]);
  });

  it("has no periods without blocks", async () => {
    const range = { provider: connection.ethers.provider, ledger: `0x${"11".repeat(20)}`, fromBlock: 1, toBlock: 1 };
    const reason = await readUsage({ ...range, blocksPerPeriod: 0 }).catch((error: unknown) => error);
    expect(reason).to.be.instanceOf(RangeError);
    expect(reason).to.include({ message: "A period has at least one block." });
  });
});
