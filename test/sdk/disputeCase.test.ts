import { expect } from "chai";
import { EventFragment } from "ethers";
import { network } from "hardhat";

import { CASE_EVENTS, casesIn } from "../../sdk/disputeCase.ts";
import { deployDisputes, endCase, FOR_CLAIMANT, openCase } from "../helpers/disputes.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;

describe("cases in logs", () => {
  async function deploy() {
    return await deployDisputes(connection);
  }

  it("are read as the court writes them", async () => {
    const { court } = await networkHelpers.loadFixture(deploy);
    const formats = court.interface.fragments
      .filter((fragment) => fragment instanceof EventFragment)
      .map((event) => event.topicHash);
    for (const event of CASE_EVENTS.fragments.filter((fragment) => fragment instanceof EventFragment)) {
      expect(formats, event.name).to.include(event.topicHash);
    }
  });

  it("have all that is needed to settle them", async () => {
    const world = await networkHelpers.loadFixture(deploy);
    const { court } = world;
    const opened = await openCase(world);
    const other = await openCase(world, { claim: { amount: 1n }, draws: "0x" });
    const logs = await ethers.provider.getLogs({ fromBlock: 0 });
    const cases = casesIn({ logs, court: await court.getAddress() });
    expect(cases).to.deep.equal([
      { caseId: opened.caseId, shares: opened.shares },
      { caseId: other.caseId, shares: [] },
    ]);
    await endCase(world, { ...opened, ...cases[0] }, FOR_CLAIMANT);
  });
});
