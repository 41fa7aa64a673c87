import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect } from "chai";
import { keccak256, parseEther, toUtf8Bytes, Wallet, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Protocol } from "../../scripts/lib/protocol.ts";
import { display } from "../../scripts/lib/deployments.ts";
import { formatProblem, type Problem } from "../../sdk/metadata/problem.ts";
import { ADVICE } from "../../tasks/lib/advice.ts";
import { METADATA_VERBS } from "../../tasks/verbs/metadata.ts";
import { validatorOf } from "./schema.ts";
import { type Ending, type Given, Terminal } from "./terminal.ts";

const connection = await network.getOrCreate();
const { setBalance, takeSnapshot } = connection.networkHelpers;
const signers = await connection.ethers.getSigners();
const [, alice, bob] = signers;

/** Slips of the pen, and what is said of them. */
const SLIPS: [verb: string, given: Given, message: string][] = [
  ["datanet:show", {}, "--datanet is missing: the Datanet, such as datanet:1."],
  [
    "datanet:show",
    { datanet: "model:1" },
    '--datanet is "model:1", but must be a datanet, such as datanet:1 or datanet:2@3.',
  ],
  [
    "datanet:show",
    { datanet: "datanet:0" },
    '--datanet is "datanet:0", but must be a datanet, such as datanet:1 or datanet:2@3.',
  ],
  ["asset:terms", { asset: "1" }, '--asset is "1", but must be an asset, such as datanet:1 or model:2@3.'],
  ["token:transfer", { to: "bob", amount: "1,5" }, '--amount is "1,5", but must be an amount of OPEN, such as 0.25.'],
  ["token:transfer", { to: "bob", amount: "-1" }, '--amount is "-1", but must be an amount of OPEN, such as 0.25.'],
  [
    "token:transfer",
    { to: "bob", amount: "0.1234567890123456789" },
    '--amount is "0.1234567890123456789", but must be an amount with up to 18 decimals.',
  ],
  [
    "stake:commission",
    { part: "1.234" },
    '--part is "1.234", but must be percent with up to two decimals, such as 12.5.',
  ],
  ["stake:commission", { part: "101" }, '--part is "101", but must be at most 100.'],
  [
    "channel:open",
    { service: "1", deposit: "1", delay: "1 hour" },
    '--delay is "1 hour", but must be a time such as 90s, 15m, 2h or 7d.',
  ],
  ["pay", { service: "x" }, '--service is "x", but must be a whole number, or several with commas between them.'],
  ["pay", { service: "1", rail: "card" }, '--rail is "card", but can only be wallet, balance, signed, transfer.'],
  ["pay", { split: "0x12", amount: "1" }, '--split is "0x12", but must be 32 bytes of hex.'],
  ["dispute:prove", { proof: "0x123" }, '--proof is "0x123", but must be bytes of hex.'],
  [
    "model:register",
    { on: "datanet:1" },
    '--on is "datanet:1", but must be assets with units, such as datanet:1@1=20,model:2@1=10.',
  ],
  [
    "model:register",
    { builders: "alice" },
    '--builders is "alice", but must be accounts with units, such as alice=80,bob=20.',
  ],
];

/** What is read properly, but cannot be on this chain. */
const MISTAKES: [verb: string, given: Given, message: string][] = [
  ["datanet:show", { datanet: "datanet:9" }, "There is no datanet:9: this chain has datanet:1 to datanet:1."],
  ["model:show", { model: "model:1" }, "There is no model:1: this chain has no model yet."],
  ["datanet:version", { datanet: "datanet:1" }, "datanet:1 has no version yet, so nothing can name one."],
  ["service:quote", { service: "1" }, "There is no service 1: this chain has no service yet."],
  ["channel:close", { channel: "1" }, "There is no channel 1: this chain has no channel yet."],
  ["dispute:show", { case: "1" }, "There is no case 1: this chain has none yet."],
  ["gov:vote", {}, "There is no proposal yet."],
  ["gov:vote", { proposal: "7" }, "There is no proposal 7."],
  ["job:show", { job: ZeroHash }, `There is no job ${ZeroHash}. See job:show.`],
  ["lineage", {}, "Name one split: by --service, by --asset, or by --split."],
  ["lineage", { split: ZeroHash, service: "1" }, "Name one split: by --service, by --asset, or by --split."],
  [
    "lineage",
    { split: ZeroHash },
    `No registry of this deployment has made split ${ZeroHash}, so its shares are not known here.`,
  ],
  ["earnings", { of: "me" }, "Nobody signs here, so nobody is called me. Give a name or an address."],
  [
    "earnings",
    { of: "mallory" },
    'Nobody is called "mallory" on "default". Give an address. Local names are deployer, alice, bob, carol, dave, ' +
      "erin, frank, grace, heidi, ivan.",
  ],
  [
    "token:balance",
    { of: alice.address.toLowerCase().replace("a", "A") },
    `${alice.address.toLowerCase().replace("a", "A")} has a wrong checksum. Copy the address once more.`,
  ],
  ["token:transfer", { to: "bob", amount: "5", from: "alice" }, "alice has 0 OPEN, but this takes 5 OPEN."],
  ["ledger:deposit", { amount: "5", from: "alice" }, "alice has 0 OPEN, but this takes 5 OPEN."],
  [
    "ledger:withdraw",
    { amount: "5", from: "alice" },
    "alice has 0 OPEN in the ledger, but this takes 5 OPEN. Deposit first: ledger:deposit.",
  ],
  ["pay", { asset: "datanet:1", amount: "1" }, "datanet:1 has no version yet, so nothing can name one."],
  ["agent:wallet", { agent: "agent:1" }, "There is no agent:1: this chain has no agent yet."],
  [
    "gov:propose",
    { contract: "bank", call: "rob()", description: "x" },
    'There is no contract "bank". There are token, ledger, splitAddresses, datanets, models, agents, feePolicy, ' +
      "services, authorizations, channels, jobs, pots, openings, spanFaults, payoutFaults, reports, staking, duplicates, " +
      "equivocations, settlements, lineages, committee, court, gauges, access, timelock, governor.",
  ],
  [
    "gov:propose",
    { contract: "staking", call: "setMinSelfStake(uint256)", description: "x" },
    'setMinSelfStake(uint256) with 0 value(s) is no call. Such as: "setMinSelfStake(uint256)", and 5.',
  ],
  [
    "datanet:contribute",
    { datanet: "datanet:1", file: "nowhere.txt", uri: "u" },
    "nowhere.txt cannot be read. Name a file that is there.",
  ],
  ["datanet:accept", { datanet: "datanet:1", units: "1" }, "The queue of datanet:1 has 0, but there are units for 1."],
  [
    "token:balance",
    { of: "12345" },
    'Nobody is called "12345" on "default". Give an address. Local names are deployer, ' +
      "alice, bob, carol, dave, erin, frank, grace, heidi, ivan.",
  ],
];

/** Runs Hardhat as a person does. */
async function hardhat(args: string[], env: Record<string, string> = {}): Promise<Ending> {
  const child = spawn("node_modules/.bin/hardhat", args, {
    env: {
      ...process.env,
      PATH: `${path.dirname(process.execPath)}:${process.env.PATH ?? ""}`,
      NODE_NO_WARNINGS: "1",
      ...env,
    },
  });
  let [output, errors] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  await once(child, "close");
  return { exitCode: child.exitCode ?? -1, output, errors };
}

describe("refusals of the command line", function () {
  this.timeout(60_000);

  let terminal: Terminal;
  let protocol: Protocol;
  let restore: () => Promise<void>;

  before(async () => {
    ({ restore } = await takeSnapshot());
    terminal = await Terminal.open();
    protocol = await terminal.deploy(connection);
    await terminal.ask("datanet:create", { from: "carol" });
  });

  after(async () => {
    await terminal.close();
    await restore();
  });

  describe("of what a person can put right", () => {
    for (const [verb, given, message] of [...SLIPS, ...MISTAKES]) {
      it(`${verb} ${JSON.stringify(given)}: ${message}`, async () => {
        const block = await connection.ethers.provider.getBlockNumber();
        expect(await terminal.run(verb, given)).to.deep.equal({ exitCode: 1, output: "", errors: message });
        expect(await connection.ethers.provider.getBlockNumber()).to.equal(block);
      });
    }

    it("are one JSON document for machines", async () => {
      const { exitCode, output, errors } = await terminal.run("datanet:show", { datanet: "datanet:9", json: true });
      const message = "There is no datanet:9: this chain has datanet:1 to datanet:1.";
      expect(exitCode).to.equal(1);
      expect(errors).to.equal(message);
      expect(JSON.parse(output)).to.deep.equal({ verb: "datanet:show", error: { kind: "mistake", message } });
    });

    it("tell of an account without ether for gas", async () => {
      await setBalance(bob.address, 0n);
      const { exitCode, errors } = await terminal.run("datanet:create", { from: "bob" });
      await setBalance(bob.address, parseEther("10000"));
      expect(errors).to.match(
        /^bob has 0\.0 ether, but this may cost up to 0\.\d+\. Send it more, then run the same command again\.$/,
      );
      expect(exitCode).to.equal(1);
    });
  });

  describe("of who signs", () => {
    const variable = "COMMANDER_PRIVATE_KEY";

    afterEach(() => {
      Reflect.deleteProperty(process.env, variable);
    });

    for (const [given, message] of [
      [{ from: "alice", wallet: "ALICE" }, "Say either --from or --wallet: one of them signs."],
      [
        { wallet: `0x${"11".repeat(32)}` },
        "--wallet takes a name such as ALICE, whose key is kept as ALICE_PRIVATE_KEY. Never a key.",
      ],
      [
        { wallet: "commander" },
        'COMMANDER_PRIVATE_KEY is missing or malformed. Set it in .env or with "npx hardhat keystore set COMMANDER_PRIVATE_KEY".',
      ],
      [
        { from: `0x${"11".repeat(20)}` },
        `Nothing here can sign for 0x${"11".repeat(20)}. Name a key of yours with --wallet, or an account of the node ` +
          "with --from.",
      ],
    ] satisfies [Given, string][]) {
      it(JSON.stringify(given), async () => {
        expect(await terminal.run("datanet:create", given)).to.deep.equal({ exitCode: 1, output: "", errors: message });
      });
    }

    it("take a malformed key for none, and show nothing of it", async () => {
      process.env[variable] = "0xsecret";
      const { exitCode, output, errors } = await terminal.run("datanet:create", { wallet: "commander" });
      expect(exitCode).to.equal(1);
      expect(output + errors).to.not.contain("secret");
    });

    it("know people by name, number and address", async () => {
      for (const from of ["alice", "1", alice.address, alice.address.toLowerCase()]) {
        expect((await terminal.ask("datanet:create", { from, dryRun: true })).result.owner).to.equal(alice.address);
      }
    });

    it("let a key of one's own sign and send", async () => {
      const wallet = Wallet.createRandom();
      process.env[variable] = wallet.privateKey;
      await setBalance(wallet.address, parseEther("1"));
      const { result } = await terminal.ask("datanet:create", { wallet: "commander" });
      expect(result).to.include({ owner: wallet.address, curator: wallet.address });
      expect(await protocol.datanets.ownerOf(BigInt(String(result.id)))).to.equal(wallet.address);
    });
  });

  describe("of the chain", () => {
    it("name the error, its values and what to do", async () => {
      expect(await terminal.run("asset:terms", { asset: "datanet:1", minShare: "5", from: "alice" })).to.deep.equal({
        exitCode: 2,
        output: "",
        errors: [
          "The chain refuses this: Sets the terms of datanet:1.",
          `AssetRegistry_NotOwner(id: 1, caller: ${alice.address})`,
          "Only the asset's owner can do this. Sign as the owner with --from or --wallet.",
        ].join("\n"),
      });
    });

    it("are one JSON document for machines", async () => {
      const given = { asset: "datanet:1", minShare: "60", from: "carol", json: true };
      const { exitCode, output } = await terminal.run("asset:terms", given);
      expect(exitCode).to.equal(2);
      const { error } = JSON.parse(output) as { error: Record<string, unknown> };
      expect(error).to.deep.include({
        kind: "refused",
        name: "AssetRegistry_AboveCap",
        values: { bps: "6000", capBps: "5000" },
      });
    });

    it("are known before the first of several transactions is sent", async () => {
      const block = await connection.ethers.provider.getBlockNumber();
      const given = { respondent: "court", amount: "1", from: "deployer" };
      const { exitCode, output, errors } = await terminal.run("dispute:open", given);
      expect([exitCode, output]).to.deep.equal([2, ""]);
      expect(errors).to.contain("DisputeCourt_BadRespondent");
      expect(await connection.ethers.provider.getBlockNumber()).to.equal(block);
    });

    it("show in a dry run as well", async () => {
      const given = { asset: "datanet:1", minShare: "60", from: "carol", dryRun: true };
      expect((await terminal.run("asset:terms", given)).exitCode).to.equal(2);
    });

    it("are explained under names that contracts have", () => {
      const names = new Set(
        Object.values(protocol).flatMap((contract) => {
          const found: string[] = [];
          (contract as Protocol["token"]).interface.forEachError(({ name }) => found.push(name));
          return found;
        }),
      );
      expect(Object.keys(ADVICE).filter((name) => !names.has(name))).to.deep.equal([]);
    });
  });

  describe("of the network and its deployment", () => {
    let directory: string;

    beforeEach(async () => {
      directory = await mkdtemp(path.join(tmpdir(), "refusals-"));
    });

    afterEach(async () => {
      await rm(directory, { recursive: true });
    });

    const record = async (): Promise<Record<string, unknown>> =>
      JSON.parse(await readFile(terminal.file("chain-31337.json"), "utf8")) as Record<string, unknown>;

    it("ask for a network", async () => {
      const { exitCode, errors } = await terminal.run("usage", { deployments: directory });
      expect(exitCode).to.equal(1);
      expect(errors).to.equal(
        "The embedded chain has no deployment. Name a network: --network localhost, with a node from " +
          '"npm run node" and the protocol from "npm run deploy -- --network localhost".',
      );
    });

    it("tell of a deployment on another chain", async () => {
      const file = path.join(directory, "chain-31337.json");
      await writeFile(file, JSON.stringify({ ...(await record()), genesis: ZeroHash }));
      const { exitCode, errors } = await terminal.run("usage", { deployments: directory });
      expect(exitCode).to.equal(1);
      expect(errors).to.equal(
        `${display(file)} belongs to another chain with the id 31337, such as a local one before its restart. ` +
          'Deploy anew with "npm run deploy -- --network default --reset".',
      );
    });

    it("tell of a deployment that is not there", async () => {
      const file = path.join(directory, "chain-31337.json");
      const { contracts, ...rest } = await record();
      const ledger = `0x${"11".repeat(20)}`;
      await writeFile(file, JSON.stringify({ ...rest, contracts: { ...(contracts as object), ledger } }));
      const { exitCode, errors } = await terminal.run("usage", { deployments: directory });
      expect(exitCode).to.equal(1);
      expect(errors).to.equal(`There is no contract at ${ledger}, where ${display(file)} has the ledger.`);
    });

    it("tell of a network that there is not", async () => {
      expect(await hardhat(["usage", "--network", "mars"])).to.deep.equal({
        exitCode: 1,
        output: "",
        errors: 'There is no network "mars" in hardhat.config.ts, use hardhat, localhost or testnet.\n',
      });
    });

    it("tell of a node that does not answer", async () => {
      const env = { LOCALHOST_RPC_URL: "http://127.0.0.1:1" };
      const { exitCode, output, errors } = await hardhat(["usage", "--network", "localhost", "--json"], env);
      const message =
        'No node answers at http://127.0.0.1:1. Start one with "npm run node" in another terminal, or set ' +
        "LOCALHOST_RPC_URL in .env.";
      expect(exitCode).to.equal(3);
      expect(errors).to.equal(`${message}\n`);
      expect(JSON.parse(output)).to.deep.equal({ verb: "usage", error: { kind: "unreachable", message } });
    });

    it("leave options that no verb has to Hardhat", async () => {
      const { exitCode, errors } = await hardhat(["usage", "--colour"]);
      expect(exitCode).to.equal(1);
      expect(errors).to.contain("--colour");
    });
  });

  describe("of files", () => {
    const accept = (signed: string): Given => ({ datanet: "datanet:1", signed, units: "1", from: "carol" });

    async function changed(changes: Record<string, unknown>): Promise<string> {
      const text = await terminal.write("text", "A text.");
      const out = terminal.file("signed.json");
      await terminal.ask("datanet:sign", { datanet: "datanet:1", file: text, uri: "u", out, from: "alice" });
      return await terminal.write(
        "changed.json",
        JSON.stringify({ ...(await terminal.read("signed.json")), ...changes }),
      );
    }

    async function expectRefusal(file: string, message: string): Promise<void> {
      const ending = await terminal.run("datanet:accept", accept(file));
      expect(ending).to.deep.equal({ exitCode: 1, output: "", errors: message });
    }

    it("that are none", async () => {
      await expectRefusal("nowhere.json", "nowhere.json cannot be read. Name a file that is there.");
      const file = await terminal.write("no.json", "{");
      await expectRefusal(file, `${file} is no JSON document.`);
    });

    it("of another kind", async () => {
      const file = await changed({ kind: "signed voucher" });
      await expectRefusal(file, `${file} is no signed contribution.`);
    });

    it("of another chain", async () => {
      const file = await changed({ chainId: "1" });
      await expectRefusal(file, `${file} is for another chain or deployment.`);
    });

    it("of another Datanet", async () => {
      const file = await changed({ datanetId: "2" });
      await expectRefusal(file, `${file} is for datanet:2.`);
    });

    it("that somebody else signed", async () => {
      const file = await changed({ contributor: bob.address });
      await expectRefusal(file, `${file} is not signed by ${bob.address}, or was changed since. Ask for it again.`);
    });

    it("with fields that cannot be read", async () => {
      const file = await changed({ signature: 5 });
      await expectRefusal(file, `"signature" in ${file} is not text.`);
      const other = await changed({ signature: "hello" });
      await expectRefusal(other, `"signature" in ${other} is not bytes of hex.`);
    });

    it("that cannot be written", async () => {
      const out = path.join(terminal.directory, "nowhere", "permit.json");
      const { exitCode, errors } = await terminal.run("token:permit", { spender: "bob", amount: "1", out });
      expect(exitCode).to.equal(1);
      expect(errors).to.equal(`${out} cannot be written. Name a file in a folder that is there.`);
    });
  });

  describe("of documents about assets", () => {
    const LICENSE = "CC-BY-4.0";
    const SEA = {
      ...{ name: "The sea", description: "About it.", licenses: [LICENSE], url: "https://example.org/sea" },
      files: [{ index: 0, file: "wide", uri: "ipfs://wide", license: LICENSE }],
    };
    const CHAT = { name: "chat", description: "Talks.", license: "Apache-2.0", downloadLocation: "ipfs://chat" };
    const isCheck = validatorOf(METADATA_VERBS.check);
    const data = (version: number): string => `${datanet}@${version}`;

    let datanet: string;
    let model: string;
    let upstream: Record<string, object>;
    let croissant: string;
    let spdx: string;

    before(async () => {
      const created = await terminal.ask("datanet:create", { from: "carol" });
      datanet = `datanet:${String(created.result.id)}`;
      for (const name of ["wide", "deep"]) {
        const file = await terminal.write(name, `The sea is ${name}.`);
        await terminal.ask("datanet:contribute", { datanet, file, uri: `ipfs://${name}`, from: "alice" });
        await terminal.ask("datanet:accept", { datanet, units: "1", from: "carol" });
      }
      await terminal.ask("datanet:revoke", { datanet, index: "1", from: "alice" });
      const registered = await terminal.ask("model:register", {
        ...{ on: `${data(3)}=1`, builders: "me=1", from: "dave" },
      });
      model = `model:${String(registered.result.id)}`;
      upstream = { [data(3)]: { name: "The sea", downloadLocation: "ipfs://sea" } };
      croissant = terminal.file("croissant.json");
      await terminal.ask("datanet:metadata", { datanet, about: await about(SEA), out: croissant });
      spdx = terminal.file("spdx.json");
      await terminal.ask("model:metadata", { model, about: await about({ ...CHAT, upstream }), out: spdx });
    });

    async function about(facts: unknown): Promise<string> {
      return await terminal.write("about.json", JSON.stringify(facts));
    }

    /** What is said of a document that cannot be made. Nothing is written. */
    async function refusalOf(verb: string, given: Given): Promise<string> {
      const out = terminal.file("unwritten");
      const { exitCode, output, errors } = await terminal.run(verb, { ...given, out });
      expect([exitCode, output]).to.deep.equal([1, ""]);
      expect(existsSync(out)).to.equal(false);
      return errors;
    }

    /** Expects a check to tell people and programs of these problems. */
    async function expectWrong(
      given: { file: string; asset?: string },
      kind: string,
      problems: string[],
    ): Promise<void> {
      const output = [`${given.file} is not right:`, ...problems].join("\n");
      expect(await terminal.run("metadata:check", given)).to.deep.equal({ exitCode: 1, output, errors: "" });
      const machine = await terminal.run("metadata:check", { ...given, json: true });
      expect([machine.exitCode, machine.errors]).to.deep.equal([1, ""]);
      const document: unknown = JSON.parse(machine.output);
      expect(isCheck(document), JSON.stringify(isCheck.errors)).to.equal(true);
      const { result } = document as { result: { kind: string; correct: boolean; problems: Problem[] } };
      expect({ ...result, problems: result.problems.map(formatProblem) }).to.deep.equal({
        ...{ kind, correct: false, problems },
      });
    }

    const [FILE] = SEA.files;
    const CONTRIBUTIONS: [what: string, files: object[], message: string][] = [
      ["a changed byte", [{ ...FILE, file: "changed" }], "Contribution 0 is not the content that the log has there."],
      ["another URI", [{ ...FILE, uri: "ipfs://deep" }], "Contribution 0 is not the content that the log has there."],
      ["another licence", [{ ...FILE, license: "MIT" }], "Contribution 0 is not the content that the log has there."],
      ["an empty file", [{ ...FILE, file: "empty" }], "empty is empty, which no contribution is."],
      ["what was revoked", [{ ...FILE, index: 1 }], "Contribution 1 was revoked and is no part of version 3."],
      ["what is not there", [{ ...FILE, index: 2 }], "Contribution 2 is not in the log, which has 2."],
    ];
    for (const [what, files, message] of CONTRIBUTIONS) {
      it(`cannot be made of ${what}`, async () => {
        await terminal.write("changed", "The sea is Wide.");
        await terminal.write("empty", "");
        const file = await about({ ...SEA, files });
        expect(await refusalOf("datanet:metadata", { datanet, about: file })).to.equal(message);
      });
    }

    it("need the contributions' files", async () => {
      const file = await about({ ...SEA, files: [{ ...FILE, file: "nowhere" }] });
      const message = `${terminal.file("nowhere")} cannot be read. Name a file that is there.`;
      expect(await refusalOf("datanet:metadata", { datanet, about: file })).to.equal(message);
    });

    it("are about versions that there are", async () => {
      const file = await about(SEA);
      const refusals = {
        [data(4)]: `${datanet} has versions 1 to 3, but not 4.`,
        "datanet:1": "datanet:1 has no version yet, so nothing can name one.",
      };
      for (const [named, message] of Object.entries(refusals)) {
        expect(await refusalOf("datanet:metadata", { datanet: named, about: file })).to.equal(message);
      }
      const message = `There is no model:9: this chain has model:1 to ${model}.`;
      for (const verb of ["model:metadata", "model:card"]) {
        expect(await refusalOf(verb, { model: "model:9", about: await about(CHAT) })).to.equal(message);
      }
    });

    it("need a file of what people say, with all that it has to have", async () => {
      const none = await terminal.write("no.json", "{");
      const what = { "datanet:metadata": "holds", "model:metadata": "does", "model:card": "does" };
      for (const [verb, does] of Object.entries(what)) {
        const asset: Given = verb === "datanet:metadata" ? { datanet } : { model };
        const missing = "nowhere.json cannot be read. Name a file that is there.";
        expect(await refusalOf(verb, { ...asset, about: "nowhere.json" })).to.equal(missing);
        expect(await refusalOf(verb, { ...asset, about: none })).to.equal(`${none} is no JSON document.`);
        const empty = await about({});
        const lines = (await refusalOf(verb, { ...asset, about: empty })).split("\n");
        expect(lines.slice(0, 3)).to.deep.equal([
          `${empty} is not complete.`,
          "/name is missing: write its name.",
          `/description is missing: write what it ${does}.`,
        ]);
      }
    });

    it("say something about everything that a model pays", async () => {
      for (const verb of ["model:metadata", "model:card"]) {
        for (const others of [{}, { upstream: { [data(2)]: upstream[data(3)] } }]) {
          expect(await refusalOf(verb, { model, about: await about({ ...CHAT, ...others }) })).to.equal(
            `Nothing is said about ${data(3)}, which the model pays: ` +
              'write it under "upstream", with its name and downloadLocation.',
          );
        }
      }
    });

    it("have licences of SPDX", async () => {
      const file = await about({ ...SEA, licenses: ["mine"] });
      expect(await refusalOf("datanet:metadata", { datanet, about: file })).to.equal(
        '"mine" is no licence of the SPDX list (https://spdx.org/licenses/), such as "CC-BY-4.0".',
      );
      for (const [verb, such] of Object.entries({
        "model:metadata": "Apache-2.0 OR MIT",
        "model:card": "Apache-2.0",
      })) {
        expect(await refusalOf(verb, { model, about: await about({ ...CHAT, upstream, license: "my own" }) })).to.equal(
          `"my own" is no licence expression of SPDX, such as "${such}".`,
        );
      }
    });

    it("are not written if they would not be right", async () => {
      const address = await about({ ...SEA, url: "sea" });
      expect(await refusalOf("datanet:metadata", { datanet, about: address })).to.equal(
        `What ${address} says makes no right document.\n` +
          '/url is "sea": write a whole address, such as "https://example.org/data".',
      );
      const twice = await about({ ...SEA, files: [FILE, FILE] });
      expect(await refusalOf("datanet:metadata", { datanet, about: twice })).to.equal(
        `What ${twice} says makes no right document.\n` +
          '/distribution/1/@id is "contributions/0", which another file has already: write an id of its own.',
      );
      const place = await about({ ...CHAT, upstream, downloadLocation: "here" });
      expect(await refusalOf("model:metadata", { model, about: place })).to.equal(
        `What ${place} says makes no right document.\n` +
          '/@graph/2/software_downloadLocation is "here": write a URI, such as "ipfs://…".',
      );
    });

    it("cannot be written where no folder is", async () => {
      const out = path.join(terminal.directory, "nowhere", "document");
      const errors = `${out} cannot be written. Name a file in a folder that is there.`;
      const [sea, chat] = [SEA, { ...CHAT, upstream }];
      for (const [verb, given, facts] of [
        ["datanet:metadata", { datanet }, sea],
        ["model:metadata", { model }, chat],
        ["model:card", { model }, chat],
      ] satisfies [string, Given, object][]) {
        const ending = await terminal.run(verb, { ...given, about: await about(facts), out });
        expect(ending).to.deep.equal({ exitCode: 1, output: "", errors });
      }
    });

    it("cannot be checked if they are not there, or about what is not", async () => {
      const refusals: [given: Given, message: string][] = [
        [{ file: "nowhere.json" }, "nowhere.json cannot be read. Name a file that is there."],
        [{ file: spdx, asset: "model:9" }, `There is no model:9: this chain has model:1 to ${model}.`],
        [{ file: spdx, asset: "agent:1" }, "Agents have no such documents. Name a Datanet or a model."],
      ];
      for (const [given, errors] of refusals) {
        const ending = await terminal.run("metadata:check", given);
        expect(ending).to.deep.equal({ exitCode: 1, output: "", errors });
      }
    });

    it("are wrong if they are no JSON, or say what cannot be", async () => {
      const neither =
        "The document is neither a Croissant nor an SPDX document: write JSON, or give the hash that the registry has.";
      await expectWrong({ file: await terminal.write("text.json", "hello") }, "other", [neither]);
      const text = await readFile(croissant, "utf8");
      await expectWrong({ file: await terminal.write("cut.json", text.slice(0, -1)) }, "other", [neither]);
      const units = text.replace('"oal:units":"1"', '"oal:units":"2"');
      await expectWrong({ file: await terminal.write("units.json", units) }, "croissant", [
        '/creator/0/oal:units is "2": write "1", the sum of this creator\'s lines of the log.',
        "/creator has 2 of 1 units: write all contributors, whose units add up to 100 %.",
      ]);
    });

    it("are wrong if the chain does not commit to them", async () => {
      for (const [asset, file, kind] of [
        [datanet, croissant, "croissant"],
        [model, spdx, "spdx"],
      ]) {
        await expectWrong({ file, asset }, kind, [
          "The document is not committed to: the registry has no hash. " +
            `Describe the asset with ${keccak256(await readFile(file))}.`,
        ]);
      }
    });

    describe("that the chain commits to", () => {
      const other = "Datanets have Croissant documents, models those of SPDX.";
      let hashes: Record<"croissant" | "spdx", string>;

      before(async () => {
        hashes = { croissant: keccak256(await readFile(croissant)), spdx: keccak256(await readFile(spdx)) };
        await terminal.ask("asset:describe", { asset: datanet, document: croissant, from: "carol" });
        await terminal.ask("asset:describe", { asset: model, document: spdx, from: "dave" });
      });

      const anotherHash = (is: string, committed: string): string =>
        `The document has the hash ${is}, but the registry commits to ${committed}: publish the document it was made for.`;

      it("are wrong with a byte changed", async () => {
        const text = (await readFile(croissant, "utf8")).replace("About it.", "About us.");
        const message = anotherHash(keccak256(toUtf8Bytes(text)), hashes.croissant);
        const given = { file: await terminal.write("changed.json", text), asset: datanet };
        await expectWrong(given, "croissant", [message]);
      });

      it("are wrong in another form", async () => {
        const file = await terminal.write(
          "pretty.json",
          JSON.stringify(await terminal.read("croissant.json"), null, 2),
        );
        await expectWrong({ file, asset: datanet }, "croissant", [
          "The document has the right content in another form: " +
            `publish its canonical bytes (RFC 8785), whose hash is ${hashes.croissant}.`,
        ]);
      });

      it("are wrong for another version", async () => {
        const name = `eip155:31337/erc721:${await protocol.datanets.getAddress()}/${datanet.split(":")[1]}`;
        const { exitCode, output } = await terminal.run("metadata:check", { file: croissant, asset: data(1) });
        expect(exitCode).to.equal(1);
        expect(output.split("\n").slice(0, 2)).to.deep.equal([
          `${croissant} is not right:`,
          `/@id is "${name}#3", but the chain was asked about "${name}#1": ` +
            "write that, or check against the other version.",
        ]);
      });

      it("are wrong for another kind of asset", async () => {
        await expectWrong({ file: croissant, asset: model }, "croissant", [
          `The document is no SPDX document: ${other}`,
          anotherHash(hashes.croissant, hashes.spdx),
        ]);
        await terminal.ask("asset:describe", { asset: datanet, document: spdx, from: "carol" });
        await expectWrong({ file: spdx, asset: datanet }, "spdx", [`The document is an SPDX document: ${other}`]);
      });
    });
  });
});
