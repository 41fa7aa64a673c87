import { existsSync, globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { expect } from "chai";

import { GENERATED_DOCS, renderDoc } from "../../docs/update.ts";
import { findLinks, findSlugs, listDocs, readDoc } from "./markdown.ts";

const README_COMMANDS = ['npx -y -p node@24 -c "npm ci && npm run demo"', 'npx -y -p node@24 -c "npm ci && npm test"'];

/** A file or folder of the project, as documents name them. Records of deployments come and go. */
const PATH = /`((?:contracts|docs|gas|ignition|scripts|sdk|tasks|test|\.ci)\/[^`<\s]*)`/g;

describe("documents", () => {
  describe("generated parts", () => {
    for (const file of GENERATED_DOCS) {
      it(`are current in ${file}`, async function () {
        this.timeout(120_000);
        const current = await renderDoc(file);
        expect((await readDoc(file)) === current, 'Run "npm run docs".').to.be.true;
      });
    }
  });

  it("link to files and headings that exist", async () => {
    const broken: string[] = [];
    for (const file of await listDocs()) {
      for (const link of findLinks(await readDoc(file))) {
        if (/^https?:/.test(link)) continue;
        const [target, ...headings] = link.split("#");
        const linked = target === "" ? file : path.join(path.dirname(file), target);
        const slugs = existsSync(linked) && headings.length > 0 ? findSlugs(await readDoc(linked)) : [];
        const isThere = existsSync(linked) && headings.every((heading) => slugs.includes(heading));
        if (!isThere) broken.push(`${file}: ${link}`);
      }
    }
    expect(broken).to.deep.equal([]);
  });

  it("name files and folders that exist", async () => {
    const missing: string[] = [];
    for (const file of await listDocs()) {
      for (const [, name] of (await readDoc(file)).matchAll(PATH)) {
        if (!name.startsWith("ignition/deployments") && !existsSync(name)) missing.push(`${file}: ${name}`);
      }
    }
    expect(missing).to.deep.equal([]);
  });

  it("name scripts that package.json has", async () => {
    const { scripts } = JSON.parse(await readFile("package.json", "utf8")) as { scripts: Record<string, string> };
    for (const file of await listDocs()) {
      for (const [, script] of (await readDoc(file)).matchAll(/npm run (?:--silent )?([\w:-]+)/g)) {
        expect(scripts, file).to.have.property(script);
      }
    }
    expect(scripts).to.have.property("test");
  });

  it("begin with the commands that the CI runs", async () => {
    const readme = await readDoc("README.md");
    const ci = await readFile(".ci/run", "utf8");
    for (const command of README_COMMANDS) {
      expect(readme).to.contain(`\n${command}\n`);
      expect(ci).to.contain(command);
    }
  });

  it("are all in the README's table", async () => {
    const links = findLinks(await readDoc("README.md"));
    expect(links).to.include.members((await listDocs()).filter((file) => file !== "README.md"));
  });
});

describe("sdk", () => {
  it("runs in browsers: it needs nothing but ethers and hash-wasm, and for scenarios ajv and yaml", async () => {
    for (const file of globSync("sdk/{,attribution/,scenario/}*.ts")) {
      const packages = path.dirname(file) === "sdk/scenario" ? /^(ajv\/dist\/2020\.js|yaml)$/ : /^(ethers|hash-wasm)$/;
      for (const [, source] of (await readFile(file, "utf8")).matchAll(/^(?:import|export) .* from "(.*)";$/gm)) {
        if (!/^(\.\.?\/)+\w+\.ts$/.test(source)) expect(source, file).to.match(packages);
      }
    }
  });
});
