import type { Scenario } from "../../../sdk/scenario/scenario.ts";
import {
  contribution,
  datanet,
  members,
  model,
  OPEN,
  operator,
  person,
  scenario,
  service,
  traffic,
} from "../../helpers/scenario.ts";

const [ALICE, BOB, COPYCAT, CAROL, LAB, STUDIO, HELPER, NORTH, ROGUE, FUND, WATCHER] = Array.from(
  { length: 11 },
  (_, i) => i,
);
const READERS = Array.from({ length: 6 }, (_, i) => 11 + i);

/** Everything that a scenario can have and a chain has to repeat, in five weeks. */
export function everything(rest: Partial<Scenario> = {}): Scenario {
  const fees = { treasuryBps: 100, operatorBps: 3_000, stakersBps: 1_500, perCall: OPEN / 500n };
  return scenario({
    name: "Everything",
    periods: 5,
    people: [
      person("alice"),
      person("bob", { claims: { every: 2, atLeast: 1n } }),
      person("copycat"),
      person("carol", { claims: { every: 0, atLeast: 0n } }),
      person("lab"),
      person("studio", { claims: { every: 3, atLeast: 1n } }),
      person("helper", { funds: 5n * OPEN, claims: { every: 0, atLeast: 0n } }),
      person("north"),
      person("rogue"),
      person("fund", { claims: { every: 0, atLeast: 0n } }),
      person("watcher"),
      ...members("readers", 6, { funds: 300n * OPEN, claims: { every: 0, atLeast: 0n } }),
    ],
    datanets: [
      datanet("recipes", CAROL, [contribution(ALICE, 30n), contribution(BOB, 50n), contribution(BOB, 7n, "more")], {
        ownerBps: 500,
        curatorBps: 300,
        curator: NORTH,
        court: true,
      }),
      datanet("songs", ALICE, [contribution(ALICE, 3n, "a song")]),
    ],
    assets: [
      model("base", LAB, 40n, [
        { datanet: 0, units: 50n },
        { datanet: 1, units: 10n },
      ]),
      model("fine", STUDIO, 50n, [
        { asset: 0, units: 30n },
        { datanet: 0, units: 20n },
      ]),
      model("helper", STUDIO, 40n, [{ asset: 1, units: 30n }], {
        kind: "agent",
        agent: {
          wallet: HELPER,
          budgetUnits: 30n,
          calls: [
            {
              target: { asset: 0 },
              times: 2,
              tokensIn: { least: 100, most: 300 },
              tokensOut: { least: 50, most: 50 },
            },
          ],
        },
      }),
    ],
    operators: [
      operator("north", NORTH, {
        stake: 200_000n * OPEN,
        commissionBps: 1_000,
        backers: [{ backer: FUND, amount: 50_000n * OPEN }],
      }),
      operator("rogue", ROGUE, { stake: 3_000n * OPEN }),
    ],
    services: [
      service("base at north", 0, 0, { rateIn: OPEN / 5n, rateOut: OPEN / 2n }),
      service("fine at north", 1, 0, { rateIn: OPEN / 3n, rateOut: OPEN / 2n }),
      service("fine at rogue", 1, 1, { rateIn: OPEN / 4n, rateOut: OPEN / 2n }),
      service("helper at north", 2, 0),
    ],
    traffic: [
      traffic(READERS, { asset: 1 }, { arrivals: { kind: "poisson", mean: 4 } }),
      traffic(READERS.slice(0, 3), { asset: 1 }, { rail: "vouchers", arrivals: { kind: "fixed", payments: 12 } }),
      traffic(READERS.slice(0, 2), { service: 0 }, { rail: "balance", arrivals: { kind: "fixed", payments: 3 } }),
      traffic(READERS.slice(2), { asset: 0 }, { rail: "signed", arrivals: { kind: "fixed", payments: 3 } }),
      traffic(READERS.slice(2), { asset: 2 }, { rail: "transfer", arrivals: { kind: "fixed", payments: 3 } }),
      traffic(READERS.slice(2), { asset: 2 }, { rail: "job", arrivals: { kind: "fixed", payments: 2 } }),
    ],
    events: [
      { at: 0, kind: "vote", fees, voters: [NORTH, FUND] },
      {
        at: 1,
        kind: "contribute",
        datanet: 0,
        contributions: [contribution(COPYCAT, 9n, "mine"), contribution(ALICE, 4n, "new")],
      },
      { at: 1, kind: "copy", datanet: 0, victim: ALICE, copier: COPYCAT, units: 20n, caught: 2, prover: WATCHER },
      {
        at: 1,
        kind: "publish",
        asset: 1,
        ownerUnits: 45n,
        budgetUnits: 0n,
        upstreams: [
          { asset: 0, units: 30n },
          { datanet: 0, units: 25n },
        ],
      },
      { at: 2, kind: "equivocate", operator: 1, payer: READERS[0], prover: WATCHER },
      { at: 2, kind: "price", service: 1, rateIn: OPEN / 10n, rateOut: OPEN / 10n },
      { at: 2, kind: "revoke", datanet: 0, contributor: BOB },
      { at: 2, kind: "dispute", claimant: READERS[0], operator: 0, slash: 500n * OPEN, ruling: "claimant" },
      { at: 3, kind: "dispute", claimant: READERS[1], operator: 0, slash: 500n * OPEN, ruling: "respondent" },
      { at: 3, kind: "publish", asset: 0, ownerUnits: 45n, budgetUnits: 0n, upstreams: [{ datanet: 0, units: 25n }] },
      { at: 4, kind: "outage", operator: 1, periods: 1 },
      { at: 4, kind: "dispute", claimant: READERS[1], operator: 0, slash: 400n * OPEN, ruling: "none" },
    ],
    ...rest,
  });
}

/** The same without what takes days of waiting, in two weeks: any chain can repeat it. */
export function anywhere(rest: Partial<Scenario> = {}): Scenario {
  const { events } = everything();
  return everything({
    name: "Anywhere",
    periods: 3,
    events: events.filter(({ kind, at }) => kind !== "vote" && kind !== "dispute" && at < 3),
    ...rest,
  });
}
