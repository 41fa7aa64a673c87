import { decodeAccount } from "../../sdk/account.ts";
import { WHOLE } from "../../sdk/attribution/report.ts";
import type { Why, WhyCall, WhySpan } from "../../sdk/attribution/why.ts";
import { formatInteger, formatOpen } from "../report/format.ts";

/** Digits of an amount: all of them. */
export const EXACT = 18;

/** An explanation for a terminal: one line of text per item. */
export function describeWhy(why: Why): string[] {
  const { wallet, pot, posted, share, payment, credits, calls } = why;
  const { figures } = posted.report;
  return [
    describeResult(why),
    "",
    `Share ${share.index} of the payout: ${formatInteger(share.units)} of ${formatInteger(figures.total)} units`,
    `  report ${posted.id} by ${posted.report.reporter}, ${posted.status}, posted in ${posted.transactionHash}`,
    ...(payment === undefined || posted.payment === undefined
      ? ["  not paid yet"]
      : [
          `  split ${posted.payment.splitId} received ${formatOpen(payment.received, EXACT)} OPEN, paid in ${posted.payment.transactionHash}`,
          `  of which ${formatOpen(payment.owed, EXACT)} OPEN are its own, ${formatOpen(payment.released, EXACT)} released so far`,
        ]),
    ...describeChecks(share.checked),
    "",
    `Credits of ${wallet}: ${formatInteger(credits.count)}, in ${formatInteger(calls.length)} of ${formatInteger(figures.inferences)} calls`,
    ...describeChecks(credits.checked),
    ...calls.flatMap((call) => ["", ...describeCall(why, call)]),
    "",
    `Pot ${pot.pot.number}: ${pot.id}`,
  ];
}

/** What it comes to, in a sentence. */
export function describeResult({ wallet, pot, posted, share, payment }: Why): string {
  const where = `in epoch ${posted.report.figures.epoch} from pot ${pot.pot.number}, by Datanet ${pot.pot.datanetId}, version ${pot.pot.version}`;
  return payment === undefined
    ? `${wallet} is to earn ${formatOpen(share.units, EXACT)} OPEN, less the reporter's fee, ${where}.`
    : `${wallet} earned ${formatOpen(payment.owed, EXACT)} OPEN ${where}.`;
}

function describeCall(why: Why, call: WhyCall): string[] {
  const { receipt, inference, settlement, fraction, dataShare, earned, spans, output } = call;
  const own = spans.filter(({ payee, amount }) => payee === why.account && amount > 0n);
  return [
    `Call ${receipt.callId}: ${formatInteger(earned)} units`,
    `  receipt ${inference.receiptDigest}, price ${formatOpen(receipt.amount, EXACT)} OPEN`,
    `  settled by ${settlement.operator} with ${formatInteger(inference.receipts)} receipts in ${settlement.transactionHash}`,
    `  data share ${formatInteger(dataShare)} units, ${formatOpen(fraction, EXACT)} of the price`,
    ...describeChecks(call.checked),
    ...own.flatMap((span) => describeSpan(span, output)),
  ];
}

function describeSpan({ span, amount, contentRoot }: WhySpan, output: Uint8Array): string[] {
  const bytes = span.creditEnd - span.creditStart;
  const offset = span.sourceOffset + span.creditStart - span.matchStart;
  return [
    `  ${formatInteger(amount)} units for ${bytes} of ${output.length + 1} bytes, from byte ${span.creditStart}:`,
    `    ${quote(wordsOf(output, span))}`,
    `    first in contribution ${span.contribution}, from byte ${offset}, content ${contentRoot}`,
  ];
}

/** The words that a span credits. */
export function wordsOf(output: Uint8Array, { creditStart, creditEnd }: WhySpan["span"]): string {
  return new TextDecoder().decode(output.subarray(creditStart, creditEnd - 1));
}

/** Text as a terminal can show it: whatever would move its cursor, or turn its direction, is spelt out. */
function quote(text: string): string {
  const harmless = text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
  return `“${harmless}”`;
}

function describeChecks(checked: readonly string[]): string[] {
  return checked.map((check) => `  checked: ${check}`);
}

/** A contributor as people know it. */
export function nameOf(account: string): string {
  return decodeAccount(account).address;
}

/** A fraction in percent, exact to 10^-2. */
export function formatFraction(fraction: bigint): string {
  const parts = (fraction * 10_000n) / WHOLE;
  return `${parts / 100n}.${(parts % 100n).toString().padStart(2, "0")} %`;
}
