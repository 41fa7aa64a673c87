import { expect } from "chai";

import { attribute, Attributor, creditsOf, type Span } from "../../sdk/attribution/attribute.ts";
import { canonicalText } from "../../sdk/attribution/canonical.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { toBytes } from "./corpora.ts";

function indexOf({ k, texts }: { k: number; texts: readonly (string | undefined)[] }): GramIndex {
  const index = GramIndex.create({ k });
  for (const text of texts) {
    if (text === undefined) index.skip();
    else index.append(toBytes(text));
  }
  return index;
}

function spansOf({ k = 2, texts, output }: { k?: number; texts: (string | undefined)[]; output: string }): Span[] {
  return attribute({ index: indexOf({ k, texts }), output: toBytes(output) }).spans;
}

describe("attribution", () => {
  it("credits tokens with the space behind them", () => {
    const index = indexOf({ k: 2, texts: ["one two three"] });
    expect(attribute({ index, output: toBytes("zero two three four") })).to.deep.equal({
      units: 20,
      spans: [{ creditStart: 5, creditEnd: 15, matchStart: 5, matchEnd: 14, contribution: 0, sourceOffset: 4 }],
    });
  });

  it("counts the output as if a space followed it", () => {
    const { units, spans } = attribute({ index: indexOf({ k: 2, texts: ["a b"] }), output: toBytes("a b") });
    expect(units).to.equal(4);
    expect(spans).to.deep.equal([
      { creditStart: 0, creditEnd: 4, matchStart: 0, matchEnd: 3, contribution: 0, sourceOffset: 0 },
    ]);
  });

  it("prefers the lowest contribution that any K-gram over a token has", () => {
    // "b c d" is the first contribution's; "a b c" and "c d e" came later and keep one token each.
    expect(spansOf({ k: 3, texts: ["b c d", "a b c d e"], output: "a b c d e" })).to.deep.equal([
      { creditStart: 0, creditEnd: 2, matchStart: 0, matchEnd: 5, contribution: 1, sourceOffset: 0 },
      { creditStart: 2, creditEnd: 8, matchStart: 2, matchEnd: 7, contribution: 0, sourceOffset: 0 },
      { creditStart: 8, creditEnd: 10, matchStart: 4, matchEnd: 9, contribution: 1, sourceOffset: 4 },
    ]);
  });

  it("prefers the K-gram that begins first within one contribution", () => {
    expect(spansOf({ texts: ["b c x a b"], output: "a b c" })).to.deep.equal([
      { creditStart: 0, creditEnd: 4, matchStart: 0, matchEnd: 3, contribution: 0, sourceOffset: 6 },
      { creditStart: 4, creditEnd: 6, matchStart: 2, matchEnd: 5, contribution: 0, sourceOffset: 0 },
    ]);
  });

  it("names the first occurrence within a contribution", () => {
    expect(spansOf({ texts: ["x a b a b"], output: "a b" })[0]).to.deep.include({ sourceOffset: 2 });
  });

  it("leaves gaps where nothing matches", () => {
    const spans = spansOf({ texts: ["a b", "c d"], output: "c d x a b" });
    expect(
      spans.map(({ creditStart, creditEnd, contribution }) => [creditStart, creditEnd, contribution]),
    ).to.deep.equal([
      [0, 4, 1],
      [6, 10, 0],
    ]);
  });

  it("does not join spans over a gap, though their matches lie alike", () => {
    expect(spansOf({ texts: ["a b q c d"], output: "a b x c d" })).to.have.length(2);
  });

  it("compares whole tokens", () => {
    expect(spansOf({ texts: ["a bc"], output: "a b" })).to.deep.equal([]);
    expect(spansOf({ texts: ["a b"], output: "a bc" })).to.deep.equal([]);
    expect(spansOf({ texts: ["ca b"], output: "a b" })).to.deep.equal([]);
  });

  it("finds nothing that reaches from one contribution into the next", () => {
    expect(spansOf({ texts: ["a b", "c d"], output: "b c" })).to.deep.equal([]);
    expect(spansOf({ texts: ["a b", ""], output: "b " })).to.deep.equal([]);
  });

  it("matches K-grams of 254 bytes, and none of 255", () => {
    const long = `${"x".repeat(126)} ${"y".repeat(127)}`;
    expect(spansOf({ texts: [long], output: long })).to.deep.equal([
      { creditStart: 0, creditEnd: 255, matchStart: 0, matchEnd: 254, contribution: 0, sourceOffset: 0 },
    ]);
    expect(spansOf({ texts: [`${long}y`], output: `${long}y` })).to.deep.equal([]);
  });

  it("begins another span where a match would have more than 254 bytes", () => {
    const text = Array.from({ length: 100 }, (_, i) => `w${100 + i}`).join(" ");
    // 51 words of 4 bytes have 254 with the spaces between them.
    expect(spansOf({ texts: [text], output: text })).to.deep.equal([
      { creditStart: 0, creditEnd: 255, matchStart: 0, matchEnd: 254, contribution: 0, sourceOffset: 0 },
      { creditStart: 255, creditEnd: 500, matchStart: 250, matchEnd: 499, contribution: 0, sourceOffset: 250 },
    ]);
  });

  it("takes empty tokens for tokens", () => {
    expect(spansOf({ k: 3, texts: ["  "], output: "a    b" })).to.deep.equal([
      { creditStart: 2, creditEnd: 5, matchStart: 2, matchEnd: 4, contribution: 0, sourceOffset: 0 },
    ]);
    expect(attribute({ index: indexOf({ k: 2, texts: ["a b"] }), output: new Uint8Array() })).to.deep.equal({
      units: 1,
      spans: [],
    });
  });

  it("passes over contributions that do not count", () => {
    const texts = [undefined, "a b", undefined, "a b c", undefined];
    expect(spansOf({ texts, output: "a b c" }).map(({ contribution }) => contribution)).to.deep.equal([1, 3]);
  });

  it("can leave later contributions out", () => {
    const index = indexOf({ k: 2, texts: ["a b", "b c", "c d"] });
    const output = toBytes("a b c d");
    const attributor = new Attributor(index);
    for (let contributions = 0; contributions <= 3; contributions++) {
      const owners = attributor.attribute(output, { contributions }).spans.map(({ contribution }) => contribution);
      expect(owners).to.deep.equal([0, 1, 2].slice(0, contributions));
    }
  });

  it("finds canonical text whatever its line breaks were", () => {
    const index = GramIndex.create({ k: 3 });
    index.append(canonicalText("It is, he said,\n  a café."));
    const output = canonicalText("He said that it is, he\tsaid,\r\na cafe\u0301.");
    const [span] = attribute({ index, output }).spans;
    expect(new TextDecoder().decode(output.subarray(span.matchStart, span.matchEnd))).to.equal(
      "is , he said , a café .",
    );
  });

  it("does not depend on the outputs before", () => {
    const index = indexOf({ k: 2, texts: ["a b c", "c d"] });
    const attributor = new Attributor(index);
    const output = toBytes("b c d");
    const expected = attributor.attribute(output);
    attributor.attribute(toBytes("a b c ".repeat(5_000)));
    expect(attributor.attribute(output)).to.deep.equal(expected);
  });

  describe("credits", () => {
    const index = indexOf({ k: 2, texts: ["x y", "a b", "c d"] });
    const attribution = attribute({ index, output: toBytes("c d x y a b c d") });

    it("are the units of each contribution, in their order", () => {
      expect([...creditsOf(attribution)]).to.deep.equal([
        [0, 4],
        [1, 4],
        [2, 8],
      ]);
    });

    it("leave the commons out", () => {
      expect([...creditsOf(attribution, { commons: 1 })].map(([contribution]) => contribution)).to.deep.equal([1, 2]);
      expect(creditsOf(attribution, { commons: 3 }).size).to.equal(0);
    });
  });
});
