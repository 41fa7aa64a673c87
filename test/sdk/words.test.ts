import { expect } from "chai";
import { AbiCoder } from "ethers";

import { toHex } from "../../sdk/bytes.ts";
import { encodeWords } from "../../sdk/words.ts";
import { randomFrom } from "./random.ts";

const WORDS = [
  { name: "hash", type: "bytes32" },
  { name: "account", type: "address" },
  { name: "amount", type: "uint256" },
  { name: "part", type: "uint128" },
  { name: "time", type: "uint64" },
  { name: "count", type: "uint32" },
];
const ZERO = {
  hash: `0x${"00".repeat(32)}`,
  account: `0x${"00".repeat(20)}`,
  amount: 0n,
  part: 0n,
  time: 0n,
  count: 0,
};

describe("words", () => {
  it("are encoded as an AbiCoder does", () => {
    const random = randomFrom(11);
    const hex = (bytes: number): string => toHex(Uint8Array.from({ length: bytes }, () => random.integer(256)));
    for (let i = 0; i < 100; i++) {
      const values = {
        hash: hex(32),
        account: hex(20),
        amount: BigInt(hex(32)),
        part: BigInt(hex(16)),
        time: BigInt(hex(8)),
        count: Number(BigInt(hex(4))),
      };
      const types = WORDS.map(({ type }) => type);
      const expected = AbiCoder.defaultAbiCoder().encode(types, Object.values(values));
      expect(toHex(encodeWords(WORDS, values))).to.equal(expected);
    }
  });

  it("stand behind what is to be in front of them", () => {
    const front = new Uint8Array(32).fill(7);
    const encoded = encodeWords(WORDS.slice(0, 1), ZERO, [front]);
    expect(encoded).to.deep.equal(Uint8Array.from([...front, ...new Uint8Array(32)]));
  });

  it("refuse what does not fit their type, by name", () => {
    expect(() => encodeWords(WORDS, { ...ZERO, count: 2 ** 32 })).to.throw(RangeError, /^count must be between/);
    expect(() => encodeWords(WORDS, { ...ZERO, time: 2n ** 64n })).to.throw(RangeError, /^time must be between/);
    expect(() => encodeWords(WORDS, { ...ZERO, part: -1n })).to.throw(RangeError, /^part must be between/);
    expect(() => encodeWords(WORDS, { ...ZERO, hash: "0x12" })).to.throw(TypeError, /^hash must be 32 bytes/);
    expect(() => encodeWords(WORDS, { ...ZERO, account: ZERO.hash })).to.throw(TypeError, /^account must be 20 bytes/);
  });
});
