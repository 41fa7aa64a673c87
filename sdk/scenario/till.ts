import type { Economy } from "./economy.ts";
import type { PersonIndex, Rail } from "./scenario.ts";
import type { Step } from "./step.ts";
import type { OpenSplit, World } from "./world.ts";

/** Part of its funds that a payer puts into a channel at once, or into the ledger if it pays otherwise too. */
const FUNDS_PART = 10n;
/** More than there can be services' splits. */
const CHANNELS_PER_PAYER = 2 ** 24;

interface Channel {
  payer: PersonIndex;
  /** Of its deposit, what no voucher promises. */
  left: bigint;
  /** What vouchers promise since the last settlement. */
  added: bigint;
}

/** What waits at the end of a period to be brought into the ledger. */
interface Waiting {
  channels: Channel[];
  calls: number;
  promised: bigint;
  transferred: bigint;
}

/** Everybody's money, in wallets, in the ledger and in channels, and what paying does to it. */
export class Till {
  /** What is in a person's wallet. */
  readonly wallets: bigint[];
  /** What is its balance in the ledger. */
  readonly balances: bigint[];
  /** Part of its balance that the court gave it. */
  readonly awards: bigint[];
  readonly spent: bigint[];
  /** What is in channels and nobody was promised. */
  inChannels = 0n;
  readonly #world: World;
  readonly #economy: Economy;
  readonly #funds: readonly bigint[];
  /** Who has to keep something in the wallet, because it does not only pay from its balance. */
  readonly #keepers: ReadonlySet<PersonIndex>;
  readonly #channels = new Map<number, Channel>();
  readonly #waiting: (Waiting | undefined)[] = [];

  constructor(world: World) {
    const { people, traffic } = world.scenario;
    this.#world = world;
    this.#economy = world.economy;
    this.#funds = people.map(({ funds }) => funds);
    const fromWallets = traffic.some(({ rail }) => rail === "balance")
      ? traffic.filter(({ rail }) => rail !== "balance")
      : [];
    this.#keepers = new Set(fromWallets.flatMap(({ payers }) => payers));
    this.wallets = [...this.#funds];
    this.balances = people.map(() => 0n);
    this.awards = people.map(() => 0n);
    this.spent = people.map(() => 0n);
  }

  /**
   * Makes a payment if the payer can.
   *
   * @returns Steps that come before it; undefined if it cannot be made.
   */
  pay({
    payer,
    open,
    rail,
    calls,
    amount,
    fee,
  }: {
    payer: PersonIndex;
    open: OpenSplit;
    rail: Rail;
    calls: number;
    amount: bigint;
    fee: bigint;
  }): Step | true | undefined {
    const cost = amount + fee;
    if (cost === 0n) return undefined;
    switch (rail) {
      case "wallet":
      case "signed":
      case "job":
      case "transfer":
        if (this.wallets[payer] < cost) return undefined;
        this.wallets[payer] -= cost;
        this.spent[payer] += cost;
        if (rail === "transfer") this.#waitingAt(open).transferred += amount;
        else if (amount > 0n) this.#economy.pay(open.split, amount);
        if (fee > 0n) this.#economy.pay(this.#world.platformSplit, fee);
        return true;
      case "balance": {
        if (this.balances[payer] + this.wallets[payer] < cost) return undefined;
        const step = this.balances[payer] < cost ? this.deposit(payer, cost - this.balances[payer]) : true;
        this.balances[payer] -= cost;
        this.spent[payer] += cost;
        this.#economy.pay(open.split, amount);
        return step;
      }
      case "vouchers":
        return this.#promise({ payer, open, calls, amount });
    }
  }

  /**
   * Puts what is in a person's wallet into the ledger: all of it, unless the person pays otherwise too.
   *
   * @param needed So much at least.
   */
  deposit(person: PersonIndex, needed = 1n): Step {
    const amount = this.#keepers.has(person) ? this.#part(person, needed) : this.wallets[person];
    this.wallets[person] -= amount;
    this.balances[person] += amount;
    return { kind: "deposit", person, amount };
  }

  /** Makes vouchers and transfers since the last time payments, service by service. */
  *settle(): Generator<Step> {
    const splits = [...this.#world.openSplits].sort(
      (a, b) => a.key.service - b.key.service || a.key.version - b.key.version || a.key.policy - b.key.policy,
    );
    for (const { key, split, number } of splits) {
      const waiting = this.#waiting[number];
      if (waiting === undefined || waiting.promised === 0n) continue;
      const vouchers = waiting.channels.map(({ payer, added }) => ({ payer, added }));
      for (const channel of waiting.channels) channel.added = 0n;
      this.#economy.pay(split, waiting.promised);
      yield { kind: "settle", split: key, calls: waiting.calls, amount: waiting.promised, vouchers };
      [waiting.channels, waiting.calls, waiting.promised] = [[], 0, 0n];
    }
    for (const { key, split, number } of splits) {
      const waiting = this.#waiting[number];
      if (waiting === undefined || waiting.transferred === 0n) continue;
      this.#economy.pay(split, waiting.transferred);
      yield { kind: "sweep", split: key, amount: waiting.transferred };
      waiting.transferred = 0n;
    }
  }

  /** Gives a person what the court says. */
  award(person: PersonIndex, amount: bigint): void {
    this.balances[person] += amount;
    this.awards[person] += amount;
  }

  /** Empties a person's balance, with what its shares have brought, into its wallet. */
  withdraw(person: PersonIndex, earned: bigint): bigint {
    const amount = this.balances[person] + earned;
    this.wallets[person] += amount;
    this.balances[person] = 0n;
    this.awards[person] = 0n;
    return amount;
  }

  #promise({
    payer,
    open,
    calls,
    amount,
  }: {
    payer: PersonIndex;
    open: OpenSplit;
    calls: number;
    amount: bigint;
  }): Step | true | undefined {
    const id = payer * CHANNELS_PER_PAYER + open.number;
    const channel = this.#channels.get(id) ?? { payer, left: 0n, added: 0n };
    let step: Step | true = true;
    if (channel.left < amount) {
      const added = this.#part(payer, amount);
      if (channel.left + added < amount) return undefined;
      this.wallets[payer] -= added;
      this.inChannels += added;
      channel.left += added;
      this.#channels.set(id, channel);
      step = { kind: "fundChannel", payer, split: open.key, amount: added };
    }
    const waiting = this.#waitingAt(open);
    if (channel.added === 0n) waiting.channels.push(channel);
    waiting.calls += calls;
    waiting.promised += amount;
    channel.left -= amount;
    channel.added += amount;
    this.inChannels -= amount;
    this.spent[payer] += amount;
    return step;
  }

  /** A part of a person's funds, what is needed if that is more, and all that is in the wallet if that is less. */
  #part(person: PersonIndex, needed: bigint): bigint {
    const part = this.#funds[person] / FUNDS_PART;
    const wanted = part > needed ? part : needed;
    return wanted < this.wallets[person] ? wanted : this.wallets[person];
  }

  #waitingAt({ number }: OpenSplit): Waiting {
    return (this.#waiting[number] ??= { channels: [], calls: 0, promised: 0n, transferred: 0n });
  }
}
