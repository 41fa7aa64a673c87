import { AbiCoder, getAddress } from "ethers";

/**
 * Operators in the order in which staking, the governor and the gauges want those named whose pools a voter has votes in:
 * ascending, each once.
 *
 * @throws TypeError if one of them is no address.
 */
export function sortOperators(operators: readonly string[]): string[] {
  const distinct = [...new Set(operators.map((operator) => getAddress(operator)))];
  return distinct.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
}

/**
 * `params` of `OpenGovernor.castVoteWithReasonAndParams` that counts the votes in the pools of these operators.
 *
 * @throws TypeError if one of them is no address.
 */
export function voteParams(operators: readonly string[]): string {
  return AbiCoder.defaultAbiCoder().encode(["address[]"], [sortOperators(operators)]);
}
