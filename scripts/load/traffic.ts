import { id, keccak256, toUtf8Bytes, type Wallet } from "ethers";

import { ZERO_WORD } from "../../sdk/bytes.ts";
import { type Channel, channelId, signVoucher, termsId } from "../../sdk/channel.ts";
import { callId as idOfCall, type CallRequest, type Receipt, recoverExecutor } from "../../sdk/receipt.ts";
import { VoucherError } from "../../sdk/voucherCheck.ts";
import { Random } from "../../test/reference/random.ts";
import { type OperatorHost, StoppedError } from "./hosts.ts";
import { amountOf, type ChannelReport } from "./operator.ts";
import type { LoadService, LoadWorld } from "./world.ts";

/** A channel as its payer knows it. Amounts are totals. */
export interface PayerChannel {
  channelId: string;
  channel: Channel;
  service: LoadService;
  payer: Wallet;
  /** Greatest voucher signed. */
  signed: bigint;
  /** Greatest voucher of a call that was answered: the operator has acknowledged it. */
  acknowledged: bigint;
  /** What the receipts come to that the payer has. */
  charged: bigint;
  calls: number;
  /** Price of the call that waits for its answer; zero if none does. */
  waiting: bigint;
}

/** A call that a payer makes next. */
export interface NextCall {
  /** Who serves it. */
  operator: number;
  run: () => Promise<void>;
}

const CHANNELS_PER_PAYER = 4;
const DELAY = 3_600n;
const CENT = 10n ** 16n;
/** Less than most channels need, so that payers deposit again. */
const FIRST_DEPOSIT = 150n * CENT;
/** One receipt in so many has its signature checked; all have their contents checked. */
const CHECKED_RECEIPTS = 50;

/** Payers that call services one call at a time, and ask again whenever an operator stops before it answers. */
export class Traffic {
  readonly channels: PayerChannel[] = [];
  /** Calls answered. */
  answered = 0;
  /** Requests that had to be made again. */
  retries = 0;
  topUps = 0;
  /** What an operator's book lacked after a crash, or had too much. */
  readonly violations: string[] = [];
  readonly #world: LoadWorld;
  readonly #hosts: readonly OperatorHost[];
  /** Settles when an operator that stopped works again. */
  readonly #restarts = new Map<number, Promise<void>>();
  /** Hash over each payer's calls with what they cost, in its order. */
  readonly #digests: string[];

  constructor({ world, hosts, seed }: { world: LoadWorld; hosts: readonly OperatorHost[]; seed: number }) {
    this.#world = world;
    this.#hosts = hosts;
    this.#digests = world.payers.map(() => ZERO_WORD);
    const random = new Random(seed);
    for (const payer of world.payers) {
      for (const service of random.shuffle(world.services).slice(0, CHANNELS_PER_PAYER)) {
        this.#open({ payer, service });
      }
    }
  }

  /** The same for the same seed: every call with its amount, whatever stopped in between. */
  get digest(): string {
    return keccak256(toUtf8Bytes(this.#digests.join()));
  }

  async deposit(): Promise<void> {
    for (const { payer, channel } of this.channels)
      await this.#world.deposit({ payer, channel, amount: FIRST_DEPOSIT });
  }

  /**
   * Starts an operator, after a stop or the first time, and compares its book with what its payers know. Whoever asks for
   * it while it is starting waits for the same start.
   */
  async start(operator: number): Promise<void> {
    const running =
      this.#restarts.get(operator) ??
      this.#hosts[operator].start().then((reports) => {
        this.#compare({ operator, reports });
        this.#restarts.delete(operator);
      });
    this.#restarts.set(operator, running);
    await running;
  }

  /** All calls of one payer; the next one begins when the one before is answered. */
  *calls({ payer, count, seed }: { payer: number; count: number; seed: number }): Generator<NextCall> {
    const random = new Random(1_000_003 * seed + payer);
    const own = this.channels.slice(payer * CHANNELS_PER_PAYER, (payer + 1) * CHANNELS_PER_PAYER);
    for (let i = 0; i < count; i++) {
      const channel = random.pick(own);
      const price = random.bigint(CENT, 12n * CENT);
      const request: CallRequest = {
        payer: channel.payer.address,
        parentCallId: ZERO_WORD,
        serviceId: channel.service.id,
        inputHash: id(`prompt ${i}`),
        salt: random.bytes32(),
      };
      yield { operator: channel.service.operator, run: () => this.#call({ channel, request, price, index: payer }) };
    }
  }

  #open({ payer, service }: { payer: Wallet; service: LoadService }): void {
    const channel = {
      payer: payer.address,
      signer: payer.address,
      operator: this.#world.operators[service.operator].address,
      splitId: service.splitId,
      withdrawDelaySeconds: DELAY,
      salt: ZERO_WORD,
    };
    this.channels.push({
      channelId: channelId(channel),
      channel,
      service,
      payer,
      signed: 0n,
      acknowledged: 0n,
      charged: 0n,
      calls: 0,
      waiting: 0n,
    });
  }

  async #call({
    channel,
    request,
    price,
    index,
  }: {
    channel: PayerChannel;
    request: CallRequest;
    price: bigint;
    index: number;
  }): Promise<void> {
    const { chainId, addresses } = this.#world;
    const needed = channel.charged + price;
    if (needed > channel.signed) channel.signed = needed;
    channel.waiting = price;
    const voucher = { termsId: termsId(channel.channel), maxClaimableAmount: channel.signed };
    const signature = await signVoucher({ signer: channel.payer, chainId, channels: addresses.channels, voucher });
    const payment = { channel: channel.channel, voucher, signature };
    for (;;) {
      const { operator } = channel.service;
      try {
        const { receipt, signature: executed } = await this.#hosts[operator].call({ request, payment, price });
        this.#check({ channel, request, price, receipt, signature: executed });
        channel.acknowledged = channel.signed;
        channel.charged += receipt.amount;
        channel.calls += 1;
        channel.waiting = 0n;
        this.answered += 1;
        this.#digests[index] = keccak256(
          toUtf8Bytes(`${this.#digests[index]} ${receipt.callId} ${receipt.amount.toString()}`),
        );
        return;
      } catch (error) {
        if (error instanceof VoucherError && error.code === "above deposit") {
          this.topUps += 1;
          const amount = BigInt(error.values.missing) + FIRST_DEPOSIT;
          await this.#world.deposit({ payer: channel.payer, channel: channel.channel, amount });
        } else if (error instanceof StoppedError) {
          this.retries += 1;
          await this.start(operator);
        } else {
          throw error;
        }
      }
    }
  }

  #check({
    channel,
    request,
    price,
    receipt,
    signature,
  }: {
    channel: PayerChannel;
    request: CallRequest;
    price: bigint;
    receipt: Receipt;
    signature: string;
  }): void {
    const domain = { chainId: this.#world.chainId, services: this.#world.addresses.services };
    const callId = idOfCall({ ...domain, request });
    const isRight =
      receipt.callId === callId &&
      receipt.amount === amountOf({ callId, price }) &&
      receipt.splitId === channel.service.splitId;
    const isSigned =
      this.answered % CHECKED_RECEIPTS !== 0 ||
      recoverExecutor({ ...domain, receipt, signature }) === channel.channel.operator;
    if (!isRight || !isSigned) this.violations.push(`The receipt of call ${callId} is not what was asked for.`);
  }

  /** A book after a crash has all that was acknowledged, and at most the call that was under way besides. */
  #compare({ operator, reports }: { operator: number; reports: readonly ChannelReport[] }): void {
    const booked = new Map(reports.map((report) => [report.channelId, report]));
    for (const channel of this.channels) {
      if (channel.service.operator !== operator) continue;
      const { max, served, open } = booked.get(channel.channelId) ?? { max: 0n, served: 0n, open: 0n };
      const { acknowledged, signed, charged, waiting } = channel;
      const loses = max < acknowledged || served < charged;
      const invents = max > signed || served + open > charged + waiting;
      if (loses || invents) {
        this.violations.push(
          `Channel ${channel.channelId}: voucher ${max} (payer ${acknowledged} to ${signed}), ` +
            `served ${served} (payer ${charged}, waiting ${waiting}), open ${open}.`,
        );
      }
    }
  }
}
