import { expect } from "chai";

import { Random } from "./random.ts";
import { Rational } from "./rational.ts";
import { ReferenceModel, type ReferenceShare } from "./referenceModel.ts";

const account = (name: string, units: bigint): ReferenceShare => ({ kind: "account", account: name, units });
const split = (name: string, units: bigint): ReferenceShare => ({ kind: "split", split: name, units });

/** Alice and Bob share a Datanet 1 : 2; a model pays Carol and the Datanet 1 : 1; an agent pays the model and the Datanet 1 : 1. */
function supplyChain(): ReferenceModel {
  const model = new ReferenceModel();
  model.defineSplit({ id: "datanet", shares: [account("alice", 1n), account("bob", 2n)] });
  model.defineSplit({ id: "model", shares: [account("carol", 1n), split("datanet", 1n)] });
  model.defineSplit({ id: "agent", shares: [split("model", 1n), split("datanet", 1n)] });
  return model;
}

describe("ReferenceModel", () => {
  describe("defineSplit", () => {
    it("refuses a split it knows, one without units, and one that points to a split it does not know", () => {
      const model = supplyChain();
      expect(() => {
        model.defineSplit({ id: "agent", shares: [account("alice", 1n)] });
      }).to.throw(RangeError, "already knows a split agent");
      expect(() => {
        model.defineSplit({ id: "empty", shares: [account("alice", 0n)] });
      }).to.throw(RangeError, "has no units");
      expect(() => {
        model.defineSplit({ id: "negative", shares: [account("alice", -1n), account("bob", 2n)] });
      }).to.throw(RangeError, "has -1 units");
      expect(() => {
        model.defineSplit({ id: "itself", shares: [split("itself", 1n)] });
      }).to.throw(RangeError, "no split itself");
      expect(model.knows("agent")).to.be.true;
      expect(model.knows("itself")).to.be.false;
    });
  });

  describe("exact earnings", () => {
    it("divide a payment over the whole DAG at once", () => {
      const model = supplyChain();
      model.pay({ split: "agent", amount: 10n });
      // Half goes to the model, of which Carol has half; the Datanet has 5 directly and 2.5 through the model.
      expect(model.exactReceived("model").toString()).to.equal("5");
      expect(model.exactReceived("datanet").toString()).to.equal("15/2");
      expect(["alice", "bob", "carol"].map((name) => model.exactEarned(name).toString())).to.deep.equal([
        "5/2",
        "5",
        "5/2",
      ]);
      expect(model.exactEarned("dave").toString()).to.equal("0");
    });

    it("do not reach a share that has no units", () => {
      const model = new ReferenceModel();
      model.defineSplit({ id: "old", shares: [account("alice", 1n)] });
      model.defineSplit({ id: "new", shares: [account("bob", 3n), split("old", 0n), account("carol", 0n)] });
      model.pay({ split: "new", amount: 7n });
      expect(model.accounts()).to.deep.equal(["bob"]);
      expect(model.exactReceived("old").compare(Rational.ZERO)).to.equal(0n);
    });

    it("are the same whatever the order of the payments", () => {
      const random = new Random(7);
      const payments = Array.from({ length: 40 }, () => ({
        split: random.pick(["agent", "model", "datanet"]),
        amount: random.bigint(1n, 1_000_000n),
      }));
      const [forward, shuffled] = [supplyChain(), supplyChain()];
      for (const payment of payments) forward.pay(payment);
      for (const payment of random.shuffle(payments)) shuffled.pay(payment);
      for (const name of forward.accounts()) {
        expect(forward.exactEarned(name).toString()).to.equal(shuffled.exactEarned(name).toString());
      }
    });
  });

  describe("settlement", () => {
    it("rounds what a split has received in total down per share, hop by hop", () => {
      const model = supplyChain();
      model.pay({ split: "agent", amount: 3n });
      model.pay({ split: "agent", amount: 4n });
      const { received, drawn, dust, earned } = model.settle();
      // agent 7 → 3 + 3; model 3 → 1 + 1; datanet 4 → 1 + 2.
      expect([...received]).to.have.deep.members([
        ["agent", 7n],
        ["model", 3n],
        ["datanet", 4n],
      ]);
      expect(drawn.get("datanet")).to.deep.equal([1n, 2n]);
      expect([...dust]).to.have.deep.members([
        ["agent", 1n],
        ["model", 1n],
        ["datanet", 1n],
      ]);
      expect([...earned]).to.have.deep.members([
        ["alice", 1n],
        ["bob", 2n],
        ["carol", 1n],
      ]);
    });

    it("says nothing about splits that no money has reached", () => {
      const model = supplyChain();
      model.pay({ split: "datanet", amount: 1n });
      const { received, drawn } = model.settle();
      expect([...received.keys()]).to.deep.equal(["datanet"]);
      expect([...drawn.keys()]).to.deep.equal(["datanet"]);
      expect(model.paidSplits()).to.deep.equal(["datanet"]);
    });
  });

  describe("balances", () => {
    it("move by deposits, transfers, withdrawals and payments", () => {
      const model = supplyChain();
      model.deposit({ account: "dave", amount: 10n });
      model.transfer({ from: "dave", to: "erin", amount: 4n });
      model.withdraw({ account: "erin", amount: 1n });
      model.pay({ split: "datanet", amount: 3n, from: "dave" });
      expect([model.transfers("dave"), model.transfers("erin")]).to.deep.equal([3n, 3n]);
      expect(model.paid("datanet")).to.equal(3n);
      expect(model.accounts()).to.have.members(["alice", "bob", "dave", "erin"]);
    });

    it("can spend what was earned, and not a unit more", () => {
      const model = supplyChain();
      model.pay({ split: "datanet", amount: 10n });
      // Bob has earned 6 2/3.
      expect(() => {
        model.withdraw({ account: "bob", amount: 7n });
      }).to.throw(RangeError, "holds 6 at most and cannot spend 7");
      model.pay({ split: "model", amount: 6n, from: "bob" });
      expect(model.exactEarned("bob").toString()).to.equal("26/3");
    });

    it("refuse amounts below one", () => {
      const model = supplyChain();
      const moves = [
        () => {
          model.pay({ split: "agent", amount: 0n });
        },
        () => {
          model.deposit({ account: "alice", amount: 0n });
        },
        () => {
          model.withdraw({ account: "alice", amount: -1n });
        },
        () => {
          model.transfer({ from: "alice", to: "bob", amount: 0n });
        },
      ];
      for (const move of moves) expect(move).to.throw(RangeError, "Nobody can move");
    });
  });

  describe("on random DAGs", () => {
    for (let seed = 1; seed <= 40; seed++) {
      it(`keeps every unit and stays within its bound (seed ${seed})`, () => {
        const random = new Random(seed);
        const { model, splits, accounts } = randomDag(random);
        let paidIn = 0n;
        for (let i = 0; i < 60; i++) {
          const amount = random.bigint(1n, 10n ** random.bigint(0n, 24n));
          paidIn += amount;
          model.pay({ split: random.pick(splits).id, amount });
        }

        const { received, dust, earned, drawn } = model.settle();
        const total = (values: Iterable<bigint>): bigint => [...values].reduce((a, b) => a + b, 0n);
        const exactTotal = accounts.reduce((sum, name) => sum.plus(model.exactEarned(name)), Rational.ZERO);
        expect(exactTotal.toString()).to.equal(paidIn.toString());
        expect(total(earned.values()) + total(dust.values())).to.equal(paidIn);
        for (const { id, shares } of splits) {
          expect(Number(dust.get(id) ?? 0n)).to.be.lessThan(shares.length);
        }

        const sharesAbove = model.sharesAbove();
        for (const name of accounts) {
          const missing = model.exactEarned(name).minus(new Rational(earned.get(name) ?? 0n));
          const bound = sharesAbove.get(name) ?? 0;
          expect(missing.compare(Rational.ZERO) >= 0n, `${name} must not be settled above its exact earnings`).to.be
            .true;
          expect(bound === 0 ? missing.numerator === 0n : missing.compare(new Rational(BigInt(bound))) < 0n).to.be.true;
        }

        // Any order of releases, repeated until nothing moves, ends at the settlement.
        const released = releaseLazily({ model, splits, random });
        expect(released.earned).to.deep.equal(earned);
        for (const { id } of splits) {
          expect(released.received.get(id)).to.equal(received.get(id));
          expect(released.drawn.get(id)).to.deep.equal(drawn.get(id));
        }
      });
    }
  });
});

interface NamedSplit {
  id: string;
  shares: ReferenceShare[];
}

function randomDag(random: Random): { model: ReferenceModel; splits: NamedSplit[]; accounts: string[] } {
  const model = new ReferenceModel();
  const accounts = Array.from({ length: 12 }, (_, i) => `account ${i}`);
  const splits: NamedSplit[] = [];
  for (let i = 0; i < 12; i++) {
    const shares = Array.from({ length: random.integer(1, 9) }, () => {
      const units = random.chance(0.1) ? 0n : random.bigint(1n, 10n ** random.bigint(0n, 12n));
      const parent = random.chance(0.5) ? splits.at(-random.integer(1, 4)) : undefined;
      return parent === undefined ? account(random.pick(accounts), units) : split(parent.id, units);
    });
    shares.push(account(random.pick(accounts), 1n));
    splits.push({ id: `split ${i}`, shares });
    model.defineSplit({ id: `split ${i}`, shares });
  }
  return { model, splits, accounts };
}

/** The least ledger there can be, released one random share at a time. */
function releaseLazily({ model, splits, random }: { model: ReferenceModel; splits: NamedSplit[]; random: Random }): {
  received: Map<string, bigint>;
  drawn: Map<string, bigint[]>;
  earned: Map<string, bigint>;
} {
  const received = new Map(model.paidSplits().map((id) => [id, model.paid(id)]));
  const drawn = new Map<string, bigint[]>();
  const earned = new Map<string, bigint>();
  for (let moved = true; moved;) {
    moved = false;
    for (const { id, shares } of random.shuffle(splits)) {
      const total = received.get(id);
      if (total === undefined) continue;
      const units = shares.reduce((sum, share) => sum + share.units, 0n);
      const taken = drawn.get(id) ?? shares.map(() => 0n);
      drawn.set(id, taken);
      for (const i of random.shuffle(shares.map((_, index) => index))) {
        const share = shares[i];
        const amount = (total * share.units) / units - taken[i];
        if (amount === 0n) continue;
        moved = true;
        taken[i] += amount;
        const [target, key] = share.kind === "split" ? [received, share.split] : [earned, share.account];
        target.set(key, (target.get(key) ?? 0n) + amount);
      }
    }
  }
  return { received, drawn, earned };
}
