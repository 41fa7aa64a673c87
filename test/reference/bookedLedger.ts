import type { AddressLike, ContractTransaction, TransactionReceipt, Wallet } from "ethers";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { signClaim } from "../../sdk/claim.ts";
import { type Draw, encodeDraws } from "../../sdk/split.ts";
import type { AttributionLedger, OpenToken, SplitAddresses } from "../../typechain-types/index.ts";
import { signPayment } from "../helpers/authorizations.ts";
import { signAuthorization, signPermit } from "../helpers/signatures.ts";
import { Rational } from "./rational.ts";
import { ReferenceModel } from "./referenceModel.ts";
import type { Sender } from "./sender.ts";

/** One payment, as the ledger takes it. */
export interface Payment {
  splitId: string;
  amount: bigint;
  calls: bigint;
  memo: string;
}

/** Money that a transaction to another contract moves. Accounts are the ledger's, addresses are wallets. */
export type Movement =
  | { kind: "payment"; payer: string; splitId: string; amount: bigint }
  | { kind: "deposit"; from: string; account: string; amount: bigint }
  | { kind: "payment from balance"; account: string; splitId: string; amount: bigint }
  | { kind: "transfer of balance"; from: string; to: string; amount: bigint };

/** A number on the chain that is not what the reference says. */
export interface Difference {
  what: string;
  reference: bigint;
  chain: bigint;
}

const FAR_FUTURE = 2n ** 40n;

/**
 * A real ledger and the reference in step: each method makes one transaction and tells the reference which money moved.
 * Payments, deposits and transfers are booked as they were asked for. What a release, a claim or a payout moves is the
 * ledger's decision, so it is not booked at all, except for the tokens that were seen to leave; `compare` then finds out
 * whether everybody got what the reference says.
 */
export class BookedLedger {
  readonly token: OpenToken;
  readonly ledger: AttributionLedger;
  readonly splitAddresses: SplitAddresses;
  readonly reference = new ReferenceModel();
  readonly #sender: Sender;
  /** What each wallet should hold outside of the ledger. */
  readonly #tokens = new Map<string, bigint>();
  /** What lies at the splits' own addresses and has not been swept. */
  readonly #inTransit = new Map<string, bigint>();
  #paidIn = 0n;
  #paidOut = 0n;

  constructor({
    token,
    ledger,
    splitAddresses,
    sender,
  }: {
    token: OpenToken;
    ledger: AttributionLedger;
    splitAddresses: SplitAddresses;
    sender: Sender;
  }) {
    this.token = token;
    this.ledger = ledger;
    this.splitAddresses = splitAddresses;
    this.#sender = sender;
  }

  /** Tokens that have come into the ledger. */
  get paidIn(): bigint {
    return this.#paidIn;
  }

  /** Tokens that have left the ledger. */
  get paidOut(): bigint {
    return this.#paidOut;
  }

  /** Splits at whose addresses tokens wait to be swept. */
  get unsweptSplits(): string[] {
    return [...this.#inTransit.keys()];
  }

  /** What a wallet should hold outside of the ledger. */
  tokensOf(address: string): bigint {
    return this.#tokens.get(address) ?? 0n;
  }

  /** Tells which tokens a wallet was given from outside. */
  bookFunding({ address, amount }: { address: string; amount: bigint }): void {
    this.#addTokens(address, amount);
  }

  /** Lets the ledger, or another contract, take tokens out of a wallet. */
  async approve({
    owner,
    amount,
    spender = this.ledger,
  }: {
    owner: Wallet;
    amount: bigint;
    spender?: AddressLike;
  }): Promise<TransactionReceipt> {
    const transaction = await this.token.approve.populateTransaction(spender, amount);
    return this.#sender.send({ from: owner, transaction });
  }

  // ---------------------------------------------------------------- pay

  async pay({ payer, splitId, amount, calls, memo }: Payment & { payer: Wallet }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.pay.populateTransaction(splitId, amount, calls, memo);
    const receipt = await this.#sender.send({ from: payer, transaction });
    this.#bookPayment({ payer, splitId, amount });
    return receipt;
  }

  async payWithPermit({
    payer,
    splitId,
    amount,
    calls,
    memo,
  }: Payment & { payer: Wallet }): Promise<TransactionReceipt> {
    const permit = await signPermit({ token: this.token, owner: payer, spender: this.ledger, value: amount });
    const transaction = await this.ledger.payWithPermit.populateTransaction(splitId, amount, calls, memo, ...permit);
    const receipt = await this.#sender.send({ from: payer, transaction });
    this.#bookPayment({ payer, splitId, amount });
    return receipt;
  }

  /** A payment that the payer signs and somebody else sends. */
  async payWithAuthorization({
    payer,
    sender,
    ...payment
  }: Payment & { payer: Wallet; sender: Wallet }): Promise<TransactionReceipt> {
    const { token, ledger } = this;
    const { authorization } = await signPayment({ token, ledger, signer: payer, payment, salt: payment.memo });
    const transaction = await ledger.payWithAuthorization.populateTransaction(payer, payment, authorization);
    const receipt = await this.#sender.send({ from: sender, transaction });
    this.#bookPayment({ payer, ...payment });
    return receipt;
  }

  async payMany({ payer, payments }: { payer: Wallet; payments: Payment[] }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.payMany.populateTransaction(payments);
    const receipt = await this.#sender.send({ from: payer, transaction });
    for (const { splitId, amount } of payments) this.#bookPayment({ payer, splitId, amount });
    return receipt;
  }

  async payFromBalance({
    owner,
    tag,
    splitId,
    amount,
    calls,
    memo,
  }: Payment & { owner: Wallet; tag: bigint }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.payFromBalance.populateTransaction(tag, splitId, amount, calls, memo);
    const receipt = await this.#sender.send({ from: owner, transaction });
    this.reference.pay({ split: splitId, amount, from: encodeAccount({ address: owner.address, tag }) });
    return receipt;
  }

  async payManyFromBalance({
    owner,
    tag,
    payments,
  }: {
    owner: Wallet;
    tag: bigint;
    payments: Payment[];
  }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.payManyFromBalance.populateTransaction(tag, payments);
    const receipt = await this.#sender.send({ from: owner, transaction });
    const from = encodeAccount({ address: owner.address, tag });
    for (const { splitId, amount } of payments) this.reference.pay({ split: splitId, amount, from });
    return receipt;
  }

  /** A plain token transfer to the split's own address. */
  async transferToSplit({
    payer,
    splitId,
    amount,
  }: {
    payer: Wallet;
    splitId: string;
    amount: bigint;
  }): Promise<TransactionReceipt> {
    const to = await this.splitAddresses.addressOf(splitId);
    const transaction = await this.token.transfer.populateTransaction(to, amount);
    const receipt = await this.#sender.send({ from: payer, transaction });
    this.#bookTransit({ payer, splitId, amount });
    return receipt;
  }

  /** The same transfer, signed by the payer (ERC-3009) and sent by somebody else. */
  async authorizeToSplit({
    payer,
    sender,
    splitId,
    amount,
    nonce,
  }: {
    payer: Wallet;
    sender: Wallet;
    splitId: string;
    amount: bigint;
    nonce: string;
  }): Promise<TransactionReceipt> {
    const to = await this.splitAddresses.addressOf(splitId);
    const { v, r, s } = await signAuthorization({
      token: this.token,
      signer: payer,
      type: "TransferWithAuthorization",
      authorization: { from: payer.address, to, value: amount, validAfter: 0n, validBefore: FAR_FUTURE, nonce },
    });
    const transaction = await this.token
      .getFunction("transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)")
      .populateTransaction(payer.address, to, amount, 0n, FAR_FUTURE, nonce, v, r, s);
    const receipt = await this.#sender.send({ from: sender, transaction });
    this.#bookTransit({ payer, splitId, amount });
    return receipt;
  }

  /** Pays what has arrived at a split's own address into the split. */
  async sweep({ sender, splitId }: { sender: Wallet; splitId: string }): Promise<TransactionReceipt> {
    const transaction = await this.splitAddresses.sweep.populateTransaction(splitId);
    const receipt = await this.#sender.send({ from: sender, transaction });
    const amount = this.#inTransit.get(splitId) ?? 0n;
    this.#inTransit.delete(splitId);
    this.#paidIn += amount;
    this.reference.pay({ split: splitId, amount });
    return receipt;
  }

  /** Sends a transaction to any contract that moves money in the ledger. */
  async through({
    sender,
    transaction,
    movements,
  }: {
    sender: Wallet;
    transaction: ContractTransaction;
    movements: Movement[];
  }): Promise<TransactionReceipt> {
    const receipt = await this.#sender.send({ from: sender, transaction });
    for (const movement of movements) this.#book(movement);
    return receipt;
  }

  // ---------------------------------------------------------------- release, claim

  async release({ sender, draws }: { sender: Wallet; draws: Draw[] }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.release.populateTransaction(encodeDraws(draws));
    return this.#sender.send({ from: sender, transaction });
  }

  async payOut({ sender, draws }: { sender: Wallet; draws: Draw[] }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.payOut.populateTransaction(encodeDraws(draws));
    const receipt = await this.#sender.send({ from: sender, transaction });
    await this.#bookTokensOut(receipt, walletAccount);
    return receipt;
  }

  async claim({ claimer, draws, to }: { claimer: Wallet; draws: Draw[]; to: string }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.claim.populateTransaction(encodeDraws(draws), to);
    const receipt = await this.#sender.send({ from: claimer, transaction });
    await this.#bookTokensOut(receipt, () => walletAccount(claimer.address));
    return receipt;
  }

  /** A claim that the claimer signs and somebody else sends for a fee. */
  async claimWithSignature({
    claimer,
    sender,
    draws: unpacked,
    to,
    minAmount,
    fee,
  }: {
    claimer: Wallet;
    sender: Wallet;
    draws: Draw[];
    to: string;
    minAmount: bigint;
    fee: bigint;
  }): Promise<TransactionReceipt> {
    const draws = encodeDraws(unpacked);
    const account = claimer.address;
    const nonce = await this.ledger.nonces(account);
    const claim = { account, to, minAmount, fee, nonce, deadline: FAR_FUTURE };
    const request = { chainId: this.#sender.chainId, ledger: await this.ledger.getAddress(), draws, claim };
    const signature = await signClaim({ signer: claimer, request });
    const transaction = await this.ledger.claimWithSignature.populateTransaction(draws, claim, signature);
    const receipt = await this.#sender.send({ from: sender, transaction });
    await this.#bookTokensOut(receipt, () => walletAccount(account));
    return receipt;
  }

  // ---------------------------------------------------------------- balances

  async deposit({
    from,
    account,
    amount,
  }: {
    from: Wallet;
    account: string;
    amount: bigint;
  }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.deposit.populateTransaction(account, amount);
    const receipt = await this.#sender.send({ from, transaction });
    this.#bookDeposit({ from, account, amount });
    return receipt;
  }

  async depositWithPermit({
    from,
    account,
    amount,
  }: {
    from: Wallet;
    account: string;
    amount: bigint;
  }): Promise<TransactionReceipt> {
    const permit = await signPermit({ token: this.token, owner: from, spender: this.ledger, value: amount });
    const transaction = await this.ledger.depositWithPermit.populateTransaction(account, amount, ...permit);
    const receipt = await this.#sender.send({ from, transaction });
    this.#bookDeposit({ from, account, amount });
    return receipt;
  }

  async transferBalance({
    owner,
    tag,
    to,
    amount,
  }: {
    owner: Wallet;
    tag: bigint;
    to: string;
    amount: bigint;
  }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.transferBalance.populateTransaction(tag, to, amount);
    const receipt = await this.#sender.send({ from: owner, transaction });
    this.reference.transfer({ from: encodeAccount({ address: owner.address, tag }), to, amount });
    return receipt;
  }

  async approveSpender({
    owner,
    tag,
    spender,
    amount,
  }: {
    owner: Wallet;
    tag: bigint;
    spender: string;
    amount: bigint;
  }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.approveSpender.populateTransaction(tag, spender, amount);
    return this.#sender.send({ from: owner, transaction });
  }

  async transferBalanceFrom({
    spender,
    from,
    to,
    amount,
  }: {
    spender: Wallet;
    from: string;
    to: string;
    amount: bigint;
  }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.transferBalanceFrom.populateTransaction(from, to, amount);
    const receipt = await this.#sender.send({ from: spender, transaction });
    this.reference.transfer({ from, to, amount });
    return receipt;
  }

  async withdraw({
    owner,
    tag,
    amount,
    to,
  }: {
    owner: Wallet;
    tag: bigint;
    amount: bigint;
    to: string;
  }): Promise<TransactionReceipt> {
    const transaction = await this.ledger.withdraw.populateTransaction(tag, amount, to);
    const receipt = await this.#sender.send({ from: owner, transaction });
    await this.#bookTokensOut(receipt, () => encodeAccount({ address: owner.address, tag }));
    return receipt;
  }

  // ---------------------------------------------------------------- compare

  /**
   * Compares a ledger of which every share has been released with the reference's settlement, to the unit: what each
   * split received, what each share has drawn, the balance of each account, the tokens of each wallet, and what the ledger
   * itself holds. Compares the settlement with the exact earnings, too: rounding must stay within its bound.
   *
   * @returns Where they differ.
   */
  async compare(): Promise<Difference[]> {
    const differences: Difference[] = [];
    const check = (what: string, reference: bigint, chain: bigint): void => {
      if (reference !== chain) differences.push({ what, reference, chain });
    };
    const { received, drawn, dust, earned } = this.reference.settle();
    let held = 0n;
    for (const [splitId, amount] of received) {
      check(`received by split ${splitId}`, amount, (await this.ledger.received(splitId)).amount);
      held += dust.get(splitId) ?? 0n;
      for (const [index, entitlement] of (drawn.get(splitId) ?? []).entries()) {
        const chain = await this.ledger.drawn(splitId, index);
        check(`drawn by share ${index} of split ${splitId}`, entitlement, chain);
      }
    }
    const sharesAbove = this.reference.sharesAbove();
    for (const account of this.reference.accounts()) {
      const exact = this.reference.exactEarned(account);
      const settled = earned.get(account) ?? 0n;
      const missing = exact.minus(new Rational(settled));
      const bound = new Rational(BigInt(sharesAbove.get(account) ?? 0));
      if (missing.numerator < 0n || (missing.numerator > 0n && missing.compare(bound) >= 0n)) {
        differences.push({ what: `rounding of account ${account}`, reference: exact.floor(), chain: settled });
      }
      const balance = settled + this.reference.transfers(account);
      check(`balance of account ${account}`, balance, await this.ledger.balanceOf(account));
      held += balance;
    }
    for (const [address, tokens] of this.#tokens) {
      check(`tokens of wallet ${address}`, tokens, await this.token.balanceOf(address));
    }
    check("tokens of the ledger", held, await this.token.balanceOf(this.ledger));
    check("tokens paid in but not out", held, this.#paidIn - this.#paidOut);
    return differences;
  }

  // ---------------------------------------------------------------- internals

  #book(movement: Movement): void {
    const { amount } = movement;
    switch (movement.kind) {
      case "payment":
        this.#bookPayment({ payer: { address: movement.payer }, splitId: movement.splitId, amount });
        break;
      case "deposit":
        this.#bookDeposit({ from: { address: movement.from }, account: movement.account, amount });
        break;
      case "payment from balance":
        this.reference.pay({ split: movement.splitId, amount, from: movement.account });
        break;
      case "transfer of balance":
        this.reference.transfer({ from: movement.from, to: movement.to, amount });
        break;
    }
  }

  #bookPayment({ payer, splitId, amount }: { payer: { address: string }; splitId: string; amount: bigint }): void {
    this.#addTokens(payer.address, -amount);
    this.#paidIn += amount;
    this.reference.pay({ split: splitId, amount });
  }

  #bookTransit({ payer, splitId, amount }: { payer: Wallet; splitId: string; amount: bigint }): void {
    this.#addTokens(payer.address, -amount);
    this.#inTransit.set(splitId, (this.#inTransit.get(splitId) ?? 0n) + amount);
  }

  #bookDeposit({ from, account, amount }: { from: { address: string }; account: string; amount: bigint }): void {
    this.#addTokens(from.address, -amount);
    this.#paidIn += amount;
    this.reference.deposit({ account, amount });
  }

  /** Books the tokens that left the ledger in a transaction. */
  async #bookTokensOut({ logs }: TransactionReceipt, accountOf: (to: string) => string): Promise<void> {
    const [tokenAddress, ledgerAddress] = [await this.token.getAddress(), await this.ledger.getAddress()];
    for (const log of logs) {
      if (log.address !== tokenAddress) continue;
      const event = this.token.interface.parseLog(log);
      if (event?.name !== "Transfer") continue;
      const [from, to, amount] = event.args as unknown[] as [string, string, bigint];
      if (from !== ledgerAddress) continue;
      this.#addTokens(to, amount);
      this.#paidOut += amount;
      this.reference.withdraw({ account: accountOf(to), amount });
    }
  }

  #addTokens(address: string, amount: bigint): void {
    this.#tokens.set(address, this.tokensOf(address) + amount);
  }
}
