import { expect } from "chai";

import { type Attribution, Attributor, creditsOf } from "../../sdk/attribution/attribute.ts";
import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { noveltyOf, noveltyOfText } from "../../sdk/attribution/novelty.ts";
import { naiveAttribution, naiveNovelty } from "../reference/naiveAttribution.ts";
import { randomFrom } from "../sdk/random.ts";
import { type Corpus, randomCorpus, toBytes } from "./corpora.ts";

/** ATTRIBUTION_CORPORA=100000 for a long run, ATTRIBUTION_SEED to go on from another one. */
const CORPORA = Number(process.env.ATTRIBUTION_CORPORA ?? 5_000);
const FIRST_SEED = Number(process.env.ATTRIBUTION_SEED ?? 1);

function indexOf({ k, texts }: Corpus, hashSeed: number): GramIndex {
  const index = GramIndex.create({ k, hashSeed });
  for (const text of texts) {
    if (text === undefined) index.skip();
    else index.append(toBytes(text));
  }
  return index;
}

/** What a contract can check of a span by comparing bytes. */
function checkSpans({ spans, units }: Attribution, { texts, k }: Corpus, output: string): void {
  expect(units).to.equal(output.length + 1);
  let end = 0;
  for (const { creditStart, creditEnd, matchStart, matchEnd, contribution, sourceOffset } of spans) {
    const source = texts[contribution] ?? expect.fail("A contribution that does not count owns nothing.");
    const match = output.slice(matchStart, matchEnd);
    expect(creditStart).to.be.at.least(end);
    expect(creditStart).to.be.at.least(matchStart);
    expect(creditEnd).to.be.above(creditStart);
    expect(creditEnd - 1).to.be.at.most(matchEnd);
    expect(match.length).to.be.at.most(254);
    expect(match.split(" ").length).to.be.at.least(k);
    expect(source.slice(sourceOffset, sourceOffset + match.length)).to.equal(match);
    for (const at of [creditStart, creditEnd, matchStart, matchEnd + 1]) expect(` ${output} `[at]).to.equal(" ");
    for (const at of [sourceOffset, sourceOffset + match.length + 1]) expect(` ${source} `[at]).to.equal(" ");
    end = creditEnd;
  }
}

describe("attribution of random corpora", () => {
  it(`is what the definition says, in ${CORPORA} of them`, function () {
    this.timeout(0);
    for (let seed = FIRST_SEED; seed < FIRST_SEED + CORPORA; seed++) {
      const random = randomFrom(seed);
      const corpus = randomCorpus(random);
      const { k, texts, outputs } = corpus;
      const index = indexOf(corpus, random.integer(2 ** 32));
      const attributor = new Attributor(index);
      for (const output of outputs) {
        const attribution = attributor.attribute(toBytes(output));
        expect(attribution.spans, `seed ${seed}`).to.deep.equal(naiveAttribution({ texts, output, k }));
        checkSpans(attribution, corpus, output);
        const contributions = random.integer(texts.length + 1);
        const earlier = texts.slice(0, contributions);
        expect(attributor.attribute(toBytes(output), { contributions }).spans, `seed ${seed}`).to.deep.equal(
          naiveAttribution({ texts: earlier, output, k }),
        );
        const novelty = noveltyOfText({ index, text: toBytes(output) });
        expect(novelty, `seed ${seed}`).to.deep.equal(naiveNovelty({ texts, text: output, k }));
        expect([...creditsOf(attribution)]).to.deep.equal(
          novelty.inherited.map(({ contribution, units }) => [contribution, units]),
        );
      }
      for (const [contribution, text] of texts.entries()) {
        if (text === undefined) continue;
        expect(noveltyOf({ index, contribution }), `seed ${seed}`).to.deep.equal(
          naiveNovelty({ texts: texts.slice(0, contribution), text, k }),
        );
      }
    }
  });
});
