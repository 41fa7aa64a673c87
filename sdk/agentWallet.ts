import type { Signer } from "ethers";

import type { TypedData } from "./typedData.ts";

/** What a wallet agrees to when it becomes an agent's (ERC-8004). */
export interface WalletConsent {
  agentId: bigint;
  newWallet: string;
  /** Who owns the agent. */
  owner: string;
  /** Last second, in Unix time, at which the consent is good; at most five minutes ahead. */
  deadline: bigint;
}

/** Where a consent is good. */
export interface AgentsDomain {
  chainId: bigint;
  /** Address of the AgentRegistry. */
  agents: string;
}

/** EIP-712 type of a consent. */
export const WALLET_CONSENT_TYPES = {
  AgentWalletSet: [
    { name: "agentId", type: "uint256" },
    { name: "newWallet", type: "address" },
    { name: "owner", type: "address" },
    { name: "deadline", type: "uint256" },
  ],
};

/** EIP-712 data of a consent, as ERC-8004's reference deployment asks for it. */
export function walletConsentTypedData({
  chainId,
  agents,
  consent,
}: AgentsDomain & { consent: WalletConsent }): TypedData<WalletConsent> {
  return {
    domain: { name: "ERC8004IdentityRegistry", version: "1", chainId, verifyingContract: agents },
    types: WALLET_CONSENT_TYPES,
    value: consent,
  };
}

/** Signs that a wallet is to be an agent's; costs no gas. */
export async function signWalletConsent({
  signer,
  ...request
}: AgentsDomain & { signer: Signer; consent: WalletConsent }): Promise<string> {
  const { domain, types, value } = walletConsentTypedData(request);
  return signer.signTypedData(domain, types, value);
}
