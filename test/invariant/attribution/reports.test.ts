import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { network } from "hardhat";

import { encodeAccount, walletAccount } from "../../../sdk/account.ts";
import { buildReport } from "../../../sdk/attribution/buildReport.ts";
import { encodeShareAnswer, FaultProofs, type Item, ItemKind } from "../../../sdk/attribution/faultProofs.ts";
import { type Pot, potId, type Report, reportId, packFigures } from "../../../sdk/attribution/report.ts";
import type { ReportData } from "../../../sdk/attribution/reportData.ts";
import { ReportData as Data } from "../../../sdk/attribution/reportData.ts";
import {
  BOND,
  DAY,
  DEMAND_BOND,
  deployReports,
  endEpoch,
  type ReportWorld,
  settleCalls,
  someOutputs,
  sourceOf,
} from "../../attribution/reports.ts";
import { Random } from "../../reference/random.ts";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { loadFixture, time } = networkHelpers;

const STEPS = 350;

interface Posted {
  report: Report;
  data: ReportData;
  /** Whether its sums are wrong, so that it can be challenged. */
  wrong: boolean;
  void: boolean;
}

/** A pot as it ought to be. */
interface Book {
  pot: Pot;
  account: string;
  received: bigint;
  paid: bigint;
  swept: bigint;
  pending: Posted | undefined;
  all: Posted[];
  bonds: Map<string, bigint>;
  /** By their items' index among those that are demanded here. */
  demands: { posted: Posted; item: Item }[];
}

interface Campaign extends ReportWorld {
  books: Book[];
  data: ReportData;
  people: HardhatEthersSigner[];
}

async function fixture(): Promise<Campaign> {
  const world = await deployReports(connection);
  const { pots, reports, pot, version, entry, token, strangers, reporter, watcher, ledger } = world;
  await pots.createPot(reports, version, entry, pot.gram, pot.commons, 0);
  const batch = await settleCalls(world, someOutputs(world, 3));
  const epoch = await endEpoch(world);
  const data = buildReport(await sourceOf(world, [batch], epoch));
  const people = [reporter, watcher, strangers[1], strangers[2]];
  for (const person of people.slice(2)) {
    await token.transfer(person, 100_000n * 10n ** 18n);
    await token.connect(person).approve(reports, ethers.MaxUint256);
    await token.connect(person).approve(ledger, ethers.MaxUint256);
  }
  const books: Book[] = [];
  for (const one of [pot, { ...pot, number: 2n, feeBps: 0 }]) {
    const account = encodeAccount({ address: one.keeper, tag: one.number });
    const received = await ledger.balanceOf(account);
    const bonds = new Map([[reporter.address, one === pot ? 5n * BOND : 0n]]);
    books.push({ pot: one, account, received, paid: 0n, swept: 0n, pending: undefined, all: [], bonds, demands: [] });
  }
  return { ...world, books, data, people };
}

/** Something that somebody tries; what comes of it is read from the events. */
class Run {
  readonly #world: Campaign;
  readonly #random: Random;
  readonly done = new Map<string, number>();

  constructor(world: Campaign, seed: number) {
    const books = world.books.map((book) => ({ ...book, all: [], bonds: new Map(book.bonds), demands: [] }));
    this.#world = { ...world, books };
    this.#random = new Random(seed);
  }

  async step(): Promise<void> {
    const random = this.#random;
    const { books, people, reports, ledger, spanVerifier, payoutVerifier, log, token } = this.#world;
    const book = random.pick(books);
    const { pot } = book;
    const id = potId(pot);
    const person = random.pick(people);
    const mine = reports.connect(person);
    const target = random.chance(0.8) || book.all.length === 0 ? book.pending : random.pick(book.all);
    const action = random.integer(0, 13);
    if (action === 0) {
      const amount = random.pick([1n, BOND, 2n * BOND, 0n]);
      if (await this.#try("bond", mine.bond(pot, amount), amount > 0n && (await token.balanceOf(person)) >= amount)) {
        book.bonds.set(person.address, (book.bonds.get(person.address) ?? 0n) + amount);
      }
    } else if (action === 1) {
      await this.#try("requestExit", mine.requestExit(id), (book.bonds.get(person.address) ?? 0n) > 0n);
    } else if (action === 2) {
      if (await this.#try("withdrawBond", mine.withdrawBond(id))) book.bonds.set(person.address, 0n);
    } else if (action <= 4) {
      await this.#post(book, person);
    } else if (action === 5 && target !== undefined) {
      const proof = new FaultProofs({ ...target, log }).sum(0);
      const verifier = random.chance(0.9) ? payoutVerifier : spanVerifier;
      const good = target === book.pending && target.wrong && verifier === payoutVerifier;
      if (await this.#try("challenge", mine.challenge(verifier, proof), good)) this.#defeat(book, target);
    } else if (action === 6 && target !== undefined) {
      const item = { kind: random.pick([ItemKind.Credit, ItemKind.Share]), first: random.integer(0, 2), second: 0 };
      if (await this.#try("demand", mine.demand(target.report, pot, item))) book.demands.push({ posted: target, item });
    } else if (action <= 9 && book.demands.length > 0) {
      const at = random.integer(0, book.demands.length - 1);
      const { posted, item } = book.demands[at];
      const { data, report } = posted;
      const opening = item.kind === ItemKind.Credit ? data.openCredit(item.first) : data.openShare(item.first);
      const call =
        action === 7
          ? ["answer", mine.answer(report, pot, item, encodeShareAnswer(opening))]
          : action === 8
            ? ["expire", mine.expire(report, item)]
            : ["reclaim", mine.reclaim(report, item)];
      const [name, sent] = call as [string, ReturnType<typeof mine.expire>];
      const expected = action === 7 ? posted === book.pending : action === 9 ? posted !== book.pending : undefined;
      if (await this.#try(name, sent, expected)) {
        book.demands.splice(at, 1);
        if (action === 8) this.#defeat(book, posted);
      }
    } else if (action === 10 && target !== undefined) {
      const open = book.demands.some(({ posted }) => posted === target);
      if (await this.#try("pay", mine.pay(target.report, pot), open || target.void ? false : undefined)) {
        book.paid += target.report.figures.total;
        book.pending = undefined;
      }
    } else if (action === 11 && target !== undefined) {
      if (await this.#try("drop", mine.drop(target.report))) book.pending = undefined;
    } else if (action === 12) {
      const nobody = { figures: this.#world.data.figures, reporter: person.address, postedAt: 0n };
      const before = await ledger.balanceOf(book.account);
      if (await this.#try("sweep", mine.sweep(pot, book.pending?.report ?? nobody))) {
        const swept = before - (await ledger.balanceOf(book.account));
        const reserved = book.pending?.report.figures.total ?? 0n;
        if (swept > 0n) expect(before - swept).to.be.at.least(reserved < before ? reserved : before);
        book.swept += swept;
      }
    } else if (random.chance(0.4)) {
      const amount = BigInt(random.integer(1, 10)) * 10n ** 17n;
      await ledger.connect(person).deposit(book.account, amount);
      book.received += amount;
    } else {
      await time.increase(BigInt(random.pick([60, 3_600, 40_000, 86_400, 86_400, 300_000, 800_000])));
    }
    await this.#check();
  }

  async #post(book: Book, person: HardhatEthersSigner): Promise<void> {
    const random = this.#random;
    const { data, reports, pots } = this.#world;
    const current = Number(await pots.epochOf(await time.latest()));
    const epoch = current - random.integer(0, 9);
    const wrong = random.chance(0.4);
    const total = wrong ? data.figures.total + BigInt(random.integer(1, 5)) * 10n ** 18n : data.figures.total;
    const posted = new Data({ pot: book.pot, epoch, lists: data.lists, claimed: { total } });
    const needed = await reports.bondFor(total);
    const closed = epoch === current || (await reports.isReported(potId(book.pot), epoch));
    const refused = closed || book.pending !== undefined || (book.bonds.get(person.address) ?? 0n) < needed;
    const sent = reports.connect(person).post(...packFigures(posted.figures));
    if (!(await this.#try("post", sent, refused ? false : undefined))) return;
    const report = { figures: posted.figures, reporter: person.address, postedAt: BigInt(await time.latest()) };
    book.pending = { report, data: posted, wrong, void: false };
    book.all.push(book.pending);
  }

  #defeat(book: Book, posted: Posted): void {
    const { figures, reporter } = posted.report;
    const bond = book.bonds.get(reporter) ?? 0n;
    const lost = figures.total > BOND ? figures.total : BOND;
    book.bonds.set(reporter, bond - (lost < bond ? lost : bond));
    posted.void = true;
    book.pending = undefined;
  }

  /** Whether something succeeded, which is compared with what is expected if anything is. */
  async #try(name: string, sent: Promise<unknown>, expected?: boolean): Promise<boolean> {
    const success = await sent.then(
      () => true,
      (error: unknown) => {
        // Whatever is refused is refused by name; what a proof for another verifier looks like is chance.
        expect(String(error), name).to.match(name === "challenge" ? /revert/ : /custom error '\w+/);
        return false;
      },
    );
    if (expected !== undefined) expect(success, name).to.equal(expected);
    if (success) this.done.set(name, (this.done.get(name) ?? 0) + 1);
    return success;
  }

  async #check(): Promise<void> {
    const { books, reports, ledger } = this.#world;
    let owed = 0n;
    for (const { pot, account, received, paid, swept, pending, bonds, demands } of books) {
      for (const [reporter, amount] of bonds) {
        expect((await reports.bondOf(potId(pot), reporter))[0]).to.equal(amount);
        owed += amount;
      }
      owed += BigInt(demands.length) * DEMAND_BOND;
      expect(await ledger.balanceOf(account)).to.equal(received - paid - swept);
      const [report] = await reports.reportOf(potId(pot));
      expect(report).to.equal(pending === undefined ? `0x${"00".repeat(24)}` : reportId(pending.report));
    }
    expect(await ledger.balanceOf(walletAccount(await reports.getAddress()))).to.equal(owed);
  }

  /** However it stands, strangers can bring it to an end in which nothing is stuck. */
  async finish(): Promise<void> {
    const { books, reports, strangers, ledger } = this.#world;
    const anybody = reports.connect(strangers[3]);
    await time.increase(60n * DAY);
    for (const book of books) {
      for (const { posted, item } of book.demands) {
        if (posted === book.pending) {
          await anybody.expire(posted.report, item);
          this.#defeat(book, posted);
        } else await anybody.reclaim(posted.report, item);
      }
      book.demands = [];
      if (book.pending !== undefined) await anybody.drop(book.pending.report);
      book.pending = undefined;
      for (let times = 0; times < 2; times++) {
        const nobody = { figures: this.#world.data.figures, reporter: strangers[3].address, postedAt: 0n };
        await anybody.sweep(book.pot, nobody);
        await time.increase(60n * DAY);
      }
      book.swept = book.received - book.paid;
      expect(await ledger.balanceOf(book.account)).to.equal(0n);
    }
    await this.#check();
  }
}

describe("AttributionReports in a random campaign", () => {
  const done = new Map<string, number>();
  for (let seed = 1; seed <= 4; seed++) {
    it(`keeps bonds and what is in pots to the unit, and pays no void report: seed ${seed}`, async () => {
      const run = new Run(await loadFixture(fixture), seed);
      for (let i = 0; i < STEPS; i++) await run.step();
      await run.finish();
      for (const [name, times] of run.done) done.set(name, (done.get(name) ?? 0) + times);
    });
  }

  it("does everything there is to do", () => {
    expect([...done.keys()].sort()).to.deep.equal(
      [
        "answer",
        "bond",
        "challenge",
        "demand",
        "drop",
        "expire",
        "pay",
        "post",
        "reclaim",
        "requestExit",
        "sweep",
        "withdrawBond",
      ].sort(),
    );
  });
});
