import { createKeccak } from "hash-wasm";

/** Bytes of a hash. */
export const HASH_BYTES = 32;

// One hasher for everyone: each call below starts and ends its own run, and nothing can come between.
const hasher = await createKeccak(256);

/** Keccak-256 of `bytes`, as 32 bytes. WebAssembly: about ten times as fast as a JavaScript implementation. */
export function keccak256(bytes: Uint8Array): Uint8Array {
  hasher.init();
  hasher.update(bytes);
  return hasher.digest("binary");
}
