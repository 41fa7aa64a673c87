import { getAddress, Interface, isCallException, type Provider, type TransactionRequest, zeroPadValue } from "ethers";

import {
  type ChannelsDomain,
  readSettled,
  readStatuses,
  type Settlement,
  type SettlementStatus,
  voucherDigest,
} from "./channel.ts";
import { EventArgs } from "./eventArgs.ts";
import type { ChannelOnChain, VoucherPayment } from "./voucherCheck.ts";

/** What a settlement left on the chain for one split. */
export interface SettledLog {
  splitId: string;
  transactionHash: string;
  /** Channels by number, with what each has settled in total by then. */
  channels: { number: bigint; settled: bigint }[];
}

/** The functions and events of PaymentChannels that operators need. */
export const CHANNELS_ABI = new Interface([
  "function channelOf(bytes32 channelId) view returns (uint256 balance, uint256 settled, uint256 number)",
  "function withdrawableAt(bytes32 channelId) view returns (uint256)",
  "function settle((bytes32 splitId, uint256 withdrawDelaySeconds, bytes32 salt, uint64 calls, bytes32 memo, bool kept, bytes vouchers)[] settlements) returns (bytes[] statuses)",
  "event Settled(address indexed operator, bytes32 indexed splitId, bytes channels)",
]);

const ERC1271 = new Interface(["function isValidSignature(bytes32 hash, bytes signature) view returns (bytes4)"]);

/** As much as `PaymentChannels.SIGNATURE_GAS` lets a contract use to check a voucher. */
const SIGNATURE_GAS = 100_000n;

/** The PaymentChannels contract, read through a node. */
export class ChannelsContract {
  readonly provider: Provider;
  readonly address: string;

  constructor({ provider, address }: { provider: Provider; address: string }) {
    this.provider = provider;
    this.address = address;
  }

  /** A channel's state; zeros if nobody ever deposited for it. */
  async channel(channelId: string, blockTag: number | "latest" = "latest"): Promise<ChannelOnChain> {
    const [state, [withdrawableAt]] = await Promise.all([
      this.#view("channelOf", [channelId], blockTag),
      this.#view("withdrawableAt", [channelId], blockTag),
    ]);
    const [balance, settled, number] = state as bigint[];
    return { number, balance, settled, withdrawableAt: withdrawableAt as bigint };
  }

  /** Whether the channel's signer, a contract, accepts a voucher's signature within the gas it is given. */
  async isValidSignature({
    channel,
    voucher,
    signature,
    ...domain
  }: ChannelsDomain & VoucherPayment): Promise<boolean> {
    const hash = voucherDigest({ ...domain, voucher });
    const data = ERC1271.encodeFunctionData("isValidSignature", [hash, signature]);
    try {
      // A transaction's 21,000 come on top; calldata is charged, too, which makes this the stricter of both.
      const answer = await this.provider.call({ to: channel.signer, data, gasLimit: 21_000n + SIGNATURE_GAS });
      return answer === zeroPadRight(ERC1271.getFunction("isValidSignature")?.selector ?? "0x");
    } catch (error) {
      if (isCallException(error)) return false;
      throw error;
    }
  }

  /** The transaction that settles. */
  settlement(settlements: readonly Settlement[]): TransactionRequest {
    return { to: this.address, data: CHANNELS_ABI.encodeFunctionData("settle", [settlements]) };
  }

  /** What would become of each voucher of each settlement, if an operator sent them now. */
  async simulate({
    operator,
    settlements,
  }: {
    operator: string;
    settlements: readonly Settlement[];
  }): Promise<SettlementStatus[][]> {
    const answer = await this.provider.call({ from: operator, ...this.settlement(settlements) });
    const statuses = new EventArgs(CHANNELS_ABI.decodeFunctionResult("settle", answer)).texts("statuses");
    return statuses.map(readStatuses);
  }

  /** What an operator settled in a range of blocks, both ends included. */
  async settledBy({
    operator,
    fromBlock,
    toBlock,
    blocksPerRequest = 5_000,
  }: {
    operator: string;
    fromBlock: number;
    toBlock: number;
    blocksPerRequest?: number;
  }): Promise<SettledLog[]> {
    const topic = CHANNELS_ABI.getEvent("Settled")?.topicHash ?? null;
    const found: SettledLog[] = [];
    for (let start = fromBlock; start <= toBlock; start += blocksPerRequest) {
      const logs = await this.provider.getLogs({
        address: this.address,
        topics: [topic, zeroPadValue(getAddress(operator), 32)],
        fromBlock: start,
        toBlock: Math.min(start + blocksPerRequest - 1, toBlock),
      });
      for (const log of logs) {
        const parsed = CHANNELS_ABI.parseLog(log);
        if (parsed === null) continue;
        const args = new EventArgs(parsed.args);
        const channels = readSettled(args.text("channels"));
        found.push({ splitId: args.text("splitId"), transactionHash: log.transactionHash, channels });
      }
    }
    return found;
  }

  async #view(name: string, args: unknown[], blockTag: number | "latest"): Promise<unknown[]> {
    const data = CHANNELS_ABI.encodeFunctionData(name, args);
    const answer = await this.provider.call({ to: this.address, data, blockTag });
    return [...CHANNELS_ABI.decodeFunctionResult(name, answer)] as unknown[];
  }
}

/**
 * Channels as they were a short time ago. What an operator must not miss is that a payer wants its money back; it then
 * has the channel's delay, 15 minutes at least. So a minute is safe, and saves a request to the node per call.
 */
export class CachedChannels {
  readonly #contract: ChannelsContract;
  readonly #maxAgeMilliseconds: number;
  readonly #states = new Map<string, { state: Promise<ChannelOnChain>; readAt: number }>();

  constructor({ contract, maxAgeSeconds = 60 }: { contract: ChannelsContract; maxAgeSeconds?: number }) {
    this.#contract = contract;
    this.#maxAgeMilliseconds = 1_000 * maxAgeSeconds;
  }

  async channel(channelId: string): Promise<ChannelOnChain> {
    const known = this.#states.get(channelId);
    if (known !== undefined && performance.now() - known.readAt < this.#maxAgeMilliseconds) return known.state;
    return this.refresh(channelId);
  }

  async refresh(channelId: string): Promise<ChannelOnChain> {
    const state = this.#contract.channel(channelId);
    this.#states.set(channelId, { state, readAt: performance.now() });
    state.catch(() => this.#states.delete(channelId));
    return state;
  }

  async isValidSignature(request: ChannelsDomain & VoucherPayment): Promise<boolean> {
    return this.#contract.isValidSignature(request);
  }
}

/** A selector as the word that a contract returns. */
function zeroPadRight(selector: string): string {
  return selector.padEnd(66, "0");
}
