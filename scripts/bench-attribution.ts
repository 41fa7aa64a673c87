import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";

import { id, keccak256, ZeroAddress, ZeroHash } from "ethers";

import { walletAccount } from "../sdk/account.ts";
import { Attributor } from "../sdk/attribution/attribute.ts";
import { buildReport, type SettledCall } from "../sdk/attribution/buildReport.ts";
import { canonicalText } from "../sdk/attribution/canonical.ts";
import { Explainer } from "../sdk/attribution/explain.ts";
import { GramIndex } from "../sdk/attribution/gramIndex.ts";
import type { Pot } from "../sdk/attribution/report.ts";
import { ContentTree } from "../sdk/content.ts";
import { AttributionPool } from "../sdk/node/attributionPool.ts";
import { loadIndexFile, saveIndexFile } from "../sdk/node/indexFile.ts";
import { ZipfWriter } from "../test/attribution/zipf.ts";
import { parseOptions, runScript, UserError } from "./lib/script.ts";

const WORDS = 50_000_000;
const WORDS_IF_SMALL = 2_000_000;
/** Explanations are measured on the first so many words. */
const EXPLAINED_WORDS = 5_000_000;

/** Share of words that come in passages from earlier texts, in 100. */
const REUSED = 20;
const REUSED_IN_OUTPUTS = 50;

const OUTPUTS = 10_000;
const OUTPUTS_EXPLAINED = 1_000;
const OUTPUT_WORDS = 512;
const WARM_UP = 500;

/** Leaves of a report: spans, each of which is a credit, too. */
const REPORT_SPANS = 1_000_000;
const REPORT_SPANS_IF_SMALL = 50_000;
/** Words of the passages that its outputs consist of. */
const PASSAGE_WORDS = 16;

const POT: Omit<Pot, "logSize" | "gram"> = {
  keeper: ZeroAddress,
  number: 1n,
  datanetId: 1n,
  version: 1n,
  versionSplitId: keccak256("0x"),
  logSplitId: keccak256("0x"),
  arbiter: ZeroAddress,
  commons: 0,
  feeBps: 0,
};

const MEGABYTE = 1e6;

/** What has been promised. */
const TARGETS = {
  words: { unit: "words", least: WORDS },
  appendPerSecond: { unit: "words/s", least: 5_000_000 },
  bytesPerWord: { unit: "bytes/word", most: 24 },
  attributeP99: { unit: "ms", most: 1 },
  reportOfAMillion: { unit: "s", most: 15 },
} as const;

interface Figure {
  figure: string;
  value: number;
  unit: string;
  least?: number;
  most?: number;
}

const missed: string[] = [];

await runScript(async () => {
  const { small, check } = parseOptions({
    usage: "npm run bench:attribution -- [--small] [--check]",
    options: { small: { type: "boolean", default: false }, check: { type: "boolean", default: false } },
  });
  const words = small ? WORDS_IF_SMALL : WORDS;
  const directory = await mkdtemp(path.join(tmpdir(), "bench-attribution-"));
  try {
    await measure({ words, spans: small ? REPORT_SPANS_IF_SMALL : REPORT_SPANS, directory });
  } finally {
    await rm(directory, { recursive: true });
  }
  if (check && missed.length > 0) throw new UserError(`Targets missed: ${missed.join(", ")}.`);
});

async function measure({
  words,
  spans,
  directory,
}: {
  words: number;
  spans: number;
  directory: string;
}): Promise<void> {
  const writer = new ZipfWriter({ seed: 1 });
  const before = residentBytes();
  const index = measureAppend({ writer, words });
  const { tableBytes, contributionBytes, textBytes } = index.memory;
  // Texts, the table with its empty slots, each contribution's start and length; and all that the process has since got for
  // them, which an index of few words cannot be told from.
  report({ figure: "index", value: (textBytes + tableBytes + contributionBytes) / words, ...TARGETS.bytesPerWord });
  report({
    figure: "index, resident memory",
    value: (residentBytes() - before) / words,
    ...ofLarge(words < WORDS, TARGETS.bytesPerWord),
  });
  report({ figure: "index, texts alone", value: textBytes / words, unit: "bytes/word" });
  report({ figure: "different K-grams", value: index.grams, unit: "K-grams" });

  const outputs = Array.from({ length: OUTPUTS }, () =>
    writer.write({ words: OUTPUT_WORDS, index, reused: REUSED_IN_OUTPUTS }),
  );
  measureAttribution(index, outputs);
  await measurePool(index, outputs);
  await measureFile(index, path.join(directory, "index"));
  measureExplanations(index, outputs.slice(0, OUTPUTS_EXPLAINED), Math.min(words, EXPLAINED_WORDS));
  measureCanonicalText(writer);
  measureReport({ writer, index, spans });
}

/** Builds the report of an epoch from receipts and outputs: attribution, credits, payout, all trees. */
function measureReport({ writer, index, spans }: { writer: ZipfWriter; index: GramIndex; spans: number }): void {
  const attributor = new Attributor(index);
  const calls: SettledCall[] = [];
  let found = 0;
  while (found < spans) {
    const output = mosaic(writer, index);
    found += attributor.attribute(output).spans.length;
    calls.push(callOf(output, calls.length));
  }
  const payees = Array.from({ length: index.count }, (_, i) => walletAccount(`0x${id(`${i}`).slice(26)}`));
  const seconds = secondsOf(() =>
    buildReport({
      chainId: 1n,
      services: ZeroAddress,
      pot: { ...POT, logSize: index.count, gram: index.k },
      epoch: 1,
      calls,
      fractionOf: () => 10n ** 17n,
      attribute: (output) => attributor.attribute(output).spans,
      payeeOf: (contribution) => payees[contribution],
    }),
  );
  report({ figure: "spans of the report", value: found, unit: "spans" });
  report({ figure: "calls of the report", value: calls.length, unit: "calls" });
  report({ figure: "report", value: seconds, ...ofLarge(spans < REPORT_SPANS, TARGETS.reportOfAMillion) });
  report({ figure: "resident memory with the report", value: residentBytes() / MEGABYTE, unit: "MB" });
}

/** An output as models of n-grams write them: short passages, each from somewhere else. */
function mosaic(writer: ZipfWriter, index: GramIndex): Uint8Array {
  const passages = Array.from({ length: OUTPUT_WORDS / PASSAGE_WORDS }, () => {
    const text = index.textOf(writer.random.integer(index.count)) ?? new Uint8Array();
    const words = new TextDecoder().decode(text).split(" ");
    const from = writer.random.integer(Math.max(1, words.length - PASSAGE_WORDS));
    return words.slice(from, from + PASSAGE_WORDS).join(" ");
  });
  return new TextEncoder().encode(passages.join(" "));
}

function callOf(output: Uint8Array, place: number): SettledCall {
  const receipt = {
    callId: id(`call ${place}`),
    payer: ZeroAddress,
    parentCallId: ZeroHash,
    serviceId: 1n,
    inputHash: ZeroHash,
    salt: ZeroHash,
    childrenHash: ZeroHash,
    splitId: ZeroHash,
    assetSplitId: ZeroHash,
    executor: ZeroAddress,
    outputRoot: ContentTree.from(output).contentRoot,
    tokensIn: 1n,
    tokensOut: 1n,
    amount: 10n ** 18n,
    servedAt: 1n,
  };
  return { receipt, output, settlement: { memo: ZeroHash, settled: 10n ** 20n, receipts: 100, place: place % 100 } };
}

function measureCanonicalText(writer: ZipfWriter): void {
  const ascii = writer.write({ words: 2_000_000 });
  const mixed = new TextEncoder().encode(`e\u0301${new TextDecoder().decode(ascii).replaceAll("e", "é")}`);
  for (const [figure, text] of [
    ["canonical text, ASCII", ascii],
    ["canonical text, with accents", mixed],
  ] as const) {
    canonicalText(text);
    const seconds = secondsOf(() => canonicalText(text));
    report({ figure, value: text.length / MEGABYTE / seconds, unit: "MB/s" });
  }
}

function measureAppend({ writer, words }: { writer: ZipfWriter; words: number }): GramIndex {
  const index = GramIndex.create({ shared: true });
  let appended = 0;
  let seconds = 0;
  let processorSeconds = 0;
  while (appended < words) {
    const length = Math.min(200 + writer.random.integer(4_000), words - appended);
    const text = writer.write({ words: length, index, reused: REUSED });
    const before = process.cpuUsage();
    seconds += secondsOf(() => index.append(text));
    const { user, system } = process.cpuUsage(before);
    processorSeconds += (user + system) / 1e6;
    appended += length;
  }
  report({ figure: "words in the index", value: appended, ...ofLarge(words < WORDS, TARGETS.words) });
  report({ figure: "contributions", value: index.count, unit: "contributions" });
  // One thread appends. Its processor time does not depend on what else the machine does.
  report({ figure: "append, processor time", value: appended / processorSeconds, ...TARGETS.appendPerSecond });
  report({ figure: "append", value: appended / seconds, unit: "words/s" });
  return index;
}

function measureAttribution(index: GramIndex, outputs: readonly Uint8Array[]): void {
  const attributor = new Attributor(index);
  for (const output of outputs.slice(0, WARM_UP)) attributor.attribute(output);
  const times = outputs.map((output) => 1_000 * secondsOf(() => attributor.attribute(output)));
  reportTimes(`attribute ${OUTPUT_WORDS} words`, times, TARGETS.attributeP99);
}

async function measurePool(index: GramIndex, outputs: readonly Uint8Array[]): Promise<void> {
  const workers = Math.min(4, availableParallelism());
  const pool = new AttributionPool({ index, workers });
  try {
    await pool.attributeAll(outputs);
    const start = performance.now();
    await pool.attributeAll(outputs);
    const seconds = (performance.now() - start) / 1_000;
    report({ figure: `attribute with ${workers} workers`, value: outputs.length / seconds, unit: "outputs/s" });
  } finally {
    await pool.close();
  }
}

async function measureFile(index: GramIndex, file: string): Promise<void> {
  const start = performance.now();
  await saveIndexFile({ index, file });
  const saved = performance.now();
  const loaded = await loadIndexFile({ file });
  const end = performance.now();
  if (loaded.grams !== index.grams) throw new Error("The index came back as another one.");
  const megabytes = (await stat(file)).size / MEGABYTE;
  report({ figure: "file", value: megabytes, unit: "MB" });
  report({ figure: "save", value: (1_000 * megabytes) / (saved - start), unit: "MB/s" });
  report({ figure: "load", value: (1_000 * megabytes) / (end - saved), unit: "MB/s" });
}

function measureExplanations(index: GramIndex, outputs: readonly Uint8Array[], words: number): void {
  const part = GramIndex.create();
  let bytes = 0;
  for (let contribution = 0, at = 0; at < words && contribution < index.count; contribution++) {
    const text = index.textOf(contribution) ?? new Uint8Array();
    part.append(text);
    bytes += text.length;
    at += text.reduce((sum, byte) => sum + (byte === 0x20 ? 1 : 0), 1);
  }
  let explainer: Explainer | undefined;
  const seconds = secondsOf(() => (explainer = new Explainer(part)));
  report({ figure: "suffix array, with numbering of tokens", value: bytes / MEGABYTE / seconds, unit: "MB/s" });
  const times = outputs.map((output) => 1_000 * secondsOf(() => explainer?.explain(output)));
  reportTimes(`explain ${OUTPUT_WORDS} words`, times);
}

/** A target of what is large: something small is over before the engine has compiled what it runs. */
function ofLarge<Target extends { unit: string }>(isSmall: boolean, target: Target): Target | Pick<Target, "unit"> {
  return isSmall ? { unit: target.unit } : target;
}

/** What the process has of the machine's memory, without garbage. */
function residentBytes(): number {
  if (globalThis.gc === undefined) throw new Error("Run it with --expose-gc.");
  globalThis.gc();
  return process.memoryUsage.rss();
}

function secondsOf(run: () => unknown): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1_000;
}

function reportTimes(figure: string, times: number[], target: { most?: number } = {}): void {
  const sorted = times.toSorted((a, b) => a - b);
  const quantile = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))];
  report({ figure: `${figure}, median`, value: quantile(0.5), unit: "ms" });
  report({ figure: `${figure}, p99`, value: quantile(0.99), unit: "ms", ...target });
  report({ figure: `${figure}, longest`, value: quantile(1), unit: "ms" });
}

/** Writes a figure as one line of JSON. */
function report({ figure, value, ...rest }: Figure): void {
  const { least = -Infinity, most = Infinity } = rest;
  const isMet = value >= least && value <= most;
  if (!isMet) missed.push(figure);
  const verdict = rest.least === undefined && rest.most === undefined ? {} : { isMet };
  console.log(JSON.stringify({ figure, value: Number(value.toPrecision(6)), ...rest, ...verdict }));
}
