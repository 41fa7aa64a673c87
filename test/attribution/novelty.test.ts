import { expect } from "chai";

import { GramIndex } from "../../sdk/attribution/gramIndex.ts";
import { noveltyOf, noveltyOfText } from "../../sdk/attribution/novelty.ts";
import { toBytes } from "./corpora.ts";
import { indexLicences, type Licence, LICENCES, readLicence } from "./licences.ts";

/** Tokens, new tokens, units, new units; measured once, so that a change shows. */
const MEASURED: Record<Licence, [number, number, number, number]> = {
  "GPL-1": [2387, 2387, 12458, 12458],
  "GPL-2": [3398, 1300, 18019, 7126],
  "LGPL-2": [4765, 2027, 25313, 10968],
  "LGPL-2.1": [5000, 728, 26471, 3849],
  "GFDL-1.2": [3851, 3543, 20712, 19077],
  "Apache-2.0": [1935, 1902, 10576, 10397],
  Artistic: [1122, 1091, 6112, 5966],
  BSD: [270, 216, 1526, 1200],
  "MPL-1.1": [4573, 4271, 24200, 22708],
  "GPL-3": [6538, 4885, 35178, 26733],
  "LGPL-3": [1401, 735, 7485, 3958],
  "GFDL-1.3": [4347, 326, 23312, 1646],
  "CC0-1.0": [1304, 1292, 7125, 7090],
  "MPL-2.0": [3641, 2232, 16772, 10723],
};

describe("novelty", () => {
  it("is the share of tokens that no earlier K-gram covers", () => {
    const index = GramIndex.create({ k: 3 });
    index.append(toBytes("a b c d e"));
    index.append(toBytes("x b c d y"));
    expect(noveltyOf({ index, contribution: 0 })).to.deep.equal({
      tokens: 5,
      units: 10,
      novelTokens: 5,
      novelUnits: 10,
      inherited: [],
    });
    expect(noveltyOf({ index, contribution: 1 })).to.deep.equal({
      tokens: 5,
      units: 10,
      novelTokens: 2,
      novelUnits: 4,
      inherited: [{ contribution: 0, tokens: 3, units: 6 }],
    });
  });

  it("does not count what a text repeats of itself", () => {
    const index = GramIndex.create({ k: 2 });
    index.append(toBytes("a b a b a b"));
    expect(noveltyOf({ index, contribution: 0 }).novelTokens).to.equal(6);
  });

  it("inherits from the lowest contribution", () => {
    const index = GramIndex.create({ k: 2 });
    index.append(toBytes("c d"));
    index.append(toBytes("b c"));
    index.append(toBytes("a b c d e"));
    expect(noveltyOf({ index, contribution: 2 }).inherited).to.deep.equal([
      { contribution: 0, tokens: 2, units: 4 },
      { contribution: 1, tokens: 1, units: 2 },
    ]);
  });

  it("is known of a text before it is contributed", () => {
    const index = GramIndex.create({ k: 2 });
    index.append(toBytes("c d"));
    const text = toBytes("b c d");
    const before = noveltyOfText({ index, text });
    expect(before.novelTokens).to.equal(1);
    expect(noveltyOf({ index, contribution: index.append(text) })).to.deep.equal(before);
  });

  it("is none of a contribution that does not count", () => {
    const index = GramIndex.create();
    index.skip();
    expect(() => noveltyOf({ index, contribution: 0 })).to.throw(RangeError, "Contribution 0 does not count.");
    expect(() => noveltyOf({ index, contribution: 1 })).to.throw(
      RangeError,
      "The index has 1 contributions, but none of number 1.",
    );
  });

  describe("of licences, with K = 6", () => {
    const index = indexLicences({ k: 6 });
    const noveltyIn = (licence: Licence) => noveltyOf({ index, contribution: LICENCES.indexOf(licence) });

    for (const licence of LICENCES) {
      const [tokens, novelTokens, units, novelUnits] = MEASURED[licence];
      it(`is ${((100 * novelTokens) / tokens).toFixed(1)} % of ${licence}`, () => {
        const novelty = noveltyIn(licence);
        expect([novelty.tokens, novelty.novelTokens, novelty.units, novelty.novelUnits]).to.deep.equal(
          MEASURED[licence],
        );
        const inherited = novelty.inherited.reduce((sum, part) => sum + part.tokens, 0);
        const inheritedUnits = novelty.inherited.reduce((sum, part) => sum + part.units, 0);
        expect(novelTokens + inherited).to.equal(tokens);
        expect(novelUnits + inheritedUnits).to.equal(units);
      });
    }

    it("is less by what a licence repeats of itself, if that is not new either", () => {
      const scanner = index.scanner();
      const shares = LICENCES.map((licence, contribution) => {
        const text = readLicence(licence);
        const isOld: boolean[] = [];
        scanner.begin(text);
        let gram = 0;
        for (let found = scanner.next(); found > 0; found = scanner.next()) {
          for (let i = 0; i < found; i++, gram++) {
            const start = scanner.starts[i];
            const first = index.find(text, start, scanner.ends[i], scanner.hashes[i]);
            const wasBefore = first >= 0 && first < index.startOf(contribution) + start;
            for (let token = gram; token < gram + index.k; token++) isOld[token] = wasBefore || (isOld[token] ?? false);
          }
        }
        return [licence, ((100 * isOld.filter((old) => !old).length) / isOld.length).toFixed(1)];
      });
      expect(Object.fromEntries(shares)).to.include({
        "GPL-2": "37.0",
        "LGPL-2.1": "14.3",
        "GPL-3": "72.5",
        "GFDL-1.3": "7.5",
      });
    });

    it("leaves GFDL-1.3 most of what GFDL-1.2 says", () => {
      const named = noveltyIn("GFDL-1.3").inherited.map(({ contribution, ...part }) => ({
        licence: LICENCES[contribution],
        ...part,
      }));
      expect(named).to.deep.equal([
        { licence: "GPL-1", tokens: 244, units: 1295 },
        { licence: "GPL-2", tokens: 27, units: 155 },
        { licence: "LGPL-2", tokens: 6, units: 35 },
        { licence: "GFDL-1.2", tokens: 3532, units: 19008 },
        { licence: "GPL-3", tokens: 212, units: 1173 },
      ]);
    });
  });
});
