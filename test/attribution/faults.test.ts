import { expect } from "chai";
import { network } from "hardhat";

import { reviewReport } from "../../sdk/attribution/reviewReport.ts";
import { forge } from "./forge.ts";
import { deployReported, FORGERIES, type ReportedWorld } from "./forgeries.ts";
import { postReport, reviewOf } from "./reports.ts";

const connection = await network.create();
const { networkHelpers } = connection;

const fixture = (): Promise<ReportedWorld> => deployReported(connection);

describe("A report with one fault", () => {
  it("has every fault that is shown by a proof", () => {
    const names = new Set(FORGERIES.map(({ name }) => name));
    expect([...names].sort()).to.deep.equal(["F1", "F2", "F3", "F4", "F5", "F6"]);
  });

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
