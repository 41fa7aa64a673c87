import { expect } from "chai";
import { id, Wallet } from "ethers";
import { network } from "hardhat";

import { walletAccount } from "../../sdk/account.ts";
import type { Split } from "../../sdk/split.ts";
import { accountShare, splitOf } from "../helpers/shares.ts";
import { deployWorld } from "../helpers/world.ts";
import { BookedLedger } from "./bookedLedger.ts";
import { Sender } from "./sender.ts";

const AMOUNT = 1_000_001n;

describe("BookedLedger", () => {
  const payer = new Wallet(id("payer of the booked ledger"));
  const alice = new Wallet(id("alice of the booked ledger"));
  const payment = { calls: 1n, memo: id("receipt") };
  let booked: BookedLedger;
  let split: Split;

  beforeEach(async () => {
    const connection = await network.create();
    const { token, ledger, splitAddresses } = await deployWorld(connection);
    const sender = await Sender.connect({ provider: connection.ethers.provider });
    booked = new BookedLedger({ token, ledger, splitAddresses, sender });
    split = await splitOf([accountShare({ to: alice, units: 2n }), accountShare({ to: payer, units: 1n })]);
    booked.reference.defineSplit({
      id: split.id,
      shares: [
        { kind: "account", account: walletAccount(alice.address), units: 2n },
        { kind: "account", account: walletAccount(payer.address), units: 1n },
      ],
    });
    for (const { address } of [payer, alice]) {
      await connection.networkHelpers.setBalance(address, 10n ** 18n);
      await token.transfer(address, 10n * AMOUNT);
      booked.bookFunding({ address, amount: 10n * AMOUNT });
    }
    await booked.approve({ owner: payer, amount: 10n * AMOUNT });
    await booked.pay({ payer, splitId: split.id, amount: AMOUNT, ...payment });
    await booked.payOut({ sender: payer, draws: [split.draw({ first: 1 })] });
    await booked.release({ sender: payer, draws: [split.draw({ first: 0, count: 2 })] });
  });

  it("finds no difference when everything was booked and released", async () => {
    expect(await booked.compare()).to.deep.equal([]);
    expect(booked.paidIn).to.equal(AMOUNT);
    expect(booked.paidOut).to.equal(AMOUNT / 3n);
  });

  it("finds a share that was not released", async () => {
    await booked.pay({ payer, splitId: split.id, amount: 3n, ...payment });
    await booked.release({ sender: payer, draws: [split.draw({ first: 1 })] });
    const drawn = (2n * AMOUNT) / 3n;
    expect(await booked.compare()).to.deep.include({
      what: `drawn by share 0 of split ${split.id}`,
      reference: drawn + 2n,
      chain: drawn,
    });
  });

  it("finds a payment that was not booked", async () => {
    const transaction = await booked.ledger.pay.populateTransaction(split.id, 9n, 0n, id("unbooked"));
    await booked.through({ sender: payer, transaction, movements: [] });
    const differences = await booked.compare();
    expect(differences).to.deep.include({
      what: `received by split ${split.id}`,
      reference: AMOUNT,
      chain: AMOUNT + 9n,
    });
    expect(differences.map(({ what }) => what)).to.include(`tokens of wallet ${payer.address}`);
  });

  it("finds tokens that moved without the ledger", async () => {
    await booked.token.transfer(alice.address, 1n);
    expect(await booked.compare()).to.deep.equal([
      { what: `tokens of wallet ${alice.address}`, reference: 10n * AMOUNT, chain: 10n * AMOUNT + 1n },
    ]);
  });

  it("passes on why a transaction reverted", async () => {
    const attempt = booked.withdraw({ owner: alice, tag: 0n, amount: AMOUNT, to: alice.address });
    await expect(attempt).to.be.revertedWithCustomError(booked.ledger, "AttributionLedger_InsufficientBalance");
  });
});
