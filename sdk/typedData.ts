import type { TypedDataDomain, TypedDataField } from "ethers";

/** EIP-712 data as ethers and wallets take it. */
export interface TypedData<Value> {
  domain: TypedDataDomain;
  types: Record<string, TypedDataField[]>;
  value: Value;
}
