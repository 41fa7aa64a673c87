import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import { runScript, type ScriptResult } from "../helpers/script.ts";

/** The parts of an archive that are changed here. */
interface Archive {
  receipts: { receipt: { callId: string; amount: string; parentCallId: string }; children: string[] }[];
}

describe("trace", function () {
  this.timeout(120_000);
  let directory: string;
  let file: string;
  let archive: Archive;

  before(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "trace-"));
    await runScript({ script: "demo", args: ["--turns", "150", "--seed", "7", "--out", directory] });
    file = path.join(directory, "calls.json");
    archive = JSON.parse(await readFile(file, "utf8")) as Archive;
  });

  after(() => rm(directory, { recursive: true }));

  async function trace(...args: string[]): Promise<ScriptResult> {
    return runScript({ script: "trace", args });
  }

  it("prints the tree of a call with who was paid what, and finds nothing wrong", async () => {
    const { receipt, children } = archive.receipts.reduce((most, one) =>
      one.children.length > most.children.length ? one : most,
    );
    expect(children.length).to.be.greaterThan(1);
    const { exitCode, output, errors } = await trace(receipt.callId, "--archive", file);
    expect(errors).to.equal("");
    expect(exitCode).to.equal(0);
    expect(output.startsWith(`call ${receipt.callId}\n  agent 1, version 1 by 0x`)).to.be.true;
    for (const child of children) expect(output).to.include(`─ call ${child}\n`);
    expect(output.match(/in a settlement of \d+ calls for [\d.]+ OPEN \(block \d+\)/g)).to.have.lengthOf(
      1 + children.length,
    );
    expect(output).to.match(/→ [\d.]+ treasury 0x/);
    expect(output).to.match(/→ [\d.]+ Datanet 1, version 2\n/);
    expect(output).to.match(/→ \d+ contributors\n/);
    expect(output).to.include(
      `All ${1 + children.length} calls are signed, linked and paid as their receipts say, according to the logs in ${file}.\n`,
    );
  });

  it("says what is wrong, and ends with exit code 1", async () => {
    const changed = structuredClone(archive);
    changed.receipts[0].receipt.amount += "0";
    const lying = path.join(directory, "lying.json");
    await writeFile(lying, JSON.stringify(changed));
    const { exitCode, output } = await trace(changed.receipts[0].receipt.callId, "--archive", lying);
    expect(exitCode).to.equal(1);
    expect(output).to.match(/WRONG: It is signed by 0x\w{40}, not by its executor\./);
    expect(output).to.include("WRONG: No payment to its split commits to it.");
    expect(output).to.match(/\n\d+ of \d+ calls are not as their receipts say, or have none\.\n$/);
  });

  it("offers calls when none is named", async () => {
    const { exitCode, errors } = await trace("--archive", file);
    expect(exitCode).to.equal(1);
    expect(errors).to.match(/^Name a call: npm run trace -- <call id> .*\nCalls with .*:\n( {2}0x\w{64} {2}\d\n){5}$/);
  });

  it("says what to do about files and calls that are not there", async () => {
    const missing = path.join(directory, "missing.json");
    expect((await trace("0x12", "--archive", missing)).errors).to.equal(
      `There is no file ${missing}. Run "npm run demo" first, or name another one.\n`,
    );
    expect((await trace("0x12", "--archive", file)).errors).to.equal(
      `There is no receipt of the call 0x12 among ${archive.receipts.length}.\n`,
    );
    const broken = path.join(directory, "broken.json");
    await writeFile(broken, "{");
    expect((await trace("0x12", "--archive", broken)).errors).to.equal(
      `${broken} is not JSON as this program writes it.\n`,
    );
    await writeFile(broken, "{}");
    expect((await trace("0x12", "--archive", broken)).errors).to.equal(
      `${broken} holds no receipts with logs. "npm run demo" writes such a file.\n`,
    );
    await writeFile(broken, JSON.stringify({ ...archive, contracts: {} }));
    expect((await trace("0x12", "--archive", broken)).errors).to.equal(
      `${broken} holds no receipts with logs. "npm run demo" writes such a file.\n`,
    );
    const lines = path.join(directory, "lines.jsonl");
    await writeFile(lines, '{"receipt":{},"signature":"0x"}\n{}\n');
    expect((await trace("0x12", "--receipts", lines, "--network", "localhost")).errors).to.equal(
      `Line 1 of ${lines} is no receipt with a signature: its callId is malformed.\n`,
    );
    const twice = path.join(directory, "twice.json");
    await writeFile(twice, JSON.stringify({ ...archive, receipts: [...archive.receipts, archive.receipts[0]] }));
    const { callId } = archive.receipts[0].receipt;
    expect((await trace(callId, "--archive", twice)).errors).to.equal(
      `There are two receipts of the call ${callId}, of which one must be wrong.\n`,
    );
    expect((await trace("--wrong")).errors).to.match(/^Unknown option '--wrong'.*\nUsage: npm run trace/s);
  });
});
