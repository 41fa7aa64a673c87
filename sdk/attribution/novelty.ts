import { Attributor, NO_CONTRIBUTION } from "./attribute.ts";
import type { GramIndex } from "./gramIndex.ts";

/** What of a text an earlier contribution has already. */
export interface InheritedPart {
  /** The earlier contribution. */
  contribution: number;
  tokens: number;
  /** Bytes of these tokens, and 1 for each. */
  units: number;
}

/** How much of a text is new. */
export interface Novelty {
  tokens: number;
  /** Bytes of the text and 1. */
  units: number;
  novelTokens: number;
  novelUnits: number;
  /** In the order of contributions. */
  inherited: InheritedPart[];
}

/**
 * How much of a contribution no earlier one has. A token is inherited if some K-gram that covers it occurs in an earlier
 * contribution; the lowest such contribution is its source.
 *
 * @throws RangeError if the contribution does not count: it owns nothing that could be new.
 */
export function noveltyOf({ index, contribution }: { index: GramIndex; contribution: number }): Novelty {
  const text = index.textOf(contribution);
  if (text === undefined) throw new RangeError(`Contribution ${contribution} does not count.`);
  return noveltyOfText({ index, text, contributions: contribution });
}

/**
 * How much of a text none of the first `contributions` of an index has; of all, if nothing is said. The text needs not be
 * in the index.
 */
export function noveltyOfText({
  index,
  text,
  contributions = index.count,
}: {
  index: GramIndex;
  text: Uint8Array;
  contributions?: number;
}): Novelty {
  const novelty: Novelty = { tokens: 0, units: text.length + 1, novelTokens: 0, novelUnits: 0, inherited: [] };
  const parts = new Map<number, InheritedPart>();
  new Attributor(index).forEachToken({
    text,
    contributions,
    tell: (contribution, units) => {
      novelty.tokens++;
      if (contribution === NO_CONTRIBUTION) {
        novelty.novelTokens++;
        novelty.novelUnits += units;
        return;
      }
      const part = parts.get(contribution) ?? { contribution, tokens: 0, units: 0 };
      part.tokens++;
      part.units += units;
      parts.set(contribution, part);
    },
  });
  novelty.inherited = [...parts.values()].sort((a, b) => a.contribution - b.contribution);
  return novelty;
}
