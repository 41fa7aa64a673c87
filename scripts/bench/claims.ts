import type { Claim } from "../../sdk/claim.ts";
import { signClaim } from "../../sdk/claim.ts";
import type { ContributionLog } from "../../sdk/log.ts";
import type { Draw } from "../../sdk/split.ts";
import { encodeDraws } from "../../sdk/split.ts";
import type { Figure } from "./figures.ts";
import type { Sent } from "./gas.ts";
import { gasEach, gasFigure, settle, steadyGasOf } from "./gas.ts";
import { CONTRIBUTOR_INDEX, VERSION } from "./largeLog.ts";
import { chainOfSplits, splitOfWallets } from "./splits.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

/** Budgets are for a builder and a parent. A larger split has longer proofs. */
const SMALL_SPLITS = [
  { size: 2, claimBudget: 56_000, hopBudget: 16_000 },
  { size: 4, claimBudget: null, hopBudget: null },
  { size: 8, claimBudget: null, hopBudget: null },
];
const FURTHER_HOPS = 8;

/** What contributors and builders do to be paid. */
export async function* measureClaims(bench: Bench): AsyncGenerator<Figure> {
  for (const { size, claimBudget, hopBudget } of SMALL_SPLITS) {
    const one = await measureClaimThrough({ bench, size, depth: 1 });
    yield gasFigure(`claim, split of ${size} shares`, one, claimBudget);
    const total = (await measureClaimThrough({ bench, size, depth: 1 + FURTHER_HOPS })) - one;
    yield gasEach(`claim, each further hop, ${size} shares`, { total, count: FURTHER_HOPS, budget: hopBudget });
  }
  yield gasFigure("claim relayed for a fee, split of 2 shares", await measureRelayedClaim(bench));
  yield* measurePayOuts(bench);
}

/** Claims of one share among 2^20. */
export async function* measureLargeClaim(bench: Bench, log: ContributionLog): AsyncGenerator<Figure> {
  const { split } = log.version(VERSION.whole);
  const gas = await measureClaim({ bench, paid: split.id, draws: [split.draw({ first: CONTRIBUTOR_INDEX })] });
  yield gasFigure("claim, split of 2^20 shares", gas, 75_000);
}

/** Claims by the first share of the last of as many splits, when the topmost was paid. */
export async function measureClaimThrough({
  bench,
  size,
  depth,
}: {
  bench: Bench;
  size: number;
  depth: number;
}): Promise<number> {
  const chain = chainOfSplits({ depth, size, owner: bench.people[0] });
  const draws = chain.map((split, hop) => split.draw({ first: hop < depth - 1 ? size - 1 : 0 }));
  return measureClaim({ bench, paid: chain[0].id, draws });
}

/** Claims by the first of the people. */
export async function measureClaim({
  bench: { ledger, people },
  paid,
  draws,
}: {
  bench: Bench;
  /** Id of a split. */
  paid: string;
  draws: Draw[];
}): Promise<number> {
  const [claimant] = people;
  const packed = encodeDraws(draws);
  return steadyGasOf(async () => {
    await settle(ledger.pay(paid, AMOUNT, 1, MEMO));
    return ledger.connect(claimant).claim(packed, claimant);
  });
}

async function measureRelayedClaim({ connection, ledger, people: [claimant, relayer] }: Bench): Promise<number> {
  const split = splitOfWallets({ name: "relayed", size: 2, owner: claimant });
  const draws = encodeDraws([split.draw({ first: 0 })]);
  const { chainId } = await connection.ethers.provider.getNetwork();
  return steadyGasOf(async () => {
    await settle(ledger.pay(split.id, AMOUNT, 1, MEMO));
    const claim: Claim = {
      account: claimant.address,
      to: claimant.address,
      minAmount: AMOUNT / 3n,
      fee: AMOUNT / 100n,
      nonce: await ledger.nonces(claimant),
      deadline: 2n ** 40n,
    };
    const request = { chainId, ledger: await ledger.getAddress(), draws, claim };
    return ledger.connect(relayer).claimWithSignature(draws, claim, await signClaim({ signer: claimant, request }));
  });
}

/** Adjacent shares of strangers, released by somebody who pays the gas for them. */
async function* measurePayOuts({ ledger }: Bench): AsyncGenerator<Figure> {
  const count = 64;
  const split = splitOfWallets({ name: "contributor", size: 1_000 });
  const draws = encodeDraws([split.draw({ first: 128, count })]);
  const payAnd = (send: () => Sent) => async () => {
    await settle(ledger.pay(split.id, AMOUNT, 1, MEMO));
    return send();
  };
  const paidOut = await steadyGasOf(payAnd(() => ledger.payOut(draws)));
  yield gasEach(`pay out ${count} of 1,000 shares to wallets, each`, { total: paidOut, count, budget: 20_000 });
  const released = await steadyGasOf(payAnd(() => ledger.release(draws)));
  yield gasEach(`release ${count} of 1,000 shares to balances, each`, { total: released, count });
}
