import { expect } from "chai";

import { Attributor, creditsOf } from "../../sdk/attribution/attribute.ts";
import { DEFAULT_K, TOKEN_SEPARATOR } from "../../sdk/attribution/grams.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { concatBytes } from "../../sdk/bytes.ts";
import { ZipfWriter } from "./zipf.ts";

const ORIGINAL_WORDS = 2_000;
const OUTPUTS = 60;
const OUTPUT_WORDS = 128;
const SPACE = Uint8Array.of(TOKEN_SEPARATOR);

const writer = new ZipfWriter({ seed: 1 });
const random = writer.random;

function wordsOf(text: Uint8Array): string[] {
  return new TextDecoder().decode(text).split(" ");
}

function toText(words: readonly string[]): Uint8Array {
  return new TextEncoder().encode(words.join(" "));
}

function indexOf(contributions: readonly Uint8Array[]): GramIndex {
  const index = GramIndex.create();
  for (const contribution of contributions) index.append(contribution);
  return index;
}

/** Passages of texts, taken from all of them alike, with other words in between. */
function outputsFrom(texts: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: OUTPUTS }, (_, i) => {
    const words = wordsOf(texts[i % texts.length]);
    const start = random.integer(Math.max(1, words.length - OUTPUT_WORDS));
    return concatBytes([writer.write({ words: 20 }), SPACE, toText(words.slice(start, start + OUTPUT_WORDS))]);
  });
}

/** Units that each contribution earns on outputs, and what all outputs have. */
function earningsOf({
  contributions,
  outputs,
  commons = 0,
}: {
  contributions: readonly Uint8Array[];
  outputs: readonly Uint8Array[];
  commons?: number;
}): { earned: number[]; units: number } {
  const attributor = new Attributor(indexOf(contributions));
  const earned = contributions.map(() => 0);
  let units = 0;
  for (const output of outputs) {
    const attribution = attributor.attribute(output);
    const credits = creditsOf(attribution, { commons });
    let sum = 0;
    for (const [contribution, credit] of credits) {
      earned[contribution] += credit;
      sum += credit;
    }
    expect(sum).to.be.at.most(attribution.units);
    units += attribution.units;
  }
  return { earned, units };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe("manipulation", () => {
  const original = writer.write({ words: ORIGINAL_WORDS });
  const other = writer.write({ words: ORIGINAL_WORDS });

  it("pays nothing for exact copies, whole or in part, however many", () => {
    const half = toText(wordsOf(original).slice(0, ORIGINAL_WORDS / 2));
    const copies = [original, original, half, original];
    const outputs = outputsFrom([original, half]);
    const { earned } = earningsOf({ contributions: [original, ...copies], outputs });
    expect(earned.slice(1)).to.deep.equal([0, 0, 0, 0]);
    expect(earned[0])
      .to.equal(earningsOf({ contributions: [original], outputs }).earned[0])
      .and.to.be.above(0);
  });

  it("pays no more to who copies himself", () => {
    const outputs = outputsFrom([original, other]);
    const [alone] = earningsOf({ contributions: [original, other], outputs }).earned;
    const { earned } = earningsOf({ contributions: [original, original, other, original], outputs });
    expect(earned[0] + earned[1] + earned[3]).to.equal(alone);
  });

  it("pays no more to who splits himself into many", () => {
    const words = wordsOf(original);
    const outputs = outputsFrom([original, other]);
    const [whole, others] = earningsOf({ contributions: [original, other], outputs }).earned;
    for (const parts of [2, 7, 50, 500]) {
      const size = Math.ceil(words.length / parts);
      for (const overlap of [0, DEFAULT_K - 1, size]) {
        const pieces = Array.from({ length: parts }, (_, i) => toText(words.slice(i * size, (i + 1) * size + overlap)));
        const { earned } = earningsOf({ contributions: [...pieces, other], outputs });
        expect(sum(earned.slice(0, parts)), `${parts} parts`).to.be.at.most(whole);
        expect(earned[parts], `${parts} parts`).to.be.at.most(others);
      }
    }
  });

  it("pays little for copies with every tenth word changed", () => {
    for (const every of [10, 20]) {
      const words = wordsOf(original).map((word, i) => (i % every === every - 1 ? `${word}x` : word));
      const copy = toText(words);
      const outputs = outputsFrom([original, copy]);
      const { earned } = earningsOf({ contributions: [original, copy], outputs });
      expect(earned[1] / sum(earned), `every ${every}th`).to.be.at.most(0.1);
    }
  });

  it("pays nothing on outputs of the original for copies that were changed", () => {
    const words = wordsOf(original);
    const sentences = Array.from({ length: words.length / 20 }, (_, i) => words.slice(20 * i, 20 * i + 20));
    const padding = wordsOf(writer.write({ words: 300 }));
    const copies = {
      "padded in front": [...padding, ...words],
      "padded behind": [...words, ...padding],
      "padded between": sentences.flatMap((sentence, i) => [...sentence, padding[i]]),
      "every tenth word changed": words.map((word, i) => (i % 10 === 0 ? `${word}x` : word)),
      "every tenth word dropped": words.filter((_, i) => i % 10 !== 0),
      shuffled: sentences.toReversed().flat(),
    };
    const passages = outputsFrom([original]).map((output) => toText(wordsOf(output).slice(20)));
    for (const [name, copy] of Object.entries(copies)) {
      const { earned, units } = earningsOf({ contributions: [original, toText(copy)], outputs: passages });
      expect(earned, name).to.deep.equal([units, 0]);
    }
  });

  it("pays for padding only what the padding itself is worth", () => {
    const padding = writer.write({ words: 300 });
    const outputs = outputsFrom([original, padding]);
    const [, alone] = earningsOf({ contributions: [original, padding], outputs }).earned;
    for (const padded of [
      concatBytes([padding, SPACE, original]),
      concatBytes([original, SPACE, padding]),
      concatBytes([original, SPACE, padding, SPACE, original]),
    ]) {
      expect(earningsOf({ contributions: [original, padded], outputs }).earned[1]).to.equal(alone);
    }
  });

  it("pays no more for saying the same again and again", () => {
    const outputs = outputsFrom([original]);
    const [once] = earningsOf({ contributions: [original], outputs }).earned;
    const stuffed = concatBytes(Array.from({ length: 20 }, () => [original, SPACE]).flat());
    expect(earningsOf({ contributions: [stuffed], outputs }).earned).to.deep.equal([once]);
  });

  it("pays nobody for what the commons have", () => {
    const boilerplate = writer.write({ words: 500 });
    const grab = concatBytes([boilerplate, SPACE, original]);
    const outputs = outputsFrom([boilerplate]).map((output) => toText(wordsOf(output).slice(20)));
    const { earned } = earningsOf({ contributions: [boilerplate, grab], outputs, commons: 1 });
    expect(earned).to.deep.equal([0, 0]);
    const spans = new Attributor(indexOf([boilerplate, grab])).attribute(outputs[0]).spans;
    expect(spans.every(({ contribution }) => contribution === 0)).to.be.true;
    expect(spans).not.to.be.empty;
  });

  it("leaves to others what a contribution had that does not count any more", () => {
    const outputs = outputsFrom([original]);
    const index = GramIndex.create();
    index.skip();
    index.append(original);
    const attributor = new Attributor(index);
    const [alone] = earningsOf({ contributions: [original], outputs }).earned;
    const credits = outputs.map((output) => creditsOf(attributor.attribute(output)));
    expect(sum(credits.map((credit) => credit.get(1) ?? 0))).to.equal(alone);
    expect(credits.some((credit) => credit.has(0))).to.be.false;
  });

  it("pays for words out of order nothing at all", () => {
    const words = wordsOf(original).sort();
    const { earned } = earningsOf({ contributions: [toText(words)], outputs: outputsFrom([original]) });
    expect(earned[0]).to.equal(0);
  });
});
