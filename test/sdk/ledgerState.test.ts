import { expect } from "chai";
import { EventFragment } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { decodeLedgerLog, LEDGER_EVENTS, type LoggedLedgerEvent } from "../../sdk/ledgerEvents.ts";
import { LedgerState, type LedgerStateJson } from "../../sdk/ledgerState.ts";
import { simulateRelease } from "../../sdk/simulation.ts";
import { encodeDraws } from "../../sdk/split.ts";
import { act, deployLedgerWorld, type LedgerWorld } from "./ledgerTraffic.ts";
import { randomFrom } from "./random.ts";

const LEVELS = [3, 2, 3, 2];

async function follow(world: LedgerWorld, state: LedgerState): Promise<void> {
  const { provider } = world.ethers;
  const ledger = await world.ledger.getAddress();
  await state.follow({ provider, ledger, toBlock: await provider.getBlockNumber(), blocksPerRequest: 7 });
}

async function eventsOf({ ethers, ledger }: LedgerWorld): Promise<LoggedLedgerEvent[]> {
  const logs = await ethers.provider.getLogs({ address: await ledger.getAddress(), fromBlock: 0 });
  return logs.map(decodeLedgerLog).filter((event) => event !== undefined);
}

describe("LedgerState", () => {
  it("reads exactly the events that the ledger has", async () => {
    const { ledger } = await deployLedgerWorld({ seed: 0, levels: [1] });
    const signatures = (fragments: readonly { type: string }[]): string[] =>
      fragments.filter((fragment) => fragment instanceof EventFragment).map((event) => event.format("full"));
    const onChain = ledger.interface.fragments.filter(({ type }) => type === "event");
    // EIP-5267 announces a change of the signing domain, which never comes.
    const known = signatures(onChain).filter((event) => !event.includes("EIP712DomainChanged"));
    const canonical = (event: string): string => event.replaceAll("tuple", "");
    expect(signatures(LEDGER_EVENTS.fragments).map(canonical)).to.have.members(known.map(canonical));
  });

  describe("after random traffic", () => {
    for (const seed of [1, 2, 3]) {
      it(`holds every number of the ledger, from its events alone (seed ${seed})`, async () => {
        const world = await deployLedgerWorld({ seed, levels: LEVELS });
        const random = randomFrom(seed);
        let state = new LedgerState();
        for (let step = 1; step <= 120; step++) {
          await act({ world, random });
          if (step % 30 !== 0) continue;
          await follow(world, state);
          expect(await state.compare(world.ledger)).to.deep.equal([]);
          const { owed } = state.custody();
          expect(owed).to.equal(await world.token.balanceOf(world.ledger));
          expect(owed).to.equal(state.totals.paidIn + state.totals.deposited - state.totals.withdrawn);
          // Goes on from what was saved, as an indexer does after a restart.
          const saved = JSON.stringify(state);
          const parsed: LedgerStateJson = JSON.parse(saved) as LedgerStateJson;
          state = LedgerState.fromJSON(parsed);
          expect(JSON.stringify(state)).to.equal(saved);
        }
      });
    }

    it("is the same however often the chain was read", async () => {
      const world = await deployLedgerWorld({ seed: 4, levels: LEVELS });
      const random = randomFrom(4);
      const often = new LedgerState();
      for (let step = 0; step < 60; step++) {
        await act({ world, random });
        await follow(world, often);
        await follow(world, often);
      }
      const once = new LedgerState();
      await follow(world, once);
      expect(JSON.stringify(once)).to.equal(JSON.stringify(often));
    });

    it("names every number in which the chain differs", async () => {
      const world = await deployLedgerWorld({ seed: 5, levels: LEVELS });
      const { ledger, people, splits } = world;
      await ledger.connect(people[0]).pay(splits[0].id, 100n, 1n, world.ethers.ZeroHash);
      const state = new LedgerState();
      await follow(world, state);
      await ledger.connect(people[0]).pay(splits[0].id, 11n, 2n, world.ethers.ZeroHash);
      expect(await state.compare(ledger)).to.deep.equal([
        { what: `received(${splits[0].id}).amount`, folded: 100n, chain: 111n },
        { what: `received(${splits[0].id}).calls`, folded: 1n, chain: 3n },
      ]);
    });
  });

  describe("apply", () => {
    it("refuses an event that was folded already or comes out of order", async () => {
      const world = await deployLedgerWorld({ seed: 6, levels: LEVELS });
      const random = randomFrom(6);
      for (let step = 0; step < 20; step++) await act({ world, random });
      const events = await eventsOf(world);
      const state = new LedgerState();
      events.slice(0, 10).forEach((event) => {
        state.apply(event);
      });
      for (const event of events.slice(0, 10)) {
        expect(() => {
          state.apply(event);
        }).to.throw(RangeError, `Log ${event.logIndex} of block ${event.blockNumber} comes before events`);
      }
    });

    it("says which account an event overdraws when earlier ones are missing", () => {
      const account = walletAccount(`0x${"11".repeat(20)}`);
      const event = { name: "Withdrawn", account, to: account, amount: 5n, blockNumber: 9, logIndex: 2 } as const;
      expect(() => {
        new LedgerState().apply(event);
      }).to.throw(
        RangeError,
        `Log 2 of block 9 takes 5 from account ${account}, which has 0: earlier events are missing.`,
      );
    });
  });
});

describe("simulateRelease", () => {
  it("moves what the ledger then moves, share by share", async () => {
    const world = await deployLedgerWorld({ seed: 7, levels: LEVELS });
    const { ledger, ethers, splits } = world;
    const random = randomFrom(7);
    const state = new LedgerState();
    for (let round = 0; round < 12; round++) {
      for (let step = 0; step < 8; step++) await act({ world, random });
      await follow(world, state);
      const ranges = splits
        .filter(({ id }) => state.received(id).amount > 0n)
        .map((split) => ({ split, first: 0, count: split.tree.size }));
      const releases = simulateRelease({ ranges, ledger: state });
      await ledger.release(encodeDraws(ranges.map(({ split, ...range }) => split.draw(range))));
      const { number } = (await ethers.provider.getBlock("latest")) ?? { number: 0 };
      const events = (await eventsOf(world)).filter(({ blockNumber }) => blockNumber === number);
      const credited = events.flatMap((event) => (event.name === "Credited" ? [event] : []));
      expect(releases.filter(({ kind }) => kind === 0)).to.deep.equal(
        credited.map(({ splitId, index, amount, account }) => ({
          splitId,
          index,
          amount,
          kind: 0,
          recipient: account,
        })),
      );
      const hops = events.flatMap((event) => (event.name === "Routed" ? event.hops : []));
      expect(releases.filter(({ kind }) => kind === 1)).to.deep.equal(
        hops.map(({ splitId, index, amount, toSplitId }) => ({
          splitId,
          index,
          amount,
          kind: 1,
          recipient: toSplitId,
        })),
      );
    }
  });

  it("refuses a split that has nothing to release, as the ledger does", async () => {
    const { splits } = await deployLedgerWorld({ seed: 8, levels: [1] });
    expect(() =>
      simulateRelease({ ranges: [{ split: splits[0], first: 0, count: 1 }], ledger: new LedgerState() }),
    ).to.throw(RangeError, `Split ${splits[0].id} has not received anything`);
  });
});
