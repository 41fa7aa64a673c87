import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";

import type { Protocol } from "../../scripts/lib/protocol.ts";

/** Signs as the Timelock, with ether for gas: what it sends stands for a proposal that has passed and waited. */
export async function asTimelock({
  connection: { ethers, networkHelpers },
  protocol: { timelock },
}: {
  connection: NetworkConnection;
  protocol: Pick<Protocol, "timelock">;
}): Promise<HardhatEthersSigner> {
  const address = await timelock.getAddress();
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, ethers.parseEther("100"));
  return await ethers.getSigner(address);
}
