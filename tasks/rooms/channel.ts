import { hexlify, randomBytes, ZeroHash } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import {
  type Channel,
  channelId as idOf,
  packVouchers,
  recoverVoucherSigner,
  type Settlement,
  signVoucher,
  voucherFor,
  type VoucherClaim,
} from "../../sdk/channel.ts";
import { type OpenedChannel, readChannels } from "../../sdk/channelTerms.ts";
import { ChannelsContract } from "../../sdk/channelsContract.ts";
import type { Context } from "../lib/context.ts";
import { Document, writeDocument } from "../lib/files.ts";
import { duration, facts, open, openNumber, time } from "../lib/format.ts";
import type { Step } from "../lib/outcome.ts";
import { fromBalance, fromWallet } from "../lib/steps.ts";
import type { Runs } from "../rooms.ts";
import type { CHANNELS } from "../verbs/money.ts";

const KIND = "signed voucher";

/** A voucher with the channel it is of. */
interface GivenVoucher {
  file: string;
  channelId: string;
  claim: VoucherClaim;
}

async function channelNamed(context: Context, name: string): Promise<OpenedChannel> {
  const channels = await readChannels(await context.eventsOf("channels"));
  const found = channels.find(({ channelId, number }) => channelId === name.toLowerCase() || String(number) === name);
  if (found === undefined) {
    const there = channels.length === 0 ? "no channel yet" : `channels 1 to ${channels.length}`;
    throw new UserError(`There is no channel ${name}: this chain has ${there}.`);
  }
  return found;
}

function contractOf({ provider, deployment }: Context): ChannelsContract {
  return new ChannelsContract({ provider, address: deployment.contracts.channels });
}

function domainOf({ chainId, deployment }: Context): { chainId: bigint; channels: string } {
  return { chainId, channels: deployment.contracts.channels };
}

/** @throws UserError unless somebody is who may do this. */
function check(
  context: Context,
  { number }: OpenedChannel,
  role: "payer" | "operator" | "signer",
  allowed: string,
): void {
  if (allowed === context.me) return;
  const [me, name] = [context.me, allowed].map((address) => context.people.nameOf(address));
  throw new UserError(`The ${role} of channel ${number} is ${name}, and this is ${me}.`);
}

async function depositSteps(
  context: Context,
  { channel, amount, balance }: { channel: Channel; amount: bigint; balance: boolean },
): Promise<Step[]> {
  const { channels } = context.protocol;
  const what = `Deposits ${open(amount)} into the channel.`;
  if (balance) {
    const approvals = await fromBalance(context, { spender: "channels", amount });
    const transaction = await channels.depositFromBalance.populateTransaction(channel, 0n, amount);
    return [...approvals, { what, transaction, follows: approvals.length > 0 }];
  }
  const { approvals, allowed } = await fromWallet(context, { spender: "channels", amount });
  return [...approvals, { what, transaction: await channels.deposit.populateTransaction(channel, amount), allowed }];
}

async function readVoucher(context: Context, file: string): Promise<GivenVoucher> {
  const document = await Document.read(file);
  const { channels } = context.deployment.contracts;
  document.expect({ kind: KIND, chainId: context.chainId, contract: channels });
  const opened = await channelNamed(context, document.bytes("channelId"));
  const { channel, channelId } = opened;
  check(context, opened, "operator", channel.operator);
  const [total, signature] = [document.uint("total"), document.bytes("signature")];
  const contractSignature = (await context.provider.getCode(channel.signer)) !== "0x";
  const voucher = voucherFor({ channel, maxClaimableAmount: total, contractSignature });
  if (!contractSignature && signerOf({ ...domainOf(context), voucher, signature }) !== channel.signer) {
    throw new UserError(`${file} is not signed by the signer of channel ${opened.number}, or was changed since.`);
  }
  return { file, channelId, claim: { channel, maxClaimableAmount: total, total, signature, contractSignature } };
}

function signerOf(request: Parameters<typeof recoverVoucherSigner>[0]): string {
  try {
    return recoverVoucherSigner(request);
  } catch {
    return "";
  }
}

/** Vouchers with the same split, delay and salt go together. */
function settlementsOf(
  vouchers: GivenVoucher[],
  { calls, memo, kept }: { calls: bigint; memo: string; kept: boolean },
): { settlement: Settlement; vouchers: GivenVoucher[] }[] {
  const groups = new Map<string, GivenVoucher[]>();
  for (const voucher of vouchers) {
    const { splitId, withdrawDelaySeconds, salt } = voucher.claim.channel;
    const key = [splitId, withdrawDelaySeconds, salt].join();
    groups.set(key, [...(groups.get(key) ?? []), voucher]);
  }
  return [...groups.values()].map((group, i) => {
    const { splitId, withdrawDelaySeconds, salt } = group[0].claim.channel;
    const packed = packVouchers(group.map(({ claim }) => claim));
    // The calls are counted once.
    const settlement = {
      splitId,
      withdrawDelaySeconds,
      salt,
      calls: i === 0 ? calls : 0n,
      memo,
      kept,
      vouchers: packed,
    };
    return { settlement, vouchers: group };
  });
}

export const runs: Runs<typeof CHANNELS> = {
  open: async (context, { service, deposit, delay, signer, salt, fromBalance: balance }) => {
    const { operator } = await context.service(service);
    const splitId = await context.protocol.services.splitOf(service);
    const channel: Channel = {
      payer: context.me,
      signer,
      operator,
      splitId,
      withdrawDelaySeconds: delay,
      salt: salt ?? ZeroHash,
    };
    const channelId = idOf(channel);
    return {
      steps: await depositSteps(context, { channel, amount: deposit, balance }),
      report: async (done) => {
        const number = done.dry ? null : (await contractOf(context).channel(channelId)).number;
        return {
          says: [
            `Channel ${number ?? "…"} pays service ${service} through ${context.people.nameOf(operator)}.`,
            facts({ id: channelId, deposit: open(deposit), "the operator's time to settle": duration(delay) }),
          ],
          result: { channelId, number, deposit, operator },
        };
      },
    };
  },

  topUp: async (context, { channel: name, amount, fromBalance: balance }) => {
    const opened = await channelNamed(context, name);
    check(context, opened, "payer", opened.channel.payer);
    return {
      steps: await depositSteps(context, { channel: opened.channel, amount, balance }),
      report: () => ({
        says: [`Channel ${opened.number} has ${open(amount)} more.`],
        result: { channelId: opened.channelId, amount },
      }),
    };
  },

  voucher: async (context, { channel: name, total, out }) => {
    const opened = await channelNamed(context, name);
    const { channel, channelId, number } = opened;
    check(context, opened, "signer", channel.signer);
    const { balance, settled } = await contractOf(context).channel(channelId);
    if (total > balance + settled) {
      throw new UserError(
        `Channel ${number} had ${open(balance + settled)} in all, which does not cover ${open(total)}. ` +
          "Deposit more: channel:top-up.",
      );
    }
    if (total <= settled) throw new UserError(`Channel ${number} has settled ${open(settled)} already. Sign for more.`);
    return {
      steps: [],
      report: async ({ dry }) => {
        const voucher = voucherFor({ channel, maxClaimableAmount: total });
        const signature = dry ? "" : await signVoucher({ signer: context.signer, ...domainOf(context), voucher });
        const head = { kind: KIND, chainId: context.chainId, contract: context.deployment.contracts.channels };
        if (!dry) await writeDocument(out, { ...head, channelId, total, signature });
        const operator = context.people.nameOf(channel.operator);
        return {
          says: [
            dry
              ? `Would sign that ${operator} may claim ${open(total)} in total, into ${out}.`
              : `With ${out}, ${operator} may claim ${open(total)} in total, ${open(total - settled)} more than so far.`,
          ],
          result: { channelId, total, out, signature },
        };
      },
    };
  },

  settle: async (context, { vouchers: files, calls, memo = hexlify(randomBytes(32)), kept }) => {
    const given: GivenVoucher[] = [];
    for (const file of files) given.push(await readVoucher(context, file));
    if (given.length === 0) throw new UserError("Name at least one voucher.");
    const groups = settlementsOf(given, { calls, memo, kept });
    const settlements = groups.map(({ settlement }) => settlement);
    const contract = contractOf(context);
    const before = await Promise.all(given.map(async ({ channelId }) => await contract.channel(channelId)));
    const statuses = (await contract.simulate({ operator: context.me, settlements })).flat();
    const listed = groups
      .flatMap((group) => group.vouchers)
      .map(({ channelId, claim }, i) => ({ channelId, total: claim.total, status: statuses[i] }));
    if (!listed.some(({ status }) => status === "settled")) {
      throw new UserError(`Nothing can be settled: ${[...new Set(listed.map(({ status }) => status))].join(", ")}.`);
    }
    const expected = given.reduce((sum, { channelId, claim }, i) => {
      const isSettled = listed.some((one) => one.channelId === channelId && one.status === "settled");
      return isSettled ? sum + claim.total - before[i].settled : sum;
    }, 0n);
    const settledNow = async (): Promise<bigint> => {
      const after = await Promise.all(given.map(async ({ channelId }) => await contract.channel(channelId)));
      return after.reduce((sum, { settled }, i) => sum + settled - before[i].settled, 0n);
    };
    const transaction = await context.protocol.channels.settle.populateTransaction(settlements);
    return {
      steps: [{ what: `Settles ${given.length} voucher(s).`, transaction }],
      report: async ({ dry }) => {
        const settled = dry ? expected : await settledNow();
        return {
          says: [
            `${open(settled)} ${dry ? "would be" : "is"} paid.`,
            {
              columns: ["channel", "#claimed in total, OPEN", "what became of it"],
              rows: listed.map(({ channelId, total, status }) => [
                `${channelId.slice(0, 10)}…`,
                openNumber(total),
                status,
              ]),
            },
          ],
          result: { settled, vouchers: listed },
        };
      },
    };
  },

  close: async (context, { channel: name }) => {
    const opened = await channelNamed(context, name);
    const { channel, channelId, number } = opened;
    check(context, opened, "operator", channel.operator);
    const { balance } = await contractOf(context).channel(channelId);
    if (balance === 0n) throw new UserError(`Channel ${number} is empty.`);
    const transaction = await context.protocol.channels.close.populateTransaction([channel]);
    const payer = context.people.nameOf(channel.payer);
    return {
      steps: [{ what: `Closes channel ${number}.`, transaction }],
      report: () => ({
        says: [`${payer} has ${open(balance)} back, in the ledger.`],
        result: { channelId, amount: balance, payer: channel.payer },
      }),
    };
  },

  withdraw: async (context, { channel: name, request }) => {
    const opened = await channelNamed(context, name);
    const { channel, channelId, number } = opened;
    check(context, opened, "payer", channel.payer);
    const { channels } = context.protocol;
    const { balance } = await contractOf(context).channel(channelId);
    const wait = duration(channel.withdrawDelaySeconds);
    const transaction = request
      ? await channels.requestWithdrawal.populateTransaction(channel)
      : await channels.withdraw.populateTransaction(channel);
    return {
      steps: [{ what: `${request ? "Asks for" : "Takes back"} what is left in channel ${number}.`, transaction }],
      report: () => ({
        says: [
          request
            ? `The operator has ${wait} to settle. Then withdraw brings what is left, ${open(balance)} now.`
            : `${open(balance)} is back in the ledger.`,
        ],
        result: { channelId, amount: balance, requested: request },
      }),
    };
  },

  cap: async (context, { operator, amount }) => {
    const { channels } = context.protocol;
    const transaction =
      amount === undefined
        ? await channels.liftOperatorCap.populateTransaction(operator)
        : await channels.setOperatorCap.populateTransaction(operator, amount);
    const name = context.people.nameOf(operator);
    return {
      steps: [{ what: `${amount === undefined ? "Lifts" : "Sets"} the cap for ${name}.`, transaction }],
      report: () => ({
        says: [amount === undefined ? `${name} has no cap.` : `${name} gets ${open(amount)} at most, in all.`],
        result: { operator, capped: amount !== undefined, cap: amount ?? 0n },
      }),
    };
  },

  show: async (context, { channel: name }) => {
    const opened =
      name === undefined ? await readChannels(await context.eventsOf("channels")) : [await channelNamed(context, name)];
    const contract = contractOf(context);
    const channels = await Promise.all(
      opened.map(async ({ channel, channelId, number }) => {
        const { balance, settled, withdrawableAt } = await contract.channel(channelId);
        const { payer, signer, operator, splitId, withdrawDelaySeconds: delaySeconds } = channel;
        const terms = { payer, signer, operator, splitId, delaySeconds };
        return { number, channelId, ...terms, balance, settled, withdrawableAt };
      }),
    );
    return {
      says: [
        channels.length === 0 ? "There is no channel yet." : `${channels.length} channel(s)`,
        {
          columns: ["#no.", "payer", "operator", "#left OPEN", "#settled OPEN", "withdrawal"],
          rows: channels.map(({ number, payer, operator, balance, settled, withdrawableAt }) => [
            String(number),
            context.people.nameOf(payer),
            context.people.nameOf(operator),
            openNumber(balance),
            openNumber(settled),
            time(withdrawableAt),
          ]),
        },
      ],
      result: { channels },
    };
  },
};
