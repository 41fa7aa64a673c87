import type {
  AgentCall,
  Arrivals,
  Asset,
  Contribution,
  Person,
  Range,
  Scenario,
  ScenarioEvent,
  Target,
  Traffic,
  Upstream,
} from "../../sdk/scenario/scenario.ts";
import { RAILS } from "../../sdk/scenario/scenario.ts";
import { Random } from "../reference/random.ts";
import { contribution, datanet, members, OPEN, operator, person, scenario, service, WEEK_SECONDS } from "./scenario.ts";

const DAY_SECONDS = 86_400;

/** A small scenario with something of everything. */
export function randomScenario(seed: number, { redirects = true }: { redirects?: boolean } = {}): Scenario {
  const random = new Random(seed);
  const count = (least: number, most: number): number => random.integer(least, most);
  const people: Person[] = [];
  const add = (more: Person[]): number[] => {
    people.push(...more);
    return more.map((_, i) => people.length - more.length + i);
  };
  const habit = (): Person["claims"] => ({ every: count(0, 3), atLeast: random.bigint(1n, OPEN) });
  const contributors = [
    ...add(Array.from({ length: count(2, 6) }, (_, i) => person(`contributor ${i}`, { claims: habit() }))),
    ...add(members("crowd", count(1, 4), { claims: habit() })),
  ];
  const payers = add(members("readers", count(1, 6), { funds: random.bigint(OPEN, 60n * OPEN), claims: habit() }));
  const builders = add(members("labs", count(1, 3), { claims: habit() }));
  const wallets = add(Array.from({ length: count(1, 3) }, (_, i) => person(`operator ${i}`, { claims: habit() })));
  const [prover] = add([person("prover")]);

  const periods = count(1, 6);
  let texts = 0;
  const anyContribution = (): Contribution =>
    contribution(random.pick(contributors), random.bigint(1n, 100n), `text ${texts++}`);
  const datanets = Array.from({ length: count(1, 3) }, (_, i) => {
    const curator = random.pick([...builders, ...wallets]);
    const [ownerBps, curatorBps] = [random.pick([0, 500]), random.pick([0, 700])];
    const contributions = [
      contribution(contributors[0], 7n, `text ${texts++}`),
      ...Array.from({ length: count(0, 5) }, anyContribution),
    ];
    return datanet(`datanet ${i}`, random.pick(builders), contributions, {
      curator,
      ownerBps,
      curatorBps,
      court: redirects && random.chance(0.7),
    });
  });

  const upstreamsOf = (asset: number): Upstream[] => {
    const units = (): bigint => random.bigint(1n, 50n);
    const ofDatanets = datanets.flatMap((_, i) => (random.chance(0.6) ? [{ datanet: i, units: units() }] : []));
    const ofAssets = Array.from({ length: asset }, (_, i) => i).flatMap((i) =>
      random.chance(0.4) ? [{ asset: i, units: units() }] : [],
    );
    return [...ofDatanets, ...ofAssets];
  };
  const assets: Asset[] = [];
  for (const last = count(1, 6); assets.length < last;) {
    const upstreams = upstreamsOf(assets.length);
    const name = `asset ${assets.length}`;
    const isAgent = assets.length > 0 && random.chance(0.35);
    const common = { name, owner: random.pick(builders), ownerUnits: random.bigint(1n, 50n), upstreams };
    if (!isAgent) {
      assets.push({ ...common, kind: "model", agent: undefined });
      continue;
    }
    const [wallet] = add([person(name, { funds: random.bigint(0n, 5n * OPEN), claims: { every: 0, atLeast: 0n } })]);
    const calls = Array.from({ length: count(1, 2) }, (): AgentCall => {
      const target = { asset: count(0, assets.length - 1) };
      return { target, times: count(1, 3), tokensIn: range(random), tokensOut: range(random) };
    });
    assets.push({ ...common, kind: "agent", agent: { wallet, budgetUnits: random.bigint(1n, 40n), calls } });
  }

  const operators = wallets.map((wallet, i) =>
    operator(`operator ${i}`, wallet, {
      stake: random.bigint(1_000n, 3_000n) * OPEN,
      backers: random.chance(0.5) ? [{ backer: random.pick(builders), amount: random.bigint(1n, 900n) * OPEN }] : [],
    }),
  );
  const rate = (): bigint => random.bigint(1n, OPEN);
  const offered = assets.flatMap((_, asset) => operators.map((_, of) => ({ asset, of })));
  const services = random
    .shuffle(offered)
    .slice(0, count(1, offered.length))
    .map(({ asset, of }) =>
      service(`asset ${asset} at operator ${of}`, asset, of, { rateIn: rate(), rateOut: rate() }),
    );
  const target = (): Target =>
    random.chance(0.5)
      ? { service: count(0, services.length - 1) }
      : { asset: services[count(0, services.length - 1)].asset };

  const traffic = Array.from({ length: count(1, 4) }, (): Traffic => {
    const callers = random.shuffle(payers).slice(0, count(1, payers.length));
    const from = count(0, periods - 1);
    return {
      payers: callers,
      target: target(),
      rail: random.pick(RAILS),
      arrivals: anyArrivals(random),
      tokensIn: range(random),
      tokensOut: range(random),
      callsPerPayment: { least: 1, most: count(1, 3) },
      from,
      to: count(from, periods - 1),
      churn: { begin: count(0, callers.length), join: count(0, 2), leaveBps: count(0, 3_000) },
    };
  });

  const at = (): number => count(0, periods - 1);
  const possible: (() => ScenarioEvent)[] = [
    () => ({ kind: "contribute", at: at(), datanet: 0, contributions: [anyContribution(), anyContribution()] }),
    () => ({ kind: "revoke", at: at(), datanet: 0, contributor: random.pick(contributors.slice(1)) }),
    () => {
      const asset = count(0, assets.length - 1);
      const budgetUnits = assets[asset].agent === undefined ? 0n : random.bigint(1n, 40n);
      const ownerUnits = random.bigint(1n, 50n);
      return { kind: "publish", at: at(), asset, ownerUnits, budgetUnits, upstreams: upstreamsOf(asset) };
    },
    () => ({ kind: "price", at: at(), service: count(0, services.length - 1), rateIn: rate(), rateOut: rate() }),
    () => ({ kind: "outage", at: at(), operator: count(0, operators.length - 1), periods: count(1, 2) }),
    () => ({
      kind: "vote",
      at: at(),
      fees: { treasuryBps: count(0, 1_000), operatorBps: count(0, 5_000), stakersBps: count(0, 2_000), perCall: 7n },
      voters: [wallets[0]],
    }),
    () => ({ kind: "equivocate", at: at(), operator: count(0, operators.length - 1), payer: payers[0], prover }),
    () => ({
      kind: "dispute",
      at: at(),
      claimant: payers[0],
      operator: count(0, operators.length - 1),
      slash: random.bigint(1n, 500n) * OPEN,
      ruling: random.pick(["claimant", "respondent", "none"]),
    }),
  ];
  const events = Array.from({ length: count(0, 6) }, () => random.pick(possible)());
  if (periods > 1 && random.chance(0.7)) {
    const first = count(0, periods - 2);
    events.push({
      kind: "copy",
      at: first,
      datanet: count(0, datanets.length - 1),
      victim: contributors[0],
      copier: contributors[1],
      units: random.bigint(1n, 200n),
      caught: random.chance(0.8) ? count(first + 1, periods - 1) : undefined,
      prover,
    });
  }
  return scenario({
    seed,
    periods,
    periodSeconds: random.pick([DAY_SECONDS, WEEK_SECONDS]),
    people,
    datanets,
    assets,
    operators,
    services,
    traffic,
    events,
  });
}

function range(random: Random): Range {
  const least = random.integer(1, 500);
  return { least, most: least + random.integer(0, 700) };
}

function anyArrivals(random: Random): Arrivals {
  const payments = random.integer(0, 12);
  return random.pick<Arrivals>([
    { kind: "fixed", payments },
    { kind: "poisson", mean: random.integer(0, 40) / 4 },
    { kind: "bursts", payments, every: random.integer(1, 3), between: random.integer(0, 3) },
    { kind: "growth", start: payments, changeBps: random.integer(-5_000, 5_000) },
  ]);
}
