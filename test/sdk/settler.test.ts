import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { expect } from "chai";
import { id, type Signer } from "ethers";
import { network } from "hardhat";

import type { Protocol } from "../../scripts/lib/protocol.ts";
import { ZERO_WORD } from "../../sdk/bytes.ts";
import { type Channel, channelId, SETTLEMENT_STATUS } from "../../sdk/channel.ts";
import { CachedChannels, ChannelsContract } from "../../sdk/channelsContract.ts";
import { OperatorStore } from "../../sdk/node/operatorStore.ts";
import { ReceiptTree, settlementOf } from "../../sdk/receiptTree.ts";
import {
  planSettlement,
  SETTLEMENT_GAS,
  settlementGas,
  DEFAULT_SETTLEMENT_POLICY,
  type SettlementPolicy,
} from "../../sdk/settlementPlan.ts";
import { Settler, SettlementTimeoutError } from "../../sdk/settler.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";
import {
  channelOf,
  DELAY,
  type OperatorDomain,
  payWith,
  receiptFor,
  requestOf,
  walletOf,
} from "../helpers/operator.ts";

const SPLITS = [id("split 0"), id("split 1")];
const OPEN = 10n ** 18n;
const DEPOSIT = 100n * OPEN;
const PAYERS = 4;

const connection = await network.create();
const { loadFixture, time, mine } = connection.networkHelpers;

describe("settler", () => {
  const key = walletOf(99);
  let protocol: Protocol;
  let domain: OperatorDomain;
  let contract: ChannelsContract;
  let operator: Signer;
  let payers: HardhatEthersSigner[];
  let directory: string;
  let store: OperatorStore;
  let calls: number;

  const deployProtocol = createProtocolFixture({ connection });

  async function world(): Promise<{ protocol: Protocol; payers: HardhatEthersSigner[] }> {
    const deployed = await deployProtocol();
    const signers = (await connection.ethers.getSigners()).slice(1, 1 + PAYERS);
    const [holder] = await connection.ethers.getSigners();
    await connection.networkHelpers.setBalance(key.address, 10n ** 22n);
    for (const payer of signers) {
      await deployed.token.connect(holder).transfer(payer, 1_000n * OPEN);
      await deployed.token.connect(payer).approve(deployed.channels, 1_000n * OPEN);
      for (const splitId of SPLITS) {
        await deployed.channels.connect(payer).deposit(termsOf(payer, splitId), DEPOSIT);
      }
    }
    return { protocol: deployed, payers: signers };
  }

  function termsOf(payer: { address: string }, splitId: string): Channel {
    return channelOf({ payer: payer.address, operator: key.address, splitId });
  }

  const open = (): Promise<OperatorStore> =>
    OperatorStore.open({
      directory,
      domain,
      accepts: { operator: key.address, splitIds: new Set(SPLITS), minWithdrawDelaySeconds: DELAY },
      chain: new CachedChannels({ contract }),
    });

  beforeEach(async () => {
    ({ protocol, payers } = await loadFixture(world));
    const { provider } = connection.ethers;
    const { chainId } = await provider.getNetwork();
    const address = await protocol.channels.getAddress();
    domain = { chainId, channels: address, services: await protocol.services.getAddress() };
    contract = new ChannelsContract({ provider, address });
    operator = key.connect(provider);
    directory = await mkdtemp(path.join(tmpdir(), "settler-"));
    store = await open();
    calls = 0;
  });

  afterEach(async () => {
    await store.close();
    await rm(directory, { recursive: true });
  });

  async function reopen(): Promise<void> {
    await store.close();
    store = await open();
  }

  function settler(options: Partial<ConstructorParameters<typeof Settler>[0]> = {}): Settler {
    return new Settler({
      store,
      contract,
      signer: operator,
      weiPerToken: 10n ** 18n,
      pollMilliseconds: 5,
      patienceSeconds: 0.05,
      ...options,
    });
  }

  /** One call that is accepted and served; more is signed for than it costs if `spare` is given. */
  async function serve(who: number, amount: bigint, { split = 0, spare = 0n } = {}): Promise<void> {
    const payer = payers[who];
    const channel = termsOf(payer, SPLITS[split]);
    const standing = store.book.standingOf(channelId(channel)) ?? { max: 0n, committed: 0n };
    const needed = standing.committed + amount + spare;
    const max = needed > standing.max ? needed : standing.max;
    const request = requestOf({ payer: payer.address, salt: id(`call ${calls++}`) });
    const payment = await payWith({ domain, signer: payer, channel, max });
    await store.accept({ request, payment, price: amount });
    const servedAt = BigInt(await time.latest());
    const splitId = SPLITS[split];
    await store.serve(await receiptFor({ domain, operator: key, request, splitId, amount, servedAt }));
  }

  async function balanceOf(who: number, split = 0): Promise<bigint> {
    return (await contract.channel(channelId(termsOf(payers[who], SPLITS[split])))).balance;
  }

  it("pays every split what its receipts say, with a memo that proves each of them", async () => {
    await serve(0, 3n * OPEN);
    await serve(1, 2n * OPEN, { spare: OPEN });
    await serve(0, 1n * OPEN);
    await serve(2, 5n * OPEN, { split: 1 });
    const { settlements, skipped } = await settler().run({ all: true });
    expect(skipped).to.deep.equal([]);
    expect(settlements).to.have.lengthOf(1);
    expect((await protocol.ledger.received(SPLITS[0])).amount).to.equal(6n * OPEN);
    expect((await protocol.ledger.received(SPLITS[0])).calls).to.equal(3n);
    expect((await protocol.ledger.received(SPLITS[1])).amount).to.equal(5n * OPEN);
    const paid = await protocol.ledger.queryFilter(protocol.ledger.filters.PaidFromBalance(SPLITS[0]));
    const { groups } = await store.settlement(1);
    const receipts = groups[0].receipts.map(({ receipt }) => receipt);
    const tree = new ReceiptTree({ chainId: domain.chainId, services: domain.services, receipts });
    receipts.forEach((receipt, index) => {
      const proof = tree.prove(index);
      const proven = settlementOf({ chainId: domain.chainId, services: domain.services, receipt, proof });
      expect(proven).to.deep.equal({ memo: paid[0].args.memo, total: paid[0].args.amount, size: 3 });
    });
    expect((await settler().run({ all: true })).settlements).to.deep.equal([]);
  });

  it("estimates no less gas than settlements use, and not much more", async () => {
    for (let who = 0; who < PAYERS; who++) {
      await serve(who, OPEN);
      await serve(who, OPEN, { split: 1, spare: OPEN });
    }
    const channels = await Promise.all(
      [...store.book.channels].map(async (booked) => ({ booked, onChain: await contract.channel(booked.channelId) })),
    );
    const [batch] = planSettlement({
      channels,
      policy: DEFAULT_SETTLEMENT_POLICY,
      costOf: () => 0n,
      now: 0n,
      all: true,
    });
    const estimate = settlementGas(batch.map((group) => ({ items: group.map(({ item }) => item), kept: false })));
    const { settlements } = await settler().run({ all: true });
    const hash = settlements[0].outcomes[0].transactionHash;
    const used = (await connection.ethers.provider.getTransactionReceipt(hash))?.gasUsed ?? 0n;
    expect(used <= estimate, `${used} of ${estimate}`).to.be.true;
    expect(used * 2n > estimate, `${used} of ${estimate}`).to.be.true;
  });

  it("has settlements kept for the splits that it is told, and no others", async () => {
    await serve(0, OPEN);
    await serve(1, OPEN);
    await serve(2, 5n * OPEN, { split: 1 });
    const keeps = (splitId: string): boolean => splitId === SPLITS[1];
    const { settlements } = await settler({ keeps }).run({ all: true });
    expect(settlements).to.have.lengthOf(1);
    const now = BigInt(await time.latest());
    const { groups } = settlements[0].settlement;
    expect(groups.map(({ splitId, kept }) => [splitId, kept])).to.have.deep.members([
      [SPLITS[0], false],
      [SPLITS[1], true],
    ]);
    const times = groups.map(async ({ splitId, memo, items }) => {
      const amount = items.reduce((sum, { total }) => sum + total, 0n);
      return [splitId, await protocol.channels.settledAt(key.address, splitId, memo, amount)];
    });
    expect(await Promise.all(times)).to.have.deep.members([
      [SPLITS[0], 0n],
      [SPLITS[1], now],
    ]);
  });

  it("has nothing kept unless it is told to", async () => {
    await serve(0, OPEN);
    await settler().run({ all: true });
    expect(await protocol.channels.queryFilter(protocol.channels.filters.SettlementKept())).to.deep.equal([]);
  });

  it("counts what a record costs", async () => {
    for (let who = 0; who < PAYERS; who++) for (const split of [0, 1]) await serve(who, OPEN, { split });
    const channels = await Promise.all(
      [...store.book.channels].map(async (booked) => ({ booked, onChain: await contract.channel(booked.channelId) })),
    );
    const options = { channels, policy: DEFAULT_SETTLEMENT_POLICY, costOf: () => 0n, now: 0n, all: true };
    const [batch] = planSettlement({ ...options, keeps: () => true });
    const groups = batch.map((group) => ({ items: group.map(({ item }) => item), kept: group[0].kept }));
    const estimate = settlementGas(groups);
    expect(estimate - settlementGas(groups.map(({ items }) => ({ items, kept: false })))).to.equal(
      2n * SETTLEMENT_GAS.record,
    );
    const policy = { ...DEFAULT_SETTLEMENT_POLICY, maxGas: estimate };
    expect(planSettlement({ ...options, policy, keeps: () => true })).to.have.lengthOf(1);
    const less = { ...policy, maxGas: estimate - 1n };
    expect(planSettlement({ ...options, policy: less, keeps: () => true })).to.have.lengthOf(2);
    expect(planSettlement({ ...options, policy: less })).to.have.lengthOf(1);
    const { settlements } = await settler({ keeps: () => true }).run({ all: true });
    const hash = settlements[0].outcomes[0].transactionHash;
    const used = (await connection.ethers.provider.getTransactionReceipt(hash))?.gasUsed ?? 0n;
    expect(used <= estimate, `${used} of ${estimate}`).to.be.true;
  });

  it("divides what does not fit a transaction, and leaves no channel out", async () => {
    for (let who = 0; who < PAYERS; who++) for (const split of [0, 1]) await serve(who, OPEN, { split });
    const maxGas = 40_000n + 90_000n + 3n * 10_800n;
    const { settlements } = await settler({ policy: { maxGas } }).run({ all: true });
    expect(settlements.length).to.be.greaterThan(2);
    for (const splitId of SPLITS) {
      expect((await protocol.ledger.received(splitId)).amount).to.equal(BigInt(PAYERS) * OPEN);
    }
  });

  it("settles what the balance covers of a channel whose payer took money out, and the rest when there is more", async () => {
    await serve(0, 2n * OPEN);
    await serve(0, 3n * OPEN);
    await serve(1, 1n * OPEN);
    const channel = termsOf(payers[0], SPLITS[0]);
    const deposit = (amount: bigint) => protocol.channels.connect(payers[0]).deposit(channel, amount);
    await protocol.channels.connect(payers[0]).requestWithdrawal(channel);
    await time.increase(DELAY);
    await protocol.channels.connect(payers[0]).withdraw(channel);
    await deposit(4n * OPEN);
    await settler().run({ all: true });
    expect(await balanceOf(0)).to.equal(2n * OPEN);
    expect(store.book.channel(channelId(channel))?.unsettled).to.have.lengthOf(1);
    await deposit(OPEN);
    await settler().run({ all: true });
    expect(await balanceOf(0)).to.equal(0n);
    expect((await protocol.ledger.received(SPLITS[0])).amount).to.equal(6n * OPEN);
  });

  it("leaves out what the contract would skip, and says why", async () => {
    await serve(0, OPEN);
    await serve(1, OPEN);
    // As if a contract had taken back its word: nobody there accepts the signature.
    const booked = store.book.channel(channelId(termsOf(payers[1], SPLITS[0])));
    Object.assign(booked ?? {}, { contractSignature: true });
    const { settlements, skipped } = await settler().run({ all: true });
    expect(skipped).to.deep.equal([{ channelId: booked?.channelId, status: SETTLEMENT_STATUS[5] }]);
    const { groups } = settlements[0].settlement;
    expect(groups.flatMap(({ items }) => items)).to.have.lengthOf(1);
    expect((await protocol.ledger.received(SPLITS[0])).amount).to.equal(OPEN);
  });

  it("does not settle with an old copy of its book", async () => {
    await serve(0, OPEN);
    const old = store.book.channel(channelId(termsOf(payers[0], SPLITS[0])));
    await settler().run({ all: true });
    await serve(0, OPEN);
    Object.assign(old ?? {}, { settled: 0n });
    expect((await settler().run({ all: true })).skipped).to.deep.equal([
      { channelId: old?.channelId, status: "ahead" },
    ]);
  });

  describe("after a crash", () => {
    /** The process ends at a step of a settlement. */
    class Crash extends Error {}

    async function crashIn(
      step: "prepare" | "send" | "conclude",
      { sends, ...options }: { sends: boolean; keeps?: (splitId: string) => boolean },
    ): Promise<void> {
      const crash = (): never => {
        throw new Crash();
      };
      const crashing = {
        book: store.book,
        domain,
        prepare: step === "prepare" ? crash : store.prepare.bind(store),
        conclude: step === "conclude" ? crash : store.conclude.bind(store),
      };
      const signer = key.connect(connection.ethers.provider);
      if (step === "send") {
        const send = signer.sendTransaction.bind(signer);
        signer.sendTransaction = async (request) => {
          if (sends) await send(request);
          return crash();
        };
      }
      const error: unknown = await settler({ ...options, store: crashing, signer })
        .run({ all: true })
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(Crash);
      await reopen();
    }

    const cases = [
      { step: "prepare", sends: false, title: "before a settlement is written down" },
      { step: "send", sends: false, title: "before it is sent" },
      { step: "send", sends: true, title: "when it is on its way, and gets onto the chain before anybody looks" },
      { step: "conclude", sends: true, title: "before it is concluded" },
    ] as const;
    for (const { step, sends, title } of cases) {
      it(`neither loses nor repeats it: ${title}`, async () => {
        await serve(0, 2n * OPEN);
        await serve(1, 3n * OPEN, { split: 1 });
        const { provider } = connection.ethers;
        if (step === "send") await provider.send("evm_setAutomine", [false]);
        await crashIn(step, { sends });
        await provider.send("evm_setAutomine", [true]);
        if (sends) await mine(1);
        expect(store.book.prepared !== undefined).to.equal(step !== "prepare");
        await serve(0, 4n * OPEN);
        await settler().run({ all: true });
        expect((await protocol.ledger.received(SPLITS[0])).amount).to.equal(6n * OPEN);
        expect((await protocol.ledger.received(SPLITS[1])).amount).to.equal(3n * OPEN);
        const files = await Promise.all(
          Array.from({ length: store.book.settlements }, (_, i) => store.settlement(i + 1)),
        );
        const settled = files.flatMap(({ groups }) => groups.flatMap(({ receipts }) => receipts));
        expect(new Set(settled.map(({ receipt }) => receipt.callId)).size).to.equal(3);
        expect(settled).to.have.lengthOf(3);
        for (const group of files.flatMap(({ groups }) => groups)) {
          expect(group.transactionHash).not.to.equal(ZERO_WORD);
        }
      });
    }

    it("has kept what was to be kept when it was written down, whatever it is told since", async () => {
      await serve(0, 2n * OPEN);
      await crashIn("send", { sends: false, keeps: () => true });
      await reopen();
      await settler().run({ all: true });
      const { groups } = await store.settlement(1);
      const time = await protocol.channels.settledAt(key.address, SPLITS[0], groups[0].memo, 2n * OPEN);
      expect(time > 0n).to.be.true;
    });

    it("gives up a settlement that cannot settle everything any more, so that it never comes later", async () => {
      await serve(0, 2n * OPEN);
      await serve(1, 3n * OPEN);
      await crashIn("send", { sends: false });
      const channel = termsOf(payers[1], SPLITS[0]);
      await protocol.channels.connect(payers[1]).requestWithdrawal(channel);
      await time.increase(DELAY);
      await protocol.channels.connect(payers[1]).withdraw(channel);
      const { settlements } = await settler().run({ all: true });
      expect(settlements.map(({ outcomes }) => outcomes[0].channelIds.length)).to.deep.equal([0, 1]);
      expect((await protocol.ledger.received(SPLITS[0])).amount).to.equal(2n * OPEN);
      expect(store.book.channel(channelId(channel))?.unsettled).to.have.lengthOf(1);
    });
  });

  it("sends again for more gas what is not mined, waits for confirmations, and goes on with it another time", async () => {
    await serve(0, 2n * OPEN);
    const { provider } = connection.ethers;
    await provider.send("evm_setAutomine", [false]);
    try {
      const error: unknown = await settler()
        .run({ all: true })
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(SettlementTimeoutError);
      await mine(1);
      const unconfirmed: unknown = await settler({ confirmations: 3 })
        .run({ all: true })
        .catch((reason: unknown) => reason);
      expect(unconfirmed).to.be.instanceOf(SettlementTimeoutError);
      await mine(2);
      const { settlements } = await settler({ confirmations: 3 }).run({ all: true });
      expect(settlements).to.have.lengthOf(1);
      expect((await protocol.ledger.received(SPLITS[0])).amount).to.equal(2n * OPEN);
    } finally {
      await provider.send("evm_setAutomine", [true]);
    }
  });

  describe("without being asked for everything", () => {
    const DEAR = 10n ** 18n; // Gas costs as much in tokens as in wei.
    const strict: Partial<SettlementPolicy> = { maxCostBps: 1n, maxUnsettledPerPayer: 50n * OPEN };

    async function settledNow(policy: Partial<SettlementPolicy> = strict, weiPerToken = DEAR): Promise<string[]> {
      const { settlements } = await settler({ policy, weiPerToken }).run();
      return settlements.flatMap(({ outcomes }) => outcomes.flatMap(({ channelIds }) => channelIds));
    }

    const idOf = (who: number, split = 0): string => channelId(termsOf(payers[who], SPLITS[split]));

    it("waits while gas costs too much of what there is, and settles when it is worth it", async () => {
      await serve(0, 10n ** 16n);
      expect(await settledNow()).to.deep.equal([]);
      expect(await settledNow(strict, 10n ** 24n)).to.deep.equal([idOf(0)]);
    });

    it("settles a payer that owes too much, in all its channels together", async () => {
      await serve(0, 30n * OPEN);
      expect(await settledNow({ ...strict, maxCostBps: 0n })).to.deep.equal([]);
      await serve(0, 21n * OPEN, { split: 1 });
      expect(await settledNow({ ...strict, maxCostBps: 0n })).to.have.members([idOf(0), idOf(0, 1)]);
    });

    it("settles receipts that are old, but not for less than the gas", async () => {
      await serve(0, OPEN);
      await serve(1, 1_000n);
      expect(await settledNow({ ...strict, maxCostBps: 0n })).to.deep.equal([]);
      await time.increase(86_400n);
      expect(await settledNow({ ...strict, maxCostBps: 0n })).to.deep.equal([idOf(0)]);
    });

    it("settles a channel whose deposit runs low", async () => {
      await serve(0, 89n * OPEN);
      const policy = { maxCostBps: 0n, maxUnsettledPerPayer: 1_000n * OPEN };
      expect(await settledNow(policy)).to.deep.equal([]);
      await serve(0, 2n * OPEN);
      expect(await settledNow(policy)).to.deep.equal([idOf(0)]);
    });

    it("settles before a payer can withdraw, and apart from others if it is late", async () => {
      await serve(0, OPEN);
      await serve(1, OPEN);
      await serve(2, OPEN);
      await protocol.channels.connect(payers[0]).requestWithdrawal(termsOf(payers[0], SPLITS[0]));
      expect(await settledNow({ ...strict, maxCostBps: 0n })).to.deep.equal([idOf(0)]);
      await protocol.channels.connect(payers[1]).requestWithdrawal(termsOf(payers[1], SPLITS[0]));
      await time.increase(DELAY - 300n);
      await settler().run({ all: true });
      expect((await store.settlement(2)).groups.map(({ items }) => items.length)).to.deep.equal([1, 1]);
    });
  });
});
