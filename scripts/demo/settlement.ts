import { walletAccount } from "../../sdk/account.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import { planClaim } from "../../sdk/planner.ts";
import { RegistryState } from "../../sdk/registryState.ts";
import { ShareKind } from "../../sdk/share.ts";
import { decodeDraws, type Draw, type Split } from "../../sdk/split.ts";
import type { Random } from "../../test/reference/random.ts";
import { getAddresses } from "../lib/protocol.ts";
import type { Market } from "./market.ts";
import type { Person } from "./people.ts";
import type { Setting } from "./setting.ts";

const SHARES_PER_CALL = 64;
const CLAIMERS_PER_ROUND = 3;
const RELAY_FEE = 10n ** 14n;

/** What claims are planned with: 1 gwei per gas, and an OPEN worth 0.001 ether. */
const GAS_PRICE = 10n ** 9n;
const WEI_PER_OPEN = 10n ** 15n;

/** How a contributor comes by its money in the end. */
export type Payoff = "claim" | "relayed claim" | "payout" | "balance";

/** Releases, claims and payouts. */
export class Settlement {
  readonly #setting: Setting;
  readonly #market: Market;
  readonly #random: Random;
  /** What the contracts' events tell, as far as they have been read. */
  readonly #ledgerState = new LedgerState();
  readonly #registryState: RegistryState;

  private constructor(fields: { setting: Setting; market: Market; random: Random; registryState: RegistryState }) {
    this.#setting = fields.setting;
    this.#market = fields.market;
    this.#random = fields.random;
    this.#registryState = fields.registryState;
  }

  static async prepare({
    setting,
    market,
    random,
  }: {
    setting: Setting;
    market: Market;
    random: Random;
  }): Promise<Settlement> {
    const registryState = new RegistryState({
      chainId: setting.sender.chainId,
      addresses: await getAddresses(setting.protocol),
    });
    return new Settlement({ setting, market, random, registryState });
  }

  /**
   * Releases every split above the contributors, services first, in one transaction: the money of all payments so far
   * reaches operators, treasury, builders and the logs of the Datanet's versions.
   */
  async releaseHops(): Promise<void> {
    const { booked, gas, people } = this.#setting;
    const logIds = this.#logSplits().map(({ id }) => id);
    const splits = (await this.#fundedSplits()).filter(({ id }) => !logIds.includes(id));
    const draws = splits.map((split) => split.draw({ first: 0, count: split.tree.size }));
    const shares = splits.reduce((sum, { tree }) => sum + tree.size, 0);
    const receipt = booked.release({ sender: people.relayer.wallet, draws });
    await gas.note("release: all hops above the contributors", receipt, shares);
  }

  /** Has a few contributors claim while payments go on, each all the way from the services that were paid. */
  async claimInBetween(): Promise<void> {
    const contributors = [...this.#setting.people.contributors.values()];
    for (const person of this.#random.shuffle(contributors).slice(0, CLAIMERS_PER_ROUND)) {
      await this.#claimPlanned(person);
    }
  }

  /** Releases what is left and pays everybody but a few contributors, the treasury and the agent. */
  async finish(): Promise<ReadonlyMap<string, Payoff>> {
    await this.releaseHops();
    const payoffs = this.#choosePayoffs();
    const persons = (payoff: Payoff): Person[] =>
      [...this.#setting.people.contributors.values()].filter(({ name }) => payoffs.get(name) === payoff);
    for (const person of persons("claim")) await this.#claim(person);
    for (const person of persons("relayed claim")) await this.#claimRelayed(person);
    await this.#releaseShares({ persons: persons("payout"), toWallets: true });
    await this.#releaseShares({ persons: persons("balance"), toWallets: false });

    const { people } = this.#setting;
    for (const person of [people.lab, people.studio, people.workshop, people.archive, people.curator]) {
      await this.#withdraw(person);
    }
    for (const operator of people.operators) await this.#withdraw(operator);
    return payoffs;
  }

  /** Authors take turns in the order of time; the last few leave their money where it is. */
  #choosePayoffs(): ReadonlyMap<string, Payoff> {
    const names = [...this.#setting.people.contributors.keys()];
    return new Map(
      names.map((name, i): [string, Payoff] => {
        if (i >= names.length - 4) return [name, "balance"];
        return [name, (["claim", "relayed claim", "payout"] as const)[Math.floor((3 * i) / (names.length - 4))]];
      }),
    );
  }

  // ---------------------------------------------------------------- contributors

  /** A claim as anybody can plan it who knows nothing but the contracts' events. */
  async #claimPlanned({ name, wallet }: Person): Promise<void> {
    const { booked, gas, provider } = this.#setting;
    const toBlock = await provider.getBlockNumber();
    await this.#ledgerState.follow({ provider, ledger: await booked.ledger.getAddress(), toBlock });
    await this.#registryState.follow({ provider, toBlock });
    const plan = planClaim({
      account: walletAccount(wallet.address),
      splits: this.#registryState.splits,
      ledger: this.#ledgerState,
      gasPrice: GAS_PRICE,
      weiPerToken: WEI_PER_OPEN,
    });
    if (!plan.worthwhile) return;

    const before = booked.tokensOf(wallet.address);
    const draws = decodeDraws(plan.draws);
    const receipt = booked.claim({ claimer: wallet, draws, to: wallet.address });
    await gas.note("claim: through all hops, as planned", receipt, countShares(draws));
    const claimed = booked.tokensOf(wallet.address) - before;
    if (claimed !== plan.yield + plan.balance) {
      throw new Error(`${name} was to claim ${plan.yield + plan.balance}, but got ${claimed}.`);
    }
  }

  async #claim(person: Person): Promise<void> {
    const { booked, gas } = this.#setting;
    const draws = await this.#drawsOf([person]);
    const receipt = booked.claim({ claimer: person.wallet, draws, to: person.wallet.address });
    await gas.note("claim: by the contributor", receipt, countShares(draws));
  }

  async #claimRelayed(person: Person): Promise<void> {
    const { booked, gas, people } = this.#setting;
    const draws = await this.#drawsOf([person]);
    const receipt = booked.claimWithSignature({
      claimer: person.wallet,
      sender: people.relayer.wallet,
      draws,
      to: person.wallet.address,
      minAmount: RELAY_FEE + 1n,
      fee: RELAY_FEE,
    });
    await gas.note("claim: signed, relayed", receipt, countShares(draws));
  }

  /** Releases the shares of several contributors in ranges, anybody paying the gas. */
  async #releaseShares({ persons, toWallets }: { persons: Person[]; toWallets: boolean }): Promise<void> {
    const { booked, gas, people } = this.#setting;
    const sender = people.relayer.wallet;
    for (const draw of await this.#drawsOf(persons)) {
      const shares = countShares([draw]);
      if (toWallets)
        await gas.note("payout: range of adjacent shares", booked.payOut({ sender, draws: [draw] }), shares);
      else await gas.note("release: range of adjacent shares", booked.release({ sender, draws: [draw] }), shares);
    }
  }

  /** Draws of all shares that some contributors have in the logs, adjacent ones together. */
  async #drawsOf(persons: Person[]): Promise<Draw[]> {
    const accounts = new Set(persons.map(({ wallet }) => walletAccount(wallet.address)));
    const funded = await this.#fundedSplits();
    return this.#logSplits()
      .filter((split) => funded.includes(split))
      .flatMap((split) => {
        const shares = split.tree.shares({ first: 0, count: split.tree.size });
        const indexes = shares.flatMap(({ recipient }, i) => (accounts.has(recipient) ? [i] : []));
        return runsOf(indexes).map((run) => split.draw(run));
      });
  }

  // ---------------------------------------------------------------- everybody else

  /** Withdraws a wallet account's whole balance. */
  async #withdraw({ wallet }: Person): Promise<void> {
    const { booked, gas } = this.#setting;
    const amount = await booked.ledger.balanceOf(walletAccount(wallet.address));
    if (amount === 0n) return;
    await gas.note("withdraw", booked.withdraw({ owner: wallet, tag: 0n, amount, to: wallet.address }));
  }

  #logSplits(): Split[] {
    return this.#market.datanet.logSplits;
  }

  /** Splits that have received something, or will have once those above them are released; parents first. */
  async #fundedSplits(): Promise<Split[]> {
    const funded = new Set<string>();
    const splits: Split[] = [];
    for (const { split } of this.#market.catalogue.entries) {
      const { amount } = await this.#setting.booked.ledger.received(split.id);
      if (amount === 0n && !funded.has(split.id)) continue;
      splits.push(split);
      for (const { kind, recipient } of split.tree.shares({ first: 0, count: split.tree.size })) {
        if (kind === ShareKind.Split) funded.add(recipient);
      }
    }
    return splits;
  }
}

function countShares(draws: Draw[]): number {
  return draws.reduce((sum, { shares }) => sum + shares.length, 0);
}

/** Runs of consecutive numbers, none longer than a call should be. */
function runsOf(indexes: number[]): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const index of indexes) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === index && last.count < SHARES_PER_CALL) last.count++;
    else runs.push({ first: index, count: 1 });
  }
  return runs;
}
