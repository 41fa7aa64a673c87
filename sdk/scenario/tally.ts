import type { AccountIndex, SplitIndex } from "./economy.ts";
import { gini, hhi, nakamoto } from "./concentration.ts";
import type { AccountResult, AssetResult, PeriodResult, RunResult } from "./result.ts";
import { type Layer, LAYERS, type PersonIndex, type Rail, RAILS, type Scenario } from "./scenario.ts";
import type { PaymentStep, Step } from "./step.ts";
import type { Till } from "./till.ts";
import { PARTS_OF_PERIOD } from "./traffic.ts";
import type { World } from "./world.ts";

/** Of members of larger groups no earnings per period are kept. */
export const DETAILED_GROUP = 100;

/** Counts what happens in a run, and says at the end what came out. */
export class Tally {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #till: Till;
  readonly #periods: PeriodResult[] = [];
  /** Of this period. */
  #now: PeriodResult;
  readonly #hasPaid: Uint8Array;

  // Per service.
  readonly #services: { payments: number; calls: number; tokensIn: number; tokensOut: number; amount: bigint }[];
  readonly #rails: Record<Rail, { payments: number; calls: number; amount: bigint }>;

  // Per account.
  readonly #earnedBefore: bigint[];
  readonly #dataBefore: bigint[];
  readonly #claimed: bigint[];
  readonly #earnedPerPeriod: (bigint[] | undefined)[];
  readonly #joined: (number | undefined)[];
  readonly #layersBefore = LAYERS.map(() => 0n);

  constructor({ scenario, world, till }: { scenario: Scenario; world: World; till: Till }) {
    this.#scenario = scenario;
    this.#world = world;
    this.#till = till;
    this.#now = emptyPeriod(0);
    const { people, services } = scenario;
    const accounts = world.accounts;
    this.#hasPaid = new Uint8Array(people.length);
    this.#services = services.map(() => ({ payments: 0, calls: 0, tokensIn: 0, tokensOut: 0, amount: 0n }));
    this.#rails = perKey(RAILS, () => ({ payments: 0, calls: 0, amount: 0n }));
    this.#earnedBefore = new Array<bigint>(accounts).fill(0n);
    this.#dataBefore = new Array<bigint>(accounts).fill(0n);
    this.#claimed = new Array<bigint>(accounts).fill(0n);
    this.#joined = new Array<number | undefined>(accounts).fill(undefined);
    const sizes = new Map<string, number>();
    for (const { group } of people) if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
    this.#earnedPerPeriod = Array.from({ length: accounts }, (_, account) => {
      const group = people.at(account)?.group;
      return group !== undefined && (sizes.get(group) ?? 0) > DETAILED_GROUP ? undefined : [];
    });
  }

  // ---------------------------------------------------------------- what happens

  count(step: Step): void {
    switch (step.kind) {
      case "accept":
        for (const { contributor } of step.contributions) this.#joined[contributor] ??= this.#now.period;
        return;
      case "pay":
        this.#countPayment(step);
        return;
    }
  }

  /** Calls that nobody served or could pay for. */
  refuse(calls: number): void {
    this.#now.refusedCalls += calls;
  }

  /** Payers that are there, of each traffic. */
  present(payers: readonly (readonly PersonIndex[])[]): void {
    const isPresent = new Uint8Array(this.#scenario.people.length);
    for (const present of payers) for (const payer of present) isPresent[payer] = 1;
    this.#now.presentPayers = sumOf(isPresent);
  }

  /** Everything has been settled, and nobody has claimed yet. */
  settled(): void {
    const { economy } = this.#world;
    const now = this.#now;
    const layers = LAYERS.map(() => 0n);
    const amounts: bigint[] = [];
    for (let account = 0; account < this.#earnedBefore.length; account++) {
      let earned = 0n;
      for (let layer = 0; layer < layers.length; layer++) {
        const part = economy.earnedAs(layer, account);
        if (part === 0n) continue;
        earned += part;
        layers[layer] += part;
      }
      const more = earned - this.#earnedBefore[account];
      this.#earnedBefore[account] = earned;
      if (more > 0n) amounts.push(more);
      const data = economy.earnedAs(0, account);
      if (data > this.#dataBefore[account] && this.#joined[account] !== undefined) now.paidContributors++;
      this.#dataBefore[account] = data;
      this.#earnedPerPeriod[account]?.push(more);
    }
    LAYERS.forEach((layer, i) => {
      now.earnedByLayer[layer] = layers[i] - this.#layersBefore[i];
      this.#layersBefore[i] = layers[i];
    });
    [now.gini, now.hhi, now.nakamoto] = [gini(amounts), hhi(amounts), nakamoto(amounts)];
  }

  /** Somebody claimed; `earned` is what its shares brought. */
  claim(person: PersonIndex, earned: bigint): void {
    this.#claimed[person] += earned;
    this.#now.claimed += earned;
    if (this.#joined[person] !== undefined) this.#now.claimingContributors++;
  }

  endPeriod(): void {
    this.#now.activePayers = sumOf(this.#hasPaid);
    this.#hasPaid.fill(0);
    this.#periods.push(this.#now);
    this.#now = emptyPeriod(this.#periods.length);
  }

  #countPayment({ payer, split, rail, calls, tokensIn, tokensOut, amount, fee, at, byAgent }: PaymentStep): void {
    const now = this.#now;
    now.payments++;
    now.calls += calls;
    now.volume += amount + fee;
    const service = this.#services[split.service];
    service.payments++;
    service.calls += calls;
    service.tokensIn += tokensIn;
    service.tokensOut += tokensOut;
    service.amount += amount;
    const ofRail = this.#rails[rail];
    ofRail.payments++;
    ofRail.calls += calls;
    ofRail.amount += amount + fee;
    if (byAgent) return;
    this.#hasPaid[payer] = 1;
    const { periodSeconds } = this.#scenario;
    now.rhythm[Math.floor(((at - now.period * periodSeconds) * PARTS_OF_PERIOD) / periodSeconds)]++;
  }

  // ---------------------------------------------------------------- what came out

  result(): RunResult {
    const { economy } = this.#world;
    const scenario = this.#scenario;
    const accounts = this.#accounts();
    const amounts = this.#earnedBefore.filter((amount) => amount > 0n);
    const contributors = this.#dataBefore.filter(
      (amount, account) => amount > 0n && this.#joined[account] !== undefined,
    );
    const sum = (figure: (period: PeriodResult) => number): number =>
      this.#periods.reduce((total, period) => total + figure(period), 0);
    let [paid, dust, claimable] = [0n, 0n, 0n];
    for (let split = 0; split < economy.splits; split++) {
      paid += economy.paid(split);
      dust += economy.dust(split);
    }
    for (let account = 0; account < this.#world.accounts; account++) claimable += economy.undrawn(account);
    return {
      scenario: scenario.name,
      teaches: scenario.teaches,
      seed: scenario.seed,
      periodSeconds: scenario.periodSeconds,
      periods: this.#periods,
      accounts,
      ...this.#assets(),
      services: scenario.services.map(({ name, asset, operator }, service) => ({
        name,
        asset: scenario.assets[asset].name,
        operator: scenario.operators[operator].name,
        ...this.#services[service],
      })),
      operators: scenario.operators.map(({ name, wallet }, operator) => ({
        name,
        calls: scenario.services.reduce(
          (calls, service, i) => calls + (service.operator === operator ? this.#services[i].calls : 0),
          0,
        ),
        earned: economy.earnedAs(LAYERS.indexOf("operator"), wallet),
        poolEarned: economy.earned(this.#world.poolOf(operator)),
        staked: this.#world.stakes.staked(operator),
        slashed: this.#world.stakes.slashed(operator),
      })),
      rails: RAILS.map((rail) => ({ rail, ...this.#rails[rail] })),
      flows: [],
      totals: {
        payments: sum(({ payments }) => payments),
        calls: sum(({ calls }) => calls),
        refusedCalls: sum(({ refusedCalls }) => refusedCalls),
        paid,
        earned: this.#earnedBefore.reduce((total, earned) => total + earned, 0n),
        claimed: this.#claimed.reduce((total, claimed) => total + claimed, 0n),
        claimable,
        prepaid: this.#till.balances.reduce((total, balance) => total + balance, this.#till.inChannels),
        dust,
        splits: economy.splits,
        shares: economy.shares,
      },
      health: {
        earnedByLayer: perKey(LAYERS, (_, i) => this.#layersBefore[i]),
        gini: gini(amounts),
        hhi: hhi(amounts),
        nakamoto: nakamoto(amounts),
        contributors: {
          gini: gini(contributors),
          hhi: hhi(contributors),
          nakamoto: nakamoto(contributors),
          earners: contributors.length,
        },
        cohorts: [],
        retention: 0,
        secondsToClaim: undefined,
        gasShare: 0,
        estimatedGas: 0n,
        smallestClaim: undefined,
      },
      expectations: [],
    };
  }

  #accounts(): AccountResult[] {
    const { economy, treasury } = this.#world;
    const { people, operators } = this.#scenario;
    const names: { name: string; group: string | undefined }[] = [
      ...people,
      { name: "treasury", group: undefined },
      ...operators.map(({ name }) => ({ name: `stakers of ${name}`, group: undefined })),
    ];
    return names.flatMap(({ name, group }, account): AccountResult[] => {
      const earned = economy.earned(account);
      const claimed = this.#claimed[account];
      const spent = account < treasury ? this.#till.spent[account] : 0n;
      if (earned === 0n && claimed === 0n && spent === 0n) return [];
      const earnedByLayer = perKey(LAYERS, (_, layer) => economy.earnedAs(layer, account));
      return [
        {
          name,
          group,
          layer: this.#layerOf(account),
          earned,
          claimed,
          spent,
          earnedByLayer,
          earnedPerPeriod: this.#earnedPerPeriod[account] ?? [],
          joined: this.#joined[account],
        },
      ];
    });
  }

  /** The layer that an account earns most as; the first of equal ones. */
  #layerOf(account: AccountIndex): Layer | undefined {
    const { economy } = this.#world;
    let [most, best]: [bigint, Layer | undefined] = [0n, undefined];
    LAYERS.forEach((layer, i) => {
      const earned = economy.earnedAs(i, account);
      if (earned > most) [most, best] = [earned, layer];
    });
    return best;
  }

  #assets(): { datanets: AssetResult[]; assets: AssetResult[] } {
    const { economy, datanets, assets } = this.#world;
    const received = (splits: readonly (SplitIndex | undefined)[]): bigint =>
      splits.reduce((sum, split) => sum + (split === undefined ? 0n : economy.received(split)), 0n);
    return {
      datanets: datanets.map(({ versions }, datanet) => ({
        name: this.#scenario.datanets[datanet].name,
        kind: "datanet",
        versions: versions.length,
        received: received(versions.map(({ split }) => split)),
        calls: 0,
      })),
      assets: assets.map((versions, asset) => {
        const { name, kind } = this.#scenario.assets[asset];
        return { name, kind, versions: versions.length, received: received(versions), calls: 0 };
      }),
    };
  }
}

function emptyPeriod(period: number): PeriodResult {
  return {
    period,
    payments: 0,
    calls: 0,
    refusedCalls: 0,
    volume: 0n,
    activePayers: 0,
    presentPayers: 0,
    paidContributors: 0,
    claimingContributors: 0,
    claimed: 0n,
    earnedByLayer: perKey(LAYERS, () => 0n),
    rhythm: new Array<number>(PARTS_OF_PERIOD).fill(0),
    gini: 0,
    hhi: 0,
    nakamoto: 0,
    estimatedGas: 0n,
  };
}

function perKey<Key extends string, Value>(
  keys: readonly Key[],
  value: (key: Key, place: number) => Value,
): Record<Key, Value> {
  return Object.fromEntries(keys.map((key, place) => [key, value(key, place)])) as Record<Key, Value>;
}

function sumOf(flags: Uint8Array): number {
  let sum = 0;
  for (const flag of flags) sum += flag;
  return sum;
}
