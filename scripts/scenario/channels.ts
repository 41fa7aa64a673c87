import { id } from "ethers";

import { ZERO_WORD } from "../../sdk/bytes.ts";
import {
  type Channel,
  channelId,
  packVouchers,
  readSettled,
  signVoucher,
  termsId,
  type VoucherClaim,
} from "../../sdk/channel.ts";
import type { PersonIndex } from "../../sdk/scenario/scenario.ts";
import type { ServiceSplit, Step } from "../../sdk/scenario/step.ts";
import type { Registries } from "./registries.ts";
import { expectSame, type Stage } from "./stage.ts";

const DELAY_SECONDS = 86_400n;
/** Vouchers that fit into one transaction. */
const BATCH = 700;

/** A channel from both ends. */
export interface OpenChannel {
  payer: PersonIndex;
  channel: Channel;
  /** By which settlements name it. */
  number: bigint;
  deposited: bigint;
  settled: bigint;
}

type StepOf<Kind extends Step["kind"]> = Extract<Step, { kind: Kind }>;

/** Payment channels: deposits, and the settlement of what payers have signed since. */
export class Channels {
  readonly #stage: Stage;
  readonly #registries: Registries;
  readonly #open = new Map<string, OpenChannel>();

  constructor({ stage, registries }: { stage: Stage; registries: Registries }) {
    this.#stage = stage;
    this.#registries = registries;
  }

  /** Channels with what is left in them. */
  get open(): IterableIterator<OpenChannel> {
    return this.#open.values();
  }

  async fund({ payer, split, amount }: StepOf<"fundChannel">): Promise<void> {
    const { contracts } = this.#stage;
    await this.#stage.funds.provide(payer, "channels");
    const key = keyOf(payer, split);
    const channel = this.#open.get(key)?.channel ?? this.#termsOf(payer, split);
    const mined = await this.#stage.send({
      from: this.#stage.walletOf(payer),
      operation: "channel: deposit",
      contract: "channels",
      name: "deposit",
      args: () => [channel, amount],
    });
    const [opened] = contracts.events("channels", "ChannelOpened", mined);
    const open = this.#open.get(key) ?? {
      payer,
      channel,
      number: opened.uint("number"),
      deposited: 0n,
      settled: 0n,
    };
    const deposit = contracts.event("channels", "ChannelDeposited", mined);
    const who = this.#stage.nameOf(payer);
    expectSame({ what: `The channel of ${who}`, model: channelId(channel), chain: deposit.text("channelId") });
    expectSame({ what: `The deposit of ${who}`, model: amount, chain: deposit.uint("amount") });
    open.deposited += amount;
    this.#open.set(key, open);
  }

  /** Has payers sign for all they were served since the last settlement, and the operator settle it. */
  async settle({ split, calls, amount, vouchers }: StepOf<"settle">): Promise<void> {
    const { contracts, scenario, books, chainId } = this.#stage;
    const { operator, name } = scenario.services[split.service];
    const { id: splitId } = this.#registries.splitOf(split);
    let paid = 0n;
    for (let first = 0; first < vouchers.length; first += BATCH) {
      const due = vouchers.slice(first, first + BATCH).map(({ payer, added }) => {
        const open = this.#open.get(keyOf(payer, split));
        if (open === undefined) throw new Error(`${this.#stage.nameOf(payer)} has no channel for ${name}.`);
        return { open, total: open.settled + added };
      });
      const sign = async ({ open: { channel, payer }, total }: (typeof due)[number]): Promise<VoucherClaim> => ({
        channel,
        maxClaimableAmount: total,
        total,
        signature: await signVoucher({
          chainId,
          channels: contracts.addresses.channels,
          signer: this.#stage.walletOf(payer),
          voucher: { termsId: termsId(channel), maxClaimableAmount: total },
        }),
        contractSignature: false,
      });
      const mined = await this.#stage.send({
        from: this.#stage.operatorWallet(operator),
        operation: "channel: settle vouchers",
        contract: "channels",
        name: "settle",
        args: async () => [
          [
            {
              splitId,
              withdrawDelaySeconds: DELAY_SECONDS,
              salt: ZERO_WORD,
              calls: first === 0 ? calls : 0,
              memo: id(`receipts of ${name}`),
              kept: false,
              vouchers: packVouchers(await Promise.all(due.map(sign))),
            },
          ],
        ],
      });
      const entries = readSettled(contracts.event("channels", "Settled", mined).text("channels"));
      const settled = new Map(entries.map((entry) => [entry.number, entry.settled]));
      for (const { open, total } of due) {
        const what = `What the channel of ${this.#stage.nameOf(open.payer)} for ${name} has settled`;
        expectSame({ what, model: total, chain: settled.get(open.number) });
        open.settled = total;
      }
      for (const event of contracts.events("ledger", "PaidFromBalance", mined)) paid += event.uint("amount");
    }
    expectSame({ what: `What vouchers pay ${name}`, model: amount, chain: paid });
    books.pay(splitId, amount);
  }

  /** Has operators give back what is left. */
  async close(): Promise<void> {
    const left = [...this.#open.values()].filter(({ deposited, settled }) => deposited > settled);
    for (const { wallet } of this.#stage.scenario.operators) {
      const operator = this.#stage.walletOf(wallet);
      const channels = left.map(({ channel }) => channel).filter((channel) => channel.operator === operator.address);
      for (let first = 0; first < channels.length; first += BATCH / 10) {
        await this.#stage.send({
          from: operator,
          operation: "channel: close",
          contract: "channels",
          name: "close",
          args: () => [channels.slice(first, first + BATCH / 10)],
        });
      }
    }
  }

  #termsOf(payer: PersonIndex, split: ServiceSplit): Channel {
    const { address } = this.#stage.walletOf(payer);
    return {
      payer: address,
      signer: address,
      operator: this.#stage.operatorWallet(this.#stage.scenario.services[split.service].operator).address,
      splitId: this.#registries.splitOf(split).id,
      withdrawDelaySeconds: DELAY_SECONDS,
      salt: ZERO_WORD,
    };
  }
}

function keyOf(payer: PersonIndex, { service, version, policy }: ServiceSplit): string {
  return `${payer} ${service} ${version} ${policy}`;
}
