import type { NetworkConnection } from "hardhat/types/network";

import { NO_CREDIT } from "../../sdk/attribution/report.ts";
import type { ReportData } from "../../sdk/attribution/reportData.ts";
import type { ReportFault } from "../../sdk/attribution/reviewReport.ts";
import { walletAccount } from "../../sdk/account.ts";
import { ShareKind } from "../../sdk/share.ts";
import type { Draft, Mending } from "./forge.ts";
import { deployReports, type ReportWorld, type SettledBatch, settleEpoch, someOutputs } from "./reports.ts";

export interface ReportedWorld extends ReportWorld {
  batch: SettledBatch;
  epoch: number;
  data: ReportData;
  /** Account of somebody who earns nothing. */
  mallory: string;
}

export async function deployReported(connection: NetworkConnection): Promise<ReportedWorld> {
  const world = await deployReports(connection);
  const mallory = walletAccount(world.watcher.address);
  return { ...world, mallory, ...(await settleEpoch(world, someOutputs(world, 12))) };
}

/** A way in which a report is wrong, and what it is caught by. */
export interface Forgery {
  what: string;
  name: ReportFault["name"];
  change: (draft: Draft, world: ReportedWorld) => void;
  mending?: (world: ReportedWorld) => Mending;
}

const follows = (world: ReportedWorld): Mending => ({
  credits: (contribution) => world.log.tree.share(Math.min(contribution, world.log.tree.size - 1)).recipient,
});

/** The first span that satisfies a condition. */
function findSpan(draft: Draft, fits: (span: Draft["spans"][0][0], inference: number) => boolean): [number, number] {
  for (const [i, spans] of draft.spans.entries()) {
    const k = spans.findIndex((span) => fits(span, i));
    if (k >= 0) return [i, k];
  }
  throw new Error("There is no such span.");
}

/** One of each kind. */
export const FORGERIES: Forgery[] = [
  {
    what: "a span whose source is elsewhere",
    name: "F1",
    change: (draft) => {
      draft.spans[0][0].sourceOffset += 1;
    },
  },
  {
    what: "a span whose source is beyond the contribution's end",
    name: "F1",
    change: (draft) => {
      draft.spans[0][0].sourceOffset = 1_000_000;
    },
  },
  {
    what: "a span that matches too few words",
    name: "F1",
    change: (draft, { batch }) => {
      const [i, k] = findSpan(draft, ({ creditStart, matchStart }) => creditStart === matchStart);
      const span = draft.spans[i][k];
      const { output } = callOf(draft, batch, i);
      span.matchEnd = output.indexOf(0x20, span.matchStart);
      span.creditEnd = span.matchEnd + 1;
    },
    mending: follows,
  },
  {
    what: "a span that credits what it does not match",
    name: "F1",
    change: (draft) => {
      draft.spans[0][0].matchEnd = draft.spans[0][0].creditEnd - 2;
    },
  },
  {
    what: "a span that credits part of a word",
    name: "F1",
    change: (draft) => {
      draft.spans[0][0].creditEnd -= 1;
    },
    mending: follows,
  },
  {
    what: "a span of a later contribution that has the same words",
    name: "F2",
    change: (draft, { contributions, batch }) => {
      const copy = Buffer.from(contributions[5].text);
      const [i, k] = findSpan(draft, (span, inference) => {
        const { output } = callOf(draft, batch, inference);
        return span.contribution === 1 && copy.includes(Buffer.from(output.slice(span.matchStart, span.matchEnd)));
      });
      const span = draft.spans[i][k];
      span.contribution = 5;
      span.sourceOffset = copy.indexOf(
        Buffer.from(callOf(draft, batch, i).output.slice(span.matchStart, span.matchEnd)),
      );
    },
    mending: follows,
  },
  {
    what: "no span for words that a contribution has",
    name: "F3",
    change: (draft) => {
      const i = draft.spans.findIndex((spans) => spans.length > 2);
      draft.spans[i].splice(1, 1);
    },
    mending: follows,
  },
  {
    what: "no spans at all",
    name: "F3",
    change: (draft) => {
      draft.spans[3] = [];
    },
    mending: follows,
  },
  {
    what: "no last span",
    name: "F3",
    change: (draft) => {
      draft.spans[2].pop();
    },
    mending: follows,
  },
  {
    what: "credits that go to the reporter",
    name: "F4",
    change: (draft, { reporter }) => {
      for (const credit of draft.credits) credit.payee = walletAccount(reporter.address);
    },
  },
  {
    what: "a credit for commons",
    name: "F4",
    change: (draft) => {
      const [i, k] = findSpan(draft, ({ contribution }) => contribution === 0);
      draft.spans[i][k].credit = 0;
    },
  },
  {
    what: "no credit for what earns something",
    name: "F4",
    change: (draft) => {
      const [i, k] = findSpan(draft, ({ contribution }) => contribution > 0);
      draft.spans[i][k].credit = NO_CREDIT;
    },
  },
  {
    what: "a contribution that does not exist",
    name: "F4",
    change: (draft) => {
      const [i, k] = findSpan(draft, ({ contribution }) => contribution > 0);
      draft.spans[i][k].contribution = 6;
    },
    mending: follows,
  },
  {
    what: "an inference twice",
    name: "F5",
    change: (draft) => {
      draft.inferences.splice(1, 0, { ...draft.inferences[0], inference: { ...draft.inferences[0].inference } });
      draft.spans.splice(
        1,
        0,
        draft.spans[0].map((span) => ({ ...span })),
      );
    },
    mending: follows,
  },
  {
    what: "spans that credit the same words",
    name: "F5",
    change: (draft) => {
      const [i, k] = findSpan(draft, ({ contribution }) => contribution > 0);
      draft.spans[i].splice(k, 0, { ...draft.spans[i][k] });
    },
    mending: follows,
  },
  {
    what: "a credit that no span has",
    name: "F5",
    change: (draft, { mallory }) => {
      draft.credits.push({ ...draft.credits[0], payee: mallory });
    },
  },
  {
    what: "a credit of a span that does not exist",
    name: "F5",
    change: (draft, { mallory }) => {
      draft.credits.push({ ...draft.credits[0], payee: mallory, span: 4_000 });
    },
  },
  {
    what: "a credit of an inference that does not exist",
    name: "F5",
    change: (draft, { mallory }) => {
      draft.credits.push({ ...draft.credits[0], payee: mallory, inference: 4_000 });
    },
  },
  {
    what: "a total that is too large",
    name: "F5",
    change: () => undefined,
    mending: ({ data }) => ({ claimed: { total: data.figures.total + 1n } }),
  },
  {
    what: "a sum of credits that is too small",
    name: "F5",
    change: () => undefined,
    mending: ({ data }) => ({ claimed: { credited: data.figures.credited - 1n } }),
  },
  {
    what: "a payout of less than the total",
    name: "F5",
    change: (draft) => {
      draft.shares[0].units -= 1n;
    },
    mending: () => ({ shares: false }),
  },
  {
    what: "a data share that is too large",
    name: "F6",
    change: (draft) => {
      draft.inferences[0].dataShare += 1n;
    },
    mending: follows,
  },
  {
    what: "a call that was not settled",
    name: "F6",
    change: (draft) => {
      draft.inferences[0].inference.settled += 1n;
    },
  },
  {
    what: "a call that cost more than its receipt says",
    name: "F6",
    change: (draft) => {
      const [first] = draft.inferences;
      first.inference.amount *= 2n;
      first.dataShare = (first.inference.amount * 3n) / 10n;
    },
    mending: follows,
  },
  {
    what: "an output that is not the receipt's",
    name: "F6",
    change: (draft) => {
      draft.inferences[0].inference.outputRoot = draft.inferences[1].inference.outputRoot;
    },
  },
  {
    what: "a receipt at another place of its settlement",
    name: "F6",
    change: (draft) => {
      draft.inferences[0].inference.place = (draft.inferences[0].inference.place + 1) % 12;
    },
  },
  {
    what: "an output that is too short, so that words earn more",
    name: "F6",
    change: (draft) => {
      draft.inferences[0].inference.outputLength -= 1;
    },
    mending: follows,
  },
  {
    what: "a credit that is too large",
    name: "F6",
    change: (draft) => {
      draft.credits[0].amount += 1n;
    },
  },
  {
    what: "a payout to others than who has the credits",
    name: "F6",
    change: (draft, { mallory }) => {
      draft.shares[0].recipient = mallory;
    },
    mending: () => ({ shares: false }),
  },
  {
    what: "a payout for other credits",
    name: "F6",
    change: (draft, { mallory }) => {
      draft.shares[0].evidence = mallory;
    },
    mending: () => ({ shares: false }),
  },
  {
    what: "a remainder that goes to the reporter",
    name: "F6",
    change: (draft, { reporter }) => {
      const remainder = draft.shares[draft.shares.length - 1];
      remainder.recipient = walletAccount(reporter.address);
      remainder.kind = ShareKind.Account;
    },
    mending: () => ({ shares: false }),
  },
  {
    what: "credits that go to the Datanet's split",
    name: "F6",
    change: (draft, { pot }) => {
      draft.shares[0] = { ...draft.shares[0], kind: ShareKind.Split, recipient: pot.versionSplitId };
    },
    mending: () => ({ shares: false }),
  },
];

function callOf(draft: Draft, { calls }: SettledBatch, inference: number): { output: Uint8Array } {
  const { outputRoot } = draft.inferences[inference].inference;
  const call = calls.find(({ receipt }) => receipt.outputRoot === outputRoot);
  if (call === undefined) throw new Error(`Inference ${inference} has no call.`);
  return call;
}
