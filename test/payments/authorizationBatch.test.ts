import { expect } from "chai";
import { id, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { paymentNonce } from "../../sdk/authorization.ts";
import type { AuthorizationBatch } from "../../typechain-types/index.ts";
import { type AuthorizedPayment, FAR, signPayment } from "../helpers/authorizations.ts";
import { delegate } from "../helpers/delegation.ts";
import { accountOf } from "../helpers/shares.ts";
import { signCancellation } from "../helpers/signatures.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const PAYMENT = { splitId: id("a split"), amount: 100n, calls: 1n, memo: id("a receipt") };
const MADE = "0x00000000";

/** No transaction may use more (EIP-7825). */
const TRANSACTION_GAS = 2 ** 24;

interface Scene extends World {
  batch: AuthorizationBatch;
}

/** Alice, Bob and Carol have 1,000 tokens each. */
async function deployBatch(): Promise<Scene> {
  const world = await deployWorld(connection);
  const batch = await ethers.deployContract("AuthorizationBatch", [world.ledger]);
  for (const person of [world.alice, world.bob, world.carol]) await world.token.transfer(person, 1_000n);
  return { ...world, batch };
}

/** Sends a batch and gives back what it returns as well. */
async function submit({ batch, relayer }: Pick<Scene, "batch" | "relayer">, payments: AuthorizedPayment[]) {
  const errors = await batch.connect(relayer).pay.staticCall(payments);
  return { errors: [...errors], sent: batch.connect(relayer).pay(payments) };
}

describe("AuthorizationBatch", () => {
  it("knows its ledger and how much gas a payment may use", async () => {
    const { batch, ledger } = await loadFixture(deployBatch);
    expect(await batch.ledger()).to.equal(ledger);
    expect(await batch.PAYMENT_GAS()).to.equal(200_000n);
  });

  it("makes all payments, in the order of the batch", async () => {
    const scene = await loadFixture(deployBatch);
    const { token, ledger, alice, bob, carol } = scene;
    const payers = [alice, bob, carol];
    const payments = await Promise.all(
      payers.map(
        async (signer, i) =>
          await signPayment({ token, ledger, signer, payment: { ...PAYMENT, memo: id(`receipt ${i}`) } }),
      ),
    );
    const { errors, sent } = await submit(scene, payments);
    expect(errors).to.deep.equal([MADE, MADE, MADE]);
    await expect(sent).to.changeTokenBalances(ethers, token, [...payers, ledger], [-100n, -100n, -100n, 300n]);
    await expect(sent).to.not.emit(scene.batch, "PaymentSkipped");
    const paid = await ledger.queryFilter(ledger.filters.Paid(), await time.latestBlock());
    expect(paid.map(({ args }) => [args.payer, args.amount, args.calls, args.memo])).to.deep.equal(
      payers.map((payer, i) => [accountOf(payer), 100n, 1n, id(`receipt ${i}`)]),
    );
  });

  describe("when a payment cannot be made", () => {
    const bad: {
      what: string;
      by: "token" | "ledger";
      error: string;
      args?: (signed: AuthorizedPayment) => unknown[];
      spoil: (scene: Scene) => Promise<AuthorizedPayment>;
    }[] = [
      {
        what: "a field was changed",
        by: "token",
        error: "ERC3009InvalidSignature",
        spoil: async (scene) => ({ ...(await signed(scene)), payment: { ...PAYMENT, calls: 2n } }),
      },
      {
        what: "it has expired",
        by: "token",
        error: "ERC3009InvalidAuthorizationTime",
        args: () => [0n, 1_000n],
        spoil: async (scene) => await signed(scene, { validBefore: 1_000n }),
      },
      {
        what: "it is not good yet",
        by: "token",
        error: "ERC3009InvalidAuthorizationTime",
        args: () => [FAR - 1n, FAR],
        spoil: async (scene) => await signed(scene, { validAfter: FAR - 1n }),
      },
      {
        what: "it has been used",
        by: "token",
        error: "ERC3009UsedAuthorization",
        args: ({ payer, authorization }) => [payer, paymentNonce(PAYMENT, authorization.salt)],
        spoil: async (scene) => {
          const used = await signed(scene);
          await scene.ledger.payWithAuthorization(used.payer, used.payment, used.authorization);
          return used;
        },
      },
      {
        what: "it was cancelled",
        by: "token",
        error: "ERC3009UsedAuthorization",
        args: ({ payer, authorization }) => [payer, paymentNonce(PAYMENT, authorization.salt)],
        spoil: async (scene) => {
          const cancelled = await signed(scene);
          const nonce = paymentNonce(PAYMENT, cancelled.authorization.salt);
          const { v, r, s } = await signCancellation({ token: scene.token, signer: scene.bob, nonce });
          await scene.token.cancelAuthorization(scene.bob, nonce, v, r, s);
          return cancelled;
        },
      },
      {
        what: "the payer does not have the tokens",
        by: "token",
        error: "ERC20InsufficientBalance",
        args: ({ payer }) => [payer, 1_000n, 1_001n],
        spoil: async (scene) => await signed(scene, {}, { amount: 1_001n }),
      },
      {
        what: "the amount is zero",
        by: "ledger",
        error: "AttributionLedger_ZeroAmount",
        spoil: async (scene) => await signed(scene, {}, { amount: 0n }),
      },
      {
        what: "the split cannot receive that much",
        by: "ledger",
        error: "AttributionLedger_ReceivedOverflow",
        args: () => [PAYMENT.splitId, 100n, 2n ** 127n],
        spoil: async (scene) => await signed(scene, {}, { amount: 2n ** 127n }),
      },
    ];
    for (const { what, by, error, args = () => [], spoil } of bad) {
      it(`skips it, says why, and makes the others (${what})`, async () => {
        const scene = await loadFixture(deployBatch);
        const { batch, token, ledger, alice, carol } = scene;
        const spoiled = await spoil(scene);
        const others = await Promise.all(
          [alice, carol].map(async (signer) => await signPayment({ token, ledger, signer, payment: PAYMENT })),
        );
        const [before] = await ledger.received(PAYMENT.splitId);
        const { errors, sent } = await submit(scene, [others[0], spoiled, others[1]]);
        const contract = by === "token" ? token.interface : ledger.interface;
        const reason = contract.encodeErrorResult(error, adjusted(args(spoiled), before));
        expect(errors).to.deep.equal([MADE, reason.slice(0, 10), MADE]);
        await expect(sent)
          .to.emit(batch, "PaymentSkipped")
          .withArgs(spoiled.payer, spoiled.payment.splitId, 1n, reason);
        await expect(sent).to.changeTokenBalances(ethers, token, [alice, carol, ledger], [-100n, -100n, 200n]);
        expect((await ledger.received(PAYMENT.splitId))[0]).to.equal(before + 200n);
      });
    }

    /** Bob's payment. */
    async function signed(
      { token, ledger, bob }: Scene,
      times: { validAfter?: bigint; validBefore?: bigint } = {},
      changes: Partial<typeof PAYMENT> = {},
    ): Promise<AuthorizedPayment> {
      return await signPayment({ token, ledger, signer: bob, payment: { ...PAYMENT, ...changes }, ...times });
    }

    /** Of what the split has received when the second payment is tried, the first one is a part. */
    function adjusted(values: unknown[], before: bigint): unknown[] {
      return values.map((value) => (value === 100n ? before + 100n : value));
    }
  });

  describe("when a payment is in it twice", () => {
    it("makes it once", async () => {
      const scene = await loadFixture(deployBatch);
      const { token, ledger, alice } = scene;
      const payment = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      const { errors, sent } = await submit(scene, [payment, payment]);
      expect(errors).to.deep.equal([MADE, token.interface.getError("ERC3009UsedAuthorization")?.selector]);
      await expect(sent).to.changeTokenBalances(ethers, token, [alice], [-100n]);
    });
  });

  describe("when none can be made", () => {
    it("skips them all", async () => {
      const scene = await loadFixture(deployBatch);
      const { token, ledger, alice, bob } = scene;
      const payments = await Promise.all(
        [alice, bob].map(
          async (signer) => await signPayment({ token, ledger, signer, payment: { ...PAYMENT, amount: 0n } }),
        ),
      );
      const { errors, sent } = await submit(scene, payments);
      expect(errors).to.not.include(MADE);
      await (await sent).wait();
      const skipped = await scene.batch.queryFilter(scene.batch.filters.PaymentSkipped(), await time.latestBlock());
      expect(skipped.map(({ args }) => [args.payer, args.index])).to.deep.equal([
        [alice.address, 0n],
        [bob.address, 1n],
      ]);
    });
  });

  describe("when there is no entry", () => {
    it("reverts", async () => {
      const { batch } = await loadFixture(deployBatch);
      await expect(batch.pay([])).to.be.revertedWithCustomError(batch, "AuthorizationBatch_Empty");
    });
  });

  describe("when there is too little gas to give each payment what it may use", () => {
    it("reverts instead of skipping", async () => {
      const { batch, token, ledger, alice } = await loadFixture(deployBatch);
      const payment = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      await expect(batch.pay([payment], { gasLimit: 200_000 }))
        .to.be.revertedWithCustomError(batch, "AuthorizationBatch_NotEnoughGas")
        .withArgs(0n, (left: bigint) => left > 100_000n && left < 200_000n, 213_174n);
    });

    it("reverts at the payment that it comes to with too little, and undoes those before", async () => {
      const { batch, token, ledger, alice, bob } = await loadFixture(deployBatch);
      const payments = await Promise.all(
        [alice, bob].map(async (signer) => await signPayment({ token, ledger, signer, payment: PAYMENT })),
      );
      await expect(batch.pay(payments, { gasLimit: 300_000 }))
        .to.be.revertedWithCustomError(batch, "AuthorizationBatch_NotEnoughGas")
        .withArgs(1n, (left: bigint) => left < 213_174n, 213_174n);
      expect(await ledger.received(PAYMENT.splitId)).to.deep.equal([0n, 0n, 0n]);
    });

    it("makes all payments with what a wallet estimates", async () => {
      const { batch, token, ledger, alice, bob, carol } = await loadFixture(deployBatch);
      const payments = await Promise.all(
        [alice, bob, carol].map(async (signer) => await signPayment({ token, ledger, signer, payment: PAYMENT })),
      );
      const gasLimit = await batch.pay.estimateGas(payments);
      await expect(batch.pay(payments, { gasLimit })).to.not.emit(batch, "PaymentSkipped");
    });

    it("never gives a payment less than it may use", async () => {
      const { batch, token, ledger, alice } = await loadFixture(deployBatch);
      const payment = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
      // In the place of the ledger: something that succeeds if it was called with enough.
      const meter = await ethers.deployContract("GasMeter", [198_000]);
      await networkHelpers.setCode(await ledger.getAddress(), (await meter.getDeployedCode()) ?? "0x");
      let [least, most] = [100_000, 400_000];
      while (least < most) {
        const gasLimit = Math.floor((least + most) / 2);
        const answer = await batch.pay.staticCall([payment], { gasLimit }).catch(() => undefined);
        if (answer === undefined) {
          least = gasLimit + 1;
        } else {
          expect([...answer]).to.deep.equal([MADE]);
          most = gasLimit;
        }
      }
      expect(least).to.be.within(213_174, 260_000);
    });
  });

  describe("when a payer's own code fails in as costly a way as it can", () => {
    for (const [what, name, args, most] of [
      ["uses all gas it is given", "GasBurner", (token: string) => [token], 230_000],
      ["fails with as much data as it can", "RevertBomb", () => [100_000], 260_000],
    ] as const) {
      it(`skips that payment, and the others cost what they always do (${what})`, async () => {
        const { scene, eve } = await deployHooked();
        const { batch, token, ledger, alice, relayer } = scene;
        const code = await ethers.deployContract(name, args(await token.getAddress()));
        await delegate({ ethers, wallet: eve, to: code, sender: relayer });
        const good = await signPayment({ token, ledger, signer: alice, payment: PAYMENT });
        const hostile = await Promise.all(
          Array.from({ length: 20 }, async () => await signPayment({ token, ledger, signer: eve, payment: PAYMENT })),
        );
        const { errors, sent } = await submit(scene, [...hostile, good]);
        expect(errors).to.deep.equal([...hostile.map(() => "0xffffffff"), MADE]);
        const { gasUsed } = (await (await sent).wait()) ?? { gasUsed: 0n };
        expect(Number(gasUsed)).to.be.lessThan(hostile.length * most);
        expect((await ledger.received(PAYMENT.splitId))[0]).to.equal(100n);
        const skipped = await batch.queryFilter(batch.filters.PaymentSkipped(), await time.latestBlock());
        expect(skipped.every(({ args: { reason } }) => reason.length <= 2 + 2 * 256)).to.equal(true);
      });
    }

    it("does not pass off as made what failed with zeros", async () => {
      const { scene, eve } = await deployHooked();
      const { batch, token, ledger, relayer } = scene;
      const code = await ethers.deployContract("RevertBomb", [32]);
      await delegate({ ethers, wallet: eve, to: code, sender: relayer });
      const { errors, sent } = await submit(scene, [
        await signPayment({ token, ledger, signer: eve, payment: PAYMENT }),
      ]);
      expect(errors).to.deep.equal(["0xffffffff"]);
      await expect(sent).to.emit(batch, "PaymentSkipped").withArgs(eve.address, PAYMENT.splitId, 0n, ZeroHash);
    });
  });

  for (const count of [50, 150]) {
    it(`makes ${count} payments in one transaction`, async () => {
      const scene = await loadFixture(deployBatch);
      const { batch, token, ledger, relayer } = scene;
      const payments: AuthorizedPayment[] = [];
      for (let i = 0; i < count; i++) {
        const signer = new Wallet(id(`payer ${i}`));
        await token.transfer(signer.address, 100n);
        payments.push(await signPayment({ token, ledger, signer, payment: PAYMENT }));
      }
      const { gasUsed } = (await (await batch.connect(relayer).pay(payments)).wait()) ?? { gasUsed: 0n };
      expect(await ledger.received(PAYMENT.splitId)).to.deep.equal([
        100n * BigInt(count),
        BigInt(count),
        BigInt(await time.latest()),
      ]);
      expect(Number(gasUsed)).to.be.lessThan(TRANSACTION_GAS);
    });
  }
});

/** A batch over a ledger whose token calls its holders. Eve's key is at hand, so that her account can be given code. */
async function deployHooked() {
  const world = await loadFixture(deployBatch);
  const token = await ethers.deployContract("HookAuthorizationToken");
  const ledger = await ethers.deployContract("AttributionLedger", [token]);
  const batch = await ethers.deployContract("AuthorizationBatch", [ledger]);
  const eve = new Wallet(id("eve"), ethers.provider);
  await world.payer.sendTransaction({ to: eve.address, value: ethers.parseEther("1") });
  for (const holder of [eve.address, world.alice.address]) await token.mint(holder, 10_000n);
  await token.connect(eve).setHook(true);
  return { scene: { ...world, token, ledger, batch }, eve };
}
