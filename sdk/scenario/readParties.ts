import { type Fields, writtenOf } from "./fields.ts";
import {
  DEFAULT_CLAIM,
  DEFAULT_FEES,
  DEFAULT_PRICES,
  MAX_COMMISSION_BPS,
  MAX_OPERATOR_BPS,
  MAX_OPERATORS,
  MAX_PLATFORM_FEE,
  MAX_STAKERS_BPS,
  MAX_SUM_BPS,
  MAX_TREASURY_BPS,
  MIN_SELF_STAKE,
} from "./limits.ts";
import type { Names } from "./lookup.ts";
import type { Problems } from "./problem.ts";
import { writeOpen, writePart } from "./quantities.ts";
import type { ClaimHabit, Fees, Operator, Person, Prices } from "./scenario.ts";
import type { Tree } from "./yamlTree.ts";

/** When somebody claims: every period, unless it says otherwise. */
export function readClaims(tree: Tree | undefined, fields: Fields): ClaimHabit {
  const claims = fields.get(tree, "claims");
  if (claims?.value === "never") return { every: 0, atLeast: 0n };
  return {
    every: fields.integer(claims, "every") ?? DEFAULT_CLAIM.every,
    atLeast: fields.amount(claims, "atLeast") ?? DEFAULT_CLAIM.atLeast,
  };
}

/** @param before What fees are where the file names no others. */
export function readFees({
  tree,
  before,
  fields,
  problems,
}: {
  tree: Tree | undefined;
  before: Fees;
  fields: Fields;
  problems: Problems;
}): Fees {
  const fees = {
    treasuryBps: fields.part(tree, "treasury", MAX_TREASURY_BPS) ?? before.treasuryBps,
    operatorBps: fields.part(tree, "operator", MAX_OPERATOR_BPS) ?? before.operatorBps,
    stakersBps: fields.part(tree, "stakers", MAX_STAKERS_BPS) ?? before.stakersBps,
    perCall: fields.amount(tree, "perCall") ?? before.perCall,
  };
  const perCall = fields.get(tree, "perCall");
  if (perCall !== undefined && fees.perCall > MAX_PLATFORM_FEE) {
    problems.add(
      perCall.offset,
      `\`perCall\` is ${writeOpen(fees.perCall)}; write ${writeOpen(MAX_PLATFORM_FEE)} or less.`,
    );
  }
  const all = fees.treasuryBps + fees.operatorBps + fees.stakersBps;
  if (tree !== undefined && all > MAX_SUM_BPS) {
    problems.add(
      tree.keyOffset,
      `Treasury, operator and stakers get ${writePart(all)} together; write ${writePart(MAX_SUM_BPS)} or less, so that a tenth is left for the asset.`,
    );
  }
  return fees;
}

export function readFirstFees(root: Tree, fields: Fields, problems: Problems): Fees {
  return readFees({ tree: fields.get(root, "fees"), before: DEFAULT_FEES, fields, problems });
}

export function readPrices(root: Tree, fields: Fields): Prices {
  const prices = fields.get(root, "prices");
  return {
    gasPrice: fields.wei(prices, "gas") ?? DEFAULT_PRICES.gasPrice,
    weiPerToken: fields.wei(prices, "open") ?? DEFAULT_PRICES.weiPerToken,
  };
}

/** Operators with their stake; what they serve is read once all of them are known. */
export function readOperators({
  root,
  fields,
  names,
  problems,
  people,
}: {
  root: Tree;
  fields: Fields;
  names: Names;
  problems: Problems;
  people: readonly Person[];
}): Operator[] {
  const pools = new Map<number, number>();
  const operators = fields.entries(root, "operators").flatMap(([name, tree]) => {
    const named = names.peek(name);
    if (named?.kind !== "operator") return [];
    const stake = fields.amount(tree, "stake");
    const stakeTree = fields.get(tree, "stake");
    if (
      stake !== undefined &&
      stakeTree !== undefined &&
      stake < MIN_SELF_STAKE &&
      fields.entries(tree, "serves").length !== 0
    ) {
      problems.add(
        stakeTree.offset,
        `\`stake\` of \`${name}\` is ${writeOpen(stake)}; who serves stakes ${writeOpen(MIN_SELF_STAKE)} or more itself.`,
      );
    }
    if (stake !== undefined && stake > 0n) pools.set(named.person, (pools.get(named.person) ?? 0) + 1);
    const backers = readBackers({ tree, operator: named.person, fields, names, problems });
    for (const { backer, offset } of backers) {
      const count = (pools.get(backer) ?? 0) + 1;
      pools.set(backer, count);
      if (count === MAX_OPERATORS + 1) {
        problems.add(
          offset,
          `\`${people[backer].name}\` has stake on more than ${MAX_OPERATORS} operators with this one; let somebody else back it.`,
        );
      }
    }
    return [
      {
        name,
        wallet: named.person,
        stake: stake ?? 0n,
        commissionBps: fields.part(tree, "commission", MAX_COMMISSION_BPS) ?? 0,
        backers: backers.map(({ backer, amount }) => ({ backer, amount })),
      },
    ];
  });
  return operators;
}

function readBackers({
  tree,
  operator,
  fields,
  names,
  problems,
}: {
  tree: Tree;
  operator: number;
  fields: Fields;
  names: Names;
  problems: Problems;
}): { backer: number; amount: bigint; offset: number }[] {
  const seen = new Set<number>();
  return fields.entries(tree, "backers").flatMap(([name, entry]) => {
    const { keyOffset: offset } = entry;
    const amount = fields.amountOf(entry);
    if (amount === 0n) problems.add(entry.offset, `\`${name}\` backs with nothing; write an amount, or remove it.`);
    return (names.persons(name, offset) ?? []).flatMap((backer) => {
      if (backer === operator) {
        problems.add(offset, `\`${name}\` is the operator itself; what it stakes is its \`stake\`.`);
        return [];
      }
      if (seen.has(backer)) {
        problems.add(offset, `\`${name}\` backs this operator already; write one amount.`);
        return [];
      }
      seen.add(backer);
      return [{ backer, amount: amount ?? 0n, offset }];
    });
  });
}

/** A name as written, to look it up. */
export function referenceOf(
  tree: Tree | undefined,
  key: string,
  fields: Fields,
): { name: string; offset: number } | undefined {
  const entry = fields.get(tree, key);
  return entry === undefined ? undefined : { name: writtenOf(entry), offset: entry.offset };
}
