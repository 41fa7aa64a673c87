import { expect } from "chai";
import { toBeHex } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { ROLE } from "../../ignition/powers.ts";
import type { Protocol } from "../../scripts/lib/protocol.ts";
import type { AllowList } from "../../typechain-types/index.ts";
import { approveAll, deployRegistryWorld, type RegistryWorld, withStaking } from "../registry/registryWorld.ts";
import { numberOf, WEAKNESSES } from "../twins/registryTwins.ts";

/** Where the twin's contracts look for the defence they lack; see Weakness.sol. */
const WEAKNESS_SLOT = "0xeef6c66c44000c358425d2b4788783aff773a7cd49917c23e39b290b97a4ee96";

/** The registries, where only those on a list may operate services. So far the operator is the only one. */
export interface GuardedWorld extends RegistryWorld {
  allowList: AllowList;
}

/** An attempt on the registries, and the one defence that stands against it. */
export interface RegistryAttack<Scene> {
  /** Who does what, as a sentence. */
  name: string;
  /** Name of the defence in test/twins/registryTwins.ts. */
  defence: string;
  /** What honest people have done before. */
  scene: (world: GuardedWorld) => Promise<Scene>;
  attack: (world: GuardedWorld, scene: Scene) => Promise<unknown>;
  /** The error that answers the attack. Without one, the attack goes through but changes nothing for anybody else. */
  refusal?: { by: keyof Protocol; error: string; args?: (world: GuardedWorld, scene: Scene) => unknown[] };
  /** Whether the attacker has got what it wanted. */
  hasWorked: (world: GuardedWorld, scene: Scene) => Promise<boolean>;
}

/**
 * Two tests: the registries stand the attack, with the exact error; their twin stands it as well until that one defence is
 * switched off, and then falls to the very same attack.
 */
export function itStands<Scene>({
  name,
  defence,
  scene: prepare,
  attack,
  refusal,
  hasWorked,
}: RegistryAttack<Scene>): void {
  const why = WEAKNESSES.find((weakness) => weakness.name === defence)?.why ?? "";

  const stand = async (world: GuardedWorld, scene: Scene): Promise<void> => {
    if (refusal === undefined) {
      await attack(world, scene);
    } else {
      const { by, error, args = () => [] } = refusal;
      const refused = expect(attack(world, scene)).to.be.revertedWithCustomError(world[by], error);
      const expected = args(world, scene);
      await (expected.length === 0 ? refused : refused.withArgs(...expected));
    }
    expect(await hasWorked(world, scene)).to.equal(false);
  };

  it(`stands: ${name}`, async () => {
    const { networkHelpers } = await network.getOrCreate();
    const world = await networkHelpers.loadFixture(deployGuardedWorld);
    await stand(world, await prepare(world));
  });

  it(`falls without ${defence}: ${why}`, async () => {
    const { networkHelpers } = await network.getOrCreate();
    const world = await networkHelpers.loadFixture(deployWeakWorld);
    const scene = await prepare(world);
    const before = await networkHelpers.takeSnapshot();
    await stand(world, scene);
    await before.restore();
    await switchOff(world, defence);
    await attack(world, scene);
    expect(await hasWorked(world, scene)).to.equal(true);
  });
}

/** Takes one defence from the twin's contracts. */
export async function switchOff(world: RegistryWorld, defence: string): Promise<void> {
  const { networkHelpers } = world.connection;
  const value = toBeHex(numberOf(defence), 32);
  for (const contract of [world.datanets, world.models, world.agents, world.feePolicy, world.services]) {
    await networkHelpers.setStorageAt(await contract.getAddress(), WEAKNESS_SLOT, value);
  }
}

export async function deployGuardedWorld(chain: NetworkConnection): Promise<GuardedWorld> {
  const allowList = await chain.ethers.deployContract("AllowList");
  const world = await withStaking(await deployRegistryWorld(chain), allowList);
  await allowList.set(world.operator, true);
  return { ...world, allowList };
}

/** The same people, ledger and list around the twin of the registries, with nothing switched off. */
export async function deployWeakWorld(chain: NetworkConnection): Promise<GuardedWorld> {
  const world = await deployGuardedWorld(chain);
  const { ethers } = chain;
  const deploy = async (contract: string, args: unknown[]): Promise<string> =>
    await (await ethers.deployContract(`${contract}_Weak`, args)).getAddress();

  const ledger = await world.ledger.getAddress();
  const { treasuryBps, operatorBps, stakersBps, platformFee } = await world.feePolicy.policyAt(1n);
  const datanets = await deploy("DatanetRegistry", [ledger]);
  const models = await deploy("ModelRegistry", [datanets]);
  const agents = await deploy("AgentRegistry", [datanets, models]);
  const fees = { treasuryBps, operatorBps, stakersBps, platformFee };
  const feePolicy = await deploy("FeePolicy", [world.access, world.governance, fees]);
  const { selector } = world.feePolicy.interface.getFunction("setPolicy");
  await world.access.connect(world.governance).setTargetFunctionRole(feePolicy, [selector], ROLE.PARAMETERS);
  const services = await deploy("ServiceRegistry", [ledger, feePolicy, models, agents, world.allowList]);

  const weakWorld = {
    ...world,
    datanets: await ethers.getContractAt("DatanetRegistry", datanets),
    models: await ethers.getContractAt("ModelRegistry", models),
    agents: await ethers.getContractAt("AgentRegistry", agents),
    feePolicy: await ethers.getContractAt("FeePolicy", feePolicy),
    services: await ethers.getContractAt("ServiceRegistry", services),
  };
  await approveAll(weakWorld);
  return weakWorld;
}
