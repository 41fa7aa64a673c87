import type { Addressable } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { readLogs } from "../../sdk/chainLogs.ts";
import { decodeLedgerLog } from "../../sdk/ledgerEvents.ts";
import { LedgerState } from "../../sdk/ledgerState.ts";
import type { FlowEnd, FlowResult } from "../../sdk/scenario/result.ts";
import { entitlementOf } from "../../sdk/split.ts";
import { Rational } from "../../test/reference/rational.ts";
import type { ReferenceModel } from "../../test/reference/referenceModel.ts";
import type { EarnerRow, Report } from "../report/report.ts";
import type { CorpusText } from "./corpus.ts";
import type { Market } from "./market.ts";
import type { Payee } from "./people.ts";
import type { Setting } from "./setting.ts";
import type { Payoff } from "./settlement.ts";
import type { Traffic } from "./traffic.ts";

/** Contributors that have a node of their own in the picture of the money. */
const CONTRIBUTORS_SHOWN = 12;

const PAYOFF_NAMES: Record<Payoff, string> = {
  claim: "own claim",
  "relayed claim": "relayed claim",
  payout: "payout",
  balance: "not claimed yet",
};

/** What an account has earned by its shares and withdrawn, according to the ledger's events. */
interface Income {
  earned: bigint;
  withdrawn: bigint;
}

/** Reads the outcome from the chain and compares it with the reference. */
export async function collectResults({
  setting,
  market,
  traffic,
  corpus,
  payoffs,
}: {
  setting: Setting;
  market: Market;
  traffic: Traffic;
  corpus: CorpusText[];
  payoffs: ReadonlyMap<string, Payoff>;
}): Promise<Omit<Report, "seed" | "seconds" | "sequel" | "attribution">> {
  const { people, gas } = setting;
  const contracts: Record<string, Addressable> = { ...setting.protocol };
  const state = await readState(setting);
  const incomes = await readIncomes(setting);
  const conservation = conservationOf({
    state,
    market,
    staking: walletAccount(await setting.protocol.staking.getAddress()),
  });
  const { earned: agentEarned } = incomeOf(incomes, market.agentBudget);

  const earner = (
    { name, wallet }: Payee,
    role: string,
    account: string = walletAccount(wallet.address),
  ): EarnerRow => {
    const { earned, withdrawn } = incomeOf(incomes, account);
    return { name, role, address: wallet.address, earned, paidOut: withdrawn };
  };
  const services = traffic.serviceRows();
  return {
    corpus: {
      texts: corpus.length,
      words: corpus.reduce((sum, { words }) => sum + words, 0),
      bytes: corpus.reduce((sum, { content }) => sum + Number(content.byteLength), 0),
      authors: people.contributors.size,
    },
    contracts: await Promise.all(
      Object.entries(contracts).map(async ([name, contract]) => ({ name, address: await contract.getAddress() })),
    ),
    splits: market.catalogue.entries.map(({ name, split }) => ({
      name,
      splitId: split.id,
      shares: split.tree.size,
      received: state.received(split.id).amount,
      dust: state.received(split.id).amount - state.drawnInTotal(split.id),
    })),
    contributors: [...people.contributors.values()].map((person) => {
      const texts = corpus.filter(({ author }) => author === person.name);
      return {
        ...earner(person, "contributor"),
        texts: texts.length,
        words: texts.reduce((sum, { words }) => sum + words, 0),
        paidBy: PAYOFF_NAMES[payoffs.get(person.name) ?? "balance"],
      };
    }),
    builders: [
      earner(people.lab, "builds Orator, the base model"),
      earner(people.studio, "builds Orator Brief, a fine-tune"),
      earner(people.workshop, "builds Speechwriter, an agent"),
      earner(people.curator, "curates the Datanet"),
      earner(people.archive, "owns the Datanet"),
    ],
    operators: people.operators.map((person) => {
      const served = services.filter(({ operator }) => operator === person.name);
      const calls = served.reduce((sum, service) => sum + service.calls, 0n);
      return { ...earner(person, `serves ${served.map(({ name }) => name.split(" at ")[0]).join(", ")}`), calls };
    }),
    stakers: await Promise.all(
      people.operators.map(async (operator) => {
        const account = await setting.protocol.staking.rewardsAccount(operator.wallet);
        return earner(operator, "is backed by them", account);
      }),
    ),
    others: [earner(setting.treasury, "shares and fixed fees")],
    services,
    rails: traffic.railRows(),
    agent: { earned: agentEarned, ...traffic.agent },
    gas: gas.rows(),
    prepaid: people.payers.reduce((sum, { wallet }) => sum + state.balanceOf(walletAccount(wallet.address)), 0n),
    flows: collectFlows({ market, traffic, state, incomes }),
    conservation,
    comparison: await compare({ setting, market, traffic, state, incomes, conservation }),
  };
}

/** The ledger as its events tell it. */
export async function readState({ booked, provider }: Setting): Promise<LedgerState> {
  const state = new LedgerState();
  const toBlock = await provider.getBlockNumber();
  await state.follow({ provider, ledger: await booked.ledger.getAddress(), toBlock });
  return state;
}

async function readIncomes({ booked, provider }: Setting): Promise<ReadonlyMap<string, Income>> {
  const incomes = new Map<string, Income>();
  const toBlock = await provider.getBlockNumber();
  const addresses = [await booked.ledger.getAddress()];
  for await (const logs of readLogs({ provider, addresses, fromBlock: 0, toBlock })) {
    for (const event of logs.map(decodeLedgerLog)) {
      if (event?.name !== "Credited" && event?.name !== "Withdrawn") continue;
      const { earned, withdrawn } = incomeOf(incomes, event.account);
      incomes.set(
        event.account,
        event.name === "Credited"
          ? { earned: earned + event.amount, withdrawn }
          : { earned, withdrawn: withdrawn + event.amount },
      );
    }
  }
  return incomes;
}

function incomeOf(incomes: ReadonlyMap<string, Income>, account: string): Income {
  return incomes.get(account) ?? { earned: 0n, withdrawn: 0n };
}

/** Paid in = paid out + claimable + dust, from the ledger's events. */
function conservationOf({
  state,
  market,
  staking,
}: {
  state: LedgerState;
  market: Market;
  staking: string;
}): Report["conservation"] {
  const { balances, owed } = state.custody();
  let undrawn = 0n;
  for (const { split } of market.catalogue.entries) {
    const received = state.received(split.id).amount;
    const { totalUnits, size } = split.tree;
    for (const { units } of split.tree.shares({ first: 0, count: size })) {
      undrawn += entitlementOf({ received, units, totalUnits });
    }
    undrawn -= state.drawnInTotal(split.id);
  }
  const { paidIn, deposited, withdrawn } = state.totals;
  const claimable = balances + undrawn;
  return {
    paidIn: paidIn + deposited,
    paidOut: withdrawn,
    claimable,
    dust: owed - claimable,
    staked: state.balanceOf(staking),
  };
}

/** All money by where it came from and where it went, as far as the pictures tell splits apart. */
function collectFlows({
  market,
  traffic,
  state,
  incomes,
}: {
  market: Market;
  traffic: Traffic;
  state: LedgerState;
  incomes: ReadonlyMap<string, Income>;
}): FlowResult[] {
  const { catalogue } = market;
  const shown = [...incomes]
    .map(([account, { earned }]) => ({ account, earned }))
    .filter(({ account }) => catalogue.knowsAccount(account) && catalogue.nodeOf(account).kind === "contributor")
    .sort((a, b) => (a.earned > b.earned ? -1 : 1))
    .slice(0, CONTRIBUTORS_SHOWN)
    .map(({ account }) => account);

  const flows = new Map<string, FlowResult>();
  const add = ({ from, to, amount }: FlowResult): void => {
    const [source, target] = [drawnNode(from), drawnNode(to)];
    if (source.name === target.name || amount === 0n) return;
    const key = `${source.name} → ${target.name}`;
    flows.set(key, { from: source, to: target, amount: (flows.get(key)?.amount ?? 0n) + amount });
  };
  for (const flow of traffic.flows) add(flow);
  for (const entry of catalogue.entries) {
    const { tree, id } = entry.split;
    for (const [index, { recipient }] of tree.shares({ first: 0, count: tree.size }).entries()) {
      const node = catalogue.nodeOf(recipient);
      const isHidden = node.kind === "contributor" && !shown.includes(recipient);
      add({
        from: entry,
        to: isHidden ? { ...node, name: "Other contributors" } : node,
        amount: state.drawn(id, index),
      });
    }
  }
  return [...flows.values()];
}

/** A Datanet version and its log are one in the picture, and so are the treasury and its split. */
function drawnNode({ name, kind }: FlowEnd): FlowEnd {
  return { name: name.replace(/ log$/, "").replace("Platform fees", "Protocol treasury"), kind };
}

/** Compares the chain with the reference in every number, and with what the demo counted itself. */
async function compare({
  setting: { booked },
  market,
  traffic,
  state,
  incomes,
  conservation,
}: {
  setting: Setting;
  market: Market;
  traffic: Traffic;
  state: LedgerState;
  incomes: ReadonlyMap<string, Income>;
  conservation: Report["conservation"];
}): Promise<Report["comparison"]> {
  const { reference } = booked;
  const differences = (await booked.compare()).map(
    ({ what, reference: expected, chain }) => `${what}: ${expected} by the reference, ${chain} on the chain`,
  );
  const check = (what: string, expected: bigint, actual: bigint): void => {
    if (expected !== actual) differences.push(`${what}: ${expected} expected, ${actual} found`);
  };
  for (const { what, folded, chain } of await state.compare(booked.ledger)) {
    differences.push(`${what}: ${folded} by the events, ${chain} on the chain`);
  }

  const { earned, dust } = reference.settle();
  for (const account of new Set([...earned.keys(), ...incomes.keys()])) {
    check(`earnings of account ${account}`, earned.get(account) ?? 0n, incomeOf(incomes, account).earned);
  }
  const rows = traffic.serviceRows();
  for (const [i, { name, split }] of market.services.entries()) {
    check(`calls of ${name}`, rows[i].callsOnChain, (await booked.ledger.received(split.id)).calls);
    check(`payments to ${name}`, rows[i].amount, reference.paid(split.id));
  }
  const { paidIn, paidOut, claimable } = conservation;
  check("tokens paid in", booked.paidIn, paidIn);
  check("tokens paid out", booked.paidOut, paidOut);
  check(
    "dust",
    [...dust.values()].reduce((sum, units) => sum + units, 0n),
    conservation.dust,
  );
  check("paid out + claimable + dust", paidIn, paidOut + claimable + conservation.dust);

  const shares = market.catalogue.entries.reduce((sum, { split }) => sum + split.tree.size, 0);
  return {
    accounts: reference.accounts().length,
    mostRoundedOff: mostRoundedOff(reference),
    splits: market.catalogue.entries.length,
    shares,
    differences,
  };
}

/** Whole units, rounded up, that rounding has cost whom it cost most. */
function mostRoundedOff(reference: ReferenceModel): bigint {
  const { earned } = reference.settle();
  let most = 0n;
  for (const account of reference.accounts()) {
    const missing = new Rational(earned.get(account) ?? 0n).minus(reference.exactEarned(account));
    if (-missing.floor() > most) most = -missing.floor();
  }
  return most;
}
