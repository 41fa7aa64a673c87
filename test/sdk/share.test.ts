import { expect } from "chai";

import { leafHash, packShare, SHARE_BYTES, tombstoneOf, unpackShare } from "../../sdk/share.ts";
import { naiveLeaf } from "./naive.ts";
import { randomFrom } from "./random.ts";

describe("share", () => {
  it("is packed into 81 bytes and read back", () => {
    const random = randomFrom(1);
    for (let round = 0; round < 200; round++) {
      const share = random.share();
      const packed = new Uint8Array(SHARE_BYTES);
      packShare(share, packed, 0);
      expect(unpackShare(packed)).to.deep.equal(share);
    }
  });

  it("has the leaf hash that the definition gives", () => {
    const random = randomFrom(2);
    for (let round = 0; round < 200; round++) {
      const share = random.share();
      expect(leafHash(share)).to.equal(naiveLeaf(share).hash);
    }
  });

  it("takes hex in either case, and hashes it alike", () => {
    const share = randomFrom(3).share();
    const upper = { ...share, evidence: `0x${share.evidence.slice(2).toUpperCase()}` };
    expect(leafHash(upper)).to.equal(leafHash(share));
  });

  it("keeps recipient and evidence when it is revoked", () => {
    const share = randomFrom(4).share();
    expect(tombstoneOf(share)).to.deep.equal({ ...share, units: 0n });
  });

  it("refuses a kind that is neither account nor split", () => {
    const packed = new Uint8Array(SHARE_BYTES);
    packed[0] = 2;
    expect(() => unpackShare(packed)).to.throw(
      RangeError,
      "A share's kind must be 0 (account) or 1 (split), but is 2.",
    );
  });
});
