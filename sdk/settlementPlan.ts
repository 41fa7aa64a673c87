import type { BookedChannel, SettlementGroup, SettlementItem } from "./operatorBook.ts";
import type { ChannelOnChain } from "./voucherCheck.ts";

/** When an operator settles. Amounts in the token's smallest unit. */
export interface SettlementPolicy {
  /** What a transaction may cost of what it settles, in hundredths of a percent. */
  maxCostBps: bigint;
  /** Most that one payer may owe before it is settled. */
  maxUnsettledPerPayer: bigint;
  /** Age of the oldest receipt from which a channel is settled. */
  maxAgeSeconds: bigint;
  /** Part of a deposit, in hundredths of a percent, that must be left; with less, the channel is settled. */
  minDepositLeftBps: bigint;
  /** Before a withdrawal by less than this, a voucher is settled apart: it may come too late, and must not spoil others. */
  withdrawalMarginSeconds: bigint;
  /** Most gas of a transaction; the protocol's own limit is 2^24 (EIP-7825). */
  maxGas: bigint;
}

/** Why a channel is settled. */
export type SettlementReason = "withdrawal" | "risk" | "age" | "deposit" | "worthwhile" | "asked for";

/** A channel that is to be settled. */
export interface PlannedItem {
  item: SettlementItem;
  booked: BookedChannel;
  reason: SettlementReason;
  /** What is settled now. */
  amount: bigint;
  /** Whether others may cause the contract to skip it, so that it gets a payment of its own. */
  alone: boolean;
  /** Whether its settlement is to be on record; the same for all of a split. */
  kept: boolean;
}

/** Items that are settled with one payment. */
export type PlannedGroup = PlannedItem[];

/** What a group's gas depends on. */
type GroupSize = Pick<SettlementGroup, "items" | "kept">;

/** What settling costs, and more where it varies; measured by the tests. */
export const SETTLEMENT_GAS = {
  transaction: 40_000n,
  /** Payment to a split, the first one it gets included. */
  group: 90_000n,
  /** To have a payment on record. */
  record: 26_000n,
  voucher: 10_800n,
  /** With a total below its maximum, or a payer that is not the signer. */
  longVoucher: 18_000n,
  /** A contract may use `PaymentChannels.SIGNATURE_GAS` to check its signature. */
  contractVoucher: 135_000n,
};

export const DEFAULT_SETTLEMENT_POLICY: SettlementPolicy = {
  maxCostBps: 100n,
  maxUnsettledPerPayer: 10n * 10n ** 18n,
  maxAgeSeconds: 86_400n,
  minDepositLeftBps: 1_000n,
  withdrawalMarginSeconds: 600n,
  maxGas: 15_000_000n,
};

const BPS = 10_000n;
/** The packed vouchers of a payment begin with their number in two bytes. */
const MAX_ITEMS = 65_535;

/**
 * Chooses what to settle now, most urgent first, in batches that each fit a transaction.
 *
 * A channel is settled when its payer wants its money back, when a payer owes too much, when a receipt is old, when its
 * deposit runs low, or when it is worth its gas. If others make the transaction necessary, it is only measured by what it
 * adds. Nothing is settled at a loss unless `all` is set.
 *
 * @param channels Channels with their state on the chain.
 * @param costOf What gas costs, in the token's smallest unit.
 * @param now Unix time in seconds.
 * @param all Settle everything there is.
 * @param keeps Whether settlements for a split are to be on record for other contracts.
 */
export function planSettlement({
  channels,
  policy,
  costOf,
  now,
  all = false,
  keeps = () => false,
}: {
  channels: Iterable<{ booked: BookedChannel; onChain: ChannelOnChain }>;
  policy: SettlementPolicy;
  costOf: (gas: bigint) => bigint;
  now: bigint;
  all?: boolean;
  keeps?: (splitId: string) => boolean;
}): PlannedGroup[][] {
  const known = [...channels];
  const owed = new Map<string, bigint>();
  for (const { booked } of known) {
    const { payer } = booked.channel;
    owed.set(payer, (owed.get(payer) ?? 0n) + booked.served - booked.settled);
  }
  const isWorth = (amount: bigint, gas: bigint): boolean => costOf(gas) * BPS <= amount * policy.maxCostBps;

  const chosen: PlannedItem[] = [];
  for (const { booked, onChain } of known) {
    const payable = payableItem({ booked, onChain });
    if (payable === undefined) continue;
    const gas = gasOfItem(payable.item);
    const urgent = urgencyOf({ booked, onChain, policy, now, owed: owed.get(booked.channel.payer) ?? 0n });
    const covers = payable.amount > costOf(gas);
    const worthwhile = isWorth(payable.amount, gas) ? "worthwhile" : undefined;
    const reason = all ? "asked for" : ((covers ? urgent : undefined) ?? worthwhile);
    if (reason === undefined) continue;
    const alone =
      payable.item.contractSignature ||
      (onChain.withdrawableAt !== 0n && onChain.withdrawableAt < now + policy.withdrawalMarginSeconds);
    chosen.push({ ...payable, booked, reason, alone, kept: keeps(booked.channel.splitId) });
  }

  const isUrgent = ({ reason }: PlannedItem): boolean => reason !== "worthwhile";
  const groups = groupItems(chosen).filter((group) => {
    const amount = group.reduce((sum, item) => sum + item.amount, 0n);
    return group.some(isUrgent) || isWorth(amount, gasOfGroup(sizeOf(group)));
  });
  const amount = groups.flat().reduce((sum, item) => sum + item.amount, 0n);
  const gas = settlementGas(groups.map(sizeOf));
  if (!groups.flat().some(isUrgent) && !isWorth(amount, gas)) return [];
  return intoBatches({ groups, maxGas: policy.maxGas });
}

/** Most that a transaction uses which settles these groups. */
export function settlementGas(groups: readonly GroupSize[]): bigint {
  return groups.reduce((sum, group) => sum + gasOfGroup(group), SETTLEMENT_GAS.transaction);
}

/** The oldest receipts that the channel's balance covers: all of them, unless somebody took money out of it. */
function payableItem({
  booked: { channelId, max, signature, contractSignature, settled, unsettled },
  onChain,
}: {
  booked: BookedChannel;
  onChain: ChannelOnChain;
}): { item: SettlementItem; amount: bigint } | undefined {
  let amount = 0n;
  let receipts = 0;
  for (const { receipt } of unsettled) {
    if (settled + amount + receipt.amount > onChain.settled + onChain.balance) break;
    amount += receipt.amount;
    receipts += 1;
  }
  if (amount === 0n) return undefined;
  const total = settled + amount;
  return { item: { channelId, maxClaimableAmount: max, signature, contractSignature, total, receipts }, amount };
}

function urgencyOf({
  booked: { served, unsettled },
  onChain,
  policy,
  now,
  owed,
}: {
  booked: BookedChannel;
  onChain: ChannelOnChain;
  policy: SettlementPolicy;
  now: bigint;
  owed: bigint;
}): SettlementReason | undefined {
  const deposited = onChain.settled + onChain.balance;
  const oldest = unsettled[0].receipt.servedAt;
  if (onChain.withdrawableAt !== 0n) return "withdrawal";
  if (owed > policy.maxUnsettledPerPayer) return "risk";
  if (now - oldest >= policy.maxAgeSeconds) return "age";
  if ((deposited - served) * BPS < onChain.balance * policy.minDepositLeftBps) return "deposit";
  return undefined;
}

function sizeOf(group: PlannedGroup): GroupSize {
  return { items: group.map(({ item }) => item), kept: group[0].kept };
}

function groupItems(items: readonly PlannedItem[]): PlannedGroup[] {
  const groups = new Map<string, PlannedGroup>();
  for (const planned of items) {
    const { splitId, withdrawDelaySeconds, salt } = planned.booked.channel;
    const apart = planned.alone ? planned.item.channelId : "";
    const key = [splitId, withdrawDelaySeconds, salt, apart].join();
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [planned]);
    else group.push(planned);
  }
  return [...groups.values()];
}

/** Urgent groups come first; groups that do not fit a transaction are divided. */
function intoBatches({ groups, maxGas }: { groups: PlannedGroup[]; maxGas: bigint }): PlannedGroup[][] {
  const rank = (group: PlannedGroup): number => Math.min(...group.map(({ reason }) => RANKS.indexOf(reason)));
  const batches: PlannedGroup[][] = [];
  let left = 0n;
  for (const group of [...groups].sort((a, b) => rank(a) - rank(b))) {
    let part: PlannedGroup | undefined;
    for (const planned of group) {
      const gas = gasOfItem(planned.item);
      const opens = part === undefined || part.length === MAX_ITEMS;
      if (batches.length === 0 || left < gas + (opens ? gasOfPayment(planned) : 0n)) {
        batches.push([]);
        left = maxGas - SETTLEMENT_GAS.transaction;
        part = undefined;
      }
      if (part === undefined || part.length === MAX_ITEMS) {
        part = [];
        batches[batches.length - 1].push(part);
        left -= gasOfPayment(planned);
      }
      part.push(planned);
      left -= gas;
    }
  }
  return batches;
}

const RANKS: readonly SettlementReason[] = ["withdrawal", "risk", "deposit", "age", "asked for", "worthwhile"];

function gasOfGroup({ items, kept }: GroupSize): bigint {
  return items.reduce((sum, item) => sum + gasOfItem(item), gasOfPayment({ kept }));
}

function gasOfPayment({ kept }: { kept: boolean }): bigint {
  return SETTLEMENT_GAS.group + (kept ? SETTLEMENT_GAS.record : 0n);
}

function gasOfItem({ maxClaimableAmount, total, contractSignature }: SettlementItem): bigint {
  if (contractSignature) return SETTLEMENT_GAS.contractVoucher;
  return total === maxClaimableAmount ? SETTLEMENT_GAS.voucher : SETTLEMENT_GAS.longVoucher;
}
