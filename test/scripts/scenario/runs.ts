import type { ChainResult } from "../../../scripts/scenario/chainResult.ts";
import { cohortsOf, retentionOf } from "../../../sdk/scenario/cohorts.ts";
import { concentrationOf } from "../../../sdk/scenario/concentration.ts";
import type {
  AccountResult,
  ExpectationResult,
  FlowEnd,
  FlowResult,
  PeriodResult,
  RunResult,
} from "../../../sdk/scenario/result.ts";
import { type Layer, LAYERS } from "../../../sdk/scenario/scenario.ts";
import { randomFrom } from "../../sdk/random.ts";

export const OPEN = 10n ** 18n;

export interface RunShape {
  periods?: number;
  /** Each on the one before it. */
  models?: number;
  contributors?: number;
  expectations?: ExpectationResult[];
  /** Stands in front of all names. */
  prefix?: string;
  /** Nobody pays anything. */
  isIdle?: boolean;
}

/** A made-up run that adds up as far as reports look, the same every time. */
export function runOf({
  periods = 4,
  models = 2,
  contributors = 5,
  expectations = [],
  prefix = "",
  isIdle = false,
}: RunShape = {}): RunResult {
  const random = randomFrom(periods + 31 * models + 17 * contributors);
  const amount = (most: number): bigint => (isIdle ? 0n : BigInt(random.integer(most) + 1) * 10n ** 15n);
  const perPeriod = (most: number, from = 0): bigint[] =>
    Array.from({ length: periods }, (_, period) => (period < from ? 0n : amount(most)));

  const accounts: AccountResult[] = [];
  const add = (name: string, layer: Layer, earnedPerPeriod: bigint[], joined?: number): void => {
    const earned = sum(earnedPerPeriod);
    accounts.push({
      name: `${prefix}${name}`,
      group: undefined,
      layer: earned === 0n ? undefined : layer,
      earned,
      claimed: earned / 2n,
      spent: 0n,
      earnedByLayer: byLayer((each) => (each === layer ? earned : 0n)),
      earnedPerPeriod,
      joined,
    });
  };
  for (let i = 0; i < contributors; i++) {
    const joined = i % 3 === 0 ? 0 : random.integer(periods);
    add(`contributor ${i + 1}`, "data", perPeriod(2_000 + Math.floor(60_000 / (i + 1)), joined), joined);
  }
  for (let i = 0; i < models; i++) add(`builder ${i + 1}`, "model", perPeriod(12_000));
  add("north", "operator", perPeriod(30_000));
  add("stakers of north", "staker", perPeriod(8_000));
  add("treasury", "treasury", perPeriod(3_000));

  const rows = Array.from({ length: periods }, (_, period): PeriodResult => {
    const rhythm = Array.from({ length: 24 }, (__, part) => (isIdle ? 0 : random.integer(2 + part)));
    const payments = rhythm.reduce((all, count) => all + count, 0);
    const earners = accounts.map((account) => account.earnedPerPeriod[period]).filter((earned) => earned > 0n);
    const data = accounts.filter(({ joined }) => joined !== undefined);
    return {
      period,
      payments,
      calls: 3 * payments,
      refusedCalls: isIdle ? 0 : random.integer(4),
      volume: sum(earners),
      activePayers: isIdle ? 0 : 10 + random.integer(10),
      presentPayers: 20,
      paidContributors: data.filter((account) => account.earnedPerPeriod[period] > 0n).length,
      claimingContributors: isIdle ? 0 : random.integer(contributors),
      claimed: sum(earners) / 2n,
      earnedByLayer: byLayer((layer) =>
        sum(accounts.filter((account) => account.layer === layer).map((account) => account.earnedPerPeriod[period])),
      ),
      rhythm,
      ...concentrationOf(earners),
      estimatedGas: BigInt(payments) * 60_000n,
    };
  });

  const count = (figure: (row: PeriodResult) => number): number => rows.reduce((all, row) => all + figure(row), 0);
  const earned = sum(accounts.map((account) => account.earned));
  const data = accounts.filter(({ joined }) => joined !== undefined);
  const payroll = {
    joined: Int32Array.from(data, ({ joined }) => joined ?? -1),
    paid: rows.map(({ period }) => Uint8Array.from(data, (account) => (account.earnedPerPeriod[period] > 0n ? 1 : 0))),
  };
  const ofContributors = data.map((account) => account.earned).filter((each) => each > 0n);
  return {
    scenario: `${prefix}A made-up run`,
    teaches: `${prefix}How a report looks.`,
    seed: 7,
    periodSeconds: 604_800,
    periods: rows,
    accounts,
    datanets: [{ name: `${prefix}recipes`, kind: "datanet", versions: 1, received: earned, calls: 0 }],
    assets: [],
    services: [
      {
        name: `${prefix}model ${models} at north`,
        asset: `${prefix}model ${models}`,
        operator: `${prefix}north`,
        payments: count(({ payments }) => payments),
        calls: count(({ calls }) => calls),
        tokensIn: 1_000,
        tokensOut: 500,
        amount: earned,
      },
    ],
    operators: [
      {
        name: `${prefix}north`,
        calls: count(({ calls }) => calls),
        earned: sum(accounts.filter(({ layer }) => layer === "operator").map((account) => account.earned)),
        poolEarned: sum(accounts.filter(({ layer }) => layer === "staker").map((account) => account.earned)),
        staked: 20_000n * OPEN,
        slashed: 0n,
      },
    ],
    rails: [
      {
        rail: "wallet",
        payments: count(({ payments }) => payments),
        calls: count(({ calls }) => calls),
        amount: earned,
      },
      { rail: "job", payments: 0, calls: 0, amount: 0n },
    ],
    flows: flowsOf({ accounts, models, prefix, earned }),
    totals: {
      payments: count(({ payments }) => payments),
      calls: count(({ calls }) => calls),
      refusedCalls: count(({ refusedCalls }) => refusedCalls),
      paid: earned,
      earned,
      claimed: earned / 2n,
      claimable: earned - earned / 2n,
      prepaid: 0n,
      dust: 0n,
      splits: models + 2,
      shares: 4 + 2 * models + contributors,
    },
    health: {
      earnedByLayer: byLayer((layer) => sum(rows.map(({ earnedByLayer }) => earnedByLayer[layer]))),
      ...concentrationOf(accounts.map((account) => account.earned)),
      contributors: { ...concentrationOf(ofContributors), earners: ofContributors.length },
      cohorts: cohortsOf(payroll),
      retention: retentionOf(payroll),
      secondsToClaim: isIdle ? undefined : 200_000,
      gasShare: isIdle ? 0 : 12_345,
      estimatedGas: sum(rows.map(({ estimatedGas }) => estimatedGas)) + 2_000_000n,
      smallestClaim: { least: OPEN / 50n, most: OPEN / 40n },
    },
    expectations,
  };
}

export function chainOf(differences: string[] = []): ChainResult {
  return {
    network: "localhost",
    chainId: 31_337n,
    deployedBlock: 1,
    transactions: 12,
    gasByOperation: [
      { operation: "pay", transactions: 10, gas: 500_000n },
      { operation: "claim", transactions: 2, gas: 120_000n },
    ],
    gasUsed: 620_000n,
    seconds: 3.4,
    compared: { accounts: 9, splits: 4, shares: 13, differences },
  };
}

/** Payers to the service, the service to those who run it and to the last model, each model to its builder and on, the first to data. */
function flowsOf({
  accounts,
  models,
  prefix,
  earned,
}: {
  accounts: AccountResult[];
  models: number;
  prefix: string;
  earned: bigint;
}): FlowResult[] {
  const end = (kind: FlowEnd["kind"], name: string): FlowEnd => ({ kind, name: `${prefix}${name}` });
  const service = end("service", `model ${models} at north`);
  const flows = [{ from: end("payer", "readers"), to: service, amount: earned }];
  const kinds = { operator: "operator", staker: "staker", treasury: "protocol" } as const;
  let left = earned;
  const pay = (from: FlowEnd, to: FlowEnd, amount: bigint): void => {
    flows.push({ from, to, amount });
  };
  for (const { name, layer, earned: amount } of accounts) {
    if (layer !== "operator" && layer !== "staker" && layer !== "treasury") continue;
    pay(service, { kind: kinds[layer], name }, amount);
    left -= amount;
  }
  let from = service;
  const builders = accounts.filter(({ layer }) => layer === "model");
  for (const [i, { name, earned: amount }] of builders.toReversed().entries()) {
    const model = end("model", `model ${models - i}`);
    pay(from, model, left);
    pay(model, { kind: "builder", name }, amount);
    left -= amount;
    from = model;
  }
  const datanet = end("datanet", "recipes");
  pay(from, datanet, left);
  for (const { name, layer, earned: amount } of accounts) {
    if (layer === "data") pay(datanet, { kind: "contributor", name }, amount);
  }
  return flows;
}

function byLayer(amount: (layer: Layer) => bigint): Record<Layer, bigint> {
  return Object.fromEntries(LAYERS.map((layer) => [layer, amount(layer)])) as Record<Layer, bigint>;
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((all, amount) => all + amount, 0n);
}
