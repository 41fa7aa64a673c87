import { FaultProofs, type GramPlace, ReportTree } from "../../sdk/attribution/faultProofs.ts";
import type { Report } from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import type { FaultVerifier } from "../../sdk/attribution/reviewReport.ts";
import { receiptDigest } from "../../sdk/receipt.ts";
import { shareOfReceipt } from "../../sdk/receiptTree.ts";
import type { Random } from "../reference/random.ts";
import { commonGrams } from "./grams.ts";
import { receiptsDomain, type ReportWorld, type SettledBatch } from "./reports.ts";

/** A proof, well formed, whatever it shows. */
export interface Challenge {
  what: string;
  verifier: FaultVerifier;
  proof: string;
}

/** What a report is held against. */
export interface Reported extends ReportWorld {
  batches: readonly SettledBatch[];
  data: ReportData;
  report: Report;
}

/** Every fault at every place of a report, and every K-gram that an output and a contribution have in common. */
export async function everyChallenge(world: Reported, { grams = 40 } = {}): Promise<Challenge[]> {
  const { data, report, log, pot, batches, contributions } = world;
  const { inferences, credits, shares, spans } = data.lists;
  const proofs = new FaultProofs({ report, data, log });
  const domain = await receiptsDomain(world);
  const challenges: Challenge[] = [];
  const add = (verifier: FaultVerifier, what: string, make: () => string): void => {
    challenges.push({ what, verifier, proof: make() });
  };

  const trees = [ReportTree.Inferences, ReportTree.Payout, ...(credits.length === 0 ? [] : [ReportTree.Credits])];
  for (const tree of trees) add("payout", `sum ${tree}`, () => proofs.sum(tree));
  for (let i = 0; i + 1 < inferences.length; i++) {
    add("payout", `order of inference ${i}`, () => proofs.inferenceOrder(i));
  }
  for (const [x] of credits.entries()) {
    add("payout", `lost credit ${x}`, () => proofs.lostCredit(x));
    for (const [s] of shares.entries()) {
      add("payout", `payout of credit ${x}, share ${s}`, () => proofs.payout({ credit: x, share: s }));
    }
  }
  for (const [s] of shares.entries()) add("payout", `remainder ${s}`, () => proofs.remainder(s));

  const calls = new Map(
    batches.flatMap(({ calls: settled, tree, receipts }) =>
      settled.map((call, place) => [
        receiptDigest({ ...domain, receipt: call.receipt }),
        { ...call, tree, place, share: shareOfReceipt({ ...domain, receipt: receipts[place] }) },
      ]),
    ),
  );
  for (const [i, { inference }] of inferences.entries()) {
    const call = calls.get(inference.receiptDigest);
    if (call === undefined) throw new Error(`Inference ${i} has no call.`);
    const { output, receipt, share, tree, place } = call;
    const { siblings } = tree.prove(place);
    add("payout", `data share ${i}`, () => proofs.dataShare(i));
    add("payout", `receipt ${i}`, () => proofs.receipt({ inference: i, receipt }));
    add("payout", `settlement ${i}`, () => proofs.settlement({ inference: i, receipt, share, siblings }));
    if (output.length > 0) add("payout", `length ${i}`, () => proofs.outputLength({ inference: i, output }));
    for (const [k, { contribution: index }] of spans[i].entries()) {
      const at = { inference: i, span: k };
      add("payout", `payee ${i}.${k}`, () => proofs.payee(at));
      add("payout", `credit ${i}.${k}`, () => proofs.credit(at));
      if (k > 0) add("payout", `order ${i}.${k}`, () => proofs.spanOrder({ inference: i, span: k - 1 }));
      add("span", `false ${i}.${k}`, () => proofs.falseSpan({ ...at, output, contribution: contributions[index] }));
    }
    for (const contribution of contributions) {
      const places = commonGrams(output, contribution.text, pot.gram);
      const step = Math.max(1, Math.floor(places.length / grams));
      for (let p = 0; p < places.length; p += step) {
        const match = { inference: i, place: places[p], output, contribution };
        const near = (start: number, end: number): boolean =>
          places[p].start <= end && start <= places[p].start + places[p].length;
        const what = `${contribution.index} at ${i}:${places[p].start}`;
        for (const [k, { creditStart, creditEnd }] of spans[i].entries()) {
          if (!near(creditStart, creditEnd)) continue;
          add("span", `earlier ${k}, ${what}`, () => proofs.earlierOwner({ ...match, span: k }));
        }
        for (let gap = 0; gap <= spans[i].length; gap++) {
          const from = gap === 0 ? 0 : spans[i][gap - 1].creditEnd;
          const to = gap === spans[i].length ? output.length + 1 : spans[i][gap].creditStart;
          if (near(from, to)) add("span", `missing ${gap}, ${what}`, () => proofs.missingSpan({ ...match, gap }));
        }
      }
    }
  }
  return challenges;
}

/** Words of an output as a contribution has them, but for a byte, a token, or the place. */
export function nearlyGrams(world: Reported, random: Random, count: number): Challenge[] {
  const { data, report, log, contributions, batches } = world;
  const proofs = new FaultProofs({ report, data, log });
  const outputs = new Map(batches.flatMap(({ calls }) => calls.map((call) => [call.receipt.outputRoot, call.output])));
  const challenges: Challenge[] = [];
  for (let tries = 0; challenges.length < count && tries < 50 * count; tries++) {
    const inference = random.integer(0, data.lists.inferences.length - 1);
    const spans = data.lists.spans[inference];
    const output = outputs.get(data.lists.inferences[inference].inference.outputRoot);
    if (spans.length === 0 || output === undefined) continue;
    const span = random.integer(0, spans.length - 1);
    const { matchStart, matchEnd, sourceOffset } = spans[span];
    const contribution = random.pick(contributions);
    const place: GramPlace = { start: matchStart, length: matchEnd - matchStart, sourceOffset };
    const field = random.pick(["start", "length", "sourceOffset"] as const);
    const words = output.subarray(matchStart, matchEnd);
    place[field] += random.pick([-1, 1, 2, -2, words.indexOf(0x20) + 1, -(words.length - words.lastIndexOf(0x20))]);
    const fits =
      Math.min(place.start, place.sourceOffset, place.length) >= 0 &&
      place.start + place.length <= output.length &&
      place.sourceOffset + place.length <= contribution.text.length;
    if (!fits) continue;
    const match = { inference, place, output, contribution };
    const what = `${JSON.stringify(place)} of ${contribution.index}`;
    challenges.push(
      random.chance(0.5)
        ? { what: `nearly earlier ${what}`, verifier: "span", proof: proofs.earlierOwner({ ...match, span }) }
        : {
            what: `nearly missing ${what}`,
            verifier: "span",
            proof: proofs.missingSpan({ ...match, gap: random.integer(0, spans.length) }),
          },
    );
  }
  return challenges;
}

/** A proof with some of its bytes or words changed, those of the report excepted. */
export function bend({ what, verifier, proof }: Challenge, random: Random): Challenge {
  const bytes = Buffer.from(proof.slice(2), "hex");
  const from = 32 * 13;
  const last = bytes.length - 1;
  const at = random.integer(from, last);
  const word = at - (at % 32);
  const how = random.integer(0, 6);
  if (how === 0) bytes[at] ^= 1 << random.integer(0, 7);
  else if (how === 1) bytes[at] = random.integer(0, 255);
  else if (how === 2) bytes.fill(random.pick([0, 0xff]), word, word + 32);
  else if (how === 3) bytes.copy(bytes, word, random.integer(0, last - 31));
  else if (how === 4) bytes[Math.min(word + 31, last)] += random.pick([1, 255, 32]);
  else if (how === 5) return { what: `cut ${what}`, verifier, proof: `0x${bytes.subarray(0, at).toString("hex")}` };
  else {
    const small = Array.from({ length: bytes.length >> 5 }, (_, w) => 32 * w).filter(
      (w) => w >= from && bytes.subarray(w, w + 30).every((byte) => byte === 0),
    );
    bytes[random.pick(small) + 31] = random.integer(0, 12);
  }
  return { what: `bent ${what}`, verifier, proof: `0x${bytes.toString("hex")}` };
}

/** Why a proof was not good; the fault's id if it was. */
export async function verdictOf(
  { spanVerifier, payoutVerifier }: Pick<ReportWorld, "spanVerifier" | "payoutVerifier">,
  { verifier, proof }: Challenge,
): Promise<{ refused: string } | { id: string }> {
  try {
    const { id } = await (verifier === "span" ? spanVerifier : payoutVerifier).verify(proof);
    return { id };
  } catch (error) {
    const message = String(error);
    if (!/revert|panic/i.test(message)) throw error;
    return { refused: /custom error '(\w+)/.exec(message)?.[1] ?? "" };
  }
}
