import { ContributionLog } from "../../sdk/log.ts";
import { encodeDraws } from "../../sdk/split.ts";
import { encodeSumNodes } from "../../sdk/sumNode.ts";
import { endCase, openCase, ruleOn } from "./cases.ts";
import { measureClaim, measureClaimThrough } from "./claims.ts";
import {
  acceptSigned,
  acceptSubmitted,
  BATCH_SIZE,
  contribute,
  createDatanet,
  latestSplit,
  sharesOf,
  submitAll,
} from "./contributions.ts";
import type { Figure } from "./figures.ts";
import { gasFigure, gasOf, settle, TRANSACTION_GAS_LIMIT } from "./gas.ts";
import { CONTRIBUTOR_INDEX, lastBatch, VERSION } from "./largeLog.ts";
import { lineageOf, publishModel, TERMS } from "./registries.ts";
import { splitOfWallets } from "./splits.ts";
import { storeLog } from "./storedLog.ts";
import { AMOUNT, type Bench, MEMO } from "./world.ts";

/** What every supported call must stay below; EIP-7825 refuses transactions of more than 2^24 gas. */
const BUDGET = 16_700_000;

/** Round numbers that fit, even where nothing was written before. */
const SUPPORTED = {
  paidOut: 370,
  released: 430,
  payments: 600,
  submitted: 4_000,
  signed: 1_800,
  parents: 1_000,
  hops: 64,
};

/** Shares of each split that a large case is about. */
const CASE_SPLIT_SIZE = 1_024;

const OPTIONS = { gasLimit: TRANSACTION_GAS_LIMIT };

/** The largest calls of each kind that are supported. */
export async function* measureLimits(bench: Bench): AsyncGenerator<Figure> {
  const { ledger, models } = bench;
  const { paidOut, released, submitted, signed, hops } = SUPPORTED;

  const split = splitOfWallets({ name: "crowd", size: paidOut + released });
  await settle(ledger.pay(split.id, AMOUNT, 1, MEMO));
  const toWallets = encodeDraws([split.draw({ first: 0, count: paidOut })]);
  yield limitFigure(`pay out ${paidOut} shares to wallets`, await gasOf(ledger.payOut(toWallets, OPTIONS)));
  const toBalances = encodeDraws([split.draw({ first: paidOut, count: released })]);
  yield limitFigure(`release ${released} shares to balances`, await gasOf(ledger.release(toBalances, OPTIONS)));
  yield limitFigure(`claim through ${hops} splits`, await measureClaimThrough({ bench, size: 8, depth: hops }));

  const payments = Array.from({ length: SUPPORTED.payments }, (_, i) => ({
    splitId: splitOfWallets({ name: `paid ${i}`, size: 1 }).id,
    amount: AMOUNT,
    calls: 1,
    memo: MEMO,
  }));
  yield limitFigure(`pay ${payments.length} splits`, await gasOf(ledger.payMany(payments, OPTIONS)));

  const datanetId = await createDatanet(bench);
  const unsigned = contribute({ name: "submitted", count: submitted });
  await submitAll({ bench, datanetId, batch: unsigned });
  const accepted = await acceptSubmitted({ bench, datanetId, batch: unsigned });
  yield limitFigure(`accept ${format(submitted)} submitted contributions`, Number(accepted.gasUsed));
  const acceptedSigned = await acceptSigned({ bench, datanetId, batch: contribute({ name: "signed", count: signed }) });
  yield limitFigure(`accept ${format(signed)} signed contributions`, Number(acceptedSigned.gasUsed));

  const upstreams = [];
  for (let i = 0; i < SUPPORTED.parents; i++) upstreams.push(await publishModel(bench));
  const register = models.register(TERMS, lineageOf({ builders: 1, upstreams }), OPTIONS);
  yield limitFigure(`register a model with ${format(upstreams.length)} parents`, await gasOf(register));
}

/** A Datanet as its log reaches 2^20 contributions. */
export async function* measureLargeDatanet(bench: Bench, log: ContributionLog): AsyncGenerator<Figure> {
  const { datanets, people } = bench;

  const small = new ContributionLog();
  const batch = contribute({ name: "first batch" });
  small.append(sharesOf(batch));
  const like = { datanetId: await createDatanet(bench), tree: small.latest.split.tree };
  await acceptSigned({ bench, datanetId: like.datanetId, batch });

  const datanetId = await createDatanet(bench);
  await storeLog({ bench, like, datanetId, tree: log.version(VERSION.beforeLastBatch).split.tree });
  await submitAll({ bench, datanetId, batch: lastBatch() });
  const accepted = await acceptSubmitted({ bench, datanetId, batch: lastBatch() });
  const { split } = log.version(VERSION.whole);
  const version = await latestSplit({ bench, datanetId, log: split });
  yield limitFigure(`accept ${BATCH_SIZE} contributions, Datanet of 2^20`, Number(accepted.gasUsed));

  const draws = [version.draw({ first: 0 }), split.draw({ first: CONTRIBUTOR_INDEX })];
  yield limitFigure("claim, Datanet of 2^20", await measureClaim({ bench, paid: version.id, draws }));

  const { share, siblings } = log.revocationProof(CONTRIBUTOR_INDEX);
  const contribution = { contributor: people[0], units: share.units, evidence: share.evidence };
  const revoke = datanets.revoke(datanetId, CONTRIBUTOR_INDEX, contribution, encodeSumNodes(siblings));
  const revoked = await gasOf(revoke);
  await latestSplit({ bench, datanetId, log: log.revoke(CONTRIBUTOR_INDEX).split });
  yield limitFigure("revoke a contribution, Datanet of 2^20", revoked);
}

/** As many shares as a case can be about, each of a split of its own. */
export async function* measureLargeCase(bench: Bench): AsyncGenerator<Figure> {
  const { court, people, connection } = bench;
  const [respondent] = people;
  const shares = Number(await court.MAX_SHARES());
  const about = `${shares} shares of splits of ${format(CASE_SPLIT_SIZE)}`;
  const large = { shares, splits: shares, splitSize: CASE_SPLIT_SIZE };
  const opened = await openCase({ bench, respondent: respondent.address, ...large, salt: "large case" });
  yield limitFigure(`open a case, ${about}`, opened.gas);
  await connection.networkHelpers.time.increase(await court.evidenceSeconds());
  await ruleOn(bench, opened);
  yield limitFigure(`settle a case, ${about}`, await endCase(bench, opened));
}

function limitFigure(name: string, gas: number): Figure {
  return gasFigure(`limit: ${name}`, gas, BUDGET);
}

function format(count: number): string {
  return count.toLocaleString("en");
}
