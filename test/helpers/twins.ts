import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import type { Addressable } from "ethers";

import type { AttributionLedger } from "../../typechain-types/index.ts";
import type { World } from "./world.ts";

/** The same world around a vulnerable ledger, with the same token unless another is given. */
export async function withTwin({
  ethers,
  world,
  name,
  token = world.token,
}: {
  ethers: HardhatEthers;
  world: World;
  name: `AttributionLedger_${string}`;
  token?: Addressable;
}): Promise<World> {
  const twin = await ethers.deployContract(name, [token]);
  const ledger: AttributionLedger = await ethers.getContractAt("AttributionLedger", await twin.getAddress());
  return await withLedger({ world, ledger });
}

/** The same world around another ledger. The payer has approved it. */
export async function withLedger({
  world,
  ledger,
}: {
  world: World;
  ledger: AttributionLedger;
}): Promise<World> {
  await world.token.approve(ledger, 2n ** 256n - 1n);
  return { ...world, ledger };
}
