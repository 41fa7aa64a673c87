import { walletAccount } from "../../sdk/account.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import type { Split } from "../../sdk/split.ts";
import { Rational } from "../../test/reference/rational.ts";
import type { PotResult } from "../report/attribution.ts";
import { check } from "./checks.ts";
import type { Served } from "./inference.ts";
import type { Library } from "./library.ts";
import { creditNaively } from "./naive.ts";
import type { Source } from "./pot.ts";
import type { Setting } from "./setting.ts";
import type { ShareOut } from "./shareOut.ts";

const BPS = 10_000n;

/**
 * Computes once more from the texts, the outputs and the prices, with none of the code that made the report, what everybody
 * was to get.
 *
 * @returns Bytes by account, and how far the chain is off what exact fractions give.
 */
export async function audit({
  setting: { protocol },
  library: { texts },
  source: { pot, account, service, model },
  served: { calls },
  data,
  shares,
}: {
  setting: Setting;
  library: Library;
  source: Source;
  served: Served;
  data: ReportData;
  shares: ShareOut;
}): Promise<{ bytes: Map<string, number>; pot: PotResult }> {
  const naive = creditNaively({
    outputs: calls.map(({ output }) => output),
    texts: texts.map(({ text }) => text),
    gram: pot.gram,
  });
  const toPot = partOf(service.split, model.id).times(...fraction(partOf(model, account)));
  const bytes = new Map<string, number>();
  const exact = new Map<string, Rational>();
  for (const [i, { receipt, output }] of calls.entries()) {
    for (const [text, credited] of naive[i]) {
      if (text < pot.commons) continue;
      const payee = walletAccount(texts[text].by.wallet.address);
      const part = toPot
        .times(receipt.amount * BigInt(credited), BigInt(output.length + 1))
        .times(BPS - BigInt(pot.feeBps), BPS);
      bytes.set(payee, (bytes.get(payee) ?? 0) + credited);
      exact.set(payee, part.plus(exact.get(payee) ?? Rational.ZERO));
    }
  }
  const spans = data.lists.spans.flat().filter(({ contribution }) => contribution >= pot.commons);
  for (const payee of new Set([...bytes.keys(), ...shares.byUse.keys()])) {
    const found = spans
      .filter(({ contribution }) => walletAccount(texts[contribution].by.wallet.address) === payee)
      .reduce((sum, { creditStart, creditEnd }) => sum + creditEnd - creditStart, 0);
    check(`bytes of ${payee}`, BigInt(bytes.get(payee) ?? 0), BigInt(found));
  }

  // Floors on the way: at each span, at each call twice, at the fee and at the payout.
  const most = BigInt(spans.length + 2 * calls.length + 2);
  let mostRoundedOff = 0n;
  for (const [payee, share] of exact) {
    const missing = share.minus(new Rational(shares.byUse.get(payee) ?? 0n)).floor();
    const off = missing < 0n ? -missing : missing;
    if (off > most) throw new Error(`${payee} is ${off} units off what the texts give it.`);
    if (off > mostRoundedOff) mostRoundedOff = off;
  }

  const { figures } = data;
  const fee = (figures.total * BigInt(pot.feeBps)) / BPS;
  const price = calls.reduce((sum, { receipt }) => sum + receipt.amount, 0n);
  const received = partOf(model, account).times(partOf(service.split, model.id).times(price).floor()).floor();
  const left = await protocol.ledger.balanceOf(account);
  check("what the pot received", received, shares.paid + fee + left);
  check("what was paid", figures.total, shares.paid + fee);
  const { paid, remainder } = shares;
  return { bytes, pot: { received, paid, remainder, fee, left, mostRoundedOff } };
}

/** Part of what a split gets that a recipient has. */
function partOf({ tree }: Split, recipient: string): Rational {
  const [share] = tree.shares({ first: 0, count: tree.size }).filter((candidate) => candidate.recipient === recipient);
  return new Rational(share.units, tree.totalUnits);
}

function fraction({ numerator, denominator }: Rational): [bigint, bigint] {
  return [numerator, denominator];
}
