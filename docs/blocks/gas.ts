import { readFile } from "node:fs/promises";

/** Written by `npm run bench -- --update`: gas and bytes by the name of what was measured. */
const SNAPSHOT = "gas/snapshot.json";

const LIMIT = "limit: ";
const SIZE = "size ";

/** What the README shows, as the bench calls it. */
const MAIN_FIGURES = [
  "pay from a wallet, 1 share",
  "pay from a wallet, 1,000,000 shares",
  "pay from a wallet, lineage depth 64",
  "pay from balance",
  "transfer to a split's address",
  "settle 100 vouchers, each",
  "per inference, 100 vouchers of 1,000 calls each",
  "pay with authorization",
  "request and deliver a job",
  "claim, split of 2 shares",
  "claim, each further hop, 2 shares",
  "claim, split of 2^20 shares",
  "pay out 64 of 1,000 shares to wallets, each",
  "accept 100 submitted contributions, each",
  "accept 100 signed contributions, each",
  "register a model, 5 builders on a model and 2 Datanets",
  "stake",
  "thaw",
  "prove an equivocation",
  "open a case, 1 share",
  "settle a case, 1 share",
  "cast a vote, stake in 1 pool",
  "pay an asset its incentive",
];

export async function renderMainGas(): Promise<string> {
  const snapshot = await readSnapshot();
  return renderTable(
    "transaction",
    "gas",
    MAIN_FIGURES.map((name) => [name, snapshot[name]]),
  );
}

export async function renderGas(): Promise<string> {
  const figures = Object.entries(await readSnapshot());
  return renderTable(
    "transaction",
    "gas",
    figures.filter(([name]) => !name.startsWith(LIMIT) && !name.startsWith(SIZE)),
  );
}

export async function renderLimits(): Promise<string> {
  return renderTable("transaction", "gas", await readFigures(LIMIT));
}

export async function renderSizes(): Promise<string> {
  return renderTable("contract", "bytes", await readFigures(SIZE));
}

/** Figures whose name begins with a prefix, without it. */
async function readFigures(prefix: string): Promise<[string, number][]> {
  return Object.entries(await readSnapshot())
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]) => [name.slice(prefix.length), value]);
}

async function readSnapshot(): Promise<Record<string, number>> {
  return JSON.parse(await readFile(SNAPSHOT, "utf8")) as Record<string, number>;
}

function renderTable(subject: string, unit: string, rows: [string, number][]): string {
  return [
    `| ${subject} | ${unit} |`,
    "| --- | ---: |",
    ...rows.map(([name, value]) => `| ${name} | ${value.toLocaleString("en")} |`),
  ].join("\n");
}
