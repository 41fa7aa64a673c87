import type {
  AssetIndex,
  DatanetIndex,
  OperatorIndex,
  PersonIndex,
  Scenario,
  ServiceIndex,
} from "../../sdk/scenario/scenario.ts";
import { bondFor } from "../../sdk/scenario/stakes.ts";
import type { PinnedUpstream, Step } from "../../sdk/scenario/step.ts";

/** Contracts that take tokens out of wallets which approved them. `none` needs no approval. */
export type Spender = "services" | "ledger" | "channels" | "jobs" | "staking" | "court" | "none";

/** What a chain will be asked to do, as the model's steps tell beforehand. */
export class Plan {
  readonly #scenario: Scenario;
  readonly #needs = new Map<PersonIndex, Map<Spender, bigint>>();
  readonly #transactions = new Map<PersonIndex, number>();
  readonly #lineage = new Map<AssetIndex, PinnedUpstream[]>();
  readonly #datanets = new Set<DatanetIndex>();
  readonly #assets = new Set<AssetIndex>();
  readonly #services = new Set<ServiceIndex>();
  readonly #operators = new Set<OperatorIndex>();
  readonly #depositors = new Set<PersonIndex>();
  /** Transactions of nobody in particular. */
  #others = 0;
  #contributions = 0;
  #claims = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
  }

  /** All OPEN that leaves anybody's wallet. */
  get total(): bigint {
    let total = 0n;
    for (const needs of this.#needs.values()) for (const amount of needs.values()) total += amount;
    return total;
  }

  /** About how many contributions are accepted, which takes gas apart from what a transaction does. */
  get contributions(): number {
    return this.#contributions;
  }

  /** How often somebody claims. */
  get claims(): number {
    return this.#claims;
  }

  /** About how many transactions there are. */
  get transactions(): number {
    return [...this.#transactions.values()].reduce((sum, count) => sum + count, this.#others);
  }

  /** About how many transactions somebody sends. */
  transactionsOf(person: PersonIndex): number {
    return this.#transactions.get(person) ?? 0;
  }

  /** What leaves a person's wallet over the whole run, by who takes it. */
  needsOf(person: PersonIndex): ReadonlyMap<Spender, bigint> {
    return this.#needs.get(person) ?? new Map<Spender, bigint>();
  }

  usesDatanet(datanet: DatanetIndex): boolean {
    return this.#datanets.has(datanet);
  }

  usesAsset(asset: AssetIndex): boolean {
    return this.#assets.has(asset);
  }

  usesService(service: ServiceIndex): boolean {
    return this.#services.has(service);
  }

  usesOperator(operator: OperatorIndex): boolean {
    return this.#operators.has(operator);
  }

  /** Whether somebody has put money into the ledger. */
  deposits(person: PersonIndex): boolean {
    return this.#depositors.has(person);
  }

  /** Takes in a step. */
  add(step: Step): void {
    const { operators, services, datanets, assets } = this.#scenario;
    switch (step.kind) {
      case "createDatanet":
        this.#send(datanets[step.datanet].owner);
        break;
      case "accept":
        this.#send(datanets[step.datanet].curator);
        this.#contributions += step.contributions.length;
        break;
      case "revoke":
        this.#others += step.places.length;
        break;
      case "publish":
        this.#send(assets[step.asset].owner);
        this.#lineage.set(step.asset, [...(this.#lineage.get(step.asset) ?? []), ...step.upstreams]);
        if (this.#assets.has(step.asset)) this.#useUpstreams(step.upstreams);
        break;
      case "stake":
        this.#spend(step.staker, "staking", step.amount);
        break;
      case "setCommission":
        this.#send(operators[step.operator].wallet);
        break;
      case "serve":
      case "serveVersion":
      case "setRates":
      case "setActive":
        this.#send(operators[services[step.service].operator].wallet);
        break;
      case "propose":
        for (const voter of step.voters) this.#send(voter);
        // All stake there is counts for the quorum.
        for (const operator of operators.keys()) this.#operators.add(operator);
        break;
      case "deposit":
        this.#depositors.add(step.person);
        this.#spend(step.person, "ledger", step.amount);
        break;
      case "fundChannel":
        this.#useService(step.split.service);
        this.#spend(step.payer, "channels", step.amount);
        break;
      case "pay":
        this.#useService(step.split.service);
        if (step.rail === "wallet") this.#spend(step.payer, "services", step.amount + step.fee);
        else if (step.rail === "job") this.#spend(step.payer, "jobs", step.amount);
        else if (step.rail === "transfer") this.#spend(step.payer, "none", step.amount);
        else if (step.rail === "signed") this.#need(step.payer, "none", step.amount);
        else if (step.rail === "balance") this.#send(step.payer);
        break;
      case "settle":
        this.#send(operators[services[step.split.service].operator].wallet);
        break;
      case "claim":
        this.#claims++;
        this.#send(step.person);
        break;
      case "release":
        this.#send(step.person);
        break;
      case "equivocate":
        this.#operators.add(step.operator);
        this.#send(step.prover);
        break;
      case "duplicate":
        this.#useDatanet(step.datanet);
        this.#useCurator(step.datanet);
        this.#send(step.prover);
        break;
      case "dispute":
        this.#operators.add(step.operator);
        this.#spend(step.claimant, "court", bondFor(step.asked));
        break;
      case "enact":
      case "sweep":
      case "period":
      case "releaseAll":
        this.#others++;
    }
  }

  #useService(service: ServiceIndex): void {
    if (this.#services.has(service)) return;
    this.#services.add(service);
    this.#operators.add(this.#scenario.services[service].operator);
    this.#useAsset(this.#scenario.services[service].asset);
  }

  #useAsset(asset: AssetIndex): void {
    if (this.#assets.has(asset)) return;
    this.#assets.add(asset);
    this.#useUpstreams(this.#lineage.get(asset) ?? []);
  }

  #useUpstreams(upstreams: readonly PinnedUpstream[]): void {
    for (const upstream of upstreams) {
      if ("datanet" in upstream) this.#useDatanet(upstream.datanet);
      else this.#useAsset(upstream.asset);
    }
  }

  #useDatanet(datanet: DatanetIndex): void {
    this.#datanets.add(datanet);
  }

  /** A curator that answers with its stake is an operator. */
  #useCurator(datanet: DatanetIndex): void {
    const { curator } = this.#scenario.datanets[datanet];
    const operator = this.#scenario.operators.findIndex(({ wallet }) => wallet === curator);
    if (operator !== -1) this.#operators.add(operator);
  }

  #spend(person: PersonIndex, spender: Spender, amount: bigint): void {
    this.#need(person, spender, amount);
    this.#send(person);
  }

  #need(person: PersonIndex, spender: Spender, amount: bigint): void {
    let needs = this.#needs.get(person);
    if (needs === undefined) {
      needs = new Map();
      this.#needs.set(person, needs);
      this.#others++;
    }
    if (!needs.has(spender) && spender !== "none") this.#send(person);
    needs.set(spender, (needs.get(spender) ?? 0n) + amount);
  }

  #send(person: PersonIndex): void {
    this.#transactions.set(person, (this.#transactions.get(person) ?? 0) + 1);
  }
}
