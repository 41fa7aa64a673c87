import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { type Channel, channelId } from "../../sdk/channel.ts";
import { accountOf } from "../helpers/shares.ts";
import {
  channelOf,
  type ChannelWorld,
  claimOf,
  DAY,
  deployChannels,
  openChannel,
  receivedBy,
  settleOne,
  stateOf,
} from "./channels.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

describe("PaymentChannels, what is not spent", () => {
  describe("close", () => {
    it("gives what is left back into the payer's ledger account", async () => {
      const world = await loadFixture(deploy);
      const { token, ledger, channels, payer, operator } = world;
      const channel = await openChannel(world, { signer: world.session.address });
      await settleOne(world, channel, [await claimOf({ world, channel, max: 300n, signer: world.session })]);
      const sent = channels.connect(operator).close([channel]);
      await expect(sent).to.emit(channels, "ChannelClosed").withArgs(channelId(channel), 700n);
      await expect(sent)
        .to.emit(ledger, "BalanceTransferred")
        .withArgs(accountOf({ address: world.domain.channels }), accountOf(payer), 700n);
      await expect(sent).to.changeTokenBalances(ethers, token, [payer, ledger], [0n, 0n]);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 0n, settled: 300n, number: 1n });
      expect(await channels.limitOf(payer, operator)).to.deep.equal([300n, false, 0n]);
      await ledger.withdraw(0n, 700n, payer);
    });

    it("closes several channels at once, and passes over those with nothing in them", async () => {
      const world = await loadFixture(deploy);
      const { channels, ledger, operator, payer, otherSplit } = world;
      const first = await openChannel(world, { deposit: 10n });
      const second = await openChannel(world, { deposit: 20n, splitId: otherSplit.id });
      const empty = channelOf(world, { salt: id("never opened") });
      const sent = await channels.connect(operator).close([first, empty, second, first]);
      expect(await ledger.balanceOf(accountOf(payer))).to.equal(30n);
      const closed = await channels.queryFilter(channels.filters.ChannelClosed(), sent.blockNumber ?? 0);
      expect(closed.map(({ args }) => [args.channelId, args.amount])).to.deep.equal([
        [channelId(first), 10n],
        [channelId(second), 20n],
      ]);
    });

    it("of no channels does nothing", async () => {
      const world = await loadFixture(deploy);
      const sent = await world.channels.connect(world.operator).close([]);
      expect((await sent.wait())?.logs).to.deep.equal([]);
    });

    it("leaves the channel, which another deposit opens again without forgetting what was settled", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const paid = await claimOf({ world, channel, max: 300n });
      await settleOne(world, channel, [paid]);
      await world.channels.connect(world.operator).close([channel]);
      const later = await claimOf({ world, channel, max: 400n });
      expect(await settleOne(world, channel, [later])).to.deep.equal(["above deposit"]);
      await expect(world.channels.deposit(channel, 100n)).not.to.emit(world.channels, "ChannelOpened");
      expect(await settleOne(world, channel, [paid])).to.deep.equal(["nothing new"]);
      expect(await settleOne(world, channel, [later])).to.deep.equal(["settled"]);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 0n, settled: 400n, number: 1n });
    });

    it("ends a wish to withdraw", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      await world.channels.requestWithdrawal(channel);
      await world.channels.connect(world.operator).close([channel]);
      expect(await world.channels.withdrawableAt(channelId(channel))).to.equal(0n);
    });

    for (const who of ["payer", "session", "mallory"] as const) {
      it(`reverts for ${who === "mallory" ? "a stranger" : `the ${who === "payer" ? "payer" : "signer"}`}`, async () => {
        const world = await loadFixture(deploy);
        const channel = await openChannel(world, { signer: world.session.address });
        await expect(world.channels.connect(world[who]).close([channel]))
          .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotAllowed")
          .withArgs(channelId(channel), world[who], world.operator);
      });
    }

    it("reverts for terms without a payer", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      // Where the signer pays, its terms name no payer, so these would lead to its channel.
      const nameless = { ...channel, payer: ZeroAddress };
      for (const call of [
        async () => await world.channels.connect(world.operator).close([nameless]),
        async () => await world.channels.channelIdOf(nameless),
        async () => await world.channels.termsIdOf(nameless),
      ]) {
        await expect(call()).to.be.revertedWithCustomError(world.channels, "PaymentChannels_NoPayer");
      }
    });
  });

  describe("requestWithdrawal", () => {
    it("starts the channel's delay", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const now = BigInt(await time.latest()) + 100n;
      await time.setNextBlockTimestamp(now);
      await expect(world.channels.requestWithdrawal(channel))
        .to.emit(world.channels, "WithdrawalRequested")
        .withArgs(channelId(channel), now + DAY);
      expect(await world.channels.withdrawableAt(channelId(channel))).to.equal(now + DAY);
    });

    it("asked again, starts it anew", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      await world.channels.requestWithdrawal(channel);
      const now = BigInt(await time.latest()) + DAY - 10n;
      await time.setNextBlockTimestamp(now);
      await world.channels.requestWithdrawal(channel);
      await time.setNextBlockTimestamp(now + 20n);
      await expect(world.channels.withdraw(channel))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotWithdrawable")
        .withArgs(channelId(channel), now + DAY, now + 20n);
    });

    it("reverts when there is nothing in the channel", async () => {
      const world = await loadFixture(deploy);
      const channel = channelOf(world);
      await expect(world.channels.requestWithdrawal(channel))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NothingToWithdraw")
        .withArgs(channelId(channel));
    });

    for (const who of ["operator", "session", "mallory"] as const) {
      it(`reverts for the ${who === "mallory" ? "stranger" : who === "session" ? "signer" : who}`, async () => {
        const world = await loadFixture(deploy);
        const channel = await openChannel(world, { signer: world.session.address });
        await expect(world.channels.connect(world[who]).requestWithdrawal(channel))
          .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotAllowed")
          .withArgs(channelId(channel), world[who], world.payer);
      });
    }
  });

  describe("withdraw", () => {
    it("gives what is left back into the payer's ledger account once the delay is over", async () => {
      const world = await loadFixture(deploy);
      const { channels, ledger, payer, operator } = world;
      const { channel, from } = await requested(world);
      await settleOne(world, channel, [await claimOf({ world, channel, max: 300n })]);
      await time.setNextBlockTimestamp(from);
      const sent = channels.withdraw(channel);
      await expect(sent).to.emit(channels, "ChannelWithdrawn").withArgs(channelId(channel), 700n);
      await expect(sent)
        .to.emit(ledger, "BalanceTransferred")
        .withArgs(accountOf({ address: world.domain.channels }), accountOf(payer), 700n);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 0n, settled: 300n, number: 1n });
      expect(await channels.withdrawableAt(channelId(channel))).to.equal(0n);
      expect(await channels.limitOf(payer, operator)).to.deep.equal([300n, false, 0n]);
      expect(await receivedBy(world, world.split)).to.equal(300n);
    });

    it("reverts a second before", async () => {
      const world = await loadFixture(deploy);
      const { channel, from } = await requested(world);
      await time.setNextBlockTimestamp(from - 1n);
      await expect(world.channels.withdraw(channel))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotWithdrawable")
        .withArgs(channelId(channel), from, from - 1n);
    });

    it("works a second after, too, and later", async () => {
      const world = await loadFixture(deploy);
      const { channel, from } = await requested(world);
      await time.setNextBlockTimestamp(from + 1n);
      await world.channels.withdraw(channel);
      expect((await stateOf(world, channel)).balance).to.equal(0n);
    });

    it("reverts when it was not asked for", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      await time.increase(365n * DAY);
      await expect(world.channels.withdraw(channel))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotWithdrawable")
        .withArgs(channelId(channel), 0n, BigInt(await time.latest()) + 1n);
    });

    it("reverts a second time", async () => {
      const world = await loadFixture(deploy);
      const { channel, from } = await requested(world);
      await time.setNextBlockTimestamp(from);
      await world.channels.withdraw(channel);
      await expect(world.channels.withdraw(channel))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotWithdrawable")
        .withArgs(channelId(channel), 0n, from + 1n);
    });

    it("reverts when everything was settled meanwhile", async () => {
      const world = await loadFixture(deploy);
      const { channel, from } = await requested(world);
      await settleOne(world, channel, [await claimOf({ world, channel, max: 1_000n })]);
      await time.setNextBlockTimestamp(from);
      await expect(world.channels.withdraw(channel))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NothingToWithdraw")
        .withArgs(channelId(channel));
    });

    it("leaves vouchers good until it happens, however late", async () => {
      const world = await loadFixture(deploy);
      const { channel, from } = await requested(world);
      await time.setNextBlockTimestamp(from + DAY);
      expect(await settleOne(world, channel, [await claimOf({ world, channel, max: 900n })])).to.deep.equal([
        "settled",
      ]);
      await world.channels.withdraw(channel);
      expect(await world.ledger.balanceOf(accountOf(world.payer))).to.equal(100n);
    });

    for (const who of ["operator", "session", "mallory"] as const) {
      it(`reverts for the ${who === "mallory" ? "stranger" : who === "session" ? "signer" : who}`, async () => {
        const world = await loadFixture(deploy);
        const { channel, from } = await requested(world, { signer: world.session.address });
        await time.setNextBlockTimestamp(from);
        await expect(world.channels.connect(world[who]).withdraw(channel))
          .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotAllowed")
          .withArgs(channelId(channel), world[who], world.payer);
      });
    }
  });
});

async function deploy(): Promise<ChannelWorld> {
  return await deployChannels(connection);
}

/** A channel whose payer wants its money back, and from when it may. */
async function requested(
  world: ChannelWorld,
  changes: Partial<Channel> = {},
): Promise<{ channel: Channel; from: bigint }> {
  const channel = await openChannel(world, changes);
  await world.channels.requestWithdrawal(channel);
  return { channel, from: BigInt(await time.latest()) + DAY };
}
