import { expect } from "chai";
import { id } from "ethers";
import { network } from "hardhat";

import type { Job } from "../../sdk/job.ts";
import { deployJobs, idOf, judgedJobOf, type JobWorld, statusOf, withJobTwin } from "../helpers/jobs.ts";
import { worksOn } from "../helpers/twins.ts";

/** What another job of the client's has put aside, for attackers to take. */
export const OTHER_BUDGET = 5_000n;

/** An attempt on the escrow. */
export interface JobAttack {
  /** Who does what, as a sentence. */
  name: string;
  /** The escrow without the one defence that stands against it. */
  twin: `JobEscrow_${string}`;
  /** The job it is about; one that can be disputed unless stated otherwise. */
  job?: (world: JobWorld) => Job;
  attack: (world: JobWorld, job: Job) => Promise<unknown>;
  /** The error that answers the attack. Without one, the attack goes through but changes nothing for anybody else. */
  refusal?: { by?: "jobs" | "token"; error: string; args?: (world: JobWorld, job: Job) => Promise<unknown[]> };
  /** Whether the attacker has got what it wanted. */
  hasWorked: (world: JobWorld, job: Job) => Promise<boolean>;
}

/** Two tests: the escrow stands the attack, with the exact error, and its twin falls to the very same attack. */
export function itStands({ name, twin, job: termsOf = judgedJobOf, attack, refusal, hasWorked }: JobAttack): void {
  it(`stands: ${name}`, async () => {
    const { networkHelpers } = await network.getOrCreate();
    const world = await networkHelpers.loadFixture(deployAttacked);
    await fundOther(world);
    const job = termsOf(world);
    if (refusal === undefined) {
      await attack(world, job);
    } else {
      const { by = "jobs", error, args } = refusal;
      const refused = expect(attack(world, job)).to.be.revertedWithCustomError(world[by], error);
      await (args === undefined ? refused : refused.withArgs(...(await argsOf(world, job, args, refused))));
    }
    expect(await hasWorked(world, job)).to.equal(false);
    expect(await statusOf(world, otherJobOf(world))).to.equal("funded");
  });

  it(`${worksOn(twin)}: ${name}`, async () => {
    const { networkHelpers } = await network.getOrCreate();
    const world = await withJobTwin(await networkHelpers.loadFixture(deployAttacked), twin);
    await fundOther(world);
    const job = termsOf(world);
    await attack(world, job);
    expect(await hasWorked(world, job)).to.equal(true);
  });
}

/** Arguments of an error may be read from the chain, once the attack has been refused. */
async function argsOf(
  world: JobWorld,
  job: Job,
  args: (world: JobWorld, job: Job) => Promise<unknown[]>,
  refused: PromiseLike<unknown>,
): Promise<unknown[]> {
  await refused;
  return await args(world, job);
}

/** Arguments of an error: the job and more. */
export function aboutJob(
  rest: (world: JobWorld, job: Job) => unknown[],
): (world: JobWorld, job: Job) => Promise<unknown[]> {
  return async (world, job) => [await idOf(world, job), ...rest(world, job)];
}

export function otherJobOf(world: JobWorld): Job {
  return judgedJobOf(world, { budget: OTHER_BUDGET, salt: id("another job") });
}

async function deployAttacked(): Promise<JobWorld> {
  return await deployJobs(await network.getOrCreate());
}

async function fundOther(world: JobWorld): Promise<void> {
  await world.jobs.connect(world.client).fund(otherJobOf(world));
}
