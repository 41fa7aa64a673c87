import { toUtf8Bytes } from "ethers";
import { expect } from "chai";

import { findCommons } from "../../scripts/demo/commons.ts";
import { LanguageModel } from "../../scripts/demo/model.ts";
import { creditNaively } from "../../scripts/demo/naive.ts";
import { creditsOf, Attributor } from "../../sdk/attribution/attribute.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { Random } from "../reference/random.ts";

const WORDS = Array.from({ length: 12 }, (_, i) => `w${i}`);

function randomTexts({ random, texts, tokens }: { random: Random; texts: number; tokens: number }): Uint8Array[] {
  return Array.from({ length: texts }, () =>
    toUtf8Bytes(Array.from({ length: tokens }, () => random.pick(WORDS)).join(" ")),
  );
}

describe("demo model", () => {
  const texts = ["the cat sat on the mat .", "the dog sat on the cat ."].map((text) => toUtf8Bytes(text));
  const model = LanguageModel.train(texts);

  function continuations(prompt: string, length: number): Map<string, number> {
    const random = new Random(3);
    const counts = new Map<string, number>();
    for (let i = 0; i < 4_000; i++) {
      const output = model.generate({ prompt, length, random });
      counts.set(output, (counts.get(output) ?? 0) + 1);
    }
    return counts;
  }

  it("says only what it has learned", () => {
    const words = new Set(texts.flatMap((text) => new TextDecoder().decode(text).split(" ")));
    expect(model.vocabulary).to.equal(words.size);
    const said = [...continuations("the cat", 6).keys()].flatMap((output) => output.split(" "));
    expect([...words]).to.include.members(said);
  });

  it("learns what a later version has, and does not know it from an earlier one", () => {
    const later = LanguageModel.train([...texts, toUtf8Bytes("a bird sang")]);
    expect(later.vocabulary).to.equal(model.vocabulary + 3);
    const follows = (trained: LanguageModel): boolean => {
      const random = new Random(1);
      return Array.from({ length: 200 }, () => trained.generate({ prompt: "a bird", length: 1, random })).includes(
        "sang",
      );
    };
    expect(follows(later)).to.be.true;
    expect(follows(model)).to.be.false;
  });

  it("continues a context as often as counts and discounts say", () => {
    // After "on the" comes "mat" or "cat", once each: of 16 parts 3 + 3, and 10 for the context "the", of four tokens
    // with "cat" twice: of 32 parts 11 for "cat", 3 for "mat", 3 for "dog", and 15 for all tokens, of which are 2, 1 and 1.
    const counts = continuations("on the", 1);
    const all = 4_000 / 16;
    const expected = { cat: 3 + (10 * 11) / 32, mat: 3 + (10 * 3) / 32, dog: (10 * 3) / 32 };
    for (const [word, parts] of Object.entries(expected)) {
      const rest = (10 * 15 * (word === "cat" ? 2 : 1)) / 32 / 16;
      // Where matchers for chains are loaded, `closeTo` takes whole numbers only.
      expect(Math.abs((counts.get(word) ?? 0) - all * (parts + rest)) < 130, word).to.equal(true);
    }
  });

  it("looks back four tokens", () => {
    const trained = LanguageModel.train(["a b c d x", "z b c d y"].map((text) => toUtf8Bytes(text)));
    const random = new Random(5);
    const said = Array.from({ length: 400 }, () => trained.generate({ prompt: "a b c d", length: 1, random }));
    const times = (word: string): number => said.filter((other) => other === word).length;
    expect(times("x")).to.be.greaterThan(2 * times("y"));
  });

  it("says the same with the same random numbers, and never nothing", () => {
    const speak = (seed: number): string => model.generate({ prompt: "cat .", length: 9, random: new Random(seed) });
    for (let seed = 0; seed < 50; seed++) {
      expect(speak(seed)).to.equal(speak(seed));
      expect(speak(seed)).not.to.equal("");
    }
  });

  it("holds as commons what enough authors have said, phrase by phrase", () => {
    const said = [
      { author: "A", text: "my dear friends I say we are one people x y z" },
      { author: "A", text: "x y z again" },
      { author: "B", text: "we are one people my dear friends I" },
      { author: "C", text: "no x y z no" },
    ].map(({ author, text }) => ({ author, text: toUtf8Bytes(text) }));
    const commons = (least: number): string => new TextDecoder().decode(findCommons({ texts: said, gram: 3, least }));
    expect(commons(2)).to.equal("my dear friends I ¶ we are one people ¶ x y z");
    expect(commons(3)).to.equal("");
  });

  it("is audited by a rule that agrees with the index", () => {
    const random = new Random(11);
    for (let round = 0; round < 20; round++) {
      const texts = randomTexts({ random, texts: 6, tokens: 80 });
      const outputs = randomTexts({ random, texts: 4, tokens: 30 });
      const index = GramIndex.create({ k: 3 });
      for (const text of texts) index.append(text);
      const attributor = new Attributor(index);
      const expected = outputs.map((output) => creditsOf(attributor.attribute(output)));
      const naive = creditNaively({ outputs, texts, gram: 3 });
      expect(naive.map((credits) => [...credits].sort(([a], [b]) => a - b))).to.deep.equal(
        expected.map((credits) => [...credits]),
      );
    }
  });
});
