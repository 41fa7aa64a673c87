import { expect } from "chai";

import { findConstants } from "../../../docs/blocks/solidity.ts";
import * as limits from "../../../sdk/scenario/limits.ts";
import { locateParameters, readParameters } from "../../../scripts/lib/parameters.ts";

/** What a constant of a contract is worth, as its source has it. */
async function valueOf(contract: string, name: string): Promise<bigint> {
  const constant = (await findConstants()).find((found) => found.contract === contract && found.name === name);
  if (constant === undefined) throw new Error(`There is no ${contract}.${name}.`);
  const [, whole, zeros = "0"] = /^([\d_]+)(?:e(\d+))?$/.exec(constant.rest) ?? [];
  return BigInt(whole.replaceAll("_", "")) * 10n ** BigInt(zeros);
}

describe("limits of scenarios", () => {
  it("are the caps of the contracts", async () => {
    const caps: [contract: string, name: string, value: number | bigint][] = [
      ["OpenToken", "SUPPLY", limits.SUPPLY],
      ["FeePolicy", "MAX_TREASURY_BPS", limits.MAX_TREASURY_BPS],
      ["FeePolicy", "MAX_OPERATOR_BPS", limits.MAX_OPERATOR_BPS],
      ["FeePolicy", "MAX_STAKERS_BPS", limits.MAX_STAKERS_BPS],
      ["FeePolicy", "MAX_SUM_BPS", limits.MAX_SUM_BPS],
      ["FeePolicy", "MAX_PLATFORM_FEE", limits.MAX_PLATFORM_FEE],
      ["DatanetRegistry", "MAX_OWNER_BPS", limits.MAX_OWNER_BPS],
      ["DatanetRegistry", "MAX_CURATOR_BPS", limits.MAX_CURATOR_BPS],
      ["OperatorStaking", "MAX_COMMISSION_BPS", limits.MAX_COMMISSION_BPS],
      ["OperatorStaking", "MAX_OPERATORS", limits.MAX_OPERATORS],
      ["EquivocationVerifier", "SLASH_BPS", limits.EQUIVOCATION_SLASH_BPS],
      ["DuplicateVerifier", "SLASH_BPS", limits.DUPLICATE_SLASH_BPS],
      ["DisputeCourt", "RULING_SLASH_BPS", limits.RULING_SLASH_BPS],
    ];
    for (const [contract, name, value] of caps) {
      expect(BigInt(value), `${contract}.${name}`).to.equal(await valueOf(contract, name));
    }
  });

  it("and defaults are the parameters of a new deployment", async () => {
    const deployer = `0x${"11".repeat(20)}`;
    const parameters = await readParameters({ file: locateParameters("hardhat"), deployer });
    expect(limits.MIN_SELF_STAKE).to.equal(parameters.minSelfStake);
    expect(limits.PROPOSAL_THRESHOLD).to.equal(parameters.proposalThreshold);
    expect(limits.QUORUM_PERCENT).to.equal(parameters.quorumPercent);
    const seconds = [limits.VOTING_DELAY_SECONDS, limits.VOTING_PERIOD_SECONDS, limits.TIMELOCK_SECONDS];
    expect(seconds.map(BigInt)).to.deep.equal([
      parameters.votingDelaySeconds,
      parameters.votingPeriodSeconds,
      parameters.timelockSeconds,
    ]);
    expect(limits.DEFAULT_FEES).to.deep.equal({
      treasuryBps: Number(parameters.treasuryBps),
      operatorBps: Number(parameters.operatorBps),
      stakersBps: Number(parameters.stakersBps),
      perCall: parameters.platformFee,
    });
  });
});
