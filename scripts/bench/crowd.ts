import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, MaxUint256, parseEther } from "ethers";

import { openCase } from "./cases.ts";
import { settle } from "./gas.ts";
import { addressOf } from "./splits.ts";
import { AMOUNT, type Bench } from "./world.ts";

const STAKERS = 100;
const OPERATORS = 50;
const CASES = 50;

/** How figures are named that are measured once more beside all that a crowd brings. */
export const BESIDE_CROWD = `, after ${STAKERS} stakers, ${OPERATORS} operators and ${CASES} cases`;

/** Many stakers of one operator, many operators with a stake of their own, and many open cases against somebody. */
export async function bringCrowd({
  bench,
  operator,
  respondent,
}: {
  bench: Bench;
  operator: string;
  respondent: string;
}): Promise<void> {
  for (let i = 0; i < STAKERS; i++) await stakeOn(bench, await rich(bench, `staker ${i}`), operator);
  for (let i = 0; i < OPERATORS; i++) {
    const other = await rich(bench, `operator ${i}`);
    await stakeOn(bench, other, other.address);
  }
  for (let i = 0; i < CASES; i++) await openCase({ bench, respondent, shares: 1, salt: id(`case ${i} of the crowd`) });
}

/** Somebody new, with ether, with OPEN, and with no limit on what the staking contract and the ledger may take of it. */
export async function rich({ connection, token, ledger, staking }: Bench, name: string): Promise<HardhatEthersSigner> {
  const address = addressOf(name);
  await connection.networkHelpers.impersonateAccount(address);
  await connection.networkHelpers.setBalance(address, parseEther("10"));
  const signer = await connection.ethers.getSigner(address);
  await settle(token.transfer(signer, 1_000n * AMOUNT));
  for (const spender of [staking, ledger]) await settle(token.connect(signer).approve(spender, MaxUint256));
  return signer;
}

/** Stakes a small amount. */
export async function stakeOn({ staking }: Bench, staker: HardhatEthersSigner, operator: string): Promise<void> {
  await settle(staking.connect(staker).stake(operator, AMOUNT));
}
