import { expect } from "chai";
import { type Addressable, type BaseContract, concat, id, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import type { AttributionLedger, HookToken, Reenterer, SplitAddresses } from "../../typechain-types/index.ts";
import { accountOf, accountShare, drawAll, splitOf } from "../helpers/shares.ts";
import { deployTwin, worksOn } from "../helpers/twins.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

interface Call {
  target: Addressable;
  data: string;
}

interface Scene {
  token: HookToken;
  ledger: AttributionLedger;
  splitAddresses: SplitAddresses;
  /** A contract that the token calls before its tokens leave and after tokens have come. */
  thief: Reenterer;
  /** The thief's own split. */
  split: Split;
  /** Somebody else's. */
  others: Split;
  calls: Record<string, Call>;
}

/** What the thief does first, and whether tokens then move to the ledger or from it. */
const OUTER = {
  pay: "in",
  payMany: "in",
  payWithPermit: "in",
  deposit: "in",
  withdraw: "out",
  claim: "out",
  payOut: "out",
};

/** Calls that move tokens, so that a pull around them finds another balance than it expects. */
const MOVING = new Set([
  "pay",
  "payMany",
  "payWithPermit",
  "payOut",
  "claim",
  "claimBalance",
  "deposit",
  "depositWithPermit",
  "withdraw",
  "withdrawAll",
  "sweep",
]);

describe("re-entry from a token's callback", () => {
  describe("by any call inside any other", () => {
    for (const [outer, direction] of Object.entries(OUTER)) {
      it(`gains nothing during ${outer}`, async () => {
        const inner = Object.keys((await loadFixture(deployScene)).calls);
        for (const name of inner) {
          const scene = await loadFixture(deployScene);
          const before = await wealthOf(scene);
          const attempt = reenter(scene, scene.calls[outer], [scene.calls[name]]);
          if (direction === "in" && MOVING.has(name)) {
            await expect(attempt, name).to.be.revertedWithCustomError(
              scene.ledger,
              "AttributionLedger_TransferMismatch",
            );
          } else {
            await attempt;
          }
          expect(await wealthOf(scene), name).to.equal(before);
          await checkCustody(scene);
        }
      });
    }

    it("tries every function of the ledger that changes anything", async () => {
      const { ledger, calls } = await loadFixture(deployScene);
      const tried = new Set(Object.values(calls).map(({ data }) => data.slice(0, 10)));
      ledger.interface.forEachFunction((fragment) => {
        if (fragment.stateMutability === "nonpayable") expect(tried, fragment.name).to.include(fragment.selector);
      });
    });

    it("is really made: during a pay-out all calls succeed but those for others' money", async () => {
      const { calls } = await loadFixture(deployScene);
      for (const [name, inner] of Object.entries(calls)) {
        const scene = await loadFixture(deployScene);
        await reenter(scene, scene.calls.payOut, [inner]);
        const [{ success }] = await scene.thief.attempts();
        expect(success, name).to.equal(!["claimWithSignature", "transferBalanceFrom"].includes(name));
      }
    });

    it("gains nothing by all calls in a row", async () => {
      const scene = await loadFixture(deployScene);
      const before = await wealthOf(scene);
      await reenter(scene, scene.calls.withdraw, Object.values(scene.calls));
      expect(await wealthOf(scene)).to.equal(before);
      await checkCustody(scene);
    });
  });

  describe("that withdraws what a deposit has credited but not delivered yet", () => {
    it("has to give it back before the deposit ends", async () => {
      const scene = await loadFixture(deployScene);
      const { ledger, token, thief } = scene;
      const self = await thief.getAddress();
      await token.mint(self, 5_000n);
      const [before, held] = [await wealthOf(scene), await token.balanceOf(ledger)];
      const deposit = call(ledger, "deposit", [accountOf({ address: self }), 5_000n]);
      const borrow = call(ledger, "withdraw", [0n, 5_000n, self]);
      await expect(reenter(scene, deposit, [borrow]))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_TransferMismatch")
        .withArgs(held + 5_000n, held);
      await reenter(scene, deposit, [borrow, deposit]);
      expect(await wealthOf(scene)).to.equal(before);
      await checkCustody(scene);
    });
  });

  describe("that repeats the call it came from", () => {
    const attacks: { what: string; twin: `AttributionLedger_${string}`; name: string; gain: bigint }[] = [
      { what: "a withdrawal", twin: "AttributionLedger_WithdrawSendsFirst", name: "withdrawAll", gain: 500n },
      { what: "a claim", twin: "AttributionLedger_ClaimSendsFirst", name: "claimBalance", gain: 500n },
      { what: "a pay-out", twin: "AttributionLedger_PayOutSendsFirst", name: "payOut", gain: 300n },
    ];
    for (const { what, twin, name, gain } of attacks) {
      it(`gains nothing from ${what}`, async () => {
        const scene = await loadFixture(deployScene);
        const before = await wealthOf(scene);
        await reenter(scene, scene.calls[name], [scene.calls[name]]);
        expect(await wealthOf(scene)).to.equal(before);
        await checkCustody(scene);
      });

      it(worksOn(twin), async () => {
        const scene = await arrange(async (token) => await deployTwin({ ethers, name: twin, token }));
        const before = await tokensOf(scene);
        await reenter(scene, scene.calls[name], [scene.calls[name]]);
        expect(await tokensOf(scene)).to.equal(before + 2n * gain);
      });
    }
  });

  describe("that only looks", () => {
    const twin = "AttributionLedger_WithdrawSendsFirst";
    const look = async (scene: Scene): Promise<bigint> => {
      const { ledger, thief, calls } = scene;
      const account = accountOf({ address: await thief.getAddress() });
      await reenter(scene, calls.withdrawAll, [call(ledger, "balanceOf", [account])]);
      const [{ answer }] = await thief.attempts();
      return BigInt(answer);
    };

    it("finds a balance without what is on its way out", async () => {
      expect(await look(await loadFixture(deployScene))).to.equal(0n);
    });

    it(worksOn(twin), async () => {
      expect(await look(await arrange(async (token) => await deployTwin({ ethers, name: twin, token })))).to.equal(
        500n,
      );
    });

    it("finds what a share has drawn while the tokens are on their way", async () => {
      const scene = await loadFixture(deployScene);
      const { ledger, split, thief, calls } = scene;
      await reenter(scene, calls.payOut, [
        call(ledger, "drawn", [split.id, 0n]),
        call(ledger, "balanceOf", [accountOf({ address: await thief.getAddress() })]),
      ]);
      const [drawn, balance] = await thief.attempts();
      expect(BigInt(drawn.answer)).to.equal(300n);
      expect(BigInt(balance.answer)).to.equal(500n);
    });

    it("finds a payment written down before its tokens have arrived", async () => {
      const scene = await loadFixture(deployScene);
      const { ledger, token, split, thief, calls } = scene;
      const held = await token.balanceOf(ledger);
      await reenter(scene, calls.pay, [
        call(ledger, "received", [split.id]),
        call(token, "balanceOf", [await ledger.getAddress()]),
      ]);
      const [received, balance] = await thief.attempts();
      expect(ledger.interface.decodeFunctionResult("received", received.answer)[0]).to.equal(310n);
      expect(BigInt(balance.answer)).to.equal(held);
    });
  });
});

/** Lets the thief make one call, and others from within it. */
async function reenter({ thief }: Scene, outer: Call, inner: Call[]) {
  await thief.plan(inner);
  return await thief.execute(outer.target, outer.data);
}

async function tokensOf({ token, thief }: Scene): Promise<bigint> {
  return await token.balanceOf(thief);
}

/** Everything that is the thief's: tokens, balances, and what its split has not paid out. */
async function wealthOf(scene: Scene): Promise<bigint> {
  const { token, ledger, splitAddresses, thief, split } = scene;
  const self = { address: await thief.getAddress() };
  const [received] = await ledger.received(split.id);
  return (
    (await tokensOf(scene)) +
    (await ledger.balanceOf(accountOf(self))) +
    (await ledger.balanceOf(accountOf(self, 1n))) +
    (await token.balanceOf(await splitAddresses.addressOf(split.id))) +
    received -
    (await ledger.drawn(split.id, 0n))
  );
}

/** The ledger holds what it owes, no more and no less. */
async function checkCustody({ token, ledger, thief, split, others }: Scene): Promise<void> {
  const [, alice] = await ethers.getSigners();
  const self = { address: await thief.getAddress() };
  let owed = 0n;
  for (const account of [accountOf(self), accountOf(self, 1n), accountOf(alice)]) {
    owed += await ledger.balanceOf(account);
  }
  for (const { id: splitId } of [split, others]) {
    owed += (await ledger.received(splitId))[0] - (await ledger.drawn(splitId, 0n));
  }
  expect(await token.balanceOf(ledger)).to.equal(owed);
}

function call(contract: BaseContract, name: string, args: unknown[]): Call {
  return { target: contract, data: contract.interface.encodeFunctionData(name, args) };
}

async function deployScene(): Promise<Scene> {
  return await arrange(async (token) => await ethers.deployContract("AttributionLedger", [token]));
}

/**
 * The thief has 1,000 tokens, 500 in its wallet account, 100 in a sub-account, 300 in its split and 20 at its split's
 * address. Alice has 10,000 in her account and 10,000 in her split.
 */
async function arrange(deploy: (token: string) => Promise<AttributionLedger>): Promise<Scene> {
  const [payer, alice] = await ethers.getSigners();
  const token = await ethers.deployContract("HookToken");
  const ledger = await deploy(await token.getAddress());
  const splitAddresses = await ethers.deployContract("SplitAddresses", [ledger]);
  const thief = await ethers.deployContract("Reenterer");
  const self = await thief.getAddress();
  const account = accountOf({ address: self });
  const split = await splitOf([accountShare({ to: { address: self }, units: 1n })], thief);
  const others = await splitOf([accountShare({ to: alice, units: 1n })]);

  await token.mint(payer, 1_000_000n);
  await token.approve(ledger, 1_000_000n);
  await ledger.deposit(account, 500n);
  await ledger.deposit(accountOf({ address: self }, 1n), 100n);
  await ledger.deposit(accountOf(alice), 10_000n);
  await ledger.pay(split.id, 300n, 1n, ZeroHash);
  await ledger.pay(others.id, 10_000n, 1n, ZeroHash);
  await token.transfer(self, 1_000n);
  await token.transfer(await splitAddresses.addressOf(split.id), 20n);
  await thief.execute(token, token.interface.encodeFunctionData("approve", [await ledger.getAddress(), 2n ** 255n]));
  await thief.execute(token, token.interface.encodeFunctionData("setHook", [true]));

  const { root, totalUnits, size } = split.header;
  const draws = drawAll(split);
  const payment = { splitId: split.id, amount: 10n, calls: 1n, memo: ZeroHash };
  const permit = [0n, 27n, ZeroHash, ZeroHash];
  const claim = { account: alice.address, to: self, minAmount: 0n, fee: 0n, nonce: 0n, deadline: 2n ** 40n };
  const calls: Record<string, Call> = {
    pay: call(ledger, "pay", [split.id, 10n, 1n, ZeroHash]),
    payWithPermit: call(ledger, "payWithPermit", [split.id, 10n, 1n, ZeroHash, ...permit]),
    payMany: call(ledger, "payMany", [[payment, payment]]),
    payFromBalance: call(ledger, "payFromBalance", [0n, split.id, 10n, 1n, ZeroHash]),
    payManyFromBalance: call(ledger, "payManyFromBalance", [1n, [payment, payment]]),
    release: call(ledger, "release", [concat([draws, drawAll(others)])]),
    payOut: call(ledger, "payOut", [draws]),
    claim: call(ledger, "claim", [draws, self]),
    claimBalance: call(ledger, "claim", ["0x", self]),
    claimWithSignature: call(ledger, "claimWithSignature", ["0x", claim, id("garbage")]),
    deposit: call(ledger, "deposit", [account, 10n]),
    depositWithPermit: call(ledger, "depositWithPermit", [account, 10n, ...permit]),
    withdraw: call(ledger, "withdraw", [0n, 10n, self]),
    withdrawAll: call(ledger, "withdraw", [0n, 500n, self]),
    transferBalance: call(ledger, "transferBalance", [0n, accountOf({ address: self }, 1n), 10n]),
    approveSpender: call(ledger, "approveSpender", [0n, alice.address, 10n]),
    transferBalanceFrom: call(ledger, "transferBalanceFrom", [accountOf(alice), account, 10n]),
    redirect: call(ledger, "redirect", [root, totalUnits, size, 0n, accountOf({ address: self }, 1n)]),
    sweep: call(splitAddresses, "sweep", [split.id]),
  };
  return { token, ledger, splitAddresses, thief, split, others, calls };
}
