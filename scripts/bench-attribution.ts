import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";

import { Attributor } from "../sdk/attribution/attribute.ts";
import { canonicalText } from "../sdk/attribution/canonical.ts";
import { Explainer } from "../sdk/attribution/explain.ts";
import { GramIndex } from "../sdk/attribution/gramIndex.ts";
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
const ROUNDS = 3;

const MEGABYTE = 1e6;

/** What has been promised. */
const TARGETS = {
  appendPerSecond: { unit: "words/s", least: 5_000_000 },
  indexBytesPerWord: { unit: "bytes/word", most: 24 },
  attributeP99: { unit: "ms", most: 1 },
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
    await measure({ words, directory });
  } finally {
    await rm(directory, { recursive: true });
  }
  if (check && missed.length > 0) throw new UserError(`Targets missed: ${missed.join(", ")}.`);
});

async function measure({ words, directory }: { words: number; directory: string }): Promise<void> {
  const writer = new ZipfWriter({ seed: 1 });
  const index = measureAppend({ writer, words });
  const { tableBytes, contributionBytes, textBytes } = index.memory;
  // The table's slots, empty ones too, and each contribution's start and length. Texts are listed apart: they have to be
  // somewhere anyhow. No structure is kept per token.
  report({
    figure: "index, table and contributions",
    value: (tableBytes + contributionBytes) / words,
    ...TARGETS.indexBytesPerWord,
  });
  report({ figure: "index, texts", value: textBytes / words, unit: "bytes/word" });
  report({ figure: "different K-grams", value: index.grams, unit: "K-grams" });
  report({ figure: "resident memory of the process", value: process.memoryUsage.rss() / MEGABYTE, unit: "MB" });

  const outputs = Array.from({ length: OUTPUTS }, () =>
    writer.write({ words: OUTPUT_WORDS, index, reused: REUSED_IN_OUTPUTS }),
  );
  measureAttribution(index, outputs);
  await measurePool(index, outputs);
  await measureFile(index, path.join(directory, "index"));
  measureExplanations(index, outputs.slice(0, OUTPUTS_EXPLAINED), Math.min(words, EXPLAINED_WORDS));
  measureCanonicalText(writer);
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
  report({ figure: "words in the index", value: appended, unit: "words" });
  report({ figure: "contributions", value: index.count, unit: "contributions" });
  // One thread appends. Its processor time does not depend on what else the machine does.
  report({ figure: "append, processor time", value: appended / processorSeconds, ...TARGETS.appendPerSecond });
  report({ figure: "append", value: appended / seconds, unit: "words/s" });
  return index;
}

function measureAttribution(index: GramIndex, outputs: readonly Uint8Array[]): void {
  const attributor = new Attributor(index);
  for (const output of outputs.slice(0, WARM_UP)) attributor.attribute(output);
  // Of each output the shortest time of some rounds: another process that takes the processor away is none of ours. What an
  // output needs of the index has long left the caches when its turn comes again.
  const times = outputs.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    outputs.forEach((output, i) => {
      times[i] = Math.min(times[i], 1_000 * secondsOf(() => attributor.attribute(output)));
    });
  }
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
