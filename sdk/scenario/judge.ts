import type { AccountIndex } from "./economy.ts";
import type { ExpectationResult, Health, PeriodResult } from "./result.ts";
import { type Expectation, LAYERS, type Scenario, type Subject, type Whole } from "./scenario.ts";
import type { Till } from "./till.ts";
import type { World } from "./world.ts";

/** What has come together since the run began: an amount, and what it is a part of. */
interface Measure {
  amount: bigint;
  whole: bigint;
}

/** What the judge looks at. */
export interface Evidence {
  world: World;
  till: Till;
  /** What each account's claims have brought it. */
  claimed: readonly bigint[];
  /** Calls that each service has taken. */
  callsOf: (service: number) => number;
  /** Periods that are over. */
  periods: readonly PeriodResult[];
}

const MILLION = 1_000_000n;
const TOKEN_DECIMALS = 18;
/** So many digits behind the point are enough to tell amounts apart, unless they must be exact. */
const SHOWN_DECIMALS = 6;

/** Says whether what was expected came out. */
export class Judge {
  readonly #scenario: Scenario;
  readonly #evidence: Evidence;
  /** Of expectations of one period: what had come together before it, and by its end. */
  readonly #before = new Map<Expectation, Measure>();
  readonly #after = new Map<Expectation, Measure>();
  readonly #groups: Map<string, AccountIndex[]>;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.#scenario = evidence.world.scenario;
    this.#groups = new Map();
    this.#scenario.people.forEach(({ group }, person) => {
      if (group === undefined) return;
      const members = this.#groups.get(group);
      if (members === undefined) this.#groups.set(group, [person]);
      else members.push(person);
    });
  }

  /** Everything of a period has happened. */
  endPeriod(period: number): void {
    for (const expectation of this.#scenario.expectations) {
      if (expectation.period === period + 1) this.#before.set(expectation, this.#measure(expectation));
      if (expectation.period === period) this.#after.set(expectation, this.#measure(expectation));
    }
  }

  results(health: Health): ExpectationResult[] {
    return this.#scenario.expectations.map((expectation) => {
      const { text, line, relation, unit, value } = expectation;
      const { amount, whole } = this.#final(expectation, health);
      // A part is compared without dividing; where there is no whole, there is no part.
      const [is, must] = unit === "part" ? [amount * MILLION, value * whole] : [amount, value];
      const part = whole === 0n ? 0n : (amount * MILLION) / whole;
      const holds =
        relation === "at least"
          ? is >= must && (unit !== "part" || whole > 0n || value === 0n)
          : relation === "at most"
            ? is <= must || (unit === "part" && whole === 0n)
            : unit === "part"
              ? part === value
              : is === must;
      return { text, line, holds, actual: this.#say(expectation, unit === "part" ? part : amount) };
    });
  }

  // ---------------------------------------------------------------- measures

  #final(expectation: Expectation, health: Health): Measure {
    const { figure, period } = expectation;
    const one = period === undefined ? health : this.#evidence.periods[period];
    switch (figure.kind) {
      case "gini":
      case "hhi":
        return { amount: BigInt(one[figure.kind]), whole: MILLION };
      case "nakamoto":
        return { amount: BigInt(one.nakamoto), whole: 0n };
      case "retention":
        return { amount: BigInt(health.retention), whole: MILLION };
      case "gas share":
        return { amount: BigInt(health.gasShare), whole: MILLION };
    }
    if (period === undefined) return this.#measure(expectation);
    const nothing = { amount: 0n, whole: 0n };
    const before = this.#before.get(expectation) ?? nothing;
    const after = this.#after.get(expectation) ?? nothing;
    return { amount: after.amount - before.amount, whole: after.whole - before.whole };
  }

  #measure({ figure }: Expectation): Measure {
    const { world, periods, callsOf } = this.#evidence;
    const sum = (of: (period: PeriodResult) => number | bigint): bigint =>
      periods.reduce((total, period) => total + BigInt(of(period)), 0n);
    switch (figure.kind) {
      case "earns":
        return { amount: this.#earned(figure.who), whole: this.#whole(figure.of) };
      case "claims":
        return { amount: this.#sum(figure.who, this.#evidence.claimed), whole: this.#whole(figure.of) };
      case "spends":
        return { amount: this.#sum(figure.who, this.#evidence.till.spent), whole: this.#whole(figure.of) };
      case "serves": {
        const { services } = this.#scenario;
        const [calls, all] = [figure.operator, undefined].map((operator) =>
          services.reduce(
            (total, service, place) =>
              total + (operator === undefined || service.operator === operator ? callsOf(place) : 0),
            0,
          ),
        );
        return { amount: BigInt(calls), whole: BigInt(all) };
      }
      case "slashed":
        return { amount: world.stakes.slashed(figure.operator), whole: 0n };
      case "payments":
        return { amount: sum(({ payments }) => payments), whole: 0n };
      case "calls":
        return { amount: sum(({ calls }) => calls), whole: 0n };
      case "refused calls":
        return { amount: sum(({ refusedCalls }) => refusedCalls), whole: 0n };
      case "volume":
        return { amount: sum(({ volume }) => volume), whole: 0n };
      default:
        return { amount: 0n, whole: 0n };
    }
  }

  #whole(of: Whole): bigint {
    if (of !== "payments") return this.#earned({ layer: of });
    return this.#evidence.periods.reduce((total, { volume }) => total + volume, 0n);
  }

  #earned(who: Subject): bigint {
    const { world, periods } = this.#evidence;
    if ("layer" in who) return periods.reduce((sum, { earnedByLayer }) => sum + earnedByLayer[who.layer], 0n);
    if ("datanet" in who) return world.receivedBy({ datanet: who.datanet });
    if ("asset" in who) return world.receivedBy({ asset: who.asset });
    return this.#accounts(who).reduce((sum, account) => sum + world.economy.earned(account), 0n);
  }

  #sum(who: Subject, amounts: readonly bigint[]): bigint {
    return this.#accounts(who).reduce((sum, account) => sum + (amounts.at(account) ?? 0n), 0n);
  }

  /** Accounts of somebody. An agent's is its wallet; Datanets and models have none. */
  #accounts(who: Subject): readonly AccountIndex[] {
    const { world } = this.#evidence;
    if ("person" in who) return [who.person];
    if ("group" in who) return this.#groups.get(who.group) ?? [];
    if ("datanet" in who) return [];
    if ("asset" in who) {
      const { agent } = this.#scenario.assets[who.asset];
      return agent === undefined ? [] : [agent.wallet];
    }
    const layer = LAYERS.indexOf(who.layer);
    return Array.from({ length: world.accounts }, (_, account) => account).filter(
      (account) => world.economy.mainLayer(account) === layer,
    );
  }

  // ---------------------------------------------------------------- words

  #say({ figure, unit, relation }: Expectation, value: bigint): string {
    switch (unit) {
      case "open":
        return `${decimal(value, TOKEN_DECIMALS, relation === "exactly" ? TOKEN_DECIMALS : SHOWN_DECIMALS)} OPEN`;
      case "part": {
        const whole = "of" in figure ? ` of ${figure.of}` : figure.kind === "serves" ? " of calls" : "";
        return `${decimal(value, 4, 4)} %${whole}`;
      }
      case "count":
        return `${value}${figure.kind === "serves" ? " calls" : ""}`;
    }
  }
}

/** A number of so many decimals, of which so many are shown, without zeros at the end. */
function decimal(value: bigint, decimals: number, shown: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const fraction = digits.slice(-decimals).slice(0, shown).replace(/0+$/, "");
  const whole = digits.slice(0, -decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  return `${value < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}
