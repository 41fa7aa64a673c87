import { globSync, readFileSync } from "node:fs";
import path from "node:path";

import { expect } from "chai";
import { FunctionFragment, ZeroAddress } from "ethers";
import { network } from "hardhat";

import { DELAYED_ROLES, POWERS, ROLE } from "../../ignition/powers.ts";
import { describePowers, expectedPowers, type PowerLists } from "../../scripts/lib/powers.ts";
import { getAddresses } from "../../scripts/lib/protocol.ts";
import { readAccessRoles, readTimelockRoles } from "../../sdk/accessRoles.ts";
import { asTimelock, DAY, deployGovernanceWith, type GovernanceWorld, RULES } from "../helpers/governance.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const deploy = async (): Promise<GovernanceWorld> => await deployGovernanceWith(connection, { committee: MEMBERS });

const FUNCTIONS = {
  ARBITRATION: ["court.setArbitrator"],
  COMMITTEE: ["committee.vote"],
  PARAMETERS: ["court.setMinBond", "feePolicy.setPolicy", "gauges.setBudget", "staking.setMinSelfStake"],
  SLASHER: ["staking.hold", "staking.slash"],
};

const DELAY = `${RULES.slasherDelaySeconds} s`;

/** The committee of these tests. */
const MEMBERS = ["0x14dC79964da2C08b23698B3D3cc7Ca32193d9955", "0x23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"];

/** The table of docs/governance.md. */
const PUBLISHED: PowerLists = {
  access: {
    members: [
      "ADMIN timelock",
      `ARBITRATION timelock after ${DELAY}`,
      ...MEMBERS.map((member) => `COMMITTEE ${member}`),
      "PARAMETERS timelock",
      "SLASHER court",
    ],
    functions: Object.entries(FUNCTIONS)
      .flatMap(([role, names]) => names.map((name) => `${name} ${role}`))
      .sort(),
    "role admins": [],
    "role guardians": [],
    "grant delays": [`ARBITRATION ${DELAY}`, `COMMITTEE ${DELAY}`, `SLASHER ${DELAY}`],
    "admin delays": [`committee ${DELAY}`, `court ${DELAY}`, `staking ${DELAY}`],
    "closed contracts": [],
    "operations under way": [],
  },
  timelock: {
    members: ["CANCELLER governor", "DEFAULT_ADMIN timelock", "EXECUTOR everybody", "PROPOSER governor"],
    "role admins": [],
    "operations under way": [],
  },
};

async function readPowers(world: GovernanceWorld): Promise<PowerLists> {
  const addresses = await getAddresses(world);
  const { provider } = ethers;
  const range = { provider, fromBlock: 0, toBlock: await provider.getBlockNumber() };
  return describePowers({
    access: await readAccessRoles({ ...range, address: addresses.access }),
    timelock: await readTimelockRoles({ ...range, address: addresses.timelock }),
    addresses,
  });
}

/** Names of the functions that the sources restrict to members of a role, by contract. */
function findRestricted(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of globSync("contracts/**/*.sol")) {
    const names = [...readFileSync(file, "utf8").matchAll(/function (\w+)\([^{;]*\brestricted\b/g)].map(
      ([, name]) => name,
    );
    if (names.length > 0) found.set(path.basename(file, ".sol"), names);
  }
  return found;
}

describe("The powers", () => {
  it("are the published ones after a deployment, and the deployer has none", async () => {
    const world = await loadFixture(deploy);
    expect(await readPowers(world)).to.deep.equal(PUBLISHED);
    expect(
      expectedPowers({ addresses: await getAddresses(world), parameters: { ...RULES, committee: MEMBERS } }),
    ).to.deep.equal(PUBLISHED);
  });

  it("have roles with labels, for whoever looks at the AccessManager in an explorer", async () => {
    const { access } = await loadFixture(deploy);
    const labels = await access.queryFilter(access.filters.RoleLabel());
    expect(labels.map(({ args }) => [args.roleId, args.label])).to.deep.equal([
      [1n, "PARAMETERS"],
      [2n, "SLASHER"],
      [3n, "COMMITTEE"],
      [4n, "ARBITRATION"],
    ]);
  });

  it("name every restricted function of a contract", async () => {
    const world = await loadFixture(deploy);
    const restricted = findRestricted();
    const contracts = {
      feePolicy: "FeePolicy",
      staking: "OperatorStaking",
      court: "DisputeCourt",
      committee: "ArbitrationCommittee",
      gauges: "IncentiveGauges",
    };
    for (const [key, { functions }] of Object.entries(POWERS)) {
      const name = contracts[key as keyof typeof contracts];
      const listed = Object.keys(functions).map((signature) => FunctionFragment.from(signature));
      expect(listed.map((fragment) => fragment.name).sort(), name).to.deep.equal(restricted.get(name)?.sort());
      for (const fragment of listed) {
        expect(world[key as keyof typeof contracts].interface.hasFunction(fragment.selector), name).to.equal(true);
      }
    }
  });

  it("let nobody call anything but those who hold the role for it", async () => {
    const world = await loadFixture(deploy);
    const { access, timelock, governor, staking, feePolicy, court } = world;
    await time.increase(5n * DAY);
    const signers = (await ethers.getSigners()).filter(({ address }) => !MEMBERS.includes(address));
    const strangers = [governor, staking, feePolicy, access, ...signers];
    for (const [key, { functions, delayed }] of Object.entries(POWERS)) {
      const target = world[key as keyof typeof POWERS];
      for (const fragment of target.interface.fragments.filter((entry) => FunctionFragment.isFragment(entry))) {
        const { name, selector } = fragment;
        // Another authority is for the administrator to set, who waits wherever stake depends on it.
        const waits = name === "setAuthority" && delayed;
        const role = functions[fragment.format("sighash")];
        const isOthers = role === "SLASHER" || role === "COMMITTEE";
        const wait = waits || role === "ARBITRATION" ? RULES.slasherDelaySeconds : 0n;
        expect(await access.canCall(timelock, target, selector), name).to.deep.equal([!isOthers && wait === 0n, wait]);
        const members = role === "SLASHER" ? [court] : role === "COMMITTEE" ? MEMBERS : [];
        for (const member of members) {
          expect(await access.canCall(member, target, selector), name).to.deep.equal([true, 0n]);
        }
        for (const stranger of strangers) {
          expect(await access.canCall(stranger, target, selector), name).to.deep.equal([false, 0n]);
        }
      }
    }
  });

  it("are read from the chain however they change", async () => {
    const world = await loadFixture(deploy);
    const { access, timelock, staking, feePolicy, alice, bob } = world;
    const admin = await asTimelock({ connection, protocol: world });
    const [governance, clock] = [access.connect(admin), timelock.connect(admin)];
    await governance.grantRole(ROLE.COMMITTEE, alice, 60);
    await governance.grantRole(ROLE.COMMITTEE, bob, 0);
    await governance.revokeRole(ROLE.COMMITTEE, bob);
    await governance.setRoleAdmin(ROLE.COMMITTEE, ROLE.PARAMETERS);
    await governance.setRoleAdmin(9n, ROLE.PARAMETERS);
    await governance.setRoleAdmin(9n, ROLE.ADMIN);
    await governance.setRoleGuardian(ROLE.PARAMETERS, ROLE.COMMITTEE);
    for (const role of DELAYED_ROLES) await governance.setGrantDelay(ROLE[role], 0);
    await governance.setTargetAdminDelay(feePolicy, 77);
    await governance.setTargetFunctionRole(feePolicy, ["0x12345678"], 9n);
    await governance.setTargetFunctionRole(feePolicy, [feePolicy.interface.getFunction("setPolicy").selector], 0n);
    await governance.setTargetClosed(feePolicy, true);
    await governance.setTargetClosed(access, true);
    await governance.setTargetClosed(access, false);
    await time.increase(6n * DAY);
    const closing = access.interface.encodeFunctionData("setTargetClosed", [await feePolicy.getAddress(), false]);
    const opening = access.interface.encodeFunctionData("setTargetClosed", [await staking.getAddress(), true]);
    await governance.schedule(access, closing, 0);
    await governance.schedule(access, opening, 0);
    await governance.cancel(admin, access, opening);

    await clock.grantRole(await timelock.PROPOSER_ROLE(), alice);
    await clock.grantRole(ethers.id("OTHER_ROLE"), bob);
    await clock.revokeRole(await timelock.EXECUTOR_ROLE(), ZeroAddress);
    const proposer = timelock.connect(alice);
    const [call, later] = [ethers.ZeroHash, ethers.id("later")];
    await proposer.schedule(bob, 0n, "0x", ethers.ZeroHash, call, RULES.timelockSeconds);
    await proposer.schedule(bob, 0n, "0x", ethers.ZeroHash, later, RULES.timelockSeconds);

    const found = await readPowers(world);
    expect(found.access).to.deep.equal({
      members: [...PUBLISHED.access.members, `COMMITTEE ${alice.address} after 60 s`].sort(),
      functions: [
        ...PUBLISHED.access.functions.filter((line) => line !== "feePolicy.setPolicy PARAMETERS"),
        "feePolicy.0x12345678 9",
      ].sort(),
      "role admins": ["COMMITTEE by PARAMETERS"],
      "role guardians": ["PARAMETERS by COMMITTEE"],
      "grant delays": [],
      "admin delays": [...PUBLISHED.access["admin delays"], "feePolicy 77 s"].sort(),
      "closed contracts": ["feePolicy"],
      "operations under way": [await access.hashOperation(admin, access, closing)],
    });
    expect(found.timelock.members).to.deep.equal([
      `${ethers.id("OTHER_ROLE")} ${bob.address}`,
      "CANCELLER governor",
      "DEFAULT_ADMIN timelock",
      `PROPOSER ${alice.address}`,
      "PROPOSER governor",
    ]);
    expect(found.timelock["operations under way"]).to.have.lengthOf(2);
  });
});

describe("A new slasher", () => {
  const slashers = async ({ access, carol }: GovernanceWorld): Promise<boolean> =>
    (await access.hasRole(ROLE.SLASHER, carol)).isMember;

  it("has its role only after stakers had the time to leave", async () => {
    const world = await loadFixture(deploy);
    const { access, staking, carol } = world;
    await time.increase(5n * DAY);
    await access.connect(await asTimelock({ connection, protocol: world })).grantRole(ROLE.SLASHER, carol, 0);
    // Whoever asks for its stake when it sees the grant has it by then, even if cases hold it for as long as they can.
    const leaving = (await staking.thawSeconds()) + (await staking.MAX_HOLD_SECONDS());
    expect(RULES.slasherDelaySeconds >= leaving).to.equal(true);
    await time.increase(RULES.slasherDelaySeconds - 2n);
    expect(await slashers(world)).to.equal(false);
    await expect(staking.connect(carol).slash(carol, 1n))
      .to.be.revertedWithCustomError(staking, "AccessManagedUnauthorized")
      .withArgs(carol);
    await time.increase(2n);
    expect(await slashers(world)).to.equal(true);
  });

  it("cannot be had sooner by first taking the delay away, nor by giving the function to another role", async () => {
    const world = await loadFixture(deploy);
    const { access, staking, carol } = world;
    const governance = access.connect(await asTimelock({ connection, protocol: world }));
    await time.increase(5n * DAY);
    await governance.setGrantDelay(ROLE.SLASHER, 0);
    await time.increase(RULES.slasherDelaySeconds - 10n);
    await governance.grantRole(ROLE.SLASHER, carol, 0);
    expect(await slashers(world)).to.equal(false);

    const { selector } = staking.interface.getFunction("slash");
    await governance.setTargetAdminDelay(staking, 0);
    const attempt = governance.setTargetFunctionRole(staking, [selector], ROLE.PARAMETERS);
    const data = access.interface.encodeFunctionData("setTargetFunctionRole", [
      await staking.getAddress(),
      [selector],
      ROLE.PARAMETERS,
    ]);
    await expect(attempt)
      .to.be.revertedWithCustomError(access, "AccessManagerNotScheduled")
      .withArgs(await access.hashOperation(governance.runner as never, access, data));
  });

  it("would have no delay in the first five days, in which no proposal can be executed", async () => {
    const world = await loadFixture(deploy);
    const { access, staking } = world;
    const SETBACK = await access.minSetback();
    expect(SETBACK).to.equal(5n * DAY);
    expect(await access.getRoleGrantDelay(ROLE.SLASHER)).to.equal(0n);
    expect(await access.getTargetAdminDelay(staking)).to.equal(0n);
    expect(RULES.votingDelaySeconds + RULES.votingPeriodSeconds + RULES.timelockSeconds > SETBACK).to.equal(true);
    await time.increase(SETBACK);
    expect(await access.getRoleGrantDelay(ROLE.SLASHER)).to.equal(RULES.slasherDelaySeconds);
    expect(await access.getTargetAdminDelay(staking)).to.equal(RULES.slasherDelaySeconds);
  });
});
