import type { ContractTransaction } from "ethers";

import type { Protocol } from "./protocol.ts";

/** What an operator has to send, one after the other, to have staked on itself. It must hold the tokens. */
export async function stakeTransactions({
  protocol: { token, staking },
  operator,
  amount,
}: {
  protocol: Pick<Protocol, "token" | "staking">;
  operator: string;
  amount: bigint;
}): Promise<ContractTransaction[]> {
  return [
    await token.approve.populateTransaction(staking, amount),
    await staking.stake.populateTransaction(operator, amount),
  ];
}
