import type { Why, WhyCall, WhySpan } from "../../sdk/attribution/why.ts";
import { renderDocument } from "../report/document.ts";
import { formatInteger, formatOpen } from "../report/format.ts";
import { escapeMarkup } from "../report/markup.ts";
import { describeResult, EXACT, formatFraction, nameOf } from "./whyText.ts";

/** Degrees between the colours of two contributors: no two of them come close for long. */
const HUE_STEP = 137.5;

const OWN_STYLES = `
.output { white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.9; max-width: none; }
mark { background: hsl(var(--hue) 70% 50% / 0.22); color: inherit; border-radius: 3px; padding: 1px 0; }
mark.own { background: hsl(var(--hue) 75% 50% / 0.42); box-shadow: inset 0 -2px hsl(var(--hue) 75% 45%); }
.checks { margin: 0 0 12px; padding: 0; list-style: none; font-size: 13.5px; }
.checks li::before { content: "✓ "; color: var(--good); }
.legend i { background: hsl(var(--hue) 75% 50% / 0.6); }
`;

/** An explanation as one page that loads nothing from anywhere, with the words marked in the outputs. */
export function renderWhy(why: Why): string {
  const { posted, share, payment, credits, calls, pot } = why;
  const { figures } = posted.report;
  const hues = huesOf(why);
  const title = `Why ${why.wallet} earned, epoch ${figures.epoch}`;
  const facts: [string, string][] = [
    ["Report", posted.id],
    ["Reporter", posted.report.reporter],
    ["Posted in", posted.transactionHash],
    ["State", posted.status],
    ["Pot", pot.id],
    ["Share of the payout", `${formatInteger(share.units)} of ${formatInteger(figures.total)} units`],
    ...(payment === undefined || posted.payment === undefined
      ? []
      : ([
          ["Paid in", posted.payment.transactionHash],
          ["Split", posted.payment.splitId],
          ["Received by the split", `${formatOpen(payment.received, EXACT)} OPEN`],
          ["Of which its own", `${formatOpen(payment.owed, EXACT)} OPEN`],
          ["Released so far", `${formatOpen(payment.released, EXACT)} OPEN`],
        ] satisfies [string, string][])),
    [
      "Credits",
      `${formatInteger(credits.count)}, in ${formatInteger(calls.length)} of ${formatInteger(figures.inferences)} calls`,
    ],
  ];
  return renderDocument({
    title,
    styles: OWN_STYLES,
    main: `<h1>Why</h1>
<p class="lead">${escapeMarkup(describeResult(why))}</p>
<section>
<h2>From the amount to the calls</h2>
${renderFacts(facts)}
${renderChecks([...share.checked, ...credits.checked])}
${renderLegend(why, hues)}
</section>
${calls.map((call) => renderCall(why, call, hues)).join("\n")}
<footer>Each step was compared with the chain when this page was written. Point at marked words for their source.</footer>`,
  });
}

/** A colour for each contributor, the wallet's first. */
function huesOf({ account, calls }: Why): Map<string, string> {
  const payees = new Set([account, ...calls.flatMap(({ spans }) => spans.map(({ payee }) => payee))]);
  return new Map([...payees].map((payee, i) => [payee, ((140 + i * HUE_STEP) % 360).toFixed(1)]));
}

function renderLegend({ account }: Why, hues: Map<string, string>): string {
  const items = [...hues].map(([payee, hue]) => {
    const name = payee === account ? `${nameOf(payee)} (this wallet)` : nameOf(payee);
    return `<li><i style="--hue:${hue}"></i>${escapeMarkup(name)}</li>`;
  });
  return `<ul class="legend">${items.join("")}</ul>`;
}

function renderCall(why: Why, call: WhyCall, hues: Map<string, string>): string {
  const { receipt, inference, settlement, fraction, dataShare, earned } = call;
  const facts: [string, string][] = [
    ["Call", receipt.callId],
    ["Receipt", inference.receiptDigest],
    ["Settled by", settlement.operator],
    ["Settled in", settlement.transactionHash],
    ["Price", `${formatOpen(receipt.amount, EXACT)} OPEN`],
    ["Data share", `${formatInteger(dataShare)} units, ${formatFraction(fraction)} of the price`],
    ["Earned by this wallet", `${formatInteger(earned)} units`],
  ];
  return `<section>
<h2>Call ${escapeMarkup(receipt.callId.slice(0, 10))}…: ${formatInteger(earned)} units</h2>
<p class="output">${renderOutput(why, call, hues)}</p>
${renderFacts(facts)}
${renderChecks(call.checked)}
</section>`;
}

function renderOutput(why: Why, { output, spans }: WhyCall, hues: Map<string, string>): string {
  const decode = (from: number, to: number): string =>
    escapeMarkup(new TextDecoder().decode(output.subarray(from, Math.min(to, output.length))));
  const pieces: string[] = [];
  let at = 0;
  for (const each of spans) {
    const { creditStart, creditEnd } = each.span;
    pieces.push(decode(at, creditStart));
    const own = each.payee === why.account && each.amount > 0n ? ' class="own"' : "";
    const style = `--hue:${hues.get(each.payee) ?? "0"}`;
    const words = decode(creditStart, creditEnd - 1);
    pieces.push(`<mark${own} style="${style}" title="${escapeMarkup(describeSource(each))}">${words}</mark>`);
    at = creditEnd - 1;
  }
  pieces.push(decode(at, output.length));
  return pieces.join("");
}

function describeSource({ span, amount, payee, contentRoot }: WhySpan): string {
  const offset = span.sourceOffset + span.creditStart - span.matchStart;
  const earns = amount === 0n ? "earns nothing" : `${formatInteger(amount)} units`;
  return `First in contribution ${span.contribution}, from byte ${offset}, by ${nameOf(payee)}: ${earns}. Content ${contentRoot}`;
}

function renderFacts(facts: readonly [string, string][]): string {
  const rows = facts.map(([name, value]) => `<tr><td>${escapeMarkup(name)}</td><td>${escapeMarkup(value)}</td></tr>`);
  return `<table><tbody>${rows.join("\n")}</tbody></table>`;
}

function renderChecks(checked: readonly string[]): string {
  return `<ul class="checks">${checked.map((check) => `<li>checked: ${escapeMarkup(check)}</li>`).join("")}</ul>`;
}
