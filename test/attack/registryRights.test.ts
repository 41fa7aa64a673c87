import { expect } from "chai";
import { type BaseContract, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { accountOf } from "../helpers/shares.ts";
import { signWalletConsent } from "../registry/agentWallets.ts";
import {
  acceptSigned,
  contributionOf,
  createDatanet,
  type Datanet,
  OPEN,
  offerOf,
  packSignatures,
  signOffer,
} from "../registry/datanets.ts";
import { lineageOf, REGISTER_WITH_LINEAGE, registerAgent, registerModel } from "../registry/lineages.ts";
import { registerService } from "../registry/services.ts";
import { deployGuardedWorld, deployWeakWorld, type GuardedWorld, switchOff } from "./registryAttack.ts";

const { networkHelpers } = await network.getOrCreate();
const { loadFixture, time } = networkHelpers;

/**
 * The owner has one Datanet, one model and one agent; Bob is approved for each of them, Carol for all the owner has.
 * Alice's contribution is in the log, and another one in the queue. The operator serves the model.
 * Everybody has tokens and has approved the registries.
 */
interface Estate extends GuardedWorld {
  datanet: Datanet;
  signatures: string;
  consent: { deadline: bigint; signature: string };
}

const EVERYBODY = [
  "owner",
  "bob",
  "carol",
  "curator",
  "alice",
  "builder",
  "operator",
  "governance",
  "tuner",
  "mallory",
] as const;
type Caller = (typeof EVERYBODY)[number];
const OWNERS: readonly Caller[] = ["owner", "bob", "carol"];

type Registry = "datanets" | "models" | "agents" | "feePolicy" | "services";

/** Who may call a function, and what everybody else is told. */
interface Right {
  registry: Registry;
  /** As ethers writes it. */
  call: string;
  args: (estate: Estate) => unknown[];
  may: readonly Caller[];
  error?: string;
  errorArgs?: (estate: Estate, caller: Caller) => unknown[];
  /** Without it, Mallory may as well. */
  defence?: string;
}

const offer = (estate: Estate, text: string) => offerOf({ by: estate.alice, text });
const lineage = ({ owner }: Estate) => lineageOf({ builders: [{ account: accountOf(owner), units: 1n }] }).lineage;
const policy = ({ governance }: Estate) => ({
  treasury: accountOf(governance),
  treasuryBps: 0n,
  operatorBps: 0n,
  stakersBps: 0n,
  platformFee: 0n,
});
const curation = ({ curator }: Estate) => ({ curator: curator.address, ownerBps: 0n, curatorBps: 0n });

/** Functions of an asset's owner, and of whomever it approved. */
function owned(registry: Registry, call: string, args: Right["args"]): Right {
  return {
    registry,
    call,
    args,
    may: OWNERS,
    error: "AssetRegistry_NotOwner",
    errorArgs: (estate, caller) => [1n, estate[caller]],
    defence: "anyoneOwns",
  };
}

function open(registry: Registry, call: string, args: Right["args"]): Right {
  return { registry, call, args, may: EVERYBODY };
}

const ASSET_RIGHTS = (["datanets", "models", "agents"] as const).flatMap((registry): Right[] => {
  const moved = (call: string, args: Right["args"]): Right => ({
    registry,
    call,
    args,
    may: OWNERS,
    error: "ERC721InsufficientApproval",
    errorArgs: (estate, caller) => [estate[caller], 1n],
  });
  return [
    owned(registry, "setTerms(uint256,(uint16,bool))", () => [1n, OPEN]),
    owned(registry, "setLicensee(uint256,address,bool)", ({ bob }) => [1n, bob, true]),
    owned(registry, "describe(uint256,string,bytes32)", () => [1n, "", ZeroHash]),
    moved("transferFrom(address,address,uint256)", ({ owner, relayer }) => [owner, relayer, 1n]),
    moved("safeTransferFrom(address,address,uint256)", ({ owner, relayer }) => [owner, relayer, 1n]),
    moved("safeTransferFrom(address,address,uint256,bytes)", ({ owner, relayer }) => [owner, relayer, 1n, "0x"]),
    {
      registry,
      call: "approve(address,uint256)",
      args: ({ relayer }) => [relayer, 1n],
      may: ["owner", "carol"],
      error: "ERC721InvalidApprover",
      errorArgs: (estate, caller) => [estate[caller]],
    },
    open(registry, "setApprovalForAll(address,bool)", ({ relayer }) => [relayer, true]),
  ];
});

const notCurator: Pick<Right, "may" | "error" | "errorArgs" | "defence"> = {
  may: ["curator"],
  error: "DatanetRegistry_NotCurator",
  errorArgs: (estate, caller) => [1n, estate[caller]],
  defence: "anyoneCurates",
};
const notOperator: Pick<Right, "may" | "error" | "errorArgs" | "defence"> = {
  may: ["operator"],
  error: "ServiceRegistry_NotOperator",
  errorArgs: (estate, caller) => [1n, estate[caller]],
  defence: "anyoneOperates",
};
const notGovernance: Pick<Right, "may" | "error" | "errorArgs"> = {
  may: ["governance"],
  error: "AccessManagedUnauthorized",
  errorArgs: (estate, caller) => [estate[caller]],
};

const RIGHTS: readonly Right[] = [
  ...ASSET_RIGHTS,

  open("datanets", "create((address,uint16,uint16),(uint16,bool),address,string,bytes32)", (estate) => [
    curation(estate),
    OPEN,
    ZeroAddress,
    "",
    ZeroHash,
  ]),
  owned("datanets", "setCuration(uint256,(address,uint16,uint16))", (estate) => [1n, curation(estate)]),
  open("datanets", "submit(uint256,(bytes32,uint64,bytes32,bytes32),string)", (estate) => {
    const { content, uri } = offer(estate, "anything");
    return [1n, content, uri];
  }),
  {
    registry: "datanets",
    call: "accept(uint256,uint256,(address,uint128,bytes32)[])",
    args: (estate) => [1n, 1n, [contributionOf(offer(estate, "queued"))]],
    ...notCurator,
  },
  { registry: "datanets", call: "reject(uint256,uint64)", args: () => [1n, 1n], ...notCurator },
  {
    registry: "datanets",
    call: "acceptSigned(uint256,uint256,(address,uint128,bytes32)[],bytes)",
    args: (estate) => [1n, 1n, [contributionOf(offer(estate, "signed"))], estate.signatures],
    ...notCurator,
  },
  {
    registry: "datanets",
    call: "revoke(uint256,uint256,(address,uint128,bytes32),bytes)",
    args: ({ datanet }) => {
      const { contribution, proof } = datanet.revocation(0);
      return [1n, 0n, contribution, proof];
    },
    may: ["alice", "curator"],
    error: "DatanetRegistry_NotRevoker",
    errorArgs: (estate, caller) => [1n, estate[caller]],
    defence: "anyoneRevokes",
  },
  open("datanets", "pay(uint256,uint256,uint64,bytes32)", () => [1n, 10n, 1n, ZeroHash]),

  open(
    "models",
    "register((uint16,bool),((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))",
    (estate) => [OPEN, lineage(estate)],
  ),
  open("models", "fork(uint256,uint256,uint16,string,bytes32)", () => [1n, 1n, 10_000n, "", ZeroHash]),
  ...(["models", "agents"] as const).map((registry) =>
    owned(
      registry,
      "publish(uint256,((bytes32,uint128,bytes32)[],(address,uint256,uint256,uint128)[],address,string,bytes32))",
      (estate) => [1n, lineage(estate)],
    ),
  ),

  open("agents", "register()", () => []),
  open("agents", "register(string)", () => [""]),
  open("agents", "register(string,(string,bytes)[])", () => ["", []]),
  open("agents", REGISTER_WITH_LINEAGE, (estate) => ["", OPEN, lineage(estate)]),
  owned("agents", "setAgentURI(uint256,string)", () => [1n, "ipfs://moved"]),
  owned("agents", "setMetadata(uint256,string,bytes)", () => [1n, "key", "0x01"]),
  owned("agents", "unsetAgentWallet(uint256)", () => [1n]),
  owned("agents", "setAgentWallet(uint256,address,uint256,bytes)", ({ alice, consent: { deadline, signature } }) => [
    1n,
    alice,
    deadline,
    signature,
  ]),

  {
    registry: "feePolicy",
    call: "setPolicy((bytes32,uint16,uint16,uint16,uint128))",
    args: (estate) => [policy(estate)],
    ...notGovernance,
    defence: "anyoneGoverns",
  },
  {
    registry: "feePolicy",
    call: "setAuthority(address)",
    args: ({ access }) => [access],
    ...notGovernance,
    may: [],
  },

  {
    registry: "services",
    call: "register(address,uint256,uint256,uint128,uint128,string)",
    args: ({ models }) => [models, 1n, 1n, 1n, 1n, ""],
    may: ["operator"],
    error: "ServiceRegistry_NotEligible",
    errorArgs: (estate, caller) => [estate[caller]],
    defence: "anyoneServes",
  },
  { registry: "services", call: "setVersion(uint256,uint256)", args: () => [1n, 1n], ...notOperator },
  { registry: "services", call: "setRates(uint256,uint128,uint128)", args: () => [1n, 1n, 1n], ...notOperator },
  { registry: "services", call: "setActive(uint256,bool)", args: () => [1n, false], ...notOperator },
  open("services", "pay(uint256,uint256,uint256,uint64,bytes32,uint256)", () => [1n, 1n, 1n, 1n, ZeroHash, 100n]),
];

describe("Who may call what in the registries", () => {
  it("is stated for every function that changes anything", async () => {
    const estate = await loadFixture(deployEstate);
    for (const registry of ["datanets", "models", "agents", "feePolicy", "services"] as const) {
      const functions: string[] = [];
      (estate[registry] as BaseContract).interface.forEachFunction((fragment) => {
        if (!fragment.constant) functions.push(fragment.format("sighash"));
      });
      const stated = RIGHTS.filter((right) => right.registry === registry).map(({ call }) => call);
      expect(stated.toSorted(), registry).to.deep.equal(functions.toSorted());
    }
  });

  for (const { registry, call, args, may, error = "", errorArgs = () => [] } of RIGHTS) {
    const name = `${registry}.${call.slice(0, call.indexOf("("))}`;
    it(`${name}: ${may === EVERYBODY ? "everybody" : may.join(", ")}`, async () => {
      const estate = await loadFixture(deployEstate);
      const contract = estate[registry] as BaseContract;
      for (const caller of EVERYBODY) {
        const attempt = contract
          .connect(estate[caller])
          .getFunction(call)
          .staticCall(...args(estate));
        if (may.includes(caller)) {
          await attempt;
        } else {
          await expect(attempt, caller)
            .to.be.revertedWithCustomError(contract, error)
            .withArgs(...errorArgs(estate, caller));
        }
      }
    });
  }

  for (const { registry, call, args, error = "", defence } of RIGHTS) {
    if (defence === undefined) continue;
    it(`${registry}.${call.slice(0, call.indexOf("("))}: anybody, without ${defence}`, async () => {
      const estate = await loadFixture(deployWeakEstate);
      const contract = estate[registry] as BaseContract;
      const attempt = async (): Promise<unknown> =>
        await contract
          .connect(estate.mallory)
          .getFunction(call)
          .staticCall(...args(estate));
      await expect(attempt()).to.be.revertedWithCustomError(contract, error);
      await switchOff(estate, defence);
      await attempt();
    });
  }
});

async function deployEstate(connection: NetworkConnection): Promise<Estate> {
  return await furnish(await deployGuardedWorld(connection));
}

async function deployWeakEstate(connection: NetworkConnection): Promise<Estate> {
  return await furnish(await deployWeakWorld(connection));
}

async function furnish(world: GuardedWorld): Promise<Estate> {
  const { token, datanets, models, agents, services, payer, owner, alice, bob, carol } = world;
  for (const caller of EVERYBODY) {
    await token.connect(payer).transfer(world[caller], 1_000n);
    await token.connect(world[caller]).approve(datanets, 1_000n);
    await token.connect(world[caller]).approve(services, 1_000n);
  }
  const datanet = await createDatanet({ world });
  await acceptSigned({ world, datanet, offers: [offerOf({ by: alice, text: "accepted" })] });
  const queued = offerOf({ by: alice, text: "queued" });
  await datanets.connect(alice).submit(datanet.id, queued.content, queued.uri);
  const model = await registerModel({ world, owner });
  await registerAgent({ world, owner });
  for (const registry of [datanets, models, agents]) {
    await registry.connect(owner).approve(bob, 1n);
    await registry.connect(owner).setApprovalForAll(carol, true);
  }
  await registerService({ world, asset: model });

  const signed = offerOf({ by: alice, text: "signed" });
  const signatures = packSignatures([await signOffer({ world, datanet, offer: signed, signer: alice })]);
  const deadline = BigInt(await time.latest()) + 200n;
  const consent = { agentId: 1n, newWallet: alice.address, owner: owner.address, deadline };
  const signature = await signWalletConsent({ agents, signer: alice, consent });
  return { ...world, datanet, signatures, consent: { deadline, signature } };
}
