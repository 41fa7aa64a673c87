import { TOKEN_SEPARATOR } from "./grams.ts";
import type { GramIndex } from "./gramIndex.ts";
import { suffixArray } from "./suffixArray.ts";
import { Vocabulary } from "./vocabulary.ts";

/** Where a contribution has a passage. */
export interface PassageSource {
  contribution: number;
  /** In bytes of the contribution. */
  offset: number;
}

/** A slice of an output that contributions have too, and that no longer one of which this is true contains. */
export interface Passage {
  /** In bytes of the output. */
  start: number;
  end: number;
  tokens: number;
  /** How often it is found in all contributions. */
  occurrences: number;
  /** log2 of how likely its tokens would be if they came independently of each other. */
  logProbability: number;
  /** The first of its occurrences. */
  sources: PassageSource[];
}

/** A contribution that has passages, and how well it fits the output. */
export interface RankedContribution {
  contribution: number;
  /** BM25 of the output's tokens. */
  score: number;
}

export interface Explanation {
  /** Rarest first. */
  passages: Passage[];
  /** Best first. */
  contributions: RankedContribution[];
}

/** Comes behind each contribution, and in none. */
const CONTRIBUTION_END = 0;
const UNKNOWN = -1;

/** Occurrences of a passage among which the first are looked for. */
const MAX_CANDIDATES = 1_000;

/** Tokens from one whose offset is kept to the next. */
const SAMPLE_TOKENS = 64;

const BM25_K1 = 1.2;
const BM25_B = 0.75;

/**
 * Shows people where an output resembles contributions: all passages, however long and wherever they occur, not just what
 * is credited.
 *
 * For display only. Scores are floating-point numbers that may differ from engine to engine in their last digits, and no
 * money depends on anything here.
 */
export class Explainer {
  readonly #index: GramIndex;
  readonly #vocabulary = new Vocabulary();
  /** Tokens of all contributions that count, with `CONTRIBUTION_END` behind each. */
  readonly #tokens: Int32Array;
  readonly #suffixes: Int32Array;
  /** First token of each contribution. */
  readonly #firstTokens: Float64Array;
  /** Offsets, each in its contribution, of every token whose place is a multiple of `SAMPLE_TOKENS`. */
  readonly #sampledOffsets: Uint32Array;
  /** By token: how often it occurs, and in how many contributions. */
  readonly #occurrences: Uint32Array;
  readonly #documents: Uint32Array;
  /** By token: its place among the tokens asked for, and 1. */
  readonly #asked: Uint32Array;
  readonly #counted: number;

  /** Takes the contributions of an index as they are now: about 9 bytes per token stay, some more while it works. */
  constructor(index: GramIndex) {
    this.#index = index;
    const { count } = index;
    const texts = Array.from({ length: count }, (_, contribution) => index.textOf(contribution));
    this.#counted = texts.filter((text) => text !== undefined).length;
    const total = texts.reduce((sum, text) => sum + (text === undefined ? 0 : tokensIn(text) + 1), 0);
    this.#tokens = new Int32Array(total);
    this.#firstTokens = new Float64Array(count + 1);
    this.#sampledOffsets = new Uint32Array(Math.ceil(total / SAMPLE_TOKENS));
    let at = 0;
    texts.forEach((text, contribution) => {
      this.#firstTokens[contribution] = at;
      if (text === undefined) return;
      forEachToken(text, (start, end) => {
        if (at % SAMPLE_TOKENS === 0) this.#sampledOffsets[at / SAMPLE_TOKENS] = start;
        this.#tokens[at++] = this.#vocabulary.add(text, start, end);
      });
      this.#tokens[at++] = CONTRIBUTION_END;
    });
    this.#firstTokens[count] = at;

    const alphabet = this.#vocabulary.size + 1;
    this.#occurrences = new Uint32Array(alphabet);
    this.#documents = new Uint32Array(alphabet);
    this.#asked = new Uint32Array(alphabet);
    this.#countTokens();
    this.#suffixes = suffixArray(this.#tokens, alphabet);
  }

  /**
   * @param minTokens Tokens that a passage has at least.
   * @param passages Passages to show at most.
   * @param sources Occurrences to name of each.
   */
  explain(
    output: Uint8Array,
    {
      minTokens = this.#index.k,
      passages: maxPassages = 20,
      sources: maxSources = 10,
    }: { minTokens?: number; passages?: number; sources?: number } = {},
  ): Explanation {
    if (minTokens < 1) throw new RangeError(`A passage has at least one token, not ${minTokens}.`);
    const starts: number[] = [];
    const ends: number[] = [];
    const asked: number[] = [];
    forEachToken(output, (start, end) => {
      starts.push(start);
      ends.push(end);
      asked.push(this.#vocabulary.find(output, start, end));
    });
    const query = Int32Array.from(asked);
    const found = this.#longestMatches(query)
      .filter(({ tokens }) => tokens >= minTokens)
      .map(({ first, tokens }) => {
        const [low, high] = this.#range(query.subarray(first, first + tokens));
        const logProbability = this.#logProbability(query.subarray(first, first + tokens));
        const passage = { start: starts[first], end: ends[first + tokens - 1], tokens, occurrences: high - low };
        return { ...passage, logProbability, low, high };
      })
      .sort((a, b) => a.occurrences - b.occurrences || a.logProbability - b.logProbability || a.start - b.start)
      .slice(0, maxPassages);
    const passages = found.map(({ low, high, ...passage }) => ({
      ...passage,
      sources: this.#sourcesOf({ low, high, most: maxSources }),
    }));
    return { passages, contributions: this.#rank(query, passages) };
  }

  #countTokens(): void {
    const lastSeen = new Int32Array(this.#occurrences.length).fill(-1);
    let contribution = 0;
    for (const token of this.#tokens) {
      if (token === CONTRIBUTION_END) {
        contribution++;
        continue;
      }
      this.#occurrences[token]++;
      if (lastSeen[token] !== contribution) this.#documents[token]++;
      lastSeen[token] = contribution;
    }
  }

  /** For each first token the longest match, without those that lie within the one before. */
  #longestMatches(query: Int32Array): { first: number; tokens: number }[] {
    const matches: { first: number; tokens: number }[] = [];
    let lastEnd = 0;
    for (let first = 0; first < query.length; first++) {
      const tokens = this.#longestMatch(query, first);
      if (first + tokens > lastEnd) {
        matches.push({ first, tokens });
        lastEnd = first + tokens;
      }
    }
    return matches;
  }

  /** Tokens from `first` that some contribution has in a row. They are those of a neighbour in the order of suffixes. */
  #longestMatch(query: Int32Array, first: number): number {
    const tokens = this.#tokens;
    const suffixes = this.#suffixes;
    const most = query.length - first;
    let low = -1;
    let high = suffixes.length;
    let lowMatch = 0;
    let highMatch = 0;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      const suffix = suffixes[middle];
      let match = Math.min(lowMatch, highMatch);
      while (match < most && tokens[suffix + match] === query[first + match]) match++;
      if (match === most) return most;
      if (tokens[suffix + match] < query[first + match]) {
        low = middle;
        lowMatch = match;
      } else {
        high = middle;
        highMatch = match;
      }
    }
    return Math.max(lowMatch, highMatch);
  }

  /** Which suffixes begin with these tokens. */
  #range(query: Int32Array): [number, number] {
    return [this.#bound(query, (order) => order < 0), this.#bound(query, (order) => order <= 0)];
  }

  #bound(query: Int32Array, isBefore: (order: number) => boolean): number {
    let low = 0;
    let high = this.#suffixes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#compare(this.#suffixes[middle], query))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Below 0 if the suffix comes before all that begin with the query, 0 if it is one of them. */
  #compare(suffix: number, query: Int32Array): number {
    for (let i = 0; i < query.length; i++) {
      const order = this.#tokens[suffix + i] - query[i];
      if (order !== 0) return order;
    }
    return 0;
  }

  #logProbability(query: Int32Array): number {
    const total = this.#tokens.length - this.#counted;
    return query.reduce((sum, token) => sum + Math.log2(this.#occurrences[token] / total), 0);
  }

  #sourcesOf({ low, high, most }: { low: number; high: number; most: number }): PassageSource[] {
    const positions = this.#suffixes.slice(low, Math.min(high, low + MAX_CANDIDATES)).sort();
    return Array.from(positions.subarray(0, most), (position) => {
      const contribution = this.#contributionAt(position);
      return { contribution, offset: this.#offsetOf(contribution, position) };
    });
  }

  #contributionAt(position: number): number {
    let low = 0;
    let high = this.#firstTokens.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#firstTokens[middle] <= position) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #offsetOf(contribution: number, position: number): number {
    const text = this.#index.textOf(contribution) ?? new Uint8Array();
    const sample = Math.floor(position / SAMPLE_TOKENS);
    const isWithin = sample * SAMPLE_TOKENS >= this.#firstTokens[contribution];
    let at = isWithin ? sample * SAMPLE_TOKENS : this.#firstTokens[contribution];
    let offset = isWithin ? this.#sampledOffsets[sample] : 0;
    for (; at < position; at++) offset = text.indexOf(TOKEN_SEPARATOR, offset) + 1;
    return offset;
  }

  #rank(query: Int32Array, passages: readonly Passage[]): RankedContribution[] {
    const terms = [...new Set(query)].filter((token) => token !== UNKNOWN);
    terms.forEach((token, i) => {
      this.#asked[token] = i + 1;
    });
    const candidates = new Set(passages.flatMap(({ sources }) => sources.map(({ contribution }) => contribution)));
    const ranked = [...candidates].map((contribution) => ({ contribution, score: this.#score(contribution, terms) }));
    for (const token of terms) this.#asked[token] = 0;
    return ranked.sort((a, b) => b.score - a.score || a.contribution - b.contribution);
  }

  #score(contribution: number, terms: readonly number[]): number {
    const first = this.#firstTokens[contribution];
    const end = this.#firstTokens[contribution + 1] - 1;
    const counts = new Uint32Array(terms.length + 1);
    for (let at = first; at < end; at++) counts[this.#asked[this.#tokens[at]]]++;
    const meanLength = this.#tokens.length / this.#counted - 1;
    const lengthFactor = BM25_K1 * (1 - BM25_B + (BM25_B * (end - first)) / meanLength);
    return terms.reduce((score, token, i) => {
      const documents = this.#documents[token];
      const weight = Math.log(1 + (this.#counted - documents + 0.5) / (documents + 0.5));
      return score + (weight * counts[i + 1] * (BM25_K1 + 1)) / (counts[i + 1] + lengthFactor);
    }, 0);
  }
}

function tokensIn(text: Uint8Array): number {
  let tokens = 1;
  for (const byte of text) if (byte === TOKEN_SEPARATOR) tokens++;
  return tokens;
}

function forEachToken(text: Uint8Array, tell: (start: number, end: number) => void): void {
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    if (at < text.length && text[at] !== TOKEN_SEPARATOR) continue;
    tell(start, at);
    start = at + 1;
  }
}
