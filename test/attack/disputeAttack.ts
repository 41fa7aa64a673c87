import { expect } from "chai";
import { network } from "hardhat";

import { encodeDraws } from "../../sdk/split.ts";
import { deployDisputes, type DisputeWorld, type OpenedCase, openCase } from "../helpers/disputes.ts";
import { worksOn } from "../helpers/twins.ts";

/** An attempt on the court. */
export interface DisputeAttack<Scene> {
  /** Who does what, as a sentence. */
  name: string;
  /** The court without the one defence that stands against it. */
  twin: `DisputeCourt_${string}`;
  /** What was there before. */
  scene: (world: DisputeWorld) => Promise<Scene>;
  attack: (world: DisputeWorld, scene: Scene) => Promise<unknown>;
  /** The error that answers the attack. Without one, the attack goes through but changes nothing for anybody else. */
  refusal?: {
    by?: "court" | "staking";
    error: string;
    args: (world: DisputeWorld, scene: Scene) => unknown[] | Promise<unknown[]>;
  };
  /** Whether the attacker has got what it wanted. */
  hasWorked: (world: DisputeWorld, scene: Scene) => Promise<boolean>;
}

/** Two tests: the court stands the attack, with the exact error, and its twin falls to the very same attack. */
export function itStands<Scene>({
  name,
  twin,
  scene: prepare,
  attack,
  refusal,
  hasWorked,
}: DisputeAttack<Scene>): void {
  it(`stands: ${name}`, async () => {
    const { networkHelpers } = await network.getOrCreate();
    const world = await networkHelpers.loadFixture(deployAttacked);
    const scene = await prepare(world);
    if (refusal === undefined) {
      await attack(world, scene);
    } else {
      const { by = "court", error, args } = refusal;
      const expected = await args(world, scene);
      await expect(attack(world, scene))
        .to.be.revertedWithCustomError(world[by], error)
        .withArgs(...expected);
    }
    expect(await hasWorked(world, scene)).to.equal(false);
  });

  it(`${worksOn(twin)}: ${name}`, async () => {
    const world = await deployDisputes(await network.getOrCreate(), { twins: { court: twin } });
    const scene = await prepare(world);
    await attack(world, scene);
    expect(await hasWorked(world, scene)).to.equal(true);
  });
}

export async function deployAttacked(): Promise<DisputeWorld> {
  return await deployDisputes(await network.getOrCreate());
}

/** Two cases about shares alone, of Carol and of Bob, so that there is something of others to take. */
export async function twoCases(world: DisputeWorld): Promise<{ first: OpenedCase; second: OpenedCase }> {
  const { split, unpaid, bob } = world;
  const first = await openCase(world, { claim: { amount: 0n } });
  const draws = encodeDraws([unpaid.draw({ first: 0 }), split.draw({ first: 3 })]);
  const second = await openCase(world, { claim: { amount: 0n }, draws, claimant: bob });
  return { first, second };
}
