import path from "node:path";

import { readDeploymentParameters } from "@nomicfoundation/hardhat-ignition/helpers";
import { getAddress, isAddress, isHexString } from "ethers";
import hre from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { UserError } from "./script.ts";

/** What a deployment starts with. */
export interface ProtocolParameters {
  /** Receives the whole supply of OPEN. */
  tokenHolder: string;
  /** May replace the fee policy, within its caps. */
  policyOwner: string;
  /** Account of the ledger (bytes32). */
  treasury: string;
  treasuryBps: bigint;
  operatorBps: bigint;
  stakersBps: bigint;
  /** Per call, in the smallest unit of OPEN. */
  platformFee: bigint;
  /** Contract that decides who may operate a service. Zero lets everybody. */
  eligibility: string;
  /** Contract that holds the accounts of those who back operators. Zero gives their part to the operator. */
  stakers: string;
}

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
  const readAccount = (name: string): string => {
    const value = values[name];
    return isHexString(value, 32) ? value : walletAccount(readAddress(name));
  };
  const readUint = (name: string): bigint => {
    const value = values[name];
    const isUint = typeof value === "number" ? Number.isSafeInteger(value) && value >= 0 : /^\d+$/.test(String(value));
    return isUint ? BigInt(String(value)) : refuse(name, "a whole number, or a string of digits if it is large");
  };

  const parameters: ProtocolParameters = {
    tokenHolder: readAddress("tokenHolder"),
    policyOwner: readAddress("policyOwner"),
    treasury: readAccount("treasury"),
    treasuryBps: readUint("treasuryBps"),
    operatorBps: readUint("operatorBps"),
    stakersBps: readUint("stakersBps"),
    platformFee: readUint("platformFee"),
    eligibility: readAddress("eligibility"),
    stakers: readAddress("stakers"),
  };

  const unknown = Object.keys(values).find((name) => !(name in parameters));
  if (unknown !== undefined) {
    throw new UserError(`${file} has a parameter "${unknown}", which does not exist. Remove or rename it.`);
  }
  return parameters;
}
