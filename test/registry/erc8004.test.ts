import { expect } from "chai";
import { Contract, type EventLog, Interface, toUtf8Bytes, toUtf8String, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { registerAgent, registerModel } from "./lineages.ts";
import { deployRegistryWorld } from "./registryWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

/** The identity registry of ERC-8004 as its draft and its reference deployment have it, word by word. */
const ERC_8004 = new Interface([
  "function register() returns (uint256 agentId)",
  "function register(string agentURI) returns (uint256 agentId)",
  "function register(string agentURI, tuple(string metadataKey, bytes metadataValue)[] metadata) returns (uint256 agentId)",
  "function setAgentURI(uint256 agentId, string newURI)",
  "function getMetadata(uint256 agentId, string metadataKey) view returns (bytes)",
  "function setMetadata(uint256 agentId, string metadataKey, bytes metadataValue)",
  "function setAgentWallet(uint256 agentId, address newWallet, uint256 deadline, bytes signature)",
  "function getAgentWallet(uint256 agentId) view returns (address)",
  "function unsetAgentWallet(uint256 agentId)",
  "function isAuthorizedOrOwner(address spender, uint256 agentId) view returns (bool)",
  "event Registered(uint256 indexed agentId, string agentURI, address indexed owner)",
  "event MetadataSet(uint256 indexed agentId, string indexed indexedMetadataKey, string metadataKey, bytes metadataValue)",
  "event URIUpdated(uint256 indexed agentId, string newURI, address indexed updatedBy)",
]);

/** What it builds on. */
const ERC_721_METADATA = new Interface([
  "function balanceOf(address owner) view returns (uint256)",
  "function ownerOf(uint256 tokenId) view returns (address)",
  "function safeTransferFrom(address from, address to, uint256 tokenId, bytes data)",
  "function safeTransferFrom(address from, address to, uint256 tokenId)",
  "function transferFrom(address from, address to, uint256 tokenId)",
  "function approve(address to, uint256 tokenId)",
  "function setApprovalForAll(address operator, bool approved)",
  "function getApproved(uint256 tokenId) view returns (address)",
  "function isApprovedForAll(address owner, address operator) view returns (bool)",
  "function name() view returns (string)",
  "function symbol() view returns (string)",
  "function tokenURI(uint256 tokenId) view returns (string)",
  "function supportsInterface(bytes4 interfaceId) view returns (bool)",
  "event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)",
  "event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)",
  "event ApprovalForAll(address indexed owner, address indexed operator, bool approved)",
]);

describe("AgentRegistry as an ERC-8004 identity registry", () => {
  for (const [standard, expected] of [
    ["ERC-8004", ERC_8004],
    ["ERC-721 with metadata", ERC_721_METADATA],
  ] as const) {
    it(`has every function of ${standard}, with its results and mutability`, async () => {
      const { agents } = await loadFixture(deployRegistryWorld);
      const names: string[] = [];
      expected.forEachFunction((wanted) => {
        const found = agents.interface.getFunction(wanted.selector as "approve");
        names.push(wanted.format("sighash"));
        expect(found.outputs.map(({ type }) => type)).to.deep.equal(wanted.outputs.map(({ type }) => type));
        expect(found.stateMutability).to.equal(wanted.stateMutability);
      });
      expect(names).to.not.be.empty;
    });

    it(`has every event of ${standard}, with its indexed arguments`, async () => {
      const { agents } = await loadFixture(deployRegistryWorld);
      const names: string[] = [];
      expected.forEachEvent((wanted) => {
        const found = agents.interface.getEvent(wanted.topicHash as "Transfer");
        names.push(wanted.format("sighash"));
        // A fragment that was read from text says null instead of false.
        const indexed = wanted.inputs.map((input) => input.indexed === true);
        expect(found.inputs.map((input) => input.indexed)).to.deep.equal(indexed);
      });
      expect(names).to.not.be.empty;
    });
  }

  it("supports ERC-165, ERC-721, its metadata and ERC-4906, and nothing else", async () => {
    const { agents } = await loadFixture(deployRegistryWorld);
    for (const interfaceId of ["0x01ffc9a7", "0x80ac58cd", "0x5b5e139f", "0x49064906"]) {
      expect(await agents.supportsInterface(interfaceId), interfaceId).to.equal(true);
    }
    for (const interfaceId of ["0xffffffff", "0x00000000", "0x780e9d63", "0x2a55205a"]) {
      expect(await agents.supportsInterface(interfaceId), interfaceId).to.equal(false);
    }
  });

  it("lets a reader who knows nothing but the standard list all agents and read all about them", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { agents, builder, tuner, carol, mallory } = world;
    await agents.connect(builder)["register()"]();
    await agents.connect(builder)["register(string)"]("ipfs://two");
    const entries = [{ metadataKey: "agentName", metadataValue: toUtf8Bytes("Three") }];
    await agents.connect(tuner)["register(string,(string,bytes)[])"]("ipfs://three", entries);
    const model = await registerModel({ world, owner: tuner });
    await registerAgent({ world, owner: tuner, agentURI: "ipfs://four", upstreams: [{ asset: model, units: 1n }] });
    await agents.connect(builder).setAgentURI(1n, "ipfs://one");
    await agents.connect(builder).transferFrom(builder, carol, 2n);

    const reader = new Contract(
      await agents.getAddress(),
      [...ERC_8004.fragments, ...ERC_721_METADATA.fragments],
      mallory,
    );
    const registered = (await reader.queryFilter("Registered")) as EventLog[];
    const found = [];
    for (const { args } of registered) {
      const agentId: unknown = args.agentId;
      found.push({
        agentId,
        registeredBy: args.owner as string,
        owner: (await reader.getFunction("ownerOf")(agentId)) as string,
        uri: (await reader.getFunction("tokenURI")(agentId)) as string,
        wallet: (await reader.getFunction("getAgentWallet")(agentId)) as string,
        name: toUtf8String((await reader.getFunction("getMetadata")(agentId, "agentName")) as string),
      });
    }
    const [one, two, three, four] = found;
    expect(found).to.have.length(4);
    const byBuilder = { registeredBy: builder.address, name: "" };
    const byTuner = { registeredBy: tuner.address, owner: tuner.address, wallet: tuner.address };
    expect(one).to.deep.equal({
      ...byBuilder,
      agentId: 1n,
      owner: builder.address,
      uri: "ipfs://one",
      wallet: builder.address,
    });
    expect(two).to.deep.equal({
      ...byBuilder,
      agentId: 2n,
      owner: carol.address,
      uri: "ipfs://two",
      wallet: ZeroAddress,
    });
    expect(three).to.deep.equal({ ...byTuner, agentId: 3n, uri: "ipfs://three", name: "Three" });
    expect(four).to.deep.equal({ ...byTuner, agentId: 4n, uri: "ipfs://four", name: "" });
  });

  it("lets a writer who knows nothing but the standard register and run an agent", async () => {
    const { agents, builder, carol } = await loadFixture(deployRegistryWorld);
    const address = await agents.getAddress();
    const writer = new Contract(address, ERC_8004, builder);
    await writer.getFunction("register(string)")("ipfs://agent");
    await writer.getFunction("setMetadata")(1n, "agentName", toUtf8Bytes("Ada"));
    await writer.getFunction("setAgentURI")(1n, "ipfs://moved");
    await writer.getFunction("unsetAgentWallet")(1n);
    const deadline = BigInt(await networkHelpers.time.latest()) + 60n;
    const { chainId } = await ethers.provider.getNetwork();
    const signature = await carol.signTypedData(
      { name: "ERC8004IdentityRegistry", version: "1", chainId, verifyingContract: address },
      {
        AgentWalletSet: [
          { name: "agentId", type: "uint256" },
          { name: "newWallet", type: "address" },
          { name: "owner", type: "address" },
          { name: "deadline", type: "uint256" },
        ],
      },
      { agentId: 1n, newWallet: carol.address, owner: builder.address, deadline },
    );
    await writer.getFunction("setAgentWallet")(1n, carol.address, deadline, signature);
    expect(await agents.getAgentWallet(1n)).to.equal(carol.address);
    expect(await agents.tokenURI(1n)).to.equal("ipfs://moved");
  });
});
