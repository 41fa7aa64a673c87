import type { Economy } from "./economy.ts";
import { VOTE_SECONDS } from "./limits.ts";
import { RandomStream } from "./randomness.ts";
import type { RunResult } from "./result.ts";
import type {
  AgentCall,
  AssetIndex,
  Fees,
  OperatorIndex,
  PersonIndex,
  Rail,
  Scenario,
  ScenarioEvent,
  ServiceIndex,
} from "./scenario.ts";
import { bondAfter, bondFor } from "./stakes.ts";
import type { PaymentStep, Slash, Step } from "./step.ts";
import { Tally } from "./tally.ts";
import { Till } from "./till.ts";
import { tokensOf, TrafficSource } from "./traffic.ts";
import { World } from "./world.ts";

export interface PlayOptions {
  /** Traffic ends after so many payments; the rest of the run goes on. */
  maxPayments?: number;
}

/** Tokens in and out of a call that an operator contradicts itself about, if it never was paid for one. */
const USUAL_TOKENS = { tokensIn: 1_000, tokensOut: 1_000 };

/** Plays a scenario in memory. What it yields is what happens, in order; it returns what came out. */
export function* play(scenario: Scenario, options: PlayOptions = {}): Generator<Step, RunResult> {
  const world = new World(scenario);
  const till = new Till(world);
  const tally = new Tally({ world, till });
  for (const step of new Play({ world, till, tally }, options).steps()) {
    tally.count(step);
    yield step;
  }
  return tally.result();
}

/** The order of a run. */
class Play {
  readonly #scenario: Scenario;
  readonly #world: World;
  readonly #economy: Economy;
  readonly #till: Till;
  readonly #tally: Tally;
  readonly #sources: TrafficSource[];
  readonly #agentDraws: RandomStream[];
  /** Calls of each asset's services in this period. */
  readonly #callsOf: number[];
  readonly #outages: { operator: OperatorIndex; until: number }[] = [];
  readonly #proposals: { fees: Fees; enactedIn: number }[] = [];
  readonly #copies: { event: ScenarioEvent & { kind: "copy" }; earlier: number; later: number }[] = [];
  /** What a payer last paid an operator. */
  readonly #lastPaid = new Map<string, bigint>();
  /** Payers of whom that is kept. */
  readonly #watched: ReadonlySet<PersonIndex>;
  #paymentsLeft: number;
  #payments = 0;

  constructor(
    { world, till, tally }: { world: World; till: Till; tally: Tally },
    { maxPayments = Infinity }: PlayOptions,
  ) {
    const { scenario } = world;
    const { seed } = scenario;
    this.#scenario = scenario;
    this.#world = world;
    this.#economy = world.economy;
    this.#till = till;
    this.#tally = tally;
    this.#watched = new Set(scenario.events.flatMap((event) => (event.kind === "equivocate" ? [event.payer] : [])));
    this.#paymentsLeft = maxPayments;
    this.#sources = scenario.traffic.map((traffic, number) => new TrafficSource({ traffic, seed, number }));
    this.#agentDraws = scenario.assets.map((_, number) => new RandomStream({ seed, purpose: "agents", number }));
    this.#callsOf = scenario.assets.map(() => 0);
  }

  *steps(): Generator<Step> {
    yield* this.#setUp();
    for (let period = 0; period < this.#scenario.periods; period++) {
      yield { kind: "period", period };
      this.#callsOf.fill(0);
      yield* this.#begin(period);
      yield* this.#pay(period);
      yield* this.#till.settle();
      yield* this.#callForAgents(period);
      this.#economy.settle();
      this.#tally.settled();
      yield* this.#claim(period);
      this.#tally.endPeriod();
    }
    yield { kind: "releaseAll" };
  }

  // ---------------------------------------------------------------- setup

  *#setUp(): Generator<Step> {
    const { datanets, assets, operators, services, people, traffic } = this.#scenario;
    for (const [datanet, { contributions }] of datanets.entries()) {
      yield { kind: "createDatanet", datanet };
      yield this.#world.accept(datanet, contributions);
    }
    for (const [asset, { ownerUnits, upstreams, agent }] of assets.entries()) {
      yield this.#world.publish({ asset, ownerUnits, budgetUnits: agent?.budgetUnits ?? 0n, upstreams });
    }
    for (const [operator, { wallet, stake, commissionBps, backers }] of operators.entries()) {
      for (const { backer, amount } of [{ backer: wallet, amount: stake }, ...backers]) {
        if (amount === 0n) continue;
        this.#world.stakes.stake({ operator, staker: backer, amount });
        yield { kind: "stake", staker: backer, operator, amount };
      }
      if (commissionBps > 0) yield { kind: "setCommission", operator, bps: commissionBps };
    }
    for (const service of services.keys()) {
      const version = this.#world.serve(service);
      this.#world.setActive(service, true);
      yield { kind: "serve", service, version };
    }
    const depositors = new Set<PersonIndex>();
    for (const { agent } of assets) if (agent !== undefined) depositors.add(agent.wallet);
    for (const { payers, rail } of traffic) if (rail === "balance") for (const payer of payers) depositors.add(payer);
    for (const person of [...depositors].sort((a, b) => a - b)) {
      if (people[person].funds > 0n) yield this.#till.deposit(person);
    }
  }

  // ---------------------------------------------------------------- begin of a period

  *#begin(period: number): Generator<Step> {
    for (const { fees, enactedIn } of this.#proposals) {
      if (enactedIn !== period) continue;
      this.#world.enact(fees);
      yield { kind: "enact", fees, policy: this.#world.policy };
    }
    for (const { operator, until } of this.#outages) {
      const isOver =
        until === period && this.#outages.every((other) => other.operator !== operator || other.until <= period);
      if (isOver) yield* this.#setActive(operator, true);
    }
    for (const { event, earlier, later } of this.#copies) {
      if (event.caught === period) yield this.#duplicate(event, { earlier, later });
    }
    for (const event of this.#scenario.events) if (event.at === period) yield* this.#happen(event);
  }

  *#happen(event: ScenarioEvent): Generator<Step> {
    switch (event.kind) {
      case "contribute":
        yield this.#world.accept(event.datanet, event.contributions);
        yield* this.#duplicateAgain(event.datanet);
        return;
      case "revoke": {
        const step = this.#world.revoke(event.datanet, event.contributor);
        if (step === undefined) return;
        yield step;
        yield* this.#duplicateAgain(event.datanet);
        return;
      }
      case "publish":
        yield this.#world.publish(event);
        for (const service of this.#world.servicesOf(event.asset)) {
          yield { kind: "serveVersion", service, version: this.#world.serve(service) };
        }
        return;
      case "price": {
        const { service, rateIn, rateOut } = event;
        this.#world.setRates(service, { rateIn, rateOut });
        yield { kind: "setRates", service, rateIn, rateOut };
        return;
      }
      case "outage":
        this.#outages.push({ operator: event.operator, until: event.at + event.periods });
        yield* this.#setActive(event.operator, false);
        return;
      case "vote": {
        const { fees, voters, at } = event;
        this.#proposals.push({ fees, enactedIn: at + Math.ceil(VOTE_SECONDS / this.#scenario.periodSeconds) });
        yield { kind: "propose", fees, voters, policy: 1 + this.#proposals.length };
        return;
      }
      case "equivocate":
        yield this.#equivocate(event);
        return;
      case "copy": {
        const { datanet, victim, copier, units } = event;
        const { log } = this.#world.datanets[datanet];
        const earlier = log.findIndex((contribution) => contribution.contributor === victim && contribution.units > 0n);
        if (earlier === -1) {
          throw new RangeError(`${this.#scenario.people[victim].name} has contributed nothing to copy.`);
        }
        this.#copies.push({ event, earlier, later: log.length });
        yield this.#world.accept(datanet, [{ contributor: copier, units, text: log[earlier].text }]);
        yield* this.#duplicateAgain(datanet);
        return;
      }
      case "dispute":
        yield this.#dispute(event);
        return;
    }
  }

  *#setActive(operator: OperatorIndex, active: boolean): Generator<Step> {
    for (const [service, { operator: of }] of this.#scenario.services.entries()) {
      if (of !== operator || this.#world.isActive(service) === active) continue;
      this.#world.setActive(service, active);
      yield { kind: "setActive", service, active };
    }
  }

  #equivocate({ operator, payer, prover }: ScenarioEvent & { kind: "equivocate" }): Step {
    const service = this.#scenario.services.findIndex((other) => other.operator === operator);
    const usual = service === -1 ? 0n : this.#world.price(service, USUAL_TOKENS);
    const harm = this.#lastPaid.get(`${payer} ${operator}`) ?? usual;
    const slash = this.#world.stakes.equivocate(operator, harm) ?? { taken: 0n, bounty: 0n, compensation: 0n };
    this.#award(slash, { harmed: payer, prover });
    return { kind: "equivocate", operator, payer, prover, harm, slash };
  }

  #duplicate(
    { datanet, victim, prover }: ScenarioEvent & { kind: "copy" },
    { earlier, later }: { earlier: number; later: number },
  ): Step {
    const { curator } = this.#scenario.datanets[datanet];
    const operator = this.#scenario.operators.findIndex(({ wallet }) => wallet === curator);
    const slash = operator === -1 ? undefined : this.#world.stakes.duplicate(operator);
    if (slash !== undefined) this.#award(slash, { harmed: victim, prover });
    this.#world.restore(datanet, { earlier, later, prover });
    return { kind: "duplicate", datanet, earlier, later, prover, slash };
  }

  /** What was shown of other versions is shown of the latest one. */
  *#duplicateAgain(datanet: number): Generator<Step> {
    for (const copy of this.#world.copiesAgain(datanet)) {
      yield { kind: "duplicate", datanet, ...copy, slash: undefined };
    }
  }

  #dispute({ claimant, operator, slash: asked, ruling }: ScenarioEvent & { kind: "dispute" }): Step {
    const slash = ruling === "claimant" ? this.#world.stakes.rule(operator, asked) : undefined;
    if (slash !== undefined) this.#award(slash, { harmed: claimant, prover: claimant });
    const { toClaimant, toRespondent } = bondAfter(bondFor(asked), ruling);
    this.#till.award(claimant, toClaimant);
    this.#till.award(this.#scenario.operators[operator].wallet, toRespondent);
    return { kind: "dispute", claimant, operator, slash, asked, ruling };
  }

  #award({ bounty, compensation }: Slash, { harmed, prover }: { harmed: PersonIndex; prover: PersonIndex }): void {
    this.#till.award(harmed, compensation);
    this.#till.award(prover, bounty);
  }

  // ---------------------------------------------------------------- payments

  *#pay(period: number): Generator<Step> {
    const { periodSeconds } = this.#scenario;
    const flowing = this.#sources.filter((source) => source.flowsIn(period));
    const arrivals = flowing.map((source) => source.begin(period, periodSeconds));
    this.#tally.present(flowing.map(({ present }) => present));
    // Sorted as numbers: the time, then the traffic's place.
    const order = new Float64Array(arrivals.reduce((count, { length }) => count + length, 0));
    let filled = 0;
    arrivals.forEach((times, place) => {
      for (const time of times) order[filled++] = time * flowing.length + place;
    });
    order.sort();
    for (const arrival of order) {
      if (this.#paymentsLeft === 0) return;
      const source = flowing[arrival % flowing.length];
      const wish = source.next();
      if (wish === undefined) continue;
      const at = period * periodSeconds + Math.floor(arrival / flowing.length);
      const { target, rail } = source.traffic;
      const resolved = this.#world.resolve(target, wish);
      if (resolved === undefined) {
        this.#tally.refuse(wish.calls);
        continue;
      }
      const { service, price } = resolved;
      const steps = this.#payFor({ ...wish, service, amount: price, rail, at, byAgent: false });
      if (steps === undefined) {
        this.#tally.refuse(wish.calls);
        continue;
      }
      this.#paymentsLeft--;
      if (steps.before !== undefined) yield steps.before;
      yield steps.payment;
    }
  }

  /** Agents take what they earned and pay for the calls that theirs need, callers first. */
  *#callForAgents(period: number): Generator<Step> {
    const { assets } = this.#scenario;
    for (let asset = assets.length - 1; asset >= 0; asset--) {
      const { agent } = assets[asset];
      if (agent === undefined) continue;
      this.#economy.settleFor(agent.wallet);
      const taken = this.#economy.claim(agent.wallet);
      if (taken.amount > 0n) {
        this.#till.balances[agent.wallet] += taken.amount;
        this.#tally.release(taken);
        yield { kind: "release", person: agent.wallet, amount: taken.amount };
      }
      for (const call of agent.calls) yield* this.#callForAgent({ asset, wallet: agent.wallet, call, period });
    }
  }

  *#callForAgent({
    asset,
    wallet,
    call,
    period,
  }: {
    asset: AssetIndex;
    wallet: PersonIndex;
    call: AgentCall;
    period: number;
  }): Generator<Step> {
    const wanted = call.times * this.#callsOf[asset];
    if (wanted === 0) return;
    const random = this.#agentDraws[asset];
    const again = random.copy();
    const { tokensIn, tokensOut } = call;
    const all = tokensOf({ calls: wanted, tokensIn, tokensOut, random });
    const resolved = this.#world.resolve(call.target, all);
    if (resolved === undefined) {
      this.#tally.refuse(wanted);
      return;
    }
    const { service, price } = resolved;
    let affordable = { calls: wanted, ...all, amount: price };
    if (price > this.#till.balances[wallet]) {
      affordable = this.#affordable({ call, wanted, service, balance: this.#till.balances[wallet], random: again });
      this.#tally.refuse(wanted - affordable.calls);
      if (affordable.calls === 0) return;
    }
    const steps = this.#payFor({
      payer: wallet,
      service,
      ...affordable,
      rail: "balance",
      at: (period + 1) * this.#scenario.periodSeconds - 1,
      byAgent: true,
    });
    if (steps === undefined) {
      this.#tally.refuse(affordable.calls);
      return;
    }
    if (steps.before !== undefined) yield steps.before;
    yield steps.payment;
  }

  /** As many of the wanted calls, from the first one on, as a balance pays for. */
  #affordable({
    call,
    wanted,
    service,
    balance,
    random,
  }: {
    call: AgentCall;
    wanted: number;
    service: ServiceIndex;
    balance: bigint;
    random: RandomStream;
  }): { calls: number; tokensIn: number; tokensOut: number; amount: bigint } {
    let affordable = { calls: 0, tokensIn: 0, tokensOut: 0, amount: 0n };
    while (affordable.calls < wanted) {
      const next = tokensOf({ ...call, calls: 1, random });
      const tokensIn = affordable.tokensIn + next.tokensIn;
      const tokensOut = affordable.tokensOut + next.tokensOut;
      const amount = this.#world.price(service, { tokensIn, tokensOut });
      if (amount > balance) break;
      affordable = { calls: affordable.calls + 1, tokensIn, tokensOut, amount };
    }
    return affordable;
  }

  #payFor({
    payer,
    service,
    rail,
    calls,
    tokensIn,
    tokensOut,
    amount,
    at,
    byAgent,
  }: {
    payer: PersonIndex;
    service: ServiceIndex;
    rail: Rail;
    calls: number;
    tokensIn: number;
    tokensOut: number;
    amount: bigint;
    at: number;
    byAgent: boolean;
  }): { before: Step | undefined; payment: PaymentStep } | undefined {
    const open = this.#world.splitOf(service);
    const fee = rail === "wallet" ? this.#world.fees.perCall * BigInt(calls) : 0n;
    const paid = this.#till.pay({ payer, open, rail, calls, amount, fee });
    if (paid === undefined) return undefined;
    const { asset, operator } = this.#scenario.services[service];
    this.#callsOf[asset] += calls;
    if (this.#watched.has(payer)) this.#lastPaid.set(`${payer} ${operator}`, amount);
    return {
      before: paid === true ? undefined : paid,
      payment: {
        kind: "pay",
        number: this.#payments++,
        payer,
        split: open.key,
        rail,
        calls,
        tokensIn,
        tokensOut,
        amount,
        fee,
        at,
        byAgent,
      },
    };
  }

  // ---------------------------------------------------------------- end of a period

  *#claim(period: number): Generator<Step> {
    for (const [person, { claims }] of this.#scenario.people.entries()) {
      if (claims.every === 0 || (period + 1) % claims.every !== 0) continue;
      const due = this.#economy.undrawn(person) + this.#till.awards[person];
      if (due === 0n || due < claims.atLeast) continue;
      const taken = this.#economy.claim(person);
      this.#tally.claim(person, taken);
      yield { kind: "claim", person, amount: this.#till.withdraw(person, taken.amount) };
    }
  }
}
