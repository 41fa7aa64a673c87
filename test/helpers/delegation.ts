import type { HardhatEthers, HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type Addressable, resolveAddress, type Wallet } from "ethers";

/** Sets the code that a wallet's account runs (EIP-7702). `sender` pays for the transaction. */
export async function delegate({
  ethers: { provider },
  wallet,
  to,
  sender,
}: {
  ethers: HardhatEthers;
  wallet: Wallet;
  to: string | Addressable;
  sender: HardhatEthersSigner;
}): Promise<void> {
  const authorization = await wallet.authorize({
    address: await resolveAddress(to),
    nonce: await provider.getTransactionCount(wallet.address),
    chainId: (await provider.getNetwork()).chainId,
  });
  await sender.sendTransaction({ type: 4, to: sender.address, authorizationList: [authorization] });
}
