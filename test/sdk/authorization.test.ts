import { expect } from "chai";
import {
  concat,
  hexlify,
  id,
  keccak256,
  recoverAddress,
  toBeHex,
  TypedDataEncoder,
  Wallet,
  zeroPadValue,
} from "ethers";

import { paymentNonce, purposeNonce, signAuthorization } from "../../sdk/authorization.ts";

const TOKEN = { name: "OPEN", version: "1", chainId: 31337n, verifyingContract: `0x${"70".repeat(20)}` };
const PURPOSE = { splitId: id("a split"), calls: 3n, memo: id("a receipt") };
const SALT = id("salt");
const signer = new Wallet(id("payer"));

const TYPES = {
  ReceiveWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
};

describe("authorization", () => {
  it("has a nonce that is the hash of all that the tokens are for", () => {
    const { splitId, calls, memo } = PURPOSE;
    expect(paymentNonce(PURPOSE, SALT)).to.equal(keccak256(concat([splitId, toBeHex(calls, 32), memo, SALT])));
    expect(purposeNonce(splitId, SALT)).to.equal(keccak256(concat([splitId, SALT])));
  });

  it("has another nonce once anything is changed", () => {
    const nonces = [
      paymentNonce(PURPOSE, SALT),
      paymentNonce({ ...PURPOSE, splitId: SALT }, SALT),
      paymentNonce({ ...PURPOSE, calls: 4n }, SALT),
      paymentNonce({ ...PURPOSE, memo: SALT }, SALT),
      paymentNonce(PURPOSE, PURPOSE.memo),
      purposeNonce(PURPOSE.splitId, SALT),
      purposeNonce(PURPOSE.memo, SALT),
    ];
    expect(new Set(nonces).size).to.equal(nonces.length);
  });

  it("is signed as ERC-3009 defines it", async () => {
    const to = zeroPadValue("0x01", 20);
    const authorization = await signAuthorization({
      token: TOKEN,
      signer,
      to,
      amount: 5n,
      nonce: (salt) => purposeNonce(PURPOSE.splitId, salt),
      validAfter: 10n,
      validBefore: 20n,
      salt: SALT,
    });
    const { v, r, s, ...rest } = authorization;
    expect(rest).to.deep.equal({ validAfter: 10n, validBefore: 20n, salt: SALT });
    const nonce = purposeNonce(PURPOSE.splitId, SALT);
    const message = { from: signer.address, to, value: 5n, validAfter: 10n, validBefore: 20n, nonce };
    expect(recoverAddress(TypedDataEncoder.hash(TOKEN, TYPES, message), { v, r, s })).to.equal(signer.address);
  });

  it("is good from long ago and has a salt of its own unless told otherwise", async () => {
    const nonces: string[] = [];
    const sign = async () =>
      await signAuthorization({
        token: TOKEN,
        signer,
        to: signer.address,
        amount: 5n,
        nonce: (salt) => {
          nonces.push(paymentNonce(PURPOSE, salt));
          return paymentNonce(PURPOSE, salt);
        },
        validBefore: 20n,
      });
    const [first, second] = [await sign(), await sign()];
    expect(first.validAfter).to.equal(0n);
    expect(hexlify(first.salt)).to.have.lengthOf(66);
    expect(first.salt).to.not.equal(second.salt);
    expect(nonces).to.deep.equal([paymentNonce(PURPOSE, first.salt), paymentNonce(PURPOSE, second.salt)]);
  });
});
