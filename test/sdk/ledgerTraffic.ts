import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { network } from "hardhat";

import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import { type Share, ShareKind } from "../../sdk/share.ts";
import { encodeDraws, Split } from "../../sdk/split.ts";
import type { AttributionLedger, OpenToken } from "../../typechain-types/index.ts";
import { type Random, randomFrom } from "./random.ts";

/** A ledger on a chain of its own, with splits that lead to each other, and people who use it. */
export interface LedgerWorld {
  ethers: Awaited<ReturnType<typeof network.create>>["ethers"];
  ledger: AttributionLedger;
  token: OpenToken;
  people: HardhatEthersSigner[];
  arbiter: HardhatEthersSigner;
  /** Parents before children. */
  splits: Split[];
}

/** @param levels How many splits stand on each level, from the entries down. */
export async function deployLedgerWorld({ seed, levels }: { seed: number; levels: number[] }): Promise<LedgerWorld> {
  const { ethers } = await network.create();
  const [holder, arbiter, ...others] = await ethers.getSigners();
  const people = others.slice(0, 6);
  const token = await ethers.deployContract("OpenToken", [holder]);
  const ledger = await ethers.deployContract("AttributionLedger", [token]);
  for (const person of people) {
    await token.transfer(person, 10n ** 24n);
    await token.connect(person).approve(ledger, ethers.MaxUint256);
  }
  const random = randomFrom(seed);
  const accounts = people.flatMap(({ address }) => [walletAccount(address), encodeAccount({ address, tag: 7n })]);
  const splits: Split[] = [];
  for (const width of levels.toReversed()) {
    const children = [...splits];
    for (let i = 0; i < width; i++) {
      const shares = Array.from({ length: 2 + random.integer(9) }, () => shareOf({ random, accounts, children }));
      splits.unshift(Split.from({ shares: [...shares, { ...shares[0], units: 1n }], arbiter: arbiter.address }));
    }
  }
  return { ethers, ledger, token, people, arbiter, splits };
}

/** One random act of one of the people, whatever the ledger offers. */
export async function act({ world, random }: { world: LedgerWorld; random: Random }): Promise<void> {
  const { people, arbiter, splits, ethers } = world;
  const person = pick(random, people);
  const ledger = world.ledger.connect(person);
  const split = pick(random, splits);
  const amount = 1n + random.uint(60);
  const memo = random.hex(32);
  const payments = [split, pick(random, splits)].map(({ id }) => ({ splitId: id, amount, calls: 2n, memo }));
  const account = encodeAccount({ address: person.address, tag: pick(random, [0n, 7n]) });
  const tag = BigInt(account) >> 160n;
  const other = encodeAccount({ address: pick(random, people).address, tag: pick(random, [0n, 7n]) });
  const balance = await ledger.balanceOf(account);
  const part = balance === 0n ? 0n : 1n + (random.uint(100) % balance);
  switch (random.integer(part > 0n ? 13 : 8)) {
    case 0:
      await ledger.pay(split.id, amount, pick(random, [1n, 2n ** 63n]), memo);
      return;
    case 1:
      await ledger.payMany(payments);
      return;
    case 2:
      await ledger.deposit(other, amount);
      return;
    case 3:
      await ledger.release(await randomDraws({ world, random }));
      return;
    case 4:
      await ledger.payOut(await randomDraws({ world, random }));
      return;
    case 5: {
      const { root, totalUnits, size } = split.header;
      const to = pick(random, [ethers.ZeroHash, other]);
      await world.ledger.connect(arbiter).redirect(root, totalUnits, size, random.integer(size), to);
      return;
    }
    case 6:
      await ledger.approveSpender(tag, pick(random, people), amount);
      return;
    case 7:
      await ledger.deposit(walletAccount(person.address), amount);
      await ledger.claim(await randomDraws({ world, random }), pick(random, people));
      return;
    case 8:
      await ledger.payFromBalance(tag, split.id, part, 3n, memo);
      return;
    case 9:
      await ledger.payManyFromBalance(tag, [{ splitId: split.id, amount: part, calls: 0n, memo }]);
      return;
    case 10:
      await ledger.withdraw(tag, part, pick(random, people));
      return;
    case 11:
      await ledger.transferBalance(tag, other, part);
      return;
    default: {
      const spender = pick(random, people);
      await ledger.approveSpender(tag, spender, part + 5n);
      await world.ledger.connect(spender).transferBalanceFrom(account, other, part);
    }
  }
}

/** Draws of splits that have received something. */
async function randomDraws({ world, random }: { world: LedgerWorld; random: Random }): Promise<string> {
  const draws = [];
  for (const split of world.splits) {
    const { amount } = await world.ledger.received(split.id);
    if (amount === 0n || random.integer(2) === 0) continue;
    const first = random.integer(split.tree.size);
    draws.push(split.draw({ first, count: 1 + random.integer(split.tree.size - first) }));
  }
  return encodeDraws(draws);
}

function shareOf({ random, accounts, children }: { random: Random; accounts: string[]; children: Split[] }): Share {
  const units = random.uint(40);
  return children.length > 0 && random.integer(2) === 0
    ? { kind: ShareKind.Split, recipient: pick(random, children).id, units, evidence: random.hex(32) }
    : { kind: ShareKind.Account, recipient: pick(random, accounts), units, evidence: random.hex(32) };
}

export function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.integer(items.length)];
}
