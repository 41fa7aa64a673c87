import { expect } from "chai";

import { NgramModel, tokenize } from "../../examples/inference-service/ngram.ts";
import { readCorpus } from "../../scripts/demo/corpus.ts";

describe("NgramModel", () => {
  it("says what followed most often most often", () => {
    const model = new NgramModel({ texts: ["a b", "a b", "a b", "a c"], n: 2 });
    const drawn = Array.from({ length: 400 }, (_, seed) => model.complete({ prompt: "a", maxTokens: 1, seed }));
    expect(new Set(drawn)).to.deep.equal(new Set(["b", "c"]));
    expect(drawn.filter((word) => word === "b").length).to.be.within(270, 330);
  });

  it("looks at the whole context, and at less of it only where it was never seen", () => {
    const model = new NgramModel({ texts: ["one two three", "zero two four"], n: 3 });
    const next = (prompt: string): Set<string> =>
      new Set(Array.from({ length: 50 }, (_, seed) => model.complete({ prompt, maxTokens: 1, seed })));
    expect(next("one two")).to.deep.equal(new Set(["three"]));
    expect(next("zero two")).to.deep.equal(new Set(["four"]));
    expect(next("unheard two")).to.deep.equal(new Set(["three", "four"]));
  });

  it("begins behind the end of a text as any of the texts does", () => {
    const model = new NgramModel({ texts: ["a b", "c d", "e f"], n: 3 });
    const written = Array.from({ length: 60 }, (_, seed) => model.complete({ prompt: "a b", maxTokens: 2, seed }));
    expect(new Set(written)).to.deep.equal(new Set(["a b", "c d", "e f"]));
  });

  it("refuses to learn from nothing", () => {
    expect(() => new NgramModel({ texts: ["", " "], n: 3 })).to.throw(RangeError, "nothing to learn from");
  });

  describe("of the corpus", () => {
    const texts = readCorpus()
      .filter(({ year }) => year >= 2009)
      .map(({ text }) => text);
    const model = new NgramModel({ texts, n: 3 });

    it("writes exactly so many tokens, the same for the same seed and others for another", () => {
      const write = (seed: number): string => model.complete({ prompt: "My fellow Americans", maxTokens: 100, seed });
      expect(tokenize(write(1))).to.have.length(100);
      expect(write(1)).to.equal(write(1));
      expect(write(1)).not.to.equal(write(2));
    });

    it("writes three words in a row only if somebody has said them", () => {
      const said = new Set(texts.flatMap((text) => trigrams(tokenize(text))));
      const written = trigrams(tokenize(model.complete({ prompt: "We will", maxTokens: 200, seed: 3 })));
      const unheard = written.filter((trigram) => !said.has(trigram));
      // Where a text has ended and another begins, nobody has.
      expect(unheard).to.have.length.below(5);
    });
  });
});

function trigrams(tokens: string[]): string[] {
  return tokens.slice(2).map((token, i) => [tokens[i], tokens[i + 1], token].join(" "));
}
