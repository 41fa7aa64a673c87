import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, MaxUint256 } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { locateParameters, readParameters } from "../lib/parameters.ts";
import type { Protocol } from "../lib/protocol.ts";
import { deployProtocol } from "../lib/protocol.ts";
import { settle } from "./gas.ts";

/** What is measured on: the protocol as deployed everywhere, and people who own tokens already. */
export interface Bench extends Protocol {
  connection: NetworkConnection;
  /** Signs where nobody else is named. Has approved everything that takes tokens, without limit, and staked to serve. */
  payer: HardhatEthersSigner;
  people: HardhatEthersSigner[];
  /** The committee's. */
  members: HardhatEthersSigner[];
}

/** An amount without zero bytes: calldata costs what it costs for most amounts. */
export const AMOUNT = 1_234_567_890_123_456_789n;

export const MEMO = id("receipt");

export async function openBench(connection: NetworkConnection): Promise<Bench> {
  const [payer, ...people] = await connection.ethers.getSigners();
  const parameters = await readParameters({ file: locateParameters("hardhat"), deployer: payer.address });
  const protocol = await deployProtocol({ connection, parameters });
  const { token, ledger, datanets, services, staking, court } = protocol;
  for (const spender of [ledger, datanets, services, protocol.channels, protocol.jobs, staking, court])
    await settle(token.approve(spender, MaxUint256));
  for (const person of people) await settle(token.transfer(person, AMOUNT));
  await settle(staking.stake(payer.address, await staking.minSelfStake()));
  const members = await Promise.all(parameters.committee.map((member) => connection.ethers.getSigner(member)));
  return { connection, ...protocol, payer, people, members };
}
