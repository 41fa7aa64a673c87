import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { AbiCoder, type ContractTransactionReceipt, id, parseEther, ZeroAddress, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import { casesIn, type HeldShare } from "../../sdk/disputeCase.ts";
import type { Split } from "../../sdk/split.ts";
import type { CredulousVerifier, DisputeCourt, PuppetArbitrator } from "../../typechain-types/index.ts";
import { accountOf, accountShare, drawOf, splitOf } from "./shares.ts";
import { deployStaking, EVIDENCE, RULING, type StakingOptions, type StakingWorld } from "./staking.ts";

/** The arbitrator's, in wei. */
export const FEE = 1_000_000_000n;

export const NO_RULING = 0n;
export const FOR_RESPONDENT = 1n;
export const FOR_CLAIMANT = 2n;

/** Parts of a pool that a fault costs: as the first verifier has it, and the second. */
export const SLASH_BPS = 3_000n;
export const OTHER_SLASH_BPS = 1_000n;

/** The operator's own stake, and what Bob has staked on it. */
export const OWN = parseEther("60000");
export const DELEGATED = parseEther("40000");

/** What the split received. */
export const PAID = parseEther("1000");

/** Sub-account in which the operator has one of its shares. */
export const TAG = 7n;

/** A court with an arbitrator and verifiers that do as they are told. Alice is harmed, Carol brings the cases. */
export interface DisputeWorld extends StakingWorld {
  puppet: PuppetArbitrator;
  verifier: CredulousVerifier;
  otherVerifier: CredulousVerifier;
  /** Of ten units, the operator has 4 in its wallet account, 3 under a tag and 1 more; Alice has 2, between them. Paid. */
  split: Split;
  /** Nothing came in yet. The operator has both shares. */
  unpaid: Split;
}

/** What a case claims. */
export interface Claim {
  respondent: string;
  harmed: string;
  amount: bigint;
  evidenceHash: string;
  evidenceURI: string;
}

/** A case that was opened. */
export interface OpenedCase {
  caseId: bigint;
  disputeId: bigint;
  openedAt: bigint;
  bond: bigint;
  shares: HeldShare[];
  escrows: string[];
}

/** A share that a proof moves. */
export interface Restitution {
  root: string;
  totalUnits: bigint;
  size: bigint;
  index: bigint;
  arbiter: string;
  to: string;
  rank: bigint;
}

/** What a proof shows. */
export interface Fault {
  id: string;
  respondent: string;
  harmed: string;
  harm: bigint;
  restitution: Restitution;
}

const FAULT =
  "tuple(bytes32 id, address respondent, address harmed, uint256 harm, " +
  "tuple(bytes32 root, uint128 totalUnits, uint64 size, uint64 index, address arbiter, bytes32 to, uint64 rank) " +
  "restitution)";

const NO_RESTITUTION: Restitution = {
  root: ZeroHash,
  totalUnits: 0n,
  size: 0n,
  index: 0n,
  arbiter: ZeroAddress,
  to: ZeroHash,
  rank: 0n,
};

export async function deployDisputes(
  connection: NetworkConnection,
  options: Pick<StakingOptions, "twins"> = {},
): Promise<DisputeWorld> {
  const { ethers } = connection;
  const puppet = await ethers.deployContract("PuppetArbitrator", [FEE]);
  const verifier = await ethers.deployContract("CredulousVerifier", [SLASH_BPS]);
  const otherVerifier = await ethers.deployContract("CredulousVerifier", [OTHER_SLASH_BPS]);
  const staked = await deployStaking(connection, {
    ...options,
    verifiers: [await verifier.getAddress(), await otherVerifier.getAddress()],
    arbitrator: await puppet.getAddress(),
  });
  const { staking, ledger, court, operator, alice, bob, governor } = staked;
  await staking.connect(operator).stake(operator, OWN);
  await staking.connect(bob).stake(operator, DELEGATED);
  const split = await splitOf(
    [
      accountShare({ to: operator, units: 4n }),
      accountShare({ to: operator, tag: TAG, units: 3n }),
      accountShare({ to: alice, units: 2n }),
      accountShare({ to: operator, units: 1n }),
    ],
    court,
  );
  const unpaid = await splitOf(
    [1n, 2n].map((units) => accountShare({ to: operator, units })),
    court,
  );
  await ledger.connect(governor).pay(split.id, PAID, 1n, ZeroHash);
  return { ...staked, puppet, verifier, otherVerifier, split, unpaid };
}

/** Carol's claim that the operator harmed Alice, except for what is stated otherwise. */
export function claimOf({ operator, alice }: DisputeWorld, changes: Partial<Claim> = {}): Claim {
  return {
    respondent: operator.address,
    harmed: alice.address,
    amount: parseEther("5000"),
    evidenceHash: id("evidence"),
    evidenceURI: "https://example.com/evidence",
    ...changes,
  };
}

/** What is to be known of a case that is not as usual. */
export interface CaseOptions {
  claim?: Partial<Claim>;
  /** The least that the court asks for, unless stated otherwise. */
  bond?: bigint;
  /** The first share of the paid split, unless stated otherwise. */
  draws?: string;
  claimant?: HardhatEthersSigner;
  /** What the arbitrator charges. */
  fee?: bigint;
}

/** Brings a case. */
export async function openCase(world: DisputeWorld, options: CaseOptions = {}): Promise<OpenedCase> {
  const { court, carol, split } = world;
  const claim = claimOf(world, options.claim);
  const draws = options.draws ?? drawOf(split, 0);
  const bond = options.bond ?? (await leastBond(world, claim.amount, draws));
  const value = options.fee ?? FEE;
  const sent = await court.connect(options.claimant ?? carol).open(claim, bond, draws, { value });
  return await caseIn(world, await sent.wait());
}

/** Least bond of a claim with these draws, found out without doing anything. */
export async function leastBond({ court, ledger }: DisputeWorld, amount: bigint, draws: string): Promise<bigint> {
  const escrowed = draws === "0x" ? 0n : await ledger.release.staticCall(draws).catch(() => 0n);
  return await court.bondFor(amount, escrowed);
}

/** The case that a transaction opened. */
export async function caseIn(
  { court, connection }: DisputeWorld,
  receipt: ContractTransactionReceipt | null,
): Promise<OpenedCase> {
  if (receipt === null) throw new Error("The chain lost a transaction.");
  const logs = (name: string) =>
    receipt.logs
      .map((log) => court.interface.parseLog(log))
      .filter((log) => log?.name === name)
      .map((log) => log?.args.toObject() ?? {});
  const opened = logs("CaseOpened") as { caseId: bigint; disputeId: bigint; bond: bigint }[];
  const { caseId, disputeId, bond } = opened[opened.length - 1];
  const held = logs("ShareHeld") as { escrow: string }[];
  const cases = casesIn({ logs: receipt.logs, court: await court.getAddress() });
  const block = await connection.ethers.provider.getBlock(receipt.blockNumber);
  return {
    caseId,
    disputeId,
    bond,
    openedAt: BigInt(block?.timestamp ?? 0),
    shares: cases.find((one) => one.caseId === caseId)?.shares ?? [],
    escrows: held.map(({ escrow }) => escrow),
  };
}

/** Has the arbitrator rule, once evidence is in. */
export async function ruleOn(world: DisputeWorld, { openedAt, disputeId }: OpenedCase, ruling: bigint): Promise<void> {
  const { puppet, court, connection } = world;
  const { time } = connection.networkHelpers;
  const from = openedAt + EVIDENCE;
  if (BigInt(await time.latest()) < from) await time.setNextBlockTimestamp(from);
  await puppet.rule(court, disputeId, ruling);
}

/** Lets all time for a ruling pass. */
export async function passDeadline({ connection }: DisputeWorld, { openedAt }: OpenedCase): Promise<void> {
  await connection.networkHelpers.time.increaseTo(openedAt + EVIDENCE + RULING);
}

/** Rules on a case, or lets its time pass, and settles it. */
export async function endCase(
  world: DisputeWorld,
  opened: OpenedCase,
  ruling: bigint,
): ReturnType<DisputeCourt["settle"]> {
  if (ruling === NO_RULING) await passDeadline(world, opened);
  else await ruleOn(world, opened, ruling);
  return await world.court.settle(opened.caseId, opened.shares);
}

/** A fault of the operator's against Alice that moves no share, except for what is stated otherwise. */
export function faultOf({ operator, alice }: DisputeWorld, changes: Partial<Fault> = {}): Fault {
  return {
    id: id("a fault"),
    respondent: operator.address,
    harmed: alice.address,
    harm: parseEther("1000"),
    restitution: NO_RESTITUTION,
    ...changes,
  };
}

/** The restitution of a share to Alice, except for what is stated otherwise. */
export function restitutionOf(
  { alice }: DisputeWorld,
  { header }: Split,
  index: bigint,
  changes: Partial<Restitution> = {},
): Restitution {
  const { root, totalUnits, size, arbiter } = header;
  return { root, totalUnits, size: BigInt(size), index, arbiter, to: accountOf(alice), rank: 5n, ...changes };
}

/** The fault as the credulous verifiers take it for proven. */
export function proofOf(fault: Fault): string {
  return AbiCoder.defaultAbiCoder().encode([FAULT], [fault]);
}

/** What the court keeps: bonds of open cases. */
export async function bondsOf({ ledger, court }: DisputeWorld): Promise<bigint> {
  return await ledger.balanceOf(accountOf({ address: await court.getAddress() }));
}

/** The ledger account's balance of somebody's. */
export async function balanceOf(
  { ledger }: DisputeWorld,
  owner: { address: string } | string,
  tag = 0n,
): Promise<bigint> {
  return await ledger.balanceOf(typeof owner === "string" ? owner : accountOf(owner, tag));
}
