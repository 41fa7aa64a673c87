import type { HardhatEthers } from "@nomicfoundation/hardhat-ethers/types";
import { type ContractTransaction, Transaction, type TransactionReceipt, type Wallet } from "ethers";

/** Below the most that a transaction may use (EIP-7825), and more than any of ours needs. */
const GAS_LIMIT = 16_000_000n;
const MAX_FEE_PER_GAS = 10n ** 10n;

/**
 * Signs and sends transactions of wallets whose keys are at hand, on a chain that mines each one at once. Counts nonces
 * itself and estimates nothing, so that thousands of transactions take seconds.
 */
export class Sender {
  readonly chainId: bigint;
  readonly #provider: HardhatEthers["provider"];
  readonly #nonces = new Map<string, number>();

  private constructor({ provider, chainId }: { provider: HardhatEthers["provider"]; chainId: bigint }) {
    this.#provider = provider;
    this.chainId = chainId;
  }

  static async connect({ provider }: { provider: HardhatEthers["provider"] }): Promise<Sender> {
    const { chainId } = await provider.getNetwork();
    return new Sender({ provider, chainId });
  }

  /** @throws what the node says if the transaction reverts. */
  async send({
    from,
    transaction: { to, data },
  }: {
    from: Wallet;
    transaction: ContractTransaction;
  }): Promise<TransactionReceipt> {
    const nonce = this.#nonces.get(from.address) ?? 0;
    const signed = Transaction.from({
      chainId: this.chainId,
      type: 2,
      nonce,
      to,
      data,
      gasLimit: GAS_LIMIT,
      maxFeePerGas: MAX_FEE_PER_GAS,
      maxPriorityFeePerGas: 0n,
    });
    signed.signature = from.signingKey.sign(signed.unsignedHash);
    const hash: unknown = await this.#provider.send("eth_sendRawTransaction", [signed.serialized]);
    this.#nonces.set(from.address, nonce + 1);
    const receipt = await this.#provider.getTransactionReceipt(String(hash));
    if (receipt?.status !== 1) throw new Error(`Transaction ${String(hash)} was not mined successfully.`);
    return receipt;
  }
}
