import { AbiCoder, id, ZeroHash } from "ethers";

import { packVouchers, signVoucher, voucherFor } from "../../sdk/channel.ts";
import { type Receipt, RECEIPT_TUPLE } from "../../sdk/receipt.ts";
import { ReceiptTree } from "../../sdk/receiptTree.ts";
import {
  encodeSettlementProof,
  proveSettlementPlace,
  proveTransactionPlace,
  type SettlementPlace,
} from "../../sdk/settlementProof.ts";
import { receiptOf, receiptsDomain, signed } from "./receipts.ts";
import type { VerifierWorld } from "./verifierWorld.ts";

/** A settlement on the chain, with the receipts it commits to. */
export interface Settled {
  receipts: Receipt[];
  tree: ReceiptTree;
  transactionHash: string;
  blockNumber: number;
}

const DAY = 86_400n;
const SPLIT = id("a split");

/** Receipts of the operator for several calls. */
export async function receiptsOf(world: VerifierWorld, count: number): Promise<Receipt[]> {
  return await Promise.all(
    Array.from({ length: count }, (_, i) => receiptOf(world, { salt: id(`call ${i}`), amount: BigInt(100 + i) })),
  );
}

/**
 * Opens a channel of the payer's with somebody, and has it settle a voucher under a memo.
 *
 * @param gasPrice Makes it a transaction of the oldest type.
 * @param company How many other transactions its block has.
 */
export async function settleWithMemo(
  { channels, token, payer, operator, relayer, chainId, connection }: VerifierWorld,
  memo: string,
  { by = operator, gasPrice, company = 0 }: { by?: typeof operator; gasPrice?: bigint; company?: number } = {},
): Promise<{ transactionHash: string; blockNumber: number }> {
  const channel = {
    payer: payer.address,
    signer: payer.address,
    operator: by.address,
    splitId: SPLIT,
    withdrawDelaySeconds: DAY,
    salt: ZeroHash,
  };
  await token.connect(payer).approve(channels, 2n ** 256n - 1n);
  await channels.connect(payer).deposit(channel, 1_000n);
  const { settled } = await channels.channelOf(await channels.channelIdOf(channel));
  const maxClaimableAmount = settled + 100n;
  const voucher = voucherFor({ channel, maxClaimableAmount });
  const signature = await signVoucher({
    signer: payer,
    chainId,
    channels: await channels.getAddress(),
    voucher,
  });
  const vouchers = packVouchers([
    { channel, maxClaimableAmount, total: maxClaimableAmount, signature, contractSignature: false },
  ]);
  const settlement = {
    splitId: SPLIT,
    withdrawDelaySeconds: DAY,
    salt: ZeroHash,
    calls: 1n,
    memo,
    kept: false,
    vouchers,
  };
  const { networkHelpers, provider } = connection;
  await provider.request({ method: "evm_setAutomine", params: [false] });
  const nonce = await relayer.getNonce();
  for (let i = 0; i < company; i++) {
    await relayer.sendTransaction({ to: payer, value: 1n, nonce: nonce + i, gasLimit: 21_000n, type: i % 3 });
  }
  const overrides = gasPrice === undefined ? {} : { type: 0, gasPrice };
  const sent = await channels.connect(by).settle([settlement], { gasLimit: 500_000n, ...overrides });
  await networkHelpers.mine(1);
  await provider.request({ method: "evm_setAutomine", params: [true] });
  const receipt = await sent.wait();
  if (receipt === null) throw new Error("The settlement is in no block.");
  return { transactionHash: receipt.hash, blockNumber: receipt.blockNumber };
}

/** Has the operator settle receipts. */
export async function settleReceipts(
  world: VerifierWorld,
  receipts: Receipt[],
  options: Parameters<typeof settleWithMemo>[2] = {},
): Promise<Settled> {
  const tree = new ReceiptTree({ ...(await receiptsDomain(world)), receipts });
  return { receipts, tree, ...(await settleWithMemo(world, tree.memo, options)) };
}

/** Where a settlement stands. */
export async function placeOf(world: VerifierWorld, { tree, transactionHash }: Settled): Promise<SettlementPlace> {
  return await placeOfMemo(world, { transactionHash, memo: tree.memo });
}

/** Where the settlement with a memo stands. */
export async function placeOfMemo(
  { connection: { ethers, networkHelpers } }: VerifierWorld,
  { transactionHash, memo }: { transactionHash: string; memo: string },
): Promise<SettlementPlace> {
  // A call sees the hashes of blocks before the latest one.
  await networkHelpers.mine(1);
  return await proveSettlementPlace({ rpc: ethers.provider, transactionHash, memo });
}

/** Place of a transaction, whatever it logged. */
export async function placeOfTransaction(
  { connection: { ethers, networkHelpers } }: VerifierWorld,
  transactionHash: string,
  logIndex = 0,
): Promise<SettlementPlace> {
  await networkHelpers.mine(1);
  return { ...(await proveTransactionPlace({ rpc: ethers.provider, transactionHash })), logIndex };
}

/** Proof that the operator signed the same receipt with other values than it settled. */
export async function proofOf(
  world: VerifierWorld,
  settled: Settled,
  {
    index = 0,
    changes = { amount: 5_000n },
    place,
  }: { index?: number; changes?: Partial<Receipt>; place?: SettlementPlace } = {},
): Promise<string> {
  const receipt = settled.receipts[index];
  return encodeSettlementProof({
    ...(await receiptsDomain(world)),
    signed: await signed(world, { ...receipt, ...changes }),
    settled: receipt,
    proof: settled.tree.prove(index),
    place: place ?? (await placeOf(world, settled)),
  });
}

const PROOF_TYPE =
  `tuple(${RECEIPT_TUPLE} signed, ${RECEIPT_TUPLE} settled, bytes signature, uint64 size, uint64 index, bytes share, ` +
  "tuple(bytes header, uint256 transactionIndex, bytes[] trieNodes, uint256 logIndex) place)";

/** The same proof about a share of any split. */
export async function proofOfShare(
  world: VerifierWorld,
  {
    receipt,
    size,
    index,
    share,
    place,
  }: { receipt: Receipt; size: number; index: number; share: string; place: SettlementPlace },
): Promise<string> {
  const { receipt: other, signature } = await signed(world, { ...receipt, amount: 5_000n });
  const proof = { signed: other, settled: receipt, signature, size, index, share, place };
  return AbiCoder.defaultAbiCoder().encode([PROOF_TYPE], [proof]);
}
