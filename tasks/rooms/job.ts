import { hexlify, id as hashOfText, randomBytes, ZeroHash } from "ethers";

import { UserError } from "../../scripts/lib/script.ts";
import { ContentTree } from "../../sdk/content.ts";
import { decodeJobLog, type Job, jobId as idOf, type JobEvent, type JobState, readJobs } from "../../sdk/job.ts";
import { readLogs } from "../../sdk/chainLogs.ts";
import type { Context } from "../lib/context.ts";
import { readBytes } from "../lib/files.ts";
import { facts, open, openNumber, time } from "../lib/format.ts";
import { splitNamed } from "../lib/splits.ts";
import { fromBalance, fromWallet } from "../lib/steps.ts";
import type { Runs } from "../rooms.ts";
import type { JOBS } from "../verbs/money.ts";

async function jobsOf(context: Context): Promise<Map<string, JobState>> {
  const { address, ...range } = await context.eventsOf("jobs");
  const events: JobEvent[] = [];
  for await (const logs of readLogs({ ...range, addresses: [address] })) {
    events.push(...logs.flatMap((log) => decodeJobLog(log) ?? []));
  }
  return readJobs(events);
}

async function jobNamed(context: Context, jobId: string): Promise<JobState> {
  const state = (await jobsOf(context)).get(jobId);
  if (state === undefined) throw new UserError(`There is no job ${jobId}. See job:show.`);
  return state;
}

function hashOfReason(reason: string): string {
  return reason === "" ? ZeroHash : hashOfText(reason);
}

export const runs: Runs<typeof JOBS> = {
  fund: async (context, args) => {
    const { jobs } = context.protocol;
    const { splitId, name } = await splitNamed(context, args);
    const now = await context.now();
    const job: Job = {
      client: context.me,
      provider: args.provider,
      evaluator: args.evaluator,
      splitId,
      budget: args.budget,
      expiredAt: now + args.expires,
      acceptanceSeconds: args.acceptance,
      evaluationSeconds: args.evaluation,
      description: hashOfText(args.description),
      salt: hexlify(randomBytes(32)),
    };
    const jobId = idOf({ chainId: context.chainId, escrow: context.deployment.contracts.jobs, job });
    const what = `Asks ${context.people.nameOf(args.provider)} for a job of ${open(args.budget)}.`;
    const steps = [];
    if (args.fromBalance) {
      const approvals = await fromBalance(context, { spender: "jobs", amount: args.budget });
      const transaction = await jobs.fundFromBalance.populateTransaction(job, 0n);
      steps.push(...approvals, { what, transaction, follows: approvals.length > 0 });
    } else {
      const { approvals, allowed } = await fromWallet(context, { spender: "jobs", amount: args.budget });
      steps.push(...approvals, { what, transaction: await jobs.fund.populateTransaction(job), allowed });
    }
    return {
      steps,
      report: () => ({
        says: [
          `The job pays ${name} on delivery.`,
          facts({ job: jobId, "to be delivered by": time(job.expiredAt), budget: open(args.budget) }),
        ],
        result: { jobId, budget: args.budget, splitId },
      }),
    };
  },

  submit: async (context, { job: jobId, file, receipt = ZeroHash }) => {
    const { job } = await jobNamed(context, jobId);
    const bytes = await readBytes(file);
    if (bytes.length === 0) throw new UserError(`${file} is empty.`);
    const deliverable = ContentTree.from(bytes).contentRoot;
    const transaction = await context.protocol.jobs.submit.populateTransaction(job, deliverable, receipt);
    return {
      steps: [{ what: "Delivers the job.", transaction }],
      report: () => ({
        says: [
          job.acceptanceSeconds === 0n
            ? `${open(job.budget)} is paid.`
            : `${context.people.nameOf(job.client)} has ${job.acceptanceSeconds} s to dispute it.`,
        ],
        result: { jobId, deliverable },
      }),
    };
  },

  dispute: async (context, { job: jobId, reason }) => {
    const { job } = await jobNamed(context, jobId);
    const transaction = await context.protocol.jobs.dispute.populateTransaction(job, hashOfReason(reason));
    return {
      steps: [{ what: "Disputes the delivery.", transaction }],
      report: () => ({ says: [`${context.people.nameOf(job.evaluator)} decides.`], result: { jobId } }),
    };
  },

  complete: async (context, { job: jobId, reason }) => {
    const { job } = await jobNamed(context, jobId);
    const transaction = await context.protocol.jobs.complete.populateTransaction(job, hashOfReason(reason));
    return {
      steps: [{ what: "Has the job paid.", transaction }],
      report: () => ({ says: [`${open(job.budget)} is paid.`], result: { jobId, amount: job.budget } }),
    };
  },

  reject: async (context, { job: jobId, reason }) => {
    const { job } = await jobNamed(context, jobId);
    const transaction = await context.protocol.jobs.reject.populateTransaction(job, hashOfReason(reason));
    return {
      steps: [{ what: "Gives the money back.", transaction }],
      report: () => ({
        says: [`${context.people.nameOf(job.client)} has ${open(job.budget)} back, in the ledger.`],
        result: { jobId, amount: job.budget },
      }),
    };
  },

  refund: async (context, { job: jobId }) => {
    const { job } = await jobNamed(context, jobId);
    const transaction = await context.protocol.jobs.claimRefund.populateTransaction(job);
    return {
      steps: [{ what: "Gives the money back, for nobody acted in time.", transaction }],
      report: () => ({
        says: [`${context.people.nameOf(job.client)} has ${open(job.budget)} back, in the ledger.`],
        result: { jobId, amount: job.budget },
      }),
    };
  },

  show: async (context, { job: wanted }) => {
    const all = await jobsOf(context);
    if (wanted !== undefined && !all.has(wanted)) throw new UserError(`There is no job ${wanted}. See job:show.`);
    const jobs = [...all]
      .filter(([jobId]) => wanted === undefined || jobId === wanted)
      .map(([jobId, { status, job }]) => {
        const { client, provider, budget, splitId, expiredAt } = job;
        return { jobId, status, client, provider, budget, splitId, expiredAt };
      });
    return {
      says: [
        jobs.length === 0 ? "There is no job yet." : `${jobs.length} job(s)`,
        {
          columns: ["job", "status", "client", "provider", "#budget OPEN", "until"],
          rows: jobs.map(({ jobId, status, client, provider, budget, expiredAt }) => [
            jobId,
            status,
            context.people.nameOf(client),
            context.people.nameOf(provider),
            openNumber(budget),
            time(expiredAt),
          ]),
        },
      ],
      result: { jobs },
    };
  },
};
