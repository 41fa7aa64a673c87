import type { Random } from "../sdk/random.ts";

/** A random corpus and outputs that are made of it. Characters stand for bytes. */
export interface Corpus {
  k: number;
  /** Undefined for contributions that do not count. */
  texts: (string | undefined)[];
  outputs: string[];
}

/** Few different tokens, so that texts repeat each other and themselves; empty, strange and long ones among them. */
function vocabularyOf(random: Random): string[] {
  const plain = Array.from({ length: 1 + random.integer(4) }, (_, i) => "abcd"[i]);
  const strange = ["", "\x00", "\n", "\xff\xfe", "a\xe4", "\x80".repeat(3), "ab"];
  const long = ["x".repeat(60), "y".repeat(127), "z".repeat(254), "z".repeat(255), "w".repeat(300)];
  return [
    ...plain,
    ...(random.integer(3) === 0 ? strange.slice(0, 1 + random.integer(strange.length)) : []),
    ...(random.integer(3) === 0 ? long.slice(0, 1 + random.integer(long.length)) : []),
  ];
}

export function randomCorpus(random: Random): Corpus {
  const vocabulary = vocabularyOf(random);
  const write = (most: number): string =>
    Array.from({ length: random.integer(most + 1) }, () => vocabulary[random.integer(vocabulary.length)]).join(" ");
  const k = random.integer(4) === 0 ? 2 + random.integer(31) : 2 + random.integer(4);
  const texts: (string | undefined)[] = [];
  const copy = (): string => {
    const source = (texts[random.integer(texts.length)] ?? "").split(" ");
    const from = random.integer(source.length);
    return source.slice(from, from + 1 + random.integer(2 * k + 60)).join(" ");
  };
  const compose = (most: number): string => {
    const pieces = Array.from({ length: 1 + random.integer(4) }, () =>
      texts.length > 0 && random.integer(2) === 0 ? copy() : write(most),
    );
    return pieces.join(" ");
  };
  const contributions = random.integer(9);
  const most = 1 + random.integer(3 * k);
  for (let i = 0; i < contributions; i++) texts.push(random.integer(6) === 0 ? undefined : compose(most));
  return { k, texts, outputs: Array.from({ length: 3 }, () => compose(most)) };
}

export function toBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
