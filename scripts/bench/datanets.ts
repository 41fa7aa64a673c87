import { ContributionLog } from "../../sdk/log.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import {
  acceptSigned,
  acceptSubmitted,
  BATCH_SIZE,
  contribute,
  createDatanet,
  entriesOf,
  latestSplit,
  sendCreation,
  sendSubmission,
  sharesOf,
  submitAll,
} from "./contributions.ts";
import type { Figure } from "./figures.ts";
import { gasEach, gasFigure, gasOf, steadyGasOf } from "./gas.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

/** The last one is measured: by then the log has a frontier. */
const BATCHES = ["first batch", "second batch", "third batch"];

/** What happens to a Datanet, from its creation to a revocation. */
export async function* measureDatanets(bench: Bench): AsyncGenerator<Figure> {
  const { datanets } = bench;
  yield gasFigure("create a Datanet", await steadyGasOf(() => sendCreation(bench)));

  const datanetId = await createDatanet(bench);
  const log = new ContributionLog();
  let total = 0;
  for (const name of BATCHES) {
    const batch = contribute({ name });
    await submitAll({ bench, datanetId, batch });
    log.append(sharesOf(batch));
    const receipt = await acceptSubmitted({ bench, datanetId, batch });
    total = Number(receipt.gasUsed);
  }
  await latestSplit({ bench, datanetId, log: log.latest.split });
  yield gasEach(`accept ${BATCH_SIZE} submitted contributions, each`, { total, count: BATCH_SIZE, budget: 6_000 });
  const [contribution] = contribute({ name: "late", count: 1 });
  const submit = () => sendSubmission({ bench, datanetId, contribution });
  yield gasFigure("submit a contribution", await steadyGasOf(submit));

  const signedId = await createDatanet(bench);
  for (const name of BATCHES) {
    const receipt = await acceptSigned({ bench, datanetId: signedId, batch: contribute({ name }) });
    total = Number(receipt.gasUsed);
  }
  yield gasEach(`accept ${BATCH_SIZE} signed contributions, each`, { total, count: BATCH_SIZE, budget: 10_000 });

  const pay = () => datanets.pay(datanetId, AMOUNT, 0, MEMO);
  yield gasFigure("pay a Datanet", await steadyGasOf(pay));

  const index = 123;
  const [revoked] = entriesOf(contribute({ name: BATCHES[1] }).slice(index - BATCH_SIZE));
  const proof = encodeSumNodes(log.revocationProof(index).siblings);
  yield gasFigure("revoke one of 300 contributions", await gasOf(datanets.revoke(datanetId, index, revoked, proof)));
}
