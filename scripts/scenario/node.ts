import { setTimeout } from "node:timers/promises";

import { toQuantity } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { isEmbedded } from "../lib/network.ts";
import { UserError } from "../lib/script.ts";

/** A node that does not answer any more. What it was asked for may have happened, or not. */
export class NodeLostError extends Error {
  override readonly name = "NodeLostError";
}

/** What a node said no to. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** A log as a node tells it. */
export interface NodeLog {
  address: string;
  topics: string[];
  data: string;
}

/** What became of a transaction. */
export interface NodeReceipt {
  transactionHash: string;
  blockNumber: string;
  status: string;
  gasUsed: string;
  logs: NodeLog[];
}

/** Waits between attempts to reach a node that does not answer, in milliseconds. */
const PATIENCE = [200, 800];

/** Codes that Hardhat gives to answers that are none: an error of the connection, and too many requests. */
const CONNECTION_CODES = [-1, -32005];

/** A chain's node, asked without detours. Tells a node that says no from one that says nothing. */
export class ChainNode {
  readonly name: string;
  readonly chainId: bigint;
  /** Whether it is a chain for development: transactions are mined at once, time can be moved, and ether is for free. */
  readonly isLocal: boolean;
  /** Whether it lives and ends with this process. */
  readonly isEmbedded: boolean;
  readonly #provider: NetworkConnection["provider"];

  private constructor(fields: { connection: NetworkConnection; chainId: bigint; isLocal: boolean }) {
    this.name = fields.connection.networkName;
    this.chainId = fields.chainId;
    this.isLocal = fields.isLocal;
    this.isEmbedded = isEmbedded(fields.connection);
    this.#provider = fields.connection.provider;
  }

  static async connect(connection: NetworkConnection): Promise<ChainNode> {
    const probe = new ChainNode({ connection, chainId: 0n, isLocal: false });
    const chainId = BigInt(String(await probe.request("eth_chainId")));
    const isLocal = await probe.request("hardhat_getAutomine").then(
      (automine) => automine === true,
      (error: unknown) => {
        if (error instanceof RefusedError) return false;
        throw error;
      },
    );
    return new ChainNode({ connection, chainId, isLocal });
  }

  /**
   * Asks the node. Each request means the same when it is made twice.
   *
   * @throws NodeLostError if no answer comes, RefusedError if the answer is no.
   */
  async request(method: string, params: unknown[] = []): Promise<unknown> {
    return this.guard<unknown>(() => this.#provider.request({ method, params })).catch((error: unknown) => {
      if (error instanceof NodeLostError) throw error;
      throw new RefusedError(error instanceof Error ? error.message : String(error), { cause: error });
    });
  }

  /**
   * Does something that asks the node, again if no answer comes.
   *
   * @throws NodeLostError if that does not help.
   */
  async guard<Value>(work: () => Promise<Value>): Promise<Value> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await work();
      } catch (error) {
        if (this.isEmbedded || error instanceof UserError || !isLost(error)) throw error;
        if (attempt === PATIENCE.length) {
          throw new NodeLostError(error instanceof Error ? error.message : String(error), { cause: error });
        }
        await setTimeout(PATIENCE[attempt]);
      }
    }
  }

  /** Time of the latest block, in seconds since 1970. */
  async time(): Promise<number> {
    return this.timeOf("latest");
  }

  async timeOf(block: string): Promise<number> {
    const { timestamp } = (await this.request("eth_getBlockByNumber", [block, false])) as { timestamp: string };
    return Number(timestamp);
  }

  async call({ to, data }: { to: string; data: string }): Promise<string> {
    return String(await this.request("eth_call", [{ to, data }, "latest"]));
  }

  async receipt(hash: string): Promise<NodeReceipt | undefined> {
    const receipt = (await this.request("eth_getTransactionReceipt", [hash])) as NodeReceipt | null;
    return receipt ?? undefined;
  }

  /** How many transactions of an address are mined. */
  async transactionCount(address: string): Promise<number> {
    return Number(await this.request("eth_getTransactionCount", [address, "latest"]));
  }

  async balance(address: string): Promise<bigint> {
    return BigInt(String(await this.request("eth_getBalance", [address, "latest"])));
  }

  async giveEther(address: string, amount: bigint): Promise<void> {
    await this.request("hardhat_setBalance", [address, toQuantity(amount)]);
  }

  /** Mines a block at that time, unless it is past. */
  async moveTo(time: number): Promise<void> {
    if ((await this.time()) >= time) return;
    try {
      await this.request("evm_setNextBlockTimestamp", [time]);
      await this.request("evm_mine");
    } catch (error) {
      // The answer to an attempt before was lost.
      if (!(error instanceof RefusedError) || (await this.time()) < time) throw error;
    }
  }
}

/** Whether it was the connection that failed. Answers of a node have a code of their own. */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "number") return true;
  return CONNECTION_CODES.includes(error.code);
}
