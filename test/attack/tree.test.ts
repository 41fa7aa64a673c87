import { expect } from "chai";
import { concat, dataSlice, getBytes, id, solidityPackedKeccak256, ZeroHash } from "ethers";
import { network } from "hardhat";

import { type AnyNode, type AnyShare, leafOf, packDraw, packNode, parentOf, splitIdOf } from "../helpers/naiveTree.ts";
import { Random } from "../reference/random.ts";
import { accountOf, accountShare } from "../helpers/shares.ts";
import { withTwin, worksOn } from "../helpers/twins.ts";
import { deployWorld, type World } from "../helpers/world.ts";

const connection = await network.getOrCreate();
const { ethers, networkHelpers } = connection;
const { loadFixture } = networkHelpers;

const PAID = 1_000n;
const UNKNOWN_SPLIT = "AttributionLedger_UnknownSplit";

/** How a builder hashes: as the ledger does, or as a twin does. */
interface Scheme {
  leaf: (share: AnyShare) => AnyNode;
  parent: (left: AnyNode, right: AnyNode) => AnyNode;
  id: (root: AnyNode, size: bigint) => string;
}

/** A split whose draws are meant to add up to more than it received. */
interface HostileSplit {
  splitId: string;
  /** Draws that are in order, and the ones that are not. */
  draws: string[];
  stray: string[];
  /** Everybody who gets something. */
  accounts: string[];
  /** What the ledger says to the first stray draw. */
  error: string;
  args: unknown[];
}

interface Attack {
  what: string;
  twin: `AttributionLedger_${string}`;
  /** How the twin hashes, if not as the ledger does. */
  scheme?: Scheme;
  build: (world: World, scheme: Scheme) => HostileSplit;
  /** What accounts of the twin hold beyond what was paid. */
  excess: bigint;
}

const REAL: Scheme = { leaf: leafOf, parent: parentOf, id: (root, size) => splitIdOf({ root, size }) };

const ANY_SIZE: Scheme = { ...REAL, id: (root) => splitIdOf({ root, size: 0n }) };

/** Leaves with the prefix and the length of nodes. */
const LEAVES_LIKE_NODES: Scheme = {
  ...REAL,
  leaf: ({ kind, recipient, units, evidence }) => ({
    hash: solidityPackedKeccak256(
      ["uint8", "uint8", "bytes32", "uint128", "bytes32", "uint120"],
      [1, kind, recipient, units, evidence, 0],
    ),
    units,
  }),
};

const HASHES_ONLY: Scheme = {
  ...REAL,
  parent: (left, right) => ({
    hash: solidityPackedKeccak256(["uint8", "bytes32", "bytes32"], [1, left.hash, right.hash]),
    units: left.units + right.units,
  }),
};

const SORTED: Scheme = {
  ...REAL,
  parent: (left, right) => (left.hash < right.hash ? parentOf(left, right) : parentOf(right, left)),
};

const attacks: Attack[] = [
  {
    what: "a share drawn again under a smaller size of its tree",
    twin: "AttributionLedger_NoSizeInId",
    scheme: ANY_SIZE,
    // The last of three leaves is also the last of two, beside the parent of the first two.
    build: ({ bob, mallory }, { leaf, parent, id: idOf }) => {
      const shares = [bob, bob, mallory].map((to, i) => accountShare({ to, units: [1n, 1n, 2n][i] }));
      const leaves = shares.map(leaf);
      const pair = parent(leaves[0], leaves[1]);
      const root = parent(pair, leaves[2]);
      return {
        splitId: idOf(root, 3n),
        draws: [packDraw({ size: 3n, first: 0n, shares, siblings: [] })],
        stray: [packDraw({ size: 2n, first: 1n, shares: [shares[2]], siblings: [pair] })],
        accounts: [accountOf(bob), accountOf(mallory)],
        error: UNKNOWN_SPLIT,
        args: [idOf(root, 2n)],
      };
    },
    excess: 250n,
  },
  {
    what: "an inner node drawn as a share",
    twin: "AttributionLedger_LeavesLikeNodesOfAnySize",
    scheme: { ...LEAVES_LIKE_NODES, id: ANY_SIZE.id },
    build: buildNodeThatReadsAsShare,
    excess: 996n,
  },
  {
    what: "siblings that are said to hold no units",
    twin: "AttributionLedger_NoUnitsInNodes",
    scheme: HASHES_ONLY,
    build: ({ bob, mallory }, { leaf, parent, id: idOf }) => {
      const shares = [bob, mallory].map((to) => accountShare({ to, units: 1n }));
      const leaves = shares.map(leaf);
      const empty = leaves.map(({ hash }) => ({ hash, units: 0n }));
      return {
        splitId: idOf(parent(leaves[0], empty[1]), 2n),
        draws: [packDraw({ size: 2n, first: 0n, shares: [shares[0]], siblings: [empty[1]] })],
        stray: [packDraw({ size: 2n, first: 1n, shares: [shares[1]], siblings: [empty[0]] })],
        accounts: [accountOf(bob), accountOf(mallory)],
        error: UNKNOWN_SPLIT,
        args: [idOf(parent(empty[0], leaves[1]), 2n)],
      };
    },
    excess: 1_000n,
  },
  {
    what: "units that add up to more than 16 bytes, below a root that says one",
    twin: "AttributionLedger_NoUnitsOverflow",
    build: ({ bob, mallory }, { leaf, parent, id: idOf }) => {
      const shares = [2n ** 127n, 2n ** 127n, 1n].map((units, i) =>
        accountShare({ to: i === 2 ? bob : mallory, units }),
      );
      const leaves = shares.map(leaf);
      const pair = parent(leaves[0], leaves[1]);
      const wrapped = { hash: pair.hash, units: 0n };
      return {
        splitId: idOf(parent(wrapped, leaves[2]), 3n),
        draws: [packDraw({ size: 3n, first: 2n, shares: [shares[2]], siblings: [wrapped] })],
        stray: [0, 1].map((i) =>
          packDraw({ size: 3n, first: BigInt(i), shares: [shares[i]], siblings: [leaves[1 - i], leaves[2]] }),
        ),
        accounts: [accountOf(bob), accountOf(mallory)],
        error: "MerkleSumTree_UnitsOverflow",
        args: [],
      };
    },
    excess: 998n,
  },
  {
    what: "a share drawn at an index that its tree does not have",
    twin: "AttributionLedger_NoRangeCheck",
    build: ({ mallory }, { leaf, id: idOf }) => {
      const share = accountShare({ to: mallory, units: 1n });
      return {
        splitId: idOf(leaf(share), 1n),
        draws: [packDraw({ size: 1n, first: 0n, shares: [share], siblings: [] })],
        stray: [5n, 2n ** 64n - 1n].map((first) => packDraw({ size: 1n, first, shares: [share], siblings: [] })),
        accounts: [accountOf(mallory)],
        error: "MerkleSumTree_BadRange",
        args: [5n, 1n, 1n],
      };
    },
    excess: 2_000n,
  },
  {
    what: "a share drawn at every index of its depth",
    twin: "AttributionLedger_SortedPairs",
    scheme: SORTED,
    build: ({ bob, mallory }, { leaf, parent, id: idOf }) => {
      const shares = [mallory, bob, bob, bob].map((to, i) => accountShare({ to, units: i === 0 ? 7n : 1n }));
      const leaves = shares.map(leaf);
      const siblings = [leaves[1], parent(leaves[2], leaves[3])];
      const root = parent(parent(leaves[0], leaves[1]), siblings[1]);
      const drawn = (first: bigint): string => packDraw({ size: 4n, first, shares: [shares[0]], siblings });
      return {
        splitId: idOf(root, 4n),
        draws: [drawn(0n)],
        stray: [drawn(1n), drawn(2n), drawn(3n)],
        accounts: [accountOf(bob), accountOf(mallory)],
        error: UNKNOWN_SPLIT,
        args: [idOf(parent(parent(leaves[1], leaves[0]), siblings[1]), 4n)],
      };
    },
    excess: 1_800n,
  },
];

describe("hostile trees", () => {
  for (const { what, twin, scheme = REAL, build, excess } of attacks) {
    describe(what, () => {
      it("draws nothing", async () => {
        const world = await loadFixture(deployRich);
        const split = build(world, REAL);
        await payAndDraw(world, { ...split, stray: [] });
        await expect(world.ledger.release(split.stray[0]))
          .to.be.revertedWithCustomError(world.ledger, split.error)
          .withArgs(...split.args);
        expect(await heldBy(world, split.accounts)).to.be.at.most(PAID);
      });

      it(worksOn(twin), async () => {
        const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
        const split = build(world, scheme);
        await payAndDraw(world, split);
        expect(await heldBy(world, split.accounts)).to.equal(PAID + excess);
      });
    });
  }

  describe("an inner node drawn as a share, against one defence of two", () => {
    it("draws nothing as long as ids name the size, even if leaves are hashed like nodes", async () => {
      const name = "AttributionLedger_LeavesLikeNodes";
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name });
      const { stray, ...split } = buildNodeThatReadsAsShare(world, LEAVES_LIKE_NODES);
      await payAndDraw(world, { ...split, stray: [] });
      await expect(world.ledger.release(stray[0])).to.be.revertedWithCustomError(world.ledger, UNKNOWN_SPLIT);
    });

    it("draws nothing as long as leaves are hashed in their own way, even if ids leave out the size", async () => {
      const name = "AttributionLedger_NoSizeInId";
      const world = await withTwin({ ethers, world: await loadFixture(deployRich), name });
      const { stray, ...split } = buildNodeThatReadsAsShare(world, ANY_SIZE);
      await payAndDraw(world, { ...split, stray: [] });
      await expect(world.ledger.release(stray[0])).to.be.revertedWithCustomError(world.ledger, UNKNOWN_SPLIT);
    });
  });
});

describe("random hostile trees", () => {
  const twin = "AttributionLedger_NoUnitsInNodes";
  // Whatever siblings are said to hold, one share after the other is drawn with siblings that make the total come right.
  const attack = async ({ ledger, mallory }: World, { leaf, parent, id: idOf }: Scheme) => {
    const random = new Random(20_261_121);
    let [accepted, refused, excess] = [0, 0, 0n];
    for (let round = 0; round < 40; round++) {
      const size = random.integer(2, 9);
      const shares = Array.from({ length: size }, (_, i) =>
        accountShare({ to: mallory, tag: BigInt(i), units: random.bigint(0n, 9n), evidence: id(String(round)) }),
      );
      // The builder lies about the units of some nodes on the way to the root.
      const claim = ({ hash, units }: AnyNode): AnyNode => ({
        hash,
        units: random.chance(0.1) ? random.bigint(0n, 20n) : units,
      });
      const levels = [shares.map((share) => claim(leaf(share)))];
      for (let level = levels[0]; level.length > 1; levels.push(level)) {
        level = pairsOf(level).map(([left, right]) => (right === undefined ? left : claim(parent(left, right))));
      }
      const root = levels[levels.length - 1][0];
      if (root.units === 0n) continue;
      const splitId = idOf(root, BigInt(size));
      await ledger.pay(splitId, PAID, 1n, ZeroHash);

      let drawn = 0n;
      for (const [index, share] of shares.entries()) {
        const claimed = siblingsIn(levels, index);
        const [first, ...rest] = claimed.map(({ hash }) => ({ hash, units: random.bigint(0n, 9n) }));
        const others = rest.reduce((sum, { units }) => sum + units, share.units);
        const fitted = others > root.units ? rest : [{ hash: first.hash, units: root.units - others }, ...rest];
        for (const siblings of [claimed, fitted]) {
          const draw = { size: BigInt(size), first: BigInt(index), shares: [share], siblings };
          try {
            await ledger.release(packDraw(draw));
            accepted++;
          } catch {
            refused++;
          }
        }
        drawn += await ledger.drawn(splitId, BigInt(index));
      }
      if (drawn > PAID) excess += drawn - PAID;
    }
    return { accepted, refused, excess };
  };

  it("never pay out more than they received", async () => {
    const { accepted, refused, excess } = await attack(await loadFixture(deployRich), REAL);
    expect(accepted).to.be.greaterThan(50);
    expect(refused).to.be.greaterThan(200);
    expect(excess).to.equal(0n);
  });

  it(worksOn(twin), async () => {
    const world = await withTwin({ ethers, world: await loadFixture(deployRich), name: twin });
    const { excess } = await attack(world, HASHES_ONLY);
    expect(Number(excess)).to.be.greaterThan(0);
  });
});

function pairsOf(nodes: readonly AnyNode[]): [AnyNode, AnyNode | undefined][] {
  return Array.from({ length: Math.ceil(nodes.length / 2) }, (_, i) => [nodes[2 * i], nodes.at(2 * i + 1)]);
}

/** Siblings on the way from a leaf to the root, bottom-up. */
function siblingsIn(levels: readonly (readonly AnyNode[])[], index: number): AnyNode[] {
  return levels.flatMap((level, height) => level.at((index >> height) ^ 1) ?? []);
}

/** Two shares whose parent's preimage also reads as one share, with just as many units as the two together. */
function buildNodeThatReadsAsShare({ bob, mallory }: World, { leaf, parent, id: idOf }: Scheme): HostileSplit {
  const left = grind(leaf, accountShare({ to: bob, units: (2n ** 120n - 1n) / 255n }), 0);
  const right = grind(leaf, accountShare({ to: mallory, units: 2n ** 120n }), 1);
  const leaves = [leaf(left), leaf(right)];
  const root = parent(leaves[0], leaves[1]);
  const preimage = concat(leaves.map(packNode));
  const node: AnyShare = {
    kind: getBytes(preimage)[0],
    recipient: dataSlice(preimage, 1, 33),
    units: BigInt(dataSlice(preimage, 33, 49)),
    evidence: dataSlice(preimage, 49, 81),
  };
  return {
    splitId: idOf(root, 2n),
    draws: [packDraw({ size: 2n, first: 0n, shares: [left, right], siblings: [] })],
    stray: [packDraw({ size: 1n, first: 0n, shares: [node], siblings: [] })],
    accounts: [accountOf(bob), accountOf(mallory), node.recipient],
    error: UNKNOWN_SPLIT,
    args: [idOf(leaf(node), 1n)],
  };
}

/** Tries evidence until the share's leaf begins with a byte. */
function grind(leaf: Scheme["leaf"], share: AnyShare, firstByte: number): AnyShare {
  for (let i = 0; ; i++) {
    const candidate = { ...share, evidence: id(String(i)) };
    if (getBytes(leaf(candidate).hash)[0] === firstByte) return candidate;
  }
}

async function payAndDraw({ ledger }: World, { splitId, draws, stray }: HostileSplit): Promise<void> {
  await ledger.pay(splitId, PAID, 1n, ZeroHash);
  for (const draw of [...draws, ...stray]) await ledger.release(draw);
}

async function heldBy({ ledger }: World, accounts: string[]): Promise<bigint> {
  const balances = await Promise.all(accounts.map(async (account) => await ledger.balanceOf(account)));
  return balances.reduce((sum, balance) => sum + balance, 0n);
}

/** A ledger that holds others' money. */
async function deployRich(): Promise<World> {
  const world = await loadFixture(deployWorld);
  await world.ledger.deposit(accountOf(world.carol), 1_000_000n);
  return world;
}
