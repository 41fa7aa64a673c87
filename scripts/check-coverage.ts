import { readFile } from "node:fs/promises";

import { runScript, UserError } from "./lib/script.ts";

/** Written by `hardhat --coverage test mocha`. A line counts as covered when every statement in it was executed. */
const REPORT = "coverage/lcov.info";

/** Lines that no test can reach: file, then source line, then the reason. */
const EXCEPTIONS = "test/uncovered.json";

await runScript(async () => {
  const report = await readText(REPORT, 'Run "npm run coverage".');
  const exceptions = JSON.parse(await readText(EXCEPTIONS, "Restore it.")) as Record<string, Record<string, string>>;

  const problems: string[] = [];
  let lines = 0;
  for (const { file, covered, uncovered } of parseReport(report)) {
    const source = (await readText(file, "Measure again.")).split("\n");
    const excepted = new Set(Object.keys(exceptions[file] ?? {}));

    lines += covered.length + uncovered.length;
    for (const number of uncovered) {
      const line = source[number - 1].trim();
      if (!excepted.delete(line)) problems.push(`${file}:${number} is not covered: ${line}`);
    }
    for (const line of excepted) {
      problems.push(`${EXCEPTIONS} excepts a line that is covered or gone: ${line}`);
    }
  }

  if (lines === 0) throw new UserError(`${REPORT} names no contract. Run "npm run coverage".`);
  if (problems.length > 0) throw new UserError(problems.join("\n"));
  console.log(`All ${lines} lines of the contracts are covered, or excepted in ${EXCEPTIONS}.`);
});

interface FileCoverage {
  file: string;
  covered: number[];
  uncovered: number[];
}

function parseReport(report: string): FileCoverage[] {
  return report
    .split("end_of_record")
    .filter((section) => section.includes("SF:contracts/"))
    .map((section) => ({
      file: /^SF:(.*)$/m.exec(section)?.[1] ?? "",
      covered: findLines(section, /^DA:(\d+),[1-9]/gm),
      uncovered: findLines(section, /^DA:(\d+),0/gm),
    }));
}

function findLines(section: string, pattern: RegExp): number[] {
  return [...section.matchAll(pattern)].map(([, line]) => Number(line));
}

async function readText(file: string, advice: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch {
    throw new UserError(`${file} cannot be read. ${advice}`);
  }
}
