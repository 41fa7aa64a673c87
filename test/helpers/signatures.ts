import { type AddressLike, resolveAddress, Signature, type Signer } from "ethers";

import { domainOf } from "../../sdk/authorization.ts";
import { signPermit as sign } from "../../sdk/permit.ts";
import type { OpenToken } from "../../typechain-types/index.ts";

/** The tail of the arguments of `permit` and of everything that takes a permit along. */
export type PermitArguments = [deadline: bigint, v: number, r: string, s: string];

/** Signs an EIP-2612 approval. */
export async function signPermit({
  token,
  owner,
  spender,
  value,
  deadline = 2n ** 40n,
}: {
  token: OpenToken;
  owner: Signer;
  spender: AddressLike;
  value: bigint;
  deadline?: bigint;
}): Promise<PermitArguments> {
  const { v, r, s } = await sign({
    token: await domainOf(token),
    signer: owner,
    spender: await resolveAddress(spender),
    amount: value,
    nonce: await token.nonces(owner),
    deadline,
  });
  return [deadline, v, r, s];
}

/** An ERC-3009 transfer. */
export interface Authorization {
  from: string;
  to: string;
  value: bigint;
  validAfter: bigint;
  validBefore: bigint;
  nonce: string;
}

/** Signs an ERC-3009 transfer that anybody (`TransferWithAuthorization`) or its recipient alone may submit. */
export async function signAuthorization({
  token,
  signer,
  type,
  authorization,
}: {
  token: OpenToken;
  signer: Signer;
  type: "TransferWithAuthorization" | "ReceiveWithAuthorization";
  authorization: Authorization;
}): Promise<Signature> {
  const types = {
    [type]: [
      { name: "from", type: "address" },
      { name: "to", type: "address" },
      { name: "value", type: "uint256" },
      { name: "validAfter", type: "uint256" },
      { name: "validBefore", type: "uint256" },
      { name: "nonce", type: "bytes32" },
    ],
  };
  return Signature.from(await signer.signTypedData(await domainOf(token), types, authorization));
}

/** Signs that an ERC-3009 nonce is never to be used. */
export async function signCancellation({
  token,
  signer,
  nonce,
}: {
  token: OpenToken;
  signer: Signer;
  nonce: string;
}): Promise<Signature> {
  const types = {
    CancelAuthorization: [
      { name: "authorizer", type: "address" },
      { name: "nonce", type: "bytes32" },
    ],
  };
  const message = { authorizer: await signer.getAddress(), nonce };
  return Signature.from(await signer.signTypedData(await domainOf(token), types, message));
}
