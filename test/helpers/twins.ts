import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";

import type { AttributionLedger } from "../../typechain-types/index.ts";
import { TWINS } from "../twins/twins.ts";
import type { World } from "./world.ts";

/** Says of a test that an attack succeeds on a twin, and why. */
export function worksOn(name: string): string {
  const why = TWINS.find((twin) => twin.name === name)?.why;
  if (why === undefined) throw new Error(`There is no twin ${name}.`);
  return `works on ${name}: ${why}`;
}

/** The same people and token around a vulnerable ledger, which the payer has approved as well. */
export async function withTwin({
  ethers,
  world,
  name,
}: {
  ethers: HardhatEthers;
  world: World;
  name: `AttributionLedger_${string}`;
}): Promise<World> {
  const ledger = await deployTwin({ ethers, name, token: await world.token.getAddress() });
  await world.token.approve(ledger, ethers.MaxUint256);
  return { ...world, ledger };
}

/** A vulnerable ledger for any token, with the type of the real one. */
export async function deployTwin({
  ethers,
  name,
  token,
}: {
  ethers: HardhatEthers;
  name: `AttributionLedger_${string}`;
  token: string;
}): Promise<AttributionLedger> {
  const twin = await ethers.deployContract(name, [token]);
  return await ethers.getContractAt("AttributionLedger", await twin.getAddress());
}
