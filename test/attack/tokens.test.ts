import { expect } from "chai";
import { type BaseContract, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { AttributionLedger } from "../../typechain-types/index.ts";
import { accountOf, accountShare, drawAll, drawOf, splitOf } from "../helpers/shares.ts";
import { deployTwin, worksOn } from "../helpers/twins.ts";

const connection = await network.getOrCreate();
const { ethers } = connection;
const [payer, alice, bob, mallory] = await ethers.getSigners();

/** What all test tokens have in common. */
interface AnyToken extends BaseContract {
  mint: (to: string, amount: bigint) => Promise<unknown>;
  approve: (spender: string, amount: bigint) => Promise<unknown>;
}

type Deploy = (token: string) => Promise<AttributionLedger>;

const real: Deploy = async (token) => await ethers.deployContract("AttributionLedger", [token]);

const twinOf =
  (name: `AttributionLedger_${string}`): Deploy =>
  async (token) =>
    await deployTwin({ ethers, name, token });

describe("odd tokens", () => {
  describe("a token that keeps a part of what is transferred", () => {
    const twin = "AttributionLedger_NoArrivalCheck";
    const attack = async (deploy: Deploy) => {
      const token = await ethers.deployContract("FeeToken", [false]);
      const ledger = await deployFor(token, deploy);
      return { token, ledger, pay: ledger.pay(ZeroHash, 1_000n, 1n, ZeroHash) };
    };

    it("is refused by payments, batches and deposits, with what should have arrived", async () => {
      const { ledger, pay } = await attack(real);
      const entry = { splitId: ZeroHash, amount: 1_000n, calls: 1n, memo: ZeroHash };
      for (const call of [pay, ledger.payMany([entry]), ledger.deposit(accountOf(alice), 1_000n)]) {
        await expect(call)
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_TransferMismatch")
          .withArgs(1_000n, 990n);
      }
    });

    it(worksOn(twin), async () => {
      const { token, ledger, pay } = await attack(twinOf(twin));
      await pay;
      expect((await ledger.received(ZeroHash))[0]).to.equal(1_000n);
      expect(await token.balanceOf(ledger)).to.equal(990n);
    });
  });

  describe("a token that rounds what is transferred", () => {
    const twin = "AttributionLedger_NoArrivalCheck";
    const attack = async (deploy: Deploy) => {
      const token = await ethers.deployContract("RebasingToken");
      const ledger = await deployFor(token, deploy);
      await token.rebase(1_500_001n);
      return { token, ledger, pay: ledger.pay(ZeroHash, 1_000n, 1n, ZeroHash) };
    };

    it("is refused", async () => {
      const { ledger, pay } = await attack(real);
      await expect(pay)
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_TransferMismatch")
        .withArgs(1_000n, 999n);
    });

    it(worksOn(twin), async () => {
      const { token, ledger, pay } = await attack(twinOf(twin));
      await pay;
      expect((await ledger.received(ZeroHash))[0]).to.equal(1_000n);
      expect(await token.balanceOf(ledger)).to.equal(999n);
    });
  });

  // No twin: whether a token does this cannot be seen on arrival, so there is no defence to take away. What is shown is
  // who bears the loss if such a token has been chosen.
  describe("a token whose balances shrink after they have arrived", () => {
    it("cannot be recognized on arrival: who withdraws last finds too little", async () => {
      const token = await ethers.deployContract("RebasingToken");
      const ledger = await deployFor(token, real);
      await ledger.deposit(accountOf(alice), 1_000n);
      await ledger.deposit(accountOf(bob), 1_000n);
      await token.rebase(500_000n);
      await ledger.connect(alice).withdraw(0n, 1_000n, alice);
      await expect(ledger.connect(bob).withdraw(0n, 1_000n, bob)).to.be.revertedWithPanic(0x11);
    });
  });

  // No twin, for the same reason.
  describe("a token that takes its fee on top of what leaves", () => {
    it("cannot be recognized on arrival: departures cost the ledger more than they should", async () => {
      const token = await ethers.deployContract("FeeToken", [true]);
      const ledger = await deployFor(token, real);
      await ledger.deposit(accountOf(alice), 1_000n);
      await ledger.deposit(accountOf(bob), 1_000n);
      await ledger.connect(alice).withdraw(0n, 1_000n, alice);
      expect(await token.balanceOf(ledger)).to.equal(990n);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(1_000n);
    });
  });

  describe("a token that says false instead of reverting", () => {
    const twin = "AttributionLedger_IgnoresFailure";
    const attack = async (deploy: Deploy) => {
      const token = await ethers.deployContract("FalseToken");
      const ledger = await deployFor(token, deploy);
      await ledger.deposit(accountOf(bob), 1_000n);
      await token.setFailing(true);
      return { token, ledger, deposit: ledger.connect(mallory).deposit(accountOf(mallory), 1_000n) };
    };

    it("is taken at its word: nothing was paid", async () => {
      const { token, ledger, deposit } = await attack(real);
      await expect(deposit).to.be.revertedWithCustomError(ledger, "SafeERC20FailedOperation").withArgs(token);
      await expect(ledger.connect(bob).withdraw(0n, 1_000n, bob))
        .to.be.revertedWithCustomError(ledger, "SafeERC20FailedOperation")
        .withArgs(token);
      expect(await ledger.balanceOf(accountOf(bob))).to.equal(1_000n);
    });

    it(worksOn(twin), async () => {
      const { token, ledger, deposit } = await attack(twinOf(twin));
      await deposit;
      await token.setFailing(false);
      await ledger.connect(mallory).withdraw(0n, 1_000n, mallory);
      expect(await token.balanceOf(mallory)).to.equal(1_000n); // Bob's.
    });
  });

  describe("a token that returns nothing", () => {
    const twin = "AttributionLedger_BareTransferFrom";
    const attack = async (deploy: Deploy) => {
      const token = await ethers.deployContract("SilentToken");
      const ledger = await deployFor(token, deploy);
      return { token, ledger, deposit: ledger.deposit(accountOf(alice), 1_000n) };
    };

    it("can be paid, claimed, paid out and withdrawn", async () => {
      const { token, ledger, deposit } = await attack(real);
      await deposit;
      const split = await splitOf([accountShare({ to: alice, units: 1n }), accountShare({ to: bob, units: 1n })]);
      await ledger.connect(alice).payFromBalance(0n, split.id, 100n, 1n, ZeroHash);
      await ledger.connect(alice).claim(drawOf(split, 0), alice);
      await ledger.payOut(drawOf(split, 1));
      expect(await token.balanceOf(alice)).to.equal(950n);
      expect(await token.balanceOf(bob)).to.equal(50n);
    });

    it(worksOn(twin), async () => {
      const { deposit } = await attack(twinOf(twin));
      await expect(deposit).to.be.revertedWithoutReason(ethers);
    });
  });

  describe("a token that refuses a holder", () => {
    const twin = "AttributionLedger_SendsToOwner";
    const attack = async (deploy: Deploy) => {
      const token = await ethers.deployContract("BlocklistToken");
      const ledger = await deployFor(token, deploy);
      await ledger.deposit(accountOf(alice), 100n);
      await token.setBlocked(alice, true);
      return { token, ledger };
    };

    it("keeps its tokens from that holder, but not from paying and withdrawing to somebody else", async () => {
      const { token, ledger } = await attack(real);
      await expect(ledger.connect(alice).withdraw(0n, 100n, alice))
        .to.be.revertedWithCustomError(token, "Blocked")
        .withArgs(alice);
      await expect(ledger.connect(alice).claim("0x", alice))
        .to.be.revertedWithCustomError(token, "Blocked")
        .withArgs(alice);
      await ledger.connect(alice).payFromBalance(0n, ZeroHash, 40n, 1n, ZeroHash);
      await ledger.connect(alice).withdraw(0n, 20n, bob);
      await ledger.connect(alice).claim("0x", bob);
      expect(await token.balanceOf(bob)).to.equal(60n);
    });

    it(worksOn(twin), async () => {
      const { token, ledger } = await attack(twinOf(twin));
      for (const call of [ledger.connect(alice).withdraw(0n, 20n, bob), ledger.connect(alice).claim("0x", bob)]) {
        await expect(call).to.be.revertedWithCustomError(token, "Blocked").withArgs(alice);
      }
    });
  });

  describe("a payer whom the token refuses", () => {
    const twin = "AttributionLedger_IgnoresFailure";
    const attack = async (deploy: Deploy) => {
      const token = await ethers.deployContract("BlocklistToken");
      const ledger = await deployFor(token, deploy);
      await token.setBlocked(payer, true);
      return { token, ledger, pay: ledger.pay(ZeroHash, 1n, 1n, ZeroHash) };
    };

    it("cannot pay", async () => {
      const { token, pay } = await attack(real);
      await expect(pay).to.be.revertedWithCustomError(token, "Blocked").withArgs(payer);
    });

    it(worksOn(twin), async () => {
      const { token, ledger, pay } = await attack(twinOf(twin));
      await pay;
      expect((await ledger.received(ZeroHash))[0]).to.equal(1n);
      expect(await token.balanceOf(ledger)).to.equal(0n);
    });
  });

  describe("a token's number of decimals", () => {
    const twin = "AttributionLedger_EighteenDecimals";
    const attack = async (deploy: Deploy, decimals: number) => {
      const token = await ethers.deployContract("MockToken", [decimals]);
      const ledger = await deployFor(token, deploy);
      const split = await splitOf([accountShare({ to: alice, units: 2n }), accountShare({ to: bob, units: 1n })]);
      await ledger.pay(split.id, 10n, 1n, ZeroHash);
      await ledger.payOut(drawAll(split));
      return await Promise.all([payer, alice, bob].map(async (who) => await token.balanceOf(who)));
    };

    for (const decimals of [0, 18, 77]) {
      it(`may be ${String(decimals)}: the ledger counts the smallest unit`, async () => {
        expect(await attack(real, decimals)).to.deep.equal([999_990n, 6n, 3n]);
      });
    }

    it(`${worksOn(twin)} (0 decimals)`, async () => {
      expect(await attack(twinOf(twin), 18)).to.deep.equal([999_990n, 6n, 3n]);
      expect(await attack(twinOf(twin), 0)).to.deep.equal([1_000_000n, 0n, 0n]); // Paid with nothing.
    });

    it(`${worksOn(twin)} (77 decimals)`, async () => {
      await expect(attack(twinOf(twin), 77)).to.be.revertedWithPanic(0x11); // Cannot be paid with at all.
    });
  });

  describe("one whole token that is more than a split can receive", () => {
    const twin = "AttributionLedger_NoReceivedCap";
    const attack = async (deploy: Deploy) => {
      const token = await ethers.deployContract("MockToken", [77]);
      const ledger = await deployFor(token, deploy);
      await token.mint(payer, 10n ** 77n);
      await token.approve(ledger, 10n ** 77n);
      return { ledger, pay: ledger.pay(ZeroHash, 10n ** 77n, 1n, ZeroHash) };
    };

    it("is refused", async () => {
      const { ledger, pay } = await attack(real);
      await expect(pay)
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_ReceivedOverflow")
        .withArgs(ZeroHash, 0n, 10n ** 77n);
    });

    it(worksOn(twin), async () => {
      const { ledger, pay } = await attack(twinOf(twin));
      await pay;
      expect((await ledger.received(ZeroHash))[0]).to.equal(10n ** 77n % 2n ** 128n); // The rest is lost.
    });
  });
});

/** A ledger for the token, of which the payer has a million units. */
async function deployFor(token: AnyToken, deploy: Deploy): Promise<AttributionLedger> {
  const ledger = await deploy(await token.getAddress());
  await token.mint(payer.address, 1_000_000n);
  await token.approve(await ledger.getAddress(), 1_000_000n);
  return ledger;
}
