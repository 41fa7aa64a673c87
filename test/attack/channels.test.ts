import { expect } from "chai";
import { concat, dataSlice, id, toBeHex, Wallet, ZeroAddress, ZeroHash, zeroPadValue } from "ethers";
import { network } from "hardhat";

import {
  type Channel,
  channelId,
  packVouchers,
  readStatuses,
  type Settlement,
  type SettlementStatus,
  termsId,
  type VoucherClaim,
  LOWER_HALF,
} from "../../sdk/channel.ts";
import { purposeNonce } from "../../sdk/authorization.ts";
import { accountOf } from "../helpers/shares.ts";
import { worksOn } from "../helpers/twins.ts";
import {
  authorize,
  channelOf,
  type ChannelWorld,
  claimOf,
  DAY,
  deployChannels,
  openChannel,
  receivedBy,
  settle,
  settlementOf,
  settleOne,
  stateOf,
} from "../payments/channels.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

type TwinName = `PaymentChannels_${string}`;

/** An attempt on the channels, and the twin on which it works. */
interface Attack<Outcome> {
  twin: TwinName;
  attack: (world: ChannelWorld) => Promise<Outcome>;
  /** What comes of it, or the error that ends it. */
  outcome: Outcome | { by?: "channels" | "token" | "ledger"; error: string; args?: (world: ChannelWorld) => unknown[] };
  /** What comes of it on the twin. */
  weak: Outcome;
}

/** Two tests: the channels stand the attack, the twin does not. Bob's deposit is there in both, for anybody to steal. */
function itStands<Outcome>({ twin, attack, outcome, weak }: Attack<Outcome>): void {
  it("is refused", async () => {
    const world = await loadFixture(deployShared);
    if (typeof outcome === "object" && outcome !== null && "error" in outcome) {
      const { by = "channels", error, args } = outcome;
      const refused = expect(attack(world)).to.be.revertedWithCustomError(world[by], error);
      await (args === undefined ? refused : refused.withArgs(...args(world)));
    } else {
      expect(await attack(world)).to.deep.equal(outcome);
    }
  });

  it(worksOn(twin), async () => {
    const world = await loadFixture(deployShared);
    expect(await attack(await withChannelTwin(world, twin))).to.deep.equal(weak);
  });
}

/** What a status and the split's income say. */
type Result = [statuses: SettlementStatus[], received: bigint];

async function settleAnd(world: ChannelWorld, channel: Channel, vouchers: VoucherClaim[] | string): Promise<Result> {
  const statuses = await settleOne(world, channel, vouchers);
  return [statuses, await receivedBy(world, world.split)];
}

describe("attacks on payment channels", () => {
  describe("a voucher taken to", () => {
    const twin = "PaymentChannels_NoDomain";
    const wallet = new Wallet(id("payer with a key"));
    const attack = async (here: ChannelWorld, there: ChannelWorld): Promise<SettlementStatus[]> => {
      const channel = channelOf(there, { payer: wallet.address, operator: there.operator.address });
      const authorization = await authorize({ world: there, channel, amount: 100n, signer: wallet });
      await there.token.transfer(wallet.address, 100n);
      await there.channels.depositWithAuthorization(channel, 100n, authorization);
      const digest = await here.channels.voucherDigest(termsId(channel), 100n);
      const signature = wallet.signingKey.sign(digest).serialized;
      const claim = { channel, maxClaimableAmount: 100n, total: 100n, signature, contractSignature: false };
      return await settleOne(there, channel, [claim]);
    };

    it("another contract is for an unknown channel", async () => {
      const world = await loadFixture(deployShared);
      const channels = await ethers.deployContract("PaymentChannels", [world.ledger]);
      const there = { ...world, channels, domain: { ...world.domain, channels: await channels.getAddress() } };
      expect(await attack(world, there)).to.deep.equal(["unknown channel"]);
    });

    it(`another contract ${worksOn(twin)}`, async () => {
      const world = await loadFixture(deployShared);
      const [here, there] = [await withChannelTwin(world, twin), await withChannelTwin(world, twin)];
      expect(await attack(here, there)).to.deep.equal(["settled"]);
    });

    it("another chain, where the contract has the same address, is for an unknown channel", async () => {
      const [here, there] = await twoChains(async (world) => world);
      expect(there.domain.channels).to.equal(here.domain.channels);
      expect(await attack(here, there)).to.deep.equal(["unknown channel"]);
    });

    it(`another chain ${worksOn(twin)}`, async () => {
      const [here, there] = await twoChains(async (world, chain) => await withChannelTwin(world, twin, chain.ethers));
      expect(there.domain.channels).to.equal(here.domain.channels);
      expect(await attack(here, there)).to.deep.equal(["settled"]);
    });

    it("a chain that has split off since is for an unknown channel", async () => {
      const [here, there, chain] = await twoChains(async (world) => world);
      // The same code, deployed when the chain had its old id.
      const code = (await here.channels.getDeployedCode()) ?? "0x";
      await chain.networkHelpers.setCode(there.domain.channels, code);
      expect(await attack(here, there)).to.deep.equal(["unknown channel"]);
    });
  });

  describe("a voucher for one channel, settled as one of another channel", () => {
    const fields: { field: string; twin: TwinName; other: (world: ChannelWorld) => Partial<Channel> }[] = [
      { field: "payer", twin: "PaymentChannels_NoPayerInTerms", other: ({ bob }) => ({ payer: bob.address }) },
      {
        field: "operator",
        twin: "PaymentChannels_NoOperatorInTerms",
        other: ({ otherOperator }) => ({ operator: otherOperator.address }),
      },
      {
        field: "split",
        twin: "PaymentChannels_NoSplitInTerms",
        other: ({ otherSplit }) => ({ splitId: otherSplit.id }),
      },
      { field: "delay", twin: "PaymentChannels_NoDelayInTerms", other: () => ({ withdrawDelaySeconds: 2n * DAY }) },
      { field: "salt", twin: "PaymentChannels_NoSaltInTerms", other: () => ({ salt: id("another") }) },
    ];
    for (const { field, twin, other } of fields) {
      describe(`of the same session key with another ${field}`, () => {
        itStands<SettlementStatus[]>({
          twin,
          attack: async (world) => {
            const { bob, channels, operator, otherOperator } = world;
            const session = new Wallet(id("session key"));
            const signed = await openChannel(world, { signer: session.address });
            const victim = { ...channelOf(world, other(world)), signer: session.address };
            await channels.connect(victim.payer === bob.address ? bob : world.payer).deposit(victim, 1_000n);
            const digest = await channels.voucherDigest(await channels.termsIdOf(signed), 700n);
            const claim = await claimOf({ world, channel: victim, max: 700n, signer: session });
            claim.signature = session.signingKey.sign(digest).serialized;
            const by = victim.operator === operator.address ? operator : otherOperator;
            return (await settle(world, [settlementOf(victim, [claim])], by)).statuses[0];
          },
          outcome: ["unknown channel"],
          weak: ["settled"],
        });
      });
    }

    describe("of another contract that takes the same key's signatures", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_ContractSignsTerms",
        // The voucher names the channel, as it has to be, and then the terms alone, as a contract without an address in its
        // answer would have it.
        attack: async (world) => {
          const session = new Wallet(id("session key"));
          const wallets = [];
          for (let i = 0; i < 2; i++) wallets.push(await ethers.deployContract("KeyWallet", [session.address]));
          const channels: Channel[] = [];
          for (const wallet of wallets) channels.push(await openChannel(world, { signer: await wallet.getAddress() }));
          const statuses: SettlementStatus[] = [];
          for (const [i, named] of [channelId(channels[0]), termsId(channels[0])].entries()) {
            const max = 100n * BigInt(i + 1);
            const digest = await world.channels.voucherDigest(named, max);
            const signature = session.signingKey.sign(digest).serialized;
            const claims = channels.map((channel): VoucherClaim => ({
              channel,
              maxClaimableAmount: max,
              total: max,
              signature,
              contractSignature: true,
            }));
            statuses.push(...(await settle(world, [settlementOf(channels[0], claims)])).statuses[0]);
          }
          return statuses;
        },
        outcome: ["settled", "bad signature", "bad signature", "bad signature"],
        weak: ["bad signature", "bad signature", "settled", "settled"],
      });
    });

    describe("whose voucher was cut off in front of it", () => {
      itStands<bigint>({
        twin: "PaymentChannels_ReadsOn",
        // The first settlement says it has one voucher, but that is in the bytes of the second, whose terms differ.
        attack: async (world) => {
          const { channels, operator } = world;
          const channel = await openChannel(world);
          const good = settlementOf(channel, [await claimOf({ world, channel, max: 500n })]);
          const cut = { ...good, vouchers: "0x0001" };
          const call = channels.interface.encodeFunctionData("settle", [[cut]]);
          // The bytes behind the number of vouchers are padding of the call, so that is where the voucher goes.
          const data = concat([dataSlice(call, 0, (call.length - 2) / 2 - 30), dataSlice(good.vouchers, 2)]);
          await operator.sendTransaction({ to: channels, data });
          return await receivedBy(world, world.split);
        },
        outcome: { error: "Vouchers_BadLength", args: () => [2n, 79n] },
        weak: 500n,
      });
    });
  });

  describe("a signature", () => {
    const SOME_R = "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

    describe("of the upper half", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_UpperS",
        attack: async (world) => {
          const s = toBeHex(LOWER_HALF + 1n, 32);
          const digest = await world.channels.voucherDigest(termsId(channelOf(world)), 500n);
          const data = concat([digest, zeroPadValue("0x1b", 32), SOME_R, s]);
          const payer = dataSlice(await ethers.provider.call({ to: toBeHex(1, 20), data }), 12);
          const channel = await openAs(world, channelOf(world, { payer: ethers.getAddress(payer) }));
          return await settleOne(world, channel, concat(["0x000100", toBeHex(500n, 12), SOME_R, s]));
        },
        outcome: ["bad signature"],
        weak: ["settled"],
      });
    });

    describe("that recovers nobody, right behind one of the payer's", () => {
      itStands<Result>({
        twin: "PaymentChannels_SignerOfBefore",
        attack: async (world) => {
          const channel = await openChannel(world);
          const good = packVouchers([await claimOf({ world, channel, max: 100n })]);
          const bad = concat(["0x00", toBeHex(900n, 12), ZeroHash, ZeroHash]);
          return await settleAnd(world, channel, concat(["0x0002", dataSlice(good, 2), bad]));
        },
        outcome: [["settled", "bad signature"], 100n],
        weak: [["settled", "settled"], 900n],
      });
    });

    describe("of nobody, for a channel that names nobody as its signer", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_NobodySigns",
        attack: async (world) => {
          const channel = await openChannel(world, { signer: ZeroAddress });
          const bad = concat(["0x000102", toBeHex(900n, 12), world.payer.address, ZeroHash, ZeroHash]);
          return await settleOne(world, channel, bad);
        },
        outcome: {
          error: "PaymentChannels_NoSigner",
          args: (world) => [channelId(channelOf(world, { signer: ZeroAddress }))],
        },
        weak: ["settled"],
      });
    });
  });

  describe("a voucher", () => {
    describe("settled again", () => {
      itStands<Result>({
        twin: "PaymentChannels_ForgetsSettled",
        attack: async (world) => {
          const channel = await openChannel(world);
          const claim = await claimOf({ world, channel, max: 300n });
          await settleOne(world, channel, [claim]);
          return await settleAnd(world, channel, [claim]);
        },
        outcome: [["nothing new"], 300n],
        weak: [["settled"], 600n],
      });
    });

    describe("twice in a batch", () => {
      itStands<Result>({
        twin: "PaymentChannels_ForgetsSettled",
        attack: async (world) => {
          const channel = await openChannel(world);
          const claim = await claimOf({ world, channel, max: 300n });
          return await settleAnd(world, channel, [claim, claim]);
        },
        outcome: [["settled", "nothing new"], 300n],
        weak: [["settled", "settled"], 600n],
      });
    });

    describe("for less than one that was settled", () => {
      itStands<Result>({
        twin: "PaymentChannels_FallingVouchers",
        attack: async (world) => {
          const channel = await openChannel(world);
          const claims = await Promise.all([300n, 299n].map(async (max) => await claimOf({ world, channel, max })));
          return await settleAnd(world, channel, claims);
        },
        outcome: [["settled", "nothing new"], 300n],
        weak: [["settled", "settled"], 599n],
      });
    });

    describe("of which the operator claims more than was signed", () => {
      itStands<Result>({
        twin: "PaymentChannels_AnyTotal",
        attack: async (world) => {
          const channel = await openChannel(world);
          return await settleAnd(world, channel, [await claimOf({ world, channel, max: 1n, total: 1_000n })]);
        },
        outcome: [["above voucher"], 0n],
        weak: [["settled"], 1_000n],
      });
    });

    describe("above its deposit, paid with another's", () => {
      itStands<Result>({
        twin: "PaymentChannels_NoBalanceCheck",
        attack: async (world) => {
          const channel = await openChannel(world);
          return await settleAnd(world, channel, [await claimOf({ world, channel, max: 1_500n })]);
        },
        outcome: [["above deposit"], 0n],
        weak: [["settled"], 1_500n],
      });
    });

    describe("that goes above its deposit together with one before it in the batch", () => {
      itStands<Result>({
        twin: "PaymentChannels_BalanceStays",
        attack: async (world) => {
          const channel = await openChannel(world);
          const claims = await Promise.all([800n, 1_100n].map(async (max) => await claimOf({ world, channel, max })));
          return await settleAnd(world, channel, claims);
        },
        outcome: [["settled", "above deposit"], 800n],
        weak: [["settled", "settled"], 1_100n],
      });
    });

    describe("that goes above its deposit together with one settled before", () => {
      itStands<Result>({
        twin: "PaymentChannels_BalanceStays",
        attack: async (world) => {
          const channel = await openChannel(world);
          await settleOne(world, channel, [await claimOf({ world, channel, max: 800n })]);
          return await settleAnd(world, channel, [await claimOf({ world, channel, max: 1_100n })]);
        },
        outcome: [["above deposit"], 800n],
        weak: [["settled"], 1_100n],
      });
    });

    describe("that is stale, among good ones", () => {
      itStands<Result | string>({
        twin: "PaymentChannels_OneBadStopsAll",
        attack: async (world) => {
          const channel = await openChannel(world);
          const amounts = [100n, 100n, 200n];
          const claims = await Promise.all(amounts.map(async (max) => await claimOf({ world, channel, max })));
          return await settleAnd(world, channel, claims).catch(() => "nothing is settled");
        },
        outcome: [["settled", "nothing new", "settled"], 200n],
        weak: "nothing is settled",
      });
    });
  });

  describe("a record", () => {
    const memo = id("receipts");

    describe("of more than was settled", () => {
      itStands<[bigint, boolean]>({
        twin: "PaymentChannels_KeepsWhatIsSaid",
        attack: async (world) => {
          const channel = await openChannel(world);
          const claims = [await claimOf({ world, channel, max: 1n })];
          await settle(world, [settlementOf(channel, claims, { calls: 1_000n, memo, kept: true })]);
          const { channels, operator, split } = world;
          const claimed = await channels.settledAt(operator, split.id, memo, 1_000n);
          return [await receivedBy(world, split), claimed !== 0n];
        },
        outcome: [1n, false],
        weak: [1n, true],
      });
    });

    describe("of another operator's settlement", () => {
      itStands<[own: boolean, others: boolean]>({
        twin: "PaymentChannels_KeepsForEverybody",
        attack: async (world) => {
          const { channels, operator, mallory, split } = world;
          const channel = await openChannel(world, { operator: mallory.address });
          const claims = [await claimOf({ world, channel, max: 1n })];
          await settle(world, [settlementOf(channel, claims, { memo, kept: true })], mallory);
          return [
            (await channels.settledAt(mallory, split.id, memo, 1n)) !== 0n,
            (await channels.settledAt(operator, split.id, memo, 1n)) !== 0n,
          ];
        },
        outcome: [true, false],
        weak: [true, true],
      });
    });

    describe("of an old settlement, made anew by settling the same again", () => {
      itStands<bigint>({
        twin: "PaymentChannels_KeepsTheLastTime",
        attack: async (world) => {
          const { channels, operator, split } = world;
          const channel = await openChannel(world);
          const times: bigint[] = [];
          for (const max of [5n, 10n]) {
            const claims = [await claimOf({ world, channel, max })];
            await settle(world, [settlementOf(channel, claims, { memo, kept: true })]);
            times.push(await channels.settledAt(operator, split.id, memo, 5n));
            await time.setNextBlockTimestamp((await time.latest()) + 3_600);
          }
          return times[1] - times[0];
        },
        outcome: 0n,
        weak: 3_600n,
      });
    });
  });

  describe("money", () => {
    describe("that a stranger sends back before the operator settles", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_AnyCaller",
        attack: async (world) => {
          const channel = await openChannel(world);
          await world.channels.connect(world.mallory).close([channel]);
          return await settleOne(world, channel, [await claimOf({ world, channel, max: 500n })]);
        },
        outcome: {
          error: "PaymentChannels_NotAllowed",
          args: (world) => [channelId(channelOf(world)), world.mallory, world.operator],
        },
        weak: ["above deposit"],
      });
    });

    describe("that the operator closes away to nobody", () => {
      itStands<bigint>({
        twin: "PaymentChannels_NamelessPayer",
        attack: async (world) => {
          const channel = await openChannel(world);
          await world.channels.connect(world.operator).close([{ ...channel, payer: ZeroAddress }]);
          return await world.ledger.balanceOf(accountOf({ address: ZeroAddress }));
        },
        outcome: { error: "PaymentChannels_NoPayer" },
        weak: 1_000n,
      });
    });

    describe("that the payer takes back before its time", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_NoDelay",
        attack: async (world) => {
          const channel = await openChannel(world);
          const claim = await claimOf({ world, channel, max: 500n });
          await world.channels.requestWithdrawal(channel);
          await time.increase(DAY - 2n);
          await world.channels.withdraw(channel);
          return await settleOne(world, channel, [claim]);
        },
        outcome: { error: "PaymentChannels_NotWithdrawable" },
        weak: ["above deposit"],
      });
    });

    describe("that the payer takes back without asking", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_NoRequest",
        attack: async (world) => {
          const channel = await openChannel(world);
          const claim = await claimOf({ world, channel, max: 500n });
          await world.channels.withdraw(channel);
          return await settleOne(world, channel, [claim]);
        },
        outcome: { error: "PaymentChannels_NotWithdrawable" },
        weak: ["above deposit"],
      });
    });

    describe("that the payer asked for before its latest deposit", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_DepositKeepsRequest",
        attack: async (world) => {
          const channel = await openChannel(world);
          await world.channels.requestWithdrawal(channel);
          await time.increase(DAY);
          await world.channels.deposit(channel, 1_000n);
          const claim = await claimOf({ world, channel, max: 1_500n });
          await world.channels.withdraw(channel);
          return await settleOne(world, channel, [claim]);
        },
        outcome: { error: "PaymentChannels_NotWithdrawable" },
        weak: ["above deposit"],
      });
    });

    describe("that is gone before anybody can settle", () => {
      itStands<SettlementStatus[]>({
        twin: "PaymentChannels_AnyDelay",
        attack: async (world) => {
          const channel = await openChannel(world, { withdrawDelaySeconds: 0n });
          const claim = await claimOf({ world, channel, max: 500n });
          await world.channels.requestWithdrawal(channel);
          await world.channels.withdraw(channel);
          return await settleOne(world, channel, [claim]);
        },
        outcome: { error: "PaymentChannels_BadDelay", args: () => [0n, 900n, 30n * DAY] },
        weak: ["above deposit"],
      });
    });

    describe("that a stranger keeps in, with small deposits of its own", () => {
      itStands<bigint>({
        twin: "PaymentChannels_AnyDepositor",
        attack: async (world) => {
          const { token, channels, mallory } = world;
          const channel = await openChannel(world);
          await channels.requestWithdrawal(channel);
          await token.transfer(mallory, 1n);
          await token.connect(mallory).approve(channels, 1n);
          await channels.connect(mallory).deposit(channel, 1n);
          return await channels.withdrawableAt(channelId(channel));
        },
        outcome: {
          error: "PaymentChannels_NotAllowed",
          args: (world) => [channelId(channelOf(world)), world.mallory, world.payer],
        },
        weak: 0n,
      });
    });

    describe("beyond a cap, spread over several channels", () => {
      itStands<bigint>({
        twin: "PaymentChannels_CapPerDeposit",
        attack: async (world) => {
          await world.channels.setOperatorCap(world.operator, 1_000n);
          const channel = await openChannel(world);
          await openChannel(world, { salt: id("second") });
          return (await stateOf(world, channel)).balance;
        },
        outcome: {
          error: "PaymentChannels_AboveCap",
          args: ({ payer, operator }) => [payer, operator, 2_000n, 1_000n],
        },
        weak: 1_000n,
      });
    });
  });

  describe("an authorization", () => {
    describe("for one channel, put into another one", () => {
      itStands<bigint>({
        twin: "PaymentChannels_AuthorizedForAnything",
        attack: async (world) => {
          const { channels, payer, operator, otherSplit } = world;
          const channel = channelOf(world);
          const other = channelOf(world, { splitId: otherSplit.id });
          const authorization = await authorize({ world, channel, amount: 100n, signer: payer });
          const salt = purposeNonce(channelId(channel), authorization.salt);
          await channels.connect(operator).depositWithAuthorization(other, 100n, { ...authorization, salt });
          return (await stateOf(world, other)).balance;
        },
        outcome: { by: "token", error: "ERC3009InvalidSignature" },
        weak: 100n,
      });
    });

    // No twin: times and nonces are the token's, which every contract that takes authorizations relies on.
    describe("that is not good", () => {
      it("any more is refused", async () => {
        const world = await loadFixture(deployShared);
        const channel = channelOf(world);
        const validBefore = BigInt(await time.latest()) + 10n;
        const authorization = await authorize({ world, channel, amount: 100n, signer: world.payer, validBefore });
        await time.setNextBlockTimestamp(validBefore);
        await expect(
          world.channels.depositWithAuthorization(channel, 100n, authorization),
        ).to.be.revertedWithCustomError(world.token, "ERC3009InvalidAuthorizationTime");
      });

      it("yet is refused", async () => {
        const world = await loadFixture(deployShared);
        const channel = channelOf(world);
        const validAfter = BigInt(await time.latest()) + 10n;
        const authorization = await authorize({ world, channel, amount: 100n, signer: world.payer, validAfter });
        await time.setNextBlockTimestamp(validAfter);
        await expect(
          world.channels.depositWithAuthorization(channel, 100n, authorization),
        ).to.be.revertedWithCustomError(world.token, "ERC3009InvalidAuthorizationTime");
      });

      it("a second time, when somebody else was first, has had its effect", async () => {
        const world = await loadFixture(deployShared);
        const { channels, token, payer, mallory } = world;
        const channel = channelOf(world);
        const authorization = await authorize({ world, channel, amount: 100n, signer: payer });
        await channels.connect(mallory).depositWithAuthorization(channel, 100n, authorization);
        expect((await stateOf(world, channel)).balance).to.equal(100n);
        await expect(channels.depositWithAuthorization(channel, 100n, authorization))
          .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
          .withArgs(payer, purposeNonce(channelId(channel), authorization.salt));
        expect((await stateOf(world, channel)).balance).to.equal(100n);
      });

      it("of the payer's is of no use to anybody who takes it to the token", async () => {
        const world = await loadFixture(deployShared);
        const { token, payer, mallory, domain } = world;
        const channel = channelOf(world);
        const { validAfter, validBefore, salt, v, r, s } = await authorize({
          world,
          channel,
          amount: 100n,
          signer: payer,
        });
        const nonce = purposeNonce(channelId(channel), salt);
        const call = [payer.address, domain.channels, 100n, validAfter, validBefore, nonce, v, r, s] as const;
        const connected = token.connect(mallory);
        await expect(connected.receiveWithAuthorization(...call)).to.be.revertedWithCustomError(
          token,
          "ERC20InvalidReceiver",
        );
        await expect(connected.transferWithAuthorization(...call)).to.be.revertedWithCustomError(
          token,
          "ERC3009InvalidSignature",
        );
      });
    });
  });

  describe("a contract that is asked about its signature", () => {
    /** As HostileWallet.sol numbers them. */
    const Mood = { BurnsAllGas: 0, AnswersAtLength: 1, CallsBack: 2 };

    const hostile = async (world: ChannelWorld, mood: number, data = "0x"): Promise<Channel> => {
      const wallet = await ethers.deployContract("HostileWallet", [mood, world.domain.channels, data]);
      return await openChannel(world, { signer: await wallet.getAddress() });
    };

    describe("and burns all gas", () => {
      itStands<string>({
        twin: "PaymentChannels_UnlimitedGas",
        attack: async (world) => {
          const channel = await hostile(world, Mood.BurnsAllGas);
          const bad = await claimOf({ world, channel, max: 5n, contractSignature: true });
          const own = await openChannel(world);
          const claims = [bad, await claimOf({ world, channel: own, max: 5n })];
          return await answerTo(world, [settlementOf(own, claims)], 400_000n);
        },
        outcome: "bad signature, settled",
        weak: "out of gas",
      });
    });

    describe("and answers at length", () => {
      itStands<string>({
        twin: "PaymentChannels_CopiesAnswers",
        attack: async (world) => {
          const channel = await hostile(world, Mood.AnswersAtLength);
          const bad = await claimOf({ world, channel, max: 5n, contractSignature: true });
          const own = await openChannel(world);
          const claims = [...new Array<VoucherClaim>(10).fill(bad), await claimOf({ world, channel: own, max: 5n })];
          return await answerTo(world, [settlementOf(own, claims)], 2_000_000n);
        },
        outcome: `${"bad signature, ".repeat(10)}settled`,
        weak: "out of gas",
      });
    });

    describe("and has too little gas to answer", () => {
      itStands<boolean>({
        twin: "PaymentChannels_AnyGas",
        attack: async (world) => {
          const wallet = await ethers.deployContract("SlowWallet", [99_500n]);
          const channel = await openChannel(world, { signer: await wallet.getAddress() });
          const settlement = settlementOf(channel, [
            await claimOf({ world, channel, max: 5n, contractSignature: true }),
          ]);
          const answers = new Set<string>();
          for (let gasLimit = 100_000n; gasLimit < 260_000n; gasLimit += 2_000n) {
            answers.add(await answerTo(world, [settlement], gasLimit));
          }
          return answers.has("bad signature");
        },
        outcome: false,
        weak: true,
      });
    });

    // No twin: a static call is the EVM's own defence.
    describe("and calls back", () => {
      it("is refused whatever it calls that changes anything", async () => {
        const world = await loadFixture(deployShared);
        const { channels } = world;
        const victim = await openChannel(world, { salt: id("victim") });
        const settlement = settlementOf(victim, [await claimOf({ world, channel: victim, max: 5n })]);
        for (const data of [
          channels.interface.encodeFunctionData("settle", [[settlement]]),
          channels.interface.encodeFunctionData("close", [[victim]]),
          channels.interface.encodeFunctionData("setOperatorCap", [world.operator.address, 1n]),
        ]) {
          const channel = await hostile(world, Mood.CallsBack, data);
          const claim = await claimOf({ world, channel, max: 5n, contractSignature: true });
          expect(await settleOne(world, channel, [claim])).to.deep.equal(["bad signature"]);
        }
      });

      it("may look at the state before its own voucher is settled, for what that is worth", async () => {
        const world = await loadFixture(deployShared);
        const data = world.channels.interface.encodeFunctionData("channelCount");
        const channel = await hostile(world, Mood.CallsBack, data);
        const claim = await claimOf({ world, channel, max: 5n, contractSignature: true });
        expect(await settleOne(world, channel, [claim, claim])).to.deep.equal(["settled", "nothing new"]);
      });
    });

    // No twin: those above are each of its parts.
    describe("among 500 vouchers, with everything else that can be wrong", () => {
      it("keeps no honest one from being settled", async () => {
        const world = await loadFixture(deployCrowd);
        const { channels, operator, wallets, payer } = world;
        const burning = await hostile(world, Mood.BurnsAllGas);
        const lengthy = await hostile(world, Mood.AnswersAtLength);
        const calling = await hostile(
          world,
          Mood.CallsBack,
          channels.interface.encodeFunctionData("setOperatorCap", [payer.address, 1n]),
        );
        const own = await openChannel(world);
        const bad = [
          await claimOf({ world, channel: burning, max: 5n, contractSignature: true }),
          await claimOf({ world, channel: lengthy, max: 5n, contractSignature: true }),
          await claimOf({ world, channel: calling, max: 5n, contractSignature: true }),
          await claimOf({ world, channel: own, max: 1_001n }),
          await claimOf({ world, channel: own, max: 0n }),
          await claimOf({ world, channel: own, max: 5n, total: 6n }),
          await claimOf({ world, channel: own, max: 5n, signer: world.mallory }),
          { ...(await claimOf({ world, channel: own, max: 5n })), signature: concat([ZeroHash, ZeroHash]) },
        ];
        const claims = await Promise.all(
          wallets.map(async (signer, i) =>
            i % 8 === 7
              ? bad[((i - 7) / 8) % bad.length]
              : await claimOf({ world, channel: channelOf(world, { payer: signer.address }), max: 9n, signer }),
          ),
        );
        const before = await receivedBy(world, world.split);
        const settlement = settlementOf(own, claims);
        const [packed] = await channels.connect(operator).settle.staticCall([settlement]);
        await channels.connect(operator).settle([settlement], { gasLimit: 2n ** 24n });
        for (const [i, status] of readStatuses(packed).entries()) {
          expect(status === "settled", `${i}: ${status}`).to.equal(i % 8 !== 7);
        }
        const honest = wallets.filter((_, i) => i % 8 !== 7).length;
        expect((await receivedBy(world, world.split)) - before).to.equal(9n * BigInt(honest));
        expect(await channels.limitOf(payer, operator)).to.deep.equal([4_000n, false, 0n]);
      });
    });
  });
});

/** Statuses of one settlement in words; or that it had too little gas. */
async function answerTo(world: ChannelWorld, settlements: Settlement[], gasLimit: bigint): Promise<string> {
  return await world.channels
    .connect(world.operator)
    .settle.staticCall(settlements, { gasLimit })
    .then(
      ([statuses]) => readStatuses(statuses).join(", "),
      () => "out of gas",
    );
}

/** Opens a channel in the name of any account. */
async function openAs(world: ChannelWorld, channel: Channel): Promise<Channel> {
  const account = await ethers.getImpersonatedSigner(channel.payer);
  await networkHelpers.setBalance(channel.payer, 10n ** 18n);
  await world.token.transfer(channel.payer, 1_000n);
  await world.token.connect(account).approve(world.channels, 1_000n);
  await world.channels.connect(account).deposit(channel, 1_000n);
  return channel;
}

/** The same people and ledger around vulnerable channels, in which Bob has money, too. */
async function withChannelTwin(
  world: ChannelWorld,
  name: TwinName,
  chain: typeof ethers = ethers,
): Promise<ChannelWorld> {
  const address = await (await chain.deployContract(name, [world.ledger])).getAddress();
  const channels = await chain.getContractAt("PaymentChannels", address);
  return await share({ ...world, channels, domain: { ...world.domain, channels: address } });
}

async function twoChains(
  change: (world: ChannelWorld, chain: typeof connection) => Promise<ChannelWorld>,
): Promise<[ChannelWorld, ChannelWorld, typeof connection]> {
  const first = await network.create();
  const other = await network.create({ override: { chainId: 42 } });
  return [await change(await deployChannels(first), first), await change(await deployChannels(other), other), other];
}

async function deployShared(): Promise<ChannelWorld> {
  return await share(await deployChannels(connection));
}

/** The payer approves the channels, and Bob puts 10,000 into one of his. */
async function share(world: ChannelWorld): Promise<ChannelWorld> {
  const { token, channels, payer, bob } = world;
  await token.connect(payer).approve(channels, 2n ** 255n);
  await token.connect(payer).transfer(bob, 20_000n);
  await token.connect(bob).approve(channels, 20_000n);
  await channels.connect(bob).deposit(channelOf(world, { payer: bob.address }), 10_000n);
  return world;
}

/** 500 wallets with a channel each. */
async function deployCrowd() {
  const world = await deployShared();
  const wallets = Array.from({ length: 500 }, (_, i) => new Wallet(id(`payer ${i}`)));
  for (const signer of wallets) {
    await world.token.transfer(signer.address, 1_000n);
    const channel = channelOf(world, { payer: signer.address });
    const authorization = await authorize({ world, channel, amount: 1_000n, signer });
    await world.channels.depositWithAuthorization(channel, 1_000n, authorization);
  }
  return { ...world, wallets };
}
