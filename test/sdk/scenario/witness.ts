import type { Fees, PersonIndex, Scenario } from "../../../sdk/scenario/scenario.ts";
import type { PinnedUpstream, ServiceSplit, Slash, Step } from "../../../sdk/scenario/step.ts";
import { ReferenceModel, type ReferenceShare } from "../../reference/referenceModel.ts";

const OPEN = 10n ** 18n;

/** A share that the court gave to somebody else. */
interface Redirect {
  split: string;
  index: number;
  from: string;
  to: string;
  /** What it had drawn by then. */
  kept: bigint;
}

/**
 * Repeats a run from its steps alone, with the reference model in place of the economy: pays, keeps everybody's wallet, balance and
 * channels, and refuses steps that could not happen.
 */
export class Witness {
  readonly model = new ReferenceModel();
  readonly paid = new Map<string, bigint>();
  readonly redirects: Redirect[] = [];
  readonly #scenario: Scenario;
  readonly #wallets: bigint[];
  readonly #balances: bigint[];
  /** What each account's claims have taken of what it earned. */
  readonly #taken = new Map<string, bigint>();
  /** What claims had drawn of shares that the court may move. */
  readonly #drawn = new Map<string, bigint>();
  readonly #channels = new Map<string, { deposit: bigint; promised: bigint; settled: bigint }>();
  readonly #transferred = new Map<string, bigint>();
  readonly #logs: { contributor: PersonIndex; units: bigint }[][];
  /** Units at each place of the log of each version of each Datanet. */
  readonly #unitsOf = new Map<string, bigint[]>();
  readonly #versions = new Map<string, number>();
  readonly #rates: { rateIn: bigint; rateOut: bigint; active: boolean; version: number }[];
  readonly #fees: Fees[];
  #lastSettled = "";

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#wallets = scenario.people.map(({ funds }) => funds);
    this.#balances = scenario.people.map(() => 0n);
    this.#logs = scenario.datanets.map(() => []);
    this.#rates = scenario.services.map(({ rateIn, rateOut }) => ({ rateIn, rateOut, active: false, version: 0 }));
    this.#fees = [];
    this.#addPolicy(scenario.fees);
  }

  see(step: Step): void {
    switch (step.kind) {
      case "period":
        this.#lastSettled = "";
        return;
      case "createDatanet":
      case "stake":
      case "setCommission":
      case "propose":
      case "releaseAll":
        return;
      case "accept":
        this.#logs[step.datanet].push(...step.contributions);
        this.#addDatanetVersion(step.datanet, step.version);
        return;
      case "revoke":
        step.places.forEach((place, i) => {
          const log = this.#logs[step.datanet];
          if (log[place].units === 0n) throw new Error(`Place ${place} was revoked before.`);
          log[place] = { ...log[place], units: 0n };
          this.#addDatanetVersion(step.datanet, step.version - step.places.length + 1 + i);
        });
        return;
      case "publish": {
        const { owner, agent } = this.#scenario.assets[step.asset];
        this.#next(`asset ${step.asset}`, step.version);
        this.#define(`asset ${step.asset} v${step.version}`, [
          this.#person(owner, step.ownerUnits),
          ...(agent === undefined ? [] : [this.#person(agent.wallet, step.budgetUnits)]),
          ...step.upstreams.map((upstream): ReferenceShare => {
            return { kind: "split", split: nameOf(upstream), units: upstream.units };
          }),
        ]);
        return;
      }
      case "serve":
        this.#rates[step.service].active = true;
        this.#rates[step.service].version = step.version;
        return;
      case "serveVersion":
        this.#rates[step.service].version = step.version;
        return;
      case "setRates":
        Object.assign(this.#rates[step.service], { rateIn: step.rateIn, rateOut: step.rateOut });
        return;
      case "setActive":
        if (this.#rates[step.service].active === step.active) throw new Error("Nothing changes.");
        this.#rates[step.service].active = step.active;
        return;
      case "enact":
        this.#addPolicy(step.fees);
        if (step.policy !== this.#fees.length) throw new Error(`Policy ${step.policy} comes out of turn.`);
        return;
      case "deposit":
        this.#fromWallet(step.person, step.amount);
        this.#balances[step.person] += step.amount;
        return;
      case "fundChannel":
        this.#fromWallet(step.payer, step.amount);
        this.#channel(step.payer, step.split).deposit += step.amount;
        return;
      case "pay":
        this.#pay(step);
        return;
      case "settle": {
        this.#inTurn(step);
        let sum = 0n;
        for (const { payer, added } of step.vouchers) {
          const channel = this.#channel(payer, step.split);
          channel.settled += added;
          if (channel.settled !== channel.promised) throw new Error("A settlement is not of all that was promised.");
          sum += added;
        }
        if (sum !== step.amount) throw new Error("Vouchers do not add up to their settlement.");
        this.#receive(this.#service(step.split), step.amount);
        return;
      }
      case "sweep": {
        this.#inTurn(step);
        const split = this.#service(step.split);
        if (this.#transferred.get(split) !== step.amount)
          throw new Error("A sweep is not of all that was transferred.");
        this.#transferred.delete(split);
        this.#receive(split, step.amount);
        return;
      }
      case "release":
        if (step.amount !== this.#take(step.person)) throw new Error("A release is not of all that is due.");
        this.#balances[step.person] += step.amount;
        return;
      case "claim": {
        const due = this.#take(step.person) + this.#balances[step.person];
        if (step.amount !== due) throw new Error(`A claim is of ${step.amount}, due is ${due}.`);
        this.#balances[step.person] = 0n;
        this.#wallets[step.person] += step.amount;
        return;
      }
      case "equivocate":
        this.#award(step.slash, { harmed: step.payer, prover: step.prover });
        return;
      case "duplicate":
        this.#duplicate(step);
        return;
      case "dispute": {
        if (step.slash !== undefined) this.#award(step.slash, { harmed: step.claimant, prover: step.claimant });
        const part = step.asked / 20n;
        const bond = part > 100n * OPEN ? part : 100n * OPEN;
        const half = bond / 2n;
        const { wallet } = this.#scenario.operators[step.operator];
        if (step.ruling === "claimant") this.#balances[step.claimant] += bond;
        if (step.ruling === "none") this.#balances[step.claimant] += bond - half;
        if (step.ruling !== "claimant") this.#balances[wallet] += half;
        return;
      }
    }
  }

  /** What everybody has earned, by name: people, `treasury`, and `stakers of` operators. Redirects are taken into account. */
  earned(): Map<string, bigint> {
    const { earned, drawn } = this.model.settle();
    const all = new Map(earned);
    const add = (who: string, amount: bigint): void => void all.set(who, (all.get(who) ?? 0n) + amount);
    for (const { split, index, from, to, kept } of this.redirects) {
      const moved = (drawn.get(split)?.[index] ?? 0n) - kept;
      add(from, -moved);
      add(to, moved);
    }
    return all;
  }

  /** Money in channels that nobody was promised, and in balances. */
  prepaid(): bigint {
    const inChannels = [...this.#channels.values()].map(({ deposit, promised }) => deposit - promised);
    return [...inChannels, ...this.#balances].reduce((sum, amount) => sum + amount, 0n);
  }

  // ---------------------------------------------------------------- splits

  #addPolicy(fees: Fees): void {
    this.#fees.push(fees);
    this.#define(`platform ${this.#fees.length}`, [{ kind: "account", account: "treasury", units: 1n }]);
  }

  #addDatanetVersion(datanet: number, version: number): void {
    const { owner, curator, ownerBps, curatorBps } = this.#scenario.datanets[datanet];
    this.#next(`datanet ${datanet}`, version);
    const log = this.#logs[datanet];
    this.#unitsOf.set(
      `${datanet} ${version}`,
      log.map(({ units }) => units),
    );
    if (log.every(({ units }) => units === 0n)) return;
    const name = `datanet ${datanet} v${version}`;
    this.#define(
      `log ${name}`,
      log.map(({ contributor, units }) => this.#person(contributor, units)),
    );
    this.#define(name, [
      { kind: "split", split: `log ${name}`, units: BigInt(10_000 - ownerBps - curatorBps) },
      this.#person(owner, BigInt(ownerBps)),
      this.#person(curator, BigInt(curatorBps)),
    ]);
  }

  #service({ service, version, policy }: ServiceSplit): string {
    const name = `service ${service} v${version} p${policy}`;
    if (this.model.knows(name)) return name;
    const { asset, operator } = this.#scenario.services[service];
    const { treasuryBps, operatorBps, stakersBps } = this.#fees[policy - 1];
    this.#define(name, [
      { kind: "account", account: "treasury", units: BigInt(treasuryBps) },
      this.#person(this.#scenario.operators[operator].wallet, BigInt(operatorBps)),
      {
        kind: "account",
        account: `stakers of ${this.#scenario.operators[operator].name}`,
        units: BigInt(stakersBps),
      },
      {
        kind: "split",
        split: `asset ${asset} v${version}`,
        units: BigInt(10_000 - treasuryBps - operatorBps - stakersBps),
      },
    ]);
    return name;
  }

  #define(id: string, shares: ReferenceShare[]): void {
    this.model.defineSplit({ id, shares });
  }

  #next(name: string, version: number): void {
    const next = (this.#versions.get(name) ?? 0) + 1;
    if (version !== next) throw new Error(`${name} has version ${version} in place of ${next}.`);
    this.#versions.set(name, version);
  }

  #person(person: PersonIndex, units: bigint): ReferenceShare {
    return { kind: "account", account: this.#scenario.people[person].name, units };
  }

  // ---------------------------------------------------------------- money

  #pay(step: Step & { kind: "pay" }): void {
    const { payer, split, rail, amount, fee, calls, tokensIn, tokensOut } = step;
    const { rateIn, rateOut, active, version } = this.#rates[split.service];
    if (!active) throw new Error("The service takes no calls.");
    if (version !== split.version || split.policy !== this.#fees.length) throw new Error("This split is out of date.");
    const thousandfold = BigInt(tokensIn) * rateIn + BigInt(tokensOut) * rateOut;
    const price = thousandfold / 1_000n + (thousandfold % 1_000n === 0n ? 0n : 1n);
    if (amount !== price) throw new Error(`The price is ${price} and not ${amount}.`);
    const perCall = rail === "wallet" ? this.#fees[split.policy - 1].perCall : 0n;
    if (fee !== perCall * BigInt(calls)) throw new Error("The fixed fee is another one.");
    const name = this.#service(split);
    switch (rail) {
      case "vouchers": {
        const channel = this.#channel(payer, split);
        channel.promised += amount;
        if (channel.promised > channel.deposit) throw new Error("A voucher is for more than the deposit.");
        return;
      }
      case "balance":
        this.#balances[payer] -= amount;
        if (this.#balances[payer] < 0n) throw new Error("A balance is overdrawn.");
        this.#receive(name, amount);
        return;
      case "transfer":
        this.#fromWallet(payer, amount);
        this.#transferred.set(name, (this.#transferred.get(name) ?? 0n) + amount);
        return;
      default:
        this.#fromWallet(payer, amount + fee);
        this.#receive(name, amount);
        if (fee > 0n) this.#receive(`platform ${split.policy}`, fee);
    }
  }

  #receive(split: string, amount: bigint): void {
    this.model.pay({ split, amount });
    this.paid.set(split, (this.paid.get(split) ?? 0n) + amount);
  }

  #fromWallet(person: PersonIndex, amount: bigint): void {
    this.#wallets[person] -= amount;
    if (amount <= 0n || this.#wallets[person] < 0n) throw new Error("A wallet does not have what is paid from it.");
  }

  /** Settlements come before sweeps, and both service by service. */
  #inTurn({ kind, split: { service, version, policy } }: Step & { kind: "settle" | "sweep" }): void {
    const digits = [service, version, policy].map((number) => String(number).padStart(6, "0"));
    const turn = [kind === "settle" ? 0 : 1, ...digits].join(" ");
    if (turn <= this.#lastSettled) throw new Error("A settlement or sweep comes out of turn.");
    this.#lastSettled = turn;
  }

  #channel(payer: PersonIndex, split: ServiceSplit): { deposit: bigint; promised: bigint; settled: bigint } {
    const id = `${payer} ${this.#service(split)}`;
    const channel = this.#channels.get(id) ?? { deposit: 0n, promised: 0n, settled: 0n };
    this.#channels.set(id, channel);
    return channel;
  }

  /** Takes all that a person has earned by now; notes it for each of its shares of logs. */
  #take(person: PersonIndex): bigint {
    const { name } = this.#scenario.people[person];
    const earned = this.earned().get(name) ?? 0n;
    const { drawn } = this.model.settle();
    this.#logs.forEach((log, datanet) => {
      for (let version = 1; version <= (this.#versions.get(`datanet ${datanet}`) ?? 0); version++) {
        const split = `log datanet ${datanet} v${version}`;
        log.forEach(({ contributor }, index) => {
          if (contributor === person) this.#drawn.set(`${split} ${index}`, drawn.get(split)?.[index] ?? 0n);
        });
      }
    });
    const due = earned - (this.#taken.get(name) ?? 0n);
    this.#taken.set(name, earned);
    return due;
  }

  #award({ bounty, compensation }: Slash, { harmed, prover }: { harmed: PersonIndex; prover: PersonIndex }): void {
    this.#balances[harmed] += compensation;
    this.#balances[prover] += bounty;
  }

  #duplicate({ datanet, earlier, later, prover, slash }: Step & { kind: "duplicate" }): void {
    const log = this.#logs[datanet];
    const [victim, copier] = [log[earlier].contributor, log[later].contributor];
    if (slash !== undefined) this.#award(slash, { harmed: victim, prover });
    if (!this.#scenario.datanets[datanet].court) return;
    const { people } = this.#scenario;
    for (let version = 1; version <= (this.#versions.get(`datanet ${datanet}`) ?? 0); version++) {
      const split = `log datanet ${datanet} v${version}`;
      const known = this.redirects.some((redirect) => redirect.split === split && redirect.index === later);
      if (known || !this.#pays(datanet, version, earlier) || !this.#pays(datanet, version, later)) continue;
      const kept = this.#drawn.get(`${split} ${later}`) ?? 0n;
      this.redirects.push({ split, index: later, from: people[copier].name, to: people[victim].name, kept });
    }
  }

  /** Whether a version of a Datanet has units for a place of its log. */
  #pays(datanet: number, version: number, place: number): boolean {
    const units = this.#unitsOf.get(`${datanet} ${version}`);
    return units !== undefined && place < units.length && units[place] > 0n;
  }
}

function nameOf(upstream: PinnedUpstream): string {
  return "datanet" in upstream
    ? `datanet ${upstream.datanet} v${upstream.version}`
    : `asset ${upstream.asset} v${upstream.version}`;
}
