import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import type { ScriptResult } from "../helpers/script.ts";
import { runScript } from "../helpers/script.ts";

const SOURCE = "first;\n  second;\nthird;\n";

describe("check-coverage", () => {
  let project: string;

  beforeEach(async () => {
    project = await mkdtemp(path.join(tmpdir(), "coverage-"));
    for (const directory of ["contracts", "coverage", "test"]) await mkdir(path.join(project, directory));
    await writeFile(path.join(project, "contracts/A.sol"), SOURCE);
  });

  afterEach(async () => {
    await rm(project, { recursive: true });
  });

  async function check({
    secondLine,
    exceptions = {},
  }: {
    secondLine: number;
    exceptions?: Record<string, string>;
  }): Promise<ScriptResult> {
    const report = `TN:\nSF:contracts/A.sol\nDA:1,1\nDA:2,${secondLine}\nLH:1\nLF:2\nend_of_record\n`;
    await writeFile(path.join(project, "coverage/lcov.info"), report);
    await writeFile(path.join(project, "test/uncovered.json"), JSON.stringify({ "contracts/A.sol": exceptions }));
    return await runScript({ script: "check-coverage", cwd: project });
  }

  it("accepts full coverage", async () => {
    expect(await check({ secondLine: 1 })).to.include({ exitCode: 0, errors: "" });
  });

  it("names each line that is not covered", async () => {
    const { exitCode, errors } = await check({ secondLine: 0 });
    expect(errors).to.equal("contracts/A.sol:2 is not covered: second;\n");
    expect(exitCode).to.equal(1);
  });

  it("accepts an excepted line", async () => {
    const exceptions = { "second;": "Nothing leads here." };
    expect(await check({ secondLine: 0, exceptions })).to.include({ exitCode: 0, errors: "" });
  });

  it("refuses an exception that is not needed", async () => {
    const { exitCode, errors } = await check({ secondLine: 1, exceptions: { "second;": "Nothing leads here." } });
    expect(errors).to.equal("test/uncovered.json excepts a line that is covered or gone: second;\n");
    expect(exitCode).to.equal(1);
  });

  it("says how to make a report that is missing", async () => {
    const { exitCode, errors } = await runScript({ script: "check-coverage", cwd: project });
    expect(errors).to.equal('coverage/lcov.info cannot be read. Run "npm run coverage".\n');
    expect(exitCode).to.equal(1);
  });
});
