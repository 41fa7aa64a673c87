import { id, type Provider, Wallet } from "ethers";

import { ContentTree } from "../../sdk/content.ts";
import { CachedChannels, ChannelsContract } from "../../sdk/channelsContract.ts";
import { type Disk, LOCAL_DISK } from "../../sdk/node/disk.ts";
import { OperatorStore } from "../../sdk/node/operatorStore.ts";
import { type CallRequest, type Receipt, type SignedReceipt, signReceipt } from "../../sdk/receipt.ts";
import { Settler } from "../../sdk/settler.ts";
import type { VoucherPayment } from "../../sdk/voucherCheck.ts";
import type { LoadService } from "./world.ts";

/** What an operator has to know to start. */
export interface OperatorSetup {
  directory: string;
  privateKey: string;
  chainId: bigint;
  channels: string;
  registry: string;
  /** Those it serves. */
  services: LoadService[];
}

/** A call as it comes in. */
export interface LoadCall {
  request: CallRequest;
  payment: VoucherPayment;
  price: bigint;
}

/** A channel as the operator's book has it. */
export interface ChannelReport {
  channelId: string;
  max: bigint;
  served: bigint;
  settled: bigint;
  /** What calls in progress may come to. */
  open: bigint;
}

/** Bytes of journal above which it is rewritten; small, so that runs see it happen. */
const COMPACT_ABOVE = 1 << 20;
/** Wei that a whole OPEN is worth. */
const WEI_PER_OPEN = 10n ** 15n;
const MIN_DELAY = 900n;
const POLICY = { maxCostBps: 2_000n, maxUnsettledPerPayer: 20n * 10n ** 18n };

/** An operator: it takes calls with vouchers, serves them, signs receipts and settles. */
export class LoadOperator {
  readonly #setup: OperatorSetup;
  readonly #wallet: Wallet;
  readonly #store: OperatorStore;
  readonly #settler: Settler;
  readonly #services: ReadonlyMap<bigint, LoadService>;
  #settling: Promise<unknown> = Promise.resolve();

  private constructor(parts: { setup: OperatorSetup; wallet: Wallet; store: OperatorStore; settler: Settler }) {
    this.#setup = parts.setup;
    this.#wallet = parts.wallet;
    this.#store = parts.store;
    this.#settler = parts.settler;
    this.#services = new Map(parts.setup.services.map((service) => [service.id, service]));
  }

  static async start({
    setup,
    provider,
    disk = LOCAL_DISK,
  }: {
    setup: OperatorSetup;
    provider: Provider;
    disk?: Disk;
  }): Promise<LoadOperator> {
    const { directory, privateKey, chainId, channels, registry, services } = setup;
    const wallet = new Wallet(privateKey, provider);
    const contract = new ChannelsContract({ provider, address: channels });
    const store = await OperatorStore.open({
      directory,
      domain: { chainId, channels, services: registry },
      accepts: {
        operator: wallet.address,
        splitIds: new Set(services.map(({ splitId }) => splitId)),
        minWithdrawDelaySeconds: MIN_DELAY,
      },
      chain: new CachedChannels({ contract }),
      compactAbove: COMPACT_ABOVE,
      disk,
    });
    const settler = new Settler({
      store,
      contract,
      signer: wallet,
      policy: POLICY,
      weiPerToken: WEI_PER_OPEN,
      pollMilliseconds: 20,
    });
    return new LoadOperator({ setup, wallet, store, settler });
  }

  /** Serves a call, or hands out the receipt of one it has served. */
  async call({ request, payment, price }: LoadCall): Promise<SignedReceipt> {
    const admission = await this.#store.accept({ request, payment, price });
    if (admission.state === "served") return admission.signed;
    const { chainId, registry } = this.#setup;
    const receipt = this.#receiptOf({ request, callId: admission.callId, price });
    const signature = await signReceipt({ signer: this.#wallet, chainId, services: registry, receipt });
    const signed = { receipt, signature, children: [] };
    await this.#store.serve(signed);
    return signed;
  }

  /** Settles what is worth it, or everything; one run after the other. */
  async settle({ all }: { all: boolean }): Promise<void> {
    const run = this.#settling.then(() => this.#settler.run({ all }));
    this.#settling = run.catch(() => undefined);
    const { skipped } = await run;
    if (skipped.length > 0) throw new Error(`Channel ${skipped[0].channelId} was left out: ${skipped[0].status}.`);
  }

  report(): ChannelReport[] {
    return [...this.#store.book.channels].map(({ channelId, max, served, settled, open }) => ({
      channelId,
      max,
      served,
      settled,
      open: [...open.values()].reduce((sum, price) => sum + price, 0n),
    }));
  }

  async close(): Promise<void> {
    await this.#store.close();
  }

  /** What a call costs follows from its id, so that a run can be repeated: from half its price on. */
  #receiptOf({ request, callId, price }: { request: CallRequest; callId: string; price: bigint }): Receipt {
    const service = this.#services.get(request.serviceId);
    if (service === undefined) throw new Error(`Service ${request.serviceId} is not served here.`);
    const output = new TextEncoder().encode(id(callId).repeat(10));
    return {
      ...request,
      callId,
      childrenHash: `0x${"00".repeat(32)}`,
      splitId: service.splitId,
      assetSplitId: service.assetSplitId,
      executor: this.#wallet.address,
      outputRoot: ContentTree.from(output).contentRoot,
      tokensIn: 200n,
      tokensOut: BigInt(output.length),
      amount: amountOf({ callId, price }),
      servedAt: BigInt(Math.floor(Date.now() / 1_000)),
    };
  }
}

/** Half of all calls cost their price, the others less. */
export function amountOf({ callId, price }: { callId: string; price: bigint }): bigint {
  const chance = BigInt(callId) % 1_000n;
  return chance < 500n ? price : price - (price * (chance - 500n)) / 1_000n;
}
