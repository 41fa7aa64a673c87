import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { stripVTControlCharacters } from "node:util";

import { expect } from "chai";

import { csvFiles } from "../../../scripts/scenario/report/csv.ts";
import { renderRunPage } from "../../../scripts/scenario/report/page.ts";
import { layOutTables } from "../../../scripts/scenario/report/printTables.ts";
import { writeReports } from "../../../scripts/scenario/report/writeReports.ts";
import { play } from "../../../sdk/scenario/play.ts";
import type { RunResult } from "../../../sdk/scenario/result.ts";
import { randomScenario } from "../../helpers/randomScenario.ts";
import { chainOf, OPEN, runOf, type RunShape } from "./runs.ts";

/** What must not break anything. */
const NASTY = `<b>"x"&,'\r\n`;
const EXPECTATIONS = [
  { text: "contributor 1 earns at least 3 % of payments", line: 12, holds: true, actual: "31.2 % of payments" },
  { text: "north serves at most 60 % of calls", line: 13, holds: false, actual: "100 % of calls" },
];
const SHAPES: Record<string, RunShape> = {
  "a usual run": { expectations: EXPECTATIONS },
  "a run of one period": { periods: 1 },
  "a run without payments": { periods: 1, isIdle: true },
  "a long run": { periods: 70, contributors: 30 },
  "a run over a deep lineage": { models: 30 },
  "a run of many contributors": { contributors: 300 },
  "a run of people with strange names": { prefix: NASTY },
};

function played(seed: number): RunResult {
  const run = play(randomScenario(seed));
  let step = run.next();
  while (step.done !== true) step = run.next();
  return step.value;
}

function tablesOf(result: RunResult): string[] {
  return layOutTables({ result, chain: chainOf() }).map(stripVTControlCharacters);
}

/** Fails unless every tag that is opened is closed, in order. */
function expectWellFormed(page: string): void {
  const open: string[] = [];
  const body = page.slice("<!doctype html>".length).replace(/<style>[^]*?<\/style>/, "");
  for (const [, end, name, attributes] of body.matchAll(/<(\/?)([a-z0-9]+)((?:\s[^<>]*)?)>/g)) {
    if (end === "/") expect(open.pop()).to.equal(name);
    else if (name !== "meta" && !attributes.endsWith("/")) open.push(name);
    expect(attributes).to.match(/^(\s+[\w:-]+="[^"<>]*")*\s*\/?$/);
  }
  expect(open).to.deep.equal([]);
  const text = body.replace(/<\/?[a-z0-9]+(?:\s[^<>]*)?>/g, "");
  expect(text).not.to.match(/[<>]/);
  expect(text.replace(/&(amp|lt|gt|quot|#39);/g, "")).not.to.include("&");
}

/** RFC 4180, read by the letter. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let cell = "";
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (text[at] === '"') at++;
        cell += text[at];
      }
      at++;
    } else {
      while (!/[,\r]/.test(text[at])) cell += text[at++];
    }
    row.push(cell);
    if (text[at] === ",") {
      at++;
    } else {
      expect(text.slice(at, at + 2)).to.equal("\r\n");
      at += 2;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}

function unitsOf(open: string): bigint {
  const [whole, decimals = ""] = open.split(".");
  return BigInt(whole + decimals.padEnd(18, "0"));
}

describe("report of a scenario", () => {
  for (const [name, shape] of Object.entries(SHAPES)) {
    describe(`of ${name}`, () => {
      const result = runOf(shape);
      const page = renderRunPage({ result, chain: undefined });

      it("is a page in order that loads nothing", () => {
        expectWellFormed(page);
        expect(page).not.to.match(/NaN|undefined|Infinity|\[object|(src|href)=|@import|url\(/);
        expect(page).not.to.include("<b>&quot;x");
        expect(page).not.to.include('<b>"x"');
      });

      it("says everything in tables no wider than a terminal of 100 columns", () => {
        const lines = tablesOf(runOf({ ...shape, prefix: "" }));
        expect(lines.filter((line) => line.length > 100)).to.deep.equal([]);
        expect(lines.join("\n")).not.to.match(/NaN|undefined|Infinity|\[object/);
      });

      it("is the same each time", () => {
        expect(renderRunPage({ result: runOf(shape), chain: undefined })).to.equal(page);
        expect(csvFiles(runOf(shape))).to.deep.equal(csvFiles(result));
      });
    });
  }

  it("is in order for whatever happens in runs", () => {
    for (let seed = 1; seed <= 12; seed++) {
      const result = played(seed);
      const page = renderRunPage({ result, chain: chainOf() });
      expectWellFormed(page);
      expect(page, `seed ${seed}`).not.to.match(/NaN|undefined|Infinity|\[object/);
      expect(tablesOf(result).join("\n"), `seed ${seed}`).not.to.match(/NaN|undefined|Infinity|\[object/);
    }
  });

  describe("page", () => {
    const result = runOf({ expectations: EXPECTATIONS });
    const page = renderRunPage({ result, chain: undefined });

    it("has each figure of each period, to be pointed at", () => {
      for (const { period, calls, payments, paidContributors, activePayers, nakamoto, gini, hhi } of result.periods) {
        const at = `<title>Period ${period + 1}: `;
        expect(page).to.include(`${at}${calls} calls</title>`);
        expect(page).to.include(`${at}${payments} payments</title>`);
        expect(page).to.include(`${at}${paidContributors} contributors paid</title>`);
        expect(page).to.include(`${at}${activePayers} payers active</title>`);
        expect(page).to.include(`${at}${nakamoto} earned more than half</title>`);
        expect(page).to.include(`${at}Gini coefficient ${(gini / 1e6).toFixed(4)}</title>`);
        expect(page).to.include(`${at}Herfindahl-Hirschman index ${(hhi / 1e6).toFixed(4)}</title>`);
      }
      expect(page.match(/, part \d+ of 24: /g)).to.have.lengthOf(24 * result.periods.length);
    });

    it("shows who earned what when, and whom the money reached", () => {
      for (const { name, earnedPerPeriod } of result.accounts.slice(0, 1)) {
        earnedPerPeriod.forEach((amount, i) => {
          const open = `${amount / OPEN}.${((amount % OPEN) / 10n ** 14n).toString().padStart(4, "0")}`;
          expect(page).to.include(`<title>Period ${i + 1}: ${name}, ${open} OPEN</title>`);
        });
      }
      for (const { from, to } of result.flows) expect(page).to.include(`<title>${from.name} → ${to.name}: `);
    });

    it("shows who stays, and what it costs", () => {
      const [{ joined, members, paid }] = result.health.cohorts;
      expect([joined, members]).to.deep.equal([0, 3]);
      for (const [since, count] of paid.entries()) {
        expect(page).to.include(`<title>Of 3 from period 1, ${count} were paid in period ${since + 1}</title>`);
      }
      // The made-up run moves 313.27 OPEN with 35,540,000 gas, which is 1.2345 % of them.
      const [{ volume, estimatedGas }] = result.periods;
      const part = (1.2345 * Number(estimatedGas) * 313.27) / (35_540_000 * (Number(volume) / 1e18));
      expect(page).to.include(`<title>Period 1: ${part.toPrecision(3)} % of the value, `);
    });

    it("puts many periods into rows that have room", () => {
      const long = renderRunPage({ result: runOf({ periods: 70 }), chain: undefined });
      expect(long).to.include(">periods 1 to 2</text>");
      expect(long).to.include("<title>periods 69 to 70, part 24 of 24: ");
    });

    it("says who lost stake", () => {
      const slashed = runOf();
      slashed.operators[0].slashed = OPEN;
      expect(renderRunPage({ result: slashed, chain: undefined })).to.include("earned, and north lost stake.");
    });

    it("says which expectations hold", () => {
      expect(page).to.include("<h2>Expectations: 1 of 2 FAIL</h2>");
      expect(page).to.include(
        '<td><span class="bad">✗ fails</span></td><td>north serves at most 60 % of calls</td><td>100 % of calls</td>',
      );
      expect(page).to.include('<span class="good">✓ holds</span>');
    });

    it("leaves out what there is none of", () => {
      const idle = renderRunPage({ result: runOf({ periods: 1, isIdle: true }), chain: undefined });
      for (const title of [
        "Rhythm",
        "Who earned",
        "Where the money went",
        "In how few hands",
        "What it costs",
        "Expectations",
      ]) {
        expect(page, title).to.include(title);
        expect(idle, title).not.to.include(title);
      }
      expect(page).not.to.include("On chain");
    });

    it("tells what the chain said, and where it differs", () => {
      const chain = chainOf(["<alice> has 1 by the model, 2 on chain"]);
      const compared = renderRunPage({ result, chain });
      expect(compared).to.include("On chain: localhost");
      expect(compared).to.include("1 DIFFERENCE.");
      expect(compared).to.include("&lt;alice&gt; has 1 by the model, 2 on chain");
      expect(renderRunPage({ result, chain: chainOf() })).to.include("no difference.");
    });
  });

  describe("tables", () => {
    it("are calm", () => {
      const lines = tablesOf(runOf({ periods: 2, contributors: 2, models: 1, expectations: EXPECTATIONS }));
      expect(lines).to.deep.equal(GOLDEN.split("\n"));
    });

    it("say what agents have drawn to pay for calls, if they have", () => {
      const agents = "of that drawn by agents, to pay for calls";
      const run = runOf();
      expect(tablesOf(run).join("\n")).not.to.include(agents);
      run.totals.claimable -= 7n * OPEN;
      const line = tablesOf(run).find((text) => text.includes(agents));
      expect(line?.trim().split(/ {2,}/)).to.deep.equal([agents, "7.000000000000000000"]);
    });

    it("leave out what there is none of", () => {
      expect(tablesOf(runOf()).join("\n")).not.to.include("Expectations");
      expect(tablesOf(runOf()).join("\n")).not.to.include("as a job");
      const result = runOf();
      result.services.push({ ...result.services[0], name: "idle one", payments: 0 });
      expect(tablesOf(result).join("\n")).not.to.include("idle one");
      expect(tablesOf(result)).to.include("  1 service served no call.");
    });

    it("leave periods out in the middle of a long run", () => {
      const lines = tablesOf(runOf({ periods: 40 }));
      const from = lines.indexOf("Usage") + 2;
      const shown = lines.slice(from, from + 17).map((line) => line.trim().split(" ")[0]);
      expect(shown).to.deep.equal([
        "1",
        "2",
        "3",
        "4",
        "5",
        "…",
        ...Array.from({ length: 10 }, (_, i) => String(31 + i)),
        "all",
      ]);
    });
  });

  describe("files", () => {
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), "report-"));
    });
    afterEach(() => rm(folder, { recursive: true }));

    it("are named, the page first", async () => {
      const names = ["report.html", "result.json", "accounts.csv", "periods.csv", "services.csv", "flows.csv"];
      const without = await writeReports({ result: runOf(), chain: undefined, folder });
      expect(without).to.deep.equal(names.map((name) => path.join(folder, name)));
      const inside = path.join(folder, "deep", "inside");
      const files = await writeReports({ result: runOf(), chain: chainOf(), folder: inside });
      expect(files.map((file) => path.basename(file))).to.deep.equal([
        ...names.slice(0, 2),
        "chain.json",
        ...names.slice(2),
      ]);
      expect(await readFile(path.join(folder, "result.json"), "utf8")).to.equal(
        await readFile(path.join(inside, "result.json"), "utf8"),
      );
    });

    it("have every amount as a decimal string in JSON", async () => {
      const result = runOf({ prefix: NASTY });
      await writeReports({ result, chain: chainOf(), folder });
      const read = JSON.parse(await readFile(path.join(folder, "result.json"), "utf8")) as RunResult;
      expect(read.totals.paid).to.equal(result.totals.paid.toString());
      expect(read.accounts.map(({ name, earned }) => [name, earned])).to.deep.equal(
        result.accounts.map(({ name, earned }) => [name, earned.toString()]),
      );
      const chain: unknown = JSON.parse(await readFile(path.join(folder, "chain.json"), "utf8"));
      expect(chain).to.include({ chainId: "31337", gasUsed: "620000", transactions: 12 });
    });

    it("have everything in CSV that programs need, whatever names are", () => {
      const result = runOf({ prefix: NASTY });
      const tables = Object.entries(csvFiles(result)).map(([name, text]) => [name, parseCsv(text)] as const);
      const [accounts, periods, services, flows] = tables.map(([, rows]) =>
        rows.slice(1).map((row) => Object.fromEntries(rows[0].map((title, i) => [title, row[i]]))),
      );
      for (const [name, rows] of tables) {
        for (const row of rows) expect(row, name).to.have.lengthOf(rows[0].length);
      }
      expect(accounts.map(({ account, earned }) => [account, unitsOf(earned)])).to.deep.equal(
        result.accounts.map(({ name, earned }) => [name, earned]),
      );
      expect(accounts.map(({ joined }) => joined)).to.deep.equal(
        result.accounts.map(({ joined }) => (joined === undefined ? "" : String(joined + 1))),
      );
      expect(accounts.map(({ earned_data: earned }) => unitsOf(earned))).to.deep.equal(
        result.accounts.map(({ earnedByLayer }) => earnedByLayer.data),
      );
      expect(periods.map(({ period, calls, volume }) => [period, calls, unitsOf(volume)])).to.deep.equal(
        result.periods.map(({ period, calls, volume }) => [String(period + 1), String(calls), volume]),
      );
      expect(periods.map(({ payments_part_24: last }) => Number(last))).to.deep.equal(
        result.periods.map(({ rhythm }) => rhythm[23]),
      );
      expect(services.map(({ service, paid }) => [service, unitsOf(paid)])).to.deep.equal(
        result.services.map(({ name, amount }) => [name, amount]),
      );
      expect(flows.map(({ from, to_kind: kind, to, amount }) => [from, kind, to, unitsOf(amount)])).to.deep.equal(
        result.flows.map(({ from, to, amount }) => [from.name, to.kind, to.name, amount]),
      );
    });

    it("have amounts to the last decimal and names to the letter in CSV", () => {
      const result = runOf();
      result.services[0].amount = 1n;
      result.services.push({ ...result.services[0], amount: 1_234n * OPEN }, { ...result.services[0], amount: 0n });
      result.services.push({ ...result.services[0], amount: 105n * 10n ** 16n });
      for (const [i, name] of ["a,b", "c\nd", "e\rf", "g h"].entries()) result.services[i].name = name;
      const rows = parseCsv(csvFiles(result)["services.csv"]);
      expect(rows.map(([name]) => name)).to.deep.equal(["service", "a,b", "c\nd", "e\rf", "g h"]);
      const paid = rows.map((row) => row.at(-1));
      expect(paid).to.deep.equal(["paid", "0.000000000000000001", "1234", "0", "1.05"]);
    });
  });
});

const GOLDEN = `
A made-up run
  How a report looks.
  In 2 periods of 1 week, 963 calls were paid for with 321 payments of 102.3850 OPEN in all. 2
  contributors earned.

Usage
  period   calls   payments   earning   claiming   claimed OPEN   paid OPEN     payers   refused
  1          507        169         1          0        13.4630     26.9260   19 of 20         1
  2          456        152         2          0        37.7295     75.4590   18 of 20         2
  all        963        321                             51.1925    102.3850                    3
  Earning and claiming: contributors. Payers: that paid, of those who were there.

Who earned, by layer
  layer                                               earned OPEN     part
  data: contributors, Datanets' owners and curators       56.1490   54.8 %
  model: builders and agents                              16.9920   16.6 %
  operators                                               22.9280   22.4 %
  their stakers' pools                                     5.3040    5.2 %
  treasury                                                 1.0120    1.0 %

Top earners
  account            layer      earned OPEN     part   claimed    spent
  contributor 1      data           33.6730   32.9 %   16.8365   0.0000
  north              operator       22.9280   22.4 %   11.4640   0.0000
  contributor 2      data           22.4760   22.0 %   11.2380   0.0000
  builder 1          model          16.9920   16.6 %    8.4960   0.0000
  stakers of north   staker          5.3040    5.2 %    2.6520   0.0000
  treasury           treasury        1.0120    1.0 %    0.5060   0.0000

Services
  service            calls   payments   tokens in   tokens out   paid OPEN
  model 1 at north     963        321       1,000          500    102.3850

How they paid
  paid            calls   payments       OPEN      part
  from a wallet     963        321   102.3850   100.0 %

Operators
  operator   calls   earned OPEN   its stakers      staked   slashed
  north        963       22.9280        5.3040   20,000.00      0.00

Health
  how much is in how few hands                  all who earned   contributors
  Gini coefficient (0: all the same)                    0.3608         0.0997
  Herfindahl-Hirschman index (1: one has all)           0.2368         0.5199
  Nakamoto coefficient (have more than half)                 2              1
  Of the contributors paid in the first half, 100.0 % were paid in the last period, too.
  From a payment to the claim of what it brought: 2.3 days on average.
  Gas is 1.2 % of the value moved, at the scenario's prices: 21,260,000 gas, estimated.
  A contributor's claim is worth its gas from 0.020000 OPEN on by the shortest way, 0.025000 by
  the deepest.

Where every OPEN is
                                        OPEN
  paid                102.385000000000000000
  earned              102.385000000000000000
  of that claimed      51.192500000000000000
  of that claimable    51.192500000000000000
  dust                  0.000000000000000000
  Dust is what rounding leaves in 3 splits of 8 shares. Payers hold 0.0000 OPEN more in channels
  and balances.

On chain: localhost
  operation   transactions       gas   gas each
  pay                   10   500,000     50,000
  claim                  2   120,000     60,000
  all                   12   620,000
  Chain 31337 took 3 seconds.
  9 accounts, 4 splits and 13 shares compared with the model: no difference.

Expectations: 1 of 2 FAIL
      expected                                       was                  line
  ✓   contributor 1 earns at least 3 % of payments   31.2 % of payments     12
  ✗   north serves at most 60 % of calls             100 % of calls         13`;
