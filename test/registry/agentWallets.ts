import type { Signer } from "ethers";

import { signWalletConsent as sign, type WalletConsent } from "../../sdk/agentWallet.ts";
import type { AgentRegistry } from "../../typechain-types/index.ts";

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
  return await sign({ chainId, agents: await agents.getAddress(), signer, consent });
}
