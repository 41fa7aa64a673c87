/** Stands between phrases, and in no text. */
const SEPARATOR = "¶";

/**
 * What belongs to nobody: phrases of which every K-gram was said by at least so many authors, as one canonical text.
 *
 * @param texts Canonical.
 */
export function findCommons({
  texts,
  gram,
  least,
}: {
  texts: readonly { author: string; text: Uint8Array }[];
  gram: number;
  least: number;
}): Uint8Array {
  const decoder = new TextDecoder();
  const tokens = texts.map(({ author, text }) => ({ author, words: decoder.decode(text).split(" ") }));
  const sayers = new Map<string, number>();
  for (const author of new Set(texts.map((text) => text.author))) {
    const said = new Set(tokens.filter((text) => text.author === author).flatMap(({ words }) => gramsOf(words, gram)));
    for (const words of said) sayers.set(words, (sayers.get(words) ?? 0) + 1);
  }
  const phrases = new Set<string>();
  for (const { words } of tokens) {
    const isCommon = gramsOf(words, gram).map((words) => (sayers.get(words) ?? 0) >= least);
    for (let first = isCommon.indexOf(true); first >= 0;) {
      const end = isCommon.indexOf(false, first);
      const last = (end < 0 ? isCommon.length : end) - 1;
      phrases.add(words.slice(first, last + gram).join(" "));
      first = isCommon.indexOf(true, last + 1);
    }
  }
  return new TextEncoder().encode([...phrases].join(` ${SEPARATOR} `));
}

function gramsOf(words: readonly string[], gram: number): string[] {
  return words.slice(gram - 1).map((_, i) => words.slice(i, i + gram).join(" "));
}
