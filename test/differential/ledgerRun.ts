import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import type { NetworkHelpers } from "@nomicfoundation/hardhat-network-helpers/types";
import { expect } from "chai";
import { id, type Provider, Wallet } from "ethers";

import { decodeAccount, isWalletAccount } from "../../sdk/account.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import { ShareKind } from "../../sdk/share.ts";
import { type Draw, entitlementOf, type Split } from "../../sdk/split.ts";
import type { BookedLedger, Payment } from "../reference/bookedLedger.ts";
import type { Random } from "../reference/random.ts";
import { drawDag, type RandomDag, referenceShares } from "./randomDag.ts";

const INITIAL_TOKENS = 10n ** 24n;
const MAX_SHARES_PER_CALL = 250;

/** An account with a balance, and who may spend it. */
interface Purse {
  account: string;
  owner: Wallet;
  tag: bigint;
  balance: bigint;
}

/** Random traffic on a real ledger and its reference. */
export class LedgerRun {
  readonly #random: Random;
  readonly #booked: BookedLedger;
  readonly #dag: RandomDag;
  readonly #wallets: Wallet[];
  readonly #provider: Provider;

  private constructor(fields: {
    random: Random;
    booked: BookedLedger;
    dag: RandomDag;
    wallets: Wallet[];
    provider: Provider;
  }) {
    this.#random = fields.random;
    this.#booked = fields.booked;
    this.#dag = fields.dag;
    this.#wallets = fields.wallets;
    this.#provider = fields.provider;
    for (const split of this.#dag.splits) {
      this.#booked.reference.defineSplit({ id: split.id, shares: referenceShares(split) });
    }
  }

  /** Draws wallets and a DAG, and gives every wallet tokens, gas and an approval of the ledger. */
  static async start({
    random,
    depth,
    booked,
    holder,
    provider,
    networkHelpers,
  }: {
    random: Random;
    depth: number;
    booked: BookedLedger;
    holder: HardhatEthersSigner;
    provider: Provider;
    networkHelpers: NetworkHelpers;
  }): Promise<LedgerRun> {
    const seed = random.bytes32();
    const wallets = Array.from({ length: random.integer(5, 300) }, (_, i) => new Wallet(id(`${seed} ${i}`)));
    const addresses = wallets.map(({ address }) => address);
    const dag = drawDag({ random, depth, wallets: addresses });
    for (const owner of wallets) {
      await networkHelpers.setBalance(owner.address, 10n ** 20n);
      await booked.token.connect(holder).transfer(owner.address, INITIAL_TOKENS);
      booked.bookFunding({ address: owner.address, amount: INITIAL_TOKENS });
    }
    return new LedgerRun({ random, booked, dag, wallets, provider });
  }

  /** One random act of one of the wallets. */
  async step(): Promise<void> {
    const act = this.#random.pick([
      () => this.#pay(),
      () => this.#payWithPermit(),
      () => this.#payWithAuthorization(),
      () => this.#payMany(),
      () => this.#payFromBalance(),
      () => this.#payManyFromBalance(),
      () => this.#transferToSplit(),
      () => this.#sweep(),
      () => this.#deposit(),
      () => this.#transferBalance(),
      () => this.#release(),
      () => this.#release(),
      () => this.#release(),
      () => this.#payOut(),
      () => this.#claim(),
      () => this.#claimWithSignature(),
      () => this.#withdraw(),
    ]);
    await act();
  }

  /**
   * Compares a chain on which shares are still to be released: nobody has got more than the reference owes, and the
   * ledger holds exactly what it owes.
   */
  async compareUnderWay(): Promise<void> {
    const { ledger, token, reference } = this.#booked;
    const settlement = reference.settle();
    let owed = 0n;
    for (const { id, tree } of this.#dag.splits) {
      const { amount } = await ledger.received(id);
      expect(amount <= (settlement.received.get(id) ?? 0n), `received by ${id}`).to.be.true;
      owed += amount;
      for (let i = 0; i < tree.size && amount > 0n; i++) {
        const drawn = await ledger.drawn(id, i);
        expect(drawn <= (settlement.drawn.get(id)?.at(i) ?? 0n), `drawn by share ${i} of ${id}`).to.be.true;
        owed -= drawn;
      }
    }
    for (const account of this.#dag.accounts) {
      const balance = await ledger.balanceOf(account);
      const most = (settlement.earned.get(account) ?? 0n) + reference.transfers(account);
      expect(balance <= most, `balance of ${account}`).to.be.true;
      owed += balance;
    }
    expect(await token.balanceOf(ledger)).to.equal(owed);
    expect(this.#booked.paidIn - this.#booked.paidOut).to.equal(owed);
  }

  /** Sweeps everything, releases every share, and compares everything to the unit. */
  async settleAndCompare(): Promise<void> {
    for (const splitId of this.#booked.unsweptSplits) await this.#booked.sweep({ sender: this.#wallet(), splitId });
    await this.#releaseEverything();
    expect(await this.#booked.compare()).to.deep.equal([]);
    await this.#compareEvents();

    const { dust } = this.#booked.reference.settle();
    for (const { id, tree } of this.#dag.splits) expect(Number(dust.get(id) ?? 0n)).to.be.lessThan(tree.size);
  }

  /** Rebuilds every number of the ledger from its events alone. */
  async #compareEvents(): Promise<void> {
    const { ledger, token } = this.#booked;
    const state = new LedgerState();
    const toBlock = await this.#provider.getBlockNumber();
    await state.follow({ provider: this.#provider, ledger: await ledger.getAddress(), toBlock });
    expect(await state.compare(ledger)).to.deep.equal([]);
    expect(state.custody().owed).to.equal(await token.balanceOf(ledger));
  }

  // ---------------------------------------------------------------- pay

  async #pay(): Promise<void> {
    const payer = this.#wallet();
    const payment = this.#payment(payer);
    await this.#booked.approve({ owner: payer, amount: payment.amount });
    await this.#booked.pay({ payer, ...payment });
  }

  async #payWithPermit(): Promise<void> {
    const payer = this.#wallet();
    await this.#booked.payWithPermit({ payer, ...this.#payment(payer) });
  }

  async #payWithAuthorization(): Promise<void> {
    const payer = this.#wallet();
    await this.#booked.payWithAuthorization({ payer, sender: this.#wallet(), ...this.#payment(payer) });
  }

  async #payMany(): Promise<void> {
    const payer = this.#wallet();
    const payments = Array.from({ length: this.#random.integer(1, 8) }, () => this.#payment(payer));
    await this.#booked.approve({ owner: payer, amount: payments.reduce((sum, { amount }) => sum + amount, 0n) });
    await this.#booked.payMany({ payer, payments });
  }

  async #payFromBalance(): Promise<void> {
    const purse = await this.#findPurse();
    if (purse === undefined) return;
    const { owner, tag, balance } = purse;
    await this.#booked.payFromBalance({ owner, tag, ...this.#payment(owner), amount: this.#amount(balance) });
  }

  async #payManyFromBalance(): Promise<void> {
    const purse = await this.#findPurse();
    if (purse === undefined || purse.balance < 5n) return;
    const { owner, tag, balance } = purse;
    const payments = Array.from({ length: this.#random.integer(1, 5) }, () => ({
      ...this.#payment(owner),
      amount: this.#amount(balance / 5n),
    }));
    await this.#booked.payManyFromBalance({ owner, tag, payments });
  }

  async #transferToSplit(): Promise<void> {
    const payer = this.#wallet();
    const { splitId, amount, memo } = this.#payment(payer);
    await (this.#random.chance(0.5)
      ? this.#booked.transferToSplit({ payer, splitId, amount })
      : this.#booked.authorizeToSplit({ payer, sender: this.#wallet(), splitId, amount, nonce: memo }));
  }

  async #sweep(): Promise<void> {
    const { unsweptSplits } = this.#booked;
    if (unsweptSplits.length === 0) return;
    await this.#booked.sweep({ sender: this.#wallet(), splitId: this.#random.pick(unsweptSplits) });
  }

  // ---------------------------------------------------------------- balances

  async #deposit(): Promise<void> {
    const from = this.#wallet();
    const account = this.#random.pick(this.#dag.accounts);
    const amount = this.#amount(this.#booked.tokensOf(from.address) / 100n);
    if (this.#random.chance(0.5)) {
      await this.#booked.approve({ owner: from, amount });
      await this.#booked.deposit({ from, account, amount });
    } else {
      await this.#booked.depositWithPermit({ from, account, amount });
    }
  }

  /** By the owner, or by a spender whom the owner approved. */
  async #transferBalance(): Promise<void> {
    const purse = await this.#findPurse();
    if (purse === undefined) return;
    const { account: from, owner, tag } = purse;
    const to = this.#random.pick(this.#dag.accounts);
    const amount = this.#amount(purse.balance);
    if (this.#random.chance(0.5)) {
      await this.#booked.transferBalance({ owner, tag, to, amount });
    } else {
      const spender = this.#wallet();
      await this.#booked.approveSpender({ owner, tag, spender: spender.address, amount });
      await this.#booked.transferBalanceFrom({ spender, from, to, amount });
    }
  }

  async #withdraw(): Promise<void> {
    const purse = await this.#findPurse();
    if (purse === undefined) return;
    const { owner, tag, balance } = purse;
    await this.#booked.withdraw({ owner, tag, amount: this.#amount(balance), to: this.#wallet().address });
  }

  // ---------------------------------------------------------------- release, claim

  async #release(): Promise<void> {
    const draws = await this.#drawDraws();
    if (draws.length > 0) await this.#booked.release({ sender: this.#wallet(), draws });
  }

  async #payOut(): Promise<void> {
    const draws = await this.#drawDraws();
    if (draws.length > 0) await this.#booked.payOut({ sender: this.#wallet(), draws });
  }

  async #claim(): Promise<void> {
    const purse = await this.#findPurse(isWalletAccount);
    if (purse === undefined) return;
    await this.#booked.claim({ claimer: purse.owner, draws: await this.#drawDraws(), to: this.#wallet().address });
  }

  async #claimWithSignature(): Promise<void> {
    const purse = await this.#findPurse(isWalletAccount);
    if (purse === undefined || purse.balance < 2n) return;
    await this.#booked.claimWithSignature({
      claimer: purse.owner,
      sender: this.#wallet(),
      draws: await this.#drawDraws(),
      to: this.#wallet().address,
      minAmount: purse.balance,
      fee: this.#random.bigint(0n, purse.balance / 2n),
    });
  }

  /** Draws of random splits that have received something, and of splits further down that they fund in the same call. */
  async #drawDraws(): Promise<Draw[]> {
    const draws: Draw[] = [];
    const funded = await this.#fundedSplits();
    let shares = 0;
    for (let hops = this.#random.integer(1, 6); hops > 0 && funded.length > 0; hops--) {
      const split = this.#random.pick(funded);
      const first = this.#random.integer(0, split.tree.size - 1);
      const count = this.#random.integer(1, this.#random.pick([1, split.tree.size - first]));
      shares += count;
      if (shares > MAX_SHARES_PER_CALL) break;
      draws.push(split.draw({ first, count }));
      const next = await this.#splitFundedBy({ split, first, count });
      if (next !== undefined && !funded.includes(next)) funded.push(next);
    }
    return draws;
  }

  /** A split that one of these shares will have funded once they are released. */
  async #splitFundedBy({
    split,
    first,
    count,
  }: {
    split: Split;
    first: number;
    count: number;
  }): Promise<Split | undefined> {
    const { amount } = await this.#booked.ledger.received(split.id);
    const { totalUnits } = split.tree;
    const next = split.tree
      .shares({ first, count })
      .find(
        ({ kind, units }) => kind === ShareKind.Split && entitlementOf({ received: amount, units, totalUnits }) > 0n,
      );
    return next && this.#dag.splits.find(({ id }) => id === next.recipient);
  }

  async #fundedSplits(): Promise<Split[]> {
    const funded: Split[] = [];
    for (const split of this.#dag.splits) {
      if ((await this.#booked.ledger.received(split.id)).amount > 0n) funded.push(split);
    }
    return funded;
  }

  async #releaseEverything(): Promise<void> {
    for (const split of this.#dag.splits.toReversed()) {
      if ((await this.#booked.ledger.received(split.id)).amount === 0n) continue;
      for (let first = 0; first < split.tree.size; first += MAX_SHARES_PER_CALL) {
        const count = Math.min(MAX_SHARES_PER_CALL, split.tree.size - first);
        await this.#booked.release({ sender: this.#wallet(), draws: [split.draw({ first, count })] });
      }
    }
  }

  // ---------------------------------------------------------------- random choices

  #wallet(): Wallet {
    return this.#random.pick(this.#wallets);
  }

  #payment(payer: Wallet): Payment {
    return {
      splitId: this.#random.pick(this.#dag.splits).id,
      amount: this.#amount(this.#booked.tokensOf(payer.address) / 100n),
      calls: this.#random.bigint(0n, 1000n),
      memo: this.#random.bytes32(),
    };
  }

  /** Up to `most`; amounts of every order of magnitude are equally likely. */
  #amount(most: bigint): bigint {
    const magnitude = 10n ** this.#random.bigint(0n, BigInt(most.toString().length));
    return this.#random.bigint(1n, magnitude < most ? magnitude : most);
  }

  /** A random account that has a balance. */
  async #findPurse(isWanted: (account: string) => boolean = () => true): Promise<Purse | undefined> {
    for (const account of this.#random.shuffle(this.#dag.accounts.filter(isWanted)).slice(0, 30)) {
      const balance = await this.#booked.ledger.balanceOf(account);
      if (balance === 0n) continue;
      const { address, tag } = decodeAccount(account);
      const owner = this.#wallets.find((wallet) => wallet.address === address);
      if (owner !== undefined) return { account, owner, tag, balance };
    }
    return undefined;
  }
}
