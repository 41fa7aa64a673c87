import { network } from "hardhat";

import { encodeDuplicateProof } from "../../sdk/duplicateProof.ts";
import type { DuplicateVerifier } from "../../typechain-types/index.ts";
import { logged, publishedVersion } from "../disputes/verifierWorld.ts";
import {
  contributionOf,
  createDatanet,
  type Datanet,
  type Offer,
  offerOf,
  packSignatures,
  signOffer,
} from "../registry/datanets.ts";
import type { RegistryWorld } from "../registry/registryWorld.ts";
import { type GuardedWorld, itStands } from "./registryAttack.ts";

const { ethers } = await network.getOrCreate();

const GWEI = 10n ** 9n;

/** Alice's work, which the curator is about to accept into an empty log, and Mallory's copy of it. */
interface Trap {
  datanet: Datanet;
  work: Offer<RegistryWorld["alice"]>;
  copy: Offer<RegistryWorld["mallory"]>;
  duplicates: DuplicateVerifier;
}

async function setTrap(world: GuardedWorld): Promise<Trap> {
  const datanet = await createDatanet({ world });
  const work = offerOf({ by: world.alice, text: "Alice's work" });
  const copy = offerOf({ by: world.mallory, text: "Alice's work" });
  await world.datanets.connect(world.alice).submit(datanet.id, work.content, work.uri);
  const duplicates = await ethers.deployContract("DuplicateVerifier", [world.datanets]);
  return { datanet, work, copy, duplicates };
}

/** The owner curates for a moment, and is first with the copy. */
async function putInFront(world: RegistryWorld, { datanet, copy }: Trap): Promise<void> {
  const { datanets, owner, curator, mallory } = world;
  const signatures = packSignatures([await signOffer({ world, datanet, offer: copy, signer: mallory })]);
  await datanets.connect(owner).setCuration(datanet.id, { curator: owner, ownerBps: 0n, curatorBps: 0n });
  await datanets.connect(owner).acceptSigned(datanet.id, 0n, [contributionOf(copy)], signatures);
  await datanets.connect(owner).setCuration(datanet.id, { curator, ownerBps: 0n, curatorBps: 0n });
}

/** Whether it can be shown that the curator accepted the work although a copy of it was there. */
async function isShownAtFault({ datanets, curator }: RegistryWorld, trap: Trap): Promise<boolean> {
  const { work, copy, duplicates } = trap;
  if ((await datanets.logOf(trap.datanet.id)).size !== 2n) return false;
  const datanet = trap.datanet.copy();
  datanet.append([copy]);
  datanet.append([work]);
  const proof = { version: publishedVersion(datanet), first: logged(copy, 0), later: logged(work, 1) };
  const { respondent } = await duplicates.verify(encodeDuplicateProof(proof));
  return respondent === curator.address;
}

describe("Attacks on the curator of a Datanet", () => {
  for (const [what, answer] of [
    [
      "a submission",
      async ({ datanets, curator }: RegistryWorld, { datanet, work }: Trap): Promise<unknown> =>
        await datanets.connect(curator).accept(datanet.id, 0n, [contributionOf(work)]),
    ],
    [
      "a signed contribution",
      async (world: RegistryWorld, { datanet, work }: Trap): Promise<unknown> => {
        const { datanets, alice, curator } = world;
        const signatures = packSignatures([await signOffer({ world, datanet, offer: work, signer: alice })]);
        return await datanets.connect(curator).acceptSigned(datanet.id, 0n, [contributionOf(work)], signatures);
      },
    ],
  ] as const) {
    itStands({
      name: `an owner curates for a moment and puts a copy in front of ${what} that its curator accepts`,
      defence: "anyLog",
      scene: setTrap,
      attack: async (world, trap) => {
        await putInFront(world, trap);
        await answer(world, trap);
      },
      refusal: {
        by: "datanets",
        error: "DatanetRegistry_OtherLog",
        args: (_, { datanet }) => [datanet.id, 1n, 0n],
      },
      hasWorked: isShownAtFault,
    });
  }

  itStands({
    name: "an owner does all that in the block that its curator's transaction is waiting for",
    defence: "anyLog",
    scene: setTrap,
    attack: async (world, { datanet, work, copy }) => {
      const { datanets, owner, curator, mallory, connection } = world;
      const signatures = packSignatures([await signOffer({ world, datanet, offer: copy, signer: mallory })]);
      const toOwner = { curator: owner, ownerBps: 0n, curatorBps: 0n };
      const early = { gasLimit: 1_000_000n, maxPriorityFeePerGas: 2n * GWEI, maxFeePerGas: 100n * GWEI };
      const late = { ...early, maxPriorityFeePerGas: GWEI };
      await connection.provider.request({ method: "evm_setAutomine", params: [false] });
      await datanets.connect(curator).accept(datanet.id, 0n, [contributionOf(work)], late);
      await datanets.connect(owner).setCuration(datanet.id, toOwner, early);
      await datanets.connect(owner).acceptSigned(datanet.id, 0n, [contributionOf(copy)], signatures, early);
      await datanets.connect(owner).setCuration(datanet.id, { ...toOwner, curator }, early);
      await connection.provider.request({ method: "evm_setAutomine", params: [true] });
      await connection.networkHelpers.mine();
    },
    hasWorked: isShownAtFault,
  });
});
