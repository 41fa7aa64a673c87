import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { concat, id, keccak256, parseEther, toBeHex, toUtf8Bytes, ZeroAddress, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { Attributor } from "../../sdk/attribution/attribute.ts";
import { buildReport, type ReportSource, type SettledCall } from "../../sdk/attribution/buildReport.ts";
import type { ContributionText } from "../../sdk/attribution/faultProofs.ts";
import { MAX_TEXT_BYTES } from "../../sdk/attribution/canonical.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { type Pot, packFigures, type Report } from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import type { ReviewSource } from "../../sdk/attribution/reviewReport.ts";
import { packVouchers, signVoucher, voucherFor } from "../../sdk/channel.ts";
import { type Content, ContentTree } from "../../sdk/content.ts";
import { logEntry, type logVersion, proveShare } from "../../sdk/datanetProof.ts";
import { ContributionLog } from "../../sdk/log.ts";
import { callId, type Receipt } from "../../sdk/receipt.ts";
import { ReceiptTree, shareOfReceipt } from "../../sdk/receiptTree.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split } from "../../sdk/split.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import type { AttributionReports, Openings, PayoutVerifier, Pots, SpanVerifier } from "../../typechain-types/index.ts";
import { createProtocolFixture } from "../helpers/deploy.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import { Random } from "../reference/random.ts";
import { packSignatures, shareOfOffer } from "../registry/datanets.ts";
import { signContribution } from "../../sdk/contribution.ts";

export const DAY = 86_400n;
export const GRAM = 5;
export const COMMONS = 1;
export const FEE_BPS = 200;
/** What of each payment reaches the pot, in hundredths. */
export const POT_UNITS = 30n;
export const BOND = parseEther("1000");
export const DEMAND_BOND = parseEther("100");
export const PRICE = parseEther("1");

const PARAMETERS = {
  reportEpochSeconds: DAY,
  reportSeconds: 7n * DAY,
  challengeSeconds: DAY,
  answerSeconds: DAY,
  reportBond: BOND,
  demandBond: DEMAND_BOND,
};

/** A Datanet with texts, a pot for it and a service that pays the pot. */
export interface ReportWorld extends Pick<
  Protocol,
  "token" | "ledger" | "datanets" | "models" | "feePolicy" | "channels" | "services"
> {
  connection: NetworkConnection;
  reports: AttributionReports;
  pots: Pots;
  openings: Openings;
  spanVerifier: SpanVerifier;
  payoutVerifier: PayoutVerifier;
  deployer: HardhatEthersSigner;
  reporter: HardhatEthersSigner;
  watcher: HardhatEthersSigner;
  operator: HardhatEthersSigner;
  payer: HardhatEthersSigner;
  contributors: HardhatEthersSigner[];
  strangers: HardhatEthersSigner[];
  /** The Datanet's version that the pot is for, and a contribution of it, as {Pots} takes them. */
  version: ReturnType<typeof logVersion>;
  entry: ReturnType<typeof logEntry>;
  pot: Pot;
  log: Split;
  contributions: ContributionText[];
  index: GramIndex;
  /** The split that is paid: 30 of 100 units are the pot's. */
  service: Split;
  chainId: bigint;
}

/** Words that texts are made of: few, so that much is found again. */
const WORDS = Array.from({ length: 40 }, (_, i) => `w${i}${"x".repeat(i % 5)}`);

export function randomText(random: Random, tokens: number): string {
  return Array.from({ length: tokens }, () => WORDS[random.integer(0, WORDS.length - 1)]).join(" ");
}

/** Contributions by their texts: commons, originals, and one that has much of another. */
export function someTexts(): string[] {
  const random = new Random(1);
  const texts = [200, 400, 300, 350, 120].map((tokens) => randomText(random, tokens));
  texts.push(`${randomText(random, 40)} ${texts[1].split(" ").slice(50, 150).join(" ")} ${randomText(random, 60)}`);
  return texts;
}

export interface ReportOptions {
  /** Contributions by their texts. */
  texts?: readonly (string | Uint8Array)[];
  /** Those that are revoked before the pot is made. */
  revoked?: readonly number[];
  commons?: number;
  gram?: number;
  ownerBps?: number;
  curatorBps?: number;
  /** Makes the first stranger the Datanet's arbiter. */
  arbitrated?: boolean;
  /** How long there is to answer a demand. */
  answerSeconds?: bigint;
}

export async function deployReports(
  connection: NetworkConnection,
  {
    texts = someTexts(),
    revoked = [],
    commons = COMMONS,
    gram = GRAM,
    ownerBps = 0,
    curatorBps = 0,
    arbitrated = false,
    answerSeconds = PARAMETERS.answerSeconds,
  }: ReportOptions = {},
): Promise<ReportWorld> {
  const { ethers } = connection;
  const protocol = await createProtocolFixture({ connection, parameters: { ...PARAMETERS, answerSeconds } })();
  const { token, ledger, datanets, models, feePolicy, channels, services, pots, openings, reports } = protocol;
  const { spanFaults: spanVerifier, payoutFaults: payoutVerifier } = protocol;
  const [deployer, reporter, watcher, operator, payer, ...rest] = await ethers.getSigners();
  const contributors = rest.slice(0, 4);
  const strangers = rest.slice(4, 8);
  const arbiter = arbitrated ? strangers[0].address : ZeroAddress;
  for (const person of [reporter, watcher, operator, payer]) {
    await token.transfer(person, parseEther("100000"));
    for (const spender of [ledger, reports, channels]) {
      await token.connect(person).approve(spender, ethers.MaxUint256);
    }
  }

  const { chainId } = await ethers.provider.getNetwork();
  const registry = await datanets.getAddress();
  const terms = { minShareBps: 0, open: true };
  await datanets.create({ curator: deployer, ownerBps, curatorBps }, terms, arbiter, "", ZeroHash);
  const offers = texts.map((text, i) => ({
    by: contributors[i % contributors.length],
    content: contentOf(toBytes(text)),
    uri: "",
    units: BigInt(10 + i),
  }));
  const signatures = await Promise.all(
    offers.map(({ by, content }) =>
      signContribution({ signer: by, contribution: { chainId, registry, datanetId: 1n, content } }),
    ),
  );
  const shares = offers.map(shareOfOffer);
  await datanets.acceptSigned(
    1,
    0,
    offers.map(({ by, units }, i) => ({ contributor: by.address, units, evidence: shares[i].evidence })),
    packSignatures(signatures),
  );
  const contributionLog = new ContributionLog({ arbiter });
  let { split: log } = contributionLog.append(shares);
  for (const revokedIndex of revoked) {
    const { share, siblings } = contributionLog.revocationProof(revokedIndex);
    const { units, evidence } = share;
    const contributor = offers[revokedIndex].by.address;
    await datanets.revoke(1, revokedIndex, { contributor, units, evidence }, encodeSumNodes(siblings));
    log = contributionLog.revoke(revokedIndex).split;
  }
  const contributions = offers.map(({ content }, index) => ({ index, content, text: toBytes(texts[index]) }));
  const index = GramIndex.create({ k: gram });
  for (const [i, { text }] of contributions.entries()) {
    if (revoked.includes(i) || text.length > MAX_TEXT_BYTES) index.skip();
    else index.append(text);
  }

  const versionSplit =
    ownerBps + curatorBps === 0
      ? log
      : Split.from({
          shares: [
            {
              kind: ShareKind.Split,
              recipient: log.id,
              units: BigInt(10_000 - ownerBps - curatorBps),
              evidence: ZeroHash,
            },
            ...[ownerBps, curatorBps].map((bps, i) => ({
              kind: ShareKind.Account,
              recipient: walletAccount(deployer.address),
              units: BigInt(bps),
              evidence: id(["datanet owner", "datanet curator"][i]),
            })),
          ],
          arbiter,
        });
  const version = {
    datanetId: 1n,
    version: BigInt(1 + revoked.length),
    size: texts.length,
    wrapping: versionSplit === log ? "0x" : proveShare(versionSplit, 0),
  };
  const owned = contributions.find((_, i) => !revoked.includes(i)) ?? contributions[0];
  const entry = logEntry({ log }, owned);
  await pots.createPot(reports, version, entry, gram, commons, FEE_BPS);
  const pot: Pot = {
    keeper: await reports.getAddress(),
    number: 1n,
    datanetId: 1n,
    version: version.version,
    versionSplitId: versionSplit.id,
    logSplitId: log.id,
    logSize: texts.length,
    arbiter,
    gram,
    commons,
    feeBps: FEE_BPS,
  };
  const service = Split.from({
    shares: [
      {
        kind: ShareKind.Account,
        recipient: encodeAccount({ address: pot.keeper, tag: pot.number }),
        units: POT_UNITS,
        evidence: ZeroHash,
      },
      { kind: ShareKind.Account, recipient: walletAccount(operator.address), units: 70n, evidence: ZeroHash },
    ],
  });
  await pots.addSource(pot, service.id, [[{ size: 2, index: 0, arbiter: ZeroAddress, proof: proveShare(service, 0) }]]);
  await reports.connect(reporter).bond(pot, BOND * 5n);
  const world = {
    connection,
    token,
    ledger,
    datanets,
    models,
    feePolicy,
    channels,
    services,
    reports,
    pots,
    openings,
    spanVerifier,
    payoutVerifier,
    deployer,
    reporter,
    watcher,
    operator,
    payer,
    contributors,
    strangers,
    version,
    entry,
    pot,
    log,
    contributions,
    index,
    service,
    chainId,
  };
  await channels.connect(payer).deposit(channelOf(world), parseEther("10000"));
  return world;
}

function toBytes(text: string | Uint8Array): Uint8Array {
  return typeof text === "string" ? toUtf8Bytes(text) : text;
}

function contentOf(text: Uint8Array): Content {
  const { contentRoot, byteLength } = ContentTree.from(text);
  return { contentRoot, byteLength: BigInt(byteLength), licenseHash: id("CC-BY-4.0"), uriHash: id("") };
}

/** The channel by which the payer pays a split. */
export function channelOf({ payer, operator, service }: ReportWorld, split: Split = service) {
  return {
    payer: payer.address,
    signer: payer.address,
    operator: operator.address,
    splitId: split.id,
    withdrawDelaySeconds: DAY,
    salt: ZeroHash,
  };
}

/** Outputs of a model that knows the texts too well: pieces of them, and words of its own. */
export function someOutputs(world: ReportWorld, count: number, seed = 7): string[] {
  const random = new Random(seed);
  return Array.from({ length: count }, () => {
    const pieces: string[] = [];
    for (let i = random.integer(1, 5); i > 0; i--) {
      const { text } = random.pick(world.contributions);
      const words = new TextDecoder().decode(text).split(" ");
      const from = random.integer(0, words.length - 2);
      pieces.push(words.slice(from, from + random.integer(1, 60)).join(" "));
      pieces.push(randomText(random, random.integer(1, 12)));
    }
    return pieces.join(" ");
  });
}

export interface SettledBatch {
  calls: SettledCall[];
  receipts: Receipt[];
  tree: ReceiptTree;
}

/** Serves calls with these outputs and settles them together, with the receipts on record. */
export async function settleCalls(
  world: ReportWorld,
  outputs: readonly (string | Uint8Array)[],
  { price = PRICE, split = world.service, release = true }: { price?: bigint; split?: Split; release?: boolean } = {},
): Promise<SettledBatch> {
  const { channels, operator, payer, ledger } = world;
  const domain = await receiptsDomain(world);
  const receipts = outputs.map((output, i): Receipt => {
    const bytes = toBytes(output);
    const request = {
      payer: payer.address,
      parentCallId: ZeroHash,
      serviceId: 1n,
      inputHash: id(`input ${i}`),
      salt: keccak256(concat([bytes, toBeHex(i, 32)])),
    };
    return {
      ...request,
      callId: callId({ ...domain, request }),
      childrenHash: ZeroHash,
      splitId: split.id,
      assetSplitId: id("asset"),
      executor: operator.address,
      outputRoot: bytes.length === 0 ? ZeroHash : ContentTree.from(bytes).contentRoot,
      tokensIn: 1n,
      tokensOut: 1n,
      amount: price + BigInt(i),
      servedAt: 1n,
    };
  });
  const tree = new ReceiptTree({ ...domain, receipts });
  const channel = channelOf(world, split);
  const { settled } = await channels.channelOf(await channels.channelIdOf(channel));
  const maxClaimableAmount = settled + tree.total;
  const voucher = voucherFor({ channel, maxClaimableAmount, contractSignature: false });
  const signature = await signVoucher({
    signer: payer,
    chainId: world.chainId,
    channels: await channels.getAddress(),
    voucher,
  });
  const vouchers = packVouchers([
    { channel, maxClaimableAmount, total: maxClaimableAmount, signature, contractSignature: false },
  ]);
  await channels.connect(operator).settle([
    {
      splitId: split.id,
      withdrawDelaySeconds: DAY,
      salt: ZeroHash,
      calls: BigInt(receipts.length),
      memo: tree.memo,
      kept: true,
      vouchers,
    },
  ]);
  if (release) await ledger.release(encodeDraws([split.draw({ first: 0 })]));
  const calls = receipts.map((receipt, place) => ({
    receipt,
    output: toBytes(outputs[place]),
    settlement: { memo: tree.memo, settled: tree.total, receipts: receipts.length, place },
  }));
  return { calls, receipts, tree };
}

export async function receiptsDomain({
  chainId,
  services,
}: Pick<ReportWorld, "chainId" | "services">): Promise<{ chainId: bigint; services: string }> {
  return { chainId, services: await services.getAddress() };
}

/** What a report of these batches follows from. */
export async function sourceOf(
  world: ReportWorld,
  batches: readonly SettledBatch[],
  epoch: number,
): Promise<ReportSource> {
  const attributor = new Attributor(world.index);
  return {
    ...(await receiptsDomain(world)),
    pot: world.pot,
    epoch,
    calls: batches.flatMap(({ calls }) => calls),
    fractionOf: (splitId) => (splitId === world.service.id ? (10n ** 18n * POT_UNITS) / 100n : 0n),
    attribute: (output) => attributor.attribute(output).spans,
    payeeOf: (contribution) => world.log.tree.share(contribution).recipient,
  };
}

/** What a watcher knows of these batches. */
export async function reviewOf(
  world: ReportWorld,
  batches: readonly SettledBatch[],
  epoch: number,
): Promise<ReviewSource> {
  const domain = await receiptsDomain(world);
  const { pot, fractionOf } = await sourceOf(world, batches, epoch);
  const shares = new Map<string, { share: Share; tree: ReceiptTree; place: number }[]>();
  const calls = new Map<string, { receipt: Receipt; output: Uint8Array }>();
  for (const batch of batches) {
    shares.set(
      batch.tree.memo,
      batch.receipts.map((receipt, place) => ({
        share: shareOfReceipt({ ...domain, receipt }),
        tree: batch.tree,
        place,
      })),
    );
    for (const { receipt, output } of batch.calls) {
      calls.set(shareOfReceipt({ ...domain, receipt }).evidence, { receipt, output });
    }
  }
  const memos = new Map(batches.map(({ tree }) => [tree.memo, tree.total]));
  return {
    ...domain,
    log: world.log,
    index: world.index,
    contribution: (index) => world.contributions[index],
    call: (digest) => calls.get(digest),
    settled: (memo, place, receipts) => {
      const found = shares.get(memo)?.at(place);
      if (found?.tree.size !== receipts) return undefined;
      return { share: found.share, siblings: found.tree.prove(place).siblings };
    },
    isSettled: (inference) =>
      inference.operator === world.operator.address &&
      inference.splitId === world.service.id &&
      memos.get(inference.memo) === inference.settled,
    fractionOf,
    pot,
  } as ReviewSource;
}

/** Moves time to the end of an epoch. */
export async function endEpoch({ connection, pots }: ReportWorld): Promise<number> {
  const { time } = connection.networkHelpers;
  const epoch = Number(await pots.epochOf(await time.latest()));
  await time.increaseTo(BigInt(epoch + 1) * DAY);
  return epoch;
}

/** Posts a report. */
export async function postReport(world: ReportWorld, data: ReportData): Promise<Report> {
  const { reports, reporter, connection } = world;
  const sent = await reports.connect(reporter).post(...packFigures(data.figures));
  const block = await connection.ethers.provider.getBlock((await sent.wait())?.blockNumber ?? 0);
  return { figures: data.figures, reporter: reporter.address, postedAt: BigInt(block?.timestamp ?? 0) };
}

/** Settles calls with these outputs together and ends the epoch; what is to be reported of it. */
export async function settleEpoch(
  world: ReportWorld,
  outputs: readonly (string | Uint8Array)[],
): Promise<{ batch: SettledBatch; epoch: number; data: ReportData }> {
  const batch = await settleCalls(world, outputs);
  const epoch = await endEpoch(world);
  return { batch, epoch, data: buildReport(await sourceOf(world, [batch], epoch)) };
}
