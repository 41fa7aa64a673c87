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

function policyOf({ treasury }: RegistryWorld, parts: Partial<Policy> = {}): Policy {
  return { treasury: accountOf(treasury), treasuryBps: 0n, operatorBps: 0n, stakersBps: 0n, platformFee: 0n, ...parts };
}

function rowOf({ treasury, treasuryBps, operatorBps, stakersBps, platformFee }: Policy): unknown[] {
  return [treasury, treasuryBps, operatorBps, stakersBps, platformFee];
}

describe("FeePolicy", () => {
  it("starts with the policy and the owner it is deployed with, as version 1", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governor } = world;
    expect(await feePolicy.currentVersion()).to.equal(1n);
    expect(await feePolicy.policyAt(1n)).to.deep.equal(rowOf(policyOf(world, POLICY)));
    expect(await feePolicy.owner()).to.equal(governor.address);
    const deployed = await ethers.deployContract("FeePolicy", [governor, policyOf(world, POLICY)]);
    await expect(deployed.deploymentTransaction())
      .to.emit(deployed, "PolicySet")
      .withArgs(1n, rowOf(policyOf(world, POLICY)));
  });

  it("takes another policy from its owner and keeps the old ones", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governor, carol } = world;
    const policies = [
      policyOf(world, { treasuryBps: 1n }),
      policyOf(world),
      policyOf(world, { treasury: accountOf(carol, 77n), platformFee: 5n }),
    ];
    for (const [i, policy] of policies.entries()) {
      await expect(feePolicy.connect(governor).setPolicy(policy))
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
      const feePolicy = world.feePolicy.connect(world.governor);
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
      const feePolicy = world.feePolicy.connect(world.governor);
      const parts = { treasuryBps: 500n, operatorBps: 6_000n, stakersBps: 2_500n };
      await feePolicy.setPolicy(policyOf(world, parts));
      await expect(feePolicy.setPolicy(policyOf(world, { ...parts, [part]: parts[part] + 1n })))
        .to.be.revertedWithCustomError(feePolicy, "FeePolicy_AboveCap")
        .withArgs("sumBps", SUM_CAP + 1n, SUM_CAP);
    });
  }

  it("adds the parts up without overflow", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governor } = world;
    await expect(
      feePolicy
        .connect(governor)
        .setPolicy(policyOf(world, { treasuryBps: 1_000n, operatorBps: 8_000n, stakersBps: 3_000n })),
    )
      .to.be.revertedWithCustomError(feePolicy, "FeePolicy_AboveCap")
      .withArgs("sumBps", 12_000n, SUM_CAP);
  });

  it("refuses a treasury without an address", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governor } = world;
    for (const treasury of [ZeroHash, accountOf({ address: ZeroAddress }, 3n)]) {
      await expect(feePolicy.connect(governor).setPolicy(policyOf(world, { treasury }))).to.be.revertedWithCustomError(
        feePolicy,
        "FeePolicy_ZeroTreasury",
      );
    }
  });

  it("holds the first policy to the same caps", async () => {
    const world = await loadFixture(deployRegistryWorld);
    const { feePolicy, governor } = world;
    const factory = await ethers.getContractFactory("FeePolicy");
    await expect(factory.deploy(governor, policyOf(world, { treasuryBps: 1_001n })))
      .to.be.revertedWithCustomError(feePolicy, "FeePolicy_AboveCap")
      .withArgs("treasuryBps", 1_001n, 1_000n);
    await expect(factory.deploy(ZeroAddress, policyOf(world)))
      .to.be.revertedWithCustomError(feePolicy, "OwnableInvalidOwner")
      .withArgs(ZeroAddress);
  });

  it("names its caps", async () => {
    const { feePolicy } = await loadFixture(deployRegistryWorld);
    expect(await feePolicy.MAX_TREASURY_BPS()).to.equal(CAPS.treasuryBps);
    expect(await feePolicy.MAX_OPERATOR_BPS()).to.equal(CAPS.operatorBps);
    expect(await feePolicy.MAX_STAKERS_BPS()).to.equal(CAPS.stakersBps);
    expect(await feePolicy.MAX_SUM_BPS()).to.equal(SUM_CAP);
    expect(await feePolicy.MAX_PLATFORM_FEE()).to.equal(CAPS.platformFee);
  });

  describe("when its owner hands it over", () => {
    it("changes hands once the new owner accepts, and not before", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { feePolicy, governor, carol } = world;
      await expect(feePolicy.connect(governor).transferOwnership(carol))
        .to.emit(feePolicy, "OwnershipTransferStarted")
        .withArgs(governor, carol);
      expect(await feePolicy.owner()).to.equal(governor.address);
      expect(await feePolicy.pendingOwner()).to.equal(carol.address);
      await expect(feePolicy.connect(carol).setPolicy(policyOf(world)))
        .to.be.revertedWithCustomError(feePolicy, "OwnableUnauthorizedAccount")
        .withArgs(carol);
      await feePolicy.connect(governor).setPolicy(policyOf(world));

      await expect(feePolicy.connect(carol).acceptOwnership())
        .to.emit(feePolicy, "OwnershipTransferred")
        .withArgs(governor, carol);
      await feePolicy.connect(carol).setPolicy(policyOf(world));
      await expect(feePolicy.connect(governor).setPolicy(policyOf(world)))
        .to.be.revertedWithCustomError(feePolicy, "OwnableUnauthorizedAccount")
        .withArgs(governor);
      expect(await feePolicy.currentVersion()).to.equal(3n);
    });

    it("can be called off", async () => {
      const { feePolicy, governor, carol } = await loadFixture(deployRegistryWorld);
      await feePolicy.connect(governor).transferOwnership(carol);
      await feePolicy.connect(governor).transferOwnership(ZeroAddress);
      await expect(feePolicy.connect(carol).acceptOwnership())
        .to.be.revertedWithCustomError(feePolicy, "OwnableUnauthorizedAccount")
        .withArgs(carol);
    });

    it("can be given up for good: the last policy stays in force", async () => {
      const world = await loadFixture(deployRegistryWorld);
      const { feePolicy, governor } = world;
      await feePolicy.connect(governor).renounceOwnership();
      await expect(feePolicy.connect(governor).setPolicy(policyOf(world)))
        .to.be.revertedWithCustomError(feePolicy, "OwnableUnauthorizedAccount")
        .withArgs(governor);
      expect(await feePolicy.policyAt(await feePolicy.currentVersion())).to.deep.equal(rowOf(policyOf(world, POLICY)));
    });
  });
});
