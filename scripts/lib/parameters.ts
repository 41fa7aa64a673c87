import path from "node:path";

import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import { getAddress, isAddress } from "ethers";
import hre from "hardhat";

import { UserError } from "./script.ts";

/** What a deployment starts with. */
export interface ProtocolParameters {
  /** Receives the whole supply of OPEN. */
  tokenHolder: string;
  treasuryBps: bigint;
  operatorBps: bigint;
  stakersBps: bigint;
  /** Per call, in the smallest unit of OPEN. */
  platformFee: bigint;
  /** How long stake stays at risk after its owner asked for it. */
  thawSeconds: bigint;
  /** How long a round of rewards takes. */
  dripSeconds: bigint;
  /** In the smallest unit of OPEN. */
  minSelfStake: bigint;
  /** Members of the committee that decides disputes. */
  committee: string[];
  /** How many of their votes decide. */
  committeeQuorum: bigint;
  /** Least bond of a case, in the smallest unit of OPEN. */
  minBond: bigint;
  /** How long evidence is collected in a case. */
  evidenceSeconds: bigint;
  /** How long the arbitrator has after that. */
  rulingSeconds: bigint;
  /** How long an epoch of incentives is. */
  epochSeconds: bigint;
  /** What assets get in all in an epoch, in the smallest unit of OPEN. */
  budgetPerEpoch: bigint;
  /** How long an epoch of attribution is. */
  reportEpochSeconds: bigint;
  /** How long after its end an epoch can be reported. */
  reportSeconds: bigint;
  /** How long a report can be challenged before it is paid. */
  challengeSeconds: bigint;
  /** How long there is to answer a demand for a report's data. */
  answerSeconds: bigint;
  /** Least bond of a report, in the smallest unit of OPEN. */
  reportBond: bigint;
  /** Bond of a demand for data, in the smallest unit of OPEN. */
  demandBond: bigint;
  /** From a proposal to the moment whose votes count. */
  votingDelaySeconds: bigint;
  votingPeriodSeconds: bigint;
  /** Votes, in the smallest unit of OPEN. */
  proposalThreshold: bigint;
  quorumPercent: bigint;
  /** How long votes can be cast at least once the quorum is reached. */
  lateQuorumSeconds: bigint;
  /** From the end of a vote to execution. */
  timelockSeconds: bigint;
  /** How long it takes to let somebody else slash stake. */
  slasherDelaySeconds: bigint;
  /** May cancel proposals. Zero for nobody. */
  guardian: string;
  /** How long, from deployment on. */
  guardianSeconds: bigint;
}

/** How long cases can keep thawed stake: `MAX_HOLD_SECONDS` of OperatorStaking. */
const MAX_HOLD_SECONDS = 30n * 86_400n;

/** When changes of delays come into force: the AccessManager's `minSetback`. Until then governance must not act. */
const SETBACK_SECONDS = 5n * 86_400n;

/** The parameters that a network has unless another file is named. */
export function locateParameters(networkName: string): string {
  return path.join(hre.config.paths.ignition, "parameters", `${networkName}.json5`);
}

/** Reads a file of parameters, in which `null` stands for the deployer. */
export async function readParameters({
  file,
  deployer,
}: {
  file: string;
  deployer: string;
}): Promise<ProtocolParameters> {
  const name = path.relative(process.cwd(), file);
  let values: unknown;
  try {
    values = await readDeploymentParameters(file);
  } catch {
    throw new UserError(`The parameters in ${name} cannot be read as JSON5. Correct the file, or name another.`);
  }
  return parseParameters({ values: { ...(values as object) }, deployer, file: name });
}

function parseParameters({
  values,
  deployer,
  file,
}: {
  values: Record<string, unknown>;
  deployer: string;
  file: string;
}): ProtocolParameters {
  const refuse = (name: string, expected: string): never => {
    throw new UserError(`"${name}" in ${file} must be ${expected}.`);
  };

  const readAddress = (name: string): string => {
    const value = values[name];
    if (value === null) return deployer;
    return isAddress(value) ? getAddress(value) : refuse(name, "an address, or null for the deployer");
  };
  const readAddresses = (name: string): string[] => {
    const value = values[name];
    const expected = "a list of different addresses, none of which is the deployer's";
    if (!Array.isArray(value) || !value.every(isAddress)) return refuse(name, expected);
    const addresses = value.map((address: string) => getAddress(address));
    return new Set([...addresses, deployer]).size === addresses.length + 1 ? addresses : refuse(name, expected);
  };
  const readUint = (name: string): bigint => {
    const value = values[name];
    const isUint = typeof value === "number" ? Number.isSafeInteger(value) && value >= 0 : /^\d+$/.test(String(value));
    return isUint ? BigInt(String(value)) : refuse(name, "a whole number, or a string of digits if it is large");
  };

  const parameters: ProtocolParameters = {
    tokenHolder: readAddress("tokenHolder"),
    treasuryBps: readUint("treasuryBps"),
    operatorBps: readUint("operatorBps"),
    stakersBps: readUint("stakersBps"),
    platformFee: readUint("platformFee"),
    thawSeconds: readUint("thawSeconds"),
    dripSeconds: readUint("dripSeconds"),
    minSelfStake: readUint("minSelfStake"),
    committee: readAddresses("committee"),
    committeeQuorum: readUint("committeeQuorum"),
    minBond: readUint("minBond"),
    evidenceSeconds: readUint("evidenceSeconds"),
    rulingSeconds: readUint("rulingSeconds"),
    epochSeconds: readUint("epochSeconds"),
    budgetPerEpoch: readUint("budgetPerEpoch"),
    reportEpochSeconds: readUint("reportEpochSeconds"),
    reportSeconds: readUint("reportSeconds"),
    challengeSeconds: readUint("challengeSeconds"),
    answerSeconds: readUint("answerSeconds"),
    reportBond: readUint("reportBond"),
    demandBond: readUint("demandBond"),
    votingDelaySeconds: readUint("votingDelaySeconds"),
    votingPeriodSeconds: readUint("votingPeriodSeconds"),
    proposalThreshold: readUint("proposalThreshold"),
    quorumPercent: readUint("quorumPercent"),
    lateQuorumSeconds: readUint("lateQuorumSeconds"),
    timelockSeconds: readUint("timelockSeconds"),
    slasherDelaySeconds: readUint("slasherDelaySeconds"),
    guardian: readAddress("guardian"),
    guardianSeconds: readUint("guardianSeconds"),
  };

  const unknown = Object.keys(values).find((name) => !(name in parameters));
  if (unknown !== undefined) {
    throw new UserError(`${file} has a parameter "${unknown}", which does not exist. Remove or rename it.`);
  }

  const { thawSeconds, votingDelaySeconds, votingPeriodSeconds, timelockSeconds, slasherDelaySeconds } = parameters;
  if (parameters.guardian === deployer) {
    throw new UserError(
      `"guardian" in ${file} is the account that deploys, which keeps no power. Name another, or the zero address.`,
    );
  }
  if (parameters.committee.length > 0 && parameters.committeeQuorum > BigInt(parameters.committee.length)) {
    refuse("committeeQuorum", `at most ${parameters.committee.length}, the number of the committee's members`);
  }
  const leaving = thawSeconds + MAX_HOLD_SECONDS;
  if (slasherDelaySeconds < leaving) {
    refuse("slasherDelaySeconds", `${leaving} or more, so that stakers can leave before somebody else slashes`);
  }
  const reporting = 2n * parameters.challengeSeconds + parameters.answerSeconds;
  if (parameters.reportEpochSeconds < reporting) {
    refuse("reportEpochSeconds", `${reporting} or more, as long as one report can take, so that none has to wait`);
  }
  if (votingDelaySeconds + votingPeriodSeconds + timelockSeconds < SETBACK_SECONDS) {
    refuse("timelockSeconds", "longer: with delay and period of votes 5 days, until when slashers have no delay yet");
  }
  return parameters;
}
