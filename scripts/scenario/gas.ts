import type { ChainNode } from "./node.ts";
import type { Plan } from "./plan.ts";

/** What a transaction of a run takes on average, and a little more. */
export const USUAL_GAS = 250_000n;
export const TRANSFER_GAS = 21_000n;
/** What a contribution adds to the gas of its acceptance, and a little more. */
const CONTRIBUTION_GAS = 12_000n;

/** On a chain for development: below the most that a transaction may use (EIP-7825), and more than any of ours needs. */
export const LOCAL_GAS_LIMIT = 16_000_000n;
const LOCAL_MAX_FEE = 10n ** 10n;

/** So many times the current base fee are offered: a transaction is never signed twice, so it has to hold out. */
const FEE_RESERVE = 3n;
/** Raises the bank's ether, in percent. */
const ETHER_RESERVE = 120n;

/** What a transaction offers for gas. */
export interface GasPrice {
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

/** What transactions should offer now. */
export async function readGasPrice(node: ChainNode): Promise<GasPrice> {
  if (node.isLocal) return { maxFeePerGas: LOCAL_MAX_FEE, maxPriorityFeePerGas: 0n };
  const { baseFeePerGas } = (await node.request("eth_getBlockByNumber", ["latest", false])) as {
    baseFeePerGas: string;
  };
  const tip = BigInt(String(await node.request("eth_maxPriorityFeePerGas")));
  return { maxFeePerGas: FEE_RESERVE * BigInt(baseFeePerGas) + tip, maxPriorityFeePerGas: tip };
}

/** About how much gas all of a run's wallets use. */
export function gasOfRun(plan: Plan): bigint {
  return BigInt(plan.transactions) * USUAL_GAS + BigInt(plan.contributions) * CONTRIBUTION_GAS;
}

/** The ether that a run's bank is given for that. */
export function etherOfBank(plan: Plan, { maxFeePerGas }: GasPrice): bigint {
  return (gasOfRun(plan) * maxFeePerGas * ETHER_RESERVE) / 100n;
}

/** The ether that the deployer needs to begin a run. On a chain for development the bank's is for free. */
export function etherToBegin({ node, plan, price }: { node: ChainNode; plan: Plan; price: GasPrice }): bigint {
  if (node.isLocal) return LOCAL_GAS_LIMIT * price.maxFeePerGas;
  return etherOfBank(plan, price) + 2n * USUAL_GAS * price.maxFeePerGas;
}
