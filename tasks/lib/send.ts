import {
  AbiCoder,
  type ContractTransaction,
  formatEther,
  keccak256,
  type Signer,
  toQuantity,
  type TransactionReceipt,
} from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { EventArgs } from "../../sdk/eventArgs.ts";
import { type DecodedCall, decodeCall } from "./calls.ts";
import type { Context } from "./context.ts";
import type { Done, Step } from "./outcome.ts";

/** A transaction that was sent, or would be. */
export interface Sent {
  what: string;
  from: string;
  to: string;
  call: DecodedCall | undefined;
  /** Ether that comes with it, in wei. */
  value: bigint;
  /** Estimated, or used. Null if a dry run cannot tell. */
  gas: bigint | null;
  /** Whether the chain was asked what would come of it. */
  tried: boolean;
  hash?: string;
  block?: number;
}

/** Parts of a hundred that a transaction may use beyond its estimate. */
const GAS_MARGIN_PERCENT = 20n;
/** Place of the allowances in OpenToken's storage. */
const ALLOWANCES_SLOT = 1n;

/** Sends the steps one after the other, or tries them without sending anything. */
export async function carryOut({
  context,
  steps,
  dryRun,
  onSent,
}: {
  context: Context;
  steps: readonly Step[];
  dryRun: boolean;
  onSent: (sent: Sent) => void;
}): Promise<{ sent: Sent[]; done: Done }> {
  const sent: Sent[] = [];
  const receipts: TransactionReceipt[] = [];
  let returned: bigint | null = null;
  // What the chain would refuse in the end is not begun.
  if (!dryRun && steps.length > 1) {
    for (const step of steps) await tryOut({ context, step, from: step.from ?? context.me });
  }
  for (const step of steps) {
    const { transaction } = step;
    const from = step.from ?? context.me;
    const described = {
      what: step.what,
      from,
      to: transaction.to,
      call: decodeCall(transaction, context.contracts),
      value: transaction.value ?? 0n,
    };
    if (dryRun) {
      const trial = await tryOut({ context, step, from });
      returned = trial.returned;
      sent.push({ ...described, gas: trial.gas, tried: trial.tried });
    } else {
      const receipt = await send({ context, step, from });
      receipts.push(receipt);
      sent.push({ ...described, gas: receipt.gasUsed, tried: true, hash: receipt.hash, block: receipt.blockNumber });
    }
    onSent(sent[sent.length - 1]);
  }
  return { sent, done: doneOf({ context, dry: dryRun, receipts, returned }) };
}

async function send({
  context,
  step,
  from,
}: {
  context: Context;
  step: Step;
  from: string;
}): Promise<TransactionReceipt> {
  const { transaction, what } = step;
  await call({ context, transaction, from, what });
  const gas = await estimate({ context, transaction, from, what });
  await checkEther({ context, from, gas, value: transaction.value ?? 0n });
  const signer = signerOf(context, from);
  const response = await signer.sendTransaction({
    ...transaction,
    gasLimit: gas + (gas * GAS_MARGIN_PERCENT) / 100n,
  });
  const receipt = await response.wait();
  if (receipt === null)
    throw new UserError(`The node lost the transaction ${response.hash}. Look for it before you run this again.`);
  return receipt;
}

function signerOf(context: Context, from: string): Signer {
  const signer = from === context.me ? context.signer : context.people.unlocked(from);
  if (signer === undefined) throw new UserError(`Nothing here can sign for ${from}.`);
  return signer;
}

/** Asks the chain what would come of a step. */
async function tryOut({
  context,
  step: { transaction, what, allowed, follows },
  from,
}: {
  context: Context;
  step: Step;
  from: string;
}): Promise<{ returned: bigint | null; gas: bigint | null; tried: boolean }> {
  if (follows === true) return { returned: null, gas: null, tried: false };
  if (allowed === undefined || (await isAllowed(context, allowed))) {
    const returned = await call({ context, transaction, from, what });
    return { returned, gas: await estimate({ context, transaction, from, what }), tried: true };
  }
  const overrides = allowanceOverride(context, allowed);
  // Not every node lets a call pretend.
  const pretended = await pretend({ context, allowed, overrides });
  if (!pretended) return { returned: null, gas: null, tried: false };
  return { returned: await call({ context, transaction, from, what, overrides }), gas: null, tried: true };
}

type Overrides = Record<string, { stateDiff: Record<string, string> }>;

async function call({
  context,
  transaction,
  from,
  what,
  overrides,
}: {
  context: Context;
  transaction: ContractTransaction;
  from: string;
  what: string;
  overrides?: Overrides;
}): Promise<bigint | null> {
  const { to, data, value = 0n } = transaction;
  const request = { from, to, data, value: toQuantity(value) };
  const params = [request, "latest", ...(overrides === undefined ? [] : [overrides])];
  const answer = await context.orRefusal(what, async () => await requestOf(context, "eth_call", params));
  return firstInteger(String(answer));
}

async function estimate({
  context,
  transaction,
  from,
  what,
}: {
  context: Context;
  transaction: ContractTransaction;
  from: string;
  what: string;
}): Promise<bigint> {
  const { to, data, value = 0n } = transaction;
  const request = { from, to, data, value: toQuantity(value) };
  return BigInt(
    String(await context.orRefusal(what, async () => await requestOf(context, "eth_estimateGas", [request]))),
  );
}

async function requestOf(context: Context, method: string, params: unknown[]): Promise<unknown> {
  return await context.connection.provider.request({ method, params });
}

async function checkEther({
  context,
  from,
  gas,
  value,
}: {
  context: Context;
  from: string;
  gas: bigint;
  value: bigint;
}): Promise<void> {
  const { maxFeePerGas, gasPrice } = await context.provider.getFeeData();
  const cost = gas * (maxFeePerGas ?? gasPrice ?? 0n) + value;
  const balance = await context.provider.getBalance(from);
  if (balance < cost) {
    throw new UserError(
      `${context.people.nameOf(from)} has ${formatEther(balance)} ether, but this may cost up to ${formatEther(cost)}. ` +
        "Send it more, then run the same command again.",
    );
  }
}

async function isAllowed(context: Context, { owner, spender, amount }: NonNullable<Step["allowed"]>): Promise<boolean> {
  return (await context.protocol.token.allowance(owner, spender)) >= amount;
}

function allowanceOverride(context: Context, { owner, spender, amount }: NonNullable<Step["allowed"]>): Overrides {
  const coder = AbiCoder.defaultAbiCoder();
  const outer = keccak256(coder.encode(["address", "uint256"], [owner, ALLOWANCES_SLOT]));
  const slot = keccak256(coder.encode(["address", "bytes32"], [spender, outer]));
  return { [context.deployment.contracts.token]: { stateDiff: { [slot]: coder.encode(["uint256"], [amount]) } } };
}

async function pretend({
  context,
  allowed: { owner, spender, amount },
  overrides,
}: {
  context: Context;
  allowed: NonNullable<Step["allowed"]>;
  overrides: Overrides;
}): Promise<boolean> {
  const { token } = context.protocol;
  const data = token.interface.encodeFunctionData("allowance", [owner, spender]);
  const params = [{ to: context.deployment.contracts.token, data }, "latest", overrides];
  try {
    return BigInt(String(await requestOf(context, "eth_call", params))) === amount;
  } catch {
    return false;
  }
}

function firstInteger(answer: string): bigint | null {
  return answer.length < 66 ? null : BigInt(answer.slice(0, 66));
}

function doneOf({
  context,
  dry,
  receipts,
  returned,
}: {
  context: Context;
  dry: boolean;
  receipts: TransactionReceipt[];
  returned: bigint | null;
}): Done {
  const valuesOf = (event: string, name: string): bigint[] =>
    receipts.flatMap(({ logs }) =>
      logs.flatMap((log) => {
        const parsed = context.contracts.at(log.address)?.interface.parseLog(log) ?? null;
        return parsed?.name === event ? [new EventArgs(parsed.args).uint(name)] : [];
      }),
    );
  return {
    dry,
    receipts,
    uint: (event, name) => (dry ? returned : (valuesOf(event, name).at(-1) ?? null)),
    sum: (event, name) => (dry ? null : valuesOf(event, name).reduce((sum, value) => sum + value, 0n)),
  };
}
