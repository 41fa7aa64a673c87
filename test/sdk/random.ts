import { toBeHex } from "ethers";

import { type Share, ShareKind } from "../../sdk/share.ts";

/** Random values that are the same in every run with the same seed. */
export interface Random {
  /** Whole number from 0 to `below - 1`. */
  integer: (below: number) => number;
  /** Unsigned integer of up to `bits` bits, all lengths about equally likely. */
  uint: (bits: number) => bigint;
  bytes: (length: number) => Uint8Array;
  /** `length` bytes of hex. */
  hex: (length: number) => string;
  share: () => Share;
}

/** @param seed 32-bit number; put it into messages, so that a failure can be repeated. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  const integer = (below: number): number => next() % below;
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => next() & 0xff);
  const hex = (length: number): string => `0x${Buffer.from(bytes(length)).toString("hex")}`;
  const uint = (bits: number): bigint => {
    const length = integer(bits) + 1;
    return BigInt(hex(Math.ceil(bits / 8))) & ((1n << BigInt(length)) - 1n);
  };
  return {
    integer,
    uint,
    bytes,
    hex,
    share: () =>
      integer(4) === 0
        ? { kind: ShareKind.Split, recipient: hex(32), units: uint(100), evidence: hex(32) }
        : { kind: ShareKind.Account, recipient: toBeHex(hex(20), 32), units: uint(100), evidence: hex(32) },
  };
}
