import { network } from "hardhat";

import { BookedLedger } from "../../test/reference/bookedLedger.ts";
import { Sender } from "../../test/reference/sender.ts";
import { locateParameters, type ProtocolParameters, readParameters } from "../lib/parameters.ts";
import { deployProtocol, getDeployer, type Protocol } from "../lib/protocol.ts";
import { GasBook } from "./gasBook.ts";
import { everybody, type Payee, type People } from "./people.ts";
import { stakesOf } from "./stake.ts";

const GAS_MONEY = 10n ** 21n;
const PAYER_TOKENS = 10_000n * 10n ** 18n;

/** The stage: a chain of its own, the protocol on it, and everybody with what they need to begin. */
export interface Setting {
  people: People;
  /** The Timelock. */
  treasury: Payee;
  parameters: ProtocolParameters;
  protocol: Protocol;
  sender: Sender;
  booked: BookedLedger;
  gas: GasBook;
  provider: Awaited<ReturnType<typeof network.create>>["ethers"]["provider"];
}

/** Starts an embedded chain and deploys the protocol through its Ignition modules. */
export async function deploySetting(people: People): Promise<Setting> {
  const connection = await network.create("hardhat");
  const { provider } = connection.ethers;
  const deployer = await getDeployer(connection);
  const parameters = {
    ...(await readParameters({ file: locateParameters("hardhat"), deployer })),
    tokenHolder: deployer,
  };
  const protocol = await deployProtocol({ connection, parameters });
  const { token, ledger, splitAddresses } = protocol;
  const sender = await Sender.connect({ provider });
  const booked = new BookedLedger({ token, ledger, splitAddresses, sender });

  for (const { wallet } of everybody(people)) {
    await connection.networkHelpers.setBalance(wallet.address, GAS_MONEY);
    booked.bookFunding({ address: wallet.address, amount: 0n });
  }
  for (const { wallet } of people.payers) {
    await token.transfer(wallet.address, PAYER_TOKENS);
    booked.bookFunding({ address: wallet.address, amount: PAYER_TOKENS });
  }
  for (const { staker, amount } of stakesOf(people)) {
    await token.transfer(staker.wallet.address, amount);
    booked.bookFunding({ address: staker.wallet.address, amount });
  }
  for (const { wallet } of [people.reporter, people.rogue]) {
    await token.transfer(wallet.address, parameters.reportBond);
    booked.bookFunding({ address: wallet.address, amount: parameters.reportBond });
  }
  const treasury = { name: "Protocol treasury", wallet: { address: await protocol.timelock.getAddress() } };
  return { people, treasury, parameters, protocol, sender, booked, gas: new GasBook(), provider };
}
