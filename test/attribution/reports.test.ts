import { expect } from "chai";
import { network } from "hardhat";

import { potId, reportId } from "../../sdk/attribution/report.ts";
import { reviewReport } from "../../sdk/attribution/reviewReport.ts";
import { encodeDraws } from "../../sdk/split.ts";
import { DAY, deployReports, postReport, type ReportWorld, reviewOf, settleEpoch, someOutputs } from "./reports.ts";

const connection = await network.create();
const { networkHelpers } = connection;
const fixture = (): Promise<ReportWorld> => deployReports(connection);

describe("AttributionReports", () => {
  it("pays each contributor what a report of the epoch gives it", async () => {
    const world = await networkHelpers.loadFixture(fixture);
    const { reports, pot, ledger } = world;
    const { batch, epoch, data } = await settleEpoch(world, someOutputs(world, 20));
    expect(data.figures.potId).to.equal(potId(pot));
    const report = await postReport(world, data);
    expect((await reports.reportOf(potId(pot)))[0]).to.equal(reportId(report));
    expect(reviewReport({ report, data, ...(await reviewOf(world, [batch], epoch)) })).to.equal(undefined);
    await networkHelpers.time.increase(DAY);
    await reports.pay(report, pot);
    const fee = (data.figures.total * 200n) / 10_000n;
    const paid = data.figures.total - fee;
    for (const [i, share] of data.payout.tree.shares({ first: 0, count: data.payout.tree.size }).entries()) {
      if (share.kind !== 0) continue;
      const before = await ledger.balanceOf(share.recipient);
      await ledger.release(encodeDraws([data.payout.draw({ first: i })]));
      expect((await ledger.balanceOf(share.recipient)) - before).to.equal((share.units * paid) / data.figures.total);
    }
  });
});
