import { formatEther, getAddress, parseEther, ZeroAddress, ZeroHash } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { walletAccount } from "../../sdk/account.ts";
import { domainOf, paymentNonce, signAuthorization } from "../../sdk/authorization.ts";
import { type ClaimPlan, planClaim } from "../../sdk/planner.ts";
import { type Draw, encodeDraws } from "../../sdk/split.ts";
import { type DrawRange, simulateRelease } from "../../sdk/simulation.ts";
import { type Context, nameOfSplit } from "../lib/context.ts";
import { integer, open, openNumber } from "../lib/format.ts";
import type { Plan, Step } from "../lib/outcome.ts";
import { knownSplit, splitNamed, type SplitNaming } from "../lib/splits.ts";
import { checkBalance, checkTokens, fromWallet } from "../lib/steps.ts";
import type { Runs } from "../rooms.ts";
import type { PAYMENTS } from "../verbs/money.ts";

type PaymentShape = (typeof PAYMENTS)["pay"]["returns"];

/** Money for a split. */
interface Leg {
  splitId: string;
  amount: bigint;
  calls: bigint;
  memo: string;
}

/** What is to be paid, before it is known how. */
interface Order {
  legs: Leg[];
  total: bigint;
  platformFee: bigint;
  memo: string;
  /** For a service's own rail. */
  service: { id: bigint; tokensIn: bigint; tokensOut: bigint; calls: bigint; maximum: bigint } | undefined;
  name: string;
}

/** How long a signed transfer is good. */
const SIGNED_SECONDS = 3_600n;
/** What a draw may hold at most of a split. */
const SHARES_PER_DRAW = 100;

async function orderOf(
  context: Context,
  args: SplitNaming & {
    tokensIn: bigint;
    tokensOut: bigint;
    calls: bigint;
    amount: bigint | undefined;
    maximum: bigint | undefined;
    memo: string | undefined;
  },
): Promise<Order> {
  const { service, tokensIn, tokensOut, calls, amount, memo = ZeroHash } = args;
  const named = await splitNamed(context, args);
  if (service !== undefined && amount === undefined) {
    const quote = await context.quote(service, tokensIn, tokensOut, calls);
    const total = quote.net + quote.platformFee;
    if (total === 0n || tokensIn + tokensOut === 0n) {
      throw new UserError("There are no tokens to pay for. Say how many these calls take: --tokens-in, --tokens-out.");
    }
    const maximum = args.maximum ?? total;
    if (total > maximum) throw new UserError(`These calls cost ${open(total)}, above --maximum ${open(maximum)}.`);
    const legs = [
      { splitId: quote.splitId, amount: quote.net, calls, memo },
      { splitId: quote.platformSplitId, amount: quote.platformFee, calls: 0n, memo },
    ].filter((leg) => leg.amount > 0n);
    const { name } = named;
    const served = { id: service, tokensIn, tokensOut, calls, maximum };
    return { legs, total, platformFee: quote.platformFee, memo, service: served, name };
  }
  if (amount === undefined || amount === 0n) throw new UserError("Say how much: --amount, above zero.");
  const legs = [{ splitId: named.splitId, amount, calls, memo }];
  return { legs, total: amount, platformFee: 0n, memo, service: undefined, name: named.name };
}

async function byWallet(context: Context, order: Order, asset: bigint | undefined): Promise<Step[]> {
  const { services, ledger, datanets } = context.protocol;
  const what = `Pays ${open(order.total)} to ${order.name}.`;
  if (order.service !== undefined) {
    const { id, tokensIn, tokensOut, calls, maximum } = order.service;
    const { approvals, allowed } = await fromWallet(context, { spender: "services", amount: order.total });
    const transaction = await services.pay.populateTransaction(id, tokensIn, tokensOut, calls, order.memo, maximum);
    return [...approvals, { what, transaction, allowed }];
  }
  const [{ splitId, amount, calls, memo }] = order.legs;
  if (asset !== undefined) {
    const { approvals, allowed } = await fromWallet(context, { spender: "datanets", amount });
    return [
      ...approvals,
      { what, transaction: await datanets.pay.populateTransaction(asset, amount, calls, memo), allowed },
    ];
  }
  const { approvals, allowed } = await fromWallet(context, { spender: "ledger", amount });
  return [
    ...approvals,
    { what, transaction: await ledger.pay.populateTransaction(splitId, amount, calls, memo), allowed },
  ];
}

async function byBalance(context: Context, { legs, total, name }: Order): Promise<Step[]> {
  const { ledger } = context.protocol;
  await checkBalance(context, { tag: 0n, amount: total });
  const [{ splitId, amount, calls, memo }] = legs;
  const transaction =
    legs.length === 1
      ? await ledger.payFromBalance.populateTransaction(0n, splitId, amount, calls, memo)
      : await ledger.payManyFromBalance.populateTransaction(0n, legs);
  return [{ what: `Pays ${open(total)} to ${name} from the balance in the ledger.`, transaction }];
}

/** The payer signs, each leg apart; the relayer sends. */
async function bySignature(context: Context, { legs, total, name }: Order, relayer: string): Promise<Step[]> {
  const { token, ledger } = context.protocol;
  await checkTokens(context, { owner: context.me, amount: total });
  const domain = await domainOf(token);
  const validBefore = (await context.now()) + SIGNED_SECONDS;
  const steps: Step[] = [];
  for (const leg of legs) {
    const authorization = await signAuthorization({
      token: domain,
      signer: context.signer,
      to: context.deployment.contracts.ledger,
      amount: leg.amount,
      nonce: (salt) => paymentNonce(leg, salt),
      validBefore,
    });
    steps.push({
      what: `Submits ${context.people.nameOf(context.me)}'s signed transfer of ${open(leg.amount)} for ${name}.`,
      transaction: await ledger.payWithAuthorization.populateTransaction(context.me, leg, authorization),
      from: relayer,
    });
  }
  return steps;
}

async function byTransfer(context: Context, { legs, total, name }: Order): Promise<Step[]> {
  const { token, splitAddresses } = context.protocol;
  await checkTokens(context, { owner: context.me, amount: total });
  const steps: Step[] = [];
  for (const { splitId, amount } of legs) {
    const address = await splitAddresses.addressOf(splitId);
    steps.push(
      {
        what: `Sends ${open(amount)} to the address of ${name}'s split.`,
        transaction: await token.transfer.populateTransaction(address, amount),
      },
      {
        what: "Sweeps it into the split. Anybody may.",
        transaction: await splitAddresses.sweep.populateTransaction(splitId),
        follows: true,
      },
    );
  }
  return steps;
}

export const runs: Runs<typeof PAYMENTS> = {
  pay: async (context, args): Promise<Plan<PaymentShape>> => {
    const { rail, relayer, asset } = args;
    if (relayer !== undefined && rail !== "signed") throw new UserError("--relayer is for --rail signed.");
    const order = await orderOf(context, args);
    // The newest version of a Datanet can be paid by its registry.
    const datanet = asset?.kind === "datanet" && asset.version === undefined ? asset.id : undefined;
    const steps = await {
      wallet: async () => await byWallet(context, order, datanet),
      balance: async () => await byBalance(context, order),
      signed: async () => await bySignature(context, order, relayer ?? context.me),
      transfer: async () => await byTransfer(context, order),
    }[rail as "wallet"]();
    const [{ splitId }] = order.legs;
    return {
      steps,
      report: (done) => ({
        says: [
          `${order.name} ${done.dry ? "would be" : "is"} paid ${open(order.total - order.platformFee)}` +
            (order.platformFee === 0n ? "." : `, and the platform ${open(order.platformFee)}.`),
        ],
        result: {
          payer: context.me,
          rail,
          splitId,
          amount: order.total,
          platformFee: order.platformFee,
          calls: rail === "transfer" ? 0n : args.calls,
        },
      }),
    };
  },

  release: async (context, args) => {
    const { ledger } = context.protocol;
    const named = await splitNamed(context, args);
    const [registries, state] = [await context.registries(), await context.ledgerState()];
    const split = knownSplit(registries, named);
    const { size } = split.tree;
    const indexes = args.shares?.map(Number) ?? Array.from({ length: size }, (_, i) => i);
    const missing = indexes.find((index) => index >= size);
    if (missing !== undefined)
      throw new UserError(`${named.name} has shares 0 to ${size - 1}, but none at ${missing}.`);
    if (state.received(split.id).amount === 0n) throw new UserError(`${named.name} has not received anything yet.`);
    const ranges = rangesOf(indexes).map((range): DrawRange => ({ split, ...range }));
    const expected = simulateRelease({ ranges, ledger: state }).reduce((sum, { amount }) => sum + amount, 0n);
    const draws = encodeDraws(ranges.map((range): Draw => split.draw(range)));
    const transaction = await (args.payOut ? ledger.payOut : ledger.release).populateTransaction(draws);
    const what = `Releases ${indexes.length} share(s) of ${named.name}${args.payOut ? ", to wallets as tokens" : ""}.`;
    return {
      steps: [{ what, transaction }],
      report: async ({ dry }) => {
        const drawn = dry ? null : (await context.ledgerState()).drawnInTotal(split.id);
        const released = drawn === null ? null : drawn - state.drawnInTotal(split.id);
        return {
          says: [`${dry ? "That would move" : "That moved"} ${open(released ?? expected)}.`],
          result: { splitId: split.id, shares: indexes.length, expected, released },
        };
      },
    };
  },

  claim: async (context, { to, openPerEther, anyway }) => {
    const { ledger } = context.protocol;
    const [registries, state] = [await context.registries(), await context.ledgerState()];
    const { maxFeePerGas, gasPrice } = await context.provider.getFeeData();
    if (openPerEther === 0n) throw new UserError("--open-per-ether must be above zero.");
    const question = {
      account: walletAccount(context.me),
      splits: [...registries.splits],
      ledger: state,
      weiPerToken: parseEther("1") ** 2n / openPerEther,
    };
    const price = maxFeePerGas ?? gasPrice ?? 0n;
    const careful = planClaim({ ...question, gasPrice: price });
    // At no price for gas everything is worth releasing: what there is, if it is not worth it yet.
    const plan = careful.worthwhile && !anyway ? careful : planClaim({ ...question, gasPrice: 0n });
    const cost = BigInt(plan.gas) * price;
    const worthwhile = plan.value > cost;
    const amount = plan.yield + plan.balance;
    const hops = plan.hops.map(({ splitId, count, released }) => ({
      split: nameOfSplit(registries.originOf(splitId), splitId),
      splitId,
      shares: count,
      released,
    }));
    const name = context.people.nameOf(context.me);
    const claims = amount > 0n && (careful.worthwhile || anyway);
    const steps = claims ? await claimSteps(plan, to) : [];
    const gas = `${integer(plan.gas)} gas, ${formatEther(cost)} ether at most`;
    const verdict =
      amount === 0n
        ? `${name} has nothing to claim.`
        : `A claim brings ${open(amount)} for about ${gas}: ${worthwhile ? "" : "not "}worth it at ` +
          `${open(openPerEther)} per ether.`;
    const advice = !claims && amount > 0n ? ["Wait for more, or say --anyway."] : [];

    async function claimSteps({ releaseFirst, draws }: ClaimPlan, recipient: string): Promise<Step[]> {
      const releases = await Promise.all(
        releaseFirst.map(async (packed, i) => ({
          what: "Releases the first of many shares.",
          transaction: await ledger.release.populateTransaction(packed),
          follows: i > 0,
        })),
      );
      return [
        ...releases,
        {
          what: `Claims for ${name}.`,
          transaction: await ledger.claim.populateTransaction(draws, recipient),
          follows: releases.length > 0,
        },
      ];
    }

    return {
      steps,
      report: (done) => {
        // The only tokens that a claim moves are the claimant's.
        const claimed = done.sum("Transfer", "value");
        return {
          says: [
            verdict,
            ...(hops.length === 0
              ? []
              : [
                  {
                    columns: ["hop", "#shares", "#moves OPEN"],
                    rows: hops.map(({ split, shares, released }) => [split, String(shares), openNumber(released)]),
                  },
                ]),
            ...(plan.balance === 0n ? [] : [`The balance in the ledger adds ${open(plan.balance)}.`]),
            ...advice,
            ...(claimed === null || claimed === 0n ? [] : [`${context.people.nameOf(to)} got ${open(claimed)}.`]),
          ],
          result: {
            account: context.me,
            yield: plan.yield,
            balance: plan.balance,
            claimed,
            gas: plan.gas,
            costWei: cost,
            worthwhile,
            hops,
          },
        };
      },
    };
  },

  redirect: async (context, args) => {
    const { index, to } = args;
    const named = await splitNamed(context, args);
    const split = knownSplit(await context.registries(), named);
    const { root, totalUnits, size, arbiter } = split.header;
    if (getAddress(arbiter) !== context.me) {
      const who = arbiter === ZeroAddress ? "nobody" : context.people.nameOf(arbiter);
      throw new UserError(`The arbiter of ${named.name} is ${who}, and nobody else can redirect its shares.`);
    }
    const account = to === ZeroAddress ? ZeroHash : walletAccount(to);
    const transaction = await context.protocol.ledger.redirect.populateTransaction(
      root,
      totalUnits,
      size,
      index,
      account,
    );
    return {
      steps: [{ what: `Redirects share ${index} of ${named.name}.`, transaction }],
      report: () => ({
        says: [
          to === ZeroAddress
            ? "Its recipient gets what it earns."
            : `${context.people.nameOf(to)} gets what it had not drawn, and what it earns.`,
        ],
        result: { splitId: split.id, index, to },
      }),
    };
  },
};

/** Ascending indexes, next to each other together. */
function rangesOf(indexes: number[]): { first: number; count: number }[] {
  const ranges: { first: number; count: number }[] = [];
  for (const index of [...new Set(indexes)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last.first + last.count === index && last.count < SHARES_PER_DRAW) last.count += 1;
    else ranges.push({ first: index, count: 1 });
  }
  return ranges;
}
