import type { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { TOKEN_SEPARATOR } from "../../sdk/attribution/grams.ts";
import { type Random, randomFrom } from "../sdk/random.ts";

/** Words, drawn as often as in language: the n-th about 1/n as often as the first. */
const VOCABULARY_WORDS = 200_000;
const MAX_WORD_BYTES = 12;
/** Steps in which ranks are drawn. */
const RANKS = 2 ** 20;

/** Words of a passage that is taken over from another text. */
const PASSAGE_WORDS = { least: 20, most: 200 };

/** Writes texts that look like language to an index: few words that are frequent, many that are rare, and reuse. */
export class ZipfWriter {
  readonly random: Random;
  readonly #words: Uint8Array[];
  readonly #ranks: Uint32Array;

  constructor({ seed }: { seed: number }) {
    this.random = randomFrom(seed);
    const random = this.random;
    // The more frequent, the shorter.
    this.#words = Array.from({ length: VOCABULARY_WORDS }, (_, rank) => {
      const length = Math.min(MAX_WORD_BYTES, 2 + random.integer(3 + Math.floor(Math.log2(rank + 1) / 2)));
      return Uint8Array.from({ length }, () => 0x61 + random.integer(26));
    });
    this.#ranks = Uint32Array.from(
      { length: RANKS },
      (_, i) => Math.floor(VOCABULARY_WORDS ** ((i + 0.5) / RANKS)) - 1,
    );
  }

  /**
   * A text of so many words. About `reused` of 100 words come in passages from contributions of `index`.
   *
   * @param from Reuse nothing before this contribution.
   */
  write({
    words,
    index,
    reused = 0,
    from = 0,
  }: {
    words: number;
    index?: GramIndex;
    reused?: number;
    from?: number;
  }): Uint8Array {
    const text = new Uint8Array(words * (MAX_WORD_BYTES + 1));
    const random = this.random;
    const meanPassage = (PASSAGE_WORDS.least + PASSAGE_WORDS.most) / 2;
    // Chance in a million that a passage begins with the next word.
    const chance = reused === 0 ? 0 : (1_000_000 * reused) / ((100 - reused) * meanPassage);
    let length = 0;
    for (let written = 0; written < words;) {
      if (index !== undefined && index.count > from && random.integer(1_000_000) < chance) {
        const wanted = PASSAGE_WORDS.least + random.integer(PASSAGE_WORDS.most - PASSAGE_WORDS.least + 1);
        const source = index.textOf(from + random.integer(index.count - from)) ?? new Uint8Array();
        const passage = cut({
          source,
          at: random.integer(source.length + 1),
          words: Math.min(wanted, words - written),
        });
        text.set(passage.bytes, length);
        length += passage.bytes.length;
        written += passage.words;
      } else {
        const word = this.#words[this.#ranks[random.integer(RANKS)]];
        for (const byte of word) text[length++] = byte;
        text[length++] = TOKEN_SEPARATOR;
        written++;
      }
    }
    return text.slice(0, Math.max(0, length - 1));
  }
}

/** Words of a text from the first that begins behind `at`, with a space behind each. */
function cut({ source, at, words }: { source: Uint8Array; at: number; words: number }): {
  bytes: Uint8Array;
  words: number;
} {
  const first = source.indexOf(TOKEN_SEPARATOR, at) + 1;
  let end = first;
  let found = 0;
  for (; found < words; found++) {
    const next = source.indexOf(TOKEN_SEPARATOR, end);
    if (next < 0) break;
    end = next + 1;
  }
  return { bytes: source.subarray(first, end), words: found };
}
