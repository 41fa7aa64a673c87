import { UserError } from "../../scripts/lib/script.ts";
import { earningsOf } from "../../sdk/earnings.ts";
import { type LineageNode, lineageOf, partsOf } from "../../sdk/lineage.ts";
import type { RegistryState } from "../../sdk/registryState.ts";
import { readUsage, type UsagePeriod } from "../../sdk/usage.ts";
import { type Context, nameOfSplit } from "../lib/context.ts";
import { integer, open, openNumber, percent } from "../lib/format.ts";
import { knownSplit, splitNamed } from "../lib/splits.ts";
import { accountOf } from "../lib/steps.ts";
import type { Runs } from "../rooms.ts";
import type { VIEWS } from "../verbs/money.ts";

/** A line of a lineage. */
interface Line {
  depth: number;
  name: string;
  splitId: string | null;
  account: string | null;
  index: number;
  percent: number;
}

/** Most shares of one split that a tree lists. */
const MOST_SHARES = 50;

function linesOf(context: Context, registries: RegistryState, node: LineageNode, depth: number): Line[] {
  const lines: Line[] = [];
  const earning = node.shares.filter(({ share }) => share.units > 0n);
  for (const { share, index, part, upstream } of earning.slice(0, MOST_SHARES)) {
    const common = { depth, index, percent: part * 100 };
    if (upstream === undefined) {
      const { recipient } = share;
      lines.push({ ...common, name: context.nameOfAccount(recipient), splitId: null, account: recipient });
    } else {
      const { splitId } = upstream;
      lines.push({ ...common, name: nameOfSplit(registries.originOf(splitId), splitId), splitId, account: null });
      lines.push(...linesOf(context, registries, upstream, depth + 1));
    }
  }
  return lines;
}

/** @throws UserError about one that is too large to read. */
function treeOf(splitId: string, registries: RegistryState, depth: number): LineageNode {
  try {
    return lineageOf({ splitId, find: (id) => registries.split(id), depth });
  } catch (error) {
    if (error instanceof RangeError) throw new UserError(`${error.message} --depth says how deep.`);
    throw error;
  }
}

function renderLine({ depth, name, percent: part }: Line): [string, string] {
  return [`${"  ".repeat(depth)}${name}`, percent(part / 100)];
}

/** What a period comes to. Contributors are those in the logs of Datanets. */
function summarize(registries: RegistryState, { fromBlock, toBlock, splits }: UsagePeriod) {
  const all = [...splits.values()];
  const contributions = all.filter(
    ({ splitId }) => registries.originOf(splitId)?.kind === "datanetLog" || isBareDatanet(registries, splitId),
  );
  const contributors = new Set(contributions.flatMap(({ recipients }) => [...recipients]));
  return {
    fromBlock,
    toBlock,
    calls: all.reduce((sum, { calls }) => sum + calls, 0n),
    // The fee of a call is part of its payment.
    payments: all
      .filter(({ splitId }) => registries.originOf(splitId)?.kind !== "platform")
      .reduce((sum, { payments }) => sum + payments, 0),
    paid: all.reduce((sum, { paid }) => sum + paid, 0n),
    contributorPayouts: contributions.reduce((sum, { payouts }) => sum + payouts, 0),
    contributorAmount: contributions.reduce((sum, { paidOut }) => sum + paidOut, 0n),
    contributors: contributors.size,
    splits: all.map(({ splitId, calls, payments, paid, payouts, paidOut }) => ({
      split: nameOfSplit(registries.originOf(splitId), splitId),
      splitId,
      calls,
      payments,
      paid,
      payouts,
      paidOut,
    })),
  };
}

/** A Datanet whose owner and curator take nothing is its contributions. */
function isBareDatanet(registries: RegistryState, splitId: string): boolean {
  const origin = registries.originOf(splitId);
  if (origin?.kind !== "datanet") return false;
  return registries.logOf(origin.id).version(origin.version).split.id === splitId;
}

export const runs: Runs<typeof VIEWS> = {
  lineage: async (context, args) => {
    const named = await splitNamed(context, args);
    const registries = await context.registries();
    const split = knownSplit(registries, named);
    const tree = linesOf(context, registries, treeOf(split.id, registries, Number(args.depth)), 0);
    const accounts = partsOf({ splitId: split.id, find: (id) => registries.split(id) }).map(({ account, part }) => ({
      account,
      name: context.nameOfAccount(account),
      percent: part * 100,
    }));
    const top = accounts.slice(0, Number(args.top));
    return {
      says: [
        `Of what ${named.name} earns:`,
        { columns: ["", "#"], rows: tree.map(renderLine) },
        `Everybody together${accounts.length > top.length ? `, the first ${top.length} of ${accounts.length}` : ""}:`,
        { columns: ["", "#"], rows: top.map(({ name, percent: part }) => [name, percent(part / 100)]) },
      ],
      result: { splitId: split.id, accounts, tree },
    };
  },

  earnings: async (context, { of, tag }) => {
    const account = accountOf(of, tag);
    const [registries, state] = [await context.registries(), await context.ledgerState()];
    const splits = earningsOf({ account, splits: registries.splits, ledger: state })
      .filter(({ earned }) => earned > 0n)
      .map(({ splitId, ...rest }) => ({
        split: nameOfSplit(registries.originOf(splitId), splitId),
        splitId,
        ...rest,
      }));
    const total = (pick: (one: (typeof splits)[number]) => bigint): bigint =>
      splits.reduce((sum, one) => sum + pick(one), 0n);
    const sums = {
      earned: total(({ earned }) => earned),
      drawn: total(({ drawn }) => drawn),
      claimable: total(({ claimable }) => claimable),
    };
    const balance = state.balanceOf(account);
    return {
      says: [
        `${context.nameOfAccount(account)} has earned ${open(sums.earned)} and can claim ${open(sums.claimable + balance)}.`,
        {
          columns: ["from", "#shares", "#earned OPEN", "#drawn", "#claimable"],
          rows: splits.map(({ split, shares, earned, drawn, claimable }) => [
            split,
            String(shares),
            openNumber(earned),
            openNumber(drawn),
            openNumber(claimable),
          ]),
        },
        ...(balance === 0n ? [] : [`Of that, ${open(balance)} is balance in the ledger.`]),
      ],
      result: { account, ...sums, balance, splits },
    };
  },

  usage: async (context, { blocks, since }) => {
    const { address, fromBlock: first, ...range } = await context.eventsOf("ledger");
    const fromBlock = since === undefined ? first : Number(since);
    if (fromBlock > range.toBlock)
      throw new UserError(`The newest block is ${range.toBlock}, before --since ${fromBlock}.`);
    if (blocks === 0n) throw new UserError("--blocks must be above zero.");
    const registries = await context.registries();
    const usage = await readUsage({
      ...range,
      ledger: address,
      fromBlock,
      ...(blocks === undefined ? {} : { blocksPerPeriod: Number(blocks) }),
    });
    const periods = usage.map((period) => summarize(registries, period));
    return {
      says: periods.flatMap((period) => [
        `Blocks ${period.fromBlock} to ${period.toBlock}: ${integer(period.calls)} calls, ${period.payments} payments of ` +
          `${open(period.paid)}, ${period.contributorPayouts} payouts of ${open(period.contributorAmount)} to ` +
          `${period.contributors} contributor(s).`,
        {
          columns: ["split", "#calls", "#payments", "#paid OPEN", "#payouts", "#paid out OPEN"],
          rows: period.splits.map(({ split, calls, payments, paid, payouts, paidOut }) => [
            split,
            integer(calls),
            String(payments),
            openNumber(paid),
            String(payouts),
            openNumber(paidOut),
          ]),
        },
      ]),
      result: { periods },
    };
  },
};
