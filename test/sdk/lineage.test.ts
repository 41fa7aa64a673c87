import { expect } from "chai";
import { id } from "ethers";

import { walletAccount } from "../../sdk/account.ts";
import { earningsOf } from "../../sdk/earnings.ts";
import { downstreamFirst, lineageOf, partsOf } from "../../sdk/lineage.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { Split } from "../../sdk/split.ts";

const [ada, ben, cleo] = ["a1", "b2", "c3"].map((byte) => walletAccount(`0x${byte.repeat(20)}`));

const to = (recipient: string, units: bigint): Share => {
  return { kind: ShareKind.Account, recipient, units, evidence: id("why") };
};
const into = ({ id: recipient }: Split, units: bigint): Share => {
  return { kind: ShareKind.Split, recipient, units, evidence: id("why") };
};

// Both models are built on the same data, and the agent on both models.
const data = Split.from({ shares: [to(ada, 3n), to(ben, 1n)] });
const model = Split.from({ shares: [to(cleo, 1n), into(data, 1n)] });
const fork = Split.from({ shares: [into(model, 1n), into(data, 1n)] });
const agent = Split.from({ shares: [into(model, 2n), into(fork, 1n), to(ada, 1n)] });
const splits = [data, agent, model, fork];
const find = (splitId: string): Split | undefined => splits.find((split) => split.id === splitId);

describe("lineage", () => {
  it("is a tree in which every way upstream has a part of the whole", () => {
    const tree = lineageOf({ splitId: agent.id, find });
    expect(tree.shares.map(({ part }) => part)).to.deep.equal([0.5, 0.25, 0.25]);
    const [ofModel, ofFork] = tree.shares;
    expect(ofModel.upstream?.shares.map(({ part }) => part)).to.deep.equal([0.25, 0.25]);
    expect(ofFork.upstream?.shares[0].upstream?.shares[1].upstream?.split).to.equal(data);
  });

  it("ends where it is told to, and where nobody knows more", () => {
    const shallow = lineageOf({ splitId: agent.id, find, depth: 1 });
    expect(shallow.shares[0].upstream?.shares).to.deep.equal([]);
    expect(lineageOf({ splitId: id("unknown"), find })).to.deep.equal({
      ...{ splitId: id("unknown"), split: undefined, part: 1, shares: [] },
    });
  });

  it("refuses to become larger than anybody can read", () => {
    let top = data;
    const known = new Map([[data.id, data]]);
    for (let level = 0; level < 14; level++) {
      top = Split.from({ shares: [into(top, 1n), into(top, 1n)] });
      known.set(top.id, top);
    }
    const lookUp = (splitId: string): Split | undefined => known.get(splitId);
    expect(() => lineageOf({ splitId: top.id, find: lookUp })).to.throw(
      RangeError,
      "The lineage has more than 10000 splits. Look less deep.",
    );
    expect(partsOf({ splitId: top.id, find: lookUp })).to.deep.equal([
      { account: ada, part: 0.75 },
      { account: ben, part: 0.25 },
    ]);
  });

  it("adds up what an account gets on all ways", () => {
    // To the data come 1/4 by the model, 1/8 by the fork, and 1/16 by the fork and the model.
    const parts = new Map(partsOf({ splitId: agent.id, find }).map(({ account, part }) => [account, part]));
    expect(parts.get(ada)).to.equal(0.25 + 0.75 * 0.4375);
    expect(parts.get(ben)).to.equal(0.25 * 0.4375);
    expect(parts.get(cleo)).to.equal(0.25 + 0.0625);
  });

  it("puts splits before what is upstream of them", () => {
    const order = downstreamFirst(
      splits.map(({ id: splitId }) => splitId),
      find,
    );
    expect(order.map(({ id: splitId }) => splitId)).to.deep.equal([agent, fork, model, data].map((split) => split.id));
  });
});

describe("earnings", () => {
  const received = new Map([
    [agent.id, 1_000n],
    [data.id, 10n],
  ]);
  const drawn = new Map<string, bigint>();
  const redirects = new Map<number, string>();
  const ledger = {
    received: (splitId: string) => ({ amount: received.get(splitId) ?? 0n }),
    drawn: (splitId: string, index: number) => drawn.get(`${splitId}/${index}`) ?? 0n,
    redirectsOf: (splitId: string) => (splitId === data.id ? redirects : new Map<number, string>()),
  };

  afterEach(() => {
    drawn.clear();
    redirects.clear();
  });

  it("count what has not been released towards a split yet, with the floors of every hop", () => {
    // 500 and 125 reach the model, 312 of that the data; 125 come by the fork, 10 were paid to it: 447 in all.
    expect(earningsOf({ account: ada, splits, ledger })).to.deep.equal([
      { splitId: agent.id, shares: 1, earned: 250n, drawn: 0n, claimable: 250n },
      { splitId: data.id, shares: 1, earned: 335n, drawn: 0n, claimable: 335n },
    ]);
  });

  it("do not count twice what was released", () => {
    drawn.set(`${agent.id}/0`, 500n);
    drawn.set(`${agent.id}/2`, 200n);
    received.set(model.id, 500n);
    const [own, ofData] = earningsOf({ account: ada, splits, ledger });
    received.delete(model.id);
    expect(own).to.include({ earned: 250n, drawn: 200n, claimable: 50n });
    expect(ofData).to.include({ earned: 335n });
  });

  it("go where a share was redirected to", () => {
    redirects.set(0, cleo);
    expect(earningsOf({ account: ada, splits, ledger }).map(({ splitId }) => splitId)).to.deep.equal([agent.id]);
    expect(earningsOf({ account: cleo, splits, ledger }).at(-1)).to.include({ splitId: data.id, earned: 335n });
  });

  it("pass over splits without units", () => {
    const empty = Split.from({ shares: [to(ada, 0n)] });
    expect(earningsOf({ account: ada, splits: [empty], ledger })).to.deep.equal([]);
  });
});
