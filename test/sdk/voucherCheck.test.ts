import { expect } from "chai";
import { id, Signature, toBeHex, type Wallet } from "ethers";

import { type Channel, MAX_CHANNEL_TOTAL, voucherFor } from "../../sdk/channel.ts";
import {
  type AcceptedTerms,
  type ChannelOnChain,
  type ChannelStanding,
  checkCovers,
  checkSigned,
  VOUCHER_ERRORS,
  VoucherError,
  type VoucherErrorCode,
  type VoucherPayment,
} from "../../sdk/voucherCheck.ts";
import { channelOf, payWith, walletOf } from "../helpers/operator.ts";

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const SPLIT = id("split");

describe("voucher checks", () => {
  const [payer, operator, mallory] = [0, 1, 2].map(walletOf) as [Wallet, Wallet, Wallet];
  const domain = { chainId: 31_337n, channels: `0x${"c0".repeat(20)}` };
  const accepts: AcceptedTerms = {
    operator: operator.address,
    splitIds: new Set([SPLIT]),
    minWithdrawDelaySeconds: 3_600n,
  };
  const channel = channelOf({ payer: payer.address, operator: operator.address, splitId: SPLIT });
  const seen = new Set<VoucherErrorCode>();

  async function pay({
    max = 100n,
    signer = payer,
    of = channel,
    on = domain,
  }: { max?: bigint; signer?: Wallet; of?: Channel; on?: typeof domain } = {}): Promise<VoucherPayment> {
    return payWith({ domain: on, signer, channel: of, max });
  }

  function refusal(check: () => void): VoucherError {
    try {
      check();
    } catch (error) {
      expect(error).to.be.instanceOf(VoucherError);
      const refused = error as VoucherError;
      seen.add(refused.code);
      return refused;
    }
    throw new Error("It was accepted.");
  }

  function refusalOf(payment: VoucherPayment): VoucherError {
    return refusal(() => {
      checkSigned({ domain, accepts, payment });
    });
  }

  describe("of terms and signature", () => {
    it("accept what the payer signed, in 65 bytes and in 64, with any spelling of addresses", async () => {
      const payment = await pay();
      checkSigned({ domain, accepts, payment });
      checkSigned({
        domain,
        accepts,
        payment: { ...payment, signature: Signature.from(payment.signature).compactSerialized },
      });
      const lower = { ...channel, payer: channel.payer.toLowerCase(), operator: channel.operator.toLowerCase() };
      checkSigned({ domain, accepts, payment: { ...payment, channel: lower } });
    });

    it("accept a delegate's signature for the payer's channel, and nobody else's", async () => {
      const delegated = { ...channel, signer: mallory.address };
      checkSigned({ domain, accepts, payment: await pay({ of: delegated, signer: mallory }) });
      expect(refusalOf(await pay({ of: delegated })).code).to.equal("wrong signer");
    });

    it("name the operator, the split and the delay that are not this operator's", async () => {
      const wrongOperator = refusalOf(await pay({ of: { ...channel, operator: mallory.address } }));
      expect(wrongOperator.code).to.equal("wrong operator");
      expect(wrongOperator.values).to.deep.equal({ operator: mallory.address, wanted: operator.address });
      const wrongSplit = refusalOf(await pay({ of: { ...channel, splitId: id("other") } }));
      expect([wrongSplit.code, wrongSplit.values.splitId]).to.deep.equal(["wrong split", id("other")]);
      const short = refusalOf(await pay({ of: { ...channel, withdrawDelaySeconds: 3_599n } }));
      expect(short.code).to.equal("delay too short");
      expect(short.values).to.deep.equal({ delay: 3_599n, least: 3_600n });
    });

    it("refuse a voucher that names other terms than the channel it comes with", async () => {
      const other = await pay({ of: { ...channel, salt: id("another channel") } });
      expect(refusalOf({ ...other, channel }).code).to.equal("wrong terms");
    });

    it("refuse what cannot be read", async () => {
      const payment = await pay();
      const { voucher } = payment;
      for (const broken of [
        { ...payment, channel: { ...channel, payer: "0x12" } },
        { ...payment, channel: { ...channel, salt: "0x" } },
        { ...payment, channel: { ...channel, withdrawDelaySeconds: -1n } },
        { ...payment, voucher: { ...voucher, termsId: "terms" } },
        { ...payment, voucher: { ...voucher, maxClaimableAmount: 0n } },
        { ...payment, voucher: { ...voucher, maxClaimableAmount: -5n } },
      ]) {
        expect(refusalOf(broken).code).to.equal("malformed");
      }
    });

    it("refuse amounts above 12 bytes, which the contract would not take", async () => {
      checkSigned({ domain, accepts, payment: await pay({ max: MAX_CHANNEL_TOTAL }) });
      const refused = refusalOf(await pay({ max: MAX_CHANNEL_TOTAL + 1n }));
      expect(refused.code).to.equal("amount too large");
      expect(refused.values.most).to.equal(2n ** 96n - 1n);
    });

    it("refuse signatures of any other form", async () => {
      const payment = await pay();
      const { r, s } = Signature.from(payment.signature);
      const zero = toBeHex(0, 32);
      const forms = [
        "0x",
        "0xzz",
        payment.signature.slice(2),
        payment.signature.slice(0, -4),
        `${payment.signature}00`,
        `${r}${s.slice(2)}1d`,
        `${zero}${s.slice(2)}1b`,
        `${r}${zero.slice(2)}1b`,
      ];
      for (const signature of forms) {
        expect(refusalOf({ ...payment, signature }).code, signature).to.equal("malformed signature");
      }
    });

    it("refuse the upper twin of a good signature", async () => {
      const payment = await pay();
      const { r, s, yParity } = Signature.from(payment.signature);
      const upper = toBeHex(CURVE_ORDER - BigInt(s), 32);
      const refused = refusalOf({ ...payment, signature: `${r}${upper.slice(2)}${yParity === 0 ? "1c" : "1b"}` });
      expect([refused.code, refused.values.s]).to.deep.equal(["high s", BigInt(upper)]);
    });

    it("take a voucher for another chain, contract or amount for somebody else's", async () => {
      for (const payment of [
        await pay({ signer: mallory }),
        await pay({ on: { ...domain, chainId: 1n } }),
        await pay({ on: { ...domain, channels: `0x${"c1".repeat(20)}` } }),
        { ...(await pay({ max: 99n })), voucher: (await pay()).voucher },
      ]) {
        const refused = refusalOf(payment);
        expect(refused.code).to.equal("wrong signer");
        expect(refused.values.signer).not.to.equal(payer.address);
        expect(refused.values.wanted).to.equal(payer.address);
      }
    });

    it("leave a contract's signature to the chain", async () => {
      const payment = { ...(await pay()), signature: "0x1234", contractSignature: true };
      const { maxClaimableAmount } = payment.voucher;
      const voucher = voucherFor({ channel, maxClaimableAmount, contractSignature: true });
      checkSigned({ domain, accepts, payment: { ...payment, voucher } });
      expect(refusalOf(payment).code, "names the terms, which other contracts may share").to.equal("wrong terms");
    });
  });

  describe("of what a voucher covers", () => {
    const open: ChannelOnChain = { number: 1n, balance: 900n, settled: 100n, withdrawableAt: 0n };
    const standing: ChannelStanding = { max: 300n, signature: "0x", committed: 250n };

    function covers({ max, price = 50n, ...rest }: Partial<Parameters<typeof checkCovers>[0]> & { max: bigint }): void {
      checkCovers({ max, price, onChain: open, standing, ...rest });
    }

    function coverage(request: Parameters<typeof covers>[0]): VoucherError {
      return refusal(() => {
        covers(request);
      });
    }

    it("accept what covers the calls so far and this one, to the unit", () => {
      covers({ max: 301n, price: 51n });
      covers({ max: 1_000n });
      covers({ max: 1_000n, price: 750n });
    });

    it("accept the voucher that is held for as long as there is room in it", () => {
      covers({ max: 300n, price: 50n });
      const refused = coverage({ max: 300n, price: 51n });
      expect([refused.code, refused.values.needed]).to.deep.equal(["repeated", 301n]);
    });

    it("say what is needed when a voucher is too small", () => {
      const refused = coverage({ max: 320n, price: 71n });
      expect(refused.code).to.equal("too small");
      expect(refused.values).to.deep.equal({ max: 320n, needed: 321n });
    });

    it("refuse a voucher below the one that is held, and name that", () => {
      const refused = coverage({ max: 299n, price: 1n });
      expect(refused.code).to.equal("decreasing");
      expect(refused.values).to.deep.equal({ max: 299n, held: 300n, needed: 251n });
    });

    it("say what is missing when the deposit does not cover a voucher, whatever of it is settled", () => {
      const refused = coverage({ max: 1_001n });
      expect(refused.code).to.equal("above deposit");
      expect(refused.values).to.deep.equal({ max: 1_001n, deposited: 1_000n, missing: 1n });
      const settling = { ...open, balance: 700n, settled: 300n };
      covers({ max: 1_000n, onChain: settling });
      expect(coverage({ max: 1_001n, onChain: settling }).values.missing).to.equal(1n);
    });

    it("refuse channels that nobody opened, and those whose payer wants its money back", () => {
      const nothing = { number: 0n, balance: 0n, settled: 0n, withdrawableAt: 0n };
      expect(coverage({ max: 400n, onChain: nothing }).code).to.equal("unknown channel");
      const leaving = coverage({ max: 400n, onChain: { ...open, withdrawableAt: 77n } });
      expect(leaving.code).to.equal("withdrawal pending");
      expect(leaving.values).to.deep.equal({ withdrawableAt: 77n });
    });

    it("refuse calls that cost nothing or less", () => {
      for (const price of [0n, -1n]) expect(coverage({ max: 400n, price }).code).to.equal("malformed");
    });
  });

  describe("altogether", () => {
    it("answer each refusal with a status of the 400s, and a sentence with its values", () => {
      for (const { http, meaning } of Object.values(VOUCHER_ERRORS)) {
        expect([400, 402, 403, 409]).to.include(http);
        expect(meaning).to.match(/^[A-Z].*\.$/);
      }
      const error = new VoucherError("too small", { max: 1n, needed: 2n });
      expect(error.http).to.equal(402);
      expect(error.message).to.match(/^too small: .*\. \| max 1 \| needed 2$/);
    });

    it("were all seen to refuse, but for those that need a store", () => {
      const inStore: VoucherErrorCode[] = ["wrong payer", "contract signature", "call in progress", "call changed"];
      expect([...seen, ...inStore]).to.have.members(Object.keys(VOUCHER_ERRORS));
    });
  });
});
