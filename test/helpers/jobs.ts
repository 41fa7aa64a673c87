import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, type Signer, type TypedDataDomain, ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";

import {
  type Authorization,
  purposeNonce,
  signAuthorization,
  domainOf,
  type SignedToken,
} from "../../sdk/authorization.ts";
import { type Job, JOB_STATUS, jobId, type JobStatus } from "../../sdk/job.ts";
import type { Split } from "../../sdk/split.ts";
import type { AttributionLedger, JobEscrow, OpenToken } from "../../typechain-types/index.ts";
import { FAR } from "./authorizations.ts";
import { createProtocolFixture } from "./deploy.ts";
import { accountOf, accountShare, splitOf } from "./shares.ts";

/** Windows of jobs that can be disputed, in seconds. */
export const ACCEPTANCE = 3_600n;
export const EVALUATION = 7_200n;

export const BUDGET = 1_000n;
export const DELIVERABLE = id("the output");
export const RECEIPT = id("a receipt");
export const REASON = id("a reason");

/** Where jobs are escrowed, and people by name. */
export interface JobWorld {
  connection: NetworkConnection;
  token: OpenToken;
  ledger: AttributionLedger;
  jobs: JobEscrow;
  /** Has 100,000 tokens and 10,000 in its wallet account, and has approved the escrow for both. */
  client: HardhatEthersSigner;
  provider: HardhatEthersSigner;
  evaluator: HardhatEthersSigner;
  relayer: HardhatEthersSigner;
  mallory: HardhatEthersSigner;
  /** Has three quarters of the split that jobs pay; Bob has the rest. */
  alice: HardhatEthersSigner;
  bob: HardhatEthersSigner;
  split: Split;
  /** Time at which jobs expire. */
  expiredAt: bigint;
}

export async function deployJobs(connection: NetworkConnection): Promise<JobWorld> {
  const { token, ledger, jobs } = await createProtocolFixture({ connection })();
  const { ethers, networkHelpers } = connection;
  const [payer, client, provider, evaluator, relayer, mallory, alice, bob] = await ethers.getSigners();
  await token.transfer(client, 100_000n);
  await token.approve(ledger, ethers.MaxUint256);
  await ledger.connect(payer).deposit(accountOf(client), 10_000n);
  const split = await splitOf([accountShare({ to: alice, units: 3n }), accountShare({ to: bob, units: 1n })]);
  const expiredAt = BigInt(await networkHelpers.time.latest()) + 86_400n;
  const people = { client, provider, evaluator, relayer, mallory, alice, bob };
  const world = { connection, token, ledger, jobs, ...people, split, expiredAt };
  await approveEscrow(world);
  return world;
}

async function approveEscrow({ connection, token, ledger, jobs, client }: JobWorld): Promise<void> {
  await token.connect(client).approve(jobs, connection.ethers.MaxUint256);
  await ledger.connect(client).approveSpender(0n, jobs, connection.ethers.MaxUint256);
}

/** The same people and ledger around a vulnerable escrow, which the client has approved as well. */
export async function withJobTwin(world: JobWorld, name: `JobEscrow_${string}`): Promise<JobWorld> {
  const { ethers } = world.connection;
  const twin = await ethers.deployContract(name, [world.ledger]);
  const twinWorld = { ...world, jobs: await ethers.getContractAt("JobEscrow", await twin.getAddress()) };
  await approveEscrow(twinWorld);
  return twinWorld;
}

/** A job of the client's that is paid when it is delivered, except for what is stated otherwise. */
export function jobOf({ client, provider, split, expiredAt }: JobWorld, changes: Partial<Job> = {}): Job {
  return {
    client: client.address,
    provider: provider.address,
    evaluator: ZeroAddress,
    splitId: split.id,
    budget: BUDGET,
    expiredAt,
    acceptanceSeconds: 0n,
    evaluationSeconds: 0n,
    description: id("what is asked for"),
    salt: id("a job"),
    ...changes,
  };
}

/** A job whose delivery can be disputed. */
export function judgedJobOf(world: JobWorld, changes: Partial<Job> = {}): Job {
  const { evaluator } = world;
  const windows = { acceptanceSeconds: ACCEPTANCE, evaluationSeconds: EVALUATION };
  return jobOf(world, { evaluator: evaluator.address, ...windows, ...changes });
}

export async function idOf({ connection, jobs }: Pick<JobWorld, "connection" | "jobs">, job: Job): Promise<string> {
  const { chainId } = await connection.ethers.provider.getNetwork();
  return jobId({ chainId, escrow: await jobs.getAddress(), job });
}

export async function statusOf(world: JobWorld, job: Job): Promise<JobStatus> {
  const { status } = await world.jobs.jobOf(await idOf(world, job));
  return JOB_STATUS[Number(status)];
}

/** Money that the escrow keeps. */
export async function escrowed({ ledger, jobs }: JobWorld): Promise<bigint> {
  return await ledger.balanceOf(accountOf({ address: await jobs.getAddress() }));
}

/** Signs the job's budget away for it. */
export async function signJob({
  world,
  job,
  signer = world.client,
  domain = {},
  salt,
}: {
  world: Pick<JobWorld, "connection" | "jobs" | "client"> & { token: SignedToken };
  job: Job;
  signer?: Signer;
  domain?: TypedDataDomain;
  salt?: string;
}): Promise<Authorization> {
  const purpose = await idOf(world, job);
  return await signAuthorization({
    token: { ...(await domainOf(world.token)), ...domain },
    signer,
    to: await world.jobs.getAddress(),
    amount: job.budget,
    nonce: (chosen) => purposeNonce(purpose, chosen),
    validBefore: FAR,
    ...(salt === undefined ? {} : { salt }),
  });
}

/** Brings a new job into a status. */
export async function bring(world: JobWorld, job: Job, status: JobStatus): Promise<void> {
  const { jobs, client, provider, evaluator, connection } = world;
  if (status === "open") return;
  await jobs.connect(client).fund(job);
  if (status === "funded") return;
  if (status === "expired") {
    await connection.networkHelpers.time.increaseTo(job.expiredAt);
    await jobs.claimRefund(job);
    return;
  }
  await jobs.connect(provider).submit(job, DELIVERABLE, RECEIPT);
  if (status === "submitted") return;
  if (status === "completed") {
    await jobs.connect(client).complete(job, REASON);
    return;
  }
  await jobs.connect(client).dispute(job, REASON);
  if (status === "rejected") await jobs.connect(evaluator).reject(job, REASON);
}
