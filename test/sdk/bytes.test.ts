import { expect } from "chai";
import { hexlify, toBeHex } from "ethers";

import { concatBytes, fromHex, readUint, toHex, writeHex, writeUint } from "../../sdk/bytes.ts";
import { randomFrom } from "./random.ts";

describe("bytes", () => {
  it("turns bytes into hex and back", () => {
    const random = randomFrom(1);
    for (let length = 0; length <= 100; length++) {
      const bytes = random.bytes(length);
      expect(toHex(bytes)).to.equal(hexlify(bytes));
      expect(fromHex(toHex(bytes), "Bytes")).to.deep.equal(bytes);
      expect(fromHex(toHex(bytes).toUpperCase().replace("X", "x"), "Bytes")).to.deep.equal(bytes);
    }
  });

  it("refuses what is no hex of that length, with name and value", () => {
    for (const hex of ["", "0x", "1234", "0x123", "0x12345", "0X1234", "0x12g4", "0x12é4", "0x123456"]) {
      expect(() => {
        writeHex(new Uint8Array(8), 0, hex, 2, "A code");
      }, hex).to.throw(TypeError, `A code must be 2 bytes of hex with 0x in front, but is "${hex}".`);
    }
    for (const hex of ["", "0", "0x1", "0xgg"]) expect(() => fromHex(hex, "A code"), hex).to.throw(TypeError, "A code");
  });

  it("writes and reads integers of any width", () => {
    const random = randomFrom(2);
    for (const length of [1, 2, 4, 8, 12, 16, 20, 32]) {
      for (const value of [0n, 1n, random.uint(8 * length), 2n ** BigInt(8 * length) - 1n]) {
        const bytes = new Uint8Array(length + 2).fill(0xee);
        writeUint(bytes, 1, value, length, "A number");
        expect(toHex(bytes)).to.equal(`0xee${toBeHex(value, length).slice(2)}ee`);
        expect(readUint(bytes, 1, length)).to.equal(value);
      }
    }
  });

  it("refuses integers that do not fit, with name and value", () => {
    for (const value of [-1n, 65_536n]) {
      expect(() => {
        writeUint(new Uint8Array(2), 0, value, 2, "A number");
      }).to.throw(RangeError, `A number must be between 0 and 2^16 - 1, but is ${value}.`);
    }
  });

  it("joins bytes", () => {
    expect(concatBytes([])).to.deep.equal(new Uint8Array());
    expect(concatBytes([Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3)])).to.deep.equal(
      Uint8Array.of(1, 2, 3),
    );
  });
});
