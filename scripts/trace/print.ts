import { decodeAccount } from "../../sdk/account.ts";
import type { CallIndex } from "../../sdk/callIndex.ts";
import { type CallPayment, countCalls, type TracedCall } from "../../sdk/callTree.ts";
import { ShareKind } from "../../sdk/share.ts";
import { entitlementOf, type Split } from "../../sdk/split.ts";
import { formatInteger, formatOpen } from "../report/format.ts";

/** More shares than that are summed up: they are a Datanet's contributors. */
const MOST_SHARES = 8;

/** Whose the accounts of a service's split are. */
const SERVICE_ROLES = ["treasury", "operator", "stakers"];

/** Prints a tree of calls: who called whom, which versions, what each call paid to whom, and what was found wrong. */
export function printTrace({ call, index, source }: { call: TracedCall; index: CallIndex; source: string }): void {
  for (const line of renderCall({ call, index })) console.log(line);
  const { calls, faulty } = countCalls(call);
  console.log(
    faulty === 0
      ? `\nAll ${formatInteger(calls)} calls are signed, linked and paid as their receipts say, according to ${source}.`
      : `\n${formatInteger(faulty)} of ${formatInteger(calls)} calls are not as their receipts say, or have none.`,
  );
}

function renderCall({ call, index }: { call: TracedCall; index: CallIndex }): string[] {
  const { receipt, payment, problems, children, missing } = call;
  const lines = [
    `call ${receipt.callId}`,
    `  ${nameOf(receipt.assetSplitId, index)} by ${receipt.executor} (service ${receipt.serviceId}), ` +
      `${formatInteger(receipt.tokensIn)} tokens in, ${formatInteger(receipt.tokensOut)} out`,
    `  ${formatOpen(receipt.amount)} OPEN for ${receipt.payer} to pay${describePayment(payment)}`,
    ...renderShares({ splitId: receipt.splitId, amount: receipt.amount, index }).map((line) => `  ${line}`),
    ...problems.map((problem) => `  WRONG: ${problem}`),
    ...missing.map((id) => `  MISSING: the receipt of ${id}, which it lists as made for it`),
  ];
  children.forEach((child, i) => {
    const [first, ...rest] = renderCall({ call: child, index });
    const last = i === children.length - 1;
    lines.push(`${last ? "└" : "├"}─ ${first}`, ...rest.map((line) => `${last ? " " : "│"}  ${line}`));
  });
  return lines;
}

function describePayment(payment: CallPayment | undefined): string {
  switch (payment?.how) {
    case undefined:
      return ", which the chain does not show";
    case "free":
      return "";
    case "settlement":
      return (
        `, in a settlement of ${formatInteger(payment.calls)} calls for ${formatOpen(payment.total)} OPEN ` +
        `(block ${payment.blockNumber})`
      );
    case "payment":
      return `, in a payment of its own (block ${payment.blockNumber})`;
    case "transfer":
      return `, by a signed transfer (block ${payment.blockNumber})`;
  }
}

/** Who gets which part of an amount, down to contributors. Rounded down at each hop, as releases are. */
function renderShares({ splitId, amount, index }: { splitId: string; amount: bigint; index: CallIndex }): string[] {
  const split = index.registries.split(splitId);
  if (split === undefined) return [`→ split ${splitId}`];
  if (split.tree.size > MOST_SHARES) return [`→ ${formatInteger(countAccounts(split))} contributors`];
  const roles = index.registries.originOf(splitId)?.kind === "service" ? SERVICE_ROLES : [];
  return split.tree.shares({ first: 0, count: split.tree.size }).flatMap(({ kind, recipient, units }, i) => {
    const part = entitlementOf({ received: amount, units, totalUnits: split.tree.totalUnits });
    if (part === 0n) return [];
    if (kind === ShareKind.Account) {
      return [`→ ${formatOpen(part)} ${i < roles.length ? `${roles[i]} ` : ""}${describeAccount(recipient)}`];
    }
    const below = renderShares({ splitId: recipient, amount: part, index });
    return [`→ ${formatOpen(part)} ${nameOf(recipient, index)}`, ...below.map((line) => `    ${line}`)];
  });
}

/** Contributors may have several contributions. */
function countAccounts({ tree }: Split): number {
  const shares = tree.shares({ first: 0, count: tree.size });
  return new Set(shares.filter(({ units }) => units > 0n).map(({ recipient }) => recipient)).size;
}

function describeAccount(account: string): string {
  const { address, tag } = decodeAccount(account);
  return tag === 0n ? address : `${address}, sub-account ${tag}`;
}

function nameOf(splitId: string, index: CallIndex): string {
  const origin = index.registries.originOf(splitId);
  if (origin === undefined) return `split ${splitId}`;
  switch (origin.kind) {
    case "service":
      return `service ${origin.id}`;
    case "platform":
      return "platform fees";
    case "datanetLog":
      return `contributions to Datanet ${origin.id}, version ${origin.version}`;
    default:
      return `${origin.kind === "datanet" ? "Datanet" : origin.kind} ${origin.id}, version ${origin.version}`;
  }
}
