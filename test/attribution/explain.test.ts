import { expect } from "chai";

import { Explainer } from "../../sdk/attribution/explain.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { suffixArray } from "../../sdk/attribution/suffixArray.ts";
import { randomFrom } from "../sdk/random.ts";
import { randomCorpus, toBytes } from "./corpora.ts";
import { indexLicences, LICENCES, readLicence } from "./licences.ts";

function explainerOf(texts: (string | undefined)[]): Explainer {
  const index = GramIndex.create({ k: 2 });
  for (const text of texts) {
    if (text === undefined) index.skip();
    else index.append(toBytes(text));
  }
  return new Explainer(index);
}

/** Every slice of an output that some text has and that no other such slice contains. */
function naivePassages(texts: (string | undefined)[], output: string, minTokens: number) {
  const offsetsIn = (text: string, slice: string): number[] =>
    Array.from({ length: text.length + 1 }, (_, at) => at).filter(
      (at) => (at === 0 || text[at - 1] === " ") && `${text} `.startsWith(`${slice} `, at),
    );
  const tokens = output.split(" ");
  const isFound = (first: number, end: number): boolean =>
    texts.some((text) => ` ${text ?? "\u0100"} `.includes(` ${tokens.slice(first, end).join(" ")} `));
  const passages = [];
  for (let first = 0; first < tokens.length; first++) {
    for (let end = first + minTokens; end <= tokens.length; end++) {
      if (!isFound(first, end)) continue;
      if ((first > 0 && isFound(first - 1, end)) || (end < tokens.length && isFound(first, end + 1))) continue;
      const slice = tokens.slice(first, end).join(" ");
      const start = tokens.slice(0, first).reduce((sum, token) => sum + token.length + 1, 0);
      const sources = texts.flatMap((text, contribution) =>
        text === undefined ? [] : offsetsIn(text, slice).map((offset) => ({ contribution, offset })),
      );
      passages.push({
        start,
        end: start + slice.length,
        tokens: end - first,
        occurrences: sources.length,
        sources: sources.slice(0, 10),
      });
    }
  }
  return passages;
}

describe("suffix array", () => {
  it("is in the order of suffixes", () => {
    for (let seed = 1; seed <= 2_000; seed++) {
      const random = randomFrom(seed);
      const alphabet = 1 + random.integer(5);
      const period = 1 + random.integer(8);
      const text = new Int32Array(random.integer(80));
      for (let i = 0; i < text.length; i++) {
        text[i] = i >= period && random.integer(8) > 0 ? text[i - period] : random.integer(alphabet);
      }
      const suffixes = [...text.keys()].map((start) => String.fromCharCode(...text.subarray(start)));
      const expected = [...text.keys()].sort((a, b) => (suffixes[a] < suffixes[b] ? -1 : 1));
      expect([...suffixArray(text, alphabet)], `seed ${seed}`).to.deep.equal(expected);
    }
  });

  it("is found of long repeats without delay", () => {
    const text = Int32Array.from({ length: 300_000 }, (_, i) => (i % 3) & 1);
    const suffixes = suffixArray(text, 2);
    expect(new Set(suffixes).size).to.equal(text.length);
  });
});

describe("explanation", () => {
  it("has every passage that no longer one contains", () => {
    for (let seed = 1; seed <= 150; seed++) {
      const { texts, outputs } = randomCorpus(randomFrom(seed));
      const explainer = explainerOf(texts);
      for (const output of outputs) {
        const minTokens = 1 + (seed % 4);
        const { passages } = explainer.explain(toBytes(output), { minTokens, passages: 1_000_000 });
        const found = passages
          .map(({ start, end, tokens, occurrences, sources }) => ({ start, end, tokens, occurrences, sources }))
          .sort((a, b) => a.start - b.start);
        expect(found, `seed ${seed}`).to.deep.equal(naivePassages(texts, output, minTokens));
      }
    }
  });

  it("shows the rarest passages first, and of those the least likely", () => {
    const explainer = explainerOf(["a a b", "a b", "c d", "e f", "c c c"]);
    const { passages } = explainer.explain(toBytes("a b x c d x e f"));
    expect(passages.map(({ start, occurrences }) => [start, occurrences])).to.deep.equal([
      [12, 1],
      [6, 1],
      [0, 2],
    ]);
    expect(explainer.explain(toBytes("a b x c d x e f"), { passages: 1, sources: 1 }).passages).to.have.length(1);
  });

  it("ranks the contributions that have passages by BM25", () => {
    const texts = ["x y z w q q q q q q", "x y z", undefined, "y z y", "x z y"];
    const explainer = explainerOf(texts);
    const { contributions } = explainer.explain(toBytes("x y z"), { minTokens: 3 });
    // Both have the passage; the shorter one fits better. By hand: idf of x, y, z with N = 4 and 3, 4, 4 documents.
    const idf = (documents: number): number => Math.log(1 + (4 - documents + 0.5) / (documents + 0.5));
    const score = (length: number): number =>
      ((idf(3) + 2 * idf(4)) * 2.2) / (1 + 1.2 * (0.25 + (0.75 * length) / ((10 + 3 + 3 + 3) / 4)));
    expect(contributions.map(({ contribution }) => contribution)).to.deep.equal([1, 0]);
    // Where matchers for chains are loaded, `closeTo` takes whole numbers only.
    expect(Math.abs(contributions[0].score - score(3)) < 1e-12).to.equal(true);
    expect(Math.abs(contributions[1].score - score(10)) < 1e-12).to.equal(true);
    // And the same after another output.
    const other = explainer.explain(toBytes("q q q w"));
    expect(other).to.deep.equal(explainerOf(texts).explain(toBytes("q q q w")));
    expect(explainer.explain(toBytes("x y z"), { minTokens: 3 }).contributions).to.deep.equal(contributions);
  });

  it("finds where a licence comes from", () => {
    const explainer = new Explainer(indexLicences({ k: 6 }));
    const text = readLicence("LGPL-2.1");
    const output = text.subarray(text.indexOf(0x20, 6_000) + 1, text.indexOf(0x20, 9_000));
    const { passages, contributions } = explainer.explain(output);
    expect(passages).to.have.length(1);
    expect(passages[0]).to.deep.include({ start: 0, end: output.length, occurrences: 1 });
    expect(LICENCES[contributions[0].contribution]).to.equal("LGPL-2.1");
  });

  it("is empty where nothing is known", () => {
    expect(explainerOf([]).explain(toBytes("a b c"))).to.deep.equal({ passages: [], contributions: [] });
    expect(explainerOf([undefined]).explain(toBytes("a b c"))).to.deep.equal({ passages: [], contributions: [] });
    expect(explainerOf(["d e"]).explain(toBytes(""))).to.deep.equal({ passages: [], contributions: [] });
  });

  it("refuses passages of no tokens", () => {
    expect(() => explainerOf(["a"]).explain(toBytes("a"), { minTokens: 0 })).to.throw(RangeError, "not 0.");
  });
});
