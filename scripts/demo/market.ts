import { encodeAccount, walletAccount } from "../../sdk/account.ts";
import type { FlowEnd } from "../../sdk/scenario/result.ts";
import type { Split } from "../../sdk/split.ts";
import { Catalogue } from "./catalogue.ts";
import type { CorpusText } from "./corpus.ts";
import { Datanet, type Offer } from "./datanet.ts";
import { contributorOf, type Payee } from "./people.ts";
import { Registrar, type Service } from "./registrar.ts";
import type { Setting } from "./setting.ts";

/** Texts up to this year make version 1 of the Datanet. */
const LAST_YEAR_OF_VERSION_1 = 1945;

/** Tag of the sub-account that the agent pays from. */
export const AGENT_BUDGET_TAG = 1n;

/** Everything there is to pay for. */
export interface Market {
  catalogue: Catalogue;
  datanet: Datanet;
  services: Service[];
  /** What the agent does for its users. */
  agentService: Service;
  /** What the agent can call for that. */
  agentTools: Service[];
  /** Receives the fixed fees. */
  platformSplit: Split;
  /** Account that the agent pays from. */
  agentBudget: string;
}

/** Registers the corpus as a Datanet in two versions, two models, an agent, and four services of two operators. */
export async function openMarket({ setting, corpus }: { setting: Setting; corpus: CorpusText[] }): Promise<Market> {
  const { people, booked } = setting;
  const catalogue = new Catalogue(booked.reference);
  const registrar = new Registrar({ setting, catalogue });
  await nameAccounts({ setting, catalogue });

  const datanet = await Datanet.create({ name: "Datanet", setting, catalogue });
  const early = corpus.filter(({ year }) => year <= LAST_YEAR_OF_VERSION_1);
  const offersOf = (texts: CorpusText[]): Offer[] =>
    texts.map(({ author, content, words }) => ({ by: contributorOf(people, author), content, units: BigInt(words) }));
  const texts1 = await datanet.assetOf(await datanet.accept(offersOf(early)));
  const texts2 = await datanet.assetOf(await datanet.accept(offersOf(corpus.slice(early.length))));

  const orator = await registrar.registerModel({
    name: "Orator",
    builder: people.lab,
    builderUnits: 6_000n,
    minShareBps: 2_500n,
    upstreams: [{ asset: texts1, units: 4_000n }],
  });
  const brief = await registrar.registerModel({
    name: "Orator Brief",
    builder: people.studio,
    builderUnits: 3_500n,
    minShareBps: 1_500n,
    upstreams: [
      { asset: orator, units: 3_000n },
      { asset: texts2, units: 3_500n },
    ],
  });
  const agentBudget = encodeAccount({ address: people.agent.wallet.address, tag: AGENT_BUDGET_TAG });
  catalogue.addAccount(agentBudget, { name: "Speechwriter's budget", kind: "agent" });
  const speechwriter = await registrar.registerAgent({
    name: "Speechwriter",
    ownerUnits: 3_500n,
    budget: agentBudget,
    budgetUnits: 4_000n,
    upstreams: [{ asset: brief, units: 2_500n }],
  });

  const [north, south] = people.operators;
  const base = await registrar.registerService({ asset: orator, operator: north, rateIn: 20n, rateOut: 60n });
  const fast = await registrar.registerService({ asset: brief, operator: north, rateIn: 50n, rateOut: 160n });
  const slow = await registrar.registerService({ asset: brief, operator: south, rateIn: 40n, rateOut: 120n });
  const agentService = await registrar.registerService({
    asset: speechwriter,
    operator: south,
    rateIn: 250n,
    rateOut: 500n,
  });
  return {
    catalogue,
    datanet,
    services: [base, fast, slow, agentService],
    agentService,
    agentTools: [fast, slow],
    platformSplit: await registrar.platformSplit(),
    agentBudget,
  };
}

async function nameAccounts({
  setting: { people, treasury, protocol },
  catalogue,
}: {
  setting: Setting;
  catalogue: Catalogue;
}): Promise<void> {
  const add = (kind: FlowEnd["kind"], payees: Iterable<Payee>): void => {
    for (const { name, wallet } of payees) catalogue.addAccount(walletAccount(wallet.address), { name, kind });
  };
  add("protocol", [treasury]);
  add("builder", [people.archive, people.curator, people.lab, people.studio, people.workshop]);
  add("operator", people.operators);
  for (const { name, wallet } of people.operators) {
    const account = await protocol.staking.rewardsAccount(wallet);
    catalogue.addAccount(account, { name: `Stakers of ${name}`, kind: "staker" });
  }
  add("contributor", people.contributors.values());
}
