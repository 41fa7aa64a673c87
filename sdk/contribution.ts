import { type Signer, TypedDataEncoder, verifyTypedData } from "ethers";

import { concatBytes, fromHex, toHex, writeUint } from "./bytes.ts";
import { type Content, CONTENT_TYPES } from "./content.ts";
import type { TypedData } from "./typedData.ts";

/** What a contributor agrees to: this content, in this Datanet, of this registry, on this chain. */
export interface Contribution {
  chainId: bigint;
  /** Address of the DatanetRegistry. */
  registry: string;
  datanetId: bigint;
  content: Content;
}

/** EIP-712 data of a contribution. */
export function contributionTypedData({
  chainId,
  registry,
  datanetId,
  content,
}: Contribution): TypedData<{ datanetId: bigint; content: Content }> {
  return {
    domain: { name: "DatanetRegistry", version: "1", chainId, verifyingContract: registry },
    types: {
      Contribution: [
        { name: "datanetId", type: "uint256" },
        { name: "content", type: "Content" },
      ],
      ...CONTENT_TYPES,
    },
    value: { datanetId, content },
  };
}

/** The hash that a contributor signs. */
export function contributionDigest(contribution: Contribution): string {
  const { domain, types, value } = contributionTypedData(contribution);
  return TypedDataEncoder.hash(domain, types, value);
}

/** Signs a contribution; costs no gas. */
export async function signContribution({
  signer,
  contribution,
}: {
  signer: Signer;
  contribution: Contribution;
}): Promise<string> {
  const { domain, types, value } = contributionTypedData(contribution);
  return signer.signTypedData(domain, types, value);
}

/**
 * Address whose key signed a contribution. A contract wallet's signature (ERC-1271) recovers somebody else; only the
 * chain can check it.
 */
export function recoverContributor({
  contribution,
  signature,
}: {
  contribution: Contribution;
  signature: string;
}): string {
  const { domain, types, value } = contributionTypedData(contribution);
  return verifyTypedData(domain, types, value, signature);
}

/**
 * Packs signatures as the registry's `acceptSigned` reads them: each behind its length in two bytes, in the order of the
 * contributions.
 *
 * @throws TypeError if one is not hex, RangeError if one is longer than 65,535 bytes.
 */
export function packSignatures(signatures: readonly string[]): string {
  const parts = signatures.flatMap((signature) => {
    const bytes = fromHex(signature, "A signature");
    const length = new Uint8Array(2);
    writeUint(length, 0, BigInt(bytes.length), 2, "A signature's length");
    return [length, bytes];
  });
  return toHex(concatBytes(parts));
}
