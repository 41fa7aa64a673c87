import type { Signer } from "ethers";

import type { AgentRegistry } from "../../typechain-types/index.ts";

/** What an agent's wallet agrees to. */
export interface WalletConsent {
  agentId: bigint;
  newWallet: string;
  owner: string;
  deadline: bigint;
}

export const WALLET_CONSENT_TYPES = {
  AgentWalletSet: [
    { name: "agentId", type: "uint256" },
    { name: "newWallet", type: "address" },
    { name: "owner", type: "address" },
    { name: "deadline", type: "uint256" },
  ],
};

/** Signs as ERC-8004's reference deployment asks for it. */
export async function signWalletConsent({
  agents,
  signer,
  consent,
}: {
  agents: AgentRegistry;
  signer: Signer;
  consent: WalletConsent;
}): Promise<string> {
  const { chainId } = await agents.eip712Domain();
  const verifyingContract = await agents.getAddress();
  const domain = { name: "ERC8004IdentityRegistry", version: "1", chainId, verifyingContract };
  return await signer.signTypedData(domain, WALLET_CONSENT_TYPES, consent);
}
