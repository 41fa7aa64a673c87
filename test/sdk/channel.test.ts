import { expect } from "chai";
import { concat, dataSlice, id, Signature, toBeHex, Wallet, ZeroAddress, ZeroHash } from "ethers";

import {
  type Channel,
  channelId,
  MAX_CHANNEL_TOTAL,
  packVouchers,
  readSettled,
  readStatuses,
  recoverVoucherSigner,
  SETTLEMENT_STATUS,
  signVoucher,
  termsId,
  type VoucherClaim,
  voucherDigest,
  voucherTypedData,
} from "../../sdk/channel.ts";
import vectors from "../vectors/vouchers.json" with { type: "json" };

const WALLET = new Wallet(id("payer"));
const OTHER = "0x00000000000000000000000000000000000000aa";
const DOMAIN = { chainId: 31_337n, channels: "0x00000000000000000000000000000000000000cc" };
const OWN: Channel = {
  payer: WALLET.address,
  signer: WALLET.address,
  operator: OTHER,
  splitId: id("split"),
  withdrawDelaySeconds: 86_400n,
  salt: ZeroHash,
};
const SIGNATURE = WALLET.signingKey.sign(id("anything"));

function claim(changes: Partial<VoucherClaim> = {}): VoucherClaim {
  const signature = SIGNATURE.serialized;
  return { channel: OWN, maxClaimableAmount: 5n, total: 5n, signature, contractSignature: false, ...changes };
}

describe("channels in the SDK", () => {
  it("are as the golden vectors have them", () => {
    const claims = vectors.payers.map((payer, i): VoucherClaim => {
      const channel = {
        payer,
        signer: vectors.signers[i],
        operator: vectors.operators[i],
        splitId: vectors.splitIds[i],
        withdrawDelaySeconds: BigInt(vectors.delays[i]),
        salt: vectors.salts[i],
      };
      return {
        channel,
        maxClaimableAmount: BigInt(vectors.maxima[i]),
        total: BigInt(vectors.totals[i]),
        signature: vectors.signatures[i],
        contractSignature: vectors.contractSignatures[i] === 1,
      };
    });
    for (const [i, { channel, maxClaimableAmount, ...rest }] of claims.entries()) {
      expect(termsId(channel)).to.equal(vectors.termsIds[i]);
      expect(channelId(channel)).to.equal(vectors.channelIds[i]);
      const voucher = { termsId: termsId(channel), maxClaimableAmount };
      const domain = { chainId: BigInt(vectors.chainId), channels: vectors.channels };
      expect(voucherDigest({ ...domain, voucher })).to.equal(vectors.digests[i]);
      expect(packVouchers([{ channel, maxClaimableAmount, ...rest }])).to.equal(concat(["0x0001", vectors.packed[i]]));
      if (rest.contractSignature) continue;
      expect(recoverVoucherSigner({ ...domain, voucher, signature: rest.signature })).to.equal(channel.signer);
    }
    expect(packVouchers(claims)).to.equal(concat([toBeHex(claims.length, 2), ...vectors.packed]));
  });

  describe("termsId and channelId", () => {
    it("differ with every term", () => {
      const changes: Partial<Channel>[] = [
        {},
        { payer: OTHER },
        { signer: OTHER },
        { operator: WALLET.address },
        { splitId: id("other") },
        { withdrawDelaySeconds: 1n },
        { salt: id("salt") },
      ];
      expect(new Set(changes.map((change) => channelId({ ...OWN, ...change })))).to.have.lengthOf(changes.length);
    });

    it("take addresses in any case", () => {
      const lower = { ...OWN, payer: OWN.payer.toLowerCase() };
      expect(termsId(lower)).to.equal(termsId(OWN));
      expect(channelId(lower)).to.equal(channelId(OWN));
    });

    it("leave the signer, and a payer that signs itself, out of the terms", () => {
      const payer = Wallet.createRandom().address;
      expect(termsId({ ...OWN, payer, signer: payer })).to.equal(termsId(OWN));
      expect(termsId({ ...OWN, signer: payer })).to.equal(termsId({ ...OWN, signer: OTHER }));
      expect(termsId({ ...OWN, signer: payer })).not.to.equal(termsId(OWN));
    });

    it("refuse terms without a payer, as the contract does", () => {
      expect(() => channelId({ ...OWN, payer: ZeroAddress })).to.throw(RangeError, "A channel needs a payer.");
    });
  });

  describe("vouchers", () => {
    it("are signed and recovered", async () => {
      const voucher = { termsId: termsId(OWN), maxClaimableAmount: 7n };
      const signature = await signVoucher({ signer: WALLET, ...DOMAIN, voucher });
      expect(recoverVoucherSigner({ ...DOMAIN, voucher, signature })).to.equal(WALLET.address);
      expect(
        recoverVoucherSigner({ ...DOMAIN, voucher, signature: Signature.from(signature).compactSerialized }),
      ).to.equal(WALLET.address);
      expect(WALLET.signingKey.sign(voucherDigest({ ...DOMAIN, voucher })).serialized).to.equal(signature);
    });

    it("are bound to chain, contract, terms and amount", () => {
      const voucher = { termsId: termsId(OWN), maxClaimableAmount: 7n };
      const digests = [
        { ...DOMAIN, voucher },
        { ...DOMAIN, chainId: 1n, voucher },
        { ...DOMAIN, channels: OTHER, voucher },
        { ...DOMAIN, voucher: { ...voucher, termsId: ZeroHash } },
        { ...DOMAIN, voucher: { ...voucher, maxClaimableAmount: 8n } },
      ].map(voucherDigest);
      expect(new Set(digests)).to.have.lengthOf(5);
    });

    it("name their domain", () => {
      const { domain, types } = voucherTypedData({ ...DOMAIN, voucher: { termsId: ZeroHash, maxClaimableAmount: 0n } });
      expect(domain).to.deep.equal({
        name: "PaymentChannels",
        version: "1",
        chainId: 31_337n,
        verifyingContract: DOMAIN.channels,
      });
      expect(Object.keys(types)).to.deep.equal(["Voucher"]);
    });

    it("are not recovered from a malformed signature", () => {
      const request = { ...DOMAIN, voucher: { termsId: ZeroHash, maxClaimableAmount: 0n } };
      for (const signature of ["0x", concat([SIGNATURE.r, toBeHex(2n ** 255n, 32), "0x1b"]), ZeroHash]) {
        expect(() => recoverVoucherSigner({ ...request, signature })).to.throw();
      }
    });
  });

  describe("packVouchers", () => {
    it("puts the number in front", () => {
      expect(packVouchers([])).to.equal("0x0000");
      expect(dataSlice(packVouchers([claim(), claim()]), 0, 2)).to.equal("0x0002");
    });

    const compact = SIGNATURE.compactSerialized;
    const forms: { what: string; changes: Partial<VoucherClaim>; packed: string }[] = [
      { what: "the maximum", changes: {}, packed: concat(["0x00", toBeHex(5, 12), compact]) },
      {
        what: "what is claimed where that is less",
        changes: { total: 4n },
        packed: concat(["0x01", toBeHex(5, 12), toBeHex(4, 12), compact]),
      },
      {
        what: "the payer where somebody else signs",
        changes: { channel: { ...OWN, payer: OTHER } },
        packed: concat(["0x02", toBeHex(5, 12), OTHER, compact]),
      },
      {
        what: "a contract's address, and its signature as it is",
        changes: { contractSignature: true, signature: "0xabcdef" },
        packed: concat(["0x04", toBeHex(5, 12), OWN.signer, "0x0003", "0xabcdef"]),
      },
      {
        what: "all of that",
        changes: {
          channel: { ...OWN, payer: OTHER },
          total: 1n,
          maxClaimableAmount: MAX_CHANNEL_TOTAL,
          contractSignature: true,
          signature: "0x",
        },
        packed: concat(["0x07", `0x${"ff".repeat(12)}`, toBeHex(1, 12), OTHER, OWN.signer, "0x0000"]),
      },
    ];
    for (const { what, changes, packed } of forms) {
      it(`writes ${what}`, () => {
        expect(packVouchers([claim(changes)])).to.equal(concat(["0x0001", packed]));
      });
    }

    it("takes a signature of 64 bytes as it is", () => {
      expect(packVouchers([claim({ signature: compact })])).to.equal(packVouchers([claim()]));
    });

    it("throws for what does not fit", () => {
      const tooMuch = MAX_CHANNEL_TOTAL + 1n;
      expect(() => packVouchers([claim({ maxClaimableAmount: tooMuch })])).to.throw(RangeError, "A voucher's maximum");
      expect(() => packVouchers([claim({ total: tooMuch })])).to.throw(RangeError, "A claimed total");
      expect(() => packVouchers([claim({ total: -1n })])).to.throw(RangeError, "A claimed total");
      expect(() => packVouchers(new Array<VoucherClaim>(65_536).fill(claim()))).to.throw(
        RangeError,
        "The number of vouchers",
      );
      const signature = `0x${"00".repeat(65_536)}`;
      expect(() => packVouchers([claim({ contractSignature: true, signature })])).to.throw(
        RangeError,
        "A signature's length",
      );
    });

    it("throws for a key's signature that is none", () => {
      expect(() => packVouchers([claim({ signature: "0xab" })])).to.throw();
    });
  });

  describe("readStatuses", () => {
    it("names every status", () => {
      expect(readStatuses("0x000102030405")).to.deep.equal(SETTLEMENT_STATUS);
      expect(readStatuses("0x")).to.deep.equal([]);
    });

    it("throws for what is none", () => {
      expect(() => readStatuses("0x0006")).to.throw(RangeError, "6 is no status of a voucher.");
    });
  });

  describe("readSettled", () => {
    it("reads numbers and totals", () => {
      expect(readSettled(concat([toBeHex(7, 4), toBeHex(9, 12), `0x${"ff".repeat(16)}`]))).to.deep.equal([
        { number: 7n, settled: 9n },
        { number: 2n ** 32n - 1n, settled: MAX_CHANNEL_TOTAL },
      ]);
      expect(readSettled("0x")).to.deep.equal([]);
    });

    it("throws for a part of an entry", () => {
      expect(() => readSettled(`0x${"00".repeat(17)}`)).to.throw(RangeError, "16 bytes each, but there are 17");
    });
  });
});
