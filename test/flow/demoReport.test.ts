import { expect } from "chai";

import {
  type AttributionResult,
  describeAttribution,
  markOutputs,
  summarizeAttribution,
} from "../../scripts/report/attribution.ts";
import { formatInteger, formatOpen, formatPercent } from "../../scripts/report/format.ts";
import { renderPage } from "../../scripts/report/page.ts";
import type { Report } from "../../scripts/report/report.ts";
import { drawSankey } from "../../scripts/report/sankey.ts";
import { describeSequel, type Sequel, summarizeSequel } from "../../scripts/report/sequel.ts";
import type { FlowEnd } from "../../sdk/scenario/result.ts";

const OPEN = 10n ** 18n;

const payers: FlowEnd = { name: "Payers", kind: "payer" };
const model: FlowEnd = { name: "Model <A> & Co", kind: "model" };
const alice: FlowEnd = { name: "Alice", kind: "contributor" };
const bob: FlowEnd = { name: "Bob", kind: "contributor" };
const flows = [
  { from: payers, to: model, amount: 10n * OPEN },
  { from: model, to: alice, amount: 7n * OPEN },
  { from: model, to: bob, amount: 3n * OPEN },
];

const slash = {
  respondent: "Rogue <& Sons>",
  poolBefore: 100n * OPEN,
  poolAfter: 70n * OPEN,
  harmed: "Alice",
  compensation: 5n * OPEN,
  prover: "Watcher",
  bounty: 2n * OPEN,
  burned: 23n * OPEN,
};
const copyRow = { name: "Poet", units: 1n, before: OPEN, withoutProof: 2n * OPEN, received: 4n * OPEN };
const sequel: Sequel = {
  stakes: [{ staker: "Fund", operator: "North", value: 70n * OPEN, rewards: 3n * OPEN }],
  cheat: {
    ...slash,
    price: OPEN,
    stakers: [{ name: "Fund", before: 100n * OPEN, after: 70n * OPEN }],
    minSelfStake: 80n * OPEN,
    quoted: false,
  },
  copy: { slash, paid: 4n * OPEN, rows: [copyRow, copyRow, { ...copyRow, name: "Copycat", received: 0n }] },
  vote: {
    oldVersion: 1n,
    version: 2n,
    service: "Model at North",
    amount: OPEN,
    forVotes: 1n,
    allVotes: 2n,
    budget: OPEN,
    rows: [{ name: "treasury", oldBps: 250n, before: 25n, newBps: 200n, after: 20n }],
  },
  gauge: {
    epoch: 3n,
    budget: OPEN,
    paid: OPEN / 2n,
    rows: [{ name: "Model", votes: OPEN, base: OPEN, cap: OPEN / 2n, byVotes: OPEN, paid: OPEN / 2n }],
  },
};

const attribution: AttributionResult = {
  model: { texts: 3, vocabulary: 20, earlierTexts: 2, earlierVocabulary: 10 },
  rows: [
    { name: "Archive", texts: 1, bytes: 0, byUse: 0n, byUnits: OPEN },
    { name: "Alice <a>", texts: 1, bytes: 12, byUse: 3n * OPEN, byUnits: OPEN },
    { name: "Copycat", texts: 1, bytes: 0, byUse: 0n, byUnits: 0n },
  ],
  outputs: [
    {
      prompt: "My fellow",
      pieces: [
        { text: "Americans , ", source: { name: undefined, title: "the commons" } },
        { text: "one & two ", source: { name: "Alice <a>", title: "Alice's text" } },
        { text: "three" },
      ],
    },
  ],
  copy: { name: "Copycat", title: "a copy of Alice's text" },
  forgery: {
    reporter: "Rogue <& Sons>",
    moved: 2n * OPEN,
    fault: "F4",
    reason: "Span 0 is not Rogue's.",
    bond: 100n * OPEN,
    watcher: "Watcher",
    reward: 50n * OPEN,
    burned: 50n * OPEN,
  },
  pot: {
    received: 10n * OPEN,
    paid: 9n * OPEN,
    remainder: 6n * OPEN,
    fee: OPEN,
    left: 0n,
    mostRoundedOff: 7n,
    reporter: "Bob",
  },
  reason: {
    name: "Alice <a>",
    amount: OPEN,
    words: "one & two three four five six seven eight nine",
    output: 1,
    contribution: 1,
    title: "Alice's text",
    offset: 1_234,
  },
};

describe("demo report", () => {
  describe("numbers", () => {
    it("are separated at thousands", () => {
      expect([0, 999, 1_000, 1_234_567].map(formatInteger)).to.deep.equal(["0", "999", "1,000", "1,234,567"]);
    });

    it("are rounded down, so that nobody seems to have more than there is", () => {
      expect(formatOpen(1_999_999_999_999_999_999n, 4)).to.equal("1.9999");
      expect(formatOpen(1n, 18)).to.equal("0.000000000000000001");
      expect(formatOpen(12_345n * OPEN, 0)).to.equal("12,345");
    });

    it("become percentages, also of nothing", () => {
      expect(formatPercent(1n, 3n)).to.equal("33.3 %");
      expect(formatPercent(2n, 2n)).to.equal("100.0 %");
      expect(formatPercent(0n, 0n)).to.equal("-");
    });
  });

  describe("the picture of the money", () => {
    const svg = drawSankey(flows);

    it("has a band for every flow, with its amount", () => {
      expect(svg.match(/<path /g)).to.have.lengthOf(flows.length);
      expect(svg).to.include("<title>Payers → Model &lt;A&gt; &amp; Co: 10.0000 OPEN</title>");
    });

    it("has a node and a label for everybody", () => {
      expect(svg.match(/<rect /g)).to.have.lengthOf(4);
      expect(svg).to.include('Alice <tspan class="amount">7.0</tspan>');
      expect(svg).not.to.match(/NaN|undefined/);
    });

    it("makes bands as wide as their amounts", () => {
      const widths = [...svg.matchAll(/stroke-width="([\d.]+)"/g)].map(([, width]) => Number(width));
      expect(Math.abs(widths[1] / widths[0] - 0.7)).to.be.below(0.01);
      expect(Math.abs(widths[2] / widths[0] - 0.3)).to.be.below(0.01);
    });
  });

  it("says so when the chain and the reference disagree", () => {
    const page = renderPage(reportWith(["balance of <account>: 1 by the reference, 2 on the chain"]));
    expect(page).to.include('<span class="bad">Differences found: 1.</span>');
    expect(page).to.include("<li>balance of &lt;account&gt;: 1 by the reference, 2 on the chain</li>");
    expect(renderPage(reportWith([]))).to.include("No difference.");
  });

  describe("stake, disputes, votes", () => {
    it("have a line each", () => {
      expect(summarizeSequel(sequel)).to.deep.equal([
        "Cheated:   Rogue <& Sons> signed two receipts for one call. Its pool lost 30 OPEN, 5 of it to the payer; it serves no longer.",
        "Copied:    Copycat got 0 of 2 OPEN for a poem that was Poet's, who got 4.",
        "Voted:     the treasury gets 200 bps, no longer 250; a call from before was released with 250.",
        "Directed:  stakers' votes sent 0.5000 OPEN of the treasury's to 1 of 1 assets.",
        "Rewarded:  stakers claimed 3.0000 OPEN, and have 70 staked.",
      ]);
    });

    it("have a table each, with a cell for every column", () => {
      const chapters = describeSequel(sequel);
      expect(chapters).to.have.lengthOf(5);
      for (const { title, columns, rows } of chapters) {
        for (const row of rows) expect(row, title).to.have.lengthOf(columns.length);
      }
    });

    it("stand on the page, whatever names people have", () => {
      const page = renderPage(reportWith([]));
      expect(page).to.include("Rogue &lt;&amp; Sons&gt; signed two receipts");
      expect(page).to.include("Alice got 5.0000 OPEN of it, Watcher for the proof 2.0000; 23.0000 were burned.");
    });
  });

  describe("attribution", () => {
    it("has a line for each event, and says why somebody was paid", () => {
      expect(summarizeAttribution(attribution)).to.deep.equal([
        "Served:    a model trained on 3 texts answered 1 calls; 42.9 % of what it said is somebody's.",
        "Forged:    Rogue <& Sons> put 2.0000 OPEN down to itself. Its report is void, its bond of 100 lost.",
        "Paid:      1 contributors claimed 3.0000 OPEN; Copycat, whose text is a copy, has earned nothing.",
        'Because:   Alice <a> got 1.0000 OPEN for "one & two three four five six seven ..." in output 1: ' +
          "contribution 1 (Alice's text) has it first, at byte 1,234.",
      ]);
    });

    it("has tables with a cell for every column", () => {
      const chapters = describeAttribution(attribution);
      expect(chapters).to.have.lengthOf(2);
      for (const { title, columns, rows } of chapters) {
        for (const row of rows) expect(row, title).to.have.lengthOf(columns.length);
      }
    });

    it("marks the words of each contributor in its colour, those of nobody in none", () => {
      const marked = markOutputs(attribution);
      expect(marked).to.include(
        '<i>My fellow</i> <mark title="the commons">Americans ,</mark> <mark title="Alice&#39;s text"',
      );
      expect(marked).to.include('style="--hue:120">one &amp; two</mark> three</p>');
      expect(marked).to.include('<li><mark title="contributor" style="--hue:120">Alice &lt;a&gt;</mark></li>');
      expect(marked).not.to.include("Copycat");
      expect(renderPage(reportWith([]))).to.include(marked);
    });
  });
});

function reportWith(differences: string[]): Report {
  const person = { name: "Alice", role: "contributor", address: "0x00", earned: 7n * OPEN, paidOut: 0n };
  return {
    seed: 1,
    seconds: 1,
    corpus: { texts: 1, words: 10, bytes: 60, authors: 1 },
    contracts: [],
    splits: [],
    contributors: [{ ...person, texts: 1, words: 10, paidBy: "not claimed yet" }],
    builders: [],
    operators: [],
    stakers: [],
    others: [],
    services: [],
    rails: [],
    agent: { earned: 0n, spent: 0n, calls: 0n },
    prepaid: 0n,
    gas: [],
    flows,
    conservation: { paidIn: 10n * OPEN, paidOut: 0n, claimable: 10n * OPEN, dust: 0n, staked: 0n },
    comparison: { accounts: 2, splits: 1, shares: 2, mostRoundedOff: 1n, differences },
    sequel,
    attribution,
  };
}
