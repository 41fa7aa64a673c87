import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";

const TEST = path.resolve(import.meta.dirname, "..");

/** Names of all numbered properties in the Solidity tests of a folder. */
function propertiesIn(folder: string): string[] {
  const files = readdirSync(path.join(TEST, folder), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".sol")).map((file) => path.join(TEST, folder, file));
  return sources.flatMap((file) =>
    [...readFileSync(file, "utf8").matchAll(/(?:"|\btest(?:Fuzz)?_)([A-Z]\d\d_\w+)/g)].map(([, name]) => name),
  );
}

describe("test/invariant/INVARIANTS.md", () => {
  it("lists exactly the properties that the Solidity tests check", () => {
    const listed = [...readFileSync(path.join(TEST, "invariant/INVARIANTS.md"), "utf8").matchAll(/`([A-Z]\d\d_\w+)`/g)];
    const numbers = new Set(listed.map(([, name]) => name.slice(0, 3)));
    const checked = [...propertiesIn("invariant"), ...propertiesIn("fuzz")];
    expect(checked).to.include.members(listed.map(([, name]) => name));
    expect([...numbers]).to.have.members([...new Set(checked.map((name) => name.slice(0, 3)))]);
  });
});
