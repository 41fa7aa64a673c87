import { findConstants } from "./solidity.ts";

const BPS = 10_000;

/** Whole OPEN, from which the examples are computed. */
const OWN_STAKE = 60_000;
const DELEGATED_STAKE = 40_000;
const UNDRAWN = 400;
const CLAIMED = 25_000;
const HARM = 1_000;

/** Constants of the court, as its source has them. */
export async function renderCaseConstants(): Promise<string> {
  const rows = (await findConstants())
    .filter(({ contract }) => contract === "DisputeCourt")
    .map(({ name, rest, notice }) => `| \`${name}\` | \`${rest}\` | ${notice} |`);
  return ["| constant | value | meaning |", "| --- | ---: | --- |", ...rows].join("\n");
}

/** What each fault costs, and what bounds it, as the sources have it. */
export async function renderSlashCaps(): Promise<string> {
  const rows = (await findConstants())
    .filter(({ name }) => name.endsWith("SLASH_BPS"))
    .map(({ contract, name, rest, notice }) => `| \`${contract}.${name}\` | ${percent(rest)} | ${notice} |`);
  return ["| constant | part of the pool | meaning |", "| --- | ---: | --- |", ...rows].join("\n");
}

/** A case in numbers, for each way it can end. */
export async function renderCaseExample(): Promise<string> {
  const { BOND_BPS, RULING_SLASH_BPS, PAID_BPS } = await readBps();
  const bond = ((CLAIMED + UNDRAWN) * BOND_BPS) / BPS;
  const pool = OWN_STAKE + DELEGATED_STAKE;
  const slashed = Math.min(CLAIMED, (pool * RULING_SLASH_BPS) / BPS);
  const ownLoss = (slashed * OWN_STAKE) / pool;
  const compensation = Math.min(CLAIMED, (ownLoss * PAID_BPS) / BPS);
  const half = bond / 2;
  return [
    `An operator has ${open(OWN_STAKE)} staked, others ${open(DELEGATED_STAKE)} on it. Its share of a split has ` +
      `${open(UNDRAWN)} undrawn. The claim is for a slash of ${open(CLAIMED)}, and for the share. ` +
      `The bond is ${percent(BOND_BPS)} of ${open(CLAIMED + UNDRAWN)}: ${open(bond)}.`,
    "",
    "| in OPEN | for the claimant | for the respondent | no ruling |",
    "| --- | ---: | ---: | ---: |",
    row("slashed from the pool", slashed, 0, 0),
    row("… of the operator's own stake", ownLoss, 0, 0),
    row("… of that of others", slashed - ownLoss, 0, 0),
    row("harmed party: undrawn money of the share", UNDRAWN, 0, 0),
    row("harmed party: compensation", compensation, 0, 0),
    row("respondent: undrawn money of the share", 0, UNDRAWN, UNDRAWN),
    row("claimant: of its bond", bond, 0, half),
    row("respondent: of the bond", 0, half, half),
    row("burned", slashed - compensation, half, 0),
  ].join("\n");
}

/** A slash by proof in numbers. */
export async function renderSlashExample(): Promise<string> {
  const { BOUNTY_BPS, PAID_BPS } = await readBps();
  const fault = 3_000;
  const own = (OWN_STAKE * fault) / BPS;
  const slashed = ((OWN_STAKE + DELEGATED_STAKE) * fault) / BPS;
  const most = (own * PAID_BPS) / BPS;
  const bounty = (own * BOUNTY_BPS) / BPS;
  const divide = (harm: number): number[] => {
    const compensation = Math.min(harm, most - bounty);
    return [compensation, bounty, slashed - compensation - bounty];
  };
  const [small, large] = [divide(HARM), divide(most * 2)];
  return [
    `An operator has ${open(OWN_STAKE)} staked, others ${open(DELEGATED_STAKE)} on it. A fault that costs ${percent(fault)} ` +
      `takes ${open(slashed)}, of which the operator's own loss is ${open(own)}. At most ${open(most)} is paid out.`,
    "",
    `| in OPEN | harm of ${number(HARM)} | harm of ${number(most * 2)} |`,
    "| --- | ---: | ---: |",
    ...["harmed party", "whoever proved it", "burned"].map((who, i) => row(who, small[i], large[i])),
  ].join("\n");
}

async function readBps(): Promise<Record<"BOND_BPS" | "RULING_SLASH_BPS" | "PAID_BPS" | "BOUNTY_BPS", number>> {
  const constants = (await findConstants()).filter(({ contract }) => contract === "DisputeCourt");
  const valueOf = (name: string): number => {
    const found = constants.find((constant) => constant.name === name);
    if (found === undefined) throw new Error(`The court has no constant ${name} any more.`);
    return valueOfBps(found.rest);
  };
  return {
    BOND_BPS: valueOf("BOND_BPS"),
    RULING_SLASH_BPS: valueOf("RULING_SLASH_BPS"),
    PAID_BPS: valueOf("PAID_BPS"),
    BOUNTY_BPS: valueOf("BOUNTY_BPS"),
  };
}

function valueOfBps(text: string): number {
  return Number(text.replaceAll("_", ""));
}

function percent(bps: string | number): string {
  return `${(typeof bps === "string" ? valueOfBps(bps) : bps) / 100} %`;
}

function row(what: string, ...amounts: number[]): string {
  return `| ${what} | ${amounts.map((amount) => (amount === 0 ? "–" : number(amount))).join(" | ")} |`;
}

function open(amount: number): string {
  return `${number(amount)} OPEN`;
}

function number(amount: number): string {
  return amount.toLocaleString("en-US");
}
