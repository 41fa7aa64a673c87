import { AbiCoder, concat, dataSlice, encodeRlp, id, keccak256, type RlpStructuredData, toBeHex } from "ethers";

import { encodeShareProof } from "./datanetProof.ts";
import { type Receipt, RECEIPT_TUPLE, type ReceiptsDomain, signatureForCourt, type SignedReceipt } from "./receipt.ts";
import { type ReceiptProof, shareOfReceipt } from "./receiptTree.ts";
import { ListTrie } from "./receiptTrie.ts";

/** A node that answers JSON-RPC requests, such as any JSON-RPC provider of ethers. */
export interface Rpc {
  send(method: string, params: unknown[]): Promise<unknown>;
}

/** Where a transaction stands on the chain, proven against the hash of its block. Bytes are hex. */
export interface TransactionPlace {
  header: string;
  transactionIndex: number;
  /** From the root of the block's trie of receipts to the transaction's. */
  trieNodes: string[];
}

/** Where a settlement stands on the chain. */
export interface SettlementPlace extends TransactionPlace {
  /** Index of the `Settled` among the transaction's logs. */
  logIndex: number;
}

/** Fields of a header in their order, as JSON-RPC calls them; each fork has added some. */
const HEADER_FIELDS = [
  "parentHash",
  "sha3Uncles",
  "miner",
  "stateRoot",
  "transactionsRoot",
  "receiptsRoot",
  "logsBloom",
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "extraData",
  "mixHash",
  "nonce",
  "baseFeePerGas",
  "withdrawalsRoot",
  "blobGasUsed",
  "excessBlobGas",
  "parentBeaconBlockRoot",
  "requestsHash",
];

/** Those that are integers; the others are bytes. */
const HEADER_INTEGERS = new Set([
  "difficulty",
  "number",
  "gasLimit",
  "gasUsed",
  "timestamp",
  "baseFeePerGas",
  "blobGasUsed",
  "excessBlobGas",
]);

const PAID_FROM_BALANCE = id("PaidFromBalance(bytes32,bytes32,uint256,uint256,bytes32)");

const PROOF_TYPE =
  `tuple(${RECEIPT_TUPLE} signed, ${RECEIPT_TUPLE} settled, bytes signature, uint64 size, uint64 index, bytes share, ` +
  "tuple(bytes header, uint256 transactionIndex, bytes[] trieNodes, uint256 logIndex) place)";

/**
 * Proves where the settlement with a memo stands on the chain. Reads its block with the receipts of all transactions.
 *
 * @param memo Memo of the settlement's payment.
 * @throws Error if the transaction has no such settlement, and as `proveTransactionPlace`.
 */
export async function proveSettlementPlace({
  rpc,
  transactionHash,
  memo,
}: {
  rpc: Rpc;
  transactionHash: string;
  memo: string;
}): Promise<SettlementPlace> {
  const receipt = await readReceipt(rpc, transactionHash);
  const paidIndex = receipt
    .list("logs")
    .findIndex((log) => log.texts("topics").at(0) === PAID_FROM_BALANCE && memoOf(log) === memo.toLowerCase());
  if (paidIndex < 1) throw new Error(`Transaction ${transactionHash} settles nothing with the memo ${memo}.`);
  // The payment's log stands right behind the settlement's.
  return { ...(await proveTransactionPlace({ rpc, transactionHash })), logIndex: paidIndex - 1 };
}

/**
 * Proves where a transaction stands on the chain, down to what it logged.
 *
 * @throws Error if the transaction is in no block, or if what the node says of the block does not make up its hash.
 */
export async function proveTransactionPlace({
  rpc,
  transactionHash,
}: {
  rpc: Rpc;
  transactionHash: string;
}): Promise<TransactionPlace> {
  const receipt = await readReceipt(rpc, transactionHash);
  const transactionIndex = Number(receipt.text("transactionIndex"));
  const block = new Answer(await rpc.send("eth_getBlockByHash", [receipt.text("blockHash"), false]), "the block");
  const header = encodeHeader(block);
  if (keccak256(header) !== block.text("hash")) {
    throw new Error(`The header of block ${block.text("number")} is not what its hash is of.`);
  }
  const trie = new ListTrie((await readReceipts(rpc, block)).map(encodeReceipt));
  if (trie.root !== block.text("receiptsRoot")) {
    throw new Error(`The receipts of block ${block.text("number")} are not those of its header.`);
  }
  return { header, transactionIndex, trieNodes: trie.prove(transactionIndex) };
}

/**
 * Shows the `SettlementVerifier` that an operator signed another receipt for a call than the one it settled.
 *
 * @param signed The receipt it signed, with its key.
 * @param settled The receipt it settled.
 * @param proof Proof that the settlement covers the latter.
 * @throws Error if the signature is malformed.
 */
export function encodeSettlementProof({
  signed: { receipt, signature },
  settled,
  proof: { size, index, siblings },
  place,
  ...domain
}: ReceiptsDomain & {
  signed: Pick<SignedReceipt, "receipt" | "signature">;
  settled: Receipt;
  proof: ReceiptProof;
  place: SettlementPlace;
}): string {
  const share = encodeShareProof({ share: shareOfReceipt({ ...domain, receipt: settled }), siblings });
  return AbiCoder.defaultAbiCoder().encode(
    [PROOF_TYPE],
    [{ signed: receipt, settled, signature: signatureForCourt(signature), size, index, share, place }],
  );
}

async function readReceipt(rpc: Rpc, transactionHash: string): Promise<Answer> {
  return new Answer(await rpc.send("eth_getTransactionReceipt", [transactionHash]), `transaction ${transactionHash}`);
}

/** All receipts of a block, in one request where the node has one for that. */
async function readReceipts(rpc: Rpc, block: Answer): Promise<Answer[]> {
  const together = await rpc.send("eth_getBlockReceipts", [block.text("number")]).catch(() => undefined);
  if (Array.isArray(together)) return together.map((receipt: unknown) => new Answer(receipt, "a transaction"));
  return await Promise.all(block.texts("transactions").map(async (hash) => await readReceipt(rpc, hash)));
}

function encodeHeader(block: Answer): string {
  const names = HEADER_FIELDS.filter((name) => block.has(name));
  return encodeRlp(names.map((name) => (HEADER_INTEGERS.has(name) ? integer(block.text(name)) : block.text(name))));
}

/** Bare for transactions of the oldest type, behind the type's byte for others (EIP-2718). */
function encodeReceipt(receipt: Answer): string {
  const logs = receipt.list("logs").map((log) => [log.text("address"), log.texts("topics"), log.text("data")]);
  const fields: RlpStructuredData = [
    integer(receipt.text("status")),
    integer(receipt.text("cumulativeGasUsed")),
    receipt.text("logsBloom"),
    logs,
  ];
  const type = BigInt(receipt.text("type"));
  return type === 0n ? encodeRlp(fields) : concat([toBeHex(type, 1), encodeRlp(fields)]);
}

function memoOf(log: Answer): string {
  return dataSlice(log.text("data"), 64, 96);
}

/** An integer without leading zeros, as RLP wants it. */
function integer(quantity: string): string {
  const value = BigInt(quantity);
  return value === 0n ? "0x" : toBeHex(value);
}

/** A node's answer, read with its types checked. */
class Answer {
  readonly #fields: Record<string, unknown>;
  readonly #name: string;

  constructor(value: unknown, name: string) {
    if (typeof value !== "object" || value === null) throw new Error(`The node does not know ${name}.`);
    this.#fields = { ...value };
    this.#name = name;
  }

  has(field: string): boolean {
    return typeof this.#fields[field] === "string";
  }

  text(field: string): string {
    const value = this.#fields[field];
    if (typeof value !== "string") throw this.#unexpected(field);
    return value;
  }

  texts(field: string): string[] {
    return this.#array(field).map((value) => {
      if (typeof value !== "string") throw this.#unexpected(field);
      return value;
    });
  }

  list(field: string): Answer[] {
    return this.#array(field).map((value) => new Answer(value, field));
  }

  #array(field: string): unknown[] {
    const value = this.#fields[field];
    if (!Array.isArray(value)) throw this.#unexpected(field);
    return value;
  }

  #unexpected(field: string): Error {
    return new Error(`What the node says of ${this.#name} has no ${field} that can be read.`);
  }
}
