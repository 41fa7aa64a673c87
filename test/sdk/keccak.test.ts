import { expect } from "chai";
import { hexlify, keccak256 as plainKeccak256 } from "ethers";

import { keccak256 } from "../../sdk/keccak.ts";
import { randomFrom } from "./random.ts";

describe("keccak256", () => {
  it("is Keccak-256 for every length around its block size", () => {
    const random = randomFrom(1);
    for (let length = 0; length <= 300; length++) {
      const bytes = random.bytes(length);
      expect(hexlify(keccak256(bytes)), `${length} bytes`).to.equal(plainKeccak256(bytes));
    }
  });

  it("gives a hash that later calls leave alone", () => {
    const first = keccak256(new Uint8Array(1));
    const copy = first.slice();
    keccak256(new Uint8Array(2));
    expect(first).to.deep.equal(copy);
  });
});
