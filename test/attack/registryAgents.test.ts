import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";

import { WALLET_CONSENT_TYPES, type WalletConsent } from "../../sdk/agentWallet.ts";
import { signWalletConsent } from "../registry/agentWallets.ts";
import type { RegistryWorld } from "../registry/registryWorld.ts";
import { type GuardedWorld, itStands } from "./registryAttack.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { time } = networkHelpers;

const MINUTE = 60n;
const WALLET_KEY = "agentWallet";
const REGISTER_WITH_METADATA = "register(string,(string,bytes)[])";

/** Mallory owns agent 1. */
async function registerMallorys({ agents, mallory }: RegistryWorld): Promise<object> {
  await agents.connect(mallory)["register(string)"]("https://mallory.example");
  return {};
}

/** Alice agrees to be the wallet of Mallory's agent. */
async function consentOfAlice(
  { alice, mallory }: RegistryWorld,
  change: Partial<WalletConsent> = {},
): Promise<WalletConsent> {
  const deadline = BigInt(await time.latest()) + MINUTE;
  return { agentId: 1n, newWallet: alice.address, owner: mallory.address, deadline, ...change };
}

const badSignature =
  (agentId: bigint) =>
  (world: GuardedWorld): unknown[] => [agentId, world.alice];
const isAlices =
  (agentId: bigint) =>
  async ({ agents, alice }: RegistryWorld): Promise<boolean> =>
    (await agents.getAgentWallet(agentId)) === alice.address;

describe("Attacks on agents' wallets", () => {
  itStands({
    name: "an owner claims a wallet that signed nothing",
    defence: "noWalletConsent",
    scene: registerMallorys,
    attack: async (world) => {
      const { agents, mallory, alice } = world;
      const { deadline } = await consentOfAlice(world);
      await agents.connect(mallory).setAgentWallet(1n, alice, deadline, "0x");
    },
    refusal: { by: "agents", error: "AgentRegistry_BadWalletSignature", args: badSignature(1n) },
    hasWorked: isAlices(1n),
  });

  itStands({
    name: "an owner signs in the wallet's place",
    defence: "noWalletConsent",
    scene: registerMallorys,
    attack: async (world) => {
      const { agents, mallory, alice } = world;
      const consent = await consentOfAlice(world);
      const signature = await signWalletConsent({ agents, signer: mallory, consent });
      await agents.connect(mallory).setAgentWallet(1n, alice, consent.deadline, signature);
    },
    refusal: { by: "agents", error: "AgentRegistry_BadWalletSignature", args: badSignature(1n) },
    hasWorked: isAlices(1n),
  });

  const changes: Record<keyof WalletConsent, (world: RegistryWorld, consent: WalletConsent) => WalletConsent> = {
    agentId: (_, consent) => ({ ...consent, agentId: 2n }),
    newWallet: ({ bob }, consent) => ({ ...consent, newWallet: bob.address }),
    owner: ({ bob }, consent) => ({ ...consent, owner: bob.address }),
    deadline: (_, consent) => ({ ...consent, deadline: consent.deadline - 1n }),
  };
  it("change every field that is signed", () => {
    expect(Object.keys(changes)).to.deep.equal(WALLET_CONSENT_TYPES.AgentWalletSet.map(({ name }) => name));
  });
  for (const [field, change] of Object.entries(changes)) {
    itStands({
      name: `an owner uses what the wallet signed for another ${field}`,
      defence: "noWalletConsent",
      scene: registerMallorys,
      attack: async (world) => {
        const { agents, mallory, alice } = world;
        const consent = await consentOfAlice(world);
        const signature = await signWalletConsent({ agents, signer: alice, consent: change(world, consent) });
        await agents.connect(mallory).setAgentWallet(1n, alice, consent.deadline, signature);
      },
      refusal: { by: "agents", error: "AgentRegistry_BadWalletSignature", args: badSignature(1n) },
      hasWorked: isAlices(1n),
    });
  }

  itStands({
    name: "an owner uses what the wallet signed for its first agent on its second",
    defence: "consentToFirstAgent",
    scene: async (world) => {
      await registerMallorys(world);
      return await registerMallorys(world);
    },
    attack: async (world) => {
      const { agents, mallory, alice } = world;
      const consent = await consentOfAlice(world);
      const signature = await signWalletConsent({ agents, signer: alice, consent });
      await agents.connect(mallory).setAgentWallet(2n, alice, consent.deadline, signature);
    },
    refusal: { by: "agents", error: "AgentRegistry_BadWalletSignature", args: badSignature(2n) },
    hasWorked: isAlices(2n),
  });

  /** The builder's agent, with Alice's wallet by her consent. */
  const hired = async (world: RegistryWorld): Promise<{ deadline: bigint }> => {
    await world.agents.connect(world.builder)["register()"]();
    return { deadline: BigInt(await time.latest()) + 2n * MINUTE };
  };

  itStands({
    name: "a new owner uses again what the wallet had signed for the old one",
    defence: "noOwnerInConsent",
    scene: hired,
    attack: async ({ agents, builder, mallory, alice }, { deadline }) => {
      const consent = { agentId: 1n, newWallet: alice.address, owner: builder.address, deadline };
      const signature = await signWhatIsAskedFor({ agents, signer: alice, consent });
      await agents.connect(builder).setAgentWallet(1n, alice, deadline, signature);
      await agents.connect(builder).transferFrom(builder, mallory, 1n);
      await agents.connect(mallory).setAgentWallet(1n, alice, deadline, signature);
    },
    refusal: { by: "agents", error: "AgentRegistry_BadWalletSignature", args: badSignature(1n) },
    hasWorked: async (world) =>
      (await world.agents.ownerOf(1n)) === world.mallory.address && (await isAlices(1n)(world)),
  });

  itStands({
    name: "a new owner goes on with the old one's wallet",
    defence: "keepsWallet",
    scene: async ({ agents, alice }) => {
      await agents.connect(alice)["register()"]();
      return {};
    },
    attack: async ({ agents, alice, mallory }) => {
      await agents.connect(alice).transferFrom(alice, mallory, 1n);
    },
    hasWorked: async ({ agents }) => (await agents.getAgentWallet(1n)) !== ZeroAddress,
  });

  itStands({
    name: "an owner writes the wallet as plain metadata",
    defence: "noReservedKey",
    scene: registerMallorys,
    attack: async ({ agents, mallory, alice }) => {
      await agents.connect(mallory).setMetadata(1n, WALLET_KEY, alice.address);
    },
    refusal: { by: "agents", error: "AgentRegistry_ReservedKey", args: () => [WALLET_KEY] },
    hasWorked: isAlices(1n),
  });

  itStands({
    name: "an owner registers with the wallet among the metadata",
    defence: "noReservedKey",
    scene: async () => ({}),
    attack: async ({ agents, mallory, alice }) => {
      const metadata = [{ metadataKey: WALLET_KEY, metadataValue: alice.address }];
      await agents.connect(mallory)[REGISTER_WITH_METADATA]("", metadata);
    },
    refusal: { by: "agents", error: "AgentRegistry_ReservedKey", args: () => [WALLET_KEY] },
    hasWorked: isAlices(1n),
  });

  itStands({
    name: "an owner uses consent one second after its deadline",
    defence: "consentForEver",
    scene: async (world) => {
      await registerMallorys(world);
      const consent = await consentOfAlice(world);
      return { consent, late: consent.deadline + 1n };
    },
    attack: async ({ agents, mallory, alice }, { consent, late }) => {
      const signature = await signWalletConsent({ agents, signer: alice, consent });
      await time.setNextBlockTimestamp(late);
      await agents.connect(mallory).setAgentWallet(1n, alice, consent.deadline, signature);
    },
    refusal: {
      by: "agents",
      error: "AgentRegistry_BadDeadline",
      args: (_, { consent, late }) => [consent.deadline, late],
    },
    hasWorked: isAlices(1n),
  });

  itStands({
    name: "an owner gets consent that lasts for a year",
    defence: "anyDeadline",
    scene: async (world) => {
      await registerMallorys(world);
      const now = BigInt(await time.latest()) + MINUTE;
      return { now, consent: await consentOfAlice(world, { deadline: now + 365n * 24n * 60n * MINUTE }) };
    },
    attack: async ({ agents, mallory, alice }, { now, consent }) => {
      const signature = await signWalletConsent({ agents, signer: alice, consent });
      await time.setNextBlockTimestamp(now);
      await agents.connect(mallory).setAgentWallet(1n, alice, consent.deadline, signature);
    },
    refusal: {
      by: "agents",
      error: "AgentRegistry_BadDeadline",
      args: (_, { now, consent }) => [consent.deadline, now],
    },
    hasWorked: isAlices(1n),
  });
});

/** Signs the typed data that this very registry checks: it may not care for the owner. */
async function signWhatIsAskedFor({
  agents,
  signer,
  consent,
}: {
  agents: RegistryWorld["agents"];
  signer: RegistryWorld["alice"];
  consent: WalletConsent;
}): Promise<string> {
  const { agentId, newWallet, owner, deadline } = consent;
  const signature = await signWalletConsent({ agents, signer, consent });
  const isAsked = await agents
    .connect(await ethers.getSigner(owner))
    .setAgentWallet.staticCall(agentId, newWallet, deadline, signature)
    .then(
      () => true,
      () => false,
    );
  if (isAsked) return signature;

  const { name, version, chainId, verifyingContract } = await agents.eip712Domain();
  const fields = WALLET_CONSENT_TYPES.AgentWalletSet.filter((field) => field.name !== "owner");
  const types = { AgentWalletSet: fields };
  return await signer.signTypedData({ name, version, chainId, verifyingContract }, types, {
    agentId,
    newWallet,
    deadline,
  });
}
