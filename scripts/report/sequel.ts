import type { ChapterText } from "./chapter.ts";
import { formatInteger, formatOpen, formatPercent } from "./format.ts";

/** Of the lines that sum it all up. */
export const SEQUEL_TITLE = "Stake, disputes, votes";

/** What came after the traffic: stake, disputes, votes. Amounts in the token's smallest unit. */
export interface Sequel {
  /** At the very end. */
  stakes: StakeRow[];
  cheat: CheatResult;
  copy: CopyResult;
  vote: VoteResult;
  gauge: GaugeResult;
}

export interface StakeRow {
  staker: string;
  operator: string;
  /** After all slashes. */
  value: bigint;
  /** Claimed. */
  rewards: bigint;
}

/** What a proven fault cost, and who got it. */
export interface SlashResult {
  respondent: string;
  poolBefore: bigint;
  poolAfter: bigint;
  harmed: string;
  compensation: bigint;
  prover: string;
  bounty: bigint;
  burned: bigint;
}

export interface CheatResult extends SlashResult {
  /** Of the call. */
  price: bigint;
  stakers: { name: string; before: bigint; after: bigint }[];
  minSelfStake: bigint;
  /** Whether the operator's service is quoted afterwards. */
  quoted: boolean;
}

export interface CopyResult {
  slash: SlashResult;
  /** In two payments, one before the proof and one after. */
  paid: bigint;
  rows: {
    name: string;
    units: bigint;
    /** Undrawn when the copy was proven. */
    before: bigint;
    /** What the share is entitled to in the end. */
    withoutProof: bigint;
    received: bigint;
  }[];
}

export interface VoteResult {
  oldVersion: bigint;
  version: bigint;
  service: string;
  /** Price of the call that was paid under either policy. */
  amount: bigint;
  forVotes: bigint;
  allVotes: bigint;
  /** Of the gauges, for each epoch. */
  budget: bigint;
  rows: { name: string; oldBps: bigint; before: bigint; newBps: bigint; after: bigint }[];
}

export interface GaugeResult {
  epoch: bigint;
  budget: bigint;
  paid: bigint;
  /** `base`: fees that count for the asset. It gets the lesser of `cap` and `byVotes`. */
  rows: { name: string; votes: bigint; base: bigint; cap: bigint; byVotes: bigint; paid: bigint }[];
}

export function describeSequel({ stakes, cheat, copy, vote, gauge }: Sequel): ChapterText[] {
  return [describeCheat(cheat), describeCopy(copy), describeVote(vote), describeGauge(gauge), describeStakes(stakes)];
}

/** A line per chapter. */
export function summarizeSequel({ stakes, cheat, copy, vote, gauge }: Sequel): string[] {
  const rewards = stakes.reduce((sum, { rewards: claimed }) => sum + claimed, 0n);
  const staked = stakes.reduce((sum, { value }) => sum + value, 0n);
  const [author, , copycat] = copy.rows;
  const [treasury] = vote.rows;
  return [
    `Cheated:   ${cheat.respondent} signed two receipts for one call. Its pool lost ` +
      `${formatOpen(cheat.poolBefore - cheat.poolAfter, 0)} OPEN, ${formatOpen(cheat.compensation, 0)} of it to the payer; ` +
      `${cheat.quoted ? "it still serves" : "it serves no longer"}.`,
    `Copied:    ${copycat.name} got ${formatOpen(copycat.received, 0)} of ${formatOpen(copycat.withoutProof, 0)} OPEN ` +
      `for a poem that was ${author.name}'s, who got ${formatOpen(author.received, 0)}.`,
    `Voted:     the treasury gets ${treasury.newBps} bps, no longer ${treasury.oldBps}; ` +
      `a call from before was released with ${treasury.oldBps}.`,
    `Directed:  stakers' votes sent ${formatOpen(gauge.paid)} OPEN of the treasury's to ` +
      `${gauge.rows.filter(({ paid }) => paid > 0n).length} of ${gauge.rows.length} assets.`,
    `Rewarded:  stakers claimed ${formatOpen(rewards)} OPEN, and have ${formatOpen(staked, 0)} staked.`,
  ];
}

function describeStakes(stakes: StakeRow[]): ChapterText {
  return {
    title: "Stake, in the end",
    columns: ["staker", "on", "#worth OPEN", "#rewards claimed"],
    rows: stakes.map(({ staker, operator, value, rewards }) => [
      staker,
      operator,
      formatOpen(value, 2),
      formatOpen(rewards),
    ]),
    notes: [],
  };
}

function describeCheat(cheat: CheatResult): ChapterText {
  const { stakers, minSelfStake, quoted, price } = cheat;
  return {
    title: `Dispute by proof: ${cheat.respondent} signed two receipts for one call of ${formatOpen(price)} OPEN`,
    columns: ["staker", "#staked OPEN", "#left", "#lost"],
    rows: [
      ...stakers.map(({ name, before, after }) => [
        name,
        formatOpen(before, 2),
        formatOpen(after, 2),
        formatOpen(before - after, 2),
      ]),
      [
        "pool",
        formatOpen(cheat.poolBefore, 2),
        formatOpen(cheat.poolAfter, 2),
        formatOpen(cheat.poolBefore - cheat.poolAfter, 2),
      ],
    ],
    notes: [
      describeSlash(cheat),
      `An operator needs ${formatOpen(minSelfStake, 0)} OPEN of its own: its service is ` +
        `${quoted ? "still" : "no longer"} quoted.`,
    ],
  };
}

function describeCopy({ slash, paid, rows }: CopyResult): ChapterText {
  return {
    title: `Dispute by proof: ${slash.respondent} accepted a poem twice`,
    columns: ["contributor", "#units", "#undrawn before the proof", "#share of all OPEN", "#got after it"],
    rows: rows.map(({ name, units, before, withoutProof, received }) => [
      name,
      formatInteger(units),
      formatOpen(before),
      formatOpen(withoutProof),
      formatOpen(received),
    ]),
    notes: [
      `${formatOpen(paid, 0)} OPEN were paid, half before the proof and half after it.`,
      `The pool lost ${formatOpen(slash.poolBefore - slash.poolAfter)} OPEN. ${describeSlash(slash)}`,
    ],
  };
}

function describeSlash({ harmed, compensation, prover, bounty, burned }: SlashResult): string {
  return (
    `${harmed} got ${formatOpen(compensation)} OPEN of it, ${prover} for the proof ${formatOpen(bounty)}; ` +
    `${formatOpen(burned)} were burned.`
  );
}

function describeVote({
  oldVersion,
  version,
  service,
  amount,
  forVotes,
  allVotes,
  budget,
  rows,
}: VoteResult): ChapterText {
  return {
    title: `Vote: fee policy ${version} after ${oldVersion}, one call of ${formatOpen(amount)} OPEN under each`,
    columns: [service, "#bps", `#policy ${oldVersion}`, "#bps", `#policy ${version}`],
    rows: rows.map(({ name, oldBps, before, newBps, after }) => [
      name,
      formatInteger(oldBps),
      formatOpen(before),
      formatInteger(newBps),
      formatOpen(after),
    ]),
    notes: [
      `${formatPercent(forVotes, allVotes)} of all stake voted for it, and for a budget of ${formatOpen(budget)} OPEN an epoch.`,
      "The call that was paid before the vote was released after it, as it had been promised.",
    ],
  };
}

function describeGauge({ epoch, budget, paid, rows }: GaugeResult): ChapterText {
  return {
    title: `Incentives of epoch ${epoch}, in OPEN`,
    columns: ["asset", "#votes", "#fees that count", "#at most", "#by votes", "#paid"],
    rows: rows.map(({ name, votes, base, cap, byVotes, paid: got }) => [
      name,
      formatOpen(votes, 0),
      formatOpen(base),
      formatOpen(cap),
      formatOpen(byVotes),
      formatOpen(got),
    ]),
    notes: [`${formatOpen(paid)} of the budget of ${formatOpen(budget)} left the treasury.`],
  };
}
