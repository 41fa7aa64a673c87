import { AbiCoder, Interface, keccak256 } from "ethers";

import type { LogPosition, RawLog } from "./chainLogs.ts";
import { EventArgs } from "./eventArgs.ts";

/** Terms of a job, as `JobEscrow` takes them. Addresses, and 32 bytes of hex for ids and hashes. */
export interface Job {
  /** Funds the job, and gets the money back if nothing is delivered. */
  client: string;
  /** Delivers. */
  provider: string;
  /** Decides disputes; zero address if there are none. */
  evaluator: string;
  /** The split that is paid. */
  splitId: string;
  /** In the token's smallest unit. */
  budget: bigint;
  /** Unix time in seconds from which on nothing can be delivered any more. */
  expiredAt: bigint;
  /** How long the client may dispute a delivery; zero if it is paid at once. */
  acceptanceSeconds: bigint;
  /** How long the evaluator has for a dispute. */
  evaluationSeconds: bigint;
  /** Hash of what is asked for. */
  description: string;
  /** Tells jobs apart that are otherwise the same. */
  salt: string;
}

/** Statuses of a job, in the order of the contract's enum. */
export const JOB_STATUS = ["open", "funded", "submitted", "disputed", "completed", "rejected", "expired"] as const;
export type JobStatus = (typeof JOB_STATUS)[number];

/** What `JobEscrow` reports. A deliverable is the content root of the output (`ContentTree`). */
export type JobEvent =
  | { name: "JobFunded"; jobId: string; job: Job }
  | { name: "JobSubmitted"; jobId: string; deliverable: string; receiptHash: string }
  | { name: "JobDisputed"; jobId: string; reason: string }
  | { name: "JobCompleted"; jobId: string; splitId: string; amount: bigint; reason: string }
  | { name: "JobRejected"; jobId: string; amount: bigint; reason: string }
  | { name: "JobExpired"; jobId: string; amount: bigint };

/** An event of a job with its place on the chain. */
export type LoggedJobEvent = JobEvent & LogPosition;

/** A job as its events tell it. */
export interface JobState {
  job: Job;
  status: JobStatus;
  /** What was delivered. */
  delivery?: { deliverable: string; receiptHash: string };
  /** Why a delivery was disputed. */
  dispute?: string;
  /** Why the job was completed or rejected. */
  reason?: string;
}

const JOB =
  "(address client, address provider, address evaluator, bytes32 splitId, uint256 budget, uint256 expiredAt, uint256 acceptanceSeconds, uint256 evaluationSeconds, bytes32 description, bytes32 salt)";

/** The events of JobEscrow, as ethers reads them. */
export const JOB_EVENTS = new Interface([
  `event JobFunded(bytes32 indexed jobId, address indexed client, address indexed provider, ${JOB} job)`,
  "event JobSubmitted(bytes32 indexed jobId, bytes32 deliverable, bytes32 receiptHash)",
  "event JobDisputed(bytes32 indexed jobId, bytes32 reason)",
  "event JobCompleted(bytes32 indexed jobId, bytes32 indexed splitId, uint256 amount, bytes32 reason)",
  "event JobRejected(bytes32 indexed jobId, uint256 amount, bytes32 reason)",
  "event JobExpired(bytes32 indexed jobId, uint256 amount)",
]);

const coder = AbiCoder.defaultAbiCoder();

/** Id of a job: the hash of its terms, of the chain, and of the contract at `escrow`. */
export function jobId({ chainId, escrow, job }: { chainId: bigint; escrow: string; job: Job }): string {
  return keccak256(coder.encode(["uint256", "address", `tuple${JOB}`], [chainId, escrow, job]));
}

/** Reads a log of JobEscrow; undefined if it is none of its events. */
export function decodeJobLog(log: RawLog): LoggedJobEvent | undefined {
  const parsed = JOB_EVENTS.parseLog(log);
  if (parsed === null) return undefined;
  const event = decodeJobEvent(parsed.name, new EventArgs(parsed.args));
  return { ...event, blockNumber: log.blockNumber, logIndex: log.index };
}

/** Jobs by their ids, from all events of a JobEscrow in the order of the chain. */
export function readJobs(events: Iterable<JobEvent>): Map<string, JobState> {
  const jobs = new Map<string, JobState>();
  for (const event of events) jobs.set(event.jobId, nextState(jobs.get(event.jobId), event));
  return jobs;
}

function nextState(state: JobState | undefined, event: JobEvent): JobState {
  if (event.name === "JobFunded") return { job: event.job, status: "funded" };
  if (state === undefined) throw new Error(`${event.name} of job ${event.jobId} comes before the job was funded.`);
  switch (event.name) {
    case "JobSubmitted": {
      const { deliverable, receiptHash } = event;
      return { ...state, status: "submitted", delivery: { deliverable, receiptHash } };
    }
    case "JobDisputed":
      return { ...state, status: "disputed", dispute: event.reason };
    case "JobCompleted":
      return { ...state, status: "completed", reason: event.reason };
    case "JobRejected":
      return { ...state, status: "rejected", reason: event.reason };
    case "JobExpired":
      return { ...state, status: "expired" };
  }
}

function decodeJobEvent(name: string, args: EventArgs): JobEvent {
  const id = args.text("jobId");
  switch (name) {
    case "JobFunded":
      return { name, jobId: id, job: decodeJob(args.struct("job")) };
    case "JobSubmitted":
      return { name, jobId: id, deliverable: args.text("deliverable"), receiptHash: args.text("receiptHash") };
    case "JobDisputed":
      return { name, jobId: id, reason: args.text("reason") };
    case "JobCompleted":
      return {
        name,
        jobId: id,
        splitId: args.text("splitId"),
        amount: args.uint("amount"),
        reason: args.text("reason"),
      };
    case "JobRejected":
      return { name, jobId: id, amount: args.uint("amount"), reason: args.text("reason") };
    case "JobExpired":
      return { name, jobId: id, amount: args.uint("amount") };
    default:
      throw new TypeError(`There is no reader for the event ${name}.`);
  }
}

function decodeJob(job: EventArgs): Job {
  return {
    client: job.text("client"),
    provider: job.text("provider"),
    evaluator: job.text("evaluator"),
    splitId: job.text("splitId"),
    budget: job.uint("budget"),
    expiredAt: job.uint("expiredAt"),
    acceptanceSeconds: job.uint("acceptanceSeconds"),
    evaluationSeconds: job.uint("evaluationSeconds"),
    description: job.text("description"),
    salt: job.text("salt"),
  };
}
