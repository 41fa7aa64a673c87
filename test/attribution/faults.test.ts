import { expect } from "chai";
import { network } from "hardhat";

import { buildReport } from "../../sdk/attribution/buildReport.ts";
import { reviewReport } from "../../sdk/attribution/reviewReport.ts";
import { walletAccount } from "../../sdk/account.ts";
import { forge } from "./forge.ts";
import { FORGERIES, type ReportedWorld } from "./forgeries.ts";
import { deployReports, endEpoch, postReport, reviewOf, settleCalls, someOutputs, sourceOf } from "./reports.ts";

const connection = await network.create();
const { networkHelpers } = connection;

async function fixture(): Promise<ReportedWorld> {
  const world = await deployReports(connection);
  const batch = await settleCalls(world, someOutputs(world, 12));
  const epoch = await endEpoch(world);
  const mallory = walletAccount(world.watcher.address);
  return { ...world, mallory, batch, epoch, data: buildReport(await sourceOf(world, [batch], epoch)) };
}

describe("A report with one fault", () => {
  for (const { what, name, change, mending = () => ({}) } of FORGERIES) {
    it(`is caught and void: ${what}`, async () => {
      const world = await networkHelpers.loadFixture(fixture);
      const data = forge(
        world.data,
        (draft) => {
          change(draft, world);
        },
        mending(world),
      );
      const report = await postReport(world, data);
      const fault = reviewReport({ report, data, ...(await reviewOf(world, [world.batch], world.epoch)) });
      expect(fault?.name).to.equal(name);
      if (fault === undefined) return;
      const verifier = fault.verifier === "span" ? world.spanVerifier : world.payoutVerifier;
      await expect(world.reports.connect(world.watcher).challenge(verifier, fault.proof)).to.emit(
        world.reports,
        "ReportDefeated",
      );
    });
  }
});
