import { expect } from "chai";
import { id, Signature, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import { paymentNonce, type SignedToken } from "../../sdk/authorization.ts";
import type { AuthorizationBatch, AttributionLedger } from "../../typechain-types/index.ts";
import { type AuthorizedPayment, FAR, type Payment, signPayment } from "../helpers/authorizations.ts";
import { delegate } from "../helpers/delegation.ts";
import { deployJobs, jobOf, signJob } from "../helpers/jobs.ts";
import { accountOf } from "../helpers/shares.ts";
import { signAuthorization, signCancellation } from "../helpers/signatures.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

/** What Alice signs. */
const PAYMENT: Payment = { splitId: id("a split"), amount: 400n, calls: 3n, memo: id("a receipt") };
const MALLORYS = id("mallory's split");

type LedgerTwin = `AttributionLedger_${string}`;

/** Alice has 1,000 tokens; the ledger holds 10,000 of others. */
async function deployAuthorizations(): Promise<World> {
  const world = await deployWorld(connection);
  await world.token.transfer(world.alice, 1_000n);
  return await withOthersMoney(world);
}

async function withOthersMoney(world: World): Promise<World> {
  await world.ledger.deposit(accountOf(world.bob), 10_000n);
  return world;
}

async function deployTwinWorld(name: LedgerTwin): Promise<World> {
  return await withOthersMoney(await withTwin({ ethers, world: await loadFixture(deployAuthorizations), name }));
}

async function sign(
  { token, ledger, alice }: World,
  changes: { validBefore?: bigint } = {},
): Promise<AuthorizedPayment> {
  return await signPayment({ token, ledger, signer: alice, payment: PAYMENT, salt: ZeroHash, ...changes });
}

async function receivedBy({ ledger }: World, splitId: string): Promise<bigint> {
  return (await ledger.received(splitId))[0];
}

describe("Attacks on payments by signature", () => {
  describe("a relayer that changes what was signed", () => {
    const fields: {
      field: string;
      twin: LedgerTwin;
      change: Partial<Payment>;
      hasWorked: (world: World) => Promise<boolean>;
    }[] = [
      {
        field: "split, to its own",
        twin: "AttributionLedger_SplitNotAuthorized",
        change: { splitId: MALLORYS },
        hasWorked: async (world) => (await receivedBy(world, MALLORYS)) === 400n,
      },
      {
        field: "calls, to none",
        twin: "AttributionLedger_CallsNotAuthorized",
        change: { calls: 0n },
        hasWorked: async ({ ledger }) => {
          const [amount, calls] = await ledger.received(PAYMENT.splitId);
          return amount === 400n && calls === 0n;
        },
      },
      {
        field: "memo, so that no receipt belongs to it",
        twin: "AttributionLedger_MemoNotAuthorized",
        change: { memo: ZeroHash },
        hasWorked: async (world) => (await receivedBy(world, PAYMENT.splitId)) === 400n,
      },
      {
        field: "amount, to what others have in the ledger",
        twin: "AttributionLedger_AmountNotAuthorized",
        change: { amount: 10_400n },
        hasWorked: async (world) => (await receivedBy(world, PAYMENT.splitId)) === 10_400n,
      },
    ];
    for (const { field, twin, change, hasWorked } of fields) {
      describe(`(${field})`, () => {
        const attack = async (world: World): Promise<void> => {
          const { payer, payment, authorization } = await sign(world);
          const { ledger, mallory } = world;
          await ledger.connect(mallory).payWithAuthorization(payer, { ...payment, ...change }, authorization);
        };

        it("is refused", async () => {
          const world = await loadFixture(deployAuthorizations);
          await expect(attack(world)).to.be.revertedWithCustomError(world.token, "ERC3009InvalidSignature");
        });

        it(worksOn(twin), async () => {
          const world = await deployTwinWorld(twin);
          await attack(world);
          expect(await hasWorked(world)).to.equal(true);
        });
      });
    }
  });

  describe("a relayer that passes for the payer", () => {
    const twin = "AttributionLedger_SubmitterIsPayer";
    const attack = async (world: World): Promise<string> => {
      const { payer, payment, authorization } = await sign(world);
      await world.ledger.connect(world.mallory).payWithAuthorization(payer, payment, authorization);
      const [{ args }] = await world.ledger.queryFilter(world.ledger.filters.Paid(), await time.latestBlock());
      return args.payer;
    };

    it("pays in the name of who signed", async () => {
      const world = await loadFixture(deployAuthorizations);
      expect(await attack(world)).to.equal(accountOf(world.alice));
    });

    it(worksOn(twin), async () => {
      const world = await deployTwinWorld(twin);
      expect(await attack(world)).to.equal(accountOf(world.mallory));
    });
  });

  describe("an authorization that is no good any more, or never was", () => {
    const twin = "AttributionLedger_TokenMayFail";
    const attempts: {
      what: string;
      error: string;
      args: (world: World) => unknown[];
      attack: (world: World) => Promise<AuthorizedPayment>;
    }[] = [
      {
        what: "used before",
        error: "ERC3009UsedAuthorization",
        args: ({ alice }) => [alice, paymentNonce(PAYMENT, ZeroHash)],
        attack: async (world) => {
          const used = await sign(world);
          await world.ledger.payWithAuthorization(used.payer, { ...used.payment }, used.authorization);
          return used;
        },
      },
      {
        what: "cancelled",
        error: "ERC3009UsedAuthorization",
        args: ({ alice }) => [alice, paymentNonce(PAYMENT, ZeroHash)],
        attack: async (world) => {
          const nonce = paymentNonce(PAYMENT, ZeroHash);
          const { v, r, s } = await signCancellation({ token: world.token, signer: world.alice, nonce });
          await world.token.cancelAuthorization(world.alice, nonce, v, r, s);
          return await sign(world);
        },
      },
      {
        what: "expired",
        error: "ERC3009InvalidAuthorizationTime",
        args: () => [0n, 1n],
        attack: async (world) => await sign(world, { validBefore: 1n }),
      },
      {
        what: "signed by somebody else",
        error: "ERC3009InvalidSignature",
        args: () => [],
        attack: async (world) => ({ ...(await sign({ ...world, alice: world.mallory })), payer: world.alice.address }),
      },
      {
        what: "signed for another ledger",
        error: "ERC3009InvalidSignature",
        args: () => [],
        attack: async (world) => {
          const ledger = await ethers.deployContract("AttributionLedger", [world.token]);
          return await sign({ ...world, ledger });
        },
      },
      {
        what: "signed for another chain",
        error: "ERC3009InvalidSignature",
        args: () => [],
        attack: async ({ token, ledger, alice }) =>
          await signPayment({ token, ledger, signer: alice, payment: PAYMENT, domain: { chainId: 1n } }),
      },
      {
        what: "signed for a job",
        error: "ERC3009InvalidSignature",
        args: () => [],
        attack: async ({ token, alice }) => {
          const jobWorld = await deployJobs(connection);
          const job = jobOf(jobWorld, { client: alice.address, budget: PAYMENT.amount });
          const authorization = await signJob({ world: { ...jobWorld, token }, job, signer: alice });
          return { payer: alice.address, payment: PAYMENT, authorization };
        },
      },
    ];
    for (const { what, error, args, attack } of attempts) {
      it(`is refused with the token's own error (${what})`, async () => {
        const world = await loadFixture(deployAuthorizations);
        const { payer, payment, authorization } = await attack(world);
        const [before] = await world.ledger.received(payment.splitId);
        const replay = world.ledger.connect(world.mallory).payWithAuthorization(payer, payment, authorization);
        const refused = expect(replay).to.be.revertedWithCustomError(world.token, error);
        await (args(world).length === 0 ? refused : refused.withArgs(...args(world)));
        expect(await receivedBy(world, payment.splitId)).to.equal(before);
      });

      it(`${worksOn(twin)} (${what})`, async () => {
        const world = await deployTwinWorld(twin);
        const { payer, payment, authorization } = await attack(world);
        const [before] = await world.ledger.received(payment.splitId);
        const held = await world.token.balanceOf(world.ledger);
        await world.ledger.connect(world.mallory).payWithAuthorization(payer, payment, authorization);
        expect(await receivedBy(world, payment.splitId)).to.equal(before + 400n);
        expect(await world.token.balanceOf(world.ledger)).to.equal(held);
      });
    }
  });

  describe("a token that says nothing to what it does not know", () => {
    const twin = "AttributionLedger_NoAuthorizedArrivalCheck";
    const attack = async (ledger: AttributionLedger, payer: string): Promise<void> => {
      const made = { validAfter: 0n, validBefore: FAR, salt: ZeroHash, v: 27, r: ZeroHash, s: ZeroHash };
      await ledger.payWithAuthorization(payer, PAYMENT, made);
    };

    it("is refused: nothing has arrived", async () => {
      const { alice } = await loadFixture(deployAuthorizations);
      const token = await ethers.deployContract("SilentFallbackToken");
      const ledger = await ethers.deployContract("AttributionLedger", [token]);
      await expect(attack(ledger, alice.address))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_TransferMismatch")
        .withArgs(400n, 0n);
    });

    it(worksOn(twin), async () => {
      const { alice } = await loadFixture(deployAuthorizations);
      const token = await ethers.deployContract("SilentFallbackToken");
      const deployed = await ethers.deployContract(twin, [token]);
      const ledger = await ethers.getContractAt("AttributionLedger", await deployed.getAddress());
      await attack(ledger, alice.address);
      expect((await ledger.received(PAYMENT.splitId))[0]).to.equal(400n);
    });
  });

  describe("an authorization that somebody takes straight to the token", () => {
    const twin = "AttributionLedger_AnyoneTransfers";
    // With the function for which a payer of that ledger signs.
    const attack = async (
      { token, ledger, alice, mallory }: World,
      way: "receiveWithAuthorization" | "transferWithAuthorization",
    ): Promise<void> => {
      const from = alice.address;
      const to = await ledger.getAddress();
      const authorization = {
        from,
        to,
        value: 400n,
        validAfter: 0n,
        validBefore: FAR,
        nonce: paymentNonce(PAYMENT, ZeroHash),
      };
      const type = way === "receiveWithAuthorization" ? "ReceiveWithAuthorization" : "TransferWithAuthorization";
      const { v, r, s } = Signature.from(await signAuthorization({ token, signer: alice, type, authorization }));
      await token.connect(mallory)[way](from, to, 400n, 0n, FAR, authorization.nonce, v, r, s);
      await expect(
        ledger.payWithAuthorization(from, PAYMENT, { validAfter: 0n, validBefore: FAR, salt: ZeroHash, v, r, s }),
      ).to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization");
    };

    it("is refused there: only the ledger may use it", async () => {
      const world = await loadFixture(deployAuthorizations);
      await expect(attack(world, "receiveWithAuthorization"))
        .to.be.revertedWithCustomError(world.token, "ERC20InvalidReceiver")
        .withArgs(world.ledger);
    });

    it(worksOn(twin), async () => {
      const world = await deployTwinWorld(twin);
      await attack(world, "transferWithAuthorization");
      expect(await world.token.balanceOf(world.ledger)).to.equal(10_400n);
      expect(await receivedBy(world, PAYMENT.splitId)).to.equal(0n);
    });
  });

  describe("an authorization that somebody else submits first", () => {
    const twin = "AttributionLedger_SubmitterIsPayer";
    const attack = async (world: World): Promise<unknown[]> => {
      const { payer, payment, authorization } = await sign(world);
      await world.ledger.connect(world.mallory).payWithAuthorization(payer, payment, authorization);
      const [{ args }] = await world.ledger.queryFilter(world.ledger.filters.Paid(), await time.latestBlock());
      await expect(
        world.ledger.connect(world.relayer).payWithAuthorization(payer, payment, authorization),
      ).to.be.revertedWithCustomError(world.token, "ERC3009UsedAuthorization");
      return [...args];
    };

    it("is the payment that its payer wanted, made once", async () => {
      const world = await loadFixture(deployAuthorizations);
      expect(await attack(world)).to.deep.equal([PAYMENT.splitId, accountOf(world.alice), 400n, 3n, PAYMENT.memo]);
      expect(await receivedBy(world, PAYMENT.splitId)).to.equal(400n);
    });

    it(worksOn(twin), async () => {
      const world = await deployTwinWorld(twin);
      expect(await attack(world)).to.include(accountOf(world.mallory));
    });
  });
});

describe("Attacks on batches of payments by signature", () => {
  interface Scene {
    world: World;
    batch: AuthorizationBatch;
    token: SignedToken;
    ledger: AttributionLedger;
    /** Her key is at hand, so that her account can have code. */
    eve: Wallet;
  }

  type BatchTwin = `AuthorizationBatch_${string}`;

  /** The token calls Eve, whose account runs the code, whenever her tokens move. Alice has tokens, too. */
  const arrange = async (name: "AuthorizationBatch" | BatchTwin, code: string, args: unknown[]): Promise<Scene> => {
    const world = await loadFixture(deployAuthorizations);
    const token = await ethers.deployContract("HookAuthorizationToken");
    const ledger = await ethers.deployContract("AttributionLedger", [token]);
    const deployed = await ethers.deployContract(name, [ledger]);
    const batch = await ethers.getContractAt("AuthorizationBatch", await deployed.getAddress());
    // Not a key of another file: the account would still have the code that it was given there.
    const eve = new Wallet(id("eve of the attacks"), ethers.provider);
    await world.payer.sendTransaction({ to: eve.address, value: ethers.parseEther("1") });
    for (const holder of [eve.address, world.alice.address]) await token.mint(holder, 10_000n);
    await token.connect(eve).setHook(true);
    const hook = await ethers.deployContract(code, code === "GasBurner" ? [await token.getAddress()] : args);
    await delegate({ ethers, wallet: eve, to: hook, sender: world.relayer });
    return { world, batch, token, ledger, eve };
  };

  /** Twelve payments of Eve's and, last, one of Alice's. */
  const mixed = async ({ world: { alice }, token, ledger, eve }: Scene): Promise<AuthorizedPayment[]> => {
    const hostile = Array.from(
      { length: 12 },
      async () => await signPayment({ token, ledger, signer: eve, payment: PAYMENT }),
    );
    return [...(await Promise.all(hostile)), await signPayment({ token, ledger, signer: alice, payment: PAYMENT })];
  };

  const isPaid = async ({ ledger }: Scene): Promise<boolean> => (await ledger.received(PAYMENT.splitId))[0] === 400n;

  describe("a payer whose code uses all gas there is", () => {
    const twin = "AuthorizationBatch_NoGasLimit";
    const attack = async (scene: Scene): Promise<void> => {
      await scene.batch.pay(await mixed(scene), { gasLimit: 5_000_000 });
    };

    it("costs the batch no more than any payment may", async () => {
      const scene = await arrange("AuthorizationBatch", "GasBurner", []);
      await attack(scene);
      expect(await isPaid(scene)).to.equal(true);
    });

    it(worksOn(twin), async () => {
      const scene = await arrange(twin, "GasBurner", []);
      await expect(attack(scene)).to.be.revertedWithCustomError(scene.batch, "AuthorizationBatch_NotEnoughGas");
      expect(await isPaid(scene)).to.equal(false);
    });
  });

  describe("a payer whose code fails with as much data as it can", () => {
    const twin = "AuthorizationBatch_WholeReason";
    const attack = async (scene: Scene): Promise<void> => {
      await scene.batch.pay(await mixed(scene), { gasLimit: 5_000_000 });
    };

    it("costs the batch no more than any payment may", async () => {
      const scene = await arrange("AuthorizationBatch", "RevertBomb", [100_000]);
      await attack(scene);
      expect(await isPaid(scene)).to.equal(true);
    });

    it(worksOn(twin), async () => {
      const scene = await arrange(twin, "RevertBomb", [100_000]);
      await expect(attack(scene)).to.be.revert(ethers);
      expect(await isPaid(scene)).to.equal(false);
    });
  });

  describe("a payer whose code fails with zeros", () => {
    const twin = "AuthorizationBatch_ZerosAreMade";
    const attack = async (scene: Scene): Promise<string[]> => [
      ...(await scene.batch.pay.staticCall(await mixed(scene))),
    ];

    it("does not pass for paid", async () => {
      const scene = await arrange("AuthorizationBatch", "RevertBomb", [32]);
      expect((await attack(scene)).indexOf("0x00000000")).to.equal(12);
    });

    it(worksOn(twin), async () => {
      const scene = await arrange(twin, "RevertBomb", [32]);
      expect((await attack(scene)).indexOf("0x00000000")).to.equal(0);
    });
  });

  describe("a payment that its payer has made worthless", () => {
    const twin = "AuthorizationBatch_AllOrNothing";
    const attack = async (scene: Scene): Promise<void> => {
      await scene.batch.pay(await mixed(scene));
    };

    it("does not keep the others from being made", async () => {
      const scene = await arrange("AuthorizationBatch", "RevertBomb", [0]);
      await attack(scene);
      expect(await isPaid(scene)).to.equal(true);
    });

    it(worksOn(twin), async () => {
      const scene = await arrange(twin, "RevertBomb", [0]);
      await expect(attack(scene)).to.be.revert(ethers);
    });
  });

  describe("a relayer that saves gas by giving too little", () => {
    // Eve's code lets her pay if it finds a good part of what a payment may use.
    const twin = "AuthorizationBatch_NoGasCheck";
    const attack = async ({ batch, token, ledger, eve }: Scene): Promise<void> => {
      const payment = await signPayment({ token, ledger, signer: eve, payment: PAYMENT });
      await batch.pay([payment], { gasLimit: 150_000 });
    };

    it("cannot have a payment skipped by it", async () => {
      const scene = await arrange("AuthorizationBatch", "GasMeter", [120_000]);
      await expect(attack(scene)).to.be.revertedWithCustomError(scene.batch, "AuthorizationBatch_NotEnoughGas");
    });

    it(worksOn(twin), async () => {
      const scene = await arrange(twin, "GasMeter", [120_000]);
      await attack(scene);
      expect(await isPaid(scene)).to.equal(false);
    });
  });
});
