import { expect } from "chai";
import { concat, id, keccak256, toBeHex, ZeroHash, zeroPadValue } from "ethers";
import hre, { network } from "hardhat";

import { ContentTree } from "../../sdk/content.ts";
import { decodeJobLog, type Job, JOB_EVENTS, jobId, readJobs } from "../../sdk/job.ts";
import { bring, deployJobs, idOf, judgedJobOf, jobOf, type JobWorld, REASON, RECEIPT } from "../helpers/jobs.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;

const JOB: Job = {
  client: `0x${"c1".repeat(20)}`,
  provider: `0x${"70".repeat(20)}`,
  evaluator: `0x${"e7".repeat(20)}`,
  splitId: id("a split"),
  budget: 1_000n,
  expiredAt: 2_000_000_000n,
  acceptanceSeconds: 60n,
  evaluationSeconds: 120n,
  description: id("what is asked for"),
  salt: ZeroHash,
};
const ESCROW = `0x${"e5".repeat(20)}`;

const deployWorld = async (): Promise<JobWorld> => await deployJobs(connection);

/** All events of the escrow. */
async function eventsOf({ jobs }: JobWorld) {
  const logs = await ethers.provider.getLogs({ address: await jobs.getAddress(), fromBlock: 0 });
  return logs.map(decodeJobLog).filter((event) => event !== undefined);
}

describe("job", () => {
  it("has the hash of chain, contract and terms as its id", () => {
    const words = [
      toBeHex(31337n, 32),
      zeroPadValue(ESCROW, 32),
      ...[JOB.client, JOB.provider, JOB.evaluator].map((address) => zeroPadValue(address, 32)),
      JOB.splitId,
      ...[JOB.budget, JOB.expiredAt, JOB.acceptanceSeconds, JOB.evaluationSeconds].map((value) => toBeHex(value, 32)),
      JOB.description,
      JOB.salt,
    ];
    expect(jobId({ chainId: 31337n, escrow: ESCROW, job: JOB })).to.equal(keccak256(concat(words)));
  });

  it("has the id that the contract computes", async () => {
    const { jobs } = await networkHelpers.loadFixture(deployWorld);
    const escrow = await jobs.getAddress();
    expect(await jobs.jobIdOf(JOB)).to.equal(jobId({ chainId: 31337n, escrow, job: JOB }));
  });

  it("reads the events that the contract has, and no others", async () => {
    const { abi } = await hre.artifacts.readArtifact("JobEscrow");
    const { interface: contract } = await ethers.getContractAt(abi, ESCROW);
    const topics: string[] = [];
    contract.forEachEvent(({ topicHash }) => topics.push(topicHash));
    const readable: string[] = [];
    JOB_EVENTS.forEachEvent(({ topicHash }) => readable.push(topicHash));
    expect(readable).to.have.members(topics);
    const place = { address: ESCROW, blockNumber: 1, index: 0, transactionHash: id("transaction") };
    const foreign = { ...place, topics: [id("Else()")], data: "0x" };
    expect(decodeJobLog(foreign)).to.equal(undefined);
  });

  for (const status of ["funded", "submitted", "disputed", "completed", "rejected", "expired"] as const) {
    it(`is read from its events, whatever became of it (${status})`, async () => {
      const world = await networkHelpers.loadFixture(deployWorld);
      const job = judgedJobOf(world);
      await bring(world, job, status);
      const [...found] = readJobs(await eventsOf(world));
      const delivery = { deliverable: id("the output"), receiptHash: RECEIPT };
      expect(found).to.deep.equal([
        [
          await idOf(world, job),
          {
            job,
            status,
            ...(["submitted", "disputed", "completed", "rejected"].includes(status) ? { delivery } : {}),
            ...(["disputed", "rejected"].includes(status) ? { dispute: REASON } : {}),
            ...(["completed", "rejected"].includes(status) ? { reason: REASON } : {}),
          },
        ],
      ]);
    });
  }

  it("is told from others, with the content root of what was delivered, and where on the chain it was said", async () => {
    const world = await networkHelpers.loadFixture(deployWorld);
    const { jobs, provider } = world;
    const [first, second] = ["first", "second"].map((name) => jobOf(world, { salt: id(name) }));
    const { contentRoot } = ContentTree.from(new TextEncoder().encode("The answer is 42."));
    await bring(world, first, "funded");
    await bring(world, second, "funded");
    const receipt = await (await jobs.connect(provider).submit(second, contentRoot, RECEIPT)).wait();
    const events = await eventsOf(world);
    const states = readJobs(events);
    expect(states.get(await idOf(world, first))?.status).to.equal("funded");
    expect(states.get(await idOf(world, second))).to.deep.include({
      status: "completed",
      delivery: { deliverable: contentRoot, receiptHash: RECEIPT },
      reason: ZeroHash,
    });
    expect(events.at(-1)).to.include({ name: "JobCompleted", blockNumber: receipt?.blockNumber, amount: first.budget });
  });

  it("cannot be read from events that do not begin with its funding", () => {
    expect(() => readJobs([{ name: "JobExpired", jobId: ZeroHash, amount: 1n }])).to.throw(/before the job was funded/);
  });
});
