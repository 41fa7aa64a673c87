import { fromHex } from "./bytes.ts";
import type { LedgerView } from "./ledgerState.ts";
import { siblingPositions } from "./merkle.ts";
import { ShareKind } from "./share.ts";
import type { DrawRange, Release } from "./simulation.ts";
import { encodeDraws } from "./split.ts";

// Prices of the EVM since Osaka: EIP-2028, EIP-2929, EIP-3529, EIP-7623.
const TRANSACTION = 21_000;
const COLD_SLOT = 2_100;
const WARM_SLOT = 100;
const SET_SLOT = 20_000;
const CHANGE_SLOT = 2_900;
const CLEARED_SLOT_REFUND = 4_800;
const LOG = 375;
const LOG_BYTE = 8;
const CALLDATA_ZERO_BYTE = 4;
const CALLDATA_BYTE = 16;
/** A transaction costs no less than this part of its calldata's price, on top of its base price. */
const CALLDATA_FLOOR = 2.5;

// What the compiled ledger computes, measured; the tests compare estimates with real claims.
/** A claim but for its draws and its balance: the event Withdrawn, and a transfer to somebody who holds tokens. */
const CLAIM = 18_300;
const DRAW = 1_200;
const SIBLING = 340;
const SHARE = 880;
const RELEASE = 380;

/** Gas of an event with so many topics and bytes. */
function logGas(topics: number, bytes: number): number {
  return LOG * (1 + topics) + LOG_BYTE * bytes;
}

const CREDITED = logGas(3, 64);
const ROUTED = logGas(1, 64);
const HOP = LOG_BYTE * 128 + 150;

// Calldata as it usually looks: hashes and addresses have no zero bytes, numbers have many.
const FRAME_CALLDATA = 28 * CALLDATA_BYTE + 86 * CALLDATA_ZERO_BYTE;
const HEADER_CALLDATA = 23 * CALLDATA_BYTE + 17 * CALLDATA_ZERO_BYTE;
const SHARE_CALLDATA = 60 * CALLDATA_BYTE + 21 * CALLDATA_ZERO_BYTE;
const SIBLING_CALLDATA = 40 * CALLDATA_BYTE + 8 * CALLDATA_ZERO_BYTE;

/** Gas for proving adjacent shares, whatever becomes of them then. */
export function rangeGas(range: { first: number; count: number; size: number }): number {
  const siblings = siblingPositions(range).length;
  return HEADER_CALLDATA + DRAW + COLD_SLOT + siblings * (SIBLING_CALLDATA + SIBLING);
}

/** Gas for a share that is in a draw for no other reason than that its neighbours are. */
export function passedShareGas(): number {
  return SHARE_CALLDATA + SHARE + COLD_SLOT;
}

/**
 * Gas for releasing a share that is in a draw, but for its storage slot.
 *
 * @param toSplit What the split it goes to has received; undefined for a share of the claimant.
 */
export function shareGas(toSplit?: bigint): number {
  const arrival = toSplit === undefined ? CREDITED : HOP + WARM_SLOT + (toSplit === 0n ? SET_SLOT : CHANGE_SLOT);
  return SHARE_CALLDATA + SHARE + RELEASE + arrival;
}

/** Gas for the storage slot in which two neighbouring shares' drawn amounts stand. */
export function pairGas(pair: { ledger: LedgerView; splitId: string; pair: number }): number {
  return isPairUntouched(pair) ? COLD_SLOT + SET_SLOT : usedPairGas();
}

/** Gas for the storage slot of a pair of shares that has been drawn from before. */
export function usedPairGas(): number {
  return COLD_SLOT + CHANGE_SLOT;
}

/** Gas of a claim through several splits, but for its draws. */
export function claimBaseGas(): number {
  return TRANSACTION + CLAIM + FRAME_CALLDATA + COLD_SLOT + ROUTED;
}

/**
 * Gas of `claim(draws, to)`, to a few percent. Assumes that `to` and the ledger hold tokens before and after; the first
 * tokens of a wallet cost 17,100 more.
 *
 * @param releases What the draws move, as `simulateRelease` tells.
 * @returns Gas in all, and what each range adds to it.
 */
export function claimGas({
  account,
  ranges,
  releases,
  ledger,
}: {
  account: string;
  ranges: readonly DrawRange[];
  releases: readonly Release[];
  ledger: LedgerView;
}): { total: number; perRange: number[] } {
  const slots = new Slots();
  const pending = [...releases].reverse();
  const execution = ranges.map(({ split, first, count }) => {
    const splitId = split.id;
    const siblings = siblingPositions({ first, count, size: split.tree.size }).length;
    // The hashes inside a range are as many as its shares, give or take the siblings.
    let gas = DRAW + siblings * SIBLING + count * SHARE + slots.read(`received ${splitId}`);
    for (let index = first; index < first + count; index++) {
      const pair = Math.floor(index / 2);
      const drawnSlot = `drawn ${splitId} ${pair}`;
      gas += slots.read(drawnSlot);
      const release = pending.at(-1);
      if (release?.splitId !== splitId || release.index !== index) continue;
      pending.pop();
      gas += RELEASE + slots.write(drawnSlot, isPairUntouched({ ledger, splitId, pair }));
      const { recipient } = release;
      if (release.kind === ShareKind.Split) {
        const slot = `received ${recipient}`;
        gas += HOP + slots.read(slot) + slots.write(slot, ledger.received(recipient).amount === 0n);
      } else {
        gas += CREDITED;
        if (ledger.redirectsOf(splitId).has(index)) gas += COLD_SLOT;
        const slot = `balance ${recipient}`;
        if (recipient !== account) gas += slots.read(slot) + slots.write(slot, ledger.balanceOf(recipient) === 0n);
      }
    }
    return gas;
  });

  const calldata = ranges.map((range) => calldataGas(encodeDraws([range.split.draw(range)])));
  const perRange = execution.map((gas, i) => gas + calldata[i]);
  const hasHops = releases.some(({ kind }) => kind === ShareKind.Split);
  const hasBalance = ledger.balanceOf(account) > 0n;
  const rest =
    CLAIM + FRAME_CALLDATA + COLD_SLOT + (hasHops ? ROUTED : 0) + (hasBalance ? CHANGE_SLOT - CLEARED_SLOT_REFUND : 0);
  const floor = CALLDATA_FLOOR * (sum(calldata) + FRAME_CALLDATA);
  return { total: TRANSACTION + Math.ceil(Math.max(sum(perRange) + rest, floor)), perRange };
}

/** What storage slots cost within one transaction. */
class Slots {
  readonly #warm = new Set<string>();
  readonly #written = new Set<string>();

  read(slot: string): number {
    const gas = this.#warm.has(slot) ? WARM_SLOT : COLD_SLOT;
    this.#warm.add(slot);
    return gas;
  }

  /** The slot must have been read. */
  write(slot: string, isZero: boolean): number {
    if (this.#written.has(slot)) return WARM_SLOT;
    this.#written.add(slot);
    return isZero ? SET_SLOT : CHANGE_SLOT;
  }
}

/** Whether the storage slot that two neighbouring shares have in common is still zero. */
function isPairUntouched({ ledger, splitId, pair }: { ledger: LedgerView; splitId: string; pair: number }): boolean {
  const redirects = ledger.redirectsOf(splitId);
  return [2 * pair, 2 * pair + 1].every((index) => ledger.drawn(splitId, index) === 0n && !redirects.has(index));
}

function calldataGas(hex: string): number {
  return fromHex(hex, "Calldata").reduce((gas, byte) => gas + (byte === 0 ? CALLDATA_ZERO_BYTE : CALLDATA_BYTE), 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
