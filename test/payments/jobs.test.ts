import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { purposeNonce } from "../../sdk/authorization.ts";
import { type Job, JOB_STATUS, jobId, type JobStatus } from "../../sdk/job.ts";
import {
  ACCEPTANCE,
  bring,
  BUDGET,
  deployJobs,
  DELIVERABLE,
  escrowed,
  EVALUATION,
  idOf,
  judgedJobOf,
  jobOf,
  type JobWorld,
  REASON,
  RECEIPT,
  signJob,
  statusOf,
} from "../helpers/jobs.ts";
import { accountOf, drawAll } from "../helpers/shares.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const MAX_JOB_SECONDS = 365n * 86_400n;
const MAX_WINDOW_SECONDS = 30n * 86_400n;

const deployWorld = async (): Promise<JobWorld> => await deployJobs(connection);

/** Deploys to a chain of its own, where addresses are the same as on any other. */
async function escrowOn(chainId: number, job: Job) {
  const chain = await network.create({ override: { chainId } });
  const { jobs } = await deployJobs(chain);
  const [escrow, found] = [await jobs.getAddress(), await jobs.jobIdOf(job)];
  await chain.close();
  return { chainId: BigInt(chainId), escrow, found };
}

/** An argument of an event that is a job's terms. */
function terms(job: Job): (emitted: unknown[]) => boolean {
  const values: unknown[] = Object.values(job);
  return (emitted) => values.every((value, i) => emitted[i] === value);
}

describe("JobEscrow", () => {
  it("has an id for each job that depends on all of its terms", async () => {
    const world = await loadFixture(deployWorld);
    const { jobs, mallory } = world;
    const job = judgedJobOf(world);
    const ids = new Set([await jobs.jobIdOf(job)]);
    for (const [field, value] of Object.entries<bigint | string>({ ...job })) {
      const other =
        typeof value === "bigint" ? value + 1n : value.length === 42 ? mallory.address : id("something else");
      const changed = { ...job, [field]: other };
      expect(await jobs.jobIdOf(changed)).to.equal(await idOf(world, changed));
      ids.add(await jobs.jobIdOf(changed));
    }
    expect(ids.size).to.equal(11);
  });

  it("has other ids in another contract, and on another chain", async () => {
    const world = await loadFixture(deployWorld);
    const job = jobOf(world);
    const other = await ethers.deployContract("JobEscrow", [world.ledger]);
    expect(await other.jobIdOf(job)).to.equal(await idOf({ ...world, jobs: other }, job));
    expect(await other.jobIdOf(job)).to.not.equal(await world.jobs.jobIdOf(job));

    const chains = await Promise.all([1, 777].map(async (chainId) => await escrowOn(chainId, job)));
    const [here, there] = chains;
    expect(there.escrow).to.equal(here.escrow);
    for (const { chainId, escrow, found } of chains) expect(found).to.equal(jobId({ chainId, escrow, job }));
    expect(there.found).to.not.equal(here.found);
  });

  it("knows its ledger and its limits, and lets nobody but the ledger take tokens from it", async () => {
    const { jobs, ledger, token } = await loadFixture(deployWorld);
    expect(await jobs.ledger()).to.equal(ledger);
    expect(await jobs.MAX_JOB_SECONDS()).to.equal(MAX_JOB_SECONDS);
    expect(await jobs.MAX_WINDOW_SECONDS()).to.equal(MAX_WINDOW_SECONDS);
    expect(await token.allowance(jobs, ledger)).to.equal(ethers.MaxUint256);
  });

  describe("funding", () => {
    it("puts tokens of the client's wallet aside", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, token, client, provider } = world;
      const job = judgedJobOf(world);
      expect(await jobs.connect(client).fund.staticCall(job)).to.equal(await idOf(world, job));
      const funded = jobs.connect(client).fund(job);
      await expect(funded)
        .to.emit(jobs, "JobFunded")
        .withArgs(await idOf(world, job), client, provider, terms(job));
      await expect(funded).to.changeTokenBalances(ethers, token, [client, jobs, ledger], [-BUDGET, 0n, BUDGET]);
      expect(await escrowed(world)).to.equal(BUDGET);
      expect(await ledger.balanceOf(accountOf(client))).to.equal(10_000n);
      expect(await jobs.jobOf(await idOf(world, job))).to.deep.equal([1n, 0n]);
    });

    it("puts balance of the client's account aside, and moves no tokens", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, token, client, provider } = world;
      const job = jobOf(world);
      expect(await jobs.connect(client).fundFromBalance.staticCall(job, 0n)).to.equal(await idOf(world, job));
      const funded = jobs.connect(client).fundFromBalance(job, 0n);
      await expect(funded)
        .to.emit(jobs, "JobFunded")
        .withArgs(await idOf(world, job), client, provider, terms(job));
      await expect(funded).to.changeTokenBalances(ethers, token, [client, jobs, ledger], [0n, 0n, 0n]);
      expect(await escrowed(world)).to.equal(BUDGET);
      expect(await ledger.balanceOf(accountOf(client))).to.equal(10_000n - BUDGET);
      expect(await statusOf(world, job)).to.equal("funded");
    });

    it("puts balance of one of the client's sub-accounts aside", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, client } = world;
      await ledger.connect(client).transferBalance(0n, accountOf(client, 7n), 3_000n);
      await ledger.connect(client).approveSpender(7n, jobs, BUDGET);
      await jobs.connect(client).fundFromBalance(jobOf(world), 7n);
      expect(await ledger.balanceOf(accountOf(client, 7n))).to.equal(3_000n - BUDGET);
      expect(await ledger.balanceOf(accountOf(client))).to.equal(7_000n);
      expect(await ledger.allowance(accountOf(client, 7n), jobs)).to.equal(0n);
    });

    it("puts tokens aside that the client signed away, whoever submits that", async () => {
      for (const who of ["client", "provider", "mallory"] as const) {
        const world = await loadFixture(deployWorld);
        const { jobs, ledger, token, client, provider } = world;
        const job = jobOf(world);
        const authorization = await signJob({ world, job });
        const submitter = jobs.connect(world[who]);
        expect(await submitter.fundWithAuthorization.staticCall(job, authorization)).to.equal(await idOf(world, job));
        const funded = submitter.fundWithAuthorization(job, authorization);
        await expect(funded)
          .to.emit(jobs, "JobFunded")
          .withArgs(await idOf(world, job), client, provider, terms(job));
        await expect(funded)
          .to.emit(token, "AuthorizationUsed")
          .withArgs(client, purposeNonce(await idOf(world, job), authorization.salt));
        await expect(funded).to.changeTokenBalances(ethers, token, [client, jobs, ledger], [-BUDGET, 0n, BUDGET]);
        expect(await escrowed(world)).to.equal(BUDGET);
      }
    });

    describe("when the caller is not the client", () => {
      it("reverts, from the wallet and from balance", async () => {
        const world = await loadFixture(deployWorld);
        const { jobs, provider, mallory } = world;
        const job = jobOf(world);
        for (const caller of [provider, mallory]) {
          for (const call of [jobs.connect(caller).fund(job), jobs.connect(caller).fundFromBalance(job, 0n)]) {
            await expect(call)
              .to.be.revertedWithCustomError(jobs, "JobEscrow_NotAllowed")
              .withArgs(await idOf(world, job), caller);
          }
        }
      });
    });

    describe("when the client has not approved the escrow", () => {
      it("reverts with the token's error about the wallet", async () => {
        const world = await loadFixture(deployWorld);
        const { jobs, token, client } = world;
        await token.connect(client).approve(jobs, BUDGET - 1n);
        await expect(jobs.connect(client).fund(jobOf(world)))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientAllowance")
          .withArgs(jobs, BUDGET - 1n, BUDGET);
      });

      it("reverts with the ledger's error about the account", async () => {
        const world = await loadFixture(deployWorld);
        const { jobs, ledger, client } = world;
        await expect(jobs.connect(client).fundFromBalance(jobOf(world), 7n))
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientAllowance")
          .withArgs(accountOf(client, 7n), jobs, 0n, BUDGET);
      });
    });

    describe("when the client does not have the money", () => {
      it("reverts with the token's or the ledger's error", async () => {
        const world = await loadFixture(deployWorld);
        const { jobs, ledger, token, client } = world;
        const job = jobOf(world, { budget: 100_001n });
        await expect(jobs.connect(client).fund(job))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
          .withArgs(client, 100_000n, 100_001n);
        await expect(jobs.connect(client).fundFromBalance(job, 0n))
          .to.be.revertedWithCustomError(ledger, "AttributionLedger_InsufficientBalance")
          .withArgs(accountOf(client), 10_000n, 100_001n);
        await expect(jobs.fundWithAuthorization(job, await signJob({ world, job })))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
          .withArgs(client, 100_000n, 100_001n);
        expect(await statusOf(world, job)).to.equal("open");
      });
    });

    describe("when the client signed for something else", () => {
      const changes: [string, (world: JobWorld) => Partial<Job>][] = [
        ["client", ({ mallory }) => ({ client: mallory.address })],
        ["provider", ({ mallory }) => ({ provider: mallory.address })],
        ["evaluator", ({ mallory }) => ({ evaluator: mallory.address })],
        ["splitId", () => ({ splitId: id("another split") })],
        ["budget", () => ({ budget: BUDGET + 1n })],
        ["expiredAt", ({ expiredAt }) => ({ expiredAt: expiredAt + 1n })],
        ["acceptanceSeconds", () => ({ acceptanceSeconds: ACCEPTANCE - 1n })],
        ["evaluationSeconds", () => ({ evaluationSeconds: EVALUATION - 1n })],
        ["description", () => ({ description: ZeroHash })],
        ["salt", () => ({ salt: ZeroHash })],
      ];
      for (const [field, change] of changes) {
        it(`reverts (${field})`, async () => {
          const world = await loadFixture(deployWorld);
          const signed = judgedJobOf(world);
          const authorization = await signJob({ world, job: signed });
          await expect(
            world.jobs.fundWithAuthorization({ ...signed, ...change(world) }, authorization),
          ).to.be.revertedWithCustomError(world.token, "ERC3009InvalidSignature");
        });
      }

      it("reverts (the authorization's salt, its times, the chain)", async () => {
        const world = await loadFixture(deployWorld);
        const job = jobOf(world);
        const authorization = await signJob({ world, job });
        for (const changed of [
          { ...authorization, salt: ZeroHash },
          { ...authorization, validAfter: 1n },
          { ...authorization, validBefore: authorization.validBefore + 1n },
          await signJob({ world, job, domain: { chainId: 1n } }),
          await signJob({ world, job, signer: world.mallory }),
        ]) {
          await expect(world.jobs.fundWithAuthorization(job, changed)).to.be.revertedWithCustomError(
            world.token,
            "ERC3009InvalidSignature",
          );
        }
      });
    });

    describe("when the authorization has been used", () => {
      it("cannot be used again: the job is there already", async () => {
        const world = await loadFixture(deployWorld);
        const job = jobOf(world);
        const authorization = await signJob({ world, job });
        await world.jobs.fundWithAuthorization(job, authorization);
        await expect(world.jobs.fundWithAuthorization(job, authorization))
          .to.be.revertedWithCustomError(world.jobs, "JobEscrow_WrongStatus")
          .withArgs(await idOf(world, job), 1n);
      });
    });

    describe("when the token does not deliver what it should", () => {
      it("reverts with a token that keeps a part, from the wallet and by authorization", async () => {
        const world = await loadFixture(deployWorld);
        const token = await ethers.deployContract("FeeAuthorizationToken");
        const ledger = await ethers.deployContract("AttributionLedger", [token]);
        const jobs = await ethers.deployContract("JobEscrow", [ledger]);
        await token.mint(world.client, BUDGET);
        await token.connect(world.client).approve(jobs, BUDGET);
        const job = jobOf(world);
        const authorization = await signJob({ world: { ...world, token, jobs }, job });
        for (const call of [jobs.connect(world.client).fund(job), jobs.fundWithAuthorization(job, authorization)]) {
          await expect(call)
            .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
            .withArgs(jobs, BUDGET - BUDGET / 100n, BUDGET);
        }
      });

      it("reverts with a token that says nothing to what it does not know", async () => {
        const world = await loadFixture(deployWorld);
        const token = await ethers.deployContract("SilentFallbackToken");
        const ledger = await ethers.deployContract("AttributionLedger", [token]);
        const jobs = await ethers.deployContract("JobEscrow", [ledger]);
        const made = { validAfter: 0n, validBefore: 2n ** 40n, salt: ZeroHash, v: 27, r: ZeroHash, s: ZeroHash };
        await expect(jobs.fundWithAuthorization(jobOf(world), made))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
          .withArgs(jobs, 0n, BUDGET);
      });
    });

    describe("when the terms are not allowed", () => {
      it("reverts without a budget", async () => {
        const world = await loadFixture(deployWorld);
        await expectRefused(world, jobOf(world, { budget: 0n }), "JobEscrow_NoBudget", () => []);
      });

      it("reverts from the second on at which the job expires", async () => {
        const world = await loadFixture(deployWorld);
        const now = BigInt(await time.latest()) + 100n;
        const job = jobOf(world, { expiredAt: now });
        await time.setNextBlockTimestamp(now);
        await expect(world.jobs.connect(world.client).fund(job))
          .to.be.revertedWithCustomError(world.jobs, "JobEscrow_TooLate")
          .withArgs(await idOf(world, job), now, now);
        const later = jobOf(world, { expiredAt: now + 2n });
        await time.setNextBlockTimestamp(now + 1n);
        await world.jobs.connect(world.client).fund(later);
      });

      it("reverts when the job is to last longer than a year, and not when it is to last a year", async () => {
        const world = await loadFixture(deployWorld);
        const now = BigInt(await time.latest()) + 100n;
        await time.setNextBlockTimestamp(now);
        await expect(world.jobs.connect(world.client).fund(jobOf(world, { expiredAt: now + MAX_JOB_SECONDS + 1n })))
          .to.be.revertedWithCustomError(world.jobs, "JobEscrow_BadTime")
          .withArgs(now + MAX_JOB_SECONDS + 1n, now + MAX_JOB_SECONDS);
        await time.setNextBlockTimestamp(now + 1n);
        const job = jobOf(world, { expiredAt: now + MAX_JOB_SECONDS + 1n });
        await world.jobs.connect(world.client).fund(job);
        expect(await statusOf(world, job)).to.equal("funded");
      });

      it("reverts when a window is longer than thirty days, and not when it is thirty days", async () => {
        const world = await loadFixture(deployWorld);
        for (const field of ["acceptanceSeconds", "evaluationSeconds"]) {
          for (const tooLong of [MAX_WINDOW_SECONDS + 1n, 2n ** 256n - 1n]) {
            await expectRefused(world, judgedJobOf(world, { [field]: tooLong }), "JobEscrow_BadTime", () => [
              tooLong,
              MAX_WINDOW_SECONDS,
            ]);
          }
          const job = judgedJobOf(world, { [field]: MAX_WINDOW_SECONDS });
          await world.jobs.connect(world.client).fund(job);
          expect(await statusOf(world, job)).to.equal("funded");
        }
      });

      it("reverts when an evaluator would have less than an hour, and not when it has an hour", async () => {
        const world = await loadFixture(deployWorld);
        const hour = await world.jobs.MIN_EVALUATION_SECONDS();
        expect(hour).to.equal(3_600n);
        const short = judgedJobOf(world, { evaluationSeconds: hour - 1n });
        await expectRefused(world, short, "JobEscrow_ShortEvaluation", () => [hour - 1n, hour]);
        await world.jobs.connect(world.client).fund(judgedJobOf(world, { evaluationSeconds: hour }));
      });

      const windows: [string, boolean, bigint, bigint][] = [
        ["an evaluator without windows", true, 0n, 0n],
        ["an evaluator without an acceptance window", true, 0n, EVALUATION],
        ["an evaluator without an evaluation window", true, ACCEPTANCE, 0n],
        ["windows without an evaluator", false, ACCEPTANCE, EVALUATION],
        ["an acceptance window without an evaluator", false, ACCEPTANCE, 0n],
        ["an evaluation window without an evaluator", false, 0n, EVALUATION],
      ];
      for (const [what, judged, acceptanceSeconds, evaluationSeconds] of windows) {
        it(`reverts with ${what}`, async () => {
          const world = await loadFixture(deployWorld);
          const evaluator = judged ? world.evaluator.address : ZeroAddress;
          const job = jobOf(world, { evaluator, acceptanceSeconds, evaluationSeconds });
          await expectRefused(world, job, "JobEscrow_BadWindows", () => [
            evaluator,
            acceptanceSeconds,
            evaluationSeconds,
          ]);
        });
      }

      /** By all three ways of funding. */
      async function expectRefused(world: JobWorld, job: Job, error: string, args: () => unknown[]): Promise<void> {
        const { jobs, client } = world;
        for (const call of [
          jobs.connect(client).fund(job),
          jobs.connect(client).fundFromBalance(job, 0n),
          jobs.fundWithAuthorization(job, await signJob({ world, job })),
        ]) {
          const refused = expect(call).to.be.revertedWithCustomError(jobs, error);
          await (args().length === 0 ? refused : refused.withArgs(...args()));
        }
      }
    });
  });

  describe("delivering a job without windows", () => {
    it("pays the split at once, with the receipt as memo", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, token, provider, split } = world;
      const job = jobOf(world);
      await bring(world, job, "funded");
      const jobsAccount = accountOf({ address: await jobs.getAddress() });
      const submitted = jobs.connect(provider).submit(job, DELIVERABLE, RECEIPT);
      await expect(submitted)
        .to.emit(jobs, "JobSubmitted")
        .withArgs(await idOf(world, job), DELIVERABLE, RECEIPT);
      await expect(submitted)
        .to.emit(jobs, "JobCompleted")
        .withArgs(await idOf(world, job), split.id, BUDGET, ZeroHash);
      await expect(submitted).to.emit(ledger, "PaidFromBalance").withArgs(split.id, jobsAccount, BUDGET, 1n, RECEIPT);
      await expect(submitted).to.changeTokenBalances(ethers, token, [provider, ledger, jobs], [0n, 0n, 0n]);
      expect(await ledger.received(split.id)).to.deep.equal([BUDGET, 1n, BigInt(await time.latest())]);
      expect(await escrowed(world)).to.equal(0n);
      expect(await jobs.jobOf(await idOf(world, job))).to.deep.equal([4n, 0n]);
    });

    it("reaches the contributors behind the split", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, token, provider, alice, bob, split } = world;
      const job = jobOf(world);
      await bring(world, job, "funded");
      await jobs.connect(provider).submit(job, DELIVERABLE, RECEIPT);
      await expect(ledger.payOut(drawAll(split))).to.changeTokenBalances(ethers, token, [alice, bob], [750n, 250n]);
    });

    for (const [when, offset, good] of [
      ["in the last second before it expires", -1n, true],
      ["in the second in which it expires", 0n, false],
      ["a second after that", 1n, false],
    ] as const) {
      it(`${good ? "pays" : "reverts"} ${when}`, async () => {
        const world = await loadFixture(deployWorld);
        const { jobs, provider, expiredAt } = world;
        const job = jobOf(world);
        await bring(world, job, "funded");
        await time.setNextBlockTimestamp(expiredAt + offset);
        const submitted = jobs.connect(provider).submit(job, DELIVERABLE, RECEIPT);
        if (good) {
          await expect(submitted).to.emit(jobs, "JobCompleted");
        } else {
          await expect(submitted)
            .to.be.revertedWithCustomError(jobs, "JobEscrow_TooLate")
            .withArgs(await idOf(world, job), expiredAt, expiredAt + offset);
        }
      });
    }
  });

  describe("delivering a job that can be disputed", () => {
    it("opens the acceptance window, and pays nothing yet", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, provider, split } = world;
      const job = judgedJobOf(world);
      await bring(world, job, "funded");
      const submitted = jobs.connect(provider).submit(job, DELIVERABLE, RECEIPT);
      await expect(submitted)
        .to.emit(jobs, "JobSubmitted")
        .withArgs(await idOf(world, job), DELIVERABLE, RECEIPT);
      await expect(submitted).to.not.emit(jobs, "JobCompleted");
      expect(await ledger.received(split.id)).to.deep.equal([0n, 0n, 0n]);
      expect(await escrowed(world)).to.equal(BUDGET);
      const deadline = BigInt(await time.latest()) + ACCEPTANCE;
      expect(await jobs.jobOf(await idOf(world, job))).to.deep.equal([2n, deadline]);
    });

    it("may be done up to the last second before it expires, with the windows after that", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, client, provider, evaluator, expiredAt } = world;
      const job = judgedJobOf(world);
      await bring(world, job, "funded");
      await time.setNextBlockTimestamp(expiredAt - 1n);
      await jobs.connect(provider).submit(job, DELIVERABLE, RECEIPT);
      await time.setNextBlockTimestamp(expiredAt + ACCEPTANCE - 2n);
      await jobs.connect(client).dispute(job, REASON);
      await time.setNextBlockTimestamp(expiredAt + ACCEPTANCE + EVALUATION - 3n);
      await jobs.connect(evaluator).complete(job, REASON);
      expect(await statusOf(world, job)).to.equal("completed");
    });
  });

  describe("disputing", () => {
    it("opens the evaluation window", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, client } = world;
      const job = judgedJobOf(world);
      await bring(world, job, "submitted");
      await expect(jobs.connect(client).dispute(job, REASON))
        .to.emit(jobs, "JobDisputed")
        .withArgs(await idOf(world, job), REASON);
      const deadline = BigInt(await time.latest()) + EVALUATION;
      expect(await jobs.jobOf(await idOf(world, job))).to.deep.equal([3n, deadline]);
      expect(await escrowed(world)).to.equal(BUDGET);
    });

    for (const [when, offset, good] of [
      ["in the last second of the acceptance window", -1n, true],
      ["when the acceptance window is over", 0n, false],
      ["a second later", 1n, false],
    ] as const) {
      it(`${good ? "is possible" : "reverts"} ${when}`, async () => {
        const world = await loadFixture(deployWorld);
        const { jobs, client } = world;
        const job = judgedJobOf(world);
        await bring(world, job, "submitted");
        const deadline = BigInt(await time.latest()) + ACCEPTANCE;
        await time.setNextBlockTimestamp(deadline + offset);
        const disputed = jobs.connect(client).dispute(job, REASON);
        if (good) {
          await expect(disputed).to.emit(jobs, "JobDisputed");
        } else {
          await expect(disputed)
            .to.be.revertedWithCustomError(jobs, "JobEscrow_TooLate")
            .withArgs(await idOf(world, job), deadline, deadline + offset);
        }
      });
    }
  });

  describe("completing", () => {
    const expectPaid = async (world: JobWorld, job: Job, completed: Promise<unknown>): Promise<void> => {
      const { jobs, ledger, split } = world;
      const jobsAccount = accountOf({ address: await jobs.getAddress() });
      await expect(completed)
        .to.emit(jobs, "JobCompleted")
        .withArgs(await idOf(world, job), split.id, BUDGET, REASON);
      await expect(completed).to.emit(ledger, "PaidFromBalance").withArgs(split.id, jobsAccount, BUDGET, 1n, RECEIPT);
      expect((await ledger.received(split.id))[0]).to.equal(BUDGET);
      expect(await escrowed(world)).to.equal(0n);
      expect(await statusOf(world, job)).to.equal("completed");
    };

    for (const [when, wait] of [
      ["at once", 1n],
      ["long after the window", 10n * ACCEPTANCE],
    ] as const) {
      it(`pays a delivery that the client accepts ${when}`, async () => {
        const world = await loadFixture(deployWorld);
        const job = judgedJobOf(world);
        await bring(world, job, "submitted");
        await time.increase(wait);
        await expectPaid(world, job, world.jobs.connect(world.client).complete(job, REASON));
      });
    }

    for (const who of ["provider", "evaluator", "mallory"] as const) {
      it(`pays a delivery that nobody disputed in time (${who}), not a second sooner`, async () => {
        const world = await loadFixture(deployWorld);
        const job = judgedJobOf(world);
        await bring(world, job, "submitted");
        const deadline = BigInt(await time.latest()) + ACCEPTANCE;
        await time.setNextBlockTimestamp(deadline - 1n);
        await expect(world.jobs.connect(world[who]).complete(job, REASON))
          .to.be.revertedWithCustomError(world.jobs, "JobEscrow_TooEarly")
          .withArgs(await idOf(world, job), deadline, deadline - 1n);
        await time.setNextBlockTimestamp(deadline);
        await expectPaid(world, job, world.jobs.connect(world[who]).complete(job, REASON));
      });
    }

    it("pays what the evaluator decides for, up to the last second of its window", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, evaluator } = world;
      const job = judgedJobOf(world);
      await bring(world, job, "disputed");
      const deadline = BigInt(await time.latest()) + EVALUATION;
      await time.setNextBlockTimestamp(deadline - 1n);
      await expectPaid(world, job, jobs.connect(evaluator).complete(job, REASON));
    });
  });

  describe("rejecting", () => {
    const expectRefunded = async (world: JobWorld, job: Job, rejected: Promise<unknown>): Promise<void> => {
      const { jobs, ledger, token, client } = world;
      await rejected;
      await expect(rejected)
        .to.emit(jobs, "JobRejected")
        .withArgs(await idOf(world, job), BUDGET, REASON);
      await expect(rejected).to.changeTokenBalances(ethers, token, [client, jobs, ledger], [0n, 0n, 0n]);
      expect(await ledger.balanceOf(accountOf(client))).to.equal(10_000n + BUDGET);
      expect(await escrowed(world)).to.equal(0n);
      expect(await statusOf(world, job)).to.equal("rejected");
      await expect(ledger.connect(client).withdraw(0n, BUDGET, client)).to.changeTokenBalances(
        ethers,
        token,
        [client],
        [BUDGET],
      );
    };

    for (const [when, wait] of [
      ["at once", 1n],
      ["after it has expired", 100_000n],
    ] as const) {
      it(`refunds in full what the provider does not want (${when})`, async () => {
        const world = await loadFixture(deployWorld);
        const job = jobOf(world);
        await bring(world, job, "funded");
        await time.increase(wait);
        await expectRefunded(world, job, world.jobs.connect(world.provider).reject(job, REASON));
      });
    }

    it("refunds in full what the evaluator decides against, up to the last second of its window", async () => {
      const world = await loadFixture(deployWorld);
      const job = judgedJobOf(world);
      await bring(world, job, "disputed");
      const deadline = BigInt(await time.latest()) + EVALUATION;
      await time.setNextBlockTimestamp(deadline - 1n);
      await expectRefunded(world, job, world.jobs.connect(world.evaluator).reject(job, REASON));
    });
  });

  describe("when the evaluator has let its window pass", () => {
    it("can no longer decide, either way", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, evaluator } = world;
      const job = judgedJobOf(world);
      await bring(world, job, "disputed");
      const deadline = BigInt(await time.latest()) + EVALUATION;
      for (const [i, call] of (["complete", "reject"] as const).entries()) {
        await time.setNextBlockTimestamp(deadline + BigInt(i));
        await expect(jobs.connect(evaluator)[call](job, REASON))
          .to.be.revertedWithCustomError(jobs, "JobEscrow_TooLate")
          .withArgs(await idOf(world, job), deadline, deadline + BigInt(i));
      }
    });
  });

  describe("claiming a refund", () => {
    for (const who of ["client", "provider", "evaluator", "mallory"] as const) {
      for (const status of ["funded", "disputed"] as const) {
        it(`gives the client all of it back, whoever asks (${who}, ${status}), not a second too soon`, async () => {
          const world = await loadFixture(deployWorld);
          const { jobs, ledger, token, client, expiredAt } = world;
          const job = judgedJobOf(world);
          await bring(world, job, status);
          const deadline = status === "funded" ? expiredAt : BigInt(await time.latest()) + EVALUATION;
          await time.setNextBlockTimestamp(deadline - 1n);
          await expect(jobs.connect(world[who]).claimRefund(job))
            .to.be.revertedWithCustomError(jobs, "JobEscrow_TooEarly")
            .withArgs(await idOf(world, job), deadline, deadline - 1n);
          await time.setNextBlockTimestamp(deadline);
          const refunded = jobs.connect(world[who]).claimRefund(job);
          await expect(refunded)
            .to.emit(jobs, "JobExpired")
            .withArgs(await idOf(world, job), BUDGET);
          await expect(refunded).to.changeTokenBalances(ethers, token, [client, world[who], ledger], [0n, 0n, 0n]);
          expect(await ledger.balanceOf(accountOf(client))).to.equal(10_000n + BUDGET);
          expect(await escrowed(world)).to.equal(0n);
          expect(await statusOf(world, job)).to.equal("expired");
        });
      }
    }
  });

  describe("several jobs at once", () => {
    it("keep their money and their states apart", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, client, provider, split } = world;
      const list = [1n, 20n, 300n].map((budget, i) => judgedJobOf(world, { budget, salt: id(`job ${i}`) }));
      for (const job of list) await bring(world, job, "funded");
      expect(await escrowed(world)).to.equal(321n);
      await jobs.connect(provider).reject(list[1], REASON);
      expect(await escrowed(world)).to.equal(301n);
      await jobs.connect(provider).submit(list[2], DELIVERABLE, RECEIPT);
      await jobs.connect(client).complete(list[2], REASON);
      expect(await escrowed(world)).to.equal(1n);
      expect((await ledger.received(split.id))[0]).to.equal(300n);
      expect(await Promise.all(list.map(async (job) => await statusOf(world, job)))).to.deep.equal([
        "funded",
        "rejected",
        "completed",
      ]);
    });
  });

  describe("with an unusual cast", () => {
    it("lets a client be its own provider and its own evaluator", async () => {
      const world = await loadFixture(deployWorld);
      const { jobs, ledger, client, split } = world;
      const { address } = client;
      const job = judgedJobOf(world, { provider: address, evaluator: address });
      await jobs.connect(client).fund(job);
      await jobs.connect(client).submit(job, DELIVERABLE, RECEIPT);
      await jobs.connect(client).dispute(job, REASON);
      await jobs.connect(client).complete(job, REASON);
      expect((await ledger.received(split.id))[0]).to.equal(BUDGET);
    });

    it("refunds a job without a provider once it has expired", async () => {
      const world = await loadFixture(deployWorld);
      const job = jobOf(world, { provider: ZeroAddress });
      await bring(world, job, "expired");
      expect(await world.ledger.balanceOf(accountOf(world.client))).to.equal(10_000n + BUDGET);
    });
  });

  describe("what cannot be done", () => {
    type Caller = "client" | "provider" | "evaluator" | "mallory";
    type Action =
      | "fund"
      | "fundFromBalance"
      | "fundWithAuthorization"
      | "submit"
      | "dispute"
      | "complete"
      | "reject"
      | "claimRefund";

    const CALLERS: readonly Caller[] = ["client", "provider", "evaluator", "mallory"];
    const EVERYBODY = CALLERS;

    const ACTIONS: Record<Action, (world: JobWorld, job: Job, caller: HardhatEthersSigner) => Promise<unknown>> = {
      fund: async ({ jobs }, job, caller) => await jobs.connect(caller).fund(job),
      fundFromBalance: async ({ jobs }, job, caller) => await jobs.connect(caller).fundFromBalance(job, 0n),
      fundWithAuthorization: async (world, job, caller) =>
        await world.jobs.connect(caller).fundWithAuthorization(job, await signJob({ world, job })),
      submit: async ({ jobs }, job, caller) => await jobs.connect(caller).submit(job, DELIVERABLE, RECEIPT),
      dispute: async ({ jobs }, job, caller) => await jobs.connect(caller).dispute(job, REASON),
      complete: async ({ jobs }, job, caller) => await jobs.connect(caller).complete(job, REASON),
      reject: async ({ jobs }, job, caller) => await jobs.connect(caller).reject(job, REASON),
      claimRefund: async ({ jobs }, job, caller) => await jobs.connect(caller).claimRefund(job),
    };

    /** Who may do what in which status, while no time passes. */
    const ALLOWED: Partial<Record<JobStatus, Partial<Record<Action, readonly Caller[]>>>> = {
      open: { fund: ["client"], fundFromBalance: ["client"], fundWithAuthorization: EVERYBODY },
      funded: { submit: ["provider"], reject: ["provider"] },
      submitted: { dispute: ["client"], complete: ["client"] },
      disputed: { complete: ["evaluator"], reject: ["evaluator"] },
    };

    /** Whom a function asks for before it looks at the status. */
    const ONLY: Partial<Record<Action, Caller>> = {
      fund: "client",
      fundFromBalance: "client",
      submit: "provider",
      dispute: "client",
    };

    /** The error of everything that is not allowed. */
    function refusalOf(status: JobStatus, action: Action, caller: Caller): string {
      if (ONLY[action] !== undefined && ONLY[action] !== caller) return "JobEscrow_NotAllowed";
      if (action === "reject" && (status === "funded" || status === "disputed")) return "JobEscrow_NotAllowed";
      if (action === "complete" && status === "disputed") return "JobEscrow_NotAllowed";
      if (action === "complete" && status === "submitted") return "JobEscrow_TooEarly";
      if (action === "claimRefund" && (status === "funded" || status === "disputed")) return "JobEscrow_TooEarly";
      return "JobEscrow_WrongStatus";
    }

    for (const status of JOB_STATUS) {
      it(`when a job is ${status}: everything but what its table allows`, async () => {
        const world = await loadFixture(deployWorld);
        const { jobs } = world;
        const job = judgedJobOf(world, { salt: id(status) });
        await bring(world, job, status);
        const jobsId = await idOf(world, job);
        const state = await jobs.jobOf(jobsId);
        const money = await escrowed(world);
        const here = await networkHelpers.takeSnapshot();
        for (const action of Object.keys(ACTIONS) as Action[]) {
          for (const caller of CALLERS) {
            const tried = ACTIONS[action](world, job, world[caller]);
            if (ALLOWED[status]?.[action]?.includes(caller) === true) {
              await tried;
              await here.restore();
              continue;
            }
            const error = refusalOf(status, action, caller);
            const refused = expect(tried, `${action} by ${caller}`).to.be.revertedWithCustomError(jobs, error);
            if (error === "JobEscrow_NotAllowed") await refused.withArgs(jobsId, world[caller]);
            else if (error === "JobEscrow_WrongStatus") await refused.withArgs(jobsId, state.status);
            else await refused;
          }
        }
        expect(await jobs.jobOf(jobsId)).to.deep.equal(state);
        expect(await escrowed(world)).to.equal(money);
      });
    }

    it("when a job has ended: time does not bring it back", async () => {
      for (const status of ["completed", "rejected", "expired"] as const) {
        const world = await loadFixture(deployWorld);
        const job = judgedJobOf(world);
        await bring(world, job, status);
        await time.increase(MAX_JOB_SECONDS);
        for (const action of Object.keys(ACTIONS) as Action[]) {
          for (const caller of CALLERS) {
            await expect(ACTIONS[action](world, job, world[caller])).to.be.revertedWithCustomError(
              world.jobs,
              refusalOf(status, action, caller),
            );
          }
        }
      }
    });
  });
});
