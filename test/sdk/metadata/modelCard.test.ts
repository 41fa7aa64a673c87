import { readFile } from "node:fs/promises";

import { expect } from "chai";
import { parse } from "yaml";

import { makeModelCard } from "../../../sdk/metadata/modelCard.ts";
import { versionName } from "../../../sdk/metadata/names.ts";
import { formatPercent, partsOf, WHOLE } from "../../../sdk/metadata/parts.ts";
import { CARD_FACTS, cardExample, EXAMPLE, LEDGER, UPSTREAM_FACTS } from "./examples.ts";

const { base, datanet, fork, state } = EXAMPLE;

function cardOf(changes: Partial<Parameters<typeof makeModelCard>[0]>): string {
  return makeModelCard({
    version: fork,
    state,
    facts: CARD_FACTS,
    upstream: UPSTREAM_FACTS,
    terms: { minShareBps: 0n, open: false },
    versions: [],
    ledger: LEDGER,
    ...changes,
  });
}

function frontMatterOf(card: string): unknown {
  return parse(card.split("---\n")[1]);
}

describe("Model cards", () => {
  it("of the example are as they have always been", async () => {
    expect(cardExample()).to.equal(await readFile("test/sdk/metadata/golden/modelCard.txt", "utf8"));
  });

  it("have the front matter that Hugging Face reads", () => {
    const repositories = new Map([
      [versionName(base), "builder/sea-base"],
      [versionName(datanet), "owner/sea"],
    ]);
    expect(
      frontMatterOf(cardOf({ facts: { ...CARD_FACTS, repositories, libraryName: "transformers" } })),
    ).to.deep.equal({
      language: ["en"],
      license: "apache-2.0",
      library_name: "transformers",
      pipeline_tag: "text-generation",
      tags: ["sea", "open-attribution-ledger"],
      datasets: ["owner/sea"],
      base_model: "builder/sea-base",
    });
  });

  for (const [license, expected] of [
    ["GPL-3.0-or-later", { license: "gpl-3.0" }],
    ["C-UDA-1.0", { license: "c-uda" }],
    ["0BSD", { license: "other", license_name: "0bsd", license_link: "https://spdx.org/licenses/0BSD.html" }],
    ["MIT OR Apache-2.0", { license: "other", license_name: "mit-or-apache-2.0" }],
  ] as const) {
    it(`name the licence ${license} as Hugging Face does`, () => {
      expect(frontMatterOf(cardOf({ facts: { name: "a", description: "b", license } }))).to.deep.equal({
        ...expected,
        tags: ["open-attribution-ledger"],
      });
    });
  }

  it("link to the licence where people say it is", () => {
    const facts = { ...CARD_FACTS, license: "LicenseRef-sea", licenseLink: "https://example.org/licence" };
    expect(frontMatterOf(cardOf({ facts }))).to.include({
      license: "other",
      license_name: "licenseref-sea",
      license_link: "https://example.org/licence",
    });
  });

  it("do not let a name break a table or the heading", () => {
    const models = new Map([
      [versionName(base), { name: "a|b\nc", downloadLocation: "", supplier: "", releasedAt: 0n }],
    ]);
    const card = cardOf({ upstream: { ...UPSTREAM_FACTS, models }, facts: { ...CARD_FACTS, name: "x\n# y" } });
    expect(card).to.contain("| a\\|b c | 10.00 % |");
    expect(card).to.contain("\n# x # y\n");
  });

  it("say who may build on the model, and for how much", () => {
    expect(cardOf({})).to.contain(
      "Those whom the owner has named may build on this model; it asks for no part of what they earn.",
    );
  });

  it("of a model built on nothing say so, and have the split to pay", () => {
    const card = cardOf({ version: { ...base, upstreams: [] } });
    expect(card).to.contain("## Built on\n\nNothing that is registered.\n");
    expect(card).not.to.contain("Use one of these services");
  });

  it("cannot be made with a licence that is no expression of SPDX", () => {
    expect(() => cardOf({ facts: { ...CARD_FACTS, license: "free" } })).to.throw(
      RangeError,
      '"free" is no licence expression of SPDX, such as "Apache-2.0".',
    );
  });
});

describe("Parts of a payment", () => {
  it("are followed down to the contributors", () => {
    expect(partsOf(state, datanet.logSplitId)).to.deep.equal({ contributors: WHOLE, curation: 0n, builders: 0n });
    expect(partsOf(state, datanet.splitId)).to.deep.equal({
      contributors: (WHOLE * 9n) / 10n,
      curation: WHOLE / 10n,
      builders: 0n,
    });
    expect(partsOf(state, fork.splitId)).to.deep.equal({
      contributors: (WHOLE * 81n) / 1_000n,
      curation: (WHOLE * 9n) / 1_000n,
      builders: (WHOLE * 910n) / 1_000n,
    });
  });

  it("are of splits that are known", () => {
    const unknown = `0x${"12".repeat(32)}`;
    expect(() => partsOf(state, unknown)).to.throw(RangeError, `No registry has made the split ${unknown}.`);
  });

  it("are shown in percent, rounded to the nearest", () => {
    expect(formatPercent(1n, 3n)).to.equal("33.33 %");
    expect(formatPercent(2n, 3n)).to.equal("66.67 %");
    expect(formatPercent(1n, 1_000_000n)).to.equal("< 0.01 %");
    expect(formatPercent(0n, 1n)).to.equal("0.00 %");
    expect(formatPercent(1n, 1n)).to.equal("100.00 %");
  });
});
