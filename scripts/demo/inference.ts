import { keccak256, toUtf8Bytes } from "ethers";

import type { SettledCall } from "../../sdk/attribution/buildReport.ts";
import { ZERO_WORD } from "../../sdk/bytes.ts";
import { type Channel, packVouchers, readStatuses, signVoucher, voucherFor } from "../../sdk/channel.ts";
import { ContentTree } from "../../sdk/content.ts";
import { callId, childrenHash, type Receipt, type ReceiptsDomain } from "../../sdk/receipt.ts";
import { ReceiptTree } from "../../sdk/receiptTree.ts";
import { encodeDraws } from "../../sdk/split.ts";
import type { Random } from "../../test/reference/random.ts";
import { type Library, trainingTexts } from "./library.ts";
import { LanguageModel } from "./model.ts";
import type { Payer } from "./people.ts";
import type { Source } from "./pot.ts";
import type { Setting } from "./setting.ts";
import { wait } from "./vote.ts";

const BATCHES = 2;
const CALLS_PER_BATCH = 24;
const PROMPT_TOKENS = 4;
const [LEAST_TOKENS, MOST_TOKENS] = [30, 90];
const RATE_TOKENS = 1_000n;
const DEPOSIT = 100n * 10n ** 18n;
const DELAY_SECONDS = 86_400n;

/** A call that was paid, with what was asked. */
export interface ServedCall extends SettledCall {
  prompt: string;
  tree: ReceiptTree;
}

/** Everything that was served in an epoch. */
export interface Served {
  epoch: number;
  model: LanguageModel;
  calls: ServedCall[];
}

/** Trains the model and has it serve calls, all in one epoch; they are settled on record, and the pot gets its part. */
export async function serveCalls({
  setting,
  library,
  source,
  random,
}: {
  setting: Setting;
  library: Library;
  source: Source;
  random: Random;
}): Promise<Served> {
  const { protocol, people, sender } = setting;
  const model = LanguageModel.train(trainingTexts(library, library.version));
  const epoch = await beginEpoch(setting);
  const payer = people.payers.find(({ rail }) => rail === "voucher");
  if (payer === undefined) throw new Error("Nobody pays by voucher.");
  const channel = await openChannel({ setting, source, payer });
  const domain = { chainId: sender.chainId, services: await protocol.services.getAddress() };
  const calls: ServedCall[] = [];
  let spent = 0n;
  for (let batch = 0; batch < BATCHES; batch++) {
    const answers = Array.from({ length: CALLS_PER_BATCH }, () => answer({ model, library, random }));
    const receipts = answers.map((given) => receiptOf({ domain, source, payer, random, ...given }));
    const tree = new ReceiptTree({ ...domain, receipts });
    spent += tree.total;
    await settle({ setting, source, payer, channel, tree, spent });
    const settlement = { memo: tree.memo, settled: tree.total, receipts: tree.size };
    calls.push(
      ...answers.map(({ prompt, output }, place) => ({
        prompt,
        output: toUtf8Bytes(output),
        receipt: receipts[place],
        settlement: { ...settlement, place },
        tree,
      })),
    );
  }
  await release({ setting, source });
  return { epoch, model, calls };
}

/** Waits until the next epoch of reports begins, so that there is time for all of it. */
async function beginEpoch(setting: Setting): Promise<number> {
  const { pots } = setting.protocol;
  const now = BigInt((await setting.provider.getBlock("latest"))?.timestamp ?? 0);
  const epoch = (await pots.epochOf(now)) + 1n;
  await wait(setting, epoch * (await pots.epochSeconds()) - now);
  return Number(epoch);
}

async function openChannel({
  setting: { protocol, sender },
  source: { service },
  payer,
}: {
  setting: Setting;
  source: Source;
  payer: Payer;
}): Promise<Channel> {
  const { token, channels } = protocol;
  const channel = {
    payer: payer.wallet.address,
    signer: payer.wallet.address,
    operator: service.operator.wallet.address,
    splitId: service.split.id,
    withdrawDelaySeconds: DELAY_SECONDS,
    salt: ZERO_WORD,
  };
  const approval = await token.approve.populateTransaction(channels, DEPOSIT);
  await sender.send({ from: payer.wallet, transaction: approval });
  const deposit = await channels.deposit.populateTransaction(channel, DEPOSIT);
  await sender.send({ from: payer.wallet, transaction: deposit });
  return channel;
}

/** Somebody quotes a few words, and the model goes on. */
function answer({ model, library, random }: { model: LanguageModel; library: Library; random: Random }): {
  prompt: string;
  output: string;
} {
  const words = new TextDecoder().decode(random.pick(trainingTexts(library, library.version))).split(" ");
  const first = random.integer(0, words.length - PROMPT_TOKENS);
  const prompt = words.slice(first, first + PROMPT_TOKENS).join(" ");
  return { prompt, output: model.generate({ prompt, length: random.integer(LEAST_TOKENS, MOST_TOKENS), random }) };
}

function receiptOf({
  domain,
  source: { service, model },
  payer,
  random,
  prompt,
  output,
}: {
  domain: ReceiptsDomain;
  source: Source;
  payer: Payer;
  random: Random;
  prompt: string;
  output: string;
}): Receipt {
  const [tokensIn, tokensOut] = [prompt, output].map((text) => BigInt(text.split(" ").length));
  const request = {
    payer: payer.wallet.address,
    parentCallId: ZERO_WORD,
    serviceId: service.id,
    inputHash: keccak256(toUtf8Bytes(prompt)),
    salt: random.bytes32(),
  };
  return {
    ...request,
    callId: callId({ ...domain, request }),
    childrenHash: childrenHash([]),
    splitId: service.split.id,
    assetSplitId: model.id,
    executor: service.operator.wallet.address,
    outputRoot: ContentTree.from(toUtf8Bytes(output)).contentRoot,
    tokensIn,
    tokensOut,
    amount: (tokensIn * service.rateIn + tokensOut * service.rateOut + RATE_TOKENS - 1n) / RATE_TOKENS,
    // The same in every run, as receipts are sorted by their hashes.
    servedAt: 1n,
  };
}

/** Settles the receipts of a tree by one voucher, on record. */
async function settle({
  setting: { protocol, provider, sender },
  source: { service },
  payer,
  channel,
  tree,
  spent,
}: {
  setting: Setting;
  source: Source;
  payer: Payer;
  channel: Channel;
  tree: ReceiptTree;
  spent: bigint;
}): Promise<void> {
  const { channels } = protocol;
  const voucher = voucherFor({ channel, maxClaimableAmount: spent });
  const signature = await signVoucher({
    signer: payer.wallet,
    chainId: sender.chainId,
    channels: await channels.getAddress(),
    voucher,
  });
  const settlements = [
    {
      splitId: service.split.id,
      withdrawDelaySeconds: DELAY_SECONDS,
      salt: ZERO_WORD,
      calls: BigInt(tree.size),
      memo: tree.memo,
      kept: true,
      vouchers: packVouchers([
        { channel, maxClaimableAmount: spent, total: spent, signature, contractSignature: false },
      ]),
    },
  ];
  const operator = service.operator.wallet;
  const statuses = await channels.connect(provider).settle.staticCall(settlements, { from: operator.address });
  if (statuses.flatMap(readStatuses).some((status) => status !== "settled")) {
    throw new Error(`A voucher of ${payer.name} cannot be settled.`);
  }
  await sender.send({ from: operator, transaction: await channels.settle.populateTransaction(settlements) });
}

/** Brings what was paid down to the pot and to the version. */
async function release({
  setting: { protocol, people, sender },
  source: { service, model },
}: {
  setting: Setting;
  source: Source;
}): Promise<void> {
  const draws = encodeDraws([service.split, model].map((split) => split.draw({ first: 0, count: split.tree.size })));
  const transaction = await protocol.ledger.release.populateTransaction(draws);
  await sender.send({ from: people.relayer.wallet, transaction });
}
