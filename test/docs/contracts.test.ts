import { expect } from "chai";
import { Interface } from "ethers";
import hre from "hardhat";

import { findConstants, findEvents } from "../../docs/blocks/solidity.ts";
import { SHARE_BYTES } from "../../sdk/share.ts";
import { DRAW_HEADER_BYTES } from "../../sdk/split.ts";
import { NODE_BYTES } from "../../sdk/sumNode.ts";
import { findRows, listDocs, readDoc } from "./markdown.ts";

const CONTRACTS = [
  "OpenToken",
  "AttributionLedger",
  "SplitAddresses",
  "AuthorizationBatch",
  "PaymentChannels",
  "JobEscrow",
  "DatanetRegistry",
  "ModelRegistry",
  "AgentRegistry",
  "FeePolicy",
  "ServiceRegistry",
  "OperatorStaking",
  "DisputeCourt",
  "ArbitrationCommittee",
  "DuplicateVerifier",
  "EquivocationVerifier",
  "SettlementVerifier",
  "RevokedLineageVerifier",
  "Pots",
  "AttributionReports",
  "SpanVerifier",
  "PayoutVerifier",
  "Openings",
  "IncentiveGauges",
  "OpenGovernor",
];

/** What the contracts inherit from OpenZeppelin, unchanged. */
const INHERITED = [
  ...["approve", "transfer", "transferFrom", "permit"],
  ...["transferWithAuthorization", "receiveWithAuthorization", "cancelAuthorization"],
  ...["safeTransferFrom", "setApprovalForAll"],
  ...["setAuthority", "onERC721Received", "onERC1155Received", "onERC1155BatchReceived"],
];

/** Which standard, as docs/events.md calls it, the events that contracts inherit belong to. */
const STANDARDS: Record<string, string> = {
  Transfer: "ERC-721",
  Approval: "ERC-721",
  ApprovalForAll: "ERC-721",
  MetadataUpdate: "ERC-4906",
  BatchMetadataUpdate: "ERC-4906",
  AuthorityUpdated: "AccessManaged",
  AuthorizationUsed: "ERC-3009",
  AuthorizationCanceled: "ERC-3009",
  EIP712DomainChanged: "EIP-712",
  DelegateChanged: "ERC-5805",
  DelegateVotesChanged: "ERC-5805",
  ...Object.fromEntries(
    [
      ...["ProposalCreated", "ProposalQueued", "ProposalExecuted", "ProposalCanceled", "ProposalExtended"],
      ...["VoteCast", "VoteCastWithParams", "VotingDelaySet", "VotingPeriodSet", "ProposalThresholdSet"],
      ...["QuorumNumeratorUpdated", "LateQuorumVoteExtensionSet", "TimelockChange"],
    ].map((name) => [name, "OpenZeppelin's Governor"]),
  ),
};

async function interfaceOf(contract: string): Promise<Interface> {
  const { abi } = await hre.artifacts.readArtifact(contract);
  return new Interface(abi);
}

function functionsOf(contract: Interface): string[] {
  const names: string[] = [];
  contract.forEachFunction(({ name, constant }) => {
    if (!constant) names.push(name);
  });
  return names;
}

/** Names in backticks. */
function namesIn(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name);
}

describe("documents about contracts", () => {
  it("have every contract in the README's table, with functions it has", async () => {
    const readme = await readDoc("README.md");
    const table = readme.slice(readme.indexOf("## Contracts"), readme.indexOf("## Layout"));
    const rows = findRows(table);
    expect(rows.map(([contract]) => contract)).to.deep.equal(CONTRACTS);
    for (const [contract, ...cells] of rows) {
      expect(functionsOf(await interfaceOf(contract)), contract).to.include.members(cells.flatMap(namesIn));
    }
  });

  it("list every function that changes something in contracts/README.md, once", async () => {
    const readme = await readDoc("contracts/README.md");
    const listed = new Map<string, string[]>();
    let contract = "";
    for (const [name, functions] of findRows(readme.slice(readme.indexOf("## Who may call what")))) {
      if (name !== "") contract = name;
      listed.set(contract, [...(listed.get(contract) ?? []), ...namesIn(functions)]);
    }

    for (const name of [...CONTRACTS, "SplitAddress"]) {
      const own = new Set(functionsOf(await interfaceOf(name)).filter((candidate) => !INHERITED.includes(candidate)));
      expect(listed.get(name) ?? [], name).to.have.members([...own]);
    }
  });

  it("name functions of contracts that exist", async () => {
    for (const file of await listDocs()) {
      for (const [mention, contract, name] of (await readDoc(file)).matchAll(/\b([A-Z]\w+)\.([a-z]\w*)\b/g)) {
        if (!CONTRACTS.includes(contract)) continue;
        expect((await interfaceOf(contract)).hasFunction(name), `${file}: ${mention}`).to.be.true;
      }
    }
  });

  it("name errors that exist", async () => {
    const errors = new Set<string>();
    for (const contract of CONTRACTS) {
      (await interfaceOf(contract)).forEachError(({ name }) => errors.add(name));
    }
    for (const file of await listDocs()) {
      for (const [name] of (await readDoc(file)).matchAll(/\b([A-Z]\w*[a-z]_[A-Z]\w+|ERC20[A-Z]\w+)\b/g)) {
        expect([...errors], file).to.include(name);
      }
    }
  });

  it("list every event of every contract, or the standard it comes from", async () => {
    const own = (await findEvents()).map(({ name }) => name);
    const text = await readDoc("docs/events.md");
    for (const contract of CONTRACTS) {
      (await interfaceOf(contract)).forEachEvent(({ name }) => {
        expect(own.includes(name) || text.includes(STANDARDS[name]), `${contract}: ${name}`).to.be.true;
      });
    }
  });

  it("state the caps that the contracts have", async () => {
    const constants = new Map(
      (await findConstants()).map(({ name, rest }) => [name, Number(rest.replaceAll("_", ""))]),
    );
    const percent = (name: string): string => `${(constants.get(name) ?? 0) / 100} %`;
    const trust = await readDoc("docs/trust-model.md");
    expect(trust).to.contain(`at most ${percent("MAX_TREASURY_BPS")} for a treasury of its choice`);
    expect(trust).to.contain(`${percent("MAX_SUM_BPS")} for everybody but the asset`);
    expect(trust).to.contain(`Give itself ${percent("MAX_OWNER_BPS")} and a curator ${percent("MAX_CURATOR_BPS")}`);
    expect(trust).to.contain(`a platform fee of ${(constants.get("MAX_PLATFORM_FEE") ?? 0) / 1e18} OPEN per call`);
    expect(await readDoc("docs/wallets.md")).to.contain(`at least ${percent("DEFAULT_FORK_BPS")}, the caller the rest`);

    const supply = constants.get("SUPPLY") ?? Infinity;
    expect((2 ** 127 - 1) / supply).to.be.above(1e11);
  });
});

describe("formats in docs/architecture.md", () => {
  it("have fields that add up to their sizes", async () => {
    const text = await readDoc("docs/architecture.md");
    const sections = text.split(/^### /m).filter((section) => /^.*\(\d+ bytes\)/.test(section));
    expect(sections).to.have.length(9);
    for (const section of sections) {
      const stated = Number(/\((\d+) bytes\)/.exec(section)?.[1]);
      const fields = findRows(section).map(([, bytes]) => Number(bytes));
      expect(
        fields.reduce((sum, bytes) => sum + bytes, 0),
        section.split("\n")[0],
      ).to.equal(stated);
    }
  });

  it("are those of the SDK", () => {
    expect([SHARE_BYTES, NODE_BYTES, DRAW_HEADER_BYTES]).to.deep.equal([81, 48, 40]);
  });
});
