import { MAX_GRAM_BYTES, SCAN_BATCH, TOKEN_SEPARATOR } from "./grams.ts";
import type { GramIndex } from "./gramIndex.ts";

/**
 * Tokens of an output that follow each other and are credited to the same contribution for the same match. Ranges are in
 * bytes of the output.
 */
export interface Span {
  /** First byte credited. */
  creditStart: number;
  /** Behind the space that follows the last token credited; the output counts as if a space followed it. */
  creditEnd: number;
  /** First byte of a slice of at least K tokens and `MAX_GRAM_BYTES` bytes at most that holds all tokens credited. */
  matchStart: number;
  matchEnd: number;
  contribution: number;
  /** Where the contribution has the same bytes as the output from `matchStart` to `matchEnd`. */
  sourceOffset: number;
}

export interface Attribution {
  /** Bytes of the output and 1: what all credit is a share of. */
  units: number;
  /** In the order of the output. They do not overlap. */
  spans: Span[];
}

/** Stands for the contribution of what has none. */
export const NO_CONTRIBUTION = 0xffffffff;

/**
 * Credits each token of an output to the lowest contribution among the first occurrences of all K-grams of the output that
 * cover the token. Within one contribution it is the K-gram that begins first in the output.
 *
 * Keeps its working memory from call to call.
 */
export class Attributor {
  readonly #index: GramIndex;
  readonly #scanner;
  /** Where each token begins, and behind the last where another would. */
  #tokenStarts = new Uint32Array();
  /** By the token that a K-gram begins with: the contribution it first occurs in, and where. */
  #owners = new Uint32Array();
  #sourceOffsets = new Uint32Array();
  /** First token of the K-gram for which a token is credited, -1 if there is none. */
  #chosen = new Int32Array();

  constructor(index: GramIndex) {
    this.#index = index;
    this.#scanner = index.scanner();
  }

  /**
   * @param output Any bytes; see `canonicalText`.
   * @param contributions Only the first so many of the index count, as if there were no others.
   */
  attribute(output: Uint8Array, { contributions = this.#index.count }: { contributions?: number } = {}): Attribution {
    const tokens = this.#choose(output, contributions);
    const k = this.#index.k;
    const starts = this.#tokenStarts;
    const spans: Span[] = [];
    let last: Span | undefined;
    for (let token = 0; token < tokens; token++) {
      const gram = this.#chosen[token];
      if (gram < 0) {
        last = undefined;
        continue;
      }
      const contribution = this.#owners[gram];
      const matchStart = starts[gram];
      const matchEnd = starts[gram + k] - 1;
      const sourceOffset = this.#sourceOffsets[gram];
      if (
        last?.contribution === contribution &&
        last.sourceOffset - last.matchStart === sourceOffset - matchStart &&
        matchEnd - last.matchStart <= MAX_GRAM_BYTES
      ) {
        last.creditEnd = starts[token + 1];
        last.matchEnd = matchEnd;
      } else {
        last = {
          creditStart: starts[token],
          creditEnd: starts[token + 1],
          matchStart,
          matchEnd,
          contribution,
          sourceOffset,
        };
        spans.push(last);
      }
    }
    return { units: output.length + 1, spans };
  }

  /**
   * Tells of each token of a text, in order, whom it is credited to: a contribution before `contributions`, or
   * `NO_CONTRIBUTION`. A token's units are its bytes and 1.
   */
  forEachToken({
    text,
    contributions,
    tell,
  }: {
    text: Uint8Array;
    contributions: number;
    tell: (contribution: number, units: number) => void;
  }): void {
    const tokens = this.#choose(text, contributions);
    const starts = this.#tokenStarts;
    for (let token = 0; token < tokens; token++) {
      const gram = this.#chosen[token];
      tell(gram < 0 ? NO_CONTRIBUTION : this.#owners[gram], starts[token + 1] - starts[token]);
    }
  }

  /** Chooses the K-gram of each token, and returns how many tokens there are. */
  #choose(text: Uint8Array, contributions: number): number {
    const tokens = this.#findTokens(text);
    this.#findOwners({ text, tokens, contributions });
    const k = this.#index.k;
    const owners = this.#owners;
    let best = -1;
    for (let token = 0; token < tokens; token++) {
      // The last tokens begin no K-gram; their owner is nobody.
      if (best >= 0 && best <= token - k) {
        best = -1;
        for (let gram = token - k + 1; gram < token; gram++) best = this.#better(best, gram);
      }
      if (owners[token] !== NO_CONTRIBUTION) best = this.#better(best, token);
      this.#chosen[token] = best;
    }
    return tokens;
  }

  #better(best: number, gram: number): number {
    const owner = this.#owners[gram];
    if (owner === NO_CONTRIBUTION) return best;
    return best < 0 || owner < this.#owners[best] ? gram : best;
  }

  #findTokens(text: Uint8Array): number {
    let tokens = 1;
    for (const byte of text) if (byte === TOKEN_SEPARATOR) tokens++;
    this.#reserve(tokens);
    const starts = this.#tokenStarts;
    starts[0] = 0;
    let token = 1;
    for (let at = 0; at < text.length; at++) if (text[at] === TOKEN_SEPARATOR) starts[token++] = at + 1;
    starts[token] = text.length + 1;
    return tokens;
  }

  #findOwners({ text, tokens, contributions }: { text: Uint8Array; tokens: number; contributions: number }): void {
    const index = this.#index;
    const scanner = this.#scanner;
    const { starts, ends, hashes } = scanner;
    const owners = this.#owners;
    owners.fill(NO_CONTRIBUTION, 0, tokens);
    scanner.begin(text);
    for (let first = 0, found = scanner.next(); found > 0; first += SCAN_BATCH, found = scanner.next()) {
      for (let i = 0; i < found; i++) {
        const position = index.find(text, starts[i], ends[i], hashes[i]);
        if (position < 0) continue;
        const contribution = index.contributionAt(position);
        if (contribution >= contributions) continue;
        owners[first + i] = contribution;
        this.#sourceOffsets[first + i] = position - index.startOf(contribution);
      }
    }
  }

  #reserve(tokens: number): void {
    if (tokens < this.#tokenStarts.length) return;
    const capacity = Math.max(1024, 2 * tokens);
    this.#tokenStarts = new Uint32Array(capacity);
    this.#owners = new Uint32Array(capacity);
    this.#sourceOffsets = new Uint32Array(capacity);
    this.#chosen = new Int32Array(capacity);
  }
}

/** Attributes one output; see `Attributor`, which is faster for many. */
export function attribute({
  index,
  output,
  contributions = index.count,
}: {
  index: GramIndex;
  output: Uint8Array;
  contributions?: number;
}): Attribution {
  return new Attributor(index).attribute(output, { contributions });
}

/**
 * Units that each contribution has been credited with, in the order of contributions.
 *
 * @param commons The first so many contributions are nobody's and earn nothing.
 */
export function creditsOf({ spans }: Attribution, { commons = 0 }: { commons?: number } = {}): Map<number, number> {
  const credits = new Map<number, number>();
  for (const { contribution, creditStart, creditEnd } of spans) {
    if (contribution < commons) continue;
    credits.set(contribution, (credits.get(contribution) ?? 0) + creditEnd - creditStart);
  }
  return new Map([...credits].sort(([a], [b]) => a - b));
}
