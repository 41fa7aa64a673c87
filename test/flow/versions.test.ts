import { expect } from "chai";
import { ZeroHash } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import { encodeDraws, type Split } from "../../sdk/split.ts";
import { accountOf } from "../helpers/shares.ts";
import { accept, acceptSigned, createDatanet, offerOf, offersOf, revoke } from "../registry/datanets.ts";
import { lineageOf, registerAgent, registerModel } from "../registry/lineages.ts";
import { deployRegistryWorld } from "../registry/registryWorld.ts";
import { registerService, splitOfService } from "../registry/services.ts";
import { buildSupplyChain, versionOf } from "./supplyChain.ts";

const { networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const MAX = 2n ** 256n - 1n;

describe("A contributor who joins late", () => {
  it("earns nothing from models trained before, neither from money paid earlier nor from money paid later", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { ledger, payer, alice, mallory } = world;
    const datanet = await createDatanet({ world });
    const early = await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    const model = await registerModel({
      world,
      owner: world.builder,
      upstreams: [{ asset: await versionOf(world, datanet, early), units: 1n }],
    });
    await ledger.connect(payer).pay(model.split.id, 1_000n, 1n, ZeroHash);

    // Mallory brings in a thousand times as much while the money is still undrawn.
    const late = await acceptSigned({ world, datanet, offers: [offerOf({ by: mallory, text: "late", units: 999n })] });
    await ledger.connect(payer).pay(model.split.id, 1_000n, 1n, ZeroHash);
    await ledger.release(drawsOf(model.split, early.split));
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(2_000n);
    expect(await ledger.balanceOf(accountOf(mallory))).to.equal(0n);
    await expect(ledger.release(drawsOf(late.split)))
      .to.be.revertedWithCustomError(ledger, "AttributionLedger_UnknownSplit")
      .withArgs(late.split.id);
  });

  it("earns from the first version that has its contribution, and only from that on", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { ledger, models, services, operator, payer, builder, alice, bob } = world;
    const datanet = await createDatanet({ world });
    const early = await accept({ world, datanet, offers: offersOf({ by: [alice], count: 1 }) });
    const model = await registerModel({
      world,
      owner: builder,
      upstreams: [{ asset: await versionOf(world, datanet, early), units: 1n }],
    });
    const service = await registerService({ world, asset: model });
    await services.connect(payer).pay(service.id, 10_000n, 0n, 1n, ZeroHash, MAX);

    const late = await acceptSigned({ world, datanet, offers: [offerOf({ by: bob, text: "late" })] });
    const retrained = lineageOf({ upstreams: [{ asset: await versionOf(world, datanet, late), units: 1n }] });
    await models.connect(builder).publish(model.id, retrained.lineage);
    await services.connect(operator).setVersion(service.id, 2n);
    await services.connect(payer).pay(service.id, 10_000n, 0n, 1n, ZeroHash, MAX);

    const before = await splitOfService({ world, service, policyVersion: 1n });
    const served = { ...service, asset: { ...model, version: 2n, split: retrained.split } };
    const after = await splitOfService({ world, service: served, policyVersion: 1n });
    await ledger.release(drawsOf(before, model.split, early.split, after, retrained.split, late.split));
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(4_750n + 2_375n);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(2_375n);
  });
});

describe("A contributor who is revoked between versions", () => {
  it("is paid by everything built before, and by nothing built after", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { ledger, payer, builder, tuner, alice, bob, curator } = world;
    const datanet = await createDatanet({ world });
    const before = await accept({ world, datanet, offers: offersOf({ by: [alice, bob], count: 2 }) });
    const old = await registerModel({
      world,
      owner: builder,
      upstreams: [{ asset: await versionOf(world, datanet, before), units: 1n }],
    });
    const after = await revoke({ world, datanet, index: 0, by: curator });
    const young = await registerModel({
      world,
      owner: tuner,
      upstreams: [{ asset: await versionOf(world, datanet, after), units: 1n }],
    });
    for (const model of [old, young]) await ledger.connect(payer).pay(model.split.id, 900n, 1n, ZeroHash);
    await ledger.release(drawsOf(old.split, before.split, young.split, after.split));
    expect(await ledger.balanceOf(accountOf(alice))).to.equal(300n);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(600n + 900n);
  });
});

describe("An agent that earns", () => {
  it("pays for another agent's service out of its balance, and both chains are paid to the unit", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { ledger, token, services, payer, operator, relayer, carol, bob } = world;
    const chain = await buildSupplyChain(world);
    const tool = await registerAgent({
      world,
      owner: bob,
      builders: [{ account: walletAccount(bob.address), units: 1n }],
    });
    const toolService = await registerService({ world, operator: relayer, asset: tool });
    const toolSplit = await splitOfService({ world, service: toolService, policyVersion: 1n });

    await services.connect(payer).pay(chain.service.id, 100_000_000n, 0n, 1n, ZeroHash, MAX);
    await ledger.release(drawsOf(...chain.splits));
    const supply = await token.balanceOf(ledger);
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(23_750_000n);

    const memo = `0x${"ca".repeat(32)}`;
    await expect(ledger.connect(carol).payFromBalance(0n, toolSplit.id, 20_000_000n, 5n, memo))
      .to.emit(ledger, "PaidFromBalance")
      .withArgs(toolSplit.id, accountOf(carol), 20_000_000n, 5n, memo);
    await ledger.release(drawsOf(toolSplit, tool.split));
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(3_750_000n);
    expect(await ledger.balanceOf(accountOf(relayer))).to.equal(8_000_000n);
    expect(await ledger.balanceOf(accountOf(bob))).to.equal(928_625n + 9_500_000n);
    expect(await ledger.balanceOf(accountOf(operator))).to.equal(40_000_000n);
    expect(await token.balanceOf(ledger)).to.equal(supply);
  });

  it("cannot spend more than it earned", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { ledger, services, payer, carol } = world;
    const chain = await buildSupplyChain(world);
    await services.connect(payer).pay(chain.service.id, 100_000_000n, 0n, 1n, ZeroHash, MAX);
    await ledger.release(drawsOf(...chain.splits));
    await expect(ledger.connect(carol).payFromBalance(0n, chain.serviceSplit.id, 23_750_001n, 1n, ZeroHash))
      .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
      .withArgs(accountOf(carol), 23_750_000n, 23_750_001n);
  });

  it("can keep paying itself in circles without earning more than came in", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { ledger, token, payer, carol } = world;
    const agent = await registerAgent({ world, owner: carol });
    const service = await registerService({ world, operator: carol, asset: agent });
    const split = await splitOfService({ world, service, policyVersion: 1n });
    await ledger.connect(payer).deposit(accountOf(carol), 1_000_000n);
    for (let round = 0; round < 10; round++) {
      const balance = await ledger.balanceOf(accountOf(carol));
      await ledger.connect(carol).payFromBalance(0n, split.id, balance, 1n, ZeroHash);
      await ledger.release(drawsOf(split, agent.split));
    }
    // Each round leaves the treasury a fortieth, and those who back Carol a tenth.
    const left = await ledger.balanceOf(accountOf(carol));
    const tax = await ledger.balanceOf(accountOf(world.governance));
    const backers = await ledger.balanceOf(await world.staking.rewardsAccount(carol));
    expect(Number(left)).to.be.lessThanOrEqual(Math.ceil(1_000_000 * 0.875 ** 10));
    expect(Number(1_000_000n - left - tax - backers)).to.be.within(0, 5);
    expect(await token.balanceOf(ledger)).to.equal(1_000_000n);
  });
});

function drawsOf(...splits: Split[]): string {
  return encodeDraws(splits.map((split) => split.draw({ first: 0, count: split.tree.size })));
}
