import type { GramPlace } from "../../sdk/attribution/faultProofs.ts";
import { MAX_GRAM_BYTES } from "../../sdk/attribution/grams.ts";

/** K-grams of a text, by their bytes, without any index: where each begins. */
export function gramsOf(text: Uint8Array, k: number): Map<string, number[]> {
  const grams = new Map<string, number[]>();
  const tokens = Buffer.from(text).toString("latin1").split(" ");
  let start = 0;
  for (let i = 0; i + k <= tokens.length; i++) {
    const gram = tokens.slice(i, i + k).join(" ");
    if (gram.length <= MAX_GRAM_BYTES) grams.set(gram, [...(grams.get(gram) ?? []), start]);
    start += tokens[i].length + 1;
  }
  return grams;
}

/** Everywhere that an output and a text have the same K-gram. */
export function commonGrams(output: Uint8Array, text: Uint8Array, k: number): GramPlace[] {
  const sources = gramsOf(text, k);
  return [...gramsOf(output, k)].flatMap(([gram, starts]) =>
    starts.flatMap((start) =>
      (sources.get(gram) ?? []).map((sourceOffset) => ({ start, length: gram.length, sourceOffset })),
    ),
  );
}
