import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";

import type { AttributionLedger, OpenToken, SplitAddresses } from "../../typechain-types/index.ts";

/** The ledger with its token, and people by name. The payer holds all tokens and has approved the ledger. */
export interface World {
  token: OpenToken;
  ledger: AttributionLedger;
  splitAddresses: SplitAddresses;
  payer: HardhatEthersSigner;
  alice: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  carol: HardhatEthersSigner;
  mallory: HardhatEthersSigner;
  relayer: HardhatEthersSigner;
  arbiter: HardhatEthersSigner;
}

export async function deployWorld({ ethers }: NetworkConnection): Promise<World> {
  const [payer, alice, bob, carol, mallory, relayer, arbiter] = await ethers.getSigners();
  const token = await ethers.deployContract("OpenToken", [payer]);
  const ledger = await ethers.deployContract("AttributionLedger", [token]);
  const splitAddresses = await ethers.deployContract("SplitAddresses", [ledger]);
  const world = { token, ledger, splitAddresses, payer, alice, bob, carol, mallory, relayer, arbiter };
  await token.approve(ledger, ethers.MaxUint256);
  return world;
}
