import type { ChapterText } from "./chapter.ts";
import { formatInteger, formatOpen, formatPercent } from "./format.ts";
import { escapeMarkup } from "./markup.ts";

/** Of the lines that sum it all up. */
export const ATTRIBUTION_TITLE = "Attribution of outputs";

/** Outputs that the page shows. */
const OUTPUTS_SHOWN = 12;
/** Words of a passage that are quoted. */
const WORDS_QUOTED = 8;
/** Degrees of a circle of hues. */
const HUES = 360;

/** Texts, a model that has read them, what it says, and who is paid for it. Amounts in the token's smallest unit. */
export interface AttributionResult {
  model: ModelResult;
  /** In the order of their first contributions. */
  rows: {
    name: string;
    texts: number;
    /** Of outputs, credited to it. */
    bytes: number;
    /** For words that were found in outputs. */
    byUse: bigint;
    /** By units of the version: for its licence, and of what is credited to nobody. */
    byUnits: bigint;
  }[];
  outputs: OutputResult[];
  copy: { name: string; title: string };
  forgery: ForgeryResult;
  pot: PotResult & { reporter: string };
  reason: ReasonResult;
}

export interface ModelResult {
  texts: number;
  /** Different tokens. */
  vocabulary: number;
  earlierTexts: number;
  earlierVocabulary: number;
}

export interface OutputResult {
  prompt: string;
  pieces: Piece[];
}

/** Adjacent words of an output. */
export interface Piece {
  text: string;
  /** Who is credited, undefined for commons, and which text has the words first. */
  source?: { name: string | undefined; title: string };
}

export interface ForgeryResult {
  reporter: string;
  /** What it put down to itself. */
  moved: bigint;
  /** As the documents number them. */
  fault: string;
  reason: string;
  bond: bigint;
  watcher: string;
  reward: bigint;
  burned: bigint;
}

export interface PotResult {
  received: bigint;
  /** Into the report's split. */
  paid: bigint;
  /** Of that, to the version's split. */
  remainder: bigint;
  /** The reporter's. */
  fee: bigint;
  left: bigint;
  /** That rounding has cost anybody, rounded up. */
  mostRoundedOff: bigint;
}

/** Why somebody was paid. */
export interface ReasonResult {
  name: string;
  amount: bigint;
  words: string;
  /** Counted from 1. */
  output: number;
  contribution: number;
  title: string;
  /** In bytes of the contribution. */
  offset: number;
}

export function describeAttribution(result: AttributionResult): ChapterText[] {
  return [describeCredits(result), describePot(result)];
}

/** A line per event. */
export function summarizeAttribution(result: AttributionResult): string[] {
  const { model, outputs, rows, copy, forgery, pot } = result;
  const { credited, all } = bytesOf(result);
  return [
    `Served:    a model trained on ${model.texts} texts answered ${outputs.length} calls; ` +
      `${formatPercent(BigInt(credited), BigInt(all))} of what it said is somebody's.`,
    `Forged:    ${forgery.reporter} put ${formatOpen(forgery.moved)} OPEN down to itself. Its report is void, its bond of ` +
      `${formatOpen(forgery.bond, 0)} lost.`,
    `Paid:      ${rows.filter(({ byUse }) => byUse > 0n).length} contributors claimed ` +
      `${formatOpen(pot.paid - pot.remainder)} OPEN; ${copy.name}, whose text is a copy, has earned nothing.`,
    `Because:   ${explain(result)}`,
  ];
}

/** Outputs with the words of each contributor in a colour of its own. */
export function markOutputs({ outputs, rows }: AttributionResult): string {
  const styles = new Map(rows.map(({ name }, i) => [name, ` style="--hue:${Math.floor((HUES * i) / rows.length)}"`]));
  const mark = (text: string, { name, title }: { name: string | undefined; title: string }): string => {
    const style = name === undefined ? "" : (styles.get(name) ?? "");
    return `<mark title="${escapeMarkup(title)}"${style}>${escapeMarkup(text)}</mark>`;
  };
  const paragraphs = outputs.slice(0, OUTPUTS_SHOWN).map(({ prompt, pieces }) => {
    const marked = pieces.map(({ text, source }) => {
      if (source === undefined) return escapeMarkup(text);
      const words = text.trimEnd();
      return mark(words, source) + text.slice(words.length);
    });
    return `<p class="output"><i>${escapeMarkup(prompt)}</i> ${marked.join("")}</p>`;
  });
  const legend = [...rows.filter(({ bytes }) => bytes > 0), { name: undefined }].map(
    ({ name }) => `<li>${mark(name ?? "nobody's", { name, title: "contributor" })}</li>`,
  );
  return `<ul class="legend">${legend.join("")}</ul>\n${paragraphs.join("\n")}`;
}

function describeCredits(result: AttributionResult): ChapterText {
  const { model, rows, outputs, copy } = result;
  const { credited, all } = bytesOf(result);
  return {
    title: `Whose words a model says: ${outputs.length} calls of a model trained on ${model.texts} texts`,
    columns: ["contributor", "#texts", "#bytes credited", "#OPEN by use", "#OPEN by units"],
    rows: rows.map(({ name, texts, bytes, byUse, byUnits }) => [
      name,
      formatInteger(texts),
      formatInteger(bytes),
      formatOpen(byUse),
      formatOpen(byUnits),
    ]),
    notes: [
      `${formatInteger(credited)} of ${formatInteger(all)} bytes of outputs are somebody's. By units, which are what was ` +
        "new in a text, comes what is for commons, for what the model made up, and for the licence.",
      `${copy.name} contributed ${copy.title}. The model says more of that now, but the first who had it is paid.`,
      `The model knows ${formatInteger(model.vocabulary)} words and signs. From the version before, of ${model.earlierTexts} ` +
        `texts, it would have learned ${formatInteger(model.earlierVocabulary)}.`,
      `Why: ${explain(result)}`,
    ],
  };
}

function describePot({ forgery, pot }: AttributionResult): ChapterText {
  return {
    title: `A pot of ${formatOpen(pot.received)} OPEN, and a false report that takes ${formatOpen(forgery.moved)} of it`,
    columns: ["pot", "#OPEN"],
    rows: [
      ["received", formatOpen(pot.received)],
      ["to contributors, for their words", formatOpen(pot.paid - pot.remainder)],
      ["to the Datanet version's split", formatOpen(pot.remainder)],
      [`to ${pot.reporter}, for the true report`, formatOpen(pot.fee)],
      ["left, in smallest units", formatInteger(pot.left)],
    ],
    notes: [
      `${forgery.watcher} recomputed what ${forgery.reporter} reported and proved fault ${forgery.fault}: ${forgery.reason}`,
      `Of the bond of ${formatOpen(forgery.bond, 0)} OPEN ${forgery.watcher} got ${formatOpen(forgery.reward, 0)}; ` +
        `${formatOpen(forgery.burned, 0)} were burned.`,
      "Bytes and OPEN are what the rule gives, computed once more from the texts without the index; rounding has cost nobody " +
        `more than ${formatInteger(pot.mostRoundedOff)} of the smallest unit.`,
    ],
  };
}

function explain({ reason: { name, amount, words, output, contribution, title, offset } }: AttributionResult): string {
  const all = words.split(" ");
  const quoted = all.length > WORDS_QUOTED ? `${all.slice(0, WORDS_QUOTED).join(" ")} ...` : words;
  return (
    `${name} got ${formatOpen(amount)} OPEN for "${quoted}" in output ${output}: contribution ${contribution} (${title}) ` +
    `has it first, at byte ${formatInteger(offset)}.`
  );
}

/** Bytes of outputs that somebody is credited with, and all; behind each output counts one more. */
function bytesOf({ rows, outputs }: AttributionResult): { credited: number; all: number } {
  const encoder = new TextEncoder();
  return {
    credited: rows.reduce((sum, { bytes }) => sum + bytes, 0),
    all: outputs.reduce(
      (sum, { pieces }) => sum + 1 + encoder.encode(pieces.map(({ text }) => text).join("")).length,
      0,
    ),
  };
}
