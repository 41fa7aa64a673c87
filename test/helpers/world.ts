import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkConnection } from "hardhat/types/network";

import type { AttributionLedger, OpenToken, SplitAddresses } from "../../typechain-types/index.ts";
import { createProtocolFixture } from "./deploy.ts";

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

export async function deployWorld(connection: NetworkConnection): Promise<World> {
  const { token, ledger, splitAddresses } = await createProtocolFixture({ connection })();
  const { ethers } = connection;
  const [payer, alice, bob, carol, mallory, relayer, arbiter] = await ethers.getSigners();
  await token.approve(ledger, ethers.MaxUint256);
  return { token, ledger, splitAddresses, payer, alice, bob, carol, mallory, relayer, arbiter };
}
