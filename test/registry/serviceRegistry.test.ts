import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

import { encodeDraws, type Split } from "../../sdk/split.ts";
import type { AllowList } from "../../typechain-types/index.ts";
import { accountOf } from "../helpers/shares.ts";
import { accept, createDatanet, offersOf, rowsOf } from "./datanets.ts";
import { type AssetVersion, lineageOf, registerAgent, registerModel } from "./lineages.ts";
import { deployRegistryWorld, POLICY, type RegistryWorld, withStaking } from "./registryWorld.ts";
import { registerService, type Service, splitOfPlatform, splitOfService } from "./services.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

const MEMO = id("a receipt");
const MAX = 2n ** 256n - 1n;
const NO_FEE = { treasuryBps: 250n, operatorBps: 4_000n, stakersBps: 1_000n, platformFee: 0n };

describe("ServiceRegistry: register", () => {
  for (const kind of ["model", "agent"] as const) {
    it(`registers a service of a version of a ${kind}`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { services, operator } = world;
      const asset = await registerAsset(world, kind);
      const register = services.connect(operator).register;
      const service = [asset.registry, asset.id, asset.version, 7n, 11n, "https://serve.example"] as const;
      expect(await register.staticCall(...service)).to.equal(1n);
      const registered = register(...service);
      await expect(registered)
        .to.emit(services, "ServiceRegistered")
        .withArgs(1n, operator, asset.registry, asset.id, "https://serve.example");
      await expect(registered).to.emit(services, "ServedVersionSet").withArgs(1n, 1n, asset.split.id);
      await expect(registered).to.emit(services, "RatesSet").withArgs(1n, 7n, 11n);
      await expect(registered).to.emit(services, "ActiveSet").withArgs(1n, true);
      expect(await services.serviceOf(1n)).to.deep.equal([
        operator.address,
        true,
        asset.registry,
        asset.id,
        1n,
        7n,
        11n,
      ]);
      expect(await services.serviceCount()).to.equal(1n);
    });
  }

  it("lets anybody serve anything where nobody decides", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const asset = await registerModel({ world, owner: world.builder, terms: { minShareBps: 0n, open: false } });
    for (const operator of [world.operator, world.builder, world.operator])
      await registerService({ world, operator, asset });
    expect(await world.services.serviceCount()).to.equal(3n);
  });

  it("reverts for assets of other registries", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { services, datanets } = world;
    const datanet = await createDatanet({ world });
    await accept({ world, datanet, offers: offersOf({ by: [world.alice], count: 1 }) });
    for (const registry of [await datanets.getAddress(), ZeroAddress, world.mallory.address]) {
      await expect(services.register(registry, 1n, 1n, 1n, 1n, ""))
        .to.be.revertedWithCustomError(services, "ServiceRegistry_UnknownRegistry")
        .withArgs(registry);
    }
  });

  it("reverts for a version that the asset does not have", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { services, models } = world;
    await registerModel({ world, owner: world.builder });
    for (const [model, version] of [
      [1n, 0n],
      [1n, 2n],
      [2n, 1n],
    ] as const) {
      await expect(services.register(models, model, version, 1n, 1n, ""))
        .to.be.revertedWithCustomError(models, "AssetRegistry_NoSplit")
        .withArgs(model, version);
    }
  });

  it("names what it is built on", async () => {
    const { services, ledger, feePolicy, models, agents, staking } = await loadFixture(deployRegistryWorld);
    expect(await services.ledger()).to.equal(await ledger.getAddress());
    expect(await services.feePolicy()).to.equal(await feePolicy.getAddress());
    expect(await services.models()).to.equal(await models.getAddress());
    expect(await services.agents()).to.equal(await agents.getAddress());
    expect(await services.staking()).to.equal(await staking.getAddress());
    expect(await services.RATE_TOKENS()).to.equal(1_000n);
  });
});

describe("ServiceRegistry: what the operator sets", () => {
  it("is its prices", async () => {
    const { world, service } = await startService();
    const { services, operator } = world;
    await expect(services.connect(operator).setRates(service.id, 5n, 2n ** 128n - 1n))
      .to.emit(services, "RatesSet")
      .withArgs(service.id, 5n, 2n ** 128n - 1n);
    const { rateIn, rateOut } = await services.serviceOf(service.id);
    expect([rateIn, rateOut]).to.deep.equal([5n, 2n ** 128n - 1n]);
  });

  it("is whether it takes calls", async () => {
    const { world, service } = await startService();
    const { services, operator, payer } = world;
    await expect(services.connect(operator).setActive(service.id, false))
      .to.emit(services, "ActiveSet")
      .withArgs(service.id, false);
    for (const call of [
      services.quote(service.id, 1n, 1n, 1n),
      services.connect(payer).pay(service.id, 1n, 1n, 1n, MEMO, MAX),
    ]) {
      await expect(call).to.be.revertedWithCustomError(services, "ServiceRegistry_Inactive").withArgs(service.id);
    }
    await services.connect(operator).setActive(service.id, true);
    await services.connect(payer).pay(service.id, 1n, 1n, 1n, MEMO, MAX);
  });

  it("is the version it serves: the new one is paid from then on, the old one keeps what it got", async () => {
    const { world, service } = await startService();
    const { services, models, ledger, operator, builder, payer } = world;
    const oldSplit = await splitOfService({ world, service, policyVersion: 1n });
    await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX);
    const { lineage, split } = lineageOf({ upstreams: [{ asset: service.asset, units: 1n }] });
    await models.connect(builder).publish(service.asset.id, lineage);
    await expect(services.connect(operator).setVersion(service.id, 2n))
      .to.emit(services, "ServedVersionSet")
      .withArgs(service.id, 2n, split.id);
    const served = { ...service, asset: { ...service.asset, version: 2n, split } };
    const newSplit = await splitOfService({ world, service: served, policyVersion: 1n });
    expect(await services.splitOf(service.id)).to.equal(newSplit.id);
    await services.connect(payer).pay(service.id, 2_000n, 0n, 1n, MEMO, MAX);
    expect((await ledger.received(oldSplit.id)).amount).to.equal(1_000n);
    expect((await ledger.received(newSplit.id)).amount).to.equal(2_000n);
  });

  it("is no version that the asset does not have", async () => {
    const { world, service } = await startService();
    const { services, models, operator } = world;
    await expect(services.connect(operator).setVersion(service.id, 2n))
      .to.be.revertedWithCustomError(models, "AssetRegistry_NoSplit")
      .withArgs(service.asset.id, 2n);
  });

  it("is its alone: neither the asset's owner nor anybody for a service that does not exist", async () => {
    const { world, service } = await startService();
    const { services, builder, operator } = world;
    await expect(services.connect(builder).setActive(service.id, false))
      .to.be.revertedWithCustomError(services, "ServiceRegistry_NotOperator")
      .withArgs(service.id, builder);
    await expect(services.connect(operator).setActive(99n, false))
      .to.be.revertedWithCustomError(services, "ServiceRegistry_NotOperator")
      .withArgs(99n, operator);
  });
});

describe("ServiceRegistry: splits", () => {
  for (const kind of ["model", "agent"] as const) {
    it(`share between treasury, operator and ${kind}, and are what anybody computes`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { services } = world;
      const service = await registerService({ world, asset: await registerAsset(world, kind) });
      const split = await splitOfService({ world, service, policyVersion: 1n });
      expect(await services.splitOf(service.id)).to.equal(split.id);
      expect(await services.splitAt(service.id, 1n)).to.equal(split.id);
      expect(await services.sharesAt(service.id, 1n)).to.deep.equal(rowsOf(sharesOf(split)));
      expect(sharesOf(split).map(({ units }) => units)).to.deep.equal([250n, 4_000n, 1_000n, 4_750n]);
    });
  }

  it("have a share for the operator's stakers, in an account that the staking contract keeps for each operator", async () => {
    const { world, service } = await startService();
    const { services, staking, operator } = world;
    const split = await splitOfService({ world, service, policyVersion: 1n });
    const tag = BigInt(operator.address) & (2n ** 96n - 1n);
    const account = accountOf({ address: await staking.getAddress() }, tag);
    expect(await services.stakersAccount(operator)).to.equal(account);
    expect(await staking.rewardsAccount(operator)).to.equal(account);
    expect(sharesOf(split)[2].recipient).to.equal(account);
  });

  it("differ by service, even of one operator and one asset", async () => {
    const { world, service } = await startService();
    const twice = await registerService({ world, asset: service.asset });
    expect(await world.services.splitOf(twice.id)).to.not.equal(await world.services.splitOf(service.id));
  });

  it("follow each policy, whatever part is zero", async () => {
    const { world, service } = await startService();
    const { services, feePolicy, governance } = world;
    const policies = [
      { treasuryBps: 0n, operatorBps: 0n, stakersBps: 0n },
      { treasuryBps: 1_000n, operatorBps: 0n, stakersBps: 0n },
      { treasuryBps: 0n, operatorBps: 8_000n, stakersBps: 1_000n },
      { treasuryBps: 0n, operatorBps: 0n, stakersBps: 3_000n },
    ];
    for (const [i, policy] of policies.entries()) {
      await feePolicy.connect(governance).setPolicy({ treasury: accountOf(governance), platformFee: 0n, ...policy });
      const split = await splitOfService({ world, service, policyVersion: BigInt(i + 2) });
      expect(await services.splitOf(service.id)).to.equal(split.id);
      expect(split.tree.totalUnits).to.equal(10_000n);
    }
  });

  it("of the platform have the treasury alone", async () => {
    const { world } = await startService();
    const { services, governance } = world;
    const split = await splitOfPlatform({ world, policyVersion: 1n });
    expect(await services.platformSplitAt(1n)).to.equal(split.id);
    expect(await services.platformSharesAt(1n)).to.deep.equal(rowsOf(sharesOf(split)));
    expect(sharesOf(split)[0].recipient).to.equal(accountOf(governance));
  });

  it("do not exist for services or policies that do not", async () => {
    const { world, service } = await startService();
    const { services, feePolicy } = world;
    for (const missing of [0n, 2n]) {
      for (const view of [
        services.splitOf(missing),
        services.splitAt(missing, 1n),
        services.sharesAt(missing, 1n),
        services.serviceOf(missing),
        services.quote(missing, 1n, 1n, 1n),
      ]) {
        await expect(view).to.be.revertedWithCustomError(services, "ServiceRegistry_NoSuchService").withArgs(missing);
      }
      for (const view of [
        services.splitAt(service.id, missing),
        services.platformSplitAt(missing),
        services.platformSharesAt(missing),
      ]) {
        await expect(view).to.be.revertedWithCustomError(feePolicy, "FeePolicy_NoSuchVersion").withArgs(missing);
      }
    }
  });
});

describe("ServiceRegistry: quote", () => {
  for (const [rateIn, rateOut, tokensIn, tokensOut, net] of [
    [1_000n, 3_000n, 1_000n, 1_000n, 4_000n],
    [1_000n, 3_000n, 0n, 0n, 0n],
    [1_000n, 3_000n, 1n, 0n, 1n],
    [1n, 0n, 1n, 0n, 1n],
    [1n, 0n, 1_000n, 0n, 1n],
    [1n, 0n, 1_001n, 0n, 2n],
    [1n, 1n, 500n, 500n, 1n],
    [1n, 1n, 500n, 501n, 2n],
    [999n, 1n, 1n, 1n, 1n],
    [999n, 1n, 1n, 2n, 2n],
    [2n ** 128n - 1n, 2n ** 128n - 1n, 1_000n, 1_000n, 2n ** 129n - 2n],
    [0n, 0n, 1_000n, 1_000n, 0n],
  ] as const) {
    it(`rounds up, once: ${tokensIn} at ${rateIn} and ${tokensOut} at ${rateOut} per 1,000 are ${net}`, async () => {
      const { world, service } = await startService();
      const { services, operator } = world;
      await services.connect(operator).setRates(service.id, rateIn, rateOut);
      const quote = await services.quote(service.id, tokensIn, tokensOut, 3n);
      expect(quote.net).to.equal(net);
    });
  }

  it("adds the fixed fee for each call, and names the splits both go to", async () => {
    const { world, service } = await startService();
    const split = await splitOfService({ world, service, policyVersion: 1n });
    const platform = await splitOfPlatform({ world, policyVersion: 1n });
    expect(await world.services.quote(service.id, 2_000n, 0n, 7n)).to.deep.equal([
      split.id,
      2_000n,
      platform.id,
      7n * POLICY.platformFee,
    ]);
    const { platformFee } = await world.services.quote(service.id, 2_000n, 0n, 0n);
    expect(platformFee).to.equal(0n);
    const { platformFee: most } = await world.services.quote(service.id, 2_000n, 0n, 2n ** 64n - 1n);
    expect(most).to.equal((2n ** 64n - 1n) * POLICY.platformFee);
  });

  it("reverts rather than wrap around", async () => {
    const { world, service } = await startService();
    const { services } = world;
    for (const [tokensIn, tokensOut, calls] of [
      [MAX, 0n, 0n],
      [0n, MAX, 0n],
      [MAX / 1_000n, MAX / 3_000n, 0n],
    ] as const) {
      await expect(services.quote(service.id, tokensIn, tokensOut, calls)).to.be.revertedWithPanic(0x11n);
    }
  });
});

describe("ServiceRegistry: pay", () => {
  it("pays the service's split and the treasury's in one go", async () => {
    const { world, service } = await startService();
    const { services, ledger, token, payer } = world;
    const split = await splitOfService({ world, service, policyVersion: 1n });
    const platform = await splitOfPlatform({ world, policyVersion: 1n });
    const registry = accountOf({ address: await services.getAddress() });
    const cost = 5_000n + 30n;
    expect(await services.connect(payer).pay.staticCall(service.id, 2_000n, 1_000n, 3n, MEMO, cost)).to.equal(cost);
    const paid = services.connect(payer).pay(service.id, 2_000n, 1_000n, 3n, MEMO, cost);
    await expect(paid).to.emit(services, "ServicePaid").withArgs(service.id, payer, 5_000n, 30n, 3n, MEMO);
    await expect(paid).to.emit(ledger, "Paid").withArgs(split.id, registry, 5_000n, 3n, MEMO);
    await expect(paid).to.emit(ledger, "Paid").withArgs(platform.id, registry, 30n, 0n, MEMO);
    await expect(paid).to.changeTokenBalances(ethers, token, [payer, services, ledger], [-cost, 0n, cost]);
    const received = await ledger.received(split.id);
    expect([received.amount, received.calls]).to.deep.equal([5_000n, 3n]);
  });

  it("releases to the unit: treasury, operator, asset; and the fixed fee to the treasury", async () => {
    const { world, service } = await startService();
    const { services, ledger, payer, governance, operator, builder } = world;
    const split = await splitOfService({ world, service, policyVersion: 1n });
    const platform = await splitOfPlatform({ world, policyVersion: 1n });
    await services.connect(payer).pay(service.id, 10_000n, 0n, 4n, MEMO, MAX);
    await ledger.release(drawsOf(platform, split, service.asset.split));
    expect(await ledger.balanceOf(accountOf(governance))).to.equal(250n + 40n);
    expect(await ledger.balanceOf(accountOf(operator))).to.equal(4_000n);
    expect(await ledger.balanceOf(accountOf(builder))).to.equal(4_750n);
  });

  it("releases the stakers' part to the account that is kept for the operator", async () => {
    const { world, service } = await startService();
    const { services, ledger, payer, operator } = world;
    const split = await splitOfService({ world, service, policyVersion: 1n });
    await services.connect(payer).pay(service.id, 10_000n, 0n, 1n, MEMO, MAX);
    await ledger.release(drawsOf(split));
    expect(await ledger.balanceOf(await services.stakersAccount(operator))).to.equal(1_000n);
    expect(await ledger.balanceOf(accountOf(operator))).to.equal(4_000n);
  });

  it("pays the price alone where the policy has no fixed fee", async () => {
    const { world, service } = await startService();
    const { services, ledger, feePolicy, governance, payer } = world;
    await feePolicy.connect(governance).setPolicy({ treasury: accountOf(governance), ...NO_FEE });
    const paid = services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, 1_000n);
    await expect(paid).to.emit(services, "ServicePaid").withArgs(service.id, payer, 1_000n, 0n, 1n, MEMO);
    const platform = await services.platformSplitAt(2n);
    expect((await ledger.received(platform)).amount).to.equal(0n);
  });

  it("pays the fixed fee alone where the service is free", async () => {
    const { world, service } = await startService();
    const { services, ledger, operator, payer } = world;
    await services.connect(operator).setRates(service.id, 0n, 0n);
    const split = await services.splitOf(service.id);
    await services.connect(payer).pay(service.id, 1_000n, 1_000n, 2n, MEMO, 20n);
    expect((await ledger.received(split)).amount).to.equal(0n);
    const { amount, calls } = await ledger.received(await services.platformSplitAt(1n));
    expect([amount, calls]).to.deep.equal([20n, 2n]);
  });

  it("reverts where there is nothing to pay", async () => {
    const { world, service } = await startService();
    const { services, feePolicy, governance, payer } = world;
    await feePolicy.connect(governance).setPolicy({ treasury: accountOf(governance), ...NO_FEE });
    await expect(services.connect(payer).pay(service.id, 0n, 0n, 1n, MEMO, MAX))
      .to.be.revertedWithCustomError(services, "ServiceRegistry_NothingToPay")
      .withArgs(service.id);
  });

  it("reverts for no calls", async () => {
    const { world, service } = await startService();
    await expect(world.services.connect(world.payer).pay(service.id, 1_000n, 0n, 0n, MEMO, MAX))
      .to.be.revertedWithCustomError(world.services, "ServiceRegistry_NoCalls")
      .withArgs(service.id);
  });

  it("costs the maximum at most: exactly that will do, one unit less will not", async () => {
    const { world, service } = await startService();
    const { services, payer } = world;
    await expect(services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, 1_009n))
      .to.be.revertedWithCustomError(services, "ServiceRegistry_AboveMaximum")
      .withArgs(1_010n, 1_009n);
    await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, 1_010n);
  });

  it("reverts without the payer's approval, with the token's error", async () => {
    const { world, service } = await startService();
    const { services, token, payer, alice } = world;
    await token.connect(payer).transfer(alice, 5_000n);
    await expect(services.connect(alice).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX))
      .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
      .withArgs(services, 0n, 1_010n);
  });

  it("needs no registry: the same split can be paid by any rail of the ledger", async () => {
    const { world, service } = await startService();
    const { services, ledger, payer } = world;
    const { splitId } = await services.quote(service.id, 1_000n, 0n, 1n);
    await ledger.connect(payer).pay(splitId, 1_000n, 1n, MEMO);
    await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX);
    expect((await ledger.received(splitId)).amount).to.equal(2_000n);
  });
});

describe("ServiceRegistry: a change of policy", () => {
  it("makes another split, and leaves money and entitlements of the old one as they were", async () => {
    const { world, service } = await startService();
    const { services, ledger, feePolicy, governance, payer, carol, operator } = world;
    const before = await splitOfService({ world, service, policyVersion: 1n });
    const platformBefore = await splitOfPlatform({ world, policyVersion: 1n });
    await services.connect(payer).pay(service.id, 10_000n, 0n, 1n, MEMO, MAX);
    await ledger.release(drawsOf(before));

    await feePolicy.connect(governance).setPolicy({
      treasury: accountOf(carol),
      treasuryBps: 1_000n,
      operatorBps: 0n,
      stakersBps: 0n,
      platformFee: 99n,
    });
    const after = await splitOfService({ world, service, policyVersion: 2n });
    expect(await services.splitOf(service.id)).to.equal(after.id);
    expect(await services.splitAt(service.id, 1n)).to.equal(before.id);
    expect(await services.sharesAt(service.id, 1n)).to.deep.equal(rowsOf(sharesOf(before)));
    expect(await services.platformSplitAt(1n)).to.equal(platformBefore.id);

    // Whoever still pays the old split is paid out by the old policy.
    await ledger.connect(payer).pay(before.id, 10_000n, 1n, MEMO);
    await services.connect(payer).pay(service.id, 10_000n, 0n, 1n, MEMO, MAX);
    await ledger.release(drawsOf(before, after, platformBefore));
    expect(await ledger.balanceOf(accountOf(operator))).to.equal(2n * 4_000n);
    expect(await ledger.balanceOf(accountOf(governance))).to.equal(2n * 250n + 10n);
    expect(await ledger.balanceOf(accountOf(carol))).to.equal(1_000n);
  });
});

describe("ServiceRegistry: eligibility", () => {
  it("is needed to register", async () => {
    const { world, allowList } = await loadFixture(deployGuarded);
    const { services, operator } = world;
    const asset = await registerModel({ world, owner: world.builder });
    await expect(registerService({ world, asset }))
      .to.be.revertedWithCustomError(services, "ServiceRegistry_NotEligible")
      .withArgs(operator);
    await allowList.set(operator, true);
    await registerService({ world, asset });
    expect(await services.staking()).to.equal(await allowList.getAddress());
  });

  it("is needed for every quote and payment, and can come back", async () => {
    const { world, allowList } = await loadFixture(deployGuarded);
    const { services, operator, payer } = world;
    await allowList.set(operator, true);
    const service = await registerService({ world, asset: await registerModel({ world, owner: world.builder }) });
    await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX);
    await allowList.set(operator, false);
    for (const call of [
      services.quote(service.id, 1n, 1n, 1n),
      services.connect(payer).pay(service.id, 1n, 1n, 1n, MEMO, MAX),
    ]) {
      await expect(call).to.be.revertedWithCustomError(services, "ServiceRegistry_NotEligible").withArgs(operator);
    }
    await allowList.set(operator, true);
    await services.connect(payer).pay(service.id, 1_000n, 0n, 1n, MEMO, MAX);
  });

  it("is not needed to be paid what was earned", async () => {
    const { world, allowList } = await loadFixture(deployGuarded);
    const { services, ledger, operator, payer } = world;
    await allowList.set(operator, true);
    const service = await registerService({ world, asset: await registerModel({ world, owner: world.builder }) });
    await services.connect(payer).pay(service.id, 10_000n, 0n, 1n, MEMO, MAX);
    await allowList.set(operator, false);
    const split = await splitOfService({ world, service, policyVersion: 1n });
    await ledger.connect(operator).claim(drawsOf(split), operator);
    expect(await world.token.balanceOf(operator)).to.equal(4_000n);
  });
});

async function deployGuarded(connection: NetworkConnection): Promise<{ world: RegistryWorld; allowList: AllowList }> {
  const allowList = await connection.ethers.deployContract("AllowList");
  return { world: await withStaking(await deployRegistryWorld(connection), allowList), allowList };
}

/** A model of the builder's, served by the operator. */
async function startService(
  deploy: (connection: NetworkConnection) => Promise<RegistryWorld> = deployRegistryWorld,
): Promise<{ world: RegistryWorld; service: Service }> {
  const world = await loadFixture(deploy);
  return { world, service: await registerService({ world, asset: await registerAsset(world, "model") }) };
}

async function registerAsset(world: RegistryWorld, kind: "model" | "agent"): Promise<AssetVersion> {
  const register = kind === "model" ? registerModel : registerAgent;
  return await register({ world, owner: world.builder });
}

function sharesOf({ tree }: Split): ReturnType<Split["tree"]["shares"]> {
  return tree.shares({ first: 0, count: tree.size });
}

function drawsOf(...splits: Split[]): string {
  return encodeDraws(splits.map((split) => split.draw({ first: 0, count: split.tree.size })));
}
