/** Longer K-grams match nothing. */
const MOST_BYTES = 254;

/**
 * Bytes of outputs that each text is credited with, by the rule as it is written and nothing else: a token belongs to the
 * first text that has anywhere one of the K-grams around it. A token's bytes are its own and 1.
 *
 * @returns For each output, bytes by text.
 */
export function creditNaively({
  outputs,
  texts,
  gram,
}: {
  outputs: readonly Uint8Array[];
  texts: readonly Uint8Array[];
  gram: number;
}): Map<number, number>[] {
  const decoder = new TextDecoder();
  const wordsOf = outputs.map((output) => decoder.decode(output).split(" "));
  const asked = new Set(wordsOf.flatMap((words) => gramsOf(words, gram)));
  const owners = new Map<string, number>();
  for (const [i, text] of texts.entries()) {
    for (const words of gramsOf(decoder.decode(text).split(" "), gram)) {
      if (asked.has(words) && Buffer.byteLength(words) <= MOST_BYTES && !owners.has(words)) owners.set(words, i);
    }
  }
  return wordsOf.map((words) => {
    const credits = new Map<number, number>();
    for (const [token, word] of words.entries()) {
      let owner: number | undefined;
      for (let first = Math.max(token - gram + 1, 0); first <= token && first + gram <= words.length; first++) {
        const found = owners.get(words.slice(first, first + gram).join(" "));
        if (found !== undefined && (owner === undefined || found < owner)) owner = found;
      }
      if (owner !== undefined) credits.set(owner, (credits.get(owner) ?? 0) + Buffer.byteLength(word) + 1);
    }
    return credits;
  });
}

function gramsOf(words: readonly string[], gram: number): string[] {
  return words.slice(gram - 1).map((_, i) => words.slice(i, i + gram).join(" "));
}
