import { AbiCoder, hexlify, keccak256, randomBytes, Signature, type Signer, type TypedDataDomain } from "ethers";

/** A wallet's signed consent to a transfer (ERC-3009), as the contracts take it. */
export interface Authorization {
  /** Unix time in seconds after which it is good. */
  validAfter: bigint;
  /** Unix time in seconds before which it is good. */
  validBefore: bigint;
  /** Tells authorizations apart that are for the same; 32 bytes of hex. */
  salt: string;
  v: number;
  r: string;
  s: string;
}

/** What an authorized payment is for. */
export interface AuthorizedPurpose {
  splitId: string;
  /** How many inferences are paid, uint64. */
  calls: bigint;
  /** 32 bytes of hex. */
  memo: string;
}

/** Everything that makes an authorization. Amounts in the token's smallest unit. */
export interface AuthorizationRequest {
  /** EIP-712 domain of the token, see `domainOf`. */
  token: TypedDataDomain;
  signer: Signer;
  /** The contract that takes the tokens. */
  to: string;
  amount: bigint;
  /** What the tokens are for: `paymentNonce`, `purposeNonce`, bound to a salt. */
  nonce: (salt: string) => string;
  /** Defaults to long ago. */
  validAfter?: bigint;
  validBefore: bigint;
  /** Random unless given. */
  salt?: string;
}

/** A token as far as signing its transfers needs it. */
export interface SignedToken {
  /** ERC-5267. */
  eip712Domain: () => Promise<{ name: string; version: string; chainId: bigint; verifyingContract: string }>;
}

const coder = AbiCoder.defaultAbiCoder();

/** EIP-712 domain of a token. */
export async function domainOf(token: SignedToken): Promise<TypedDataDomain> {
  const { name, version, chainId, verifyingContract } = await token.eip712Domain();
  return { name, version, chainId, verifyingContract };
}

/** ERC-3009 nonce of a payment into a split: `AttributionLedger.payWithAuthorization` computes the same. */
export function paymentNonce({ splitId, calls, memo }: AuthorizedPurpose, salt: string): string {
  return keccak256(coder.encode(["bytes32", "uint64", "bytes32", "bytes32"], [splitId, calls, memo, salt]));
}

/** ERC-3009 nonce of a deposit into a channel or for a job, whose id is the purpose. */
export function purposeNonce(purpose: string, salt: string): string {
  return keccak256(coder.encode(["bytes32", "bytes32"], [purpose, salt]));
}

/** Signs tokens away for one purpose, for anybody to submit; costs no gas. */
export async function signAuthorization({
  token,
  signer,
  to,
  amount,
  nonce,
  validAfter = 0n,
  validBefore,
  salt = hexlify(randomBytes(32)),
}: AuthorizationRequest): Promise<Authorization> {
  const types = {
    ReceiveWithAuthorization: [
      { name: "from", type: "address" },
      { name: "to", type: "address" },
      { name: "value", type: "uint256" },
      { name: "validAfter", type: "uint256" },
      { name: "validBefore", type: "uint256" },
      { name: "nonce", type: "bytes32" },
    ],
  };
  const message = {
    from: await signer.getAddress(),
    to,
    value: amount,
    validAfter,
    validBefore,
    nonce: nonce(salt),
  };
  const { v, r, s } = Signature.from(await signer.signTypedData(token, types, message));
  return { validAfter, validBefore, salt, v, r, s };
}
