import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";

import { UserError } from "../../../scripts/lib/script.ts";
import { readScenarioFile, textsIn } from "../../../scripts/scenario/files.ts";
import type { TextSource } from "../../../sdk/scenario/contributions.ts";

describe("texts beside a scenario", () => {
  let folder: string;
  let source: TextSource;

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "scenario-"));
    mkdirSync(path.join(folder, "inside", "texts", "deeper"), { recursive: true });
    const texts = path.join(folder, "inside", "texts");
    writeFileSync(path.join(folder, "secret.txt"), "nobody's business");
    writeFileSync(path.join(texts, "soup.txt"), "salt");
    writeFileSync(path.join(texts, ".hidden"), "salt");
    writeFileSync(path.join(texts, "book.txt"), "x".repeat((1 << 20) + 1));
    symlinkSync(path.join(folder, "secret.txt"), path.join(texts, "way-out.txt"));
    symlinkSync(folder, path.join(folder, "inside", "up"));
    source = textsIn(path.join(folder, "inside"));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it("reads files", () => {
    expect(Buffer.from(source.readText("texts/soup.txt")).toString()).to.equal("salt");
  });

  it("lists the files of a folder, and neither folders nor hidden files", () => {
    expect(source.listFolder("texts").sort()).to.deep.equal(["book.txt", "soup.txt", "way-out.txt"]);
  });

  it("reads nothing outside of the folder, links included", () => {
    for (const name of ["../secret.txt", "texts/way-out.txt", "up/secret.txt"]) {
      expect(() => source.readText(name)).to.throw(`${name} leads out of the scenario's folder; put a copy into it.`);
    }
    expect(() => source.listFolder("up")).to.throw("up leads out of the scenario's folder; put a copy into it.");
  });

  it("says what is not there, and what is something else", () => {
    const cases: [run: () => unknown, message: string][] = [
      [
        () => source.readText("soup.txt"),
        "There is no file soup.txt in the scenario's folder; write a path from there.",
      ],
      [() => source.listFolder("soup"), "There is no folder soup in the scenario's folder; write a path from there."],
      [() => source.readText("texts"), "texts is no file; write the path of a file, or `folder` instead of `file`."],
      [
        () => source.listFolder("texts/soup.txt"),
        "texts/soup.txt is no folder; write the path of a folder, or `file` instead of `folder`.",
      ],
      [
        () => source.readText("texts/book.txt"),
        "texts/book.txt has 1,048,577 bytes; a text can have 1,048,576. Make several contributions of it.",
      ],
    ];
    for (const [run, message] of cases) expect(run).to.throw(message);
  });

  it("says that there is no such scenario", () => {
    const message =
      "There is no file none.yaml that can be read. Name a scenario, such as scenarios/lightweight-start.yaml.";
    expect(() => readScenarioFile("none.yaml")).to.throw(UserError, message);
  });
});
