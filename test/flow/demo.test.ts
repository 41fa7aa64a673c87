import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import { runScript, type ScriptResult } from "../helpers/script.ts";

/** The parts of out/report.json that are looked at; amounts are decimal strings. */
interface ReportJson {
  contributors: { name: string; earned: string; paidOut: string; paidBy: string }[];
  services: { name: string; calls: string }[];
  rails: { name: string; payments: number }[];
  agent: { earned: string; spent: string; calls: string };
  conservation: Record<"paidIn" | "paidOut" | "claimable" | "dust" | "staked", string>;
  comparison: { differences: string[] };
  sequel: {
    stakes: { staker: string; rewards: string }[];
    cheat: SlashJson & { price: string; minSelfStake: string; quoted: boolean; stakers: Record<string, string>[] };
    copy: { slash: SlashJson; rows: Record<"name" | "withoutProof" | "received", string>[] };
    vote: {
      version: string;
      amount: string;
      rows: Record<"name" | "oldBps" | "before" | "newBps" | "after", string>[];
    };
    gauge: { budget: string; paid: string; rows: Record<"base" | "cap" | "byVotes" | "paid", string>[] };
  };
  attribution: AttributionJson;
}

interface AttributionJson {
  model: { vocabulary: number; earlierVocabulary: number };
  rows: { name: string; bytes: number; byUse: string; byUnits: string }[];
  outputs: { prompt: string; pieces: { text: string; source?: { name?: string; title: string } }[] }[];
  forgery: { fault: string } & Record<"moved" | "bond" | "reward" | "burned", string>;
  pot: Record<"received" | "paid" | "remainder" | "fee" | "left" | "mostRoundedOff", string>;
  reason: { name: string; amount: string; words: string; output: number; title: string };
}

type SlashJson = Record<"poolBefore" | "poolAfter" | "compensation" | "bounty" | "burned", string>;

/** What a pool lost, which is what was given away and burned. */
function lossOf({ poolBefore, poolAfter, compensation, bounty, burned }: SlashJson): bigint {
  const loss = BigInt(poolBefore) - BigInt(poolAfter);
  expect(BigInt(compensation) + BigInt(bounty) + BigInt(burned)).to.equal(loss);
  return loss;
}

describe("demo", function () {
  this.timeout(120_000);
  let directory: string;
  let result: ScriptResult;
  let report: ReportJson;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "demo-"));
    result = await runScript({ script: "demo", args: ["--turns", "150", "--seed", "7", "--out", directory] });
    report = JSON.parse(await readFile(path.join(directory, "report.json"), "utf8")) as ReportJson;
  });

  after(() => rm(directory, { recursive: true }));

  it("ends well and says who contributed, refined, executed and earned", () => {
    expect(result.errors).to.equal("");
    expect(result.exitCode).to.equal(0);
    const titles = ["Who contributed", "Who refined", "Who executed", "Who earned", "Usage", "Gas", "Attribution"];
    for (const title of titles) {
      expect(result.output).to.match(new RegExp(`^${title}`, "m"));
    }
    expect(result.output).to.include("no difference.");
  });

  it("prints nothing but text when nobody looks at a terminal", () => {
    expect(result.output).to.match(/^[\n\x20-\x7e]*$/);
  });

  it("finds the chain equal to the reference, and no money lost", () => {
    expect(report.comparison.differences).to.deep.equal([]);
    const { paidIn, paidOut, claimable, dust } = report.conservation;
    expect(BigInt(paidIn)).to.equal(BigInt(paidOut) + BigInt(claimable) + BigInt(dust));
    expect(BigInt(dust) < 1_000n).to.be.true;
  });

  it("pays all 43 authors, each in one of the ways there are", () => {
    expect(report.contributors).to.have.lengthOf(43);
    for (const { name, earned } of report.contributors) expect(BigInt(earned) > 0n, name).to.be.true;
    const ways = new Set(report.contributors.map(({ paidBy }) => paidBy));
    expect([...ways]).to.have.members(["own claim", "relayed claim", "payout", "not claimed yet"]);
  });

  it("uses every rail and every service", () => {
    expect(report.rails).to.have.lengthOf(15);
    expect(report.services).to.have.lengthOf(4);
    for (const { name, calls } of report.services) expect(BigInt(calls) > 0n, name).to.be.true;
  });

  it("has the agent pay its tools out of what it earned", () => {
    const { earned, spent, calls } = report.agent;
    expect(BigInt(calls) > 0n).to.be.true;
    expect(BigInt(spent) > 0n && BigInt(spent) <= BigInt(earned)).to.be.true;
  });

  it("tells what is staked apart from what was earned", () => {
    const staked = BigInt(report.conservation.staked);
    expect(staked > 0n && staked < BigInt(report.conservation.paidIn)).to.be.true;
    expect(result.output).to.match(/OPEN are staked\.$/m);
  });

  it("slashes an operator that signed two receipts, with its staker, and quotes it no more", () => {
    const { cheat } = report.sequel;
    expect(lossOf(cheat)).to.equal((BigInt(cheat.poolBefore) * 3_000n) / 10_000n);
    expect(cheat.compensation).to.equal(cheat.price);
    expect(BigInt(cheat.bounty) > 0n).to.be.true;
    expect(cheat.stakers).to.have.lengthOf(2);
    for (const { before, after } of cheat.stakers) expect(BigInt(after)).to.equal((BigInt(before) * 7n) / 10n);
    expect(BigInt(cheat.stakers[0].after) < BigInt(cheat.minSelfStake)).to.be.true;
    expect(cheat.quoted).to.be.false;
  });

  it("gives a copy's share to the first author, and slashes the curator", () => {
    const { slash, rows } = report.sequel.copy;
    const [poet, neighbour, copycat] = rows;
    expect(lossOf(slash)).to.equal(BigInt(slash.poolBefore) / 10n);
    expect(BigInt(poet.received)).to.equal(BigInt(poet.withoutProof) + BigInt(copycat.withoutProof));
    expect(neighbour.received).to.equal(neighbour.withoutProof);
    expect(copycat.received).to.equal("0");
  });

  it("keeps the split of what was paid before a vote changed the fees", () => {
    const { vote } = report.sequel;
    expect(vote.version).to.equal("2");
    for (const { name, oldBps, before, newBps, after } of vote.rows) {
      expect(BigInt(before), name).to.equal((BigInt(vote.amount) * BigInt(oldBps)) / 10_000n);
      expect(BigInt(after), name).to.equal((BigInt(vote.amount) * BigInt(newBps)) / 10_000n);
    }
    expect(vote.rows[0]).to.include({ name: "treasury", oldBps: "250", newBps: "200" });
  });

  it("pays assets what stakers voted for, at most half of the fees they brought", () => {
    const { budget, paid, rows } = report.sequel.gauge;
    for (const { base, cap, byVotes, paid: got } of rows) {
      expect(BigInt(cap)).to.equal(BigInt(base) / 2n);
      expect(BigInt(got)).to.equal(BigInt(byVotes) < BigInt(cap) ? BigInt(byVotes) : BigInt(cap));
    }
    expect(rows.some(({ cap, byVotes }) => BigInt(byVotes) < BigInt(cap) && BigInt(byVotes) > 0n)).to.be.true;
    expect(rows.some(({ cap, byVotes }) => BigInt(byVotes) > BigInt(cap))).to.be.true;
    expect(BigInt(paid) > 0n && BigInt(paid) <= BigInt(budget)).to.be.true;
  });

  it("lets stakers claim what services have left to them", () => {
    const claimed = report.sequel.stakes.filter(({ rewards }) => BigInt(rewards) > 0n).map(({ staker }) => staker);
    expect(claimed).to.have.members([
      "North Compute",
      "South Compute",
      "Northern Pension",
      "Harbour Fund",
      "River Union",
    ]);
  });

  it("trains a model that says what contributors have written, and things of its own", () => {
    const { model, outputs, rows } = report.attribution;
    expect(model.vocabulary).to.be.greaterThan(model.earlierVocabulary);
    expect(outputs).to.have.lengthOf(48);
    const pieces = outputs.flatMap((output) => output.pieces);
    const bytes = new Map<string, number>();
    for (const { text, source } of pieces) {
      if (source?.name !== undefined) bytes.set(source.name, (bytes.get(source.name) ?? 0) + Buffer.byteLength(text));
    }
    // Behind the last word of an output counts a space that is not there.
    for (const { name, bytes: credited } of rows) {
      expect(credited - (bytes.get(name) ?? 0), name).to.be.within(0, outputs.length);
    }
    expect(pieces.some(({ source }) => source === undefined)).to.be.true;
    expect(pieces.some(({ source }) => source?.title === "the commons")).to.be.true;
  });

  it("voids a forged report: half of its bond is the watcher's, and the rest burned", () => {
    const { fault, moved, bond, reward, burned } = report.attribution.forgery;
    expect(fault).to.equal("F4");
    expect(BigInt(moved) > 0n).to.be.true;
    expect(BigInt(reward)).to.equal(BigInt(bond) / 2n);
    expect(BigInt(reward) + BigInt(burned)).to.equal(BigInt(bond));
  });

  it("pays contributors for their words, and the version's split for everything else", () => {
    const { rows, pot } = report.attribution;
    const byUse = rows.reduce((sum, row) => sum + BigInt(row.byUse), 0n);
    const [received, paid, remainder, fee, left] = [pot.received, pot.paid, pot.remainder, pot.fee, pot.left].map(
      BigInt,
    );
    expect(received).to.equal(paid + fee + left);
    expect(paid - byUse - remainder >= 0n && paid - byUse - remainder < 100n).to.be.true;
    expect(remainder > 0n && byUse > remainder).to.be.true;
    for (const row of rows) expect(BigInt(row.byUse) > 0n, row.name).to.equal(row.bytes > 0);
    expect(BigInt(pot.mostRoundedOff) < 1_000n).to.be.true;
  });

  it("pays nothing for a copy, and next to nothing for commons", () => {
    const { rows } = report.attribution;
    const [archive, copycat] = ["Address Archive", "Copycat"].map((name) => rows.find((row) => row.name === name));
    expect(archive).to.include({ bytes: 0, byUse: "0" });
    expect(copycat).to.include({ bytes: 0, byUse: "0" });
    expect(BigInt(copycat?.byUnits ?? 0) < 10n ** 15n).to.be.true;
  });

  it("says for which words somebody was paid, and where they come from", () => {
    const { reason, outputs, rows } = report.attribution;
    const text = outputs[reason.output - 1].pieces.map((piece) => piece.text).join("");
    expect(text).to.include(reason.words);
    expect(reason.title).to.include(reason.name);
    const row = rows.find(({ name }) => name === reason.name);
    expect(BigInt(reason.amount) <= BigInt(row?.byUse ?? 0)).to.be.true;
    expect(result.output).to.match(/^ {2}Because: {3}.* has it first, at byte [\d,]+\.$/m);
  });

  it("leaves a page that loads nothing", async () => {
    const page = await readFile(path.join(directory, "report.html"), "utf8");
    expect(page).to.include('<svg class="sankey"');
    expect(page).to.include('<p class="output">');
    expect(page).not.to.match(/<script|<link|<img|src=|href=|url\(|@import/);
  });

  it("repeats itself for the same seed", async () => {
    const other = path.join(directory, "again");
    await runScript({ script: "demo", args: ["--turns", "150", "--seed", "7", "--out", other] });
    const again = JSON.parse(await readFile(path.join(other, "report.json"), "utf8")) as ReportJson;
    expect(again.contributors).to.deep.equal(report.contributors);
    expect(again.conservation).to.deep.equal(report.conservation);
    expect(again.attribution).to.deep.equal(report.attribution);
  });

  it("refuses options that it does not understand", async () => {
    const cases = [
      { args: ["--seed", "one"], message: '--seed must be a whole number from 0 to 1000000, but is "one".' },
      { args: ["--turns", "5"], message: '--turns must be a whole number from 60 to 1000000, but is "5".' },
      { args: ["--fast"], message: "Usage: npm run demo" },
    ];
    for (const { args, message } of cases) {
      const refused = await runScript({ script: "demo", args });
      expect(refused.exitCode).to.equal(1);
      expect(refused.errors).to.include(message);
      expect(refused.errors).not.to.include("    at ");
    }
  });
});
