import { Signature, type Signer, type TypedDataDomain } from "ethers";

/** An approval by signature (EIP-2612), as the token's `permit` takes it. */
export interface Permit {
  /** Last second, in Unix time, at which it is good. */
  deadline: bigint;
  v: number;
  r: string;
  s: string;
}

/** Everything that makes a permit. */
export interface PermitRequest {
  /** EIP-712 domain of the token, see `domainOf`. */
  token: TypedDataDomain;
  signer: Signer;
  spender: string;
  /** In the token's smallest unit. */
  amount: bigint;
  /** `nonces(owner)` of the token. */
  nonce: bigint;
  deadline: bigint;
}

/** Signs an approval for anybody to submit; costs no gas. */
export async function signPermit({ token, signer, spender, amount, nonce, deadline }: PermitRequest): Promise<Permit> {
  const types = {
    Permit: [
      { name: "owner", type: "address" },
      { name: "spender", type: "address" },
      { name: "value", type: "uint256" },
      { name: "nonce", type: "uint256" },
      { name: "deadline", type: "uint256" },
    ],
  };
  const message = { owner: await signer.getAddress(), spender, value: amount, nonce, deadline };
  const { v, r, s } = Signature.from(await signer.signTypedData(token, types, message));
  return { deadline, v, r, s };
}
