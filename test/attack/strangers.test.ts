import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Split } from "../../sdk/split.ts";
import type { AttributionLedger } from "../../typechain-types/index.ts";
import { signPayment } from "../helpers/authorizations.ts";
import { prepareClaim } from "../helpers/claims.ts";
import { accountOf, accountShare, drawAll, splitOf } from "../helpers/shares.ts";
import { signPermit } from "../helpers/signatures.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

const TAG = 7n;

interface Scene extends World {
  /** Alice's. It received 100. */
  split: Split;
}

type Caller = "nobody" | "spender" | "arbiter";

type TwinName = `AttributionLedger_${string}`;

interface Row {
  /** Goes for Alice's money with the function. */
  call: (scene: Scene, caller: HardhatEthersSigner, ledger: AttributionLedger) => Promise<unknown>;
  /** Error that everybody gets; none if the call does what anybody may do. */
  error?: string;
  /** There the call costs Alice something, or leaves the ledger with less than it owes. */
  twin: TwinName;
  /** Callers who have a right to some of it, and what Alice is worth less by. */
  entitled?: Partial<Record<Caller, bigint>>;
}

/** Calls that bring tokens along: those of a caller who has none. */
const UNFUNDED = { error: "ERC20InsufficientAllowance", twin: "AttributionLedger_IgnoresFailure" } as const;

/** Calls that spend from the caller's own accounts, which are empty. */
const OVERDRAWN = {
  error: "AttributionLedger_InsufficientBalance",
  twin: "AttributionLedger_NoDebitCheck",
} as const;

/** Every function of the ledger that changes anything. */
const ROWS: Record<string, Row> = {
  pay: {
    call: async ({ split }, _, ledger) => await ledger.pay(split.id, 5n, 1n, ZeroHash),
    ...UNFUNDED,
  },
  payWithPermit: {
    call: async ({ token, alice, split }, _, ledger) => {
      const permit = await signPermit({ token, owner: alice, spender: ledger, value: 5n });
      await ledger.payWithPermit(split.id, 5n, 1n, ZeroHash, ...permit);
    },
    ...UNFUNDED,
  },
  payWithAuthorization: {
    call: async ({ token, alice, split }, caller, ledger) => {
      const payment = { splitId: split.id, amount: 5n, calls: 1n, memo: ZeroHash };
      const { authorization } = await signPayment({ token, ledger, signer: caller, payment });
      await ledger.payWithAuthorization(alice, payment, authorization);
    },
    error: "ERC3009InvalidSignature",
    twin: "AttributionLedger_TokenMayFail",
  },
  payMany: {
    call: async ({ split }, _, ledger) =>
      await ledger.payMany([{ splitId: split.id, amount: 5n, calls: 1n, memo: ZeroHash }]),
    ...UNFUNDED,
  },
  payFromBalance: {
    call: async ({ split }, _, ledger) => await ledger.payFromBalance(TAG, split.id, 5n, 1n, ZeroHash),
    ...OVERDRAWN,
  },
  payManyFromBalance: {
    call: async ({ split }, _, ledger) =>
      await ledger.payManyFromBalance(0n, [{ splitId: split.id, amount: 5n, calls: 1n, memo: ZeroHash }]),
    ...OVERDRAWN,
  },
  release: {
    call: async ({ split }, _, ledger) => await ledger.release(drawAll(split)),
    twin: "AttributionLedger_CreditsCaller",
  },
  payOut: {
    call: async ({ split }, _, ledger) => await ledger.payOut(drawAll(split)),
    twin: "AttributionLedger_CreditsCaller",
  },
  claim: {
    call: async ({ split }, caller, ledger) => await ledger.claim(drawAll(split), caller),
    error: "AttributionLedger_NothingToClaim",
    twin: "AttributionLedger_CreditsCaller",
  },
  claimWithSignature: {
    call: async ({ split, alice }, caller, ledger) => {
      const { draws, claim, signature } = await prepareClaim({
        ledger,
        signer: caller,
        draws: drawAll(split),
        account: alice.address,
        to: caller.address,
      });
      await ledger.claimWithSignature(draws, claim, signature);
    },
    error: "AttributionLedger_BadClaimSignature",
    twin: "AttributionLedger_AnyAnswer",
  },
  deposit: {
    call: async (_, caller, ledger) => await ledger.deposit(accountOf(caller), 5n),
    ...UNFUNDED,
  },
  depositWithPermit: {
    call: async ({ token, alice }, caller, ledger) => {
      const permit = await signPermit({ token, owner: alice, spender: ledger, value: 5n });
      await ledger.depositWithPermit(accountOf(caller), 5n, ...permit);
    },
    ...UNFUNDED,
  },
  withdraw: { call: async (_, caller, ledger) => await ledger.withdraw(TAG, 5n, caller), ...OVERDRAWN },
  transferBalance: {
    call: async (_, caller, ledger) => await ledger.transferBalance(TAG, accountOf(caller), 5n),
    ...OVERDRAWN,
  },
  approveSpender: {
    call: async ({ alice }, caller, ledger) => {
      await ledger.approveSpender(TAG, caller, 10n);
      await ledger.transferBalanceFrom(accountOf(alice, TAG), accountOf(caller), 10n);
    },
    error: "AttributionLedger_InsufficientAllowance",
    twin: "AttributionLedger_AllowancePerTag",
  },
  transferBalanceFrom: {
    call: async ({ alice }, caller, ledger) =>
      await ledger.transferBalanceFrom(accountOf(alice, TAG), accountOf(caller), 5n),
    error: "AttributionLedger_InsufficientAllowance",
    twin: "AttributionLedger_NoAllowanceCheck",
    entitled: { spender: 5n },
  },
  redirect: {
    call: async ({ split }, caller, ledger) => {
      const { root, totalUnits, size } = split.header;
      await ledger.redirect(root, totalUnits, size, 0n, accountOf(caller));
    },
    twin: "AttributionLedger_NoArbiterInId",
    entitled: { arbiter: 100n },
  },
};

describe("strangers", () => {
  it("are tried with every function that changes anything", async () => {
    const { ledger } = await loadFixture(deployScene);
    const changing: string[] = [];
    ledger.interface.forEachFunction(({ name, stateMutability }) => {
      if (stateMutability === "nonpayable") changing.push(name);
    });
    expect(Object.keys(ROWS).sort()).to.deep.equal(changing.sort());
  });

  for (const [name, { call, error, twin, entitled }] of Object.entries(ROWS)) {
    describe(`who call ${name}`, () => {
      for (const caller of ["nobody", "spender", "arbiter"] as const) {
        const loss = entitled?.[caller];
        const succeeds = error === undefined || (loss !== undefined && loss > 0n);
        it(`as ${caller} ${describeOutcome({ succeeds, loss })}`, async () => {
          const scene = await loadFixture(deployScene);
          const { ledger, token } = scene;
          const signer = { nobody: scene.mallory, spender: scene.bob, arbiter: scene.arbiter }[caller];
          const attempt = call(scene, signer, ledger.connect(signer));
          if (succeeds) await attempt;
          else {
            const source = /^ERC\d/.test(error) ? token : ledger;
            await expect(attempt).to.be.revertedWithCustomError(source, error);
          }
          expect(await wealthOf(scene)).to.equal(1_300n - (loss ?? 0n));
          expect(await ledger.allowance(accountOf(scene.alice), signer)).to.equal(0n);
          expect(await token.balanceOf(signer)).to.equal(0n);
        });
      }

      it(worksOn(twin), async () => {
        const scene = await deployTwinScene(twin);
        await call(scene, scene.mallory, scene.ledger.connect(scene.mallory));
        const [wealth, missing] = [await wealthOf(scene), await missingIn(scene)];
        expect(wealth < 1_300n || missing > 0n).to.equal(true);
      });
    });
  }
});

function describeOutcome({ succeeds, loss }: { succeeds: boolean; loss: bigint | undefined }): string {
  if (!succeeds) return "are refused";
  return loss === undefined ? "take nothing of Alice's" : `take the ${String(loss)} that they have a right to`;
}

/** Everything that is Alice's: tokens, balances, and what her split would release to her. */
async function wealthOf({ ledger, token, split, alice }: Scene): Promise<bigint> {
  await ledger.release(drawAll(split));
  return (
    (await token.balanceOf(alice)) +
    (await ledger.balanceOf(accountOf(alice))) +
    (await ledger.balanceOf(accountOf(alice, TAG)))
  );
}

/** What the ledger owes to Alice and Mallory beyond the tokens that it has, once Alice's split has nothing left. */
async function missingIn({ ledger, token, split, alice, mallory }: Scene): Promise<bigint> {
  const accounts = [alice, mallory].flatMap((owner) => [accountOf(owner), accountOf(owner, TAG)]);
  const balances = await Promise.all(accounts.map(async (account) => await ledger.balanceOf(account)));
  const [received] = await ledger.received(split.id);
  const unreleased = received - (await ledger.drawn(split.id, 0n));
  return balances.reduce((sum, balance) => sum + balance, unreleased) - (await token.balanceOf(ledger));
}

async function deployScene(): Promise<Scene> {
  const world = await loadFixture(deployWorld);
  return await arrange(world, world.arbiter.address);
}

async function deployTwinScene(name: TwinName): Promise<Scene> {
  const world = await withTwin({ ethers, world: await loadFixture(deployWorld), name });
  return await arrange(world, name === "AttributionLedger_NoArbiterInId" ? ZeroAddress : world.arbiter.address);
}

/** Alice has 1,000 tokens, 100 in her wallet account, 100 in a sub-account from which Bob may spend 5, and 100 in a split. */
async function arrange(world: World, arbiter: string): Promise<Scene> {
  const { ledger, token, alice, bob } = world;
  await token.transfer(alice, 1_000n);
  await token.connect(alice).approve(ledger, 1_000n);
  await ledger.deposit(accountOf(alice), 100n);
  await ledger.deposit(accountOf(alice, TAG), 100n);
  await ledger.connect(alice).approveSpender(TAG, bob, 5n);
  const split = await splitOf([accountShare({ to: alice, units: 1n })], arbiter);
  await ledger.pay(split.id, 100n, 1n, ZeroHash);
  return { ...world, split };
}
