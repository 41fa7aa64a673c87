import { suffixArray } from "../../sdk/attribution/suffixArray.ts";
import type { Random } from "../../test/reference/random.ts";

/** Tokens whose order the model knows: a token depends on the four before it. */
const ORDER = 5;

/** Comes behind each text, and in none. */
const END = 0;

/** Of each count so many parts go to shorter contexts, so that the model also says what nobody has said. */
const PARTS = 8;
const DISCOUNT = 5;

/**
 * A language model that has learned from texts which token follows which: it counts n-grams, and after contexts that it
 * knows little of it falls back to shorter ones (absolute discounting). All of it is integers, so that with the same
 * random numbers it says the same on every machine.
 */
export class LanguageModel {
  /** Different tokens, by their number; the first one is `END`. */
  readonly #words: string[] = [""];
  readonly #numbers = new Map<string, number>();
  readonly #tokens: Int32Array;
  /** Starts of all n-grams in their order: how often one occurs is how many of them begin with it. */
  readonly #suffixes: Int32Array;

  private constructor(texts: readonly (readonly string[])[]) {
    this.#tokens = new Int32Array(texts.reduce((sum, { length }) => sum + length + 1, 0));
    let at = 0;
    for (const text of texts) {
      for (const word of text) this.#tokens[at++] = this.#learn(word);
      this.#tokens[at++] = END;
    }
    this.#suffixes = suffixArray(this.#tokens, this.#words.length);
  }

  /** @param texts Tokens with a space between them, as canonical text has them. */
  static train(texts: readonly Uint8Array[]): LanguageModel {
    const decoder = new TextDecoder();
    return new LanguageModel(texts.map((text) => decoder.decode(text).split(" ")));
  }

  /** Different tokens that it has learned. */
  get vocabulary(): number {
    return this.#words.length - 1;
  }

  /** Whether it has learned a token. */
  knows(word: string): boolean {
    return this.#numbers.has(word);
  }

  /** Continues a prompt by up to `length` tokens, at least by one. */
  generate({ prompt, length, random }: { prompt: string; length: number; random: Random }): string {
    const history = prompt.split(" ").map((word) => this.#numbers.get(word) ?? END);
    const words: string[] = [];
    while (words.length < length) {
      const token = this.#next(history, random);
      if (token !== END) {
        history.push(token);
        words.push(this.#words[token]);
      } else if (words.length > 0) {
        break;
      }
    }
    return words.join(" ");
  }

  #learn(word: string): number {
    const known = this.#numbers.get(word);
    if (known !== undefined) return known;
    const number = this.#words.push(word) - 1;
    this.#numbers.set(word, number);
    return number;
  }

  #next(history: readonly number[], random: Random): number {
    for (let known = Math.min(ORDER - 1, history.length); known > 0; known--) {
      const token = this.#follow(history.slice(-known), random);
      if (token !== undefined) return token;
    }
    return this.#tokens[random.integer(0, this.#tokens.length - 1)];
  }

  /** A token that follows a context, or undefined if a shorter one is to decide. */
  #follow(context: readonly number[], random: Random): number | undefined {
    const low = this.#bound(context, (order) => order < 0);
    const high = this.#bound(context, (order) => order <= 0);
    if (low === high) return undefined;
    let rest = random.integer(0, PARTS * (high - low) - 1);
    for (let first = low; first < high;) {
      const token = this.#tokens[this.#suffixes[first] + context.length];
      let end = first + 1;
      while (end < high && this.#tokens[this.#suffixes[end] + context.length] === token) end++;
      rest -= PARTS * (end - first) - DISCOUNT;
      if (rest < 0) return token;
      first = end;
    }
    return undefined;
  }

  /** How many n-grams come before the context, or are not behind it. */
  #bound(context: readonly number[], isBefore: (order: number) => boolean): number {
    let low = 0;
    let high = this.#suffixes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBefore(this.#compare(this.#suffixes[middle], context))) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Below 0 if the n-gram at `start` comes before those that begin with the context, 0 if it is one of them. */
  #compare(start: number, context: readonly number[]): number {
    for (const [i, token] of context.entries()) {
      const order = this.#tokens[start + i] - token;
      if (order !== 0) return order;
    }
    return 0;
  }
}
