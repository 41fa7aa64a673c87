import { id, MaxUint256, parseEther, type Result, type Signer } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split } from "../../sdk/split.ts";
import type { Figure } from "./figures.ts";
import { gasFigure, gasOf, settle } from "./gas.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

/** What is there already when all is measured again, which is to cost the same. */
const OTHERS = 50;

const STAKE = 1_000n * AMOUNT;
const FOR_CLAIMANT = 2n;

/** A proof that a verifier of the court's accepts. */
export interface BenchProof {
  /** What it shows, as the figure is to say. */
  fault: string;
  verifier: string;
  proof: string;
}

/** A share as a case holds it. */
interface HeldShare {
  root: string;
  totalUnits: bigint;
  size: bigint;
  index: bigint;
  holder: string;
  redirect: string;
}

interface OpenedCase {
  caseId: bigint;
  disputeId: bigint;
  shares: HeldShare[];
  gas: number;
}

/** Cases about stake and shares, from the opening to the end, and that neither other cases nor stakers add to them. */
export async function* measureDisputes(bench: Bench): AsyncGenerator<Figure> {
  const { token, ledger, staking, court, people } = bench;
  const [operator, accused, ...stakers] = people;
  for (const spender of [ledger, staking, court]) await settle(token.approve(spender, MaxUint256));
  await settle(staking.stake(operator, STAKE));

  await endCase(bench, await openCase({ bench, respondent: operator.address, size: 1, salt: "first" }));
  yield* measureCases(bench, operator.address, "");
  for (let i = 0; i < OTHERS; i++) {
    const staker = stakers[i % stakers.length];
    await settle(token.connect(staker).approve(staking, MaxUint256));
    await settle(staking.connect(staker).stake(operator, AMOUNT / 100n));
    await openCase({ bench, respondent: accused.address, size: 1, salt: `other case ${i}` });
  }
  yield* measureCases(bench, operator.address, ` after ${OTHERS} other cases and stakes`);
}

/** Proofs of faults, each of which slashes at once. */
export async function* measureProofs(
  { court }: Pick<Bench, "court">,
  proofs: readonly BenchProof[],
): AsyncGenerator<Figure> {
  for (const { fault, verifier, proof } of proofs) {
    yield gasFigure(`prove a fault, ${fault}`, await gasOf(court.prove(verifier, proof)));
  }
}

async function* measureCases(bench: Bench, respondent: string, when: string): AsyncGenerator<Figure> {
  for (const size of [1, 16]) {
    const what = `a case about stake and ${size === 1 ? "1 share" : `${size} shares`}${when}`;
    const ruled = await openCase({ bench, respondent, size, salt: `ruled on, ${what}` });
    yield gasFigure(`open ${what}`, ruled.gas);
    yield gasFigure(`settle ${what}, won`, await endCase(bench, ruled, FOR_CLAIMANT));
    const expired = await openCase({ bench, respondent, size, salt: `expired, ${what}` });
    yield gasFigure(`settle ${what}, not ruled on`, await endCase(bench, expired));
  }
}

/** Brings a case about shares of a new split that was paid. */
async function openCase({
  bench,
  respondent,
  size,
  salt,
}: {
  bench: Bench;
  respondent: string;
  size: number;
  salt: string;
}): Promise<OpenedCase> {
  const { ledger, court, payer } = bench;
  const shares = Array.from({ length: size }, (_, i) => ({
    kind: ShareKind.Account,
    recipient: walletAccount(respondent),
    units: 2_500n,
    evidence: id(`${salt}, share ${i}`),
  }));
  const split = Split.from({ shares, arbiter: await court.getAddress() });
  await settle(ledger.pay(split.id, AMOUNT, 1, MEMO));
  const receipt = await settle(
    court.open(
      { respondent, harmed: payer.address, amount: AMOUNT, evidenceHash: id(salt), evidenceURI: "ipfs://evidence" },
      parseEther("1000"),
      encodeDraws([split.draw({ first: 0, count: size })]),
    ),
  );
  const logs = receipt.logs.map((log) => court.interface.parseLog(log));
  const opened = logs.find((log) => log?.name === "CaseOpened")?.args;
  return {
    caseId: opened?.caseId as bigint,
    disputeId: opened?.disputeId as bigint,
    shares: logs
      .filter((log) => log?.name === "ShareHeld")
      .map((log) => (log?.args.share as Result).toObject() as HeldShare),
    gas: Number(receipt.gasUsed),
  };
}

/** Ends a case by a ruling, or by the clock, and returns the gas of its settlement. */
async function endCase({ court, connection }: Bench, opened: OpenedCase, ruling?: bigint): Promise<number> {
  const { time } = connection.networkHelpers;
  await time.increase(await court.evidenceSeconds());
  if (ruling === undefined) await time.increase(await court.rulingSeconds());
  else await settle(court.connect(await arbitratorOf({ court, connection })).rule(opened.disputeId, ruling));
  return await gasOf(court.settle(opened.caseId, opened.shares));
}

/** The arbitrator as a signer: how it comes to a ruling is not measured here. */
async function arbitratorOf({ court, connection }: Pick<Bench, "court" | "connection">): Promise<Signer> {
  const arbitrator = await court.arbitrator();
  await connection.networkHelpers.setBalance(arbitrator, parseEther("1"));
  return await connection.ethers.getImpersonatedSigner(arbitrator);
}
