import { id, MaxUint256, ZeroAddress } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { domainOf, purposeNonce, signAuthorization } from "../../sdk/authorization.ts";
import { type Job, jobId } from "../../sdk/job.ts";
import type { Figure } from "./figures.ts";
import { gasFigure, gasOf, settle, steadyGasOf } from "./gas.ts";
import { splitOfWallets } from "./splits.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

/** Half of what a request and its delivery took in the mech marketplace that the design was compared with. */
const JOB_BUDGET = 236_500;

/** Times are part of a job's calldata, in which a zero byte costs less: these have none, whatever day it is. */
const NOW = 0xeeeeeeeen;
const EXPIRED_AT = NOW + 86_400n;
const WINDOW = 3_601n;

/** Calls that are put aside in escrow, from the request to the payment. */
export async function* measureJobs(bench: Bench): AsyncGenerator<Figure> {
  const { ledger, jobs, payer, people, connection } = bench;
  const [evaluator] = people;
  const { time } = connection.networkHelpers;
  await time.increaseTo(NOW);

  const { chainId } = await connection.ethers.provider.getNetwork();
  const escrow = await jobs.getAddress();
  let salt = 0;
  const nextJob = (changes: Partial<Job> = {}): Job => ({
    client: payer.address,
    provider: payer.address,
    evaluator: ZeroAddress,
    splitId: splitOfWallets({ name: "model", size: 2 }).id,
    budget: AMOUNT,
    expiredAt: EXPIRED_AT,
    acceptanceSeconds: 0n,
    evaluationSeconds: 0n,
    description: id("what is asked for"),
    salt: id(`job ${salt++}`),
    ...changes,
  });
  const deliver = (job: Job) => jobs.submit(job, id("deliverable"), MEMO);

  await settle(ledger.deposit(walletAccount(payer.address), 100n * AMOUNT));
  await settle(ledger.approveSpender(0, jobs, MaxUint256));
  const request = await steadyGasOf(() => jobs.fund(nextJob()));
  yield gasFigure("request a job", request);
  yield gasFigure("request a job from balance", await steadyGasOf(() => jobs.fundFromBalance(nextJob(), 0)));
  const requestSigned = async () => {
    const job = nextJob();
    const authorization = await signAuthorization({
      token: await domainOf(bench.token),
      signer: payer,
      to: escrow,
      amount: job.budget,
      nonce: (authorizationSalt) => purposeNonce(jobId({ chainId, escrow, job }), authorizationSalt),
      validBefore: 2n ** 40n,
      salt: job.salt,
    });
    return jobs.fundWithAuthorization(job, authorization);
  };
  yield gasFigure("request a job by authorization", await steadyGasOf(requestSigned));

  const requestAndDeliver = async () => {
    const job = nextJob();
    await settle(jobs.fund(job));
    return deliver(job);
  };
  const delivery = await steadyGasOf(requestAndDeliver);
  yield gasFigure("deliver a job", delivery);
  yield gasFigure("request and deliver a job", request + delivery, JOB_BUDGET);

  const job = nextJob({ evaluator: evaluator.address, acceptanceSeconds: WINDOW, evaluationSeconds: WINDOW });
  await settle(jobs.fund(job));
  const submission = await gasOf(deliver(job));
  yield gasFigure("deliver a job that can be disputed", submission);
  await time.increase(WINDOW);
  const completion = await gasOf(jobs.complete(job, id("window over")));
  yield gasFigure("deliver, dispute window over, complete", submission + completion);
}
