import { expect } from "chai";
import { ZeroAddress } from "ethers";

import { type ProtocolParameters, readParameters } from "../../scripts/lib/parameters.ts";
import { UserError } from "../../scripts/lib/script.ts";
import { createWorkspace, type Workspace } from "../helpers/workspace.ts";

const DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const GUARDIAN = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const DAY = 86_400;

describe("parameters of governance", () => {
  let workspace: Workspace;

  beforeEach(async () => {
    workspace = await createWorkspace();
  });

  afterEach(async () => {
    await workspace.dispose();
  });

  async function read(changes: Record<string, unknown>): Promise<ProtocolParameters> {
    return await readParameters({ file: await workspace.changeParameters(changes), deployer: DEPLOYER });
  }

  async function expectRefusal(changes: Record<string, unknown>, message: RegExp): Promise<void> {
    const error: unknown = await read(changes).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect((error as UserError).message).to.match(message);
  }

  it("name a guardian, or none", async () => {
    expect((await read({ guardian: GUARDIAN })).guardian).to.equal(GUARDIAN);
    expect((await read({})).guardian).to.equal(ZeroAddress);
  });

  it("refuse the deployer as the guardian, however it is written", async () => {
    const message =
      /^"guardian" in .* is the account that deploys, which keeps no power\. Name another, or the zero address\.$/;
    for (const guardian of [null, DEPLOYER, DEPLOYER.toLowerCase()]) await expectRefusal({ guardian }, message);
  });

  it("refuse slashers that come before stakers can leave", async () => {
    const thawSeconds = 10 * DAY;
    await read({ thawSeconds, slasherDelaySeconds: thawSeconds + 30 * DAY });
    await expectRefusal(
      { thawSeconds, slasherDelaySeconds: thawSeconds + 30 * DAY - 1 },
      /^"slasherDelaySeconds" in .* must be 3456000 or more, so that stakers can leave before somebody else slashes\.$/,
    );
  });

  it("refuse epochs that are over before the report of the last one can be paid", async () => {
    const times = { challengeSeconds: DAY, answerSeconds: 2 * DAY };
    await read({ ...times, reportEpochSeconds: 4 * DAY });
    await expectRefusal(
      { ...times, reportEpochSeconds: 4 * DAY - 1 },
      /^"reportEpochSeconds" in .* must be 345600 or more, as long as one report can take, so that none has to wait\.$/,
    );
  });

  it("refuse proposals that are executed before slashers have a delay", async () => {
    const times = { votingDelaySeconds: DAY, votingPeriodSeconds: 3 * DAY };
    await read({ ...times, timelockSeconds: DAY });
    await expectRefusal(
      { ...times, timelockSeconds: DAY - 1 },
      /^"timelockSeconds" in .* must be longer: with delay and period of votes 5 days/,
    );
  });
});
