import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";

import type { Figure } from "./figures.ts";

/** A transaction on its way. */
export type Sent = Promise<ContractTransactionResponse>;

/** No transaction may use more (EIP-7825). */
export const TRANSACTION_GAS_LIMIT = 2n ** 24n;

/** Waits until a transaction is in a block; it has one of its own. */
export async function settle(sent: Sent): Promise<ContractTransactionReceipt> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error("The chain lost a transaction that it had taken.");
  return receipt;
}

/** Gas of a whole transaction. */
export async function gasOf(sent: Sent): Promise<number> {
  return Number((await settle(sent)).gasUsed);
}

/**
 * Gas of a transaction in the long run: when the same was done before, so that the words it changes hold something.
 *
 * @param send May send others first, which are not counted.
 */
export async function steadyGasOf(send: () => Sent): Promise<number> {
  await settle(send());
  return gasOf(send());
}

/** A figure in gas. */
export function gasFigure(name: string, value: number, budget: number | null = null): Figure {
  return { name, unit: "gas", value, budget };
}

/** A figure in gas for each of `count` like parts of a transaction, rounded up. */
export function gasEach(
  name: string,
  { total, count, budget = null }: { total: number; count: number; budget?: number | null },
): Figure {
  return gasFigure(name, Math.ceil(total / count), budget);
}
