import { expect } from "chai";
import { id, MaxUint256, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { channelId } from "../../sdk/channel.ts";
import { accountOf } from "../helpers/shares.ts";
import {
  authorize,
  channelOf,
  type ChannelWorld,
  claimOf,
  DAY,
  deployChannels,
  MAX_TOTAL,
  openChannel,
  settleOne,
  stateOf,
} from "./channels.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const MINUTE = 60n;

describe("PaymentChannels, deposits", () => {
  describe("deposit", () => {
    it("opens the channel, says so, and keeps the tokens in the contract's ledger account", async () => {
      const world = await loadFixture(deploy);
      const { token, ledger, channels, payer, operator, split } = world;
      const channel = channelOf(world, { signer: world.session.address, salt: id("salt") });
      const sent = channels.deposit(channel, 700n);
      await expect(sent)
        .to.emit(channels, "ChannelOpened")
        .withArgs(
          channelId(channel),
          payer,
          operator,
          1n,
          world.session,
          split.id,
          channel.withdrawDelaySeconds,
          channel.salt,
        );
      await expect(sent).to.emit(channels, "ChannelDeposited").withArgs(channelId(channel), 700n);
      await expect(sent).to.changeTokenBalances(ethers, token, [payer, channels, ledger], [-700n, 0n, 700n]);
      expect(await ledger.balanceOf(accountOf({ address: world.domain.channels }))).to.equal(700n);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 700n, settled: 0n, number: 1n });
      expect(await channels.limitOf(payer, operator)).to.deep.equal([700n, false, 0n]);
    });

    it("tops up a channel without opening it again", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      const sent = world.channels.deposit(channel, 5n);
      await expect(sent).not.to.emit(world.channels, "ChannelOpened");
      await expect(sent).to.emit(world.channels, "ChannelDeposited").withArgs(channelId(channel), 5n);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 1_005n, settled: 0n, number: 1n });
      expect(await world.channels.channelCount()).to.equal(1n);
    });

    it("numbers channels from one, also where a single term differs", async () => {
      const world = await loadFixture(deploy);
      const { otherOperator, otherSplit, session } = world;
      const changes = [
        {},
        { signer: session.address },
        { operator: otherOperator.address },
        { splitId: otherSplit.id },
        { withdrawDelaySeconds: DAY + 1n },
        { salt: id("other") },
      ];
      for (const [i, change] of changes.entries()) {
        const channel = await openChannel(world, change);
        expect((await stateOf(world, channel)).number).to.equal(BigInt(i) + 1n);
      }
      expect(await world.channels.channelCount()).to.equal(6n);
    });

    it("ends a wish to withdraw", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      await world.channels.requestWithdrawal(channel);
      expect(await world.channels.withdrawableAt(channelId(channel))).not.to.equal(0n);
      await world.channels.deposit(channel, 1n);
      expect(await world.channels.withdrawableAt(channelId(channel))).to.equal(0n);
      await time.increase(2n * DAY);
      await expect(world.channels.withdraw(channel))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotWithdrawable")
        .withArgs(channelId(channel), 0n, BigInt(await time.latest()) + 1n);
    });

    it("reverts for somebody else's channel", async () => {
      const world = await loadFixture(deploy);
      const channel = channelOf(world);
      await expect(world.channels.connect(world.mallory).deposit(channel, 1n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotAllowed")
        .withArgs(channelId(channel), world.mallory, world.payer);
    });

    it("reverts without a signer", async () => {
      const world = await loadFixture(deploy);
      const channel = channelOf(world, { signer: ZeroAddress });
      await expect(world.channels.deposit(channel, 1n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NoSigner")
        .withArgs(channelId(channel));
    });

    it("reverts for nothing", async () => {
      const world = await loadFixture(deploy);
      await expect(world.channels.deposit(channelOf(world), 0n)).to.be.revertedWithCustomError(
        world.channels,
        "PaymentChannels_ZeroAmount",
      );
    });

    it("reverts without an approval of the token", async () => {
      const world = await loadFixture(deploy);
      await world.token.approve(world.channels, 9n);
      await expect(world.channels.deposit(channelOf(world), 10n))
        .to.be.revertedWithCustomError(world.token, "ERC20InsufficientAllowance")
        .withArgs(world.channels, 9n, 10n);
    });

    for (const delay of [15n * MINUTE, 30n * DAY]) {
      it(`takes a delay of ${delay} s, which is just within bounds`, async () => {
        const world = await loadFixture(deploy);
        const channel = await openChannel(world, { withdrawDelaySeconds: delay });
        expect((await stateOf(world, channel)).balance).to.equal(1_000n);
      });
    }

    for (const delay of [0n, 15n * MINUTE - 1n, 30n * DAY + 1n, MaxUint256]) {
      it(`reverts with a delay of ${delay} s`, async () => {
        const world = await loadFixture(deploy);
        await expect(world.channels.deposit(channelOf(world, { withdrawDelaySeconds: delay }), 1n))
          .to.be.revertedWithCustomError(world.channels, "PaymentChannels_BadDelay")
          .withArgs(delay, 15n * MINUTE, 30n * DAY);
      });
    }

    it("takes as much as a channel can ever hold, and not one more", async () => {
      const world = await loadFixture(deployRich);
      const channel = channelOf(world);
      await world.channels.deposit(channel, MAX_TOTAL - 1n);
      await expect(world.channels.deposit(channel, 2n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_DepositOverflow")
        .withArgs(channelId(channel), MAX_TOTAL - 1n, 2n);
      await world.channels.deposit(channel, 1n);
      expect((await stateOf(world, channel)).balance).to.equal(MAX_TOTAL);
    });

    it("counts what was settled towards what a channel can ever hold", async () => {
      const world = await loadFixture(deployRich);
      const channel = channelOf(world);
      await world.channels.deposit(channel, MAX_TOTAL);
      expect(await settleOne(world, channel, [await claimOf({ world, channel, max: MAX_TOTAL })])).to.deep.equal([
        "settled",
      ]);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 0n, settled: MAX_TOTAL, number: 1n });
      await expect(world.channels.deposit(channel, 1n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_DepositOverflow")
        .withArgs(channelId(channel), MAX_TOTAL, 1n);
    });

    it("reverts for more than fits any channel", async () => {
      const world = await loadFixture(deploy);
      const channel = channelOf(world);
      for (const amount of [MAX_TOTAL + 1n, MaxUint256]) {
        await expect(world.channels.deposit(channel, amount))
          .to.be.revertedWithCustomError(world.channels, "PaymentChannels_DepositOverflow")
          .withArgs(channelId(channel), 0n, amount);
      }
    });
  });

  describe("depositFromBalance", () => {
    it("takes balance of a ledger account that approved the channels", async () => {
      const world = await loadFixture(deploy);
      const { token, ledger, channels, payer } = world;
      await token.approve(ledger, 900n);
      await ledger.deposit(accountOf(payer, 7n), 900n);
      await ledger.approveSpender(7n, channels, 600n);
      const channel = channelOf(world);
      const sent = channels.depositFromBalance(channel, 7n, 600n);
      await expect(sent).to.emit(channels, "ChannelDeposited").withArgs(channelId(channel), 600n);
      await expect(sent)
        .to.emit(ledger, "BalanceTransferred")
        .withArgs(accountOf(payer, 7n), accountOf({ address: world.domain.channels }), 600n);
      expect(await ledger.balanceOf(accountOf(payer, 7n))).to.equal(300n);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 600n, settled: 0n, number: 1n });
    });

    it("reverts beyond what the account approved", async () => {
      const world = await loadFixture(deploy);
      const { token, ledger, channels, payer } = world;
      await token.approve(ledger, 900n);
      await ledger.deposit(accountOf(payer), 900n);
      await ledger.approveSpender(0n, channels, 599n);
      await expect(channels.depositFromBalance(channelOf(world), 0n, 600n))
        .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientAllowance")
        .withArgs(accountOf(payer), channels, 599n, 600n);
    });

    it("reverts for somebody else's channel", async () => {
      const world = await loadFixture(deploy);
      const channel = channelOf(world);
      await expect(world.channels.connect(world.mallory).depositFromBalance(channel, 0n, 1n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_NotAllowed")
        .withArgs(channelId(channel), world.mallory, world.payer);
    });
  });

  describe("depositWithAuthorization", () => {
    it("takes tokens that the payer signed away for the channel, whoever submits it", async () => {
      const world = await loadFixture(deploy);
      const { token, ledger, channels, payer, mallory } = world;
      const channel = channelOf(world, { signer: world.session.address });
      const authorization = await authorize({ world, channel, amount: 300n, signer: payer });
      const sent = channels.connect(mallory).depositWithAuthorization(channel, 300n, authorization);
      await expect(sent).to.emit(channels, "ChannelDeposited").withArgs(channelId(channel), 300n);
      await expect(sent).to.changeTokenBalances(ethers, token, [payer, mallory, ledger], [-300n, 0n, 300n]);
      expect(await stateOf(world, channel)).to.deep.equal({ balance: 300n, settled: 0n, number: 1n });
    });

    it("reverts for another amount than the one signed", async () => {
      const world = await loadFixture(deploy);
      const channel = channelOf(world);
      const authorization = await authorize({ world, channel, amount: 300n, signer: world.payer });
      await expect(world.channels.depositWithAuthorization(channel, 301n, authorization)).to.be.revertedWithCustomError(
        world.token,
        "ERC3009InvalidSignature",
      );
    });

    it("makes the same checks as a deposit by the payer", async () => {
      const world = await loadFixture(deploy);
      const { channels, payer, operator } = world;
      await channels.setOperatorCap(operator, 299n);
      const channel = channelOf(world);
      const authorization = await authorize({ world, channel, amount: 300n, signer: payer });
      await expect(channels.depositWithAuthorization(channel, 300n, authorization))
        .to.be.revertedWithCustomError(channels, "PaymentChannels_AboveCap")
        .withArgs(payer, operator, 300n, 299n);
      await expect(channels.depositWithAuthorization(channel, 0n, authorization)).to.be.revertedWithCustomError(
        channels,
        "PaymentChannels_ZeroAmount",
      );
    });
  });

  describe("caps", () => {
    it("are announced when set and when lifted", async () => {
      const world = await loadFixture(deploy);
      const { channels, payer, operator } = world;
      await expect(channels.setOperatorCap(operator, 5n))
        .to.emit(channels, "OperatorCapSet")
        .withArgs(payer, operator, true, 5n);
      expect(await channels.limitOf(payer, operator)).to.deep.equal([0n, true, 5n]);
      await expect(channels.liftOperatorCap(operator))
        .to.emit(channels, "OperatorCapSet")
        .withArgs(payer, operator, false, 0n);
      expect(await channels.limitOf(payer, operator)).to.deep.equal([0n, false, 0n]);
    });

    it("bound all channels with the operator together, to the last unit", async () => {
      const world = await loadFixture(deploy);
      const { channels, payer, operator, otherSplit } = world;
      await channels.setOperatorCap(operator, 1_000n);
      await openChannel(world, { deposit: 600n });
      const second = channelOf(world, { splitId: otherSplit.id });
      await expect(channels.deposit(second, 401n))
        .to.be.revertedWithCustomError(channels, "PaymentChannels_AboveCap")
        .withArgs(payer, operator, 1_001n, 1_000n);
      await channels.deposit(second, 400n);
      expect(await channels.limitOf(payer, operator)).to.deep.equal([1_000n, true, 1_000n]);
    });

    it("leave other operators and other payers alone", async () => {
      const world = await loadFixture(deploy);
      const { channels, token, operator, otherOperator, bob } = world;
      await channels.setOperatorCap(operator, 0n);
      await openChannel(world, { operator: otherOperator.address });
      await token.transfer(bob, 10n);
      await token.connect(bob).approve(channels, 10n);
      await channels.connect(bob).deposit(channelOf(world, { payer: bob.address }), 10n);
    });

    it("of zero refuse everything", async () => {
      const world = await loadFixture(deploy);
      await world.channels.setOperatorCap(world.operator, 0n);
      await expect(world.channels.deposit(channelOf(world), 1n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_AboveCap")
        .withArgs(world.payer, world.operator, 1n, 0n);
    });

    it("below what is in already only refuse more", async () => {
      const world = await loadFixture(deploy);
      const channel = await openChannel(world);
      await world.channels.setOperatorCap(world.operator, 10n);
      expect(await settleOne(world, channel, [await claimOf({ world, channel, max: 1_000n })])).to.deep.equal([
        "settled",
      ]);
      await expect(world.channels.deposit(channel, 1n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_AboveCap")
        .withArgs(world.payer, world.operator, 1_001n, 10n);
    });

    it("no longer bind once lifted", async () => {
      const world = await loadFixture(deploy);
      await world.channels.setOperatorCap(world.operator, 1n);
      await world.channels.liftOperatorCap(world.operator);
      await openChannel(world);
    });

    it("make room again for what comes back, but not for what was settled", async () => {
      const world = await loadFixture(deploy);
      const { channels, payer, operator } = world;
      await channels.setOperatorCap(operator, 1_000n);
      const channel = await openChannel(world);
      await settleOne(world, channel, [await claimOf({ world, channel, max: 400n })]);
      await channels.connect(operator).close([channel]);
      expect(await channels.limitOf(payer, operator)).to.deep.equal([400n, true, 1_000n]);
      await channels.deposit(channel, 600n);
      await channels.requestWithdrawal(channel);
      await time.increase(DAY);
      await channels.withdraw(channel);
      expect(await channels.limitOf(payer, operator)).to.deep.equal([400n, true, 1_000n]);
      await expect(channels.deposit(channel, 601n))
        .to.be.revertedWithCustomError(channels, "PaymentChannels_AboveCap")
        .withArgs(payer, operator, 1_001n, 1_000n);
    });

    it("are at most what a channel can hold", async () => {
      const world = await loadFixture(deploy);
      await world.channels.setOperatorCap(world.operator, MAX_TOTAL);
      await expect(world.channels.setOperatorCap(world.operator, MAX_TOTAL + 1n))
        .to.be.revertedWithCustomError(world.channels, "PaymentChannels_CapTooHigh")
        .withArgs(MAX_TOTAL + 1n);
    });

    it("also without one, an operator gets less than 2^96 from a payer", async () => {
      const world = await loadFixture(deployRich);
      const { channels, payer, operator } = world;
      await channels.deposit(channelOf(world), MAX_TOTAL);
      await expect(channels.deposit(channelOf(world, { salt: id("second") }), 1n))
        .to.be.revertedWithCustomError(channels, "PaymentChannels_AboveCap")
        .withArgs(payer, operator, MAX_TOTAL + 1n, MAX_TOTAL);
    });
  });

  describe("views", () => {
    it("say of a channel that nobody opened that there is nothing", async () => {
      const world = await loadFixture(deploy);
      expect(await stateOf(world, channelOf(world))).to.deep.equal({ balance: 0n, settled: 0n, number: 0n });
      expect(await world.channels.withdrawableAt(ZeroHash)).to.equal(0n);
      expect(await world.channels.channelCount()).to.equal(0n);
    });

    it("name the bounds", async () => {
      const { channels, ledger } = await loadFixture(deploy);
      expect(await channels.MIN_WITHDRAW_DELAY_SECONDS()).to.equal(15n * MINUTE);
      expect(await channels.MAX_WITHDRAW_DELAY_SECONDS()).to.equal(30n * DAY);
      expect(await channels.SIGNATURE_GAS()).to.equal(100_000n);
      expect(await channels.ledger()).to.equal(await ledger.getAddress());
    });
  });
});

async function deploy(): Promise<ChannelWorld> {
  return await deployChannels(connection);
}

/** The same with a token of which there is more than fits a channel. */
async function deployRich(): Promise<ChannelWorld> {
  const world = await deploy();
  const token = await ethers.deployContract("MockToken", [18]);
  await token.mint(world.payer, 2n * MAX_TOTAL);
  const ledger = await ethers.deployContract("AttributionLedger", [token]);
  const channels = await ethers.deployContract("PaymentChannels", [ledger]);
  await token.approve(channels, MaxUint256);
  return { ...world, ledger, channels, domain: { ...world.domain, channels: await channels.getAddress() } };
}
