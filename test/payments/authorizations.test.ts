import { expect } from "chai";
import { id, Signature, toBeHex, ZeroHash } from "ethers";
import { network } from "hardhat";

import { paymentNonce } from "../../sdk/authorization.ts";
import { type AuthorizedPayment, signPayment } from "../helpers/authorizations.ts";
import { accountOf } from "../helpers/shares.ts";
import { signAuthorization, signCancellation } from "../helpers/signatures.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const PAYMENT = { splitId: id("a split"), amount: 400n, calls: 3n, memo: id("a receipt") };
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Alice has 1,000 tokens and has approved nobody. */
async function deployAuthorizations(): Promise<World> {
  const world = await deployWorld(connection);
  await world.token.transfer(world.alice, 1_000n);
  return world;
}

describe("payWithAuthorization", () => {
  it("takes what the payer signed away, writes down what the split received, and says so", async () => {
    const { ledger, token, alice, relayer } = await loadFixture(deployAuthorizations);
    const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
    const paid = ledger.connect(relayer).payWithAuthorization(payer, payment, authorization);
    await expect(paid).to.emit(ledger, "Paid").withArgs(PAYMENT.splitId, accountOf(alice), 400n, 3n, PAYMENT.memo);
    await expect(paid).to.emit(token, "AuthorizationUsed").withArgs(alice, paymentNonce(PAYMENT, authorization.salt));
    await expect(paid).to.changeTokenBalances(ethers, token, [alice, relayer, ledger], [-400n, 0n, 400n]);
    expect(await ledger.received(PAYMENT.splitId)).to.deep.equal([400n, 3n, BigInt(await time.latest())]);
  });

  it("does the same whoever submits it, and leaves the submitter's tokens and balance alone", async () => {
    for (const who of ["payer", "alice", "mallory", "relayer"] as const) {
      const world = await loadFixture(deployAuthorizations);
      const { ledger, token, alice, payer: holder } = world;
      await ledger.deposit(accountOf(world[who]), 50n);
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      const paid = ledger.connect(world[who]).payWithAuthorization(payer, payment, authorization);
      await expect(paid).to.changeTokenBalances(ethers, token, [alice, ledger], [-400n, 400n]);
      if (who !== "alice") await expect(paid).to.changeTokenBalances(ethers, token, [world[who]], [0n]);
      expect(await ledger.balanceOf(accountOf(world[who]))).to.equal(50n);
      expect(await token.allowance(holder, ledger)).to.equal(ethers.MaxUint256);
    }
  });

  it("adds up payments to one split, which differ by their salt", async () => {
    const { ledger, token, alice } = await loadFixture(deployAuthorizations);
    for (const salt of [ZeroHash, id("salt")]) {
      const signed = await signPayment({ token, ledger, signer: alice, payment: PAYMENT, salt });
      await ledger.payWithAuthorization(signed.payer, signed.payment, signed.authorization);
    }
    expect(await ledger.received(PAYMENT.splitId)).to.deep.equal([800n, 6n, BigInt(await time.latest())]);
  });

  describe("when something that was signed is changed", () => {
    const { splitId, amount, calls } = PAYMENT;
    const changes: [string, (signed: AuthorizedPayment, world: World) => AuthorizedPayment][] = [
      ["payer", (signed, { payer }) => ({ ...signed, payer: payer.address })],
      ["split", (signed) => withPayment(signed, { splitId: toBeHex(BigInt(splitId) ^ 1n, 32) })],
      ["amount, less", (signed) => withPayment(signed, { amount: amount - 1n })],
      ["amount, more", (signed) => withPayment(signed, { amount: amount + 1n })],
      ["calls", (signed) => withPayment(signed, { calls: calls + 1n })],
      ["memo", (signed) => withPayment(signed, { memo: ZeroHash })],
      ["salt", (signed) => withAuthorization(signed, { salt: ZeroHash })],
      ["validAfter", (signed) => withAuthorization(signed, { validAfter: 1n })],
      ["validBefore", (signed) => withAuthorization(signed, { validBefore: signed.authorization.validBefore - 1n })],
      ["v", (signed) => withAuthorization(signed, { v: 55 - signed.authorization.v })],
    ];
    for (const [field, change] of changes) {
      it(`reverts (${field})`, async () => {
        const world = await loadFixture(deployAuthorizations);
        const { ledger, token, alice } = world;
        const signed = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
        const { payer, payment, authorization } = change(signed, world);
        await expect(ledger.payWithAuthorization(payer, payment, authorization)).to.be.revertedWithCustomError(
          token,
          "ERC3009InvalidSignature",
        );
        expect(await ledger.received(payment.splitId)).to.deep.equal([0n, 0n, 0n]);
      });
    }

    it("reverts (s, to its other form)", async () => {
      const { ledger, token, alice } = await loadFixture(deployAuthorizations);
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      const s = toBeHex(CURVE_ORDER - BigInt(authorization.s), 32);
      await expect(ledger.payWithAuthorization(payer, payment, { ...authorization, v: 55 - authorization.v, s }))
        .to.be.revertedWithCustomError(token, "ECDSAInvalidSignatureS")
        .withArgs(s);
    });
  });

  describe("when it was signed for somewhere else", () => {
    const places: [string, (world: World) => Promise<AuthorizedPayment>][] = [
      [
        "another chain",
        async ({ token, ledger, alice }) =>
          await signPayment({ token, ledger, signer: alice, payment: PAYMENT, domain: { chainId: 1n } }),
      ],
      [
        "another token",
        async ({ token, ledger, alice, bob }) =>
          await signPayment({
            token,
            ledger,
            signer: alice,
            payment: PAYMENT,
            domain: { verifyingContract: bob.address },
          }),
      ],
      [
        "another contract",
        async ({ token, splitAddresses, alice }) =>
          await signPayment({ token, ledger: splitAddresses, signer: alice, payment: PAYMENT }),
      ],
    ];
    for (const [place, sign] of places) {
      it(`reverts (${place})`, async () => {
        const world = await loadFixture(deployAuthorizations);
        const { payer, payment, authorization } = await sign(world);
        await expect(world.ledger.payWithAuthorization(payer, payment, authorization)).to.be.revertedWithCustomError(
          world.token,
          "ERC3009InvalidSignature",
        );
      });
    }
  });

  describe("when it was signed as a transfer that anybody may submit", () => {
    it("reverts", async () => {
      const { ledger, token, alice } = await loadFixture(deployAuthorizations);
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      const { validAfter, validBefore, salt } = authorization;
      const signature = await signAuthorization({
        token,
        signer: alice,
        type: "TransferWithAuthorization",
        authorization: {
          from: alice.address,
          to: await ledger.getAddress(),
          value: payment.amount,
          validAfter,
          validBefore,
          nonce: paymentNonce(payment, salt),
        },
      });
      const { v, r, s } = Signature.from(signature);
      await expect(
        ledger.payWithAuthorization(payer, payment, { ...authorization, v, r, s }),
      ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
    });
  });

  describe("when the time is not one at which it is good", () => {
    // Exclusive at both ends, as ERC-3009 has it.
    for (const [when, offset, good] of [
      ["at the last second before", 0n, false],
      ["at the first second", 1n, true],
      ["at the last second", 9n, true],
      ["at the first second after", 10n, false],
    ] as const) {
      it(`${good ? "pays" : "reverts"} ${when}`, async () => {
        const { ledger, token, alice } = await loadFixture(deployAuthorizations);
        const validAfter = BigInt(await time.latest()) + 100n;
        const validBefore = validAfter + 10n;
        const { payer, payment, authorization } = await signPayment({
          token,
          ledger,
          signer: alice,
          payment: PAYMENT,
          validAfter,
          validBefore,
        });
        await time.setNextBlockTimestamp(validAfter + offset);
        const paid = ledger.payWithAuthorization(payer, payment, authorization);
        if (good) {
          await expect(paid).to.emit(ledger, "Paid");
        } else {
          await expect(paid)
            .to.be.revertedWithCustomError(token, "ERC3009InvalidAuthorizationTime")
            .withArgs(validAfter, validBefore);
        }
      });
    }
  });

  describe("when it has been used", () => {
    it("reverts", async () => {
      const { ledger, token, alice } = await loadFixture(deployAuthorizations);
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      await ledger.payWithAuthorization(payer, payment, authorization);
      await expect(ledger.payWithAuthorization(payer, payment, authorization))
        .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
        .withArgs(alice, paymentNonce(PAYMENT, authorization.salt));
      expect((await ledger.received(PAYMENT.splitId))[0]).to.equal(400n);
    });
  });

  describe("when the payer has cancelled it", () => {
    it("reverts", async () => {
      const { ledger, token, alice, relayer } = await loadFixture(deployAuthorizations);
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      const nonce = paymentNonce(PAYMENT, authorization.salt);
      const { v, r, s } = await signCancellation({ token, signer: alice, nonce });
      await token.connect(relayer).cancelAuthorization(alice, nonce, v, r, s);
      await expect(ledger.payWithAuthorization(payer, payment, authorization))
        .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
        .withArgs(alice, nonce);
    });
  });

  describe("when the payer does not have the tokens", () => {
    it("reverts with the token's own error, and the authorization stays good", async () => {
      const { ledger, token, alice, bob } = await loadFixture(deployAuthorizations);
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      await token.connect(alice).transfer(bob, 601n);
      await expect(ledger.payWithAuthorization(payer, payment, authorization))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(alice, 399n, 400n);
      await token.connect(bob).transfer(alice, 1n);
      await ledger.payWithAuthorization(payer, payment, authorization);
      expect((await ledger.received(PAYMENT.splitId))[0]).to.equal(400n);
    });
  });

  describe("when the amount is zero", () => {
    it("reverts", async () => {
      const { ledger, token, alice } = await loadFixture(deployAuthorizations);
      const nothing = { ...PAYMENT, amount: 0n };
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: nothing });
      await expect(ledger.payWithAuthorization(payer, payment, authorization)).to.be.revertedWithCustomError(
        ledger,
        "AttributionLedger_ZeroAmount",
      );
    });
  });

  describe("when the split cannot receive that much", () => {
    it("reverts with what it has received", async () => {
      const { ledger, token, alice } = await loadFixture(deployAuthorizations);
      await ledger.pay(PAYMENT.splitId, 5n, 1n, ZeroHash);
      const tooMuch = { ...PAYMENT, amount: 2n ** 127n - 5n };
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: tooMuch });
      await expect(ledger.payWithAuthorization(payer, payment, authorization))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(PAYMENT.splitId, 5n, tooMuch.amount);
    });
  });

  describe("with a token that knows no authorizations", () => {
    const made = { validAfter: 0n, validBefore: 2n ** 40n, salt: ZeroHash, v: 27, r: ZeroHash, s: ZeroHash };

    it("reverts when the token has no such function", async () => {
      const { alice } = await loadFixture(deployAuthorizations);
      const token = await ethers.deployContract("MockToken", [18]);
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      await token.mint(alice, 1_000n);
      await expect(ledger.payWithAuthorization(alice, PAYMENT, made)).to.be.revertedWithoutReason(ethers);
    });

    it("reverts when the token says nothing to what it does not know: no tokens have arrived", async () => {
      const { alice } = await loadFixture(deployAuthorizations);
      const token = await ethers.deployContract("SilentFallbackToken");
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      await token.mint(alice, 1_000n);
      await token.mint(ledger, 7n);
      await expect(ledger.payWithAuthorization(alice, PAYMENT, made))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_TransferMismatch")
        .withArgs(407n, 7n);
    });
  });

  describe("with a token that keeps a part of what is transferred", () => {
    it("reverts with what should have arrived", async () => {
      const { alice } = await loadFixture(deployAuthorizations);
      const token = await ethers.deployContract("FeeAuthorizationToken");
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      await token.mint(alice, 1_000n);
      const { payer, payment, authorization } = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      await expect(ledger.payWithAuthorization(payer, payment, authorization))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_TransferMismatch")
        .withArgs(400n, 396n);
    });
  });
});

function withPayment(signed: AuthorizedPayment, change: Partial<AuthorizedPayment["payment"]>): AuthorizedPayment {
  return { ...signed, payment: { ...signed.payment, ...change } };
}

function withAuthorization(
  signed: AuthorizedPayment,
  change: Partial<AuthorizedPayment["authorization"]>,
): AuthorizedPayment {
  return { ...signed, authorization: { ...signed.authorization, ...change } };
}
