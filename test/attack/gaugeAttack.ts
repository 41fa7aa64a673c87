import { expect } from "chai";
import { parseEther } from "ethers";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import type { Split } from "../../sdk/split.ts";
import {
  deployGauges,
  type GaugeOptions,
  type GaugeWorld,
  goTo,
  payService,
  stake,
  withGauges,
} from "../helpers/gauges.ts";
import { accountOf, drawAll } from "../helpers/shares.ts";
import { MIN_SELF_STAKE } from "../helpers/staking.ts";
import { worksOn } from "../helpers/twins.ts";
import { type AssetVersion, registerAgent, registerModel } from "../registry/lineages.ts";
import { registerService, type Service } from "../registry/services.ts";

/** Half of an agent is its builder's, half goes to a model; all of it is Mallory's, and so are both operators. */
export interface AttackedGauges extends GaugeWorld {
  model: AssetVersion;
  agent: AssetVersion;
  /** The agent, served by Mallory. */
  service: Service;
  /** The agent, served by Mallory under another name, the relayer's. */
  sybil: Service;
}

/** An attempt on the gauges. */
export interface GaugeAttack {
  /** Who does what, as a sentence. */
  name: string;
  /** The gauges without the one defence that stands against it. */
  twin: `IncentiveGauges_${string}`;
  attack: (world: AttackedGauges) => Promise<unknown>;
  /** The error that answers the attack. Without one, the attack goes through but has no effect. */
  refusal?: { error: string; args: (world: AttackedGauges) => Promise<unknown[]> };
  /** Whether the attacker has got what it wanted. */
  hasWorked: (world: AttackedGauges) => Promise<boolean>;
}

/** What the attacker begins with, besides stake. */
export const PURSE = parseEther("2000000");

export async function deployAttacked(options: GaugeOptions = {}): Promise<AttackedGauges> {
  const connection = await network.getOrCreate();
  const plain = await deployGauges(connection);
  const { mallory, relayer, token, ledger, payer } = plain;
  for (const operator of [mallory, relayer]) {
    await stake(plain, operator, operator, MIN_SELF_STAKE);
    await token.connect(operator).approve(ledger, PURSE);
  }
  await token.connect(payer).transfer(mallory, PURSE);
  // These begin once the stake has votes.
  const world = await withGauges(plain, options);
  const model = await registerModel({ world, owner: mallory });
  const agent = await registerAgent({
    world,
    owner: mallory,
    builders: [{ account: walletAccount(mallory.address), units: 1n }],
    upstreams: [{ asset: model, units: 1n }],
  });
  const service = await registerService({ world, operator: mallory, asset: agent });
  const sybil = await registerService({ world, operator: relayer, asset: agent });
  return { ...world, model, agent, service, sybil };
}

/** Two tests: the gauges stand the attack, with the exact error, and their twin falls to the very same attack. */
export function itStands({ name, twin, attack, refusal, hasWorked }: GaugeAttack): void {
  it(`stands: ${name}`, async () => {
    const world = await deployAttacked();
    if (refusal === undefined) {
      await attack(world);
    } else {
      const refused = expect(attack(world)).to.be.revertedWithCustomError(world.gauges, refusal.error);
      await refused;
      await refused.withArgs(...(await refusal.args(world)));
    }
    expect(await hasWorked(world)).to.equal(false);
  });

  it(`${worksOn(twin)}: ${name}`, async () => {
    const world = await deployAttacked({ twin });
    await attack(world);
    expect(await hasWorked(world)).to.equal(true);
  });
}

/** A way to pay oneself. */
export interface WashPlan {
  /** To each service. */
  amount: bigint;
  policyVersion: bigint;
  /** Of whose services. */
  operators: 1 | 2;
  /** Whether the model gets its part of the fees. */
  passesOn: boolean;
}

/**
 * Mallory pays its own services, has the fees counted, votes with all votes there are, takes what its assets are paid
 * and draws everything from every split.
 *
 * @returns What it has gained, and what it was paid.
 */
export async function wash(
  world: AttackedGauges,
  { amount, policyVersion, operators, passesOn }: WashPlan,
): Promise<{ profit: bigint; paid: bigint }> {
  const { gauges, ledger, mallory, service, sybil, agent, model } = world;
  const before = await holdings(world);
  const epoch = await gauges.currentEpoch();
  const paidSplits: Split[] = [];
  for (const served of operators === 1 ? [service] : [service, sybil]) {
    paidSplits.push(await payService(world, served, amount, { policyVersion, payer: mallory }));
    await gauges.count(served.id, policyVersion, 1n);
  }
  await gauges.connect(mallory).vote([agent.split.id, model.split.id], [5_000n, 5_000n], []);
  const isCounted = (await gauges.baseOf(epoch, agent.split.id)) > 0n;
  if (passesOn && isCounted) await gauges.passOn(epoch, drawAll(agent.split));
  await goTo(world, epoch + 2n);

  let paid = 0n;
  for (const { split } of [agent, model]) {
    const payout = await gauges.payoutOf(epoch, split.id);
    if (payout > 0n) await gauges.pay(epoch, split.id);
    paid += payout;
  }
  const splits = [...paidSplits, agent.split, model.split];
  for (const split of splits) {
    if ((await ledger.received(split.id)).amount > 0n) await ledger.release(drawAll(split));
  }
  return { profit: (await holdings(world)) - before, paid };
}

/** All that is the attacker's: wallets, balances and what its services left to its own stakers. Stake does not change. */
export async function holdings({ token, ledger, staking, mallory, relayer }: AttackedGauges): Promise<bigint> {
  const amounts = await Promise.all(
    [mallory, relayer].map(async (name: HardhatEthersSigner) => [
      await token.balanceOf(name),
      await ledger.balanceOf(accountOf(name)),
      await ledger.balanceOf(await staking.rewardsAccount(name)),
    ]),
  );
  return amounts.flat().reduce((sum, amount) => sum + amount, 0n);
}
