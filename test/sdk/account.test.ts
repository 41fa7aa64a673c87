import { expect } from "chai";
import { getAddress } from "ethers";

import { decodeAccount, encodeAccount, isWalletAccount, walletAccount } from "../../sdk/account.ts";
import { randomFrom } from "./random.ts";

const ADDRESS = "0xD8dA6bF26964aF9D7EEd9E03E53415D37aA96045".toLowerCase();

describe("account", () => {
  it("puts the tag in front of the address, and reads both back", () => {
    const random = randomFrom(1);
    for (let round = 0; round < 100; round++) {
      const account = { address: getAddress(random.hex(20)), tag: random.uint(96) };
      const word = (account.tag << 160n) | BigInt(account.address);
      expect(encodeAccount(account)).to.equal(`0x${word.toString(16).padStart(64, "0")}`);
      expect(decodeAccount(encodeAccount(account))).to.deep.equal(account);
    }
  });

  it("takes tag 0 for the wallet itself", () => {
    expect(walletAccount(ADDRESS)).to.equal(`0x${"00".repeat(12)}${ADDRESS.slice(2)}`);
    expect(isWalletAccount(walletAccount(ADDRESS))).to.be.true;
    expect(isWalletAccount(encodeAccount({ address: ADDRESS, tag: 1n }))).to.be.false;
  });

  it("takes tags up to 2^96 - 1", () => {
    const tag = 2n ** 96n - 1n;
    expect(decodeAccount(encodeAccount({ address: ADDRESS, tag })).tag).to.equal(tag);
    expect(() => encodeAccount({ address: ADDRESS, tag: tag + 1n })).to.throw(RangeError, `but is ${tag + 1n}`);
    expect(() => encodeAccount({ address: ADDRESS, tag: -1n })).to.throw(RangeError, "but is -1");
  });

  it("refuses what is no address, with the value", () => {
    for (const address of ["0x1234", "", ADDRESS.slice(2, -1), "0xd8dA6bF26964aF9D7EEd9E03E53415D37aA96046"]) {
      expect(() => encodeAccount({ address, tag: 0n }), address).to.throw(TypeError, `but is "${address}"`);
    }
  });

  it("refuses what is no account, with the value", () => {
    for (const account of ["0x", "0x12", `0x${"00".repeat(33)}`, `0x${"0g".repeat(32)}`]) {
      expect(() => decodeAccount(account), account).to.throw(TypeError, `but is "${account}"`);
      expect(() => isWalletAccount(account), account).to.throw(TypeError);
    }
  });
});
