import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { generateTwins } from "./generate.ts";
import { SLIPS } from "./incentiveTwin.ts";
import { WEAKNESSES } from "./registryTwins.ts";
import { TWINS } from "./twins.ts";

const HARNESS = fileURLToPath(new URL("../invariant/harness/IncentiveHarness.t.sol", import.meta.url));
const ATTACKS = fileURLToPath(new URL("../attack/", import.meta.url));

describe("the vulnerable twins", () => {
  it("differ from the contracts by their named changes, each of which occurs exactly once", () => {
    expect(generateTwins()).to.deep.equal([]);
  });

  it("are each attacked", () => {
    const sources = [...attackSources().values()];
    const names = [...TWINS, ...WEAKNESSES].map(({ name }) => name);
    expect(names.filter((name) => !sources.some((source) => source.includes(`"${name}"`)))).to.deep.equal([]);
  });

  it("get nothing wrong that the campaign on staking and the court does not look for", () => {
    const harness = readFileSync(HARNESS, "utf8");
    const names = SLIPS.map(({ name }) => name);
    expect(names.filter((name) => !harness.includes(`_breaks(Slip.${name}, `))).to.deep.equal([]);
  });

  it("show of each group of attacks that it would work, or a comment says why there is “No twin”", () => {
    const without: string[] = [];
    for (const [file, source] of attackSources()) {
      for (const group of groupsIn(source)) {
        if (!/\b(worksOn|withTwin|itStands|switchOff)\(|\/\/ No twin/.test(group))
          without.push(`${file}: ${group.trim().split("\n")[0]}`);
      }
    }
    expect(without).to.deep.equal([]);
  });
});

function attackSources(): Map<string, string> {
  const files = readdirSync(ATTACKS).filter((file) => file.endsWith(".test.ts"));
  return new Map(files.map((file) => [file, readFileSync(ATTACKS + file, "utf8")]));
}

/** Every `describe` that has tests of its own, with the comment above it. Indentation tells where it ends. */
function groupsIn(source: string): string[] {
  const lines = source.split("\n");
  const groups: string[] = [];
  const open: { start: number; indent: number; hasTests: boolean }[] = [];
  for (const [i, line] of lines.entries()) {
    const [code, indent, last] = [line.trim(), line.search(/\S/), open.at(-1)];
    if (code.startsWith("describe(")) {
      open.push({ start: i, indent, hasTests: false });
    } else if (last !== undefined && code.startsWith("it(")) {
      last.hasTests = true;
    } else if (last !== undefined && code === "});" && indent === last.indent) {
      open.pop();
      let { start } = last;
      while (lines[start - 1].trim().startsWith("//")) start--;
      if (last.hasTests) groups.push(lines.slice(start, i + 1).join("\n"));
    }
  }
  return groups;
}
