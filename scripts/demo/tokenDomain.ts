import type { TypedDataDomain } from "ethers";

import type { OpenToken } from "../../typechain-types/index.ts";

/** EIP-712 domain of a token. */
export async function tokenDomain(token: OpenToken): Promise<TypedDataDomain> {
  const { name, version, chainId, verifyingContract } = await token.eip712Domain();
  return { name, version, chainId, verifyingContract };
}
