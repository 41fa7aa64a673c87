import { expect } from "chai";
import { type Addressable, type BaseContract, concat, id, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import type {
  AttributionLedger,
  HookAuthorizationToken,
  Reenterer,
  SplitAddresses,
} from "../../typechain-types/index.ts";
import { signPayment } from "../helpers/authorizations.ts";
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
  token: HookAuthorizationToken;
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

type TwinName = `AttributionLedger_${string}`;

interface Outer {
  /** Whether tokens then move to the ledger or from it. */
  direction: "in" | "out";
  twin: TwinName;
  /** The calls that gain something on the twin, from within this one. */
  gainful: string[];
}

const ARRIVALS: Omit<Outer, "direction"> = {
  twin: "AttributionLedger_CreditsSurplus",
  gainful: ["pay", "payWithPermit", "payWithAuthorization", "payMany", "deposit", "depositWithPermit", "sweep"],
};

/** What spends from the account that is being emptied. */
const SPENDING = ["payFromBalance", "claim", "claimBalance", "withdraw", "withdrawAll", "transferBalance"];

/** What the thief does first. */
const OUTER: Record<string, Outer> = {
  pay: { direction: "in", ...ARRIVALS },
  payMany: { direction: "in", ...ARRIVALS },
  payWithPermit: { direction: "in", ...ARRIVALS },
  deposit: { direction: "in", ...ARRIVALS },
  withdraw: { direction: "out", twin: "AttributionLedger_WithdrawSendsFirst", gainful: SPENDING },
  claim: { direction: "out", twin: "AttributionLedger_ClaimSendsFirst", gainful: SPENDING },
  payOut: {
    direction: "out",
    twin: "AttributionLedger_PayOutSendsFirst",
    gainful: ["release", "payOut", "claim"],
  },
};

/** Calls that move tokens, so that a pull around them finds another balance than it expects. */
const MOVING = new Set([
  "pay",
  "payMany",
  "payWithPermit",
  "payWithAuthorization",
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
    for (const [outer, { direction, twin, gainful }] of Object.entries(OUTER)) {
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

      it(`during ${outer} ${worksOn(twin)}`, async () => {
        const scene = await arrangeTwin(twin);
        const before = await wealthOf(scene);
        const snapshot = await networkHelpers.takeSnapshot();
        const gained: string[] = [];
        for (const [name, inner] of Object.entries(scene.calls)) {
          await reenter(scene, scene.calls[outer], [inner]).catch(() => undefined);
          if ((await wealthOf(scene)) > before) gained.push(name);
          await snapshot.restore();
        }
        expect(gained).to.have.members(gainful);
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

    describe("one after the other", () => {
      const twin = "AttributionLedger_WithdrawSendsFirst";
      const attack = async (scene: Scene): Promise<bigint> => {
        const before = await wealthOf(scene);
        await reenter(scene, scene.calls.withdraw, Object.values(scene.calls));
        return (await wealthOf(scene)) - before;
      };

      it("gains nothing", async () => {
        const scene = await loadFixture(deployScene);
        expect(await attack(scene)).to.equal(0n);
        await checkCustody(scene);
      });

      it(worksOn(twin), async () => {
        expect(await attack(await arrangeTwin(twin))).to.equal(500n);
      });
    });
  });

  describe("that withdraws what a deposit has credited but not delivered yet", () => {
    const twin = "AttributionLedger_NoArrivalCheck";
    /** The thief has 1,000 and deposits 5,000, which it withdraws in between; `then` is what it does with them. */
    const attack = async (scene: Scene, then: (loan: { deposit: Call; look: Call }) => Call[]) => {
      const { ledger, token, thief } = scene;
      const self = await thief.getAddress();
      const deposit = call(ledger, "deposit", [accountOf({ address: self }), 5_000n]);
      const borrow = call(ledger, "withdraw", [0n, 5_000n, self]);
      const look = call(token, "balanceOf", [self]);
      return await reenter(scene, deposit, [borrow, ...then({ deposit, look })]);
    };

    it("has to give it back before the deposit ends", async () => {
      const scene = await loadFixture(deployScene);
      const { ledger, token } = scene;
      const held = await token.balanceOf(ledger);
      await expect(attack(scene, ({ look }) => [look]))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_TransferMismatch")
        .withArgs(held + 5_000n, held);
    });

    it("gains nothing by giving it back", async () => {
      const scene = await loadFixture(deployScene);
      await scene.token.mint(scene.thief, 5_000n); // For the second deposit.
      const before = await wealthOf(scene);
      await attack(scene, ({ deposit }) => [deposit]);
      expect(await wealthOf(scene)).to.equal(before);
      await checkCustody(scene);
    });

    it(worksOn(twin), async () => {
      const scene = await arrangeTwin(twin);
      await attack(scene, ({ look }) => [look]);
      const [, { answer }] = await scene.thief.attempts();
      expect(BigInt(answer)).to.equal(6_000n); // Six times what it has, at no cost, for whatever it likes.
    });
  });

  describe("that repeats the call it came from", () => {
    const attacks: { what: string; twin: TwinName; name: string; gain: bigint }[] = [
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
        const scene = await arrangeTwin(twin);
        const before = await tokensOf(scene);
        await reenter(scene, scene.calls[name], [scene.calls[name]]);
        expect(await tokensOf(scene)).to.equal(before + 2n * gain);
      });
    }
  });

  describe("that only looks", () => {
    const looks: {
      what: string;
      twin: TwinName;
      look: (scene: Scene) => Promise<[outer: Call, look: Call]>;
      truth: bigint;
      lie: bigint;
    }[] = [
      {
        what: "at a balance, and finds it without what is on its way out",
        twin: "AttributionLedger_WithdrawSendsFirst",
        look: async ({ ledger, thief, calls }) => [
          calls.withdrawAll,
          call(ledger, "balanceOf", [accountOf({ address: await thief.getAddress() })]),
        ],
        truth: 0n,
        lie: 500n,
      },
      {
        what: "at what a share has drawn, and finds what is on its way among it",
        twin: "AttributionLedger_PayOutSendsFirst",
        look: async ({ ledger, split, calls }) => [calls.payOut, call(ledger, "drawn", [split.id, 0n])],
        truth: 300n,
        lie: 0n,
      },
    ];
    for (const { what, twin, look, truth, lie } of looks) {
      const attack = async (scene: Scene): Promise<bigint> => {
        const [outer, inner] = await look(scene);
        await reenter(scene, outer, [inner]);
        const [{ answer }] = await scene.thief.attempts();
        return BigInt(answer);
      };

      it(what, async () => {
        expect(await attack(await loadFixture(deployScene))).to.equal(truth);
      });

      it(worksOn(twin), async () => {
        expect(await attack(await arrangeTwin(twin))).to.equal(lie);
      });
    }

    // No twin: what a payer sees too early is its own payment, and if its tokens do not come, that is undone.
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

async function arrangeTwin(name: TwinName): Promise<Scene> {
  return await arrange(async (token) => await deployTwin({ ethers, name, token }));
}

/**
 * The thief has 1,000 tokens, 500 in its wallet account, 100 in a sub-account, 300 in its split and 20 at its split's
 * address. Alice has 10,000 in her account and 10,000 in her split.
 */
async function arrange(deploy: (token: string) => Promise<AttributionLedger>): Promise<Scene> {
  const [payer, alice] = await ethers.getSigners();
  const token = await ethers.deployContract("HookAuthorizationToken");
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
  // What the payer has signed for somebody else's split; the thief only submits it.
  const signed = await signPayment({ token, ledger, signer: payer, payment: { ...payment, splitId: others.id } });
  const authorized = [signed.payment, signed.authorization];
  const claim = { account: alice.address, to: self, minAmount: 0n, fee: 0n, nonce: 0n, deadline: 2n ** 40n };
  const calls: Record<string, Call> = {
    pay: call(ledger, "pay", [split.id, 10n, 1n, ZeroHash]),
    payWithPermit: call(ledger, "payWithPermit", [split.id, 10n, 1n, ZeroHash, ...permit]),
    payWithAuthorization: call(ledger, "payWithAuthorization", [payer.address, ...authorized]),
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
