import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { accountOf } from "../helpers/shares.ts";
import { deployRegistryWorld, POLICY, type RegistryWorld } from "./registryWorld.ts";

const { ethers, networkHelpers } = await network.getOrCreate();
const { loadFixture } = networkHelpers;

interface Policy {
  treasury: string;
  treasuryBps: bigint;
  operatorBps: bigint;
  stakersBps: bigint;
  platformFee: bigint;
}

const CAPS = { treasuryBps: 1_000n, operatorBps: 8_000n, stakersBps: 3_000n, platformFee: 10n ** 18n } as const;
const SUM_CAP = 9_000n;

function policyOf({ governance }: RegistryWorld, parts: Partial<Policy> = {}): Policy {
  return {
    treasury: accountOf(governance),
    treasuryBps: 0n,
    operatorBps: 0n,
    stakersBps: 0n,
    platformFee: 0n,
    ...parts,
  };
}

function rowOf({ treasury, treasuryBps, operatorBps, stakersBps, platformFee }: Policy): unknown[] {
  return [treasury, treasuryBps, operatorBps, stakersBps, platformFee];
}

describe("FeePolicy", () => {
  it("starts with the fees and the treasury it is deployed with, as version 1", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, access, governance } = world;
    expect(await feePolicy.currentVersion()).to.equal(1n);
    expect(await feePolicy.policyAt(1n)).to.deep.equal(rowOf(policyOf(world, POLICY)));
    expect(await feePolicy.authority()).to.equal(await access.getAddress());
    const deployed = await ethers.deployContract("FeePolicy", [access, governance, POLICY]);
    await expect(deployed.deploymentTransaction())
      .to.emit(deployed, "PolicySet")
      .withArgs(1n, rowOf(policyOf(world, POLICY)));
  });

  it("takes another policy from governance and keeps the old ones", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governance, carol } = world;
    const policies = [
      policyOf(world, { treasuryBps: 1n }),
      policyOf(world),
      policyOf(world, { treasury: accountOf(carol, 77n), platformFee: 5n }),
    ];
    for (const [i, policy] of policies.entries()) {
      await expect(feePolicy.connect(governance).setPolicy(policy))
        .to.emit(feePolicy, "PolicySet")
        .withArgs(BigInt(i + 2), rowOf(policy));
    }
    expect(await feePolicy.currentVersion()).to.equal(4n);
    for (const [i, policy] of [policyOf(world, POLICY), ...policies].entries()) {
      expect(await feePolicy.policyAt(BigInt(i + 1))).to.deep.equal(rowOf(policy));
    }
  });

  it("has no other versions", async () => {
    const { feePolicy } = await loadFixture(deployRegistryWorld);
    for (const version of [0n, 2n, 2n ** 256n - 1n]) {
      await expect(feePolicy.policyAt(version))
        .to.be.revertedWithCustomError(feePolicy, "FeePolicy_NoSuchVersion")
        .withArgs(version);
    }
  });

  for (const part of ["treasuryBps", "operatorBps", "stakersBps", "platformFee"] as const) {
    it(`takes ${part} of exactly ${CAPS[part]} and reverts for one more`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const feePolicy = world.feePolicy.connect(world.governance);
      await feePolicy.setPolicy(policyOf(world, { [part]: CAPS[part] }));
      const policy = await feePolicy.policyAt(2n);
      expect(policy[part]).to.equal(CAPS[part]);
      await expect(feePolicy.setPolicy(policyOf(world, { [part]: CAPS[part] + 1n })))
        .to.be.revertedWithCustomError(feePolicy, "FeePolicy_AboveCap")
        .withArgs(part, CAPS[part] + 1n, CAPS[part]);
    });
  }

  for (const part of ["treasuryBps", "operatorBps", "stakersBps"] as const) {
    it(`leaves the asset a tenth: the sum may be ${SUM_CAP}, and not one more in ${part}`, async () => {
      const world = await loadFixture(deployRegistryWorld);
      const feePolicy = world.feePolicy.connect(world.governance);
      const parts = { treasuryBps: 500n, operatorBps: 6_000n, stakersBps: 2_500n };
      await feePolicy.setPolicy(policyOf(world, parts));
      await expect(feePolicy.setPolicy(policyOf(world, { ...parts, [part]: parts[part] + 1n })))
        .to.be.revertedWithCustomError(feePolicy, "FeePolicy_AboveCap")
        .withArgs("sumBps", SUM_CAP + 1n, SUM_CAP);
    });
  }

  it("adds the parts up without overflow", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governance } = world;
    await expect(
      feePolicy
        .connect(governance)
        .setPolicy(policyOf(world, { treasuryBps: 1_000n, operatorBps: 8_000n, stakersBps: 3_000n })),
    )
      .to.be.revertedWithCustomError(feePolicy, "FeePolicy_AboveCap")
      .withArgs("sumBps", 12_000n, SUM_CAP);
  });

  it("refuses a treasury without an address", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governance } = world;
    for (const treasury of [ZeroHash, accountOf({ address: ZeroAddress }, 3n)]) {
      await expect(
        feePolicy.connect(governance).setPolicy(policyOf(world, { treasury })),
      ).to.be.revertedWithCustomError(feePolicy, "FeePolicy_ZeroTreasury");
    }
  });

  it("holds the first policy to the same caps", async () => {
    const { feePolicy, access, governance } = await loadFixture(deployRegistryWorld);
    const factory = await ethers.getContractFactory("FeePolicy");
    await expect(factory.deploy(access, governance, { ...POLICY, treasuryBps: 1_001n }))
      .to.be.revertedWithCustomError(feePolicy, "FeePolicy_AboveCap")
      .withArgs("treasuryBps", 1_001n, 1_000n);
    await expect(factory.deploy(access, ZeroAddress, POLICY)).to.be.revertedWithCustomError(
      feePolicy,
      "FeePolicy_ZeroTreasury",
    );
  });

  it("names its caps", async () => {
    const { feePolicy } = await loadFixture(deployRegistryWorld);
    expect(await feePolicy.MAX_TREASURY_BPS()).to.equal(CAPS.treasuryBps);
    expect(await feePolicy.MAX_OPERATOR_BPS()).to.equal(CAPS.operatorBps);
    expect(await feePolicy.MAX_STAKERS_BPS()).to.equal(CAPS.stakersBps);
    expect(await feePolicy.MAX_SUM_BPS()).to.equal(SUM_CAP);
    expect(await feePolicy.MAX_PLATFORM_FEE()).to.equal(CAPS.platformFee);
  });

  it("reverts for everybody whom the access manager does not let", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, payer, mallory } = world;
    for (const stranger of [payer, mallory]) {
      await expect(feePolicy.connect(stranger).setPolicy(policyOf(world)))
        .to.be.revertedWithCustomError(feePolicy, "AccessManagedUnauthorized")
        .withArgs(stranger);
    }
  });
});
