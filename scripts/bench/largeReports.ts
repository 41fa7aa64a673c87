import { id } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import type { Span } from "../../sdk/attribution/attribute.ts";
import { FaultProofs } from "../../sdk/attribution/faultProofs.ts";
import { inferenceEvidence } from "../../sdk/attribution/report.ts";
import { type InferenceOpening, ReportData } from "../../sdk/attribution/reportData.ts";
import { proveShare } from "../../sdk/datanetProof.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import type { SumTree } from "../../sdk/sumTree.ts";
import { budgeted } from "./budgets.ts";
import type { Figure } from "./figures.ts";
import { gasOf, settle } from "./gas.ts";
import { hiddenTree } from "./hiddenTree.ts";
import {
  createPot,
  DATA_SHARE,
  endLatestEpoch,
  inferenceOf,
  postReport,
  type PotWorld,
  type SpanFault,
  spanFaultsOf,
} from "./reportWorld.ts";
import type { Bench } from "./world.ts";

const SIZE = 2 ** 20;

const CONTRIBUTION_UNITS = 1_234n;

/** Place of the only inference that is looked at. */
const PLACE = 0x5a5a5;

/** Proofs about spans, which have the most calldata, for a report of 2^20 calls and a Datanet of 2^20 contributions. */
export async function* measureLargeReports(bench: Bench): AsyncGenerator<Figure> {
  const { reports, token } = bench;
  const world = await createPot(bench, { size: SIZE, treeOf: treeOfLog });
  const { pot, log } = world;
  await settle(token.approve(reports, 2n ** 255n));
  await settle(reports.bond(pot, 10n * DATA_SHARE * BigInt(SIZE)));
  const measure = async ({ spans, prove }: SpanFault): Promise<number> => {
    const data = deepReport({ world, spans, epoch: await endLatestEpoch(bench) });
    const { report } = await postReport(bench, data);
    return gasOf(prove(new FaultProofs({ report, data, log })));
  };
  const faults = spanFaultsOf({ bench, world, inference: 0 });
  // Before the first one, the challenger has no balance and nothing has been burned.
  await measure(faults["prove a false span (F1)"]);
  for (const [what, fault] of Object.entries(faults)) yield budgeted(`${what}, 2^20 calls`, await measure(fault));
  const across = spanFaultsOf({ bench, world, inference: 0, acrossChunks: true });
  for (const what of ["prove an earlier owner (F2)", "prove a missing span (F3)"]) {
    yield budgeted(`${what}, 2^20 calls, words across chunks`, await measure(across[what]));
  }
}

/** The log's tree before its last two shares, or with them. The share before them is known, as a tree grows at its end. */
function treeOfLog(last: readonly Share[]): SumTree {
  const recipient = walletAccount(`0x${"5a".repeat(20)}`);
  const stranger = { kind: ShareKind.Account, recipient, units: CONTRIBUTION_UNITS, evidence: id("stranger") };
  return hiddenTree({
    name: "contributions",
    size: SIZE - 2 + last.length,
    first: SIZE - 3,
    shares: [stranger, ...last],
    unitsOfOthers: CONTRIBUTION_UNITS,
  });
}

/** A report whose only inference that anybody knows is one of 2^20. */
class DeepReport extends ReportData {
  readonly #tree: SumTree;

  constructor(tree: SumTree, content: ConstructorParameters<typeof ReportData>[0]) {
    super(content);
    this.#tree = tree;
  }

  override openInference(index: number): InferenceOpening {
    return { ...super.openInference(index), index: PLACE, proof: proveShare({ tree: this.#tree }, PLACE) };
  }
}

function deepReport({ world, spans, epoch }: { world: PotWorld; spans: readonly Span[]; epoch: number }): ReportData {
  const reported = spans.map((span, credit) => ({ ...span, credit }));
  const inference = { ...inferenceOf(world, reported), receiptDigest: id("receipt") };
  const share = {
    kind: ShareKind.Account,
    recipient: inference.receiptDigest,
    units: DATA_SHARE,
    evidence: inferenceEvidence(inference),
  };
  const tree = hiddenTree({
    name: "inferences",
    size: SIZE,
    first: PLACE,
    shares: [share],
    unitsOfOthers: DATA_SHARE,
  });
  const { pot } = world;
  const lists = { inferences: [{ inference, dataShare: DATA_SHARE }], spans: [reported], credits: [], shares: [share] };
  const { root: inferencesRoot, totalUnits: total } = tree;
  const creditsRoot = id("credits");
  const counts = { inferences: SIZE, credits: SIZE, shares: SIZE };
  const claimed = { inferencesRoot, creditsRoot, total, credited: total - 1n, ...counts };
  return new DeepReport(tree, { pot, epoch, lists, claimed });
}
