import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { type ContractTransactionResponse, id, type Signer, type TypedDataDomain, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { type Authorization, purposeNonce, signAuthorization } from "../../sdk/authorization.ts";
import {
  type Channel,
  channelId,
  type ChannelsDomain,
  packVouchers,
  readStatuses,
  type Settlement,
  type SettlementStatus,
  signVoucher,
  voucherFor,
  type VoucherClaim,
} from "../../sdk/channel.ts";
import type { Split } from "../../sdk/split.ts";
import type { AttributionLedger, OpenToken, PaymentChannels } from "../../typechain-types/index.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";
import { accountShare, splitOf } from "../helpers/shares.ts";

/** Channels with their ledger and token, two splits, and people by name. The payer has approved the channels. */
export interface ChannelWorld {
  token: OpenToken;
  ledger: AttributionLedger;
  channels: PaymentChannels;
  domain: ChannelsDomain;
  tokenDomain: TypedDataDomain;
  split: Split;
  otherSplit: Split;
  payer: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  operator: HardhatEthersSigner;
  otherOperator: HardhatEthersSigner;
  session: HardhatEthersSigner;
  mallory: HardhatEthersSigner;
}

export const DAY = 86_400n;
export const MEMO = id("receipts");
export const MAX_TOTAL = 2n ** 96n - 1n;

export async function deployChannels(connection: NetworkConnection): Promise<ChannelWorld> {
  const { token, ledger, channels } = await createProtocolFixture({ connection })();
  const { ethers } = connection;
  const [payer, bob, operator, otherOperator, session, mallory, alice, carol] = await ethers.getSigners();
  const [{ chainId, verifyingContract }, { name, version, verifyingContract: tokenAddress }] = await Promise.all([
    channels.eip712Domain(),
    token.eip712Domain(),
  ]);
  await token.approve(channels, ethers.MaxUint256);
  return {
    token,
    ledger,
    channels,
    domain: { chainId, channels: verifyingContract },
    tokenDomain: { name, version, chainId, verifyingContract: tokenAddress },
    split: await splitOf([accountShare({ to: alice, units: 1n }), accountShare({ to: carol, units: 2n })]),
    otherSplit: await splitOf([accountShare({ to: carol, units: 1n })]),
    payer,
    bob,
    operator,
    otherOperator,
    session,
    mallory,
  };
}

/** Terms: the payer's own channel with the operator, except for what is stated otherwise. */
export function channelOf(
  { payer, operator, split }: ChannelWorld,
  { payer: from = payer.address, ...changes }: Partial<Channel> = {},
): Channel {
  return {
    payer: from,
    signer: from,
    operator: operator.address,
    splitId: split.id,
    withdrawDelaySeconds: DAY,
    salt: ZeroHash,
    ...changes,
  };
}

/** The channel of {@link channelOf}, with money in it. */
export async function openChannel(
  world: ChannelWorld,
  { deposit = 1_000n, ...changes }: Partial<Channel> & { deposit?: bigint } = {},
): Promise<Channel> {
  const channel = channelOf(world, changes);
  await world.channels.connect(world.payer).deposit(channel, deposit);
  return channel;
}

/** A voucher to settle, signed by the payer unless stated otherwise. */
export async function claimOf({
  world,
  channel,
  max,
  total = max,
  signer = world.payer,
  contractSignature = false,
}: {
  world: ChannelWorld;
  channel: Channel;
  max: bigint;
  total?: bigint;
  signer?: Signer;
  contractSignature?: boolean;
}): Promise<VoucherClaim> {
  const voucher = voucherFor({ channel, maxClaimableAmount: max, contractSignature });
  const signature = await signVoucher({ signer, ...world.domain, voucher });
  return { channel, maxClaimableAmount: max, total, signature, contractSignature };
}

/** Vouchers of channels that share split, delay and salt. */
export function settlementOf(
  { splitId, withdrawDelaySeconds, salt }: Channel,
  vouchers: readonly VoucherClaim[] | string,
  { calls = 1n, memo = MEMO, kept = false }: { calls?: bigint; memo?: string; kept?: boolean } = {},
): Settlement {
  const packed = typeof vouchers === "string" ? vouchers : packVouchers(vouchers);
  return { splitId, withdrawDelaySeconds, salt, calls, memo, kept, vouchers: packed };
}

/** Settles as the operator and says what became of each voucher, settlement by settlement. */
export async function settle(
  { channels, operator }: ChannelWorld,
  settlements: readonly Settlement[],
  by: Signer = operator,
): Promise<{ statuses: SettlementStatus[][]; sent: ContractTransactionResponse }> {
  const connected = channels.connect(by);
  const statuses = await connected.settle.staticCall([...settlements]);
  return { statuses: statuses.map(readStatuses), sent: await connected.settle([...settlements]) };
}

/** Settles vouchers of one channel. */
export async function settleOne(
  world: ChannelWorld,
  channel: Channel,
  vouchers: readonly VoucherClaim[] | string,
): Promise<SettlementStatus[]> {
  return (await settle(world, [settlementOf(channel, vouchers)])).statuses[0];
}

/** Tokens that somebody signs away for a channel. */
export async function authorize({
  world,
  channel,
  amount,
  signer,
  ...times
}: {
  world: ChannelWorld;
  channel: Channel;
  amount: bigint;
  signer: Signer;
  validAfter?: bigint;
  validBefore?: bigint;
}): Promise<Authorization> {
  return await signAuthorization({
    token: world.tokenDomain,
    signer,
    to: world.domain.channels,
    amount,
    nonce: (salt) => purposeNonce(channelId(channel), salt),
    validBefore: 2n ** 40n,
    ...times,
  });
}

/** What is in a channel, and what it has settled. */
export async function stateOf(
  { channels }: ChannelWorld,
  channel: Channel,
): Promise<{ balance: bigint; settled: bigint; number: bigint }> {
  const { balance, settled, number } = await channels.channelOf(channelId(channel));
  return { balance, settled, number };
}

/** What a split has received. */
export async function receivedBy({ ledger }: ChannelWorld, { id: splitId }: Split): Promise<bigint> {
  return (await ledger.received(splitId)).amount;
}
