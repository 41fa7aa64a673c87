import type { Protocol } from "../../scripts/lib/protocol.ts";
import { UserError } from "../../scripts/lib/script.ts";
import { encodeAccount } from "../../sdk/account.ts";
import type { Context } from "./context.ts";
import { open } from "./format.ts";
import type { Step } from "./outcome.ts";

/** What it takes to let a contract take tokens of the wallet. */
export interface WalletFunds {
  /** The approval, unless there is one. */
  approvals: Step[];
  /** For the step that takes them. */
  allowed: NonNullable<Step["allowed"]>;
}

/**
 * Lets a contract take an amount from the wallet of who signs, and no more.
 *
 * @throws UserError if the wallet has less.
 */
export async function fromWallet(
  context: Context,
  { spender, amount }: { spender: keyof Protocol; amount: bigint },
): Promise<WalletFunds> {
  const { token } = context.protocol;
  await checkTokens(context, { owner: context.me, amount });
  const address = context.deployment.contracts[spender];
  const allowance = await token.allowance(context.me, address);
  const approval = {
    what: `Lets ${spender} take ${open(amount)} from the wallet.`,
    transaction: await token.approve.populateTransaction(address, amount),
  };
  return {
    approvals: allowance >= amount ? [] : [approval],
    allowed: { owner: context.me, spender: address, amount },
  };
}

/** Lets a contract move balance of an account of who signs, and no more. */
export async function fromBalance(
  context: Context,
  { spender, amount }: { spender: keyof Protocol; amount: bigint },
): Promise<Step[]> {
  const { ledger } = context.protocol;
  const account = await checkBalance(context, { tag: 0n, amount });
  const address = context.deployment.contracts[spender];
  if ((await ledger.allowance(account, address)) >= amount) return [];
  return [
    {
      what: `Lets ${spender} move ${open(amount)} of the balance in the ledger.`,
      transaction: await ledger.approveSpender.populateTransaction(0n, address, amount),
    },
  ];
}

/** @throws UserError if the wallet has less. */
export async function checkTokens(
  context: Context,
  { owner, amount }: { owner: string; amount: bigint },
): Promise<void> {
  const balance = await context.protocol.token.balanceOf(owner);
  if (balance < amount) {
    throw new UserError(`${context.people.nameOf(owner)} has ${open(balance)}, but this takes ${open(amount)}.`);
  }
}

/** The account of who signs under a tag. @throws UserError if it holds less. */
export async function checkBalance(
  context: Context,
  { tag, amount }: { tag: bigint; amount: bigint },
): Promise<string> {
  const account = accountOf(context.me, tag);
  const balance = await context.protocol.ledger.balanceOf(account);
  if (balance < amount) {
    const name = context.people.nameOf(context.me);
    throw new UserError(
      `${name} has ${open(balance)} in the ledger, but this takes ${open(amount)}. Deposit first: ledger:deposit.`,
    );
  }
  return account;
}

/** An account of the ledger. @throws UserError about a tag that does not fit. */
export function accountOf(address: string, tag: bigint): string {
  if (tag >= 1n << 96n) throw new UserError("A tag is less than 2^96.");
  return encodeAccount({ address, tag });
}
