/**
 * Attribution straight from its definition, quadratic and without tables, to compare the engine with. Shares no code with
 * it. Bytes are characters of strings here (Latin-1).
 */

const MOST_BYTES = 254;
const NOBODY = Number.POSITIVE_INFINITY;

export interface NaiveSpan {
  creditStart: number;
  creditEnd: number;
  matchStart: number;
  matchEnd: number;
  contribution: number;
  sourceOffset: number;
}

export interface NaiveNovelty {
  tokens: number;
  units: number;
  novelTokens: number;
  novelUnits: number;
  inherited: { contribution: number; tokens: number; units: number }[];
}

interface Occurrence {
  contribution: number;
  offset: number;
}

/** A text, or undefined for a contribution that does not count. */
export type NaiveText = string | undefined;

function offsetsOf(tokens: string[]): number[] {
  return tokens.map((_, i) => tokens.slice(0, i).reduce((sum, token) => sum + token.length + 1, 0));
}

/** All contributions whose tokens contain these K, each with the first offset. */
function firstOccurrence(gram: string[], texts: NaiveText[]): Occurrence | undefined {
  if (gram.join(" ").length > MOST_BYTES) return undefined;
  for (const [contribution, text] of texts.entries()) {
    if (text === undefined) continue;
    const tokens = text.split(" ");
    const at = tokens.findIndex(
      (_, i) => i + gram.length <= tokens.length && gram.every((token, j) => tokens[i + j] === token),
    );
    if (at >= 0) return { contribution, offset: tokens.slice(0, at).join("").length + at };
  }
  return undefined;
}

/** For each token of a text the K-gram it is credited for: its first token, and where it first occurs. */
function choices({ texts, text, k }: { texts: NaiveText[]; text: string; k: number }) {
  const tokens = text.split(" ");
  const grams = tokens
    .map((_, i) => ({ first: i, tokens: tokens.slice(i, i + k) }))
    .filter((gram) => gram.tokens.length === k)
    .map((gram) => ({ first: gram.first, source: firstOccurrence(gram.tokens, texts) }));
  return tokens.map((_, token) => {
    const covering = grams.filter(({ first }) => first <= token && token < first + k);
    const lowest = Math.min(...covering.map(({ source }) => source?.contribution ?? NOBODY));
    for (const { first, source } of covering) {
      if (source?.contribution === lowest) return { first, source };
    }
    return undefined;
  });
}

export function naiveAttribution({ texts, output, k }: { texts: NaiveText[]; output: string; k: number }): NaiveSpan[] {
  const tokens = output.split(" ");
  const offsets = offsetsOf(tokens);
  const spans: NaiveSpan[] = [];
  let previous: NaiveSpan | undefined;
  choices({ texts, text: output, k }).forEach((choice, token) => {
    if (choice === undefined) {
      previous = undefined;
      return;
    }
    const { first, source } = choice;
    const matchStart = offsets[first];
    const matchEnd = offsets[first + k - 1] + tokens[first + k - 1].length;
    const creditEnd = offsets[token] + tokens[token].length + 1;
    const { contribution, offset: sourceOffset } = source;
    const joins =
      previous?.contribution === contribution &&
      matchStart - previous.matchStart === sourceOffset - previous.sourceOffset &&
      matchEnd - previous.matchStart <= MOST_BYTES;
    if (joins && previous !== undefined) {
      previous.creditEnd = creditEnd;
      previous.matchEnd = matchEnd;
    } else {
      previous = { creditStart: offsets[token], creditEnd, matchStart, matchEnd, contribution, sourceOffset };
      spans.push(previous);
    }
  });
  return spans;
}

/** Novelty of a text against these texts, all of them earlier. */
export function naiveNovelty({ texts, text, k }: { texts: NaiveText[]; text: string; k: number }): NaiveNovelty {
  const tokens = text.split(" ");
  const sources = choices({ texts, text, k }).map((choice) => choice?.source.contribution);
  const unitsOf = (from: number | undefined): number =>
    tokens.reduce((sum, token, i) => sum + (sources[i] === from ? token.length + 1 : 0), 0);
  const tokensOf = (from: number | undefined): number => sources.filter((source) => source === from).length;
  const inherited = [...texts.keys()]
    .filter((contribution) => sources.includes(contribution))
    .map((contribution) => ({ contribution, tokens: tokensOf(contribution), units: unitsOf(contribution) }));
  return {
    tokens: tokens.length,
    units: text.length + 1,
    novelTokens: tokensOf(undefined),
    novelUnits: unitsOf(undefined),
    inherited,
  };
}
