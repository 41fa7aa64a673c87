import { expect } from "chai";
import { id, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";

import { purposeNonce, signAuthorization, domainOf } from "../../sdk/authorization.ts";
import type { Job } from "../../sdk/job.ts";
import type { JobEscrow } from "../../typechain-types/index.ts";
import { FAR, signPayment } from "../helpers/authorizations.ts";
import {
  ACCEPTANCE,
  bring,
  BUDGET,
  deployJobs,
  DELIVERABLE,
  escrowed,
  EVALUATION,
  judgedJobOf,
  jobOf,
  type JobWorld,
  REASON,
  RECEIPT,
  statusOf,
} from "../helpers/jobs.ts";
import { accountOf } from "../helpers/shares.ts";
import { worksOn } from "../helpers/twins.ts";
import { aboutJob, itStands, OTHER_BUDGET } from "./jobAttack.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const FUNDED = 1n;
const SUBMITTED = 2n;
const COMPLETED = 4n;
const REJECTED = 5n;
const EXPIRED = 6n;

const deployPlain = async (): Promise<JobWorld> => await deployJobs(connection);

/** What the client has in its account to begin with. */
const BALANCE = 10_000n;

const notAllowed = (who: "client" | "provider" | "evaluator" | "mallory") => ({
  error: "JobEscrow_NotAllowed",
  args: aboutJob((world) => [world[who]]),
});
const wrongStatus = (status: bigint) => ({ error: "JobEscrow_WrongStatus", args: aboutJob(() => [status]) });

const received = async ({ ledger, split }: JobWorld): Promise<bigint> => (await ledger.received(split.id))[0];
const isPaid = async (world: JobWorld): Promise<boolean> => (await received(world)) === BUDGET;
const isPaidTwice = async (world: JobWorld): Promise<boolean> => (await received(world)) === 2n * BUDGET;
const isRefunded = async ({ ledger, client }: JobWorld): Promise<boolean> =>
  (await ledger.balanceOf(accountOf(client))) === BALANCE + BUDGET;
/** The escrow has less than another job put aside. */
const isShort = async (world: JobWorld): Promise<boolean> => (await escrowed(world)) < OTHER_BUDGET;

describe("Attacks on jobs: providers", () => {
  itStands({
    name: "a stranger delivers in the provider's place",
    twin: "JobEscrow_AnyoneSubmits",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await world.jobs.connect(world.mallory).submit(job, id("garbage"), ZeroHash);
    },
    refusal: notAllowed("mallory"),
    hasWorked: isPaid,
  });

  itStands({
    name: "a provider has itself paid without having delivered",
    twin: "JobEscrow_PaysUndelivered",
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await world.jobs.connect(world.provider).complete(job, REASON);
    },
    refusal: wrongStatus(FUNDED),
    hasWorked: isPaid,
  });

  itStands({
    name: "a provider delivers twice, the second time out of another job's money",
    twin: "JobEscrow_SubmitsAgain",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "funded");
      for (let i = 0; i < 2; i++) await world.jobs.connect(world.provider).submit(job, DELIVERABLE, RECEIPT);
    },
    refusal: wrongStatus(COMPLETED),
    hasWorked: async (world) => (await isPaidTwice(world)) && (await isShort(world)),
  });

  itStands({
    name: "a provider delivers something else when the client is about to dispute",
    twin: "JobEscrow_SubmitsAgain",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      await time.increase(ACCEPTANCE - 10n);
      await world.jobs.connect(world.provider).submit(job, id("something else"), RECEIPT);
    },
    refusal: wrongStatus(SUBMITTED),
    hasWorked: async ({ jobs }, job) => {
      const { deadline } = await jobs.jobOf(await jobs.jobIdOf(job));
      return deadline > BigInt(await time.latest()) + ACCEPTANCE / 2n;
    },
  });

  itStands({
    name: "a provider delivers after the job has expired, before anybody has asked for the refund",
    twin: "JobEscrow_NoExpiry",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await time.setNextBlockTimestamp(world.expiredAt);
      await world.jobs.connect(world.provider).submit(job, DELIVERABLE, RECEIPT);
    },
    refusal: {
      error: "JobEscrow_TooLate",
      args: aboutJob(({ expiredAt }) => [expiredAt, expiredAt]),
    },
    hasWorked: isPaid,
  });

  itStands({
    name: "a provider delivers what it has turned down",
    twin: "JobEscrow_SubmitsAgain",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await world.jobs.connect(world.provider).reject(job, REASON);
      await world.jobs.connect(world.provider).submit(job, DELIVERABLE, RECEIPT);
    },
    refusal: wrongStatus(REJECTED),
    hasWorked: async (world) => (await isPaid(world)) && (await isShort(world)),
  });

  itStands({
    name: "a provider has itself paid before the client's time is over",
    twin: "JobEscrow_CompletesEarly",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      await world.jobs.connect(world.provider).complete(job, REASON);
    },
    refusal: { error: "JobEscrow_TooEarly" },
    hasWorked: isPaid,
  });

  itStands({
    name: "a provider rules on the dispute about its own delivery",
    twin: "JobEscrow_AnyoneRules",
    attack: async (world, job) => {
      await bring(world, job, "disputed");
      await world.jobs.connect(world.provider).complete(job, REASON);
    },
    refusal: notAllowed("provider"),
    hasWorked: isPaid,
  });

  itStands({
    name: "a provider asks for a job with so long a window that it lies in the past",
    twin: "JobEscrow_NoWindowLimit",
    job: (world) => judgedJobOf(world, { acceptanceSeconds: 2n ** 48n - 1_000n }),
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      await world.jobs.connect(world.provider).complete(job, REASON);
    },
    refusal: { error: "JobEscrow_BadTime", args: async () => [2n ** 48n - 1_000n, 30n * 86_400n] },
    hasWorked: isPaid,
  });
});

describe("Attacks on jobs: money that moves twice", () => {
  itStands({
    name: "a delivery is paid twice",
    twin: "JobEscrow_ForgetsCompletion",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      for (let i = 0; i < 2; i++) await world.jobs.connect(world.client).complete(job, REASON);
    },
    refusal: wrongStatus(COMPLETED),
    hasWorked: async (world) => (await isPaidTwice(world)) && (await isShort(world)),
  });

  itStands({
    name: "a client has a job refunded that has been paid",
    twin: "JobEscrow_ForgetsCompletion",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await world.jobs.connect(world.provider).submit(job, DELIVERABLE, RECEIPT);
      await time.increaseTo(world.expiredAt);
      await world.jobs.connect(world.client).claimRefund(job);
    },
    refusal: wrongStatus(COMPLETED),
    hasWorked: async (world) => (await isRefunded(world)) && (await isShort(world)),
  });

  itStands({
    name: "a client claims a refund twice",
    twin: "JobEscrow_RefundsTwice",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "expired");
      await world.jobs.connect(world.client).claimRefund(job);
    },
    refusal: wrongStatus(EXPIRED),
    hasWorked: isShort,
  });

  itStands({
    name: "a provider, who is the client's other hand, turns a job down twice",
    twin: "JobEscrow_RejectsTwice",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "funded");
      for (let i = 0; i < 2; i++) await world.jobs.connect(world.provider).reject(job, REASON);
    },
    refusal: wrongStatus(REJECTED),
    hasWorked: isShort,
  });

  itStands({
    name: "a client disputes what has been paid, and waits for the refund",
    twin: "JobEscrow_DisputesAnything",
    attack: async (world, job) => {
      await bring(world, job, "completed");
      await world.jobs.connect(world.client).dispute(job, REASON);
      await time.increase(EVALUATION);
      await world.jobs.connect(world.client).claimRefund(job);
    },
    refusal: wrongStatus(COMPLETED),
    hasWorked: async (world) => (await isRefunded(world)) && (await isShort(world)),
  });

  itStands({
    name: "an evaluator refunds what has been paid",
    twin: "JobEscrow_RulesUndisputed",
    attack: async (world, job) => {
      await bring(world, job, "completed");
      await world.jobs.connect(world.evaluator).reject(job, REASON);
    },
    refusal: wrongStatus(COMPLETED),
    hasWorked: async (world) => (await isRefunded(world)) && (await isShort(world)),
  });

  itStands({
    name: "a job is funded a second time, with what its client signed again because the first seemed lost",
    twin: "JobEscrow_FundsTwice",
    job: jobOf,
    attack: async (world, job) => {
      for (const salt of [id("first"), id("second")]) {
        await world.jobs.connect(world.mallory).fundWithAuthorization(job, await signFor(world, job, salt));
      }
    },
    refusal: wrongStatus(FUNDED),
    hasWorked: async (world) => (await escrowed(world)) === OTHER_BUDGET + 2n * BUDGET,
  });
});

describe("Attacks on jobs: clients", () => {
  itStands({
    name: "a client disputes after its window, when the provider takes itself for paid",
    twin: "JobEscrow_DisputesAnytime",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      const deadline = BigInt(await time.latest()) + ACCEPTANCE;
      await time.setNextBlockTimestamp(deadline);
      await world.jobs.connect(world.client).dispute(job, REASON);
    },
    refusal: { error: "JobEscrow_TooLate" },
    hasWorked: async (world, job) => (await statusOf(world, job)) === "disputed",
  });

  itStands({
    name: "a client disputes before anything is delivered, so that the provider cannot deliver",
    twin: "JobEscrow_DisputesAnything",
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await time.increase(10n);
      await world.jobs.connect(world.client).dispute(job, REASON);
    },
    // An undelivered job has no window in which it could be disputed, which stands behind its status as well.
    refusal: wrongStatus(FUNDED),
    hasWorked: async (world, job) => (await statusOf(world, job)) === "disputed",
  });

  itStands({
    name: "a client takes its money back while the provider is at work",
    twin: "JobEscrow_RefundsEarly",
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await world.jobs.connect(world.client).claimRefund(job);
    },
    refusal: { error: "JobEscrow_TooEarly" },
    hasWorked: isRefunded,
  });

  itStands({
    name: "a client takes its money back before the evaluator has decided",
    twin: "JobEscrow_RefundsDisputed",
    attack: async (world, job) => {
      await bring(world, job, "disputed");
      await world.jobs.connect(world.client).claimRefund(job);
    },
    refusal: { error: "JobEscrow_TooEarly" },
    hasWorked: isRefunded,
  });

  itStands({
    name: "a client takes its money back once it has the delivery",
    twin: "JobEscrow_RefundsDelivered",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      await time.increaseTo(world.expiredAt);
      await world.jobs.connect(world.client).claimRefund(job);
    },
    refusal: wrongStatus(SUBMITTED),
    hasWorked: isRefunded,
  });

  itStands({
    name: "a client rules on its own dispute",
    twin: "JobEscrow_AnyoneRules",
    attack: async (world, job) => {
      await bring(world, job, "disputed");
      await world.jobs.connect(world.client).reject(job, REASON);
    },
    refusal: notAllowed("client"),
    hasWorked: isRefunded,
  });

  itStands({
    name: "a client asks for a job that can be disputed but not decided, and lets the time pass",
    twin: "JobEscrow_NoEvaluator",
    job: (world) => judgedJobOf(world, { evaluator: ZeroAddress }),
    attack: async (world, job) => {
      await bring(world, job, "disputed");
      await time.increase(EVALUATION);
      await world.jobs.connect(world.client).claimRefund(job);
    },
    refusal: {
      error: "JobEscrow_BadWindows",
      args: async () => [ZeroAddress, ACCEPTANCE, EVALUATION],
    },
    hasWorked: isRefunded,
  });

  itStands({
    name: "a client makes itself the evaluator of a job under way",
    twin: "JobEscrow_FewTermsInId",
    attack: async (world, job) => {
      await bring(world, job, "disputed");
      const { jobs, client } = world;
      await jobs.connect(client).reject({ ...job, evaluator: client.address }, REASON);
    },
    refusal: {
      error: "JobEscrow_WrongStatus",
      args: async ({ jobs, client }, job) => [await jobs.jobIdOf({ ...job, evaluator: client.address }), 0n],
    },
    hasWorked: isRefunded,
  });

  // No twin: there is no defence to take away. Whoever is the evaluator is part of the terms, which the provider sees
  // before it delivers; the contract keeps both sides to what they agreed to, not from agreeing.
  describe("an evaluator that is one of the two sides", () => {
    for (const [side, call, outcome] of [
      ["client", "reject", "rejected"],
      ["provider", "complete", "completed"],
    ] as const) {
      it(`decides for itself if it is the ${side}, which costs only who delivers or asks on such terms`, async () => {
        const world = await networkHelpers.loadFixture(deployPlain);
        const job = judgedJobOf(world, { evaluator: world[side].address });
        await bring(world, job, "disputed");
        await world.jobs.connect(world[side])[call](job, REASON);
        expect(await statusOf(world, job)).to.equal(outcome);
        expect(await escrowed(world)).to.equal(0n);
      });
    }
  });
});

describe("Attacks on jobs: evaluators and strangers", () => {
  itStands({
    name: "an evaluator decides after its time, when the client's refund is due",
    twin: "JobEscrow_RulesLate",
    attack: async (world, job) => {
      await bring(world, job, "disputed");
      await time.increase(EVALUATION);
      await world.jobs.connect(world.evaluator).complete(job, REASON);
    },
    refusal: { error: "JobEscrow_TooLate" },
    hasWorked: isPaid,
  });

  itStands({
    name: "an evaluator rejects a delivery that nobody has disputed",
    twin: "JobEscrow_RulesUndisputed",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      await world.jobs.connect(world.evaluator).reject(job, REASON);
    },
    refusal: wrongStatus(SUBMITTED),
    hasWorked: isRefunded,
  });

  itStands({
    name: "a stranger completes a delivery that can still be disputed",
    twin: "JobEscrow_CompletesEarly",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      await world.jobs.connect(world.mallory).complete(job, REASON);
    },
    refusal: { error: "JobEscrow_TooEarly" },
    hasWorked: isPaid,
  });

  itStands({
    name: "a stranger disputes a delivery",
    twin: "JobEscrow_AnyoneDisputes",
    attack: async (world, job) => {
      await bring(world, job, "submitted");
      await world.jobs.connect(world.mallory).dispute(job, REASON);
    },
    refusal: notAllowed("mallory"),
    hasWorked: async (world, job) => (await statusOf(world, job)) === "disputed",
  });

  itStands({
    name: "a stranger turns a job down in the provider's place",
    twin: "JobEscrow_AnyoneRejects",
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await world.jobs.connect(world.mallory).reject(job, REASON);
    },
    refusal: notAllowed("mallory"),
    hasWorked: isRefunded,
  });

  itStands({
    name: "a stranger claims the client's refund for itself",
    twin: "JobEscrow_RefundsCaller",
    job: jobOf,
    attack: async (world, job) => {
      await bring(world, job, "funded");
      await time.increaseTo(world.expiredAt);
      await world.jobs.connect(world.mallory).claimRefund(job);
    },
    hasWorked: async ({ ledger, mallory }) => (await ledger.balanceOf(accountOf(mallory))) === BUDGET,
  });

  itStands({
    name: "a stranger asks for a job in somebody else's name",
    twin: "JobEscrow_AnyoneFunds",
    attack: async (world, job) => {
      const { jobs, ledger, client, mallory } = world;
      await ledger.connect(client).transferBalance(0n, accountOf(mallory), BUDGET);
      await ledger.connect(mallory).approveSpender(0n, jobs, BUDGET);
      await jobs.connect(mallory).fundFromBalance(job, 0n);
    },
    refusal: notAllowed("mallory"),
    hasWorked: async (world, job) => (await statusOf(world, job)) === "funded",
  });
});

describe("Attacks on jobs: authorizations", () => {
  itStands({
    name: "a relayer has the split of its own paid with what was signed for a job",
    twin: "JobEscrow_FewTermsInId",
    job: jobOf,
    attack: async (world, job) => {
      const { jobs, mallory } = world;
      const redirected = { ...job, splitId: id("mallory's split"), provider: mallory.address };
      await jobs.connect(mallory).fundWithAuthorization(redirected, await signFor(world, job));
      await jobs.connect(mallory).submit(redirected, id("garbage"), ZeroHash);
    },
    refusal: { by: "token", error: "ERC3009InvalidSignature" },
    hasWorked: async ({ ledger }) => (await ledger.received(id("mallory's split")))[0] === BUDGET,
  });

  itStands({
    name: "a relayer funds a job with what was signed for a payment",
    twin: "JobEscrow_TakesNothing",
    job: jobOf,
    attack: async (world, job) => {
      const { jobs, token, ledger, client, mallory, split } = world;
      const payment = { splitId: split.id, amount: BUDGET, calls: 1n, memo: RECEIPT };
      const { authorization } = await signPayment({ token, ledger, signer: client, payment });
      await jobs.connect(mallory).fundWithAuthorization(job, authorization);
    },
    refusal: { by: "token", error: "ERC3009InvalidSignature" },
    hasWorked: async (world, job) => (await statusOf(world, job)) === "funded",
  });

  itStands({
    name: "a relayer funds a job with what was signed for the same job in another escrow",
    twin: "JobEscrow_TakesNothing",
    job: jobOf,
    attack: async (world, job) => {
      const other = await ethers.deployContract("JobEscrow", [world.ledger]);
      const authorization = await signFor({ ...world, jobs: other }, job);
      await world.jobs.connect(world.mallory).fundWithAuthorization(job, authorization);
    },
    refusal: { by: "token", error: "ERC3009InvalidSignature" },
    hasWorked: async (world, job) => (await statusOf(world, job)) === "funded",
  });

  itStands({
    name: "a relayer funds a job with what was signed for another chain",
    twin: "JobEscrow_TakesNothing",
    job: jobOf,
    attack: async (world, job) => {
      const authorization = await signFor(world, job, ZeroHash, 1n);
      await world.jobs.connect(world.mallory).fundWithAuthorization(job, authorization);
    },
    refusal: { by: "token", error: "ERC3009InvalidSignature" },
    hasWorked: async (world, job) => (await statusOf(world, job)) === "funded",
  });
});

describe("Attacks on jobs: tokens that call their holders", () => {
  /** A thief that is client and provider of a job, where somebody else's job has put 5,000 aside. */
  const deployHooked = async (deploy: (ledger: string) => Promise<JobEscrow>) => {
    const [payer, victim] = await ethers.getSigners();
    const token = await ethers.deployContract("HookToken");
    const ledger = await ethers.deployContract("AttributionLedger", [token]);
    const jobs = await deploy(await ledger.getAddress());
    const thief = await ethers.deployContract("Reenterer");
    const self = await thief.getAddress();
    const job = {
      client: self,
      provider: self,
      evaluator: ZeroAddress,
      splitId: id("a split"),
      budget: BUDGET,
      expiredAt: BigInt(await time.latest()) + 1_000n,
      acceptanceSeconds: 0n,
      evaluationSeconds: 0n,
      description: ZeroHash,
      salt: ZeroHash,
    };
    await token.mint(payer, OTHER_BUDGET);
    await token.mint(self, BUDGET);
    await token.approve(jobs, OTHER_BUDGET);
    await jobs.fund({ ...job, client: payer.address, provider: victim.address, budget: OTHER_BUDGET });
    await thief.execute(token, token.interface.encodeFunctionData("approve", [await jobs.getAddress(), BUDGET]));
    const held = async () => await ledger.balanceOf(accountOf({ address: await jobs.getAddress() }));
    return { token, ledger, jobs, thief, self, job, held };
  };
  const real = async (ledger: string) => await ethers.deployContract("JobEscrow", [ledger]);

  describe("a client that asks for its refund again while it is refunded", () => {
    const twin = "JobEscrow_RefundsTokensFirst";
    const attack = async ({ token, jobs, thief, job }: Awaited<ReturnType<typeof deployHooked>>) => {
      await thief.execute(jobs, jobs.interface.encodeFunctionData("fund", [job]));
      await thief.execute(token, token.interface.encodeFunctionData("setHook", [true]));
      await time.increaseTo(job.expiredAt);
      const again = jobs.interface.encodeFunctionData("claimRefund", [job]);
      await thief.plan([{ target: jobs, data: again }]);
      await jobs.claimRefund(job);
    };

    it("is not called: a refund moves no tokens", async () => {
      const scene = await deployHooked(real);
      await attack(scene);
      expect(await scene.thief.attempts()).to.deep.equal([]);
      expect(await scene.held()).to.equal(OTHER_BUDGET);
      expect(await scene.ledger.balanceOf(accountOf({ address: scene.self }))).to.equal(BUDGET);
    });

    it(worksOn(twin), async () => {
      const scene = await deployHooked(async (ledger) => {
        const deployed = await ethers.deployContract(twin, [ledger]);
        return await ethers.getContractAt("JobEscrow", await deployed.getAddress());
      });
      await attack(scene);
      expect(await scene.token.balanceOf(scene.self)).to.equal(2n * BUDGET);
      expect(await scene.held()).to.equal(OTHER_BUDGET - BUDGET);
    });
  });

  // No twin: nothing keeps money from being lent for the length of a call, and nobody loses by it.
  describe("a client that turns its job down while its tokens are still on their way", () => {
    it("has had others' money in the meantime, and has brought its own at the end", async () => {
      const { token, ledger, jobs, thief, self, job, held } = await deployHooked(real);
      await thief.execute(token, token.interface.encodeFunctionData("setHook", [true]));
      await thief.plan([{ target: jobs, data: jobs.interface.encodeFunctionData("reject", [job, REASON]) }]);
      await thief.execute(jobs, jobs.interface.encodeFunctionData("fund", [job]));
      expect((await thief.attempts()).map(({ success }) => success)).to.deep.equal([true]);
      expect(await held()).to.equal(OTHER_BUDGET);
      expect(await token.balanceOf(self)).to.equal(0n);
      expect(await ledger.balanceOf(accountOf({ address: self }))).to.equal(BUDGET);
    });
  });
});

/** Signs what the escrow itself takes for the job's id, so that twins which compute it otherwise can be attacked. */
async function signFor({ token, jobs, client }: JobWorld, job: Job, salt = ZeroHash, chainId?: bigint) {
  const purpose = await jobs.jobIdOf(job);
  return await signAuthorization({
    token: { ...(await domainOf(token)), ...(chainId === undefined ? {} : { chainId }) },
    signer: client,
    to: await jobs.getAddress(),
    amount: job.budget,
    nonce: (chosen) => purposeNonce(purpose, chosen),
    validBefore: FAR,
    salt,
  });
}
