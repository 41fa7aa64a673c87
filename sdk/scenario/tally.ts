import { ClaimTimes } from "./claimTimes.ts";
import { cohortsOf, type Payroll, retentionOf } from "./cohorts.ts";
import { concentrationOf } from "./concentration.ts";
import type { Taken } from "./economy.ts";
import { Flows } from "./flows.ts";
import { gasOfStep, gasShareOf, type Released } from "./gasEstimate.ts";
import { Judge } from "./judge.ts";
import { callsThrough } from "./lineageCalls.ts";
import type { AccountResult, Health, PeriodResult, RunResult, Totals } from "./result.ts";
import { LAYERS, type PersonIndex, type Rail, RAILS, type Scenario } from "./scenario.ts";
import { smallestClaimOf } from "./smallestClaim.ts";
import type { PaymentStep, Step } from "./step.ts";
import type { Till } from "./till.ts";
import { PARTS_OF_PERIOD } from "./traffic.ts";
import type { World } from "./world.ts";

/** Of members of larger groups no earnings per period are kept. */
export const DETAILED_GROUP = 100;

const NEVER = -1;
const DATA = LAYERS.indexOf("data");
const OPERATOR = LAYERS.indexOf("operator");

/** Counts what happens in a run, and says at the end what came out. */
export class Tally {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #till: Till;
  readonly #flows: Flows;
  readonly #judge: Judge;
  readonly #claimTimes: ClaimTimes;
  readonly #periods: PeriodResult[] = [];
  #now = emptyPeriod(0);
  /** Gas since the period began, or since the beginning. */
  #gas = 0;
  #gasOfSetUp = 0n;
  /** What the next claim or release proves. */
  #released: Released = { shares: 1, levels: 1 };
  /** What the period's first claim proves besides. */
  #passedOn: Released = { shares: 0, levels: 0 };
  readonly #hasPaid: Uint8Array;

  readonly #services: { payments: number; calls: number; tokensIn: number; tokensOut: number; amount: bigint }[];
  readonly #rails: Record<Rail, { payments: number; calls: number; amount: bigint }>;
  /** Calls per service's split. */
  readonly #callsOfSplits: number[] = [];

  // Per account.
  readonly #earned: bigint[];
  readonly #ofData: bigint[];
  readonly #claimed: bigint[];
  readonly #earnedPerPeriod: (bigint[] | undefined)[];
  readonly #joined: Int32Array;
  /** For each period, who was paid for contributions. */
  readonly #paid: Uint8Array[] = [];
  #layers = LAYERS.map(() => 0n);

  constructor({ world, till }: { world: World; till: Till }) {
    const { scenario, accounts } = world;
    const { people, services, periodSeconds } = scenario;
    this.#scenario = scenario;
    this.#world = world;
    this.#till = till;
    this.#flows = new Flows(world);
    this.#claimTimes = new ClaimTimes({ accounts, periodSeconds });
    this.#hasPaid = new Uint8Array(people.length);
    this.#services = services.map(() => ({ payments: 0, calls: 0, tokensIn: 0, tokensOut: 0, amount: 0n }));
    this.#rails = perKey(RAILS, () => ({ payments: 0, calls: 0, amount: 0n }));
    this.#earned = new Array<bigint>(accounts).fill(0n);
    this.#ofData = new Array<bigint>(accounts).fill(0n);
    this.#claimed = new Array<bigint>(accounts).fill(0n);
    this.#joined = new Int32Array(people.length).fill(NEVER);
    const sizes = new Map<string, number>();
    for (const { group } of people) if (group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
    this.#earnedPerPeriod = Array.from({ length: accounts }, (_, account) => {
      const group = people.at(account)?.group;
      return group !== undefined && (sizes.get(group) ?? 0) > DETAILED_GROUP ? undefined : [];
    });
    this.#judge = new Judge({
      world,
      till,
      claimed: this.#claimed,
      callsOf: (service) => this.#services[service].calls,
      periods: this.#periods,
    });
  }

  // ---------------------------------------------------------------- what happens

  /** Counts a step that has just happened. */
  count(step: Step): void {
    this.#gas += gasOfStep({ scenario: this.#scenario, step, released: this.#released });
    if (step.kind === "pay") {
      this.#countPayment(step);
    } else if (step.kind === "accept") {
      for (const { contributor } of step.contributions) {
        if (this.#joined[contributor] === NEVER) this.#joined[contributor] = this.#now.period;
      }
    } else if (step.kind === "period" && step.period === 0) {
      this.#gasOfSetUp = BigInt(this.#gas);
      this.#gas = 0;
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
    this.#now.presentPayers = countOf(isPresent);
  }

  /** Everything has been settled, and nobody has claimed yet. */
  settled(): void {
    const { economy } = this.#world;
    const now = this.#now;
    const layers = LAYERS.map(() => 0n);
    const amounts: bigint[] = [];
    const paid = new Uint8Array(this.#scenario.people.length);
    this.#claimTimes.endPayments(now.period);
    for (let account = 0; account < this.#earned.length; account++) {
      let earned = 0n;
      for (let layer = 0; layer < layers.length; layer++) {
        const part = economy.earnedAs(layer, account);
        if (part === 0n) continue;
        earned += part;
        layers[layer] += part;
      }
      const more = earned - this.#earned[account];
      this.#earned[account] = earned;
      this.#earnedPerPeriod[account]?.push(more);
      if (more === 0n) continue;
      // A redirect may have taken more than came in.
      if (more > 0n) amounts.push(more);
      this.#claimTimes.earn(account, more);
      const ofData = economy.earnedAs(DATA, account);
      if (ofData > this.#ofData[account] && this.#isContributor(account)) {
        paid[account] = 1;
        now.paidContributors++;
      }
      this.#ofData[account] = ofData;
    }
    this.#paid.push(paid);
    now.earnedByLayer = perKey(LAYERS, (_, i) => layers[i] - this.#layers[i]);
    this.#layers = layers;
    Object.assign(now, concentrationOf(amounts));
    // Whoever claims first passes on what all wait for.
    this.#passedOn = economy.passOn();
  }

  /** An agent is about to take what its shares have brought. */
  release({ shares, levels }: Taken): void {
    this.#released = { shares, levels };
  }

  /** Somebody is about to claim what its shares have brought. */
  claim(person: PersonIndex, { amount, shares, levels }: Taken): void {
    this.#claimed[person] += amount;
    this.#now.claimed += amount;
    if (this.#isContributor(person)) this.#now.claimingContributors++;
    this.#claimTimes.claim(person, { amount, period: this.#now.period });
    const passedOn = this.#passedOn;
    this.#passedOn = { shares: 0, levels: 0 };
    this.#released = { shares: Math.max(1, passedOn.shares + shares), levels: passedOn.levels + levels };
  }

  /** Everything of a period has happened. */
  endPeriod(): void {
    const now = this.#now;
    now.activePayers = countOf(this.#hasPaid);
    now.estimatedGas = BigInt(this.#gas);
    this.#hasPaid.fill(0);
    this.#gas = 0;
    this.#periods.push(now);
    this.#judge.endPeriod(now.period);
    this.#now = emptyPeriod(this.#periods.length);
  }

  #countPayment({ payer, split, rail, calls, tokensIn, tokensOut, amount, fee, at, byAgent }: PaymentStep): void {
    const now = this.#now;
    const all = amount + fee;
    now.payments++;
    now.calls += calls;
    now.volume += all;
    const service = this.#services[split.service];
    service.payments++;
    service.calls += calls;
    service.tokensIn += tokensIn;
    service.tokensOut += tokensOut;
    service.amount += amount;
    const ofRail = this.#rails[rail];
    ofRail.payments++;
    ofRail.calls += calls;
    ofRail.amount += all;
    const { number } = this.#world.splitOf(split.service);
    this.#callsOfSplits[number] = (this.#callsOfSplits.at(number) ?? 0) + calls;
    this.#flows.pay({ payer, service: split.service, amount, fee });
    this.#claimTimes.pay(all, at);
    // Agents pay at the end of a period, which is no rhythm of anybody's.
    if (byAgent) return;
    this.#hasPaid[payer] = 1;
    const { periodSeconds } = this.#scenario;
    now.rhythm[Math.floor(((at - now.period * periodSeconds) * PARTS_OF_PERIOD) / periodSeconds)]++;
  }

  #isContributor(account: number): boolean {
    return account < this.#joined.length && this.#joined[account] !== NEVER;
  }

  // ---------------------------------------------------------------- what came out

  result(): RunResult {
    const scenario = this.#scenario;
    const { economy, stakes } = this.#world;
    const health = this.#health();
    const calls = callsThrough(this.#world, this.#callsOfSplits);
    return {
      scenario: scenario.name,
      teaches: scenario.teaches,
      seed: scenario.seed,
      periodSeconds: scenario.periodSeconds,
      periods: this.#periods,
      accounts: this.#accounts(),
      datanets: scenario.datanets.map(({ name }, datanet) => ({
        name,
        kind: "datanet",
        versions: this.#world.datanets[datanet].versions.length,
        received: this.#world.receivedBy({ datanet }),
        calls: calls.datanets[datanet],
      })),
      assets: scenario.assets.map(({ name, kind }, asset) => ({
        name,
        kind,
        versions: this.#world.assets[asset].length,
        received: this.#world.receivedBy({ asset }),
        calls: calls.assets[asset],
      })),
      services: scenario.services.map(({ name, asset, operator }, service) => ({
        name,
        asset: scenario.assets[asset].name,
        operator: scenario.operators[operator].name,
        ...this.#services[service],
      })),
      operators: scenario.operators.map(({ name, wallet }, operator) => ({
        name,
        calls: this.#services.reduce(
          (sum, service, place) => sum + (scenario.services[place].operator === operator ? service.calls : 0),
          0,
        ),
        earned: economy.earnedAs(OPERATOR, wallet),
        poolEarned: economy.earned(this.#world.poolOf(operator)),
        staked: stakes.staked(operator),
        slashed: stakes.slashed(operator),
      })),
      rails: RAILS.map((rail) => ({ rail, ...this.#rails[rail] })),
      flows: this.#flows.result(),
      totals: this.#totals(),
      health,
      expectations: this.#judge.results(health),
    };
  }

  #totals(): Totals {
    const { economy, accounts } = this.#world;
    const sum = (of: (period: PeriodResult) => number): number =>
      this.#periods.reduce((total, period) => total + of(period), 0);
    let [paid, dust, claimable] = [0n, 0n, 0n];
    for (let split = 0; split < economy.splits; split++) {
      paid += economy.paid(split);
      dust += economy.dust(split);
    }
    for (let account = 0; account < accounts; account++) claimable += economy.undrawn(account);
    return {
      payments: sum(({ payments }) => payments),
      calls: sum(({ calls }) => calls),
      refusedCalls: sum(({ refusedCalls }) => refusedCalls),
      paid,
      earned: sumOf(this.#earned),
      claimed: sumOf(this.#claimed),
      claimable,
      prepaid: sumOf(this.#till.balances) + this.#till.inChannels,
      dust,
      splits: economy.splits,
      shares: economy.shares,
    };
  }

  #health(): Health {
    const { prices } = this.#scenario;
    const payroll: Payroll = { joined: this.#joined, paid: this.#paid };
    const contributors = this.#ofData.filter((amount, account) => amount > 0n && this.#isContributor(account));
    const estimatedGas = this.#periods.reduce((gas, period) => gas + period.estimatedGas, this.#gasOfSetUp);
    const moved = this.#periods.reduce((sum, { volume }) => sum + volume, 0n);
    return {
      earnedByLayer: perKey(LAYERS, (_, i) => this.#layers[i]),
      ...concentrationOf(this.#earned.filter((amount) => amount > 0n)),
      contributors: { ...concentrationOf(contributors), earners: contributors.length },
      cohorts: cohortsOf(payroll),
      retention: retentionOf(payroll),
      secondsToClaim: this.#claimTimes.meanSeconds(),
      gasShare: gasShareOf({ gas: estimatedGas, moved, prices }),
      estimatedGas,
      smallestClaim: smallestClaimOf(this.#scenario),
    };
  }

  #accounts(): AccountResult[] {
    const { economy, treasury } = this.#world;
    const { people, operators } = this.#scenario;
    const named: { name: string; group: string | undefined }[] = [
      ...people,
      { name: "treasury", group: undefined },
      ...operators.map(({ name }) => ({ name: `stakers of ${name}`, group: undefined })),
    ];
    return named.flatMap(({ name, group }, account): AccountResult[] => {
      const earned = this.#earned[account];
      const claimed = this.#claimed[account];
      const spent = account < treasury ? this.#till.spent[account] : 0n;
      if (earned === 0n && claimed === 0n && spent === 0n) return [];
      const layer = economy.mainLayer(account);
      return [
        {
          name,
          group,
          layer: layer === undefined ? undefined : LAYERS[layer],
          earned,
          claimed,
          spent,
          earnedByLayer: perKey(LAYERS, (_, i) => economy.earnedAs(i, account)),
          earnedPerPeriod: this.#earnedPerPeriod[account] ?? [],
          joined: this.#isContributor(account) ? this.#joined[account] : undefined,
        },
      ];
    });
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

function countOf(flags: Uint8Array): number {
  let count = 0;
  for (const flag of flags) count += flag;
  return count;
}

function sumOf(amounts: readonly bigint[]): bigint {
  return amounts.reduce((sum, amount) => sum + amount, 0n);
}
