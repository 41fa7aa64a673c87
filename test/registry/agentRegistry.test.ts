import { expect } from "chai";
import { hexlify, id, toUtf8Bytes, Wallet, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { delegate } from "../helpers/delegation.ts";
import { accountOf } from "../helpers/shares.ts";
import type { WalletConsent } from "../../sdk/agentWallet.ts";
import { signWalletConsent } from "./agentWallets.ts";
import { accept, createDatanet, OPEN, offersOf, rowsOf } from "./datanets.ts";
import {
  type AssetVersion,
  assetVersion,
  lineageOf,
  REGISTER_WITH_LINEAGE,
  registerAgent,
  registerModel,
} from "./lineages.ts";
import { deployRegistryWorld, type RegistryWorld } from "./registryWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture, time } = networkHelpers;

const URI = "https://agent.example/registration.json";
const WALLET_KEY = "agentWallet";
const REGISTER_WITH_METADATA = "register(string,(string,bytes)[])";
const FIVE_MINUTES = 300n;

describe("AgentRegistry: register", () => {
  it("gives the caller a token without a URI, and makes it the agent's wallet", async () => {
    const { agents, builder } = await loadFixture(deployRegistryWorld);
    expect(await agents.connect(builder)["register()"].staticCall()).to.equal(1n);
    const registered = agents.connect(builder)["register()"]();
    await expect(registered).to.emit(agents, "Transfer").withArgs(ZeroAddress, builder, 1n);
    await expect(registered).to.emit(agents, "Registered").withArgs(1n, "", builder);
    await expect(registered)
      .to.emit(agents, "MetadataSet")
      .withArgs(1n, WALLET_KEY, WALLET_KEY, builder.address.toLowerCase());
    await expect(registered).to.not.emit(agents, "MetadataUpdate");
    expect(await agents.ownerOf(1n)).to.equal(builder.address);
    expect(await agents.tokenURI(1n)).to.equal("");
    expect(await agents.getAgentWallet(1n)).to.equal(builder.address);
  });

  it("takes the URI of the registration file", async () => {
    const { agents, builder } = await loadFixture(deployRegistryWorld);
    expect(await agents.connect(builder)["register(string)"].staticCall(URI)).to.equal(1n);
    const registered = agents.connect(builder)["register(string)"](URI);
    await expect(registered).to.emit(agents, "Registered").withArgs(1n, URI, builder);
    await expect(registered).to.emit(agents, "MetadataUpdate").withArgs(1n);
    expect(await agents.tokenURI(1n)).to.equal(URI);
    expect(await agents.getAgentWallet(1n)).to.equal(builder.address);
  });

  it("takes metadata, one event for each entry", async () => {
    const { agents, builder } = await loadFixture(deployRegistryWorld);
    const entries = [
      { metadataKey: "agentName", metadataValue: hexlify(toUtf8Bytes("Ada")) },
      { metadataKey: "", metadataValue: "0x" },
      { metadataKey: "model", metadataValue: id("a model") },
    ];
    expect(await agents.connect(builder)[REGISTER_WITH_METADATA].staticCall(URI, entries)).to.equal(1n);
    const registered = agents.connect(builder)[REGISTER_WITH_METADATA](URI, entries);
    await expect(registered).to.emit(agents, "Registered").withArgs(1n, URI, builder);
    for (const { metadataKey, metadataValue } of entries) {
      await expect(registered).to.emit(agents, "MetadataSet").withArgs(1n, metadataKey, metadataKey, metadataValue);
      expect(await agents.getMetadata(1n, metadataKey)).to.equal(metadataValue);
    }
    expect(await agents.getAgentWallet(1n)).to.equal(builder.address);
  });

  it("takes a lineage with terms: makers, models it uses, Datanets, and the agents it is a template of", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { agents, builder, tuner } = world;
    const template = await registerAgent({ world, owner: tuner });
    const model = await registerModel({ world, owner: tuner });
    const datanet = await trainingData(world);
    const { lineage, shares, split } = lineageOf({
      builders: [{ account: accountOf(builder), units: 50n, evidence: id("prompts") }],
      upstreams: [
        { asset: model, units: 25n },
        { asset: template, units: 15n },
        { asset: datanet, units: 10n },
      ],
      arbiter: world.relayer.address,
    });
    const terms = { minShareBps: 500n, open: true };
    expect(await agents.connect(builder)[REGISTER_WITH_LINEAGE].staticCall(URI, terms, lineage)).to.equal(2n);
    const registered = agents.connect(builder)[REGISTER_WITH_LINEAGE](URI, terms, lineage);
    await expect(registered).to.emit(agents, "Registered").withArgs(2n, URI, builder);
    await expect(registered).to.emit(agents, "TermsSet").withArgs(2n, 500n, true);
    await expect(registered)
      .to.emit(agents, "VersionPublished")
      .withArgs(2n, 1n, split.id, world.relayer, rowsOf(shares), lineage.metadataURI, lineage.metadataHash);
    expect(await agents.splitOf(2n, 1n)).to.equal(split.id);
    expect(await agents.getAgentWallet(2n)).to.equal(builder.address);
  });

  it("leaves an agent without a lineage closed and without a version, until its owner publishes one", async () => {
    const { agents, builder } = await loadFixture(deployRegistryWorld);
    await agents.connect(builder)["register(string)"](URI);
    expect(await agents.termsOf(1n)).to.deep.equal([0n, false]);
    await expect(agents.splitOf(1n, 1n))
      .to.be.revertedWithCustomError(agents, "AssetRegistry_NoSplit")
      .withArgs(1n, 1n);
    const { lineage, split } = lineageOf({ builders: [{ account: accountOf(builder), units: 1n }] });
    await agents.connect(builder).publish(1n, lineage);
    expect(await agents.splitOf(1n, 1n)).to.equal(split.id);
  });

  it("counts all agents together, from one", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { agents } = world;
    await agents["register()"]();
    await agents["register(string)"](URI);
    await agents[REGISTER_WITH_METADATA](URI, []);
    await registerAgent({ world, owner: world.builder });
    expect(await agents.assetCount()).to.equal(4n);
    expect(await agents.ownerOf(4n)).to.equal(world.builder.address);
  });

  it("reverts for an upstream of another registry", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { agents, services } = world;
    const model = await registerModel({ world, owner: world.tuner });
    for (const registry of [await services.getAddress(), ZeroAddress, world.mallory.address]) {
      const { lineage } = lineageOf({ upstreams: [{ asset: { ...model, registry }, units: 1n }] });
      await expect(agents[REGISTER_WITH_LINEAGE](URI, OPEN, lineage))
        .to.be.revertedWithCustomError(agents, "LineageRegistry_UnknownRegistry")
        .withArgs(registry);
    }
  });

  it("reverts for the reserved key among the metadata", async () => {
    const { agents, builder } = await loadFixture(deployRegistryWorld);
    const entries = [
      { metadataKey: "agentName", metadataValue: "0x00" },
      { metadataKey: WALLET_KEY, metadataValue: builder.address },
    ];
    await expect(agents[REGISTER_WITH_METADATA](URI, entries))
      .to.be.revertedWithCustomError(agents, "AgentRegistry_ReservedKey")
      .withArgs(WALLET_KEY);
  });

  it("names the registries it builds on and itself", async () => {
    const { agents, models, datanets } = await loadFixture(deployRegistryWorld);
    expect(await agents.models()).to.equal(await models.getAddress());
    expect(await agents.datanets()).to.equal(await datanets.getAddress());
    expect(await agents.name()).to.equal("Attribution Agent");
    expect(await agents.symbol()).to.equal("AGENT");
    expect(await agents.MAX_DEADLINE_SECONDS()).to.equal(FIVE_MINUTES);
  });
});

describe("AgentRegistry: URI and metadata", () => {
  it("can move the registration file", async () => {
    const { agents, builder } = await startAgent();
    const moved = agents.connect(builder).setAgentURI(1n, "ipfs://moved");
    await expect(moved).to.emit(agents, "URIUpdated").withArgs(1n, "ipfs://moved", builder);
    await expect(moved).to.emit(agents, "MetadataUpdate").withArgs(1n);
    expect(await agents.tokenURI(1n)).to.equal("ipfs://moved");
  });

  it("can set metadata, again and again", async () => {
    const { agents, builder } = await startAgent();
    for (const value of ["0x0102", "0x", id("long enough for two words")]) {
      await expect(agents.connect(builder).setMetadata(1n, "key", value))
        .to.emit(agents, "MetadataSet")
        .withArgs(1n, "key", "key", value);
      expect(await agents.getMetadata(1n, "key")).to.equal(value);
    }
  });

  it("have nothing under other keys or for agents that do not exist", async () => {
    const { agents } = await startAgent();
    expect(await agents.getMetadata(1n, "nothing")).to.equal("0x");
    expect(await agents.getMetadata(2n, WALLET_KEY)).to.equal("0x");
    expect(await agents.getAgentWallet(2n)).to.equal(ZeroAddress);
    await expect(agents.tokenURI(2n)).to.be.revertedWithCustomError(agents, "ERC721NonexistentToken").withArgs(2n);
  });

  it("can be changed by whomever the owner approved, who is named in the event", async () => {
    const { agents, builder, bob, carol } = await startAgent();
    await agents.connect(builder).approve(bob, 1n);
    await agents.connect(builder).setApprovalForAll(carol, true);
    for (const delegate of [bob, carol]) {
      await expect(agents.connect(delegate).setAgentURI(1n, "ipfs://moved"))
        .to.emit(agents, "URIUpdated")
        .withArgs(1n, "ipfs://moved", delegate);
      await agents.connect(delegate).setMetadata(1n, "key", "0x01");
      await agents.connect(delegate).unsetAgentWallet(1n);
    }
  });

  it("tell who may act for an agent", async () => {
    const { agents, builder, bob, carol, mallory } = await startAgent();
    await agents.connect(builder).approve(bob, 1n);
    await agents.connect(builder).setApprovalForAll(carol, true);
    for (const [spender, may] of [
      [builder, true],
      [bob, true],
      [carol, true],
      [mallory, false],
    ] as const) {
      expect(await agents.isAuthorizedOrOwner(spender, 1n)).to.equal(may);
    }
    expect(await agents.isAuthorizedOrOwner(ZeroAddress, 1n)).to.equal(false);
    await expect(agents.isAuthorizedOrOwner(builder, 2n))
      .to.be.revertedWithCustomError(agents, "ERC721NonexistentToken")
      .withArgs(2n);
  });

  it("reverts for the reserved key", async () => {
    const { agents, builder } = await startAgent();
    await expect(agents.connect(builder).setMetadata(1n, WALLET_KEY, builder.address))
      .to.be.revertedWithCustomError(agents, "AgentRegistry_ReservedKey")
      .withArgs(WALLET_KEY);
    await agents.connect(builder).setMetadata(1n, "AgentWallet", "0x01");
  });
});

describe("AgentRegistry: setAgentWallet", () => {
  it("sets the wallet that agreed by its signature", async () => {
    const { agents, builder, carol } = await startAgent();
    const consent = await consentOf({ wallet: carol, owner: builder });
    const signature = await signWalletConsent({ agents, signer: carol, consent });
    await expect(agents.connect(builder).setAgentWallet(1n, carol, consent.deadline, signature))
      .to.emit(agents, "MetadataSet")
      .withArgs(1n, WALLET_KEY, WALLET_KEY, carol.address.toLowerCase());
    expect(await agents.getAgentWallet(1n)).to.equal(carol.address);
    expect(await agents.getMetadata(1n, WALLET_KEY)).to.equal(carol.address.toLowerCase());
  });

  it("has the domain of the reference deployment", async () => {
    const { agents } = await startAgent();
    const { name, version, chainId, verifyingContract } = await agents.eip712Domain();
    const network = await ethers.provider.getNetwork();
    expect([name, version, chainId]).to.deep.equal(["ERC8004IdentityRegistry", "1", network.chainId]);
    expect(verifyingContract).to.equal(await agents.getAddress());
  });

  it("takes a contract wallet (ERC-1271)", async () => {
    const { agents, builder, carol } = await startAgent();
    const wallet = await ethers.deployContract("KeyWallet", [carol]);
    const consent = await consentOf({ wallet: { address: await wallet.getAddress() }, owner: builder });
    const signature = await signWalletConsent({ agents, signer: carol, consent });
    await agents.connect(builder).setAgentWallet(1n, wallet, consent.deadline, signature);
    expect(await agents.getAgentWallet(1n)).to.equal(await wallet.getAddress());
  });

  it("takes the key of a wallet that has delegated to code (EIP-7702)", async () => {
    const { agents, builder, relayer, token } = await startAgent();
    const wallet = new Wallet(`0x${"09".repeat(32)}`);
    await delegate({ ethers, wallet, to: token, sender: relayer });
    const consent = await consentOf({ wallet, owner: builder });
    const signature = await signWalletConsent({ agents, signer: wallet, consent });
    await agents.connect(builder).setAgentWallet(1n, wallet, consent.deadline, signature);
    expect(await agents.getAgentWallet(1n)).to.equal(wallet.address);
  });

  it("can be called by whomever the owner approved; the wallet agrees with the owner", async () => {
    const { agents, builder, bob, carol } = await startAgent();
    await agents.connect(builder).approve(bob, 1n);
    const consent = await consentOf({ wallet: carol, owner: builder });
    const signature = await signWalletConsent({ agents, signer: carol, consent });
    await agents.connect(bob).setAgentWallet(1n, carol, consent.deadline, signature);
    expect(await agents.getAgentWallet(1n)).to.equal(carol.address);
  });

  describe("at the deadline", () => {
    it("is in time at that very second, and late one second after", async () => {
      const { agents, builder, carol } = await startAgent();
      const consent = await consentOf({ wallet: carol, owner: builder });
      const signature = await signWalletConsent({ agents, signer: carol, consent });
      await time.setNextBlockTimestamp(consent.deadline);
      await agents.connect(builder).setAgentWallet(1n, carol, consent.deadline, signature);
      await time.setNextBlockTimestamp(consent.deadline + 1n);
      await expect(agents.connect(builder).setAgentWallet(1n, carol, consent.deadline, signature))
        .to.be.revertedWithCustomError(agents, "AgentRegistry_BadDeadline")
        .withArgs(consent.deadline, consent.deadline + 1n);
    });

    it("may be five minutes ahead, and not one second more", async () => {
      const { agents, builder, carol } = await startAgent();
      const consent = await consentOf({ wallet: carol, owner: builder, seconds: 2n * FIVE_MINUTES });
      const signature = await signWalletConsent({ agents, signer: carol, consent });
      const soonest = consent.deadline - FIVE_MINUTES;
      await time.setNextBlockTimestamp(soonest - 1n);
      await expect(agents.connect(builder).setAgentWallet(1n, carol, consent.deadline, signature))
        .to.be.revertedWithCustomError(agents, "AgentRegistry_BadDeadline")
        .withArgs(consent.deadline, soonest - 1n);
      await time.setNextBlockTimestamp(soonest);
      await agents.connect(builder).setAgentWallet(1n, carol, consent.deadline, signature);
    });
  });

  it("reverts for the zero address, whatever the signature", async () => {
    const { agents, builder } = await startAgent();
    const { deadline } = await consentOf({ wallet: { address: ZeroAddress }, owner: builder });
    for (const signature of ["0x", `0x${"00".repeat(65)}`]) {
      await expect(agents.connect(builder).setAgentWallet(1n, ZeroAddress, deadline, signature))
        .to.be.revertedWithCustomError(agents, "AgentRegistry_BadWalletSignature")
        .withArgs(1n, ZeroAddress);
    }
  });

  it("reverts for an agent that does not exist", async () => {
    const { agents, builder } = await startAgent();
    await expect(agents.connect(builder).setAgentWallet(2n, builder, 0n, "0x"))
      .to.be.revertedWithCustomError(agents, "ERC721NonexistentToken")
      .withArgs(2n);
  });
});

describe("AgentRegistry: losing the wallet", () => {
  it("happens when the owner says so", async () => {
    const { agents, builder } = await startAgent();
    await expect(agents.connect(builder).unsetAgentWallet(1n))
      .to.emit(agents, "MetadataSet")
      .withArgs(1n, WALLET_KEY, WALLET_KEY, "0x");
    expect(await agents.getAgentWallet(1n)).to.equal(ZeroAddress);
    expect(await agents.getMetadata(1n, WALLET_KEY)).to.equal("0x");
  });

  it("happens with a transfer, which leaves all other metadata", async () => {
    const { agents, builder, carol } = await startAgent();
    await agents.connect(builder).setMetadata(1n, "key", "0x01");
    const transferred = agents.connect(builder).transferFrom(builder, carol, 1n);
    await expect(transferred).to.emit(agents, "Transfer").withArgs(builder, carol, 1n);
    await expect(transferred).to.emit(agents, "MetadataSet").withArgs(1n, WALLET_KEY, WALLET_KEY, "0x");
    expect(await agents.getAgentWallet(1n)).to.equal(ZeroAddress);
    expect(await agents.getMetadata(1n, "key")).to.equal("0x01");
    expect(await agents.tokenURI(1n)).to.equal(URI);
  });

  it("happens with a safe transfer by somebody approved, too", async () => {
    const { agents, builder, bob, carol } = await startAgent();
    await agents.connect(builder).approve(bob, 1n);
    await agents.connect(bob)["safeTransferFrom(address,address,uint256)"](builder, carol, 1n);
    expect(await agents.getAgentWallet(1n)).to.equal(ZeroAddress);
  });

  it("does not touch what versions pay", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { agents, builder, carol } = world;
    const { split } = await registerAgent({ world, owner: builder });
    await agents.connect(builder).transferFrom(builder, carol, 1n);
    expect(await agents.splitOf(1n, 1n)).to.equal(split.id);
  });

  it("lets the new owner set one with a new consent", async () => {
    const { agents, builder, bob, carol } = await startAgent();
    await agents.connect(builder).transferFrom(builder, carol, 1n);
    const consent = await consentOf({ wallet: bob, owner: carol });
    const signature = await signWalletConsent({ agents, signer: bob, consent });
    await agents.connect(carol).setAgentWallet(1n, bob, consent.deadline, signature);
    expect(await agents.getAgentWallet(1n)).to.equal(bob.address);
  });
});

/** A world in which the builder has registered agent 1. */
async function startAgent(): Promise<RegistryWorld> {
  const world = await loadFixture(deployRegistryWorld);
  await world.agents.connect(world.builder)["register(string)"](URI);
  return world;
}

async function consentOf({
  wallet,
  owner,
  seconds = FIVE_MINUTES,
}: {
  wallet: { address: string };
  owner: { address: string };
  seconds?: bigint;
}): Promise<WalletConsent> {
  const deadline = BigInt(await time.latest()) + seconds;
  return { agentId: 1n, newWallet: wallet.address, owner: owner.address, deadline };
}

async function trainingData(world: RegistryWorld): Promise<AssetVersion> {
  const datanet = await createDatanet({ world });
  const { split } = await accept({ world, datanet, offers: offersOf({ by: [world.alice], count: 1 }) });
  return await assetVersion({ registry: world.datanets, id: datanet.id, version: 1n, split });
}
