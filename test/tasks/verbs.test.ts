import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

import type { ValidateFunction } from "ajv";
import { expect } from "chai";
import { id, keccak256, parseEther, ZeroHash } from "ethers";
import { network } from "hardhat";

import type { Protocol } from "../../scripts/lib/protocol.ts";
import { callId, childrenHash, type Receipt, signReceipt } from "../../sdk/receipt.ts";
import { toJson } from "../../tasks/lib/format.ts";
import { VERBS } from "../../tasks/verbs.ts";
import { findRows, readDoc } from "../docs/markdown.ts";
import { validatorOf } from "./schema.ts";
import { type Answer, type Given, Terminal } from "./terminal.ts";

const connection = await network.getOrCreate();
const { time, takeSnapshot } = connection.networkHelpers;
const { provider } = connection.ethers;

const DAY = 86_400;

/** Contracts of no verb, and what stands in for them. */
const OTHER_CONTRACTS: Record<string, string> = {
  AuthorizationBatch: "for those who collect many payers' signatures, by program",
  SplitAddress: "swept through SplitAddresses",
  SettlementVerifier: "`keep` is for programs that prove old settlements",
  Pots: "attribution of outputs has commands of its own: npm run reporter, watcher, why",
  AttributionReports: "attribution of outputs has commands of its own: npm run reporter, watcher, why",
  IncentiveGauges: "incentives are not switched on by any deployment's parameters",
};

/** Functions of no verb, and why. */
const OTHER_FUNCTIONS: Record<string, string> = {
  "AttributionLedger.payWithPermit": "token:permit and pay do the same",
  "AttributionLedger.payMany": "for programs: pay pays one service at a time",
  "AttributionLedger.claimWithSignature": "for relayers, by program: sdk/claim.ts",
  "AttributionLedger.depositWithPermit": "token:permit and ledger:deposit do the same",
  "PaymentChannels.depositWithAuthorization": "for x402 facilitators, by program",
  "JobEscrow.fundWithAuthorization": "for relayers, by program",
  "OperatorStaking.delegateBySig": "for relayers, by program",
  "OperatorStaking.slash": "the court's alone",
  "OperatorStaking.hold": "the court's alone",
  "OperatorStaking.unhold": "the court's alone",
  "OperatorStaking.setMinSelfStake": "by proposals: gov:propose",
  "FeePolicy.setPolicy": "by proposals: gov:propose-fees",
  "DisputeCourt.rule": "the committee's alone: dispute:rule votes there",
  "DisputeCourt.setArbitrator": "by proposals: gov:propose",
  "DisputeCourt.setMinBond": "by proposals: gov:propose",
  "ArbitrationCommittee.createDispute": "the court's: dispute:open",
  "OpenGovernor.castVoteBySig": "for relayers, by program",
  "OpenGovernor.castVoteWithReasonAndParamsBySig": "for relayers, by program",
  ...Object.fromEntries(
    [
      ...["setVotingDelay", "setVotingPeriod", "setProposalThreshold", "updateQuorumNumerator"],
      ...["setLateQuorumVoteExtension", "updateTimelock", "relay"],
    ].map((name) => [`OpenGovernor.${name}`, "by proposals: gov:propose"]),
  ),
};

describe("verbs of the command line", function () {
  this.timeout(120_000);

  let terminal: Terminal;
  let protocol: Protocol;
  let restore: () => Promise<void>;
  const seen = new Set<string>();
  const called = new Set<string>();
  const validators = new Map<string, ValidateFunction>();

  before(async () => {
    ({ restore } = await takeSnapshot());
    terminal = await Terminal.open();
    protocol = await terminal.deploy(connection, { minSelfStake: parseEther("1000") });
  });

  after(async () => {
    await terminal.close();
    await restore();
  });

  /** Whether a document is what the verb promises. */
  function check(answer: Answer): void {
    const verb = VERBS.find(({ name }) => name === answer.verb);
    if (verb === undefined) throw new Error(`There is no verb ${answer.verb}.`);
    const validate = validators.get(verb.name) ?? validatorOf(verb);
    validators.set(verb.name, validate);
    expect(validate(answer), `${verb.name}: ${JSON.stringify(validate.errors)}`).to.equal(true);
    seen.add(verb.name);
  }

  async function ask(verb: string, given: Given = {}): Promise<Record<string, unknown>> {
    const answer = await terminal.ask(verb, given);
    check(answer);
    const forPeople = await terminal.run(verb, given);
    expect(forPeople.exitCode).to.equal(0);
    expect(forPeople.output).to.not.contain("undefined");
    return answer.result;
  }

  /** Tries a verb, which must leave no trace, and then runs it. */
  async function act(verb: string, given: Given = {}): Promise<Record<string, unknown>> {
    const [block, files] = [await provider.getBlockNumber(), [given.out].filter((file) => typeof file === "string")];
    const trial = await terminal.ask(verb, { ...given, dryRun: true });
    check(trial);
    expect(await provider.getBlockNumber(), `${verb}: a dry run sends nothing`).to.equal(block);
    expect(trial.transactions.every(({ hash }) => hash === null)).to.equal(true);
    expect(
      files.some((file) => existsSync(file)),
      `${verb}: a dry run writes nothing`,
    ).to.equal(false);
    const forPeople = await terminal.run(verb, { ...given, dryRun: true });
    expect(forPeople.output, verb).to.match(/^Nothing is sent\./);
    expect(forPeople.output).to.not.contain("undefined");

    const answer = await terminal.ask(verb, given);
    check(answer);
    expect(answer.transactions.map(({ function: name }) => name)).to.deep.equal(
      trial.transactions.map(({ function: name }) => name),
    );
    for (const { contract, function: name } of answer.transactions) called.add(`${contract}.${name}`);
    return answer.result;
  }

  const content = (name: string, text = name): { file: string; uri: string } => ({
    file: terminal.file(name),
    uri: `https://example.org/${text}`,
  });

  it("run a Datanet", async () => {
    for (const name of ["speech", "poem", "spam"]) await terminal.write(name, `This is a ${name}.\n`);
    const datanet = "datanet:1";
    const created = await act("datanet:create", {
      ...{ from: "carol", curatorPart: "5", ownerPart: "1.5", minShare: "10", arbiter: "court" },
      document: terminal.file("spam"),
    });
    expect(created.id).to.equal("1");
    expect(await act("datanet:contribute", { datanet, ...content("speech"), from: "alice" })).to.include({
      number: "1",
    });
    await act("datanet:contribute", { datanet, ...content("spam"), from: "bob" });
    await act("datanet:sign", { datanet, ...content("poem"), from: "bob", out: terminal.file("poem.json") });
    await act("datanet:sign", { datanet, ...content("speech"), from: "dave", out: terminal.file("copy.json") });
    expect(await act("datanet:accept", { datanet, units: "7", from: "carol" })).to.deep.equal({
      ...{ version: "1", accepted: "1", rejected: "0" },
    });
    await act("datanet:reject", { datanet, count: "1", from: "carol" });
    const signed = [terminal.file("poem.json"), terminal.file("copy.json")].join();
    await act("datanet:accept", { datanet, signed, units: "5,3", from: "carol" });
    expect(await ask("datanet:show", { datanet })).to.include({ size: "3", units: "15", version: "2" });
    const { contributions } = await ask("datanet:version", { datanet: "datanet:1@2" });
    expect((contributions as { units: string }[]).map(({ units }) => units)).to.deep.equal(["7", "5", "3"]);
    expect(await act("datanet:revoke", { datanet, index: "1", from: "bob" })).to.include({ version: "3" });
    expect(await protocol.datanets.logOf(1n)).to.deep.equal([3n, 10n]);
    await act("datanet:curate", { datanet: "1", curator: "carol", curatorPart: "5", from: "carol" });
  });

  it("describe, license and hand on assets", async () => {
    await act("datanet:create", { from: "bob", closed: true });
    const asset = "datanet:2";
    await act("asset:terms", { asset, minShare: "12.5", closed: true, from: "bob" });
    expect(await protocol.datanets.termsOf(2n)).to.deep.equal([1_250n, false]);
    await act("asset:license", { asset, licensee: "alice", from: "bob" });
    await act("asset:license", { asset, licensee: "alice", end: true, from: "bob" });
    await act("asset:describe", { asset, uri: "https://example.org/d", document: terminal.file("spam"), from: "bob" });
    await act("asset:transfer", { asset, to: "alice", from: "bob" });
    expect(await protocol.datanets.ownerOf(2n)).to.equal((await connection.ethers.getSigners())[1].address);
  });

  it("publish models and agents", async () => {
    const on = "datanet:1@2=4000";
    const model = await act("model:register", { on, builders: "me=6000", minShare: "30", from: "dave" });
    expect(model).to.include({ id: "1", version: "1" });
    expect(await act("model:fork", { parent: "model:1", maxParent: "30", from: "erin" })).to.include({
      parentBps: "3000",
    });
    await act("model:publish", { model: "model:1", on, builders: "alice=1000,me=5000", from: "dave", arbiter: "ivan" });
    expect(await ask("model:show", { model: "model:1@1" })).to.include({ latest: "2", version: "1" });

    expect(await act("agent:register", { agentUri: "https://example.org/a", from: "frank" })).to.include({ id: "1" });
    await act("agent:publish", { agent: "agent:1", on: "model:2@1=5000", builders: "me=5000", from: "frank" });
    expect(await act("agent:register", { on: "model:2=1", builders: "me=1", from: "frank" })).to.include({ id: "2" });
    await act("agent:wallet", { agent: "agent:1", to: "grace", from: "frank" });
    expect(await protocol.agents.getAgentWallet(1n)).to.equal((await connection.ethers.getSigners())[7].address);
    await act("agent:set", {
      agent: "agent:1",
      agentUri: "https://example.org/b",
      key: "region",
      value: "eu",
      from: "frank",
    });
    expect(await ask("agent:show", { agent: "agent:1" })).to.include({ agentUri: "https://example.org/b" });
    await act("agent:wallet", { agent: "agent:1", clear: true, from: "frank" });
    await ask("agent:show", { agent: "agent:2" });
    for (const [asset, from] of Object.entries({ "model:1": "dave", "agent:1": "frank" })) {
      await act("asset:terms", { asset, minShare: "5", from });
      await act("asset:license", { asset, licensee: "alice", from });
      await act("asset:describe", { asset, uri: "https://example.org/d", from });
    }
  });

  it("move tokens and balances", async () => {
    for (const to of ["frank", "grace", "heidi"]) await act("token:transfer", { to, amount: "300000" });
    await act("token:approve", { spender: "ledger", amount: "1.25", from: "frank" });
    const out = terminal.file("permit.json");
    await act("token:permit", { spender: "bob", amount: "2", out, from: "frank" });
    await act("token:permit", { submit: out, from: "bob" });
    await act("ledger:deposit", { amount: "100", from: "frank" });
    await act("ledger:approve", { spender: "bob", amount: "3", from: "frank" });
    await act("ledger:transfer", { amount: "1", to: "bob", toTag: "7", from: "frank" });
    await act("ledger:transfer", { amount: "3", to: "alice", owner: "frank", from: "bob" });
    await act("ledger:withdraw", { amount: "6", to: "erin", from: "frank" });
    expect(await ask("token:balance", { of: "frank" })).to.include({ ledger: String(parseEther("90")) });
  });

  it("stake and serve", async () => {
    await act("stake:add", { amount: "1000", from: "grace" });
    await act("ledger:deposit", { amount: "200000", from: "heidi" });
    await act("stake:add", { amount: "200000", operator: "grace", fromBalance: true, from: "heidi" });
    await act("stake:commission", { part: "10", from: "grace" });
    const rates = { rateIn: "2", rateOut: "8" };
    const endpoint = "https://example.org/v1";
    expect(await act("service:register", { asset: "agent:1", ...rates, endpoint, from: "grace" })).to.include({
      id: "1",
    });
    await act("service:price", { service: "1", rateIn: "1", rateOut: "4", from: "grace" });
    await act("agent:publish", { agent: "agent:1", on: "model:2@1=1", builders: "me=1", from: "frank" });
    await act("service:serve", { service: "1", assetVersion: "2", from: "grace" });
    await act("service:active", { service: "1", off: true, from: "grace" });
    expect(await ask("service:show", { service: "1" })).to.include({ active: false, asset: "agent:1@2" });
    await act("service:active", { service: "1", from: "grace" });
    const quoted = await ask("service:quote", { service: "1", tokensIn: "1000", tokensOut: "500", calls: "2" });
    expect(quoted).to.include({ net: String(parseEther("3")), cost: String(parseEther("3.002")) });
    expect(await ask("stake:show", { operator: "grace", staker: "heidi" })).to.include({
      staked: String(parseEther("200000")),
    });
  });

  it("pay on every rail", async () => {
    const use = { service: "1", tokensIn: "1000", tokensOut: "500", from: "frank" };
    const memo = id("a receipt");
    for (const rail of ["wallet", "balance", "signed", "transfer"]) {
      expect(await act("pay", { ...use, rail, memo })).to.include({ rail, amount: String(parseEther("3.001")) });
    }
    await act("pay", { ...use, rail: "signed", relayer: "bob" });
    await act("pay", { asset: "datanet:1", amount: "10", from: "frank" });
    await act("pay", { asset: "model:1@2", amount: "10", from: "frank" });
    const { splitId } = await ask("model:show", { model: "model:1@1" });
    await act("pay", { split: String(splitId), amount: "0.5", rail: "balance", from: "frank" });
    const splitOfService = await protocol.services.splitOf(1n);
    expect((await protocol.ledger.received(splitOfService)).amount).to.equal(parseEther("15"));
  });

  it("pay by channel", async () => {
    await act("channel:cap", { operator: "grace", amount: "50", from: "frank" });
    await act("channel:open", { service: "1", deposit: "20", delay: "15m", from: "frank" });
    await act("channel:top-up", { channel: "1", amount: "5", from: "frank" });
    await act("channel:top-up", { channel: "1", amount: "1", fromBalance: true, from: "frank" });
    await act("channel:cap", { operator: "grace", from: "frank" });
    const vouchers = terminal.file("voucher.json");
    await act("channel:voucher", { channel: "1", total: "10", out: vouchers, from: "frank" });
    const settled = await act("channel:settle", { vouchers, calls: "3", kept: true, from: "grace" });
    expect(settled).to.include({ settled: String(parseEther("10")) });
    await act("channel:withdraw", { channel: "1", request: true, from: "frank" });
    await time.increase(900);
    await act("channel:withdraw", { channel: "1", from: "frank" });
    await act("channel:open", { service: "1", deposit: "2", salt: id("another"), from: "frank" });
    await act("channel:close", { channel: "2", from: "grace" });
    const { channels } = await ask("channel:show");
    expect((channels as { balance: string }[]).map(({ balance }) => balance)).to.deep.equal(["0", "0"]);
    await ask("channel:show", { channel: "2" });
  });

  it("write documents about assets, which are right", async () => {
    await act("service:register", {
      ...{ asset: "model:1", rateIn: "1", rateOut: "1", endpoint: "https://example.org/m", from: "grace" },
    });
    const file = (index: number, name: string): object => ({ index, license: "CC-BY-4.0", ...content(name) });
    const speeches = await terminal.write(
      "speeches.json",
      JSON.stringify({
        ...{ name: "Speeches", description: "What was said.", licenses: ["CC-BY-4.0"], url: "https://example.org/d" },
        ...{ keywords: ["speech"], files: [file(0, "speech"), { ...file(1, "poem"), file: "poem" }] },
      }),
    );
    const chat = await terminal.write(
      "chat.json",
      JSON.stringify({
        ...{ name: "chat", description: "Talks.", license: "Apache-2.0", downloadLocation: "ipfs://chat" },
        ...{ languages: ["en"], tags: ["talk"], pipelineTag: "text-generation", libraryName: "transformers" },
        upstream: {
          "datanet:1@2": { name: "Speeches", downloadLocation: "ipfs://s", types: ["text"], license: "CC-BY-4.0" },
          "model:1@1": { name: "base", downloadLocation: "ipfs://base", repository: "dave/base" },
        },
      }),
    );

    async function writeAbout(verb: string, given: Record<string, string>, name: string): Promise<string> {
      const out = terminal.file(name);
      expect(await ask(verb, { ...given, out })).to.deep.equal({ out, metadataHash: keccak256(await readFile(out)) });
      return out;
    }

    /** Commits to a document as its asset's owner, and compares both. */
    async function commit(asset: string, document: string, kind: string, from: string): Promise<void> {
      const described = { asset: asset.split("@")[0], uri: "ipfs://document", document, from };
      const { metadataHash } = await act("asset:describe", described);
      expect(metadataHash).to.equal(keccak256(await readFile(document)));
      expect(await ask("metadata:check", { file: document, asset })).to.deep.equal({
        ...{ kind, correct: true, problems: [] },
      });
    }

    const croissant = await writeAbout(
      "datanet:metadata",
      { datanet: "datanet:1@2", about: speeches },
      "croissant.json",
    );
    expect(await ask("metadata:check", { file: croissant })).to.include({ kind: "croissant", correct: true });
    await commit("datanet:1@2", croissant, "croissant", "carol");
    const { distribution } = await terminal.read("croissant.json");
    expect((distribution as { contentUrl: string }[]).map(({ contentUrl }) => contentUrl)).to.deep.equal([
      "https://example.org/speech",
      "https://example.org/poem",
    ]);

    const { latest } = await ask("model:show", { model: "model:1" });
    const first = await writeAbout("model:metadata", { model: "model:1@1", about: chat }, "first.json");
    await commit("model:1@1", first, "spdx", "dave");
    const newest = await writeAbout("model:metadata", { model: "model:1", about: chat }, "newest.json");
    await commit(`model:1@${String(latest)}`, newest, "spdx", "dave");
    const fork = await writeAbout("model:metadata", { model: "model:2", about: chat }, "fork.json");
    await commit("model:2", fork, "spdx", "erin");

    const card = await writeAbout("model:card", { model: "model:1", about: chat }, "README.md");
    const text = await readFile(card, "utf8");
    for (const part of ["license: apache-2.0", "https://example.org/m", "Speeches", "text-generation"]) {
      expect(text).to.contain(part);
    }
    await commit("model:1", card, "other", "dave");
    const forked = await readFile(await writeAbout("model:card", { model: "model:2", about: chat }, "fork.md"), "utf8");
    expect(forked).to.contain("dave/base").and.not.contain("https://example.org/m");
  });

  it("show lineage, earnings and usage, and claim", async () => {
    const { accounts } = await ask("lineage", { service: "1" });
    const whole = (accounts as { percent: number }[]).reduce((sum, { percent }) => sum + percent, 0);
    expect(Math.round(whole * 1e9)).to.equal(100e9);
    const before = await ask("earnings", { of: "alice" });
    const claimed = await act("claim", { from: "alice", anyway: true });
    const expected = BigInt(String(before.claimable)) + BigInt(String(before.balance));
    expect(claimed.claimed).to.equal(String(expected));
    expect(await protocol.token.balanceOf((await connection.ethers.getSigners())[1].address)).to.equal(expected);
    expect(await ask("earnings", { of: "alice" })).to.include({ claimable: "0" });
    await act("claim", { from: "alice" });
    await act("claim", { from: "bob", openPerEther: "0.000001" });

    const released = await act("release", { service: "1", from: "bob" });
    expect(released.released).to.equal(released.expected);
    await act("release", { asset: "model:1@2", shares: "0,1", payOut: true, from: "bob" });
    const { periods } = await ask("usage");
    expect(periods).to.have.length(1);
    expect((await ask("usage", { blocks: "20" })).periods).to.have.length.greaterThan(2);
  });

  it("redirect shares, as their arbiter", async () => {
    const share = { asset: "model:1@2", index: "1", from: "ivan" };
    await act("redirect", { ...share, to: "bob" });
    await act("redirect", share);
    const split = await protocol.models.splitOf(1n, 2n);
    expect(await protocol.ledger.redirectOf(split, 1n)).to.equal(ZeroHash);
  });

  it("ask for jobs and deliver them", async () => {
    const terms = { asset: "agent:1@1", provider: "grace", budget: "3", description: "a summary", from: "frank" };
    const window = { acceptance: "1h", evaluator: "ivan", evaluation: "1d" };
    const file = terminal.file("speech");
    const fund = async (given: Given): Promise<string> => String((await act("job:fund", { ...terms, ...given })).jobId);

    const done = await fund({ ...window });
    await act("job:submit", { job: done, file, from: "grace" });
    await act("job:complete", { job: done, from: "frank" });
    const disputed = await fund({ ...window, fromBalance: true });
    await act("job:submit", { job: disputed, file, from: "grace" });
    await act("job:dispute", { job: disputed, reason: "not what was asked for", from: "frank" });
    await act("job:reject", { job: disputed, from: "ivan" });
    const late = await fund({ expires: "1h" });
    await time.increase(3_600);
    await act("job:refund", { job: late, from: "bob" });
    const { jobs } = await ask("job:show");
    expect((jobs as { status: string }[]).map(({ status }) => status)).to.deep.equal([
      "completed",
      "rejected",
      "expired",
    ]);
    await ask("job:show", { job: done });
  });

  it("reward stake, and let it go", async () => {
    await act("stake:rewards", { harvest: true, operator: "grace", from: "bob" });
    await time.increase(8 * DAY);
    await act("stake:rewards", { operator: "grace", from: "heidi" });
    await act("stake:delegate", { to: "alice", from: "grace" });
    await act("stake:delegate", { to: "grace", from: "grace" });
    await act("stake:thaw", { operator: "grace", shares: "1000", from: "heidi" });
    await act("stake:restake", { operator: "grace", from: "heidi" });
    await act("stake:thaw", { operator: "grace", shares: String(parseEther("1")), from: "heidi" });
    await time.increase(22 * DAY);
    expect(await act("stake:withdraw", { operator: "grace", from: "heidi" })).to.include({
      amount: String(parseEther("1")),
    });
  });

  it("bring faults to court", async () => {
    const proven = await act("dispute:prove", {
      ...{ verifier: "duplicates", datanet: "datanet:1@2", first: "0", later: "2", from: "bob" },
      ...{ content: terminal.file("speech"), uri: "https://example.org/speech" },
    });
    expect(proven.slashed).to.equal("0");

    const [, , , , , , frank, grace] = await connection.ethers.getSigners();
    const domain = { chainId: 31_337n, services: await protocol.services.getAddress() };
    const request = {
      ...{ payer: frank.address, parentCallId: ZeroHash, serviceId: 1n, inputHash: id("input"), salt: id("salt") },
    };
    const receipt: Receipt = {
      ...request,
      ...{ callId: callId({ ...domain, request }), childrenHash: childrenHash([]), splitId: id("split") },
      ...{ assetSplitId: id("asset"), executor: grace.address, outputRoot: id("output"), tokensIn: 1n, tokensOut: 2n },
      ...{ amount: 10n, servedAt: 1_800_000_000n },
    };
    const files: string[] = [];
    for (const other of [receipt, { ...receipt, amount: 20n }]) {
      const signature = await signReceipt({ ...domain, signer: grace, receipt: other });
      files.push(await terminal.write(`${other.amount}.json`, toJson({ receipt: other, signature })));
    }
    const slashed = await act("dispute:prove", { receipts: files.join(), from: "bob" });
    expect(BigInt(String(slashed.slashed))).to.be.greaterThan(0n);

    const opened = await act("dispute:open", {
      ...{ respondent: "grace", harmed: "alice", amount: "100", evidenceUri: "https://example.org/e", from: "frank" },
      evidence: terminal.file("spam"),
    });
    expect(opened.caseId).to.equal("1");
    const held = { respondent: "carol", harmed: "bob", asset: "datanet:1@2", shares: "2", from: "frank" };
    expect((await act("dispute:open", held)).caseId).to.equal("2");
    await act("dispute:evidence", { case: "1", evidenceUri: "https://example.org/f", from: "grace" });
    await time.increase(2 * DAY);
    for (const from of ["grace", "heidi"]) await act("dispute:rule", { case: "1", for: "claimant", from });
    await act("dispute:settle", { case: "1", from: "bob" });
    const { cases } = await ask("dispute:show", { case: "1" });
    expect((cases as { status: string }[])[0].status).to.equal("ended");
    await ask("dispute:show");
  });

  it("govern", async () => {
    await act("gov:propose", {
      ...{ contract: "staking", call: "setMinSelfStake(uint256)", values: "5", description: "Less", from: "heidi" },
    });
    await act("gov:cancel", { from: "heidi" });
    await act("gov:propose-fees", { operator: "35", platformFee: "0.002", description: "More", from: "heidi" });
    await time.increase(DAY + 1);
    await act("gov:vote", { support: "for", from: "heidi" });
    await act("gov:vote", { support: "against", reason: "No.", from: "grace" });
    await act("gov:vote", { support: "abstain", pools: "grace", from: "bob" });
    await time.increase(14 * DAY + 1);
    await act("gov:queue", { from: "bob" });
    await time.increase(2 * DAY);
    await act("gov:execute", { from: "bob" });
    const shown = await ask("gov:show");
    expect(shown).to.include({ policyVersion: "2", operatorBps: "3500", platformFee: String(parseEther("0.002")) });
    expect((shown.proposals as { state: string }[]).map(({ state }) => state)).to.deep.equal(["cancelled", "executed"]);
  });

  it("refuse what cannot be, and say why", async () => {
    // What the court has taken from her.
    await act("stake:add", { amount: "1000", from: "grace" });
    const voucher = terminal.file("voucher.json");
    const forged = await terminal.write(
      "forged.json",
      JSON.stringify({ ...(await terminal.read("voucher.json")), total: "11" }),
    );
    const refusals: [verb: string, given: Given, message: string][] = [
      ["datanet:version", { datanet: "datanet:1@9" }, "datanet:1 has versions 1 to 3, but not 9."],
      ["datanet:revoke", { datanet: "1", index: "3" }, "datanet:1 has 3 contribution(s), so there is none at 3."],
      ["datanet:accept", { datanet: "1", units: "1,2", signed: voucher }, "There are 1 files, but units for 2."],
      ["asset:describe", { asset: "datanet:1" }, "Name the document: by --uri, --document, or both."],
      ["agent:wallet", { agent: "1" }, "Say either --to, or --clear."],
      [
        "agent:wallet",
        { agent: "1", to: "court" },
        `Nothing here can sign for ${await protocol.court.getAddress()}, and the wallet has to agree.`,
      ],
      ["agent:set", { agent: "1", key: "region" }, "--key and --value belong together."],
      ["agent:set", { agent: "1" }, "Say what to set: --agent-uri, or --key and --value."],
      [
        "service:register",
        { asset: "datanet:1", rateIn: "1", rateOut: "1", endpoint: "u" },
        "Services serve models and agents, such as model:1@1.",
      ],
      [
        "token:permit",
        { spender: "bob" },
        "To sign, say --spender, --amount and --out; to send what was signed, say --submit.",
      ],
      ["ledger:deposit", { amount: "1", tag: String(2n ** 96n) }, "A tag is less than 2^96."],
      [
        "pay",
        { service: "1" },
        "There are no tokens to pay for. Say how many these calls take: --tokens-in, --tokens-out.",
      ],
      ["pay", { service: "1", tokensIn: "1000", maximum: "1" }, "These calls cost 1.002 OPEN, above --maximum 1 OPEN."],
      ["pay", { asset: "model:1" }, "Say how much: --amount, above zero."],
      ["pay", { asset: "model:1", amount: "1", relayer: "bob" }, "--relayer is for --rail signed."],
      ["release", { asset: "model:1", shares: "3" }, "model:1@2 has shares 0 to 2, but none at 3."],
      ["release", { asset: "datanet:1@1" }, "datanet:1@1 has not received anything yet."],
      ["claim", { openPerEther: "0" }, "--open-per-ether must be above zero."],
      [
        "redirect",
        { asset: "model:1@1", index: "0" },
        "The arbiter of model:1@1 is nobody, and nobody else can redirect its shares.",
      ],
      [
        "redirect",
        { asset: "model:1@2", index: "0" },
        "The arbiter of model:1@2 is ivan, and nobody else can redirect its shares.",
      ],
      ["channel:show", { channel: "3" }, "There is no channel 3: this chain has channels 1 to 2."],
      ["channel:close", { channel: "1", from: "frank" }, "The operator of channel 1 is grace, and this is frank."],
      ["channel:close", { channel: "1", from: "grace" }, "Channel 1 is empty."],
      [
        "channel:top-up",
        { channel: "1", amount: "1", from: "grace" },
        "The payer of channel 1 is frank, and this is grace.",
      ],
      [
        "channel:voucher",
        { channel: "1", total: "1", out: "x", from: "bob" },
        "The signer of channel 1 is frank, and this is bob.",
      ],
      [
        "channel:voucher",
        { channel: "1", total: "1", out: "x", from: "frank" },
        "Channel 1 has settled 10 OPEN already. Sign for more.",
      ],
      [
        "channel:voucher",
        { channel: "1", total: "11", out: "x", from: "frank" },
        "Channel 1 had 10 OPEN in all, which does not cover 11 OPEN. Deposit more: channel:top-up.",
      ],
      ["channel:settle", { vouchers: voucher, from: "bob" }, "The operator of channel 1 is grace, and this is bob."],
      ["channel:settle", { vouchers: voucher, from: "grace" }, "Nothing can be settled: nothing new."],
      ["channel:settle", { vouchers: "", from: "grace" }, "Name at least one voucher."],
      [
        "channel:settle",
        { vouchers: forged, from: "grace" },
        `${forged} is not signed by the signer of channel 1, or was changed since.`,
      ],
      ["stake:thaw", { operator: "grace", from: "carol" }, "carol has no stake on grace."],
      ["dispute:prove", { receipts: voucher }, "Name two receipts of one call: --receipts one.json,other.json."],
      ["dispute:prove", { receipts: `${voucher},${voucher}` }, `"receipt" in ${voucher} is not an object.`],
      ["dispute:prove", { verifier: "duplicates" }, "Say --datanet, --first, --later, --content and --uri."],
      ["dispute:prove", { verifier: "lineages" }, "Proofs for lineages are made with the SDK. Give one with --proof."],
      [
        "dispute:open",
        { respondent: "carol", asset: "model:1", shares: "3" },
        "model:1@2 has 3 shares, so there is none at 3.",
      ],
      ["dispute:rule", { case: "3" }, "There is no case 3: this chain has cases 1 to 2."],
      [
        "usage",
        { since: "99999999" },
        `The newest block is ${await provider.getBlockNumber()}, before --since 99999999.`,
      ],
      ["usage", { blocks: "0" }, "--blocks must be above zero."],
      [
        "job:fund",
        { asset: "model:1", provider: "bob", budget: "1", description: "x", from: "ivan" },
        "ivan has 0 OPEN, but this takes 1 OPEN.",
      ],
    ];
    for (const [verb, given, message] of refusals) {
      expect(await terminal.run(verb, given), `${verb} ${JSON.stringify(given)}`).to.deep.equal({
        exitCode: 1,
        output: "",
        errors: message,
      });
    }
  });

  it("have all been tried here", () => {
    expect(VERBS.map(({ name }) => name).filter((name) => !seen.has(name))).to.deep.equal([]);
  });

  it("reach everything that people are meant to call", async () => {
    let contract = "";
    const missing: string[] = [];
    const rows = findRows(await readDoc("contracts/README.md")).filter(({ length }) => length === 4);
    for (const [name, functions] of rows) {
      contract = name === "" ? contract : name;
      if (contract in OTHER_CONTRACTS) continue;
      for (const [, method] of functions.matchAll(/`(\w+)`/g)) {
        const full = `${contract}.${method}`;
        if (!called.has(full) && !(full in OTHER_FUNCTIONS)) missing.push(full);
      }
    }
    expect(missing).to.deep.equal([]);
  });
});
