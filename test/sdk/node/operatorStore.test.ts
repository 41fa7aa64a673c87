import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { id, type Wallet } from "ethers";

import { ZERO_WORD } from "../../../sdk/bytes.ts";
import { type Channel, channelId, voucherFor } from "../../../sdk/channel.ts";
import { LockedError } from "../../../sdk/node/lock.ts";
import { type ChannelSource, OperatorStore } from "../../../sdk/node/operatorStore.ts";
import { BookError, type GroupOutcome, type PreparedSettlement } from "../../../sdk/operatorBook.ts";
import type { CallRequest } from "../../../sdk/receipt.ts";
import type { ChannelOnChain, VoucherPayment } from "../../../sdk/voucherCheck.ts";
import { VoucherError } from "../../../sdk/voucherCheck.ts";
import { FaultyDisk } from "../../helpers/faultyDisk.ts";
import { channelOf, payWith, receiptFor, requestOf, walletOf } from "../../helpers/operator.ts";
import { Random } from "../../reference/random.ts";

const DOMAIN = { chainId: 31_337n, channels: `0x${"c0".repeat(20)}`, services: `0x${"5e".repeat(20)}` };
const SPLIT = id("split");
const DEPOSIT = 10_000n;
const HASH = id("a transaction");

const operator = walletOf(0);
const payers = [1, 2, 3].map(walletOf);
const channels = payers.map(({ address }) => channelOf({ payer: address, operator: operator.address, splitId: SPLIT }));

/** What the chain says of channels, for tests that need no more of it than that. */
class Deposits implements ChannelSource {
  readonly states = new Map<string, ChannelOnChain>();
  reads = 0;

  constructor(deposited: readonly Channel[] = channels) {
    for (const [i, channel] of deposited.entries()) {
      const state = { number: BigInt(i + 1), balance: DEPOSIT, settled: 0n, withdrawableAt: 0n };
      this.states.set(channelId(channel), state);
    }
  }

  async channel(ofChannel: string): Promise<ChannelOnChain> {
    return this.states.get(ofChannel) ?? { number: 0n, balance: 0n, settled: 0n, withdrawableAt: 0n };
  }

  async refresh(ofChannel: string): Promise<ChannelOnChain> {
    this.reads += 1;
    return this.channel(ofChannel);
  }
}

describe("operator's store", () => {
  let directory: string;
  let deposits: Deposits;
  let store: OperatorStore;

  const open = (options: Partial<Parameters<typeof OperatorStore.open>[0]> = {}): Promise<OperatorStore> =>
    OperatorStore.open({
      directory,
      domain: DOMAIN,
      accepts: { operator: operator.address, splitIds: new Set([SPLIT]), minWithdrawDelaySeconds: 900n },
      chain: deposits,
      ...options,
    });

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "operator-"));
    deposits = new Deposits();
    store = await open();
  });

  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  async function reopen(options: Parameters<typeof open>[0] = {}): Promise<void> {
    await store.close();
    store = await open(options);
  }

  const request = (payer: Wallet, name: string): CallRequest => requestOf({ payer: payer.address, salt: id(name) });
  const pay = (max: bigint, who = 0): Promise<VoucherPayment> =>
    payWith({ domain: DOMAIN, signer: payers[who], channel: channels[who], max });
  const receipt = (name: string, amount: bigint, who = 0) =>
    receiptFor({ domain: DOMAIN, operator, request: request(payers[who], name), splitId: SPLIT, amount });

  async function call(name: string, { price, max, who = 0 }: { price: bigint; max: bigint; who?: number }) {
    return store.accept({ request: request(payers[who], name), payment: await pay(max, who), price });
  }

  async function codeOf(work: Promise<unknown>): Promise<string> {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(VoucherError);
    return (error as VoucherError).code;
  }

  /** Prepares a settlement of everything, as the settler would. */
  async function prepareAll(): Promise<PreparedSettlement> {
    const items = [...store.book.channels]
      .filter(({ served, settled }) => served > settled)
      .map(({ channelId, max, signature, contractSignature, served, unsettled }) => ({
        channelId,
        maxClaimableAmount: max,
        signature,
        contractSignature,
        total: served,
        receipts: unsettled.length,
      }));
    const terms = { splitId: SPLIT, withdrawDelaySeconds: channels[0].withdrawDelaySeconds, salt: channels[0].salt };
    const groups = [{ ...terms, memo: id("memo"), kept: false, items }];
    const settlement = { number: store.book.settlements + 1, nonce: 7, block: 1, groups };
    await store.prepare(settlement);
    return settlement;
  }

  const everything = ({ groups }: PreparedSettlement): GroupOutcome[] =>
    groups.map(({ items }) => ({ transactionHash: HASH, channelIds: items.map(({ channelId }) => channelId) }));

  it("serves a call once, and hands out its receipt whenever it is asked for again", async () => {
    expect((await call("first", { price: 10n, max: 10n })).state).to.equal("accepted");
    const signed = await receipt("first", 10n);
    await store.serve(signed);
    for (let i = 0; i < 2; i++) {
      expect(await call("first", { price: 10n, max: 10n })).to.deep.include({ state: "served", signed });
      await reopen();
    }
  });

  it("refuses a second request for a call that is being served", async () => {
    await call("first", { price: 10n, max: 10n });
    expect(await codeOf(call("first", { price: 10n, max: 10n }))).to.equal("call in progress");
    await Promise.all([
      call("second", { price: 10n, max: 20n }),
      codeOf(call("second", { price: 10n, max: 20n })).then((code) => expect(code).to.equal("call in progress")),
    ]);
  });

  it("accepts a call that it had accepted and not served, for the same voucher, after a restart or a failure", async () => {
    await call("first", { price: 10n, max: 10n });
    await reopen();
    expect(await codeOf(call("another", { price: 10n, max: 10n }))).to.equal("repeated");
    const { callId, state } = await call("first", { price: 10n, max: 10n });
    expect(state).to.equal("accepted");
    store.suspend(callId);
    expect((await call("first", { price: 10n, max: 10n })).state).to.equal("accepted");
    await store.serve(await receipt("first", 10n));
    expect(store.book.channel(channelId(channels[0]))).to.include({ max: 10n, served: 10n });
  });

  it("does not take a call that comes with another price, channel or greater voucher for the same", async () => {
    await call("first", { price: 10n, max: 10n });
    await reopen();
    expect(await codeOf(call("first", { price: 9n, max: 10n }))).to.equal("call changed");
    expect(await codeOf(call("first", { price: 10n, max: 20n }))).to.equal("call changed");
    const other = { ...channels[0], salt: id("other channel") };
    const payment = await payWith({ domain: DOMAIN, signer: payers[0], channel: other, max: 10n });
    const changed = store.accept({ request: request(payers[0], "first"), payment, price: 10n });
    expect(await codeOf(changed)).to.equal("call changed");
  });

  it("refuses a call of another payer than the channel's", async () => {
    const payment = await pay(10n);
    expect(await codeOf(store.accept({ request: request(payers[1], "x"), payment, price: 10n }))).to.equal(
      "wrong payer",
    );
  });

  it("keeps room for calls in progress, and gives back what a call did not cost", async () => {
    const { callId } = await call("first", { price: 60n, max: 100n });
    expect(await codeOf(call("second", { price: 50n, max: 100n }))).to.equal("repeated");
    await call("second", { price: 40n, max: 100n });
    await store.serve(await receipt("first", 10n));
    await call("third", { price: 50n, max: 100n });
    expect(await codeOf(call("fourth", { price: 1n, max: 100n }))).to.equal("repeated");
    await store.serve(await receipt("second", 40n));
    expect(callId).not.to.equal(undefined);
    await reopen();
    expect(store.book.standingOf(channelId(channels[0]))).to.include({ max: 100n, committed: 100n });
  });

  it("frees the price of a call that will not be served", async () => {
    const { callId } = await call("first", { price: 10n, max: 10n });
    await store.release(callId);
    await reopen();
    expect((await call("second", { price: 10n, max: 10n })).state).to.equal("accepted");
  });

  it("enters no receipt for a call it did not accept, for more than its price, or of another split or payer", async () => {
    await call("first", { price: 10n, max: 100n });
    const good = await receipt("first", 10n);
    const bad = [
      await receipt("second", 10n),
      await receipt("first", 11n),
      { ...good, receipt: { ...good.receipt, splitId: id("other") } },
      { ...good, receipt: { ...good.receipt, payer: payers[1].address } },
    ];
    for (const signed of bad) {
      const error: unknown = await store.serve(signed).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(BookError);
    }
    await store.serve(good);
    const again: unknown = await store.serve(good).catch((reason: unknown) => reason);
    expect(again).to.be.instanceOf(BookError);
  });

  it("asks the chain again before it refuses for want of a deposit", async () => {
    const [payer] = payers;
    const fresh = channelOf({ payer: payer.address, operator: operator.address, splitId: SPLIT, salt: id("fresh") });
    const payment = await payWith({ domain: DOMAIN, signer: payer, channel: fresh, max: 5n });
    const accept = () => store.accept({ request: request(payer, "fresh"), payment, price: 5n });
    expect(await codeOf(accept())).to.equal("unknown channel");
    expect(deposits.reads).to.equal(1);
    deposits.refresh = async () => ({ number: 9n, balance: 5n, settled: 0n, withdrawableAt: 0n });
    expect((await accept()).state).to.equal("accepted");
  });

  it("begins a channel it does not know where the chain says", async () => {
    const state = { number: 1n, balance: 50n, settled: 950n, withdrawableAt: 0n };
    deposits.states.set(channelId(channels[0]), state);
    expect(await codeOf(call("first", { price: 10n, max: 959n }))).to.equal("too small");
    await call("first", { price: 10n, max: 960n });
    expect(store.book.channel(channelId(channels[0]))).to.include({ settled: 950n, served: 950n });
  });

  it("takes contracts' signatures only where it can ask them", async () => {
    const voucher = voucherFor({ channel: channels[0], maxClaimableAmount: 10n, contractSignature: true });
    const payment = { ...(await pay(10n)), voucher, contractSignature: true };
    const accept = () => store.accept({ request: request(payers[0], "first"), payment, price: 10n });
    expect(await codeOf(accept())).to.equal("contract signature");
    let valid = false;
    await reopen({ chain: Object.assign(deposits, { isValidSignature: async () => valid }) });
    expect(await codeOf(accept())).to.equal("wrong signer");
    valid = true;
    await accept();
    expect(store.book.channel(channelId(channels[0]))?.contractSignature).to.be.true;
  });

  it("moves settled receipts into a file, knows their calls, and forgets the oldest in the end", async () => {
    await reopen({ memory: 3 });
    for (let i = 1n; i <= 5n; i++) {
      await call(`call ${i}`, { price: 10n, max: 10n * i });
      await store.serve(await receipt(`call ${i}`, 10n));
      const settlement = await prepareAll();
      await reopen({ memory: 3 });
      expect(store.book.prepared).to.deep.equal(settlement);
      await store.conclude(everything(settlement));
      expect((await store.settlement(Number(i))).groups[0].receipts).to.have.lengthOf(1);
    }
    expect(store.book.channel(channelId(channels[0]))).to.deep.include({ settled: 50n, served: 50n, unsettled: [] });
    expect((await call("call 3", { price: 10n, max: 50n })).state).to.equal("served");
    expect(await codeOf(call("call 2", { price: 10n, max: 50n }))).to.equal("repeated");
  });

  it("settles again later what a settlement did not settle", async () => {
    for (const who of [0, 1]) {
      await call("first", { price: 10n, max: 10n, who });
      await store.serve(await receipt("first", 10n, who));
    }
    await prepareAll();
    await store.conclude([{ transactionHash: HASH, channelIds: [channelId(channels[1])] }]);
    expect(store.book.channel(channelId(channels[0]))).to.include({ settled: 0n, served: 10n });
    expect(store.book.channel(channelId(channels[1]))).to.include({ settled: 10n, served: 10n });
    const { groups } = await prepareAll();
    expect(groups[0].items.map(({ channelId: settled }) => settled)).to.deep.equal([channelId(channels[0])]);
    await store.conclude([{ transactionHash: ZERO_WORD, channelIds: [] }]);
    expect(store.book.channel(channelId(channels[0]))).to.include({ settled: 0n, served: 10n });
  });

  it("writes down no settlement that claims more or less than its receipts say, or a second one at a time", async () => {
    await call("first", { price: 10n, max: 20n });
    await store.serve(await receipt("first", 10n));
    const { channelId: of, signature } = [...store.book.channels][0];
    const item = {
      channelId: of,
      maxClaimableAmount: 20n,
      signature,
      contractSignature: false,
      total: 10n,
      receipts: 1,
    };
    const group = { splitId: SPLIT, withdrawDelaySeconds: 0n, salt: ZERO_WORD, memo: ZERO_WORD, kept: false };
    const prepare = (items: (typeof item)[], number = 1): Promise<void> =>
      store.prepare({ number, nonce: 0, block: 0, groups: [{ ...group, items }] });
    for (const bad of [
      [{ ...item, total: 11n }],
      [{ ...item, total: 9n }],
      [{ ...item, receipts: 2 }],
      [{ ...item, total: 0n, receipts: 0 }],
      [{ ...item, maxClaimableAmount: 9n }],
      [{ ...item, maxClaimableAmount: 21n }],
      [item, item],
    ]) {
      const error: unknown = await prepare(bad).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(BookError);
    }
    await prepare([item]);
    const second: unknown = await prepare([item], 2).catch((reason: unknown) => reason);
    expect(second).to.be.instanceOf(BookError);
  });

  it("is one process's, and one operator's on one chain", async () => {
    const locked: unknown = await open().catch((reason: unknown) => reason);
    expect(locked).to.be.instanceOf(LockedError);
    await store.close();
    const other = open({ domain: { ...DOMAIN, chainId: 1n } });
    const error: unknown = await other.catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(BookError);
    expect((error as Error).message).to.contain("on chain 31337");
    store = await open();
  });

  it("takes over the lock of a process that is gone, even of one that had its own number, and of no other", async () => {
    const lock = path.join(directory, "lock");
    const gone = spawnSync(process.execPath, ["--version"]).pid;
    for (const pid of [gone, process.pid]) {
      await store.close();
      await writeFile(lock, String(pid));
      store = await open();
      expect(await readFile(lock, "utf8")).to.equal(String(process.pid));
    }
    await store.close();
    await writeFile(lock, String(process.ppid));
    const error: unknown = await open().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(LockedError);
    expect((error as Error).message).to.equal(
      `Process ${process.ppid} works in this directory. If that is no operator, remove ${lock}.`,
    );
    await rm(lock);
    store = await open();
  });

  it("has every voucher that it acknowledged, wherever the file ends in the last record", async () => {
    await call("first", { price: 10n, max: 10n });
    await store.serve(await receipt("first", 10n));
    const before = store.journalSize;
    await call("second", { price: 10n, max: 20n });
    const after = store.journalSize;
    const file = path.join(directory, "journal");
    await store.close();
    const whole = await readFile(file);
    expect(whole.length).to.equal(after);
    for (let length = after; length >= before; length--) {
      await truncate(file, length);
      store = await open();
      const max = length === after ? 20n : 10n;
      expect(store.book.channel(channelId(channels[0]))).to.include({ max, served: 10n });
      await store.close();
    }
    store = await open();
  });

  describe("compared with a model under random operations and power failures", () => {
    /** A channel as the simplest possible bookkeeping has it. */
    interface ModelChannel {
      max: bigint;
      settled: bigint;
      receipts: Map<string, bigint>;
      unsettled: string[];
      open: Map<string, bigint>;
    }

    const served = ({ settled, receipts, unsettled }: ModelChannel): bigint =>
      unsettled.reduce((sum, name) => sum + (receipts.get(name) ?? 0n), settled);
    const committed = (channel: ModelChannel): bigint =>
      [...channel.open.values()].reduce((sum, price) => sum + price, served(channel));

    for (let seed = 1; seed <= 6; seed++) {
      it(`agrees with it (seed ${seed})`, async function () {
        this.timeout(60_000);
        const random = new Random(seed);
        const model: ModelChannel[] = channels.map(() => ({
          max: 0n,
          settled: 0n,
          receipts: new Map(),
          unsettled: [],
          open: new Map(),
        }));
        let disk = new FaultyDisk({ random, failAt: random.integer(20, 60) });
        let names = 0;
        let failures = 0;
        const options = () => ({ disk, compactAbove: 4_000 });
        await reopen(options());

        /** After a failure: what was not acknowledged is there or not, and the model follows; all else has to agree. */
        const recover = async (follow: () => void = () => undefined): Promise<void> => {
          failures += 1;
          await store.close();
          for (;;) {
            disk = new FaultyDisk({ random, failAt: random.integer(3, 60) });
            try {
              store = await open(options());
              break;
            } catch {
              expect(disk.failed).to.be.true;
            }
          }
          follow();
        };

        const compare = (): void => {
          model.forEach((expected, who) => {
            const booked = store.book.channel(channelId(channels[who]));
            if (booked === undefined) {
              expect(expected.max).to.equal(0n);
              return;
            }
            expect(booked.max).to.equal(expected.max);
            expect(booked.settled).to.equal(expected.settled);
            expect(booked.served).to.equal(served(expected));
            expect(booked.unsettled.map(({ receipt: { amount } }) => amount)).to.deep.equal(
              expected.unsettled.map((name) => expected.receipts.get(name)),
            );
            expect([...booked.open.values()].sort()).to.deep.equal([...expected.open.values()].sort());
            expect(committed(expected) <= expected.max).to.be.true;
          });
        };

        const ask = async (): Promise<void> => {
          const who = random.integer(0, 2);
          const channel = model[who];
          const price = random.bigint(1n, 30n);
          const needed = committed(channel) + price;
          const max = random.pick([needed, needed + 5n, needed - 1n, channel.max, channel.max - 1n, DEPOSIT + 1n]);
          if (max < 1n) return;
          const expected =
            max < channel.max
              ? "decreasing"
              : max < needed
                ? max === channel.max
                  ? "repeated"
                  : "too small"
                : max > DEPOSIT
                  ? "above deposit"
                  : "accepted";
          const name = `call ${names++}`;
          const { callId } = (await receipt(name, 0n, who)).receipt;
          const enter = (): void => {
            channel.max = max;
            channel.open.set(name, price);
          };
          try {
            expect((await call(name, { price, max, who })).state).to.equal(expected);
            enter();
          } catch (error) {
            if (error instanceof VoucherError) {
              expect(error.code).to.equal(expected);
              return;
            }
            if (!disk.failed) throw error;
            await recover(() => {
              if (store.book.call(callId)?.state === "open") enter();
            });
          }
        };

        const answer = async (): Promise<void> => {
          const who = random.integer(0, 2);
          const channel = model[who];
          if (channel.open.size === 0) return;
          const [name, price] = random.pick([...channel.open]);
          const amount = random.bigint(1n, price);
          const signed = await receipt(name, amount, who);
          const enter = (): void => {
            channel.open.delete(name);
            channel.receipts.set(name, amount);
            channel.unsettled.push(name);
          };
          try {
            await store.serve(signed);
            enter();
          } catch (error) {
            if (!disk.failed) throw error;
            await recover(() => {
              if (store.book.call(signed.receipt.callId)?.state === "served") enter();
            });
          }
        };

        const giveUp = async (): Promise<void> => {
          const who = random.integer(0, 2);
          const channel = model[who];
          if (channel.open.size === 0) return;
          const name = random.pick([...channel.open.keys()]);
          const { callId } = (await receipt(name, 0n, who)).receipt;
          try {
            await store.release(callId);
            channel.open.delete(name);
          } catch (error) {
            if (!disk.failed) throw error;
            await recover(() => {
              if (store.book.call(callId) === undefined) channel.open.delete(name);
            });
          }
        };

        const settle = async (): Promise<void> => {
          if (model.every(({ unsettled }) => unsettled.length === 0)) return;
          let prepared = store.book.prepared;
          const number = store.book.settlements;
          try {
            prepared ??= await prepareAll();
          } catch (error) {
            if (!disk.failed) throw error;
            await recover();
            expect(store.book.settlements).to.be.within(number, number + 1);
            return;
          }
          const landed = prepared.groups[0].items.filter(() => random.chance(0.8));
          const enter = (): void => {
            for (const { channelId: of, total, receipts } of landed) {
              const channel = model[channels.findIndex((candidate) => channelId(candidate) === of)];
              channel.settled = total;
              channel.unsettled.splice(0, receipts);
            }
          };
          try {
            await store.conclude([
              { transactionHash: HASH, channelIds: landed.map(({ channelId: settled }) => settled) },
            ]);
            enter();
          } catch (error) {
            if (!disk.failed) throw error;
            await recover(() => {
              if (store.book.prepared === undefined) enter();
            });
          }
        };

        for (let step = 0; step < 400; step++) {
          const chosen = random.integer(0, 9);
          if (chosen < 5) await ask();
          else if (chosen < 8) await answer();
          else if (chosen < 9) await giveUp();
          else await settle();
          if (disk.failed) await recover();
          compare();
        }
        expect(failures).to.be.greaterThan(8);
        await reopen();
        compare();
      });
    }
  });
});
