import { readFile, writeFile } from "node:fs/promises";

import { isAddress, isHexString } from "ethers";

import { CallIndex, type CallContracts } from "../../sdk/callIndex.ts";
import type { StoredReceipt } from "../../sdk/callTree.ts";
import type { RawLog } from "../../sdk/chainLogs.ts";
import { UserError } from "../lib/script.ts";

/** Where calls were paid. */
export interface CallChain {
  chainId: bigint;
  contracts: CallContracts;
  /** `implementation()` of the SplitAddresses contract. */
  implementation: string;
}

/** Receipts together with the logs they are checked against: all that a trace needs once a chain is gone. */
export interface CallArchive extends CallChain {
  receipts: StoredReceipt[];
  logs: RawLog[];
}

/** Fields that are bigints; JSON has them as decimal strings. */
const BIGINT_FIELDS = new Set(["chainId", "serviceId", "tokensIn", "tokensOut", "amount", "servedAt", "units"]);

export function stringifyWithBigints(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === "bigint" ? field.toString() : field));
}

export async function writeArchive({ file, archive }: { file: string; archive: CallArchive }): Promise<void> {
  await writeFile(file, `${stringifyWithBigints(archive)}\n`);
}

/** @throws UserError if there is no such file, or it is none of these. */
export async function readArchive(file: string): Promise<CallArchive> {
  const archive = parse({ file, text: await read(file) });
  if (!isArchive(archive)) {
    throw new UserError(`${file} holds no receipts with logs. "npm run demo" writes such a file.`);
  }
  const receipts = archive.receipts.map((stored, i) => checkReceipt({ what: `Receipt ${i + 1} of ${file}`, stored }));
  return { ...archive, receipts };
}

/**
 * Reads receipts, one JSON object per line.
 *
 * @throws UserError if there is no such file, or a line is no receipt.
 */
export async function readReceipts(file: string): Promise<StoredReceipt[]> {
  const lines = (await read(file)).split("\n").filter((line) => line.trim() !== "");
  return lines.map((text, i) => {
    const what = `Line ${i + 1} of ${file}`;
    return checkReceipt({ what, stored: parse({ file: what, text }) });
  });
}

/** What may be left out by whoever makes no calls of its own and settles nothing. */
type SignedOnly = Pick<StoredReceipt, "receipt" | "signature">;

/** What an archive has to name. */
const CONTRACTS: (keyof CallContracts)[] = [
  ...(["token", "ledger", "splitAddresses"] as const),
  ...(["datanets", "models", "agents", "feePolicy", "services", "staking"] as const),
];
const HASH = /^0x[0-9a-f]{64}$/;
const HASH_FIELDS = [
  "callId",
  "parentCallId",
  "inputHash",
  "salt",
  "childrenHash",
  "splitId",
  "assetSplitId",
  "outputRoot",
];
const NUMBER_FIELDS = ["serviceId", "tokensIn", "tokensOut", "amount", "servedAt"];

/** Whether the fields of a receipt have the right shapes, so that whatever they say can be checked. */
function checkReceipt({ what, stored }: { what: string; stored: unknown }): StoredReceipt {
  const wrong = findWrongField(stored);
  if (wrong !== undefined) throw new UserError(`${what} is no receipt with a signature: its ${wrong} is malformed.`);
  const { proof = null, children = [], ...rest } = stored as SignedOnly & Partial<StoredReceipt>;
  return { ...rest, proof, children };
}

function findWrongField(stored: unknown): string | undefined {
  if (!isObject(stored) || !isObject(stored.receipt)) return "content";
  const { receipt, signature, children = [], proof = null } = stored;
  const isHash = (value: unknown): boolean => typeof value === "string" && HASH.test(value);
  return (
    HASH_FIELDS.find((field) => !isHash(receipt[field])) ??
    NUMBER_FIELDS.find((field) => typeof receipt[field] !== "bigint") ??
    ["payer", "executor"].find((field) => !isAddress(receipt[field])) ??
    (typeof signature === "string" && isHexString(signature) ? undefined : "signature") ??
    (Array.isArray(children) && children.every(isHash) ? undefined : "list of children") ??
    (proof === null || isProof(proof) ? undefined : "proof")
  );
}

/** Whether it has all parts but for receipts, which are checked one by one. */
function isArchive(value: unknown): value is Omit<CallArchive, "receipts"> & { receipts: unknown[] } {
  return (
    isObject(value) &&
    typeof value.chainId === "bigint" &&
    isObject(value.contracts) &&
    Object.values(value.contracts).every(isAddress) &&
    CONTRACTS.every((name) => isObject(value.contracts) && name in value.contracts) &&
    isAddress(value.implementation) &&
    Array.isArray(value.receipts) &&
    Array.isArray(value.logs) &&
    value.logs.every(isLog)
  );
}

function isLog(log: unknown): log is RawLog {
  return (
    isObject(log) &&
    isAddress(log.address) &&
    Array.isArray(log.topics) &&
    log.topics.every((topic) => typeof topic === "string" && HASH.test(topic)) &&
    isHexString(log.data) &&
    Number.isSafeInteger(log.blockNumber) &&
    Number.isSafeInteger(log.index) &&
    typeof log.transactionHash === "string"
  );
}

function isProof(proof: unknown): boolean {
  return (
    isObject(proof) &&
    Number.isSafeInteger(proof.size) &&
    Number.isSafeInteger(proof.index) &&
    Array.isArray(proof.siblings) &&
    proof.siblings.every(
      (node) =>
        isObject(node) && typeof node.hash === "string" && HASH.test(node.hash) && typeof node.units === "bigint",
    )
  );
}

/** What the logs of an archive say. */
export function indexArchive({ logs, ...chain }: CallArchive): CallIndex {
  const index = new CallIndex(chain);
  for (const log of logs) index.apply(log);
  return index;
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new UserError(`There is no file ${file}. Run "npm run demo" first, or name another one.`);
  }
}

function parse({ file, text }: { file: string; text: string }): unknown {
  try {
    return JSON.parse(text, (name, value: unknown) =>
      BIGINT_FIELDS.has(name) && typeof value === "string" ? BigInt(value) : value,
    );
  } catch {
    throw new UserError(`${file} is not JSON as this program writes it.`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
