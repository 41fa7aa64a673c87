import { type AccountIndex, Economy, type EconomyShare, type SplitIndex } from "./economy.ts";
import {
  type AssetIndex,
  type Contribution,
  type DatanetIndex,
  type Fees,
  type Layer,
  LAYERS,
  type OperatorIndex,
  type PersonIndex,
  type Scenario,
  type ServiceIndex,
  type Target,
  type Upstream,
} from "./scenario.ts";
import { Stakes } from "./stakes.ts";
import type { PinnedUpstream, ServiceSplit, Step } from "./step.ts";

const BPS = 10_000n;
/** Rates are per this many tokens. */
const RATE_TOKENS = 1_000n;

/** The splits of a version of a Datanet: the same one twice where owner and curator take nothing. */
interface DatanetVersion {
  split: SplitIndex;
  logSplit: SplitIndex;
}

/** A copy that was shown: places in the log. */
interface Copy {
  earlier: number;
  later: number;
  prover: PersonIndex;
}

interface DatanetState {
  log: Contribution[];
  /** Splits are made when something is built on a version; nobody can be paid by others. */
  versions: (DatanetVersion | undefined)[];
  copies: Copy[];
}

interface ServiceState {
  rateIn: bigint;
  rateOut: bigint;
  isActive: boolean;
  version: number;
  /** Its split as things are; undefined until somebody asks. Versions and policies only go up, so none comes back. */
  current: OpenSplit | undefined;
}

/** A service's split that was paid or can be. */
export interface OpenSplit {
  key: ServiceSplit;
  split: SplitIndex;
  /** Counts them. */
  number: number;
}

/** What the registries know: Datanets, assets, services, fees and stake, with the splits that they make. */
export class World {
  readonly scenario: Scenario;
  readonly economy: Economy;
  readonly stakes: Stakes;
  readonly datanets: DatanetState[];
  /** Splits of each asset's versions. */
  readonly assets: SplitIndex[][];
  readonly openSplits: OpenSplit[] = [];
  /** What calls cost on top of their price, and the treasury's split for it, per policy. */
  readonly platformSplits: SplitIndex[] = [];
  fees: Fees;
  readonly treasury: AccountIndex;
  readonly #services: ServiceState[];
  readonly #servicesOf: ServiceIndex[][];
  readonly #feesOf: Fees[] = [];

  constructor(scenario: Scenario) {
    const { people, operators, datanets, assets, services } = scenario;
    this.scenario = scenario;
    this.treasury = people.length;
    this.economy = new Economy(people.length + 1 + operators.length);
    this.stakes = new Stakes(operators);
    this.datanets = datanets.map(() => ({ log: [], versions: [], copies: [] }));
    this.assets = assets.map(() => []);
    this.#services = services.map(({ rateIn, rateOut }) => ({
      rateIn,
      rateOut,
      isActive: false,
      version: 0,
      current: undefined,
    }));
    this.#servicesOf = assets.map(() => []);
    services.forEach(({ asset }, service) => this.#servicesOf[asset].push(service));
    this.fees = scenario.fees;
    this.enact(scenario.fees);
  }

  /** Accounts of people, the treasury, and those who back operators, in this order. */
  get accounts(): number {
    return this.treasury + 1 + this.scenario.operators.length;
  }

  /** The account of those who back an operator. */
  poolOf(operator: OperatorIndex): AccountIndex {
    return this.treasury + 1 + operator;
  }

  // ---------------------------------------------------------------- fees

  /** Number of the policy in force, from 1 on. */
  get policy(): number {
    return this.#feesOf.length;
  }

  get platformSplit(): SplitIndex {
    return this.platformSplits[this.policy - 1];
  }

  enact(fees: Fees): void {
    this.fees = fees;
    this.#feesOf.push(fees);
    this.platformSplits.push(this.economy.defineSplit([this.#share("treasury", this.treasury, 1n)]));
    for (const service of this.#services) service.current = undefined;
  }

  // ---------------------------------------------------------------- Datanets

  /** Appends to a Datanet's log. */
  accept(datanet: DatanetIndex, contributions: readonly Contribution[]): Step {
    const { log, versions } = this.datanets[datanet];
    for (const contribution of contributions) log.push(contribution);
    return { kind: "accept", datanet, version: versions.push(undefined), contributions };
  }

  /** Takes the units of a person's contributions away; undefined if it has none. */
  revoke(datanet: DatanetIndex, contributor: PersonIndex): Step | undefined {
    const { log, versions } = this.datanets[datanet];
    const places = log.flatMap((contribution, place) =>
      contribution.contributor === contributor && contribution.units > 0n ? [place] : [],
    );
    if (places.length === 0) return undefined;
    for (const place of places) {
      log[place] = { ...log[place], units: 0n };
      versions.push(undefined);
    }
    return { kind: "revoke", datanet, version: versions.length, places };
  }

  /** Gives the copy's share of each version that pays both to whom was copied, if the court may. Later versions follow. */
  restore(datanet: DatanetIndex, copy: Copy): void {
    const { copies, versions } = this.datanets[datanet];
    copies.push(copy);
    for (const version of versions) if (version !== undefined) this.#restoreIn(datanet, version, copy);
  }

  /** Copies that were shown before and can be shown of the latest version, too. */
  copiesAgain(datanet: DatanetIndex): Copy[] {
    const { copies, log } = this.datanets[datanet];
    if (!this.scenario.datanets[datanet].court) return [];
    return copies.filter(({ earlier, later }) => log[earlier].units > 0n && log[later].units > 0n);
  }

  /** The split of a Datanet's latest version. */
  #datanetSplit(datanet: DatanetIndex): SplitIndex {
    const { log, versions, copies } = this.datanets[datanet];
    const latest = versions[versions.length - 1];
    if (latest !== undefined) return latest.split;
    const { name, owner, curator, ownerBps, curatorBps } = this.scenario.datanets[datanet];
    if (log.every(({ units }) => units === 0n)) {
      throw new RangeError(`Nobody has units in ${name} any more, so nothing can be built on it.`);
    }
    const logSplit = this.economy.defineSplit(
      log.map(({ contributor, units }) => this.#share("data", contributor, units)),
    );
    const takenBps = BigInt(ownerBps + curatorBps);
    const split =
      takenBps === 0n
        ? logSplit
        : this.economy.defineSplit([
            { split: logSplit, units: BPS - takenBps },
            this.#share("data", owner, BigInt(ownerBps)),
            this.#share("data", curator, BigInt(curatorBps)),
          ]);
    const version = { split, logSplit };
    versions[versions.length - 1] = version;
    for (const copy of copies) this.#restoreIn(datanet, version, copy);
    return split;
  }

  #restoreIn(datanet: DatanetIndex, { logSplit }: DatanetVersion, { earlier, later }: Copy): void {
    const { economy } = this;
    if (!this.scenario.datanets[datanet].court || later >= economy.sizeOf(logSplit)) return;
    // What was revoked proves nothing.
    if (economy.unitsOf(logSplit, earlier) === 0n) return;
    economy.redirect({ split: logSplit, index: later, to: this.datanets[datanet].log[earlier].contributor });
  }

  // ---------------------------------------------------------------- assets

  /** Publishes a version of an asset on the latest of what it builds on. */
  publish({
    asset,
    ownerUnits,
    budgetUnits,
    upstreams,
  }: {
    asset: AssetIndex;
    ownerUnits: bigint;
    budgetUnits: bigint;
    upstreams: readonly Upstream[];
  }): Step {
    const { owner, agent } = this.scenario.assets[asset];
    const shares: EconomyShare[] = [];
    if (ownerUnits > 0n) shares.push(this.#share("model", owner, ownerUnits));
    if (agent !== undefined && budgetUnits > 0n) shares.push(this.#share("model", agent.wallet, budgetUnits));
    const pinned = upstreams.map((upstream): PinnedUpstream => {
      const versions = "datanet" in upstream ? this.datanets[upstream.datanet].versions : this.assets[upstream.asset];
      const split =
        "datanet" in upstream ? this.#datanetSplit(upstream.datanet) : this.assets[upstream.asset][versions.length - 1];
      shares.push({ split, units: upstream.units });
      return { ...upstream, version: versions.length };
    });
    const version = this.assets[asset].push(this.economy.defineSplit(shares));
    return { kind: "publish", asset, version, ownerUnits, budgetUnits, upstreams: pinned };
  }

  /** What went into the splits of all versions of a Datanet or an asset. */
  receivedBy(of: { datanet: DatanetIndex } | { asset: AssetIndex }): bigint {
    const splits =
      "datanet" in of ? this.datanets[of.datanet].versions.map((version) => version?.split) : this.assets[of.asset];
    return splits.reduce<bigint>((sum, split) => sum + (split === undefined ? 0n : this.economy.received(split)), 0n);
  }

  // ---------------------------------------------------------------- services

  /** Serves the latest version of its asset. */
  serve(service: ServiceIndex): number {
    const state = this.#services[service];
    state.version = this.assets[this.scenario.services[service].asset].length;
    state.current = undefined;
    return state.version;
  }

  servicesOf(asset: AssetIndex): readonly ServiceIndex[] {
    return this.#servicesOf[asset];
  }

  setRates(service: ServiceIndex, { rateIn, rateOut }: { rateIn: bigint; rateOut: bigint }): void {
    [this.#services[service].rateIn, this.#services[service].rateOut] = [rateIn, rateOut];
  }

  isActive(service: ServiceIndex): boolean {
    return this.#services[service].isActive;
  }

  setActive(service: ServiceIndex, isActive: boolean): void {
    this.#services[service].isActive = isActive;
  }

  /** The service that a call goes to, and its price; undefined if nobody takes it. */
  resolve(
    target: Target,
    { tokensIn, tokensOut }: { tokensIn: number; tokensOut: number },
  ): { service: ServiceIndex; price: bigint } | undefined {
    const candidates = "service" in target ? [target.service] : this.#servicesOf[target.asset];
    const [tokens, tokensBack] = [BigInt(tokensIn), BigInt(tokensOut)];
    let best: { service: ServiceIndex; price: bigint } | undefined;
    for (const service of candidates) {
      const { rateIn, rateOut, isActive } = this.#services[service];
      if (!isActive || !this.stakes.isEligible(this.scenario.services[service].operator)) continue;
      const price = tokens * rateIn + tokensBack * rateOut;
      if (best === undefined || price < best.price) best = { service, price };
    }
    if (best !== undefined) best.price = roundedPrice(best.price);
    return best;
  }

  /** What tokens of a service cost. */
  price(service: ServiceIndex, { tokensIn, tokensOut }: { tokensIn: number; tokensOut: number }): bigint {
    const { rateIn, rateOut } = this.#services[service];
    return roundedPrice(BigInt(tokensIn) * rateIn + BigInt(tokensOut) * rateOut);
  }

  /** The split that a service is paid at now. */
  splitOf(service: ServiceIndex): OpenSplit {
    const state = this.#services[service];
    state.current ??= this.#openSplit({ service, version: state.version, policy: this.policy });
    return state.current;
  }

  #openSplit(key: ServiceSplit): OpenSplit {
    const { asset, operator } = this.scenario.services[key.service];
    const { treasuryBps, operatorBps, stakersBps } = this.#feesOf[key.policy - 1];
    const [treasury, ofOperator, stakers] = [BigInt(treasuryBps), BigInt(operatorBps), BigInt(stakersBps)];
    const split = this.economy.defineSplit([
      this.#share("treasury", this.treasury, treasury),
      this.#share("operator", this.scenario.operators[operator].wallet, ofOperator),
      this.#share("staker", this.poolOf(operator), stakers),
      { split: this.assets[asset][key.version - 1], units: BPS - treasury - ofOperator - stakers },
    ]);
    const open = { key, split, number: this.openSplits.length };
    this.openSplits.push(open);
    return open;
  }

  #share(layer: Layer, account: AccountIndex, units: bigint): EconomyShare {
    return { account, layer: LAYERS.indexOf(layer), units };
  }
}

function roundedPrice(price: bigint): bigint {
  return (price + RATE_TOKENS - 1n) / RATE_TOKENS;
}
