import { expect } from "chai";
import {
  concat,
  dataSlice,
  getAddress,
  hexlify,
  id,
  keccak256,
  solidityPacked,
  toBeHex,
  Wallet,
  ZeroAddress,
  ZeroHash,
  zeroPadValue,
} from "ethers";
import { network } from "hardhat";

import {
  type Channel,
  channelId,
  packVouchers,
  readSettled,
  type SettlementStatus,
  SETTLEMENT_STATUS,
  termsId,
  type VoucherClaim,
  voucherDigest,
  LOWER_HALF,
} from "../../sdk/channel.ts";
import { skipWhereGasIsAnother } from "../helpers/coverage.ts";
import { delegate } from "../helpers/delegation.ts";
import { accountOf } from "../helpers/shares.ts";
import {
  authorize,
  channelOf,
  type ChannelWorld,
  claimOf,
  DAY,
  deployChannels,
  MAX_TOTAL,
  MEMO,
  openChannel,
  receivedBy,
  settle,
  settlementOf,
  settleOne,
  stateOf,
} from "./channels.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

/** Greatest s of which a signature has no twin below it. */
/** An x of a point on the curve. */
const SOME_R = "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const MAGIC = "0x1626ba7e";
const TRANSACTION_GAS_LIMIT = 2n ** 24n;

describe("PaymentChannels, settlements", () => {
  describe("settle", () => {
    it("pays the split what the voucher adds, and says so", async () => {
      const world = await loadFixture(deploy);
      const { channels, ledger, operator, split } = world;
      const channel = await openChannel(world);
      const claim = await claimOf({ world, channel, max: 300n });
      const sent = channels.connect(operator).settle([settlementOf(channel, [claim], { calls: 7n })]);
      await expect(sent)
        .to.emit(channels, "Settled")
        .withArgs(operator, split.id, solidityPacked(["uint32", "uint96"], [1n, 300n]));
      await expect(sent)
        .to.emit(ledger, "PaidFromBalance")
        .withArgs(split.id, accountOf({ address: world.domain.channels }), 300n, 7n, MEMO);
      await expect(sent).not.to.emit(channels, "VoucherSkipped");
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 700n, settled: 300n, number: 1n });
      expect((await ledger.received(split.id)).calls).to.equal(7n);
      expect(await ledger.balanceOf(accountOf({ address: world.domain.channels }))).to.equal(700n);
    });

    it("pays for a later voucher only what the earlier one did not", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      await settleOne(world, channel, [await claimOf({ world, channel, max: 300n })]);
      await settleOne(world, channel, [await claimOf({ world, channel, max: 301n })]);
      expect(await receivedBy(world, world.split)).to.equal(301n);
      await settleOne(world, channel, [await claimOf({ world, channel, max: 1_000n })]);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 0n, settled: 1_000n, number: 1n });
    });

    it("settles what was topped up since", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const claim = await claimOf({ world, channel, max: 1_500n });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["above deposit"]);
      await world.channels.deposit(channel, 500n);
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
    });

    it("settles many channels of several payers with one payment", async () => {
      const world = await loadFixture(deploy);
      const { channels, token, bob, payer } = world;
      await token.transfer(bob, 500n);
      await token.connect(bob).approve(channels, 500n);
      const mine = await openChannel(world);
      const bobs = channelOf(world, { payer: bob.address });
      await channels.connect(bob).deposit(bobs, 500n);
      const claims = [
        await claimOf({ world, channel: bobs, max: 20n, signer: bob }),
        await claimOf({ world, channel: mine, max: 3n, signer: payer }),
      ];
      const { statuses, sent } = await settle(world, [settlementOf(mine, claims)]);
      expect(statuses).to.deep.equal([["settled", "settled"]]);
      const events = await channels.queryFilter(channels.filters.Settled(), sent.blockNumber ?? undefined);
      expect(readSettled(events[0].args.channels)).to.deep.equal([
        { number: 2n, settled: 20n },
        { number: 1n, settled: 3n },
      ]);
      expect(await receivedBy(world, world.split)).to.equal(23n);
    });

    it("settles for several splits, delays and salts at once", async () => {
      const world = await loadFixture(deploy);
      const { channels, ledger, operator, split, otherSplit } = world;
      const terms: Partial<Channel>[] = [
        {},
        { splitId: otherSplit.id },
        { withdrawDelaySeconds: 2n * DAY },
        { salt: id("salt") },
      ];
      const settlements = [];
      for (const [i, changes] of terms.entries()) {
        const channel = await openChannel(world, changes);
        settlements.push(settlementOf(channel, [await claimOf({ world, channel, max: BigInt(10 ** i) })]));
      }
      const { statuses, sent } = await settle(world, settlements);
      expect(statuses).to.deep.equal(terms.map(() => ["settled"]));
      await expect(sent)
        .to.emit(channels, "Settled")
        .withArgs(operator, otherSplit.id, concat([toBeHex(2, 4), toBeHex(10, 12)]));
      expect(await receivedBy(world, split)).to.equal(1_101n);
      expect(await receivedBy(world, otherSplit)).to.equal(10n);
      expect(await ledger.balanceOf(accountOf({ address: world.domain.channels }))).to.equal(4_000n - 1_111n);
    });

    it("lets the operator claim less than a voucher allows, and the rest of it later", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      for (const total of [100n, 299n, 300n]) {
        const claim = await claimOf({ world, channel, max: 300n, total });
        expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
        expect((await stateOf(world, channel)).settled).to.equal(total);
      }
    });

    it("settles several vouchers of one channel, each for what it adds", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const claims = [
        await claimOf({ world, channel, max: 100n }),
        await claimOf({ world, channel, max: 400n, total: 150n }),
        await claimOf({ world, channel, max: 151n }),
      ];
      expect(await settleOne(world, channel, claims)).to.deep.equal(["settled", "settled", "settled"]);
      expect(await receivedBy(world, world.split)).to.equal(151n);
    });

    it("takes vouchers that a key signed which the payer trusts", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world, { signer: world.session.address });
      for (const [total, max] of [
        [30n, 30n],
        [40n, 50n],
      ]) {
        const claim = await claimOf({ world, channel, max, total, signer: world.session });
        expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
      }
      const { statuses, sent } = await settle(world, [
        settlementOf(channel, [await claimOf({ world, channel, max: 60n, signer: world.payer })]),
      ]);
      expect(statuses).to.deep.equal([["unknown channel"]]);
      await expect(sent)
        .to.emit(world.channels, "VoucherSkipped")
        .withArgs(
          keccak256(concat([termsId(channel), zeroPadValue(world.payer.address, 32)])),
          world.operator,
          world.payer,
          4n,
          60n,
        )
        .and.not.to.emit(world.channels, "Settled");
    });

    it("settles the greatest total there can be", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const claim = await claimOf({ world, channel, max: MAX_TOTAL, total: 1_000n });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
      expect(await settleOne(world, channel, [{ ...claim, total: MAX_TOTAL }])).to.deep.equal(["above deposit"]);
    });

    it("reverts without settlements", async () => {
      const { channels } = await loadFixture(deploy);
      await expect(channels.settle([])).to.be.revertedWithCustomError(channels, "PaymentChannels_NothingToSettle");
    });

    it("makes no payment for no voucher", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const { statuses, sent } = await settle(world, [settlementOf(channel, [])]);
      expect(statuses).to.deep.equal([[]]);
      expect((await sent.wait())?.logs).to.deep.equal([]);
    });

    it("makes no payment where no voucher is settled, and those of other settlements all the same", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const good = settlementOf(channel, [await claimOf({ world, channel, max: 5n })]);
      const other = channelOf(world, { splitId: world.otherSplit.id });
      const bad = settlementOf(other, [await claimOf({ world, channel: other, max: 5n })]);
      const { statuses, sent } = await settle(world, [bad, good, bad]);
      expect(statuses).to.deep.equal([["unknown channel"], ["settled"], ["unknown channel"]]);
      const paid = world.ledger.interface.getEvent("PaidFromBalance").topicHash;
      expect((await sent.wait())?.logs.filter(({ topics }) => topics[0] === paid)).to.have.lengthOf(1);
    });

    for (const count of [500, 1_000]) {
      it(`settles ${count} vouchers in one transaction`, async () => {
        const world = await loadFixture(deployMany);
        const { channels, operator, wallets } = world;
        const claims = await Promise.all(
          wallets.slice(0, count).map(async (signer, i) => {
            const channel = channelOf(world, { payer: signer.address });
            return await claimOf({ world, channel, max: BigInt(i + 1), signer });
          }),
        );
        const sent = await channels
          .connect(operator)
          .settle([settlementOf(claims[0].channel, claims)], { gasLimit: TRANSACTION_GAS_LIMIT });
        await expect(sent).not.to.emit(channels, "VoucherSkipped");
        const [{ args }] = await channels.queryFilter(channels.filters.Settled(), sent.blockNumber ?? undefined);
        expect(readSettled(args.channels)).to.deep.equal(
          claims.map((_, i) => ({ number: BigInt(i + 1), settled: BigInt(i + 1) })),
        );
        expect(await receivedBy(world, world.split)).to.equal(BigInt((count * (count + 1)) / 2));
      });
    }
  });

  describe("a settlement that is kept", () => {
    it("is on record with its operator, split, memo and amount, and with nothing else", async () => {
      const world = await loadFixture(deploy);
      const { channels, operator, otherOperator, split, otherSplit } = world;
      const channel = await openChannel(world);
      const claim = await claimOf({ world, channel, max: 300n });
      const { sent } = await settle(world, [settlementOf(channel, [claim], { calls: 7n, kept: true })]);
      await expect(sent).to.emit(channels, "SettlementKept").withArgs(operator, split.id, MEMO, 300n);
      const now = BigInt(await networkHelpers.time.latest());
      expect(await channels.settledAt(operator, split.id, MEMO, 300n)).to.equal(now);
      expect(await channels.settledAt(otherOperator, split.id, MEMO, 300n)).to.equal(0n);
      expect(await channels.settledAt(operator, otherSplit.id, MEMO, 300n)).to.equal(0n);
      expect(await channels.settledAt(operator, split.id, id("another memo"), 300n)).to.equal(0n);
      expect(await channels.settledAt(operator, split.id, MEMO, 299n)).to.equal(0n);
    });

    it("has its payment's log right behind its own, as the court reads it", async () => {
      const world = await loadFixture(deploy);
      const { channels, ledger } = world;
      const channel = await openChannel(world);
      const claims = [await claimOf({ world, channel, max: 300n })];
      const { sent } = await settle(world, [settlementOf(channel, claims, { kept: true })]);
      const topics = (await sent.wait())?.logs.map((log) => log.topics[0]) ?? [];
      const settled = topics.indexOf(channels.interface.getEvent("Settled").topicHash);
      expect(topics).to.include(channels.interface.getEvent("SettlementKept").topicHash);
      expect(topics[settled + 1]).to.equal(ledger.interface.getEvent("PaidFromBalance").topicHash);
    });

    it("is kept with the time it was first settled", async () => {
      const world = await loadFixture(deploy);
      const { channels, operator, split } = world;
      const channel = await openChannel(world);
      const settleMore = async (max: bigint) =>
        await settle(world, [settlementOf(channel, [await claimOf({ world, channel, max })], { kept: true })]);
      await settleMore(5n);
      const first = BigInt(await networkHelpers.time.latest());
      await networkHelpers.time.increase(DAY);
      const { sent } = await settleMore(10n);
      await expect(sent).not.to.emit(channels, "SettlementKept");
      expect(await channels.settledAt(operator, split.id, MEMO, 5n)).to.equal(first);
      expect(await receivedBy(world, split)).to.equal(10n);
    });

    it("is on record with what was settled where vouchers are skipped", async () => {
      const world = await loadFixture(deploy);
      const { channels, operator, split } = world;
      const channel = await openChannel(world);
      const claims = await Promise.all([300n, 5_000n, 200n].map(async (max) => await claimOf({ world, channel, max })));
      const { statuses, sent } = await settle(world, [settlementOf(channel, claims, { kept: true })]);
      expect(statuses).to.deep.equal([["settled", "above deposit", "nothing new"]]);
      await expect(sent).to.emit(channels, "SettlementKept").withArgs(operator, split.id, MEMO, 300n);
      expect(await channels.settledAt(operator, split.id, MEMO, 5_000n)).to.equal(0n);
    });

    it("is not on record if nothing was settled", async () => {
      const world = await loadFixture(deploy);
      const { channels, operator, split } = world;
      const channel = await openChannel(world);
      const claims = [await claimOf({ world, channel, max: 5_000n })];
      for (const vouchers of [claims, []]) {
        const { sent } = await settle(world, [settlementOf(channel, vouchers, { kept: true })]);
        await expect(sent).not.to.emit(channels, "SettlementKept");
      }
      expect(await channels.settledAt(operator, split.id, MEMO, 0n)).to.equal(0n);
      expect(await channels.settledAt(operator, split.id, MEMO, 5_000n)).to.equal(0n);
    });

    it("is the only one on record among others, and cannot be put there later", async () => {
      const world = await loadFixture(deploy);
      const { channels, operator, split, otherSplit } = world;
      const channel = await openChannel(world);
      const other = await openChannel(world, { splitId: otherSplit.id });
      const settlements = [
        settlementOf(channel, [await claimOf({ world, channel, max: 5n })]),
        settlementOf(other, [await claimOf({ world, channel: other, max: 7n })], { kept: true }),
      ];
      await settle(world, settlements);
      const now = BigInt(await networkHelpers.time.latest());
      expect(await channels.settledAt(operator, split.id, MEMO, 5n)).to.equal(0n);
      expect(await channels.settledAt(operator, otherSplit.id, MEMO, 7n)).to.equal(now);
      await settle(world, [{ ...settlements[0], kept: true }]);
      expect(await channels.settledAt(operator, split.id, MEMO, 5n)).to.equal(0n);
    });

    it("cannot be another operator's", async () => {
      const world = await loadFixture(deploy);
      const { channels, operator, otherOperator, split } = world;
      const channel = await openChannel(world);
      const settlement = settlementOf(channel, [await claimOf({ world, channel, max: 5n })], { kept: true });
      const { statuses } = await settle(world, [settlement], otherOperator);
      expect(statuses).to.deep.equal([["unknown channel"]]);
      for (const who of [operator, otherOperator]) {
        expect(await channels.settledAt(who, split.id, MEMO, 5n)).to.equal(0n);
      }
    });
  });

  describe("a voucher that cannot be settled", () => {
    // Each in a plain form and in one that is not, because those take different ways.
    const reasons: {
      status: SettlementStatus;
      what: string;
      claim: (world: ChannelWorld, channel: Channel) => Promise<VoucherClaim>;
      signer?: (world: ChannelWorld) => { address: string };
    }[] = [
      {
        status: "nothing new",
        what: "is for what has been settled",
        claim: async (world, channel) => await claimOf({ world, channel, max: 100n }),
      },
      {
        status: "nothing new",
        what: "is for less than what has been settled",
        claim: async (world, channel) => await claimOf({ world, channel, max: 99n }),
      },
      {
        status: "nothing new",
        what: "is for nothing",
        claim: async (world, channel) => await claimOf({ world, channel, max: 0n }),
      },
      {
        status: "nothing new",
        what: "allows more, of which the operator claims no more than before",
        claim: async (world, channel) => await claimOf({ world, channel, max: 500n, total: 100n }),
      },
      {
        status: "above voucher",
        what: "allows less than what the operator claims",
        claim: async (world, channel) => await claimOf({ world, channel, max: 500n, total: 501n }),
      },
      {
        status: "above deposit",
        what: "is for one more than there is",
        claim: async (world, channel) => await claimOf({ world, channel, max: 1_001n }),
      },
      {
        status: "above deposit",
        what: "is for the greatest amount",
        claim: async (world, channel) => await claimOf({ world, channel, max: MAX_TOTAL }),
      },
      {
        status: "unknown channel",
        what: "was signed by a stranger",
        claim: async (world, channel) => await claimOf({ world, channel, max: 500n, signer: world.mallory }),
        signer: ({ mallory }) => mallory,
      },
      {
        status: "bad signature",
        what: "has a signature of the upper half",
        claim: async (world, channel) => await claimOf({ world, channel, max: 500n }),
        signer: () => ({ address: ZeroAddress }),
      },
      {
        status: "bad signature",
        what: "has a signature of zeros",
        claim: async (world, channel) => await claimOf({ world, channel, max: 500n }),
        signer: () => ({ address: ZeroAddress }),
      },
    ];
    const signatures: Record<string, (signature: string) => string> = {
      "has a signature of the upper half": () => concat([SOME_R, toBeHex(LOWER_HALF + 1n, 32)]),
      "has a signature of zeros": () => concat([ZeroHash, ZeroHash]),
    };
    for (const { status, what, claim, signer } of reasons) {
      it(`because it ${what} is skipped as “${status}”, and its neighbours are settled`, async () => {
        const world = await loadFixture(deploy);
        const { channels, operator, payer } = world;
        const channel = await openChannel(world);
        await settleOne(world, channel, [await claimOf({ world, channel, max: 100n })]);
        const bad = await claim(world, channel);
        const changed = what in signatures ? signatures[what] : (signature: string) => signature;
        const good = [200n, 300n].map(async (max) => await claimOf({ world, channel, max }));
        const packed = concat(["0x0003", packOne(await good[0]), packOne(bad, changed), packOne(await good[1])]);
        const { statuses, sent } = await settle(world, [settlementOf(channel, packed)]);
        // What is for no more than before is stale after its neighbour as well.
        expect(statuses).to.deep.equal([["settled", status, "settled"]]);
        const by = signer === undefined ? payer.address : signer(world).address;
        await expect(sent)
          .to.emit(channels, "VoucherSkipped")
          .withArgs(
            keccak256(concat([termsId(channel), zeroPadValue(by, 32)])),
            operator,
            by,
            BigInt(SETTLEMENT_STATUS.indexOf(status)),
            bad.total,
          );
        expect((await stateOf(world, channel)).settled).to.equal(300n);
      });
    }

    it("has an s one beyond the lower half, though it recovers the signer", async () => {
      const world = await loadFixture(deploy);
      const { domain, session } = world;
      const contractSignature = false;
      for (const [s, status] of [
        [LOWER_HALF, "settled"],
        [LOWER_HALF + 1n, "bad signature"],
      ] as const) {
        const signature = concat([SOME_R, toBeHex(s, 32), "0x1b"]);
        // Terms name no signer, so there is one that any signature is good for; nobody has its key.
        for (const terms of [channelOf(world), channelOf(world, { signer: session.address })]) {
          const voucher = { termsId: termsId(terms), maxClaimableAmount: 70n };
          const signer = await recover(voucherDigest({ ...domain, voucher }), signature);
          const payer = terms.payer === terms.signer ? signer : terms.payer;
          const channel = await openAs(world, { ...terms, payer, signer });
          const claim = {
            channel,
            ...voucher,
            total: 70n,
            signature: concat([SOME_R, toBeHex(LOWER_HALF, 32), "0x1b"]),
            contractSignature,
          };
          const packed = concat(["0x0001", packOne(claim, () => dataSlice(signature, 0, 64))]);
          expect(await settleOne(world, channel, packed)).to.deep.equal([status]);
        }
      }
    });

    it("is one of another operator's, for whom the channel is unknown", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const settlement = settlementOf(channel, [await claimOf({ world, channel, max: 1n })]);
      expect((await settle(world, [settlement], world.otherOperator)).statuses).to.deep.equal([["unknown channel"]]);
      expect((await settle(world, [settlement])).statuses).to.deep.equal([["settled"]]);
    });
  });

  describe("a contract's signature", () => {
    it("is asked of a contract that the payer trusts", async () => {
      const world = await loadFixture(deploy);
      const wallet = await ethers.deployContract("KeyWallet", [world.session]);
      const channel = await openChannel(world, { signer: await wallet.getAddress() });
      for (const [max, total] of [
        [30n, 30n],
        [90n, 40n],
      ]) {
        const claim = await claimOf({ world, channel, max, total, signer: world.session, contractSignature: true });
        expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
      }
      expect((await stateOf(world, channel)).settled).to.equal(40n);
    });

    it("is asked of a payer that is a contract itself", async () => {
      const world = await loadFixture(deploy);
      const wallet = await ethers.deployContract("KeyWallet", [world.session]);
      const channel = await openAs(world, channelOf(world, { payer: await wallet.getAddress() }));
      const claim = await claimOf({ world, channel, max: 30n, signer: world.session, contractSignature: true });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
      expect((await stateOf(world, channel)).settled).to.equal(30n);
    });

    it("can have any length", async () => {
      const world = await loadFixture(deploy);
      const wallet = await ethers.deployContract("OddWallet", [MAGIC.padEnd(66, "0"), false]);
      const channel = await openChannel(world, { signer: await wallet.getAddress() });
      for (const [i, length] of [0, 1, 65, 2_000].entries()) {
        const signature = hexlify(new Uint8Array(length).fill(7));
        const claim = { channel, maxClaimableAmount: 9n, total: BigInt(i) + 1n, signature, contractSignature: true };
        expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
      }
    });

    const answers = [
      { what: "says no", answer: `0x${"ff".repeat(4)}`.padEnd(66, "0"), reverting: false },
      { what: "reverts", answer: "0x", reverting: true },
      { what: "reverts with the answer that would be right", answer: MAGIC.padEnd(66, "0"), reverting: true },
      { what: "answers nothing", answer: "0x", reverting: false },
      { what: "answers with the magic value alone", answer: MAGIC, reverting: false },
      { what: "answers with one byte too few", answer: MAGIC.padEnd(64, "0"), reverting: false },
      { what: "answers with the magic value and dirt behind it", answer: MAGIC.padEnd(66, "f"), reverting: false },
    ];
    for (const { what, answer, reverting } of answers) {
      it(`is bad if the contract ${what}`, async () => {
        const world = await loadFixture(deploy);
        const wallet = await ethers.deployContract("OddWallet", [answer, reverting]);
        const channel = await openChannel(world, { signer: await wallet.getAddress() });
        const claim = await claimOf({ world, channel, max: 30n, contractSignature: true });
        const { statuses, sent } = await settle(world, [settlementOf(channel, [claim])]);
        expect(statuses).to.deep.equal([["bad signature"]]);
        await expect(sent)
          .to.emit(world.channels, "VoucherSkipped")
          .withArgs(channelId(channel), world.operator, channel.signer, 5n, 30n);
      });
    }

    it("is bad if the signer is no contract", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world, { signer: world.session.address });
      const claim = await claimOf({ world, channel, max: 30n, signer: world.session, contractSignature: true });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["bad signature"]);
    });

    it("of nobody is bad", async () => {
      const world = await loadFixture(deploy);
      const channel = channelOf(world, { signer: ZeroAddress });
      const claim = await claimOf({ world, channel, max: 30n, contractSignature: true });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["bad signature"]);
    });

    for (const delegating of [false, true]) {
      it(`is never bad for want of gas${delegating ? ", though a delegation costs some more" : ""}`, async function () {
        skipWhereGasIsAnother.call(this);
        const world = await loadFixture(deployDelegating);
        const { channels, operator, wallet } = world;
        // Takes what it is asked if it is given what the channels promise, less what finding the function takes.
        const slow = await ethers.deployContract("SlowWallet", [99_750n]);
        const signer = delegating ? wallet.address : await slow.getAddress();
        if (delegating) await delegate({ ethers, wallet, to: slow, sender: world.payer });
        const channel = await openChannel(world, { signer });
        const settlement = settlementOf(channel, [
          await claimOf({ world, channel, max: 30n, contractSignature: true }),
        ]);
        const settleWith = async (gasLimit: bigint) =>
          await channels.connect(operator).settle.staticCall([settlement], { gasLimit });

        let [tooLittle, enough] = [100_000n, 400_000n];
        while (enough - tooLittle > 1n) {
          const gasLimit = (tooLittle + enough) / 2n;
          const reverts = await settleWith(gasLimit).then(
            () => false,
            () => true,
          );
          if (reverts) tooLittle = gasLimit;
          else enough = gasLimit;
        }
        for (let gasLimit = enough; gasLimit < enough + 20_000n; gasLimit += 100n) {
          expect(await settleWith(gasLimit), String(gasLimit)).to.deep.equal(["0x00"]);
        }
        await expect(settleWith(tooLittle)).to.be.revertedWithCustomError(channels, "Signatures_NotEnoughGas");
      });
    }

    it("is not asked for where the answer makes no difference", async () => {
      const world = await loadFixture(deploy);
      const wallet = await ethers.deployContract("OddWallet", ["0x", true]);
      const channel = await openChannel(world, { signer: await wallet.getAddress() });
      const cases: [Partial<VoucherClaim>, SettlementStatus][] = [
        [{ total: 0n }, "nothing new"],
        [{ total: 31n }, "above voucher"],
        [{ maxClaimableAmount: 1_001n, total: 1_001n }, "above deposit"],
        [{ channel: { ...channel, signer: world.domain.channels } }, "unknown channel"],
      ];
      const claim = await claimOf({ world, channel, max: 30n, contractSignature: true });
      expect(
        await settleOne(
          world,
          channel,
          cases.map(([changes]) => ({ ...claim, ...changes })),
        ),
      ).to.deep.equal(cases.map(([, status]) => status));
    });
  });

  describe("an account that has delegated to code (EIP-7702)", () => {
    it("still signs with its key, whatever the code says", async () => {
      const world = await loadFixture(deployDelegating);
      const { wallet, channel } = world;
      const refusing = await ethers.deployContract("KeyWallet", [world.mallory]);
      await delegate({ ethers, wallet, to: refusing, sender: world.payer });
      const claim = await claimOf({ world, channel, max: 30n, signer: wallet });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
    });

    it("signs by its code, too, as long as it has some", async () => {
      const world = await loadFixture(deployDelegating);
      const { wallet, channel, session } = world;
      const claim = await claimOf({ world, channel, max: 30n, signer: session, contractSignature: true });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["bad signature"]);
      const code = await ethers.deployContract("KeyWallet", [session]);
      await delegate({ ethers, wallet, to: code, sender: world.payer });
      expect(await settleOne(world, channel, [claim])).to.deep.equal(["settled"]);
      await delegate({ ethers, wallet, to: ZeroAddress, sender: world.payer });
      const later = await claimOf({ world, channel, max: 40n, signer: session, contractSignature: true });
      expect(await settleOne(world, channel, [later])).to.deep.equal(["bad signature"]);
    });
  });

  describe("packed vouchers", () => {
    it("revert when their number is not there", async () => {
      const world = await loadFixture(deploy);
      for (const [packed, length] of [
        ["0x", 0n],
        ["0x00", 1n],
      ] as const) {
        await expect(settleOne(world, channelOf(world), packed))
          .to.be.revertedWithCustomError(world.channels, "Vouchers_BadLength")
          .withArgs(length, 2n);
      }
    });

    it("revert wherever they are cut off", async () => {
      const world = await loadFixture(deploy);
      const { channels } = world;
      const channel = await openChannel(world);
      const packed = packVouchers([
        await claimOf({ world, channel, max: 1n }),
        await claimOf({ world, channel, max: 9n, total: 2n }),
        await claimOf({
          world,
          channel: { ...channel, signer: world.domain.channels },
          max: 9n,
          contractSignature: true,
        }),
      ]);
      const length = (packed.length - 2) / 2;
      // A plain voucher, one of 89 bytes, and one with 55 bytes in front of a signature of 65.
      expect(length).to.equal(2 + 77 + 89 + 120);
      for (let end = 2; end < length; end++) {
        await expect(
          channels.connect(world.operator).settle.staticCall([settlementOf(channel, dataSlice(packed, 0, end))]),
        ).to.be.revertedWithCustomError(channels, "Vouchers_BadLength");
      }
      expect(await settleOne(world, channel, packed)).to.deep.equal(["settled", "settled", "unknown channel"]);
    });

    it("revert with the length that is there and the length that is needed", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const plain = packVouchers([await claimOf({ world, channel, max: 1n })]);
      const part = packVouchers([await claimOf({ world, channel, max: 2n, total: 1n })]);
      for (const [packed, needed] of [
        [plain, 79n],
        [part, 91n],
      ] as const) {
        await expect(settleOne(world, channel, dataSlice(packed, 0, 78)))
          .to.be.revertedWithCustomError(world.channels, "Vouchers_BadLength")
          .withArgs(78n, needed);
      }
    });

    it("revert when something follows the last voucher", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      for (const claims of [[], [await claimOf({ world, channel, max: 1n })]]) {
        const packed = concat([packVouchers(claims), "0x00"]);
        await expect(settleOne(world, channel, packed))
          .to.be.revertedWithCustomError(world.channels, "Vouchers_BadLength")
          .withArgs(3n + 77n * BigInt(claims.length), 2n + 77n * BigInt(claims.length));
      }
    });

    it("revert when they are fewer or more than their number says", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const packed = packVouchers([
        await claimOf({ world, channel, max: 1n }),
        await claimOf({ world, channel, max: 2n }),
      ]);
      for (const [count, needed] of [
        ["0x0000", 2n],
        ["0x0001", 79n],
        ["0x0003", 233n],
        ["0x0102", 233n],
      ] as const) {
        await expect(settleOne(world, channel, concat([count, dataSlice(packed, 2)])))
          .to.be.revertedWithCustomError(world.channels, "Vouchers_BadLength")
          .withArgs(156n, needed);
      }
    });

    it("revert with flags that mean nothing, wherever they are", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const good = packOne(await claimOf({ world, channel, max: 1n }));
      for (const flags of [8n, 9n, 128n, 255n]) {
        const bad = concat([toBeHex(flags, 1), dataSlice(good, 1)]);
        await expect(settleOne(world, channel, concat(["0x0001", bad])))
          .to.be.revertedWithCustomError(world.channels, "Vouchers_BadFlags")
          .withArgs(2n, flags);
        await expect(settleOne(world, channel, concat(["0x0002", good, bad])))
          .to.be.revertedWithCustomError(world.channels, "Vouchers_BadFlags")
          .withArgs(79n, flags);
      }
    });

    it("may have each combination of flags", async () => {
      const world = await loadFixture(deploy);
      const { session } = world;
      const contract = await (await ethers.deployContract("KeyWallet", [session])).getAddress();
      const own = await openAs(world, channelOf(world, { payer: contract }));
      const channelFor: Channel[] = [
        await openChannel(world),
        await openChannel(world, { signer: session.address }),
        own,
        await openChannel(world, { signer: contract }),
      ];
      const claims: VoucherClaim[] = [];
      for (const [i, channel] of channelFor.entries()) {
        const signer = i === 0 ? world.payer : session;
        for (const total of [5n, 7n]) {
          claims.push(await claimOf({ world, channel, max: 7n, total, signer, contractSignature: i >= 2 }));
        }
      }
      const flags = claims.map((claim) => Number(dataSlice(packOne(claim), 0, 1)));
      expect(flags.toSorted((a, b) => a - b)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
      expect(await settleOne(world, claims[0].channel, claims)).to.deep.equal(claims.map(() => "settled"));
      for (const channel of channelFor) expect((await stateOf(world, channel)).settled).to.equal(7n);
    });
  });

  describe("hashes", () => {
    it("are the same in the contract and in the SDK", async () => {
      const world = await loadFixture(deploy);
      const { channels, session, bob } = world;
      for (const changes of [
        {},
        { signer: session.address },
        { payer: bob.address },
        { salt: id("salt"), withdrawDelaySeconds: 2n ** 255n },
      ]) {
        const channel = channelOf(world, changes);
        expect(await channels.termsIdOf(channel)).to.equal(termsId(channel));
        expect(await channels.channelIdOf(channel)).to.equal(channelId(channel));
        for (const maxClaimableAmount of [0n, 1n, MAX_TOTAL, 2n ** 128n - 1n]) {
          const voucher = { termsId: termsId(channel), maxClaimableAmount };
          expect(await channels.voucherDigest(voucher.termsId, maxClaimableAmount)).to.equal(
            voucherDigest({ ...world.domain, voucher }),
          );
        }
      }
    });
  });
});

async function deploy(): Promise<ChannelWorld> {
  return await deployChannels(connection);
}

/** A thousand wallets with a channel each, whose tokens they signed away. */
async function deployMany() {
  const world = await deploy();
  const wallets = Array.from({ length: 1_000 }, (_, i) => new Wallet(id(`payer ${i}`)));
  for (const signer of wallets) {
    await world.token.transfer(signer.address, 1_000n);
    const channel = channelOf(world, { payer: signer.address });
    const authorization = await authorize({ world, channel, amount: 1_000n, signer });
    await world.channels.depositWithAuthorization(channel, 1_000n, authorization);
  }
  return { ...world, wallets };
}

/** A channel of a wallet that can delegate to code. */
async function deployDelegating() {
  const world = await deploy();
  const wallet = new Wallet(id("delegating wallet"));
  const channel = await openAs(world, channelOf(world, { payer: wallet.address }));
  return { ...world, wallet, channel };
}

/** Opens a channel in the name of any account. */
async function openAs(world: ChannelWorld, channel: Channel): Promise<Channel> {
  const { token, channels, payer } = world;
  const account = await ethers.getImpersonatedSigner(channel.payer);
  await networkHelpers.setBalance(channel.payer, 10n ** 18n);
  await token.connect(payer).transfer(channel.payer, 1_000n);
  await token.connect(account).approve(channels, 1_000n);
  await channels.connect(account).deposit(channel, 1_000n);
  return channel;
}

/** One voucher without the number in front, the signature of a key as `change` has it. */
function packOne(claim: VoucherClaim, change = (signature: string) => signature): string {
  const packed = dataSlice(packVouchers([claim]), 2);
  if (claim.contractSignature) return packed;
  const length = (packed.length - 2) / 2;
  return concat([dataSlice(packed, 0, length - 64), change(dataSlice(packed, length - 64))]);
}

/** Whose key a signature is of, whatever its s. */
async function recover(digest: string, signature: string): Promise<string> {
  const [r, s, v] = [dataSlice(signature, 0, 32), dataSlice(signature, 32, 64), dataSlice(signature, 64)];
  const data = concat([digest, zeroPadValue(v, 32), r, s]);
  return getAddress(dataSlice(await ethers.provider.call({ to: toBeHex(1, 20), data }), 12));
}
