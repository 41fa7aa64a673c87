import { Random } from "../../test/reference/random.ts";

/** Words with their apostrophes, numbers, and every other sign by itself. */
const TOKEN = /[\p{L}\p{N}]+(?:['’][\p{L}]+)*|[^\s\p{L}\p{N}]/gu;

/** Signs that stand right behind the word before them. */
const CLOSING = /^[.,;:!?)\]%’”]$/u;

/** Stands before each text. */
const BEGINNING = 0;

export function tokenize(text: string): string[] {
  return text.match(TOKEN) ?? [];
}

/**
 * An n-gram model: each token is drawn as often as it followed the n - 1 tokens before it in the texts, or as many of
 * them as were ever seen together.
 *
 * It keeps the texts as numbers in a ring, and the positions of the ring in the order of the tokens that are found
 * there. Whatever begins with the same tokens is then a range, found by bisection, and a position drawn from the range is
 * a draw from the counts.
 */
export class NgramModel {
  readonly #contextLength: number;
  readonly #words = ["\n"];
  readonly #ids = new Map<string, number>();
  readonly #tokens: Uint32Array;
  readonly #positions: Uint32Array;

  /** @throws RangeError if there is nothing to learn from. */
  constructor({ texts, n }: { texts: string[]; n: number }) {
    this.#contextLength = n - 1;
    const tokens: number[] = [];
    for (const words of texts.map(tokenize)) {
      if (words.length > 0) tokens.push(BEGINNING, ...words.map((word) => this.#learn(word)));
    }
    if (tokens.length === 0) throw new RangeError("The texts have no words, so there is nothing to learn from.");
    this.#tokens = Uint32Array.from(tokens);
    this.#positions = Uint32Array.from(tokens.keys()).sort((a, b) => this.#compare(a, b));
  }

  /** How many n-grams it has learned from. */
  get size(): number {
    return this.#positions.length;
  }

  /** Continues a text by exactly so many tokens: the same ones for the same seed. */
  complete({ prompt, maxTokens, seed }: { prompt: string; maxTokens: number; seed: number }): string {
    const random = new Random(seed);
    // A word that was never seen has no number, and nothing is found behind it.
    let context = tokenize(prompt).map((word) => this.#ids.get(word) ?? -1);
    let text = "";
    for (let count = 0; count < maxTokens;) {
      const token = this.#draw(context.slice(-this.#contextLength), random);
      if (token === BEGINNING) {
        // What the texts have in common is how they begin, and not which one comes next.
        context = [BEGINNING];
        continue;
      }
      context.push(token);
      const word = this.#words[token];
      text += text === "" || CLOSING.test(word) ? word : ` ${word}`;
      count++;
    }
    return text;
  }

  #learn(word: string): number {
    const known = this.#ids.get(word);
    if (known !== undefined) return known;
    this.#ids.set(word, this.#words.length);
    return this.#words.push(word) - 1;
  }

  #draw(context: number[], random: Random): number {
    for (let rest = context; ; rest = rest.slice(1)) {
      const first = this.#bisect((position) => this.#compareTo(position, rest) >= 0);
      const end = this.#bisect((position) => this.#compareTo(position, rest) > 0);
      // Every position begins with no tokens at all, so this ends.
      if (first < end) return this.#tokenAt(this.#positions[random.integer(first, end - 1)] + rest.length);
    }
  }

  /** Index of the first position, in their order, of which this is true. It is true of all behind it. */
  #bisect(isBehind: (position: number) => boolean): number {
    let [low, high] = [0, this.#positions.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBehind(this.#positions[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #compare(a: number, b: number): number {
    for (let i = 0; i < this.#contextLength; i++) {
      const difference = this.#tokenAt(a + i) - this.#tokenAt(b + i);
      if (difference !== 0) return difference;
    }
    return a - b;
  }

  #compareTo(position: number, context: number[]): number {
    for (const [i, token] of context.entries()) {
      const difference = this.#tokenAt(position + i) - token;
      if (difference !== 0) return difference;
    }
    return 0;
  }

  #tokenAt(position: number): number {
    return this.#tokens[position % this.#tokens.length];
  }
}
